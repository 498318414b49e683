/*
 * test_config_files.c - the files we ship are the program's: templates, docs/configuration.md, and every scenario's configuration (S-24).
 *
 * UPDATE_EXPECTED=1 writes docs/configuration.md anew.
 */
#include "base/assert.h"
#include "base/json.h"
#include "config/describe.h"
#include "config/keys.h"
#include "config/load.h"
#include "lib/config_fixture.h"
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

#define TEMPLATES SOURCE_DIR "/config/"
#define PAGE SOURCE_DIR "/docs/configuration.md"
#define SCENARIOS SHARED_DIR "/scenarios/"
#define LINE_MAX_SIZE 262144
#define TOKENS_MAX 32768

static char output[CONFIG_OUTPUT_MAX];

static const char *
template_environment(const char *name)
{
    if (strcmp(name, "TOPSTEPX_USERNAME") == 0)
        return "trader";
    return strcmp(name, "TOPSTEPX_API_KEY") == 0 ? "0123456789abcdef" : NULL;
}

static struct loaded_config *
load_templates(void)
{
    struct config_sources sources = {
        .daemon = { .path = TEMPLATES "daemon.yaml" },
        .accounts = { .path = TEMPLATES "accounts.yaml" },
        .rules = { .path = TEMPLATES "risk_config.yaml" },
        .holidays = { .path = TEMPLATES "holidays.yaml" },
        .rules_table = rules_table,
        .is_private = config_fixture_open_to_all, /* No secret is in a template. */
        .environment = template_environment,
        .keep_text = true,
    };
    struct loaded_config *loaded = NULL;

    if (config_fixture_load(&sources, &loaded, output) != OK)
        fail_msg("%s", output);
    return loaded;
}

static void
test_templates_load(void **state)
{
    struct loaded_config *loaded = load_templates();

    (void)state;
    assert_int_equal(loaded->config.accounts_count, 1);
    assert_true(loaded->config.calendar.count >= 20);
    assert_string_equal(loaded->users[0].username, "trader");
    loaded_config_free(loaded);
}

/* daemon.yaml says what holds without it. */
static void
test_daemon_template_has_the_defaults(void **state)
{
    struct config_sources sources = config_fixture_sources();
    struct loaded_config *template = load_templates(), *plain = NULL;

    (void)state;
    assert_int_equal(config_fixture_load(&sources, &plain, output), OK);
    assert_string_equal(zone_name(template->daemon.day.zone), zone_name(plain->daemon.day.zone));
    template->daemon.day.zone = plain->daemon.day.zone;
    assert_memory_equal(&template->daemon, &plain->daemon, sizeof plain->daemon);
    loaded_config_free(plain);
    loaded_config_free(template);
}

/* Every key of a table is written in its template, be it behind a '#'. */
static int
count_missing(const char *text, const struct param *params, size_t count)
{
    int missing = 0;

    for (size_t i = 0; i < count; i++) {
        struct spellings spellings;
        char word[KEYS_SPELLING_MAX + 2];
        bool found = false;
        keys_spellings(params[i].keys, &spellings);
        for (int j = 0; j < spellings.count && !found; j++) {
            const char *dot = strrchr(spellings.items[j], '.');
            (void)snprintf(word, sizeof word, "%s:", dot != NULL ? dot + 1 : spellings.items[j]);
            found = strstr(text, word) != NULL;
        }
        if (!found)
            print_error("no %s in the template\n", params[i].keys);
        missing += !found;
    }
    return missing;
}

static void
test_templates_have_every_key(void **state)
{
    char *daemon = config_fixture_read(TEMPLATES "daemon.yaml"), *rules = config_fixture_read(TEMPLATES "risk_config.yaml");
    int missing = count_missing(daemon, settings_daemon, settings_daemon_count);

    (void)state;
    missing += count_missing(rules, settings_global, settings_global_count);
    for (int i = 0; rules_table[i] != NULL; i++) {
        char head[80];
        (void)snprintf(head, sizeof head, "  %s:\n", rules_table[i]->name);
        char *block = strstr(rules, head);
        assert_non_null(block);
        char *end = strstr(block, "\n\n"); /* A blank line stands between two rules. */
        assert_non_null(end);
        *end = 0;
        missing += count_missing(block, rules_table[i]->params, rules_table[i]->params_count);
        *end = '\n';
    }
    assert_int_equal(missing, 0);
    free(daemon);
    free(rules);
}

static void
test_page_is_up_to_date(void **state)
{
    struct text text = text_on(output, sizeof output);

    (void)state;
    config_describe(rules_table, &text);
    assert_false(text.truncated);
    if (getenv("UPDATE_EXPECTED") != NULL)
        config_fixture_write(PAGE, output);
    char *page = config_fixture_read(PAGE);
    assert_non_null(page);
    if (strcmp(page, output) != 0)
        fail_msg("docs/configuration.md is not what the tables say: run this test with UPDATE_EXPECTED=1");
    free(page);
}

