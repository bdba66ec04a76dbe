// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests about instances.
 *
 * Instances come and go in softirq: lists of them are read under RCU, an
 * instance at a time. What ends one, or makes one from outside, holds dp->lock, too, so that its
 * template stays listed.
 */
#include <linux/slab.h>
#include <net/netlink.h>
#include <net/sock.h>
#include "cache.h"
#include "compat.h"
#include "datapath.h"
#include "instance.h"
#include "limit.h"
#include "netlink.h"
#include "pending.h"
#include "port.h"
#include "table.h"
#include "template.h"

static struct netlink_range_validation weft_nl_template_range = {
	.min = 1, .max = WEFT_TEMPLATE_ID_MAX,
};

static struct netlink_range_validation weft_nl_port_range = {
	.min = 1, .max = WEFT_PORT_ID_MAX,
};

static const struct nla_policy weft_nl_vars_policy[WEFT_VARS_A_MAX + 1] = {
	[WEFT_VARS_A_IP] = { .type = NLA_BINARY, .len = 16 },
	[WEFT_VARS_A_PORT] = NLA_POLICY_EXACT_LEN(2),
	[WEFT_VARS_A_USER0 ... WEFT_VARS_A_USER5] = { .type = NLA_BINARY, .len = 16 },
};

const struct nla_policy weft_nl_instance_policy[WEFT_INSTANCE_A_MAX + 1] = {
	[WEFT_INSTANCE_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_INSTANCE_A_ID] = { .type = NLA_U32 },
	[WEFT_INSTANCE_A_TEMPLATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_nl_template_range),
	[WEFT_INSTANCE_A_PENDING] = { .type = NLA_U32 },
	[WEFT_INSTANCE_A_SLICE] = { .type = NLA_U16 },
	[WEFT_INSTANCE_A_IN_PORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_nl_port_range),
	[WEFT_INSTANCE_A_VM_ID] = { .type = NLA_NUL_STRING, .len = WEFT_VM_ID_MAX },
	[WEFT_INSTANCE_A_PRIORITY] = { .type = NLA_S32 },
	[WEFT_INSTANCE_A_FIELDS] = { .type = NLA_NESTED },
	[WEFT_INSTANCE_A_VARS] = NLA_POLICY_NESTED(weft_nl_vars_policy),
	[WEFT_INSTANCE_A_STATE] = NLA_POLICY_RANGE(NLA_U32, WEFT_STATE_FAILED, WEFT_STATE_MAX),
	[WEFT_INSTANCE_A_IDLE] = { .type = NLA_U64 },
	[WEFT_INSTANCE_A_FILTER] = { .type = NLA_FLAG },
	[WEFT_INSTANCE_A_WHEN] = NLA_POLICY_RANGE(NLA_U32, 1, WEFT_WHEN_ALL),
};

/* What a filter asks for */
struct weft_instance_filter {
	u32 template;		/* 0: any */
	u32 in_port;		/* 0: any */
	u32 state;		/* 0: any */
	int slice;		/* -1: any */
	const char *vm_id;	/* NULL: any */
	const struct nlattr *fields;
};

/* Writing them */

static u32 weft_instance_values(const struct weft_instance *i)
{
	u32 values = weft_limits_values(i->template, i->when, true);
	const struct weft_ientry *entry;
	unsigned int n;

	weft_for_each_ientry(entry, n, i)
		values |= weft_ientry_template(entry, i)->values;
	return values;
}

