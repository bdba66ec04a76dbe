/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports: the devices of a datapath.
 *
 * Lookup by id is under RCU (dp->ports). Creation, change and removal hold
 * RTNL, then dp->lock; with either of them a port stays. A port is freed after
 * a grace period, when no reader is left.
 */
#ifndef WEFT_PORT_H
#define WEFT_PORT_H

#include <linux/if_link.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/rhashtable-types.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>
#include <linux/weft.h>
#include <net/dst.h>
#include "defrag.h"

struct netlink_ext_ack;
struct nlattr;
struct weft_datapath;
struct weft_key;
struct weft_op_tunnel;
struct weft_tunnel;		/* tunnel.h: remotes and option slots */

struct weft_port_cpu_stats {
	u64_stats_t rx_packets;
	u64_stats_t rx_bytes;
	u64_stats_t tx_packets;
	u64_stats_t tx_bytes;
	u64_stats_t tx_dropped;
	u64_stats_t upcalls;
	u64_stats_t marks_refused;
	u64_stats_t drops[WEFT_DROP_MAX + 1];
	struct u64_stats_sync syncp;
};

/* Sums of the above over the CPUs */
struct weft_port_stats {
	u64 rx_packets;
	u64 rx_bytes;
	u64 tx_packets;
	u64 tx_bytes;
	u64 tx_dropped;
	u64 upcalls;
	u64 marks_refused;
	u64 drops[WEFT_DROP_MAX + 1];
};

struct weft_port {
	struct net_device *dev;
	struct weft_datapath *dp;	/* no reference: it goes after its ports */
	u32 id;
	u8 type;		/* enum weft_port_type */
	u8 class;		/* enum weft_port_class; READ_ONCE in softirq */
	bool detaching;		/* READ_ONCE: takes and gives no more packets */
	struct weft_tunnel __rcu *tunnel;	/* NULL unless a tunnel port */
	struct weft_port_cpu_stats __percpu *stats;
	netdevice_tracker dev_tracker;
	struct list_head node;		/* of those that are being removed */
	struct list_head lports;	/* of struct weft_lport_entry; dp->lock */
	u32 mark_mask;			/* bits of the mark that cross; READ_ONCE in softirq */
	u32 n_lports;			/* dp->lock */
	u32 n_pending;			/* instances that its packets wait for; pending.c */
	atomic64_t answer_due;		/* ns: when the next answer is; reject.c */
	struct weft_defrag_shares defrag;

	/* what the device said last; dp->lock, so that reports need no RTNL */
	char name[IFNAMSIZ];
	u32 ifindex;
	bool foreign;		/* the device is in another namespace than the datapath */
	s32 netnsid;		/* which */

	char vm_id[WEFT_VM_ID_MAX + 1];
};

/* The map of logical ports: (ldp, lport) → port; dp->lock to change, RCU to read */
struct weft_lport_entry {
	struct rhash_head hash;
	struct weft_lport key;
	struct weft_port *port;
	struct list_head node;		/* weft_port.lports */
	bool keep;			/* while the list of its port is replaced */
	struct rcu_head rcu;
};

/* Is a port of @type (enum weft_port_type) a tunnel? */
static inline bool weft_port_is_tunnel(u8 type)
{
	return type >= WEFT_PORT_TYPE_GENEVE && type <= WEFT_PORT_TYPE_STT;
}

int weft_port_init(void);
void weft_port_exit(void);

int weft_lports_init(struct weft_datapath *dp);
void weft_lports_exit(struct weft_datapath *dp);

/*
 * Make a port as the attributes (by enum weft_port_attr) say: a port with all
 * it needs, or ERR_PTR with extack. Announces it. RTNL and dp->lock held.
 */
struct weft_port *weft_port_attach(struct weft_datapath *dp, struct nlattr **attrs,
				   struct netlink_ext_ack *extack);

/* Change the port, all or nothing, and announce it. RTNL and dp->lock held. */
int weft_port_change(struct weft_port *port, struct nlattr **attrs,
		     struct netlink_ext_ack *extack);

/*
 * Remove the port and announce that; the device of an internal port is queued
 * on @kill. RTNL and dp->lock held. Afterwards, without dp->lock, the caller
 * does unregister_netdevice_many() on @kill before it lets go of RTNL.
 */
void weft_port_detach(struct weft_port *port, enum weft_reason reason,
		      struct list_head *kill);

/* The same for all ports of a datapath; RTNL held, takes dp->lock */
void weft_port_detach_all(struct weft_datapath *dp, struct list_head *kill);

