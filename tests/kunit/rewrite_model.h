/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A naive model of a packet, for rewrite_kunit.c: frames of every kind, their checksums
 * computed anew from scratch, and packets (skbs) of every shape made from them.
 */
#ifndef WEFT_REWRITE_MODEL_H
#define WEFT_REWRITE_MODEL_H

#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include "key.h"
#include "field.h"
#include "rewrite.h"

/* The debug kernel is slow: there, take every seventh of the combinations */
#define STRIDE		(IS_ENABLED(CONFIG_KASAN) ? 7 : 1)

#define SEED		0x5eed
#define SEQUENCES	(10000 / STRIDE)
#define SEQUENCE_LEN	50
#define L3_MAX		1400
#define PAD_MAX		32
#define FLAT_MAX	(L3_MAX + PAD_MAX + 64)

#define ZERO_SUM	BIT(0)	/* UDP without a checksum */
#define OPTIONS		BIT(1)	/* IPv4 options; hop-by-hop and destination options */
#define FIRST_FRAG	BIT(2)
#define LATER_FRAG	BIT(3)
#define ATOMIC_FRAG	BIT(4)	/* fragment header, nothing fragmented */
#define ROUTED		BIT(5)	/* routing header with segments left */
#define ROUTED_DONE	BIT(6)	/* and without */
#define ND_OPTION	BIT(7)	/* link-layer address, behind another option */
#define SNAP		BIT(8)

static const struct template {
	const char *name;
	__be16 type;
	u8 proto;
	u8 icmp_type;
	u16 flags;
} templates[] = {
	{ "tcp", htons(ETH_P_IP), IPPROTO_TCP },
	{ "tcp, IPv4 options", htons(ETH_P_IP), IPPROTO_TCP, 0, OPTIONS },
	{ "tcp, SNAP", htons(ETH_P_IP), IPPROTO_TCP, 0, SNAP },
	{ "tcp, first fragment", htons(ETH_P_IP), IPPROTO_TCP, 0, FIRST_FRAG },
	{ "udp", htons(ETH_P_IP), IPPROTO_UDP },
	{ "udp, no checksum", htons(ETH_P_IP), IPPROTO_UDP, 0, ZERO_SUM },
	{ "udp, first fragment", htons(ETH_P_IP), IPPROTO_UDP, 0, FIRST_FRAG },
	{ "udp, later fragment", htons(ETH_P_IP), IPPROTO_UDP, 0, LATER_FRAG },
	{ "udplite", htons(ETH_P_IP), IPPROTO_UDPLITE },
	{ "udplite, first fragment", htons(ETH_P_IP), IPPROTO_UDPLITE, 0, FIRST_FRAG },
	{ "udplite, later fragment", htons(ETH_P_IP), IPPROTO_UDPLITE, 0, LATER_FRAG },
	{ "sctp", htons(ETH_P_IP), IPPROTO_SCTP },
	{ "sctp, first fragment", htons(ETH_P_IP), IPPROTO_SCTP, 0, FIRST_FRAG },
	{ "sctp, later fragment", htons(ETH_P_IP), IPPROTO_SCTP, 0, LATER_FRAG },
	{ "icmp echo", htons(ETH_P_IP), IPPROTO_ICMP, ICMP_ECHO },
	{ "icmp unreachable", htons(ETH_P_IP), IPPROTO_ICMP, ICMP_DEST_UNREACH },
	{ "esp", htons(ETH_P_IP), IPPROTO_ESP },
	{ "tcp6", htons(ETH_P_IPV6), IPPROTO_TCP },
	{ "tcp6, options", htons(ETH_P_IPV6), IPPROTO_TCP, 0, OPTIONS },
	{ "tcp6, routed", htons(ETH_P_IPV6), IPPROTO_TCP, 0, ROUTED },
	{ "tcp6, options, routed", htons(ETH_P_IPV6), IPPROTO_TCP, 0, OPTIONS | ROUTED },
	{ "tcp6, was routed", htons(ETH_P_IPV6), IPPROTO_TCP, 0, ROUTED_DONE },
	{ "udp6", htons(ETH_P_IPV6), IPPROTO_UDP },
	{ "udp6, no checksum", htons(ETH_P_IPV6), IPPROTO_UDP, 0, ZERO_SUM },
	{ "udp6, first fragment", htons(ETH_P_IPV6), IPPROTO_UDP, 0, FIRST_FRAG },
	{ "udp6, routed, later fragment", htons(ETH_P_IPV6), IPPROTO_UDP, 0,
	  ROUTED | LATER_FRAG },
	{ "udp6, atomic fragment", htons(ETH_P_IPV6), IPPROTO_UDP, 0, ATOMIC_FRAG },
	{ "udplite6", htons(ETH_P_IPV6), IPPROTO_UDPLITE },
	{ "udplite6, options", htons(ETH_P_IPV6), IPPROTO_UDPLITE, 0, OPTIONS },
	{ "udplite6, later fragment", htons(ETH_P_IPV6), IPPROTO_UDPLITE, 0, LATER_FRAG },
	{ "sctp6", htons(ETH_P_IPV6), IPPROTO_SCTP },
	{ "sctp6, options", htons(ETH_P_IPV6), IPPROTO_SCTP, 0, OPTIONS },
	{ "sctp6, first fragment", htons(ETH_P_IPV6), IPPROTO_SCTP, 0, FIRST_FRAG },
	{ "sctp6, atomic fragment", htons(ETH_P_IPV6), IPPROTO_SCTP, 0, ATOMIC_FRAG },
	{ "icmp6 echo", htons(ETH_P_IPV6), IPPROTO_ICMPV6, ICMPV6_ECHO_REPLY },
	{ "icmp6 too big", htons(ETH_P_IPV6), IPPROTO_ICMPV6, ICMPV6_PKT_TOOBIG },
	{ "solicitation", htons(ETH_P_IPV6), IPPROTO_ICMPV6, 135, ND_OPTION },
	{ "solicitation, no option", htons(ETH_P_IPV6), IPPROTO_ICMPV6, 135 },
	{ "advertisement", htons(ETH_P_IPV6), IPPROTO_ICMPV6, 136, ND_OPTION },
	{ "advertisement, no option", htons(ETH_P_IPV6), IPPROTO_ICMPV6, 136 },
	{ "arp", htons(ETH_P_ARP) },
	{ "another type", htons(0x88b5) },
	{ "802.3", htons(100) },
};

