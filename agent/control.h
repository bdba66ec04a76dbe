/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h - the socket by which a daemon is asked how it is and told what to do.
 *
 * A request is a line: a command ("status"), or an object {"command": "status"}, which may say
 * more. The answer is a line of JSON, with a member "error" when the command failed.
 */
#ifndef WEFTD_CONTROL_H
#define WEFTD_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct event_base;
struct control;

/*
 * the answer to a command, a new reference; NULL: no such command. request is the object that it
 * came in, or NULL
 */
typedef json_t *(*control_fn)(void *ctx, const char *command, const json_t *request);

struct control_options {
	const char *path;
	const char *commands; /* for whoever sends another one: "status, reload and plan" */
	size_t max_bytes;     /* of a request */
	bool replace;	      /* take the path away from whoever answers there */
};

/* control_open: 0 or -errno; -EADDRINUSE: another one answers there */
int control_open(struct control **control, struct event_base *base,
		 const struct control_options *options, control_fn answer, void *ctx);
void control_close(struct control *control);

/* control_connect: a socket with somebody at its other end, or -errno */
int control_connect(const char *path);

/*
 * control_ask: the other end; the request is a command, or an object on one line. Prints a plan
 * as it is and everything else as JSON. Returns an exit status: 0, 1 when the answer was an error
 * or there was none.
 */
int control_ask(const char *path, const char *request, FILE *out);

#endif
