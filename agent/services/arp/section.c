// SPDX-License-Identifier: Apache-2.0
/* section.c - reading it, and finding things in it; see section.h. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "error.h"
#include "memory.h"
#include "net/net.h"
#include "node.h"
#include "services/arp/section.h"

#define DAEMON_MAC_0 0x0e /* a station's, locally administered */
#define DAEMON_MAC_1 0x77

static const struct {
	const char *name;
	uint32_t min, max, by_default;
} times_known[ARP_N_TIMES] = {
	[ARP_TRY] = { "try_ms", 10, 60000, 1000 },
	[ARP_MAP_TRY] = { "map_try_ms", 10, 60000, 300 },
	[ARP_REVALIDATE] = { "revalidate_ms", 100, 86400000, 30000 },
	[ARP_AGE] = { "age_ms", 100, 86400000, 120000 },
	[ARP_IDLE] = { "idle_ms", 100, 86400000, 60000 },
	[ARP_NEGATIVE] = { "negative_ms", 100, 3600000, 5000 },
	[ARP_PUBLISH] = { "publish_ms", 100, 86400000, 30000 },
	[ARP_TRIES] = { "tries", 1, 10, 3 },
	[ARP_PACKETS] = { "packets", 1, 256, 16 },
};

static const char *const times_members[] = {
	"try_ms",      "map_try_ms", "revalidate_ms", "age_ms",	 "idle_ms",
	"negative_ms", "publish_ms", "tries",	      "packets", NULL,
};

static const char *const section_members[] = {
	"number",	"tunnel",      "tables", "hosts", "switches",
	"router_ports", "map_servers", "times",	 NULL,
};

static const char *const table_names[] = { "context", "resolve", "next",   "physical",
					   "map",     "error",	 "output", NULL };

/* ---- small things ---------------------------------------------------------- */

bool arp_owns(uint32_t id)
{
	return id >= ARP_ID_FIRST && id <= ARP_ID_LAST;
}

void arp_daemon_mac(uint32_t number, uint8_t mac[6])
{
	const uint32_t wire = htonl(number);

	mac[0] = DAEMON_MAC_0;
	mac[1] = DAEMON_MAC_1;
	memcpy(mac + 2, &wire, sizeof(wire));
}

uint32_t arp_daemon_number(const uint8_t mac[6])
{
	uint32_t wire;

	memcpy(&wire, mac + 2, sizeof(wire));
	return mac[0] == DAEMON_MAC_0 && mac[1] == DAEMON_MAC_1 ? ntohl(wire) : 0;
}

static int compare_addresses(const void *of_a, const void *of_b)
{
	const struct address *a = of_a, *b = of_b;

	if (a->family != b->family)
		return a->family - b->family;
	return memcmp(a->bytes, b->bytes, address_len(a));
}

static int compare_switches(const void *a, const void *b)
{
	const struct arp_switch *x = a, *y = b;

	return x->ldp < y->ldp ? -1 : x->ldp > y->ldp;
}

static int compare_links(const void *a, const void *b)
{
	const struct arp_link *x = a, *y = b;

	if (x->ldp != y->ldp)
		return x->ldp < y->ldp ? -1 : 1;
	return x->lport < y->lport ? -1 : x->lport > y->lport;
}

static int compare_bindings(const void *a, const void *b)
{
	return compare_addresses(&((const struct arp_binding *)a)->address,
				 &((const struct arp_binding *)b)->address);
}

const struct arp_switch *arp_find_switch(const struct arp_section *arp, uint32_t ldp)
{
	const struct arp_switch key = { .ldp = ldp };

	return bsearch(&key, arp->switches, arp->n_switches, sizeof(key), compare_switches);
}

const struct arp_link *arp_find_link(const struct arp_section *arp, uint32_t ldp, uint16_t lport)
{
	const struct arp_link key = { .ldp = ldp, .lport = lport };

	return bsearch(&key, arp->links, arp->n_links, sizeof(key), compare_links);
}

