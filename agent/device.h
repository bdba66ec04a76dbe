/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - the devices behind ports, as the file wants them: tunnels, internal ports, MTUs.
 *
 * All of it looks first and does only what is missing, so it may be run at any time.
 */
#ifndef WEFTD_DEVICE_H
#define WEFTD_DEVICE_H

#include <stdbool.h>
#include <stdio.h>

struct binding;
struct config;
struct link_sock;
struct links;

struct device_work {
	struct link_sock *sock;
	bool dry;  /* only say what there is to do */
	FILE *out; /* where to say it; NULL: the log */
	unsigned int n_changes;
	unsigned int n_errors;
	char error[240]; /* the first one */
};

/* device_make_tunnels: before ports are added */
void device_make_tunnels(struct device_work *work, const struct config *config,
			 const struct links *links);

/* device_settle: MTUs, and internal ports' namespaces and addresses, once ports are there */
void device_settle(struct device_work *work, const struct config *config,
		   const struct binding *bindings, const struct links *links);

/*
 * device_remove_tunnels: those that weftd made for a datapath and config, which may be NULL,
 * does not have
 */
void device_remove_tunnels(struct device_work *work, const char *dp, const struct config *config,
			   const struct links *links);

#endif
