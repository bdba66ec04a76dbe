// SPDX-License-Identifier: Apache-2.0
/*
 * grants.c - see grants.h.
 *
 * No pair is another host's before it is nobody's here: a range is released only when the kernel
 * gives nothing of it any more and natd, which hears of every instance, has seen none with a
 * pair of it for a while.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "memory.h"
#include "services/nat/alloc.h"
#include "services/nat/grants.h"
#include "services/nat/nat.h"
#include "services/nat/natd.h"
#include "services/ranges.h"

#define IDLE_ROUNDS 40 /* until a range that is not needed is withdrawn */
#define QUIET_ROUNDS 8 /* without a pair in use until it is released */

struct held_range {
	struct range_lease lease;
	bool withdrawn;
	unsigned int quiet; /* rounds */
};

struct grant {
	struct range_provider *provider; /* NULL: cannot be opened */
	const struct nat_pool *pool;
	size_t index; /* of the pool */
	char *name;
	char *key;
	bool settled; /* what was held is granted */
	struct held_range *ranges;
	size_t n_ranges;
	unsigned int idle; /* rounds */
	char *error;
};

struct grants {
	char *dp;
	struct grant *v;
	size_t n;
};

struct grants *grants_new(const char *dp)
{
	struct grants *grants = memory_zalloc(sizeof(*grants));

	grants->dp = memory_strdup(dp);
	return grants;
}

static void forget(struct grants *grants)
{
	for (size_t i = 0; i < grants->n; i++) {
		range_close(grants->v[i].provider);
		free(grants->v[i].name);
		free(grants->v[i].key);
		free(grants->v[i].error);
		free(grants->v[i].ranges);
	}
	free(grants->v);
	grants->v = NULL;
	grants->n = 0;
}

void grants_free(struct grants *grants)
{
	if (!grants)
		return;
	forget(grants);
	free(grants->dp);
	free(grants);
}

static void set_error(struct grant *grant, const char *what, int result)
{
	char *error = result ? memory_printf("%s: %s", what, strerror(-result)) : NULL;

	if (error && (!grant->error || strcmp(error, grant->error)))
		log_error("pool %s: %s", grant->name, error);
	free(grant->error);
	grant->error = error;
}

void grants_configure(struct grants *grants, const struct natd *natd, const char *netns)
{
	const struct nat *nat = natd_nat(natd);
	char host[256] = "";

	forget(grants);
	gethostname(host, sizeof(host) - 1);
	for (size_t i = 0; i < nat->n_pools; i++) {
		const struct nat_pool *pool = &nat->pools[i];
		struct grant *grant;
		int result;

		if (pool->ids != NAT_IDS_ACQUIRE)
			continue;
		grants->v = memory_grow(grants->v, grants->n, sizeof(*grants->v));
		grant = &grants->v[grants->n++];
		*grant = (struct grant){ .pool = pool, .index = i };
		grant->name = memory_strdup(pool->name);
		grant->key = memory_printf("%s%s%s/%s/%s", host, netns ? "/" : "",
					   netns ? netns : "", grants->dp, pool->name);
		result = range_file_open(&grant->provider, pool->provider);
		if (result)
			grant->provider = NULL;
		set_error(grant, pool->provider, result);
	}
}

bool grants_are_needed(const struct grants *grants)
{
	return grants->n;
}

/* ---- the kernel ----------------------------------------------------------------- */

static bool kernel_has(const struct weft_pool *have, const struct weft_pool_range *range)
{
	for (unsigned int i = 0; i < have->ranges.n_ranges; i++) {
		if (!memcmp(&have->ranges.ranges[i], range, sizeof(*range)))
			return true;
	}
	return false;
}

static int change_pool(const struct grants *grants, struct weft_sock *sock, uint32_t id,
		       const struct weft_pool_range *range, bool withdraw)
{
	struct weft_pool change;
	int result;

	weft_pool_init(&change);
	change.id = id;
	weft_mark(&change, WEFT_POOL_A_ID);
	weft_mark(&change, withdraw ? WEFT_POOL_A_WITHDRAW : WEFT_POOL_A_RANGES);
	result = weft_ranges_add_range(withdraw ? &change.withdraw : &change.ranges, range);
	if (!result)
		result = weft_pool_set(sock, grants->dp, &change);
	weft_pool_free(&change);
	return result;
}

static int grant_range(const struct grants *grants, struct grant *grant, const struct natd *natd,
		       struct weft_sock *sock, const struct weft_pool *have,
		       const struct range_lease *lease)
{
	int result = 0;

	if (!kernel_has(have, &lease->range))
		result = change_pool(grants, sock, grant->pool->pool.id, &lease->range, false);
	if (result)
		return result;
	grant->ranges = memory_grow(grant->ranges, grant->n_ranges, sizeof(*grant->ranges));
	grant->ranges[grant->n_ranges++] = (struct held_range){ .lease = *lease };
	nat_alloc_open(natd_alloc(natd, grant->index), &lease->range);
	return 0;
}

/* ---- rounds ------------------------------------------------------------------------ */

/* what the one before held; whatever else the kernel has is not ours to give */
static int settle(const struct grants *grants, struct grant *grant, const struct natd *natd,
		  struct weft_sock *sock, const struct weft_pool *have)
{
	struct range_lease *leases;
	size_t n;
	int result = range_held(grant->provider, grant->key, &leases, &n);

