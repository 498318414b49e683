/*
 * simulate_story.c - see simulate_story.h.  The number is FNV-1a over eight bytes at a time.
 */
#include "trial/simulate_story.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

void
simulate_story_init(struct simulate_story *story, FILE *out)
{
    story->out = out;
    story->hash = FNV_START;
    story->lines = 0;
}

void
simulate_story_mix(struct simulate_story *story, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    uint64_t part = 0;

    while (length >= sizeof part) {
        memcpy(&part, p, sizeof part);
        story->hash = (story->hash ^ part) * FNV_PRIME;
        story->hash ^= story->hash >> 29;
        p += sizeof part;
        length -= sizeof part;
    }
    while (length-- > 0)
        story->hash = (story->hash ^ *p++) * FNV_PRIME;
}

void
simulate_story_tell(struct simulate_story *story, int64_t account_id, const char *who, const char *format, ...)
{
    char *line = story->kept[story->lines++ % STORY_LINES], account[24] = "-", time[INSTANT_TEXT_MAX];
    struct text text = text_on(line, STORY_LINE_MAX);
    va_list arguments;

    if (account_id != 0)
        (void)snprintf(account, sizeof account, "%" PRId64, account_id);
    (void)instant_format(story->now, time, sizeof time);
    text_addf(&text, "%s %5s %-8s ", time, account, who);
    va_start(arguments, format);
    (void)vsnprintf(line + text.length, STORY_LINE_MAX - text.length, format, arguments);
    va_end(arguments);
    simulate_story_mix(story, line, strlen(line));
    if (story->out != NULL)
        fprintf(story->out, "%s\n", line);
}

void
simulate_story_print(const struct simulate_story *story, FILE *out)
{
    uint64_t first = story->lines > STORY_LINES ? story->lines - STORY_LINES : 0;

    if (first > 0)
        fprintf(out, "  ... %" PRIu64 " lines before (--trace - shows all)\n", first);
    for (uint64_t i = first; i < story->lines; i++)
        fprintf(out, "  %s\n", story->kept[i % STORY_LINES]);
}
