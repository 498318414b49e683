/*
 * effective.c - see effective.h.
 */
#include "config/effective.h"

#include <stdlib.h>
#include <string.h>

#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

void
effective_init(struct effective *effective, bool keep)
{
    *effective = (struct effective){ .hash = FNV_OFFSET, .keep = keep };
}

void
effective_fini(struct effective *effective)
{
    free(effective->data);
    effective->data = NULL;
}

/* Short of memory the text ends early; the hash does not depend on it. */
static void
append(struct effective *effective, const char *text)
{
    size_t length = strlen(text);

    if (!effective->keep)
        return;
    if (effective->length + length + 1 > effective->size) {
        size_t size = (effective->length + length + 1) * 2;
        char *data = realloc(effective->data, size);
        if (data == NULL)
            return;
        effective->data = data;
        effective->size = size;
    }
    memcpy(effective->data + effective->length, text, length + 1);
    effective->length += length;
}

static void
add_hash(struct effective *effective, const char *text)
{
    for (; *text != 0; text++) {
        effective->hash ^= (unsigned char)*text;
        effective->hash *= FNV_PRIME;
    }
}

void
effective_add(struct effective *effective, const char *path, const char *value, const struct yaml_node *from)
{
    char origin[200];
    struct text text = text_on(origin, sizeof origin);

    if (from == NULL)
        text_add(&text, "default");
    else
        text_addf(&text, "%.150s:%d", yaml_tree_file(from->tree), (int)from->line);
    add_hash(effective, path);
    add_hash(effective, ": ");
    add_hash(effective, value);
    add_hash(effective, "\n");
    append(effective, path);
    append(effective, ": ");
    append(effective, value);
    append(effective, "  # ");
    append(effective, origin);
    append(effective, "\n");
}

void
effective_record(void *context, const struct bind_value *value)
{
    effective_add(context, value->path, value->text, value->from);
}
