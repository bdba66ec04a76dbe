/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause */
/*
 * The contract between weft.ko and user space: generic netlink family "weft".
 *
 * Conventions that hold everywhere:
 *  - Integers are in host byte order, with one exception: values and masks
 *    of *fields* (attributes numbered by enum weft_field, in WEFT_FLOW_A_MATCH,
 *    WEFT_ACT_A_SET and WEFT_*_A_METADATA) are big-endian byte strings, whether
 *    they come from a packet header or are registers.
 *  - A datapath is named by a string that is unique in its network namespace.
 *  - Every refusal carries an extack message and, where one is to blame, the
 *    offending attribute.
 *  - Times are milliseconds unless the name says otherwise.
 */
#ifndef _UAPI_LINUX_WEFT_H
#define _UAPI_LINUX_WEFT_H

#include <linux/types.h>

#define WEFT_GENL_NAME		"weft"
#define WEFT_GENL_VERSION	1
#define WEFT_MCGRP_EVENTS	"events"
#define WEFT_MCGRP_INSTANCES	"instances"

#define WEFT_NAME_MAX		15	/* datapath and service names, without NUL */
#define WEFT_VM_ID_MAX		63	/* opaque VM id of a port, without NUL */
#define WEFT_N_TABLES		256
#define WEFT_N_REGS		16
#define WEFT_RESUBMIT_MAX	64	/* resubmit actions one packet may take */
#define WEFT_STAGE_MAX		128	/* table lookups one packet may take */
#define WEFT_CLONE_DEPTH_MAX	4	/* clone() inside clone() */
#define WEFT_ACTIONS_MAX	16384	/* bytes of a WEFT_FLOW_A_ACTIONS attribute */
#define WEFT_PORT_ID_MAX	65535	/* ports are 1…65535; 0 is no port */
#define WEFT_SERVICES_MAX	64	/* services of a datapath */
#define WEFT_TUN_OPTS		4	/* tunnel option slots of a port */
#define WEFT_TUN_OPT_LEN	16	/* bytes of an option slot */
#define WEFT_FRAME_MAX		65531	/* bytes that an attribute can carry */
#define WEFT_POOL_ID_MAX	65535	/* pools are 1…65535 */
#define WEFT_POOL_RANGES_MAX	1024	/* ranges, or entries of a map, of a pool */
#define WEFT_POOL_ADDRS_MAX	65536	/* addresses of a pool */
#define WEFT_TEMPLATE_ID_MAX	65535	/* templates are 1…65535 */
#define WEFT_TEMPLATE_ENTRIES	8	/* entries of a template */
#define WEFT_TEMPLATE_VARS	8	/* variables of a template */
#define WEFT_TEMPLATE_LIMITS	4	/* limits of a template */
#define WEFT_LIMIT_FIELDS	4	/* fields that a limit counts by */
#define WEFT_LABEL_MAX		0xffffff	/* labels are 1…0xffffff; 0 names nothing */
#define WEFT_TUNNELS_MAX	65536	/* tunnels whose state a datapath knows */
#define WEFT_FALLBACKS_MAX	4	/* other ways for a tunnel that is down */

/**
 * enum weft_cmd - commands and notifications
 *
 * A GET request is answered with the NEW message of the object (a table's with
 * TABLE_SET); changes are announced in group "events" with the NEW and DEL
 * message of the object (a table's miss actions with TABLE_SET). Instances, of which traffic
 * makes many, are announced in a group of their own, "instances".
 *
 * @WEFT_CMD_DP_NEW: create a datapath (WEFT_DP_A_NAME); EEXIST when taken
 * @WEFT_CMD_DP_DEL: delete it with its ports and entries
 * @WEFT_CMD_DP_GET: one by name, or dump those of the namespace
 * @WEFT_CMD_DP_SET: change limits
 * @WEFT_CMD_PORT_NEW: attach a device, or make an internal port
 * @WEFT_CMD_PORT_DEL: detach; internal ports lose their device
 * @WEFT_CMD_PORT_GET: one by id or name, or dump
 * @WEFT_CMD_PORT_SET: change class, VM id, logical ports, remotes, options, mask of the mark
 * @WEFT_CMD_TABLE_GET: one by id, or dump of those with entries or a miss action
 * @WEFT_CMD_TABLE_SET: set the table-miss actions
 * @WEFT_CMD_FLOW_NEW: add an entry; EEXIST when table, priority and match are
 *	taken, unless NLM_F_REPLACE is set
 * @WEFT_CMD_FLOW_DEL: delete one entry (table, priority and match), or with
 *	WEFT_FLOW_A_FILTER all that a filter selects; ENOENT when there is none, unless
 *	WEFT_FLOW_A_IF_EXISTS is set
 * @WEFT_CMD_FLOW_GET: one entry, or dump under a filter
 * @WEFT_CMD_FLOW_SET: new actions, cookie or timeouts of one entry, as far as
 *	present; it keeps its counters; ENOENT when there is none
 * @WEFT_CMD_TXN_BEGIN: open a transaction of the sending socket; FLOW_NEW, _SET,
 *	_DEL and TABLE_SET messages with its id are collected
 * @WEFT_CMD_TXN_COMMIT: apply all or none; as notification: what was changed
 * @WEFT_CMD_TXN_ABORT: forget them; closing the socket does the same
 * @WEFT_CMD_SERVICE_NEW: register the sending socket as consumer of a service
 * @WEFT_CMD_SERVICE_DEL: leave it; closing the socket does the same
 * @WEFT_CMD_SERVICE_GET: one by name, or dump
 * @WEFT_CMD_SERVICE_SET: grant credits, change the queue limit
 * @WEFT_CMD_PACKET_INJECT: send a frame through the tables, or through actions
 * @WEFT_CMD_PACKET_UPCALL: notification to a service's socket: a packet
 * @WEFT_CMD_POOL_NEW: make a pool; EEXIST when its id is taken
 * @WEFT_CMD_POOL_DEL: delete it; EBUSY while a template draws from it
 * @WEFT_CMD_POOL_GET: one by id, or dump
 * @WEFT_CMD_POOL_SET: grant ranges and withdraw them, change how to choose; values in use
 *	stay with their instances when their range is withdrawn
 * @WEFT_CMD_TEMPLATE_NEW: make a template; EEXIST when its id is taken
 * @WEFT_CMD_TEMPLATE_DEL: delete it and end its instances; EBUSY while an entry
 *	has an action that names it
 * @WEFT_CMD_TEMPLATE_GET: one by id, or dump
 * @WEFT_CMD_INSTANCE_NEW: make an instance: with WEFT_INSTANCE_A_PENDING the one that a
 *	packet waits for, else from nothing (import); EEXIST when there is one
 * @WEFT_CMD_INSTANCE_DEL: end one by id; with WEFT_INSTANCE_A_FILTER all that it
 *	selects; with WEFT_INSTANCE_A_PENDING reject what waits for an answer
 * @WEFT_CMD_INSTANCE_GET: one by id, or dump under a filter
 * @WEFT_CMD_LABEL_NEW: name a logical port by a label; EEXIST when the label is taken, or
 *	the logical port has one
 * @WEFT_CMD_LABEL_DEL: take the name away
 * @WEFT_CMD_LABEL_GET: one by id, or dump
 * @WEFT_CMD_TUNNEL_SET: say how the way to a remote of a tunnel port is, and what is there
 *	instead; what is absent stays. One that nobody has spoken of is up. As answer
 *	and notification: how it is
 * @WEFT_CMD_TUNNEL_DEL: forget that; ENOENT when there is nothing to forget
 * @WEFT_CMD_TUNNEL_GET: one by port and remote, or dump
 */
enum weft_cmd {
	WEFT_CMD_UNSPEC,
	WEFT_CMD_DP_NEW,
	WEFT_CMD_DP_DEL,
	WEFT_CMD_DP_GET,
	WEFT_CMD_DP_SET,
	WEFT_CMD_PORT_NEW,
	WEFT_CMD_PORT_DEL,
	WEFT_CMD_PORT_GET,
	WEFT_CMD_PORT_SET,
	WEFT_CMD_TABLE_GET,
	WEFT_CMD_TABLE_SET,
	WEFT_CMD_FLOW_NEW,
	WEFT_CMD_FLOW_DEL,
	WEFT_CMD_FLOW_GET,
	WEFT_CMD_FLOW_SET,
	WEFT_CMD_TXN_BEGIN,
	WEFT_CMD_TXN_COMMIT,
	WEFT_CMD_TXN_ABORT,
	WEFT_CMD_SERVICE_NEW,
	WEFT_CMD_SERVICE_DEL,
	WEFT_CMD_SERVICE_GET,
	WEFT_CMD_SERVICE_SET,
	WEFT_CMD_PACKET_INJECT,
	WEFT_CMD_PACKET_UPCALL,
	WEFT_CMD_POOL_NEW,
	WEFT_CMD_POOL_DEL,
	WEFT_CMD_POOL_GET,
	WEFT_CMD_POOL_SET,
	WEFT_CMD_TEMPLATE_NEW,
	WEFT_CMD_TEMPLATE_DEL,
	WEFT_CMD_TEMPLATE_GET,
	WEFT_CMD_INSTANCE_NEW,
	WEFT_CMD_INSTANCE_DEL,
	WEFT_CMD_INSTANCE_GET,
	WEFT_CMD_LABEL_NEW,
	WEFT_CMD_LABEL_DEL,
	WEFT_CMD_LABEL_GET,
	WEFT_CMD_TUNNEL_SET,
	WEFT_CMD_TUNNEL_DEL,
	WEFT_CMD_TUNNEL_GET,

	__WEFT_CMD_MAX,
	WEFT_CMD_MAX = __WEFT_CMD_MAX - 1
};

