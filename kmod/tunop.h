/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operation that sends into a tunnel, as a walk makes it of its key.
 */
#ifndef WEFT_TUNOP_H
#define WEFT_TUNOP_H

#include <linux/types.h>

struct weft_act_tunnel;
struct weft_key;
struct weft_op_tunnel;
struct weft_port;
struct weft_walk;

/*
 * The key of the tunnel's header if the packet leaves by @port (NULL: there is none). Whether
 * Geneve's fits is found out when it is sent, since its options, too, have to.
 * False: there is no such key, as a value is too large or the logical port has no label.
 */
bool weft_tunop_id(struct weft_walk *w, const struct weft_port *port,
		   const struct weft_act_tunnel *act, __be64 *id);

/* Bytes of the operation */
u32 weft_tunop_len(const struct weft_key *key);

/* All of it, but the remote when that is a value of the entry's instance */
void weft_tunop_fill(struct weft_op_tunnel *t, const struct weft_walk *w, struct weft_port *port,
		     const struct weft_act_tunnel *act, __be64 id);

/* WEFT_DROP_UNSPEC if the port may believe who sent the packet through its tunnel, else why not */
enum weft_drop weft_tunop_remote(struct weft_walk *w);

#endif /* WEFT_TUNOP_H */
