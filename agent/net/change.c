// SPDX-License-Identifier: Apache-2.0
/*
 * change.c - another network, which differs from one in a few objects.
 *
 * All objects get new places, in the order of their names, and copies point to copies. What was
 * read of them is shared, so this costs some ten nanoseconds an object. Read, and checked, are
 * only those that the change names and those that refer to them: their reading may have looked
 * at what is different now, or at what is gone.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "error.h"
#include "memory.h"
#include "net/net.h"
#include "net/standby.h"
#include "net/translate.h"
#include "node.h"

struct changer {
	const struct net *before;
	const json_t *change;
	struct net *net;
	struct errors *errors;
	struct net_object **moved[NET_N_KINDS]; /* by place before; NULL: gone */
	struct node root;
};

/* RFC 7386, without null in what is new; a new reference */
static json_t *merge(const json_t *old, json_t *patch)
{
	json_t *merged, *value;
	const char *name;

	if (!json_is_object(patch))
		return json_incref(patch);
	merged = json_is_object(old) ? json_copy((json_t *)old) : json_object();
	json_object_foreach(patch, name, value) {
		if (json_is_null(value))
			json_object_del(merged, name);
		else
			json_object_set_new(merged, name, merge(json_object_get(old, name), value));
	}
	return merged;
}

static struct node section_node(const struct changer *changer, enum net_kind kind)
{
	return (struct node){
		.up = &changer->root,
		.member = net_kinds[kind],
		.file = changer->root.file,
		.errors = changer->errors,
	};
}

static struct node object_node(const struct node *section, const char *name, json_t *value)
{
	return (struct node){
		.up = section,
		.member = name,
		.value = value,
		.file = section->file,
		.errors = section->errors,
	};
}

