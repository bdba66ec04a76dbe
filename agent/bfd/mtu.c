// SPDX-License-Identifier: Apache-2.0
/* mtu.c - see mtu.h. */
#include "bfd/mtu.h"

/* @return whether there is something left to try */
static bool choose(struct mtu_search *search, uint64_t now_us)
{
	search->tries = 0;
	search->due_us = now_us;
	if (search->passes + 1 >= search->fails ||
	    (!search->passes && search->fails <= MTU_FLOOR)) {
		search->running = false;
		search->found = search->passes;
		search->n_searches++;
		return false;
	}
	if (!search->passes)
		search->trying = search->fails > search->max ? search->max : MTU_FLOOR;
	else
		search->trying = search->passes + (search->fails - search->passes) / 2;
	return true;
}

void mtu_search_start(struct mtu_search *search, uint32_t max, uint64_t now_us)
{
	search->running = true;
	search->max = max > MTU_FLOOR ? max : MTU_FLOOR;
	search->passes = 0;
	search->fails = search->max + 1;
	choose(search, now_us);
}

void mtu_search_stop(struct mtu_search *search)
{
	search->running = false;
}

uint32_t mtu_search_run(struct mtu_search *search, uint64_t now_us)
{
	if (!search->running || now_us < search->due_us)
		return 0;
	if (search->tries == MTU_TRIES) {
		search->fails = search->trying;
		if (!choose(search, now_us))
			return 0;
	}
	search->tries++;
	search->number++;
	search->n_sent++;
	search->sent_us = now_us;
	search->due_us = now_us + MTU_WAIT_US;
	return search->trying;
}

bool mtu_search_reply(struct mtu_search *search, uint16_t number, uint32_t len, uint64_t now_us)
{
	/* an answer to an earlier try of this length is as good */
	if (!search->running || len != search->trying || !search->tries ||
	    (uint16_t)(search->number - number) >= search->tries)
		return false;
	if (number == search->number)
		search->rtt_us = now_us - search->sent_us;
	search->passes = len;
	return !choose(search, now_us);
}

uint64_t mtu_search_due(const struct mtu_search *search)
{
	return search->running ? search->due_us : UINT64_MAX;
}
