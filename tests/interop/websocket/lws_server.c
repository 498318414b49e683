/*
 * lws_server.c - libwebsockets as echo server for our client: prints its port, ends with its first client.
 */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX (2 << 20)

static unsigned char *message; /* LWS_PRE bytes of room, then the message so far. */
static size_t length;
static int is_binary, is_whole, is_done, closed_well;

static int
on_receive(struct lws *wsi, const void *in, size_t size)
{
    if (lws_is_first_fragment(wsi)) {
        length = 0;
        is_binary = lws_frame_is_binary(wsi);
    }
    if (length + size > MESSAGE_MAX)
        return -1;
    memcpy(message + LWS_PRE + length, in, size);
    length += size;
    is_whole = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    if (is_whole)
        lws_callback_on_writable(wsi);
    return 0;
}

/* Also called after a pong of the library's own. */
static int
on_writable(struct lws *wsi)
{
    if (!is_whole)
        return 0;
    is_whole = 0;
    return lws_write(wsi, message + LWS_PRE, length, is_binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT) < (int)length ? -1 : 0;
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    const unsigned char *bytes = in;

    (void)user;
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        return on_receive(wsi, in, size);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writable(wsi);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        closed_well = size == 8 && (bytes[0] << 8 | bytes[1]) == 4321 && memcmp(bytes + 2, "enough", 6) == 0;
        return 0;
    case LWS_CALLBACK_CLOSED:
        is_done = 1;
        return 0;
    default:
        return 0;
    }
}

int
main(void)
{
    static const struct lws_protocols protocols[] = { { "echo", callback, 0, 65536, 0, NULL, 0 }, { NULL, NULL, 0, 0, 0, NULL, 0 } };
    struct lws_context_creation_info info;

    lws_set_log_level(LLL_ERR, NULL);
    message = malloc(LWS_PRE + MESSAGE_MAX);
    memset(&info, 0, sizeof info);
    info.port = 0;
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.options = LWS_SERVER_OPTION_DISABLE_IPV6;
    struct lws_context *context = lws_create_context(&info);
    if (context == NULL || message == NULL)
        return 1;
    printf("%d\n", lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
    fflush(stdout);
    while (!is_done)
        lws_service(context, 0);
    lws_context_destroy(context);
    free(message);
    return closed_well ? 0 : 1;
}
