// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way out: a frame becomes one large TCP segment, which the device below, or the
 * kernel in its place, cuts for the route as it would cut any.
 *
 * Segmentation metadata is part of what clones of an skb share, so a frame's is not
 * touched before the skb has its own, or shares it with nobody but the TCP that made it: that
 * has given the headers away, and says anew how to cut whenever it sends. What the frame's
 * offloads were goes into the STT header; the checksum that the frame still misses is made by
 * the receiver, if anybody.
 *
 * A route is held from the look-up until the packet has it. The metadata, which the packet
 * loses on the way, are freed by RCU, under which the core calls us.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/udp.h>
#include "compat.h"
#include "stt.h"

/* Where it goes; holds dst */
struct stt_route {
	struct dst_entry *dst;
	bool ipv6;
	__be16 sport;
	union {
		struct flowi4 fl4;
		struct flowi6 fl6;
	};
};

/* Route */

static int stt_route4(struct stt_device *stt, struct sk_buff *skb,
		      struct ip_tunnel_info *info, struct stt_route *route)
{
	bool cached = ip_tunnel_dst_cache_usable(skb, info);
	const struct ip_tunnel_key *key = &info->key;
	struct flowi4 *fl4 = &route->fl4;
	struct rtable *rt = NULL;

	memset(fl4, 0, sizeof(*fl4));
	fl4->flowi4_mark = skb->mark;
	fl4->flowi4_proto = IPPROTO_TCP;
	fl4->flowi4_tos = RT_TOS(key->tos);
	fl4->flowi4_flags = key->flow_flags;
	fl4->daddr = key->u.ipv4.dst;
	fl4->saddr = key->u.ipv4.src;
	fl4->fl4_dport = stt->port;
	fl4->fl4_sport = route->sport;
	if (cached)
		rt = dst_cache_get_ip4(&info->dst_cache, &fl4->saddr);
	if (!rt) {
		rt = ip_route_output_key(stt->net, fl4);
		if (IS_ERR(rt))
			return -ENETUNREACH;
		if (cached && rt->dst.dev != stt->dev)
			dst_cache_set_ip4(&info->dst_cache, &rt->dst, fl4->saddr);
	}
	route->dst = &rt->dst;
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
static int stt_route6(struct stt_device *stt, struct sk_buff *skb,
		      struct ip_tunnel_info *info, struct stt_route *route)
{
	bool cached = ip_tunnel_dst_cache_usable(skb, info);
	const struct ip_tunnel_key *key = &info->key;
	struct flowi6 *fl6 = &route->fl6;
	struct dst_entry *dst = NULL;

	if (!ipv6_mod_enabled())
		return -ENETUNREACH;
	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_mark = skb->mark;
	fl6->flowi6_proto = IPPROTO_TCP;
	fl6->flowlabel = ip6_make_flowinfo(key->tos, key->label);
	fl6->daddr = key->u.ipv6.dst;
	fl6->saddr = key->u.ipv6.src;
	fl6->fl6_dport = stt->port;
	fl6->fl6_sport = route->sport;
	if (cached)
		dst = dst_cache_get_ip6(&info->dst_cache, &fl6->saddr);
	if (!dst) {
		dst = ipv6_stub->ipv6_dst_lookup_flow(stt->net, NULL, fl6, NULL);
		if (IS_ERR(dst))
			return -ENETUNREACH;
		if (cached && dst->dev != stt->dev)
			dst_cache_set_ip6(&info->dst_cache, dst, &fl6->saddr);
	}
	route->dst = dst;
	return 0;
}
#else
static int stt_route6(struct stt_device *stt, struct sk_buff *skb,
		      struct ip_tunnel_info *info, struct stt_route *route)
{
	return -ENETUNREACH;
}
#endif

static int stt_route_find(struct stt_device *stt, struct sk_buff *skb,
			  struct ip_tunnel_info *info, struct stt_route *route)
{
	int err;

