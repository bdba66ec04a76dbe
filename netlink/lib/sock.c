// SPDX-License-Identifier: Apache-2.0
/*
 * The socket: opening it (in any namespace), sending requests, and sorting what
 * comes back into answers, refusals and things nobody asked for just now.
 *
 * A request and its answers share a sequence number. Whatever else arrives while
 * an answer is awaited (an upcall, an event) is copied to a queue, which
 * weft_event_recv() empties first. The queue is bounded; past it messages are
 * counted as lost, as the kernel does with a full socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wl.h"

#define RECV_SIZE (128 * 1024) /* an upcall may carry 64 KiB and more */
#define SOCKET_BUFFER (8 * 1024 * 1024)
#define PENDING_MAX (16 * 1024 * 1024)

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

_Static_assert(WL_GENL_HDRLEN == GENL_HDRLEN, "generic netlink header");

static int socket_open(int netns_fd)
{
	int old = -1, fd, err = 0;

	if (netns_fd >= 0) {
		old = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (old < 0)
			return -errno;
		if (setns(netns_fd, CLONE_NEWNET)) {
			err = -errno;
			close(old);
			return err;
		}
	}
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		err = -errno;
	if (old >= 0) {
		/* A thread that cannot go home must not go on elsewhere unknowingly */
		if (setns(old, CLONE_NEWNET) && !err) {
			err = -errno;
			close(fd);
		}
		close(old);
	}
	return err ? err : fd;
}

