// SPDX-License-Identifier: Apache-2.0
/*
 * rule.c - the rules, in the order of the stages.
 *
 * Priorities: 1 is what else is to be done, 100 what an object says, 110 and 120 exceptions from
 * that; ACLs and policy routes have 1000 and more; routes 1000 and the prefix's length; guards
 * against loops are above all.
 */
#include "net/rule.h"
#include "net/stage.h"

const char *const net_columns[] = {
	[COL_LDP] = "ldp",	     [COL_LPORT] = "lport",
	[COL_PEER] = "peer",	     [COL_MAC] = "mac",
	[COL_LINK_MAC] = "linkmac",  [COL_PORT] = "port",
	[COL_TUNNEL] = "tunnel",     [COL_HOST] = "host",
	[COL_NUMBER] = "number",     [COL_IP] = "ip",
	[COL_WORD0] = "word0",	     [COL_WORD1] = "word1",
	[COL_WORD2] = "word2",	     [COL_WORD3] = "word3",
	[COL_PREFIX] = "prefix",     [COL_RLDP] = "rldp",
	[COL_RPORT] = "rport",	     [COL_NEXT_HOP] = "nexthop",
	[COL_PRIORITY] = "priority", [COL_FAMILY] = "family",
	[COL_SCOPE] = "scope",	     [COL_MATCH] = "match",
	[COL_COPIES] = "copies",     [COL_VERDICT] = "verdict",
	[COL_MTU] = "mtu",	     [COL_TEMPLATE] = "template",
	[COL_LIMIT] = "limit",	     [COL_DAEMON] = "daemon",
};

#define ARP_ANSWER                                                                                 \
	"actions=move:eth_src->eth_dst, set:eth_src=$mac, set:arp_op=2, "                          \
	"move:arp_sha->arp_tha, set:arp_sha=$mac, move:arp_spa->arp_tpa, "                         \
	"set:arp_spa=$ip, output:in_port"

/* to whom it came from; as it is, or as a map server's answer */
#define MAP_BACK "move:eth_src[0..31]->reg0, move:eth_src->eth_dst, load:stage=3, goto:physical"
#define MAP_BACK_FROM                                                                              \
	"move:eth_src[0..31]->reg0, move:eth_src->eth_dst, set:eth_src=$daemon, load:stage=3, "    \
	"goto:physical"

/* why a packet is not forwarded, for l3_error */
#define WHY_TTL "1"
#define WHY_ROUTE "2"
#define WHY_NEIGHBOUR STAGE_WHY_NEIGHBOUR
#define WHY_PROHIBITED "4"
#define WHY_TOO_BIG "5"

#define TOO_BIG_OR "actions=load:reg2=" WHY_TOO_BIG ", check_mtu:$mtu->l3_error, "

#define ERROR4(why, how)                                                                           \
	"table=l3_error, priority=100, ldp=$rldp, lin=$rport, reg2=" why ", ip "                   \
	"actions=reject:" how ", set:ip_src=$ip, goto:l3_route"
#define ERROR6(why, how)                                                                           \
	"table=l3_error, priority=100, ldp=$rldp, lin=$rport, reg2=" why ", ipv6 "                 \
	"actions=reject:" how ", set:ipv6_src=$ip, goto:l3_route"

