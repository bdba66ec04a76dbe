/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Remotes: how the ways through tunnels are, and which other ones there are.
 *
 * Known by port and address. Readers have RCU; changes are made under dp->lock, by putting a new
 * one in the place of the old one, and those that move packets raise a stamp of their own: what
 * is cached of packets to this remote is void at once, and nothing else.
 */
#ifndef WEFT_REMOTE_H
#define WEFT_REMOTE_H

#include <linux/in6.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/weft.h>
#include <linux/xarray.h>

struct weft_act_tunnel;
struct weft_datapath;
struct weft_key;
struct weft_trail;

struct weft_way {
	u32 port;
	struct in6_addr addr;	/* IPv4 mapped */
};

struct weft_remote {
	struct rhash_head node;
	struct weft_way way;
	u32 id;			/* for dumps */
	u32 state;		/* enum weft_tunnel_state */
	u32 mtu;		/* this and the next: only kept */
	u32 rtt_us;
	u8 diag;
	u8 remote_diag;
	u8 n_fallbacks;
	struct weft_way fallbacks[WEFT_FALLBACKS_MAX];
	u64 since_ns;		/* boot time of the last change of state */
	u64 flaps;
	struct rcu_head rcu;
};

struct weft_remotes {
	struct rhashtable by_way;
	struct xarray by_id;	/* dp->lock */
};

struct weft_remotes *weft_remotes_alloc(void);
/* Nobody reads any more */
void weft_remotes_free(struct weft_remotes *remotes);

/* RCU or dp->lock; NULL: nothing is known, so it is up */
struct weft_remote *weft_remote_find(struct weft_datapath *dp, const struct weft_way *way);

/*
 * Put @new, which weft_remote_copy() made, in the place of @old (NULL: there is none). dp->lock.
 * 0, or an error with @new freed.
 */
int weft_remote_replace(struct weft_datapath *dp, struct weft_remote *old,
			struct weft_remote *new);
/* A copy of @old, or when that is NULL one for @way; NULL without memory */
struct weft_remote *weft_remote_copy(const struct weft_remote *old, const struct weft_way *way);

/* Forget it; dp->lock */
void weft_remote_delete(struct weft_datapath *dp, struct weft_remote *remote);
/* The same for all of a port that goes; dp->lock */
void weft_remotes_port_gone(struct weft_datapath *dp, u32 port);

/*
 * Where packets that are meant for @way go now, into @out; true when that is elsewhere. @key: of
 * a packet that came through a tunnel, or NULL. @trail: of its walk, or NULL. RCU or dp->lock.
 */
bool weft_remote_divert(struct weft_datapath *dp, const struct weft_way *way,
			const struct weft_key *key, struct weft_trail *trail,
			struct weft_way *out);

/*
 * The same for the remote of an action, which may be among the @values of an instance; where
 * packets go when nothing is down is put there, too.
 */
void weft_remote_way(struct weft_datapath *dp, const struct weft_act_tunnel *act,
		     const u8 *values, const struct weft_key *key, struct weft_trail *trail,
		     struct weft_way *out);

#endif /* WEFT_REMOTE_H */
