/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.h - from rules to the kernel's pools and templates.
 *
 * Numbers. Pools and templates of the section have numbers from NAT_ID_FIRST on; those below it
 * are other people's and are never touched. A template that the kernel has under its name, and
 * that is the same, keeps its number, so that its instances live on; a changed one gets another
 * number, as entries are moved from the old one to the new one in a transaction. A pool's number
 * follows from its name, because the kernel knows no names of pools.
 */
#ifndef WEFT_NAT_COMPILE_H
#define WEFT_NAT_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weft/weft.h>

struct errors;
struct nat;

#define NAT_ID_FIRST 32768
#define NAT_ID_LAST 65535
#define NAT_SERVICE "nat"

/* what the kernel has; empty when it is not known */
struct nat_have {
	const struct weft_pool *pools;
	size_t n_pools;
	const struct weft_template *templates;
	size_t n_templates;
};

/* nat_compile: fills in kernel_pools and templates; false when there were errors */
bool nat_compile(struct nat *nat, const struct nat_have *have, const char *file,
		 struct errors *errors);

/* nat_owns: is a pool or template of this number made from a section? */
bool nat_owns(uint32_t id);

#endif
