/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pending instances: those that wait for a daemon's answer, with their packets.
 */
#ifndef WEFT_PENDING_H
#define WEFT_PENDING_H

#include <linux/types.h>
#include <linux/weft.h>
#include "program.h"
#include "template.h"

struct netlink_ext_ack;
struct sk_buff;
struct weft_datapath;
struct weft_opening;
struct weft_port;
struct weft_whole;

/* A packet that waits: it goes on in this table, with the metadata as they were */
struct weft_op_wait {
	struct weft_op op;	/* arg: number of the pending instance */
	u64 cookie;		/* of the entry that named the template */
	u8 table;
	u8 pad[7];
	u8 metadata[WEFT_KEY_PACKET];
};

/*
 * The pending instance for an opening packet, made when there is none: its number, or 0 with
 * the reason counted. BH off, RCU.
 */
u32 weft_pending_open(struct weft_datapath *dp, const struct weft_opening *o,
		      struct weft_port *in);

/*
 * Let @skb, which is consumed, wait as @op says, and ask the service if nobody has. @whole: how
 * its fragments were; may be NULL. Returns WEFT_DROP_UNSPEC or why not. BH off, RCU.
 */
enum weft_drop weft_pending_wait(struct weft_datapath *dp, struct weft_port *in,
				 struct sk_buff *skb, const struct weft_op_wait *op,
				 const struct weft_whole *whole);

/*
 * What waits as @id is answered: the caller gets what is known of the opening packet (template,
 * when, in_port, priority, values), and that it waits, so that packets which meet the instance that
 * is made line up behind those that do. It has to end that by weft_pending_done(). -ENOENT.
 * dp->lock.
 */
int weft_pending_take(struct weft_datapath *dp, u32 id, struct weft_opening *o);

/* The answer was none: it waits as before. dp->lock. */
void weft_pending_give_back(struct weft_datapath *dp, u32 id);

/*
 * There is an instance now, which has number @instance, or none (0): the packets go on, or are
 * dropped. dp->lock; may sleep.
 */
void weft_pending_done(struct weft_datapath *dp, u32 id, u32 instance);

/* It has no answer: as when there was no value, for @why. -ENOENT, -ENOMEM. dp->lock. */
int weft_pending_reject(struct weft_datapath *dp, u32 id, enum weft_refusal why);

/* Nothing waits any more that came by @port, which takes no more packets. dp->lock. */
void weft_pending_port_gone(struct weft_port *port);

/* Nothing waits for the template, which is dead. dp->lock. */
void weft_pending_template_gone(struct weft_datapath *dp, struct weft_template *t);

int weft_pending_init(struct weft_datapath *dp);
void weft_pending_exit(struct weft_datapath *dp);
void weft_pending_free(struct weft_datapath *dp);

#endif /* WEFT_PENDING_H */
