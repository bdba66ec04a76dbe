/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices of internal ports.
 */
#ifndef WEFT_INTERNAL_H
#define WEFT_INTERNAL_H

#include <linux/types.h>

struct net;
struct net_device;
struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct weft_port;

int weft_internal_init(void);
void weft_internal_exit(void);

bool weft_is_internal(const struct net_device *dev);

/*
 * Register a device in @net; NAME, MAC and MTU are taken from @attrs (by enum
 * weft_port_attr). ERR_PTR with extack. RTNL held.
 */
struct net_device *weft_internal_create(struct net *net, struct nlattr **attrs,
					struct netlink_ext_ack *extack);

/* What @dev sends goes to @port from now on, or nowhere when that is NULL; RTNL */
void weft_internal_connect(struct net_device *dev, struct weft_port *port);

/* NULL when it is not connected; RCU or RTNL */
struct weft_port *weft_internal_port(const struct net_device *dev);

/*
 * The stack of the namespace where @dev lives receives @skb (consumed; scrubbed,
 * but with the mark it shall see). False when it did not take it. BH off.
 */
bool weft_internal_deliver(struct net_device *dev, struct sk_buff *skb);

#endif /* WEFT_INTERNAL_H */
