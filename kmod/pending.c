// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pending instances: packets that wait for what a daemon says.
 *
 * The first packet of a connection makes a pending instance, known by the masked words of its first
 * entry, and is sent to the service as an upcall; those that follow wait with it. The answer
 * makes the instance, and the packets go on one after the other, in the order in which they
 * came, at the table where they met the action. A rejection, no answer in time, or a service
 * without members is a failure of the template: the packets meet the entry that says so, or
 * are dropped.
 *
 * Memory. At most WEFT_PENDINGS_MAX wait in a datapath, of one port a quarter of that; each
 * holds as many packets as its template says, all together WEFT_PENDING_BYTES of them.
 *
 * Who frees what, when. A pending instance is in a bucket, in the list of ages and in ids. Whoever
 * ends it sets "taken" under the lock: nobody else will, and packets still line up. When
 * its queue is empty it is unlinked and freed, all under the lock; so none of this needs RCU.
 * Packets let go of their socket and of everything else that must not wait when they begin to.
 */
#include <linux/hashtable.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include "datapath.h"
#include "defrag.h"
#include "instance.h"
#include "pending.h"
#include "pipeline.h"
#include "port.h"
#include "table.h"
#include "template.h"
#include "upcall.h"

#define WEFT_PENDINGS_MAX	4096
#define WEFT_PENDINGS_PORT_MAX	(WEFT_PENDINGS_MAX / 4)
#define WEFT_PENDING_BYTES	(32 << 20)
#define WEFT_PENDING_TICK	(HZ / 10 ?: 1)

/* Packets that are let go while others may still line up behind them */
#define WEFT_PENDING_DRAIN	1024

/* Instances whose time is over, found in one go */
#define WEFT_PENDING_BATCH	64

/* Enough of a packet for who gives values; what a GSO frame is cut to */
#define WEFT_PENDING_UPCALL	256

struct weft_pending {
	struct hlist_node node;		/* pendings->buckets, by hash */
	struct list_head age;		/* pendings->ages */
	struct weft_template *template;	/* holds a reference */
	struct weft_port *port;		/* that of the opening packet; NULL: gone */
	u32 id;
	u32 hash;
	u32 when;
	u32 in_port;
	s32 priority;
	bool asked;			/* the service has been sent its packet */
	bool taken;			/* somebody is ending it */
	bool full;			/* no more packets line up */
	unsigned long until;		/* jiffies */
	struct sk_buff_head skbs;	/* its own lock is not used */
	u8 values[];
};

struct weft_pendings {
	struct weft_datapath *dp;
	spinlock_t lock;		/* all of it */
	DECLARE_HASHTABLE(buckets, 10);
	struct list_head ages;
	struct xarray ids;
	u32 next_id;
	u32 n;
	u64 bytes;			/* truesize of what waits */
	struct delayed_work work;
};

/* What is known about a packet that waits, in its control buffer */
struct weft_waiting {
	struct weft_port *port;		/* through which it came */
	struct weft_key *key;		/* metadata; only that part is there */
	struct weft_whole whole;	/* max is 0: it came as one */
	u8 table;
};

static struct weft_waiting *weft_waiting(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct weft_waiting) > sizeof(skb->cb));
	return (struct weft_waiting *)skb->cb;
}

/* The same template, and the same first entry of it; pendings->lock */
static struct weft_pending *weft_pending_find(struct weft_pendings *pendings,
					      const struct weft_opening *o,
					      const struct weft_tentry *e, const u64 *words,
					      u32 hash)
{
	u64 theirs[WEFT_KEY_WORDS];
	struct weft_pending *p;

	hash_for_each_possible(pendings->buckets, p, node, hash) {
		if (p->hash != hash || p->template != o->template ||
		    p->priority != o->priority || weft_template_first(p->template, p->when) != e)
			continue;
		weft_tentry_words(p->template, e, p->values, theirs);
		if (!memcmp(words, theirs, e->n_words * sizeof(*words)))
			return p;
	}
	return NULL;
}

