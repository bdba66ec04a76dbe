// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changing the headers of a packet, checksums included.
 *
 * The executor calls this for one field at a time, in softirq. The packet may
 * share its bytes with clones (a capture, an earlier output), so nothing is
 * written before skb_ensure_writable(); headers that the key has seen are in the
 * linear part, reading them needs no care.
 *
 * All bytes go through put(), which keeps skb->csum of a CHECKSUM_COMPLETE
 * packet (over everything from the Ethernet header). The checksums in the headers
 * are corrected by the difference that the new bytes make, through put() again:
 * skb->csum needs no thought about which changes cancel each other, and a
 * checksum that was wrong stays wrong.
 *
 * With CHECKSUM_PARTIAL the L4 checksum field holds the sum of the pseudo-header
 * only, not inverted: addresses count, ports do not. This is so for the header
 * where csum_start points, and for the outer UDP header of an encapsulated GSO
 * packet that is to get a checksum. Other outer headers already have the
 * checksum they will be sent with.
 *
 * skb->hash is over addresses, ports and flow label: whoever picks a queue, a path
 * or a tunnel's source port by it must not get that of the old ones. It
 * is forgotten with the write and computed again only if somebody asks.
 *
 * SCTP has no pseudo-header but a CRC over its whole packet. It is linear, so
 * the CRC of the difference, moved to its place, corrects it without a look at
 * the payload. This takes the length of the packet: ports of the first of
 * several fragments cannot be changed.
 */
#include <linux/crc32.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include "key.h"
#include "rewrite.h"

/* Octets of the Ethernet form of ARP, from the start of struct arphdr */
#define ARP_SHA	8
#define ARP_SPA	14
#define ARP_THA	18
#define ARP_TPA	24

#define ND_TARGET	8
#define ND_OPTIONS	24	/* of solicitation and advertisement */

/* Checksums that cover a field: offsets from skb->data, 0 for none */
struct sums {
	unsigned int ip;
	unsigned int l4;
	unsigned int l4_start;	/* of its header */
	bool l4_pseudo;		/* the field is in the pseudo-header only */
	bool l4_udp;		/* zero means that there is no checksum */
	bool hash;		/* so does skb->hash */
};

static void put(struct sk_buff *skb, unsigned int ofs, const void *value, unsigned int len)
{
	u8 *p = skb->data + ofs;

	__skb_postpull_rcsum(skb, p, len, ofs);
	memcpy(p, value, len);
	__skb_postpush_rcsum(skb, p, len, ofs);
}

/* How @value there will change a checksum that covers it */
static __wsum difference(const struct sk_buff *skb, unsigned int ofs, const void *value,
			 unsigned int len)
{
	__wsum diff = csum_sub(csum_partial(value, len, 0),
			       csum_partial(skb->data + ofs, len, 0));

	/* headers start at even offsets, so this is the parity in each of them */
	return csum_block_add(0, diff, ofs);
}

static __sum16 get_sum(const struct sk_buff *skb, unsigned int ofs)
{
	__sum16 sum;

	memcpy(&sum, skb->data + ofs, sizeof(sum));
	return sum;
}

static void fix_sum(struct sk_buff *skb, unsigned int ofs, __wsum diff)
{
	__sum16 sum = get_sum(skb, ofs);

	csum_replace_by_diff(&sum, diff);
	put(skb, ofs, &sum, sizeof(sum));
}

bool weft_l4_partial(const struct sk_buff *skb, unsigned int start, bool udp)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return false;
	if (skb_checksum_start_offset(skb) == start)
		return true;
	return udp && skb_is_gso(skb) && skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM;
}

static void fix_l4(struct sk_buff *skb, const struct sums *sums, __wsum diff)
{
	__sum16 sum = get_sum(skb, sums->l4);

	if (weft_l4_partial(skb, sums->l4_start, sums->l4_udp)) {
		if (!sums->l4_pseudo)
			return;
		sum = ~csum_fold(csum_add(csum_unfold(sum), diff));
	} else {
		if (sums->l4_udp && !sum)
			return;
		csum_replace_by_diff(&sum, diff);
	}
	if (sums->l4_udp && !sum)
		sum = CSUM_MANGLED_0;
	put(skb, sums->l4, &sum, sizeof(sum));
}

