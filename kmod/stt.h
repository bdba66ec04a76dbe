/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The STT device, and who does what with it: stt_device.c makes it, stt_port.c owns its
 * TCP port, stt_input.c keeps routes to it, stt_remote.c knows whom it believes, stt_send.c and
 * stt_receive.c are the ways of packets, stt_frame.c makes one skb of segments, stt_metadata.c
 * says where it is from, stt_deliver.c hands it on.
 */
#ifndef STT_H
#define STT_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/u64_stats_sync.h>
#include <linux/weft_stt.h>
#include "stt_header.h"
#include "stt_reassembly.h"

struct ip_tunnel_info;
struct metadata_dst;
struct net;
struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct socket;
struct stt_cell;
struct stt_inputs;
struct stt_metadata;

#define STT_HOOKS	5	/* three for IPv4, two for IPv6 */
#define STT_HOOKS4	3
#define STT_WAIT	HZ	/* for the rest of a frame */

/* What is counted; ethtool -S shows these, then those of the reassembly */
enum stt_count {
	STT_C_REFUSED,		/* segments: not from a remote */
	STT_C_DOWN,		/* … came while the device was down */
	STT_C_MALFORMED,	/* … that no sender of STT makes */
	STT_C_CHECKSUM,		/* … with a wrong checksum */
	STT_C_HEADER,		/* frames: version, flags, offset or segment size untrue */
	STT_C_ECN,		/* … with a combination of ECN marks that is not allowed */
	STT_C_NO_MEMORY,
	STT_C_PMTU,		/* ICMP messages that the route had to know */
	STT_C_TX_NO_METADATA,	/* frames that nobody said a remote for */
	STT_C_TX_NO_ROUTE,
	STT_C_TX_LOOP,		/* … whose route goes through the device itself */
	STT_C_TX_TOO_LONG,	/* … for the header, or to be cut for the route */
	STT_C_TX_NO_MEMORY,

	__STT_C_MAX
};

struct stt_counts {
	u64_stats_t n[__STT_C_MAX];
	struct u64_stats_sync syncp;
	u32 next_id;		/* of a frame; those of CPUs are apart */
};

/* Frames are spread over these by their keys, not by the CPU they come to */
struct stt_shard {
	spinlock_t lock;	/* BH off */
	struct stt_reassembly reassembly;
	struct timer_list timer;
	struct stt_device *stt;
};

/* The outer headers, as far as they matter later */
struct stt_outer {
	struct stt_key key;
	unsigned int offset;
	u8 tos;
	u8 ttl;
	bool ipv6;
	__be32 label;
};

/* Sorted; never changes, replaced as a whole */
struct stt_remotes {
	struct rcu_head rcu;
	u32 n;
	u32 n6;			/* that are IPv6 */
	struct in6_addr addrs[];	/* IPv4: mapped */
};

struct stt_device {
	struct net_device *dev;
	struct net *net;		/* of the outer packets: where it was made */
	struct list_head node;		/* RTNL */
	__be16 port;
	bool mtu_set;			/* by the user; RTNL */
	bool mtu_deriving;
	struct stt_remotes __rcu *remotes;	/* changed under RTNL */
	struct stt_counts __percpu *counts;
	struct stt_shard *shards;
	unsigned int n_shards;		/* a power of two */
	u32 seed;
	struct stt_cell __percpu *cells;
	struct stt_metadata __percpu *metadata;
	struct stt_inputs __percpu *inputs;
	struct socket *sock;		/* so that nobody else has the port */
	struct nf_hook_ops hooks[STT_HOOKS];
};

static inline void stt_count(struct stt_device *stt, enum stt_count what)
{
	struct stt_counts *counts = get_cpu_ptr(stt->counts);

	u64_stats_update_begin(&counts->syncp);
	u64_stats_inc(&counts->n[what]);
	u64_stats_update_end(&counts->syncp);
	put_cpu_ptr(stt->counts);
}

/* Port: own TCP port stt->port of stt->net. RTNL. After release hooks may run for a grace period */
int stt_port_claim(struct stt_device *stt, struct netlink_ext_ack *extack);
void stt_port_release(struct stt_device *stt);

/* Receive: from the hooks, which have RCU. Owns @skb; its data are the IP header. */
void stt_receive(struct stt_device *stt, struct sk_buff *skb, bool ipv6);
/* Pull the IP header of @hlen bytes; is the checksum of what follows right? */
bool stt_receive_verify(struct sk_buff *skb, unsigned int hlen, bool ipv6);
int stt_receive_init(struct stt_device *stt);
void stt_receive_flush(struct stt_device *stt);
void stt_receive_exit(struct stt_device *stt);

/*
 * Frame: one skb without a list of fragments, of a list (skb->next) of segments. Consumes
 * it; NULL without memory.
 */
struct sk_buff *stt_frame_join(struct sk_buff *first, unsigned int len);

/*
 * What the header says of the offloads of the frame, whose Ethernet header is at skb->data.
 * False when it is not true.
 */
bool stt_frame_restore(struct sk_buff *skb, const struct stt_meta *meta);

/*
 * Input: give the IPv4 packet @skb, which is for our port and has no route yet, the one that was
 * learned; learn that of a packet from a remote that was routed to this host. RCU, BH are off.
 * Exit when no packet comes any more.
 */
void stt_input_use(struct stt_device *stt, struct sk_buff *skb);
void stt_input_learn(struct stt_device *stt, const struct sk_buff *skb);
int stt_input_init(struct stt_device *stt);
void stt_input_exit(struct stt_device *stt);

/*
 * Metadata: with a reference for the caller; NULL without memory. BH are off. Exit when no packet
 * comes any more.
 */
struct metadata_dst *stt_metadata_get(struct stt_device *stt, const struct stt_outer *outer,
				      u64 context);
int stt_metadata_init(struct stt_device *stt);
void stt_metadata_exit(struct stt_device *stt);

/*
 * Deliver: @skb leaves the device, which it names; BH are off. Consumes it; false when it was
 * dropped. Exit when no packet comes any more; free a grace period later.
 */
bool stt_deliver(struct stt_device *stt, struct sk_buff *skb);
int stt_deliver_init(struct stt_device *stt);
void stt_deliver_exit(struct stt_device *stt);
void stt_deliver_free(struct stt_device *stt);

/* Send */
netdev_tx_t stt_send(struct sk_buff *skb, struct net_device *dev);
netdev_features_t stt_send_features(struct sk_buff *skb, struct net_device *dev,
				    netdev_features_t features);
int stt_send_fill_metadata(struct net_device *dev, struct sk_buff *skb);
void stt_send_init(struct stt_device *stt);

/* The MTU with which a frame fits into one segment to every remote; 0: there is no route. RTNL */
unsigned int stt_send_mtu(struct stt_device *stt);

/* Remotes: a new list from a nest, NULL for an empty one; ERR_PTR with extack */
struct stt_remotes *stt_remotes_make(const struct nlattr *nest, struct netlink_ext_ack *extack);
bool stt_remotes_have(const struct stt_remotes *remotes, const struct in6_addr *addr);
size_t stt_remotes_size(const struct stt_remotes *remotes);
int stt_remotes_put(struct sk_buff *skb, const struct stt_remotes *remotes);

#endif /* STT_H */
