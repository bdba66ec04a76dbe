/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ranges.h - ranges of addresses and ports that several hosts share, on demand.
 *
 * A provider gives ranges out and remembers who has which. Whoever it is, a range is one host's
 * until that host releases it, whatever dies meanwhile: acquire with a key that has ranges already
 * and nobody to remember them would lose them, so a daemon first asks what its key holds.
 *
 * The provider here is a file that daemons on one host, or on hosts with a common file system,
 * share under a lock. One that asks a controller has the same three calls.
 */
#ifndef WEFT_SERVICES_RANGES_H
#define WEFT_SERVICES_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weft/weft.h>

/* what a range is for: pairs that only the last hop tells apart, or not */
enum range_purpose {
	RANGE_NAT,
	RANGE_SANITISE,
};

struct range_lease {
	uint64_t id;
	struct weft_pool_range range;
};

struct range_provider;

struct range_provider_ops {
	/* @count ports, fewer when a range has no more: 0, -ENOSPC, or another -errno */
	int (*acquire)(struct range_provider *provider, const char *key, uint32_t count,
		       enum range_purpose purpose, struct range_lease *lease);
	int (*release)(struct range_provider *provider, uint64_t id);
	/* what the key has: 0 and an array to be freed, or -errno */
	int (*held)(struct range_provider *provider, const char *key, struct range_lease **leases,
		    size_t *n);
	void (*close)(struct range_provider *provider);
};

struct range_provider {
	const struct range_provider_ops *ops;
};

static inline int range_acquire(struct range_provider *provider, const char *key, uint32_t count,
				enum range_purpose purpose, struct range_lease *lease)
{
	return provider->ops->acquire(provider, key, count, purpose, lease);
}

static inline int range_release(struct range_provider *provider, uint64_t id)
{
	return provider->ops->release(provider, id);
}

static inline int range_held(struct range_provider *provider, const char *key,
			     struct range_lease **leases, size_t *n)
{
	return provider->ops->held(provider, key, leases, n);
}

static inline void range_close(struct range_provider *provider)
{
	if (provider)
		provider->ops->close(provider);
}

/*
 * range_file_open: a file {"ranges": ["11.0.1.1:1024-65535", …]}, to which this adds "leases" and
 * "next". It is opened now, so that privileges can be given up afterwards; changes are
 * written into it, in such a way that they are made or not made whenever this ends. 0 or -errno.
 */
int range_file_open(struct range_provider **provider, const char *path);

/* range_static: the same without a file; ranges are copied, leases end with the process */
struct range_provider *range_static(const struct weft_ranges *ranges);

#endif