	for (size_t i = 0; !result && i < n; i++)
		result = grant_range(grants, grant, natd, sock, have, &leases[i]);
	for (unsigned int i = 0; !result && i < have->ranges.n_ranges; i++) {
		const struct weft_pool_range *range = &have->ranges.ranges[i];
		bool ours = false;

		for (size_t j = 0; j < n; j++)
			ours = ours || !memcmp(&leases[j].range, range, sizeof(*range));
		if (!ours)
			result = change_pool(grants, sock, have->id, range, true);
	}
	free(leases);
	grant->settled = !result;
	return result;
}

/* the pool may have been made anew */
static int grant_again(const struct grants *grants, const struct grant *grant,
		       struct weft_sock *sock, const struct weft_pool *have)
{
	int result = 0;

	for (size_t i = 0; !result && i < grant->n_ranges; i++) {
		const struct held_range *held = &grant->ranges[i];

		if (!held->withdrawn && !kernel_has(have, &held->lease.range))
			result = change_pool(grants, sock, have->id, &held->lease.range, false);
	}
	return result;
}

static int acquire(const struct grants *grants, struct grant *grant, const struct natd *natd,
		   struct weft_sock *sock, const struct weft_pool *have)
{
	enum range_purpose purpose = RANGE_NAT;
	struct range_lease lease;
	int result;

	result = range_acquire(grant->provider, grant->key, grant->pool->count, purpose, &lease);
	if (result)
		return result;
	log_info("pool %s: range %" PRIu64 " was acquired", grant->name, lease.id);
	result = grant_range(grants, grant, natd, sock, have, &lease);
	if (result)
		range_release(grant->provider, lease.id);
	return result;
}

static uint64_t range_size(const struct weft_pool_range *range)
{
	return range->last_port - range->first_port + 1u;
}

/* withdraw the last range when the others would be at most half full without it */
static int shrink(const struct grants *grants, struct grant *grant, const struct nat_alloc *alloc,
		  struct weft_sock *sock)
{
	struct held_range *last = NULL;
	uint64_t rest = 0;
	int result;

	for (size_t i = 0; i < grant->n_ranges; i++) {
		if (grant->ranges[i].withdrawn)
			continue;
		if (last)
			rest += range_size(&last->lease.range);
		last = &grant->ranges[i];
	}
	if (!rest || nat_alloc_used(alloc) * 2 > rest) {
		grant->idle = 0;
		return 0;
	}
	if (++grant->idle < IDLE_ROUNDS)
		return 0;
	grant->idle = 0;
	result = change_pool(grants, sock, grant->pool->pool.id, &last->lease.range, true);
	if (result)
		return result;
	nat_alloc_shut((struct nat_alloc *)alloc, &last->lease.range);
	last->withdrawn = true;
	last->quiet = 0;
	return 0;
}

static int release(struct grant *grant, struct nat_alloc *alloc)
{
	for (size_t i = 0; i < grant->n_ranges; i++) {
		struct held_range *held = &grant->ranges[i];
		int result;

		if (!held->withdrawn)
			continue;
		held->quiet = nat_alloc_used_of(alloc, &held->lease.range) ? 0 : held->quiet + 1;
		if (held->quiet < QUIET_ROUNDS)
			continue;
		result = range_release(grant->provider, held->lease.id);
		if (result && result != -ENOENT)
			return result;
		log_info("pool %s: range %" PRIu64 " was released", grant->name, held->lease.id);
		nat_alloc_drop(alloc, &held->lease.range);
		*held = grant->ranges[--grant->n_ranges];
		return 0;
	}
	return 0;
}

static int look_after(struct grants *grants, struct grant *grant, const struct natd *natd,
		      struct weft_sock *sock)
{
	struct nat_alloc *alloc = natd_alloc(natd, grant->index);
	struct weft_pool have;
	int result;

	result = weft_pool_get(sock, grants->dp, grant->pool->pool.id, &have);
	if (result)
		return result;
	if (!grant->settled)
		result = settle(grants, grant, natd, sock, &have);
	else
		result = grant_again(grants, grant, sock, &have);
	if (!result && nat_alloc_used(alloc) * 4 >= nat_alloc_total(alloc) * 3)
		result = acquire(grants, grant, natd, sock, &have);
	else if (!result)
		result = shrink(grants, grant, alloc, sock);
	weft_pool_free(&have);
	return result ? result : release(grant, alloc);
}

bool grants_run(struct grants *grants, const struct natd *natd, struct weft_sock *sock)
{
	bool changed = false;

	for (size_t i = 0; i < grants->n; i++) {
		struct grant *grant = &grants->v[i];
		bool settled = grant->settled;
		int result;

		if (!grant->provider)
			continue;
		result = look_after(grants, grant, natd, sock);
		set_error(grant, result == -ENOSPC ? "nothing is left" : "ranges", result);
		changed = changed || settled != grant->settled;
	}
	return changed;
}

json_t *grants_status(const struct grants *grants)
{
	json_t *status = json_object();

	for (size_t i = 0; i < grants->n; i++) {
		const struct grant *grant = &grants->v[i];
		json_t *one = json_pack("{s:s, s:i}", "key", grant->key, "ranges",
					(int)grant->n_ranges);

		if (grant->error)
			json_object_set_new(one, "error", json_string(grant->error));
		json_object_set_new(status, grant->name, one);
	}
	return status;
}
