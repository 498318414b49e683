/*
 * pending.c - see pending.h.
 *
 * The file: "2 UNTIL_NS"; then lines of what is in force ("F ") and of what waits ("W "): "H BLOCK", what holds for all, and
 * "A ID LENGTH USERNAME BLOCK" for each account.  The user name is there for an account that is taken out of the files.  The block "=" is that of
 * the account before: a thousand accounts mostly have the same rules, and the text stays in memory.
 */
#include "app/pending.h"

#include "app/ledger.h"
#include "app/scratch.h"
#include "base/json.h"
#include "config/hold.h"
#include "config/house.h"
#include "config/loosen.h"
#include "core/day.h"
#include "os/identity.h"
#include "os/os.h"
#include "rules/rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUSE_BYTES ((size_t)64 << 10)
#define ACCOUNT_BYTES ((size_t)64 << 10)
#define SAID_BYTES ((size_t)32 << 10)
#define CHANGES_BYTES ((size_t)16 << 10)
#define SHOWN_CHANGES 12

/* Part of a text. */
struct block {
    const char *begin;
    size_t length;
};

/* The configuration in force as read from its text, the accounts sorted as they were written. */
struct before {
    struct loaded_config *house; /* What holds for all; NULL: not known. */
    struct config config;
    struct block block;          /* Of the account read last. */
    int32_t count;
    struct account_config accounts[CONFIG_ACCOUNTS_MAX];
    struct loaded_config *parts[CONFIG_ACCOUNTS_MAX]; /* NULL: handed over. */
    char users[CONFIG_ACCOUNTS_MAX][USERNAME_MAX];
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

    if (pending->path[0] == '\0' || bytes == NULL) {
        if (bytes == NULL)
            say(pending, "the rules in force could not be written: no memory");
        free(bytes);
        return;
    }
    struct text text = text_on(bytes, size);
    text_addf(&text, "2 %" PRId64 "\n", pending->until.ns);
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
    struct error err = { 0 };

    pending->said = calloc(1, SAID_BYTES);
    if (database == NULL)
        return;
    (void)snprintf(pending->path, sizeof pending->path, "%s" PENDING_SUFFIX, database);
    pending->missing = !identity_exists(pending->path);
    if (pending->missing)
        return;
    enum status status = scratch_read_file(pending->path, &text, &length, &err);
    const char *end = status == OK ? strchr(text, '\n') : NULL;
    if (end == NULL || !text_starts(text, "2 ") || !text_to_int64(text + 2, (size_t)(end - text) - 2, &pending->until.ns))
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
    free(pending->changes);
    free(pending->said);
    *pending = (struct pending){ 0 };
}

/* ---- Comparing ---- */

/* @written: the last one that is there in full. */
static void
write_block(const struct config *config, const struct account_config *account, struct block *written, struct text *text)
{
    struct block block = { .begin = text->data + text->length };
    size_t start = text->length;

    hold_write(config, account, rules_table, text);
    block.length = text->length - start;
    if (written->length != block.length || memcmp(written->begin, block.begin, block.length) != 0) {
        *written = block;
        return;
    }
    text->length = start;
    text_add(text, "=");
}

static char *
write_lines(const struct loaded_config *loaded)
{
    const struct config *config = &loaded->config;
    size_t size = HOUSE_BYTES + (size_t)config->accounts_count * ACCOUNT_BYTES + 1;
    char *bytes = calloc(1, size);

    if (bytes == NULL)
        return NULL;
    struct text text = text_on(bytes, size);
    struct block written = { .length = 0 };
    text_add(&text, "H ");
    house_write(loaded, &text);
    text_add(&text, "\n");
    for (int32_t i = 0; i < config->accounts_count; i++) {
        const char *user = config_user_of(loaded, config->accounts[i].id);
        text_addf(&text, "A %" PRId64 " %zu %s ", config->accounts[i].id, strlen(user), user);
        write_block(config, &config->accounts[i], &written, &text);
        text_add(&text, "\n");
    }
    char *fitting = realloc(bytes, text.length + 1);
    return fitting != NULL ? fitting : bytes;
}

static bool
is_watched(const struct config *config, int64_t id)
{
    for (int32_t i = 0; i < config->accounts_count; i++)
        if (config->accounts[i].id == id)
            return true;
    return false;
}

static struct loaded_config *
read_block(const char *block, size_t length, const int64_t *id)
{
    struct config_errors errors = { 0 };
    struct loaded_config *part = NULL;

    if (config_from_scenario(block, length, id, id != NULL ? 1 : 0, rules_table, &part, &errors) != OK)
        part = NULL;
    config_errors_fini(&errors);
    return part;
}

/* A number and its space at *line; false: there is none. */
static bool
take_number(const char **line, const char *end, int64_t *ret_number)
{
    const char *space = memchr(*line, ' ', (size_t)(end - *line));

    if (space == NULL || !text_to_int64(*line, (size_t)(space - *line), ret_number))
        return false;
    *line = space + 1;
    return true;
}

