// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flow cache against plain walks.
 *
 * Random rules in a few tables, with random actions, and random changes of them; for each
 * random packet the cached program, if there is one, must be that which a walk
 * makes now, and credit the same entries. The keys come from a pool, so that most packets
 * find one; fields that change within a connection are drawn anew for each packet.
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include "action.h"
#include "cache.h"
#include "datapath.h"
#include "port.h"
#include "progmem.h"
#include "table.h"
#include "txn.h"
#include "walk.h"

#define N_TABLES	5
#define N_MASKS		12
#define N_FLOWS		400
#define N_KEYS		2048
#define N_PORTS		6

/* Debug kernels are slow: fewer rounds there */
#define ROUNDS(n)	((n) / (!IS_ENABLED(CONFIG_KASAN) ? 1 : IS_ENABLED(CONFIG_UML) ? 4 : 60))

struct entry {
	struct weft_match match;
	u8 table;
	s32 priority;
};

struct world {
	struct weft_datapath *dp;
	struct rnd_state changes;	/* draws of whoever changes rules */
	struct rnd_state packets;	/* and of whoever looks up */
	struct weft_key masks[N_MASKS];
	struct entry *entries;
	u32 n;
	struct weft_port *ports[N_PORTS + 1];
	struct weft_key *keys;
	bool *tunnel;

	struct weft_walk walk;
	struct weft_trail trail;
	struct weft_key key;
	struct weft_program *prog;
	u64 credits;			/* that must have been given */
	u64 checked;			/* packets that a cached program did */
	u64 differences;
	u64 shared;			/* of these, by a program that has a path */

	atomic_t generation;		/* odd: rules are being changed */
	bool stop;
	struct completion stopped;
};

static u32 rnd(struct rnd_state *state, u32 below)
{
	return prandom_u32_state(state) % below;
}

/* Rules */

static void random_mask(struct rnd_state *r, struct weft_key *mask)
{
	memset(mask, 0, sizeof(*mask));
	if (!rnd(r, 3))
		mask->in_port = cpu_to_be32(~0U);
	if (!rnd(r, 2))
		mask->ldp = cpu_to_be32(WEFT_LDP_MAX);
	if (!rnd(r, 3))
		mask->reg[0] = cpu_to_be32(rnd(r, 2) ? ~0U : 3);
	if (!rnd(r, 3))
		mask->eth_dst[5] = 0xff;
	if (!rnd(r, 4))
		mask->vlan[0].tci = htons(0xffff);
	if (!rnd(r, 2))
		mask->ip_dst.s6_addr32[0] = cpu_to_be32(~0U << rnd(r, 4));
	if (!rnd(r, 3))
		mask->l4_dst = htons(0xffff);
	if (!rnd(r, 4))
		mask->tcp_flags = htons(1 << rnd(r, 3));
	if (!rnd(r, 5))
		mask->ip_tos = rnd(r, 2) ? 0xff : 3;
	if (!rnd(r, 6))
		mask->ip_ttl = rnd(r, 2) ? 0xff : 2;
	if (!rnd(r, 6))
		mask->tun_tos = 0xff;
}

/* As it stays throughout a connection */
static void random_key(struct rnd_state *r, struct weft_key *key, bool tunnel)
{
	memset(key, 0, sizeof(*key));
	key->in_port = cpu_to_be32(1 + rnd(r, 3));
	if (tunnel) {
		key->ldp = cpu_to_be32(rnd(r, 4));
		key->lin = htons(rnd(r, 3));
		key->tun_id = cpu_to_be64(rnd(r, 4));
	}
	key->eth_dst[5] = rnd(r, 4);
	key->eth_src[5] = rnd(r, 4);
	if (!rnd(r, 4)) {
		key->vlan[0].tpid = htons(0x8100);
		key->vlan[0].tci = htons(WEFT_VLAN_PRESENT | rnd(r, 3));
		key->layers = WEFT_L_VLAN;
	}
	if (!rnd(r, 8)) {
		key->eth_type = htons(0x0806);
		key->layers |= WEFT_L_ARP;
		key->arp_sha[5] = rnd(r, 2);
		key->ip_dst.s6_addr32[0] = cpu_to_be32(rnd(r, 16));
		return;
	}
	key->eth_type = htons(0x0800);
	key->layers |= WEFT_L_IPV4 | WEFT_L_TCP;
	key->ip_proto = 6;
	key->ip_src.s6_addr32[0] = cpu_to_be32(rnd(r, 64));
	key->ip_dst.s6_addr32[0] = cpu_to_be32(rnd(r, 16));
	key->l4_src = htons(rnd(r, 64));
	key->l4_dst = htons(rnd(r, 4));
}

