// SPDX-License-Identifier: Apache-2.0
/*
 * link.c - what weftd asks and tells the kernel about devices, by libnl-route-3.
 *
 * The watch does not look at what it is told: any message means "look again", which also
 * covers messages that were lost. Looking is cheap next to reading notifications right.
 *
 * A socket belongs to the namespace in which it was made, so one for another namespace is made
 * by stepping there and back; weftd has one thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h> /* before linux/if.h, which then leaves out what is in both */
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <linux/weft.h>
#include <linux/weft_stt.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/geneve.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"
#include "log.h"
#include "memory.h"

#define WATCH_BUFFER_BYTES (1 << 20)

struct link_sock {
	struct nl_sock *nl;
};

static int from_nle(int error)
{
	static const struct {
		int nle;
		int result;
	} map[] = {
		{ NLE_EXIST, -EEXIST },		{ NLE_BUSY, -EBUSY },
		{ NLE_PERM, -EPERM },		{ NLE_NOACCESS, -EACCES },
		{ NLE_NODEV, -ENODEV },		{ NLE_OBJ_NOTFOUND, -ENOENT },
		{ NLE_INVAL, -EINVAL },		{ NLE_NOMEM, -ENOMEM },
		{ NLE_OPNOTSUPP, -EOPNOTSUPP }, { NLE_RANGE, -ERANGE },
		{ NLE_NOADDR, -EADDRNOTAVAIL },
	};

	if (error >= 0)
		return 0;
	for (size_t i = 0; i < sizeof(map) / sizeof(*map); i++) {
		if (map[i].nle == -error)
			return map[i].result;
	}
	log_debug("libnl: %s", nl_geterror(error));
	return -EIO;
}

static int netns_open(const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool netns_exists(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	return !access(path, F_OK);
}

int netns_enter(const char *name)
{
	int fd = netns_open(name), result;

	if (fd < 0)
		return fd;
	result = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return result;
}

int link_sock_open(struct link_sock **sock, const char *netns)
{
	int home = -1, result;

	*sock = memory_zalloc(sizeof(**sock));
	(*sock)->nl = nl_socket_alloc();
	if (!(*sock)->nl) {
		result = -ENOMEM;
		goto out;
	}
	if (netns) {
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		result = home < 0 ? -errno : netns_enter(netns);
		if (result)
			goto out;
	}
	result = from_nle(nl_connect((*sock)->nl, NETLINK_ROUTE));
	if (netns && setns(home, CLONE_NEWNET)) {
		log_error("cannot return to the own network namespace: %s", strerror(errno));
		abort();
	}
out:
	if (home >= 0)
		close(home);
	if (result) {
		link_sock_close(*sock);
		*sock = NULL;
	}
	return result;
}

void link_sock_close(struct link_sock *sock)
{
	if (!sock)
		return;
	if (sock->nl)
		nl_socket_free(sock->nl);
	free(sock);
}

bool link_is_tunnel(const struct link *link, unsigned int type)
{
	if (type == WEFT_PORT_TYPE_GRE)
		return !strcmp(link->kind, "gretap") || !strcmp(link->kind, "ip6gretap");
	if (type == WEFT_PORT_TYPE_STT)
		return !strcmp(link->kind, "stt");
	return !strcmp(link->kind, "geneve") && link->external;
}

static void link_fill(struct link *link, struct rtnl_link *rtnl)
{
	const char *text;
	uint8_t flags;
	uint32_t port;

	link->ifindex = rtnl_link_get_ifindex(rtnl);
	text = rtnl_link_get_name(rtnl);
	snprintf(link->name, sizeof(link->name), "%s", text ? text : "");
	text = rtnl_link_get_ifalias(rtnl);
	link->alias = text && *text ? memory_strdup(text) : NULL;
	text = rtnl_link_get_type(rtnl);
	snprintf(link->kind, sizeof(link->kind), "%s", text ? text : "");
	link->group = rtnl_link_get_group(rtnl);
	link->mtu = rtnl_link_get_mtu(rtnl);
	link->up = rtnl_link_get_flags(rtnl) & IFF_UP;
	if (!rtnl_link_is_geneve(rtnl))
		return;
	link->external = !rtnl_link_geneve_get_flags(rtnl, &flags) &&
			 flags & RTNL_LINK_GENEVE_F_COLLECT_METADATA;
	if (!rtnl_link_geneve_get_port(rtnl, &port))
		link->outer_port = port;
}

/* libnl does not know what an STT device is */
static int on_stt(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1], *data[IFLA_STT_MAX + 1];
	uint16_t *port = arg;

	if (!nlmsg_parse(nlmsg_hdr(msg), sizeof(struct ifinfomsg), attrs, IFLA_MAX, NULL) &&
	    attrs[IFLA_LINKINFO] &&
	    !nla_parse_nested(info, IFLA_INFO_MAX, attrs[IFLA_LINKINFO], NULL) &&
	    info[IFLA_INFO_DATA] &&
	    !nla_parse_nested(data, IFLA_STT_MAX, info[IFLA_INFO_DATA], NULL) &&
	    data[IFLA_STT_PORT] && nla_len(data[IFLA_STT_PORT]) >= (int)sizeof(*port))
		*port = ntohs(nla_get_u16(data[IFLA_STT_PORT]));
	return NL_OK;
}

