// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of templates.
 *
 * A limit says how many instances of its template there may be whose opening packets had the
 * same values in some fields: of a logical port, say, wherever its packets come in. For each such
 * set of values of which there is an instance there is a counter, in one hash table of the
 * datapath; so there are at most as many as instances, times the limits of a template. What
 * an instance is counted by it keeps among its values, and they are taken from there at its end.
 *
 * Counters are found, changed, made and freed under one of an array of locks, by hash; others
 * meet one only while they search the table, so it is freed by RCU. No two of the locks are held
 * at a time: of several limits, those that had room are left again if the next has none.
 *
 * A packet that was refused may go on without an instance, and its program be cached. So that such
 * packets try again when there is room, the program has the stamp of the counter, and the counter
 * knows that it is watched: who counts it down then raises the stamp. Both under the lock.
 */
#include <linux/jhash.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include "compat.h"
#include "datapath.h"
#include "field.h"
#include "limit.h"
#include "stamp.h"
#include "template.h"
#include "trail.h"

/* Which counter: whole words, without holes */
struct weft_count_key {
	const struct weft_template *template;
	u32 limit;			/* of the template's */
	u8 fields[WEFT_LIMIT_KEY_LEN];
};

static_assert(sizeof(struct weft_count_key) ==
	      sizeof(void *) + sizeof(u32) + WEFT_LIMIT_KEY_LEN);

struct weft_count {
	struct rhash_head node;		/* limits->counts */
	struct weft_count_key key;
	u32 n;				/* at least 1 */
	bool watched;			/* programs have its stamp */
	struct rcu_head rcu;
};

static const struct rhashtable_params weft_counts_params = {
	.head_offset = offsetof(struct weft_count, node),
	.key_offset = offsetof(struct weft_count, key),
	.key_len = sizeof(struct weft_count_key),
	.automatic_shrinking = true,
};

/* Making them */

static int weft_limit_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
			     const char *why)
{
	WEFT_ERR_ATTR(extack, attr, "%s", why);
	return -EINVAL;
}

/* What is wrong with a field to count by, as words for extack; NULL: nothing */
static const char *weft_limit_field_refusal(const struct weft_limit *from, unsigned int n)
{
	u16 field = from->fields[n];
	unsigned int i;

	if (field > WEFT_FIELD_MAX)
		return "limit: unknown field";
	/* others have packets that lack them, or share their place in the key */
	if (weft_fields[field].needs & ~WEFT_L_IP || weft_field_is_tun_ipv4(field) ||
	    weft_field_is_tun_ipv6(field))
		return "limit: only metadata, Ethernet and IP fields can be counted by";
	for (i = 0; i < n; i++)
		if (from->fields[i] == field)
			return "limit: a field is there twice";
	return NULL;
}

/* For which packets it counts: those of the family whose fields it has */
static int weft_tlimit_family(struct weft_tlimit *limit, u16 field)
{
	u8 family = 0;

	if (!weft_fields[field].needs)
		return 0;
	if (weft_fields[field].needs & WEFT_L_IPV4)
		family |= WEFT_WHEN_IPV4;
	if (weft_fields[field].needs & WEFT_L_IPV6)
		family |= WEFT_WHEN_IPV6;
	limit->when = limit->when ? limit->when & family : family;
	return limit->when ? 0 : -EINVAL;
}

static int weft_limit_value(struct weft_template *t, u16 field)
{
	struct weft_bind bind = {
		.field = field, .kind = WEFT_BIND_FIELD, .source = field,
	};

	return weft_template_value(t, &bind);
}

static int weft_limit_parse_keys(struct weft_template *t, struct weft_tlimit *limit,
				 const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	const struct weft_limit *from = nla_data(attr);
	unsigned int n, len = 0;
	const char *why;
	int value;

	for (n = 0; n < WEFT_LIMIT_FIELDS && from->fields[n]; n++) {
		why = weft_limit_field_refusal(from, n);
		if (why)
			return weft_limit_refuse(extack, attr, why);
		if (weft_tlimit_family(limit, from->fields[n]))
			return weft_limit_refuse(extack, attr,
						 "limit: no packet has all of its fields");
		len += weft_fields[from->fields[n]].len;
		value = weft_limit_value(t, from->fields[n]);
		if (value < 0 || len > WEFT_LIMIT_KEY_LEN)
			return weft_limit_refuse(extack, attr, "limit: too many fields");
		limit->keys[limit->n_keys++] = value;
	}
	for (; n < WEFT_LIMIT_FIELDS; n++)
		if (from->fields[n])
			return weft_limit_refuse(extack, attr, "limit: no field before another");
	return 0;
}