/* @line: behind "A ". */
static void
read_account(struct pending *pending, const char *line, const char *end, struct before *before)
{
    int64_t id = 0, length = 0;

    if (!take_number(&line, end, &id) || !take_number(&line, end, &length) || length < 0 || length >= end - line ||
        length >= USERNAME_MAX || before->count == CONFIG_ACCOUNTS_MAX)
        return;
    struct block block = { line + length + 1, (size_t)(end - line - length) - 1 };
    if (before->block.begin == NULL || block.length != 1 || block.begin[0] != '=')
        before->block = block;
    struct loaded_config *part = read_block(before->block.begin, before->block.length, &id);
    if (part == NULL) {
        say(pending, "account %" PRId64 ": its rules in force cannot be read by this version, the files hold at once", id);
        return;
    }
    before->config = part->config;
    before->accounts[before->count] = part->config.accounts[0];
    (void)text_copy_bytes(before->users[before->count], USERNAME_MAX, line, (size_t)length);
    before->parts[before->count++] = part;
}

static void
read_before(struct pending *pending, struct before *before)
{
    for (const char *line = pending->in_force, *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        if (text_starts(line, "A "))
            read_account(pending, line + 2, end, before);
        else if (text_starts(line, "H ") && (before->house = read_block(line + 2, (size_t)(end - line) - 2, NULL)) == NULL)
            say(pending, "what holds for all accounts cannot be read by this version, the files hold at once");
    }
    before->config.accounts_count = before->count;
    before->config.accounts = before->accounts;
}

/* The new lines wait; the same thing at another start does not begin the time anew, and asking for it again revives what was cancelled. */
static void
wait_for_time(struct pending *pending, const struct config *house, char *lines, bool asked, struct instant now)
{
    struct instant starts, ends;
    int32_t date;
    bool same = pending->waiting != NULL && strcmp(pending->waiting, lines) == 0;

    free(pending->waiting);
    pending->waiting = lines;
    if (same && !(asked && instant_is_never(pending->until)))
        return;
    if (house->loosen_seconds == HOLD_NEXT_DAY) {
        day_of(house->day_zone, house->reset_second, now, &starts, &ends, &date);
        pending->until = ends;
    } else {
        pending->until = instant_add(now, SPAN_SECONDS(house->loosen_seconds));
    }
}

