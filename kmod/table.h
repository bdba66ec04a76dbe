/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flow tables: tuple-space search.
 *
 * A table has a subtable for every distinct mask; a subtable is a hash table over
 * the key's words under that mask. Subtables are tried in the order of
 * the highest priority that they have ever held, so a walk stops as soon as none
 * of the rest can beat what it found. Traffic never makes a mask.
 */
#ifndef WEFT_TABLE_H
#define WEFT_TABLE_H

#include <linux/rhashtable.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include "flow.h"
#include "key.h"
#include "trail.h"

struct weft_datapath;

struct weft_subtable {
	struct rhltable flows;		/* entries, dead ones too until reclaimed */
	struct weft_table *table;
	u64 map;			/* words that the mask uses */
	u8 n;				/* how many */
	s32 max_priority;		/* no entry is above; dp->lock */
	s32 floor;			/* at least that, for instances; dp->lock, WRITE_ONCE */
	u32 n_max;			/* entries that are there; dp->lock */
	u32 n_flows;			/* in the hash; dp->lock */
	u32 n_pending;			/* changes that mean to use it; dp->lock */
	u64 announced;			/* ldp buckets whose walks know it; dp->lock; stamp.c */
	s8 ldp_at;			/* which of the words pins ldp down; -1: none does */
	struct weft_volatile vol;	/* volatile bits that the mask looks at */
	struct rcu_work free_work;
	u64 mask[];			/* the n words; then the secret of weft_subtable_hash() */
};

struct weft_subtable_ref {
	struct weft_subtable *subtable;
	s32 max_priority;
};

/* Replaced as a whole; by descending max_priority */
struct weft_subtable_list {
	struct rcu_head rcu;
	u32 n;
	struct weft_subtable_ref refs[];
};

struct weft_table {
	struct weft_subtable_list __rcu *subtables;
	u32 n_flows;			/* alive, without the miss entry; dp->lock */
	u8 id;
};

/*
 * Highest-priority entry that is alive in @version and matches; notes in @trail what the
 * answer depends on. RCU.
 */
struct weft_flow *weft_table_lookup(const struct weft_datapath *dp, u8 id,
				    const struct weft_key *key, u64 version,
				    struct weft_trail *trail);

/*
 * The same among the entries of instances only, for a key that no packet has: leaves no trail.
 * RCU.
 */
struct weft_flow *weft_table_lookup_instance(const struct weft_datapath *dp, u8 id,
					     const struct weft_key *key);

/* Where an entry with these words is, for stamps */
u32 weft_subtable_hash(const struct weft_subtable *subtable, const u64 *words);

/* The logical datapath of an entry whose subtable pins it down */
__be32 weft_flow_ldp(const struct weft_flow *flow);

/* The entry with exactly this mask, key and priority; dp->lock or RCU */
struct weft_flow *weft_subtable_find(struct weft_subtable *subtable, const u64 *key,
				     s32 priority, u64 version);

/*
 * The subtable for @mask, made when absent, and pinned by n_pending until
 * weft_subtable_unpin(); dp->lock. ERR_PTR(-ENOMEM).
 */
struct weft_subtable *weft_subtable_pin(struct weft_table *table, const struct weft_key *mask);
void weft_subtable_unpin(struct weft_subtable *subtable);

/* Link and unlink an entry; dp->lock; process context */
int weft_subtable_insert(struct weft_subtable *subtable, struct weft_flow *flow);
void weft_subtable_remove(struct weft_subtable *subtable, struct weft_flow *flow);

/*
 * Entries of instances. Traffic makes them, without dp->lock, so the subtable was pinned
 * and their highest priority announced before: all walks look into it. dp->lock; -ENOMEM
 */
int weft_subtable_announce(struct weft_datapath *dp, struct weft_subtable *subtable, s32 priority);

/*
 * Link and unlink one, which nobody is to find yet, or any more; -errno; any context, BH off.
 * @hash is that of weft_subtable_hash().
 */
int weft_subtable_link(struct weft_subtable *subtable, struct weft_flow *flow, u32 hash);
void weft_subtable_unlink(struct weft_subtable *subtable, struct weft_flow *flow);

/* The one of an instance that is live; @hash as above; RCU */
struct weft_flow *weft_subtable_find_instance(struct weft_subtable *subtable, const u64 *key,
					      u32 hash, s32 priority);

/* Masked words of @key */
void weft_subtable_mask_key(const struct weft_subtable *subtable, const struct weft_key *key,
			    u64 *words);

/* Does a packet with @key meet an entry with @words? */
bool weft_subtable_matches(const struct weft_subtable *subtable, const u64 *words,
			   const struct weft_key *key);

/* Back to a whole match: words under the subtable's mask, or a part of that */
void weft_subtable_expand(const struct weft_subtable *subtable, const u64 *words,
			  const u64 *mask, struct weft_match *match);

/* Does an entry with @words pin down all that @filter does, with its values? */
bool weft_subtable_within(const struct weft_subtable *subtable, const u64 *words,
			  const struct weft_match *filter);

/* The entry that holds the miss actions, or NULL; dp->lock */
struct weft_flow *weft_table_miss(const struct weft_table *table, u64 version);

/* Counters of a table as of the last weft_caches_fold(); past entries count too */
void weft_table_stats(const struct weft_datapath *dp, u8 id, u64 *matched, u64 *missed);

/* Number of masks in use; dp->lock */
u32 weft_table_n_masks(const struct weft_table *table);

/* Free everything; no reader is left */
void weft_table_destroy(struct weft_table *table);

#endif /* WEFT_TABLE_H */
