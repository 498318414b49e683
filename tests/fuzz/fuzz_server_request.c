/*
 * fuzz_server_request.c - heads of HTTP messages: what is read lies inside the input, holds nothing that ends a line, and only a whole right
 * request is accepted.
 */
#include "net/handshake.h"
#include "net/loopback.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_slice(struct head_slice slice, const char *text, size_t length)
{
    if (slice.data == NULL)
        return;
    if (slice.data < text || slice.data + slice.length > text + length)
        abort();
    for (size_t i = 0; i < slice.length; i++) {
        if (slice.data[i] == '\r' || slice.data[i] == '\n' || slice.data[i] == '\0')
            abort();
    }
}

static void
check_request(const char *text, size_t length)
{
    struct head_request request;
    char key[HANDSHAKE_KEY_SIZE], answer[512];
    struct text out = text_on(answer, sizeof answer);

    if (head_read_request(text, length, &request, NULL) != OK)
        return;
    check_slice(request.method, text, length);
    check_slice(request.target, text, length);
    check_slice(request.host, text, length);
    check_slice(request.origin, text, length);
    check_slice(request.key, text, length);
    if (loopback_is_host(request.host, 8765) && request.host.length > 14)
        abort();
    if (loopback_is_origin(request.origin) && request.origin.length > 23)
        abort();
    int status = handshake_check_request(&request, key);
    if (status == 101)
        handshake_write_101(&out, key);
    else
        handshake_write_error(&out, status);
    if (out.truncated)
        abort();
}

static void
check_answer(const char *text, size_t length)
{
    struct head_answer answer;

    if (head_read_answer(text, length, &answer, NULL) != OK)
        return;
    check_slice(answer.accept, text, length);
    if (answer.status < 100 || answer.status > 999)
        abort();
    if (handshake_check_answer(&answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == NULL && answer.status != 101)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size > 0 ? size : 1); /* No longer than it is: the sanitizer watches the end. */

    if (size > 0)
        memcpy(text, data, size);
    size_t length = head_length(text, size);
    if (length > size || (length > 0 && memcmp(text + length - 4, "\r\n\r\n", 4) != 0))
        abort();
    check_request(text, length > 0 ? length : size);
    check_answer(text, length > 0 ? length : size);
    free(text);
    return 0;
}
