// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random draws from a pool, returns and changes.
 *
 * For each pair, protocol and bucket of remotes there is a count, which must never be above
 * one; and when a draw is refused, there must be no pair that it could have got. The world of
 * addresses is small: 10.0.0.0 to 10.0.0.15.
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include "pool_world.h"

#define N_HOSTS		16
#define N_PORTS		12		/* 0 … 11 */
#define N_BUCKETS	2
#define N_OUT		1200

struct crowd {
	struct world *w;
	struct weft_pool_range ranges[4];
	bool granted[4];
	atomic_t out[N_BUCKETS][WEFT_POOL_PROTOS][N_HOSTS][N_PORTS];
	atomic_t twice;
	atomic_t strange;
	atomic_t running;
	struct completion done;
	bool stop;
};

static atomic_t *crowd_at(struct crowd *c, const struct weft_ask *ask,
			  const struct weft_drawn *drawn)
{
	u32 at = host(drawn), port = ntohs(drawn->claim.port);

	if (at < N_HOSTS && port < N_PORTS)
		return &c->out[ask->remote_hash >> 26][ask->proto][at][port];
	atomic_inc(&c->strange);
	return NULL;
}

static void crowd_take(struct crowd *c, const struct weft_ask *ask, const struct weft_drawn *drawn)
{
	atomic_t *out = crowd_at(c, ask, drawn);

	if (out && atomic_inc_return(out) != 1)
		atomic_inc(&c->twice);
}

static void crowd_return(struct crowd *c, const struct weft_ask *ask, struct weft_drawn *drawn)
{
	atomic_t *out = crowd_at(c, ask, drawn);

	if (out)
		atomic_dec(out);
	weft_pool_return(&drawn->claim);
}

static void crowd_ask(struct rnd_state *state, struct weft_ask *ask)
{
	*ask = (struct weft_ask){
		.family = 4,
		.proto = rnd(state, WEFT_POOL_PROTOS),
		.port = htons(rnd(state, N_PORTS)),
		.local_hash = prandom_u32_state(state),
		.remote_hash = rnd(state, N_BUCKETS) << 26,
	};
}

static struct crowd *crowd_alloc(struct kunit *test)
{
	struct crowd *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->w = test->priv;
	c->w->config.reuse = true;
	c->ranges[0] = range4(0, 3, 1, 11);
	c->ranges[1] = range4(4, 9, 0, 5);
	c->ranges[2] = range4(4, 12, 6, 11);
	c->ranges[3] = range4(15, 15, 3, 3);
	init_completion(&c->done);
	make(c->w, NULL);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, change(c->w, NULL, &c->ranges[i]), 0);
		c->granted[i] = true;
	}
	return c;
}

/* How many a draw could choose from */
static u32 crowd_free(struct crowd *c, const struct weft_ask *ask)
{
	u32 i, at, port, n = 0;

	for (i = 0; i < 4; i++) {
		const struct weft_pool_range *r = &c->ranges[i];

		if (!c->granted[i])
			continue;
		for (at = r->first[3]; at <= r->last[3]; at++)
			for (port = r->first_port; port <= r->last_port; port++)
				n += (port || ask->proto == WEFT_POOL_ECHO) &&
				     !atomic_read(&c->out[ask->remote_hash >> 26][ask->proto]
							 [at][port]);
	}
	return n;
}

static bool crowd_granted(struct crowd *c, const struct weft_drawn *drawn)
{
	u32 i, at = host(drawn), port = ntohs(drawn->claim.port);

	for (i = 0; i < 4; i++)
		if (c->granted[i] && at >= c->ranges[i].first[3] && at <= c->ranges[i].last[3] &&
		    port >= c->ranges[i].first_port && port <= c->ranges[i].last_port)
			return true;
	return false;
}

