// SPDX-License-Identifier: Apache-2.0
/*
 * From the offset of an attribute, which is all the kernel tells, to its path in
 * the words of the contract: "actions[2].set.l4_dst". The request is walked again
 * along tables of names, one for every set of attributes.
 */
#include <libmnl/libmnl.h>
#include <string.h>

#include "wl.h"

struct attr_name {
	const char *name;
	const struct attr_set *nest;
};

struct attr_set {
	const struct attr_name *attrs;
	unsigned int max;
	bool list;   /* attributes are told apart by their place */
	bool fields; /* named by the table of fields */
};

#define SET(ATTRS, LIST)                                                                           \
	{                                                                                          \
		.attrs = ATTRS, .max = WL_ARRAY_SIZE(ATTRS) - 1, .list = LIST                      \
	}

static const struct attr_set field_set = { .fields = true };
static const struct attr_set act_set;

static const struct attr_name act_tunnel_attrs[] = {
	[WEFT_ACT_TUNNEL_A_IPV4] = { "dst", NULL },  [WEFT_ACT_TUNNEL_A_IPV6] = { "dst", NULL },
	[WEFT_ACT_TUNNEL_A_PORT] = { "port", NULL }, [WEFT_ACT_TUNNEL_A_ID] = { "id", NULL },
	[WEFT_ACT_TUNNEL_A_TOS] = { "tos", NULL },   [WEFT_ACT_TUNNEL_A_TTL] = { "ttl", NULL },
	[WEFT_ACT_TUNNEL_A_FROM] = { "dst", NULL },
};

static const struct attr_set act_tunnel_set = SET(act_tunnel_attrs, false);

static const struct attr_name act_service_attrs[] = {
	[WEFT_ACT_SERVICE_A_NAME] = { "name", NULL },
	[WEFT_ACT_SERVICE_A_ARG] = { "arg", NULL },
	[WEFT_ACT_SERVICE_A_FALLBACK] = { "fallback", NULL },
	[WEFT_ACT_SERVICE_A_MAX_LEN] = { "max_len", NULL },
};

static const struct attr_set act_service_set = SET(act_service_attrs, false);

static const struct attr_name act_attrs[] = {
	[WEFT_ACT_A_OUTPUT] = { "output", NULL },
	[WEFT_ACT_A_OUTPUT_LOUT] = { "output", NULL },
	[WEFT_ACT_A_OUTPUT_IN_PORT] = { "output", NULL },
	[WEFT_ACT_A_SET] = { "set", &field_set },
	[WEFT_ACT_A_MOVE] = { "move", NULL },
	[WEFT_ACT_A_PUSH_VLAN] = { "push_vlan", NULL },
	[WEFT_ACT_A_POP_VLAN] = { "pop_vlan", NULL },
	[WEFT_ACT_A_DEC_TTL] = { "dec_ttl", NULL },
	[WEFT_ACT_A_GOTO] = { "goto", NULL },
	[WEFT_ACT_A_RESUBMIT] = { "resubmit", NULL },
	[WEFT_ACT_A_CLONE] = { "clone", &act_set },
	[WEFT_ACT_A_TUNNEL] = { "tunnel", &act_tunnel_set },
	[WEFT_ACT_A_SERVICE] = { "service", &act_service_set },
	[WEFT_ACT_A_DROP] = { "drop", NULL },
	[WEFT_ACT_A_TEMPLATE] = { "template", NULL },
	[WEFT_ACT_A_BIND] = { "bind", NULL },
	[WEFT_ACT_A_RELATED] = { "related", NULL },
	[WEFT_ACT_A_REJECT] = { "reject", NULL },
	[WEFT_ACT_A_DEFRAG] = { "defrag", NULL },
	[WEFT_ACT_A_CHECK_TTL] = { "check_ttl", NULL },
	[WEFT_ACT_A_CHECK_MTU] = { "check_mtu", NULL },
	[WEFT_ACT_A_ADVERTISE] = { "advertise", NULL },
};

static const struct attr_set act_set = SET(act_attrs, true);

