// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the program of a packet.
 *
 * A run has one current frame: a packet and the operations that are left for
 * it. WEFT_OP_CLONE opens a frame for a copy; the outer frame waits in the
 * control buffer of its own packet, which nobody else uses meanwhile. So clone
 * bodies nest as deeply as a program is long without a stack that could overflow.
 *
 * Copies are clones of the skb: they share the bytes, and whoever writes
 * headers (rewrite.c, the tunnel devices, the segmentation before an upcall)
 * makes its own copy of them first. Before anything is copied we look ahead: the
 * last operation that needs the packet gets the packet itself. What follows
 * it are changes that nobody would see, and drops that remain to be counted.
 *
 * Everything ends in one of three ways: the packet is handed over, dropped with
 * a reason that counts at the port of entry, or, in a frame that has done its
 * work, freed without being counted.
 */
#include <linux/skbuff.h>
#include <linux/weft.h>
#include "advertise.h"
#include "datapath.h"
#include "defrag.h"
#include "fragment.h"
#include "headers.h"
#include "inner.h"
#include "mtu.h"
#include "pending.h"
#include "port.h"
#include "program.h"
#include "reject.h"
#include "rewrite.h"
#include "upcall.h"

struct frame {
	struct sk_buff *skb;	/* NULL: handed over or dropped */
	const u8 *op;		/* next operation */
	const u8 *end;
	const struct weft_whole *whole;	/* how its fragments were; NULL: it came as one */
	u16 layers;
};

/* A frame that waits for a clone body, in skb->cb */
struct waiting {
	struct sk_buff *outer;
	const u8 *op;
	const u8 *end;
	const struct weft_whole *whole;
	u16 layers;
};

struct run {
	struct weft_datapath *dp;
	struct weft_port *in;
	struct sk_buff *outer;	/* the frames that wait, innermost first */
	struct frame f;
	enum weft_drop reason;	/* for a packet with which nothing was done */
	bool done;		/* something was sent, or dropped and counted */
};

static struct waiting *waiting(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct waiting) > sizeof(skb->cb));
	return (struct waiting *)skb->cb;
}

/* Drop the packet of the frame, if it is still there, and end the frame */
static void drop(struct run *r, enum weft_drop reason)
{
	weft_port_drop(r->in, r->f.skb, reason);
	r->f.skb = NULL;
	r->done = true;
}

/* Does any operation from @op on need the packet? */
static bool needed(const u8 *op, const u8 *end)
{
	for (; op < end; op += ((const struct weft_op *)op)->len) {
		switch (((const struct weft_op *)op)->code) {
		case WEFT_OP_OUTPUT:
		case WEFT_OP_TUNNEL:
		case WEFT_OP_UPCALL:
		case WEFT_OP_WAIT:
		case WEFT_OP_DEFRAG:
		case WEFT_OP_CLONE:
			return true;
		case WEFT_OP_DROP:
			return false;
		}
	}
	return false;
}

/* Count the drops in operations that are not done, since they need no packet */
static void count_drops(struct run *r, const u8 *pos, const u8 *end)
{
	const struct weft_op *op;

	for (; pos < end; pos += op->len) {
		op = (const struct weft_op *)pos;
		switch (op->code) {
		case WEFT_OP_DROP:
		case WEFT_OP_LOST:
			weft_port_drop(r->in, NULL, op->arg);
			r->done = true;
			break;
		case WEFT_OP_REJECT:
			weft_port_drop(r->in, NULL, WEFT_DROP_REJECTED);
			r->done = true;
			return;
		}
		if (op->code == WEFT_OP_DROP)
			return;
	}
}

/*
 * The packet for an operation that consumes it, when r->f.op is behind this
 * operation: a copy, or the packet itself when it has no further use. NULL,
 * counted, without memory.
 */
static struct sk_buff *take(struct run *r)
{
	struct sk_buff *skb = r->f.skb;

