// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remotes: what is done when the way through a tunnel is down. See remote.h.
 *
 * Who watches tunnels is in user space. What it finds out takes effect here with one message,
 * whatever the number of entries that send into the tunnel: each walk that does so asks for the
 * remote, and notes its stamp.
 *
 * A packet is not handed back to where it came from (split horizon). So two hosts that are each
 * other's fallback do not send it to and fro. And a tunnel without a way around it is used though
 * it is down: those who watch may be wrong, and there is nothing to lose.
 */
#include <linux/jhash.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/ktime.h>
#include <net/ipv6.h>
#include "action.h"
#include "datapath.h"
#include "field.h"
#include "key.h"
#include "port.h"
#include "remote.h"
#include "trail.h"

static_assert(sizeof(struct weft_way) == sizeof(u32) + sizeof(struct in6_addr));

static const struct rhashtable_params weft_remotes_params = {
	.head_offset = offsetof(struct weft_remote, node),
	.key_offset = offsetof(struct weft_remote, way),
	.key_len = sizeof(struct weft_way),
	.automatic_shrinking = true,
};

static void weft_remote_stamp(struct weft_datapath *dp, const struct weft_remote *remote)
{
	const struct weft_way *way = &remote->way;

	weft_stamp(dp->stamps, weft_stamp_remote(dp->stamps, way->port, &way->addr));
	weft_stamps_publish(dp->stamps);
}

struct weft_remote *weft_remote_find(struct weft_datapath *dp, const struct weft_way *way)
{
	/* dp->lock keeps the remote, but not the buckets, which grow and shrink on their own */
	return rhashtable_lookup_fast(&dp->remotes->by_way, way, weft_remotes_params);
}

struct weft_remote *weft_remote_copy(const struct weft_remote *old, const struct weft_way *way)
{
	struct weft_remote *new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);

	if (!new)
		return NULL;
	if (old) {
		*new = *old;
	} else {
		new->way = *way;
		new->since_ns = ktime_get_boottime_ns();
	}
	memset(&new->node, 0, sizeof(new->node));
	return new;
}

static int weft_remote_insert(struct weft_datapath *dp, struct weft_remote *new)
{
	struct weft_remotes *remotes = dp->remotes;
	int err;

	err = xa_alloc(&remotes->by_id, &new->id, new, XA_LIMIT(1, WEFT_TUNNELS_MAX), GFP_KERNEL);
	if (err)
		return err == -EBUSY ? -ENOSPC : err;
	err = rhashtable_insert_fast(&remotes->by_way, &new->node, weft_remotes_params);
	if (err)
		xa_erase(&remotes->by_id, new->id);
	return err;
}

/* Do packets go another way now? The rest is for people */
static bool weft_remote_moves(const struct weft_remote *old, const struct weft_remote *new)
{
	return !old || old->state != new->state || old->n_fallbacks != new->n_fallbacks ||
	       memcmp(old->fallbacks, new->fallbacks, sizeof(new->fallbacks));
}

int weft_remote_replace(struct weft_datapath *dp, struct weft_remote *old,
			struct weft_remote *new)
{
	u32 was = old ? old->state : WEFT_TUNNEL_STATE_UNKNOWN;
	struct weft_remotes *remotes = dp->remotes;
	bool moves = weft_remote_moves(old, new);
	int err;

	lockdep_assert_held(&dp->lock);

	if (was != new->state) {
		new->since_ns = ktime_get_boottime_ns();
		new->flaps += was == WEFT_TUNNEL_STATE_UP && new->state == WEFT_TUNNEL_STATE_DOWN;
	}
	if (old)
		err = rhashtable_replace_fast(&remotes->by_way, &old->node, &new->node,
					      weft_remotes_params);
	else
		err = weft_remote_insert(dp, new);
	if (err) {
		kfree(new);
		return err;
	}
	if (old) {
		/* there is an entry already: this allocates nothing */
		xa_store(&remotes->by_id, new->id, new, GFP_KERNEL);
		kfree_rcu(old, rcu);
	}
	if (moves)
		weft_remote_stamp(dp, new);
	return 0;
}

