/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that came in fragments leave in fragments.
 */
#ifndef WEFT_FRAGMENT_H
#define WEFT_FRAGMENT_H

#include <linux/weft.h>
#include "program.h"

struct net;
struct sk_buff;
struct weft_port;
struct weft_whole;

/* Sends a frame, which it consumes, out of a port as the operation says; or why not */
typedef enum weft_drop (*weft_fragment_send)(struct weft_port *port, struct sk_buff *skb,
					     const struct weft_op *op);

/*
 * Cut @skb, which is consumed and came as @whole says, into fragments no longer than those that
 * came and than what @port takes, and @send them. Returns WEFT_DROP_UNSPEC, or why it, or the
 * rest of it, was dropped. BH off, RCU.
 */
enum weft_drop weft_fragment(struct weft_port *port, struct sk_buff *skb,
			     const struct weft_whole *whole, const struct weft_op *op,
			     weft_fragment_send send);

#endif /* WEFT_FRAGMENT_H */
