// SPDX-License-Identifier: Apache-2.0
/*
 * dp.c - weft dp: datapaths.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void drops_print(const struct weft_drops *drops)
{
	for (unsigned int i = 0; i < drops->n; i++) {
		const char *name = weft_drop_name(drops->v[i].reason);

		if (name)
			printf("    drop %s %" PRIu64 "\n", name, drops->v[i].packets);
		else
			printf("    drop %u %" PRIu64 "\n", drops->v[i].reason,
			       drops->v[i].packets);
	}
}

/* In tenths of a percent, cut off; 1000 only if there was no miss at all */
static unsigned int hit_rate(const struct weft_cache_stats *cache)
{
	uint64_t packets = cache->hits + cache->misses;

	if (packets > UINT64_MAX / 1000)
		return (unsigned int)(cache->hits / (packets / 1000));
	return (unsigned int)(cache->hits * 1000 / packets);
}

static void cache_print(const struct weft_cache_stats *cache)
{
	printf("    cache entries %u hits %" PRIu64 " misses %" PRIu64 " stale %" PRIu64
	       " evicted %" PRIu64 " refused %" PRIu64,
	       cache->entries, cache->hits, cache->misses, cache->stale, cache->evicted,
	       cache->refused);
	if (cache->hits || cache->misses)
		printf(" hit_rate %u.%u%%", hit_rate(cache) / 10, hit_rate(cache) % 10);
	putchar('\n');
}

void dp_print(const struct weft_dp *dp, bool stats)
{
	printf("%s:", dp->name);
	if (weft_has(dp, WEFT_DP_A_N_PORTS))
		printf(" ports %u", dp->n_ports);
	if (weft_has(dp, WEFT_DP_A_N_FLOWS))
		printf(" flows %u", dp->n_flows);
	if (weft_has(dp, WEFT_DP_A_N_MASKS))
		printf(" masks %u", dp->n_masks);
	if (weft_has(dp, WEFT_DP_A_VERSION))
		printf(" version %" PRIu64, dp->version);
	if (weft_has(dp, WEFT_DP_A_MAX_FLOWS))
		printf(" max_flows %u", dp->max_flows);
	if (weft_has(dp, WEFT_DP_A_MAX_CACHED))
		printf(" max_cached %u", dp->max_cached);
	if (weft_has(dp, WEFT_DP_A_N_INSTANCES))
		printf(" instances %u", dp->n_instances);
	if (weft_has(dp, WEFT_DP_A_MAX_INSTANCES))
		printf(" max_instances %u", dp->max_instances);
	if (weft_has(dp, WEFT_DP_A_MAX_INSTANCES_SLICE))
		printf(" max_instances_slice %u", dp->max_instances_slice);
	if (weft_has(dp, WEFT_DP_A_MAX_INSTANCES_PORT))
		printf(" max_instances_port %u", dp->max_instances_port);
	putchar('\n');
	if (!stats)
		return;
	if (weft_has(dp, WEFT_DP_A_LOOKUPS))
		printf("    lookups %" PRIu64 "\n", dp->lookups);
	if (weft_has(dp, WEFT_DP_A_CACHE))
		cache_print(&dp->cache);
	drops_print(&dp->drops);
}

static int dp_name(struct cli *cli, struct args *args, const char **name)
{
	*name = args_next(args);
	if (!*name)
		return cli_usage(cli, "the datapath's name is missing");
	if (!**name || strlen(*name) > WEFT_NAME_MAX)
		return cli_usage(cli, "\"%s\" is no name of a datapath: 1 to %d characters", *name,
				 WEFT_NAME_MAX);
	return CLI_OK;
}

struct dp_limit {
	const char *name;
	enum weft_dp_attr attr;
	uint32_t min;
	size_t offset; /* of the member of struct weft_dp */
};

#define LIMIT(NAME, ATTR, MIN)                                                                     \
	{                                                                                          \
#NAME, WEFT_DP_A_##ATTR, MIN, offsetof(struct weft_dp, NAME)                       \
	}

static const struct dp_limit dp_limits[] = { LIMIT(max_flows, MAX_FLOWS, 1),
					     LIMIT(max_cached, MAX_CACHED, 0),
					     LIMIT(max_instances, MAX_INSTANCES, 0),
					     LIMIT(max_instances_slice, MAX_INSTANCES_SLICE, 0),
					     LIMIT(max_instances_port, MAX_INSTANCES_PORT, 0),
					     {} };