/* the device's TCP port, 0 when it cannot be found out */
static uint16_t stt_port(struct link_sock *sock, int ifindex)
{
	struct ifinfomsg ifinfo = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };
	struct nl_cb *cb = nl_cb_clone(nl_socket_get_cb(sock->nl));
	uint16_t port = 0;

	if (cb && !nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_stt, &port) &&
	    nl_send_simple(sock->nl, RTM_GETLINK, 0, &ifinfo, sizeof(ifinfo)) >= 0 &&
	    nl_recvmsgs(sock->nl, cb) >= 0)
		nl_wait_for_ack(sock->nl);
	nl_cb_put(cb);
	return port;
}

static int link_compare(const void *a, const void *b)
{
	const struct link *l = a, *m = b;

	return l->ifindex < m->ifindex ? -1 : l->ifindex > m->ifindex;
}

int links_list(struct link_sock *sock, struct links *links)
{
	struct nl_cache *cache;
	struct nl_object *object;
	int result;

	*links = (struct links){ 0 };
	result = from_nle(rtnl_link_alloc_cache(sock->nl, AF_UNSPEC, &cache));
	if (result)
		return result;
	links->v = memory_zalloc(nl_cache_nitems(cache) * sizeof(*links->v));
	for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object))
		link_fill(&links->v[links->n++], (struct rtnl_link *)object);
	nl_cache_free(cache);
	for (size_t i = 0; i < links->n; i++) {
		if (link_is_tunnel(&links->v[i], WEFT_PORT_TYPE_STT))
			links->v[i].outer_port = stt_port(sock, links->v[i].ifindex);
	}
	if (links->n)
		qsort(links->v, links->n, sizeof(*links->v), link_compare);
	return 0;
}

void links_free(struct links *links)
{
	for (size_t i = 0; i < links->n; i++)
		free(links->v[i].alias);
	free(links->v);
	*links = (struct links){ 0 };
}

const struct link *links_by_name(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++) {
		if (!strcmp(links->v[i].name, name))
			return &links->v[i];
	}
	return NULL;
}

int link_create_geneve(struct link_sock *sock, const char *name, uint16_t udp_port, bool zero_csum6)
{
	struct rtnl_link *link = rtnl_link_geneve_alloc();
	int result;

	if (!link)
		return -ENOMEM;
	rtnl_link_set_name(link, name);
	rtnl_link_set_group(link, LINK_GROUP);
	rtnl_link_geneve_set_flags(link, RTNL_LINK_GENEVE_F_COLLECT_METADATA, 1);
	rtnl_link_geneve_set_port(link, udp_port);
	if (zero_csum6) {
		rtnl_link_geneve_set_udp_zero_csum6_tx(link, 1);
		rtnl_link_geneve_set_udp_zero_csum6_rx(link, 1);
	}
	result = from_nle(rtnl_link_add(sock->nl, link, NLM_F_CREATE | NLM_F_EXCL));
	rtnl_link_put(link);
	return result;
}

/* libnl does not know external mode of GRE, nor STT: a request with @kind, to be filled in */
static struct nl_msg *begin_device(const char *name, const char *kind, struct nlattr **info,
				   struct nlattr **data)
{
	struct ifinfomsg ifinfo = { .ifi_family = AF_UNSPEC };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);

	if (msg && !nlmsg_append(msg, &ifinfo, sizeof(ifinfo), NLMSG_ALIGNTO) &&
	    !nla_put_string(msg, IFLA_IFNAME, name) && !nla_put_u32(msg, IFLA_GROUP, LINK_GROUP) &&
	    (*info = nla_nest_start(msg, IFLA_LINKINFO)) &&
	    !nla_put_string(msg, IFLA_INFO_KIND, kind) &&
	    (*data = nla_nest_start(msg, IFLA_INFO_DATA)))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/* send the request, which is freed */
static int end_device(struct link_sock *sock, struct nl_msg *msg, struct nlattr *info,
		      struct nlattr *data)
{
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return from_nle(nl_send_sync(sock->nl, msg));
}

int link_create_gre(struct link_sock *sock, const char *name, bool ipv6)
{
	struct nlattr *info, *data;
	struct nl_msg *msg = begin_device(name, ipv6 ? "ip6gretap" : "gretap", &info, &data);

	if (msg && !nla_put_flag(msg, IFLA_GRE_COLLECT_METADATA))
		return end_device(sock, msg, info, data);
	nlmsg_free(msg);
	return -ENOMEM;
}

