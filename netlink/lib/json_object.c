// SPDX-License-Identifier: Apache-2.0
/*
 * Datapaths, ports, tables, services, packets, commits and events as JSON, and
 * ports and tables back. Only what is present is written, but for names.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* Writers use these, on "obj" and an object of which "present" tells */
#define SET_UINT(attr, o, member)                                                                  \
	do {                                                                                       \
		if (weft_has(o, attr))                                                             \
			wl_json_set(&obj, #member, wl_json_uint((o)->member));                     \
	} while (0)
#define SET_STRING(attr, o, member)                                                                \
	do {                                                                                       \
		if (weft_has(o, attr))                                                             \
			wl_json_set(&obj, #member, wl_json_string((o)->member));                   \
	} while (0)

static json_t *cache_to_json(const struct weft_cache_stats *cache)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "entries", wl_json_uint(cache->entries));
	wl_json_set(&obj, "hits", wl_json_uint(cache->hits));
	wl_json_set(&obj, "misses", wl_json_uint(cache->misses));
	wl_json_set(&obj, "stale", wl_json_uint(cache->stale));
	wl_json_set(&obj, "evicted", wl_json_uint(cache->evicted));
	wl_json_set(&obj, "refused", wl_json_uint(cache->refused));
	return obj;
}

/**
 * weft_dp_to_json - write a datapath
 * @dp: to write
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_dp_to_json(const struct weft_dp *dp)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "name", wl_json_string(dp->name));
	SET_UINT(WEFT_DP_A_MAX_FLOWS, dp, max_flows);
	SET_UINT(WEFT_DP_A_MAX_CACHED, dp, max_cached);
	SET_UINT(WEFT_DP_A_MAX_INSTANCES, dp, max_instances);
	SET_UINT(WEFT_DP_A_MAX_INSTANCES_SLICE, dp, max_instances_slice);
	SET_UINT(WEFT_DP_A_MAX_INSTANCES_PORT, dp, max_instances_port);
	SET_UINT(WEFT_DP_A_N_FLOWS, dp, n_flows);
	SET_UINT(WEFT_DP_A_N_PORTS, dp, n_ports);
	SET_UINT(WEFT_DP_A_N_MASKS, dp, n_masks);
	SET_UINT(WEFT_DP_A_N_INSTANCES, dp, n_instances);
	SET_UINT(WEFT_DP_A_VERSION, dp, version);
	SET_UINT(WEFT_DP_A_LOOKUPS, dp, lookups);
	if (weft_has(dp, WEFT_DP_A_CACHE))
		wl_json_set(&obj, "cache", cache_to_json(&dp->cache));
	if (weft_has(dp, WEFT_DP_A_DROPS))
		wl_json_set(&obj, "drops", wl_json_drops(&dp->drops));
	return obj;
}

/* ---- ports ------------------------------------------------------------------ */

static json_t *mac_to_json(const uint8_t *mac)
{
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			    mac[5]);
}

static json_t *lports_to_json(const struct weft_port *port)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < port->n_lports; i++) {
		json_t *obj = json_object();

		wl_json_set(&obj, "ldp", json_integer(port->lports[i].ldp));
		wl_json_set(&obj, "lport", json_integer(port->lports[i].lport));
		wl_json_append(&array, obj);
	}
	return array;
}

static json_t *remotes_to_json(const struct weft_port *port)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < port->n_remotes; i++) {
		char text[INET6_ADDRSTRLEN] = "";

		inet_ntop(port->remotes[i].ipv6 ? AF_INET6 : AF_INET, port->remotes[i].addr, text,
			  sizeof(text));
		wl_json_append(&array, json_string(text));
	}
	return array;
}

static json_t *tun_opts_to_json(const struct weft_port *port)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < port->n_tun_opts; i++) {
		const struct weft_tun_opt *opt = &port->tun_opts[i];
		json_t *obj = json_object();

		wl_json_set(&obj, "slot", json_integer(opt->slot));
		wl_json_set(&obj, "class", json_sprintf("0x%04x", opt->opt_class));
		wl_json_set(&obj, "type", json_sprintf("0x%02x", opt->type));
		wl_json_set(&obj, "len", json_integer(opt->len));
		wl_json_append(&array, obj);
	}
	return array;
}

