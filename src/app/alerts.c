/*
 * alerts.c - tells people, wherever they are.
 *
 *     any thread --alerts_put--> inbox --rate--> queue (and its file) --> per place: one at a time, oldest first, waits after a failure
 *
 * Everything behind the inbox belongs to the thread, which sleeps in curl_multi_poll(); programs are its own small libuv loop's.
 * The rate (20 at once, then one each 3 s) protects people and rate-limited services from a flood: what is above it is
 * counted and told as one alert once there is room.
 */
#include "app/alerts.h"

#include "app/alert_queue.h"
#include "app/alert_run.h"
#include "app/alert_send.h"
#include "app/mask.h"
#include "base/assert.h"
#include "os/os.h"
#include "store/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INBOX_MAX 64
#define BURST 20
#define REFILL_MS 3000
#define GIVES_UP_AFTER SPAN_SECONDS(86400)
#define REFUSALS_MAX 3    /* Of one alert: a place that says no will go on saying it. */
#define POLL_BUSY_MS 20   /* While a program runs. */
#define POLL_IDLE_MS 60000

enum place_kind { PLACE_DESKTOP, PLACE_COMMAND, PLACE_WEBHOOK, PLACE_MAIL };

struct place {
    enum place_kind kind;
    int32_t webhook;
    bool busy;
    int32_t failures;     /* In a row. */
    int32_t refusals;     /* Of the alert at hand. */
    uint64_t due_ms;      /* Not before. */
    struct alert_send send;
    struct alert_run run;
};

struct alerts {
    struct daemon_settings settings;
    struct alerts_options options;
    uv_thread_t thread;
    uv_mutex_t lock;
    CURLM *multi;
    uv_loop_t loop;
    /* Under the lock. */
    bool stopping;
    uint32_t inbox_count;
    struct alert inbox[INBOX_MAX];
    struct alerts_stats stats;
    /* The thread's. */
    int32_t tokens;
    uint64_t refilled_ms;
    uint64_t held;        /* Not told yet. */
    struct place places[ALERT_PLACES_MAX];
    bool queue_failed;
    struct alert_queue queue;
};

static uint64_t
now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* ---- Any thread ---- */

void
alerts_put(struct alerts *alerts, const struct alert *alert)
{
    static const struct mask shapes; /* A broker's text may quote a token. */
    struct alert masked = *alert;
    struct text text = text_on(masked.text, sizeof masked.text);

    if (alerts == NULL)
        return;
    mask_add(&shapes, &text, alert->text, strlen(alert->text));
    uv_mutex_lock(&alerts->lock);
    if (alerts->inbox_count < INBOX_MAX)
        alerts->inbox[alerts->inbox_count++] = masked;
    else
        alerts->stats.held++;
    uv_mutex_unlock(&alerts->lock);
    (void)curl_multi_wakeup(alerts->multi);
}

struct alerts_stats
alerts_stats(struct alerts *alerts)
{
    struct alerts_stats stats = { 0 };

    if (alerts == NULL)
        return stats;
    uv_mutex_lock(&alerts->lock);
    stats = alerts->stats;
    uv_mutex_unlock(&alerts->lock);
    return stats;
}

/* ---- Taking in ---- */

static bool
wants(const struct place *place, const struct alert *alert)
{
    return place->kind != PLACE_COMMAND || alert->level >= 2;
}

static void
enqueue(struct alerts *alerts, const struct alert *alert)
{
    uint32_t places = 0;

    for (int32_t i = 0; i < alerts->queue.places_count; i++)
        if (wants(&alerts->places[i], alert))
            places |= 1u << i;
    alert_queue_add(&alerts->queue, alert, places);
}

static void
refill(struct alerts *alerts)
{
    uint64_t more = (now_ms() - alerts->refilled_ms) / REFILL_MS;

    alerts->refilled_ms += more * REFILL_MS;
    alerts->tokens = more > BURST || alerts->tokens + (int32_t)more > BURST ? BURST : alerts->tokens + (int32_t)more;
}

