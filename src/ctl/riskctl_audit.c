/*
 * riskctl_audit.c - riskctl audit verify, show, export.
 *
 * The database is opened for reading only, beside a daemon that may be running on it.  verify has three witnesses: the chain itself, the
 * anchor in the database, and the heads the daemon wrote into enforcement.log.  Who can write the database can mend the first two after
 * cutting the end off; the third is in another place (and, with journald or a copy, on another machine: --head).
 */
#include "ctl/riskctl_audit.h"

#include "app/configure.h"
#include "app/ledger.h"
#include "base/json.h"
#include "ctl/tool.h"
#include "os/identity.h"
#include "os/os.h"
#include "store/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_AT_FIRST 50
#define PROBLEMS_BYTES ((size_t)64 << 10)
#define LINE_BYTES 4096
#define HEADS_MAX 65536 /* One a minute for the ten files kept is far less. */
#define LOGS_MAX 1000
#define PATH_BYTES 1024

static const char usage[] =
    "usage: riskctl audit verify [--config DIR | --db FILE] [--log DIR] [--head HASH] [--json]\n"
    "       riskctl audit show   [--config DIR | --db FILE] [--account ID] [--count N] [--json]\n"
    "       riskctl audit export [--config DIR | --db FILE] [--account ID] [--since TIME] --csv | --json\n"
    "\n"
    "verify   every row is as it was written, none is missing, moved or cut off; the heads in enforcement.log agree\n"
    "show     the newest rows for people, newest last\n"
    "export   all rows, oldest first, to standard output: CSV with a header, or one JSON object a line\n"
    "\n"
    "  --config DIR    of daemon.yaml, which names the database and the logs (default: /etc/simple-risk-manager, or config)\n"
    "  --head HASH     a head written down elsewhere, which the log must contain\n"
    "  --since TIME    2026-11-21T08:30:00Z or later\n"
    "\n"
    "exit status: 0 all well, 1 the log is not as it was written, 2 it cannot be read or the command line is wrong\n";

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

struct request {
    const char *config, *head;
    char db[PATH_BYTES], logs[PATH_BYTES];
    enum format format;
    int64_t account_id, count;
    struct instant since;
};

/* Words for people, or the object of every command. */
static int
failed(const struct request *request, const char *what)
{
    return tool_fail(&(struct tool){ .json = request->format == FORMAT_JSON }, TOOL_USAGE, "audit: %s", what);
}

static int
wrong(const struct request *request, const char *what)
{
    if (request->format != FORMAT_JSON)
        fputs(usage, stderr);
    return failed(request, what);
}

/* ---- The command line ---- */

static bool
take_value(struct request *request, const char *option, const char *value)
{
    if (strcmp(option, "--config") == 0)
        request->config = value;
    else if (strcmp(option, "--head") == 0)
        request->head = value;
    else if (strcmp(option, "--db") == 0)
        return text_copy(request->db, sizeof request->db, value);
    else if (strcmp(option, "--log") == 0)
        return text_copy(request->logs, sizeof request->logs, value);
    else if (strcmp(option, "--account") == 0)
        return text_to_int64(value, strlen(value), &request->account_id);
    else if (strcmp(option, "--count") == 0)
        return text_to_int64(value, strlen(value), &request->count) && request->count > 0 && request->count <= UINT32_MAX;
    else if (strcmp(option, "--since") == 0)
        return instant_parse(value, strlen(value), &request->since);
    else
        return false;
    return true;
}

