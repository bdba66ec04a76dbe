// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools: what instances draw from.
 *
 * A pool of ranges has a block for each range (block.c), and for each kind of draw a plan:
 * the blocks that can serve it, in the order of their addresses. A local address's hash,
 * scaled to the number of addresses in the plan, says where to begin; so a local address
 * gets the same public address as long as that has ports and the ranges stay. A bit for
 * each block and key says whether it has an address with something free, so neither
 * full addresses nor full ranges are looked at.
 *
 * Who frees what. Draws and returns work under the pool's lock. Blocks and plans change
 * under dp->lock and the pool's lock, so either is enough to read them. A range that is
 * withdrawn leaves the plans, and with them the reach of draws; its block keeps its slot, and
 * with it its claim to its pairs, until its last value comes back, and is then freed by
 * weft_pool_return(). Meanwhile the same range may be added again, which brings the block
 * back, values and all; a range that only overlaps it may not, as a pair could then
 * be given twice. A pool is freed after a grace period when it is deleted and its last
 * block is gone. Maps are replaced as a whole, by RCU, and nothing is drawn from them
 * that must come back.
 */
#include <linux/bitmap.h>
#include <linux/bsearch.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include "block.h"
#include "datapath.h"
#include "map.h"
#include "pool.h"

#define WEFT_POOL_PLANS	4	/* see weft_plan_of() */

struct weft_plan_entry {
	struct weft_pool_block *block;
	u32 below;			/* addresses of the entries before this one */
};

struct weft_plan {
	u32 n;
	u32 n_addrs;
	DECLARE_BITMAP(slots, WEFT_POOL_RANGES_MAX);	/* of its blocks */
	struct weft_plan_entry entries[];
};

struct weft_pool {
	spinlock_t lock;		/* draws, returns; and blocks and plans, with dp->lock */
	struct weft_datapath *dp;	/* until it is deleted */
	struct weft_pool_config config;	/* the choice and parity: lock */
	u32 n_templates;		/* dp->lock */
	refcount_t refs;		/* one until it is deleted, and one of each block */
	u64 total;			/* lock, this and the rest */
	u64 used;
	u64 refused;
	struct weft_map __rcu *map;
	struct weft_plan *plans[WEFT_POOL_PLANS];	/* NULL: empty */
	struct weft_pool_block **blocks;	/* by slot; also those that were withdrawn */
	DECLARE_BITMAP(taken, WEFT_POOL_RANGES_MAX);	/* slots that have a block */
	struct rcu_head rcu;
	u32 n_keys;
	/*
	 * Of each key the slots whose block has something free. A slot without a block has
	 * all of its bits set: what is drawn was returned before the block went.
	 */
	unsigned long open[][BITS_TO_LONGS(WEFT_POOL_RANGES_MAX)];
};

static unsigned int weft_plan_of(u8 family, bool portless)
{
	return (family == 4 ? 0 : 1) | (portless ? 2 : 0);
}

static unsigned int weft_plan_of_range(const struct weft_pool_range *range)
{
	return weft_plan_of(range->family, weft_range_portless(range));
}

/* Draws */

static u16 weft_pool_key(const struct weft_pool *pool, const struct weft_ask *ask)
{
	BUILD_BUG_ON(WEFT_POOL_BUCKETS != 64);	/* the shift */

	return weft_block_key(ask->proto, pool->config.reuse ? ask->remote_hash >> 26 : 0);
}

/* The block with the plan's @at-th address, which is its @start-th */
static struct weft_pool_block *weft_plan_find(const struct weft_plan *plan, u32 at, u32 *start)
{
	u32 low = 0, high = plan->n - 1;

	while (low < high) {
		u32 middle = (low + high + 1) / 2;

		if (plan->entries[middle].below <= at)
			low = middle;
		else
			high = middle - 1;
	}
	*start = at - plan->entries[low].below;
	return plan->entries[low].block;
}

