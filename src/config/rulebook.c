/*
 * rulebook.c - rule blocks into rule structs, per account (R-ALL-16).
 *
 * An account's rule has up to three layers: its own values, its profile's, the shared ones.  Accounts with the same layers
 * share one struct, so that ten accounts cost little more than one.
 */
#include "base/assert.h"
#include "config/build.h"
#include "config/check.h"
#include "config/keys.h"
#include "config/unknown.h"

#include <stdio.h>
#include <string.h>

/* A rule as bound for one set of layers. */
struct bound {
    struct bound *next;
    int rule;
    struct bind_layers layers;
    bool enabled, shadow;
    const void *config; /* NULL: off and incomplete. */
};

static void
add_layer(struct bind_layers *layers, const struct yaml_node *parent, const char *name, char *path, const char *parent_path)
{
    const struct yaml_node *node = yaml_node_get(parent, name, strlen(name));

    if (node == NULL)
        return;
    keys_join(path, CONFIG_KEY_MAX, parent_path, name);
    layers->items[layers->count++] = (struct bind_layer){ node, path };
}

static bool
same_layers(const struct bind_layers *a, const struct bind_layers *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->items[i].node != b->items[i].node)
            return false;
    return true;
}

enum rule_mode { MODE_ENFORCE, MODE_SHADOW, MODE_OFF };

static const struct choice rule_modes[] = { { "enforce", MODE_ENFORCE }, { "shadow", MODE_SHADOW }, { "off", MODE_OFF }, { NULL, 0 } };
static const struct param rule_mode = { .keys = "mode|enforcement_mode", .kind = PARAM_CHOICE, .choices = rule_modes };
/* RULE-005 has a `mode` of its own; there only the longer word is ours. */
static const struct param rule_mode_long = { .keys = "enforcement_mode", .kind = PARAM_CHOICE, .choices = rule_modes };

static const struct param *
mode_param(const struct rule *rule)
{
    return keys_find(rule->params, rule->params_count, "mode") != NULL ? &rule_mode_long : &rule_mode;
}

/* Keys of a rule's block that are not in its table. */
static const char *const *
mode_keys(const struct rule *rule)
{
    static const char *const both[] = { "mode", "enforcement_mode", NULL };

    return mode_param(rule) == &rule_mode_long ? &both[1] : &both[0];
}

/* What is wrong is refused; until then the rule enforces. */
static enum rule_mode
bind_mode(struct bind *bind, const struct rule *rule, const struct bind_layers *layers, const char *record_path)
{
    const struct param *param = mode_param(rule);
    int32_t mode = MODE_ENFORCE;
    int layer = 0;
    const struct yaml_node *node = bind_find(layers, param->keys, &layer);
    struct value_faults faults;

    if (node != NULL && !value_read(param, node, bind->zones, &mode, &faults)) {
        char path[CONFIG_KEY_MAX];
        keys_join(path, sizeof path, layers->items[layer].path, node->key);
        (void)bind_refuse(bind, node, path, param, NULL);
        return MODE_ENFORCE;
    }
    if (record_path != NULL && bind->record != NULL && node != NULL) {
        char path[CONFIG_KEY_MAX];
        keys_join(path, sizeof path, record_path, node->key);
        bind->record(bind->record_context, &(struct bind_value){ .param = param, .path = path, .text = rule_modes[mode].word,
            .from = node });
    }
    return (enum rule_mode)mode;
}

/* Bind a rule for these layers; what is left out of a rule that is off is no problem. */
static void
bind_rule(struct build *build, const struct rule *rule, const char *record_path, struct bound *bound)
{
    struct bind *bind = &build->bind;
    void *config = build_take(build, build->arena, rule->config_size > 0 ? rule->config_size : 1);
    struct bind_target target = { .params = rule->params, .count = rule->params_count, .out = config, .path = record_path,
        .known = mode_keys(rule) };

    if (config == NULL)
        return;
    bound->enabled = bind_enabled(bind, &bound->layers, record_path, !rule->off_by_default);
    enum rule_mode mode = bind_mode(bind, rule, &bound->layers, record_path);
    bound->enabled = bound->enabled && mode != MODE_OFF;
    bound->shadow = mode == MODE_SHADOW;
    bind->lenient = !bound->enabled;
    bool fine = bind_params(bind, &target, &bound->layers);
    bind->lenient = false;
    if (!fine)
        return;
    if (!bound->enabled) {
        bound->config = rule->check == NULL || rule->check(config, NULL) == OK ? config : NULL;
        return;
    }
    check_reset(bind, rule, config, &build->loaded->daemon, &bound->layers);
    if (check_rule(bind, rule, config, &bound->layers))
        bound->config = config;
}