	r->done = true;
	if (likely(r->f.op == r->f.end)) {
		r->f.skb = NULL;
		return skb;
	}
	if (needed(r->f.op, r->f.end)) {
		skb = skb_clone(skb, GFP_ATOMIC);
		if (unlikely(!skb))
			weft_port_drop(r->in, NULL, WEFT_DROP_NO_MEMORY);
		return skb;
	}
	r->f.skb = NULL;
	count_drops(r, r->f.op, r->f.end);
	return skb;
}

/* An output that did not get as far as needing a packet */
static void lost(struct run *r, enum weft_drop reason)
{
	if (needed(r->f.op, r->f.end)) {
		weft_port_drop(r->in, NULL, reason);
		r->done = true;
		return;
	}
	drop(r, reason);
	count_drops(r, r->f.op, r->f.end);
}

/* Hand @skb, which is consumed, over to a port */
static enum weft_drop send(struct weft_port *port, struct sk_buff *skb, const struct weft_op *op)
{
	if (op->code == WEFT_OP_TUNNEL)
		return weft_tunnel_send(port, skb, (const struct weft_op_tunnel *)op);
	return weft_port_send(port, skb, op->arg);
}

static void output(struct run *r, const struct weft_op *op)
{
	bool tunnel = op->code == WEFT_OP_TUNNEL;
	struct weft_port *port = tunnel ? ((const struct weft_op_tunnel *)op)->port :
					  ((const struct weft_op_output *)op)->port;
	enum weft_drop reason;
	struct sk_buff *skb;

	/* it may be going since the walk */
	if (unlikely(!port || READ_ONCE(port->detaching) ||
		     (tunnel && !weft_port_is_tunnel(port->type)))) {
		lost(r, WEFT_DROP_NO_PORT);
		return;
	}
	if (unlikely(!tunnel && weft_port_is_tunnel(port->type))) {
		lost(r, WEFT_DROP_NO_TUNNEL);
		return;
	}
	skb = take(r);
	if (unlikely(!skb))
		return;
	if (unlikely(r->f.whole))
		reason = weft_fragment(port, skb, r->f.whole, op, send);
	else
		reason = send(port, skb, op);
	if (unlikely(reason))
		weft_port_drop(r->in, NULL, reason);
}

/*
 * The service gets a clone, or the packet itself if that has no other use. It
 * waits in a queue, so until it is sent other clones may come and go: none of
 * them writes into bytes that it shares with it.
 *
 * A service that does not take the packet makes a drop only if the action says
 * so; when the program goes on and does nothing more, the refusal is the reason
 * why the packet got lost.
 */
static void upcall(struct run *r, const struct weft_op_upcall *op)
{
	enum weft_drop reason = weft_upcall_check(r->in, op);
	struct sk_buff *skb = r->f.skb;

	if (!reason) {
		if (needed(r->f.op, r->f.end))
			skb = skb_clone(skb, GFP_ATOMIC);
		else
			r->f.skb = NULL;
		reason = skb ? weft_upcall_queue(r->dp, r->in, skb, op) :
			       WEFT_DROP_NO_MEMORY;
	}
	if (unlikely(reason)) {
		if (op->fallback == WEFT_FALLBACK_DROP) {
			drop(r, reason);
			return;
		}
		r->reason = reason;
	} else {
		r->done = true;
	}
	if (!r->f.skb)
		count_drops(r, r->f.op, r->f.end);
}

/* The packet is dropped; if there may be an answer, and somebody sends it, that goes on */
static void reject(struct run *r, const struct weft_op_reject *op)
{
	struct sk_buff *answer;

	if (!needed(r->f.op, r->f.end)) {
		drop(r, WEFT_DROP_REJECTED);
		return;
	}
	if (!weft_reject_admit(r->in)) {
		drop(r, WEFT_DROP_RATE);
		return;
	}
	answer = weft_reject_make(r->f.skb, r->f.layers, op->op.arg, op->mtu);
	if (unlikely(!answer)) {
		drop(r, WEFT_DROP_NO_MEMORY);
		return;
	}
	drop(r, WEFT_DROP_REJECTED);
	r->f.skb = answer;
	r->f.whole = NULL;
	r->f.layers = op->layers;
}