/* A block of the plan that has something free, behind @slot or from the start; or NULL */
static struct weft_pool_block *weft_pool_next_open(const struct weft_pool *pool,
						   const struct weft_plan *plan, u16 key, u16 slot)
{
	unsigned long found;

	found = find_next_and_bit(pool->open[key], plan->slots, WEFT_POOL_RANGES_MAX, slot + 1);
	if (found >= WEFT_POOL_RANGES_MAX)
		found = find_next_and_bit(pool->open[key], plan->slots, WEFT_POOL_RANGES_MAX, 0);
	return found < WEFT_POOL_RANGES_MAX ? pool->blocks[found] : NULL;
}

/* The draw is done; account for it */
static void weft_pool_drawn(struct weft_pool *pool, struct weft_pool_block *block, u16 key,
			    struct weft_drawn *drawn)
{
	drawn->claim.block = block;
	drawn->claim.index = key;
	block->refs++;
	pool->used++;
	if (!weft_block_open(block, key))
		__clear_bit(block->slot, pool->open[key]);
}

static bool weft_pool_draw_locked(struct weft_pool *pool, const struct weft_ask *ask,
				  struct weft_drawn *drawn)
{
	struct weft_pick pick = {
		.port = ntohs(ask->port),
		.choice = pool->config.choice,
		.parity = pool->config.parity,
	};
	u16 key = weft_pool_key(pool, ask);
	struct weft_pool_block *block;
	const struct weft_plan *plan;
	u32 start;

	plan = pool->plans[weft_plan_of(ask->family, ask->proto == WEFT_POOL_PROTOS)];
	if (!plan)
		return false;
	block = weft_plan_find(plan, reciprocal_scale(ask->local_hash, plan->n_addrs), &start);
	if (!test_bit(block->slot, pool->open[key])) {
		block = weft_pool_next_open(pool, plan, key, block->slot);
		if (!block)
			return false;
		start = reciprocal_scale(ask->local_hash, block->n_addrs);
	}
	if (!weft_block_draw(block, key, start, &pick, drawn))
		return false;
	weft_pool_drawn(pool, block, key, drawn);
	return true;
}

static bool weft_pool_draw_map(const struct weft_pool *pool, const struct weft_ask *ask,
			       struct weft_drawn *drawn)
{
	const struct weft_map *map;
	bool found;

	rcu_read_lock();
	map = rcu_dereference(pool->map);
	found = map && weft_map_find(map, ask->family, &ask->map, &drawn->ip);
	rcu_read_unlock();
	drawn->claim = (struct weft_claim){};
	return found;
}

bool weft_pool_draw(struct weft_pool *pool, const struct weft_ask *ask,
		    struct weft_drawn *drawn)
{
	bool found;

	if (pool->config.type == WEFT_POOL_TYPE_MAP && weft_pool_draw_map(pool, ask, drawn))
		return true;
	spin_lock_bh(&pool->lock);
	found = pool->config.type == WEFT_POOL_TYPE_RANGES &&
		weft_pool_draw_locked(pool, ask, drawn);
	if (!found)
		pool->refused++;
	spin_unlock_bh(&pool->lock);
	return found;
}

static bool weft_pool_draw_exactly_locked(struct weft_pool *pool, const struct weft_ask *ask,
					  struct weft_drawn *drawn)
{
	u16 key = weft_pool_key(pool, ask), port = ntohs(drawn->claim.port);
	const struct weft_plan *plan;
	u32 i;

	plan = pool->plans[weft_plan_of(ask->family, ask->proto == WEFT_POOL_PROTOS)];
	for (i = 0; plan && i < plan->n; i++) {
		struct weft_pool_block *block = plan->entries[i].block;

		if (port < block->range.first_port || port > block->range.last_port ||
		    !weft_block_draw_exactly(block, key, drawn))
			continue;
		weft_pool_drawn(pool, block, key, drawn);
		return true;
	}
	return false;
}

bool weft_pool_draw_exactly(struct weft_pool *pool, const struct weft_ask *ask,
			    struct weft_drawn *drawn)
{
	struct weft_drawn mapped;
	bool found;

	if (pool->config.type == WEFT_POOL_TYPE_MAP) {
		if (!weft_pool_draw_map(pool, ask, &mapped) || drawn->claim.port ||
		    memcmp(&mapped.ip, &drawn->ip, sizeof(mapped.ip)))
			return false;
		*drawn = mapped;
		return true;
	}
	spin_lock_bh(&pool->lock);
	found = weft_pool_draw_exactly_locked(pool, ask, drawn);
	spin_unlock_bh(&pool->lock);
	return found;
}

