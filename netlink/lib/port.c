// SPDX-License-Identifier: Apache-2.0
/*
 * Ports: the structure with its lists, which are kept sorted so that two ports can
 * be compared, and the requests about them.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "wl.h"

/**
 * weft_port_init - begin with an empty port
 * @port: to initialise
 */
void weft_port_init(struct weft_port *port)
{
	*port = (struct weft_port){ 0 };
}

/**
 * weft_port_free - free what a port holds
 * @port: left empty
 */
void weft_port_free(struct weft_port *port)
{
	free(port->lports);
	free(port->remotes);
	free(port->drops.v);
	weft_port_init(port);
}

static int dup_array(void *out, const void *from, size_t n, size_t size)
{
	void *copy = NULL;

	if (n) {
		copy = malloc(n * size);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, from, n * size);
	}
	memcpy(out, &copy, sizeof(copy));
	return 0;
}

/**
 * weft_port_copy - copy a port
 * @out: uninitialised; the caller frees it
 * @port: to copy
 *
 * Returns 0 or -ENOMEM.
 */
int weft_port_copy(struct weft_port *out, const struct weft_port *port)
{
	*out = *port;
	out->lports = NULL;
	out->remotes = NULL;
	out->drops.v = NULL;
	if (dup_array(&out->lports, port->lports, port->n_lports, sizeof(*port->lports)) ||
	    dup_array(&out->remotes, port->remotes, port->n_remotes, sizeof(*port->remotes)) ||
	    dup_array(&out->drops.v, port->drops.v, port->drops.n, sizeof(*port->drops.v))) {
		weft_port_free(out);
		return -ENOMEM;
	}
	return 0;
}

static int lport_cmp(const struct weft_lport *a, const struct weft_lport *b)
{
	if (a->ldp != b->ldp)
		return a->ldp < b->ldp ? -1 : 1;
	return a->lport < b->lport ? -1 : a->lport > b->lport;
}

static int remote_cmp(const struct weft_remote *a, const struct weft_remote *b)
{
	if (a->ipv6 != b->ipv6)
		return a->ipv6 ? 1 : -1;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* Room for one more, doubling at powers of two; NULL when out of memory */
static void *grow(void *array, unsigned int n, size_t size)
{
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * (size_t)n : 1) * size);
}

/**
 * weft_port_add_lport - let a logical port live at a port
 * @port: to change
 * @ldp: logical datapath set, 1…0xffffff
 * @lport: logical port, 1…0xffff
 *
 * Returns 0, -EINVAL when a number is out of range, -EEXIST, -ENOMEM.
 */
int weft_port_add_lport(struct weft_port *port, uint32_t ldp, uint32_t lport)
{
	struct weft_lport new = { .ldp = ldp, .lport = lport }, *grown;
	unsigned int lo = 0, hi = port->n_lports;

	if (!ldp || ldp > WEFT_LDP_MAX || !lport || lport > UINT16_MAX)
		return -EINVAL;
	weft_mark(port, WEFT_PORT_A_LPORTS);
	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;
		int cmp = lport_cmp(&new, &port->lports[mid]);

		if (!cmp)
			return -EEXIST;
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	grown = grow(port->lports, port->n_lports, sizeof(new));
	if (!grown)
		return -ENOMEM;
	port->lports = grown;
	memmove(&grown[lo + 1], &grown[lo], (port->n_lports - lo) * sizeof(new));
	grown[lo] = new;
	port->n_lports++;
	return 0;
}

/**
 * weft_port_add_remote - let a tunnel port accept from an endpoint
 * @port: to change
 * @ipv6: family of the address
 * @addr: 4 or 16 bytes
 *
 * Returns 0, -EEXIST, -ENOMEM.
 */
int weft_port_add_remote(struct weft_port *port, bool ipv6, const void *addr)
{
	struct weft_remote new = { .ipv6 = ipv6 }, *grown;
	unsigned int lo = 0, hi = port->n_remotes;

	memcpy(new.addr, addr, ipv6 ? 16 : 4);
	weft_mark(port, WEFT_PORT_A_REMOTES);
	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;
		int cmp = remote_cmp(&new, &port->remotes[mid]);

		if (!cmp)
			return -EEXIST;
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	grown = grow(port->remotes, port->n_remotes, sizeof(new));
	if (!grown)
		return -ENOMEM;
	port->remotes = grown;
	memmove(&grown[lo + 1], &grown[lo], (port->n_remotes - lo) * sizeof(new));
	grown[lo] = new;
	port->n_remotes++;
	return 0;
}

