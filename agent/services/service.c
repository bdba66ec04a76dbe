// SPDX-License-Identifier: Apache-2.0
/*
 * service.c - see service.h.
 *
 * The order at a start matters: first the group of events is joined, then instances are read, then
 * the service is registered. So nothing ends unheard, and nothing is decided before all is known.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "memory.h"
#include "services/service.h"

#define WINDOW 256
#define ROUNDS 16 /* until other events have their turn */
#define TRIES_MAX 16
#define RETRY_FIRST_MS 50
#define RETRY_LAST_MS 5000

struct service {
	struct service_options options;
	const struct service_ops *ops;
	void *ctx;
	struct event_base *base;
	struct weft_sock *sock;	      /* upcalls and answers */
	struct weft_sock *event_sock; /* instances that come and go */
	struct event *sock_event;
	struct event *event_event;
	struct event *timer; /* of the next try to open */
	unsigned int retry_ms;
	bool registered;
	bool leaving;

	struct service_job *jobs;
	size_t n_jobs;
	uint32_t n_owed;      /* credits to give back */
	size_t *ops_of_batch; /* operation of the batch in hand → job */
	size_t n_batch_ops;

	uint64_t n_upcalls, n_answered, n_rejected, n_refused, n_retried;
	uint64_t n_made, n_ended, n_lost, n_learned, n_opened, n_later;
};

static void close_socks(struct service *service)
{
	if (service->sock_event)
		event_free(service->sock_event);
	if (service->event_event)
		event_free(service->event_event);
	weft_sock_close(service->sock);
	weft_sock_close(service->event_sock);
	service->sock_event = NULL;
	service->event_event = NULL;
	service->sock = NULL;
	service->event_sock = NULL;
	service->registered = false;
}

static void open_later(struct service *service, const char *what, int result)
{
	const char *words = service->sock ? weft_sock_error(service->sock) : "";
	const struct timeval delay = {
		.tv_sec = service->retry_ms / 1000,
		.tv_usec = service->retry_ms % 1000 * 1000,
	};
	char why[400];

	snprintf(why, sizeof(why), "%s: %s", what, *words ? words : strerror(-result));
	if (service->retry_ms == RETRY_FIRST_MS)
		log_notice("%s (trying again)", why);
	service->ops->state(service->ctx, false, why);
	close_socks(service);
	evtimer_add(service->timer, &delay);
	service->retry_ms = service->retry_ms * 2 < RETRY_LAST_MS ? service->retry_ms * 2 :
								    RETRY_LAST_MS;
}

/* ---- learning ------------------------------------------------------------ */

static int learn(struct service *service)
{
	struct weft_instance *instances = NULL;
	size_t n = 0;
	int result;

	result = weft_instance_list(service->event_sock, service->options.dp, NULL, &instances, &n);
	if (result < 0)
		return result;
	service->ops->learn_begin(service->ctx);
	for (size_t i = 0; i < n; i++)
		service->ops->learn(service->ctx, &instances[i]);
	service->ops->learn_end(service->ctx);
	weft_instance_list_free(instances, n);
	service->n_learned = n;
	return 0;
}

void service_learn(struct service *service)
{
	int result;

	if (!service->registered)
		return;
	result = learn(service);
	if (result)
		open_later(service, "cannot read the instances", result);
	else
		event_active(service->event_event, EV_READ, 0); /* some may be in its memory */
}

/* ---- upcalls and answers -------------------------------------------------- */

static void on_refused(void *ctx, size_t op, int err, const char *words)
{
	struct service *service = ctx;
	struct service_job *job;

	if (op >= service->n_batch_ops)
		return;
	job = &service->jobs[service->ops_of_batch[op]];
	job->err = err;
	service->n_refused++;
	log_debug("pending %u: refused: %s", job->pending, words);
}

/* one batch with all jobs that have something to say; -errno when the kernel does not answer */
static int send_answers(struct service *service)
{
	struct weft_batch *batch;
	int result;

	result = weft_batch_begin(service->sock, service->options.dp, on_refused, service, &batch);
	if (result)
		return result;
	service->n_batch_ops = 0;
	for (size_t i = 0; !result && i < service->n_jobs; i++) {
		struct service_job *job = &service->jobs[i];

		if (!job->err)
			continue;
		job->err = 0;
		job->n_tries++;
		service->ops_of_batch[service->n_batch_ops++] = i;
		if (job->reject) {
			result = weft_batch_instance_reject(batch, job->pending);
			service->n_rejected++;
		} else {
			job->answer.pending = job->pending;
			weft_mark(&job->answer, WEFT_INSTANCE_A_PENDING);
			result = weft_batch_instance_new(batch, &job->answer);
		}
	}
	if (!result)
		result = weft_batch_flush(batch);
	weft_batch_free(batch);
	return result;
}

