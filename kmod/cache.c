// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flow cache.
 *
 * A table of buckets for each CPU; a bucket has WEFT_WAYS programs and the tags of
 * their hashes in one cache line. A key can be in its bucket only or, if that was full, in the
 * one next door, which is looked at if the bucket has programs there. So a lookup is
 * bounded however the keys are chosen; when both are full, a program that was not
 * used since the clock's hand last passed makes room. The hash is secret per datapath.
 *
 * Who frees what, when. A program belongs to the slot that points to it. Its CPU
 * reads slots without a lock, BH off. Changes of slots hold the cache's lock. When the
 * CPU itself takes a program out, no packet can be using it unless this happens
 * inside of another packet's execution ("nested"); then, and when the sweeper or a resize
 * takes one out, it is freed by RCU. Until then it may count more packets, which are
 * credited by the callback. Its references: on the counters of the entries that it credits,
 * and, while it waits for RCU, on the struct weft_caches, which may so outlive
 * its datapath.
 *
 * A table is replaced by a larger or smaller one in process context: the new one is
 * put in place at once and the programs of the old one follow bucket by bucket; a lookup that
 * finds nothing in the new one tries the old one.
 *
 * Counters. A hit counts in the program only. weft_caches_fold() adds what is new to the
 * entries and tables, whenever somebody wants to see those or their idle time.
 */
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "cache.h"
#include "cachekey.h"
#include "datapath.h"
#include "flow.h"
#include "progmem.h"

#define WEFT_CACHE_MIN		16		/* buckets */
#define WEFT_CACHE_MAX		BIT(20)
#define WEFT_CACHE_FULL		2		/* programs a bucket; 0.01 % find no room then */
#define WEFT_CACHE_CHUNK	32		/* buckets done under one hold of the lock */
#define WEFT_CACHE_IDLE		(10 * HZ)	/* an unused program is swept */
#define WEFT_CACHE_SWEEP	(2 * HZ)
#define WEFT_CACHE_SEARCH	64		/* buckets in which a victim is looked for */
#define WEFT_CACHED_OPS_MAX	4096		/* bytes: longer programs are not kept */

static_assert(WEFT_CACHED_OPS_MAX / sizeof(struct weft_op_tunnel) <= U8_MAX, "n_tunnels");
static_assert(WEFT_STAGE_MAX + WEFT_OPENED_MAX <= U8_MAX, "n_credits");

/* Counters */

static void weft_table_count(struct weft_caches *caches, u8 table, bool matched, u64 packets)
{
	struct weft_table_counts *counts = &caches->tables[table];

	atomic64_add(packets, matched ? &counts->matched : &counts->missed);
}

void weft_trail_settle(struct weft_caches *caches, const struct weft_trail *trail,
		       u32 packets, u32 bytes)
{
	unsigned int i;

	for (i = 0; i < trail->n_credits; i++) {
		const struct weft_credit *credit = &trail->credits[i];

		if (credit->refresh) {
			weft_flow_credit(credit->stats, 0, 0, jiffies);
			continue;
		}
		weft_table_count(caches, credit->table, credit->matched, packets);
		if (credit->stats)
			weft_flow_credit(credit->stats, packets, bytes, jiffies);
	}
}

/* Add to the entries what has come since the last time. The cache's lock, or nobody has it. */
static void weft_cached_fold(struct weft_caches *caches, struct weft_cached *p)
{
	struct weft_flow_stats **stats = weft_cached_stats(p);
	const u16 *tables = weft_cached_tables(p);
	u64 packets, bytes;
	unsigned long used;
	unsigned int start;
	u32 i;

	do {
		start = u64_stats_fetch_begin(&p->syncp);
		packets = u64_stats_read(&p->packets);
		bytes = u64_stats_read(&p->bytes);
	} while (u64_stats_fetch_retry(&p->syncp, start));
	packets -= p->folded_packets;
	if (!packets)
		return;
	bytes -= p->folded_bytes;
	p->folded_packets += packets;
	p->folded_bytes += bytes;
	used = jiffies - ((u32)jiffies - READ_ONCE(p->used));
	for (i = 0; i < p->n_credits; i++) {
		if (tables[i] & WEFT_CREDIT_REFRESH) {
			weft_flow_credit(stats[i], 0, 0, used);
			continue;
		}
		weft_table_count(caches, (u8)tables[i], tables[i] & WEFT_CREDIT_MATCHED, packets);
		if (stats[i])
			weft_flow_credit(stats[i], packets, bytes, used);
	}
}

