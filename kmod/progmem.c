// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of cached programs, and of instances: slabs.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include "progmem.h"

#define WEFT_PROGMEM_STEP	64
#define WEFT_PROGMEM_FIRST	192
#define WEFT_PROGMEM_LAST	1024

static const char *const weft_progmem_names[] = {
	"weft_program-192", "weft_program-256", "weft_program-320",
	"weft_program-384", "weft_program-448", "weft_program-512",
	"weft_program-576", "weft_program-640", "weft_program-704",
	"weft_program-768", "weft_program-832", "weft_program-896",
	"weft_program-960", "weft_program-1024",
};

static struct kmem_cache *weft_progmem_slabs[ARRAY_SIZE(weft_progmem_names)];

static_assert((WEFT_PROGMEM_LAST - WEFT_PROGMEM_FIRST) / WEFT_PROGMEM_STEP + 1 ==
	      ARRAY_SIZE(weft_progmem_names));

int weft_progmem_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(weft_progmem_slabs); i++) {
		weft_progmem_slabs[i] =
			kmem_cache_create(weft_progmem_names[i],
					  WEFT_PROGMEM_FIRST + i * WEFT_PROGMEM_STEP,
					  WEFT_PROGMEM_STEP, 0, NULL);
		if (!weft_progmem_slabs[i]) {
			weft_progmem_exit();
			return -ENOMEM;
		}
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
	*from = size <= WEFT_PROGMEM_FIRST ?
		0 : DIV_ROUND_UP(size - WEFT_PROGMEM_FIRST, WEFT_PROGMEM_STEP);
	return kmem_cache_alloc(weft_progmem_slabs[*from], GFP_ATOMIC | __GFP_NOWARN);
}

void weft_progmem_free(void *p, u8 from)
{
	if (from == WEFT_PROGMEM_OTHER)
		kfree(p);
	else
		kmem_cache_free(weft_progmem_slabs[from], p);
}
