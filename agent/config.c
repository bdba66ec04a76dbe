// SPDX-License-Identifier: Apache-2.0
/*
 * config.c - the file that says what a host must do, all of it but the flow entries (ruleset.c).
 *
 * Reading goes on after an error, so that a user sees every error at once; a configuration is
 * only handed out when there were none. Each object is read by a function of its name, which
 * gets the node and the structure to fill. Names are put into hash tables as they are met:
 * what is named twice is an error that shows both places.
 */
#include <errno.h>
#include <linux/weft_stt.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "error.h"
#include "labels.h"
#include "memory.h"
#include "monitor.h"
#include "net/compile.h"
#include "net/net.h"
#include "node.h"
#include "ruleset.h"
#include "services/arp/section.h"
#include "services/nat/nat.h"

#define CONFIG_VERSION 1
#define NAME_MAX_BYTES 63
#define GENEVE_PORT 6081
#define MTU_MIN 68
#define MTU_MAX 65535

const char *const config_port_types[] = {
	[WEFT_PORT_TYPE_UNSPEC] = "?",
	[WEFT_PORT_TYPE_NETDEV] = "netdev",
	[WEFT_PORT_TYPE_INTERNAL] = "internal",
	[WEFT_PORT_TYPE_GENEVE] = "geneve",
	[WEFT_PORT_TYPE_GRE] = "gre",
	[WEFT_PORT_TYPE_STT] = "stt",
	NULL,
};

const char *const config_port_classes[] = {
	[WEFT_PORT_CLASS_UNSPEC] = "?",
	[WEFT_PORT_CLASS_VIF] = "vif",
	[WEFT_PORT_CLASS_FABRIC] = "fabric",
	[WEFT_PORT_CLASS_SERVICE] = "service",
	NULL,
};

static const char *const config_members[] = {
	"version", "datapath", "max_flows", "max_cached", "registers", "hosts", "ports",
	"tunnels", "tables",   "flows",	    "nat",	  "labels",    "arp",	NULL,
};

static const char *const port_members[] = {
	"name", "device", "vm",	       "id",	  "type",    "class", "lports", "mac",
	"mtu",	"netns",  "addresses", "remotes", "options", "mark",  NULL,
};

static const char *const tunnel_members[] = {
	"name", "type",		  "id",	  "udp_port", "tcp_port", "remotes", "options",
	"mtu",	"udp_zero_csum6", "mark", "underlay", "monitor",  NULL,
};

static const char *const tunnel_types[] = { "geneve", "gre", "stt", NULL };
static const char *const underlays[] = { "ipv4", "ipv6", NULL };
static const char *const table_members[] = { "id", "name", "miss", NULL };
static const char *const host_members[] = { "address", NULL };
static const char *const lport_members[] = { "ldp", "lport", NULL };
static const char *const option_members[] = { "slot", "class", "type", "len", NULL };

static bool host_is(const void *item, const void *name)
{
	return !strcmp(((const struct host *)item)->name, name);
}

static bool port_is(const void *item, const void *name)
{
	return !strcmp(((const struct port *)item)->name, name);
}

static bool table_is(const void *item, const void *name)
{
	return !strcmp(((const struct table *)item)->name, name);
}

struct host *config_host(const struct config *config, const char *name)
{
	return map_find(&config->hosts_by_name, map_hash_string(name), host_is, name);
}

bool config_get_host(const struct config *config, const struct node *node, struct address *address)
{
	const struct host *host;
	const char *text;

	if (!node_get_string(node, &text))
		return false;
	host = config_host(config, text);
	if (host)
		*address = host->address;
	else if (!address_parse(text, address)) {
		node_error(node, "\"%.60s\" is neither an address nor a host of $.hosts", text);
		return false;
	}
	return true;
}

struct port *config_port(const struct config *config, const char *name)
{
	return map_find(&config->ports_by_name, map_hash_string(name), port_is, name);
}

struct table *config_table(const struct config *config, const char *name)
{
	return map_find(&config->tables_by_name, map_hash_string(name), table_is, name);
}

