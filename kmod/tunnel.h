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

/* Bytes of options: context, mark and all slots, with their headers */
#define WEFT_GENEVE_OPTS_MAX	(4 + WEFT_GENEVE_CONTEXT_LEN + 4 + WEFT_GENEVE_MARK_LEN + \
				 WEFT_TUN_OPTS * (4 + WEFT_TUN_OPT_LEN))

/* Never changes once it is published; replaced as a whole, freed by RCU */
struct weft_tunnel {
	struct weft_tun_opt slots[WEFT_TUN_OPTS];	/* len 0: not used */
	struct rcu_head rcu;
	u8 type;		/* enum weft_port_type */
	u32 config;		/* number of this configuration, unlike any other */
	u32 n_remotes;
	u32 n_remotes6;		/* that are IPv6 */
	u32 mask;		/* buckets - 1 */
	u32 seed;
	struct in6_addr remotes[];	/* open addressing; IPv4 mapped; any: free */
};

/*
 * A new one for a port of @type from nests of enum weft_remotes_attr and enum weft_tun_opts_attr;
 * where there is none, from @old, which may be NULL. ERR_PTR with extack.
 */
struct weft_tunnel *weft_tunnel_make(u8 type, const struct weft_tunnel *old,
				     const struct nlattr *remotes, const struct nlattr *opts,
				     struct netlink_ext_ack *extack);

/* Is the packet of @key from a remote? */
bool weft_tunnel_accepts(const struct weft_tunnel *tunnel, const struct weft_key *key);

/* Bytes that weft_tunnel_put() needs at most, and the nests; -EMSGSIZE when full */
size_t weft_tunnel_size(const struct weft_tunnel *tunnel);
int weft_tunnel_put(struct sk_buff *skb, const struct weft_tunnel *tunnel);

/* Is @dev a Geneve device in external mode? RTNL; may sleep */
bool weft_tunnel_external(const struct net_device *dev);

/* Is @dev an STT device of weft_stt.ko? RTNL */
bool weft_tunnel_is_stt(const struct net_device *dev);

/*
 * An STT device has a list of remotes of its own: make it that of its port, empty for NULL.
 * RTNL; may sleep. Does nothing for others.
 */
int weft_tunnel_tell(struct net_device *dev, const struct weft_tunnel *tunnel,
		     struct netlink_ext_ack *extack);

/* Can the header carry what @op says? */
bool weft_tunnel_fits(const struct weft_tunnel *tunnel, const struct weft_op_tunnel *op);

/* What makes the device send it so; NULL without memory. Atomic. */
struct metadata_dst *weft_tunnel_dst(const struct weft_tunnel *tunnel,
				     const struct weft_op_tunnel *op);

/*
 * Write the options of @op to @buf, WEFT_GENEVE_OPTS_MAX bytes; returns how many
 * were used. Its lin must fit.
 */
unsigned int weft_geneve_encode(u8 *buf, const struct weft_op_tunnel *op,
				const struct weft_tun_opt *slots);

/*
 * Read @len bytes of options into @key: lin, lout, stage, mark, tun_opt and their
 * bits of tun_flags, all of which are zero before. Returns why the packet is
 * to be dropped, when @key is not to be used.
 */
enum weft_drop weft_geneve_decode(struct weft_key *key, const u8 *opts, unsigned int len,
				  const struct weft_tun_opt *slots);

/* The context id of STT, from @op, which fits; and into @key: all that it carries */
u64 weft_stt_encode(const struct weft_op_tunnel *op);
void weft_stt_decode(struct weft_key *key, u64 context);

#endif /* WEFT_TUNNEL_H */
