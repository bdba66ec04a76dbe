// SPDX-License-Identifier: Apache-2.0
/* memory.c - see memory.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "memory.h"

static void *memory_check(void *p)
{
	if (!p) {
		log_error("out of memory");
		abort();
	}
	return p;
}

void *memory_zalloc(size_t len_bytes)
{
	return memory_check(calloc(1, len_bytes ? len_bytes : 1));
}

void *memory_copy(const void *data, size_t len_bytes)
{
	void *copy = memory_check(malloc(len_bytes ? len_bytes : 1));

	if (len_bytes)
		memcpy(copy, data, len_bytes);
	return copy;
}

char *memory_strdup(const char *text)
{
	return memory_check(strdup(text));
}

char *memory_vprintf(const char *format, va_list ap)
{
	char *text;

	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	return memory_check(text);
}

char *memory_printf(const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = memory_vprintf(format, ap);
	va_end(ap);
	return text;
}

void *memory_grow(void *array, size_t n, size_t element_bytes)
{
	size_t room;

	if (n & (n - 1) || (n && n < 4))
		return array;
	room = n ? n * 2 : 4;
	if (room > SIZE_MAX / element_bytes)
		return memory_check(NULL);
	return memory_check(realloc(array, room * element_bytes));
}
