// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a frame leaves the device, and what is said of it.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <net/dst_metadata.h>
#include "stt.h"

#define ETH_P_OURS	0x88b5	/* for experiments */
#define N_MAX		8

static struct stt_device *stt;
static u8 came[N_MAX];		/* first bytes of the frames */
static unsigned int n_came;
static unsigned int within, deepest;
static struct sk_buff *inner;	/* the next one to come hands this one on */

static int take(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
		struct net_device *orig)
{
	if (dev == stt->dev && n_came < N_MAX) {
		deepest = max(deepest, ++within);
		came[n_came++] = skb->data[0];
		if (inner) {
			struct sk_buff *next = inner;

			inner = NULL;
			stt_deliver(stt, next);
		}
		within--;
	}
	kfree_skb(skb);
	return 0;
}

static struct packet_type taker = {
	.type = cpu_to_be16(ETH_P_OURS),
	.func = take,
};

static int deliver_init(struct kunit *test)
{
	struct net_device *dev = alloc_etherdev(sizeof(*stt));

	KUNIT_ASSERT_NOT_NULL(test, dev);
	strscpy(dev->name, "sttkunit", sizeof(dev->name));
	dev->features |= NETIF_F_GRO;
	stt = netdev_priv(dev);
	stt->dev = dev;
	KUNIT_ASSERT_EQ(test, stt_deliver_init(stt), 0);
	KUNIT_ASSERT_EQ(test, stt_metadata_init(stt), 0);
	n_came = 0;
	within = 0;
	deepest = 0;
	inner = NULL;
	dev_add_pack(&taker);
	return 0;
}

static void deliver_exit(struct kunit *test)
{
	dev_remove_pack(&taker);
	stt_deliver_exit(stt);
	synchronize_net();
	stt_deliver_free(stt);
	stt_metadata_exit(stt);
	free_netdev(stt->dev);
}

static struct sk_buff *frame(struct kunit *test, u8 name, unsigned int len, bool gso)
{
	struct sk_buff *skb = alloc_skb(ETH_HLEN + len, GFP_KERNEL);
	struct ethhdr *eth;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	eth = skb_put_zero(skb, ETH_HLEN);
	eth->h_proto = htons(ETH_P_OURS);
	memset(skb_put(skb, len), name, len);
	skb->dev = stt->dev;
	skb_reset_mac_header(skb);
	skb_pull(skb, ETH_HLEN);
	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_OURS);
	skb->pkt_type = PACKET_HOST;
	if (gso) {
		skb_shinfo(skb)->gso_size = 500;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(len, 500);
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	}
	return skb;
}

/* The softirq may be left to its thread */
static unsigned int come(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < 2000 && READ_ONCE(n_came) < n; i++)
		usleep_range(500, 2000);
	return n_came;
}

/* Short ones and those that are to be cut come at once, others with the softirq */
static void at_once_test(struct kunit *test)
{
	struct sk_buff *a = frame(test, 'a', 60, false), *b = frame(test, 'b', 3000, true);
	struct sk_buff *c = frame(test, 'c', 1400, false);

	local_bh_disable();
	KUNIT_EXPECT_TRUE(test, stt_deliver(stt, a));
	KUNIT_EXPECT_EQ(test, n_came, 1U);
	KUNIT_EXPECT_TRUE(test, stt_deliver(stt, b));
	KUNIT_EXPECT_EQ(test, n_came, 2U);
	KUNIT_EXPECT_TRUE(test, stt_deliver(stt, c));
	KUNIT_EXPECT_EQ(test, n_came, 2U);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, come(3), 3U);
	KUNIT_EXPECT_EQ(test, memcmp(came, "abc", 3), 0);
}

/* Behind one that waits all wait */
static void order_test(struct kunit *test)
{
	struct sk_buff *a = frame(test, 'a', 1400, false), *b = frame(test, 'b', 60, false);
	struct sk_buff *c = frame(test, 'c', 3000, true), *d = frame(test, 'd', 60, false);

	local_bh_disable();
	stt_deliver(stt, a);
	stt_deliver(stt, b);
	stt_deliver(stt, c);
	KUNIT_EXPECT_EQ(test, n_came, 0U);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, come(3), 3U);
	local_bh_disable();
	stt_deliver(stt, d);
	KUNIT_EXPECT_EQ(test, n_came, 4U);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, memcmp(came, "abcd", 4), 0);
}

