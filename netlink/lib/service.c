// SPDX-License-Identifier: Apache-2.0
/*
 * Services: registering a socket as consumer of upcalls, granting credits, and
 * looking at queues. The upcalls themselves come by weft_event_recv().
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "wl.h"

/**
 * weft_service_init - begin with an empty service
 * @service: to initialise; it holds nothing that must be freed
 */
void weft_service_init(struct weft_service *service)
{
	*service = (struct weft_service){ 0 };
}

static int service_get_attr(struct weft_service *service, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_SERVICE_A_MAX)
		weft_mark(service, type);
	switch (type) {
	case WEFT_SERVICE_A_DP:
		return wl_attr_str(attr, service->dp, sizeof(service->dp));
	case WEFT_SERVICE_A_NAME:
		return wl_attr_str(attr, service->name, sizeof(service->name));
	case WEFT_SERVICE_A_CREDITS:
		return wl_attr_u32(attr, &service->credits);
	case WEFT_SERVICE_A_QUEUE_LIMIT:
		return wl_attr_u32(attr, &service->queue_limit);
	case WEFT_SERVICE_A_MEMBERS:
		return wl_attr_u32(attr, &service->members);
	case WEFT_SERVICE_A_QUEUED:
		return wl_attr_u32(attr, &service->queued);
	case WEFT_SERVICE_A_DELIVERED:
		return wl_attr_u64(attr, &service->delivered);
	case WEFT_SERVICE_A_DROPPED:
		return wl_attr_u64(attr, &service->dropped);
	}
	return 0;
}

int wl_service_get_msg(struct weft_service *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_service_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = service_get_attr(out, attr);
		if (err)
			return err;
	}
	return 0;
}

static int service_copy(struct weft_service *out, const struct weft_service *service)
{
	*out = *service;
	return 0;
}

static void service_free(struct weft_service *service)
{
	weft_service_init(service);
}

WL_OBJECT(service, service_copy, service_free)

static struct nlmsghdr *service_msg(struct weft_sock *sock, uint8_t cmd, uint16_t flags,
				    const char *dp, const char *name)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);

	wl_put_name(nlh, WEFT_SERVICE_A_DP, dp);
	if (name)
		wl_put_name(nlh, WEFT_SERVICE_A_NAME, name);
	return nlh;
}

/**
 * weft_service_register - make the socket a consumer of a service
 * @sock: the socket
 * @dp: name of the datapath
 * @name: of the service
 * @credits: packets that may be sent to the socket until more are granted
 * @queue_limit: packets that may wait for one port; 0: the default
 *
 * Returns 0, -ENODEV when there is no such datapath, -ENOSPC when it has
 * WEFT_SERVICES_MAX, or another -errno.
 */
int weft_service_register(struct weft_sock *sock, const char *dp, const char *name,
			  uint32_t credits, uint32_t queue_limit)
{
	struct nlmsghdr *nlh = service_msg(sock, WEFT_CMD_SERVICE_NEW, NLM_F_CREATE, dp, name);

	mnl_attr_put_u32(nlh, WEFT_SERVICE_A_CREDITS, credits);
	if (queue_limit)
		mnl_attr_put_u32(nlh, WEFT_SERVICE_A_QUEUE_LIMIT, queue_limit);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_service_leave - be no consumer any more
 * @sock: the socket
 * @dp: name of the datapath
 * @name: of the service
 *
 * Returns 0, -ENOENT when the socket is not registered, or another -errno.
 */
int weft_service_leave(struct weft_sock *sock, const char *dp, const char *name)
{
	return wl_request(sock, service_msg(sock, WEFT_CMD_SERVICE_DEL, 0, dp, name), NULL, NULL);
}

/**
 * weft_service_grant - let more packets come
 * @sock: the socket
 * @dp: name of the datapath
 * @name: of the service
 * @credits: packets, in addition to those that may come already
 *
 * Returns 0, -ENOENT when the socket is not registered, or another -errno.
 */
int weft_service_grant(struct weft_sock *sock, const char *dp, const char *name, uint32_t credits)
{
	struct nlmsghdr *nlh = service_msg(sock, WEFT_CMD_SERVICE_SET, 0, dp, name);

	mnl_attr_put_u32(nlh, WEFT_SERVICE_A_CREDITS, credits);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_service_set_queue_limit - change how many packets may wait for one port
 * @sock: the socket
 * @dp: name of the datapath
 * @name: of the service
 * @queue_limit: packets, 1…4096
 *
 * Returns 0 or -errno.
 */
int weft_service_set_queue_limit(struct weft_sock *sock, const char *dp, const char *name,
				 uint32_t queue_limit)
{
	struct nlmsghdr *nlh = service_msg(sock, WEFT_CMD_SERVICE_SET, 0, dp, name);

	mnl_attr_put_u32(nlh, WEFT_SERVICE_A_QUEUE_LIMIT, queue_limit);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_service_get - ask for one service
 * @sock: the socket
 * @dp: name of the datapath
 * @name: of the service
 * @out: gets it
 *
 * Returns 0, -ENOENT when there is none of that name, or another -errno.
 */
int weft_service_get(struct weft_sock *sock, const char *dp, const char *name,
		     struct weft_service *out)
{
	return service_request_one(sock, service_msg(sock, WEFT_CMD_SERVICE_GET, 0, dp, name), out);
}

/**
 * weft_service_dump - visit the services of a datapath
 * @sock: the socket
 * @dp: name of the datapath
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when services changed meanwhile, what @cb returned, or -errno.
 */
int weft_service_dump(struct weft_sock *sock, const char *dp,
		      int (*cb)(const struct weft_service *service, void *ctx), void *ctx)
{
	return service_request_each(
		sock, service_msg(sock, WEFT_CMD_SERVICE_GET, NLM_F_DUMP, dp, NULL), cb, ctx);
}

/**
 * weft_service_list - all services of a datapath
 * @sock: the socket
 * @dp: name of the datapath
 * @services: gets an array that weft_service_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when services kept changing, or -errno with no array.
 */
int weft_service_list(struct weft_sock *sock, const char *dp, struct weft_service **services,
		      size_t *n)
{
	WL_LIST_TRY(service, services, n, weft_service_dump(sock, dp, service_append, &list));
}

/**
 * weft_service_list_free - free what weft_service_list() returned
 * @services: the array; may be NULL
 * @n: its length
 */
void weft_service_list_free(struct weft_service *services, size_t n)
{
	service_list_clear(services, n);
}
