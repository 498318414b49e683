/*
 * param.h - a rule's parameters as data.
 *
 * The configuration reader, docs/configuration.md, riskctl's forms and --help all come from these tables.  Keys are paths inside
 * the rule's block: "limits.per_minute".  Alternatives are separated by '|': "limit|loss_limit"; two of them present with different values is an error.
 * `enabled` and `action`/`enforcement` conventions of R-ALL-17 are the reader's (config/bind.c).
 */
#ifndef CORE_PARAM_H
#define CORE_PARAM_H

#include "base/error.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;
struct text;

enum param_kind {
    PARAM_FLAG,     /* bool */
    PARAM_INT,      /* int64_t, min..max */
    PARAM_MONEY,    /* int64_t micros of a dollar, the sign is dropped (limit: -500 means 500), min..max */
    PARAM_SECONDS,  /* struct span, given in seconds, min..max seconds */
    PARAM_CHOICE,   /* int32_t, one of choices, any case */
    PARAM_SYMBOLS,  /* struct symbols */
    PARAM_WORDS,    /* struct symbols too, but of any short words: days, ["16:00", "17:00"]; the rule's check() reads them */
    PARAM_LIMITS,   /* struct symbol_limits: a map of symbol to whole number */
    PARAM_ZONE,     /* const struct zone *, loaded and owned by the configuration */
    PARAM_TIME,     /* int32_t second of day, "17:00" or "17:00:30"; -1 = absent */
    PARAM_DATES,    /* struct dates */
    PARAM_LIST,     /* items_max structs of item_size after an int32_t count at count_offset; items are maps of sub-params */
    PARAM_MAP,      /* likewise, keyed by symbol: the item starts with a struct symbol */
    PARAM_BLOCK,    /* sub-params for a struct at offset (sessions) */
    PARAM_TEXT,     /* parsed by .parse into the field (session "sun 17:00", "allow_with_limit:2") */
};

struct symbol {
    char text[ROOT_MAX];
};

struct symbols {
    int32_t count;
    struct symbol items[SYMBOLS_MAX];
};

struct symbol_limits {
    int32_t count;
    struct {
        struct symbol symbol;
        int32_t limit;
    } items[SYMBOLS_MAX];
};

struct dates {
    int32_t count;
    int32_t days[HOLIDAYS_MAX]; /* Days since 1970. */
};

/* Which way a change gives the trader more room (issue 8); what is not told counts as looser either way.  PARAM_TEXT: of an int64_t only. */
enum param_looser {
    LOOSER_ANY,
    LOOSER_HIGHER, /* A higher figure, true, a higher or missing limit of a symbol; 0 of an optional one: no limit at all. */
    LOOSER_LOWER,  /* A lower figure, false, a symbol less. */
    LOOSER_NEITHER, /* It gives nobody room: an address, a port, a colour.  Not for rules. */
};

struct choice {
    const char *word;
    int32_t value;
};

struct param {
    const char *keys;   /* "limit|loss_limit" */
    const char *help;   /* One line for a trader. */
    enum param_kind kind;
    size_t offset;
    int64_t min, max;
    enum param_looser looser;
    const char *value;  /* Default as YAML text ("5", "net", "[]"); NULL: required. */
    const struct choice *choices; /* Ends with a NULL word. */
    const struct param *items;    /* PARAM_LIST, PARAM_MAP, PARAM_BLOCK: their keys. */
    size_t items_count, item_size, count_offset;
    int32_t items_max;
    /* PARAM_TEXT: read @text into @field.  @err says what was expected. */
    enum status (*parse)(const char *text, void *field, struct error *err);
    /* PARAM_TEXT of a rule: its field as text that @parse reads again. */
    void (*format)(const void *field, struct text *out);
    bool optional;      /* No default: absent leaves zero (for PARAM_BLOCK and PARAM_ZONE: absent is allowed). */
    ptrdiff_t present_offset; /* Where to store bool "was given" (offset + 1; 0: nowhere). */
    bool unique;        /* PARAM_MONEY of a PARAM_LIST's items: tells them apart, so no two may have the same. */
    bool off_if_block_missing; /* PARAM_FLAG "x.enabled|x": false when block x is not there at all, else its default. */
};

#define PARAM_PRESENT_AT(type, field) ((ptrdiff_t)offsetof(type, field) + 1)

#endif /* CORE_PARAM_H */
