// SPDX-License-Identifier: Apache-2.0
/* Which pairs weft-natd gives, and gives back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "services/nat/alloc.h"

static struct nat_alloc *make(const char *text)
{
	struct nat_alloc *alloc;
	struct weft_pool pool;
	struct weft_error error;

	assert_int_equal(weft_pool_parse(&pool, text, &error), 0);
	alloc = nat_alloc_new(&pool);
	weft_pool_free(&pool);
	return alloc;
}

static struct nat_ask ask(uint8_t proto, uint8_t local, uint16_t port)
{
	return (struct nat_ask){
		.family = 4,
		.proto = proto,
		.port = port,
		.local = { 10, 0, 1, local },
		.remote = { 10, 0, 2, 1 },
		.remote_port = 80,
	};
}

static void test_preserve(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1:2000-2999");
	struct nat_ask one = ask(IPPROTO_TCP, 1, 2100), low = ask(IPPROTO_TCP, 1, 100);
	struct nat_pair pair, again;

	assert_true(nat_alloc_pick(alloc, &one, &pair));
	assert_int_equal(pair.port, 2100);
	assert_memory_equal(pair.ip, ((uint8_t[]){ 11, 0, 1, 1 }), 4);
	assert_true(nat_alloc_pick(alloc, &one, &again));
	assert_int_not_equal(again.port, 2100);
	assert_true(nat_alloc_pick(alloc, &low, &again));
	assert_in_range(again.port, 2000, 2999);
	one.proto = IPPROTO_UDP;
	assert_true(nat_alloc_pick(alloc, &one, &again));
	assert_int_equal(again.port, 2100);
	assert_int_equal(nat_alloc_used(alloc), 4);
	assert_int_equal(nat_alloc_total(alloc), 1000);
	nat_alloc_give(alloc, &pair, 0);
	assert_int_equal(nat_alloc_used(alloc), 3);
	nat_alloc_free(alloc);
}

/* the last pair is found, and there is no other one behind it */
static void test_exhaustion(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1-11.0.1.3:2000-2099 11.0.2.1:3000-3009");
	struct nat_ask one = ask(IPPROTO_TCP, 1, 2050);
	struct nat_pair pairs[310], none;

	for (unsigned int i = 0; i < 310; i++) {
		one.local[3] = i;
		assert_true(nat_alloc_pick(alloc, &one, &pairs[i]));
		for (unsigned int j = 0; j < i; j++)
			assert_memory_not_equal(&pairs[i], &pairs[j], sizeof(none));
	}
	assert_false(nat_alloc_pick(alloc, &one, &none));
	one.proto = IPPROTO_SCTP;
	assert_true(nat_alloc_pick(alloc, &one, &none));
	one.proto = IPPROTO_TCP;
	nat_alloc_give(alloc, &pairs[77], 0);
	assert_true(nat_alloc_pick(alloc, &one, &none));
	assert_memory_equal(&none, &pairs[77], sizeof(none));
	nat_alloc_clear(alloc);
	assert_int_equal(nat_alloc_used(alloc), 0);
	assert_true(nat_alloc_pick(alloc, &one, &none));
	nat_alloc_free(alloc);
}

static void test_paired(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1-11.0.1.200:1024-65535 choice=random");
	struct nat_ask one = ask(IPPROTO_TCP, 1, 5000), echo = ask(IPPROTO_ICMP, 1, 1);
	struct nat_pair first, other;

	assert_true(nat_alloc_pick(alloc, &one, &first));
	for (unsigned int i = 0; i < 20; i++) {
		assert_true(nat_alloc_pick(alloc, &one, &other));
		assert_memory_equal(first.ip, other.ip, 16);
	}
	assert_true(nat_alloc_pick(alloc, &echo, &other));
	assert_memory_equal(first.ip, other.ip, 16);
	nat_alloc_free(alloc);
}

static void test_parity(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1:2000-2009 choice=random parity");
	struct nat_ask odd = ask(IPPROTO_UDP, 1, 7);
	struct nat_pair pair;

	for (unsigned int i = 0; i < 5; i++) {
		assert_true(nat_alloc_pick(alloc, &odd, &pair));
		assert_int_equal(pair.port & 1, 1);
	}
	assert_true(nat_alloc_pick(alloc, &odd, &pair));
	assert_int_equal(pair.port & 1, 0);
	nat_alloc_free(alloc);
}