static const struct attr_name dp_attrs[] = {
	[WEFT_DP_A_NAME] = { "name", NULL },
	[WEFT_DP_A_MAX_FLOWS] = { "max_flows", NULL },
	[WEFT_DP_A_N_FLOWS] = { "n_flows", NULL },
	[WEFT_DP_A_N_PORTS] = { "n_ports", NULL },
	[WEFT_DP_A_N_MASKS] = { "n_masks", NULL },
	[WEFT_DP_A_VERSION] = { "version", NULL },
	[WEFT_DP_A_DROPS] = { "drops", NULL },
	[WEFT_DP_A_LOOKUPS] = { "lookups", NULL },
	[WEFT_DP_A_MAX_CACHED] = { "max_cached", NULL },
	[WEFT_DP_A_CACHE] = { "cache", NULL },
	[WEFT_DP_A_MAX_INSTANCES] = { "max_instances", NULL },
	[WEFT_DP_A_MAX_INSTANCES_SLICE] = { "max_instances_slice", NULL },
	[WEFT_DP_A_MAX_INSTANCES_PORT] = { "max_instances_port", NULL },
};

static const struct attr_name entry_attrs[] = {
	[1] = { "", NULL },
	[2] = { "", NULL },
};

static const struct attr_set entry_set = SET(entry_attrs, true);

static const struct attr_name port_attrs[] = {
	[WEFT_PORT_A_DP] = { "dp", NULL },
	[WEFT_PORT_A_ID] = { "id", NULL },
	[WEFT_PORT_A_NAME] = { "name", NULL },
	[WEFT_PORT_A_TYPE] = { "type", NULL },
	[WEFT_PORT_A_CLASS] = { "class", NULL },
	[WEFT_PORT_A_IFINDEX] = { "ifindex", NULL },
	[WEFT_PORT_A_NETNSID] = { "netnsid", NULL },
	[WEFT_PORT_A_VM_ID] = { "vm_id", NULL },
	[WEFT_PORT_A_LPORTS] = { "lports", &entry_set },
	[WEFT_PORT_A_REMOTES] = { "remotes", &entry_set },
	[WEFT_PORT_A_TUN_OPTS] = { "tun_opts", &entry_set },
	[WEFT_PORT_A_MARK_MASK] = { "mark_mask", NULL },
	[WEFT_PORT_A_STATS] = { "stats", NULL },
	[WEFT_PORT_A_DROPS] = { "drops", NULL },
	[WEFT_PORT_A_REASON] = { "reason", NULL },
	[WEFT_PORT_A_MAC] = { "mac", NULL },
	[WEFT_PORT_A_MTU] = { "mtu", NULL },
};

static const struct attr_name table_attrs[] = {
	[WEFT_TABLE_A_DP] = { "dp", NULL },
	[WEFT_TABLE_A_ID] = { "id", NULL },
	[WEFT_TABLE_A_MISS] = { "miss", &act_set },
	[WEFT_TABLE_A_TXN] = { "txn", NULL },
};

static const struct attr_name flow_attrs[] = {
	[WEFT_FLOW_A_DP] = { "dp", NULL },
	[WEFT_FLOW_A_TXN] = { "txn", NULL },
	[WEFT_FLOW_A_TABLE] = { "table", NULL },
	[WEFT_FLOW_A_PRIORITY] = { "priority", NULL },
	[WEFT_FLOW_A_MATCH] = { "match", &field_set },
	[WEFT_FLOW_A_ACTIONS] = { "actions", &act_set },
	[WEFT_FLOW_A_COOKIE] = { "cookie", NULL },
	[WEFT_FLOW_A_COOKIE_MASK] = { "cookie_mask", NULL },
	[WEFT_FLOW_A_IDLE_TIMEOUT] = { "idle_timeout", NULL },
	[WEFT_FLOW_A_HARD_TIMEOUT] = { "hard_timeout", NULL },
	[WEFT_FLOW_A_FILTER] = { "filter", NULL },
	[WEFT_FLOW_A_IF_EXISTS] = { "if_exists", NULL },
};

static const struct attr_name txn_attrs[] = {
	[WEFT_TXN_A_DP] = { "dp", NULL },
	[WEFT_TXN_A_ID] = { "id", NULL },
};

static const struct attr_name service_attrs[] = {
	[WEFT_SERVICE_A_DP] = { "dp", NULL },
	[WEFT_SERVICE_A_NAME] = { "name", NULL },
	[WEFT_SERVICE_A_CREDITS] = { "credits", NULL },
	[WEFT_SERVICE_A_QUEUE_LIMIT] = { "queue_limit", NULL },
};

