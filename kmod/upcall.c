// SPDX-License-Identifier: GPL-2.0-only
/*
 * Upcalls: packets on their way to user space.
 *
 * Queues. Packets wait per (service, port), at most queue_limit of them.
 * A queue is made in softirq when its port first needs it and goes with the
 * port (weft_upcall_port_gone()) or with the last member. It points to its port without
 * a reference: whoever drops a packet counts that on the port under
 * service->lock, and weft_upcall_port_gone() removes the pointer under the same
 * lock. port->detaching is set before, and read under the lock, so late readers
 * of the port make no new queue. The worker marks the queue and the member
 * that it works for, so both can go while it has no lock.
 *
 * Memory. A service holds at most WEFT_SERVICE_PACKETS_MAX packets and
 * WEFT_SERVICE_BYTES_MAX bytes. When it is full, a packet of a port that has few
 * pushes out the last packet of a port that has many ("many" by powers of two, see
 * by_len); only ports with as many as anybody are refused. So a flood from some
 * ports cannot keep the first packets of the others out. On top of that come the
 * segments of at most one frame per port.
 *
 * Order. A worker per service takes one packet from each queue in turn. With P
 * ports having packets, a packet that is n-th in its queue goes up after at most
 * n * P messages. A GSO frame is cut when it reaches the head of its queue; its segments
 * then stand at the head, and each takes a turn and a credit of its own (so they
 * count in n).
 *
 * The life of services and members, and the locks: see service.c.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ktime.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include "compat.h"
#include "datapath.h"
#include "port.h"
#include "program.h"
#include "service.h"
#include "upcall.h"

#define WEFT_SERVICE_PACKETS_MAX	4096
#define WEFT_SERVICE_BYTES_MAX		(32 << 20)

struct weft_upcall_cb {
	struct weft_upcall *upcall;
};

static struct weft_upcall_cb *weft_upcall_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct weft_upcall_cb) > sizeof(skb->cb));
	return (struct weft_upcall_cb *)skb->cb;
}

static void weft_upcall_put(struct weft_upcall *upcall)
{
	if (refcount_dec_and_test(&upcall->refs))
		kfree(upcall);
}

/* The queues; all under service->lock */

static void weft_queue_set_len(struct weft_service *service, struct weft_queue *queue, u32 len)
{
	unsigned int old = fls(queue->len), new = fls(len);

	WRITE_ONCE(queue->len, len);
	if (old == new)
		return;
	if (old) {
		list_del(&queue->same_len);
		if (list_empty(&service->by_len[old]))
			service->lens &= ~BIT(old);
	}
	if (new) {
		list_add_tail(&queue->same_len, &service->by_len[new]);
		service->lens |= BIT(new);
	}
}

static void weft_queue_append(struct weft_service *service, struct weft_queue *queue,
			      struct sk_buff *skb)
{
	if (!queue->len)
		list_add_tail(&queue->turn, &service->turns);
	__skb_queue_tail(&queue->skbs, skb);
	service->packets++;
	service->bytes += skb->truesize;
	weft_queue_set_len(service, queue, queue->len + 1);
}

/* Segments go back to where their frame was, and it is still their turn */
static void weft_queue_put_back(struct weft_service *service, struct weft_queue *queue,
				struct sk_buff_head *segments)
{
	u32 n = skb_queue_len(segments);
	struct sk_buff *skb;

	if (!n)
		return;
	if (!queue->len)
		list_add(&queue->turn, &service->turns);
	skb_queue_walk(segments, skb)
		service->bytes += skb->truesize;
	service->packets += n;
	skb_queue_splice_init(segments, &queue->skbs);
	weft_queue_set_len(service, queue, queue->len + n);
}

static void weft_queue_remove(struct weft_service *service, struct weft_queue *queue,
			      struct sk_buff *skb)
{
	__skb_unlink(skb, &queue->skbs);
	service->packets--;
	service->bytes -= skb->truesize;
	weft_queue_set_len(service, queue, queue->len - 1);
	if (!queue->len)
		list_del(&queue->turn);
}

/* Drop a packet that is in no queue any more; @queue->port may be gone */
static void weft_queue_drop(struct weft_service *service, struct weft_queue *queue,
			    struct sk_buff *skb, enum weft_drop reason)
{
	weft_upcall_put(weft_upcall_cb(skb)->upcall);
	atomic64_inc(&service->dropped);
	if (queue->port)
		weft_port_drop(queue->port, skb, reason);
	else
		kfree_skb(skb);
}

