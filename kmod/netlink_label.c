// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about labels: NEW, DEL, GET, and the events.
 */
#include <linux/weft.h>
#include <linux/xarray.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include "compat.h"
#include "datapath.h"
#include "label.h"
#include "netlink.h"

static struct netlink_range_validation weft_label_id_range = {
	.min = 1,
	.max = WEFT_LABEL_MAX,
};

static struct netlink_range_validation weft_label_ldp_range = {
	.min = 1,
	.max = WEFT_LDP_MAX,
};

static struct netlink_range_validation weft_label_lport_range = {
	.min = 1,
	.max = U16_MAX,
};

const struct nla_policy weft_nl_label_policy[WEFT_LABEL_A_MAX + 1] = {
	[WEFT_LABEL_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_LABEL_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_label_id_range),
	[WEFT_LABEL_A_LDP] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_label_ldp_range),
	[WEFT_LABEL_A_LPORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_label_lport_range),
};

#define WEFT_LABEL_SELECT	(BIT(WEFT_LABEL_A_DP) | BIT(WEFT_LABEL_A_ID))

/* Refuse attributes that mean nothing to the request */
static int weft_nl_label_only(struct nlattr **attrs, u32 allowed, struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 1; i <= WEFT_LABEL_A_MAX; i++)
		if (attrs[i] && !(allowed & BIT(i))) {
			NL_SET_ERR_MSG_ATTR(extack, attrs[i],
					    "this request cannot have this attribute");
			return -EINVAL;
		}
	return 0;
}

/* The datapath with a reference and its lock */
static struct weft_datapath *weft_nl_label_begin(struct net *net, struct nlattr **attrs,
						 u32 allowed, struct netlink_ext_ack *extack)
{
	int err;

	err = weft_nl_label_only(attrs, allowed, extack);
	if (err)
		return ERR_PTR(err);
	return weft_dp_enter(net, attrs[WEFT_LABEL_A_DP], extack);
}

static struct weft_label *weft_nl_label_find(struct weft_datapath *dp, struct nlattr **attrs,
					     struct netlink_ext_ack *extack)
{
	const struct nlattr *id = attrs[WEFT_LABEL_A_ID];
	struct weft_label *label;

	if (!id) {
		NL_SET_ERR_ATTR_MISS(extack, NULL, WEFT_LABEL_A_ID);
		NL_SET_ERR_MSG(extack, "the label's number is missing");
		return ERR_PTR(-EINVAL);
	}
	label = weft_label_find(dp, nla_get_u32(id));
	if (!label) {
		WEFT_ERR_ATTR(extack, id, "there is no label %u", nla_get_u32(id));
		return ERR_PTR(-ENOENT);
	}
	return label;
}

/* Messages */

static size_t weft_label_msg_size(void)
{
	return nla_total_size(WEFT_NAME_MAX + 1) + 3 * nla_total_size(sizeof(u32));
}

static int weft_nl_label_fill(struct sk_buff *skb, const struct weft_datapath *dp,
			      const struct weft_label *label, enum weft_cmd cmd, u32 portid,
			      u32 seq, int flags)
{
	void *hdr = genlmsg_put(skb, portid, seq, &weft_genl_family, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, WEFT_LABEL_A_DP, dp->name) ||
	    nla_put_u32(skb, WEFT_LABEL_A_ID, label->id) ||
	    nla_put_u32(skb, WEFT_LABEL_A_LDP, label->where.ldp) ||
	    nla_put_u32(skb, WEFT_LABEL_A_LPORT, label->where.lport)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static void weft_nl_label_event(const struct weft_datapath *dp, const struct weft_label *label,
				enum weft_cmd cmd)
{
	struct sk_buff *msg;

	if (!weft_nl_has_listeners(dp))
		return;
	msg = genlmsg_new(weft_label_msg_size(), GFP_KERNEL);
	if (msg && !weft_nl_label_fill(msg, dp, label, cmd, 0, 0, 0))
		weft_nl_event(dp, msg);
	else
		nlmsg_free(msg);
}

/* Requests */

int weft_nl_label_new(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_nl_label_begin(genl_info_net(info), info->attrs, U32_MAX,
						       info->extack);
	struct weft_label *label;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	label = weft_label_make(dp, info->attrs, info->extack);
	if (!IS_ERR(label))
		weft_nl_label_event(dp, label, WEFT_CMD_LABEL_NEW);
	weft_dp_leave(dp);
	return PTR_ERR_OR_ZERO(label);
}

int weft_nl_label_del(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_nl_label_begin(genl_info_net(info), info->attrs,
						       WEFT_LABEL_SELECT, info->extack);
	struct weft_label *label;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	label = weft_nl_label_find(dp, info->attrs, info->extack);
	if (!IS_ERR(label)) {
		weft_nl_label_event(dp, label, WEFT_CMD_LABEL_DEL);
		weft_label_delete(dp, label);
	}
	weft_dp_leave(dp);
	return PTR_ERR_OR_ZERO(label);
}

int weft_nl_label_get(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_nl_label_begin(genl_info_net(info), info->attrs,
						       WEFT_LABEL_SELECT, info->extack);
	struct weft_label *label;
	struct sk_buff *msg;
	int err;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	label = weft_nl_label_find(dp, info->attrs, info->extack);
	if (IS_ERR(label)) {
		weft_dp_leave(dp);
		return PTR_ERR(label);
	}
	msg = genlmsg_new(weft_label_msg_size(), GFP_KERNEL);
	err = msg ? weft_nl_label_fill(msg, dp, label, WEFT_CMD_LABEL_NEW, info->snd_portid,
				       info->snd_seq, 0) : -ENOMEM;
	weft_dp_leave(dp);
	if (!err)
		return genlmsg_reply(msg, info);
	nlmsg_free(msg);
	NL_SET_ERR_MSG(info->extack, "no memory for the answer");
	return err;
}

/* cb->args[0]: the number to go on with; labels that come and go are seen or not */
int weft_nl_label_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct weft_datapath *dp = weft_nl_label_begin(sock_net(cb->skb->sk), weft_dump_attrs(cb),
						       BIT(WEFT_LABEL_A_DP), cb->extack);
	unsigned long id = cb->args[0];
	struct weft_label *label;
	int err = 0;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	xa_for_each_start(&dp->labels, id, label, cb->args[0]) {
		err = weft_nl_label_fill(skb, dp, label, WEFT_CMD_LABEL_NEW,
					 NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					 NLM_F_MULTI);
		if (err)
			break;
		cb->args[0] = id + 1;
	}
	weft_dp_leave(dp);
	return err && !skb->len ? err : skb->len;
}
