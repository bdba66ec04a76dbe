// SPDX-License-Identifier: Apache-2.0
/* standby.c - see standby.h. */
#include <string.h>
#include <sys/socket.h>
#include <weft/weft.h>

#include "error.h"
#include "net/net.h"
#include "net/standby.h"

static const json_t *hosts_of(const struct net_object *object)
{
	return json_object_get(object->json, object->kind == NET_ROUTER ? "gateway" : "host");
}

bool net_is_shared(const struct net_object *object)
{
	return json_array_size(hosts_of(object)) > 1;
}

bool net_has_standby(const struct net *net)
{
	static const enum net_kind kinds[] = { NET_ROUTER, NET_PORT };

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		for (size_t i = 0; i < net->n_objects[kinds[k]]; i++) {
			if (net_is_shared(&net->objects[kinds[k]][i]))
				return true;
		}
	}
	return false;
}

static const struct net_object *host_named(const struct net *net, const json_t *name)
{
	return json_is_string(name) ? net_find(net, NET_HOST, json_string_value(name)) : NULL;
}

const struct net_object *net_first_reached(const struct net *net, const json_t *hosts)
{
	const struct net_object *first = NULL, *reached = NULL;

	if (!json_is_array(hosts))
		return host_named(net, hosts);
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		const struct net_object *host = host_named(net, json_array_get(hosts, i));

		if (!host)
			return NULL;
		if (!first)
			first = host;
		if (!reached && !json_object_get(net->down, host->name))
			reached = host;
	}
	return reached ? reached : first;
}

bool net_stands_by(const struct net *net, const struct net_object *router)
{
	const json_t *hosts = hosts_of(router);

	if (router->router.gateway == net->self)
		return false;
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		if (host_named(net, json_array_get(hosts, i)) == net->self)
			return true;
	}
	return false;
}

void net_standby_check(const struct net *net, const struct net_object *object,
		       struct errors *errors)
{
	const char *member = object->kind == NET_ROUTER ? "gateway" : "host";
	const char *why = NULL;

	if (!net_is_shared(object))
		return;
	if (object->kind == NET_ROUTER && object->router.placement != NET_GATEWAY)
		why = "only a router with placement gateway has several";
	else if (!json_object_get(net->tunnel.json, "monitor"))
		why = "for several hosts the tunnel needs a monitor";
	for (size_t i = 0; i < net->n_objects[NET_HOST] && !why; i++) {
		if (net->objects[NET_HOST][i].host.relay)
			why = "for several hosts all must be reached directly, without relays";
	}
	if (why)
		errors_add(errors, "%s: $.%s.%s.%s: %s", net->file, net_kinds[object->kind],
			   object->name, member, why);
}

static bool is_down(const struct net_object *host, const struct weft_tunnel *tunnels, size_t n)
{
	const struct address *address = &host->host.address;

	for (size_t i = 0; i < n; i++) {
		const struct weft_way *way = &tunnels[i].way;

		if (way->ipv6 == (address->family == AF_INET6) &&
		    !memcmp(way->addr, address->bytes, address_len(address)) &&
		    tunnels[i].state == WEFT_TUNNEL_STATE_DOWN)
			return true;
	}
	return false;
}

json_t *net_down(const struct net *net, const struct weft_tunnel *tunnels, size_t n)
{
	json_t *down = json_object();

	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++) {
		const struct net_object *host = &net->objects[NET_HOST][i];

		if (host != net->self && is_down(host, tunnels, n))
			json_object_set_new(down, host->name, json_true());
	}
	if (json_object_size(down) < 2 || json_object_size(down) + 1 < net->n_objects[NET_HOST])
		return down;
	json_object_clear(down);
	json_object_set_new(down, net->self->name, json_true());
	return down;
}
