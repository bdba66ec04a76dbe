// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about datapaths.
 */
#include <net/sock.h>
#include "cache.h"
#include "compat.h"
#include "datapath.h"
#include "instance.h"
#include "netlink.h"
#include "netlink_dp.h"
#include "port.h"
#include "table.h"

const struct nla_policy weft_nl_dp_policy[WEFT_DP_A_MAX + 1] = {
	[WEFT_DP_A_NAME] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_DP_A_MAX_FLOWS] = NLA_POLICY_MIN(NLA_U32, 1),
	[WEFT_DP_A_MAX_CACHED] = { .type = NLA_U32 },
	[WEFT_DP_A_MAX_INSTANCES] = { .type = NLA_U32 },
	[WEFT_DP_A_MAX_INSTANCES_SLICE] = { .type = NLA_U32 },
	[WEFT_DP_A_MAX_INSTANCES_PORT] = { .type = NLA_U32 },
};

static u64 weft_dp_lookups(const struct weft_datapath *dp)
{
	u64 matched, missed, sum = 0;
	unsigned int i;

	for (i = 0; i < WEFT_N_TABLES; i++) {
		weft_table_stats(dp, i, &matched, &missed);
		sum += matched + missed;
	}
	return sum;
}

/* Drops by reason, of ports that are gone too; dp->lock held */
static void weft_dp_drops(struct weft_datapath *dp, u64 *drops)
{
	struct weft_port_stats stats;
	struct weft_port *port;
	unsigned long id;
	unsigned int i;

	memcpy(drops, dp->past_drops, sizeof(dp->past_drops));
	xa_for_each(&dp->ports, id, port) {
		weft_port_stats(port, &stats);
		for (i = 0; i <= WEFT_DROP_MAX; i++)
			drops[i] += stats.drops[i];
	}
}

static int weft_dp_put_cache(struct sk_buff *skb, const struct weft_caches *caches)
{
	struct nlattr *nest = nla_nest_start(skb, WEFT_DP_A_CACHE);
	struct weft_cache_counts counts;

	if (!nest)
		return -EMSGSIZE;
	weft_caches_counts(caches, &counts);
	if (nla_put_u32(skb, WEFT_CACHE_A_ENTRIES, atomic_read(&caches->live)) ||
	    nla_put_u64_64bit(skb, WEFT_CACHE_A_HITS, counts.hits, WEFT_CACHE_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_CACHE_A_MISSES, counts.misses, WEFT_CACHE_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_CACHE_A_STALE, counts.stale, WEFT_CACHE_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_CACHE_A_EVICTED, counts.evicted, WEFT_CACHE_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_CACHE_A_REFUSED, counts.refused, WEFT_CACHE_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int weft_dp_put_msg(struct sk_buff *skb, struct weft_datapath *dp, u32 portid, u32 seq,
			   int flags, enum weft_cmd cmd)
{
	u64 drops[WEFT_DROP_MAX + 1];
	u32 i, n_masks = 0;
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &weft_genl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, WEFT_DP_A_NAME, dp->name))
		goto full;
	if (cmd == WEFT_CMD_DP_DEL)
		goto done;
	for (i = 0; i < WEFT_N_TABLES; i++)
		n_masks += weft_table_n_masks(&dp->tables[i]);
	weft_dp_drops(dp, drops);
	weft_caches_fold(dp->caches);
	if (nla_put_u32(skb, WEFT_DP_A_MAX_FLOWS, dp->max_flows) ||
	    nla_put_u32(skb, WEFT_DP_A_N_FLOWS, dp->n_flows) ||
	    nla_put_u32(skb, WEFT_DP_A_N_PORTS, dp->n_ports) ||
	    nla_put_u32(skb, WEFT_DP_A_N_MASKS, n_masks) ||
	    nla_put_u64_64bit(skb, WEFT_DP_A_VERSION, dp->version, WEFT_DP_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_DP_A_LOOKUPS, weft_dp_lookups(dp), WEFT_DP_A_PAD) ||
	    nla_put_u32(skb, WEFT_DP_A_MAX_CACHED, READ_ONCE(dp->caches->limit)) ||
	    nla_put_u32(skb, WEFT_DP_A_MAX_INSTANCES, READ_ONCE(dp->instances->limit)) ||
	    nla_put_u32(skb, WEFT_DP_A_MAX_INSTANCES_SLICE,
			READ_ONCE(dp->instances->limit_slice)) ||
	    nla_put_u32(skb, WEFT_DP_A_MAX_INSTANCES_PORT,
			READ_ONCE(dp->instances->limit_port)) ||
	    nla_put_u32(skb, WEFT_DP_A_N_INSTANCES, atomic_read(&dp->instances->n)) ||
	    weft_dp_put_cache(skb, dp->caches) ||
	    weft_nl_put_drops(skb, WEFT_DP_A_DROPS, drops))
		goto full;
done:
	genlmsg_end(skb, hdr);
	return 0;
full:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

static struct sk_buff *weft_dp_msg(struct weft_datapath *dp, u32 portid, u32 seq,
				   enum weft_cmd cmd)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (msg && weft_dp_put_msg(msg, dp, portid, seq, 0, cmd)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

void weft_nl_dp_event(struct weft_datapath *dp, enum weft_cmd cmd)
{
	struct sk_buff *msg;

	if (!weft_nl_has_listeners(dp))
		return;
	msg = weft_dp_msg(dp, 0, 0, cmd);
	if (msg)
		weft_nl_event(dp, msg);
}

static bool weft_dp_limit(const struct nlattr *attr, u32 *limit)
{
	u32 old = READ_ONCE(*limit);

	if (!attr || nla_get_u32(attr) == old)
		return false;
	WRITE_ONCE(*limit, nla_get_u32(attr));
	return true;
}

/* Take over the limits of a request; does one change? dp->lock */
static bool weft_dp_limits(struct weft_datapath *dp, struct nlattr **attrs)
{
	struct weft_instances *instances = dp->instances;
	struct nlattr *cached = attrs[WEFT_DP_A_MAX_CACHED];
	bool changed = false;

	changed |= weft_dp_limit(attrs[WEFT_DP_A_MAX_FLOWS], &dp->max_flows);
	changed |= weft_dp_limit(attrs[WEFT_DP_A_MAX_INSTANCES], &instances->limit);
	changed |= weft_dp_limit(attrs[WEFT_DP_A_MAX_INSTANCES_SLICE], &instances->limit_slice);
	changed |= weft_dp_limit(attrs[WEFT_DP_A_MAX_INSTANCES_PORT], &instances->limit_port);
	if (cached && nla_get_u32(cached) != READ_ONCE(dp->caches->limit)) {
		weft_caches_limit(dp->caches, nla_get_u32(cached));
		changed = true;
	}
	return changed;
}

int weft_nl_dp_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[WEFT_DP_A_NAME];
	struct weft_datapath *dp;
	const char *p;

	if (GENL_REQ_ATTR_CHECK(info, WEFT_DP_A_NAME)) {
		NL_SET_ERR_MSG(info->extack, "the datapath's name is missing");
		return -EINVAL;
	}
	p = nla_data(name);
	if (!*p || strpbrk(p, "/: \t\n")) {
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "a datapath's name is not empty and has no blanks, / or :");
		return -EINVAL;
	}
	dp = weft_dp_create(genl_info_net(info), p, info->extack);
	if (IS_ERR(dp)) {
		if (PTR_ERR(dp) == -EEXIST)
			NL_SET_BAD_ATTR(info->extack, name);
		return PTR_ERR(dp);
	}
	if (!weft_dp_lock(dp, info->extack)) {
		weft_dp_limits(dp, info->attrs);
		weft_nl_dp_event(dp, WEFT_CMD_DP_NEW);
		weft_dp_unlock(dp);
	}
	weft_dp_put(dp);
	return 0;
}

int weft_nl_dp_del(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_DP_A_NAME], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_dp_delete(dp, info->extack);
	weft_dp_put(dp);
	return err;
}