	route->ipv6 = ip_tunnel_info_af(info) == AF_INET6;
	route->sport = udp_flow_src_port(stt->net, skb, 0, 0, false);
	err = route->ipv6 ? stt_route6(stt, skb, info, route) :
			    stt_route4(stt, skb, info, route);
	if (err)
		return err;
	if (unlikely(route->dst->dev == stt->dev)) {
		dst_release(route->dst);
		return -ELOOP;
	}
	return 0;
}

/* Frame */

/* Can STT's header say which checksum is missing? */
static bool stt_send_can_say(const struct sk_buff *skb)
{
	return skb_checksum_start_offset(skb) <= U8_MAX &&
	       (skb->csum_offset == offsetof(struct tcphdr, check) ||
		skb->csum_offset == offsetof(struct udphdr, check));
}

netdev_features_t stt_send_features(struct sk_buff *skb, struct net_device *dev,
				    netdev_features_t features)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL ? !stt_send_can_say(skb) : skb_is_gso(skb))
		features &= ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK);
	return features;
}

static int stt_send_meta(struct sk_buff *skb, const struct ip_tunnel_info *info,
			 struct stt_meta *meta)
{
	memset(meta, 0, sizeof(*meta));
	meta->context = be64_to_cpu(info->key.tun_id);
	if (skb_vlan_tag_present(skb))
		meta->vlan = STT_VLAN_PRESENT | (skb_vlan_tag_get(skb) & STT_VLAN_TCI);
	if (vlan_get_protocol(skb) == htons(ETH_P_IP))
		meta->flags |= STT_F_IPV4;
	if (skb->ip_summed == CHECKSUM_PARTIAL && !stt_send_can_say(skb)) {
		if (skb_is_gso(skb) || skb_checksum_help(skb))
			return -EINVAL;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		meta->flags |= STT_F_PARTIAL;
		if (skb->csum_offset == offsetof(struct tcphdr, check))
			meta->flags |= STT_F_TCP;
		meta->l4_offset = skb_checksum_start_offset(skb);
		if (skb_is_gso(skb))
			meta->mss = skb_shinfo(skb)->gso_size;
	} else if (skb->ip_summed == CHECKSUM_UNNECESSARY) {
		meta->flags |= STT_F_VERIFIED;
	}
	return 0;
}

static void stt_send_header(struct stt_device *stt, struct sk_buff *skb,
			    const struct stt_meta *meta, const struct stt_route *route,
			    unsigned int mss)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	unsigned int len, hlen = sizeof(struct tcphdr);
	struct stt_counts *counts;
	struct tcphdr *th;

	stt_header_write(__skb_push(skb, STT_HLEN), meta);
	len = skb->len;
	th = __skb_push(skb, hlen);
	skb_reset_transport_header(skb);
	memset(th, 0, sizeof(*th));
	th->source = route->sport;
	th->dest = stt->port;
	th->seq = htonl(len << 16);
	counts = get_cpu_ptr(stt->counts);
	th->ack_seq = htonl(counts->next_id);
	counts->next_id += nr_cpu_ids;
	put_cpu_ptr(stt->counts);
	th->doff = sizeof(*th) / 4;
	/* receive offload joins segments with ACK, up to one with PSH: the frame's last */
	th->ack = 1;
	th->psh = 1;
	th->window = htons(U16_MAX);
	th->check = route->ipv6 ?
		~csum_ipv6_magic(&route->fl6.saddr, &route->fl6.daddr, skb->len, IPPROTO_TCP, 0) :
		~csum_tcpudp_magic(route->fl4.saddr, route->fl4.daddr, skb->len, IPPROTO_TCP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
	skb->encapsulation = 0;

	if (len > mss) {
		shinfo->gso_size = mss;
		shinfo->gso_segs = DIV_ROUND_UP(len, mss);
		shinfo->gso_type = route->ipv6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	} else {
		shinfo->gso_size = 0;
		shinfo->gso_segs = 0;
		shinfo->gso_type = 0;
	}
}

/* Out. Each consumes @skb and gives route->dst to it. */

