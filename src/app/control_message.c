/*
 * control_message.c - requests and answers of the control socket as JSON.
 */
#include "app/control_message.h"

#include "base/assert.h"
#include "base/json.h"

#include <string.h>

#define TOKENS 64
#define RULE_MAX 999

static const char *const command_names[CONTROL_COMMANDS] = { "status", "reload", "unlock", "flatten", "cancel", "auth" };
static const char *const code_names[CONTROL_CODES] = { "done", "failed", "bad_request", "password", "forbidden", "busy" };

const char *
control_command_name(enum control_command command)
{
    return command_names[command];
}

const char *
control_code_name(enum control_code code)
{
    return code_names[code];
}

bool
control_code_parse(const char *name, enum control_code *ret_code)
{
    for (int i = 0; i < (int)CONTROL_CODES; i++)
        if (strcmp(name, code_names[i]) == 0) {
            *ret_code = (enum control_code)i;
            return true;
        }
    return false;
}

static bool
read_command(const struct json *json, int node, struct control_request *request)
{
    for (int i = 0; i < (int)CONTROL_COMMANDS; i++)
        if (json_string_is(json, node, command_names[i])) {
            request->command = (enum control_command)i;
            return true;
        }
    return false;
}

/* A text that fits, without control characters: it goes to logs and screens. */
static bool
read_text(const struct json *json, int node, char *out, size_t size)
{
    if (!json_string(json, node, out, size))
        return false;
    for (const char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c == 0x7f)
            return false;
    return true;
}

static bool
read_number(const struct json *json, int node, int64_t most, int64_t *ret_value)
{
    return json_kind(json, node) == JSON_NUMBER && json_int64(json, node, ret_value) && *ret_value >= 0 && *ret_value <= most;
}

static bool
read_member(const struct json *json, int key, struct control_request *request, int64_t *version)
{
    int value = json_value(json, key);
    int64_t rule = 0;

    if (json_string_is(json, key, "v"))
        return read_number(json, value, INT32_MAX, version);
    if (json_string_is(json, key, "command"))
        return read_command(json, value, request);
    if (json_string_is(json, key, "account_id"))
        return read_number(json, value, INT64_MAX, &request->account_id);
    if (json_string_is(json, key, "root"))
        return read_text(json, value, request->root, sizeof request->root);
    if (json_string_is(json, key, "reason"))
        return read_text(json, value, request->reason, sizeof request->reason);
    if (json_string_is(json, key, "password"))
        return json_string(json, value, request->password, sizeof request->password);
    if (!json_string_is(json, key, "rule") || !read_number(json, value, RULE_MAX, &rule))
        return false;
    request->rule = (int32_t)rule;
    return true;
}

static enum status
read_all(const char *bytes, size_t length, struct control_request *request, struct error *err)
{
    struct json_token tokens[TOKENS];
    struct json json;
    int64_t version = 0;

    enum status status = json_read(bytes, length, tokens, TOKENS, &json, err);
    if (status != OK)
        return status;
    if (json_kind(&json, 0) != JSON_OBJECT || json_get(&json, 0, "command") == JSON_NONE)
        return error_set(err, STATUS_CORRUPT, "not a request");
    if (!read_number(&json, json_get(&json, 0, "v"), INT32_MAX, &version) || version != CONTROL_VERSION)
        return error_set(err, STATUS_REFUSED, "riskd speaks version %d of this protocol", CONTROL_VERSION);
    int key = json_first(&json, 0);
    for (size_t i = 0; i < json_size(&json, 0); i++, key = json_next(&json, key)) {
        char name[32] = "";
        if (read_member(&json, key, request, &version))
            continue;
        (void)json_string(&json, key, name, sizeof name);
        return error_set(err, STATUS_CONFIG, "%s: unknown or not as it must be", name[0] != '\0' ? name : "a key");
    }
    return OK;
}

enum status
control_request_read(const char *bytes, size_t length, struct control_request *ret_request, struct error *err)
{
    *ret_request = (struct control_request){ .command = CONTROL_COMMANDS };
    enum status status = read_all(bytes, length, ret_request, err);
    if (status == OK && ret_request->command == CONTROL_COMMANDS)
        status = error_set(err, STATUS_CORRUPT, "not a request");
    if (status != OK)
        secret_wipe(ret_request->password, sizeof ret_request->password);
    return status;
}

void
control_request_write(const struct control_request *request, struct text *out)
{
    struct json_writer json = json_writer_on(out);

    json_open(&json, NULL, '{');
    json_add_int(&json, "v", CONTROL_VERSION);
    json_add_string(&json, "command", command_names[request->command]);
    json_add_int(&json, "account_id", request->account_id);
    json_add_int(&json, "rule", request->rule);
    json_add_string(&json, "root", request->root);
    json_add_string(&json, "reason", request->reason);
    json_add_string(&json, "password", request->password);
    json_close(&json, '}');
    text_add(out, "\n");
}

void
control_reply_write(const struct control_reply *reply, struct text *out)
{
    struct json_writer json = json_writer_on(out);

    ASSERT(reply->text != NULL);
    json_open(&json, NULL, '{');
    json_add_int(&json, "v", CONTROL_VERSION);
    json_add_bool(&json, "ok", reply->code == CONTROL_DONE);
    json_add_string(&json, "code", code_names[reply->code]);
    json_add_string(&json, "text", reply->text);
    if (reply->code == CONTROL_PASSWORD)
        json_add_int(&json, "wait_s", reply->wait_s);
    if (reply->status != NULL)
        json_add_raw(&json, "status", reply->status);
    json_close(&json, '}');
    text_add(out, "\n");
}