/* References */

static void weft_pool_unref(struct weft_pool *pool)
{
	if (!refcount_dec_and_test(&pool->refs))
		return;
	kfree(pool->blocks);
	kvfree_rcu(pool, rcu);
}

/* Under the lock; true: that was the last one, and the caller has to free the block */
static bool weft_pool_unref_block(struct weft_pool *pool, struct weft_pool_block *block)
{
	if (--block->refs)
		return false;
	pool->blocks[block->slot] = NULL;
	__clear_bit(block->slot, pool->taken);
	return true;
}

void weft_pool_return(struct weft_claim *claim)
{
	struct weft_pool_block *block = claim->block;
	struct weft_pool *pool;
	bool last;

	if (!block)
		return;
	pool = block->pool;
	spin_lock_bh(&pool->lock);
	weft_block_return(block, claim);
	__set_bit(block->slot, pool->open[claim->index]);
	pool->used--;
	last = weft_pool_unref_block(pool, block);
	spin_unlock_bh(&pool->lock);
	claim->block = NULL;
	if (!last)
		return;
	weft_block_free(block);
	weft_pool_unref(pool);
}

/* Changes of ranges */

/*
 * What a request makes of the ranges. Its blocks, plans and attributes are all there before
 * weft_edit_commit() takes effect, so that nothing can fail half-way.
 */
struct weft_edit {
	struct weft_pool *pool;
	const struct weft_pool_change *change;
	struct netlink_ext_ack *extack;
	struct weft_pool_block **in;	/* for each that is added: a new one, or the old one */
	struct weft_pool_block **out;	/* for each that is withdrawn */
	struct weft_plan *plans[WEFT_POOL_PLANS];
};

static int weft_range_order(const struct weft_pool_range *a, const struct weft_pool_range *b)
{
	int order = memcmp(a->first, b->first, sizeof(a->first));

	return order ? order : a->first_port - b->first_port;
}

static int weft_plan_order(const void *a, const void *b)
{
	const struct weft_plan_entry *first = a, *second = b;

	return weft_range_order(&first->block->range, &second->block->range);
}

static int weft_plan_order_key(const void *range, const void *entry)
{
	const struct weft_plan_entry *e = entry;

	return weft_range_order(range, &e->block->range);
}

/* The block of just this range; NULL: the pool does not have it */
static struct weft_pool_block *weft_pool_block(const struct weft_pool *pool,
					       const struct weft_pool_range *range)
{
	const struct weft_plan *plan = pool->plans[weft_plan_of_range(range)];
	struct weft_plan_entry *entry;

	if (!plan)
		return NULL;
	entry = bsearch(range, plan->entries, plan->n, sizeof(*plan->entries), weft_plan_order_key);
	if (!entry || memcmp(&entry->block->range, range, sizeof(*range)))
		return NULL;
	return entry->block;
}

static int weft_edit_withdraw(struct weft_edit *edit)
{
	const struct weft_pool_item *item = edit->change->withdraw;
	u32 i;

	for (i = 0; i < edit->change->n_withdraw; i++, item++) {
		struct weft_pool_block *block = weft_pool_block(edit->pool, item->value);

		if (!block || block->leaving) {
			WEFT_ERR_ATTR(edit->extack, item->attr, "range: %s", block ?
				      "withdrawn twice" :
				      "what is withdrawn is not in the pool, just so");
			return -ENOENT;
		}
		block->leaving = true;
		edit->out[i] = block;
	}
	return 0;
}

static int weft_edit_overlap(const struct weft_edit *edit, const struct nlattr *attr,
			     const char *msg)
{
	WEFT_ERR_ATTR(edit->extack, attr, "range: overlaps %s", msg);
	return -EEXIST;
}

/*
 * Compare the new block with those of the pool, under its lock. One that is the same
 * and is not in a plan, or will leave it, takes its place.
 */
