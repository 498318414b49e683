/*
 * session.c - the token: log in, validate two hours before it expires (TR-02), replace it when the server refuses it.
 *
 *     NONE --login ok--> VALID --exp - 2 h--> validate --newToken--> VALID
 *       ^                  |  401                |  code 1-3, or three failures
 *       +------------------+                     +--> login (the old token stays in use, TR-05)
 *
 * It ends early by the server's doing only, a 401 or GatewayLogout (SI-04).  Any number of refusals lead to one login (TR-06): calls wait in
 * rest.c until session_token() is not NULL again.  It never gives up and never ends the process (SV-02, LG-12).  The token lives in memory only
 * and is wiped when replaced (TS-01).
 */
#include "gateway/internal.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIFE SPAN_SECONDS(86400)
#define LIFE_BELIEVED_S (7 * 86400)
#define ALARM_AGAIN_NS (60 * SECOND)
#define PERMANENT_RETRY_NS (300 * SECOND) /* EC-08. */
#define RELOGIN_GAP_NS (60 * SECOND)      /* RT-07: between logins that did not help. */
#define LOGIN_TIMEOUT_MS 10000
#define HALT_AGE_NS (4 * 3600 * SECOND)   /* TR-09: a token younger than that stays. */

/* ---- Expiry ---- */

static int
digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* base64url without padding (RFC 7515); 0 when it is none or does not fit. */
static size_t
unbase64(const char *in, size_t length, char *out, size_t size)
{
    uint32_t bits = 0;
    int count = 0;
    size_t written = 0;

    for (size_t i = 0; i < length; i++) {
        int digit = digit_of(in[i]);

        if (digit < 0)
            return 0;
        bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            if (written == size)
                return 0;
            out[written++] = (char)(bits >> count & 0xff);
        }
    }
    return written;
}

static bool
read_expiry(const char *token, int64_t *ret_seconds)
{
    struct json_token tokens[256];
    struct json json;
    char payload[4096];
    const char *start = strchr(token, '.');
    const char *end = start != NULL ? strchr(start + 1, '.') : NULL;

    if (end == NULL)
        return false;
    size_t length = unbase64(start + 1, (size_t)(end - start - 1), payload, sizeof payload);
    bool found = length > 0 && json_read(payload, length, tokens, COUNT_OF(tokens), &json, NULL) == OK &&
        json_int64(&json, json_get(&json, 0, "exp"), ret_seconds);
    secret_wipe(payload, sizeof payload);
    return found;
}

struct span
session_token_life(const char *token, struct instant now)
{
    int64_t expiry_s, now_s = now.ns / 1000000000;

    /* One in the past or far ahead says more about clocks than about the token. */
    if (!read_expiry(token, &expiry_s) || expiry_s <= now_s || expiry_s - now_s > LIFE_BELIEVED_S)
        return LIFE;
    return SPAN_SECONDS(expiry_s - now_s);
}

/* ---- The token ---- */

static void
wipe_token(struct session *session)
{
    if (session->token != NULL)
        secret_wipe(session->token, strlen(session->token));
    free(session->token);
    session->token = NULL;
}

const char *
session_token(const struct gateway *gateway)
{
    return gateway->session.token;
}

static void
take_token(struct gateway *gateway, const char *token)
{
    struct session *s = &gateway->session;
    int64_t now = gateway_now(gateway);
    size_t size = strlen(token) + 1;
    char *copy = malloc(size);

    if (copy == NULL)
        return; /* The retry comes. */
    memcpy(copy, token, size);
    wipe_token(s);
    s->token = copy;
    s->generation++;
    s->proven = false;
    s->expires_ns = now + session_token_life(token, gateway_utc(gateway)).ns;
    s->failures = 0;
    s->token_ns = now;
    /* A life of less than two hours is used to its last tenth. */
    int64_t life = s->expires_ns - now, before = gateway->times.token_refresh_ms * MS;
    s->due_ns = s->expires_ns - (life > 2 * before ? before : life / 10);
    if (s->new_key != NULL)
        s->due_ns = now;
    gateway_note(gateway, "session", "new token, valid for %lld s", (long long)(life / SECOND));
}

static void
tell_waiters(struct gateway *gateway)
{
    rest_tick(gateway, gateway_now(gateway));
    for (int i = 0; i < HUBS; i++)
        hub_token(&gateway->hubs[i]);
}

/* ---- Failures ---- */

