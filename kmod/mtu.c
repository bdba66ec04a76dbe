// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that are too long for where they go.
 *
 * The length is no part of a packet's key. A walk that asks for it is remembered with the
 * shortest limit that its packet passed, and longer packets walk themselves (pipeline.c), each of
 * them: they are few, since who sends them is told, or are to be cut, which costs more than that.
 */
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include "compat.h"
#include "key.h"
#include "mtu.h"

bool weft_mtu_fits(const struct sk_buff *skb, const struct weft_whole *whole, u32 mtu)
{
	if (unlikely(whole))
		return whole->max <= mtu;
	if (likely(skb->len - skb_network_offset(skb) <= mtu))
		return true;
	return skb_is_gso(skb) && skb_transport_header_was_set(skb) &&
	       skb_gso_validate_network_len(skb, mtu);
}

bool weft_mtu_cut(const struct sk_buff *skb, const struct weft_whole *whole, u16 layers, u32 mtu,
		  const struct weft_key *key, struct weft_whole *cut)
{
	if (!(layers & WEFT_L_IPV4) || skb_is_gso(skb))
		return false;
	if (whole ? whole->df : !!(ip_hdr(skb)->frag_off & htons(IP_DF)))
		return false;
	*cut = (struct weft_whole) {
		.max = mtu,
		.saddr = whole ? whole->saddr : weft_key_ip4_src(key),
		.daddr = whole ? whole->daddr : weft_key_ip4_dst(key),
	};
	return true;
}