/* Those above the rate, as a number. */
static void
tell_held(struct alerts *alerts)
{
    struct alert alert = { .kind = ALERT_FAILED, .level = 1, .at = os_utc_now() };
    struct text text = text_on(alert.text, sizeof alert.text);

    if (alerts->held == 0 || alerts->tokens == 0)
        return;
    alerts->tokens--;
    text_addf(&text, "%" PRIu64 " more alerts came too fast to be sent one by one: see the enforcement log.", alerts->held);
    alerts->held = 0;
    enqueue(alerts, &alert);
}

/* False: stop. */
static bool
take_inbox(struct alerts *alerts)
{
    static const struct alert none;
    struct alert taken = none;

    refill(alerts);
    for (;;) {
        uv_mutex_lock(&alerts->lock);
        bool stopping = alerts->stopping, found = alerts->inbox_count > 0;
        if (found) {
            taken = alerts->inbox[0];
            memmove(&alerts->inbox[0], &alerts->inbox[1], --alerts->inbox_count * sizeof alerts->inbox[0]);
        }
        bool passes = found && alerts->tokens > 0 && alerts->held == 0;
        alerts->stats.held += found && !passes;
        uv_mutex_unlock(&alerts->lock);
        if (stopping && !found)
            return false;
        if (!found)
            break;
        if (passes) {
            alerts->tokens--;
            enqueue(alerts, &taken);
        } else {
            alerts->held++;
        }
    }
    tell_held(alerts);
    return true;
}

/* ---- Sending ---- */

static uint64_t
pause_ms(int32_t failures)
{
    static const uint64_t steps_s[] = { 5, 15, 60, 300, 900 };
    int32_t last = (int32_t)COUNT_OF(steps_s) - 1;

    return steps_s[failures - 1 < last ? failures - 1 : last] * 1000;
}

static void
conclude(struct alerts *alerts, int32_t index, enum status status, int64_t wait_s, const char *text)
{
    struct place *place = &alerts->places[index];
    const struct alert_entry *entry = alert_queue_next(&alerts->queue, index);

    place->busy = false;
    place->failures = status == OK ? 0 : place->failures + 1;
    place->refusals = status == STATUS_REFUSED ? place->refusals + 1 : place->refusals;
    bool late = entry != NULL && instant_since(os_utc_now(), entry->alert.at).ns > GIVES_UP_AFTER.ns;
    bool over = status == OK || alerts->options.once || late || place->refusals >= REFUSALS_MAX;
    if (status != OK)
        place->due_ms = now_ms() + (wait_s > 0 ? (uint64_t)wait_s * 1000 : pause_ms(place->failures));
    if (over) {
        place->refusals = 0;
        alert_queue_done(&alerts->queue, index);
    }
    uv_mutex_lock(&alerts->lock);
    alerts->stats.delivered += status == OK;
    alerts->stats.failed += status != OK;
    alerts->stats.given_up += over && status != OK;
    uv_mutex_unlock(&alerts->lock);
    if (alerts->options.attempted != NULL)
        alerts->options.attempted(alerts->options.context, alerts->queue.places[index], status == OK, text);
}

static void
begin(struct alerts *alerts, int32_t index, const struct alert *alert)
{
    const struct daemon_settings *settings = &alerts->settings;
    struct place *place = &alerts->places[index];
    struct error err = { 0 };
    enum status status = OK;

    place->busy = true;
    switch (place->kind) {
    case PLACE_DESKTOP:
        status = alert_run_desktop(&place->run, &alerts->loop, alert, &err);
        break;
    case PLACE_COMMAND:
        status = alert_run_command(&place->run, &alerts->loop, settings->alert.command, alert, &err);
        break;
    case PLACE_WEBHOOK:
        status = alert_send_webhook(&place->send, alerts->multi, alert, &settings->alert.webhooks[place->webhook], settings->alert.ca_file,
            &err);
        break;
    case PLACE_MAIL:
        status = alert_send_mail(&place->send, alerts->multi, alert, settings, &err);
        break;
    }
    if (status != OK)
        conclude(alerts, index, status, 0, err.text);
}

