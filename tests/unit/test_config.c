/*
 * test_config.c - whole configurations: bad ones with their exact messages, good ones with their values, templates, scenarios (S-23).
 *
 * tests/config/bad/X.yaml stands for one file of the set, by the first word of its name; X.expected holds every line the reader
 * must print for it.  UPDATE_EXPECTED=1 writes them anew: read the difference before committing it.
 */
#include "base/assert.h"
#include "base/json.h"
#include "config/load.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#define CASES_MAX 400
#define OUTPUT_MAX 65536
#define BAD SOURCE_DIR "/tests/config/bad/"
#define GOOD SOURCE_DIR "/tests/config/good/"

static const char plain_daemon[] = "{}\n";
static const char plain_accounts[] = "accounts: [ { account_id: 5, username: trader, api_key: \"${TEST_KEY}\" } ]\n";
static const char plain_rules[] = "rules: { max_contracts: { limit: 5 } }\n";
static const char plain_holidays[] = "[]\n";

static const char *
fake_environment(const char *name)
{
    static const char *const variables[][2] = { { "TEST_KEY", "0123456789abcdef-very-secret" }, { "TEST_OTHER", "another-very-secret" },
        { "TEST_EMPTY", "" } };

    for (size_t i = 0; i < COUNT_OF(variables); i++)
        if (strcmp(variables[i][0], name) == 0)
            return variables[i][1];
    return NULL;
}

static enum status
private_enough(const char *path, struct error *err)
{
    (void)path;
    (void)err;
    return OK;
}

static enum status
open_to_all(const char *path, struct error *err)
{
    return error_set(err, STATUS_CONFIG, "%s: mode 0644", path);
}

static struct config_source
source_of(const char *path, const char *text)
{
    return (struct config_source){ .path = path, .text = text, .length = strlen(text) };
}

static struct config_sources
plain_sources(void)
{
    return (struct config_sources){
        .daemon = source_of("daemon.yaml", plain_daemon),
        .accounts = source_of("accounts.yaml", plain_accounts),
        .rules = source_of("risk_config.yaml", plain_rules),
        .holidays = source_of("holidays.yaml", plain_holidays),
        .rules_table = rules_table,
        .is_private = private_enough,
        .environment = fake_environment,
        .keep_text = true,
    };
}

/* The whole file, the caller's to free; NULL if there is none. */
static char *
read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text;
    size_t length;

    if (file == NULL)
        return NULL;
    text = calloc(1, OUTPUT_MAX * 4);
    assert_non_null(text);
    length = fread(text, 1, OUTPUT_MAX * 4 - 1, file);
    assert_true(length < OUTPUT_MAX * 4 - 1);
    (void)fclose(file);
    return text;
}

static void
write_whole(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    (void)fclose(file);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Names without ".yaml" in a directory, sorted. */
static int
list_cases(const char *directory, char names[CASES_MAX][64])
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        const char *end = strstr(entry->d_name, ".yaml");
        if (end == NULL)
            continue;
        assert_true(count < CASES_MAX);
        assert_true(text_copy_bytes(names[count++], 64, entry->d_name, (size_t)(end - entry->d_name)));
    }
    (void)closedir(dir);
    qsort(names, (size_t)count, 64, by_name);
    return count;
}

static struct config_source *
source_for(struct config_sources *sources, const char *name)
{
    if (text_starts(name, "daemon-"))
        return &sources->daemon;
    if (text_starts(name, "accounts-"))
        return &sources->accounts;
    if (text_starts(name, "rules-"))
        return &sources->rules;
    assert_true(text_starts(name, "holidays-"));
    return &sources->holidays;
}

/* Every problem of a load, as printed; "" if there was none. */
static enum status
load_text(const struct config_sources *sources, struct loaded_config **ret_loaded, char *out)
{
    struct config_errors errors = { 0 };
    struct text text = text_on(out, OUTPUT_MAX);
    enum status status = config_load(sources, ret_loaded, &errors);

    config_errors_print(&errors, &text);
    assert_false(text.truncated);
    assert_true((status == OK) == (errors.count == 0));
    config_errors_fini(&errors);
    return status;
}

static bool
check_bad(const char *name, char *output)
{
    char yaml_path[512], expected_path[512], file[80];
    struct config_sources sources = plain_sources();
    struct loaded_config *loaded = NULL;

    (void)snprintf(yaml_path, sizeof yaml_path, "%s%s.yaml", BAD, name);
    (void)snprintf(expected_path, sizeof expected_path, "%s%s.expected", BAD, name);
    (void)snprintf(file, sizeof file, "%s.yaml", name);
    char *yaml = read_whole(yaml_path);
    assert_non_null(yaml);
    *source_for(&sources, name) = source_of(file, yaml);
    assert_int_equal(load_text(&sources, &loaded, output), STATUS_CONFIG);
    assert_null(loaded);
    free(yaml);
    if (getenv("UPDATE_EXPECTED") != NULL)
        write_whole(expected_path, output);
    char *expected = read_whole(expected_path);
    assert_non_null(expected);
    bool same = strcmp(expected, output) == 0;
    if (!same)
        print_error("%s:\n--- expected\n%s--- printed\n%s", name, expected, output);
    if (strstr(output, "secret") != NULL) {
        print_error("%s: a secret is shown:\n%s", name, output);
        same = false;
    }
    free(expected);
    return same;
}

static void
test_bad_configurations(void **state)
{
    static char names[CASES_MAX][64];
    static char output[OUTPUT_MAX];
    int count = list_cases(BAD, names), wrong = 0;

    (void)state;
    assert_true(count >= 60);
    for (int i = 0; i < count; i++)
        wrong += !check_bad(names[i], output);
    assert_int_equal(wrong, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_configurations),
    };

    (void)open_to_all;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