unsigned int weft_queue_purge(struct weft_service *service, struct weft_queue *queue,
			      unsigned int n, enum weft_drop reason)
{
	unsigned int done;
	struct sk_buff *skb;

	for (done = 0; done < n; done++) {
		skb = skb_peek(&queue->skbs);
		if (!skb)
			break;
		weft_queue_remove(service, queue, skb);
		weft_queue_drop(service, queue, skb, reason);
	}
	return done;
}

void weft_queue_unlink(struct weft_service *service, struct weft_queue *queue)
{
	xa_erase(&service->queues, queue->port_id);
	queue->unlinked = true;
	if (queue != service->busy_queue)
		kfree_rcu(queue, rcu);
}

struct weft_queue *weft_queue_find(struct weft_service *service, const struct weft_port *port)
{
	struct weft_queue *queue = xa_load(&service->queues, port->id);

	return queue && queue->port == port ? queue : NULL;
}

static struct weft_queue *weft_queue_make(struct weft_service *service, struct weft_port *port)
{
	struct weft_queue *queue = kzalloc(sizeof(*queue), GFP_ATOMIC | __GFP_NOWARN);

	if (!queue)
		return NULL;
	queue->port = port;
	queue->port_id = port->id;
	__skb_queue_head_init(&queue->skbs);
	if (xa_insert(&service->queues, port->id, queue, GFP_ATOMIC | __GFP_NOWARN)) {
		kfree(queue);
		return NULL;
	}
	return queue;
}

void weft_service_kick(struct weft_service *service)
{
	if (!service->packets || !service->credits)
		return;
	refcount_inc(&service->refs);
	if (!queue_work(weft_wq, &service->work))
		refcount_dec(&service->refs);
}

/* Into the queues: softirq */

enum weft_drop weft_upcall_check(struct weft_port *in, const struct weft_op_upcall *op)
{
	struct weft_service *service = op->service;
	enum weft_drop reason = WEFT_DROP_UNSPEC;
	struct weft_queue *queue;

	if (!READ_ONCE(service->n_members)) {
		reason = WEFT_DROP_NO_SERVICE;
	} else {
		queue = xa_load(&service->queues, in->id);
		if (queue && READ_ONCE(queue->len) >= READ_ONCE(service->limit))
			reason = WEFT_DROP_UPCALL_QUEUE;
	}
	if (reason)
		atomic64_inc(&service->dropped);
	return reason;
}

/* Let go of everything that must not wait with the packet, and fill in what is known */
static struct weft_upcall *weft_upcall_prepare(struct weft_service *service,
					       struct weft_port *in, struct sk_buff *skb,
					       const struct weft_op_upcall *op)
{
	struct weft_upcall *upcall;

	if (skb_orphan_frags_rx(skb, GFP_ATOMIC))
		return NULL;
	upcall = kmalloc(sizeof(*upcall), GFP_ATOMIC | __GFP_NOWARN);
	if (!upcall)
		return NULL;
	refcount_set(&upcall->refs, 1);
	upcall->arg = op->op.arg;
	upcall->cookie = op->cookie;
	upcall->time_ns = ktime_get_real_ns();
	upcall->max_len = op->max_len;
	upcall->in_port = in->id;
	upcall->hash = 0;
	upcall->template = op->template;
	upcall->pending = op->pending;
	upcall->slice = op->slice;
	upcall->table = op->table;
	memcpy(upcall->metadata, op->metadata, sizeof(upcall->metadata));

	if (READ_ONCE(service->n_members) > 1) {
		skb->dev = in->dev;	/* the dissector asks for the namespace */
		upcall->hash = skb_get_hash(skb);
	}
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb->dev = NULL;
	weft_upcall_cb(skb)->upcall = upcall;
	return upcall;
}

/* The service is full: whose packet can go for one of a queue with @len packets? */
static struct weft_queue *weft_service_victim(struct weft_service *service, u32 len,
					      unsigned int truesize)
{
	unsigned int longest = fls(service->lens) - 1;
	struct weft_queue *queue;
	struct sk_buff *tail;

	if (!service->lens || longest <= fls(len + 1))
		return NULL;
	queue = list_first_entry(&service->by_len[longest], struct weft_queue, same_len);
	tail = skb_peek_tail(&queue->skbs);
	if (service->bytes - tail->truesize + truesize > WEFT_SERVICE_BYTES_MAX)
		return NULL;
	return queue;
}

static enum weft_drop weft_service_admit(struct weft_service *service, struct weft_port *in,
					 struct sk_buff *skb)
{
	struct weft_queue *queue, *victim;
	struct sk_buff *tail;

