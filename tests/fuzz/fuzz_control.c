/*
 * fuzz_control.c - whatever comes over the control socket is refused whole or is a request that can be written and read again.
 */
#include "app/control_message.h"
#include "base/assert.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_request request, again;
    char line[CONTROL_REQUEST_MAX];
    struct text text = text_on(line, sizeof line);
    struct error err;

    if (size > CONTROL_REQUEST_MAX)
        return 0;
    if (control_request_read((const char *)data, size, &request, &err) != OK) {
        ASSERT(request.password[0] == '\0');
        return 0;
    }
    ASSERT((int)request.command >= 0 && (int)request.command < (int)CONTROL_COMMANDS);
    ASSERT(request.account_id >= 0 && request.rule >= 0);
    control_request_write(&request, &text);
    ASSERT(!text.truncated);
    ASSERT(control_request_read(line, text.length - 1, &again, &err) == OK);
    ASSERT(again.command == request.command && again.account_id == request.account_id && again.rule == request.rule);
    ASSERT(strcmp(again.root, request.root) == 0 && strcmp(again.reason, request.reason) == 0);
    ASSERT(strcmp(again.password, request.password) == 0);
    return 0;
}