static int64_t
retry_wait(struct gateway *gateway)
{
    return gateway_jitter(gateway, gateway->times.token_retry_ms * MS, JITTER_PERMILLE);
}

static int64_t
back_off(struct gateway *gateway)
{
    int64_t delay = SECOND, longest = gateway->times.token_retry_ms * MS;

    for (int32_t i = 1; i < gateway->session.failures && delay < longest; i++)
        delay *= 2;
    return gateway_jitter(gateway, delay < longest ? delay : longest, JITTER_PERMILLE);
}

static void
alarm_failure(struct gateway *gateway, const char *what)
{
    struct session *s = &gateway->session;
    int64_t now = gateway_now(gateway);
    bool critical = s->token == NULL || s->expires_ns - now < gateway->times.token_critical_ms * MS;

    if (now < s->alarm_ns || (s->failures < 3 && !critical)) /* TR-07 */
        return;
    s->alarm_ns = now + ALARM_AGAIN_NS;
    gateway_alarm(gateway, critical ? GATEWAY_CRITICAL : GATEWAY_WARN, "%s", what);
}

static void
fail(struct gateway *gateway, const char *what, bool permanent)
{
    struct session *s = &gateway->session;
    int64_t delay;

    s->failures++;
    if (s->token == NULL)
        health_told(gateway, false);
    if (permanent) {
        gateway_alarm(gateway, GATEWAY_CRITICAL, "%s; trying again each 5 min", what);
        delay = PERMANENT_RETRY_NS;
    } else {
        alarm_failure(gateway, what);
        /* With a token in hand there is no hurry (TR-04). */
        delay = s->token != NULL ? retry_wait(gateway) : back_off(gateway);
    }
    s->due_ns = gateway_now(gateway) + delay;
}

/* ---- Requests ---- */

static bool
read_answer(struct gateway *gateway, const struct http_answer *answer, const char *key, char *token, int32_t *ret_code)
{
    struct json json;
    int64_t code = -1;
    bool success = false;

    token[0] = '\0';
    if (answer->fate != HTTP_ANSWERED || answer->status != 200 ||
        gateway_parse(gateway, answer->body, answer->length, &json, NULL) != OK)
        return false;
    if (!json_bool(&json, json_get(&json, 0, "success"), &success) ||
        !json_int64(&json, json_get(&json, 0, "errorCode"), &code) || code < INT32_MIN || code > INT32_MAX)
        return false;
    if (success != (code == 0)) /* EC-02 */
        return false;
    if (!json_string(&json, json_get(&json, 0, key), token, TOKEN_MAX))
        token[0] = '\0';
    *ret_code = (int32_t)code;
    return true;
}

static void
describe(const struct http_answer *answer, const char *what, char *out, size_t size)
{
    struct text text = text_on(out, size);

    if (answer->fate == HTTP_ANSWERED)
        text_addf(&text, "%s: HTTP %d", what, answer->status);
    else
        text_addf(&text, "%s: %s", what, answer->why);
}

/* True if the failure of the exchange was dealt with. */
static bool
was_lost(struct gateway *gateway, const struct http_answer *answer, const char *what)
{
    char text[240];

    if (answer->fate == HTTP_ANSWERED && answer->status == 200)
        return false;
    if (answer->fate == HTTP_ANSWERED && answer->status == 429)
        pace_refused(&gateway->pace, PACE_LOGIN, answer->retry_after_s, gateway_now(gateway));
    describe(answer, what, text, sizeof text);
    fail(gateway, text, answer->status == 400 || answer->status == 404);
    return true;
}

/* ---- Another pair (AK-05) ---- */

static void
forget_trial(struct session *s)
{
    gateway_free_secret(s->new_user);
    gateway_free_secret(s->new_key);
    s->new_user = s->new_key = NULL;
}

/* The log-in with it was answered; @why NULL: well. */
static void
end_trial(struct gateway *gateway, const char *why)
{
    struct session *s = &gateway->session;
    struct gateway_settings *settings = &gateway->settings;

    if (why == NULL) {
        gateway_free_secret(settings->user_name);
        gateway_free_secret(settings->api_key);
        settings->user_name = s->new_user;
        settings->api_key = s->new_key;
        s->new_user = s->new_key = NULL;
        gateway_note(gateway, "session", "logged in with new credentials, which replace the old ones");
        return;
    }
    gateway_alarm(gateway, GATEWAY_WARN, "the new credentials do not work, the old ones stay: %s", why);
    forget_trial(s);
    s->failures = 0;
    s->due_ns = s->token != NULL ? s->expires_ns - gateway->times.token_refresh_ms * MS : gateway_now(gateway);
}