/* What older kernels do not know is done without */
static int socket_setup(struct weft_sock *sock)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	int size = SOCKET_BUFFER, one = 1;

	setsockopt(sock->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(sock->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(sock->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	if (setsockopt(sock->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(sock->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(sock->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(sock->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));

	if (bind(sock->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(sock->fd, (struct sockaddr *)&addr, &len))
		return -errno;
	sock->portid = addr.nl_pid;
	return 0;
}

/* ---- the family ------------------------------------------------------------ */

static int group_get(struct weft_sock *sock, const struct nlattr *nest)
{
	const struct nlattr *attr;
	char name[32] = "";
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
		    wl_attr_str(attr, name, sizeof(name)))
			return -EPROTO;
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID && wl_attr_u32(attr, &id))
			return -EPROTO;
	}
	if (!strcmp(name, WEFT_MCGRP_EVENTS))
		sock->events_group = id;
	else if (!strcmp(name, WEFT_MCGRP_INSTANCES))
		sock->instances_group = id;
	return 0;
}

static int family_get(const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *attr, *group;
	struct weft_sock *sock = ctx;
	int err = 0;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			err = wl_attr_u16(attr, &sock->family);
		if (!err && mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			mnl_attr_for_each_nested(group, attr)
				err = err ? err : group_get(sock, group);
		if (err)
			return err;
	}
	return 0;
}

static int family_resolve(struct weft_sock *sock)
{
	struct nlmsghdr *nlh;
	int err;

	sock->family = GENL_ID_CTRL;
	nlh = wl_msg_begin(sock, CTRL_CMD_GETFAMILY, 0);
	((struct genlmsghdr *)mnl_nlmsg_get_payload(nlh))->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, WEFT_GENL_NAME);
	err = wl_request(sock, nlh, family_get, sock);
	if (!err && sock->family == GENL_ID_CTRL)
		err = -ENOENT;
	return err;
}

/**
 * weft_sock_open - open a socket to the kernel module
 * @sock: gets the socket, to be closed by weft_sock_close()
 * @netns_fd: namespace to open it in; -1 for the caller's
 *
 * The calling thread visits that namespace while this function runs.
 *
 * Returns 0, -ENOENT when the module is not loaded, -ENOMEM, or what socket(),
 * setns() and bind() fail with.
 */
int weft_sock_open(struct weft_sock **sock, int netns_fd)
{
	struct weft_sock *s = calloc(1, sizeof(*s));
	struct timespec now;
	int err;

	*sock = NULL;
	if (!s)
		return -ENOMEM;
	s->fd = -1;
	s->failed_op = -1;
	s->pending_tail = &s->pending;
	clock_gettime(CLOCK_MONOTONIC, &now);
	s->seq = (uint32_t)now.tv_nsec;
	s->sbuf = malloc(WL_MSG_SIZE);
	s->rbuf = malloc(RECV_SIZE);
	if (!s->sbuf || !s->rbuf) {
		err = -ENOMEM;
		goto fail;
	}
	err = socket_open(netns_fd);
	if (err < 0)
		goto fail;
	s->fd = err;
	err = socket_setup(s);
	if (!err)
		err = family_resolve(s);
	if (err)
		goto fail;
	*sock = s;
	return 0;
fail:
	weft_sock_close(s);
	return err;
}

/**
 * weft_sock_close - close a socket
 * @sock: freed; may be NULL
 *
 * The kernel forgets the socket's transactions and services.
 */
void weft_sock_close(struct weft_sock *sock)
{
	if (!sock)
		return;
	if (sock->fd >= 0)
		close(sock->fd);
	wl_pending_drop_all(sock);
	free(sock->rbuf);
	free(sock->sbuf);
	free(sock);
}

/**
 * weft_sock_fd - the file descriptor, for poll()
 * @sock: the socket, which keeps the descriptor
 *
 * Returns the descriptor.
 */
int weft_sock_fd(const struct weft_sock *sock)
{
	return sock->fd;
}

/**
 * weft_sock_portid - the socket's netlink address
 * @sock: the socket
 *
 * Returns the port id that the kernel chose.
 */
uint32_t weft_sock_portid(const struct weft_sock *sock)
{
	return sock->portid;
}

/**
 * weft_sock_error - why the last call failed
 * @sock: the socket
 *
 * Returns a sentence, with the attribute in parentheses where one is to blame,
 * "" after a success; valid until the next call with that socket.
 */
const char *weft_sock_error(const struct weft_sock *sock)
{
	return sock->error;
}

/**
 * weft_sock_error_attr - which attribute the last call was refused for
 * @sock: the socket
 *
 * Returns its path, like "actions[2].set.l4_dst", or ""; valid until the next
 * call with that socket.
 */
const char *weft_sock_error_attr(const struct weft_sock *sock)
{
	return sock->error_attr;
}

/**
 * weft_sock_failed_op - which operation a transaction was refused for
 * @sock: the socket
 *
 * Returns its number from 0, -1 when the last transaction had none.
 */
long weft_sock_failed_op(const struct weft_sock *sock)
{
	return sock->failed_op;
}

/* ---- messages ---------------------------------------------------------------- */

struct nlmsghdr *wl_msg_put_header(const struct weft_sock *sock, void *buf, uint8_t cmd,
				   uint16_t flags, uint32_t seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = sock->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = WEFT_GENL_VERSION;
	return nlh;
}

struct nlmsghdr *wl_msg_begin(struct weft_sock *sock, uint8_t cmd, uint16_t flags)
{
	sock->error[0] = '\0';
	sock->error_attr[0] = '\0';
	return wl_msg_put_header(sock, sock->sbuf, cmd, flags, ++sock->seq);
}

int wl_sock_fail(struct weft_sock *sock, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(sock->error, sizeof(sock->error), fmt, args);
	va_end(args);
	return err;
}

/* ---- the queue of what was not asked for ----------------------------------------- */

int wl_pending_add(struct weft_sock *sock, const struct nlmsghdr *nlh)
{
	struct wl_pending *p = NULL;

	if (sock->pending_bytes + nlh->nlmsg_len <= PENDING_MAX)
		p = malloc(sizeof(*p) + MNL_ALIGN(nlh->nlmsg_len));
	if (!p) {
		sock->lost = true;
		return -ENOBUFS;
	}
	p->next = NULL;
	p->len = nlh->nlmsg_len;
	memcpy(p->msg, nlh, nlh->nlmsg_len);
	*sock->pending_tail = p;
	sock->pending_tail = &p->next;
	sock->pending_bytes += p->len;
	return 0;
}

void wl_pending_drop_all(struct weft_sock *sock)
{
	struct wl_pending *p;

	while ((p = sock->pending)) {
		sock->pending = p->next;
		free(p);
	}
	free(sock->current);
	sock->current = NULL;
	sock->pending_tail = &sock->pending;
	sock->pending_bytes = 0;
}

/* What weft_event_recv() has not read yet must not be overwritten */
static void keep_rest(struct weft_sock *sock)
{
	const struct nlmsghdr *nlh = (const void *)(sock->rbuf + sock->rest);
	int len = (int)sock->rest_len;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		wl_pending_add(sock, nlh);
	sock->rest_len = 0;
}

ssize_t wl_sock_receive(struct weft_sock *sock, bool wait)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { sock->rbuf, RECV_SIZE };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n;

	do {
		msg.msg_namelen = sizeof(from);
		n = recvmsg(sock->fd, &msg, wait ? 0 : MSG_DONTWAIT);
		if (n < 0)
			return -errno;
		if (msg.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
	} while (from.nl_pid); /* only the kernel is believed */
	return n;
}

/* ---- answers ------------------------------------------------------------------------ */

/* The request with sequence number @seq among those that were sent */
static const struct nlmsghdr *find_request(const void *msgs, size_t len, uint32_t seq)
{
	const struct nlmsghdr *nlh = msgs;
	int rest = (int)len;

	for (; mnl_nlmsg_ok(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest))
		if (nlh->nlmsg_seq == seq)
			return nlh;
	return NULL;
}

static void explain_ext_ack(struct weft_sock *sock, const struct nlattr *attr, size_t len,
			    const struct nlmsghdr *request)
{
	const char *end = (const char *)attr + len;
	uint32_t ofs = 0, miss_type = 0, miss_nest = 0;

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr)) {
		size_t n = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(sock->error, sizeof(sock->error), "%.*s", (int)n,
				 (const char *)mnl_attr_get_payload(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			wl_attr_u32(attr, &ofs);
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			wl_attr_u32(attr, &miss_type);
			break;
		case NLMSGERR_ATTR_MISS_NEST:
			wl_attr_u32(attr, &miss_nest);
			break;
		}
	}
	if (!request || request->nlmsg_type == GENL_ID_CTRL)
		return;
	if (ofs)
		wl_attr_path(request, request->nlmsg_len, ofs, sock->error_attr,
			     sizeof(sock->error_attr));
	else if (miss_type)
		wl_attr_missing(request, request->nlmsg_len, miss_nest, (uint16_t)miss_type,
				sock->error_attr, sizeof(sock->error_attr));
}

/* @tlvs: begin of the extended acknowledgement in @nlh */
static void explain(struct weft_sock *sock, const struct nlmsghdr *nlh, size_t tlvs, int err,
		    const struct nlmsghdr *request)
{
	size_t len;

	sock->error[0] = '\0';
	sock->error_attr[0] = '\0';
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS && tlvs <= nlh->nlmsg_len)
		explain_ext_ack(sock, (const void *)((const char *)nlh + tlvs),
				nlh->nlmsg_len - tlvs, request);
	if (!sock->error[0])
		snprintf(sock->error, sizeof(sock->error), "%s", strerror(-err));
	len = strlen(sock->error);
	if (sock->error_attr[0])
		snprintf(sock->error + len, sizeof(sock->error) - len, " (%s)", sock->error_attr);
}

