/*
 * admin.h - what riskd does about orders from its control socket (S-3, S-17, S-19): who must prove what, and what is written down.
 *
 *     command   password            what happens
 *     status    no                  the status page
 *     flatten   no                  every position and order of the account (or all) goes: nothing may stand in the way of that
 *     reload    once there is one   new rules, or the old ones and the reason
 *     cancel    no                  looser rules that wait do not come: nothing may stand in the way of that either
 *     unlock    always              lockouts of the account end, with a reason
 *     auth      once there is one   nothing; riskctl asks before it changes a file
 *
 * Each attempt at the password, right or wrong, and each order is a row of the ledger.
 */
#ifndef APP_ADMIN_H
#define APP_ADMIN_H

#include "app/guard.h"
#include "app/reload.h"

struct admin;

struct admin_options {
    struct guard *guard;       /* Outlives the admin. */
    const char *socket;        /* Path; copied. */
    const char *password_file; /* Path; copied. */
    const char *attempts_file; /* Path; copied. */
    struct reload *reload;     /* Outlives the admin; done with it when that goes. */
    void *context;
    void (*status)(void *context, struct text *page);
};

/** STATUS_CONFIG: the socket cannot be had; the daemon protects all the same. */
MUST_USE enum status admin_new(const struct admin_options *options, struct admin **ret_admin, struct error *err);

/** Now and then: is the password's file what it was?  NULL is fine. */
void admin_look(struct admin *admin);

/** A password being checked is not waited for.  NULL is fine. */
void admin_free(struct admin *admin);

#endif /* APP_ADMIN_H */
