/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset.h - the flow entries and table-miss actions of a configuration, in binary.
 *
 * A rule knows the ports it speaks of, so that it can be held back while one of them is not
 * there, and where it was written, for messages.
 */
#ifndef WEFTD_RULESET_H
#define WEFTD_RULESET_H

#include <stdbool.h>
#include <stdint.h>
#include <weft/weft.h>

#include "map.h"

struct config;
struct errors;
struct node;

struct rule {
	struct weft_flow flow;
	const char *file;    /* of an included file, owned by the ruleset; NULL: $.flows */
	uint32_t number;     /* line of the file, or index in $.flows */
	const char *object;  /* of a network, or rule of NAT, from which it was made; else NULL */
	const char *made_by; /* name of the network's rule; else NULL */
	size_t index;	     /* in ruleset.rules */
	bool borrowed;	     /* the entry belongs to a unit of the network */
	bool applied;	     /* it was in the kernel; if it has timeouts, it may be gone */
	bool seen;	     /* by the plan in hand */
	bool expires;	     /* what the kernel has of it may be gone at any time */
	uint16_t n_ports;
	uint32_t ports[]; /* ids of those that it speaks of */
};

struct miss {
	bool wanted;
	const char *where;
	struct weft_actions actions;
	uint32_t *ports;
	size_t n_ports;
};

struct ruleset {
	struct rule **rules;
	size_t n_rules;
	struct map by_key;
	char **files;
	size_t n_files;
	struct miss misses[WEFT_N_TABLES];
};

/*
 * ruleset_load: read and check the flow entries of a configuration whose ports have their ids,
 * and let go of the JSON they were in. False when there were errors.
 */
bool ruleset_load(struct config *config, struct errors *errors);
void ruleset_free(struct ruleset *ruleset);

/* what of a ruleset is another when the network is */
struct ruleset_change {
	struct rule **removed;
	size_t n_removed;
	struct rule **added;
	size_t n_added;
};

/*
 * ruleset_change: make the ruleset of a configuration that of the next one, which differs in its
 * network. It is taken over by ruleset_change_end, or put back as it was by ruleset_change_undo.
 * False, and nothing is changed, when there were errors.
 */
bool ruleset_change(struct config *config, struct config *next, struct ruleset_change *change,
		    struct errors *errors);
void ruleset_change_end(struct config *config, struct config *next, struct ruleset_change *change);
void ruleset_change_undo(struct config *config, struct ruleset_change *change);

/* ruleset_find: the rule with the key of a flow entry, or NULL */
struct rule *ruleset_find(const struct ruleset *ruleset, const struct weft_flow *flow);

/* ruleset_where: "$.flows[3]" or "acl.flows:17", to be freed */
char *ruleset_where(const struct rule *rule);

/* ruleset_names: the names of a configuration, for libweft; ctx is the configuration */
struct weft_names ruleset_names(const struct config *config);

/* ruleset_register_is_good: may this name stand for this field? */
bool ruleset_register_is_good(const struct node *node, const char *name, const char *is);

#endif
