// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about pools: NEW, DEL, GET, SET, and the events.
 *
 * All under dp->lock. Lists of ranges go to pool.c as arrays that point into the request;
 * it says what is wrong with them. A pool of a thousand ranges makes a long message,
 * so room is reserved by weft_pool_msg_size(), for dumps too.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "compat.h"
#include "datapath.h"
#include "netlink.h"
#include "pool.h"

static struct netlink_range_validation weft_pool_id_range = {
	.min = 1,
	.max = WEFT_POOL_ID_MAX,
};

static const struct nla_policy weft_nl_ranges_policy[WEFT_RANGES_A_MAX + 1] = {
	[WEFT_RANGES_A_RANGE] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_pool_range)),
	[WEFT_RANGES_A_PAIR] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_pool_pair)),
};

/* Those that are only reported are missing, and so refused in a request */
const struct nla_policy weft_nl_pool_policy[WEFT_POOL_A_MAX + 1] = {
	[WEFT_POOL_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_POOL_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_pool_id_range),
	[WEFT_POOL_A_TYPE] = NLA_POLICY_MAX(NLA_U32, WEFT_POOL_TYPE_MAX),
	[WEFT_POOL_A_CHOICE] = NLA_POLICY_MAX(NLA_U32, WEFT_POOL_CHOICE_MAX),
	[WEFT_POOL_A_PARITY] = NLA_POLICY_MAX(NLA_U8, 1),
	[WEFT_POOL_A_REUSE] = NLA_POLICY_MAX(NLA_U8, 1),
	[WEFT_POOL_A_RANGES] = NLA_POLICY_NESTED(weft_nl_ranges_policy),
	[WEFT_POOL_A_WITHDRAW] = NLA_POLICY_NESTED(weft_nl_ranges_policy),
};

#define WEFT_POOL_SELECT	(BIT(WEFT_POOL_A_DP) | BIT(WEFT_POOL_A_ID))
#define WEFT_POOL_PORTS		(BIT(WEFT_POOL_A_CHOICE) | BIT(WEFT_POOL_A_PARITY) | \
				 BIT(WEFT_POOL_A_REUSE))
#define WEFT_POOL_MAKE		(WEFT_POOL_SELECT | WEFT_POOL_PORTS | BIT(WEFT_POOL_A_TYPE) | \
				 BIT(WEFT_POOL_A_RANGES))
#define WEFT_POOL_CHANGE	(BIT(WEFT_POOL_A_CHOICE) | BIT(WEFT_POOL_A_PARITY) | \
				 BIT(WEFT_POOL_A_RANGES) | BIT(WEFT_POOL_A_WITHDRAW))

/* Refuse attributes that mean nothing to the request */
static int weft_nl_pool_only(struct nlattr **attrs, u32 allowed, struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 1; i <= WEFT_POOL_A_MAX; i++)
		if (attrs[i] && !(allowed & BIT(i))) {
			NL_SET_ERR_MSG_ATTR(extack, attrs[i],
					    "this request cannot have this attribute");
			return -EINVAL;
		}
	return 0;
}

/* Messages */

static size_t weft_pool_msg_size(const struct weft_pool_info *info)
{
	size_t item = info->config.type == WEFT_POOL_TYPE_MAP ? sizeof(struct weft_pool_pair) :
								sizeof(struct weft_pool_range);

	return nla_total_size(WEFT_NAME_MAX + 1) +
	       4 * nla_total_size(sizeof(u32)) +	/* id, type, choice, templates */
	       2 * nla_total_size(sizeof(u8)) +		/* parity, reuse */
	       nla_total_size(0) +
	       info->n_items * nla_total_size(item) +
	       3 * nla_total_size_64bit(sizeof(u64));	/* total, used, refused */
}

static int weft_nl_pool_put_items(struct sk_buff *msg, const struct weft_pool *pool,
				  const struct weft_pool_info *info)
{
	bool map = info->config.type == WEFT_POOL_TYPE_MAP;
	int type = map ? WEFT_RANGES_A_PAIR : WEFT_RANGES_A_RANGE;
	int len = map ? sizeof(struct weft_pool_pair) : sizeof(struct weft_pool_range);
	struct nlattr *nest;
	u32 i;

	nest = nla_nest_start(msg, WEFT_POOL_A_RANGES);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < info->n_items; i++)
		if (nla_put(msg, type, len, weft_pool_item(pool, i)))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* A map has no ports to choose from */
