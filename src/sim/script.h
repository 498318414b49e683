/*
 * script.h - trouble by the clock: what --faults FILE holds, one JSON object a line.
 *
 *     {"at": 20, "every": 30, "times": 10, "permille": 500, "path": "/sim/hub/drop", "body": {"hub": "user", "how": "rst"}}
 *
 * `at` seconds after the start, then each `every` seconds (0 or absent: once), at most `times` (absent: for ever), each time with the
 * given chance (absent: always), what a POST of `body` to `path` would do.  So everything that can be switched by hand can be scripted, and
 * the other way round.  Empty lines and lines that begin with # say nothing.
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "base/error.h"
#include "base/instant.h"

struct script;
struct sim;

/** Aborts without memory. */
struct script *script_new(struct instant start);
/** NULL is fine. */
void script_free(struct script *script);
/** One line.  STATUS_CONFIG: not such an object, or a number out of range. */
MUST_USE enum status script_add(struct script *script, const char *line, struct error *err);
/** Do what is due at @sim's time.  A refused action is told on stderr: a script that does nothing must not look like one that does. */
void script_advance(struct script *script, struct sim *sim);
/** INSTANT_NEVER: nothing any more, or no script. */
struct instant script_next_due(const struct script *script);

#endif /* SIM_SCRIPT_H */