/* a name that flow entries can use: it is neither a number nor a word of their own */
bool config_name_is_good(const struct node *node, const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				   "0123456789.-";

	if (!*name || !strchr(first, *name) || name[strspn(name, more)]) {
		node_error(node,
			   "\"%.60s\" is not a name: a letter or _, then letters, digits, "
			   "_, . and -",
			   name);
		return false;
	}
	if (strlen(name) > NAME_MAX_BYTES) {
		node_error(node, "a name has at most %d bytes", NAME_MAX_BYTES);
		return false;
	}
	if (!strcmp(name, "lout") || !strcmp(name, "in_port")) {
		node_error(node, "\"%s\" has a meaning of its own in flow entries", name);
		return false;
	}
	return true;
}

static bool get_name(const struct node *node, char **name)
{
	const char *text;

	if (!node_get_string(node, &text) || !config_name_is_good(node, text))
		return false;
	*name = memory_strdup(text);
	return true;
}

static bool device_is_good(const struct node *node, const char *name)
{
	if (*name && strlen(name) < IFNAMSIZ && strcmp(name, ".") && strcmp(name, "..") &&
	    !strpbrk(name, "/: \t\n\v\f\r"))
		return true;
	node_error(node,
		   "\"%.60s\" is not a name of a network device: 1 to %d bytes without "
		   "spaces, / and :",
		   name, IFNAMSIZ - 1);
	return false;
}

static bool get_device(const struct node *node, char **name)
{
	const char *text;

	if (!node_get_string(node, &text) || !device_is_good(node, text))
		return false;
	*name = memory_strdup(text);
	return true;
}

/* a whole number, or a string such as "0x0102", which JSON has no other way to write */
static bool get_code(const struct node *node, uint64_t max, uint64_t *number)
{
	if (!json_is_string(node->value))
		return node_get_number(node, 0, max, number);
	if (address_parse_number(json_string_value(node->value), number) && *number <= max)
		return true;
	node_error(node, "\"%.60s\" is not a number in 0…%llu", json_string_value(node->value),
		   (unsigned long long)max);
	return false;
}

static void read_hosts(struct config *config, const struct node *node)
{
	const char *name;
	json_t *value;

	if (!node->value)
		return;
	if (!json_is_object(node->value)) {
		char is[80];

		node_describe(node->value, is, sizeof(is));
		node_error(node, "%s is not an object", is);
		return;
	}
	config->hosts = memory_zalloc(json_object_size(node->value) * sizeof(*config->hosts));
	json_object_foreach(node->value, name, value) {
		struct host *host = &config->hosts[config->n_hosts];
		struct node at = node_member(node, name);
		struct node address;

		if (!config_name_is_good(&at, name) || !node_is_object(&at, host_members))
			continue;
		address = node_member(&at, "address");
		if (!node_get_address(&address, &host->address))
			continue;
		host->name = memory_strdup(name);
		for (size_t i = 0; i < config->n_hosts; i++) {
			if (address_equal(&config->hosts[i].address, &host->address))
				node_error(&address, "is the address of $.hosts.%s too",
					   config->hosts[i].name);
		}
		map_add(&config->hosts_by_name, map_hash_string(name), host);
		config->n_hosts++;
	}
}

static void read_registers(struct config *config, const struct node *node)
{
	const char *name;
	json_t *value;

	if (!node->value)
		return;
	if (!json_is_object(node->value)) {
		char is[80];

		node_describe(node->value, is, sizeof(is));
		node_error(node, "%s is not an object", is);
		return;
	}
	json_object_foreach(node->value, name, value) {
		struct node at = node_member(node, name);
		const char *is;

		if (!config_name_is_good(&at, name) || !node_get_string(&at, &is) ||
		    !ruleset_register_is_good(&at, name, is))
			continue;
		config->registers = memory_grow(config->registers, config->n_registers,
						sizeof(*config->registers));
		config->registers[config->n_registers].name = memory_strdup(name);
		config->registers[config->n_registers++].is = memory_strdup(is);
	}
}

static int lport_compare(const void *a, const void *b)
{
	const struct weft_lport *l = a, *m = b;

	if (l->ldp != m->ldp)
		return l->ldp < m->ldp ? -1 : 1;
	return l->lport < m->lport ? -1 : l->lport > m->lport;
}

