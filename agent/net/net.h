/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.h - a logical network: switches, routers, their ports, and the hosts that they live on.
 *
 * A network is read at once by net_load, checked as a whole, and never changed afterwards; a
 * changed file makes another one, and so does net_change, which takes over what stays the same.
 * It is seen from one host: net_load also says which logical datapaths that host has a part in.
 *
 * Objects are sorted by kind and name, so whatever is made from them in that order does not
 * depend on how the file was written.
 */
#ifndef WEFTD_NET_NET_H
#define WEFTD_NET_NET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "map.h"

struct errors;
struct net_nat;
struct node;

/* in the order of net_kinds */
enum net_kind {
	NET_HOST,
	NET_SWITCH,
	NET_PORT,
	NET_ROUTER,
	NET_LINK, /* a router's port, and the port of the switch that it is linked to */
	NET_ROUTE,
	NET_POLICY,
	NET_ACL,
	NET_N_KINDS,
};

/* members of a network file, by kind */
extern const char *const net_kinds[];

struct net_addresses {
	struct address *v;
	size_t n;
};

struct net_objects {
	struct net_object **v;
	size_t n;
};

struct net_host {
	struct address address;
	uint32_t number;		/* stands for it in a register; not 0 */
	const struct net_object *relay; /* through which it is reached; NULL: directly */
	bool relays;			/* it is the relay of others */
};

struct net_switch {
	uint32_t ldp;
	bool flood_unknown;
	bool acl_out;		  /* an ACL looks at what leaves it */
	bool learns;		  /* it has ports that learn */
	uint32_t learn_age;	  /* seconds that it knows a MAC address which is not used */
	uint32_t learn_limit;	  /* addresses that it learns */
	struct net_objects ports; /* in the order of their names, as the next one */
	struct net_objects links;
	bool here; /* this host has its entries */
};

struct net_port {
	const struct net_object *of_switch;
	const struct net_object *host; /* of several, the one now; NULL: nowhere */
	uint16_t lport;
	uint8_t mac[6];
	struct net_addresses addresses;
	bool outside; /* a way to a network that is not in the file; mac may be all zeroes */
	bool security;
	bool learn; /* machines behind it have MAC addresses that the file does not know */
	uint32_t learn_limit; /* of those, how many are learned */
	char *device;	      /* NULL: found by its VM id */
	char *vm;
};

/* where a router's work is done, in the order of net_placements */
enum net_placement {
	NET_FIRST_HOP,	     /* all of it where the packet comes from */
	NET_LAST_HOP_ACL,    /* but the egress ACL of the destination's switch */
	NET_LAST_HOP_SWITCH, /* but all of the destination's switch */
	NET_GATEWAY,	     /* by the entries of one host */
	NET_NAMESPACE,	     /* by Linux, in a namespace of one host */
};

extern const char *const net_placements[];

struct net_router {
	uint32_t ldp;
	enum net_placement placement;
	const struct net_object *gateway; /* NULL but for the last two; of several, the one now */
	char *netns;			  /* NULL but for the last one */
	struct net_objects links;
	struct net_nat *nats; /* translate.h */
	size_t n_nats;
	bool here; /* this host does its work */
};

struct net_link {
	const struct net_object *router;
	const struct net_object *of_switch;
	uint16_t id;	/* logical port of the router */
	uint16_t lport; /* logical port of the switch */
	uint8_t mac[6];
	struct net_addresses addresses; /* with prefixes */
	uint16_t mtu;			/* of what it sends to the switch; 0: of any length */
	char *device;			/* in the router's namespace; NULL: no such */
};

struct net_hop {
	struct address via;
	const struct net_object *link;
};

struct net_route {
	const struct net_object *router;
	struct address prefix;
	bool drop;
	struct net_hop *hops;
	size_t n_hops;
};

struct net_policy {
	const struct net_object *router;
	uint32_t priority;
	char *match;
	bool drop;
	bool skip; /* go on with the routes */
	struct net_hop hop;
};

struct net_acl {
	const struct net_object *target; /* switch, port, router or link */
	bool out;
	uint32_t priority;
	char *match; /* "": everything */
	bool drop;
	bool reject; /* and say so */
};

