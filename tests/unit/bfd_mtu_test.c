// SPDX-License-Identifier: Apache-2.0
/* The search for a tunnel's MTU: every limit is found exactly, losses or not, and it ends. */
#include "bfd_test.h"

#include "bfd/mtu.h"

/* probes longer than @limit vanish, and of the others one of @loss; returns what is found */
static uint32_t search(uint32_t max, uint32_t limit, unsigned int loss, uint64_t *took,
		       uint64_t *n_sent)
{
	struct mtu_search s = { 0 };
	uint64_t now = SECOND, start = now;
	unsigned int n = 0;

	mtu_search_start(&s, max, now);
	while (s.running) {
		uint32_t len = mtu_search_run(&s, now);

		if (len) {
			assert_true(len <= (max > MTU_FLOOR ? max : MTU_FLOOR));
			if (len <= limit && (!loss || ++n % loss))
				mtu_search_reply(&s, s.number, len, now + MS);
		}
		if (s.running)
			now = mtu_search_due(&s) > now ? mtu_search_due(&s) : now;
		assert_true(s.n_sent < 200);
	}
	if (took)
		*took = now - start;
	if (n_sent)
		*n_sent = s.n_sent;
	return s.found;
}

static void test_exact(void **state)
{
	for (uint32_t limit = MTU_FLOOR; limit <= 1600; limit++)
		assert_int_equal(search(1500, limit, 0, NULL, NULL), limit < 1500 ? limit : 1500);
	for (uint32_t limit = MTU_FLOOR; limit < 65600; limit += 977)
		assert_int_equal(search(65465, limit, 0, NULL, NULL),
				 limit < 65465 ? limit : 65465);
}

static void test_losses(void **state)
{
	for (uint32_t limit = MTU_FLOOR; limit <= 1500; limit += 7)
		assert_int_equal(search(1500, limit, 3, NULL, NULL), limit);
}

static void test_cost(void **state)
{
	uint64_t took, n_sent;

	search(1500, 1500, 0, &took, &n_sent);
	assert_int_equal(n_sent, 1);
	search(1500, 1442, 0, &took, &n_sent);
	assert_true(n_sent <= 40 && took <= 10 * SECOND);
	search(65465, 1442, 0, &took, &n_sent);
	assert_true(n_sent <= 60);
	/* nothing at all */
	assert_int_equal(search(1500, 0, 0, &took, &n_sent), 0);
	assert_int_equal(n_sent, 2 * MTU_TRIES);
	/* a device that takes next to nothing */
	assert_int_equal(search(100, 1500, 0, NULL, NULL), MTU_FLOOR);
}

static void test_answers(void **state)
{
	struct mtu_search s = { 0 };

	assert_false(mtu_search_reply(&s, 0, 0, 0));
	mtu_search_start(&s, 1500, 0);
	assert_false(mtu_search_reply(&s, 0, 1500, 0)); /* nobody asked */
	assert_int_equal(mtu_search_run(&s, 0), 1500);
	assert_int_equal(mtu_search_run(&s, 1), 0);
	assert_false(mtu_search_reply(&s, s.number, 1499, 1));
	assert_false(mtu_search_reply(&s, s.number + 1, 1500, 1));
	assert_int_equal(mtu_search_run(&s, MTU_WAIT_US), 1500);
	assert_true(mtu_search_reply(&s, s.number - 1, 1500, MTU_WAIT_US + 1)); /* late */
	assert_int_equal(s.found, 1500);
	assert_true(mtu_search_due(&s) == UINT64_MAX);
	assert_false(mtu_search_reply(&s, s.number, 1500, 2));
	/* one that is stopped keeps what the last one found */
	mtu_search_start(&s, 1400, 0);
	mtu_search_stop(&s);
	assert_int_equal(mtu_search_run(&s, SECOND), 0);
	assert_int_equal(s.found, 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