/* The end of a program */

/* The next operation that sends into a tunnel, from @at on; there is one */
static struct weft_op_tunnel *weft_next_tunnel(void **at)
{
	struct weft_op *op = *at;

	while (op->code != WEFT_OP_TUNNEL)
		op = (void *)op + op->len;
	*at = (void *)op + op->len;
	return (void *)op;
}

static void weft_cached_free(struct weft_caches *caches, struct weft_cached *p)
{
	struct weft_flow_stats **stats = weft_cached_stats(p);
	void *at = p->data + p->n_words;
	u32 i;

	for (i = 0; i < p->n_tunnels; i++) {
		const struct weft_op_tunnel *op = weft_next_tunnel(&at);

		if (op->ready)
			weft_tundst_put(&caches->tundsts, op->ready);
	}
	for (i = 0; i < p->n_credits; i++)
		if (stats[i])
			weft_flow_stats_put(stats[i]);
	weft_progmem_free(p, p->from);
}

static void weft_caches_put(struct weft_caches *caches)
{
	if (refcount_dec_and_test(&caches->refs))
		kvfree(caches);
}

static void weft_cached_free_rcu(struct rcu_head *rcu)
{
	struct weft_cached *p = container_of(rcu, struct weft_cached, rcu);
	struct weft_caches *caches = p->caches;

	weft_cached_fold(caches, p);
	weft_cached_free(caches, p);
	weft_caches_put(caches);
}

/* @p is in no slot any more; @at_once: and nobody is using it. The cache's lock. */
static void weft_cached_drop(struct weft_caches *caches, struct weft_cache *cache,
			     struct weft_cached *p, bool at_once)
{
	cache->n--;
	atomic_dec(&caches->live);
	weft_cached_fold(caches, p);
	if (at_once) {
		weft_cached_free(caches, p);
		return;
	}
	refcount_inc(&caches->refs);
	smp_wmb();	/* pairs with weft_bucket_find(): its slot was cleared first */
	p->caches = caches;
	call_rcu(&p->rcu, weft_cached_free_rcu);
}

/* Buckets */

static struct weft_cache_table *weft_cache_table(const struct weft_cache *cache)
{
	/* the lock of the cache, or the mutex of them all, is held */
	return rcu_dereference_protected(cache->table, true);
}

static struct weft_bucket *weft_bucket(struct weft_cache_table *table, u32 hash)
{
	return &table->buckets[hash >> table->shift];
}

static struct weft_bucket *weft_bucket_next_door(struct weft_cache_table *table,
						 const struct weft_bucket *bucket)
{
	return &table->buckets[(bucket - table->buckets) ^ 1];
}

/* Where a program is, or may be put */
struct weft_slot {
	struct weft_cache_table *table;
	struct weft_bucket *bucket;
	unsigned int way;
};

static struct weft_cached *weft_slot_program(const struct weft_slot *slot)
{
	return slot->bucket->way[slot->way];
}

static void weft_slot_clear(const struct weft_slot *slot)
{
	struct weft_bucket *home = weft_bucket(slot->table, weft_slot_program(slot)->hash);

	/* a lookup that does not find it here finds it where it was moved to before */
	smp_store_release(&slot->bucket->way[slot->way], NULL);
	if (home != slot->bucket)
		WRITE_ONCE(home->away, home->away - 1);
}

