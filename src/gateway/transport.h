/*
 * transport.h - the seam under the gateway: requests, tunnels, clocks, chance.
 *
 * Production: transport_uv (libcurl on libuv).  Tests and the simulation bring their own with virtual time.  No function may call back into the
 * gateway before it has returned.
 */
#ifndef GATEWAY_TRANSPORT_H
#define GATEWAY_TRANSPORT_H

#include "net/http.h"
#include "net/tunnel.h"

struct transport {
    struct instant (*utc)(void *context);
    int64_t (*monotonic)(void *context); /* Nanoseconds, never back (RT-09). */
    /* Unpredictable bytes: WebSocket keys and masks. */
    void (*random)(void *context, void *out, size_t size);
    /* As http_send(). */
    enum status (*request)(void *context, const struct http_request *request, http_done *done, void *user, struct error *err);
    /* As http_drop(). */
    void (*drop)(void *context);
    /* As tunnel_open(), tunnel_send(), tunnel_close(); the tunnel is the transport's own type. */
    enum status (*open)(void *context, const char *origin, int connect_timeout_ms, const struct tunnel_handlers *handlers,
        void *user, void **ret_tunnel, struct error *err);
    enum status (*send)(void *context, void *tunnel, const void *bytes, size_t length, struct error *err);
    void (*close)(void *context, void *tunnel);
    /* Whom to wake, said once. */
    void (*on_wake)(void *context, void (*woken)(void *user), void *user);
    /* Wake at this monotonic time, INT64_MAX: not at all.  Replaces what was set before. */
    void (*wake)(void *context, int64_t at_ns);
    /* Drop everything; no callback comes any more. */
    void (*free)(void *context);
};

extern const struct transport transport_uv;

struct transport_uv_settings {
    const char *ca_file;
    int connect_timeout_ms;
};

/** A context for transport_uv on @uv; free it by transport_uv.free and run the loop once more. */
MUST_USE enum status transport_uv_new(struct uv_loop_s *uv, const struct transport_uv_settings *settings, void **ret_context,
    struct error *err);

#endif /* GATEWAY_TRANSPORT_H */
