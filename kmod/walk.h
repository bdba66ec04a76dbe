/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk: the way of one packet's key through the tables.
 */
#ifndef WEFT_WALK_H
#define WEFT_WALK_H

#include <linux/types.h>
#include <linux/weft.h>
#include "inner.h"
#include "instance.h"
#include "key.h"
#include "program.h"

struct sk_buff;
struct weft_actions;
struct weft_datapath;
struct weft_port;
struct weft_trail;
struct weft_whole;

/*
 * Frames: the outermost, one for each resubmit, and for each clone one for its
 * body and one for a table that the body went to.
 */
#define WEFT_FRAMES	(1 + WEFT_RESUBMIT_MAX + 2 * WEFT_CLONES_MAX)

/* A list of actions that is being done */
struct weft_frame {
	const void *pos;
	const void *end;
	const u8 *values;	/* of the instance whose entry it is */
	u64 cookie;		/* of the entry they belong to */
	s32 priority;		/* of that entry */
	u8 table;
	bool clone;		/* when done, weft_walk.saved is restored */
};

/* What a clone gives back at its end */
struct weft_saved {
	struct weft_key key;
	struct weft_inner inner;
	const struct sk_buff *skb;
	u32 op_ofs;		/* where its operation is in the program */
};

struct weft_walk {
	struct weft_datapath *dp;
	struct weft_port *in;
	const struct sk_buff *skb;	/* only what key and inner are of; NULL: not there yet */
	const struct weft_whole *whole;	/* how its fragments were; NULL: it came as one */
	struct weft_program *prog;
	struct weft_trail *trail;
	u64 version;
	u32 hash;		/* of the flow; 0: not known */
	u32 waited;		/* number of the pending instance behind which it was; or 0 */
	bool tunnel;		/* the packet came through one: is it from a remote? */
	bool fresh;		/* metadata are those with which the packet came */
	struct weft_key key;	/* as the tables see the packet now */
	struct weft_key base;	/* as the program has made it so far */
	struct weft_inner inner;	/* of an ICMP error, as the program makes it; if layers */
	u64 dirty;		/* packet fields that were written since then */
	u8 ttl_spent;		/* dec_ttl since then */
	u8 ttl_first;		/* of the packet before the program */
	bool ttl_set;		/* by something other than dec_ttl */
	u16 mtu;		/* of the check_mtu that it did not pass; 0: none */
	u8 resubmits;
	u8 opened;		/* templates that it met */
	u8 stages;
	u8 n_saved;
	u16 n_frames;
	u16 layers;		/* of the packet before the program */
	bool overflow;		/* the program is full, or clones nest too deep */
	bool sent;		/* something left, or a drop was asked for */
	enum weft_drop reason;	/* why an output was not done */
	u32 effect_len;		/* program up to its last operation that shows */
	struct weft_saved saved[WEFT_CLONES_MAX];
	struct weft_opening opening;
	struct weft_frame frames[WEFT_FRAMES];
};

/*
 * Walk from @table, or do @acts instead when they are not NULL, with w->key. The caller has
 * set dp, in, skb, whole, prog (with its size), trail, hash, waited, tunnel, fresh and key.
 * Afterwards prog, trail and layers are what came of it, and key is undefined. BH off, RCU.
 */
void weft_walk(struct weft_walk *w, u8 table, const struct weft_actions *acts);

#endif /* WEFT_WALK_H */
