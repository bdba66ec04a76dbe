// SPDX-License-Identifier: Apache-2.0
/*
 * Talking to the kernel, played by a thread at the other end of a socket pair that
 * keeps datagrams apart as netlink does: answers, refusals and their words, dumps
 * that are interrupted, events in between, and transactions.
 */
#include "lib_test.h"
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "wl.h"

#define PORTID 77
#define FAMILY 0x20

/* What the kernel does with requests; one test at a time */
static struct {
	int fd;
	pthread_t thread;
	void (*handle)(const struct nlmsghdr *request);
	unsigned int n_requests, n_acks, n_dumps, n_ops;
	unsigned int refuse_at;
} kernel;

static struct weft_sock *sock;
static uint32_t out[32 * 1024];

static uint8_t cmd_of(const struct nlmsghdr *nlh)
{
	return ((const struct genlmsghdr *)mnl_nlmsg_get_payload(nlh))->cmd;
}

static struct nlmsghdr *answer(const struct nlmsghdr *request, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(out);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = FAMILY;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = request ? request->nlmsg_seq : 0;
	nlh->nlmsg_pid = request ? PORTID : 0;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	return nlh;
}

static void transmit(const struct nlmsghdr *nlh)
{
	assert_int_equal(send(kernel.fd, nlh, nlh->nlmsg_len, 0), nlh->nlmsg_len);
}

/* NLMSG_ERROR with extended acknowledgement */
static void reply(const struct nlmsghdr *request, int error, const char *msg, uint32_t ofs)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(out);
	struct nlmsgerr *e;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	nlh->nlmsg_seq = request->nlmsg_seq;
	nlh->nlmsg_pid = PORTID;
	e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e));
	e->error = error;
	memcpy(&e->msg, request, sizeof(e->msg));
	if (msg || ofs)
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
	if (msg)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, msg);
	if (ofs)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, ofs);
	kernel.n_acks++;
	transmit(nlh);
}

static void done(const struct nlmsghdr *request, uint16_t flags, int error)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(out);

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI | flags;
	nlh->nlmsg_seq = request->nlmsg_seq;
	nlh->nlmsg_pid = PORTID;
	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(error)), &error, sizeof(error));
	transmit(nlh);
}

static bool has_u32(const struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == type)
			return mnl_attr_get_u32(attr) == value;
	return false;
}

static void send_dp(const struct nlmsghdr *request, uint16_t flags, const char *name)
{
	struct nlmsghdr *nlh = answer(request, WEFT_CMD_DP_NEW, flags);

	mnl_attr_put_strz(nlh, WEFT_DP_A_NAME, name);
	mnl_attr_put_u32(nlh, WEFT_DP_A_N_FLOWS, 5);
	transmit(nlh);
}

static void *run_kernel(void *arg)
{
	static uint32_t in[256 * 1024];
	ssize_t n;

	while ((n = recv(kernel.fd, in, sizeof(in), 0)) > 0) {
		const struct nlmsghdr *nlh = (const void *)in;
		int rest = (int)n;

		for (; mnl_nlmsg_ok(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest)) {
			kernel.n_requests++;
			kernel.handle(nlh);
		}
	}
	return NULL;
}

static void start(void (*handle)(const struct nlmsghdr *request))
{
	int pair[2], size = 4 << 20;

	memset(&kernel, 0, sizeof(kernel));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	kernel.fd = pair[1];
	kernel.handle = handle;
	sock = calloc(1, sizeof(*sock));
	sock->fd = pair[0];
	sock->portid = PORTID;
	sock->family = FAMILY;
	sock->failed_op = -1;
	sock->pending_tail = &sock->pending;
	sock->seq = UINT32_MAX - 2; /* sequence numbers wrap */
	sock->sbuf = malloc(WL_MSG_SIZE);
	sock->rbuf = malloc(128 * 1024);
	assert_int_equal(pthread_create(&kernel.thread, NULL, run_kernel, NULL), 0);
}

static void stop(void)
{
	weft_sock_close(sock);
	pthread_join(kernel.thread, NULL);
	close(kernel.fd);
}

/* ---- limits ------------------------------------------------------------------- */

/* Refuses what has no limits of 9 entries and 0 programs; each may be absent */
static void handle_limits(const struct nlmsghdr *request)
{
	bool flows = has_u32(request, WEFT_DP_A_MAX_FLOWS, 9);
	bool cached = has_u32(request, WEFT_DP_A_MAX_CACHED, 0);

	reply(request, flows && cached ? 0 : flows ? -EBUSY : cached ? -ENOMEM : -EINVAL, NULL, 0);
}

