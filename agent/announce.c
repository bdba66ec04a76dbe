// SPDX-License-Identifier: Apache-2.0
/* announce.c - see announce.h. RFC 5227, 3 and RFC 4861, 7.2.6. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "announce.h"
#include "config.h"
#include "log.h"
#include "memory.h"
#include "net/net.h"
#include "net/standby.h"
#include "net/translate.h"
#include "services/arp/message.h"

#define TIMES 3 /* a frame may be lost */
#define PERIOD_S 1
#define ADDRESSES_MAX 256 /* of a port of a router; one would do for the switches */

struct announcement {
	uint32_t port; /* by which it goes out */
	struct arp_message message;
};

struct announcer {
	struct event *timer;
	struct weft_sock *sock; /* NULL: to be opened */
	char *dp;
	json_t *ways; /* ports outside, and those of routers that are behind them now */
	struct announcement *v;
	size_t n;
	unsigned int left;
};

static void send_one(struct announcer *announcer, const struct announcement *announcement)
{
	struct weft_packet packet;
	uint8_t data[ARP_MESSAGE_MAX];
	int result;

	if (!announcer->sock && weft_sock_open(&announcer->sock, -1)) {
		announcer->sock = NULL;
		return;
	}
	weft_packet_init(&packet);
	packet.data = data;
	packet.len = arp_message_write(&announcement->message, data);
	weft_actions_add(&packet.actions, WEFT_ACT_A_OUTPUT)->port = announcement->port;
	weft_mark(&packet, WEFT_PACKET_A_ACTIONS);
	result = weft_packet_inject(announcer->sock, announcer->dp, &packet);
	weft_packet_free(&packet);
	if (!result)
		return;
	log_debug("cannot announce: %s", weft_sock_error(announcer->sock));
	weft_sock_close(announcer->sock);
	announcer->sock = NULL;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval period = { .tv_sec = PERIOD_S };
	struct announcer *announcer = arg;

	for (size_t i = 0; i < announcer->n; i++)
		send_one(announcer, &announcer->v[i]);
	if (announcer->left && --announcer->left)
		evtimer_add(announcer->timer, &period);
}

struct announcer *announcer_new(struct event_base *base)
{
	struct announcer *announcer = memory_zalloc(sizeof(*announcer));

	announcer->timer = evtimer_new(base, on_timer, announcer);
	announcer->ways = json_object();
	return announcer;
}

void announcer_free(struct announcer *announcer)
{
	if (!announcer)
		return;
	event_free(announcer->timer);
	weft_sock_close(announcer->sock);
	json_decref(announcer->ways);
	free(announcer->dp);
	free(announcer->v);
	free(announcer);
}

/* ---- what there is to announce ------------------------------------------ */

static void add(struct announcer *announcer, uint32_t port, const struct net_object *link,
		const struct address *address)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t all_nodes[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	struct announcement *announcement;
	bool ip4 = address_len(address) == 4;

	announcer->v = memory_grow(announcer->v, announcer->n, sizeof(*announcer->v));
	announcement = &announcer->v[announcer->n++];
	*announcement = (struct announcement){
		.port = port,
		.message = {
			.is_answer = !ip4,
			.is_router = true,
			.address = *address,
			.asker = { .family = address->family },
		},
	};
	memcpy(announcement->message.mac, link->link.mac, 6);
	memcpy(announcement->message.eth_src, link->link.mac, 6);
	memcpy(announcement->message.eth_dst, ip4 ? broadcast : all_nodes, 6);
	if (!ip4)
		return;
	memcpy(announcement->message.asker_mac, link->link.mac, 6);
	announcement->message.asker = *address;
}

static bool next_address(struct address *address, const struct address *subnet)
{
	size_t at = address_len(address);

	while (at && !++address->bytes[at - 1])
		at--;
	return at && net_address_in(address, subnet);
}

static void add_link(struct announcer *announcer, uint32_t port, const struct net_object *link)
{
	const struct net_router *router = &link->link.router->router;
	size_t end = announcer->n + ADDRESSES_MAX;

	for (size_t i = 0; i < link->link.addresses.n; i++)
		add(announcer, port, link, &link->link.addresses.v[i]);
	for (size_t i = 0; i < router->n_nats; i++) {
		const struct net_nat *nat = &router->nats[i];
		struct address address = nat->outside;

		if (nat->link != link || !nat->first)
			continue;
		do
			add(announcer, port, link, &address);
		while (announcer->n < end && next_address(&address, &nat->outside));
	}
}

/* its number in the kernel; 0: it waits */
static uint32_t port_id(const struct config *config, const char *port, char *const *waiting,
			size_t n)
{
	for (size_t i = 0; i < config->n_ports && i < n; i++) {
		if (!strcmp(config->ports[i].name, port))
			return waiting[i] ? 0 : config->ports[i].id;
	}
	return 0;
}

/* true: there is one that was not there before */
static bool add_port(struct announcer *announcer, const struct net *net,
		     const struct net_object *port, uint32_t id, json_t *ways)
{
	const struct net_objects *links = &port->port.of_switch->sw.links;
	bool is_new = false;
	char way[200];

	for (size_t i = 0; i < links->n; i++) {
		const struct net_object *link = links->v[i], *router = link->link.router;

		if (!net_is_shared(router) || router->router.gateway != net->self)
			continue;
		snprintf(way, sizeof(way), "%s %s", port->name, link->name);
		is_new = is_new || !json_object_get(announcer->ways, way);
		json_object_set_new(ways, way, json_true());
		add_link(announcer, id, link);
	}
	return is_new;
}

void announcer_update(struct announcer *announcer, const struct config *config,
		      char *const *waiting, size_t n_waiting)
{
	const struct net *net = config->net;
	json_t *ways = json_object();
	bool is_new = false;

	announcer->n = 0;
	for (size_t i = 0; net && i < net->n_objects[NET_PORT]; i++) {
		const struct net_object *port = &net->objects[NET_PORT][i];
		uint32_t id = 0;

		if (net_is_local(net, port) && net_is_shared(port))
			id = port_id(config, port->name, waiting, n_waiting);
		if (id)
			is_new = add_port(announcer, net, port, id, ways) || is_new;
	}
	json_decref(announcer->ways);
	announcer->ways = ways;
	if (!is_new)
		return;
	free(announcer->dp);
	announcer->dp = memory_strdup(config->datapath);
	announcer->left = TIMES;
	on_timer(-1, 0, announcer);
}