static int weft_instance_put_values(struct sk_buff *skb, const struct weft_instance *i, u8 kind,
				    int attrtype)
{
	const struct weft_template *t = i->template;
	u32 values = weft_instance_values(i);
	struct nlattr *nest = nla_nest_start(skb, attrtype);

	if (!nest)
		return -EMSGSIZE;
	for (; values; values &= values - 1) {
		const struct weft_value *v = &t->values[__ffs(values)];

		if (kind == WEFT_BIND_VAR && test_bit(WEFT_SEEN_FAILED, &i->seen))
			break;		/* it has none */
		if (v->kind == kind &&
		    nla_put(skb, kind == WEFT_BIND_VAR ? v->source + 1 : v->source, v->len,
			    i->values + v->ofs))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int weft_instance_put_entries(struct sk_buff *skb, const struct weft_instance *i)
{
	struct nlattr *list = nla_nest_start(skb, WEFT_INSTANCE_A_ENTRIES), *nest;
	const struct weft_ientry *entry;
	unsigned int n;

	if (!list)
		return -EMSGSIZE;
	weft_for_each_ientry(entry, n, i) {
		const struct weft_tentry *e = weft_ientry_template(entry, i);

		nest = nla_nest_start(skb, WEFT_TENTRIES_A_ENTRY);
		if (!nest ||
		    nla_put_string(skb, WEFT_TENTRY_A_NAME, e->name) ||
		    nla_put_u8(skb, WEFT_TENTRY_A_TABLE, e->table) ||
		    nla_put_u16(skb, WEFT_TENTRY_A_PRIORITY, entry->flow.priority) ||
		    (e->reply && nla_put_flag(skb, WEFT_TENTRY_A_REPLY)) ||
		    nla_put_u64_64bit(skb, WEFT_TENTRY_A_PACKETS,
				      atomic64_read(&entry->stats.packets), WEFT_TENTRY_A_PAD) ||
		    nla_put_u64_64bit(skb, WEFT_TENTRY_A_BYTES,
				      atomic64_read(&entry->stats.bytes), WEFT_TENTRY_A_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	nla_nest_end(skb, list);
	return 0;
}

static int weft_instance_put_times(struct sk_buff *skb, const struct weft_instance *i)
{
	u64 now = get_jiffies_64(), expires;
	enum weft_reason reason;

	expires = weft_instance_expires(i, &reason);
	if (nla_put_u64_64bit(skb, WEFT_INSTANCE_A_AGE, jiffies64_to_msecs(now - i->created),
			      WEFT_INSTANCE_A_PAD) ||
	    nla_put_u64_64bit(skb, WEFT_INSTANCE_A_IDLE,
			      jiffies_to_msecs(jiffies - weft_instance_used(i)),
			      WEFT_INSTANCE_A_PAD))
		return -EMSGSIZE;
	if (expires == U64_MAX)
		return 0;
	return nla_put_u64_64bit(skb, WEFT_INSTANCE_A_EXPIRES,
				 expires > now ? jiffies64_to_msecs(expires - now) : 0,
				 WEFT_INSTANCE_A_PAD);
}

/* RCU; an answer (with a portid): dp->lock, too */
static int weft_instance_put_msg(struct sk_buff *skb, const struct weft_instance *i, u32 portid,
				 u32 seq, int flags, enum weft_cmd cmd, enum weft_reason reason)
{
	struct weft_datapath *dp = i->template->dp;
	const struct weft_port *port = portid ? xa_load(&dp->ports, i->in_port) : NULL;
	void *hdr = genlmsg_put(skb, portid, seq, &weft_genl_family, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, WEFT_INSTANCE_A_DP, dp->name) ||
	    nla_put_u32(skb, WEFT_INSTANCE_A_ID, i->id) ||
	    nla_put_u32(skb, WEFT_INSTANCE_A_TEMPLATE, i->template->id) ||
	    nla_put_u16(skb, WEFT_INSTANCE_A_SLICE, i->template->slice) ||
	    nla_put_u32(skb, WEFT_INSTANCE_A_IN_PORT, i->in_port) ||
	    (port && *port->vm_id && nla_put_string(skb, WEFT_INSTANCE_A_VM_ID, port->vm_id)) ||
	    nla_put_u32(skb, WEFT_INSTANCE_A_WHEN, i->when) ||
	    nla_put_s32(skb, WEFT_INSTANCE_A_PRIORITY, i->priority) ||
	    weft_instance_put_values(skb, i, WEFT_BIND_FIELD, WEFT_INSTANCE_A_FIELDS) ||
	    weft_instance_put_values(skb, i, WEFT_BIND_VAR, WEFT_INSTANCE_A_VARS) ||
	    nla_put_u32(skb, WEFT_INSTANCE_A_STATE, weft_instance_state(i)) ||
	    weft_instance_put_entries(skb, i) ||
	    weft_instance_put_times(skb, i) ||
	    (reason && nla_put_u32(skb, WEFT_INSTANCE_A_REASON, reason))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

void weft_nl_instance_event(const struct weft_instance *i, enum weft_cmd cmd,
			    enum weft_reason reason)
{
	struct net *net = i->template->dp->net;
	struct sk_buff *msg;

	if (!genl_has_listeners(&weft_genl_family, net, WEFT_MCGRP_INSTANCES_IDX))
		return;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_ATOMIC | __GFP_NOWARN);
	if (!msg)
		return;
	if (weft_instance_put_msg(msg, i, 0, 0, 0, cmd, reason))
		nlmsg_free(msg);
	else
		genlmsg_multicast_netns(&weft_genl_family, net, msg, 0,
					WEFT_MCGRP_INSTANCES_IDX, GFP_ATOMIC);
}

/* Selecting them */

static int weft_instance_filter_parse(struct nlattr **attrs, struct weft_instance_filter *f,
				      struct netlink_ext_ack *extack)
{
	const struct nlattr *a;
	int rem, err;

	*f = (struct weft_instance_filter){ .slice = -1 };
	if (attrs[WEFT_INSTANCE_A_TEMPLATE])
		f->template = nla_get_u32(attrs[WEFT_INSTANCE_A_TEMPLATE]);
	if (attrs[WEFT_INSTANCE_A_IN_PORT])
		f->in_port = nla_get_u32(attrs[WEFT_INSTANCE_A_IN_PORT]);
	if (attrs[WEFT_INSTANCE_A_STATE])
		f->state = nla_get_u32(attrs[WEFT_INSTANCE_A_STATE]);
	if (attrs[WEFT_INSTANCE_A_SLICE])
		f->slice = nla_get_u16(attrs[WEFT_INSTANCE_A_SLICE]);
	if (attrs[WEFT_INSTANCE_A_VM_ID])
		f->vm_id = nla_data(attrs[WEFT_INSTANCE_A_VM_ID]);
	f->fields = attrs[WEFT_INSTANCE_A_FIELDS];
	if (!f->fields)
		return 0;
	nla_for_each_nested(a, f->fields, rem) {
		struct weft_field_value fv;

		err = weft_field_parse(a, &fv, extack);
		if (err)
			return err;
	}
	return 0;
}

/* Does the instance have this value in this field? */
static bool weft_instance_has(const struct weft_instance *i, enum weft_field field,
			      const struct weft_field_value *fv)
{
	const struct weft_template *t = i->template;
	u32 values = weft_instance_values(i);
	unsigned int k;

	for (; values; values &= values - 1) {
		const struct weft_value *v = &t->values[__ffs(values)];

		if (v->kind != WEFT_BIND_FIELD || v->source != field)
			continue;
		for (k = 0; k < v->len; k++)
			if ((i->values[v->ofs + k] & fv->mask[k]) != fv->value[k])
				return false;
		return true;
	}
	return false;
}

/* RCU and dp->lock */
static bool weft_instance_selected(const struct weft_instance *i,
				   const struct weft_instance_filter *f)
{
	const struct weft_port *port;
	const struct nlattr *a;
	int rem;

	if (!READ_ONCE(i->life.live) ||
	    (f->template && i->template->id != f->template) ||
	    (f->in_port && i->in_port != f->in_port) ||
	    (f->slice >= 0 && i->template->slice != f->slice) ||
	    (f->state && weft_instance_state(i) != f->state))
		return false;
	if (f->vm_id) {
		port = xa_load(&i->template->dp->ports, i->in_port);
		if (!port || strcmp(port->vm_id, f->vm_id))
			return false;
	}
	if (!f->fields)
		return true;
	nla_for_each_nested(a, f->fields, rem) {
		struct weft_field_value fv;

		if (weft_field_parse(a, &fv, NULL) || !weft_instance_has(i, nla_type(a), &fv))
			return false;
	}
	return true;
}

static struct weft_datapath *weft_instance_dp(struct genl_info *info)
{
	return weft_dp_enter(genl_info_net(info), info->attrs[WEFT_INSTANCE_A_DP], info->extack);
}

static int weft_instance_missing(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[WEFT_INSTANCE_A_ID],
			    "there is no such instance");
	return -ENOENT;
}

int weft_nl_instance_get(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp;
	struct weft_instance *i;
	struct sk_buff *msg;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEFT_INSTANCE_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "the instance's id is missing");
		return -EINVAL;
	}
	dp = weft_instance_dp(info);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = -ENOMEM;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		goto out;
	weft_caches_fold(dp->caches);
	rcu_read_lock();
	i = xa_load(&dp->instances->ids, nla_get_u32(info->attrs[WEFT_INSTANCE_A_ID]));
	if (i && READ_ONCE(i->life.live))
		err = weft_instance_put_msg(msg, i, info->snd_portid, info->snd_seq, 0,
					    WEFT_CMD_INSTANCE_NEW, WEFT_REASON_UNSPEC);
	else
		err = weft_instance_missing(info);
	rcu_read_unlock();
out:
	weft_dp_unlock(dp);
	if (err)
		nlmsg_free(msg);
	else
		err = genlmsg_reply(msg, info);
	weft_dp_put(dp);
	return err;
}

/* By id, which grows; no lock is held from one to the next, so packets never wait for a dump */
int weft_nl_instance_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = weft_dump_attrs(cb);
	struct weft_instance_filter filter;
	unsigned long id = cb->args[0];
	struct weft_datapath *dp;
	struct weft_instance *i;
	int err;

	dp = weft_dp_get(sock_net(skb->sk), attrs[WEFT_INSTANCE_A_DP], cb->extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	err = weft_instance_filter_parse(attrs, &filter, cb->extack);
	if (!err)
		err = weft_dp_lock(dp, cb->extack);
	if (err)
		goto out;
	if (!id)
		weft_caches_fold(dp->caches);
	for (;;) {
		rcu_read_lock();
		i = xa_find(&dp->instances->ids, &id, ULONG_MAX, XA_PRESENT);
		if (i && weft_instance_selected(i, &filter))
			err = weft_instance_put_msg(skb, i, NETLINK_CB(cb->skb).portid,
						    cb->nlh->nlmsg_seq, NLM_F_MULTI,
						    WEFT_CMD_INSTANCE_NEW, WEFT_REASON_UNSPEC);
		rcu_read_unlock();
		if (err || !i)
			break;
		id++;
		cond_resched();
	}
	cb->args[0] = err ? id : ULONG_MAX;
	if (err && skb->len)
		err = 0;
	weft_dp_unlock(dp);
out:
	weft_dp_put(dp);
	return err ? err : skb->len;
}

static int weft_instance_cut(struct weft_datapath *dp, struct genl_info *info)
{
	struct weft_instance_filter filter;
	struct weft_instance *i;
	unsigned long id = 0;
	int err;

	err = weft_instance_filter_parse(info->attrs, &filter, info->extack);
	if (err)
		return err;
	for (;;) {
		rcu_read_lock();
		i = xa_find(&dp->instances->ids, &id, ULONG_MAX, XA_PRESENT);
		if (i && weft_instance_selected(i, &filter))
			weft_instance_end(i, WEFT_REASON_REQUEST);
		rcu_read_unlock();
		if (!i)
			return 0;
		id++;
		cond_resched();
	}
}

static int weft_instance_del_one(struct weft_datapath *dp, struct genl_info *info)
{
	struct weft_instance *i;
	int err = 0;

	if (GENL_REQ_ATTR_CHECK(info, WEFT_INSTANCE_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "the instance's id, or a filter, is missing");
		return -EINVAL;
	}
	rcu_read_lock();
	i = xa_load(&dp->instances->ids, nla_get_u32(info->attrs[WEFT_INSTANCE_A_ID]));
	if (!i || !READ_ONCE(i->life.live) || !weft_instance_end(i, WEFT_REASON_REQUEST))
		err = weft_instance_missing(info);
	rcu_read_unlock();
	return err;
}

/* Making one from outside */

/* Set the values that the template takes from @field; it may have several uses, or none */
static void weft_import_field(struct weft_opening *o, const struct nlattr *a, u32 *given)
{
	const struct weft_template *t = o->template;
	unsigned int i;

	for (i = 0; i < t->n_values; i++) {
		const struct weft_value *v = &t->values[i];

		if (v->kind == WEFT_BIND_FIELD && v->source == nla_type(a)) {
			memcpy(o->values + v->ofs, nla_data(a), v->len);
			*given |= BIT(i);
		}
	}
}

/* The opening packet's fields; which values that makes is added to *given */
static int weft_import_fields(struct weft_opening *o, const struct nlattr *nest, u32 *given,
			      struct netlink_ext_ack *extack)
{
	struct weft_field_value fv;
	const struct nlattr *a;
	int rem, err;

	if (!nest)
		return 0;
	nla_for_each_nested(a, nest, rem) {
		err = weft_field_parse(a, &fv, extack);
		if (err)
			return err;
		if (nla_len(a) != weft_fields[nla_type(a)].len) {
			NL_SET_ERR_MSG_ATTR(extack, a, "a value without a mask is wanted");
			return -EINVAL;
		}
		weft_import_field(o, a, given);
	}
	return 0;
}

static int weft_import_var(struct weft_opening *o, const struct weft_value *v,
			   const struct nlattr *a, const struct nlattr *vars,
			   struct netlink_ext_ack *extack)
{
	if (!a || nla_len(a) != v->len) {
		WEFT_ERR_ATTR(extack, a ?: vars, "variable %u of %u bytes is missing",
			      v->source, v->len);
		return -EINVAL;
	}
	memcpy(o->values + v->ofs, nla_data(a), v->len);
	if (v->source == WEFT_VAR_IP)
		memcpy(&o->drawn.ip, nla_data(a), v->len);
	else if (v->source == WEFT_VAR_PORT)
		memcpy(&o->drawn.claim.port, nla_data(a), v->len);
	return 0;
}

/* Is all there that the template's entries take? */
static int weft_import_values(struct weft_opening *o, struct nlattr **attrs, u32 given,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *vars = attrs[WEFT_INSTANCE_A_VARS], *tb[WEFT_VARS_A_MAX + 1] = {};
	const struct weft_template *t = o->template;
	u32 values = weft_opening_needs(o);
	int err;

	if (vars) {
		err = nla_parse_nested(tb, WEFT_VARS_A_MAX, vars, weft_nl_vars_policy, extack);
		if (err)
			return err;
	}
	if (!values) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[WEFT_INSTANCE_A_WHEN],
				    "the template has no entry for such packets");
		return -EINVAL;
	}
	for (; values; values &= values - 1) {
		const struct weft_value *v = &t->values[__ffs(values)];

		if (v->kind == WEFT_BIND_VAR) {
			err = weft_import_var(o, v, tb[v->source + 1], vars, extack);
			if (err)
				return err;
		} else if (!(given & values & -values)) {
			WEFT_ERR_ATTR(extack, attrs[WEFT_INSTANCE_A_FIELDS],
				      "field %s is missing, which the template takes",
				      weft_fields[v->source].name);
			return -EINVAL;
		}
	}
	return 0;
}

