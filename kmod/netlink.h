/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generic netlink: requests by object, one file each (netlink_<object>.c), tied
 * together in netlink.c.
 *
 * doit handlers run with genl's parallel_ops (no genl mutex): each takes RTNL
 * and dp->lock itself, in this order, as it needs. Every refusal sets extack.
 */
#ifndef WEFT_NETLINK_H
#define WEFT_NETLINK_H

#include <net/genetlink.h>
#include <net/netlink.h>
#include <linux/weft.h>

struct weft_datapath;
struct weft_flow;
struct weft_port;

#define WEFT_MCGRP_EVENTS_IDX		0
#define WEFT_MCGRP_INSTANCES_IDX	1

extern struct genl_family weft_genl_family;

extern const struct nla_policy weft_nl_dp_policy[WEFT_DP_A_MAX + 1];
extern const struct nla_policy weft_nl_port_policy[WEFT_PORT_A_MAX + 1];
extern const struct nla_policy weft_nl_table_policy[WEFT_TABLE_A_MAX + 1];
extern const struct nla_policy weft_nl_flow_policy[WEFT_FLOW_A_MAX + 1];
extern const struct nla_policy weft_nl_txn_policy[WEFT_TXN_A_MAX + 1];
extern const struct nla_policy weft_nl_service_policy[WEFT_SERVICE_A_MAX + 1];
extern const struct nla_policy weft_nl_template_policy[WEFT_TEMPLATE_A_MAX + 1];
extern const struct nla_policy weft_nl_instance_policy[WEFT_INSTANCE_A_MAX + 1];
extern const struct nla_policy weft_nl_packet_policy[WEFT_PACKET_A_MAX + 1];
extern const struct nla_policy weft_nl_pool_policy[WEFT_POOL_A_MAX + 1];
extern const struct nla_policy weft_nl_label_policy[WEFT_LABEL_A_MAX + 1];
extern const struct nla_policy weft_nl_tunnel_policy[WEFT_TUNNEL_A_MAX + 1];

int weft_nl_dp_new(struct sk_buff *skb, struct genl_info *info);
int weft_nl_dp_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_dp_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_dp_dump(struct sk_buff *skb, struct netlink_callback *cb);
int weft_nl_dp_set(struct sk_buff *skb, struct genl_info *info);

int weft_nl_port_new(struct sk_buff *skb, struct genl_info *info);
int weft_nl_port_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_port_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_port_dump_start(struct netlink_callback *cb);
int weft_nl_port_dump(struct sk_buff *skb, struct netlink_callback *cb);
int weft_nl_port_set(struct sk_buff *skb, struct genl_info *info);

int weft_nl_table_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_table_dump(struct sk_buff *skb, struct netlink_callback *cb);
int weft_nl_table_set(struct sk_buff *skb, struct genl_info *info);

int weft_nl_flow_new(struct sk_buff *skb, struct genl_info *info);
int weft_nl_flow_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_flow_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_flow_dump(struct sk_buff *skb, struct netlink_callback *cb);
int weft_nl_flow_set(struct sk_buff *skb, struct genl_info *info);

int weft_nl_txn_begin(struct sk_buff *skb, struct genl_info *info);
int weft_nl_txn_commit(struct sk_buff *skb, struct genl_info *info);
int weft_nl_txn_abort(struct sk_buff *skb, struct genl_info *info);

int weft_nl_service_new(struct sk_buff *skb, struct genl_info *info);
int weft_nl_service_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_service_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_service_dump(struct sk_buff *skb, struct netlink_callback *cb);
int weft_nl_service_set(struct sk_buff *skb, struct genl_info *info);

int weft_nl_template_new(struct sk_buff *skb, struct genl_info *info);
int weft_nl_template_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_template_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_template_dump(struct sk_buff *skb, struct netlink_callback *cb);

int weft_nl_instance_new(struct sk_buff *skb, struct genl_info *info);
int weft_nl_instance_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_instance_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_instance_dump(struct sk_buff *skb, struct netlink_callback *cb);

int weft_nl_packet_inject(struct sk_buff *skb, struct genl_info *info);

int weft_nl_pool_new(struct sk_buff *skb, struct genl_info *info);
int weft_nl_pool_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_pool_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_pool_dump_start(struct netlink_callback *cb);
int weft_nl_pool_dump(struct sk_buff *skb, struct netlink_callback *cb);
int weft_nl_pool_set(struct sk_buff *skb, struct genl_info *info);

int weft_nl_label_new(struct sk_buff *skb, struct genl_info *info);
int weft_nl_label_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_label_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_label_dump(struct sk_buff *skb, struct netlink_callback *cb);
int weft_nl_tunnel_set(struct sk_buff *skb, struct genl_info *info);
int weft_nl_tunnel_del(struct sk_buff *skb, struct genl_info *info);
int weft_nl_tunnel_get(struct sk_buff *skb, struct genl_info *info);
int weft_nl_tunnel_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* Put the counters (WEFT_DROP_MAX + 1 of them) as a nest of enum weft_drops_attr */
int weft_nl_put_drops(struct sk_buff *skb, int attrtype, const u64 *drops);

/* Is anybody listening to group "events" of the datapath's namespace? */
bool weft_nl_has_listeners(const struct weft_datapath *dp);

/* Multicast @msg (consumed) to group "events" of the datapath's namespace */
void weft_nl_event(const struct weft_datapath *dp, struct sk_buff *msg);

/* PORT_NEW or PORT_DEL notification; RTNL and dp->lock held */
void weft_nl_port_event(struct weft_port *port, enum weft_cmd cmd,
			enum weft_reason reason);

int weft_netlink_init(void);
void weft_netlink_exit(void);

#endif /* WEFT_NETLINK_H */
