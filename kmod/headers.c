// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing several header fields at once.
 *
 * What a router or NAT does to each packet of a connection is the same: other
 * addresses, other ports, a TTL less one. The walk knows old and new values, so
 * it knows by how much each checksum will differ. What is left to do for a
 * packet is to make its headers writable once, to store the values and to add two
 * numbers. Whatever is rarer (IPv6 addresses, tags, ARP, ND, ICMP, SCTP, protocols the
 * key does not know) goes through rewrite.c, a field at a time.
 *
 * About checksums see rewrite.c. Addresses are in the pseudo-header, ports are not; so
 * there are two differences, of which CHECKSUM_PARTIAL takes only the first.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include "headers.h"
#include "key.h"
#include "rewrite.h"

#define FIELD_BIT(f)	BIT_ULL(WEFT_FIELD_##f - WEFT_FIELD_ETH_DST)

#define FIELDS_ETH	(FIELD_BIT(ETH_DST) | FIELD_BIT(ETH_SRC))
#define FIELDS_ADDR	(FIELD_BIT(IP_SRC) | FIELD_BIT(IP_DST))
#define FIELDS_PORTS	(FIELD_BIT(L4_SRC) | FIELD_BIT(L4_DST))

/* By how much a checksum over two bytes, or four, changes */
static __wsum changed2(__be16 from, __be16 to)
{
	return csum_sub((__force __wsum)to, (__force __wsum)from);
}

static __wsum changed4(__be32 from, __be32 to)
{
	return csum_sub((__force __wsum)to, (__force __wsum)from);
}

/* As it is kept: not less, as sums are of 16 bits */
static __sum16 folded(__wsum diff)
{
	return (__force __sum16)~csum_fold(diff);
}

bool weft_headers_describe(struct weft_op_headers *h, const struct weft_key *from,
			   const struct weft_key *to, u64 fields, u8 ttl_spent)
{
	bool ip4 = to->layers & WEFT_L_IPV4, l4 = to->layers & (WEFT_L_TCP | WEFT_L_UDP);
	__wsum ip_diff = 0, addr_diff = 0, port_diff = 0;
	u64 can = FIELDS_ETH;
	u32 what = 0;

	if (to->layers & WEFT_L_IP)
		can |= FIELD_BIT(IP_TTL);
	if (ip4)
		can |= FIELD_BIT(IP_TOS);
	/* ICMP and SCTP have no pseudo-header */
	if (ip4 && (l4 || to->layers & (WEFT_L_ICMP | WEFT_L_SCTP)))
		can |= FIELDS_ADDR;
	if (l4)
		can |= FIELDS_PORTS;
	if (fields & ~can)
		return false;

	if (fields & FIELDS_ETH)
		what |= WEFT_H_ETH;
	memcpy(h->eth, to->eth_dst, ETH_ALEN);
	memcpy(h->eth + ETH_ALEN, to->eth_src, ETH_ALEN);
	h->saddr = weft_key_ip4_src(to);
	h->daddr = weft_key_ip4_dst(to);
	if (fields & FIELDS_ADDR) {
		what |= WEFT_H_ADDR;
		addr_diff = csum_add(changed4(weft_key_ip4_src(from), h->saddr),
				     changed4(weft_key_ip4_dst(from), h->daddr));
	}
	h->sport = to->l4_src;
	h->dport = to->l4_dst;
	if (fields & FIELDS_PORTS) {
		what |= WEFT_H_PORTS;
		port_diff = csum_add(changed2(from->l4_src, h->sport),
				     changed2(from->l4_dst, h->dport));
	}
	h->tos = 0;
	h->ttl = ttl_spent;
	if (ip4)
		ip_diff = addr_diff;
	if (fields & FIELD_BIT(IP_TOS)) {
		what |= WEFT_H_TOS;
		h->tos = to->ip_tos;
		ip_diff = csum_add(ip_diff, changed2(htons(from->ip_tos), htons(h->tos)));
	}
	if (fields & FIELD_BIT(IP_TTL)) {
		/* the key has the old value exactly: a difference will do */
		h->ttl = from->ip_ttl - to->ip_ttl;
	}
	if (h->ttl) {
		what |= WEFT_H_TTL;
		if (ip4)
			ip_diff = csum_add(ip_diff, fields & FIELD_BIT(IP_TTL) ?
					   changed2(htons(from->ip_ttl << 8),
						    htons(to->ip_ttl << 8)) :
					   changed2(htons(ttl_spent << 8), 0));
	}
	if (to->layers & WEFT_L_IPV6)
		what |= WEFT_H_IPV6;
	if (what & (WEFT_H_ADDR | WEFT_H_PORTS) && l4)
		what |= to->layers & WEFT_L_TCP ? WEFT_H_TCP : WEFT_H_UDP;
	h->op.arg = what;
	h->ip_diff = folded(ip_diff);
	h->addr_diff = folded(addr_diff);
	h->port_diff = folded(port_diff);
	return true;
}