static void read_lports(struct port *port, const struct node *node)
{
	if (!node->value || !node_is_array(node))
		return;
	port->lports = memory_zalloc(json_array_size(node->value) * sizeof(*port->lports));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct node at = node_element(node, i), ldp, lport;
		uint64_t ldp_id, lport_id;

		if (!node_is_object(&at, lport_members))
			continue;
		ldp = node_member(&at, "ldp");
		lport = node_member(&at, "lport");
		if (!node_get_number(&ldp, 1, WEFT_LDP_MAX, &ldp_id) ||
		    !node_get_number(&lport, 1, UINT16_MAX, &lport_id))
			continue;
		port->lports[port->n_lports++] = (struct weft_lport){
			.ldp = ldp_id,
			.lport = lport_id,
		};
	}
	if (port->n_lports)
		qsort(port->lports, port->n_lports, sizeof(*port->lports), lport_compare);
}

static int address_compare(const void *a, const void *b)
{
	const struct address *l = a, *m = b;

	if (l->family != m->family)
		return l->family < m->family ? -1 : 1;
	return memcmp(l->bytes, m->bytes, sizeof(l->bytes));
}

/* addresses, or names of hosts */
static void read_remotes(const struct config *config, struct port *port, const struct node *node)
{
	if (!node->value || !node_is_array(node))
		return;
	port->remotes = memory_zalloc(json_array_size(node->value) * sizeof(*port->remotes));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct address *remote = &port->remotes[port->n_remotes];
		struct node at = node_element(node, i);

		port->n_remotes += config_get_host(config, &at, remote);
	}
	if (!port->n_remotes)
		return;
	qsort(port->remotes, port->n_remotes, sizeof(*port->remotes), address_compare);
	for (size_t i = 1; i < port->n_remotes; i++) {
		char text[ADDRESS_TEXT];

		if (address_equal(&port->remotes[i - 1], &port->remotes[i]))
			node_error(node, "%s is there twice",
				   address_format(&port->remotes[i], text));
	}
}

static void read_options(struct port *port, const struct node *node)
{
	struct weft_tun_opt by_slot[WEFT_TUN_OPTS] = { 0 };

	if (!node->value || !node_is_array(node))
		return;
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct node at = node_element(node, i), member;
		uint64_t slot, opt_class, type, len;

		if (!node_is_object(&at, option_members))
			continue;
		member = node_member(&at, "slot");
		if (!node_get_number(&member, 0, WEFT_TUN_OPTS - 1, &slot))
			continue;
		if (by_slot[slot].len) {
			node_error(&member, "slot %u is used by an option before",
				   (unsigned int)slot);
			continue;
		}
		member = node_member(&at, "class");
		if (!get_code(&member, UINT16_MAX, &opt_class))
			continue;
		member = node_member(&at, "type");
		if (!get_code(&member, UINT8_MAX, &type))
			continue;
		member = node_member(&at, "len");
		if (!node_get_number(&member, 4, WEFT_TUN_OPT_LEN, &len))
			continue;
		if (len % 4) {
			node_error(&member, "%u is not 4, 8, 12 or 16", (unsigned int)len);
			continue;
		}
		for (unsigned int other = 0; other < WEFT_TUN_OPTS; other++) {
			if (by_slot[other].len && by_slot[other].opt_class == opt_class &&
			    by_slot[other].type == type)
				node_error(&at, "slot %u has this class and type too", other);
		}
		by_slot[slot] = (struct weft_tun_opt){
			.opt_class = opt_class,
			.type = type,
			.slot = slot,
			.len = len,
		};
	}
	for (unsigned int slot = 0; slot < WEFT_TUN_OPTS; slot++) {
		if (by_slot[slot].len)
			port->options[port->n_options++] = by_slot[slot];
	}
}

static void read_addresses(struct port *port, const struct node *node)
{
	if (!node->value || !node_is_array(node))
		return;
	port->addresses = memory_zalloc(json_array_size(node->value) * sizeof(*port->addresses));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct node at = node_element(node, i);
		const char *text;

		if (!node_get_string(&at, &text))
			continue;
		if (address_parse_prefix(text, &port->addresses[port->n_addresses]))
			port->n_addresses++;
		else
			node_error(&at,
				   "\"%.60s\" is not an address with a prefix length, as in "
				   "192.0.2.1/24",
				   text);
	}
}