/* does any job want another try? */
static bool look_at_refusals(struct service *service)
{
	bool again = false;

	for (size_t i = 0; i < service->n_jobs; i++) {
		struct service_job *job = &service->jobs[i];

		if (!job->err)
			continue;
		if (job->reject || job->err == -ENOENT) {
			/* it does not wait any more */
			if (!job->reject)
				service->ops->refused(service->ctx, job);
			job->reject = true;
			job->err = 0;
		} else if (!service->ops->refused(service->ctx, job)) {
			job->reject = true;
			job->err = 0;
		} else {
			if (job->n_tries >= TRIES_MAX)
				job->reject = true;
			service->n_retried++;
			again = true;
		}
	}
	return again;
}

static int answer_jobs(struct service *service)
{
	size_t n = service->n_jobs;
	int result = 0;

	while (n) {
		result = send_answers(service);
		if (result || !look_at_refusals(service))
			break;
	}
	for (size_t i = 0; i < n; i++) {
		if (!service->jobs[i].reject)
			service->n_answered++;
		weft_instance_free(&service->jobs[i].answer);
	}
	service->n_jobs = 0;
	if (!result && !service->leaving && service->n_owed)
		result = weft_service_grant(service->sock, service->options.dp,
					    service->options.name, service->n_owed);
	service->n_owed = 0;
	return result;
}

static void take_upcall(struct service *service, const struct weft_packet *packet)
{
	struct service_job *job;

	service->n_upcalls++;
	service->n_owed++;
	if (!weft_has(packet, WEFT_PACKET_A_PENDING)) {
		if (service->ops->packet)
			service->ops->packet(service->ctx, packet);
		return;
	}
	job = &service->jobs[service->n_jobs++];
	memset(job, 0, sizeof(*job));
	job->pending = packet->pending;
	job->template_id = packet->template_id;
	job->err = -EAGAIN; /* nothing was said yet */
	weft_instance_init(&job->answer);
	service->ops->decide(service->ctx, packet, job);
	if (!job->later)
		return;
	weft_instance_free(&job->answer);
	service->n_jobs--;
	service->n_later++;
}

/* what is here, at most a window; 0, -EAGAIN when that was all, or what went wrong */
static int take_upcalls(struct service *service)
{
	struct weft_event event;
	int result = 0;

	while (service->n_owed < service->options.window) {
		result = weft_event_recv(service->sock, &event, false);
		if (result == -EINTR || result == -EPROTO)
			continue;
		if (result)
			break;
		if (event.cmd == WEFT_CMD_PACKET_UPCALL)
			take_upcall(service, &event.packet);
		weft_event_free(&event);
	}
	return result;
}

static void on_sock(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;
	int taken, result;
	uint32_t n;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		taken = take_upcalls(service);
		n = service->n_owed;
		result = answer_jobs(service);
		if (taken && taken != -EAGAIN)
			result = taken;
		if (result == -ENOBUFS)
			service->n_lost++;
		if (result) {
			open_later(service, "the kernel does not answer", result);
			return;
		}
		/* what arrived while answers went out is in the socket's memory */
		if (!n)
			return;
	}
	event_active(service->sock_event, EV_READ, 0);
}

/* ---- events --------------------------------------------------------------- */

/* false: the datapath is not what it was */
static bool take_event(struct service *service, const struct weft_event *event)
{
	const char *dp = service->options.dp;

	switch (event->cmd) {
	case WEFT_CMD_INSTANCE_NEW:
		if (strcmp(event->instance.dp, dp))
			break;
		service->n_made++;
		service->ops->made(service->ctx, &event->instance);
		break;
	case WEFT_CMD_INSTANCE_DEL:
		if (strcmp(event->instance.dp, dp))
			break;
		service->n_ended++;
		service->ops->ended(service->ctx, &event->instance);
		break;
	case WEFT_CMD_DP_NEW:
	case WEFT_CMD_DP_DEL:
		return strcmp(event->dp.name, dp);
	default:
		break;
	}
	return true;
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;
	struct weft_event event;
	bool lost = false, same = true;
	int result = 0;

	while (same) {
		result = weft_event_recv(service->event_sock, &event, false);
		if (result == -EINTR || result == -EPROTO)
			continue;
		if (result == -ENOBUFS) {
			service->n_lost++;
			lost = true;
			continue;
		}
		if (result)
			break;
		same = take_event(service, &event);
		weft_event_free(&event);
	}
	if (!same)
		open_later(service, "the datapath has changed", -ENODEV);
	else if (result != -EAGAIN)
		open_later(service, "events", result);
	else if (lost)
		service_learn(service);
}

