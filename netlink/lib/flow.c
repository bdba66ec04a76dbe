// SPDX-License-Identifier: Apache-2.0
/*
 * Flow entries: the structure, comparing entries (for those who make the kernel's
 * entries what they should be), and the requests about them. Transactions send the
 * same attributes, see txn.c.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "wl.h"

/**
 * weft_flow_init - begin with an entry for every packet that drops it
 * @flow: to initialise: table 0, default priority, nothing present
 */
void weft_flow_init(struct weft_flow *flow)
{
	*flow = (struct weft_flow){ .priority = WEFT_PRIORITY_DEFAULT };
}

/**
 * weft_flow_free - free what an entry holds
 * @flow: left as weft_flow_init() makes it
 */
void weft_flow_free(struct weft_flow *flow)
{
	weft_match_free(&flow->match);
	weft_actions_free(&flow->actions);
	weft_flow_init(flow);
}

/**
 * weft_flow_copy - copy an entry
 * @out: uninitialised; the caller frees it
 * @flow: to copy
 *
 * Returns 0 or -ENOMEM.
 */
int weft_flow_copy(struct weft_flow *out, const struct weft_flow *flow)
{
	int err;

	*out = *flow;
	weft_actions_init(&out->actions);
	err = weft_match_copy(&out->match, &flow->match);
	if (!err)
		err = weft_actions_copy(&out->actions, &flow->actions);
	if (err)
		weft_flow_free(out);
	return err;
}

/**
 * weft_flow_same_key - do two entries have the same table, priority and match?
 * @a: one
 * @b: the other
 *
 * A datapath holds at most one of them.
 */
bool weft_flow_same_key(const struct weft_flow *a, const struct weft_flow *b)
{
	return a->table == b->table && a->priority == b->priority &&
	       weft_match_equal(&a->match, &b->match);
}

/**
 * weft_flow_key_cmp - an order over entries: table, falling priority, match
 * @a: one
 * @b: the other
 *
 * Returns less than, equal to or greater than 0.
 */
int weft_flow_key_cmp(const struct weft_flow *a, const struct weft_flow *b)
{
	if (a->table != b->table)
		return a->table - b->table;
	if (a->priority != b->priority)
		return b->priority - a->priority;
	return weft_match_cmp(&a->match, &b->match);
}

/**
 * weft_flow_key_hash - hash of table, priority and match
 * @flow: the entry
 *
 * Returns a number that is the same for entries of the same key.
 */
uint32_t weft_flow_key_hash(const struct weft_flow *flow)
{
	uint32_t key = (uint32_t)flow->table << 16 | flow->priority;

	return weft_match_hash(&flow->match) ^ key * 0x9e3779b1u;
}

/**
 * weft_flow_equal - are two entries the same but for their counters?
 * @a: one
 * @b: the other
 *
 * Compares key, actions, cookie and timeouts.
 */
bool weft_flow_equal(const struct weft_flow *a, const struct weft_flow *b)
{
	return weft_flow_same_key(a, b) && a->cookie == b->cookie &&
	       a->idle_timeout_ms == b->idle_timeout_ms &&
	       a->hard_timeout_ms == b->hard_timeout_ms &&
	       weft_actions_equal(&a->actions, &b->actions);
}

/* ---- attributes -------------------------------------------------------------- */

static int flow_get_attr(struct weft_flow *flow, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_FLOW_A_MAX)
		weft_mark(flow, type);
	switch (type) {
	case WEFT_FLOW_A_DP:
		return wl_attr_str(attr, flow->dp, sizeof(flow->dp));
	case WEFT_FLOW_A_TABLE:
		return wl_attr_u8(attr, &flow->table);
	case WEFT_FLOW_A_PRIORITY:
		return wl_attr_u16(attr, &flow->priority);
	case WEFT_FLOW_A_MATCH:
		weft_match_free(&flow->match);
		return weft_match_get_attrs(&flow->match, attr);
	case WEFT_FLOW_A_ACTIONS:
		weft_actions_free(&flow->actions);
		return weft_actions_get_attrs(&flow->actions, attr);
	case WEFT_FLOW_A_COOKIE:
		return wl_attr_u64(attr, &flow->cookie);
	case WEFT_FLOW_A_COOKIE_MASK:
		return wl_attr_u64(attr, &flow->cookie_mask);
	case WEFT_FLOW_A_IDLE_TIMEOUT:
		return wl_attr_u32(attr, &flow->idle_timeout_ms);
	case WEFT_FLOW_A_HARD_TIMEOUT:
		return wl_attr_u32(attr, &flow->hard_timeout_ms);
	case WEFT_FLOW_A_PACKETS:
		return wl_attr_u64(attr, &flow->packets);
	case WEFT_FLOW_A_BYTES:
		return wl_attr_u64(attr, &flow->bytes);
	case WEFT_FLOW_A_AGE:
		return wl_attr_u64(attr, &flow->age_ms);
	case WEFT_FLOW_A_IDLE:
		return wl_attr_u64(attr, &flow->idle_ms);
	case WEFT_FLOW_A_REASON:
		return wl_attr_u32(attr, &flow->reason);
	}
	return 0;
}