static json_t *stats_to_json(const struct weft_port_stats *stats)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "rx_packets", wl_json_uint(stats->rx_packets));
	wl_json_set(&obj, "rx_bytes", wl_json_uint(stats->rx_bytes));
	wl_json_set(&obj, "tx_packets", wl_json_uint(stats->tx_packets));
	wl_json_set(&obj, "tx_bytes", wl_json_uint(stats->tx_bytes));
	wl_json_set(&obj, "rx_dropped", wl_json_uint(stats->rx_dropped));
	wl_json_set(&obj, "tx_dropped", wl_json_uint(stats->tx_dropped));
	wl_json_set(&obj, "upcalls", wl_json_uint(stats->upcalls));
	wl_json_set(&obj, "marks_refused", wl_json_uint(stats->marks_refused));
	return obj;
}

/**
 * weft_port_to_json - write a port
 * @port: to write
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_port_to_json(const struct weft_port *port)
{
	json_t *obj = json_object();

	SET_STRING(WEFT_PORT_A_DP, port, dp);
	SET_UINT(WEFT_PORT_A_ID, port, id);
	SET_STRING(WEFT_PORT_A_NAME, port, name);
	if (weft_has(port, WEFT_PORT_A_TYPE))
		wl_json_set(&obj, "type",
			    wl_json_enum(weft_port_type_name(port->type), port->type));
	if (weft_has(port, WEFT_PORT_A_CLASS))
		wl_json_set(&obj, "class",
			    wl_json_enum(weft_port_class_name(port->port_class), port->port_class));
	SET_UINT(WEFT_PORT_A_IFINDEX, port, ifindex);
	if (weft_has(port, WEFT_PORT_A_NETNSID))
		wl_json_set(&obj, "netnsid", json_integer(port->netnsid));
	SET_STRING(WEFT_PORT_A_VM_ID, port, vm_id);
	if (weft_has(port, WEFT_PORT_A_LPORTS))
		wl_json_set(&obj, "lports", lports_to_json(port));
	if (weft_has(port, WEFT_PORT_A_REMOTES))
		wl_json_set(&obj, "remotes", remotes_to_json(port));
	if (weft_has(port, WEFT_PORT_A_TUN_OPTS))
		wl_json_set(&obj, "tun_opts", tun_opts_to_json(port));
	if (weft_has(port, WEFT_PORT_A_MAC))
		wl_json_set(&obj, "mac", mac_to_json(port->mac));
	SET_UINT(WEFT_PORT_A_MTU, port, mtu);
	SET_UINT(WEFT_PORT_A_MARK_MASK, port, mark_mask);
	if (weft_has(port, WEFT_PORT_A_STATS))
		wl_json_set(&obj, "stats", stats_to_json(&port->stats));
	if (weft_has(port, WEFT_PORT_A_DROPS))
		wl_json_set(&obj, "drops", wl_json_drops(&port->drops));
	if (weft_has(port, WEFT_PORT_A_REASON))
		wl_json_set(&obj, "reason",
			    wl_json_enum(weft_reason_name(port->reason), port->reason));
	return obj;
}

static int read_mac(const struct wl_at *at, const json_t *json, uint8_t *mac)
{
	struct wl_parse ps = wl_at_parse(at);
	struct weft_field_value v;
	struct wl_tok tok;
	char space[24];
	int err;

	err = wl_at_text(at, json, space, sizeof(space), &tok);
	if (!err)
		err = wl_value_parse(&ps, WEFT_FIELD_ETH_SRC, tok, &v);
	if (!err && !wl_mask_is_full(WEFT_FIELD_ETH_SRC, v.mask))
		err = wl_at_fail(at, "no mask here");
	if (!err)
		memcpy(mac, v.value, 6);
	return err;
}

static int read_lport(const struct wl_at *at, const json_t *json, struct weft_port *port)
{
	struct wl_at ldp_at = wl_at_member(at, "ldp"), lport_at = wl_at_member(at, "lport");
	uint64_t ldp, lport;
	int err;

	if (!json_is_object(json) || json_object_size(json) != 2)
		return wl_at_fail(at, "an object with ldp and lport is needed");
	err = wl_at_uint(&ldp_at, json_object_get(json, "ldp"), WEFT_LDP_MAX, &ldp);
	if (!err)
		err = wl_at_uint(&lport_at, json_object_get(json, "lport"), UINT16_MAX, &lport);
	if (err)
		return err;
	err = weft_port_add_lport(port, (uint32_t)ldp, (uint32_t)lport);
	return err == -EEXIST ? wl_at_fail(at, "this logical port is given twice") :
	       err == -EINVAL ? wl_at_fail(at, "ldp and lport are numbered from 1") :
				err;
}

static int read_remote(const struct wl_at *at, const json_t *json, struct weft_port *port)
{
	struct wl_parse ps = wl_at_parse(at);
	struct weft_act_tunnel t = { 0 };
	struct wl_tok tok;
	char space[24];
	int err;

	err = wl_at_text(at, json, space, sizeof(space), &tok);
	if (!err)
		err = wl_tunnel_dst_parse(&ps, tok, &t);
	if (err)
		return err;
	err = weft_port_add_remote(port, weft_has(&t, WEFT_ACT_TUNNEL_A_IPV6), t.addr);
	return err == -EEXIST ? wl_at_fail(at, "this endpoint is given twice") : err;
}

static int read_tun_opt(const struct wl_at *at, const json_t *json, struct weft_port *port)
{
	static const struct {
		const char *name;
		uint16_t max;
	} members[] = { { "class", UINT16_MAX },
			{ "type", UINT8_MAX },
			{ "slot", WEFT_TUN_OPTS - 1 },
			{ "len", WEFT_TUN_OPT_LEN } };
	uint64_t values[WL_ARRAY_SIZE(members)];
	struct weft_tun_opt opt = { 0 };
	size_t i;
	int err;

	if (!json_is_object(json) || json_object_size(json) != WL_ARRAY_SIZE(members))
		return wl_at_fail(at, "an object with class, type, slot and len is needed");
	for (i = 0; i < WL_ARRAY_SIZE(members); i++) {
		struct wl_at member = wl_at_member(at, members[i].name);

		err = wl_at_uint(&member, json_object_get(json, members[i].name), members[i].max,
				 &values[i]);
		if (err)
			return err;
	}
	opt.opt_class = (uint16_t)values[0];
	opt.type = (uint8_t)values[1];
	opt.slot = (uint8_t)values[2];
	opt.len = (uint8_t)values[3];
	err = weft_port_add_tun_opt(port, &opt);
	return err == -EEXIST ? wl_at_fail(at, "slot %u is given twice", opt.slot) :
	       err == -EINVAL ? wl_at_fail(at, "len is 4, 8, 12 or 16") :
				err;
}

static int read_list(const struct wl_at *at, const json_t *json, struct weft_port *port,
		     int (*read_one)(const struct wl_at *at, const json_t *json,
				     struct weft_port *port))
{
	json_t *item;
	size_t i;
	int err;

	if (!json_is_array(json))
		return wl_at_fail(at, "an array is needed");
	json_array_foreach((json_t *)json, i, item) {
		struct wl_at place = wl_at_index(at, i);

		err = read_one(&place, item, port);
		if (err)
			return err;
	}
	return 0;
}

/* @ctx: struct weft_port */
static int port_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct weft_port *port = ctx;
	static const struct {
		const char *name;
		enum weft_port_attr attr;
	} members[] = {
		{ "name", WEFT_PORT_A_NAME },
		{ "id", WEFT_PORT_A_ID },
		{ "type", WEFT_PORT_A_TYPE },
		{ "class", WEFT_PORT_A_CLASS },
		{ "vm_id", WEFT_PORT_A_VM_ID },
		{ "lports", WEFT_PORT_A_LPORTS },
		{ "remotes", WEFT_PORT_A_REMOTES },
		{ "tun_opts", WEFT_PORT_A_TUN_OPTS },
		{ "mac", WEFT_PORT_A_MAC },
		{ "mtu", WEFT_PORT_A_MTU },
		{ "mark_mask", WEFT_PORT_A_MARK_MASK },
	};
	uint64_t number = 0;
	size_t i = 0;
	int err;

	while (i < WL_ARRAY_SIZE(members) && strcmp(name, members[i].name))
		i++;
	if (i == WL_ARRAY_SIZE(members))
		return wl_at_fail(at, "a port has no member '%.60s'", name);
	weft_mark(port, members[i].attr);

	switch (members[i].attr) {
	case WEFT_PORT_A_NAME:
		return wl_at_string(at, json, port->name, sizeof(port->name));
	case WEFT_PORT_A_ID:
		err = wl_at_uint(at, json, WEFT_PORT_ID_MAX, &number);
		port->id = (uint32_t)number;
		return !err && !number ? wl_at_fail(at, "ports are numbered from 1") : err;
	case WEFT_PORT_A_TYPE:
		return wl_at_enum(at, json, weft_port_type_from_name, &port->type);
	case WEFT_PORT_A_CLASS:
		return wl_at_enum(at, json, weft_port_class_from_name, &port->port_class);
	case WEFT_PORT_A_VM_ID:
		return wl_at_string(at, json, port->vm_id, sizeof(port->vm_id));
	case WEFT_PORT_A_LPORTS:
		return read_list(at, json, port, read_lport);
	case WEFT_PORT_A_REMOTES:
		return read_list(at, json, port, read_remote);
	case WEFT_PORT_A_TUN_OPTS:
		return read_list(at, json, port, read_tun_opt);
	case WEFT_PORT_A_MAC:
		return read_mac(at, json, port->mac);
	case WEFT_PORT_A_MARK_MASK:
		err = wl_at_uint(at, json, UINT32_MAX, &number);
		port->mark_mask = (uint32_t)number;
		return err;
	default:
		err = wl_at_uint(at, json, UINT32_MAX, &number);
		port->mtu = (uint32_t)number;
		return err;
	}
}