static void weft_slot_put(const struct weft_slot *slot, struct weft_cached *p)
{
	struct weft_bucket *home = weft_bucket(slot->table, p->hash);

	WRITE_ONCE(slot->bucket->tag[slot->way], (u16)p->hash);
	/* its CPU may look at any time, if another one moves it here */
	smp_store_release(&slot->bucket->way[slot->way], p);
	if (home != slot->bucket)
		WRITE_ONCE(home->away, home->away + 1);
}

/* Clear the slot of @p; false if it is not here */
static bool weft_cache_take_out(struct weft_cache_table *table, const struct weft_cached *p)
{
	struct weft_slot slot = { .table = table, .bucket = weft_bucket(table, p->hash) };
	unsigned int n;

	for (n = 0; n < 2; n++) {
		for (slot.way = 0; slot.way < WEFT_WAYS; slot.way++) {
			if (weft_slot_program(&slot) == p) {
				weft_slot_clear(&slot);
				return true;
			}
		}
		slot.bucket = weft_bucket_next_door(table, slot.bucket);
	}
	return false;
}

/* The way of the program with the same key; WEFT_WAYS: there is none */
static unsigned int weft_bucket_same(const struct weft_bucket *bucket, const struct weft_key *key,
				     u32 hash, u8 shape)
{
	unsigned int i;

	for (i = 0; i < WEFT_WAYS; i++) {
		const struct weft_cached *p = bucket->way[i];

		if (bucket->tag[i] == (u16)hash && p && p->hash == hash &&
		    weft_cached_matches(p, key, shape))
			break;
	}
	return i;
}

/* A way that is free, the first, since lookups begin there; WEFT_WAYS: there is none */
static unsigned int weft_bucket_free(const struct weft_bucket *bucket)
{
	unsigned int i = 0;

	while (i < WEFT_WAYS && bucket->way[i])
		i++;
	return i;
}

/* The way of a program that was not used since the hand passed */
static unsigned int weft_bucket_victim(struct weft_bucket *bucket)
{
	unsigned int i;

	for (i = 0; i < WEFT_WAYS; i++) {
		struct weft_cached *p = bucket->way[bucket->hand];

		if (!READ_ONCE(p->hot))
			break;
		WRITE_ONCE(p->hot, 0);
		bucket->hand = (bucket->hand + 1) % WEFT_WAYS;
	}
	i = bucket->hand;
	bucket->hand = (i + 1) % WEFT_WAYS;
	return i;
}

/* Where a program is to be put that is in none of the buckets: a free slot, or a victim's */
static void weft_slot_choose(struct weft_slot *slot, u32 hash)
{
	struct weft_bucket *home = weft_bucket(slot->table, hash);

	slot->bucket = home;
	slot->way = weft_bucket_free(home);
	if (likely(slot->way < WEFT_WAYS))
		return;
	slot->bucket = weft_bucket_next_door(slot->table, home);
	slot->way = weft_bucket_free(slot->bucket);
	if (slot->way < WEFT_WAYS)
		return;
	slot->bucket = home;
	slot->way = weft_bucket_victim(home);
}

/* The slot of a program with the same key; false: there is none */
static bool weft_slot_find(struct weft_slot *slot, const struct weft_key *key, u32 hash, u8 shape)
{
	slot->bucket = weft_bucket(slot->table, hash);
	slot->way = weft_bucket_same(slot->bucket, key, hash, shape);
	if (slot->way < WEFT_WAYS)
		return true;
	if (likely(!slot->bucket->away))
		return false;
	slot->bucket = weft_bucket_next_door(slot->table, slot->bucket);
	slot->way = weft_bucket_same(slot->bucket, key, hash, shape);
	return slot->way < WEFT_WAYS;
}

