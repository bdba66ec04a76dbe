/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h - bring the kernel to what the file says, or say what that would take. */
#ifndef WEFTD_APPLY_H
#define WEFTD_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct actual;
struct config;
struct link_sock;
struct ruleset_change;
struct weft_sock;

/* what is known when only the network has changed: nobody asks the kernel for its flow entries */
struct apply_change {
	const struct ruleset_change *rules;
	size_t n_flows_held;   /* before */
	struct actual *actual; /* without flow entries; it is used up */
};

struct outcome {
	bool ok;
	bool lost;		/* the kernel could not be read: open the socket again */
	char error[600];	/* when not ok: the first thing that went wrong */
	unsigned int n_devices; /* changes of devices */
	unsigned int n_ports_added, n_ports_changed, n_ports_removed;
	unsigned int n_monitored_added; /* of the ports: those with a monitor */
	size_t n_flows_added, n_flows_changed, n_flows_removed;
	size_t n_tables_changed;
	bool has_objects;	  /* pools and templates are there */
	size_t n_objects_changed; /* of them: made or changed */
	size_t n_objects_removed;
	size_t n_labels_changed; /* made or taken away */
	size_t n_draining;	 /* templates with instances that nobody wants any more */
	size_t n_flows_held;
	size_t n_flows;	      /* entries that are wanted and not held back */
	uint64_t fingerprint; /* of the devices that this was made for */
	char **waiting;	      /* by port of the file: why it is not there, NULL: it is */
	size_t n_ports;	      /* of the file */
	size_t n_waiting;
};

/* apply_run: change may be NULL */
void apply_run(const struct config *config, const struct apply_change *change,
	       struct weft_sock *sock, struct link_sock *link_sock, struct outcome *outcome);

/* apply_show: print the plan and do nothing; sock may be NULL when there is no module. 0, -errno */
int apply_show(const struct config *config, struct weft_sock *sock, struct link_sock *link_sock,
	       FILE *out);

/* apply_flush: remove the datapath, and the tunnels that weftd made for it */
int apply_flush(const char *dp, struct weft_sock *sock, struct link_sock *link_sock);

/* outcome_changed: was anything done? outcome_repaired: more than to end what had drained? */
bool outcome_changed(const struct outcome *outcome);
bool outcome_repaired(const struct outcome *outcome);
void outcome_free(struct outcome *outcome);

#endif
