/*
 * echo_cases.h - what every client says to every echo server; the JavaScript and Python clients have the same list.
 *
 * Sizes on both sides of each length encoding, text in one- to four-byte characters, and every third message in three fragments.
 */
#ifndef TESTS_INTEROP_ECHO_CASES_H
#define TESTS_INTEROP_ECHO_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const size_t echo_sizes[] = { 0, 1, 2, 124, 125, 126, 127, 128, 1000, 65534, 65535, 65536, 65537, 200000, 1048576 };

#define ECHO_SIZES (sizeof echo_sizes / sizeof echo_sizes[0])
#define ECHO_CASES ((int)(2 * ECHO_SIZES)) /* Each as text, then each as binary. */

static inline bool
echo_is_text(int number)
{
    return number < (int)ECHO_SIZES;
}

/* Fill @out (1 MiB) with message @number; returns its length. */
static inline size_t
echo_message(int number, char *out)
{
    static const char characters[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"; /* Ten bytes. */
    size_t length = echo_sizes[(size_t)number % ECHO_SIZES];

    for (size_t i = 0; i < length; i++)
        out[i] = echo_is_text(number) ? 'x' : (char)(i * 31);
    for (size_t i = 0; echo_is_text(number) && i + 10 <= length; i += 10)
        memcpy(out + i, characters, 10);
    return length;
}

#endif /* TESTS_INTEROP_ECHO_CASES_H */