/* Make room in the whole cache: the clock goes round over the buckets. The cache's lock. */
static bool weft_cache_evict(struct weft_caches *caches, struct weft_cache *cache, bool at_once)
{
	struct weft_cache_table *table = weft_cache_table(cache);
	struct weft_cached *victim = NULL;
	unsigned int n, i;

	for (n = 0; n < WEFT_CACHE_SEARCH && cache->n; n++) {
		struct weft_bucket *bucket = &table->buckets[cache->hand++ & (table->n - 1)];

		for (i = 0; i < WEFT_WAYS; i++) {
			struct weft_cached *p = bucket->way[i];

			if (!p)
				continue;
			victim = p;
			if (!READ_ONCE(p->hot))
				goto found;
			WRITE_ONCE(p->hot, 0);
		}
	}
	if (!victim)
		return false;
found:
	weft_cache_take_out(table, victim);
	weft_cached_drop(caches, cache, victim, at_once);
	return true;
}

/*
 * The limit is reached and this CPU has nothing to give: take from another one, unless
 * that is busy
 */
static bool weft_caches_evict(struct weft_caches *caches, const struct weft_cache *not)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct weft_cache *cache = per_cpu_ptr(caches->cpu, cpu);
		bool done;

		if (cache == not || !READ_ONCE(cache->n) || !spin_trylock(&cache->lock))
			continue;
		done = weft_cache_evict(caches, cache, false);
		spin_unlock(&cache->lock);
		if (done)
			return true;
	}
	return false;
}

/* The way of a packet */

#define weft_cache_count(cache, field) do {				\
	struct weft_cache *c_ = (cache);				\
									\
	u64_stats_update_begin(&c_->syncp);				\
	u64_stats_inc(&c_->field);					\
	u64_stats_update_end(&c_->syncp);				\
} while (0)

static __always_inline struct weft_cached *
weft_bucket_find(const struct weft_bucket *bucket, const struct weft_key *key, u32 hash, u8 shape)
{
	unsigned int i;

	for (i = 0; i < WEFT_WAYS; i++) {
		struct weft_cached *p;

		if (READ_ONCE(bucket->tag[i]) != (u16)hash)
			continue;
		p = READ_ONCE(bucket->way[i]);
		if (!p || p->hash != hash || !weft_cached_matches(p, key, shape))
			continue;
		/* pairs with weft_cached_drop(): what was compared was still there */
		smp_rmb();
		if (likely(READ_ONCE(bucket->way[i]) == p))
			return p;
	}
	return NULL;
}

static noinline struct weft_cached *
weft_table_find_away(struct weft_cache_table *table, const struct weft_bucket *home,
		     const struct weft_key *key, u32 hash, u8 shape)
{
	return weft_bucket_find(weft_bucket_next_door(table, home), key, hash, shape);
}

static __always_inline struct weft_cached *
weft_table_find(struct weft_cache_table *table, const struct weft_key *key, u32 hash, u8 shape)
{
	const struct weft_bucket *home = weft_bucket(table, hash);
	struct weft_cached *p = weft_bucket_find(home, key, hash, shape);

	if (likely(p) || likely(!READ_ONCE(home->away)))
		return p;
	return weft_table_find_away(table, home, key, hash, shape);
}

/* A change has made the program void: it goes */
static noinline void weft_cached_void(struct weft_caches *caches, struct weft_cache *cache,
				      struct weft_cached *p, bool nested)
{
	struct weft_cache_table *table;

	spin_lock(&cache->lock);
	table = weft_cache_table(cache);
	/* unless the sweeper was faster */
	if (weft_cache_take_out(table, p) || (table->old && weft_cache_take_out(table->old, p)))
		weft_cached_drop(caches, cache, p, !nested);
	spin_unlock(&cache->lock);
	weft_cache_count(cache, stale);
}

struct weft_cached *weft_cache_find(struct weft_caches *caches, const struct weft_key *key,
				    bool tunnel, bool nested, u32 *hash)
{
	struct weft_cache *cache = this_cpu_ptr(caches->cpu);
	struct weft_cache_table *table = rcu_dereference(cache->table);
	u32 seq = atomic_read_acquire(&caches->stamps->seq);
	u8 shape = weft_key_shape(key, tunnel);
	struct weft_cached *p;

	*hash = weft_key_hash(caches, key, shape);
	p = weft_table_find(table, key, *hash, shape);
	if (unlikely(!p)) {
		table = READ_ONCE(table->old);
		if (table)
			p = weft_table_find(table, key, *hash, shape);
		if (!p) {
			weft_cache_count(cache, misses);
			return NULL;
		}
	}
	if (unlikely(p->seq != seq)) {
		if (!weft_probes_hold(caches->stamps, weft_cached_probes(p), p->n_probes, true)) {
			weft_cached_void(caches, cache, p, nested);
			weft_cache_count(cache, misses);
			return NULL;
		}
		WRITE_ONCE(p->seq, seq);
	}
	weft_cache_count(cache, hits);
	return p;
}

