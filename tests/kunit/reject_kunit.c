// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers to refused packets: which there are, what is in them, and that their key is the one
 * that was foretold.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>
#include "key.h"
#include "port.h"
#include "reject.h"

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define ACK	0x10

static const u8 mac_a[ETH_ALEN] = { 2, 0, 0, 0, 0, 0xa }, mac_b[ETH_ALEN] = { 2, 0, 0, 0, 0, 0xb };

struct refused {
	const char *name;
	bool ipv6;
	bool tagged;
	u8 proto;
	u8 flags;		/* of TCP; else type of ICMP */
	u16 frag;		/* as in the header of IPv4 */
	u32 payload;
	u32 padding;
	u32 src;		/* of IPv4, as it differs from 10.0.0.1 */
	bool broadcast;		/* to everybody, says the frame */
	enum weft_reject how;
	/* expected */
	enum weft_reject answer;	/* AUTO: none */
	u8 type;		/* 0: unreachable */
	u8 code;
	u32 seq;
	u32 ack;
	u32 quote;
};

#define MTU	1402
#define TCP	IPPROTO_TCP
#define UDP	IPPROTO_UDP
#define RSTS	.answer = WEFT_REJECT_TCP_RST
#define ERRS	.answer = WEFT_REJECT_PORT

static const struct refused refused[] = {
	{ "SYN", 0, 0, TCP, SYN, RSTS, .ack = 1001 },
	{ "SYN with data, padded", 0, 0, TCP, SYN, .payload = 5, .padding = 9, RSTS, .ack = 1006 },
	{ "SYN and FIN", 0, 0, TCP, SYN | FIN, RSTS, .ack = 1002 },
	{ "nothing", 1, 0, TCP, 0, .payload = 7, RSTS, .ack = 1007 },
	{ "ACK", 1, 0, TCP, ACK, .payload = 100, RSTS, .seq = 2000 },
	{ "SYN and ACK, behind a tag", 0, 1, TCP, SYN | ACK, RSTS, .seq = 2000 },
	{ "RST", 0, 0, TCP, RST },
	{ "RST and ACK", 1, 0, TCP, RST | ACK },
	{ "RST is answered by no error", 0, 0, TCP, RST, .how = WEFT_REJECT_ADMIN },
	{ "first fragment of TCP", 0, 0, TCP, SYN, .frag = 0x2000 },
	{ "TCP, prohibited", 0, 0, TCP, SYN, .how = WEFT_REJECT_ADMIN, ERRS, .code = 13,
	  .quote = 40 },
	{ "UDP is no TCP", 0, 0, UDP, .how = WEFT_REJECT_TCP_RST },
	{ "UDP", 0, 0, UDP, .payload = 4, .padding = 14, ERRS, .code = 3, .quote = 32 },
	{ "UDP, IPv6", 1, 1, UDP, .payload = 4, ERRS, .code = 4, .quote = 52 },
	{ "longer than an error", 0, 0, UDP, .payload = 1000, ERRS, .code = 3, .quote = 548 },
	{ "longer than an error, IPv6", 1, 0, UDP, .payload = 1400, ERRS, .code = 4,
	  .quote = 1232 },
	{ "no such host", 0, 0, UDP, .how = WEFT_REJECT_HOST, ERRS, .code = 1, .quote = 28 },
	{ "no such host, IPv6", 1, 0, UDP, .how = WEFT_REJECT_HOST, ERRS, .code = 3, .quote = 48 },
	{ "no such network", 0, 0, UDP, .how = WEFT_REJECT_NET, ERRS, .code = 0, .quote = 28 },
	{ "no such network, IPv6", 1, 0, UDP, .how = WEFT_REJECT_NET, ERRS, .code = 0,
	  .quote = 48 },
	{ "prohibited, IPv6", 1, 0, UDP, .how = WEFT_REJECT_ADMIN, ERRS, .code = 1, .quote = 48 },
	{ "TTL", 0, 0, UDP, .how = WEFT_REJECT_TTL, ERRS, .type = 11, .quote = 28 },
	{ "TTL, IPv6", 1, 0, UDP, .how = WEFT_REJECT_TTL, ERRS, .type = 3, .quote = 48 },
	{ "TTL of TCP", 0, 0, TCP, SYN, .how = WEFT_REJECT_TTL, ERRS, .type = 11, .quote = 40 },
	{ "TTL of an error", 0, 0, IPPROTO_ICMP, 11, .how = WEFT_REJECT_TTL },
	{ "TTL of an error, IPv6", 1, 0, IPPROTO_ICMPV6, 3, .how = WEFT_REJECT_TTL },
	{ "TTL of a later fragment", 0, 0, UDP, .frag = 0x2001, .how = WEFT_REJECT_TTL },
	{ "TTL, to everybody", 0, 0, UDP, .broadcast = true, .how = WEFT_REJECT_TTL },
	{ "too big", 0, 0, UDP, .payload = 1400, .how = WEFT_REJECT_TOO_BIG, ERRS, .code = 4,
	  .quote = 548 },
	{ "too big, IPv6", 1, 1, UDP, .payload = 1400, .how = WEFT_REJECT_TOO_BIG, ERRS, .type = 2,
	  .quote = 1232 },
	{ "an error that is too big", 1, 0, IPPROTO_ICMPV6, 2, .how = WEFT_REJECT_TOO_BIG },
	{ "first fragment", 0, 0, UDP, .frag = 0x2000, ERRS, .code = 3, .quote = 28 },
	{ "later fragment", 0, 0, UDP, .frag = 0x2001 },
	{ "echo", 0, 0, IPPROTO_ICMP, 8, ERRS, .code = 3, .quote = 28 },
	{ "an error", 0, 0, IPPROTO_ICMP, 3 },
	{ "a redirect", 0, 0, IPPROTO_ICMP, 5 },
	{ "echo, IPv6", 1, 0, IPPROTO_ICMPV6, 128, ERRS, .code = 4, .quote = 48 },
	{ "an error, IPv6", 1, 0, IPPROTO_ICMPV6, 2 },
	{ "a redirect, IPv6", 1, 0, IPPROTO_ICMPV6, 137 },
	{ "to everybody", 0, 0, UDP, .broadcast = true },
	{ "from a group", 0, 0, UDP, .src = 0xea000000 },
	{ "from nobody", 0, 0, UDP, .src = 0x0a000001 },
	{ "from everybody", 0, 0, UDP, .src = 0xf5fffffe },
	{ "from within", 0, 0, UDP, .src = 0x75000000 },
};

