// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flow tables: tuple-space search over subtables.
 *
 * Readers: RCU, in softirq. Writers: dp->lock. A reader first takes
 * dp->version (acquire) and then the list of subtables; a writer publishes
 * subtables, their raised priorities and the entries before it releases the new
 * version. So a reader of version v finds every entry that is alive in v, and
 * whatever it finds too early or too late fails the test of versions.
 *
 * An entry is unlinked only after a grace period has followed the version
 * in which it died (txn.c), and an empty subtable goes with it; max_priority
 * is lowered only then, too.
 */
#include <linux/prefetch.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include "cache.h"
#include "datapath.h"
#include "instance.h"
#include "nh.h"
#include "table.h"

u32 weft_subtable_hash(const struct weft_subtable *subtable, const u64 *words)
{
	const u64 *secret = subtable->mask + subtable->n, *at = secret + 2;
	const u64 *end = words + (subtable->n & ~1);
	struct weft_nh nh = {};

	for (; words < end; words += 2, at += 2)
		weft_nh_add(&nh, at, words[0], words[1]);
	if (subtable->n & 1)
		weft_nh_add(&nh, at, words[0], 0);
	return weft_nh_end(&nh, secret);
}

/* What is looked for: masked words and their hash, which lookup and stamps share */
struct weft_place {
	const u64 *words;
	u32 n;
	u32 hash;
};

/* Lower bits, which choose the bucket, have to depend on upper ones by the table's seed */
static u32 weft_place_mix(u32 hash, u32 seed)
{
	hash *= seed | 1;
	return hash ^ hash >> 16;
}

static u32 weft_place_hash(const void *data, u32 len, u32 seed)
{
	return weft_place_mix(((const struct weft_place *)data)->hash, seed);
}

static u32 weft_flow_hash(const void *data, u32 len, u32 seed)
{
	const struct weft_flow *flow = data;

	return weft_place_mix(weft_subtable_hash(flow->subtable, flow->key), seed);
}

static int weft_flow_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct weft_place *place = arg->key;
	const struct weft_flow *flow = obj;
	u32 i;

	for (i = 0; i < place->n; i++)
		if (flow->key[i] != place->words[i])
			return 1;
	return 0;
}

__be32 weft_flow_ldp(const struct weft_flow *flow)
{
	return *(const __be32 *)&flow->key[flow->subtable->ldp_at];
}

static const struct rhashtable_params weft_subtable_params = {
	.head_offset = offsetof(struct weft_flow, node),
	.hashfn = weft_place_hash,
	.obj_hashfn = weft_flow_hash,
	.obj_cmpfn = weft_flow_differs,
	.automatic_shrinking = true,
};

static __always_inline struct rhlist_head *weft_subtable_lookup(struct weft_subtable *subtable,
								const u64 *words, u32 hash)
{
	const struct weft_place place = {
		.words = words, .n = subtable->n, .hash = hash,
	};

	return rhltable_lookup(&subtable->flows, &place, weft_subtable_params);
}

void weft_subtable_mask_key(const struct weft_subtable *subtable, const struct weft_key *key,
			    u64 *words)
{
	const u64 *k = (const u64 *)key;
	u64 map = subtable->map;
	const u64 *m = subtable->mask;

	for (; map; map &= map - 1)
		*words++ = k[__ffs64(map)] & *m++;
}

bool weft_subtable_matches(const struct weft_subtable *subtable, const u64 *words,
			   const struct weft_key *key)
{
	const u64 *k = (const u64 *)key, *m = subtable->mask;
	u64 map = subtable->map, diff = 0;

	for (; map; map &= map - 1)
		diff |= (k[__ffs64(map)] & *m++) ^ *words++;
	return !diff;
}

void weft_subtable_expand(const struct weft_subtable *subtable, const u64 *words,
			  const u64 *m, struct weft_match *match)
{
	u64 *value = (u64 *)&match->value, *mask = (u64 *)&match->mask;
	u64 map = subtable->map;

	memset(match, 0, sizeof(*match));
	for (; map; map &= map - 1) {
		int i = __ffs64(map);

		value[i] = *words++;
		mask[i] = *m++;
	}
}

