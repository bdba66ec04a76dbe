/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - from a file to a configuration that can be applied. */
#ifndef WEFTD_LOAD_H
#define WEFTD_LOAD_H

#include <jansson.h>

struct actual;
struct config;
struct errors;
struct link_sock;
struct net;
struct ruleset_change;
struct weft_sock;

/* where a configuration comes from: a host's own file, or one of a network, seen from a host */
struct source {
	const char *file;
	const char *host; /* NULL: it is the host's own */
};

/*
 * load_config: NULL when there were errors. before is the configuration in force, whose port
 * ids are kept, or NULL. Without link_sock, which is for --check, nothing is asked of the
 * kernel; without sock there is no datapath.
 */
struct config *load_config(const struct source *source, const struct config *before,
			   struct weft_sock *sock, struct link_sock *link_sock,
			   struct errors *errors);

/*
 * load_change: the configuration that a change of its network (net_change) makes of another one,
 * whose rules it has borrowed, as ruleset_change says; NULL when there were errors.
 */
struct config *load_change(struct config *before, const json_t *change, const struct actual *actual,
			   struct ruleset_change *rules, struct errors *errors);

/* load_stand_in: the same when other hosts are down (load_down) */
struct config *load_stand_in(struct config *before, json_t *down, const struct actual *actual,
			     struct ruleset_change *rules, struct errors *errors);

/* load_down: as net_down, from the kernel; a new reference; NULL: it does not say */
json_t *load_down(const struct net *net, struct weft_sock *sock);

/* load_datapath_name: the datapath of a file; to be freed; NULL: it is bad */
char *load_datapath_name(const struct source *source, struct errors *errors);

#endif
