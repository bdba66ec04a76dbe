/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc.h - which pairs of address and port of a pool are in use, and which one to give next.
 *
 * The rules are the kernel's (weft-pool(8)): a local address gets the same address as long as
 * that has ports; its own port if it is free, else a random one, of its parity if wanted; each
 * pair once for each protocol, or, with reuse, once for each remote endpoint.
 */
#ifndef WEFT_NAT_ALLOC_H
#define WEFT_NAT_ALLOC_H

#include <stdbool.h>
#include <stdint.h>
#include <weft/weft.h>

struct nat_alloc;

/* A pair in use. Compared as a whole: what does not matter is zero */
struct nat_pair {
	uint8_t family; /* 4, 6 */
	uint8_t proto;	/* of echo: that of ICMP, for both families */
	uint16_t port;
	uint8_t ip[16];
	uint8_t remote[16]; /* with reuse only */
	uint16_t remote_port;
	uint16_t unused;
};

struct nat_ask {
	uint8_t family;
	uint8_t proto;
	uint16_t port; /* its own, or the identifier of an echo */
	uint8_t local[16];
	uint8_t remote[16];
	uint16_t remote_port;
};

#define NAT_ALLOC_SOMEBODY 0 /* an instance whose number is not known yet */

struct nat_alloc *nat_alloc_new(const struct weft_pool *pool);
void nat_alloc_free(struct nat_alloc *alloc);

/* nat_alloc_pick: choose and take; false: there is nothing */
bool nat_alloc_pick(struct nat_alloc *alloc, const struct nat_ask *ask, struct nat_pair *pair);

/* nat_alloc_pick_port: the same, of the local address itself, which must be the pool's */
bool nat_alloc_pick_port(struct nat_alloc *alloc, const struct nat_ask *ask, struct nat_pair *pair);

/* nat_alloc_pair: the pair that an instance has; false: it is not of this pool */
bool nat_alloc_pair(const struct nat_alloc *alloc, const struct nat_ask *ask, const uint8_t *ip,
		    uint16_t port, struct nat_pair *pair);

/* nat_alloc_take: in use by an instance; false: it was already, and is that instance's now */
bool nat_alloc_take(struct nat_alloc *alloc, const struct nat_pair *pair, uint32_t instance);

/* nat_alloc_give: free, unless it is another instance's by now */
void nat_alloc_give(struct nat_alloc *alloc, const struct nat_pair *pair, uint32_t instance);

/*
 * nat_alloc_open: give out of a range, too. nat_alloc_shut: not any more; what is in use of it stays
 * known until nat_alloc_drop. nat_alloc_used_of: pairs of it in use, over all protocols
 */
void nat_alloc_open(struct nat_alloc *alloc, const struct weft_pool_range *range);
void nat_alloc_shut(struct nat_alloc *alloc, const struct weft_pool_range *range);
void nat_alloc_drop(struct nat_alloc *alloc, const struct weft_pool_range *range);
uint64_t nat_alloc_used_of(const struct nat_alloc *alloc, const struct weft_pool_range *range);

void nat_alloc_clear(struct nat_alloc *alloc);
uint64_t nat_alloc_used(const struct nat_alloc *alloc);
uint64_t nat_alloc_total(const struct nat_alloc *alloc); /* for one protocol */

#endif