static int weft_nl_pool_put_config(struct sk_buff *msg, const struct weft_pool_config *config)
{
	if (nla_put_u32(msg, WEFT_POOL_A_ID, config->id) ||
	    nla_put_u32(msg, WEFT_POOL_A_TYPE, config->type))
		return -EMSGSIZE;
	if (config->type == WEFT_POOL_TYPE_MAP)
		return 0;
	if (nla_put_u32(msg, WEFT_POOL_A_CHOICE, config->choice) ||
	    nla_put_u8(msg, WEFT_POOL_A_PARITY, config->parity) ||
	    nla_put_u8(msg, WEFT_POOL_A_REUSE, config->reuse))
		return -EMSGSIZE;
	return 0;
}

static int weft_nl_pool_fill(struct sk_buff *msg, const struct weft_datapath *dp,
			     const struct weft_pool *pool, const struct weft_pool_info *info,
			     enum weft_cmd cmd, u32 portid, u32 seq, int flags)
{
	void *hdr;

	hdr = genlmsg_put(msg, portid, seq, &weft_genl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(msg, WEFT_POOL_A_DP, dp->name) ||
	    weft_nl_pool_put_config(msg, &info->config) ||
	    weft_nl_pool_put_items(msg, pool, info) ||
	    nla_put_u64_64bit(msg, WEFT_POOL_A_TOTAL, info->total, WEFT_POOL_A_PAD) ||
	    nla_put_u64_64bit(msg, WEFT_POOL_A_USED, info->used, WEFT_POOL_A_PAD) ||
	    nla_put_u64_64bit(msg, WEFT_POOL_A_REFUSED, info->refused, WEFT_POOL_A_PAD) ||
	    nla_put_u32(msg, WEFT_POOL_A_TEMPLATES, info->n_templates)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

static void weft_nl_pool_event(struct weft_datapath *dp, struct weft_pool *pool,
			       enum weft_cmd cmd)
{
	struct weft_pool_info info;
	struct sk_buff *msg;

	if (!weft_nl_has_listeners(dp))
		return;
	weft_pool_read(pool, &info);
	msg = genlmsg_new(weft_pool_msg_size(&info), GFP_KERNEL);
	if (msg && !weft_nl_pool_fill(msg, dp, pool, &info, cmd, 0, 0, 0))
		weft_nl_event(dp, msg);
	else
		nlmsg_free(msg);
}

/* Requests */

/* The datapath of a request with a reference and its lock */
static struct weft_datapath *weft_nl_pool_begin(struct genl_info *info, u32 allowed)
{
	int err;

	err = weft_nl_pool_only(info->attrs, allowed, info->extack);
	if (err)
		return ERR_PTR(err);
	if (!info->attrs[WEFT_POOL_A_ID]) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, WEFT_POOL_A_ID);
		NL_SET_ERR_MSG(info->extack, "the pool's number is missing");
		return ERR_PTR(-EINVAL);
	}
	return weft_dp_enter(genl_info_net(info), info->attrs[WEFT_POOL_A_DP], info->extack);
}

/* The pool that a request names; NULL with extack */
static struct weft_pool *weft_nl_pool_find(struct weft_datapath *dp, struct genl_info *info)
{
	const struct nlattr *id = info->attrs[WEFT_POOL_A_ID];
	struct weft_pool *pool = weft_pool_find(dp, nla_get_u32(id));

	if (!pool)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no pool has this number");
	return pool;
}

static u32 weft_nl_pool_count(const struct nlattr *list)
{
	const struct nlattr *attr;
	u32 n = 0;
	int rem;

	if (list)
		nla_for_each_nested(attr, list, rem)
			n++;
	return n;
}

static int weft_nl_pool_items(const struct nlattr *list, enum weft_pool_type type,
			      struct weft_pool_item *items, struct netlink_ext_ack *extack)
{
	bool map = type == WEFT_POOL_TYPE_MAP;
	const struct nlattr *attr;
	int rem;

	if (!list)
		return 0;
	nla_for_each_nested(attr, list, rem) {
		if ((nla_type(attr) == WEFT_RANGES_A_PAIR) != map) {
			WEFT_ERR_ATTR(extack, attr, "%s", map ? "a map has no ranges" :
								"a pool of ranges has no map");
			return -EINVAL;
		}
		items->value = nla_data(attr);
		items->attr = attr;
		items++;
	}
	return 0;
}

/* Of a list no more than a pool can have; change->add is to be freed */
static int weft_nl_pool_change(struct genl_info *info, enum weft_pool_type type,
			       struct weft_pool_change *change)
{
	const struct nlattr *add = info->attrs[WEFT_POOL_A_RANGES];
	const struct nlattr *withdraw = info->attrs[WEFT_POOL_A_WITHDRAW];
	struct weft_pool_item *items;
	int err;

