/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys as the flow cache compares and hashes them: only the words that packets of their
 * kind ("shape") have, and without what of those is volatile.
 */
#ifndef WEFT_CACHEKEY_H
#define WEFT_CACHEKEY_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>
#include "cache.h"
#include "key.h"
#include "nh.h"

/* Words of the key */
#define WEFT_WORD_META		(offsetof(struct weft_key, ldp) / sizeof(u64))
#define WEFT_WORD_PACKET	(WEFT_KEY_PACKET / sizeof(u64))
#define WEFT_WORD_NEIGH		(offsetof(struct weft_key, arp_sha) / sizeof(u64))
#define WEFT_WORD_TUN_SRC	(offsetof(struct weft_key, tun_src) / sizeof(u64))
#define WEFT_WORD_TUN_DST	(offsetof(struct weft_key, tun_dst) / sizeof(u64))
#define WEFT_WORD_SRC		(offsetof(struct weft_key, ip_src) / sizeof(u64))
#define WEFT_WORD_DST		(offsetof(struct weft_key, ip_dst) / sizeof(u64))
/* All but the second ones of both addresses, which follow if there is IPv6 */
#define WEFT_WORDS_BASE		(1 + WEFT_WORD_NEIGH - WEFT_WORD_PACKET - 2)

static_assert(offsetof(struct weft_key, mark) == 4 && sizeof_field(struct weft_key, in_port) == 4,
	      "the first word is in_port and mark");
static_assert(offsetof(struct weft_key, ldp) % sizeof(u64) == 0);
static_assert(WEFT_WORD_TUN - WEFT_WORD_META == 1);
static_assert(WEFT_WORD_TUN_SRC - WEFT_WORD_TUN == 2);
static_assert(WEFT_WORD_TUN_DST - WEFT_WORD_TUN_SRC == 2);
static_assert((WEFT_WORD_PACKET - WEFT_WORD_TUN_DST) % 2 == 0);
static_assert(offsetof(struct weft_key, arp_sha) % sizeof(u64) == 0);
static_assert(WEFT_WORD_NEIGH - WEFT_WORD_L4 == 1);
static_assert(WEFT_WORD_L4 - WEFT_WORD_IP == 1);
static_assert(WEFT_WORD_DST - WEFT_WORD_SRC == 2 && WEFT_WORD_IP - WEFT_WORD_DST == 2);

/* What kind of key is it? @tunnel: it came out of one */
static __always_inline u8 weft_key_shape(const struct weft_key *key, bool tunnel)
{
	u8 shape = key->layers & (WEFT_L_ARP | WEFT_L_ND) ? WEFT_SHAPE_NEIGH : 0;

	if (key->layers & WEFT_L_IPV6)
		shape |= WEFT_SHAPE_IPV6;
	if (tunnel) {
		shape |= WEFT_SHAPE_TUNNEL;
		if (key->tun_flags & cpu_to_be16(WEFT_TUN_F_IPV6 | WEFT_TUN_F_OPTS))
			shape |= WEFT_SHAPE_TUNNEL_MORE;
	}
	return shape;
}

/*
 * The words of the key that are compared beyond the first ones, in this order, with what of
 * the tunnel's word is volatile. Without MORE the others are zero.
 */
#define weft_for_more_words(i, shape)					\
	for (i = weft_more_first(shape); i; i = weft_more_next(i, shape))

static __always_inline unsigned int weft_more_first(u8 shape)
{
	return shape & WEFT_SHAPE_TUNNEL ? WEFT_WORD_META :
	       shape & WEFT_SHAPE_NEIGH ? WEFT_WORD_NEIGH : 0;
}

static __always_inline unsigned int weft_more_next(unsigned int i, u8 shape)
{
	unsigned int next = i + 1;

	if (i >= WEFT_WORD_NEIGH)
		return next < WEFT_KEY_WORDS ? next : 0;
	if (!(shape & WEFT_SHAPE_TUNNEL_MORE) && i >= WEFT_WORD_TUN_SRC)
		next = i == WEFT_WORD_TUN_SRC ? WEFT_WORD_TUN_DST : WEFT_WORD_PACKET;
	if (next < WEFT_WORD_PACKET)
		return next;
	return shape & WEFT_SHAPE_NEIGH ? WEFT_WORD_NEIGH : 0;
}

/* How many words of a key are kept for a shape; and keep those of @k in @to */
unsigned int weft_shape_words(u8 shape);
void weft_shape_copy(u64 *to, const u64 *k, u8 shape);

