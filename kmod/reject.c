// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers to packets that are refused.
 *
 * The walk asks whether there may be an answer (RFC 1122, 3.2.2; RFC 4443, 2.4e) and goes on with
 * the key that it will have; execution makes it. Both have to agree: the answer is a packet
 * of ours, whose headers are as short as can be, so that its key is known beforehand.
 *
 * Answers cost the network what the refused packets did, and tell who scans it. So they are
 * limited for each port of entry, by the time at which the next one would be due if
 * they came evenly: it may be ahead of the clock by a burst.
 */
#include <linux/etherdevice.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/tcp.h>
#include "answer.h"
#include "key.h"
#include "port.h"
#include "reject.h"
#include "window.h"

#define WEFT_ANSWERS_INTERVAL	NSEC_PER_MSEC	/* of a port: 1000 a second */
#define WEFT_ANSWERS_BURST	100

/* Largest errors, with their IP header (RFC 1812, 4.3.2.3; RFC 4443, 2.4c) */
#define WEFT_ERROR4_MAX		576
#define WEFT_ERROR6_MAX		IPV6_MIN_MTU

bool weft_reject_admit(struct weft_port *port)
{
	s64 now = ktime_get_ns(), due = atomic64_read(&port->answer_due), next;

	do {
		next = max(due, now) + WEFT_ANSWERS_INTERVAL;
		if (next - now > WEFT_ANSWERS_BURST * WEFT_ANSWERS_INTERVAL)
			return false;
	} while (!atomic64_try_cmpxchg(&port->answer_due, &due, next));
	return true;
}

enum weft_reject weft_reject_how(const struct weft_key *key, enum weft_reject how)
{
	if (how != WEFT_REJECT_AUTO)
		return how;
	return key->layers & WEFT_L_TCP ? WEFT_REJECT_TCP_RST : WEFT_REJECT_PORT;
}

/* One host to one host */
static bool weft_reject_unicast(const struct weft_key *key)
{
	if (is_multicast_ether_addr(key->eth_dst) || is_multicast_ether_addr(key->eth_src))
		return false;
	if (key->layers & WEFT_L_IPV4) {
		__be32 src = weft_key_ip4_src(key), dst = weft_key_ip4_dst(key);

		return !ipv4_is_multicast(src) && !ipv4_is_lbcast(src) && !ipv4_is_zeronet(src) &&
		       !ipv4_is_loopback(src) && !ipv4_is_multicast(dst) && !ipv4_is_lbcast(dst) &&
		       !ipv4_is_zeronet(dst);
	}
	return !ipv6_addr_any(&key->ip_src) && !ipv6_addr_loopback(&key->ip_src) &&
	       !ipv6_addr_is_multicast(&key->ip_src) && !ipv6_addr_any(&key->ip_dst) &&
	       !ipv6_addr_is_multicast(&key->ip_dst);
}

static bool weft_reject_is_error(const struct weft_key *key)
{
	u16 type = ntohs(key->l4_src);

	if (key->layers & WEFT_L_ICMP)
		return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
		       type == ICMP_REDIRECT || type == ICMP_TIME_EXCEEDED ||
		       type == ICMP_PARAMETERPROB;
	return key->layers & WEFT_L_ICMP6 &&
	       (type < ICMPV6_ECHO_REQUEST || type == NDISC_REDIRECT);
}

bool weft_reject_allowed(const struct weft_key *key, enum weft_reject how)
{
	if (!(key->layers & WEFT_L_IP) || key->ip_frag & WEFT_FRAG_LATER ||
	    !weft_reject_unicast(key) || weft_reject_is_error(key))
		return false;
	if (key->layers & WEFT_L_TCP && key->tcp_flags & htons(WEFT_TCP_RST))
		return false;
	/* of a fragment it is not known how much data it has to acknowledge */
	return how != WEFT_REJECT_TCP_RST || (key->layers & WEFT_L_TCP && !key->ip_frag);
}

static u8 weft_reject_type(bool ipv6, enum weft_reject how)
{
	switch (how) {
	case WEFT_REJECT_TTL:
		return ipv6 ? ICMPV6_TIME_EXCEED : ICMP_TIME_EXCEEDED;
	case WEFT_REJECT_TOO_BIG:
		return ipv6 ? ICMPV6_PKT_TOOBIG : ICMP_DEST_UNREACH;
	default:
		return ipv6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
	}
}

static u8 weft_reject_code(bool ipv6, enum weft_reject how)
{
	switch (how) {
	case WEFT_REJECT_HOST:
		return ipv6 ? ICMPV6_ADDR_UNREACH : ICMP_HOST_UNREACH;
	case WEFT_REJECT_NET:
		return ipv6 ? ICMPV6_NOROUTE : ICMP_NET_UNREACH;
	case WEFT_REJECT_ADMIN:
		return ipv6 ? ICMPV6_ADM_PROHIBITED : ICMP_PKT_FILTERED;
	case WEFT_REJECT_TTL:
		return ipv6 ? ICMPV6_EXC_HOPLIMIT : ICMP_EXC_TTL;
	case WEFT_REJECT_TOO_BIG:
		return ipv6 ? 0 : ICMP_FRAG_NEEDED;
	default:
		return ipv6 ? ICMPV6_PORT_UNREACH : ICMP_PORT_UNREACH;
	}
}

