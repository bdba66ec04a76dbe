// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about ports: NEW, DEL, GET, SET, and the events.
 *
 * What changes ports takes RTNL, then dp->lock; reports take dp->lock only, as the
 * port knows all that is to be said about its device. A port with thousands of
 * logical ports and remotes makes a long message, so room is reserved by
 * weft_port_msg_size(), for dumps too.
 */
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/weft.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include "compat.h"
#include "context.h"
#include "datapath.h"
#include "netlink.h"
#include "port.h"
#include "tunnel.h"

static struct netlink_range_validation weft_port_id_range = {
	.min = 1,
	.max = WEFT_PORT_ID_MAX,
};

static struct netlink_range_validation weft_port_mtu_range = {
	.min = ETH_MIN_MTU,
	.max = ETH_MAX_MTU,
};

static const struct nla_policy weft_nl_lports_policy[WEFT_LPORTS_A_MAX + 1] = {
	[WEFT_LPORTS_A_ENTRY] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_lport)),
};

static const struct nla_policy weft_nl_remotes_policy[WEFT_REMOTES_A_MAX + 1] = {
	[WEFT_REMOTES_A_IPV4] = NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[WEFT_REMOTES_A_IPV6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
};

static const struct nla_policy weft_nl_tun_opts_policy[WEFT_TUN_OPTS_A_MAX + 1] = {
	[WEFT_TUN_OPTS_A_ENTRY] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_tun_opt)),
};

/* Those that are only reported are missing, and so refused in a request */
const struct nla_policy weft_nl_port_policy[WEFT_PORT_A_MAX + 1] = {
	[WEFT_PORT_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_PORT_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_port_id_range),
	[WEFT_PORT_A_NAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[WEFT_PORT_A_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, WEFT_PORT_TYPE_MAX),
	[WEFT_PORT_A_CLASS] = NLA_POLICY_RANGE(NLA_U32, 1, WEFT_PORT_CLASS_MAX),
	[WEFT_PORT_A_VM_ID] = { .type = NLA_NUL_STRING, .len = WEFT_VM_ID_MAX },
	[WEFT_PORT_A_LPORTS] = NLA_POLICY_NESTED(weft_nl_lports_policy),
	[WEFT_PORT_A_REMOTES] = NLA_POLICY_NESTED(weft_nl_remotes_policy),
	[WEFT_PORT_A_TUN_OPTS] = NLA_POLICY_NESTED(weft_nl_tun_opts_policy),
	[WEFT_PORT_A_MAC] = NLA_POLICY_ETH_ADDR,
	[WEFT_PORT_A_MTU] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_port_mtu_range),
	[WEFT_PORT_A_MARK_MASK] = { .type = NLA_U32 },
};

#define WEFT_PORT_SELECT	(BIT(WEFT_PORT_A_DP) | BIT(WEFT_PORT_A_ID) | \
				 BIT(WEFT_PORT_A_NAME))
#define WEFT_PORT_CHANGE	(WEFT_PORT_SELECT | BIT(WEFT_PORT_A_CLASS) | \
				 BIT(WEFT_PORT_A_VM_ID) | BIT(WEFT_PORT_A_LPORTS) | \
				 BIT(WEFT_PORT_A_REMOTES) | BIT(WEFT_PORT_A_TUN_OPTS) | \
				 BIT(WEFT_PORT_A_MARK_MASK))

/* Refuse attributes that mean nothing to the request */
static int weft_nl_port_only(struct nlattr **attrs, u32 allowed, struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 1; i <= WEFT_PORT_A_MAX; i++)
		if (attrs[i] && !(allowed & BIT(i))) {
			NL_SET_ERR_MSG_ATTR(extack, attrs[i],
					    "this request cannot have this attribute");
			return -EINVAL;
		}
	return 0;
}

static struct weft_port *weft_nl_port_by_name(struct weft_datapath *dp,
					      const struct nlattr *name,
					      struct netlink_ext_ack *extack)
{
	struct weft_port *port, *found = NULL;
	unsigned long id;

