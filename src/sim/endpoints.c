/*
 * endpoints.c - see endpoints.h: which path is served by whom, and everything that may happen to a request before and after.
 *
 *     404 no such path -> 429 window full -> faults before -> 401 token -> 400 body -> the endpoint -> faults after
 *
 * Authentication, accounts and contracts are here; orders, positions, trades in order_endpoints.c.
 */
#include "sim/endpoints.h"

#include "base/assert.h"
#include "base/text.h"
#include "sim/order_endpoints.h"
#include "sim/reply.h"
#include "sim/stream.h"

#include <stdlib.h>
#include <string.h>

#define SEARCH_ROWS_MAX 20 /* Contract/search (gateway.md 2.3). */
#define BARS_MAX 20000     /* gateway.md 2.4 */
#define CONTRACT_ID_SIZE 64

enum { LOGIN_INVALID = 3, VALIDATE_EXPIRED = 3, CONTRACT_NOT_FOUND = 1, ACCOUNT_NOT_FOUND = 1 };

/* ---- Auth ---- */

static void
login_key(struct call *call)
{
    struct sim *sim = call->sim;
    char user[SIM_CREDENTIAL_MAX], key[SIM_CREDENTIAL_MAX];

    reply_string(call, "userName", user, sizeof user);
    reply_string(call, "apiKey", key, sizeof key);
    if (call->missing[0] != '\0')
        return;
    bool welcome = sim->logins.count > 0 ? logins_welcome(&sim->logins, user, key) :
        sim->any_credentials || (text_same(user, sim->user) && strcmp(key, sim->api_key) == 0);
    secret_wipe(key, sizeof key);
    if (welcome && sim->logout == SIM_LOGOUT_SECOND_LOGIN)
        stream_logout(sim, -1, NULL);
    json_add_string(&call->reply.writer, "token",
        welcome ? tokens_issue(&sim->tokens, user, sim->now, &sim->chance) : NULL);
    reply_end(&call->reply, welcome ? 0 : LOGIN_INVALID, NULL);
}

/* Still in the API description, withdrawn from the documentation (gateway.md 1.1): nobody has such an application. */
static void
login_app(struct call *call)
{
    json_add_null(&call->reply.writer, "token");
    reply_end(&call->reply, LOGIN_INVALID, NULL);
}

static void
validate(struct call *call)
{
    struct sim *sim = call->sim;
    char user[TOKEN_USER_MAX];

    (void)text_copy(user, sizeof user, tokens_user(&sim->tokens, call->request->token)); /* Not to be read from where the new one goes. */
    reply_room(&call->reply, TOKEN_TEXT_MAX);
    json_add_string(&call->reply.writer, "newToken", tokens_issue(&sim->tokens, user, sim->now, &sim->chance));
    reply_end(&call->reply, 0, NULL);
}

static void
logout(struct call *call)
{
    tokens_revoke(&call->sim->tokens, call->request->token);
    reply_end(&call->reply, 0, NULL);
}

/* ---- Accounts, contracts, bars ---- */

static void
search_accounts(struct call *call)
{
    const struct exchange *exchange = call->sim->exchange;

    json_open(&call->reply.writer, "accounts", '[');
    for (size_t i = 0; i < exchange_accounts_count(exchange); i++) {
        const struct exchange_account *account = exchange_account_at(exchange, i);

        if (!logins_may(call->sim, call->request->token, account->id))
            continue;
        reply_room(&call->reply, SHAPES_ROW_MAX);
        shapes_account(&call->reply.writer, NULL, account, false);
    }
    json_close(&call->reply.writer, ']');
    reply_end(&call->reply, 0, NULL);
}

static void
list_contracts(struct call *call, const char *text, size_t rows_max)
{
    size_t rows = 0;

    json_open(&call->reply.writer, "contracts", '[');
    for (size_t i = 0; i < listing_count() && rows < rows_max; i++) {
        const struct listing *listing = listing_at(i);
        if (!listing->active || strncmp(listing->name, text, strlen(text)) != 0)
            continue;
        reply_room(&call->reply, SHAPES_ROW_MAX);
        shapes_contract(&call->reply.writer, NULL, listing);
        rows++;
    }
    json_close(&call->reply.writer, ']');
    reply_end(&call->reply, 0, NULL);
}

static void
search_contracts(struct call *call)
{
    char text[CONTRACT_ID_SIZE];

    reply_string_or(call, call->root, "searchText", text, sizeof text, "");
    list_contracts(call, text, SEARCH_ROWS_MAX);
}

static void
available_contracts(struct call *call)
{
    list_contracts(call, "", listing_count());
}

static void
find_contract(struct call *call)
{
    char id[CONTRACT_ID_SIZE];

    reply_string(call, "contractId", id, sizeof id);
    const struct exchange_quote *quote = exchange_quote(call->sim->exchange, id);
    if (quote == NULL) {
        json_add_null(&call->reply.writer, "contract");
        reply_end(&call->reply, CONTRACT_NOT_FOUND, NULL);
        return;
    }
    shapes_contract(&call->reply.writer, "contract", quote->listing);
    reply_end(&call->reply, 0, NULL);
}

