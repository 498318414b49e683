/*
 * admin.c - what riskd does about orders from its control socket.
 *
 * The hash is computed in libuv's pool: the loop goes on guarding.  One at a time, so guessing over many connections is no faster.
 */
#include "app/admin.h"

#include "app/attempts.h"
#include "app/control_socket.h"
#include "app/ledger.h"
#include "base/json.h"
#include "core/products.h"
#include "os/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES (SETTING_TEXT_MAX + 16)
#define PAGE_BYTES ((size_t)768 << 10)
#define CANCELLED_BYTES ((size_t)16 << 10)
#define INTRUDERS_EVERY SPAN_SECONDS(60)
#define CHANGE_WITHIN SPAN_SECONDS(600) /* After the password was right: riskctl password asks for the new one. */
#define CRITICAL_FROM 3 /* Wrong passwords in a row. */

/* One password on its way through the pool. */
struct check {
    uv_work_t work;
    struct admin *admin; /* NULL: the daemon did not wait. */
    struct control_call *call;
    struct control_request request;
    char hash[PASSWORD_HASH_MAX];
    bool matches;
};

struct admin {
    struct admin_options options;
    struct control_socket *control;
    struct check *check; /* Under way, or NULL. */
    struct attempts attempts;
    struct instant intruder_at;
    char hash[PASSWORD_HASH_MAX]; /* The password's, as it was read first or changed by riskctl; "": there is none yet. */
    struct instant proven_at;     /* When a password was right last. */
    bool hash_told;               /* That the file is another or gone. */
    char password_file[PATH_BYTES], attempts_file[PATH_BYTES];
};

static void
answer(struct control_call *call, enum control_code code, const char *text)
{
    control_socket_answer(call, &(struct control_reply){ .code = code, .text = text });
}

/* Who asked for this and may: in the ledger before it is done. */
static void
note(struct admin *admin, const struct control_call *call, const struct control_request *request, const char *proof)
{
    struct guard *guard = admin->options.guard;

    ledger_note(guard->writer, guard_now(guard), "admin", request->account_id, "%s by user %" PRId64 " (process %" PRId64 "), %s%s%s",
        control_command_name(request->command), control_socket_peer(call)->user, control_socket_peer(call)->process, proof,
        request->reason[0] != '\0' ? ": " : "", request->reason);
}

/* ---- The orders ---- */

