// SPDX-License-Identifier: Apache-2.0
/* net_random.c - see net_random.h. */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "net_random.h"

#define N_HOSTS NET_RANDOM_HOSTS
#define N_SWITCHES 5
#define N_ROUTERS 3
#define N_PORTS 14
#define N_LINKS 8

uint64_t net_random_seed;

unsigned int net_random_below(unsigned int n)
{
	net_random_seed = net_random_seed * UINT64_C(6364136223846793005) +
			  UINT64_C(1442695040888963407);
	return (net_random_seed >> 33) % n;
}

json_t *net_random_section(json_t *root, const char *name)
{
	json_t *found = json_object_get(root, name);

	if (!found) {
		found = json_object();
		json_object_set_new(root, name, found);
	}
	return found;
}

void net_random_put(json_t *root, const char *kind, const char *name, json_t *value)
{
	assert(value);
	json_object_set_new(net_random_section(root, kind), name, value);
}

static void put_port(json_t *root, unsigned int i)
{
	unsigned int sw = net_random_below(N_SWITCHES), n = i + 10;
	char name[16], of[16], mac[24], ip[24], ip6[40], device[16], host[16];
	json_t *port;

	snprintf(name, sizeof(name), "vm%u", i);
	snprintf(of, sizeof(of), "s%u", sw);
	snprintf(mac, sizeof(mac), "02:00:00:00:%02x:%02x", net_random_below(2), n);
	snprintf(ip, sizeof(ip), "10.0.%u.%u", net_random_below(8) ? sw : net_random_below(5), n);
	snprintf(ip6, sizeof(ip6), "fd00:%x::%x", sw, n);
	snprintf(device, sizeof(device), "tap%u", i);
	snprintf(host, sizeof(host), "h%u", net_random_below(N_HOSTS));
	port = json_pack("{s:s, s:i, s:s, s:s, s:[s, s]}", "switch", of, "lport",
			 n + 20 * net_random_below(2), "mac", mac, "device", device, "addresses",
			 ip, ip6);
	if (net_random_below(6))
		json_object_set_new(port, "host", json_string(host));
	switch (net_random_below(8)) {
	case 0:
	case 1:
		json_object_set_new(port, "security", json_false());
		break;
	case 2: /* what weft-arpd does not go with */
		if (!json_object_get(root, "resolution"))
			json_object_set_new(
				port, "learn",
				net_random_below(2) ?
					json_true() :
					json_pack("{s:i}", "limit", 1 + net_random_below(1500)));
		break;
	}
	if (!i && net_random_below(2)) { /* one of a switch */
		json_object_set_new(port, "outside", json_true());
		json_object_del(port, "learn");
		if (net_random_below(2)) {
			json_object_del(port, "mac");
			json_object_del(port, "addresses");
		}
	}
	net_random_put(root, "ports", name, port);
}

static void put_router(json_t *root, unsigned int i)
{
	static const char *const placements[] = { "first-hop", "last-hop-acl", "last-hop-switch",
						  "gateway", "namespace" };
	unsigned int placement = net_random_below(i == 1 ? 5 : 4); /* r2 has routes */
	char name[16], host[16];
	json_t *router;

	snprintf(name, sizeof(name), "r%u", i);
	snprintf(host, sizeof(host), "h%u", net_random_below(N_HOSTS));
	router = json_pack("{s:i, s:s}", "ldp", 100 + i, "placement", placements[placement]);
	if (placement >= 3)
		json_object_set_new(router, "gateway", json_string(host));
	if (placement == 4)
		json_object_set_new(router, "netns", json_string(name));
	net_random_put(root, "routers", name, router);
}

static bool in_namespace(json_t *root, const json_t *router)
{
	return router && json_object_get(json_object_get(net_random_section(root, "routers"),
							 json_string_value(router)),
					 "netns");
}

/* ports of a router in a namespace have devices, and no ACLs */
static void settle_namespaces(json_t *root)
{
	json_t *links = net_random_section(root, "router_ports"), *link, *acl;
	const char *name;

	json_object_foreach(links, name, link) {
		if (in_namespace(root, json_object_get(link, "router")))
			json_object_set_new(link, "device", json_string(name));
		else
			json_object_del(link, "device");
	}
	json_object_foreach(net_random_section(root, "acls"), name, acl) {
		link = json_object_get(acl, "router_port");
		link = link ? json_object_get(links, json_string_value(link)) : NULL;
		if (!in_namespace(root, json_object_get(acl, "router")) &&
		    !in_namespace(root, json_object_get(link, "router")))
			continue;
		json_object_del(acl, "router");
		json_object_del(acl, "router_port");
		json_object_set_new(acl, "switch", json_string("s0"));
	}
}

