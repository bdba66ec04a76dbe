// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a frame to its key.
 *
 * The pipeline calls weft_key_extract() once for each packet that comes in, in
 * softirq, on an skb of its own. There is no state and no locking here.
 *
 * How to read the parser: positions are offsets from skb->data, never kept
 * pointers, since pulling headers into the linear part may move them.
 * "ofs" is where the next header begins and "end" where the packet ends that
 * contains it. For what IP carries, "end" comes from IP's own length: Ethernet
 * padding behind it is left in the frame but is not looked at. Each header is
 * first checked against end, then made linear, then read.
 *
 * What is refused is what another parser might read differently from us, since
 * a policy that saw ports where the receiver sees something else is no policy:
 * lengths that contradict each other, chains and option lists without bound,
 * headers spread over fragments. Checksums are the receiver's affair.
 *
 * A header that ends beyond its packet is "truncated", be it that the frame
 * was cut or that IP's length says so; other lengths that do not fit
 * are "bad" of their layer.
 *
 * A frame that came out of a tunnel may begin at any address, so headers are
 * read as packed structures (raw_*). Where the machine does not mind, that is
 * free.
 */
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
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include "compat.h"
#include "key.h"

#define EXTHDRS_MAX	16	/* extension headers of an IPv6 packet */
#define ND_OPTIONS_MAX	32	/* options of an ND message */
#define PULL_COMMON	128	/* bytes to make linear when some have to be */

/* Headers at any address */
struct raw_vlan_hdr { struct vlan_hdr h; } __packed;
struct raw_iphdr { struct iphdr h; } __packed;
struct raw_ipv6hdr { struct ipv6hdr h; } __packed;
struct raw_frag_hdr { struct frag_hdr h; } __packed;
struct raw_hop_jumbo_hdr { struct hop_jumbo_hdr h; } __packed;
struct raw_tcphdr { struct tcphdr h; } __packed;
struct raw_udphdr { struct udphdr h; } __packed;
struct raw_sctphdr { struct sctphdr h; } __packed;
struct raw_icmphdr { struct icmphdr h; } __packed;
struct raw_icmp6hdr { struct icmp6hdr h; } __packed;
struct raw_nd_msg { struct nd_msg h; } __packed;

struct llc_snap_header {
	u8 dsap;
	u8 ssap;
	u8 ctrl;
	u8 oui[3];
	__be16 type;
} __packed;

struct arp_eth_ipv4 {
	struct arphdr head;
	u8 sha[ETH_ALEN];
	u8 spa[4];
	u8 tha[ETH_ALEN];
	u8 tpa[4];
} __packed;

static const void *header_at(const struct sk_buff *skb, unsigned int ofs)
{
	return skb->data + ofs;
}

static noinline enum weft_drop pull_more(struct sk_buff *skb, unsigned int len)
{
	unsigned int want = min_t(unsigned int, skb->len, PULL_COMMON);

	if (len > skb->len)
		return WEFT_DROP_TRUNCATED;
	if (!pskb_may_pull(skb, max(len, want)))
		return WEFT_DROP_NO_MEMORY;
	return WEFT_DROP_UNSPEC;
}

/*
 * Make the first @len bytes linear. Headers usually are; a pull copies, so it
 * takes those that are likely to come next along.
 */
static __always_inline enum weft_drop pull(struct sk_buff *skb, unsigned int len)
{
	if (likely(len <= skb_headlen(skb)))
		return WEFT_DROP_UNSPEC;
	return pull_more(skb, len);
}

/* Same for a header at @ofs that has to end before @end */
static __always_inline enum weft_drop
pull_header(struct sk_buff *skb, unsigned int ofs, unsigned int end, unsigned int len)
{
	if (unlikely(end - ofs < len))
		return WEFT_DROP_TRUNCATED;
	return pull(skb, ofs + len);
}

/*
 * Neighbour discovery: the target and the one link-layer address that the
 * message may carry. Hosts ignore fragmented messages, so do we.
 */