static bool
parse(struct request *request, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            request->format = FORMAT_JSON;
        else if (strcmp(argv[i], "--csv") == 0)
            request->format = FORMAT_CSV;
        else if (i + 1 == argc || !take_value(request, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    return true;
}

/* Where the database and the logs are, unless the command line says so. */
static bool
ask_config(struct request *request)
{
    static char problems[PROBLEMS_BYTES];
    struct text text = text_on(problems, sizeof problems);
    struct loaded_config *config = NULL;
    struct error err = { 0 };

    if (request->db[0] != '\0')
        return true;
    /* As the owner of all these files from here on: what he may read is what is asked for. */
    if (identity_assume_owner_of(request->config, &err) != OK) {
        (void)failed(request, err.text);
        return false;
    }
    if (configure_load_for_tools(request->config, &config, &text) != OK) {
        (void)failed(request, problems);
        return false;
    }
    (void)text_copy(request->db, sizeof request->db, config->daemon.db.path);
    if (request->logs[0] == '\0')
        (void)text_copy(request->logs, sizeof request->logs, config->daemon.log.directory);
    loaded_config_free(config);
    return true;
}

/* ---- verify ---- */

struct head {
    int64_t row;
    char hash[SHA256_HEX_MAX];
};

struct heads {
    struct head *items;
    size_t count, agreed;
    size_t next;         /* During the walk. */
    int64_t contradicts; /* First row whose hash is another in a log; 0: none. */
};

static void
read_log(struct heads *heads, const char *path)
{
    FILE *file = fopen(path, "rb");
    char line[LINE_BYTES];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        struct head head;
        if (strstr(line, LEDGER_HEAD_WORDS) == NULL || heads->count == HEADS_MAX ||
            !ledger_read_head(line, strcspn(line, "\n"), &head.row, head.hash))
            continue;
        if (heads->items == NULL)
            heads->items = calloc(HEADS_MAX, sizeof *heads->items);
        if (heads->items != NULL)
            heads->items[heads->count++] = head;
    }
    if (file != NULL)
        (void)fclose(file);
}

static int
by_row(const void *a, const void *b)
{
    int64_t left = ((const struct head *)a)->row, right = ((const struct head *)b)->row;

    return (left > right) - (left < right);
}

/* Every head any enforcement.log still tells, by row. */
static void
read_heads(struct heads *heads, const char *directory)
{
    char path[PATH_BYTES + 40];

    (void)snprintf(path, sizeof path, "%s/enforcement.log", directory);
    read_log(heads, path);
    for (int i = 1; i <= LOGS_MAX; i++) {
        (void)snprintf(path, sizeof path, "%s/enforcement.log.%d", directory, i);
        read_log(heads, path);
    }
    if (heads->count > 0)
        qsort(heads->items, heads->count, sizeof heads->items[0], by_row);
}

static void
contradict(struct heads *heads, int64_t row)
{
    if (heads->contradicts == 0)
        heads->contradicts = row;
}

static void
compare_heads(void *context, const struct audit_row *row)
{
    struct heads *heads = context;

    while (heads->next < heads->count && heads->items[heads->next].row <= row->id) {
        const struct head *head = &heads->items[heads->next++];
        if (head->row < row->id)
            continue; /* Pruned since. */
        if (strcmp(head->hash, row->hash) == 0)
            heads->agreed++;
        else
            contradict(heads, head->row);
    }
}

static void
print_report(const struct audit_report *report, const struct heads *heads, bool with_log)
{
    puts(report->text);
    if (report->head[0] != '\0')
        printf("head: row %" PRId64 " %s\n", report->last_id, report->head);
    if (with_log && heads->contradicts != 0)
        printf("enforcement.log tells another hash of row %" PRId64 ", or the row is gone\n", heads->contradicts);
    else if (with_log)
        printf("enforcement.log: %zu heads agree\n", heads->agreed);
}

static void
print_report_json(const struct audit_report *report, const struct heads *heads, bool with_log, bool well)
{
    char bytes[LINE_BYTES];
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer json = json_writer_on(&text);

    json_open(&json, NULL, '{');
    json_add_bool(&json, "ok", well);
    json_add_int(&json, "exit", well ? 0 : 1);
    json_add_string(&json, "text", report->text);
    json_add_bool(&json, "intact", report->intact);
    json_add_int(&json, "row", report->last_id);
    json_add_string(&json, "head", report->head);
    if (with_log) {
        json_add_int(&json, "log_heads_agreed", (int64_t)heads->agreed);
        json_add_int(&json, "log_contradicts_row", heads->contradicts);
    }
    json_close(&json, '}');
    puts(bytes);
}

static int
verify(const struct request *request, struct store *store)
{
    struct audit_report report;
    struct heads heads = { 0 };
    struct error err = { 0 };
    bool with_log = request->logs[0] != '\0';

    enum status status = audit_verify(store, request->head, &report, &err);
    if (status == OK && with_log) {
        read_heads(&heads, request->logs);
        status = audit_export(store, 0, INSTANT_NONE, compare_heads, &heads, &err);
    }
    if (status == OK && heads.next < heads.count)
        contradict(&heads, heads.items[heads.next].row);
    free(heads.items);
    if (status != OK)
        return failed(request, err.text);
    bool well = report.intact && heads.contradicts == 0;
    if (request->format == FORMAT_JSON)
        print_report_json(&report, &heads, with_log, well);
    else
        print_report(&report, &heads, with_log);
    return well ? 0 : 1;
}

/* ---- show and export ---- */

static void
print_csv_text(const char *text)
{
    bool plain = strpbrk(text, ",\"\r\n") == NULL;

    if (plain) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void
format_at(const struct audit_row *row, char out[INSTANT_TEXT_MAX])
{
    instant_format((struct instant){ row->at_ns }, out, INSTANT_TEXT_MAX);
}

static void
print_csv(const struct audit_row *row)
{
    struct audit_column column;
    char at[INSTANT_TEXT_MAX];

    format_at(row, at);
    fputs(at, stdout);
    for (size_t i = 0; audit_column(row, i, &column); i++) {
        putchar(',');
        if (column.text != NULL)
            print_csv_text(column.text);
        else
            printf("%" PRId64, column.number);
    }
    fputs("\r\n", stdout);
}

static void
print_json(const struct audit_row *row)
{
    static char bytes[LINE_BYTES * 4]; /* No row is half as long. */
    struct text text = text_on(bytes, sizeof bytes);
    struct json_writer json = json_writer_on(&text);
    struct audit_column column;
    char at[INSTANT_TEXT_MAX];

    format_at(row, at);
    json_open(&json, NULL, '{');
    json_add_string(&json, "at", at);
    for (size_t i = 0; audit_column(row, i, &column); i++) {
        if (column.text != NULL)
            json_add_string(&json, column.name, column.text);
        else
            json_add_int(&json, column.name, column.number);
    }
    json_close(&json, '}');
    puts(bytes);
}

static void
print_text(const struct audit_row *row)
{
    const char *const words[] = { row->scope, row->command_kind, row->result, row->detail, row->error, row->reason };
    char at[INSTANT_TEXT_MAX];

    instant_format((struct instant){ row->at_ns - row->at_ns % 1000000 }, at, sizeof at);
    printf("%8" PRId64 "  %-24s  %-11s", row->id, at, row->kind);
    if (row->account_id != 0)
        printf("  account %" PRId64, row->account_id);
    if (row->rule != 0)
        printf("  RULE-%03" PRId64, row->rule);
    if (row->incident != 0)
        printf("  incident %" PRId64, row->incident);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i][0] != '\0')
            printf("  %s", words[i]);
    if (strcmp(row->kind, "goal_proven") == 0)
        printf("  after %" PRId64 " ms", row->took_ns / 1000000);
    putchar('\n');
}

