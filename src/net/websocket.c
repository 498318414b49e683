/*
 * websocket.c - RFC 6455 framing without I/O, for both roles; numbers in comments are its sections.
 *
 * One buffer holds everything, payloads are unmasked in it and messages are given out from it:
 *
 *     [ .. | message so far | header of the next fragment (gap) | bytes not looked at yet | free ]
 *          message_start    message_end                         read                     used   size
 *
 * An unfragmented message is never moved; later fragments close up to message_end.  Payload is taken in as it comes, so that bad
 * UTF-8 fails at its first byte (8.1), and a length beyond the bound fails at the header, before anything is stored.
 * After any violation the state is DONE: no byte of the rest is looked at (7.1.7).
 */
#include "net/websocket.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

/* Untouched it costs nothing.  Growing does, when the records of a first fill come together: realloc() walks a cold heap, thirty pages of it. */
#define BUFFER_FIRST 16384
#define BUFFER_KEPT (128 * 1024) /* An empty buffer larger than this goes back: messages that big are rare. */
#define FINAL 0x80
#define RESERVED 0x70
#define OPCODE 0x0F
#define MASKED 0x80
#define LENGTH_16 126
#define LENGTH_64 127

enum step { STEP_MORE, STEP_GOOD, STEP_BAD };

void
websocket_init(struct websocket *websocket, const struct websocket_options *options)
{
    ASSERT(options->message_max > 0);
    ASSERT(options->role == WEBSOCKET_SERVER || options->random != NULL);
    *websocket = (struct websocket){ .options = *options };
}

void
websocket_fini(struct websocket *websocket)
{
    if (websocket == NULL)
        return;
    free(websocket->data);
    *websocket = (struct websocket){ .state = WEBSOCKET_STATE_DONE };
}

enum status
websocket_connect(struct websocket *websocket, const char *host, const char *target, const char *fields, struct text *out,
    struct error *err)
{
    uint8_t nonce[HANDSHAKE_NONCE_SIZE];

    ASSERT(websocket->options.role == WEBSOCKET_CLIENT);
    websocket->options.random(websocket->options.random_context, nonce, sizeof nonce);
    handshake_key(nonce, websocket->key);
    if (!handshake_write_request(out, host, target, fields, websocket->key))
        return error_set(err, STATUS_CONFIG, "host or path of the WebSocket cannot be sent");
    return OK;
}

int
websocket_accept(struct websocket *websocket, const struct head_request *request, struct text *out)
{
    ASSERT(websocket->state == WEBSOCKET_STATE_REQUESTED);
    int status = handshake_check_request(request, websocket->key);
    if (status != 101)
        return status;
    handshake_write_101(out, websocket->key);
    websocket->state = WEBSOCKET_STATE_OPEN;
    return status;
}

void
websocket_assume_open(struct websocket *websocket)
{
    websocket->state = WEBSOCKET_STATE_OPEN;
}

/* ---- The buffer ---- */

static size_t
buffer_bound(const struct websocket *websocket)
{
    size_t kept = websocket->options.message_max;

    if (kept < HEAD_MAX)
        kept = HEAD_MAX;
    return kept + WEBSOCKET_HEADER_MAX + WEBSOCKET_CONTROL_MAX + WEBSOCKET_FEED_MAX;
}

/* A message that was given out is over. */
static void
release_message(struct websocket *websocket)
{
    if (!websocket->delivered)
        return;
    websocket->delivered = false;
    websocket->message_start = websocket->message_end = websocket->read;
}

/* Close the gaps, so that all free space is at the end. */
static void
compact(struct websocket *websocket)
{
    size_t message = websocket->message_end - websocket->message_start;
    size_t raw = websocket->used - websocket->read;

    if (message > 0 && websocket->message_start > 0)
        memmove(websocket->data, websocket->data + websocket->message_start, message);
    if (raw > 0 && websocket->read > message)
        memmove(websocket->data + message, websocket->data + websocket->read, raw);
    websocket->message_start = 0;
    websocket->message_end = websocket->read = message;
    websocket->used = message + raw;
}

