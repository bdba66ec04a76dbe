// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of STT's codec with bytes written by hand, and of what becomes of real skbs: joined from
 * segments of all makes, with the offloads that the header says.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>
#include "stt.h"

#define ROUNDS	(IS_ENABLED(CONFIG_KASAN) ? 200 : 1000)

/* Header */

static const u8 header_bytes[STT_HLEN] = {
	0, STT_F_PARTIAL | STT_F_IPV4 | STT_F_TCP, 34, 0, 0x05, 0xa8, 0x70 | 0x01, 0x23,
	0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0, 0,
};

static const struct stt_meta header_meta = {
	.context = 0x1122334455667788, .mss = 1448, .vlan = 0x7123,
	.flags = STT_F_PARTIAL | STT_F_IPV4 | STT_F_TCP, .l4_offset = 34,
};

static void header_test(struct kunit *test)
{
	struct stt_meta meta = { };
	struct stt_hdr hdr;

	stt_header_write(&hdr, &header_meta);
	KUNIT_EXPECT_EQ(test, memcmp(&hdr, header_bytes, STT_HLEN), 0);
	KUNIT_ASSERT_TRUE(test, stt_header_read((struct stt_hdr *)header_bytes, &meta));
	KUNIT_EXPECT_EQ(test, memcmp(&meta, &header_meta, sizeof(meta)), 0);

	/* reserved bits are ignored; a tag that is not there has no value */
	memcpy(&hdr, header_bytes, STT_HLEN);
	hdr.flags |= 0xf0;
	hdr.reserved = 0xff;
	hdr.padding = cpu_to_be16(0xffff);
	hdr.vlan = cpu_to_be16(0x6123);
	KUNIT_ASSERT_TRUE(test, stt_header_read(&hdr, &meta));
	KUNIT_EXPECT_EQ(test, meta.flags, header_meta.flags);
	KUNIT_EXPECT_EQ(test, meta.vlan, 0);

	hdr.version = 1;
	KUNIT_EXPECT_FALSE(test, stt_header_read(&hdr, &meta));
	hdr.version = 0;
	hdr.flags = STT_F_PARTIAL | STT_F_VERIFIED;
	KUNIT_EXPECT_FALSE(test, stt_header_read(&hdr, &meta));
}

