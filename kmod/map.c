// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps: an address for an address.
 *
 * Prefixes do not overlap, so the one with an address is the last that begins at or
 * below it. A change is written as a draft: what there was and what is new, each with the
 * attribute that is to blame for it; sorted, an overlap shows between neighbours.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include "map.h"

struct weft_map_draft {
	struct weft_map_entry entry;
	const struct nlattr *attr;	/* of what is new */
	bool dropped;
	bool is_new;
};

/* < 0: @a comes first. By prefix length, too, so that the wider of two comes first */
static int weft_map_order(const struct weft_map_entry *a, const struct weft_map_entry *b)
{
	if (a->pair.family != b->pair.family)
		return a->pair.family - b->pair.family;
	if (weft_addr_below(a->from, b->from))
		return -1;
	if (weft_addr_below(b->from, a->from))
		return 1;
	return a->pair.prefix_len - b->pair.prefix_len;
}

static bool weft_map_covers(const struct weft_map_entry *entry, u8 family, struct weft_addr addr)
{
	return entry->pair.family == family &&
	       (addr.hi & ~entry->rest.hi) == entry->from.hi &&
	       (addr.lo & ~entry->rest.lo) == entry->from.lo;
}

/* The last entry that does not begin behind @addr */
static const struct weft_map_entry *weft_map_at(const struct weft_map *map, u8 family,
						struct weft_addr addr)
{
	u32 low = 0, high = map->n;

	while (low < high) {
		u32 middle = (low + high) / 2;
		const struct weft_map_entry *entry = &map->entries[middle];

		if (entry->pair.family > family ||
		    (entry->pair.family == family && weft_addr_below(addr, entry->from)))
			high = middle;
		else
			low = middle + 1;
	}
	return low ? &map->entries[low - 1] : NULL;
}

bool weft_map_find(const struct weft_map *map, u8 family, const struct in6_addr *addr,
		   struct in6_addr *found)
{
	struct weft_addr from = weft_addr_load(family, addr);
	const struct weft_map_entry *entry = weft_map_at(map, family, from);

	if (!entry || !weft_map_covers(entry, family, from))
		return false;
	weft_addr_store(family, (struct weft_addr){
		.hi = entry->to.hi | (from.hi & entry->rest.hi),
		.lo = entry->to.lo | (from.lo & entry->rest.lo),
	}, found);
	return true;
}

/* Change */

static void weft_map_read(const struct weft_pool_pair *pair, struct weft_map_entry *entry)
{
	u32 rest = (pair->family == 4 ? 32 : 128) - pair->prefix_len;

	entry->pair = *pair;
	entry->from = weft_addr_load(pair->family, pair->from);
	entry->to = weft_addr_load(pair->family, pair->to);
	entry->rest.hi = rest > 64 ? BIT_ULL(rest - 64) - 1 : 0;
	entry->rest.lo = rest >= 64 ? U64_MAX : BIT_ULL(rest) - 1;
}

static bool weft_map_clean(const struct weft_pool_pair *pair)
{
	return pair->family == 6 ||
	       (!memchr_inv(pair->from + 4, 0, sizeof(pair->from) - 4) &&
		!memchr_inv(pair->to + 4, 0, sizeof(pair->to) - 4));
}

static bool weft_map_has_rest(const struct weft_map_entry *entry, struct weft_addr addr)
{
	return (addr.hi & entry->rest.hi) || (addr.lo & entry->rest.lo);
}

static int weft_map_check(const struct weft_pool_pair *pair, struct weft_map_entry *entry,
			  const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (pair->family != 4 && pair->family != 6) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "map: the family is neither 4 nor 6");
		return -EINVAL;
	}
	if (memchr_inv(pair->reserved, 0, sizeof(pair->reserved))) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "map: reserved bytes are not zero");
		return -EINVAL;
	}
	if (!weft_map_clean(pair)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "map: bytes behind an IPv4 address are not zero");
		return -EINVAL;
	}
	if (!pair->prefix_len || pair->prefix_len > (pair->family == 4 ? 32 : 128)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "map: no such prefix length");
		return -EINVAL;
	}
	weft_map_read(pair, entry);
	if (weft_map_has_rest(entry, entry->from)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "map: bits behind the prefix of the first address are not zero");
		return -EINVAL;
	}
	if (weft_map_has_rest(entry, entry->to)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "map: bits behind the prefix of the second address are not zero");
		return -EINVAL;
	}
	return 0;
}

