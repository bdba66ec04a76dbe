// SPDX-License-Identifier: Apache-2.0
/*
 * tunnel.c - weft tunnel: how the tunnels are, and what is used instead of those that are down.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"

static void way_print(struct cli *cli, const struct weft_way *way)
{
	const struct weft_names *names = names_of(cli);
	const char *name = NULL;
	char text[INET6_ADDRSTRLEN] = "?";

	if (names && names->port_name && !cli->numeric)
		name = names->port_name(names->ctx, way->port);
	inet_ntop(way->ipv6 ? AF_INET6 : AF_INET, way->addr, text, sizeof(text));
	if (name)
		printf("%s %s", name, text);
	else
		printf("%u %s", way->port, text);
}

static void diag_print(const char *what, uint8_t diag)
{
	const char *name = weft_tunnel_diag_name(diag);

	if (!diag)
		return;
	if (name)
		printf(" %s %s", what, name);
	else
		printf(" %s %u", what, diag);
}

void tunnel_print(struct cli *cli, const struct weft_tunnel *tunnel)
{
	const char *state = weft_tunnel_state_name(tunnel->state);

	way_print(cli, &tunnel->way);
	printf(": %s", state ? state : "?");
	if (weft_has(tunnel, WEFT_TUNNEL_A_VIA)) {
		fputs(" via ", stdout);
		way_print(cli, &tunnel->via);
	}
	printf(" since %" PRIu64 ".%03us flaps %" PRIu64, tunnel->since_ms / 1000,
	       (unsigned int)(tunnel->since_ms % 1000), tunnel->flaps);
	diag_print("diag", tunnel->diag);
	diag_print("remote_diag", tunnel->remote_diag);
	if (tunnel->mtu)
		printf(" mtu %u", tunnel->mtu);
	if (tunnel->rtt_us)
		printf(" rtt %uus", tunnel->rtt_us);
	for (unsigned int i = 0; i < tunnel->n_fallbacks; i++) {
		fputs(i ? ", " : " fallback ", stdout);
		way_print(cli, &tunnel->fallbacks[i]);
	}
	putchar('\n');
}

static int show_one(struct cli *cli, const struct weft_tunnel *tunnel)
{
	if (cli->json)
		return output_item(cli,
				   weft_tunnel_to_json(tunnel, names_of(cli), output_flags(cli)));
	tunnel_print(cli, tunnel);
	return CLI_OK;
}

static int by_way(const void *a, const void *b)
{
	const struct weft_tunnel *x = a, *y = b;

	if (x->way.port != y->way.port)
		return x->way.port < y->way.port ? -1 : 1;
	if (x->way.ipv6 != y->way.ipv6)
		return x->way.ipv6 - y->way.ipv6;
	return memcmp(x->way.addr, y->way.addr, sizeof(x->way.addr));
}

static int show_all(struct cli *cli)
{
	struct weft_tunnel *tunnels;
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_tunnel_list(cli->sock, cli->dp, &tunnels, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the tunnels of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "tunnels");
	sort(tunnels, n, sizeof(*tunnels), by_way);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = show_one(cli, &tunnels[i]);
	output_end(cli);
	weft_tunnel_list_free(tunnels, n);
	return status;
}

static int port_number(struct cli *cli, const char *text, uint32_t *id)
{
	const struct weft_names *names = names_of(cli);

	if (!number_parse(text, 1, WEFT_PORT_ID_MAX, id))
		return CLI_OK;
	if (names && names->port_id && !names->port_id(names->ctx, text, id))
		return CLI_OK;
	return cli_fail(cli, CLI_FAILED, "no port \"%s\"", text);
}

static int address(struct cli *cli, const char *text, struct weft_way *way)
{
	way->ipv6 = strchr(text, ':');
	memset(way->addr, 0, sizeof(way->addr));
	if (inet_pton(way->ipv6 ? AF_INET6 : AF_INET, text, way->addr) != 1)
		return cli_usage(cli, "\"%s\" is not an IP address", text);
	return CLI_OK;
}

/* PORT REMOTE, after the datapath is known */
static int way_arg(struct cli *cli, struct args *args, struct weft_way *way)
{
	const char *port = args_next(args), *remote = args_next(args);
	int status;

	if (!port)
		return cli_usage(cli, "the tunnel port is missing");
	if (!remote)
		return cli_usage(cli, "the remote is missing");
	status = address(cli, remote, way);
	return status ? status : port_number(cli, port, &way->port);
}