/* What differs between packets of a connection */
static void random_volatile(struct rnd_state *r, struct weft_key *key, bool tunnel)
{
	if (tunnel)
		key->tun_tos = rnd(r, 2);
	if (!(key->layers & WEFT_L_IPV4))
		return;
	key->ip_ttl = rnd(r, 4) ? 64 : rnd(r, 6);
	key->ip_tos = rnd(r, 3) ? 0 : rnd(r, 8);
	key->tcp_flags = htons(rnd(r, 8));
}

static u8 *act(u8 *at, u16 type, u32 arg, u16 len)
{
	struct weft_act *a = (void *)at;

	memset(at, 0, len);
	a->type = type;
	a->len = len;
	a->arg = arg;
	return at + len;
}

static u8 *act_plain(u8 *at, u16 type, u32 arg)
{
	return act(at, type, arg, sizeof(struct weft_act));
}

static u8 *act_set(struct rnd_state *r, u8 *at)
{
	static const struct {
		u8 field, len;
	} what[] = {
		{ WEFT_FIELD_REG0, 4 }, { WEFT_FIELD_REG0 + 1, 4 }, { WEFT_FIELD_LDP, 4 },
		{ WEFT_FIELD_LOUT, 2 }, { WEFT_FIELD_ETH_DST, 6 }, { WEFT_FIELD_ETH_SRC, 6 },
		{ WEFT_FIELD_IP_TOS, 1 }, { WEFT_FIELD_IP_TTL, 1 }, { WEFT_FIELD_L4_DST, 2 },
	};
	u32 i = rnd(r, ARRAY_SIZE(what));
	struct weft_act_set *set = (void *)at;

	at = act(at, WEFT_ACT_A_SET, what[i].field, sizeof(*set));
	set->v.value[what[i].len - 1] = rnd(r, 4);
	if (rnd(r, 3))
		memset(set->v.mask, 0xff, what[i].len);
	else
		set->v.mask[what[i].len - 1] = 3;
	return at;
}

static u8 *act_move(struct rnd_state *r, u8 *at)
{
	static const struct {
		u8 src, dst, bits;
	} what[] = {
		{ WEFT_FIELD_IP_TOS, WEFT_FIELD_REG0, 8 },
		{ WEFT_FIELD_IP_TTL, WEFT_FIELD_REG0, 2 },
		{ WEFT_FIELD_TCP_FLAGS, WEFT_FIELD_REG0 + 1, 3 },
		{ WEFT_FIELD_REG0, WEFT_FIELD_IP_TOS, 4 },
		{ WEFT_FIELD_REG0, WEFT_FIELD_LOUT, 2 },
		{ WEFT_FIELD_TUN_TOS, WEFT_FIELD_REG0, 8 },
	};
	u32 i = rnd(r, ARRAY_SIZE(what));
	struct weft_act_move_bits *m = (void *)at;

	at = act(at, WEFT_ACT_A_MOVE, 0, sizeof(*m));
	m->move.src = what[i].src;
	m->move.dst = what[i].dst;
	m->move.n_bits = what[i].bits;
	return at;
}