static int stt_send4(struct stt_device *stt, struct sk_buff *skb,
		     const struct ip_tunnel_key *key, struct stt_route *route, u8 tos)
{
	struct iphdr *iph;

	skb_dst_set(skb, route->dst);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	iph = __skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = tos;
	iph->ttl = key->ttl ?: ip4_dst_hoplimit(route->dst);
	iph->protocol = IPPROTO_TCP;
	iph->frag_off = weft_tun_test(key, DONT_FRAGMENT) ? htons(IP_DF) : 0;
	iph->saddr = route->fl4.saddr;
	iph->daddr = route->fl4.daddr;
	__ip_select_ident(stt->net, iph, skb_shinfo(skb)->gso_segs ?: 1);
	skb->protocol = htons(ETH_P_IP);
	return ip_local_out(stt->net, NULL, skb);
}

#if IS_ENABLED(CONFIG_IPV6)
static int stt_send6(struct stt_device *stt, struct sk_buff *skb,
		     const struct ip_tunnel_key *key, struct stt_route *route, u8 tos)
{
	struct ipv6hdr *ip6h;

	skb_dst_set(skb, route->dst);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	ip6h = __skb_push(skb, sizeof(*ip6h));
	skb_reset_network_header(skb);
	ip6_flow_hdr(ip6h, tos, key->label);
	ip6h->hop_limit = key->ttl ?: ip6_dst_hoplimit(route->dst);
	ip6h->nexthdr = IPPROTO_TCP;
	ip6h->saddr = route->fl6.saddr;
	ip6h->daddr = route->fl6.daddr;
	skb->protocol = htons(ETH_P_IPV6);
	return ip6_local_out(stt->net, NULL, skb);
}
#else
static int stt_send6(struct stt_device *stt, struct sk_buff *skb,
		     const struct ip_tunnel_key *key, struct stt_route *route, u8 tos)
{
	return -ENETUNREACH;	/* there was no route */
}
#endif

/* Returns why not; the caller then drops @skb */
static int stt_send_frame(struct stt_device *stt, struct sk_buff *skb,
			  struct ip_tunnel_info *info)
{
	const struct ip_tunnel_key *key = &info->key;
	unsigned int hlen, mtu, len = skb->len;
	struct stt_route route;
	struct stt_meta meta;
	int err;
	u8 tos;

