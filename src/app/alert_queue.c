/*
 * alert_queue.c - alerts that have not reached everybody yet: JSON lines, one an alert.
 */
#include "app/alert_queue.h"

#include "base/json.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 4096
#define LINE_TOKENS 64

int32_t
alert_queue_add_place(struct alert_queue *queue, const char *name)
{
    if (queue->places_count == ALERT_PLACES_MAX)
        return -1;
    (void)text_copy(queue->places[queue->places_count], ALERT_PLACE_NAME_MAX, name);
    return queue->places_count++;
}

static void
remove_entry(struct alert_queue *queue, uint32_t index)
{
    queue->count--;
    memmove(&queue->entries[index], &queue->entries[index + 1], (queue->count - index) * sizeof queue->entries[0]);
    queue->dirty = true;
}

void
alert_queue_add(struct alert_queue *queue, const struct alert *alert, uint32_t places)
{
    if (places == 0)
        return;
    if (queue->count == ALERT_QUEUE_MAX) {
        remove_entry(queue, 0);
        queue->dropped++;
    }
    queue->entries[queue->count++] = (struct alert_entry){ .alert = *alert, .pending = places };
    queue->dirty = true;
}

static int64_t
index_for(const struct alert_queue *queue, int32_t place)
{
    for (uint32_t i = 0; i < queue->count; i++)
        if ((queue->entries[i].pending & (1u << place)) != 0)
            return i;
    return -1;
}

const struct alert_entry *
alert_queue_next(const struct alert_queue *queue, int32_t place)
{
    int64_t index = index_for(queue, place);

    return index >= 0 ? &queue->entries[index] : NULL;
}

void
alert_queue_done(struct alert_queue *queue, int32_t place)
{
    int64_t index = index_for(queue, place);

    if (index < 0)
        return;
    queue->entries[index].pending &= ~(1u << place);
    queue->dirty = true;
    if (queue->entries[index].pending == 0)
        remove_entry(queue, (uint32_t)index);
}

/* ---- The file ---- */

static void
write_line(const struct alert_queue *queue, const struct alert_entry *entry, struct text *out)
{
    struct json_writer json = json_writer_on(out);

    json_open(&json, NULL, '{');
    json_add_string(&json, "kind", alert_kind_name(entry->alert.kind));
    json_add_int(&json, "level", entry->alert.level);
    json_add_int(&json, "at_ns", entry->alert.at.ns);
    json_add_int(&json, "account_id", entry->alert.account_id);
    json_add_int(&json, "rule", entry->alert.rule);
    json_add_int(&json, "incident", (int64_t)entry->alert.incident);
    json_add_string(&json, "text", entry->alert.text);
    json_open(&json, "places", '[');
    for (int32_t i = 0; i < queue->places_count; i++)
        if ((entry->pending & (1u << i)) != 0)
            json_add_string(&json, NULL, queue->places[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    text_add(out, "\n");
}

static enum status
write_file(const struct alert_queue *queue, const char *path, struct error *err)
{
    char line[LINE_BYTES];
    bool ok = true;
    enum status status = os_make_private_file(path, err);
    FILE *file = status == OK ? fopen(path, "wb") : NULL;

    if (status != OK)
        return status;
    for (uint32_t i = 0; file != NULL && i < queue->count; i++) {
        struct text text = text_on(line, sizeof line);
        write_line(queue, &queue->entries[i], &text);
        ok = fwrite(line, 1, text.length, file) == text.length && ok;
    }
    ok = file != NULL && fclose(file) == 0 && ok;
    return ok ? OK : error_set(err, STATUS_RETRY, "%s: cannot be written", path);
}

enum status
alert_queue_write(struct alert_queue *queue, struct error *err)
{
    char unfinished[sizeof queue->path + 16];

    if (!queue->dirty || queue->path[0] == '\0')
        return OK;
    queue->dirty = false; /* One try for each change: a full disk is alarmed by those whose promise it breaks. */
    (void)snprintf(unfinished, sizeof unfinished, "%s.unfinished", queue->path);
    enum status status = write_file(queue, unfinished, err);
    if (status == OK)
        status = os_rename_durably(unfinished, queue->path, err);
    return status;
}

static uint32_t
read_places(const struct alert_queue *queue, const struct json *json)
{
    int list = json_get(json, 0, "places"), child = json_first(json, list);
    uint32_t places = 0;

    for (size_t n = 0; n < json_size(json, list); n++, child = json_next(json, child))
        for (int32_t i = 0; i < queue->places_count; i++)
            if (json_string_is(json, child, queue->places[i]))
                places |= 1u << i;
    return places;
}

static bool
read_line(const struct alert_queue *queue, const char *line, struct alert *alert, uint32_t *ret_places)
{
    struct json_token tokens[LINE_TOKENS];
    struct json json;
    char kind[16];
    int64_t level, rule, incident;

    if (json_read(line, strlen(line), tokens, LINE_TOKENS, &json, NULL) != OK ||
        !json_string(&json, json_get(&json, 0, "kind"), kind, sizeof kind) || !alert_kind_parse(kind, &alert->kind) ||
        !json_int64(&json, json_get(&json, 0, "level"), &level) || !json_int64(&json, json_get(&json, 0, "at_ns"), &alert->at.ns) ||
        !json_int64(&json, json_get(&json, 0, "account_id"), &alert->account_id) || !json_int64(&json, json_get(&json, 0, "rule"), &rule) ||
        !json_int64(&json, json_get(&json, 0, "incident"), &incident) || alert->at.ns < 0 || rule < 0 || rule > 999 || level < 0 || level > 9 ||
        !json_string(&json, json_get(&json, 0, "text"), alert->text, sizeof alert->text))
        return false;
    alert->level = (int32_t)level;
    alert->rule = (int32_t)rule;
    alert->incident = (uint64_t)incident;
    *ret_places = read_places(queue, &json);
    return true;
}

void
alert_queue_read(struct alert_queue *queue)
{
    FILE *file = queue->path[0] != '\0' ? fopen(queue->path, "rb") : NULL;
    char line[LINE_BYTES];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        struct alert alert = { 0 };
        uint32_t places = 0;
        line[strcspn(line, "\n")] = '\0';
        if (read_line(queue, line, &alert, &places))
            alert_queue_add(queue, &alert, places);
    }
    if (file != NULL)
        (void)fclose(file);
    queue->dirty = false;
}
