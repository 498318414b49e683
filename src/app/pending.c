/*
 * pending.c - see pending.h.
 *
 * The file: "1 UNTIL_NS", then "F ID BLOCK" for each account in force and "W ID BLOCK" for each that waits.
 */
#include "app/pending.h"

#include "app/ledger.h"
#include "app/scratch.h"
#include "config/hold.h"
#include "config/loosen.h"
#include "core/day.h"
#include "os/os.h"
#include "rules/rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT_BYTES ((size_t)64 << 10)
#define SAID_BYTES ((size_t)32 << 10)
#define ACCOUNTS_COMPARED_MAX 256

/* The configuration in force as read from its text; accounts of the new one only, sorted as they were written. */
struct before {
    struct config config;
    int32_t count;
    struct account_config accounts[ACCOUNTS_COMPARED_MAX];
    struct loaded_config *parts[ACCOUNTS_COMPARED_MAX];
};

static void say(struct pending *pending, const char *format, ...) PRINTF_LIKE(2, 3);

/* What does not fit is of the same kind. */
static void
say(struct pending *pending, const char *format, ...)
{
    char line[240];
    va_list args;

    if (pending->said == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    struct text text = { .data = pending->said, .size = SAID_BYTES, .length = pending->said_length };
    text_addf(&text, "%s\n", line);
    pending->said_length = text.length;
}

/* ---- The file ---- */

static char *
copy_lines(const char *text, char kind)
{
    size_t size = strlen(text) + 1;
    char *out = calloc(1, size);

    if (out == NULL)
        return NULL;
    struct text lines = text_on(out, size);
    for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        if (line[0] == kind && line[1] == ' ')
            text_add_bytes(&lines, line + 2, (size_t)(end - line) - 1);
    if (lines.length > 0)
        return out;
    free(out);
    return NULL;
}

static void
add_lines(struct text *out, const char *lines, char kind)
{
    for (const char *line = lines, *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1)
        text_addf(out, "%c %.*s\n", kind, (int)(end - line), line);
}

static void
save(struct pending *pending)
{
    struct error err = { 0 };
    size_t in_force = pending->in_force != NULL ? strlen(pending->in_force) : 0, waiting = pending->waiting != NULL ? strlen(pending->waiting) : 0;
    size_t size = 64 + (in_force + waiting) * 2;
    char *bytes = malloc(size);

    if (bytes == NULL) {
        say(pending, "the rules in force could not be written: no memory");
        return;
    }
    struct text text = text_on(bytes, size);
    text_addf(&text, "1 %" PRId64 "\n", pending->until.ns);
    add_lines(&text, pending->in_force, 'F');
    add_lines(&text, pending->waiting, 'W');
    if (os_write_private_file(pending->path, bytes, text.length, &err) != OK)
        say(pending, "the rules in force could not be written: %.160s", err.text);
    free(bytes);
}

void
pending_init(struct pending *pending, const char *database)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file;

    pending->said = calloc(1, SAID_BYTES);
    (void)snprintf(pending->path, sizeof pending->path, "%s" PENDING_SUFFIX, database);
    file = fopen(pending->path, "rb");
    if (file == NULL)
        return; /* A first start. */
    (void)fclose(file);
    struct error err = { 0 };
    enum status status = scratch_read_file(pending->path, &text, &length, &err);
    const char *end = status == OK ? strchr(text, '\n') : NULL;
    if (end == NULL || !text_starts(text, "1 ") || !text_to_int64(text + 2, (size_t)(end - text) - 2, &pending->until.ns))
        say(pending, "the rules in force cannot be read from %.100s: the files hold at once", pending->path);
    else {
        pending->in_force = copy_lines(text, 'F');
        pending->waiting = copy_lines(text, 'W');
    }
    free(text);
}

void
pending_fini(struct pending *pending)
{
    free(pending->in_force);
    free(pending->waiting);
    free(pending->said);
    *pending = (struct pending){ 0 };
}

/* ---- Comparing ---- */

static char *
write_lines(const struct config *config)
{
    size_t size = (size_t)config->accounts_count * ACCOUNT_BYTES + 1;
    char *bytes = calloc(1, size);

    if (bytes == NULL)
        return NULL;
    struct text text = text_on(bytes, size);
    for (int32_t i = 0; i < config->accounts_count; i++) {
        text_addf(&text, "%" PRId64 " ", config->accounts[i].id);
        hold_write(config, &config->accounts[i], rules_table, &text);
        text_add(&text, "\n");
    }
    return bytes;
}

static bool
is_watched(const struct config *config, int64_t id)
{
    for (int32_t i = 0; i < config->accounts_count; i++)
        if (config->accounts[i].id == id)
            return true;
    return false;
}