static unsigned long weft_import_seen(enum weft_state state)
{
	const unsigned long tcp = BIT(WEFT_SEEN_TCP), open = tcp | BIT(WEFT_SEEN_ESTABLISHED);

	switch (state) {
	case WEFT_STATE_REPLIED:
		return BIT(WEFT_SEEN_REPLY);
	case WEFT_STATE_TCP_OPENING:
		return tcp | BIT(WEFT_SEEN_SYN);
	case WEFT_STATE_TCP_ESTABLISHED:
		return open;
	case WEFT_STATE_TCP_CLOSING:
		return open | BIT(WEFT_SEEN_FIN);
	case WEFT_STATE_TCP_CLOSED:
		return open | BIT(WEFT_SEEN_FIN) | BIT(WEFT_SEEN_FIN_REPLY);
	case WEFT_STATE_TCP_RESET:
		return open | BIT(WEFT_SEEN_RST);
	default:
		return 0;
	}
}

static const char *weft_import_refusal(int err)
{
	switch (err) {
	case -EEXIST:
		return "there is such an instance";
	case -EADDRINUSE:
		return "another instance has what this one needs, or the pool does not";
	case -ENOSPC:
		return "a limit of instances is reached";
	case -ENOMEM:
		return "no memory for the instance";
	default:
		return "the template is going away";
	}
}

