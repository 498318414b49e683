/*
 * scenario_reload.c - see scenario_reload.h.  The same pending.c as riskd's, without its file.
 */
#include "trial/scenario_reload.h"

#include "base/assert.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 65536

/* The files as they are, read. */
static enum status
load(struct scenario_reload *reload, struct loaded_config **ret_loaded, struct error *err)
{
    struct config_errors errors = { 0 };
    enum status status = reload->configs_count == SCENARIO_RELOADS_MAX ? error_set(err, STATUS_LIMIT, "too many reloads in one case") :
        config_from_scenario(reload->text, reload->length, reload->accounts, reload->accounts_count, rules_table, ret_loaded, &errors);

    if (status == STATUS_CONFIG) {
        char bytes[ERROR_TEXT_MAX] = "";
        struct text all = text_on(bytes, sizeof bytes);
        config_errors_print(&errors, &all);
        status = error_set(err, status, "config: %s", bytes);
    }
    config_errors_fini(&errors);
    return status;
}

static enum status
keep_text(struct scenario_reload *reload, const char *text, size_t length, struct error *err)
{
    char *copy = malloc(length + 1);

    if (copy == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    memcpy(copy, text, length);
    free(reload->text);
    reload->text = copy;
    reload->length = length;
    return OK;
}

static const struct config *
take(struct scenario_reload *reload, struct loaded_config *loaded)
{
    reload->configs[reload->configs_count++] = loaded;
    return &loaded->config;
}

static struct loaded_config *
in_force(const struct scenario_reload *reload)
{
    return reload->configs[reload->configs_count - 1];
}

enum status
scenario_reload_first(struct scenario_reload *reload, const struct config **ret_config, struct error *err)
{
    struct loaded_config *loaded = NULL;
    size_t length;
    int node = json_get(reload->json, 0, "config");
    const char *text = json_raw(reload->json, node, &length);

    if (node == JSON_NONE)
        return error_set(err, STATUS_CORRUPT, "config: missing");
    reload->asked = json_get(reload->json, json_get(reload->json, node, "global"), "loosen") != JSON_NONE;
    enum status status = keep_text(reload, text, length, err);
    if (status == OK)
        status = load(reload, &loaded, err);
    if (status != OK)
        return status;
    pending_init(&reload->pending, NULL);
    pending_apply(&reload->pending, loaded, NULL, INSTANT_NONE);
    *ret_config = take(reload, loaded);
    return OK;
}

/* A reload names the rules as they are now; the rest of the file stays. */
static enum status
merge_text(struct scenario_reload *reload, int data, struct error *err)
{
    static const char *const kept[] = { "daily_reset", "global", "holidays" };
    char bytes[TEXT_BYTES];
    struct text text = text_on(bytes, sizeof bytes);
    int old = json_get(reload->json, 0, "config");
    size_t length;

    if (json_kind(reload->json, data) != JSON_OBJECT)
        return error_set(err, STATUS_CORRUPT, "a reload without an object");
    text_add(&text, "{");
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const char *raw = json_raw(reload->json, json_get(reload->json, old, kept[i]), &length);
        if (length > 0 && json_get(reload->json, data, kept[i]) == JSON_NONE)
            text_addf(&text, "\"%s\":%.*s%s", kept[i], (int)length, raw, json_size(reload->json, data) > 0 ? "," : "");
    }
    const char *raw = json_raw(reload->json, data, &length);
    text_add_bytes(&text, raw + 1, length - 1);
    if (text.truncated)
        return error_set(err, STATUS_LIMIT, "too long a configuration");
    return keep_text(reload, bytes, text.length, err);
}

enum status
scenario_reload_again(struct scenario_reload *reload, struct instant now, const struct config **ret_config, struct error *err)
{
    struct loaded_config *loaded = NULL;
    enum status status = load(reload, &loaded, err);

    if (status != OK)
        return status;
    pending_apply(&reload->pending, loaded, in_force(reload), now);
    *ret_config = take(reload, loaded);
    return OK;
}

enum status
scenario_reload_now(struct scenario_reload *reload, int data, bool holds, struct instant now, const struct config **ret_config,
    struct error *err)
{
    struct loaded_config *loaded = NULL;
    enum status status = merge_text(reload, data, err);

    if (status == OK && (holds || reload->asked))
        return scenario_reload_again(reload, now, ret_config, err);
    if (status == OK)
        status = load(reload, &loaded, err);
    if (status != OK)
        return status;
    pending_fini(&reload->pending); /* All at once: what was before does not hold anything back. */
    pending_init(&reload->pending, NULL);
    pending_apply(&reload->pending, loaded, NULL, now);
    *ret_config = take(reload, loaded);
    return OK;
}

struct instant
scenario_reload_due(const struct scenario_reload *reload)
{
    return reload->pending.waiting != NULL ? reload->pending.until : INSTANT_NEVER;
}

void
scenario_reload_fini(struct scenario_reload *reload)
{
    for (int32_t i = 0; i < reload->configs_count; i++)
        loaded_config_free(reload->configs[i]);
    pending_fini(&reload->pending);
    free(reload->text);
    *reload = (struct scenario_reload){ 0 };
}
