// SPDX-License-Identifier: Apache-2.0
/*
 * binding.c - ports by the name of their device, by the id of a VM, by what the kernel says.
 *
 * A netdev port and its port in the kernel are the same when they have the same device, by
 * index: so a device that is renamed keeps its port if the file finds it by VM id. An internal
 * port is known by its name, because its device may be in another namespace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actual.h"
#include "binding.h"
#include "config.h"
#include "memory.h"

struct finder {
	const struct actual *actual;
	struct map links_by_name;
	struct map links_by_vm;
	struct map ports_by_ifindex;
	struct map internals_by_name;
};

static bool link_is(const void *item, const void *name)
{
	return !strcmp(((const struct link *)item)->name, name);
}

static const char *alias_vm(const struct link *link)
{
	if (!link->alias)
		return NULL;
	return strncmp(link->alias, "weft:vm=", 8) ? link->alias : link->alias + 8;
}

static bool link_is_of_vm(const void *item, const void *vm)
{
	return !strcmp(alias_vm(item), vm);
}

static bool port_has_ifindex(const void *item, const void *ifindex)
{
	return ((const struct weft_port *)item)->ifindex == *(const uint32_t *)ifindex;
}

static bool port_has_name(const void *item, const void *name)
{
	return !strcmp(((const struct weft_port *)item)->name, name);
}

static void finder_open(struct finder *finder, const struct actual *actual)
{
	*finder = (struct finder){ .actual = actual };
	for (size_t i = 0; i < actual->links.n; i++) {
		struct link *link = &actual->links.v[i];
		const char *vm = alias_vm(link);

		map_add(&finder->links_by_name, map_hash_string(link->name), link);
		/* the first, so the lowest index, wins */
		if (vm && !map_find(&finder->links_by_vm, map_hash_string(vm), link_is_of_vm, vm))
			map_add(&finder->links_by_vm, map_hash_string(vm), link);
	}
	for (size_t i = 0; i < actual->n_ports; i++) {
		struct weft_port *port = &actual->ports[i];

		if (port->type == WEFT_PORT_TYPE_INTERNAL)
			map_add(&finder->internals_by_name, map_hash_string(port->name), port);
		else if (!weft_has(port, WEFT_PORT_A_NETNSID))
			map_add(&finder->ports_by_ifindex, port->ifindex, port);
	}
}

static void finder_close(struct finder *finder)
{
	map_clear(&finder->links_by_name);
	map_clear(&finder->links_by_vm);
	map_clear(&finder->ports_by_ifindex);
	map_clear(&finder->internals_by_name);
}

static const struct link *find_link(const struct finder *finder, const struct port *port)
{
	if (port->device)
		return map_find(&finder->links_by_name, map_hash_string(port->device), link_is,
				port->device);
	return map_find(&finder->links_by_vm, map_hash_string(port->vm), link_is_of_vm, port->vm);
}

static void bind_internal(const struct finder *finder, const struct port *port,
			  struct binding *binding)
{
	binding->port = map_find(&finder->internals_by_name, map_hash_string(port->device),
				 port_has_name, port->device);
	if (binding->port)
		binding->present = true;
	else if (binding->link)
		snprintf(binding->why, sizeof(binding->why), "there is another device %s",
			 port->device);
	else if (port->netns && !netns_exists(port->netns))
		snprintf(binding->why, sizeof(binding->why), "no namespace %.100s", port->netns);
	else
		binding->present = true;
}

static void bind_device(const struct finder *finder, const struct port *port,
			struct binding *binding)
{
	const struct link *link = binding->link;

	if (!link && port->tunnel)
		binding->present = true;
	else if (!link && port->device)
		snprintf(binding->why, sizeof(binding->why), "no device %s", port->device);
	else if (!link)
		snprintf(binding->why, sizeof(binding->why), "no device with alias %s", port->vm);
	if (!link)
		return;

