// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about templates.
 */
#include <net/netlink.h>
#include <net/sock.h>
#include "action.h"
#include "compat.h"
#include "datapath.h"
#include "instance.h"
#include "netlink.h"
#include "pending.h"
#include "pool.h"
#include "template.h"
#include "txn.h"
#include "upcall.h"

static struct netlink_range_validation weft_nl_template_range = {
	.min = 1, .max = WEFT_TEMPLATE_ID_MAX,
};

static struct netlink_range_validation weft_nl_pool_range = {
	.min = 1, .max = WEFT_POOL_ID_MAX,
};

static struct netlink_range_validation weft_nl_pending_range = {
	.min = 10, .max = 60000,
};

const struct nla_policy weft_nl_template_policy[WEFT_TEMPLATE_A_MAX + 1] = {
	[WEFT_TEMPLATE_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_TEMPLATE_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_nl_template_range),
	[WEFT_TEMPLATE_A_NAME] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_TEMPLATE_A_MODE] = NLA_POLICY_MAX(NLA_U32, WEFT_MODE_MAX),
	[WEFT_TEMPLATE_A_POOL] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_nl_pool_range),
	[WEFT_TEMPLATE_A_MAP_FIELD] = { .type = NLA_U16 },
	[WEFT_TEMPLATE_A_SERVICE] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_TEMPLATE_A_SLICE] = { .type = NLA_U16 },
	[WEFT_TEMPLATE_A_TRACK] = NLA_POLICY_MAX(NLA_U32, WEFT_TRACK_MAX),
	[WEFT_TEMPLATE_A_ENTRIES] = { .type = NLA_NESTED },
	[WEFT_TEMPLATE_A_TIMEOUTS] = { .type = NLA_NESTED },
	[WEFT_TEMPLATE_A_FAIL] = NLA_POLICY_NESTED(weft_nl_act_policy),
	[WEFT_TEMPLATE_A_FAIL_TIMEOUT] = { .type = NLA_U32 },
	[WEFT_TEMPLATE_A_PENDING_PACKETS] = NLA_POLICY_RANGE(NLA_U32, 1, 256),
	[WEFT_TEMPLATE_A_PENDING_TIMEOUT] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &weft_nl_pending_range),
	[WEFT_TEMPLATE_A_LIMITS] = { .type = NLA_NESTED },
	[WEFT_TEMPLATE_A_FALLBACK] = NLA_POLICY_MAX(NLA_U32, WEFT_FALLBACK_MAX),
};

static int weft_template_put_timeouts(struct sk_buff *skb, const struct weft_template *t)
{
	struct nlattr *nest = nla_nest_start(skb, WEFT_TEMPLATE_A_TIMEOUTS);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i <= WEFT_TIMEOUTS_A_MAX; i++)
		if (nla_put_u32(skb, i, t->timeouts[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int weft_template_put_refused(struct sk_buff *skb, struct weft_template *t)
{
	struct nlattr *nest = nla_nest_start(skb, WEFT_TEMPLATE_A_REFUSED);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < WEFT_REFUSALS; i++)
		if (nla_put_u64_64bit(skb, weft_refusal_attr(i), atomic64_read(&t->refused[i]),
				      WEFT_REFUSED_A_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int weft_template_put_msg(struct sk_buff *skb, const struct weft_datapath *dp,
				 struct weft_template *t, u32 portid, u32 seq, int flags,
				 enum weft_cmd cmd)
{
	void *hdr = genlmsg_put(skb, portid, seq, &weft_genl_family, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, WEFT_TEMPLATE_A_DP, dp->name) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_ID, t->id) ||
	    nla_put_string(skb, WEFT_TEMPLATE_A_NAME, t->name))
		goto full;
	if (cmd == WEFT_CMD_TEMPLATE_DEL)
		goto done;
	if (nla_put_u32(skb, WEFT_TEMPLATE_A_MODE, t->mode) ||
	    (t->pool && nla_put_u32(skb, WEFT_TEMPLATE_A_POOL, weft_pool_id(t->pool))) ||
	    (t->map_field && nla_put_u16(skb, WEFT_TEMPLATE_A_MAP_FIELD, t->map_field)) ||
	    (t->service && nla_put_string(skb, WEFT_TEMPLATE_A_SERVICE,
					  weft_service_name(t->service))) ||
	    nla_put_u16(skb, WEFT_TEMPLATE_A_SLICE, t->slice) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_TRACK, t->track) ||
	    weft_template_put_entries(skb, WEFT_TEMPLATE_A_ENTRIES, t) ||
	    weft_template_put_timeouts(skb, t) ||
	    weft_actions_put(skb, WEFT_TEMPLATE_A_FAIL, t->fail) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_FAIL_TIMEOUT, t->fail_ms) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_PENDING_PACKETS, t->pending_packets) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_PENDING_TIMEOUT, t->pending_ms) ||
	    weft_limits_put(skb, WEFT_TEMPLATE_A_LIMITS, t) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_FALLBACK, t->fallback) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_N_INSTANCES, atomic_read(&t->n_instances)) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_N_PENDING, atomic_read(&t->n_pending)) ||
	    nla_put_u32(skb, WEFT_TEMPLATE_A_SENDERS, atomic_read(&t->senders)) ||
	    nla_put_u64_64bit(skb, WEFT_TEMPLATE_A_CREATED, atomic64_read(&t->created),
			      WEFT_TEMPLATE_A_PAD) ||
	    weft_template_put_refused(skb, t))
		goto full;
