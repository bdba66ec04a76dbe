// SPDX-License-Identifier: Apache-2.0
/*
 * Pools: the structure, and the requests about them.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "wl.h"

static void ranges_free(struct weft_ranges *ranges)
{
	free(ranges->ranges);
	free(ranges->pairs);
	*ranges = (struct weft_ranges){ 0 };
}

/* How many there is room for where there are @n: growing doubles it */
static size_t room(unsigned int n)
{
	size_t size = 1;

	while (size < n)
		size *= 2;
	return size;
}

static int ranges_copy(struct weft_ranges *out, const struct weft_ranges *ranges)
{
	*out = (struct weft_ranges){ 0 };
	if (ranges->n_ranges) {
		out->ranges = malloc(room(ranges->n_ranges) * sizeof(*out->ranges));
		if (!out->ranges)
			return -ENOMEM;
		memcpy(out->ranges, ranges->ranges, ranges->n_ranges * sizeof(*out->ranges));
		out->n_ranges = ranges->n_ranges;
	}
	if (ranges->n_pairs) {
		out->pairs = malloc(room(ranges->n_pairs) * sizeof(*out->pairs));
		if (!out->pairs) {
			ranges_free(out);
			return -ENOMEM;
		}
		memcpy(out->pairs, ranges->pairs, ranges->n_pairs * sizeof(*out->pairs));
		out->n_pairs = ranges->n_pairs;
	}
	return 0;
}

static bool ranges_equal(const struct weft_ranges *a, const struct weft_ranges *b)
{
	if (a->n_ranges != b->n_ranges || a->n_pairs != b->n_pairs)
		return false;
	if (a->n_ranges && memcmp(a->ranges, b->ranges, a->n_ranges * sizeof(*a->ranges)))
		return false;
	return !a->n_pairs || !memcmp(a->pairs, b->pairs, a->n_pairs * sizeof(*a->pairs));
}

/**
 * weft_pool_init - begin with an empty pool of ranges
 * @pool: to initialise
 */
void weft_pool_init(struct weft_pool *pool)
{
	*pool = (struct weft_pool){ 0 };
}

/**
 * weft_pool_free - free what a pool holds
 * @pool: left empty
 */
void weft_pool_free(struct weft_pool *pool)
{
	ranges_free(&pool->ranges);
	ranges_free(&pool->withdraw);
	weft_pool_init(pool);
}

/**
 * weft_pool_copy - copy a pool
 * @out: uninitialised; the caller frees it
 * @pool: to copy
 *
 * Returns 0 or -ENOMEM.
 */
int weft_pool_copy(struct weft_pool *out, const struct weft_pool *pool)
{
	int err;

	*out = *pool;
	out->withdraw = (struct weft_ranges){ 0 };
	err = ranges_copy(&out->ranges, &pool->ranges);
	if (!err)
		err = ranges_copy(&out->withdraw, &pool->withdraw);
	if (err)
		weft_pool_free(out);
	return err;
}

/**
 * weft_pool_equal - are two pools the same but for their counters?
 * @a: one
 * @b: the other
 *
 * What is absent has its default. Ranges must be in the same order.
 */
bool weft_pool_equal(const struct weft_pool *a, const struct weft_pool *b)
{
	return a->id == b->id && a->type == b->type && a->choice == b->choice &&
	       !a->parity == !b->parity && !a->reuse == !b->reuse &&
	       ranges_equal(&a->ranges, &b->ranges) && ranges_equal(&a->withdraw, &b->withdraw);
}

