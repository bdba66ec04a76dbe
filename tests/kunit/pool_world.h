/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A datapath with one pool, for the suites about pools. Addresses begin at 10.0.0.0.
 */
#ifndef POOL_WORLD_H
#define POOL_WORLD_H

#include <kunit/test.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include "datapath.h"
#include "pool.h"

#define NET		0x0a000000U

/* Debug kernels are slow: fewer rounds there */
#define ROUNDS(n)	(IS_ENABLED(CONFIG_KASAN) ? (n) / 10 : (n))

struct world {
	struct kunit *test;
	struct weft_datapath *dp;
	struct weft_pool *pool;
	struct weft_pool_config config;
	struct netlink_ext_ack extack;
};

static inline struct weft_pool_range range4(u32 first, u32 last, u16 first_port, u16 last_port)
{
	struct weft_pool_range range = {
		.family = 4, .first_port = first_port, .last_port = last_port,
	};
	__be32 addr[2] = { cpu_to_be32(NET + first), cpu_to_be32(NET + last) };

	memcpy(range.first, &addr[0], 4);
	memcpy(range.last, &addr[1], 4);
	return range;
}

static inline struct in6_addr ip4(u32 addr)
{
	struct in6_addr ip = {};

	ip.s6_addr32[0] = cpu_to_be32(addr);
	return ip;
}

static inline struct weft_pool_item item(const void *value)
{
	return (struct weft_pool_item){ .value = value };
}

/* What there is, first withdrawn, then added; NULL: nothing */
static inline int change(struct world *w, const void *withdraw, const void *add)
{
	struct weft_pool_item items[2] = { item(withdraw), item(add) };
	struct weft_pool_change c = {
		.withdraw = &items[0], .n_withdraw = !!withdraw, .add = &items[1], .n_add = !!add,
	};
	int err;

	mutex_lock(&w->dp->lock);
	err = weft_pool_change(w->pool, &w->config, &c, &w->extack);
	mutex_unlock(&w->dp->lock);
	return err;
}

static inline struct weft_pool_info info(struct world *w)
{
	struct weft_pool_info i;

	mutex_lock(&w->dp->lock);
	weft_pool_read(w->pool, &i);
	mutex_unlock(&w->dp->lock);
	return i;
}

static inline void make(struct world *w, const void *add)
{
	struct weft_pool_item items[1] = { item(add) };
	struct weft_pool_change c = { .add = items, .n_add = !!add };

	w->config.id = 1;
	mutex_lock(&w->dp->lock);
	w->pool = weft_pool_create(w->dp, &w->config, &c, &w->extack);
	mutex_unlock(&w->dp->lock);
	KUNIT_ASSERT_FALSE(w->test, IS_ERR(w->pool));
}

static inline u32 host(const struct weft_drawn *drawn)
{
	return be32_to_cpu(drawn->ip.s6_addr32[0]) - NET;
}

static inline u32 rnd(struct rnd_state *state, u32 below)
{
	return prandom_u32_state(state) % below;
}

static inline int world_init(struct kunit *test)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	if (!w)
		return -ENOMEM;
	w->dp = kunit_kzalloc(test, sizeof(*w->dp), GFP_KERNEL);
	if (!w->dp)
		return -ENOMEM;
	mutex_init(&w->dp->lock);
	weft_pools_init(w->dp);
	w->test = test;
	test->priv = w;
	return 0;
}

static inline void world_exit(struct kunit *test)
{
	struct world *w = test->priv;

	if (w)
		weft_pools_exit(w->dp);
}

#endif /* POOL_WORLD_H */
