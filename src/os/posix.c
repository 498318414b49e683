/*
 * posix.c - os.h on Linux.
 *
 * The lock is flock(): it belongs to the open file, so the kernel drops it when the process ends, and a second open in the same
 * process is refused as well (fcntl() locks would not do that, and any close() of the file would drop them).
 */
#include "os/os.h"

#include "base/assert.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_LENGTH_MAX 4096
#define MAPPED_BYTES (64 << 10)  /* Blocks from here on are mapped one by one. */
#define TOP_PAD_BYTES (16 << 10) /* The heap grows by so much; 128 KiB, if nothing is said. */

struct os_lock {
    int fd;
};

static int64_t
read_clock(clockid_t clock)
{
    struct timespec now;
    int failed = clock_gettime(clock, &now);

    ASSERT(failed == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * Debian's libcurl brings GnuTLS along (for RTMP, which we never speak), and its start loads modules and tests ciphers in each process: 0.9 MB
 * resident.  GnuTLS asks this function first (gnutls.h, GNUTLS_SKIP_GLOBAL_INIT); nothing else looks at it.
 */
int _gnutls_global_init_skip(void);

int
_gnutls_global_init_skip(void)
{
    return 1;
}

/*
 * Streams carry bytes, and time zones are the system's.  Tables made for the busiest day stand mostly empty; mapped one by one their
 * pages are not touched before they are used.  glibc does that for large blocks only until the first of them is freed, and touches all of the
 * later ones: 2 MB resident for nothing.  One arena beside the loop's is enough for the threads; glibc would give each resolver thread of libcurl
 * that meets another its own, which then keeps what it has touched: resident memory would rise with each outage.
 */
void
os_begin(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
    (void)mallopt(M_TOP_PAD, TOP_PAD_BYTES);
    (void)mallopt(M_ARENA_MAX, 2);
#endif
}

bool
os_terminal_is_wide(void)
{
    return false; /* The locale says. */
}

bool
os_terminal_size(int *ret_columns, int *ret_rows)
{
    (void)ret_columns; /* SIGWINCH tells. */
    (void)ret_rows;
    return false;
}

void
os_ignore_hangups(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
}

void
os_hide_memory(void)
{
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
    (void)prctl(PR_SET_DUMPABLE, 0); /* Also where cores go to a program, which no limit stops. */
}

int64_t
os_heap_bytes(void)
{
#ifdef __GLIBC__
    struct mallinfo2 info = mallinfo2();

    return (int64_t)(info.uordblks + info.hblkhd); /* From arenas, and mapped one by one. */
#else
    return -1;
#endif
}

/*
 * Debian's libcurl brings thirty libraries along that we never call (LDAP, RTMP, SSH, Kerberos, GnuTLS for some of these): their relocations and
 * constructors have mapped 2 MB of pages, which would stay.  Only pages that are as in the file: whoever needs one after all finds it there.
 */
static int
unmap_unused(struct dl_phdr_info *object, size_t size, void *context)
{
    static const char *const used[] = { "/libc.so", "/libcrypto.so", "/libcurl.so", "/libhttp_parser.so", "/libsqlite3.so", "/libssl.so", "/libuv.so" };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)context;
    for (size_t i = 0; i < COUNT_OF(used); i++)
        if (strstr(object->dlpi_name, used[i]) != NULL)
            return 0;
    for (int i = 0; i < object->dlpi_phnum && object->dlpi_name[0] == '/'; i++) { /* The program itself has no name. */
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        size_t begin = (object->dlpi_addr + segment->p_vaddr) / page * page, end = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
            (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

void
os_trim_memory(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
    (void)dl_iterate_phdr(unmap_unused, NULL);
}

struct instant
os_utc_now(void)
{
    return (struct instant){ read_clock(CLOCK_REALTIME) };
}

int64_t
os_monotonic_ns(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

void
os_random_bytes(void *out, size_t size)
{
    unsigned char *bytes = out;

    while (size > 0) {
        ssize_t given = getrandom(bytes, size, 0);
        if (given < 0 && errno == EINTR)
            continue;
        ASSERT(given > 0);
        bytes += given;
        size -= (size_t)given;
    }
}

/* The holder writes its process id into the file, for the message of whoever comes second. */
static void
read_holder(int fd, char *out, size_t out_size)
{
    char digits[24];
    ssize_t length = pread(fd, digits, sizeof digits - 1, 0);
    int64_t pid;

    out[0] = 0;
    while (length > 0 && digits[length - 1] == '\n')
        length--;
    if (length > 0 && text_to_int64(digits, (size_t)length, &pid))
        (void)snprintf(out, out_size, " by process %lld", (long long)pid);
}

static void
write_holder(int fd)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%ld\n", (long)getpid());

    /* Only a courtesy to the reader of a message: failing here must not cost the lock. */
    if (ftruncate(fd, 0) == 0 && pwrite(fd, digits, (size_t)length, 0) < 0)
        errno = 0;
}

enum status
os_lock_file(const char *path, struct os_lock **ret_lock, struct error *err)
{
    struct os_lock *lock = malloc(sizeof *lock);

    if (lock == NULL)
        return error_set(err, STATUS_LIMIT, "%s: no memory", path);
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->fd < 0) {
        free(lock);
        return error_set(err, STATUS_INTERNAL, "%s: %s", path, strerror(errno));
    }
    if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
        enum status status = errno == EWOULDBLOCK ? STATUS_REFUSED : STATUS_INTERNAL;
        char holder[48];
        read_holder(lock->fd, holder, sizeof holder);
        (void)error_set(err, status, "%s: %s%s", path, status == STATUS_REFUSED ? "in use" : strerror(errno), holder);
        os_unlock(lock);
        return status;
    }
    write_holder(lock->fd);
    *ret_lock = lock;
    return OK;
}

void
os_unlock(struct os_lock *lock)
{
    if (lock == NULL)
        return;
    (void)close(lock->fd);
    free(lock);
}

enum status
os_file_is_private(const char *path, struct error *err)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return error_set(err, STATUS_INTERNAL, "%s: %s", path, strerror(errno));
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return error_set(err, STATUS_CONFIG, "%s: belongs to user %lu; chown it to the user the daemon runs as", path,
            (unsigned long)info.st_uid);
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_set(err, STATUS_CONFIG, "%s: open to others (mode %03o); chmod %s it", path,
            (unsigned)info.st_mode & 0777U, S_ISDIR(info.st_mode) ? "0700" : "0600");
    return OK;
}

static enum status
make_directory(const char *path, struct error *err)
{
    struct stat info;

    if (mkdir(path, 0700) == 0)
        return OK;
    int reason = errno;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return OK; /* mkdir may also say EROFS or EACCES of a directory that is there. */
    return error_set(err, STATUS_INTERNAL, "%s: %s", path, strerror(reason));
}

enum status
os_make_private_directory(const char *path, struct error *err)
{
    char part[PATH_LENGTH_MAX];

    if (!text_copy(part, sizeof part, path))
        return error_set(err, STATUS_INTERNAL, "%.60s...: path too long", path);
    for (char *slash = part + 1; part[0] != 0 && (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = 0;
        enum status status = make_directory(part, err);
        if (status != OK)
            return status;
        *slash = '/';
    }
    return make_directory(part, err);
}

enum status
os_make_private_file(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return error_set(err, STATUS_INTERNAL, "%s: %s", path, strerror(errno));
    (void)close(fd);
    return OK;
}

/* A rename is only safe from a power cut once the directory that holds the name is on disk. */
static int
sync_directory_of(const char *path)
{
    char directory[PATH_LENGTH_MAX];

    if (!text_copy(directory, sizeof directory, path))
        return ENAMETOOLONG;
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        (void)text_copy(directory, sizeof directory, ".");
    else
        slash[slash == directory ? 1 : 0] = 0;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int reason = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    return reason;
}

enum status
os_rename_durably(const char *from, const char *to, struct error *err)
{
    int reason = rename(from, to) == 0 ? 0 : errno;

    if (reason == 0)
        reason = sync_directory_of(to);
    if (reason != 0)
        return error_set(err, STATUS_INTERNAL, "%s -> %s: %s", from, to, strerror(reason));
    return OK;
}

static bool
write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

enum status
os_write_private_file(const char *path, const void *bytes, size_t length, struct error *err)
{
    char beside[PATH_LENGTH_MAX];
    int needed = snprintf(beside, sizeof beside, "%s.new", path);

    if (needed < 0 || (size_t)needed >= sizeof beside)
        return error_set(err, STATUS_INTERNAL, "%.60s...: path too long", path);
    (void)unlink(beside); /* What a dead process left, whoever owned it. */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set(err, STATUS_INTERNAL, "%s: %s", beside, strerror(errno));
    int reason = write_all(fd, bytes, length) && fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    if (reason == 0)
        return os_rename_durably(beside, path, err);
    (void)unlink(beside);
    return error_set(err, STATUS_INTERNAL, "%s: %s", beside, strerror(reason));
}