static size_t family_len(uint8_t family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

/* Is @last not below @first, and at most WEFT_POOL_ADDRS_MAX - 1 above? */
static bool span_ok(const uint8_t *first, const uint8_t *last, size_t len)
{
	uint64_t low_first, low_last;

	if (len == 16 && memcmp(first, last, 8))
		return false;
	low_first = wl_get_be(first + (len == 16 ? 8 : 0), len == 16 ? 8 : 4);
	low_last = wl_get_be(last + (len == 16 ? 8 : 0), len == 16 ? 8 : 4);
	return low_first <= low_last && low_last - low_first < WEFT_POOL_ADDRS_MAX;
}

static bool range_ok(const struct weft_pool_range *range)
{
	size_t len = family_len(range->family);

	return len && range->first_port <= range->last_port &&
	       wl_all_zero(range->first + len, 16 - len) &&
	       wl_all_zero(range->last + len, 16 - len) && span_ok(range->first, range->last, len);
}

static bool prefix_ok(const uint8_t *addr, size_t len, unsigned int prefix)
{
	size_t bit;

	for (bit = 0; bit < len * 8 - prefix; bit++)
		if (wl_bit_get(addr, len, (unsigned int)bit))
			return false;
	return wl_all_zero(addr + len, 16 - len);
}

static bool pair_ok(const struct weft_pool_pair *pair)
{
	size_t len = family_len(pair->family);

	return len && pair->prefix_len && pair->prefix_len <= len * 8 &&
	       prefix_ok(pair->from, len, pair->prefix_len) &&
	       prefix_ok(pair->to, len, pair->prefix_len);
}

/* Room for one more behind @n of @v; NULL when out of memory */
static void *grow(void *v, unsigned int n, size_t size)
{
	return n && n < room(n) ? v : realloc(v, room(n + 1) * size);
}

/**
 * weft_ranges_add_range - append addresses and ports
 * @ranges: the list
 * @range: what to append
 *
 * Returns 0, -EINVAL when first is above last or it has too many addresses, -ENOSPC
 * when there are WEFT_POOL_RANGES_MAX, -ENOMEM.
 */
int weft_ranges_add_range(struct weft_ranges *ranges, const struct weft_pool_range *range)
{
	struct weft_pool_range *grown;

	if (!range_ok(range))
		return -EINVAL;
	if (ranges->n_ranges == WEFT_POOL_RANGES_MAX)
		return -ENOSPC;
	grown = grow(ranges->ranges, ranges->n_ranges, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ranges->ranges = grown;
	ranges->ranges[ranges->n_ranges++] = *range;
	return 0;
}

/**
 * weft_ranges_add_pair - append an entry of a map
 * @ranges: the list
 * @pair: what to append
 *
 * Returns 0, -EINVAL when there are bits behind the prefix or no prefix, -ENOSPC when
 * there are WEFT_POOL_RANGES_MAX, -ENOMEM.
 */
int weft_ranges_add_pair(struct weft_ranges *ranges, const struct weft_pool_pair *pair)
{
	struct weft_pool_pair *grown;

	if (!pair_ok(pair))
		return -EINVAL;
	if (ranges->n_pairs == WEFT_POOL_RANGES_MAX)
		return -ENOSPC;
	grown = grow(ranges->pairs, ranges->n_pairs, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ranges->pairs = grown;
	ranges->pairs[ranges->n_pairs++] = *pair;
	return 0;
}

/* ---- attributes ----------------------------------------------------------- */

static int range_get(struct weft_ranges *out, const struct nlattr *attr)
{
	struct weft_pool_range range;
	struct weft_pool_pair pair;
	int err;

	switch (mnl_attr_get_type(attr)) {
	case WEFT_RANGES_A_RANGE:
		err = wl_attr_bytes(attr, &range, sizeof(range));
		return err ? err : weft_ranges_add_range(out, &range);
	case WEFT_RANGES_A_PAIR:
		err = wl_attr_bytes(attr, &pair, sizeof(pair));
		return err ? err : weft_ranges_add_pair(out, &pair);
	default:
		return 0;
	}
}

static int ranges_get(struct weft_ranges *out, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err;

	ranges_free(out);
	err = wl_nest_check(nest);
	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest) {
		err = range_get(out, attr);
		if (err)
			return err == -ENOMEM ? err : -EPROTO;
	}
	return 0;
}

static int pool_get_attr(struct weft_pool *pool, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_POOL_A_MAX)
		weft_mark(pool, type);
	switch (type) {
	case WEFT_POOL_A_DP:
		return wl_attr_str(attr, pool->dp, sizeof(pool->dp));
	case WEFT_POOL_A_ID:
		return wl_attr_u32(attr, &pool->id);
	case WEFT_POOL_A_TYPE:
		return wl_attr_u32(attr, &pool->type);
	case WEFT_POOL_A_CHOICE:
		return wl_attr_u32(attr, &pool->choice);
	case WEFT_POOL_A_PARITY:
		return wl_attr_u8(attr, &pool->parity);
	case WEFT_POOL_A_REUSE:
		return wl_attr_u8(attr, &pool->reuse);
	case WEFT_POOL_A_RANGES:
		return ranges_get(&pool->ranges, attr);
	case WEFT_POOL_A_WITHDRAW:
		return ranges_get(&pool->withdraw, attr);
	case WEFT_POOL_A_TOTAL:
		return wl_attr_u64(attr, &pool->total);
	case WEFT_POOL_A_USED:
		return wl_attr_u64(attr, &pool->used);
	case WEFT_POOL_A_REFUSED:
		return wl_attr_u64(attr, &pool->refused);
	case WEFT_POOL_A_TEMPLATES:
		return wl_attr_u32(attr, &pool->templates);
	}
	return 0;
}

int wl_pool_get_msg(struct weft_pool *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_pool_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = pool_get_attr(out, attr);
		if (err) {
			weft_pool_free(out);
			return err;
		}
	}
	return 0;
}

