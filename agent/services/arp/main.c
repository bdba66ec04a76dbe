// SPDX-License-Identifier: Apache-2.0
/* main.c - weft-arpd as a program: see arpd.h and program.h. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "services/arp/arpd.h"
#include "services/arp/section.h"
#include "services/program.h"

static void on_state(void *ctx, bool ok, const char *why)
{
	program_state(ctx, ok, why);
}

static void *open_arpd(struct program *program)
{
	const struct arpd_calls calls = { on_state, program };

	return arpd_new(program_base(program), program_dp(program), &calls);
}

static void close_arpd(void *daemon)
{
	arpd_free(daemon);
}

static void *ops_ctx(void *daemon)
{
	return daemon;
}

static char *configure(void *daemon, const json_t *config)
{
	return arpd_configure(daemon, config);
}

static bool is_configured(const void *daemon)
{
	return arpd_is_configured(daemon);
}

static json_t *status(const void *daemon)
{
	return arpd_status(daemon);
}

static json_t *control(void *daemon, const char *command, const json_t *request)
{
	return strcmp(command, "rows") ? NULL : arpd_rows(daemon);
}

int main(int argc, char **argv)
{
	static const struct program_kind kind = {
		.name = "weft-arpd",
		.what = "Find the MAC addresses of the next hops of logical routers.",
		.short_as = "arpd",
		.service = ARP_SERVICE,
		.commands = "rows",
		.gone = "what is known stays",
		.ops = &arpd_ops,
		.open = open_arpd,
		.close = close_arpd,
		.ops_ctx = ops_ctx,
		.configure = configure,
		.is_configured = is_configured,
		.status = status,
		.control = control,
	};

	return program_main(&kind, argc, argv);
}
