/*
 * crash.h - dying on purpose at a named point, for the kill matrix of tests/e2e (enforce_kill_matrix).
 *
 * Only when RISKD_TEST_KILL_AT names the point; otherwise a comparison with NULL.
 */
#ifndef APP_CRASH_H
#define APP_CRASH_H

/** Read the environment once, at start. */
void crash_init(void);

/** kill -9 ourselves if this is the point. */
void crash_at(const char *point);

#endif /* APP_CRASH_H */
