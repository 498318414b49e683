/*
 * machine.c - the part of machine.h libuv has an answer to.
 */
#include "lib/machine.h"

#include "base/assert.h"
#include "base/text.h"
#include "os/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define WORDS_MAX 6

bool
machine_directory(const char *name, char *out)
{
    char pattern[280];
    size_t size = sizeof pattern - 32;
    uv_fs_t request;

    if (uv_os_tmpdir(pattern, &size) != 0)
        return false;
    (void)snprintf(pattern + size, sizeof pattern - size, "/test_%.16s_XXXXXX", name);
    bool made = uv_fs_mkdtemp(NULL, &request, pattern, NULL) == 0 && text_copy(out, 300, request.path);
    uv_fs_req_cleanup(&request);
    return made;
}

bool
machine_remove_directory(const char *path)
{
    uv_fs_t request;
    int failed = uv_fs_rmdir(NULL, &request, path, NULL);

    uv_fs_req_cleanup(&request);
    return failed == 0;
}

bool
machine_remove(const char *path)
{
    uv_fs_t request;
    int failed = uv_fs_unlink(NULL, &request, path, NULL);

    uv_fs_req_cleanup(&request);
    return failed == 0;
}

bool
machine_exists(const char *path)
{
    uv_fs_t request;
    int failed = uv_fs_stat(NULL, &request, path, NULL);

    uv_fs_req_cleanup(&request);
    return failed == 0;
}

long
machine_size(const char *path)
{
    uv_fs_t request;
    int failed = uv_fs_stat(NULL, &request, path, NULL);
    long size = (long)request.statbuf.st_size;

    ASSERT(failed == 0);
    uv_fs_req_cleanup(&request);
    return size;
}

int
machine_count(const char *beginning)
{
    const char *name = path_name(beginning);
    char directory[512];
    uv_dirent_t entry;
    uv_fs_t request;
    int count = 0;

    (void)snprintf(directory, sizeof directory, "%.*s", (int)(name - beginning), beginning);
    if (uv_fs_scandir(NULL, &request, directory, 0, NULL) >= 0)
        while (uv_fs_scandir_next(&request, &entry) != UV_EOF)
            count += text_starts(entry.name, name) ? 1 : 0;
    uv_fs_req_cleanup(&request);
    return count;
}

/* ---- Processes ---- */

static void
on_ended(uv_process_t *process, int64_t code, int signal_number)
{
    int *status = process->data;

    *status = signal_number != 0 ? -1 : (int)code;
    uv_close((uv_handle_t *)process, NULL);
}

static void
start(uv_loop_t *loop, uv_process_t *process, const char *const *words)
{
    char program[512], copies[WORDS_MAX][300], *arguments[WORDS_MAX + 2] = { program };
    size_t size = sizeof program;
    uv_process_options_t options = { .file = program, .args = arguments, .exit_cb = on_ended };

    int failed = uv_exepath(program, &size);
    for (int i = 0; i < WORDS_MAX && words[i] != NULL; i++) {
        (void)text_copy(copies[i], sizeof copies[i], words[i]);
        arguments[i + 1] = copies[i];
    }
    (void)uv_loop_init(loop);
    failed = failed != 0 ? failed : uv_spawn(loop, process, &options);
    ASSERT(failed == 0);
}

static void
finish(uv_loop_t *loop)
{
    (void)uv_run(loop, UV_RUN_DEFAULT);
    int failed = uv_loop_close(loop);
    ASSERT(failed == 0);
}

int
machine_run_self(const char *const *words)
{
    uv_process_t process;
    uv_loop_t loop;
    int status = -1;

    process.data = &status;
    start(&loop, &process, words);
    finish(&loop);
    return status;
}

void
machine_run_self_and_kill(const char *const *words, const char *mark)
{
    uv_process_t process;
    uv_loop_t loop;
    int status = 0, byte = EOF;

    process.data = &status;
    start(&loop, &process, words);
    while (byte != 'y') {
        FILE *file = fopen(mark, "rb");
        byte = file != NULL ? fgetc(file) : EOF;
        if (file != NULL)
            (void)fclose(file);
        uv_sleep(1);
    }
    (void)uv_process_kill(&process, SIGKILL);
    finish(&loop);
}
