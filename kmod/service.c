// SPDX-License-Identifier: GPL-2.0-only
/*
 * Services: who consumes upcalls.
 *
 * A service is a name that actions send copies of packets to and that sockets
 * (its members) register for. It sits in a slot of its datapath's struct
 * weft_upcalls and is counted: one reference for each action that names it, each
 * member, and each queued or running work. The last one to let go takes it out
 * of its slot and frees it by RCU, since programs hold bare pointers.
 * struct weft_upcalls is counted too, by the datapath and by each service, since
 * actions may be freed when the datapath is gone already. dp->upcalls is read
 * under RCU: requests may look for services while the datapath is torn down.
 *
 * Without a member nothing waits: the last one to leave frees all packets and queues.
 * So a service that is freed has none, and service->dp, which is used for
 * messages, is alive while there are members: the datapath's exit removes them.
 *
 * Credits. A message is sent only against a credit of a member. Flows stick to a member
 * by hash; when that one has no credits, the next one that has some takes the
 * packet, so that a stuck member does not block the others. A credit whose
 * message was not delivered is given back: the member cannot know that it was spent.
 *
 * Locking: upcalls->lock for the slots, service->lock for everything in a service and
 * its queues; both are spinlocks for process context and softirq, and neither
 * is taken inside the other. The worker runs in process context and takes nothing
 * else, so it can be waited for under RTNL and dp->lock.
 */
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "datapath.h"
#include "port.h"
#include "service.h"
#include "upcall.h"

static void weft_upcalls_put(struct weft_upcalls *upcalls)
{
	if (refcount_dec_and_test(&upcalls->refs))
		kfree_rcu(upcalls, rcu);
}

void weft_service_hold(struct weft_service *service)
{
	refcount_inc(&service->refs);
}

void weft_service_put(struct weft_service *service)
{
	struct weft_upcalls *upcalls = service->upcalls;

	if (!refcount_dec_and_test(&service->refs))
		return;
	spin_lock_bh(&upcalls->lock);
	upcalls->slots[service->slot] = NULL;
	spin_unlock_bh(&upcalls->lock);
	WARN_ON_ONCE(service->packets || service->n_members || !xa_empty(&service->queues));
	kfree_rcu(service, rcu);
	weft_upcalls_put(upcalls);
}

bool weft_service_has_members(const struct weft_service *service)
{
	return READ_ONCE(service->n_members);
}

const char *weft_service_name(const struct weft_service *service)
{
	return service->name;
}

/* The first service in or behind *@slot that is called @name, or any when NULL */
static struct weft_service *weft_service_look(struct weft_datapath *dp, const char *name,
					      unsigned int *slot)
{
	struct weft_service *service, *found = NULL;
	struct weft_upcalls *upcalls;

	rcu_read_lock();
	upcalls = READ_ONCE(dp->upcalls);
	if (!upcalls)
		goto unlock;
	spin_lock_bh(&upcalls->lock);
	for (; *slot < WEFT_SERVICES_MAX; ++*slot) {
		service = upcalls->slots[*slot];
		if (!service || (name && strcmp(service->name, name)))
			continue;
		if (refcount_inc_not_zero(&service->refs)) {
			found = service;
			break;
		}
	}
	spin_unlock_bh(&upcalls->lock);
unlock:
	rcu_read_unlock();
	return found;
}

struct weft_service *weft_service_find(struct weft_datapath *dp, const char *name)
{
	unsigned int slot = 0;

	return weft_service_look(dp, name, &slot);
}

struct weft_service *weft_service_next(struct weft_datapath *dp, unsigned int *slot)
{
	return weft_service_look(dp, NULL, slot);
}

/* Under dp->lock, so nobody makes the same one at the same time */
static int weft_service_place(struct weft_upcalls *upcalls, struct weft_service *service)
{
	int err = -ENOSPC;
	unsigned int i;

	if (!upcalls)
		return -ENODEV;
	spin_lock_bh(&upcalls->lock);
	for (i = 0; i < WEFT_SERVICES_MAX && upcalls->slots[i]; i++)
		;
	if (upcalls->dead) {
		err = -ENODEV;
	} else if (i < WEFT_SERVICES_MAX) {
		refcount_inc(&upcalls->refs);
		service->upcalls = upcalls;
		service->slot = i;
		upcalls->slots[i] = service;
		err = 0;
	}
	spin_unlock_bh(&upcalls->lock);
	return err;
}

