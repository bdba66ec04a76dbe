// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flow cache has room for what belongs in it: keys whose bucket is full are next door.
 *
 * With hashes of many secrets, the smallest table is filled as far as it is before it grows.
 * Some bucket is then nearly always over-full, and two next to each other hardly ever.
 */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "cache.h"
#include "datapath.h"
#include "progmem.h"
#include "stamp.h"

#define N_SECRETS	256
#define N_KEYS		32	/* as many as the smallest table has before it grows */

struct room {
	struct weft_stamps *stamps;
	struct weft_caches *caches;
	struct weft_trail trail;
	struct weft_program prog;	/* no operations: drops */
};

static void room_key(struct weft_key *key, u32 n)
{
	memset(key, 0, sizeof(*key));
	key->in_port = cpu_to_be32(1);
	key->eth_dst[5] = n;
}

static struct weft_cached *room_find(struct room *room, u32 n, u32 *hash)
{
	struct weft_key key;

	room_key(&key, n);
	return weft_cache_find(room->caches, &key, false, false, hash);
}

static void room_insert(struct kunit *test, struct room *room, u32 n, u32 hash)
{
	struct weft_cache_entry entry = {
		.hash = hash, .prog = &room->prog, .trail = &room->trail,
	};
	struct weft_key key;

	room_key(&key, n);
	entry.key = &key;
	KUNIT_EXPECT_TRUE(test, weft_cache_insert(room->caches, &entry, false));
}

/* Programs that are next door, as their buckets say */
static u32 room_away(const struct room *room)
{
	const struct weft_cache_table *table =
		rcu_dereference_raw(raw_cpu_ptr(room->caches->cpu)->table);
	u32 i, n = 0;

	for (i = 0; i < table->n; i++)
		n += table->buckets[i].away;
	return n;
}

static u32 room_size(const struct room *room)
{
	const struct weft_cache_table *table =
		rcu_dereference_raw(raw_cpu_ptr(room->caches->cpu)->table);

	return table->n;
}

static struct room *room_new(struct kunit *test, struct rnd_state *state)
{
	struct room *room = kunit_kzalloc(test, sizeof(*room), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, room);
	room->stamps = weft_stamps_alloc();
	KUNIT_ASSERT_NOT_NULL(test, room->stamps);
	room->caches = weft_caches_alloc(room->stamps);
	KUNIT_ASSERT_NOT_NULL(test, room->caches);
	prandom_bytes_state(state, room->caches->secret, sizeof(room->caches->secret));
	room->trail.cacheable = true;
	room->trail.ttl_max = U8_MAX;
	room->trail.seq = atomic_read(&room->stamps->seq);
	return room;
}

static void room_end(struct kunit *test, struct room *room)
{
	weft_caches_destroy(room->caches);
	rcu_barrier();
	kvfree(room->stamps);
	kunit_kfree(test, room);
}

static void weft_cache_room(struct kunit *test)
{
	struct weft_cache_counts counts;
	u32 n, k, hash, live, size, away = 0, lost = 0;
	struct rnd_state state;
	bool grown;

	prandom_seed_state(&state, 7);
	for (k = 0; k < N_SECRETS; k++) {
		struct room *room = room_new(test, &state);

		local_bh_disable();
		rcu_read_lock();
		size = room_size(room);
		for (n = 0; n < N_KEYS; n++) {
			KUNIT_EXPECT_NULL(test, room_find(room, n, &hash));
			room_insert(test, room, n, hash);
		}
		for (n = 0; n < N_KEYS; n++) {
			const struct weft_cached *p = room_find(room, n, &hash);

			lost += !p;
			if (p)
				KUNIT_EXPECT_EQ(test, p->hash, hash);
		}
		away += room_away(room);
		/* the same key again replaces what is there, wherever that is */
		for (n = 0; n < N_KEYS; n++) {
			room_find(room, n, &hash);
			room_insert(test, room, n, hash);
		}
		live = atomic_read(&room->caches->live);
		grown = room_size(room) > size;
		rcu_read_unlock();
		local_bh_enable();
		/* while another CPU makes its table bigger, a key may be there twice */
		if (!grown)
			KUNIT_EXPECT_LE(test, live, N_KEYS);
		weft_caches_counts(room->caches, &counts);
		KUNIT_EXPECT_EQ(test, counts.refused, 0);

		/* none is left, and nobody believes that there is one next door */
		weft_caches_limit(room->caches, 0);
		flush_delayed_work(&room->caches->work);
		KUNIT_EXPECT_EQ(test, atomic_read(&room->caches->live), 0);
		KUNIT_EXPECT_EQ(test, room_away(room), 0);
		room_end(test, room);
	}
	kunit_info(test, "%u of %u were next door, %u found no room\n", away, N_SECRETS * N_KEYS,
		   lost);
	KUNIT_EXPECT_GT(test, away, 4);
	KUNIT_EXPECT_EQ(test, lost, 0);
}

static struct kunit_case weft_cache_room_cases[] = {
	KUNIT_CASE(weft_cache_room),
	{}
};

/* Linux 6.1 runs suites before module_init() */
static int weft_cache_room_suite_init(struct kunit_suite *suite)
{
	weft_wq = alloc_workqueue("weft-kunit", WQ_UNBOUND, 0);
	return weft_wq ? weft_progmem_init() : -ENOMEM;
}

static void weft_cache_room_suite_exit(struct kunit_suite *suite)
{
	rcu_barrier();
	destroy_workqueue(weft_wq);
	weft_progmem_exit();
}

static struct kunit_suite weft_cache_room_suite = {
	.name = "weft_cache_room",
	.suite_init = weft_cache_room_suite_init,
	.suite_exit = weft_cache_room_suite_exit,
	.test_cases = weft_cache_room_cases,
};

kunit_test_suites(&weft_cache_room_suite);
