/*
 * build.h - what the parts of a load share while it goes on; private to this folder.
 *
 * load.c runs the parts in order: files, settings, accounts (accounts.c), rules (rulebook.c), holidays (holidays.c).
 */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "config/arena.h"
#include "config/bind.h"
#include "config/effective.h"
#include "config/load.h"

struct loaded_memory {
    struct arena arena;
    struct zones zones;
    struct effective effective;
};

/* What is known of one account before its rules are bound. */
struct account_draft {
    const struct yaml_node *node; /* Its block; NULL: a scenario's. */
    char path[CONFIG_KEY_MAX];    /* "accounts[0]". */
    const struct yaml_node *rules; /* Own values of rules, or NULL. */
    char rules_path[CONFIG_KEY_MAX];
    struct account_settings settings;
};

struct build {
    const struct config_sources *sources;
    struct bind bind;
    struct loaded_config *loaded;
    struct arena *arena;   /* Of loaded->memory: lives as long as the configuration. */
    struct arena scratch;  /* Until the load is over. */
    struct effective *effective;
    /* Roots of the files; NULL where there is none. */
    const struct yaml_node *daemon_root, *accounts_root, *rules_root, *holidays_root;
    /* Shared rules and profiles. */
    const struct yaml_node *shared, *profiles;
    const char *shared_path;
    int32_t drafts_count;
    struct account_draft *drafts; /* In scratch. */
    struct yaml_tree *trees[8]; /* Of every file read; freed and wiped at the end. */
    int trees_count;
    bool short_of_memory;
};

/** @size zeroed bytes of @arena; NULL sets short_of_memory. */
void *build_take(struct build *build, struct arena *arena, size_t size);

/** A problem with a file as a whole. */
void build_file_problem(struct build *build, const char *file, const char *key, const char *found, const char *expected);

/**
 * The root of a source's tree, which lives until the load is over; NULL when there is no file, it is empty, or it could not
 * be read (a problem then).  @ret_exists tells a file that is not there from the others.
 */
const struct yaml_node *build_read_source(struct build *build, const struct config_source *source, bool *ret_exists);

/** The first line of a small file: a key.  False with a problem at @at.  @out is wiped on failure. */
bool build_read_secret(struct build *build, const struct yaml_node *at, const char *key_path, const char *file, char *out,
    size_t out_size);

/** Report the file @file, which holds the secret at @at, if others may read it (S-22, AK-03). */
void build_check_private(struct build *build, const struct yaml_node *at, const char *key_path, const char *file);

/* Tables of the parts, for docs/configuration.md. */
extern const struct param holidays_params[];
extern const size_t holidays_params_count;
extern const struct param accounts_params[];
extern const size_t accounts_params_count;
extern const struct param accounts_credential_params[];
extern const size_t accounts_credential_params_count;

/* The parts.  Each reports its problems and leaves what it can fill. */
void accounts_read(struct build *build);
void rulebook_read(struct build *build);
void holidays_read(struct build *build, const struct yaml_node *list, const char *path);

#endif /* CONFIG_BUILD_H */