static void read_mac(struct port *port, const struct node *node)
{
	const char *text;

	if (!node->value || !node_get_string(node, &text))
		return;
	port->has_mac = address_parse_mac(text, port->mac);
	if (!port->has_mac)
		node_error(node, "\"%.60s\" is not the MAC address of a station", text);
}

static void read_id(struct port *port, const struct node *node)
{
	uint64_t id;

	if (!node->value || !node_get_number(node, 1, WEFT_PORT_ID_MAX, &id))
		return;
	port->has_id = true;
	port->id = id;
}

static void read_mtu(struct port *port, const struct node *node)
{
	uint64_t mtu;

	if (node->value && node_get_number(node, MTU_MIN, MTU_MAX, &mtu))
		port->mtu = mtu;
}

/* members that only some types of ports have */
static void only_for(const struct node *node, const char *const *members, bool allowed,
		     const char *whom)
{
	if (allowed)
		return;
	for (; *members; members++) {
		struct node member = node_member(node, *members);

		if (member.value)
			node_error(&member, "only %s have this", whom);
	}
}

static void read_port_class(struct port *port, const struct node *node)
{
	static const enum weft_port_class by_type[] = {
		[WEFT_PORT_TYPE_NETDEV] = WEFT_PORT_CLASS_VIF,
		[WEFT_PORT_TYPE_INTERNAL] = WEFT_PORT_CLASS_SERVICE,
		[WEFT_PORT_TYPE_GENEVE] = WEFT_PORT_CLASS_FABRIC,
		[WEFT_PORT_TYPE_GRE] = WEFT_PORT_CLASS_FABRIC,
		[WEFT_PORT_TYPE_STT] = WEFT_PORT_CLASS_FABRIC,
	};
	unsigned int choice;

	port->port_class = by_type[port->type];
	if (!node->value || !node_get_choice(node, config_port_classes + 1, &choice))
		return;
	port->port_class = choice + 1;
	if (port_is_tunnel(port) != (port->port_class == WEFT_PORT_CLASS_FABRIC))
		node_error(node, "\"fabric\" is the class of tunnel ports, and only of them");
}

/* bits of the mark that cross the port; as many as its type carries */
static void read_mark(struct port *port, const struct node *node)
{
	uint32_t bits = port_mark_bits(port);
	uint64_t mask;

	if (!node->value || !get_code(node, UINT32_MAX, &mask))
		return;
	if (mask & ~bits)
		node_error(node, "ports of type %s carry 0x%x of the mark",
			   config_port_types[port->type], bits);
	port->has_mark = true;
	port->mark = mask;
}

