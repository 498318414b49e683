/*
 * json.c - reading a hub's message as JSON, beside the library that was used before (jsmn, strict): each reads every line of a stream whole.
 *
 * The same job by half: jsmn finds the tokens and lets much pass that is no JSON; ours checks each byte, each escape and each number besides.
 * One after the other, pass by pass, so that both meet the same machine.  Printed as JSON: nanoseconds a line of each, pass by pass.  Argument: a stream.
 */
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JSMN_STRICT
#define JSMN_STATIC
#include <jsmn.h>

#define TOKENS 4096
#define PASSES 9

struct stream {
    char *bytes;
    size_t length;
    int32_t lines;
};

static struct json_token ours[TOKENS];
static jsmntok_t theirs[TOKENS];

static void
fail(const char *what)
{
    (void)fprintf(stderr, "bench_json: %s\n", what);
    exit(EXIT_FAILURE);
}

static struct stream
read_stream(const char *path)
{
    struct stream stream = { 0 };
    FILE *file = fopen(path, "rb");
    long size = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size <= 0 || fseek(file, 0, SEEK_SET) != 0 || (stream.bytes = malloc((size_t)size)) == NULL)
        fail("the stream cannot be read");
    stream.length = fread(stream.bytes, 1, (size_t)size, file);
    (void)fclose(file);
    for (size_t i = 0; i < stream.length; i++)
        stream.lines += stream.bytes[i] == '\n' ? 1 : 0;
    return stream;
}

static bool
read_ours(const char *line, size_t length)
{
    struct json json;

    return json_read(line, length, ours, TOKENS, &json, NULL) == OK;
}

static bool
read_theirs(const char *line, size_t length)
{
    jsmn_parser parser;

    jsmn_init(&parser);
    return jsmn_parse(&parser, line, length, theirs, TOKENS) > 0;
}

/* Nanoseconds a line. */
static double
pass(const struct stream *stream, bool (*read)(const char *line, size_t length))
{
    const char *line = stream->bytes, *end = stream->bytes + stream->length;
    struct timespec began, ended;

    (void)timespec_get(&began, TIME_UTC);
    for (const char *newline; line < end && (newline = memchr(line, '\n', (size_t)(end - line))) != NULL; line = newline + 1)
        if (!read(line, (size_t)(newline - line)))
            fail("a line is no JSON");
    (void)timespec_get(&ended, TIME_UTC);
    return ((double)(ended.tv_sec - began.tv_sec) * 1e9 + (double)(ended.tv_nsec - began.tv_nsec)) / stream->lines;
}

static void
print(const char *name, const double *took, const char *end)
{
    printf("\"%s\":[", name);
    for (int i = 0; i < PASSES; i++)
        printf("%s%.1f", i > 0 ? "," : "", took[i]);
    printf("]%s", end);
}

int
main(int argc, char **argv)
{
    double mine[PASSES], library[PASSES];

    if (argc != 2)
        fail("usage: bench_json STREAM");
    struct stream stream = read_stream(argv[1]);
    for (int i = 0; i < PASSES; i++) {
        mine[i] = pass(&stream, read_ours);
        library[i] = pass(&stream, read_theirs);
    }
    printf("{\"lines\":%" PRId32 ",", stream.lines);
    print("ours", mine, ",");
    print("jsmn", library, "}\n");
    free(stream.bytes);
    return EXIT_SUCCESS;
}
