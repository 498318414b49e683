/*
 * alert_send.c - one alert on its way to a webhook or a mail server.
 */
#include "app/alert_send.h"

#include <string.h>

#define CONNECT_MS 10000L
#define TOTAL_MS 30000L
#define WAIT_MAX_S 3600

static size_t
discard(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static size_t
give_body(char *out, size_t size, size_t count, void *context)
{
    struct alert_send *send = context;
    size_t room = size * count, left = send->length - send->taken;
    size_t given = left < room ? left : room;

    memcpy(out, send->body + send->taken, given);
    send->taken += given;
    return given;
}

/* What both kinds have in common.  False: no memory. */
static bool
prepare(struct alert_send *send, const char *url, const char *protocols, const char *ca_file)
{
    CURL *easy = curl_easy_init();
    bool ok = easy != NULL;

    send->easy = easy;
    ok = ok && curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TOTAL_MS) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_PRIVATE, send) == CURLE_OK;
    if (ca_file[0] != '\0')
        ok = ok && curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK;
    return ok;
}

static enum status
start(struct alert_send *send, CURLM *multi, bool ok, struct error *err)
{
    if (ok && curl_multi_add_handle(multi, send->easy) == CURLM_OK)
        return OK;
    alert_send_fini(send, NULL);
    return error_set(err, STATUS_LIMIT, "no memory");
}

enum status
alert_send_webhook(struct alert_send *send, CURLM *multi, const struct alert *alert, const struct webhook *webhook, const char *ca_file,
    struct error *err)
{
    struct text body = text_on(send->body, sizeof send->body);
    bool ok = prepare(send, webhook->url, "https", ca_file);

    alert_write_webhook(alert, webhook, &body);
    send->length = body.length;
    send->list = curl_slist_append(NULL, "Content-Type: application/json");
    ok = ok && send->list != NULL && curl_easy_setopt(send->easy, CURLOPT_HTTPHEADER, send->list) == CURLE_OK;
    ok = ok && curl_easy_setopt(send->easy, CURLOPT_USERAGENT, "riskd") == CURLE_OK;
    ok = ok && curl_easy_setopt(send->easy, CURLOPT_POSTFIELDSIZE, (long)send->length) == CURLE_OK;
    ok = ok && curl_easy_setopt(send->easy, CURLOPT_POSTFIELDS, send->body) == CURLE_OK;
    return start(send, multi, ok, err);
}

/* "a@x.org, b@y.org" */
static bool
add_receivers(struct alert_send *send, const char *to)
{
    char receiver[SETTING_TEXT_MAX];

    while (*to != '\0') {
        to += strspn(to, ", ");
        size_t length = strcspn(to, ", ");
        if (length == 0)
            break;
        (void)text_copy_bytes(receiver, sizeof receiver, to, length);
        struct curl_slist *longer = curl_slist_append(send->list, receiver);
        if (longer == NULL)
            return false;
        send->list = longer;
        to += length;
    }
    return send->list != NULL;
}

enum status
alert_send_mail(struct alert_send *send, CURLM *multi, const struct alert *alert, const struct daemon_settings *settings, struct error *err)
{
    const char *password = settings->alert.email.password;
    struct text body = text_on(send->body, sizeof send->body);
    bool ok = prepare(send, settings->alert.email.server, "smtp,smtps", settings->alert.ca_file);
    CURL *easy = send->easy;

    alert_write_mail(alert, settings->alert.email.from, settings->alert.email.to, &body);
    send->length = body.length;
    send->taken = 0;
    ok = ok && add_receivers(send, settings->alert.email.to) && curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, send->list) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_MAIL_FROM, settings->alert.email.from) == CURLE_OK;
    /* A password never goes out in the clear; a relay on this machine may have no certificate. */
    ok = ok && curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(password[0] != '\0' ? CURLUSESSL_ALL : CURLUSESSL_TRY)) == CURLE_OK;
    if (settings->alert.email.username[0] != '\0') {
        ok = ok && curl_easy_setopt(easy, CURLOPT_USERNAME, settings->alert.email.username) == CURLE_OK;
        ok = ok && curl_easy_setopt(easy, CURLOPT_PASSWORD, password) == CURLE_OK;
    }
    ok = ok && curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body) == CURLE_OK;
    ok = ok && curl_easy_setopt(easy, CURLOPT_READDATA, send) == CURLE_OK;
    return start(send, multi, ok, err);
}

enum status
alert_send_end(struct alert_send *send, CURLM *multi, CURLcode result, int64_t *ret_wait_s, struct error *err)
{
    long code = 0;
    curl_off_t wait = 0;
    enum status status = OK;

    (void)curl_easy_getinfo(send->easy, CURLINFO_RESPONSE_CODE, &code);
    (void)curl_easy_getinfo(send->easy, CURLINFO_RETRY_AFTER, &wait);
    *ret_wait_s = wait < 0 ? 0 : wait > WAIT_MAX_S ? WAIT_MAX_S : (int64_t)wait;
    if (result != CURLE_OK)
        status = error_set(err, STATUS_RETRY, "%s (last code %ld)", curl_easy_strerror(result), code);
    else if (code >= 400 && code < 500 && code != 408 && code != 429)
        status = error_set(err, STATUS_REFUSED, "answered %ld", code);
    else if (code / 100 != 2)
        status = error_set(err, STATUS_RETRY, "answered %ld", code);
    alert_send_fini(send, multi);
    return status;
}

void
alert_send_fini(struct alert_send *send, CURLM *multi)
{
    if (send->easy != NULL && multi != NULL)
        (void)curl_multi_remove_handle(multi, send->easy);
    curl_easy_cleanup(send->easy);
    curl_slist_free_all(send->list);
    send->easy = NULL;
    send->list = NULL;
}
