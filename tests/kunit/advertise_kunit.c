// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers to neighbour solicitations: which there are, what is in them, and that their key is the
 * one that was foretold.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/weft.h>
#include <net/ip6_checksum.h>
#include <net/ndisc.h>
#include "advertise.h"
#include "key.h"

static const u8 mac_asker[ETH_ALEN] = { 2, 0, 0, 0, 0, 0xa };
static const u8 mac_group[ETH_ALEN] = { 0x33, 0x33, 0xff, 0, 0, 1 };
static const u8 mac_says[ETH_ALEN] = { 2, 0, 0, 0, 0, 0xb };
static const struct in6_addr nobody = IN6ADDR_ANY_INIT, asker = { { { 0xfd, [15] = 0xa } } },
			     target = { { { 0xfd, [15] = 1 } } },
			     group = { { { 0xff, 2, [11] = 1, 0xff, 0, 0, 1 } } },
			     all = { { { 0xff, 2, [15] = 1 } } };

struct asked {
	const char *name;
	const struct in6_addr *src;
	const struct in6_addr *dst;
	const struct in6_addr *target;
	bool with_mac;		/* there is an option that says who asks */
	bool nonce;		/* there is another option before */
	bool tagged;
	bool from_group;	/* says the frame */
	bool extended;		/* there is a destination options header */
	u8 ttl;
	u16 flags;
	bool answered;
};

static const struct asked asked[] = {
	{ "asks all", &asker, &group, &target, true, .ttl = 255, .answered = true },
	{ "asks a router", &asker, &group, &target, true, .ttl = 255,
	  .flags = WEFT_ADVERTISE_ROUTER, .answered = true },
	{ "asks one, no option", &asker, &target, &target, .ttl = 255, .answered = true },
	{ "is free?", &nobody, &group, &target, .ttl = 255, .answered = true },
	{ "is free? with nonce", &nobody, &group, &target, .nonce = true, .ttl = 255,
	  .answered = true },
	{ "two options, tagged", &asker, &group, &target, true, true, true, .ttl = 255,
	  .answered = true },
	{ "extension header", &asker, &group, &target, true, .extended = true, .ttl = 255,
	  .answered = true },
	{ "through a router", &asker, &group, &target, true, .ttl = 254 },
	{ "is free? with MAC", &nobody, &group, &target, true, .ttl = 255 },
	{ "is free? asked one", &nobody, &target, &target, .ttl = 255 },
	{ "asks for a group", &asker, &group, &group, true, .ttl = 255 },
	{ "a group asks", &all, &group, &target, true, .ttl = 255 },
	{ "loopback asks", &in6addr_loopback, &group, &target, true, .ttl = 255 },
	{ "a frame from a group", &asker, &group, &target, true, .from_group = true, .ttl = 255 },
};

