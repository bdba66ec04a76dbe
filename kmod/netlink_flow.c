// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about flow entries.
 *
 * Each becomes a change (txn.h), which is committed alone or added to the
 * transaction that the message names. Reading a message touches nothing but the
 * subtable of its mask, which the change pins.
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

#define WEFT_PRIORITY_DEFAULT	32768

const struct nla_policy weft_nl_flow_policy[WEFT_FLOW_A_MAX + 1] = {
	[WEFT_FLOW_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_FLOW_A_TXN] = { .type = NLA_U32 },
	[WEFT_FLOW_A_TABLE] = { .type = NLA_U8 },
	[WEFT_FLOW_A_PRIORITY] = { .type = NLA_U16 },
	[WEFT_FLOW_A_MATCH] = { .type = NLA_NESTED },
	[WEFT_FLOW_A_ACTIONS] = NLA_POLICY_NESTED(weft_nl_act_policy),
	[WEFT_FLOW_A_COOKIE] = { .type = NLA_U64 },
	[WEFT_FLOW_A_COOKIE_MASK] = { .type = NLA_U64 },
	[WEFT_FLOW_A_IDLE_TIMEOUT] = { .type = NLA_U32 },
	[WEFT_FLOW_A_HARD_TIMEOUT] = { .type = NLA_U32 },
	[WEFT_FLOW_A_FILTER] = { .type = NLA_FLAG },
	[WEFT_FLOW_A_IF_EXISTS] = { .type = NLA_FLAG },
};

/* A request that is being read; too big for the stack */
struct weft_flow_request {
	struct weft_match match;
	u16 layers;		/* that the match pins down */
	s32 priority;
	u8 table;
};

static struct weft_flow_request *weft_flow_request(struct nlattr **attrs,
						   struct netlink_ext_ack *extack)
{
	struct weft_flow_request *rq;
	int err;

	if (!attrs[WEFT_FLOW_A_TABLE]) {
		NL_SET_ERR_MSG(extack, "the table's number is missing");
		return ERR_PTR(-EINVAL);
	}
	rq = kmalloc(sizeof(*rq), GFP_KERNEL);
	if (!rq)
		return ERR_PTR(-ENOMEM);
	rq->table = nla_get_u8(attrs[WEFT_FLOW_A_TABLE]);
	rq->priority = WEFT_PRIORITY_DEFAULT;
	if (attrs[WEFT_FLOW_A_PRIORITY])
		rq->priority = nla_get_u16(attrs[WEFT_FLOW_A_PRIORITY]);
	err = weft_match_parse(attrs[WEFT_FLOW_A_MATCH], &rq->match, &rq->layers, extack);
	if (!err)
		return rq;
	kfree(rq);
	return ERR_PTR(err);
}

