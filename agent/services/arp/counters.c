// SPDX-License-Identifier: Apache-2.0
/* counters.c - see counters.h. */
#include <stddef.h>

#include "services/arp/counters.h"

json_t *arp_counters_json(const struct arp_counters *counters)
{
	const struct {
		const char *name;
		uint64_t n;
	} all[] = {
		{ "local", counters->local },
		{ "hits", counters->hits },
		{ "misses", counters->misses },
		{ "joined", counters->joined },
		{ "refused", counters->refused },
		{ "resolved", counters->resolved },
		{ "failed", counters->failed },
		{ "map_queries", counters->map_queries },
		{ "map_unknown", counters->map_unknown },
		{ "questions", counters->questions },
		{ "outside", counters->outside },
		{ "looks", counters->looks },
		{ "changed", counters->changed },
		{ "lost", counters->lost },
		{ "asked", counters->asked },
		{ "silent", counters->silent },
		{ "announced", counters->announced },
		{ "published", counters->published },
		{ "acknowledged", counters->acknowledged },
		{ "bad", counters->bad },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		json_object_set_new(object, all[i].name, json_integer(all[i].n));
	return object;
}
