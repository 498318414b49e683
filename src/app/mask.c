/*
 * mask.c - secrets leave no trace in what is written for people.
 *
 * One pass over the line.  At each position the three shapes are tried in turn; what matches is replaced whole
 * (LG-04: not "first four ... last four"), everything else is copied.  Masking too much costs a word; too little a key.
 */
#include "app/mask.h"

#include <stddef.h>
#include <string.h>

/* A key ends in one of these (newToken, access_token, ApiKey), whatever stands before it in the same word. */
static const char *const telling[] = { "token", "apikey", "api_key", "api-key", "password", "passwd", "authorization",
    "secret" };

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_base64url(char c)
{
    return is_word(c) || c == '-' || c == '_';
}

static bool
same_start(const char *text, size_t length, const char *word)
{
    size_t word_length = strlen(word);

    return length >= word_length && text_same_bytes(word, text, word_length);
}

/* Length of the telling key at the start of the text, or 0.  "tokens" is no key. */
static size_t
key_length(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++) {
        size_t n = strlen(telling[i]);
        if (same_start(text, length, telling[i]) && (n == length || !is_word(text[n])))
            return n;
    }
    return 0;
}

/* What stands between key and value: quotes, escapes and blanks around one ':' or '='.  0 if there is none. */
static size_t
separator_length(const char *text, size_t length)
{
    size_t i = 0;
    bool seen = false;

    for (; i < length; i++) {
        char c = text[i];
        if ((c == ':' || c == '=') && !seen)
            seen = true;
        else if (c != '"' && c != '\\' && c != '\'' && c != ' ')
            break;
        else if (seen && c != ' ' && i > 0 && (text[i - 1] == '"' || text[i - 1] == '\''))
            break; /* An empty string: its closing quote is no opening one. */
    }
    return seen ? i : 0;
}

/* A value's end; "Bearer x" is one value. */
static size_t
value_length(const char *text, size_t length)
{
    size_t i = same_start(text, length, "bearer ") ? 7 : 0;

    while (i < length && text[i] != '\0' && strchr("\"\\' ,&;}])\r\n\t", text[i]) == NULL)
        i++;
    return i;
}

/* eyJ<base64url>.<base64url>.<base64url>: header, claims, signature; the last may be cut off. */
static size_t
jwt_length(const char *text, size_t length)
{
    size_t i = 0;

    if (length < 4 || memcmp(text, "eyJ", 3) != 0)
        return 0;
    for (int part = 0; part < 3; part++) {
        size_t start = i;
        while (i < length && is_base64url(text[i]))
            i++;
        if (part == 2)
            return i;
        if (i == start || i == length || text[i] != '.')
            return part == 0 ? 0 : i;
        i++;
    }
    return i;
}

static size_t
known_length(const struct mask *mask, const char *text, size_t length)
{
    for (size_t i = 0; i < mask->count; i++) {
        size_t n = strlen(mask->secrets[i]);
        if (length >= n && memcmp(text, mask->secrets[i], n) == 0)
            return n;
    }
    return 0;
}

void
mask_learn(struct mask *mask, const char *secret)
{
    size_t length = strlen(secret);

    if (length < 4 || length > MASK_SECRET_LENGTH_MAX)
        return;
    for (size_t i = 0; i < mask->count; i++)
        if (strcmp(mask->secrets[i], secret) == 0)
            return;
    size_t at = mask->count < MASK_SECRETS_MAX ? mask->count++ : mask->oldest++ % MASK_SECRETS_MAX;
    memcpy(mask->secrets[at], secret, length + 1);
}

void
mask_copy(struct mask *to, const struct mask *from)
{
    memcpy(to->secrets, from->secrets, from->count * sizeof from->secrets[0]);
    to->count = from->count;
    to->oldest = from->oldest;
}

void
mask_fini(struct mask *mask)
{
    if (mask != NULL)
        secret_wipe(mask, offsetof(struct mask, secrets) + mask->count * sizeof mask->secrets[0]);
}

void
mask_add(const struct mask *mask, struct text *out, const char *line, size_t length)
{
    size_t i = 0;

    while (i < length) {
        size_t key = key_length(line + i, length - i);
        size_t gap = key > 0 ? separator_length(line + i + key, length - i - key) : 0;
        size_t hidden = 0;

        if (gap > 0) {
            text_add_bytes(out, line + i, key + gap);
            i += key + gap;
            hidden = value_length(line + i, length - i);
        } else if (same_start(line + i, length - i, "bearer ")) {
            text_add_bytes(out, line + i, 7);
            i += 7;
            hidden = value_length(line + i, length - i);
        } else {
            hidden = known_length(mask, line + i, length - i);
            if (hidden == 0)
                hidden = jwt_length(line + i, length - i);
            if (hidden == 0)
                text_add_bytes(out, line + i++, 1);
        }
        if (hidden > 0)
            text_add(out, MASK_WORD);
        i += hidden;
    }
}
