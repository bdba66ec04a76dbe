// SPDX-License-Identifier: Apache-2.0
/*
 * stats.c - weft stats: counters of ports, of a datapath as a whole, and where
 * packets were dropped and why.
 *
 * The datapath's drop counters include those of ports that are gone; its other
 * totals are the sum over the ports that there are.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* One datapath with its ports, sorted by id */
struct snapshot {
	struct weft_dp dp;
	struct weft_port *ports;
	size_t n;
};

static int by_id(const void *a, const void *b)
{
	const struct weft_port *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int snapshot_take(struct cli *cli, struct snapshot *snapshot)
{
	int ret;

	ret = weft_dp_get(cli->sock, cli->dp, &snapshot->dp);
	if (ret)
		return cli_refused(cli, ret, "cannot show datapath %s", cli->dp);
	ret = weft_port_list(cli->sock, cli->dp, &snapshot->ports, &snapshot->n);
	if (ret < 0) {
		weft_dp_free(&snapshot->dp);
		return cli_refused(cli, ret, "cannot list the ports of %s", cli->dp);
	}
	if (ret)
		cli_warn_changed(cli, "ports");
	sort(snapshot->ports, snapshot->n, sizeof(*snapshot->ports), by_id);
	return CLI_OK;
}

static void snapshot_free(struct snapshot *snapshot)
{
	weft_dp_free(&snapshot->dp);
	weft_port_list_free(snapshot->ports, snapshot->n);
}

static struct weft_port_stats sum_of(const struct snapshot *snapshot)
{
	struct weft_port_stats sum = {};

	for (size_t i = 0; i < snapshot->n; i++) {
		const struct weft_port_stats *s = &snapshot->ports[i].stats;

		sum.rx_packets += s->rx_packets;
		sum.rx_bytes += s->rx_bytes;
		sum.tx_packets += s->tx_packets;
		sum.tx_bytes += s->tx_bytes;
		sum.rx_dropped += s->rx_dropped;
		sum.tx_dropped += s->tx_dropped;
		sum.upcalls += s->upcalls;
		sum.marks_refused += s->marks_refused;
	}
	return sum;
}

static void stats_print(const struct weft_port_stats *s)
{
	printf(" rx_packets %" PRIu64 " rx_bytes %" PRIu64 " tx_packets %" PRIu64
	       " tx_bytes %" PRIu64 " rx_dropped %" PRIu64 " tx_dropped %" PRIu64
	       " upcalls %" PRIu64 " marks_refused %" PRIu64,
	       s->rx_packets, s->rx_bytes, s->tx_packets, s->tx_bytes, s->rx_dropped, s->tx_dropped,
	       s->upcalls, s->marks_refused);
}

static json_t *stats_json(const struct weft_port_stats *s)
{
	return json_pack("{sI sI sI sI sI sI sI sI}", "rx_packets", (json_int_t)s->rx_packets,
			 "rx_bytes", (json_int_t)s->rx_bytes, "tx_packets",
			 (json_int_t)s->tx_packets, "tx_bytes", (json_int_t)s->tx_bytes,
			 "rx_dropped", (json_int_t)s->rx_dropped, "tx_dropped",
			 (json_int_t)s->tx_dropped, "upcalls", (json_int_t)s->upcalls,
			 "marks_refused", (json_int_t)s->marks_refused);
}

static json_t *cache_json(const struct weft_cache_stats *c)
{
	return json_pack("{sI sI sI sI sI sI}", "entries", (json_int_t)c->entries, "hits",
			 (json_int_t)c->hits, "misses", (json_int_t)c->misses, "stale",
			 (json_int_t)c->stale, "evicted", (json_int_t)c->evicted, "refused",
			 (json_int_t)c->refused);
}

static const char *reason_name(uint32_t reason, char *buf, size_t size)
{
	const char *name = weft_drop_name(reason);

	if (name)
		return name;
	snprintf(buf, size, "%u", reason);
	return buf;
}

static json_t *drops_json(const struct weft_drops *drops)
{
	json_t *json = json_object();
	char buf[16];

	for (unsigned int i = 0; i < drops->n; i++)
		json_object_set_new(json, reason_name(drops->v[i].reason, buf, sizeof(buf)),
				    json_integer(drops->v[i].packets));
	return json;
}

/* ---- counters ---------------------------------------------------------- */

static void port_stats_print(const struct weft_port *port)
{
	printf("%u: %s", port->id, port->name);
	stats_print(&port->stats);
	putchar('\n');
	drops_print(&port->drops);
}

static json_t *port_stats_json(const struct weft_port *port)
{
	return json_pack("{sI ss so so}", "id", (json_int_t)port->id, "name", port->name, "stats",
			 stats_json(&port->stats), "drops", drops_json(&port->drops));
}

static int show_counters(struct cli *cli, const struct snapshot *snapshot)
{
	struct weft_port_stats sum = sum_of(snapshot);
	json_t *ports;

	if (!cli->json) {
		printf("%s: lookups %" PRIu64 " cache_entries %u cache_hits %" PRIu64
		       " cache_misses %" PRIu64,
		       snapshot->dp.name, snapshot->dp.lookups, snapshot->dp.cache.entries,
		       snapshot->dp.cache.hits, snapshot->dp.cache.misses);
		stats_print(&sum);
		putchar('\n');
		drops_print(&snapshot->dp.drops);
		for (size_t i = 0; i < snapshot->n; i++)
			port_stats_print(&snapshot->ports[i]);
		return CLI_OK;
	}
	ports = json_array();
	for (size_t i = 0; i < snapshot->n; i++)
		json_array_append_new(ports, port_stats_json(&snapshot->ports[i]));
	return output_item(cli,
			   json_pack("{ss sI so so so so}", "dp", snapshot->dp.name, "lookups",
				     (json_int_t)snapshot->dp.lookups, "cache",
				     cache_json(&snapshot->dp.cache), "stats", stats_json(&sum),
				     "drops", drops_json(&snapshot->dp.drops), "ports", ports));
}

/* ---- drops ------------------------------------------------------------- */

static uint64_t drops_of(const struct weft_port *port, uint32_t reason)
{
	for (unsigned int i = 0; i < port->drops.n; i++)
		if (port->drops.v[i].reason == reason)
			return port->drops.v[i].packets;
	return 0;
}

/* A line a reason: the sum, and at which ports; the rest was at ports now gone */
static int show_drops(struct cli *cli, const struct snapshot *snapshot)
{
	const struct weft_drops *drops = &snapshot->dp.drops;
	int status = CLI_OK;
	char buf[16];

	for (unsigned int i = 0; i < drops->n && !status; i++) {
		uint32_t reason = drops->v[i].reason;
		const char *name = reason_name(reason, buf, sizeof(buf));
		json_t *ports = cli->json ? json_object() : NULL;

		if (!cli->json)
			printf("%s %s %" PRIu64, snapshot->dp.name, name, drops->v[i].packets);
		for (size_t j = 0; j < snapshot->n; j++) {
			uint64_t packets = drops_of(&snapshot->ports[j], reason);

			if (packets && cli->json)
				json_object_set_new(ports, snapshot->ports[j].name,
						    json_integer(packets));
			else if (packets)
				printf(" %s=%" PRIu64, snapshot->ports[j].name, packets);
		}
		if (cli->json)
			status = output_item(
				cli, json_pack("{ss ss sI so}", "dp", snapshot->dp.name, "reason",
					       name, "packets", (json_int_t)drops->v[i].packets,
					       "ports", ports));
		else
			putchar('\n');
	}
	return status;
}

/* ---- which ------------------------------------------------------------- */

static int show_chosen(struct cli *cli,
		       int (*show)(struct cli *cli, const struct snapshot *snapshot))
{
	struct snapshot snapshot;
	int status = snapshot_take(cli, &snapshot);

	if (status)
		return status;
	status = show(cli, &snapshot);
	snapshot_free(&snapshot);
	return status;
}

static int by_name(const void *a, const void *b)
{
	const struct weft_dp *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int show_every(struct cli *cli,
		      int (*show)(struct cli *cli, const struct snapshot *snapshot))
{
	struct weft_dp *dps;
	int status;
	size_t n;
	int ret;

	status = session_open(cli);
	if (status)
		return status;
	ret = weft_dp_list(cli->sock, &dps, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list datapaths");
	sort(dps, n, sizeof(*dps), by_name);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++) {
		snprintf(cli->dp, sizeof(cli->dp), "%s", dps[i].name);
		status = show_chosen(cli, show);
	}
	output_end(cli);
	weft_dp_list_free(dps, n);
	return status;
}

static int show_dp(struct cli *cli, const char *dp,
		   int (*show)(struct cli *cli, const struct snapshot *snapshot))
{
	int status;

	if (!dp)
		return show_every(cli, show);
	status = session_use_dp(cli, dp);
	if (status)
		return status;
	output_begin(cli);
	status = show_chosen(cli, show);
	output_end(cli);
	return status;
}

static int show_port(struct cli *cli, const char *dp, const char *name, uint32_t id)
{
	struct weft_port port;
	int status, ret;

	status = session_use_dp(cli, dp);
	if (status)
		return status;
	if (name)
		ret = weft_port_get_by_name(cli->sock, cli->dp, name, &port);
	else
		ret = weft_port_get(cli->sock, cli->dp, id, &port);
	if (ret && name)
		return cli_refused(cli, ret, "port %s", name);
	if (ret)
		return cli_refused(cli, ret, "port %u", id);
	output_begin(cli);
	if (cli->json)
		status = output_item(cli, port_stats_json(&port));
	else
		port_stats_print(&port);
	output_end(cli);
	weft_port_free(&port);
	return status;
}

static int stats(struct cli *cli, struct args *args)
{
	const char *dp = NULL, *name = NULL;
	uint32_t id = 0;
	bool one;
	int status;

	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	one = args_more(args);
	if (!status && one)
		status = port_ref(cli, args, &name, &id);
	if (!status)
		status = args_end(cli, args);
	if (status)
		return status;
	return one ? show_port(cli, dp, name, id) : show_dp(cli, dp, show_counters);
}

static int stats_drops(struct cli *cli, struct args *args)
{
	const char *dp = NULL;
	int status;

	status = args_dp(cli, args, &dp);
	if (!status)
		status = args_end(cli, args);
	return status ? status : show_dp(cli, dp, show_drops);
}

static const struct cli_command stats_commands[] = {
	{ "", "[DEV|ID] [dp NAME]", "counters and drop reasons of ports and datapaths", NULL, stats,
	  .standard = true },
	{ "drops", "[dp NAME]", "drop reasons, and the ports at which", NULL, stats_drops },
	{}
};

const struct cli_object stats_object = {
	"stats", "Counters and drop reasons of one port, or of all and of the datapath as a whole.",
	stats_commands
};