static u32 weft_flow_timeout(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

/* The entry that a request describes; its subtable stays pinned for it */
static struct weft_flow *weft_flow_from_request(struct weft_datapath *dp, struct nlattr **attrs,
						const struct weft_flow_request *rq, bool acts,
						struct netlink_ext_ack *extack)
{
	struct weft_actions *actions = NULL;
	struct weft_subtable *subtable;
	struct weft_flow *flow;

	if (acts) {
		actions = weft_actions_parse(dp, attrs[WEFT_FLOW_A_ACTIONS], rq->layers, NULL,
					     extack);
		if (IS_ERR(actions))
			return ERR_CAST(actions);
	}
	subtable = weft_subtable_pin(&dp->tables[rq->table], &rq->match.mask);
	if (IS_ERR(subtable)) {
		weft_actions_free(actions);
		return ERR_CAST(subtable);
	}
	flow = weft_flow_alloc(subtable, &rq->match, rq->priority, actions);
	if (IS_ERR(flow)) {
		weft_actions_free(actions);
		weft_subtable_unpin(subtable);
		return flow;
	}
	if (attrs[WEFT_FLOW_A_COOKIE])
		weft_rule(flow)->cookie = nla_get_u64(attrs[WEFT_FLOW_A_COOKIE]);
	if (weft_rule_set_timeouts(weft_rule(flow),
				   weft_flow_timeout(attrs[WEFT_FLOW_A_IDLE_TIMEOUT]),
				   weft_flow_timeout(attrs[WEFT_FLOW_A_HARD_TIMEOUT]))) {
		weft_flow_free(flow);
		weft_subtable_unpin(subtable);
		return ERR_PTR(-ENOMEM);
	}
	return flow;
}

/* In a change of an entry, what is absent stays as it is */
static u8 weft_flow_keep(struct nlattr **attrs)
{
	return (attrs[WEFT_FLOW_A_ACTIONS] ? 0 : WEFT_KEEP_ACTIONS) |
	       (attrs[WEFT_FLOW_A_COOKIE] ? 0 : WEFT_KEEP_COOKIE) |
	       (attrs[WEFT_FLOW_A_IDLE_TIMEOUT] ? 0 : WEFT_KEEP_IDLE) |
	       (attrs[WEFT_FLOW_A_HARD_TIMEOUT] ? 0 : WEFT_KEEP_HARD);
}

static struct weft_change *weft_flow_change(struct weft_datapath *dp, struct genl_info *info,
					    const struct weft_flow_request *rq,
					    enum weft_change_op op)
{
	struct weft_change *change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
	bool lives = op != WEFT_CHANGE_DEL && op != WEFT_CHANGE_DEL_IF;
	struct weft_flow *flow;

	if (!change)
		return ERR_PTR(-ENOMEM);
	flow = weft_flow_from_request(dp, info->attrs, rq, lives, info->extack);
	if (IS_ERR(flow)) {
		kfree(change);
		return ERR_CAST(flow);
	}
	change->op = op;
	change->flow = flow;
	change->keep = weft_flow_keep(info->attrs);
	return change;
}

static int weft_flow_do(struct genl_info *info, enum weft_change_op op)
{
	struct weft_flow_request *rq;
	struct weft_change *change;
	struct weft_datapath *dp;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_FLOW_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	rq = weft_flow_request(info->attrs, info->extack);
	if (IS_ERR(rq)) {
		err = PTR_ERR(rq);
		goto out;
	}
	err = weft_dp_lock(dp, info->extack);
	if (err)
		goto out_free;
	change = weft_flow_change(dp, info, rq, op);
	if (IS_ERR(change))
		err = PTR_ERR(change);
	else
		err = weft_nl_change(dp, info, info->attrs[WEFT_FLOW_A_TXN], change);
	weft_dp_unlock(dp);
out_free:
	kfree(rq);
out:
	weft_dp_put(dp);
	return err;
}

int weft_nl_flow_new(struct sk_buff *skb, struct genl_info *info)
{
	bool replace = info->nlhdr->nlmsg_flags & NLM_F_REPLACE;

	return weft_flow_do(info, replace ? WEFT_CHANGE_PUT : WEFT_CHANGE_ADD);
}

int weft_nl_flow_set(struct sk_buff *skb, struct genl_info *info)
{
	return weft_flow_do(info, WEFT_CHANGE_SET);
}

static struct weft_filter *weft_filter_parse(struct nlattr **attrs,
					     struct netlink_ext_ack *extack)
{
	struct weft_filter *filter = kzalloc(sizeof(*filter), GFP_KERNEL_ACCOUNT);
	u16 layers;
	int err;

	if (!filter)
		return ERR_PTR(-ENOMEM);
	filter->table = -1;
	if (attrs[WEFT_FLOW_A_TABLE])
		filter->table = nla_get_u8(attrs[WEFT_FLOW_A_TABLE]);
	if (attrs[WEFT_FLOW_A_COOKIE]) {
		filter->cookie = nla_get_u64(attrs[WEFT_FLOW_A_COOKIE]);
		filter->cookie_mask = U64_MAX;
	}
	if (attrs[WEFT_FLOW_A_COOKIE_MASK])
		filter->cookie_mask = nla_get_u64(attrs[WEFT_FLOW_A_COOKIE_MASK]);
	err = weft_match_parse(attrs[WEFT_FLOW_A_MATCH], &filter->match, &layers, extack);
	if (!err && attrs[WEFT_FLOW_A_PRIORITY]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[WEFT_FLOW_A_PRIORITY],
				    "a filter cannot select by priority");
		err = -EINVAL;
	}
	if (!err)
		return filter;
	kfree(filter);
	return ERR_PTR(err);
}

static int weft_flow_del_filter(struct weft_datapath *dp, struct genl_info *info)
{
	struct weft_change *change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
	int err;

	if (!change)
		return -ENOMEM;
	change->op = WEFT_CHANGE_DEL_FILTER;
	change->filter = weft_filter_parse(info->attrs, info->extack);
	if (IS_ERR(change->filter)) {
		err = PTR_ERR(change->filter);
		kfree(change);
		return err;
	}
	err = weft_dp_lock(dp, info->extack);
	if (err) {
		weft_change_free(change);
		return err;
	}
	err = weft_nl_change(dp, info, info->attrs[WEFT_FLOW_A_TXN], change);
	weft_dp_unlock(dp);
	return err;
}