/**
 * enum weft_field - fields of a packet's key
 *
 * As an attribute the payload is the value (exact match), or the value followed
 * by a mask of the same length; bits outside the mask must be zero in the
 * value, and a mask of zeroes is refused. Lengths are bytes.
 * "needs" names what the match must pin down before the field means anything.
 * r: only to be matched, rw: may also be written by actions. An address of the
 * tunnel stands for WEFT_TUN_F_IPV6, too: a match has addresses of one family, and
 * leaves that bit out of the mask of WEFT_FIELD_TUN_FLAGS.
 *
 * @WEFT_FIELD_IN_PORT: 4, r: port on which the packet came in
 * @WEFT_FIELD_MARK: 4, rw: mark register, kept with the packet
 * @WEFT_FIELD_REG0: 4, rw: the first of 16 scratch registers
 * @WEFT_FIELD_REG15: 4, rw: the last of them
 * @WEFT_FIELD_LDP: 4, rw: logical datapath set, 24 bits
 * @WEFT_FIELD_LIN: 2, rw: logical ingress port, a value up to WEFT_LIN_MAX; "move"
 *	may set bit 15, with which no tunnel takes the packet (tunnel_context)
 * @WEFT_FIELD_LOUT: 2, rw: logical egress port
 * @WEFT_FIELD_STAGE: 1, rw: what is left to do, 0…15
 * @WEFT_FIELD_TUN_ID: 8, r: tunnel key (Geneve: the VNI; GRE: the key; STT: the context)
 * @WEFT_FIELD_TUN_SRC: 4, r: IPv4 address of the sending tunnel endpoint
 * @WEFT_FIELD_TUN_DST: 4, r: IPv4 address of the receiving endpoint
 * @WEFT_FIELD_TUN_IPV6_SRC: 16, r: IPv6 address of the sending endpoint
 * @WEFT_FIELD_TUN_IPV6_DST: 16, r: IPv6 address of the receiving endpoint
 * @WEFT_FIELD_TUN_TOS: 1, r: outer TOS or traffic class
 * @WEFT_FIELD_TUN_TTL: 1, r: outer TTL or hop limit
 * @WEFT_FIELD_TUN_FLAGS: 2, r: enum weft_tun_flags
 * @WEFT_FIELD_TUN_OPT0: 16, rw: option in slot 0 of the tunnel port, zero padded
 * @WEFT_FIELD_TUN_OPT1: 16, rw: slot 1
 * @WEFT_FIELD_TUN_OPT2: 16, rw: slot 2
 * @WEFT_FIELD_TUN_OPT3: 16, rw: slot 3
 * @WEFT_FIELD_ETH_DST: 6, rw
 * @WEFT_FIELD_ETH_SRC: 6, rw
 * @WEFT_FIELD_ETH_TYPE: 2, r: of the payload behind all VLAN tags that were
 *	parsed; 0x05ff for 802.3 frames
 * @WEFT_FIELD_VLAN_TCI: 2, rw: outer tag; bit 0x1000 says that there is one
 *	(DEI is not kept); needs that bit to be written
 * @WEFT_FIELD_VLAN_TPID: 2, r: outer tag's 0x8100 or 0x88a8
 * @WEFT_FIELD_VLAN2_TCI: 2, r: inner tag
 * @WEFT_FIELD_VLAN2_TPID: 2, r
 * @WEFT_FIELD_IP_SRC: 4, rw: needs eth_type 0x0800
 * @WEFT_FIELD_IP_DST: 4, rw: needs eth_type 0x0800
 * @WEFT_FIELD_IPV6_SRC: 16, rw: needs eth_type 0x86dd
 * @WEFT_FIELD_IPV6_DST: 16, rw: needs eth_type 0x86dd
 * @WEFT_FIELD_IPV6_LABEL: 4, rw: flow label, 20 bits; needs eth_type 0x86dd
 * @WEFT_FIELD_IPV6_EXTHDR: 2, r: enum weft_exthdr; needs eth_type 0x86dd
 * @WEFT_FIELD_IP_PROTO: 1, r: needs IPv4 or IPv6; behind extension headers
 * @WEFT_FIELD_IP_TOS: 1, rw: needs IPv4 or IPv6
 * @WEFT_FIELD_IP_TTL: 1, rw: needs IPv4 or IPv6
 * @WEFT_FIELD_IP_FRAG: 1, r: enum weft_frag; needs IPv4 or IPv6
 * @WEFT_FIELD_L4_SRC: 2, rw: port; needs TCP, UDP or SCTP
 * @WEFT_FIELD_L4_DST: 2, rw: port; needs TCP, UDP or SCTP
 * @WEFT_FIELD_TCP_FLAGS: 2, r: 12 bits; needs TCP
 * @WEFT_FIELD_ICMP_TYPE: 1, rw: needs ICMP (IPv4) or ICMPv6 (IPv6)
 * @WEFT_FIELD_ICMP_CODE: 1, rw: same
 * @WEFT_FIELD_ICMP_ID: 2, rw: identifier of an echo; same
 * @WEFT_FIELD_ARP_OP: 2, rw: needs eth_type 0x0806
 * @WEFT_FIELD_ARP_SPA: 4, rw: same
 * @WEFT_FIELD_ARP_TPA: 4, rw: same
 * @WEFT_FIELD_ARP_SHA: 6, rw: same
 * @WEFT_FIELD_ARP_THA: 6, rw: same
 * @WEFT_FIELD_ND_TARGET: 16, rw: needs ICMPv6 type 135 or 136
 * @WEFT_FIELD_ND_SLL: 6, rw: source link-layer option; needs ICMPv6 type 135
 * @WEFT_FIELD_ND_TLL: 6, rw: target link-layer option; needs ICMPv6 type 136
 */
enum weft_field {
	WEFT_FIELD_UNSPEC,
	WEFT_FIELD_IN_PORT,
	WEFT_FIELD_MARK,
	WEFT_FIELD_REG0,
	WEFT_FIELD_REG15 = WEFT_FIELD_REG0 + WEFT_N_REGS - 1,
	WEFT_FIELD_LDP,
	WEFT_FIELD_LIN,
	WEFT_FIELD_LOUT,
	WEFT_FIELD_STAGE,
	WEFT_FIELD_TUN_ID,
	WEFT_FIELD_TUN_SRC,
	WEFT_FIELD_TUN_DST,
	WEFT_FIELD_TUN_IPV6_SRC,
	WEFT_FIELD_TUN_IPV6_DST,
	WEFT_FIELD_TUN_TOS,
	WEFT_FIELD_TUN_TTL,
	WEFT_FIELD_TUN_FLAGS,
	WEFT_FIELD_TUN_OPT0,
	WEFT_FIELD_TUN_OPT1,
	WEFT_FIELD_TUN_OPT2,
	WEFT_FIELD_TUN_OPT3,
	WEFT_FIELD_ETH_DST,
	WEFT_FIELD_ETH_SRC,
	WEFT_FIELD_ETH_TYPE,
	WEFT_FIELD_VLAN_TCI,
	WEFT_FIELD_VLAN_TPID,
	WEFT_FIELD_VLAN2_TCI,
	WEFT_FIELD_VLAN2_TPID,
	WEFT_FIELD_IP_SRC,
	WEFT_FIELD_IP_DST,
	WEFT_FIELD_IPV6_SRC,
	WEFT_FIELD_IPV6_DST,
	WEFT_FIELD_IPV6_LABEL,
	WEFT_FIELD_IPV6_EXTHDR,
	WEFT_FIELD_IP_PROTO,
	WEFT_FIELD_IP_TOS,
	WEFT_FIELD_IP_TTL,
	WEFT_FIELD_IP_FRAG,
	WEFT_FIELD_L4_SRC,
	WEFT_FIELD_L4_DST,
	WEFT_FIELD_TCP_FLAGS,
	WEFT_FIELD_ICMP_TYPE,
	WEFT_FIELD_ICMP_CODE,
	WEFT_FIELD_ICMP_ID,
	WEFT_FIELD_ARP_OP,
	WEFT_FIELD_ARP_SPA,
	WEFT_FIELD_ARP_TPA,
	WEFT_FIELD_ARP_SHA,
	WEFT_FIELD_ARP_THA,
	WEFT_FIELD_ND_TARGET,
	WEFT_FIELD_ND_SLL,
	WEFT_FIELD_ND_TLL,

	__WEFT_FIELD_MAX,
	WEFT_FIELD_MAX = __WEFT_FIELD_MAX - 1
};

#define WEFT_VLAN_PRESENT	0x1000	/* in WEFT_FIELD_VLAN_TCI */
#define WEFT_ETH_TYPE_802_3	0x05ff	/* WEFT_FIELD_ETH_TYPE of a frame without one */

/**
 * enum weft_frag - bits of WEFT_FIELD_IP_FRAG
 * @WEFT_FRAG_ANY: the packet is a fragment
 * @WEFT_FRAG_LATER: it is not the first one, so it has no L4 fields
 */
enum weft_frag {
	WEFT_FRAG_ANY = 1,
	WEFT_FRAG_LATER = 2,
};

/**
 * enum weft_tun_flags - bits of WEFT_FIELD_TUN_FLAGS
 * @WEFT_TUN_F_KEY: there is a tunnel key
 * @WEFT_TUN_F_CSUM: the outer UDP or GRE checksum is used
 * @WEFT_TUN_F_OAM: control packet (Geneve O bit)
 * @WEFT_TUN_F_CRIT: critical options present (Geneve C bit)
 * @WEFT_TUN_F_CONTEXT: logical context (lin, lout) was carried
 * @WEFT_TUN_F_MARK: mark and stage were carried
 * @WEFT_TUN_F_IPV6: the outer header is IPv6
 * @WEFT_TUN_F_OPT0: option of slot 0 present; the next three bits: 1, 2, 3
 */
enum weft_tun_flags {
	WEFT_TUN_F_KEY = 1 << 0,
	WEFT_TUN_F_CSUM = 1 << 1,
	WEFT_TUN_F_OAM = 1 << 2,
	WEFT_TUN_F_CRIT = 1 << 3,
	WEFT_TUN_F_CONTEXT = 1 << 4,
	WEFT_TUN_F_MARK = 1 << 5,
	WEFT_TUN_F_IPV6 = 1 << 6,
	WEFT_TUN_F_OPT0 = 1 << 8,
};

/**
 * enum weft_exthdr - bits of WEFT_FIELD_IPV6_EXTHDR, as OpenFlow 1.5 numbers them
 * @WEFT_EXTHDR_NONEXT: "no next header"
 * @WEFT_EXTHDR_ESP: encapsulating security payload
 * @WEFT_EXTHDR_AUTH: authentication header
 * @WEFT_EXTHDR_DEST: one or two destination options headers
 * @WEFT_EXTHDR_FRAG: fragment header
 * @WEFT_EXTHDR_ROUTER: routing header
 * @WEFT_EXTHDR_HOP: hop-by-hop options header
 * @WEFT_EXTHDR_UNREP: a header was repeated
 * @WEFT_EXTHDR_UNSEQ: headers in an order that RFC 8200 does not recommend
 */
enum weft_exthdr {
	WEFT_EXTHDR_NONEXT = 1 << 0,
	WEFT_EXTHDR_ESP = 1 << 1,
	WEFT_EXTHDR_AUTH = 1 << 2,
	WEFT_EXTHDR_DEST = 1 << 3,
	WEFT_EXTHDR_FRAG = 1 << 4,
	WEFT_EXTHDR_ROUTER = 1 << 5,
	WEFT_EXTHDR_HOP = 1 << 6,
	WEFT_EXTHDR_UNREP = 1 << 7,
	WEFT_EXTHDR_UNSEQ = 1 << 8,
};

/*
 * Geneve options that carry logical context and mark (all big-endian).
 *
 * WEFT_GENEVE_CONTEXT, critical, 4 bytes:
 *	bit 31 zero, bits 30…16 ingress logical port, bits 15…0 egress logical port
 * WEFT_GENEVE_MARK, 8 bytes: mark, then flags:
 *	bits 31…28 stage; the other flags are reserved: sent as zero, ignored.
 *	Observe and no-deliver are bits 31 and 30 of the mark itself.
 */
#define WEFT_GENEVE_CONTEXT_CLASS	0x0102
#define WEFT_GENEVE_CONTEXT_TYPE	0x80
#define WEFT_GENEVE_CONTEXT_LEN		4
#define WEFT_GENEVE_MARK_CLASS		0xff00
#define WEFT_GENEVE_MARK_TYPE		0x01
#define WEFT_GENEVE_MARK_LEN		8
#define WEFT_GENEVE_STAGE_SHIFT		28
#define WEFT_LIN_MAX			0x7fff	/* of lin; lout has 16 bits */
#define WEFT_LDP_MAX			0xffffff
#define WEFT_STAGE_VALUE_MAX		15
#define WEFT_MARK_OBSERVE		0x80000000U
#define WEFT_MARK_NO_DELIVER		0x40000000U
#define WEFT_MARK_TRACE			(WEFT_MARK_OBSERVE | WEFT_MARK_NO_DELIVER)

/*
 * STT: the 64-bit context ID is all of it (big-endian on the wire):
 *	bits 63…60 stage, 59 observe, 58 no-deliver, 57…55 the lowest bits of the mark,
 *	54…40 ingress logical port, 39…24 egress logical port, 23…0 ldp
 */
#define WEFT_STT_STAGE_SHIFT		60
#define WEFT_STT_OBSERVE		0x0800000000000000ULL
#define WEFT_STT_NO_DELIVER		0x0400000000000000ULL
#define WEFT_STT_MARK_SHIFT		55
#define WEFT_STT_MARK_MAX		7
#define WEFT_STT_LIN_SHIFT		40
#define WEFT_STT_LOUT_SHIFT		24

/*
 * GRE: the 32-bit key (big-endian on the wire):
 *	bits 31…28 stage, 27 observe, 26 no-deliver, 25…24 the lowest bits of the mark,
 *	23…0 label. A label names one logical port (WEFT_CMD_LABEL_NEW): the egress port
 *	when stage is 0, else the ingress port; label 0 names none.
 */
#define WEFT_GRE_STAGE_SHIFT		28
#define WEFT_GRE_OBSERVE		0x08000000U
#define WEFT_GRE_NO_DELIVER		0x04000000U
#define WEFT_GRE_MARK_SHIFT		24
#define WEFT_GRE_MARK_MAX		3

/* Bits of the mark that each type of tunnel carries; the fewest: those of GRE */
#define WEFT_GENEVE_MARK_BITS		0xffffffffU
#define WEFT_STT_MARK_BITS		(WEFT_MARK_TRACE | WEFT_STT_MARK_MAX)
#define WEFT_GRE_MARK_BITS		(WEFT_MARK_TRACE | WEFT_GRE_MARK_MAX)

