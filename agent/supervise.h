/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervise.h - the daemons of services: started, fed with configuration, started again.
 *
 * A daemon is a child with a socket pair to weftd: lines of JSON, {"config": …} down, {"ready": …}
 * or {"error": …} up. One that ends is started again after a while that doubles from 100 ms to
 * 10 s, and is short again after 10 s of health. weftd's own end leaves daemons at work; that of
 * the next weftd takes over from them (see weft-natd(8)).
 */
#ifndef WEFTD_SUPERVISE_H
#define WEFTD_SUPERVISE_H

#include <jansson.h>
#include <stdbool.h>

struct event_base;
struct daemon;

struct daemon_options {
	const char *name;    /* "nat" */
	const char *program; /* "weft-natd", sought where weftd is and then in PATH */
	const char *dp;
	char *ctl_socket; /* for the daemon */
};

struct daemon *daemon_new(struct event_base *base, const struct daemon_options *options);

/* daemon_want: run with this configuration, a borrowed reference; NULL: stop */
void daemon_want(struct daemon *daemon, json_t *config);

/* daemon_reap: look after children that ended; on SIGCHLD */
void daemon_reap(struct daemon *daemon);

/* daemon_status: for weftd's status; a new reference, or NULL when it is not wanted */
json_t *daemon_status(const struct daemon *daemon);

/* daemon_close: let go of it; @stop: end it, too */
void daemon_close(struct daemon *daemon, bool stop);

#endif