/**
 * weft_port_add_tun_opt - give an option slot of a tunnel port its meaning
 * @port: to change
 * @opt: class, type, slot and length
 *
 * Returns 0, -EINVAL for a bad slot or length, -EEXIST when the slot has one.
 */
int weft_port_add_tun_opt(struct weft_port *port, const struct weft_tun_opt *opt)
{
	unsigned int at = 0;

	if (opt->slot >= WEFT_TUN_OPTS || !opt->len || opt->len > WEFT_TUN_OPT_LEN || opt->len % 4)
		return -EINVAL;
	weft_mark(port, WEFT_PORT_A_TUN_OPTS);
	while (at < port->n_tun_opts && port->tun_opts[at].slot < opt->slot)
		at++;
	if (at < port->n_tun_opts && port->tun_opts[at].slot == opt->slot)
		return -EEXIST;
	memmove(&port->tun_opts[at + 1], &port->tun_opts[at],
		(port->n_tun_opts - at) * sizeof(*opt));
	port->tun_opts[at] = *opt;
	memset(port->tun_opts[at].reserved, 0, sizeof(opt->reserved));
	port->n_tun_opts++;
	return 0;
}

/* Bits of the mark that cross the port */
static uint32_t mark_mask(const struct weft_port *port)
{
	if (weft_has(port, WEFT_PORT_A_MARK_MASK))
		return port->mark_mask;
	return port->type == WEFT_PORT_TYPE_GRE ? WEFT_GRE_MARK_BITS :
	       port->type == WEFT_PORT_TYPE_STT ? WEFT_STT_MARK_BITS :
						  UINT32_MAX;
}

/**
 * weft_port_diff - what must change of a port
 * @want: the port as it should be; only what is present counts
 * @have: the port as it is
 *
 * Returns bits 1 << WEFT_PORT_A_… of CLASS, VM_ID, LPORTS, REMOTES, TUN_OPTS and MARK_MASK.
 */
uint32_t weft_port_diff(const struct weft_port *want, const struct weft_port *have)
{
	uint32_t diff = 0;

	if (want->port_class != have->port_class)
		diff |= 1u << WEFT_PORT_A_CLASS;
	if (strcmp(want->vm_id, have->vm_id))
		diff |= 1u << WEFT_PORT_A_VM_ID;
	if (want->n_lports != have->n_lports ||
	    (want->n_lports &&
	     memcmp(want->lports, have->lports, want->n_lports * sizeof(*want->lports))))
		diff |= 1u << WEFT_PORT_A_LPORTS;
	if (want->n_remotes != have->n_remotes ||
	    (want->n_remotes &&
	     memcmp(want->remotes, have->remotes, want->n_remotes * sizeof(*want->remotes))))
		diff |= 1u << WEFT_PORT_A_REMOTES;
	if (want->n_tun_opts != have->n_tun_opts ||
	    memcmp(want->tun_opts, have->tun_opts, want->n_tun_opts * sizeof(*want->tun_opts)))
		diff |= 1u << WEFT_PORT_A_TUN_OPTS;
	if (mark_mask(want) != mark_mask(have))
		diff |= 1u << WEFT_PORT_A_MARK_MASK;
	return diff & want->present;
}

/* ---- attributes ---------------------------------------------------------------- */

/* A list in order costs nothing: each entry is inserted behind the last */
static int lports_get(struct weft_port *port, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err;

	mnl_attr_for_each_nested(attr, nest) {
		struct weft_lport lport;

		if (mnl_attr_get_type(attr) != WEFT_LPORTS_A_ENTRY)
			continue;
		if (mnl_attr_get_payload_len(attr) != sizeof(lport))
			return -EPROTO;
		memcpy(&lport, mnl_attr_get_payload(attr), sizeof(lport));
		err = weft_port_add_lport(port, lport.ldp, lport.lport);
		if (err)
			return err == -ENOMEM ? err : -EPROTO;
	}
	return 0;
}

static int remotes_get(struct weft_port *port, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err;

	mnl_attr_for_each_nested(attr, nest) {
		bool ipv6 = mnl_attr_get_type(attr) == WEFT_REMOTES_A_IPV6;

		if (!ipv6 && mnl_attr_get_type(attr) != WEFT_REMOTES_A_IPV4)
			continue;
		if (mnl_attr_get_payload_len(attr) != (ipv6 ? 16 : 4))
			return -EPROTO;
		err = weft_port_add_remote(port, ipv6, mnl_attr_get_payload(attr));
		if (err)
			return err == -ENOMEM ? err : -EPROTO;
	}
	return 0;
}

