/* SPDX-License-Identifier: Apache-2.0 */
/* counters.h - what weft-arpd counts, as `weft-arpd --ctl status` has it. */
#ifndef WEFT_ARP_COUNTERS_H
#define WEFT_ARP_COUNTERS_H

#include <jansson.h>
#include <stdint.h>

struct arp_counters {
	uint64_t local;	      /* upcalls answered from the section */
	uint64_t hits;	      /* from a row */
	uint64_t misses;      /* that began a question */
	uint64_t joined;      /* that wait with others for one answer */
	uint64_t refused;     /* unknown router port, negative, or too many wait */
	uint64_t resolved;    /* questions */
	uint64_t failed;      /* questions without an answer */
	uint64_t map_queries; /* sent */
	uint64_t map_unknown; /* answers of map servers that nobody has it */
	uint64_t questions;   /* sent to peers */
	uint64_t outside;     /* … and to networks outside */
	uint64_t looks;	      /* at bindings in use: questions to one */
	uint64_t changed;     /* bindings that were another one then */
	uint64_t lost;	      /* that had no answer any more */
	uint64_t asked;	      /* questions of daemons and machines that were answered */
	uint64_t silent;      /* … and that were not for us */
	uint64_t announced;   /* sent */
	uint64_t published;   /* sent */
	uint64_t acknowledged;
	uint64_t bad; /* frames that were none of these */
};

/* arp_counters_json: an object, by their names; a new reference */
json_t *arp_counters_json(const struct arp_counters *counters);

#endif