void weft_reject_key(struct weft_key *key, enum weft_reject how)
{
	bool ipv6 = key->layers & WEFT_L_IPV6, ack = key->tcp_flags & htons(WEFT_TCP_ACK);
	u16 layers = key->layers & (WEFT_L_VLAN | WEFT_L_VLAN2 | WEFT_L_IP);
	u8 mac[ETH_ALEN];

	ether_addr_copy(mac, key->eth_dst);
	ether_addr_copy(key->eth_dst, key->eth_src);
	ether_addr_copy(key->eth_src, mac);
	swap(key->ip_src, key->ip_dst);
	key->ip_frag = 0;
	key->ip_tos = 0;
	key->ip_ttl = WEFT_ANSWER_TTL;
	key->ipv6_exthdr = 0;
	key->ipv6_label = 0;
	memset((void *)key + offsetof(struct weft_key, arp_sha), 0,
	       sizeof(*key) - offsetof(struct weft_key, arp_sha));
	if (how == WEFT_REJECT_TCP_RST) {
		swap(key->l4_src, key->l4_dst);
		key->tcp_flags = htons(ack ? WEFT_TCP_RST : WEFT_TCP_RST | WEFT_TCP_ACK);
		key->layers = layers | WEFT_L_TCP;
		return;
	}
	key->ip_proto = ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	key->l4_src = htons(weft_reject_type(ipv6, how));
	key->l4_dst = htons(weft_reject_code(ipv6, how));
	key->tcp_flags = 0;
	key->layers = layers | (ipv6 ? WEFT_L_ICMP6 : WEFT_L_ICMP);
}

static struct sk_buff *weft_reject_rst(const struct sk_buff *skb, u16 layers)
{
	bool ipv6 = layers & WEFT_L_IPV6;
	struct sk_buff *answer = weft_answer_frame(skb, ipv6, IPPROTO_TCP, sizeof(struct tcphdr));
	const u8 *was = skb_transport_header(skb);
	struct weft_segment seg;
	struct tcphdr *th;

	if (!answer)
		return NULL;
	weft_segment_parse(skb, layers, &seg);
	th = tcp_hdr(answer);
	memcpy(&th->source, was + offsetof(struct tcphdr, dest), sizeof(th->source));
	memcpy(&th->dest, was + offsetof(struct tcphdr, source), sizeof(th->dest));
	th->doff = sizeof(*th) / 4;
	th->rst = 1;
	if (seg.flags & WEFT_TCP_ACK) {
		th->seq = htonl(seg.ack);
	} else {
		th->ack = 1;
		th->ack_seq = htonl(seg.seq + seg.len);
	}
	th->check = weft_answer_check(answer, ipv6, IPPROTO_TCP);
	return answer;
}

/* How many bytes of the IP packet are quoted */
static unsigned int weft_reject_quote(const struct sk_buff *skb, bool ipv6)
{
	unsigned int len = skb->len - skb_network_offset(skb), said;
	unsigned int room = ipv6 ? WEFT_ERROR6_MAX - sizeof(struct ipv6hdr) :
				   WEFT_ERROR4_MAX - sizeof(struct iphdr);

	if (ipv6) {
		said = ntohs(ipv6_hdr(skb)->payload_len);
		if (said)
			said += sizeof(struct ipv6hdr);
	} else {
		said = ntohs(ip_hdr(skb)->tot_len);
	}
	if (said)
		len = min(len, said);	/* not what pads the frame */
	return min_t(unsigned int, len, room - sizeof(struct icmphdr));
}

static struct sk_buff *weft_reject_error(struct sk_buff *skb, u16 layers, enum weft_reject how,
					 u16 mtu)
{
	bool ipv6 = layers & WEFT_L_IPV6;
	u8 proto = ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	unsigned int quote = weft_reject_quote(skb, ipv6), len = sizeof(struct icmphdr) + quote;
	struct sk_buff *answer;
	struct icmphdr *icmph;

	/* so that it is quoted as it would have been sent */
	if (skb->ip_summed == CHECKSUM_PARTIAL && !skb_is_gso(skb) && skb_checksum_help(skb))
		return NULL;
	answer = weft_answer_frame(skb, ipv6, proto, len);
	if (!answer)
		return NULL;
	icmph = icmp_hdr(answer);
	icmph->type = weft_reject_type(ipv6, how);
	icmph->code = weft_reject_code(ipv6, how);
	if (how == WEFT_REJECT_TOO_BIG)	/* 32 bits of ICMPv6, the last 16 of them of ICMP */
		icmph->un.gateway = htonl(mtu);
	if (skb_copy_bits(skb, skb_network_offset(skb), icmph + 1, quote)) {
		kfree_skb(answer);
		return NULL;
	}
	icmph->checksum = ipv6 ? weft_answer_check(answer, true, proto) :
				 ip_compute_csum(icmph, len);
	return answer;
}

struct sk_buff *weft_reject_make(struct sk_buff *skb, u16 layers, enum weft_reject how, u16 mtu)
{
	return how == WEFT_REJECT_TCP_RST ? weft_reject_rst(skb, layers) :
					    weft_reject_error(skb, layers, how, mtu);
}