static int dp_options(struct cli *cli, struct args *args, struct weft_dp *dp)
{
	int status = CLI_OK;

	while (!status && args_more(args)) {
		const struct dp_limit *limit = dp_limits;

		while (limit->name && !args_accept(args, limit->name))
			limit++;
		if (!limit->name)
			return args_end(cli, args);
		if (weft_has(dp, limit->attr))
			return cli_usage(cli, "\"%s\" is given twice", limit->name);
		weft_mark(dp, limit->attr);
		status = args_number(cli, args, limit->name, limit->min, UINT32_MAX,
				     (uint32_t *)((char *)dp + limit->offset));
	}
	return status;
}

static int dp_change(struct cli *cli, struct args *args, bool add)
{
	struct weft_dp dp;
	const char *name;
	int status, ret;

	status = dp_name(cli, args, &name);
	if (status)
		return status;
	weft_dp_init(&dp);
	snprintf(dp.name, sizeof(dp.name), "%s", name);
	weft_mark(&dp, WEFT_DP_A_NAME);
	status = dp_options(cli, args, &dp);
	if (!status && !add && dp.present == 1u << WEFT_DP_A_NAME)
		status = cli_usage(cli, "nothing to set");
	if (!status)
		status = session_open(cli);
	if (!status) {
		ret = add ? weft_dp_new(cli->sock, &dp) : weft_dp_set(cli->sock, &dp);
		if (ret)
			status = cli_refused(cli, ret, "cannot %s datapath %s",
					     add ? "add" : "change", name);
	}
	weft_dp_free(&dp);
	return status;
}

static int dp_add(struct cli *cli, struct args *args)
{
	return dp_change(cli, args, true);
}

static int dp_set(struct cli *cli, struct args *args)
{
	return dp_change(cli, args, false);
}

static int dp_del(struct cli *cli, struct args *args)
{
	const char *name;
	int status, ret;

	status = dp_name(cli, args, &name);
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_open(cli);
	if (status)
		return status;
	ret = weft_dp_del(cli->sock, name);
	if (ret)
		return cli_refused(cli, ret, "cannot delete datapath %s", name);
	return CLI_OK;
}

static int dp_show_one(struct cli *cli, struct weft_dp *dp)
{
	if (!cli->json) {
		dp_print(dp, cli->stats);
		return CLI_OK;
	}
	if (!cli->stats) {
		weft_unmark(dp, WEFT_DP_A_LOOKUPS);
		weft_unmark(dp, WEFT_DP_A_CACHE);
		weft_unmark(dp, WEFT_DP_A_DROPS);
	}
	return output_item(cli, weft_dp_to_json(dp));
}

static int by_name(const void *a, const void *b)
{
	const struct weft_dp *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int dp_show_all(struct cli *cli)
{
	struct weft_dp *dps;
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_dp_list(cli->sock, &dps, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list datapaths");
	if (ret)
		cli_warn_changed(cli, "datapaths");
	sort(dps, n, sizeof(*dps), by_name);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = dp_show_one(cli, &dps[i]);
	output_end(cli);
	weft_dp_list_free(dps, n);
	return status;
}

static int dp_show(struct cli *cli, struct args *args)
{
	const char *name = NULL;
	struct weft_dp dp;
	int status = CLI_OK;
	int ret;

	if (args_more(args))
		status = dp_name(cli, args, &name);
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_open(cli);
	if (status)
		return status;
	if (!name)
		return dp_show_all(cli);
	ret = weft_dp_get(cli->sock, name, &dp);
	if (ret)
		return cli_refused(cli, ret, "cannot show datapath %s", name);
	output_begin(cli);
	status = dp_show_one(cli, &dp);
	output_end(cli);
	weft_dp_free(&dp);
	return status;
}

#define LIMITS                                                                                     \
	"[max_flows N] [max_cached N] [max_instances N] [max_instances_slice N] "                  \
	"[max_instances_port N]"

#define LIMIT_DETAILS                                                                              \
	"  max_flows N            limit of entries over all tables; default 2097152\n"             \
	"  max_cached N           limit of programs in the flow cache; 0: none; default\n"         \
	"                         262144\n"                                                        \
	"  max_instances N        limit of instances; default 1048576\n"                           \
	"  max_instances_slice N  the same for each slice; default 1048576\n"                      \
	"  max_instances_port N   the same for each port of entry; default 262144\n"

static const struct cli_command dp_commands[] = {
	{ "add", "NAME " LIMITS, "make a datapath",
	  "  NAME                   1 to 15 characters, unique in the network namespace\n" LIMIT_DETAILS,
	  dp_add },
	{ "del", "NAME", "delete it, its ports and its entries", NULL, dp_del },
	{ "set", "NAME " LIMITS, "change its limits, at least one", LIMIT_DETAILS, dp_set },
	{ "show", "[NAME]", "list datapaths; -s: lookups, flow cache and drops", NULL, dp_show,
	  .preferred = true, .standard = true },
	{}
};

const struct cli_object dp_object = {
	"dp", "Datapaths: each is a switch with ports and tables of its own.", dp_commands
};