static void segment_test(struct kunit *test)
{
	static const struct {
		u32 seq;
		u8 doff;
		bool syn, rst, fin;
		unsigned int payload;
		bool good;
	} cases[] = {
		{ .seq = 100 << 16, .doff = 5, .payload = 100, .good = true },
		{ .seq = 100 << 16 | 60, .doff = 5, .payload = 40, .good = true },
		{ .seq = 100 << 16 | 60, .doff = 8, .payload = 40, .good = true },
		{ .seq = 100 << 16 | 60, .doff = 5, .payload = 41 },
		{ .seq = 100 << 16 | 100, .doff = 5, .payload = 1 },
		{ .seq = 100 << 16, .doff = 5, .payload = 0 },
		{ .seq = 100 << 16, .doff = 4, .payload = 10 },
		{ .seq = 31 << 16, .doff = 5, .payload = 31 },	/* no room for a frame */
		{ .seq = 32 << 16, .doff = 5, .payload = 32, .good = true },
		{ .seq = 0xffff0000, .doff = 5, .payload = 65535, .good = true },
		{ .seq = 0xffffffff, .doff = 5, .payload = 1 },
		{ .seq = 100 << 16, .doff = 5, .payload = 10, .syn = true },
		{ .seq = 100 << 16, .doff = 5, .payload = 10, .rst = true },
		{ .seq = 100 << 16, .doff = 5, .payload = 10, .fin = true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tcphdr th = {
			.seq = htonl(cases[i].seq), .ack_seq = htonl(7), .source = htons(9),
			.doff = cases[i].doff, .syn = cases[i].syn, .rst = cases[i].rst,
			.fin = cases[i].fin,
		};
		unsigned int len = cases[i].doff * 4 + cases[i].payload;
		struct stt_segment s = { };

		KUNIT_EXPECT_EQ_MSG(test, stt_segment_read(&th, len, &s), cases[i].good,
				    "case %u", i);
		if (!cases[i].good)
			continue;
		KUNIT_EXPECT_EQ(test, s.id, htonl(7));
		KUNIT_EXPECT_EQ(test, s.sport, htons(9));
		KUNIT_EXPECT_EQ(test, s.length, cases[i].seq >> 16);
		KUNIT_EXPECT_EQ(test, s.offset, cases[i].seq & 0xffff);
		KUNIT_EXPECT_EQ(test, s.hlen, cases[i].doff * 4);
	}
}

/* Offloads */

struct offload_case {
	const char *name;
	u8 flags;
	u8 l4;
	u16 mss;
	unsigned int len;	/* of the frame */
	u8 at, with;		/* a byte that is changed; at 0: none */
	bool ipv6;
	bool bad;
	u16 csum_start, csum_offset, gso_size, gso_segs;
};

#define TCP4	(STT_F_PARTIAL | STT_F_IPV4 | STT_F_TCP)
#define TCP6	(STT_F_PARTIAL | STT_F_TCP)

static const struct offload_case offload_cases[] = {
	{ "nothing", 0, 0, 0, 200 },
	{ "verified", STT_F_VERIFIED | STT_F_IPV4, 0, 0, 200 },
	{ "mss without partial is no offload", STT_F_IPV4 | STT_F_TCP, 34, 100, 1000 },
	{ "udp", STT_F_PARTIAL | STT_F_IPV4, 34, 0, 200, .csum_start = 34, .csum_offset = 6 },
	{ "mss of udp is ignored", STT_F_PARTIAL | STT_F_IPV4, 34, 100, 1000,
	  .csum_start = 34, .csum_offset = 6 },
	{ "tcp", TCP4, 34, 0, 200, .csum_start = 34, .csum_offset = 16 },
	{ "tcp to be cut", TCP4, 34, 1000, 54 + 2500, .csum_start = 34, .csum_offset = 16,
	  .gso_size = 1000, .gso_segs = 3 },
	{ "one segment", TCP4, 34, 1000, 54 + 1000, .csum_start = 34, .csum_offset = 16 },
	{ "one byte more", TCP4, 34, 1000, 54 + 1001, .csum_start = 34, .csum_offset = 16,
	  .gso_size = 1000, .gso_segs = 2 },
	{ "tcp6 to be cut", TCP6, 54, 1000, 74 + 2500, .ipv6 = true, .csum_start = 54,
	  .csum_offset = 16, .gso_size = 1000, .gso_segs = 3 },
	{ "no offset", TCP4, 0, 1000, 3000, .bad = true },
	{ "offset in Ethernet", TCP4, 13, 0, 200, .bad = true },
	{ "offset in IP", TCP4, 33, 1000, 3000, .bad = true },
	{ "offset behind TCP's", TCP4, 35, 1000, 3000, .bad = true },
	{ "offset past the end", TCP4, 200, 0, 200, .bad = true },
	{ "header past the end", TCP4, 34, 0, 53, .bad = true },
	{ "udp header past the end", STT_F_PARTIAL | STT_F_IPV4, 34, 0, 41, .bad = true },
	{ "mss too small", TCP4, 34, STT_MSS_MIN - 1, 3000, .bad = true },
	{ "least mss", TCP4, 34, STT_MSS_MIN, 54 + 2 * STT_MSS_MIN, .csum_start = 34,
	  .csum_offset = 16, .gso_size = STT_MSS_MIN, .gso_segs = 2 },
	{ "IPv6, says IPv4", TCP4, 54, 1000, 3000, .ipv6 = true, .bad = true },
	{ "IPv4, says IPv6", TCP6, 34, 1000, 3000, .bad = true },
	{ "not IP", TCP4, 34, 1000, 3000, 13, 6, .bad = true },
	{ "IPv4 version", TCP4, 34, 1000, 3000, 14, 0x55, .bad = true },
	{ "IPv4 header length", TCP4, 34, 1000, 3000, 14, 0x46, .bad = true },
	{ "IPv4 header length 4", TCP4, 34, 1000, 3000, 14, 0x44, .bad = true },
	{ "fragment", TCP4, 34, 1000, 3000, 21, 1, .bad = true },
	{ "more fragments", TCP4, 34, 1000, 3000, 20, 0x20, .bad = true },
	{ "do not fragment", TCP4, 34, 1000, 54 + 2500, 20, 0x40, .csum_start = 34,
	  .csum_offset = 16, .gso_size = 1000, .gso_segs = 3 },
	{ "not TCP", TCP4, 34, 1000, 3000, 23, IPPROTO_UDP, .bad = true },
	{ "IPv6, not TCP", TCP6, 54, 1000, 3000, 20, IPPROTO_UDP, true, true },
	{ "IPv6, extension header past TCP", TCP6, 54, 1000, 3000, 20, 0, true, true },
	{ "TCP header length 4", TCP4, 34, 1000, 3000, 46, 0x40, .bad = true },
	{ "TCP header past the end", TCP4, 34, 1000, 60, 46, 0xf0, .bad = true },
};

static void offload_desc(const struct offload_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(offload, offload_cases, offload_desc);

static u8 *offload_frame(struct kunit *test, const struct offload_case *c)
{
	u8 *frame = kunit_kzalloc(test, c->len, GFP_KERNEL);
	u8 headers[80] = { };
	unsigned int l4 = c->ipv6 ? 54 : 34;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	if (c->ipv6) {
		headers[12] = 0x86;
		headers[13] = 0xdd;
		headers[14] = 0x60;
		headers[20] = IPPROTO_TCP;
	} else {
		headers[12] = 0x08;
		headers[14] = 0x45;
		headers[23] = IPPROTO_TCP;
	}
	headers[l4 + 12] = 0x50;
	if (c->at)
		headers[c->at] = c->with;
	memcpy(frame, headers, min_t(unsigned int, sizeof(headers), c->len));
	return frame;
}

static void offload_test(struct kunit *test)
{
	const struct offload_case *c = test->param_value;
	struct stt_meta meta = { .flags = c->flags, .l4_offset = c->l4, .mss = c->mss };
	struct skb_shared_info *shinfo;
	struct stt_offload o;
	struct sk_buff *skb;
	unsigned int need;
	u8 *frame;

	frame = offload_frame(test, c);
	need = stt_offload_need(&meta, c->len);
	KUNIT_ASSERT_LE(test, need, c->len);
	KUNIT_ASSERT_EQ(test, stt_offload_read(&meta, frame, need, c->len, &o), !c->bad);

	/* and the same in an skb, whose linear part is short */
	skb = alloc_skb(c->len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, frame, c->len);
	skb->ip_summed = CHECKSUM_COMPLETE;
	shinfo = skb_shinfo(skb);
	shinfo->gso_size = 77;		/* of the outer packet */
	shinfo->gso_type = SKB_GSO_TCPV6;
	KUNIT_EXPECT_EQ(test, stt_frame_restore(skb, &meta), !c->bad);
	if (!c->bad) {
		bool cut = c->gso_size;

		KUNIT_EXPECT_EQ(test, shinfo->gso_size, c->gso_size);
		KUNIT_EXPECT_EQ(test, shinfo->gso_segs, c->gso_segs);
		KUNIT_EXPECT_EQ(test, shinfo->gso_type,
				cut ? SKB_GSO_DODGY | (c->ipv6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4) :
				      0);
		KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, c->csum_start ? CHECKSUM_PARTIAL :
				c->flags & STT_F_VERIFIED ? CHECKSUM_UNNECESSARY : CHECKSUM_NONE);
		if (c->csum_start) {
			KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb), c->csum_start);
			KUNIT_EXPECT_EQ(test, skb->csum_offset, c->csum_offset);
		}
	}
	kfree_skb(skb);
}