static void read_port(struct config *config, struct port *port, const struct node *node)
{
	static const char *const internal_only[] = { "mac", "netns", "addresses", NULL };
	static const char *const geneve_only[] = { "options", NULL };
	static const char *const tunnel_only[] = { "remotes", NULL };
	struct node member;
	unsigned int type;
	const char *text;

	if (!node_is_object(node, port_members) && !json_is_object(node->value))
		return;
	member = node_member(node, "name");
	get_name(&member, &port->name);
	member = node_member(node, "type");
	port->type = WEFT_PORT_TYPE_NETDEV;
	if (member.value) {
		if (!node_get_choice(&member, config_port_types + 1, &type))
			return;
		port->type = type + 1;
	}
	member = node_member(node, "vm");
	if (member.value && node_get_string(&member, &text)) {
		if (*text && strlen(text) <= WEFT_VM_ID_MAX)
			port->vm = memory_strdup(text);
		else
			node_error(&member, "a VM id has 1 to %d bytes", WEFT_VM_ID_MAX);
	}
	member = node_member(node, "device");
	if (member.value)
		get_device(&member, &port->device);
	else if (port->type == WEFT_PORT_TYPE_INTERNAL) {
		member = node_member(node, "name");
		if (port->name && device_is_good(&member, port->name))
			port->device = memory_strdup(port->name);
	} else if (port_is_tunnel(port) || !node_member(node, "vm").value)
		node_error(node, "needs a device%s",
			   port_is_tunnel(port) ? "" : " or the id of a VM");

	member = node_member(node, "class");
	read_port_class(port, &member);
	member = node_member(node, "id");
	read_id(port, &member);
	member = node_member(node, "lports");
	read_lports(port, &member);
	member = node_member(node, "mtu");
	read_mtu(port, &member);

	only_for(node, internal_only, port->type == WEFT_PORT_TYPE_INTERNAL, "internal ports");
	member = node_member(node, "mac");
	read_mac(port, &member);
	member = node_member(node, "addresses");
	read_addresses(port, &member);
	member = node_member(node, "netns");
	if (member.value && node_get_string(&member, &text)) {
		if (*text && *text != '.' && !strchr(text, '/') && strlen(text) < 256)
			port->netns = memory_strdup(text);
		else
			node_error(&member, "\"%.60s\" is not a name of a namespace", text);
	}

	only_for(node, tunnel_only, port_is_tunnel(port), "tunnel ports");
	only_for(node, geneve_only, port->type == WEFT_PORT_TYPE_GENEVE, "geneve ports");
	member = node_member(node, "mark");
	read_mark(port, &member);
	member = node_member(node, "remotes");
	read_remotes(config, port, &member);
	member = node_member(node, "options");
	read_options(port, &member);
}

/* which of the outer packets are the tunnel's: no two of a type can share them */
static void read_outer(const struct config *config, struct port *port, const struct node *node)
{
	bool gre = port->type == WEFT_PORT_TYPE_GRE, stt = port->type == WEFT_PORT_TYPE_STT;
	uint64_t outer_port = gre ? 0 : stt ? STT_PORT : GENEVE_PORT;
	struct node member = node_member(node, stt ? "tcp_port" : "udp_port");

	if (member.value && !gre)
		node_get_number(&member, 1, UINT16_MAX, &outer_port);
	port->outer_port = outer_port;
	for (size_t i = 0; i < config->n_ports; i++) {
		const struct port *other = &config->ports[i];

		if (!other->tunnel || other->type != port->type || other == port)
			continue;
		if (gre && other->ipv6 == port->ipv6)
			node_error(node, "%s is a gre tunnel over %s too", other->where,
				   underlays[port->ipv6]);
		if (!gre && other->outer_port == port->outer_port)
			node_error(&member, "%s has %s port %u too", other->where,
				   stt ? "TCP" : "UDP", port->outer_port);
	}
}

static void read_tunnel(struct config *config, struct port *port, const struct node *node)
{
	static const char *const geneve_only[] = { "options", "udp_port", "udp_zero_csum6", NULL };
	static const char *const gre_only[] = { "underlay", NULL };
	static const char *const stt_only[] = { "tcp_port", NULL };
	struct node member;
	unsigned int type, underlay;

	port->tunnel = true;
	port->type = WEFT_PORT_TYPE_GENEVE;
	port->port_class = WEFT_PORT_CLASS_FABRIC;
	if (!node_is_object(node, tunnel_members) && !json_is_object(node->value))
		return;
	member = node_member(node, "name");
	if (get_name(&member, &port->name) && device_is_good(&member, port->name))
		port->device = memory_strdup(port->name);
	member = node_member(node, "type");
	if (member.value && node_get_choice(&member, tunnel_types, &type))
		port->type = WEFT_PORT_TYPE_GENEVE + type;
	only_for(node, geneve_only, port->type == WEFT_PORT_TYPE_GENEVE, "geneve tunnels");
	only_for(node, gre_only, port->type == WEFT_PORT_TYPE_GRE, "gre tunnels");
	only_for(node, stt_only, port->type == WEFT_PORT_TYPE_STT, "stt tunnels");
	member = node_member(node, "underlay");
	if (member.value && node_get_choice(&member, underlays, &underlay))
		port->ipv6 = underlay;
	member = node_member(node, "mark");
	read_mark(port, &member);
	read_outer(config, port, node);
	member = node_member(node, "udp_zero_csum6");
	if (member.value)
		node_get_bool(&member, &port->udp_zero_csum6);
	member = node_member(node, "id");
	read_id(port, &member);
	member = node_member(node, "mtu");
	read_mtu(port, &member);
	member = node_member(node, "remotes");
	read_remotes(config, port, &member);
	if (port->type == WEFT_PORT_TYPE_STT && port->n_remotes > STT_REMOTES_MAX)
		node_error(&member, "more than %d remotes of an stt tunnel", STT_REMOTES_MAX);
	member = node_member(node, "options");
	read_options(port, &member);
	member = node_member(node, "monitor");
	port->monitor = monitor_read(config, &member);
}

