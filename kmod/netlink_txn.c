// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about transactions.
 */
#include "compat.h"
#include "datapath.h"
#include "netlink.h"
#include "netlink_flow.h"
#include "txn.h"

const struct nla_policy weft_nl_txn_policy[WEFT_TXN_A_MAX + 1] = {
	[WEFT_TXN_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_TXN_A_ID] = { .type = NLA_U32 },
};

int weft_nl_change(struct weft_datapath *dp, struct genl_info *info,
		   const struct nlattr *txn_attr, struct weft_change *change)
{
	struct weft_txn_result result;
	LIST_HEAD(changes);
	int err;

	if (txn_attr) {
		struct weft_txn *txn = weft_txn_find(dp, nla_get_u32(txn_attr),
						     info->snd_portid, info->extack);

		err = PTR_ERR_OR_ZERO(txn);
		if (!err)
			err = weft_txn_add(dp, txn, change, info->extack);
		else
			NL_SET_BAD_ATTR(info->extack, txn_attr);
		if (err)
			weft_change_free(change);
		return err;
	}
	list_add(&change->node, &changes);
	err = weft_changes_commit(dp, &changes, &result, info->extack);
	if (!err && result.added + result.changed + result.deleted)
		weft_nl_txn_event(dp, &result);
	return err;
}

static int weft_txn_put_result(struct sk_buff *msg, const struct weft_datapath *dp,
			       const struct weft_txn_result *result)
{
	if (nla_put_string(msg, WEFT_TXN_A_DP, dp->name) ||
	    nla_put_u64_64bit(msg, WEFT_TXN_A_VERSION, result->version, WEFT_TXN_A_PAD) ||
	    nla_put_u32(msg, WEFT_TXN_A_ADDED, result->added) ||
	    nla_put_u32(msg, WEFT_TXN_A_CHANGED, result->changed) ||
	    nla_put_u32(msg, WEFT_TXN_A_DELETED, result->deleted))
		return -EMSGSIZE;
	return 0;
}

static struct sk_buff *weft_txn_result_msg(const struct weft_datapath *dp,
					   const struct weft_txn_result *result,
					   u32 portid, u32 seq)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return NULL;
	hdr = genlmsg_put(msg, portid, seq, &weft_genl_family, 0, WEFT_CMD_TXN_COMMIT);
	if (!hdr || weft_txn_put_result(msg, dp, result)) {
		nlmsg_free(msg);
		return NULL;
	}
	genlmsg_end(msg, hdr);
	return msg;
}

void weft_nl_txn_event(struct weft_datapath *dp, const struct weft_txn_result *result)
{
	struct sk_buff *msg;

	if (!weft_nl_has_listeners(dp))
		return;
	msg = weft_txn_result_msg(dp, result, 0, 0);
	if (msg)
		weft_nl_event(dp, msg);
}

int weft_nl_txn_begin(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	struct weft_txn *txn;
	struct sk_buff *msg;
	void *hdr;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_TXN_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = -ENOMEM;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		goto out;
	hdr = genlmsg_put_reply(msg, info, &weft_genl_family, 0, WEFT_CMD_TXN_BEGIN);
	if (!hdr || nla_put_string(msg, WEFT_TXN_A_DP, dp->name))
		goto out_free;
	err = weft_dp_lock(dp, info->extack);
	if (err)
		goto out_free;
	txn = weft_txn_begin(dp, info->snd_portid, info->extack);
	err = PTR_ERR_OR_ZERO(txn);
	if (!err)
		err = nla_put_u32(msg, WEFT_TXN_A_ID, txn->id);
	weft_dp_unlock(dp);
	if (err)
		goto out_free;
	genlmsg_end(msg, hdr);
	weft_dp_put(dp);
	return genlmsg_reply(msg, info);

out_free:
	nlmsg_free(msg);
out:
	weft_dp_put(dp);
	return err;
}

/* The transaction that a request names; dp->lock held */
static struct weft_txn *weft_txn_of(struct weft_datapath *dp, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, WEFT_TXN_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "the transaction's id is missing");
		return ERR_PTR(-EINVAL);
	}
	return weft_txn_find(dp, nla_get_u32(info->attrs[WEFT_TXN_A_ID]), info->snd_portid,
			     info->extack);
}

int weft_nl_txn_commit(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_txn_result result = {};
	struct weft_datapath *dp;
	struct weft_txn *txn;
	struct sk_buff *msg;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_TXN_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_dp_lock(dp, info->extack);
	if (err)
		goto out;
	txn = weft_txn_of(dp, info);
	err = PTR_ERR_OR_ZERO(txn);
	if (!err)
		err = weft_txn_commit(dp, txn, &result, info->extack);
	if (!err && result.added + result.changed + result.deleted)
		weft_nl_txn_event(dp, &result);
	weft_dp_unlock(dp);
	if (err)
		goto out;
	/* it is committed: without memory for the answer the ack has to do */
	msg = weft_txn_result_msg(dp, &result, info->snd_portid, info->snd_seq);
	if (msg)
		genlmsg_reply(msg, info);
out:
	weft_dp_put(dp);
	return err;
}

int weft_nl_txn_abort(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	struct weft_txn *txn;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_TXN_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_dp_lock(dp, info->extack);
	if (err)
		goto out;
	txn = weft_txn_of(dp, info);
	err = PTR_ERR_OR_ZERO(txn);
	if (!err)
		weft_txn_abort(dp, txn);
	weft_dp_unlock(dp);
out:
	weft_dp_put(dp);
	return err;
}
