// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys of the flow cache: what most packets do not need, kept out of their way.
 */
#include <linux/string.h>
#include "cachekey.h"

unsigned int weft_shape_words(u8 shape)
{
	unsigned int i, n = WEFT_WORDS_BASE + (shape & WEFT_SHAPE_IPV6 ? 2 : 0);

	weft_for_more_words(i, shape)
		n++;
	return n;
}

void weft_shape_copy(u64 *to, const u64 *k, u8 shape)
{
	unsigned int i;

	*to++ = k[0];
	for (i = WEFT_WORD_PACKET; i < WEFT_WORD_NEIGH; i++)
		if (i != WEFT_WORD_SRC + 1 && i != WEFT_WORD_DST + 1)
			*to++ = k[i];
	if (shape & WEFT_SHAPE_IPV6) {
		*to++ = k[WEFT_WORD_SRC + 1];
		*to++ = k[WEFT_WORD_DST + 1];
	}
	weft_for_more_words(i, shape) {
		*to = k[i];
		to++;
	}
}

bool weft_cached_more_matches(const struct weft_cached *p, const u64 *w, const u64 *k)
{
	unsigned int i;
	u64 diff = 0;

	weft_for_more_words(i, p->shape)
		diff |= (*w++ ^ k[i]) &
			(i == WEFT_WORD_TUN ? weft_cached_volatile(p, tun) : U64_MAX);
	return !diff;
}

void weft_hash_more(struct weft_nh *nh, const u64 *secret, const u64 *k, u8 shape)
{
	unsigned int i;

	if (shape & WEFT_SHAPE_TUNNEL)
		weft_hash_tunnel(nh, secret, k);
	if (shape & WEFT_SHAPE_TUNNEL_MORE) {
		weft_nh_add(nh, secret + 4, k[WEFT_WORD_TUN_DST], 0);
		weft_nh_add(nh, secret + 6, k[WEFT_WORD_TUN_SRC + 1], k[WEFT_WORD_TUN_DST + 1]);
		for (i = WEFT_WORD_TUN_DST + 2; i < WEFT_WORD_PACKET; i += 2)
			weft_nh_add(nh, secret + i, k[i], k[i + 1]);
	}
	if (shape & WEFT_SHAPE_NEIGH)
		for (i = WEFT_WORD_NEIGH; i < WEFT_KEY_WORDS; i += 2)
			weft_nh_add(nh, secret + i, k[i], i + 1 < WEFT_KEY_WORDS ? k[i + 1] : 0);
}
