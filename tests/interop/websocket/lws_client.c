/*
 * lws_client.c PORT - libwebsockets as client of our echo server; the list of echo_cases.h.
 */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "websocket/echo_cases.h"

#define MESSAGE_MAX (1 << 20)

static unsigned char out[LWS_PRE + MESSAGE_MAX];
static char *const message = (char *)out + LWS_PRE;
static char expected[MESSAGE_MAX], received[MESSAGE_MAX + 1];
static size_t length, got, sent;
static int number, part, pongs, failed, done;

static void
begin(struct lws *wsi)
{
    length = number < ECHO_CASES ? echo_message(number, expected) : 0;
    got = sent = 0;
    part = 0;
    lws_callback_on_writable(wsi);
}

static int
write_part(struct lws *wsi, size_t size, int flags)
{
    memcpy(message, expected + sent, size);
    if (lws_write(wsi, (unsigned char *)message, size, (enum lws_write_protocol)flags) < (int)size)
        return -1;
    sent += size;
    return 0;
}

/* First a ping, then the message, every third in two fragments; one write a call, as libwebsockets wants it. */
static int
on_writable(struct lws *wsi)
{
    int kind = echo_is_text(number) ? LWS_WRITE_TEXT : LWS_WRITE_BINARY;
    int step = part++;

    if (number == ECHO_CASES) {
        lws_close_reason(wsi, (enum lws_close_status)4321, (unsigned char *)"enough", 6);
        done = 1;
        return -1;
    }
    if (step == 0) {
        memcpy(message, "how are you", 11);
        lws_callback_on_writable(wsi);
        return lws_write(wsi, (unsigned char *)message, 11, LWS_WRITE_PING) < 11 ? -1 : 0;
    }
    if (number % 3 != 2)
        return step == 1 ? write_part(wsi, length, kind) : 0;
    if (step == 1) {
        lws_callback_on_writable(wsi);
        return write_part(wsi, length / 3, kind | LWS_WRITE_NO_FIN);
    }
    return step == 2 ? write_part(wsi, length - sent, LWS_WRITE_CONTINUATION) : 0;
}

static int
on_receive(struct lws *wsi, const void *in, size_t size)
{
    if (got + size > length || lws_frame_is_binary(wsi) == echo_is_text(number)) {
        failed = 1;
        return -1;
    }
    memcpy(received + got, in, size);
    got += size;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0)
        return 0;
    failed = failed || got != length || memcmp(received, expected, length) != 0;
    number++;
    begin(wsi);
    return failed ? -1 : 0;
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        begin(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writable(wsi);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(wsi, in, size);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        pongs += size == 11 && memcmp(in, "how are you", 11) == 0;
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "lws: %s\n", in == NULL ? "?" : (const char *)in);
        failed = 1;
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        failed = failed || !done;
        done = 2;
        return 0;
    default:
        return 0;
    }
}

int
main(int argc, char **argv)
{
    static const struct lws_protocols protocols[] = { { "echo", callback, 0, 65536, 0, NULL, 0 }, { NULL, NULL, 0, 0, 0, NULL, 0 } };
    struct lws_context_creation_info info;
    struct lws_client_connect_info connect;
    char host[32];

    if (argc != 2)
        return 1;
    lws_set_log_level(LLL_ERR, NULL);
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    struct lws_context *context = lws_create_context(&info);
    if (context == NULL)
        return 1;
    snprintf(host, sizeof host, "127.0.0.1:%s", argv[1]);
    memset(&connect, 0, sizeof connect);
    connect.context = context;
    connect.address = "127.0.0.1";
    connect.port = atoi(argv[1]);
    connect.path = "/";
    connect.host = host;
    connect.local_protocol_name = "echo";
    if (lws_client_connect_via_info(&connect) == NULL)
        return 1;
    while (done < 2 && !failed)
        lws_service(context, 0);
    lws_context_destroy(context);
    printf("%d messages came back, %d pongs\n", number, pongs);
    return failed || number != ECHO_CASES || pongs != ECHO_CASES ? 1 : 0;
}
