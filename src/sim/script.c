/*
 * script.c - see script.h.
 */
#include "sim/script.h"

#include "base/assert.h"
#include "base/json.h"
#include "sim/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_TOKENS 256
#define PATH_SIZE 64
#define SECONDS_MAX 1000000

struct entry {
    struct instant next; /* INSTANT_NEVER: over. */
    struct span every;
    int64_t times;       /* Still; -1: for ever. */
    int64_t permille;
    char path[PATH_SIZE];
    char *body;
    size_t length;
};

struct script {
    struct instant start;
    struct entry *entries;
    size_t count, size;
};

struct script *
script_new(struct instant start)
{
    struct script *script = calloc(1, sizeof *script);

    ASSERT(script != NULL);
    script->start = start;
    return script;
}

void
script_free(struct script *script)
{
    if (script == NULL)
        return;
    for (size_t i = 0; i < script->count; i++)
        free(script->entries[i].body);
    free(script->entries);
    free(script);
}

/* ---- Reading ---- */

/* False: there, but no number from @least to @most. */
static bool
read_number(const struct json *json, const char *key, int64_t least, int64_t most, int64_t *value)
{
    int node = json_get(json, 0, key);

    return node == JSON_NONE || (json_int64(json, node, value) && *value >= least && *value <= most);
}

static void
keep(struct script *script, const struct entry *entry, const char *body)
{
    if (script->count == script->size) {
        script->size = script->size == 0 ? 16 : script->size * 2;
        script->entries = realloc(script->entries, script->size * sizeof *script->entries);
        ASSERT(script->entries != NULL);
    }
    struct entry *kept = &script->entries[script->count++];
    *kept = *entry;
    kept->body = malloc(entry->length + 1);
    ASSERT(kept->body != NULL);
    memcpy(kept->body, body, entry->length);
    kept->body[entry->length] = '\0';
}

enum status
script_add(struct script *script, const char *line, struct error *err)
{
    struct json_token tokens[LINE_TOKENS];
    struct json json;
    struct entry entry = { .times = -1, .permille = 1000 };
    int64_t at_s = 0, every_s = 0;
    const char *body = "{}";

    line += strspn(line, " \t\r\n");
    if (line[0] == '\0' || line[0] == '#')
        return OK;
    if (json_read(line, strlen(line), tokens, LINE_TOKENS, &json, NULL) != OK || json_kind(&json, 0) != JSON_OBJECT)
        return error_set(err, STATUS_CONFIG, "not a JSON object");
    if (!read_number(&json, "at", 0, SECONDS_MAX, &at_s) || !read_number(&json, "every", 0, SECONDS_MAX, &every_s) ||
        !read_number(&json, "times", 1, SECONDS_MAX, &entry.times) || !read_number(&json, "permille", 0, 1000, &entry.permille))
        return error_set(err, STATUS_CONFIG, "at, every, times or permille is no number or out of range");
    if (!json_string(&json, json_get(&json, 0, "path"), entry.path, sizeof entry.path) || !control_acts(entry.path))
        return error_set(err, STATUS_CONFIG, "path: one of those under /sim (risksim --help)");
    entry.length = strlen(body);
    int node = json_get(&json, 0, "body");
    if (node != JSON_NONE && json_kind(&json, node) != JSON_OBJECT)
        return error_set(err, STATUS_CONFIG, "body: not an object");
    if (node != JSON_NONE)
        body = json_raw(&json, node, &entry.length);
    entry.next = instant_add(script->start, SPAN_SECONDS(at_s));
    entry.every = SPAN_SECONDS(every_s);
    keep(script, &entry, body);
    return OK;
}

/* ---- Doing ---- */

static void
perform(const struct entry *entry, struct sim *sim)
{
    struct request request = { .path = entry->path, .post = true, .token = "", .body = entry->body, .length = entry->length };
    struct answer answer;

    control_answer(sim, &request, &answer);
    if (answer.status != 200)
        fprintf(stderr, "script: %s %s: %d %s\n", entry->path, entry->body, answer.status, answer.body == NULL ? "" : answer.body);
    endpoints_answer_fini(&answer);
}

void
script_advance(struct script *script, struct sim *sim)
{
    for (size_t i = 0; script != NULL && i < script->count; i++) {
        struct entry *entry = &script->entries[i];
        if (instant_before(sim->now, entry->next))
            continue;
        entry->times -= entry->times > 0;
        entry->next = entry->every.ns == 0 || entry->times == 0 ? INSTANT_NEVER : instant_add(entry->next, entry->every);
        if (chance_below(&sim->chance, 1000) < entry->permille)
            perform(entry, sim);
    }
}

struct instant
script_next_due(const struct script *script)
{
    struct instant due = INSTANT_NEVER;

    for (size_t i = 0; script != NULL && i < script->count; i++)
        due = instant_min(due, script->entries[i].next);
    return due;
}
