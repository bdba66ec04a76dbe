// SPDX-License-Identifier: Apache-2.0
/*
 * alloc.c - see alloc.h.
 *
 * Pairs in use are in a hash table. So that full addresses are passed over at once, each address
 * has a count for each protocol; with reuse an address is never full, and only the pair can
 * tell.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "map.h"
#include "memory.h"
#include "services/nat/alloc.h"

#define BUCKETS_FIRST 1024
#define N_PROTOS 4

struct entry {
	struct entry *next;
	uint32_t hash;
	uint32_t instance;
	struct nat_pair pair;
};

struct range {
	struct weft_pool_range range;
	uint32_t n_addrs;
	bool shut;
	uint32_t *used[N_PROTOS]; /* by address; NULL: none yet */
};

struct nat_alloc {
	uint32_t choice; /* enum weft_pool_choice */
	bool parity;
	bool reuse;
	struct range *ranges;
	unsigned int n_ranges;
	struct entry **buckets;
	size_t n_buckets; /* a power of two */
	size_t n_entries;
	uint64_t random;
	uint16_t next_port; /* sequential */
};

/* ---- addresses ---------------------------------------------------------- */

static unsigned int family_len(uint8_t family)
{
	return family == 6 ? 16 : 4;
}

/* ranges are at most 65536 addresses long, so their last four bytes tell them apart */
static uint32_t low_bits(const uint8_t *ip, uint8_t family)
{
	const uint8_t *p = ip + family_len(family) - 4;

	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* the @at-th address of a range */
static void nth_address(const struct range *range, uint32_t at, uint8_t ip[16])
{
	unsigned int i = family_len(range->range.family);

	memcpy(ip, range->range.first, 16);
	while (at && i--) {
		at += ip[i];
		ip[i] = at;
		at >>= 8;
	}
}

static bool range_has(const struct range *range, const struct nat_pair *pair, uint32_t *at)
{
	if (range->range.family != pair->family || pair->port < range->range.first_port ||
	    pair->port > range->range.last_port || memcmp(pair->ip, range->range.first, 16) < 0 ||
	    memcmp(pair->ip, range->range.last, 16) > 0)
		return false;
	*at = low_bits(pair->ip, pair->family) - low_bits(range->range.first, pair->family);
	return true;
}

static uint32_t n_ports(const struct range *range, uint8_t proto)
{
	uint32_t n = range->range.last_port - range->range.first_port + 1u;

	/* port 0 is none */
	return !range->range.first_port && proto != IPPROTO_ICMP ? n - 1 : n;
}

static int proto_index(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 0;
	case IPPROTO_UDP:
		return 1;
	case IPPROTO_SCTP:
		return 2;
	case IPPROTO_ICMP:
		return 3;
	default:
		return -1;
	}
}

/* ---- pairs in use -------------------------------------------------------- */

static struct entry **find(const struct nat_alloc *alloc, const struct nat_pair *pair,
			   uint32_t hash)
{
	struct entry **at = &alloc->buckets[hash & (alloc->n_buckets - 1)];

	while (*at && ((*at)->hash != hash || memcmp(&(*at)->pair, pair, sizeof(*pair))))
		at = &(*at)->next;
	return at;
}

static bool is_used(const struct nat_alloc *alloc, const struct nat_pair *pair)
{
	return *find(alloc, pair, map_hash_bytes(pair, sizeof(*pair)));
}

static void count(struct nat_alloc *alloc, const struct nat_pair *pair, int by)
{
	int proto = proto_index(pair->proto);
	uint32_t at;

	for (unsigned int i = 0; proto >= 0 && i < alloc->n_ranges; i++) {
		struct range *range = &alloc->ranges[i];

		if (!range_has(range, pair, &at))
			continue;
		if (!range->used[proto])
			range->used[proto] = memory_zalloc(range->n_addrs * sizeof(uint32_t));
		range->used[proto][at] += by;
		return;
	}
}

static void grow(struct nat_alloc *alloc)
{
	size_t n = alloc->n_buckets * 2;
	struct entry **buckets = memory_zalloc(n * sizeof(*buckets));

	for (size_t i = 0; i < alloc->n_buckets; i++) {
		struct entry *entry = alloc->buckets[i], *next;

		for (; entry; entry = next) {
			next = entry->next;
			entry->next = buckets[entry->hash & (n - 1)];
			buckets[entry->hash & (n - 1)] = entry;
		}
	}
	free(alloc->buckets);
	alloc->buckets = buckets;
	alloc->n_buckets = n;
}

bool nat_alloc_take(struct nat_alloc *alloc, const struct nat_pair *pair, uint32_t instance)
{
	uint32_t hash = map_hash_bytes(pair, sizeof(*pair));
	struct entry **at = find(alloc, pair, hash);

	if (*at) {
		if (instance != NAT_ALLOC_SOMEBODY)
			(*at)->instance = instance;
		return false;
	}
	*at = memory_zalloc(sizeof(**at));
	(*at)->hash = hash;
	(*at)->instance = instance;
	(*at)->pair = *pair;
	count(alloc, pair, 1);
	if (++alloc->n_entries > alloc->n_buckets)
		grow(alloc);
	return true;
}

