// SPDX-License-Identifier: Apache-2.0
/*
 * ask.c - "resolution": whether routers know the machines of a network from the file, or ask
 * weft-arpd; and the section that tells that daemon who is who.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "net/digest.h"
#include "net/net.h"
#include "node.h"
#include "services/arp/section.h"

void net_ask_read(struct net *net, const struct node *root)
{
	static const char *const members[] = { "by", "map_servers", "times", NULL };
	static const char *const ways[] = { "file", "arpd", NULL };
	struct node node = node_member(root, "resolution"), member;
	struct net_ask *ask = &net->ask;
	struct arp_times times;
	unsigned int by = 0;
	const char *text;

	if (!node.value || !node_is_object(&node, members))
		return;
	ask->digest = digest_json(DIGEST_START, node.value);
	member = node_member(&node, "by");
	node_get_choice(&member, ways, &by);
	ask->on = by;
	member = node_member(&node, "times");
	arp_times_read(&member, &times);
	ask->times = json_incref(member.value);
	member = node_member(&node, "map_servers");
	for (size_t i = 0;
	     member.value && node_is_array(&member) && i < json_array_size(member.value); i++) {
		struct node at = node_element(&member, i);
		struct net_object *host;

		if (!node_get_string(&at, &text))
			continue;
		host = net_find(net, NET_HOST, text);
		if (!host) {
			node_error(&at, "there is no \"%.60s\" in $.hosts", text);
			continue;
		}
		ask->servers.v = memory_grow(ask->servers.v, ask->servers.n,
					     sizeof(*ask->servers.v));
		ask->servers.v[ask->servers.n++] = host;
	}
	if (ask->on && !net->tunnel.name)
		node_error(&node, "daemons that ask each other need a tunnel");
}

void net_ask_free(struct net *net)
{
	free(net->ask.servers.v);
	json_decref(net->ask.times);
}

/* ---- the section -------------------------------------------------------------- */

static const char *name_of(const struct net *net, const struct net_object *host)
{
	return host == net->self ? "." : host->name;
}

static json_t *hosts_json(const struct net *net)
{
	json_t *hosts = json_object();
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++) {
		const struct net_object *host = &net->objects[NET_HOST][i];

		if (host != net->self)
			json_object_set_new(hosts, host->name,
					    json_pack("{s:s, s:I}", "address",
						      address_format(&host->host.address, text),
						      "number", (json_int_t)host->host.number));
	}
	return hosts;
}

static const char *format_mac(const uint8_t mac[6], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return text;
}

static void add_bindings(json_t *bindings, const struct net_port *port)
{
	char text[ADDRESS_TEXT], mac[18];

	format_mac(port->mac, mac);
	for (size_t i = 0; i < port->addresses.n; i++)
		json_array_append_new(bindings,
				      json_pack("{s:s, s:s, s:i}", "address",
						address_format(&port->addresses.v[i], text), "mac",
						mac, "lport", (int)port->lport));
}

static void add_inside(json_t *inside, const struct net_port *port)
{
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < port->addresses.n; i++)
		json_array_append_new(inside,
				      json_string(address_format(&port->addresses.v[i], text)));
}

/*
 * Who has ports of it; those of this host with their addresses; and, if it is here, the way outside,
 * where nobody is asked for addresses of ports elsewhere.
 */
static json_t *switch_json(const struct net *net, const struct net_switch *sw)
{
	uint8_t *seen = memory_zalloc(net->n_objects[NET_HOST]);
	json_t *hosts = json_array(), *bindings = json_array(), *inside = json_array(), *json;
	uint16_t outside = 0;

	for (size_t i = 0; i < sw->ports.n; i++) {
		const struct net_port *port = &sw->ports.v[i]->port;

		if (port->host == net->self) {
			add_bindings(bindings, port);
			if (port->outside)
				outside = port->lport;
			continue;
		}
		add_inside(inside, port);
		if (port->host && !seen[port->host - net->objects[NET_HOST]]++)
			json_array_append_new(hosts, json_string(port->host->name));
	}
	free(seen);
	json = json_pack("{s:i, s:o, s:o}", "ldp", (int)sw->ldp, "hosts", hosts, "bindings",
			 bindings);
	if (outside) {
		json_object_set_new(json, "outside", json_integer(outside));
		json_object_set(json, "inside", inside);
	}
	json_decref(inside);
	return json;
}

/* and what the router is called there when it asks outside */
static json_t *link_json(const struct net_link *link)
{
	json_t *addresses = json_array();
	char text[ADDRESS_TEXT], mac[18];

	for (size_t i = 0; i < link->addresses.n; i++)
		json_array_append_new(addresses,
				      json_sprintf("%s/%u",
						   address_format(&link->addresses.v[i], text),
						   link->addresses.v[i].prefix_len));
	return json_pack("{s:i, s:i, s:i, s:s, s:o}", "ldp", (int)link->router->router.ldp, "lport",
			 (int)link->id, "switch", (int)link->of_switch->sw.ldp, "mac",
			 format_mac(link->mac, mac), "addresses", addresses);
}

static bool is_routed_here(const struct net_switch *sw)
{
	for (size_t i = 0; i < sw->links.n; i++) {
		if (net_works_here(sw->links.v[i]->link.router))
			return true;
	}
	return false;
}

json_t *net_ask_json(const struct net *net)
{
	json_t *switches = json_array(), *links = json_array(), *servers = json_array(), *arp;

	for (size_t i = 0; i < net->n_objects[NET_SWITCH]; i++) {
		const struct net_switch *sw = &net->objects[NET_SWITCH][i].sw;

		if (sw->here || is_routed_here(sw))
			json_array_append_new(switches, switch_json(net, sw));
	}
	for (size_t i = 0; i < net->n_objects[NET_LINK]; i++) {
		const struct net_link *link = &net->objects[NET_LINK][i].link;

		if (net_works_here(link->router))
			json_array_append_new(links, link_json(link));
	}
	for (size_t i = 0; i < net->ask.servers.n; i++)
		json_array_append_new(servers, json_string(name_of(net, net->ask.servers.v[i])));
	arp = json_pack("{s:I, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}, s:o, s:o, s:o, s:o}",
			"number", (json_int_t)net->self->host.number, "tunnel", net->tunnel.name,
			"tables", "context", "context", "output", "output", "resolve", "l3_resolve",
			"next", "egress", "physical", "physical", "map", "map", "error", "l3_error",
			"hosts", hosts_json(net), "switches", switches, "router_ports", links,
			"map_servers", servers);
	if (net->ask.times)
		json_object_set(arp, "times", net->ask.times);
	return arp;
}
