/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - addresses that routers here have asked for: who has them, or who waits to know.
 *
 * A row is of one address in one switch. It is made by a packet that waits, or learned from an
 * instance, and lives as long as somebody waits, an instance has it, or it may be asked for again.
 * Local addresses have no rows: the section has them.
 */
#ifndef WEFT_ARP_TABLE_H
#define WEFT_ARP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "address.h"
#include "map.h"

struct event;

#define ARP_ROWS_MAX 65536
#define ARP_WAITERS_MAX 4096 /* as many as the kernel lets wait */
#define ARP_ASKERS_MAX 64    /* further hosts are answered when they ask again */

enum arp_row_state {
	ROW_ASKING,
	ROW_KNOWN,
	ROW_NEGATIVE, /* nobody has it */
};

/* a router's packets that wait in the kernel */
struct arp_waiter {
	uint32_t pending;
	uint32_t template_id;
	struct arp_waiter *next;
};

/* an instance that was made of a row */
struct arp_user {
	uint32_t id;
	struct arp_row *row;
	LIST_ENTRY(arp_user) of_row;
};

struct arp_row {
	LIST_ENTRY(arp_row) in_table;
	void *arpd;
	uint32_t ldp;
	struct address address;
	enum arp_row_state state;
	uint8_t mac[6];
	uint32_t host; /* whose daemon said so; 0: not known */
	LIST_HEAD(arp_user_list, arp_user) users;
	size_t n_users;
	uint64_t used_ms;	    /* when there was a user last */
	unsigned int n_tries;	    /* ROW_KNOWN: without an answer; 0: nobody was asked */
	size_t server;		    /* ROW_ASKING: map server in turn; behind the last: the peers */
	struct arp_waiter *waiters; /* in the order in which they came */
	struct arp_waiter **waiters_end;
	uint32_t *askers; /* hosts that asked for an address outside, which this one asks for */
	size_t n_askers;
	struct event *timer;
};

struct arp_table {
	LIST_HEAD(arp_row_list, arp_row) rows;
	struct map by_place; /* rows, by switch and address */
	struct map users;    /* by their ids */
	size_t n_waiters;
};

void arp_table_init(struct arp_table *table);
void arp_table_clear(struct arp_table *table);

struct arp_row *arp_table_find(const struct arp_table *table, uint32_t ldp,
			       const struct address *address);
/* arp_table_add: of which there is none; NULL: there are too many */
struct arp_row *arp_table_add(struct arp_table *table, uint32_t ldp, const struct address *address);
/* arp_table_remove: with its users, and its timer; nobody may wait any more */
void arp_table_remove(struct arp_table *table, struct arp_row *row);

/* arp_table_wait: false: too many do */
bool arp_table_wait(struct arp_table *table, struct arp_row *row, uint32_t pending,
		    uint32_t template_id);
/* arp_table_next_waiter: the first one, to be freed; NULL: nobody waits */
struct arp_waiter *arp_table_next_waiter(struct arp_table *table, struct arp_row *row);

/* arp_row_asked: by a host that will be told when it is known, unless there are too many */
void arp_row_asked(struct arp_row *row, uint32_t host);

/* arp_table_use: an instance was made of a row; told twice it counts once */
void arp_table_use(struct arp_table *table, struct arp_row *row, uint32_t id);
/* arp_table_unuse: it has ended; its row, or NULL */
struct arp_row *arp_table_unuse(struct arp_table *table, uint32_t id);
void arp_table_unuse_all(struct arp_table *table);

#endif