static enum weft_drop replace(struct sk_buff *skb, unsigned int ofs, const void *value,
			      unsigned int len, struct sums sums)
{
	unsigned int end = ofs + len;
	__wsum diff;

	if (sums.ip)
		end = max_t(unsigned int, end, sums.ip + sizeof(__sum16));
	if (sums.l4)
		end = max_t(unsigned int, end, sums.l4 + sizeof(__sum16));
	if (unlikely(end > skb->len))
		return WEFT_DROP_NO_HEADER;
	/* no change: spare a clone the copy */
	if (ofs + len <= skb_headlen(skb) && !memcmp(skb->data + ofs, value, len))
		return WEFT_DROP_UNSPEC;
	if (unlikely(skb_ensure_writable(skb, end)))
		return WEFT_DROP_NO_MEMORY;

	if (sums.hash)
		skb_clear_hash(skb);
	if (!sums.ip && !sums.l4) {
		put(skb, ofs, value, len);
		return WEFT_DROP_UNSPEC;
	}
	diff = difference(skb, ofs, value, len);
	put(skb, ofs, value, len);
	if (sums.ip)
		fix_sum(skb, sums.ip, diff);
	if (sums.l4)
		fix_l4(skb, &sums, diff);
	return WEFT_DROP_UNSPEC;
}

static const struct sums no_sums;

/* VLAN */

static enum weft_drop set_tci(struct sk_buff *skb, u16 layers, const u8 *value)
{
	u16 tci = (value[0] << 8 | value[1]) & ~VLAN_CFI_MASK;
	unsigned int ofs = offsetof(struct vlan_ethhdr, h_vlan_TCI);
	__be16 be;

	if (skb_vlan_tag_present(skb)) {
		tci |= skb_vlan_tag_get(skb) & VLAN_CFI_MASK;
		__vlan_hwaccel_put_tag(skb, skb->vlan_proto, tci);
		return WEFT_DROP_UNSPEC;
	}
	if (!(layers & WEFT_L_VLAN))
		return WEFT_DROP_NO_HEADER;
	memcpy(&be, skb->data + ofs, sizeof(be));
	be = htons(tci) | (be & htons(VLAN_CFI_MASK));
	return replace(skb, ofs, &be, sizeof(be), no_sums);
}

/*
 * skb_vlan_push() and _pop() go by skb->protocol, which is what the frame's
 * sender said: a packet socket may say anything. What they do to the
 * offset of the network header differs between kernels, so it is kept, as a
 * distance from the packet's end.
 */
struct vlan_offsets {
	unsigned int network;
	unsigned int transport;
	bool has_transport;
};

static void vlan_begin(struct sk_buff *skb, struct vlan_offsets *o)
{
	__be16 type = eth_hdr(skb)->h_proto;

	skb->protocol = eth_proto_is_802_3(type) ? type : htons(ETH_P_802_2);
	o->network = skb->len - skb_network_offset(skb);
	o->has_transport = skb_transport_header_was_set(skb);
	if (o->has_transport)
		o->transport = skb->len - skb_transport_offset(skb);
}

static void vlan_end(struct sk_buff *skb, const struct vlan_offsets *o)
{
	skb_set_network_header(skb, skb->len - o->network);
	if (o->has_transport)
		skb_set_transport_header(skb, skb->len - o->transport);
	skb_reset_mac_len(skb);
}

enum weft_drop weft_rewrite_push_vlan(struct sk_buff *skb, u16 *layers, __be16 tpid)
{
	struct vlan_offsets o;
	int err;

	if (*layers & WEFT_L_VLAN2)
		return WEFT_DROP_VLAN_DEPTH;
	vlan_begin(skb, &o);
	err = skb_vlan_push(skb, tpid, 0);
	vlan_end(skb, &o);
	if (unlikely(err))
		return WEFT_DROP_NO_MEMORY;
	*layers |= *layers & WEFT_L_VLAN ? WEFT_L_VLAN2 : WEFT_L_VLAN;
	return WEFT_DROP_UNSPEC;
}

enum weft_drop weft_rewrite_pop_vlan(struct sk_buff *skb, u16 *layers)
{
	struct vlan_offsets o;
	int err;

