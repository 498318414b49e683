/*
 * test_session.c - the token's life in virtual time (resilience.md 1.13, EC-08).
 */
#include "lib/fake_broker.h"

#include "base/assert.h"
#include "gateway/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOUR (3600 * FAKE_SECOND)

static int64_t
token_left_s(const struct fake *fake)
{
    struct gateway_status status;

    gateway_status(fake->gateway, &status);
    return status.has_token ? status.token_left_s : -1;
}

/* token_exp_variants (TR-01). */
static void
token_exp_variants(void **state)
{
    /* {"exp":1787003600}, {"exp":1786990000}, {"exp":9999999999}, {"exp":"x"}, {"n":1}. */
    static const struct {
        const char *token;
        int64_t life_s;
    } table[] = {
        { "h.eyJleHAiOjE3ODcwMDM2MDB9.s", 3600 },
        { "h.eyJleHAiOjE3ODY5OTAwMDB9.s", 86400 },
        { "h.eyJleHAiOjk5OTk5OTk5OTl9.s", 86400 },
        { "h.eyJleHAiOiJ4In0.s", 86400 },
        { "h.eyJuIjoxfQ.s", 86400 },
        { "", 86400 },
        { "garbage", 86400 },
        { "a.b", 86400 },
        { "a..b", 86400 },
        { "a.!!!!.b", 86400 },
        { "[REDACTED]", 86400 },
    };
    struct instant now = { INT64_C(1787000000000000000) };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (session_token_life(table[i].token, now).ns != table[i].life_s * FAKE_SECOND)
            fail_msg("%s", table[i].token);
}

/* TR-02: 2 h 1 min left: no; 1 h 59 min: yes; then the new one is used. */
static void
token_refresh_threshold(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->token_life_s = 86400;
    fake_go_live(fake);
    fake_run(fake, 22 * HOUR - 60 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "validate", 0), 0);
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "validate", 0), 1);
    assert_int_equal(fake->logins, 1);
    assert_true(token_left_s(fake) > 86000);
    /* The next request has the new one. */
    assert_non_null(strstr(fake->requests[fake->requests_count - 1].path, "/"));
    fake_command(fake, (struct command){ .kind = COMMAND_CLOSE, .contract = { "C" } });
    assert_non_null(strstr(fake->requests[fake->requests_count - 1].bearer, ".sig2"));
    fake_free(fake);
}

static const char *validate_body;
static int validate_status;

static bool
answer_validate(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    if (strstr(request->path, "validate") == NULL)
        return false;
    answer->status = validate_status;
    text_copy(body, size, validate_body);
    return true;
}

static struct fake *
with_failing_refresh(void)
{
    struct fake *fake = fake_new(1);

    fake->token_life_s = 86400;
    fake_go_live(fake);
    fake->hook = answer_validate;
    validate_status = 503;
    validate_body = "down";
    fake_run(fake, 22 * HOUR + 90 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "validate", 0), 2);
    return fake;
}

/* Three failures, then loginKey (TR-04). */
static void
token_validate_fallback(void **state)
{
    struct fake *fake = with_failing_refresh();

    (void)state;
    fake_run(fake, 180 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "validate", 0), 3);
    assert_int_equal(fake->logins, 2);
    assert_true(token_left_s(fake) > 86000);
    fake_free(fake);
}

/* A close during a failing refresh leaves at once with the old token (TR-05). */
static void
token_old_usable(void **state)
{
    struct fake *fake = with_failing_refresh();

    (void)state;
    int before = fake->requests_count;
    fake_command(fake, (struct command){ .kind = COMMAND_CLOSE, .contract = { "C" } });
    assert_int_equal(fake->requests_count, before + 1);
    assert_non_null(strstr(fake->requests[before].bearer, ".sig1"));
    fake_free(fake);
}

