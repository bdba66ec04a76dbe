/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemons.h - which daemons a configuration needs, and what each is told.
 */
#ifndef WEFTD_DAEMONS_H
#define WEFTD_DAEMONS_H

#include <jansson.h>
#include <stdbool.h>

struct config;
struct daemon;
struct event_base;

enum daemon_kind {
	DAEMON_NAT,
	DAEMON_ARP,
	DAEMON_BFD,
	DAEMON_N_KINDS,
};

struct daemons {
	struct event_base *base;
	const char *netns; /* NULL: this one */
	struct daemon *v[DAEMON_N_KINDS];
};

/*
 * daemons_feed: tell them of a configuration that the kernel has, and start or stop those that it
 * needs or needs no more. @n_monitored_made: see monitor_message()
 */
void daemons_feed(struct daemons *daemons, const struct config *config,
		  unsigned int n_monitored_made);

/* daemons_reap: on SIGCHLD */
void daemons_reap(struct daemons *daemons);

/* daemons_status: of those that are wanted, by name */
json_t *daemons_status(const struct daemons *daemons);

/* daemons_close: let go of them; @stop: end them, too */
void daemons_close(struct daemons *daemons, bool stop);

#endif
