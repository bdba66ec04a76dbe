// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of fragment.c: packets of all sizes are cut, and put together again by a receiver that
 * asks of every fragment what the RFCs ask of it. And of defrag.c: whose fragments mix.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "datapath.h"
#include "defrag.h"
#include "fragment.h"
#include "port.h"

#define SEED		0xf4a9
#define ROUNDS		(IS_ENABLED(CONFIG_KASAN) ? 300 : 2000)
#define DATA_MAX	9000
#define OPTIONS_MAX	40

struct fragment_context {
	struct kunit *test;
	struct rnd_state rnd;
	struct weft_datapath *dp;
	struct weft_port *port;
	struct sk_buff_head sent;
	struct weft_op op;

	/* a packet */
	bool ip6;
	bool snap;
	unsigned int tag;	/* 0, or bytes of it */
	unsigned int l2;
	unsigned int hlen;	/* IP header and what each fragment has behind it */
	unsigned int len;	/* of what is behind that */
	u8 options[OPTIONS_MAX];
	u8 others[OPTIONS_MAX];	/* as fragments behind the first have them */
	u8 data[DATA_MAX];
	u8 got[DATA_MAX];
};

/* What weft_fragment() gives is put here; tests run one at a time */
static struct fragment_context *receiver;

static enum weft_drop keep(struct weft_port *port, struct sk_buff *skb, const struct weft_op *op)
{
	KUNIT_EXPECT_PTR_EQ(receiver->test, op, (const struct weft_op *)&receiver->op);
	__skb_queue_tail(&receiver->sent, skb);
	return WEFT_DROP_UNSPEC;
}

static u32 rnd_below(struct fragment_context *x, u32 n)
{
	return prandom_u32_state(&x->rnd) % n;
}

/* Options whose form is right, some of them for all fragments */
static unsigned int make_options(struct fragment_context *x)
{
	unsigned int n = 0, len, i;

	while (n + 12 < OPTIONS_MAX && rnd_below(x, 3)) {
		u8 type = rnd_below(x, 4) ? 2 + rnd_below(x, 254) : IPOPT_NOOP;

		if (type == IPOPT_END || type == (IPOPT_END | IPOPT_COPY) || type == IPOPT_NOOP) {
			x->options[n] = IPOPT_NOOP;
			x->others[n++] = IPOPT_NOOP;
			continue;
		}
		len = 2 + rnd_below(x, 10);
		x->options[n] = type;
		x->options[n + 1] = len;
		for (i = 2; i < len; i++)
			x->options[n + i] = rnd_below(x, 256);
		if (type & IPOPT_COPY)
			memcpy(x->others + n, x->options + n, len);
		else
			memset(x->others + n, IPOPT_NOOP, len);
		n += len;
	}
	while (n % 4) {
		x->options[n] = IPOPT_END;
		x->others[n++] = IPOPT_END;
	}
	return n;
}

static void put_l2(struct fragment_context *x, struct sk_buff *skb)
{
	u8 *p = skb_put(skb, x->l2);
	unsigned int i;

	for (i = 0; i < x->l2; i++)
		p[i] = i;
	p += 2 * ETH_ALEN;
	if (x->tag) {
		put_unaligned_be16(ETH_P_8021Q, p);
		p += x->tag;
	}
	if (x->snap) {
		static const u8 llc[] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };

		put_unaligned_be16(8 + x->hlen + x->len, p);
		memcpy(p + 2, llc, sizeof(llc));
		p += 2 + sizeof(llc);
	}
	put_unaligned_be16(x->ip6 ? ETH_P_IPV6 : ETH_P_IP, p);
}

static void put_ip4(struct fragment_context *x, struct sk_buff *skb, const struct weft_whole *whole)
{
	struct iphdr *iph = skb_put_zero(skb, x->hlen);

	iph->version = 4;
	iph->ihl = x->hlen / 4;
	iph->tot_len = htons(x->hlen + x->len);
	iph->id = htons(0x1234);
	iph->frag_off = whole->df ? htons(IP_DF) : 0;
	iph->ttl = 9;
	iph->protocol = IPPROTO_UDP;
	iph->saddr = whole->saddr;
	iph->daddr = whole->daddr;
	memcpy(iph + 1, x->options, x->hlen - sizeof(*iph));
	ip_send_check(iph);
}