/* Joining */

enum make { LINEAR, PAGES, LIST, CLONE, N_MAKES };

static void fill(u8 *p, unsigned int at, unsigned int len)
{
	while (len--) {
		*p++ = at * 7 + (at >> 8);
		at++;
	}
}

static struct sk_buff *pages_skb(struct kunit *test, unsigned int at, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);
	unsigned int i = 0;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	for (; len; i++) {
		unsigned int n = min_t(unsigned int, len, PAGE_SIZE);
		struct page *page = alloc_page(GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, page);
		fill(page_address(page), at, n);
		skb_add_rx_frag(skb, i, page, 0, n, PAGE_SIZE);
		at += n;
		len -= n;
	}
	return skb;
}

static struct sk_buff *linear_skb(struct kunit *test, unsigned int at, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(len + 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	fill(skb_put(skb, len), at, len);
	return skb;
}

/* As receive offload leaves it when there are many segments */
static struct sk_buff *list_skb(struct kunit *test, unsigned int at, unsigned int len)
{
	struct sk_buff *skb = linear_skb(test, at, len / 2);
	struct sk_buff *more = pages_skb(test, at + len / 2, len - len / 2);

	skb_shinfo(skb)->frag_list = more;
	skb->len += more->len;
	skb->data_len += more->len;
	skb->truesize += more->truesize;
	return skb;
}

static struct sk_buff *make_skb(struct kunit *test, enum make make, unsigned int at,
				unsigned int len, struct sk_buff **original)
{
	*original = NULL;
	if (len < 4 && make == LIST)
		make = LINEAR;
	switch (make) {
	case PAGES:
		return pages_skb(test, at, len);
	case LIST:
		return list_skb(test, at, len);
	case CLONE:
		*original = pages_skb(test, at, len);
		return skb_clone(*original, GFP_KERNEL);
	default:
		return linear_skb(test, at, len);
	}
}

static void expect_filled(struct kunit *test, const struct sk_buff *skb, unsigned int len)
{
	u8 *got = kvmalloc(len, GFP_KERNEL), *want = kvmalloc(len, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, skb->len, len);
	if (got && want && skb->len == len) {
		fill(want, 0, len);
		KUNIT_EXPECT_EQ(test, skb_copy_bits(skb, 0, got, len), 0);
		KUNIT_EXPECT_EQ(test, memcmp(got, want, len), 0);
	}
	kvfree(got);
	kvfree(want);
}

static void join_test(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int round;

	prandom_seed_state(&rnd, 0x577);
	for (round = 0; round < ROUNDS; round++) {
		unsigned int n = prandom_u32_state(&rnd) % 45 + 1, at = 0, i;
		unsigned int only = prandom_u32_state(&rnd) % (N_MAKES + 1);
		struct sk_buff *first = NULL, **last = &first, *skb, *originals[45];

		for (i = 0; i < n; i++) {
			unsigned int len = prandom_u32_state(&rnd) % 1448 + 1;
			enum make make = only < N_MAKES ? only :
							  prandom_u32_state(&rnd) % N_MAKES;

			*last = make_skb(test, make, at, len, &originals[i]);
			KUNIT_ASSERT_NOT_NULL(test, *last);
			last = &(*last)->next;
			*last = NULL;
			at += len;
		}
		skb = stt_frame_join(first, at);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		expect_filled(test, skb, at);
		KUNIT_EXPECT_FALSE(test, skb_has_frag_list(skb));
		KUNIT_EXPECT_FALSE(test, skb_cloned(skb));
		KUNIT_EXPECT_NULL(test, skb->next);
		/* what was shared may go first */
		for (i = 0; i < n; i++)
			kfree_skb(originals[i]);
		expect_filled(test, skb, at);
		kfree_skb(skb);
	}
}

/* The outer checksum, in all the ways in which a device reports it */

static struct sk_buff *outer_skb(struct kunit *test, bool ipv6, unsigned int len)
{
	unsigned int hlen = ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct sk_buff *skb = alloc_skb(len + hlen + 32, GFP_KERNEL);
	struct tcphdr *th;
	__wsum sum;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reset_network_header(skb);
	if (ipv6) {
		struct ipv6hdr *ip6h = skb_put_zero(skb, hlen);

		ip6h->version = 6;
		ip6h->nexthdr = IPPROTO_TCP;
		ip6h->saddr.s6_addr[0] = 0xfd;
		ip6h->daddr.s6_addr[15] = 9;
		skb->protocol = htons(ETH_P_IPV6);
	} else {
		struct iphdr *iph = skb_put_zero(skb, hlen);

		iph->version = 4;
		iph->ihl = 5;
		iph->protocol = IPPROTO_TCP;
		iph->saddr = htonl(0xc0000201);
		iph->daddr = htonl(0xc0000202);
		ip_send_check(iph);
		skb->protocol = htons(ETH_P_IP);
	}
	th = (struct tcphdr *)skb_tail_pointer(skb);
	fill(skb_put(skb, len), 3, len);
	th->check = 0;
	sum = csum_partial(th, len, 0);
	th->check = ipv6 ? csum_ipv6_magic(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr, len,
					   IPPROTO_TCP, sum) :
			   csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, len,
					     IPPROTO_TCP, sum);
	return skb;
}

