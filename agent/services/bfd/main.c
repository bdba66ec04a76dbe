// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - weft-bfdd as a program: see bfdd.h and program.h.
 *
 * Sessions that are taken over go on with the same discriminators, so the other ends notice a pause
 * of some milliseconds at most.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "services/bfd/bfdd.h"
#include "services/program.h"

struct weft_bfdd {
	struct bfdd *bfdd;
	struct bfdd_calls calls;
	json_t *known; /* by the one before, until it is used; or NULL */
};

static void on_state(void *ctx, bool ok, const char *why)
{
	program_state(ctx, ok, why);
}

static void *main_open(struct program *program)
{
	struct weft_bfdd *self = memory_zalloc(sizeof(*self));

	self->calls = (struct bfdd_calls){ on_state, program };
	self->bfdd = bfdd_new(program_base(program), program_dp(program), &self->calls);
	return self;
}

static void main_close(void *daemon)
{
	struct weft_bfdd *self = daemon;

	bfdd_free(self->bfdd);
	json_decref(self->known);
	free(self);
}

static void main_resume(void *daemon, json_t *known)
{
	((struct weft_bfdd *)daemon)->known = json_incref(known);
}

static char *main_configure(void *daemon, const json_t *config)
{
	struct weft_bfdd *self = daemon;
	char *error = bfdd_configure(self->bfdd, config, self->known);

	json_decref(self->known);
	self->known = NULL;
	return error;
}

static bool main_is_configured(const void *daemon)
{
	return bfdd_is_configured(((const struct weft_bfdd *)daemon)->bfdd);
}

static json_t *main_status(const void *daemon)
{
	return bfdd_status(((const struct weft_bfdd *)daemon)->bfdd);
}

static json_t *main_hand_over(void *daemon)
{
	return bfdd_hand_over(((struct weft_bfdd *)daemon)->bfdd);
}

static json_t *main_control(void *daemon, const char *command, const json_t *request)
{
	if (strcmp(command, "probe"))
		return NULL;
	bfdd_probe(((struct weft_bfdd *)daemon)->bfdd);
	return json_pack("{s:b}", "ok", 1);
}

static void main_leave(void *daemon)
{
	bfdd_leave(((struct weft_bfdd *)daemon)->bfdd);
}

int main(int argc, char **argv)
{
	static const struct program_kind kind = {
		.name = "weft-bfdd",
		.what = "Watch the tunnels of a datapath with BFD.",
		.short_as = "bfdd",
		.commands = "probe",
		.gone = "tunnels are not watched any more",
		.open = main_open,
		.close = main_close,
		.configure = main_configure,
		.is_configured = main_is_configured,
		.status = main_status,
		.control = main_control,
		.leave = main_leave,
		.hand_over = main_hand_over,
		.resume = main_resume,
	};

	return program_main(&kind, argc, argv);
}
