/*
 * attempts.c - how long to wait after wrong passwords.
 *
 * The file is one line, "wrong last_at_ns", in the private directory of the database.
 */
#include "app/attempts.h"

#include "base/text.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FREE_ATTEMPTS 3
#define FIRST_WAIT_S 30
#define LONGEST_WAIT_S 3600
#define DOUBLINGS_MAX 7
#define WRONG_MAX 1000000

struct span
attempts_wait(const struct attempts *attempts, struct instant now)
{
    if (attempts->wrong < FREE_ATTEMPTS)
        return SPAN_ZERO;
    int32_t doublings = attempts->wrong - FREE_ATTEMPTS;
    int64_t wait_s = doublings >= DOUBLINGS_MAX ? LONGEST_WAIT_S : (int64_t)FIRST_WAIT_S << doublings;
    struct span wait = SPAN_SECONDS(wait_s), since = instant_since(now, attempts->last_at);

    if (since.ns < 0)
        return wait;
    return since.ns >= wait.ns ? SPAN_ZERO : (struct span){ wait.ns - since.ns };
}

void
attempts_count(struct attempts *attempts, struct instant now)
{
    if (attempts->wrong < WRONG_MAX)
        attempts->wrong++;
    attempts->last_at = now;
}

static bool
understand(const char *line, struct attempts *ret_attempts)
{
    const char *space = strchr(line, ' ');
    int64_t wrong, last_ns;

    if (space == NULL || !text_to_int64(line, (size_t)(space - line), &wrong) || wrong < 0 || wrong > WRONG_MAX ||
        !text_to_int64(space + 1, strlen(space + 1), &last_ns))
        return false;
    *ret_attempts = (struct attempts){ .wrong = (int32_t)wrong, .last_at = { last_ns } };
    return true;
}

void
attempts_load(const char *path, struct instant now, struct attempts *ret_attempts)
{
    char line[64] = "";
    FILE *file = fopen(path, "rb");

    *ret_attempts = (struct attempts){ 0 };
    if (file == NULL)
        return;
    bool read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
    if (!read || !understand(line, ret_attempts))
        *ret_attempts = (struct attempts){ .wrong = FREE_ATTEMPTS + DOUBLINGS_MAX, .last_at = now };
}

enum status
attempts_save(const char *path, const struct attempts *attempts, struct error *err)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%" PRId32 " %" PRId64 "\n", attempts->wrong, attempts->last_at.ns);

    return os_write_private_file(path, line, (size_t)length, err);
}