/* Flat bars at the last price, newest first: enough for a client that only wants to see the shape. */
static void
retrieve_bars(struct call *call)
{
    char id[CONTRACT_ID_SIZE];

    reply_string(call, "contractId", id, sizeof id);
    int64_t limit = reply_int_or(call, call->root, "limit", 1);
    const struct exchange_quote *quote = exchange_quote(call->sim->exchange, id);
    json_open(&call->reply.writer, "bars", '[');
    for (int64_t i = 0; quote != NULL && i < limit && i < BARS_MAX; i++) {
        struct json_writer *writer = &call->reply.writer;
        reply_room(&call->reply, SHAPES_ROW_MAX);
        json_open(writer, NULL, '{');
        shapes_timestamp(writer, "t", instant_sub(call->sim->now, SPAN_SECONDS(60 * (i + 1))), SHAPE_REST);
        json_add_price(writer, "o", quote->last);
        json_add_price(writer, "h", quote->last);
        json_add_price(writer, "l", quote->last);
        json_add_price(writer, "c", quote->last);
        json_add_int(writer, "v", 1);
        json_close(writer, '}');
    }
    json_close(&call->reply.writer, ']');
    reply_end(&call->reply, quote == NULL ? CONTRACT_NOT_FOUND : 0, NULL);
}

/* ---- The table: 21 operations (gateway.md 2.1) ---- */

static const struct endpoint {
    const char *path;
    void (*serve)(struct call *call); /* NULL: ping. */
    enum { TOKEN, OPEN, HISTORY } guard; /* OPEN: without a token.  HISTORY: in the smaller window. */
} endpoints[] = {
    { "/api/Auth/loginKey", login_key, OPEN },
    { "/api/Auth/loginApp", login_app, OPEN },
    { "/api/Auth/validate", validate, TOKEN },
    { "/api/Auth/logout", logout, TOKEN },
    { "/api/Account/search", search_accounts, TOKEN },
    { "/api/Contract/search", search_contracts, TOKEN },
    { "/api/Contract/searchById", find_contract, TOKEN },
    { "/api/Contract/available", available_contracts, TOKEN },
    { "/api/History/retrieveBars", retrieve_bars, HISTORY },
    { "/api/Order/place", order_endpoints_place, TOKEN },
    { "/api/Order/modify", order_endpoints_modify, TOKEN },
    { "/api/Order/cancel", order_endpoints_cancel, TOKEN },
    { "/api/Order/search", order_endpoints_search, TOKEN },
    { "/api/Order/searchOpen", order_endpoints_search_open, TOKEN },
    { "/api/Order/searchById", order_endpoints_find, TOKEN },
    { "/api/Order/v2/query", order_endpoints_query, TOKEN },
    { "/api/Position/searchOpen", order_endpoints_positions, TOKEN },
    { "/api/Position/closeContract", order_endpoints_close, TOKEN },
    { "/api/Position/partialCloseContract", order_endpoints_partial_close, TOKEN },
    { "/api/Trade/search", order_endpoints_trades, TOKEN },
    { "/api/Status/ping", NULL, OPEN },
};

static const struct endpoint *
find(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(endpoints); i++)
        if (text_same(endpoints[i].path, path))
            return &endpoints[i];
    return NULL;
}

bool
endpoints_have(const char *path)
{
    return text_starts(path, "/api/");
}

/* ---- Around the endpoint ---- */

static void
plain(struct answer *answer, int status, const char *type, const char *body)
{
    endpoints_answer_fini(answer);
    answer->status = status;
    answer->content_type = type;
    answer->length = strlen(body);
    answer->body = malloc(answer->length + 1);
    ASSERT(answer->body != NULL);
    memcpy(answer->body, body, answer->length + 1);
}

static void
take_reply(struct answer *answer, struct reply *reply, int status)
{
    endpoints_answer_fini(answer);
    answer->status = status;
    answer->content_type = status == 400 ? "application/problem+json; charset=utf-8" : "application/json; charset=utf-8";
    answer->body = reply->text.data;
    answer->length = reply->text.length;
}

/* A window that is full, then what is armed for before; true: answered. */
static bool
stopped_before(struct sim *sim, const struct endpoint *endpoint, struct sim_note *note, struct answer *answer)
{
    struct fault fault;

    if (sim->rate_limited && endpoint->serve != NULL &&
        !sim_window_admits(endpoint->guard == HISTORY ? &sim->history : &sim->general, sim->now)) {
        plain(answer, 429, "text/plain", "");
        return true;
    }
    if (!faults_goes_off(&sim->faults, FAULT_STAGE_BODY, endpoint->path, &sim->chance, &fault))
        return false;
    note->fault = (int)fault.kind;
    answer->reset = fault.reset;
    if (fault.kind == FAULT_CUT_BEFORE) {
        answer->fate = ANSWER_CUT;
    } else if (fault.kind == FAULT_STATUS) {
        plain(answer, fault.status, "text/plain", "");
        answer->retry_after_s = fault.retry_after_s;
    } else {
        struct reply reply;
        reply_begin(&reply);
        reply_end(&reply, fault.error_code, fault.message);
        note->code = fault.error_code;
        take_reply(answer, &reply, 200);
    }
    return true;
}

