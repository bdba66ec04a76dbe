// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that answer others: link layer and IP header as short as can be, so that the key of
 * the answer is known before there is one.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include "answer.h"

struct sk_buff *weft_answer_frame(const struct sk_buff *skb, bool ipv6, u8 proto,
				  unsigned int len)
{
	unsigned int l2 = skb_network_offset(skb);
	unsigned int l3 = ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct sk_buff *answer = alloc_skb(LL_MAX_HEADER + l2 + l3 + len,
					   GFP_ATOMIC | __GFP_NOWARN);
	const void *was = skb_network_header(skb);
	struct ethhdr *eth;

	if (!answer)
		return NULL;
	skb_reserve(answer, LL_MAX_HEADER);
	skb_put_zero(answer, l2 + l3 + len);
	skb_reset_mac_header(answer);
	skb_set_network_header(answer, l2);
	skb_set_transport_header(answer, l2 + l3);
	answer->mac_len = skb->mac_len;
	answer->protocol = skb->protocol;
	answer->dev = skb->dev;
	__vlan_hwaccel_copy_tag(answer, skb);
	memcpy(answer->data, skb->data, l2);
	eth = eth_hdr(answer);
	ether_addr_copy(eth->h_dest, ((const struct ethhdr *)skb->data)->h_source);
	ether_addr_copy(eth->h_source, ((const struct ethhdr *)skb->data)->h_dest);
	if (ipv6) {
		struct ipv6hdr *ip6h = ipv6_hdr(answer);

		ip6h->version = 6;
		ip6h->payload_len = htons(len);
		ip6h->nexthdr = proto;
		ip6h->hop_limit = WEFT_ANSWER_TTL;
		memcpy(&ip6h->saddr, was + offsetof(struct ipv6hdr, daddr), sizeof(ip6h->saddr));
		memcpy(&ip6h->daddr, was + offsetof(struct ipv6hdr, saddr), sizeof(ip6h->daddr));
	} else {
		struct iphdr *iph = ip_hdr(answer);

		iph->version = 4;
		iph->ihl = sizeof(*iph) / 4;
		iph->tot_len = htons(l3 + len);
		iph->ttl = WEFT_ANSWER_TTL;
		iph->protocol = proto;
		memcpy(&iph->saddr, was + offsetof(struct iphdr, daddr), sizeof(iph->saddr));
		memcpy(&iph->daddr, was + offsetof(struct iphdr, saddr), sizeof(iph->daddr));
		ip_send_check(iph);
	}
	return answer;
}

__sum16 weft_answer_check(const struct sk_buff *answer, bool ipv6, u8 proto)
{
	unsigned int len = answer->len - skb_transport_offset(answer);
	__wsum sum = csum_partial(skb_transport_header(answer), len, 0);

	if (ipv6)
		return csum_ipv6_magic(&ipv6_hdr(answer)->saddr, &ipv6_hdr(answer)->daddr, len,
				       proto, sum);
	return csum_tcpudp_magic(ip_hdr(answer)->saddr, ip_hdr(answer)->daddr, len, proto, sum);
}