bool weft_subtable_within(const struct weft_subtable *subtable, const u64 *words,
			  const struct weft_match *filter)
{
	const u64 *value = (const u64 *)&filter->value;
	const u64 *mask = (const u64 *)&filter->mask;
	unsigned int i, n = 0;

	for (i = 0; i < WEFT_KEY_WORDS; i++) {
		bool used = subtable->map & BIT_ULL(i);

		if (mask[i] && (!used || (mask[i] & ~subtable->mask[n]) ||
				(words[n] & mask[i]) != value[i]))
			return false;
		n += used;
	}
	return true;
}

static struct weft_flow *
weft_subtable_best(struct weft_subtable *subtable, const struct weft_key *key, u64 version,
		   const struct weft_stamps *stamps, struct weft_trail *trail)
{
	struct weft_flow *flow, *best = NULL;
	struct rhlist_head *list, *pos;
	u64 *words = trail->words;
	u32 hash;

	weft_subtable_mask_key(subtable, key, words);
	hash = weft_subtable_hash(subtable, words);
	if (READ_ONCE(subtable->floor) > WEFT_PRIORITY_MISS)
		weft_trail_own(trail, stamps, hash);
	else
		weft_trail_probe(trail, stamps, hash);
	trail->vol.tun |= subtable->vol.tun;
	trail->vol.ip |= subtable->vol.ip;
	trail->vol.l4 |= subtable->vol.l4;
	list = weft_subtable_lookup(subtable, words, hash);
	rhl_for_each_entry_rcu(flow, pos, list, node) {
		if (weft_flow_alive(flow, version) &&
		    (!best || flow->priority > best->priority))
			best = flow;
	}
	if (best)
		prefetchw(weft_flow_stats(best));	/* the end of the walk counts the packet */
	return best;
}

struct weft_flow *weft_table_lookup(const struct weft_datapath *dp, u8 id,
				    const struct weft_key *key, u64 version,
				    struct weft_trail *trail)
{
	const struct weft_subtable_list *list;
	struct weft_flow *best = NULL;
	u32 i;

	weft_trail_probe(trail, dp->stamps,
			 weft_stamp_table(dp->stamps, id, weft_stamp_ldp_bucket(key->ldp)));
	list = rcu_dereference(dp->tables[id].subtables);
	if (!list)
		return NULL;
	for (i = 0; i < list->n; i++) {
		struct weft_flow *flow;

		if (best && best->priority >= list->refs[i].max_priority)
			break;
		flow = weft_subtable_best(list->refs[i].subtable, key, version, dp->stamps,
					  trail);
		if (flow && (!best || flow->priority > best->priority))
			best = flow;
	}
	return best;
}

struct weft_flow *weft_table_lookup_instance(const struct weft_datapath *dp, u8 id,
					     const struct weft_key *key)
{
	const struct weft_subtable_list *list = rcu_dereference(dp->tables[id].subtables);
	struct weft_flow *flow, *best = NULL;
	struct rhlist_head *found, *pos;
	u64 words[WEFT_KEY_WORDS];
	u32 i;

	for (i = 0; list && i < list->n; i++) {
		struct weft_subtable *subtable = list->refs[i].subtable;

		if (best && best->priority >= list->refs[i].max_priority)
			break;
		weft_subtable_mask_key(subtable, key, words);
		found = weft_subtable_lookup(subtable, words, weft_subtable_hash(subtable, words));
		rhl_for_each_entry_rcu(flow, pos, found, node)
			if (flow->at && weft_flow_alive(flow, 0) &&
			    (!best || flow->priority > best->priority))
				best = flow;
	}
	return best;
}