static int tun_opts_get(struct weft_port *port, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		struct weft_tun_opt opt;

		if (mnl_attr_get_type(attr) != WEFT_TUN_OPTS_A_ENTRY)
			continue;
		if (mnl_attr_get_payload_len(attr) != sizeof(opt))
			return -EPROTO;
		memcpy(&opt, mnl_attr_get_payload(attr), sizeof(opt));
		if (weft_port_add_tun_opt(port, &opt))
			return -EPROTO;
	}
	return 0;
}

static int stats_get(struct weft_port_stats *stats, const struct nlattr *nest)
{
	uint64_t *const members[] = {
		[WEFT_PORT_STATS_A_RX_PACKETS] = &stats->rx_packets,
		[WEFT_PORT_STATS_A_RX_BYTES] = &stats->rx_bytes,
		[WEFT_PORT_STATS_A_TX_PACKETS] = &stats->tx_packets,
		[WEFT_PORT_STATS_A_TX_BYTES] = &stats->tx_bytes,
		[WEFT_PORT_STATS_A_RX_DROPPED] = &stats->rx_dropped,
		[WEFT_PORT_STATS_A_TX_DROPPED] = &stats->tx_dropped,
		[WEFT_PORT_STATS_A_UPCALLS] = &stats->upcalls,
		[WEFT_PORT_STATS_A_MARKS_REFUSED] = &stats->marks_refused,
	};
	const struct nlattr *attr;
	int err;

	mnl_attr_for_each_nested(attr, nest) {
		unsigned int type = mnl_attr_get_type(attr);

		if (type >= WL_ARRAY_SIZE(members) || !members[type])
			continue;
		err = wl_attr_u64(attr, members[type]);
		if (err)
			return err;
	}
	return 0;
}

static int port_get_attr(struct weft_port *port, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);
	uint32_t number = 0;
	int err;

	if (type <= WEFT_PORT_A_MAX)
		weft_mark(port, type);
	switch (type) {
	case WEFT_PORT_A_DP:
		return wl_attr_str(attr, port->dp, sizeof(port->dp));
	case WEFT_PORT_A_ID:
		return wl_attr_u32(attr, &port->id);
	case WEFT_PORT_A_NAME:
		return wl_attr_str(attr, port->name, sizeof(port->name));
	case WEFT_PORT_A_TYPE:
		return wl_attr_u32(attr, &port->type);
	case WEFT_PORT_A_CLASS:
		return wl_attr_u32(attr, &port->port_class);
	case WEFT_PORT_A_IFINDEX:
		return wl_attr_u32(attr, &port->ifindex);
	case WEFT_PORT_A_NETNSID:
		err = wl_attr_u32(attr, &number);
		port->netnsid = (int32_t)number;
		return err;
	case WEFT_PORT_A_VM_ID:
		return wl_attr_str(attr, port->vm_id, sizeof(port->vm_id));
	case WEFT_PORT_A_LPORTS:
		return lports_get(port, attr);
	case WEFT_PORT_A_REMOTES:
		return remotes_get(port, attr);
	case WEFT_PORT_A_TUN_OPTS:
		return tun_opts_get(port, attr);
	case WEFT_PORT_A_STATS:
		return stats_get(&port->stats, attr);
	case WEFT_PORT_A_DROPS:
		free(port->drops.v);
		return wl_drops_get_attrs(&port->drops, attr);
	case WEFT_PORT_A_REASON:
		return wl_attr_u32(attr, &port->reason);
	case WEFT_PORT_A_MAC:
		if (mnl_attr_get_payload_len(attr) != sizeof(port->mac))
			return -EPROTO;
		memcpy(port->mac, mnl_attr_get_payload(attr), sizeof(port->mac));
		return 0;
	case WEFT_PORT_A_MTU:
		return wl_attr_u32(attr, &port->mtu);
	case WEFT_PORT_A_MARK_MASK:
		return wl_attr_u32(attr, &port->mark_mask);
	}
	return 0;
}

int wl_port_get_msg(struct weft_port *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_port_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = port_get_attr(out, attr);
		if (err) {
			weft_port_free(out);
			return err;
		}
	}
	return 0;
}