static void
say_each(struct pending *pending, const char *changes, bool waits)
{
    char until[INSTANT_TEXT_MAX] = "";
    bool cancelled = waits && instant_is_never(pending->until);

    if (waits && !cancelled)
        instant_format(pending->until, until, sizeof until);
    for (const char *line = changes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        say(pending, cancelled ? "loosened, cancelled%s: %.*s" : waits ? "loosened, waits until %s: %.*s" : "loosened%s: %.*s", until,
            (int)(end - line), line);
}

/* What is in force but not in the files. */
static void
keep(struct pending *pending, struct loaded_config *loaded, struct loaded_config *part, const char *user)
{
    int64_t id = part->config.accounts[0].id;

    if (hold_keep(loaded, part, user) != OK)
        say(pending, "account %" PRId64 " is watched no more: the files cannot log in for it, so it is not held back", id);
}

/* The engine's accounts stay those of its start. */
static void
keep_running(struct pending *pending, struct loaded_config *loaded, const struct loaded_config *running)
{
    char *block = malloc(ACCOUNT_BYTES);

    for (int32_t i = 0; i < running->config.accounts_count && block != NULL; i++) {
        const struct account_config *account = &running->config.accounts[i];
        if (is_watched(&loaded->config, account->id))
            continue;
        struct text text = text_on(block, ACCOUNT_BYTES);
        hold_write(&running->config, account, rules_table, &text);
        struct loaded_config *part = read_block(block, text.length, &account->id);
        if (part == NULL)
            continue; /* The reload is refused then, for an account less. */
        keep(pending, loaded, part, config_user_of(running, account->id));
        say(pending, "account %" PRId64 " is watched until riskd starts anew", account->id);
    }
    free(block);
}

static void
keep_before(struct pending *pending, struct loaded_config *loaded, struct before *before)
{
    for (int32_t i = 0; i < before->count; i++) {
        if (is_watched(&loaded->config, before->accounts[i].id))
            continue;
        keep(pending, loaded, before->parts[i], before->users[i]);
        before->parts[i] = NULL;
    }
}

static void
hold_back(struct pending *pending, struct loaded_config *loaded, struct before *before)
{
    if (before->house != NULL)
        house_merge(loaded, before->house);
    before->house = NULL;
    for (int32_t i = 0; i < before->count; i++) {
        struct loaded_config *part = before->parts[i];
        before->parts[i] = NULL;
        if (part != NULL && hold_merge(loaded, part, rules_table) != OK)
            say(pending, "account %" PRId64 ": the old and the new rules do not go together, all the old ones stay", before->accounts[i].id);
    }
}

static void
forget_waiting(struct pending *pending)
{
    if (pending->waiting != NULL && !instant_is_never(pending->until))
        say(pending, "looser rules that waited are cancelled");
    free(pending->waiting);
    pending->waiting = NULL;
    pending->until = (struct instant){ 0 };
}

static int32_t
compare(const struct before *before, const struct loaded_config *loaded, struct text *changes)
{
    int32_t count = before->house != NULL ? house_compare(before->house, loaded, changes) : 0;

    return count + (before->count > 0 ? loosen_compare(&before->config, &loaded->config, rules_table, changes) : 0);
}

/* @lines: the files' own; taken over. */
static void
settle(struct pending *pending, struct loaded_config *loaded, const struct loaded_config *running, char *lines, struct instant now)
{
    struct before *before = calloc(1, sizeof *before);
    char *changes = calloc(1, CHANGES_BYTES);
    struct text text = text_on(changes, changes != NULL ? CHANGES_BYTES : 0);

    if (before != NULL && (pending->in_force == NULL || strcmp(lines, pending->in_force) != 0))
        read_before(pending, before);
    int32_t count = before != NULL && changes != NULL ? compare(before, loaded, &text) : 0;
    int64_t wait = count == 0 ? 0 : before->house != NULL ? before->house->config.loosen_seconds : HOLD_NEXT_DAY;
    if (wait > 0) {
        wait_for_time(pending, before->house != NULL ? &before->house->config : &loaded->config, lines, running != NULL, now);
        keep_before(pending, loaded, before);
        hold_back(pending, loaded, before);
        lines = write_lines(loaded);
    } else {
        forget_waiting(pending);
    }
    say_each(pending, changes != NULL ? changes : "", wait > 0);
    free(pending->changes);
    pending->changes = wait > 0 ? changes : NULL;
    if (wait == 0)
        free(changes);
    if (lines != NULL) {
        free(pending->in_force);
        pending->in_force = lines;
    }
    for (int32_t i = 0; before != NULL && i < before->count; i++)
        loaded_config_free(before->parts[i]);
    loaded_config_free(before != NULL ? before->house : NULL);
    free(before);
    save(pending);
}

bool
pending_is_due(struct pending *pending, struct instant now)
{
    if (pending->waiting == NULL || instant_is_never(pending->until) || instant_since(now, pending->until).ns < 0)
        return false;
    say(pending, "looser rules that waited are in force");
    free(pending->in_force);
    free(pending->changes);
    pending->in_force = pending->waiting;
    pending->waiting = pending->changes = NULL;
    pending->until = (struct instant){ 0 };
    return true;
}

void
pending_apply(struct pending *pending, struct loaded_config *loaded, const struct loaded_config *running, struct instant now)
{
    bool due = pending_is_due(pending, now);
    char *lines = write_lines(loaded);

    if (lines == NULL)
        say(pending, "no memory to compare the rules with those in force: the files hold at once");
    else if (due || pending->waiting != NULL || pending->in_force == NULL || strcmp(lines, pending->in_force) != 0)
        settle(pending, loaded, running, lines, now);
    else
        free(lines); /* Nothing to parse, nothing to write. */
    if (running != NULL)
        keep_running(pending, loaded, running);
}

bool
pending_cancel(struct pending *pending)
{
    if (pending->waiting == NULL || instant_is_never(pending->until))
        return false;
    pending->until = INSTANT_NEVER;
    say_each(pending, pending->changes != NULL ? pending->changes : "", true);
    save(pending);
    return true;
}

void
pending_write(const struct pending *pending, struct text *out)
{
    struct json_writer json = json_writer_on(out);
    char until[INSTANT_TEXT_MAX], change[240];
    int64_t count = 0;

    if (pending->waiting == NULL) {
        text_add(out, "null");
        return;
    }
    bool cancelled = instant_is_never(pending->until);
    instant_format(pending->until, until, sizeof until);
    json_open(&json, NULL, '{');
    if (cancelled)
        json_add_null(&json, "until");
    else
        json_add_string(&json, "until", until);
    json_add_bool(&json, "cancelled", cancelled);
    json_open(&json, "changes", '[');
    for (const char *line = pending->changes, *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1)
        if (count++ < SHOWN_CHANGES) {
            (void)text_copy_bytes(change, sizeof change, line, (size_t)(end - line) < sizeof change ? (size_t)(end - line) : sizeof change - 1);
            json_add_string(&json, NULL, change);
        }
    json_close(&json, ']');
    json_add_int(&json, "more", count > SHOWN_CHANGES ? count - SHOWN_CHANGES : 0);
    json_close(&json, '}');
}

bool
pending_watches(const char *database, int64_t account_id)
{
    struct pending pending = { 0 };
    char begin[40];

    pending_init(&pending, database);
    (void)snprintf(begin, sizeof begin, "\nA %" PRId64 " ", account_id); /* Never the first line: that is the house's. */
    bool watches = pending.in_force != NULL && strstr(pending.in_force, begin) != NULL;
    pending_fini(&pending);
    return watches;
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