static int weft_limit_parse(struct weft_template *t, const struct nlattr *attr,
			    struct netlink_ext_ack *extack)
{
	struct weft_tlimit *limit = &t->limits[t->n_limits];
	const struct weft_limit *from = nla_data(attr);
	int value;

	if (nla_type(attr) != WEFT_LIMITS_A_LIMIT || nla_len(attr) != sizeof(*from))
		return weft_limit_refuse(extack, attr, "not a limit");
	if (from->reserved)
		return weft_limit_refuse(extack, attr, "limit: reserved must be zero");
	if (!from->max == !from->max_field)
		return weft_limit_refuse(extack, attr, "limit: max or max_field is needed");
	limit->max = from->max;
	if (from->max_field) {
		if (from->max_field < WEFT_FIELD_REG0 || from->max_field > WEFT_FIELD_REG15)
			return weft_limit_refuse(extack, attr, "limit: max_field is no register");
		value = weft_limit_value(t, from->max_field);
		if (value < 0)
			return weft_limit_refuse(extack, attr, "limit: too many fields");
		limit->max_value = value;
	}
	t->n_limits++;
	return weft_limit_parse_keys(t, limit, attr, extack);
}

int weft_limits_parse(struct weft_template *t, const struct nlattr *nest,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *a;
	int rem, err;

	if (!nest)
		return 0;
	nla_for_each_nested(a, nest, rem) {
		if (t->n_limits == WEFT_TEMPLATE_LIMITS)
			return weft_limit_refuse(extack, a, "more limits than a template can have");
		err = weft_limit_parse(t, a, extack);
		if (err)
			return err;
	}
	return 0;
}

int weft_limits_put(struct sk_buff *skb, int attrtype, const struct weft_template *t)
{
	struct nlattr *nest;
	unsigned int i, n;

	if (!t->n_limits)
		return 0;
	nest = nla_nest_start(skb, attrtype);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < t->n_limits; i++) {
		const struct weft_tlimit *limit = &t->limits[i];
		struct weft_limit to = { .max = limit->max };

		if (!limit->max)
			to.max_field = t->values[limit->max_value].source;
		for (n = 0; n < limit->n_keys; n++)
			to.fields[n] = t->values[limit->keys[n]].source;
		if (nla_put(skb, WEFT_LIMITS_A_LIMIT, sizeof(to), &to))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* Counting */

static bool weft_tlimit_counts(const struct weft_tlimit *limit, u32 when)
{
	return !limit->when || limit->when & when;
}

u32 weft_limits_values(const struct weft_template *t, u32 when, bool maxima)
{
	unsigned int i, n;
	u32 values = 0;

	for (i = 0; i < t->n_limits; i++) {
		const struct weft_tlimit *limit = &t->limits[i];

		if (!weft_tlimit_counts(limit, when))
			continue;
		for (n = 0; n < limit->n_keys; n++)
			values |= BIT(limit->keys[n]);
		if (maxima && !limit->max)
			values |= BIT(limit->max_value);
	}
	return values;
}

static u32 weft_tlimit_max(const struct weft_template *t, const struct weft_tlimit *limit,
			   const u8 *values)
{
	__be32 max;

	if (limit->max)
		return limit->max;
	memcpy(&max, values + t->values[limit->max_value].ofs, sizeof(max));
	return be32_to_cpu(max);
}

static u32 weft_count_key(const struct weft_datapath *dp, const struct weft_template *t,
			  unsigned int i, const u8 *values, struct weft_count_key *key)
{
	const struct weft_tlimit *limit = &t->limits[i];
	u8 *to = key->fields;
	unsigned int n;

	memset(key, 0, sizeof(*key));
	key->template = t;
	key->limit = i;
	for (n = 0; n < limit->n_keys; n++) {
		const struct weft_value *v = &t->values[limit->keys[n]];

		memcpy(to, values + v->ofs, v->len);
		to += v->len;
	}
	return jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), dp->stamps->seed);
}

static spinlock_t *weft_limit_lock(struct weft_limits *limits, u32 hash)
{
	return &limits->locks[hash % WEFT_LIMIT_LOCKS];
}

static struct weft_count *weft_count_find(struct weft_limits *limits,
					  const struct weft_count_key *key)
{
	return rhashtable_lookup_fast(&limits->counts, key, weft_counts_params);
}

/* A counter that is 1; its lock is held */
static int weft_count_make(struct weft_limits *limits, const struct weft_count_key *key)
{
	struct weft_count *count = kzalloc(sizeof(*count), GFP_ATOMIC | __GFP_NOWARN);

	if (!count)
		return -ENOMEM;
	count->key = *key;
	count->n = 1;
	if (!rhashtable_insert_fast(&limits->counts, &count->node, weft_counts_params))
		return 0;
	kfree(count);
	return -ENOMEM;
}