static enum status
make_room(struct websocket *websocket, size_t length, struct error *err)
{
    size_t message = websocket->message_end - websocket->message_start;
    size_t needed = message + (websocket->used - websocket->read) + length;

    if (needed > buffer_bound(websocket))
        return error_set(err, STATUS_LIMIT, "WebSocket: fed faster than read");
    if (needed == length && websocket->size > BUFFER_KEPT && length <= BUFFER_KEPT) {
        free(websocket->data);
        websocket->data = NULL;
        websocket->size = 0;
    }
    if (needed == length || websocket->size - websocket->used < length)
        compact(websocket);
    if (needed <= websocket->size)
        return OK;
    size_t size = websocket->size < BUFFER_FIRST ? BUFFER_FIRST : websocket->size;
    while (size < needed)
        size *= 2;
    if (size > buffer_bound(websocket))
        size = buffer_bound(websocket);
    uint8_t *data = realloc(websocket->data, size);
    if (data == NULL)
        return error_set(err, STATUS_LIMIT, "WebSocket: no memory for a message");
    websocket->data = data;
    websocket->size = size;
    return OK;
}

enum status
websocket_feed(struct websocket *websocket, const void *bytes, size_t length, struct error *err)
{
    if (websocket->state == WEBSOCKET_STATE_DONE || length == 0)
        return OK;
    if (length > WEBSOCKET_FEED_MAX)
        return error_set(err, STATUS_LIMIT, "WebSocket: fed more than %d bytes at once", WEBSOCKET_FEED_MAX);
    release_message(websocket);
    enum status status = make_room(websocket, length, err);
    if (status != OK)
        return status;
    memcpy(websocket->data + websocket->used, bytes, length);
    websocket->used += length;
    return OK;
}

/* ---- Events ---- */

static enum step
fail(struct websocket *websocket, struct websocket_event *event, uint16_t code, const char *why)
{
    websocket->state = WEBSOCKET_STATE_DONE;
    *event = (struct websocket_event){ .kind = WEBSOCKET_ERROR, .code = code, .why = why, .retry_after_s = -1 };
    return STEP_BAD;
}

static void
read_request(struct websocket *websocket, const char *text, size_t length, struct websocket_event *event)
{
    struct head_request request;
    enum status status = head_read_request(text, length, &request, NULL);

    if (status != OK) {
        fail(websocket, event, 0, "malformed HTTP request");
        event->http_status = status == STATUS_LIMIT ? 431 : 400;
        return;
    }
    websocket->state = WEBSOCKET_STATE_REQUESTED;
    event->kind = WEBSOCKET_REQUEST;
    event->request = request;
}

static void
read_answer(struct websocket *websocket, const char *text, size_t length, struct websocket_event *event)
{
    struct head_answer answer;
    char accept[HANDSHAKE_ACCEPT_SIZE];

    if (websocket->key[0] == '\0' || head_read_answer(text, length, &answer, NULL) != OK) {
        fail(websocket, event, 0, "malformed HTTP answer");
        return;
    }
    if (answer.status != 101) {
        websocket->state = WEBSOCKET_STATE_DONE;
        event->kind = WEBSOCKET_REFUSED;
        event->http_status = answer.status;
        event->retry_after_s = answer.retry_after_s;
        return;
    }
    handshake_accept(websocket->key, accept);
    const char *why = handshake_check_answer(&answer, accept);
    if (why != NULL) {
        fail(websocket, event, 0, why);
        return;
    }
    websocket->state = WEBSOCKET_STATE_OPEN;
    event->kind = WEBSOCKET_OPENED;
}

static void
next_handshake(struct websocket *websocket, struct websocket_event *event)
{
    size_t raw = websocket->used - websocket->read;
    if (raw == 0)
        return;
    const char *text = (const char *)websocket->data + websocket->read;
    size_t length = head_length(text, raw < HEAD_MAX ? raw : HEAD_MAX);

    if (length == 0) {
        if (raw < HEAD_MAX)
            return;
        fail(websocket, event, 0, "HTTP head too large");
        event->http_status = 431;
        return;
    }
    websocket->read += length;
    websocket->message_start = websocket->message_end = websocket->read;
    if (websocket->options.role == WEBSOCKET_SERVER)
        read_request(websocket, text, length, event);
    else
        read_answer(websocket, text, length, event);
}

/* ---- Frames ---- */

/* XOR with the mask, whose first byte belongs to payload byte number 0; @offset: payload bytes before @bytes. */
static void
apply_mask(uint8_t *bytes, size_t length, const uint8_t mask[4], uint64_t offset)
{
    uint8_t turned[8];
    uint64_t pattern, word;
    size_t i = 0;

    for (size_t k = 0; k < sizeof turned; k++)
        turned[k] = mask[(offset + k) % 4];
    memcpy(&pattern, turned, sizeof pattern);
    for (; i + sizeof word <= length; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        word ^= pattern;
        memcpy(bytes + i, &word, sizeof word);
    }
    for (; i < length; i++)
        bytes[i] ^= turned[i % 8];
}

