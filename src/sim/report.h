/*
 * report.h - what the simulation tells about itself: books, flatness, breaches, requests, hubs (GET /sim/...).
 */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include "sim/reply.h"

/** Each account: money, counts of what was executed, positions, orders, trades; then the mutations asked for. */
void report_books(struct call *call);
/** Each account: flat or not, with its net positions and the number of orders that may execute. */
void report_flat(struct call *call);
/** The stopwatch of traders.h. */
void report_breaches(struct call *call);
/** Requests remembered, oldest first. */
void report_requests(struct call *call);
void report_hubs(struct call *call);

#endif /* SIM_REPORT_H */
