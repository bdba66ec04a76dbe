/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding.h - which device and which port of the kernel belong to a port of the file.
 */
#ifndef WEFTD_BINDING_H
#define WEFTD_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct actual;
struct config;
struct link;
struct weft_port;

/* one for each port of a configuration, in its order; pointers into struct actual */
struct binding {
	const struct link *link;      /* NULL: none in this namespace */
	const struct weft_port *port; /* NULL: none in the datapath */
	bool present;		      /* it is there, or can be made */
	char why[160];		      /* why it is not present */
};

/* binding_resolve: to be freed with free() */
struct binding *binding_resolve(const struct config *config, const struct actual *actual);

/*
 * binding_assign_ids: give an id to every port of the file that asks for none: the one that it
 * has in the kernel, else the one that it had in the configuration before (which may be NULL),
 * else the lowest that nobody uses. Bindings may be NULL: nothing is known of the kernel.
 */
void binding_assign_ids(struct config *config, const struct config *before,
			const struct binding *bindings, const struct actual *actual);

/*
 * binding_fingerprint: changes when a device of the configuration comes, goes, or is another,
 * and when one is gone that weftd made; other devices do not matter.
 */
uint64_t binding_fingerprint(const struct config *config, const struct actual *actual);

#endif