static void asked_name(const struct asked *a, char *desc)
{
	strscpy(desc, a->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(asked, asked, asked_name);

static struct sk_buff *make_question(const struct asked *a)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	unsigned int len = sizeof(struct icmp6hdr) + sizeof(target) + 8 * a->with_mac +
			   8 * a->nonce;
	struct icmp6hdr *icmph;
	struct ipv6hdr *ip6h;

	if (!skb)
		return NULL;
	memcpy(skb_put(skb, ETH_ALEN), mac_group, ETH_ALEN);
	memcpy(skb_put(skb, ETH_ALEN), a->from_group ? mac_group : mac_asker, ETH_ALEN);
	if (a->tagged) {
		put_unaligned_be16(ETH_P_8021Q, skb_put(skb, 2));
		put_unaligned_be16(77, skb_put(skb, 2));
	}
	put_unaligned_be16(ETH_P_IPV6, skb_put(skb, 2));
	ip6h = skb_put_zero(skb, sizeof(*ip6h));
	ip6h->version = 6;
	ip6h->priority = 3;
	ip6h->flow_lbl[2] = 9;
	ip6h->payload_len = htons(len + 8 * a->extended);
	ip6h->nexthdr = a->extended ? IPPROTO_DSTOPTS : IPPROTO_ICMPV6;
	ip6h->hop_limit = a->ttl;
	memcpy(&ip6h->saddr, a->src, sizeof(*a->src));
	memcpy(&ip6h->daddr, a->dst, sizeof(*a->dst));
	if (a->extended) {
		static const u8 options[8] = { IPPROTO_ICMPV6, 0, 1, 4 };

		memcpy(skb_put(skb, sizeof(options)), options, sizeof(options));
	}
	icmph = skb_put_zero(skb, sizeof(*icmph));
	icmph->icmp6_type = NDISC_NEIGHBOUR_SOLICITATION;
	memcpy(skb_put(skb, sizeof(target)), a->target, sizeof(target));
	if (a->nonce) {
		static const u8 nonce[8] = { ND_OPT_NONCE, 1, 9, 9, 9, 9, 9, 9 };

		memcpy(skb_put(skb, sizeof(nonce)), nonce, sizeof(nonce));
	}
	if (a->with_mac) {
		static const u8 head[2] = { ND_OPT_SOURCE_LL_ADDR, 1 };

		memcpy(skb_put(skb, sizeof(head)), head, sizeof(head));
		memcpy(skb_put(skb, ETH_ALEN), mac_asker, ETH_ALEN);
	}
	skb->protocol = htons(a->tagged ? ETH_P_8021Q : ETH_P_IPV6);
	return skb;
}

/* The frame, byte by byte */
static void check_answer(struct kunit *test, const struct asked *a, struct sk_buff *answer)
{
	bool known = a->src != &nobody;
	static const u8 mac_all[ETH_ALEN] = { 0x33, 0x33, 0, 0, 0, 1 };
	u8 flags = 0x20 | (known ? 0x40 : 0) | (a->flags ? 0x80 : 0);
	const u8 *p = answer->data, *l4;
	unsigned int at = a->tagged ? 18 : 14;

	KUNIT_ASSERT_EQ(test, answer->len, at + 72);
	KUNIT_EXPECT_EQ(test, memcmp(p, known ? mac_asker : mac_all, ETH_ALEN), 0);
	KUNIT_EXPECT_EQ(test, memcmp(p + ETH_ALEN, mac_says, ETH_ALEN), 0);
	if (a->tagged)
		KUNIT_EXPECT_EQ(test, get_unaligned_be32(p + 12), ETH_P_8021Q << 16 | 77);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(p + at - 2), ETH_P_IPV6);
	p += at;
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(p), 6 << 28);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(p + 4), 32 << 16 | IPPROTO_ICMPV6 << 8 | 255);
	KUNIT_EXPECT_EQ(test, memcmp(p + 8, a->target, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(p + 24, known ? a->src : &all, 16), 0);
	l4 = p + 40;
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(l4), 136 << 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(l4 + 4), flags << 24);
	KUNIT_EXPECT_EQ(test, memcmp(l4 + 8, a->target, 16), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(l4 + 24), ND_OPT_TARGET_LL_ADDR << 8 | 1);
	KUNIT_EXPECT_EQ(test, memcmp(l4 + 26, mac_says, ETH_ALEN), 0);
	KUNIT_EXPECT_EQ(test, csum_ipv6_magic((const void *)(p + 8), (const void *)(p + 24), 32,
					      IPPROTO_ICMPV6, csum_partial(l4, 32, 0)), 0);
}

static void advertise_answers(struct kunit *test)
{
	const struct asked *a = test->param_value;
	struct weft_key *key = kunit_kzalloc(test, sizeof(*key), GFP_KERNEL);
	struct weft_key *same = kunit_kzalloc(test, sizeof(*same), GFP_KERNEL);
	struct sk_buff *skb = make_question(a), *answer;
	struct weft_act_advertise says = { .flags = a->flags };

	KUNIT_ASSERT_NOT_NULL(test, skb);
	ether_addr_copy(says.mac, mac_says);
	KUNIT_ASSERT_EQ(test, weft_key_extract(skb, key), WEFT_DROP_UNSPEC);
	KUNIT_ASSERT_TRUE(test, key->layers & WEFT_L_ND_NS);
	KUNIT_EXPECT_EQ(test, weft_advertise_allowed(key), a->answered);
	if (a->answered) {
		weft_advertise_key(key, &says);
		answer = weft_advertise_make(skb, &says);
		KUNIT_ASSERT_NOT_NULL(test, answer);
		check_answer(test, a, answer);
		KUNIT_EXPECT_EQ(test, answer->protocol, skb->protocol);
		KUNIT_EXPECT_EQ(test, weft_key_extract(answer, same), WEFT_DROP_UNSPEC);
		KUNIT_EXPECT_EQ(test, memcmp(key, same, sizeof(*key)), 0);
		kfree_skb(answer);
	}
	kfree_skb(skb);
}

static struct kunit_case advertise_cases[] = {
	KUNIT_CASE_PARAM(advertise_answers, asked_gen_params),
	{ }
};

static struct kunit_suite advertise_suite = {
	.name = "weft_advertise",
	.test_cases = advertise_cases,
};

kunit_test_suite(advertise_suite);
