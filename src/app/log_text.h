/*
 * log_text.h - a log line for people: "10:48:17.708 WARN  engine     Too many contracts: 6 of 5.  account=101 rule=1".
 */
#ifndef APP_LOG_TEXT_H
#define APP_LOG_TEXT_H

#include "base/text.h"

/** Append the JSON line @line in words, without a newline; what is no such line is appended as it is. */
void log_text_add(struct text *out, const char *line, size_t length);

#endif /* APP_LOG_TEXT_H */
