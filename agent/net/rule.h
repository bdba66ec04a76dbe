/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule.h - the rules by which a logical network becomes flow entries: data, not code.
 *
 * A rule belongs to a relation, and makes one entry of each of its rows, by writing the row's
 * columns in place of $words. The relations (relation.c) say what there is to be known, the
 * rules (rule.c) what is to be done with it; the engine (compile.c) knows neither.
 */
#ifndef WEFTD_NET_RULE_H
#define WEFTD_NET_RULE_H

#include <stddef.h>

enum net_relation {
	REL_TUNNEL,	/* the tunnel device of this host */
	REL_HOST,	/* another host */
	REL_HOST_RELAY, /* … at a relay, if daemons ask each other for addresses, as the next */
	REL_ASK,	/* this host */
	REL_MAP,	/* … as a map server */
	REL_SWITCH_ASK, /* a switch of which this host has a part */
	REL_SWITCH_HEARS, /* … with ports here that hear questions: routers in namespaces, outside */
	REL_SWITCH,	  /* a switch of which this host has a part, as all that follow */
	REL_UNKNOWN,	  /* a switch that floods to addresses it does not know */
	REL_LEARN,	  /* a switch with ports that learn, as the next ones */
	REL_LEARN_TUNNEL, /* … if there is a tunnel */
	REL_LEARN_LOOKUP, /* … which does not flood everywhere to addresses it does not know */
	REL_LEARN_KNOWN,  /* … and a MAC address that the file gives to a port of it */
	REL_LEARN_HERE,	  /* … and a port here that learns */
	REL_LEARN_AWAY,	  /* … and one that lives on another host */
	REL_LEARN_FLOOD,  /* … and the copies of a packet to all ports that learn */
	REL_LEARN_FABRIC, /* … and the copies to those here */
	REL_LEARN_RELAY,  /* … any, at a relay, a host before it, and the copies to others */
	REL_FLOOD,	  /* a switch, and the copies of a packet to all of it */
	REL_FLOOD_FABRIC, /* a switch, and the copies to its ports here */
	REL_FLOOD_RELAY,  /* any switch, at a relay, a host before it, and the copies to others */
	REL_PORT_RELAY,	  /* any port that lives on another host, at a relay */
	REL_MAC_RELAY,	  /* … if the file gives it a MAC address */
	REL_LINK_RELAY,	  /* any link to a router on another host, at a relay or stand-by */
	REL_PORT,	  /* a port of a switch, wherever it lives */
	REL_PORT_IP4,	  /* … and one of its addresses */
	REL_PORT_IP6,	  /* … not the link-local one */
	REL_PORT_AWAY,	  /* a port that lives on another host */
	REL_PORT_HERE,	  /* a port that lives here */
	REL_PORT_SHORT,	  /* … when not everything that it sends fits into tunnels */
	REL_PORT_OWN_IP4, /* … and one of its addresses */
	REL_PORT_OWN_IP6,
	REL_PORT_OPEN, /* a port here that may send anything */
	REL_PORT_MAC,  /* a port here that may send by its MAC address only */
	REL_PORT_SAFE, /* a port here that may send by its MAC and IP addresses only */
	REL_PORT_SAFE_IP4,
	REL_PORT_SAFE_IP6,    /* … also the link-local one */
	REL_PORT_SAFE_TARGET, /* … only those that were given */
	REL_PORT_OUTSIDE,     /* a port, wherever it lives, to a network outside */
	REL_OUTSIDE_ALL,      /* … that lives here, if daemons ask for addresses, as the next */
	REL_OUTSIDE_ASK,      /* … and a link to a router whose work is done here */
	REL_LATE_ACL,	      /* a port away, and a link whose router leaves the egress ACL to it */
	REL_LATE_OUTSIDE, /* a port away to a network outside, of a switch not here, and a link */
	REL_LATE_SWITCH,  /* a port away, and a link whose router leaves the switch to it */
	REL_NEIGHBOUR4,	  /* a link, and an address behind it */
	REL_NEIGHBOUR6,
	REL_LINK_GUARD, /* a link, but to a router in a namespace of this host */
	REL_LINK_IP4,	/* a link, and one of its addresses */
	REL_LINK_IP6,
	REL_LINK_TO,	     /* a link to a router whose work is done here */
	REL_LINK_FROM,	     /* … and the way back */
	REL_LINK_AWAY,	     /* a link to a router on another host */
	REL_LINK_DEVICE,     /* a link to a router in a namespace of this host */
	REL_LINK_DEVICE_ASK, /* … if daemons ask each other for addresses */
	REL_LINK_DEVICE_IP4, /* … and one of its addresses */
	REL_LINK_DEVICE_IP6,
	REL_ROUTER,	  /* a router whose work is done here, as in all that follow */
	REL_NAT,	  /* … which translates addresses */
	REL_NAT_INSIDE,	  /* … and a link that has no address outside */
	REL_NAT_LINK_IP4, /* … and a link by which what it has translated leaves */
	REL_NAT_LINK_IP6,
	REL_NAT_OUT_IP4, /* … sources */
	REL_NAT_OUT_IP6,
	REL_NAT_IN_IP4, /* … destinations */
	REL_NAT_IN_IP6,
	REL_NAT_OWN_IP4, /* … and each address outside */
	REL_NAT_OWN_IP6,
	REL_NAT_ARP, /* … that nobody has but the router */
	REL_NAT_ND,
	REL_CONNECTED,
	REL_CONNECTED_ASK, /* … if its router does not know the machines behind it */
	REL_CONNECTED_IP4, /* a link of it, and the subnet behind it */
	REL_CONNECTED_IP6,
	REL_ERROR_IP4, /* a link of it, and the address from which it speaks there */
	REL_ERROR_IP6,
	REL_ROUTE_IP4,
	REL_ROUTE_IP6,
	REL_ROUTE_DROP_IP4,
	REL_ROUTE_DROP_IP6,
	REL_HOP_IP4, /* a route or policy route, and one of its next hops */
	REL_HOP_IP6,
	REL_POLICY_VIA,
	REL_POLICY_ROUTE,
	REL_POLICY_DROP,
	REL_ACL_L2_IN,
	REL_ACL_L2_OUT,
	REL_ACL_L3_IN,
	REL_ACL_L3_OUT,
	REL_REJECT_L2_IN, /* those that say so to the sender */
	REL_REJECT_L2_OUT,
	REL_REJECT_L3_IN,
	REL_REJECT_L3_OUT,
	REL_N,
};

