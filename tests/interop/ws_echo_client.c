/*
 * ws_echo_client.c PORT - the codec as client over plain TCP, against a foreign echo server: exit 0 when everything came back right.
 *
 * One message at a time; each is answered by itself, each ping by a pong; then a close with code and reason, which must come back.
 */
#include "net/websocket.h"

#include "websocket/echo_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define PING "how are you"
#define MESSAGE_MAX (4 << 20)
#define TIMEOUT_MS 120000

struct client {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct websocket websocket;
    int number;       /* Of the message under way. */
    bool pong, closed;
    char message[1 << 20];
    size_t length;
};

struct sending {
    uv_write_t request;
    uint8_t bytes[];
};

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "client: %s\n", what);
    exit(1);
}

static void
on_sent(uv_write_t *request, int status)
{
    if (status != 0)
        die("cannot send");
    free(request);
}

static void
send_bytes(struct client *client, const void *bytes, size_t length)
{
    struct sending *sending = malloc(sizeof *sending + length);

    if (sending == NULL || length == 0)
        die("nothing to send");
    memcpy(sending->bytes, bytes, length);
    uv_buf_t buffer = uv_buf_init((char *)sending->bytes, (unsigned)length);
    if (uv_write(&sending->request, (uv_stream_t *)&client->tcp, &buffer, 1, on_sent) != 0)
        die("cannot send");
}

static void
send_frame(struct client *client, enum websocket_opcode opcode, bool more, const char *data, size_t length)
{
    const struct websocket_frame frame = { .opcode = opcode, .more = more, .data = data, .length = length };
    uint8_t *out = malloc(websocket_frame_size(length));

    send_bytes(client, out, websocket_write(&client->websocket, &frame, out, websocket_frame_size(length)));
    free(out);
}

static void
send_close(struct client *client)
{
    uint8_t out[WEBSOCKET_CONTROL_MAX + WEBSOCKET_HEADER_MAX];

    send_bytes(client, out, websocket_write_close(&client->websocket, 4321, "enough", out, sizeof out));
}

static void
send_message(struct client *client)
{
    enum websocket_opcode opcode = echo_is_text(client->number) ? WEBSOCKET_OP_TEXT : WEBSOCKET_OP_BINARY;

    if (client->number == ECHO_CASES) {
        send_close(client);
        return;
    }
    client->length = echo_message(client->number, client->message);
    client->pong = false;
    if (client->number % 3 == 2) {
        size_t third = client->length / 3; /* Also inside a character. */
        send_frame(client, opcode, true, client->message, third);
        send_frame(client, WEBSOCKET_OP_PING, false, PING, strlen(PING));
        send_frame(client, WEBSOCKET_OP_CONTINUATION, true, client->message + third, third);
        send_frame(client, WEBSOCKET_OP_CONTINUATION, false, client->message + 2 * third, client->length - 2 * third);
    } else {
        send_frame(client, WEBSOCKET_OP_PING, false, PING, strlen(PING));
        send_frame(client, opcode, false, client->message, client->length);
    }
}

/* Which message went wrong helps more than that one did. */
static _Noreturn void
die_of_echo(const struct client *client, size_t length)
{
    fprintf(stderr, "client: message %d of %zu bytes came back as %zu others\n", client->number, client->length, length);
    exit(1);
}

static void
check_echo(struct client *client, const struct websocket_event *event)
{
    if ((event->kind == WEBSOCKET_TEXT) != echo_is_text(client->number))
        die("a text came back as binary, or the other way round");
    if (event->length != client->length || (event->length > 0 && memcmp(event->data, client->message, event->length) != 0))
        die_of_echo(client, event->length);
    if (!client->pong)
        die("no pong came back");
    client->number++;
    send_message(client);
}

static void
on_event(struct client *client, const struct websocket_event *event)
{
    switch (event->kind) {
    case WEBSOCKET_OPENED:
        send_message(client);
        break;
    case WEBSOCKET_TEXT:
    case WEBSOCKET_BINARY:
        check_echo(client, event);
        break;
    case WEBSOCKET_PING:
        send_frame(client, WEBSOCKET_OP_PONG, false, (const char *)event->data, event->length);
        break;
    case WEBSOCKET_PONG:
        client->pong = event->length == strlen(PING) && memcmp(event->data, PING, event->length) == 0;
        break;
    case WEBSOCKET_CLOSE:
        if (client->number != ECHO_CASES || event->code != 4321)
            die("closed early or with another code");
        client->closed = true;
        break;
    default:
        die(event->why != NULL ? event->why : "refused");
    }
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct client *client = stream->data;
    struct websocket_event event;

    if (count < 0) {
        if (!client->closed)
            die("connection lost");
        uv_close((uv_handle_t *)stream, NULL);
        uv_close((uv_handle_t *)&client->timer, NULL);
        return;
    }
    if (websocket_feed(&client->websocket, buffer->base, (size_t)count, NULL) != OK)
        die("cannot feed");
    while (websocket_next(&client->websocket, &event) != WEBSOCKET_NONE)
        on_event(client, &event);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    static char bytes[WEBSOCKET_FEED_MAX];

    (void)handle;
    (void)suggested;
    *ret_buffer = uv_buf_init(bytes, sizeof bytes);
}

static void
on_connected(uv_connect_t *request, int status)
{
    struct client *client = request->data;
    char host[32], bytes[1024];
    struct text out = text_on(bytes, sizeof bytes);
    struct sockaddr_in peer;
    int length = sizeof peer;

    if (status != 0 || uv_tcp_getpeername(&client->tcp, (struct sockaddr *)&peer, &length) != 0)
        die("cannot connect");
    snprintf(host, sizeof host, "127.0.0.1:%u", ntohs(peer.sin_port));
    if (websocket_connect(&client->websocket, host, "/", NULL, &out, NULL) != OK)
        die("cannot ask");
    send_bytes(client, bytes, out.length);
    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
}

static void
on_timeout(uv_timer_t *timer)
{
    (void)timer;
    die("timed out");
}

static void
random_bytes(void *context, void *out, size_t size)
{
    (void)context;
    if (uv_random(NULL, NULL, out, size, 0, NULL) != 0)
        die("no random numbers");
}

int
main(int argc, char **argv)
{
    static struct client client;
    uv_connect_t connect = { .data = &client };
    struct sockaddr_in address;
    uv_loop_t *loop = uv_default_loop();

    if (argc != 2 || uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address) != 0)
        die("usage: ws_echo_client PORT");
    websocket_init(&client.websocket, &(struct websocket_options){ .role = WEBSOCKET_CLIENT, .message_max = MESSAGE_MAX,
                                          .random = random_bytes });
    uv_tcp_init(loop, &client.tcp);
    uv_timer_init(loop, &client.timer);
    client.tcp.data = &client;
    uv_timer_start(&client.timer, on_timeout, TIMEOUT_MS, 0);
    uv_tcp_connect(&connect, &client.tcp, (const struct sockaddr *)&address, on_connected);
    uv_run(loop, UV_RUN_DEFAULT);
    websocket_fini(&client.websocket);
    printf("%d messages came back\n", client.number);
    return uv_loop_close(loop) == 0 ? 0 : 1;
}
