/*
 * fanout.c - many listeners of the feed in one process: how old is each message when it arrives?
 *
 * usage: bench_fanout PORT LISTENERS SECONDS.  Prints one JSON line; ages are from the envelope's `ts` to the handling of the message here, both
 * by this machine's wall clock, snapshots left out.
 */
#include "base/text.h"
#include "feed/listener.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define LISTENERS_MAX 100
#define AGES_MAX ((size_t)8 << 20)

struct bench {
    uint32_t *ages_us;
    size_t count;
    int open, lost;
};

static void
on_opened(void *context)
{
    ((struct bench *)context)->open++;
}

static void
on_lost(void *context, const char *why, int64_t retry_ms)
{
    (void)why;
    (void)retry_ms;
    ((struct bench *)context)->lost++;
}

/* The envelope ends in "ts":"..."}. */
static void
on_message(void *context, const char *text, size_t length)
{
    struct bench *bench = context;
    struct instant at;
    size_t start = length;

    if (text_starts(text, "{\"type\":\"snapshot\"") || length < 16 || bench->count == AGES_MAX)
        return;
    while (start > 6 && memcmp(text + start - 6, "\"ts\":\"", 6) != 0)
        start--;
    if (start <= 6 || !instant_parse(text + start, length - start - 2, &at))
        return;
    int64_t age_us = instant_since(os_utc_now(), at).ns / 1000;
    bench->ages_us[bench->count++] = age_us < 0 ? 0 : age_us > UINT32_MAX ? UINT32_MAX : (uint32_t)age_us;
}

static int
by_age(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static void
on_end(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void
print(struct bench *bench)
{
    size_t n = bench->count;

    qsort(bench->ages_us, n, sizeof *bench->ages_us, by_age);
    printf("{\"open\":%d,\"lost\":%d,\"messages\":%zu", bench->open, bench->lost, n);
    if (n > 0)
        printf(",\"p50_us\":%" PRIu32 ",\"p99_us\":%" PRIu32 ",\"max_us\":%" PRIu32, bench->ages_us[n / 2], bench->ages_us[n * 99 / 100],
            bench->ages_us[n - 1]);
    puts("}");
}

int
main(int argc, char **argv)
{
    struct bench bench = { .ages_us = malloc(AGES_MAX * sizeof(uint32_t)) };
    struct listener *listeners[LISTENERS_MAX] = { NULL };
    int64_t port = 0, count = 0, seconds = 0;
    uv_loop_t loop;
    uv_timer_t timer;
    struct error err;

    if (argc != 4 || bench.ages_us == NULL || !text_to_int64(argv[1], strlen(argv[1]), &port) || !text_to_int64(argv[2], strlen(argv[2]), &count) ||
        !text_to_int64(argv[3], strlen(argv[3]), &seconds) || count < 1 || count > LISTENERS_MAX || port < 1 || port > UINT16_MAX) {
        fputs("usage: bench_fanout PORT LISTENERS SECONDS\n", stderr);
        return 2;
    }
    (void)uv_loop_init(&loop);
    const struct listener_options options = { .loop = &loop, .port = (uint16_t)port, .random = os_random_bytes, .context = &bench,
        .opened = on_opened, .message = on_message, .lost = on_lost };
    for (int64_t i = 0; i < count; i++)
        if (listener_new(&options, &listeners[i], &err) != OK)
            return 1;
    (void)uv_timer_init(&loop, &timer);
    (void)uv_timer_start(&timer, on_end, (uint64_t)seconds * 1000, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int64_t i = 0; i < count; i++)
        listener_free(listeners[i]);
    uv_close((uv_handle_t *)&timer, NULL);
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0)
        ;
    print(&bench);
    free(bench.ages_us);
    return uv_loop_close(&loop);
}
