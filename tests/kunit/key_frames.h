/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frames for the tests of key.c, built header by header. Each builder
 * also notes what its header means: the fields of the expected key, and for
 * which lengths a cut frame must be refused and why ("marks", in the order
 * in which a parser meets them).
 */
#ifndef WEFT_KEY_FRAMES_H
#define WEFT_KEY_FRAMES_H

#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>
#include "key.h"

#define FRAME_MAX	512

/* A frame cut to more than @from and less than @upto bytes gives @drop */
struct mark {
	int from;
	int upto;
	enum weft_drop drop;
	bool ip_len;	/* does not hold when IP's length was made to fit */
};

struct frame {
	u8 data[FRAME_MAX];
	unsigned int len;
	unsigned int l3;
	unsigned int l4;
	unsigned int ip_hdr_len;	/* 0: IP's length is not to be touched */
	unsigned int ip_len_at;
	unsigned int n_marks;
	struct mark marks[48];
	struct mark *ip_mark;
	unsigned int next_at;		/* the "next header" byte to be filled in */
	int n_vlans;
	bool accel;
	__be16 accel_tpid;
	u16 accel_tci;
	unsigned int gso_type;
	enum weft_drop drop;		/* of the whole frame */
	struct weft_key key;		/* expected */
};

static const u8 mac_a[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x0a };
static const u8 mac_b[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x0b };

static u8 *put(struct frame *f, const void *p, unsigned int n)
{
	u8 *at = f->data + f->len;

	if (WARN_ON(f->len + n > FRAME_MAX))
		return f->data;
	if (p)
		memcpy(at, p, n);
	f->len += n;
	return at;
}

static void put8(struct frame *f, u8 v)
{
	put(f, &v, sizeof(v));
}

static void put16(struct frame *f, u16 v)
{
	__be16 be = htons(v);

	put(f, &be, sizeof(be));
}

static void put32(struct frame *f, u32 v)
{
	__be32 be = htonl(v);

	put(f, &be, sizeof(be));
}

static void set16(struct frame *f, unsigned int at, u16 v)
{
	f->data[at] = v >> 8;
	f->data[at + 1] = v;
}

static void fill(struct frame *f, unsigned int n)
{
	while (n--)
		put8(f, 0xc0 + n % 16);
}

static struct mark *mark(struct frame *f, int from, int upto, enum weft_drop drop)
{
	struct mark *m = &f->marks[f->n_marks];

	if (WARN_ON(f->n_marks == ARRAY_SIZE(f->marks)))
		return m - 1;
	f->n_marks++;
	*m = (struct mark) { .from = from, .upto = upto, .drop = drop };
	return m;
}

/* What has been put up to here has to be there */
static void whole(struct frame *f)
{
	mark(f, -1, f->len, WEFT_DROP_TRUNCATED);
}

static void eth(struct frame *f, u16 type)
{
	put(f, mac_b, ETH_ALEN);
	put(f, mac_a, ETH_ALEN);
	put16(f, type);
	whole(f);
	memcpy(f->key.eth_dst, mac_b, ETH_ALEN);
	memcpy(f->key.eth_src, mac_a, ETH_ALEN);
	f->key.eth_type = htons(type);
	f->l3 = f->len;
}

static void note_vlan(struct frame *f, u16 tpid, u16 tci)
{
	f->key.vlan[f->n_vlans].tpid = htons(tpid);
	f->key.vlan[f->n_vlans].tci = htons(tci | WEFT_VLAN_PRESENT);
	f->key.layers |= f->n_vlans ? WEFT_L_VLAN2 : WEFT_L_VLAN;
	f->n_vlans++;
}

static void accel(struct frame *f, u16 tpid, u16 tci)
{
	f->accel = true;
	f->accel_tpid = htons(tpid);
	f->accel_tci = tci;
	note_vlan(f, tpid, tci);
}

/* A tag behind one of ethertype @tpid */
static void vlan(struct frame *f, u16 tpid, u16 tci, u16 type)
{
	put16(f, tci);
	put16(f, type);
	if (f->n_vlans == 2)
		return;
	whole(f);
	note_vlan(f, tpid, tci);
	f->key.eth_type = htons(type);
	f->l3 = f->len;
}

