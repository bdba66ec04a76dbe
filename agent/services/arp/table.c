// SPDX-License-Identifier: Apache-2.0
/* table.c - two hash tables with chains: see table.h. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "services/arp/section.h"
#include "services/arp/table.h"

#define BUCKETS 16384

void arp_table_init(struct arp_table *table)
{
	*table = (struct arp_table){ .n_buckets = BUCKETS };
	table->rows = memory_zalloc(BUCKETS * sizeof(struct arp_row *));
	table->users = memory_zalloc(BUCKETS * sizeof(struct arp_user *));
}

static uint32_t mix(uint32_t hash, uint32_t word)
{
	hash = (hash ^ word) * UINT32_C(0x9e3779b1);
	return hash ^ hash >> 15;
}

static struct arp_row **bucket_of(const struct arp_table *table, uint32_t ldp,
				  const struct address *address)
{
	uint32_t hash = mix(0, ldp), word;

	for (unsigned int i = 0; i < address_len(address); i += 4) {
		memcpy(&word, address->bytes + i, 4);
		hash = mix(hash, word);
	}
	return &table->rows[hash % table->n_buckets];
}

struct arp_row *arp_table_find(const struct arp_table *table, uint32_t ldp,
			       const struct address *address)
{
	struct arp_row *row = *bucket_of(table, ldp, address);

	while (row && (row->ldp != ldp || arp_address_cmp(&row->address, address)))
		row = row->next;
	return row;
}

struct arp_row *arp_table_add(struct arp_table *table, uint32_t ldp, const struct address *address)
{
	struct arp_row **bucket = bucket_of(table, ldp, address), *row;

	if (table->n_rows == ARP_ROWS_MAX)
		return NULL;
	row = memory_zalloc(sizeof(*row));
	row->ldp = ldp;
	row->address = *address;
	row->waiters_end = &row->waiters;
	row->next = *bucket;
	*bucket = row;
	table->n_rows++;
	return row;
}

static void remove_users(struct arp_table *table, const struct arp_row *row)
{
	size_t n = row ? row->n_users : table->n_users;

	for (size_t i = 0; n && i < table->n_buckets; i++) {
		struct arp_user **link = &table->users[i];

		while (*link) {
			struct arp_user *user = *link;

			if (row && user->row != row) {
				link = &user->next;
				continue;
			}
			*link = user->next;
			user->row->n_users--;
			table->n_users--;
			n--;
			free(user);
		}
	}
}

void arp_table_unuse_all(struct arp_table *table)
{
	remove_users(table, NULL);
}

void arp_table_remove(struct arp_table *table, struct arp_row *row)
{
	struct arp_row **link = bucket_of(table, row->ldp, &row->address);

	if (row->n_users)
		remove_users(table, row);
	while (*link != row)
		link = &(*link)->next;
	*link = row->next;
	table->n_rows--;
	if (row->timer)
		event_free(row->timer);
	free(row->askers);
	free(row);
}

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

void arp_table_clear(struct arp_table *table)
{
	struct arp_waiter *waiter;

	remove_users(table, NULL);
	for (size_t i = 0; i < table->n_buckets; i++) {
		while (table->rows[i]) {
			while ((waiter = arp_table_next_waiter(table, table->rows[i])))
				free(waiter);
			arp_table_remove(table, table->rows[i]);
		}
	}
	free(table->rows);
	free(table->users);
	*table = (struct arp_table){ 0 };
}

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

static struct arp_user **user_of(const struct arp_table *table, uint32_t id)
{
	struct arp_user **link = &table->users[mix(0, id) % table->n_buckets];

	while (*link && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

void arp_table_use(struct arp_table *table, struct arp_row *row, uint32_t id)
{
	struct arp_user **link = user_of(table, id), *user = *link;

	if (user) {
		user->row->n_users--;
		user->row = row;
		row->n_users++;
		return;
	}
	user = memory_zalloc(sizeof(*user));
	user->id = id;
	user->row = row;
	*link = user;
	row->n_users++;
	table->n_users++;
}

struct arp_row *arp_table_unuse(struct arp_table *table, uint32_t id)
{
	struct arp_user **link = user_of(table, id), *user = *link;
	struct arp_row *row;

	if (!user)
		return NULL;
	row = user->row;
	*link = user->next;
	row->n_users--;
	table->n_users--;
	free(user);
	return row;
}
