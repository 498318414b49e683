/*
 * load.c - see load.h.
 *
 * The parts run in an order in which each finds what it needs: daemon.yaml (it says where credentials are and when the day ends),
 * `global`, holidays, accounts, rules.  All of them run, whatever the earlier ones found, so that every problem is told at once.
 */
#include "config/load.h"

#include "base/assert.h"
#include "config/build.h"
#include "config/check.h"
#include "config/keys.h"
#include "config/unknown.h"

#include <stdlib.h>
#include <string.h>

static bool
build_init(struct build *build, const struct config_sources *sources, struct config_errors *errors)
{
    struct loaded_config *loaded = calloc(1, sizeof *loaded);
    struct loaded_memory *memory = calloc(1, sizeof *memory);

    if (loaded == NULL || memory == NULL) {
        free(loaded);
        free(memory);
        return false;
    }
    loaded->memory = memory;
    memory->zones.directory = sources->zone_directory;
    effective_init(&memory->effective, sources->keep_text);
    *build = (struct build){ .sources = sources, .loaded = loaded, .arena = &memory->arena, .effective = &memory->effective };
    build->bind = (struct bind){ .zones = &memory->zones, .errors = errors, .record = effective_record,
        .record_context = &memory->effective };
    return true;
}

static void
build_fini(struct build *build)
{
    for (int i = 0; i < build->trees_count; i++)
        yaml_tree_free(build->trees[i]);
    arena_fini(&build->scratch);
}

/* Files that must be there, or may be left out because daemon.yaml says it all. */
static void
read_sources(struct build *build)
{
    const struct config_sources *sources = build->sources;
    bool daemon = false, accounts = false, rules = false, holidays = false;

    build->daemon_root = build_read_source(build, &sources->daemon, &daemon);
    build->accounts_root = build_read_source(build, &sources->accounts, &accounts);
    build->rules_root = build_read_source(build, &sources->rules, &rules);
    build->holidays_root = build_read_source(build, &sources->holidays, &holidays);
    if (!daemon && sources->daemon.path != NULL)
        build_file_problem(build, sources->daemon.path, "", "no such file", "the daemon's settings (riskctl init writes them)");
    if (!accounts && sources->accounts.path != NULL && keys_at(build->daemon_root, "account") == NULL)
        build_file_problem(build, sources->accounts.path, "", "no such file", "a list of accounts (riskctl init writes one)");
    if (!rules && sources->rules.path != NULL && keys_at(build->daemon_root, "risk_rules") == NULL)
        build_file_problem(build, sources->rules.path, "", "no such file", "the rules (riskctl init writes them)");
    if (!holidays && sources->holidays.path != NULL)
        build_file_problem(build, sources->holidays.path, "", "no such file", "a list of holidays, which may be empty ([])");
}

/* Alerts carry secrets too: then the file is as private as a key's. */
static void
check_alert_secrets(struct build *build)
{
    const struct yaml_node *webhooks = keys_at(build->daemon_root, "alert.webhooks");
    const struct yaml_node *password = keys_at(build->daemon_root, "alert.email.password");

    if (build->sources->daemon.text != NULL)
        return;
    if (webhooks != NULL && webhooks->count > 0)
        build_check_private(build, webhooks, "alert.webhooks", yaml_tree_file(webhooks->tree));
    else if (password != NULL && password->length > 0)
        build_check_private(build, password, "alert.email.password", yaml_tree_file(password->tree));
}

/* An empty map, so that a file that is not there is read as one that says nothing. */
static const struct yaml_node *
or_empty(struct build *build, const struct yaml_node *node)
{
    static const struct config_source empty = { .path = "daemon.yaml", .text = "{}", .length = 2 };
    bool exists;

    return node != NULL ? node : build_read_source(build, &empty, &exists);
}

static void
read_settings(struct build *build, const char *const *known)
{
    struct daemon_settings *settings = &build->loaded->daemon;
    struct bind_layers layers = { .count = 1, .items = { { or_empty(build, build->daemon_root), "" } } };
    struct bind_target target = { .params = settings_daemon, .count = settings_daemon_count, .out = settings, .path = "",
        .known = known };

    if (layers.items[0].node == NULL)
        return;
    (void)bind_params(&build->bind, &target, &layers);
    check_settings(&build->bind, settings, &layers);
    check_alert_secrets(build);
}

