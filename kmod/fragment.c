// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that came in fragments leave in fragments.
 *
 * A packet that was put together (defrag.c) is cut again at each output, be it a device or a
 * tunnel: there, the fragments are encapsulated, so that tunnels never carry more than what
 * their MTU says. As in the kernel, no fragment is longer than the longest that came; who sent
 * that one as not to be cut, or sent it by IPv6, wants to know when it does not fit, so it is
 * dropped for its length as if it had come alone. The packet is cut even if all of it would fit:
 * what follows is not to see larger packets than those that were sent.
 *
 * Identifications. When addresses were rewritten, that of IPv4 is chosen anew (RFC 6864, 5.3.1):
 * machines behind one address know nothing of each other's. Of IPv6 the old one is
 * gone with its header, so it always is.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "compat.h"
#include "datapath.h"
#include "defrag.h"
#include "fragment.h"
#include "port.h"

/* Work that one packet may cause: enough for 64 kB over links of 576 bytes */
#define WEFT_FRAGMENTS_MAX	128

#define WEFT_LLC_SNAP_LEN	8

/* A packet that is being cut */
struct weft_cut {
	struct weft_port *port;
	const struct weft_whole *whole;
	struct sk_buff *skb;	/* data at the IP header */
	unsigned int l2;	/* bytes before that */
	unsigned int hlen;	/* of IP that each fragment has, without the fragment header */
	unsigned int room;	/* bytes of data in a fragment */
	bool ip6;
	bool first;		/* no fragment is made yet */
	bool new_id;
	__be16 id;
	union {
		struct ip_frag_state state4;
		struct ip6_frag_state state6;
	};
};

/* Bytes of IP that the port's device takes behind the Ethernet header of @skb */
static unsigned int weft_cut_mtu(const struct weft_port *port, const struct sk_buff *skb)
{
	unsigned int max = READ_ONCE(port->dev->mtu) + ETH_HLEN;

	if (!skb_vlan_tag_present(skb) &&
	    eth_type_vlan(((const struct ethhdr *)skb->data)->h_proto))
		max += VLAN_HLEN;
	return max - skb_network_offset(skb);
}

static bool weft_cut_is_snap(const struct weft_cut *cut)
{
	static const u8 start[] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };

	return cut->l2 >= ETH_HLEN + WEFT_LLC_SNAP_LEN &&
	       !memcmp(cut->skb->data - WEFT_LLC_SNAP_LEN, start, sizeof(start));
}

/* Bytes before the IP header of a fragment, those for Ethernet and what the device adds too */
static unsigned int weft_cut_headroom(const struct weft_cut *cut)
{
	return LL_RESERVED_SPACE(cut->port->dev) + ALIGN(cut->l2 - ETH_HLEN, HH_DATA_MOD);
}

static enum weft_drop weft_cut_begin4(struct weft_cut *cut, unsigned int mtu)
{
	struct net *net = cut->port->dp->net;
	struct iphdr *iph = ip_hdr(cut->skb);
	unsigned int len = min_t(unsigned int, cut->whole->max, mtu);
	struct iphdr fresh;

