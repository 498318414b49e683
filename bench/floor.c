/*
 * floor.c - the least a client has to do: an OpenSSL connection to each hub and one to REST, no JSON, no state, no rules.
 *
 * A frame of the user hub that holds the text of a breach is answered by a request that was written beforehand, of the same bytes as riskd's;
 * quotes are read and forgotten.  It waits, reads and writes as riskd does (epoll, until the socket has no more), and runs beside it: what
 * riskd takes is compared with this (bench/run).
 * Arguments: PORT CA-FILE USER KEY-FILE ACCOUNT CONTRACT TEXT QUOTED...; "ready" is printed when the hubs have answered.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BYTES_MAX 65536
#define PING_S 10

static volatile sig_atomic_t stopping;

static void
on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static void
fail(const char *what)
{
    (void)fprintf(stderr, "floor: %s\n", what);
    exit(EXIT_FAILURE);
}

static SSL *
connect_tls(SSL_CTX *context, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    SSL *tls = SSL_new(context);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("cannot connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (tls == NULL || SSL_set_fd(tls, fd) != 1 || SSL_set1_host(tls, "localhost") != 1 || SSL_connect(tls) != 1)
        fail("no TLS");
    return tls;
}

static void
send_text(SSL *tls, const char *text)
{
    int length = (int)strlen(text);

    if (SSL_write(tls, text, length) != length)
        fail("cannot send");
}

/* What has come so far, as a string. */
static const char *
receive(SSL *tls, char *bytes)
{
    int n = SSL_read(tls, bytes, BYTES_MAX - 1);

    if (n <= 0)
        fail("the connection ended");
    bytes[n] = '\0';
    for (int i = 0; i < n; i++)
        bytes[i] = bytes[i] == '\0' ? ' ' : bytes[i];
    return bytes;
}

/* A masked text frame with a mask of zeros. */
static void
send_frame(SSL *tls, const char *text)
{
    unsigned char frame[1024];
    size_t length = strlen(text) + 1, at = 2;

    frame[0] = 0x81;
    if (length < 126) {
        frame[1] = (unsigned char)(0x80U | length);
    } else {
        frame[1] = 0x80U | 126U;
        frame[at++] = (unsigned char)(length >> 8);
        frame[at++] = (unsigned char)length;
    }
    memset(frame + at, 0, 4);
    memcpy(frame + at + 4, text, length - 1);
    frame[at + 4 + length - 1] = 0x1e;
    if (SSL_write(tls, frame, (int)(at + 4 + length)) <= 0)
        fail("cannot send a frame");
}

static void
post(char *out, size_t size, const char *path, const char *token, const char *body)
{
    (void)snprintf(out, size, "POST %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain, application/json\r\n%s%s%s"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        path, token[0] != '\0' ? "Authorization: Bearer " : "", token, token[0] != '\0' ? "\r\n" : "", strlen(body), body);
}

static void
log_in(SSL *rest, const char *user, const char *key_file, char *token, size_t size)
{
    static char bytes[BYTES_MAX], request[2048];
    char body[512], key[256] = "";
    FILE *file = fopen(key_file, "r");

    if (file == NULL || fgets(key, sizeof key, file) == NULL)
        fail("no key");
    (void)fclose(file);
    key[strcspn(key, "\r\n")] = '\0';
    (void)snprintf(body, sizeof body, "{\"userName\":\"%s\",\"apiKey\":\"%s\"}", user, key);
    post(request, sizeof request, "/api/Auth/loginKey", "", body);
    send_text(rest, request);
    const char *found = NULL;
    for (int i = 0; found == NULL && i < 4; i++)
        found = strstr(receive(rest, bytes), "\"token\":\"");
    if (found == NULL)
        fail("no token");
    found += strlen("\"token\":\"");
    (void)snprintf(token, size, "%.*s", (int)strcspn(found, "\""), found);
}

/* The same frames riskd gets: orders, positions, trades and the account come in one wake-up. */
static void
subscribe(SSL *hub, const char *target, const char *arguments)
{
    static char bytes[BYTES_MAX];
    char invocation[256];

    (void)snprintf(invocation, sizeof invocation, "{\"type\":1,\"invocationId\":\"%s\",\"target\":\"%s\",\"arguments\":[%s]}",
        target, target, arguments);
    send_frame(hub, invocation);
    while (strstr(receive(hub, bytes), target) == NULL)
        continue;
}