void weft_remote_delete(struct weft_datapath *dp, struct weft_remote *remote)
{
	lockdep_assert_held(&dp->lock);

	rhashtable_remove_fast(&dp->remotes->by_way, &remote->node, weft_remotes_params);
	xa_erase(&dp->remotes->by_id, remote->id);
	weft_remote_stamp(dp, remote);
	kfree_rcu(remote, rcu);
}

void weft_remotes_port_gone(struct weft_datapath *dp, u32 port)
{
	struct weft_remote *remote;
	unsigned long id;

	lockdep_assert_held(&dp->lock);

	xa_for_each(&dp->remotes->by_id, id, remote)
		if (remote->way.port == port)
			weft_remote_delete(dp, remote);
}

/* Look a way up, and depend on what is said of it */
static const struct weft_remote *weft_remote_ask(struct weft_datapath *dp,
						 const struct weft_way *way,
						 struct weft_trail *trail)
{
	if (trail)
		weft_trail_probe(trail, dp->stamps,
				 weft_stamp_remote(dp->stamps, way->port, &way->addr));
	return weft_remote_find(dp, way);
}

/* Is there such a tunnel, which is not down? */
static bool weft_remote_usable(struct weft_datapath *dp, const struct weft_way *way,
			       struct weft_trail *trail)
{
	const struct weft_remote *remote;
	const struct weft_port *port;

	if (trail)
		weft_trail_probe(trail, dp->stamps, weft_stamp_port(dp->stamps, way->port));
	port = xa_load(&dp->ports, way->port);
	if (!port || !weft_port_is_tunnel(port->type))
		return false;
	remote = weft_remote_ask(dp, way, trail);
	return !remote || remote->state != WEFT_TUNNEL_STATE_DOWN;
}

static bool weft_remote_is_source(const struct weft_way *way, const struct weft_key *key)
{
	struct in6_addr addr = key->tun_src;

	if (!(key->tun_flags & cpu_to_be16(WEFT_TUN_F_IPV6)))
		ipv6_addr_set_v4mapped(key->tun_src.s6_addr32[0], &addr);
	return ipv6_addr_equal(&way->addr, &addr);
}

bool weft_remote_divert(struct weft_datapath *dp, const struct weft_way *way,
			const struct weft_key *key, struct weft_trail *trail,
			struct weft_way *out)
{
	const struct weft_remote *remote = weft_remote_ask(dp, way, trail);
	unsigned int i;

	if (likely(!remote || remote->state != WEFT_TUNNEL_STATE_DOWN))
		return false;
	for (i = 0; i < remote->n_fallbacks; i++) {
		const struct weft_way *other = &remote->fallbacks[i];

		if ((key && weft_remote_is_source(other, key)) ||
		    !weft_remote_usable(dp, other, trail))
			continue;
		*out = *other;
		return true;
	}
	return false;
}

void weft_remote_way(struct weft_datapath *dp, const struct weft_act_tunnel *act,
		     const u8 *values, const struct weft_key *key, struct weft_trail *trail,
		     struct weft_way *out)
{
	struct weft_way meant = { .port = act->act.arg, .addr = act->dst };

	if (act->from)
		memcpy(&meant.addr, values + act->ofs, weft_fields[act->from].len);
	if (!act->ipv6)
		ipv6_addr_set_v4mapped(meant.addr.s6_addr32[0], &meant.addr);
	if (act->direct || !weft_remote_divert(dp, &meant, key, trail, out))
		*out = meant;
}

struct weft_remotes *weft_remotes_alloc(void)
{
	struct weft_remotes *remotes = kzalloc(sizeof(*remotes), GFP_KERNEL_ACCOUNT);

	if (!remotes)
		return NULL;
	if (rhashtable_init(&remotes->by_way, &weft_remotes_params)) {
		kfree(remotes);
		return NULL;
	}
	xa_init_flags(&remotes->by_id, XA_FLAGS_ALLOC1);
	return remotes;
}

void weft_remotes_free(struct weft_remotes *remotes)
{
	struct weft_remote *remote;
	unsigned long id;

	if (!remotes)
		return;
	xa_for_each(&remotes->by_id, id, remote)
		kfree(remote);
	xa_destroy(&remotes->by_id);
	rhashtable_destroy(&remotes->by_way);
	kfree(remotes);
}