/**
 * weft_port_from_json - read what makes a port
 * @out: uninitialised; on success the caller frees it
 * @json: an object with name, id, type, class, vm_id, lports, remotes, tun_opts,
 *	mac, mtu and mark_mask, each of which may be absent
 * @path: where it is; NULL: "$"
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_port_from_json(struct weft_port *out, const json_t *json, const char *path,
			struct weft_error *err)
{
	struct wl_at at;
	int ret;

	weft_port_init(out);
	wl_at_begin(&at, path, NULL, err);
	ret = wl_at_members(&at, json, port_member, out);
	if (ret)
		weft_port_free(out);
	return ret;
}

/* ---- tables ------------------------------------------------------------------ */

/**
 * weft_table_to_json - write a table
 * @table: to write; no miss actions are not written
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_table_to_json(const struct weft_table *table, const struct weft_names *names,
			   unsigned int flags)
{
	json_t *obj = json_object();

	SET_STRING(WEFT_TABLE_A_DP, table, dp);
	wl_json_set(&obj, "id", json_integer(table->id));
	if (table->miss.n)
		wl_json_set(&obj, "miss", weft_actions_to_json(&table->miss, names, flags));
	SET_UINT(WEFT_TABLE_A_N_FLOWS, table, n_flows);
	SET_UINT(WEFT_TABLE_A_N_MASKS, table, n_masks);
	SET_UINT(WEFT_TABLE_A_MATCHED, table, matched);
	SET_UINT(WEFT_TABLE_A_MISSED, table, missed);
	return obj;
}

/* @ctx: struct weft_table */
static int table_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct weft_table *table = ctx;
	uint64_t number = 0;
	int err;

	if (!strcmp(name, "id")) {
		err = wl_at_uint(at, json, WEFT_N_TABLES - 1, &number);
		table->id = (uint8_t)number;
		weft_mark(table, WEFT_TABLE_A_ID);
		return err;
	}
	if (strcmp(name, "miss"))
		return wl_at_fail(at, "a table has no member '%.60s'", name);
	weft_mark(table, WEFT_TABLE_A_MISS);
	return wl_actions_from_json(at, json, &table->miss);
}

