/*
 * scratch.c - files for the tools of app/.
 */
#include "app/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define FILE_MAX ((size_t)256 << 20) /* The benchmark's event files are 60 MB. */

struct scratch {
    char directory[512];
};

enum status
scratch_read_file(const char *path, char **ret_text, size_t *ret_length, struct error *err)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t length = 0, capacity = 0, got = 1;

    if (file == NULL)
        return error_set(err, STATUS_CONFIG, "%s: cannot be opened", path);
    while (got > 0 && length <= FILE_MAX) {
        if (capacity - length < 65536) {
            capacity = capacity * 2 + 131072;
            char *more = realloc(text, capacity);
            if (more == NULL)
                break;
            text = more;
        }
        got = fread(text + length, 1, capacity - length - 1, file);
        length += got;
    }
    bool whole = got == 0 && ferror(file) == 0;
    (void)fclose(file);
    if (!whole) {
        free(text);
        return error_set(err, STATUS_CONFIG, "%s: cannot be read whole", path);
    }
    text[length] = '\0';
    *ret_text = text;
    *ret_length = length;
    return OK;
}

enum status
scratch_new(struct scratch **ret_scratch, char *database, size_t database_size, struct error *err)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);
    char pattern[512];
    size_t size = sizeof pattern - 16;
    uv_fs_t request;

    if (scratch == NULL)
        return error_set(err, STATUS_LIMIT, "no memory");
    if (uv_os_tmpdir(pattern, &size) != 0)
        (void)snprintf(pattern, sizeof pattern, ".");
    (void)snprintf(pattern + size, sizeof pattern - size, "/risk-XXXXXX");
    if (uv_fs_mkdtemp(NULL, &request, pattern, NULL) != 0) {
        uv_fs_req_cleanup(&request);
        free(scratch);
        return error_set(err, STATUS_INTERNAL, "%s: cannot be made", pattern);
    }
    (void)snprintf(scratch->directory, sizeof scratch->directory, "%s", request.path);
    uv_fs_req_cleanup(&request);
    (void)snprintf(database, database_size, "%s/state.db", scratch->directory);
    *ret_scratch = scratch;
    return OK;
}

void
scratch_free(struct scratch *scratch)
{
    uv_fs_t scan, request;
    uv_dirent_t entry;
    char path[1024];

    if (scratch == NULL)
        return;
    if (uv_fs_scandir(NULL, &scan, scratch->directory, 0, NULL) >= 0)
        while (uv_fs_scandir_next(&scan, &entry) != UV_EOF) {
            (void)snprintf(path, sizeof path, "%s/%s", scratch->directory, entry.name);
            (void)uv_fs_unlink(NULL, &request, path, NULL);
            uv_fs_req_cleanup(&request);
        }
    uv_fs_req_cleanup(&scan);
    (void)uv_fs_rmdir(NULL, &request, scratch->directory, NULL);
    uv_fs_req_cleanup(&request);
    free(scratch);
}