static int lists_put(struct nlmsghdr *nlh, const struct weft_port *port)
{
	struct nlattr *nest;
	bool ok = true;
	unsigned int i;

	/* The length of a nest has 16 bits */
	if (port->n_lports > 5000 || port->n_remotes > 3000)
		return -EMSGSIZE;
	if (weft_has(port, WEFT_PORT_A_LPORTS)) {
		nest = mnl_attr_nest_start_check(nlh, WL_MSG_SIZE, WEFT_PORT_A_LPORTS);
		for (i = 0; nest && ok && i < port->n_lports; i++)
			ok = mnl_attr_put_check(nlh, WL_MSG_SIZE, WEFT_LPORTS_A_ENTRY,
						sizeof(port->lports[i]), &port->lports[i]);
		if (!nest || !ok)
			return -EMSGSIZE;
		mnl_attr_nest_end(nlh, nest);
	}
	if (weft_has(port, WEFT_PORT_A_REMOTES)) {
		nest = mnl_attr_nest_start_check(nlh, WL_MSG_SIZE, WEFT_PORT_A_REMOTES);
		for (i = 0; nest && ok && i < port->n_remotes; i++)
			ok = mnl_attr_put_check(
				nlh, WL_MSG_SIZE,
				port->remotes[i].ipv6 ? WEFT_REMOTES_A_IPV6 : WEFT_REMOTES_A_IPV4,
				port->remotes[i].ipv6 ? 16 : 4, port->remotes[i].addr);
		if (!nest || !ok)
			return -EMSGSIZE;
		mnl_attr_nest_end(nlh, nest);
	}
	if (weft_has(port, WEFT_PORT_A_TUN_OPTS)) {
		nest = mnl_attr_nest_start_check(nlh, WL_MSG_SIZE, WEFT_PORT_A_TUN_OPTS);
		for (i = 0; nest && ok && i < port->n_tun_opts; i++)
			ok = mnl_attr_put_check(nlh, WL_MSG_SIZE, WEFT_TUN_OPTS_A_ENTRY,
						sizeof(port->tun_opts[i]), &port->tun_opts[i]);
		if (!nest || !ok)
			return -EMSGSIZE;
		mnl_attr_nest_end(nlh, nest);
	}
	return 0;
}

/* ---- requests ---------------------------------------------------------------------- */

WL_OBJECT(port, weft_port_copy, weft_port_free)

static struct nlmsghdr *port_msg(struct weft_sock *sock, uint8_t cmd, uint16_t flags,
				 const char *dp)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);

	wl_put_name(nlh, WEFT_PORT_A_DP, dp);
	return nlh;
}

/* What can be said of a port in NEW and SET */
static int port_put(struct weft_sock *sock, struct nlmsghdr *nlh, const struct weft_port *port)
{
	if (weft_has(port, WEFT_PORT_A_CLASS))
		mnl_attr_put_u32(nlh, WEFT_PORT_A_CLASS, port->port_class);
	if (weft_has(port, WEFT_PORT_A_VM_ID))
		wl_put_name(nlh, WEFT_PORT_A_VM_ID, port->vm_id);
	if (weft_has(port, WEFT_PORT_A_MARK_MASK))
		mnl_attr_put_u32(nlh, WEFT_PORT_A_MARK_MASK, port->mark_mask);
	if (lists_put(nlh, port))
		return wl_sock_fail(sock, -EMSGSIZE, "the port's lists do not fit into a message");
	return 0;
}

/* An answer is read when there is one; else the port is asked for */
static int take_new(const struct nlmsghdr *nlh, void *ctx)
{
	struct port_one *one = ctx;

	return one->out ? port_take_one(nlh, ctx) : 0;
}

/**
 * weft_port_new - attach a device, or make an internal port
 * @sock: the socket
 * @dp: name of the datapath; NULL: port->dp
 * @port: name, and what is present of id, type, class, vm_id, lists, mac, mtu and mark_mask
 * @out: gets the port as it was made, which the caller frees; may be NULL
 *
 * Returns 0, -EEXIST when the id is taken, -EBUSY when the device has another
 * master, -ENODEV when there is no such datapath or device, or another -errno.
 */
int weft_port_new(struct weft_sock *sock, const char *dp, const struct weft_port *port,
		  struct weft_port *out)
{
	const char *name = dp ? dp : port->dp;
	struct nlmsghdr *nlh = port_msg(sock, WEFT_CMD_PORT_NEW, NLM_F_CREATE | NLM_F_EXCL, name);
	struct port_one one = { .out = out };
	int err;

	wl_put_name(nlh, WEFT_PORT_A_NAME, port->name);
	if (weft_has(port, WEFT_PORT_A_ID))
		mnl_attr_put_u32(nlh, WEFT_PORT_A_ID, port->id);
	if (weft_has(port, WEFT_PORT_A_TYPE))
		mnl_attr_put_u32(nlh, WEFT_PORT_A_TYPE, port->type);
	if (weft_has(port, WEFT_PORT_A_MAC))
		mnl_attr_put(nlh, WEFT_PORT_A_MAC, sizeof(port->mac), port->mac);
	if (weft_has(port, WEFT_PORT_A_MTU))
		mnl_attr_put_u32(nlh, WEFT_PORT_A_MTU, port->mtu);
	err = port_put(sock, nlh, port);
	if (!err)
		err = wl_request(sock, nlh, take_new, &one);
	if (err && one.found)
		weft_port_free(out);
	if (!err && out && !one.found)
		err = weft_port_get_by_name(sock, name, port->name, out);
	return err;
}

