/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.h - from a network to the flow entries of one host.
 *
 * The entries of an object are a unit. A unit knows the digest of what it was made from, so
 * compiling a changed network takes over the units of all objects that are not concerned.
 */
#ifndef WEFTD_NET_COMPILE_H
#define WEFTD_NET_COMPILE_H

#include <stdint.h>
#include <weft/weft.h>

#include "net/net.h"

struct errors;
struct net_rule;

struct net_entry {
	struct weft_flow flow;
	const struct net_rule *rule;
};

struct net_unit {
	unsigned int n_users;
	uint64_t digest;
	int kind; /* enum net_kind; -1: of no object */
	char *name;
	char *where; /* "$.ports.vm1" */
	struct net_entry *entries;
	size_t n;
};

struct net_compiled {
	struct net_unit **units; /* in the order of the objects; the first is the network's */
	size_t n_units;
	size_t n_entries;
	size_t n_made; /* units that were not taken over */
};

/*
 * net_compile: names are those of the host's ports, tables and hosts; before may be NULL. The
 * two share units, and each may be freed without the other. NULL when there were errors.
 */
struct net_compiled *net_compile(const struct net *net, const struct weft_names *names,
				 const struct net_compiled *before, struct errors *errors);
void net_compiled_free(struct net_compiled *compiled);

/* net_unit_cmp: the order that units are in; 0 when they are of the same object */
int net_unit_cmp(const struct net_unit *a, const struct net_unit *b);

#endif