int wl_flow_get_msg(struct weft_flow *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_flow_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = flow_get_attr(out, attr);
		if (err) {
			weft_flow_free(out);
			return err;
		}
	}
	return 0;
}

static int put_key(struct nlmsghdr *nlh, size_t size, const struct weft_flow *flow)
{
	if (!mnl_attr_put_u8_check(nlh, size, WEFT_FLOW_A_TABLE, flow->table) ||
	    !mnl_attr_put_u16_check(nlh, size, WEFT_FLOW_A_PRIORITY, flow->priority))
		return -EMSGSIZE;
	return weft_match_put_attrs(nlh, size, WEFT_FLOW_A_MATCH, &flow->match);
}

static int put_filter(struct nlmsghdr *nlh, size_t size, const struct weft_flow *flow)
{
	bool ok = mnl_attr_put_check(nlh, size, WEFT_FLOW_A_FILTER, 0, NULL);

	/* Nothing to select by: the kernel would select too much */
	if (weft_has(flow, WEFT_FLOW_A_PRIORITY))
		return -EINVAL;
	if (weft_has(flow, WEFT_FLOW_A_TABLE))
		ok = ok && mnl_attr_put_u8_check(nlh, size, WEFT_FLOW_A_TABLE, flow->table);
	if (weft_has(flow, WEFT_FLOW_A_COOKIE))
		ok = ok && mnl_attr_put_u64_check(nlh, size, WEFT_FLOW_A_COOKIE, flow->cookie);
	if (weft_has(flow, WEFT_FLOW_A_COOKIE_MASK))
		ok = ok &&
		     mnl_attr_put_u64_check(nlh, size, WEFT_FLOW_A_COOKIE_MASK, flow->cookie_mask);
	if (!ok)
		return -EMSGSIZE;
	return flow->match.n ? weft_match_put_attrs(nlh, size, WEFT_FLOW_A_MATCH, &flow->match) : 0;
}

int wl_flow_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_flow *flow,
		      enum wl_flow_what what)
{
	bool all = what == WL_FLOW_ENTRY, ok = true;
	int err;

	if (what == WL_FLOW_FILTER)
		return put_filter(nlh, size, flow);
	err = put_key(nlh, size, flow);
	if (!err && what == WL_FLOW_IF &&
	    !mnl_attr_put_check(nlh, size, WEFT_FLOW_A_IF_EXISTS, 0, NULL))
		err = -EMSGSIZE;
	if (err || what == WL_FLOW_KEY || what == WL_FLOW_IF)
		return err;

	if (weft_has(flow, WEFT_FLOW_A_COOKIE) || (all && flow->cookie))
		ok = ok && mnl_attr_put_u64_check(nlh, size, WEFT_FLOW_A_COOKIE, flow->cookie);
	if (weft_has(flow, WEFT_FLOW_A_IDLE_TIMEOUT) || (all && flow->idle_timeout_ms))
		ok = ok && mnl_attr_put_u32_check(nlh, size, WEFT_FLOW_A_IDLE_TIMEOUT,
						  flow->idle_timeout_ms);
	if (weft_has(flow, WEFT_FLOW_A_HARD_TIMEOUT) || (all && flow->hard_timeout_ms))
		ok = ok && mnl_attr_put_u32_check(nlh, size, WEFT_FLOW_A_HARD_TIMEOUT,
						  flow->hard_timeout_ms);
	if (!ok)
		return -EMSGSIZE;
	if (weft_has(flow, WEFT_FLOW_A_ACTIONS) || flow->actions.n)
		return weft_actions_put_attrs(nlh, size, WEFT_FLOW_A_ACTIONS, &flow->actions);
	return 0;
}

/* ---- requests ------------------------------------------------------------------- */

WL_OBJECT(flow, weft_flow_copy, weft_flow_free)

static const char *put_problem(int err)
{
	return err == -ELOOP	? "clones nest too deep" :
	       err == -EMSGSIZE ? "the entry does not fit into a message" :
				  "a filter cannot select by priority, or an action is unknown";
}

/* A request about @flow (NULL: none) ready to be sent; NULL with the error set */
static struct nlmsghdr *flow_msg(struct weft_sock *sock, uint8_t cmd, uint16_t flags,
				 const char *dp, const struct weft_flow *flow,
				 enum wl_flow_what what, int *err)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);

	wl_put_name(nlh, WEFT_FLOW_A_DP, dp);
	*err = flow ? wl_flow_put_attrs(nlh, WL_MSG_SIZE, flow, what) : 0;
	if (!*err)
		return nlh;
	wl_sock_fail(sock, *err, "%s", put_problem(*err));
	return NULL;
}