static void weft_cached_prepare(struct weft_caches *caches, struct weft_cached *p)
{
	void *at = p->data + p->n_words;
	u32 i;

	for (i = 0; i < p->n_tunnels; i++) {
		struct weft_op_tunnel *op = weft_next_tunnel(&at);

		op->ready = weft_tundst_get(&caches->tundsts, op);
	}
}

static struct weft_cached *weft_cached_make(struct weft_caches *caches,
					    const struct weft_cache_entry *e)
{
	const struct weft_trail *trail = e->trail;
	u8 shape = weft_key_shape(e->key, e->tunnel);
	unsigned int i, n_words = weft_shape_words(shape);
	struct weft_flow_stats **stats;
	struct weft_cached *p;
	u16 *tables;
	size_t size;
	u8 from;

	size = struct_size(p, data, n_words) + e->prog->len +
	       ALIGN(trail->n_credits * sizeof(*stats), sizeof(u64)) +
	       trail->n_probes * sizeof(struct weft_probe) + trail->n_credits * sizeof(*tables);
	p = weft_progmem_alloc(size, &from);
	if (!p)
		return NULL;
	p->from = from;
	p->hash = e->hash;
	p->shape = shape;
	p->ttl_min = trail->ttl_min;
	p->ttl_span = trail->ttl_max - trail->ttl_min;
	p->hot = 0;
	p->vol.tun = trail->vol.tun | ~WEFT_VOLATILE_TUN;
	p->vol.ip = trail->vol.ip | ~WEFT_VOLATILE_IP;
	p->vol.l4 = trail->vol.l4 | ~WEFT_VOLATILE_L4;
	p->seq = trail->seq;
	p->used = (u32)jiffies;
	u64_stats_init(&p->syncp);
	u64_stats_set(&p->packets, e->packets);
	u64_stats_set(&p->bytes, e->bytes);
	p->folded_packets = 0;
	p->folded_bytes = 0;
	p->layers = e->key->layers;
	p->n_tunnels = trail->n_tunnels;
	p->n_words = n_words;
	p->n_credits = trail->n_credits;
	p->n_probes = trail->n_probes;
	p->len = e->prog->len;
	p->watch = WEFT_WATCH_NONE;
	p->mtu = trail->mtu;
	p->guarded = trail->mtu < U16_MAX ? WEFT_GUARDED_MTU : 0;
	weft_shape_copy(p->data, (const u64 *)e->key, shape);
	memcpy(p->data + n_words, e->prog->ops, p->len);
	weft_cached_prepare(caches, p);
	memcpy(weft_cached_probes(p), trail->probes, trail->n_probes * sizeof(struct weft_probe));
	stats = weft_cached_stats(p);
	tables = weft_cached_tables(p);
	for (i = 0; i < trail->n_credits; i++) {
		const struct weft_credit *credit = &trail->credits[i];

		stats[i] = credit->stats;
		if (stats[i])
			refcount_inc(&stats[i]->refs);	/* the entry's, as RCU is locked */
		tables[i] = credit->table | (credit->matched ? WEFT_CREDIT_MATCHED : 0) |
			    (credit->refresh ? WEFT_CREDIT_REFRESH : 0) |
			    (credit->guard && !credit->watch ? WEFT_CREDIT_GUARD : 0) |
			    (credit->watch ? WEFT_CREDIT_WATCH : 0) |
			    (credit->guard == WEFT_GUARD_REPLY ? WEFT_CREDIT_REPLY : 0);
		if (credit->guard && !credit->watch)
			p->guarded |= WEFT_GUARDED_STATE;
		p->watch = max(p->watch, credit->watch);
	}
	return p;
}

