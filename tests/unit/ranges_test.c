// SPDX-License-Identifier: Apache-2.0
/* Ranges on demand: what is given out, that nothing is given twice, and what a file remembers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/ranges.h"

static struct range_provider *make(const char *text)
{
	struct range_provider *provider;
	struct weft_pool pool;

	assert_int_equal(weft_pool_parse(&pool, text, NULL), 0);
	provider = range_static(&pool.ranges);
	weft_pool_free(&pool);
	return provider;
}

static bool overlap(const struct weft_pool_range *a, const struct weft_pool_range *b)
{
	return !memcmp(a->first, b->first, 16) && a->first_port <= b->last_port &&
	       b->first_port <= a->last_port;
}

static void test_list(void **state)
{
	struct range_provider *provider = make("1 11.0.1.1-11.0.1.2:1000-1999");
	struct range_lease leases[8], more;

	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(
			range_acquire(provider, i % 2 ? "a" : "b", 250, RANGE_NAT, &leases[i]), 0);
		assert_int_equal(leases[i].range.last_port - leases[i].range.first_port, 249);
		for (unsigned int j = 0; j < i; j++)
			assert_false(overlap(&leases[i].range, &leases[j].range));
	}
	assert_int_equal(range_acquire(provider, "c", 1, RANGE_NAT, &more), -ENOSPC);
	assert_int_equal(range_release(provider, leases[2].id), 0);
	assert_int_equal(range_release(provider, leases[2].id), -ENOENT);
	assert_int_equal(range_acquire(provider, "c", 300, RANGE_SANITISE, &more), 0);
	assert_true(overlap(&more.range, &leases[2].range));
	assert_int_equal(more.range.last_port - more.range.first_port, 249);
	assert_int_not_equal(more.id, leases[2].id);
	range_close(provider);
}

/* two daemons, and one that comes back */
static void test_file(void **state)
{
	char path[] = "/tmp/weft-ranges-XXXXXX";
	static const char text[] = "{\"ranges\": [\"[fd00::1]:5-14\", \"11.0.1.1:5-9\"]}";
	struct range_provider *one, *two;
	struct range_lease a, b, c, *held;
	int fd = mkstemp(path);
	size_t n;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(range_file_open(&one, path), 0);
	assert_int_equal(range_file_open(&two, path), 0);
	assert_int_equal(range_acquire(one, "one", 5, RANGE_NAT, &a), 0);
	assert_int_equal(range_acquire(two, "two", 5, RANGE_NAT, &b), 0);
	assert_int_equal(range_acquire(one, "one", 9, RANGE_NAT, &c), 0);
	assert_false(overlap(&a.range, &b.range));
	assert_int_equal(a.range.family, 6);
	assert_int_equal(c.range.family, 4);
	assert_int_equal(range_release(one, c.id), 0);
	range_close(one);
	assert_int_equal(range_file_open(&one, path), 0);
	assert_int_equal(range_held(one, "one", &held, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(held[0].id, a.id);
	assert_memory_equal(&held[0].range, &a.range, sizeof(a.range));
	free(held);
	range_close(one);
	range_close(two);

	/* a broken file gives nothing */
	assert_int_equal(truncate(path, 9), 0);
	assert_int_equal(range_file_open(&one, path), -EPROTO);
	unlink(path);
	assert_int_equal(range_file_open(&one, path), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
