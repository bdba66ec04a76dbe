// SPDX-License-Identifier: Apache-2.0
/*
 * Names of enumerators. They are the kernel's, in lower case and without the
 * prefix, so that a name in a log leads to the line in <linux/weft.h>.
 */
#include <errno.h>
#include <string.h>

#include "wl.h"

static const char *const drops[WEFT_DROP_MAX + 1] = {
	[WEFT_DROP_UNSPEC] = "unspec",
	[WEFT_DROP_TABLE_MISS] = "table_miss",
	[WEFT_DROP_NO_OUTPUT] = "no_output",
	[WEFT_DROP_TRUNCATED] = "truncated",
	[WEFT_DROP_BAD_IPV4] = "bad_ipv4",
	[WEFT_DROP_BAD_IPV6] = "bad_ipv6",
	[WEFT_DROP_BAD_L4] = "bad_l4",
	[WEFT_DROP_RESUBMIT_LIMIT] = "resubmit_limit",
	[WEFT_DROP_STAGE_LIMIT] = "stage_limit",
	[WEFT_DROP_TOO_COMPLEX] = "too_complex",
	[WEFT_DROP_RECURSION] = "recursion",
	[WEFT_DROP_NO_PORT] = "no_port",
	[WEFT_DROP_NO_LPORT] = "no_lport",
	[WEFT_DROP_IN_PORT] = "in_port",
	[WEFT_DROP_PORT_DOWN] = "port_down",
	[WEFT_DROP_MTU] = "mtu",
	[WEFT_DROP_NO_TUNNEL] = "no_tunnel",
	[WEFT_DROP_TUNNEL_ROUTE] = "tunnel_route",
	[WEFT_DROP_TUNNEL_BAD] = "tunnel_bad",
	[WEFT_DROP_TUNNEL_OPTION] = "tunnel_option",
	[WEFT_DROP_TUNNEL_REMOTE] = "tunnel_remote",
	[WEFT_DROP_TUNNEL_CONTEXT] = "tunnel_context",
	[WEFT_DROP_VLAN_DEPTH] = "vlan_depth",
	[WEFT_DROP_TTL] = "ttl",
	[WEFT_DROP_NO_HEADER] = "no_header",
	[WEFT_DROP_NO_MEMORY] = "no_memory",
	[WEFT_DROP_NO_SERVICE] = "no_service",
	[WEFT_DROP_UPCALL_QUEUE] = "upcall_queue",
	[WEFT_DROP_UPCALL_SOCKET] = "upcall_socket",
	[WEFT_DROP_DETACHING] = "detaching",
	[WEFT_DROP_POLICY] = "policy",
	[WEFT_DROP_ACL] = "acl",
	[WEFT_DROP_SPOOF] = "spoof",
	[WEFT_DROP_ISOLATION] = "isolation",
	[WEFT_DROP_NO_ROUTE] = "no_route",
	[WEFT_DROP_NO_NEIGHBOUR] = "no_neighbour",
	[WEFT_DROP_NO_LDP] = "no_ldp",
	[WEFT_DROP_NOT_FORWARDED] = "not_forwarded",
	[WEFT_DROP_LOOP] = "loop",
	[WEFT_DROP_RATE] = "rate",
	[WEFT_DROP_USER0] = "user0",
	[WEFT_DROP_USER0 + 1] = "user1",
	[WEFT_DROP_USER0 + 2] = "user2",
	[WEFT_DROP_USER0 + 3] = "user3",
	[WEFT_DROP_USER0 + 4] = "user4",
	[WEFT_DROP_USER0 + 5] = "user5",
	[WEFT_DROP_USER0 + 6] = "user6",
	[WEFT_DROP_USER0 + 7] = "user7",
	[WEFT_DROP_USER0 + 8] = "user8",
	[WEFT_DROP_USER0 + 9] = "user9",
	[WEFT_DROP_USER0 + 10] = "user10",
	[WEFT_DROP_USER0 + 11] = "user11",
	[WEFT_DROP_USER0 + 12] = "user12",
	[WEFT_DROP_USER0 + 13] = "user13",
	[WEFT_DROP_USER0 + 14] = "user14",
	[WEFT_DROP_USER15] = "user15",
};

static const char *const port_types[WEFT_PORT_TYPE_MAX + 1] = {
	[WEFT_PORT_TYPE_NETDEV] = "netdev",
	[WEFT_PORT_TYPE_INTERNAL] = "internal",
	[WEFT_PORT_TYPE_GENEVE] = "geneve",
};

static const char *const port_classes[WEFT_PORT_CLASS_MAX + 1] = {
	[WEFT_PORT_CLASS_VIF] = "vif",
	[WEFT_PORT_CLASS_FABRIC] = "fabric",
	[WEFT_PORT_CLASS_SERVICE] = "service",
};