static void put_ip6(struct fragment_context *x, struct sk_buff *skb)
{
	struct ipv6hdr *ip6h = skb_put_zero(skb, x->hlen);

	ip6h->version = 6;
	ip6h->payload_len = htons(x->hlen - sizeof(*ip6h) + x->len);
	ip6h->nexthdr = IPPROTO_UDP;
	ip6h->hop_limit = 9;
	ip6h->saddr.s6_addr[15] = 1;
	ip6h->daddr.s6_addr[15] = 2;
	if (x->hlen > sizeof(*ip6h)) {
		u8 *hop = (u8 *)(ip6h + 1);

		ip6h->nexthdr = NEXTHDR_HOP;
		hop[0] = IPPROTO_UDP;
		hop[2] = IPV6_TLV_PADN;
		hop[3] = 4;
	}
}

static struct sk_buff *make_packet(struct fragment_context *x, struct weft_whole *whole)
{
	struct sk_buff *skb;
	unsigned int i;

	x->ip6 = rnd_below(x, 2);
	x->snap = !rnd_below(x, 4);
	x->tag = rnd_below(x, 3) ? 0 : VLAN_HLEN;
	x->l2 = ETH_HLEN + x->tag + (x->snap ? 8 : 0);
	x->hlen = x->ip6 ? sizeof(struct ipv6hdr) + (rnd_below(x, 2) ? 8 : 0) :
			   sizeof(struct iphdr) + make_options(x);
	x->len = 1 + rnd_below(x, DATA_MAX);
	for (i = 0; i < x->len; i++)
		x->data[i] = rnd_below(x, 256);
	*whole = (struct weft_whole){
		.max = 100 + rnd_below(x, 3000),
		.df = !x->ip6 && rnd_below(x, 2),
		.saddr = htonl(0x0a000001),
		.daddr = htonl(0x0a000002),
	};
	x->port->dev->mtu = 300 + rnd_below(x, 3000);
	skb = alloc_skb(64 + x->l2 + x->hlen + x->len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(x->test, skb);
	skb_reserve(skb, 64);
	put_l2(x, skb);
	skb_set_network_header(skb, x->l2);
	if (x->ip6)
		put_ip6(x, skb);
	else
		put_ip4(x, skb, whole);
	skb_put_data(skb, x->data, x->len);
	skb->protocol = x->ip6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	return skb;
}

/* Bytes of IP that the device takes */
static unsigned int room(const struct fragment_context *x)
{
	return x->port->dev->mtu - (x->snap ? 8 : 0);
}

static bool refused(const struct fragment_context *x, const struct weft_whole *whole)
{
	unsigned int len = min_t(unsigned int, whole->max, room(x));
	unsigned int hlen = x->hlen + (x->ip6 ? sizeof(struct frag_hdr) : 0);

	return ((whole->df || x->ip6) && whole->max > room(x)) || len < hlen + 8 ||
	       x->len > 128 * ((len - hlen) & ~7);
}

/* Look at a fragment; its data is added to what there is */
static void receive(struct fragment_context *x, const struct weft_whole *whole,
		    struct sk_buff *skb, unsigned int *at, u32 *id, bool last)
{
	unsigned int hlen = x->hlen, ofs, len = skb->len - x->l2;
	struct kunit *test = x->test;
	const u8 *ip = skb->data + x->l2;
	bool more;