/**
 * enum weft_drop - why a packet was dropped; counted per port of entry
 *
 * In text: lower case, no prefix. A drop action may give those from
 * WEFT_DROP_POLICY on; the others, marked *, are the datapath's own.
 */
enum weft_drop {
	WEFT_DROP_UNSPEC,		/* "no reason": never counted */
	WEFT_DROP_TABLE_MISS,		/* * no entry, and the table has no miss actions */
	WEFT_DROP_NO_OUTPUT,		/* * the walk ended without an output or drop */
	WEFT_DROP_TRUNCATED,		/* * frame ends inside a header */
	WEFT_DROP_BAD_IPV4,		/* * version, header length or total length wrong */
	WEFT_DROP_BAD_IPV6,		/* * version, payload length or extension chain wrong */
	WEFT_DROP_BAD_L4,		/* * length fields of TCP, UDP, … wrong */
	WEFT_DROP_RESUBMIT_LIMIT,	/* * over WEFT_RESUBMIT_MAX */
	WEFT_DROP_STAGE_LIMIT,		/* * over WEFT_STAGE_MAX */
	WEFT_DROP_TOO_COMPLEX,		/* * the compiled program is too long */
	WEFT_DROP_RECURSION,		/* * packet re-entered datapaths too often */
	WEFT_DROP_NO_PORT,		/* * output to a port that is gone */
	WEFT_DROP_NO_LPORT,		/* * ldp, lout name no port here */
	WEFT_DROP_IN_PORT,		/* * output:N back to the port of entry */
	WEFT_DROP_PORT_DOWN,		/* * device is down or has no carrier */
	WEFT_DROP_MTU,			/* * frame longer than the device's MTU */
	WEFT_DROP_NO_TUNNEL,		/* * output to a tunnel port without tunnel action */
	WEFT_DROP_TUNNEL_ROUTE,		/* * no route to, or no encapsulation for, the remote */
	WEFT_DROP_TUNNEL_BAD,		/* * tunnel header, key or option malformed */
	WEFT_DROP_TUNNEL_OPTION,	/* * unknown critical option */
	WEFT_DROP_TUNNEL_REMOTE,	/* * not from a configured remote */
	WEFT_DROP_TUNNEL_CONTEXT,	/* * context does not fit the tunnel header; no label */
	WEFT_DROP_VLAN_DEPTH,		/* * third VLAN tag pushed */
	WEFT_DROP_TTL,			/* * dec_ttl found 0 or 1 */
	WEFT_DROP_NO_HEADER,		/* * action needs a header that is not there */
	WEFT_DROP_NO_MEMORY,		/* * */
	WEFT_DROP_NO_SERVICE,		/* * upcall, and nobody is registered */
	WEFT_DROP_UPCALL_QUEUE,		/* * the port's share of the service queue is full */
	WEFT_DROP_UPCALL_SOCKET,	/* * the service's socket did not take it */
	WEFT_DROP_DETACHING,		/* * port or datapath is going away */
	WEFT_DROP_INSTANCE_LIMIT,	/* * no more instances: datapath, slice or port */
	WEFT_DROP_TCP_WINDOW,		/* * outside of the windows of its connection */
	WEFT_DROP_FRAGMENT,		/* * doubled, overlapping, or one of too many of a packet */

	WEFT_DROP_POLICY = 64,		/* drop without a reason given */
	WEFT_DROP_ACL,			/* access list */
	WEFT_DROP_SPOOF,		/* port security: source MAC or address not its own */
	WEFT_DROP_ISOLATION,		/* the two may not talk */
	WEFT_DROP_NO_ROUTE,
	WEFT_DROP_NO_NEIGHBOUR,		/* next hop's MAC unknown */
	WEFT_DROP_NO_LDP,		/* no logical datapath for the packet */
	WEFT_DROP_NOT_FORWARDED,	/* link-local or reserved destination */
	WEFT_DROP_LOOP,			/* would leave where it came from */
	WEFT_DROP_RATE,			/* over a rate */
	WEFT_DROP_POOL_EXHAUSTED,	/* nothing left to draw */
	WEFT_DROP_REJECTED,		/* a service said no, or "reject" did */

	WEFT_DROP_USER0 = 80,		/* 16 for the operator: user0 … user15 */
	WEFT_DROP_USER15 = 95,

	__WEFT_DROP_MAX,
	WEFT_DROP_MAX = __WEFT_DROP_MAX - 1
};

/**
 * enum weft_dp_attr - a datapath
 * @WEFT_DP_A_NAME: string
 * @WEFT_DP_A_MAX_FLOWS: u32, limit of entries; default 2097152
 * @WEFT_DP_A_N_FLOWS: u32, entries now
 * @WEFT_DP_A_N_PORTS: u32
 * @WEFT_DP_A_N_MASKS: u32, distinct masks over all tables
 * @WEFT_DP_A_VERSION: u64, rises with every commit
 * @WEFT_DP_A_DROPS: nest of enum weft_drops_attr, sum over ports, past ones too
 * @WEFT_DP_A_PAD: alignment
 * @WEFT_DP_A_LOOKUPS: u64, lookups in tables, those that cached programs stand for too
 * @WEFT_DP_A_MAX_CACHED: u32, limit of cached programs; 0: none; default 262144
 * @WEFT_DP_A_CACHE: nest of enum weft_cache_attr
 * @WEFT_DP_A_MAX_INSTANCES: u32, limit of instances; default 1048576
 * @WEFT_DP_A_MAX_INSTANCES_SLICE: u32, the same for each slice; default 1048576
 * @WEFT_DP_A_MAX_INSTANCES_PORT: u32, the same for each port of entry; default 262144
 * @WEFT_DP_A_N_INSTANCES: u32, instances now
 */
enum weft_dp_attr {
	WEFT_DP_A_UNSPEC,
	WEFT_DP_A_NAME,
	WEFT_DP_A_MAX_FLOWS,
	WEFT_DP_A_N_FLOWS,
	WEFT_DP_A_N_PORTS,
	WEFT_DP_A_N_MASKS,
	WEFT_DP_A_VERSION,
	WEFT_DP_A_DROPS,
	WEFT_DP_A_PAD,
	WEFT_DP_A_LOOKUPS,
	WEFT_DP_A_MAX_CACHED,
	WEFT_DP_A_CACHE,
	WEFT_DP_A_MAX_INSTANCES,
	WEFT_DP_A_MAX_INSTANCES_SLICE,
	WEFT_DP_A_MAX_INSTANCES_PORT,
	WEFT_DP_A_N_INSTANCES,

	__WEFT_DP_A_MAX,
	WEFT_DP_A_MAX = __WEFT_DP_A_MAX - 1
};

/**
 * enum weft_cache_attr - the flow cache, sums over the CPUs
 * @WEFT_CACHE_A_ENTRIES: u32, programs now
 * @WEFT_CACHE_A_HITS: u64, packets done by a cached program
 * @WEFT_CACHE_A_MISSES: u64, packets that walked the tables
 * @WEFT_CACHE_A_STALE: u64, of the misses: those whose program a change had made void
 * @WEFT_CACHE_A_EVICTED: u64, programs that made room for others
 * @WEFT_CACHE_A_REFUSED: u64, programs not kept: no memory, no room, or too long
 * @WEFT_CACHE_A_PAD: alignment
 */
enum weft_cache_attr {
	WEFT_CACHE_A_UNSPEC,
	WEFT_CACHE_A_ENTRIES,
	WEFT_CACHE_A_HITS,
	WEFT_CACHE_A_MISSES,
	WEFT_CACHE_A_STALE,
	WEFT_CACHE_A_EVICTED,
	WEFT_CACHE_A_REFUSED,
	WEFT_CACHE_A_PAD,

	__WEFT_CACHE_A_MAX,
	WEFT_CACHE_A_MAX = __WEFT_CACHE_A_MAX - 1
};

/**
 * enum weft_drops_attr - drop counters
 * @WEFT_DROPS_A_ENTRY: nest of enum weft_drop_entry_attr; one for every reason
 *	whose count is not zero
 */
enum weft_drops_attr {
	WEFT_DROPS_A_UNSPEC,
	WEFT_DROPS_A_ENTRY,

	__WEFT_DROPS_A_MAX,
	WEFT_DROPS_A_MAX = __WEFT_DROPS_A_MAX - 1
};

/**
 * enum weft_drop_entry_attr - one drop counter
 * @WEFT_DROP_ENTRY_A_REASON: u32, enum weft_drop
 * @WEFT_DROP_ENTRY_A_PACKETS: u64
 * @WEFT_DROP_ENTRY_A_PAD: alignment
 */
enum weft_drop_entry_attr {
	WEFT_DROP_ENTRY_A_UNSPEC,
	WEFT_DROP_ENTRY_A_REASON,
	WEFT_DROP_ENTRY_A_PACKETS,
	WEFT_DROP_ENTRY_A_PAD,

	__WEFT_DROP_ENTRY_A_MAX,
	WEFT_DROP_ENTRY_A_MAX = __WEFT_DROP_ENTRY_A_MAX - 1
};

/**
 * enum weft_port_type - what a port is made of
 * @WEFT_PORT_TYPE_NETDEV: an Ethernet device that is given to the datapath
 * @WEFT_PORT_TYPE_INTERNAL: a device of ours, deleted with the port
 * @WEFT_PORT_TYPE_GENEVE: a Geneve device in external (collect metadata) mode
 * @WEFT_PORT_TYPE_GRE: a gretap (for remotes with IPv4) or ip6gretap device in external mode
 * @WEFT_PORT_TYPE_STT: an STT device in external mode
 */
enum weft_port_type {
	WEFT_PORT_TYPE_UNSPEC,
	WEFT_PORT_TYPE_NETDEV,
	WEFT_PORT_TYPE_INTERNAL,
	WEFT_PORT_TYPE_GENEVE,
	WEFT_PORT_TYPE_GRE,
	WEFT_PORT_TYPE_STT,

	__WEFT_PORT_TYPE_MAX,
	WEFT_PORT_TYPE_MAX = __WEFT_PORT_TYPE_MAX - 1
};

/**
 * enum weft_port_class - how far a port is trusted
 * @WEFT_PORT_CLASS_VIF: a machine: the mark is zeroed in both directions
 * @WEFT_PORT_CLASS_FABRIC: a tunnel: context and mark are in its header; only
 *	known remotes may send
 * @WEFT_PORT_CLASS_SERVICE: a daemon or container of the host: the mark is
 *	skb->mark
 */
enum weft_port_class {
	WEFT_PORT_CLASS_UNSPEC,
	WEFT_PORT_CLASS_VIF,
	WEFT_PORT_CLASS_FABRIC,
	WEFT_PORT_CLASS_SERVICE,

	__WEFT_PORT_CLASS_MAX,
	WEFT_PORT_CLASS_MAX = __WEFT_PORT_CLASS_MAX - 1
};

/**
 * enum weft_reason - why an object went away, in DEL notifications
 * @WEFT_REASON_REQUEST: it was asked for
 * @WEFT_REASON_IDLE: idle timeout
 * @WEFT_REASON_HARD: hard timeout
 * @WEFT_REASON_DEVICE: the port's device was unregistered
 * @WEFT_REASON_MOVED: the port's device moved into another namespace
 * @WEFT_REASON_REPLACED: a new entry took its place
 * @WEFT_REASON_TEMPLATE: the template of the instance was deleted
 */
enum weft_reason {
	WEFT_REASON_UNSPEC,
	WEFT_REASON_REQUEST,
	WEFT_REASON_IDLE,
	WEFT_REASON_HARD,
	WEFT_REASON_DEVICE,
	WEFT_REASON_MOVED,
	WEFT_REASON_REPLACED,
	WEFT_REASON_TEMPLATE,

	__WEFT_REASON_MAX,
	WEFT_REASON_MAX = __WEFT_REASON_MAX - 1
};