	/* devices in other namespaces may share a name with one here */
	xa_for_each(&dp->ports, id, port) {
		if (nla_strcmp(name, port->name))
			continue;
		if (!port->foreign)
			return port;
		if (found) {
			WEFT_ERR_ATTR(extack, name, "ports %u and %u have this name",
				      found->id, port->id);
			return ERR_PTR(-ENOTUNIQ);
		}
		found = port;
	}
	if (!found) {
		NL_SET_ERR_MSG_ATTR(extack, name, "no port has this name");
		return ERR_PTR(-ENODEV);
	}
	return found;
}

static struct weft_port *weft_nl_port_find(struct weft_datapath *dp, struct nlattr **attrs,
					   struct netlink_ext_ack *extack)
{
	struct nlattr *id = attrs[WEFT_PORT_A_ID], *name = attrs[WEFT_PORT_A_NAME];
	struct weft_port *port;

	if (!id && !name) {
		NL_SET_ERR_ATTR_MISS(extack, NULL, WEFT_PORT_A_ID);
		NL_SET_ERR_MSG(extack, "the port's number or name is missing");
		return ERR_PTR(-EINVAL);
	}
	if (!id)
		return weft_nl_port_by_name(dp, name, extack);
	port = xa_load(&dp->ports, nla_get_u32(id));
	if (!port) {
		NL_SET_ERR_MSG_ATTR(extack, id, "no port has this number");
		return ERR_PTR(-ENODEV);
	}
	if (name && nla_strcmp(name, port->name)) {
		WEFT_ERR_ATTR(extack, name, "port %u is %s", port->id, port->name);
		return ERR_PTR(-EINVAL);
	}
	return port;
}

/* Messages */

static size_t weft_port_msg_size(const struct weft_port *port)
{
	const struct weft_datapath *dp = port->dp;
	const struct weft_tunnel *tunnel;
	size_t size;

	size = nla_total_size(WEFT_NAME_MAX + 1) +
	       nla_total_size(IFNAMSIZ) +
	       nla_total_size(WEFT_VM_ID_MAX + 1) +
	       7 * nla_total_size(sizeof(u32)) +	/* id … netnsid, reason, mask */
	       nla_total_size(0) +
	       port->n_lports * nla_total_size(sizeof(struct weft_lport)) +
	       nla_total_size(0) +			/* statistics */
	       WEFT_PORT_STATS_A_MAX * nla_total_size_64bit(sizeof(u64)) +
	       nla_total_size(0) +			/* drops */
	       WEFT_DROP_MAX * (nla_total_size(0) + nla_total_size(sizeof(u32)) +
				nla_total_size_64bit(sizeof(u64)));
	tunnel = rcu_dereference_protected(port->tunnel, lockdep_is_held(&dp->lock));
	if (tunnel)
		size += weft_tunnel_size(tunnel);
	return size;
}