/* {"process":{...},"page":{the status page}} */
static void
write_page(struct admin *admin, struct text *page)
{
    struct json_writer json = json_writer_on(page);
    uv_rusage_t usage = { 0 };
    size_t memory = 0;

    (void)uv_getrusage(&usage);
    (void)uv_resident_set_memory(&memory);
    int64_t cpu_ms = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
        (int64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    json_open(&json, NULL, '{');
    json_open(&json, "process", '{');
    json_add_int(&json, "pid", uv_os_getpid());
    json_add_int(&json, "memory_bytes", (int64_t)memory);
    json_add_int(&json, "cpu_ms", cpu_ms);
    json_close(&json, '}');
    text_add(page, ",\"page\":");
    admin->options.status(admin->options.context, page);
    json_close(&json, '}');
}

static void
do_status(struct admin *admin, struct control_call *call)
{
    char *bytes = malloc(PAGE_BYTES);

    if (bytes == NULL) {
        answer(call, CONTROL_FAILED, "no memory");
        return;
    }
    struct text page = text_on(bytes, PAGE_BYTES);
    write_page(admin, &page);
    if (page.truncated)
        answer(call, CONTROL_FAILED, "too many accounts for one page");
    else
        control_socket_answer(call, &(struct control_reply){ .code = CONTROL_DONE, .text = "", .status = bytes });
    free(bytes);
}

static void
on_reloaded(void *context, enum status status, const char *text)
{
    answer(context, status == OK ? CONTROL_DONE : CONTROL_FAILED, text[0] != '\0' ? text : status == OK ? "the new rules are in force" : "riskd is stopping");
}

static void
do_reload(struct admin *admin, struct control_call *call)
{
    if (!reload_ask(admin->options.reload, on_reloaded, call))
        answer(call, CONTROL_BUSY, "a reload is under way");
}

static void
do_cancel(struct admin *admin, struct control_call *call)
{
    char bytes[CANCELLED_BYTES] = "";
    struct text text = text_on(bytes, sizeof bytes);

    text_add(&text, "cancelled; the files still say it, so set them back, or the next riskctl reload asks for it again\n");
    switch (reload_cancel(admin->options.reload, &text)) {
    case OK: answer(call, CONTROL_DONE, bytes); break;
    case STATUS_RETRY: answer(call, CONTROL_BUSY, "a reload is under way"); break;
    default: answer(call, CONTROL_FAILED, "nothing waits"); break;
    }
}

struct scope {
    const struct control_request *request;
    char root[ROOT_MAX]; /* ES, whether it was written ES, es or EP (R-ALL-13). */
    int matching;
};

static void
count_lockout(void *context, const struct lockout *lockout)
{
    struct scope *scope = context;

    if ((scope->request->rule == 0 || scope->request->rule == lockout->rule) && text_same(lockout->root, scope->root))
        scope->matching++;
}

static int
count_lockouts(const struct admin *admin, const struct control_request *request)
{
    struct scope scope = { .request = request };

    if (request->root[0] != '\0')
        product_root_of_symbol(request->root, scope.root);
    engine_each_lockout(admin->options.guard->engine, request->account_id, count_lockout, &scope);
    return scope.matching;
}

static void
step(struct admin *admin, const struct control_request *request, enum admin_kind kind, int64_t account_id)
{
    struct event event = { .kind = EVENT_ADMIN };

    event.u.admin = (struct admin_event){ .kind = kind, .account_id = account_id, .rule = request->rule };
    (void)text_copy(event.u.admin.root, sizeof event.u.admin.root, request->root);
    (void)text_copy(event.u.admin.reason, sizeof event.u.admin.reason, request->reason[0] != '\0' ? request->reason : "admin");
    guard_event(admin->options.guard, &event);
}

static void
do_unlock(struct admin *admin, struct control_call *call, const struct control_request *request)
{
    int before = count_lockouts(admin, request);
    char text[160];

    if (before == 0) {
        answer(call, CONTROL_FAILED, request->root[0] == '\0' ? "no such lockout of the account; a symbol's is ended with --symbol ROOT" : "no such lockout");
        return;
    }
    step(admin, request, ADMIN_UNLOCK, request->account_id);
    int after = count_lockouts(admin, request);
    (void)snprintf(text, sizeof text, "%d of %d lockouts ended%s", before - after, before,
        after > 0 ? "; a rule that is still broken locks again at once" : "");
    answer(call, after < before ? CONTROL_DONE : CONTROL_FAILED, text);
}

static void
do_flatten(struct admin *admin, struct control_call *call, const struct control_request *request)
{
    const struct engine *engine = admin->options.guard->engine;
    struct account_status account;
    int told = 0;
    char text[80];

    for (int32_t i = 0; i < engine_accounts_count(engine); i++) {
        if (!engine_account_at(engine, i, &account) || (request->account_id != 0 && account.account_id != request->account_id))
            continue;
        step(admin, request, ADMIN_FLATTEN, account.account_id);
        told++;
    }
    (void)snprintf(text, sizeof text, "closing and cancelling in %d account%s", told, told == 1 ? "" : "s");
    answer(call, told > 0 ? CONTROL_DONE : CONTROL_FAILED, told > 0 ? text : "no such account");
}

static void
carry_out(struct admin *admin, struct control_call *call, const struct control_request *request, const char *proof)
{
    if (request->command != CONTROL_STATUS)
        note(admin, call, request, proof);
    switch (request->command) {
    case CONTROL_STATUS: do_status(admin, call); break;
    case CONTROL_RELOAD: do_reload(admin, call); break;
    case CONTROL_CANCEL: do_cancel(admin, call); break;
    case CONTROL_UNLOCK: do_unlock(admin, call, request); break;
    case CONTROL_FLATTEN: do_flatten(admin, call, request); break;
    default: answer(call, CONTROL_DONE, admin->hash[0] != '\0' ? "the password is right" : "there is no password yet"); break;
    }
}

/* ---- The password ---- */

static void
refuse(struct admin *admin, struct control_call *call, const struct control_request *request, const char *why)
{
    struct guard *guard = admin->options.guard;
    int64_t wait_s = (attempts_wait(&admin->attempts, guard_now(guard)).ns + 999999999) / 1000000000;
    char text[160];

    (void)snprintf(text, sizeof text, "%s refused, %.80s (%" PRId32 " in a row)", control_command_name(request->command), why,
        admin->attempts.wrong);
    ledger_note(guard->writer, guard_now(guard), "admin", request->account_id, "%s; user %" PRId64 ", process %" PRId64, text,
        control_socket_peer(call)->user, control_socket_peer(call)->process);
    guard_alarm(guard, admin->attempts.wrong >= CRITICAL_FROM ? 2 : 1, "admin: %s", text);
    (void)text_copy(text, sizeof text, why);
    if (wait_s > 0)
        (void)snprintf(text, sizeof text, "%s; the next attempt counts in %" PRId64 " s", why, wait_s);
    control_socket_answer(call, &(struct control_reply){ .code = CONTROL_PASSWORD, .text = text, .wait_s = wait_s });
}

static void
save_attempts(struct admin *admin)
{
    struct error err = { 0 };

    if (attempts_save(admin->attempts_file, &admin->attempts, &err) != OK) /* Counted here all the same, until a restart. */
        guard_alarm(admin->options.guard, 1, "admin: wrong passwords cannot be counted on disk: %.160s", err.text);
}

static void
compute(uv_work_t *work)
{
    struct check *check = work->data;

    check->matches = password_matches(check->request.password, check->hash);
}

static void
on_computed(uv_work_t *work, int status)
{
    struct check *check = work->data;
    struct admin *admin = check->admin;

    if (admin != NULL) {
        admin->check = NULL;
        if (status == 0 && check->matches) {
            admin->attempts = (struct attempts){ 0 };
            save_attempts(admin);
            admin->proven_at = guard_now(admin->options.guard);
            carry_out(admin, check->call, &check->request, "password right");
        } else {
            refuse(admin, check->call, &check->request, "wrong password");
        }
    }
    secret_wipe(check, sizeof *check);
    free(check);
}

/* What another process counted while we were away is not less than what we know. */
static void
recall_attempts(struct admin *admin, struct instant now)
{
    struct attempts on_disk;

    attempts_load(admin->attempts_file, now, &on_disk);
    if (on_disk.wrong > admin->attempts.wrong)
        admin->attempts = on_disk;
}

static void
prove(struct admin *admin, struct control_call *call, const struct control_request *request, const char *hash)
{
    struct instant now = guard_now(admin->options.guard);

    recall_attempts(admin, now);
    if (attempts_wait(&admin->attempts, now).ns > 0) {
        refuse(admin, call, request, "too early after wrong passwords");
        return;
    }
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL) {
        answer(call, CONTROL_FAILED, "no memory");
        return;
    }
    attempts_count(&admin->attempts, now);
    save_attempts(admin);
    check->admin = admin;
    check->call = call;
    check->request = *request;
    check->work.data = check;
    (void)text_copy(check->hash, sizeof check->hash, hash);
    admin->check = check;
    if (uv_queue_work(admin->options.guard->loop, &check->work, compute, on_computed) != 0)
        on_computed(&check->work, UV_ECANCELED);
}