static void write_l4(struct sk_buff *skb, const struct weft_op_headers *h, unsigned int ofs)
{
	u32 what = h->op.arg;
	u8 *l4 = skb->data + ofs;
	__sum16 *check;

	if (what & WEFT_H_PORTS) {
		memcpy(l4, &h->sport, sizeof(h->sport));
		memcpy(l4 + 2, &h->dport, sizeof(h->dport));
	}
	check = (__sum16 *)(l4 + (what & WEFT_H_TCP ? offsetof(struct tcphdr, check) :
						      offsetof(struct udphdr, check)));
	if (weft_l4_partial(skb, ofs, what & WEFT_H_UDP)) {
		*check = ~csum_fold(csum_add(csum_unfold(*check),
					     csum_unfold(h->addr_diff)));
		return;
	}
	if (what & WEFT_H_UDP && !*check)
		return;			/* the datagram has none */
	csum_replace_by_diff(check, csum_add(csum_unfold(h->addr_diff),
					     csum_unfold(h->port_diff)));
	if (what & WEFT_H_UDP && !*check)
		*check = CSUM_MANGLED_0;
}

static void write_ip(struct sk_buff *skb, const struct weft_op_headers *h, unsigned int ofs)
{
	struct iphdr *iph = (struct iphdr *)(skb->data + ofs);
	u32 what = h->op.arg;

	if (what & WEFT_H_IPV6) {
		((struct ipv6hdr *)iph)->hop_limit -= h->ttl;
		return;
	}
	if (what & WEFT_H_ADDR) {
		memcpy(&iph->saddr, &h->saddr, sizeof(h->saddr));
		memcpy(&iph->daddr, &h->daddr, sizeof(h->daddr));
	}
	if (what & WEFT_H_TOS)
		iph->tos = h->tos;
	if (what & WEFT_H_TTL)
		iph->ttl -= h->ttl;
	csum_replace_by_diff(&iph->check, csum_unfold(h->ip_diff));
}

/* skb_ensure_writable(), without calls where the headers are linear, as they nearly always are */
static __always_inline int make_writable(struct sk_buff *skb, unsigned int len)
{
	if (unlikely(len > skb_headlen(skb)))
		return skb_ensure_writable(skb, len);
	if (likely(!skb_cloned(skb) || skb_clone_writable(skb, len)))
		return 0;
	return pskb_expand_head(skb, 0, 0, GFP_ATOMIC);
}

static __always_inline enum weft_drop prepare(struct sk_buff *skb, unsigned int end)
{
	if (unlikely(end > skb->len))
		return WEFT_DROP_NO_HEADER;
	if (unlikely(make_writable(skb, end)))
		return WEFT_DROP_NO_MEMORY;
	return WEFT_DROP_UNSPEC;
}

static __always_inline void write_l2_l3(struct sk_buff *skb, const struct weft_op_headers *h)
{
	u32 what = h->op.arg;

	if (what & WEFT_H_ETH)
		memcpy(skb->data, h->eth, sizeof(h->eth));
	if (what & WEFT_H_IP)
		write_ip(skb, h, skb_network_offset(skb));
}

static unsigned int end_l2_l3(const struct sk_buff *skb, const struct weft_op_headers *h)
{
	return h->op.arg & WEFT_H_IP ? skb_network_offset(skb) + sizeof(struct iphdr) :
				       2 * ETH_ALEN;
}

/* With sums over more than the IPv4 header */
static noinline enum weft_drop write_with_sums(struct sk_buff *skb,
					       const struct weft_op_headers *h)
{
	unsigned int l4 = skb_transport_offset(skb), end = end_l2_l3(skb, h);
	bool complete = skb->ip_summed == CHECKSUM_COMPLETE;
	u32 what = h->op.arg;
	enum weft_drop drop;
	__wsum before = 0;

	if (what & WEFT_H_TCP)
		end = l4 + offsetofend(struct tcphdr, check);
	else if (what & WEFT_H_UDP)
		end = l4 + sizeof(struct udphdr);
	drop = prepare(skb, end);
	if (unlikely(drop))
		return drop;
	if (complete)
		before = csum_partial(skb->data, end, 0);
	write_l2_l3(skb, h);
	if (what & (WEFT_H_TCP | WEFT_H_UDP))
		write_l4(skb, h, l4);
	if (complete)
		skb->csum = csum_add(csum_sub(skb->csum, before),
				     csum_partial(skb->data, end, 0));
	return WEFT_DROP_UNSPEC;
}

enum weft_drop weft_headers_write(struct sk_buff *skb, const struct weft_op_headers *h)
{
	enum weft_drop drop;

	if (h->op.arg & (WEFT_H_ADDR | WEFT_H_PORTS))
		skb_clear_hash(skb);
	if (h->op.arg & (WEFT_H_TCP | WEFT_H_UDP) || skb->ip_summed == CHECKSUM_COMPLETE)
		return write_with_sums(skb, h);
	drop = prepare(skb, end_l2_l3(skb, h));
	if (likely(!drop))
		write_l2_l3(skb, h);
	return drop;
}
