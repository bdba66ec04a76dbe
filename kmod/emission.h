/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations of a walk.
 */
#ifndef WEFT_EMISSION_H
#define WEFT_EMISSION_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <linux/weft.h>
#include "program.h"

struct weft_walk;

/* Packet fields are numbered from here; the set of them fits into a word */
#define WEFT_FIELD_PACKET	WEFT_FIELD_ETH_DST
static_assert(WEFT_FIELD_MAX - WEFT_FIELD_PACKET < 64);

/*
 * Room for an operation of @len bytes at the end of the program, with its head filled in; NULL:
 * the program is full.
 */
void *weft_emit(struct weft_walk *w, enum weft_opcode code, u32 arg, u32 len);
void weft_emit_plain(struct weft_walk *w, enum weft_opcode code, u32 arg);

/* Bring the packet to where the key is; in one field, if that is dirty, or in all */
void weft_flush_field(struct weft_walk *w, enum weft_field f);
void weft_flush(struct weft_walk *w);

#endif /* WEFT_EMISSION_H */