/* NLMSG_ERROR: an acknowledgement or a refusal */
static int read_error(struct weft_sock *sock, const struct nlmsghdr *nlh,
		      const struct nlmsghdr *request)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t tlvs = MNL_NLMSG_HDRLEN + sizeof(*e);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*e))
		return -EPROTO;
	if (!e->error)
		return 0;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len >= MNL_NLMSG_HDRLEN)
		tlvs += MNL_ALIGN(e->msg.nlmsg_len) - MNL_NLMSG_HDRLEN;
	explain(sock, nlh, tlvs, e->error, request);
	return e->error < 0 ? e->error : -EPROTO;
}

static int read_done(struct weft_sock *sock, const struct nlmsghdr *nlh,
		     const struct nlmsghdr *request)
{
	int err = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	if (err >= 0)
		return 0;
	explain(sock, nlh, MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(err)), err, request);
	return err;
}

/* Progress of one wl_talk() */
struct talk {
	const void *msgs;
	size_t len;
	uint32_t first, last;
	wl_msg_cb *cb;
	wl_refused_cb *refused; /* NULL: the first refusal is kept */
	void *ctx;
	bool done;
	bool interrupted;
	int err; /* the first refusal, or what the callback said */
};

static void read_one(struct weft_sock *sock, struct talk *talk, const struct nlmsghdr *nlh)
{
	bool ours = nlh->nlmsg_pid == sock->portid &&
		    nlh->nlmsg_seq - talk->first <= talk->last - talk->first;
	const struct nlmsghdr *request;
	int err = 0;

	if (!ours && nlh->nlmsg_type >= NLMSG_MIN_TYPE) {
		wl_pending_add(sock, nlh);
		return;
	}
	if (!ours)
		return;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		talk->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		request = find_request(talk->msgs, talk->len, nlh->nlmsg_seq);
		if (nlh->nlmsg_seq == talk->last)
			talk->done = true;
		/* Of several refusals the first is kept */
		if (talk->err)
			return;
		err = nlh->nlmsg_type == NLMSG_ERROR ? read_error(sock, nlh, request) :
						       read_done(sock, nlh, request);
		if (err)
			sock->failed_seq = nlh->nlmsg_seq;
		if (err && talk->refused) {
			talk->refused(nlh->nlmsg_seq, err, talk->ctx);
			err = 0;
		}
	} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && talk->cb && !talk->err) {
		err = talk->cb(nlh, talk->ctx);
		if (err == -EPROTO && !sock->error[0])
			wl_sock_fail(sock, err, "the kernel's answer cannot be read");
	}
	if (err)
		talk->err = err;
}

