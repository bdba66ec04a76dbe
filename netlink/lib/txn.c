// SPDX-License-Identifier: Apache-2.0
/*
 * Transactions. Operations are written one behind the other into a buffer and sent
 * in one system call when it is full. Only the last message of a batch asks for an
 * acknowledgement: 200,000 entries are some 700 answers, and the socket's buffer
 * holds one at a time. Refusals come whether asked for or not; the first of them
 * ends the transaction.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

#define BATCH_FLUSH (64 * 1024)
#define BATCH_OPS 1024

struct weft_txn {
	struct weft_sock *sock;
	char dp[WEFT_NAME_MAX + 1];
	uint32_t id;
	size_t n_ops;  /* taken from the caller */
	size_t n_sent; /* of them, in batches before this one */
	long failed_op;
	int err;	/* the first refusal: nothing is sent any more */
	size_t len;	/* of the batch */
	uint8_t *batch; /* BATCH_FLUSH + WL_MSG_SIZE bytes */
};

int wl_txn_get_msg(struct weft_txn_result *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err = 0;

	*out = (struct weft_txn_result){ 0 };
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		unsigned int type = mnl_attr_get_type(attr);

		if (type <= WEFT_TXN_A_MAX)
			weft_mark(out, type);
		switch (type) {
		case WEFT_TXN_A_DP:
			err = wl_attr_str(attr, out->dp, sizeof(out->dp));
			break;
		case WEFT_TXN_A_N_OPS:
			err = wl_attr_u32(attr, &out->n_ops);
			break;
		case WEFT_TXN_A_VERSION:
			err = wl_attr_u64(attr, &out->version);
			break;
		case WEFT_TXN_A_ADDED:
			err = wl_attr_u32(attr, &out->added);
			break;
		case WEFT_TXN_A_CHANGED:
			err = wl_attr_u32(attr, &out->changed);
			break;
		case WEFT_TXN_A_DELETED:
			err = wl_attr_u32(attr, &out->deleted);
			break;
		}
		if (err)
			return err;
	}
	return 0;
}

static int take_id(const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == WEFT_TXN_A_ID)
			return wl_attr_u32(attr, ctx);
	return -EPROTO;
}

/**
 * weft_txn_begin - open a transaction
 * @sock: the socket, not to be used otherwise until commit or abort
 * @dp: name of the datapath
 * @txn: gets the transaction, to be ended by weft_txn_commit() or weft_txn_abort()
 *
 * Returns 0, -ENODEV when there is no such datapath, -ENOMEM, or another -errno.
 */
int weft_txn_begin(struct weft_sock *sock, const char *dp, struct weft_txn **txn)
{
	struct weft_txn *t = calloc(1, sizeof(*t));
	struct nlmsghdr *nlh;
	int err;

	*txn = NULL;
	sock->failed_op = -1;
	nlh = wl_msg_begin(sock, WEFT_CMD_TXN_BEGIN, 0);
	if (t)
		t->batch = malloc(BATCH_FLUSH + WL_MSG_SIZE);
	if (!t || !t->batch) {
		free(t);
		return wl_sock_fail(sock, -ENOMEM, "out of memory");
	}
	t->sock = sock;
	t->failed_op = -1;
	snprintf(t->dp, sizeof(t->dp), "%s", dp);
	wl_put_name(nlh, WEFT_TXN_A_DP, dp);
	err = wl_request(sock, nlh, take_id, &t->id);
	if (err) {
		free(t->batch);
		free(t);
		return err;
	}
	*txn = t;
	return 0;
}

/**
 * weft_txn_flush - send what is waiting
 * @txn: the transaction
 *
 * Returns 0 when the kernel took all operations so far, the -errno of the first
 * that it refused.
 */
