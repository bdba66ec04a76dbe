/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A keyed hash of words that is cheap.
 */
#ifndef WEFT_NH_H
#define WEFT_NH_H

#include <linux/types.h>

/*
 * NH (Black et al., UMAC, 1999): the sum of products of pairs of words, each with a
 * secret added. Two keys have the same sum with a probability of 2^-64. Multiplications
 * spread it over the upper bits, which are those that are used; a shift between them, because
 * sums and products alone leave keys that count up in steps (addresses, ports) equally far apart,
 * and so with some secrets in few places.
 */
#define WEFT_NH_MULTIPLIER	0x9e3779b97f4a7c15ULL	/* odd, without a pattern */

struct weft_nh {
#ifdef __SIZEOF_INT128__
	__uint128_t sum;
#else
	u64 sum;
#endif
};

static __always_inline void weft_nh_add(struct weft_nh *nh, const u64 *secret, u64 a, u64 b)
{
#ifdef __SIZEOF_INT128__
	nh->sum += (__uint128_t)(a + secret[0]) * (b + secret[1]);
#else
	/* two pairs of half words, with a probability of 2^-32 */
	nh->sum += (u64)((u32)a + (u32)secret[0]) * ((u32)(a >> 32) + (u32)(secret[0] >> 32));
	nh->sum += (u64)((u32)b + (u32)secret[1]) * ((u32)(b >> 32) + (u32)(secret[1] >> 32));
#endif
}

static __always_inline u32 weft_nh_end(const struct weft_nh *nh, const u64 *secret)
{
	u64 sum = (u64)nh->sum * (secret[0] | 1);

#ifdef __SIZEOF_INT128__
	sum += (u64)(nh->sum >> 64) * (secret[1] | 1);
#endif
	sum ^= sum >> 32;
	return (sum * WEFT_NH_MULTIPLIER) >> 32;
}

#endif /* WEFT_NH_H */
