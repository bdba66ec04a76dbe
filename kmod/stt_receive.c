// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way in: from a segment that is for this host to a frame from the device.
 *
 * Anybody on the underlay may send to the port, so the order is: is the device up, is the
 * sender a remote, is the header one of STT, is the checksum right? Only then is anything kept.
 *
 * Often nothing has to be: receive offload, or a virtual wire, hands over all of a frame
 * at once. Other segments meet in a shard that is chosen by a hash of what makes them
 * one frame. So they find each other whatever CPU they come to, and shards are
 * little contended.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/dst_metadata.h>
#include <net/inet_ecn.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>
#include "compat.h"
#include "stt.h"

#define STT_EXPIRE_BUDGET	16	/* frames given up under the lock at a time */
#define STT_SHARDS_MAX		64

static void stt_receive_drop(struct stt_device *stt, struct sk_buff *skb, enum stt_count why)
{
	stt_count(stt, why);
	if (why == STT_C_NO_MEMORY)
		DEV_STATS_INC(stt->dev, rx_dropped);
	else
		DEV_STATS_INC(stt->dev, rx_errors);
	kfree_skb(skb);
}

/* Frames */

/* Congestion that the outer packet has met goes on in the inner one */
static bool stt_receive_ecn(struct sk_buff *skb, u8 outer)
{
	u8 inner;

	switch (skb->protocol) {
	case htons(ETH_P_IP):
		if (!pskb_network_may_pull(skb, sizeof(struct iphdr)))
			return false;
		inner = ip_hdr(skb)->tos;
		break;
	case htons(ETH_P_IPV6):
		if (!pskb_network_may_pull(skb, sizeof(struct ipv6hdr)))
			return false;
		inner = ipv6_get_dsfield(ipv6_hdr(skb));
		break;
	default:
		return true;
	}
	return INET_ECN_decapsulate(skb, outer, inner) <= 1;
}

/* @list are all segments of a frame, each skb's data the frame's */
static void stt_receive_frame(struct stt_device *stt, struct sk_buff *list,
			      const struct stt_outer *outer)
{
	struct net_device *dev = stt->dev;
	enum stt_count why = STT_C_HEADER;
	struct metadata_dst *dst;
	struct stt_meta meta;
	struct sk_buff *skb;
	unsigned int len;

	skb = stt_frame_join(list, outer->key.length);
	if (unlikely(!skb)) {
		stt_receive_drop(stt, NULL, STT_C_NO_MEMORY);
		return;
	}
	if (unlikely(!pskb_may_pull(skb, STT_FRAME_MIN) ||
		     !stt_header_read((struct stt_hdr *)skb->data, &meta)))
		goto drop;
	__skb_pull(skb, STT_HLEN);
	skb_dst_drop(skb);
	skb_clear_hash(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb->dev = dev;
	skb_scrub_packet(skb, true);
	if (unlikely(!stt_frame_restore(skb, &meta)))
		goto drop;
	if (meta.vlan)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), meta.vlan & STT_VLAN_TCI);
	skb_reset_mac_header(skb);
	skb->protocol = eth_type_trans(skb, dev);
	skb_reset_network_header(skb);
	skb_reset_mac_len(skb);
	if (unlikely(!stt_receive_ecn(skb, outer->tos))) {
		why = STT_C_ECN;
		goto drop;
	}
	why = STT_C_NO_MEMORY;
	dst = stt_metadata_get(stt, outer, meta.context);
	if (unlikely(!dst))
		goto drop;
	skb_dst_set(skb, &dst->dst);
	len = skb->len;
	if (likely(stt_deliver(stt, skb)))
		dev_sw_netstats_rx_add(dev, len);
	return;

drop:
	stt_receive_drop(stt, skb, why);
}

/* Segments */

static void stt_receive_segment(struct stt_device *stt, struct sk_buff *skb,
				struct stt_outer *outer)
{
	u32 hash = jhash2((const u32 *)&outer->key, sizeof(outer->key) / sizeof(u32), stt->seed);
	struct stt_shard *shard = &stt->shards[hash & (stt->n_shards - 1)];
	unsigned long expires = jiffies + STT_WAIT;
	struct sk_buff *list = NULL;

	spin_lock(&shard->lock);
	if (likely(netif_running(stt->dev))) {
		list = stt_reassembly_add(&shard->reassembly, &outer->key, outer->offset, skb,
					  expires, &outer->tos);
		skb = NULL;
		if (!timer_pending(&shard->timer))
			mod_timer(&shard->timer, expires);
	}
	spin_unlock(&shard->lock);
	if (list)
		stt_receive_frame(stt, list, outer);
	else if (skb)
		stt_receive_drop(stt, skb, STT_C_DOWN);
}