static void limits(void **state)
{
	struct weft_dp dp = { .name = "weft0", .max_flows = 9 };

	start(handle_limits);
	assert_int_equal(weft_dp_new(sock, &dp), -EINVAL);
	weft_mark(&dp, WEFT_DP_A_MAX_CACHED);
	assert_int_equal(weft_dp_new(sock, &dp), -ENOMEM);
	assert_int_equal(weft_dp_set(sock, &dp), -ENOMEM);
	weft_mark(&dp, WEFT_DP_A_MAX_FLOWS);
	assert_int_equal(weft_dp_new(sock, &dp), 0);
	assert_int_equal(weft_dp_set(sock, &dp), 0);
	weft_unmark(&dp, WEFT_DP_A_MAX_CACHED);
	assert_int_equal(weft_dp_set(sock, &dp), -EBUSY);
	stop();
}

/* ---- answers and refusals ----------------------------------------------------- */

static void handle_dps(const struct nlmsghdr *request)
{
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(request, GENL_HDRLEN);

	switch (cmd_of(request)) {
	case WEFT_CMD_DP_NEW:
		reply(request, -EEXIST, "the name is taken",
		      (uint32_t)((const char *)attr - (const char *)request));
		break;
	case WEFT_CMD_DP_DEL:
		reply(request, 0, NULL, 0);
		break;
	case WEFT_CMD_DP_SET:
		reply(request, -EPERM, NULL, 0);
		break;
	case WEFT_CMD_DP_GET:
		if (request->nlmsg_flags & NLM_F_DUMP) {
			uint16_t intr = kernel.n_dumps++ < kernel.refuse_at ? NLM_F_DUMP_INTR : 0;

			send_dp(request, NLM_F_MULTI, "a");
			send_dp(request, NLM_F_MULTI | intr, "b");
			/* of someone else's, and stale */
			send_dp(NULL, 0, "event");
			send_dp(request, NLM_F_MULTI, "c");
			done(request, 0, 0);
		} else {
			send_dp(request, 0, mnl_attr_get_str(attr));
			reply(request, 0, NULL, 0);
		}
		break;
	}
}

static void requests(void **state)
{
	struct weft_dp dp = { .name = "weft0" }, got;

	start(handle_dps);
	assert_int_equal(weft_dp_del(sock, "weft0"), 0);
	assert_string_equal(weft_sock_error(sock), "");
	assert_int_equal(weft_dp_new(sock, &dp), -EEXIST);
	assert_string_equal(weft_sock_error(sock), "the name is taken (name)");
	assert_string_equal(weft_sock_error_attr(sock), "name");
	assert_int_equal(weft_dp_set(sock, &dp), -EPERM);
	assert_string_equal(weft_sock_error(sock), strerror(EPERM));
	assert_string_equal(weft_sock_error_attr(sock), "");
	for (int i = 0; i < 10; i++) {
		assert_int_equal(weft_dp_get(sock, "weft0", &got), 0);
		assert_string_equal(weft_sock_error(sock), "");
		assert_string_equal(got.name, "weft0");
		assert_int_equal(got.n_flows, 5);
		assert_true(weft_has(&got, WEFT_DP_A_N_FLOWS));
		assert_false(weft_has(&got, WEFT_DP_A_VERSION));
		weft_dp_free(&got);
	}
	stop();
}

static int count(const struct weft_dp *dp, void *ctx)
{
	return ++*(int *)ctx == 2 ? -ECANCELED : 0;
}