/* TR-03: newToken null keeps the token and its expiry; codes 1 to 3 log in at once. */
static void
token_new_token(void **state)
{
    static const char *const at_once[] = { "{\"newToken\":null,\"success\":false,\"errorCode\":1,\"errorMessage\":null}",
        "{\"newToken\":null,\"success\":false,\"errorCode\":2,\"errorMessage\":null}",
        "{\"newToken\":null,\"success\":false,\"errorCode\":3,\"errorMessage\":null}" };

    (void)state;
    validate_status = 200;
    for (size_t i = 0; i < COUNT_OF(at_once); i++) {
        struct fake *fake = fake_new(1);

        fake->token_life_s = 86400;
        fake_go_live(fake);
        fake->hook = answer_validate;
        validate_body = at_once[i];
        fake_run(fake, 22 * HOUR + 5 * FAKE_SECOND);
        assert_int_equal(fake->logins, 2);
        fake_free(fake);
    }
    struct fake *fake = fake_new(1);
    fake->token_life_s = 86400;
    fake_go_live(fake);
    fake->hook = answer_validate;
    validate_body = "{\"newToken\":null,\"success\":true,\"errorCode\":0,\"errorMessage\":null}";
    fake_run(fake, 22 * HOUR + 5 * FAKE_SECOND);
    assert_int_equal(fake->logins, 1);
    assert_in_range(token_left_s(fake), 7000, 7200);
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake->logins, 2);
    fake_free(fake);
}

/* The operator's own: renewed three hours before, tried again each 30 s. */
static void
test_own_times(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->token_life_s = 86400;
    fake->gateway->times.token_refresh_ms = 3 * 3600 * 1000;
    fake->gateway->times.token_retry_ms = 30000;
    fake_go_live(fake);
    fake_run(fake, 21 * HOUR - 60 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "validate", 0), 0);
    fake->hook = answer_validate;
    validate_status = 503;
    validate_body = "down";
    fake_run(fake, 120 * FAKE_SECOND);
    assert_in_range(fake_count(fake, "validate", 0), 2, 3);
    fake_free(fake);
}

/* token_permanent_code (LG-12): alarm, each 300 s, for ever; a transient one backs off to 60 s. */
static void
token_permanent_code(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->login_code = 9;
    fake_run(fake, 1501 * FAKE_SECOND);
    assert_int_equal(fake->logins, 6);
    assert_true(fake->alarms[2] >= 6); /* And those of the dead hub (SV-06). */
    assert_non_null(strstr(fake->wire, "loginKey"));
    assert_non_null(strstr(fake->last_alarm, "subscription"));
    fake->login_code = 8;
    fake_run(fake, 300 * FAKE_SECOND);
    int logins = fake->logins;
    fake_run(fake, 600 * FAKE_SECOND);
    assert_in_range(fake->logins - logins, 8, 13);
    fake->login_code = 0;
    fake_run(fake, 80 * FAKE_SECOND);
    fake_go_live(fake);
    fake_free(fake);
}

/* start_offline (SV-02): no network at boot, for an hour. */
static void
test_offline(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->is_down = true;
    fake_run(fake, 3600 * FAKE_SECOND);
    assert_int_equal(fake_mode(fake), MODE_BLIND);
    fake->is_down = false;
    fake_run(fake, 80 * FAKE_SECOND);
    fake_go_live(fake);
    fake_free(fake);
}

static bool
expire(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)body;
    (void)size;
    (void)fake;
    if (strstr(request->path, "Auth") == NULL || strstr(request->path, "loginKey") != NULL)
        return false;
    answer->status = 401;
    return true;
}

/* validate answers 401: the token is gone, log in. */
static void
test_validate_401(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake->token_life_s = 86400;
    fake_go_live(fake);
    fake->hook = expire;
    fake_run(fake, 22 * HOUR + 5 * FAKE_SECOND);
    assert_int_equal(fake->logins, 2);
    assert_true(token_left_s(fake) > 86000);
    fake_free(fake);
}

