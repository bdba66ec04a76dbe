/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Templates: what makes entries from a packet.
 *
 * A template is fixed once it is made, but for its counters. It lives as long as the
 * datapath lists it, an action names it, or an instance of it is there.
 */
#ifndef WEFT_TEMPLATE_H
#define WEFT_TEMPLATE_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/weft.h>
#include "field.h"
#include "limit.h"

struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct weft_actions;
struct weft_datapath;
struct weft_flow;
struct weft_pool;
struct weft_service;
struct weft_subtable;

#define WEFT_TEMPLATES_MAX	1024	/* of a datapath */
#define WEFT_VALUES_MAX		32	/* different ones that a template binds */
#define WEFT_BINDS_MAX		32	/* of an entry's match */

/* A value that an instance of the template keeps */
struct weft_value {
	u8 kind;		/* enum weft_bind_kind */
	u8 len;
	u16 source;		/* enum weft_field, enum weft_var */
	u16 ofs;		/* bytes into the values of an instance */
};

/* A part of an entry's masked words that comes from a value */
struct weft_part {
	u16 at;			/* bytes into the words */
	u8 value;		/* of weft_template.values */
	u8 len;
	struct weft_bind bind;	/* as it was asked for */
};

/* An entry to be */
struct weft_tentry {
	char name[WEFT_NAME_MAX + 1];
	u8 table;
	bool absolute;		/* priority is one, else what is added to the sender's */
	bool reply;
	bool wide;
	s32 priority;
	u32 when;
	u32 values;		/* those that it needs: a set */
	struct weft_subtable *subtable;	/* pinned; NULL when the template is deleted */
	struct weft_actions *actions;
	u64 *words;		/* fixed bits of the masked words; then those that are fixed; */
	u64 *fixed;		/* then those that the opening packet has in the same field */
	u64 *same;
	u8 n_words;
	u8 n_parts;
	struct weft_part *parts;
};

/* Why an instance was not made; index of weft_template.refused */
enum weft_refusal {
	WEFT_REFUSED_POOL,
	WEFT_REFUSED_LIMIT_DP,
	WEFT_REFUSED_LIMIT_SLICE,
	WEFT_REFUSED_LIMIT_PORT,
	WEFT_REFUSED_MEMORY,
	WEFT_REFUSED_PACKET,
	WEFT_REFUSED_COLLISION,
	WEFT_REFUSED_SERVICE,
	WEFT_REFUSED_REJECTED,
	WEFT_REFUSED_TIMEOUT,
	WEFT_REFUSED_QUEUE,
	WEFT_REFUSED_LIMIT_TEMPLATE,
	WEFT_REFUSALS,
};

static_assert((int)WEFT_REFUSALS + 1 == WEFT_REFUSED_A_MAX, "all but the padding");

/* Its attribute, of enum weft_refused_attr */
static inline int weft_refusal_attr(enum weft_refusal why)
{
	return why + 1 + (why >= WEFT_REFUSED_LIMIT_TEMPLATE);
}

struct weft_template {
	refcount_t refs;
	bool dead;		/* not listed any more: makes nothing */
	u32 id;
	struct weft_datapath *dp;	/* valid while it is listed, or has an instance */
	char name[WEFT_NAME_MAX + 1];
	enum weft_mode mode;
	enum weft_track track;
	u16 slice;
	u16 map_field;		/* enum weft_field; 0: none */
	u8 n_limits;
	u8 fallback;		/* enum weft_fallback, when there is no room */
	struct weft_pool *pool;	/* NULL: none */
	struct weft_service *service;	/* NULL: none */
	struct weft_actions *fail;
	u32 fail_ms;
	u32 timeouts[WEFT_TIMEOUTS_A_MAX + 1];	/* ms */
	u32 pending_packets;
	u32 pending_ms;

	u8 n_values;
	u16 values_len;		/* bytes of an instance's values */
	u32 captured;		/* those of the packet, a set; of the rest what pools give: */
	u32 given_ip;
	u32 given_port;
	struct weft_value values[WEFT_VALUES_MAX];