static enum weft_drop parse_nd(struct sk_buff *skb, struct weft_key *key,
			       unsigned int ofs, unsigned int end, bool solicit)
{
	u8 wanted = solicit ? ND_OPT_SOURCE_LL_ADDR : ND_OPT_TARGET_LL_ADDR;
	u16 found = solicit ? WEFT_L_ND_SLL : WEFT_L_ND_TLL;
	u8 *lladdr = solicit ? key->arp_sha : key->arp_tha;
	const struct raw_nd_msg *msg;
	enum weft_drop drop;
	int n;

	drop = pull_header(skb, ofs, end, sizeof(*msg));
	if (drop)
		return drop;

	msg = header_at(skb, ofs);
	key->nd_target = msg->h.target;
	key->layers |= solicit ? WEFT_L_ND_NS : WEFT_L_ND_NA;
	ofs += sizeof(*msg);

	for (n = 0; ofs < end; n++) {
		const struct nd_opt_hdr *opt;
		struct nd_opt_hdr buf;
		unsigned int len;

		if (n == ND_OPTIONS_MAX)
			return WEFT_DROP_BAD_L4;
		if (end - ofs < sizeof(*opt))
			return WEFT_DROP_TRUNCATED;
		opt = skb_header_pointer(skb, ofs, sizeof(buf), &buf);
		if (unlikely(!opt))
			return WEFT_DROP_TRUNCATED;
		len = opt->nd_opt_len * 8;
		if (!len)
			return WEFT_DROP_BAD_L4;
		if (end - ofs < len)
			return WEFT_DROP_TRUNCATED;
		if (opt->nd_opt_type == wanted) {
			/* two of them: the receiver might believe the other one */
			if (len != sizeof(*opt) + ETH_ALEN || key->layers & found)
				return WEFT_DROP_BAD_L4;
			if (skb_copy_bits(skb, ofs + sizeof(*opt), lladdr, ETH_ALEN))
				return WEFT_DROP_TRUNCATED;
			key->layers |= found;
		}
		ofs += len;
	}

	return WEFT_DROP_UNSPEC;
}

static enum weft_drop parse_icmpv6(struct sk_buff *skb, struct weft_key *key,
				   unsigned int ofs, unsigned int end)
{
	const struct raw_icmp6hdr *icmph;
	enum weft_drop drop;

	drop = pull_header(skb, ofs, end, sizeof(*icmph));
	if (drop)
		return drop;

	icmph = header_at(skb, ofs);
	key->layers |= WEFT_L_ICMP6;
	key->l4_src = htons(icmph->h.icmp6_type);
	key->l4_dst = htons(icmph->h.icmp6_code);

	switch (icmph->h.icmp6_type) {
	case ICMPV6_ECHO_REQUEST:
	case ICMPV6_ECHO_REPLY:
		key->tcp_flags = icmph->h.icmp6_identifier;
		break;
	case NDISC_NEIGHBOUR_SOLICITATION:
	case NDISC_NEIGHBOUR_ADVERTISEMENT:
		if (icmph->h.icmp6_code || key->ip_frag)
			break;
		return parse_nd(skb, key, ofs, end, icmph->h.icmp6_type ==
				NDISC_NEIGHBOUR_SOLICITATION);
	}

	return WEFT_DROP_UNSPEC;
}

static enum weft_drop parse_icmp(struct sk_buff *skb, struct weft_key *key,
				 unsigned int ofs, unsigned int end)
{
	const struct raw_icmphdr *icmph;
	enum weft_drop drop;

	drop = pull_header(skb, ofs, end, sizeof(*icmph));
	if (drop)
		return drop;

	icmph = header_at(skb, ofs);
	key->layers |= WEFT_L_ICMP;
	key->l4_src = htons(icmph->h.type);
	key->l4_dst = htons(icmph->h.code);
	if (icmph->h.type == ICMP_ECHO || icmph->h.type == ICMP_ECHOREPLY)
		key->tcp_flags = icmph->h.un.echo.id;

	return WEFT_DROP_UNSPEC;
}

static __always_inline enum weft_drop parse_tcp(struct sk_buff *skb, struct weft_key *key,
						unsigned int ofs, unsigned int end)
{
	const struct raw_tcphdr *tcph;
	enum weft_drop drop;

	drop = pull_header(skb, ofs, end, sizeof(*tcph));
	if (drop)
		return drop;

	tcph = header_at(skb, ofs);
	if (tcph->h.doff < sizeof(*tcph) / 4)
		return WEFT_DROP_BAD_L4;
	if (end - ofs < tcph->h.doff * 4)
		return WEFT_DROP_TRUNCATED;

	key->layers |= WEFT_L_TCP;
	key->l4_src = tcph->h.source;
	key->l4_dst = tcph->h.dest;
	key->tcp_flags = get_unaligned((const __be16 *)tcph + 6) & htons(0x0fff);

	return WEFT_DROP_UNSPEC;
}