const struct arp_binding *arp_find_binding(const struct arp_section *arp, uint32_t ldp,
					   const struct address *address)
{
	const struct arp_switch *sw = arp_find_switch(arp, ldp);
	const struct arp_binding key = { .address = *address };

	return sw ? bsearch(&key, sw->bindings, sw->n_bindings, sizeof(key), compare_bindings) :
		    NULL;
}

uint32_t arp_host_at(const struct arp_section *arp, const struct weft_match *metadata)
{
	const struct weft_field_value *value = weft_match_get(metadata, WEFT_FIELD_TUN_SRC);
	struct address address = { .family = AF_INET };

	if (!value) {
		value = weft_match_get(metadata, WEFT_FIELD_TUN_IPV6_SRC);
		address.family = AF_INET6;
	}
	if (!value)
		return 0;
	memcpy(address.bytes, value->value, address_len(&address));
	for (size_t i = 0; i < arp->n_hosts; i++) {
		if (address_equal(&arp->hosts[i].address, &address))
			return arp->hosts[i].number;
	}
	return 0;
}

bool arp_has_link(const struct arp_section *arp, uint32_t of_switch)
{
	for (size_t i = 0; i < arp->n_links; i++) {
		if (arp->links[i].of_switch == of_switch)
			return true;
	}
	return false;
}

bool arp_has_server(const struct arp_section *arp, uint32_t host)
{
	for (size_t i = 0; i < arp->n_servers; i++) {
		if (arp->servers[i] == host)
			return true;
	}
	return false;
}

const struct arp_link *arp_find_asker(const struct arp_section *arp, uint32_t of_switch,
				      const struct address *address, const struct address **own)
{
	for (size_t i = 0; i < arp->n_links; i++) {
		const struct arp_link *link = &arp->links[i];

		for (size_t j = 0; link->of_switch == of_switch && j < link->n_addresses; j++) {
			if (!net_address_in(address, &link->addresses[j]))
				continue;
			*own = &link->addresses[j];
			return link;
		}
	}
	return NULL;
}

bool arp_asks_outside(const struct arp_section *arp, uint32_t of_switch,
		      const struct address *address)
{
	const struct arp_switch *sw = arp_find_switch(arp, of_switch);
	const struct address *own;

	return sw && sw->outside && arp_find_asker(arp, of_switch, address, &own) &&
	       !bsearch(address, sw->inside, sw->n_inside, sizeof(*address), compare_addresses);
}

bool arp_has_host(const struct arp_section *arp, uint32_t number)
{
	for (size_t i = 0; i < arp->n_hosts; i++) {
		if (arp->hosts[i].number == number)
			return true;
	}
	return false;
}

/* ---- reading ------------------------------------------------------------------ */

void arp_times_read(const struct node *node, struct arp_times *times)
{
	bool there = node->value && node_is_object(node, times_members);

	for (unsigned int i = 0; i < ARP_N_TIMES; i++) {
		struct node member;
		uint64_t number;

		times->v[i] = times_known[i].by_default;
		if (!there)
			continue;
		member = node_member(node, times_known[i].name);
		if (member.value &&
		    node_get_number(&member, times_known[i].min, times_known[i].max, &number))
			times->v[i] = number;
	}
}

static bool get_number(const struct node *object, const char *name, uint64_t min, uint64_t max,
		       uint32_t *out)
{
	struct node node = node_member(object, name);
	uint64_t number;

	if (!node_get_number(&node, min, max, &number))
		return false;
	*out = number;
	return true;
}

static void read_tables(struct arp_section *arp, const struct node *node, arp_table_fn table,
			void *ctx)
{
	const char *text;

	if (!node_is_object(node, table_names))
		return;
	for (unsigned int i = 0; i < ARP_N_TABLES; i++) {
		struct node member = node_member(node, table_names[i]);

		if (!node_get_string(&member, &text))
			continue;
		if (table && table(ctx, text, &arp->tables[i]))
			node_error(&member, "there is no table \"%.60s\"", text);
	}
}