static void
read_account(struct pending *pending, const struct config *now, const char *line, size_t length, struct before *before)
{
    struct config_errors errors = { 0 };
    const char *space = memchr(line, ' ', length);
    struct loaded_config *part = NULL;
    int64_t id = 0;

    if (space == NULL || !text_to_int64(line, (size_t)(space - line), &id) || before->count == ACCOUNTS_COMPARED_MAX)
        return;
    if (!is_watched(now, id)) {
        say(pending, "account %" PRId64 " is watched no more: without its login nothing can be held back", id);
        return;
    }
    if (config_from_scenario(space + 1, length - (size_t)(space + 1 - line), &id, 1, rules_table, &part, &errors) != OK)
        say(pending, "account %" PRId64 ": its rules in force cannot be read by this version, the files hold at once", id);
    else {
        before->config = part->config;
        before->accounts[before->count] = part->config.accounts[0];
        before->parts[before->count++] = part;
    }
    config_errors_fini(&errors);
}

static void
read_before(struct pending *pending, const struct config *now, struct before *before)
{
    for (const char *line = pending->in_force, *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1)
        read_account(pending, now, line, (size_t)(end - line), before);
    before->config.accounts_count = before->count;
    before->config.accounts = before->accounts;
}

/* The new lines wait; asking again for the same thing does not begin the time anew. */
static void
wait_for_time(struct pending *pending, const struct config *before, char *lines, struct instant now)
{
    struct instant starts, ends;
    int32_t date;

    if (pending->waiting != NULL && strcmp(pending->waiting, lines) == 0) {
        free(lines);
        return;
    }
    free(pending->waiting);
    pending->waiting = lines;
    if (before->loosen_seconds == HOLD_NEXT_DAY) {
        day_of(before->day_zone, before->reset_second, now, &starts, &ends, &date);
        pending->until = ends;
    } else {
        pending->until = instant_add(now, SPAN_SECONDS(before->loosen_seconds));
    }
}

static void
say_each(struct pending *pending, char *changes, bool waits)
{
    char until[INSTANT_TEXT_MAX] = "";

    if (waits)
        instant_format(pending->until, until, sizeof until);
    for (char *line = changes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        say(pending, waits ? "loosened, waits until %s: %s" : "loosened%s: %s", until, line);
    }
}

static void
hold_back(struct pending *pending, struct loaded_config *loaded, struct before *before)
{
    loaded->config.strict_mode = loaded->config.strict_mode || before->config.strict_mode;
    if (loaded->config.loosen_seconds < before->config.loosen_seconds)
        loaded->config.loosen_seconds = before->config.loosen_seconds;
    for (int32_t i = 0; i < before->count; i++)
        if (hold_merge(loaded, before->parts[i], rules_table) != OK)
            say(pending, "account %" PRId64 ": the old and the new rules do not go together, all the old ones stay", before->accounts[i].id);
}

static void
settle(struct pending *pending, struct loaded_config *loaded, struct before *before, char *lines, struct instant now)
{
    char changes[8192] = "";
    struct text text = text_on(changes, sizeof changes);
    int32_t count = before->count > 0 ? loosen_compare(&before->config, &loaded->config, rules_table, &text) : 0;
    bool waits = count > 0 && before->config.loosen_seconds > 0 && lines != NULL;

    if (waits) {
        wait_for_time(pending, &before->config, lines, now);
        hold_back(pending, loaded, before);
        lines = write_lines(&loaded->config);
    } else {
        for (int32_t i = 0; i < before->count; i++)
            loaded_config_free(before->parts[i]);
        if (pending->waiting != NULL)
            say(pending, "looser rules that waited are cancelled");
        free(pending->waiting);
        pending->waiting = NULL;
        pending->until = (struct instant){ 0 };
    }
    say_each(pending, changes, waits);
    if (lines != NULL) {
        free(pending->in_force);
        pending->in_force = lines;
    }
    save(pending);
}

bool
pending_is_due(struct pending *pending, struct instant now)
{
    if (pending->waiting == NULL || instant_since(now, pending->until).ns < 0)
        return false;
    say(pending, "looser rules that waited are in force");
    free(pending->in_force);
    pending->in_force = pending->waiting;
    pending->waiting = NULL;
    pending->until = (struct instant){ 0 };
    return true;
}

void
pending_apply(struct pending *pending, struct loaded_config *loaded, struct instant now)
{
    struct before *before = calloc(1, sizeof *before);

    if (before == NULL) {
        say(pending, "no memory to compare the rules with those in force: the files hold at once");
        return;
    }
    bool due = pending_is_due(pending, now);
    char *lines = write_lines(&loaded->config);
    bool same = lines != NULL && pending->in_force != NULL && strcmp(lines, pending->in_force) == 0;
    if (!same)
        read_before(pending, &loaded->config, before);
    if (!same || due || pending->waiting != NULL)
        settle(pending, loaded, before, lines, now);
    else
        free(lines); /* Nothing to parse, nothing to write. */
    free(before);
}

void
pending_tell(struct pending *pending, struct guard *guard, struct text *out)
{
    for (char *line = pending->said, *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        guard_alarm(guard, 1, "rules: %.200s", line);
        ledger_note(guard->writer, guard_now(guard), "reload", 0, "%s", line);
        if (out != NULL)
            text_addf(out, "%s\n", line);
    }
    if (pending->said != NULL)
        pending->said[0] = '\0';
    pending->said_length = 0;
}