static void checksum_test(struct kunit *test)
{
	static const u8 kinds[] = {
		CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE, CHECKSUM_PARTIAL,
	};
	unsigned int i, len;
	bool ipv6, bad;

	for (i = 0; i < ARRAY_SIZE(kinds) * 4; i++) {
		u8 kind = kinds[i / 4];
		unsigned int hlen;
		struct sk_buff *skb;

		ipv6 = i & 1;
		bad = i & 2;
		hlen = ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
		for (len = 20; len < 90; len++) {
			skb = outer_skb(test, ipv6, len);
			if (bad)
				skb->data[hlen + len - 1] ^= 0x10;
			skb->ip_summed = kind;
			skb->csum_start = skb->data + hlen - skb->head;
			if (kind == CHECKSUM_COMPLETE)
				skb->csum = csum_partial(skb->data, skb->len, 0);
			/* of these two the device, or the sender, says that all is well */
			KUNIT_EXPECT_EQ_MSG(test, stt_receive_verify(skb, hlen, ipv6),
					    !bad || kind == CHECKSUM_UNNECESSARY ||
					    kind == CHECKSUM_PARTIAL,
					    "kind %u ipv6 %u bad %u len %u", kind, ipv6, bad, len);
			kfree_skb(skb);
		}
	}
}

static struct kunit_case stt_cases[] = {
	KUNIT_CASE(header_test),
	KUNIT_CASE(segment_test),
	KUNIT_CASE_PARAM(offload_test, offload_gen_params),
	KUNIT_CASE(join_test),
	KUNIT_CASE(checksum_test),
	{ }
};

static struct kunit_suite stt_suite = {
	.name = "weft_stt",
	.test_cases = stt_cases,
};

kunit_test_suite(stt_suite);
