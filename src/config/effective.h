/*
 * effective.h - the effective configuration as text, with origins, and its hash (CF-02, CF-04).
 *
 * One line a key: "rules.max_contracts.limit: 5  # risk_config.yaml:4".  The hash is FNV-1a over paths and canonical values without
 * origins: it tells two configurations apart in the records, and is no protection against somebody who wants them equal.
 */
#ifndef CONFIG_EFFECTIVE_H
#define CONFIG_EFFECTIVE_H

#include "config/bind.h"

struct effective {
    uint64_t hash;
    bool keep;       /* Keep the text. */
    char *data;      /* NUL-terminated, or NULL. */
    size_t length, size;
};

void effective_init(struct effective *effective, bool keep);
void effective_fini(struct effective *effective);

/** @from NULL: the default. */
void effective_add(struct effective *effective, const char *path, const char *value, const struct yaml_node *from);

/** A struct bind's record function; @context is the struct effective. */
void effective_record(void *context, const struct bind_value *value);

#endif /* CONFIG_EFFECTIVE_H */