static const struct yaml_node *
profile_of(const struct build *build, const struct account_draft *draft)
{
    const char *name = draft->settings.profile;

    return name[0] != 0 ? yaml_node_get(build->profiles, name, strlen(name)) : NULL;
}

/* Values are recorded under the most specific layer's name: an account's by its id, which does not move when the list does. */
static void
record_path_of(const struct account_draft *draft, const struct bind_layers *layers, const char *name, char *out)
{
    if (yaml_node_get(draft->rules, name, strlen(name)) != NULL)
        (void)snprintf(out, CONFIG_KEY_MAX, "accounts.%lld.%.60s", (long long)draft->settings.id, name);
    else
        (void)text_copy(out, CONFIG_KEY_MAX, layers->items[0].path);
}

/* The layers of one rule for @draft, their paths in @paths. */
static void
lay(const struct build *build, const struct account_draft *draft, const char *name, struct bind_layers *layers, char paths[][CONFIG_KEY_MAX])
{
    char profile[CONFIG_KEY_MAX];

    (void)snprintf(profile, sizeof profile, "profiles.%.60s", draft->settings.profile);
    add_layer(layers, draft->rules, name, paths[0], draft->rules_path);
    add_layer(layers, profile_of(build, draft), name, paths[1], profile);
    add_layer(layers, build->shared, name, paths[2], build->shared_path);
}

/* Memory is taken only for layers not met before: a thousand accounts mostly have the same. */
static const struct bound *
bound_for(struct build *build, struct bound **list, const struct account_draft *draft, int index)
{
    const struct rule *rule = build->sources->rules_table[index];
    char paths[BIND_LAYERS_MAX][CONFIG_KEY_MAX], record_path[CONFIG_KEY_MAX];
    struct bind_layers layers = { .count = 0 };

    lay(build, draft, rule->name, &layers, paths);
    if (layers.count == 0)
        return NULL; /* A rule without a block is off. */
    for (const struct bound *earlier = *list; earlier != NULL; earlier = earlier->next)
        if (earlier->rule == index && same_layers(&earlier->layers, &layers))
            return earlier;
    struct bound *bound = build_take(build, &build->scratch, sizeof *bound);
    if (bound == NULL)
        return NULL;
    *bound = (struct bound){ .rule = index, .layers = layers, .next = *list };
    record_path_of(draft, &layers, rule->name, record_path);
    bind_rule(build, rule, record_path, bound);
    for (int i = 0; i < bound->layers.count; i++)
        bound->layers.items[i].path = NULL; /* Only the nodes are compared. */
    *list = bound;
    return bound;
}

/* Keys of a block of rules must be rules. */
static void
check_names(struct build *build, const struct yaml_node *block, const char *path)
{
    const char *known[RULES_MAX + 1] = { NULL };
    struct bind_layer layer = { block, path };

    if (block == NULL)
        return;
    for (int i = 0; build->sources->rules_table[i] != NULL; i++)
        known[i] = build->sources->rules_table[i]->name;
    if (block->kind == NODE_MAP)
        unknown_among(&build->bind, &layer, known);
    else
        (void)bind_refuse(&build->bind, block, path, NULL, "a block of rules");
}

/*
 * Values of a block by themselves: an account may hide a wrong one behind its own, and a profile may be nobody's yet.  Keys left
 * out are no problem here.
 */
