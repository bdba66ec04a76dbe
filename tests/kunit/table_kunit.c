// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables and transactions against a naive model.
 *
 * The model is an array of entries with whole masks, tried one by one. Random
 * rules (from few masks and few values, so that they overlap, collide and repeat)
 * and random changes go to both; then random packets are looked up in both.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include "action.h"
#include "datapath.h"
#include "table.h"
#include "txn.h"

#define N_MASKS		24
#define MODEL_MAX	2048
#define TABLE		7

/* Debug kernels are slow: fewer rounds there */
#define ROUNDS(n)	(IS_ENABLED(CONFIG_KASAN) ? (n) / 10 : (n))

struct model_entry {
	struct weft_match match;
	s32 priority;
	u64 cookie;
};

struct model {
	struct weft_trail trail;
	struct weft_datapath *dp;
	struct rnd_state rnd;
	struct weft_key masks[N_MASKS];
	struct model_entry *entries;
	u32 n;
	u64 next_cookie;
};

static u32 rnd(struct model *m, u32 below)
{
	return prandom_u32_state(&m->rnd) % below;
}

/* Few fields, few values: what matters is that matches overlap */
static void random_mask(struct model *m, struct weft_key *mask)
{
	memset(mask, 0, sizeof(*mask));
	if (rnd(m, 2))
		mask->in_port = cpu_to_be32(~0U);
	if (rnd(m, 2))
		mask->ldp = cpu_to_be32(0xffffff);
	if (rnd(m, 2))
		mask->reg[rnd(m, 3)] = cpu_to_be32(rnd(m, 2) ? ~0U : 3);
	if (rnd(m, 2))
		memset(mask->eth_dst, 0xff, 6);
	if (rnd(m, 2)) {
		mask->eth_type = htons(0xffff);
		mask->ip_dst.s6_addr32[0] = cpu_to_be32(~0U << rnd(m, 4));
	}
	if (rnd(m, 3) == 0)
		mask->l4_dst = htons(0xffff);
}

static void random_key(struct model *m, struct weft_key *key)
{
	memset(key, 0, sizeof(*key));
	key->in_port = cpu_to_be32(rnd(m, 3));
	key->ldp = cpu_to_be32(rnd(m, 3));
	key->reg[0] = cpu_to_be32(rnd(m, 8));
	key->reg[1] = cpu_to_be32(rnd(m, 8));
	key->reg[2] = cpu_to_be32(rnd(m, 8));
	key->eth_dst[5] = rnd(m, 4);
	key->eth_type = htons(rnd(m, 2) ? 0x0800 : 0x0806);
	key->ip_dst.s6_addr32[0] = cpu_to_be32(rnd(m, 16));
	key->l4_dst = htons(rnd(m, 4));
}

static bool key_matches(const struct weft_key *key, const struct weft_match *match)
{
	const u64 *k = (const u64 *)key, *v = (const u64 *)&match->value;
	const u64 *mask = (const u64 *)&match->mask;
	unsigned int i;

	for (i = 0; i < WEFT_KEY_WORDS; i++)
		if ((k[i] & mask[i]) != v[i])
			return false;
	return true;
}

static const struct model_entry *model_lookup(const struct model *m, const struct weft_key *key)
{
	const struct model_entry *best = NULL;
	u32 i;

	for (i = 0; i < m->n; i++)
		if (key_matches(key, &m->entries[i].match) &&
		    (!best || m->entries[i].priority > best->priority))
			best = &m->entries[i];
	return best;
}

static int model_find(const struct model *m, const struct weft_match *match, s32 priority)
{
	u32 i;

	for (i = 0; i < m->n; i++)
		if (m->entries[i].priority == priority &&
		    !memcmp(&m->entries[i].match, match, sizeof(*match)))
			return i;
	return -1;
}

/*
 * Several entries of one priority may match a packet; which one wins is not
 * defined. So each mask has priorities of its own.
 */
static s32 random_match(struct model *m, struct weft_match *match)
{
	u32 which = rnd(m, N_MASKS), i;
	u64 *v = (u64 *)&match->value;

	random_key(m, &match->value);
	match->mask = m->masks[which];
	for (i = 0; i < WEFT_KEY_WORDS; i++)
		v[i] &= ((u64 *)&match->mask)[i];
	return which + N_MASKS * rnd(m, 20);
}

