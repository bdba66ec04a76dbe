// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ready encapsulations.
 *
 * To send into a tunnel device in external mode, a packet has a metadata_dst: header
 * fields and options. Making one for each packet costs an allocation, the encoding, and the
 * freeing by RCU. A cached program has it ready; programs of a CPU that say the same share
 * one. It is not shared between CPUs, as each packet takes a reference.
 *
 * The device keeps the route to the remote in the metadata_dst, if that has room for it: a
 * per-CPU allocation, which we do not want in softirq. So a new one goes without, and
 * a work item adds the room.
 *
 * A metadata_dst has one reference from here and one from each packet that is under way.
 */
#include <linux/jhash.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <net/dst_cache.h>
#include "datapath.h"
#include "port.h"
#include "program.h"
#include "tundst.h"
#include "tunnel.h"

static const void *weft_tundst_what(const struct weft_op_tunnel *op, u32 *len)
{
	*len = op->op.len - offsetof(struct weft_op_tunnel, tun_id);
	return &op->tun_id;
}

static struct weft_tundst *weft_tundst_new(const struct weft_tunnel *tunnel,
					   const struct weft_op_tunnel *op)
{
	struct weft_tundst *dst;
	const void *what;
	u32 len;

	what = weft_tundst_what(op, &len);
	dst = kmalloc(struct_size(dst, what, len), GFP_ATOMIC | __GFP_NOWARN);
	if (!dst)
		return NULL;
	dst->md = weft_tunnel_dst(tunnel, op);
	if (!dst->md) {
		kfree(dst);
		return NULL;
	}
	dst->refs = 1;
	dst->config = tunnel->config;
	dst->cpu = smp_processor_id();
	dst->routed = !IS_ENABLED(CONFIG_DST_CACHE);
	dst->len = len;
	memcpy(dst->what, what, len);
	return dst;
}

struct weft_tundst *weft_tundst_get(struct weft_tundsts *dsts, const struct weft_op_tunnel *op)
{
	const struct weft_tunnel *tunnel;
	struct weft_tundst *dst;
	struct hlist_head *head;
	const void *what;
	u32 len, hash;

	tunnel = op->port ? rcu_dereference(op->port->tunnel) : NULL;
	if (!tunnel || !weft_tunnel_fits(tunnel, op))
		return NULL;
	what = weft_tundst_what(op, &len);
	hash = jhash2(what, len / sizeof(u32), tunnel->config + smp_processor_id());
	head = &dsts->heads[hash >> (32 - WEFT_TUNDST_BITS)];

	spin_lock(&dsts->lock);
	hlist_for_each_entry(dst, head, node) {
		if (dst->hash == hash && dst->config == tunnel->config &&
		    dst->cpu == smp_processor_id() && dst->len == len &&
		    !memcmp(dst->what, what, len)) {
			dst->refs++;
			goto out;
		}
	}
	dst = dsts->n < WEFT_TUNDST_MAX ? weft_tundst_new(tunnel, op) : NULL;
	if (dst) {
		dst->hash = hash;
		dsts->n++;
		hlist_add_head(&dst->node, head);
		if (!dst->routed)
			queue_work(weft_wq, &dsts->work);
	}
out:
	spin_unlock(&dsts->lock);
	return dst;
}

void weft_tundst_put(struct weft_tundsts *dsts, struct weft_tundst *dst)
{
	bool last;

	spin_lock_bh(&dsts->lock);
	last = !--dst->refs;
	if (last) {
		hlist_del(&dst->node);
		dsts->n--;
	}
	spin_unlock_bh(&dsts->lock);
	if (last) {
		dst_release(&dst->md->dst);
		kfree(dst);
	}
}

/* One without a cache of routes, with a reference */
static struct weft_tundst *weft_tundst_unrouted(struct weft_tundsts *dsts)
{
	struct weft_tundst *dst, *found = NULL;
	unsigned int i;

	spin_lock_bh(&dsts->lock);
	for (i = 0; i < ARRAY_SIZE(dsts->heads) && !found; i++) {
		hlist_for_each_entry(dst, &dsts->heads[i], node) {
			if (!dst->routed) {
				found = dst;
				found->refs++;
				found->routed = true;
				break;
			}
		}
	}
	spin_unlock_bh(&dsts->lock);
	return found;
}

static void weft_tundst_route(struct weft_tundst *dst)
{
#ifdef CONFIG_DST_CACHE
	struct dst_cache *cache = &dst->md->u.tun_info.dst_cache, new;

	if (dst_cache_init(&new, GFP_KERNEL_ACCOUNT))
		return;		/* then each packet looks its route up */
	cache->reset_ts = new.reset_ts;
	smp_store_release(&cache->cache, new.cache);	/* devices may be reading it */
#endif
}

static void weft_tundsts_work(struct work_struct *work)
{
	struct weft_tundsts *dsts = container_of(work, struct weft_tundsts, work);
	struct weft_tundst *dst;

	while ((dst = weft_tundst_unrouted(dsts))) {
		weft_tundst_route(dst);
		weft_tundst_put(dsts, dst);
		cond_resched();
	}
}

void weft_tundsts_init(struct weft_tundsts *dsts)
{
	spin_lock_init(&dsts->lock);
	INIT_WORK(&dsts->work, weft_tundsts_work);
}

/* Programs that wait for RCU may still put theirs afterwards */
void weft_tundsts_exit(struct weft_tundsts *dsts)
{
	cancel_work_sync(&dsts->work);
}