void
session_try_key(struct gateway *gateway, const char *user_name, const char *api_key)
{
    struct session *s = &gateway->session;

    forget_trial(s);
    if (text_same(user_name, gateway->settings.user_name) && text_same(api_key, gateway->settings.api_key))
        return;
    s->new_user = gateway_copy_text(user_name);
    s->new_key = gateway_copy_text(api_key);
    if (s->new_user == NULL || s->new_key == NULL)
        forget_trial(s);
    else
        s->due_ns = gateway_now(gateway);
}

static void
on_trial(void *user, const struct http_answer *answer)
{
    struct gateway *gateway = user;
    struct session *s = &gateway->session;
    char token[TOKEN_MAX] = "", text[240];
    struct text out = text_on(text, sizeof text);
    int32_t code = -1;

    s->flight = FLIGHT_NONE;
    rest_called(gateway, ENDPOINT_LOGIN, answer);
    if (answer->fate == HTTP_ANSWERED && answer->status == 429)
        pace_refused(&gateway->pace, PACE_LOGIN, answer->retry_after_s, gateway_now(gateway));
    text_add(&out, "an answer that is not the gateway's");
    if (answer->fate != HTTP_ANSWERED || answer->status != 200)
        describe(answer, "log-in", text, sizeof text);
    else if (read_answer(gateway, answer, "token", token, &code))
        (void)snprintf(text, sizeof text, "%s (code %d)", errors_login_text(code), (int)code);
    if (s->new_key == NULL) { /* Taken back meanwhile. */
    } else if (code == 0 && token[0] != '\0') {
        end_trial(gateway, NULL);
        take_token(gateway, token);
        tell_waiters(gateway);
    } else {
        end_trial(gateway, text);
    }
    secret_wipe(token, sizeof token);
    gateway_rearm(gateway);
}

static void
on_login(void *user, const struct http_answer *answer)
{
    struct gateway *gateway = user;
    char token[TOKEN_MAX], text[240];
    struct text out = text_on(text, sizeof text);
    int32_t code = -1;

    gateway->session.flight = FLIGHT_NONE;
    rest_called(gateway, ENDPOINT_LOGIN, answer);
    if (!was_lost(gateway, answer, "log-in")) {
        if (!read_answer(gateway, answer, "token", token, &code)) {
            fail(gateway, "log-in: an answer that is not the gateway's", false);
        } else if (code != 0 || token[0] == '\0') {
            text_addf(&out, "log-in refused: %s (code %d)", errors_login_text(code), (int)code);
            fail(gateway, text, errors_login_is_permanent(code));
        } else {
            take_token(gateway, token);
            tell_waiters(gateway);
        }
        secret_wipe(token, sizeof token);
    }
    gateway_rearm(gateway);
}

static void
on_validate(void *user, const struct http_answer *answer)
{
    struct gateway *gateway = user;
    struct session *s = &gateway->session;
    char token[TOKEN_MAX];
    int32_t code = -1;

    s->flight = FLIGHT_NONE;
    rest_called(gateway, ENDPOINT_VALIDATE, answer);
    if (answer->fate == HTTP_ANSWERED && (answer->status == 401 || answer->status == 403)) {
        session_refused(gateway, s->generation);
    } else if (!was_lost(gateway, answer, "token refresh")) {
        if (!read_answer(gateway, answer, "newToken", token, &code)) {
            fail(gateway, "token refresh: an answer that is not the gateway's", false);
        } else if (code >= 1 && code <= 3) {
            s->failures = 3; /* TR-04: log in at once. */
            s->due_ns = gateway_now(gateway);
        } else if (code != 0) {
            fail(gateway, "token refresh refused", false);
        } else if (token[0] == '\0') {
            /* TR-03: still the old token, with its old expiry; a login brings a new one in time. */
            s->failures = 3;
            s->due_ns = gateway_now(gateway) + retry_wait(gateway);
        } else {
            take_token(gateway, token);
            tell_waiters(gateway);
        }
        secret_wipe(token, sizeof token);
    }
    gateway_rearm(gateway);
}

