/*
 * ws_echo_server.c - our server, echoing, for foreign clients: prints its port, ends when its first client has gone.
 */
#include "net/server.h"
#include "net/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static void
on_message(void *context, struct server_client *client, const uint8_t *data, size_t length, bool text)
{
    struct websocket_frame frame = { .opcode = text ? WEBSOCKET_OP_TEXT : WEBSOCKET_OP_BINARY, .data = data, .length = length };
    struct packet *packet = packet_new(websocket_frame_size(length));

    (void)context;
    if (packet == NULL)
        abort();
    packet->length = websocket_encode(&frame, NULL, packet->bytes, packet->length);
    server_send(client, packet);
    packet_unref(packet);
}

static void
on_close(void *context, struct server_client *client, const char *why)
{
    (void)client;
    fprintf(stderr, "server: %s\n", why);
    server_free(*(struct server **)context);
}

int
main(void)
{
    struct server *server = NULL;
    struct error err = { 0 };
    struct server_options options = { .loop = uv_default_loop(), .socket_path = "/", .message_max = 4 << 20,
        .heard_max = SIZE_MAX, .queue_max = 32 << 20, .handlers = { .context = &server, .on_message = on_message, .on_close = on_close } };

    if (server_new(&options, &server, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("%u\n", server_port(server));
    fflush(stdout);
    uv_run(options.loop, UV_RUN_DEFAULT);
    return uv_loop_close(options.loop) == 0 ? 0 : 1;
}