static void dumps(void **state)
{
	struct weft_dp *dps;
	int calls = 0;
	size_t n;

	start(handle_dps);
	kernel.refuse_at = 2; /* interrupted twice */
	assert_int_equal(weft_dp_list(sock, &dps, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(kernel.n_dumps, 3);
	assert_string_equal(dps[2].name, "c");
	weft_dp_list_free(dps, n);

	kernel.refuse_at = UINT32_MAX;
	kernel.n_dumps = 0;
	assert_int_equal(weft_dp_list(sock, &dps, &n), 1);
	assert_int_equal(kernel.n_dumps, WL_LIST_TRIES);
	assert_int_equal(n, 3);
	weft_dp_list_free(dps, n);

	/* the callback ends a dump, and the socket is fit for the next request */
	assert_int_equal(weft_dp_dump(sock, count, &calls), -ECANCELED);
	assert_int_equal(calls, 2);
	assert_int_equal(weft_dp_del(sock, "weft0"), 0);
	stop();
}

static void events_between(void **state)
{
	struct weft_event event;
	struct weft_dp *dps;
	size_t n;

	start(handle_dps);
	assert_int_equal(weft_event_recv(sock, &event, false), -EAGAIN);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(weft_dp_list(sock, &dps, &n), 0);
		weft_dp_list_free(dps, n);
	}
	send_dp(NULL, 0, "later");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(weft_event_recv(sock, &event, true), 0);
		assert_int_equal(event.cmd, WEFT_CMD_DP_NEW);
		assert_string_equal(event.dp.name, i < 3 ? "event" : "later");
		weft_event_free(&event);
	}
	assert_int_equal(weft_event_recv(sock, &event, false), -EAGAIN);
	stop();
}

/* What is left of a datagram is not lost when a request needs the buffer */
static void one_datagram(void **state)
{
	struct weft_event event;
	uint32_t both[64];
	size_t len = 0;

	start(handle_dps);
	for (int i = 0; i < 3; i++) {
		struct nlmsghdr *nlh = answer(NULL, WEFT_CMD_DP_DEL, 0);

		mnl_attr_put_strz(nlh, WEFT_DP_A_NAME, i == 0 ? "a" : i == 1 ? "b" : "c");
		memcpy((char *)both + len, nlh, nlh->nlmsg_len);
		len += MNL_ALIGN(nlh->nlmsg_len);
	}
	assert_int_equal(send(kernel.fd, both, len, 0), len);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(weft_event_recv(sock, &event, true), 0);
		assert_int_equal(event.cmd, WEFT_CMD_DP_DEL);
		assert_int_equal(event.dp.name[0], 'a' + i);
		weft_event_free(&event);
		if (i != 1)
			assert_int_equal(weft_dp_del(sock, "weft0"), 0);
	}
	assert_int_equal(weft_event_recv(sock, &event, false), -EAGAIN);
	stop();
}

static void send_upcall(uint8_t byte)
{
	struct nlmsghdr *nlh = answer(NULL, WEFT_CMD_PACKET_UPCALL, 0);
	uint8_t frame[60000];

	memset(frame, byte, sizeof(frame));
	mnl_attr_put_strz(nlh, WEFT_PACKET_A_SERVICE, "nat");
	mnl_attr_put_u32(nlh, WEFT_PACKET_A_ARG, byte);
	mnl_attr_put(nlh, WEFT_PACKET_A_DATA, sizeof(frame), frame);
	transmit(nlh);
}

/* An answer between two, and ones that cannot be read */
static void upcalls(void **state)
{
	struct weft_event event;
	struct nlmsghdr *nlh;

	start(handle_dps);
	send_upcall(1);
	send_upcall(2);
	assert_int_equal(weft_event_recv(sock, &event, true), 0);
	assert_int_equal(event.packet.len, 60000);
	assert_int_equal(event.packet.data[59999], 1);
	weft_event_free(&event);
	/* the second one is kept during a request */
	assert_int_equal(weft_dp_del(sock, "weft0"), 0);
	assert_int_equal(weft_event_recv(sock, &event, true), 0);
	assert_string_equal(event.packet.service, "nat");
	assert_int_equal(event.packet.data[0], 2);
	assert_int_equal(event.packet.data[59999], 2);
	weft_event_free(&event);

	nlh = answer(NULL, WEFT_CMD_PACKET_UPCALL, 0);
	mnl_attr_put_u8(nlh, WEFT_PACKET_A_ARG, 1);
	transmit(nlh);
	assert_int_equal(weft_event_recv(sock, &event, true), -EPROTO);
	nlh = answer(NULL, 200, 0);
	transmit(nlh);
	assert_int_equal(weft_event_recv(sock, &event, true), -EPROTO);
	stop();
}

/* ---- transactions ----------------------------------------------------------------- */

