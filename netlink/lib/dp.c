// SPDX-License-Identifier: Apache-2.0
/*
 * Datapaths: the structure, and the requests about them.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "wl.h"

/**
 * weft_dp_init - begin with an empty datapath
 * @dp: to initialise
 */
void weft_dp_init(struct weft_dp *dp)
{
	*dp = (struct weft_dp){ 0 };
}

/**
 * weft_dp_free - free what a datapath holds
 * @dp: left empty
 */
void weft_dp_free(struct weft_dp *dp)
{
	free(dp->drops.v);
	weft_dp_init(dp);
}

static int cache_get(struct weft_cache_stats *cache, const struct nlattr *nest)
{
	uint64_t *members[] = {
		[WEFT_CACHE_A_HITS] = &cache->hits,	  [WEFT_CACHE_A_MISSES] = &cache->misses,
		[WEFT_CACHE_A_STALE] = &cache->stale,	  [WEFT_CACHE_A_EVICTED] = &cache->evicted,
		[WEFT_CACHE_A_REFUSED] = &cache->refused,
	};
	const struct nlattr *attr;
	int err = 0;

	mnl_attr_for_each_nested(attr, nest) {
		unsigned int type = mnl_attr_get_type(attr);

		if (type == WEFT_CACHE_A_ENTRIES)
			err = wl_attr_u32(attr, &cache->entries);
		else if (type < WL_ARRAY_SIZE(members) && members[type])
			err = wl_attr_u64(attr, members[type]);
		if (err)
			return err;
	}
	return 0;
}

static int dp_get_attr(struct weft_dp *dp, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_DP_A_MAX)
		weft_mark(dp, type);
	switch (type) {
	case WEFT_DP_A_NAME:
		return wl_attr_str(attr, dp->name, sizeof(dp->name));
	case WEFT_DP_A_MAX_FLOWS:
		return wl_attr_u32(attr, &dp->max_flows);
	case WEFT_DP_A_MAX_CACHED:
		return wl_attr_u32(attr, &dp->max_cached);
	case WEFT_DP_A_MAX_INSTANCES:
		return wl_attr_u32(attr, &dp->max_instances);
	case WEFT_DP_A_MAX_INSTANCES_SLICE:
		return wl_attr_u32(attr, &dp->max_instances_slice);
	case WEFT_DP_A_MAX_INSTANCES_PORT:
		return wl_attr_u32(attr, &dp->max_instances_port);
	case WEFT_DP_A_N_INSTANCES:
		return wl_attr_u32(attr, &dp->n_instances);
	case WEFT_DP_A_N_FLOWS:
		return wl_attr_u32(attr, &dp->n_flows);
	case WEFT_DP_A_N_PORTS:
		return wl_attr_u32(attr, &dp->n_ports);
	case WEFT_DP_A_N_MASKS:
		return wl_attr_u32(attr, &dp->n_masks);
	case WEFT_DP_A_VERSION:
		return wl_attr_u64(attr, &dp->version);
	case WEFT_DP_A_LOOKUPS:
		return wl_attr_u64(attr, &dp->lookups);
	case WEFT_DP_A_CACHE:
		return cache_get(&dp->cache, attr);
	case WEFT_DP_A_DROPS:
		free(dp->drops.v);
		return wl_drops_get_attrs(&dp->drops, attr);
	}
	return 0;
}

int wl_dp_get_msg(struct weft_dp *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_dp_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = dp_get_attr(out, attr);
		if (err) {
			weft_dp_free(out);
			return err;
		}
	}
	return 0;
}

static int dp_copy(struct weft_dp *out, const struct weft_dp *dp)
{
	*out = *dp;
	out->drops = (struct weft_drops){ 0 };
	if (!dp->drops.n)
		return 0;
	out->drops.v = malloc(dp->drops.n * sizeof(*dp->drops.v));
	if (!out->drops.v)
		return -ENOMEM;
	memcpy(out->drops.v, dp->drops.v, dp->drops.n * sizeof(*dp->drops.v));
	out->drops.n = dp->drops.n;
	return 0;
}