static void test_sequential(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1:2000-2009 choice=sequential");
	struct nat_ask one = ask(IPPROTO_UDP, 1, 7);
	struct nat_pair pair;

	for (unsigned int i = 0; i < 10; i++) {
		assert_true(nat_alloc_pick(alloc, &one, &pair));
		assert_int_equal(pair.port, 2000 + i);
	}
	nat_alloc_free(alloc);
}

static void test_reuse(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1:2000 reuse");
	struct nat_ask one = ask(IPPROTO_TCP, 1, 7), two = one;
	struct nat_pair pair;

	two.remote_port = 81;
	assert_true(nat_alloc_pick(alloc, &one, &pair));
	assert_true(nat_alloc_pick(alloc, &two, &pair));
	assert_false(nat_alloc_pick(alloc, &one, &pair));
	assert_false(nat_alloc_pick(alloc, &two, &pair));
	nat_alloc_free(alloc);
}

/* an echo may have the identifier 0, nothing else the port 0 */
static void test_zero(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1:0-1");
	struct nat_ask tcp = ask(IPPROTO_TCP, 1, 0), echo = ask(IPPROTO_ICMP, 1, 0);
	struct nat_pair pair;

	assert_true(nat_alloc_pick(alloc, &tcp, &pair));
	assert_int_equal(pair.port, 1);
	assert_false(nat_alloc_pick(alloc, &tcp, &pair));
	assert_true(nat_alloc_pick(alloc, &echo, &pair));
	assert_true(nat_alloc_pick(alloc, &echo, &pair));
	assert_false(nat_alloc_pick(alloc, &echo, &pair));
	nat_alloc_free(alloc);
}

/* what the kernel tells of an instance that ended late is not taken for the one after it */
static void test_owner(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1:2000-2001");
	struct nat_ask one = ask(IPPROTO_TCP, 1, 2000);
	uint8_t ip[16] = { 11, 0, 1, 1 }, elsewhere[16] = { 11, 0, 1, 2 };
	struct nat_pair pair;

	assert_true(nat_alloc_pair(alloc, &one, ip, 2000, &pair));
	assert_true(nat_alloc_take(alloc, &pair, 5));
	assert_false(nat_alloc_take(alloc, &pair, 6));
	nat_alloc_give(alloc, &pair, 5);
	assert_int_equal(nat_alloc_used(alloc), 1);
	nat_alloc_give(alloc, &pair, 6);
	assert_int_equal(nat_alloc_used(alloc), 0);
	assert_true(nat_alloc_pick(alloc, &one, &pair));
	nat_alloc_give(alloc, &pair, 9);
	assert_int_equal(nat_alloc_used(alloc), 0);
	assert_false(nat_alloc_pair(alloc, &one, elsewhere, 2000, &pair));
	assert_false(nat_alloc_pair(alloc, &one, ip, 2002, &pair));
	nat_alloc_free(alloc);
}

static void test_ipv6(void **state)
{
	struct nat_alloc *alloc = make("1 11.0.1.1:2000 [fd00::fffe-fd00::1:1]:2000");
	struct nat_ask six = { .family = 6, .proto = IPPROTO_TCP, .local = { 0xfd, 1 } };
	struct nat_pair pair;
	bool carried = false;

	for (unsigned int i = 0; i < 4; i++) {
		assert_true(nat_alloc_pick(alloc, &six, &pair));
		assert_int_equal(pair.family, 6);
		carried = carried || (pair.ip[13] == 1 && !pair.ip[14] && !pair.ip[15]);
	}
	assert_true(carried);
	assert_false(nat_alloc_pick(alloc, &six, &pair));
	nat_alloc_free(alloc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preserve),   cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_paired),	   cmocka_unit_test(test_parity),
		cmocka_unit_test(test_sequential), cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_zero),	   cmocka_unit_test(test_owner),
		cmocka_unit_test(test_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
