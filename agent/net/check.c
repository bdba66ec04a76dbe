// SPDX-License-Identifier: Apache-2.0
/*
 * check.c - what two objects of a network may not share, and what is derived from several.
 *
 * Each kind of thing that must be unique is a word in one hash table, made of where it must be
 * unique and what it is: "12 lport 7". Whoever has a word first has it; the second is the error.
 *
 * Where nothing has changed since the network before this one, nobody needs to look.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "net/digest.h"
#include "net/net.h"
#include "net/standby.h"
#include "net/stage.h"
#include "net/translate.h"
#include "services/arp/message.h"

#define FLOOD_MAX 100	 /* copies that one packet can be made into on a host */
#define FLOOD_ACL_MAX 36 /* when each of them meets an egress ACL */
/*
 * Other hosts that it can be sent to at once: all these tunnels are in one program, which the
 * kernel bounds to 16 KiB. Hosts behind a relay are one to all others.
 */
#define FLOOD_HOSTS_MAX 128

struct claim {
	char *word;
	const struct net_object *owner;
};

struct check {
	struct net *net;
	struct errors *errors;
	struct map claims;
	bool changed[NET_N_KINDS]; /* objects of these kinds */
};

static bool claim_is(const void *item, const void *word)
{
	return !strcmp(((const struct claim *)item)->word, word);
}

/* what: as messages say it, "MAC address 02:…" */
static void claim(struct check *check, const struct net_object *owner, const char *scope,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

static void claim(struct check *check, const struct net_object *owner, const char *scope,
		  const char *format, ...)
{
	const struct claim *other;
	char *what, *word;
	struct claim *new;
	uint32_t hash;
	va_list ap;

	va_start(ap, format);
	what = memory_vprintf(format, ap);
	va_end(ap);
	word = memory_printf("%s %s", scope, what);
	hash = map_hash_string(word);
	other = map_find(&check->claims, hash, claim_is, word);
	if (other) {
		errors_add(check->errors, "%s: $.%s.%s: %s is that of $.%s.%s too",
			   check->net->file, net_kinds[owner->kind], owner->name, what,
			   net_kinds[other->owner->kind], other->owner->name);
		free(word);
	} else {
		new = memory_zalloc(sizeof(*new));
		new->word = word;
		new->owner = owner;
		map_add(&check->claims, hash, new);
	}
	free(what);
}

static void claims_free(struct check *check)
{
	for (size_t i = 0; i < check->claims.n_slots; i++) {
		struct claim *item = check->claims.slots[i].item;

		if (!item)
			continue;
		free(item->word);
		free(item);
	}
	map_clear(&check->claims);
}

static void claim_mac(struct check *check, const struct net_object *owner, const char *scope,
		      const uint8_t mac[6])
{
	claim(check, owner, scope, "MAC address %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
	      mac[2], mac[3], mac[4], mac[5]);
}

static void claim_addresses(struct check *check, const struct net_object *owner, const char *scope,
			    const struct net_addresses *addresses)
{
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < addresses->n; i++)
		claim(check, owner, scope, "address %s", address_format(&addresses->v[i], text));
}

static void check_host(struct check *check, struct net_object *object)
{
	char text[ADDRESS_TEXT];

	if (check->changed[NET_HOST])
		claim(check, object, "host", "address %s",
		      address_format(&object->host.address, text));
	if (object->host.relay && object->host.relays)
		errors_add(check->errors, "%s: $.%s.%s.relay: a relay is reached directly",
			   check->net->file, net_kinds[NET_HOST], object->name);
}

static void check_port(struct check *check, const struct net_object *object)
{
	const struct net_port *port = &object->port;
	char scope[100];

	if (port->of_switch->touched) {
		snprintf(scope, sizeof(scope), "switch %u", port->of_switch->sw.ldp);
		claim(check, object, scope, "lport %u", port->lport);
		if (port->outside)
			claim(check, object, scope, "the way outside");
		if (!arp_mac_is_zero(port->mac))
			claim_mac(check, object, scope, port->mac);
		claim_addresses(check, object, scope, &port->addresses);
	}
	net_standby_check(check->net, object, check->errors);
	if (!port->host || !port->host->touched)
		return;
	snprintf(scope, sizeof(scope), "host %s", port->host->name);
	if (port->device)
		claim(check, object, scope, "device %s", port->device);
	else
		claim(check, object, scope, "VM id %s", port->vm);
}

static bool subnets_overlap(const struct address *a, const struct address *b)
{
	return net_address_in(a, b) || net_address_in(b, a);
}

