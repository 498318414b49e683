/*
 * fuzz_config.c - any bytes as each of the four files, and as a scenario's configuration.
 *
 * The first byte says which file it is; the others are the dull ones of a good set.  Nothing may crash or leak, a refusal must come
 * with a problem, and what loads must be whole: every enabled rule has its struct.
 */
#include "base/assert.h"
#include "config/load.h"
#include "lib/config_fixture.h"
#include "rules/rules.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_loaded(enum status status, const struct loaded_config *loaded, const struct config_errors *errors)
{
    static char output[1 << 16];
    struct text text = text_on(output, sizeof output);

    config_errors_print(errors, &text);
    ASSERT((status == OK) == (loaded != NULL));
    ASSERT((status == OK) == (errors->count == 0));
    if (loaded == NULL)
        return;
    config_print(loaded, &text);
    ASSERT(strstr(output, "very-secret") == NULL);
    ASSERT(loaded->config.day_zone != NULL);
    for (int32_t i = 0; i < loaded->config.accounts_count; i++)
        for (int j = 0; rules_table[j] != NULL; j++)
            ASSERT(!loaded->config.accounts[i].enabled[j] || loaded->config.accounts[i].rules[j] != NULL);
}

/* Files named in the input must not be opened: fuzzing is no reason to read this machine. */
static bool
names_a_file(const char *text, size_t size)
{
    return memmem(text, size, "file", 4) != NULL || memmem(text, size, "credential", 10) != NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t ids[] = { 7, 5 };
    struct config_sources sources = config_fixture_sources();
    struct config_source *const files[] = { &sources.daemon, &sources.accounts, &sources.rules, &sources.holidays };
    struct config_errors errors = { 0 };
    struct loaded_config *loaded = NULL;
    enum status status;

    if (size < 1 || names_a_file((const char *)data, size))
        return 0;
    int which = data[0] % 5;
    const char *text = (const char *)data + 1;
    if (which < 4) {
        *files[which] = (struct config_source){ .path = "input.yaml", .text = text, .length = size - 1 };
        status = config_load(&sources, &loaded, &errors);
    } else {
        status = config_from_scenario(text, size - 1, ids, 2, rules_table, &loaded, &errors);
    }
    check_loaded(status, loaded, &errors);
    loaded_config_free(loaded);
    config_errors_fini(&errors);
    return 0;
}
