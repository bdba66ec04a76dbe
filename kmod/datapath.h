/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A datapath, and the datapaths of a network namespace.
 *
 * Locking, outermost first:
 *   RTNL            port creation, change, removal (device notifier holds it)
 *   weft_net.lock   (mutex) the list of datapaths
 *   dp->lock        (mutex) entries, versions, transactions, ports, services, pools
 * Readers in softirq hold RCU only. Nobody takes RTNL under dp->lock.
 */
#ifndef WEFT_DATAPATH_H
#define WEFT_DATAPATH_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/weft.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

struct netlink_ext_ack;
struct nlattr;
struct weft_caches;
struct weft_instances;
struct weft_limits;
struct weft_pendings;
struct weft_port;
struct weft_remotes;
struct weft_stamps;
struct weft_table;
struct weft_upcalls;

struct weft_datapath {
	struct list_head node;		/* weft_net.datapaths */
	struct net *net;		/* no reference: the namespace's exit deletes us */
	char name[WEFT_NAME_MAX + 1];
	u8 number;			/* in the namespace, for defrag.c; 0: none was left */
	refcount_t refs;		/* requests in progress, see weft_dp_get() */
	bool dead;			/* under lock: deleted, refuse */
	struct mutex lock;

	u64 version;			/* last commit; smp_store_release() */
	u32 dump_seq;			/* rises with commits, but not when entries expire */
	struct weft_table *tables;	/* WEFT_N_TABLES of them */
	struct weft_stamps *stamps;	/* what changes raise */
	struct weft_caches *caches;	/* programs of packets; counters of tables */
	u64 folded_at;			/* jiffies64: counters were complete; lock */
	struct xarray flow_ids;		/* id → flow, for dumps; lock */
	u32 next_flow_id;
	u32 n_flows;			/* alive; lock */
	u32 max_flows;
	struct list_head txns;		/* open transactions; lock */
	u32 next_txn_id;
	u32 n_changes;			/* in open transactions; lock */
	struct timerqueue_head expiries;	/* lock */
	struct delayed_work expiry_work;
	struct list_head dead_flows;	/* unlinked after a grace period; lock */
	struct list_head reclaiming;	/* those whose grace period runs; lock */
	struct rcu_work reclaim_work;

	struct xarray ports;		/* id → port; RCU to read */
	u32 next_port_id;
	u32 n_ports;
	struct rhashtable lports;	/* (ldp, lport) → port; RCU to read */
	struct xarray labels;		/* id → label; RCU to read */
	struct rhashtable label_ids;	/* (ldp, lport) → label; RCU to read */
	struct weft_remotes *remotes;	/* how tunnels are; RCU to read */
	u64 past_drops[WEFT_DROP_MAX + 1];	/* of ports that are gone; lock */

	struct weft_upcalls *upcalls;	/* services and their queues */
	struct xarray templates;	/* id → template; lock */
	u32 n_templates;
	struct weft_instances *instances;
	struct weft_limits *limits;	/* how many instances are of what */
	struct weft_pendings *pendings;	/* instances that a daemon has to answer for */
	struct xarray pools;		/* id → pool; lock */
	struct rcu_head rcu;
};

/* For all deferred work of the module */
extern struct workqueue_struct *weft_wq;

struct weft_net {
	struct list_head datapaths;
	struct mutex lock;		/* the list; taken before dp->lock and after RTNL */
	u8 last_number;			/* given to a datapath */
	bool exiting;			/* under lock: no new ones */
};

struct weft_net *weft_net(const struct net *net);

/*
 * Find the datapath that attribute @attr names in @net, with a reference;
 * ERR_PTR with extack otherwise. Whoever then takes dp->lock must test
 * dp->dead: weft_dp_lock() does both, returning 0 or -ENODEV with extack.
 */
struct weft_datapath *weft_dp_get(struct net *net, const struct nlattr *attr,
				  struct netlink_ext_ack *extack);
void weft_dp_put(struct weft_datapath *dp);
int weft_dp_lock(struct weft_datapath *dp, struct netlink_ext_ack *extack);

static inline void weft_dp_unlock(struct weft_datapath *dp)
{
	mutex_unlock(&dp->lock);
}

/* weft_dp_get() and weft_dp_lock(); ERR_PTR with extack. Undone by weft_dp_leave(). */
struct weft_datapath *weft_dp_enter(struct net *net, const struct nlattr *attr,
				    struct netlink_ext_ack *extack);
void weft_dp_leave(struct weft_datapath *dp);

/* Make one; ERR_PTR with extack */
struct weft_datapath *weft_dp_create(struct net *net, const char *name,
				     struct netlink_ext_ack *extack);

/* Delete it: ports first, then entries when no reader is left. Takes RTNL. */
int weft_dp_delete(struct weft_datapath *dp, struct netlink_ext_ack *extack);

/*
 * Call @fn for every datapath of @net; it runs under the list's lock and may take
 * dp->lock, but neither RTNL nor the list's lock.
 */
void weft_dp_for_each(struct net *net, void (*fn)(struct weft_datapath *dp, void *arg),
		      void *arg);

int weft_dp_init(void);
void weft_dp_exit(void);

#endif /* WEFT_DATAPATH_H */