static void
troubled_after(struct sim *sim, const struct endpoint *endpoint, struct sim_note *note, struct answer *answer)
{
    struct fault fault;

    if (!faults_goes_off(&sim->faults, FAULT_STAGE_EXECUTED, endpoint->path, &sim->chance, &fault))
        return;
    note->fault = (int)fault.kind;
    answer->reset = fault.reset;
    switch (fault.kind) {
    case FAULT_CUT_AFTER_EXECUTE:
        answer->fate = ANSWER_CUT;
        break;
    case FAULT_CUT_MID_BODY:
        answer->fate = ANSWER_CUT_HALF;
        break;
    case FAULT_STATUS_AFTER_EXECUTE:
        plain(answer, fault.status, "text/plain", "");
        break;
    case FAULT_DELAY:
        answer->delay_ms = fault.ms;
        break;
    default:
        answer->fate = ANSWER_NEVER;
        break;
    }
}

/* The account asked about, if there is one; Order/v2/query has it in its filter. */
static bool
is_somebody_elses(const struct call *call)
{
    int filter = json_get(&call->json, 0, "filter");
    int64_t account_id = call->note->account_id;

    if (account_id == 0 && json_kind(&call->json, filter) == JSON_OBJECT)
        account_id = reply_int_or(call, filter, "accountId", 0);
    return account_id != 0 && !logins_may(call->sim, call->request->token, account_id);
}

static void
serve(struct sim *sim, const struct endpoint *endpoint, const struct request *request, struct sim_note *note, struct answer *answer)
{
    struct call *call = calloc(1, sizeof *call);

    ASSERT(call != NULL);
    call->sim = sim;
    call->request = request;
    call->note = note;
    reply_begin(&call->reply);
    if (!reply_read(call)) {
        reply_problem(&call->reply, 400, "One or more validation errors occurred.", "The JSON value could not be converted.");
    } else {
        note->account_id = reply_int_or(call, 0, "accountId", 0);
        note->order_id = reply_int_or(call, 0, "orderId", 0);
        if (is_somebody_elses(call))
            reply_end(&call->reply, ACCOUNT_NOT_FOUND, NULL);
        else
            endpoint->serve(call);
    }
    if (call->missing[0] != '\0') {
        char detail[320];
        struct text text = text_on(detail, sizeof detail);
        text_addf(&text, "JSON deserialization was missing required properties, including the following: %s", call->missing);
        reply_problem(&call->reply, 400, "One or more validation errors occurred.", detail);
    }
    note->code = call->reply.code;
    take_reply(answer, &call->reply, call->reply.code < 0 ? 400 : 200);
    free(call);
}

static void
judge(struct sim *sim, const struct request *request, struct sim_note *note, struct answer *answer)
{
    const struct endpoint *endpoint = find(request->path);

    if (endpoint == NULL) {
        plain(answer, 404, "text/plain", "");
        return;
    }
    if (request->post != (endpoint->serve != NULL)) {
        plain(answer, 405, "text/plain", "");
        return;
    }
    if (stopped_before(sim, endpoint, note, answer))
        return;
    if (endpoint->serve == NULL)
        plain(answer, 200, "text/plain; charset=utf-8", "pong");
    else if (endpoint->guard != OPEN && tokens_check(&sim->tokens, request->token, sim->now) != TOKEN_VALID)
        plain(answer, 401, "text/plain", "");
    else
        serve(sim, endpoint, request, note, answer);
    troubled_after(sim, endpoint, note, answer);
}

void
endpoints_answer(struct sim *sim, const struct request *request, struct answer *ret_answer)
{
    struct sim_note *note = sim_note(sim, sim->now, request->path);

    *ret_answer = (struct answer){ .fate = ANSWER_SEND };
    judge(sim, request, note, ret_answer);
    if (ret_answer->fate == ANSWER_SEND)
        note->status = ret_answer->status;
}

void
endpoints_answer_fini(struct answer *answer)
{
    free(answer->body);
    answer->body = NULL;
    answer->length = 0;
}

bool
endpoints_dies_at_head(struct sim *sim, const char *path, bool reused, bool *ret_reset)
{
    struct fault fault;

    if (!reused || !faults_goes_off(&sim->faults, FAULT_STAGE_HEAD, path, &sim->chance, &fault))
        return false;
    sim_note(sim, sim->now, path)->fault = (int)fault.kind;
    *ret_reset = fault.reset;
    return true;
}

int64_t
endpoints_hold_ms(struct sim *sim, const char *path)
{
    struct fault fault;

    return faults_goes_off(&sim->faults, FAULT_STAGE_HOLD, path, &sim->chance, &fault) ? fault.ms : 0;
}