int weft_txn_flush(struct weft_txn *txn)
{
	struct nlmsghdr *first = (struct nlmsghdr *)txn->batch, *last = NULL, *nlh = first;
	struct weft_sock *sock = txn->sock;
	int rest = (int)txn->len;

	if (txn->err || !txn->len)
		return txn->err;
	for (; mnl_nlmsg_ok(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest))
		last = nlh;
	last->nlmsg_flags |= NLM_F_ACK;
	sock->failed_seq = first->nlmsg_seq - 1;
	txn->err = wl_talk(sock, txn->batch, txn->len, last->nlmsg_seq, NULL, NULL);
	if (txn->err && sock->failed_seq - first->nlmsg_seq <= last->nlmsg_seq - first->nlmsg_seq)
		txn->failed_op = (long)(txn->n_sent + (sock->failed_seq - first->nlmsg_seq));
	sock->failed_op = txn->failed_op;
	txn->n_sent = txn->n_ops;
	txn->len = 0;
	return txn->err;
}

/* An operation refused before it was sent */
static int refuse_op(struct weft_txn *txn, int err)
{
	int earlier = weft_txn_flush(txn);

	if (earlier)
		return earlier;
	txn->err = err;
	txn->failed_op = txn->sock->failed_op = (long)txn->n_ops;
	return wl_sock_fail(
		txn->sock, err, "%s",
		err == -ELOOP	 ? "clones nest too deep" :
		err == -EMSGSIZE ? "the operation does not fit into a message" :
				   "a filter cannot select by priority, or an action is unknown");
}

static struct nlmsghdr *op_begin(struct weft_txn *txn, uint8_t cmd, uint16_t flags)
{
	return wl_msg_put_header(txn->sock, txn->batch + txn->len, cmd, flags, txn->sock->seq + 1);
}

static int op_end(struct weft_txn *txn, struct nlmsghdr *nlh)
{
	txn->sock->seq++;
	txn->n_ops++;
	txn->len += MNL_ALIGN(nlh->nlmsg_len);
	if (txn->len >= BATCH_FLUSH || txn->n_ops - txn->n_sent >= BATCH_OPS)
		return weft_txn_flush(txn);
	return 0;
}

static int flow_op(struct weft_txn *txn, uint8_t cmd, uint16_t flags, const struct weft_flow *flow,
		   enum wl_flow_what what)
{
	struct nlmsghdr *nlh;
	int err;

	if (txn->err)
		return txn->err;
	nlh = op_begin(txn, cmd, flags);
	mnl_attr_put_strz(nlh, WEFT_FLOW_A_DP, txn->dp);
	mnl_attr_put_u32(nlh, WEFT_FLOW_A_TXN, txn->id);
	err = wl_flow_put_attrs(nlh, WL_MSG_SIZE, flow, what);
	return err ? refuse_op(txn, err) : op_end(txn, nlh);
}

/**
 * weft_txn_flow_add - add an entry
 * @txn: the transaction
 * @flow: the entry
 * @replace: take the place of one with the same key, if there is one
 *
 * Returns 0 or the -errno of this or an earlier operation.
 */
int weft_txn_flow_add(struct weft_txn *txn, const struct weft_flow *flow, bool replace)
{
	return flow_op(txn, WEFT_CMD_FLOW_NEW,
		       NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL), flow, WL_FLOW_ENTRY);
}

/**
 * weft_txn_flow_set - change an entry, which keeps its counters
 * @txn: the transaction
 * @flow: key, and what is present of actions, cookie and timeouts
 *
 * Returns 0 or the -errno of this or an earlier operation.
 */
int weft_txn_flow_set(struct weft_txn *txn, const struct weft_flow *flow)
{
	return flow_op(txn, WEFT_CMD_FLOW_SET, 0, flow, WL_FLOW_CHANGE);
}

/**
 * weft_txn_flow_del - delete one entry
 * @txn: the transaction
 * @key: table, priority and match
 * @if_exists: it may be gone already (else the commit fails with -ENOENT)
 *
 * Returns 0 or the -errno of this or an earlier operation.
 */
int weft_txn_flow_del(struct weft_txn *txn, const struct weft_flow *key, bool if_exists)
{
	return flow_op(txn, WEFT_CMD_FLOW_DEL, 0, key, if_exists ? WL_FLOW_IF : WL_FLOW_KEY);
}

/**
 * weft_txn_flow_del_filter - delete all entries that a filter selects
 * @txn: the transaction
 * @filter: what is present of table and cookie, and the match; NULL: every entry
 *
 * Returns 0 or the -errno of this or an earlier operation.
 */
