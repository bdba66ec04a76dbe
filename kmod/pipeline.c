// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet: key, cache, walk, execution.
 *
 * The key is looked up in the flow cache. What is found there is a program that a walk
 * made for such a packet, and it is executed. Else the packet walks the tables (walk.c), and
 * what comes out is executed and, unless something forbids it, kept.
 *
 * Packets that user space injects, and those that were kept for a while, walk and are not
 * cached, since they may bring metadata and begin anywhere.
 *
 * Work space is per CPU, one set for each level of re-entrance (a packet that
 * leaves by a device whose transmit path leads back into a datapath at once);
 * deeper than WEFT_LEVELS a packet is dropped. BH is off throughout.
 */
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include "cache.h"
#include "datapath.h"
#include "flow.h"
#include "forge.h"
#include "instance.h"
#include "mtu.h"
#include "pipeline.h"
#include "port.h"
#include "trail.h"
#include "walk.h"

#define WEFT_LEVELS	4

struct weft_level {
	struct weft_walk walk;
	struct weft_key key;	/* before the walk */
	struct weft_trail trail;
	struct weft_program prog;
	u64 ops[WEFT_PROGRAM_MAX / sizeof(u64)];
};

struct weft_cpu {
	struct weft_level *levels[WEFT_LEVELS];
	unsigned int depth;
};

static struct weft_cpu __percpu *weft_cpus;

static struct weft_level *weft_level_get(void)
{
	struct weft_cpu *cpu = this_cpu_ptr(weft_cpus);

	if (cpu->depth == WEFT_LEVELS)
		return NULL;
	return cpu->levels[cpu->depth++];
}

static void weft_level_put(void)
{
	this_cpu_ptr(weft_cpus)->depth--;
}

/* Is the packet at hand inside of the execution of another one? */
static bool weft_nested(void)
{
	return this_cpu_ptr(weft_cpus)->depth > 1;
}

/* Metadata that come with the packet; other than in_port and mark only of a tunnel's */
static enum weft_drop weft_pipeline_metadata(struct weft_port *port, struct sk_buff *skb,
					     struct weft_key *key)
{
	u32 mask;

	switch (READ_ONCE(port->class)) {
	case WEFT_PORT_CLASS_SERVICE:
		mask = READ_ONCE(port->mark_mask);
		key->mark = cpu_to_be32(skb->mark & mask);
		if (unlikely(skb->mark & ~mask))
			weft_stats_add(port, marks_refused, 1);
		break;
	case WEFT_PORT_CLASS_FABRIC:
		key->in_port = cpu_to_be32(port->id);
		return weft_tunnel_decode(port, skb, key);
	default:
		key->mark = 0;
		if (unlikely(skb->mark))
			weft_stats_add(port, marks_refused, 1);
	}
	key->in_port = cpu_to_be32(port->id);
	return WEFT_DROP_UNSPEC;
}

/* Walk with the key that is there, execute, and keep the program if @keep; consumes @skb */
static void weft_pipeline_walk(struct weft_level *level, struct weft_port *port,
			       struct sk_buff *skb, u8 table, const struct weft_actions *acts,
			       struct weft_cache_entry *keep, const struct weft_whole *whole)
{
	struct weft_datapath *dp = port->dp;
	u32 packets = weft_skb_segs(skb), bytes = skb->len;
	struct weft_walk *w = &level->walk;
	bool kept = false;

	w->dp = dp;
	w->in = port;
	w->skb = skb;
	w->whole = whole;
	w->prog = &level->prog;
	w->prog->size = sizeof(level->ops);
	w->trail = &level->trail;
	w->hash = keep ? keep->hash : 0;
	w->tunnel = keep && keep->tunnel;
	w->fresh = keep;
	weft_walk(w, table, acts);
	if (keep && w->trail->cacheable) {
		keep->prog = w->prog;
		keep->trail = w->trail;
		keep->packets = packets;
		keep->bytes = bytes;
		kept = weft_cache_insert(dp->caches, keep, weft_nested());
	}
	if (!kept)
		weft_trail_settle(dp->caches, w->trail, packets, bytes);
	if (whole)
		weft_execute_whole(dp, port, skb, w->prog->ops, w->prog->len, w->layers, whole);
	else
		weft_execute(dp, port, skb, w->prog->ops, w->prog->len, w->layers);
}