/*
 * Root can delete or replace the hash: what was there stays in force until riskd's next start, and it is told.  Only who has just proven
 * the password may change it.  STATUS_REFUSED: there is none yet.
 */
static enum status
current_hash(struct admin *admin, char *ret_hash, struct error *err)
{
    struct guard *guard = admin->options.guard;
    char hash[PASSWORD_HASH_MAX] = "";
    enum status status = password_load(admin->password_file, hash, err);
    bool changed = status == OK && strcmp(hash, admin->hash) != 0;
    bool proven = admin->proven_at.ns != 0 && instant_since(guard_now(guard), admin->proven_at).ns <= CHANGE_WITHIN.ns;

    if (changed && (admin->hash[0] == '\0' || proven))
        (void)text_copy(admin->hash, sizeof admin->hash, hash);
    else if ((changed || (status != OK && admin->hash[0] != '\0')) && !admin->hash_told) {
        guard_alarm(guard, 2, "admin: the password's file %s, not by riskctl; the old password counts until the next start",
            changed ? "was replaced" : "is gone or damaged");
        admin->hash_told = true;
    }
    if (admin->hash[0] == '\0')
        return status;
    (void)text_copy(ret_hash, PASSWORD_HASH_MAX, admin->hash);
    return OK;
}

void
admin_look(struct admin *admin)
{
    char hash[PASSWORD_HASH_MAX];
    struct error err = { 0 };

    if (admin != NULL)
        (void)current_hash(admin, hash, &err);
}