struct weft_service *weft_service_get(struct weft_datapath *dp, const char *name,
				      struct netlink_ext_ack *extack)
{
	struct weft_service *service;
	unsigned int i;
	int err;

	lockdep_assert_held(&dp->lock);
	service = weft_service_find(dp, name);
	if (service)
		return service;

	service = kzalloc(sizeof(*service), GFP_KERNEL);
	if (!service) {
		NL_SET_ERR_MSG(extack, "no memory for a service");
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&service->refs, 1);
	strscpy(service->name, name, sizeof(service->name));
	service->dp = dp;
	INIT_WORK(&service->work, weft_service_work);
	spin_lock_init(&service->lock);
	service->limit = WEFT_SERVICE_LIMIT_DEFAULT;
	INIT_LIST_HEAD(&service->members);
	xa_init(&service->queues);
	INIT_LIST_HEAD(&service->turns);
	for (i = 0; i < WEFT_QUEUE_CLASSES; i++)
		INIT_LIST_HEAD(&service->by_len[i]);

	err = weft_service_place(dp->upcalls, service);
	if (err) {
		if (err == -ENOSPC)
			NL_SET_ERR_MSG(extack, "the datapath has too many services");
		else
			NL_SET_ERR_MSG(extack, "the datapath is going away");
		kfree(service);
		return ERR_PTR(err);
	}
	return service;
}

void weft_service_read(struct weft_service *service, struct weft_service_info *info)
{
	strscpy(info->name, service->name, sizeof(info->name));
	spin_lock_bh(&service->lock);
	info->queue_limit = service->limit;
	info->credits = service->credits;
	info->members = service->n_members;
	info->queued = service->packets;
	info->delivered = service->delivered;
	spin_unlock_bh(&service->lock);
	info->dropped = atomic64_read(&service->dropped);
}

/* Members */

static struct weft_member *weft_member_find(struct weft_service *service, u32 portid)
{
	struct weft_member *member;

	list_for_each_entry(member, &service->members, node)
		if (member->portid == portid)
			return member;
	return NULL;
}

int weft_service_join(struct weft_service *service, u32 portid, u32 credits)
{
	struct weft_member *member = kzalloc(sizeof(*member), GFP_KERNEL);
	int err = 0;

	if (!member)
		return -ENOMEM;
	member->portid = portid;
	member->credits = credits;

	spin_lock_bh(&service->lock);
	if (service->dead) {
		err = -ENODEV;
	} else if (weft_member_find(service, portid)) {
		err = -EEXIST;
	} else if (service->n_members >= WEFT_SERVICE_MEMBERS_MAX) {
		err = -ENOSPC;
	} else {
		refcount_inc(&service->refs);
		list_add_tail(&member->node, &service->members);
		WRITE_ONCE(service->n_members, service->n_members + 1);
		service->credits += credits;
		weft_service_kick(service);
	}
	spin_unlock_bh(&service->lock);
	if (err)
		kfree(member);
	return err;
}

int weft_service_grant(struct weft_service *service, u32 portid, u32 credits)
{
	struct weft_member *member;
	int err = 0;

	spin_lock_bh(&service->lock);
	member = weft_member_find(service, portid);
	if (!member) {
		err = -ENOENT;
	} else if ((u64)member->credits + credits > WEFT_SERVICE_CREDITS_MAX) {
		err = -ERANGE;
	} else {
		member->credits += credits;
		service->credits += credits;
		weft_service_kick(service);
	}
	spin_unlock_bh(&service->lock);
	return err;
}

void weft_service_set_limit(struct weft_service *service, u32 limit)
{
	spin_lock_bh(&service->lock);
	WRITE_ONCE(service->limit, limit);
	spin_unlock_bh(&service->lock);
}

void weft_member_remove(struct weft_service *service, struct weft_member *member)
{
	list_del(&member->node);
	WRITE_ONCE(service->n_members, service->n_members - 1);
	service->credits -= member->credits;
	if (service->busy_member == member)
		service->busy_member = NULL;
	kfree(member);
}

/*
 * Drop what waits and free the queues when nobody is left to take it. In
 * steps, since it may be long; a new member ends it and takes what is left.
 */
static void weft_service_drain(struct weft_service *service)
{
	unsigned long id = 0;
	struct weft_queue *queue;
	unsigned int budget;

	do {
		budget = WEFT_UPCALL_BATCH;
		spin_lock_bh(&service->lock);
		while (budget && !service->n_members) {
			queue = xa_find(&service->queues, &id, ULONG_MAX, XA_PRESENT);
			if (!queue)
				break;
			budget -= weft_queue_purge(service, queue, budget,
						   WEFT_DROP_NO_SERVICE);
			if (budget) {
				weft_queue_unlink(service, queue);
				budget--;
			}
		}
		spin_unlock_bh(&service->lock);
		cond_resched();
	} while (!budget);
}