static void read_hosts(struct arp_section *arp, const struct node *node)
{
	static const char *const members[] = { "address", "number", NULL };
	const char *name;
	json_t *value;

	if (!node->value || !json_is_object(node->value))
		return;
	arp->hosts = memory_zalloc(json_object_size(node->value) * sizeof(*arp->hosts));
	json_object_foreach(node->value, name, value) {
		struct arp_host *host = &arp->hosts[arp->n_hosts];
		struct node at = node_member(node, name), address = node_member(&at, "address");

		if (!node_is_object(&at, members) || !node_get_address(&address, &host->address) ||
		    !get_number(&at, "number", 1, UINT32_MAX, &host->number))
			continue;
		host->name = memory_strdup(name);
		arp->n_hosts++;
	}
}

/* a host by its name; 0: an error was added */
static uint32_t get_host(const struct arp_section *arp, const struct node *node)
{
	const char *text;

	if (!node_get_string(node, &text))
		return 0;
	if (!strcmp(text, "."))
		return arp->number;
	for (size_t i = 0; i < arp->n_hosts; i++) {
		if (!strcmp(arp->hosts[i].name, text))
			return arp->hosts[i].number;
	}
	node_error(node, "there is no host \"%.60s\"", text);
	return 0;
}

static void read_host_list(const struct arp_section *arp, const struct node *node,
			   uint32_t **numbers, size_t *n)
{
	if (!node->value || !node_is_array(node))
		return;
	*numbers = memory_zalloc(json_array_size(node->value) * sizeof(**numbers));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct node at = node_element(node, i);
		uint32_t number = get_host(arp, &at);

		if (number)
			(*numbers)[(*n)++] = number;
	}
}

static void read_bindings(struct arp_switch *sw, const struct node *node)
{
	static const char *const members[] = { "address", "mac", "lport", NULL };

	if (!node->value || !node_is_array(node))
		return;
	sw->bindings = memory_zalloc(json_array_size(node->value) * sizeof(*sw->bindings));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct arp_binding *binding = &sw->bindings[sw->n_bindings];
		struct node at = node_element(node, i), address, mac;
		const char *text;
		uint32_t lport;

		if (!node_is_object(&at, members))
			continue;
		address = node_member(&at, "address");
		mac = node_member(&at, "mac");
		if (!node_get_address(&address, &binding->address) ||
		    !node_get_string(&mac, &text) || !get_number(&at, "lport", 1, 32767, &lport))
			continue;
		if (!address_parse_mac(text, binding->mac)) {
			node_error(&mac, "\"%.60s\" is not the MAC address of a station", text);
			continue;
		}
		binding->lport = lport;
		sw->n_bindings++;
	}
	qsort(sw->bindings, sw->n_bindings, sizeof(*sw->bindings), compare_bindings);
}

static void read_inside(struct arp_switch *sw, const struct node *node)
{
	if (!node->value || !node_is_array(node))
		return;
	sw->inside = memory_zalloc(json_array_size(node->value) * sizeof(*sw->inside));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct node at = node_element(node, i);

		if (node_get_address(&at, &sw->inside[sw->n_inside]))
			sw->n_inside++;
	}
	qsort(sw->inside, sw->n_inside, sizeof(*sw->inside), compare_addresses);
}

static void read_switches(struct arp_section *arp, const struct node *node)
{
	static const char *const members[] = {
		"ldp", "hosts", "bindings", "outside", "inside", NULL
	};

	if (!node->value || !node_is_array(node))
		return;
	arp->switches = memory_zalloc(json_array_size(node->value) * sizeof(*arp->switches));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct arp_switch *sw = &arp->switches[arp->n_switches];
		struct node at = node_element(node, i), hosts, bindings, inside;
		uint32_t lport;

		if (!node_is_object(&at, members) ||
		    !get_number(&at, "ldp", 1, WEFT_LDP_MAX, &sw->ldp))
			continue;
		arp->n_switches++;
		hosts = node_member(&at, "hosts");
		read_host_list(arp, &hosts, &sw->hosts, &sw->n_hosts);
		bindings = node_member(&at, "bindings");
		read_bindings(sw, &bindings);
		inside = node_member(&at, "inside");
		read_inside(sw, &inside);
		if (node_member(&at, "outside").value &&
		    get_number(&at, "outside", 1, 32767, &lport))
			sw->outside = lport;
	}
	qsort(arp->switches, arp->n_switches, sizeof(*arp->switches), compare_switches);
}