/* Nobody misses a question that has been answered */
static void advertise(struct run *r, const struct weft_op_advertise *op)
{
	struct sk_buff *answer = weft_advertise_make(r->f.skb, &op->says);

	if (unlikely(!answer)) {
		drop(r, WEFT_DROP_NO_MEMORY);
		return;
	}
	consume_skb(r->f.skb);
	r->f.skb = answer;
	r->f.whole = NULL;
	r->f.layers = op->op.arg;
}

/* The packet waits for an instance, and what is behind that is done when it goes on */
static void wait(struct run *r, const struct weft_op_wait *op)
{
	struct sk_buff *skb = take(r);
	enum weft_drop reason;

	if (unlikely(!skb))
		return;
	reason = weft_pending_wait(r->dp, r->in, skb, op, r->f.whole);
	if (reason)
		weft_port_drop(r->in, NULL, reason);
}

/* The packet, a fragment, is kept until the others are there */
static void defrag(struct run *r, const struct weft_op_defrag *op)
{
	struct sk_buff *skb = take(r);
	enum weft_drop reason;

	if (unlikely(!skb))
		return;
	reason = weft_defrag(r->dp, r->in, skb, op);
	if (reason)
		weft_port_drop(r->in, NULL, reason);
}

/* Open a frame for the body of @op; in place when the packet has no use after it */
static void clone(struct run *r, const struct weft_op *op)
{
	const u8 *body = r->f.op, *body_end = body + op->arg;
	struct sk_buff *skb;

	r->f.op = body_end;
	if (!needed(body, body_end)) {
		count_drops(r, body, body_end);
		return;
	}
	if (!needed(body_end, r->f.end)) {
		count_drops(r, body_end, r->f.end);
		r->f.op = body;
		r->f.end = body_end;
		return;
	}
	skb = skb_clone(r->f.skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		weft_port_drop(r->in, NULL, WEFT_DROP_NO_MEMORY);
		r->done = true;
		return;
	}
	*waiting(r->f.skb) = (struct waiting){
		.outer = r->outer,
		.op = r->f.op,
		.end = r->f.end,
		.whole = r->f.whole,
		.layers = r->f.layers,
	};
	r->outer = r->f.skb;
	r->f.skb = skb;
	r->f.op = body;
	r->f.end = body_end;
}

/* Back to the innermost frame that waits; false when there is none */
static bool resume(struct run *r)
{
	struct sk_buff *skb = r->outer;
	const struct waiting *w;

	if (!skb)
		return false;
	w = waiting(skb);
	r->outer = w->outer;
	r->f = (struct frame){
		.skb = skb,
		.op = w->op,
		.end = w->end,
		.whole = w->whole,
		.layers = w->layers,
	};
	return true;
}

/* Of several limits on its way the shortest counts */
static void cut(struct run *r, const struct weft_op_cut *op)
{
	if (!r->f.whole || op->whole.max < r->f.whole->max)
		r->f.whole = &op->whole;
}