static __always_inline enum weft_drop parse_udp(struct sk_buff *skb, struct weft_key *key,
						unsigned int ofs, unsigned int end)
{
	const struct raw_udphdr *udph;
	enum weft_drop drop;
	unsigned int len;

	drop = pull_header(skb, ofs, end, sizeof(*udph));
	if (drop)
		return drop;

	/* a first fragment knows the datagram's length, not its own */
	udph = header_at(skb, ofs);
	len = ntohs(udph->h.len);
	if (unlikely(len < sizeof(*udph) || (len > end - ofs && !key->ip_frag)) &&
	    !skb_is_gso(skb))
		return WEFT_DROP_BAD_L4;

	key->layers |= WEFT_L_UDP;
	key->l4_src = udph->h.source;
	key->l4_dst = udph->h.dest;

	return WEFT_DROP_UNSPEC;
}

static enum weft_drop parse_sctp(struct sk_buff *skb, struct weft_key *key,
				 unsigned int ofs, unsigned int end)
{
	const struct raw_sctphdr *sctph;
	enum weft_drop drop;

	drop = pull_header(skb, ofs, end, sizeof(*sctph));
	if (drop)
		return drop;

	sctph = header_at(skb, ofs);
	key->layers |= WEFT_L_SCTP;
	key->l4_src = sctph->h.source;
	key->l4_dst = sctph->h.dest;

	return WEFT_DROP_UNSPEC;
}

/* What IP carries: key->ip_proto at @ofs. ICMP belongs to IPv4, ICMPv6 to IPv6. */
static __always_inline enum weft_drop parse_l4(struct sk_buff *skb, struct weft_key *key,
					       unsigned int ofs, unsigned int end)
{
	skb_set_transport_header(skb, ofs);
	if (key->ip_frag & WEFT_FRAG_LATER)
		return WEFT_DROP_UNSPEC;

	switch (key->ip_proto) {
	case IPPROTO_TCP:
		return parse_tcp(skb, key, ofs, end);
	case IPPROTO_UDP:
		return parse_udp(skb, key, ofs, end);
	case IPPROTO_SCTP:
		return parse_sctp(skb, key, ofs, end);
	case IPPROTO_ICMP:
		if (key->layers & WEFT_L_IPV4)
			return parse_icmp(skb, key, ofs, end);
		break;
	case IPPROTO_ICMPV6:
		if (key->layers & WEFT_L_IPV6)
			return parse_icmpv6(skb, key, ofs, end);
		break;
	}

	return WEFT_DROP_UNSPEC;
}

static __always_inline enum weft_drop parse_ipv4(struct sk_buff *skb, struct weft_key *key,
						 unsigned int ofs)
{
	const struct raw_iphdr *iph;
	unsigned int ihl, len;
	enum weft_drop drop;

	drop = pull(skb, ofs + sizeof(*iph));
	if (drop)
		return drop;

	iph = header_at(skb, ofs);
	ihl = iph->h.ihl * 4;
	len = ntohs(iph->h.tot_len);
	if (iph->h.version != 4 || ihl < sizeof(*iph))
		return WEFT_DROP_BAD_IPV4;
	if (skb->len - ofs < ihl)
		return WEFT_DROP_TRUNCATED;
	/* longer than the header can say, to be cut up later */
	if (unlikely(!len) && skb_is_gso(skb))
		len = skb->len - ofs;
	if (len < ihl || len > skb->len - ofs)
		return WEFT_DROP_BAD_IPV4;

	key->layers |= WEFT_L_IPV4;
	key->ip_src.s6_addr32[0] = iph->h.saddr;
	key->ip_dst.s6_addr32[0] = iph->h.daddr;
	key->ip_proto = iph->h.protocol;
	key->ip_tos = iph->h.tos;
	key->ip_ttl = iph->h.ttl;
	if (unlikely(iph->h.frag_off & htons(IP_OFFSET)))
		key->ip_frag = WEFT_FRAG_ANY | WEFT_FRAG_LATER;
	else if (unlikely(iph->h.frag_off & htons(IP_MF)))
		key->ip_frag = WEFT_FRAG_ANY;

	return parse_l4(skb, key, ofs + ihl, ofs + len);
}