/* One case's line: its configuration must load for its accounts. */
static bool
check_scenario(const char *line, size_t length, struct json_token *tokens)
{
    static const int64_t ids[] = { 456, 123 };
    struct json json;
    struct error err;
    struct loaded_config *loaded = NULL;
    struct config_errors errors = { 0 };
    size_t config_length;

    if (json_read(line, length, tokens, TOKENS_MAX, &json, &err) != OK)
        fail_msg("%s", err.text);
    const char *config = json_raw(&json, json_get(&json, 0, "config"), &config_length);
    enum status status = config_from_scenario(config, config_length, ids, 2, rules_table, &loaded, &errors);
    struct text text = text_on(output, sizeof output);
    config_errors_print(&errors, &text);
    if (status != OK) {
        char id[64] = "?";
        (void)json_string(&json, json_get(&json, 0, "id"), id, sizeof id);
        print_error("%s: %s", id, output);
    } else {
        assert_int_equal(loaded->config.accounts_count, 2);
        assert_int_equal(loaded->config.accounts[0].id, 123);
        for (int i = 0; rules_table[i] != NULL; i++)
            if (loaded->config.accounts[0].enabled[i])
                assert_non_null(loaded->config.accounts[0].rules[i]);
    }
    loaded_config_free(loaded);
    config_errors_fini(&errors);
    return status == OK;
}

static void
test_scenarios_load(void **state)
{
    DIR *dir = opendir(SCENARIOS);
    struct dirent *entry;
    char *line = calloc(1, LINE_MAX_SIZE);
    struct json_token *tokens = calloc(TOKENS_MAX, sizeof *tokens);
    int cases = 0, wrong = 0;

    (void)state;
    if (dir == NULL) {
        free(line);
        free(tokens);
        skip(); /* A checkout without the shared folder. */
    }
    assert_true(line != NULL && tokens != NULL);
    while ((entry = readdir(dir)) != NULL) {
        char path[600];
        if (strstr(entry->d_name, ".jsonl") == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s%s", SCENARIOS, entry->d_name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        while (fgets(line, LINE_MAX_SIZE, file) != NULL) {
            if (line[0] != '{')
                continue;
            cases++;
            wrong += !check_scenario(line, strlen(line), tokens);
        }
        (void)fclose(file);
    }
    (void)closedir(dir);
    free(line);
    free(tokens);
    assert_int_equal(wrong, 0);
    assert_true(cases >= 212);
}

/* The spellings a scenario may use that no case of today has. */
static void
test_scenario_spellings(void **state)
{
    static const char json[] = "{\"daily_reset\": {\"time\": \"16:00\", \"timezone\": \"America/New_York\"},"
                               " \"global\": {\"strict_mode\": true}, \"holidays\": [\"2026-12-25\", {\"date\": \"2026-12-24\", \"name\": "
                               "\"Eve\", \"early_close\": \"12:15\"}], \"quotes\": {\"stale_s\": 20},"
                               " \"symbol_blocks\": {\"blocked_symbols\": [\"rty\"], \"enforcement\": \"CANCEL_ORDER\"},"
                               " \"trade_management\": {\"enabled\": true, \"auto_stop_loss\": true, \"stop_loss_ticks\": 8}}";
    static const char broken[] = "{\"daily_realized_loss\": {\"limit\": -500, \"reset_time\": \"17:00\"}, \"daily_reset\": {\"time\": \"16:00\"}}";
    static const int64_t ids[] = { 1 };
    struct loaded_config *loaded = NULL;
    struct config_errors errors = { 0 };
    struct text text = text_on(output, sizeof output);

    (void)state;
    enum status status = config_from_scenario(json, strlen(json), ids, 1, rules_table, &loaded, &errors);
    config_errors_print(&errors, &text);
    assert_string_equal(output, "");
    assert_int_equal(status, OK);
    assert_true(loaded->config.strict_mode);
    assert_int_equal(loaded->config.reset_second, 16 * 3600);
    assert_int_equal(loaded->config.calendar.count, 2);
    assert_true(loaded->config.stale_after.ns == SPAN_SECONDS(20).ns);
    loaded_config_free(loaded);
    loaded = NULL;
    assert_int_equal(config_from_scenario(broken, strlen(broken), ids, 1, rules_table, &loaded, &errors), STATUS_CONFIG);
    assert_null(loaded);
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.items[0].key, "daily_realized_loss.reset_time");
    config_errors_fini(&errors);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates_load),
        cmocka_unit_test(test_daemon_template_has_the_defaults),
        cmocka_unit_test(test_templates_have_every_key),
        cmocka_unit_test(test_page_is_up_to_date),
        cmocka_unit_test(test_scenarios_load),
        cmocka_unit_test(test_scenario_spellings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
