// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of inner.c: errors about packets of all kinds, cut after each of their bytes, are
 * translated, and compared with an error about the translated packet, built with every checksum
 * computed from scratch.
 */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "action.h"
#include "inner.h"
#include "instance.h"
#include "key.h"

#define SEED		0x5eed
#define INNER_MAX	256
#define BEHIND		8	/* bytes that the sender puts behind the packet */
#define FLAT_MAX	512
#define PAYLOAD		24
#define GARBAGE		(IS_ENABLED(CONFIG_KASAN) ? 20000 : 200000)

#define OPTIONS		BIT(0)	/* of IPv4; hop-by-hop and destination options */
#define ROUTED		BIT(1)	/* routing header with segments left */
#define FIRST		BIT(2)	/* the first of several fragments */
#define LATER		BIT(3)
#define NO_SUM		BIT(4)	/* UDP without a checksum */
#define AUTH		BIT(5)
#define TAGGED		BIT(6)	/* the error comes in a VLAN */

static const struct kind {
	const char *name;
	bool ip6;
	u8 proto;
	u8 type;		/* of ICMP */
	u16 flags;
} kinds[] = {
	{ "tcp", false, IPPROTO_TCP },
	{ "tcp, options, tag", false, IPPROTO_TCP, 0, OPTIONS | TAGGED },
	{ "tcp, first", false, IPPROTO_TCP, 0, FIRST },
	{ "tcp, later", false, IPPROTO_TCP, 0, LATER },
	{ "udp", false, IPPROTO_UDP },
	{ "udp, no checksum", false, IPPROTO_UDP, 0, NO_SUM },
	{ "udplite", false, IPPROTO_UDPLITE },
	{ "sctp", false, IPPROTO_SCTP },
	{ "sctp, first", false, IPPROTO_SCTP, 0, FIRST },
	{ "echo", false, IPPROTO_ICMP, ICMP_ECHO },
	{ "reply", false, IPPROTO_ICMP, ICMP_ECHOREPLY, OPTIONS },
	{ "timestamp", false, IPPROTO_ICMP, ICMP_TIMESTAMP },
	{ "esp", false, IPPROTO_ESP },
	{ "tcp6", true, IPPROTO_TCP },
	{ "tcp6, options", true, IPPROTO_TCP, 0, OPTIONS },
	{ "tcp6, routed, tag", true, IPPROTO_TCP, 0, ROUTED | TAGGED },
	{ "tcp6, auth", true, IPPROTO_TCP, 0, AUTH },
	{ "tcp6, first", true, IPPROTO_TCP, 0, FIRST },
	{ "udp6", true, IPPROTO_UDP },
	{ "udp6, options, routed", true, IPPROTO_UDP, 0, OPTIONS | ROUTED },
	{ "udp6, later", true, IPPROTO_UDP, 0, LATER },
	{ "udplite6", true, IPPROTO_UDPLITE },
	{ "sctp6", true, IPPROTO_SCTP },
	{ "echo6", true, IPPROTO_ICMPV6, ICMPV6_ECHO_REQUEST },
	{ "reply6", true, IPPROTO_ICMPV6, ICMPV6_ECHO_REPLY },
	{ "mld6", true, IPPROTO_ICMPV6, ICMPV6_MGM_REPORT },
	{ "esp6", true, IPPROTO_ESP, 0, OPTIONS },
};

/* What is translated */
struct tuple {
	u8 src[16];
	u8 dst[16];
	u16 sport;		/* or identifier of an echo */
	u16 dport;
};

struct context {
	struct rnd_state rnd;
	const struct kind *kind;
	u8 random[INNER_MAX];	/* all that is not said */
	u8 inner[INNER_MAX];
	unsigned int len;	/* of the packet inside */
	unsigned int l4;	/* from its beginning */
	unsigned int need;	/* bytes of it without which it is not understood */
	u8 flat[FLAT_MAX];
	u8 seen[FLAT_MAX];
	u8 before[FLAT_MAX];
	unsigned int icmp;	/* where the error begins */
	unsigned int flat_len;
	struct sk_buff *skb;
	struct sk_buff *clone;
	struct weft_key key;
};

