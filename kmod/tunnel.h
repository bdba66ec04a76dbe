/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a tunnel port knows: whom it accepts, and what the options mean.
 */
#ifndef WEFT_TUNNEL_H
#define WEFT_TUNNEL_H

#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/weft.h>

struct metadata_dst;
struct net_device;
struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct weft_key;
struct weft_op_tunnel;

/* Never changes once it is published; replaced as a whole, freed by RCU */
struct weft_tunnel {
	struct weft_tun_opt slots[WEFT_TUN_OPTS];	/* len 0: not used */
	struct rcu_head rcu;
	u32 config;		/* number of this configuration, unlike any other */
	u8 type;		/* enum weft_port_type */
	u8 family;		/* AF_INET, AF_INET6: of all remotes; 0: any */
	u32 n_remotes;
	u32 n_remotes6;		/* that are IPv6 */
	u32 mask;		/* buckets - 1 */
	u32 seed;
	struct in6_addr remotes[];	/* open addressing; IPv4 mapped; any: free */
};

/*
 * A new one from nests of enum weft_remotes_attr and enum weft_tun_opts_attr;
 * where there is none, from @old, which may be NULL. @type is that of the port, @family what
 * weft_tunnel_family() says. ERR_PTR with extack.
 */
struct weft_tunnel *weft_tunnel_make(const struct weft_tunnel *old, u8 type, u8 family,
				     const struct nlattr *remotes, const struct nlattr *opts,
				     struct netlink_ext_ack *extack);

/* Can a host have @addr, which is IPv6 or IPv4 mapped? */
bool weft_tunnel_is_endpoint(const struct in6_addr *addr);

/* Is the packet of @key from a remote? */
bool weft_tunnel_accepts(const struct weft_tunnel *tunnel, const struct weft_key *key);

/* Bytes that weft_tunnel_put() needs at most, and the nests; -EMSGSIZE when full */
size_t weft_tunnel_size(const struct weft_tunnel *tunnel);
int weft_tunnel_put(struct sk_buff *skb, const struct weft_tunnel *tunnel);

/* Why @dev is no tunnel device for a port of @type, in external mode; NULL: it is. RTNL. */
const char *weft_tunnel_unfit(const struct net_device *dev, u8 type);

/* Is @dev a tunnel device in external mode? RTNL; may sleep */
bool weft_tunnel_external(const struct net_device *dev);

/* AF_INET or AF_INET6 if a port of @type has tunnels of this IP version only on @dev, else 0 */
u8 weft_tunnel_family(const struct net_device *dev, u8 type);

/*
 * An STT device has a list of remotes of its own: make it that of its port, empty for NULL.
 * RTNL; may sleep. Does nothing for others.
 */
int weft_tunnel_tell(struct net_device *dev, const struct weft_tunnel *tunnel,
		     struct netlink_ext_ack *extack);

/* Can the header carry what @op says? That of GRE and STT has been made by the walk. */
bool weft_tunnel_fits(const struct weft_tunnel *tunnel, const struct weft_op_tunnel *op);

/* What makes the device send it so; NULL without memory. Atomic. */
struct metadata_dst *weft_tunnel_dst(const struct weft_tunnel *tunnel,
				     const struct weft_op_tunnel *op);

#endif /* WEFT_TUNNEL_H */