void nat_alloc_give(struct nat_alloc *alloc, const struct nat_pair *pair, uint32_t instance)
{
	struct entry **at = find(alloc, pair, map_hash_bytes(pair, sizeof(*pair)));
	struct entry *entry = *at;

	if (!entry || (instance != NAT_ALLOC_SOMEBODY && entry->instance != NAT_ALLOC_SOMEBODY &&
		       entry->instance != instance))
		return;
	*at = entry->next;
	count(alloc, pair, -1);
	free(entry);
	alloc->n_entries--;
}

/* ---- choosing ------------------------------------------------------------ */

static uint32_t draw(struct nat_alloc *alloc, uint32_t below)
{
	/* xorshift64*: ports that nobody can foretell need no more than a good seed here */
	alloc->random ^= alloc->random >> 12;
	alloc->random ^= alloc->random << 25;
	alloc->random ^= alloc->random >> 27;
	return (uint32_t)((alloc->random * UINT64_C(2685821657736338717)) >> 32) % below;
}

static bool port_is_free(const struct nat_alloc *alloc, struct nat_pair *pair, uint32_t port)
{
	if (!port && pair->proto != IPPROTO_ICMP)
		return false;
	pair->port = port;
	return !is_used(alloc, pair);
}

/* every port of an address, from a place that the pool's choice says; @parity: -1 any */
static bool scan_ports(struct nat_alloc *alloc, const struct range *range, struct nat_pair *pair,
		       int parity)
{
	uint32_t first = range->range.first_port, n = range->range.last_port - first + 1u, start;

	if (alloc->choice == WEFT_POOL_CHOICE_SEQUENTIAL)
		start = alloc->next_port < first ? 0 : (alloc->next_port - first) % n;
	else
		start = draw(alloc, n);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t port = first + (start + i) % n;

		if ((parity >= 0 && (port & 1) != (uint32_t)parity) ||
		    !port_is_free(alloc, pair, port))
			continue;
		alloc->next_port = port + 1;
		return true;
	}
	return false;
}

static bool pick_port(struct nat_alloc *alloc, const struct range *range, const struct nat_ask *ask,
		      struct nat_pair *pair, bool parity)
{
	if (alloc->choice == WEFT_POOL_CHOICE_PRESERVE && ask->port >= range->range.first_port &&
	    ask->port <= range->range.last_port && port_is_free(alloc, pair, ask->port))
		return true;
	return scan_ports(alloc, range, pair, parity ? ask->port & 1 : -1);
}

static bool is_full(const struct nat_alloc *alloc, const struct range *range, uint32_t at,
		    uint8_t proto)
{
	const uint32_t *used = range->used[proto_index(proto)];

	return !alloc->reuse && used && used[at] >= n_ports(range, proto);
}

static void fill_pair(const struct nat_alloc *alloc, const struct nat_ask *ask,
		      struct nat_pair *pair)
{
	memset(pair, 0, sizeof(*pair));
	pair->family = ask->family;
	pair->proto = ask->proto;
	if (alloc->reuse) {
		memcpy(pair->remote, ask->remote, sizeof(pair->remote));
		pair->remote_port = ask->remote_port;
	}
}

static bool is_open(const struct range *range, uint8_t family)
{
	return !range->shut && range->range.family == family;
}

/* all addresses, from that of the local address on */
static bool pick(struct nat_alloc *alloc, const struct nat_ask *ask, struct nat_pair *pair,
		 bool parity)
{
	uint32_t n_addrs = 0, start, at;
	unsigned int i;

	for (i = 0; i < alloc->n_ranges; i++) {
		if (is_open(&alloc->ranges[i], ask->family))
			n_addrs += alloc->ranges[i].n_addrs;
	}
	if (!n_addrs)
		return false;
	start = map_hash_bytes(ask->local, sizeof(ask->local)) % n_addrs;
	for (uint32_t k = 0; k < n_addrs; k++) {
		at = (start + k) % n_addrs;
		for (i = 0; i < alloc->n_ranges; i++) {
			if (!is_open(&alloc->ranges[i], ask->family))
				continue;
			if (at < alloc->ranges[i].n_addrs)
				break;
			at -= alloc->ranges[i].n_addrs;
		}
		if (is_full(alloc, &alloc->ranges[i], at, ask->proto))
			continue;
		nth_address(&alloc->ranges[i], at, pair->ip);
		if (pick_port(alloc, &alloc->ranges[i], ask, pair, parity))
			return true;
	}
	return false;
}

bool nat_alloc_pick(struct nat_alloc *alloc, const struct nat_ask *ask, struct nat_pair *pair)
{
	if (proto_index(ask->proto) < 0)
		return false;
	fill_pair(alloc, ask, pair);
	if (!pick(alloc, ask, pair, alloc->parity) &&
	    (!alloc->parity || !pick(alloc, ask, pair, false)))
		return false;
	return nat_alloc_take(alloc, pair, NAT_ALLOC_SOMEBODY);
}

