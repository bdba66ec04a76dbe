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
#include "ruleset.h"
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

struct config *load_config(const char *file, const struct config *before, struct weft_sock *sock,
			   struct link_sock *link_sock, struct errors *errors)
{
	struct binding *bindings;
	struct config *config;
	struct actual actual;
	bool good;
	int result;

	config = config_load(file, errors);
	if (!config)
		return NULL;
	if (link_sock) {
		result = actual_read(&actual, sock, link_sock, config->datapath, false);
		if (result) {
			errors_add(errors, "%s: cannot read datapath %s: %s", file,
				   config->datapath, strerror(-result));
			config_free(config);
			return NULL;
		}
		bindings = binding_resolve(config, &actual);
		binding_assign_ids(config, before, bindings, &actual);
		good = compile_nat(config, &actual, errors);
		free(bindings);
		actual_free(&actual);
	} else {
		binding_assign_ids(config, before, NULL, NULL);
		good = compile_nat(config, NULL, errors);
	}
	if (good && ruleset_load(config, errors))
		return config;
	config_free(config);
	return NULL;
}

char *load_datapath_name(const char *file, struct errors *errors)
{
	struct config *config = config_load(file, errors);
	char *name = config ? memory_strdup(config->datapath) : NULL;

	config_free(config);
	return name;
}
