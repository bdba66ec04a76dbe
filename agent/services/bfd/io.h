/* SPDX-License-Identifier: Apache-2.0 */
/*
 * io.h - frames of BFD out of and into the datapath.
 *
 * A frame goes out by injection with the one action "tunnel", which works whatever the tables hold;
 * one that comes in is sent up by an entry of weftd's, as a packet of service "bfd". Both need the
 * datapath and nothing else, so there is no socket of UDP that could be reached from outside.
 */
#ifndef WEFT_SERVICES_BFD_IO_H
#define WEFT_SERVICES_BFD_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weft/weft.h>

#include "address.h"

#define BFD_SERVICE "bfd"

struct bfd_io;
struct event_base;

struct bfd_io_ops {
	/* a frame came in by a tunnel port */
	void (*frame)(void *ctx, uint32_t port, const struct address *source, const uint8_t *data,
		      size_t len);
	/* registered; or the kernel has no such datapath now */
	void (*state)(void *ctx, bool ok, const char *why);
};

struct bfd_io *bfd_io_new(struct event_base *base, const char *dp, const struct bfd_io_ops *ops,
			  void *ctx);
/* bfd_io_start: register, again and again until it works */
void bfd_io_start(struct bfd_io *io);
/* bfd_io_leave: take no more */
void bfd_io_leave(struct bfd_io *io);
bool bfd_io_is_open(const struct bfd_io *io);

/* bfd_io_send: into the tunnel of @port to @remote; 0 or -errno */
int bfd_io_send(struct bfd_io *io, uint32_t port, const struct address *remote,
		const uint8_t *frame, size_t len);

/* bfd_io_sock: for other requests; NULL while the kernel does not answer */
struct weft_sock *bfd_io_sock(struct bfd_io *io);
uint64_t bfd_io_errors(const struct bfd_io *io);
void bfd_io_free(struct bfd_io *io);

#endif
