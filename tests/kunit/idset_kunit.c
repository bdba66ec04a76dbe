// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of numbers against an array of bools.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include "idset.h"

/* Debug kernels are slow: fewer rounds there */
#define ROUNDS(n)	(IS_ENABLED(CONFIG_KASAN) ? (n) / 10 : (n))

static u32 rnd(struct rnd_state *state, u32 below)
{
	return prandom_u32_state(state) % below;
}

struct id_model {
	u32 first, last;
	u32 n_taken;
	bool *taken;			/* of all numbers */
};

static int model_next(const struct id_model *m, u32 start, enum weft_parity parity)
{
	u32 n = m->last - m->first + 1, i, pass;

	if (start < m->first || start > m->last)
		start = m->first;
	for (pass = 0; pass < (parity == WEFT_PARITY_ANY ? 1 : 2); pass++)
		for (i = 0; i < n; i++) {
			u32 id = m->first + (start - m->first + i) % n;

			if (m->taken[id])
				continue;
			if (parity == WEFT_PARITY_ANY || (id & 1) == (parity ^ pass))
				return id;
		}
	return -1;
}

static void weft_idset_model(struct kunit *test)
{
	static const u16 ranges[][2] = {
		{ 0, 65535 }, { 1024, 65535 }, { 4097, 13500 }, { 1000, 1099 }, { 0, 127 },
		{ 1, 128 }, { 7, 7 }, { 65535, 65535 }, { 0, 0 }, { 8, 9 }, { 3, 8195 },
	};
	struct rnd_state state;
	struct id_model m;
	u32 i, round;

	prandom_seed_state(&state, 1);
	m.taken = kvcalloc(65536, sizeof(bool), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.taken);
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct weft_idset *set = weft_idset_alloc(ranges[i][0], ranges[i][1], GFP_KERNEL);
		bool failed = false;

		KUNIT_ASSERT_NOT_NULL(test, set);
		memset(m.taken, 0, 65536);
		m.first = ranges[i][0];
		m.last = ranges[i][1];
		m.n_taken = 0;
		for (round = 0; round < ROUNDS(20000) && !failed; round++) {
			/* it fills, and empties, and so on; some are taken as a run */
			bool fill = round / 3000 % 2 == 0 ? rnd(&state, 8) : !rnd(&state, 8);
			enum weft_parity parity = rnd(&state, 3);
			u32 run = rnd(&state, 4) ? 1 : 1 + rnd(&state, 200);
			u32 start = rnd(&state, 65536);
			int id;

			while (fill && run-- && !failed) {
				id = weft_idset_next(set, start, parity);
				failed = id != model_next(&m, start, parity);
				if (id < 0 || failed)
					break;
				failed = !weft_idset_has(set, id) ||
					 !weft_idset_take(set, id, GFP_KERNEL) ||
					 weft_idset_has(set, id);
				m.taken[id] = true;
				m.n_taken++;
				start = id;
			}
			while (!fill && run-- && m.n_taken && !failed) {
				start = start == m.last ? m.first : start + 1;
				if (start < m.first || start > m.last || !m.taken[start])
					continue;
				weft_idset_put(set, start);
				failed = !weft_idset_has(set, start);
				m.taken[start] = false;
				m.n_taken--;
			}
			failed |= weft_idset_n_taken(set) != m.n_taken ||
				  weft_idset_n_free(set) + m.n_taken != m.last - m.first + 1 ||
				  weft_idset_has(set, start) !=
				  (start >= m.first && start <= m.last && !m.taken[start]);
		}
		KUNIT_EXPECT_FALSE_MSG(test, failed, "%u-%u round %u", m.first, m.last, round);
		weft_idset_free(set);
	}
	kvfree(m.taken);
}

/* A parity that is used up gives way to the other */
static void weft_idset_parity(struct kunit *test)
{
	struct weft_idset *set = weft_idset_alloc(1001, 1006, GFP_KERNEL);
	static const int expected[] = { 1004, 1006, 1002, 1005, 1001, 1003, -1 };
	unsigned int i;
	int id;

	KUNIT_ASSERT_NOT_NULL(test, set);
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		id = weft_idset_next(set, i < 3 ? 1004 : i == 3 ? 1005 : 1, WEFT_PARITY_EVEN);
		KUNIT_EXPECT_EQ(test, id, expected[i]);
		if (id >= 0)
			weft_idset_take(set, id, GFP_KERNEL);
	}
	weft_idset_free(set);
}

static struct kunit_case weft_idset_cases[] = {
	KUNIT_CASE(weft_idset_model),
	KUNIT_CASE(weft_idset_parity),
	{}
};

static struct kunit_suite weft_idset_suite = {
	.name = "weft_pool_idset",
	.test_cases = weft_idset_cases,
};

kunit_test_suites(&weft_idset_suite);
