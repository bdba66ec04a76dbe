// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about services: registration, credits, limits, state.
 *
 * A socket is known by its port id, and the services it registered for are its own
 * until it leaves or closes (see weft_upcall_socket_gone()). Each request holds a
 * reference on its datapath; dp->lock is taken where a service may be made, so
 * that none is made when the datapath is dead. What upcall.c refuses by
 * a bare number gets its words here.
 */
#include <linux/ctype.h>
#include <net/sock.h>
#include "compat.h"
#include "datapath.h"
#include "netlink.h"
#include "upcall.h"

static struct netlink_range_validation weft_nl_credits_range = {
	.max = WEFT_SERVICE_CREDITS_MAX,
};

const struct nla_policy weft_nl_service_policy[WEFT_SERVICE_A_MAX + 1] = {
	[WEFT_SERVICE_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_SERVICE_A_NAME] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_SERVICE_A_CREDITS] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_nl_credits_range),
	[WEFT_SERVICE_A_QUEUE_LIMIT] = NLA_POLICY_RANGE(NLA_U32, 1, WEFT_SERVICE_LIMIT_MAX),
};

static int weft_nl_service_fill(struct sk_buff *msg, const struct weft_datapath *dp,
				struct weft_service *service, enum weft_cmd cmd,
				u32 portid, u32 seq, int flags)
{
	struct weft_service_info info;
	void *hdr;

	hdr = genlmsg_put(msg, portid, seq, &weft_genl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	weft_service_read(service, &info);
	if (nla_put_string(msg, WEFT_SERVICE_A_DP, dp->name) ||
	    nla_put_string(msg, WEFT_SERVICE_A_NAME, info.name) ||
	    nla_put_u32(msg, WEFT_SERVICE_A_CREDITS, info.credits) ||
	    nla_put_u32(msg, WEFT_SERVICE_A_QUEUE_LIMIT, info.queue_limit) ||
	    nla_put_u32(msg, WEFT_SERVICE_A_MEMBERS, info.members) ||
	    nla_put_u32(msg, WEFT_SERVICE_A_QUEUED, info.queued) ||
	    nla_put_u64_64bit(msg, WEFT_SERVICE_A_DELIVERED, info.delivered,
			      WEFT_SERVICE_A_PAD) ||
	    nla_put_u64_64bit(msg, WEFT_SERVICE_A_DROPPED, info.dropped,
			      WEFT_SERVICE_A_PAD)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

void weft_nl_service_event(struct weft_datapath *dp, struct weft_service *service,
			   enum weft_cmd cmd)
{
	struct sk_buff *msg;

	if (!weft_nl_has_listeners(dp))
		return;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return;
	if (weft_nl_service_fill(msg, dp, service, cmd, 0, 0, 0))
		nlmsg_free(msg);
	else
		weft_nl_event(dp, msg);
}

/* Names stand in text forms, so only what needs no quoting there */
static int weft_nl_service_name(struct genl_info *info, const char **name)
{
	const struct nlattr *attr = info->attrs[WEFT_SERVICE_A_NAME];
	const char *c;

	if (!attr) {
		NL_SET_ERR_MSG(info->extack, "service name is missing");
		return -EINVAL;
	}
	*name = nla_data(attr);
	for (c = *name; isalnum(*c) || *c == '_' || *c == '-' || *c == '.'; c++)
		;
	if (*c || c == *name) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "service name is not made of letters, digits, '_', '-', '.'");
		return -EINVAL;
	}
	return 0;
}

static struct weft_datapath *weft_nl_service_dp(struct genl_info *info)
{
	return weft_dp_get(genl_info_net(info), info->attrs[WEFT_SERVICE_A_DP], info->extack);
}

/* The service that a request names, with references on both; -errno with extack */
static int weft_nl_service_lookup(struct genl_info *info, struct weft_datapath **dp,
				  struct weft_service **service)
{
	const char *name;
	int err = weft_nl_service_name(info, &name);

	if (err)
		return err;
	*dp = weft_nl_service_dp(info);
	if (IS_ERR(*dp))
		return PTR_ERR(*dp);
	*service = weft_service_find(*dp, name);
	if (*service)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[WEFT_SERVICE_A_NAME],
			    "there is no such service");
	weft_dp_put(*dp);
	return -ENOENT;
}

static struct weft_service *weft_nl_service_make(struct weft_datapath *dp, const char *name,
						 struct netlink_ext_ack *extack)
{
	struct weft_service *service;
	int err = weft_dp_lock(dp, extack);

	if (err)
		return ERR_PTR(err);
	service = weft_service_get(dp, name, extack);
	weft_dp_unlock(dp);
	return service;
}