static int weft_nl_port_put_lports(struct sk_buff *skb, const struct weft_port *port)
{
	const struct weft_lport_entry *entry;
	struct nlattr *nest;

	nest = nla_nest_start(skb, WEFT_PORT_A_LPORTS);
	if (!nest)
		return -EMSGSIZE;
	list_for_each_entry(entry, &port->lports, node)
		if (nla_put(skb, WEFT_LPORTS_A_ENTRY, sizeof(entry->key), &entry->key))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int weft_nl_port_put_stats(struct sk_buff *skb, const struct weft_port *port)
{
	struct weft_port_stats stats;
	struct nlattr *nest;
	u64 rx_dropped = 0;
	unsigned int i;

	weft_port_stats(port, &stats);
	for (i = 0; i <= WEFT_DROP_MAX; i++)
		rx_dropped += stats.drops[i];

	nest = nla_nest_start(skb, WEFT_PORT_A_STATS);
	if (!nest ||
	    nla_put_u64_64bit(skb, WEFT_PORT_STATS_A_RX_PACKETS, stats.rx_packets,
			      WEFT_PORT_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_PORT_STATS_A_RX_BYTES, stats.rx_bytes,
			      WEFT_PORT_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_PORT_STATS_A_TX_PACKETS, stats.tx_packets,
			      WEFT_PORT_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_PORT_STATS_A_TX_BYTES, stats.tx_bytes,
			      WEFT_PORT_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_PORT_STATS_A_RX_DROPPED, rx_dropped,
			      WEFT_PORT_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_PORT_STATS_A_TX_DROPPED, stats.tx_dropped,
			      WEFT_PORT_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_PORT_STATS_A_UPCALLS, stats.upcalls,
			      WEFT_PORT_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_PORT_STATS_A_MARKS_REFUSED, stats.marks_refused,
			      WEFT_PORT_STATS_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return weft_nl_put_drops(skb, WEFT_PORT_A_DROPS, stats.drops);
}

static int weft_nl_port_put(struct sk_buff *skb, const struct weft_port *port)
{
	const struct weft_datapath *dp = port->dp;
	const struct weft_tunnel *tunnel;

	if (nla_put_string(skb, WEFT_PORT_A_DP, dp->name) ||
	    nla_put_u32(skb, WEFT_PORT_A_ID, port->id) ||
	    nla_put_string(skb, WEFT_PORT_A_NAME, port->name) ||
	    nla_put_u32(skb, WEFT_PORT_A_TYPE, port->type) ||
	    nla_put_u32(skb, WEFT_PORT_A_CLASS, port->class) ||
	    nla_put_u32(skb, WEFT_PORT_A_IFINDEX, port->ifindex))
		return -EMSGSIZE;
	if (port->foreign && nla_put_s32(skb, WEFT_PORT_A_NETNSID, port->netnsid))
		return -EMSGSIZE;
	if (port->mark_mask != weft_mark_bits(port->type) &&
	    nla_put_u32(skb, WEFT_PORT_A_MARK_MASK, port->mark_mask))
		return -EMSGSIZE;
	if (*port->vm_id && nla_put_string(skb, WEFT_PORT_A_VM_ID, port->vm_id))
		return -EMSGSIZE;
	if (weft_nl_port_put_lports(skb, port))
		return -EMSGSIZE;
	tunnel = rcu_dereference_protected(port->tunnel, lockdep_is_held(&dp->lock));
	if (tunnel && weft_tunnel_put(skb, tunnel))
		return -EMSGSIZE;
	return weft_nl_port_put_stats(skb, port);
}

static int weft_nl_port_fill(struct sk_buff *skb, const struct weft_port *port, u32 portid,
			     u32 seq, int flags, enum weft_cmd cmd, enum weft_reason reason)
{
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &weft_genl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (weft_nl_port_put(skb, port) ||
	    (reason && nla_put_u32(skb, WEFT_PORT_A_REASON, reason))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

void weft_nl_port_event(struct weft_port *port, enum weft_cmd cmd, enum weft_reason reason)
{
	struct sk_buff *msg;

	if (!weft_nl_has_listeners(port->dp))
		return;
	msg = genlmsg_new(weft_port_msg_size(port), GFP_KERNEL);
	if (msg && !weft_nl_port_fill(msg, port, 0, 0, 0, cmd, reason))
		weft_nl_event(port->dp, msg);
	else
		nlmsg_free(msg);
}

static struct sk_buff *weft_nl_port_answer(const struct weft_port *port, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(weft_port_msg_size(port), GFP_KERNEL);

	if (msg && !weft_nl_port_fill(msg, port, info->snd_portid, info->snd_seq, 0,
				      WEFT_CMD_PORT_NEW, WEFT_REASON_UNSPEC))
		return msg;
	nlmsg_free(msg);
	NL_SET_ERR_MSG(info->extack, "no memory for the answer");
	return NULL;
}

/* Requests */

/* The datapath with a reference, RTNL and its lock */
static struct weft_datapath *weft_nl_port_begin(struct genl_info *info)
{
	struct weft_datapath *dp;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_PORT_A_DP], info->extack);
	if (IS_ERR(dp))
		return dp;
	rtnl_lock();
	err = weft_dp_lock(dp, info->extack);
	if (!err)
		return dp;
	rtnl_unlock();
	weft_dp_put(dp);
	return ERR_PTR(err);
}

static void weft_nl_port_end(struct weft_datapath *dp)
{
	weft_dp_unlock(dp);
	rtnl_unlock();
	weft_dp_put(dp);
}

int weft_nl_port_new(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = NULL;
	struct weft_datapath *dp;
	struct weft_port *port;
	int err = 0;

	if (!info->attrs[WEFT_PORT_A_NAME]) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, WEFT_PORT_A_NAME);
		NL_SET_ERR_MSG(info->extack, "the device is missing");
		return -EINVAL;
	}
	dp = weft_nl_port_begin(info);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	port = weft_port_attach(dp, info->attrs, info->extack);
	if (IS_ERR(port))
		err = PTR_ERR(port);
	else if (info->nlhdr->nlmsg_flags & NLM_F_ECHO)
		msg = weft_nl_port_answer(port, info);
	weft_nl_port_end(dp);
	if (msg)
		genlmsg_reply(msg, info);
	return err;
}

int weft_nl_port_del(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	struct weft_port *port;
	LIST_HEAD(kill);
	int err;

	err = weft_nl_port_only(info->attrs, WEFT_PORT_SELECT, info->extack);
	if (err)
		return err;
	dp = weft_nl_port_begin(info);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	port = weft_nl_port_find(dp, info->attrs, info->extack);
	if (IS_ERR(port))
		err = PTR_ERR(port);
	else
		weft_port_detach(port, WEFT_REASON_REQUEST, &kill);
	weft_dp_unlock(dp);
	unregister_netdevice_many(&kill);
	rtnl_unlock();
	weft_dp_put(dp);
	return err;
}

int weft_nl_port_set(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	struct weft_port *port;
	int err;

	err = weft_nl_port_only(info->attrs, WEFT_PORT_CHANGE, info->extack);
	if (err)
		return err;
	dp = weft_nl_port_begin(info);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	port = weft_nl_port_find(dp, info->attrs, info->extack);
	if (IS_ERR(port))
		err = PTR_ERR(port);
	else
		err = weft_port_change(port, info->attrs, info->extack);
	weft_nl_port_end(dp);
	return err;
}

int weft_nl_port_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = NULL;
	struct weft_datapath *dp;
	struct weft_port *port;
	int err;

	err = weft_nl_port_only(info->attrs, WEFT_PORT_SELECT, info->extack);
	if (err)
		return err;
	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_PORT_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_dp_lock(dp, info->extack);
	if (err)
		goto put;
	port = weft_nl_port_find(dp, info->attrs, info->extack);
	if (IS_ERR(port)) {
		err = PTR_ERR(port);
	} else {
		msg = weft_nl_port_answer(port, info);
		err = msg ? 0 : -ENOMEM;
	}
	weft_dp_unlock(dp);
put:
	weft_dp_put(dp);
	return err ? err : genlmsg_reply(msg, info);
}