	KUNIT_EXPECT_EQ(test, skb_network_offset(skb), x->l2);
	KUNIT_EXPECT_LE(test, len, min_t(unsigned int, whole->max, room(x)));
	KUNIT_EXPECT_TRUE(test, !memcmp(skb->data, "\0\1\2\3\4\5\6\7\10\11\12\13", 12));
	if (x->snap)
		KUNIT_EXPECT_EQ(test, get_unaligned_be16(ip - 10), len + 8);
	if (x->ip6) {
		const struct ipv6hdr *ip6h = (const void *)ip;
		const struct frag_hdr *fh = (const void *)(ip + hlen);

		KUNIT_EXPECT_EQ(test, ntohs(ip6h->payload_len), len - sizeof(*ip6h));
		KUNIT_EXPECT_EQ(test, hlen > sizeof(*ip6h) ? ip[sizeof(*ip6h)] : ip6h->nexthdr,
				NEXTHDR_FRAGMENT);
		KUNIT_EXPECT_EQ(test, fh->nexthdr, IPPROTO_UDP);
		ofs = ntohs(fh->frag_off) & ~7;
		more = fh->frag_off & htons(IP6_MF);
		if (!*at)
			*id = ntohl(fh->identification);
		KUNIT_EXPECT_EQ(test, *id, ntohl(fh->identification));
		hlen += sizeof(*fh);
	} else {
		const struct iphdr *iph = (const void *)ip;

		KUNIT_EXPECT_EQ(test, ip_fast_csum(iph, iph->ihl), 0);
		KUNIT_EXPECT_EQ(test, ntohs(iph->tot_len), len);
		KUNIT_EXPECT_EQ(test, !!(iph->frag_off & htons(IP_DF)), whole->df);
		KUNIT_EXPECT_EQ(test, ntohs(iph->id), 0x1234);
		KUNIT_EXPECT_TRUE(test, !memcmp(iph + 1, *at ? x->others : x->options,
						hlen - sizeof(*iph)));
		ofs = (ntohs(iph->frag_off) & IP_OFFSET) * 8;
		more = iph->frag_off & htons(IP_MF);
	}
	KUNIT_EXPECT_EQ(test, ofs, *at);
	KUNIT_EXPECT_EQ(test, more, !last);
	KUNIT_ASSERT_LE(test, *at + len - hlen, x->len);
	memcpy(x->got + *at, ip + hlen, len - hlen);
	*at += len - hlen;
}

static void fragment_random(struct kunit *test)
{
	struct fragment_context *x = test->priv;
	unsigned int i, cut = 0;

	for (i = 0; i < ROUNDS; i++) {
		struct weft_whole whole;
		struct sk_buff *skb = make_packet(x, &whole);
		unsigned int at = 0;
		enum weft_drop reason;
		u32 id = 0;

		local_bh_disable();
		reason = weft_fragment(x->port, skb, &whole, &x->op, keep);
		local_bh_enable();
		KUNIT_ASSERT_EQ(test, reason != WEFT_DROP_UNSPEC, refused(x, &whole));
		KUNIT_ASSERT_EQ(test, skb_queue_empty(&x->sent), refused(x, &whole));
		if (reason)
			continue;
		while ((skb = __skb_dequeue(&x->sent))) {
			receive(x, &whole, skb, &at, &id, skb_queue_empty(&x->sent));
			consume_skb(skb);
		}
		KUNIT_EXPECT_EQ(test, at, x->len);
		KUNIT_EXPECT_TRUE(test, !memcmp(x->got, x->data, x->len));
		cut++;
	}
	KUNIT_EXPECT_GT(test, cut, ROUNDS / 4);
}

/* Options that end nowhere are left as they are, and nothing behind the header is touched */
static void fragment_bad_options(struct kunit *test)
{
	static const u8 bad[][4] = {
		{ 7, 0, 4, 0 }, { 7, 1, 4, 0 }, { 7, 5, 4, 0 }, { 1, 1, 1, 7 }, { 68, 255, 5, 0 },
	};
	struct fragment_context *x = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct weft_whole whole;
		struct sk_buff *skb;
		unsigned int at = 0;
		u32 id;

		do {
			skb = make_packet(x, &whole);
			if (!x->ip6 && x->hlen == 24 && !refused(x, &whole))
				break;
			kfree_skb(skb);
		} while (true);
		memcpy(x->options, bad[i], sizeof(bad[i]));
		memcpy(x->others, bad[i], sizeof(bad[i]));
		memcpy(skb_network_header(skb) + sizeof(struct iphdr), bad[i], sizeof(bad[i]));
		local_bh_disable();
		KUNIT_EXPECT_EQ(test, weft_fragment(x->port, skb, &whole, &x->op, keep),
				WEFT_DROP_UNSPEC);
		local_bh_enable();
		while ((skb = __skb_dequeue(&x->sent))) {
			receive(x, &whole, skb, &at, &id, skb_queue_empty(&x->sent));
			consume_skb(skb);
		}
		KUNIT_EXPECT_TRUE(test, !memcmp(x->got, x->data, x->len));
	}
}