static const struct attr_name packet_attrs[] = {
	[WEFT_PACKET_A_DP] = { "dp", NULL },
	[WEFT_PACKET_A_DATA] = { "data", NULL },
	[WEFT_PACKET_A_IN_PORT] = { "in_port", NULL },
	[WEFT_PACKET_A_METADATA] = { "metadata", &field_set },
	[WEFT_PACKET_A_TABLE] = { "table", NULL },
	[WEFT_PACKET_A_ACTIONS] = { "actions", &act_set },
};

static const struct attr_name pool_attrs[] = {
	[WEFT_POOL_A_DP] = { "dp", NULL },
	[WEFT_POOL_A_ID] = { "id", NULL },
	[WEFT_POOL_A_TYPE] = { "type", NULL },
	[WEFT_POOL_A_CHOICE] = { "choice", NULL },
	[WEFT_POOL_A_PARITY] = { "parity", NULL },
	[WEFT_POOL_A_REUSE] = { "reuse", NULL },
	[WEFT_POOL_A_RANGES] = { "ranges", &entry_set },
	[WEFT_POOL_A_WITHDRAW] = { "withdraw", &entry_set },
};

static const struct attr_name tentry_attrs[] = {
	[WEFT_TENTRY_A_NAME] = { "name", NULL },
	[WEFT_TENTRY_A_TABLE] = { "table", NULL },
	[WEFT_TENTRY_A_DELTA] = { "priority", NULL },
	[WEFT_TENTRY_A_PRIORITY] = { "priority", NULL },
	[WEFT_TENTRY_A_WHEN] = { "when", NULL },
	[WEFT_TENTRY_A_MATCH] = { "match", &field_set },
	[WEFT_TENTRY_A_BINDS] = { "binds", &entry_set },
	[WEFT_TENTRY_A_ACTIONS] = { "actions", &act_set },
	[WEFT_TENTRY_A_REPLY] = { "reply", NULL },
	[WEFT_TENTRY_A_WIDE] = { "wide", NULL },
};

static const struct attr_set tentry_set = SET(tentry_attrs, false);

static const struct attr_name tentries_attrs[] = {
	[WEFT_TENTRIES_A_ENTRY] = { "", &tentry_set },
};

static const struct attr_set tentries_set = SET(tentries_attrs, true);

static const struct attr_name timeouts_attrs[] = {
	[WEFT_TIMEOUTS_A_IDLE] = { "idle", NULL },
	[WEFT_TIMEOUTS_A_NEW] = { "new", NULL },
	[WEFT_TIMEOUTS_A_REPLIED] = { "replied", NULL },
	[WEFT_TIMEOUTS_A_TCP_OPENING] = { "tcp_opening", NULL },
	[WEFT_TIMEOUTS_A_TCP_ESTABLISHED] = { "tcp_established", NULL },
	[WEFT_TIMEOUTS_A_TCP_CLOSING] = { "tcp_closing", NULL },
	[WEFT_TIMEOUTS_A_TCP_RESET] = { "tcp_reset", NULL },
	[WEFT_TIMEOUTS_A_HARD] = { "hard", NULL },
};

static const struct attr_set timeouts_set = SET(timeouts_attrs, false);

static const struct attr_name limits_attrs[] = {
	[WEFT_LIMITS_A_LIMIT] = { "limit", NULL },
};

static const struct attr_set limits_set = SET(limits_attrs, true);

static const struct attr_name template_attrs[] = {
	[WEFT_TEMPLATE_A_DP] = { "dp", NULL },
	[WEFT_TEMPLATE_A_ID] = { "id", NULL },
	[WEFT_TEMPLATE_A_NAME] = { "name", NULL },
	[WEFT_TEMPLATE_A_MODE] = { "mode", NULL },
	[WEFT_TEMPLATE_A_POOL] = { "pool", NULL },
	[WEFT_TEMPLATE_A_MAP_FIELD] = { "map_field", NULL },
	[WEFT_TEMPLATE_A_SERVICE] = { "service", NULL },
	[WEFT_TEMPLATE_A_SLICE] = { "slice", NULL },
	[WEFT_TEMPLATE_A_TRACK] = { "track", NULL },
	[WEFT_TEMPLATE_A_ENTRIES] = { "entries", &tentries_set },
	[WEFT_TEMPLATE_A_TIMEOUTS] = { "timeouts", &timeouts_set },
	[WEFT_TEMPLATE_A_FAIL] = { "fail", &act_set },
	[WEFT_TEMPLATE_A_FAIL_TIMEOUT] = { "fail_timeout", NULL },
	[WEFT_TEMPLATE_A_PENDING_PACKETS] = { "pending_packets", NULL },
	[WEFT_TEMPLATE_A_PENDING_TIMEOUT] = { "pending_timeout", NULL },
	[WEFT_TEMPLATE_A_LIMITS] = { "limits", &limits_set },
	[WEFT_TEMPLATE_A_FALLBACK] = { "fallback", NULL },
};