/* The datapath that is dumped, with a reference and its lock */
static struct weft_datapath *weft_nl_port_dump_begin(struct netlink_callback *cb)
{
	struct nlattr **attrs = weft_dump_attrs(cb);
	int err;

	err = weft_nl_port_only(attrs, BIT(WEFT_PORT_A_DP), cb->extack);
	if (err)
		return ERR_PTR(err);
	return weft_dp_enter(sock_net(cb->skb->sk), attrs[WEFT_PORT_A_DP], cb->extack);
}

/* Make sure that the next message of the dump has room for this port */
static void weft_nl_port_dump_room(struct netlink_callback *cb, const struct weft_port *port)
{
	size_t size = nlmsg_total_size(GENL_HDRLEN + weft_port_msg_size(port));

	cb->min_dump_alloc = max_t(size_t, cb->min_dump_alloc, size);
}

int weft_nl_port_dump_start(struct netlink_callback *cb)
{
	struct weft_datapath *dp = weft_nl_port_dump_begin(cb);
	struct weft_port *port;
	unsigned long id;

	if (IS_ERR(dp))
		return 0;	/* the dump will say why: there is no extack here */
	xa_for_each(&dp->ports, id, port)
		weft_nl_port_dump_room(cb, port);
	weft_dp_leave(dp);
	return 0;
}

/* cb->args[0]: the number to go on with; ports that come and go are seen or not */
int weft_nl_port_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct weft_datapath *dp = weft_nl_port_dump_begin(cb);
	unsigned long id = cb->args[0];
	struct weft_port *port;
	int err = 0;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	xa_for_each_start(&dp->ports, id, port, cb->args[0]) {
		err = weft_nl_port_fill(skb, port, NETLINK_CB(cb->skb).portid,
					cb->nlh->nlmsg_seq, NLM_F_MULTI, WEFT_CMD_PORT_NEW,
					WEFT_REASON_UNSPEC);
		if (err) {
			weft_nl_port_dump_room(cb, port);
			break;
		}
		cb->args[0] = id + 1;
	}
	weft_dp_leave(dp);
	return err && !skb->len ? err : skb->len;
}
