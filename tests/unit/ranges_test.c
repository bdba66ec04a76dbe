// SPDX-License-Identifier: Apache-2.0
/* Ranges on demand: what is given out, that nothing is given twice, and what a file remembers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

static char path[] = "/tmp/weft-ranges-test-XXXXXX";

static void put(const char *text, size_t len, const char *more, size_t more_len)
{
	FILE *file = fopen(path, "w");

	fwrite(text, 1, len, file);
	fwrite(more, 1, more_len, file);
	fclose(file);
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
	static const char text[] = "{\"ranges\": [\"[fd00::1]:5-14\", \"11.0.1.1:5-9\"]}";
	struct range_provider *one, *two;
	struct range_lease a, b, c, *held;
	size_t n;

	put(text, strlen(text), "", 0);
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

/* ---- being killed --------------------------------------------------------------- */

static size_t get(char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len = fread(text, 1, size, file);

	fclose(file);
	return len;
}

static size_t held_by(const char *key)
{
	struct range_provider *provider;
	struct range_lease *held;
	size_t n;

	assert_int_equal(range_file_open(&provider, path), 0);
	assert_int_equal(range_held(provider, key, &held, &n), 0);
	free(held);
	range_close(provider);
	return n;
}

/* bytes that this process may still write, in place of the C library's; then it ends */
static long budget = LONG_MAX;

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	ssize_t n = syscall(SYS_pwrite64, fd, data, (long)len < budget ? len : budget, at);

	budget -= n;
	if (!budget)
		_exit(1);
	return n;
}

int ftruncate(int fd, off_t len)
{
	if (!--budget)
		_exit(1);
	return syscall(SYS_ftruncate, fd, len);
}

/* a writer that ends at each byte of what it writes, and one that ends putting that right */
static void test_torn(void **state)
{
	static const char text[] = "{\"ranges\": [\"11.0.1.1:1000-1999\"]}";
	struct range_provider *provider;
	struct range_lease lease;
	char old[1000];
	size_t old_len, done = 0;
	int status = 1;

	put(text, strlen(text), "", 0);
	assert_int_equal(range_file_open(&provider, path), 0);
	assert_int_equal(range_acquire(provider, "one", 5, RANGE_NAT, &lease), 0);
	range_close(provider);
	old_len = get(old, sizeof(old));
	for (long cut = 1; status; cut++) {
		pid_t child;

		put(old, old_len, "", 0);
		child = fork();
		if (!child) {
			budget = cut;
			range_file_open(&provider, path);
			range_acquire(provider, "two", 5, RANGE_NAT, &lease);
			_exit(0);
		}
		waitpid(child, &status, 0);
		child = fork();
		if (!child) {
			budget = cut / 3 + 1;
			_exit(!held_by("one"));
		}
		waitpid(child, NULL, 0);
		assert_int_equal(held_by("one"), 1);
		/* it is there from some byte on */
		assert_true(held_by("two") >= (done ? 1 : 0));
		done = held_by("two");
	}
	assert_int_equal(done, 1);
	unlink(path);
}

/* acquires and releases until it is killed; says what it has, and what it will not have */
static void hammer(int fd, unsigned int seed)
{
	struct range_provider *provider;
	struct range_lease *held, lease;
	size_t n;

	srandom(seed);
	for (range_file_open(&provider, path);;) {
		range_held(provider, "child", &held, &n);
		if (n < 5 &&
		    !range_acquire(provider, "child", 1 + random() % 9, RANGE_NAT, &lease)) {
			write(fd, &lease.id, sizeof(lease.id));
		} else if (n) {
			lease.id = held[random() % n].id;
			write(fd, &(int64_t){ -(int64_t)lease.id }, sizeof(int64_t));
			range_release(provider, lease.id);
		}
		free(held);
	}
}

static bool has(const struct range_lease *leases, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (leases[i].id == id)
			return true;
	}
	return false;
}

static void test_killed(void **state)
{
	static const char text[] = "{\"ranges\": [\"11.0.1.1:1000-1099\"]}";
	struct range_provider *provider;
	int64_t said[4096];
	int fds[2];

	put(text, strlen(text), "", 0);
	assert_int_equal(range_file_open(&provider, path), 0);
	for (unsigned int round = 0; round < 200; round++) {
		struct range_lease *held;
		size_t n, n_said = 0;
		ssize_t got;
		pid_t child;

		assert_int_equal(pipe(fds), 0);
		child = fork();
		if (!child)
			hammer(fds[1], round);
		close(fds[1]);
		usleep(random() % 8000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while ((got = read(fds[0], said + n_said, sizeof(said) - n_said * 8)) > 0)
			n_said += got / 8;
		close(fds[0]);
		assert_int_equal(range_held(provider, "child", &held, &n), 0);
		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < i; j++)
				assert_false(overlap(&held[i].range, &held[j].range));
		}
		for (size_t i = 0; i < n_said; i++) {
			bool gone = said[i] < 0;

			for (size_t j = i; j < n_said; j++)
				gone = gone || said[j] == -said[i];
			/* the last one said may be on its way out, or not */
			if (!gone)
				assert_true(has(held, n, said[i]));
			else if (said[i] < 0 && i + 1 < n_said)
				assert_false(has(held, n, -said[i]));
		}
		free(held);
	}
	range_close(provider);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_killed),
	};

	close(mkstemp(path));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
