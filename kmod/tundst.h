/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ready encapsulations: what cached programs hand to a tunnel device with each packet.
 */
#ifndef WEFT_TUNDST_H
#define WEFT_TUNDST_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <net/dst_metadata.h>

struct weft_op_tunnel;

#define WEFT_TUNDST_BITS	8
#define WEFT_TUNDST_MAX		4096	/* in a datapath */

struct weft_tundst {
	struct hlist_node node;
	struct metadata_dst *md;
	u32 hash;
	u32 refs;			/* programs; lock */
	u32 config;			/* weft_tunnel.config that md was made from */
	int cpu;
	bool routed;			/* md has a cache of routes, or can't have one */
	u32 len;
	u8 what[];			/* of the operation, from tun_id on */
};

struct weft_tundsts {
	spinlock_t lock;		/* all of it; BH */
	u32 n;
	struct hlist_head heads[1 << WEFT_TUNDST_BITS];
	struct work_struct work;	/* gives new ones their cache of routes */
};

void weft_tundsts_init(struct weft_tundsts *dsts);
void weft_tundsts_exit(struct weft_tundsts *dsts);

/*
 * One for @op on this CPU, with a reference; NULL: each packet needs its own. BH off, RCU.
 */
struct weft_tundst *weft_tundst_get(struct weft_tundsts *dsts, const struct weft_op_tunnel *op);

/* Any context but NMI and hard interrupts */
void weft_tundst_put(struct weft_tundsts *dsts, struct weft_tundst *dst);

#endif /* WEFT_TUNDST_H */
