/*
 * test_config.c - whole configurations: bad ones with their exact messages, good ones with their effective values (S-22, S-23, R-ALL-16).
 *
 * tests/config/bad/X.yaml stands for one file of the set, by the first word of its name; X.expected holds every line the reader
 * must print for it.  UPDATE_EXPECTED=1 writes them anew: read the difference before committing it.
 */
#include "base/assert.h"
#include "config/load.h"
#include "lib/config_fixture.h"

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
#define BAD SOURCE_DIR "/tests/config/bad/"

static char output[CONFIG_OUTPUT_MAX];

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

static bool
check_bad(const char *name)
{
    char yaml_path[512], expected_path[512], file[80];
    struct config_sources sources = config_fixture_sources();
    struct loaded_config *loaded = NULL;

    (void)snprintf(yaml_path, sizeof yaml_path, "%s%s.yaml", BAD, name);
    (void)snprintf(expected_path, sizeof expected_path, "%s%s.expected", BAD, name);
    (void)snprintf(file, sizeof file, "%s.yaml", name);
    char *yaml = config_fixture_read(yaml_path);
    assert_non_null(yaml);
    *source_for(&sources, name) = config_fixture_text(file, yaml);
    assert_int_equal(config_fixture_load(&sources, &loaded, output), STATUS_CONFIG);
    assert_null(loaded);
    free(yaml);
    if (getenv("UPDATE_EXPECTED") != NULL)
        config_fixture_write(expected_path, output);
    char *expected = config_fixture_read(expected_path);
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

/* Each with its place; BO-04: daemon-backoff-*. */
static void
test_bad_configurations(void **state)
{
    static char names[CASES_MAX][64];
    int count = list_cases(BAD, names), wrong = 0;

    (void)state;
    assert_true(count >= 60);
    for (int i = 0; i < count; i++)
        wrong += !check_bad(names[i]);
    assert_int_equal(wrong, 0);
}

/* Load what must load. */
static struct loaded_config *
load_good(const struct config_sources *sources)
{
    struct loaded_config *loaded = NULL;

    if (config_fixture_load(sources, &loaded, output) != OK)
        fail_msg("%s", output);
    return loaded;
}

static struct loaded_config *
load_rules(const char *rules)
{
    struct config_sources sources = config_fixture_sources();

    sources.rules = config_fixture_text("risk_config.yaml", rules);
    return load_good(&sources);
}

static uint64_t
hash_of_rules(const char *rules)
{
    struct loaded_config *loaded = load_rules(rules);
    uint64_t hash = loaded->config.hash;

    loaded_config_free(loaded);
    return hash;
}

/* The effective configuration must have each of these lines. */
static void
assert_lines(const struct loaded_config *loaded, const char *const *lines, size_t count)
{
    struct text text = text_on(output, sizeof output);

    config_print(loaded, &text);
    assert_false(text.truncated);
    for (size_t i = 0; i < count; i++)
        if (strstr(output, lines[i]) == NULL)
            fail_msg("no line \"%s\" in\n%s", lines[i], output);
}

static int
rule_index(const char *name)
{
    struct config_sources sources = config_fixture_sources();
    int index = 0;

    while (strcmp(sources.rules_table[index]->name, name) != 0)
        index++;
    return index;
}

static void
test_layers_of_an_account(void **state)
{
    static const char rules[] = "rules:\n"
                                "  max_contracts: { limit: 5, count_type: GROSS }\n"
                                "  daily_realized_loss: { loss_limit: 500, enforcement: close_all }\n"
                                "  max_contracts_per_instrument: { limits: { ES: 1, NQ: 2 } }\n"
                                "profiles:\n"
                                "  calm:\n"
                                "    max_contracts: { limit: 3, micro_ratio: 10 }\n";
    static const char accounts[] = "- { account_id: 9, username: trader, api_key: \"${TEST_KEY}\" }\n"
                                   "- account_id: 7\n"
                                   "  username: Trader\n"
                                   "  profile: calm\n"
                                   "  rules:\n"
                                   "    max_contracts: { limit: 2 }\n"
                                   "    daily_realized_loss: { limit: -100, action: close_all_and_lockout }\n"
                                   "    max_contracts_per_instrument: { limits: { es: 3, MNQ: 4 } }\n"
                                   "- { account_id: 8, username: trader, enabled: false }\n"
                                   "- { account_id: 6, username: trader }\n";
    static const char *const lines[] = {
        "rules.max_contracts.limit: 5  # risk_config.yaml:2\n",
        "rules.max_contracts.micro_ratio: 1  # default\n",
        "rules.max_contracts.count_type: gross  # risk_config.yaml:2\n",
        "accounts.7.max_contracts.limit: 2  # accounts.yaml:6\n",
        "accounts.7.max_contracts.micro_ratio: 10  # risk_config.yaml:7\n",
        "accounts.7.max_contracts.count_type: gross  # risk_config.yaml:2\n",
        "rules.daily_realized_loss.limit: 500  # risk_config.yaml:3\n",
        "rules.daily_realized_loss.action: close_all  # risk_config.yaml:3\n",
        "accounts.7.daily_realized_loss.limit: 100  # accounts.yaml:7\n",
        "accounts.7.daily_realized_loss.action: close_all_and_lockout  # accounts.yaml:7\n",
        "accounts.7.max_contracts_per_instrument.limits: {ES: 3, NQ: 2, MNQ: 4}  # accounts.yaml:8\n",
        "accounts.8.enabled: false  # accounts.yaml:9\n",
    };
    struct config_sources sources = config_fixture_sources();
    int index = rule_index("max_contracts");

    (void)state;
    sources.accounts = config_fixture_text("accounts.yaml", accounts);
    sources.rules = config_fixture_text("risk_config.yaml", rules);
    struct loaded_config *loaded = load_good(&sources);
    assert_lines(loaded, lines, COUNT_OF(lines));
    assert_int_equal(loaded->accounts_count, 4);
    assert_int_equal(loaded->config.accounts_count, 3); /* Without the paused one, by id. */
    assert_int_equal(loaded->config.accounts[0].id, 6);
    assert_int_equal(loaded->config.accounts[1].id, 7);
    assert_int_equal(loaded->config.accounts[2].id, 9);
    assert_ptr_equal(loaded->config.accounts[0].rules[index], loaded->config.accounts[2].rules[index]);
    assert_ptr_not_equal(loaded->config.accounts[0].rules[index], loaded->config.accounts[1].rules[index]);
    assert_int_equal(loaded->users_count, 1); /* User names know no case (gateway.md 2.1). */
    assert_string_equal(loaded->users[0].api_key, "0123456789abcdef-very-secret");
    loaded_config_free(loaded);
}

static void
assert_fails(const struct config_sources *sources, const char *expected)
{
    struct loaded_config *loaded = NULL;

    assert_int_equal(config_fixture_load(sources, &loaded, output), STATUS_CONFIG);
    assert_string_equal(output, expected);
    assert_null(loaded);
}

/* What an account hides behind its own value, and profiles nobody has, are checked all the same. */
static void
test_hidden_mistakes(void **state)
{
    struct config_sources sources = config_fixture_sources();

    (void)state;
    sources.rules = config_fixture_text("risk_config.yaml", "rules: { max_contracts: { limit: five } }\n"
                                                            "profiles: { wild: { max_contracts: { limit: ten } } }\n");
    sources.accounts = config_fixture_text("accounts.yaml",
        "- { account_id: 5, username: trader, api_key: \"${TEST_KEY}\", rules: { max_contracts: { limit: 2 } } }\n");
    assert_fails(&sources,
        "risk_config.yaml:1:34: rules.max_contracts.limit: found \"five\", expected a whole number from 0 to 10000\n"
        "risk_config.yaml:2:45: profiles.wild.max_contracts.limit: found \"ten\", expected a whole number from 0 to 10000\n");
}

static void
test_which_rules_are_on(void **state)
{
    static const char rules[] = "rules:\n"
                                "  max_contracts: {}\n"
                                "  auth_loss_guard: { enabled: false }\n"
                                "  daily_realized_loss: { enabled: no }\n" /* Incomplete, but off. */
                                "  trade_management: { auto_stop_loss: true }\n";
    static const struct {
        const char *name;
        bool on, bound;
    } wants[] = {
        { "max_contracts", true, true },
        { "auth_loss_guard", false, true },
        { "symbol_blocks", false, false },
        { "trade_management", false, true },
    };
    struct loaded_config *loaded = load_rules(rules);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wants); i++) {
        int index = rule_index(wants[i].name);
        assert_int_equal(loaded->config.accounts[0].enabled[index], wants[i].on);
        assert_int_equal(loaded->config.accounts[0].rules[index] != NULL, wants[i].bound);
    }
    assert_false(loaded->config.accounts[0].enabled[rule_index("daily_realized_loss")]);
    loaded_config_free(loaded);
}