struct net_object {
	enum net_kind kind;
	char *name;
	uint64_t digest;       /* of what the file says of it */
	json_t *json;	       /* what the file says of it */
	unsigned int *n_users; /* networks that have it */
	bool changed;	       /* since the network before; in one that was read, all are */
	bool touched;	       /* it changed, or one that must not have what others of it have */
	union {
		struct net_host host;
		struct net_switch sw;
		struct net_port port;
		struct net_router router;
		struct net_link link;
		struct net_route route;
		struct net_policy policy;
		struct net_acl acl;
	};
};

/* the tunnel device of each host */
struct net_tunnel {
	char *name;   /* NULL: there is none */
	uint16_t mtu; /* 0: not said */
	json_t *json;
};

/* how routers find the MAC addresses of machines: in the file, or by asking weft-arpd */
struct net_ask {
	bool on;
	bool serves;		    /* this host is a map server */
	struct net_objects servers; /* hosts that have a map */
	json_t *times;		    /* NULL: as they are by default */
	uint64_t digest;
};

struct net {
	char *file;
	char *datapath;
	json_t *limits; /* members for the host's configuration */
	json_t *rest;	/* the file without its objects */
	struct net_tunnel tunnel;
	struct net_object *objects[NET_N_KINDS];
	size_t n_objects[NET_N_KINDS];
	struct map by_name[NET_N_KINDS];
	const struct net_object *self; /* this host */
	json_t *down;		       /* names of hosts that are not reached; standby.h */
	/* of all hosts that have to do with relays, of ask, and of the tunnels' MTU */
	uint64_t relays_digest;
	struct net_ask ask;
};

/* net_load: of a file, as host sees it; NULL when there were errors */
struct net *net_load(const char *file, const char *host, struct errors *errors);

/* net_from_json: the same from a value, which stays the caller's */
struct net *net_from_json(json_t *root, const char *file, const char *host, struct errors *errors);
void net_free(struct net *net);

struct net_object *net_find(const struct net *net, enum net_kind kind, const char *name);

/* net_is_local: does a port live on this host? */
bool net_is_local(const struct net *net, const struct net_object *port);

/* net_device_host: the host of a link to a router in a namespace; NULL: it is no such link */
static inline const struct net_object *net_device_host(const struct net_object *link)
{
	return link->link.device ? link->link.router->router.gateway : NULL;
}

/* net_towards: the host to which another one sends what is for a third */
const struct net_object *net_towards(const struct net_object *from, const struct net_object *to);

/* net_link_in: the link of a router in whose subnet an address is, or NULL */
const struct net_object *net_link_in(const struct net_router *router,
				     const struct address *address);

/* address_in: is an address in the subnet of another one, with its prefix? */
bool net_address_in(const struct address *address, const struct address *subnet);

/*
 * net_change: the network that a change makes of another one, which stays as it is; NULL when
 * there were errors. The change is a JSON merge patch (RFC 7386) of objects: by kind and name,
 * what becomes of their members; null takes an object away. In change.c
 */
struct net *net_change(const struct net *net, const json_t *change, struct errors *errors);

/* net_stand_in: the same, when other hosts are down (net_down) */
struct net *net_stand_in(const struct net *net, json_t *down, struct errors *errors);

/* net_to_json: the file that it could have been read from; a new reference. In change.c */
json_t *net_to_json(const struct net *net);

/* net_check: all that concerns several objects. In check.c */
void net_check(struct net *net, struct errors *errors);

/* net_reach: which logical datapaths this host has a part in. In reach.c */
void net_reach(struct net *net);

/* net_works_here: are there entries for the work of a router? A namespace does its own */
static inline bool net_works_here(const struct net_object *router)
{
	return router->router.here && router->router.placement != NET_NAMESPACE;
}

/* net_ask_read, net_ask_json: "resolution" of the file, and what weft-arpd has to know. In ask.c */
void net_ask_read(struct net *net, const struct node *root);
json_t *net_ask_json(const struct net *net);
void net_ask_free(struct net *net);

/* how a network is built: the parts of net_load that net_change needs. In net.c */
void net_object_init(struct net_object *object, enum net_kind kind, const char *name, json_t *json);
void net_object_read(struct net *net, struct net_object *object, const struct node *at);
void net_object_clear(struct net_object *object);
void net_gather(struct net *net); /* lists of ports and links, when these have been read */
void net_find_self(struct net *net, const char *host, struct errors *errors);

/* net_host_json: ports, tunnels, hosts and tables, as a host's file has them. In host.c */
json_t *net_host_json(const struct net *net);

#endif
