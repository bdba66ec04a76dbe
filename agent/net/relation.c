// SPDX-License-Identifier: Apache-2.0
/*
 * relation.c - the rows of objects.
 *
 * What a function looks at, its twin in dependence.c must take in.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "net/digest.h"
#include "net/learn.h"
#include "net/relation.h"
#include "net/standby.h"
#include "net/stage.h"
#include "services/arp/message.h"
#include "services/arp/section.h"
#include "net/translate.h"

#define PRIORITY_USER 1000  /* of ACLs and policy routes, and theirs */
#define PRIORITY_ROUTE 1000 /* of routes, and the prefix's length */
#define NEXT_HOP_ROUTE 0x80000000u
#define NEXT_HOP_POLICY 0x40000000u

struct rows {
	const struct net *net;
	relation_row_fn fn;
	void *ctx;
};

static void emit(const struct rows *rows, enum net_relation relation, const struct row *row)
{
	rows->fn(rows->ctx, relation, row);
}

static void set(struct row *row, enum net_column column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void set(struct row *row, enum net_column column, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(row->text[column], ROW_TEXT, format, ap);
	va_end(ap);
	row->v[column] = row->text[column];
}

static void set_number(struct row *row, enum net_column column, uint32_t number)
{
	char *end = row->text[column] + ROW_TEXT - 1;

	*end = '\0';
	do
		*--end = '0' + number % 10;
	while (number /= 10);
	row->v[column] = end;
}

static void set_mac(struct row *row, enum net_column column, const uint8_t mac[6])
{
	static const char digits[] = "0123456789abcdef";
	char *text = row->text[column];

	for (int i = 0; i < 6; i++) {
		*text++ = digits[mac[i] >> 4];
		*text++ = digits[mac[i] & 15];
		*text++ = i < 5 ? ':' : '\0';
	}
	row->v[column] = row->text[column];
}

/* an address, and as the numbers that registers hold */
static void set_address(struct row *row, const struct address *address)
{
	row->v[COL_IP] = address_format(address, row->text[COL_IP]);
	for (unsigned int i = 0; i < address_len(address) / 4; i++) {
		uint32_t word;

		memcpy(&word, address->bytes + 4 * i, 4);
		set_number(row, COL_WORD0 + i, ntohl(word));
	}
}

/* a prefix without what is behind it */
static void set_prefix(struct row *row, const struct address *address)
{
	struct address network = *address;
	char text[ADDRESS_TEXT];

	for (unsigned int bit = address->prefix_len; bit < 8 * address_len(address); bit++)
		network.bytes[bit / 8] &= ~(0x80 >> bit % 8);
	set(row, COL_PREFIX, "%s/%u", address_format(&network, text), address->prefix_len);
	set_number(row, COL_PRIORITY, PRIORITY_ROUTE + address->prefix_len);
}

static void set_switch(struct row *row, const struct net_object *object)
{
	set_number(row, COL_LDP, object->sw.ldp);
}

static void set_router(struct row *row, const struct net_object *object)
{
	set_number(row, COL_RLDP, object->router.ldp);
}

/* 0: packets may be of any length */
static void set_mtu(struct row *row, uint16_t mtu)
{
	set_number(row, COL_MTU, mtu ? mtu : UINT16_MAX);
}

static void set_link(struct row *row, const struct net_object *object)
{
	const struct net_link *link = &object->link;

	set_switch(row, link->of_switch);
	set_router(row, link->router);
	set_number(row, COL_PEER, link->lport);
	set_number(row, COL_RPORT, link->id);
	set_mac(row, COL_LINK_MAC, link->mac);
	set_mtu(row, link->mtu);
}

static uint32_t next_hop_of(const struct net_object *object)
{
	uint32_t hash = digest_string(DIGEST_START, object->name);

	return object->kind == NET_ROUTE ? hash | NEXT_HOP_ROUTE :
					   (hash & (NEXT_HOP_POLICY - 1)) | NEXT_HOP_POLICY;
}

static const struct net_addresses *addresses_of(const struct net_object *object)
{
	return object->kind == NET_PORT ? &object->port.addresses : &object->link.addresses;
}

static bool is_ip4(const struct address *address)
{
	return address_len(address) == 4;
}

static bool is_link_local(const struct address *address)
{
	return !is_ip4(address) && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

/* does the router that is linked leave the egress ACL of remote ports to the last hop? */
static bool leaves_acl(const struct net_object *link)
{
	enum net_placement placement = link->link.router->router.placement;

	return placement == NET_LAST_HOP_ACL || placement >= NET_GATEWAY;
}

static bool is_away(const struct net *net, const struct net_object *link)
{
	const struct net_router *router = &link->link.router->router;

	return router->placement >= NET_GATEWAY && router->gateway != net->self;
}

/* ---- hosts and the tunnel ---------------------------------------------- */

/* the MAC address by which other hosts' daemons know that of a host */
static void set_daemon(struct row *row, const struct net_object *host)
{
	uint8_t mac[6];

	arp_daemon_mac(host->host.number, mac);
	set_mac(row, COL_DAEMON, mac);
}

static void host_rows(const struct rows *rows, const struct net_object *object)
{
	struct row row = { .v = { NULL } };

	if (object == rows->net->self || !rows->net->tunnel.name)
		return;
	row.v[COL_HOST] = net_towards(rows->net->self, object)->name;
	row.v[COL_TUNNEL] = rows->net->tunnel.name;
	set_number(&row, COL_NUMBER, object->host.number);
	set_mtu(&row, rows->net->tunnel.mtu);
	emit(rows, REL_HOST, &row);
	if (!rows->net->ask.on || !rows->net->self->host.relays)
		return;
	set_daemon(&row, object);
	emit(rows, REL_HOST_RELAY, &row);
}

void relation_tunnel_rows(const struct net *net, relation_row_fn row_fn, void *ctx)
{
	struct row row = { .v = { NULL } };

	row.v[COL_TUNNEL] = net->tunnel.name;
	if (!net->tunnel.name)
		return;
	row_fn(ctx, REL_TUNNEL, &row);
	if (!net->ask.on)
		return;
	set_number(&row, COL_NUMBER, net->self->host.number);
	set_daemon(&row, net->self);
	row_fn(ctx, REL_ASK, &row);
	if (net->ask.serves)
		row_fn(ctx, REL_MAP, &row);
}

/* ---- switches ---------------------------------------------------------- */

struct text {
	char *start;
	size_t len;
	FILE *out;
};

static void text_open(struct text *text)
{
	*text = (struct text){ 0 };
	text->out = open_memstream(&text->start, &text->len);
	if (!text->out)
		abort();
}

/* from: a host whose copies this one hands on as a relay; NULL: they are made here */
static void note_tunnel(const struct net *net, const struct net_object *from,
			const struct net_object *host, uint8_t *seen)
{
	if (host && host != net->self && host != from &&
	    (!from || net_towards(from, host) == net->self))
		seen[net_towards(net->self, host) - net->objects[NET_HOST]] = 1;
}

/*
 * One tunnel for each host to which copies for the hosts with ports of a switch go, from a host
 * to which they came from another one: NULL when it is where they are made. A router in a namespace
 * is such a port, too. Learning: only ports that learn count.
 */
static void write_tunnels(const struct net *net, const struct net_switch *sw,
			  const struct net_object *from, bool learning, FILE *out)
{
	uint8_t *seen = memory_zalloc(net->n_objects[NET_HOST]);

	for (size_t i = 0; i < sw->ports.n; i++) {
		if (!learning || sw->ports.v[i]->port.learn)
			note_tunnel(net, from, sw->ports.v[i]->port.host, seen);
	}
	for (size_t i = 0; i < sw->links.n && !learning; i++)
		note_tunnel(net, from, net_device_host(sw->links.v[i]), seen);
	for (size_t i = 0, n = 0; i < net->n_objects[NET_HOST]; i++) {
		if (!seen[i])
			continue;
		fprintf(out, "%stunnel:%s, ", n++ ? "" : "load:stage=1, ",
			net->objects[NET_HOST][i].name);
	}
	free(seen);
}

static void write_copy(const struct net_switch *sw, uint16_t lport, FILE *out)
{
	fprintf(out, "clone(load:stage=0, load:lout=%u, goto:%s), ", lport,
		sw->acl_out ? "l2_acl_out" : "output");
}

/* for routers in namespaces of this host */
static void write_device_copies(const struct net *net, const struct net_switch *sw, FILE *out)
{
	for (size_t i = 0; i < sw->links.n; i++) {
		if (net_device_host(sw->links.v[i]) == net->self)
			write_copy(sw, sw->links.v[i]->link.lport, out);
	}
}

static void write_copies(const struct net *net, const struct net_switch *sw, bool learning,
			 FILE *out)
{
	for (size_t i = 0; i < sw->ports.n; i++) {
		if (net_is_local(net, sw->ports.v[i]) && (!learning || sw->ports.v[i]->port.learn))
			write_copy(sw, sw->ports.v[i]->port.lport, out);
	}
	if (!learning)
		write_device_copies(net, sw, out);
}

/* actions without the last comma */
static void text_close(struct text *text)
{
	fclose(text->out);
	if (text->len > 2)
		text->start[text->len - 2] = '\0';
}

static void flood_row(const struct rows *rows, struct row *row, const struct net_switch *sw,
		      bool fabric, bool learning)
{
	static const enum net_relation relations[2][2] = {
		{ REL_FLOOD, REL_FLOOD_FABRIC },
		{ REL_LEARN_FLOOD, REL_LEARN_FABRIC },
	};
	struct text text;

	text_open(&text);
	if (!fabric)
		write_tunnels(rows->net, sw, NULL, learning, text.out);
	write_copies(rows->net, sw, learning, text.out);
	text_close(&text);
	row->v[COL_COPIES] = text.len ? text.start : "drop:no_neighbour";
	emit(rows, relations[learning][fabric], row);
	free(text.start);
}

/* copies that come to a relay: for hosts with ports of the switch, or other relays, before it */
static void relay_row(const struct rows *rows, struct row *row, const struct net_switch *sw,
		      const struct net_object *from, bool learning)
{
	struct text text;

	text_open(&text);
	write_tunnels(rows->net, sw, from, learning, text.out);
	if (sw->here && ftell(text.out)) /* and those for its own ports */
		fputs("load:stage=0, goto:l2_flood, ", text.out);
	text_close(&text);
	set_address(row, &from->host.address);
	row->v[COL_COPIES] = text.start;
	if (text.len)
		emit(rows, learning ? REL_LEARN_RELAY : REL_FLOOD_RELAY, row);
	free(text.start);
}

static void relay_rows(const struct rows *rows, struct row *row, const struct net_switch *sw)
{
	const struct net *net = rows->net;
	uint8_t *before = memory_zalloc(net->n_objects[NET_HOST]);

	for (size_t i = 0; i < sw->ports.n; i++) {
		if (sw->ports.v[i]->port.host)
			before[sw->ports.v[i]->port.host - net->objects[NET_HOST]] = 1;
	}
	for (size_t i = 0; i < sw->links.n; i++) {
		if (net_device_host(sw->links.v[i]))
			before[net_device_host(sw->links.v[i]) - net->objects[NET_HOST]] = 1;
	}
	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++) {
		const struct net_object *from = &net->objects[NET_HOST][i];

		if (from == net->self || !(before[i] || from->host.relays))
			continue;
		relay_row(rows, row, sw, from, false);
		if (sw->learns)
			relay_row(rows, row, sw, from, true);
	}
	free(before);
}

/* to the network outside, if the way there is here */
static void write_outside_copy(const struct net *net, const struct net_switch *sw, FILE *out)
{
	for (size_t i = 0; i < sw->ports.n; i++) {
		if (sw->ports.v[i]->port.outside && net_is_local(net, sw->ports.v[i]))
			write_copy(sw, sw->ports.v[i]->port.lport, out);
	}
}

/*
 * What machines of other hosts ask is for the daemon, and for those whose addresses it does not
 * know: routers in namespaces, and the network outside.
 */
static void switch_ask_rows(const struct rows *rows, struct row *row, const struct net_switch *sw)
{
	static const char and_on[] = "service(name=arp, fallback=continue), ";
	struct text text;

	text_open(&text);
	fputs(and_on, text.out);
	write_device_copies(rows->net, sw, text.out);
	write_outside_copy(rows->net, sw, text.out);
	text_close(&text);
	if (text.len == strlen(and_on)) {
		row->v[COL_COPIES] = "service:arp";
		emit(rows, REL_SWITCH_ASK, row);
	} else {
		row->v[COL_COPIES] = text.start;
		emit(rows, REL_SWITCH_ASK, row);
		emit(rows, REL_SWITCH_HEARS, row);
	}
	free(text.start);
}

static void learn_rows(const struct rows *rows, struct row *row, const struct net_switch *sw)
{
	char name[NET_LEARN_NAME];

	net_learn_name(sw, name);
	row->v[COL_TEMPLATE] = name;
	set_number(row, COL_LIMIT, sw->learn_limit);
	emit(rows, REL_LEARN, row);
	if (!sw->flood_unknown)
		emit(rows, REL_LEARN_LOOKUP, row);
	flood_row(rows, row, sw, false, true);
	if (!rows->net->tunnel.name)
		return;
	emit(rows, REL_LEARN_TUNNEL, row);
	flood_row(rows, row, sw, true, true);
}

static void switch_rows(const struct rows *rows, const struct net_object *object)
{
	struct row row = { .v = { NULL } };

	set_switch(&row, object);
	row.v[COL_TUNNEL] = rows->net->tunnel.name;
	if (rows->net->self->host.relays)
		relay_rows(rows, &row, &object->sw);
	if (!object->sw.here)
		return;
	emit(rows, REL_SWITCH, &row);
	if (object->sw.flood_unknown)
		emit(rows, REL_UNKNOWN, &row);
	if (object->sw.learns)
		learn_rows(rows, &row, &object->sw);
	flood_row(rows, &row, &object->sw, false, false);
	if (!rows->net->tunnel.name)
		return;
	flood_row(rows, &row, &object->sw, true, false);
	if (rows->net->ask.on)
		switch_ask_rows(rows, &row, &object->sw);
}

/* ---- ports ------------------------------------------------------------- */

static void security_rows(const struct rows *rows, struct row *row, const struct net_port *port)
{
	struct address link_local = { .family = AF_INET6, .bytes = { 0xfe, 0x80 } };
	bool ip6 = false;

	if (port->learn) {
		emit(rows, REL_LEARN_HERE, row);
		return;
	}
	if (!port->security || !port->addresses.n) {
		emit(rows, port->security ? REL_PORT_MAC : REL_PORT_OPEN, row);
		return;
	}
	emit(rows, REL_PORT_SAFE, row);
	for (size_t i = 0; i < port->addresses.n; i++) {
		const struct address *address = &port->addresses.v[i];

		set_address(row, address);
		emit(rows, is_ip4(address) ? REL_PORT_SAFE_IP4 : REL_PORT_SAFE_IP6, row);
		if (is_ip4(address))
			continue;
		emit(rows, REL_PORT_SAFE_TARGET, row);
		ip6 = true;
	}
	memcpy(link_local.bytes + 8, port->mac, 3);
	link_local.bytes[8] ^= 2;
	link_local.bytes[11] = 0xff;
	link_local.bytes[12] = 0xfe;
	memcpy(link_local.bytes + 13, port->mac + 3, 3);
	for (size_t i = 0; i < port->addresses.n; i++) {
		if (address_equal(&port->addresses.v[i], &link_local))
			ip6 = false;
	}
	if (!ip6)
		return;
	set_address(row, &link_local);
	emit(rows, REL_PORT_SAFE_IP6, row);
}

/* addresses of a port, or of another router's, as a link's router resolves them */
static void neighbour_rows(const struct rows *rows, const struct net_object *object,
			   const struct net_object *link, const uint8_t mac[6])
{
	const struct net_addresses *addresses = addresses_of(object);
	struct row row = { .v = { NULL } };

	set_link(&row, link);
	set_mac(&row, COL_MAC, mac);
	for (size_t i = 0; i < addresses->n; i++) {
		const struct address *address = &addresses->v[i];
		bool inside = false;

		for (size_t j = 0; j < link->link.addresses.n; j++)
			inside = inside || net_address_in(address, &link->link.addresses.v[j]);
		if (!inside)
			continue;
		set_address(&row, address);
		emit(rows, is_ip4(address) ? REL_NEIGHBOUR4 : REL_NEIGHBOUR6, &row);
	}
}

/* what routers need to know of a port: each link of its switch in turn */
static void port_link_rows(const struct rows *rows, const struct net_object *object)
{
	const struct net_port *port = &object->port;
	const struct net_switch *sw = &port->of_switch->sw;
	bool away = port->host && port->host != rows->net->self;
	struct row row = { .v = { NULL } };

	if (arp_mac_is_zero(port->mac))
		return;
	set_mac(&row, COL_MAC, port->mac);
	set_number(&row, COL_LPORT, port->lport);
	if (port->host)
		set_number(&row, COL_NUMBER, port->host->host.number);
	for (size_t i = 0; i < sw->links.n; i++) {
		const struct net_object *link = sw->links.v[i];

		set_link(&row, link);
		if (net_works_here(link->link.router) &&
		    (!rows->net->ask.on || net_is_local(rows->net, object)))
			neighbour_rows(rows, object, link, port->mac);
		if (!away)
			continue;
		if (sw->here && leaves_acl(link))
			emit(rows, REL_LATE_ACL, &row);
		if (net_works_here(link->link.router) &&
		    link->link.router->router.placement == NET_LAST_HOP_SWITCH)
			emit(rows, REL_LATE_SWITCH, &row);
	}
}

/* what the switch does not know is there; routers here ask there, and listen */
static void outside_rows(const struct rows *rows, struct row *row, const struct net_object *object)
{
	const struct net_objects *links = &object->port.of_switch->sw.links;
	bool asks = false;

	emit(rows, REL_PORT_OUTSIDE, row);
	if (!rows->net->ask.on || !net_is_local(rows->net, object))
		return;
	for (size_t i = 0; i < links->n; i++) {
		if (!net_works_here(links->v[i]->link.router))
			continue;
		set_mac(row, COL_LINK_MAC, links->v[i]->link.mac);
		emit(rows, REL_OUTSIDE_ASK, row);
		asks = true;
	}
	if (asks)
		emit(rows, REL_OUTSIDE_ALL, row);
}

/* what routers here send outside, when the last hop does the switch, of which nothing is here */
static void late_outside_rows(const struct rows *rows, const struct net_object *object)
{
	const struct net_port *port = &object->port;
	const struct net_switch *sw = &port->of_switch->sw;
	struct row row = { .v = { NULL } };

	if (!port->outside || !port->host || sw->here)
		return;
	set_number(&row, COL_LPORT, port->lport);
	set_number(&row, COL_NUMBER, port->host->host.number);
	for (size_t i = 0; i < sw->links.n; i++) {
		set_link(&row, sw->links.v[i]);
		if (net_works_here(sw->links.v[i]->link.router))
			emit(rows, REL_LATE_OUTSIDE, &row);
	}
}

static void port_rows(const struct rows *rows, const struct net_object *object)
{
	const struct net_port *port = &object->port;
	struct row row = { .v = { NULL } };

	port_link_rows(rows, object);
	late_outside_rows(rows, object);
	set_switch(&row, port->of_switch);
	set_number(&row, COL_LPORT, port->lport);
	set_mac(&row, COL_MAC, port->mac);
	set_number(&row, COL_LIMIT, port->learn_limit);
	row.v[COL_TUNNEL] = rows->net->tunnel.name;
	if (port->host && port->host != rows->net->self && rows->net->self->host.relays) {
		set_number(&row, COL_NUMBER, port->host->host.number);
		emit(rows, REL_PORT_RELAY, &row);
		if (!arp_mac_is_zero(port->mac))
			emit(rows, REL_MAC_RELAY, &row);
	}
	if (!port->of_switch->sw.here)
		return;
	if (!arp_mac_is_zero(port->mac)) {
		emit(rows, REL_PORT, &row);
		if (port->of_switch->sw.learns)
			emit(rows, REL_LEARN_KNOWN, &row);
	}
	if (port->outside)
		outside_rows(rows, &row, object);
	for (size_t i = 0; i < port->addresses.n; i++) {
		const struct address *address = &port->addresses.v[i];
		bool ip4 = is_ip4(address);

		/* by its link-local address others know whether it is a router: it alone can say */
		if (is_link_local(address))
			continue;
		set_address(&row, address);
		emit(rows, ip4 ? REL_PORT_IP4 : REL_PORT_IP6, &row);
		if (net_is_local(rows->net, object))
			emit(rows, ip4 ? REL_PORT_OWN_IP4 : REL_PORT_OWN_IP6, &row);
	}
	if (net_is_local(rows->net, object)) {
		row.v[COL_PORT] = object->name;
		emit(rows, REL_PORT_HERE, &row);
		if (rows->net->tunnel.mtu)
			emit(rows, REL_PORT_SHORT, &row);
		security_rows(rows, &row, port);
	} else if (port->host) {
		set_number(&row, COL_NUMBER, port->host->host.number);
		emit(rows, REL_PORT_AWAY, &row);
		if (port->learn)
			emit(rows, REL_LEARN_AWAY, &row);
	}
}

/* ---- routers, links, routes -------------------------------------------- */

static void nat_own_rows(const struct rows *rows, struct row *row, const struct net_nat *nat)
{
	bool ip4 = is_ip4(&nat->outside), own = false;
	const struct net_addresses *addresses = &nat->link->link.addresses;

	if (!nat->first)
		return;
	set_prefix(row, &nat->outside);
	emit(rows, ip4 ? REL_NAT_OWN_IP4 : REL_NAT_OWN_IP6, row);
	for (size_t i = 0; i < addresses->n; i++)
		own = own || address_equal(&addresses->v[i], &nat->outside);
	if (!own || nat->outside.prefix_len != 8 * address_len(&nat->outside))
		emit(rows, ip4 ? REL_NAT_ARP : REL_NAT_ND, row);
}

/* connections to one port before those to all of an address, few addresses before many */
static void nat_rows(const struct rows *rows, const struct net_nat *nat)
{
	bool ip4 = is_ip4(&nat->outside);
	struct row row = { .v = { NULL } };

	set_link(&row, nat->link);
	if (nat->first_of_link)
		emit(rows, ip4 ? REL_NAT_LINK_IP4 : REL_NAT_LINK_IP6, &row);
	nat_own_rows(rows, &row, nat);
	set(&row, COL_TEMPLATE, "%s", nat->name);
	if (nat->kind != NET_DNAT) {
		set_prefix(&row, &nat->inside);
		set_number(&row, COL_PRIORITY, PRIORITY_USER + 2 * nat->inside.prefix_len);
		emit(rows, ip4 ? REL_NAT_OUT_IP4 : REL_NAT_OUT_IP6, &row);
	}
	if (nat->kind == NET_SNAT)
		return;
	set_prefix(&row, &nat->outside);
	set_number(&row, COL_PRIORITY,
		   PRIORITY_USER + (nat->protocol ? 300 : 2 * nat->outside.prefix_len));
	set(&row, COL_MATCH, "%s", "");
	if (nat->outside_port)
		set(&row, COL_MATCH, ", ip_proto=%u, %s_dst=%u", nat->protocol,
		    net_nat_protocol(nat), nat->outside_port);
	else if (nat->protocol)
		set(&row, COL_MATCH, ", ip_proto=%u", nat->protocol);
	if (nat->kind != NET_DNAT)
		set(&row, COL_TEMPLATE, "%s-in", nat->name);
	emit(rows, ip4 ? REL_NAT_IN_IP4 : REL_NAT_IN_IP6, &row);
}

/* a router that translates */
static void router_nat_rows(const struct rows *rows, struct row *row,
			    const struct net_router *router)
{
	emit(rows, REL_NAT, row);
	for (size_t i = 0; i < router->n_nats; i++)
		nat_rows(rows, &router->nats[i]);
	for (size_t i = 0; i < router->links.n; i++) {
		bool outside = false;

		for (size_t j = 0; j < router->n_nats; j++)
			outside = outside || router->nats[j].link == router->links.v[i];
		if (outside)
			continue;
		set_link(row, router->links.v[i]);
		emit(rows, REL_NAT_INSIDE, row);
	}
}

static void router_rows(const struct rows *rows, const struct net_object *object)
{
	struct row row = { .v = { NULL } };

	if (!net_works_here(object))
		return;
	set_router(&row, object);
	emit(rows, REL_ROUTER, &row);
	if (object->router.n_nats)
		router_nat_rows(rows, &row, &object->router);
}

/* the switch's side of a link */
static void link_switch_rows(const struct rows *rows, struct row *row,
			     const struct net_object *object)
{
	const struct net_link *link = &object->link;
	bool device = net_device_host(object) == rows->net->self;

	if (!device)
		emit(rows, REL_LINK_GUARD, row);
	if (link->of_switch->sw.learns)
		emit(rows, REL_LEARN_KNOWN, row);
	for (size_t i = 0; i < link->addresses.n; i++) {
		bool ip4 = is_ip4(&link->addresses.v[i]);

		set_address(row, &link->addresses.v[i]);
		emit(rows, ip4 ? REL_LINK_IP4 : REL_LINK_IP6, row);
		if (device)
			emit(rows, ip4 ? REL_LINK_DEVICE_IP4 : REL_LINK_DEVICE_IP6, row);
	}
	if (is_away(rows->net, object)) {
		set_number(row, COL_NUMBER, link->router->router.gateway->host.number);
		emit(rows, REL_LINK_AWAY, row);
	} else if (device) {
		row->v[COL_PORT] = object->name;
		emit(rows, REL_LINK_DEVICE, row);
		if (rows->net->ask.on)
			emit(rows, REL_LINK_DEVICE_ASK, row);
	} else if (net_works_here(link->router))
		emit(rows, REL_LINK_TO, row);
}

static void connected_rows(const struct rows *rows, struct row *row,
			   const struct net_object *object)
{
	const struct net_link *link = &object->link;
	bool speaks[2] = { false, false };

	set_number(row, COL_NEXT_HOP, link->id);
	emit(rows, REL_CONNECTED, row);
	if (rows->net->ask.on)
		emit(rows, REL_CONNECTED_ASK, row);
	for (size_t i = 0; i < link->addresses.n; i++) {
		const struct address *address = &link->addresses.v[i];
		bool ip4 = is_ip4(address);

		set_address(row, address);
		set_prefix(row, address);
		emit(rows, ip4 ? REL_CONNECTED_IP4 : REL_CONNECTED_IP6, row);
		if (speaks[ip4] || is_link_local(address))
			continue;
		emit(rows, ip4 ? REL_ERROR_IP4 : REL_ERROR_IP6, row);
		speaks[ip4] = true;
	}
}

static void link_rows(const struct rows *rows, const struct net_object *object)
{
	const struct net_link *link = &object->link;
	const struct net_objects *others = &link->of_switch->sw.links;
	struct row row = { .v = { NULL } };

	set_link(&row, object);
	set_mac(&row, COL_MAC, link->mac);
	row.v[COL_TUNNEL] = rows->net->tunnel.name;
	if (is_away(rows->net, object) &&
	    (rows->net->self->host.relays || net_stands_by(rows->net, link->router))) {
		set_number(&row, COL_NUMBER, link->router->router.gateway->host.number);
		emit(rows, REL_LINK_RELAY, &row);
	}
	if (link->of_switch->sw.here)
		link_switch_rows(rows, &row, object);
	for (size_t i = 0; i < others->n; i++) {
		if (others->v[i] != object && net_works_here(others->v[i]->link.router))
			neighbour_rows(rows, object, others->v[i], link->mac);
	}
	if (!net_works_here(link->router))
		return;
	if (link->of_switch->sw.here)
		emit(rows, REL_LINK_FROM, &row);
	connected_rows(rows, &row, object);
}

/* several next hops share the sources of packets: by the lowest bits of their addresses */
static void hop_rows(const struct rows *rows, struct row *row, const struct net_hop *hops, size_t n)
{
	size_t n_parts = 1;

	while (n_parts < n)
		n_parts *= 2;
	if (n_parts > n)
		n_parts *= 2; /* more even */
	for (size_t part = 0; part < n_parts; part++) {
		const struct net_hop *hop = &hops[part % n];
		bool ip4 = is_ip4(&hop->via);

		set_link(row, hop->link);
		set_address(row, &hop->via);
		if (n_parts == 1)
			set(row, COL_SCOPE, "%s", "");
		else if (ip4)
			set(row, COL_SCOPE, ", ip_src=0.0.0.%zu/0.0.0.%zu", part, n_parts - 1);
		else
			set(row, COL_SCOPE, ", ipv6_src=::%zx/::%zx", part, n_parts - 1);
		emit(rows, ip4 ? REL_HOP_IP4 : REL_HOP_IP6, row);
	}
}

static void route_rows(const struct rows *rows, const struct net_object *object)
{
	const struct net_route *route = &object->route;
	bool ip4 = is_ip4(&route->prefix);
	struct row row = { .v = { NULL } };

	if (!net_works_here(route->router))
		return;
	set_router(&row, route->router);
	set_prefix(&row, &route->prefix);
	set_number(&row, COL_NEXT_HOP, next_hop_of(object));
	if (route->drop) {
		emit(rows, ip4 ? REL_ROUTE_DROP_IP4 : REL_ROUTE_DROP_IP6, &row);
		return;
	}
	emit(rows, ip4 ? REL_ROUTE_IP4 : REL_ROUTE_IP6, &row);
	hop_rows(rows, &row, route->hops, route->n_hops);
}

static void policy_rows(const struct rows *rows, const struct net_object *object)
{
	const struct net_policy *policy = &object->policy;
	struct row row = { .v = { NULL } };
	char *match;

	if (!net_works_here(policy->router))
		return;
	match = memory_printf("%s%s", *policy->match ? ", " : "", policy->match);
	set_router(&row, policy->router);
	set_number(&row, COL_PRIORITY, PRIORITY_USER + policy->priority);
	row.v[COL_MATCH] = match;
	if (policy->skip || policy->drop) {
		emit(rows, policy->skip ? REL_POLICY_ROUTE : REL_POLICY_DROP, &row);
	} else {
		set(&row, COL_FAMILY, "%s", is_ip4(&policy->hop.via) ? "ip" : "ipv6");
		set_number(&row, COL_NEXT_HOP, next_hop_of(object));
		emit(rows, REL_POLICY_VIA, &row);
		hop_rows(rows, &row, &policy->hop, 1);
	}
	free(match);
}

/* ---- ACLs -------------------------------------------------------------- */

static bool acl_is_here(const struct net_object *target)
{
	switch (target->kind) {
	case NET_SWITCH:
		return target->sw.here;
	case NET_PORT:
		return target->port.of_switch->sw.here;
	case NET_ROUTER:
		return net_works_here(target);
	default:
		return net_works_here(target->link.router);
	}
}

static void acl_rows(const struct rows *rows, const struct net_object *object)
{
	static const enum net_relation relations[2][2][2] = {
		{ { REL_ACL_L2_IN, REL_ACL_L2_OUT }, { REL_ACL_L3_IN, REL_ACL_L3_OUT } },
		{ { REL_REJECT_L2_IN, REL_REJECT_L2_OUT },
		  { REL_REJECT_L3_IN, REL_REJECT_L3_OUT } },
	};
	static const char *const next[2][2] = {
		{ "goto:l2_neighbour", "goto:egress" },
		{ "goto:l3_local", "goto:l3_resolve" },
	};
	const struct net_acl *acl = &object->acl;
	const struct net_object *target = acl->target;
	bool l3 = target->kind == NET_ROUTER || target->kind == NET_LINK;
	struct row row = { .v = { NULL } };
	uint16_t lport = 0;
	char *match;

	if (!acl_is_here(target))
		return;
	match = memory_printf("%s%s", *acl->match ? ", " : "", acl->match);
	if (target->kind == NET_SWITCH)
		set_switch(&row, target);
	else if (target->kind == NET_ROUTER)
		set_router(&row, target);
	else if (target->kind == NET_PORT) {
		set_switch(&row, target->port.of_switch);
		lport = target->port.lport;
	} else {
		set_router(&row, target->link.router);
		lport = target->link.id;
	}
	set(&row, COL_SCOPE, "%s", "");
	if (lport)
		set(&row, COL_SCOPE, ", %s=%u", acl->out ? "lout" : "lin", lport);
	set_number(&row, COL_PRIORITY, PRIORITY_USER + acl->priority);
	row.v[COL_MATCH] = match;
	row.v[COL_VERDICT] = acl->drop ? "drop:acl" : next[l3][acl->out];
	emit(rows, relations[acl->reject][l3][acl->out], &row);
	free(match);
}

typedef void (*rows_fn)(const struct rows *rows, const struct net_object *object);

static const rows_fn row_functions[NET_N_KINDS] = {
	[NET_HOST] = host_rows,	    [NET_SWITCH] = switch_rows, [NET_PORT] = port_rows,
	[NET_ROUTER] = router_rows, [NET_LINK] = link_rows,	[NET_ROUTE] = route_rows,
	[NET_POLICY] = policy_rows, [NET_ACL] = acl_rows,
};

void relation_rows(const struct net *net, const struct net_object *object, relation_row_fn row_fn,
		   void *ctx)
{
	const struct rows rows = { .net = net, .fn = row_fn, .ctx = ctx };

	row_functions[object->kind](&rows, object);
}