	change->n_add = weft_nl_pool_count(add);
	change->n_withdraw = weft_nl_pool_count(withdraw);
	if (change->n_add > WEFT_POOL_RANGES_MAX || change->n_withdraw > WEFT_POOL_RANGES_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    change->n_add > WEFT_POOL_RANGES_MAX ? add : withdraw,
				    "the list is longer than that of a pool may be");
		return -ENOSPC;
	}
	items = kvcalloc(change->n_add + change->n_withdraw + 1, sizeof(*items), GFP_KERNEL);
	if (!items) {
		NL_SET_ERR_MSG(info->extack, "no memory for the ranges");
		return -ENOMEM;
	}
	change->add = items;
	change->withdraw = items + change->n_add;
	err = weft_nl_pool_items(add, type, items, info->extack);
	if (!err)
		err = weft_nl_pool_items(withdraw, type, items + change->n_add, info->extack);
	if (err)
		kvfree(items);
	return err;
}

/* What a request says of the ports; the rest stays */
static int weft_nl_pool_config(struct genl_info *info, struct weft_pool_config *config)
{
	struct nlattr **attrs = info->attrs;

	if (config->type == WEFT_POOL_TYPE_MAP &&
	    (attrs[WEFT_POOL_A_CHOICE] || attrs[WEFT_POOL_A_PARITY] || attrs[WEFT_POOL_A_REUSE])) {
		NL_SET_BAD_ATTR(info->extack, attrs[WEFT_POOL_A_CHOICE] ?:
					      attrs[WEFT_POOL_A_PARITY] ?:
					      attrs[WEFT_POOL_A_REUSE]);
		NL_SET_ERR_MSG(info->extack, "a map has no ports to choose from");
		return -EINVAL;
	}
	if (attrs[WEFT_POOL_A_CHOICE])
		config->choice = nla_get_u32(attrs[WEFT_POOL_A_CHOICE]);
	if (attrs[WEFT_POOL_A_PARITY])
		config->parity = nla_get_u8(attrs[WEFT_POOL_A_PARITY]);
	if (attrs[WEFT_POOL_A_REUSE])
		config->reuse = nla_get_u8(attrs[WEFT_POOL_A_REUSE]);
	return 0;
}

static int weft_nl_pool_make(struct weft_datapath *dp, struct genl_info *info)
{
	const struct nlattr *id = info->attrs[WEFT_POOL_A_ID];
	const struct nlattr *type = info->attrs[WEFT_POOL_A_TYPE];
	struct weft_pool_config config = { .id = nla_get_u32(id) };
	struct weft_pool_change change;
	struct weft_pool *pool;
	int err;

	if (weft_pool_find(dp, config.id)) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "there is a pool with this number");
		return -EEXIST;
	}
	if (type)
		config.type = nla_get_u32(type);
	err = weft_nl_pool_config(info, &config);
	if (!err)
		err = weft_nl_pool_change(info, config.type, &change);
	if (err)
		return err;
	pool = weft_pool_create(dp, &config, &change, info->extack);
	kvfree(change.add);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	weft_nl_pool_event(dp, pool, WEFT_CMD_POOL_NEW);
	return 0;
}

int weft_nl_pool_new(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_nl_pool_begin(info, WEFT_POOL_MAKE);
	int err;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_nl_pool_make(dp, info);
	weft_dp_leave(dp);
	return err;
}

static int weft_nl_pool_alter(struct weft_datapath *dp, struct genl_info *info)
{
	struct weft_pool *pool = weft_nl_pool_find(dp, info);
	struct weft_pool_change change;
	struct weft_pool_info now;
	int err;

	if (!pool)
		return -ENOENT;
	weft_pool_read(pool, &now);
	err = weft_nl_pool_config(info, &now.config);
	if (!err)
		err = weft_nl_pool_change(info, now.config.type, &change);
	if (err)
		return err;
	err = weft_pool_change(pool, &now.config, &change, info->extack);
	kvfree(change.add);
	if (!err)
		weft_nl_pool_event(dp, pool, WEFT_CMD_POOL_NEW);
	return err;
}