static noinline void weft_pipeline_miss(struct weft_level *level, struct weft_port *port,
					struct sk_buff *skb, bool tunnel, u32 hash,
					const struct weft_whole *whole)
{
	struct weft_key *key = &level->walk.key;
	struct weft_cache_entry keep = {
		.key = &level->key, .hash = hash, .tunnel = tunnel,
	};

	memset(key->reg, 0, sizeof(key->reg));
	if (!tunnel)
		memset((void *)key + offsetof(struct weft_key, ldp), 0,
		       WEFT_KEY_PACKET - offsetof(struct weft_key, ldp));
	level->key = *key;
	if (READ_ONCE(port->class) == WEFT_PORT_CLASS_VIF && unlikely(weft_forged(skb, key)))
		weft_stats_add(port, marks_refused, 1);
	level->walk.waited = 0;
	weft_pipeline_walk(level, port, skb, 0, NULL, &keep, whole);
}

/*
 * Does the packet fit what all instances know that look at each one, and where it goes? If not
 * it has to walk, where that is judged once more, and counted.
 */
static noinline bool weft_pipeline_fits(const struct weft_cached *p, const struct sk_buff *skb,
					u16 layers, const struct weft_whole *whole)
{
	struct weft_flow_stats **stats = weft_cached_stats(p);
	const u16 *tables = weft_cached_tables(p);
	u32 i;

	if (p->guarded & WEFT_GUARDED_MTU && !weft_mtu_fits(skb, whole, p->mtu))
		return false;
	if (!(p->guarded & WEFT_GUARDED_STATE))
		return true;
	for (i = 0; i < p->n_credits; i++)
		if (tables[i] & WEFT_CREDIT_GUARD &&
		    !weft_instance_in_window(stats[i]->instance, tables[i] & WEFT_CREDIT_REPLY,
					     skb, layers))
			return false;
	return true;
}

/* Tell the instances of the entries that the program stands for */
static noinline void weft_pipeline_watched(struct weft_cached *p, const struct weft_key *key)
{
	struct weft_flow_stats **stats = weft_cached_stats(p);
	const u16 *tables = weft_cached_tables(p);
	enum weft_watch watch = WEFT_WATCH_NONE;
	u32 i;

	for (i = 0; i < p->n_credits; i++)
		if (tables[i] & WEFT_CREDIT_WATCH)
			watch = max(watch, weft_instance_watch(stats[i]->instance,
							       tables[i] & WEFT_CREDIT_REPLY, key));
	p->watch = watch;
}

/* Does one of them have to know of the packet? */
static bool weft_pipeline_watches(const struct weft_cached *p, const struct weft_key *key)
{
	const __be16 ends = htons(WEFT_TCP_SYN | WEFT_TCP_FIN | WEFT_TCP_RST);

	return unlikely(p->watch) &&
	       (p->watch == WEFT_WATCH_ALL || key->tcp_flags & ends);
}

void weft_pipeline_receive(struct weft_port *port, struct sk_buff *skb)
{
	bool tunnel = weft_port_is_tunnel(port->type);
	struct weft_level *level = weft_level_get();
	struct weft_cached *cached;
	enum weft_drop reason;
	struct weft_key *key;
	u32 hash;

	weft_port_count_rx(port, skb);
	if (unlikely(!level))
		return weft_port_drop(port, skb, WEFT_DROP_RECURSION);
	key = &level->walk.key;
	reason = weft_pipeline_metadata(port, skb, key);
	if (likely(!reason))
		reason = weft_key_extract(skb, key);
	if (unlikely(reason)) {
		weft_port_drop(port, skb, reason);
		goto out;
	}
	cached = weft_cache_find(port->dp->caches, key, tunnel, weft_nested(), &hash);
	if (likely(cached) && (likely(!cached->guarded) ||
			       weft_pipeline_fits(cached, skb, key->layers, NULL))) {
		if (weft_pipeline_watches(cached, key))
			weft_pipeline_watched(cached, key);
		weft_cached_used(cached, weft_skb_segs(skb), skb->len);
		weft_execute(port->dp, port, skb, weft_cached_ops(cached), cached->len,
			     cached->layers);
	} else {
		weft_pipeline_miss(level, port, skb, tunnel, hash, NULL);
	}
out:
	weft_level_put();
}