static void
read_global(struct build *build, const struct yaml_node *node)
{
    struct global_settings global = { 0 };
    struct bind_layers layers = { .count = 1, .items = { { or_empty(build, node), "global" } } };
    struct bind_target target = { .params = settings_global, .count = settings_global_count, .out = &global, .path = "global" };
    struct config *config = &build->loaded->config;

    if (layers.items[0].node == NULL)
        return;
    (void)bind_params(&build->bind, &target, &layers);
    check_global(&build->bind, &global, &layers);
    config->strict_mode = global.strict_mode;
    config->loosen_seconds = global.loosen_seconds;
    config->warn_percent = (int32_t)global.warn_percent;
    config->alert_percent = (int32_t)global.alert_percent;
}

_Static_assert(BACKOFF_STEPS_MAX == ENFORCE_STEPS_MAX, "a list of waits fits");

void
config_refill(struct loaded_config *loaded)
{
    const struct daemon_settings *settings = &loaded->daemon;
    struct config *config = &loaded->config;

    config->day_zone = settings->day.zone;
    config->reset_second = settings->day.reset_second;
    config->order = (enum enforcement_order)settings->enforce.order;
    config->alarm_after = SPAN_MS(settings->enforce.fail_ms);
    config->enforce_steps_count = settings->enforce.backoff.count;
    for (int32_t i = 0; i < config->enforce_steps_count; i++)
        config->enforce_steps[i] = SPAN_MS(settings->enforce.backoff.steps_ms[i]);
    config->verify_poll = SPAN_MS(settings->verify.poll_ms);
    config->verify_fast = SPAN_MS(settings->verify.fast_window_ms);
    config->agreeing_reads = (int32_t)settings->verify.min_agreeing_reads;
    config->stuck_after = SPAN_SECONDS(settings->order.stuck_alarm_s);
    config->stale_after = SPAN_SECONDS(settings->quotes.stale_s);
    config->blind_after = SPAN_SECONDS(settings->quotes.blind_s);
    config->unsubscribe_after = SPAN_SECONDS(settings->quotes.unsubscribe_after_s);
    config->blind_flatten = settings->quotes.blind_policy == BLIND_FLATTEN;
    config->exchange_zone = zones_get(&loaded->memory->zones, "America/Chicago");
}

/* A block may stand in daemon.yaml or in its own file, not in both: nobody could tell which holds. */
static const struct yaml_node *
one_of(struct build *build, const char *daemon_key, const char *rules_key, bool *ret_in_daemon)
{
    const struct yaml_node *here = keys_at(build->daemon_root, daemon_key), *there = keys_at(build->rules_root, rules_key);

    *ret_in_daemon = here != NULL;
    if (here != NULL && there != NULL)
        bind_problem(&build->bind, here, daemon_key, "this block in risk_config.yaml as well", "it in one of the two files");
    return here != NULL ? here : there;
}

static void
read_holidays(struct build *build)
{
    static const char *const known[] = { "holidays", NULL };
    const struct yaml_node *root = build->holidays_root;

    if (root != NULL && root->kind == NODE_MAP) {
        unknown_among(&build->bind, &(struct bind_layer){ root, "" }, known);
        root = keys_at(root, "holidays");
    }
    if (root != NULL && !yaml_node_is_null(root))
        holidays_read(build, root, "holidays");
}

static void
read_rules(struct build *build)
{
    static const char *const known[] = { "global", "rules", "profiles", NULL };
    const struct yaml_node *root = build->rules_root;
    bool in_daemon;

    if (root != NULL && root->kind == NODE_MAP)
        unknown_among(&build->bind, &(struct bind_layer){ root, "" }, known);
    else if (root != NULL)
        (void)bind_refuse(&build->bind, root, "", NULL, "global:, rules: and profiles:");
    read_global(build, one_of(build, "global", "global", &in_daemon));
    build->shared = one_of(build, "risk_rules", "rules", &in_daemon);
    build->shared_path = in_daemon ? "risk_rules" : "rules";
    build->profiles = keys_at(root, "profiles");
    rulebook_read(build);
}

/* Whatever else is fine: without an account, or without rules, nothing would be protected and nobody would notice. */
static void
check_protection(struct build *build)
{
    const struct config_source *accounts = &build->sources->accounts, *rules = &build->sources->rules;

    if (build->bind.errors->count > 0 || build->bind.problems > 0)
        return; /* What is wrong may be why there is none. */
    if (build->drafts_count == 0)
        build_file_problem(build, accounts->path != NULL ? accounts->path : "accounts.yaml", "accounts", "no account",
            "at least one account");
    if (build->shared == NULL && build->profiles == NULL)
        build_file_problem(build, rules->path != NULL ? rules->path : "risk_config.yaml", "rules", "no rules",
            "rules: in risk_config.yaml, or risk_rules: in daemon.yaml");
}