static void snap(struct frame *f, u32 oui, u16 type)
{
	put(f, "\xaa\xaa\x03", 3);
	put8(f, oui >> 16);
	put16(f, oui);
	put16(f, type);
	f->key.eth_type = htons(WEFT_ETH_TYPE_802_3);
	if (oui || type < 0x600)
		return;
	mark(f, -1, f->len, WEFT_DROP_UNSPEC);
	f->key.eth_type = htons(type);
	f->l3 = f->len;
}

static void ip4_frag(struct frame *f, u8 proto, unsigned int options, u16 frag_off)
{
	f->l3 = f->len;
	f->ip_len_at = f->len + 2;
	f->ip_hdr_len = 20 + options;
	put8(f, 0x45 + options / 4);
	put8(f, 0xb9);
	put16(f, 0);
	put16(f, 0x1234);
	put16(f, frag_off);
	put8(f, 63);
	put8(f, proto);
	put16(f, 0xbad);
	put32(f, 0x0a000001);
	put32(f, 0x0a000102);
	while (options--)
		put8(f, IPOPT_NOP);
	whole(f);
	f->ip_mark = mark(f, -1, 0, WEFT_DROP_BAD_IPV4);
	f->ip_mark->ip_len = true;

	f->key.layers |= WEFT_L_IPV4;
	f->key.ip_src.s6_addr32[0] = htonl(0x0a000001);
	f->key.ip_dst.s6_addr32[0] = htonl(0x0a000102);
	f->key.ip_tos = 0xb9;
	f->key.ip_ttl = 63;
	f->key.ip_proto = proto;
	if (frag_off & 0x3fff)
		f->key.ip_frag = WEFT_FRAG_ANY;
	if (frag_off & 0x1fff)
		f->key.ip_frag |= WEFT_FRAG_LATER;
	f->l4 = f->len;
}

static void ip4(struct frame *f, u8 proto)
{
	ip4_frag(f, proto, 0, 0x4000);
}

static void ip6(struct frame *f, u8 proto)
{
	static const u8 addr[32] = {
		0x20, 0x01, 0x0d, 0xb8, [7] = 1, [15] = 1,
		0x20, 0x01, 0x0d, 0xb8, [23] = 2, [31] = 2,
	};

	f->l3 = f->len;
	f->ip_len_at = f->len + 4;
	f->ip_hdr_len = 40;
	put32(f, 0x6b9abcde);
	put16(f, 0);
	f->next_at = f->len;
	put8(f, proto);
	put8(f, 63);
	memcpy(&f->key.ip_src, addr, 16);
	memcpy(&f->key.ip_dst, addr + 16, 16);
	put(f, addr, 32);
	whole(f);
	f->ip_mark = mark(f, -1, 0, WEFT_DROP_BAD_IPV6);
	f->ip_mark->ip_len = true;

	f->key.layers |= WEFT_L_IPV6;
	f->key.ipv6_label = htonl(0xabcde);
	f->key.ip_tos = 0xb9;
	f->key.ip_ttl = 63;
	f->key.ip_proto = proto;
	f->l4 = f->len;
}

static void eth_ip4(struct frame *f, u8 proto)
{
	eth(f, 0x0800);
	ip4(f, proto);
}

static void eth_ip6(struct frame *f, u8 proto)
{
	eth(f, 0x86dd);
	ip6(f, proto);
}

/* An extension header; what comes behind it is filled in by the next one, or next() */
static void ext(struct frame *f, u8 type, unsigned int len)
{
	unsigned int at = f->len;

	f->data[f->next_at] = type;
	f->next_at = at;
	put8(f, 0);
	put8(f, type == NEXTHDR_AUTH ? len / 4 - 2 : len / 8 - 1);
	while (f->len < at + len)
		put8(f, 0);
	whole(f);
	f->l4 = f->len;
}

static void ext_frag(struct frame *f, u16 frag_off)
{
	ext(f, NEXTHDR_FRAGMENT, 8);
	set16(f, f->len - 6, frag_off);
	f->key.ip_frag = WEFT_FRAG_ANY | (frag_off & 0xfff8 ? WEFT_FRAG_LATER : 0);
}

static void next(struct frame *f, u8 proto, u16 exthdr)
{
	f->data[f->next_at] = proto;
	f->key.ip_proto = proto;
	f->key.ipv6_exthdr = htons(exthdr);
}

static void tcp(struct frame *f, u16 flags, unsigned int options)
{
	put16(f, 40000);
	put16(f, 443);
	put32(f, 1);
	put32(f, 2);
	put16(f, (20 + options) / 4 << 12 | flags);
	put16(f, 512);
	put32(f, 0);
	while (options--)
		put8(f, 1);
	whole(f);
	f->key.layers |= WEFT_L_TCP;
	f->key.l4_src = htons(40000);
	f->key.l4_dst = htons(443);
	f->key.tcp_flags = htons(flags);
}

