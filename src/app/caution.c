/*
 * caution.c - see caution.h.
 */
#include "app/caution.h"

#include "base/json.h"
#include "config/lint.h"
#include "rules/rules.h"

#include <stdio.h>
#include <string.h>

#define WARNINGS_BYTES 16384 /* What does not fit is of the same kind. */

static void
each_line(char *bytes, void (*say)(void *context, const char *line), void *context)
{
    for (char *line = bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        say(context, line);
    }
}

static int32_t
each_warning(const struct loaded_config *loaded, void (*say)(void *context, const char *line), void *context)
{
    char bytes[WARNINGS_BYTES] = "";
    struct text text = text_on(bytes, sizeof bytes);
    int32_t count = config_lint(loaded, rules_table, &text);

    each_line(bytes, say, context);
    return count;
}

static void
print_line(void *context, const char *line)
{
    (void)context;
    printf("warning: %s\n", line);
}

static void
log_line(void *context, const char *line)
{
    log_say(context, LOG_LEVEL_WARN, "config", "%s", line);
}

int32_t
caution_print(const struct loaded_config *loaded)
{
    return each_warning(loaded, print_line, NULL);
}

static void
write_line(void *context, const char *line)
{
    json_add_string(context, NULL, line);
}

int32_t
caution_write(const struct loaded_config *loaded, struct text *out)
{
    struct json_writer json = json_writer_on(out);

    json_open(&json, NULL, '[');
    int32_t count = each_warning(loaded, write_line, &json);
    json_close(&json, ']');
    return count;
}

void
caution_log(struct log *log, const struct loaded_config *loaded)
{
    (void)each_warning(loaded, log_line, log);
}
