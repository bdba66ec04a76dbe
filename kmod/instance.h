/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instances: what a template made of one packet.
 */
#ifndef WEFT_INSTANCE_H
#define WEFT_INSTANCE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/weft.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "flow.h"
#include "pool.h"
#include "table.h"
#include "template.h"
#include "trail.h"
#include "window.h"

struct sk_buff;
struct weft_datapath;
struct weft_key;
struct weft_port;

#define WEFT_INSTANCES_DEFAULT		BIT(20)
#define WEFT_INSTANCES_PORT_DEFAULT	BIT(18)

/* Bits of weft_instance.seen */
#define WEFT_SEEN_FAILED	0	/* there was no value: it stands for the failure */
#define WEFT_SEEN_REPLY		1
#define WEFT_SEEN_SYN		2
#define WEFT_SEEN_SYNACK	3
#define WEFT_SEEN_ESTABLISHED	4
#define WEFT_SEEN_FIN		5	/* and the next bit: in the other direction */
#define WEFT_SEEN_FIN_REPLY	6
#define WEFT_SEEN_RST		7
#define WEFT_SEEN_TCP		8
#define WEFT_SEEN_ENDED		9	/* somebody is at its end */

/* An entry of an instance; its masked words follow */
struct weft_ientry {
	struct weft_flow_stats stats;
	struct weft_flow flow;
};

/*
 * In one piece: behind this structure the values, the windows of a TCP connection if the template
 * asks for them, and then the entries, each of weft_ientry_size(). There may be very many, so what
 * the template knows, its datapath for one, is not here again. References: one of being there,
 * and those of cached programs, for the counters of its entries.
 */
struct weft_instance {
	struct weft_instance_life life;
	u8 from;			/* weft_progmem_alloc() */
	u8 n_entries;
	u8 entries_at;			/* words from the instance */
	u8 when;			/* enum weft_when, what opened it */
	bool windows;			/* a struct weft_window is in front of the entries */
	u16 in_port;
	atomic_t refs;
	u32 pending;			/* packets line up there, behind those that wait; 0: none */
	unsigned long seen;		/* WEFT_SEEN_* */
	struct weft_template *template;	/* holds a reference */
	u32 id;
	s32 priority;			/* of the sending entry */
	u64 created;			/* jiffies64 */
	union {
		struct list_head wheel;	/* instances->slots */
		struct rcu_head rcu;	/* when it has left the wheel for good */
	};
	struct weft_claim claim;
	u8 values[];
};

static_assert(WEFT_WHEN_ALL <= U8_MAX && WEFT_PORT_ID_MAX <= U16_MAX);
static_assert(sizeof(struct weft_instance) + WEFT_VALUES_MAX * WEFT_FIELD_LEN_MAX +
	      sizeof(struct weft_window) <= U8_MAX * sizeof(u64), "entries_at");

static inline struct weft_ientry *weft_ientry_next(const struct weft_ientry *entry)
{
	return (void *)(entry + 1) + entry->flow.subtable->n * sizeof(u64);
}

static inline struct weft_ientry *weft_ientry_first(const struct weft_instance *i)
{
	return (void *)i + i->entries_at * sizeof(u64);
}

/* Of a TCP connection whose windows are tracked; else NULL */
static inline struct weft_window *weft_instance_window(const struct weft_instance *i)
{
	return i->windows ? (void *)weft_ientry_first(i) - sizeof(struct weft_window) : NULL;
}

#define weft_for_each_ientry(entry, n, i)					\
	for ((n) = 0, (entry) = weft_ientry_first(i); (n) < (i)->n_entries;	\
	     (n)++, (entry) = weft_ientry_next(entry))

/* What it was made from */
static inline const struct weft_tentry *weft_ientry_template(const struct weft_ientry *entry,
							     const struct weft_instance *i)
{
	return &i->template->entries[entry->flow.n];
}

/* Counters of an entry: of a rule, or of an instance */
static inline struct weft_flow_stats *weft_flow_stats(const struct weft_flow *flow)
{
	return flow->at ? &container_of((struct weft_flow *)flow, struct weft_ientry, flow)->stats :
			  &weft_rule(flow)->stats->stats;
}

