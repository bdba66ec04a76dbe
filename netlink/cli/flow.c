// SPDX-License-Identifier: Apache-2.0
/*
 * flow.c - weft flow: entries, one at a time or as a filter selects them.
 *
 * An entry's text may be one word or many: what is left of the words is joined
 * by blanks. Columns in messages count in that text, which is shown below them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "flow.h"

typedef int (*flow_parser)(struct weft_flow *out, const char *text, const struct weft_names *names,
			   struct weft_error *err);

/* Take "dp NAME" and "replace" (if @replace) from either end; the rest is text */
static int take_text(struct cli *cli, struct args *args, const char **dp, bool *replace,
		     char **text)
{
	int status = args_dp(cli, args, dp);

	*text = NULL;
	for (int i = 0; !status && i < 2; i++) {
		if (replace && !*replace && args_more(args) &&
		    !strcmp(args->v[args->n - 1], "replace")) {
			*replace = true;
			args->n--;
		}
		status = args_last_dp(cli, args, dp);
	}
	if (status)
		return status;
	*text = args_join(args);
	return *text ? CLI_OK : cli_fail(cli, CLI_FAILED, "out of memory");
}

/* Words of a command to @flow, with the datapath chosen. Status; nothing to free unless CLI_OK */
static int take_flow(struct cli *cli, struct args *args, bool *replace, flow_parser parse,
		     struct weft_flow *flow)
{
	const char *dp = NULL;
	struct weft_error err;
	int status, ret;
	char *text;

	status = take_text(cli, args, &dp, replace, &text);
	if (!status && !*text && parse != weft_flow_parse_filter)
		status = cli_usage(cli, "the entry is missing");
	if (!status)
		status = session_use_dp(cli, dp);
	if (!status) {
		ret = parse(flow, text, names_of(cli), &err);
		if (ret)
			status = cli_syntax(cli, ret, "entry", text, &err);
	}
	free(text);
	return status;
}

static int flow_add(struct cli *cli, struct args *args)
{
	struct weft_flow flow;
	bool replace = false;
	int status, ret;

	status = take_flow(cli, args, &replace, weft_flow_parse, &flow);
	if (status)
		return status;
	ret = weft_flow_add(cli->sock, cli->dp, &flow, replace);
	if (ret)
		status = cli_refused(cli, ret, "cannot add the entry");
	weft_flow_free(&flow);
	return status;
}

static int flow_set(struct cli *cli, struct args *args)
{
	struct weft_flow flow;
	int status, ret;

	status = take_flow(cli, args, NULL, weft_flow_parse, &flow);
	if (status)
		return status;
	ret = weft_flow_set(cli->sock, cli->dp, &flow);
	if (ret)
		status = cli_refused(cli, ret, "cannot change the entry");
	weft_flow_free(&flow);
	return status;
}

static int del_filter(struct cli *cli, struct args *args)
{
	struct weft_flow filter;
	int status, ret;

	if (!args_more(args))
		return cli_usage(cli, "the filter is missing (all entries: weft flow flush)");
	status = take_flow(cli, args, NULL, weft_flow_parse_filter, &filter);
	if (status)
		return status;
	ret = weft_flow_del_filter(cli->sock, cli->dp, &filter);
	if (ret)
		status = cli_refused(cli, ret, "cannot delete entries");
	weft_flow_free(&filter);
	return status;
}

static int flow_del(struct cli *cli, struct args *args)
{
	struct weft_flow key;
	int status, ret;

	if (args_accept(args, "filter"))
		return del_filter(cli, args);
	status = take_flow(cli, args, NULL, weft_flow_parse_key, &key);
	if (status)
		return status;
	ret = weft_flow_del(cli->sock, cli->dp, &key);
	if (ret)
		status = cli_refused(cli, ret, "cannot delete the entry");
	weft_flow_free(&key);
	return status;
}

static int flow_flush(struct cli *cli, struct args *args)
{
	const char *dp = NULL;
	int status, ret;

	status = args_dp(cli, args, &dp);
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_use_dp(cli, dp);
	if (status)
		return status;
	ret = weft_flow_del_filter(cli->sock, cli->dp, NULL);
	if (ret)
		return cli_refused(cli, ret, "cannot delete the entries of %s", cli->dp);
	return CLI_OK;
}

static int print_text(struct cli *cli, const struct weft_flow *flow)
{
	char *text = weft_flow_format(flow, names_of(cli), output_flags(cli));

	if (!text)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	puts(text);
	free(text);
	return CLI_OK;
}

