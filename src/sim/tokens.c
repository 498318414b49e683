/*
 * tokens.c - see tokens.h.
 */
#include "sim/tokens.h"

#include "base/assert.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#define ROLE_CLAIM "http://schemas.microsoft.com/ws/2008/06/identity/claims/"
#define NS_PER_SECOND INT64_C(1000000000)

void
tokens_init(struct tokens *tokens, struct span life)
{
    memset(tokens, 0, sizeof *tokens);
    tokens->life = life;
    tokens->list = calloc(TOKENS_MAX, sizeof *tokens->list);
    ASSERT(tokens->list != NULL);
}

void
tokens_fini(struct tokens *tokens)
{
    free(tokens->list);
    tokens->list = NULL;
}

/* Base64url without padding, as JWTs have it. */
static void
add_base64(struct text *out, const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (size_t i = 0; i < length; i += 3) {
        uint32_t group = (uint32_t)(unsigned char)bytes[i] << 16;
        if (i + 1 < length)
            group |= (uint32_t)(unsigned char)bytes[i + 1] << 8;
        if (i + 2 < length)
            group |= (uint32_t)(unsigned char)bytes[i + 2];
        for (size_t k = 0; k < 4 && k <= length - i; k++)
            text_add_bytes(out, &digits[group >> (18 - 6 * k) & 63], 1);
    }
}

static void
add_guid(struct text *out, struct chance *chance)
{
    uint64_t a = chance_next(chance), b = chance_next(chance);

    text_addf(out, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff),
        (unsigned)(b >> 48), (unsigned long long)(b & 0xffffffffffff));
}

static void
add_claims(struct text *out, const char *user, struct instant expires, struct chance *chance)
{
    char guid_text[40];
    struct text guid = text_on(guid_text, sizeof guid_text);
    struct json_writer writer = json_writer_on(out);

    add_guid(&guid, chance);
    json_open(&writer, NULL, '{');
    json_add_string(&writer, CLAIM "nameidentifier", "12345");
    json_add_string(&writer, CLAIM "sid", guid_text);
    json_add_string(&writer, CLAIM "name", user);
    json_add_string(&writer, ROLE_CLAIM "role", "user");
    json_add_string(&writer, ROLE_CLAIM "authenticationmethod", "api-key");
    json_open(&writer, "msd", '[');
    json_add_string(&writer, NULL, "CMEGROUP_TOB");
    json_add_string(&writer, NULL, "CME_TOB");
    json_close(&writer, ']');
    json_add_string(&writer, "mfa", "verified");
    json_add_int(&writer, "exp", expires.ns / NS_PER_SECOND);
    json_close(&writer, '}');
}

const char *
tokens_issue(struct tokens *tokens, const char *user, struct instant now, struct chance *chance)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    struct token *token = &tokens->list[tokens->next];
    char claims_text[TOKEN_TEXT_MAX * 3 / 4 - 128];
    struct text claims = text_on(claims_text, sizeof claims_text), out = text_on(token->text, sizeof token->text);
    uint64_t signature[4];

    tokens->next = (tokens->next + 1) % TOKENS_MAX;
    tokens->count += tokens->count < TOKENS_MAX;
    tokens->issued++;
    token->expires = instant_add(now, tokens->life);
    (void)text_copy(token->user, sizeof token->user, user);
    for (size_t i = 0; i < COUNT_OF(signature); i++)
        signature[i] = chance_next(chance);
    add_claims(&claims, user, token->expires, chance);
    add_base64(&out, header, sizeof header - 1);
    text_add(&out, ".");
    add_base64(&out, claims.data, claims.length);
    text_add(&out, ".");
    add_base64(&out, (const char *)signature, sizeof signature);
    return token->text;
}

void
tokens_revoke(struct tokens *tokens, const char *text)
{
    for (size_t i = 0; i < tokens->count; i++)
        if (text == NULL || strcmp(tokens->list[i].text, text) == 0)
            tokens->list[i].text[0] = '\0';
}

enum token_state
tokens_check(const struct tokens *tokens, const char *text, struct instant now)
{
    if (text[0] == '\0')
        return TOKEN_UNKNOWN;
    for (size_t i = 0; i < tokens->count; i++)
        if (strcmp(tokens->list[i].text, text) == 0)
            return instant_before(now, tokens->list[i].expires) ? TOKEN_VALID : TOKEN_EXPIRED;
    return TOKEN_UNKNOWN;
}

const char *
tokens_user(const struct tokens *tokens, const char *text)
{
    for (size_t i = 0; i < tokens->count && text[0] != '\0'; i++)
        if (strcmp(tokens->list[i].text, text) == 0)
            return tokens->list[i].user;
    return "";
}

const char *
tokens_negotiate(struct tokens *tokens, struct chance *chance)
{
    char *connection = tokens->connections[tokens->next_connection];
    struct text out = text_on(connection, TOKEN_CONNECTION_MAX);
    uint64_t bytes[2] = { chance_next(chance), chance_next(chance) };

    tokens->next_connection = (tokens->next_connection + 1) % TOKENS_MAX;
    add_base64(&out, (const char *)bytes, sizeof bytes);
    return connection;
}

bool
tokens_connect(struct tokens *tokens, const char *connection)
{
    for (size_t i = 0; i < TOKENS_MAX && connection[0] != '\0'; i++)
        if (strcmp(tokens->connections[i], connection) == 0) {
            tokens->connections[i][0] = '\0';
            return true;
        }
    return false;
}
