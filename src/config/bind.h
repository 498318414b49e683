/*
 * bind.h - YAML blocks into structs by tables of struct param (core/param.h), with layers.
 *
 * A layer is one block; the first layer is the most specific: an account's own values, then its profile, then the shared rule.
 * Each key is taken from the first layer that has it, in whatever spelling.  Maps keyed by symbol are merged over the layers, lists are
 * replaced whole.  What the layers leave out has the table's default.
 *
 * Rules of R-ALL-17: `action` and `enforcement` are one key, `enabled` may stand in any block, words match in any case,
 * two spellings with different values and unknown keys are errors.  Every problem is reported, none stops the reading.
 */
#ifndef CONFIG_BIND_H
#define CONFIG_BIND_H

#include "config/value.h"

#define BIND_LAYERS_MAX 3 /* Account, profile, shared. */

struct bind_layer {
    const struct yaml_node *node;
    const char *path; /* "rules.max_contracts": what messages put before a key; "" for a file's top. */
};

struct bind_layers {
    int count;
    struct bind_layer items[BIND_LAYERS_MAX];
};

/* One effective value. */
struct bind_value {
    const struct param *param;
    const char *path;             /* "max_contracts.limit". */
    const char *text;             /* Canonical. */
    const struct yaml_node *from; /* NULL: the default. */
};

struct bind {
    struct zones *zones;
    struct config_errors *errors;
    /* Called for each value, if not NULL.  Everything is borrowed for the call. */
    void (*record)(void *context, const struct bind_value *value);
    void *record_context;
    int32_t problems; /* Reported so far, also those that were reported before for another account. */
    bool lenient;     /* A missing key is no problem: the rule is off anyway. */
    bool defaults;    /* Private: inside a default's own text. */
};

/* One struct to fill. */
struct bind_target {
    const struct param *params;
    size_t count;
    void *out;                /* Zeroed, of the struct the table speaks of. */
    const char *path;         /* For records: "max_contracts". */
    const char *const *known; /* Keys of this block that somebody else reads; NULL-terminated, or NULL. */
};

/** Fill @target.  False when a problem was added; the struct is then not to be used. */
bool bind_params(struct bind *bind, const struct bind_target *target, const struct bind_layers *layers);

/**
 * The `enabled` of the first layer that has one, else @otherwise.  A wrong value is reported and counts as true: nothing
 * is turned off by mistake.
 */
bool bind_enabled(struct bind *bind, const struct bind_layers *layers, const char *record_path, bool otherwise);

/** Report a problem with a value; @path is its whole key path. */
void bind_problem(struct bind *bind, const struct yaml_node *at, const char *path, const char *found, const char *expected);

/**
 * Report that @at is not what @param wants, or not @expected if that is not NULL.  What is written there is repeated, unless
 * it is a secret.  Returns false.
 */
bool bind_refuse(struct bind *bind, const struct yaml_node *at, const char *path, const struct param *param, const char *expected);

/** Report that @node's key does not belong there.  Returns false. */
bool bind_refuse_key(struct bind *bind, const struct yaml_node *node, const char *path, const char *expected);

/** The first layer's value of a dotted path in any of the spellings of a param's keys, or NULL. */
const struct yaml_node *bind_find(const struct bind_layers *layers, const char *keys, int *ret_layer);

#endif /* CONFIG_BIND_H */
