/*
 * service_manager.c - service_manager.h by systemctl: the unit comes with the package.
 *
 * --no-block: a start is over when all is protected, which may be when the network is back.
 */
#include "os/service_manager.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNIT "simple-risk-manager.service"
#define WORDS_MAX 6
#define WORD_MAX 32

/* systemctl's words are constants; what posix_spawn wants is not. */
static enum status
run(const char *const *words, int *ret_code, struct error *err)
{
    char copies[WORDS_MAX][WORD_MAX] = { "" };
    char *arguments[WORDS_MAX + 1] = { NULL };
    pid_t child;
    int state;

    for (int i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        arguments[i] = strncpy(copies[i], words[i], WORD_MAX - 1);
    int failed = posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ);
    while (failed == 0 && waitpid(child, &state, 0) < 0)
        failed = errno == EINTR ? 0 : errno;
    if (failed != 0 || !WIFEXITED(state))
        return error_set(err, STATUS_INTERNAL, "systemctl cannot be run: is this machine run by systemd?");
    *ret_code = WEXITSTATUS(state);
    return OK;
}

static enum status
order(const char *const *words, struct error *err)
{
    int code = 0;
    enum status status = run(words, &code, err);

    if (status != OK || code == 0)
        return status;
    return error_set(err, STATUS_INTERNAL, "systemctl %s ended with %d; journalctl -u " UNIT " tells more", words[1], code);
}

enum status
service_manager_install(const char *directory, bool now, struct error *err)
{
    (void)directory; /* The unit knows it; the package has made them. */
    enum status status = order((const char *const[]){ "systemctl", "enable", UNIT, NULL }, err);
    return status == OK && now ? service_manager_start(err) : status;
}

enum status
service_manager_uninstall(struct error *err)
{
    return order((const char *const[]){ "systemctl", "disable", "--now", UNIT, NULL }, err);
}

enum status
service_manager_start(struct error *err)
{
    return order((const char *const[]){ "systemctl", "start", "--no-block", UNIT, NULL }, err);
}

enum status
service_manager_stop(struct error *err)
{
    return order((const char *const[]){ "systemctl", "stop", UNIT, NULL }, err);
}

enum status
service_manager_restart(struct error *err)
{
    return order((const char *const[]){ "systemctl", "restart", "--no-block", UNIT, NULL }, err);
}

enum status
service_manager_status(struct error *err)
{
    int code = 0;
    enum status status = run((const char *const[]){ "systemctl", "--quiet", "is-active", UNIT, NULL }, &code, err);

    return status == OK && code != 0 ? error_set(err, STATUS_RETRY, "not active") : status;
}
