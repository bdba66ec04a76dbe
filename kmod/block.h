/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block: a range of a pool, each of its addresses with each of its ports, and what
 * of it is in use.
 *
 * The pool's lock covers every function that takes a block.
 */
#ifndef WEFT_BLOCK_H
#define WEFT_BLOCK_H

#include <linux/types.h>
#include <linux/weft.h>
#include "compat.h"
#include "pool.h"

#define WEFT_POOL_BUCKETS	64	/* of remote endpoints, in a pool that uses pairs again */

struct weft_pool_share;

/* An address to reckon with; of IPv4, hi is zero */
struct weft_addr {
	u64 hi;
	u64 lo;
};

static inline struct weft_addr weft_addr_load(u8 family, const void *bytes)
{
	struct weft_addr addr = {};

	if (family == 4) {
		addr.lo = get_unaligned_be32(bytes);
	} else {
		addr.hi = get_unaligned_be64(bytes);
		addr.lo = get_unaligned_be64(bytes + 8);
	}
	return addr;
}

static inline void weft_addr_store(u8 family, struct weft_addr addr, struct in6_addr *ip)
{
	if (family == 4) {
		*ip = (struct in6_addr){};
		ip->s6_addr32[0] = cpu_to_be32(addr.lo);
	} else {
		put_unaligned_be64(addr.hi, ip->s6_addr);
		put_unaligned_be64(addr.lo, ip->s6_addr + 8);
	}
}

static inline bool weft_addr_below(struct weft_addr a, struct weft_addr b)
{
	return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo;
}

static inline struct weft_addr weft_addr_add(struct weft_addr addr, u32 n)
{
	return (struct weft_addr){ .hi = addr.hi + (addr.lo + n < n), .lo = addr.lo + n };
}

/* How far @addr is above @base; U64_MAX: further than that, or below it */
static inline u64 weft_addr_offset(struct weft_addr addr, struct weft_addr base)
{
	return addr.hi - base.hi == (addr.lo < base.lo) ? addr.lo - base.lo : U64_MAX;
}

struct weft_pool_block {
	struct weft_pool *pool;
	struct weft_pool_range range;
	struct weft_addr first;
	struct weft_addr last;
	u32 n_addrs;
	u16 slot;			/* in the pool */
	bool withdrawn;
	u32 refs;			/* values that are out, and 1 until it is withdrawn */

	/* For one request; dp->lock */
	bool leaving;			/* it withdraws this one */
	const struct nlattr *rival;	/* what it adds must not meet values of this one */
	bool rivalled;			/* there is a rival */

	u16 next[WEFT_POOL_PROTOS];	/* SEQUENTIAL goes on here */
	u32 n_keys;
	struct weft_pool_share *shares[];	/* by key; NULL: nothing in use */
};

/* Which port */
struct weft_pick {
	u16 port;			/* that of the packet */
	enum weft_pool_choice choice;
	bool parity;
};

/*
 * Values are apart by their key: the protocol and the bucket of the remote endpoint.
 * Blocks without ports use that of the first protocol.
 */
static inline u16 weft_block_key(u8 proto, u32 bucket)
{
	return bucket * WEFT_POOL_PROTOS + (proto == WEFT_POOL_PROTOS ? 0 : proto);
}

/* Does it give addresses only? */
static inline bool weft_range_portless(const struct weft_pool_range *range)
{
	return !range->last_port;
}

static inline u32 weft_range_n_ports(const struct weft_pool_range *range)
{
	return range->last_port - range->first_port + 1;
}

/* Is it well-formed? -EINVAL or -ENOSPC with extack, which blames @attr */
int weft_range_check(const struct weft_pool_range *range, const struct nlattr *attr,
		     struct netlink_ext_ack *extack);

/* Of a range that is well-formed, with one reference; may sleep. NULL: no memory */
struct weft_pool_block *weft_block_alloc(struct weft_pool *pool,
					 const struct weft_pool_range *range, u32 n_keys);

/* Nothing of it is out */
void weft_block_free(struct weft_pool_block *block);

/* Do two ranges have a pair in common? */
bool weft_block_overlaps(const struct weft_pool_block *a, const struct weft_pool_block *b);

/* Is there an address that has something free? */
bool weft_block_open(const struct weft_pool_block *block, u16 key);

/*
 * Draw from the first address at or behind the one at offset @start that has something
 * free. false: none has, or there is no memory.
 */
bool weft_block_draw(struct weft_pool_block *block, u16 key, u32 start,
		     const struct weft_pick *pick, struct weft_drawn *drawn);

/* Draw what drawn->ip and drawn->claim.port say; false: it is not there or not free */
bool weft_block_draw_exactly(struct weft_pool_block *block, u16 key, struct weft_drawn *drawn);

/* Give back what was drawn */
void weft_block_return(struct weft_pool_block *block, const struct weft_claim *claim);

#endif /* WEFT_BLOCK_H */
