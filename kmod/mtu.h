/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that are too long for where they go.
 */
#ifndef WEFT_MTU_H
#define WEFT_MTU_H

#include <linux/types.h>
#include "defrag.h"
#include "program.h"

struct sk_buff;
struct weft_key;

/* From here on the packet leaves in fragments, as if it had come in such ones */
struct weft_op_cut {
	struct weft_op op;
	struct weft_whole whole;
	u32 pad;
};

/*
 * Are all packets that @skb will be no longer than @mtu bytes of IP? weft_key_extract() has found
 * IP in it. @whole: how its fragments were, or NULL.
 */
bool weft_mtu_fits(const struct sk_buff *skb, const struct weft_whole *whole, u32 mtu);

/*
 * Such a packet does not fit: may it be cut? Then fill in how. @layers: of @skb. @key: addresses
 * that tell whether others are written into it afterwards.
 */
bool weft_mtu_cut(const struct sk_buff *skb, const struct weft_whole *whole, u16 layers, u32 mtu,
		  const struct weft_key *key, struct weft_whole *cut);

#endif /* WEFT_MTU_H */
