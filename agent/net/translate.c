// SPDX-License-Identifier: Apache-2.0
/*
 * translate.c - "nat" of routers: read, checked, and as a section of the host's file.
 *
 * A rule has a name that is made from what it says, so a file that tells the rules in
 * another order, or more of them, does not change those that stay.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/weft.h>

#include "error.h"
#include "memory.h"
#include "net/digest.h"
#include "net/net.h"
#include "net/translate.h"
#include "node.h"

#define NAT_RULES_MAX 1000 /* of a router */
#define FIRST_PORT 1024
#define SLICES 65535

static const char *const net_nat_kinds[] = { "snat", "dnat", "one_to_one", "subnet", NULL };
static const char *const protocols[] = { "tcp", "udp", "sctp", NULL };
static const uint8_t protocol_numbers[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

/* an address, or a prefix whose other bits are zero */
static void get_port(const struct node *rule, const char *name, uint16_t *port)
{
	struct node node = node_member(rule, name);
	uint64_t number;

	if (node.value && node_get_number(&node, 1, UINT16_MAX, &number))
		*port = number;
}

static void get_ports(const struct node *rule, struct net_nat *nat)
{
	struct node node = node_member(rule, "ports");
	unsigned int first, last;
	const char *text;
	char rest;

	nat->ports[0] = FIRST_PORT;
	nat->ports[1] = UINT16_MAX;
	if (!node.value || !node_get_string(&node, &text))
		return;
	if (sscanf(text, "%5u-%5u%c", &first, &last, &rest) == 2 && first && first <= last &&
	    last <= UINT16_MAX) {
		nat->ports[0] = first;
		nat->ports[1] = last;
	} else {
		node_error(&node, "\"%.60s\" is not a range of ports, as in 1024-65535", text);
	}
}

/* what a rule of each kind has to have, beyond addresses of one family */
static void check_rule(const struct node *rule, const struct net_nat *nat)
{
	unsigned int whole = 8 * address_len(&nat->outside);

	if (nat->inside.family != nat->outside.family)
		node_error(rule, "inside and outside are of different families");
	else if (nat->kind == NET_SUBNET && nat->inside.prefix_len != nat->outside.prefix_len)
		node_error(rule, "inside and outside of a subnet are of one length");
	else if (nat->kind != NET_SUBNET && nat->kind != NET_SNAT &&
		 nat->inside.prefix_len != whole)
		node_error(rule, "inside is one address");
	else if ((nat->kind == NET_ONE_TO_ONE || nat->kind == NET_DNAT) &&
		 nat->outside.prefix_len != whole)
		node_error(rule, "outside is one address");
	else if (nat->outside_port && !nat->protocol)
		node_error(rule, "a port needs a protocol");
	else if (nat->inside_port && !nat->outside_port)
		node_error(rule, "inside_port needs outside_port");
}

static void read_rule(const struct node *rule, const char *router, struct net_nat *nat)
{
	static const char *const members[NET_SUBNET + 1][7] = {
		[NET_SNAT] = { "kind", "inside", "outside", "ports", NULL },
		[NET_DNAT] = { "kind", "inside", "outside", "protocol", "outside_port",
			       "inside_port", NULL },
		[NET_ONE_TO_ONE] = { "kind", "inside", "outside", NULL },
		[NET_SUBNET] = { "kind", "inside", "outside", NULL },
	};
	struct node member = node_member(rule, "kind"), inside, outside;
	unsigned int choice = 0;
	uint64_t digest;

	if (!node_get_choice(&member, net_nat_kinds, &choice))
		return;
	nat->kind = choice;
	if (!node_is_object(rule, members[choice]))
		return;
	inside = node_member(rule, "inside");
	outside = node_member(rule, "outside");
	if (!node_get_prefix(&inside, &nat->inside) || !node_get_prefix(&outside, &nat->outside))
		return;
	member = node_member(rule, "protocol");
	if (member.value && node_get_choice(&member, protocols, &choice))
		nat->protocol = protocol_numbers[choice];
	get_port(rule, "outside_port", &nat->outside_port);
	get_port(rule, "inside_port", &nat->inside_port);
	get_ports(rule, nat);
	check_rule(rule, nat);
	digest = digest_json(digest_string(DIGEST_START, router), rule->value);
	snprintf(nat->name, sizeof(nat->name), "n%08x", (uint32_t)(digest ^ digest >> 32));
}

void net_nat_read(const struct node *node, struct net_object *object)
{
	struct net_router *router = &object->router;
	struct node rules = node_member(node, "nat");

	if (!rules.value || !node_is_array(&rules))
		return;
	if (json_array_size(rules.value) > NAT_RULES_MAX) {
		node_error(&rules, "more than %d rules", NAT_RULES_MAX);
		return;
	}
	if (router->placement != NET_GATEWAY)
		node_error(&rules, "only a router on a gateway translates");
	router->n_nats = json_array_size(rules.value);
	router->nats = memory_zalloc(router->n_nats * sizeof(*router->nats));
	for (size_t i = 0; i < router->n_nats; i++) {
		struct node rule = node_element(&rules, i);

		if (json_is_object(rule.value))
			read_rule(&rule, object->name, &router->nats[i]);
		else
			node_error(&rule, "is not an object");
	}
}

static bool same_prefix(const struct address *a, const struct address *b)
{
	return a->prefix_len == b->prefix_len && address_equal(a, b);
}

void net_nat_check(const struct net *net, struct net_object *object, struct errors *errors)
{
	struct net_router *router = &object->router;
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < router->n_nats; i++) {
		struct net_nat *nat = &router->nats[i];

		nat->link = net_link_in(router, &nat->outside);
		if (!nat->link)
			errors_add(errors,
				   "%s: $.routers.%s.nat[%zu].outside: %s is in no subnet of "
				   "the router",
				   net->file, object->name, i, address_format(&nat->outside, text));
		nat->first = nat->first_of_link = true;
		for (size_t j = 0; j < i; j++) {
			const struct net_nat *other = &router->nats[j];

			if (same_prefix(&nat->outside, &other->outside))
				nat->first = false;
			if (nat->link == other->link &&
			    nat->outside.family == other->outside.family)
				nat->first_of_link = false;
			if (!strcmp(nat->name, other->name))
				errors_add(errors, "%s: $.routers.%s.nat[%zu] is there twice",
					   net->file, object->name, i);
		}
	}
}