	if (port_is_tunnel(port) && !link_is_tunnel(link, port->type)) {
		snprintf(binding->why, sizeof(binding->why),
			 "%s is not a device for %s in external mode", link->name,
			 config_port_types[port->type]);
		return;
	}
	binding->port = map_find(&finder->ports_by_ifindex, link->ifindex, port_has_ifindex,
				 &link->ifindex);
	binding->present = true;
}

struct binding *binding_resolve(const struct config *config, const struct actual *actual)
{
	struct binding *bindings = memory_zalloc(config->n_ports * sizeof(*bindings));
	struct finder finder;

	finder_open(&finder, actual);
	for (size_t i = 0; i < config->n_ports; i++) {
		const struct port *port = &config->ports[i];

		bindings[i].link = find_link(&finder, port);
		if (port->type == WEFT_PORT_TYPE_INTERNAL)
			bind_internal(&finder, port, &bindings[i]);
		else
			bind_device(&finder, port, &bindings[i]);
	}
	finder_close(&finder);
	return bindings;
}

static bool take_id(uint8_t *taken, uint32_t id)
{
	if (!id || id > WEFT_PORT_ID_MAX || taken[id])
		return false;
	taken[id] = 1;
	return true;
}

void binding_assign_ids(struct config *config, const struct config *before,
			const struct binding *bindings, const struct actual *actual)
{
	uint8_t *taken = memory_zalloc(WEFT_PORT_ID_MAX + 1);
	uint32_t next = 1;

	for (size_t i = 0; i < config->n_ports; i++) {
		if (config->ports[i].has_id)
			taken[config->ports[i].id] = 1;
		else
			config->ports[i].id = 0;
	}
	for (size_t i = 0; bindings && i < config->n_ports; i++) {
		struct port *port = &config->ports[i];

		if (!port->id && bindings[i].port && take_id(taken, bindings[i].port->id))
			port->id = bindings[i].port->id;
	}
	for (size_t i = 0; before && i < config->n_ports; i++) {
		struct port *port = &config->ports[i];
		const struct port *old = config_port(before, port->name);

		if (!port->id && old && take_id(taken, old->id))
			port->id = old->id;
	}
	/* ids of ports that are about to go are free too, but then their removal must come first */
	for (size_t i = 0; actual && i < actual->n_ports; i++)
		take_id(taken, actual->ports[i].id);
	for (size_t i = 0; i < config->n_ports; i++) {
		struct port *port = &config->ports[i];

		if (port->id)
			continue;
		while (next < WEFT_PORT_ID_MAX && !take_id(taken, next))
			next++;
		port->id = next;
	}
	free(taken);
}

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	for (const uint8_t *p = data; len--; p++)
		hash = (hash ^ *p) * 1099511628211u;
	return hash;
}

static uint64_t mix_link(uint64_t hash, const struct link *link)
{
	hash = mix(hash, &link->ifindex, sizeof(link->ifindex));
	hash = mix(hash, &link->mtu, sizeof(link->mtu));
	hash = mix(hash, &link->outer_port, sizeof(link->outer_port));
	hash = mix(hash, link->kind, strlen(link->kind));
	return mix(hash, link->name, strlen(link->name));
}

uint64_t binding_fingerprint(const struct config *config, const struct actual *actual)
{
	uint64_t hash = 14695981039346656037u;
	struct finder finder;

	finder_open(&finder, actual);
	for (size_t i = 0; i < config->n_ports; i++) {
		const struct port *port = &config->ports[i];
		const struct link *link = find_link(&finder, port);
		bool namespace = port->netns && netns_exists(port->netns);

		hash = mix(hash, &i, sizeof(i));
		hash = mix(hash, &namespace, sizeof(namespace));
		if (!link)
			continue;
		hash = mix_link(hash, link);
		if (port->tunnel || port->type == WEFT_PORT_TYPE_INTERNAL)
			hash = mix(hash, &link->up, sizeof(link->up));
	}
	for (size_t i = 0; i < actual->links.n; i++) {
		if (actual->links.v[i].group == LINK_GROUP)
			hash = mix_link(hash, &actual->links.v[i]);
	}
	finder_close(&finder);
	return hash;
}