int weft_nl_flow_del(struct sk_buff *skb, struct genl_info *info)
{
	bool if_exists = info->attrs[WEFT_FLOW_A_IF_EXISTS];
	struct weft_datapath *dp;
	int err;

	if (!info->attrs[WEFT_FLOW_A_FILTER])
		return weft_flow_do(info, if_exists ? WEFT_CHANGE_DEL_IF : WEFT_CHANGE_DEL);
	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_FLOW_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_flow_del_filter(dp, info);
	weft_dp_put(dp);
	return err;
}

static int weft_rule_put_stats(struct sk_buff *skb, const struct weft_rule *rule)
{
	const struct weft_flow_stats *stats = &rule->stats->stats;
	u64 packets = atomic64_read(&stats->packets);
	u64 age = jiffies64_to_msecs(get_jiffies_64() - rule->stats->created);

	if (nla_put_u64_64bit(skb, WEFT_FLOW_A_PACKETS, packets, WEFT_FLOW_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_FLOW_A_BYTES, atomic64_read(&stats->bytes),
			      WEFT_FLOW_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_FLOW_A_AGE, age, WEFT_FLOW_A_PAD))
		return -EMSGSIZE;
	if (!packets)
		return 0;
	return nla_put_u64_64bit(skb, WEFT_FLOW_A_IDLE,
				 jiffies64_to_msecs(jiffies - READ_ONCE(stats->used)),
				 WEFT_FLOW_A_PAD);
}

static int weft_flow_put_msg(struct sk_buff *skb, const struct weft_datapath *dp,
			     const struct weft_flow *flow, u32 portid, u32 seq, int flags,
			     enum weft_cmd cmd)
{
	const struct weft_rule *rule = weft_rule(flow);
	const struct weft_flow_expiry *expiry = rule->expiry;
	int err = -EMSGSIZE;
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &weft_genl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, WEFT_FLOW_A_DP, dp->name) ||
	    nla_put_u8(skb, WEFT_FLOW_A_TABLE, flow->subtable->table->id) ||
	    nla_put_u16(skb, WEFT_FLOW_A_PRIORITY, flow->priority) ||
	    nla_put_u64_64bit(skb, WEFT_FLOW_A_COOKIE, rule->cookie, WEFT_FLOW_A_PAD) ||
	    (expiry && expiry->idle_ms &&
	     nla_put_u32(skb, WEFT_FLOW_A_IDLE_TIMEOUT, expiry->idle_ms)) ||
	    (expiry && expiry->hard_ms &&
	     nla_put_u32(skb, WEFT_FLOW_A_HARD_TIMEOUT, expiry->hard_ms)) ||
	    weft_rule_put_stats(skb, rule) ||
	    (cmd == WEFT_CMD_FLOW_DEL && nla_put_u32(skb, WEFT_FLOW_A_REASON, rule->reason)))
		goto cancel;
	err = weft_flow_put_match(skb, WEFT_FLOW_A_MATCH, flow);
	if (!err)
		err = weft_actions_put(skb, WEFT_FLOW_A_ACTIONS, rule->actions);
	if (err)
		goto cancel;
	genlmsg_end(skb, hdr);
	return 0;
cancel:
	genlmsg_cancel(skb, hdr);
	return err;
}

/* A message with one entry, big enough for whatever its actions are */
static struct sk_buff *weft_flow_msg(const struct weft_datapath *dp,
				     const struct weft_flow *flow, u32 portid, u32 seq,
				     enum weft_cmd cmd)
{
	size_t size = NLMSG_GOODSIZE;

	for (;;) {
		struct sk_buff *msg = genlmsg_new(size, GFP_KERNEL);
		int err;

		if (!msg)
			return ERR_PTR(-ENOMEM);
		err = weft_flow_put_msg(msg, dp, flow, portid, seq, 0, cmd);
		if (!err)
			return msg;
		nlmsg_free(msg);
		if (err != -EMSGSIZE || size > 4 * WEFT_ACTIONS_MAX)
			return ERR_PTR(err);
		size *= 4;
	}
}

static struct weft_flow *weft_flow_find(struct weft_datapath *dp, struct nlattr **attrs,
					const struct weft_flow_request *rq,
					struct netlink_ext_ack *extack)
{
	struct weft_flow *probe, *flow;

	probe = weft_flow_from_request(dp, attrs, rq, false, extack);
	if (IS_ERR(probe))
		return probe;
	flow = weft_subtable_find(probe->subtable, probe->key, probe->priority, dp->version);
	weft_subtable_unpin(probe->subtable);
	weft_flow_free(probe);
	if (flow)
		return flow;
	NL_SET_ERR_MSG(extack, "there is no entry with this table, priority and match");
	return ERR_PTR(-ENOENT);
}