static void step(struct run *r)
{
	const struct weft_op *op = (const struct weft_op *)r->f.op;
	enum weft_drop reason = WEFT_DROP_UNSPEC;

	r->f.op += op->len;
	switch (op->code) {
	case WEFT_OP_SET:
		reason = weft_rewrite_set(r->f.skb, r->f.layers, op->arg,
					  ((const struct weft_op_set *)op)->value);
		break;
	case WEFT_OP_HEADERS:
		reason = weft_headers_write(r->f.skb, (const struct weft_op_headers *)op);
		break;
	case WEFT_OP_PUSH_VLAN:
		reason = weft_rewrite_push_vlan(r->f.skb, &r->f.layers, (__force __be16)op->arg);
		break;
	case WEFT_OP_POP_VLAN:
		reason = weft_rewrite_pop_vlan(r->f.skb, &r->f.layers);
		break;
	case WEFT_OP_DEC_TTL:
		reason = weft_rewrite_dec_ttl(r->f.skb, r->f.layers, op->arg);
		break;
	case WEFT_OP_INNER:
		reason = weft_inner_write(r->f.skb, &((const struct weft_op_inner *)op)->inner);
		break;
	case WEFT_OP_REJECT:
		reject(r, (const struct weft_op_reject *)op);
		break;
	case WEFT_OP_ADVERTISE:
		advertise(r, (const struct weft_op_advertise *)op);
		break;
	case WEFT_OP_CUT:
		cut(r, (const struct weft_op_cut *)op);
		break;
	case WEFT_OP_OUTPUT:
	case WEFT_OP_TUNNEL:
		output(r, op);
		break;
	case WEFT_OP_UPCALL:
		upcall(r, (const struct weft_op_upcall *)op);
		break;
	case WEFT_OP_WAIT:
		wait(r, (const struct weft_op_wait *)op);
		break;
	case WEFT_OP_DEFRAG:
		defrag(r, (const struct weft_op_defrag *)op);
		break;
	case WEFT_OP_CLONE:
		clone(r, op);
		break;
	case WEFT_OP_DROP:
		reason = op->arg;
		break;
	case WEFT_OP_LOST:
		lost(r, op->arg);
		break;
	}
	if (unlikely(reason))
		drop(r, reason);
}

static noinline void execute(struct weft_datapath *dp, struct weft_port *in,
			     struct sk_buff *skb, const void *ops, u32 len, u16 layers,
			     const struct weft_whole *whole)
{
	struct run r = {
		.dp = dp,
		.in = in,
		.f = {
			.skb = skb,
			.op = ops,
			.end = ops + len,
			.whole = whole,
			.layers = layers,
		},
		.reason = WEFT_DROP_NO_OUTPUT,
	};

	do {
		while (r.f.skb && r.f.op < r.f.end)
			step(&r);
		if (unlikely(!r.outer && !r.done))
			drop(&r, r.reason);
		consume_skb(r.f.skb);
	} while (resume(&r));
}

void weft_execute(struct weft_datapath *dp, struct weft_port *in, struct sk_buff *skb,
		  const void *ops, u32 len, u16 layers)
{
	const struct weft_op_output *only = ops;
	enum weft_drop reason;

	/* by far the most common programs: an output, maybe of a packet with other headers */
	if (len && only->op.code == WEFT_OP_HEADERS) {
		reason = weft_headers_write(skb, ops);
		if (unlikely(reason))
			return weft_port_drop(in, skb, reason);
		ops += sizeof(struct weft_op_headers);
		len -= sizeof(struct weft_op_headers);
		only = ops;
	}
	if (likely(len == sizeof(*only) && only->op.code == WEFT_OP_OUTPUT && only->port &&
		   !READ_ONCE(only->port->detaching) &&
		   !weft_port_is_tunnel(only->port->type))) {
		reason = weft_port_send(only->port, skb, only->op.arg);
		if (unlikely(reason))
			weft_port_drop(in, NULL, reason);
		return;
	}
	/* or into a tunnel */
	if (only->op.code == WEFT_OP_TUNNEL && only->op.len == len && only->port &&
	    !READ_ONCE(only->port->detaching) && weft_port_is_tunnel(only->port->type)) {
		reason = weft_tunnel_send(only->port, skb, ops);
		if (unlikely(reason))
			weft_port_drop(in, NULL, reason);
		return;
	}
	execute(dp, in, skb, ops, len, layers, NULL);
}

void weft_execute_whole(struct weft_datapath *dp, struct weft_port *in, struct sk_buff *skb,
			const void *ops, u32 len, u16 layers, const struct weft_whole *whole)
{
	execute(dp, in, skb, ops, len, layers, whole);
}