/* Success hands the configuration over; anything else takes it back whole. */
static enum status
finish(struct build *build, struct loaded_config **ret_loaded)
{
    const struct config_errors *errors = build->bind.errors;
    enum status status = build->short_of_memory ? STATUS_LIMIT : OK;

    build_fini(build);
    config_errors_sort(build->bind.errors);
    if (status == OK && (errors->count > 0 || errors->dropped > 0 || build->bind.problems > 0))
        status = STATUS_CONFIG;
    if (status != OK) {
        loaded_config_free(build->loaded);
        return status;
    }
    build->loaded->config.hash = build->effective->hash;
    *ret_loaded = build->loaded;
    return OK;
}

enum status
config_load(const struct config_sources *sources, struct loaded_config **ret_loaded, struct config_errors *errors)
{
    static const char *const known[] = { "account", "risk_rules", "global", NULL };
    struct build build;

    if (!build_init(&build, sources, errors))
        return STATUS_LIMIT;
    read_sources(&build);
    read_settings(&build, known);
    config_refill(build.loaded);
    read_holidays(&build);
    accounts_read(&build);
    read_rules(&build);
    check_protection(&build);
    return finish(&build, ret_loaded);
}

/* Keys of a scenario that are not daemon.yaml's: the rules and two blocks. */
static void
scenario_words(const struct rule *const *rules_table, const char **words)
{
    int count = 0;

    for (; rules_table[count] != NULL; count++)
        words[count] = rules_table[count]->name;
    words[count++] = "global";
    words[count++] = "holidays";
    words[count] = NULL;
}

static void
scenario_accounts(struct build *build, const int64_t *ids, int32_t count)
{
    struct loaded_config *loaded = build->loaded;

    build->drafts = build_take(build, &build->scratch, ((size_t)count + 1) * sizeof *build->drafts);
    loaded->accounts = build_take(build, build->arena, ((size_t)count + 1) * sizeof *loaded->accounts);
    if (build->drafts == NULL || loaded->accounts == NULL)
        return;
    for (int32_t i = 0; i < count; i++) {
        struct account_settings *settings = &build->drafts[i].settings;
        *settings = (struct account_settings){ .id = ids[i], .nickname = "", .profile = "", .enabled = true, .user = -1 };
        loaded->accounts[i] = *settings;
    }
    build->drafts_count = loaded->accounts_count = count;
}

enum status
config_from_scenario(const char *json, size_t length, const int64_t *ids, int32_t ids_count, const struct rule *const *rules_table,
    struct loaded_config **ret_loaded, struct config_errors *errors)
{
    struct config_sources sources = { .daemon = { .path = "scenario", .text = json, .length = length }, .rules_table = rules_table };
    const char *words[RULES_MAX + 3];
    const struct yaml_node *holidays;
    struct build build;
    bool exists;

    if (!build_init(&build, &sources, errors))
        return STATUS_LIMIT;
    scenario_words(rules_table, words);
    build.daemon_root = build_read_source(&build, &sources.daemon, &exists);
    read_settings(&build, words);
    config_refill(build.loaded);
    read_global(&build, keys_at(build.daemon_root, "global"));
    holidays = keys_at(build.daemon_root, "holidays");
    if (holidays != NULL)
        holidays_read(&build, holidays, "holidays");
    scenario_accounts(&build, ids, ids_count);
    build.shared = build.daemon_root;
    build.shared_path = "";
    rulebook_read(&build);
    return finish(&build, ret_loaded);
}

void
loaded_config_free(struct loaded_config *loaded)
{
    if (loaded == NULL)
        return;
    loaded_config_free(loaded->part);
    zones_fini(&loaded->memory->zones);
    effective_fini(&loaded->memory->effective);
    arena_fini(&loaded->memory->arena);
    free(loaded->memory);
    secret_wipe(loaded, sizeof *loaded);
    free(loaded);
}

const char *
config_user_of(const struct loaded_config *loaded, int64_t account_id)
{
    for (int32_t i = 0; i < loaded->accounts_count; i++)
        if (loaded->accounts[i].id == account_id && loaded->accounts[i].user >= 0)
            return loaded->users[loaded->accounts[i].user].username;
    return "";
}

void
config_print(const struct loaded_config *loaded, struct text *text)
{
    text_addf(text, "# hash %016llx\n", (unsigned long long)loaded->config.hash);
    if (loaded->memory->effective.data != NULL)
        text_add(text, loaded->memory->effective.data);
}