static const enum weft_field fields[] = {
	WEFT_FIELD_ETH_DST, WEFT_FIELD_ETH_SRC, WEFT_FIELD_VLAN_TCI,
	WEFT_FIELD_IP_SRC, WEFT_FIELD_IP_DST, WEFT_FIELD_IPV6_SRC, WEFT_FIELD_IPV6_DST,
	WEFT_FIELD_IPV6_LABEL, WEFT_FIELD_IP_TOS, WEFT_FIELD_IP_TTL,
	WEFT_FIELD_L4_SRC, WEFT_FIELD_L4_DST,
	WEFT_FIELD_ICMP_TYPE, WEFT_FIELD_ICMP_CODE, WEFT_FIELD_ICMP_ID,
	WEFT_FIELD_ARP_OP, WEFT_FIELD_ARP_SPA, WEFT_FIELD_ARP_TPA, WEFT_FIELD_ARP_SHA,
	WEFT_FIELD_ARP_THA, WEFT_FIELD_ND_TARGET, WEFT_FIELD_ND_SLL, WEFT_FIELD_ND_TLL,
};

struct model {
	const struct template *t;
	u8 macs[2 * ETH_ALEN];
	int n_tags;
	struct {
		u16 tpid;
		u16 tci;
	} tag[4];		/* outer first */
	u8 l3[L3_MAX];		/* of a first fragment the whole datagram */
	unsigned int l3_len;	/* in the frame */
	unsigned int full_len;	/* with what other fragments carry */
	unsigned int l4;	/* offset in l3 */
	unsigned int nd_option;	/* same, of the address; 0: none */
	u8 final_dst[16];
	u8 pad[PAD_MAX];
	unsigned int pad_len;
	bool seeded;		/* the L4 checksum is the pseudo-header's sum */
	u16 wrong;		/* by how much both checksums are */
};

