// SPDX-License-Identifier: Apache-2.0
/*
 * service.c - weft service: who takes the packets that entries send up.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void service_print(const struct weft_service *service)
{
	printf("%s:", service->name);
	if (weft_has(service, WEFT_SERVICE_A_MEMBERS))
		printf(" members %u", service->members);
	if (weft_has(service, WEFT_SERVICE_A_CREDITS))
		printf(" credits %u", service->credits);
	if (weft_has(service, WEFT_SERVICE_A_QUEUE_LIMIT))
		printf(" queue_limit %u", service->queue_limit);
	if (weft_has(service, WEFT_SERVICE_A_QUEUED))
		printf(" queued %u", service->queued);
	if (weft_has(service, WEFT_SERVICE_A_DELIVERED))
		printf(" delivered %" PRIu64, service->delivered);
	if (weft_has(service, WEFT_SERVICE_A_DROPPED))
		printf(" dropped %" PRIu64, service->dropped);
	putchar('\n');
}

static int show_one(struct cli *cli, const struct weft_service *service)
{
	if (cli->json)
		return output_item(cli, weft_service_to_json(service));
	service_print(service);
	return CLI_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct weft_service *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int show_all(struct cli *cli)
{
	struct weft_service *services;
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_service_list(cli->sock, cli->dp, &services, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the services of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "services");
	sort(services, n, sizeof(*services), by_name);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = show_one(cli, &services[i]);
	output_end(cli);
	weft_service_list_free(services, n);
	return status;
}

static int service_show(struct cli *cli, struct args *args)
{
	const char *dp = NULL, *name;
	struct weft_service service;
	int status, ret;

	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	name = args_next(args);
	if (!status)
		status = args_end(cli, args);
	if (!status && name && strlen(name) > WEFT_NAME_MAX)
		status = cli_usage(cli, "\"%s\" is no name of a service: 1 to %d characters", name,
				   WEFT_NAME_MAX);
	if (!status)
		status = session_use_dp(cli, dp);
	if (status)
		return status;
	if (!name)
		return show_all(cli);
	ret = weft_service_get(cli->sock, cli->dp, name, &service);
	if (ret)
		return cli_refused(cli, ret, "cannot show service %s", name);
	output_begin(cli);
	status = show_one(cli, &service);
	output_end(cli);
	return status;
}

static const struct cli_command service_commands[] = {
	{ "show", "[NAME] [dp NAME]", "list services and their counters", NULL, service_show,
	  .preferred = true, .standard = true },
	{}
};

const struct cli_object service_object = {
	"service", "Services: consumers in user space of packets that entries send up.",
	service_commands
};
