/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Matches and flow entries.
 */
#ifndef WEFT_FLOW_H
#define WEFT_FLOW_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/weft.h>
#include "key.h"

struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct weft_actions;
struct weft_instance;
struct weft_subtable;

/* Table-miss actions are an entry with the empty match below all priorities */
#define WEFT_PRIORITY_MISS	(-1)

/* A whole match; big: on the heap, only while a request is handled */
struct weft_match {
	struct weft_key value;
	struct weft_key mask;
};

/* Counters, to which cached programs add theirs */
struct weft_flow_stats {
	unsigned long used;	/* jiffies of the last packet */
	atomic64_t packets;
	atomic64_t bytes;
};

/* Those of a rule, which hands them on to the one that replaces its actions */
struct weft_rule_stats {
	struct weft_flow_stats stats;
	refcount_t refs;		/* rules, cached programs */
	u64 created;			/* jiffies64 */
};

struct weft_flow;

/* Only entries with a timeout have one; ordered by expiry in dp->expiries */
struct weft_flow_expiry {
	struct timerqueue_node node;	/* expires: jiffies64 */
	struct weft_rule *rule;
	u32 idle_ms;
	u32 hard_ms;
};

/*
 * An entry, as lookups need it: of a struct weft_rule, or of an instance, with which it lives
 * (instance.h). There may be many of the latter, so they have no more than this.
 */
struct weft_flow {
	struct rhlist_head node;	/* subtable->flows */
	struct weft_subtable *subtable;
	s32 priority;
	u16 at;				/* bytes from its instance; 0: it is a rule's */
	u8 n;				/* which entry of the instance's template it is */
	u64 key[];			/* masked words of the subtable's mask */
};

/*
 * An entry that was asked for. It lives in versions born ≤ v < died. Everything but "died" is
 * fixed before it is published. It is unlinked a grace period after
 * the version in which it died was committed, and freed one later.
 */
struct weft_rule {
	union {
		struct list_head dead;	/* dp->dead_flows; dp->lock */
		struct rcu_head rcu;
	};
	struct weft_flow_expiry *expiry;	/* dp->lock */
	u32 id;				/* in dp->flow_ids; 0: not yet */
	u8 reason;			/* enum weft_reason, why it died */
	bool copied;			/* actions: those of the entry that it replaced */
	u64 cookie;
	struct weft_rule_stats *stats;
	struct weft_actions *actions;	/* behind the key, unless copied */
	u64 born;
	u64 died;			/* U64_MAX: alive; WRITE_ONCE */
	struct weft_flow flow;		/* its key follows */
};

static inline struct weft_rule *weft_rule(const struct weft_flow *flow)
{
	return (struct weft_rule *)container_of(flow, struct weft_rule, flow);
}

static inline struct weft_instance *weft_flow_instance(const struct weft_flow *flow)
{
	return (struct weft_instance *)((unsigned long)flow - flow->at);
}

/*
 * Read a nest of enum weft_field (NULL: empty) into @match. @layers becomes the
 * headers (WEFT_L_*) that every matching packet has. Refuses fields whose
 * headers the match does not pin down. With an address of a tunnel @match has
 * its family, in tun_flags, too.
 */
int weft_match_parse(const struct nlattr *attr, struct weft_match *match, u16 *layers,
		     struct netlink_ext_ack *extack);

/* Headers (one of the WEFT_L_* sets that fields need) in words, for messages */
const char *weft_layers_name(u16 layers);

/*
 * The same for a match that is not all: packets have @more headers (WEFT_L_*; of the bits for
 * protocols, one of them) for another reason.
 */
int weft_match_parse_with(const struct nlattr *attr, u16 more, struct weft_match *match,
			  u16 *layers, struct netlink_ext_ack *extack);

/*
 * Write the fields of an entry as a nest @attrtype; -EMSGSIZE when @skb is full. Or of masked
 * words, under a part @mask of the subtable's, of packets that have @more headers.
 */
int weft_flow_put_match(struct sk_buff *skb, int attrtype, const struct weft_flow *flow);
int weft_match_put_words(struct sk_buff *skb, int attrtype, const struct weft_subtable *subtable,
			 const u64 *words, const u64 *mask, u16 more);

/* All entries of an instance begin and end to be there at once */
struct weft_instance_life {
	bool live;			/* smp_store_release() */
};

static inline bool weft_flow_alive(const struct weft_flow *flow, u64 version)
{
	const struct weft_instance_life *life;

	if (flow->at) {
		life = (const struct weft_instance_life *)weft_flow_instance(flow);
		/* pairs with the release in weft_instance_publish() */
		return smp_load_acquire(&life->live);
	}
	return weft_rule(flow)->born <= version && version < READ_ONCE(weft_rule(flow)->died);
}

/* Count packets, the last of which came at @used (jiffies) */
static inline void weft_flow_credit(struct weft_flow_stats *stats, u64 packets, u64 bytes,
				    unsigned long used)
{
	atomic64_add(packets, &stats->packets);
	atomic64_add(bytes, &stats->bytes);
	if (time_after(used, READ_ONCE(stats->used)))
		WRITE_ONCE(stats->used, used);
}

/* Do cached programs credit the rule? Then the caches may know of more packets. */
static inline bool weft_rule_cached(const struct weft_rule *rule)
{
	return refcount_read(&rule->stats->refs) > 1;
}

void weft_rule_stats_put(struct weft_rule_stats *stats);

/*
 * A rule's entry for @subtable with @match's key; consumes @actions (may be NULL), unless it fails,
 * makes new stats. ERR_PTR(-ENOMEM).
 */
struct weft_flow *weft_flow_alloc(struct weft_subtable *subtable, const struct weft_match *match,
				  s32 priority, struct weft_actions *actions);

/* Free a rule's that no reader can see, with its actions and expiry */
void weft_flow_free(struct weft_flow *flow);
void weft_rule_free_rcu(struct rcu_head *rcu);

/* What an entry that replaces another can take over from it */
#define WEFT_KEEP_ACTIONS	BIT(0)
#define WEFT_KEEP_COOKIE	BIT(1)
#define WEFT_KEEP_IDLE		BIT(2)
#define WEFT_KEEP_HARD		BIT(3)

/*
 * Give @rule, which nobody has seen, the counters of @old and what @keep says.
 * Returns 0 or -ENOMEM, then it may have some of it.
 */
int weft_rule_inherit(struct weft_rule *rule, const struct weft_rule *old, u8 keep);

/* Timeouts of one that nobody has seen; -ENOMEM */
int weft_rule_set_timeouts(struct weft_rule *rule, u32 idle_ms, u32 hard_ms);

/* jiffies64 at which the timeouts, as of now, take effect */
u64 weft_rule_expires(const struct weft_rule *rule, enum weft_reason *reason);

#endif /* WEFT_FLOW_H */
