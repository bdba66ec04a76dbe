/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a cached program, or the path of some, is tied to: entries that it credits.
 *
 * Inline, as each miss comes by.
 */
#ifndef WEFT_TIES_H
#define WEFT_TIES_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include "cache.h"
#include "flow.h"
#include "instance.h"
#include "path.h"

static inline u16 weft_credit_flags(const struct weft_credit *credit)
{
	if (likely(!credit->of_instance))
		return credit->table | (credit->matched ? WEFT_CREDIT_MATCHED : 0);
	return credit->table | WEFT_CREDIT_INSTANCE |
	       (credit->matched ? WEFT_CREDIT_MATCHED : 0) |
	       (credit->refresh ? WEFT_CREDIT_REFRESH : 0) |
	       (credit->guard && !credit->watch ? WEFT_CREDIT_GUARD : 0) |
	       (credit->watch ? WEFT_CREDIT_WATCH : 0) |
	       (credit->guard == WEFT_GUARD_REPLY ? WEFT_CREDIT_REPLY : 0);
}

/* Note a credit as the @n-th, with a reference on its counters; RCU, which keeps them there */
static inline void weft_ties_credit(const struct weft_ties *ties, u32 n,
				    const struct weft_credit *credit)
{
	struct weft_flow_stats *stats = credit->stats;

	ties->stats[n] = stats;
	ties->tables[n] = weft_credit_flags(credit);
	if (!stats)
		return;
	/* those of an instance are part of it */
	if (credit->of_instance)
		atomic_inc(&weft_stats_instance(stats)->refs);
	else
		refcount_inc(&container_of(stats, struct weft_rule_stats, stats)->refs);
}

/* Put the references on counters */
static inline void weft_ties_put(const struct weft_ties *ties)
{
	u32 i;

	for (i = 0; i < ties->n_credits; i++) {
		struct weft_flow_stats *stats = ties->stats[i];

		if (!stats)
			continue;
		if (ties->tables[i] & WEFT_CREDIT_INSTANCE)
			weft_instance_put(weft_stats_instance(stats));
		else
			weft_rule_stats_put(container_of(stats, struct weft_rule_stats, stats));
	}
}

/* Add packets to all that is credited; @used: jiffies of the last one */
static inline void weft_ties_count(struct weft_caches *caches, const struct weft_ties *ties,
				   u64 packets, u64 bytes, unsigned long used)
{
	u32 i;

	for (i = 0; i < ties->n_credits; i++) {
		u16 table = ties->tables[i];

		if (table & WEFT_CREDIT_REFRESH) {
			weft_flow_credit(ties->stats[i], 0, 0, used);
			continue;
		}
		weft_table_count(caches, (u8)table, table & WEFT_CREDIT_MATCHED, packets);
		if (ties->stats[i])
			weft_flow_credit(ties->stats[i], packets, bytes, used);
	}
}

#endif /* WEFT_TIES_H */
