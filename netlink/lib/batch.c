// SPDX-License-Identifier: Apache-2.0
/*
 * Many instances in few system calls. As in txn.c messages are written one behind
 * the other, and only the last of a system call asks for an acknowledgement; but here
 * each stands for itself, and every refusal is told.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

#define BATCH_FLUSH (64 * 1024)
#define BATCH_OPS 1024 /* whose refusals must fit into the socket's buffer */

struct weft_batch {
	struct weft_sock *sock;
	char dp[WEFT_NAME_MAX + 1];
	weft_batch_refused *refused;
	void *ctx;
	size_t n_ops;  /* taken from the caller */
	size_t n_sent; /* of them, in system calls before this one */
	size_t n_refused;
	uint32_t first; /* sequence number of the first one waiting */
	size_t len;	/* of what is waiting */
	uint8_t *buf;	/* BATCH_FLUSH + WL_MSG_SIZE bytes */
};

/**
 * weft_batch_begin - begin to collect
 * @sock: the socket; not used by this call
 * @dp: name of the datapath
 * @refused: hears of each operation that was refused; may be NULL
 * @ctx: for @refused
 * @batch: gets the batch, to be freed by weft_batch_free()
 *
 * Returns 0 or -ENOMEM.
 */
int weft_batch_begin(struct weft_sock *sock, const char *dp, weft_batch_refused *refused, void *ctx,
		     struct weft_batch **batch)
{
	struct weft_batch *b = calloc(1, sizeof(*b));

	*batch = NULL;
	if (b)
		b->buf = malloc(BATCH_FLUSH + WL_MSG_SIZE);
	if (!b || !b->buf) {
		free(b);
		return wl_sock_fail(sock, -ENOMEM, "out of memory");
	}
	b->sock = sock;
	b->refused = refused;
	b->ctx = ctx;
	snprintf(b->dp, sizeof(b->dp), "%s", dp);
	*batch = b;
	return 0;
}

static void tell(struct weft_batch *batch, size_t op, int err)
{
	batch->n_refused++;
	if (batch->refused)
		batch->refused(batch->ctx, op, err, weft_sock_error(batch->sock));
}

static void take_refusal(uint32_t seq, int err, void *ctx)
{
	struct weft_batch *batch = ctx;

	tell(batch, batch->n_sent + (seq - batch->first), err);
}

/**
 * weft_batch_flush - send what is waiting
 * @batch: the batch
 *
 * Returns 0 when the kernel has answered all, whatever it said, or -errno when it could
 * not be asked or its answers were lost.
 */
int weft_batch_flush(struct weft_batch *batch)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)batch->buf, *last = NULL;
	int rest = (int)batch->len, err;

	if (!batch->len)
		return 0;
	/* Other calls may have taken numbers since: these are counted on from here */
	batch->first = batch->sock->seq + 1;
	for (; mnl_nlmsg_ok(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest)) {
		nlh->nlmsg_seq = ++batch->sock->seq;
		last = nlh;
	}
	last->nlmsg_flags |= NLM_F_ACK;
	batch->sock->error[0] = '\0';
	batch->sock->error_attr[0] = '\0';
	err = wl_talk_each(batch->sock, batch->buf, batch->len, last->nlmsg_seq, take_refusal,
			   batch);
	batch->n_sent = batch->n_ops;
	batch->len = 0;
	return err;
}

static struct nlmsghdr *op_begin(struct weft_batch *batch, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = wl_msg_put_header(batch->sock, batch->buf + batch->len, cmd, flags,
						 0);

	mnl_attr_put_strz(nlh, WEFT_INSTANCE_A_DP, batch->dp);
	return nlh;
}

static int op_end(struct weft_batch *batch, const struct nlmsghdr *nlh)
{
	batch->n_ops++;
	batch->len += MNL_ALIGN(nlh->nlmsg_len);
	if (batch->len >= BATCH_FLUSH || batch->n_ops - batch->n_sent >= BATCH_OPS)
		return weft_batch_flush(batch);
	return 0;
}

/**
 * weft_batch_instance_new - answer an upcall, or import an instance
 * @batch: the batch
 * @instance: as for weft_instance_new()
 *
 * Returns 0, or the -errno of sending what was waiting.
 */
int weft_batch_instance_new(struct weft_batch *batch, const struct weft_instance *instance)
{
	struct nlmsghdr *nlh = op_begin(batch, WEFT_CMD_INSTANCE_NEW, NLM_F_CREATE | NLM_F_EXCL);
	int err = wl_instance_put_attrs(nlh, WL_MSG_SIZE, instance, false);
	int earlier;

	if (!err)
		return op_end(batch, nlh);
	/* Those before it are told of first */
	earlier = weft_batch_flush(batch);
	if (earlier)
		return earlier;
	wl_sock_fail(batch->sock, err, "the instance does not fit into a message");
	tell(batch, batch->n_ops++, err);
	batch->n_sent = batch->n_ops;
	return 0;
}

/**
 * weft_batch_instance_reject - refuse what waits for an answer
 * @batch: the batch
 * @pending: what the upcall said
 *
 * Returns 0, or the -errno of sending what was waiting.
 */
int weft_batch_instance_reject(struct weft_batch *batch, uint32_t pending)
{
	struct nlmsghdr *nlh = op_begin(batch, WEFT_CMD_INSTANCE_DEL, 0);

	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_PENDING, pending);
	return op_end(batch, nlh);
}

/**
 * weft_batch_instance_del - end one instance
 * @batch: the batch
 * @id: of the instance
 *
 * Returns 0, or the -errno of sending what was waiting.
 */
int weft_batch_instance_del(struct weft_batch *batch, uint32_t id)
{
	struct nlmsghdr *nlh = op_begin(batch, WEFT_CMD_INSTANCE_DEL, 0);

	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_ID, id);
	return op_end(batch, nlh);
}

/**
 * weft_batch_n_ops - operations taken so far
 * @batch: the batch
 */
size_t weft_batch_n_ops(const struct weft_batch *batch)
{
	return batch->n_ops;
}

/**
 * weft_batch_n_refused - operations that were refused so far
 * @batch: the batch
 */
size_t weft_batch_n_refused(const struct weft_batch *batch)
{
	return batch->n_refused;
}

/**
 * weft_batch_free - free a batch
 * @batch: freed, with what is still waiting; may be NULL
 */
void weft_batch_free(struct weft_batch *batch)
{
	if (!batch)
		return;
	free(batch->buf);
	free(batch);
}