/**
 * enum weft_port_attr - a port
 * @WEFT_PORT_A_DP: string, the datapath
 * @WEFT_PORT_A_ID: u32, 1…65535; chosen by the kernel when absent from a NEW
 * @WEFT_PORT_A_NAME: string, the device's name; follows a rename
 * @WEFT_PORT_A_TYPE: u32, enum weft_port_type; NETDEV when absent
 * @WEFT_PORT_A_CLASS: u32, enum weft_port_class; absent: VIF for NETDEV, SERVICE
 *	for INTERNAL, FABRIC for tunnels, which can be nothing else
 * @WEFT_PORT_A_IFINDEX: u32, only reported: index in the device's namespace
 * @WEFT_PORT_A_NETNSID: s32, only reported: the device's namespace if another
 * @WEFT_PORT_A_VM_ID: string, opaque
 * @WEFT_PORT_A_LPORTS: nest of enum weft_lports_attr: the logical ports that
 *	live here, for output:lout; in a SET the list replaces the old one
 * @WEFT_PORT_A_REMOTES: nest of enum weft_remotes_attr: from whom a tunnel port
 *	accepts; in a SET the list replaces the old one
 * @WEFT_PORT_A_TUN_OPTS: nest of enum weft_tun_opts_attr: meaning of the slots;
 *	in a SET the list replaces the old one; only of a GENEVE port
 * @WEFT_PORT_A_STATS: nest of enum weft_port_stats_attr, only reported
 * @WEFT_PORT_A_DROPS: nest of enum weft_drops_attr, only reported
 * @WEFT_PORT_A_REASON: u32, enum weft_reason, in PORT_DEL notifications
 * @WEFT_PORT_A_MAC: 6 bytes, address of a new INTERNAL port's device
 * @WEFT_PORT_A_MTU: u32, MTU of a new INTERNAL port's device; default 1500
 * @WEFT_PORT_A_MARK_MASK: u32, bits of the mark that cross the port, in both directions,
 *	if its class is FABRIC or SERVICE; the others are zero behind it. Absent: all that
 *	the type carries (WEFT_GRE_MARK_BITS, …), and so it is not reported then.
 *	More than that is refused.
 */
enum weft_port_attr {
	WEFT_PORT_A_UNSPEC,
	WEFT_PORT_A_DP,
	WEFT_PORT_A_ID,
	WEFT_PORT_A_NAME,
	WEFT_PORT_A_TYPE,
	WEFT_PORT_A_CLASS,
	WEFT_PORT_A_IFINDEX,
	WEFT_PORT_A_NETNSID,
	WEFT_PORT_A_VM_ID,
	WEFT_PORT_A_LPORTS,
	WEFT_PORT_A_REMOTES,
	WEFT_PORT_A_TUN_OPTS,
	WEFT_PORT_A_STATS,
	WEFT_PORT_A_DROPS,
	WEFT_PORT_A_REASON,
	WEFT_PORT_A_MAC,
	WEFT_PORT_A_MTU,
	WEFT_PORT_A_MARK_MASK,

	__WEFT_PORT_A_MAX,
	WEFT_PORT_A_MAX = __WEFT_PORT_A_MAX - 1
};

/**
 * struct weft_lport - payload of WEFT_LPORTS_A_ENTRY
 * @ldp: logical datapath set, 1…0xffffff
 * @lport: logical port, 1…0xffff: what lout is, so also a multicast group
 */
struct weft_lport {
	__u32 ldp;
	__u32 lport;
};

/**
 * enum weft_lports_attr - list of logical ports
 * @WEFT_LPORTS_A_ENTRY: struct weft_lport, any number of them
 */
enum weft_lports_attr {
	WEFT_LPORTS_A_UNSPEC,
	WEFT_LPORTS_A_ENTRY,

	__WEFT_LPORTS_A_MAX,
	WEFT_LPORTS_A_MAX = __WEFT_LPORTS_A_MAX - 1
};

/**
 * enum weft_remotes_attr - list of tunnel endpoints, any number of each
 * @WEFT_REMOTES_A_IPV4: 4 bytes, big-endian
 * @WEFT_REMOTES_A_IPV6: 16 bytes
 */
enum weft_remotes_attr {
	WEFT_REMOTES_A_UNSPEC,
	WEFT_REMOTES_A_IPV4,
	WEFT_REMOTES_A_IPV6,

	__WEFT_REMOTES_A_MAX,
	WEFT_REMOTES_A_MAX = __WEFT_REMOTES_A_MAX - 1
};

/**
 * struct weft_tun_opt - payload of WEFT_TUN_OPTS_A_ENTRY
 * @opt_class: Geneve option class
 * @type: Geneve option type; with bit 0x80 the option is critical
 * @slot: 0…3: it is found in WEFT_FIELD_TUN_OPT0 + slot
 * @len: bytes of data, 4, 8, 12 or 16; options of another length are malformed
 * @reserved: zero
 */
struct weft_tun_opt {
	__u16 opt_class;
	__u8 type;
	__u8 slot;
	__u8 len;
	__u8 reserved[3];
};

/**
 * enum weft_tun_opts_attr - list of tunnel options
 * @WEFT_TUN_OPTS_A_ENTRY: struct weft_tun_opt, at most one a slot
 */
enum weft_tun_opts_attr {
	WEFT_TUN_OPTS_A_UNSPEC,
	WEFT_TUN_OPTS_A_ENTRY,

	__WEFT_TUN_OPTS_A_MAX,
	WEFT_TUN_OPTS_A_MAX = __WEFT_TUN_OPTS_A_MAX - 1
};

/**
 * enum weft_port_stats_attr - counters of a port; "rx" is into the datapath
 * @WEFT_PORT_STATS_A_RX_PACKETS: u64; GSO frames count as their segments
 * @WEFT_PORT_STATS_A_RX_BYTES: u64
 * @WEFT_PORT_STATS_A_TX_PACKETS: u64
 * @WEFT_PORT_STATS_A_TX_BYTES: u64
 * @WEFT_PORT_STATS_A_RX_DROPPED: u64, sum of the drop reasons
 * @WEFT_PORT_STATS_A_TX_DROPPED: u64, frames that could not leave by this port
 * @WEFT_PORT_STATS_A_UPCALLS: u64, packets of this port queued for services
 * @WEFT_PORT_STATS_A_MARKS_REFUSED: u64, frames that came in with a mark, or bits of
 *	one, that may not cross the port: any of a vif port, those outside of
 *	WEFT_PORT_A_MARK_MASK of others. Of a vif port also marks in tunnel headers of the
 *	machine's own making, once for each flow; they are the frame's payload, no more.
 * @WEFT_PORT_STATS_A_PAD: alignment
 */
enum weft_port_stats_attr {
	WEFT_PORT_STATS_A_UNSPEC,
	WEFT_PORT_STATS_A_RX_PACKETS,
	WEFT_PORT_STATS_A_RX_BYTES,
	WEFT_PORT_STATS_A_TX_PACKETS,
	WEFT_PORT_STATS_A_TX_BYTES,
	WEFT_PORT_STATS_A_RX_DROPPED,
	WEFT_PORT_STATS_A_TX_DROPPED,
	WEFT_PORT_STATS_A_UPCALLS,
	WEFT_PORT_STATS_A_MARKS_REFUSED,
	WEFT_PORT_STATS_A_PAD,

	__WEFT_PORT_STATS_A_MAX,
	WEFT_PORT_STATS_A_MAX = __WEFT_PORT_STATS_A_MAX - 1
};

/**
 * enum weft_table_attr - a flow table
 * @WEFT_TABLE_A_DP: string
 * @WEFT_TABLE_A_ID: u8
 * @WEFT_TABLE_A_MISS: nest of enum weft_act_attr; empty: drop:table_miss
 * @WEFT_TABLE_A_N_FLOWS: u32, only reported
 * @WEFT_TABLE_A_N_MASKS: u32, only reported
 * @WEFT_TABLE_A_MATCHED: u64, only reported: packets that an entry, past ones
 *	too, matched
 * @WEFT_TABLE_A_MISSED: u64, only reported: packets that none matched
 * @WEFT_TABLE_A_TXN: u32, in a SET: part of that transaction
 * @WEFT_TABLE_A_PAD: alignment
 */
enum weft_table_attr {
	WEFT_TABLE_A_UNSPEC,
	WEFT_TABLE_A_DP,
	WEFT_TABLE_A_ID,
	WEFT_TABLE_A_MISS,
	WEFT_TABLE_A_N_FLOWS,
	WEFT_TABLE_A_N_MASKS,
	WEFT_TABLE_A_MATCHED,
	WEFT_TABLE_A_MISSED,
	WEFT_TABLE_A_TXN,
	WEFT_TABLE_A_PAD,

	__WEFT_TABLE_A_MAX,
	WEFT_TABLE_A_MAX = __WEFT_TABLE_A_MAX - 1
};

/**
 * enum weft_flow_attr - a flow entry
 * @WEFT_FLOW_A_DP: string
 * @WEFT_FLOW_A_TXN: u32: part of that transaction instead of one of its own
 * @WEFT_FLOW_A_TABLE: u8; as a filter: entries of this table
 * @WEFT_FLOW_A_PRIORITY: u16; default 32768; the highest wins
 * @WEFT_FLOW_A_MATCH: nest of enum weft_field; absent or empty: every packet; as
 *	a filter: entries whose match has these bits at least, with these values
 * @WEFT_FLOW_A_ACTIONS: nest of enum weft_act_attr; absent or empty: drop:policy
 * @WEFT_FLOW_A_COOKIE: u64, opaque
 * @WEFT_FLOW_A_COOKIE_MASK: u64, with WEFT_FLOW_A_FILTER: entries whose cookie
 *	is WEFT_FLOW_A_COOKIE in these bits; all ones when absent
 * @WEFT_FLOW_A_IDLE_TIMEOUT: u32, ms without a packet; 0 is none
 * @WEFT_FLOW_A_HARD_TIMEOUT: u32, ms since it was added; 0 is none
 * @WEFT_FLOW_A_FILTER: flag: the message is a filter (DEL, and every dump)
 * @WEFT_FLOW_A_PACKETS: u64, only reported
 * @WEFT_FLOW_A_BYTES: u64, only reported
 * @WEFT_FLOW_A_AGE: u64, ms since it was added, only reported
 * @WEFT_FLOW_A_IDLE: u64, ms since the last packet, absent when there was none
 * @WEFT_FLOW_A_REASON: u32, enum weft_reason, in FLOW_DEL notifications
 * @WEFT_FLOW_A_PAD: alignment
 * @WEFT_FLOW_A_IF_EXISTS: flag, in a DEL of one entry: it is no error if there is none
 */
enum weft_flow_attr {
	WEFT_FLOW_A_UNSPEC,
	WEFT_FLOW_A_DP,
	WEFT_FLOW_A_TXN,
	WEFT_FLOW_A_TABLE,
	WEFT_FLOW_A_PRIORITY,
	WEFT_FLOW_A_MATCH,
	WEFT_FLOW_A_ACTIONS,
	WEFT_FLOW_A_COOKIE,
	WEFT_FLOW_A_COOKIE_MASK,
	WEFT_FLOW_A_IDLE_TIMEOUT,
	WEFT_FLOW_A_HARD_TIMEOUT,
	WEFT_FLOW_A_FILTER,
	WEFT_FLOW_A_PACKETS,
	WEFT_FLOW_A_BYTES,
	WEFT_FLOW_A_AGE,
	WEFT_FLOW_A_IDLE,
	WEFT_FLOW_A_REASON,
	WEFT_FLOW_A_PAD,
	WEFT_FLOW_A_IF_EXISTS,

	__WEFT_FLOW_A_MAX,
	WEFT_FLOW_A_MAX = __WEFT_FLOW_A_MAX - 1
};

