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
	[WEFT_DROP_INSTANCE_LIMIT] = "instance_limit",
	[WEFT_DROP_TCP_WINDOW] = "tcp_window",
	[WEFT_DROP_FRAGMENT] = "fragment",
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
	[WEFT_DROP_POOL_EXHAUSTED] = "pool_exhausted",
	[WEFT_DROP_REJECTED] = "rejected",
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
	[WEFT_PORT_TYPE_NETDEV] = "netdev", [WEFT_PORT_TYPE_INTERNAL] = "internal",
	[WEFT_PORT_TYPE_GENEVE] = "geneve", [WEFT_PORT_TYPE_GRE] = "gre",
	[WEFT_PORT_TYPE_STT] = "stt",
};

static const char *const port_classes[WEFT_PORT_CLASS_MAX + 1] = {
	[WEFT_PORT_CLASS_VIF] = "vif",
	[WEFT_PORT_CLASS_FABRIC] = "fabric",
	[WEFT_PORT_CLASS_SERVICE] = "service",
};

static const char *const reasons[WEFT_REASON_MAX + 1] = {
	[WEFT_REASON_REQUEST] = "request",   [WEFT_REASON_IDLE] = "idle",
	[WEFT_REASON_HARD] = "hard",	     [WEFT_REASON_DEVICE] = "device",
	[WEFT_REASON_MOVED] = "moved",	     [WEFT_REASON_REPLACED] = "replaced",
	[WEFT_REASON_TEMPLATE] = "template",
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
	[WEFT_CMD_POOL_NEW] = "pool_new",
	[WEFT_CMD_POOL_DEL] = "pool_del",
	[WEFT_CMD_POOL_GET] = "pool_get",
	[WEFT_CMD_POOL_SET] = "pool_set",
	[WEFT_CMD_TEMPLATE_NEW] = "template_new",
	[WEFT_CMD_TEMPLATE_DEL] = "template_del",
	[WEFT_CMD_TEMPLATE_GET] = "template_get",
	[WEFT_CMD_INSTANCE_NEW] = "instance_new",
	[WEFT_CMD_INSTANCE_DEL] = "instance_del",
	[WEFT_CMD_INSTANCE_GET] = "instance_get",
	[WEFT_CMD_LABEL_NEW] = "label_new",
	[WEFT_CMD_LABEL_DEL] = "label_del",
	[WEFT_CMD_LABEL_GET] = "label_get",
	[WEFT_CMD_TUNNEL_SET] = "tunnel_set",
	[WEFT_CMD_TUNNEL_DEL] = "tunnel_del",
	[WEFT_CMD_TUNNEL_GET] = "tunnel_get",
};

static const char *const pool_types[WEFT_POOL_TYPE_MAX + 1] = {
	[WEFT_POOL_TYPE_RANGES] = "ranges",
	[WEFT_POOL_TYPE_MAP] = "map",
};

static const char *const pool_choices[WEFT_POOL_CHOICE_MAX + 1] = {
	[WEFT_POOL_CHOICE_PRESERVE] = "preserve",
	[WEFT_POOL_CHOICE_RANDOM] = "random",
	[WEFT_POOL_CHOICE_SEQUENTIAL] = "sequential",
};

static const char *const modes[WEFT_MODE_MAX + 1] = {
	[WEFT_MODE_KERNEL] = "kernel",
	[WEFT_MODE_SERVICE] = "service",
};

static const char *const tracks[WEFT_TRACK_MAX + 1] = {
	[WEFT_TRACK_NONE] = "none",
	[WEFT_TRACK_STATE] = "state",
	[WEFT_TRACK_WINDOW] = "window",
	[WEFT_TRACK_WINDOW_LIBERAL] = "window_liberal",
};

static const char *const rejects[WEFT_REJECT_MAX + 1] = {
	[WEFT_REJECT_AUTO] = "auto", [WEFT_REJECT_TCP_RST] = "tcp_rst",
	[WEFT_REJECT_PORT] = "port", [WEFT_REJECT_HOST] = "host",
	[WEFT_REJECT_NET] = "net",   [WEFT_REJECT_ADMIN] = "admin",
	[WEFT_REJECT_TTL] = "ttl",   [WEFT_REJECT_TOO_BIG] = "too_big",
};

static const char *const states[WEFT_STATE_MAX + 1] = {
	[WEFT_STATE_FAILED] = "failed",
	[WEFT_STATE_NEW] = "new",
	[WEFT_STATE_REPLIED] = "replied",
	[WEFT_STATE_TCP_OPENING] = "tcp_opening",
	[WEFT_STATE_TCP_ESTABLISHED] = "tcp_established",
	[WEFT_STATE_TCP_CLOSING] = "tcp_closing",
	[WEFT_STATE_TCP_CLOSED] = "tcp_closed",
	[WEFT_STATE_TCP_RESET] = "tcp_reset",
};

/* By the bit's number */
static const char *const whens[] = { "ipv4", "ipv6", "tcp", "udp", "sctp", "echo", "other" };

static const char *const vars[WEFT_TEMPLATE_VARS] = {
	[WEFT_VAR_IP] = "ip",	    [WEFT_VAR_PORT] = "port",	[WEFT_VAR_USER] = "v0",
	[WEFT_VAR_USER + 1] = "v1", [WEFT_VAR_USER + 2] = "v2", [WEFT_VAR_USER + 3] = "v3",
	[WEFT_VAR_USER + 4] = "v4", [WEFT_VAR_USER + 5] = "v5",
};

