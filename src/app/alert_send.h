/*
 * alert_send.h - one alert on its way to a webhook or a mail server, by libcurl.
 *
 * Addresses and passwords go to curl and nowhere else: no error text holds them.
 */
#ifndef APP_ALERT_SEND_H
#define APP_ALERT_SEND_H

#include "app/alert.h"

#include <curl/curl.h>

#define ALERT_BODY_MAX 8192

/* Zeroed is idle. */
struct alert_send {
    CURL *easy; /* NULL: idle. */
    struct curl_slist *list;
    char body[ALERT_BODY_MAX];
    size_t length, taken;
};

/** Hand the alert to @multi; @send stays where it is until alert_send_end().  STATUS_LIMIT: no memory. */
MUST_USE enum status alert_send_webhook(struct alert_send *send, CURLM *multi, const struct alert *alert, const struct webhook *webhook,
    const char *ca_file, struct error *err);
MUST_USE enum status alert_send_mail(struct alert_send *send, CURLM *multi, const struct alert *alert, const struct daemon_settings *settings,
    struct error *err);

/**
 * What came of it; @send is idle again.  @ret_wait_s: the server's wish for the next try, 0: none.
 * STATUS_RETRY: another try may work.  STATUS_REFUSED: the other side said no.
 */
MUST_USE enum status alert_send_end(struct alert_send *send, CURLM *multi, CURLcode result, int64_t *ret_wait_s, struct error *err);

/** Drop it whatever it is doing. */
void alert_send_fini(struct alert_send *send, CURLM *multi);

#endif /* APP_ALERT_SEND_H */