/**
 * enum weft_act_attr - actions, done one after the other
 *
 * @WEFT_ACT_A_OUTPUT: u32, port id; EINVAL/ENODEV when it does not exist
 * @WEFT_ACT_A_OUTPUT_LOUT: flag: the port where (ldp, lout) lives
 * @WEFT_ACT_A_OUTPUT_IN_PORT: flag: back out of the port of entry
 * @WEFT_ACT_A_SET: nest with exactly one enum weft_field attribute: set the bits
 *	under the mask
 * @WEFT_ACT_A_MOVE: struct weft_act_move
 * @WEFT_ACT_A_PUSH_VLAN: u16, TPID 0x8100 or 0x88a8, host order; the new tag's
 *	TCI is zero; at most two tags
 * @WEFT_ACT_A_POP_VLAN: flag: remove the outer tag; nothing when there is none
 * @WEFT_ACT_A_DEC_TTL: flag: IPv4 or IPv6; drops (reason ttl) at 0 and 1
 * @WEFT_ACT_A_GOTO: u8: go on in that table and do not come back; the last action
 * @WEFT_ACT_A_RESUBMIT: u8: go through that table, then do the next action; a
 *	miss in a table without miss actions comes back at once
 * @WEFT_ACT_A_CLONE: nest of enum weft_act_attr: do these on a copy; changes to
 *	fields and registers end with it
 * @WEFT_ACT_A_TUNNEL: nest of enum weft_act_tunnel_attr: send into a tunnel
 * @WEFT_ACT_A_SERVICE: nest of enum weft_act_service_attr: send a copy up
 * @WEFT_ACT_A_DROP: u32, enum weft_drop; ends the packet's walk (inside clone:
 *	the copy's), also in a table that was resubmitted to; what was output
 *	before stays so; the last action
 * @WEFT_ACT_A_TEMPLATE: u32, id of a template: make an instance of it, unless there is
 *	one. If its first entry is in this table, look the packet up here again; else
 *	keep the entry from idling and do the next action
 * @WEFT_ACT_A_BIND: struct weft_bind: set a whole field to a value of the instance;
 *	only in the entries of templates
 * @WEFT_ACT_A_RELATED: u8: if the packet is an ICMP error about a packet of a connection that
 *	has an instance, translate it as that says, and go on where the connection goes on: the
 *	answer to the packet inside is looked up in that table, among entries of instances
 *	that end with goto. Else, do the next action. The match must have ICMP or ICMPv6
 * @WEFT_ACT_A_REJECT: u32, enum weft_reject: drop the packet (WEFT_DROP_REJECTED) and go on with
 *	an answer to it in its place, which has its metadata and VLAN tags, and its addresses the
 *	other way round; the actions behind send it. It is a packet as it is, translated or
 *	not, that is answered. Nothing behind is done, and nothing sent, when it cannot be
 *	answered: RST, errors of ICMP, redirects, later fragments, what is not IP, what is
 *	sent to or from a group or broadcast address; and, for WEFT_DROP_RATE, when there
 *	were too many from its port of entry. Not the last action
 * @WEFT_ACT_A_DEFRAG: flag: if the packet is a fragment, keep it until all fragments of its packet
 *	are there, then look that packet up in this table again, with the metadata of the last of
 *	them to come. Else, do the next action. It leaves in fragments no longer than those that
 *	came. Fragments of different ldp, or of different ports where ldp is 0, do not mix
 * @WEFT_ACT_A_CHECK_TTL: u8: if the packet is IPv4 or IPv6 and its TTL is 0 or 1, go on in that
 *	table and do not come back. Else, do the next action
 * @WEFT_ACT_A_CHECK_MTU: struct weft_act_check_mtu: if the packet is IPv4 or IPv6 and longer than
 *	that, go on in that table and do not come back; but if it is IPv4 and may be cut into
 *	fragments, it leaves in fragments no longer than that. Else, do the next action. Of
 *	packets that will be segmented, or came in fragments, the longest of these counts
 * @WEFT_ACT_A_ADVERTISE: struct weft_act_advertise: the packet, a neighbour solicitation, becomes
 *	the neighbour advertisement by which that MAC address has its target. It has its
 *	metadata and VLAN tags and goes to who asked, by its source address, or to all nodes if
 *	that is unspecified; the actions behind send it. Solicitations that RFC 4861 (7.1.1) says
 *	to discard are dropped (WEFT_DROP_BAD_L4), though checksums are not looked at. The
 *	match must have them. Not the last action
 */
enum weft_act_attr {
	WEFT_ACT_A_UNSPEC,
	WEFT_ACT_A_OUTPUT,
	WEFT_ACT_A_OUTPUT_LOUT,
	WEFT_ACT_A_OUTPUT_IN_PORT,
	WEFT_ACT_A_SET,
	WEFT_ACT_A_MOVE,
	WEFT_ACT_A_PUSH_VLAN,
	WEFT_ACT_A_POP_VLAN,
	WEFT_ACT_A_DEC_TTL,
	WEFT_ACT_A_GOTO,
	WEFT_ACT_A_RESUBMIT,
	WEFT_ACT_A_CLONE,
	WEFT_ACT_A_TUNNEL,
	WEFT_ACT_A_SERVICE,
	WEFT_ACT_A_DROP,
	WEFT_ACT_A_TEMPLATE,
	WEFT_ACT_A_BIND,
	WEFT_ACT_A_RELATED,
	WEFT_ACT_A_REJECT,
	WEFT_ACT_A_DEFRAG,
	WEFT_ACT_A_CHECK_TTL,
	WEFT_ACT_A_CHECK_MTU,
	WEFT_ACT_A_ADVERTISE,

	__WEFT_ACT_A_MAX,
	WEFT_ACT_A_MAX = __WEFT_ACT_A_MAX - 1
};

/**
 * enum weft_reject - how a packet is answered that is refused
 *
 * RST has the numbers that RFC 9293 (3.10.7.1) gives it. ICMP errors are of type 3 (IPv4) or
 * 1 (IPv6) unless it says otherwise, come from the address to which the packet was sent (set
 * another one behind) and quote the packet: with their IP header they have at most 576 or
 * 1280 bytes.
 *
 * @WEFT_REJECT_AUTO: TCP_RST for TCP, PORT for everything else
 * @WEFT_REJECT_TCP_RST: RST; other packets than TCP are dropped and not answered
 * @WEFT_REJECT_PORT: port unreachable (code 3, or 4)
 * @WEFT_REJECT_HOST: host or address unreachable (code 1, or 3)
 * @WEFT_REJECT_NET: network unreachable, no route (code 0)
 * @WEFT_REJECT_ADMIN: communication administratively prohibited (code 13, or 1)
 * @WEFT_REJECT_TTL: time exceeded in transit (type 11, or 3; code 0)
 * @WEFT_REJECT_TOO_BIG: fragmentation needed (code 4), or packet too big (type 2, code 0), with the
 *	MTU of the WEFT_ACT_A_CHECK_MTU that the packet did not pass; without one, no answer
 */
enum weft_reject {
	WEFT_REJECT_AUTO,
	WEFT_REJECT_TCP_RST,
	WEFT_REJECT_PORT,
	WEFT_REJECT_HOST,
	WEFT_REJECT_NET,
	WEFT_REJECT_ADMIN,
	WEFT_REJECT_TTL,
	WEFT_REJECT_TOO_BIG,

	__WEFT_REJECT_MAX,
	WEFT_REJECT_MAX = __WEFT_REJECT_MAX - 1
};

/**
 * struct weft_act_check_mtu - how long a packet may be
 * @mtu: bytes from the IP header on, at least 68; host order
 * @table: where longer packets go on
 * @reserved: zero
 */
struct weft_act_check_mtu {
	__u16 mtu;
	__u8 table;
	__u8 reserved;
};

/**
 * enum weft_advertise_flags - what an advertisement says of who has the address
 * @WEFT_ADVERTISE_ROUTER: it is a router
 */
enum weft_advertise_flags {
	WEFT_ADVERTISE_ROUTER = 1 << 0,
};

/**
 * struct weft_act_advertise - who has an address
 * @mac: its MAC address, no group's
 * @flags: enum weft_advertise_flags; host order; others: EINVAL
 */
struct weft_act_advertise {
	__u8 mac[6];
	__u16 flags;
};

/**
 * struct weft_act_move - copy bits from one field to another
 * @src: enum weft_field
 * @dst: enum weft_field, writable
 * @src_bit: lowest bit to take; bit 0 is the least significant
 * @dst_bit: where it goes
 * @n_bits: how many, 1…128, inside both fields
 * @reserved: zero
 */
struct weft_act_move {
	__u16 src;
	__u16 dst;
	__u16 src_bit;
	__u16 dst_bit;
	__u16 n_bits;
	__u16 reserved;
};

/**
 * enum weft_act_tunnel_attr - where a packet is sent by WEFT_ACT_A_TUNNEL
 *
 * Context (ldp, lin, lout), stage, mark and present option slots go along.
 *
 * @WEFT_ACT_TUNNEL_A_IPV4: 4 bytes, remote endpoint; this, IPV6 or FROM
 * @WEFT_ACT_TUNNEL_A_IPV6: 16 bytes
 * @WEFT_ACT_TUNNEL_A_PORT: u32, the tunnel port; may be absent when the datapath
 *	has exactly one
 * @WEFT_ACT_TUNNEL_A_ID: u32, tunnel key, up to 0xffffff; absent: the packet's ldp. In GRE
 *	the label; absent: that of the logical port. In STT the context's ldp.
 * @WEFT_ACT_TUNNEL_A_TOS: u8, outer TOS; absent: 0
 * @WEFT_ACT_TUNNEL_A_TTL: u8, outer TTL, 1…255; absent: 64
 * @WEFT_ACT_TUNNEL_A_FROM: u16, enum weft_field, an address of the tunnel: the remote endpoint is
 *	what the opening packet had there; only in the entries of templates
 * @WEFT_ACT_TUNNEL_A_DIRECT: flag: to this remote even when the tunnel is down
 */
enum weft_act_tunnel_attr {
	WEFT_ACT_TUNNEL_A_UNSPEC,
	WEFT_ACT_TUNNEL_A_IPV4,
	WEFT_ACT_TUNNEL_A_IPV6,
	WEFT_ACT_TUNNEL_A_PORT,
	WEFT_ACT_TUNNEL_A_ID,
	WEFT_ACT_TUNNEL_A_TOS,
	WEFT_ACT_TUNNEL_A_TTL,
	WEFT_ACT_TUNNEL_A_FROM,
	WEFT_ACT_TUNNEL_A_DIRECT,

	__WEFT_ACT_TUNNEL_A_MAX,
	WEFT_ACT_TUNNEL_A_MAX = __WEFT_ACT_TUNNEL_A_MAX - 1
};

/**
 * enum weft_fallback - what happens to a packet whose service takes no copy, or whose template no
 *	instance
 * @WEFT_FALLBACK_DROP: it is dropped, later actions are not done
 * @WEFT_FALLBACK_CONTINUE: later actions are done
 */
enum weft_fallback {
	WEFT_FALLBACK_DROP,
	WEFT_FALLBACK_CONTINUE,

	__WEFT_FALLBACK_MAX,
	WEFT_FALLBACK_MAX = __WEFT_FALLBACK_MAX - 1
};

/**
 * enum weft_act_service_attr - a copy of the packet for user space
 * @WEFT_ACT_SERVICE_A_NAME: string, the service; need not be registered yet
 * @WEFT_ACT_SERVICE_A_ARG: u32, passed on; default 0
 * @WEFT_ACT_SERVICE_A_FALLBACK: u32, enum weft_fallback; default DROP
 * @WEFT_ACT_SERVICE_A_MAX_LEN: u32, bytes of the frame to pass; default all
 */
enum weft_act_service_attr {
	WEFT_ACT_SERVICE_A_UNSPEC,
	WEFT_ACT_SERVICE_A_NAME,
	WEFT_ACT_SERVICE_A_ARG,
	WEFT_ACT_SERVICE_A_FALLBACK,
	WEFT_ACT_SERVICE_A_MAX_LEN,

	__WEFT_ACT_SERVICE_A_MAX,
	WEFT_ACT_SERVICE_A_MAX = __WEFT_ACT_SERVICE_A_MAX - 1
};

/**
 * enum weft_txn_attr - a transaction
 * @WEFT_TXN_A_DP: string
 * @WEFT_TXN_A_ID: u32, returned by BEGIN; valid on the same socket only
 * @WEFT_TXN_A_N_OPS: u32, changes it holds or held
 * @WEFT_TXN_A_VERSION: u64, the version it was committed as
 * @WEFT_TXN_A_ADDED: u32, entries that it added
 * @WEFT_TXN_A_CHANGED: u32, entries that it changed
 * @WEFT_TXN_A_DELETED: u32, entries that it deleted
 * @WEFT_TXN_A_PAD: alignment
 */
enum weft_txn_attr {
	WEFT_TXN_A_UNSPEC,
	WEFT_TXN_A_DP,
	WEFT_TXN_A_ID,
	WEFT_TXN_A_N_OPS,
	WEFT_TXN_A_VERSION,
	WEFT_TXN_A_ADDED,
	WEFT_TXN_A_CHANGED,
	WEFT_TXN_A_DELETED,
	WEFT_TXN_A_PAD,

