// SPDX-License-Identifier: Apache-2.0
/*
 * host.c - what a network means for a host, but for its flow entries: ports, tunnel, tables.
 *
 * The result has the form of a host's own file (config.c), so that everything behind it is the
 * same, whichever file weftd was given.
 */
#include <stdio.h>
#include <string.h>

#include "net/net.h"
#include "net/stage.h"
#include "net/translate.h"

static json_t *lports_json(uint32_t ldp, uint16_t lport)
{
	return json_pack("[{s:i, s:i}]", "ldp", (int)ldp, "lport", (int)lport);
}

static void add_port(json_t *ports, const struct net_object *object)
{
	const struct net_port *port = &object->port;
	json_t *json = json_pack("{s:s, s:o}", "name", object->name, "lports",
				 lports_json(port->of_switch->sw.ldp, port->lport));

	if (port->device)
		json_object_set_new(json, "device", json_string(port->device));
	if (port->vm)
		json_object_set_new(json, "vm", json_string(port->vm));
	json_array_append_new(ports, json);
}

/* the end of a link that is in a namespace */
static void add_router_port(json_t *ports, const struct net_object *object)
{
	const struct net_link *link = &object->link;
	char mac[18], text[ADDRESS_TEXT], prefix[ADDRESS_TEXT + 4];
	json_t *addresses = json_array(), *json;

	for (size_t i = 0; i < link->addresses.n; i++) {
		snprintf(prefix, sizeof(prefix), "%s/%u",
			 address_format(&link->addresses.v[i], text),
			 link->addresses.v[i].prefix_len);
		json_array_append_new(addresses, json_string(prefix));
	}
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", link->mac[0], link->mac[1],
		 link->mac[2], link->mac[3], link->mac[4], link->mac[5]);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name", object->name, "device",
			 link->device, "type", "internal", "netns", link->router->router.netns,
			 "mac", mac, "addresses", addresses, "lports",
			 lports_json(link->of_switch->sw.ldp, link->lport));
	if (link->mtu)
		json_object_set_new(json, "mtu", json_integer(link->mtu));
	json_array_append_new(ports, json);
}

/*
 * How the tunnel is watched, the same at all hosts. But nobody falls back on himself: on a host
 * that is another's fallback, its name is left out of the list.
 */
static json_t *monitor_json(const json_t *monitor, const struct net_object *self)
{
	json_t *copy = json_deep_copy(monitor), *list = json_object_get(copy, "fallback"), *host;
	size_t i = 0;

	while (i < json_array_size(list)) {
		host = json_array_get(list, i);
		if (json_is_object(host))
			host = json_object_get(host, "host");
		if (json_is_string(host) && !strcmp(json_string_value(host), self->name))
			json_array_remove(list, i);
		else
			i++;
	}
	return copy;
}

static json_t *tunnels_json(const struct net *net, json_t *hosts)
{
	json_t *tunnels = json_array(), *tunnel, *remotes;
	char text[ADDRESS_TEXT];

	if (!net->tunnel.name)
		return tunnels;
	remotes = json_array();
	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++) {
		const struct net_object *host = &net->objects[NET_HOST][i];

		if (host == net->self)
			continue;
		json_object_set_new(
			hosts, host->name,
			json_pack("{s:s}", "address", address_format(&host->host.address, text)));
		json_array_append_new(remotes, json_string(host->name));
	}
	tunnel = json_copy(net->tunnel.json);
	json_object_del(tunnel, "comment");
	json_object_set_new(tunnel, "remotes", remotes);
	if (json_object_get(tunnel, "monitor"))
		json_object_set_new(tunnel, "monitor",
				    monitor_json(json_object_get(tunnel, "monitor"), net->self));
	json_array_append_new(tunnels, tunnel);
	return tunnels;
}

json_t *net_host_json(const struct net *net)
{
	json_t *ports = json_array(), *tables = json_array(), *hosts = json_object();
	json_t *tunnels, *root, *nat;

	for (size_t i = 0; i < net->n_objects[NET_PORT]; i++) {
		if (net_is_local(net, &net->objects[NET_PORT][i]))
			add_port(ports, &net->objects[NET_PORT][i]);
	}
	for (size_t i = 0; i < net->n_objects[NET_LINK]; i++) {
		const struct net_object *link = &net->objects[NET_LINK][i];

		if (link->link.device && link->link.router->router.gateway == net->self)
			add_router_port(ports, link);
	}
	for (size_t i = 0; i < n_stages; i++)
		json_array_append_new(tables,
				      json_pack("{s:i, s:s, s:s}", "id", (int)stages[i].table,
						"name", stages[i].name, "miss", stages[i].miss));
	tunnels = tunnels_json(net, hosts);
	root = json_pack("{s:i, s:s, s:o, s:o, s:o, s:o}", "version", 1, "datapath", net->datapath,
			 "hosts", hosts, "ports", ports, "tunnels", tunnels, "tables", tables);
	json_object_update(root, net->limits);
	if (net->ask.on)
		json_object_set_new(root, "arp", net_ask_json(net));
	nat = net_nat_json(net);
	if (nat)
		json_object_set_new(root, "nat", nat);
	return root;
}
