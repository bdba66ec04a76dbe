/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of templates: how many instances there may be whose opening packets were the same in
 * some fields.
 */
#ifndef WEFT_LIMIT_H
#define WEFT_LIMIT_H

#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/weft.h>

struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct weft_datapath;
struct weft_template;
struct weft_trail;

#define WEFT_LIMIT_KEY_LEN	36	/* bytes of all fields of a limit */

/* A limit of a template. What it counts by are values that its instances keep. */
struct weft_tlimit {
	u32 max;		/* at least 1; 0: as the value max_value says */
	u8 max_value;		/* of weft_template.values */
	u8 n_keys;
	u8 keys[WEFT_LIMIT_FIELDS];	/* the same */
	u8 when;		/* of WEFT_WHEN_IPV4 and IPV6, for which it counts; 0: for all */
};

#define WEFT_LIMIT_LOCKS	64

/* Counters of a datapath */
struct weft_limits {
	struct rhashtable counts;
	spinlock_t locks[WEFT_LIMIT_LOCKS];	/* of a counter, by hash */
};

/*
 * Add the limits of a nest of enum weft_limits_attr to a template that is being made. -errno with
 * extack.
 */
int weft_limits_parse(struct weft_template *t, const struct nlattr *nest,
		      struct netlink_ext_ack *extack);

/* Write them as such a nest, when there are any; -EMSGSIZE */
int weft_limits_put(struct sk_buff *skb, int attrtype, const struct weft_template *t);

/*
 * Values of the template that its limits need of what opens an instance, as a set; without
 * @maxima only those by which they count.
 */
u32 weft_limits_values(const struct weft_template *t, u32 when, bool maxima);

/*
 * One more instance with these @values. 0: it is counted, -ENOSPC: there are as many as a limit
 * allows, or -ENOMEM. BH off.
 */
int weft_limits_enter(struct weft_datapath *dp, const struct weft_template *t, u32 when,
		      const u8 *values);

/* One less. BH off. */
void weft_limits_leave(struct weft_datapath *dp, const struct weft_template *t, u32 when,
		       const u8 *values);

/*
 * Is a limit reached still, for a packet that was refused? Then @trail has what tells when it is
 * not any more. BH off.
 */
bool weft_limits_watch(struct weft_datapath *dp, const struct weft_template *t, u32 when,
		       const u8 *values, struct weft_trail *trail);

int weft_limits_init(struct weft_datapath *dp);

/* No instance is left, nor anybody who would make one */
void weft_limits_free(struct weft_datapath *dp);

#endif /* WEFT_LIMIT_H */