static void handle_txn(const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh;

	switch (cmd_of(request)) {
	case WEFT_CMD_TXN_BEGIN:
		nlh = answer(request, WEFT_CMD_TXN_BEGIN, 0);
		mnl_attr_put_u32(nlh, WEFT_TXN_A_ID, 9);
		transmit(nlh);
		reply(request, 0, NULL, 0);
		return;
	case WEFT_CMD_TXN_COMMIT:
		if (kernel.refuse_at == UINT32_MAX) {
			reply(request, -EEXIST, "change 7 of the transaction: taken", 0);
			return;
		}
		nlh = answer(request, WEFT_CMD_TXN_COMMIT, 0);
		mnl_attr_put_u32(nlh, WEFT_TXN_A_ADDED, kernel.n_ops);
		mnl_attr_put_u64(nlh, WEFT_TXN_A_VERSION, 1ULL << 40);
		transmit(nlh);
		reply(request, 0, NULL, 0);
		return;
	case WEFT_CMD_TXN_ABORT:
		reply(request, 0, NULL, 0);
		return;
	}
	/* Refusals come for every message from that one on */
	if (kernel.n_ops++ >= kernel.refuse_at && kernel.refuse_at &&
	    kernel.refuse_at != UINT32_MAX)
		reply(request, -ENOSPC, "the datapath has no room", 0);
	else if (request->nlmsg_flags & NLM_F_ACK)
		reply(request, 0, NULL, 0);
}

static void commits(void **state)
{
	struct weft_txn_result result;
	struct weft_txn *txn;
	struct weft_flow flow;

	start(handle_txn);
	assert_int_equal(weft_txn_begin(sock, "weft0", &txn), 0);
	for (unsigned int i = 0; i < 20000; i++) {
		random_flow(&flow);
		assert_int_equal(weft_txn_flow_add(txn, &flow, false), 0);
		weft_flow_free(&flow);
	}
	assert_int_equal(weft_txn_n_ops(txn), 20000);
	assert_int_equal(weft_txn_commit(txn, &result), 0);
	assert_int_equal(result.added, 20000);
	assert_int_equal(result.version, 1ULL << 40);
	assert_int_equal(weft_sock_failed_op(sock), -1);
	assert_int_equal(kernel.n_requests, 20002);
	/* begin, commit and one a batch */
	assert_in_range(kernel.n_acks, 10, 400);
	stop();
}

static void refused_op(void **state)
{
	for (unsigned int at = 1; at < 3000; at += 1 + random_below(400)) {
		struct weft_txn *txn;
		struct weft_flow flow;
		int err = 0;

		start(handle_txn);
		kernel.refuse_at = at;
		weft_flow_init(&flow);
		assert_int_equal(weft_txn_begin(sock, "weft0", &txn), 0);
		for (unsigned int i = 0; !err && i < 3000; i++)
			err = weft_txn_flow_del(txn, &flow, false);
		if (!err)
			err = weft_txn_flush(txn);
		assert_int_equal(err, -ENOSPC);
		assert_int_equal(weft_txn_failed_op(txn), at);
		assert_int_equal(weft_txn_flow_del(txn, &flow, false), -ENOSPC);
		assert_int_equal(weft_txn_commit(txn, NULL), -ENOSPC);
		assert_int_equal(weft_sock_failed_op(sock), at);
		assert_string_equal(weft_sock_error(sock), "the datapath has no room");
		stop();
	}
}

