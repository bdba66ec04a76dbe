// SPDX-License-Identifier: Apache-2.0
/*
 * monitor.c - weft monitor: changes, as they happen.
 *
 * Events come by a socket of their own; names of ports and templates are asked for by
 * the other one, afresh after every event of one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum {
	WATCH_DP = 1 << 0,
	WATCH_PORT = 1 << 1,
	WATCH_TABLE = 1 << 2,
	WATCH_FLOW = 1 << 3,
	WATCH_SERVICE = 1 << 4,
	WATCH_TXN = 1 << 5,
	WATCH_POOL = 1 << 6,
	WATCH_TEMPLATE = 1 << 7,
	WATCH_INSTANCE = 1 << 8,
	WATCH_LABEL = 1 << 9,
	WATCH_TUNNEL = 1 << 10,
	WATCH_ALL = (1 << 11) - 1,
};

static const struct {
	const char *name;
	unsigned int watch;
} kinds[] = {
	{ "dp", WATCH_DP },	  { "port", WATCH_PORT },	  { "table", WATCH_TABLE },
	{ "flow", WATCH_FLOW },	  { "service", WATCH_SERVICE },	  { "txn", WATCH_TXN },
	{ "pool", WATCH_POOL },	  { "template", WATCH_TEMPLATE }, { "instance", WATCH_INSTANCE },
	{ "label", WATCH_LABEL }, { "tunnel", WATCH_TUNNEL },	  { "all", WATCH_ALL },
};

static unsigned int kind_of(enum weft_cmd cmd)
{
	switch (cmd) {
	case WEFT_CMD_DP_NEW:
	case WEFT_CMD_DP_DEL:
	case WEFT_CMD_DP_GET:
	case WEFT_CMD_DP_SET:
		return WATCH_DP;
	case WEFT_CMD_PORT_NEW:
	case WEFT_CMD_PORT_DEL:
	case WEFT_CMD_PORT_GET:
	case WEFT_CMD_PORT_SET:
		return WATCH_PORT;
	case WEFT_CMD_TABLE_GET:
	case WEFT_CMD_TABLE_SET:
		return WATCH_TABLE;
	case WEFT_CMD_FLOW_NEW:
	case WEFT_CMD_FLOW_DEL:
	case WEFT_CMD_FLOW_GET:
	case WEFT_CMD_FLOW_SET:
		return WATCH_FLOW;
	case WEFT_CMD_TUNNEL_SET:
	case WEFT_CMD_TUNNEL_DEL:
	case WEFT_CMD_TUNNEL_GET:
		return WATCH_TUNNEL;
	case WEFT_CMD_SERVICE_NEW:
	case WEFT_CMD_SERVICE_DEL:
	case WEFT_CMD_SERVICE_GET:
	case WEFT_CMD_SERVICE_SET:
		return WATCH_SERVICE;
	case WEFT_CMD_TXN_COMMIT:
		return WATCH_TXN;
	case WEFT_CMD_POOL_NEW:
	case WEFT_CMD_POOL_DEL:
	case WEFT_CMD_POOL_GET:
	case WEFT_CMD_POOL_SET:
		return WATCH_POOL;
	case WEFT_CMD_TEMPLATE_NEW:
	case WEFT_CMD_TEMPLATE_DEL:
	case WEFT_CMD_TEMPLATE_GET:
		return WATCH_TEMPLATE;
	case WEFT_CMD_INSTANCE_NEW:
	case WEFT_CMD_INSTANCE_DEL:
	case WEFT_CMD_INSTANCE_GET:
		return WATCH_INSTANCE;
	case WEFT_CMD_LABEL_NEW:
	case WEFT_CMD_LABEL_DEL:
	case WEFT_CMD_LABEL_GET:
		return WATCH_LABEL;
	default:
		return 0;
	}
}

static const char *dp_of(const struct weft_event *event)
{
	switch (kind_of(event->cmd)) {
	case WATCH_DP:
		return event->dp.name;
	case WATCH_PORT:
		return event->port.dp;
	case WATCH_TABLE:
		return event->table.dp;
	case WATCH_FLOW:
		return event->flow.dp;
	case WATCH_SERVICE:
		return event->service.dp;
	case WATCH_POOL:
		return event->pool.dp;
	case WATCH_TEMPLATE:
		return event->tmpl.dp;
	case WATCH_INSTANCE:
		return event->instance.dp;
	case WATCH_LABEL:
		return event->label.dp;
	case WATCH_TUNNEL:
		return event->tunnel.dp;
	default:
		return event->txn.dp;
	}
}

/* Events after which names may be others */
static bool is_of_names(const struct weft_event *event)
{
	return kind_of(event->cmd) == WATCH_PORT || kind_of(event->cmd) == WATCH_TEMPLATE;
}

/* Let names_of() speak of the event's datapath, as its ports and templates are now */
static void use_names(struct cli *cli, const struct weft_event *event)
{
	const char *dp = dp_of(event);

	if (strcmp(cli->dp, dp) || is_of_names(event))
		names_forget(cli);
	snprintf(cli->dp, sizeof(cli->dp), "%s", dp);
}

