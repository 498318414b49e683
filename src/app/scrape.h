/*
 * scrape.h - one page of metrics of a running guard.
 */
#ifndef APP_SCRAPE_H
#define APP_SCRAPE_H

#include "app/guard.h"

/** The body of /metrics (S-26); nothing without memory. */
void scrape_write(struct guard *guard, struct text *out);

#endif /* APP_SCRAPE_H */