int weft_nl_flow_get(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_flow_request *rq;
	struct sk_buff *msg = NULL;
	struct weft_datapath *dp;
	struct weft_flow *flow;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_FLOW_A_DP], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	rq = weft_flow_request(info->attrs, info->extack);
	if (IS_ERR(rq)) {
		err = PTR_ERR(rq);
		goto out;
	}
	err = weft_dp_lock(dp, info->extack);
	if (err)
		goto out_free;
	flow = weft_flow_find(dp, info->attrs, rq, info->extack);
	if (IS_ERR(flow)) {
		err = PTR_ERR(flow);
	} else {
		if (weft_rule_cached(weft_rule(flow)))
			weft_caches_fold(dp->caches);
		msg = weft_flow_msg(dp, flow, info->snd_portid, info->snd_seq, WEFT_CMD_FLOW_NEW);
		err = PTR_ERR_OR_ZERO(msg);
	}
	weft_dp_unlock(dp);
	if (!err)
		err = genlmsg_reply(msg, info);
out_free:
	kfree(rq);
out:
	weft_dp_put(dp);
	return err;
}

/*
 * Dumps go by id, which grows: no entry comes twice or is left out, whatever is
 * added and deleted meanwhile. cb->seq tells user space that there was a
 * change; that entries expire is none, or there were no dump without it when many do.
 * The filter is read again for each buffer.
 */
int weft_nl_flow_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = weft_dump_attrs(cb);
	struct weft_filter *filter;
	struct weft_datapath *dp;
	struct weft_flow *flow;
	unsigned long id;
	int err;

	dp = weft_dp_get(sock_net(skb->sk), attrs[WEFT_FLOW_A_DP], cb->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	filter = weft_filter_parse(attrs, cb->extack);
	if (IS_ERR(filter)) {
		err = PTR_ERR(filter);
		goto out;
	}
	err = weft_dp_lock(dp, cb->extack);
	if (err)
		goto out_free;
	cb->seq = dp->dump_seq;
	if (!cb->args[0])
		weft_caches_fold(dp->caches);
	xa_for_each_start(&dp->flow_ids, id, flow, cb->args[0]) {
		if (!weft_flow_alive(flow, dp->version) ||
		    flow->priority == WEFT_PRIORITY_MISS || !weft_filter_selects(filter, flow))
			continue;
		err = weft_flow_put_msg(skb, dp, flow, NETLINK_CB(cb->skb).portid,
					cb->nlh->nlmsg_seq, NLM_F_MULTI, WEFT_CMD_FLOW_NEW);
		if (err)
			break;
	}
	/* full: go on with this one; an entry that fits into no message is an error */
	cb->args[0] = err ? id : ULONG_MAX;
	if (err == -EMSGSIZE && skb->len)
		err = 0;
	if (skb->len)
		nl_dump_check_consistent(cb, nlmsg_hdr(skb));
	weft_dp_unlock(dp);
out_free:
	kfree(filter);
out:
	weft_dp_put(dp);
	return err ? err : skb->len;
}

static void weft_flow_event(struct weft_datapath *dp, const struct weft_flow *flow,
			    enum weft_cmd cmd)
{
	struct sk_buff *msg = weft_flow_msg(dp, flow, 0, 0, cmd);

	if (!IS_ERR(msg))
		weft_nl_event(dp, msg);
}

void weft_nl_flow_events(struct weft_datapath *dp, const struct list_head *changes,
			 const struct list_head *dying)
{
	const struct weft_change *change;
	const struct weft_rule *rule;
	const struct weft_flow *flow;

	if (!weft_nl_has_listeners(dp))
		return;
	list_for_each_entry(rule, dying, dead) {
		flow = &rule->flow;
		if (flow->priority == WEFT_PRIORITY_MISS)
			weft_nl_table_event(dp, flow->subtable->table->id);
		else if (rule->reason != WEFT_REASON_REPLACED)
			weft_flow_event(dp, flow, WEFT_CMD_FLOW_DEL);
		cond_resched();
	}
	list_for_each_entry(change, changes, node) {
		flow = change->flow;
		if (!change->linked || weft_rule(flow)->died != U64_MAX)
			continue;
		if (flow->priority == WEFT_PRIORITY_MISS)
			weft_nl_table_event(dp, flow->subtable->table->id);
		else
			weft_flow_event(dp, flow, WEFT_CMD_FLOW_NEW);
		cond_resched();
	}
}