static void read_asker(struct arp_link *link, const struct node *at)
{
	struct node mac = node_member(at, "mac"), addresses = node_member(at, "addresses");
	const char *text;

	if (node_get_string(&mac, &text) && !address_parse_mac(text, link->mac))
		node_error(&mac, "\"%.60s\" is not the MAC address of a station", text);
	if (!node_is_array(&addresses))
		return;
	link->addresses = memory_zalloc(json_array_size(addresses.value) *
					sizeof(*link->addresses));
	for (size_t i = 0; i < json_array_size(addresses.value); i++) {
		struct node node = node_element(&addresses, i);

		if (!node_get_string(&node, &text))
			continue;
		if (address_parse_prefix(text, &link->addresses[link->n_addresses]))
			link->n_addresses++;
		else
			node_error(&node, "\"%.60s\" is no address with a prefix", text);
	}
}

static void read_links(struct arp_section *arp, const struct node *node)
{
	static const char *const members[] = { "ldp", "lport", "switch", "mac", "addresses", NULL };

	if (!node->value || !node_is_array(node))
		return;
	arp->links = memory_zalloc(json_array_size(node->value) * sizeof(*arp->links));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct arp_link *link = &arp->links[arp->n_links];
		struct node at = node_element(node, i);
		uint32_t lport;

		if (!node_is_object(&at, members) ||
		    !get_number(&at, "ldp", 1, WEFT_LDP_MAX, &link->ldp) ||
		    !get_number(&at, "lport", 1, 65534, &lport) ||
		    !get_number(&at, "switch", 1, WEFT_LDP_MAX, &link->of_switch))
			continue;
		link->lport = lport;
		arp->n_links++;
		read_asker(link, &at);
	}
	qsort(arp->links, arp->n_links, sizeof(*arp->links), compare_links);
}

struct arp_section *arp_read(const struct node *node, arp_table_fn table, void *ctx)
{
	unsigned int n_before = node->errors->n_total;
	struct arp_section *arp;
	struct node member;
	const char *text;

	if (!node->value || !node_is_object(node, section_members))
		return NULL;
	arp = memory_zalloc(sizeof(*arp));
	get_number(node, "number", 1, UINT32_MAX, &arp->number);
	member = node_member(node, "tunnel");
	if (node_get_string(&member, &text))
		arp->tunnel = memory_strdup(text);
	member = node_member(node, "tables");
	read_tables(arp, &member, table, ctx);
	member = node_member(node, "times");
	arp_times_read(&member, &arp->times);
	member = node_member(node, "hosts");
	read_hosts(arp, &member);
	member = node_member(node, "switches");
	read_switches(arp, &member);
	member = node_member(node, "router_ports");
	read_links(arp, &member);
	member = node_member(node, "map_servers");
	read_host_list(arp, &member, &arp->servers, &arp->n_servers);
	for (size_t i = 0; i < arp->n_servers; i++)
		arp->serves = arp->serves || arp->servers[i] == arp->number;
	if (node->errors->n_total == n_before)
		return arp;
	arp_free(arp);
	return NULL;
}

void arp_free(struct arp_section *arp)
{
	if (!arp)
		return;
	for (size_t i = 0; i < arp->n_hosts; i++)
		free(arp->hosts[i].name);
	for (size_t i = 0; i < arp->n_switches; i++) {
		free(arp->switches[i].hosts);
		free(arp->switches[i].bindings);
		free(arp->switches[i].inside);
	}
	for (size_t i = 0; i < arp->n_templates; i++)
		weft_template_free(&arp->templates[i]);
	for (size_t i = 0; i < arp->n_links; i++)
		free(arp->links[i].addresses);
	free(arp->templates);
	free(arp->hosts);
	free(arp->switches);
	free(arp->links);
	free(arp->servers);
	free(arp->tunnel);
	free(arp);
}
