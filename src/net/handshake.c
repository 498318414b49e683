/*
 * handshake.c - builds and judges the two messages that open a WebSocket (RFC 6455 section 4).
 *
 * The key proves nothing about who the other side is; it only keeps a plain HTTP server or cache from being mistaken for a WebSocket one.
 * We offer no extension and no sub-protocol, so an answer that names one is wrong (4.1, points 5 and 6).
 */
#include "net/handshake.h"

#include "base/assert.h"
#include "net/sha1.h"

#include <string.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_LENGTH (HANDSHAKE_KEY_SIZE - 1)

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* @out holds 4 characters for every 3 bytes begun, and a NUL. */
static void
base64(const uint8_t *bytes, size_t length, char *out)
{
    for (size_t i = 0; i < length; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (i + 1 < length)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < length)
            group |= bytes[i + 2];
        *out++ = base64_alphabet[group >> 18];
        *out++ = base64_alphabet[group >> 12 & 63];
        *out++ = i + 1 < length ? base64_alphabet[group >> 6 & 63] : '=';
        *out++ = i + 2 < length ? base64_alphabet[group & 63] : '=';
    }
    *out = '\0';
}

void
handshake_key(const uint8_t nonce[HANDSHAKE_NONCE_SIZE], char ret_key[HANDSHAKE_KEY_SIZE])
{
    base64(nonce, HANDSHAKE_NONCE_SIZE, ret_key);
}

void
handshake_accept(const char key[HANDSHAKE_KEY_SIZE], char ret_accept[HANDSHAKE_ACCEPT_SIZE])
{
    char joined[KEY_LENGTH + sizeof GUID];
    uint8_t hash[SHA1_SIZE];

    ASSERT(strlen(key) == KEY_LENGTH);
    memcpy(joined, key, KEY_LENGTH);
    memcpy(joined + KEY_LENGTH, GUID, sizeof GUID);
    sha1_hash(joined, sizeof joined - 1, hash);
    base64(hash, sizeof hash, ret_accept);
}

/* Visible ASCII only: nothing that could end a line or split the request line. */
static bool
is_plain(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~')
            return false;
    }
    return true;
}

bool
handshake_write_request(struct text *out, const char *host, const char *target, const char *fields,
    const char key[HANDSHAKE_KEY_SIZE])
{
    if (!is_plain(host) || !is_plain(target) || target[0] != '/')
        return false;
    text_add(out, "GET ");
    text_add(out, target); /* Not by text_addf: an access token may be longer than its scratch space. */
    text_add(out, " HTTP/1.1\r\nHost: ");
    text_add(out, host);
    text_add(out, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
    text_add(out, key);
    text_add(out, "\r\nSec-WebSocket-Version: 13\r\n");
    if (fields != NULL)
        text_add(out, fields);
    text_add(out, "\r\n");
    return !out->truncated;
}

const char *
handshake_check_answer(const struct head_answer *answer, const char *accept)
{
    if (answer->status != 101)
        return "the answer is not 101";
    if (!answer->upgrade_websocket)
        return "101 without Upgrade: websocket";
    if (!answer->connection_upgrade)
        return "101 without Connection: Upgrade";
    if (!head_slice_is(answer->accept, accept))
        return "Sec-WebSocket-Accept does not answer the key";
    if (answer->has_extensions)
        return "the server chose an extension nobody offered";
    if (answer->has_protocol)
        return "the server chose a sub-protocol nobody offered";
    return NULL;
}

/* Base64 of 16 bytes: 22 letters, the last with four zero bits, and "==". */
static bool
is_key(struct head_slice key)
{
    if (key.data == NULL || key.length != KEY_LENGTH || memcmp(key.data + 22, "==", 2) != 0)
        return false;
    for (size_t i = 0; i < 22; i++) {
        if (key.data[i] == '\0' || strchr(base64_alphabet, key.data[i]) == NULL)
            return false;
    }
    return strchr("AQgw", key.data[21]) != NULL;
}

int
handshake_check_request(const struct head_request *request, char ret_key[HANDSHAKE_KEY_SIZE])
{
    if (!head_slice_is(request->method, "GET"))
        return 405;
    if (!request->http_1_1 || request->has_body)
        return 400;
    if (!request->upgrade_websocket || !request->connection_upgrade || request->version != 13)
        return 426;
    if (!is_key(request->key) || request->host.data == NULL)
        return 400;
    memcpy(ret_key, request->key.data, KEY_LENGTH);
    ret_key[KEY_LENGTH] = '\0';
    return 101;
}

void
handshake_write_101(struct text *out, const char key[HANDSHAKE_KEY_SIZE])
{
    char accept[HANDSHAKE_ACCEPT_SIZE];

    handshake_accept(key, accept);
    text_addf(out,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        accept);
}

const char *
handshake_status_text(int status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Error";
    }
}

void
handshake_write_error(struct text *out, int status)
{
    const char *words = handshake_status_text(status);
    char body[64];
    struct text text = text_on(body, sizeof body);

    text_addf(&text, "%d %s\n", status, words);
    text_addf(out, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n",
        status, words, text.length);
    if (status == 405)
        text_add(out, "Allow: GET\r\n");
    if (status == 426) /* 4.4: say which version would do. */
        text_add(out, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    text_add(out, "\r\n");
    text_add(out, body);
}
