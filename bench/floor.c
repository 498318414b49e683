/*
 * floor.c - the least a client has to do: one OpenSSL connection to the user hub, one to REST, no JSON, no state, no rules.
 *
 * A frame that holds the text of a breach is answered by a request that was written beforehand.  What riskd takes is compared with this
 * (bench/run).  Arguments: PORT CA-FILE USER KEY-FILE ACCOUNT CONTRACT TEXT; "ready" is printed when the hub has answered.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BYTES_MAX 65536

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
    (void)snprintf(out, size, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
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

static void
listen_to(SSL *hub, const char *token, const char *account)
{
    static char bytes[BYTES_MAX], request[4096];

    (void)snprintf(request, sizeof request, "GET /hubs/user?access_token=%s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", token);
    send_text(hub, request);
    if (strstr(receive(hub, bytes), " 101 ") == NULL)
        fail("no WebSocket");
    send_frame(hub, "{\"protocol\":\"json\",\"version\":1}");
    (void)receive(hub, bytes);
    subscribe(hub, "SubscribeAccounts", "");
    subscribe(hub, "SubscribeOrders", account);
    subscribe(hub, "SubscribePositions", account);
    subscribe(hub, "SubscribeTrades", account);
}

/* All that is there, as riskd reads it: until the socket has no more. */
static void
take_frames(SSL *hub, SSL *rest, const char *text, const char *request)
{
    static char bytes[BYTES_MAX];
    int n;

    while ((n = SSL_read(hub, bytes, BYTES_MAX - 1)) > 0) {
        for (int i = 0; i < n; i++)
            bytes[i] = bytes[i] == '\0' ? ' ' : bytes[i];
        bytes[n] = '\0';
        if (strstr(bytes, text) != NULL)
            send_text(rest, request);
    }
    if (SSL_get_error(hub, n) != SSL_ERROR_WANT_READ)
        fail("the hub ended");
}

static void
serve(SSL *hub, SSL *rest, const char *text, const char *request)
{
    static char bytes[BYTES_MAX];
    struct pollfd fds[] = { { .fd = SSL_get_fd(hub), .events = POLLIN }, { .fd = SSL_get_fd(rest), .events = POLLIN } };

    (void)fcntl(SSL_get_fd(hub), F_SETFL, O_NONBLOCK);
    while (!stopping) {
        int n = poll(fds, 2, 10000);
        if (n == 0)
            send_frame(hub, "{\"type\":6}");
        if (n > 0 && fds[0].revents != 0)
            take_frames(hub, rest, text, request);
        if (n > 0 && fds[1].revents != 0)
            (void)receive(rest, bytes);
    }
}

int
main(int argc, char **argv)
{
    static char request[4096];
    char token[2048], body[256];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct sigaction action = { .sa_handler = on_signal };

    if (argc != 8)
        fail("usage: bench_floor PORT CA-FILE USER KEY-FILE ACCOUNT CONTRACT TEXT");
    (void)sigaction(SIGTERM, &action, NULL);
    if (context == NULL || SSL_CTX_load_verify_locations(context, argv[2], NULL) != 1)
        fail("no CA");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    SSL *rest = connect_tls(context, port), *hub = connect_tls(context, port);
    log_in(rest, argv[3], argv[4], token, sizeof token);
    listen_to(hub, token, argv[5]);
    (void)snprintf(body, sizeof body, "{\"accountId\":%s,\"contractId\":\"%s\"}", argv[5], argv[6]);
    post(request, sizeof request, "/api/Position/closeContract", token, body);
    (void)printf("ready\n");
    (void)fflush(stdout);
    serve(hub, rest, argv[7], request);
    return EXIT_SUCCESS;
}
