/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nat.h - the "nat" section of a configuration: pools, and slices with their rules.
 *
 * Read by weftd, which makes the pools and templates that come out of it (compile.h), and by
 * weft-natd, which gives the values of rules in mode service. A section is made at once by
 * nat_read and changed afterwards by nat_compile only.
 */
#ifndef WEFT_NAT_H
#define WEFT_NAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weft/weft.h>

#include "address.h"

struct node;

enum nat_kind {
	NAT_SNAT,	/* many sources behind addresses and ports of a pool */
	NAT_DNAT,	/* an address, perhaps one port of it, is really another one */
	NAT_ONE_TO_ONE, /* one address inside, one outside, both ways */
	NAT_SUBNET,	/* the same for the addresses of a prefix */
	NAT_SANITISE,	/* at the last hop: tell equal connections of several hosts apart */
};

/* where the entries of a slice sit in the pipeline */
enum nat_form {
	NAT_MIDDLEBOX, /* at the policy route to the router port of a middlebox */
	NAT_STAGE,     /* a stage of the router's own */
	NAT_LAST_HOP,  /* where packets that were translated elsewhere are delivered */
};

/* who sees to it that no two hosts give the same pair */
enum nat_ids {
	NAT_IDS_CUT,	 /* the ranges are this host's alone */
	NAT_IDS_ACQUIRE, /* ranges are asked for as they are needed */
	NAT_IDS_WHOLE,	 /* nobody: the last hop tells connections apart */
};

struct nat_pool {
	char *where;
	char *name;
	enum nat_ids ids;
	char *provider; /* NAT_IDS_ACQUIRE: file of the local provider */
	uint32_t count; /* the same: ports to ask for at a time */
	struct weft_pool pool;
};

struct nat_rule {
	char *where;
	char *name; /* of its template, too */
	enum nat_kind kind;
	enum weft_mode mode;
	int family;
	bool has_source, has_destination;
	struct address source, destination; /* prefixes that it is for */
	const struct nat_pool *pool;	    /* snat, sanitise */
	uint8_t protocol;		    /* dnat: of port; 0: all */
	struct address outside;		    /* dnat, one_to_one, subnet */
	struct address inside;
	uint16_t outside_port; /* dnat; 0: all */
	uint16_t inside_port;  /* dnat; 0: stays */
	int32_t priority;      /* of the entry that sends; -1: whatever it has */
	int32_t reject;	       /* snat: of entries that answer TCP to what has gone; -1: none */
	const struct nat_slice *slice;
};

/* tables, and where a packet goes on behind each of them */
enum nat_table {
	NAT_TABLE_NAT, /* sources are translated here */
	NAT_TABLE_NAT_NEXT,
	NAT_TABLE_UNNAT, /* destinations here */
	NAT_TABLE_UNNAT_NEXT,
	NAT_TABLE_HINT, /* last hop: replies find their way here */
	NAT_N_TABLES
};

struct nat_slice {
	char *where;
	uint16_t id;   /* short, on this host */
	char *long_id; /* NULL: none; 32 hex digits */
	enum nat_form form;
	uint32_t ldp; /* 0: the packet's */
	uint8_t tables[NAT_N_TABLES];
	uint16_t return_lport; /* middlebox: the router port by which packets come back; 0: none */
	struct weft_timeouts timeouts;
	uint32_t fail_timeout; /* s */
	struct nat_rule *rules;
	size_t n_rules;
};

/*
 * What a rule becomes; one_to_one and subnet have a second one, for what comes from outside, and
 * sanitise has one for the hint
 */
struct nat_template {
	const struct nat_rule *rule;
	bool from_outside;
	struct weft_template tmpl;
};

struct nat {
	bool cut; /* what is not wanted any more ends at once, and does not drain */
	struct nat_pool *pools;
	size_t n_pools;
	struct nat_slice *slices;
	size_t n_slices;

	/* from nat_compile */
	struct weft_pool *kernel_pools;
	size_t n_kernel_pools;
	struct nat_template *templates;
	size_t n_templates;
};

/* what a table is called; -errno. NULL stands for one that knows every name */
typedef int (*nat_table_fn)(void *ctx, const char *name, uint8_t *id);

/* nat_read: NULL when there were errors, or no section; nat_free then does nothing */
struct nat *nat_read(const struct node *node, nat_table_fn table, void *ctx);
void nat_free(struct nat *nat);

const struct nat_template *nat_find_template(const struct nat *nat, const char *name);
const struct nat_template *nat_find_template_id(const struct nat *nat, uint32_t id);

/*
 * nat_flow_misfit: why an entry must not send its packets to a template, or NULL: it is in another
 * table than the entries that would be made, or packets match it that the rule is not for.
 * To be freed
 */
char *nat_flow_misfit(const struct nat_template *template, const struct weft_flow *flow);

/* nat_needs_daemon: is there anything in it that the kernel cannot do alone? */
bool nat_needs_daemon(const struct nat *nat);

/* nat_prefix_has: is an address in a prefix? */
bool nat_prefix_has(const struct address *prefix, const uint8_t *bytes);

extern const char *const nat_kinds[]; /* by enum nat_kind, NULL at the end */

#endif
