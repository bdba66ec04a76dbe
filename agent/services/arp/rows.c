// SPDX-License-Identifier: Apache-2.0
/* rows.c - see rows.h. */
#include <stdio.h>

#include "services/arp/rows.h"
#include "services/arp/section.h"
#include "services/arp/table.h"

static json_t *row_json(const struct arp_section *arp, const struct arp_row *row)
{
	static const char *const states[] = { "asking", "known", "negative" };
	char text[ADDRESS_TEXT], mac[18];
	const char *host = NULL;
	json_t *json;

	json = json_pack("{s:i, s:s, s:s, s:I}", "ldp", (int)row->ldp, "address",
			 address_format(&row->address, text), "state", states[row->state], "users",
			 (json_int_t)row->n_users);
	if (row->state != ROW_KNOWN)
		return json;
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", row->mac[0], row->mac[1],
		 row->mac[2], row->mac[3], row->mac[4], row->mac[5]);
	json_object_set_new(json, "mac", json_string(mac));
	for (size_t i = 0; i < arp->n_hosts; i++) {
		if (arp->hosts[i].number == row->host)
			host = arp->hosts[i].name;
	}
	if (host)
		json_object_set_new(json, "host", json_string(host));
	return json;
}

json_t *arp_rows_json(const struct arp_table *table, const struct arp_section *arp)
{
	json_t *rows = json_array();
	const struct arp_row *row;

	LIST_FOREACH(row, &table->rows, in_table)
	json_array_append_new(rows, row_json(arp, row));
	return rows;
}