	if (!service->n_members)
		return WEFT_DROP_NO_SERVICE;
	if (READ_ONCE(in->detaching))
		return WEFT_DROP_DETACHING;
	queue = weft_queue_find(service, in);
	if (queue && queue->len >= service->limit)
		return WEFT_DROP_UPCALL_QUEUE;
	if (!queue)
		queue = weft_queue_make(service, in);
	if (!queue)
		return WEFT_DROP_NO_MEMORY;

	if (service->packets >= WEFT_SERVICE_PACKETS_MAX ||
	    service->bytes + skb->truesize > WEFT_SERVICE_BYTES_MAX) {
		victim = weft_service_victim(service, queue->len, skb->truesize);
		if (!victim)
			return WEFT_DROP_UPCALL_QUEUE;
		tail = skb_peek_tail(&victim->skbs);
		weft_queue_remove(service, victim, tail);
		weft_queue_drop(service, victim, tail, WEFT_DROP_UPCALL_QUEUE);
	}
	weft_queue_append(service, queue, skb);
	weft_service_kick(service);
	return WEFT_DROP_UNSPEC;
}

enum weft_drop weft_upcall_queue(struct weft_datapath *dp, struct weft_port *in,
				 struct sk_buff *skb, const struct weft_op_upcall *op)
{
	struct weft_service *service = op->service;
	struct weft_upcall *upcall = NULL;
	enum weft_drop reason;

	if (skb_is_gso(skb) &&
	    skb->len / skb_shinfo(skb)->gso_size >= WEFT_UPCALL_SEGMENTS_MAX) {
		reason = WEFT_DROP_UPCALL_QUEUE;
		goto drop;
	}
	upcall = weft_upcall_prepare(service, in, skb, op);
	if (!upcall) {
		reason = WEFT_DROP_NO_MEMORY;
		goto drop;
	}
	spin_lock(&service->lock);
	reason = weft_service_admit(service, in, skb);
	spin_unlock(&service->lock);
	if (reason)
		goto drop;
	weft_stats_add(in, upcalls, 1);
	return WEFT_DROP_UNSPEC;

drop:
	if (upcall)
		weft_upcall_put(upcall);
	atomic64_inc(&service->dropped);
	kfree_skb(skb);
	return reason;
}

/* Out of the queues: the worker */

/* Offsets as segmentation wants them, from nothing but the frame */
static void weft_upcall_reset_offsets(struct sk_buff *skb)
{
	__be16 proto = eth_hdr(skb)->h_proto;

	if (!eth_proto_is_802_3(proto))
		proto = htons(ETH_P_802_2);
	skb->protocol = proto;
	skb_set_network_header(skb, eth_type_vlan(proto) ? VLAN_ETH_HLEN : ETH_HLEN);
	skb_reset_mac_len(skb);
}

/*
 * Cut a GSO frame (consumed) into @segments; an encapsulated one is cut with
 * regard to what @dev can do. Returns why it had to be dropped.
 */
static enum weft_drop weft_upcall_segment(struct sk_buff *skb, struct net_device *dev,
					  struct sk_buff_head *segments)
{
	struct weft_upcall *upcall = weft_upcall_cb(skb)->upcall;
	struct sk_buff *segs, *next;

	skb_reset_mac_header(skb);
	if (!pskb_may_pull(skb, VLAN_ETH_HLEN) || skb_cow_head(skb, 0))
		return WEFT_DROP_NO_MEMORY;
	skb_reset_mac_header(skb);
	weft_upcall_reset_offsets(skb);
	skb->dev = dev;
	segs = __skb_gso_segment(skb, 0, false);
	skb->dev = NULL;
	if (IS_ERR(segs))
		return WEFT_DROP_NO_MEMORY;
	if (!segs) {
		/* One packet after all: it says so from now on. */
		skb_gso_reset(skb);
		__skb_queue_tail(segments, skb);
		return WEFT_DROP_UNSPEC;
	}
	skb_list_walk_safe(segs, segs, next) {
		skb_mark_not_on_list(segs);
		segs->dev = NULL;
		refcount_inc(&upcall->refs);
		weft_upcall_cb(segs)->upcall = upcall;
		__skb_queue_tail(segments, segs);
	}
	weft_upcall_put(upcall);
	consume_skb(skb);
	return WEFT_DROP_UNSPEC;
}

/*
 * Checksum and VLAN tag into the frame, for a reader who knows no offloads.
 * *@skb may be replaced; it is NULL when it had to be freed.
 */
static int weft_upcall_finish(struct sk_buff **skb)
{
	int err;

	if ((*skb)->ip_summed == CHECKSUM_PARTIAL) {
		err = skb_csum_hwoffload_help(*skb, 0);
		if (err)
			return err;
	}
	if (skb_vlan_tag_present(*skb)) {
		skb_reset_mac_header(*skb);
		*skb = __vlan_hwaccel_push_inside(*skb);
		if (!*skb)
			return -ENOMEM;
	}
	return 0;
}

