// SPDX-License-Identifier: Apache-2.0
/* monitor.c - see monitor.h. */
#include <stdlib.h>
#include <string.h>

#include "bfd/frame.h"
#include "config.h"
#include "memory.h"
#include "monitor.h"
#include "node.h"
#include "services/bfd/io.h"

#define INTERVAL_MS 100
#define INTERVAL_MS_MIN 10
#define INTERVAL_MS_MAX 10000
#define MULTIPLIER 3
#define PROBE_MTU_S 600
#define PROBE_MTU_S_MAX 86400

static const char *const monitor_members[] = {
	"interval_ms", "multiplier", "probe_mtu_s", "fallback", NULL,
};

static const char *const fallback_members[] = { "tunnel", "host", NULL };

static void read_number(const struct node *node, const char *member, uint64_t min, uint64_t max,
			unsigned int *number)
{
	struct node at = node_member(node, member);
	uint64_t value;

	if (at.value && node_get_number(&at, min, max, &value))
		*number = value;
}

static void read_host(const struct config *config, const struct node *node,
		      struct monitor_fallback *fallback)
{
	fallback->has_host = config_get_host(config, node, &fallback->host);
}

/* "pool1", {"tunnel": "gre0"}, {"tunnel": "gre0", "host": "pool1"} */
static void read_fallback(const struct config *config, const struct node *node,
			  struct monitor_fallback *fallback)
{
	struct node member;
	const char *text;

	if (json_is_string(node->value)) {
		read_host(config, node, fallback);
		return;
	}
	if (!node_is_object(node, fallback_members))
		return;
	member = node_member(node, "tunnel");
	if (member.value && node_get_string(&member, &text))
		fallback->tunnel = memory_strdup(text);
	member = node_member(node, "host");
	if (member.value)
		read_host(config, &member, fallback);
	if (!fallback->tunnel && !fallback->has_host)
		node_error(node, "needs a tunnel or a host");
}

struct monitor *monitor_read(const struct config *config, const struct node *node)
{
	struct monitor *monitor;
	struct node list;

	if (!node->value || !node_is_object(node, monitor_members))
		return NULL;
	monitor = memory_zalloc(sizeof(*monitor));
	monitor->interval_ms = INTERVAL_MS;
	monitor->multiplier = MULTIPLIER;
	monitor->probe_mtu_s = PROBE_MTU_S;
	read_number(node, "interval_ms", INTERVAL_MS_MIN, INTERVAL_MS_MAX, &monitor->interval_ms);
	read_number(node, "multiplier", 1, UINT8_MAX, &monitor->multiplier);
	read_number(node, "probe_mtu_s", 0, PROBE_MTU_S_MAX, &monitor->probe_mtu_s);
	list = node_member(node, "fallback");
	if (!list.value || !node_is_array(&list))
		return monitor;
	if (json_array_size(list.value) > MONITOR_FALLBACKS) {
		node_error(&list, "more than %d fallbacks", MONITOR_FALLBACKS);
		return monitor;
	}
	for (size_t i = 0; i < json_array_size(list.value); i++) {
		struct node at = node_element(&list, i);

		read_fallback(config, &at, &monitor->fallbacks[monitor->n_fallbacks++]);
	}
	return monitor;
}

void monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return;
	for (unsigned int i = 0; i < monitor->n_fallbacks; i++)
		free(monitor->fallbacks[i].tunnel);
	free(monitor);
}

void monitor_check(const struct config *config, const struct port *port, const struct node *node)
{
	const struct monitor *monitor = port->monitor;
	struct node member = node_member(node, "monitor"), list = node_member(&member, "fallback");

	for (unsigned int i = 0; monitor && i < monitor->n_fallbacks; i++) {
		const char *name = monitor->fallbacks[i].tunnel;
		const struct port *other = name ? config_port(config, name) : port;
		struct node at = node_element(&list, i);

		if (!other || other->port_class != WEFT_PORT_CLASS_FABRIC)
			node_error(&at, "\"%.60s\" is not a tunnel", name);
		else if (other == port && !monitor->fallbacks[i].has_host)
			node_error(&at, "a tunnel cannot be used instead of itself");
	}
}

/*
 * Logical datapath 0 is nobody's, so no frame of a machine is taken for one of these, whatever its
 * addresses.
 */
char *monitor_entry(const struct port *port)
{
	if (!port->monitor)
		return NULL;
	return memory_printf("table=0, priority=65535, in_port=%u, ldp=0, eth_dst=" BFD_MAC_TEXT
			     " actions=service:" BFD_SERVICE,
			     port->id);
}

/* ---- what weft-bfdd is told ----------------------------------------------------- */

static const char *host_name(const struct config *config, const struct address *address,
			     char text[ADDRESS_TEXT])
{
	for (size_t i = 0; i < config->n_hosts; i++)
		if (address_equal(&config->hosts[i].address, address))
			return config->hosts[i].name;
	return address_format(address, text);
}

static json_t *tunnel_message(const struct config *config, const struct port *port)
{
	const struct monitor *monitor = port->monitor;
	json_t *remotes = json_array(), *fallbacks = json_array();
	char text[ADDRESS_TEXT], name[ADDRESS_TEXT];

	for (size_t i = 0; i < port->n_remotes; i++)
		json_array_append_new(remotes,
				      json_pack("{s:s, s:s}", "address",
						address_format(&port->remotes[i], text), "host",
						host_name(config, &port->remotes[i], name)));
	for (unsigned int i = 0; i < monitor->n_fallbacks; i++) {
		const struct monitor_fallback *fallback = &monitor->fallbacks[i];
		const struct port *by = fallback->tunnel ? config_port(config, fallback->tunnel) :
							   port;
		json_t *object = json_pack("{s:i}", "port", (int)by->id);

		if (fallback->has_host)
			json_object_set_new(object, "address",
					    json_string(address_format(&fallback->host, text)));
		json_array_append_new(fallbacks, object);
	}
	return json_pack("{s:i, s:s, s:s, s:i, s:i, s:i, s:o, s:o}", "port", (int)port->id,
			 "device", port->device, "type", config_port_types[port->type],
			 "interval_ms", (int)monitor->interval_ms, "multiplier",
			 (int)monitor->multiplier, "probe_mtu_s", (int)monitor->probe_mtu_s,
			 "remotes", remotes, "fallback", fallbacks);
}

json_t *monitor_message(const struct config *config, unsigned int n_made)
{
	json_t *tunnels = json_array();

	for (size_t i = 0; i < config->n_ports; i++)
		if (config->ports[i].monitor)
			json_array_append_new(tunnels, tunnel_message(config, &config->ports[i]));
	if (!json_array_size(tunnels)) {
		json_decref(tunnels);
		return NULL;
	}
	return json_pack("{s:i, s:o}", "made", (int)n_made, "tunnels", tunnels);
}