static const char *const timeouts[WEFT_TIMEOUTS_A_MAX + 1] = {
	[WEFT_TIMEOUTS_A_IDLE] = "idle",
	[WEFT_TIMEOUTS_A_NEW] = "new",
	[WEFT_TIMEOUTS_A_REPLIED] = "replied",
	[WEFT_TIMEOUTS_A_TCP_OPENING] = "tcp_opening",
	[WEFT_TIMEOUTS_A_TCP_ESTABLISHED] = "tcp_established",
	[WEFT_TIMEOUTS_A_TCP_CLOSING] = "tcp_closing",
	[WEFT_TIMEOUTS_A_TCP_RESET] = "tcp_reset",
	[WEFT_TIMEOUTS_A_HARD] = "hard",
};

static const char *const refusals[WEFT_REFUSED_A_MAX + 1] = {
	[WEFT_REFUSED_A_POOL] = "pool",
	[WEFT_REFUSED_A_LIMIT_DP] = "limit_dp",
	[WEFT_REFUSED_A_LIMIT_SLICE] = "limit_slice",
	[WEFT_REFUSED_A_LIMIT_PORT] = "limit_port",
	[WEFT_REFUSED_A_MEMORY] = "memory",
	[WEFT_REFUSED_A_PACKET] = "packet",
	[WEFT_REFUSED_A_COLLISION] = "collision",
	[WEFT_REFUSED_A_SERVICE] = "service",
	[WEFT_REFUSED_A_REJECTED] = "rejected",
	[WEFT_REFUSED_A_TIMEOUT] = "timeout",
	[WEFT_REFUSED_A_QUEUE] = "queue",
	[WEFT_REFUSED_A_LIMIT_TEMPLATE] = "limit_template",
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

/**
 * weft_pool_type_name - name of a pool type
 * @type: enum weft_pool_type
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_pool_type_name(uint32_t type)
{
	return NAME_OF(pool_types, type);
}

/**
 * weft_pool_type_from_name - find a pool type
 * @name: like "map"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_pool_type_from_name(const char *name)
{
	return VALUE_OF(pool_types, name);
}

/**
 * weft_pool_choice_name - how a pool chooses
 * @choice: enum weft_pool_choice
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_pool_choice_name(uint32_t choice)
{
	return NAME_OF(pool_choices, choice);
}

/**
 * weft_pool_choice_from_name - find how a pool chooses
 * @name: like "random"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_pool_choice_from_name(const char *name)
{
	return VALUE_OF(pool_choices, name);
}

/**
 * weft_mode_name - who gives the values of a template's variables
 * @mode: enum weft_mode
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_mode_name(uint32_t mode)
{
	return NAME_OF(modes, mode);
}

/**
 * weft_mode_from_name - find who gives the values of a template's variables
 * @name: like "kernel"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_mode_from_name(const char *name)
{
	return VALUE_OF(modes, name);
}

/**
 * weft_track_name - what a template follows of a connection
 * @track: enum weft_track
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_track_name(uint32_t track)
{
	return NAME_OF(tracks, track);
}

/**
 * weft_track_from_name - find what a template follows of a connection
 * @name: like "state"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_track_from_name(const char *name)
{
	return VALUE_OF(tracks, name);
}

/**
 * weft_reject_name - how a packet is answered that is refused
 * @reject: enum weft_reject
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_reject_name(uint32_t reject)
{
	return NAME_OF(rejects, reject);
}

/**
 * weft_reject_from_name - find how a packet is answered that is refused
 * @name: like "tcp_rst"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_reject_from_name(const char *name)
{
	return VALUE_OF(rejects, name);
}

/**
 * weft_state_name - how far the connection of an instance is
 * @state: enum weft_state
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_state_name(uint32_t state)
{
	return NAME_OF(states, state);
}

/**
 * weft_state_from_name - find how far the connection of an instance is
 * @name: like "tcp_opening"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_state_from_name(const char *name)
{
	return VALUE_OF(states, name);
}

/**
 * weft_var_name - name of a variable
 * @var: enum weft_var, or a higher one below WEFT_TEMPLATE_VARS
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_var_name(uint32_t var)
{
	return NAME_OF(vars, var);
}

/**
 * weft_var_from_name - find a variable
 * @name: like "port"
 *
 * Returns the enumerator or -ENOENT.
 */
int weft_var_from_name(const char *name)
{
	return VALUE_OF(vars, name);
}

/**
 * weft_timeout_name - name of an idle timeout of instances
 * @attr: WEFT_TIMEOUTS_A_…
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_timeout_name(uint32_t attr)
{
	return NAME_OF(timeouts, attr);
}

/**
 * weft_timeout_from_name - find an idle timeout of instances
 * @name: like "tcp_closing"
 *
 * Returns the attribute or -ENOENT.
 */
int weft_timeout_from_name(const char *name)
{
	return VALUE_OF(timeouts, name);
}

/**
 * weft_refused_name - why an instance was not made
 * @attr: WEFT_REFUSED_A_…
 *
 * Returns a constant string, NULL for a value that has no name.
 */
const char *weft_refused_name(uint32_t attr)
{
	return NAME_OF(refusals, attr);
}

/**
 * weft_when_name - name of a kind of packets
 * @bit: one bit of enum weft_when
 *
 * Returns a constant string, NULL for none, several or an unknown bit.
 */
const char *weft_when_name(uint32_t bit)
{
	if (!bit || bit & (bit - 1))
		return NULL;
	return NAME_OF(whens, (uint32_t)__builtin_ctz(bit));
}

/**
 * weft_when_from_name - find a kind of packets
 * @name: like "echo"
 *
 * Returns the bit of enum weft_when or -ENOENT.
 */
int weft_when_from_name(const char *name)
{
	int bit = VALUE_OF(whens, name);

	return bit < 0 ? bit : 1 << bit;
}
