// SPDX-License-Identifier: Apache-2.0
/*
 * log.c - one line a message on standard error.
 *
 * Under systemd lines carry the <N> prefix that gives them a priority in the journal; a
 * terminal or a file gets the level as a word.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

static enum log_level log_level = LOG_LEVEL_INFO;

bool log_set_level(const char *name)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
		if (!strcmp(level_names[i], name)) {
			log_level = i;
			return true;
		}
	}
	return false;
}

const char *log_level_name(void)
{
	return level_names[log_level];
}

void log_message(enum log_level level, const char *format, ...)
{
	static int journal = -1;
	char line[2048];
	va_list ap;

	if (level > log_level)
		return;
	if (journal < 0)
		journal = getenv("JOURNAL_STREAM") != NULL;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (journal)
		fprintf(stderr, "<%d>%s\n", level, line);
	else
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, level_names[level],
			line);
}