/* A frame that comes while another is handed on waits for its end */
static void within_test(struct kunit *test)
{
	struct sk_buff *a = frame(test, 'a', 60, false);

	inner = frame(test, 'b', 60, false);
	local_bh_disable();
	stt_deliver(stt, a);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, come(2), 2U);
	KUNIT_EXPECT_EQ(test, memcmp(came, "ab", 2), 0);
	KUNIT_EXPECT_EQ(test, deepest, 1U);
}

/* Receive offload gets no skb whose segmentation metadata somebody else has, too */
static void shared_test(struct kunit *test)
{
	struct sk_buff *a = frame(test, 'a', 1400, false), *other = skb_clone(a, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, other);
	local_bh_disable();
	stt_deliver(stt, a);
	KUNIT_EXPECT_FALSE(test, skb_cloned(other));
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, come(1), 1U);
	kfree_skb(other);
}

static void expect_metadata(struct kunit *test, const struct stt_outer *outer, u64 context)
{
	struct metadata_dst *dst, *again;
	const struct ip_tunnel_key *key;

	local_bh_disable();
	dst = stt_metadata_get(stt, outer, context);
	again = stt_metadata_get(stt, outer, context);
	local_bh_enable();
	KUNIT_ASSERT_NOT_NULL(test, dst);
	KUNIT_EXPECT_PTR_EQ(test, dst, again);
	key = &dst->u.tun_info.key;
	KUNIT_EXPECT_EQ(test, be64_to_cpu(key->tun_id), context);
	KUNIT_EXPECT_EQ(test, key->tos, outer->tos);
	KUNIT_EXPECT_EQ(test, key->ttl, outer->ttl);
	KUNIT_EXPECT_EQ(test, ip_tunnel_info_af(&dst->u.tun_info) == AF_INET6, outer->ipv6);
	if (outer->ipv6) {
		KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&key->u.ipv6.src, &outer->key.saddr));
		KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&key->u.ipv6.dst, &outer->key.daddr));
		KUNIT_EXPECT_EQ(test, key->label, outer->label);
	} else {
		KUNIT_EXPECT_EQ(test, key->u.ipv4.src, outer->key.saddr.s6_addr32[3]);
		KUNIT_EXPECT_EQ(test, key->u.ipv4.dst, outer->key.daddr.s6_addr32[3]);
	}
	dst_release(&dst->dst);
	dst_release(&again->dst);
}

/* Whatever differs from the packet before is said of the next one */
static void metadata_test(struct kunit *test)
{
	struct stt_outer outer = { .tos = 1, .ttl = 64 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		outer.ipv6 = i;
		ipv6_addr_set_v4mapped(htonl(0xc0000201), &outer.key.saddr);
		ipv6_addr_set_v4mapped(htonl(0xc0000202), &outer.key.daddr);
		expect_metadata(test, &outer, 7);
		expect_metadata(test, &outer, 8);
		expect_metadata(test, &outer, 7ULL << 32);
		outer.tos++;
		expect_metadata(test, &outer, 7);
		outer.ttl--;
		expect_metadata(test, &outer, 7);
		outer.key.daddr.s6_addr[15]++;
		expect_metadata(test, &outer, 7);
		outer.key.saddr.s6_addr[15]++;
		expect_metadata(test, &outer, 7);
		outer.key.saddr.s6_addr[0] = i;
		expect_metadata(test, &outer, 7);
		outer.label = htonl(i);
		expect_metadata(test, &outer, 7);
	}
}

static struct kunit_case deliver_cases[] = {
	KUNIT_CASE(at_once_test),
	KUNIT_CASE(order_test),
	KUNIT_CASE(within_test),
	KUNIT_CASE(shared_test),
	KUNIT_CASE(metadata_test),
	{ }
};

static struct kunit_suite deliver_suite = {
	.name = "weft_stt_deliver",
	.init = deliver_init,
	.exit = deliver_exit,
	.test_cases = deliver_cases,
};

kunit_test_suite(deliver_suite);