	if (!(*layers & WEFT_L_VLAN))
		return WEFT_DROP_UNSPEC;
	/*
	 * The kernel's pop takes out two tags, the second into vlan_tci, and may
	 * fail between them: make writable beforehand what it needs.
	 */
	if (skb->len < (skb_vlan_tag_present(skb) ? ETH_HLEN : VLAN_ETH_HLEN))
		return WEFT_DROP_NO_HEADER;
	if (unlikely(skb_ensure_writable(skb, min_t(unsigned int, skb->len,
						    VLAN_ETH_HLEN + VLAN_HLEN))))
		return WEFT_DROP_NO_MEMORY;
	vlan_begin(skb, &o);
	err = skb_vlan_pop(skb);
	vlan_end(skb, &o);
	if (unlikely(err))
		return WEFT_DROP_NO_MEMORY;
	*layers &= *layers & WEFT_L_VLAN2 ? ~WEFT_L_VLAN2 : ~WEFT_L_VLAN;
	return WEFT_DROP_UNSPEC;
}

/* IPv4 and IPv6 */

/* L4 checksum of protocols with a pseudo-header; 0 when there is none here */
static void find_pseudo(const struct sk_buff *skb, u16 layers, unsigned int l4, u8 proto,
			struct sums *sums)
{
	sums->l4_start = l4;
	sums->l4_pseudo = true;
	if (layers & WEFT_L_TCP) {
		sums->l4 = l4 + offsetof(struct tcphdr, check);
	} else if (layers & WEFT_L_UDP) {
		sums->l4 = l4 + offsetof(struct udphdr, check);
		sums->l4_udp = true;
	} else if (layers & WEFT_L_ICMP6) {
		sums->l4 = l4 + offsetof(struct icmp6hdr, icmp6_cksum);
	} else if (proto == IPPROTO_UDPLITE || proto == IPPROTO_DCCP) {
		/* no fields of theirs are in the key; both have it at the same place */
		sums->l4 = l4 + offsetof(struct udphdr, check);
	}
	/* the packet, or a first fragment, may be too short to have one */
	if (sums->l4 + sizeof(__sum16) > skb->len)
		sums->l4 = 0;
}

static enum weft_drop set_ip4(struct sk_buff *skb, u16 layers, unsigned int field_ofs,
			      const u8 *value)
{
	unsigned int nh = skb_network_offset(skb);
	const struct iphdr *iph = ip_hdr(skb);
	struct sums sums = { .ip = nh + offsetof(struct iphdr, check), .hash = true };

	if (!(layers & WEFT_L_IPV4))
		return WEFT_DROP_NO_HEADER;
	if (!(iph->frag_off & htons(IP_OFFSET)))
		find_pseudo(skb, layers, nh + iph->ihl * 4, iph->protocol, &sums);
	return replace(skb, nh + field_ofs, value, sizeof(__be32), sums);
}

/*
 * A routing header with segments left: the pseudo-header has the last
 * destination, not the one in the IPv6 header.
 */
static bool ip6_on_route(const struct sk_buff *skb)
{
	int flags = IP6_FH_F_SKIP_RH;
	unsigned int ofs = 0;

	if (!ipv6_ext_hdr(ipv6_hdr(skb)->nexthdr))
		return false;
	return ipv6_find_hdr(skb, &ofs, NEXTHDR_ROUTING, NULL, &flags) == NEXTHDR_ROUTING;
}

/* Where L4 is; negative when the packet has none, as behind a first fragment */
static int ip6_find_l4(const struct sk_buff *skb, u8 *proto, __be16 *frag_off)
{
	int ofs;

	*proto = ipv6_hdr(skb)->nexthdr;
	*frag_off = 0;
	ofs = ipv6_skip_exthdr(skb, skb_network_offset(skb) + sizeof(struct ipv6hdr), proto,
			       frag_off);
	return *frag_off & htons(IP6_OFFSET) ? -1 : ofs;
}