static int weft_limit_enter(struct weft_datapath *dp, const struct weft_template *t,
			    unsigned int i, const u8 *values)
{
	u32 max = weft_tlimit_max(t, &t->limits[i], values), hash;
	struct weft_limits *limits = dp->limits;
	struct weft_count_key key;
	struct weft_count *count;
	int err = -ENOSPC;

	if (!max)
		return -ENOSPC;
	hash = weft_count_key(dp, t, i, values, &key);
	spin_lock(weft_limit_lock(limits, hash));
	count = weft_count_find(limits, &key);
	if (!count) {
		err = weft_count_make(limits, &key);
	} else if (count->n < max) {
		count->n++;
		err = 0;
	}
	spin_unlock(weft_limit_lock(limits, hash));
	return err;
}

static void weft_limit_leave(struct weft_datapath *dp, const struct weft_template *t,
			     unsigned int i, const u8 *values)
{
	struct weft_limits *limits = dp->limits;
	struct weft_count_key key;
	struct weft_count *count;
	u32 hash = weft_count_key(dp, t, i, values, &key);
	bool watched;

	spin_lock(weft_limit_lock(limits, hash));
	count = weft_count_find(limits, &key);
	watched = count->watched;
	count->watched = false;
	if (!--count->n) {
		rhashtable_remove_fast(&limits->counts, &count->node, weft_counts_params);
		kfree_rcu(count, rcu);
	}
	spin_unlock(weft_limit_lock(limits, hash));
	if (!watched)
		return;
	weft_stamp(dp->stamps, hash);
	weft_stamps_publish(dp->stamps);
}

int weft_limits_enter(struct weft_datapath *dp, const struct weft_template *t, u32 when,
		      const u8 *values)
{
	unsigned int i;
	int err;

	for (i = 0; i < t->n_limits; i++) {
		if (!weft_tlimit_counts(&t->limits[i], when))
			continue;
		err = weft_limit_enter(dp, t, i, values);
		if (err)
			break;
	}
	if (i == t->n_limits)
		return 0;
	while (i--)
		if (weft_tlimit_counts(&t->limits[i], when))
			weft_limit_leave(dp, t, i, values);
	return err;
}

void weft_limits_leave(struct weft_datapath *dp, const struct weft_template *t, u32 when,
		       const u8 *values)
{
	unsigned int i;

	for (i = 0; i < t->n_limits; i++)
		if (weft_tlimit_counts(&t->limits[i], when))
			weft_limit_leave(dp, t, i, values);
}

static bool weft_limit_watch(struct weft_datapath *dp, const struct weft_template *t,
			     unsigned int i, const u8 *values, struct weft_trail *trail)
{
	u32 max = weft_tlimit_max(t, &t->limits[i], values), hash;
	struct weft_limits *limits = dp->limits;
	struct weft_count_key key;
	struct weft_count *count;

	hash = weft_count_key(dp, t, i, values, &key);
	spin_lock(weft_limit_lock(limits, hash));
	count = weft_count_find(limits, &key);
	if (!count || count->n < max)
		count = NULL;
	else
		count->watched = true;
	if (count)
		weft_trail_probe(trail, dp->stamps, hash);
	spin_unlock(weft_limit_lock(limits, hash));
	return count;
}

bool weft_limits_watch(struct weft_datapath *dp, const struct weft_template *t, u32 when,
		       const u8 *values, struct weft_trail *trail)
{
	unsigned int i;

	for (i = 0; i < t->n_limits; i++)
		if (weft_tlimit_counts(&t->limits[i], when) &&
		    weft_limit_watch(dp, t, i, values, trail))
			return true;
	return false;
}

int weft_limits_init(struct weft_datapath *dp)
{
	struct weft_limits *limits = kzalloc(sizeof(*limits), GFP_KERNEL_ACCOUNT);
	unsigned int k;
	int err;

	if (!limits)
		return -ENOMEM;
	for (k = 0; k < WEFT_LIMIT_LOCKS; k++)
		spin_lock_init(&limits->locks[k]);
	err = rhashtable_init(&limits->counts, &weft_counts_params);
	if (err) {
		kfree(limits);
		return err;
	}
	dp->limits = limits;
	return 0;
}

void weft_limits_free(struct weft_datapath *dp)
{
	if (!dp->limits)
		return;
	rhashtable_destroy(&dp->limits->counts);
	kfree(dp->limits);
}