static int flow_request(struct weft_sock *sock, uint8_t cmd, uint16_t flags, const char *dp,
			const struct weft_flow *flow, enum wl_flow_what what)
{
	int err;
	struct nlmsghdr *nlh = flow_msg(sock, cmd, flags, dp, flow, what, &err);

	return nlh ? wl_request(sock, nlh, NULL, NULL) : err;
}

/**
 * weft_flow_add - add an entry
 * @sock: the socket
 * @dp: name of the datapath
 * @flow: the entry
 * @replace: take the place of one with the same key, if there is one
 *
 * Returns 0, -EEXIST when the key is taken and @replace is false, -ENODEV when
 * there is no such datapath, or another -errno.
 */
int weft_flow_add(struct weft_sock *sock, const char *dp, const struct weft_flow *flow,
		  bool replace)
{
	return flow_request(sock, WEFT_CMD_FLOW_NEW,
			    NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL), dp, flow,
			    WL_FLOW_ENTRY);
}

/**
 * weft_flow_set - change an entry, which keeps its counters
 * @sock: the socket
 * @dp: name of the datapath
 * @flow: key, and what is present of actions, cookie and timeouts
 *
 * Returns 0, -ENOENT when there is no entry with that key, or another -errno.
 */
int weft_flow_set(struct weft_sock *sock, const char *dp, const struct weft_flow *flow)
{
	return flow_request(sock, WEFT_CMD_FLOW_SET, 0, dp, flow, WL_FLOW_CHANGE);
}

/**
 * weft_flow_del - delete one entry
 * @sock: the socket
 * @dp: name of the datapath
 * @key: table, priority and match
 *
 * Returns 0, -ENOENT when there is no entry with that key, or another -errno.
 */
int weft_flow_del(struct weft_sock *sock, const char *dp, const struct weft_flow *key)
{
	return flow_request(sock, WEFT_CMD_FLOW_DEL, 0, dp, key, WL_FLOW_KEY);
}

/**
 * weft_flow_del_filter - delete all entries that a filter selects
 * @sock: the socket
 * @dp: name of the datapath
 * @filter: what is present of table and cookie, and the match; NULL: every entry
 *
 * Returns 0, also when there was none, or -errno.
 */
int weft_flow_del_filter(struct weft_sock *sock, const char *dp, const struct weft_flow *filter)
{
	struct weft_flow all;

	weft_flow_init(&all);
	return flow_request(sock, WEFT_CMD_FLOW_DEL, 0, dp, filter ? filter : &all, WL_FLOW_FILTER);
}

/**
 * weft_flow_get - ask for one entry
 * @sock: the socket
 * @dp: name of the datapath
 * @key: table, priority and match
 * @out: uninitialised; on success the caller frees it
 *
 * Returns 0, -ENOENT when there is no entry with that key, or another -errno.
 */
int weft_flow_get(struct weft_sock *sock, const char *dp, const struct weft_flow *key,
		  struct weft_flow *out)
{
	int err;
	struct nlmsghdr *nlh = flow_msg(sock, WEFT_CMD_FLOW_GET, 0, dp, key, WL_FLOW_KEY, &err);

	return nlh ? flow_request_one(sock, nlh, out) : err;
}

/**
 * weft_flow_dump - visit entries
 * @sock: the socket
 * @dp: name of the datapath
 * @filter: which; NULL: all
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when entries changed meanwhile, what @cb returned, or -errno.
 */
int weft_flow_dump(struct weft_sock *sock, const char *dp, const struct weft_flow *filter,
		   int (*cb)(const struct weft_flow *flow, void *ctx), void *ctx)
{
	int err;
	struct nlmsghdr *nlh = flow_msg(sock, WEFT_CMD_FLOW_GET, NLM_F_DUMP, dp, filter,
					WL_FLOW_FILTER, &err);

	return nlh ? flow_request_each(sock, nlh, cb, ctx) : err;
}

/**
 * weft_flow_list - all entries that a filter selects
 * @sock: the socket
 * @dp: name of the datapath
 * @filter: which; NULL: all
 * @flows: gets an array that weft_flow_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when entries kept changing, or -errno with no array.
 */
int weft_flow_list(struct weft_sock *sock, const char *dp, const struct weft_flow *filter,
		   struct weft_flow **flows, size_t *n)
{
	WL_LIST_TRY(flow, flows, n, weft_flow_dump(sock, dp, filter, flow_append, &list));
}

/**
 * weft_flow_list_free - free what weft_flow_list() returned
 * @flows: the array; may be NULL
 * @n: its length
 */
void weft_flow_list_free(struct weft_flow *flows, size_t n)
{
	flow_list_clear(flows, n);
}
