/*
 * errors.c - the per-endpoint code tables (spec/gateway.md 1.4, resilience.md 1.4).
 *
 * P6: a code that is not in the table may have been executed (EC-03).  No answer counts as one before it went through here (EP-07).  EC-04 and
 * EC-05 are the reason for two tables where one seems to do: partialCloseContract's codes are closeContract's shifted by one from 5 on.
 */
#include "gateway/errors.h"

#include "base/assert.h"

#define S(n) { (int64_t)(n)*1000000000 }

struct endpoint_facts {
    const char *path;
    bool mutates;
    const struct judgement *codes; /* Index: errorCode. */
    int32_t codes_count;
};

#define LATER S(5)  /* Said no for now: the market is closed, the price has moved. */
#define SELDOM S(60) /* Somebody has to act; kept trying all the same (P4). */

static const struct judgement account_codes[] = {
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
    { OUTCOME_GONE, false, 2, S(0), "the gateway does not know the account" },
};

static const struct judgement contract_codes[] = {
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
    { OUTCOME_GONE, false, 1, S(0), "the gateway does not know the contract" },
};

static const struct judgement order_codes[] = {
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
    { OUTCOME_GONE, false, 0, S(0), "the gateway does not know the order" },
};

static const struct judgement success_only[] = {
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
};

static const struct judgement place_codes[] = { /* EC-07 */
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "place: account not found" },
    { OUTCOME_REFUSED, false, 1, LATER, "place: order rejected" },
    { OUTCOME_REFUSED, false, 1, SELDOM, "place: insufficient funds" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "place: the account is in violation and may not trade" },
    { OUTCOME_REFUSED, false, 1, SELDOM, "place: outside trading hours" },
    { OUTCOME_AMBIGUOUS, false, 1, S(0), "place: order pending" },
    { OUTCOME_AMBIGUOUS, false, 1, S(0), "place: unknown error" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "place: contract not found" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "place: contract not active" },
    { OUTCOME_REFUSED, true, 2, SELDOM, "place: the account cannot be controlled by the API (follower or live)" },
};

static const struct judgement modify_codes[] = { /* EC-07 */
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "modify: account not found" },
    { OUTCOME_GONE, false, 0, S(0), "modify: order not found" },
    { OUTCOME_REFUSED, false, 1, LATER, "modify: rejected" },
    { OUTCOME_AMBIGUOUS, false, 0, S(0), "modify: pending" },
    { OUTCOME_AMBIGUOUS, false, 1, S(0), "modify: unknown error" },
    { OUTCOME_REFUSED, true, 2, SELDOM, "modify: the account cannot be controlled by the API (follower or live)" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "modify: contract not found" },
};

static const struct judgement cancel_codes[] = { /* EC-06 */
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "cancel: account not found" },
    { OUTCOME_GONE, false, 0, S(0), "cancel: order not found" },
    { OUTCOME_GONE, false, 0, S(0), "cancel: rejected, it may be filled already" },
    { OUTCOME_AMBIGUOUS, false, 0, S(0), "cancel: pending" },
    { OUTCOME_AMBIGUOUS, false, 1, S(0), "cancel: unknown error" },
    { OUTCOME_REFUSED, true, 2, SELDOM, "cancel: the account cannot be controlled by the API (follower or live)" },
};

static const struct judgement close_codes[] = { /* EC-04 */
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "close: account not found" },
    { OUTCOME_GONE, false, 0, S(0), "close: position not found" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "close: contract not found" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "close: contract not active" },
    { OUTCOME_REFUSED, false, 2, LATER, "close: rejected (the market may be closed)" },
    { OUTCOME_AMBIGUOUS, false, 0, S(0), "close: order pending" },
    { OUTCOME_AMBIGUOUS, false, 1, S(0), "close: unknown error" },
    { OUTCOME_REFUSED, true, 2, SELDOM, "close: the account cannot be controlled by the API (follower or live)" },
};

static const struct judgement reduce_codes[] = { /* EC-05 */
    { OUTCOME_ACCEPTED, false, 0, S(0), "ok" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "partial close: account not found" },
    { OUTCOME_GONE, false, 0, S(0), "partial close: position not found" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "partial close: contract not found" },
    { OUTCOME_REFUSED, false, 2, SELDOM, "partial close: contract not active" },
    { OUTCOME_REFUSED, false, 1, S(0), "partial close: invalid size" }, /* Re-read and recompute. */
    { OUTCOME_REFUSED, false, 2, LATER, "partial close: rejected (the market may be closed)" },
    { OUTCOME_AMBIGUOUS, false, 0, S(0), "partial close: order pending" },
    { OUTCOME_AMBIGUOUS, false, 1, S(0), "partial close: unknown error" },
    { OUTCOME_REFUSED, true, 2, SELDOM, "partial close: the account cannot be controlled by the API (follower or live)" },
};