struct weft_flow *weft_subtable_find(struct weft_subtable *subtable, const u64 *key,
				     s32 priority, u64 version)
{
	struct rhlist_head *list, *pos;
	struct weft_flow *flow;

	rcu_read_lock();
	list = weft_subtable_lookup(subtable, key, weft_subtable_hash(subtable, key));
	rhl_for_each_entry_rcu(flow, pos, list, node) {
		if (flow->priority == priority && !flow->at &&
		    weft_flow_alive(flow, version)) {
			rcu_read_unlock();
			return flow;
		}
	}
	rcu_read_unlock();
	return NULL;
}

static struct weft_subtable_list *weft_table_list(const struct weft_table *table)
{
	/* all writers hold dp->lock */
	return rcu_dereference_protected(table->subtables, true);
}

static int weft_subtable_ref_cmp(const void *a, const void *b)
{
	const struct weft_subtable_ref *x = a, *y = b;

	return y->max_priority < x->max_priority ? -1 : y->max_priority > x->max_priority;
}

/*
 * Publish the list anew: with the subtables' present priorities, with @add
 * (or NULL), without @del (or NULL).
 */
static int weft_table_relist(struct weft_table *table, struct weft_subtable *add,
			     const struct weft_subtable *del)
{
	struct weft_subtable_list *old = weft_table_list(table), *new = NULL;
	u32 i, n = (old ? old->n : 0) + !!add - !!del;

	if (n) {
		new = kvmalloc(struct_size(new, refs, n), GFP_KERNEL);
		if (!new)
			return -ENOMEM;
		new->n = 0;
		for (i = 0; old && i < old->n; i++)
			if (old->refs[i].subtable != del)
				new->refs[new->n++].subtable = old->refs[i].subtable;
		if (add)
			new->refs[new->n++].subtable = add;
		for (i = 0; i < n; i++)
			new->refs[i].max_priority = new->refs[i].subtable->max_priority;
		sort(new->refs, n, sizeof(new->refs[0]), weft_subtable_ref_cmp, NULL);
	}
	rcu_assign_pointer(table->subtables, new);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/* What stamps and trails want to know of the mask */
static void weft_subtable_note(struct weft_subtable *subtable)
{
	const u64 *m = subtable->mask;
	u64 map = subtable->map;
	const __be32 *ldp;

	static_assert(offsetof(struct weft_key, ldp) % sizeof(u64) == 0);
	subtable->ldp_at = -1;
	for (; map; map &= map - 1, m++) {
		switch (__ffs64(map)) {
		case offsetof(struct weft_key, ldp) / sizeof(u64):
			ldp = (const __be32 *)m;
			if (*ldp == cpu_to_be32(WEFT_LDP_MAX))
				subtable->ldp_at = m - subtable->mask;
			break;
		case WEFT_WORD_TUN:
			subtable->vol.tun = *m & WEFT_VOLATILE_TUN;
			break;
		case WEFT_WORD_IP:
			subtable->vol.ip = *m & WEFT_VOLATILE_IP;
			break;
		case WEFT_WORD_L4:
			subtable->vol.l4 = *m & WEFT_VOLATILE_L4;
			break;
		}
	}
}

static struct weft_subtable *weft_subtable_alloc(struct weft_table *table, u64 map,
						 const u64 *mask)
{
	unsigned int n = hweight64(map), n_secret = 2 + round_up(n, 2);
	struct weft_subtable *subtable;

	/* the secret is two words for the whole, and one for each, in pairs */
	subtable = kzalloc(struct_size(subtable, mask, n + n_secret), GFP_KERNEL_ACCOUNT);
	if (!subtable)
		return NULL;
	if (rhltable_init(&subtable->flows, &weft_subtable_params)) {
		kfree(subtable);
		return NULL;
	}
	subtable->table = table;
	subtable->map = map;
	subtable->n = n;
	subtable->max_priority = WEFT_PRIORITY_MISS;
	subtable->floor = WEFT_PRIORITY_MISS;
	memcpy(subtable->mask, mask, n * sizeof(u64));
	get_random_bytes(subtable->mask + n, n_secret * sizeof(u64));
	weft_subtable_note(subtable);
	return subtable;
}

static void weft_subtable_free_work(struct work_struct *work)
{
	struct weft_subtable *subtable = container_of(to_rcu_work(work), struct weft_subtable,
						      free_work);

	rhltable_destroy(&subtable->flows);
	kfree(subtable);
}

struct weft_subtable *weft_subtable_pin(struct weft_table *table, const struct weft_key *mask)
{
	struct weft_subtable_list *list = weft_table_list(table);
	const u64 *m = (const u64 *)mask;
	struct weft_subtable *subtable;
	u64 words[WEFT_KEY_WORDS];
	unsigned int i, n = 0;
	u64 map = 0;

	for (i = 0; i < WEFT_KEY_WORDS; i++) {
		if (!m[i])
			continue;
		map |= BIT_ULL(i);
		words[n++] = m[i];
	}
	if (!map) {		/* a hash table wants a key: one word, all of it masked */
		map = 1;
		words[n++] = 0;
	}
	for (i = 0; list && i < list->n; i++) {
		subtable = list->refs[i].subtable;
		if (subtable->map == map && !memcmp(subtable->mask, words, n * sizeof(u64))) {
			subtable->n_pending++;
			return subtable;
		}
	}
	subtable = weft_subtable_alloc(table, map, words);
	if (!subtable)
		return ERR_PTR(-ENOMEM);
	if (weft_table_relist(table, subtable, NULL)) {
		rhltable_destroy(&subtable->flows);
		kfree(subtable);
		return ERR_PTR(-ENOMEM);
	}
	subtable->n_pending = 1;
	return subtable;
}

/* Nothing in it, nothing to come: take it off the list, free it after readers */
static void weft_subtable_collect(struct weft_subtable *subtable)
{
	if (subtable->n_flows || subtable->n_pending)
		return;
	if (weft_table_relist(subtable->table, NULL, subtable))
		return;		/* no memory: stays as an empty one, found again later */
	INIT_RCU_WORK(&subtable->free_work, weft_subtable_free_work);
	queue_rcu_work(weft_wq, &subtable->free_work);
}

void weft_subtable_unpin(struct weft_subtable *subtable)
{
	subtable->n_pending--;
	weft_subtable_collect(subtable);
}

int weft_subtable_link(struct weft_subtable *subtable, struct weft_flow *flow, u32 hash)
{
	const struct weft_place place = {
		.words = flow->key, .n = subtable->n, .hash = hash,
	};

	return rhltable_insert_key(&subtable->flows, &place, &flow->node, weft_subtable_params);
}

int weft_subtable_insert(struct weft_subtable *subtable, struct weft_flow *flow)
{
	u32 hash = weft_subtable_hash(subtable, flow->key);
	int err, tries = 0;

	if (flow->priority > subtable->max_priority) {
		s32 old = subtable->max_priority;

		subtable->max_priority = flow->priority;
		err = weft_table_relist(subtable->table, NULL, NULL);
		if (err) {
			subtable->max_priority = old;
			return err;
		}
		subtable->n_max = 0;
		subtable->announced = 0;	/* walks may have stopped short of it */
	}
	/*
	 * A burst can outrun the worker that grows the hash table, and the
	 * table then tries to grow from atomic memory. Wait for the worker, which
	 * may sleep for memory, before giving up.
	 */
	while ((err = weft_subtable_link(subtable, flow, hash))) {
		if (++tries > 3)
			return err;
		flush_work(&subtable->flows.ht.run_work);
	}
	subtable->n_flows++;
	if (flow->priority == subtable->max_priority)
		subtable->n_max++;
	return 0;
}

int weft_subtable_announce(struct weft_datapath *dp, struct weft_subtable *subtable, s32 priority)
{
	s32 old = subtable->max_priority;
	int err;

	if (priority <= subtable->floor)
		return 0;
	if (priority > old) {
		subtable->max_priority = priority;
		err = weft_table_relist(subtable->table, NULL, NULL);
		if (err) {
			subtable->max_priority = old;
			return err;
		}
		subtable->n_max = 0;
	}
	WRITE_ONCE(subtable->floor, priority);
	weft_stamp_subtable(dp->stamps, subtable);
	weft_stamps_publish(dp->stamps);
	return 0;
}

void weft_subtable_unlink(struct weft_subtable *subtable, struct weft_flow *flow)
{
	rhltable_remove(&subtable->flows, &flow->node, weft_subtable_params);
}

struct weft_flow *weft_subtable_find_instance(struct weft_subtable *subtable, const u64 *key,
					      u32 hash, s32 priority)
{
	struct rhlist_head *list, *pos;
	struct weft_flow *flow;

	list = weft_subtable_lookup(subtable, key, hash);
	rhl_for_each_entry_rcu(flow, pos, list, node)
		if (flow->at && flow->priority == priority && weft_flow_alive(flow, 0))
			return flow;
	return NULL;
}

/* The highest entry may be gone: look for the highest of the rest */
static void weft_subtable_lower(struct weft_subtable *subtable)
{
	struct rhashtable_iter iter;
	struct weft_flow *flow;
	s32 max = S32_MIN;
	u32 n_max = 0;

	rhltable_walk_enter(&subtable->flows, &iter);
	rhashtable_walk_start(&iter);
	while ((flow = rhashtable_walk_next(&iter))) {
		if (IS_ERR(flow)) {	/* resized: begins anew */
			max = S32_MIN;
			n_max = 0;
		} else if (flow->priority > max) {
			max = flow->priority;
			n_max = 1;
		} else if (flow->priority == max) {
			n_max++;
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	if (max < subtable->floor) {
		max = subtable->floor;
		n_max = 0;
	}
	subtable->max_priority = max;
	subtable->n_max = n_max;
	/* without memory the readers' list stays too careful, not wrong */
	weft_table_relist(subtable->table, NULL, NULL);
}

void weft_subtable_remove(struct weft_subtable *subtable, struct weft_flow *flow)
{
	rhltable_remove(&subtable->flows, &flow->node, weft_subtable_params);
	subtable->n_flows--;
	if (flow->priority == subtable->max_priority && !--subtable->n_max && subtable->n_flows &&
	    subtable->max_priority > subtable->floor)
		weft_subtable_lower(subtable);
	weft_subtable_collect(subtable);
}

struct weft_flow *weft_table_miss(const struct weft_table *table, u64 version)
{
	const struct weft_subtable_list *list = weft_table_list(table);
	u64 none = 0;
	u32 i;

	for (i = 0; list && i < list->n; i++) {
		struct weft_subtable *subtable = list->refs[i].subtable;

		if (subtable->map == 1 && !subtable->mask[0])
			return weft_subtable_find(subtable, &none, WEFT_PRIORITY_MISS, version);
	}
	return NULL;
}

void weft_table_stats(const struct weft_datapath *dp, u8 id, u64 *matched, u64 *missed)
{
	const struct weft_table_counts *counts = &dp->caches->tables[id];

	*matched = atomic64_read(&counts->matched);
	*missed = atomic64_read(&counts->missed);
}

u32 weft_table_n_masks(const struct weft_table *table)
{
	const struct weft_subtable_list *list = weft_table_list(table);

	return list ? list->n : 0;
}

static void weft_flow_destroy(void *ptr, void *arg)
{
	weft_flow_free(ptr);
}

void weft_table_destroy(struct weft_table *table)
{
	struct weft_subtable_list *list = weft_table_list(table);
	u32 i;

	if (!list)
		return;
	RCU_INIT_POINTER(table->subtables, NULL);
	for (i = 0; i < list->n; i++) {
		rhltable_free_and_destroy(&list->refs[i].subtable->flows, weft_flow_destroy, NULL);
		kfree(list->refs[i].subtable);
	}
	kvfree(list);
}
