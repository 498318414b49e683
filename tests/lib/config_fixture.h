/*
 * config_fixture.h - a set of configuration files that is whole and dull, of which a test replaces one.
 */
#ifndef TESTS_LIB_CONFIG_FIXTURE_H
#define TESTS_LIB_CONFIG_FIXTURE_H

#include "config/load.h"

#define CONFIG_OUTPUT_MAX 262144

/** One account (5, user "trader", key from ${TEST_KEY}), max_contracts of 5, no holidays; every file is private. */
struct config_sources config_fixture_sources(void);

struct config_source config_fixture_text(const char *path, const char *text);

/** TEST_KEY, TEST_OTHER and TEST_EMPTY. */
const char *config_fixture_environment(const char *name);

/** Says that everybody can read the file. */
enum status config_fixture_open_to_all(const char *path, struct error *err);

/** config_load(); every problem as printed into @out, CONFIG_OUTPUT_MAX long; "" if there was none. */
enum status config_fixture_load(const struct config_sources *sources, struct loaded_config **ret_loaded, char *out);

/** The whole file, the caller's to free; NULL if there is none. */
char *config_fixture_read(const char *path);
void config_fixture_write(const char *path, const char *text);

#endif /* TESTS_LIB_CONFIG_FIXTURE_H */