	struct weft_tlimit limits[WEFT_TEMPLATE_LIMITS];

	atomic_t senders;	/* actions that name it */
	atomic_t n_instances;
	atomic_t n_pending;
	atomic64_t created;
	atomic64_t refused[WEFT_REFUSALS];
	struct rcu_head rcu;

	u8 n_entries;
	struct weft_tentry entries[WEFT_TEMPLATE_ENTRIES];
};

static inline void weft_template_refuse(struct weft_template *t, enum weft_refusal why)
{
	atomic64_inc(&t->refused[why]);
}

/* Are the windows of its TCP connections tracked? */
static inline bool weft_template_windows(const struct weft_template *t)
{
	return t->track >= WEFT_TRACK_WINDOW;
}

/* Which of enum weft_when a packet is */
u32 weft_key_when(const struct weft_key *key);

/* Is an entry made for such packets? */
static inline bool weft_tentry_applies(const struct weft_tentry *e, u32 when)
{
	const u32 family = WEFT_WHEN_IPV4 | WEFT_WHEN_IPV6, others = WEFT_WHEN_ALL & ~family;

	return (!(e->when & family) || e->when & when & family) &&
	       (!(e->when & others) || e->when & when & others);
}

/* Entries that are made for such packets, as a set. The first one tells instances apart. */
static inline u32 weft_template_applies(const struct weft_template *t, u32 when)
{
	unsigned int i;
	u32 set = 0;

	for (i = 0; i < t->n_entries; i++)
		if (weft_tentry_applies(&t->entries[i], when))
			set |= BIT(i);
	return set;
}

/* The first of them; NULL: there is none */
static inline const struct weft_tentry *weft_template_first(const struct weft_template *t, u32 when)
{
	u32 set = weft_template_applies(t, when);

	return set ? &t->entries[__ffs(set)] : NULL;
}

/* The priority of an entry when the sending one has @sender */
static inline s32 weft_tentry_priority(const struct weft_tentry *e, s32 sender)
{
	return e->absolute ? e->priority : clamp(sender + e->priority, 0, U16_MAX);
}

/* The masked words of an entry, from an instance's values; into @words, n_words of them */
void weft_tentry_words(const struct weft_template *t, const struct weft_tentry *e,
		       const u8 *values, u64 *words);

/*
 * For actions: the value that a binding takes, added to the template that is being made when
 * it is not there yet. -ENOSPC when there are too many.
 */
int weft_template_value(struct weft_template *t, const struct weft_bind *bind);

/* What is wrong with a binding, as words for extack; NULL: nothing */
const char *weft_bind_refusal(const struct weft_bind *bind);

/*
 * Make a template from the attributes of a request (enum weft_template_attr) and list it.
 * dp->lock. -errno with extack.
 */
int weft_template_create(struct weft_datapath *dp, struct nlattr **attrs,
			 struct netlink_ext_ack *extack);

/* It is listed no more and its subtables are let go: no instance is left. dp->lock */
void weft_template_remove(struct weft_datapath *dp, struct weft_template *t);

/* The one with this id, or NULL; dp->lock */
struct weft_template *weft_template_find(struct weft_datapath *dp, u32 id);

/* References; the last one may be put in any context */
static inline void weft_template_hold(struct weft_template *t)
{
	refcount_inc(&t->refs);
}

void weft_template_put(struct weft_template *t);

/* Write the entries as a nest of enum weft_tentries_attr; -EMSGSIZE */
int weft_template_put_entries(struct sk_buff *skb, int attrtype, const struct weft_template *t);

/*
 * Entry @flow, about to be committed, has actions that name templates: may it, and see to it
 * that walks look where instances will be. dp->lock. -errno; *why says what is wrong.
 */
int weft_templates_sender(struct weft_datapath *dp, const struct weft_flow *flow,
			  const char **why);

void weft_templates_init(struct weft_datapath *dp);
/* No entry and no instance is left */
void weft_templates_exit(struct weft_datapath *dp);

#endif /* WEFT_TEMPLATE_H */
