/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - what weftd says on standard error, which journald reads when it is a unit. */
#ifndef WEFTD_LOG_H
#define WEFTD_LOG_H

#include <stdbool.h>

/* the numbers of syslog and of sd-daemon's <N> prefixes */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* log_set_level: by name ("error" … "debug"); false when there is no such level */
bool log_set_level(const char *name);

const char *log_level_name(void);

void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_message(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
