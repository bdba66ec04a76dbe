// SPDX-License-Identifier: Apache-2.0
/*
 * flowfile.c - weft flow load and replace: files of entries.
 *
 * replace compares the file with what the kernel has, both in the order of
 * their keys, and sends the difference only: an entry that is to stay keeps its
 * counters and is not touched.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

#define ERRORS_MAX 10	/* told of one file */
#define REPLACE_TRIES 5 /* when entries come and go meanwhile */

/* Read the whole file into @ops; all its errors are told before giving up. */
static int read_file(struct cli *cli, struct ops *ops, const char *path, enum op_kind kind)
{
	struct weft_flow_file *file;
	int n_errors = 0;
	int status = CLI_OK;
	int ret;

	ret = weft_flow_file_open(&file, path);
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(-ret));
	ops->file = path;
	while (n_errors < ERRORS_MAX) {
		struct weft_error err = {};
		struct weft_flow flow;
		struct op *op;

		ret = weft_flow_file_next(file, &flow, names_of(cli), &err);
		if (!ret)
			break;
		if (ret < 0) {
			status = cli_file_syntax(cli, ret, path, &err);
			if (ret != -EINVAL)
				break;
			n_errors++;
			continue;
		}
		op = ops_add(ops, kind, weft_flow_file_line(file));
		if (!op) {
			weft_flow_free(&flow);
			status = cli_fail(cli, CLI_FAILED, "out of memory");
			break;
		}
		op->flow = flow;
	}
	weft_flow_file_close(file);
	return status;
}

/* The words of both commands: [dp NAME] FILE [replace] */
static int take_file(struct cli *cli, struct args *args, bool *replace, const char **path)
{
	const char *dp = NULL;
	int status;

	status = args_dp(cli, args, &dp);
	if (status)
		return status;
	*path = args_next(args);
	if (!*path)
		return cli_usage(cli, "the file is missing");
	while (!status && args_more(args)) {
		if (replace && !*replace && args_accept(args, "replace"))
			*replace = true;
		else if (!strcmp(args_peek(args), "dp"))
			status = args_dp(cli, args, &dp);
		else
			status = args_end(cli, args);
	}
	return status ? status : session_use_dp(cli, dp);
}

int flow_load(struct cli *cli, struct args *args)
{
	struct ops ops = {};
	bool replace = false;
	const char *path;
	int status;

	status = take_file(cli, args, &replace, &path);
	if (status)
		return status;
	status = read_file(cli, &ops, path, replace ? OP_REPLACE : OP_ADD);
	if (!status)
		status = ops_commit(cli, &ops, NULL);
	ops_free(&ops);
	return status;
}

static int by_key_and_line(const void *a, const void *b)
{
	const struct op *x = a, *y = b;
	int order = weft_flow_key_cmp(&x->flow, &y->flow);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int refuse_doubles(struct cli *cli, const struct ops *want)
{
	int status = CLI_OK;

	for (size_t i = 1; i < want->n; i++)
		if (weft_flow_same_key(&want->v[i - 1].flow, &want->v[i].flow))
			status = cli_fail(cli, CLI_USAGE,
					  "%s:%u: same table, priority and match as in line %u",
					  strcmp(want->file, "-") ? want->file : "<stdin>",
					  want->v[i].line, want->v[i - 1].line);
	return status;
}

static int diff_add(struct ops *diff, enum op_kind kind, unsigned int line,
		    const struct weft_flow *flow)
{
	struct op *op = ops_add(diff, kind, line);
	int ret;

	if (!op)
		return -ENOMEM;
	ret = weft_flow_copy(&op->flow, flow);
	if (ret)
		return ret;
	if (kind == OP_SET) {
		/* What the file does not mention has its default. */
		weft_mark(&op->flow, WEFT_FLOW_A_ACTIONS);
		weft_mark(&op->flow, WEFT_FLOW_A_COOKIE);
		weft_mark(&op->flow, WEFT_FLOW_A_IDLE_TIMEOUT);
		weft_mark(&op->flow, WEFT_FLOW_A_HARD_TIMEOUT);
	}
	return 0;
}

/* Both sorted by key: what turns @have into @want; deletions come first */
static int diff(struct ops *diff, const struct ops *want, const struct weft_flow *have, size_t n)
{
	size_t i = 0, j = 0;
	int ret = 0;

	while (!ret && j < n) {
		int order = i < want->n ? weft_flow_key_cmp(&want->v[i].flow, &have[j]) : 1;

		if (order > 0)
			ret = diff_add(diff, OP_DEL, 0, &have[j]);
		i += order <= 0;
		j += order >= 0;
	}
	for (i = 0, j = 0; !ret && i < want->n; i++) {
		const struct op *op = &want->v[i];

		while (j < n && weft_flow_key_cmp(&have[j], &op->flow) < 0)
			j++;
		if (j == n || !weft_flow_same_key(&have[j], &op->flow))
			ret = diff_add(diff, OP_REPLACE, op->line, &op->flow);
		else if (!weft_flow_equal(&have[j], &op->flow))
			ret = diff_add(diff, OP_SET, op->line, &op->flow);
	}
	return ret;
}

static int replace_once(struct cli *cli, const struct ops *want, bool *again)
{
	struct ops changes = { .file = want->file };
	struct weft_flow *have;
	int status, ret;
	size_t n;

	ret = weft_flow_list(cli->sock, cli->dp, NULL, &have, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the entries of %s", cli->dp);
	if (ret && again) {
		weft_flow_list_free(have, n);
		*again = true;
		return CLI_FAILED;
	}
	sort(have, n, sizeof(*have), flow_by_key);
	ret = diff(&changes, want, have, n);
	weft_flow_list_free(have, n);
	if (ret)
		status = cli_fail(cli, CLI_FAILED, "out of memory");
	else
		status = ops_commit(cli, &changes, again);
	ops_free(&changes);
	return status;
}

int flow_replace(struct cli *cli, struct args *args)
{
	struct ops want = {};
	const char *path;
	bool again;
	int status;

	status = take_file(cli, args, NULL, &path);
	if (status)
		return status;
	status = read_file(cli, &want, path, OP_REPLACE);
	if (!status) {
		sort(want.v, want.n, sizeof(*want.v), by_key_and_line);
		status = refuse_doubles(cli, &want);
	}
	if (!status) {
		for (int i = 1; i <= REPLACE_TRIES; i++) {
			again = false;
			status = replace_once(cli, &want, i < REPLACE_TRIES ? &again : NULL);
			if (!again)
				break;
		}
	}
	ops_free(&want);
	return status;
}