/* An identification of its own, when an address is another one */
static void fragment_identification(struct kunit *test)
{
	struct fragment_context *x = test->priv;
	unsigned int i, same = 0;

	for (i = 0; i < 20; i++) {
		struct weft_whole whole;
		struct sk_buff *skb, *first;

		do {
			skb = make_packet(x, &whole);
			if (!x->ip6 && !refused(x, &whole))
				break;
			kfree_skb(skb);
		} while (true);
		whole.saddr = htonl(0x0a000063);
		local_bh_disable();
		weft_fragment(x->port, skb, &whole, &x->op, keep);
		local_bh_enable();
		first = skb_peek(&x->sent);
		KUNIT_ASSERT_NOT_NULL(test, first);
		same += ntohs(ip_hdr(first)->id) == 0x1234;
		skb_queue_walk(&x->sent, skb)
			KUNIT_EXPECT_EQ(test, ip_hdr(skb)->id, ip_hdr(first)->id);
		__skb_queue_purge(&x->sent);
	}
	KUNIT_EXPECT_LT(test, same, 3);
}

/* All that must not mix have users of their own, and none is the kernel's */
static void defrag_users(struct kunit *test)
{
	struct fragment_context *x = test->priv;
	u32 users[] = {
		weft_defrag_user(x->dp, 1, 1), weft_defrag_user(x->dp, 2, 1),
		weft_defrag_user(x->dp, 0, 1), weft_defrag_user(x->dp, 0, 2),
		weft_defrag_user(x->dp, WEFT_LDP_MAX, 1),
		weft_defrag_user(x->dp, 0, WEFT_PORT_ID_MAX), 0, 0,
	};
	unsigned int i, j;

	KUNIT_EXPECT_EQ(test, users[0], weft_defrag_user(x->dp, 1, 7));
	x->dp->number = WEFT_DEFRAG_NUMBER_MAX;
	users[6] = weft_defrag_user(x->dp, 1, 1);
	users[7] = weft_defrag_user(x->dp, 0, 1);
	for (i = 0; i < ARRAY_SIZE(users); i++) {
		KUNIT_EXPECT_GT(test, users[i], IP_DEFRAG_MACVLAN);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, users[i], users[j]);
	}
}

static int fragment_init(struct kunit *test)
{
	struct fragment_context *x = kunit_kzalloc(test, sizeof(*x), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, x);
	x->test = test;
	test->priv = x;
	receiver = x;
	prandom_seed_state(&x->rnd, SEED);
	__skb_queue_head_init(&x->sent);
	x->dp = kunit_kzalloc(test, sizeof(*x->dp), GFP_KERNEL);
	x->port = kunit_kzalloc(test, sizeof(*x->port), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, x->dp);
	KUNIT_ASSERT_NOT_NULL(test, x->port);
	x->dp->net = &init_net;
	x->dp->number = 1;
	x->port->dp = x->dp;
	x->port->stats = alloc_percpu(struct weft_port_cpu_stats);
	KUNIT_ASSERT_NOT_NULL(test, x->port->stats);
	x->port->dev = alloc_netdev(0, "weft-test%d", NET_NAME_UNKNOWN, ether_setup);
	KUNIT_ASSERT_NOT_NULL(test, x->port->dev);
	return 0;
}

static void fragment_exit(struct kunit *test)
{
	struct fragment_context *x = test->priv;

	__skb_queue_purge(&x->sent);
	if (x->port->dev)
		free_netdev(x->port->dev);
	free_percpu(x->port->stats);
}

static struct kunit_case fragment_cases[] = {
	KUNIT_CASE(fragment_random),
	KUNIT_CASE(fragment_bad_options),
	KUNIT_CASE(fragment_identification),
	KUNIT_CASE(defrag_users),
	{}
};

static struct kunit_suite fragment_suite = {
	.name = "weft_fragment",
	.init = fragment_init,
	.exit = fragment_exit,
	.test_cases = fragment_cases,
};

kunit_test_suite(fragment_suite);