/* dp at the front or the end */
static int begin(struct cli *cli, struct args *args)
{
	const char *dp = NULL;
	int status;

	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	return status ? status : session_use_dp(cli, dp);
}

static int tunnel_show(struct cli *cli, struct args *args)
{
	struct weft_tunnel tunnel;
	struct weft_way way;
	int status, ret;

	status = begin(cli, args);
	if (status)
		return status;
	if (!args_more(args))
		return show_all(cli);
	status = way_arg(cli, args, &way);
	if (!status)
		status = args_end(cli, args);
	if (status)
		return status;
	ret = weft_tunnel_get(cli->sock, cli->dp, &way, &tunnel);
	if (ret)
		return cli_refused(cli, ret, "cannot show the tunnel");
	output_begin(cli);
	status = show_one(cli, &tunnel);
	output_end(cli);
	return status;
}

static int tunnel_del(struct cli *cli, struct args *args)
{
	struct weft_way way;
	int status, ret;

	status = begin(cli, args);
	if (!status)
		status = way_arg(cli, args, &way);
	if (!status)
		status = args_end(cli, args);
	if (status)
		return status;
	ret = weft_tunnel_del(cli->sock, cli->dp, &way);
	if (ret)
		return cli_refused(cli, ret, "cannot forget the tunnel");
	return CLI_OK;
}

/* "PORT,REMOTE", or "none" for an empty list */
static int fallback_arg(struct cli *cli, struct args *args, struct weft_tunnel *tunnel)
{
	struct weft_way *way = &tunnel->fallbacks[tunnel->n_fallbacks];
	const char *text, *comma;
	char port[64];
	int status;

	status = args_value(cli, args, "fallback", &text);
	if (status)
		return status;
	weft_mark(tunnel, WEFT_TUNNEL_A_FALLBACKS);
	if (!strcmp(text, "none"))
		return CLI_OK;
	if (tunnel->n_fallbacks == WEFT_FALLBACKS_MAX)
		return cli_usage(cli, "a tunnel has up to %d fallbacks", WEFT_FALLBACKS_MAX);
	comma = strchr(text, ',');
	if (!comma || (size_t)(comma - text) >= sizeof(port))
		return cli_usage(cli, "fallback \"%s\" is not PORT,REMOTE", text);
	snprintf(port, sizeof(port), "%.*s", (int)(comma - text), text);
	status = address(cli, comma + 1, way);
	if (!status)
		status = port_number(cli, port, &way->port);
	tunnel->n_fallbacks += !status;
	return status;
}

static int state_arg(struct cli *cli, struct args *args, struct weft_tunnel *tunnel)
{
	const char *text;
	int status, state;

	status = args_value(cli, args, "state", &text);
	if (status)
		return status;
	state = weft_tunnel_state_from_name(text);
	if (state < 0)
		return cli_usage(cli, "unknown state \"%s\": unknown, up, down or unwatched", text);
	tunnel->state = state;
	weft_mark(tunnel, WEFT_TUNNEL_A_STATE);
	return CLI_OK;
}

static int tunnel_set(struct cli *cli, struct args *args)
{
	struct weft_tunnel tunnel;
	int status, ret;

	weft_tunnel_init(&tunnel);
	status = begin(cli, args);
	if (!status)
		status = way_arg(cli, args, &tunnel.way);
	while (!status && args_more(args)) {
		if (args_accept(args, "state"))
			status = state_arg(cli, args, &tunnel);
		else if (args_accept(args, "fallback"))
			status = fallback_arg(cli, args, &tunnel);
		else
			status = args_end(cli, args);
	}
	if (status)
		return status;
	ret = weft_tunnel_set(cli->sock, cli->dp, &tunnel);
	if (ret)
		return cli_refused(cli, ret, "cannot set the tunnel");
	return CLI_OK;
}

static const struct cli_command tunnel_commands[] = {
	{ "set", "PORT REMOTE [state STATE] [fallback PORT,REMOTE|none]... [dp NAME]",
	  "say how a tunnel is, and what to use when it is down",
	  "  STATE     unknown, up, down or unwatched\n"
	  "  fallback  the best first; replaces those there were\n",
	  tunnel_set },
	{ "del", "PORT REMOTE [dp NAME]", "forget what is known of a tunnel", NULL, tunnel_del },
	{ "show", "[PORT REMOTE] [dp NAME]", "list tunnels that are watched, and how they are",
	  NULL, tunnel_show, .preferred = true, .standard = true },
	{}
};

const struct cli_object tunnel_object = { "tunnel",
					  "Tunnels: ways to remotes, which are up or down.",
					  tunnel_commands };