#define CODES(table) table, (int32_t)COUNT_OF(table)

static const struct endpoint_facts endpoints[ENDPOINTS] = {
    [ENDPOINT_LOGIN] = { "/api/Auth/loginKey", false, CODES(success_only) },
    [ENDPOINT_VALIDATE] = { "/api/Auth/validate", false, CODES(success_only) },
    [ENDPOINT_PING] = { "/api/Status/ping", false, CODES(success_only) },
    [ENDPOINT_ACCOUNTS] = { "/api/Account/search", false, CODES(success_only) },
    [ENDPOINT_CONTRACT] = { "/api/Contract/searchById", false, CODES(contract_codes) },
    [ENDPOINT_POSITIONS] = { "/api/Position/searchOpen", false, CODES(account_codes) },
    [ENDPOINT_ORDERS] = { "/api/Order/v2/query", false, CODES(account_codes) },
    [ENDPOINT_OPEN_ORDERS] = { "/api/Order/searchOpen", false, CODES(account_codes) },
    [ENDPOINT_ORDER] = { "/api/Order/searchById", false, CODES(order_codes) },
    [ENDPOINT_ORDER_HISTORY] = { "/api/Order/search", false, CODES(account_codes) },
    [ENDPOINT_TRADES] = { "/api/Trade/search", false, CODES(account_codes) },
    [ENDPOINT_PLACE] = { "/api/Order/place", true, CODES(place_codes) },
    [ENDPOINT_MODIFY] = { "/api/Order/modify", true, CODES(modify_codes) },
    [ENDPOINT_CANCEL] = { "/api/Order/cancel", true, CODES(cancel_codes) },
    [ENDPOINT_CLOSE] = { "/api/Position/closeContract", true, CODES(close_codes) },
    [ENDPOINT_REDUCE] = { "/api/Position/partialCloseContract", true, CODES(reduce_codes) },
};

const char *
endpoint_path(enum endpoint endpoint)
{
    return endpoints[endpoint].path;
}

bool
endpoint_mutates(enum endpoint endpoint)
{
    return endpoints[endpoint].mutates;
}

/* What a mutation may have done, a read has merely failed to tell. */
static struct judgement
unknown(enum endpoint endpoint, const char *text)
{
    return (struct judgement){ endpoint_mutates(endpoint) ? OUTCOME_AMBIGUOUS : OUTCOME_REFUSED, false, 1, S(0), text };
}

static struct judgement
judge_code(enum endpoint endpoint, const struct reply_facts *facts)
{
    const struct endpoint_facts *e = &endpoints[endpoint];

    if (!facts->has_envelope)
        return unknown(endpoint, "an answer that is not the gateway's envelope");
    if (facts->success != (facts->code == 0)) /* EC-02 */
        return unknown(endpoint, "success and errorCode contradict each other");
    if (facts->code < 0 || facts->code >= e->codes_count) /* P6 */
        return unknown(endpoint, "unknown error code");
    return e->codes[facts->code];
}

struct judgement
errors_judge(enum endpoint endpoint, const struct reply_facts *facts)
{
    if (facts->fate == HTTP_NEVER_LEFT)
        return (struct judgement){ OUTCOME_NOT_SENT, false, 1, S(0), "could not be sent" };
    if (facts->fate == HTTP_UNKNOWN)
        return unknown(endpoint, "no whole answer");
    switch (facts->http_status) { /* EC-09, RT-07, RL-05 */
    case 200:
        return judge_code(endpoint, facts);
    case 400:
        return (struct judgement){ OUTCOME_REFUSED, false, 2, SELDOM, "HTTP 400: the request was malformed" };
    case 401:
    case 403:
        return (struct judgement){ OUTCOME_REFUSED, false, 2, SELDOM, "the gateway does not accept our token" };
    case 404:
        return (struct judgement){ OUTCOME_REFUSED, false, 2, SELDOM, "HTTP 404: no such address" };
    case 429:
        return unknown(endpoint, "HTTP 429: too many requests");
    default:
        return unknown(endpoint, "the gateway failed");
    }
}

bool
errors_read_is_transient(const struct reply_facts *facts)
{
    return facts->fate != HTTP_ANSWERED || facts->http_status == 408 || facts->http_status == 429 ||
        facts->http_status >= 500;
}

static const char *const login_texts[] = {
    "ok", "no such user", "password verification failed", "the API key is not valid for this user", "application not found",
    "application verification failed", "invalid device", "agreements are not signed: log in at topstepx.com and sign them",
    "unknown error", "the API subscription is missing", "the API key is disabled",
};

bool
errors_login_is_permanent(int32_t code)
{
    return code == 1 || code == 2 || code == 3 || code == 7 || code == 9 || code == 10;
}

const char *
errors_login_text(int32_t code)
{
    return code >= 0 && code < (int32_t)COUNT_OF(login_texts) ? login_texts[code] : "unknown code";
}