bool nat_alloc_pick_port(struct nat_alloc *alloc, const struct nat_ask *ask, struct nat_pair *pair)
{
	uint32_t at;

	if (proto_index(ask->proto) < 0)
		return false;
	fill_pair(alloc, ask, pair);
	memcpy(pair->ip, ask->local, family_len(ask->family));
	for (unsigned int i = 0; i < alloc->n_ranges; i++) {
		const struct range *range = &alloc->ranges[i];

		pair->port = range->range.first_port;
		if (is_open(range, ask->family) && range_has(range, pair, &at) &&
		    pick_port(alloc, range, ask, pair, false))
			return nat_alloc_take(alloc, pair, NAT_ALLOC_SOMEBODY);
	}
	return false;
}

bool nat_alloc_pair(const struct nat_alloc *alloc, const struct nat_ask *ask, const uint8_t *ip,
		    uint16_t port, struct nat_pair *pair)
{
	uint32_t at;

	fill_pair(alloc, ask, pair);
	memcpy(pair->ip, ip, family_len(ask->family));
	pair->port = port;
	for (unsigned int i = 0; i < alloc->n_ranges; i++) {
		if (range_has(&alloc->ranges[i], pair, &at))
			return true;
	}
	return false;
}

/* ---- the whole ------------------------------------------------------------ */

static struct range *find_range(const struct nat_alloc *alloc, const struct weft_pool_range *range)
{
	for (unsigned int i = 0; i < alloc->n_ranges; i++) {
		if (!memcmp(&alloc->ranges[i].range, range, sizeof(*range)))
			return &alloc->ranges[i];
	}
	return NULL;
}

void nat_alloc_open(struct nat_alloc *alloc, const struct weft_pool_range *range)
{
	struct range *old = find_range(alloc, range);

	if (old) {
		old->shut = false;
		return;
	}
	alloc->ranges = memory_grow(alloc->ranges, alloc->n_ranges, sizeof(*alloc->ranges));
	alloc->ranges[alloc->n_ranges++] = (struct range){
		.range = *range,
		.n_addrs = low_bits(range->last, range->family) -
			   low_bits(range->first, range->family) + 1,
	};
}

void nat_alloc_shut(struct nat_alloc *alloc, const struct weft_pool_range *range)
{
	struct range *old = find_range(alloc, range);

	if (old)
		old->shut = true;
}

uint64_t nat_alloc_used_of(const struct nat_alloc *alloc, const struct weft_pool_range *range)
{
	const struct range *old = find_range(alloc, range);
	uint64_t used = 0;

	for (unsigned int proto = 0; old && proto < N_PROTOS; proto++) {
		for (uint32_t at = 0; old->used[proto] && at < old->n_addrs; at++)
			used += old->used[proto][at];
	}
	return used;
}

void nat_alloc_drop(struct nat_alloc *alloc, const struct weft_pool_range *range)
{
	struct range *old = find_range(alloc, range);

	if (!old)
		return;
	for (unsigned int proto = 0; proto < N_PROTOS; proto++)
		free(old->used[proto]);
	*old = alloc->ranges[--alloc->n_ranges];
}

struct nat_alloc *nat_alloc_new(const struct weft_pool *pool)
{
	struct nat_alloc *alloc = memory_zalloc(sizeof(*alloc));

	alloc->choice = pool->choice;
	alloc->parity = pool->parity;
	alloc->reuse = pool->reuse;
	for (unsigned int i = 0; i < pool->ranges.n_ranges; i++)
		nat_alloc_open(alloc, &pool->ranges.ranges[i]);
	alloc->n_buckets = BUCKETS_FIRST;
	alloc->buckets = memory_zalloc(alloc->n_buckets * sizeof(*alloc->buckets));
	if (getrandom(&alloc->random, sizeof(alloc->random), 0) != sizeof(alloc->random) ||
	    !alloc->random)
		alloc->random = (uintptr_t)alloc;
	return alloc;
}

void nat_alloc_clear(struct nat_alloc *alloc)
{
	for (size_t i = 0; i < alloc->n_buckets; i++) {
		struct entry *entry = alloc->buckets[i], *next;

		for (; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
		alloc->buckets[i] = NULL;
	}
	alloc->n_entries = 0;
	for (unsigned int i = 0; i < alloc->n_ranges; i++) {
		for (unsigned int j = 0; j < N_PROTOS; j++) {
			free(alloc->ranges[i].used[j]);
			alloc->ranges[i].used[j] = NULL;
		}
	}
}

void nat_alloc_free(struct nat_alloc *alloc)
{
	if (!alloc)
		return;
	nat_alloc_clear(alloc);
	free(alloc->ranges);
	free(alloc->buckets);
	free(alloc);
}

uint64_t nat_alloc_used(const struct nat_alloc *alloc)
{
	return alloc->n_entries;
}

uint64_t nat_alloc_total(const struct nat_alloc *alloc)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < alloc->n_ranges; i++)
		total += alloc->ranges[i].shut ? 0 :
						 (uint64_t)alloc->ranges[i].n_addrs *
							 n_ports(&alloc->ranges[i], IPPROTO_TCP);
	return total;
}
