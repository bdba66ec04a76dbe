/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pools: values that instances draw.
 *
 * A pool of ranges gives pairs of an address and a port; a map gives an address for an
 * address. Draws and returns are made in softirq, everything else under dp->lock.
 *
 * TCP, UDP and SCTP are never given port 0; an ICMP identifier may be 0.
 */
#ifndef WEFT_POOL_H
#define WEFT_POOL_H

#include <linux/in6.h>
#include <linux/types.h>
#include <linux/weft.h>

struct netlink_ext_ack;
struct nlattr;
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
	u32 local_hash;			/* of the local address: gets the same one, if possible */
	u32 remote_hash;		/* of the remote endpoint: for REUSE */
	struct in6_addr map;		/* what to look up in a map; as weft_drawn.ip */
};

/* What is out; its owner gives it back with weft_pool_return() */
struct weft_claim {
	struct weft_pool_block *block;	/* NULL: nothing to give back (a map) */
	u16 index;			/* what of the block; for pool.c */
	u16 at;				/* the address, from the block's first one */
	__be16 port;			/* 0: none was wanted */
};

/* What was drawn */
struct weft_drawn {
	struct weft_claim claim;
	struct in6_addr ip;		/* IPv4: in the first four bytes, the others zero */
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
 * Draw just this pair (drawn->ip and drawn->claim.port are given), for an import or for
 * what a daemon chose: false when it is in use or the pool has no such pair.
 */
bool weft_pool_draw_exactly(struct weft_pool *pool, const struct weft_ask *ask,
			    struct weft_drawn *drawn);

/* Give it back; any context; after this it may be made anew */
void weft_pool_return(struct weft_claim *claim);

/* The rest: dp->lock */

/*
 * The pool @id with a reference (WEFT_POOL_A_TEMPLATES); NULL: there is none. The memory
 * of a pool stays for RCU readers that draw, also when the reference is gone.
 */
struct weft_pool *weft_pool_get(struct weft_datapath *dp, u32 id);
void weft_pool_put(struct weft_pool *pool);

u32 weft_pool_id(const struct weft_pool *pool);
enum weft_pool_type weft_pool_kind(const struct weft_pool *pool);

/* Does it give a value once for each remote endpoint? Then it has to know of that. Any context. */
bool weft_pool_reuses(const struct weft_pool *pool);

/* The pool @id, without a reference; NULL: there is none */
struct weft_pool *weft_pool_find(struct weft_datapath *dp, u32 id);

struct weft_pool_config {
	u32 id;
	enum weft_pool_type type;
	enum weft_pool_choice choice;
	bool parity;
	bool reuse;
};

/* One of what a pool has, or is to have; @attr is to blame when it cannot be */
struct weft_pool_item {
	const void *value;		/* struct weft_pool_range; of a map struct weft_pool_pair */
	const struct nlattr *attr;
};

/* First withdrawn, then added */
struct weft_pool_change {
	const struct weft_pool_item *add;
	const struct weft_pool_item *withdraw;
	u32 n_add;
	u32 n_withdraw;
};

struct weft_pool_info {
	struct weft_pool_config config;
	u64 total;
	u64 used;
	u64 refused;
	u32 n_templates;
	u32 n_items;
};

/* Make one; ERR_PTR with extack */
struct weft_pool *weft_pool_create(struct weft_datapath *dp, const struct weft_pool_config *config,
				   const struct weft_pool_change *change,
				   struct netlink_ext_ack *extack);

/*
 * All of the change or, with an error and extack, nothing. Of @config only the choice
 * and the parity count.
 */
int weft_pool_change(struct weft_pool *pool, const struct weft_pool_config *config,
		     const struct weft_pool_change *change, struct netlink_ext_ack *extack);

/* No template draws from it */
void weft_pool_delete(struct weft_datapath *dp, struct weft_pool *pool);

void weft_pool_read(struct weft_pool *pool, struct weft_pool_info *info);

/* What it has, in an order of its own; @i is below weft_pool_info.n_items */
const void *weft_pool_item(const struct weft_pool *pool, u32 i);

/*
 * Free all pools of a datapath: no template and no instance is left. Blocks that were
 * withdrawn live as long as something drawn from them is out.
 */
void weft_pools_init(struct weft_datapath *dp);
void weft_pools_exit(struct weft_datapath *dp);

#endif /* WEFT_POOL_H */