/*
 * Has the cache outgrown its table, or do so many programs meet full buckets that looking at all
 * of the table is little beside the walks that this costs? The cache's lock.
 */
static bool weft_cache_crowded(const struct weft_caches *caches, const struct weft_cache *cache)
{
	u32 n = weft_cache_table(cache)->n;

	return n < WEFT_CACHE_MAX && (cache->n > n * WEFT_CACHE_FULL ||
				      cache->displaced > n / 4 + WEFT_WAYS);
}

static bool weft_cache_add(struct weft_caches *caches, struct weft_cache *cache,
			   struct weft_cached *p, const struct weft_key *key, bool nested)
{
	struct weft_slot slot = { .table = weft_cache_table(cache) };
	struct weft_cached *victim;

	if (!weft_slot_find(&slot, key, p->hash, p->shape))
		weft_slot_choose(&slot, p->hash);
	victim = weft_slot_program(&slot);
	if (victim) {
		weft_slot_clear(&slot);
		weft_cached_drop(caches, cache, victim, !nested);
		weft_cache_count(cache, evicted);
		cache->displaced++;
	}
	if (atomic_inc_return(&caches->live) > READ_ONCE(caches->limit)) {
		if (!weft_cache_evict(caches, cache, !nested) &&
		    !weft_caches_evict(caches, cache)) {
			atomic_dec(&caches->live);
			return false;
		}
		weft_cache_count(cache, evicted);
	}
	cache->n++;
	weft_slot_put(&slot, p);
	if (!cache->crowded && weft_cache_crowded(caches, cache)) {
		cache->crowded = true;
		mod_delayed_work(weft_wq, &caches->work, 0);
	} else if (!delayed_work_pending(&caches->work)) {
		queue_delayed_work(weft_wq, &caches->work, WEFT_CACHE_SWEEP);
	}
	return true;
}

bool weft_cache_insert(struct weft_caches *caches, const struct weft_cache_entry *entry,
		       bool nested)
{
	struct weft_cache *cache = this_cpu_ptr(caches->cpu);
	struct weft_cached *p = NULL;
	bool kept;

	if (!READ_ONCE(caches->limit))
		return false;		/* as asked for: not refused */
	if (entry->prog->len <= WEFT_CACHED_OPS_MAX)
		p = weft_cached_make(caches, entry);
	if (!p) {
		weft_cache_count(cache, refused);
		return false;
	}
	spin_lock(&cache->lock);
	kept = weft_cache_add(caches, cache, p, entry->key, nested);
	spin_unlock(&cache->lock);
	if (!kept) {
		weft_cached_free(caches, p);
		weft_cache_count(cache, refused);
	}
	return kept;
}

/* Process context */

/* Call @fn for all programs of a table, in chunks */
static void weft_table_for_each(struct weft_caches *caches, struct weft_cache *cache,
				struct weft_cache_table *table,
				void (*fn)(struct weft_caches *caches, struct weft_cache *cache,
					   const struct weft_slot *slot))
{
	struct weft_slot slot = { .table = table };
	u32 i = 0, end;

	while (i < table->n) {
		end = min_t(u32, i + WEFT_CACHE_CHUNK, table->n);
		spin_lock_bh(&cache->lock);
		for (; i < end; i++) {
			slot.bucket = &table->buckets[i];
			for (slot.way = 0; slot.way < WEFT_WAYS; slot.way++)
				if (weft_slot_program(&slot))
					fn(caches, cache, &slot);
		}
		spin_unlock_bh(&cache->lock);
		cond_resched();
	}
}

static void weft_fold_one(struct weft_caches *caches, struct weft_cache *cache,
			  const struct weft_slot *slot)
{
	weft_cached_fold(caches, weft_slot_program(slot));
}