static u8 *random_act(struct rnd_state *r, u8 *at, u8 table)
{
	struct weft_act_tunnel *tunnel;

	switch (rnd(r, 12)) {
	case 0:
	case 1:
		return act_plain(at, WEFT_ACT_A_OUTPUT, 1 + rnd(r, N_PORTS));
	case 2:
		return act_plain(at, WEFT_ACT_A_OUTPUT_LOUT, 0);
	case 3:
		return act_plain(at, WEFT_ACT_A_OUTPUT_IN_PORT, 0);
	case 4:
	case 5:
		return act_set(r, at);
	case 6:
		return act_move(r, at);
	case 7:
		if (table < N_TABLES - 1 && rnd(r, 2))
			return act_plain(at, WEFT_ACT_A_CHECK_TTL, table + 1 +
					 rnd(r, N_TABLES - 1 - table));
		return act_plain(at, WEFT_ACT_A_DEC_TTL, 0);
	case 8:
		return rnd(r, 2) ? act_plain(at, WEFT_ACT_A_PUSH_VLAN, 0x8100) :
				   act_plain(at, WEFT_ACT_A_POP_VLAN, 0);
	case 9:
		tunnel = (void *)at;
		at = act(at, WEFT_ACT_A_TUNNEL, N_PORTS, sizeof(*tunnel));
		tunnel->dst.s6_addr32[0] = cpu_to_be32(rnd(r, 3));
		return at;
	case 10:
		if (table < N_TABLES - 1)
			return act_plain(at, WEFT_ACT_A_RESUBMIT, table + 1 +
					 rnd(r, N_TABLES - 1 - table));
		fallthrough;
	default:
		return rnd(r, 20) ? at : act_plain(at, WEFT_ACT_A_DROP, WEFT_DROP_POLICY);
	}
}

static struct weft_actions *random_actions(struct kunit *test, struct rnd_state *r, u8 table)
{
	struct weft_actions *acts = kzalloc(sizeof(*acts) + 1024, GFP_KERNEL);
	u32 n = rnd(r, 4);
	u8 *at, *body;

	KUNIT_ASSERT_NOT_NULL(test, acts);
	at = (u8 *)acts->acts;
	while (n--)
		at = random_act(r, at, table);
	if (!rnd(r, 8)) {
		body = at;
		at = act_plain(at, WEFT_ACT_A_CLONE, 0);
		at = random_act(r, at, table);
		at = random_act(r, at, table);
		((struct weft_act *)body)->arg = at - body - sizeof(struct weft_act);
	}
	if (table < N_TABLES - 1 && rnd(r, 4))
		at = act_plain(at, WEFT_ACT_A_GOTO, table + 1 + rnd(r, N_TABLES - 1 - table));
	acts->len = at - (u8 *)acts->acts;
	return acts;
}

static void random_entry(struct world *w, struct entry *e)
{
	struct rnd_state *r = &w->changes;
	u32 which = rnd(r, N_MASKS), i;
	u64 *v = (u64 *)&e->match.value;

	random_key(r, &e->match.value, rnd(r, 2));
	e->match.value.reg[0] = cpu_to_be32(rnd(r, 4));
	random_volatile(r, &e->match.value, true);
	e->match.mask = w->masks[which];
	for (i = 0; i < WEFT_KEY_WORDS; i++)
		v[i] &= ((u64 *)&e->match.mask)[i];
	e->table = rnd(r, N_TABLES);
	/* two entries of one priority must not match one packet */
	e->priority = which + N_MASKS * rnd(r, 8);
}

static int find_entry(const struct world *w, const struct entry *e)
{
	u32 i;

	for (i = 0; i < w->n; i++)
		if (w->entries[i].table == e->table && w->entries[i].priority == e->priority &&
		    !memcmp(&w->entries[i].match, &e->match, sizeof(e->match)))
			return i;
	return -1;
}

static void add_change(struct kunit *test, struct world *w, const struct entry *e,
		       enum weft_change_op op, struct list_head *changes)
{
	struct weft_change *change = kzalloc(sizeof(*change), GFP_KERNEL);
	struct weft_subtable *subtable;
	struct weft_actions *acts = NULL;

	KUNIT_ASSERT_NOT_NULL(test, change);
	subtable = weft_subtable_pin(&w->dp->tables[e->table], &e->match.mask);
	KUNIT_ASSERT_FALSE(test, IS_ERR(subtable));
	if (op != WEFT_CHANGE_DEL)
		acts = random_actions(test, &w->changes, e->table);
	change->op = op;
	change->flow = weft_flow_alloc(subtable, &e->match, e->priority, acts);
	KUNIT_ASSERT_FALSE(test, IS_ERR(change->flow));
	list_add_tail(&change->node, changes);
}

