/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h - what every service daemon does: ask the kernel for packets, and answer.
 *
 * The kernel sends the packets of templates in mode service against credits. They are
 * taken as they come, up to a window; all are decided, all answers go out in one batch, and only
 * then the kernel gets its credits back: a daemon that is slow is not sent more than it can do.
 *
 * What a daemon knows it has from the kernel's instances: at the start, after events were lost,
 * and when the datapath was made anew. So being killed loses nothing. Events and upcalls come by
 * sockets of their own, so that many events cannot push out upcalls.
 */
#ifndef WEFT_SERVICES_SERVICE_H
#define WEFT_SERVICES_SERVICE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <weft/weft.h>

struct event_base;
struct service;

/* A packet that waits for an answer */
struct service_job {
	uint32_t pending;
	uint32_t template_id;
	struct weft_instance answer; /* variables; the daemon's to fill in */
	bool reject;		     /* instead */
	bool later;		     /* the daemon answers by itself, and remembers pending */
	unsigned int n_tries;
	int err;	    /* of the last try: -errno, 0: the kernel took it */
	uint64_t notes[16]; /* the daemon's */
};

struct service_ops {
	/* all that is known is to be forgotten; then each instance; then the end of them */
	void (*learn_begin)(void *ctx);
	void (*learn)(void *ctx, const struct weft_instance *instance);
	void (*learn_end)(void *ctx);
	/* decide: variables of the answer, or reject. The packet is gone afterwards */
	void (*decide)(void *ctx, const struct weft_packet *packet, struct service_job *job);
	/* of an action "service", for which nothing waits; NULL: there are none */
	void (*packet)(void *ctx, const struct weft_packet *packet);
	/* the kernel refused (err): true to try again, with another answer or reject set */
	bool (*refused)(void *ctx, struct service_job *job);
	/* events; made may come for what was learned already */
	void (*made)(void *ctx, const struct weft_instance *instance);
	void (*ended)(void *ctx, const struct weft_instance *instance);
	/* registered, and all is learned (@ok); or the kernel has no such datapath now */
	void (*state)(void *ctx, bool ok, const char *why);
};

struct service_options {
	const char *dp;
	const char *name;
	uint32_t window; /* credits; 0: the default */
};

struct service *service_new(struct event_base *base, const struct service_options *options,
			    const struct service_ops *ops, void *ctx);

/* service_start: open, learn, register; again and again until it works */
void service_start(struct service *service);

/* service_learn: look at the kernel's instances again */
void service_learn(struct service *service);

/* service_leave: take no more, answer what is here already */
void service_leave(struct service *service);

/*
 * service_sock: for requests of the daemon, until it returns to the event loop; NULL while there
 * is none
 */
struct weft_sock *service_sock(struct service *service);

/* service_status: counters; a new reference */
json_t *service_status(const struct service *service);
void service_free(struct service *service);

#endif