static const struct attr_name vars_attrs[] = {
	[WEFT_VARS_A_IP] = { "ip", NULL },	  [WEFT_VARS_A_PORT] = { "port", NULL },
	[WEFT_VARS_A_USER0] = { "v0", NULL },	  [WEFT_VARS_A_USER0 + 1] = { "v1", NULL },
	[WEFT_VARS_A_USER0 + 2] = { "v2", NULL }, [WEFT_VARS_A_USER0 + 3] = { "v3", NULL },
	[WEFT_VARS_A_USER0 + 4] = { "v4", NULL }, [WEFT_VARS_A_USER5] = { "v5", NULL },
};

static const struct attr_set vars_set = SET(vars_attrs, false);

static const struct attr_name instance_attrs[] = {
	[WEFT_INSTANCE_A_DP] = { "dp", NULL },
	[WEFT_INSTANCE_A_ID] = { "id", NULL },
	[WEFT_INSTANCE_A_TEMPLATE] = { "template", NULL },
	[WEFT_INSTANCE_A_PENDING] = { "pending", NULL },
	[WEFT_INSTANCE_A_SLICE] = { "slice", NULL },
	[WEFT_INSTANCE_A_IN_PORT] = { "in_port", NULL },
	[WEFT_INSTANCE_A_VM_ID] = { "vm_id", NULL },
	[WEFT_INSTANCE_A_PRIORITY] = { "priority", NULL },
	[WEFT_INSTANCE_A_FIELDS] = { "fields", &field_set },
	[WEFT_INSTANCE_A_VARS] = { "vars", &vars_set },
	[WEFT_INSTANCE_A_STATE] = { "state", NULL },
	[WEFT_INSTANCE_A_IDLE] = { "idle", NULL },
	[WEFT_INSTANCE_A_FILTER] = { "filter", NULL },
};

static const struct attr_name label_attrs[] = {
	[WEFT_LABEL_A_DP] = { "dp", NULL },
	[WEFT_LABEL_A_ID] = { "id", NULL },
	[WEFT_LABEL_A_LDP] = { "ldp", NULL },
	[WEFT_LABEL_A_LPORT] = { "lport", NULL },
};

static const struct attr_set dp_set = SET(dp_attrs, false);
static const struct attr_set port_set = SET(port_attrs, false);
static const struct attr_set table_set = SET(table_attrs, false);
static const struct attr_set flow_set = SET(flow_attrs, false);
static const struct attr_set txn_set = SET(txn_attrs, false);
static const struct attr_set service_set = SET(service_attrs, false);
static const struct attr_set packet_set = SET(packet_attrs, false);
static const struct attr_set pool_set = SET(pool_attrs, false);
static const struct attr_set template_set = SET(template_attrs, false);
static const struct attr_set instance_set = SET(instance_attrs, false);
static const struct attr_set label_set = SET(label_attrs, false);