/* Places of extension headers in the order that RFC 8200, 4.1 recommends */
enum exthdr_place {
	PLACE_START,
	PLACE_HOP,
	PLACE_DEST,
	PLACE_ROUTER,
	PLACE_FRAG,
	PLACE_AUTH,
	PLACE_ESP,
	PLACE_LAST_DEST,
	PLACE_NONEXT,
};

struct exthdr_chain {
	u16 seen;			/* enum weft_exthdr */
	enum exthdr_place place;	/* the furthest yet */
	bool two_dests;
};

/* Note a header of the chain; false if @nexthdr is not an extension header */
static bool exthdr_note(struct exthdr_chain *chain, u8 nexthdr)
{
	enum exthdr_place place;
	bool repeated;
	u16 bit;

	switch (nexthdr) {
	case NEXTHDR_HOP:
		bit = WEFT_EXTHDR_HOP;
		place = PLACE_HOP;
		break;
	case NEXTHDR_DEST:
		bit = WEFT_EXTHDR_DEST;
		place = chain->place < PLACE_DEST ? PLACE_DEST : PLACE_LAST_DEST;
		break;
	case NEXTHDR_ROUTING:
		bit = WEFT_EXTHDR_ROUTER;
		place = PLACE_ROUTER;
		break;
	case NEXTHDR_FRAGMENT:
		bit = WEFT_EXTHDR_FRAG;
		place = PLACE_FRAG;
		break;
	case NEXTHDR_AUTH:
		bit = WEFT_EXTHDR_AUTH;
		place = PLACE_AUTH;
		break;
	case NEXTHDR_ESP:
		bit = WEFT_EXTHDR_ESP;
		place = PLACE_ESP;
		break;
	case NEXTHDR_NONE:
		bit = WEFT_EXTHDR_NONEXT;
		place = PLACE_NONEXT;
		break;
	default:
		return false;
	}

	/* only of destination options may there be two */
	repeated = chain->seen & bit;
	if (repeated && bit == WEFT_EXTHDR_DEST && !chain->two_dests) {
		chain->two_dests = true;
		repeated = false;
	}
	if (repeated)
		chain->seen |= WEFT_EXTHDR_UNREP;
	if (place < chain->place)
		chain->seen |= WEFT_EXTHDR_UNSEQ;
	else
		chain->place = place;
	chain->seen |= bit;
	return true;
}

/*
 * Follow the chain from *@ofs to the header behind it, which is put into
 * key->ip_proto. ESP and "no next header" end it, as does the header of
 * a later fragment: what follows is the middle of something.
 */
static noinline enum weft_drop
parse_exthdrs(struct sk_buff *skb, struct weft_key *key, u8 nexthdr,
	      unsigned int *ofs, unsigned int end)
{
	struct exthdr_chain chain = {};
	int n;

	for (n = 0; exthdr_note(&chain, nexthdr); n++) {
		const struct ipv6_opt_hdr *hdr;
		const struct raw_frag_hdr *frag;
		enum weft_drop drop;
		unsigned int len;

		if (nexthdr == NEXTHDR_ESP || nexthdr == NEXTHDR_NONE)
			break;
		if (n == EXTHDRS_MAX)
			return WEFT_DROP_BAD_IPV6;

		/* no extension header is shorter than eight bytes */
		drop = pull_header(skb, *ofs, end, sizeof(*frag));
		if (drop)
			return drop;
		hdr = header_at(skb, *ofs);
		len = ipv6_optlen(hdr);
		if (nexthdr == NEXTHDR_FRAGMENT) {
			frag = header_at(skb, *ofs);
			len = sizeof(*frag);
			key->ip_frag = WEFT_FRAG_ANY;
			if (frag->h.frag_off & htons(IP6_OFFSET))
				key->ip_frag |= WEFT_FRAG_LATER;
		} else if (nexthdr == NEXTHDR_AUTH) {
			len = ipv6_authlen(hdr);
			if (len < sizeof(struct ip_auth_hdr))
				return WEFT_DROP_BAD_IPV6;
		}
		if (end - *ofs < len)
			return WEFT_DROP_TRUNCATED;

		nexthdr = hdr->nexthdr;
		*ofs += len;
		if (key->ip_frag & WEFT_FRAG_LATER)
			break;
	}

	key->ip_proto = nexthdr;
	key->ipv6_exthdr = htons(chain.seen);
	return WEFT_DROP_UNSPEC;
}