	__WEFT_TXN_A_MAX,
	WEFT_TXN_A_MAX = __WEFT_TXN_A_MAX - 1
};

/**
 * enum weft_service_attr - a service
 * @WEFT_SERVICE_A_DP: string
 * @WEFT_SERVICE_A_NAME: string
 * @WEFT_SERVICE_A_CREDITS: u32: in NEW and SET packets that may be sent to this
 *	socket in addition to those it already has; reported: the sum held
 * @WEFT_SERVICE_A_QUEUE_LIMIT: u32, packets that may wait for one port; 1…4096,
 *	default 64
 * @WEFT_SERVICE_A_MEMBERS: u32, only reported: sockets registered
 * @WEFT_SERVICE_A_QUEUED: u32, only reported: packets waiting
 * @WEFT_SERVICE_A_DELIVERED: u64, only reported
 * @WEFT_SERVICE_A_DROPPED: u64, only reported
 * @WEFT_SERVICE_A_PAD: alignment
 */
enum weft_service_attr {
	WEFT_SERVICE_A_UNSPEC,
	WEFT_SERVICE_A_DP,
	WEFT_SERVICE_A_NAME,
	WEFT_SERVICE_A_CREDITS,
	WEFT_SERVICE_A_QUEUE_LIMIT,
	WEFT_SERVICE_A_MEMBERS,
	WEFT_SERVICE_A_QUEUED,
	WEFT_SERVICE_A_DELIVERED,
	WEFT_SERVICE_A_DROPPED,
	WEFT_SERVICE_A_PAD,

	__WEFT_SERVICE_A_MAX,
	WEFT_SERVICE_A_MAX = __WEFT_SERVICE_A_MAX - 1
};

/**
 * enum weft_packet_attr - a frame to inject, or an upcall
 * @WEFT_PACKET_A_DP: string
 * @WEFT_PACKET_A_DATA: the frame from its Ethernet header, 14…65531 bytes; last
 * @WEFT_PACKET_A_IN_PORT: u32, port as if from which; inject: with ACTIONS it may be left out,
 *	and then what needs a port of entry (output to it, services) drops the frame
 * @WEFT_PACKET_A_METADATA: nest of enum weft_field, values without masks: marks
 *	and registers; in an upcall also the tunnel's fields
 * @WEFT_PACKET_A_TABLE: u8: inject: where to start, default 0; upcall: where the
 *	action was met
 * @WEFT_PACKET_A_ACTIONS: nest of enum weft_act_attr, inject: do these instead
 *	of a walk from TABLE
 * @WEFT_PACKET_A_SERVICE: string, upcall
 * @WEFT_PACKET_A_ARG: u32, upcall
 * @WEFT_PACKET_A_COOKIE: u64, upcall: of the entry
 * @WEFT_PACKET_A_LEN: u32, upcall: length of the whole frame
 * @WEFT_PACKET_A_TIME: u64, upcall: CLOCK_REALTIME ns when the packet was queued
 * @WEFT_PACKET_A_PAD: alignment
 * @WEFT_PACKET_A_TEMPLATE: u32, upcall of a template in service mode
 * @WEFT_PACKET_A_PENDING: u32, same: what INSTANCE_NEW or INSTANCE_DEL is to answer
 * @WEFT_PACKET_A_SLICE: u16, same: the template's slice
 */
enum weft_packet_attr {
	WEFT_PACKET_A_UNSPEC,
	WEFT_PACKET_A_DP,
	WEFT_PACKET_A_DATA,
	WEFT_PACKET_A_IN_PORT,
	WEFT_PACKET_A_METADATA,
	WEFT_PACKET_A_TABLE,
	WEFT_PACKET_A_ACTIONS,
	WEFT_PACKET_A_SERVICE,
	WEFT_PACKET_A_ARG,
	WEFT_PACKET_A_COOKIE,
	WEFT_PACKET_A_LEN,
	WEFT_PACKET_A_TIME,
	WEFT_PACKET_A_PAD,
	WEFT_PACKET_A_TEMPLATE,
	WEFT_PACKET_A_PENDING,
	WEFT_PACKET_A_SLICE,

	__WEFT_PACKET_A_MAX,
	WEFT_PACKET_A_MAX = __WEFT_PACKET_A_MAX - 1
};

/**
 * enum weft_pool_type - what a pool has to give
 * @WEFT_POOL_TYPE_RANGES: addresses with ports (or ICMP identifiers); each pair is given to
 *	one instance of a protocol at a time
 * @WEFT_POOL_TYPE_MAP: an address for an address, the same each time
 */
enum weft_pool_type {
	WEFT_POOL_TYPE_RANGES,
	WEFT_POOL_TYPE_MAP,

	__WEFT_POOL_TYPE_MAX,
	WEFT_POOL_TYPE_MAX = __WEFT_POOL_TYPE_MAX - 1
};

/**
 * enum weft_pool_choice - which of the free ports is given
 * @WEFT_POOL_CHOICE_PRESERVE: the packet's own source port when it is free, else a random one
 * @WEFT_POOL_CHOICE_RANDOM: a random one
 * @WEFT_POOL_CHOICE_SEQUENTIAL: the next one
 */
enum weft_pool_choice {
	WEFT_POOL_CHOICE_PRESERVE,
	WEFT_POOL_CHOICE_RANDOM,
	WEFT_POOL_CHOICE_SEQUENTIAL,

	__WEFT_POOL_CHOICE_MAX,
	WEFT_POOL_CHOICE_MAX = __WEFT_POOL_CHOICE_MAX - 1
};

/**
 * struct weft_pool_range - addresses and ports of a pool: each address with each port
 * @family: 4 or 6
 * @reserved: zero
 * @first_port: host order; also an ICMP identifier
 * @last_port: not below first_port
 * @first: address, big-endian; of IPv4 in the first four bytes, the others zero
 * @last: not below first; at most WEFT_POOL_ADDRS_MAX - 1 above it
 */
struct weft_pool_range {
	__u8 family;
	__u8 reserved[3];
	__u16 first_port;
	__u16 last_port;
	__u8 first[16];
	__u8 last[16];
};

/**
 * struct weft_pool_pair - entry of a map: addresses of one prefix to those of another
 * @family: 4 or 6
 * @prefix_len: bits that are replaced, 1…32 or 1…128; the rest of the address stays
 * @reserved: zero
 * @from: bits behind the prefix are zero; prefixes of a pool do not overlap
 * @to: bits behind the prefix are zero
 */
struct weft_pool_pair {
	__u8 family;
	__u8 prefix_len;
	__u8 reserved[2];
	__u8 from[16];
	__u8 to[16];
};

/**
 * enum weft_ranges_attr - list of what a pool has, any number of
 * @WEFT_RANGES_A_RANGE: struct weft_pool_range, in a pool of ranges
 * @WEFT_RANGES_A_PAIR: struct weft_pool_pair, in a map
 */
enum weft_ranges_attr {
	WEFT_RANGES_A_UNSPEC,
	WEFT_RANGES_A_RANGE,
	WEFT_RANGES_A_PAIR,

	__WEFT_RANGES_A_MAX,
	WEFT_RANGES_A_MAX = __WEFT_RANGES_A_MAX - 1
};

/**
 * enum weft_pool_attr - a pool
 * @WEFT_POOL_A_DP: string
 * @WEFT_POOL_A_ID: u32, 1…65535
 * @WEFT_POOL_A_TYPE: u32, enum weft_pool_type; default RANGES; only in a NEW
 * @WEFT_POOL_A_CHOICE: u32, enum weft_pool_choice; default PRESERVE
 * @WEFT_POOL_A_PARITY: u8, 1: an even port for an even one, as long as there is one; 0: no
 *	matter; default 0
 * @WEFT_POOL_A_REUSE: u8, 1: a pair may be in use once for each of several remote
 *	endpoints (ip_dst and l4_dst of the packet); 0: once; default 0; only in a NEW
 * @WEFT_POOL_A_RANGES: nest of enum weft_ranges_attr: what to add; what there is
 * @WEFT_POOL_A_WITHDRAW: nest of enum weft_ranges_attr, in a SET: what not to give any
 *	more, exactly as it was added
 * @WEFT_POOL_A_TOTAL: u64, only reported: pairs that could be in use, for one protocol
 * @WEFT_POOL_A_USED: u64, only reported: pairs in use, over all protocols and remotes, in
 *	ranges that were withdrawn, too
 * @WEFT_POOL_A_REFUSED: u64, only reported: draws for which there was nothing
 * @WEFT_POOL_A_TEMPLATES: u32, only reported: templates that draw from it
 * @WEFT_POOL_A_PAD: alignment
 */
enum weft_pool_attr {
	WEFT_POOL_A_UNSPEC,
	WEFT_POOL_A_DP,
	WEFT_POOL_A_ID,
	WEFT_POOL_A_TYPE,
	WEFT_POOL_A_CHOICE,
	WEFT_POOL_A_PARITY,
	WEFT_POOL_A_REUSE,
	WEFT_POOL_A_RANGES,
	WEFT_POOL_A_WITHDRAW,
	WEFT_POOL_A_TOTAL,
	WEFT_POOL_A_USED,
	WEFT_POOL_A_REFUSED,
	WEFT_POOL_A_TEMPLATES,
	WEFT_POOL_A_PAD,

	__WEFT_POOL_A_MAX,
	WEFT_POOL_A_MAX = __WEFT_POOL_A_MAX - 1
};

/**
 * enum weft_mode - who gives the values of a template's variables
 * @WEFT_MODE_KERNEL: a pool, at once
 * @WEFT_MODE_SERVICE: a daemon; the packet waits for its answer
 */
enum weft_mode {
	WEFT_MODE_KERNEL,
	WEFT_MODE_SERVICE,

	__WEFT_MODE_MAX,
	WEFT_MODE_MAX = __WEFT_MODE_MAX - 1
};

/**
 * enum weft_track - what is known about the connection that an instance stands for
 * @WEFT_TRACK_NONE: nothing; its only idle timeout is IDLE
 * @WEFT_TRACK_STATE: whether there was a reply; of TCP, how far it is
 * @WEFT_TRACK_WINDOW: the same, and TCP segments outside of the windows of both sides change
 *	nothing and are dropped (WEFT_DROP_TCP_WINDOW)
 * @WEFT_TRACK_WINDOW_LIBERAL: the same, but they pass
 */
enum weft_track {
	WEFT_TRACK_NONE,
	WEFT_TRACK_STATE,
	WEFT_TRACK_WINDOW,
	WEFT_TRACK_WINDOW_LIBERAL,

	__WEFT_TRACK_MAX,
	WEFT_TRACK_MAX = __WEFT_TRACK_MAX - 1
};

/**
 * enum weft_when - for which opening packets an entry of a template is made
 *
 * A set of bits; of each of the two groups (IPV4 and IPV6; the others) one has to apply
 * if any is given.
 *
 * @WEFT_WHEN_IPV4: IPv4
 * @WEFT_WHEN_IPV6: IPv6
 * @WEFT_WHEN_TCP: TCP
 * @WEFT_WHEN_UDP: UDP
 * @WEFT_WHEN_SCTP: SCTP
 * @WEFT_WHEN_ECHO: echo request of ICMP or ICMPv6
 * @WEFT_WHEN_OTHER: any other
 */
enum weft_when {
	WEFT_WHEN_IPV4 = 1 << 0,
	WEFT_WHEN_IPV6 = 1 << 1,
	WEFT_WHEN_TCP = 1 << 2,
	WEFT_WHEN_UDP = 1 << 3,
	WEFT_WHEN_SCTP = 1 << 4,
	WEFT_WHEN_ECHO = 1 << 5,
	WEFT_WHEN_OTHER = 1 << 6,
};

#define WEFT_WHEN_ALL	0x7f

/**
 * enum weft_bind_kind - where a value comes from
 * @WEFT_BIND_FIELD: the opening packet's field ("$ip_src"), as it was at the action
 * @WEFT_BIND_VAR: a variable ("@ip")
 */
enum weft_bind_kind {
	WEFT_BIND_UNSPEC,
	WEFT_BIND_FIELD,
	WEFT_BIND_VAR,

