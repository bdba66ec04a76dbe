// SPDX-License-Identifier: Apache-2.0
/*
 * A string that grows. Callers add without looking and ask once, at the end,
 * whether memory lasted.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

static bool reserve(struct wl_buf *buf, size_t more)
{
	size_t size = buf->size ? buf->size : 128;
	char *s;

	if (buf->failed)
		return false;
	while (size - buf->len <= more)
		size *= 2;
	if (size == buf->size)
		return true;
	s = realloc(buf->s, size);
	if (!s) {
		buf->failed = true;
		return false;
	}
	buf->s = s;
	buf->size = size;
	return true;
}

void wl_buf_add(struct wl_buf *buf, const char *s, size_t len)
{
	if (!reserve(buf, len))
		return;
	memcpy(buf->s + buf->len, s, len);
	buf->len += len;
	buf->s[buf->len] = '\0';
}

void wl_buf_puts(struct wl_buf *buf, const char *s)
{
	wl_buf_add(buf, s, strlen(s));
}

void wl_buf_printf(struct wl_buf *buf, const char *fmt, ...)
{
	char text[256];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		return;
	wl_buf_add(buf, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

char *wl_buf_take(struct wl_buf *buf)
{
	char *s = NULL;

	wl_buf_add(buf, "", 0);
	if (!buf->failed) {
		s = buf->s;
		buf->s = NULL;
	}
	wl_buf_free(buf);
	return s;
}

void wl_buf_free(struct wl_buf *buf)
{
	free(buf->s);
	*buf = (struct wl_buf){ 0 };
}