static void
begin_all(struct alerts *alerts)
{
    uint64_t now = now_ms();

    for (int32_t i = 0; i < alerts->queue.places_count; i++) {
        struct place *place = &alerts->places[i];
        const struct alert_entry *entry = alert_queue_next(&alerts->queue, i);
        if (entry != NULL && !place->busy && !place->run.busy && place->due_ms <= now)
            begin(alerts, i, &entry->alert);
    }
}

static void
end_transfers(struct alerts *alerts)
{
    CURLMsg *message;
    int left;

    (void)curl_multi_perform(alerts->multi, &left);
    while ((message = curl_multi_info_read(alerts->multi, &left)) != NULL) {
        struct error err = { 0 };
        int64_t wait_s = 0;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        for (int32_t i = 0; i < alerts->queue.places_count; i++)
            if (alerts->places[i].send.easy == message->easy_handle) {
                enum status status = alert_send_end(&alerts->places[i].send, alerts->multi, result, &wait_s, &err);
                conclude(alerts, i, status, wait_s, err.text);
                break;
            }
    }
}

static void
end_programs(struct alerts *alerts)
{
    (void)uv_run(&alerts->loop, UV_RUN_NOWAIT);
    for (int32_t i = 0; i < alerts->queue.places_count; i++) {
        struct place *place = &alerts->places[i];
        struct error err = { 0 };
        if (place->run.busy)
            alert_run_watch(&place->run, now_ms());
        if (!place->busy || !place->run.ended)
            continue;
        place->run.ended = false;
        enum status status = place->run.exit_code == 0 ? OK : error_set(&err, STATUS_RETRY, "the program ended with %" PRId64,
            place->run.exit_code);
        conclude(alerts, i, status, 0, err.text);
    }
}

/* How long nothing can happen by itself. */
static int
idle_ms(const struct alerts *alerts)
{
    uint64_t now = now_ms(), wait = alerts->held > 0 ? REFILL_MS : POLL_IDLE_MS;

    for (int32_t i = 0; i < alerts->queue.places_count; i++) {
        const struct place *place = &alerts->places[i];
        uint64_t until = place->due_ms > now ? place->due_ms - now : 0;
        if (place->run.busy)
            return POLL_BUSY_MS;
        if (!place->busy && alert_queue_next(&alerts->queue, i) != NULL && until < wait)
            wait = until;
    }
    return (int)wait;
}

/* A file that cannot be written is told once; the queue goes on in memory. */
static void
keep(struct alerts *alerts)
{
    struct error err;
    bool failed = alert_queue_write(&alerts->queue, &err) != OK;

    if (failed && !alerts->queue_failed && alerts->options.attempted != NULL)
        alerts->options.attempted(alerts->options.context, "queue", false, err.text);
    alerts->queue_failed = failed;
}

static void
run(void *argument)
{
    struct alerts *alerts = argument;

    alert_queue_read(&alerts->queue);
    while (take_inbox(alerts)) {
        keep(alerts); /* Before sending: a crash repeats rather than forgets. */
        begin_all(alerts);
        end_transfers(alerts);
        end_programs(alerts);
        keep(alerts);
        uv_mutex_lock(&alerts->lock);
        alerts->stats.waiting = alerts->queue.count;
        uv_mutex_unlock(&alerts->lock);
        (void)curl_multi_poll(alerts->multi, NULL, 0, idle_ms(alerts), NULL);
    }
    keep(alerts);
    for (int32_t i = 0; i < alerts->queue.places_count; i++) {
        alert_send_fini(&alerts->places[i].send, alerts->multi);
        if (alerts->places[i].run.busy)
            alert_run_watch(&alerts->places[i].run, UINT64_MAX);
    }
    (void)uv_run(&alerts->loop, UV_RUN_DEFAULT); /* Killed programs are reaped. */
}