	__WEFT_BIND_MAX,
	WEFT_BIND_MAX = __WEFT_BIND_MAX - 1
};

/**
 * enum weft_var - variables of a template
 * @WEFT_VAR_IP: address, 4 or 16 bytes; what a pool gives
 * @WEFT_VAR_PORT: port or ICMP identifier, 2 bytes; what a pool of ranges gives
 * @WEFT_VAR_USER: the first of those that only a daemon gives, as many as there are
 *	below WEFT_TEMPLATE_VARS; each as long as the field that it is bound to
 */
enum weft_var {
	WEFT_VAR_IP,
	WEFT_VAR_PORT,
	WEFT_VAR_USER,
};

/**
 * struct weft_bind - a field gets its value when the instance is made
 * @field: enum weft_field, all bits of it
 * @kind: enum weft_bind_kind
 * @source: enum weft_field, or enum weft_var; as long as field
 * @reserved: zero
 */
struct weft_bind {
	__u16 field;
	__u16 kind;
	__u16 source;
	__u16 reserved;
};

/**
 * enum weft_binds_attr - list of bindings
 * @WEFT_BINDS_A_BIND: struct weft_bind, any number of them
 */
enum weft_binds_attr {
	WEFT_BINDS_A_UNSPEC,
	WEFT_BINDS_A_BIND,

	__WEFT_BINDS_A_MAX,
	WEFT_BINDS_A_MAX = __WEFT_BINDS_A_MAX - 1
};

/**
 * enum weft_tentry_attr - an entry of a template
 * @WEFT_TENTRY_A_NAME: string, up to 15 characters, unique in the template
 * @WEFT_TENTRY_A_TABLE: u8
 * @WEFT_TENTRY_A_DELTA: s32, added to the priority of the entry that names the
 *	template; the sum is kept within 0…65535; default 1; this or PRIORITY
 * @WEFT_TENTRY_A_PRIORITY: u16, instead
 * @WEFT_TENTRY_A_WHEN: u32, set of enum weft_when; absent: always
 * @WEFT_TENTRY_A_MATCH: nest of enum weft_field: what is fixed
 * @WEFT_TENTRY_A_BINDS: nest of enum weft_binds_attr: the rest of the match
 * @WEFT_TENTRY_A_ACTIONS: nest of enum weft_act_attr
 * @WEFT_TENTRY_A_REPLY: flag: packets that match it go the other way
 * @WEFT_TENTRY_A_WIDE: flag: it need not pin down ldp, or, in the table of the entry
 *	that names the template, what that one matches
 * @WEFT_TENTRY_A_PACKETS: u64, of an instance, only reported
 * @WEFT_TENTRY_A_BYTES: u64, of an instance, only reported
 * @WEFT_TENTRY_A_PAD: alignment
 */
enum weft_tentry_attr {
	WEFT_TENTRY_A_UNSPEC,
	WEFT_TENTRY_A_NAME,
	WEFT_TENTRY_A_TABLE,
	WEFT_TENTRY_A_DELTA,
	WEFT_TENTRY_A_PRIORITY,
	WEFT_TENTRY_A_WHEN,
	WEFT_TENTRY_A_MATCH,
	WEFT_TENTRY_A_BINDS,
	WEFT_TENTRY_A_ACTIONS,
	WEFT_TENTRY_A_REPLY,
	WEFT_TENTRY_A_WIDE,
	WEFT_TENTRY_A_PACKETS,
	WEFT_TENTRY_A_BYTES,
	WEFT_TENTRY_A_PAD,

	__WEFT_TENTRY_A_MAX,
	WEFT_TENTRY_A_MAX = __WEFT_TENTRY_A_MAX - 1
};

/**
 * enum weft_tentries_attr - list of entries
 * @WEFT_TENTRIES_A_ENTRY: nest of enum weft_tentry_attr, 1…WEFT_TEMPLATE_ENTRIES of them; the
 *	first that applies to a packet is the one that all packets of an instance's opener meet
 */
enum weft_tentries_attr {
	WEFT_TENTRIES_A_UNSPEC,
	WEFT_TENTRIES_A_ENTRY,

	__WEFT_TENTRIES_A_MAX,
	WEFT_TENTRIES_A_MAX = __WEFT_TENTRIES_A_MAX - 1
};

/**
 * enum weft_timeouts_attr - idle timeouts of instances, ms; 0 is none
 * @WEFT_TIMEOUTS_A_IDLE: u32, without tracking; default 60 s
 * @WEFT_TIMEOUTS_A_NEW: u32, until the first reply, other than TCP; default 30 s
 * @WEFT_TIMEOUTS_A_REPLIED: u32, after it; default 180 s
 * @WEFT_TIMEOUTS_A_TCP_OPENING: u32, before the handshake is complete; default 60 s
 * @WEFT_TIMEOUTS_A_TCP_ESTABLISHED: u32, default 7440 s (RFC 5382)
 * @WEFT_TIMEOUTS_A_TCP_CLOSING: u32, one FIN or both; default 240 s
 * @WEFT_TIMEOUTS_A_TCP_RESET: u32, after a RST; default 10 s
 * @WEFT_TIMEOUTS_A_HARD: u32, since it was made, used or not; default 0
 */
enum weft_timeouts_attr {
	WEFT_TIMEOUTS_A_UNSPEC,
	WEFT_TIMEOUTS_A_IDLE,
	WEFT_TIMEOUTS_A_NEW,
	WEFT_TIMEOUTS_A_REPLIED,
	WEFT_TIMEOUTS_A_TCP_OPENING,
	WEFT_TIMEOUTS_A_TCP_ESTABLISHED,
	WEFT_TIMEOUTS_A_TCP_CLOSING,
	WEFT_TIMEOUTS_A_TCP_RESET,
	WEFT_TIMEOUTS_A_HARD,

	__WEFT_TIMEOUTS_A_MAX,
	WEFT_TIMEOUTS_A_MAX = __WEFT_TIMEOUTS_A_MAX - 1
};

/**
 * struct weft_limit - how many instances of a template there may be whose opening packets had
 *	the same values in some fields
 * @max: at most so many; 0: max_field says
 * @max_field: enum weft_field, one of the registers: the maximum is what the opening packet has
 *	there, and none is allowed if that is 0; 0: max says
 * @reserved: zero
 * @fields: enum weft_field, each once, zeroes behind the last: ldp and lin, for example, for so
 *	many of each logical port. None: all instances of the template count. Fields are metadata
 *	but addresses of tunnels, and those of Ethernet and IP, up to 36 bytes together; with
 *	fields of one family only packets of that count
 */
struct weft_limit {
	__u32 max;
	__u16 max_field;
	__u16 reserved;
	__u16 fields[WEFT_LIMIT_FIELDS];
};

/**
 * enum weft_limits_attr - list of limits
 * @WEFT_LIMITS_A_LIMIT: struct weft_limit, up to WEFT_TEMPLATE_LIMITS of them; an instance counts
 *	for each
 */
enum weft_limits_attr {
	WEFT_LIMITS_A_UNSPEC,
	WEFT_LIMITS_A_LIMIT,

	__WEFT_LIMITS_A_MAX,
	WEFT_LIMITS_A_MAX = __WEFT_LIMITS_A_MAX - 1
};

/**
 * enum weft_refused_attr - why instances were not made, counters
 * @WEFT_REFUSED_A_POOL: u64, the pool had nothing
 * @WEFT_REFUSED_A_LIMIT_DP: u64, limit of the datapath
 * @WEFT_REFUSED_A_LIMIT_SLICE: u64, limit of the slice
 * @WEFT_REFUSED_A_LIMIT_PORT: u64, limit of the port of entry
 * @WEFT_REFUSED_A_MEMORY: u64
 * @WEFT_REFUSED_A_PACKET: u64, no entry is for such a packet, or it lacks a field
 * @WEFT_REFUSED_A_COLLISION: u64, another instance has an entry that it needs
 * @WEFT_REFUSED_A_SERVICE: u64, no service, or its queue is full
 * @WEFT_REFUSED_A_REJECTED: u64, the service said no
 * @WEFT_REFUSED_A_TIMEOUT: u64, the service did not answer
 * @WEFT_REFUSED_A_QUEUE: u64, packets for which there was no room to wait
 * @WEFT_REFUSED_A_PAD: alignment
 * @WEFT_REFUSED_A_LIMIT_TEMPLATE: u64, a limit of the template; packets of cached programs, which
 *	go on without an instance, do not count
 */
enum weft_refused_attr {
	WEFT_REFUSED_A_UNSPEC,
	WEFT_REFUSED_A_POOL,
	WEFT_REFUSED_A_LIMIT_DP,
	WEFT_REFUSED_A_LIMIT_SLICE,
	WEFT_REFUSED_A_LIMIT_PORT,
	WEFT_REFUSED_A_MEMORY,
	WEFT_REFUSED_A_PACKET,
	WEFT_REFUSED_A_COLLISION,
	WEFT_REFUSED_A_SERVICE,
	WEFT_REFUSED_A_REJECTED,
	WEFT_REFUSED_A_TIMEOUT,
	WEFT_REFUSED_A_QUEUE,
	WEFT_REFUSED_A_PAD,
	WEFT_REFUSED_A_LIMIT_TEMPLATE,

	__WEFT_REFUSED_A_MAX,
	WEFT_REFUSED_A_MAX = __WEFT_REFUSED_A_MAX - 1
};

/**
 * enum weft_template_attr - a template
 * @WEFT_TEMPLATE_A_DP: string
 * @WEFT_TEMPLATE_A_ID: u32, 1…65535
 * @WEFT_TEMPLATE_A_NAME: string, up to 15 characters; default empty
 * @WEFT_TEMPLATE_A_MODE: u32, enum weft_mode; default KERNEL
 * @WEFT_TEMPLATE_A_POOL: u32, id of the pool to draw from; needed in mode KERNEL
 *	when there are variables
 * @WEFT_TEMPLATE_A_MAP_FIELD: u16, enum weft_field: the address to look up in a map
 * @WEFT_TEMPLATE_A_SERVICE: string, needed in mode SERVICE
 * @WEFT_TEMPLATE_A_SLICE: u16, default 0
 * @WEFT_TEMPLATE_A_TRACK: u32, enum weft_track; default NONE
 * @WEFT_TEMPLATE_A_ENTRIES: nest of enum weft_tentries_attr
 * @WEFT_TEMPLATE_A_TIMEOUTS: nest of enum weft_timeouts_attr
 * @WEFT_TEMPLATE_A_FAIL: nest of enum weft_act_attr: what happens to the packets when there
 *	is no value: as actions of an entry in place of the first one; default
 *	drop:pool_exhausted or drop:rejected
 * @WEFT_TEMPLATE_A_FAIL_TIMEOUT: u32, ms that such an entry lives; default 1000; 0: there is
 *	none, each packet tries again
 * @WEFT_TEMPLATE_A_PENDING_PACKETS: u32, packets that may wait for one answer, 1…256;
 *	default 8
 * @WEFT_TEMPLATE_A_PENDING_TIMEOUT: u32, ms to wait for an answer, 10…60000; default 2000
 * @WEFT_TEMPLATE_A_N_INSTANCES: u32, only reported
 * @WEFT_TEMPLATE_A_N_PENDING: u32, only reported
 * @WEFT_TEMPLATE_A_CREATED: u64, only reported: instances made so far
 * @WEFT_TEMPLATE_A_REFUSED: nest of enum weft_refused_attr, only reported
 * @WEFT_TEMPLATE_A_SENDERS: u32, only reported: entries with an action that names it
 * @WEFT_TEMPLATE_A_PAD: alignment
 * @WEFT_TEMPLATE_A_LIMITS: nest of enum weft_limits_attr; default: none
 * @WEFT_TEMPLATE_A_FALLBACK: u32, enum weft_fallback: what becomes of a packet for whose instance
 *	there is no room: a limit, of the template or another, is reached, or memory is short. DROP,
 *	the default, is WEFT_DROP_INSTANCE_LIMIT; CONTINUE, with the next action and without an
 *	instance, is for mode KERNEL only
 */