static void refused_here(void **state)
{
	struct weft_flow flow;
	struct weft_txn *txn;

	start(handle_txn);
	weft_flow_init(&flow);
	assert_int_equal(weft_txn_begin(sock, "weft0", &txn), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(weft_txn_flow_del(txn, &flow, false), 0);
	weft_mark(&flow, WEFT_FLOW_A_PRIORITY);
	assert_int_equal(weft_txn_flow_del_filter(txn, &flow), -EINVAL);
	assert_int_equal(weft_txn_failed_op(txn), 5);
	assert_int_equal(kernel.n_ops, 5);
	weft_txn_abort(txn);
	assert_int_equal(weft_sock_failed_op(sock), 5);
	assert_non_null(strstr(weft_sock_error(sock), "priority"));
	stop();
}

static void refused_commit(void **state)
{
	struct weft_flow flow;
	struct weft_txn *txn;

	start(handle_txn);
	kernel.refuse_at = UINT32_MAX;
	weft_flow_init(&flow);
	assert_int_equal(weft_txn_begin(sock, "weft0", &txn), 0);
	for (int i = 0; i < 9; i++)
		assert_int_equal(weft_txn_flow_add(txn, &flow, false), 0);
	assert_int_equal(weft_txn_commit(txn, NULL), -EEXIST);
	assert_int_equal(weft_sock_failed_op(sock), 7);
	stop();
}

/* ---- batches of instances ------------------------------------------------------------ */

/* Refuses every seventh operation, from the fourth on */
static void handle_batch(const struct nlmsghdr *request)
{
	unsigned int op;

	if (cmd_of(request) == WEFT_CMD_DP_DEL) {
		reply(request, 0, NULL, 0);
		return;
	}
	op = kernel.n_ops++;
	if (op % 7 == 3)
		reply(request, -ENOENT, "nothing waits for that", 0);
	else if (request->nlmsg_flags & NLM_F_ACK)
		reply(request, 0, NULL, 0);
}

struct heard {
	size_t n, wrong;
};

static void hear(void *ctx, size_t op, int err, const char *words)
{
	struct heard *heard = ctx;

	if (op != 7 * heard->n++ + 3 || err != -ENOENT || strcmp(words, "nothing waits for that"))
		heard->wrong++;
}

static void batches(void **state)
{
	struct weft_instance instance;
	struct heard heard = { 0 };
	struct weft_batch *batch;

	start(handle_batch);
	weft_instance_init(&instance);
	assert_int_equal(weft_batch_begin(sock, "weft0", hear, &heard, &batch), 0);
	assert_int_equal(weft_batch_flush(batch), 0);
	for (unsigned int i = 0; i < 10000; i++) {
		instance.pending = i;
		weft_mark(&instance, WEFT_INSTANCE_A_PENDING);
		weft_instance_set_var(&instance, WEFT_VAR_PORT, "ab", 2);
		assert_int_equal(i % 3 == 0 ? weft_batch_instance_new(batch, &instance) :
				 i % 3 == 1 ? weft_batch_instance_reject(batch, i) :
					      weft_batch_instance_del(batch, i),
				 0);
		/* the socket may be used in between */
		if (i % 1000 == 500)
			assert_int_equal(weft_dp_del(sock, "weft0"), 0);
	}
	assert_int_equal(weft_batch_flush(batch), 0);
	assert_int_equal(weft_batch_n_ops(batch), 10000);
	assert_int_equal(kernel.n_ops, 10000);
	assert_int_equal(weft_batch_n_refused(batch), 1429);
	assert_int_equal(heard.n, 1429);
	assert_int_equal(heard.wrong, 0);
	assert_string_equal(weft_sock_error(sock), "");
	/* besides the refusals one a system call, and those of the other calls */
	assert_in_range(kernel.n_acks - heard.n, 10, 30);
	weft_batch_free(batch);
	weft_batch_free(NULL);
	stop();
}

/* One instance that has no room is told of in its turn */
static void batch_too_much(void **state)
{
	struct weft_instance instance;
	struct weft_batch *batch;

	start(handle_batch);
	assert_int_equal(weft_batch_begin(sock, "weft0", NULL, NULL, &batch), 0);
	weft_instance_init(&instance);
	for (int i = 0; i < 3; i++)
		assert_int_equal(weft_batch_instance_del(batch, 1), 0);
	assert_int_equal(weft_batch_instance_new(batch, &instance), 0);
	assert_int_equal(weft_batch_flush(batch), 0);
	assert_int_equal(weft_batch_n_refused(batch), 1);
	assert_int_equal(weft_batch_n_ops(batch), 4);
	weft_batch_free(batch);
	stop();
}

/* ---- pools, templates, instances ------------------------------------------------------- */

/* Deletes nothing with id 9, and has one of each */
static void handle_objects(const struct nlmsghdr *request)
{
	static const uint8_t new_of[] = { [WEFT_CMD_POOL_GET] = WEFT_CMD_POOL_NEW,
					  [WEFT_CMD_TEMPLATE_GET] = WEFT_CMD_TEMPLATE_NEW,
					  [WEFT_CMD_INSTANCE_GET] = WEFT_CMD_INSTANCE_NEW };
	uint8_t cmd = cmd_of(request);
	struct nlmsghdr *nlh;

	if (cmd < sizeof(new_of) && new_of[cmd]) {
		bool dump = request->nlmsg_flags & NLM_F_DUMP;

		nlh = answer(request, new_of[cmd], dump ? NLM_F_MULTI : 0);
		/* their numbers are all alike: WEFT_POOL_A_ID and so on */
		mnl_attr_put_u32(nlh, WEFT_POOL_A_ID, 3);
		transmit(nlh);
		if (dump)
			done(request, 0, 0);
		else
			reply(request, 0, NULL, 0);
		return;
	}
	reply(request, has_u32(request, WEFT_POOL_A_ID, 9) ? -ENOENT : 0, NULL, 0);
}

static void objects(void **state)
{
	struct weft_instance *instances, instance;
	struct weft_template *tmpls, tmpl;
	struct weft_pool *pools, pool;
	size_t n;

	assert_int_equal(WEFT_POOL_A_ID, WEFT_TEMPLATE_A_ID);
	assert_int_equal(WEFT_POOL_A_ID, WEFT_INSTANCE_A_ID);
	start(handle_objects);
	assert_int_equal(weft_pool_get(sock, "weft0", 3, &pool), 0);
	assert_int_equal(pool.id, 3);
	assert_int_equal(weft_pool_new(sock, "weft0", &pool), 0);
	assert_int_equal(weft_pool_set(sock, "weft0", &pool), 0);
	weft_pool_free(&pool);
	assert_int_equal(weft_pool_del(sock, "weft0", 3), 0);
	assert_int_equal(weft_pool_del(sock, "weft0", 9), -ENOENT);
	assert_int_equal(weft_pool_list(sock, "weft0", &pools, &n), 0);
	assert_int_equal(n, 1);
	weft_pool_list_free(pools, n);

	assert_int_equal(weft_template_get(sock, "weft0", 3, &tmpl), 0);
	assert_int_equal(weft_template_new(sock, "weft0", &tmpl), 0);
	weft_template_free(&tmpl);
	assert_int_equal(weft_template_del(sock, "weft0", 9), -ENOENT);
	assert_int_equal(weft_template_list(sock, "weft0", &tmpls, &n), 0);
	assert_int_equal(n, 1);
	weft_template_list_free(tmpls, n);

	assert_int_equal(weft_instance_get(sock, "weft0", 3, &instance), 0);
	assert_int_equal(weft_instance_new(sock, "weft0", &instance), 0);
	assert_int_equal(weft_instance_del_filter(sock, "weft0", &instance), 0);
	assert_int_equal(weft_instance_del_filter(sock, "weft0", NULL), 0);
	assert_int_equal(weft_instance_list(sock, "weft0", &instance, &instances, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(instances[0].id, 3);
	weft_instance_list_free(instances, n);
	weft_instance_free(&instance);
	assert_int_equal(weft_instance_del(sock, "weft0", 9), -ENOENT);
	assert_int_equal(weft_instance_reject(sock, "weft0", 9), 0);
	stop();
}

/* ---- limits --------------------------------------------------------------------------- */

static void too_much(void **state)
{
	static uint8_t frame[65536];
	struct weft_packet packet = { .data = frame, .len = 65532 };
	struct weft_port port;
	struct weft_flow flow;

	start(handle_dps);
	assert_int_equal(weft_packet_inject(sock, "weft0", &packet), -EMSGSIZE);
	assert_true(weft_sock_error(sock)[0]);
	weft_port_init(&port);
	for (unsigned int i = 1; i <= 6000; i++)
		assert_int_equal(weft_port_add_lport(&port, 1, i), 0);
	assert_int_equal(weft_port_set(sock, "weft0", &port), -EMSGSIZE);
	weft_port_free(&port);
	weft_flow_init(&flow);
	for (unsigned int i = 0; i < 10000; i++)
		weft_actions_add(&flow.actions, WEFT_ACT_A_OUTPUT)->port = 1;
	assert_int_equal(weft_flow_add(sock, "weft0", &flow, false), -EMSGSIZE);
	weft_flow_free(&flow);
	assert_int_equal(kernel.n_requests, 0);
	stop();
}

static void closed(void **state)
{
	weft_sock_close(NULL);
	weft_txn_abort(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),	  cmocka_unit_test(dumps),
		cmocka_unit_test(events_between), cmocka_unit_test(one_datagram),
		cmocka_unit_test(upcalls),	  cmocka_unit_test(commits),
		cmocka_unit_test(refused_op),	  cmocka_unit_test(refused_here),
		cmocka_unit_test(refused_commit), cmocka_unit_test(too_much),
		cmocka_unit_test(closed),	  cmocka_unit_test(limits),
		cmocka_unit_test(batches),	  cmocka_unit_test(batch_too_much),
		cmocka_unit_test(objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
