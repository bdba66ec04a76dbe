// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of a pool's range is in use.
 *
 * For each key (protocol and bucket of remote endpoints) a block has a share: the
 * addresses that have something free, and for each address that is in use the set of its
 * ports. All of these are made when traffic first needs them and freed when the last value
 * comes back, under the pool's lock.
 *
 * So traffic makes the memory grow with the values that are out, and not further: each of
 * them is good for one share, one set and their nodes at most, less than 4 KiB; the many
 * ports of one address have 9 KiB at most for each key.
 *
 * TCP, UDP and SCTP have no port 0, so they never get it; an ICMP identifier may be 0. A
 * range whose only port is 0 has no ports: what is drawn of it is the address.
 */
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include "block.h"
#include "idset.h"

#define WEFT_GFP_DRAW	(GFP_ATOMIC | __GFP_NOWARN)

struct weft_pool_share {
	struct weft_idset *open;	/* offsets of addresses that have something free */
	struct xarray sets;		/* offset → struct weft_idset of ports */
	u32 n_used;			/* values that are out */
};

/* Ranges */

static bool weft_range_clean(const struct weft_pool_range *range)
{
	return range->family == 6 ||
	       (!memchr_inv(range->first + 4, 0, sizeof(range->first) - 4) &&
		!memchr_inv(range->last + 4, 0, sizeof(range->last) - 4));
}

int weft_range_check(const struct weft_pool_range *range, const struct nlattr *attr,
		     struct netlink_ext_ack *extack)
{
	struct weft_addr first, last;

	if (range->family != 4 && range->family != 6) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "range: the family is neither 4 nor 6");
		return -EINVAL;
	}
	if (memchr_inv(range->reserved, 0, sizeof(range->reserved))) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "range: reserved bytes are not zero");
		return -EINVAL;
	}
	if (!weft_range_clean(range)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "range: bytes behind an IPv4 address are not zero");
		return -EINVAL;
	}
	if (range->first_port > range->last_port) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "range: the first port is above the last");
		return -EINVAL;
	}
	first = weft_addr_load(range->family, range->first);
	last = weft_addr_load(range->family, range->last);
	if (weft_addr_below(last, first)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "range: the first address is above the last");
		return -EINVAL;
	}
	if (weft_addr_offset(last, first) >= WEFT_POOL_ADDRS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "range: more addresses than a pool may have");
		return -ENOSPC;
	}
	return 0;
}

struct weft_pool_block *weft_block_alloc(struct weft_pool *pool,
					 const struct weft_pool_range *range, u32 n_keys)
{
	struct weft_pool_block *block;

	block = kzalloc(struct_size(block, shares, n_keys), GFP_KERNEL_ACCOUNT);
	if (!block)
		return NULL;
	block->pool = pool;
	block->range = *range;
	block->first = weft_addr_load(range->family, range->first);
	block->last = weft_addr_load(range->family, range->last);
	block->n_addrs = weft_addr_offset(block->last, block->first) + 1;
	block->refs = 1;
	block->n_keys = n_keys;
	return block;
}

void weft_block_free(struct weft_pool_block *block)
{
	kfree(block);
}

bool weft_block_overlaps(const struct weft_pool_block *a, const struct weft_pool_block *b)
{
	return a->range.family == b->range.family &&
	       a->range.first_port <= b->range.last_port &&
	       b->range.first_port <= a->range.last_port &&
	       !weft_addr_below(a->last, b->first) && !weft_addr_below(b->last, a->first);
}

/* Shares and sets */

bool weft_block_open(const struct weft_pool_block *block, u16 key)
{
	const struct weft_pool_share *share = block->shares[key];

	return !share || weft_idset_n_free(share->open);
}

static struct weft_pool_share *weft_block_share(struct weft_pool_block *block, u16 key)
{
	struct weft_pool_share *share = block->shares[key];

	if (share)
		return share;
	share = kzalloc(sizeof(*share), WEFT_GFP_DRAW);
	if (!share)
		return NULL;
	share->open = weft_idset_alloc(0, block->n_addrs - 1, WEFT_GFP_DRAW);
	if (!share->open) {
		kfree(share);
		return NULL;
	}
	xa_init(&share->sets);
	block->shares[key] = share;
	return share;
}

/* Ports of an address */
static struct weft_idset *weft_block_set(const struct weft_pool_block *block, u16 key, u16 at)
{
	struct weft_pool_share *share = block->shares[key];
	struct weft_idset *set = xa_load(&share->sets, at);
	u16 first = block->range.first_port;

	if (set)
		return set;
	if (!first && key % WEFT_POOL_PROTOS != WEFT_POOL_ECHO)
		first = 1;
	set = weft_idset_alloc(first, block->range.last_port, WEFT_GFP_DRAW);
	if (!set)
		return NULL;
	if (xa_err(xa_store(&share->sets, at, set, WEFT_GFP_DRAW))) {
		weft_idset_free(set);
		return NULL;
	}
	return set;
}

