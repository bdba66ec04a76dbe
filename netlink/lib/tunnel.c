// SPDX-License-Identifier: Apache-2.0
/*
 * Tunnels: how the way to each remote is, what is used instead, and the requests about it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "list.h"
#include "wl.h"

static const char *const state_names[] = {
	[WEFT_TUNNEL_STATE_UNKNOWN] = "unknown",
	[WEFT_TUNNEL_STATE_UP] = "up",
	[WEFT_TUNNEL_STATE_DOWN] = "down",
	[WEFT_TUNNEL_STATE_UNWATCHED] = "unwatched",
};

static const char *const diag_names[] = {
	"none",
	"expired",
	"echo_failed",
	"neighbor",
	"forwarding_reset",
	"path_down",
	"concatenated_path_down",
	"admin_down",
	"reverse_concatenated_path_down",
};

/**
 * weft_tunnel_state_name - a state's name
 * @state: enum weft_tunnel_state
 *
 * Returns it, or NULL when there is no such state.
 */
const char *weft_tunnel_state_name(uint32_t state)
{
	return state <= WEFT_TUNNEL_STATE_MAX ? state_names[state] : NULL;
}

/**
 * weft_tunnel_state_from_name - the state of a name
 * @name: "up", …
 *
 * Returns enum weft_tunnel_state, or -1.
 */
int weft_tunnel_state_from_name(const char *name)
{
	for (int state = 0; state <= WEFT_TUNNEL_STATE_MAX; state++)
		if (!strcmp(name, state_names[state]))
			return state;
	return -1;
}

/**
 * weft_tunnel_diag_name - a diagnostic's name
 * @diag: number of RFC 5880, 4.1
 *
 * Returns it, or NULL when it has none.
 */
const char *weft_tunnel_diag_name(uint8_t diag)
{
	return diag < sizeof(diag_names) / sizeof(*diag_names) ? diag_names[diag] : NULL;
}

/**
 * weft_tunnel_init - begin with nothing
 * @tunnel: to initialise; it holds nothing that must be freed
 */
void weft_tunnel_init(struct weft_tunnel *tunnel)
{
	*tunnel = (struct weft_tunnel){ 0 };
}

/* ---- attributes ------------------------------------------------------------ */

static int get_way(const struct nlattr *attr, struct weft_way *way)
{
	struct weft_tunnel_way in;

	if (mnl_attr_get_payload_len(attr) != sizeof(in))
		return -EPROTO;
	memcpy(&in, mnl_attr_get_payload(attr), sizeof(in));
	way->port = in.port;
	way->ipv6 = in.family == 6;
	memcpy(way->addr, in.addr, sizeof(way->addr));
	return 0;
}

static int get_addr(const struct nlattr *attr, struct weft_way *way, bool ipv6)
{
	size_t len = ipv6 ? 16 : 4;

	if (mnl_attr_get_payload_len(attr) != len)
		return -EPROTO;
	way->ipv6 = ipv6;
	memset(way->addr, 0, sizeof(way->addr));
	memcpy(way->addr, mnl_attr_get_payload(attr), len);
	return 0;
}

static int get_fallbacks(const struct nlattr *nest, struct weft_tunnel *tunnel)
{
	const struct nlattr *attr;
	int err = wl_nest_check(nest);

	if (err)
		return err;
	tunnel->n_fallbacks = 0;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != WEFT_FALLBACKS_A_WAY)
			continue;
		if (tunnel->n_fallbacks == WEFT_FALLBACKS_MAX)
			return -EPROTO;
		err = get_way(attr, &tunnel->fallbacks[tunnel->n_fallbacks++]);
		if (err)
			return err;
	}
	return 0;
}

static int tunnel_get_attr(struct weft_tunnel *tunnel, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_TUNNEL_A_MAX)
		weft_mark(tunnel, type);
	switch (type) {
	case WEFT_TUNNEL_A_DP:
		return wl_attr_str(attr, tunnel->dp, sizeof(tunnel->dp));
	case WEFT_TUNNEL_A_PORT:
		return wl_attr_u32(attr, &tunnel->way.port);
	case WEFT_TUNNEL_A_IPV4:
		return get_addr(attr, &tunnel->way, false);
	case WEFT_TUNNEL_A_IPV6:
		return get_addr(attr, &tunnel->way, true);
	case WEFT_TUNNEL_A_STATE:
		return wl_attr_u32(attr, &tunnel->state);
	case WEFT_TUNNEL_A_FALLBACKS:
		return get_fallbacks(attr, tunnel);
	case WEFT_TUNNEL_A_DIAG:
		return wl_attr_u8(attr, &tunnel->diag);
	case WEFT_TUNNEL_A_REMOTE_DIAG:
		return wl_attr_u8(attr, &tunnel->remote_diag);
	case WEFT_TUNNEL_A_MTU:
		return wl_attr_u32(attr, &tunnel->mtu);
	case WEFT_TUNNEL_A_RTT:
		return wl_attr_u32(attr, &tunnel->rtt_us);
	case WEFT_TUNNEL_A_SINCE:
		return wl_attr_u64(attr, &tunnel->since_ms);
	case WEFT_TUNNEL_A_FLAPS:
		return wl_attr_u64(attr, &tunnel->flaps);
	case WEFT_TUNNEL_A_VIA:
		return get_way(attr, &tunnel->via);
	}
	return 0;
}