static bool
is_control(uint8_t opcode)
{
    return (opcode & 8) != 0;
}

/* 5.2: the first byte tells enough to fail by. */
static const char *
check_first(const struct websocket *websocket, uint8_t first)
{
    uint8_t opcode = first & OPCODE;

    if ((first & RESERVED) != 0)
        return "reserved bit set";
    if ((opcode > WEBSOCKET_OP_BINARY && opcode < WEBSOCKET_OP_CLOSE) || opcode > WEBSOCKET_OP_PONG)
        return "reserved opcode";
    if (is_control(opcode))
        return (first & FINAL) == 0 ? "fragmented control frame" : NULL;
    if (opcode == WEBSOCKET_OP_CONTINUATION && !websocket->fragmented)
        return "continuation of nothing";
    if (opcode != WEBSOCKET_OP_CONTINUATION && websocket->fragmented)
        return "new message inside a fragmented one";
    return NULL;
}

static const char *
check_second(const struct websocket *websocket, uint8_t opcode, uint8_t second)
{
    bool masked = (second & MASKED) != 0;

    if (masked != (websocket->options.role == WEBSOCKET_SERVER)) /* 5.1 */
        return masked ? "masked frame from a server" : "unmasked frame from a client";
    if (is_control(opcode) && (second & ~MASKED) > WEBSOCKET_CONTROL_MAX)
        return "control frame too long";
    return NULL;
}

/* 5.2: network order, the fewest bytes that hold it, top bit clear.  @bytes start after the second byte. */
static enum step
read_length(const uint8_t *bytes, size_t available, uint8_t second, size_t *ret_bytes, uint64_t *ret_length,
    const char **ret_why)
{
    uint8_t small = (uint8_t)(second & ~MASKED);
    size_t count = small == LENGTH_16 ? 2 : small == LENGTH_64 ? 8 : 0;
    uint64_t length = count == 0 ? small : 0;

    if (available < count)
        return STEP_MORE;
    for (size_t i = 0; i < count; i++)
        length = length << 8 | bytes[i];
    if ((small == LENGTH_16 && length < LENGTH_16) || (small == LENGTH_64 && length <= UINT16_MAX)) {
        *ret_why = "length not in its shortest form";
        return STEP_BAD;
    }
    if (length > INT64_MAX) {
        *ret_why = "length beyond 63 bits";
        return STEP_BAD;
    }
    *ret_bytes = count;
    *ret_length = length;
    return STEP_GOOD;
}

static void
begin_frame(struct websocket *websocket, uint8_t first, uint64_t length, size_t header, const uint8_t *mask)
{
    websocket->frame_opcode = first & OPCODE;
    websocket->final = (first & FINAL) != 0;
    websocket->frame_left = length;
    websocket->frame_done = 0;
    websocket->in_frame = true;
    if (websocket->options.role == WEBSOCKET_SERVER)
        memcpy(websocket->mask, mask, sizeof websocket->mask);
    websocket->read += header;
    if (is_control(websocket->frame_opcode) || websocket->fragmented)
        return;
    websocket->opcode = websocket->frame_opcode;
    websocket->message_start = websocket->message_end = websocket->read;
}

static enum step
read_header(struct websocket *websocket, struct websocket_event *event)
{
    const uint8_t *bytes = websocket->data + websocket->read;
    size_t raw = websocket->used - websocket->read;
    size_t mask_size = websocket->options.role == WEBSOCKET_SERVER ? sizeof websocket->mask : 0;
    size_t message = websocket->fragmented ? websocket->message_end - websocket->message_start : 0;
    size_t length_bytes = 0;
    uint64_t length = 0;
    const char *why = NULL;

    if (raw < 1)
        return STEP_MORE;
    why = check_first(websocket, bytes[0]);
    if (why == NULL && raw < 2)
        return STEP_MORE;
    if (why == NULL)
        why = check_second(websocket, bytes[0] & OPCODE, bytes[1]);
    if (why != NULL)
        return fail(websocket, event, WEBSOCKET_PROTOCOL_ERROR, why);
    enum step step = read_length(bytes + 2, raw - 2, bytes[1], &length_bytes, &length, &why);
    if (step == STEP_BAD)
        return fail(websocket, event, WEBSOCKET_PROTOCOL_ERROR, why);
    if (step == STEP_MORE)
        return step;
    if (!is_control(bytes[0] & OPCODE) && length > websocket->options.message_max - message)
        return fail(websocket, event, WEBSOCKET_TOO_BIG, "message too big");
    if (raw < 2 + length_bytes + mask_size)
        return STEP_MORE;
    begin_frame(websocket, bytes[0], length, 2 + length_bytes + mask_size, bytes + 2 + length_bytes);
    return STEP_GOOD;
}