static int weft_instance_import(struct weft_datapath *dp, struct genl_info *info,
				struct weft_opening *o)
{
	struct nlattr **attrs = info->attrs;
	u32 given = 0;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEFT_INSTANCE_A_TEMPLATE) ||
	    GENL_REQ_ATTR_CHECK(info, WEFT_INSTANCE_A_IN_PORT) ||
	    GENL_REQ_ATTR_CHECK(info, WEFT_INSTANCE_A_PRIORITY) ||
	    GENL_REQ_ATTR_CHECK(info, WEFT_INSTANCE_A_WHEN)) {
		NL_SET_ERR_MSG(info->extack, "template, in_port, priority and when are needed");
		return -EINVAL;
	}
	o->template = weft_template_find(dp, nla_get_u32(attrs[WEFT_INSTANCE_A_TEMPLATE]));
	if (!o->template) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[WEFT_INSTANCE_A_TEMPLATE],
				    "there is no such template");
		return -ENOENT;
	}
	o->in_port = nla_get_u32(attrs[WEFT_INSTANCE_A_IN_PORT]);
	o->priority = nla_get_s32(attrs[WEFT_INSTANCE_A_PRIORITY]);
	if (o->priority < WEFT_PRIORITY_MISS || o->priority > U16_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[WEFT_INSTANCE_A_PRIORITY],
				    "no entry has such a priority");
		return -ERANGE;
	}
	o->when = nla_get_u32(attrs[WEFT_INSTANCE_A_WHEN]);
	if (attrs[WEFT_INSTANCE_A_STATE])
		o->seen = weft_import_seen(nla_get_u32(attrs[WEFT_INSTANCE_A_STATE]));
	if (attrs[WEFT_INSTANCE_A_IDLE])
		o->idle = msecs_to_jiffies(min_t(u64, nla_get_u64(attrs[WEFT_INSTANCE_A_IDLE]),
						 INT_MAX));
	err = weft_import_fields(o, attrs[WEFT_INSTANCE_A_FIELDS], &given, info->extack);
	if (!err)
		err = weft_import_values(o, attrs, given, info->extack);
	if (err)
		return err;
	err = weft_instance_add(dp, o);
	if (err)
		WEFT_ERR(info->extack, "%s", weft_import_refusal(err));
	return err;
}