/* CF-04: the hash is of what holds, not of how it is written. */
static void
test_hash(void **state)
{
    uint64_t one = hash_of_rules("rules: { daily_realized_loss: { limit: -500 } }\n");

    (void)state;
    assert_int_equal(one, hash_of_rules("# Comment\nrules:\n  daily_realized_loss:\n    loss_limit: 500.00\n    include_fees: yes\n"));
    assert_int_not_equal(one, hash_of_rules("rules: { daily_realized_loss: { limit: -500.01 } }\n"));
    assert_int_not_equal(one, hash_of_rules("rules: { daily_realized_loss: { limit: -500, enabled: false } }\n"));
    assert_int_not_equal(one, hash_of_rules("global: { strict_mode: true }\nrules: { daily_realized_loss: { limit: 500 } }\n"));
}

static void
test_secrets_are_not_printed(void **state)
{
    static const char daemon[] = "alert:\n"
                                 "  webhooks: [ { url: \"https://discord.com/api/webhooks/1/very-secret\", format: Discord } ]\n"
                                 "  email: { server: \"smtps://mail:465\", password: very-secret, from: a, to: b }\n";
    static const char *const lines[] = { "accounts.5.api_key: ********", "alert.webhooks[0].url: ********",
        "alert.email.password: ********", "alert.webhooks[0].format: discord" };
    struct config_sources sources = config_fixture_sources();

    (void)state;
    sources.daemon = config_fixture_text("daemon.yaml", daemon);
    struct loaded_config *loaded = load_good(&sources);
    assert_lines(loaded, lines, COUNT_OF(lines));
    assert_null(strstr(output, "secret"));
    assert_string_equal(loaded->daemon.alert.webhooks[0].url, "https://discord.com/api/webhooks/1/very-secret");
    loaded_config_free(loaded);
}

