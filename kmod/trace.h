/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM weft

#if !defined(WEFT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define WEFT_TRACE_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <linux/weft.h>
#include "datapath.h"
#include "port.h"

#define WEFT_TRACE_DROPS		\
	EM(TABLE_MISS, "table_miss")	\
	EM(NO_OUTPUT, "no_output")	\
	EM(TRUNCATED, "truncated")	\
	EM(BAD_IPV4, "bad_ipv4")	\
	EM(BAD_IPV6, "bad_ipv6")	\
	EM(BAD_L4, "bad_l4")		\
	EM(RESUBMIT_LIMIT, "resubmit_limit") \
	EM(STAGE_LIMIT, "stage_limit")	\
	EM(TOO_COMPLEX, "too_complex")	\
	EM(RECURSION, "recursion")	\
	EM(NO_PORT, "no_port")		\
	EM(NO_LPORT, "no_lport")	\
	EM(IN_PORT, "in_port")		\
	EM(PORT_DOWN, "port_down")	\
	EM(MTU, "mtu")			\
	EM(NO_TUNNEL, "no_tunnel")	\
	EM(TUNNEL_ROUTE, "tunnel_route") \
	EM(TUNNEL_BAD, "tunnel_bad")	\
	EM(TUNNEL_OPTION, "tunnel_option") \
	EM(TUNNEL_REMOTE, "tunnel_remote") \
	EM(TUNNEL_CONTEXT, "tunnel_context") \
	EM(VLAN_DEPTH, "vlan_depth")	\
	EM(TTL, "ttl")			\
	EM(NO_HEADER, "no_header")	\
	EM(NO_MEMORY, "no_memory")	\
	EM(NO_SERVICE, "no_service")	\
	EM(UPCALL_QUEUE, "upcall_queue") \
	EM(UPCALL_SOCKET, "upcall_socket") \
	EM(DETACHING, "detaching")	\
	EM(INSTANCE_LIMIT, "instance_limit") \
	EM(TCP_WINDOW, "tcp_window")	\
	EM(FRAGMENT, "fragment")	\
	EM(POLICY, "policy")		\
	EM(ACL, "acl")			\
	EM(SPOOF, "spoof")		\
	EM(ISOLATION, "isolation")	\
	EM(NO_ROUTE, "no_route")	\
	EM(NO_NEIGHBOUR, "no_neighbour") \
	EM(NO_LDP, "no_ldp")		\
	EM(NOT_FORWARDED, "not_forwarded") \
	EM(LOOP, "loop")		\
	EM(RATE, "rate")		\
	EM(POOL_EXHAUSTED, "pool_exhausted") \
	EM(REJECTED, "rejected")	\
	EMe(USER0, "user0")

/* the numbers have to be known to those who read the binary trace */
#undef EM
#undef EMe
#define EM(reason, name)	TRACE_DEFINE_ENUM(WEFT_DROP_##reason);
#define EMe(reason, name)	TRACE_DEFINE_ENUM(WEFT_DROP_##reason);
WEFT_TRACE_DROPS

#undef EM
#undef EMe
#define EM(reason, name)	{ WEFT_DROP_##reason, name },
#define EMe(reason, name)	{ WEFT_DROP_##reason, name }

/**
 * weft_drop - a packet was dropped
 * @port: by which it came in
 * @skb: the packet, NULL when it is gone already
 * @reason: why; user1 … user15 are shown as numbers
 */
TRACE_EVENT(weft_drop,
	TP_PROTO(const struct weft_port *port, const struct sk_buff *skb,
		 enum weft_drop reason),
	TP_ARGS(port, skb, reason),
	TP_STRUCT__entry(
		__array(char, dp, WEFT_NAME_MAX + 1)
		__array(char, name, IFNAMSIZ)
		__field(const void *, skbaddr)
		__field(u32, port)
		__field(u32, len)
		__field(u32, mark)
		__field(u16, reason)
	),
	TP_fast_assign(
		strscpy(__entry->dp, port->dp->name, sizeof(__entry->dp));
		strscpy(__entry->name, port->name, sizeof(__entry->name));
		__entry->skbaddr = skb;
		__entry->port = port->id;
		__entry->len = skb ? skb->len : 0;
		__entry->mark = skb ? skb->mark : 0;
		__entry->reason = reason;
	),
	TP_printk("dp=%s port=%u (%s) reason=%s skbaddr=%p len=%u mark=0x%x",
		  __entry->dp, __entry->port, __entry->name,
		  __print_symbolic(__entry->reason, WEFT_TRACE_DROPS),
		  __entry->skbaddr, __entry->len, __entry->mark)
);

#endif /* WEFT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