/* One transaction of some changes */
static void change_rules(struct kunit *test, struct world *w, u32 n)
{
	struct rnd_state *r = &w->changes;
	struct entry e;
	LIST_HEAD(changes);
	int at;

	mutex_lock(&w->dp->lock);
	while (n--) {
		bool del = w->n && (w->n == N_FLOWS || !rnd(r, 3));

		if (del) {
			at = rnd(r, w->n);
			e = w->entries[at];
			w->entries[at] = w->entries[--w->n];
			add_change(test, w, &e, WEFT_CHANGE_DEL, &changes);
			continue;
		}
		if (w->n && !rnd(r, 3))
			e = w->entries[rnd(r, w->n)];	/* other actions */
		else
			random_entry(w, &e);
		add_change(test, w, &e, WEFT_CHANGE_PUT, &changes);
		if (find_entry(w, &e) < 0)
			w->entries[w->n++] = e;
	}
	KUNIT_EXPECT_EQ(test, weft_changes_commit(w->dp, &changes, NULL, NULL), 0);
	mutex_unlock(&w->dp->lock);
}

/* A port comes or goes */
static void change_port(struct world *w)
{
	u32 id = 1 + rnd(&w->changes, N_PORTS);

	mutex_lock(&w->dp->lock);
	if (xa_load(&w->dp->ports, id))
		xa_erase(&w->dp->ports, id);
	else
		xa_store(&w->dp->ports, id, w->ports[id], GFP_KERNEL);
	weft_stamp(w->dp->stamps, weft_stamp_port(w->dp->stamps, id));
	weft_stamps_publish(w->dp->stamps);
	mutex_unlock(&w->dp->lock);
}

/* Packets */

/* The same but for what a cached program has ready */
static bool same_ops(const void *a, const void *b, u32 len)
{
	const struct weft_op *x, *y;
	u32 at, skip;

	for (at = 0; at < len; at += x->len) {
		x = a + at;
		y = b + at;
		if (x->code != y->code || x->len != y->len || x->arg != y->arg)
			return false;
		skip = x->code == WEFT_OP_TUNNEL ? offsetof(struct weft_op_tunnel, hash) :
						   sizeof(*x);
		if (memcmp((void *)x + skip, (void *)y + skip, x->len - skip))
			return false;
	}
	return true;
}

static u32 n_credits(const struct weft_cached *p)
{
	return p->n_credits + (p->path ? p->path->n_credits : 0);
}

/* There are no instances: either all of it is in a path, or nothing */
static bool same(struct world *w, const struct weft_cached *p)
{
	struct weft_ties ties = p->path ? weft_path_ties(p->path) : weft_cached_ties(p);
	const struct weft_trail *trail = &w->trail;
	u32 i;

	if (!trail->cacheable || p->len != w->prog->len || n_credits(p) != trail->n_credits ||
	    ties.n_credits != trail->n_credits ||
	    !same_ops(weft_cached_ops(p), w->prog->ops, p->len))
		return false;
	w->shared += !!p->path;
	for (i = 0; i < trail->n_credits; i++)
		if (ties.stats[i] != trail->credits[i].stats ||
		    (u8)ties.tables[i] != trail->credits[i].table)
			return false;
	return true;
}

static void plain_walk(struct world *w, u32 hash)
{
	w->walk.hash = hash;
	w->walk.tunnel = false;		/* there are no remotes */
	w->walk.dp = w->dp;
	w->walk.in = w->ports[be32_to_cpu(w->key.in_port)];
	w->walk.prog = w->prog;
	w->walk.trail = &w->trail;
	w->walk.key = w->key;
	weft_walk(&w->walk, 0, NULL);
}