/* token_48h: two days, no call refused; hub_planned_renewal: both hubs reconnect with the new token before the old one ends (LO-02, LO-03). */
static void
token_48h(void **state)
{
    struct fake *fake = fake_new(1);
    int64_t user_at = 0, market_at = 0;

    (void)state;
    fake->token_life_s = 86400;
    fake_go_live(fake);
    for (int i = 0; i < 48 * 360; i++) {
        fake_run(fake, 10 * FAKE_SECOND);
        if (fake->events_count > FAKE_EVENTS_MAX / 2)
            fake->events_count = 0;
        if (fake->requests_count > FAKE_REQUESTS_MAX / 2)
            fake->requests_count = 0;
        for (int k = 0; k < 2; k++) {
            struct fake_hub *hub = fake_hub(fake, k == 0);

            if (hub == NULL || !hub->upgraded)
                continue;
            int64_t *at = k == 0 ? &user_at : &market_at;
            if (*at == 0 && strstr(hub->target, ".sig1") == NULL)
                *at = fake->now_ns;
        }
    }
    assert_in_range(market_at, 22 * HOUR, 24 * HOUR);
    assert_in_range(user_at, market_at + 10 * FAKE_SECOND, 24 * HOUR);
    assert_int_equal(fake->logins, 1);
    assert_true(token_left_s(fake) > 7000);
    assert_int_equal(fake->connects, 2 + 2 * 2);
    fake_free(fake);
}