static int send_all(struct weft_sock *sock, const void *msgs, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	do
		n = sendto(sock->fd, msgs, len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		int err = errno;

		return wl_sock_fail(sock, -err, "sending to the kernel: %s", strerror(err));
	}
	return 0;
}

static int talk_to_end(struct weft_sock *sock, struct talk *talk)
{
	bool overflow = false;
	ssize_t n;
	int err;

	keep_rest(sock);
	err = send_all(sock, talk->msgs, talk->len);
	while (!err && !talk->done) {
		const struct nlmsghdr *nlh = (const void *)sock->rbuf;
		int rest;

		/*
		 * Requests are done while they are sent, so once the socket has
		 * overflowed and is empty, the answer was among what was lost.
		 */
		n = wl_sock_receive(sock, !overflow);
		if (n == -EINTR)
			continue;
		if (n == -ENOBUFS) {
			sock->lost = overflow = true;
			continue;
		}
		if (n == -EAGAIN && overflow)
			return wl_sock_fail(sock, -ENOBUFS,
					    "the socket overflowed and the answer was lost");
		if (n < 0)
			return wl_sock_fail(sock, (int)n, "receiving from the kernel: %s",
					    strerror((int)-n));
		for (rest = (int)n; mnl_nlmsg_ok(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest))
			read_one(sock, talk, nlh);
	}
	if (err || talk->err)
		return err ? err : talk->err;
	sock->error[0] = '\0';
	sock->error_attr[0] = '\0';
	return talk->interrupted ? 1 : 0;
}

int wl_talk(struct weft_sock *sock, const void *msgs, size_t len, uint32_t last, wl_msg_cb *cb,
	    void *ctx)
{
	struct talk talk = {
		.msgs = msgs,
		.len = len,
		.first = ((const struct nlmsghdr *)msgs)->nlmsg_seq,
		.last = last,
		.cb = cb,
		.ctx = ctx,
	};

	return talk_to_end(sock, &talk);
}

int wl_talk_each(struct weft_sock *sock, const void *msgs, size_t len, uint32_t last,
		 wl_refused_cb *refused, void *ctx)
{
	struct talk talk = {
		.msgs = msgs,
		.len = len,
		.first = ((const struct nlmsghdr *)msgs)->nlmsg_seq,
		.last = last,
		.refused = refused,
		.ctx = ctx,
	};

	return talk_to_end(sock, &talk);
}

int wl_request(struct weft_sock *sock, struct nlmsghdr *nlh, wl_msg_cb *cb, void *ctx)
{
	if ((nlh->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		nlh->nlmsg_flags |= NLM_F_ACK;
	return wl_talk(sock, nlh, nlh->nlmsg_len, nlh->nlmsg_seq, cb, ctx);
}
