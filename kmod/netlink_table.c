// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about tables.
 */
#include <linux/slab.h>
#include "action.h"
#include "cache.h"
#include <net/sock.h>
#include "compat.h"
#include "datapath.h"
#include "netlink.h"
#include "netlink_flow.h"
#include "table.h"
#include "txn.h"

const struct nla_policy weft_nl_table_policy[WEFT_TABLE_A_MAX + 1] = {
	[WEFT_TABLE_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_TABLE_A_ID] = { .type = NLA_U8 },
	[WEFT_TABLE_A_MISS] = NLA_POLICY_NESTED(weft_nl_act_policy),
	[WEFT_TABLE_A_TXN] = { .type = NLA_U32 },
};

static int weft_table_put_msg(struct sk_buff *skb, struct weft_datapath *dp, u8 id, u32 portid,
			      u32 seq, int flags)
{
	const struct weft_table *table = &dp->tables[id];
	struct weft_flow *miss = weft_table_miss(&dp->tables[id], dp->version);
	u64 matched, missed;
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &weft_genl_family, flags, WEFT_CMD_TABLE_SET);
	if (!hdr)
		return -EMSGSIZE;
	weft_table_stats(dp, id, &matched, &missed);
	if (nla_put_string(skb, WEFT_TABLE_A_DP, dp->name) ||
	    nla_put_u8(skb, WEFT_TABLE_A_ID, id) ||
	    nla_put_u32(skb, WEFT_TABLE_A_N_FLOWS, table->n_flows) ||
	    nla_put_u32(skb, WEFT_TABLE_A_N_MASKS, weft_table_n_masks(table)) ||
	    nla_put_u64_64bit(skb, WEFT_TABLE_A_MATCHED, matched, WEFT_TABLE_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_TABLE_A_MISSED, missed, WEFT_TABLE_A_PAD) ||
	    (miss && weft_actions_put(skb, WEFT_TABLE_A_MISS, weft_rule(miss)->actions))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int weft_nl_table_get(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	struct sk_buff *msg;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_TABLE_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = -EINVAL;
	if (GENL_REQ_ATTR_CHECK(info, WEFT_TABLE_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "the table's number is missing");
		goto out;
	}
	err = -ENOMEM;
	msg = genlmsg_new(NLMSG_GOODSIZE + WEFT_ACTIONS_MAX, GFP_KERNEL);
	if (!msg)
		goto out;
	err = weft_dp_lock(dp, info->extack);
	if (!err) {
		weft_caches_fold(dp->caches);
		err = weft_table_put_msg(msg, dp, nla_get_u8(info->attrs[WEFT_TABLE_A_ID]),
					 info->snd_portid, info->snd_seq, 0);
		weft_dp_unlock(dp);
	}
	if (err)
		nlmsg_free(msg);
	else
		err = genlmsg_reply(msg, info);
out:
	weft_dp_put(dp);
	return err;
}

void weft_nl_table_event(struct weft_datapath *dp, u8 id)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE + WEFT_ACTIONS_MAX, GFP_KERNEL);

	if (!msg)
		return;
	if (weft_table_put_msg(msg, dp, id, 0, 0, 0))
		nlmsg_free(msg);
	else
		weft_nl_event(dp, msg);
}

/* Tables that were never used are not worth a line */
static bool weft_table_in_use(struct weft_datapath *dp, u8 id)
{
	u64 matched, missed;

	weft_table_stats(dp, id, &matched, &missed);
	return dp->tables[id].n_flows || matched || missed ||
	       weft_table_miss(&dp->tables[id], dp->version);
}

int weft_nl_table_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = weft_dump_attrs(cb);
	struct weft_datapath *dp;
	int err;

	dp = weft_dp_get(sock_net(skb->sk), attrs[WEFT_TABLE_A_DP], cb->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_dp_lock(dp, cb->extack);
	if (err)
		goto out;
	if (!cb->args[0])
		weft_caches_fold(dp->caches);
	for (; cb->args[0] < WEFT_N_TABLES; cb->args[0]++) {
		if (weft_table_in_use(dp, cb->args[0]) &&
		    weft_table_put_msg(skb, dp, cb->args[0], NETLINK_CB(cb->skb).portid,
				       cb->nlh->nlmsg_seq, NLM_F_MULTI))
			break;
	}
	weft_dp_unlock(dp);
out:
	weft_dp_put(dp);
	return err ? err : skb->len;
}

/* A change of the entry below all others; empty actions remove it */
static struct weft_change *weft_table_change(struct weft_datapath *dp, struct genl_info *info)
{
	struct nlattr *miss = info->attrs[WEFT_TABLE_A_MISS];
	struct weft_subtable *subtable;
	struct weft_actions *acts = NULL;
	struct weft_change *change;
	struct weft_match *match;
	int err = -ENOMEM;

	match = kzalloc(sizeof(*match), GFP_KERNEL);
	change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
	if (!match || !change)
		goto err_free;
	if (nla_len(miss)) {
		acts = weft_actions_parse(dp, miss, 0, NULL, info->extack);
		if (IS_ERR(acts)) {
			err = PTR_ERR(acts);
			goto err_free;
		}
	}
	subtable = weft_subtable_pin(&dp->tables[nla_get_u8(info->attrs[WEFT_TABLE_A_ID])],
				     &match->mask);
	if (IS_ERR(subtable)) {
		err = PTR_ERR(subtable);
		goto err_actions;
	}
	change->op = WEFT_CHANGE_MISS;
	change->flow = weft_flow_alloc(subtable, match, WEFT_PRIORITY_MISS, acts);
	if (IS_ERR(change->flow)) {
		err = PTR_ERR(change->flow);
		weft_subtable_unpin(subtable);
		goto err_actions;
	}
	kfree(match);
	return change;

err_actions:
	weft_actions_free(acts);
err_free:
	kfree(change);
	kfree(match);
	return ERR_PTR(err);
}

int weft_nl_table_set(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_change *change;
	struct weft_datapath *dp;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_TABLE_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = -EINVAL;
	if (GENL_REQ_ATTR_CHECK(info, WEFT_TABLE_A_ID) ||
	    GENL_REQ_ATTR_CHECK(info, WEFT_TABLE_A_MISS)) {
		NL_SET_ERR_MSG(info->extack, "a table's number and miss actions are needed");
		goto out;
	}
	err = weft_dp_lock(dp, info->extack);
	if (err)
		goto out;
	change = weft_table_change(dp, info);
	if (IS_ERR(change))
		err = PTR_ERR(change);
	else
		err = weft_nl_change(dp, info, info->attrs[WEFT_TABLE_A_TXN], change);
	weft_dp_unlock(dp);
out:
	weft_dp_put(dp);
	return err;
}