static void read_ports(struct config *config, const struct node *ports, const struct node *tunnels)
{
	size_t n_ports, n_tunnels;

	if ((ports->value && !node_is_array(ports)) || (tunnels->value && !node_is_array(tunnels)))
		return;
	n_ports = json_array_size(ports->value);
	n_tunnels = json_array_size(tunnels->value);
	if (n_ports + n_tunnels > WEFT_PORT_ID_MAX) {
		node_error(ports, "more than %d ports and tunnels", WEFT_PORT_ID_MAX);
		return;
	}
	config->ports = memory_zalloc((n_ports + n_tunnels) * sizeof(*config->ports));
	for (size_t i = 0; i < n_ports + n_tunnels; i++) {
		struct port *port = &config->ports[config->n_ports];
		struct node node = i < n_ports ? node_element(ports, i) :
						 node_element(tunnels, i - n_ports);

		port->where = node_path(&node);
		if (i < n_ports)
			read_port(config, port, &node);
		else
			read_tunnel(config, port, &node);
		config->n_ports++;
	}
	config_check_ports(config, ports->errors);
	for (size_t i = n_ports; i < config->n_ports; i++) {
		struct node node = node_element(tunnels, i - n_ports);

		monitor_check(config, &config->ports[i], &node);
	}
}

static void read_tables(struct config *config, const struct node *node)
{
	const struct table *by_id[WEFT_N_TABLES] = { NULL };

	if (!node->value || !node_is_array(node))
		return;
	config->tables = memory_zalloc(json_array_size(node->value) * sizeof(*config->tables));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct table *table = &config->tables[config->n_tables];
		struct node at = node_element(node, i), member;
		const struct table *other;
		uint64_t id;

		if (!node_is_object(&at, table_members) && !json_is_object(at.value))
			continue;
		table->where = node_path(&at);
		config->n_tables++;
		member = node_member(&at, "id");
		if (node_get_number(&member, 0, WEFT_N_TABLES - 1, &id)) {
			table->id = id;
			if (by_id[id])
				node_error(&member, "%u is the id of %s too", table->id,
					   by_id[id]->where);
			by_id[id] = table;
		}
		member = node_member(&at, "miss");
		table->miss = member.value;
		member = node_member(&at, "name");
		if (!member.value || !get_name(&member, &table->name))
			continue;
		other = config_table(config, table->name);
		if (other)
			node_error(&member, "\"%s\" is the name of %s too", table->name,
				   other->where);
		else
			map_add(&config->tables_by_name, map_hash_string(table->name), table);
	}
}

bool config_datapath_is_good(const struct node *node, const char *name)
{
	if (*name && strlen(name) <= WEFT_NAME_MAX && !strpbrk(name, "/ \t\n\v\f\r,"))
		return true;
	node_error(node,
		   "\"%.60s\" is not a name of a datapath: 1 to %d bytes without "
		   "spaces, commas and /",
		   name, WEFT_NAME_MAX);
	return false;
}

static void read_datapath(struct config *config, const struct node *node)
{
	const char *name;

	if (node_get_string(node, &name) && config_datapath_is_good(node, name))
		config->datapath = memory_strdup(name);
}

static int table_of(void *ctx, const char *name, uint8_t *id)
{
	const struct table *table = config_table(ctx, name);

	if (!table)
		return -ENOENT;
	*id = table->id;
	return 0;
}

