/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - what is known, as `weft-arpd --ctl rows` has it. */
#ifndef WEFT_ARP_ROWS_H
#define WEFT_ARP_ROWS_H

#include <jansson.h>

struct arp_section;
struct arp_table;

/* arp_rows_json: an array of objects; a new reference */
json_t *arp_rows_json(const struct arp_table *table, const struct arp_section *arp);

#endif