void weft_caches_fold(struct weft_caches *caches)
{
	int cpu;

	mutex_lock(&caches->mutex);
	for_each_possible_cpu(cpu) {
		struct weft_cache *cache = per_cpu_ptr(caches->cpu, cpu);

		if (READ_ONCE(cache->n))
			weft_table_for_each(caches, cache, weft_cache_table(cache), weft_fold_one);
	}
	mutex_unlock(&caches->mutex);
}

static struct weft_cache_table *weft_cache_table_alloc(u32 n)
{
	struct weft_cache_table *table;

	table = kvzalloc(struct_size(table, buckets, n), GFP_KERNEL_ACCOUNT);
	if (table) {
		table->n = n;
		table->shift = 32 - ilog2(n);
	}
	return table;
}

static void weft_move_one(struct weft_caches *caches, struct weft_cache *cache,
			  const struct weft_slot *slot)
{
	struct weft_cached *p = weft_slot_program(slot), *victim;
	struct weft_slot to = { .table = weft_cache_table(cache) };

	weft_slot_choose(&to, p->hash);
	victim = weft_slot_program(&to);
	if (victim) {
		weft_slot_clear(&to);
		weft_cached_drop(caches, cache, victim, false);
	}
	weft_slot_put(&to, p);
	weft_slot_clear(slot);
}

static void weft_cache_resize(struct weft_caches *caches, struct weft_cache *cache, u32 n)
{
	struct weft_cache_table *old = weft_cache_table(cache), *new = weft_cache_table_alloc(n);

	if (!new)
		return;		/* the old one serves, if less well */
	new->old = old;
	spin_lock_bh(&cache->lock);
	rcu_assign_pointer(cache->table, new);
	spin_unlock_bh(&cache->lock);
	weft_table_for_each(caches, cache, old, weft_move_one);
	spin_lock_bh(&cache->lock);
	WRITE_ONCE(new->old, NULL);
	spin_unlock_bh(&cache->lock);
	kvfree_rcu(old, rcu);
}

/*
 * The size that a cache ought to have: for what it holds, and what it could not hold, as far as
 * there is @room for that below the limit of them all. Traffic may leave no time for many small
 * steps.
 */
static u32 weft_cache_size(const struct weft_cache *cache, u32 *room)
{
	u32 more = min(READ_ONCE(cache->displaced), *room);
	u32 now = weft_cache_table(cache)->n, n = READ_ONCE(cache->n) + more, want;

	*room -= more;
	want = roundup_pow_of_two(n / WEFT_CACHE_FULL + 1);
	want = clamp_t(u32, want, WEFT_CACHE_MIN, WEFT_CACHE_MAX);
	if (n > now * WEFT_CACHE_FULL || want * 4 < now)
		return want;
	return now;
}

static void weft_sweep_one(struct weft_caches *caches, struct weft_cache *cache,
			   const struct weft_slot *slot)
{
	struct weft_cached *p = weft_slot_program(slot);
	u32 seq = atomic_read_acquire(&caches->stamps->seq);

	if ((u32)jiffies - READ_ONCE(p->used) < WEFT_CACHE_IDLE &&
	    atomic_read(&caches->live) <= READ_ONCE(caches->limit) &&
	    (READ_ONCE(p->seq) == seq ||
	     weft_probes_hold(caches->stamps, weft_cached_probes(p), p->n_probes, false)))
		return;
	weft_slot_clear(slot);
	weft_cached_drop(caches, cache, p, false);
}

static void weft_caches_work(struct work_struct *work)
{
	struct weft_caches *caches = container_of(to_delayed_work(work), struct weft_caches, work);
	u32 live, limit, room;
	int cpu;

	mutex_lock(&caches->mutex);
	live = atomic_read(&caches->live);
	limit = READ_ONCE(caches->limit);
	room = limit > live ? limit - live : 0;
	for_each_possible_cpu(cpu) {
		struct weft_cache *cache = per_cpu_ptr(caches->cpu, cpu);
		u32 n;

		weft_table_for_each(caches, cache, weft_cache_table(cache), weft_sweep_one);
		n = weft_cache_size(cache, &room);
		if (n != weft_cache_table(cache)->n)
			weft_cache_resize(caches, cache, n);
		spin_lock_bh(&cache->lock);
		cache->crowded = false;
		cache->displaced = 0;
		spin_unlock_bh(&cache->lock);
	}
	mutex_unlock(&caches->mutex);
	if (atomic_read(&caches->live))
		queue_delayed_work(weft_wq, &caches->work, WEFT_CACHE_SWEEP);
}

