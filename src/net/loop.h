/*
 * loop.h - a libcurl multi handle driven by a libuv loop; what http.c and tunnel.c have in common.
 *
 * Each struct loop has connections of its own, so several of them keep classes of traffic apart.  Completions are never reported from inside
 * loop_add(): the caller may be in the middle of an event of its own.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/error.h"

#include <curl/curl.h>
#include <stdbool.h>

struct uv_loop_s;
struct loop;

/* Part of whoever owns an easy handle; set as CURLOPT_PRIVATE by loop_add(). */
struct loop_job {
    void (*done)(struct loop_job *job, CURLcode result);
};

/**
 * @connections_max  At most so many at once and kept; further transfers wait in libcurl.
 * STATUS_INTERNAL when libcurl or libuv refuses.
 */
MUST_USE enum status loop_new(struct uv_loop_s *uv, long connections_max, struct loop **ret_loop, struct error *err);

/** Close; the memory goes when libuv has run its close callbacks.  No transfer may be in it any more.  NULL is fine. */
void loop_free(struct loop *loop);

/** Start a transfer; what can be sent without waiting has been sent on return.  @job->done comes on a later turn. */
MUST_USE enum status loop_add(struct loop *loop, CURL *easy, struct loop_job *job, struct error *err);

/** Take a transfer out, finished or not; its job hears no more. */
void loop_remove(struct loop *loop, CURL *easy);

/** Is a job's done being called right now? */
bool loop_is_reporting(const struct loop *loop);

/** What HTTPS means for us: TLS >= 1.2, verified peer and host name, no redirects, no signals (TS-02).  @ca_file NULL: the system's. */
void loop_secure(CURL *easy, const char *ca_file);

/** Does this failure prove that not a byte of a request left (RT-08)? */
bool loop_failed_to_connect(CURLcode result);

#endif /* NET_LOOP_H */