/* only objects, of kinds that there are; those that are to go must be there */
static void check_names(const struct changer *changer)
{
	struct node root = changer->root;
	json_t *section, *value;
	const char *kind_name, *name;

	json_object_foreach((json_t *)changer->change, kind_name, section) {
		struct node node = node_member(&root, kind_name);
		unsigned int kind = 0;

		while (kind < NET_N_KINDS && strcmp(net_kinds[kind], kind_name))
			kind++;
		if (kind == NET_N_KINDS) {
			node_error(&node, "a change is of objects: hosts, switches, ports, "
					  "routers, router_ports, routes, policy_routes, acls");
			continue;
		}
		if (!json_is_object(section)) {
			node_error(&node, "a change has objects by their names here");
			continue;
		}
		json_object_foreach(section, name, value) {
			struct node at = object_node(&node, name, value);

			if (json_is_null(value) && !net_find(changer->before, kind, name))
				node_error(&at, "there is none, so it cannot be removed");
			else if (!json_is_null(value) && !json_is_object(value))
				node_error(&at, "is to be an object, or null");
			else
				config_name_is_good(&at, name);
		}
	}
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* a copy for this network, without what is found out of several objects */
static void copy_object(struct net_object *copy, const struct net_object *object)
{
	*copy = *object;
	copy->changed = false;
	copy->touched = false;
	++*copy->n_users;
	switch (copy->kind) {
	case NET_HOST:
		copy->host.relays = false;
		break;
	case NET_SWITCH:
		copy->sw.acl_out = false;
		copy->sw.learns = false;
		copy->sw.here = false;
		copy->sw.ports = (struct net_objects){ 0 };
		copy->sw.links = (struct net_objects){ 0 };
		break;
	case NET_ROUTER:
		copy->router.here = false;
		copy->router.links = (struct net_objects){ 0 };
		/* net_nat_check finds out more of them */
		copy->router.nats = memory_copy(object->router.nats,
						object->router.n_nats * sizeof(struct net_nat));
		break;
	case NET_ROUTE:
		copy->route.hops = memory_copy(object->route.hops,
					       object->route.n_hops * sizeof(*object->route.hops));
		break;
	default:
		break;
	}
}

/* the objects of a kind, before and in the change, both in the order of their names */
static void place_kind(struct changer *changer, enum net_kind kind)
{
	json_t *section = json_object_get(changer->change, net_kinds[kind]), *value, *json;
	const struct net_object *before = changer->before->objects[kind];
	size_t n_before = changer->before->n_objects[kind], n_names = 0, n = 0, at = 0;
	const char **names = memory_zalloc(json_object_size(section) * sizeof(*names));
	const char *name;
	struct net_object *objects;

	json_object_foreach(section, name, value)
		names[n_names++] = name;
	if (n_names)
		qsort(names, n_names, sizeof(*names), name_cmp);
	objects = memory_zalloc((n_before + n_names) * sizeof(*objects));
	changer->moved[kind] = memory_zalloc(n_before * sizeof(*changer->moved[kind]));
	for (size_t i = 0; i < n_before || at < n_names;) {
		int order = i == n_before ? 1 :
			    at == n_names ? -1 :
					    strcmp(before[i].name, names[at]);

		if (order < 0) {
			copy_object(&objects[n], &before[i]);
			changer->moved[kind][i++] = &objects[n++];
			continue;
		}
		value = json_object_get(section, names[at]);
		if (!json_is_null(value)) {
			json = merge(order ? NULL : before[i].json, value);
			net_object_init(&objects[n], kind, names[at], json);
			json_decref(json);
			if (!order)
				changer->moved[kind][i] = &objects[n];
			n++;
		}
		i += !order;
		at++;
	}
	free(names);
	changer->net->objects[kind] = objects;
	changer->net->n_objects[kind] = n;
}

/* the table of names: the hashes are known, but of those that are new */
static void place_names(struct changer *changer, enum net_kind kind)
{
	const struct map *before = &changer->before->by_name[kind];
	const struct net_object *start = changer->before->objects[kind];
	struct net *net = changer->net;
	struct net_object *old, *new;

	map_reserve(&net->by_name[kind], net->n_objects[kind]);
	for (size_t i = 0; i < before->n_slots; i++) {
		old = before->slots[i].item;
		new = old ? changer->moved[kind][old - start] : NULL;
		if (new)
			map_add(&net->by_name[kind], before->slots[i].hash, new);
	}
	for (size_t i = 0; i < net->n_objects[kind]; i++) {
		new = &net->objects[kind][i];
		if (new->changed && !net_find(changer->before, kind, new->name))
			map_add(&net->by_name[kind], map_hash_string(new->name), new);
	}
}

/* point to where an object is now; false: it is another one, or gone */
static bool follow(const struct changer *changer, const struct net_object **object)
{
	const struct net_object *old = *object;

	if (!old)
		return true;
	*object = changer->moved[old->kind][old - changer->before->objects[old->kind]];
	return *object && !(*object)->changed;
}

/* no other port can be in the way of a next hop that is behind the same as before */
static bool follow_hops(const struct changer *changer, struct net_hop *hops, size_t n)
{
	bool same = true;

	for (size_t i = 0; i < n; i++)
		same = follow(changer, &hops[i].link) && same;
	return same;
}

/* is the host that does something still the one, and there? */
static bool follow_host(const struct changer *changer, const struct net_object *object,
			const struct net_object **host, const char *member)
{
	const json_t *hosts = json_object_get(object->json, member);

	if (!follow(changer, host))
		return false;
	return !json_is_array(hosts) || net_first_reached(changer->net, hosts) == *host;
}

/* false: read it again */
static bool follow_all(const struct changer *changer, struct net_object *object)
{
	bool same;

	switch (object->kind) {
	case NET_HOST:
		return follow(changer, &object->host.relay);
	case NET_PORT:
		same = follow(changer, &object->port.of_switch);
		return follow_host(changer, object, &object->port.host, "host") && same;
	case NET_ROUTER:
		return follow_host(changer, object, &object->router.gateway, "gateway");
	case NET_LINK:
		same = follow(changer, &object->link.of_switch);
		return follow(changer, &object->link.router) && same;
	case NET_ROUTE:
		same = follow(changer, &object->route.router);
		return follow_hops(changer, object->route.hops, object->route.n_hops) && same;
	case NET_POLICY:
		same = follow(changer, &object->policy.router);
		return follow_hops(changer, &object->policy.hop, 1) && same;
	case NET_ACL:
		return follow(changer, &object->acl.target);
	default:
		return true;
	}
}

static void read_kind(struct changer *changer, enum net_kind kind)
{
	const struct node section = section_node(changer, kind);
	struct net *net = changer->net;

	for (size_t i = 0; i < net->n_objects[kind]; i++) {
		struct net_object *object = &net->objects[kind][i];
		struct net_object stale;
		struct node at;

		if (!object->changed) {
			if (follow_all(changer, object))
				continue;
			stale = *object;
			net_object_init(object, kind, stale.name, stale.json);
			net_object_clear(&stale);
		}
		at = object_node(&section, object->name, object->json);
		net_object_read(net, object, &at);
	}
}

static void touch(struct net *net, const struct net_object *object)
{
	if (object)
		net->objects[object->kind][object - net->objects[object->kind]].touched = true;
}

/*
 * Where names and numbers must be unique, and a changed object has one. The ports of a router
 * that changes, as to its gateway, change with it.
 */
static void touch_scopes(struct net *net)
{
	for (size_t i = 0; i < net->n_objects[NET_PORT]; i++) {
		const struct net_object *object = &net->objects[NET_PORT][i];

		if (!object->changed)
			continue;
		touch(net, object->port.of_switch);
		touch(net, object->port.host);
	}
	for (size_t i = 0; i < net->n_objects[NET_LINK]; i++) {
		const struct net_object *object = &net->objects[NET_LINK][i];

		if (!object->changed)
			continue;
		touch(net, object->link.of_switch);
		touch(net, object->link.router);
		if (object->link.router)
			touch(net, object->link.router->router.gateway);
	}
}

static void build(struct changer *changer)
{
	struct net *net = changer->net;
	const struct node rest = {
		.value = net->rest,
		.file = net->file,
		.errors = changer->errors,
	};

	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++) {
		place_kind(changer, kind);
		place_names(changer, kind);
	}
	net_ask_read(net, &rest);
	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++) {
		if (kind == NET_ROUTE)
			net_gather(net);
		read_kind(changer, kind);
	}
	net_find_self(net, changer->before->self->name, changer->errors);
	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++)
		free(changer->moved[kind]);
}

