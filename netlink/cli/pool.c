// SPDX-License-Identifier: Apache-2.0
/*
 * pool.c - weft pool: values that instances of templates draw.
 *
 * A line of "show" is in the words of "add", so that it can be given back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef int (*pool_parser)(struct weft_pool *out, const char *text, struct weft_error *err);

void pool_print(const struct weft_pool *pool, unsigned int flags)
{
	char *text = weft_pool_format(pool, flags);

	puts(text ? text : "?");
	free(text);
}

/* The words to @pool, with the datapath chosen. Status; nothing to free unless CLI_OK */
static int take_pool(struct cli *cli, struct args *args, pool_parser parse, struct weft_pool *pool)
{
	const char *dp = NULL;
	struct weft_error err;
	int status, ret;
	char *text;

	status = args_dp(cli, args, &dp);
	if (!status)
		status = args_last_dp(cli, args, &dp);
	if (!status && !args_more(args))
		status = cli_usage(cli, "the pool is missing");
	if (status)
		return status;
	text = args_join(args);
	if (!text)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	ret = parse(pool, text, &err);
	if (ret)
		status = cli_syntax(cli, ret, "pool", text, &err);
	free(text);
	if (status)
		return status;
	status = session_use_dp(cli, dp);
	if (status)
		weft_pool_free(pool);
	return status;
}

static int pool_add(struct cli *cli, struct args *args)
{
	struct weft_pool pool;
	int status, ret;

	status = take_pool(cli, args, weft_pool_parse, &pool);
	if (status)
		return status;
	ret = weft_pool_new(cli->sock, cli->dp, &pool);
	if (ret)
		status = cli_refused(cli, ret, "cannot add pool %u", pool.id);
	weft_pool_free(&pool);
	return status;
}

static int pool_set(struct cli *cli, struct args *args)
{
	struct weft_pool pool;
	int status, ret;

	status = take_pool(cli, args, weft_pool_parse_change, &pool);
	if (status)
		return status;
	ret = weft_pool_set(cli->sock, cli->dp, &pool);
	if (ret)
		status = cli_refused(cli, ret, "cannot change pool %u", pool.id);
	weft_pool_free(&pool);
	return status;
}

/* [ID] [dp NAME], with the datapath chosen; *@id is 0 when there is none. Status. */
static int take_id(struct cli *cli, struct args *args, uint32_t *id)
{
	const char *dp = NULL, *text;
	int status;

	*id = 0;
	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	text = args_next(args);
	if (!status)
		status = args_end(cli, args);
	if (!status && text && number_parse(text, 1, WEFT_POOL_ID_MAX, id))
		status = cli_usage(cli, "pool \"%s\" is not a number from 1 to %d", text,
				   WEFT_POOL_ID_MAX);
	return status ? status : session_use_dp(cli, dp);
}

static int pool_del(struct cli *cli, struct args *args)
{
	uint32_t id;
	int status, ret;

	if (!args_more(args))
		return cli_usage(cli, "the pool is missing");
	status = take_id(cli, args, &id);
	if (status)
		return status;
	if (!id)
		return cli_usage(cli, "the pool is missing");
	ret = weft_pool_del(cli->sock, cli->dp, id);
	if (ret)
		return cli_refused(cli, ret, "cannot delete pool %u", id);
	return CLI_OK;
}

static int show_one(struct cli *cli, const struct weft_pool *pool)
{
	if (cli->json)
		return output_item(cli, weft_pool_to_json(pool, output_flags(cli)));
	pool_print(pool, output_flags(cli));
	return CLI_OK;
}

static int by_id(const void *a, const void *b)
{
	const struct weft_pool *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int show_all(struct cli *cli)
{
	struct weft_pool *pools;
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_pool_list(cli->sock, cli->dp, &pools, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the pools of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "pools");
	sort(pools, n, sizeof(*pools), by_id);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = show_one(cli, &pools[i]);
	output_end(cli);
	weft_pool_list_free(pools, n);
	return status;
}

static int pool_show(struct cli *cli, struct args *args)
{
	struct weft_pool pool;
	uint32_t id;
	int status, ret;

	status = take_id(cli, args, &id);
	if (status)
		return status;
	if (!id)
		return show_all(cli);
	ret = weft_pool_get(cli->sock, cli->dp, id, &pool);
	if (ret)
		return cli_refused(cli, ret, "cannot show pool %u", id);
	output_begin(cli);
	status = show_one(cli, &pool);
	output_end(cli);
	weft_pool_free(&pool);
	return status;
}

static const char add_details[] =
	"  ID      number of the pool, 1 to 65535\n"
	"  RANGE   IP[-IP][:PORT[-PORT]] or IP/PREFIX[:PORT[-PORT]], IPv6 with ports in\n"
	"          brackets: [IP-IP]:PORT-PORT; without ports: whole addresses\n"
	"  IP=IP   in a map: addresses for addresses, also IP/PREFIX=IP/PREFIX\n"
	"  choice  preserve: the packet's own port if it is free (default); random;\n"
	"          sequential\n"
	"  parity  an even port for an even one, an odd one for an odd one\n"
	"  reuse   a pair may be in use once for each of several remote endpoints\n";

static const char set_details[] =
	"  +RANGE  grant it; +IP=IP in a map\n"
	"  -RANGE  withdraw it, exactly as it was given; what is in use stays so\n";

static const struct cli_command pool_commands[] = {
	{ "add",
	  "ID RANGE... [choice=preserve|random|sequential] [parity] [reuse] [dp NAME] "
	  "| ID map IP=IP... [dp NAME]",
	  "make a pool", add_details, pool_add },
	{ "set",
	  "ID [+RANGE]... [-RANGE]... [choice=preserve|random|sequential] "
	  "[parity=yes|no] [dp NAME]",
	  "grant and withdraw ranges, change how to choose", set_details, pool_set },
	{ "del", "ID [dp NAME]", "delete a pool that no template draws from", NULL, pool_del },
	{ "show", "[ID] [dp NAME]", "list pools; -s: what is in use", NULL, pool_show,
	  .preferred = true, .standard = true },
	{}
};

const struct cli_object pool_object = {
	"pool", "Pools: addresses and ports that instances of templates draw.", pool_commands
};