static struct weft_pending *weft_pending_make(struct weft_pendings *pendings,
					      const struct weft_opening *o, struct weft_port *in,
					      u32 hash)
{
	struct weft_template *t = o->template;
	struct weft_pending *p;

	if (pendings->n == WEFT_PENDINGS_MAX || in->n_pending == WEFT_PENDINGS_PORT_MAX ||
	    READ_ONCE(in->detaching) || READ_ONCE(t->dead)) {
		weft_template_refuse(t, WEFT_REFUSED_QUEUE);
		return NULL;
	}
	p = kzalloc(struct_size(p, values, t->values_len), GFP_ATOMIC | __GFP_NOWARN);
	if (!p)
		goto no_memory;
	if (xa_alloc_cyclic(&pendings->ids, &p->id, p, xa_limit_32b, &pendings->next_id,
			    GFP_ATOMIC | __GFP_NOWARN) < 0) {
		kfree(p);
		goto no_memory;
	}
	weft_template_hold(t);
	atomic_inc(&t->n_pending);
	p->template = t;
	p->port = in;
	p->hash = hash;
	p->when = o->when;
	p->in_port = in->id;
	p->priority = o->priority;
	p->until = jiffies + msecs_to_jiffies(t->pending_ms);
	__skb_queue_head_init(&p->skbs);
	memcpy(p->values, o->values, t->values_len);
	hash_add(pendings->buckets, &p->node, hash);
	list_add_tail(&p->age, &pendings->ages);
	in->n_pending++;
	if (!pendings->n++)
		queue_delayed_work(weft_wq, &pendings->work, WEFT_PENDING_TICK);
	return p;

no_memory:
	weft_template_refuse(t, WEFT_REFUSED_MEMORY);
	return NULL;
}

u32 weft_pending_open(struct weft_datapath *dp, const struct weft_opening *o,
		      struct weft_port *in)
{
	const struct weft_tentry *e = weft_template_first(o->template, o->when);
	struct weft_pendings *pendings = dp->pendings;
	u64 words[WEFT_KEY_WORDS];
	struct weft_pending *p;
	u32 hash, id;

	weft_tentry_words(o->template, e, o->values, words);
	hash = weft_subtable_hash(e->subtable, words);
	spin_lock(&pendings->lock);
	p = weft_pending_find(pendings, o, e, words, hash);
	if (!p)
		p = weft_pending_make(pendings, o, in, hash);
	id = p ? p->id : 0;
	spin_unlock(&pendings->lock);
	return id;
}

/* Packets */

static void weft_waiting_free(struct sk_buff *skb)
{
	kfree(weft_waiting(skb)->key);
}

static void weft_waiting_drop(struct sk_buff *skb, enum weft_drop reason)
{
	weft_waiting_free(skb);
	weft_port_drop(weft_waiting(skb)->port, skb, reason);
}

/* Let go of what must not wait, keep what is known */
static bool weft_waiting_prepare(struct sk_buff *skb, struct weft_port *in,
				 const struct weft_op_wait *op, const struct weft_whole *whole)
{
	struct weft_waiting *waiting = weft_waiting(skb);
	struct weft_key *key;

	if (skb_orphan_frags_rx(skb, GFP_ATOMIC))
		return false;
	key = kmalloc(WEFT_KEY_PACKET, GFP_ATOMIC | __GFP_NOWARN);
	if (!key)
		return false;
	memcpy(key, op->metadata, WEFT_KEY_PACKET);
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb->dev = NULL;
	waiting->port = in;
	waiting->key = key;
	waiting->table = op->table;
	waiting->whole = whole ? *whole : (struct weft_whole){};
	return true;
}

/* The frame for the service: of a GSO frame the beginning, as one packet */
static struct sk_buff *weft_pending_frame(const struct sk_buff *skb)
{
	struct sk_buff *frame = skb_copy_expand(skb, skb_headroom(skb), 0,
						GFP_ATOMIC | __GFP_NOWARN);

	if (!frame || !skb_is_gso(frame))
		return frame;
	skb_gso_reset(frame);
	frame->ip_summed = CHECKSUM_NONE;
	if (frame->len > WEFT_PENDING_UPCALL)
		skb_trim(frame, WEFT_PENDING_UPCALL);
	return frame;
}

