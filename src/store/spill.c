/*
 * spill.c - records as they lie in memory, each with a checksum, after a header that says what memory looks like here.
 *
 *     "SRMSPILL"  size of an entry (8 bytes)  { struct store_entry, first 8 bytes of its SHA-256 } ...
 *
 * The file lives for minutes and is read by the same program on the same machine; another build may not know its layout and then leaves
 * it alone and says so.  libuv's calls without a callback are plain synchronous ones, on any system.
 */
#include "store/spill.h"

#include "os/os.h"
#include "store/sha256.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "SRMSPILL"
#define REPLAY_BATCH 64

struct header {
    char magic[8];
    uint64_t entry_size;
};

struct framed {
    struct store_entry entry;
    uint8_t sum[8];
};

static void
checksum(const struct store_entry *entry, uint8_t ret_sum[8])
{
    uint8_t digest[SHA256_SIZE];
    struct sha256 sha;

    sha256_init(&sha);
    sha256_add(&sha, entry, sizeof *entry);
    sha256_end(&sha, digest);
    memcpy(ret_sum, digest, 8);
}

static bool
write_at(uv_file file, const void *data, size_t size, int64_t offset)
{
    const char *bytes = data;

    while (size > 0) {
        uv_fs_t request;
        uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);
        int written = uv_fs_write(NULL, &request, file, &buffer, 1, offset, NULL);
        uv_fs_req_cleanup(&request);
        if (written == UV_EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        offset += written;
        size -= (size_t)written;
    }
    return true;
}

static bool
read_at(uv_file file, void *data, size_t size, int64_t offset)
{
    char *bytes = data;

    while (size > 0) {
        uv_fs_t request;
        uv_buf_t buffer = uv_buf_init(bytes, (unsigned)size);
        int given = uv_fs_read(NULL, &request, file, &buffer, 1, offset, NULL);
        uv_fs_req_cleanup(&request);
        if (given == UV_EINTR)
            continue;
        if (given <= 0)
            return false;
        bytes += given;
        offset += given;
        size -= (size_t)given;
    }
    return true;
}

void
spill_init(struct spill *spill)
{
    *spill = (struct spill){ .file = -1 };
}

static int
open_file(const char *path, int flags)
{
    uv_fs_t request;
    int file = uv_fs_open(NULL, &request, path, flags, 0600, NULL);

    uv_fs_req_cleanup(&request);
    return file;
}

static void
truncate_file(uv_file file)
{
    uv_fs_t request;

    /* Should it fail, the tickets keep what is read again from being written twice. */
    (void)uv_fs_ftruncate(NULL, &request, file, 0, NULL);
    uv_fs_req_cleanup(&request);
}

enum status
spill_open(struct spill *spill, const char *path, struct error *err)
{
    struct header header = { MAGIC, sizeof(struct store_entry) };
    int file = open_file(path, UV_FS_O_RDWR | UV_FS_O_CREAT);

    if (file < 0)
        return error_set(err, STATUS_RETRY, "%s: %s", path, uv_strerror(file));
    spill->file = file;
    truncate_file(file);
    if (!write_at(file, &header, sizeof header, 0)) {
        spill_close(spill);
        return error_set(err, STATUS_RETRY, "%s: cannot be written", path);
    }
    spill->start = spill->end = sizeof header;
    return OK;
}

enum status
spill_append(struct spill *spill, const struct store_entry *entry, struct error *err)
{
    struct framed framed;

    memset(&framed, 0, sizeof framed);
    memcpy(&framed.entry, entry, sizeof *entry);
    checksum(&framed.entry, framed.sum);
    if (!write_at(spill->file, &framed, sizeof framed, spill->end))
        return error_set(err, STATUS_RETRY, "spill file: cannot be written");
    spill->end += (int64_t)sizeof framed;
    return OK;
}

bool
spill_read(struct spill *spill, struct store_entry *ret_entry)
{
    struct framed framed;
    uint8_t sum[8];

    if (!read_at(spill->file, &framed, sizeof framed, spill->start))
        return false;
    checksum(&framed.entry, sum);
    if (memcmp(sum, framed.sum, sizeof sum) != 0)
        return false;
    spill->start += (int64_t)sizeof framed;
    *ret_entry = framed.entry;
    return true;
}

void
spill_skip(struct spill *spill, uint32_t count)
{
    spill->start += (int64_t)(count * sizeof(struct framed));
}

void
spill_clear(struct spill *spill)
{
    if (spill->file < 0)
        return;
    truncate_file(spill->file);
    spill_close(spill);
}

void
spill_close(struct spill *spill)
{
    uv_fs_t request;

    if (spill->file >= 0) {
        (void)uv_fs_close(NULL, &request, spill->file, NULL);
        uv_fs_req_cleanup(&request);
    }
    spill_init(spill);
}

static enum status
replay(struct spill *spill, struct store *store, struct store_entry *entries, uint32_t *ret_count, struct error *err)
{
    uint64_t last = 0;

    for (;;) {
        uint32_t count = 0;
        while (count < REPLAY_BATCH && spill_read(spill, &entries[count])) {
            if (entries[count].ticket <= last)
                return error_set(err, STATUS_CORRUPT, "spill file: ticket %" PRIu64 " after %" PRIu64, entries[count].ticket, last);
            last = entries[count++].ticket;
        }
        if (count == 0)
            return OK; /* The end, or the entry the process died in: nothing was claimed of that. */
        uint64_t before = store_last_ticket(store);
        enum status status = store_write(store, &(struct store_batch){ .entries = entries, .count = count }, err);
        if (status != OK)
            return status;
        for (uint32_t i = 0; i < count; i++)
            *ret_count += entries[i].ticket > before;
    }
}

enum status
spill_replay(const char *path, struct store *store, uint32_t *ret_count, struct error *err)
{
    struct store_entry *entries = NULL;
    struct header header;
    struct spill spill;
    enum status status = OK;

    *ret_count = 0;
    spill_init(&spill);
    spill.file = open_file(path, UV_FS_O_RDWR);
    if (spill.file < 0 || !read_at(spill.file, &header, sizeof header, 0)) {
        spill_close(&spill);
        return OK;
    }
    spill.start = sizeof header;
    entries = calloc(REPLAY_BATCH, sizeof *entries);
    if (entries == NULL)
        status = error_set(err, STATUS_LIMIT, "%s: no memory", path);
    else if (memcmp(header.magic, MAGIC, sizeof header.magic) != 0 || header.entry_size != sizeof(struct store_entry))
        status = error_set(err, STATUS_CORRUPT, "%s: written by another version of this program", path);
    else
        status = replay(&spill, store, entries, ret_count, err);
    if (status == OK)
        truncate_file(spill.file);
    free(entries);
    spill_close(&spill);
    return status;
}