/**
 * weft_table_from_json - read what makes a table
 * @out: uninitialised; on success the caller frees it
 * @json: an object with id and miss
 * @path: where it is; NULL: "$"
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_table_from_json(struct weft_table *out, const json_t *json, const char *path,
			 const struct weft_names *names, struct weft_error *err)
{
	struct wl_at at;
	int ret;

	weft_table_init(out);
	wl_at_begin(&at, path, names, err);
	ret = wl_at_members(&at, json, table_member, out);
	if (!ret && !weft_has(out, WEFT_TABLE_A_ID))
		ret = wl_at_fail(&at, "id is missing");
	if (ret)
		weft_table_free(out);
	return ret;
}

/* ---- the rest --------------------------------------------------------------------- */

/**
 * weft_service_to_json - write a service
 * @service: to write
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_service_to_json(const struct weft_service *service)
{
	json_t *obj = json_object();

	SET_STRING(WEFT_SERVICE_A_DP, service, dp);
	wl_json_set(&obj, "name", wl_json_string(service->name));
	SET_UINT(WEFT_SERVICE_A_CREDITS, service, credits);
	SET_UINT(WEFT_SERVICE_A_QUEUE_LIMIT, service, queue_limit);
	SET_UINT(WEFT_SERVICE_A_MEMBERS, service, members);
	SET_UINT(WEFT_SERVICE_A_QUEUED, service, queued);
	SET_UINT(WEFT_SERVICE_A_DELIVERED, service, delivered);
	SET_UINT(WEFT_SERVICE_A_DROPPED, service, dropped);
	return obj;
}

static json_t *data_to_json(const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *hex = malloc(2 * len + 1);
	json_t *json;
	size_t i;

	if (!hex)
		return NULL;
	for (i = 0; i < len; i++) {
		hex[2 * i] = digits[data[i] >> 4];
		hex[2 * i + 1] = digits[data[i] & 15];
	}
	json = json_stringn(hex, 2 * len);
	free(hex);
	return json;
}

/**
 * weft_packet_to_json - write a packet, its bytes as hexadecimal digits
 * @packet: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_packet_to_json(const struct weft_packet *packet, const struct weft_names *names,
			    unsigned int flags)
{
	json_t *obj = json_object();

	SET_STRING(WEFT_PACKET_A_DP, packet, dp);
	SET_STRING(WEFT_PACKET_A_SERVICE, packet, service);
	SET_UINT(WEFT_PACKET_A_ARG, packet, arg);
	if (weft_has(packet, WEFT_PACKET_A_IN_PORT))
		wl_json_set(&obj, "in_port", wl_json_port(packet->in_port, names, flags));
	SET_UINT(WEFT_PACKET_A_TABLE, packet, table);
	if (weft_has(packet, WEFT_PACKET_A_COOKIE))
		wl_json_set(&obj, "cookie", wl_json_hex(packet->cookie));
	if (packet->metadata.n)
		wl_json_set(&obj, "metadata", weft_match_to_json(&packet->metadata, names, flags));
	if (packet->actions.n)
		wl_json_set(&obj, "actions", weft_actions_to_json(&packet->actions, names, flags));
	if (weft_has(packet, WEFT_PACKET_A_LEN))
		wl_json_set(&obj, "len", wl_json_uint(packet->frame_len));
	SET_UINT(WEFT_PACKET_A_TIME, packet, time_ns);
	if (weft_has(packet, WEFT_PACKET_A_TEMPLATE))
		wl_json_set(&obj, "template", json_integer(packet->template_id));
	SET_UINT(WEFT_PACKET_A_PENDING, packet, pending);
	SET_UINT(WEFT_PACKET_A_SLICE, packet, slice);
	if (packet->data)
		wl_json_set(&obj, "data", data_to_json(packet->data, packet->len));
	return obj;
}

/**
 * weft_txn_result_to_json - write what a commit did
 * @result: to write
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_txn_result_to_json(const struct weft_txn_result *result)
{
	json_t *obj = json_object();

	SET_STRING(WEFT_TXN_A_DP, result, dp);
	SET_UINT(WEFT_TXN_A_VERSION, result, version);
	SET_UINT(WEFT_TXN_A_N_OPS, result, n_ops);
	SET_UINT(WEFT_TXN_A_ADDED, result, added);
	SET_UINT(WEFT_TXN_A_CHANGED, result, changed);
	SET_UINT(WEFT_TXN_A_DELETED, result, deleted);
	return obj;
}

/* Add the datapath, and of a DEL why */
static json_t *with_dp(json_t *obj, const char *dp, bool has_reason, uint32_t reason)
{
	wl_json_set(&obj, "dp", wl_json_string(dp));
	if (has_reason)
		wl_json_set(&obj, "reason", wl_json_enum(weft_reason_name(reason), reason));
	return obj;
}