/* link i has an own subnet in each switch, so none of a router overlap but by the switch */
static void put_link(json_t *root, unsigned int i)
{
	unsigned int sw = i % N_SWITCHES;
	char name[16], router[16], of[16], mac[24], ip[24], ip6[40];

	snprintf(name, sizeof(name), "l%u", i);
	snprintf(router, sizeof(router), "r%u", i < N_SWITCHES ? net_random_below(2) : 2);
	snprintf(of, sizeof(of), "s%u", sw);
	snprintf(mac, sizeof(mac), "02:01:00:00:%02x:%02x", net_random_below(2), i);
	snprintf(ip, sizeof(ip), "10.0.%u.%u/24", sw, i + 100);
	snprintf(ip6, sizeof(ip6), "fd00:%x::%x/64", sw, i + 0x100);
	net_random_put(root, "router_ports", name,
		       json_pack("{s:s, s:i, s:s, s:i, s:s, s:[s, s]}", "router", router, "id",
				 i + 1, "switch", of, "lport", i + 1000, "mac", mac, "addresses",
				 ip, ip6));
}

static void put_acl(json_t *root, unsigned int i)
{
	static const char *const matches[] = { "tcp, tcp_dst=23", "ip, ip_src=10.0.1.0/24", "icmp6",
					       "" };
	static const char *const targets[] = { "switch", "port", "router", "router_port" };
	static const char *const formats[] = { "s%u", "vm%u", "r%u", "l%u" };
	static const unsigned int numbers[] = { N_SWITCHES, N_PORTS, N_ROUTERS, N_LINKS };
	unsigned int target = net_random_below(4);
	char name[16], of[16];

	snprintf(name, sizeof(name), "acl%u", i);
	snprintf(of, sizeof(of), formats[target], net_random_below(numbers[target]));
	net_random_put(root, "acls", name,
		       json_pack("{s:s, s:s, s:i, s:s, s:s}", targets[target], of, "direction",
				 net_random_below(2) ? "in" : "out", "priority", i, "match",
				 matches[net_random_below(4)], "action",
				 net_random_below(2) ? "allow" : "drop"));
}

/* the links of router 2 are those behind the first N_SWITCHES */
static void put_route(json_t *root, unsigned int i)
{
	unsigned int link = N_SWITCHES + net_random_below(N_LINKS - N_SWITCHES);
	char name[16], prefix[24], via[24];
	json_t *route;

	snprintf(name, sizeof(name), "route%u", i);
	snprintf(prefix, sizeof(prefix), "172.%u.0.0/16", 16 + i);
	snprintf(via, sizeof(via), "10.0.%u.%u", link % N_SWITCHES, 200 + net_random_below(5));
	route = json_pack("{s:s, s:s}", "router", "r2", "prefix", prefix);
	if (net_random_below(5))
		json_object_set_new(route, "via",
				    net_random_below(2) ? json_pack("[s]", via) :
							  json_pack("[s, s]", via, "10.0.0.250"));
	else
		json_object_set_new(route, "drop", json_true());
	net_random_put(root, "routes", name, route);
	snprintf(name, sizeof(name), "policy%u", i);
	net_random_put(root, "policy_routes", name,
		       net_random_below(2) ?
			       json_pack("{s:s, s:i, s:s, s:s}", "router", "r2", "priority", i,
					 "match", "tcp, tcp_dst=80", "via", via) :
			       json_pack("{s:s, s:i, s:s, s:s}", "router", "r2", "priority", i,
					 "match", "ipv6", "action",
					 net_random_below(2) ? "route" : "drop"));
}

static void put_host(json_t *root, unsigned int i)
{
	char name[16], address[24];

	snprintf(name, sizeof(name), "h%u", i);
	snprintf(address, sizeof(address), "192.0.%u.%u", net_random_below(3), i + 1);
	net_random_put(root, "hosts", name, json_pack("{s:s}", "address", address));
	if (i > 1 && !net_random_below(3)) /* the first two may be relays */
		json_object_set_new(json_object_get(net_random_section(root, "hosts"), name),
				    "relay", json_string(net_random_below(2) ? "h0" : "h1"));
}

static void put_switch(json_t *root, unsigned int i)
{
	char name[16];

	snprintf(name, sizeof(name), "s%u", i);
	net_random_put(root, "switches", name,
		       json_pack("{s:i, s:s}", "ldp", i + 1, "unknown",
				 net_random_below(2) ? "flood" : "drop"));
	if (net_random_below(2))
		json_object_set_new(json_object_get(net_random_section(root, "switches"), name),
				    "learn_limit", json_integer(100 + net_random_below(1000)));
}

