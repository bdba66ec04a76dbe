/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - what is to be done so that the datapath is as the file says.
 *
 * A plan holds pointers into the configuration and into the actual state it was made from.
 */
#ifndef WEFTD_PLAN_H
#define WEFTD_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <weft/weft.h>

#include "labels.h"

struct actual;
struct binding;
struct config;
struct port;
struct rule;
struct ruleset_change;

struct plan_port {
	const struct port *want;      /* NEW, SET */
	const struct weft_port *have; /* SET, DEL */
	uint32_t changes;	      /* SET: bits 1 << WEFT_PORT_A_… */
};

struct plan_ports {
	struct plan_port *v;
	size_t n;
};

struct plan_table {
	uint8_t id;
	const struct weft_actions *miss; /* empty: none */
	const char *where;		 /* NULL: nobody asked for it */
};

struct plan_pool {
	const struct weft_pool *want;
	const struct weft_pool *have; /* NULL: NEW */
};

/* pools and templates, in the order in which they are made; they go in the other one */
struct plan_objects {
	struct plan_pool *pools; /* NEW and SET */
	size_t n_pools;
	const struct weft_template **templates;
	size_t n_templates;
	const struct weft_template **templates_del;
	size_t n_templates_del;
	const struct weft_pool **pools_del;
	size_t n_pools_del;
	size_t n_draining; /* templates that nobody wants, but with instances */
};

struct plan {
	bool dp_new;
	uint32_t dp_set; /* limits to change: bits 1 << WEFT_DP_A_… */

	struct plan_ports ports_blocking; /* removed first: they have an id or a device */
	struct plan_ports ports_new;
	struct plan_ports ports_set;
	struct plan_ports ports_del; /* removed last */

	struct rule **flows_add;
	size_t n_flows_add;
	struct rule **flows_set;
	size_t n_flows_set;
	const struct weft_flow **flows_del;
	size_t n_flows_del;
	struct plan_table *tables_set;
	size_t n_tables_set;

	struct plan_objects objects;
	struct plan_labels labels;

	size_t n_flows_held; /* they speak of ports that are not present */
};

/* plan_dp, plan_ports, plan_flows: add their part to a plan that began as all zeroes */
void plan_dp(struct plan *plan, const struct config *config, const struct actual *actual);
void plan_ports(struct plan *plan, const struct config *config, const struct binding *bindings,
		const struct actual *actual);

/*
 * plan_flows: entries with timeouts that were in the kernel since the configuration was loaded
 * and are gone have expired, and stay away.
 */
void plan_flows(struct plan *plan, const struct config *config, const struct binding *bindings,
		const struct actual *actual);

/*
 * plan_flows_change: the same for what a ruleset differs in from the one that is in the kernel,
 * which nobody needs to ask. n_flows_held holds the number before, and after.
 */
void plan_flows_change(struct plan *plan, const struct config *config,
		       const struct binding *bindings, const struct ruleset_change *change);

/* plan_objects: pools and templates. In plan_templates.c */
void plan_objects(struct plan *plan, const struct config *config, const struct actual *actual);
bool plan_objects_is_empty(const struct plan_objects *objects);
void plan_objects_print(const struct plan *plan, FILE *out);
void plan_objects_free(struct plan_objects *objects);

/* plan_pool_change: what to grant and to withdraw; false: nothing. Free it with weft_pool_free() */
bool plan_pool_change(const struct weft_pool *want, const struct weft_pool *have,
		      struct weft_pool *change);

void plan_clear_flows(struct plan *plan);
void plan_free(struct plan *plan);

size_t plan_n_flow_ops(const struct plan *plan);
bool plan_is_empty(const struct plan *plan);

/* plan_print: one line a change, as "+ flow …", "- port …", "~ table …" */
void plan_print(const struct plan *plan, const struct config *config, FILE *out);

/* plan_kernel_port: a port of the file as libweft takes it; to be freed with weft_port_free() */
void plan_kernel_port(const struct port *port, const char *device, struct weft_port *out);

#endif
