/* SPDX-License-Identifier: Apache-2.0 */
/*
 * translate.h - addresses that a logical router translates: "nat" of a router.
 *
 * They become a slice of the "nat" section of the host that does the router's work (weft-nat(5)),
 * and rows for the entries that send packets to its templates.
 */
#ifndef WEFTD_NET_TRANSLATE_H
#define WEFTD_NET_TRANSLATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct errors;
struct net;
struct net_object;
struct net_router;
struct node;

/* in the order of net_nat_kinds */
enum net_nat_kind {
	NET_SNAT,
	NET_DNAT,
	NET_ONE_TO_ONE,
	NET_SUBNET,
};

#define NET_NAT_NAME 10 /* of a template: "n" and 8 digits */

struct net_nat {
	enum net_nat_kind kind;
	struct address inside; /* with a prefix length, as outside */
	struct address outside;
	uint16_t ports[2]; /* snat: that are given out */
	uint8_t protocol;  /* dnat: of outside_port; 0: all */
	uint16_t outside_port;
	uint16_t inside_port; /* 0: stays */
	char name[NET_NAT_NAME];
	const struct net_object *link; /* by which packets leave; from net_nat_check */
	bool first;		       /* of its outside address */
	bool first_of_link;	       /* and family */
};

/* net_nat_read: the member "nat" of a router, if there is one */
void net_nat_read(const struct node *node, struct net_object *router);

/* net_nat_check: when all ports are known, by which one packets leave */
void net_nat_check(const struct net *net, struct net_object *router, struct errors *errors);

/* net_nat_protocol: tcp, udp or sctp; NULL: of all of them */
const char *net_nat_protocol(const struct net_nat *nat);

/* net_nat_json: the section for this host, or NULL */
json_t *net_nat_json(const struct net *net);

#endif
