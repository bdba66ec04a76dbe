// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of mtu.c: which packets are too long, and which of those may be cut.
 */
#include <kunit/test.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include "compat.h"
#include "key.h"
#include "mtu.h"

#define MTU	1400

struct length {
	const char *name;
	bool ipv6;
	bool tagged;
	u16 frag;	/* as in the header of IPv4 */
	u32 len;	/* of IP */
	u32 gso;	/* bytes of TCP in a segment */
	u16 whole;	/* its longest fragment */
	bool whole_df;
	/* expected */
	bool fits;
	bool cut;
};

static const struct length lengths[] = {
	{ "just fits", .len = MTU, .fits = true },
	{ "one more byte", .len = MTU + 1, .cut = true },
	{ "not to be cut", .frag = IP_DF, .len = MTU + 1 },
	{ "a fragment", .frag = IP_MF | 9, .len = MTU + 1, .cut = true },
	{ "IPv6 just fits", .ipv6 = true, .len = MTU, .fits = true },
	{ "IPv6, one more byte", .ipv6 = true, .len = MTU + 1 },
	{ "behind a tag", .tagged = true, .len = MTU, .fits = true },
	{ "behind a tag, one more byte", .tagged = true, .len = MTU + 1, .cut = true },
	{ "segments that fit", .len = 5000, .gso = MTU - 40, .fits = true },
	{ "segments that do not", .len = 5000, .gso = MTU - 39 },
	{ "segments of IPv6 that fit", .ipv6 = true, .len = 5000, .gso = MTU - 60, .fits = true },
	{ "segments of IPv6 that do not", .ipv6 = true, .len = 5000, .gso = MTU - 59 },
	{ "fragments that fit", .len = 5000, .whole = MTU, .fits = true },
	{ "fragments that do not", .len = 5000, .whole = MTU + 1, .cut = true },
	{ "fragments not to be cut", .len = 5000, .whole = MTU + 1, .whole_df = true },
	{ "fragments of IPv6", .ipv6 = true, .len = 5000, .whole = MTU + 1 },
};

static void length_name(const struct length *l, char *desc)
{
	strscpy(desc, l->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(length, lengths, length_name);

static struct sk_buff *make_packet(const struct length *l)
{
	unsigned int hlen = l->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct sk_buff *skb = alloc_skb(6000, GFP_KERNEL);
	struct tcphdr *th;

	if (!skb)
		return NULL;
	skb_put_zero(skb, 2 * ETH_ALEN);
	skb->data[0] = 2;
	skb->data[ETH_ALEN] = 2;
	if (l->tagged) {
		put_unaligned_be16(ETH_P_8021Q, skb_put(skb, 2));
		put_unaligned_be16(77, skb_put(skb, 2));
	}
	put_unaligned_be16(l->ipv6 ? ETH_P_IPV6 : ETH_P_IP, skb_put(skb, 2));
	skb_put_zero(skb, l->len);
	if (l->ipv6) {
		struct ipv6hdr *ip6h = (void *)skb_tail_pointer(skb) - l->len;

		ip6h->version = 6;
		ip6h->payload_len = htons(l->len - hlen);
		ip6h->nexthdr = IPPROTO_TCP;
		ip6h->saddr.s6_addr[0] = 0xfd;
		ip6h->daddr.s6_addr[0] = 0xfd;
	} else {
		struct iphdr *iph = (void *)skb_tail_pointer(skb) - l->len;

		iph->version = 4;
		iph->ihl = 5;
		iph->frag_off = htons(l->frag);
		iph->tot_len = htons(l->len);
		iph->protocol = IPPROTO_TCP;
		iph->saddr = htonl(0x0a000001);
		iph->daddr = htonl(0x0a000002);
	}
	th = (void *)skb_tail_pointer(skb) - l->len + hlen;
	th->doff = 5;
	skb->protocol = htons(l->tagged ? ETH_P_8021Q : l->ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	if (l->gso) {
		skb_shinfo(skb)->gso_size = l->gso;
		skb_shinfo(skb)->gso_type = l->ipv6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(l->len - hlen - sizeof(*th), l->gso);
	}
	return skb;
}

static void mtu_length(struct kunit *test)
{
	const struct length *l = test->param_value;
	struct weft_whole was = {
		.max = l->whole, .df = l->whole_df, .saddr = htonl(1), .daddr = htonl(2),
	};
	const struct weft_whole *whole = l->whole ? &was : NULL;
	struct weft_key *key = kunit_kzalloc(test, sizeof(*key), GFP_KERNEL);
	struct sk_buff *skb = make_packet(l);
	struct weft_whole cut;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, weft_key_extract(skb, key), WEFT_DROP_UNSPEC);
	KUNIT_EXPECT_EQ(test, weft_mtu_fits(skb, whole, MTU), l->fits);
	if (l->fits)
		goto out;
	KUNIT_EXPECT_EQ(test, weft_mtu_cut(skb, whole, key->layers, MTU, key, &cut), l->cut);
	if (!l->cut)
		goto out;
	KUNIT_EXPECT_EQ(test, cut.max, MTU);
	KUNIT_EXPECT_FALSE(test, cut.df);
	/* who the addresses were, for the identification */
	KUNIT_EXPECT_EQ(test, ntohl(cut.saddr), whole ? 1 : 0x0a000001);
	KUNIT_EXPECT_EQ(test, ntohl(cut.daddr), whole ? 2 : 0x0a000002);
out:
	kfree_skb(skb);
}

static struct kunit_case mtu_cases[] = {
	KUNIT_CASE_PARAM(mtu_length, length_gen_params),
	{ }
};

static struct kunit_suite mtu_suite = {
	.name = "weft_mtu",
	.test_cases = mtu_cases,
};

kunit_test_suite(mtu_suite);
