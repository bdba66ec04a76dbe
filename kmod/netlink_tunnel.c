// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about tunnels: SET, DEL, GET, and the events.
 *
 * What changes takes dp->lock, and so do reports. A request says what it wants of a copy, which
 * takes the place of what was there when all of it is good.
 */
#include <linux/ktime.h>
#include <net/ipv6.h>
#include "compat.h"
#include "datapath.h"
#include "netlink.h"
#include "port.h"
#include "remote.h"
#include "tunnel.h"

static struct netlink_range_validation weft_nl_tunnel_port_range = {
	.min = 1,
	.max = WEFT_PORT_ID_MAX,
};

static const struct nla_policy weft_nl_fallbacks_policy[WEFT_FALLBACKS_A_MAX + 1] = {
	[WEFT_FALLBACKS_A_WAY] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_tunnel_way)),
};

/* Those that are only reported are missing, and so refused in a request */
const struct nla_policy weft_nl_tunnel_policy[WEFT_TUNNEL_A_MAX + 1] = {
	[WEFT_TUNNEL_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_TUNNEL_A_PORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_nl_tunnel_port_range),
	[WEFT_TUNNEL_A_IPV4] = NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[WEFT_TUNNEL_A_IPV6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[WEFT_TUNNEL_A_STATE] = NLA_POLICY_MAX(NLA_U32, WEFT_TUNNEL_STATE_MAX),
	[WEFT_TUNNEL_A_FALLBACKS] = NLA_POLICY_NESTED(weft_nl_fallbacks_policy),
	[WEFT_TUNNEL_A_DIAG] = { .type = NLA_U8 },
	[WEFT_TUNNEL_A_REMOTE_DIAG] = { .type = NLA_U8 },
	[WEFT_TUNNEL_A_MTU] = { .type = NLA_U32 },
	[WEFT_TUNNEL_A_RTT] = { .type = NLA_U32 },
};

/* Messages */

static int weft_nl_tunnel_put_addr(struct sk_buff *msg, const struct in6_addr *addr)
{
	if (ipv6_addr_v4mapped(addr))
		return nla_put_in_addr(msg, WEFT_TUNNEL_A_IPV4, addr->s6_addr32[3]);
	return nla_put_in6_addr(msg, WEFT_TUNNEL_A_IPV6, addr);
}

static int weft_nl_tunnel_put_way(struct sk_buff *msg, int type, const struct weft_way *way)
{
	struct weft_tunnel_way out = { .port = way->port, .family = 6 };

	if (ipv6_addr_v4mapped(&way->addr)) {
		out.family = 4;
		memcpy(out.addr, &way->addr.s6_addr32[3], sizeof(struct in_addr));
	} else {
		memcpy(out.addr, &way->addr, sizeof(struct in6_addr));
	}
	return nla_put(msg, type, sizeof(out), &out);
}

static int weft_nl_tunnel_put_fallbacks(struct sk_buff *msg, const struct weft_remote *remote)
{
	struct nlattr *nest = nla_nest_start(msg, WEFT_TUNNEL_A_FALLBACKS);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < remote->n_fallbacks; i++)
		if (weft_nl_tunnel_put_way(msg, WEFT_FALLBACKS_A_WAY, &remote->fallbacks[i]))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int weft_nl_tunnel_put(struct sk_buff *msg, struct weft_datapath *dp,
			      const struct weft_remote *remote)
{
	u64 since_ms = div_u64(ktime_get_boottime_ns() - remote->since_ns, NSEC_PER_MSEC);
	struct weft_way via;

	if (nla_put_string(msg, WEFT_TUNNEL_A_DP, dp->name) ||
	    nla_put_u32(msg, WEFT_TUNNEL_A_PORT, remote->way.port) ||
	    weft_nl_tunnel_put_addr(msg, &remote->way.addr) ||
	    nla_put_u32(msg, WEFT_TUNNEL_A_STATE, remote->state) ||
	    weft_nl_tunnel_put_fallbacks(msg, remote) ||
	    nla_put_u8(msg, WEFT_TUNNEL_A_DIAG, remote->diag) ||
	    nla_put_u8(msg, WEFT_TUNNEL_A_REMOTE_DIAG, remote->remote_diag) ||
	    nla_put_u32(msg, WEFT_TUNNEL_A_MTU, remote->mtu) ||
	    nla_put_u32(msg, WEFT_TUNNEL_A_RTT, remote->rtt_us) ||
	    nla_put_u64_64bit(msg, WEFT_TUNNEL_A_SINCE, since_ms, WEFT_TUNNEL_A_PAD) ||
	    nla_put_u64_64bit(msg, WEFT_TUNNEL_A_FLAPS, remote->flaps, WEFT_TUNNEL_A_PAD))
		return -EMSGSIZE;
	if (weft_remote_divert(dp, &remote->way, NULL, NULL, &via))
		return weft_nl_tunnel_put_way(msg, WEFT_TUNNEL_A_VIA, &via);
	return 0;
}

static int weft_nl_tunnel_fill(struct sk_buff *msg, struct weft_datapath *dp,
			       const struct weft_remote *remote, enum weft_cmd cmd, u32 portid,
			       u32 seq, int flags)
{
	void *hdr = genlmsg_put(msg, portid, seq, &weft_genl_family, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (weft_nl_tunnel_put(msg, dp, remote)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

static void weft_nl_tunnel_event(struct weft_datapath *dp, const struct weft_remote *remote,
				 enum weft_cmd cmd)
{
	struct sk_buff *msg;

	if (!weft_nl_has_listeners(dp))
		return;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (msg && !weft_nl_tunnel_fill(msg, dp, remote, cmd, 0, 0, 0))
		weft_nl_event(dp, msg);
	else
		nlmsg_free(msg);
}

/* Requests */

/* The datapath of a request with a reference and its lock; which tunnel it is */
static struct weft_datapath *weft_nl_tunnel_begin(struct genl_info *info, struct weft_way *way)
{
	const struct nlattr *ipv4 = info->attrs[WEFT_TUNNEL_A_IPV4];
	const struct nlattr *ipv6 = info->attrs[WEFT_TUNNEL_A_IPV6];

	if (!info->attrs[WEFT_TUNNEL_A_PORT]) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, WEFT_TUNNEL_A_PORT);
		NL_SET_ERR_MSG(info->extack, "the tunnel port is missing");
		return ERR_PTR(-EINVAL);
	}
	if (!ipv4 == !ipv6) {
		NL_SET_ERR_MSG(info->extack, "a tunnel has one remote, IPv4 or IPv6");
		return ERR_PTR(-EINVAL);
	}
	way->port = nla_get_u32(info->attrs[WEFT_TUNNEL_A_PORT]);
	if (ipv4)
		ipv6_addr_set_v4mapped(nla_get_in_addr(ipv4), &way->addr);
	else
		way->addr = nla_get_in6_addr(ipv6);
	if (ipv6_addr_v4mapped(&way->addr) != !!ipv4 || !weft_tunnel_is_endpoint(&way->addr)) {
		NL_SET_ERR_MSG_ATTR(info->extack, ipv4 ?: ipv6,
				    "not the address of a tunnel endpoint");
		return ERR_PTR(-EINVAL);
	}
	return weft_dp_enter(genl_info_net(info), info->attrs[WEFT_TUNNEL_A_DP], info->extack);
}

static struct weft_remote *weft_nl_tunnel_find(struct weft_datapath *dp,
					       const struct weft_way *way,
					       struct netlink_ext_ack *extack)
{
	struct weft_remote *remote = weft_remote_find(dp, way);

	if (!remote)
		NL_SET_ERR_MSG(extack, "nothing is known of this tunnel");
	return remote;
}

static int weft_nl_tunnel_fallback(const struct nlattr *attr, struct weft_remote *remote,
				   struct netlink_ext_ack *extack)
{
	struct weft_way *way = &remote->fallbacks[remote->n_fallbacks];
	struct weft_tunnel_way in;
	const char *msg = NULL;
	unsigned int i;
	__be32 addr4;

	if (remote->n_fallbacks == WEFT_FALLBACKS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a tunnel has up to four fallbacks");
		return -ENOSPC;
	}
	nla_memcpy(&in, attr, sizeof(in));
	memcpy(&addr4, in.addr, sizeof(addr4));
	way->port = in.port;
	memcpy(&way->addr, in.addr, sizeof(way->addr));
	if (in.family == 4)
		ipv6_addr_set_v4mapped(addr4, &way->addr);
	if (!in.port || in.port > WEFT_PORT_ID_MAX)
		msg = "ports are numbered from 1 to 65535";
	else if (memchr_inv(in.reserved, 0, sizeof(in.reserved)) ||
		 (in.family == 4 && memchr_inv(in.addr + 4, 0, sizeof(in.addr) - 4)))
		msg = "reserved bytes are not zero";
	else if ((in.family != 4 && in.family != 6) ||
		 ipv6_addr_v4mapped(&way->addr) != (in.family == 4) ||
		 !weft_tunnel_is_endpoint(&way->addr))
		msg = "not the address of a tunnel endpoint";
	else if (!memcmp(way, &remote->way, sizeof(*way)))
		msg = "a tunnel cannot be used instead of itself";
	for (i = 0; i < remote->n_fallbacks && !msg; i++)
		if (!memcmp(way, &remote->fallbacks[i], sizeof(*way)))
			msg = "this fallback is in the list twice";
	if (msg) {
		WEFT_ERR_ATTR(extack, attr, "%s", msg);
		return -EINVAL;
	}
	remote->n_fallbacks++;
	return 0;
}

/* What the request says of it; the rest stays */
static int weft_nl_tunnel_parse(struct nlattr **attrs, struct weft_remote *remote,
				struct netlink_ext_ack *extack)
{
	const struct nlattr *list = attrs[WEFT_TUNNEL_A_FALLBACKS], *attr;
	int rem, err;

	if (attrs[WEFT_TUNNEL_A_STATE])
		remote->state = nla_get_u32(attrs[WEFT_TUNNEL_A_STATE]);
	if (attrs[WEFT_TUNNEL_A_DIAG])
		remote->diag = nla_get_u8(attrs[WEFT_TUNNEL_A_DIAG]);
	if (attrs[WEFT_TUNNEL_A_REMOTE_DIAG])
		remote->remote_diag = nla_get_u8(attrs[WEFT_TUNNEL_A_REMOTE_DIAG]);
	if (attrs[WEFT_TUNNEL_A_MTU])
		remote->mtu = nla_get_u32(attrs[WEFT_TUNNEL_A_MTU]);
	if (attrs[WEFT_TUNNEL_A_RTT])
		remote->rtt_us = nla_get_u32(attrs[WEFT_TUNNEL_A_RTT]);
	if (!list)
		return 0;
	remote->n_fallbacks = 0;
	memset(remote->fallbacks, 0, sizeof(remote->fallbacks));
	nla_for_each_nested(attr, list, rem) {
		err = weft_nl_tunnel_fallback(attr, remote, extack);
		if (err)
			return err;
	}
	return 0;
}

static int weft_nl_tunnel_change(struct weft_datapath *dp, const struct weft_way *way,
				 struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[WEFT_TUNNEL_A_PORT];
	const struct weft_port *port = xa_load(&dp->ports, way->port);
	struct weft_remote *old, *new;
	int err;

	if (!port) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no port has this number");
		return -ENODEV;
	}
	if (port->class != WEFT_PORT_CLASS_FABRIC) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "not a tunnel port");
		return -EINVAL;
	}
	old = weft_remote_find(dp, way);
	new = weft_remote_copy(old, way);
	if (!new) {
		NL_SET_ERR_MSG(info->extack, "no memory for the tunnel");
		return -ENOMEM;
	}
	err = weft_nl_tunnel_parse(info->attrs, new, info->extack);
	if (err) {
		kfree(new);
		return err;
	}
	err = weft_remote_replace(dp, old, new);
	if (err)
		WEFT_ERR_ATTR(info->extack, attr, "%s", err == -ENOSPC ?
			      "too many tunnels" : "no memory for the tunnel");
	else
		weft_nl_tunnel_event(dp, new, WEFT_CMD_TUNNEL_SET);
	return err;
}

