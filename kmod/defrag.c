// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments become a packet again.
 *
 * Only the first fragment of a packet has ports, so entries that go by ports need the packet
 * as a whole. The action "defrag" hands fragments to the kernel's reassembly, that of the
 * namespace in which the datapath is; the fragment that completes a packet turns into it, and
 * the packet is looked up once more in the table where that fragment met the action, with the
 * metadata that the fragment had. It is cut again when it leaves (fragment.c). If that is the
 * first table, and nothing was loaded before, the packet is as one that came as a whole: the
 * flow cache knows it.
 *
 * Strangers. What belongs together is told by addresses, identification and a "user": each
 * logical datapath of each datapath is one of its own, far from those that the kernel knows.
 *
 * Errors. When fragments wait in vain, the kernel would send an ICMP error, by the host's routes
 * and with the host's address, to whom it takes for the sender. Machines are none of the host's
 * business: the device that we show it, of which it remembers the index, is in no namespace.
 *
 * Memory. The kernel limits what waits in a namespace (ipfrag_high_thresh), whoever sent
 * it. So that a port cannot take all of that with fragments that never make a packet, it has a
 * share. We do not learn when the kernel gives up fragments, but after its timeout they are
 * gone: the level of a share falls evenly in this time, and by what made a packet at once.
 *
 * Lifetime. What waits belongs to the kernel and has no pointer to anything of ours.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/math64.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/inet_frag.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include "datapath.h"
#include "defrag.h"
#include "pipeline.h"
#include "port.h"

#define WEFT_DEFRAG_PORTS	4	/* a port's share is that part of all */
#define WEFT_DEFRAG_BY_PORT	BIT(24)	/* in a user: what is below is not an ldp */
#define WEFT_DEFRAG_NUMBER	25	/* in a user: where a datapath's number is */

static_assert(!(WEFT_DEFRAG_NUMBER_MAX >> (32 - WEFT_DEFRAG_NUMBER)));
static_assert(!(WEFT_LDP_MAX >> 24) && !(WEFT_PORT_ID_MAX >> 24), "below WEFT_DEFRAG_BY_PORT");

/* In no namespace, and without an index */
static struct net_device *weft_defrag_dev;

u32 weft_defrag_user(const struct weft_datapath *dp, u32 ldp, u32 in_port)
{
	return (u32)dp->number << WEFT_DEFRAG_NUMBER | (ldp ?: WEFT_DEFRAG_BY_PORT | in_port);
}

void weft_defrag_describe(struct weft_op_defrag *op, const struct weft_datapath *dp,
			  const struct weft_key *key, u8 table, bool fresh)
{
	if (!op)
		return;
	op->op.arg = weft_defrag_user(dp, be32_to_cpu(key->ldp), op->op.arg);
	op->table = table;
	op->fresh = fresh && !table;
	memset(op->pad, 0, sizeof(op->pad));
	memcpy(op->metadata, key, sizeof(op->metadata));
}

/* May @bytes more wait? */
static bool weft_defrag_charge(struct weft_port *in, const struct net *net, bool ip6, u32 bytes)
{
	u64 limit = IPV6_FRAG_HIGH_THRESH, timeout = IPV6_FRAG_TIMEOUT, gone;
	struct weft_defrag_share *share = &in->defrag.share[ip6];
	unsigned long now = jiffies;
	bool room;

	if (!ip6) {
		limit = READ_ONCE(net->ipv4.fqdir->high_thresh);
		timeout = READ_ONCE(net->ipv4.fqdir->timeout);
	}
	limit = min_t(u64, limit, S32_MAX) / WEFT_DEFRAG_PORTS;
	timeout = max_t(u64, timeout, 1);
	spin_lock(&in->defrag.lock);
	gone = div64_u64(limit * min_t(u64, now - share->at, timeout), timeout);
	share->at = now;
	share->bytes -= min_t(u64, share->bytes, gone);
	room = share->bytes + bytes <= limit;
	if (room)
		share->bytes += bytes;
	spin_unlock(&in->defrag.lock);
	return room;
}

static void weft_defrag_uncharge(struct weft_port *in, bool ip6, u32 bytes)
{
	struct weft_defrag_share *share = &in->defrag.share[ip6];

	spin_lock(&in->defrag.lock);
	share->bytes -= min(share->bytes, bytes);
	spin_unlock(&in->defrag.lock);
}

