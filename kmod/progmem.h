/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of cached programs, and of instances.
 *
 * There may be hundreds of thousands, most of 200 to 500 bytes, where kmalloc()
 * has only 192, 256 and 512.
 */
#ifndef WEFT_PROGMEM_H
#define WEFT_PROGMEM_H

#include <linux/types.h>

/* Where it came from, for weft_progmem_free() */
#define WEFT_PROGMEM_OTHER	U8_MAX

int weft_progmem_init(void);

/* Everything has been freed */
void weft_progmem_exit(void);

/* Atomic, without warning; NULL when there is none. Sets @from. */
void *weft_progmem_alloc(size_t size, u8 *from);
void weft_progmem_free(void *p, u8 from);

#endif /* WEFT_PROGMEM_H */