static void refused_name(const struct refused *r, char *desc)
{
	strscpy(desc, r->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refused, refused, refused_name);

static unsigned int l4_len(const struct refused *r)
{
	return r->proto == TCP ? sizeof(struct tcphdr) : 8;
}

static struct sk_buff *make_packet(const struct refused *r)
{
	struct sk_buff *skb = alloc_skb(2048, GFP_KERNEL);
	unsigned int len = l4_len(r) + r->payload;
	u8 *l4;

	if (!skb)
		return NULL;
	memcpy(skb_put(skb, ETH_ALEN), mac_b, ETH_ALEN);
	memcpy(skb_put(skb, ETH_ALEN), mac_a, ETH_ALEN);
	if (r->broadcast)
		eth_broadcast_addr(skb->data);
	if (r->tagged) {
		put_unaligned_be16(ETH_P_8021Q, skb_put(skb, 2));
		put_unaligned_be16(77, skb_put(skb, 2));
	}
	put_unaligned_be16(r->ipv6 ? ETH_P_IPV6 : ETH_P_IP, skb_put(skb, 2));
	if (r->ipv6) {
		struct ipv6hdr *ip6h = skb_put_zero(skb, sizeof(*ip6h));

		ip6h->version = 6;
		ip6h->payload_len = htons(len);
		ip6h->nexthdr = r->proto;
		ip6h->hop_limit = 3;
		ip6h->saddr.s6_addr[0] = 0xfd;
		ip6h->daddr.s6_addr[0] = 0xfc;
	} else {
		struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

		iph->version = 4;
		iph->ihl = 5;
		iph->tos = 4;
		iph->tot_len = htons(sizeof(*iph) + len);
		iph->frag_off = htons(r->frag);
		iph->ttl = 3;
		iph->protocol = r->proto;
		iph->saddr = htonl(r->src ^ 0x0a000001);
		iph->daddr = htonl(0x0a000002);
	}
	l4 = skb_put_zero(skb, len);
	if (r->proto == TCP) {
		struct tcphdr *th = (void *)l4;

		th->source = htons(40000);
		th->dest = htons(80);
		th->seq = htonl(1000);
		th->ack_seq = htonl(2000);
		th->doff = 5;
		tcp_flag_byte(th) = r->flags;
	} else if (r->proto == UDP) {
		put_unaligned_be16(40000, l4);
		put_unaligned_be16(53, l4 + 2);
		put_unaligned_be16(len, l4 + 4);
	} else {
		l4[0] = r->flags;
	}
	skb_put_zero(skb, r->padding);
	skb->protocol = htons(r->tagged ? ETH_P_8021Q : r->ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	return skb;
}

static __sum16 check_l4(const struct sk_buff *skb, bool ipv6, u8 proto)
{
	unsigned int len = skb->len - skb_transport_offset(skb);
	__wsum sum = csum_partial(skb_transport_header(skb), len, 0);

	if (ipv6)
		return csum_ipv6_magic(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr, len, proto,
				       sum);
	return proto == IPPROTO_ICMP ? csum_fold(sum) :
	       csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, len, proto, sum);
}

static void check_answer(struct kunit *test, const struct refused *r, struct sk_buff *skb,
			 struct sk_buff *answer)
{
	const u8 *l4 = skb_transport_header(answer);

	if (!r->ipv6)
		KUNIT_EXPECT_EQ(test, ip_fast_csum(ip_hdr(answer), 5), 0);
	if (r->answer == WEFT_REJECT_TCP_RST) {
		const struct tcphdr *th = (const void *)l4;

		KUNIT_EXPECT_EQ(test, check_l4(answer, r->ipv6, TCP), 0);
		KUNIT_EXPECT_EQ(test, ntohl(th->seq), r->seq);
		KUNIT_EXPECT_EQ(test, ntohl(th->ack_seq), r->ack);
		KUNIT_EXPECT_EQ(test, tcp_flag_byte(th), r->ack ? RST | ACK : RST);
		KUNIT_EXPECT_EQ(test, ntohs(th->source), 80);
		KUNIT_EXPECT_EQ(test, ntohs(th->dest), 40000);
		return;
	}
	KUNIT_EXPECT_EQ(test, check_l4(answer, r->ipv6, r->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP),
			0);
	KUNIT_EXPECT_EQ(test, l4[0], r->type ?: r->ipv6 ? 1 : 3);
	KUNIT_EXPECT_EQ(test, l4[1], r->code);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(l4 + 4),
			r->how == WEFT_REJECT_TOO_BIG ? MTU : 0);
	KUNIT_EXPECT_EQ(test, answer->len - skb_transport_offset(answer) - 8, r->quote);
	KUNIT_EXPECT_EQ(test, memcmp(l4 + 8, skb_network_header(skb), r->quote), 0);
}