void weft_caches_sweep(struct weft_caches *caches)
{
	if (atomic_read(&caches->live))
		mod_delayed_work(weft_wq, &caches->work, 0);
}

void weft_caches_limit(struct weft_caches *caches, u32 limit)
{
	WRITE_ONCE(caches->limit, limit);
	weft_caches_sweep(caches);
}

void weft_caches_counts(const struct weft_caches *caches, struct weft_cache_counts *counts)
{
	int cpu;

	memset(counts, 0, sizeof(*counts));
	for_each_possible_cpu(cpu) {
		const struct weft_cache *cache = per_cpu_ptr(caches->cpu, cpu);
		struct weft_cache_counts now;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&cache->syncp);
			now.hits = u64_stats_read(&cache->hits);
			now.misses = u64_stats_read(&cache->misses);
			now.stale = u64_stats_read(&cache->stale);
			now.evicted = u64_stats_read(&cache->evicted);
			now.refused = u64_stats_read(&cache->refused);
		} while (u64_stats_fetch_retry(&cache->syncp, start));
		counts->hits += now.hits;
		counts->misses += now.misses;
		counts->stale += now.stale;
		counts->evicted += now.evicted;
		counts->refused += now.refused;
	}
}

/* Nobody is using it */
static void weft_cache_destroy(struct weft_caches *caches, struct weft_cache *cache)
{
	struct weft_cache_table *table = weft_cache_table(cache);
	u32 i, way;

	for (i = 0; table && i < table->n; i++) {
		for (way = 0; way < WEFT_WAYS; way++)
			if (table->buckets[i].way[way])
				weft_cached_free(caches, table->buckets[i].way[way]);
		cond_resched();
	}
	kvfree(table);
}

void weft_caches_destroy(struct weft_caches *caches)
{
	int cpu;

	cancel_delayed_work_sync(&caches->work);
	weft_tundsts_exit(&caches->tundsts);
	if (caches->cpu)
		for_each_possible_cpu(cpu)
			weft_cache_destroy(caches, per_cpu_ptr(caches->cpu, cpu));
	free_percpu(caches->cpu);
	caches->cpu = NULL;
	weft_caches_put(caches);
}

struct weft_caches *weft_caches_alloc(struct weft_stamps *stamps)
{
	struct weft_caches *caches = kvzalloc(sizeof(*caches), GFP_KERNEL_ACCOUNT);
	int cpu;

	if (!caches)
		return NULL;
	refcount_set(&caches->refs, 1);
	mutex_init(&caches->mutex);
	weft_tundsts_init(&caches->tundsts);
	INIT_DELAYED_WORK(&caches->work, weft_caches_work);
	caches->stamps = stamps;
	caches->limit = WEFT_MAX_CACHED_DEFAULT;
	get_random_bytes(caches->secret, sizeof(caches->secret));
	caches->cpu = alloc_percpu_gfp(struct weft_cache, GFP_KERNEL_ACCOUNT);
	if (!caches->cpu)
		goto fail;
	for_each_possible_cpu(cpu) {
		struct weft_cache *cache = per_cpu_ptr(caches->cpu, cpu);
		struct weft_cache_table *table = weft_cache_table_alloc(WEFT_CACHE_MIN);

		if (!table)
			goto fail;
		spin_lock_init(&cache->lock);
		u64_stats_init(&cache->syncp);
		RCU_INIT_POINTER(cache->table, table);
	}
	return caches;

fail:
	weft_caches_destroy(caches);
	return NULL;
}
