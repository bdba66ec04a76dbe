// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "weft": the table of requests, and what the objects'
 * files share. Handlers run in parallel; see netlink.h for their locks.
 */
#include <linux/notifier.h>
#include "compat.h"
#include "datapath.h"
#include "netlink.h"
#include "txn.h"
#include "upcall.h"

#define WEFT_OP_DO(id, object, handler) {				\
	.cmd = WEFT_CMD_##id,						\
	.doit = weft_nl_##handler,					\
	.policy = weft_nl_##object##_policy,				\
	.maxattr = ARRAY_SIZE(weft_nl_##object##_policy) - 1,		\
	.flags = GENL_UNS_ADMIN_PERM,					\
}

#define WEFT_OP_GET(id, object, handler, dump) {			\
	.cmd = WEFT_CMD_##id,						\
	.doit = weft_nl_##handler,					\
	.dumpit = weft_nl_##dump,					\
	.policy = weft_nl_##object##_policy,				\
	.maxattr = ARRAY_SIZE(weft_nl_##object##_policy) - 1,		\
	.flags = GENL_UNS_ADMIN_PERM,					\
}

static const struct genl_ops weft_genl_ops[] = {
	WEFT_OP_DO(DP_NEW, dp, dp_new),
	WEFT_OP_DO(DP_DEL, dp, dp_del),
	WEFT_OP_GET(DP_GET, dp, dp_get, dp_dump),
	WEFT_OP_DO(DP_SET, dp, dp_set),
	WEFT_OP_DO(PORT_NEW, port, port_new),
	WEFT_OP_DO(PORT_DEL, port, port_del),
	{
		.cmd = WEFT_CMD_PORT_GET,
		.doit = weft_nl_port_get,
		.start = weft_nl_port_dump_start,
		.dumpit = weft_nl_port_dump,
		.policy = weft_nl_port_policy,
		.maxattr = ARRAY_SIZE(weft_nl_port_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	WEFT_OP_DO(PORT_SET, port, port_set),
	WEFT_OP_GET(TABLE_GET, table, table_get, table_dump),
	WEFT_OP_DO(TABLE_SET, table, table_set),
	WEFT_OP_DO(FLOW_NEW, flow, flow_new),
	WEFT_OP_DO(FLOW_DEL, flow, flow_del),
	WEFT_OP_GET(FLOW_GET, flow, flow_get, flow_dump),
	WEFT_OP_DO(FLOW_SET, flow, flow_set),
	WEFT_OP_DO(TXN_BEGIN, txn, txn_begin),
	WEFT_OP_DO(TXN_COMMIT, txn, txn_commit),
	WEFT_OP_DO(TXN_ABORT, txn, txn_abort),
	WEFT_OP_DO(SERVICE_NEW, service, service_new),
	WEFT_OP_DO(SERVICE_DEL, service, service_del),
	WEFT_OP_GET(SERVICE_GET, service, service_get, service_dump),
	WEFT_OP_DO(SERVICE_SET, service, service_set),
	WEFT_OP_DO(PACKET_INJECT, packet, packet_inject),
	WEFT_OP_DO(TEMPLATE_NEW, template, template_new),
	WEFT_OP_DO(TEMPLATE_DEL, template, template_del),
	WEFT_OP_GET(TEMPLATE_GET, template, template_get, template_dump),
	WEFT_OP_DO(INSTANCE_NEW, instance, instance_new),
	WEFT_OP_DO(INSTANCE_DEL, instance, instance_del),
	WEFT_OP_GET(INSTANCE_GET, instance, instance_get, instance_dump),
	WEFT_OP_DO(POOL_NEW, pool, pool_new),
	WEFT_OP_DO(POOL_DEL, pool, pool_del),
	{
		.cmd = WEFT_CMD_POOL_GET,
		.doit = weft_nl_pool_get,
		.start = weft_nl_pool_dump_start,
		.dumpit = weft_nl_pool_dump,
		.policy = weft_nl_pool_policy,
		.maxattr = ARRAY_SIZE(weft_nl_pool_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	WEFT_OP_DO(POOL_SET, pool, pool_set),
	WEFT_OP_DO(LABEL_NEW, label, label_new),
	WEFT_OP_DO(LABEL_DEL, label, label_del),
	WEFT_OP_GET(LABEL_GET, label, label_get, label_dump),
	WEFT_OP_DO(TUNNEL_SET, tunnel, tunnel_set),
	WEFT_OP_DO(TUNNEL_DEL, tunnel, tunnel_del),
	WEFT_OP_GET(TUNNEL_GET, tunnel, tunnel_get, tunnel_dump),
};

static const struct genl_multicast_group weft_genl_mcgrps[] = {
	[WEFT_MCGRP_EVENTS_IDX] = { .name = WEFT_MCGRP_EVENTS },
	[WEFT_MCGRP_INSTANCES_IDX] = { .name = WEFT_MCGRP_INSTANCES },
};

struct genl_family weft_genl_family __ro_after_init = {
	.name = WEFT_GENL_NAME,
	.version = WEFT_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = weft_genl_ops,
	.n_ops = ARRAY_SIZE(weft_genl_ops),
	.resv_start_op = __WEFT_CMD_MAX,	/* or NLM_F_REPLACE would be refused */
	.mcgrps = weft_genl_mcgrps,
	.n_mcgrps = ARRAY_SIZE(weft_genl_mcgrps),
};

int weft_nl_put_drops(struct sk_buff *skb, int attrtype, const u64 *drops)
{
	struct nlattr *nest, *entry;
	unsigned int i;

	nest = nla_nest_start(skb, attrtype);
	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i <= WEFT_DROP_MAX; i++) {
		if (!drops[i])
			continue;
		entry = nla_nest_start(skb, WEFT_DROPS_A_ENTRY);
		if (!entry ||
		    nla_put_u32(skb, WEFT_DROP_ENTRY_A_REASON, i) ||
		    nla_put_u64_64bit(skb, WEFT_DROP_ENTRY_A_PACKETS, drops[i],
				      WEFT_DROP_ENTRY_A_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, entry);
	}
	nla_nest_end(skb, nest);
	return 0;
}

bool weft_nl_has_listeners(const struct weft_datapath *dp)
{
	return genl_has_listeners(&weft_genl_family, dp->net, WEFT_MCGRP_EVENTS_IDX);
}

void weft_nl_event(const struct weft_datapath *dp, struct sk_buff *msg)
{
	genlmsg_multicast_netns(&weft_genl_family, dp->net, msg, 0, WEFT_MCGRP_EVENTS_IDX,
				GFP_KERNEL);
}

static void weft_dp_socket_gone(struct weft_datapath *dp, void *arg)
{
	u32 portid = *(u32 *)arg;

	mutex_lock(&dp->lock);
	weft_txn_socket_gone(dp, portid);
	mutex_unlock(&dp->lock);
	weft_upcall_socket_gone(dp, portid);
}

/* Also for sockets that never talked to us: cheap when there is no datapath */
static int weft_netlink_notify(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct netlink_notify *notify = ptr;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC && notify->portid)
		weft_dp_for_each(notify->net, weft_dp_socket_gone, &notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block weft_netlink_notifier = {
	.notifier_call = weft_netlink_notify,
};

int weft_netlink_init(void)
{
	int err = netlink_register_notifier(&weft_netlink_notifier);

	if (err)
		return err;
	err = genl_register_family(&weft_genl_family);
	if (err)
		netlink_unregister_notifier(&weft_netlink_notifier);
	return err;
}

void weft_netlink_exit(void)
{
	genl_unregister_family(&weft_genl_family);
	netlink_unregister_notifier(&weft_netlink_notifier);
}