static int weft_map_drop(const struct weft_map *old, struct weft_map_draft *draft,
			 const struct weft_pool_item *item, struct netlink_ext_ack *extack)
{
	const struct weft_pool_pair *pair = item->value;
	const struct weft_map_entry *entry;

	entry = old ? weft_map_at(old, pair->family, weft_addr_load(pair->family, pair->from)) :
		      NULL;
	if (!entry || memcmp(&entry->pair, pair, sizeof(*pair))) {
		NL_SET_ERR_MSG_ATTR(extack, item->attr,
				    "map: what is withdrawn is not in it, just so");
		return -ENOENT;
	}
	if (draft[entry - old->entries].dropped) {
		NL_SET_ERR_MSG_ATTR(extack, item->attr, "map: withdrawn twice");
		return -ENOENT;
	}
	draft[entry - old->entries].dropped = true;
	return 0;
}

/* sort() ends with those that were dropped behind the others */
static int weft_map_draft_order(const void *a, const void *b)
{
	const struct weft_map_draft *first = a, *second = b;

	if (first->dropped != second->dropped)
		return first->dropped - second->dropped;
	return weft_map_order(&first->entry, &second->entry);
}

/* Put together what there was and what is new; returns how many, or -errno */
static int weft_map_write(const struct weft_map *old, const struct weft_pool_change *change,
			  struct weft_map_draft *draft, struct netlink_ext_ack *extack)
{
	u32 i, n = 0, n_old = old ? old->n : 0;
	int err;

	for (i = 0; i < n_old; i++)
		draft[i].entry = old->entries[i];
	for (i = 0; i < change->n_withdraw; i++) {
		err = weft_map_drop(old, draft, &change->withdraw[i], extack);
		if (err)
			return err;
	}
	for (i = 0; i < change->n_add; i++) {
		struct weft_map_draft *d = &draft[n_old + i];

		d->attr = change->add[i].attr;
		d->is_new = true;
		err = weft_map_check(change->add[i].value, &d->entry, d->attr, extack);
		if (err)
			return err;
	}
	n = n_old + change->n_add - change->n_withdraw;
	if (n > WEFT_POOL_RANGES_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, change->add[change->n_add - 1].attr,
				    "map: too many entries");
		return -ENOSPC;
	}
	sort(draft, n_old + change->n_add, sizeof(*draft), weft_map_draft_order, NULL);
	for (i = 1; i < n; i++) {
		if (!weft_map_covers(&draft[i - 1].entry, draft[i].entry.pair.family,
				     draft[i].entry.from))
			continue;
		NL_SET_ERR_MSG_ATTR(extack, draft[draft[i].is_new ? i : i - 1].attr,
				    "map: the prefix overlaps another");
		return -EEXIST;
	}
	return n;
}

struct weft_map *weft_map_change(const struct weft_map *old, const struct weft_pool_change *change,
				 struct netlink_ext_ack *extack)
{
	u32 i, n_draft = (old ? old->n : 0) + change->n_add;
	struct weft_map_draft *draft;
	struct weft_map *map;
	int n;

	draft = kvcalloc(n_draft + 1, sizeof(*draft), GFP_KERNEL);
	if (!draft)
		return ERR_PTR(-ENOMEM);
	n = weft_map_write(old, change, draft, extack);
	if (n < 0) {
		kvfree(draft);
		return ERR_PTR(n);
	}
	map = kvzalloc(struct_size(map, entries, n), GFP_KERNEL_ACCOUNT);
	if (map) {
		map->n = n;
		for (i = 0; i < n; i++)
			map->entries[i] = draft[i].entry;
	}
	kvfree(draft);
	return map ? map : ERR_PTR(-ENOMEM);
}