static SSL *
open_hub(SSL_CTX *context, uint16_t port, const char *name, const char *token)
{
    static char bytes[BYTES_MAX], request[4096];
    SSL *hub = connect_tls(context, port);

    (void)snprintf(request, sizeof request, "GET /hubs/%s?access_token=%s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", name, token);
    send_text(hub, request);
    if (strstr(receive(hub, bytes), " 101 ") == NULL)
        fail("no WebSocket");
    send_frame(hub, "{\"protocol\":\"json\",\"version\":1}");
    (void)receive(hub, bytes);
    return hub;
}

static void
listen_to_market(SSL *hub, char **contracts)
{
    char argument[80];

    for (; *contracts != NULL; contracts++) {
        (void)snprintf(argument, sizeof argument, "\"%s\"", *contracts);
        subscribe(hub, "SubscribeContractQuotes", argument);
    }
}

static void
listen_to_user(SSL *hub, const char *account)
{
    subscribe(hub, "SubscribeAccounts", "");
    subscribe(hub, "SubscribeOrders", account);
    subscribe(hub, "SubscribePositions", account);
    subscribe(hub, "SubscribeTrades", account);
}

enum { USER, MARKET, REST, CONNECTIONS };

struct floor {
    SSL *connections[CONNECTIONS];
    const char *text, *request;
};

/* All that is there, as riskd reads it: until the socket has no more. */
static void
take(const struct floor *floor, unsigned which)
{
    static char bytes[BYTES_MAX];
    SSL *tls = floor->connections[which];
    int n;

    while ((n = SSL_read(tls, bytes, BYTES_MAX - 1)) > 0) {
        if (which != USER)
            continue;
        for (int i = 0; i < n; i++)
            bytes[i] = bytes[i] == '\0' ? ' ' : bytes[i];
        bytes[n] = '\0';
        if (strstr(bytes, floor->text) != NULL)
            send_text(floor->connections[REST], floor->request);
    }
    if (SSL_get_error(tls, n) != SSL_ERROR_WANT_READ)
        fail("a connection ended");
}

/* The hubs end who says nothing for 30 s. */
static void
speak(const struct floor *floor)
{
    static time_t spoke;
    time_t now = time(NULL);

    if (now - spoke < PING_S)
        return;
    spoke = now;
    for (unsigned i = USER; i <= MARKET; i++)
        send_frame(floor->connections[i], "{\"type\":6}");
}

static void
serve(const struct floor *floor)
{
    struct epoll_event events[CONNECTIONS];
    int epoll = epoll_create1(0);

    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
        int fd = SSL_get_fd(floor->connections[i]);

        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            fail("no epoll");
    }
    while (!stopping) {
        int n = epoll_wait(epoll, events, CONNECTIONS, PING_S * 1000);

        for (int i = 0; i < n; i++)
            take(floor, events[i].data.u32);
        speak(floor);
    }
}

int
main(int argc, char **argv)
{
    static char request[4096];
    char token[2048], body[256];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct sigaction action = { .sa_handler = on_signal };

    if (argc < 8)
        fail("usage: bench_floor PORT CA-FILE USER KEY-FILE ACCOUNT CONTRACT TEXT [QUOTED...]");
    (void)sigaction(SIGTERM, &action, NULL);
    if (context == NULL || SSL_CTX_load_verify_locations(context, argv[2], NULL) != 1)
        fail("no CA");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    struct floor floor = { .connections[REST] = connect_tls(context, port), .text = argv[7], .request = request };
    log_in(floor.connections[REST], argv[3], argv[4], token, sizeof token);
    floor.connections[MARKET] = open_hub(context, port, "market", token);
    listen_to_market(floor.connections[MARKET], argv + 8);
    floor.connections[USER] = open_hub(context, port, "user", token);
    listen_to_user(floor.connections[USER], argv[5]);
    (void)snprintf(body, sizeof body, "{\"accountId\":%s,\"contractId\":\"%s\"}", argv[5], argv[6]);
    post(request, sizeof request, "/api/Position/closeContract", token, body);
    (void)printf("ready\n");
    (void)fflush(stdout);
    serve(&floor);
    return EXIT_SUCCESS;
}