/* two ports of a router in one subnet: it could not know by which to send */
static void check_subnets(struct check *check, const struct net_object *a,
			  const struct net_object *b)
{
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < a->link.addresses.n; i++) {
		for (size_t j = 0; j < b->link.addresses.n; j++) {
			const struct address *own = &a->link.addresses.v[i];
			const struct address *other = &b->link.addresses.v[j];

			if (subnets_overlap(own, other))
				errors_add(check->errors,
					   "%s: $.%s.%s: the subnet of %s/%u overlaps one of "
					   "$.%s.%s",
					   check->net->file, net_kinds[NET_LINK], b->name,
					   address_format(other, text), other->prefix_len,
					   net_kinds[NET_LINK], a->name);
		}
	}
}

static void check_link(struct check *check, const struct net_object *object)
{
	const struct net_link *link = &object->link;
	const struct net_object *gateway = link->router->router.gateway;
	char scope[100];

	if (link->of_switch->touched) {
		snprintf(scope, sizeof(scope), "switch %u", link->of_switch->sw.ldp);
		claim(check, object, scope, "lport %u", link->lport);
		claim_mac(check, object, scope, link->mac);
		claim_addresses(check, object, scope, &link->addresses);
	}
	if (link->router->touched) {
		snprintf(scope, sizeof(scope), "router %u", link->router->router.ldp);
		claim(check, object, scope, "id %u", link->id);
	}
	if (link->device && gateway && gateway->touched) {
		snprintf(scope, sizeof(scope), "host %s", gateway->name);
		claim(check, object, scope, "device %s", link->device);
	}
	if (link->device && net_find(check->net, NET_PORT, object->name))
		errors_add(check->errors, "%s: $.%s.%s: is the name of $.%s.%s too",
			   check->net->file, net_kinds[NET_LINK], object->name, net_kinds[NET_PORT],
			   object->name);
}

static void check_router(struct check *check, struct net_object *object)
{
	const struct net_objects *links = &object->router.links;

	if (check->changed[NET_SWITCH] || check->changed[NET_ROUTER])
		claim(check, object, "ldp", "ldp %u", object->router.ldp);
	net_nat_check(check->net, object, check->errors);
	net_standby_check(check->net, object, check->errors);
	if (!object->touched)
		return;
	for (size_t i = 0; i < links->n; i++) {
		for (size_t j = i + 1; j < links->n; j++)
			check_subnets(check, links->v[i], links->v[j]);
	}
}

/* hosts to which copies go from the one that sends to most; counts: copies by their host */
static size_t count_flood_hosts(const struct net *net, const size_t *counts)
{
	size_t *behind = memory_zalloc(net->n_objects[NET_HOST] * sizeof(*behind));
	const struct net_object *hosts = net->objects[NET_HOST];
	size_t n = 0, most = 0;

	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++) {
		if (counts[i] && hosts[i].host.relay)
			behind[hosts[i].host.relay - hosts]++;
	}
	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++) {
		n += behind[i] || (counts[i] && !hosts[i].host.relay);
		most = behind[i] > most ? behind[i] : most;
	}
	free(behind);
	return n + most;
}

/* one more copy on a host, which may be NULL */
static void count_copy(struct check *check, const struct net_object *of_switch,
		       const struct net_object *host, size_t max, size_t *counts)
{
	size_t n = host ? ++counts[host - check->net->objects[NET_HOST]] : 0;

	if (n == max + 1)
		errors_add(check->errors, "%s: $.%s.%s: more than %zu ports on host %s%s",
			   check->net->file, net_kinds[NET_SWITCH], of_switch->name, max,
			   host->name, of_switch->sw.acl_out ? " (it has egress ACLs)" : "");
}

/* a flood is one packet's walk, which the kernel bounds */
static void check_flood(struct check *check, const struct net_object *object)
{
	const struct net_objects *ports = &object->sw.ports, *links = &object->sw.links;
	size_t max = object->sw.acl_out ? FLOOD_ACL_MAX : FLOOD_MAX;
	size_t *counts;

	if (check->changed[NET_SWITCH] || check->changed[NET_ROUTER])
		claim(check, object, "ldp", "ldp %u", object->sw.ldp);
	if (ports->n + links->n <= max)
		return;
	counts = memory_zalloc(check->net->n_objects[NET_HOST] * sizeof(*counts));
	for (size_t i = 0; i < ports->n; i++)
		count_copy(check, object, ports->v[i]->port.host, max, counts);
	for (size_t i = 0; i < links->n; i++)
		count_copy(check, object, net_device_host(links->v[i]), max, counts);
	if (count_flood_hosts(check->net, counts) > FLOOD_HOSTS_MAX + 1)
		errors_add(check->errors,
			   "%s: $.%s.%s: has ports on more than %d hosts, too many for one to send "
			   "to: put some behind relays",
			   check->net->file, net_kinds[NET_SWITCH], object->name,
			   FLOOD_HOSTS_MAX + 1);
	free(counts);
}

