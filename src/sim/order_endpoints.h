/*
 * order_endpoints.h - REST of orders, positions and trades (gateway.md 2.5 to 2.11).  Each fills call->reply, or call->missing.
 */
#ifndef SIM_ORDER_ENDPOINTS_H
#define SIM_ORDER_ENDPOINTS_H

#include "sim/reply.h"

void order_endpoints_place(struct call *call);
void order_endpoints_modify(struct call *call);
void order_endpoints_cancel(struct call *call);
void order_endpoints_search(struct call *call);
void order_endpoints_search_open(struct call *call);
void order_endpoints_find(struct call *call);
void order_endpoints_query(struct call *call);
void order_endpoints_positions(struct call *call);
void order_endpoints_close(struct call *call);
void order_endpoints_partial_close(struct call *call);
void order_endpoints_trades(struct call *call);

#endif /* SIM_ORDER_ENDPOINTS_H */
