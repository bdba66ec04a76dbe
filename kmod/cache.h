/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flow cache: programs of walks, kept for the packets that come after.
 *
 * Each CPU has its own, and is the only one to look things up in it and to use what
 * it finds; the hit path takes no lock and writes nothing that another CPU reads per
 * packet. Whoever changes a cache (its CPU on a miss, the sweeper, a resize) holds its
 * lock.
 */
#ifndef WEFT_CACHE_H
#define WEFT_CACHE_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>
#include <linux/weft.h>
#include <linux/workqueue.h>
#include "key.h"
#include "program.h"
#include "stamp.h"
#include "trail.h"
#include "tundst.h"

struct weft_datapath;

/* Programs in all caches of a datapath */
#define WEFT_MAX_CACHED_DEFAULT	BIT(18)

/* Programs of a hash's bucket; with their tags they fill a cache line of 64 bytes */
#define WEFT_WAYS	6

/* What kind of key a program is for: which parts of it are compared */
#define WEFT_SHAPE_TUNNEL	BIT(0)	/* metadata of a tunnel */
#define WEFT_SHAPE_TUNNEL_MORE	BIT(1)	/* IPv6 addresses and option slots of it, too */
#define WEFT_SHAPE_NEIGH	BIT(2)	/* ARP or ND addresses */
#define WEFT_SHAPE_IPV6		BIT(3)	/* the rest of both addresses */

/* Before a program is used: do instances look at the packet, and somebody at its length? */
#define WEFT_GUARDED_STATE	BIT(0)
#define WEFT_GUARDED_MTU	BIT(1)

/* One program under its key, and what it is to credit */
struct weft_cached {
	/* compared */
	u32 hash;
	u8 shape;
	u8 ttl_min;
	u8 ttl_span;			/* above ttl_min */
	u8 hot;				/* used since the clock's hand passed */
	union {
		struct weft_volatile vol;	/* with the stable bits of those words set */
		struct {		/* once it is in no slot any more */
			struct weft_caches *caches;	/* a reference */
			struct rcu_head rcu;
		};
	};

	/* written by the CPU that has it */
	u32 seq;			/* of the stamps, when it last held */
	u32 used;			/* jiffies, low half */
	u64_stats_t packets;
	u64_stats_t bytes;
	struct u64_stats_sync syncp;

	/* the cache's lock; in the end the RCU callback */
	u64 folded_packets;		/* have been credited already */
	u64 folded_bytes;

	u16 layers;
	u16 len;			/* of the operations */
	u16 n_probes;
	u8 n_tunnels;
	u8 n_words;
	u8 n_credits;
	u8 from;			/* weft_progmem_alloc() */
	u8 watch;			/* enum weft_watch, the most of all credits; by its CPU */
	u8 guarded;			/* WEFT_GUARDED_*: each packet is looked at */
	u16 mtu;			/* no longer ones; U16_MAX: of any length */
	u64 data[];	/* words of the key, operations, credits, probes, tables */
};

struct weft_bucket {
	u16 tag[WEFT_WAYS];
	u16 hand;
	u16 away;		/* programs that belong here and are next door; lock */
	struct weft_cached *way[WEFT_WAYS];
} __aligned(64);

/* Buckets; replaced as a whole when it grows or shrinks */
struct weft_cache_table {
	struct weft_cache_table *old;	/* is being emptied into this one */
	u32 shift;			/* of a hash, to its bucket */
	u32 n;
	struct rcu_head rcu;
	struct weft_bucket buckets[];
};

struct weft_cache_counts {
	u64 hits;		/* packets done by a cached program */
	u64 misses;		/* that walked */
	u64 stale;		/* of those: there was a program, made void by a change */
	u64 evicted;		/* programs that made room */
	u64 refused;		/* programs not cached for want of memory or room, or too long */
};

struct weft_cache {
	spinlock_t lock;	/* programs and table, but for lookups on its CPU */
	struct weft_cache_table __rcu *table;
	u32 n;			/* programs; lock */
	u32 hand;		/* next bucket to look for a victim in; lock */
	u32 displaced;		/* programs whose bucket was full, since the last sweep; lock */
	bool crowded;		/* the sweeper has been asked to make it larger; lock */