static void check_tunnel(struct check *check)
{
	const char *name = check->net->tunnel.name;

	if (name && (net_find(check->net, NET_PORT, name) || net_find(check->net, NET_LINK, name)))
		errors_add(check->errors, "%s: $.tunnel.name: \"%s\" is the name of a port too",
			   check->net->file, name);
	if (check->net->n_objects[NET_HOST] > 1 && !check->net->tunnel.name)
		errors_add(check->errors, "%s: $.tunnel: is missing, and there are several hosts",
			   check->net->file);
}

static void note_changes(struct check *check)
{
	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++) {
		for (size_t i = 0; i < check->net->n_objects[kind]; i++)
			check->changed[kind] |= check->net->objects[kind][i].changed;
	}
}

/* switches whose egress ACL has entries of its own */
static void note_acls(struct net *net)
{
	for (size_t i = 0; i < net->n_objects[NET_ACL]; i++) {
		const struct net_acl *acl = &net->objects[NET_ACL][i].acl;
		struct net_object *sw = NULL;

		if (!acl->out || !acl->target)
			continue;
		if (acl->target->kind == NET_SWITCH)
			sw = net_find(net, NET_SWITCH, acl->target->name);
		else if (acl->target->kind == NET_PORT)
			sw = net_find(net, NET_SWITCH, acl->target->port.of_switch->name);
		if (sw)
			sw->sw.acl_out = true;
	}
}

/* a port that learns, on its switch; what it may learn beyond the default has to fit there */
static void check_learning(struct check *check, const struct net_object *object,
			   const struct net_object *sw)
{
	const struct net_port *port = &object->port;

	if (json_is_object(json_object_get(object->json, "learn")) &&
	    port->learn_limit > sw->sw.learn_limit)
		errors_add(check->errors,
			   "%s: $.ports.%s.learn.limit: %u is more than learn_limit of switch %s, "
			   "%u",
			   check->net->file, object->name, port->learn_limit, sw->name,
			   sw->sw.learn_limit);
}

/* switches that have ports which learn */
static void note_learning(struct check *check)
{
	struct net *net = check->net;

	for (size_t i = 0; i < net->n_objects[NET_PORT]; i++) {
		const struct net_port *port = &net->objects[NET_PORT][i].port;
		struct net_object *sw;

		if (!port->learn)
			continue;
		sw = net_find(net, NET_SWITCH, port->of_switch->name);
		sw->sw.learns = true;
		check_learning(check, &net->objects[NET_PORT][i], sw);
	}
}

/* hosts have numbers that others joining or leaving do not change */
static void number_hosts(struct net *net)
{
	struct net_object *hosts = net->objects[NET_HOST];
	size_t n = net->n_objects[NET_HOST];

	for (size_t i = 0; i < n; i++) {
		uint32_t number = digest_string(DIGEST_START, hosts[i].name);
		bool taken;

		do {
			taken = !number;
			for (size_t j = 0; j < i && !taken; j++)
				taken = hosts[j].host.number == number;
			number += taken;
		} while (taken);
		hosts[i].host.number = number;
	}
}

/* who is reached through whom, and what fits into the tunnels */
static void note_relays(struct net *net)
{
	net->relays_digest = digest_number(digest_number(DIGEST_START, net->ask.digest),
					   net->tunnel.mtu);
	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++) {
		const struct net_object *host = &net->objects[NET_HOST][i];

		if (host->host.relay || host->host.relays)
			net->relays_digest = digest_number(net->relays_digest, host->digest);
	}
}

void net_check(struct net *net, struct errors *errors)
{
	struct check check = { .net = net, .errors = errors };

	note_changes(&check);
	note_acls(net);
	note_learning(&check);
	number_hosts(net);
	note_relays(net);
	check_tunnel(&check);
	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++)
		check_host(&check, &net->objects[NET_HOST][i]);
	for (size_t i = 0; i < net->n_objects[NET_SWITCH]; i++)
		check_flood(&check, &net->objects[NET_SWITCH][i]);
	for (size_t i = 0; i < net->n_objects[NET_PORT]; i++)
		check_port(&check, &net->objects[NET_PORT][i]);
	for (size_t i = 0; i < net->n_objects[NET_ROUTER]; i++)
		check_router(&check, &net->objects[NET_ROUTER][i]);
	for (size_t i = 0; i < net->n_objects[NET_LINK]; i++)
		check_link(&check, &net->objects[NET_LINK][i]);
	claims_free(&check);
}