static enum weft_drop weft_pending_ask(struct weft_datapath *dp, struct weft_port *in,
				       struct weft_template *t, u32 id, struct sk_buff *frame,
				       const struct weft_op_wait *wait)
{
	struct weft_op_upcall up = {
		.op.code = WEFT_OP_UPCALL,
		.service = t->service,
		.cookie = wait->cookie,
		.max_len = U32_MAX,
		.template = t->id,
		.pending = id,
		.slice = t->slice,
		.table = wait->table,
		.fallback = WEFT_FALLBACK_DROP,
	};
	enum weft_drop reason = weft_upcall_check(in, &up);

	if (!frame)
		return WEFT_DROP_NO_MEMORY;
	if (reason) {
		kfree_skb(frame);
		return reason;
	}
	memcpy(up.metadata, wait->metadata, sizeof(up.metadata));
	return weft_upcall_queue(dp, in, frame, &up);
}

/* pendings->lock */
static void weft_pending_unlink(struct weft_pendings *pendings, struct weft_pending *p)
{
	hash_del(&p->node);
	list_del(&p->age);
	xa_erase(&pendings->ids, p->id);
	if (p->port)
		p->port->n_pending--;
	pendings->n--;
	atomic_dec(&p->template->n_pending);
	weft_template_put(p->template);
	kfree(p);
}

/* Nobody could be asked: what waits is dropped, and the next packet tries again */
static void weft_pending_unasked(struct weft_pendings *pendings, u32 id, enum weft_drop reason)
{
	struct weft_pending *p;
	struct sk_buff *skb;

	spin_lock(&pendings->lock);
	p = xa_load(&pendings->ids, id);
	if (p && !p->taken) {
		weft_template_refuse(p->template, WEFT_REFUSED_SERVICE);
		while ((skb = __skb_dequeue(&p->skbs))) {
			pendings->bytes -= skb->truesize;
			weft_waiting_drop(skb, reason);
		}
		weft_pending_unlink(pendings, p);
	}
	spin_unlock(&pendings->lock);
}

/* The packet goes on; @waited: it is the next of those that wait with this number; or 0 */
static void weft_pending_go(struct weft_port *in, struct sk_buff *skb, u32 waited)
{
	struct weft_waiting waiting = *weft_waiting(skb);

	weft_pipeline_resume(in, skb, waiting.key, waiting.table, waited,
			     waiting.whole.max ? &waiting.whole : NULL);
	kfree(waiting.key);
}

enum weft_drop weft_pending_wait(struct weft_datapath *dp, struct weft_port *in,
				 struct sk_buff *skb, const struct weft_op_wait *op,
				 const struct weft_whole *whole)
{
	struct weft_pendings *pendings = dp->pendings;
	enum weft_drop reason = WEFT_DROP_UPCALL_QUEUE;
	struct weft_template *t = NULL;
	struct sk_buff *frame = NULL;
	struct weft_pending *p;
	bool ask = false;
	u32 id = op->op.arg;

	if (!weft_waiting_prepare(skb, in, op, whole)) {
		kfree_skb(skb);
		return WEFT_DROP_NO_MEMORY;
	}
	spin_lock(&pendings->lock);
	p = xa_load(&pendings->ids, id);
	if (!p) {
		/* it was answered between the walk and here, and all who waited are through */
		spin_unlock(&pendings->lock);
		weft_pending_go(in, skb, 0);
		return WEFT_DROP_UNSPEC;
	}
	if (READ_ONCE(in->detaching)) {
		reason = WEFT_DROP_DETACHING;
		goto drop;
	}
	if (p->full || skb_queue_len(&p->skbs) >= p->template->pending_packets ||
	    pendings->bytes + skb->truesize > WEFT_PENDING_BYTES) {
		weft_template_refuse(p->template, WEFT_REFUSED_QUEUE);
		goto drop;
	}
	ask = !p->asked && !p->taken;
	if (ask) {
		p->asked = true;
		t = p->template;
		frame = weft_pending_frame(skb);
	}
	pendings->bytes += skb->truesize;
	__skb_queue_tail(&p->skbs, skb);
	spin_unlock(&pendings->lock);
	if (ask) {
		/* the template is there as long as RCU is locked */
		reason = weft_pending_ask(dp, in, t, id, frame, op);
		if (reason)
			weft_pending_unasked(pendings, id, reason);
	}
	return WEFT_DROP_UNSPEC;

drop:
	spin_unlock(&pendings->lock);
	weft_waiting_free(skb);
	kfree_skb(skb);
	return reason;
}

