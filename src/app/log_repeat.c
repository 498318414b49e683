/*
 * log_repeat.c - the same error a hundred times is one line and a number.
 */
#include "app/log_repeat.h"

#include "base/text.h"

#include <stdio.h>
#include <stddef.h>

#define WINDOW_NS INT64_C(60000000000)

/* FNV-1a with a terminator after each part. */
static uint64_t
add_part(uint64_t hash, const char *part)
{
    for (; *part != '\0'; part++)
        hash = (hash ^ (unsigned char)*part) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

static uint64_t
key_of(const char *component, const char *endpoint, int32_t code, const char *message)
{
    uint64_t hash = add_part(UINT64_C(14695981039346656037), component);
    char number[16];

    (void)snprintf(number, sizeof number, "%ld", (long)code);
    return add_part(add_part(add_part(hash, endpoint != NULL ? endpoint : ""), number), endpoint != NULL ? "" : message);
}

static struct log_repeat_kind *
find(struct log_repeat *repeat, uint64_t key)
{
    for (uint32_t i = 0; i < repeat->count; i++)
        if (repeat->kinds[i].key == key)
            return &repeat->kinds[i];
    return NULL;
}

/* A free place, or that of the oldest kind with nothing to tell; NULL: then nothing is held back. */
static struct log_repeat_kind *
take_place(struct log_repeat *repeat)
{
    struct log_repeat_kind *oldest = NULL;

    if (repeat->count < LOG_REPEAT_KINDS)
        return &repeat->kinds[repeat->count++];
    for (uint32_t i = 0; i < repeat->count; i++)
        if (repeat->kinds[i].more == 0 && (oldest == NULL || repeat->kinds[i].since_ns < oldest->since_ns))
            oldest = &repeat->kinds[i];
    return oldest;
}

bool
log_repeat_passes(struct log_repeat *repeat, int64_t now_ns, const char *component, const char *endpoint, int32_t code,
    const char *message)
{
    uint64_t key = key_of(component, endpoint, code, message);
    struct log_repeat_kind *kind = find(repeat, key);

    if (kind != NULL && now_ns - kind->since_ns < WINDOW_NS) {
        kind->more++;
        return false;
    }
    if (kind == NULL)
        kind = take_place(repeat);
    if (kind == NULL)
        return true;
    *kind = (struct log_repeat_kind){ .key = key, .since_ns = now_ns };
    (void)text_copy(kind->component, sizeof kind->component, component);
    (void)text_copy(kind->message, sizeof kind->message, message);
    return true;
}

bool
log_repeat_due(struct log_repeat *repeat, int64_t now_ns, struct log_repeat_kind *ret_kind)
{
    for (uint32_t i = 0; i < repeat->count; i++) {
        struct log_repeat_kind *kind = &repeat->kinds[i];
        if (kind->more == 0 || now_ns - kind->since_ns < WINDOW_NS)
            continue;
        *ret_kind = *kind;
        kind->more = 0;
        kind->since_ns = now_ns;
        return true;
    }
    return false;
}
