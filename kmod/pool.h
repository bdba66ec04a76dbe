/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pools: values that instances draw.
 *
 * A pool of ranges gives pairs of an address and a port; a map gives an address for an
 * address. Draws and returns are made in softirq, everything else under dp->lock.
 */
#ifndef WEFT_POOL_H
#define WEFT_POOL_H

#include <linux/in6.h>
#include <linux/types.h>
#include <linux/weft.h>

struct netlink_ext_ack;
struct weft_datapath;
struct weft_pool;
struct weft_pool_block;

/* Ports are of a protocol; the same pair may be in use once for each */
enum weft_pool_proto {
	WEFT_POOL_TCP,
	WEFT_POOL_UDP,
	WEFT_POOL_SCTP,
	WEFT_POOL_ECHO,
	WEFT_POOL_PROTOS,
};

/* What is asked of a pool */
struct weft_ask {
	u8 family;			/* 4 or 6: of the address that is wanted */
	u8 proto;			/* enum weft_pool_proto; WEFT_POOL_PROTOS: no port wanted */
	__be16 port;			/* the packet's own: for PRESERVE and PARITY */
	u32 local_hash;			/* of the local address: those get the same address, if it can be */
	u32 remote_hash;		/* of the remote endpoint: for REUSE */
	struct in6_addr map;		/* what to look up in a map; IPv4: in the first four bytes */
};

/* What was drawn; its owner gives it back with weft_pool_return() */
struct weft_drawn {
	struct weft_pool_block *block;	/* NULL: nothing to give back (a map) */
	struct in6_addr ip;		/* IPv4: in the first four bytes, the others zero */
	u16 index;			/* what of the block; for pool.c */
	__be16 port;			/* 0: none was wanted */
};

/*
 * Draw: any free pair of the family and protocol; without a protocol, an address of which
 * no port matters (only of a pool of ranges with first_port = 0 and last_port = 0, where each
 * address is given to one at a time, or of a map). O(1) in the number of ports and in how
 * many of them are in use; addresses that are full are not looked at again until something
 * comes back. Any context, takes a spinlock with BH off inside. false: there is nothing
 * (counted as refused).
 */
bool weft_pool_draw(struct weft_pool *pool, const struct weft_ask *ask,
		    struct weft_drawn *drawn);

/*
 * Draw just this pair (drawn->ip and drawn->port are given), for an import or for
 * what a daemon chose: false when it is in use or the pool has no such pair.
 */
bool weft_pool_draw_exactly(struct weft_pool *pool, const struct weft_ask *ask,
			    struct weft_drawn *drawn);

/* Give it back; any context; after this the drawn may be made anew */
void weft_pool_return(struct weft_drawn *drawn);

/* The rest: dp->lock */

/* The pool @id with a reference (WEFT_POOL_A_TEMPLATES); NULL: there is none */
struct weft_pool *weft_pool_get(struct weft_datapath *dp, u32 id);
void weft_pool_put(struct weft_pool *pool);

u32 weft_pool_id(const struct weft_pool *pool);
enum weft_pool_type weft_pool_kind(const struct weft_pool *pool);

/*
 * Free all pools of a datapath: no template and no instance is left. Blocks that were
 * withdrawn live as long as something drawn from them is out.
 */
void weft_pools_init(struct weft_datapath *dp);
void weft_pools_exit(struct weft_datapath *dp);

#endif /* WEFT_POOL_H */