/* One packet both ways; @quiet: nothing is changed meanwhile */
static void packet(struct world *w, bool quiet)
{
	u32 i = rnd(&w->packets, N_KEYS), hash;
	struct weft_cache_entry entry = {
		.key = &w->key, .tunnel = w->tunnel[i], .prog = w->prog, .trail = &w->trail,
		.packets = 1, .bytes = 60,
	};
	int before, after;
	struct weft_cached *p;

	w->key = w->keys[i];
	random_volatile(&w->packets, &w->key, w->tunnel[i]);
	rcu_read_lock();
	local_bh_disable();
	before = atomic_read_acquire(&w->generation);
	p = weft_cache_find(w->dp->caches, &w->key, w->tunnel[i], false, &hash);
	plain_walk(w, hash);
	smp_rmb();	/* with change(): an even generation says that nothing changed */
	after = atomic_read(&w->generation);
	quiet |= before == after && !(before & 1);
	if (p) {
		weft_cached_used(p, 1, 60);
		w->credits += n_credits(p);
		w->checked += quiet;
		w->differences += quiet && !same(w, p);
	} else {
		w->credits += w->trail.n_credits;
		entry.hash = hash;
		/* half of them as if one place was that of an instance's entry: they may share */
		if (w->trail.n_probes && rnd(&w->packets, 2))
			w->trail.own[w->trail.n_own++] = w->trail.probes[--w->trail.n_probes];
		if (!w->trail.cacheable || !weft_cache_insert(w->dp->caches, &entry, false))
			weft_trail_settle(w->dp->caches, &w->trail, 1, 60);
	}
	local_bh_enable();
	rcu_read_unlock();
}

