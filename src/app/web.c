/*
 * web.c - the daemon's read-only HTTP page for programs.
 */
#include "app/web.h"

#include "net/server.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX ((size_t)1 << 20) /* 100 accounts with their positions, 128 enforcements. */

struct web {
    struct web_options options;
    struct server *server;
    char *body;
};

static void
answer_text(struct server_client *client, int status, const char *body)
{
    server_answer(client, status, "text/plain; charset=utf-8", body, strlen(body));
}

static void
on_get(void *context, struct server_client *client, const char *path)
{
    struct web *web = context;

    if (strcmp(path, "/status") == 0) {
        struct text text = text_on(web->body, BODY_MAX);
        web->options.status(web->options.context, &text);
        if (text.truncated)
            answer_text(client, 500, "too many accounts for one page\n");
        else
            server_answer(client, 200, "application/json", web->body, text.length);
    } else if (strcmp(path, "/metrics") == 0) {
        struct text text = text_on(web->body, BODY_MAX);
        web->options.metrics(web->options.context, &text);
        server_answer(client, text.truncated ? 500 : 200, "text/plain; version=0.0.4; charset=utf-8", web->body, text.length);
    } else if (strcmp(path, "/healthz") == 0) {
        answer_text(client, 200, "alive\n");
    } else if (strcmp(path, "/readyz") == 0) {
        bool ready = web->options.ready(web->options.context);
        answer_text(client, ready ? 200 : 503, ready ? "protecting\n" : "not protecting\n");
    }
}

enum status
web_new(const struct web_options *options, struct web **ret_web, struct error *err)
{
    struct web *web = calloc(1, sizeof *web);

    if (web == NULL || (web->body = malloc(BODY_MAX)) == NULL) {
        free(web);
        return error_set(err, STATUS_LIMIT, "web: no memory");
    }
    web->options = *options;
    const struct server_options server = { .loop = options->loop, .port = options->port,
        .handlers = { .context = web, .on_get = on_get } };
    enum status status = server_new(&server, &web->server, err);
    if (status != OK) {
        free(web->body);
        free(web);
        return status;
    }
    *ret_web = web;
    return OK;
}

void
web_free(struct web *web)
{
    if (web == NULL)
        return;
    server_free(web->server);
    free(web->body);
    free(web);
}

uint16_t
web_port(const struct web *web)
{
    return server_port(web->server);
}
