/*
 * terminal.h - asking a person.
 */
#ifndef OS_TERMINAL_H
#define OS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/** Are both standard input and standard output a terminal? */
bool terminal_is_there(void);

/**
 * Ask on the terminal itself (not standard input) without showing what is typed.  False: there is no terminal, the line is longer than
 * @size - 1, or it ended.  The caller wipes @out.
 */
bool terminal_ask_secret(const char *prompt, char *out, size_t size);

/** Width and height in cells; 80 and 24 if nobody knows. */
void terminal_size(int *ret_columns, int *ret_rows);

#endif /* OS_TERMINAL_H */
