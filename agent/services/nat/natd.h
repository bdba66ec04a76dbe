/* SPDX-License-Identifier: Apache-2.0 */
/*
 * natd.h - the decisions of weft-natd: which address and port a connection gets.
 *
 * Knows the section as weftd gave it, and which pairs the kernel's instances have. Does not talk
 * to anyone itself; service.h does.
 */
#ifndef WEFT_NAT_NATD_H
#define WEFT_NAT_NATD_H

#include <jansson.h>
#include <stdbool.h>
#include <weft/weft.h>

#include "services/service.h"

struct nat;
struct natd;

extern const struct service_ops natd_ops; /* ctx: struct natd */

/* what natd asks of its program */
struct natd_calls {
	void (*state)(void *ctx, bool ok, const char *why);
	void (*doubt)(void *ctx); /* what it knows may be wrong: learn again soon */
	void *ctx;
};

struct natd *natd_new(const struct natd_calls *calls);
void natd_free(struct natd *natd);

/*
 * natd_configure: from {"nat": SECTION, "pools": {NAME: ID}, "templates": {NAME: ID}}. All that was
 * known is forgotten. NULL, or what is wrong, to be freed; then nothing was changed
 */
char *natd_configure(struct natd *natd, const json_t *config);
bool natd_is_configured(const struct natd *natd);

/* natd_nat: the section in force, or NULL */
const struct nat *natd_nat(const struct natd *natd);

/* natd_alloc: what is in use of the section's pool @index */
struct nat_alloc *natd_alloc(const struct natd *natd, size_t index);

/* natd_status: "pools" and "templates"; a new reference */
json_t *natd_status(const struct natd *natd);

#endif
