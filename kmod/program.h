/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program: the net effect of one packet's walk through the tables.
 *
 * The walk (pipeline.c) never touches the packet; it emits operations here and
 * weft_execute() runs them. Operations have variable length and follow each
 * other at 8-byte boundaries. Writes come merged: a field that was written ten
 * times on the way to an output is one WEFT_OP_SET before it.
 *
 * Operations are done in order on one packet. WEFT_OP_CLONE runs the operations
 * in its body on a copy. An output that is not the last operation sends a
 * copy; the last one sends the packet itself.
 */
#ifndef WEFT_PROGRAM_H
#define WEFT_PROGRAM_H

#include <linux/in6.h>
#include <linux/types.h>
#include "field.h"
#include "inner.h"
#include "key.h"

struct sk_buff;
struct weft_datapath;
struct weft_port;
struct weft_service;
struct weft_whole;

enum weft_opcode {
	WEFT_OP_SET,		/* struct weft_op_set */
	WEFT_OP_HEADERS,	/* struct weft_op_headers: several sets at once */
	WEFT_OP_PUSH_VLAN,	/* arg: tpid, big-endian in the low 16 bits; TCI 0 */
	WEFT_OP_POP_VLAN,
	WEFT_OP_DEC_TTL,	/* arg: by how much; the walk checked that it is enough */
	WEFT_OP_INNER,		/* struct weft_op_inner */
	WEFT_OP_REJECT,		/* struct weft_op_reject */
	WEFT_OP_ADVERTISE,	/* struct weft_op_advertise */
	WEFT_OP_CUT,		/* struct weft_op_cut (mtu.h) */
	WEFT_OP_OUTPUT,		/* struct weft_op_output */
	WEFT_OP_TUNNEL,		/* struct weft_op_tunnel */
	WEFT_OP_UPCALL,		/* struct weft_op_upcall */
	WEFT_OP_WAIT,		/* struct weft_op_wait (pending.h) */
	WEFT_OP_DEFRAG,		/* struct weft_op_defrag (defrag.h) */
	WEFT_OP_CLONE,		/* arg: bytes of operations that follow as its body */
	WEFT_OP_DROP,		/* arg: enum weft_drop; ends the program */
	WEFT_OP_LOST,		/* arg: enum weft_drop: an output that could not be; count it */
};

struct weft_op {
	u16 code;		/* enum weft_opcode */
	u16 len;		/* bytes with this header, multiple of 8 */
	u32 arg;
};

/* Write a packet field (never a metadata field): value, no mask */
struct weft_op_set {
	struct weft_op op;	/* arg: enum weft_field */
	u8 value[WEFT_FIELD_LEN_MAX];	/* the field's len bytes are used */
};

/* weft_op_headers: what is written */
#define WEFT_H_ETH	BIT(0)	/* both addresses */
#define WEFT_H_ADDR	BIT(1)	/* both addresses of IPv4 */
#define WEFT_H_TOS	BIT(2)	/* of IPv4 */
#define WEFT_H_TTL	BIT(3)
#define WEFT_H_PORTS	BIT(4)	/* both ports of TCP or UDP */
#define WEFT_H_IP	(WEFT_H_ADDR | WEFT_H_TOS | WEFT_H_TTL)
/* and where */
#define WEFT_H_IPV6	BIT(5)
#define WEFT_H_TCP	BIT(6)	/* its checksum changes */
#define WEFT_H_UDP	BIT(7)	/* its checksum changes */

/* headers.h */
struct weft_op_headers {
	struct weft_op op;	/* arg: WEFT_H_* */
	u8 eth[2 * ETH_ALEN];	/* destination, source */
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__sum16 ip_diff;	/* what becomes of the sum over the IPv4 header; csum_unfold() */
	__sum16 addr_diff;	/* over the addresses */
	__sum16 port_diff;	/* over the ports */
	u8 ttl;			/* by how much it is less, modulo 256 */
	u8 tos;
};

/* Write into the packet inside of an ICMP error */
struct weft_op_inner {
	struct weft_op op;
	struct weft_inner inner;
};

/*
 * Ports are there as long as the program is valid: when one goes, stamps make void the
 * programs that lead to it, before the grace period that it waits for.
 */
struct weft_op_output {
	struct weft_op op;	/* arg: for skb->mark at service ports */
	struct weft_port *port;	/* NULL: there is none */
};

/* The packet is dropped, and an answer to it takes its place */
struct weft_op_reject {
	struct weft_op op;	/* arg: enum weft_reject, not AUTO */
	u16 layers;		/* of the answer */
	u16 mtu;		/* of TOO_BIG */
	u16 pad[2];
};

/* The packet, a neighbour solicitation, becomes the answer */
struct weft_op_advertise {
	struct weft_op op;	/* arg: layers of the answer */
	struct weft_act_advertise says;
};

/* What goes into the tunnel header; host order unless __be */
struct weft_op_tunnel {
	struct weft_op op;	/* arg: port id */
	struct weft_port *port;	/* NULL: there is none */
	struct weft_tundst *ready;	/* in a cached program; may be NULL */
	u32 hash;		/* of the flow; 0: not known */
	u32 pad;
	__be64 tun_id;		/* tundst.c compares from here on */
	struct in6_addr dst;	/* IPv4: in the first four bytes */
	u32 mark;
	u16 lin;
	u16 lout;
	u8 stage;
	u8 tos;
	u8 ttl;
	bool ipv6;
	u8 opts_present;	/* bit per slot */
	u8 pad2[3];
	u8 opt[][WEFT_TUN_OPT_LEN];	/* WEFT_TUN_OPTS of them if opts_present */
};

/* A copy for a service, with the metadata as it was there */
struct weft_op_upcall {
	struct weft_op op;	/* arg: the action's ARG */
	struct weft_service *service;	/* alive under RCU */
	u64 cookie;
	u32 max_len;
	u32 template;		/* id; 0: a "service" action sends it */
	u32 pending;
	u16 slice;
	u8 table;
	u8 fallback;		/* enum weft_fallback */
	u8 metadata[WEFT_KEY_PACKET];	/* leading part of struct weft_key */
};

struct weft_program {
	u32 len;		/* bytes of operations */
	u32 size;		/* room for operations */
	u64 ops[];
};

/* Clones inside clones; entries met on the way may nest deeper than one entry may */
#define WEFT_CLONES_MAX	8

/* Longest program; about a thousand outputs */
#define WEFT_PROGRAM_MAX	(16 * 1024)

/*
 * Run @len bytes of operations on @skb, which is consumed. @skb->data is at the Ethernet header and
 * header offsets are as weft_key_extract() left them; @layers is what it found.
 * @in is the port of entry (statistics and drops go there). Softirq or BH off,
 * under rcu_read_lock().
 */
void weft_execute(struct weft_datapath *dp, struct weft_port *in, struct sk_buff *skb,
		  const void *ops, u32 len, u16 layers);

/* The same for a packet that was put together from fragments, which were as @whole says */
void weft_execute_whole(struct weft_datapath *dp, struct weft_port *in, struct sk_buff *skb,
			const void *ops, u32 len, u16 layers, const struct weft_whole *whole);

#endif /* WEFT_PROGRAM_H */