static void read_root(struct config *config, const struct node *root)
{
	struct node member, tunnels;
	uint64_t number;

	if (!node_is_object(root, config_members) && !json_is_object(root->value))
		return;
	member = node_member(root, "version");
	if (!node_get_number(&member, 0, INT64_MAX, &number))
		return;
	if (number != CONFIG_VERSION) {
		node_error(&member, "this weftd reads version %d, not %llu", CONFIG_VERSION,
			   (unsigned long long)number);
		return;
	}
	member = node_member(root, "datapath");
	read_datapath(config, &member);
	member = node_member(root, "max_flows");
	if (member.value && node_get_number(&member, 1, UINT32_MAX, &number))
		config->max_flows = number;
	member = node_member(root, "max_cached");
	if (member.value && node_get_number(&member, 0, UINT32_MAX, &number)) {
		config->has_max_cached = true;
		config->max_cached = number;
	}
	member = node_member(root, "registers");
	read_registers(config, &member);
	member = node_member(root, "hosts");
	read_hosts(config, &member);
	member = node_member(root, "ports");
	tunnels = node_member(root, "tunnels");
	read_ports(config, &member, &tunnels);
	member = node_member(root, "tables");
	read_tables(config, &member);
	member = node_member(root, "flows");
	if (member.value)
		node_is_array(&member);
	member = node_member(root, "labels");
	labels_read(config, &member);
	member = node_member(root, "nat");
	config->nat = nat_read(&member, table_of, config);
	config->nat_json = json_incref(member.value);
	member = node_member(root, "arp");
	config->arp = arp_read(&member, table_of, config);
	config->arp_json = json_incref(member.value);
}

/* takes over the reference to the value */
static struct config *config_from_json(json_t *json, const char *file, struct errors *errors)
{
	unsigned int n_before = errors->n_total;
	struct node root = { .value = json, .file = file, .errors = errors };
	struct config *config = memory_zalloc(sizeof(*config));

	config->file = memory_strdup(file);
	config->root = json;
	read_root(config, &root);
	if (errors->n_total == n_before)
		return config;
	config_free(config);
	return NULL;
}

struct config *config_load(const char *file, struct errors *errors)
{
	json_error_t error;
	json_t *root;

	root = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	if (root)
		return config_from_json(root, file, errors);
	if (error.line > 0)
		errors_add(errors, "%s:%d:%d: %s", file, error.line, error.column, error.text);
	else
		errors_add(errors, "%s: %s", file, error.text);
	return NULL;
}

struct config *config_of_network(struct net *net, struct errors *errors)
{
	struct config *config = config_from_json(net_host_json(net), net->file, errors);

	if (config)
		config->net = net;
	else
		net_free(net);
	return config;
}

struct config *config_load_network(const char *file, const char *host, struct errors *errors)
{
	struct net *net = net_load(file, host, errors);

	return net ? config_of_network(net, errors) : NULL;
}

static void port_clear(struct port *port)
{
	free(port->where);
	free(port->name);
	free(port->device);
	free(port->vm);
	free(port->lports);
	free(port->remotes);
	free(port->netns);
	free(port->addresses);
	monitor_free(port->monitor);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->n_hosts; i++)
		free(config->hosts[i].name);
	for (size_t i = 0; i < config->n_ports; i++)
		port_clear(&config->ports[i]);
	for (size_t i = 0; i < config->n_tables; i++) {
		free(config->tables[i].where);
		free(config->tables[i].name);
	}
	for (size_t i = 0; i < config->n_registers; i++) {
		free(config->registers[i].name);
		free(config->registers[i].is);
	}
	ruleset_free(config->ruleset);
	net_compiled_free(config->compiled);
	net_free(config->net);
	nat_free(config->nat);
	arp_free(config->arp);
	net_learn_free(&config->learn);
	map_clear(&config->hosts_by_name);
	map_clear(&config->ports_by_name);
	map_clear(&config->tables_by_name);
	free(config->hosts);
	free(config->ports);
	free(config->tables);
	free(config->labels);
	free(config->registers);
	json_decref(config->nat_json);
	json_decref(config->arp_json);
	json_decref(config->root);
	free(config->datapath);
	free(config->file);
	free(config);
}