/**
 * weft_port_del - detach a device; internal ports lose theirs
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the port
 *
 * Returns 0, -ENODEV when there is no such datapath or port, or another -errno.
 */
int weft_port_del(struct weft_sock *sock, const char *dp, uint32_t id)
{
	struct nlmsghdr *nlh = port_msg(sock, WEFT_CMD_PORT_DEL, 0, dp);

	mnl_attr_put_u32(nlh, WEFT_PORT_A_ID, id);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_port_del_by_name - detach a device by its name
 * @sock: the socket
 * @dp: name of the datapath
 * @name: of the device
 *
 * Returns as weft_port_del().
 */
int weft_port_del_by_name(struct weft_sock *sock, const char *dp, const char *name)
{
	struct nlmsghdr *nlh = port_msg(sock, WEFT_CMD_PORT_DEL, 0, dp);

	wl_put_name(nlh, WEFT_PORT_A_NAME, name);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_port_get - ask for one port
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the port
 * @out: uninitialised; on success the caller frees it
 *
 * Returns 0, -ENODEV when there is no such datapath or port, or another -errno.
 */
int weft_port_get(struct weft_sock *sock, const char *dp, uint32_t id, struct weft_port *out)
{
	struct nlmsghdr *nlh = port_msg(sock, WEFT_CMD_PORT_GET, 0, dp);

	mnl_attr_put_u32(nlh, WEFT_PORT_A_ID, id);
	return port_request_one(sock, nlh, out);
}

/**
 * weft_port_get_by_name - ask for one port by its device
 * @sock: the socket
 * @dp: name of the datapath
 * @name: of the device
 * @out: uninitialised; on success the caller frees it
 *
 * Returns as weft_port_get().
 */
int weft_port_get_by_name(struct weft_sock *sock, const char *dp, const char *name,
			  struct weft_port *out)
{
	struct nlmsghdr *nlh = port_msg(sock, WEFT_CMD_PORT_GET, 0, dp);

	wl_put_name(nlh, WEFT_PORT_A_NAME, name);
	return port_request_one(sock, nlh, out);
}

/**
 * weft_port_set - change a port
 * @sock: the socket
 * @dp: name of the datapath; NULL: port->dp
 * @port: id or else name, and what is present of class, vm_id, mark_mask and lists,
 *	which replace the old ones
 *
 * Returns 0, -ENODEV when there is no such datapath or port, or another -errno.
 */
int weft_port_set(struct weft_sock *sock, const char *dp, const struct weft_port *port)
{
	struct nlmsghdr *nlh = port_msg(sock, WEFT_CMD_PORT_SET, 0, dp ? dp : port->dp);
	int err;

	if (weft_has(port, WEFT_PORT_A_ID))
		mnl_attr_put_u32(nlh, WEFT_PORT_A_ID, port->id);
	else
		wl_put_name(nlh, WEFT_PORT_A_NAME, port->name);
	err = port_put(sock, nlh, port);
	return err ? err : wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_port_dump - visit the ports of a datapath
 * @sock: the socket
 * @dp: name of the datapath
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when ports changed meanwhile, what @cb returned, or -errno.
 */
int weft_port_dump(struct weft_sock *sock, const char *dp,
		   int (*cb)(const struct weft_port *port, void *ctx), void *ctx)
{
	return port_request_each(sock, port_msg(sock, WEFT_CMD_PORT_GET, NLM_F_DUMP, dp), cb, ctx);
}

/**
 * weft_port_list - all ports of a datapath
 * @sock: the socket
 * @dp: name of the datapath
 * @ports: gets an array that weft_port_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when ports kept changing, or -errno with no array.
 */
int weft_port_list(struct weft_sock *sock, const char *dp, struct weft_port **ports, size_t *n)
{
	WL_LIST_TRY(port, ports, n, weft_port_dump(sock, dp, port_append, &list));
}

/**
 * weft_port_list_free - free what weft_port_list() returned
 * @ports: the array; may be NULL
 * @n: its length
 */
void weft_port_list_free(struct weft_port *ports, size_t n)
{
	port_list_clear(ports, n);
}
