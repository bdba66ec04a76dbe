/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h - the socket by which weftd is asked how it is and told to reload.
 *
 * A request is a line: a command ("status", "reload", "plan"), or {"command": "status"}. The
 * answer is a line of JSON, with a member "error" when the command failed.
 */
#ifndef WEFTD_CONTROL_H
#define WEFTD_CONTROL_H

#include <jansson.h>
#include <stdio.h>

struct event_base;
struct control;

/* the answer to a command, a new reference; NULL: no such command */
typedef json_t *(*control_fn)(void *ctx, const char *command);

/* control_open: 0 or -errno; -EADDRINUSE: another weftd answers there */
int control_open(struct control **control, struct event_base *base, const char *path,
		 control_fn answer, void *ctx);
void control_close(struct control *control);

/*
 * control_ask: the other end. Prints a plan as it is and everything else as JSON. Returns an
 * exit status: 0, 1 when the answer was an error or there was none.
 */
int control_ask(const char *path, const char *command, FILE *out);

#endif
