/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Neighbour advertisements that answer solicitations.
 */
#ifndef WEFT_ADVERTISE_H
#define WEFT_ADVERTISE_H

#include <linux/types.h>

struct sk_buff;
struct weft_act_advertise;
struct weft_key;

/*
 * Is the packet of @key, which has WEFT_L_ND_NS, a solicitation that a host would answer (RFC
 * 4861, 7.1.1)? Depends on the hop limit.
 */
bool weft_advertise_allowed(const struct weft_key *key);

/* Make @key, of a solicitation that may be answered, that of its answer; metadata stay */
void weft_advertise_key(struct weft_key *key, const struct weft_act_advertise *says);

/*
 * The answer to @skb, a solicitation whose headers weft_key_extract() has found: a frame like that
 * of which weft_advertise_key() gives the key. @skb stays. NULL without memory. BH off.
 */
struct sk_buff *weft_advertise_make(const struct sk_buff *skb,
				    const struct weft_act_advertise *says);

#endif /* WEFT_ADVERTISE_H */