const struct net_rule net_rules[] = {
	/* ingress context: where does it come from, and what is left to do? */
	{ REL_PORT_HERE, "context",
	  "table=context, priority=100, in_port=$port "
	  "actions=load:ldp=$ldp, load:lin=$lport, goto:l2_security" },
	{ REL_LINK_DEVICE, "context-router",
	  "table=context, priority=100, in_port=$port "
	  "actions=load:ldp=$ldp, load:lin=$peer, goto:l2_acl_in" },
	{ REL_TUNNEL, "context-done",
	  "table=context, priority=100, in_port=$tunnel, stage=0 actions=goto:output" },
	{ REL_TUNNEL, "context-acl-out",
	  "table=context, priority=100, in_port=$tunnel, stage=1 "
	  "actions=load:stage=0, goto:l2_acl_out" },
	{ REL_TUNNEL, "context-flood",
	  "table=context, priority=110, in_port=$tunnel, stage=1, lout=65535 "
	  "actions=load:stage=0, goto:l2_flood" },
	{ REL_TUNNEL, "context-switch",
	  "table=context, priority=100, in_port=$tunnel, stage=2 "
	  "actions=load:stage=0, goto:l2_acl_in" },

	/* at a relay: what is for other hosts goes on to them, as it is */
	{ REL_PORT_RELAY, "relay",
	  "table=context, priority=200, in_port=$tunnel, ldp=$ldp, lout=$lport "
	  "actions=load:reg0=$number, goto:physical" },
	{ REL_MAC_RELAY, "relay-switch",
	  "table=context, priority=200, in_port=$tunnel, ldp=$ldp, lout=0, stage=2, eth_dst=$mac "
	  "actions=load:reg0=$number, goto:physical" },
	{ REL_LINK_RELAY, "relay-router",
	  "table=context, priority=200, in_port=$tunnel, ldp=$ldp, lout=$peer "
	  "actions=load:reg0=$number, goto:physical" },
	{ REL_FLOOD_RELAY, "relay-flood",
	  "table=context, priority=210, in_port=$tunnel, ldp=$ldp, lout=65535, stage=1, "
	  "tun_src=$ip actions=$copies" },

	/*
	 * ARP daemons ask each other (stage 3): no machine hears a question from another host. A map
	 * server takes what is published (5) and confirms it; what is asked (4) it turns into an
	 * answer. Where the answer goes is in the last four bytes of the daemon's MAC address.
	 */
	{ REL_ASK, "arp-daemon",
	  "table=context, priority=130, in_port=$tunnel, stage=3 actions=service:arp" },
	{ REL_ASK, "arp-question",
	  "table=context, priority=120, in_port=$tunnel, arp, arp_op=1 actions=service:arp" },
	{ REL_ASK, "nd-question",
	  "table=context, priority=120, in_port=$tunnel, nd_ns actions=service:arp" },
	/*
	 * A router in a namespace is no machine: it hears all that its port is sent. So does the
	 * network outside, as machines here do not.
	 */
	{ REL_SWITCH_HEARS, "arp-question-all",
	  "table=context, priority=125, in_port=$tunnel, ldp=$ldp, lout=65535, stage=1, "
	  "arp, arp_op=1 actions=load:stage=0, goto:l2_flood" },
	{ REL_SWITCH_HEARS, "nd-question-all",
	  "table=context, priority=125, in_port=$tunnel, ldp=$ldp, lout=65535, stage=1, nd_ns "
	  "actions=load:stage=0, goto:l2_flood" },
	{ REL_LINK_DEVICE_ASK, "arp-question-router",
	  "table=context, priority=125, in_port=$tunnel, ldp=$ldp, lout=$peer, stage=1, "
	  "arp, arp_op=1 actions=load:stage=0, goto:l2_acl_out" },
	{ REL_LINK_DEVICE_ASK, "nd-question-router",
	  "table=context, priority=125, in_port=$tunnel, ldp=$ldp, lout=$peer, stage=1, nd_ns "
	  "actions=load:stage=0, goto:l2_acl_out" },
	{ REL_HOST_RELAY, "relay-daemon",
	  "table=context, priority=210, in_port=$tunnel, stage=3, eth_dst=$daemon "
	  "actions=load:reg0=$number, goto:physical" },
	{ REL_HOST_RELAY, "relay-query",
	  "table=context, priority=210, in_port=$tunnel, stage=4, eth_dst=$daemon "
	  "actions=load:reg0=$number, goto:physical" },
	{ REL_HOST_RELAY, "relay-publish",
	  "table=context, priority=210, in_port=$tunnel, stage=5, eth_dst=$daemon "
	  "actions=load:reg0=$number, goto:physical" },
	{ REL_MAP, "map-publish",
	  "table=context, priority=140, in_port=$tunnel, stage=5, arp, arp_op=2 "
	  "actions=template:weft-map-arp, " MAP_BACK },
	{ REL_MAP, "map-publish-nd",
	  "table=context, priority=140, in_port=$tunnel, stage=5, nd_na "
	  "actions=template:weft-map-nd, " MAP_BACK },
	{ REL_MAP, "map-query",
	  "table=context, priority=140, in_port=$tunnel, stage=4 actions=goto:map" },
	{ REL_MAP, "map-unknown",
	  "table=map, priority=1, arp, arp_op=1 "
	  "actions=set:arp_op=2, move:arp_sha->arp_tha, set:arp_sha=00:00:00:00:00:00, "
	  "move:arp_tpa->reg4, move:arp_spa->arp_tpa, move:reg4->arp_spa, " MAP_BACK_FROM },
	{ REL_MAP, "map-unknown-nd",
	  "table=map, priority=1, nd_na actions=move:ipv6_src->ipv6_dst, " MAP_BACK_FROM },
	{ REL_MAP, "map-near",
	  "table=physical, priority=100, reg0=$number, stage=3 actions=service:arp" },

	/* port security: a machine sends by its own addresses only */
	{ REL_PORT_OPEN, "security-none",
	  "table=l2_security, priority=100, ldp=$ldp, lin=$lport actions=goto:l2_acl_in" },
	{ REL_PORT_MAC, "security-mac",
	  "table=l2_security, priority=100, ldp=$ldp, lin=$lport, eth_src=$mac "
	  "actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE, "security-dhcp",
	  "table=l2_security, priority=100, ldp=$ldp, lin=$lport, eth_src=$mac, "
	  "udp, ip_src=0.0.0.0, ip_dst=255.255.255.255, udp_src=68, udp_dst=67 "
	  "actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE_IP4, "security-ip",
	  "table=l2_security, priority=100, ldp=$ldp, lin=$lport, eth_src=$mac, ip, ip_src=$ip "
	  "actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE_IP4, "security-arp",
	  "table=l2_security, priority=100, ldp=$ldp, lin=$lport, eth_src=$mac, arp, "
	  "arp_sha=$mac, arp_spa=$ip actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE_IP4, "security-arp-probe",
	  "table=l2_security, priority=100, ldp=$ldp, lin=$lport, eth_src=$mac, arp, arp_op=1, "
	  "arp_sha=$mac, arp_spa=0.0.0.0, arp_tpa=$ip actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE_IP6, "security-ipv6",
	  "table=l2_security, priority=100, ldp=$ldp, lin=$lport, eth_src=$mac, ipv6, "
	  "ipv6_src=$ip actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE_IP6, "security-nd-probe",
	  "table=l2_security, priority=120, ldp=$ldp, lin=$lport, eth_src=$mac, nd_ns, "
	  "ipv6_src=::, nd_target=$ip actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE_IP6, "security-nd",
	  "table=l2_security, priority=120, ldp=$ldp, lin=$lport, eth_src=$mac, nd_na, "
	  "ipv6_src=$ip, nd_target=$ip actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE_TARGET, "security-nd-link-local",
	  "table=l2_security, priority=120, ldp=$ldp, lin=$lport, eth_src=$mac, nd_na, "
	  "ipv6_src=fe80::/10, nd_target=$ip actions=goto:l2_acl_in" },
	{ REL_PORT_SAFE, "security-nd-spoof",
	  "table=l2_security, priority=110, ldp=$ldp, lin=$lport, nd_na actions=drop:spoof" },

	/*
	 * Ports that learn. What the template makes is below what the file says (l2-known), and above
	 * what is done with addresses that nobody knows. Behind it all go on as they would without:
	 * frames of ports here, and those that other hosts sent. reg9 and reg10 are for the template.
	 */
	{ REL_LEARN_HERE, "learn",
	  "table=l2_security, priority=100, ldp=$ldp, lin=$lport "
	  "actions=load:reg9=$limit, goto:l2_learn" },
	{ REL_LEARN_AWAY, "learn-away",
	  "table=context, priority=115, in_port=$tunnel, ldp=$ldp, lin=$lport, stage=0 "
	  "actions=load:reg9=$limit, goto:l2_learn" },
	{ REL_LEARN_AWAY, "learn-away-acl-out",
	  "table=context, priority=115, in_port=$tunnel, ldp=$ldp, lin=$lport, stage=1 "
	  "actions=load:reg9=$limit, goto:l2_learn" },
	{ REL_LEARN, "learn-group",
	  "table=l2_learn, priority=120, ldp=$ldp, eth_src=01:00:00:00:00:00/01:00:00:00:00:00 "
	  "actions=drop:spoof" },
	{ REL_LEARN, "learn-nobody",
	  "table=l2_learn, priority=120, ldp=$ldp, eth_src=00:00:00:00:00:00 actions=drop:spoof" },
	{ REL_LEARN_KNOWN, "learn-known",
	  "table=l2_learn, priority=110, ldp=$ldp, eth_src=$mac actions=goto:l2_learned" },
	{ REL_LEARN, "learn-else",
	  "table=l2_learn, priority=1, ldp=$ldp "
	  "actions=load:reg10=$limit, template:$template, goto:l2_learned" },
	{ REL_LEARN_TUNNEL, "learned-done",
	  "table=l2_learned, priority=100, in_port=$tunnel, ldp=$ldp, stage=0 actions=goto:output" },
	{ REL_LEARN_TUNNEL, "learned-acl-out",
	  "table=l2_learned, priority=100, in_port=$tunnel, ldp=$ldp, stage=1 "
	  "actions=load:stage=0, goto:l2_acl_out" },
	{ REL_LEARN_TUNNEL, "learned-flood",
	  "table=l2_learned, priority=110, in_port=$tunnel, ldp=$ldp, stage=1, lout=65534/65534 "
	  "actions=load:stage=0, goto:l2_flood" },
	{ REL_LEARN, "learned-else",
	  "table=l2_learned, priority=1, ldp=$ldp actions=goto:l2_acl_in" },
	{ REL_LEARN_TUNNEL, "context-learn-flood",
	  "table=context, priority=112, in_port=$tunnel, ldp=$ldp, stage=1, lout=65534 "
	  "actions=load:stage=0, goto:l2_flood" },
	{ REL_LEARN_LOOKUP, "l2-unknown-learn",
	  "table=l2_lookup, priority=1, ldp=$ldp actions=load:lout=65534, goto:l2_flood" },
	{ REL_LEARN_FLOOD, "l2-flood-learn",
	  "table=l2_flood, priority=105, ldp=$ldp, lout=65534 actions=$copies" },
	{ REL_LEARN_FABRIC, "l2-flood-learn-fabric",
	  "table=l2_flood, priority=115, in_port=$tunnel, ldp=$ldp, lout=65534 actions=$copies" },
	{ REL_LEARN_RELAY, "relay-flood-learn",
	  "table=context, priority=210, in_port=$tunnel, ldp=$ldp, lout=65534, stage=1, "
	  "tun_src=$ip actions=$copies" },

	/* L2 ingress ACL */
	{ REL_ACL_L2_IN, "l2-acl-in",
	  "table=l2_acl_in, priority=$priority, ldp=$ldp $scope $match actions=$verdict" },
	/* a switch sends the answer as if it were new, by no port */
	{ REL_REJECT_L2_IN, "l2-reject-in",
	  "table=l2_acl_in, priority=$priority, ldp=$ldp $scope $match "
	  "actions=reject:admin, load:lin=0, goto:l2_lookup" },
	{ REL_SWITCH, "l2-acl-in-else",
	  "table=l2_acl_in, priority=1, ldp=$ldp actions=goto:l2_neighbour" },

	/* questions for addresses that are known are answered at once */
	{ REL_PORT_IP4, "arp",
	  "table=l2_neighbour, priority=100, ldp=$ldp, arp, arp_op=1, arp_tpa=$ip " ARP_ANSWER },
	{ REL_LINK_IP4, "arp-router",
	  "table=l2_neighbour, priority=100, ldp=$ldp, arp, arp_op=1, arp_tpa=$ip " ARP_ANSWER },
	{ REL_NAT_ARP, "arp-nat",
	  "table=l2_neighbour, priority=100, ldp=$ldp, arp, arp_op=1, arp_tpa=$prefix "
	  "actions=move:arp_tpa->reg8, move:eth_src->eth_dst, set:eth_src=$linkmac, set:arp_op=2, "
	  "move:arp_sha->arp_tha, set:arp_sha=$linkmac, move:arp_spa->arp_tpa, "
	  "move:reg8->arp_spa, output:in_port" },
	{ REL_PORT_IP6, "nd",
	  "table=l2_neighbour, priority=100, ldp=$ldp, nd_ns, nd_target=$ip "
	  "actions=advertise:$mac, output:in_port" },
	{ REL_LINK_IP6, "nd-router",
	  "table=l2_neighbour, priority=100, ldp=$ldp, nd_ns, nd_target=$ip "
	  "actions=advertise:$mac/router, output:in_port" },
	{ REL_NAT_ND, "nd-nat",
	  "table=l2_neighbour, priority=100, ldp=$ldp, nd_ns, nd_target=$prefix "
	  "actions=advertise:$linkmac/router, output:in_port" },
	{ REL_PORT_OWN_IP4, "arp-own",
	  "table=l2_neighbour, priority=110, ldp=$ldp, lin=$lport, arp, arp_op=1, arp_tpa=$ip "
	  "actions=drop:no_neighbour" },
	{ REL_LINK_DEVICE_IP4, "arp-own-router",
	  "table=l2_neighbour, priority=110, ldp=$ldp, lin=$peer, arp, arp_op=1, arp_tpa=$ip "
	  "actions=drop:no_neighbour" },
	{ REL_PORT_OWN_IP6, "nd-own",
	  "table=l2_neighbour, priority=110, ldp=$ldp, lin=$lport, nd_ns, nd_target=$ip "
	  "actions=drop:no_neighbour" },
	{ REL_LINK_DEVICE_IP6, "nd-own-router",
	  "table=l2_neighbour, priority=110, ldp=$ldp, lin=$peer, nd_ns, nd_target=$ip "
	  "actions=drop:no_neighbour" },
	/* answers from outside are the daemon's; what is said to all there goes on, too */
	{ REL_OUTSIDE_ASK, "arp-outside",
	  "table=l2_neighbour, priority=60, ldp=$ldp, lin=$lport, eth_dst=$linkmac, arp, arp_op=2 "
	  "actions=service:arp" },
	{ REL_OUTSIDE_ASK, "nd-outside",
	  "table=l2_neighbour, priority=60, ldp=$ldp, lin=$lport, eth_dst=$linkmac, nd_na "
	  "actions=service:arp" },
	{ REL_OUTSIDE_ALL, "arp-outside-all",
	  "table=l2_neighbour, priority=50, ldp=$ldp, lin=$lport, eth_dst=ff:ff:ff:ff:ff:ff, arp "
	  "actions=service(name=arp, fallback=continue), goto:l2_lookup" },
	{ REL_OUTSIDE_ALL, "nd-outside-all",
	  "table=l2_neighbour, priority=50, ldp=$ldp, lin=$lport, eth_dst=33:33:00:00:00:01, nd_na "
	  "actions=service(name=arp, fallback=continue), goto:l2_lookup" },
	{ REL_SWITCH, "neighbour-else",
	  "table=l2_neighbour, priority=1, ldp=$ldp actions=goto:l2_lookup" },

	/* L2 lookup */
	{ REL_PORT, "l2-known",
	  "table=l2_lookup, priority=100, ldp=$ldp, eth_dst=$mac "
	  "actions=load:lout=$lport, goto:l2_acl_out" },
	{ REL_LATE_ACL, "l2-late-acl",
	  "table=l2_lookup, priority=110, ldp=$ldp, lin=$peer, eth_dst=$mac "
	  "actions=load:lout=$lport, load:stage=1, goto:egress" },
	{ REL_LINK_TO, "l2-router",
	  "table=l2_lookup, priority=100, ldp=$ldp, eth_dst=$mac "
	  "actions=load:lout=$peer, goto:l2_acl_out" },
	{ REL_LINK_DEVICE, "l2-router-device",
	  "table=l2_lookup, priority=100, ldp=$ldp, eth_dst=$mac "
	  "actions=load:lout=$peer, goto:l2_acl_out" },
	{ REL_LINK_AWAY, "l2-router-away",
	  "table=l2_lookup, priority=100, ldp=$ldp, eth_dst=$mac "
	  "actions=load:lout=$peer, load:stage=1, goto:egress" },
	{ REL_SWITCH, "l2-broadcast",
	  "table=l2_lookup, priority=100, ldp=$ldp, "
	  "eth_dst=01:00:00:00:00:00/01:00:00:00:00:00 "
	  "actions=load:lout=65535, goto:l2_flood" },
	{ REL_PORT_OUTSIDE, "l2-outside",
	  "table=l2_lookup, priority=2, ldp=$ldp actions=load:lout=$lport, goto:l2_acl_out" },
	{ REL_UNKNOWN, "l2-unknown",
	  "table=l2_lookup, priority=1, ldp=$ldp actions=load:lout=65535, goto:l2_flood" },
	{ REL_FLOOD, "l2-flood", "table=l2_flood, priority=100, ldp=$ldp actions=$copies" },
	{ REL_SWITCH_ASK, "arp-flood",
	  "table=l2_flood, priority=120, in_port=$tunnel, ldp=$ldp, arp actions=$copies" },
	{ REL_SWITCH_ASK, "nd-flood",
	  "table=l2_flood, priority=120, in_port=$tunnel, ldp=$ldp, nd_ns actions=$copies" },
	{ REL_SWITCH_ASK, "nd-flood-answer",
	  "table=l2_flood, priority=120, in_port=$tunnel, ldp=$ldp, nd_na actions=$copies" },
	{ REL_FLOOD_FABRIC, "l2-flood-fabric",
	  "table=l2_flood, priority=110, in_port=$tunnel, ldp=$ldp actions=$copies" },

	/* L2 egress ACL */
	{ REL_LINK_GUARD, "loop-guard",
	  "table=l2_acl_out, priority=60000, ldp=$ldp, lin=$peer, lout=$peer "
	  "actions=drop:loop" },
	{ REL_ACL_L2_OUT, "l2-acl-out",
	  "table=l2_acl_out, priority=$priority, ldp=$ldp $scope $match actions=$verdict" },
	{ REL_REJECT_L2_OUT, "l2-reject-out",
	  "table=l2_acl_out, priority=$priority, ldp=$ldp $scope $match "
	  "actions=reject:admin, load:lin=0, goto:l2_lookup" },
	{ REL_SWITCH, "l2-acl-out-else",
	  "table=l2_acl_out, priority=1, ldp=$ldp actions=goto:egress" },

	/* L3 ingress ACL; nothing but IP goes through a router */
	{ REL_ACL_L3_IN, "l3-acl-in",
	  "table=l3_acl_in, priority=$priority, ldp=$rldp $scope $match actions=$verdict" },
	{ REL_REJECT_L3_IN, "l3-reject-in",
	  "table=l3_acl_in, priority=$priority, ldp=$rldp $scope $match "
	  "actions=load:reg2=" WHY_PROHIBITED ", goto:l3_error" },
	{ REL_ROUTER, "l3-acl-in-ip",
	  "table=l3_acl_in, priority=1, ldp=$rldp, ip actions=goto:l3_local" },
	{ REL_ROUTER, "l3-acl-in-ipv6",
	  "table=l3_acl_in, priority=1, ldp=$rldp, ipv6 actions=goto:l3_local" },

	/* the router's own addresses: it answers when it is pinged */
	{ REL_CONNECTED_IP4, "echo",
	  "table=l3_local, priority=110, ldp=$rldp, icmp, icmp_type=8, icmp_code=0, ip_dst=$ip "
	  "actions=move:ip_src->ip_dst, set:ip_src=$ip, set:icmp_type=0, set:ip_ttl=64, "
	  "goto:l3_policy" },
	{ REL_CONNECTED_IP6, "echo-ipv6",
	  "table=l3_local, priority=110, ldp=$rldp, icmp6, icmp_type=128, icmp_code=0, "
	  "ipv6_dst=$ip actions=move:ipv6_src->ipv6_dst, set:ipv6_src=$ip, set:icmp_type=129, "
	  "set:ip_ttl=64, goto:l3_policy" },
	/* addresses of its own may be others' behind NAT: what is left of them is refused there */
	{ REL_CONNECTED_IP4, "own",
	  "table=l3_local, priority=100, ldp=$rldp, ip, ip_dst=$ip actions=goto:l3_hint" },
	{ REL_CONNECTED_IP6, "own-ipv6",
	  "table=l3_local, priority=100, ldp=$rldp, ipv6, ipv6_dst=$ip actions=goto:l3_hint" },
	{ REL_ROUTER, "link-local",
	  "table=l3_local, priority=90, ldp=$rldp, ipv6, ipv6_dst=fe80::/10 "
	  "actions=drop:not_forwarded" },
	/* asked before addresses are translated, so that errors quote what was sent */
	{ REL_ROUTER, "local-else",
	  "table=l3_local, priority=1, ldp=$rldp "
	  "actions=load:reg2=" WHY_TTL ", check_ttl:l3_error, goto:l3_hint" },

	/* connections are made by templates, and need whole packets */
	/* between ports inside nothing is translated */
	{ REL_NAT_INSIDE, "nat-inside",
	  "table=l3_hint, priority=3, ldp=$rldp, lin=$rport actions=defrag, goto:l3_policy" },
	{ REL_NAT, "defrag", "table=l3_hint, priority=2, ldp=$rldp actions=defrag, goto:l3_dnat" },
	{ REL_ROUTER, "hint-else", "table=l3_hint, priority=1, ldp=$rldp actions=goto:l3_dnat" },
	{ REL_NAT_IN_IP4, "dnat",
	  "table=l3_dnat, priority=$priority, ldp=$rldp, ip, ip_dst=$prefix $match "
	  "actions=template:$template" },
	{ REL_NAT_IN_IP6, "dnat-ipv6",
	  "table=l3_dnat, priority=$priority, ldp=$rldp, ipv6, ipv6_dst=$prefix $match "
	  "actions=template:$template" },
	{ REL_NAT_OWN_IP4, "nat-unreachable",
	  "table=l3_dnat, priority=1500, ldp=$rldp, lin=$rport, icmp, icmp_type=3, ip_dst=$prefix "
	  "actions=related:l3_dnat, drop:not_forwarded" },
	{ REL_NAT_OWN_IP4, "nat-exceeded",
	  "table=l3_dnat, priority=1500, ldp=$rldp, lin=$rport, icmp, icmp_type=11, ip_dst=$prefix "
	  "actions=related:l3_dnat, drop:not_forwarded" },
	{ REL_NAT_OWN_IP4, "nat-parameter",
	  "table=l3_dnat, priority=1500, ldp=$rldp, lin=$rport, icmp, icmp_type=12, ip_dst=$prefix "
	  "actions=related:l3_dnat, drop:not_forwarded" },
	{ REL_NAT_OWN_IP6, "nat-unreachable-ipv6",
	  "table=l3_dnat, priority=1500, ldp=$rldp, lin=$rport, icmp6, icmp_type=1, ipv6_dst=$prefix "
	  "actions=related:l3_dnat, drop:not_forwarded" },
	{ REL_NAT_OWN_IP6, "nat-too-big-ipv6",
	  "table=l3_dnat, priority=1500, ldp=$rldp, lin=$rport, icmp6, icmp_type=2, ipv6_dst=$prefix "
	  "actions=related:l3_dnat, drop:not_forwarded" },
	{ REL_NAT_OWN_IP6, "nat-exceeded-ipv6",
	  "table=l3_dnat, priority=1500, ldp=$rldp, lin=$rport, icmp6, icmp_type=3, ipv6_dst=$prefix "
	  "actions=related:l3_dnat, drop:not_forwarded" },
	{ REL_NAT_OWN_IP6, "nat-parameter-ipv6",
	  "table=l3_dnat, priority=1500, ldp=$rldp, lin=$rport, icmp6, icmp_type=4, ipv6_dst=$prefix "
	  "actions=related:l3_dnat, drop:not_forwarded" },
	{ REL_NAT_OWN_IP4, "nat-icmp",
	  "table=l3_dnat, priority=40, ldp=$rldp, lin=$rport, icmp, ip_dst=$prefix "
	  "actions=drop:not_forwarded" },
	{ REL_NAT_OWN_IP6, "nat-icmp6",
	  "table=l3_dnat, priority=40, ldp=$rldp, lin=$rport, icmp6, ipv6_dst=$prefix "
	  "actions=drop:not_forwarded" },
	{ REL_NAT_OWN_IP4, "nat-else",
	  "table=l3_dnat, priority=30, ldp=$rldp, lin=$rport, ip, ip_dst=$prefix "
	  "actions=reject, goto:l3_route" },
	{ REL_NAT_OWN_IP6, "nat-else-ipv6",
	  "table=l3_dnat, priority=30, ldp=$rldp, lin=$rport, ipv6, ipv6_dst=$prefix "
	  "actions=reject, goto:l3_route" },
	{ REL_ROUTER, "dnat-else", "table=l3_dnat, priority=1, ldp=$rldp actions=goto:l3_policy" },

	/* what is still for the router itself */
	{ REL_CONNECTED_IP4, "own-icmp",
	  "table=l3_policy, priority=12001, ldp=$rldp, icmp, ip_dst=$ip actions=drop:not_forwarded" },
	{ REL_CONNECTED_IP6, "own-icmp6",
	  "table=l3_policy, priority=12001, ldp=$rldp, icmp6, ipv6_dst=$ip actions=drop:not_forwarded" },
	{ REL_CONNECTED_IP4, "own-else",
	  "table=l3_policy, priority=12000, ldp=$rldp, ip, ip_dst=$ip actions=reject, goto:l3_route" },
	{ REL_CONNECTED_IP6, "own-else-ipv6",
	  "table=l3_policy, priority=12000, ldp=$rldp, ipv6, ipv6_dst=$ip actions=reject, goto:l3_route" },
	/* policy routes, routes by the longest prefix, next hops */
	{ REL_POLICY_VIA, "policy-via",
	  "table=l3_policy, priority=$priority, ldp=$rldp, $family $match "
	  "actions=dec_ttl, load:reg1=$nexthop, goto:l3_nexthop" },
	{ REL_POLICY_ROUTE, "policy-route",
	  "table=l3_policy, priority=$priority, ldp=$rldp $match actions=goto:l3_route" },
	{ REL_POLICY_DROP, "policy-drop",
	  "table=l3_policy, priority=$priority, ldp=$rldp $match actions=drop:policy" },
	{ REL_ROUTER, "policy-else",
	  "table=l3_policy, priority=1, ldp=$rldp actions=goto:l3_route" },
	{ REL_CONNECTED_IP4, "connected",
	  "table=l3_route, priority=$priority, ldp=$rldp, ip, ip_dst=$prefix "
	  "actions=dec_ttl, load:reg1=$nexthop, goto:l3_nexthop" },
	{ REL_CONNECTED_IP6, "connected-ipv6",
	  "table=l3_route, priority=$priority, ldp=$rldp, ipv6, ipv6_dst=$prefix "
	  "actions=dec_ttl, load:reg1=$nexthop, goto:l3_nexthop" },
	{ REL_ROUTE_IP4, "route",
	  "table=l3_route, priority=$priority, ldp=$rldp, ip, ip_dst=$prefix "
	  "actions=dec_ttl, load:reg1=$nexthop, goto:l3_nexthop" },
	{ REL_ROUTE_IP6, "route-ipv6",
	  "table=l3_route, priority=$priority, ldp=$rldp, ipv6, ipv6_dst=$prefix "
	  "actions=dec_ttl, load:reg1=$nexthop, goto:l3_nexthop" },
	{ REL_ROUTE_DROP_IP4, "route-drop",
	  "table=l3_route, priority=$priority, ldp=$rldp, ip, ip_dst=$prefix "
	  "actions=drop:no_route" },
	{ REL_ROUTE_DROP_IP6, "route-drop-ipv6",
	  "table=l3_route, priority=$priority, ldp=$rldp, ipv6, ipv6_dst=$prefix "
	  "actions=drop:no_route" },
	{ REL_ROUTER, "no-route",
	  "table=l3_route, priority=1, ldp=$rldp actions=load:reg2=" WHY_ROUTE ", goto:l3_error" },
	{ REL_CONNECTED, "next-hop-is-destination",
	  "table=l3_nexthop, priority=100, ldp=$rldp, reg1=$nexthop, ip " TOO_BIG_OR
	  "move:ip_dst->reg4, load:lout=$rport, set:eth_src=$linkmac, goto:l3_snat" },
	{ REL_CONNECTED, "next-hop-is-destination-ipv6",
	  "table=l3_nexthop, priority=100, ldp=$rldp, reg1=$nexthop, ipv6 " TOO_BIG_OR
	  "move:ipv6_dst[96..127]->reg4, move:ipv6_dst[64..95]->reg5, "
	  "move:ipv6_dst[32..63]->reg6, move:ipv6_dst[0..31]->reg7, load:lout=$rport, "
	  "set:eth_src=$linkmac, goto:l3_snat" },
	{ REL_HOP_IP4, "next-hop",
	  "table=l3_nexthop, priority=100, ldp=$rldp, reg1=$nexthop, ip $scope " TOO_BIG_OR
	  "load:reg4=$word0, load:lout=$rport, set:eth_src=$linkmac, goto:l3_snat" },
	{ REL_HOP_IP6, "next-hop-ipv6",
	  "table=l3_nexthop, priority=100, ldp=$rldp, reg1=$nexthop, ipv6 $scope " TOO_BIG_OR
	  "load:reg4=$word0, load:reg5=$word1, load:reg6=$word2, load:reg7=$word3, "
	  "load:lout=$rport, set:eth_src=$linkmac, goto:l3_snat" },

	/* SNAT; L3 egress ACL */
	{ REL_NAT_INSIDE, "nat-to-inside",
	  "table=l3_snat, priority=2000, ldp=$rldp, lout=$rport actions=goto:l3_acl_out" },
	{ REL_NAT_OUT_IP4, "snat",
	  "table=l3_snat, priority=$priority, ldp=$rldp, ip, ip_src=$prefix "
	  "actions=template:$template" },
	{ REL_NAT_OUT_IP6, "snat-ipv6",
	  "table=l3_snat, priority=$priority, ldp=$rldp, ipv6, ipv6_src=$prefix "
	  "actions=template:$template" },
	{ REL_NAT_LINK_IP4, "nat-out-unreachable",
	  "table=l3_snat, priority=1500, ldp=$rldp, lout=$rport, icmp, icmp_type=3 "
	  "actions=related:l3_snat, goto:l3_acl_out" },
	{ REL_NAT_LINK_IP4, "nat-out-exceeded",
	  "table=l3_snat, priority=1500, ldp=$rldp, lout=$rport, icmp, icmp_type=11 "
	  "actions=related:l3_snat, goto:l3_acl_out" },
	{ REL_NAT_LINK_IP4, "nat-out-parameter",
	  "table=l3_snat, priority=1500, ldp=$rldp, lout=$rport, icmp, icmp_type=12 "
	  "actions=related:l3_snat, goto:l3_acl_out" },
	{ REL_NAT_LINK_IP6, "nat-out-unreachable-ipv6",
	  "table=l3_snat, priority=1500, ldp=$rldp, lout=$rport, icmp6, icmp_type=1 "
	  "actions=related:l3_snat, goto:l3_acl_out" },
	{ REL_NAT_LINK_IP6, "nat-out-too-big-ipv6",
	  "table=l3_snat, priority=1500, ldp=$rldp, lout=$rport, icmp6, icmp_type=2 "
	  "actions=related:l3_snat, goto:l3_acl_out" },
	{ REL_NAT_LINK_IP6, "nat-out-exceeded-ipv6",
	  "table=l3_snat, priority=1500, ldp=$rldp, lout=$rport, icmp6, icmp_type=3 "
	  "actions=related:l3_snat, goto:l3_acl_out" },
	{ REL_NAT_LINK_IP6, "nat-out-parameter-ipv6",
	  "table=l3_snat, priority=1500, ldp=$rldp, lout=$rport, icmp6, icmp_type=4 "
	  "actions=related:l3_snat, goto:l3_acl_out" },
	{ REL_ROUTER, "snat-else", "table=l3_snat, priority=1, ldp=$rldp actions=goto:l3_acl_out" },
	{ REL_ACL_L3_OUT, "l3-acl-out",
	  "table=l3_acl_out, priority=$priority, ldp=$rldp $scope $match actions=$verdict" },
	{ REL_REJECT_L3_OUT, "l3-reject-out",
	  "table=l3_acl_out, priority=$priority, ldp=$rldp $scope $match "
	  "actions=load:reg2=" WHY_PROHIBITED ", goto:l3_error" },
	{ REL_ROUTER, "l3-acl-out-else",
	  "table=l3_acl_out, priority=1, ldp=$rldp actions=goto:l3_resolve" },

	/* MAC resolution, from what is known */
	{ REL_NEIGHBOUR4, "resolve",
	  "table=l3_resolve, priority=100, ldp=$rldp, lout=$rport, ip, reg4=$word0 "
	  "actions=set:eth_dst=$mac, goto:egress" },
	{ REL_NEIGHBOUR6, "resolve-ipv6",
	  "table=l3_resolve, priority=100, ldp=$rldp, lout=$rport, ipv6, reg4=$word0, "
	  "reg5=$word1, reg6=$word2, reg7=$word3 actions=set:eth_dst=$mac, goto:egress" },

	{ REL_CONNECTED_ASK, "ask",
	  "table=l3_resolve, priority=50, ldp=$rldp, lout=$rport actions=template:weft-arp" },
	{ REL_ROUTER, "no-neighbour",
	  "table=l3_resolve, priority=1, ldp=$rldp "
	  "actions=load:reg2=" WHY_NEIGHBOUR ", goto:l3_error" },

	/* whose source is translated is not known here any more */
	{ REL_NAT_OWN_IP4, "error-translated",
	  "table=l3_error, priority=200, ldp=$rldp, ip, ip_src=$prefix actions=drop:not_forwarded" },
	{ REL_NAT_OWN_IP6, "error-translated-ipv6",
	  "table=l3_error, priority=200, ldp=$rldp, ipv6, ipv6_src=$prefix "
	  "actions=drop:not_forwarded" },
	/* errors: by the port by which the packet came, and then like any other packet */
	{ REL_ERROR_IP4, "error-ttl", ERROR4(WHY_TTL, "ttl") },
	{ REL_ERROR_IP4, "error-route", ERROR4(WHY_ROUTE, "net") },
	{ REL_ERROR_IP4, "error-neighbour", ERROR4(WHY_NEIGHBOUR, "host") },
	{ REL_ERROR_IP4, "error-prohibited", ERROR4(WHY_PROHIBITED, "admin") },
	{ REL_ERROR_IP4, "error-too-big", ERROR4(WHY_TOO_BIG, "too_big") },
	{ REL_ERROR_IP6, "error-ttl-ipv6", ERROR6(WHY_TTL, "ttl") },
	{ REL_ERROR_IP6, "error-route-ipv6", ERROR6(WHY_ROUTE, "net") },
	{ REL_ERROR_IP6, "error-neighbour-ipv6", ERROR6(WHY_NEIGHBOUR, "host") },
	{ REL_ERROR_IP6, "error-prohibited-ipv6", ERROR6(WHY_PROHIBITED, "admin") },
	{ REL_ERROR_IP6, "error-too-big-ipv6", ERROR6(WHY_TOO_BIG, "too_big") },

	/* egress context: where is the logical port? */
	{ REL_PORT_HERE, "egress-here",
	  "table=egress, priority=100, ldp=$ldp, lout=$lport actions=goto:output" },
	{ REL_PORT_AWAY, "egress-away",
	  "table=egress, priority=100, ldp=$ldp, lout=$lport "
	  "actions=load:reg0=$number, goto:physical" },
	{ REL_LINK_TO, "egress-to-router",
	  "table=egress, priority=100, ldp=$ldp, lout=$peer "
	  "actions=load:ldp=$rldp, load:lin=$rport, goto:l3_acl_in" },
	{ REL_LINK_FROM, "egress-from-router",
	  "table=egress, priority=100, ldp=$rldp, lout=$rport "
	  "actions=load:ldp=$ldp, load:lin=$peer, goto:l2_acl_in" },
	{ REL_LATE_SWITCH, "egress-late-switch",
	  "table=egress, priority=110, ldp=$rldp, lout=$rport, eth_dst=$mac "
	  "actions=load:ldp=$ldp, load:lin=$peer, load:lout=0, load:stage=2, load:reg0=$number, "
	  "goto:physical" },
	/* lout is for relays: there the address says nothing */
	{ REL_LATE_OUTSIDE, "egress-late-outside",
	  "table=egress, priority=105, ldp=$rldp, lout=$rport "
	  "actions=load:ldp=$ldp, load:lin=$peer, load:lout=$lport, load:stage=2, "
	  "load:reg0=$number, goto:physical" },
	{ REL_LINK_AWAY, "egress-router-away",
	  "table=egress, priority=100, ldp=$ldp, lout=$peer "
	  "actions=load:reg0=$number, goto:physical" },
	{ REL_LINK_DEVICE, "egress-router-device",
	  "table=egress, priority=100, ldp=$ldp, lout=$peer actions=goto:output" },

	/* physical mapping, output */
	{ REL_HOST, "physical",
	  "table=physical, priority=100, reg0=$number actions=check_mtu:$mtu->l2_error, tunnel:$host" },
	/* there is no router whose error it could be: it seems to be the receiver's */
	{ REL_PORT_SHORT, "switch-too-big",
	  "table=l2_error, priority=100, in_port=$port, ldp=$ldp, lin=$lport "
	  "actions=reject:too_big, output:in_port" },
	{ REL_PORT_HERE, "output",
	  "table=output, priority=100, ldp=$ldp, lout=$lport actions=output:lout" },
	/*
	 * Never out of a switch by the port of entry; a router may send back whence it came, as it is
	 * by its port then. Copies are made for all ports, and of that one nothing is to be counted.
	 */
	{ REL_PORT_HERE, "output-back",
	  "table=output, priority=110, ldp=$ldp, lin=$lport, lout=$lport actions=drop:loop" },
	{ REL_PORT_HERE, "output-entry",
	  "table=output, priority=120, in_port=$port, ldp=$ldp, lin=$lport, lout=$lport "
	  "actions=output:$port" },
	/* a router in a namespace is sent copies, too, but not of what it says itself */
	{ REL_LINK_DEVICE, "output-router",
	  "table=output, priority=100, ldp=$ldp, lout=$peer actions=output:lout" },
	{ REL_LINK_DEVICE, "output-router-back",
	  "table=output, priority=110, ldp=$ldp, lin=$peer, lout=$peer actions=drop:loop" },
	{ REL_LINK_DEVICE, "output-router-entry",
	  "table=output, priority=120, in_port=$port, ldp=$ldp, lin=$peer, lout=$peer "
	  "actions=output:$port" },
};

const size_t n_net_rules = sizeof(net_rules) / sizeof(*net_rules);
