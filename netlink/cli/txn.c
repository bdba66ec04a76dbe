// SPDX-License-Identifier: Apache-2.0
/*
 * txn.c - weft txn: a file of changes, all of them or none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define ERRORS_MAX 10

/* Take a word from the line at *@rest: its start; its length in @len */
static const char *take_word(const char **rest, size_t *len)
{
	const char *word = *rest + strspn(*rest, " \t");

	*len = strcspn(word, " \t");
	*rest = word + *len;
	*rest += strspn(*rest, " \t");
	return word;
}

static bool word_is(const char *word, size_t len, const char *keyword)
{
	return len == strlen(keyword) && !memcmp(word, keyword, len);
}

static int word_error(struct cli *cli, const struct lines *lines, const char *word, size_t len,
		      const char *message)
{
	struct weft_error err = { .pos = 1, .len = len };

	snprintf(err.msg, sizeof(err.msg), "%s", message);
	return cli_line_syntax(cli, -EINVAL, lines, word - lines->text, &err);
}

/* "T miss ACTIONS|none" at @rest */
static int parse_table(struct cli *cli, const struct lines *lines, const char *rest, struct op *op)
{
	struct weft_error err;
	const char *word;
	char number[8];
	uint32_t id;
	size_t len;
	int ret;

	word = take_word(&rest, &len);
	snprintf(number, sizeof(number), "%.*s", (int)(len < 7 ? len : 7), word);
	if (number_parse(number, 0, WEFT_N_TABLES - 1, &id))
		return word_error(cli, lines, word, len, "a table is a number from 0 to 255");
	word = take_word(&rest, &len);
	if (!word_is(word, len, "miss"))
		return word_error(cli, lines, word, len, "\"miss\" expected");
	op->table.id = id;
	weft_mark(&op->table, WEFT_TABLE_A_ID);
	weft_mark(&op->table, WEFT_TABLE_A_MISS);
	word = rest;
	word = take_word(&word, &len);
	if (word_is(word, len, "none"))
		return CLI_OK;
	ret = weft_actions_parse(&op->table.miss, rest, names_of(cli), &err);
	return ret ? cli_line_syntax(cli, ret, lines, rest - lines->text, &err) : CLI_OK;
}

static int parse_line(struct cli *cli, const struct lines *lines, struct ops *ops)
{
	int (*parse)(struct weft_flow * out, const char *text, const struct weft_names *names,
		     struct weft_error *err) = weft_flow_parse;
	const char *rest = lines->text, *word, *ahead;
	enum op_kind kind;
	struct weft_error err;
	struct weft_flow flow;
	struct op *op;
	size_t len;
	int ret;

	word = take_word(&rest, &len);
	ahead = rest;
	if (word_is(word, len, "add")) {
		kind = OP_ADD;
	} else if (word_is(word, len, "replace")) {
		kind = OP_REPLACE;
	} else if (word_is(word, len, "set")) {
		kind = OP_SET;
	} else if (word_is(word, len, "table")) {
		kind = OP_TABLE;
	} else if (word_is(word, len, "del")) {
		kind = OP_DEL;
		parse = weft_flow_parse_key;
		word = take_word(&ahead, &len);
		if (word_is(word, len, "filter")) {
			kind = OP_DEL_FILTER;
			parse = weft_flow_parse_filter;
			rest = ahead;
		}
	} else {
		return word_error(cli, lines, word, len,
				  "unknown change: add, replace, set, del or table");
	}

	op = ops_add(ops, kind, lines->line);
	if (!op)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	if (kind == OP_TABLE)
		return parse_table(cli, lines, rest, op);
	ret = parse(&flow, rest, names_of(cli), &err);
	if (ret)
		return cli_line_syntax(cli, ret, lines, rest - lines->text, &err);
	op->flow = flow;
	return CLI_OK;
}

static int read_file(struct cli *cli, struct ops *ops, const char *path)
{
	struct lines lines;
	int status = CLI_OK;
	int n_errors = 0;
	int ret;

	ret = lines_open(&lines, path);
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(-ret));
	ops->file = path;
	while (n_errors < ERRORS_MAX && (ret = lines_next(&lines)) > 0) {
		int one = parse_line(cli, &lines, ops);

		n_errors += one != CLI_OK;
		status = status ? status : one;
	}
	if (ret < 0)
		status = cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(-ret));
	lines_close(&lines);
	return status;
}

static int txn(struct cli *cli, struct args *args)
{
	struct ops ops = {};
	const char *dp = NULL, *path;
	int status;

	status = args_dp(cli, args, &dp);
	if (status)
		return status;
	path = args_next(args);
	if (!path)
		return cli_usage(cli, "the file is missing");
	status = args_dp(cli, args, &dp);
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_use_dp(cli, dp);
	if (!status)
		status = read_file(cli, &ops, path);
	if (!status)
		status = ops_commit(cli, &ops, NULL);
	ops_free(&ops);
	return status;
}

static const struct cli_command txn_commands[] = { { "", "FILE|- [dp NAME]",
						     "do all changes of a file at once, or none",
						     NULL, txn, .standard = true },
						   {} };

const struct cli_object txn_object = {
	"txn",
	"Do all changes of a file at once, or none. A line of it is one of\n"
	"  add FLOW | replace FLOW | set FLOW | del FLOW | del filter FILTER |\n"
	"  table T miss ACTIONS|none\n"
	"\"#\" begins a comment; a backslash at its end continues a line.",
	txn_commands
};
