/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Actions of entries, in the form that the walk reads.
 *
 * Parsed from and written to nested netlink attributes; a flat sequence
 * of variable-length records, clone bodies inline.
 */
#ifndef WEFT_ACTION_H
#define WEFT_ACTION_H

#include <linux/in6.h>
#include <linux/types.h>
#include <linux/weft.h>
#include <net/netlink.h>
#include "field.h"

struct netlink_ext_ack;
struct sk_buff;
struct weft_datapath;
struct weft_service;
struct weft_template;

struct weft_act {
	u16 type;		/* enum weft_act_attr */
	u16 len;		/* bytes with this header, multiple of 8; without a clone's body */
	u32 arg;		/* port, table, tpid, reason, field; CLONE: bytes of its body */
};

struct weft_act_set {
	struct weft_act act;	/* arg: enum weft_field */
	struct weft_field_value v;
};

struct weft_act_move_bits {
	struct weft_act act;
	struct weft_act_move move;
	u32 pad;
};

struct weft_act_tunnel {
	struct weft_act act;	/* arg: port id; 0: the only tunnel port */
	struct in6_addr dst;
	u32 id;
	bool has_id;
	bool ipv6;
	u8 tos;
	u8 ttl;
	u16 from;		/* enum weft_field; not 0: dst is a value of the instance, */
	u16 ofs;		/* which is there, */
	u16 value;		/* and its number */
	u8 direct;		/* also when the tunnel is down */
	u8 pad;
};

struct weft_act_service {
	struct weft_act act;	/* arg: the ARG attribute */
	struct weft_service *service;	/* holds a reference */
	u32 max_len;		/* U32_MAX: all */
	u8 fallback;
	u8 pad[3];
};

struct weft_act_template {
	struct weft_act act;	/* arg: its id */
	struct weft_template *template;	/* holds a reference, and counts as a sender */
};

/* In the entries of templates */
struct weft_act_bind {
	struct weft_act act;	/* arg: number of the value */
	struct weft_bind bind;
	u16 ofs;		/* of the value */
	u16 pad[3];
};

struct weft_act_advertisement {
	struct weft_act act;
	struct weft_act_advertise says;
};

struct weft_actions {
	u32 len;		/* bytes of acts */
	u32 pad;
	u64 acts[];		/* sequence of struct weft_act */
};

/* Every record, clone bodies included, in order */
#define weft_for_each_act(act, list)						\
	for ((act) = (const void *)(list)->acts;				\
	     (void *)(act) < (void *)(list)->acts + (list)->len;		\
	     (act) = (const void *)(act) + (act)->len)

/* Policy of the attributes in a nest of actions */
extern const struct nla_policy weft_nl_act_policy[WEFT_ACT_A_MAX + 1];

/*
 * Parse a nest of enum weft_act_attr that passed the policy; NULL or empty:
 * drop:policy. @layers: WEFT_L_* that every packet which meets the actions has
 * (0xffff: do not ask). Ports must exist in @dp. @maker: the template in whose entry they are,
 * to which their values are added; or NULL. Process context, dp->lock held: services and
 * templates take references.
 * Free with weft_actions_free(); ERR_PTR with extack when refused.
 */
struct weft_actions *weft_actions_parse(struct weft_datapath *dp, const struct nlattr *attr,
					u16 layers, struct weft_template *maker,
					struct netlink_ext_ack *extack);

/* The one action drop:@reason; ERR_PTR(-ENOMEM) */
struct weft_actions *weft_actions_drop(enum weft_drop reason);

/* Does an action name a template? */
bool weft_actions_templates(const struct weft_actions *actions);

/* Values that they take, as a set */
u32 weft_actions_values(const struct weft_actions *actions);

/* Give back what they refer to, but not their memory; or that too (NULL: nothing) */
void weft_actions_release(const struct weft_actions *actions);
void weft_actions_free(struct weft_actions *actions);

/* A copy of actions that are in use; NULL without memory */
struct weft_actions *weft_actions_copy(const struct weft_actions *actions);

/* Write them as a nest @attrtype; -EMSGSIZE when @skb is full */
int weft_actions_put(struct sk_buff *skb, int attrtype, const struct weft_actions *actions);

#endif /* WEFT_ACTION_H */
