/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mtu.h - how long a packet may be that a tunnel carries, found by trying.
 *
 * A search between a length that has to pass and the longest that the device takes. A length that
 * is not answered for is tried again, as a probe may have been lost for another reason. The first
 * probe has the longest length: on a network without faults it is the only one.
 */
#ifndef WEFT_BFD_MTU_H
#define WEFT_BFD_MTU_H

#include <stdbool.h>
#include <stdint.h>

#define MTU_TRIES 3
#define MTU_WAIT_US 200000
#define MTU_FLOOR 576

struct mtu_search {
	bool running;
	uint16_t number; /* of the last probe */
	unsigned int tries;
	uint32_t passes; /* the longest that passed; 0: none did */
	uint32_t fails;	 /* the shortest that did not, or one more than there is to try */
	uint32_t trying;
	uint64_t due_us; /* of the next try */
	uint64_t sent_us;
	uint32_t
		found; /* by the last search that has ended; 0: nothing passes, or there was none */
	uint32_t max;  /* that it tried */
	uint32_t rtt_us; /* of the last probe that was answered */
	uint64_t n_sent, n_searches;
};

/* mtu_search_start: up to @max bytes of an IP packet; one that runs begins anew */
void mtu_search_start(struct mtu_search *search, uint32_t max, uint64_t now_us);
void mtu_search_stop(struct mtu_search *search);

/* mtu_search_run: the length to send a probe of now, with .number; 0: none */
uint32_t mtu_search_run(struct mtu_search *search, uint64_t now_us);

/* mtu_search_reply: the answer to a probe; true when the search has ended by it */
bool mtu_search_reply(struct mtu_search *search, uint16_t number, uint32_t len, uint64_t now_us);

/* mtu_search_due: when to run it; UINT64_MAX: never */
uint64_t mtu_search_due(const struct mtu_search *search);

#endif