static int ranges_put(struct nlmsghdr *nlh, size_t size, uint16_t type,
		      const struct weft_ranges *ranges)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, type);
	bool ok = nest;
	unsigned int i;

	for (i = 0; ok && i < ranges->n_ranges; i++)
		ok = mnl_attr_put_check(nlh, size, WEFT_RANGES_A_RANGE, sizeof(*ranges->ranges),
					&ranges->ranges[i]);
	for (i = 0; ok && i < ranges->n_pairs; i++)
		ok = mnl_attr_put_check(nlh, size, WEFT_RANGES_A_PAIR, sizeof(*ranges->pairs),
					&ranges->pairs[i]);
	return ok ? wl_nest_end(nlh, nest) : -EMSGSIZE;
}

/* All but the datapath; @change: of what is present, what a SET may have */
int wl_pool_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_pool *pool, bool change)
{
	bool ok = mnl_attr_put_u32_check(nlh, size, WEFT_POOL_A_ID, pool->id);
	int err = 0;

	if (!change && weft_has(pool, WEFT_POOL_A_TYPE))
		ok = ok && mnl_attr_put_u32_check(nlh, size, WEFT_POOL_A_TYPE, pool->type);
	if (weft_has(pool, WEFT_POOL_A_CHOICE))
		ok = ok && mnl_attr_put_u32_check(nlh, size, WEFT_POOL_A_CHOICE, pool->choice);
	if (weft_has(pool, WEFT_POOL_A_PARITY))
		ok = ok && mnl_attr_put_u8_check(nlh, size, WEFT_POOL_A_PARITY, pool->parity);
	if (!change && weft_has(pool, WEFT_POOL_A_REUSE))
		ok = ok && mnl_attr_put_u8_check(nlh, size, WEFT_POOL_A_REUSE, pool->reuse);
	if (!ok)
		return -EMSGSIZE;
	if (weft_has(pool, WEFT_POOL_A_RANGES))
		err = ranges_put(nlh, size, WEFT_POOL_A_RANGES, &pool->ranges);
	if (!err && change && weft_has(pool, WEFT_POOL_A_WITHDRAW))
		err = ranges_put(nlh, size, WEFT_POOL_A_WITHDRAW, &pool->withdraw);
	return err;
}

/* ---- requests ----------------------------------------------------------------- */

WL_OBJECT(pool, weft_pool_copy, weft_pool_free)