/* The instance that has these counters */
static inline struct weft_instance *weft_stats_instance(const struct weft_flow_stats *stats)
{
	return weft_flow_instance(&container_of(stats, struct weft_ientry, stats)->flow);
}

/* What an entry does; NULL: a rule that only says what is missing (a deletion) */
static inline const struct weft_actions *weft_flow_actions(const struct weft_flow *flow)
{
	const struct weft_instance *i;

	if (!flow->at)
		return weft_rule(flow)->actions;
	i = weft_flow_instance(flow);
	return test_bit(WEFT_SEEN_FAILED, &i->seen) ? i->template->fail :
						      i->template->entries[flow->n].actions;
}

static_assert(offsetof(struct weft_instance, life) == 0, "weft_flow_alive() relies on it");

#define WEFT_WHEEL_SLOTS	512
#define WEFT_WHEEL_TICK		(HZ / 8 ?: 1)
#define WEFT_INSTANCE_LOCKS	64

/* The instances of a datapath */
struct weft_instances {
	struct weft_datapath *dp;
	struct xarray ids;		/* its lock is taken with BH off */
	u32 next_id;
	atomic_t n;
	u32 limit;			/* READ_ONCE */
	u32 limit_slice;
	u32 limit_port;
	atomic_t *slices;		/* instances of each; U16_MAX + 1 of them */
	atomic_t *ports;
	/* held by who makes entries with such a hash */
	spinlock_t locks[WEFT_INSTANCE_LOCKS];
	u32 seed;

	spinlock_t wheel_lock;		/* what follows, but folded_at; innermost */
	struct list_head slots[WEFT_WHEEL_SLOTS];	/* by when to look at them again */
	u32 waiting;			/* in all of them */
	u64 tick;			/* that was last done, jiffies64 / WEFT_WHEEL_TICK */
	u64 folded_at;			/* jiffies64: counters were complete; of the work */
	struct delayed_work work;
};

/* What an instance is to be made of */
struct weft_opening {
	struct weft_template *template;
	const struct weft_key *key;	/* of the packet; NULL for an import */
	u32 when;
	u32 in_port;
	s32 priority;			/* of the entry that names the template */
	bool failed;			/* it stands for a failure */
	bool exactly;			/* values and drawn are what is wanted */
	unsigned long seen;		/* WEFT_SEEN_*, as if from before */
	unsigned long idle;		/* jiffies; an import may have been idle before */
	u32 pending;			/* what waits for it; 0: nothing */
	struct weft_drawn drawn;
	struct weft_instance *made;	/* or found; valid under RCU */
	u32 id;				/* of that */
	u32 hash;			/* where its first entry is, which has these words */
	u64 words[WEFT_KEY_WORDS];
	u8 values[WEFT_VALUES_MAX * WEFT_FIELD_LEN_MAX];
};

enum weft_opened {
	WEFT_OPEN_FOUND,	/* there was one */
	WEFT_OPEN_MADE,		/* there is one now, maybe somebody else's, or for a failure */
	WEFT_OPEN_WAITS,	/* a daemon has to give the values */
	WEFT_OPEN_FAILED,	/* no value, and no entry to say so: do the failure's actions */
	WEFT_OPEN_NO_HEADER,	/* no entry is for such a packet */
	WEFT_OPEN_REFUSED,	/* a limit, or memory */
};

/*
 * A packet meets the action template:ID: give it an instance. The caller has set template, key,
 * in_port and priority; made is valid as long as RCU is locked. BH off, RCU.
 */
enum weft_opened weft_instance_open(struct weft_datapath *dp, struct weft_opening *o);

/* Values that the entries take which would be made, as a set: template and when are set */
u32 weft_opening_needs(const struct weft_opening *o);

/*
 * Make one with the values that the caller gives: all of weft_opening but made is set, values has
 * its variables. -EEXIST, -EADDRINUSE, -ENOSPC, -ENOMEM, -ESHUTDOWN. dp->lock.
 */
int weft_instance_add(struct weft_datapath *dp, struct weft_opening *o);

/*
 * Make what stands for a failure, with the values as above; false: the template has no entry
 * for failures, or there is no room for one. dp->lock.
 */
bool weft_instance_add_failure(struct weft_datapath *dp, struct weft_opening *o);

