/*
 * terminal.c - terminal.h on Linux.
 */
#include "os/terminal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool
terminal_is_there(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void
say(int fd, const char *text)
{
    ssize_t written = write(fd, text, strlen(text));

    (void)written; /* A prompt that cannot be shown is no reason not to read. */
}

static bool
read_line(int fd, char *out, size_t size)
{
    size_t length = 0;
    bool fits = true;
    char c;

    for (;;) {
        if (read(fd, &c, 1) != 1)
            return false;
        if (c == '\n' || c == '\r')
            break;
        if (length + 1 < size)
            out[length++] = c;
        else
            fits = false;
    }
    out[length] = '\0';
    return fits;
}

bool
terminal_ask_secret(const char *prompt, char *out, size_t size)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, quiet;

    if (fd < 0)
        return false;
    if (tcgetattr(fd, &before) != 0) {
        (void)close(fd);
        return false;
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSAFLUSH, &quiet);
    say(fd, prompt);
    bool read = read_line(fd, out, size);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    say(fd, "\n");
    (void)close(fd);
    return read;
}

void
terminal_size(int *ret_columns, int *ret_rows)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;

    *ret_columns = known ? size.ws_col : 80;
    *ret_rows = known ? size.ws_row : 24;
}