static bool
needs_password(const struct control_request *request, bool there_is_one)
{
    return request->command == CONTROL_UNLOCK || ((request->command == CONTROL_RELOAD || request->command == CONTROL_AUTH) && there_is_one);
}

static void
on_request(void *context, struct control_call *call, const struct control_request *request)
{
    struct admin *admin = context;
    char hash[PASSWORD_HASH_MAX] = "";
    struct error err = { 0 };
    enum status status = current_hash(admin, hash, &err);

    if (!needs_password(request, status != STATUS_REFUSED))
        carry_out(admin, call, request, "no password needed");
    else if (status != OK)
        refuse(admin, call, request, err.text);
    else if (request->command == CONTROL_UNLOCK && request->reason[0] == '\0')
        answer(call, CONTROL_FAILED, "an unlock needs a reason");
    else if (request->password[0] == '\0')
        refuse(admin, call, request, "no password given");
    else if (admin->check != NULL)
        answer(call, CONTROL_BUSY, "another password is being checked");
    else
        prove(admin, call, request, hash);
}

/* Told at most once a minute: knocking must not fill the ledger. */
static void
on_intruder(void *context, const struct identity *peer)
{
    struct admin *admin = context;
    struct guard *guard = admin->options.guard;
    struct instant now = guard_now(guard);

    if (admin->intruder_at.ns != 0 && instant_since(now, admin->intruder_at).ns < INTRUDERS_EVERY.ns)
        return;
    admin->intruder_at = now;
    guard_alarm(guard, 2, "admin: user %" PRId64 " (process %" PRId64 ") may not give orders and was refused", peer->user, peer->process);
}

enum status
admin_new(const struct admin_options *options, struct admin **ret_admin, struct error *err)
{
    struct admin *admin = calloc(1, sizeof *admin);

    if (admin == NULL)
        return error_set(err, STATUS_LIMIT, "admin: no memory");
    admin->options = *options;
    (void)text_copy(admin->password_file, sizeof admin->password_file, options->password_file);
    (void)text_copy(admin->attempts_file, sizeof admin->attempts_file, options->attempts_file);
    const struct control_socket_options control = { .loop = options->guard->loop, .path = options->socket, .context = admin,
        .request = on_request, .intruder = on_intruder };
    enum status status = control_socket_new(&control, &admin->control, err);
    if (status != OK) {
        free(admin);
        return status;
    }
    if (password_load(admin->password_file, admin->hash, err) == STATUS_REFUSED && identity_exists(admin->attempts_file))
        guard_alarm(options->guard, 2, "admin: there was a password, and its file is gone");
    *ret_admin = admin;
    return OK;
}

void
admin_free(struct admin *admin)
{
    if (admin == NULL)
        return;
    if (admin->check != NULL) { /* Its thread goes on with memory of its own. */
        admin->check->admin = NULL;
        answer(admin->check->call, CONTROL_FAILED, "riskd is stopping");
    }
    control_socket_free(admin->control);
    free(admin);
}