/* ---- start and end --------------------------------------------------------- */

static void open_socks(struct service *service)
{
	const char *dp = service->options.dp;
	int result;

	result = weft_sock_open(&service->sock, -1);
	if (result)
		service->sock = NULL;
	else
		result = weft_sock_open(&service->event_sock, -1);
	if (result) {
		open_later(service, "cannot speak with weft", result);
		return;
	}
	result = weft_event_join(service->event_sock);
	if (!result)
		result = weft_event_join_instances(service->event_sock);
	if (!result)
		result = learn(service);
	if (result) {
		open_later(service, "cannot read the instances", result);
		return;
	}
	result = weft_service_register(service->sock, dp, service->options.name,
				       service->options.window, 0);
	if (result) {
		open_later(service, "cannot register", result);
		return;
	}
	service->sock_event = event_new(service->base, weft_sock_fd(service->sock),
					EV_READ | EV_PERSIST, on_sock, service);
	service->event_event = event_new(service->base, weft_sock_fd(service->event_sock),
					 EV_READ | EV_PERSIST, on_event, service);
	event_add(service->sock_event, NULL);
	event_add(service->event_event, NULL);
	/* what came while instances were read */
	event_active(service->event_event, EV_READ, 0);
	event_active(service->sock_event, EV_READ, 0);
	service->registered = true;
	service->retry_ms = RETRY_FIRST_MS;
	service->n_opened++;
	log_info("%s: service %s, %" PRIu64 " instances", dp, service->options.name,
		 service->n_learned);
	service->ops->state(service->ctx, true, "");
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	open_socks(arg);
}

struct service *service_new(struct event_base *base, const struct service_options *options,
			    const struct service_ops *ops, void *ctx)
{
	struct service *service = memory_zalloc(sizeof(*service));

	service->options = *options;
	if (!service->options.window)
		service->options.window = WINDOW;
	service->ops = ops;
	service->ctx = ctx;
	service->base = base;
	service->retry_ms = RETRY_FIRST_MS;
	service->timer = evtimer_new(base, on_timer, service);
	service->jobs = memory_zalloc(service->options.window * sizeof(*service->jobs));
	service->ops_of_batch = memory_zalloc(service->options.window *
					      sizeof(*service->ops_of_batch));
	return service;
}

void service_start(struct service *service)
{
	if (!service->registered && !evtimer_pending(service->timer, NULL))
		open_socks(service);
}

void service_leave(struct service *service)
{
	int taken;

	service->leaving = true;
	if (!service->registered)
		return;
	weft_service_leave(service->sock, service->options.dp, service->options.name);
	do {
		taken = take_upcalls(service);
	} while (!answer_jobs(service) && !taken);
	close_socks(service);
}

struct weft_sock *service_sock(struct service *service)
{
	if (!service->registered)
		return NULL;
	/* events that arrive with answers are in the socket's memory, and nothing would wake us */
	event_active(service->event_event, EV_READ, 0);
	return service->event_sock;
}

json_t *service_status(const struct service *service)
{
	return json_pack(
		"{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "registered",
		service->registered, "upcalls", (json_int_t)service->n_upcalls, "answered",
		(json_int_t)service->n_answered, "rejected", (json_int_t)service->n_rejected,
		"refused", (json_int_t)service->n_refused, "retried",
		(json_int_t)service->n_retried, "made", (json_int_t)service->n_made, "ended",
		(json_int_t)service->n_ended, "lost", (json_int_t)service->n_lost, "learned",
		(json_int_t)service->n_learned, "opened", (json_int_t)service->n_opened, "later",
		(json_int_t)service->n_later);
}

void service_free(struct service *service)
{
	if (!service)
		return;
	close_socks(service);
	event_free(service->timer);
	free(service->jobs);
	free(service->ops_of_batch);
	free(service);
}