/* A program in no slot any more may have lost it: weft_bucket_find() looks at the slot again */
#define weft_cached_volatile(p, word)	data_race((p)->vol.word)	/* see above */

/* What comes from other hosts; @w is where the program has its words of that */
static __always_inline bool weft_cached_tunnel_matches(const struct weft_cached *p, const u64 *w,
						       const u64 *k)
{
	return !((w[0] ^ k[WEFT_WORD_META]) |
		 ((w[1] ^ k[WEFT_WORD_TUN]) & weft_cached_volatile(p, tun)) |
		 (w[2] ^ k[WEFT_WORD_TUN + 1]) |
		 (w[3] ^ k[WEFT_WORD_TUN_SRC]) |
		 (w[4] ^ k[WEFT_WORD_TUN_DST]));
}

/* The same for other shapes */
bool weft_cached_more_matches(const struct weft_cached *p, const u64 *w, const u64 *k);

/* Is the program one for the packet? */
static __always_inline bool weft_cached_matches(const struct weft_cached *p,
						const struct weft_key *key, u8 shape)
{
	const u64 *k = (const u64 *)key, *w = p->data;
	unsigned int i;
	u64 diff;

	diff = (*w++ ^ k[0]) | (p->shape ^ shape);
#pragma GCC unroll 8
	for (i = WEFT_WORD_PACKET; i < WEFT_WORD_IP; i++)
		if (i != WEFT_WORD_SRC + 1 && i != WEFT_WORD_DST + 1)
			diff |= *w++ ^ k[i];
	diff |= (*w++ ^ k[WEFT_WORD_IP]) & weft_cached_volatile(p, ip);
	diff |= (*w++ ^ k[WEFT_WORD_L4]) & weft_cached_volatile(p, l4);
	if (diff || (u8)(key->ip_ttl - p->ttl_min) > p->ttl_span)
		return false;
	if (!shape)
		return true;
	if (shape & WEFT_SHAPE_IPV6) {
		if ((w[0] ^ k[WEFT_WORD_SRC + 1]) | (w[1] ^ k[WEFT_WORD_DST + 1]))
			return false;
		w += 2;
		shape &= ~WEFT_SHAPE_IPV6;
		if (!shape)
			return true;
	}
	return shape == WEFT_SHAPE_TUNNEL ? weft_cached_tunnel_matches(p, w, k) :
					    weft_cached_more_matches(p, w, k);
}

/* What comes from other hosts. Of IPv4 addresses, each is in a half word. */
static __always_inline void weft_hash_tunnel(struct weft_nh *nh, const u64 *secret, const u64 *k)
{
	weft_nh_add(nh, secret, k[WEFT_WORD_META], k[WEFT_WORD_TUN] & ~WEFT_VOLATILE_TUN);
	weft_nh_add(nh, secret + 2, k[WEFT_WORD_TUN + 1],
		    k[WEFT_WORD_TUN_SRC] ^ rol64(k[WEFT_WORD_TUN_DST], 32));
}

/* Hash what keys of other shapes have beyond the others */
void weft_hash_more(struct weft_nh *nh, const u64 *secret, const u64 *k, u8 shape);

/* Hash of what is stable in a key */
static __always_inline u32 weft_key_hash(const struct weft_caches *caches,
					 const struct weft_key *key, u8 shape)
{
	const u64 *k = (const u64 *)key, *p = k + WEFT_WORD_PACKET;
	const u64 *secret = caches->secret;
	struct weft_nh nh = {};

	static_assert(WEFT_WORD_IP - WEFT_WORD_PACKET == 7);
	weft_nh_add(&nh, secret + 2, k[0], p[0]);
	weft_nh_add(&nh, secret + 4, p[1], p[2]);
	weft_nh_add(&nh, secret + 6, p[3], p[5]);
	weft_nh_add(&nh, secret + 8, p[7] & ~WEFT_VOLATILE_IP, p[8] & ~WEFT_VOLATILE_L4);
	if (shape & WEFT_SHAPE_IPV6)	/* else zero */
		weft_nh_add(&nh, secret + 10, p[4], p[6]);
	shape &= ~WEFT_SHAPE_IPV6;
	if (shape == WEFT_SHAPE_TUNNEL)
		weft_hash_tunnel(&nh, secret + 12, k);
	else if (unlikely(shape))
		weft_hash_more(&nh, secret + 12, k, shape);
	return weft_nh_end(&nh, secret);
}

#endif /* WEFT_CACHEKEY_H */
