/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Labels: what GRE carries in place of ldp and logical port.
 */
#ifndef WEFT_LABEL_H
#define WEFT_LABEL_H

#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/weft.h>

struct netlink_ext_ack;
struct nlattr;
struct weft_datapath;

struct weft_label {
	struct rhash_head hash;
	struct weft_lport where;
	u32 id;
	struct rcu_head rcu;
};

int weft_labels_init(struct weft_datapath *dp);

/* Delete all; nothing is to be reading them */
void weft_labels_exit(struct weft_datapath *dp);

/* Make one of attributes (by enum weft_label_attr), or ERR_PTR with extack; dp->lock held */
struct weft_label *weft_label_make(struct weft_datapath *dp, struct nlattr **attrs,
				   struct netlink_ext_ack *extack);

/* dp->lock held */
void weft_label_delete(struct weft_datapath *dp, struct weft_label *label);

/* What label @id names; NULL: nothing. RCU or dp->lock. */
struct weft_label *weft_label_find(struct weft_datapath *dp, u32 id);

/* The label of a logical port; 0: it has none. RCU. */
u32 weft_label_of(struct weft_datapath *dp, u32 ldp, u16 lport);

#endif /* WEFT_LABEL_H */
