/*
 * load.h - from four YAML files to one validated, immutable configuration (S-23, CF-01 to CF-09).
 *
 * The whole set is read and checked, every problem is collected, and only a set without any becomes a struct loaded_config.  A
 * reload builds a second one beside the first and swaps pointers: an invalid set changes nothing (R-ALL-16, CF-05).
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "base/text.h"
#include "config/errors.h"
#include "config/settings.h"
#include "core/config.h"
#include "core/rule.h"

#define CONFIG_ACCOUNTS_MAX 1024 /* Several desks' worth. */

/* One file, or its text when @text is not NULL (tests, an admin's edit before it is written).  All borrowed for the call. */
struct config_source {
    const char *path; /* NULL: there is no such file. */
    const char *text;
    size_t length;
};

struct config_sources {
    struct config_source daemon, accounts, rules, holidays;
    const char *zone_directory;             /* NULL: the system's. */
    const struct rule *const *rules_table;  /* rules/rules.h, or a test's own; NULL-terminated. */
    /*
     * os_file_is_private (os/os.h), which this folder may not include.  Asked for every file a secret was read from
     * (S-22, AK-03), unless credentials.strict_permissions is false.  NULL refuses every secret in a file.
     */
    enum status (*is_private)(const char *path, struct error *err);
    const char *(*environment)(const char *name); /* NULL: getenv. */
    bool keep_text; /* Keep the effective text for config_print(); costs some 10 KB an account. */
};

/* One login at the gateway; accounts share it by name (S-4). */
struct user_settings {
    char username[USERNAME_MAX];
    char api_key[API_KEY_MAX]; /* The only copy; wiped by loaded_config_free(). */
    int32_t created_day;       /* Days since 1970, for the reminder of AK-07; 0: not given. */
};

struct account_settings {
    int64_t id;
    const char *nickname, *profile; /* "": none. */
    bool enabled;                  /* A paused account is watched by nobody: it is not in config.accounts. */
    int32_t user;                  /* Index in users; -1: a scenario's. */
};

struct loaded_config {
    struct config config; /* What the engine borrows; accounts are the enabled ones, sorted by id. */
    struct daemon_settings daemon;
    int32_t users_count;
    struct user_settings *users;
    int32_t accounts_count;
    struct account_settings *accounts; /* All, also paused ones, in the order of the file. */
    struct loaded_config *part; /* Rules held back from earlier configurations (hold.h); a chain, freed with this one. */
    struct loaded_memory *memory;      /* Private: zones, rule structs, effective text. */
};

/**
 * Read, check and build.
 *
 * @ret_loaded  Set on success only, owned by the caller: loaded_config_free().
 * @errors      Gets every problem found, sorted.  Must be empty; owned by the caller, config_errors_fini().
 *
 * STATUS_CONFIG when there is at least one problem; STATUS_LIMIT when memory is short.
 */
MUST_USE enum status config_load(const struct config_sources *sources, struct loaded_config **ret_loaded,
    struct config_errors *errors);

/**
 * The `config` object of a scenario (shared/scenarios/README.md): rule blocks at the top level, `daily_reset`, `global`, `holidays`,
 * and any key of daemon.yaml.  A rule is on only if its block is there.  @ids: the accounts, each with the same rules.
 * Statuses and ownership as in config_load().
 */
MUST_USE enum status config_from_scenario(const char *json, size_t length, const int64_t *ids, int32_t ids_count,
    const struct rule *const *rules_table, struct loaded_config **ret_loaded, struct config_errors *errors);

/** The user name an account is logged in by; "": none, a scenario's. */
const char *config_user_of(const struct loaded_config *loaded, int64_t account_id);

/** Take into @loaded->config what the engine wants to know of @loaded->daemon, after a value of that was held back (house.h). */
void config_refill(struct loaded_config *loaded);

/** Wipes the secrets.  Does nothing on NULL. */
void loaded_config_free(struct loaded_config *loaded);

/** The effective configuration, every key with its value and where it comes from; secrets masked (--print-config). */
void config_print(const struct loaded_config *loaded, struct text *text);

#endif /* CONFIG_LOAD_H */
