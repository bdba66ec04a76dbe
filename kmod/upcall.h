/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Services: consumers of upcalls in user space.
 *
 * A service is made by the first action or socket that names it and lives until
 * neither is left. Packets wait in one bounded queue per (service, port); a
 * worker takes from the queues in turn, one packet each, as long as a member
 * has credits.
 */
#ifndef WEFT_UPCALL_H
#define WEFT_UPCALL_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/weft.h>
#include "key.h"

struct netlink_ext_ack;
struct sk_buff;
struct weft_datapath;
struct weft_op_upcall;
struct weft_port;
struct weft_service;

#define WEFT_SERVICE_CREDITS_MAX	1048576	/* that a member may hold */
#define WEFT_SERVICE_LIMIT_MAX		4096
#define WEFT_SERVICE_LIMIT_DEFAULT	64
#define WEFT_SERVICE_MEMBERS_MAX	64

/* What is known about a packet that waits; its segments share it */
struct weft_upcall {
	refcount_t refs;
	u32 arg;
	u64 cookie;
	u64 time_ns;		/* CLOCK_REALTIME */
	u32 max_len;
	u32 in_port;
	u32 hash;		/* of its flow; 0: not computed */
	u32 template;		/* id; 0: none */
	u32 pending;
	u16 slice;
	u8 table;
	u8 metadata[WEFT_KEY_PACKET];	/* leading part of struct weft_key */
};

/* A service as it is reported */
struct weft_service_info {
	char name[WEFT_NAME_MAX + 1];
	u32 queue_limit;
	u32 credits;
	u32 members;
	u32 queued;
	u64 delivered;
	u64 dropped;
};

/*
 * Find or make the service @name and take a reference for an action;
 * process context, dp->lock held. ERR_PTR with extack on failure.
 */
struct weft_service *weft_service_get(struct weft_datapath *dp, const char *name,
				      struct netlink_ext_ack *extack);

/* One more reference, to a service that the caller has one to */
void weft_service_hold(struct weft_service *service);

/* Give it back; any context; the service is freed by RCU */
void weft_service_put(struct weft_service *service);

/* Is anybody there? Without a lock, so a moment ago. */
bool weft_service_has_members(const struct weft_service *service);

const char *weft_service_name(const struct weft_service *service);

/* The service @name with a reference; NULL when there is none */
struct weft_service *weft_service_find(struct weft_datapath *dp, const char *name);

/*
 * For dumps: the first service in slot *@slot or behind it, with a reference; the
 * slot where it was found is left in *@slot. NULL when there is none.
 */
struct weft_service *weft_service_next(struct weft_datapath *dp, unsigned int *slot);

void weft_service_read(struct weft_service *service, struct weft_service_info *info);

/*
 * The socket @portid becomes a member, with @credits: -EEXIST when it is one,
 * -ENOSPC when there are too many, -ENODEV when the datapath is going away.
 */
int weft_service_join(struct weft_service *service, u32 portid, u32 credits);

/* It leaves: -ENOENT when it was no member; process context, no locks */
int weft_service_leave(struct weft_service *service, u32 portid);

/* More credits for a member: -ENOENT when it is none, -ERANGE when they were too many */
int weft_service_grant(struct weft_service *service, u32 portid, u32 credits);

/* Packets that may wait for one port, 1 … WEFT_SERVICE_LIMIT_MAX */
void weft_service_set_limit(struct weft_service *service, u32 limit);

/*
 * Queue @skb (consumed, even on failure) for the service. Ethernet header at
 * skb->data. Softirq, RCU. Returns WEFT_DROP_UNSPEC or why not
 * (NO_SERVICE, UPCALL_QUEUE, NO_MEMORY, DETACHING); the caller counts it.
 */
enum weft_drop weft_upcall_queue(struct weft_datapath *dp, struct weft_port *in,
				 struct sk_buff *skb, const struct weft_op_upcall *op);

/*
 * Cheap test for the executor: would a packet of this port be taken now? Saves
 * the copy when the answer is no. Same return values; what is refused here
 * counts as dropped by the service, so do not queue it after all.
 */
enum weft_drop weft_upcall_check(struct weft_port *in, const struct weft_op_upcall *op);

/*
 * Packets of @port that wait are freed; the port is no longer referred to.
 * port->detaching is set before; the port is freed by RCU after. Process context.
 */
void weft_upcall_port_gone(struct weft_port *port);

/*
 * Datapath set-up and tear-down; process context, RTNL and dp->lock may be
 * held. After exit no packet, member or work is left; services that actions
 * still refer to may be given back later, even when the datapath is gone.
 */
int weft_upcall_init(struct weft_datapath *dp);
void weft_upcall_exit(struct weft_datapath *dp);

/* A netlink socket closed: it leaves all its services; process context */
void weft_upcall_socket_gone(struct weft_datapath *dp, u32 portid);

/* netlink_packet.c: the message PACKET_UPCALL; NULL when memory is short */
struct sk_buff *weft_nl_packet_upcall(const struct weft_datapath *dp, const char *service,
				      const struct weft_upcall *upcall, u32 portid,
				      const struct sk_buff *frame);

/* netlink_service.c: announce a change of the service; process context */
void weft_nl_service_event(struct weft_datapath *dp, struct weft_service *service,
			   enum weft_cmd cmd);

#endif /* WEFT_UPCALL_H */