/* Read what IP says; returns the length of its header, 0 when it is not one of ours */
static unsigned int stt_receive_ip(const struct sk_buff *skb, bool ipv6, struct stt_outer *outer)
{
	outer->ipv6 = ipv6;
	if (!ipv6) {
		const struct iphdr *iph = ip_hdr(skb);

		ipv6_addr_set_v4mapped(iph->saddr, &outer->key.saddr);
		ipv6_addr_set_v4mapped(iph->daddr, &outer->key.daddr);
		outer->tos = iph->tos;
		outer->ttl = iph->ttl;
		return iph->ihl * 4;
	}
	outer->key.saddr = ipv6_hdr(skb)->saddr;
	outer->key.daddr = ipv6_hdr(skb)->daddr;
	outer->tos = ipv6_get_dsfield(ipv6_hdr(skb));
	outer->ttl = ipv6_hdr(skb)->hop_limit;
	outer->label = ip6_flowlabel(ipv6_hdr(skb));
	return ipv6_hdr(skb)->nexthdr == IPPROTO_TCP ? sizeof(struct ipv6hdr) : 0;
}

/* What the device below has summed up begins at IP's header, which for IPv4 adds nothing */
bool stt_receive_verify(struct sk_buff *skb, unsigned int hlen, bool ipv6)
{
	__sum16 bad;

	if (ipv6) {
		skb_pull_rcsum(skb, hlen);
		bad = skb_checksum_init(skb, IPPROTO_TCP, ip6_compute_pseudo);
	} else {
		__skb_pull(skb, hlen);
		bad = skb_checksum_init(skb, IPPROTO_TCP, inet_compute_pseudo);
	}
	return !bad && !skb_checksum_complete(skb);
}

void stt_receive(struct stt_device *stt, struct sk_buff *skb, bool ipv6)
{
	struct stt_outer outer = { };
	struct stt_segment segment;
	unsigned int hlen;

	hlen = stt_receive_ip(skb, ipv6, &outer);
	if (unlikely(!netif_running(stt->dev))) {
		stt_receive_drop(stt, skb, STT_C_DOWN);
		return;
	}
	if (unlikely(!stt_remotes_have(rcu_dereference(stt->remotes), &outer.key.saddr))) {
		stt_receive_drop(stt, skb, STT_C_REFUSED);
		return;
	}
	if (!ipv6)
		stt_input_learn(stt, skb);
	if (unlikely(!hlen || skb->pkt_type != PACKET_HOST ||
		     !pskb_may_pull(skb, hlen + sizeof(struct tcphdr))))
		goto malformed;
	if (unlikely(!stt_receive_verify(skb, hlen, ipv6))) {
		stt_receive_drop(stt, skb, STT_C_CHECKSUM);
		return;
	}
	if (unlikely(!stt_segment_read((struct tcphdr *)skb->data, skb->len, &segment) ||
		     !pskb_may_pull(skb, segment.hlen)))
		goto malformed;
	__skb_pull(skb, segment.hlen);
	outer.key.id = segment.id;
	outer.key.sport = segment.sport;
	outer.key.length = segment.length;
	outer.offset = segment.offset;
	skb->ip_summed = CHECKSUM_NONE;		/* of the frame nothing is known yet */
	skb->csum_valid = 0;
	skb->csum_level = 0;
	if (likely(!outer.offset && skb->len == outer.key.length)) {
		skb->next = NULL;
		stt_receive_frame(stt, skb, &outer);
	} else {
		stt_receive_segment(stt, skb, &outer);
	}
	return;

malformed:
	stt_receive_drop(stt, skb, STT_C_MALFORMED);
}

/* Shards */

static void stt_shard_expire(struct timer_list *timer)
{
	struct stt_shard *shard = from_timer(shard, timer, timer);
	unsigned long now = jiffies, next;

	spin_lock(&shard->lock);
	if (stt_reassembly_expire(&shard->reassembly, now, STT_EXPIRE_BUDGET, &next))
		mod_timer(&shard->timer, max(next, now + 1));
	spin_unlock(&shard->lock);
}

int stt_receive_init(struct stt_device *stt)
{
	unsigned int i, n;

	n = min_t(unsigned int, roundup_pow_of_two(num_possible_cpus()), STT_SHARDS_MAX);
	stt->shards = kvcalloc(n, sizeof(*stt->shards), GFP_KERNEL_ACCOUNT);
	if (!stt->shards)
		return -ENOMEM;
	stt->n_shards = n;
	stt->seed = get_random_u32();
	for (i = 0; i < n; i++) {
		struct stt_shard *shard = &stt->shards[i];

		shard->stt = stt;
		spin_lock_init(&shard->lock);
		stt_reassembly_init(&shard->reassembly, get_random_u32());
		timer_setup(&shard->timer, stt_shard_expire, 0);
	}
	return 0;
}

void stt_receive_flush(struct stt_device *stt)
{
	unsigned int i;

	for (i = 0; i < stt->n_shards; i++) {
		spin_lock_bh(&stt->shards[i].lock);
		stt_reassembly_flush(&stt->shards[i].reassembly);
		spin_unlock_bh(&stt->shards[i].lock);
	}
}

/* No hook runs any more */
void stt_receive_exit(struct stt_device *stt)
{
	unsigned int i;

	for (i = 0; i < stt->n_shards; i++)
		del_timer_sync(&stt->shards[i].timer);
	stt_receive_flush(stt);
	kvfree(stt->shards);
	stt->shards = NULL;
	stt->n_shards = 0;
}