void weft_service_left(struct weft_service *service)
{
	bool last = !READ_ONCE(service->n_members);

	if (last)
		weft_service_drain(service);
	weft_nl_service_event(service->dp, service,
			      last ? WEFT_CMD_SERVICE_DEL : WEFT_CMD_SERVICE_NEW);
	weft_service_put(service);
}

int weft_service_leave(struct weft_service *service, u32 portid)
{
	struct weft_member *member;

	spin_lock_bh(&service->lock);
	member = weft_member_find(service, portid);
	if (member)
		weft_member_remove(service, member);
	spin_unlock_bh(&service->lock);
	if (!member)
		return -ENOENT;
	weft_service_left(service);
	return 0;
}

void weft_upcall_socket_gone(struct weft_datapath *dp, u32 portid)
{
	struct weft_service *service;
	unsigned int slot;

	for (slot = 0; (service = weft_service_next(dp, &slot)); slot++) {
		weft_service_leave(service, portid);
		weft_service_put(service);
	}
}

struct weft_member *weft_member_choose(struct weft_service *service, u32 hash)
{
	u32 index = reciprocal_scale(hash, service->n_members);
	struct weft_member *member, *first = NULL;

	list_for_each_entry(member, &service->members, node) {
		if (member->credits) {
			if (!index)
				return member;
			if (!first)
				first = member;
		}
		if (index)
			index--;
	}
	return first;
}

/* Ports and datapaths that go */

static void weft_service_port_gone(struct weft_service *service, struct weft_port *port)
{
	struct weft_queue *queue;
	bool done = false;

	while (!done) {
		spin_lock_bh(&service->lock);
		if (service->busy_queue && service->busy_queue->port == port &&
		    service->busy_queue->unlinked)
			service->busy_queue->port = NULL;
		queue = weft_queue_find(service, port);
		if (queue)
			weft_queue_purge(service, queue, WEFT_UPCALL_BATCH,
					 WEFT_DROP_DETACHING);
		done = !queue || !queue->len;
		if (queue && done) {
			queue->port = NULL;
			weft_queue_unlink(service, queue);
		}
		spin_unlock_bh(&service->lock);
		cond_resched();
	}
}

void weft_upcall_port_gone(struct weft_port *port)
{
	struct weft_datapath *dp = port->dp;
	struct weft_service *service;
	unsigned int slot;

	WARN_ON_ONCE(!READ_ONCE(port->detaching));
	for (slot = 0; (service = weft_service_next(dp, &slot)); slot++) {
		weft_service_port_gone(service, port);
		weft_service_put(service);
	}
}

int weft_upcall_init(struct weft_datapath *dp)
{
	struct weft_upcalls *upcalls = kzalloc(sizeof(*upcalls), GFP_KERNEL);

	if (!upcalls)
		return -ENOMEM;
	refcount_set(&upcalls->refs, 1);
	spin_lock_init(&upcalls->lock);
	dp->upcalls = upcalls;
	return 0;
}

static void weft_service_exit(struct weft_service *service)
{
	struct weft_member *member, *next;
	unsigned int refs = 0;

	spin_lock_bh(&service->lock);
	service->dead = true;
	list_for_each_entry_safe(member, next, &service->members, node) {
		weft_member_remove(service, member);
		refs++;
	}
	spin_unlock_bh(&service->lock);
	weft_service_drain(service);
	if (cancel_work_sync(&service->work))
		refs++;
	while (refs--)
		weft_service_put(service);
}

void weft_upcall_exit(struct weft_datapath *dp)
{
	struct weft_upcalls *upcalls = dp->upcalls;
	struct weft_service *service;
	unsigned int slot;

	if (!upcalls)
		return;
	spin_lock_bh(&upcalls->lock);
	upcalls->dead = true;	/* no new services */
	spin_unlock_bh(&upcalls->lock);
	for (slot = 0; (service = weft_service_next(dp, &slot)); slot++) {
		weft_service_exit(service);
		weft_service_put(service);
	}
	WRITE_ONCE(dp->upcalls, NULL);	/* requests that are late find nothing */
	weft_upcalls_put(upcalls);
}