/* Let go of what must not wait, and be as the kernel wants it: data at the IP header */
static bool weft_defrag_prepare(struct sk_buff *skb, bool ip6)
{
	skb_reset_mac_header(skb);
	__skb_pull(skb, skb_network_offset(skb));
	/* IPv4 takes all that is there for the packet: no padding */
	if (!ip6 && pskb_trim(skb, ntohs(ip_hdr(skb)->tot_len)))
		return false;
	if (skb_orphan_frags_rx(skb, GFP_ATOMIC))
		return false;
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	/* that of a fragment says nothing about the packet */
	skb->ip_summed = CHECKSUM_NONE;
	skb->dev = weft_defrag_dev;
	memset(skb->cb, 0, sizeof(skb->cb));
	return true;
}

/* 0: @skb is the packet; -EINPROGRESS: it waits; else it has been freed */
static int weft_defrag_gather(struct net *net, struct sk_buff *skb, u32 user,
			      struct weft_whole *whole)
{
	int err = ip_defrag(net, skb, user);

	if (err)
		return err;
	whole->max = IPCB(skb)->frag_max_size;
	whole->df = IPCB(skb)->flags & IPSKB_FRAG_PMTU;
	whole->saddr = ip_hdr(skb)->saddr;
	whole->daddr = ip_hdr(skb)->daddr;
	return 0;
}

static int weft_defrag_gather6(struct net *net, struct sk_buff *skb, u32 user,
			       struct weft_whole *whole)
{
	int err = -EAFNOSUPPORT;

	if (IS_ENABLED(CONFIG_NF_DEFRAG_IPV6))
		err = nf_ct_frag6_gather(net, skb, user);
	/* what it would rather not touch it gives back as it was */
	if (!err && !(IP6CB(skb)->flags & IP6SKB_FRAGMENTED))
		err = -EINVAL;
	if (err) {
		if (err != -EINPROGRESS)
			kfree_skb(skb);
		return err;
	}
	whole->max = IP6CB(skb)->frag_max_size;
	return 0;
}

enum weft_drop weft_defrag(struct weft_datapath *dp, struct weft_port *in, struct sk_buff *skb,
			   const struct weft_op_defrag *op)
{
	bool ip6 = ((const struct iphdr *)skb_network_header(skb))->version == 6;
	struct weft_whole whole = {};
	u32 bytes;
	int err;

	if (unlikely(skb_is_gso(skb))) {
		kfree_skb(skb);
		return WEFT_DROP_FRAGMENT;
	}
	bytes = skb->truesize;
	if (!weft_defrag_prepare(skb, ip6) || !weft_defrag_charge(in, dp->net, ip6, bytes)) {
		kfree_skb(skb);
		return WEFT_DROP_NO_MEMORY;
	}
	err = ip6 ? weft_defrag_gather6(dp->net, skb, op->op.arg, &whole) :
		    weft_defrag_gather(dp->net, skb, op->op.arg, &whole);
	if (err == -EINPROGRESS)
		return WEFT_DROP_UNSPEC;
	if (err) {
		weft_defrag_uncharge(in, ip6, bytes);
		return err == -ENOMEM ? WEFT_DROP_NO_MEMORY : WEFT_DROP_FRAGMENT;
	}
	weft_defrag_uncharge(in, ip6, skb->truesize);	/* of all of them */

	/* headers are those of the first fragment, but data begins behind Ethernet */
	skb_push(skb, skb->data - skb_mac_header(skb));
	skb->dev = NULL;
	skb->ignore_df = 0;
	if (op->fresh)
		weft_pipeline_again(in, skb, (const struct weft_key *)op->metadata, &whole);
	else
		weft_pipeline_resume(in, skb, (const struct weft_key *)op->metadata, op->table, 0,
				     &whole);
	return WEFT_DROP_UNSPEC;
}

int weft_defrag_init(void)
{
	weft_defrag_dev = alloc_netdev(0, "weft-fragments", NET_NAME_UNKNOWN, ether_setup);
	return weft_defrag_dev ? 0 : -ENOMEM;
}

void weft_defrag_exit(void)
{
	free_netdev(weft_defrag_dev);
}
