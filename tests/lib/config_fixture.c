/*
 * config_fixture.c - see config_fixture.h.
 */
#include "lib/config_fixture.h"

#include "base/assert.h"
#include "rules/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char daemon_text[] = "{}\n";
static const char accounts_text[] = "accounts: [ { account_id: 5, username: trader, api_key: \"${TEST_KEY}\" } ]\n";
static const char rules_text[] = "rules: { max_contracts: { limit: 5 } }\n";
static const char holidays_text[] = "[]\n";

const char *
config_fixture_environment(const char *name)
{
    static const char *const variables[][2] = { { "TEST_KEY", "0123456789abcdef-very-secret" }, { "TEST_OTHER", "another-very-secret" },
        { "TEST_EMPTY", "" } };

    for (size_t i = 0; i < COUNT_OF(variables); i++)
        if (strcmp(variables[i][0], name) == 0)
            return variables[i][1];
    return NULL;
}

static enum status
private_enough(const char *path, struct error *err)
{
    (void)path;
    (void)err;
    return OK;
}

enum status
config_fixture_open_to_all(const char *path, struct error *err)
{
    return error_set(err, STATUS_CONFIG, "%s: mode 0644", path);
}

struct config_source
config_fixture_text(const char *path, const char *text)
{
    return (struct config_source){ .path = path, .text = text, .length = strlen(text) };
}

struct config_sources
config_fixture_sources(void)
{
    return (struct config_sources){
        .daemon = config_fixture_text("daemon.yaml", daemon_text),
        .accounts = config_fixture_text("accounts.yaml", accounts_text),
        .rules = config_fixture_text("risk_config.yaml", rules_text),
        .holidays = config_fixture_text("holidays.yaml", holidays_text),
        .rules_table = rules_table,
        .is_private = private_enough,
        .environment = config_fixture_environment,
        .keep_text = true,
    };
}

enum status
config_fixture_load(const struct config_sources *sources, struct loaded_config **ret_loaded, char *out)
{
    struct config_errors errors = { 0 };
    struct text text = text_on(out, CONFIG_OUTPUT_MAX);
    enum status status = config_load(sources, ret_loaded, &errors);

    config_errors_print(&errors, &text);
    ASSERT(!text.truncated);
    ASSERT((status == OK) == (errors.count == 0));
    config_errors_fini(&errors);
    return status;
}

char *
config_fixture_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text;
    size_t length;

    if (file == NULL)
        return NULL;
    text = calloc(1, CONFIG_OUTPUT_MAX);
    ASSERT(text != NULL);
    length = fread(text, 1, CONFIG_OUTPUT_MAX - 1, file);
    ASSERT(length < CONFIG_OUTPUT_MAX - 1);
    (void)fclose(file);
    return text;
}

void
config_fixture_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    ASSERT(file != NULL);
    ASSERT(fputs(text, file) >= 0);
    (void)fclose(file);
}