static void
check_values(struct build *build, const struct yaml_node *block, const char *path)
{
    void (*record)(void *, const struct bind_value *) = build->bind.record;

    build->bind.record = NULL;
    build->bind.lenient = true;
    for (int i = 0; block != NULL && build->sources->rules_table[i] != NULL; i++) {
        const struct rule *rule = build->sources->rules_table[i];
        char rule_path[CONFIG_KEY_MAX];
        struct bind_layers layers = { .count = 0 };
        struct bind_target target = { .params = rule->params, .count = rule->params_count, .path = rule_path,
            .known = mode_keys(rule) };
        add_layer(&layers, block, rule->name, rule_path, path);
        target.out = layers.count > 0 ? build_take(build, &build->scratch, rule->config_size + 1) : NULL;
        if (target.out == NULL)
            continue;
        (void)bind_params(&build->bind, &target, &layers);
        (void)bind_mode(&build->bind, rule, &layers, NULL);
    }
    build->bind.lenient = false;
    build->bind.record = record;
}

static void
check_profiles(struct build *build)
{
    if (build->profiles == NULL)
        return;
    if (build->profiles->kind != NODE_MAP) {
        (void)bind_refuse(&build->bind, build->profiles, "profiles", NULL, "a block for each profile");
        return;
    }
    for (const struct yaml_node *profile = build->profiles->first; profile != NULL; profile = profile->next) {
        char path[CONFIG_KEY_MAX];
        keys_join(path, sizeof path, "profiles", profile->key);
        check_names(build, profile, path);
        check_values(build, profile, path);
    }
}

static void
check_profile(struct build *build, const struct account_draft *draft)
{
    const char *name = draft->settings.profile;
    char path[CONFIG_KEY_MAX], wish[CONFIG_EXPECTED_MAX];
    struct text text = text_on(wish, sizeof wish);
    struct words words = { .count = 0 };

    if (name[0] == 0 || profile_of(build, draft) != NULL)
        return;
    for (const struct yaml_node *profile = build->profiles != NULL ? build->profiles->first : NULL; profile != NULL;
        profile = profile->next)
        if (profile->key != NULL)
            keys_add_word(&words, profile->key);
    if (words.count > 0)
        keys_wish(&words, name, &text);
    else
        text_add(&text, "no profile: there is none in risk_config.yaml");
    keys_join(path, sizeof path, draft->path, "profile");
    (void)bind_refuse(&build->bind, keys_at(draft->node, "profile"), path, NULL, wish);
}

static void
fill_account(struct build *build, struct bound **list, const struct account_draft *draft, struct account_config *account)
{
    account->id = draft->settings.id;
    account->nickname = draft->settings.nickname;
    for (int i = 0; build->sources->rules_table[i] != NULL; i++) {
        const struct bound *bound = bound_for(build, list, draft, i);
        account->enabled[i] = bound != NULL && bound->enabled;
        account->shadow[i] = bound != NULL && bound->shadow;
        account->rules[i] = bound != NULL ? bound->config : NULL;
    }
}

/* Sorted by id, as the engine wants them. */
static void
insert(struct account_config *accounts, int32_t count, const struct account_config *account)
{
    int32_t at = count;

    while (at > 0 && accounts[at - 1].id > account->id) {
        accounts[at] = accounts[at - 1];
        at--;
    }
    accounts[at] = *account;
}

/* Also paused accounts are bound: their mistakes are told before they are resumed. */
void
rulebook_read(struct build *build)
{
    struct config *config = &build->loaded->config;
    struct bound *list = NULL;
    struct account_config *accounts;

    if (build->shared_path[0] != 0) /* A scenario's rules stand among other keys. */
        check_names(build, build->shared, build->shared_path);
    check_values(build, build->shared, build->shared_path);
    check_profiles(build);
    if (build->drafts_count == 0)
        return;
    accounts = build_take(build, build->arena, (size_t)build->drafts_count * sizeof *accounts);
    if (accounts == NULL)
        return;
    for (int32_t i = 0; i < build->drafts_count; i++) {
        const struct account_draft *draft = &build->drafts[i];
        struct account_config account = { 0 };
        check_names(build, draft->rules, draft->rules_path);
        check_profile(build, draft);
        fill_account(build, &list, draft, &account);
        if (draft->settings.enabled)
            insert(accounts, config->accounts_count++, &account);
    }
    config->accounts = accounts;
}