static u32 rnd_below(struct context *c, u32 n)
{
	return prandom_u32_state(&c->rnd) % n;
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

/* The packet inside */

static bool has_ports(const struct kind *k)
{
	return k->proto == IPPROTO_TCP || k->proto == IPPROTO_UDP || k->proto == IPPROTO_SCTP;
}

static bool is_icmp(const struct kind *k)
{
	return k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6;
}

static bool is_echo(const struct kind *k)
{
	return is_icmp(k) && k->type != ICMP_TIMESTAMP && k->type != ICMPV6_MGM_REPORT;
}

/* Where the checksum is, and its length in *@len; 0: there is none */
static unsigned int check_at(const struct kind *k, unsigned int *len)
{
	*len = 2;
	if (k->flags & LATER)
		return 0;
	switch (k->proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	case IPPROTO_SCTP:
		*len = 4;
		return 8;
	default:
		return 0;
	}
}

static u8 *exthdr(struct context *c, u8 **next, u8 type, unsigned int len)
{
	u8 *h = c->inner + c->l4;

	**next = type;
	*next = h;
	memset(h, 0, len);
	if (type == NEXTHDR_AUTH)
		h[1] = len / 4 - 2;
	else if (type != NEXTHDR_FRAGMENT)
		h[1] = len / 8 - 1;
	c->l4 += len;
	return h;
}

static void build_ip4(struct context *c, const struct tuple *t, unsigned int l4_len)
{
	const struct kind *k = c->kind;
	u8 *p = c->inner;

	c->l4 = k->flags & OPTIONS ? 28 : 20;
	p[0] = 0x40 | c->l4 / 4;
	put16(p + 2, c->l4 + l4_len);
	put16(p + 6, k->flags & FIRST ? IP_MF : k->flags & LATER ? 100 : 0);
	p[9] = k->proto;
	memcpy(p + 12, t->src, 4);
	memcpy(p + 16, t->dst, 4);
	put16(p + 10, 0);
	put16(p + 10, ~ones_sum(0, p, c->l4));
}

static void build_ip6(struct context *c, const struct tuple *t, unsigned int l4_len)
{
	const struct kind *k = c->kind;
	u8 *p = c->inner, *next = p + 6, *h;

	c->l4 = 40;
	p[0] = 0x60 | (p[0] & 15);
	memcpy(p + 8, t->src, 16);
	memcpy(p + 24, t->dst, 16);
	if (k->flags & OPTIONS)
		exthdr(c, &next, NEXTHDR_HOP, 8);
	if (k->flags & ROUTED) {
		h = exthdr(c, &next, NEXTHDR_ROUTING, 24);
		h[3] = 1;
		memcpy(h + 8, c->random + 8, 16);
	}
	if (k->flags & (FIRST | LATER)) {
		h = exthdr(c, &next, NEXTHDR_FRAGMENT, 8);
		put16(h + 2, k->flags & FIRST ? 1 : 808);
	}
	if (k->flags & AUTH)
		exthdr(c, &next, NEXTHDR_AUTH, 24);
	if (k->flags & OPTIONS)
		exthdr(c, &next, NEXTHDR_DEST, 16);
	*next = k->proto;
	put16(p + 4, c->l4 - 40 + l4_len);
}

/* Sum of the pseudo-header */
static u16 pseudo(const struct context *c, const struct tuple *t, unsigned int len)
{
	unsigned int alen = c->kind->ip6 ? 16 : 4;
	u16 sum = ones_sum(0, t->src, alen);

	sum = ones_sum(sum, c->kind->flags & ROUTED ? c->random + 8 : t->dst, alen);
	return ones_add(ones_add(sum, len), c->kind->proto);
}

/* A packet with these addresses and ports, of which the error is to have @cut bytes */
static void build_inner(struct context *c, const struct tuple *t, unsigned int cut)
{
	const struct kind *k = c->kind;
	unsigned int full = (k->proto == IPPROTO_TCP ? 20 : 12) + PAYLOAD, check_len, at;
	unsigned int len = k->flags & FIRST ? 24 : full;
	u8 *l4;
	u32 crc;

	memcpy(c->inner, c->random, sizeof(c->inner));
	if (k->ip6)
		build_ip6(c, t, len);
	else
		build_ip4(c, t, len);
	c->len = c->l4 + len;
	c->need = c->l4;
	l4 = c->inner + c->l4;
	if (!(k->flags & LATER) && has_ports(k)) {
		put16(l4, t->sport);
		put16(l4 + 2, t->dport);
		c->need += 4;
	} else if (!(k->flags & LATER) && is_icmp(k)) {
		l4[0] = k->type;
		if (is_echo(k))
			put16(l4 + 4, t->sport);
		c->need += 8;
	}
	at = check_at(k, &check_len);
	if (!at)
		return;
	memset(l4 + at, 0, check_len);
	if (cut < c->l4 + at + check_len) {
		memset(l4 + at, 0xcc, check_len);	/* what there is of it stays */
	} else if (k->proto == IPPROTO_SCTP) {
		crc = k->flags & FIRST ? 0x12345678 : naive_crc32c(l4, full);
		l4[at] = crc;
		l4[at + 1] = crc >> 8;
		l4[at + 2] = crc >> 16;
		l4[at + 3] = crc >> 24;
	} else if (!(k->flags & NO_SUM)) {
		put16(l4 + at, ~ones_sum(k->proto == IPPROTO_ICMP ? 0 : pseudo(c, t, full), l4,
					 full));
	}
}

/* And the error */
static void build(struct context *c, const struct tuple *t, unsigned int cut, bool partial)
{
	static const u8 macs[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	bool ip6 = c->kind->ip6;
	unsigned int l3, len = 8 + cut;
	u8 *p = c->flat;
	u16 sum = 0;

	build_inner(c, t, cut);
	memcpy(p, c->random, sizeof(c->random));
	memcpy(p, macs, sizeof(macs));
	l3 = 14;
	if (c->kind->flags & TAGGED) {
		put16(p + 12, 0x8100);
		put16(p + 14, 5);
		l3 = 18;
	}
	put16(p + l3 - 2, ip6 ? 0x86dd : 0x0800);
	p += l3;
	if (ip6) {
		p[0] = 0x60;
		put16(p + 4, len);
		p[6] = IPPROTO_ICMPV6;
		memset(p + 8, 0x22, 32);
		c->icmp = l3 + 40;
		sum = ones_add(ones_add(ones_sum(0, p + 8, 32), len), IPPROTO_ICMPV6);
	} else {
		p[0] = 0x45;
		put16(p + 2, 20 + len);
		put16(p + 6, 0);
		p[9] = IPPROTO_ICMP;
		c->icmp = l3 + 20;
	}
	p = c->flat + c->icmp;
	p[0] = ip6 ? ICMPV6_PKT_TOOBIG : ICMP_DEST_UNREACH;
	p[1] = 0;
	put16(p + 2, 0);
	memset(p + 4, 0, 4);
	memcpy(p + 8, c->inner, cut);
	put16(p + 2, partial ? 0x1234 : ~ones_sum(sum, p, len));
	c->flat_len = c->icmp + len + 4;	/* Ethernet padding is not ours */
	memset(c->flat + c->icmp + len, 0xee, 4);
}

/* The packet */

enum packet_shape {
	LINEAR,
	PAGED,		/* all but some bytes in a page */
	CLONED,
	SHAPES,
};

static void free_packet(struct context *c)
{
	kfree_skb(c->skb);
	kfree_skb(c->clone);
	c->skb = NULL;
	c->clone = NULL;
}

static bool make_packet(struct context *c, enum packet_shape shape, u8 ip_summed)
{
	unsigned int linear = shape == PAGED ? rnd_below(c, c->flat_len) : c->flat_len;
	struct page *page;

	c->skb = alloc_skb(2 + linear, GFP_KERNEL);
	if (!c->skb)
		return false;
	skb_reserve(c->skb, 2);
	skb_put_data(c->skb, c->flat, linear);
	if (shape == PAGED) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return false;
		memcpy(page_address(page), c->flat + linear, c->flat_len - linear);
		skb_add_rx_frag(c->skb, 0, page, 0, c->flat_len - linear, PAGE_SIZE);
	}
	c->skb->ip_summed = ip_summed;
	if (ip_summed == CHECKSUM_COMPLETE)
		c->skb->csum = skb_checksum(c->skb, 0, c->skb->len, 0);
	if (weft_key_extract(c->skb, &c->key))
		return false;
	if (ip_summed == CHECKSUM_PARTIAL) {
		c->skb->csum_start = skb_headroom(c->skb) + skb_transport_offset(c->skb);
		c->skb->csum_offset = 2;
	}
	if (shape == CLONED) {
		c->clone = skb_clone(c->skb, GFP_KERNEL);
		if (!c->clone)
			return false;
	}
	memcpy(c->before, c->flat, c->flat_len);
	return true;
}

/* The same, but for the two ways to write a sum of nothing */
static bool same_sum(const u8 *a, const u8 *b)
{
	return (get16(a) == 0 || get16(a) == 0xffff) && (get16(b) == 0 || get16(b) == 0xffff);
}

static const char *differs(struct context *c)
{
	unsigned int i;

	if (c->skb->len != c->flat_len || skb_copy_bits(c->skb, 0, c->seen, c->flat_len))
		return "length";
	for (i = 0; i < c->flat_len; i++) {
		if (c->seen[i] == c->flat[i])
			continue;
		if (!(i & 1) && same_sum(c->seen + i, c->flat + i)) {
			i++;
			continue;
		}
		return i < c->icmp + 2 ? "headers" : i < c->icmp + 8 ? "ICMP checksum" :
		       i < c->icmp + 8 + c->l4 ? "inner IP" : "inner L4";
	}
	if (c->skb->ip_summed == CHECKSUM_COMPLETE) {
		u16 sum = ones_sum(0, c->seen, c->flat_len);
		u16 has = ~be16_to_cpu((__force __be16)csum_fold(c->skb->csum));

		if (sum != has && !(sum == 0xffff && !has) && !(!sum && has == 0xffff))
			return "skb->csum";
	}
	if (skb_transport_offset(c->skb) != c->icmp)
		return "transport offset";
	if (c->clone) {
		if (skb_copy_bits(c->clone, 0, c->seen, c->flat_len) ||
		    memcmp(c->seen, c->before, c->flat_len))
			return "clone";
	}
	return NULL;
}

static void random_tuple(struct context *c, struct tuple *t)
{
	prandom_bytes_state(&c->rnd, t, sizeof(*t));
	/* what IPv4 has no room for */
	if (!c->kind->ip6) {
		memset(t->src + 4, 0, 12);
		memset(t->dst + 4, 0, 12);
	}
}

/* Is what was read what was written? */
static bool parsed_right(const struct context *c, const struct weft_inner *in,
			 const struct tuple *t)
{
	const struct kind *k = c->kind;
	bool l4 = !(k->flags & LATER);

	if (memcmp(&in->src, t->src, 16) || memcmp(&in->dst, t->dst, 16) || in->proto != k->proto)
		return false;
	if (in->frag != (k->flags & LATER ? 3 : k->flags & FIRST ? 1 : 0))
		return false;
	if (l4 && has_ports(k) && (ntohs(in->sport) != t->sport || ntohs(in->dport) != t->dport))
		return false;
	if (!!(in->layers & WEFT_L_PORTS) != (l4 && has_ports(k)))
		return false;
	return in->echo == is_echo(k) && (!in->echo || ntohs(in->id) == t->sport);
}

static const char *one(struct context *c, unsigned int cut, enum packet_shape shape, u8 ip_summed)
{
	bool partial = ip_summed == CHECKSUM_PARTIAL, enough = cut >= c->need;
	struct tuple from, to;
	struct weft_inner in;

	prandom_bytes_state(&c->rnd, c->random, sizeof(c->random));
	random_tuple(c, &from);
	random_tuple(c, &to);
	build(c, &from, cut, partial);
	if (!make_packet(c, shape, ip_summed))
		return "no packet";
	if (!weft_inner_is_error(&c->key))
		return "no error";
	if (weft_inner_parse(c->skb, c->key.layers, &in) != enough)
		return "parsed or not";
	if (!enough)
		return in.layers || differs(c) ? "not untouched" : NULL;
	if (!parsed_right(c, &in, &from))
		return "what was read";
	memcpy(&in.src, to.src, 16);
	memcpy(&in.dst, to.dst, 16);
	in.sport = htons(to.sport);
	in.dport = htons(to.dport);
	in.id = htons(to.sport);
	if (weft_inner_write(c->skb, &in))
		return "refused";
	build(c, &to, cut, partial);
	return differs(c);
}

static const void *each_kind(const void *prev, char *desc)
{
	const struct kind *k = prev ? (const struct kind *)prev + 1 : kinds;

	if (k == kinds + ARRAY_SIZE(kinds))
		return NULL;
	strscpy(desc, k->name, KUNIT_PARAM_DESC_SIZE);
	return k;
}

static void inner_every_length(struct kunit *test)
{
	static const u8 summed[] = {
		CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE, CHECKSUM_PARTIAL,
	};
	struct context *c = test->priv;
	unsigned int cut, n;
	const char *what;

	c->kind = test->param_value;
	build(c, &(struct tuple){}, 0, false);
	for (cut = 0; cut <= c->len + BEHIND; cut++) {
		for (n = 0; n < ARRAY_SIZE(summed) * SHAPES; n++) {
			what = one(c, cut, n % SHAPES, summed[n / SHAPES]);
			free_packet(c);
			if (!what)
				continue;
			KUNIT_FAIL(test, "%s: %u bytes of %u, shape %u, ip_summed %u", what, cut,
				   c->len, n % SHAPES, summed[n / SHAPES]);
			return;
		}
	}
}

/* One byte of the packet inside is wrong */
static bool parses(struct context *c, unsigned int at, u8 value)
{
	struct weft_inner in;
	bool parsed;

	c->flat[c->icmp + 8 + at] = value;
	if (!make_packet(c, PAGED, CHECKSUM_NONE))
		return true;
	parsed = weft_inner_parse(c->skb, c->key.layers, &in);
	free_packet(c);
	return parsed;
}

static void start(struct context *c, const struct kind *k)
{
	c->kind = k;
	memset(c->random, 0, sizeof(c->random));
	build(c, &(struct tuple){}, 0, false);
	build(c, &(struct tuple){}, c->len, false);
}

static void inner_malformed(struct kunit *test)
{
	static const struct kind tcp = { "", false, IPPROTO_TCP }, tcp6 = { "", true, IPPROTO_TCP };
	static const struct kind error = { "", false, IPPROTO_ICMP, ICMP_TIME_EXCEEDED };
	static const struct kind error6 = { "", true, IPPROTO_ICMPV6, ICMPV6_PARAMPROB };
	static const struct kind auth = { "", true, IPPROTO_TCP, 0, AUTH };
	static const struct kind options = { "", true, IPPROTO_TCP, 0, OPTIONS };
	struct context *c = test->priv;

	start(c, &tcp);
	KUNIT_EXPECT_TRUE(test, parses(c, 0, 0x45));
	KUNIT_EXPECT_FALSE(test, parses(c, 0, 0x65));	/* version */
	KUNIT_EXPECT_FALSE(test, parses(c, 0, 0x44));	/* header length */
	KUNIT_EXPECT_TRUE(test, parses(c, 0, 0x45));
	KUNIT_EXPECT_TRUE(test, parses(c, 2, 0xff));	/* longer than a fragment: it was cut */
	KUNIT_EXPECT_TRUE(test, parses(c, 2, 0));
	KUNIT_EXPECT_TRUE(test, parses(c, 3, 63));
	KUNIT_EXPECT_FALSE(test, parses(c, 0, 0x4f));	/* no room for ports behind it */
	KUNIT_EXPECT_TRUE(test, parses(c, 0, 0x45));
	KUNIT_EXPECT_FALSE(test, parses(c, 3, 19));	/* shorter than its header */
	KUNIT_EXPECT_FALSE(test, parses(c, 3, 23));	/* than its ports */
	KUNIT_EXPECT_TRUE(test, parses(c, 3, 24));

	start(c, &error);
	KUNIT_EXPECT_FALSE(test, parses(c, 0, 0x45));
	start(c, &error6);
	KUNIT_EXPECT_FALSE(test, parses(c, 0, 0x60));

	start(c, &tcp6);
	KUNIT_EXPECT_TRUE(test, parses(c, 0, 0x60));
	KUNIT_EXPECT_FALSE(test, parses(c, 0, 0x40));
	KUNIT_EXPECT_TRUE(test, parses(c, 0, 0x6f));
	KUNIT_EXPECT_FALSE(test, parses(c, 5, 0));	/* payload length */
	KUNIT_EXPECT_FALSE(test, parses(c, 5, 3));
	KUNIT_EXPECT_TRUE(test, parses(c, 5, 4));

	start(c, &auth);
	KUNIT_EXPECT_FALSE(test, parses(c, 41, 0));	/* shorter than it can be */
	start(c, &options);
	KUNIT_EXPECT_FALSE(test, parses(c, 41, 0xff));	/* longer than there is room */
}

/* No more than so many extension headers */
static void inner_chain(struct kunit *test)
{
	static const struct kind tcp6 = { "", true, IPPROTO_TCP };
	struct context *c = test->priv;
	struct weft_inner in;
	unsigned int n, i;

	for (n = 15; n <= 18; n++) {
		u8 *p;

		start(c, &tcp6);
		build(c, &(struct tuple){}, 40 + 8 * n + 20, false);
		p = c->flat + c->icmp + 8;
		put16(p + 4, 8 * n + 20);
		p[6] = NEXTHDR_DEST;
		for (i = 0; i < n; i++) {
			memset(p + 40 + 8 * i, 0, 8);
			p[40 + 8 * i] = i + 1 < n ? NEXTHDR_DEST : IPPROTO_TCP;
		}
		KUNIT_ASSERT_TRUE(test, make_packet(c, LINEAR, CHECKSUM_NONE));
		KUNIT_EXPECT_EQ(test, weft_inner_parse(c->skb, c->key.layers, &in), n <= 16);
		free_packet(c);
	}
}

static void inner_which_are_errors(struct kunit *test)
{
	static const u8 errors4[] = { 3, 4, 5, 11, 12 };
	struct weft_key key = { .layers = WEFT_L_IPV4 | WEFT_L_ICMP };
	unsigned int type;

	for (type = 0; type < 256; type++) {
		key.l4_src = htons(type);
		KUNIT_EXPECT_EQ(test, weft_inner_is_error(&key), !!memchr(errors4, type, 5));
	}
	key.layers = WEFT_L_IPV6 | WEFT_L_ICMP6;
	for (type = 0; type < 256; type++) {
		key.l4_src = htons(type);
		KUNIT_EXPECT_EQ(test, weft_inner_is_error(&key), type >= 1 && type <= 4);
	}
	key.l4_src = htons(1);
	key.ip_frag = WEFT_FRAG_ANY;
	KUNIT_EXPECT_FALSE(test, weft_inner_is_error(&key));
	key.ip_frag = 0;
	key.layers = WEFT_L_IPV6 | WEFT_L_TCP;
	KUNIT_EXPECT_FALSE(test, weft_inner_is_error(&key));
}

/* Whatever is in there: nothing outside of the error is read or written */
static void inner_garbage(struct kunit *test)
{
	static const u8 protos[] = { 0, 1, 6, 17, 43, 44, 51, 58, 60, 132, 136 };
	struct context *c = test->priv;
	struct weft_inner in;
	unsigned int n, parsed = 0;
	u8 *p;

	for (n = 0; n < GARBAGE; n++) {
		struct kind k = { "", n & 1, IPPROTO_TCP };
		unsigned int cut = rnd_below(c, 120);

		c->kind = &k;
		prandom_bytes_state(&c->rnd, c->random, sizeof(c->random));
		build(c, &(struct tuple){}, cut, false);
		p = c->flat + c->icmp + 8;
		prandom_bytes_state(&c->rnd, p, cut);
		if (cut >= 8) {
			p[0] = k.ip6 ? 0x60 : 0x45 + rnd_below(c, 3);
			p[2] = 0;
			p[4] = 0;
			p[k.ip6 ? 6 : 9] = protos[rnd_below(c, ARRAY_SIZE(protos))];
		}
		if (cut >= 56 && k.ip6) {
			p[40] = protos[rnd_below(c, ARRAY_SIZE(protos))];
			p[41] = rnd_below(c, 4);
		}
		KUNIT_ASSERT_TRUE(test, make_packet(c, rnd_below(c, SHAPES), CHECKSUM_NONE));
		if (weft_inner_parse(c->skb, c->key.layers, &in)) {
			parsed++;
			KUNIT_ASSERT_LE(test, (unsigned int)in.end, 8 + cut);
			KUNIT_ASSERT_LE(test, (unsigned int)in.l4, 8 + cut);
			prandom_bytes_state(&c->rnd, &in.src, 16);
			in.sport = htons(n);
			KUNIT_ASSERT_EQ(test, weft_inner_write(c->skb, &in), WEFT_DROP_UNSPEC);
		}
		free_packet(c);
	}
	KUNIT_EXPECT_GE(test, parsed, GARBAGE / 20);
}

/* What an entry does to the answer's key */

struct entry {
	struct weft_instance *instance;
	struct weft_flow *flow;		/* part of it */
	struct weft_template template;
	union {
		struct weft_actions head;
		u64 room[64];
	} acts;
};

static void *add(struct entry *e, u16 type, u32 arg, unsigned int len)
{
	struct weft_actions *acts = &e->acts.head;
	struct weft_act *act = (void *)acts->acts + acts->len;

	len = ALIGN(len, sizeof(u64));
	memset(act, 0, len);
	act->type = type;
	act->arg = arg;
	act->len = len;
	acts->len += len;
	return act;
}

static void add_set(struct entry *e, enum weft_field f, u8 value, u8 mask)
{
	struct weft_act_set *set = add(e, WEFT_ACT_A_SET, f, sizeof(*set));

	memset(set->v.value, value, sizeof(set->v.value));
	memset(set->v.mask, mask, sizeof(set->v.mask));
}

static void add_bind(struct entry *e, enum weft_field f, u16 ofs)
{
	struct weft_act_bind *bind = add(e, WEFT_ACT_A_BIND, 0, sizeof(*bind));

	bind->bind.field = f;
	bind->ofs = ofs;
}

static void inner_entry(struct kunit *test)
{
	static const struct weft_inner packet = {
		.layers = WEFT_L_IPV4 | WEFT_L_UDP, .proto = IPPROTO_UDP,
		.sport = htons(1), .dport = htons(2),
	};
	const unsigned int at = sizeof(struct weft_instance) + 16;
	struct entry *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct weft_inner in = packet;
	struct weft_key key = {};
	unsigned int end;

	KUNIT_ASSERT_NOT_NULL(test, e);
	e->instance = kunit_kzalloc(test, at + sizeof(struct weft_ientry), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, e->instance);
	e->instance->entries_at = at / sizeof(u64);
	e->instance->template = &e->template;
	e->template.entries[0].actions = &e->acts.head;
	e->flow = weft_instance_first(e->instance);
	e->flow->at = (void *)e->flow - (void *)e->instance;
	memcpy(e->instance->values, "\x30\x39\x0a\0\0\1", 6);

	add_bind(e, WEFT_FIELD_L4_DST, 0);
	add_bind(e, WEFT_FIELD_IP_DST, 2);
	add_set(e, WEFT_FIELD_ETH_DST, 0x77, 0xff);
	add_set(e, WEFT_FIELD_IP_SRC, 0x05, 0x0f);
	end = e->acts.head.len;
	/* a copy's are not the packet's */
	add(e, WEFT_ACT_A_CLONE, sizeof(struct weft_act_set) + sizeof(struct weft_act),
	    sizeof(struct weft_act));
	add_set(e, WEFT_FIELD_IP_SRC, 0xff, 0xff);
	add(e, WEFT_ACT_A_GOTO, 9, sizeof(struct weft_act));
	KUNIT_EXPECT_EQ(test, weft_inner_translate(e->flow, &key), -1);	/* no header */
	in.src.s6_addr32[0] = htonl(0x0b000001);
	in.dst.s6_addr32[0] = htonl(0x0c0c0c0c);
	weft_inner_reply(&in, &key);
	KUNIT_EXPECT_FALSE(test, weft_inner_update(&in, &key));
	KUNIT_EXPECT_EQ(test, weft_inner_translate(e->flow, &key), -1);	/* no goto */

	add(e, WEFT_ACT_A_GOTO, 15, sizeof(struct weft_act));
	weft_inner_reply(&in, &key);
	KUNIT_EXPECT_EQ(test, weft_inner_translate(e->flow, &key), 15);
	KUNIT_EXPECT_EQ(test, ntohl(weft_key_ip4_dst(&key)), 0x0a000001);
	KUNIT_EXPECT_EQ(test, ntohl(weft_key_ip4_src(&key)), 0x05050505);
	KUNIT_EXPECT_EQ(test, ntohs(key.l4_dst), 12345);
	KUNIT_EXPECT_EQ(test, ntohs(key.l4_src), 2);
	KUNIT_EXPECT_EQ(test, key.eth_dst[0], 0);
	KUNIT_EXPECT_TRUE(test, weft_inner_update(&in, &key));
	KUNIT_EXPECT_EQ(test, ntohl(in.src.s6_addr32[0]), 0x0a000001);
	KUNIT_EXPECT_EQ(test, ntohl(in.dst.s6_addr32[0]), 0x05050505);
	KUNIT_EXPECT_EQ(test, ntohs(in.sport), 12345);
	KUNIT_EXPECT_EQ(test, ntohs(in.dport), 2);

	__set_bit(WEFT_SEEN_FAILED, &e->instance->seen);
	KUNIT_EXPECT_EQ(test, weft_inner_translate(e->flow, &key), -1);
	__clear_bit(WEFT_SEEN_FAILED, &e->instance->seen);
	e->acts.head.len = end;
	add_set(e, WEFT_FIELD_ICMP_ID, 1, 0xff);
	add(e, WEFT_ACT_A_GOTO, 15, sizeof(struct weft_act));
	KUNIT_EXPECT_EQ(test, weft_inner_translate(e->flow, &key), -1);
}

/* The key of the answer to a packet inside */
static void inner_answer(struct kunit *test)
{
	static const struct {
		u16 layers;
		u8 type;
		u8 answer;
		bool echo;
	} cases[] = {
		{ WEFT_L_IPV4 | WEFT_L_ICMP, ICMP_ECHO, ICMP_ECHOREPLY, true },
		{ WEFT_L_IPV4 | WEFT_L_ICMP, ICMP_ECHOREPLY, ICMP_ECHO, true },
		{ WEFT_L_IPV4 | WEFT_L_ICMP, ICMP_TIMESTAMP, ICMP_TIMESTAMP, false },
		{ WEFT_L_IPV6 | WEFT_L_ICMP6, ICMPV6_ECHO_REQUEST, ICMPV6_ECHO_REPLY, true },
		{ WEFT_L_IPV6 | WEFT_L_ICMP6, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST, true },
	};
	struct weft_key key = { .ldp = htonl(7), .layers = WEFT_L_VLAN | WEFT_L_IPV4 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct weft_inner in = {
			.layers = cases[i].layers, .type = cases[i].type, .echo = cases[i].echo,
			.id = htons(99 * cases[i].echo), .code = 1,
		};

		weft_inner_reply(&in, &key);
		KUNIT_EXPECT_EQ(test, ntohs(key.l4_src), cases[i].answer);
		KUNIT_EXPECT_EQ(test, ntohs(key.l4_dst), 1);
		KUNIT_EXPECT_EQ(test, ntohs(key.tcp_flags), ntohs(in.id));
		KUNIT_EXPECT_EQ(test, (int)key.layers, (int)(WEFT_L_VLAN | cases[i].layers));
		KUNIT_EXPECT_EQ(test, ntohl(key.ldp), 7);
		KUNIT_EXPECT_FALSE(test, weft_inner_update(&in, &key));
	}
}

static int inner_test_init(struct kunit *test)
{
	struct context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	prandom_seed_state(&c->rnd, SEED);
	test->priv = c;
	return 0;
}

static void inner_test_exit(struct kunit *test)
{
	if (test->priv)
		free_packet(test->priv);
}

static struct kunit_case inner_cases[] = {
	KUNIT_CASE_PARAM(inner_every_length, each_kind),
	KUNIT_CASE(inner_malformed),
	KUNIT_CASE(inner_chain),
	KUNIT_CASE(inner_which_are_errors),
	KUNIT_CASE(inner_garbage),
	KUNIT_CASE(inner_entry),
	KUNIT_CASE(inner_answer),
	{}
};

static struct kunit_suite inner_suite = {
	.name = "weft_inner",
	.init = inner_test_init,
	.exit = inner_test_exit,
	.test_cases = inner_cases,
};

kunit_test_suite(inner_suite);
