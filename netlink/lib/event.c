// SPDX-License-Identifier: Apache-2.0
/*
 * What the kernel says unasked: changes of objects, to those who joined the group
 * "events", and upcalls, to the sockets of services.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wl.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static int membership(struct weft_sock *sock, int option, uint32_t group)
{
	sock->error[0] = '\0';
	sock->error_attr[0] = '\0';
	if (!group)
		return wl_sock_fail(sock, -ENOENT, "the kernel module has no such group of events");
	if (setsockopt(sock->fd, SOL_NETLINK, option, &group, sizeof(group))) {
		int err = errno;

		return wl_sock_fail(sock, -err, "group of events: %s", strerror(err));
	}
	return 0;
}

/**
 * weft_event_join - subscribe to changes of all objects but instances
 * @sock: the socket
 *
 * Returns 0, -ENOENT when the module has no such group, or another -errno.
 */
int weft_event_join(struct weft_sock *sock)
{
	return membership(sock, NETLINK_ADD_MEMBERSHIP, sock->events_group);
}

/**
 * weft_event_join_instances - subscribe to the beginning and the end of instances
 * @sock: the socket
 *
 * Traffic makes them: there may be more than the socket can take, which weft_event_read() tells.
 *
 * Returns 0, -ENOENT when the module has no such group, or another -errno.
 */
int weft_event_join_instances(struct weft_sock *sock)
{
	return membership(sock, NETLINK_ADD_MEMBERSHIP, sock->instances_group);
}

/**
 * weft_event_leave - unsubscribe from changes
 * @sock: the socket
 *
 * Returns 0 or -errno.
 */
int weft_event_leave(struct weft_sock *sock)
{
	return membership(sock, NETLINK_DROP_MEMBERSHIP, sock->events_group);
}

static int read_event(const struct nlmsghdr *nlh, struct weft_event *out)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	out->cmd = genl->cmd;
	switch (out->cmd) {
	case WEFT_CMD_DP_NEW ... WEFT_CMD_DP_SET:
		return wl_dp_get_msg(&out->dp, nlh);
	case WEFT_CMD_PORT_NEW ... WEFT_CMD_PORT_SET:
		return wl_port_get_msg(&out->port, nlh);
	case WEFT_CMD_TABLE_GET ... WEFT_CMD_TABLE_SET:
		return wl_table_get_msg(&out->table, nlh);
	case WEFT_CMD_FLOW_NEW ... WEFT_CMD_FLOW_SET:
		return wl_flow_get_msg(&out->flow, nlh);
	case WEFT_CMD_TXN_BEGIN ... WEFT_CMD_TXN_ABORT:
		return wl_txn_get_msg(&out->txn, nlh);
	case WEFT_CMD_SERVICE_NEW ... WEFT_CMD_SERVICE_SET:
		return wl_service_get_msg(&out->service, nlh);
	case WEFT_CMD_PACKET_INJECT ... WEFT_CMD_PACKET_UPCALL:
		return wl_packet_get_msg(&out->packet, nlh);
	case WEFT_CMD_POOL_NEW ... WEFT_CMD_POOL_SET:
		return wl_pool_get_msg(&out->pool, nlh);
	case WEFT_CMD_TEMPLATE_NEW ... WEFT_CMD_TEMPLATE_GET:
		return wl_template_get_msg(&out->tmpl, nlh);
	case WEFT_CMD_INSTANCE_NEW ... WEFT_CMD_INSTANCE_GET:
		return wl_instance_get_msg(&out->instance, nlh);
	case WEFT_CMD_LABEL_NEW ... WEFT_CMD_LABEL_GET:
		return wl_label_get_msg(&out->label, nlh);
	case WEFT_CMD_TUNNEL_SET ... WEFT_CMD_TUNNEL_GET:
		return wl_tunnel_get_msg(&out->tunnel, nlh);
	default:
		return -EPROTO;
	}
}

/**
 * weft_event_free - free what an event holds
 * @event: left empty
 */
void weft_event_free(struct weft_event *event)
{
	switch (event->cmd) {
	case WEFT_CMD_DP_NEW ... WEFT_CMD_DP_SET:
		weft_dp_free(&event->dp);
		break;
	case WEFT_CMD_PORT_NEW ... WEFT_CMD_PORT_SET:
		weft_port_free(&event->port);
		break;
	case WEFT_CMD_TABLE_GET ... WEFT_CMD_TABLE_SET:
		weft_table_free(&event->table);
		break;
	case WEFT_CMD_FLOW_NEW ... WEFT_CMD_FLOW_SET:
		weft_flow_free(&event->flow);
		break;
	case WEFT_CMD_PACKET_INJECT ... WEFT_CMD_PACKET_UPCALL:
		weft_packet_free(&event->packet);
		break;
	case WEFT_CMD_POOL_NEW ... WEFT_CMD_POOL_SET:
		weft_pool_free(&event->pool);
		break;
	case WEFT_CMD_TEMPLATE_NEW ... WEFT_CMD_TEMPLATE_GET:
		weft_template_free(&event->tmpl);
		break;
	case WEFT_CMD_INSTANCE_NEW ... WEFT_CMD_INSTANCE_GET:
		weft_instance_free(&event->instance);
		break;
	default:
		break;
	}
	event->cmd = WEFT_CMD_UNSPEC;
}

/* The next message that was received already, NULL when there is none */
static const struct nlmsghdr *next_held(struct weft_sock *sock)
{
	const struct nlmsghdr *nlh = (const void *)(sock->rbuf + sock->rest);
	struct wl_pending *p = sock->pending;
	int len = (int)sock->rest_len;

	free(sock->current);
	sock->current = NULL;
	if (p) {
		sock->pending = p->next;
		if (!p->next)
			sock->pending_tail = &sock->pending;
		sock->pending_bytes -= p->len;
		sock->current = p;
		return (const void *)p->msg;
	}
	if (!mnl_nlmsg_ok(nlh, len)) {
		sock->rest_len = 0;
		return NULL;
	}
	sock->rest += MNL_ALIGN(nlh->nlmsg_len);
	sock->rest_len -= MNL_ALIGN(nlh->nlmsg_len) < sock->rest_len ? MNL_ALIGN(nlh->nlmsg_len) :
								       sock->rest_len;
	return nlh;
}

/**
 * weft_event_recv - the next event or upcall
 * @sock: the socket
 * @out: uninitialised; on success weft_event_free() frees it. An upcall's data is
 *	valid until the next call with @sock
 * @wait: for one to come
 *
 * Returns 0, -EAGAIN when there is none and @wait is false, -ENOBUFS once when
 * some were lost, -EINTR, -EPROTO for a message that cannot be read, -ENOMEM.
 */
int weft_event_recv(struct weft_sock *sock, struct weft_event *out, bool wait)
{
	const struct nlmsghdr *nlh;
	ssize_t n;

	for (;;) {
		nlh = next_held(sock);
		if (!nlh && sock->lost) {
			sock->lost = false;
			return wl_sock_fail(sock, -ENOBUFS, "events were lost");
		}
		if (nlh && nlh->nlmsg_type == sock->family &&
		    nlh->nlmsg_len >= MNL_NLMSG_HDRLEN + GENL_HDRLEN)
			return read_event(nlh, out);
		if (nlh)
			continue; /* a late answer that nobody waits for */
		n = wl_sock_receive(sock, wait);
		if (n == -ENOBUFS)
			return wl_sock_fail(sock, -ENOBUFS, "events were lost");
		if (n < 0)
			return (int)n;
		sock->rest = 0;
		sock->rest_len = (size_t)n;
	}
}
