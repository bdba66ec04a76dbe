// SPDX-License-Identifier: Apache-2.0
/* table.c - see table.h. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "services/arp/table.h"

struct place {
	uint32_t ldp;
	const struct address *address;
};

static uint32_t hash_of(uint32_t ldp, const struct address *address)
{
	uint8_t bytes[sizeof(ldp) + sizeof(address->bytes)];

	memcpy(bytes, &ldp, sizeof(ldp));
	memcpy(bytes + sizeof(ldp), address->bytes, address_len(address));
	return map_hash_bytes(bytes, sizeof(ldp) + address_len(address));
}

static bool row_is(const void *item, const void *key)
{
	const struct arp_row *row = item;
	const struct place *place = key;

	return row->ldp == place->ldp && address_equal(&row->address, place->address);
}

void arp_table_init(struct arp_table *table)
{
	*table = (struct arp_table){ 0 };
	LIST_INIT(&table->rows);
}

struct arp_row *arp_table_find(const struct arp_table *table, uint32_t ldp,
			       const struct address *address)
{
	const struct place place = { ldp, address };

	return map_find(&table->by_place, hash_of(ldp, address), row_is, &place);
}

struct arp_row *arp_table_add(struct arp_table *table, uint32_t ldp, const struct address *address)
{
	struct arp_row *row;

	if (table->by_place.n_items == ARP_ROWS_MAX)
		return NULL;
	row = memory_zalloc(sizeof(*row));
	row->ldp = ldp;
	row->address = *address;
	row->waiters_end = &row->waiters;
	LIST_INIT(&row->users);
	LIST_INSERT_HEAD(&table->rows, row, in_table);
	map_add(&table->by_place, hash_of(ldp, address), row);
	return row;
}

/* ---- users -------------------------------------------------------------- */

static uint32_t hash_of_id(uint32_t id)
{
	return map_hash_bytes(&id, sizeof(id));
}

static bool user_is(const void *item, const void *id)
{
	return ((const struct arp_user *)item)->id == *(const uint32_t *)id;
}

static void join(struct arp_row *row, struct arp_user *user)
{
	user->row = row;
	LIST_INSERT_HEAD(&row->users, user, of_row);
	row->n_users++;
}

static void part(struct arp_user *user)
{
	LIST_REMOVE(user, of_row);
	user->row->n_users--;
}

static void remove_user(struct arp_table *table, struct arp_user *user)
{
	part(user);
	map_remove(&table->users, hash_of_id(user->id), user);
	free(user);
}

static void remove_users(struct arp_table *table, struct arp_row *row)
{
	while (!LIST_EMPTY(&row->users))
		remove_user(table, LIST_FIRST(&row->users));
}

void arp_table_use(struct arp_table *table, struct arp_row *row, uint32_t id)
{
	struct arp_user *user = map_find(&table->users, hash_of_id(id), user_is, &id);

	if (user)
		part(user);
	else {
		user = memory_zalloc(sizeof(*user));
		user->id = id;
		map_add(&table->users, hash_of_id(id), user);
	}
	join(row, user);
}

struct arp_row *arp_table_unuse(struct arp_table *table, uint32_t id)
{
	struct arp_user *user = map_find(&table->users, hash_of_id(id), user_is, &id);
	struct arp_row *row;

	if (!user)
		return NULL;
	row = user->row;
	remove_user(table, user);
	return row;
}

void arp_table_unuse_all(struct arp_table *table)
{
	struct arp_row *row;

	LIST_FOREACH(row, &table->rows, in_table)
	remove_users(table, row);
}

/* ---- askers ------------------------------------------------------------- */

void arp_row_asked(struct arp_row *row, uint32_t host)
{
	for (size_t i = 0; i < row->n_askers; i++) {
		if (row->askers[i] == host)
			return;
	}
	if (row->n_askers == ARP_ASKERS_MAX)
		return;
	row->askers = memory_grow(row->askers, row->n_askers, sizeof(*row->askers));
	row->askers[row->n_askers++] = host;
}

/* ---- waiters ------------------------------------------------------------ */

bool arp_table_wait(struct arp_table *table, struct arp_row *row, uint32_t pending,
		    uint32_t template_id)
{
	struct arp_waiter *waiter;

	if (table->n_waiters == ARP_WAITERS_MAX)
		return false;
	waiter = memory_zalloc(sizeof(*waiter));
	waiter->pending = pending;
	waiter->template_id = template_id;
	*row->waiters_end = waiter;
	row->waiters_end = &waiter->next;
	table->n_waiters++;
	return true;
}

struct arp_waiter *arp_table_next_waiter(struct arp_table *table, struct arp_row *row)
{
	struct arp_waiter *waiter = row->waiters;

	if (!waiter)
		return NULL;
	row->waiters = waiter->next;
	if (!row->waiters)
		row->waiters_end = &row->waiters;
	table->n_waiters--;
	return waiter;
}

/* ---- the end ------------------------------------------------------------ */

void arp_table_remove(struct arp_table *table, struct arp_row *row)
{
	remove_users(table, row);
	map_remove(&table->by_place, hash_of(row->ldp, &row->address), row);
	LIST_REMOVE(row, in_table);
	if (row->timer)
		event_free(row->timer);
	free(row->askers);
	free(row);
}

void arp_table_clear(struct arp_table *table)
{
	while (!LIST_EMPTY(&table->rows)) {
		struct arp_row *row = LIST_FIRST(&table->rows);
		struct arp_waiter *waiter;

		while ((waiter = arp_table_next_waiter(table, row)))
			free(waiter);
		arp_table_remove(table, row);
	}
	map_clear(&table->by_place);
	map_clear(&table->users);
}