static void
test_one_file_for_one_account(void **state)
{
    static const char daemon[] = "account: { account_id: 5, username: trader, api_key: \"${TEST_KEY}\" }\n"
                                 "risk_rules: { max_contracts: { limit: 3 } }\n"
                                 "global: { strict_mode: true }\n"
                                 "day: { reset_time: \"16:30\", time_zone: America/New_York }\n"
                                 "enforcement: { order: CANCEL_FIRST }\n";
    static const char *const lines[] = { "risk_rules.max_contracts.limit: 3  # daemon.yaml:2\n", "hub.ping_s: 15  # default\n" };
    struct config_sources sources = config_fixture_sources();

    (void)state;
    sources.daemon = config_fixture_text("daemon.yaml", daemon);
    sources.accounts = sources.rules = (struct config_source){ .path = "/nonexistent/file.yaml" };
    sources.holidays = (struct config_source){ .path = NULL };
    struct loaded_config *loaded = load_good(&sources);
    assert_lines(loaded, lines, COUNT_OF(lines));
    assert_true(loaded->config.strict_mode);
    assert_int_equal(loaded->config.reset_second, 16 * 3600 + 30 * 60);
    assert_string_equal(zone_name(loaded->config.day_zone), "America/New_York");
    assert_int_equal(loaded->config.order, ORDER_CANCEL_FIRST);
    assert_true(loaded->config.alarm_after.ns == SPAN_SECONDS(5).ns);
    assert_true(loaded->config.stale_after.ns == SPAN_SECONDS(10).ns);
    loaded_config_free(loaded);
}

static void
test_missing_files(void **state)
{
    struct config_sources sources = config_fixture_sources();

    (void)state;
    sources.accounts = sources.rules = sources.holidays = (struct config_source){ .path = "/nonexistent/x.yaml" };
    assert_fails(&sources,
        "/nonexistent/x.yaml: found no such file, expected a list of accounts (riskctl init writes one)\n"
        "/nonexistent/x.yaml: found no such file, expected the rules (riskctl init writes them)\n"
        "/nonexistent/x.yaml: found no such file, expected a list of holidays, which may be empty ([])\n");
}

static void
test_nothing_to_protect(void **state)
{
    struct config_sources sources = config_fixture_sources();

    (void)state;
    sources.accounts = sources.rules = sources.holidays = (struct config_source){ .path = NULL };
    assert_fails(&sources,
        "accounts.yaml: accounts: found no account, expected at least one account\n"
        "risk_config.yaml: rules: found no rules, expected rules: in risk_config.yaml, or risk_rules: in daemon.yaml\n");
}

/* AK-04: without a key nothing starts, and what is missing is named; riskd then exits with 2 (e2e/config_errors.py). */
static void
key_missing(void **state)
{
    static const char *const accounts[] = { "- { account_id: 5, username: trader, api_key: \"${NO_SUCH_VARIABLE}\" }\n",
        "- { account_id: 5, username: trader, api_key: \"${TEST_EMPTY}\" }\n", "- { account_id: 5, username: trader }\n",
        "- { account_id: 5, username: trader, api_key: \"\" }\n" };
    static const char *const words[] = { "NO_SUCH_VARIABLE", "TEST_EMPTY", "api_key", "api_key" };
    static char out[CONFIG_OUTPUT_MAX];
    struct loaded_config *loaded;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(accounts); i++) {
        struct config_sources sources = config_fixture_sources();

        sources.accounts = config_fixture_text("accounts.yaml", accounts[i]);
        assert_int_equal(config_fixture_load(&sources, &loaded, out), STATUS_CONFIG);
        if (strstr(out, words[i]) == NULL || strstr(out, "accounts.yaml:1:") == NULL || strstr(out, "expected") == NULL)
            fail_msg("%zu: %s", i, out);
    }
}