static void weft_pipeline_enter(struct weft_port *port, struct sk_buff *skb,
				const struct weft_key *metadata, u8 table,
				const struct weft_actions *acts, u32 waited,
				const struct weft_whole *whole)
{
	struct weft_level *level = weft_level_get();
	enum weft_drop reason;

	if (unlikely(!level))
		return weft_port_drop(port, skb, WEFT_DROP_RECURSION);
	memcpy(&level->walk.key, metadata, WEFT_KEY_PACKET);
	level->walk.key.in_port = cpu_to_be32(port->id);
	level->walk.waited = waited;
	reason = weft_key_extract(skb, &level->walk.key);
	if (reason)
		weft_port_drop(port, skb, reason);
	else
		weft_pipeline_walk(level, port, skb, table, acts, NULL, whole);
	weft_level_put();
}

void weft_pipeline_again(struct weft_port *port, struct sk_buff *skb,
			 const struct weft_key *metadata, const struct weft_whole *whole)
{
	bool tunnel = weft_port_is_tunnel(port->type);
	struct weft_level *level = weft_level_get();
	struct weft_cached *cached;
	enum weft_drop reason;
	struct weft_key *key;
	u32 hash;

	if (unlikely(!level))
		return weft_port_drop(port, skb, WEFT_DROP_RECURSION);
	key = &level->walk.key;
	memcpy(key, metadata, WEFT_KEY_PACKET);
	reason = weft_key_extract(skb, key);
	if (unlikely(reason)) {
		weft_port_drop(port, skb, reason);
		goto out;
	}
	cached = weft_cache_find(port->dp->caches, key, tunnel, weft_nested(), &hash);
	if (cached && (!cached->guarded ||
		       weft_pipeline_fits(cached, skb, key->layers, whole))) {
		weft_cached_used(cached, 1, skb->len);
		weft_execute_whole(port->dp, port, skb, weft_cached_ops(cached), cached->len,
				   cached->layers, whole);
	} else {
		weft_pipeline_miss(level, port, skb, tunnel, hash, whole);
	}
out:
	weft_level_put();
}

void weft_pipeline_inject(struct weft_port *port, struct sk_buff *skb,
			  const struct weft_key *metadata, u8 table,
			  const struct weft_actions *acts)
{
	weft_pipeline_enter(port, skb, metadata, table, acts, 0, NULL);
}

void weft_pipeline_resume(struct weft_port *port, struct sk_buff *skb,
			  const struct weft_key *metadata, u8 table, u32 waited,
			  const struct weft_whole *whole)
{
	weft_pipeline_enter(port, skb, metadata, table, NULL, waited, whole);
}

int weft_pipeline_init(void)
{
	int cpu, i;

	weft_cpus = alloc_percpu(struct weft_cpu);
	if (!weft_cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct weft_cpu *c = per_cpu_ptr(weft_cpus, cpu);

		for (i = 0; i < WEFT_LEVELS; i++) {
			c->levels[i] = kvzalloc_node(sizeof(*c->levels[i]), GFP_KERNEL,
						     cpu_to_node(cpu));
			if (!c->levels[i]) {
				weft_pipeline_exit();
				return -ENOMEM;
			}
		}
	}
	return 0;
}

void weft_pipeline_exit(void)
{
	int cpu, i;

	for_each_possible_cpu(cpu)
		for (i = 0; i < WEFT_LEVELS; i++)
			kvfree(per_cpu_ptr(weft_cpus, cpu)->levels[i]);
	free_percpu(weft_cpus);
}
