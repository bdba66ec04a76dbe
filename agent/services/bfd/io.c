// SPDX-License-Identifier: Apache-2.0
/*
 * io.c - see io.h.
 *
 * A datapath that is deleted takes the registration with it, and nobody tells a service. So once
 * a second it is asked for.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bfd/frame.h"
#include "log.h"
#include "memory.h"
#include "services/bfd/io.h"

#define WINDOW 1024
#define RETRY_FIRST_MS 50
#define RETRY_LAST_MS 2000
#define LOOK_MS 1000

struct bfd_io {
	struct event_base *base;
	char *dp;
	const struct bfd_io_ops *ops;
	void *ctx;
	struct weft_sock *in;  /* registered: upcalls, credits */
	struct weft_sock *out; /* everything else */
	struct event *in_event;
	struct event *timer; /* of the next try to open, or of the next look */
	unsigned int retry_ms;
	uint32_t n_owed; /* credits to give back */
	uint64_t n_errors;
};

static void start_timer(struct bfd_io *io, unsigned int delay_ms)
{
	const struct timeval delay = {
		.tv_sec = delay_ms / 1000,
		.tv_usec = delay_ms % 1000 * 1000,
	};

	evtimer_add(io->timer, &delay);
}

static void close_socks(struct bfd_io *io)
{
	if (io->in_event)
		event_free(io->in_event);
	weft_sock_close(io->in);
	weft_sock_close(io->out);
	io->in_event = NULL;
	io->in = NULL;
	io->out = NULL;
}

static void open_later(struct bfd_io *io, const char *what, int result)
{
	const char *words = io->in ? weft_sock_error(io->in) : "";
	char why[400];

	snprintf(why, sizeof(why), "%s: %s", what, *words ? words : strerror(-result));
	if (io->retry_ms == RETRY_FIRST_MS)
		log_notice("%s (trying again)", why);
	close_socks(io);
	start_timer(io, io->retry_ms);
	io->retry_ms = io->retry_ms * 2 < RETRY_LAST_MS ? io->retry_ms * 2 : RETRY_LAST_MS;
	io->ops->state(io->ctx, false, why);
}

/* the other end of the tunnel, as the kernel says */
static bool tunnel_source(const struct weft_match *metadata, struct address *source)
{
	const struct weft_field_value *value;

	memset(source, 0, sizeof(*source));
	value = weft_match_get(metadata, WEFT_FIELD_TUN_SRC);
	source->family = AF_INET;
	if (!value) {
		value = weft_match_get(metadata, WEFT_FIELD_TUN_IPV6_SRC);
		source->family = AF_INET6;
	}
	if (!value)
		return false;
	memcpy(source->bytes, value->value, address_len(source));
	return true;
}

static void take(struct bfd_io *io, const struct weft_packet *packet)
{
	struct address source;

	io->n_owed++;
	if (tunnel_source(&packet->metadata, &source))
		io->ops->frame(io->ctx, packet->in_port, &source, packet->data, packet->len);
	else
		io->n_errors++;
}

/* what is here; 0, or what went wrong */
static int take_all(struct bfd_io *io)
{
	struct weft_event event;
	int result;

	while (io->in) {
		result = weft_event_recv(io->in, &event, false);
		if (result == -EAGAIN)
			break;
		if (result == -EINTR || result == -EPROTO)
			continue;
		if (result == -ENOBUFS) {
			io->n_errors++;
			continue;
		}
		if (result)
			return result;
		if (event.cmd == WEFT_CMD_PACKET_UPCALL)
			take(io, &event.packet);
		weft_event_free(&event);
	}
	return 0;
}

static void on_in(evutil_socket_t fd, short what, void *arg)
{
	struct bfd_io *io = arg;
	uint32_t n;
	int result;

	do {
		result = take_all(io);
		if (result || io->n_owed < WINDOW / 4)
			break;
		n = io->n_owed;
		io->n_owed = 0;
		result = weft_service_grant(io->in, io->dp, BFD_SERVICE, n);
		/* what arrived meanwhile is in the socket's memory */
	} while (!result);
	if (result)
		open_later(io, "the kernel does not answer", result);
}