static void udp(struct frame *f, unsigned int payload)
{
	put16(f, 5353);
	put16(f, 53);
	put16(f, 8 + payload);
	put16(f, 0);
	whole(f);
	fill(f, payload);
	if (!f->key.ip_frag)
		mark(f, -1, f->len, WEFT_DROP_BAD_L4);
	f->key.layers |= WEFT_L_UDP;
	f->key.l4_src = htons(5353);
	f->key.l4_dst = htons(53);
}

static void sctp(struct frame *f)
{
	put16(f, 36412);
	put16(f, 36422);
	put32(f, 0xcafe);
	put32(f, 0xc5c);
	whole(f);
	f->key.layers |= WEFT_L_SCTP;
	f->key.l4_src = htons(36412);
	f->key.l4_dst = htons(36422);
}

static void icmp(struct frame *f, u16 layer, u8 type, u8 code)
{
	put8(f, type);
	put8(f, code);
	put16(f, 0);
	put16(f, 0x1d1d);
	put16(f, 1);
	whole(f);
	f->key.layers |= layer;
	f->key.l4_src = htons(type);
	f->key.l4_dst = htons(code);
}

static void echo(struct frame *f, u16 layer, u8 type)
{
	icmp(f, layer, type, 0);
	f->key.tcp_flags = htons(0x1d1d);
}

static void nd(struct frame *f, u8 type)
{
	icmp(f, WEFT_L_ICMP6, type, 0);
	memset(&f->key.nd_target, 0xfe, 16);
	put(f, &f->key.nd_target, 16);
	whole(f);
	f->key.layers |= type == 135 ? WEFT_L_ND_NS : WEFT_L_ND_NA;
}

static void nd_option(struct frame *f, u8 type, u8 len8)
{
	unsigned int from = f->len;

	put8(f, type);
	put8(f, len8);
	put(f, type == 1 ? mac_a : mac_b, ETH_ALEN);
	if (len8 > 1)
		fill(f, len8 * 8 - 8);
	mark(f, from, f->len, WEFT_DROP_TRUNCATED);
}

static void nd_sll(struct frame *f)
{
	nd_option(f, 1, 1);
	memcpy(f->key.arp_sha, mac_a, ETH_ALEN);
	f->key.layers |= WEFT_L_ND_SLL;
}

static void nd_tll(struct frame *f)
{
	nd_option(f, 2, 1);
	memcpy(f->key.arp_tha, mac_b, ETH_ALEN);
	f->key.layers |= WEFT_L_ND_TLL;
}

static void arp_of(struct frame *f, u16 hrd, u16 pro, u8 hln, u8 pln, u16 op)
{
	f->l3 = f->len;
	f->l4 = f->len;
	put16(f, hrd);
	put16(f, pro);
	put8(f, hln);
	put8(f, pln);
	put16(f, op);
	whole(f);
}

static void arp(struct frame *f, u16 op)
{
	arp_of(f, 1, 0x0800, 6, 4, op);
	put(f, mac_a, ETH_ALEN);
	put32(f, 0x0a000001);
	put(f, mac_b, ETH_ALEN);
	put32(f, 0x0a000002);
	whole(f);
	f->key.layers |= WEFT_L_ARP;
	f->key.l4_src = htons(op);
	f->key.ip_src.s6_addr32[0] = htonl(0x0a000001);
	f->key.ip_dst.s6_addr32[0] = htonl(0x0a000002);
	memcpy(f->key.arp_sha, mac_a, ETH_ALEN);
	memcpy(f->key.arp_tha, mac_b, ETH_ALEN);
}

/* The IP packet is complete; Ethernet padding may follow */
static void seal(struct frame *f)
{
	unsigned int len = f->len - f->l3;

	set16(f, f->ip_len_at, f->key.layers & WEFT_L_IPV6 ? len - 40 : len);
	f->ip_mark->upto = f->len;
}

/* IP's length stays at what it is told: only the whole frame is judged */
static void seal_wrong(struct frame *f, u16 ip_len, enum weft_drop drop)
{
	seal(f);
	set16(f, f->ip_len_at, ip_len);
	f->drop = drop;
}

#endif /* WEFT_KEY_FRAMES_H */