/* AK-03, S-22: a key in a file others can read is refused, a key from the environment is not in the file. */
static void
key_permissions(void **state)
{
    static const char literal[] = "- { account_id: 5, username: trader, api_key: 0123456789-very-secret }\n";
    struct config_sources sources = config_fixture_sources();

    (void)state;
    sources.is_private = config_fixture_open_to_all;
    loaded_config_free(load_good(&sources));
    sources.accounts = config_fixture_text("accounts.yaml", literal);
    assert_fails(&sources,
        "accounts.yaml:1:47: accounts[0].api_key: found accounts.yaml: mode 0644, expected a file only the service's user can read (chmod "
        "600)\n");
    sources.daemon = config_fixture_text("daemon.yaml", "credentials: { strict_permissions: false }\n");
    loaded_config_free(load_good(&sources));
    sources.daemon = config_fixture_text("daemon.yaml", "{}");
    sources.is_private = NULL;
    assert_fails(&sources,
        "accounts.yaml:1:47: accounts[0].api_key: found a secret in a file that cannot be checked, expected a file only the service's user can "
        "read (chmod 600)\n");
}

static void
test_keys_from_files(void **state)
{
    static const char path[] = BUILD_DIR "/test_config.key", users[] = BUILD_DIR "/test_config.users.yaml";
    char accounts[1024], daemon[1024];
    struct config_sources sources = config_fixture_sources();

    (void)state;
    config_fixture_write(path, "first-line-very-secret\nsecond line\n");
    (void)snprintf(accounts, sizeof accounts, "- { account_id: 5, username: trader, api_key_file: %s, created: 2026-01-31 }\n", path);
    sources.accounts = config_fixture_text("accounts.yaml", accounts);
    struct loaded_config *loaded = load_good(&sources);
    assert_string_equal(loaded->users[0].api_key, "first-line-very-secret");
    assert_int_equal(loaded->users[0].created_day, civil_to_days(2026, 1, 31));
    loaded_config_free(loaded);
    config_fixture_write(users, "users: [ { username: coach, api_key: \"${TEST_OTHER}\" }, { username: trader, api_key: abc } ]\n");
    (void)snprintf(daemon, sizeof daemon, "credentials: { file: %s }\n", users);
    sources.daemon = config_fixture_text("daemon.yaml", daemon);
    sources.accounts = config_fixture_text("accounts.yaml",
        "- { account_id: 5, username: trader }\n- { account_id: 6, username: coach }\n- { account_id: 7, username: trader }\n");
    loaded = load_good(&sources);
    assert_int_equal(loaded->users_count, 2);
    assert_int_equal(loaded->accounts[2].user, loaded->accounts[0].user);
    assert_string_equal(loaded->users[loaded->accounts[0].user].api_key, "abc");
    assert_string_equal(loaded->users[loaded->accounts[1].user].api_key, "another-very-secret");
    loaded_config_free(loaded);
    (void)remove(path);
    (void)remove(users);
}

static void
test_holidays_are_sorted(void **state)
{
    struct config_sources sources = config_fixture_sources();

    (void)state;
    sources.holidays = config_fixture_text("holidays.yaml",
        "- { date: 2026-12-25, name: Christmas }\n- 2026-01-01\n- { date: 2026-12-24, early_close: \"12:15\" }\n");
    struct loaded_config *loaded = load_good(&sources);
    const struct calendar *calendar = &loaded->config.calendar;
    assert_int_equal(calendar->count, 3);
    assert_int_equal(calendar->holidays[0].day, civil_to_days(2026, 1, 1));
    assert_int_equal(calendar->holidays[0].early_close, -1);
    assert_int_equal(calendar->holidays[1].early_close, 12 * 3600 + 15 * 60);
    assert_string_equal(calendar->holidays[2].name, "Christmas");
    loaded_config_free(loaded);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_configurations),
        cmocka_unit_test(test_layers_of_an_account),
        cmocka_unit_test(test_hidden_mistakes),
        cmocka_unit_test(test_which_rules_are_on),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_secrets_are_not_printed),
        cmocka_unit_test(test_one_file_for_one_account),
        cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_nothing_to_protect),
        cmocka_unit_test(key_missing),
        cmocka_unit_test(key_permissions),
        cmocka_unit_test(test_keys_from_files),
        cmocka_unit_test(test_holidays_are_sorted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