static struct weft_change *new_change(struct kunit *test, struct model *m,
				      const struct weft_match *match, s32 priority,
				      enum weft_change_op op)
{
	struct weft_change *change = kzalloc(sizeof(*change), GFP_KERNEL);
	struct weft_actions *acts = NULL;
	struct weft_subtable *subtable;

	KUNIT_ASSERT_NOT_NULL(test, change);
	subtable = weft_subtable_pin(&m->dp->tables[TABLE], &match->mask);
	KUNIT_ASSERT_FALSE(test, IS_ERR(subtable));
	if (op != WEFT_CHANGE_DEL) {
		acts = weft_actions_parse(m->dp, NULL, 0, NULL, NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(acts));
	}
	change->op = op;
	change->flow = weft_flow_alloc(subtable, match, priority, acts);
	KUNIT_ASSERT_FALSE(test, IS_ERR(change->flow));
	weft_rule(change->flow)->cookie = ++m->next_cookie;
	return change;
}

static void model_put(struct model *m, int at, const struct weft_match *match, s32 priority,
		      u64 cookie)
{
	if (at < 0)
		at = m->n++;
	m->entries[at].match = *match;
	m->entries[at].priority = priority;
	m->entries[at].cookie = cookie;
}

/* One random change for both; returns whether it is to be refused */
static bool random_change(struct kunit *test, struct model *m, struct list_head *changes,
			  bool may_fail)
{
	enum weft_change_op op = rnd(m, 4);	/* ADD PUT SET DEL */
	struct weft_change *change;
	struct weft_match match;
	bool refused = false;
	s32 priority;
	int at;

	if (m->n && op >= WEFT_CHANGE_SET && rnd(m, 4)) {
		at = rnd(m, m->n);
		match = m->entries[at].match;
		priority = m->entries[at].priority;
	} else {
		priority = random_match(m, &match);
		at = model_find(m, &match, priority);
	}
	if (m->n == MODEL_MAX)
		op = WEFT_CHANGE_DEL;
	refused = op == WEFT_CHANGE_ADD ? at >= 0 : op == WEFT_CHANGE_PUT ? false : at < 0;
	if (refused && !may_fail)
		return false;
	change = new_change(test, m, &match, priority, op);
	list_add_tail(&change->node, changes);
	if (refused)
		return true;
	if (op == WEFT_CHANGE_DEL)
		m->entries[at] = m->entries[--m->n];
	else
		model_put(m, at, &match, priority, weft_rule(change->flow)->cookie);
	return false;
}

static void compare(struct kunit *test, struct model *m, u32 packets)
{
	struct weft_key key;

	while (packets--) {
		const struct model_entry *want;
		const struct weft_flow *got;

		random_key(m, &key);
		want = model_lookup(m, &key);
		rcu_read_lock();
		got = weft_table_lookup(m->dp, TABLE, &key, m->dp->version, &m->trail);
		KUNIT_EXPECT_EQ(test, !got, !want);
		if (got && want) {
			KUNIT_EXPECT_EQ(test, got->priority, want->priority);
			KUNIT_EXPECT_EQ(test, weft_rule(got)->cookie, want->cookie);
		}
		rcu_read_unlock();
		cond_resched();
	}
}

static struct model *model_new(struct kunit *test, u64 seed)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->entries = kunit_kcalloc(test, MODEL_MAX, sizeof(*m->entries), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->entries);
	m->dp = weft_dp_create(&init_net, "kunit", NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(m->dp));
	prandom_seed_state(&m->rnd, seed);
	for (i = 0; i < N_MASKS; i++)
		random_mask(m, &m->masks[i]);
	return m;
}

static void model_end(struct kunit *test, struct model *m)
{
	KUNIT_EXPECT_EQ(test, m->dp->n_flows, m->n);
	KUNIT_EXPECT_EQ(test, m->dp->tables[TABLE].n_flows, m->n);
	KUNIT_EXPECT_EQ(test, weft_dp_delete(m->dp, NULL), 0);
	weft_dp_put(m->dp);
}

static void weft_table_random(struct kunit *test)
{
	struct model *m = model_new(test, 1);
	u32 round;

	for (round = 0; round < ROUNDS(400); round++) {
		LIST_HEAD(changes);
		u32 n = 1 + rnd(m, 500);

		while (n--)
			random_change(test, m, &changes, false);
		mutex_lock(&m->dp->lock);
		KUNIT_EXPECT_EQ(test, weft_changes_commit(m->dp, &changes, NULL, NULL), 0);
		mutex_unlock(&m->dp->lock);
		compare(test, m, 300);
	}
	model_end(test, m);
}