/* A daemon gives the values for which packets wait */
static int weft_instance_answer(struct weft_datapath *dp, struct genl_info *info,
				struct weft_opening *o)
{
	const struct nlattr *a = info->attrs[WEFT_INSTANCE_A_PENDING];
	int err;

	err = weft_pending_take(dp, nla_get_u32(a), o);
	if (err) {
		NL_SET_ERR_MSG_ATTR(info->extack, a, "nothing waits with this number any more");
		return err;
	}
	err = weft_import_values(o, info->attrs, U32_MAX, info->extack);
	if (!err) {
		err = weft_instance_add(dp, o);
		if (err)
			WEFT_ERR_ATTR(info->extack, a, "%s", weft_import_refusal(err));
	}
	/* a bad answer can be corrected, until the time is over */
	if (err && err != -EEXIST)
		weft_pending_give_back(dp, nla_get_u32(a));
	else
		weft_pending_done(dp, nla_get_u32(a), o->id);
	return err;
}

int weft_nl_instance_new(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_opening *o = kzalloc(sizeof(*o), GFP_KERNEL);
	struct weft_datapath *dp;
	int err;

	if (!o)
		return -ENOMEM;
	dp = weft_instance_dp(info);
	if (IS_ERR(dp)) {
		kfree(o);
		return PTR_ERR(dp);
	}
	if (info->attrs[WEFT_INSTANCE_A_PENDING])
		err = weft_instance_answer(dp, info, o);
	else
		err = weft_instance_import(dp, info, o);
	weft_dp_leave(dp);
	kfree(o);
	return err;
}

static int weft_instance_reject(struct weft_datapath *dp, struct genl_info *info)
{
	const struct nlattr *a = info->attrs[WEFT_INSTANCE_A_PENDING];
	int err = weft_pending_reject(dp, nla_get_u32(a), WEFT_REFUSED_REJECTED);

	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, a, "nothing waits with this number any more");
	return err;
}

int weft_nl_instance_del(struct sk_buff *skb, struct genl_info *info)
{
	struct weft_datapath *dp = weft_instance_dp(info);
	int err;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	if (info->attrs[WEFT_INSTANCE_A_PENDING])
		err = weft_instance_reject(dp, info);
	else if (info->attrs[WEFT_INSTANCE_A_FILTER])
		err = weft_instance_cut(dp, info);
	else
		err = weft_instance_del_one(dp, info);
	weft_dp_leave(dp);
	return err;
}