/* Free what has nothing in use */
static void weft_block_trim(struct weft_pool_block *block, u16 key, u16 at)
{
	struct weft_pool_share *share = block->shares[key];
	struct weft_idset *set;

	if (!share)
		return;
	set = xa_load(&share->sets, at);
	if (set && !weft_idset_n_taken(set)) {
		xa_erase(&share->sets, at);
		weft_idset_free(set);
	}
	if (share->n_used)
		return;
	weft_idset_free(share->open);
	kfree(share);
	block->shares[key] = NULL;
}

/*
 * Take a port that is free. If it is the address's last, the address is no longer one to
 * look at, which must not fail when the port is taken already.
 */
static bool weft_share_take(struct weft_pool_share *share, u16 at, struct weft_idset *set,
			    u16 port)
{
	bool last = weft_idset_n_free(set) == 1;

	if (last && !weft_idset_take(share->open, at, WEFT_GFP_DRAW))
		return false;
	if (weft_idset_take(set, port, WEFT_GFP_DRAW))
		return true;
	if (last)
		weft_idset_put(share->open, at);
	return false;
}

/* Draws */

static u16 weft_block_pick(struct weft_pool_block *block, u8 proto, const struct weft_idset *set,
			   const struct weft_pick *pick)
{
	enum weft_parity parity = pick->parity ? pick->port & 1 : WEFT_PARITY_ANY;
	u16 first = weft_idset_first(set);
	u32 start;
	u16 port;

	switch (pick->choice) {
	case WEFT_POOL_CHOICE_SEQUENTIAL:
		port = weft_idset_next(set, block->next[proto], parity);
		block->next[proto] = port + 1;
		return port;
	case WEFT_POOL_CHOICE_PRESERVE:
		if (weft_idset_has(set, pick->port))
			return pick->port;
		fallthrough;
	default:
		start = first + reciprocal_scale(get_random_u32(),
						 weft_idset_last(set) - first + 1);
		return weft_idset_next(set, start, parity);
	}
}

bool weft_block_draw(struct weft_pool_block *block, u16 key, u32 start,
		     const struct weft_pick *pick, struct weft_drawn *drawn)
{
	struct weft_pool_share *share = weft_block_share(block, key);
	struct weft_idset *set;
	u16 port = 0;
	bool done;
	int at;

	if (!share)
		return false;
	at = weft_idset_next(share->open, start, WEFT_PARITY_ANY);
	if (at < 0)
		return false;
	if (weft_range_portless(&block->range)) {
		done = weft_idset_take(share->open, at, WEFT_GFP_DRAW);
	} else {
		set = weft_block_set(block, key, at);
		if (set)
			port = weft_block_pick(block, key % WEFT_POOL_PROTOS, set, pick);
		done = set && weft_share_take(share, at, set, port);
	}
	if (!done) {
		weft_block_trim(block, key, at);
		return false;
	}
	share->n_used++;
	weft_addr_store(block->range.family, weft_addr_add(block->first, at), &drawn->ip);
	drawn->claim.at = at;
	drawn->claim.port = htons(port);
	return true;
}

bool weft_block_draw_exactly(struct weft_pool_block *block, u16 key, struct weft_drawn *drawn)
{
	u64 at = weft_addr_offset(weft_addr_load(block->range.family, &drawn->ip), block->first);
	u16 port = ntohs(drawn->claim.port);
	struct weft_pool_share *share;
	struct weft_idset *set;
	bool done;

	if (at >= block->n_addrs)
		return false;
	share = weft_block_share(block, key);
	if (!share)
		return false;
	if (weft_range_portless(&block->range)) {
		done = !port && weft_idset_has(share->open, at) &&
		       weft_idset_take(share->open, at, WEFT_GFP_DRAW);
	} else {
		set = weft_block_set(block, key, at);
		done = set && weft_idset_has(set, port) && weft_share_take(share, at, set, port);
	}
	if (!done) {
		weft_block_trim(block, key, at);
		return false;
	}
	share->n_used++;
	drawn->claim.at = at;
	return true;
}

void weft_block_return(struct weft_pool_block *block, const struct weft_claim *claim)
{
	struct weft_pool_share *share = block->shares[claim->index];
	struct weft_idset *set;

	if (weft_range_portless(&block->range)) {
		weft_idset_put(share->open, claim->at);
	} else {
		set = xa_load(&share->sets, claim->at);
		if (!weft_idset_n_free(set))
			weft_idset_put(share->open, claim->at);
		weft_idset_put(set, ntohs(claim->port));
	}
	share->n_used--;
	weft_block_trim(block, claim->index, claim->at);
}