/* A transaction with a change that is refused leaves no trace */
static void weft_txn_all_or_nothing(struct kunit *test)
{
	struct model *m = model_new(test, 2);
	struct model_entry *before;
	u32 round, n_before, refusals = 0;

	before = kunit_kcalloc(test, MODEL_MAX, sizeof(*before), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	for (round = 0; round < ROUNDS(300); round++) {
		u64 version = m->dp->version;
		bool refused = false;
		LIST_HEAD(changes);
		u32 n = 1 + rnd(m, 30);
		int err;

		memcpy(before, m->entries, m->n * sizeof(*before));
		n_before = m->n;
		while (n--)
			refused |= random_change(test, m, &changes, rnd(m, 4) == 0);
		mutex_lock(&m->dp->lock);
		err = weft_changes_commit(m->dp, &changes, NULL, NULL);
		mutex_unlock(&m->dp->lock);
		KUNIT_EXPECT_EQ(test, err < 0, refused);
		if (err) {
			refusals++;
			memcpy(m->entries, before, n_before * sizeof(*before));
			m->n = n_before;
			KUNIT_EXPECT_EQ(test, m->dp->version, version);
		}
		compare(test, m, 50);
	}
	KUNIT_EXPECT_GT(test, refusals, ROUNDS(40U));
	model_end(test, m);
}

/* A walk that began in version v sees v until it ends, whatever is committed */
static void weft_txn_snapshot(struct kunit *test)
{
	struct model *m = model_new(test, 3);
	const struct weft_flow *flow;
	struct weft_change *change;
	struct weft_match match = {};
	struct weft_key key = {};
	u64 first = ++m->next_cookie + 1, v;
	LIST_HEAD(changes);
	unsigned int i;

	change = new_change(test, m, &match, 1, WEFT_CHANGE_ADD);
	list_add(&change->node, &changes);
	mutex_lock(&m->dp->lock);
	KUNIT_EXPECT_EQ(test, weft_changes_commit(m->dp, &changes, NULL, NULL), 0);
	mutex_unlock(&m->dp->lock);

	v = m->dp->version;
	for (i = 0; i < 50; i++) {
		change = new_change(test, m, &match, 1,
				    i == 49 ? WEFT_CHANGE_DEL : WEFT_CHANGE_SET);
		list_add(&change->node, &changes);
		mutex_lock(&m->dp->lock);
		/*
		 * Stands for a walk that is under way: as in one, the read side is
		 * entered before the commit. It cannot be held across one here, but
		 * entries are unlinked by work that needs the lock.
		 */
		KUNIT_EXPECT_EQ(test, weft_changes_commit(m->dp, &changes, NULL, NULL), 0);
		rcu_read_lock();
		if (!i) {
			flow = weft_table_lookup(m->dp, TABLE, &key, v, &m->trail);
			KUNIT_EXPECT_NOT_NULL(test, flow);
			if (flow)
				KUNIT_EXPECT_EQ(test, weft_rule(flow)->cookie, first);
		}
		flow = weft_table_lookup(m->dp, TABLE, &key, m->dp->version, &m->trail);
		KUNIT_EXPECT_EQ(test, !flow, i == 49);
		if (flow)
			KUNIT_EXPECT_EQ(test, weft_rule(flow)->cookie, m->next_cookie);
		rcu_read_unlock();
		mutex_unlock(&m->dp->lock);
	}
	model_end(test, m);
}

/* Counters stay with an entry whose actions change, and only then */
static void weft_txn_counters(struct kunit *test)
{
	static const enum weft_change_op ops[] = {
		WEFT_CHANGE_ADD, WEFT_CHANGE_SET, WEFT_CHANGE_PUT,
	};
	static const s64 want[] = { 0, 3, 0 };
	struct model *m = model_new(test, 4);
	struct weft_match match = {};
	struct weft_key key = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct weft_change *change = new_change(test, m, &match, 1, ops[i]);
		struct weft_flow_stats *stats;
		struct weft_flow *flow;
		LIST_HEAD(changes);

		list_add(&change->node, &changes);
		mutex_lock(&m->dp->lock);
		KUNIT_EXPECT_EQ(test, weft_changes_commit(m->dp, &changes, NULL, NULL), 0);
		mutex_unlock(&m->dp->lock);
		rcu_read_lock();
		flow = weft_table_lookup(m->dp, TABLE, &key, m->dp->version, &m->trail);
		KUNIT_EXPECT_NOT_NULL(test, flow);
		if (flow) {
			stats = &weft_rule(flow)->stats->stats;
			KUNIT_EXPECT_EQ(test, atomic64_read(&stats->packets), want[i]);
			weft_flow_credit(stats, 3, 180, jiffies);
		}
		rcu_read_unlock();
	}
	m->n = 1;
	model_end(test, m);
}

