// SPDX-License-Identifier: Apache-2.0
/*
 * load.c - read, give ports their ids, read the flow entries.
 *
 * Ids come in between because entries refer to ports by name, and what the kernel has decides
 * which ids are kept.
 */
#include <stdlib.h>
#include <string.h>

#include "actual.h"
#include "binding.h"
#include "config.h"
#include "error.h"
#include "load.h"
#include "memory.h"
#include "net/compile.h"
#include "net/learn.h"
#include "net/net.h"
#include "net/standby.h"
#include "ruleset.h"
#include "services/arp/section.h"
#include "services/nat/compile.h"
#include "services/nat/nat.h"

/* templates get their numbers: those of the kernel that are the same keep theirs */
static bool compile_nat(struct config *config, const struct actual *actual, struct errors *errors)
{
	struct nat_have have = { 0 };

	if (!config->nat)
		return true;
	if (actual)
		have = (struct nat_have){
			.pools = actual->pools,
			.n_pools = actual->n_pools,
			.templates = actual->templates,
			.n_templates = actual->n_templates,
		};
	return nat_compile(config->nat, &have, config->file, errors);
}

static bool compile_arp(struct config *config, const struct actual *actual, struct errors *errors)
{
	return !config->arp || arp_compile(config->arp, actual ? actual->templates : NULL,
					   actual ? actual->n_templates : 0, config->file, errors);
}

static bool compile_learn(struct config *config, const struct actual *actual, struct errors *errors)
{
	return net_learn_compile(&config->learn, config->net, actual ? actual->templates : NULL,
				 actual ? actual->n_templates : 0, errors);
}

/* what a change of a network can have others of */
static bool compile_templates(struct config *config, const struct actual *actual,
			      struct errors *errors)
{
	return compile_nat(config, actual, errors) && compile_learn(config, actual, errors) &&
	       compile_arp(config, actual, errors);
}

static bool compile_network(struct config *config, const struct config *before,
			    struct errors *errors)
{
	struct weft_names names = ruleset_names(config);

	if (!config->net)
		return true;
	config->compiled = net_compile(config->net, &names, before ? before->compiled : NULL,
				       errors);
	return config->compiled;
}

json_t *load_down(const struct net *net, struct weft_sock *sock)
{
	struct weft_tunnel *tunnels;
	json_t *down;
	size_t n;

	if (weft_tunnel_list(sock, net->datapath, &tunnels, &n) < 0)
		return NULL;
	down = net_down(net, tunnels, n);
	weft_tunnel_list_free(tunnels, n);
	return down;
}

/* what the kernel knows already of other hosts holds from the start */
static struct config *load_network(const struct source *source, struct weft_sock *sock,
				   struct errors *errors)
{
	struct net *net = net_load(source->file, source->host, errors), *now;
	json_t *down = net && sock && net_has_standby(net) ? load_down(net, sock) : NULL;

	if (down) {
		now = net_stand_in(net, down, errors);
		net_free(net);
		net = now;
		json_decref(down);
	}
	return net ? config_of_network(net, errors) : NULL;
}

struct config *load_config(const struct source *source, const struct config *before,
			   struct weft_sock *sock, struct link_sock *link_sock,
			   struct errors *errors)
{
	struct binding *bindings;
	struct config *config;
	struct actual actual;
	bool good;
	int result;

	config = source->host ? load_network(source, sock, errors) :
				config_load(source->file, errors);
	if (!config)
		return NULL;
	if (link_sock) {
		result = actual_read(&actual, sock, link_sock, config->datapath, false);
		if (result) {
			errors_add(errors, "%s: cannot read datapath %s: %s", source->file,
				   config->datapath, strerror(-result));
			config_free(config);
			return NULL;
		}
		bindings = binding_resolve(config, &actual);
		binding_assign_ids(config, before, bindings, &actual);
		good = compile_templates(config, &actual, errors);
		free(bindings);
		actual_free(&actual);
	} else {
		binding_assign_ids(config, before, NULL, NULL);
		good = compile_templates(config, NULL, errors);
	}
	if (good && compile_network(config, before, errors) && ruleset_load(config, errors))
		return config;
	config_free(config);
	return NULL;
}

/* net: taken over; NULL: there were errors */
static struct config *load_next(struct config *before, struct net *net, const struct actual *actual,
				struct ruleset_change *rules, struct errors *errors)
{
	struct config *config = net ? config_of_network(net, errors) : NULL;
	struct binding *bindings;

	if (!config)
		return NULL;
	bindings = binding_resolve(config, actual);
	binding_assign_ids(config, before, bindings, actual);
	free(bindings);
	if (compile_templates(config, actual, errors) && compile_network(config, before, errors) &&
	    ruleset_change(before, config, rules, errors))
		return config;
	config_free(config);
	return NULL;
}

struct config *load_change(struct config *before, const json_t *change, const struct actual *actual,
			   struct ruleset_change *rules, struct errors *errors)
{
	return load_next(before, net_change(before->net, change, errors), actual, rules, errors);
}

struct config *load_stand_in(struct config *before, json_t *down, const struct actual *actual,
			     struct ruleset_change *rules, struct errors *errors)
{
	return load_next(before, net_stand_in(before->net, down, errors), actual, rules, errors);
}

char *load_datapath_name(const struct source *source, struct errors *errors)
{
	struct config *config = source->host ?
					config_load_network(source->file, source->host, errors) :
					config_load(source->file, errors);
	char *name = config ? memory_strdup(config->datapath) : NULL;

	config_free(config);
	return name;
}