static json_t *to_json(struct cli *cli, const struct weft_flow *flow)
{
	return weft_flow_to_json(flow, names_of(cli), output_flags(cli));
}

static int flow_get(struct cli *cli, struct args *args)
{
	struct weft_flow key, flow;
	int status, ret;

	status = take_flow(cli, args, NULL, weft_flow_parse_key, &key);
	if (status)
		return status;
	ret = weft_flow_get(cli->sock, cli->dp, &key, &flow);
	weft_flow_free(&key);
	if (ret)
		return cli_refused(cli, ret, "cannot show the entry");
	status = cli->json ? output_json(cli, to_json(cli, &flow)) : print_text(cli, &flow);
	weft_flow_free(&flow);
	return status;
}

int flow_by_key(const void *a, const void *b)
{
	return weft_flow_key_cmp(a, b);
}

static int flow_show(struct cli *cli, struct args *args)
{
	struct weft_flow filter, *flows;
	int status, ret;
	size_t n;

	status = take_flow(cli, args, NULL, weft_flow_parse_filter, &filter);
	if (status)
		return status;
	ret = weft_flow_list(cli->sock, cli->dp, &filter, &flows, &n);
	weft_flow_free(&filter);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the entries of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "entries");
	sort(flows, n, sizeof(*flows), flow_by_key);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = cli->json ? output_item(cli, to_json(cli, &flows[i])) :
				     print_text(cli, &flows[i]);
	output_end(cli);
	weft_flow_list_free(flows, n);
	return status;
}

static int flow_parse(struct cli *cli, struct args *args)
{
	struct weft_flow flow;
	const char *dp = NULL;
	struct weft_error err;
	int status, ret;
	char *text;

	status = take_text(cli, args, &dp, NULL, &text);
	if (status)
		return status;
	if (dp) {
		status = session_use_dp(cli, dp);
	} else if (cli->netns) {
		status = session_open(cli);
	}
	cli->names.quiet = true;
	if (!status) {
		ret = weft_flow_parse(&flow, text, names_of(cli), &err);
		if (ret)
			status = cli_syntax(cli, ret, "entry", text, &err);
	}
	free(text);
	if (status)
		return status;
	status = cli->json ? output_json(cli, to_json(cli, &flow)) : print_text(cli, &flow);
	weft_flow_free(&flow);
	return status;
}

static const char flow_details[] =
	"  FLOW     [table=T], [priority=P], [cookie=C], [idle_timeout=S],\n"
	"           [hard_timeout=S], MATCH... actions=ACTIONS   (see weft-flows(7))\n";

static const char filter_details[] =
	"  FILTER   any of table=T, cookie=C/MASK and fields to match;\n"
	"           it selects entries whose match has at least these bits of the\n"
	"           fields, with these values\n";

static const char file_details[] =
	"  FILE     one entry a line, \"#\" begins a comment; -: standard input\n";

static const struct cli_command flow_commands[] = {
	{ "add", "[dp NAME] FLOW [replace]", "add an entry; replace: or put it in another's place",
	  flow_details, flow_add },
	{ "set", "[dp NAME] FLOW",
	  "change actions, and cookie and timeouts if given; counters stay", flow_details,
	  flow_set },
	{ "del", "[dp NAME] FLOW | filter [dp NAME] FILTER",
	  "delete the entry of that table, priority and match, or a selection", filter_details,
	  flow_del },
	{ "flush", "[dp NAME]", "delete all entries", NULL, flow_flush },
	{ "show", "[dp NAME] [FILTER]", "list entries; -s: counters", filter_details, flow_show,
	  .preferred = true, .standard = true },
	{ "dump", "[dp NAME] [FILTER]", "the same as show", filter_details, flow_show },
	{ "get", "[dp NAME] FLOW", "show the entry of that table, priority and match", NULL,
	  flow_get },
	{ "load", "[dp NAME] FILE|- [replace]", "add the entries of a file in one transaction",
	  file_details, flow_load },
	{ "replace", "[dp NAME] FILE|-",
	  "make the entries exactly those of a file in one transaction", file_details,
	  flow_replace },
	{ "parse", "[dp NAME] FLOW", "check an entry's text and print it in the usual form",
	  flow_details, flow_parse },
	{}
};

const struct cli_object flow_object = {
	"flow", "Entries of the tables: which packets, and what to do with them.", flow_commands
};
