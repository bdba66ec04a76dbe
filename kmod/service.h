/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two halves of a service share: service.c has the registry and the
 * members, upcall.c the queues and the worker. For nobody else.
 */
#ifndef WEFT_SERVICE_H
#define WEFT_SERVICE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/weft.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "upcall.h"

#define WEFT_UPCALL_SEGMENTS_MAX	1024	/* of a GSO frame */
#define WEFT_UPCALL_BATCH		64	/* packets in one go */

/* A queue is shorter than 2^(WEFT_QUEUE_CLASSES - 1), segments included */
#define WEFT_QUEUE_CLASSES	14

static_assert(WEFT_SERVICE_LIMIT_MAX + WEFT_UPCALL_SEGMENTS_MAX < 1 << (WEFT_QUEUE_CLASSES - 1));

struct weft_member {
	struct list_head node;		/* service.members */
	u32 portid;
	u32 credits;
};

struct weft_queue {
	struct weft_port *port;		/* NULL: gone */
	u32 port_id;
	u32 len;			/* of skbs; READ_ONCE without the lock */
	bool unlinked;			/* not in service.queues: the worker frees it */
	struct sk_buff_head skbs;	/* its own lock is not used */
	struct list_head turn;		/* service.turns while not empty */
	struct list_head same_len;	/* service.by_len[fls(len)] while not empty */
	struct rcu_head rcu;
};

struct weft_service {
	refcount_t refs;
	unsigned int slot;
	char name[WEFT_NAME_MAX + 1];
	struct weft_upcalls *upcalls;	/* holds a reference */
	struct weft_datapath *dp;	/* alive while there are members */
	struct work_struct work;	/* holds a reference from queueing to return */
	atomic64_t dropped;

	spinlock_t lock;		/* the rest, and the queues */
	bool dead;
	u32 limit;
	struct list_head members;
	u32 n_members;			/* READ_ONCE without the lock */
	u64 credits;			/* sum over members */
	struct xarray queues;		/* port id → queue; RCU to look */
	struct list_head turns;
	struct list_head by_len[WEFT_QUEUE_CLASSES];
	unsigned long lens;		/* bit per by_len that is not empty */
	u32 packets;			/* waiting */
	u64 bytes;			/* their truesize */
	u64 delivered;
	struct weft_queue *busy_queue;	/* from which the worker has a packet */
	struct weft_member *busy_member;	/* whose credit it spends; NULL: left */
	struct rcu_head rcu;
};

struct weft_upcalls {
	refcount_t refs;
	spinlock_t lock;		/* slots, dead */
	bool dead;
	struct weft_service *slots[WEFT_SERVICES_MAX];
	struct rcu_head rcu;
};

/* upcall.c; all but the work under service->lock */

/* Drop up to @n packets of a queue; returns how many */
unsigned int weft_queue_purge(struct weft_service *service, struct weft_queue *queue,
			      unsigned int n, enum weft_drop reason);

/* Take an empty queue out; readers of the port may still look at it */
void weft_queue_unlink(struct weft_service *service, struct weft_queue *queue);

/* The queue of a port, or NULL */
struct weft_queue *weft_queue_find(struct weft_service *service, const struct weft_port *port);

/*
 * See to it that the worker runs when there is something to do. Somebody else
 * holds a reference.
 */
void weft_service_kick(struct weft_service *service);

void weft_service_work(struct work_struct *work);

/* service.c */

/* The member that takes the next packet of a flow; somebody has credits; service->lock */
struct weft_member *weft_member_choose(struct weft_service *service, u32 hash);

/* Take a member out and free it; its reference goes over to the caller; service->lock */
void weft_member_remove(struct weft_service *service, struct weft_member *member);

/*
 * A member was removed, and no lock is held: do what is left to do, and put
 * its reference. Process context.
 */
void weft_service_left(struct weft_service *service);

#endif /* WEFT_SERVICE_H */
