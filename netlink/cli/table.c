// SPDX-License-Identifier: Apache-2.0
/*
 * table.c - weft table: what the tables hold, and what befalls packets that no
 * entry of theirs matches.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void table_print(struct cli *cli, const struct weft_table *table, bool stats)
{
	char *miss = NULL;

	printf("table %u:", table->id);
	if (weft_has(table, WEFT_TABLE_A_N_FLOWS))
		printf(" flows %u", table->n_flows);
	if (weft_has(table, WEFT_TABLE_A_N_MASKS))
		printf(" masks %u", table->n_masks);
	if (table->miss.n)
		miss = weft_actions_format(&table->miss, names_of(cli), output_flags(cli));
	printf(" miss %s\n", miss ? miss : "none");
	free(miss);
	if (stats &&
	    (weft_has(table, WEFT_TABLE_A_MATCHED) || weft_has(table, WEFT_TABLE_A_MISSED)))
		printf("    matched %" PRIu64 " missed %" PRIu64 "\n", table->matched,
		       table->missed);
}

static int table_number(struct cli *cli, const char *text, uint8_t *id)
{
	uint32_t number;

	if (number_parse(text, 0, WEFT_N_TABLES - 1, &number))
		return cli_usage(cli, "table \"%s\" is not a number from 0 to %d", text,
				 WEFT_N_TABLES - 1);
	*id = number;
	return CLI_OK;
}

static int show_one(struct cli *cli, struct weft_table *table)
{
	if (!cli->json) {
		table_print(cli, table, cli->stats);
		return CLI_OK;
	}
	if (!cli->stats) {
		weft_unmark(table, WEFT_TABLE_A_MATCHED);
		weft_unmark(table, WEFT_TABLE_A_MISSED);
	}
	return output_item(cli, weft_table_to_json(table, names_of(cli), output_flags(cli)));
}

static int by_id(const void *a, const void *b)
{
	const struct weft_table *x = a, *y = b;

	return (int)x->id - y->id;
}

static int show_all(struct cli *cli)
{
	struct weft_table *tables;
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_table_list(cli->sock, cli->dp, &tables, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the tables of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "tables");
	sort(tables, n, sizeof(*tables), by_id);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = show_one(cli, &tables[i]);
	output_end(cli);
	weft_table_list_free(tables, n);
	return status;
}

static int table_show(struct cli *cli, struct args *args)
{
	const char *dp = NULL, *text;
	struct weft_table table;
	int status, ret;
	uint8_t id = 0;

	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	text = args_next(args);
	if (!status && text)
		status = table_number(cli, text, &id);
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_use_dp(cli, dp);
	if (status)
		return status;
	if (!text)
		return show_all(cli);
	ret = weft_table_get(cli->sock, cli->dp, id, &table);
	if (ret)
		return cli_refused(cli, ret, "cannot show table %u", id);
	output_begin(cli);
	status = show_one(cli, &table);
	output_end(cli);
	weft_table_free(&table);
	return status;
}

static int set_miss(struct cli *cli, struct weft_table *table, const char *text)
{
	struct weft_error err;
	int ret;

	weft_mark(table, WEFT_TABLE_A_MISS);
	if (strcmp(text, "none")) {
		ret = weft_actions_parse(&table->miss, text, names_of(cli), &err);
		if (ret)
			return cli_syntax(cli, ret, "miss actions", text, &err);
	}
	ret = weft_table_set(cli->sock, cli->dp, table);
	if (ret)
		return cli_refused(cli, ret, "cannot set the miss actions of table %u", table->id);
	return CLI_OK;
}

static int table_set(struct cli *cli, struct args *args)
{
	const char *dp = NULL, *number;
	struct weft_table table;
	char *text;
	int status;

	weft_table_init(&table);
	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	if (status)
		return status;
	number = args_next(args);
	if (!number)
		return cli_usage(cli, "the table is missing");
	status = table_number(cli, number, &table.id);
	if (!status)
		status = args_dp(cli, args, &dp);
	if (status)
		return status;
	if (!args_accept(args, "miss"))
		return cli_usage(cli, "\"miss\" is missing");
	if (!args_more(args))
		return cli_usage(cli, "\"miss\" needs a value");
	status = session_use_dp(cli, dp);
	if (status)
		return status;
	weft_mark(&table, WEFT_TABLE_A_ID);
	text = args_join(args);
	if (text)
		status = set_miss(cli, &table, text);
	else
		status = cli_fail(cli, CLI_FAILED, "out of memory");
	free(text);
	weft_table_free(&table);
	return status;
}

static const struct cli_command table_commands[] = {
	{ "set", "T miss ACTIONS|none [dp NAME]",
	  "what to do with packets that no entry of the table matches",
	  "  T        number of the table, 0 to 255\n"
	  "  ACTIONS  as in weft-flows(7); none: drop them, reason table_miss\n",
	  table_set },
	{ "show", "[T] [dp NAME]", "list tables that are in use; -s: lookups", NULL, table_show,
	  .preferred = true, .standard = true },
	{}
};

const struct cli_object table_object = { "table",
					 "Tables: 256 of them; a packet's walk begins in table 0.",
					 table_commands };