/* ---- the section -------------------------------------------------------- */

/* an address, with its prefix length unless that is all of it */
static json_t *prefix_json(const struct address *address)
{
	char text[ADDRESS_TEXT];

	address_format(address, text);
	return address->prefix_len == 8 * address_len(address) ?
		       json_string(text) :
		       json_sprintf("%s/%u", text, address->prefix_len);
}

/* rules that give out the same ports share a pool, which has the name of one of them */
static const char *pool_of(const struct net_router *router, const struct net_nat *nat)
{
	const struct net_nat *first = nat;

	for (size_t i = 0; i < router->n_nats; i++) {
		const struct net_nat *other = &router->nats[i];

		if (other->kind == NET_SNAT && same_prefix(&nat->outside, &other->outside) &&
		    !memcmp(nat->ports, other->ports, sizeof(nat->ports)) &&
		    strcmp(other->name, first->name) < 0)
			first = other;
	}
	return first->name;
}

static json_t *pool_json(const struct net_nat *nat)
{
	char text[ADDRESS_TEXT], range[ADDRESS_TEXT + 24], length[5] = "";
	bool ip4 = address_len(&nat->outside) == 4;

	address_format(&nat->outside, text);
	if (nat->outside.prefix_len != 8 * address_len(&nat->outside))
		snprintf(length, sizeof(length), "/%u", nat->outside.prefix_len);
	snprintf(range, sizeof(range), ip4 ? "%s%s:%u-%u" : "[%s%s]:%u-%u", text, length,
		 nat->ports[0], nat->ports[1]);
	return json_pack("{s:s, s:[s]}", "name", nat->name, "ranges", range);
}

const char *net_nat_protocol(const struct net_nat *nat)
{
	for (size_t i = 0; i < sizeof(protocol_numbers); i++) {
		if (protocol_numbers[i] == nat->protocol)
			return protocols[i];
	}
	return NULL;
}

static json_t *rule_json(const struct net_router *router, const struct net_nat *nat)
{
	json_t *rule = json_pack("{s:s, s:s}", "name", nat->name, "kind", net_nat_kinds[nat->kind]);

	if (nat->kind == NET_SNAT) {
		json_object_set_new(rule, "source", prefix_json(&nat->inside));
		json_object_set_new(rule, "pool", json_string(pool_of(router, nat)));
		return rule;
	}
	if (nat->kind != NET_DNAT) {
		json_object_set_new(rule, "inside", prefix_json(&nat->inside));
		json_object_set_new(rule, "outside", prefix_json(&nat->outside));
		return rule;
	}
	json_object_set_new(rule, "address", prefix_json(&nat->outside));
	json_object_set_new(rule, "to", prefix_json(&nat->inside));
	if (nat->protocol)
		json_object_set_new(rule, "protocol", json_string(net_nat_protocol(nat)));
	if (nat->outside_port)
		json_object_set_new(rule, "port", json_integer(nat->outside_port));
	if (nat->inside_port)
		json_object_set_new(rule, "to_port", json_integer(nat->inside_port));
	return rule;
}

static json_t *slice_json(const struct net_object *object, unsigned int id, json_t *pools)
{
	const struct net_router *router = &object->router;
	json_t *rules = json_array();

	for (size_t i = 0; i < router->n_nats; i++) {
		const struct net_nat *nat = &router->nats[i];

		if (nat->kind == NET_SNAT && !strcmp(pool_of(router, nat), nat->name))
			json_array_append_new(pools, pool_json(nat));
		json_array_append_new(rules, rule_json(router, nat));
	}
	return json_pack("{s:i, s:s, s:i, s:{s:s, s:s, s:s, s:s}, s:o}", "id", (int)id, "form",
			 "stage", "ldp", (int)router->ldp, "tables", "nat", "l3_snat", "nat_next",
			 "l3_acl_out", "unnat", "l3_dnat", "unnat_next", "l3_policy", "rules",
			 rules);
}

json_t *net_nat_json(const struct net *net)
{
	json_t *slices = json_array(), *pools = json_array();
	uint8_t *taken = memory_zalloc(SLICES + 1);

	for (size_t i = 0; i < net->n_objects[NET_ROUTER]; i++) {
		const struct net_object *object = &net->objects[NET_ROUTER][i];
		unsigned int id = 1 + object->router.ldp % SLICES;

		if (!object->router.n_nats || object->router.gateway != net->self)
			continue;
		while (taken[id] && json_array_size(slices) < SLICES)
			id = 1 + id % SLICES;
		taken[id] = 1;
		json_array_append_new(slices, slice_json(object, id, pools));
	}
	free(taken);
	if (json_array_size(slices))
		return json_pack("{s:o, s:o}", "pools", pools, "slices", slices);
	json_decref(slices);
	json_decref(pools);
	return NULL;
}
