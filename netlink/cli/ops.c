// SPDX-License-Identifier: Apache-2.0
/*
 * ops.c - a list of changes that is done in one transaction.
 *
 * All texts are parsed before the transaction is opened: what is wrong in a
 * file is told without the kernel having heard of it, and the socket is free
 * for questions of names until then.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct op *ops_add(struct ops *ops, enum op_kind kind, unsigned int line)
{
	struct op *op;

	if (ops->n == ops->size) {
		size_t size = ops->size ? 2 * ops->size : 64;
		struct op *bigger = realloc(ops->v, size * sizeof(*bigger));

		if (!bigger)
			return NULL;
		ops->v = bigger;
		ops->size = size;
	}
	op = &ops->v[ops->n++];
	*op = (struct op){ .kind = kind, .line = line };
	weft_flow_init(&op->flow);
	weft_table_init(&op->table);
	return op;
}

void ops_free(struct ops *ops)
{
	for (size_t i = 0; i < ops->n; i++) {
		weft_flow_free(&ops->v[i].flow);
		weft_table_free(&ops->v[i].table);
	}
	free(ops->v);
	*ops = (struct ops){};
}

static int op_send(struct weft_txn *txn, const struct op *op)
{
	switch (op->kind) {
	case OP_ADD:
		return weft_txn_flow_add(txn, &op->flow, false);
	case OP_REPLACE:
		return weft_txn_flow_add(txn, &op->flow, true);
	case OP_SET:
		return weft_txn_flow_set(txn, &op->flow);
	case OP_DEL:
		return weft_txn_flow_del(txn, &op->flow, false);
	case OP_DEL_FILTER:
		return weft_txn_flow_del_filter(txn, &op->flow);
	case OP_TABLE:
		return weft_txn_table_set(txn, &op->table);
	}
	return -EINVAL;
}

static const char *op_verb(const struct op *op)
{
	switch (op->kind) {
	case OP_ADD:
	case OP_REPLACE:
		return "add";
	case OP_SET:
		return "change";
	case OP_TABLE:
		return "set the miss actions of";
	default:
		return "delete";
	}
}

/* The kernel's words but for its "change N of the transaction: " */
static const char *op_words(struct cli *cli, int ret)
{
	const char *words = weft_sock_error(cli->sock);
	int skip = 0;

	sscanf(words, "change %*u of the transaction: %n", &skip);
	return words[skip] ? words + skip : strerror(-ret);
}

/* "FILE:LINE: cannot add table=…: the kernel's words" */
static int op_refused(struct cli *cli, const struct ops *ops, long failed, int ret)
{
	const struct op *op;
	char where[512] = "";
	char *text = NULL;
	int status;

	if (failed < 0 || (size_t)failed >= ops->n)
		return cli_refused(cli, ret, "the transaction failed");
	op = &ops->v[failed];
	if (op->line)
		snprintf(where, sizeof(where),
			 "%s:%u: ", strcmp(ops->file, "-") ? ops->file : "<stdin>", op->line);
	if (op->kind == OP_TABLE)
		return cli_fail(cli, CLI_FAILED, "%scannot %s table %u: %s", where, op_verb(op),
				op->table.id, op_words(cli, ret));
	/* Numbers: the socket may not be in a state to be asked for names. */
	text = weft_flow_format(&op->flow, NULL, WEFT_FMT_KEY | WEFT_FMT_NO_COOKIE);
	status = cli_fail(cli, CLI_FAILED, "%scannot %s %s: %s", where, op_verb(op),
			  text ? text : "it", op_words(cli, ret));
	free(text);
	return status;
}

void txn_result_print(const struct weft_txn_result *result)
{
	printf("version %" PRIu64 ": added %u changed %u deleted %u\n", result->version,
	       result->added, result->changed, result->deleted);
}

int ops_commit(struct cli *cli, struct ops *ops, bool *again)
{
	struct weft_txn_result result = {};
	struct weft_txn *txn;
	long failed;
	int ret;

	ret = weft_txn_begin(cli->sock, cli->dp, &txn);
	if (ret)
		return cli_refused(cli, ret, "cannot begin a transaction");
	for (size_t i = 0; i < ops->n; i++) {
		ret = op_send(txn, &ops->v[i]);
		if (ret)
			break;
	}
	if (ret) {
		failed = weft_txn_failed_op(txn);
		if (again && (ret == -ENOENT || ret == -EEXIST)) {
			*again = true;
			weft_txn_abort(txn);
			return CLI_FAILED;
		}
		ret = op_refused(cli, ops, failed, ret);
		weft_txn_abort(txn);
		return ret;
	}
	ret = weft_txn_commit(txn, &result);
	if (ret && again && (ret == -ENOENT || ret == -EEXIST)) {
		*again = true;
		return CLI_FAILED;
	}
	if (ret)
		return op_refused(cli, ops, weft_sock_failed_op(cli->sock), ret);
	if (cli->json)
		return output_json(cli, weft_txn_result_to_json(&result));
	txn_result_print(&result);
	return CLI_OK;
}
