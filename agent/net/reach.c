// SPDX-License-Identifier: Apache-2.0
/*
 * reach.c - which logical datapaths a host has a part in.
 *
 * A switch, when the host has a port of it, or does the work of a router that is linked to it;
 * a router, when the host does its work: it is the gateway, or the router is distributed and
 * linked to a switch that the host has a part in. If the last hop does the destination's switch,
 * that switch is none of the first hop's business, unless it leads on to another router.
 *
 * So the parts grow from switch to router to switch, until nothing is added.
 */
#include <stdlib.h>

#include "memory.h"
#include "net/net.h"

struct reach {
	const struct net *net;
	struct net_object **queue;
	size_t first, end;
};

static void reach_switch(struct reach *reach, const struct net_object *of_switch)
{
	struct net_object *object = net_find(reach->net, NET_SWITCH, of_switch->name);

	if (object->sw.here)
		return;
	object->sw.here = true;
	reach->queue[reach->end++] = object;
}

static void reach_router(struct reach *reach, const struct net_object *of_router)
{
	struct net_object *object = net_find(reach->net, NET_ROUTER, of_router->name);

	if (object->router.here)
		return;
	object->router.here = true;
	reach->queue[reach->end++] = object;
}

static bool is_own_work(const struct net *net, const struct net_object *router)
{
	return router->router.placement < NET_GATEWAY || router->router.gateway == net->self;
}

static void spread(struct reach *reach, const struct net_object *object)
{
	const struct net_objects *links = object->kind == NET_SWITCH ? &object->sw.links :
								       &object->router.links;

	for (size_t i = 0; i < links->n; i++) {
		const struct net_link *link = &links->v[i]->link;

		if (object->kind == NET_SWITCH) {
			if (is_own_work(reach->net, link->router))
				reach_router(reach, link->router);
		} else if (object->router.placement != NET_LAST_HOP_SWITCH ||
			   link->of_switch->sw.links.n > 1)
			reach_switch(reach, link->of_switch);
	}
}

void net_reach(struct net *net)
{
	struct reach reach = { .net = net };

	reach.queue = memory_zalloc((net->n_objects[NET_SWITCH] + net->n_objects[NET_ROUTER]) *
				    sizeof(*reach.queue));
	for (size_t i = 0; i < net->n_objects[NET_PORT]; i++) {
		const struct net_object *port = &net->objects[NET_PORT][i];

		if (net_is_local(net, port))
			reach_switch(&reach, port->port.of_switch);
	}
	for (size_t i = 0; i < net->n_objects[NET_ROUTER]; i++) {
		const struct net_object *router = &net->objects[NET_ROUTER][i];

		if (router->router.gateway && router->router.gateway == net->self)
			reach_router(&reach, router);
	}
	while (reach.first < reach.end)
		spread(&reach, reach.queue[reach.first++]);
	free(reach.queue);
}