int weft_txn_flow_del_filter(struct weft_txn *txn, const struct weft_flow *filter)
{
	struct weft_flow all;

	weft_flow_init(&all);
	return flow_op(txn, WEFT_CMD_FLOW_DEL, 0, filter ? filter : &all, WL_FLOW_FILTER);
}

/**
 * weft_txn_table_set - set a table's miss actions
 * @txn: the transaction
 * @table: id and miss actions
 *
 * Returns 0 or the -errno of this or an earlier operation.
 */
int weft_txn_table_set(struct weft_txn *txn, const struct weft_table *table)
{
	struct nlmsghdr *nlh;
	int err;

	if (txn->err)
		return txn->err;
	nlh = op_begin(txn, WEFT_CMD_TABLE_SET, 0);
	mnl_attr_put_strz(nlh, WEFT_TABLE_A_DP, txn->dp);
	mnl_attr_put_u32(nlh, WEFT_TABLE_A_TXN, txn->id);
	err = wl_table_put_attrs(nlh, WL_MSG_SIZE, table);
	return err ? refuse_op(txn, err) : op_end(txn, nlh);
}

/**
 * weft_txn_n_ops - operations taken so far
 * @txn: the transaction
 */
size_t weft_txn_n_ops(const struct weft_txn *txn)
{
	return txn->n_ops;
}

/**
 * weft_txn_failed_op - the operation that was refused
 * @txn: the transaction
 *
 * Returns its number from 0, -1 when none was.
 */
long weft_txn_failed_op(const struct weft_txn *txn)
{
	return txn->failed_op;
}

struct result {
	struct weft_txn_result *out;
};

static int take_result(const struct nlmsghdr *nlh, void *ctx)
{
	struct result *result = ctx;

	return wl_txn_get_msg(result->out, nlh);
}

static void txn_free(struct weft_txn *txn)
{
	free(txn->batch);
	free(txn);
}

static struct nlmsghdr *end_msg(struct weft_txn *txn, uint8_t cmd)
{
	struct nlmsghdr *nlh = wl_msg_begin(txn->sock, cmd, 0);

	mnl_attr_put_strz(nlh, WEFT_TXN_A_DP, txn->dp);
	mnl_attr_put_u32(nlh, WEFT_TXN_A_ID, txn->id);
	return nlh;
}

/*
 * Operations that are well-formed but clash with what is in the tables are refused
 * by the commit, which says the number in its words, unless there is one only.
 */
static long refused_change(const struct weft_txn *txn)
{
	unsigned int number;

	if (sscanf(weft_sock_error(txn->sock), "change %u of the transaction:", &number) == 1)
		return number;
	return txn->n_ops == 1 ? 0 : -1;
}

/**
 * weft_txn_commit - apply all operations at once, or none
 * @txn: the transaction, freed also on failure
 * @result: gets what was done; may be NULL
 *
 * Returns 0, or the -errno of the first operation that was refused, which
 * weft_sock_failed_op() tells then, or of the commit itself.
 */
int weft_txn_commit(struct weft_txn *txn, struct weft_txn_result *result)
{
	struct weft_txn_result unused;
	struct result r = { result ? result : &unused };
	int err;

	*r.out = (struct weft_txn_result){ 0 };
	err = weft_txn_flush(txn);
	if (err) {
		weft_txn_abort(txn);
		return err;
	}
	err = wl_request(txn->sock, end_msg(txn, WEFT_CMD_TXN_COMMIT), take_result, &r);
	if (err)
		txn->sock->failed_op = refused_change(txn);
	txn_free(txn);
	return err;
}

/**
 * weft_txn_abort - forget all operations
 * @txn: freed; may be NULL
 *
 * What weft_sock_error() says stays.
 */
void weft_txn_abort(struct weft_txn *txn)
{
	struct weft_sock *sock;
	char error[sizeof(sock->error)], attr[sizeof(sock->error_attr)];

	if (!txn)
		return;
	sock = txn->sock;
	memcpy(error, sock->error, sizeof(error));
	memcpy(attr, sock->error_attr, sizeof(attr));
	wl_request(sock, end_msg(txn, WEFT_CMD_TXN_ABORT), NULL, NULL);
	memcpy(sock->error, error, sizeof(error));
	memcpy(sock->error_attr, attr, sizeof(attr));
	txn_free(txn);
}
