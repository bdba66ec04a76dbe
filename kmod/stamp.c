// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stamps of what cached programs depend on.
 *
 * Order. A writer makes its change visible, raises the stamps (full barrier each),
 * then the sequence number. A reader notes the sequence number first (acquire),
 * then for each place the stamp and after that what is there. So a reader that has
 * a raised stamp has seen the change, and one that has not will find the
 * stamp raised later. Entries of tables appear by their version: a walk reads that
 * first, so it must see that the version has not moved when it is done (pipeline.c).
 *
 * Subtables come and go. A program has noted the subtables that it looked into; an
 * entry in one that was not there yet, or that the walk did not reach because what it
 * had found was better than anything in there, is news to it. So the first such
 * entry of each logical datapath raises the stamp of the table, too; afterwards every
 * program of that logical datapath has looked into the subtable, and noted it, or
 * has something better.
 */
#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "flow.h"
#include "stamp.h"
#include "table.h"

/* What there are few of: numbers that differ have hashes that differ */
static u32 weft_stamp_number(const struct weft_stamps *stamps, u32 number)
{
	return number * GOLDEN_RATIO_32 + stamps->seed;
}

struct weft_stamps *weft_stamps_alloc(void)
{
	struct weft_stamps *stamps = kvzalloc(sizeof(*stamps), GFP_KERNEL_ACCOUNT);

	if (stamps)
		stamps->seed = get_random_u32();
	return stamps;
}

void weft_stamp(struct weft_stamps *stamps, u32 hash)
{
	atomic64_t *slot = &stamps->slots[hash >> (32 - WEFT_STAMP_BITS)];
	s64 old = atomic64_read(slot), new;

	do {
		new = (u64)hash << 32 | (u32)(old + 1);
	} while (!atomic64_try_cmpxchg(slot, &old, new));
}

u32 weft_stamp_ldp_bucket(__be32 ldp)
{
	return hash_32((__force u32)ldp, WEFT_STAMP_LDP_BITS);
}

u32 weft_stamp_table(const struct weft_stamps *stamps, u8 table, u32 ldp_bucket)
{
	return weft_stamp_number(stamps, table * WEFT_STAMP_LDPS + ldp_bucket);
}

u32 weft_stamp_port(const struct weft_stamps *stamps, u32 id)
{
	return weft_stamp_number(stamps, WEFT_N_TABLES * WEFT_STAMP_LDPS + id);
}

u32 weft_stamp_lport(const struct weft_stamps *stamps, u32 ldp, u32 lport)
{
	return jhash_2words(ldp, lport, stamps->seed);
}

u32 weft_stamp_remote(const struct weft_stamps *stamps, u32 port, const struct in6_addr *addr)
{
	return jhash2((const u32 *)addr, sizeof(*addr) / sizeof(u32), stamps->seed + port);
}

bool weft_probes_hold(const struct weft_stamps *stamps, struct weft_probe *probes, u32 n,
		      bool follow)
{
	u32 i;

	for (i = 0; i < n; i++) {
		struct weft_probe *p = &probes[i];
		u64 now = atomic64_read(&stamps->slots[p->hash >> (32 - WEFT_STAMP_BITS)]);
		u32 count = READ_ONCE(p->count);

		if (likely((u32)now == count))
			continue;
		if ((u32)now != count + 1 || now >> 32 == p->hash)
			return false;
		if (follow)
			WRITE_ONCE(p->count, (u32)now);
	}
	return true;
}

static void weft_stamp_appears(struct weft_stamps *stamps, const struct weft_flow *flow)
{
	struct weft_subtable *subtable = flow->subtable;
	u32 bucket;

	if (subtable->ldp_at >= 0) {
		bucket = weft_stamp_ldp_bucket(weft_flow_ldp(flow));
		if (!(subtable->announced & BIT_ULL(bucket)))
			weft_stamp(stamps, weft_stamp_table(stamps, subtable->table->id, bucket));
		subtable->announced |= BIT_ULL(bucket);
		return;
	}
	if (!subtable->announced)
		weft_stamp_subtable(stamps, subtable);
}

void weft_stamp_subtable(struct weft_stamps *stamps, struct weft_subtable *subtable)
{
	u32 bucket;

	for (bucket = 0; bucket < WEFT_STAMP_LDPS; bucket++)
		weft_stamp(stamps, weft_stamp_table(stamps, subtable->table->id, bucket));
	subtable->announced = U64_MAX;
}

void weft_stamp_flow(struct weft_stamps *stamps, const struct weft_flow *flow, bool appears)
{
	static_assert(WEFT_STAMP_LDPS == 64, "weft_subtable.announced is a set of them");

	weft_stamp(stamps, weft_subtable_hash(flow->subtable, flow->key));
	if (appears)
		weft_stamp_appears(stamps, flow);
}
