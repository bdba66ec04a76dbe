// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of cached programs, and of instances: slabs.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include "progmem.h"

/* Of these a page of 4 KiB holds 21, 18, 16, 14, … 4, and has next to nothing left over */
static const struct {
	u16 size;
	const char *name;
} weft_progmem_kinds[] = {
	{ 192, "weft_program-192" }, { 224, "weft_program-224" }, { 256, "weft_program-256" },
	{ 288, "weft_program-288" }, { 312, "weft_program-312" }, { 336, "weft_program-336" },
	{ 368, "weft_program-368" }, { 408, "weft_program-408" }, { 448, "weft_program-448" },
	{ 512, "weft_program-512" }, { 584, "weft_program-584" }, { 680, "weft_program-680" },
	{ 816, "weft_program-816" }, { 1024, "weft_program-1024" },
};

#define WEFT_PROGMEM_LAST	1024
#define WEFT_PROGMEM_STEP	8	/* all sizes are multiples of it */

static struct kmem_cache *weft_progmem_slabs[ARRAY_SIZE(weft_progmem_kinds)];

/* The kind of memory for so many steps */
static u8 weft_progmem_fit[WEFT_PROGMEM_LAST / WEFT_PROGMEM_STEP + 1];

int weft_progmem_init(void)
{
	unsigned int i, steps = 0;

	for (i = 0; i < ARRAY_SIZE(weft_progmem_slabs); i++) {
		weft_progmem_slabs[i] = kmem_cache_create(weft_progmem_kinds[i].name,
							  weft_progmem_kinds[i].size,
							  WEFT_PROGMEM_STEP, 0, NULL);
		if (!weft_progmem_slabs[i]) {
			weft_progmem_exit();
			return -ENOMEM;
		}
		while (steps * WEFT_PROGMEM_STEP <= weft_progmem_kinds[i].size)
			weft_progmem_fit[steps++] = i;
	}
	return 0;
}

void weft_progmem_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(weft_progmem_slabs); i++) {
		kmem_cache_destroy(weft_progmem_slabs[i]);
		weft_progmem_slabs[i] = NULL;
	}
}

void *weft_progmem_alloc(size_t size, u8 *from)
{
	if (size > WEFT_PROGMEM_LAST) {
		*from = WEFT_PROGMEM_OTHER;
		return kmalloc(size, GFP_ATOMIC | __GFP_NOWARN);
	}
	*from = weft_progmem_fit[DIV_ROUND_UP(size, WEFT_PROGMEM_STEP)];
	return kmem_cache_alloc(weft_progmem_slabs[*from], GFP_ATOMIC | __GFP_NOWARN);
}

void weft_progmem_free(void *p, u8 from)
{
	if (from == WEFT_PROGMEM_OTHER)
		kfree(p);
	else
		kmem_cache_free(weft_progmem_slabs[from], p);
}