/**
 * weft_event_to_json - write an event or upcall
 * @event: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_…
 *
 * Returns an object with "event", the command's name, and one member named like
 * the kind of object that holds it; NULL when out of memory.
 */
json_t *weft_event_to_json(const struct weft_event *event, const struct weft_names *names,
			   unsigned int flags)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "event", wl_json_enum(weft_cmd_name(event->cmd), event->cmd));
	switch (event->cmd) {
	case WEFT_CMD_DP_NEW ... WEFT_CMD_DP_SET:
		wl_json_set(&obj, "dp", weft_dp_to_json(&event->dp));
		break;
	case WEFT_CMD_PORT_NEW ... WEFT_CMD_PORT_SET:
		wl_json_set(&obj, "port", weft_port_to_json(&event->port));
		break;
	case WEFT_CMD_TABLE_GET ... WEFT_CMD_TABLE_SET:
		wl_json_set(&obj, "table", weft_table_to_json(&event->table, names, flags));
		break;
	case WEFT_CMD_FLOW_NEW ... WEFT_CMD_FLOW_SET:
		wl_json_set(&obj, "flow",
			    with_dp(weft_flow_to_json(&event->flow, names, flags), event->flow.dp,
				    weft_has(&event->flow, WEFT_FLOW_A_REASON),
				    event->flow.reason));
		break;
	case WEFT_CMD_TXN_BEGIN ... WEFT_CMD_TXN_ABORT:
		wl_json_set(&obj, "txn", weft_txn_result_to_json(&event->txn));
		break;
	case WEFT_CMD_SERVICE_NEW ... WEFT_CMD_SERVICE_SET:
		wl_json_set(&obj, "service", weft_service_to_json(&event->service));
		break;
	case WEFT_CMD_PACKET_INJECT ... WEFT_CMD_PACKET_UPCALL:
		wl_json_set(&obj, "packet", weft_packet_to_json(&event->packet, names, flags));
		break;
	case WEFT_CMD_POOL_NEW ... WEFT_CMD_POOL_SET:
		wl_json_set(
			&obj, "pool",
			with_dp(weft_pool_to_json(&event->pool, flags), event->pool.dp, false, 0));
		break;
	case WEFT_CMD_TEMPLATE_NEW ... WEFT_CMD_TEMPLATE_GET:
		wl_json_set(&obj, "template",
			    with_dp(weft_template_to_json(&event->tmpl, names, flags),
				    event->tmpl.dp, false, 0));
		break;
	case WEFT_CMD_INSTANCE_NEW ... WEFT_CMD_INSTANCE_GET:
		wl_json_set(&obj, "instance",
			    with_dp(weft_instance_to_json(&event->instance, names,
							  flags | WEFT_FMT_STATS),
				    event->instance.dp,
				    weft_has(&event->instance, WEFT_INSTANCE_A_REASON),
				    event->instance.reason));
		break;
	case WEFT_CMD_LABEL_NEW ... WEFT_CMD_LABEL_GET:
		wl_json_set(&obj, "label", weft_label_to_json(&event->label));
		break;
	case WEFT_CMD_TUNNEL_SET ... WEFT_CMD_TUNNEL_GET:
		wl_json_set(&obj, "tunnel", weft_tunnel_to_json(&event->tunnel, names, flags));
		break;
	default:
		break;
	}
	return obj;
}
