/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of 16-bit numbers from which any can be taken, each step in constant time.
 *
 * All of first…last are free in a new set. The owner's lock covers every call; none
 * sleeps unless @gfp lets it.
 */
#ifndef WEFT_IDSET_H
#define WEFT_IDSET_H

#include <linux/types.h>

struct weft_idset;

enum weft_parity {
	WEFT_PARITY_EVEN,
	WEFT_PARITY_ODD,
	WEFT_PARITY_ANY,
};

/* NULL: no memory */
struct weft_idset *weft_idset_alloc(u16 first, u16 last, gfp_t gfp);
void weft_idset_free(struct weft_idset *set);

/* Is @id one of the set, and free? */
bool weft_idset_has(const struct weft_idset *set, u32 id);

/*
 * The first free number at or behind @start, going on at the set's first behind its last;
 * one of the other parity only when there is none of @parity. -1: all are taken.
 */
int weft_idset_next(const struct weft_idset *set, u32 start, enum weft_parity parity);

/* Take a free number. false: there was no memory, and it stays free */
bool weft_idset_take(struct weft_idset *set, u16 id, gfp_t gfp);

/* Give back one that was taken; needs no memory */
void weft_idset_put(struct weft_idset *set, u16 id);

u16 weft_idset_first(const struct weft_idset *set);
u16 weft_idset_last(const struct weft_idset *set);
u32 weft_idset_n_free(const struct weft_idset *set);
u32 weft_idset_n_taken(const struct weft_idset *set);

#endif /* WEFT_IDSET_H */