static void weft_pool_model(struct kunit *test)
{
	struct crowd *c = crowd_alloc(test);
	struct weft_drawn *drawn = kunit_kcalloc(test, N_OUT, sizeof(*drawn), GFP_KERNEL);
	struct weft_ask *asks = kunit_kcalloc(test, N_OUT, sizeof(*asks), GFP_KERNEL);
	u32 round, i, n = 0, used = 0;
	struct rnd_state state;
	bool failed = false;

	KUNIT_ASSERT_TRUE(test, drawn && asks);
	prandom_seed_state(&state, 3);
	for (round = 0; round < ROUNDS(60000) && !failed; round++) {
		i = rnd(&state, N_OUT);
		if (!rnd(&state, 200)) {
			u32 which = rnd(&state, 4);
			const void *range = &c->ranges[which];

			c->w->config.choice = rnd(&state, 3);
			c->w->config.parity = rnd(&state, 2);
			failed = change(c->w, c->granted[which] ? range : NULL,
					c->granted[which] ? NULL : range);
			c->granted[which] ^= true;
		} else if (drawn[i].claim.block) {
			/* so few come back that often there is nothing left */
			if (rnd(&state, 8))
				continue;
			crowd_return(c, &asks[i], &drawn[i]);
			used--;
		} else if (crowd_ask(&state, &asks[i]), rnd(&state, 4)) {
			n = crowd_free(c, &asks[i]);
			failed = weft_pool_draw(c->w->pool, &asks[i], &drawn[i]) != !!n;
			if (n && !failed) {
				failed = !crowd_granted(c, &drawn[i]);
				crowd_take(c, &asks[i], &drawn[i]);
				used++;
			}
		} else {
			bool can;

			drawn[i].ip = ip4(NET + rnd(&state, N_HOSTS));
			drawn[i].claim.port = htons(rnd(&state, N_PORTS));
			can = crowd_granted(c, &drawn[i]) &&
			      (drawn[i].claim.port || asks[i].proto == WEFT_POOL_ECHO) &&
			      !atomic_read(crowd_at(c, &asks[i], &drawn[i]));
			failed = weft_pool_draw_exactly(c->w->pool, &asks[i], &drawn[i]) != can;
			if (can && !failed) {
				crowd_take(c, &asks[i], &drawn[i]);
				used++;
			}
		}
		failed |= atomic_read(&c->twice) || atomic_read(&c->strange);
	}
	KUNIT_EXPECT_FALSE_MSG(test, failed, "round %u", round);
	KUNIT_EXPECT_EQ(test, info(c->w).used, used);
	KUNIT_EXPECT_GT(test, info(c->w).refused, round / 100);
	for (i = 0; i < N_OUT; i++)
		if (drawn[i].claim.block)
			crowd_return(c, &asks[i], &drawn[i]);
	KUNIT_EXPECT_EQ(test, info(c->w).used, 0);
}

struct drawer {
	struct crowd *crowd;
	struct rnd_state state;
	struct weft_drawn drawn[200];
	struct weft_ask asks[200];
	u32 n_draws;
};

static int crowd_thread(void *arg)
{
	struct drawer *d = arg;
	struct crowd *c = d->crowd;
	u32 i;

	while (!READ_ONCE(c->stop)) {
		i = rnd(&d->state, ARRAY_SIZE(d->drawn));
		if (d->drawn[i].claim.block) {
			crowd_return(c, &d->asks[i], &d->drawn[i]);
		} else {
			crowd_ask(&d->state, &d->asks[i]);
			if (weft_pool_draw(c->w->pool, &d->asks[i], &d->drawn[i])) {
				crowd_take(c, &d->asks[i], &d->drawn[i]);
				d->n_draws++;
			}
		}
		if (!(i % 16))
			usleep_range(1, 10);
		cond_resched();
	}
	for (i = 0; i < ARRAY_SIZE(d->drawn); i++)
		if (d->drawn[i].claim.block)
			crowd_return(c, &d->asks[i], &d->drawn[i]);
	if (atomic_dec_and_test(&c->running))
		complete(&c->done);
	return 0;
}

/* Two draw and return while the ranges come and go */
static void weft_pool_parallel(struct kunit *test)
{
	struct crowd *c = crowd_alloc(test);
	struct drawer *drawers = kunit_kcalloc(test, 2, sizeof(*drawers), GFP_KERNEL);
	struct task_struct *task;
	u32 i, round;

	KUNIT_ASSERT_NOT_NULL(test, drawers);
	atomic_set(&c->running, 1);
	for (i = 0; i < 2; i++) {
		drawers[i].crowd = c;
		prandom_seed_state(&drawers[i].state, 10 + i);
		atomic_inc(&c->running);
		task = kthread_run(crowd_thread, &drawers[i], "weft-drawer");
		if (IS_ERR(task))
			atomic_dec(&c->running);
		KUNIT_EXPECT_FALSE(test, IS_ERR(task));
	}
	for (round = 0; round < 300; round++) {
		i = round % 4;
		KUNIT_EXPECT_EQ(test, change(c->w, &c->ranges[i], NULL), 0);
		usleep_range(500, 2000);
		KUNIT_EXPECT_EQ(test, change(c->w, NULL, &c->ranges[i]), 0);
		usleep_range(500, 2000);
	}
	WRITE_ONCE(c->stop, true);
	if (!atomic_dec_and_test(&c->running))
		wait_for_completion(&c->done);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->twice), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->strange), 0);
	KUNIT_EXPECT_GT(test, drawers[0].n_draws, 100);
	KUNIT_EXPECT_GT(test, drawers[1].n_draws, 100);
	KUNIT_EXPECT_EQ(test, info(c->w).used, 0);
}

static struct kunit_case weft_pool_random_cases[] = {
	KUNIT_CASE(weft_pool_model),
	KUNIT_CASE(weft_pool_parallel),
	{}
};

static struct kunit_suite weft_pool_random_suite = {
	.name = "weft_pool_random",
	.init = world_init,
	.exit = world_exit,
	.test_cases = weft_pool_random_cases,
};

kunit_test_suites(&weft_pool_random_suite);
