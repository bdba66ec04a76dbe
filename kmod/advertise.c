// SPDX-License-Identifier: GPL-2.0-only
/*
 * Neighbour advertisements that answer solicitations.
 *
 * A solicitation cannot become its answer by writes alone: the flags are in no field, and one
 * without an option for the link-layer address, as it comes when an address is probed, would have
 * to grow. So the answer is a new packet. The walk goes on with the key that it will have;
 * execution makes it, and both have to agree.
 *
 * One packet makes one that is hardly longer, to the port or host that it came from: nothing to
 * be limited.
 */
#include <linux/etherdevice.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/weft.h>
#include <net/addrconf.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include "advertise.h"
#include "answer.h"
#include "key.h"

#define WEFT_ADVERTISE_TTL	255	/* it has passed no router */

/* What is behind the IPv6 header */
struct weft_advertisement {
	struct icmp6hdr icmph;
	struct in6_addr target;
	struct nd_opt_hdr opt;
	u8 mac[ETH_ALEN];
} __packed;

bool weft_advertise_allowed(const struct weft_key *key)
{
	if (key->ip_ttl != WEFT_ADVERTISE_TTL || is_multicast_ether_addr(key->eth_src) ||
	    ipv6_addr_is_multicast(&key->nd_target))
		return false;
	/* somebody looks whether the address is free */
	if (ipv6_addr_any(&key->ip_src))
		return ipv6_addr_is_solict_mult(&key->ip_dst) && !(key->layers & WEFT_L_ND_SLL);
	return !ipv6_addr_is_multicast(&key->ip_src) && !ipv6_addr_loopback(&key->ip_src);
}

/* Who has no address yet hears it as all nodes do */
static void weft_advertise_to(const struct in6_addr *asker, struct in6_addr *to, u8 *mac)
{
	*to = *asker;
	if (!ipv6_addr_any(asker))
		return;
	*to = in6addr_linklocal_allnodes;
	ipv6_eth_mc_map(to, mac);
}

void weft_advertise_key(struct weft_key *key, const struct weft_act_advertise *says)
{
	ether_addr_copy(key->eth_dst, key->eth_src);
	ether_addr_copy(key->eth_src, says->mac);
	weft_advertise_to(&key->ip_src, &key->ip_dst, key->eth_dst);
	key->ip_src = key->nd_target;
	key->ip_tos = 0;
	key->ip_ttl = WEFT_ADVERTISE_TTL;
	key->ipv6_exthdr = 0;
	key->ipv6_label = 0;
	key->l4_src = htons(NDISC_NEIGHBOUR_ADVERTISEMENT);
	memset(key->arp_sha, 0, sizeof(key->arp_sha));
	ether_addr_copy(key->arp_tha, says->mac);
	key->layers &= ~(WEFT_L_ND_NS | WEFT_L_ND_SLL);
	key->layers |= WEFT_L_ND_NA | WEFT_L_ND_TLL;
}

struct sk_buff *weft_advertise_make(const struct sk_buff *skb,
				    const struct weft_act_advertise *says)
{
	struct sk_buff *answer = weft_answer_frame(skb, true, IPPROTO_ICMPV6,
						   sizeof(struct weft_advertisement));
	const void *was = skb_transport_header(skb);
	struct weft_advertisement *adv;
	struct in6_addr asker, to;
	struct ipv6hdr *ip6h;
	struct ethhdr *eth;

	if (!answer)
		return NULL;
	eth = eth_hdr(answer);
	ip6h = ipv6_hdr(answer);
	adv = (void *)skb_transport_header(answer);
	memcpy(&asker, &ip6h->daddr, sizeof(asker));
	weft_advertise_to(&asker, &to, eth->h_dest);
	ether_addr_copy(eth->h_source, says->mac);
	memcpy(&adv->target, was + offsetof(struct nd_msg, target), sizeof(adv->target));
	memcpy(&ip6h->saddr, &adv->target, sizeof(ip6h->saddr));
	memcpy(&ip6h->daddr, &to, sizeof(ip6h->daddr));
	ip6h->hop_limit = WEFT_ADVERTISE_TTL;
	adv->icmph.icmp6_type = NDISC_NEIGHBOUR_ADVERTISEMENT;
	adv->icmph.icmp6_router = !!(says->flags & WEFT_ADVERTISE_ROUTER);
	adv->icmph.icmp6_solicited = !ipv6_addr_any(&asker);
	adv->icmph.icmp6_override = 1;
	adv->opt.nd_opt_type = ND_OPT_TARGET_LL_ADDR;
	adv->opt.nd_opt_len = (sizeof(adv->opt) + ETH_ALEN) / 8;
	ether_addr_copy(adv->mac, says->mac);
	adv->icmph.icmp6_cksum = weft_answer_check(answer, true, IPPROTO_ICMPV6);
	return answer;
}
