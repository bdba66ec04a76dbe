// SPDX-License-Identifier: Apache-2.0
/*
 * dependence.c - what the rows of an object are made from: see relation.h.
 *
 * What a function of relation.c looks at, its twin here must take in: net_change_test.c changes
 * networks at random and compares with compiling afresh.
 */
#include "net/digest.h"
#include "net/net.h"
#include "net/relation.h"

static uint64_t with_host(uint64_t digest, const struct net *net, const struct net_object *host)
{
	if (host)
		digest = digest_number(digest_number(digest, host->digest), host->host.number);
	return digest_number(digest, host == net->self);
}

static uint64_t with_switch(uint64_t digest, const struct net_object *object)
{
	digest = digest_number(digest, object->digest);
	return digest_number(digest, object->sw.here << 1 | object->sw.learns);
}

static uint64_t with_router(uint64_t digest, const struct net *net, const struct net_object *object)
{
	digest = digest_number(digest, object->digest);
	digest = with_host(digest, net, object->router.gateway);
	return digest_number(digest, object->router.here);
}

static uint64_t with_links(uint64_t digest, const struct net *net, const struct net_objects *links)
{
	for (size_t i = 0; i < links->n; i++) {
		digest = digest_number(digest, links->v[i]->digest);
		digest = with_router(digest, net, links->v[i]->link.router);
		digest = with_switch(digest, links->v[i]->link.of_switch);
	}
	return digest;
}

/* its copies: to whom, in which order, through an ACL or not */
static uint64_t switch_digest(const struct net *net, const struct net_object *object)
{
	uint64_t digest = with_switch(digest_string(net->relays_digest, net->tunnel.name), object);

	if (!object->sw.here && !net->self->host.relays)
		return digest;
	digest = digest_number(digest, object->sw.acl_out);
	for (size_t i = 0; i < object->sw.ports.n; i++) {
		const struct net_port *port = &object->sw.ports.v[i]->port;

		digest = digest_number(digest, port->lport << 2 | port->outside << 1 | port->learn);
		digest = with_host(digest, net, port->host);
	}
	for (size_t i = 0; i < object->sw.links.n; i++) {
		const struct net_object *host = net_device_host(object->sw.links.v[i]);

		if (host)
			digest = with_host(digest_number(digest, object->sw.links.v[i]->link.lport),
					   net, host);
	}
	return digest;
}

static uint64_t port_digest(const struct net *net, const struct net_object *object)
{
	const struct net_port *port = &object->port;
	uint64_t digest = digest_number(net->relays_digest, object->digest);

	digest = with_host(with_switch(digest, port->of_switch), net, port->host);
	return with_links(digest, net, &port->of_switch->sw.links);
}

static uint64_t link_digest(const struct net *net, const struct net_object *object)
{
	uint64_t digest = digest_number(net->relays_digest, object->digest);

	digest = with_router(digest, net, object->link.router);
	digest = with_switch(digest, object->link.of_switch);
	return with_links(digest, net, &object->link.of_switch->sw.links);
}

static uint64_t acl_digest(const struct net *net, const struct net_object *object)
{
	const struct net_object *target = object->acl.target;
	uint64_t digest = digest_number(DIGEST_START, object->digest);

	digest = digest_number(digest, target->digest);
	if (target->kind == NET_SWITCH)
		return with_switch(digest, target);
	if (target->kind == NET_PORT)
		return with_switch(digest, target->port.of_switch);
	return with_router(digest, net, target->kind == NET_ROUTER ? target : target->link.router);
}

uint64_t relation_tunnel_digest(const struct net *net)
{
	uint64_t digest = digest_string(net->relays_digest, net->tunnel.name);

	return digest_number(digest, net->self->host.number);
}

uint64_t relation_digest(const struct net *net, const struct net_object *object)
{
	const struct net_object *router;
	uint64_t digest;

	switch (object->kind) {
	case NET_HOST:
		digest = digest_string(digest_number(net->relays_digest, object->digest),
				       net->tunnel.name);
		return with_host(digest, net, object);
	case NET_SWITCH:
		return switch_digest(net, object);
	case NET_PORT:
		return port_digest(net, object);
	case NET_ROUTER:
		digest = with_router(DIGEST_START, net, object);
		return object->router.n_nats ? with_links(digest, net, &object->router.links) :
					       digest;
	case NET_LINK:
		return link_digest(net, object);
	case NET_ACL:
		return acl_digest(net, object);
	default:
		router = object->kind == NET_ROUTE ? object->route.router : object->policy.router;
		digest = with_router(digest_number(DIGEST_START, object->digest), net, router);
		return with_links(digest, net, &router->router.links);
	}
}

uint64_t relation_cookie(const struct net_object *object)
{
	uint64_t kind = (uint64_t)(object->kind + 1) << 56;
	uint32_t name = digest_string(DIGEST_START, object->name);

	switch (object->kind) {
	case NET_HOST:
		return kind | object->host.number;
	case NET_SWITCH:
		return kind | (uint64_t)object->sw.ldp << 32;
	case NET_PORT:
		return kind | (uint64_t)object->port.of_switch->sw.ldp << 32 | object->port.lport;
	case NET_ROUTER:
		return kind | (uint64_t)object->router.ldp << 32;
	case NET_LINK:
		return kind | (uint64_t)object->link.router->router.ldp << 32 | object->link.id;
	case NET_ROUTE:
		return kind | (uint64_t)object->route.router->router.ldp << 32 | name;
	case NET_POLICY:
		return kind | (uint64_t)object->policy.router->router.ldp << 32 | name;
	default:
		return kind | name;
	}
}