/*
 * A payload length of zero: a jumbogram, or a packet that is to be cut up later.
 * The stack puts a hop-by-hop header of its own into the latter, which
 * never leaves the machine: it is skipped, so that it has no part in the key.
 */
static noinline enum weft_drop
parse_jumbo(struct sk_buff *skb, unsigned int *ofs, unsigned int *end, u8 *nexthdr)
{
	const struct raw_hop_jumbo_hdr *jumbo;
	enum weft_drop drop;

	if (!skb_is_gso(skb)) {
		if (*nexthdr == NEXTHDR_HOP)
			*end = skb->len;
		return WEFT_DROP_UNSPEC;
	}

	*end = skb->len;
	if (*nexthdr != NEXTHDR_HOP)
		return WEFT_DROP_UNSPEC;
	drop = pull_header(skb, *ofs, *end, sizeof(*jumbo));
	if (drop)
		return drop;
	jumbo = header_at(skb, *ofs);
	if (!jumbo->h.hdrlen && jumbo->h.tlv_type == IPV6_TLV_JUMBO) {
		*nexthdr = jumbo->h.nexthdr;
		*ofs += sizeof(*jumbo);
	}
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop parse_ipv6(struct sk_buff *skb, struct weft_key *key,
				 unsigned int ofs)
{
	const struct raw_ipv6hdr *ip6h;
	unsigned int len, end;
	enum weft_drop drop;
	u8 nexthdr;
	u32 word;

	drop = pull(skb, ofs + sizeof(*ip6h));
	if (drop)
		return drop;

	/* version (4 bits), traffic class (8), flow label (20) */
	ip6h = header_at(skb, ofs);
	word = get_unaligned_be32(ip6h);
	if (word >> 28 != 6)
		return WEFT_DROP_BAD_IPV6;

	key->layers |= WEFT_L_IPV6;
	key->ip_src = ip6h->h.saddr;
	key->ip_dst = ip6h->h.daddr;
	key->ip_tos = word >> 20;
	key->ip_ttl = ip6h->h.hop_limit;
	key->ipv6_label = htonl(word & 0xfffff);
	nexthdr = ip6h->h.nexthdr;

	len = ntohs(ip6h->h.payload_len);
	ofs += sizeof(*ip6h);
	if (len > skb->len - ofs)
		return WEFT_DROP_BAD_IPV6;
	end = ofs + len;
	if (unlikely(!len)) {
		drop = parse_jumbo(skb, &ofs, &end, &nexthdr);
		if (drop)
			return drop;
	}

	if (likely(nexthdr == NEXTHDR_TCP || nexthdr == NEXTHDR_UDP)) {
		key->ip_proto = nexthdr;
	} else {
		drop = parse_exthdrs(skb, key, nexthdr, &ofs, end);
		if (drop)
			return drop;
	}

	return parse_l4(skb, key, ofs, end);
}

/* ARP for IPv4 over Ethernet; of other kinds the ethertype is all we know */
static enum weft_drop parse_arp(struct sk_buff *skb, struct weft_key *key,
				unsigned int ofs)
{
	const struct arp_eth_ipv4 *arp;
	enum weft_drop drop;

	drop = pull(skb, ofs + sizeof(arp->head));
	if (drop)
		return drop;

	arp = header_at(skb, ofs);
	if (arp->head.ar_hrd != htons(ARPHRD_ETHER) ||
	    arp->head.ar_pro != htons(ETH_P_IP) ||
	    arp->head.ar_hln != ETH_ALEN || arp->head.ar_pln != sizeof(arp->spa))
		return WEFT_DROP_UNSPEC;

	drop = pull(skb, ofs + sizeof(*arp));
	if (drop)
		return drop;

	arp = header_at(skb, ofs);
	key->layers |= WEFT_L_ARP;
	key->l4_src = arp->head.ar_op;
	memcpy(key->arp_sha, arp->sha, ETH_ALEN);
	memcpy(&key->ip_src.s6_addr32[0], arp->spa, sizeof(arp->spa));
	memcpy(key->arp_tha, arp->tha, ETH_ALEN);
	memcpy(&key->ip_dst.s6_addr32[0], arp->tpa, sizeof(arp->tpa));

	return WEFT_DROP_UNSPEC;
}

static bool is_vlan_type(__be16 type)
{
	return type == htons(ETH_P_8021Q) || type == htons(ETH_P_8021AD);
}

static void set_vlan(struct weft_key *key, int i, __be16 tpid, __be16 tci)
{
	key->vlan[i].tpid = tpid;
	key->vlan[i].tci = tci | htons(WEFT_VLAN_PRESENT);
	key->layers |= i ? WEFT_L_VLAN2 : WEFT_L_VLAN;
}

/* In-band tags, as many as there is room for in the key; *@ofs is behind *@type */
static noinline enum weft_drop
parse_vlans(struct sk_buff *skb, struct weft_key *key, unsigned int *ofs, __be16 *type)
{
	int i = key->layers & WEFT_L_VLAN ? 1 : 0;

	for (; i < ARRAY_SIZE(key->vlan) && is_vlan_type(*type); i++) {
		const struct raw_vlan_hdr *vlan;
		enum weft_drop drop;

		drop = pull(skb, *ofs + sizeof(*vlan));
		if (drop)
			return drop;
		vlan = header_at(skb, *ofs);
		set_vlan(key, i, *type, vlan->h.h_vlan_TCI);
		*type = vlan->h.h_vlan_encapsulated_proto;
		*ofs += sizeof(*vlan);
	}

	return WEFT_DROP_UNSPEC;
}

/* *@type is a length: see whether an ethertype comes behind LLC and SNAP */
static noinline enum weft_drop
parse_802_3(struct sk_buff *skb, unsigned int *ofs, __be16 *type)
{
	static const u8 start[] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	const struct llc_snap_header *snap;
	unsigned int len = ntohs(*type);
	enum weft_drop drop;

	*type = htons(WEFT_ETH_TYPE_802_3);
	if (len < sizeof(*snap) || skb->len - *ofs < sizeof(*snap))
		return WEFT_DROP_UNSPEC;

	drop = pull(skb, *ofs + sizeof(*snap));
	if (drop)
		return drop;
	snap = header_at(skb, *ofs);
	if (!memcmp(snap, start, sizeof(start)) && eth_proto_is_802_3(snap->type)) {
		*type = snap->type;
		*ofs += sizeof(*snap);
	}

	return WEFT_DROP_UNSPEC;
}

/* A word at a time: a call, or a string instruction, costs more */
static __always_inline void clear_packet_part(struct weft_key *key)
{
	u64 *words = (u64 *)key;
	unsigned int i;

#pragma GCC unroll 16
	for (i = WEFT_KEY_PACKET / sizeof(u64); i < WEFT_KEY_WORDS; i++)
		words[i] = 0;
}

enum weft_drop weft_key_extract(struct sk_buff *skb, struct weft_key *key)
{
	unsigned int ofs = ETH_HLEN;
	const struct ethhdr *eth;
	enum weft_drop drop;
	__be16 type;

	clear_packet_part(key);
	skb_reset_mac_header(skb);
	drop = pull(skb, ETH_HLEN);
	if (unlikely(drop))
		return drop;

	eth = (const struct ethhdr *)skb->data;
	memcpy(key->eth_dst, eth->h_dest, ETH_ALEN);
	memcpy(key->eth_src, eth->h_source, ETH_ALEN);
	type = eth->h_proto;

	if (skb_vlan_tag_present(skb))
		set_vlan(key, 0, skb->vlan_proto, htons(skb_vlan_tag_get(skb)));
	if (unlikely(is_vlan_type(type))) {
		drop = parse_vlans(skb, key, &ofs, &type);
		if (drop)
			return drop;
	}
	if (unlikely(!eth_proto_is_802_3(type))) {
		drop = parse_802_3(skb, &ofs, &type);
		if (drop)
			return drop;
	}

	key->eth_type = type;
	skb_set_network_header(skb, ofs);
	skb_set_transport_header(skb, ofs);
	skb->mac_len = ofs;

	switch (type) {
	case htons(ETH_P_IP):
		return parse_ipv4(skb, key, ofs);
	case htons(ETH_P_IPV6):
		return parse_ipv6(skb, key, ofs);
	case htons(ETH_P_ARP):
		return parse_arp(skb, key, ofs);
	}

	return WEFT_DROP_UNSPEC;
}