static bool
send_request(struct gateway *gateway, enum endpoint endpoint, const char *body, http_done *done)
{
    struct text url;
    char url_buffer[256];
    struct error err;
    struct http_request request = { .lane = HTTP_READS, .url = url_buffer, .body = body, .length = strlen(body),
        .timeout_ms = LOGIN_TIMEOUT_MS };

    if (endpoint == ENDPOINT_VALIDATE)
        request.bearer = gateway->session.token;
    url = text_on(url_buffer, sizeof url_buffer);
    text_add(&url, gateway->settings.rest_url);
    text_add(&url, endpoint_path(endpoint));
    spent_take(gateway);
    gateway_wire(gateway, "> POST %s", endpoint_path(endpoint));
    if (gateway->transport->request(gateway->transport_context, &request, done, gateway, &err) == OK)
        return true;
    fail(gateway, err.text, false);
    return false;
}

static void
log_in(struct gateway *gateway)
{
    char body[1024];
    struct text text = text_on(body, sizeof body);
    struct json_writer w = json_writer_on(&text);

    json_open(&w, NULL, '{');
    bool trial = gateway->session.new_key != NULL;
    json_add_string(&w, "userName", trial ? gateway->session.new_user : gateway->settings.user_name);
    json_add_string(&w, "apiKey", trial ? gateway->session.new_key : gateway->settings.api_key);
    json_close(&w, '}');
    gateway->session.login_ns = gateway_now(gateway);
    if (send_request(gateway, ENDPOINT_LOGIN, body, trial ? on_trial : on_login))
        gateway->session.flight = FLIGHT_LOGIN;
    secret_wipe(body, sizeof body);
}

/* ---- When ---- */

void
session_start(struct gateway *gateway)
{
    gateway->session.due_ns = gateway_now(gateway);
    gateway->session.login_ns = INT64_MIN / 2;
}

void
session_fini(struct session *session)
{
    wipe_token(session);
    forget_trial(session);
}

void
session_tick(struct gateway *gateway, int64_t now)
{
    struct session *s = &gateway->session;

    /* TR-09: each day in the quiet hour, if nothing is wrong. */
    if (s->token != NULL && s->failures == 0 && now - s->token_ns >= HALT_AGE_NS && now < s->due_ns && gateway_in_halt(gateway))
        s->due_ns = now;
    if (s->flight != FLIGHT_NONE || now < s->due_ns || gateway->stopping)
        return;
    if (s->token != NULL && now >= s->expires_ns)
        wipe_token(s);
    int64_t at = pace_ask(&gateway->pace, PACE_LOGIN, PACE_GENERAL, now);
    if (at > now) {
        s->due_ns = at;
    } else if (s->token == NULL || s->failures >= 3 || s->new_key != NULL) {
        log_in(gateway);
    } else if (send_request(gateway, ENDPOINT_VALIDATE, "{}", on_validate)) {
        s->flight = FLIGHT_VALIDATE;
    }
}

void
session_refused(struct gateway *gateway, uint64_t generation)
{
    struct session *s = &gateway->session;
    int64_t now = gateway_now(gateway);

    if (generation != s->generation || s->token == NULL)
        return; /* There is a newer one, or somebody said so already. */
    wipe_token(s);
    s->failures = 0;
    /* A token that never worked is not replaced in a tight loop. */
    s->due_ns = s->proven || now - s->login_ns >= RELOGIN_GAP_NS ? now : s->login_ns + RELOGIN_GAP_NS;
    if (!s->proven)
        gateway_alarm(gateway, GATEWAY_CRITICAL, "the gateway refuses a fresh token");
    gateway_note(gateway, "session", "the gateway refuses the token");
}

bool
session_forbidden(struct gateway *gateway)
{
    if (gateway_now(gateway) - gateway->session.login_ns < RELOGIN_GAP_NS)
        return false;
    session_renew(gateway);
    return true;
}

void
session_slept(struct gateway *gateway, int64_t slept_ns)
{
    struct session *s = &gateway->session;

    s->expires_ns -= slept_ns;
    s->token_ns -= slept_ns;
    if (s->token != NULL && s->failures == 0)
        s->due_ns -= slept_ns;
}

void
session_renew(struct gateway *gateway)
{
    struct session *s = &gateway->session;

    s->failures = 3; /* Not by validate: what it was issued for may be what was logged out. */
    if (s->due_ns > gateway_now(gateway))
        s->due_ns = gateway_now(gateway);
}

void
session_proven(struct gateway *gateway, uint64_t generation)
{
    if (generation == gateway->session.generation)
        gateway->session.proven = true;
}