enum packet_shape { LINEAR, PAGED, CLONED, PAGED_CLONED, N_SHAPES };

static const u8 summed[] = { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_COMPLETE };

struct context {
	struct rnd_state rnd;
	struct model m, before;
	u8 flat[FLAT_MAX], clone_flat[FLAT_MAX];
	struct sk_buff *skb, *clone;
	struct weft_key key;
	bool accel;		/* the outer tag began in vlan_tci */
	u16 layers;
};

static u32 rnd(struct context *c)
{
	return prandom_u32_state(&c->rnd);
}

static u32 rnd_below(struct context *c, u32 n)
{
	return rnd(c) % n;
}

static bool is_ip4(const struct model *m)
{
	return m->t->type == htons(ETH_P_IP);
}

static bool is_ip6(const struct model *m)
{
	return m->t->type == htons(ETH_P_IPV6);
}

/* Naive checksums */

static u16 ones_add(u32 a, u32 b)
{
	a += b;
	return (a & 0xffff) + (a >> 16);
}

static u16 ones_sum(u16 sum, const u8 *p, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		sum = ones_add(sum, i & 1 ? p[i] : p[i] << 8);
	return sum;
}

static u32 naive_crc32c(const u8 *p, unsigned int len)
{
	u32 crc = ~0u;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

static void put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static u16 get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

/* Offset of the L4 checksum in its header; -1: none of 16 bits here */
static int sum_ofs(const struct model *m)
{
	if (!is_ip4(m) && !is_ip6(m))
		return -1;
	if (m->t->flags & LATER_FRAG)
		return -1;
	switch (m->t->proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	default:
		return -1;
	}
}

static bool is_sctp(const struct model *m)
{
	return m->t->proto == IPPROTO_SCTP && !(m->t->flags & LATER_FRAG);
}

static u16 pseudo_sum(const struct model *m)
{
	unsigned int len = m->full_len - m->l4;
	u16 sum;

	if (is_ip4(m) && m->t->proto == IPPROTO_ICMP)
		return 0;
	if (is_ip4(m)) {
		sum = ones_sum(0, m->l3 + 12, 8);
	} else {
		sum = ones_sum(0, m->l3 + 8, 16);
		sum = ones_sum(sum, m->t->flags & ROUTED ? m->final_dst : m->l3 + 24, 16);
	}
	return ones_add(ones_add(sum, len), m->t->proto);
}

/* Compute all checksums anew */
static void model_fix(struct model *m)
{
	u8 *l4 = m->l3 + m->l4;
	int ofs = sum_ofs(m);

	if (is_ip4(m)) {
		put16(m->l3 + 10, 0);
		put16(m->l3 + 10, ones_add(~ones_sum(0, m->l3, (m->l3[0] & 15) * 4) & 0xffff,
					   m->wrong));
	}
	if (ofs >= 0) {
		u16 sum = 0;

		put16(l4 + ofs, 0);
		if (m->seeded) {
			sum = pseudo_sum(m);
		} else if (!(m->t->flags & ZERO_SUM)) {
			sum = ~ones_sum(pseudo_sum(m), l4, m->full_len - m->l4);
			sum = ones_add(sum, m->wrong);
			if (m->t->proto == IPPROTO_UDP && !sum)
				sum = 0xffff;
		}
		put16(l4 + ofs, sum);
	} else if (is_sctp(m) && !m->seeded) {
		u32 crc;

		memset(l4 + 8, 0, 4);
		crc = naive_crc32c(l4, m->full_len - m->l4) ^ m->wrong;
		l4[8] = crc;
		l4[9] = crc >> 8;
		l4[10] = crc >> 16;
		l4[11] = crc >> 24;
	}
}

/* The frame with all tags in band */
static unsigned int model_flatten(const struct model *m, u8 *flat)
{
	u8 *p = flat;
	int i;

	memcpy(p, m->macs, sizeof(m->macs));
	p += sizeof(m->macs);
	for (i = 0; i < m->n_tags; i++, p += VLAN_HLEN) {
		put16(p, m->tag[i].tpid);
		put16(p + 2, m->tag[i].tci);
	}
	if (m->t->flags & SNAP) {
		put16(p, 8 + m->l3_len);
		memcpy(p + 2, "\xaa\xaa\x03\0\0\0", 6);
		p += 8;
	}
	memcpy(p, &m->t->type, 2);
	p += 2;
	memcpy(p, m->l3, m->l3_len);
	memcpy(p + m->l3_len, m->pad, m->pad_len);
	return p + m->l3_len + m->pad_len - flat;
}

static unsigned int model_l3_ofs(const struct model *m)
{
	return ETH_HLEN + m->n_tags * VLAN_HLEN + (m->t->flags & SNAP ? 8 : 0);
}

/* Random frame of a kind */
static void build(struct context *c, const struct template *t, int n_tags)
{
	struct model *m = &c->m;
	unsigned int l4_len = 0, header = 0, payload = rnd_below(c, 300);
	u8 *p, *next;
	int i;

	memset(m, 0, offsetof(struct model, l3));
	prandom_bytes_state(&c->rnd, m->l3, sizeof(*m) - offsetof(struct model, l3));
	m->t = t;
	m->l4 = 0;
	m->seeded = false;
	m->wrong = 0;
	m->nd_option = 0;
	prandom_bytes_state(&c->rnd, m->macs, sizeof(m->macs));
	m->n_tags = n_tags;
	for (i = 0; i < n_tags; i++) {
		m->tag[i].tpid = rnd(c) & 1 ? ETH_P_8021Q : ETH_P_8021AD;
		m->tag[i].tci = rnd(c);
	}
	m->pad_len = rnd_below(c, 3) ? 0 : rnd_below(c, PAD_MAX);

	if (t->type == htons(ETH_P_ARP)) {
		memcpy(m->l3, "\0\1\x08\0\6\4", 6);
		m->l3_len = 28;
	} else if (!is_ip4(m) && !is_ip6(m)) {
		m->l3[0] = 1;	/* not SNAP */
		m->l3_len = 100;
	}
	if (!is_ip4(m) && !is_ip6(m))
		return;

	switch (t->proto) {
	case IPPROTO_TCP:
		header = 20;
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
		header = 8;
		break;
	case IPPROTO_SCTP:
		header = 12;
		break;
	case IPPROTO_ICMPV6:
		header = t->icmp_type == 135 || t->icmp_type == 136 ? 24 : 8;
		if (header == 24)
			payload = t->flags & ND_OPTION ? 24 : 0;
		break;
	}
	if (t->flags & (FIRST_FRAG | LATER_FRAG))
		payload += 64;
	l4_len = header + payload;

	p = m->l3;
	if (is_ip4(m)) {
		m->l4 = t->flags & OPTIONS ? 28 : 20;
		p[0] = 0x40 | m->l4 / 4;
		put16(p + 6, t->flags & FIRST_FRAG ? IP_MF : t->flags & LATER_FRAG ? 100 : 0);
		p[9] = t->proto;
		if (t->flags & OPTIONS)
			memset(p + 20, 1, 8);
	} else {
		p[0] = 0x60 | (p[0] & 15);
		next = p + 6;
		m->l4 = 40;
		if (t->flags & OPTIONS) {
			*next = 0;
			next = p + m->l4;
			memcpy(next + 1, "\0\1\4\0\0\0", 7);
			m->l4 += 8;
		}
		if (t->flags & (ROUTED | ROUTED_DONE)) {
			*next = 43;
			next = p + m->l4;
			next[1] = 2;
			next[2] = 0;
			next[3] = t->flags & ROUTED ? 1 : 0;
			memcpy(next + 8, m->final_dst, 16);
			m->l4 += 24;
		}
		if (t->flags & (FIRST_FRAG | LATER_FRAG | ATOMIC_FRAG)) {
			*next = 44;
			next = p + m->l4;
			put16(next + 2, t->flags & FIRST_FRAG ? 1 :
					t->flags & LATER_FRAG ? 808 : 0);
			m->l4 += 8;
		}
		if (t->flags & OPTIONS) {
			*next = 60;
			next = p + m->l4;
			memcpy(next + 1, "\1\1\14\0\0\0\0\0\0\0\0\0\0\0\0", 15);
			m->l4 += 16;
		}
		*next = t->proto;
	}
	m->full_len = m->l4 + l4_len;
	m->l3_len = t->flags & FIRST_FRAG ? m->l4 + 40 : m->full_len;
	if (is_ip4(m))
		put16(m->l3 + 2, m->l3_len);
	else
		put16(m->l3 + 4, m->l3_len - 40);

	p = m->l3 + m->l4;
	if (t->proto == IPPROTO_TCP)
		p[12] = 0x50 | (p[12] & 15);
	else if (t->proto == IPPROTO_UDP || t->proto == IPPROTO_UDPLITE)
		put16(p + 4, l4_len);
	else if (t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6)
		p[0] = t->icmp_type;
	if (header == 24 && t->proto == IPPROTO_ICMPV6)
		p[1] = 0;
	if (t->flags & ND_OPTION) {
		p[24] = 14;	/* a nonce, 16 bytes */
		p[25] = 2;
		p[40] = t->icmp_type == 135 ? 1 : 2;
		p[41] = 1;
		m->nd_option = m->l4 + 42;
	}
}

/* Where a field is in the model; NULL: nowhere, or it is not whole bytes */
static u8 *model_field(struct model *m, enum weft_field f)
{
	u8 *l4 = m->l3 + m->l4, proto = m->t->proto;
	bool ip = is_ip4(m) || is_ip6(m), arp = m->t->type == htons(ETH_P_ARP);
	u8 icmp_type;

	if (!ip || m->t->flags & LATER_FRAG)
		proto = 0;
	switch (f) {
	case WEFT_FIELD_ETH_DST:
		return m->macs;
	case WEFT_FIELD_ETH_SRC:
		return m->macs + 6;
	case WEFT_FIELD_IP_SRC:
		return is_ip4(m) ? m->l3 + 12 : NULL;
	case WEFT_FIELD_IP_DST:
		return is_ip4(m) ? m->l3 + 16 : NULL;
	case WEFT_FIELD_IPV6_SRC:
		return is_ip6(m) ? m->l3 + 8 : NULL;
	case WEFT_FIELD_IPV6_DST:
		return is_ip6(m) ? m->l3 + 24 : NULL;
	case WEFT_FIELD_IP_TOS:
		return is_ip4(m) ? m->l3 + 1 : NULL;
	case WEFT_FIELD_IP_TTL:
		return is_ip4(m) ? m->l3 + 8 : is_ip6(m) ? m->l3 + 7 : NULL;
	case WEFT_FIELD_L4_SRC:
	case WEFT_FIELD_L4_DST:
		if (proto == IPPROTO_SCTP && m->t->flags & FIRST_FRAG)
			return NULL;
		if (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_SCTP)
			return NULL;
		return f == WEFT_FIELD_L4_SRC ? l4 : l4 + 2;
	case WEFT_FIELD_ICMP_TYPE:
		return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ? l4 : NULL;
	case WEFT_FIELD_ICMP_CODE:
		return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ? l4 + 1 : NULL;
	case WEFT_FIELD_ICMP_ID:
		icmp_type = l4[0];
		if (proto == IPPROTO_ICMP && (icmp_type == 8 || icmp_type == 0))
			return l4 + 4;
		if (proto == IPPROTO_ICMPV6 && (icmp_type == 128 || icmp_type == 129))
			return l4 + 4;
		return NULL;
	case WEFT_FIELD_ARP_OP:
		return arp ? m->l3 + 6 : NULL;
	case WEFT_FIELD_ARP_SHA:
		return arp ? m->l3 + 8 : NULL;
	case WEFT_FIELD_ARP_SPA:
		return arp ? m->l3 + 14 : NULL;
	case WEFT_FIELD_ARP_THA:
		return arp ? m->l3 + 18 : NULL;
	case WEFT_FIELD_ARP_TPA:
		return arp ? m->l3 + 24 : NULL;
	case WEFT_FIELD_ND_TARGET:
		return proto == IPPROTO_ICMPV6 && (m->t->icmp_type == 135 ||
						   m->t->icmp_type == 136) ? l4 + 8 : NULL;
	case WEFT_FIELD_ND_SLL:
		return m->nd_option && m->t->icmp_type == 135 ? m->l3 + m->nd_option : NULL;
	case WEFT_FIELD_ND_TLL:
		return m->nd_option && m->t->icmp_type == 136 ? m->l3 + m->nd_option : NULL;
	default:
		return NULL;
	}
}

/* Write a field in the model; false when it has none */
static bool model_set(struct model *m, enum weft_field f, const u8 *value)
{
	u8 *p = model_field(m, f);

	if (p) {
		memcpy(p, value, weft_fields[f].len);
	} else if (f == WEFT_FIELD_VLAN_TCI && m->n_tags) {
		m->tag[0].tci = (m->tag[0].tci & 0x1000) | (get16(value) & 0xefff);
	} else if (f == WEFT_FIELD_IP_TOS && is_ip6(m)) {
		m->l3[0] = 0x60 | value[0] >> 4;
		m->l3[1] = value[0] << 4 | (m->l3[1] & 0x0f);
	} else if (f == WEFT_FIELD_IPV6_LABEL && is_ip6(m)) {
		m->l3[1] = (m->l3[1] & 0xf0) | (value[1] & 0x0f);
		m->l3[2] = value[2];
		m->l3[3] = value[3];
	} else {
		return false;
	}
	model_fix(m);
	return true;
}

/* The packet of the model */

static void free_packet(struct context *c)
{
	kfree_skb(c->skb);
	kfree_skb(c->clone);
	c->skb = NULL;
	c->clone = NULL;
}

static bool make_packet(struct context *c, enum packet_shape shape, u8 ip_summed, bool accel)
{
	bool paged = shape == PAGED || shape == PAGED_CLONED;
	unsigned int len = model_flatten(&c->m, c->flat), linear = len, ofs;
	unsigned int headroom = rnd_below(c, 3) * 32 + 2;
	struct sk_buff *skb;
	u8 *flat = c->flat;
	int n;

	accel = accel && c->m.n_tags;
	c->accel = accel;
	if (accel) {
		/* take the outer tag out */
		memmove(flat + VLAN_HLEN, flat, 2 * ETH_ALEN);
		flat += VLAN_HLEN;
		len -= VLAN_HLEN;
		linear = len;
	}
	if (paged)
		linear = rnd_below(c, len);
	skb = alloc_skb(headroom + linear, GFP_KERNEL);
	if (!skb)
		return false;
	c->skb = skb;
	skb_reserve(skb, headroom);
	skb_put_data(skb, flat, linear);
	for (ofs = linear, n = 0; ofs < len; n++) {
		unsigned int part = n < 3 ? 1 + rnd_below(c, len - ofs) : len - ofs;
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			return false;
		memcpy(page_address(page) + 16 * n, flat + ofs, part);
		skb_add_rx_frag(skb, n, page, 16 * n, part, PAGE_SIZE);
		ofs += part;
	}
	if (accel)
		__vlan_hwaccel_put_tag(skb, htons(c->m.tag[0].tpid), c->m.tag[0].tci);
	skb->protocol = htons(ETH_P_LOOPBACK);	/* not to be relied on */
	skb->ip_summed = ip_summed;
	if (ip_summed == CHECKSUM_COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);

	if (weft_key_extract(skb, &c->key))
		return false;
	c->layers = c->key.layers;
	if (ip_summed == CHECKSUM_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + skb_transport_offset(skb);
		skb->csum_offset = is_sctp(&c->m) ? 8 : sum_ofs(&c->m);
		skb->csum_not_inet = is_sctp(&c->m);
	}
	if (shape == CLONED || shape == PAGED_CLONED) {
		c->clone = skb_clone(skb, GFP_KERNEL);
		if (!c->clone || skb_copy_bits(skb, 0, c->clone_flat, skb->len))
			return false;
	}
	return true;
}

/* Can a packet of the model leave its checksum to the device? */
static bool may_be_partial(const struct model *m)
{
	return (sum_ofs(m) >= 0 || is_sctp(m)) &&
	       !(m->t->flags & (FIRST_FRAG | ZERO_SUM));
}

/* Both bytes of a checksum, when it may be written in two ways */
static bool same_sum(const struct model *m, const u8 *a, const u8 *b)
{
	return (m->wrong || m->seeded) && (get16(a) == 0 || get16(a) == 0xffff) &&
	       (get16(b) == 0 || get16(b) == 0xffff);
}

/* NULL, or in what the packet differs from the model */
static const char *differs(struct context *c)
{
	struct sk_buff *skb = c->skb;
	bool accel = skb_vlan_tag_present(skb);
	unsigned int len = model_flatten(&c->m, c->flat), l3 = model_l3_ofs(&c->m);
	unsigned int at, tag = accel ? VLAN_HLEN : 0;
	const struct model *m = &c->m;
	static u8 seen[FLAT_MAX];

	if (skb->len + tag != len)
		return "length";
	if (skb_copy_bits(skb, 0, seen + tag, skb->len))
		return "frags";
	if (skb->ip_summed == CHECKSUM_COMPLETE) {
		u16 sum = ones_sum(0, seen + tag, skb->len);
		u16 has = ~be16_to_cpu((__force __be16)csum_fold(skb->csum));

		if (sum != has && ones_add(sum, ~has & 0xffff) % 0xffff)
			return "skb->csum";
	}
	if (accel) {
		memmove(seen, seen + tag, 2 * ETH_ALEN);
		memcpy(seen + 12, &skb->vlan_proto, 2);
		put16(seen + 14, skb_vlan_tag_get(skb));
	}
	if (is_ip4(m) && same_sum(m, seen + l3 + 10, c->flat + l3 + 10))
		memcpy(seen + l3 + 10, c->flat + l3 + 10, 2);
	at = l3 + m->l4 + sum_ofs(m);
	if (sum_ofs(m) >= 0 && same_sum(m, seen + at, c->flat + at))
		memcpy(seen + at, c->flat + at, 2);
	for (at = 0; at < len && seen[at] == c->flat[at]; at++)
		;
	if (at < len)
		return at < l3 ? "Ethernet header" : at < l3 + m->l4 ? "L3 header" : "L4";
	if (skb_mac_offset(skb))
		return "mac offset";
	if (skb_network_offset(skb) != l3 - tag)
		return "network offset";
	if (skb->mac_len != l3 - tag)
		return "mac_len";
	if ((is_ip4(m) || is_ip6(m)) && skb_transport_offset(skb) != l3 - tag + m->l4)
		return "transport offset";
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_start_offset(skb) != l3 - tag + m->l4)
		return "csum_start";
	if (c->clone) {
		if (skb_copy_bits(c->clone, 0, seen, c->clone->len))
			return "clone's frags";
		if (memcmp(seen, c->clone_flat, c->clone->len))
			return "clone";
	}
	return NULL;
}

static void random_value(struct context *c, enum weft_field f, u8 *value)
{
	static const u8 extremes[] = { 0, 0xff };

	if (rnd_below(c, 8))
		prandom_bytes_state(&c->rnd, value, WEFT_FIELD_LEN_MAX);
	else
		memset(value, extremes[rnd(c) & 1], WEFT_FIELD_LEN_MAX);
	if (f == WEFT_FIELD_IPV6_LABEL) {
		value[0] = 0;
		value[1] &= 0x0f;
	}
}

#endif /* WEFT_REWRITE_MODEL_H */