int link_create_stt(struct link_sock *sock, const char *name, uint16_t tcp_port)
{
	struct nlattr *info, *data;
	struct nl_msg *msg = begin_device(name, "stt", &info, &data);

	if (msg && !nla_put_u16(msg, IFLA_STT_PORT, htons(tcp_port)) &&
	    !nla_put_flag(msg, IFLA_STT_COLLECT_METADATA))
		return end_device(sock, msg, info, data);
	nlmsg_free(msg);
	return -ENOMEM;
}

int link_delete(struct link_sock *sock, unsigned int ifindex)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int result;

	if (!link)
		return -ENOMEM;
	rtnl_link_set_ifindex(link, ifindex);
	result = from_nle(rtnl_link_delete(sock->nl, link));
	rtnl_link_put(link);
	return result;
}

static int link_change(struct link_sock *sock, unsigned int ifindex, struct rtnl_link *change)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int result = -ENOMEM;

	if (link && change) {
		rtnl_link_set_ifindex(link, ifindex);
		result = from_nle(rtnl_link_change(sock->nl, link, change, 0));
	}
	rtnl_link_put(link);
	rtnl_link_put(change);
	return result;
}

int link_set_up(struct link_sock *sock, unsigned int ifindex)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_flags(change, IFF_UP);
	return link_change(sock, ifindex, change);
}

int link_set_mtu(struct link_sock *sock, unsigned int ifindex, uint32_t mtu)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_mtu(change, mtu);
	return link_change(sock, ifindex, change);
}

int link_set_alias(struct link_sock *sock, unsigned int ifindex, const char *alias)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_ifalias(change, alias);
	return link_change(sock, ifindex, change);
}

int link_move(struct link_sock *sock, unsigned int ifindex, const char *netns)
{
	struct rtnl_link *change;
	int fd = netns_open(netns), result;

	if (fd < 0)
		return fd;
	change = rtnl_link_alloc();
	if (change)
		rtnl_link_set_ns_fd(change, fd);
	result = link_change(sock, ifindex, change);
	close(fd);
	return result;
}

int link_addresses(struct link_sock *sock, unsigned int ifindex, struct address **addresses,
		   size_t *n)
{
	struct nl_cache *cache;
	struct nl_object *object;
	int result;

	result = from_nle(rtnl_addr_alloc_cache(sock->nl, &cache));
	if (result)
		return result;
	*n = 0;
	*addresses = memory_zalloc(nl_cache_nitems(cache) * sizeof(**addresses));
	for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object)) {
		struct rtnl_addr *rtnl = (struct rtnl_addr *)object;
		struct nl_addr *local = rtnl_addr_get_local(rtnl);
		struct address *address = &(*addresses)[*n];

		if ((unsigned int)rtnl_addr_get_ifindex(rtnl) != ifindex || !local ||
		    rtnl_addr_get_scope(rtnl) != RT_SCOPE_UNIVERSE)
			continue;
		address->family = nl_addr_get_family(local);
		if (address->family != AF_INET && address->family != AF_INET6)
			continue;
		memcpy(address->bytes, nl_addr_get_binary_addr(local), address_len(address));
		address->prefix_len = rtnl_addr_get_prefixlen(rtnl);
		(*n)++;
	}
	nl_cache_free(cache);
	return 0;
}

static struct rtnl_addr *to_rtnl(unsigned int ifindex, const struct address *address)
{
	struct rtnl_addr *rtnl = rtnl_addr_alloc();
	struct nl_addr *local;

	if (!rtnl)
		return NULL;
	local = nl_addr_build(address->family, address->bytes, address_len(address));
	if (!local) {
		rtnl_addr_put(rtnl);
		return NULL;
	}
	nl_addr_set_prefixlen(local, address->prefix_len);
	rtnl_addr_set_ifindex(rtnl, ifindex);
	rtnl_addr_set_local(rtnl, local);
	nl_addr_put(local);
	return rtnl;
}

int link_add_address(struct link_sock *sock, unsigned int ifindex, const struct address *address)
{
	struct rtnl_addr *rtnl = to_rtnl(ifindex, address);
	int result;

	if (!rtnl)
		return -ENOMEM;
	if (address->family == AF_INET6)
		rtnl_addr_set_flags(rtnl, IFA_F_NODAD);
	result = from_nle(rtnl_addr_add(sock->nl, rtnl, NLM_F_EXCL));
	rtnl_addr_put(rtnl);
	return result == -EEXIST ? 0 : result;
}

int link_del_address(struct link_sock *sock, unsigned int ifindex, const struct address *address)
{
	struct rtnl_addr *rtnl = to_rtnl(ifindex, address);
	int result;

	if (!rtnl)
		return -ENOMEM;
	result = from_nle(rtnl_addr_delete(sock->nl, rtnl, 0));
	rtnl_addr_put(rtnl);
	return result;
}

int link_watch_open(void)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int room = WATCH_BUFFER_BYTES;
	int fd, result;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local))) {
		result = -errno;
		close(fd);
		return result;
	}
	return fd;
}

void link_watch_drain(int fd)
{
	char byte;

	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		;
}
