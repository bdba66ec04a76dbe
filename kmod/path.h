/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths: what cached programs of a CPU have in common.
 *
 * Connections by the thousand take the same way: the same rules of the same tables to the same
 * port. Their programs differ in the key, in what is done to the packet, and in the instance
 * that they belong to; the rest is kept once for all of them.
 */
#ifndef WEFT_PATH_H
#define WEFT_PATH_H

#include <linux/refcount.h>
#include <linux/types.h>
#include "stamp.h"
#include "trail.h"

#define WEFT_PATH_BITS	9
#define WEFT_PATHS	BIT(WEFT_PATH_BITS)

/* What is credited with a packet, and what has to hold: of a program, or of a path */
struct weft_ties {
	struct weft_flow_stats **stats;	/* n_credits of them; NULL: no entry */
	struct weft_probe *probes;	/* n_probes */
	u16 *tables;			/* of each credit: number of the table, WEFT_CREDIT_* */
	u32 n_credits;
	u32 n_probes;
};

/* References: one of each program, and of the slot */
struct weft_path {
	refcount_t refs;
	u32 seq;			/* of the stamps, when it last held; by its CPU */
	u16 n_probes;
	u8 n_credits;
	u64 data[];			/* as weft_ties_at() says */
};

/* Where paths with such a hash are looked for; lossy. A hash that came once has no path yet. */
struct weft_path_slot {
	u32 hash;
	struct weft_path *path;		/* a reference */
};

/* Bytes of ties, and where they are from @at on, which is aligned to 8 */
static inline size_t weft_ties_size(u32 n_credits, u32 n_probes)
{
	return n_credits * sizeof(struct weft_flow_stats *) + n_probes * sizeof(struct weft_probe) +
	       n_credits * sizeof(u16);
}

static inline struct weft_ties weft_ties_at(const void *at, u32 n_credits, u32 n_probes)
{
	struct weft_ties ties = {
		.stats = (void *)at, .n_credits = n_credits, .n_probes = n_probes,
	};

	ties.probes = (void *)(ties.stats + n_credits);
	ties.tables = (void *)(ties.probes + n_probes);
	return ties;
}

static inline struct weft_ties weft_path_ties(const struct weft_path *path)
{
	return weft_ties_at(path->data, path->n_credits, path->n_probes);
}

/*
 * The path of a walk, with a reference, or NULL: it is the first of its kind, came by no
 * instances, or memory is short. By the CPU of the slots, their cache's lock is held; RCU.
 */
struct weft_path *weft_path_get(struct weft_path_slot *slots, const struct weft_stamps *stamps,
				const struct weft_trail *trail);
void weft_path_put(struct weft_path *path);

/* Does it hold for packets of now, @seq? @follow: as weft_probes_hold() */
static inline bool weft_path_holds(struct weft_path *path, const struct weft_stamps *stamps,
				   u32 seq, bool follow)
{
	struct weft_ties ties;

	if (READ_ONCE(path->seq) == seq)
		return true;
	ties = weft_path_ties(path);
	if (!weft_probes_hold(stamps, ties.probes, ties.n_probes, follow))
		return false;
	if (follow)
		WRITE_ONCE(path->seq, seq);
	return true;
}

/* Let go of those that no program has any more, or of all; the cache's lock, or nobody has it */
void weft_paths_trim(struct weft_path_slot *slots, bool all);

#endif /* WEFT_PATH_H */
