// SPDX-License-Identifier: GPL-2.0-only
/*
 * What cached programs have in common, and what they are tied to in general.
 *
 * A path has what a walk noted of rules: their counters, and the stamps of the places where it
 * looked. Of instances, and of places where such would be, each program has its own. Programs
 * whose walks noted the same, counts of stamps included, share one; whether
 * it still holds is then found out once for all of them.
 *
 * A rule may be met by one connection only, and a path for that would be a waste: there is none
 * for a walk whose like was not the last in its slot, nor for one that came by no instances.
 */
#include <linux/hash.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "path.h"
#include "ties.h"

/* Credits of rules, which a path may have; programs have those of instances */
static u32 weft_trail_n_rules(const struct weft_trail *trail)
{
	u32 i, n = 0;

	for (i = 0; i < trail->n_credits; i++)
		n += !trail->credits[i].of_instance;
	return n;
}

static struct weft_path *weft_path_make(const struct weft_trail *trail)
{
	u32 i, n = 0, n_credits = weft_trail_n_rules(trail);
	struct weft_path *path;
	struct weft_ties ties;

	path = kmalloc(struct_size(path, data, 0) + weft_ties_size(n_credits, trail->n_probes),
		       GFP_ATOMIC | __GFP_NOWARN);
	if (!path)
		return NULL;
	refcount_set(&path->refs, 1);
	path->seq = trail->seq;
	path->n_credits = n_credits;
	path->n_probes = trail->n_probes;
	ties = weft_path_ties(path);
	memcpy(ties.probes, trail->probes, trail->n_probes * sizeof(*ties.probes));
	for (i = 0; i < trail->n_credits; i++)
		if (!trail->credits[i].of_instance)
			weft_ties_credit(&ties, n++, &trail->credits[i]);
	return path;
}

void weft_path_put(struct weft_path *path)
{
	struct weft_ties ties;

	if (!path || !refcount_dec_and_test(&path->refs))
		return;
	ties = weft_path_ties(path);
	weft_ties_put(&ties);
	kfree(path);
}

static bool weft_path_probed(const struct weft_path *path, const struct weft_trail *trail)
{
	struct weft_ties ties = weft_path_ties(path);

	return !memcmp(ties.probes, trail->probes, ties.n_probes * sizeof(*ties.probes));
}

/* Has the walk noted just this? Where it looked tells the tables, too. */
static bool weft_path_same(struct weft_path *path, const struct weft_stamps *stamps,
			   const struct weft_trail *trail)
{
	struct weft_ties ties = weft_path_ties(path);
	u32 i, n = 0;

	if (path->n_probes != trail->n_probes || path->n_credits != weft_trail_n_rules(trail))
		return false;
	for (i = 0; i < trail->n_credits; i++) {
		const struct weft_credit *credit = &trail->credits[i];

		if (credit->of_instance)
			continue;
		if (ties.stats[n] != credit->stats)
			return false;
		n++;
	}
	if (weft_path_probed(path, trail))
		return true;
	/* stamps may have moved on for something else */
	return weft_path_holds(path, stamps, trail->seq, true) && weft_path_probed(path, trail);
}

static u32 weft_trail_hash(const struct weft_trail *trail)
{
	u32 hash = trail->n_probes, i;

	for (i = 0; i < trail->n_probes; i++)
		hash = (hash ^ trail->probes[i].hash) * GOLDEN_RATIO_32;
	return hash;
}

struct weft_path *weft_path_get(struct weft_path_slot *slots, const struct weft_stamps *stamps,
				const struct weft_trail *trail)
{
	struct weft_path_slot *slot;
	u32 hash;

	if (!trail->n_own)
		return NULL;
	hash = weft_trail_hash(trail);
	slot = &slots[hash >> (32 - WEFT_PATH_BITS)];
	if (slot->path && slot->hash == hash && weft_path_same(slot->path, stamps, trail)) {
		refcount_inc(&slot->path->refs);
		return slot->path;
	}
	weft_path_put(slot->path);
	slot->path = slot->hash == hash ? weft_path_make(trail) : NULL;
	slot->hash = hash;
	if (slot->path)
		refcount_inc(&slot->path->refs);
	return slot->path;
}

void weft_paths_trim(struct weft_path_slot *slots, bool all)
{
	unsigned int i;

	for (i = 0; i < WEFT_PATHS; i++) {
		if (!slots[i].path || (!all && refcount_read(&slots[i].path->refs) > 1))
			continue;
		weft_path_put(slots[i].path);
		slots[i].path = NULL;
	}
}