int wl_tunnel_get_msg(struct weft_tunnel *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_tunnel_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = tunnel_get_attr(out, attr);
		if (err)
			return err;
	}
	return 0;
}

static void put_way(struct nlmsghdr *nlh, const struct weft_way *way)
{
	mnl_attr_put_u32(nlh, WEFT_TUNNEL_A_PORT, way->port);
	if (way->ipv6)
		mnl_attr_put(nlh, WEFT_TUNNEL_A_IPV6, 16, way->addr);
	else
		mnl_attr_put(nlh, WEFT_TUNNEL_A_IPV4, 4, way->addr);
}

static void put_fallbacks(struct nlmsghdr *nlh, const struct weft_tunnel *tunnel)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, WEFT_TUNNEL_A_FALLBACKS);

	for (unsigned int i = 0; i < tunnel->n_fallbacks; i++) {
		const struct weft_way *way = &tunnel->fallbacks[i];
		struct weft_tunnel_way out = {
			.port = way->port,
			.family = way->ipv6 ? 6 : 4,
		};

		memcpy(out.addr, way->addr, way->ipv6 ? 16 : 4);
		mnl_attr_put(nlh, WEFT_FALLBACKS_A_WAY, sizeof(out), &out);
	}
	mnl_attr_nest_end(nlh, nest);
}

/* ---- requests -------------------------------------------------------------- */

static int tunnel_copy(struct weft_tunnel *out, const struct weft_tunnel *tunnel)
{
	*out = *tunnel;
	return 0;
}

static void tunnel_free(struct weft_tunnel *tunnel)
{
	weft_tunnel_init(tunnel);
}

WL_OBJECT(tunnel, tunnel_copy, tunnel_free)

/**
 * weft_tunnel_set - say how a tunnel is, or what is used instead
 * @sock: the socket
 * @dp: name of the datapath
 * @tunnel: which, and of state, fallbacks, diagnostics, MTU and round trip what is present
 *
 * Returns 0, -ENODEV when there is no such datapath or port, or another -errno.
 */
int weft_tunnel_set(struct weft_sock *sock, const char *dp, const struct weft_tunnel *tunnel)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_TUNNEL_SET, 0);

	wl_put_name(nlh, WEFT_TUNNEL_A_DP, dp);
	put_way(nlh, &tunnel->way);
	if (weft_has(tunnel, WEFT_TUNNEL_A_STATE))
		mnl_attr_put_u32(nlh, WEFT_TUNNEL_A_STATE, tunnel->state);
	if (weft_has(tunnel, WEFT_TUNNEL_A_FALLBACKS))
		put_fallbacks(nlh, tunnel);
	if (weft_has(tunnel, WEFT_TUNNEL_A_DIAG))
		mnl_attr_put_u8(nlh, WEFT_TUNNEL_A_DIAG, tunnel->diag);
	if (weft_has(tunnel, WEFT_TUNNEL_A_REMOTE_DIAG))
		mnl_attr_put_u8(nlh, WEFT_TUNNEL_A_REMOTE_DIAG, tunnel->remote_diag);
	if (weft_has(tunnel, WEFT_TUNNEL_A_MTU))
		mnl_attr_put_u32(nlh, WEFT_TUNNEL_A_MTU, tunnel->mtu);
	if (weft_has(tunnel, WEFT_TUNNEL_A_RTT))
		mnl_attr_put_u32(nlh, WEFT_TUNNEL_A_RTT, tunnel->rtt_us);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_tunnel_del - forget what is known of a tunnel
 * @sock: the socket
 * @dp: name of the datapath
 * @way: which
 *
 * Returns 0, -ENOENT when nothing is known, or another -errno.
 */
int weft_tunnel_del(struct weft_sock *sock, const char *dp, const struct weft_way *way)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_TUNNEL_DEL, 0);

	wl_put_name(nlh, WEFT_TUNNEL_A_DP, dp);
	put_way(nlh, way);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_tunnel_get - ask for one tunnel
 * @sock: the socket
 * @dp: name of the datapath
 * @way: which
 * @out: gets it
 *
 * Returns 0, -ENOENT when nothing is known of it, or another -errno.
 */
