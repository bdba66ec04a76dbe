/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - what the daemons of services have in common as programs: options, the line to
 * weftd, the control socket, taking over from the one before.
 *
 * Taking over. A daemon that finds another one at its control socket puts that socket aside, opens
 * its own, and asks the other to leave only when it is registered itself. For a moment there are
 * two, and each packet has somebody to ask.
 *
 * One whose state is nowhere but in its memory (resume, hand_over) connects to the other, and makes
 * itself ready. When it is told what to do it asks the other one for all that it knows, which is
 * silent from then on.
 */
#ifndef WEFT_SERVICES_PROGRAM_H
#define WEFT_SERVICES_PROGRAM_H

#include <jansson.h>
#include <stdbool.h>

#include "services/service.h"

struct event_base;
struct program;

struct program_kind {
	const char *name;     /* "weft-natd" */
	const char *what;     /* it does, a line or two for --help */
	const char *short_as; /* in paths: "natd" */
	const char *service;  /* NULL: it speaks with the kernel by itself */
	const char *commands; /* of the control socket beside status, learn and leave: "export" */
	const char *gone;     /* what leaving means: "connections stay" */
	const struct service_ops *ops;

	void *(*open)(struct program *program); /* the daemon */
	void *(*ops_ctx)(void *daemon);		/* what the ops get */
	void (*close)(void *daemon);
	/* what weftd says; NULL, or what is wrong, to be freed; then nothing was changed */
	char *(*configure)(void *daemon, const json_t *config);
	bool (*is_configured)(const void *daemon);
	/* counters, a new reference */
	json_t *(*status)(const void *daemon);
	/* one of the commands; NULL: it is none */
	json_t *(*control)(void *daemon, const char *command, const json_t *request);
	/* take no more; without a service only */
	void (*leave)(void *daemon);
	/* all that it knows, a new reference, and silence; NULL: others need not know */
	json_t *(*hand_over)(void *daemon);
	/* what hand_over of the one before gave, or NULL; before the first configure */
	void (*resume)(void *daemon, json_t *known);
};

/* program_main: main() of a daemon */
int program_main(const struct program_kind *kind, int argc, char **argv);

struct event_base *program_base(const struct program *program);
struct service *program_service(const struct program *program);
const char *program_dp(const struct program *program);
const char *program_netns(const struct program *program); /* NULL: it was not given */

/* program_state: what the service says goes to weftd */
void program_state(struct program *program, bool ok, const char *why);

/* program_learn_soon: what the daemon knows may be wrong: read the kernel's instances again */
void program_learn_soon(struct program *program);

#endif