json_t *net_random_make(void)
{
	json_t *root = json_pack("{s:i, s:s, s:{s:s}}", "version", 1, "datapath", "weft0", "tunnel",
				 "name", "gnv0");

	for (unsigned int i = 0; i < N_HOSTS; i++)
		put_host(root, i);
	for (unsigned int i = 0; i < N_SWITCHES; i++)
		put_switch(root, i);
	if (net_random_below(2))
		json_object_set_new(root, "resolution", json_pack("{s:s}", "by", "arpd"));
	for (unsigned int i = 0; i < N_ROUTERS; i++)
		put_router(root, i);
	for (unsigned int i = 0; i < N_LINKS; i++)
		put_link(root, i);
	for (unsigned int i = 0; i < N_PORTS; i++)
		put_port(root, i);
	for (unsigned int i = 0; i < 6; i++)
		put_acl(root, i);
	for (unsigned int i = 0; i < 3; i++)
		put_route(root, i);
	settle_namespaces(root);
	return root;
}

/* ACLs of a port that goes must go with it */
static void remove_port(json_t *root, unsigned int i)
{
	json_t *acls = net_random_section(root, "acls"), *acl;
	const char *key;
	char name[16];
	void *next;

	snprintf(name, sizeof(name), "vm%u", i);
	json_object_del(net_random_section(root, "ports"), name);
	json_object_foreach_safe(acls, next, key, acl)
	{
		const char *port = json_string_value(json_object_get(acl, "port"));

		if (port && !strcmp(port, name))
			json_object_del(acls, key);
	}
}

void net_random_change(json_t *root)
{
	switch (net_random_below(10)) {
	case 0:
		put_host(root, net_random_below(N_HOSTS));
		break;
	case 1:
		put_switch(root, net_random_below(N_SWITCHES));
		break;
	case 2:
		put_router(root, net_random_below(N_ROUTERS));
		break;
	case 3:
		put_link(root, net_random_below(N_LINKS));
		break;
	case 4:
		put_route(root, net_random_below(3));
		break;
	case 5:
		remove_port(root, net_random_below(N_PORTS));
		break;
	case 6:
		put_acl(root, net_random_below(6));
		break;
	case 7:
		json_object_set_new(net_random_section(root, "tunnel"), "name",
				    json_string(net_random_below(2) ? "gnv0" : "gnv1"));
		break;
	default:
		put_port(root, net_random_below(N_PORTS));
	}
	settle_namespaces(root);
}

/* 1,000 switches, 10 behind each of 100 routers, 10,000 ports on 500 hosts */
json_t *net_random_big(void)
{
	json_t *root = json_pack("{s:i, s:s, s:{s:s}}", "version", 1, "datapath", "weft0", "tunnel",
				 "name", "gnv0");
	char name[24], a[40], b[40], c[40], d[40];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "h%d", i);
		snprintf(a, sizeof(a), "192.0.%d.%d", i / 250, i % 250 + 1);
		net_random_put(root, "hosts", name, json_pack("{s:s}", "address", a));
	}
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		net_random_put(root, "routers", name, json_pack("{s:i}", "ldp", 5001 + i));
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		net_random_put(root, "switches", name, json_pack("{s:i}", "ldp", 1 + i));
		snprintf(b, sizeof(b), "r%d", i / 10);
		snprintf(c, sizeof(c), "02:01:00:00:%02x:%02x", i / 256, i % 256);
		snprintf(d, sizeof(d), "10.%d.%d.1/24", i / 10, i % 10);
		snprintf(a, sizeof(a), "l%d", i);
		net_random_put(root, "router_ports", a,
			       json_pack("{s:s, s:i, s:s, s:i, s:s, s:[s]}", "router", b, "id",
					 i % 10 + 1, "switch", name, "lport", 1000, "mac", c,
					 "addresses", d));
	}
	for (int i = 0; i < 10000; i++) {
		/* 50 on the first host, each in another switch */
		int sw = i % 1000, host = i < 1000 && i % 20 == 0 ? 0 : 1 + i % 499;

		snprintf(name, sizeof(name), "vm%d", i);
		snprintf(a, sizeof(a), "s%d", sw);
		snprintf(b, sizeof(b), "02:00:00:00:%02x:%02x", i / 256, i % 256);
		snprintf(c, sizeof(c), "10.%d.%d.%d", sw / 10, sw % 10, 10 + i / 1000);
		snprintf(d, sizeof(d), "h%d", host);
		net_random_put(root, "ports", name,
			       json_pack("{s:s, s:i, s:s, s:[s], s:s, s:s}", "switch", a, "lport",
					 1 + i / 1000, "mac", b, "addresses", c, "host", d,
					 "device", name));
	}
	return root;
}
