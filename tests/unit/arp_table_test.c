// SPDX-License-Identifier: Apache-2.0
/* Rows, their users and who waits: at random, beside arrays that are looked through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "services/arp/table.h"

#define PLACES 60
#define IDS 40

/* IPv4 and IPv6 addresses that begin alike, in three switches */
static struct address address_of(unsigned int place)
{
	struct address address = { .family = place % 2 ? AF_INET6 : AF_INET };

	address.bytes[0] = 10;
	address.bytes[3] = place / 6;
	return address;
}

static uint32_t switch_of(unsigned int place)
{
	return 1 + place / 2 % 3;
}

static struct arp_row *row_of(const struct arp_table *table, unsigned int place)
{
	const struct address address = address_of(place);

	return arp_table_find(table, switch_of(place), &address);
}

static void check(const struct arp_table *table, const bool *there, const int *user_of)
{
	const struct arp_row *row;
	size_t n = 0, n_listed = 0;

	for (unsigned int place = 0; place < PLACES; place++) {
		const struct address address = address_of(place);
		size_t n_users = 0;

		row = row_of(table, place);
		assert_int_equal(row != NULL, there[place]);
		if (!row)
			continue;
		n++;
		for (unsigned int id = 0; id < IDS; id++)
			n_users += user_of[id] == (int)place;
		assert_int_equal(row->ldp, switch_of(place));
		assert_true(address_equal(&row->address, &address));
		assert_int_equal(row->n_users, n_users);
	}
	LIST_FOREACH(row, &table->rows, in_table)
	n_listed++;
	assert_int_equal(n_listed, n);
	assert_int_equal(table->by_place.n_items, n);
}

static void step(struct arp_table *table, bool *there, int *user_of)
{
	unsigned int place = random() % PLACES, id = random() % IDS;
	const struct address address = address_of(place);
	struct arp_row *row = row_of(table, place), *was;

	switch (random() % 6) {
	case 0:
	case 1:
		if (!row)
			arp_table_add(table, switch_of(place), &address);
		there[place] = true;
		break;
	case 2:
		if (!row)
			break;
		arp_table_remove(table, row);
		there[place] = false;
		for (unsigned int i = 0; i < IDS; i++)
			user_of[i] = user_of[i] == (int)place ? -1 : user_of[i];
		break;
	case 3:
	case 4:
		if (!row)
			break;
		arp_table_use(table, row, id);
		user_of[id] = place;
		break;
	case 5:
		was = user_of[id] < 0 ? NULL : row_of(table, user_of[id]);
		assert_ptr_equal(arp_table_unuse(table, id), was);
		user_of[id] = -1;
		break;
	}
}

static void test_random(void **state)
{
	bool there[PLACES] = { false };
	int user_of[IDS];
	struct arp_table table;

	srandom(1);
	memset(user_of, -1, sizeof(user_of));
	arp_table_init(&table);
	for (unsigned int i = 0; i < 20000; i++) {
		step(&table, there, user_of);
		check(&table, there, user_of);
		if (i % 5000)
			continue;
		arp_table_unuse_all(&table);
		memset(user_of, -1, sizeof(user_of));
		check(&table, there, user_of);
	}
	arp_table_clear(&table);
	assert_int_equal(table.users.n_items, 0);
}

/* in their order, not more than may wait, and gone with the table */
static void test_waiters(void **state)
{
	const struct address one = address_of(0), other = address_of(1);
	struct arp_row *row, *second;
	struct arp_waiter *waiter;
	struct arp_table table;

	arp_table_init(&table);
	row = arp_table_add(&table, 1, &one);
	second = arp_table_add(&table, 1, &other);
	for (uint32_t i = 0; i < ARP_WAITERS_MAX; i++)
		assert_true(arp_table_wait(&table, i % 2 ? second : row, i, 7));
	assert_false(arp_table_wait(&table, row, 1, 7));
	for (uint32_t i = 0; i < 100; i += 2) {
		waiter = arp_table_next_waiter(&table, row);
		assert_int_equal(waiter->pending, i);
		assert_int_equal(waiter->template_id, 7);
		free(waiter);
	}
	assert_true(arp_table_wait(&table, row, 1, 7));
	while ((waiter = arp_table_next_waiter(&table, row)))
		free(waiter);
	assert_true(arp_table_wait(&table, row, 5, 8));
	waiter = arp_table_next_waiter(&table, row);
	assert_int_equal(waiter->pending, 5);
	free(waiter);
	arp_table_clear(&table);
	assert_int_equal(table.n_waiters, 0);
}

static void test_limit(void **state)
{
	struct address address = { .family = AF_INET };
	struct arp_table table;

	arp_table_init(&table);
	for (uint32_t i = 0; i < ARP_ROWS_MAX; i++) {
		memcpy(address.bytes, &i, 4);
		assert_non_null(arp_table_add(&table, 1, &address));
	}
	assert_null(arp_table_add(&table, 2, &address));
	arp_table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_waiters),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