int weft_nl_pool_set(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	unsigned int i;
	int err;

	dp = weft_nl_pool_begin(info, WEFT_POOL_SELECT | WEFT_POOL_CHANGE);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	for (i = 1; i <= WEFT_POOL_A_MAX; i++)
		if (info->attrs[i] && (WEFT_POOL_CHANGE & BIT(i)))
			break;
	if (i <= WEFT_POOL_A_MAX) {
		err = weft_nl_pool_alter(dp, info);
	} else {
		NL_SET_ERR_MSG(info->extack, "neither ranges nor a choice to set");
		err = -EINVAL;
	}
	weft_dp_leave(dp);
	return err;
}

int weft_nl_pool_del(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_nl_pool_begin(info, WEFT_POOL_SELECT);
	struct weft_pool_info now;
	struct weft_pool *pool;
	int err = -ENOENT;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	pool = weft_nl_pool_find(dp, info);
	if (!pool)
		goto out;
	weft_pool_read(pool, &now);
	if (now.n_templates) {
		WEFT_ERR_ATTR(info->extack, info->attrs[WEFT_POOL_A_ID],
			      "templates draw from the pool: %u", now.n_templates);
		err = -EBUSY;
		goto out;
	}
	weft_nl_pool_event(dp, pool, WEFT_CMD_POOL_DEL);
	weft_pool_delete(dp, pool);
	err = 0;
out:
	weft_dp_leave(dp);
	return err;
}

static struct sk_buff *weft_nl_pool_answer(struct weft_datapath *dp, struct weft_pool *pool,
					   struct genl_info *info)
{
	struct weft_pool_info now;
	struct sk_buff *msg;

	weft_pool_read(pool, &now);
	msg = genlmsg_new(weft_pool_msg_size(&now), GFP_KERNEL);
	if (msg && !weft_nl_pool_fill(msg, dp, pool, &now, WEFT_CMD_POOL_NEW, info->snd_portid,
				      info->snd_seq, 0))
		return msg;
	nlmsg_free(msg);
	NL_SET_ERR_MSG(info->extack, "no memory for the answer");
	return NULL;
}

int weft_nl_pool_get(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_nl_pool_begin(info, WEFT_POOL_SELECT);
	struct sk_buff *msg = NULL;
	struct weft_pool *pool;
	int err = -ENOENT;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	pool = weft_nl_pool_find(dp, info);
	if (pool) {
		msg = weft_nl_pool_answer(dp, pool, info);
		err = -ENOMEM;
	}
	weft_dp_leave(dp);
	return msg ? genlmsg_reply(msg, info) : err;
}

/* Dumps */

static struct weft_datapath *weft_nl_pool_dump_begin(struct netlink_callback *cb)
{
	struct nlattr **attrs = weft_dump_attrs(cb);
	int err;

	err = weft_nl_pool_only(attrs, BIT(WEFT_POOL_A_DP), cb->extack);
	if (err)
		return ERR_PTR(err);
	return weft_dp_enter(sock_net(cb->skb->sk), attrs[WEFT_POOL_A_DP], cb->extack);
}

/* Make sure that the next message of the dump has room for this pool */
static void weft_nl_pool_dump_room(struct netlink_callback *cb, const struct weft_pool_info *info)
{
	size_t size = nlmsg_total_size(GENL_HDRLEN + weft_pool_msg_size(info));

	cb->min_dump_alloc = max_t(size_t, cb->min_dump_alloc, size);
}

int weft_nl_pool_dump_start(struct netlink_callback *cb)
{
	struct weft_datapath *dp = weft_nl_pool_dump_begin(cb);
	struct weft_pool_info info;
	struct weft_pool *pool;
	unsigned long id;

	if (IS_ERR(dp))
		return 0;	/* the dump will say why: there is no extack here */
	xa_for_each(&dp->pools, id, pool) {
		weft_pool_read(pool, &info);
		weft_nl_pool_dump_room(cb, &info);
	}
	weft_dp_leave(dp);
	return 0;
}

/* cb->args[0]: the number to go on with; pools that come and go are seen or not */
int weft_nl_pool_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct weft_datapath *dp = weft_nl_pool_dump_begin(cb);
	unsigned long id = cb->args[0];
	struct weft_pool_info info;
	struct weft_pool *pool;
	int err = 0;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	xa_for_each_start(&dp->pools, id, pool, cb->args[0]) {
		weft_pool_read(pool, &info);
		err = weft_nl_pool_fill(skb, dp, pool, &info, WEFT_CMD_POOL_NEW,
					NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					NLM_F_MULTI);
		if (err) {
			weft_nl_pool_dump_room(cb, &info);
			break;
		}
		cb->args[0] = id + 1;
	}
	weft_dp_leave(dp);
	return err && !skb->len ? err : skb->len;
}