/* Words for what weft_service_join(), _leave() and _grant() say by a number */
static void weft_nl_service_refused(struct genl_info *info, int err)
{
	const struct nlattr *name = info->attrs[WEFT_SERVICE_A_NAME];

	switch (err) {
	case -EEXIST:
		NL_SET_ERR_MSG_ATTR(info->extack, name, "this socket is registered already");
		break;
	case -ENOENT:
		NL_SET_ERR_MSG_ATTR(info->extack, name, "this socket is not registered");
		break;
	case -ENOSPC:
		NL_SET_ERR_MSG_ATTR(info->extack, name, "too many sockets are registered");
		break;
	case -ERANGE:
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[WEFT_SERVICE_A_CREDITS],
				    "more credits than a socket may hold");
		break;
	case -ENOMEM:
		NL_SET_ERR_MSG(info->extack, "no memory for a registration");
		break;
	default:
		NL_SET_ERR_MSG(info->extack, "the datapath is going away");
	}
}

int weft_nl_service_new(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *attr;
	struct weft_service *service;
	struct weft_datapath *dp;
	const char *name;
	u32 credits = 0;
	int err;

	err = weft_nl_service_name(info, &name);
	if (err)
		return err;
	dp = weft_nl_service_dp(info);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	service = weft_nl_service_make(dp, name, info->extack);
	if (IS_ERR(service)) {
		err = PTR_ERR(service);
		goto put_dp;
	}

	attr = info->attrs[WEFT_SERVICE_A_CREDITS];
	if (attr)
		credits = nla_get_u32(attr);
	err = weft_service_join(service, info->snd_portid, credits);
	if (err) {
		weft_nl_service_refused(info, err);
		goto put_service;
	}
	attr = info->attrs[WEFT_SERVICE_A_QUEUE_LIMIT];
	if (attr)
		weft_service_set_limit(service, nla_get_u32(attr));
	weft_nl_service_event(dp, service, WEFT_CMD_SERVICE_NEW);

put_service:
	weft_service_put(service);
put_dp:
	weft_dp_put(dp);
	return err;
}

int weft_nl_service_del(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_service *service;
	struct weft_datapath *dp;
	int err;

	err = weft_nl_service_lookup(info, &dp, &service);
	if (err)
		return err;
	err = weft_service_leave(service, info->snd_portid);
	if (err)
		weft_nl_service_refused(info, err);
	weft_service_put(service);
	weft_dp_put(dp);
	return err;
}

int weft_nl_service_set(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *credits = info->attrs[WEFT_SERVICE_A_CREDITS];
	const struct nlattr *limit = info->attrs[WEFT_SERVICE_A_QUEUE_LIMIT];
	struct weft_service *service;
	struct weft_datapath *dp;
	int err;

	if (!credits && !limit) {
		NL_SET_ERR_MSG(info->extack, "neither credits nor a queue limit to set");
		return -EINVAL;
	}
	err = weft_nl_service_lookup(info, &dp, &service);
	if (err)
		return err;
	if (credits)
		err = weft_service_grant(service, info->snd_portid, nla_get_u32(credits));
	if (err) {
		weft_nl_service_refused(info, err);
	} else if (limit) {
		weft_service_set_limit(service, nla_get_u32(limit));
		weft_nl_service_event(dp, service, WEFT_CMD_SERVICE_NEW);
	}
	weft_service_put(service);
	weft_dp_put(dp);
	return err;
}

int weft_nl_service_get(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_service *service;
	struct weft_datapath *dp;
	struct sk_buff *msg;
	int err;

	err = weft_nl_service_lookup(info, &dp, &service);
	if (err)
		return err;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg) {
		NL_SET_ERR_MSG(info->extack, "no memory for the answer");
		err = -ENOMEM;
		goto put;
	}
	err = weft_nl_service_fill(msg, dp, service, WEFT_CMD_SERVICE_NEW, info->snd_portid,
				   info->snd_seq, 0);
	if (err)
		nlmsg_free(msg);
	else
		err = genlmsg_reply(msg, info);
put:
	weft_service_put(service);
	weft_dp_put(dp);
	return err;
}

/* cb->args[0]: the slot to go on with; services that come and go are seen or not */
int weft_nl_service_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct weft_service *service;
	struct weft_datapath *dp;
	unsigned int slot = cb->args[0];
	int err = 0;

	dp = weft_dp_get(sock_net(cb->skb->sk), weft_dump_attrs(cb)[WEFT_SERVICE_A_DP],
			 cb->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	while (!err && (service = weft_service_next(dp, &slot))) {
		err = weft_nl_service_fill(skb, dp, service, WEFT_CMD_SERVICE_NEW,
					   NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					   NLM_F_MULTI);
		weft_service_put(service);
		if (!err)
			slot++;
	}
	weft_dp_put(dp);
	cb->args[0] = slot;
	return skb->len;
}