	/* by its CPU only */
	u64_stats_t hits;
	u64_stats_t misses;
	u64_stats_t stale;
	u64_stats_t evicted;
	u64_stats_t refused;
	struct u64_stats_sync syncp;
} ____cacheline_aligned_in_smp;

struct weft_table_counts {
	atomic64_t matched;
	atomic64_t missed;
};

/* The caches of a datapath. Programs that die after it hold references. */
struct weft_caches {
	struct weft_cache __percpu *cpu;
	struct weft_stamps *stamps;	/* the datapath's */
	refcount_t refs;
	u32 limit;		/* of programs; READ_ONCE */
	u64 secret[WEFT_KEY_WORDS + 14];	/* of the hash */
	struct mutex mutex;	/* who goes through all of it: fold, sweep */
	struct delayed_work work;
	struct weft_table_counts tables[WEFT_N_TABLES];
	struct weft_tundsts tundsts;
	atomic_t live ____cacheline_aligned_in_smp;	/* programs in all of them */
};

struct weft_caches *weft_caches_alloc(struct weft_stamps *stamps);

/* No packet is on its way and none will come */
void weft_caches_destroy(struct weft_caches *caches);

/*
 * The program for @key, or NULL; also gives the hash. @tunnel: the key has metadata of
 * a tunnel, else only in_port and mark are read of its metadata. @nested: a packet
 * further out is being done on this CPU. Valid as long as RCU is locked. BH off.
 */
struct weft_cached *weft_cache_find(struct weft_caches *caches, const struct weft_key *key,
				    bool tunnel, bool nested, u32 *hash);

/* A packet is done by @p. By its CPU, BH off. */
static inline void weft_cached_used(struct weft_cached *p, u32 packets, u32 bytes)
{
	u64_stats_update_begin(&p->syncp);
	u64_stats_add(&p->packets, packets);
	u64_stats_add(&p->bytes, bytes);
	u64_stats_update_end(&p->syncp);
	WRITE_ONCE(p->used, (u32)jiffies);
	WRITE_ONCE(p->hot, 1);
}

/* What is in weft_cached.data behind the words of the key, in this order */

static inline const void *weft_cached_ops(const struct weft_cached *p)
{
	return p->data + p->n_words;
}

static inline struct weft_flow_stats **weft_cached_stats(const struct weft_cached *p)
{
	return (void *)(p->data + p->n_words) + p->len;
}

static inline struct weft_probe *weft_cached_probes(const struct weft_cached *p)
{
	return (void *)PTR_ALIGN(weft_cached_stats(p) + p->n_credits, sizeof(u64));
}

/* For each credit the number of its table, and WEFT_CREDIT_* */
static inline u16 *weft_cached_tables(const struct weft_cached *p)
{
	return (void *)(weft_cached_probes(p) + p->n_probes);
}

#define WEFT_CREDIT_MATCHED	BIT(8)
#define WEFT_CREDIT_REFRESH	BIT(9)
#define WEFT_CREDIT_GUARD	BIT(10)	/* the entry's instance looks at each packet, */
#define WEFT_CREDIT_WATCH	BIT(11)	/* or is told of some, */
#define WEFT_CREDIT_REPLY	BIT(12)	/* as of one of who replies */

/* What is to be kept */
struct weft_cache_entry {
	const struct weft_key *key;	/* before the walk */
	const struct weft_program *prog;
	const struct weft_trail *trail;
	u32 hash;
	bool tunnel;
	u32 packets;			/* the first packet counts */
	u32 bytes;
};

/* Keep a program; false when that is not possible. BH off, RCU. */
bool weft_cache_insert(struct weft_caches *caches, const struct weft_cache_entry *entry,
		       bool nested);

/* Credit a packet whose program is not kept */
void weft_trail_settle(struct weft_caches *caches, const struct weft_trail *trail,
		       u32 packets, u32 bytes);

/* Bring the counters of entries and tables up to date with the programs; may sleep */
void weft_caches_fold(struct weft_caches *caches);

/* Look soon for programs that do not hold any more */
void weft_caches_sweep(struct weft_caches *caches);

/* Change the limit; programs above it go soon */
void weft_caches_limit(struct weft_caches *caches, u32 limit);

void weft_caches_counts(const struct weft_caches *caches, struct weft_cache_counts *counts);

#endif /* WEFT_CACHE_H */