static void
print_row(void *context, const struct audit_row *row)
{
    const struct request *request = context;

    if (request->format == FORMAT_CSV)
        print_csv(row);
    else if (request->format == FORMAT_JSON)
        print_json(row);
    else
        print_text(row);
}

static void
print_header(void)
{
    const struct audit_row row = { 0 };
    struct audit_column column;

    fputs("at", stdout);
    for (size_t i = 0; audit_column(&row, i, &column); i++)
        printf(",%s", column.name);
    fputs("\r\n", stdout);
}

/* The newest rows come first out of the store; people read downwards. */
struct newest {
    int64_t first_id;
    const struct request *request;
};

static void
find_first(void *context, const struct audit_row *row)
{
    struct newest *newest = context;

    if (newest->first_id == 0 || row->id < newest->first_id)
        newest->first_id = row->id;
}

static void
print_newest(void *context, const struct audit_row *row)
{
    struct newest *newest = context;
    struct request request = *newest->request;

    if (row->id >= newest->first_id)
        print_row(&request, row);
}

static int
show(struct request *request, struct store *store)
{
    struct newest newest = { .request = request };
    struct error err = { 0 };

    if (audit_each(store, request->account_id, (uint32_t)request->count, find_first, &newest, &err) != OK ||
        audit_export(store, request->account_id, INSTANT_NONE, print_newest, &newest, &err) != OK)
        return failed(request, err.text);
    return 0;
}

static int
export(struct request *request, struct store *store)
{
    struct error err = { 0 };

    if (request->format == FORMAT_CSV)
        print_header();
    if (audit_export(store, request->account_id, request->since, print_row, request, &err) != OK)
        return failed(request, err.text);
    return fflush(stdout) == 0 ? 0 : failed(request, "the output cannot be written");
}

int
riskctl_audit(int argc, char **argv)
{
    struct request request = { .config = tool_default_directory(), .count = SHOWN_AT_FIRST };
    struct store *store = NULL;
    struct error err = { 0 };
    int code;

    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    const char *verb = argc > 0 ? argv[0] : "";
    bool verifies = strcmp(verb, "verify") == 0, shows = strcmp(verb, "show") == 0, exports = strcmp(verb, "export") == 0;
    if ((!verifies && !shows && !exports) || !parse(&request, argc - 1, argv + 1))
        return wrong(&request, argc > 0 ? "cannot be understood" : "no command");
    if (exports && request.format == FORMAT_TEXT)
        return wrong(&request, "export: --csv or --json is needed");
    if (!ask_config(&request))
        return 2;
    if (store_open(&(struct store_options){ .path = request.db, .now = os_utc_now(), .read_only = true }, &store, &err) != OK)
        return failed(&request, err.text);
    code = verifies ? verify(&request, store) : shows ? show(&request, store) : export(&request, store);
    store_close(store);
    return code;
}
