/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor.h - member "monitor" of a tunnel: how its remotes are watched, and what is used instead of
 * a tunnel that is down. weft-bfdd does it; see weft-bfdd(8).
 */
#ifndef WEFTD_MONITOR_H
#define WEFTD_MONITOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct config;
struct node;
struct port;

#define MONITOR_FALLBACKS 4

struct monitor_fallback {
	char *tunnel; /* name; NULL: the same */
	bool has_host;
	struct address host; /* else the remote itself, through another tunnel */
};

struct monitor {
	unsigned int interval_ms;
	unsigned int multiplier;
	unsigned int probe_mtu_s; /* 0: no probes */
	struct monitor_fallback fallbacks[MONITOR_FALLBACKS];
	unsigned int n_fallbacks;
};

/* monitor_read: the member, or NULL when there is none; errors are added to the node's */
struct monitor *monitor_read(const struct config *config, const struct node *node);
void monitor_free(struct monitor *monitor);

/* monitor_check: after all ports are read: fallbacks have to name tunnels */
void monitor_check(const struct config *config, const struct port *port, const struct node *node);

/* monitor_entry: text of the flow entry that sends a tunnel's BFD up, to be freed; NULL: none */
char *monitor_entry(const struct port *port);

/*
 * monitor_message: what weft-bfdd is told, a new reference; NULL: nothing is to be watched.
 * @n_made: how often a port with a monitor was made. The kernel knows nothing of the remotes of
 * a new one, so the message differs then, and weft-bfdd says it all again
 */
json_t *monitor_message(const struct config *config, unsigned int n_made);

#endif