static void reject_answers(struct kunit *test)
{
	const struct refused *r = test->param_value;
	struct weft_key *key = kunit_kzalloc(test, sizeof(*key), GFP_KERNEL);
	struct weft_key *same = kunit_kzalloc(test, sizeof(*same), GFP_KERNEL);
	struct sk_buff *skb = make_packet(r), *answer;
	enum weft_reject how;
	u16 layers;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, weft_key_extract(skb, key), WEFT_DROP_UNSPEC);
	layers = key->layers;
	how = weft_reject_how(key, r->how);
	KUNIT_EXPECT_EQ(test, weft_reject_allowed(key, how), r->answer != WEFT_REJECT_AUTO);
	if (r->answer == WEFT_REJECT_AUTO) {
		kfree_skb(skb);
		return;
	}
	KUNIT_EXPECT_EQ(test, how == WEFT_REJECT_TCP_RST, r->answer == WEFT_REJECT_TCP_RST);
	weft_reject_key(key, how);
	answer = weft_reject_make(skb, layers, how, MTU);
	KUNIT_ASSERT_NOT_NULL(test, answer);
	check_answer(test, r, skb, answer);
	KUNIT_EXPECT_EQ(test, answer->protocol, skb->protocol);
	KUNIT_EXPECT_EQ(test, weft_key_extract(answer, same), WEFT_DROP_UNSPEC);
	KUNIT_EXPECT_EQ(test, memcmp(key, same, sizeof(*key)), 0);
	/* nobody answers what is an answer itself */
	KUNIT_EXPECT_FALSE(test, weft_reject_allowed(key, weft_reject_how(key, WEFT_REJECT_AUTO)));
	kfree_skb(answer);
	kfree_skb(skb);
}

/* A burst, and then one a millisecond */
static void reject_limited(struct kunit *test)
{
	struct weft_port *port = kunit_kzalloc(test, sizeof(*port), GFP_KERNEL);
	u64 began = ktime_get_ns(), passed;
	unsigned int n, admitted = 0;

	for (n = 0; n < 1000; n++)
		admitted += weft_reject_admit(port);
	passed = div_u64(ktime_get_ns() - began, NSEC_PER_MSEC);
	KUNIT_EXPECT_GE(test, admitted, 100);
	KUNIT_EXPECT_LE(test, admitted, 101 + passed);
}

static struct kunit_case reject_cases[] = {
	KUNIT_CASE_PARAM(reject_answers, refused_gen_params),
	KUNIT_CASE(reject_limited),
	{ }
};

static struct kunit_suite reject_suite = {
	.name = "weft_reject",
	.test_cases = reject_cases,
};

kunit_test_suite(reject_suite);