static int pool_send(struct weft_sock *sock, uint8_t cmd, uint16_t flags, const char *dp,
		     const struct weft_pool *pool)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);
	int err;

	wl_put_name(nlh, WEFT_POOL_A_DP, dp);
	err = wl_pool_put_attrs(nlh, WL_MSG_SIZE, pool, cmd == WEFT_CMD_POOL_SET);
	if (err)
		return wl_sock_fail(sock, err, "the ranges do not fit into a message");
	return wl_request(sock, nlh, NULL, NULL);
}

static struct nlmsghdr *pool_msg(struct weft_sock *sock, uint8_t cmd, uint16_t flags,
				 const char *dp, uint32_t id)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);

	wl_put_name(nlh, WEFT_POOL_A_DP, dp);
	if (id)
		mnl_attr_put_u32(nlh, WEFT_POOL_A_ID, id);
	return nlh;
}

/**
 * weft_pool_new - make a pool
 * @sock: the socket
 * @dp: name of the datapath
 * @pool: id, and what is present of type, choice, parity, reuse and ranges
 *
 * Returns 0, -EEXIST when the id is taken, -ENODEV when there is no such datapath, or
 * another -errno.
 */
int weft_pool_new(struct weft_sock *sock, const char *dp, const struct weft_pool *pool)
{
	return pool_send(sock, WEFT_CMD_POOL_NEW, NLM_F_CREATE | NLM_F_EXCL, dp, pool);
}

/**
 * weft_pool_set - grant ranges and withdraw them, change how to choose
 * @sock: the socket
 * @dp: name of the datapath
 * @pool: id, and what is present of choice, parity, ranges and withdraw
 *
 * Values in use stay with their instances when their range is withdrawn.
 *
 * Returns 0, -ENOENT when there is no such pool, or another -errno.
 */
int weft_pool_set(struct weft_sock *sock, const char *dp, const struct weft_pool *pool)
{
	return pool_send(sock, WEFT_CMD_POOL_SET, 0, dp, pool);
}

/**
 * weft_pool_del - delete a pool
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the pool
 *
 * Returns 0, -ENOENT when there is no such pool, -EBUSY while a template draws from
 * it, or another -errno.
 */
int weft_pool_del(struct weft_sock *sock, const char *dp, uint32_t id)
{
	return wl_request(sock, pool_msg(sock, WEFT_CMD_POOL_DEL, 0, dp, id), NULL, NULL);
}

/**
 * weft_pool_get - ask for one pool
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the pool
 * @out: uninitialised; on success the caller frees it
 *
 * Returns 0, -ENOENT when there is no such pool, or another -errno.
 */
int weft_pool_get(struct weft_sock *sock, const char *dp, uint32_t id, struct weft_pool *out)
{
	return pool_request_one(sock, pool_msg(sock, WEFT_CMD_POOL_GET, 0, dp, id), out);
}

/**
 * weft_pool_dump - visit the pools of a datapath
 * @sock: the socket
 * @dp: name of the datapath
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when pools changed meanwhile, what @cb returned, or -errno.
 */
int weft_pool_dump(struct weft_sock *sock, const char *dp,
		   int (*cb)(const struct weft_pool *pool, void *ctx), void *ctx)
{
	return pool_request_each(sock, pool_msg(sock, WEFT_CMD_POOL_GET, NLM_F_DUMP, dp, 0), cb,
				 ctx);
}

/**
 * weft_pool_list - all pools of a datapath
 * @sock: the socket
 * @dp: name of the datapath
 * @pools: gets an array that weft_pool_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when pools kept changing, or -errno with no array.
 */
int weft_pool_list(struct weft_sock *sock, const char *dp, struct weft_pool **pools, size_t *n)
{
	WL_LIST_TRY(pool, pools, n, weft_pool_dump(sock, dp, pool_append, &list));
}

/**
 * weft_pool_list_free - free what weft_pool_list() returned
 * @pools: the array; may be NULL
 * @n: its length
 */
void weft_pool_list_free(struct weft_pool *pools, size_t n)
{
	pool_list_clear(pools, n);
}