static struct world *world_new(struct kunit *test, u64 seed)
{
	struct world *w = kvzalloc(sizeof(*w), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->entries = kvcalloc(N_FLOWS + 1, sizeof(*w->entries), GFP_KERNEL);
	w->keys = kvcalloc(N_KEYS, sizeof(*w->keys), GFP_KERNEL);
	w->tunnel = kvcalloc(N_KEYS, sizeof(*w->tunnel), GFP_KERNEL);
	w->prog = kvzalloc(sizeof(*w->prog) + WEFT_PROGRAM_MAX, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, w->entries && w->keys && w->tunnel && w->prog);
	w->prog->size = WEFT_PROGRAM_MAX;
	init_completion(&w->stopped);
	w->dp = weft_dp_create(&init_net, "kunit", NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(w->dp));
	prandom_seed_state(&w->changes, seed);
	prandom_seed_state(&w->packets, seed + 1);
	for (i = 1; i <= N_PORTS; i++) {
		w->ports[i] = kzalloc(sizeof(*w->ports[i]), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, w->ports[i]);
		w->ports[i]->id = i;
		w->ports[i]->dp = w->dp;
		w->ports[i]->type = i == N_PORTS ? WEFT_PORT_TYPE_GENEVE : WEFT_PORT_TYPE_NETDEV;
		w->ports[i]->mark_mask = U32_MAX;
		xa_store(&w->dp->ports, i, w->ports[i], GFP_KERNEL);
	}
	for (i = 0; i < N_MASKS; i++)
		random_mask(&w->changes, &w->masks[i]);
	for (i = 0; i < N_KEYS; i++) {
		w->tunnel[i] = !rnd(&w->packets, 4);
		random_key(&w->packets, &w->keys[i], w->tunnel[i]);
	}
	for (i = 0; i < 10; i++)
		change_rules(test, w, 20);
	return w;
}

static u64 table_counts(struct world *w)
{
	u64 matched, missed, sum = 0;
	u32 i;

	weft_caches_fold(w->dp->caches);
	for (i = 0; i < N_TABLES; i++) {
		weft_table_stats(w->dp, i, &matched, &missed);
		sum += matched + missed;
	}
	return sum;
}

static void world_end(struct kunit *test, struct world *w)
{
	u32 i;

	rcu_barrier();		/* programs that died have added their last */
	KUNIT_EXPECT_EQ(test, table_counts(w), w->credits);
	KUNIT_EXPECT_EQ(test, w->differences, 0);
	for (i = 1; i <= N_PORTS; i++)
		xa_erase(&w->dp->ports, i);
	synchronize_rcu();
	for (i = 1; i <= N_PORTS; i++)
		kfree(w->ports[i]);
	KUNIT_EXPECT_EQ(test, weft_dp_delete(w->dp, NULL), 0);
	weft_dp_put(w->dp);
	kvfree(w->entries);
	kvfree(w->keys);
	kvfree(w->tunnel);
	kvfree(w->prog);
	kvfree(w);
}

static void run(struct kunit *test, struct world *w, u32 rounds, u32 packets)
{
	u32 i, n;

	for (i = 0; i < rounds; i++) {
		if (rnd(&w->changes, 4))
			change_rules(test, w, 1 + rnd(&w->changes, 4));
		else
			change_port(w);
		for (n = 0; n < packets; n++)
			packet(w, true);
		cond_resched();
	}
}

static void weft_cache_model(struct kunit *test)
{
	struct world *w = world_new(test, 11);
	struct weft_cache_counts counts;

	run(test, w, ROUNDS(1500), 1400);
	weft_caches_counts(w->dp->caches, &counts);
	kunit_info(test, "%llu packets compared, %llu walked, %llu of them after a change\n",
		   w->checked, counts.misses, counts.stale);
	KUNIT_EXPECT_GT(test, w->checked, ROUNDS(700000));
	kunit_info(test, "%llu of them had a path\n", w->shared);
	KUNIT_EXPECT_GT(test, w->shared, ROUNDS(70000));
	KUNIT_EXPECT_GT(test, w->checked - w->shared, ROUNDS(70000));
	KUNIT_EXPECT_GT(test, counts.stale, ROUNDS(1000));
	world_end(test, w);
}

static void weft_cache_model_16(struct kunit *test)
{
	struct world *w = world_new(test, 12);
	u32 limit = 16;

	weft_caches_limit(w->dp->caches, limit);
	run(test, w, ROUNDS(400), 700);
	KUNIT_EXPECT_LE(test, atomic_read(&w->dp->caches->live), limit);
	KUNIT_EXPECT_GT(test, w->checked, ROUNDS(200));
	world_end(test, w);
}

static int changer(void *arg)
{
	struct kunit *test = arg;
	struct world *w = test->priv;

	while (!READ_ONCE(w->stop)) {
		atomic_inc(&w->generation);
		smp_mb__after_atomic();		/* it is odd before the first change */
		if (rnd(&w->changes, 4))
			change_rules(test, w, 1 + rnd(&w->changes, 4));
		else
			change_port(w);
		smp_mb__before_atomic();	/* and even after the last one */
		atomic_inc(&w->generation);
		usleep_range(20, 200);
	}
	complete(&w->stopped);
	return 0;
}

/* Rules change while packets are looked up; on two CPUs where there are two */
static void weft_cache_model_race(struct kunit *test)
{
	const u32 enough = (IS_ENABLED(CONFIG_KCSAN) ? 2000 : ROUNDS(4000)) + 1;
	struct world *w = world_new(test, 13);
	struct task_struct *task;
	u32 n;

	test->priv = w;
	task = kthread_run(changer, test, "weft-kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	/* only packets that no change came upon can be compared: in slow guests, few */
	for (n = 0; n < ROUNDS(500000) || (w->checked < enough && n < 500000); n++) {
		packet(w, false);
		if (n % 64 == 0)
			cond_resched();
	}
	WRITE_ONCE(w->stop, true);
	wait_for_completion(&w->stopped);
	kunit_info(test, "%llu packets compared on %u CPUs\n", w->checked, num_online_cpus());
	KUNIT_EXPECT_GE(test, w->checked, enough);
	world_end(test, w);
}

static struct kunit_case weft_cache_cases[] = {
	KUNIT_CASE(weft_cache_model),
	KUNIT_CASE(weft_cache_model_16),
	KUNIT_CASE(weft_cache_model_race),
	{}
};

/* Linux 6.1 runs suites before module_init() */
static int weft_cache_suite_init(struct kunit_suite *suite)
{
	weft_wq = alloc_workqueue("weft-kunit", WQ_UNBOUND, 0);
	if (!weft_wq || weft_progmem_init())
		return -ENOMEM;
	return weft_dp_init();
}

static void weft_cache_suite_exit(struct kunit_suite *suite)
{
	weft_dp_exit();
	rcu_barrier();
	destroy_workqueue(weft_wq);
	rcu_barrier();
	weft_progmem_exit();
}

static struct kunit_suite weft_cache_suite = {
	.name = "weft_cache",
	.suite_init = weft_cache_suite_init,
	.suite_exit = weft_cache_suite_exit,
	.test_cases = weft_cache_cases,
};

kunit_test_suites(&weft_cache_suite);