/* Answers; process context */

int weft_pending_take(struct weft_datapath *dp, u32 id, struct weft_opening *o)
{
	struct weft_pendings *pendings = dp->pendings;
	struct weft_pending *p;

	spin_lock_bh(&pendings->lock);
	p = xa_load(&pendings->ids, id);
	if (!p || p->taken) {
		spin_unlock_bh(&pendings->lock);
		return -ENOENT;
	}
	p->taken = true;
	o->template = p->template;
	o->when = p->when;
	o->in_port = p->in_port;
	o->priority = p->priority;
	o->pending = id;
	memcpy(o->values, p->values, p->template->values_len);
	spin_unlock_bh(&pendings->lock);
	return 0;
}

/*
 * The next packet; when there is none, the end of the pending instance. Others of the same
 * connection may line up meanwhile, but not for ever.
 */
static struct sk_buff *weft_pending_next(struct weft_datapath *dp, u32 id, u32 instance,
					 unsigned int done)
{
	struct weft_pendings *pendings = dp->pendings;
	struct weft_pending *p;
	struct sk_buff *skb;

	spin_lock(&pendings->lock);
	p = xa_load(&pendings->ids, id);
	p->full = done >= WEFT_PENDING_DRAIN;
	skb = __skb_dequeue(&p->skbs);
	if (skb) {
		pendings->bytes -= skb->truesize;
	} else {
		/* who finds it gone finds that there is nothing to line up for, too */
		weft_instance_go_on(dp, instance, id);
		weft_pending_unlink(pendings, p);
	}
	spin_unlock(&pendings->lock);
	return skb;
}

/* Let one packet go on, or drop it; false: there was none */
static bool weft_pending_drain(struct weft_datapath *dp, u32 id, u32 instance, unsigned int done)
{
	struct sk_buff *skb;

	/* its port is there as long as RCU is locked */
	rcu_read_lock();
	local_bh_disable();
	skb = weft_pending_next(dp, id, instance, done);
	if (skb && instance)
		weft_pending_go(weft_waiting(skb)->port, skb, id);
	else if (skb)
		weft_waiting_drop(skb, WEFT_DROP_REJECTED);
	local_bh_enable();
	rcu_read_unlock();
	return skb;
}

void weft_pending_done(struct weft_datapath *dp, u32 id, u32 instance)
{
	unsigned int done = 0;

	while (weft_pending_drain(dp, id, instance, done++))
		cond_resched();
}

void weft_pending_give_back(struct weft_datapath *dp, u32 id)
{
	struct weft_pendings *pendings = dp->pendings;
	struct weft_pending *p;

	spin_lock_bh(&pendings->lock);
	p = xa_load(&pendings->ids, id);
	p->taken = false;
	spin_unlock_bh(&pendings->lock);
}

int weft_pending_reject(struct weft_datapath *dp, u32 id, enum weft_refusal why)
{
	struct weft_opening *o = kzalloc(sizeof(*o), GFP_KERNEL);
	int err;

	if (!o)
		return -ENOMEM;
	err = weft_pending_take(dp, id, o);
	if (!err) {
		weft_template_refuse(o->template, why);
		weft_pending_done(dp, id, weft_instance_add_failure(dp, o) ? o->id : 0);
	}
	kfree(o);
	return err;
}