static struct net *make(const struct net *net, const json_t *change, json_t *down,
			struct errors *errors)
{
	unsigned int n_before = errors->n_total;
	struct changer changer = {
		.before = net,
		.change = change,
		.errors = errors,
		.root = { .value = (json_t *)change, .file = "change", .errors = errors },
	};
	struct net *new;

	if (!json_is_object(change))
		node_error(&changer.root, "a change is an object");
	else
		check_names(&changer);
	if (errors->n_total != n_before)
		return NULL;
	new = memory_zalloc(sizeof(*new));
	changer.net = new;
	new->file = memory_strdup(net->file);
	new->datapath = memory_strdup(net->datapath);
	new->limits = json_incref(net->limits);
	new->rest = json_incref(net->rest);
	new->down = json_incref(down);
	if (net->tunnel.name)
		new->tunnel.name = memory_strdup(net->tunnel.name);
	new->tunnel.json = json_incref(net->tunnel.json);
	build(&changer);
	if (errors->n_total == n_before) {
		touch_scopes(new);
		net_check(new, errors);
	}
	if (errors->n_total == n_before) {
		net_reach(new);
		return new;
	}
	net_free(new);
	return NULL;
}

struct net *net_change(const struct net *net, const json_t *change, struct errors *errors)
{
	return make(net, change, net->down, errors);
}

struct net *net_stand_in(const struct net *net, json_t *down, struct errors *errors)
{
	json_t *nothing = json_object();
	struct net *new = make(net, nothing, down, errors);

	json_decref(nothing);
	return new;
}

json_t *net_to_json(const struct net *net)
{
	json_t *root = json_copy(net->rest), *section;

	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++) {
		if (!net->n_objects[kind])
			continue;
		section = json_object();
		for (size_t i = 0; i < net->n_objects[kind]; i++)
			json_object_set(section, net->objects[kind][i].name,
					net->objects[kind][i].json);
		json_object_set_new(root, net_kinds[kind], section);
	}
	return root;
}