int weft_nl_dp_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = NULL;
	struct weft_datapath *dp;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_DP_A_NAME], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_dp_lock(dp, info->extack);
	if (!err) {
		msg = weft_dp_msg(dp, info->snd_portid, info->snd_seq, WEFT_CMD_DP_NEW);
		err = msg ? 0 : -ENOMEM;
		weft_dp_unlock(dp);
	}
	weft_dp_put(dp);
	return err ? err : genlmsg_reply(msg, info);
}

int weft_nl_dp_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct weft_net *wn = weft_net(sock_net(skb->sk));
	struct weft_datapath *dp;
	long i = 0;

	mutex_lock(&wn->lock);
	list_for_each_entry(dp, &wn->datapaths, node) {
		int err;

		if (i++ < cb->args[0])
			continue;
		mutex_lock(&dp->lock);
		err = weft_dp_put_msg(skb, dp, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				      NLM_F_MULTI, WEFT_CMD_DP_NEW);
		mutex_unlock(&dp->lock);
		if (err)
			break;
		cb->args[0] = i;
	}
	mutex_unlock(&wn->lock);
	return skb->len;
}

int weft_nl_dp_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *max = info->attrs[WEFT_DP_A_MAX_FLOWS];
	struct weft_datapath *dp;
	int err;

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_DP_A_NAME], info->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_dp_lock(dp, info->extack);
	if (err)
		goto out;
	if (max && nla_get_u32(max) < dp->n_flows) {
		WEFT_ERR_ATTR(info->extack, max, "the datapath has %u entries already",
			      dp->n_flows);
		err = -EBUSY;
		goto unlock;
	}
	if (weft_dp_limits(dp, info->attrs))
		weft_nl_dp_event(dp, WEFT_CMD_DP_NEW);
unlock:
	weft_dp_unlock(dp);
out:
	weft_dp_put(dp);
	return err;
}