static int weft_edit_compare(struct weft_edit *edit, u32 index)
{
	struct weft_pool_block *new = edit->in[index], *block;
	const struct nlattr *attr = edit->change->add[index].attr;
	struct weft_pool *pool = edit->pool;
	unsigned int slot;

	for_each_set_bit(slot, pool->taken, WEFT_POOL_RANGES_MAX) {
		block = pool->blocks[slot];
		if (!weft_block_overlaps(new, block))
			continue;
		if (!block->withdrawn && !block->leaving)
			return weft_edit_overlap(edit, attr, "one of the pool");
		if (!memcmp(&new->range, &block->range, sizeof(block->range))) {
			block->refs++;
			edit->in[index] = block;
			weft_block_free(new);
			return 0;
		}
		if (block->withdrawn)
			return weft_edit_overlap(edit, attr,
						 "one that was withdrawn and is still in use");
		block->rivalled = true;
		block->rival = attr;
	}
	return 0;
}

static int weft_edit_add(struct weft_edit *edit)
{
	const struct weft_pool_item *item = edit->change->add;
	struct weft_pool *pool = edit->pool;
	u32 i, j;
	int err;

	for (i = 0; i < edit->change->n_add; i++, item++) {
		err = weft_range_check(item->value, item->attr, edit->extack);
		if (err)
			return err;
		edit->in[i] = weft_block_alloc(pool, item->value, pool->n_keys);
		if (!edit->in[i]) {
			NL_SET_ERR_MSG(edit->extack, "no memory for a range");
			return -ENOMEM;
		}
		for (j = 0; j < i; j++)
			if (weft_block_overlaps(edit->in[i], edit->in[j]))
				return weft_edit_overlap(edit, item->attr,
							 "another one of the request");
		spin_lock_bh(&pool->lock);
		err = weft_edit_compare(edit, i);
		spin_unlock_bh(&pool->lock);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/* What a plan will have */
static void weft_edit_count(const struct weft_edit *edit, unsigned int which, u32 *n,
			    u32 *n_addrs)
{
	const struct weft_plan *plan = edit->pool->plans[which];
	u32 i;

	*n = plan ? plan->n : 0;
	*n_addrs = plan ? plan->n_addrs : 0;
	for (i = 0; i < edit->change->n_withdraw; i++) {
		if (weft_plan_of_range(&edit->out[i]->range) != which)
			continue;
		--*n;
		*n_addrs -= edit->out[i]->n_addrs;
	}
	for (i = 0; i < edit->change->n_add; i++) {
		if (weft_plan_of_range(&edit->in[i]->range) != which)
			continue;
		++*n;
		*n_addrs += edit->in[i]->n_addrs;
	}
}

static void weft_edit_fill_plan(const struct weft_edit *edit, unsigned int which,
				struct weft_plan *plan)
{
	const struct weft_plan *old = edit->pool->plans[which];
	u32 i, n = 0, below = 0;

	for (i = 0; old && i < old->n; i++)
		if (!old->entries[i].block->leaving)
			plan->entries[n++].block = old->entries[i].block;
	for (i = 0; i < edit->change->n_add; i++)
		if (weft_plan_of_range(&edit->in[i]->range) == which)
			plan->entries[n++].block = edit->in[i];
	plan->n = n;
	sort(plan->entries, n, sizeof(*plan->entries), weft_plan_order, NULL);
	for (i = 0; i < n; i++) {
		plan->entries[i].below = below;
		below += plan->entries[i].block->n_addrs;
	}
	plan->n_addrs = below;
}

static int weft_edit_plan(struct weft_edit *edit)
{
	const struct weft_pool_item *last = edit->change->add + edit->change->n_add - 1;
	u32 n[WEFT_POOL_PLANS], n_addrs[WEFT_POOL_PLANS], sum = 0, sum_addrs = 0;
	unsigned int i;

	for (i = 0; i < WEFT_POOL_PLANS; i++) {
		weft_edit_count(edit, i, &n[i], &n_addrs[i]);
		sum += n[i];
		sum_addrs += n_addrs[i];
	}
	if (sum > WEFT_POOL_RANGES_MAX) {
		NL_SET_ERR_MSG_ATTR(edit->extack, last->attr, "too many ranges");
		return -ENOSPC;
	}
	if (sum_addrs > WEFT_POOL_ADDRS_MAX) {
		NL_SET_ERR_MSG_ATTR(edit->extack, last->attr,
				    "too many addresses in all the ranges");
		return -ENOSPC;
	}
	for (i = 0; i < WEFT_POOL_PLANS; i++) {
		if (!n[i])
			continue;
		edit->plans[i] = kvzalloc(struct_size(edit->plans[i], entries, n[i]),
					  GFP_KERNEL_ACCOUNT);
		if (!edit->plans[i]) {
			NL_SET_ERR_MSG(edit->extack, "no memory for the ranges");
			return -ENOMEM;
		}
		weft_edit_fill_plan(edit, i, edit->plans[i]);
	}
	return 0;
}

static bool weft_pool_has_block(const struct weft_pool *pool, const struct weft_pool_block *block)
{
	return pool->blocks[block->slot] == block;
}

/* What depends on what is in use, so it holds only as long as the lock is held */
static int weft_edit_check(const struct weft_edit *edit)
{
	const struct weft_pool_change *change = edit->change;
	u32 i, n = bitmap_weight(edit->pool->taken, WEFT_POOL_RANGES_MAX);

	for (i = 0; i < change->n_withdraw; i++) {
		if (edit->out[i]->refs == 1)
			n--;
		else if (edit->out[i]->rivalled)
			return weft_edit_overlap(edit, edit->out[i]->rival,
						 "one that is withdrawn and is still in use");
	}
	for (i = 0; i < change->n_add; i++)
		n += !weft_pool_has_block(edit->pool, edit->in[i]);
	if (n > WEFT_POOL_RANGES_MAX) {
		NL_SET_ERR_MSG_ATTR(edit->extack, change->add[change->n_add - 1].attr,
				    "too many ranges, with those withdrawn that are still in use");
		return -ENOSPC;
	}
	return 0;
}

static u64 weft_block_total(const struct weft_pool_block *block)
{
	return (u64)block->n_addrs * weft_range_n_ports(&block->range);
}

/* No more draws of it; true: the caller has to free it */
static bool weft_pool_withdraw(struct weft_pool *pool, struct weft_pool_block *block)
{
	block->leaving = false;
	block->withdrawn = true;
	pool->total -= weft_block_total(block);
	return weft_pool_unref_block(pool, block);
}

static void weft_pool_install(struct weft_pool *pool, struct weft_pool_block *block)
{
	if (!weft_pool_has_block(pool, block)) {
		block->slot = find_first_zero_bit(pool->taken, WEFT_POOL_RANGES_MAX);
		__set_bit(block->slot, pool->taken);
		pool->blocks[block->slot] = block;
		refcount_inc(&pool->refs);
	}
	block->withdrawn = false;
	pool->total += weft_block_total(block);
}

/* Afterwards the edit has the old plans, and of the blocks only those that are to be freed */
static void weft_edit_commit(struct weft_edit *edit)
{
	struct weft_pool *pool = edit->pool;
	unsigned int i;
	u32 j;

	for (j = 0; j < edit->change->n_withdraw; j++)
		if (!weft_pool_withdraw(pool, edit->out[j]))
			edit->out[j] = NULL;
	for (j = 0; j < edit->change->n_add; j++)
		weft_pool_install(pool, edit->in[j]);
	for (i = 0; i < WEFT_POOL_PLANS; i++) {
		struct weft_plan *plan = edit->plans[i];

		for (j = 0; plan && j < plan->n; j++)
			__set_bit(plan->entries[j].block->slot, plan->slots);
		swap(pool->plans[i], edit->plans[i]);
	}
}

static void weft_edit_done(struct weft_edit *edit)
{
	u32 i;

	for (i = 0; i < edit->change->n_withdraw; i++) {
		if (!edit->out[i])
			continue;
		weft_block_free(edit->out[i]);
		weft_pool_unref(edit->pool);
	}
}

static void weft_edit_undo(struct weft_edit *edit)
{
	struct weft_pool *pool = edit->pool;
	struct weft_pool_block *block;
	bool known, last;
	u32 i;

	for (i = 0; i < edit->change->n_withdraw && edit->out[i]; i++) {
		edit->out[i]->leaving = false;
		edit->out[i]->rivalled = false;
	}
	for (i = 0; i < edit->change->n_add && edit->in[i]; i++) {
		block = edit->in[i];
		spin_lock_bh(&pool->lock);
		known = weft_pool_has_block(pool, block);
		last = !known || weft_pool_unref_block(pool, block);
		spin_unlock_bh(&pool->lock);
		if (last)
			weft_block_free(block);
		if (last && known)
			weft_pool_unref(pool);
	}
}

static int weft_edit_apply(struct weft_edit *edit, const struct weft_pool_config *config)
{
	struct weft_pool *pool = edit->pool;
	int err;

	err = weft_edit_withdraw(edit);
	if (!err)
		err = weft_edit_add(edit);
	if (!err)
		err = weft_edit_plan(edit);
	if (err)
		return err;
	spin_lock_bh(&pool->lock);
	err = weft_edit_check(edit);
	if (!err) {
		weft_edit_commit(edit);
		pool->config.choice = config->choice;
		pool->config.parity = config->parity;
	}
	spin_unlock_bh(&pool->lock);
	return err;
}

static int weft_pool_change_ranges(struct weft_pool *pool, const struct weft_pool_config *config,
				   const struct weft_pool_change *change,
				   struct netlink_ext_ack *extack)
{
	struct weft_edit edit = { .pool = pool, .change = change, .extack = extack };
	unsigned int i;
	int err;

	edit.in = kvcalloc(change->n_add + change->n_withdraw + 1, sizeof(*edit.in), GFP_KERNEL);
	if (!edit.in) {
		NL_SET_ERR_MSG(extack, "no memory for the change");
		return -ENOMEM;
	}
	edit.out = edit.in + change->n_add;
	err = weft_edit_apply(&edit, config);
	if (err)
		weft_edit_undo(&edit);
	else
		weft_edit_done(&edit);
	for (i = 0; i < WEFT_POOL_PLANS; i++)
		kvfree(edit.plans[i]);
	kvfree(edit.in);
	return err;
}

/* Pools */

static struct weft_map *weft_pool_map(const struct weft_pool *pool)
{
	return rcu_dereference_protected(pool->map, lockdep_is_held(&pool->dp->lock));
}

static int weft_pool_change_map(struct weft_pool *pool, const struct weft_pool_change *change,
				struct netlink_ext_ack *extack)
{
	struct weft_map *old = weft_pool_map(pool), *map;

	map = weft_map_change(old, change, extack);
	if (IS_ERR(map))
		return PTR_ERR(map);
	rcu_assign_pointer(pool->map, map);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

int weft_pool_change(struct weft_pool *pool, const struct weft_pool_config *config,
		     const struct weft_pool_change *change, struct netlink_ext_ack *extack)
{
	if (pool->config.type == WEFT_POOL_TYPE_MAP)
		return weft_pool_change_map(pool, change, extack);
	return weft_pool_change_ranges(pool, config, change, extack);
}

static struct weft_pool *weft_pool_alloc(struct weft_datapath *dp,
					 const struct weft_pool_config *config)
{
	struct weft_pool *pool;
	u32 i, n_keys = 0;

	if (config->type == WEFT_POOL_TYPE_RANGES)
		n_keys = WEFT_POOL_PROTOS * (config->reuse ? WEFT_POOL_BUCKETS : 1);
	pool = kvzalloc(struct_size(pool, open, n_keys), GFP_KERNEL_ACCOUNT);
	if (!pool)
		return NULL;
	spin_lock_init(&pool->lock);
	refcount_set(&pool->refs, 1);
	pool->dp = dp;
	pool->config = *config;
	pool->n_keys = n_keys;
	for (i = 0; i < n_keys; i++)
		bitmap_fill(pool->open[i], WEFT_POOL_RANGES_MAX);
	if (!n_keys)
		return pool;
	pool->blocks = kcalloc(WEFT_POOL_RANGES_MAX, sizeof(*pool->blocks), GFP_KERNEL_ACCOUNT);
	if (pool->blocks)
		return pool;
	kvfree(pool);
	return NULL;
}

/* Withdraw all that it has; it goes with its last block */
static void weft_pool_close(struct weft_pool *pool)
{
	struct weft_map *map = weft_pool_map(pool);
	unsigned int i;
	bool last;
	u32 j;

	for (i = 0; i < WEFT_POOL_PLANS; i++) {
		struct weft_plan *plan = pool->plans[i];

		spin_lock_bh(&pool->lock);
		pool->plans[i] = NULL;
		spin_unlock_bh(&pool->lock);
		for (j = 0; plan && j < plan->n; j++) {
			spin_lock_bh(&pool->lock);
			last = weft_pool_withdraw(pool, plan->entries[j].block);
			spin_unlock_bh(&pool->lock);
			if (!last)
				continue;
			weft_block_free(plan->entries[j].block);
			weft_pool_unref(pool);
		}
		kvfree(plan);
	}
	RCU_INIT_POINTER(pool->map, NULL);
	if (map)
		kvfree_rcu(map, rcu);
	weft_pool_unref(pool);
}

struct weft_pool *weft_pool_create(struct weft_datapath *dp, const struct weft_pool_config *config,
				   const struct weft_pool_change *change,
				   struct netlink_ext_ack *extack)
{
	struct weft_pool *pool = weft_pool_alloc(dp, config);
	int err;

	if (!pool) {
		NL_SET_ERR_MSG(extack, "no memory for the pool");
		return ERR_PTR(-ENOMEM);
	}
	err = weft_pool_change(pool, config, change, extack);
	if (!err) {
		err = xa_err(xa_store(&dp->pools, config->id, pool, GFP_KERNEL_ACCOUNT));
		if (err)
			NL_SET_ERR_MSG(extack, "no memory for the pool's number");
	}
	if (!err)
		return pool;
	weft_pool_close(pool);
	return ERR_PTR(err);
}

void weft_pool_delete(struct weft_datapath *dp, struct weft_pool *pool)
{
	xa_erase(&dp->pools, pool->config.id);
	weft_pool_close(pool);
}

struct weft_pool *weft_pool_find(struct weft_datapath *dp, u32 id)
{
	lockdep_assert_held(&dp->lock);
	return xa_load(&dp->pools, id);
}

struct weft_pool *weft_pool_get(struct weft_datapath *dp, u32 id)
{
	struct weft_pool *pool = weft_pool_find(dp, id);

	if (pool)
		pool->n_templates++;
	return pool;
}

void weft_pool_put(struct weft_pool *pool)
{
	lockdep_assert_held(&pool->dp->lock);
	pool->n_templates--;
}

u32 weft_pool_id(const struct weft_pool *pool)
{
	return pool->config.id;
}

bool weft_pool_reuses(const struct weft_pool *pool)
{
	return pool->config.reuse;
}

enum weft_pool_type weft_pool_kind(const struct weft_pool *pool)
{
	return pool->config.type;
}

void weft_pool_read(struct weft_pool *pool, struct weft_pool_info *info)
{
	const struct weft_map *map = weft_pool_map(pool);
	unsigned int i;

	spin_lock_bh(&pool->lock);
	info->config = pool->config;
	info->total = pool->total;
	info->used = pool->used;
	info->refused = pool->refused;
	spin_unlock_bh(&pool->lock);
	info->n_templates = pool->n_templates;
	info->n_items = map ? map->n : 0;
	for (i = 0; i < WEFT_POOL_PLANS; i++)
		info->n_items += pool->plans[i] ? pool->plans[i]->n : 0;
}

const void *weft_pool_item(const struct weft_pool *pool, u32 i)
{
	const struct weft_map *map = weft_pool_map(pool);
	const struct weft_plan *plan;
	unsigned int which;

	if (map)
		return &map->entries[i].pair;
	for (which = 0; which < WEFT_POOL_PLANS; which++) {
		plan = pool->plans[which];
		if (plan && i < plan->n)
			return &plan->entries[i].block->range;
		i -= plan ? plan->n : 0;
	}
	return NULL;
}

void weft_pools_init(struct weft_datapath *dp)
{
	xa_init(&dp->pools);
}

void weft_pools_exit(struct weft_datapath *dp)
{
	struct weft_pool *pool;
	unsigned long id;

	mutex_lock(&dp->lock);
	xa_for_each(&dp->pools, id, pool)
		weft_pool_delete(dp, pool);
	mutex_unlock(&dp->lock);
	xa_destroy(&dp->pools);
}