/* The port of a device that has our rx_handler, or of an internal device; RCU or RTNL */
struct weft_port *weft_port_of_dev(const struct net_device *dev);

/*
 * Replace the logical ports of @port by those in the nest @attr, all or nothing;
 * extack on failure. dp->lock held.
 */
int weft_lports_set(struct weft_port *port, const struct nlattr *attr,
		    struct netlink_ext_ack *extack);

/* Remove them all; dp->lock held */
void weft_lports_clear(struct weft_port *port);

/* lport → port of a datapath; RCU; NULL when it is not here */
struct weft_port *weft_lport_find(struct weft_datapath *dp, u32 ldp, u16 lport);

/*
 * @skb (consumed; Ethernet header at skb->data, not shared) came in by @port. BH off,
 * RCU.
 */
void weft_port_receive(struct weft_port *port, struct sk_buff *skb);

/*
 * Send @skb (consumed; Ethernet header at skb->data, offsets set) out of @port,
 * any type but a tunnel. Sets skb->mark as the class says. Counts tx or, on
 * failure, tx_dropped and returns the reason. Softirq, RCU.
 */
enum weft_drop weft_port_send(struct weft_port *port, struct sk_buff *skb, u32 mark);

/* Same into a tunnel port */
enum weft_drop weft_tunnel_send(struct weft_port *port, struct sk_buff *skb,
				const struct weft_op_tunnel *op);

/* Can @port send @skb now? WEFT_DROP_UNSPEC or why not; counts nothing */
enum weft_drop weft_port_check(const struct weft_port *port, const struct sk_buff *skb);

/* Hand @skb (consumed) to the device of @port and count the outcome */
void weft_port_xmit(struct weft_port *port, struct sk_buff *skb);

/*
 * Read the tunnel metadata of @skb, which @port received, into the metadata
 * part of @key: tun_*, ldp, lin, lout, stage, mark. Checks the options, not the remote.
 * Drops the skb's metadata dst. Returns why the packet is to be dropped.
 */
enum weft_drop weft_tunnel_decode(struct weft_port *port, struct sk_buff *skb,
				  struct weft_key *key);

/*
 * A port that is none, for a packet that comes from nowhere: it takes and gives nothing, and
 * nothing that outlives the packet may wait for it. Freeing it adds its drops to the datapath's.
 * dp->lock throughout; NULL without memory.
 */
struct weft_port *weft_port_nowhere(struct weft_datapath *dp);
void weft_port_nowhere_free(struct weft_port *port);

/* Count a drop of a packet that came in by @port, trace it, free @skb (may be NULL) */
void weft_port_drop(struct weft_port *port, struct sk_buff *skb, enum weft_drop reason);

/* Sum up the counters */
void weft_port_stats(const struct weft_port *port, struct weft_port_stats *stats);

/*
 * What the packet carries of its way here is nothing to those who get it: skb_scrub_packet()
 * with a change of namespace, inline, as every packet passes here
 */
static inline void weft_port_scrub(struct sk_buff *skb)
{
	skb->pkt_type = PACKET_HOST;
	skb->skb_iif = 0;
	skb->ignore_df = 0;
	skb_dst_drop(skb);
	skb_ext_reset(skb);
	nf_reset_ct(skb);
	nf_reset_trace(skb);
#ifdef CONFIG_NET_SWITCHDEV
	skb->offload_fwd_mark = 0;
	skb->offload_l3_fwd_mark = 0;
#endif
	ipvs_reset(skb);
	skb->mark = 0;
	skb_clear_tstamp(skb);
}

/* BH off */
#define weft_stats_add(port, field, n) do {				\
	struct weft_port_cpu_stats *s_ = this_cpu_ptr((port)->stats);	\
	u64_stats_update_begin(&s_->syncp);				\
	u64_stats_add(&s_->field, n);					\
	u64_stats_update_end(&s_->syncp);				\
} while (0)

/* Packets that @skb is on the wire */
static inline unsigned int weft_skb_segs(const struct sk_buff *skb)
{
	return max_t(unsigned int, 1, skb_shinfo(skb)->gso_segs);
}

static inline void weft_port_count_rx(struct weft_port *port, const struct sk_buff *skb)
{
	struct weft_port_cpu_stats *s = this_cpu_ptr(port->stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_add(&s->rx_packets, weft_skb_segs(skb));
	u64_stats_add(&s->rx_bytes, skb->len);
	u64_stats_update_end(&s->syncp);
}

#endif /* WEFT_PORT_H */
