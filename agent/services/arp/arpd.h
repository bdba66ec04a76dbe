/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arpd.h - the decisions of weft-arpd: who has an address, and who has to be told.
 *
 * A router's packet whose next hop has no entry waits in the kernel, one upcall however many
 * packets. Local addresses are answered from the section. For others map servers are asked, one
 * after the other, and then the daemons of all hosts that have ports of the switch; machines are
 * never asked. What an answer says is a row (table.h), and the entries are instances
 * made of it: when the row changes they are cut, and the next packet asks again.
 */
#ifndef WEFT_ARP_ARPD_H
#define WEFT_ARP_ARPD_H

#include <jansson.h>
#include <stdbool.h>

#include "services/service.h"

struct arpd;
struct event_base;

extern const struct service_ops arpd_ops; /* ctx: struct arpd */

/* what arpd asks of its program */
struct arpd_calls {
	void (*state)(void *ctx, bool ok, const char *why);
	void *ctx;
};

struct arpd *arpd_new(struct event_base *base, const char *dp, const struct arpd_calls *calls);
void arpd_free(struct arpd *arpd);

/*
 * arpd_configure: from {"arp": SECTION, "templates": {NAME: ID}, "tables": {NAME: ID}}. What was
 * learned stays, as far as there are routers that may use it. NULL, or what is wrong, to be
 * freed; then nothing was changed
 */
char *arpd_configure(struct arpd *arpd, const json_t *config);
bool arpd_is_configured(const struct arpd *arpd);

/* arpd_status: counters; arpd_rows: what is known and asked for. New references */
json_t *arpd_status(const struct arpd *arpd);
json_t *arpd_rows(const struct arpd *arpd);

#endif
