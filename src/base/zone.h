/*
 * zone.h - IANA time zones, read from TZif files (RFC 8536) including the POSIX footer.
 *
 * Why not localtime(): it reads process-wide state, is not the same on Windows, and C has no way
 * to ask for a second zone.  A struct zone is immutable after loading: any thread may use it.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/error.h"
#include "base/instant.h"

#define ZONE_NAME_MAX 48

struct zone;

/**
 * Parse a TZif file's bytes.  @name is copied ("America/Chicago").
 * @ret_zone is set on success only and freed with zone_free().  STATUS_CORRUPT on bad bytes, and for a zone that counts leap
 * seconds (right/...): instants do not.
 */
MUST_USE enum status zone_parse(const char *name, const uint8_t *bytes, size_t length, struct zone **ret_zone,
    struct error *err);

/** From here on @directory, borrowed for ever, is the system's.  Before threads begin; the one state this file has. */
void zone_use_directory(const char *directory);

/**
 * Read <directory>/<name>; @directory NULL means the system's (/usr/share/zoneinfo, if nothing else was said).  Names with "..", a
 * leading slash or odd characters are refused.  STATUS_CONFIG when there is no such zone.
 */
MUST_USE enum status zone_load(const char *directory, const char *name, struct zone **ret_zone,
    struct error *err);
void zone_free(struct zone *zone);
const char *zone_name(const struct zone *zone);

/** Offset from UTC in seconds (east positive) at an instant. */
int zone_offset_at(const struct zone *zone, struct instant at);

/** Abbreviation in force at an instant ("CDT"). Borrowed from the zone. */
const char *zone_abbreviation_at(const struct zone *zone, struct instant at);

/** Local wall clock of an instant: days since 1970 and second of day. */
void zone_to_local(const struct zone *zone, struct instant at, int64_t *ret_days, int *ret_second_of_day);

/**
 * Instant of a local wall clock time.  In a gap (clocks go forward) the instant of the change, i.e. the first
 * that exists afterwards; in an overlap (clocks go back) the earlier of the two.  @second_of_day may be 0..86400.  Saturates at
 * the ends of what an instant holds.
 */
struct instant zone_from_local(const struct zone *zone, int64_t days, int second_of_day);

#endif /* BASE_ZONE_H */
