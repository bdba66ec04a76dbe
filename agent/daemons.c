// SPDX-License-Identifier: Apache-2.0
/*
 * daemons.c - the daemons beside weftd: when each is needed, and what it is told.
 */
#include <stdlib.h>

#include "config.h"
#include "daemons.h"
#include "memory.h"
#include "monitor.h"
#include "services/arp/section.h"
#include "services/nat/nat.h"
#include "supervise.h"

static const char *const names[] = {
	[DAEMON_NAT] = "nat",
	[DAEMON_ARP] = "arp",
	[DAEMON_BFD] = "bfd",
};

static const char *const programs[] = {
	[DAEMON_NAT] = "weft-natd",
	[DAEMON_ARP] = "weft-arpd",
	[DAEMON_BFD] = "weft-bfdd",
};

/* the section as it is, and the numbers that its pools and templates have in the kernel */
static json_t *nat_message(const struct config *config, const char *netns)
{
	json_t *pools = json_object(), *templates = json_object();

	for (size_t i = 0; i < config->nat->n_pools; i++)
		json_object_set_new(pools, config->nat->pools[i].name,
				    json_integer(config->nat->pools[i].pool.id));
	for (size_t i = 0; i < config->nat->n_templates; i++)
		json_object_set_new(templates, config->nat->templates[i].tmpl.name,
				    json_integer(config->nat->templates[i].tmpl.id));
	return json_pack("{s:O, s:o, s:o, s:s*}", "nat", config->nat_json, "pools", pools,
			 "templates", templates, "netns", netns);
}

/* the section, and the numbers that names in it stand for */
static json_t *arp_message(const struct config *config)
{
	json_t *templates = json_object(), *tables = json_object();

	for (size_t i = 0; i < config->arp->n_templates; i++)
		json_object_set_new(templates, config->arp->templates[i].name,
				    json_integer(config->arp->templates[i].id));
	for (size_t i = 0; i < config->n_tables; i++) {
		if (config->tables[i].name)
			json_object_set_new(tables, config->tables[i].name,
					    json_integer(config->tables[i].id));
	}
	return json_pack("{s:O, s:o, s:o}", "arp", config->arp_json, "templates", templates,
			 "tables", tables);
}

static char *daemon_path(const char *name, const char *dp, const char *netns)
{
	if (netns)
		return memory_printf("/run/weft/%s-%s-%s.sock", name, netns, dp);
	return memory_printf("/run/weft/%s-%s.sock", name, dp);
}

/* message: an own reference, or NULL when nobody needs the daemon */
static void feed(struct daemons *daemons, enum daemon_kind kind, const struct config *config,
		 json_t *message)
{
	struct daemon_options options = {
		.name = names[kind],
		.program = programs[kind],
		.dp = config->datapath,
	};

	if (!daemons->v[kind]) {
		/* the program's name behind "weft-" */
		options.ctl_socket = daemon_path(programs[kind] + sizeof("weft-") - 1, options.dp,
						 daemons->netns);
		daemons->v[kind] = daemon_new(daemons->base, &options);
		free(options.ctl_socket);
	}
	daemon_want(daemons->v[kind], message);
	json_decref(message);
}

void daemons_feed(struct daemons *daemons, const struct config *config,
		  unsigned int n_monitored_made)
{
	feed(daemons, DAEMON_NAT, config,
	     nat_needs_daemon(config->nat) ? nat_message(config, daemons->netns) : NULL);
	feed(daemons, DAEMON_ARP, config, config->arp ? arp_message(config) : NULL);
	feed(daemons, DAEMON_BFD, config, monitor_message(config, n_monitored_made));
}

void daemons_reap(struct daemons *daemons)
{
	for (unsigned int kind = 0; kind < DAEMON_N_KINDS; kind++) {
		if (daemons->v[kind])
			daemon_reap(daemons->v[kind]);
	}
}

json_t *daemons_status(const struct daemons *daemons)
{
	json_t *all = json_object(), *status;

	for (unsigned int kind = 0; kind < DAEMON_N_KINDS; kind++) {
		status = daemons->v[kind] ? daemon_status(daemons->v[kind]) : NULL;
		if (status)
			json_object_set_new(all, names[kind], status);
	}
	return all;
}

void daemons_close(struct daemons *daemons, bool stop)
{
	for (unsigned int kind = 0; kind < DAEMON_N_KINDS; kind++)
		daemon_close(daemons->v[kind], stop);
}