/* Unmask the next @length bytes in place and count them as read. */
static uint8_t *
take_payload(struct websocket *websocket, size_t length)
{
    uint8_t *payload = websocket->data + websocket->read;

    if (websocket->options.role == WEBSOCKET_SERVER)
        apply_mask(payload, length, websocket->mask, websocket->frame_done);
    websocket->read += length;
    websocket->frame_done += length;
    websocket->frame_left -= length;
    return payload;
}

bool
websocket_code_is_valid(uint16_t code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum step
read_close(struct websocket *websocket, const uint8_t *payload, size_t length, struct websocket_event *event)
{
    struct utf8 utf8 = { 0 };

    event->kind = WEBSOCKET_CLOSE;
    event->code = WEBSOCKET_NO_CODE;
    websocket->state = WEBSOCKET_STATE_DONE;
    if (length == 0)
        return STEP_GOOD;
    if (length == 1)
        return fail(websocket, event, WEBSOCKET_PROTOCOL_ERROR, "close frame of one byte");
    event->code = (uint16_t)(payload[0] << 8 | payload[1]);
    if (!websocket_code_is_valid(event->code))
        return fail(websocket, event, WEBSOCKET_PROTOCOL_ERROR, "close code that must not be sent");
    event->data = payload + 2;
    event->length = length - 2;
    if (!utf8_add(&utf8, event->data, event->length) || !utf8_complete(&utf8))
        return fail(websocket, event, WEBSOCKET_BAD_TEXT, "close reason is not UTF-8");
    return STEP_GOOD;
}

static enum step
read_control(struct websocket *websocket, struct websocket_event *event)
{
    size_t length = (size_t)websocket->frame_left;

    if (websocket->used - websocket->read < length)
        return STEP_MORE;
    const uint8_t *payload = take_payload(websocket, length);
    websocket->in_frame = false;
    if (websocket->frame_opcode == WEBSOCKET_OP_CLOSE)
        return read_close(websocket, payload, length, event);
    event->kind = websocket->frame_opcode == WEBSOCKET_OP_PING ? WEBSOCKET_PING : WEBSOCKET_PONG;
    event->data = payload;
    event->length = length;
    return STEP_GOOD;
}

/* Take what there is of a data frame; GOOD with a kind when it ended the message, GOOD with NONE when only the frame. */
static enum step
read_data(struct websocket *websocket, struct websocket_event *event)
{
    size_t raw = websocket->used - websocket->read;
    size_t length = websocket->frame_left < raw ? (size_t)websocket->frame_left : raw;
    const uint8_t *payload = take_payload(websocket, length);
    uint8_t *end = websocket->data + websocket->message_end;

    if (websocket->opcode == WEBSOCKET_OP_TEXT && !utf8_add(&websocket->utf8, payload, length))
        return fail(websocket, event, WEBSOCKET_BAD_TEXT, "text is not UTF-8");
    if (end != payload && length > 0)
        memmove(end, payload, length);
    websocket->message_end += length;
    if (websocket->frame_left > 0)
        return STEP_MORE;
    websocket->in_frame = false;
    websocket->fragmented = !websocket->final;
    if (websocket->fragmented)
        return STEP_GOOD;
    if (websocket->opcode == WEBSOCKET_OP_TEXT && !utf8_complete(&websocket->utf8))
        return fail(websocket, event, WEBSOCKET_BAD_TEXT, "text ends inside a character");
    event->kind = websocket->opcode == WEBSOCKET_OP_TEXT ? WEBSOCKET_TEXT : WEBSOCKET_BINARY;
    event->data = websocket->data + websocket->message_start;
    event->length = websocket->message_end - websocket->message_start;
    websocket->delivered = true;
    return STEP_GOOD;
}

static void
next_frame(struct websocket *websocket, struct websocket_event *event)
{
    enum step step = STEP_GOOD;

    while (step == STEP_GOOD && event->kind == WEBSOCKET_NONE) {
        if (!websocket->in_frame)
            step = read_header(websocket, event);
        else if (is_control(websocket->frame_opcode))
            step = read_control(websocket, event);
        else
            step = read_data(websocket, event);
    }
}

enum websocket_event_kind
websocket_next(struct websocket *websocket, struct websocket_event *event)
{
    *event = (struct websocket_event){ .kind = WEBSOCKET_NONE, .retry_after_s = -1 };
    release_message(websocket);
    if (websocket->data == NULL)
        return event->kind;
    if (websocket->state == WEBSOCKET_STATE_HANDSHAKE)
        next_handshake(websocket, event);
    else if (websocket->state == WEBSOCKET_STATE_OPEN)
        next_frame(websocket, event);
    return event->kind;
}

/* ---- Writing ---- */

size_t
websocket_frame_size(size_t length)
{
    return length + WEBSOCKET_HEADER_MAX;
}

static size_t
encode_header(const struct websocket_frame *frame, bool masked, uint8_t out[WEBSOCKET_HEADER_MAX])
{
    uint8_t flag = masked ? MASKED : 0;
    size_t count = frame->length < LENGTH_16 ? 0 : frame->length <= UINT16_MAX ? 2 : 8;

    out[0] = (uint8_t)((frame->more ? 0 : FINAL) | (int)frame->opcode);
    out[1] = (uint8_t)(flag | (count == 0 ? frame->length : count == 2 ? LENGTH_16 : LENGTH_64));
    for (size_t i = 0; i < count; i++)
        out[2 + i] = (uint8_t)((uint64_t)frame->length >> (8 * (count - 1 - i)));
    return 2 + count;
}

size_t
websocket_encode(const struct websocket_frame *frame, const uint8_t *mask, uint8_t *out, size_t out_size)
{
    uint8_t header[WEBSOCKET_HEADER_MAX];
    size_t size = encode_header(frame, mask != NULL, header);

    ASSERT(!is_control((uint8_t)frame->opcode) || (frame->length <= WEBSOCKET_CONTROL_MAX && !frame->more));
    if (mask != NULL) {
        memcpy(header + size, mask, 4);
        size += 4;
    }
    if (out_size < size || out_size - size < frame->length)
        return 0;
    memcpy(out, header, size);
    if (frame->length > 0)
        memcpy(out + size, frame->data, frame->length);
    if (mask != NULL)
        apply_mask(out + size, frame->length, mask, 0);
    return size + frame->length;
}

size_t
websocket_write(struct websocket *websocket, const struct websocket_frame *frame, uint8_t *out, size_t out_size)
{
    uint8_t mask[4];
    const uint8_t *used_mask = NULL;

    if (websocket->close_sent)
        return 0;
    if (websocket->options.role == WEBSOCKET_CLIENT) {
        websocket->options.random(websocket->options.random_context, mask, sizeof mask);
        used_mask = mask;
    }
    size_t size = websocket_encode(frame, used_mask, out, out_size);
    if (size > 0 && frame->opcode == WEBSOCKET_OP_CLOSE)
        websocket->close_sent = true;
    return size;
}

/* Length of @reason, at most WEBSOCKET_REASON_MAX and not inside a character. */
static size_t
reason_length(const char *reason)
{
    size_t length = strlen(reason);

    if (length <= WEBSOCKET_REASON_MAX)
        return length;
    length = WEBSOCKET_REASON_MAX;
    while (length > 0 && ((uint8_t)reason[length] & 0xC0) == 0x80)
        length--;
    return length;
}

size_t
websocket_write_close(struct websocket *websocket, uint16_t code, const char *reason, uint8_t *out, size_t out_size)
{
    uint8_t payload[WEBSOCKET_CONTROL_MAX];
    size_t length = 0;

    if (code != WEBSOCKET_NO_CODE) {
        ASSERT(websocket_code_is_valid(code));
        payload[length++] = (uint8_t)(code >> 8);
        payload[length++] = (uint8_t)code;
        if (reason != NULL) {
            size_t size = reason_length(reason);
            memcpy(payload + length, reason, size);
            length += size;
        }
    }
    struct websocket_frame frame = { .opcode = WEBSOCKET_OP_CLOSE, .data = payload, .length = length };
    return websocket_write(websocket, &frame, out, out_size);
}
