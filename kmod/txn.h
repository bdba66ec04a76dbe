/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes to entries, and transactions: lists of changes that take effect under
 * one version.
 */
#ifndef WEFT_TXN_H
#define WEFT_TXN_H

#include <linux/list.h>
#include <linux/types.h>
#include "flow.h"

struct netlink_ext_ack;
struct weft_datapath;

enum weft_change_op {
	WEFT_CHANGE_ADD,	/* refuse when there is one */
	WEFT_CHANGE_PUT,	/* add or replace */
	WEFT_CHANGE_SET,	/* replace, keep the counters; refuse when there is none */
	WEFT_CHANGE_DEL,	/* refuse when there is none */
	WEFT_CHANGE_DEL_IF,	/* not so */
	WEFT_CHANGE_DEL_FILTER,
	WEFT_CHANGE_MISS,	/* replace or, without actions, remove the miss entry */
};

/* Selects entries, for dumps and deletes */
struct weft_filter {
	int table;		/* -1: any */
	u64 cookie;
	u64 cookie_mask;
	struct weft_match match;
};

struct weft_change {
	struct list_head node;
	enum weft_change_op op;
	struct weft_flow *flow;		/* new entry, or what DEL looks for */
	struct weft_filter *filter;	/* DEL_FILTER */
	u8 keep;			/* SET: WEFT_KEEP_*, what the old entry passes on */
	bool linked;			/* flow is in the tables: no longer ours */
};

struct weft_txn {
	struct list_head node;		/* dp->txns */
	struct list_head changes;
	u32 n_changes;
	u32 id;
	u32 portid;			/* of the socket that owns it */
};

struct weft_txn_result {
	u64 version;
	u32 added;
	u32 changed;
	u32 deleted;
};

#define WEFT_CHANGES_MAX	(4U << 20)	/* in all open transactions of a datapath */
#define WEFT_TXNS_MAX		64		/* open at once on a datapath */

/* All of these: dp->lock held, process context */

/*
 * Apply @changes under one new version, or none of them; on failure
 * extack says which and why. The changes are freed either way.
 */
int weft_changes_commit(struct weft_datapath *dp, struct list_head *changes,
			struct weft_txn_result *result, struct netlink_ext_ack *extack);

/* Free one that was not committed */
void weft_change_free(struct weft_change *change);

struct weft_txn *weft_txn_begin(struct weft_datapath *dp, u32 portid,
				struct netlink_ext_ack *extack);
struct weft_txn *weft_txn_find(struct weft_datapath *dp, u32 id, u32 portid,
			       struct netlink_ext_ack *extack);
int weft_txn_add(struct weft_datapath *dp, struct weft_txn *txn, struct weft_change *change,
		 struct netlink_ext_ack *extack);
int weft_txn_commit(struct weft_datapath *dp, struct weft_txn *txn,
		    struct weft_txn_result *result, struct netlink_ext_ack *extack);
void weft_txn_abort(struct weft_datapath *dp, struct weft_txn *txn);

/* A socket closed (or, with portid 0, the datapath goes): its transactions end */
void weft_txn_socket_gone(struct weft_datapath *dp, u32 portid);

bool weft_filter_selects(const struct weft_filter *filter, const struct weft_flow *flow);

/* Entries that died are freed when this returns; no locks, process context */
void weft_flows_settle(struct weft_datapath *dp);

/* Work of a datapath: timeouts, and unlinking of dead entries */
void weft_flows_init(struct weft_datapath *dp);
void weft_flows_exit(struct weft_datapath *dp);

#endif /* WEFT_TXN_H */
