// SPDX-License-Identifier: Apache-2.0
/*
 * unique.c - what two ports of a configuration may not share.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "error.h"
#include "map.h"
#include "memory.h"

static bool device_is(const void *item, const void *device)
{
	return !strcmp(((const struct port *)item)->device, device);
}

static bool vm_is(const void *item, const void *vm)
{
	return !strcmp(((const struct port *)item)->vm, vm);
}

static bool id_is(const void *item, const void *id)
{
	return ((const struct port *)item)->id == *(const uint32_t *)id;
}

struct lport_owner {
	struct weft_lport lport;
	const struct port *port;
};

static bool lport_is(const void *item, const void *lport)
{
	const struct weft_lport *l = &((const struct lport_owner *)item)->lport, *m = lport;

	return l->ldp == m->ldp && l->lport == m->lport;
}

static uint32_t lport_hash(const struct weft_lport *lport)
{
	return lport->ldp * 2654435761u ^ lport->lport * 40503u;
}

void config_check_ports(struct config *config, struct errors *errors)
{
	struct map by_device = { 0 }, by_vm = { 0 }, by_id = { 0 }, by_lport = { 0 };
	struct lport_owner *owners;
	size_t n_owners = 0;

	for (size_t i = 0; i < config->n_ports; i++)
		n_owners += config->ports[i].n_lports;
	owners = memory_zalloc(n_owners * sizeof(*owners));
	n_owners = 0;

	for (size_t i = 0; i < config->n_ports; i++) {
		struct port *port = &config->ports[i];
		const struct port *other;

		port->index = i;
		other = port->name ? config_port(config, port->name) : NULL;
		if (other)
			errors_add(errors, "%s: %s.name: \"%s\" is the name of %s too",
				   config->file, port->where, port->name, other->where);
		else if (port->name)
			map_add(&config->ports_by_name, map_hash_string(port->name), port);

		other = port->device ? map_find(&by_device, map_hash_string(port->device),
						device_is, port->device) :
				       NULL;
		if (other)
			errors_add(errors, "%s: %s: device \"%s\" is that of %s too", config->file,
				   port->where, port->device, other->where);
		else if (port->device)
			map_add(&by_device, map_hash_string(port->device), port);

		if (port->vm && !port->device) {
			other = map_find(&by_vm, map_hash_string(port->vm), vm_is, port->vm);
			if (other)
				errors_add(errors, "%s: %s.vm: \"%s\" finds the device of %s too",
					   config->file, port->where, port->vm, other->where);
			else
				map_add(&by_vm, map_hash_string(port->vm), port);
		}

		other = port->has_id ? map_find(&by_id, port->id, id_is, &port->id) : NULL;
		if (other)
			errors_add(errors, "%s: %s.id: %u is the id of %s too", config->file,
				   port->where, port->id, other->where);
		else if (port->has_id)
			map_add(&by_id, port->id, port);

		for (size_t j = 0; j < port->n_lports; j++) {
			struct lport_owner *owner = &owners[n_owners], *old;

			owner->lport = port->lports[j];
			owner->port = port;
			old = map_find(&by_lport, lport_hash(&owner->lport), lport_is,
				       &owner->lport);
			if (old) {
				errors_add(errors,
					   "%s: %s.lports: ldp %u, lport %u lives at "
					   "%s.lports already",
					   config->file, port->where, owner->lport.ldp,
					   owner->lport.lport, old->port->where);
				continue;
			}
			map_add(&by_lport, lport_hash(&owner->lport), owner);
			n_owners++;
		}
	}
	map_clear(&by_device);
	map_clear(&by_vm);
	map_clear(&by_id);
	map_clear(&by_lport);
	free(owners);
}