/* The worker has done with what it took from the queue; under service->lock */
static void weft_service_idle(struct weft_service *service)
{
	if (service->busy_queue->unlinked)
		kfree_rcu(service->busy_queue, rcu);
	service->busy_queue = NULL;
	service->busy_member = NULL;
}

static void weft_service_cut(struct weft_service *service, struct weft_queue *queue,
			     struct sk_buff *skb, struct net_device *dev)
{
	struct sk_buff_head segments;
	enum weft_drop reason;

	__skb_queue_head_init(&segments);
	reason = weft_upcall_segment(skb, dev, &segments);

	spin_lock_bh(&service->lock);
	if (reason) {
		weft_queue_drop(service, queue, skb, reason);
	} else if (queue->port && !queue->unlinked) {
		weft_queue_put_back(service, queue, &segments);
	} else {
		while ((skb = __skb_dequeue(&segments)))
			weft_queue_drop(service, queue, skb, WEFT_DROP_NO_SERVICE);
	}
	weft_service_idle(service);
	spin_unlock_bh(&service->lock);
}

/* Returns true when the socket was not there any more */
static bool weft_service_send(struct weft_service *service, struct weft_queue *queue,
			      struct sk_buff *skb, u32 portid)
{
	struct weft_upcall *upcall = weft_upcall_cb(skb)->upcall;
	enum weft_drop reason = WEFT_DROP_NO_MEMORY;
	struct sk_buff *msg = NULL;
	bool gone = false;
	int err;

	if (!weft_upcall_finish(&skb))
		msg = weft_nl_packet_upcall(service->dp, service->name, upcall, portid, skb);
	err = msg ? genlmsg_unicast(service->dp->net, msg, portid) : -ENOMEM;
	if (msg)
		reason = WEFT_DROP_UPCALL_SOCKET;

	spin_lock_bh(&service->lock);
	if (!err) {
		service->delivered++;
	} else if (service->busy_member) {
		service->busy_member->credits++;
		service->credits++;
		if (err == -ECONNREFUSED) {
			weft_member_remove(service, service->busy_member);
			gone = true;
		}
	}
	if (!err) {
		weft_upcall_put(upcall);
		consume_skb(skb);
	} else if (skb) {
		weft_queue_drop(service, queue, skb, reason);
	} else {
		weft_upcall_put(upcall);
		atomic64_inc(&service->dropped);
		if (queue->port)
			weft_port_drop(queue->port, NULL, reason);
	}
	weft_service_idle(service);
	spin_unlock_bh(&service->lock);
	return gone;
}

/* Take one packet and do with it what is next; returns false when nothing is to be done */
static bool weft_service_turn(struct weft_service *service)
{
	struct weft_member *member;
	struct net_device *dev = NULL;
	netdevice_tracker tracker;
	struct weft_queue *queue;
	struct sk_buff *skb;
	u32 portid = 0;

	spin_lock_bh(&service->lock);
	if (!service->packets || !service->credits) {
		spin_unlock_bh(&service->lock);
		return false;
	}
	queue = list_first_entry(&service->turns, struct weft_queue, turn);
	skb = skb_peek(&queue->skbs);
	weft_queue_remove(service, queue, skb);
	service->busy_queue = queue;
	if (skb_is_gso(skb)) {
		dev = queue->port->dev;
		netdev_hold(dev, &tracker, GFP_ATOMIC);
	} else {
		if (queue->len)
			list_move_tail(&queue->turn, &service->turns);
		member = weft_member_choose(service, weft_upcall_cb(skb)->upcall->hash);
		member->credits--;
		service->credits--;
		service->busy_member = member;
		portid = member->portid;
	}
	spin_unlock_bh(&service->lock);

	if (dev) {
		weft_service_cut(service, queue, skb, dev);
		netdev_put(dev, &tracker);
	} else if (weft_service_send(service, queue, skb, portid)) {
		weft_service_left(service);
	}
	return true;
}

void weft_service_work(struct work_struct *work)
{
	struct weft_service *service = container_of(work, struct weft_service, work);
	unsigned int budget = WEFT_UPCALL_BATCH;

	while (budget && weft_service_turn(service)) {
		budget--;
		cond_resched();
	}
	if (!budget) {
		spin_lock_bh(&service->lock);
		weft_service_kick(service);
		spin_unlock_bh(&service->lock);
	}
	weft_service_put(service);
}