/* in the order of net_columns */
enum net_column {
	COL_LDP,      /* of the switch */
	COL_LPORT,    /* of the switch: the port that the row is about */
	COL_PEER,     /* of the switch: the port that is linked to the router */
	COL_MAC,      /* of the port that the row is about */
	COL_LINK_MAC, /* of the router's port */
	COL_PORT,     /* name of the port of this host */
	COL_TUNNEL,   /* name of the tunnel's port */
	COL_HOST,     /* name of the other host */
	COL_NUMBER,   /* number of the other host */
	COL_DAEMON,   /* MAC address of the ARP daemon of a host */
	COL_IP,	      /* address */
	COL_WORD0,    /* the words of an address, as numbers */
	COL_WORD1,
	COL_WORD2,
	COL_WORD3,
	COL_PREFIX,   /* address/length */
	COL_RLDP,     /* of the router */
	COL_RPORT,    /* of the router */
	COL_NEXT_HOP, /* number of the next hop */
	COL_PRIORITY,
	COL_FAMILY, /* ip or ipv6 */
	COL_SCOPE,  /* words that narrow a match down, or nothing */
	COL_MATCH,  /* what the user wrote */
	COL_COPIES, /* actions */
	COL_VERDICT,
	COL_TEMPLATE,
	COL_MTU,   /* what is longer goes elsewhere; 65535: nothing is */
	COL_LIMIT, /* of a port or switch: MAC addresses that it may learn */
	COL_N,
};

extern const char *const net_columns[];

struct net_rule {
	enum net_relation relation;
	const char *name; /* in lower case, unique */
	const char *text;
};

extern const struct net_rule net_rules[];
extern const size_t n_net_rules;

#endif