int weft_nl_tunnel_set(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	struct weft_way way;
	int err;

	dp = weft_nl_tunnel_begin(info, &way);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_nl_tunnel_change(dp, &way, info);
	weft_dp_leave(dp);
	return err;
}

int weft_nl_tunnel_del(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_remote *remote;
	struct weft_datapath *dp;
	struct weft_way way;
	int err = -ENOENT;

	dp = weft_nl_tunnel_begin(info, &way);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	remote = weft_nl_tunnel_find(dp, &way, info->extack);
	if (remote) {
		weft_nl_tunnel_event(dp, remote, WEFT_CMD_TUNNEL_DEL);
		weft_remote_delete(dp, remote);
		err = 0;
	}
	weft_dp_leave(dp);
	return err;
}

int weft_nl_tunnel_get(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_remote *remote;
	struct weft_datapath *dp;
	struct sk_buff *msg;
	struct weft_way way;
	int err = -ENOENT;

	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg) {
		NL_SET_ERR_MSG(info->extack, "no memory for the answer");
		return -ENOMEM;
	}
	dp = weft_nl_tunnel_begin(info, &way);
	if (IS_ERR(dp)) {
		nlmsg_free(msg);
		return PTR_ERR(dp);
	}
	remote = weft_nl_tunnel_find(dp, &way, info->extack);
	if (remote)
		err = weft_nl_tunnel_fill(msg, dp, remote, WEFT_CMD_TUNNEL_SET, info->snd_portid,
					  info->snd_seq, 0);
	weft_dp_leave(dp);
	if (!err)
		return genlmsg_reply(msg, info);
	nlmsg_free(msg);
	return err;
}

/* cb->args[0]: the id to go on with; tunnels that come and go are seen or not */
int weft_nl_tunnel_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long id = cb->args[0];
	struct weft_remote *remote;
	struct weft_datapath *dp;

	dp = weft_dp_enter(sock_net(cb->skb->sk), weft_dump_attrs(cb)[WEFT_TUNNEL_A_DP],
			   cb->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	xa_for_each_start(&dp->remotes->by_id, id, remote, cb->args[0]) {
		if (weft_nl_tunnel_fill(skb, dp, remote, WEFT_CMD_TUNNEL_SET,
					NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					NLM_F_MULTI))
			break;
		cb->args[0] = id + 1;
	}
	weft_dp_leave(dp);
	return skb->len;
}