static enum weft_drop set_ip6(struct sk_buff *skb, u16 layers, unsigned int field_ofs,
			      const u8 *value)
{
	unsigned int nh = skb_network_offset(skb);
	struct sums sums = { .hash = true };
	__be16 frag_off;
	u8 proto = 0;
	int l4;

	if (!(layers & WEFT_L_IPV6))
		return WEFT_DROP_NO_HEADER;
	if (layers & (WEFT_L_PORTS | WEFT_L_ICMP6))
		l4 = skb_transport_offset(skb);
	else
		l4 = ip6_find_l4(skb, &proto, &frag_off);
	if (l4 > 0 && !(field_ofs == offsetof(struct ipv6hdr, daddr) && ip6_on_route(skb)))
		find_pseudo(skb, layers, l4, proto, &sums);
	return replace(skb, nh + field_ofs, value, sizeof(struct in6_addr), sums);
}

static enum weft_drop set_ip6_label(struct sk_buff *skb, u16 layers, const u8 *value)
{
	unsigned int nh = skb_network_offset(skb);
	__be32 word, label;

	if (!(layers & WEFT_L_IPV6))
		return WEFT_DROP_NO_HEADER;
	memcpy(&word, skb->data + nh, sizeof(word));
	memcpy(&label, value, sizeof(label));
	word = (word & ~IPV6_FLOWLABEL_MASK) | (label & IPV6_FLOWLABEL_MASK);
	return replace(skb, nh, &word, sizeof(word), (struct sums){ .hash = true });
}

static enum weft_drop set_tos(struct sk_buff *skb, u16 layers, u8 tos)
{
	unsigned int nh = skb_network_offset(skb);
	u8 word[2];

	if (layers & WEFT_L_IPV4) {
		struct sums sums = { .ip = nh + offsetof(struct iphdr, check) };

		return replace(skb, nh + offsetof(struct iphdr, tos), &tos, 1, sums);
	}
	if (!(layers & WEFT_L_IPV6))
		return WEFT_DROP_NO_HEADER;
	/* version, class and the label's head: 4, 8 and 4 bits */
	word[0] = (skb->data[nh] & 0xf0) | tos >> 4;
	word[1] = (skb->data[nh + 1] & 0x0f) | tos << 4;
	return replace(skb, nh, word, sizeof(word), no_sums);
}

static enum weft_drop set_ttl(struct sk_buff *skb, u16 layers, u8 ttl)
{
	unsigned int nh = skb_network_offset(skb);

	if (layers & WEFT_L_IPV4) {
		struct sums sums = { .ip = nh + offsetof(struct iphdr, check) };

		return replace(skb, nh + offsetof(struct iphdr, ttl), &ttl, 1, sums);
	}
	if (!(layers & WEFT_L_IPV6))
		return WEFT_DROP_NO_HEADER;
	return replace(skb, nh + offsetof(struct ipv6hdr, hop_limit), &ttl, 1, no_sums);
}

enum weft_drop weft_rewrite_dec_ttl(struct sk_buff *skb, u16 layers, unsigned int by)
{
	u8 ttl;

	if (layers & WEFT_L_IPV4)
		ttl = ip_hdr(skb)->ttl;
	else if (layers & WEFT_L_IPV6)
		ttl = ipv6_hdr(skb)->hop_limit;
	else
		return WEFT_DROP_NO_HEADER;
	if (ttl <= by)
		return WEFT_DROP_TTL;
	return set_ttl(skb, layers, ttl - by);
}

/* TCP, UDP, SCTP */

/* Bytes from the SCTP header to the packet's end; 0: a fragment, or not to be told */
static unsigned int sctp_len(const struct sk_buff *skb, u16 layers)
{
	unsigned int nh = skb_network_offset(skb), l4 = skb_transport_offset(skb);
	unsigned int end;

	if (layers & WEFT_L_IPV4) {
		const struct iphdr *iph = ip_hdr(skb);

		if (iph->frag_off & htons(IP_MF | IP_OFFSET))
			return 0;
		end = nh + ntohs(iph->tot_len);
	} else {
		__be16 frag_off;
		u8 proto;

		if (ip6_find_l4(skb, &proto, &frag_off) < 0 || frag_off)
			return 0;
		end = nh + sizeof(struct ipv6hdr) + ntohs(ipv6_hdr(skb)->payload_len);
	}
	return end <= skb->len && end >= l4 + sizeof(struct sctphdr) ? end - l4 : 0;
}

