// SPDX-License-Identifier: Apache-2.0
/* notify.c - see notify.h and sd_notify(3). */
#include <stdarg.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "memory.h"
#include "notify.h"

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   now.tv_sec * 1000000ull + now.tv_nsec / 1000);
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void notify_status(const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = memory_vprintf(format, ap);
	va_end(ap);
	sd_notifyf(0, "STATUS=%s", text);
	free(text);
}
