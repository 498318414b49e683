/*
 * alert_queue.h - alerts that have not reached everybody yet, kept in a file (S-27).
 *
 * The file is small, read once and written whole after each change: what a killed daemon had not sent, the next one sends.  It holds no address
 * and no password: places are known by names such as "email" or "webhook 3f9a0c21".
 */
#ifndef APP_ALERT_QUEUE_H
#define APP_ALERT_QUEUE_H

#include "app/alert.h"

#define ALERT_QUEUE_MAX 256
#define ALERT_PLACES_MAX (WEBHOOKS_MAX + 3) /* And desktop, command, e-mail. */
#define ALERT_PLACE_NAME_MAX 24

struct alert_entry {
    struct alert alert;
    uint32_t pending; /* Bit i: place i has not got it. */
};

struct alert_queue {
    char path[SETTING_TEXT_MAX + 16]; /* "": memory only. */
    int32_t places_count;
    char places[ALERT_PLACES_MAX][ALERT_PLACE_NAME_MAX];
    uint32_t count;
    uint64_t dropped;                 /* Too many at once: the oldest go. */
    bool dirty;                       /* Differs from the file. */
    struct alert_entry entries[ALERT_QUEUE_MAX]; /* Oldest first. */
};

/** The next place's index.  Add all places before reading. */
int32_t alert_queue_add_place(struct alert_queue *queue, const char *name);
/** Entries of the file; those for places that are no more, and lines that cannot be read, are left out. */
void alert_queue_read(struct alert_queue *queue);
/** Write the file if it is not as the queue is.  STATUS_INTERNAL, STATUS_RETRY with the reason; the queue goes on in memory. */
MUST_USE enum status alert_queue_write(struct alert_queue *queue, struct error *err);

void alert_queue_add(struct alert_queue *queue, const struct alert *alert, uint32_t places);
/** The oldest entry for a place, or NULL. */
const struct alert_entry *alert_queue_next(const struct alert_queue *queue, int32_t place);
/** A place has got the oldest entry for it, or never will. */
void alert_queue_done(struct alert_queue *queue, int32_t place);

#endif /* APP_ALERT_QUEUE_H */