	cut->hlen = iph->ihl * 4;
	if ((cut->whole->df && cut->whole->max > mtu) || len < cut->hlen + 8)
		return WEFT_DROP_MTU;
	cut->room = len - cut->hlen;
	/* a fragment that is cut once more stays one of its packet */
	if (!(iph->frag_off & htons(IP_MF | IP_OFFSET)) &&
	    (iph->saddr != cut->whole->saddr || iph->daddr != cut->whole->daddr)) {
		fresh = *iph;
		__ip_select_ident(net, &fresh, 1);
		cut->new_id = true;
		cut->id = fresh.id;
	}
	ip_frag_init(cut->skb, cut->hlen, weft_cut_headroom(cut), cut->room, cut->whole->df,
		     &cut->state4);
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop weft_cut_begin6(struct weft_cut *cut, unsigned int mtu)
{
	struct sk_buff *skb = cut->skb;
	__be32 id;
	u8 *prev;
	int ofs;

	ofs = ip6_find_1stfragopt(skb, &prev);
	if (ofs < 0)
		return WEFT_DROP_BAD_IPV6;
	cut->hlen = ofs;
	if (cut->whole->max > mtu || cut->whole->max < ofs + sizeof(struct frag_hdr) + 8)
		return WEFT_DROP_MTU;
	cut->room = cut->whole->max - ofs - sizeof(struct frag_hdr);
	id = ipv6_select_ident(cut->port->dp->net, &ipv6_hdr(skb)->daddr, &ipv6_hdr(skb)->saddr);
	ip6_frag_init(skb, ofs, cut->room, cut->port->dev->needed_tailroom,
		      weft_cut_headroom(cut), prev, *prev, id, &cut->state6);
	return WEFT_DROP_UNSPEC;
}

/* Options that belong to the first fragment only become nothing in the others (RFC 791, 3.1) */
static void weft_cut_options(struct iphdr *iph)
{
	u8 *p = (u8 *)(iph + 1), *end = (u8 *)iph + iph->ihl * 4;

	while (p < end && *p != IPOPT_END) {
		unsigned int len = *p == IPOPT_NOOP ? 1 : p + 1 < end ? p[1] : 0;

		if (!len || len > end - p || (len < 2 && *p != IPOPT_NOOP))
			return;		/* what makes no sense is not ours to mend */
		if (!IPOPT_COPIED(*p))
			memset(p, IPOPT_NOOP, len);
		p += len;
	}
}

static void weft_cut_finish4(struct weft_cut *cut, struct sk_buff *piece)
{
	struct iphdr *iph = ip_hdr(piece);

	if (cut->new_id)
		iph->id = cut->id;
	if (!cut->first && iph->ihl > 5)
		weft_cut_options(iph);
	ip_send_check(iph);
}

/* What was before the IP header */
static void weft_cut_l2(struct weft_cut *cut, struct sk_buff *piece)
{
	const struct sk_buff *skb = cut->skb;

	skb_push(piece, cut->l2);
	memcpy(piece->data, skb->data - cut->l2, cut->l2);
	skb_reset_mac_header(piece);
	piece->mac_len = cut->l2;
	if (skb_vlan_tag_present(skb))
		__vlan_hwaccel_put_tag(piece, skb->vlan_proto, skb_vlan_tag_get(skb));
	if (unlikely(weft_cut_is_snap(cut)))	/* it says how long it is */
		put_unaligned_be16(piece->len - cut->l2 + WEFT_LLC_SNAP_LEN,
				   skb_network_header(piece) - WEFT_LLC_SNAP_LEN - 2);
}

static struct sk_buff *weft_cut_next(struct weft_cut *cut)
{
	struct sk_buff *piece = cut->ip6 ? ip6_frag_next(cut->skb, &cut->state6) :
					   ip_frag_next(cut->skb, &cut->state4);

	if (IS_ERR(piece))
		return NULL;
	if (!cut->ip6)
		weft_cut_finish4(cut, piece);
	weft_cut_l2(cut, piece);
	cut->first = false;
	return piece;
}

enum weft_drop weft_fragment(struct weft_port *port, struct sk_buff *skb,
			     const struct weft_whole *whole, const struct weft_op *op,
			     weft_fragment_send send)
{
	unsigned int mtu = weft_cut_mtu(port, skb);
	struct weft_cut cut = {
		.port = port,
		.whole = whole,
		.skb = skb,
		.l2 = skb_network_offset(skb),
		.ip6 = ip_hdr(skb)->version == 6,
		.first = true,
	};
	enum weft_drop reason;
	struct sk_buff *piece;

	__skb_pull(skb, cut.l2);
	reason = cut.ip6 ? weft_cut_begin6(&cut, mtu) : weft_cut_begin4(&cut, mtu);
	if (!reason && skb->len > cut.hlen + WEFT_FRAGMENTS_MAX * (cut.room & ~7))
		reason = WEFT_DROP_FRAGMENT;
	if (reason)
		weft_stats_add(port, tx_dropped, 1);
	while (!reason && (cut.ip6 ? cut.state6.left : cut.state4.left)) {
		piece = weft_cut_next(&cut);
		reason = piece ? send(port, piece, op) : WEFT_DROP_NO_MEMORY;
	}
	consume_skb(skb);
	return reason;
}