/* Drop what waits and came by a port, or for a template */
static void weft_pending_purge(struct weft_pendings *pendings, const struct weft_port *port,
			       const struct weft_template *t)
{
	struct weft_pending *p, *tmp;
	struct sk_buff *skb, *next;

	spin_lock_bh(&pendings->lock);
	list_for_each_entry_safe(p, tmp, &pendings->ages, age) {
		skb_queue_walk_safe(&p->skbs, skb, next) {
			if (weft_waiting(skb)->port != port && p->template != t)
				continue;
			__skb_unlink(skb, &p->skbs);
			pendings->bytes -= skb->truesize;
			weft_waiting_drop(skb, WEFT_DROP_DETACHING);
		}
		if (port && p->port == port) {
			p->port->n_pending--;
			p->port = NULL;
		}
		if (p->template == t && !p->taken)
			weft_pending_unlink(pendings, p);
	}
	spin_unlock_bh(&pendings->lock);
}

void weft_pending_port_gone(struct weft_port *port)
{
	weft_pending_purge(port->dp->pendings, port, NULL);
}

void weft_pending_template_gone(struct weft_datapath *dp, struct weft_template *t)
{
	weft_pending_purge(dp->pendings, NULL, t);
}

struct weft_pending_due {
	u32 id;
	enum weft_refusal why;
};

/* Some that need not wait any longer, and why */
static unsigned int weft_pending_due(struct weft_pendings *pendings, struct weft_pending_due *due)
{
	struct weft_pending *p;
	unsigned int n = 0;

	spin_lock_bh(&pendings->lock);
	list_for_each_entry(p, &pendings->ages, age) {
		bool alone = !weft_service_has_members(p->template->service);

		if (p->taken || (!alone && time_before(jiffies, p->until)))
			continue;
		due[n++] = (struct weft_pending_due) {
			.id = p->id, .why = alone ? WEFT_REFUSED_SERVICE : WEFT_REFUSED_TIMEOUT,
		};
		if (n == WEFT_PENDING_BATCH)
			break;
	}
	spin_unlock_bh(&pendings->lock);
	return n;
}

/* End those; without memory the rest is done at the next tick */
static bool weft_pending_expire(struct weft_datapath *dp, const struct weft_pending_due *due,
				unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (weft_pending_reject(dp, due[i].id, due[i].why) == -ENOMEM)
			return false;
		cond_resched();
	}
	return n == WEFT_PENDING_BATCH;
}

static void weft_pending_work(struct work_struct *work)
{
	struct weft_pendings *pendings = container_of(to_delayed_work(work),
						      struct weft_pendings, work);
	struct weft_pending_due due[WEFT_PENDING_BATCH];
	struct weft_datapath *dp = pendings->dp;
	unsigned int n = WEFT_PENDINGS_MAX / WEFT_PENDING_BATCH;

	mutex_lock(&dp->lock);
	while (n-- && weft_pending_expire(dp, due, weft_pending_due(pendings, due)))
		;
	mutex_unlock(&dp->lock);
	spin_lock_bh(&pendings->lock);
	if (pendings->n)
		queue_delayed_work(weft_wq, &pendings->work, WEFT_PENDING_TICK);
	spin_unlock_bh(&pendings->lock);
}

int weft_pending_init(struct weft_datapath *dp)
{
	struct weft_pendings *pendings = kvzalloc(sizeof(*pendings), GFP_KERNEL_ACCOUNT);

	if (!pendings)
		return -ENOMEM;
	pendings->dp = dp;
	spin_lock_init(&pendings->lock);
	hash_init(pendings->buckets);
	INIT_LIST_HEAD(&pendings->ages);
	xa_init_flags(&pendings->ids, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
	INIT_DELAYED_WORK(&pendings->work, weft_pending_work);
	dp->pendings = pendings;
	return 0;
}

void weft_pending_exit(struct weft_datapath *dp)
{
	struct weft_pendings *pendings = dp->pendings;
	struct weft_pending *p, *tmp;

	cancel_delayed_work_sync(&pendings->work);
	spin_lock_bh(&pendings->lock);
	list_for_each_entry_safe(p, tmp, &pendings->ages, age)
		weft_pending_unlink(pendings, p);	/* ports are gone, so nothing waits */
	spin_unlock_bh(&pendings->lock);
}

void weft_pending_free(struct weft_datapath *dp)
{
	if (dp->pendings)
		xa_destroy(&dp->pendings->ids);
	kvfree(dp->pendings);
}