int weft_tunnel_get(struct weft_sock *sock, const char *dp, const struct weft_way *way,
		    struct weft_tunnel *out)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_TUNNEL_GET, 0);

	wl_put_name(nlh, WEFT_TUNNEL_A_DP, dp);
	put_way(nlh, way);
	return tunnel_request_one(sock, nlh, out);
}

/**
 * weft_tunnel_dump - visit the tunnels of which something is known
 * @sock: the socket
 * @dp: name of the datapath
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when tunnels changed meanwhile, what @cb returned, or -errno.
 */
int weft_tunnel_dump(struct weft_sock *sock, const char *dp,
		     int (*cb)(const struct weft_tunnel *tunnel, void *ctx), void *ctx)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_TUNNEL_GET, NLM_F_DUMP);

	wl_put_name(nlh, WEFT_TUNNEL_A_DP, dp);
	return tunnel_request_each(sock, nlh, cb, ctx);
}

/**
 * weft_tunnel_list - all tunnels of which something is known
 * @sock: the socket
 * @dp: name of the datapath
 * @tunnels: gets an array that weft_tunnel_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when tunnels kept changing, or -errno with no array.
 */
int weft_tunnel_list(struct weft_sock *sock, const char *dp, struct weft_tunnel **tunnels,
		     size_t *n)
{
	WL_LIST_TRY(tunnel, tunnels, n, weft_tunnel_dump(sock, dp, tunnel_append, &list));
}

/**
 * weft_tunnel_list_free - free what weft_tunnel_list() returned
 * @tunnels: the array; may be NULL
 * @n: its length
 */
void weft_tunnel_list_free(struct weft_tunnel *tunnels, size_t n)
{
	tunnel_list_clear(tunnels, n);
}

/* ---- JSON ------------------------------------------------------------------ */

static void set_way(json_t *obj, const struct weft_way *way, const struct weft_names *names,
		    unsigned int flags)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(way->ipv6 ? AF_INET6 : AF_INET, way->addr, text, sizeof(text));
	wl_json_set(&obj, "port", wl_json_port(way->port, names, flags));
	wl_json_set(&obj, "remote", json_string(text));
}

static json_t *diag_to_json(uint8_t diag)
{
	const char *name = weft_tunnel_diag_name(diag);

	return name ? json_string(name) : json_integer(diag);
}

/**
 * weft_tunnel_to_json - write a tunnel
 * @tunnel: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_…
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_tunnel_to_json(const struct weft_tunnel *tunnel, const struct weft_names *names,
			    unsigned int flags)
{
	json_t *obj = json_object(), *list, *way;

	if (weft_has(tunnel, WEFT_TUNNEL_A_DP))
		wl_json_set(&obj, "dp", wl_json_string(tunnel->dp));
	set_way(obj, &tunnel->way, names, flags);
	wl_json_set(&obj, "state",
		    wl_json_enum(weft_tunnel_state_name(tunnel->state), tunnel->state));
	if (weft_has(tunnel, WEFT_TUNNEL_A_FALLBACKS)) {
		list = json_array();
		for (unsigned int i = 0; i < tunnel->n_fallbacks; i++) {
			way = json_object();
			set_way(way, &tunnel->fallbacks[i], names, flags);
			json_array_append_new(list, way);
		}
		wl_json_set(&obj, "fallbacks", list);
	}
	if (weft_has(tunnel, WEFT_TUNNEL_A_VIA)) {
		way = json_object();
		set_way(way, &tunnel->via, names, flags);
		wl_json_set(&obj, "via", way);
	}
	if (weft_has(tunnel, WEFT_TUNNEL_A_DIAG))
		wl_json_set(&obj, "diag", diag_to_json(tunnel->diag));
	if (weft_has(tunnel, WEFT_TUNNEL_A_REMOTE_DIAG))
		wl_json_set(&obj, "remote_diag", diag_to_json(tunnel->remote_diag));
	if (weft_has(tunnel, WEFT_TUNNEL_A_MTU) && tunnel->mtu)
		wl_json_set(&obj, "mtu", json_integer(tunnel->mtu));
	if (weft_has(tunnel, WEFT_TUNNEL_A_RTT) && tunnel->rtt_us)
		wl_json_set(&obj, "rtt_us", json_integer(tunnel->rtt_us));
	if (weft_has(tunnel, WEFT_TUNNEL_A_SINCE))
		wl_json_set(&obj, "since_ms", json_integer((json_int_t)tunnel->since_ms));
	if (weft_has(tunnel, WEFT_TUNNEL_A_FLAPS))
		wl_json_set(&obj, "flaps", json_integer((json_int_t)tunnel->flaps));
	return obj;
}
