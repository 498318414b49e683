/*
 * scenario.c - runs files of black-box cases and says which failed.
 *
 * One case a line; trial/scenario_case.c runs it.  Here: files in, verdicts out.
 */
#include "trial/scenario.h"

#include "app/scratch.h"
#include "os/path.h"
#include "trial/scenario_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS 65536 /* The longest known case has 3,000. */
#define REPORT_BYTES ((size_t)256 << 10)

static struct json_token case_tokens[TOKENS];
static struct json_token contract_tokens[TOKENS];

static void
print_lines(const char *title, const struct actions *actions)
{
    printf("  %s:%s\n", title, actions->count == 0 ? " nothing" : "");
    for (int32_t i = 0; i < actions->count; i++)
        printf("    %s\n", actions->lines[i]);
}

static void
add_lines(struct json_writer *json, const char *key, const struct actions *actions)
{
    json_open(json, key, '[');
    for (int32_t i = 0; i < actions->count; i++)
        json_add_string(json, NULL, actions->lines[i]);
    json_close(json, ']');
}

static void
report(const struct scenario_result *result, const char *id, const char *error, const struct scenario_options *options)
{
    static char bytes[REPORT_BYTES];
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer json = json_writer_on(&text);

    if (options->json) {
        json_open(&json, NULL, '{');
        json_add_string(&json, "id", id);
        json_add_bool(&json, "passed", result->passed);
        json_add_string(&json, "error", error);
        add_lines(&json, "expected", &result->expected);
        add_lines(&json, "got", &result->got);
        json_add_string(&json, "checks", result->problems);
        json_close(&json, '}');
        puts(bytes);
    } else if (!result->passed) {
        printf("FAILED %s\n", id);
        if (error != NULL)
            printf("  error: %s\n", error);
        print_lines("expected", &result->expected);
        print_lines("got", &result->got);
        fputs(result->problems, stdout);
    }
}

static bool
run_line(const char *line, size_t length, const struct json *contracts, const struct scenario_options *options,
    struct scenario_result *result)
{
    struct error err = { 0 };
    struct json json;
    char id[64] = "?";

    memset(result, 0, sizeof *result);
    enum status status = json_read(line, length, case_tokens, TOKENS, &json, &err);
    if (status == OK) {
        (void)json_string(&json, json_get(&json, 0, "id"), id, sizeof id);
        status = scenario_case_run(&json, contracts, result, &err);
    }
    report(result, id, status == OK ? NULL : err.text, options);
    return result->passed;
}

/* contracts.json in the folder of the cases; there need not be one. */
static enum status
read_contracts(const char *path, char **ret_text, struct json *ret_json, struct error *err)
{
    static const char none[] = "{}";
    size_t folder = (size_t)(path_name(path) - path);
    char file[1024];
    size_t length = sizeof none - 1;

    (void)snprintf(file, sizeof file, "%.*scontracts.json", (int)folder, path);
    if (scratch_read_file(file, ret_text, &length, NULL) != OK)
        *ret_text = NULL;
    enum status status = json_read(*ret_text != NULL ? *ret_text : none, length, contract_tokens, TOKENS, ret_json, err);
    if (status != OK)
        error_prefix(err, "%s", file);
    return status;
}

enum status
scenario_run_file(const char *path, const struct scenario_options *options, struct scenario_totals *totals,
    struct error *err)
{
    struct scenario_result *result = malloc(sizeof *result);
    char *cases = NULL, *metadata = NULL;
    struct json contracts;
    size_t length = 0;
    enum status status = result == NULL ? error_set(err, STATUS_LIMIT, "no memory") : OK;

    if (status == OK)
        status = scratch_read_file(path, &cases, &length, err);
    if (status == OK)
        status = read_contracts(path, &metadata, &contracts, err);
    for (const char *line = cases; status == OK && line < cases + length;) {
        const char *end = memchr(line, '\n', (size_t)(cases + length - line));
        size_t line_length = end == NULL ? (size_t)(cases + length - line) : (size_t)(end - line);
        if (line_length > 0) {
            bool passed = run_line(line, line_length, &contracts, options, result);
            totals->passed += passed ? 1 : 0;
            totals->failed += passed ? 0 : 1;
            if (!passed && !options->keep_going)
                break;
        }
        line += line_length + 1;
    }
    free(metadata);
    free(cases);
    free(result);
    return status;
}
