/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stamps: what tells a cached program that the tables it came from have changed.
 *
 * Everything that a walk looks up and that can change has a hash: an entry's
 * place in its subtable, a port's number, a logical port, the list of subtables
 * of a table. A datapath has an array of stamps, indexed by that hash. Who
 * changes something raises the stamp of its hash and then the datapath's
 * sequence number. A walk notes the stamp of each hash before it looks there.
 *
 * A cached program compares the sequence number for each packet, and only when
 * that has moved the stamps it noted. A stamp holds the hash of its last
 * change, too: if exactly one change has come to pass and its hash is not that of
 * the program, they merely share the stamp, and nothing is walked anew.
 */
#ifndef WEFT_STAMP_H
#define WEFT_STAMP_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/types.h>

struct in6_addr;
struct weft_flow;
struct weft_subtable;

#define WEFT_STAMP_BITS	15
#define WEFT_STAMPS	BIT(WEFT_STAMP_BITS)

/* A table's stamp is shared out among the logical datapaths */
#define WEFT_STAMP_LDP_BITS	6
#define WEFT_STAMP_LDPS		BIT(WEFT_STAMP_LDP_BITS)

struct weft_stamps {
	atomic_t seq;			/* rises after each change */
	u32 seed;
	/* low half: number of changes; high half: hash of the last one */
	atomic64_t slots[WEFT_STAMPS] ____cacheline_aligned;
};

/* What a walk noted */
struct weft_probe {
	u32 hash;
	u32 count;
};

struct weft_stamps *weft_stamps_alloc(void);

/* Something with this hash has changed; visible to all before this is called */
void weft_stamp(struct weft_stamps *stamps, u32 hash);

/* All that was stamped holds for packets from now on */
static inline void weft_stamps_publish(struct weft_stamps *stamps)
{
	smp_mb__before_atomic();	/* the stamps first */
	atomic_inc(&stamps->seq);
}

/* Hashes. Of the list of subtables of a table, as keys with @ldp meet it: */
u32 weft_stamp_table(const struct weft_stamps *stamps, u8 table, u32 ldp_bucket);
u32 weft_stamp_ldp_bucket(__be32 ldp);
/* of a port's number, and of a logical port */
u32 weft_stamp_port(const struct weft_stamps *stamps, u32 id);
u32 weft_stamp_lport(const struct weft_stamps *stamps, u32 ldp, u32 lport);
/* of how the way to a remote of a tunnel port is */
u32 weft_stamp_remote(const struct weft_stamps *stamps, u32 port, const struct in6_addr *addr);

/* Note a stamp before looking at what it stands for */
static inline void weft_probe(const struct weft_stamps *stamps, u32 hash,
			      struct weft_probe *probe)
{
	const atomic64_t *slot = &stamps->slots[hash >> (32 - WEFT_STAMP_BITS)];

	probe->hash = hash;
	probe->count = (u32)atomic64_read(slot);
	smp_rmb();	/* pairs with the full barrier in weft_stamp() */
}

/*
 * Does what was seen still hold? Follows stamps that changes of something else
 * have raised, if @follow: only the CPU that runs the program may.
 */
bool weft_probes_hold(const struct weft_stamps *stamps, struct weft_probe *probes, u32 n,
		      bool follow);

/*
 * An entry was published, or has died. @appears: walks that never looked into its subtable
 * may have to, now. dp->lock.
 */
void weft_stamp_flow(struct weft_stamps *stamps, const struct weft_flow *flow, bool appears);

/* Whatever the logical datapath, walks may have to look into it from now on. dp->lock. */
void weft_stamp_subtable(struct weft_stamps *stamps, struct weft_subtable *subtable);

#endif /* WEFT_STAMP_H */