/* ---- Life ---- */

static void
add_place(struct alerts *alerts, enum place_kind kind, int32_t webhook, const char *name)
{
    int32_t index = alert_queue_add_place(&alerts->queue, name);

    ASSERT(index >= 0); /* ALERT_PLACES_MAX holds all a configuration can have. */
    alerts->places[index] = (struct place){ .kind = kind, .webhook = webhook };
}

/* A name that stays the same when the list is edited and tells nothing of the address. */
static void
add_webhook(struct alerts *alerts, int32_t number)
{
    const char *url = alerts->settings.alert.webhooks[number].url;
    char name[ALERT_PLACE_NAME_MAX], hex[SHA256_HEX_MAX];
    uint8_t digest[SHA256_SIZE];
    struct sha256 sha;

    sha256_init(&sha);
    sha256_add(&sha, url, strlen(url));
    sha256_end(&sha, digest);
    sha256_hex(digest, hex);
    (void)snprintf(name, sizeof name, "webhook %.8s", hex);
    add_place(alerts, PLACE_WEBHOOK, number, name);
}

static void
add_places(struct alerts *alerts)
{
    const struct daemon_settings *settings = &alerts->settings;

    if (settings->alert.desktop)
        add_place(alerts, PLACE_DESKTOP, 0, "desktop");
    if (settings->alert.command[0] != '\0')
        add_place(alerts, PLACE_COMMAND, 0, "command");
    for (int32_t i = 0; i < settings->alert.webhooks_count; i++)
        add_webhook(alerts, i);
    if (settings->alert.email.server[0] != '\0')
        add_place(alerts, PLACE_MAIL, 0, "email");
    alerts->stats.places = alerts->queue.places_count;
}

static void
free_memory(struct alerts *alerts)
{
    if (alerts->multi != NULL) {
        (void)curl_multi_cleanup(alerts->multi);
        curl_global_cleanup();
    }
    secret_wipe(&alerts->settings, sizeof alerts->settings);
    free(alerts);
}

enum status
alerts_new(const struct alerts_options *options, struct alerts **ret_alerts, struct error *err)
{
    struct alerts *alerts = calloc(1, sizeof *alerts);

    if (alerts == NULL)
        return error_set(err, STATUS_LIMIT, "alerts: no memory");
    alerts->settings = *options->settings;
    alerts->options = *options;
    alerts->tokens = BURST;
    alerts->refilled_ms = now_ms();
    if (options->queue_path != NULL)
        (void)text_copy(alerts->queue.path, sizeof alerts->queue.path, options->queue_path);
    add_places(alerts);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && (alerts->multi = curl_multi_init()) == NULL)
        curl_global_cleanup();
    if (alerts->multi == NULL) {
        free_memory(alerts);
        return error_set(err, STATUS_INTERNAL, "alerts: libcurl cannot start");
    }
    int failed = uv_mutex_init(&alerts->lock) != 0 || uv_loop_init(&alerts->loop) != 0;
    ASSERT(!failed); /* Fails without descriptors only: nothing else could run either. */
    if (uv_thread_create(&alerts->thread, run, alerts) != 0) {
        (void)uv_loop_close(&alerts->loop);
        uv_mutex_destroy(&alerts->lock);
        free_memory(alerts);
        return error_set(err, STATUS_INTERNAL, "alerts: no thread");
    }
    *ret_alerts = alerts;
    return OK;
}

void
alerts_free(struct alerts *alerts)
{
    if (alerts == NULL)
        return;
    uv_mutex_lock(&alerts->lock);
    alerts->stopping = true;
    uv_mutex_unlock(&alerts->lock);
    (void)curl_multi_wakeup(alerts->multi);
    uv_thread_join(&alerts->thread);
    (void)uv_loop_close(&alerts->loop);
    uv_mutex_destroy(&alerts->lock);
    free_memory(alerts);
}