static void flow_print(struct cli *cli, const struct weft_flow *flow)
{
	char *text = weft_flow_format(flow, names_of(cli), output_flags(cli));
	const char *reason = NULL;

	if (weft_has(flow, WEFT_FLOW_A_REASON))
		reason = weft_reason_name(flow->reason);
	if (reason)
		printf("%s (%s): %s\n", flow->dp, reason, text ? text : "?");
	else
		printf("%s: %s\n", flow->dp, text ? text : "?");
	free(text);
}

static void template_print(struct cli *cli, const struct weft_template *tmpl)
{
	char *text = weft_template_format(tmpl, names_of(cli), output_flags(cli));

	puts(text ? text : "?");
	free(text);
}

static void event_print(struct cli *cli, const struct weft_event *event)
{
	const char *name = weft_cmd_name(event->cmd);

	printf("%s ", name ? name : "unknown");
	switch (kind_of(event->cmd)) {
	case WATCH_DP:
		dp_print(&event->dp, cli->stats);
		break;
	case WATCH_PORT:
		port_print(&event->port, cli->stats);
		break;
	case WATCH_TABLE:
		printf("%s ", event->table.dp);
		table_print(cli, &event->table, cli->stats);
		break;
	case WATCH_FLOW:
		flow_print(cli, &event->flow);
		break;
	case WATCH_SERVICE:
		printf("%s ", event->service.dp);
		service_print(&event->service);
		break;
	case WATCH_POOL:
		printf("%s ", event->pool.dp);
		pool_print(&event->pool, 0);
		break;
	case WATCH_TEMPLATE:
		printf("%s ", event->tmpl.dp);
		template_print(cli, &event->tmpl);
		break;
	case WATCH_INSTANCE:
		printf("%s ", event->instance.dp);
		instance_print(cli, &event->instance, false);
		break;
	case WATCH_LABEL:
		printf("%s ", event->label.dp);
		label_print(&event->label);
		break;
	case WATCH_TUNNEL:
		printf("%s ", event->tunnel.dp);
		tunnel_print(cli, &event->tunnel);
		break;
	default:
		printf("%s ", event->txn.dp);
		txn_result_print(&event->txn);
		break;
	}
}

/* A line that is no event of the kernel's: ready, lost */
static int note_print(struct cli *cli, const char *note)
{
	if (cli->json)
		return output_json_line(cli, json_pack("{ss}", "event", note));
	puts(note);
	return output_flush(cli);
}

static int watch_one(struct cli *cli, struct weft_sock *sock, unsigned int watch, uint32_t *count)
{
	struct weft_event event;
	int status = CLI_OK;
	int ret;

	ret = weft_event_recv(sock, &event, true);
	if (ret == -EINTR)
		return CLI_OK;
	if (ret == -ENOBUFS) {
		names_forget(cli);
		return note_print(cli, "lost");
	}
	if (ret == -EPROTO) {
		cli_fail(cli, CLI_OK, "an event that cannot be read was left out");
		return CLI_OK;
	}
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot receive: %s", strerror(-ret));
	if (kind_of(event.cmd) & watch) {
		++*count;
		use_names(cli, &event);
		if (cli->json) {
			status = output_json_line(
				cli, weft_event_to_json(&event, names_of(cli), output_flags(cli)));
		} else {
			event_print(cli, &event);
			status = output_flush(cli);
		}
	} else if (is_of_names(&event)) {
		use_names(cli, &event);
	}
	weft_event_free(&event);
	return status;
}

static int take_kind(struct cli *cli, struct args *args, unsigned int *watch)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (args_accept(args, kinds[i].name)) {
			*watch |= kinds[i].watch;
			return CLI_OK;
		}
	}
	return args_end(cli, args);
}

static int monitor(struct cli *cli, struct args *args)
{
	struct weft_sock *sock;
	unsigned int watch = 0;
	uint32_t count = 0, limit = 0;
	bool ready = false;
	int status = CLI_OK;
	int ret;

	while (!status && args_more(args)) {
		if (args_accept(args, "count"))
			status = args_number(cli, args, "count", 1, UINT32_MAX, &limit);
		else if (args_accept(args, "ready"))
			ready = true;
		else
			status = take_kind(cli, args, &watch);
	}
	if (!status)
		status = session_open(cli);
	if (!status)
		status = session_open_sock(cli, &sock);
	if (status)
		return status;
	ret = weft_event_join(sock);
	if (!ret && (!watch || watch & WATCH_INSTANCE))
		ret = weft_event_join_instances(sock);
	if (ret)
		status = cli_fail(cli, CLI_FAILED, "cannot subscribe to events: %s",
				  *weft_sock_error(sock) ? weft_sock_error(sock) : strerror(-ret));
	if (!status && ready)
		status = note_print(cli, "ready");
	while (!status && (!limit || count < limit))
		status = watch_one(cli, sock, watch ? watch : WATCH_ALL, &count);
	weft_sock_close(sock);
	return status;
}

static const struct cli_command monitor_commands[] = {
	{ "",
	  "[dp] [port] [table] [flow] [pool] [template] [instance] [label] [service] [tunnel] [txn] [all] "
	  "[--count N] [--ready]",
	  "print changes as they happen", NULL, monitor, .standard = true },
	{}
};

const struct cli_object monitor_object = {
	"monitor",
	"Print changes as they happen, a line each; of all objects unless some are named.\n"
	"  --count N  end after so many\n"
	"  --ready    print \"ready\" when subscribed\n"
	"With -j a line is a JSON object. \"lost\" says that the kernel had to leave out some.",
	monitor_commands
};
