/*
 * faulty_disk.c - a VFS before the system's; see faulty_disk.h.
 */
#include "lib/faulty_disk.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* The system's file lies behind ours in the memory SQLite gives. */
struct file {
    sqlite3_file base;
    sqlite3_io_methods methods;
    sqlite3_file *real;
    const char *path; /* SQLite's, as long as the file is open; NULL: a temporary file. */
};

static sqlite3_vfs disk;
static sqlite3_vfs *real_disk;
static atomic_int write_result, sync_result, syncs, held;
static void (*watcher)(void *context, const struct faulty_disk_event *event);
static void *watcher_context;

static void
tell(struct faulty_disk_event event)
{
    if (watcher != NULL && event.path != NULL)
        watcher(watcher_context, &event);
}

static int
close_file(sqlite3_file *file)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xClose(f->real);
}

static int
read_file(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xRead(f->real, data, size, offset);
}

static int
write_file(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    struct file *f = (struct file *)file;
    int fault = atomic_load(&write_result);

    if (fault != SQLITE_OK)
        return fault;
    tell((struct faulty_disk_event){ .op = DISK_WRITE, .path = f->path, .offset = offset, .data = data, .size = (size_t)size });
    return f->real->pMethods->xWrite(f->real, data, size, offset);
}

static int
truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    struct file *f = (struct file *)file;

    tell((struct faulty_disk_event){ .op = DISK_TRUNCATE, .path = f->path, .offset = size });
    return f->real->pMethods->xTruncate(f->real, size);
}

static int
sync_file(sqlite3_file *file, int flags)
{
    struct file *f = (struct file *)file;
    int fault = atomic_load(&sync_result);

    while (atomic_load(&held) != 0)
        (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    if (fault != SQLITE_OK)
        return fault;
    tell((struct faulty_disk_event){ .op = DISK_SYNC, .path = f->path });
    atomic_fetch_add(&syncs, 1);
    return f->real->pMethods->xSync(f->real, flags);
}

static int
size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xFileSize(f->real, size);
}

static int
lock_file(sqlite3_file *file, int level)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xLock(f->real, level);
}

static int
unlock_file(sqlite3_file *file, int level)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xUnlock(f->real, level);
}

static int
check_lock(sqlite3_file *file, int *ret)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xCheckReservedLock(f->real, ret);
}

static int
control(sqlite3_file *file, int op, void *argument)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xFileControl(f->real, op, argument);
}

static int
sector_size(sqlite3_file *file)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xSectorSize(f->real);
}

static int
characteristics(sqlite3_file *file)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xDeviceCharacteristics(f->real);
}

static int
shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xShmMap(f->real, page, size, extend, ret);
}

static int
shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xShmLock(f->real, offset, n, flags);
}

static void
shm_barrier(sqlite3_file *file)
{
    struct file *f = (struct file *)file;

    f->real->pMethods->xShmBarrier(f->real);
}

static int
shm_unmap(sqlite3_file *file, int remove)
{
    struct file *f = (struct file *)file;

    return f->real->pMethods->xShmUnmap(f->real, remove);
}

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct file *f = (struct file *)file;

    (void)vfs;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(void *)(f + 1);
    f->path = name;
    int code = real_disk->xOpen(real_disk, name, f->real, flags, ret_flags);
    if (f->real->pMethods == NULL)
        return code;
    f->methods = (sqlite3_io_methods){ .iVersion = 2, .xClose = close_file, .xRead = read_file, .xWrite = write_file,
        .xTruncate = truncate_file, .xSync = sync_file, .xFileSize = size_of_file, .xLock = lock_file, .xUnlock = unlock_file,
        .xCheckReservedLock = check_lock, .xFileControl = control, .xSectorSize = sector_size,
        .xDeviceCharacteristics = characteristics, .xShmMap = shm_map, .xShmLock = shm_lock, .xShmBarrier = shm_barrier,
        .xShmUnmap = shm_unmap };
    f->base.pMethods = &f->methods;
    return code;
}

static int
delete_file(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    (void)vfs;
    tell((struct faulty_disk_event){ .op = DISK_DELETE, .path = name, .offset = sync_directory });
    return real_disk->xDelete(real_disk, name, sync_directory);
}

void
faulty_disk_watch(void (*seen)(void *context, const struct faulty_disk_event *event), void *context)
{
    watcher = seen;
    watcher_context = context;
}

void
faulty_disk_hold(int hold)
{
    atomic_store(&held, hold);
}

void
faulty_disk_install(void)
{
    real_disk = sqlite3_vfs_find(NULL);
    disk = *real_disk;
    disk.zName = "faulty";
    disk.szOsFile = (int)sizeof(struct file) + real_disk->szOsFile;
    disk.xOpen = open_file;
    disk.xDelete = delete_file;
    disk.pNext = NULL;
    faulty_disk_set(SQLITE_OK, SQLITE_OK);
    atomic_store(&syncs, 0);
    (void)sqlite3_vfs_register(&disk, 1);
}

void
faulty_disk_uninstall(void)
{
    (void)sqlite3_vfs_unregister(&disk);
    (void)sqlite3_vfs_register(real_disk, 1);
}

void
faulty_disk_set(int write, int sync)
{
    atomic_store(&write_result, write);
    atomic_store(&sync_result, sync);
}

int
faulty_disk_syncs(void)
{
    return atomic_load(&syncs);
}