WL_OBJECT(dp, dp_copy, weft_dp_free)

static int dp_request(struct weft_sock *sock, uint8_t cmd, uint16_t flags, const struct weft_dp *dp)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);

	wl_put_name(nlh, WEFT_DP_A_NAME, dp->name);
	if (weft_has(dp, WEFT_DP_A_MAX_FLOWS))
		mnl_attr_put_u32(nlh, WEFT_DP_A_MAX_FLOWS, dp->max_flows);
	if (weft_has(dp, WEFT_DP_A_MAX_CACHED))
		mnl_attr_put_u32(nlh, WEFT_DP_A_MAX_CACHED, dp->max_cached);
	if (weft_has(dp, WEFT_DP_A_MAX_INSTANCES))
		mnl_attr_put_u32(nlh, WEFT_DP_A_MAX_INSTANCES, dp->max_instances);
	if (weft_has(dp, WEFT_DP_A_MAX_INSTANCES_SLICE))
		mnl_attr_put_u32(nlh, WEFT_DP_A_MAX_INSTANCES_SLICE, dp->max_instances_slice);
	if (weft_has(dp, WEFT_DP_A_MAX_INSTANCES_PORT))
		mnl_attr_put_u32(nlh, WEFT_DP_A_MAX_INSTANCES_PORT, dp->max_instances_port);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_dp_new - create a datapath
 * @sock: the socket
 * @dp: name, and the limits (max_…) that are present
 *
 * Returns 0, -EEXIST when the name is taken in the namespace, or another -errno.
 */
int weft_dp_new(struct weft_sock *sock, const struct weft_dp *dp)
{
	return dp_request(sock, WEFT_CMD_DP_NEW, NLM_F_CREATE | NLM_F_EXCL, dp);
}

/**
 * weft_dp_set - change a datapath's limits
 * @sock: the socket
 * @dp: name, and the limits (max_…) that are present
 *
 * Returns 0, -ENODEV when there is none of that name, or another -errno.
 */
int weft_dp_set(struct weft_sock *sock, const struct weft_dp *dp)
{
	return dp_request(sock, WEFT_CMD_DP_SET, 0, dp);
}

/**
 * weft_dp_del - delete a datapath with its ports and entries
 * @sock: the socket
 * @name: of the datapath
 *
 * Returns 0, -ENODEV when there is none of that name, or another -errno.
 */
int weft_dp_del(struct weft_sock *sock, const char *name)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_DP_DEL, 0);

	wl_put_name(nlh, WEFT_DP_A_NAME, name);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_dp_get - ask for one datapath
 * @sock: the socket
 * @name: of the datapath
 * @out: uninitialised; on success the caller frees it
 *
 * Returns 0, -ENODEV when there is none of that name, or another -errno.
 */
int weft_dp_get(struct weft_sock *sock, const char *name, struct weft_dp *out)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_DP_GET, 0);

	wl_put_name(nlh, WEFT_DP_A_NAME, name);
	return dp_request_one(sock, nlh, out);
}

/**
 * weft_dp_dump - visit the datapaths of the namespace
 * @sock: the socket
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when datapaths changed meanwhile, what @cb returned, or -errno.
 */
int weft_dp_dump(struct weft_sock *sock, int (*cb)(const struct weft_dp *dp, void *ctx), void *ctx)
{
	return dp_request_each(sock, wl_msg_begin(sock, WEFT_CMD_DP_GET, NLM_F_DUMP), cb, ctx);
}

/**
 * weft_dp_list - all datapaths of the namespace
 * @sock: the socket
 * @dps: gets an array that weft_dp_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when datapaths kept changing, or -errno with no array.
 */
int weft_dp_list(struct weft_sock *sock, struct weft_dp **dps, size_t *n)
{
	WL_LIST_TRY(dp, dps, n, weft_dp_dump(sock, dp_append, &list));
}

/**
 * weft_dp_list_free - free what weft_dp_list() returned
 * @dps: the array; may be NULL
 * @n: its length
 */
void weft_dp_list_free(struct weft_dp *dps, size_t n)
{
	dp_list_clear(dps, n);
}
