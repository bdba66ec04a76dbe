/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A map of a pool: addresses of prefixes to those of other prefixes.
 *
 * It never changes; a change makes another one. Readers: RCU; writers: dp->lock.
 */
#ifndef WEFT_MAP_H
#define WEFT_MAP_H

#include <linux/types.h>
#include <linux/weft.h>
#include "block.h"
#include "pool.h"

struct weft_map_entry {
	struct weft_pool_pair pair;
	struct weft_addr from;
	struct weft_addr to;
	struct weft_addr rest;		/* bits behind the prefix */
};

struct weft_map {
	struct rcu_head rcu;
	u32 n;
	struct weft_map_entry entries[];	/* by family and where they begin */
};

/* The address for @addr; false: no prefix has it */
bool weft_map_find(const struct weft_map *map, u8 family, const struct in6_addr *addr,
		   struct in6_addr *found);

/* A map like @old (NULL: an empty one), changed; ERR_PTR with extack */
struct weft_map *weft_map_change(const struct weft_map *old, const struct weft_pool_change *change,
				 struct netlink_ext_ack *extack);

#endif /* WEFT_MAP_H */