done:
	genlmsg_end(skb, hdr);
	return 0;
full:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

/* A message with one template, however long its entries are; dp->lock */
static struct sk_buff *weft_template_msg(const struct weft_datapath *dp, struct weft_template *t,
					 u32 portid, u32 seq, enum weft_cmd cmd)
{
	size_t size = NLMSG_GOODSIZE;

	for (;;) {
		struct sk_buff *msg = genlmsg_new(size, GFP_KERNEL);

		if (!msg)
			return ERR_PTR(-ENOMEM);
		if (!weft_template_put_msg(msg, dp, t, portid, seq, 0, cmd))
			return msg;
		nlmsg_free(msg);
		if (size > WEFT_TEMPLATE_ENTRIES * 2 * WEFT_ACTIONS_MAX)
			return ERR_PTR(-EMSGSIZE);
		size *= 4;
	}
}

static void weft_template_event(const struct weft_datapath *dp, struct weft_template *t,
				enum weft_cmd cmd)
{
	struct sk_buff *msg;

	if (!weft_nl_has_listeners(dp))
		return;
	msg = weft_template_msg(dp, t, 0, 0, cmd);
	if (!IS_ERR(msg))
		weft_nl_event(dp, msg);
}

/* The datapath of a request, locked and with a reference; -errno with extack */
static struct weft_datapath *weft_template_dp(struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, WEFT_TEMPLATE_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "the template's id is missing");
		return ERR_PTR(-EINVAL);
	}
	return weft_dp_enter(genl_info_net(info), info->attrs[WEFT_TEMPLATE_A_DP], info->extack);
}

static struct weft_template *weft_template_named(struct weft_datapath *dp, struct genl_info *info)
{
	u32 id = nla_get_u32(info->attrs[WEFT_TEMPLATE_A_ID]);
	struct weft_template *t = weft_template_find(dp, id);

	if (t)
		return t;
	WEFT_ERR_ATTR(info->extack, info->attrs[WEFT_TEMPLATE_A_ID], "there is no template %u", id);
	return ERR_PTR(-ENOENT);
}

int weft_nl_template_new(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_template_dp(info);
	int err;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_template_create(dp, info->attrs, info->extack);
	if (!err)
		weft_template_event(dp, weft_template_named(dp, info), WEFT_CMD_TEMPLATE_NEW);
	weft_dp_leave(dp);
	return err;
}

int weft_nl_template_del(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_template_dp(info);
	struct weft_template *t;
	int err = 0, n;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	t = weft_template_named(dp, info);
	if (!IS_ERR(t) && atomic_read(&t->senders)) {
		/* those that were deleted let go two grace periods later */
		weft_dp_unlock(dp);
		weft_flows_settle(dp);
		err = weft_dp_lock(dp, info->extack);
		if (err)
			goto put;
		t = weft_template_named(dp, info);
	}
	if (IS_ERR(t)) {
		err = PTR_ERR(t);
		goto unlock;
	}
	n = atomic_read(&t->senders);
	if (n) {
		WEFT_ERR_ATTR(info->extack, info->attrs[WEFT_TEMPLATE_A_ID],
			      "template %u is named by actions of entries (%d)", t->id, n);
		err = -EBUSY;
		goto unlock;
	}
	weft_template_event(dp, t, WEFT_CMD_TEMPLATE_DEL);
	weft_instances_end_template(dp, t);
	weft_pending_template_gone(dp, t);
	weft_template_remove(dp, t);
unlock:
	weft_dp_unlock(dp);
put:
	weft_dp_put(dp);
	return err;
}

int weft_nl_template_get(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_template_dp(info);
	struct weft_template *t;
	struct sk_buff *msg;
	int err;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	t = weft_template_named(dp, info);
	msg = IS_ERR(t) ? ERR_CAST(t) :
	      weft_template_msg(dp, t, info->snd_portid, info->snd_seq, WEFT_CMD_TEMPLATE_NEW);
	weft_dp_unlock(dp);
	err = IS_ERR(msg) ? PTR_ERR(msg) : genlmsg_reply(msg, info);
	weft_dp_put(dp);
	return err;
}

/* By id, which is what cb->args[0] goes on with */
int weft_nl_template_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = weft_dump_attrs(cb);
	struct weft_datapath *dp;
	struct weft_template *t;
	unsigned long id;
	int err = 0;

	dp = weft_dp_enter(sock_net(skb->sk), attrs[WEFT_TEMPLATE_A_DP], cb->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	xa_for_each_start(&dp->templates, id, t, cb->args[0]) {
		err = weft_template_put_msg(skb, dp, t, NETLINK_CB(cb->skb).portid,
					    cb->nlh->nlmsg_seq, NLM_F_MULTI,
					    WEFT_CMD_TEMPLATE_NEW);
		if (err)
			break;
	}
	cb->args[0] = err ? id : ULONG_MAX;
	if (err && skb->len)
		err = 0;
	weft_dp_leave(dp);
	return err ? err : skb->len;
}
