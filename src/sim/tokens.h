/*
 * tokens.h - JWT-shaped session tokens (gateway.md 1.2) and the connection tokens of negotiate.
 *
 * The signature is chance, not a signature: what counts is that the token is in the list and not over.
 */
#ifndef SIM_TOKENS_H
#define SIM_TOKENS_H

#include "base/instant.h"
#include "sim/chance.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_TEXT_MAX 1024
#define TOKEN_USER_MAX 256
#define TOKENS_MAX 256 /* The oldest goes. */
#define TOKEN_CONNECTION_MAX 40

enum token_state { TOKEN_UNKNOWN, TOKEN_EXPIRED, TOKEN_VALID };

struct token {
    char text[TOKEN_TEXT_MAX];
    char user[TOKEN_USER_MAX];
    struct instant expires;
};

struct tokens {
    struct token *list;
    size_t count, next;
    uint64_t issued;
    struct span life;
    char connections[TOKENS_MAX][TOKEN_CONNECTION_MAX]; /* Negotiated, not yet used; "" = free. */
    size_t next_connection;
};

void tokens_init(struct tokens *tokens, struct span life);
void tokens_fini(struct tokens *tokens);
/** A new token for @user; lives until TOKENS_MAX newer ones exist. */
const char *tokens_issue(struct tokens *tokens, const char *user, struct instant now, struct chance *chance);
/** Forget one; NULL: all. */
void tokens_revoke(struct tokens *tokens, const char *text);
enum token_state tokens_check(const struct tokens *tokens, const char *text, struct instant now);
/** Whose it is; "" if it is unknown. */
const char *tokens_user(const struct tokens *tokens, const char *text);
/** A connection token for a hub; valid for one connect. */
const char *tokens_negotiate(struct tokens *tokens, struct chance *chance);
bool tokens_connect(struct tokens *tokens, const char *connection);

#endif /* SIM_TOKENS_H */