static enum weft_drop set_sctp_port(struct sk_buff *skb, u16 layers, unsigned int field_ofs,
				    const u8 *value)
{
	unsigned int l4 = skb_transport_offset(skb), len = 0;
	struct sctphdr old, new;
	u32 crc;

	if (l4 + sizeof(old) > skb->len)
		return WEFT_DROP_NO_HEADER;
	if (!memcmp(skb->data + l4 + field_ofs, value, sizeof(__be16)))
		return WEFT_DROP_UNSPEC;
	/* GSO packets are summed segment by segment, whatever ip_summed says */
	if (!weft_l4_partial(skb, l4, false) && !skb_is_gso(skb)) {
		len = sctp_len(skb, layers);
		if (!len)
			return WEFT_DROP_NO_HEADER;
	}
	if (unlikely(skb_ensure_writable(skb, l4 + sizeof(old))))
		return WEFT_DROP_NO_MEMORY;

	skb_clear_hash(skb);
	memcpy(&old, skb->data + l4, sizeof(old));
	new = old;
	memcpy((u8 *)&new + field_ofs, value, sizeof(__be16));
	if (len) {
		__be16 diff[2] = { old.source ^ new.source, old.dest ^ new.dest };

		crc = __crc32c_le(0, (const u8 *)diff, sizeof(diff));
		crc = __crc32c_le_shift(crc, len - sizeof(diff));
		new.checksum ^= cpu_to_le32(crc);
	}
	put(skb, l4, &new, sizeof(new));
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop set_port(struct sk_buff *skb, u16 layers, unsigned int field_ofs,
			       const u8 *value)
{
	unsigned int l4 = skb_transport_offset(skb);
	struct sums sums = { .l4_start = l4, .hash = true };

	if (layers & WEFT_L_TCP) {
		sums.l4 = l4 + offsetof(struct tcphdr, check);
	} else if (layers & WEFT_L_UDP) {
		sums.l4 = l4 + offsetof(struct udphdr, check);
		sums.l4_udp = true;
	} else if (layers & WEFT_L_SCTP) {
		return set_sctp_port(skb, layers, field_ofs, value);
	} else {
		return WEFT_DROP_NO_HEADER;
	}
	return replace(skb, l4 + field_ofs, value, sizeof(__be16), sums);
}

/* ICMP, ICMPv6 */

static enum weft_drop set_icmp(struct sk_buff *skb, u16 layers, unsigned int field_ofs,
			       const void *value, unsigned int len)
{
	unsigned int l4 = skb_transport_offset(skb);
	struct sums sums = {
		.l4 = l4 + offsetof(struct icmphdr, checksum),
		.l4_start = l4,
	};

	if (!(layers & WEFT_L_ICMPS))
		return WEFT_DROP_NO_HEADER;
	return replace(skb, l4 + field_ofs, value, len, sums);
}

static enum weft_drop set_icmp_id(struct sk_buff *skb, u16 layers, const u8 *value)
{
	u8 type;

	if (!(layers & WEFT_L_ICMPS))
		return WEFT_DROP_NO_HEADER;
	type = *skb_transport_header(skb);
	if (layers & WEFT_L_ICMP6 ?
	    type != ICMPV6_ECHO_REQUEST && type != ICMPV6_ECHO_REPLY :
	    type != ICMP_ECHO && type != ICMP_ECHOREPLY)
		return WEFT_DROP_NO_HEADER;
	return set_icmp(skb, layers, offsetof(struct icmphdr, un.echo.id), value, sizeof(__be16));
}

/* ARP, neighbour discovery */

static enum weft_drop set_arp(struct sk_buff *skb, u16 layers, unsigned int field_ofs,
			      const u8 *value, unsigned int len)
{
	if (!(layers & WEFT_L_ARP))
		return WEFT_DROP_NO_HEADER;
	return replace(skb, skb_network_offset(skb) + field_ofs, value, len, no_sums);
}

/* The address in the first option @type, from the ICMPv6 header; 0: there is none */
static unsigned int find_nd_option(const struct sk_buff *skb, u8 type)
{
	unsigned int l4 = skb_transport_offset(skb), ofs = l4 + ND_OPTIONS, end;
	const u8 *opt;
	u8 buf[2];

	end = skb_network_offset(skb) + sizeof(struct ipv6hdr) +
	      ntohs(ipv6_hdr(skb)->payload_len);
	end = min(end, skb->len);
	while (ofs + sizeof(struct nd_opt_hdr) + ETH_ALEN <= end) {
		opt = skb_header_pointer(skb, ofs, sizeof(buf), buf);
		if (!opt || !opt[1])
			break;
		if (opt[0] == type && opt[1] == 1)
			return ofs + sizeof(struct nd_opt_hdr) - l4;
		ofs += opt[1] * 8;
	}
	return 0;
}

static enum weft_drop set_nd_option(struct sk_buff *skb, u16 layers, u8 type, const u8 *value)
{
	unsigned int ofs = find_nd_option(skb, type);

	return ofs ? set_icmp(skb, layers, ofs, value, ETH_ALEN) : WEFT_DROP_NO_HEADER;
}

enum weft_drop weft_rewrite_set(struct sk_buff *skb, u16 layers, enum weft_field field,
				const u8 *value)
{
	switch (field) {
	case WEFT_FIELD_ETH_DST:
		return replace(skb, 0, value, ETH_ALEN, no_sums);
	case WEFT_FIELD_ETH_SRC:
		return replace(skb, ETH_ALEN, value, ETH_ALEN, no_sums);
	case WEFT_FIELD_VLAN_TCI:
		return set_tci(skb, layers, value);
	case WEFT_FIELD_IP_SRC:
		return set_ip4(skb, layers, offsetof(struct iphdr, saddr), value);
	case WEFT_FIELD_IP_DST:
		return set_ip4(skb, layers, offsetof(struct iphdr, daddr), value);
	case WEFT_FIELD_IPV6_SRC:
		return set_ip6(skb, layers, offsetof(struct ipv6hdr, saddr), value);
	case WEFT_FIELD_IPV6_DST:
		return set_ip6(skb, layers, offsetof(struct ipv6hdr, daddr), value);
	case WEFT_FIELD_IPV6_LABEL:
		return set_ip6_label(skb, layers, value);
	case WEFT_FIELD_IP_TOS:
		return set_tos(skb, layers, *value);
	case WEFT_FIELD_IP_TTL:
		return set_ttl(skb, layers, *value);
	case WEFT_FIELD_L4_SRC:
		return set_port(skb, layers, 0, value);
	case WEFT_FIELD_L4_DST:
		return set_port(skb, layers, sizeof(__be16), value);
	case WEFT_FIELD_ICMP_TYPE:
		return set_icmp(skb, layers, offsetof(struct icmphdr, type), value, 1);
	case WEFT_FIELD_ICMP_CODE:
		return set_icmp(skb, layers, offsetof(struct icmphdr, code), value, 1);
	case WEFT_FIELD_ICMP_ID:
		return set_icmp_id(skb, layers, value);
	case WEFT_FIELD_ARP_OP:
		return set_arp(skb, layers, offsetof(struct arphdr, ar_op), value, sizeof(__be16));
	case WEFT_FIELD_ARP_SPA:
		return set_arp(skb, layers, ARP_SPA, value, sizeof(__be32));
	case WEFT_FIELD_ARP_TPA:
		return set_arp(skb, layers, ARP_TPA, value, sizeof(__be32));
	case WEFT_FIELD_ARP_SHA:
		return set_arp(skb, layers, ARP_SHA, value, ETH_ALEN);
	case WEFT_FIELD_ARP_THA:
		return set_arp(skb, layers, ARP_THA, value, ETH_ALEN);
	case WEFT_FIELD_ND_TARGET:
		if (!(layers & WEFT_L_ND))
			return WEFT_DROP_NO_HEADER;
		return set_icmp(skb, layers, ND_TARGET, value, sizeof(struct in6_addr));
	case WEFT_FIELD_ND_SLL:
		if (!(layers & WEFT_L_ND_SLL))
			return WEFT_DROP_NO_HEADER;
		return set_nd_option(skb, layers, ND_OPT_SOURCE_LL_ADDR, value);
	case WEFT_FIELD_ND_TLL:
		if (!(layers & WEFT_L_ND_TLL))
			return WEFT_DROP_NO_HEADER;
		return set_nd_option(skb, layers, ND_OPT_TARGET_LL_ADDR, value);
	default:
		/* not a field that a packet has */
		return WEFT_DROP_NO_HEADER;
	}
}
