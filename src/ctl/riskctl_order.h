/*
 * riskctl_order.h - riskctl reload, unlock, flatten: orders to the running daemon (S-3, S-17, S-18).
 */
#ifndef CTL_RISKCTL_ORDER_H
#define CTL_RISKCTL_ORDER_H

/** The command line after the command.  Exit status of tool.h. */
int riskctl_order_reload(int argc, char **argv);
int riskctl_order_unlock(int argc, char **argv);
int riskctl_order_flatten(int argc, char **argv);

#endif /* CTL_RISKCTL_ORDER_H */
