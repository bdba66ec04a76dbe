/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notifications about entries.
 */
#ifndef WEFT_NETLINK_FLOW_H
#define WEFT_NETLINK_FLOW_H

#include <linux/list.h>
#include <linux/types.h>

struct genl_info;
struct netlink_ext_ack;
struct nlattr;
struct weft_change;
struct weft_datapath;
struct weft_txn_result;

/*
 * Tell listeners what a commit did: FLOW_NEW for each entry that @changes linked,
 * FLOW_DEL for each of @dying that nothing replaced. dp->lock held.
 */
void weft_nl_flow_events(struct weft_datapath *dp, const struct list_head *changes,
			 const struct list_head *dying);

/* TABLE_SET notification: the miss actions changed */
void weft_nl_table_event(struct weft_datapath *dp, u8 id);

/* TXN_COMMIT notification */
void weft_nl_txn_event(struct weft_datapath *dp, const struct weft_txn_result *result);

/*
 * Hand @change, which is consumed, to the transaction that @txn_attr names, or
 * commit it alone when that is NULL. dp->lock held.
 */
int weft_nl_change(struct weft_datapath *dp, struct genl_info *info,
		   const struct nlattr *txn_attr, struct weft_change *change);

#endif /* WEFT_NETLINK_FLOW_H */