/* The limit holds, and a transaction may replace entries at the limit */
static void weft_txn_limit(struct kunit *test)
{
	struct model *m = model_new(test, 5);
	struct weft_match match = {};
	unsigned int i;

	m->dp->max_flows = 10;
	match.mask.in_port = cpu_to_be32(~0U);
	for (i = 0; i < 12; i++) {
		LIST_HEAD(changes);

		match.value.in_port = cpu_to_be32(i);
		list_add(&new_change(test, m, &match, 1, WEFT_CHANGE_ADD)->node, &changes);
		if (i == 11) {	/* one in, one out */
			match.value.in_port = 0;
			list_add(&new_change(test, m, &match, 1, WEFT_CHANGE_DEL)->node, &changes);
		}
		mutex_lock(&m->dp->lock);
		KUNIT_EXPECT_EQ(test, weft_changes_commit(m->dp, &changes, NULL, NULL),
				i == 10 ? -ENOSPC : 0);
		mutex_unlock(&m->dp->lock);
	}
	m->n = 10;
	model_end(test, m);
}

/* A subtable goes with its last entry */
static void weft_table_masks_go(struct kunit *test)
{
	struct model *m = model_new(test, 6);
	struct weft_table *table = &m->dp->tables[TABLE];
	struct weft_match match = {};
	unsigned int i, op;

	for (op = WEFT_CHANGE_ADD; op <= WEFT_CHANGE_DEL; op += WEFT_CHANGE_DEL) {
		for (i = 0; i < 32; i++) {
			LIST_HEAD(changes);

			match.mask.mark = cpu_to_be32(1U << i);
			list_add(&new_change(test, m, &match, i, op)->node, &changes);
			mutex_lock(&m->dp->lock);
			KUNIT_EXPECT_EQ(test, weft_changes_commit(m->dp, &changes, NULL, NULL), 0);
			mutex_unlock(&m->dp->lock);
		}
		if (op == WEFT_CHANGE_ADD) {
			mutex_lock(&m->dp->lock);
			KUNIT_EXPECT_EQ(test, weft_table_n_masks(table), 32);
			mutex_unlock(&m->dp->lock);
		}
	}
	/* entries that died wait for at most two rounds */
	flush_rcu_work(&m->dp->reclaim_work);
	flush_rcu_work(&m->dp->reclaim_work);
	mutex_lock(&m->dp->lock);
	KUNIT_EXPECT_EQ(test, weft_table_n_masks(table), 0);
	mutex_unlock(&m->dp->lock);
	model_end(test, m);
}

static struct kunit_case weft_table_cases[] = {
	KUNIT_CASE(weft_table_random),
	KUNIT_CASE(weft_table_masks_go),
	KUNIT_CASE(weft_txn_all_or_nothing),
	KUNIT_CASE(weft_txn_snapshot),
	KUNIT_CASE(weft_txn_counters),
	KUNIT_CASE(weft_txn_limit),
	{}
};

/* Linux 6.1 runs suites before module_init() */
static int weft_table_suite_init(struct kunit_suite *suite)
{
	weft_wq = alloc_workqueue("weft-kunit", WQ_UNBOUND, 0);
	return weft_wq ? weft_dp_init() : -ENOMEM;
}

static void weft_table_suite_exit(struct kunit_suite *suite)
{
	weft_dp_exit();
	rcu_barrier();
	destroy_workqueue(weft_wq);
	rcu_barrier();
}

static struct kunit_suite weft_table_suite = {
	.name = "weft_table",
	.suite_init = weft_table_suite_init,
	.suite_exit = weft_table_suite_exit,
	.test_cases = weft_table_cases,
};

kunit_test_suites(&weft_table_suite);