/* The old token's hubs are renewed one after the other; what is said meanwhile is neither lost nor doubled (LO-02, LO-03, SR-02). */
static void
hub_planned_renewal(void **state)
{
    struct fake *fake = fake_new(1);
    char event[200];
    int said = 0, connects;

    (void)state;
    fake->token_life_s = 86400;
    fake_go_live(fake);
    fake_run(fake, 22 * HOUR - 120 * FAKE_SECOND);
    fake->events_count = fake->requests_count = 0;
    connects = fake->connects;
    for (int i = 0; i < 2 * 3600 * 2 && fake->connects < connects + 2; i++) {
        struct fake_hub *hub = fake_hub(fake, true);

        if (i % 40 == 0 && hub != NULL && hub->upgraded && strstr(hub->heard, "SubscribeTrades") != NULL) {
            said++;
            snprintf(event, sizeof event, "{\"type\":1,\"target\":\"GatewayUserOrder\",\"arguments\":[{\"id\":%d,\"accountId\":1,"
                "\"contractId\":\"C\",\"side\":0,\"size\":1,\"status\":1,\"type\":1}]}", 1000 + said);
            fake_say(hub, event);
        }
        fake_run(fake, FAKE_SECOND / 2);
    }
    fake_run(fake, 30 * FAKE_SECOND);
    assert_int_equal(fake->connects, connects + 2);
    assert_true(said > 20);
    assert_int_equal(fake_count_events(fake, EVENT_ORDER, 0), said);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

static bool halt;

static bool
is_halt(void *context, struct instant now)
{
    (void)context;
    (void)now;
    return halt;
}

/* TR-09: in the daily halt token and hubs are renewed, hours before they have to be, and once. */
static void
test_halt(void **state)
{
    struct fake *fake = fake_new_with(1, is_halt);

    (void)state;
    fake->token_life_s = 86400;
    halt = false;
    fake_go_live(fake);
    fake_run(fake, 5 * HOUR);
    int connects = fake->connects;
    assert_int_equal(fake_count(fake, "validate", 0), 0);
    halt = true;
    fake_run(fake, 120 * FAKE_SECOND);
    assert_int_equal(fake_count(fake, "validate", 0), 1);
    assert_int_equal(fake->connects, connects + 2);
    fake_run(fake, HOUR);
    assert_int_equal(fake_count(fake, "validate", 0), 1);
    assert_int_equal(fake->connects, connects + 2);
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_free(fake);
}

static bool
refuse_new_key(struct fake *fake, const struct fake_request *request, struct http_answer *answer, char *body, size_t size)
{
    (void)fake;
    (void)answer;
    if (strstr(request->body, "bad-key") == NULL)
        return false;
    text_copy(body, size, "{\"token\":null,\"success\":false,\"errorCode\":3,\"errorMessage\":null}");
    return true;
}

/* AK-05: the new pair works: swapped; it does not: the old pair stays, and so does its token. */
static void
key_swap(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    fake->hook = refuse_new_key;
    gateway_change_key(fake->gateway, "somebody", "bad-key");
    fake_run(fake, 2 * FAKE_SECOND);
    assert_int_equal(fake->alarms[1], 1);
    assert_non_null(strstr(fake->last_alarm, "the old ones stay: the API key is not valid"));
    assert_int_equal(fake_mode(fake), MODE_NORMAL);
    fake_command(fake, (struct command){ .kind = COMMAND_CLOSE, .contract = { "C" } });
    assert_string_equal(fake->requests[fake->requests_count - 1].bearer, "token1");
    int before = fake->requests_count;
    gateway_change_key(fake->gateway, "else", "good-key");
    fake_run(fake, 2 * FAKE_SECOND);
    assert_non_null(strstr(fake->requests[before].body, "{\"userName\":\"else\",\"apiKey\":\"good-key\"}"));
    fake_command(fake, (struct command){ .kind = COMMAND_CLOSE, .contract = { "C" } });
    assert_string_equal(fake->requests[fake->requests_count - 1].bearer, "token2");
    assert_non_null(strstr(fake->notes, "session: logged in with new credentials"));
    before = fake->logins;
    gateway_change_key(fake->gateway, "else", "good-key"); /* A reload that changed something else. */
    gateway_change_key(fake->gateway, "else", "bad-key");
    gateway_change_key(fake->gateway, "else", "good-key"); /* Taken back before it was tried. */
    fake_run(fake, 2 * FAKE_SECOND);
    assert_int_equal(fake->logins, before);
    assert_int_equal(fake->alarms[1], 1);
    fake->hook = NULL;
    before = fake->requests_count;
    fake_run(fake, 24 * HOUR); /* The next log-in is with the new pair. */
    for (int i = before; i < fake->requests_count; i++)
        if (strstr(fake->requests[i].path, "loginKey") != NULL)
            assert_non_null(strstr(fake->requests[i].body, "good-key"));
    fake_free(fake);
}

/* Memory being given back: is the secret in it gone?  The linker puts this in the place of free() (tests/CMakeLists.txt). */
static const char *watched;
static size_t watched_length;
static int wiped;

void __real_free(void *memory);
void __wrap_free(void *memory);

void
__wrap_free(void *memory)
{
    if (memory != NULL && memory == watched) {
        bool clean = true;

        for (size_t i = 0; i < watched_length; i++)
            clean = clean && watched[i] == '\0';
        wiped += clean ? 1 : 0;
        watched = NULL;
    }
    __real_free(memory);
}

static void
watch(const char *secret)
{
    watched = secret;
    watched_length = strlen(secret);
    wiped = 0;
}

/* TS-01: replaced and stopped, no copy of token or key is left in the gateway's memory. */
static void
token_not_in_memory_after_exit(void **state)
{
    struct fake *fake = fake_new(1);

    (void)state;
    fake_go_live(fake);
    const struct session *session = &fake->gateway->session;
    assert_string_equal(session->token, "token1");
    watch(session->token);
    session_renew(fake->gateway);
    gateway_distrust(fake->gateway, 0);
    fake_run(fake, 2 * FAKE_SECOND);
    assert_string_equal(session->token, "token2");
    assert_int_equal(wiped, 1); /* The old one, before it was given back. */
    watch(session->token);
    fake_free(fake);
    assert_int_equal(wiped, 1);
    fake = fake_new(1);
    watch((char *)(uintptr_t)fake->gateway->settings.api_key);
    fake_free(fake);
    assert_int_equal(wiped, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_exp_variants),
        cmocka_unit_test(token_refresh_threshold),
        cmocka_unit_test(token_validate_fallback),
        cmocka_unit_test(token_old_usable),
        cmocka_unit_test(token_new_token),
        cmocka_unit_test(test_own_times),
        cmocka_unit_test(token_permanent_code),
        cmocka_unit_test(test_offline),
        cmocka_unit_test(test_validate_401),
        cmocka_unit_test(token_48h),
        cmocka_unit_test(hub_planned_renewal),
        cmocka_unit_test(test_halt),
        cmocka_unit_test(key_swap),
        cmocka_unit_test(token_not_in_memory_after_exit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