/* Nothing waits any more for the instance with number @id, if it is there: others need not */
void weft_instance_go_on(struct weft_datapath *dp, u32 id, u32 pending);

/* The packet has found an instance: has it also the values that other entries and actions took? */
bool weft_opening_same(const struct weft_opening *o);

/* Is its first entry in this table? Then its packets go there again. */
bool weft_opening_here(const struct weft_instance *i, u8 table);

/* Its first entry */
struct weft_flow *weft_instance_first(const struct weft_instance *i);

/* Where the values are that actions of an entry take */
static inline const u8 *weft_flow_values(const struct weft_flow *flow)
{
	return weft_flow_instance(flow)->values;
}

/*
 * The packet was refused an instance, and goes on: note in @trail what has to change before one
 * like it is given one. False: it has changed, or nobody would tell.
 */
bool weft_opening_refused(struct weft_datapath *dp, struct weft_opening *o,
			  struct weft_trail *trail);

enum weft_tracked {
	WEFT_TRACKED_KEEP,	/* packets like this one may from now on pass without being seen */
	WEFT_TRACKED_SEE,	/* they may not */
	WEFT_TRACKED_OUT,	/* outside of the connection's windows: to be dropped */
};

/*
 * A packet with @key meets an entry of an instance whose template tracks state. Without @skb,
 * windows are not looked at. *reply: it is of who replies. BH off, RCU.
 */
enum weft_tracked weft_instance_track(struct weft_flow *flow, const struct weft_key *key,
				      const struct sk_buff *skb, bool *reply);

/*
 * Is a TCP segment, not SYN, RST or FIN, inside of the windows of an instance that has such? If
 * so they move along. @skb has been through weft_key_extract(), which found @layers. BH off.
 */
bool weft_instance_in_window(struct weft_instance *i, bool reply, const struct sk_buff *skb,
			     u16 layers);

/* What a program of a TCP connection without windows is to tell its instance from now on */
enum weft_watch weft_instance_watched(const struct weft_instance *i);

/* A program does such a packet. Returns how it goes on. BH off, RCU. */
enum weft_watch weft_instance_watch(struct weft_instance *i, bool reply,
				    const struct weft_key *key);

enum weft_state weft_instance_state(const struct weft_instance *i);

/* Its entries have come, gone, or mean something else: packets that meet them walk anew. RCU. */
void weft_instance_stamp(const struct weft_instance *i);

/*
 * End it: its entries are gone for packets that come after; false when somebody else
 * was faster. Process context, or BH off; RCU or a reference.
 */
bool weft_instance_end(struct weft_instance *i, enum weft_reason reason);

void weft_instance_put(struct weft_instance *i);

/* wheel.c */

/* Begin to wait for its expiry, or see anew when that is: its life is shorter now. BH off. */
void weft_wheel_move(struct weft_instance *i);

/*
 * It had the state @before: is its life shorter now? A longer one shows when its turn comes.
 * BH off.
 */
void weft_wheel_changed(struct weft_instance *i, enum weft_state before);

/* It has ended. BH off. */
void weft_wheel_remove(struct weft_instance *i);

void weft_wheel_init(struct weft_instances *instances);
void weft_wheel_exit(struct weft_instances *instances);

/* When it ends without a packet, jiffies64; U64_MAX: never. As of the last fold. */
u64 weft_instance_expires(const struct weft_instance *i, enum weft_reason *reason);

/* jiffies of its last packet, as of the last fold */
unsigned long weft_instance_used(const struct weft_instance *i);

/* Packets and bytes of its entries in one direction, as of the last fold */
void weft_instance_counts(const struct weft_instance *i, bool reply, u64 *packets, u64 *bytes);

/* End all instances of a template; dp->lock */
void weft_instances_end_template(struct weft_datapath *dp, struct weft_template *t);

int weft_instances_init(struct weft_datapath *dp);

/* End all; no packet is on its way. Templates and tables are still there. */
void weft_instances_exit(struct weft_datapath *dp);
void weft_instances_free(struct weft_datapath *dp);

/* netlink_instance.c: INSTANCE_NEW or INSTANCE_DEL to who listens; any context, BH off */
void weft_nl_instance_event(const struct weft_instance *i, enum weft_cmd cmd,
			    enum weft_reason reason);

#endif /* WEFT_INSTANCE_H */