static void open_socks(struct bfd_io *io)
{
	int result;

	result = weft_sock_open(&io->in, -1);
	if (result)
		io->in = NULL;
	else
		result = weft_sock_open(&io->out, -1);
	if (result) {
		open_later(io, "cannot speak with weft", result);
		return;
	}
	io->n_owed = 0;
	result = weft_service_register(io->in, io->dp, BFD_SERVICE, WINDOW, WINDOW);
	if (result) {
		open_later(io, "cannot register", result);
		return;
	}
	io->in_event = event_new(io->base, weft_sock_fd(io->in), EV_READ | EV_PERSIST, on_in, io);
	event_add(io->in_event, NULL);
	io->retry_ms = RETRY_FIRST_MS;
	start_timer(io, LOOK_MS);
	io->ops->state(io->ctx, true, "");
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct weft_service service;
	struct bfd_io *io = arg;
	int result;

	if (!io->in) {
		open_socks(io);
		return;
	}
	result = weft_service_get(io->out, io->dp, BFD_SERVICE, &service);
	if (!result && !service.members)
		result = -ENOENT;
	if (result)
		open_later(io, "the datapath has changed", result);
	else
		start_timer(io, LOOK_MS);
}

struct bfd_io *bfd_io_new(struct event_base *base, const char *dp, const struct bfd_io_ops *ops,
			  void *ctx)
{
	struct bfd_io *io = memory_zalloc(sizeof(*io));

	io->base = base;
	io->dp = memory_strdup(dp);
	io->ops = ops;
	io->ctx = ctx;
	io->retry_ms = RETRY_FIRST_MS;
	io->timer = evtimer_new(base, on_timer, io);
	return io;
}

void bfd_io_start(struct bfd_io *io)
{
	if (!io->in && !evtimer_pending(io->timer, NULL))
		open_socks(io);
}

void bfd_io_leave(struct bfd_io *io)
{
	evtimer_del(io->timer);
	close_socks(io);
}

bool bfd_io_is_open(const struct bfd_io *io)
{
	return io->in;
}

int bfd_io_send(struct bfd_io *io, uint32_t port, const struct address *remote,
		const uint8_t *frame, size_t len)
{
	struct weft_action action = { .type = WEFT_ACT_A_TUNNEL };
	struct weft_packet packet = {
		.data = frame,
		.len = len,
		.in_port = port,
		.actions = { .v = &action, .n = 1, .size = 1 },
	};
	struct weft_act_tunnel *tunnel = &action.tunnel;
	int result;

	if (!io->out)
		return -ENOTCONN;
	weft_mark(&packet, WEFT_PACKET_A_IN_PORT);
	weft_mark(&packet, WEFT_PACKET_A_ACTIONS);
	weft_mark(tunnel,
		  remote->family == AF_INET ? WEFT_ACT_TUNNEL_A_IPV4 : WEFT_ACT_TUNNEL_A_IPV6);
	memcpy(tunnel->addr, remote->bytes, address_len(remote));
	tunnel->port = port;
	weft_mark(tunnel, WEFT_ACT_TUNNEL_A_PORT);
	tunnel->id = 0;
	weft_mark(tunnel, WEFT_ACT_TUNNEL_A_ID);
	tunnel->tos = BFD_TOS;
	weft_mark(tunnel, WEFT_ACT_TUNNEL_A_TOS);
	weft_mark(tunnel, WEFT_ACT_TUNNEL_A_DIRECT); /* above all when it is down */
	result = weft_packet_inject(io->out, io->dp, &packet);
	if (result)
		io->n_errors++;
	return result;
}

struct weft_sock *bfd_io_sock(struct bfd_io *io)
{
	return io->in ? io->out : NULL;
}

uint64_t bfd_io_errors(const struct bfd_io *io)
{
	return io->n_errors;
}

void bfd_io_free(struct bfd_io *io)
{
	bfd_io_leave(io);
	event_free(io->timer);
	free(io->dp);
	free(io);
}