	if (unlikely(len > STT_INNER_MAX))
		return -EMSGSIZE;
	if (unlikely(skb_vlan_inet_prepare(skb, false)))
		return -EINVAL;
	err = stt_route_find(stt, skb, info, &route);
	if (unlikely(err))
		return err;
	hlen = sizeof(struct tcphdr) +
	       (route.ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	mtu = min_t(unsigned int, dst_mtu(route.dst), IP_MAX_MTU);
	err = -EMSGSIZE;
	if (unlikely(mtu <= hlen ||
		     DIV_ROUND_UP(len + STT_HLEN, mtu - hlen) > STT_SEGMENTS_MAX))
		goto release;
	err = stt_send_meta(skb, info, &meta);
	if (unlikely(err))
		goto release;
	tos = ip_tunnel_ecn_encap(key->tos, ip_hdr(skb), skb);
	err = skb_cow_head(skb, LL_RESERVED_SPACE(route.dst->dev) + route.dst->header_len + hlen +
				STT_HLEN);
	if (unlikely(err))
		goto release;
	__vlan_hwaccel_clear_tag(skb);
	skb_scrub_packet(skb, !net_eq(stt->net, dev_net(stt->dev)));
	stt_send_header(stt, skb, &meta, &route, mtu - hlen);
	skb_set_nfct(skb, IP_CT_UNTRACKED);

	err = route.ipv6 ? stt_send6(stt, skb, key, &route, tos) :
			   stt_send4(stt, skb, key, &route, tos);
	if (likely(!net_xmit_eval(err)))
		dev_sw_netstats_tx_add(stt->dev, 1, len);
	else
		DEV_STATS_INC(stt->dev, tx_errors);
	return 0;

release:
	dst_release(route.dst);
	return err;
}

netdev_tx_t stt_send(struct sk_buff *skb, struct net_device *dev)
{
	struct ip_tunnel_info *info = skb_tunnel_info(skb);
	struct stt_device *stt = netdev_priv(dev);
	enum stt_count why = STT_C_TX_NO_METADATA;

	if (unlikely(!info || !(info->mode & IP_TUNNEL_INFO_TX)))
		goto drop;
	/* the bit for "present" has its place: a tag that uses it goes into the frame */
	if (unlikely(skb_vlan_tag_present(skb) && skb_vlan_tag_get(skb) & VLAN_CFI_MASK)) {
		skb = __vlan_hwaccel_push_inside(skb);
		if (!skb) {
			stt_count(stt, STT_C_TX_NO_MEMORY);
			DEV_STATS_INC(dev, tx_dropped);
			return NETDEV_TX_OK;
		}
		info = skb_tunnel_info(skb);
	}
	switch (stt_send_frame(stt, skb, info)) {
	case 0:
		return NETDEV_TX_OK;
	case -ENETUNREACH:
		why = STT_C_TX_NO_ROUTE;
		DEV_STATS_INC(dev, tx_carrier_errors);
		break;
	case -ELOOP:
		why = STT_C_TX_LOOP;
		DEV_STATS_INC(dev, collisions);
		break;
	case -EMSGSIZE:
		why = STT_C_TX_TOO_LONG;
		break;
	default:
		why = STT_C_TX_NO_MEMORY;
	}
drop:
	stt_count(stt, why);
	DEV_STATS_INC(dev, tx_dropped);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

int stt_send_fill_metadata(struct net_device *dev, struct sk_buff *skb)
{
	struct ip_tunnel_info *info = skb_tunnel_info(skb);
	struct stt_device *stt = netdev_priv(dev);
	struct stt_route route;
	int err;

	err = stt_route_find(stt, skb, info, &route);
	if (err)
		return err;
	dst_release(route.dst);
	if (route.ipv6)
		info->key.u.ipv6.src = route.fl6.saddr;
	else
		info->key.u.ipv4.src = route.fl4.saddr;
	info->key.tp_src = route.sport;
	info->key.tp_dst = stt->port;
	return 0;
}

void stt_send_init(struct stt_device *stt)
{
	u32 first = get_random_u32();
	int cpu;

	for_each_possible_cpu(cpu)
		per_cpu_ptr(stt->counts, cpu)->next_id = first + cpu;
}

/* MTU */

static unsigned int stt_send_route_mtu(struct stt_device *stt, const struct in6_addr *addr)
{
	unsigned int hlen = STT_ETH_HLEN + STT_HLEN + STT_TCP_HLEN, mtu;
	struct dst_entry *dst;

	if (ipv6_addr_v4mapped(addr)) {
		struct flowi4 fl4 = {
			.flowi4_proto = IPPROTO_TCP,
			.daddr = addr->s6_addr32[3],
			.fl4_dport = stt->port,
		};
		struct rtable *rt = ip_route_output_key(stt->net, &fl4);

		if (IS_ERR(rt))
			return 0;
		dst = &rt->dst;
		hlen += sizeof(struct iphdr);
	} else {
		struct flowi6 fl6 = {
			.flowi6_proto = IPPROTO_TCP,
			.daddr = *addr,
			.fl6_dport = stt->port,
		};

		if (!ipv6_mod_enabled())
			return 0;
		dst = ipv6_stub->ipv6_dst_lookup_flow(stt->net, NULL, &fl6, NULL);
		if (IS_ERR(dst))
			return 0;
		hlen += sizeof(struct ipv6hdr);
	}
	mtu = dst->dev == stt->dev ? 0 : dst_mtu(dst);
	dst_release(dst);
	return mtu > hlen ? mtu - hlen : 0;
}

unsigned int stt_send_mtu(struct stt_device *stt)
{
	const struct stt_remotes *remotes = rtnl_dereference(stt->remotes);
	unsigned int least = 0, i;

	for (i = 0; remotes && i < remotes->n; i++) {
		unsigned int mtu = stt_send_route_mtu(stt, &remotes->addrs[i]);

		if (mtu && (!least || mtu < least))
			least = mtu;
		cond_resched();
	}
	return least;
}