static const struct attr_set *set_of(uint8_t cmd)
{
	switch (cmd) {
	case WEFT_CMD_DP_NEW ... WEFT_CMD_DP_SET:
		return &dp_set;
	case WEFT_CMD_PORT_NEW ... WEFT_CMD_PORT_SET:
		return &port_set;
	case WEFT_CMD_TABLE_GET ... WEFT_CMD_TABLE_SET:
		return &table_set;
	case WEFT_CMD_FLOW_NEW ... WEFT_CMD_FLOW_SET:
		return &flow_set;
	case WEFT_CMD_TXN_BEGIN ... WEFT_CMD_TXN_ABORT:
		return &txn_set;
	case WEFT_CMD_SERVICE_NEW ... WEFT_CMD_SERVICE_SET:
		return &service_set;
	case WEFT_CMD_PACKET_INJECT:
		return &packet_set;
	case WEFT_CMD_POOL_NEW ... WEFT_CMD_POOL_SET:
		return &pool_set;
	case WEFT_CMD_TEMPLATE_NEW ... WEFT_CMD_TEMPLATE_GET:
		return &template_set;
	case WEFT_CMD_INSTANCE_NEW ... WEFT_CMD_INSTANCE_GET:
		return &instance_set;
	case WEFT_CMD_LABEL_NEW ... WEFT_CMD_LABEL_GET:
		return &label_set;
	default:
		return NULL;
	}
}

static const struct attr_name *name_in(const struct attr_set *set, unsigned int type,
				       struct attr_name *space)
{
	const struct weft_field_desc *desc;

	if (set->fields) {
		desc = weft_field_desc(type);
		*space = (struct attr_name){ desc ? desc->name : NULL, NULL };
		return desc ? space : NULL;
	}
	return type <= set->max && set->attrs[type].name ? &set->attrs[type] : NULL;
}

/* Add "[place]" or ".name" to the path */
static size_t add_step(char *buf, size_t size, size_t at, const struct attr_set *set,
		       unsigned int place, unsigned int type, const char *name)
{
	char step[64], index[16] = "", number[16];
	bool dot;

	if (!name) {
		snprintf(number, sizeof(number), "%u", type);
		name = number;
	}
	if (set->list)
		snprintf(index, sizeof(index), "[%u]", place);
	dot = name[0] && (at || index[0]);
	snprintf(step, sizeof(step), "%s%s%s", index, dot ? "." : "", name);
	if (at + strlen(step) >= size)
		return at;
	memcpy(buf + at, step, strlen(step) + 1);
	return at + strlen(step);
}

static bool holds(const struct nlattr *attr, size_t attr_ofs, size_t ofs)
{
	return ofs >= attr_ofs && ofs < attr_ofs + mnl_attr_get_len(attr);
}

/*
 * The request was built here, and its lengths are sound. Returns the set of the
 * innermost nest that was entered.
 */
static const struct attr_set *walk(const struct nlmsghdr *request, size_t len, size_t ofs,
				   char *buf, size_t size)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);
	const struct attr_set *set = NULL;
	size_t at = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN, end = len, n = 0;
	unsigned int place = 0;

	buf[0] = '\0';
	if (len >= at)
		set = set_of(*(const uint8_t *)genl);
	while (set && at + MNL_ATTR_HDRLEN <= end) {
		const struct nlattr *attr = (const void *)((const char *)request + at);
		const struct attr_name *name;
		struct attr_name space;
		size_t step = MNL_ALIGN(mnl_attr_get_len(attr));

		if (mnl_attr_get_len(attr) < MNL_ATTR_HDRLEN)
			break;
		if (!holds(attr, at, ofs)) {
			at += step;
			place++;
			continue;
		}
		name = name_in(set, mnl_attr_get_type(attr), &space);
		n = add_step(buf, size, n, set, place, mnl_attr_get_type(attr),
			     name ? name->name : NULL);
		if (!name || !name->nest || (ofs == at && end - at < MNL_ATTR_HDRLEN))
			return set;
		if (ofs == at)
			return name->nest;
		set = name->nest;
		end = at + mnl_attr_get_len(attr);
		at += MNL_ATTR_HDRLEN;
		place = 0;
	}
	return set;
}

void wl_attr_path(const struct nlmsghdr *request, size_t len, uint32_t ofs, char *buf, size_t size)
{
	walk(request, len, ofs, buf, size);
}

void wl_attr_missing(const struct nlmsghdr *request, size_t len, uint32_t nest_ofs, uint16_t type,
		     char *buf, size_t size)
{
	const struct attr_set *set;
	const struct attr_name *name;
	struct attr_name space;
	size_t n;

	set = walk(request, len, nest_ofs ? nest_ofs : MNL_NLMSG_HDRLEN, buf, size);
	if (!set)
		return;
	name = name_in(set, type, &space);
	n = strlen(buf);
	if (name && n + strlen(name->name) + 2 < size)
		snprintf(buf + n, size - n, "%s%s", n ? "." : "", name->name);
}