enum weft_template_attr {
	WEFT_TEMPLATE_A_UNSPEC,
	WEFT_TEMPLATE_A_DP,
	WEFT_TEMPLATE_A_ID,
	WEFT_TEMPLATE_A_NAME,
	WEFT_TEMPLATE_A_MODE,
	WEFT_TEMPLATE_A_POOL,
	WEFT_TEMPLATE_A_MAP_FIELD,
	WEFT_TEMPLATE_A_SERVICE,
	WEFT_TEMPLATE_A_SLICE,
	WEFT_TEMPLATE_A_TRACK,
	WEFT_TEMPLATE_A_ENTRIES,
	WEFT_TEMPLATE_A_TIMEOUTS,
	WEFT_TEMPLATE_A_FAIL,
	WEFT_TEMPLATE_A_FAIL_TIMEOUT,
	WEFT_TEMPLATE_A_PENDING_PACKETS,
	WEFT_TEMPLATE_A_PENDING_TIMEOUT,
	WEFT_TEMPLATE_A_N_INSTANCES,
	WEFT_TEMPLATE_A_N_PENDING,
	WEFT_TEMPLATE_A_CREATED,
	WEFT_TEMPLATE_A_REFUSED,
	WEFT_TEMPLATE_A_SENDERS,
	WEFT_TEMPLATE_A_PAD,
	WEFT_TEMPLATE_A_LIMITS,
	WEFT_TEMPLATE_A_FALLBACK,

	__WEFT_TEMPLATE_A_MAX,
	WEFT_TEMPLATE_A_MAX = __WEFT_TEMPLATE_A_MAX - 1
};

/**
 * enum weft_state - how far the connection of an instance is
 * @WEFT_STATE_FAILED: there is none: this is what the template says for a failure
 * @WEFT_STATE_NEW: no reply yet, or not tracked
 * @WEFT_STATE_REPLIED: packets both ways
 * @WEFT_STATE_TCP_OPENING: in the handshake
 * @WEFT_STATE_TCP_ESTABLISHED: behind it, or met in the middle
 * @WEFT_STATE_TCP_CLOSING: a FIN from one side
 * @WEFT_STATE_TCP_CLOSED: a FIN from both
 * @WEFT_STATE_TCP_RESET: a RST
 */
enum weft_state {
	WEFT_STATE_UNSPEC,
	WEFT_STATE_FAILED,
	WEFT_STATE_NEW,
	WEFT_STATE_REPLIED,
	WEFT_STATE_TCP_OPENING,
	WEFT_STATE_TCP_ESTABLISHED,
	WEFT_STATE_TCP_CLOSING,
	WEFT_STATE_TCP_CLOSED,
	WEFT_STATE_TCP_RESET,

	__WEFT_STATE_MAX,
	WEFT_STATE_MAX = __WEFT_STATE_MAX - 1
};

/**
 * enum weft_vars_attr - values of variables, big-endian
 * @WEFT_VARS_A_IP: 4 or 16 bytes
 * @WEFT_VARS_A_PORT: 2 bytes
 * @WEFT_VARS_A_USER0: up to 16 bytes: variable WEFT_VAR_USER; those behind it follow
 * @WEFT_VARS_A_USER5: the last of them
 */
enum weft_vars_attr {
	WEFT_VARS_A_UNSPEC,
	WEFT_VARS_A_IP,
	WEFT_VARS_A_PORT,
	WEFT_VARS_A_USER0,
	WEFT_VARS_A_USER5 = WEFT_VARS_A_USER0 + WEFT_TEMPLATE_VARS - WEFT_VAR_USER - 1,

	__WEFT_VARS_A_MAX,
	WEFT_VARS_A_MAX = __WEFT_VARS_A_MAX - 1
};

/**
 * enum weft_instance_attr - an instance: the entries that a template made for one packet
 * @WEFT_INSTANCE_A_DP: string
 * @WEFT_INSTANCE_A_ID: u32; in a NEW chosen by the kernel
 * @WEFT_INSTANCE_A_TEMPLATE: u32; needed for an import; as a filter
 * @WEFT_INSTANCE_A_PENDING: u32, in a NEW or DEL: what the upcall said
 * @WEFT_INSTANCE_A_SLICE: u16, of the template; as a filter
 * @WEFT_INSTANCE_A_IN_PORT: u32, port by which the opening packet came; as a filter
 * @WEFT_INSTANCE_A_VM_ID: string, of that port, only reported, but not in events; as a filter
 * @WEFT_INSTANCE_A_PRIORITY: s32, of the entry that named the template; for an import
 * @WEFT_INSTANCE_A_FIELDS: nest of enum weft_field, values: of the opening packet, those
 *	that the template uses; needed for an import; as a filter, with masks if need be
 * @WEFT_INSTANCE_A_VARS: nest of enum weft_vars_attr; needed when the template has variables. An
 *	address and port are taken out of the template's pool if it has one; EADDRINUSE when
 *	they are in use or not of the pool
 * @WEFT_INSTANCE_A_STATE: u32, enum weft_state; for an import; as a filter
 * @WEFT_INSTANCE_A_ENTRIES: nest of enum weft_tentries_attr: NAME, TABLE, PRIORITY, REPLY and
 *	counters of each, only reported
 * @WEFT_INSTANCE_A_AGE: u64, ms since it was made, only reported
 * @WEFT_INSTANCE_A_IDLE: u64, ms since the last packet
 * @WEFT_INSTANCE_A_EXPIRES: u64, ms until it ends if no packet comes; absent: never
 * @WEFT_INSTANCE_A_FILTER: flag: the message is a filter (DEL; every dump)
 * @WEFT_INSTANCE_A_REASON: u32, enum weft_reason, in INSTANCE_DEL notifications
 * @WEFT_INSTANCE_A_PAD: alignment
 * @WEFT_INSTANCE_A_WHEN: u32, enum weft_when: one bit for what the opening packet was, and one
 *	for its family if it was IP; needed for an import
 */
enum weft_instance_attr {
	WEFT_INSTANCE_A_UNSPEC,
	WEFT_INSTANCE_A_DP,
	WEFT_INSTANCE_A_ID,
	WEFT_INSTANCE_A_TEMPLATE,
	WEFT_INSTANCE_A_PENDING,
	WEFT_INSTANCE_A_SLICE,
	WEFT_INSTANCE_A_IN_PORT,
	WEFT_INSTANCE_A_VM_ID,
	WEFT_INSTANCE_A_PRIORITY,
	WEFT_INSTANCE_A_FIELDS,
	WEFT_INSTANCE_A_VARS,
	WEFT_INSTANCE_A_STATE,
	WEFT_INSTANCE_A_ENTRIES,
	WEFT_INSTANCE_A_AGE,
	WEFT_INSTANCE_A_IDLE,
	WEFT_INSTANCE_A_EXPIRES,
	WEFT_INSTANCE_A_FILTER,
	WEFT_INSTANCE_A_REASON,
	WEFT_INSTANCE_A_PAD,
	WEFT_INSTANCE_A_WHEN,

	__WEFT_INSTANCE_A_MAX,
	WEFT_INSTANCE_A_MAX = __WEFT_INSTANCE_A_MAX - 1
};

/**
 * enum weft_label_attr - a label: what GRE carries in place of ldp and logical port
 * @WEFT_LABEL_A_DP: string, the datapath
 * @WEFT_LABEL_A_ID: u32, 1…WEFT_LABEL_MAX; the same on all hosts
 * @WEFT_LABEL_A_LDP: u32, 1…WEFT_LDP_MAX
 * @WEFT_LABEL_A_LPORT: u32, 1…0xffff; as ingress port up to WEFT_LIN_MAX
 */
enum weft_label_attr {
	WEFT_LABEL_A_UNSPEC,
	WEFT_LABEL_A_DP,
	WEFT_LABEL_A_ID,
	WEFT_LABEL_A_LDP,
	WEFT_LABEL_A_LPORT,

	__WEFT_LABEL_A_MAX,
	WEFT_LABEL_A_MAX = __WEFT_LABEL_A_MAX - 1
};

/**
 * enum weft_tunnel_state - what is known of a tunnel
 * @WEFT_TUNNEL_STATE_UNKNOWN: nothing yet
 * @WEFT_TUNNEL_STATE_UP: it carries frames in both directions
 * @WEFT_TUNNEL_STATE_DOWN: it does not: WEFT_ACT_A_TUNNEL uses the first fallback that is a port
 *	here, is not down itself, and is not where the packet came from; if there is none,
 *	the tunnel all the same
 * @WEFT_TUNNEL_STATE_UNWATCHED: the other end has stopped watching, which is no failure
 */
enum weft_tunnel_state {
	WEFT_TUNNEL_STATE_UNKNOWN,
	WEFT_TUNNEL_STATE_UP,
	WEFT_TUNNEL_STATE_DOWN,
	WEFT_TUNNEL_STATE_UNWATCHED,

	__WEFT_TUNNEL_STATE_MAX,
	WEFT_TUNNEL_STATE_MAX = __WEFT_TUNNEL_STATE_MAX - 1
};

/**
 * struct weft_tunnel_way - a tunnel: a port and a remote
 * @port: id of a tunnel port, 1…65535; need not exist yet
 * @family: 4 or 6
 * @reserved: zero
 * @addr: the remote, big-endian; of IPv4 in the first four bytes, the others zero
 */
struct weft_tunnel_way {
	__u32 port;
	__u8 family;
	__u8 reserved[3];
	__u8 addr[16];
};

/**
 * enum weft_fallbacks_attr - list of other ways, the best first
 * @WEFT_FALLBACKS_A_WAY: struct weft_tunnel_way, up to WEFT_FALLBACKS_MAX of them
 */
enum weft_fallbacks_attr {
	WEFT_FALLBACKS_A_UNSPEC,
	WEFT_FALLBACKS_A_WAY,

	__WEFT_FALLBACKS_A_MAX,
	WEFT_FALLBACKS_A_MAX = __WEFT_FALLBACKS_A_MAX - 1
};

/**
 * enum weft_tunnel_attr - how a tunnel is
 *
 * All of it is forgotten when the tunnel port goes.
 *
 * @WEFT_TUNNEL_A_DP: string
 * @WEFT_TUNNEL_A_PORT: u32, a tunnel port
 * @WEFT_TUNNEL_A_IPV4: 4 bytes, big-endian, the remote; this or IPV6
 * @WEFT_TUNNEL_A_IPV6: 16 bytes
 * @WEFT_TUNNEL_A_STATE: u32, enum weft_tunnel_state
 * @WEFT_TUNNEL_A_FALLBACKS: nest of enum weft_fallbacks_attr; in a SET the list replaces the
 *	old one
 * @WEFT_TUNNEL_A_DIAG: u8, for those who look: why we say that it is down (RFC 5880, 4.1)
 * @WEFT_TUNNEL_A_REMOTE_DIAG: u8, the same: why the other end says so
 * @WEFT_TUNNEL_A_MTU: u32, the same: longest IP packet of a machine that it carries; 0: not known
 * @WEFT_TUNNEL_A_RTT: u32, the same: µs there and back; 0: not known
 * @WEFT_TUNNEL_A_SINCE: u64, only reported: ms since the state changed
 * @WEFT_TUNNEL_A_FLAPS: u64, only reported: times that it went down from up
 * @WEFT_TUNNEL_A_VIA: struct weft_tunnel_way, only reported: what is used instead, wherever
 *	packets come from; absent: nothing
 * @WEFT_TUNNEL_A_PAD: alignment
 */
enum weft_tunnel_attr {
	WEFT_TUNNEL_A_UNSPEC,
	WEFT_TUNNEL_A_DP,
	WEFT_TUNNEL_A_PORT,
	WEFT_TUNNEL_A_IPV4,
	WEFT_TUNNEL_A_IPV6,
	WEFT_TUNNEL_A_STATE,
	WEFT_TUNNEL_A_FALLBACKS,
	WEFT_TUNNEL_A_DIAG,
	WEFT_TUNNEL_A_REMOTE_DIAG,
	WEFT_TUNNEL_A_MTU,
	WEFT_TUNNEL_A_RTT,
	WEFT_TUNNEL_A_SINCE,
	WEFT_TUNNEL_A_FLAPS,
	WEFT_TUNNEL_A_VIA,
	WEFT_TUNNEL_A_PAD,

	__WEFT_TUNNEL_A_MAX,
	WEFT_TUNNEL_A_MAX = __WEFT_TUNNEL_A_MAX - 1
};

#endif /* _UAPI_LINUX_WEFT_H */
