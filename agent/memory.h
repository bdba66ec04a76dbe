/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - allocation that does not fail: weftd ends when memory does.
 *
 * Ending is safe: forwarding goes on without weftd, and the service manager starts it again.
 */
#ifndef WEFTD_MEMORY_H
#define WEFTD_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

void *memory_zalloc(size_t len_bytes);
void *memory_copy(const void *data, size_t len_bytes);
char *memory_strdup(const char *text);
char *memory_vprintf(const char *format, va_list ap);
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * memory_grow: room for one element more in an array that holds n; arrays grow at powers of
 * two, so that their room needs no variable of its own. Returns where the array is now.
 */
void *memory_grow(void *array, size_t n, size_t element_bytes);

#endif