static const char *const reasons[WEFT_REASON_MAX + 1] = {
	[WEFT_REASON_REQUEST] = "request", [WEFT_REASON_IDLE] = "idle",
	[WEFT_REASON_HARD] = "hard",	   [WEFT_REASON_DEVICE] = "device",
	[WEFT_REASON_MOVED] = "moved",	   [WEFT_REASON_REPLACED] = "replaced",
};

static const char *const fallbacks[WEFT_FALLBACK_MAX + 1] = {
	[WEFT_FALLBACK_DROP] = "drop",
	[WEFT_FALLBACK_CONTINUE] = "continue",
};

static const char *const cmds[WEFT_CMD_MAX + 1] = {
	[WEFT_CMD_DP_NEW] = "dp_new",
	[WEFT_CMD_DP_DEL] = "dp_del",
	[WEFT_CMD_DP_GET] = "dp_get",
	[WEFT_CMD_DP_SET] = "dp_set",
	[WEFT_CMD_PORT_NEW] = "port_new",
	[WEFT_CMD_PORT_DEL] = "port_del",
	[WEFT_CMD_PORT_GET] = "port_get",
	[WEFT_CMD_PORT_SET] = "port_set",
	[WEFT_CMD_TABLE_GET] = "table_get",
	[WEFT_CMD_TABLE_SET] = "table_set",
	[WEFT_CMD_FLOW_NEW] = "flow_new",
	[WEFT_CMD_FLOW_DEL] = "flow_del",
	[WEFT_CMD_FLOW_GET] = "flow_get",
	[WEFT_CMD_FLOW_SET] = "flow_set",
	[WEFT_CMD_TXN_BEGIN] = "txn_begin",
	[WEFT_CMD_TXN_COMMIT] = "txn_commit",
	[WEFT_CMD_TXN_ABORT] = "txn_abort",
	[WEFT_CMD_SERVICE_NEW] = "service_new",
	[WEFT_CMD_SERVICE_DEL] = "service_del",
	[WEFT_CMD_SERVICE_GET] = "service_get",
	[WEFT_CMD_SERVICE_SET] = "service_set",
	[WEFT_CMD_PACKET_INJECT] = "packet_inject",
	[WEFT_CMD_PACKET_UPCALL] = "packet_upcall",
};

static const char *name_of(const char *const *names, size_t n, uint32_t value)
{
	return value < n ? names[value] : NULL;
}

static int value_of(const char *const *names, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (names[i] && !strcmp(names[i], name))
			return (int)i;
	return -ENOENT;
}

#define NAME_OF(names, value) name_of(names, WL_ARRAY_SIZE(names), value)
#define VALUE_OF(names, name) value_of(names, WL_ARRAY_SIZE(names), name)

/**
 * weft_drop_name - name of a drop reason
 * @reason: enum weft_drop
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_drop_name(uint32_t reason)
{
	return NAME_OF(drops, reason);
}

/**
 * weft_port_type_name - name of a port type
 * @type: enum weft_port_type
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_port_type_name(uint32_t type)
{
	return NAME_OF(port_types, type);
}

/**
 * weft_port_class_name - name of a port class
 * @port_class: enum weft_port_class
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_port_class_name(uint32_t port_class)
{
	return NAME_OF(port_classes, port_class);
}

/**
 * weft_reason_name - why an object went away
 * @reason: enum weft_reason
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_reason_name(uint32_t reason)
{
	return NAME_OF(reasons, reason);
}

/**
 * weft_fallback_name - name of a service action's fallback
 * @fallback: enum weft_fallback
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_fallback_name(uint32_t fallback)
{
	return NAME_OF(fallbacks, fallback);
}

/**
 * weft_cmd_name - name of a command or notification
 * @cmd: enum weft_cmd
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_cmd_name(uint32_t cmd)
{
	return NAME_OF(cmds, cmd);
}

/**
 * weft_drop_from_name - find a drop reason
 * @name: like "acl"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_drop_from_name(const char *name)
{
	return VALUE_OF(drops, name);
}

/**
 * weft_port_type_from_name - find a port type
 * @name: like "geneve"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_port_type_from_name(const char *name)
{
	return VALUE_OF(port_types, name);
}

/**
 * weft_port_class_from_name - find a port class
 * @name: like "vif"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_port_class_from_name(const char *name)
{
	return VALUE_OF(port_classes, name);
}

/**
 * weft_reason_from_name - find a reason for an object's end
 * @name: like "idle"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_reason_from_name(const char *name)
{
	return VALUE_OF(reasons, name);
}

/**
 * weft_fallback_from_name - find a fallback
 * @name: "drop" or "continue"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_fallback_from_name(const char *name)
{
	return VALUE_OF(fallbacks, name);
}

/**
 * weft_drop_is_usable - may an entry drop for this reason?
 * @reason: enum weft_drop
 *
 * Returns false for unknown reasons and for those only the datapath gives.
 */
bool weft_drop_is_usable(uint32_t reason)
{
	return reason >= WEFT_DROP_POLICY && weft_drop_name(reason);
}
