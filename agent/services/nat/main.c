// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - weft-natd: its decisions (natd.h), ranges on demand (grants.h), and its commands.
 *
 * While one takes over from another (program.h) both may choose the same pair: the kernel takes
 * the first and refuses the second.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "services/nat/compile.h"
#include "services/nat/grants.h"
#include "services/nat/nat.h"
#include "services/nat/natd.h"
#include "services/program.h"

#define GRANTS_MS 250

struct weft_natd {
	struct program *program;
	struct natd *natd;
	struct grants *grants;
	struct event *grants_timer;
};

/* now, and again as long as there are any */
static void look_after_grants(struct weft_natd *self)
{
	static const struct timeval period = { .tv_usec = GRANTS_MS * 1000 };
	struct service *service = program_service(self->program);
	struct weft_sock *sock = service_sock(service);

	if (!grants_are_needed(self->grants))
		return;
	if (sock && grants_run(self->grants, self->natd, sock))
		service_learn(service);
	evtimer_add(self->grants_timer, &period);
}

static void on_grants_timer(evutil_socket_t fd, short what, void *arg)
{
	look_after_grants(arg);
}

static void on_state(void *ctx, bool ok, const char *why)
{
	struct weft_natd *self = ctx;

	program_state(self->program, ok, why);
	if (ok)
		look_after_grants(self);
}

static void on_doubt(void *ctx)
{
	struct weft_natd *self = ctx;

	program_learn_soon(self->program);
}

/* ---- the program ---------------------------------------------------------------- */

static void *main_open(struct program *program)
{
	struct weft_natd *self = memory_zalloc(sizeof(*self));
	const struct natd_calls calls = { on_state, on_doubt, self };

	self->program = program;
	self->natd = natd_new(&calls);
	self->grants = grants_new(program_dp(program));
	self->grants_timer = evtimer_new(program_base(program), on_grants_timer, self);
	return self;
}

static void main_close(void *daemon)
{
	struct weft_natd *self = daemon;

	natd_free(self->natd);
	grants_free(self->grants);
	event_free(self->grants_timer);
	free(self);
}

static void *main_ops_ctx(void *daemon)
{
	return ((struct weft_natd *)daemon)->natd;
}

static char *main_configure(void *daemon, const json_t *config)
{
	const char *netns = json_string_value(json_object_get(config, "netns"));
	struct weft_natd *self = daemon;
	char *error = natd_configure(self->natd, config);

	if (error)
		return error;
	grants_configure(self->grants, self->natd, netns ? netns : program_netns(self->program));
	look_after_grants(self);
	return NULL;
}

static bool main_is_configured(const void *daemon)
{
	return natd_is_configured(((const struct weft_natd *)daemon)->natd);
}

static json_t *main_status(const void *daemon)
{
	const struct weft_natd *self = daemon;
	json_t *status = json_object();

	json_object_set_new(status, "grants", grants_status(self->grants));
	json_object_update_missing_new(status, natd_status(self->natd));
	return status;
}

/* ---- commands --------------------------------------------------------------------- */

static json_t *answer_export(struct weft_natd *self)
{
	struct weft_sock *sock = service_sock(program_service(self->program));
	const struct nat *nat = natd_nat(self->natd);
	struct weft_instance *instances;
	json_t *list;
	size_t n;
	int result;

	if (!sock || !nat)
		return json_pack("{s:s}", "error", "the kernel does not answer");
	result = weft_instance_list(sock, program_dp(self->program), NULL, &instances, &n);
	if (result < 0)
		return json_pack("{s:s}", "error", weft_sock_error(sock));
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		if (nat_find_template_id(nat, instances[i].template_id) &&
		    instances[i].state != WEFT_STATE_FAILED)
			json_array_append_new(list, weft_instance_to_json(&instances[i], NULL, 0));
	}
	weft_instance_list_free(instances, n);
	return json_pack("{s:o}", "instances", list);
}

struct import {
	size_t n_refused;
	char first[300];
};

static void on_import_refused(void *ctx, size_t op, int err, const char *words)
{
	struct import *import = ctx;

	if (!import->n_refused++)
		snprintf(import->first, sizeof(import->first), "$.instances[%zu]: %s", op, words);
}

static json_t *import_instances(struct weft_natd *self, const json_t *list)
{
	struct weft_error error = { .msg = "out of memory" };
	struct weft_sock *sock = service_sock(program_service(self->program));
	struct import import = { 0 };
	struct weft_batch *batch;
	char where[40], text[600];
	int result;

	if (!sock)
		return json_pack("{s:s}", "error", "the kernel does not answer");
	if (weft_batch_begin(sock, program_dp(self->program), on_import_refused, &import, &batch))
		return json_pack("{s:s}", "error", "out of memory");
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct weft_instance instance;

		snprintf(where, sizeof(where), "$.instances[%zu]", i);
		if (weft_instance_from_json(&instance, json_array_get(list, i), where, NULL,
					    &error)) {
			weft_batch_free(batch);
			return json_pack("{s:s}", "error",
					 weft_error_text(&error, text, sizeof(text)));
		}
		weft_batch_instance_new(batch, &instance);
		weft_instance_free(&instance);
	}
	result = weft_batch_flush(batch);
	weft_batch_free(batch);
	service_learn(program_service(self->program));
	if (result)
		return json_pack("{s:s}", "error", strerror(-result));
	return json_pack("{s:i, s:i, s:s}", "imported",
			 (int)(json_array_size(list) - import.n_refused), "refused",
			 (int)import.n_refused, "first", import.first);
}

static json_t *main_control(void *daemon, const char *command, const json_t *request)
{
	if (!strcmp(command, "export"))
		return answer_export(daemon);
	if (!strcmp(command, "import") && json_is_array(json_object_get(request, "instances")))
		return import_instances(daemon, json_object_get(request, "instances"));
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct program_kind kind = {
		.name = "weft-natd",
		.what = "Give addresses and ports to connections that weftd's NAT rules leave to a "
			"daemon.",
		.short_as = "natd",
		.service = NAT_SERVICE,
		.commands = "export, import",
		.gone = "connections stay",
		.ops = &natd_ops,
		.open = main_open,
		.close = main_close,
		.ops_ctx = main_ops_ctx,
		.configure = main_configure,
		.is_configured = main_is_configured,
		.status = main_status,
		.control = main_control,
	};

	return program_main(&kind, argc, argv);
}
