// SPDX-License-Identifier: Apache-2.0
/*
 * Templates: the structure, and the requests about them. Their entries are in tentry.c.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "wl.h"

/* What holds when a template says nothing, in ms */
static const uint32_t default_timeouts[WEFT_TIMEOUTS_A_MAX + 1] = {
	[WEFT_TIMEOUTS_A_IDLE] = 60000,
	[WEFT_TIMEOUTS_A_NEW] = 30000,
	[WEFT_TIMEOUTS_A_REPLIED] = 180000,
	[WEFT_TIMEOUTS_A_TCP_OPENING] = 60000,
	[WEFT_TIMEOUTS_A_TCP_ESTABLISHED] = 7440000,
	[WEFT_TIMEOUTS_A_TCP_CLOSING] = 240000,
	[WEFT_TIMEOUTS_A_TCP_RESET] = 10000,
	[WEFT_TIMEOUTS_A_HARD] = 0,
};

/**
 * weft_template_init - begin with a template without entries
 * @tmpl: to initialise: mode kernel, no tracking, what is absent has its default
 */
void weft_template_init(struct weft_template *tmpl)
{
	*tmpl = (struct weft_template){
		.fail_timeout_ms = 1000,
		.pending_packets = 8,
		.pending_timeout_ms = 2000,
	};
	memcpy(tmpl->timeouts.ms, default_timeouts, sizeof(default_timeouts));
}

/**
 * weft_template_free - free what a template holds
 * @tmpl: left as weft_template_init() makes it
 */
void weft_template_free(struct weft_template *tmpl)
{
	wl_tentries_free(&tmpl->entries);
	weft_actions_free(&tmpl->fail);
	weft_template_init(tmpl);
}

/**
 * weft_template_copy - copy a template
 * @out: uninitialised; the caller frees it
 * @tmpl: to copy
 *
 * Returns 0 or -ENOMEM.
 */
int weft_template_copy(struct weft_template *out, const struct weft_template *tmpl)
{
	int err;

	*out = *tmpl;
	out->entries = (struct weft_tentries){ 0 };
	err = weft_actions_copy(&out->fail, &tmpl->fail);
	if (!err)
		err = wl_tentries_copy(&out->entries, &tmpl->entries);
	if (err)
		weft_template_free(out);
	return err;
}

/**
 * weft_template_add_entry - append an entry
 * @tmpl: the template
 * @name: of the entry
 *
 * Returns the entry for the caller to fill in, with a priority one above that of the
 * entry that names the template, valid until the next one; NULL when out of memory.
 */
struct weft_tentry *weft_template_add_entry(struct weft_template *tmpl, const char *name)
{
	struct weft_tentry *entry = wl_tentries_add(&tmpl->entries);

	if (!entry)
		return NULL;
	weft_mark(tmpl, WEFT_TEMPLATE_A_ENTRIES);
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	weft_mark(entry, WEFT_TENTRY_A_NAME);
	return entry;
}

static bool fail_equal(const struct weft_template *a, const struct weft_template *b)
{
	if (weft_has(a, WEFT_TEMPLATE_A_FAIL) != weft_has(b, WEFT_TEMPLATE_A_FAIL))
		return false;
	return !weft_has(a, WEFT_TEMPLATE_A_FAIL) || weft_actions_equal(&a->fail, &b->fail);
}

/**
 * weft_template_equal - are two templates the same but for their counters?
 * @a: one
 * @b: the other
 *
 * What is absent has its default, but for the actions of a failure.
 */
bool weft_template_equal(const struct weft_template *a, const struct weft_template *b)
{
	unsigned int i;

	if (a->id != b->id || strcmp(a->name, b->name) || a->mode != b->mode ||
	    a->pool != b->pool || a->map_field != b->map_field || strcmp(a->service, b->service) ||
	    a->slice != b->slice || a->track != b->track ||
	    a->fail_timeout_ms != b->fail_timeout_ms || a->pending_packets != b->pending_packets ||
	    a->pending_timeout_ms != b->pending_timeout_ms || a->fallback != b->fallback ||
	    !wl_limits_equal(a, b) || a->entries.n != b->entries.n ||
	    memcmp(a->timeouts.ms, b->timeouts.ms, sizeof(a->timeouts.ms)) || !fail_equal(a, b))
		return false;
	for (i = 0; i < a->entries.n; i++)
		if (!wl_tentry_equal(&a->entries.v[i], &b->entries.v[i]))
			return false;
	return true;
}

/* ---- attributes ----------------------------------------------------------------- */

static int timeouts_get(struct weft_timeouts *out, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err = wl_nest_check(nest);

	mnl_attr_for_each_nested(attr, nest) {
		unsigned int type = mnl_attr_get_type(attr);

		if (err)
			return err;
		if (!weft_timeout_name(type))
			continue;
		err = wl_attr_u32(attr, &out->ms[type]);
		weft_mark(out, type);
	}
	return err;
}

static int refused_get(uint64_t *out, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err = wl_nest_check(nest);

	mnl_attr_for_each_nested(attr, nest) {
		unsigned int type = mnl_attr_get_type(attr);

		if (err)
			return err;
		if (weft_refused_name(type))
			err = wl_attr_u64(attr, &out[type]);
	}
	return err;
}

static int template_get_attr(struct weft_template *tmpl, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_TEMPLATE_A_MAX)
		weft_mark(tmpl, type);
	switch (type) {
	case WEFT_TEMPLATE_A_DP:
		return wl_attr_str(attr, tmpl->dp, sizeof(tmpl->dp));
	case WEFT_TEMPLATE_A_ID:
		return wl_attr_u32(attr, &tmpl->id);
	case WEFT_TEMPLATE_A_NAME:
		return wl_attr_str(attr, tmpl->name, sizeof(tmpl->name));
	case WEFT_TEMPLATE_A_MODE:
		return wl_attr_u32(attr, &tmpl->mode);
	case WEFT_TEMPLATE_A_POOL:
		return wl_attr_u32(attr, &tmpl->pool);
	case WEFT_TEMPLATE_A_MAP_FIELD:
		return wl_attr_u16(attr, &tmpl->map_field);
	case WEFT_TEMPLATE_A_SERVICE:
		return wl_attr_str(attr, tmpl->service, sizeof(tmpl->service));
	case WEFT_TEMPLATE_A_SLICE:
		return wl_attr_u16(attr, &tmpl->slice);
	case WEFT_TEMPLATE_A_TRACK:
		return wl_attr_u32(attr, &tmpl->track);
	case WEFT_TEMPLATE_A_ENTRIES:
		wl_tentries_free(&tmpl->entries);
		return wl_tentries_get_attrs(&tmpl->entries, attr);
	case WEFT_TEMPLATE_A_TIMEOUTS:
		return timeouts_get(&tmpl->timeouts, attr);
	case WEFT_TEMPLATE_A_FAIL:
		weft_actions_free(&tmpl->fail);
		return weft_actions_get_attrs(&tmpl->fail, attr);
	case WEFT_TEMPLATE_A_FAIL_TIMEOUT:
		return wl_attr_u32(attr, &tmpl->fail_timeout_ms);
	case WEFT_TEMPLATE_A_PENDING_PACKETS:
		return wl_attr_u32(attr, &tmpl->pending_packets);
	case WEFT_TEMPLATE_A_PENDING_TIMEOUT:
		return wl_attr_u32(attr, &tmpl->pending_timeout_ms);
	case WEFT_TEMPLATE_A_LIMITS:
		return wl_limits_get(tmpl, attr);
	case WEFT_TEMPLATE_A_FALLBACK:
		return wl_attr_u32(attr, &tmpl->fallback);
	case WEFT_TEMPLATE_A_N_INSTANCES:
		return wl_attr_u32(attr, &tmpl->n_instances);
	case WEFT_TEMPLATE_A_N_PENDING:
		return wl_attr_u32(attr, &tmpl->n_pending);
	case WEFT_TEMPLATE_A_CREATED:
		return wl_attr_u64(attr, &tmpl->created);
	case WEFT_TEMPLATE_A_REFUSED:
		return refused_get(tmpl->refused, attr);
	case WEFT_TEMPLATE_A_SENDERS:
		return wl_attr_u32(attr, &tmpl->senders);
	}
	return 0;
}

int wl_template_get_msg(struct weft_template *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_template_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = template_get_attr(out, attr);
		if (err) {
			weft_template_free(out);
			return err;
		}
	}
	return 0;
}

static int timeouts_put(struct nlmsghdr *nlh, size_t size, const struct weft_timeouts *timeouts)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, WEFT_TEMPLATE_A_TIMEOUTS);
	bool ok = nest;
	unsigned int attr;

	for (attr = 1; attr <= WEFT_TIMEOUTS_A_MAX; attr++)
		if (weft_has(timeouts, attr))
			ok = ok &&
			     mnl_attr_put_u32_check(nlh, size, (uint16_t)attr, timeouts->ms[attr]);
	return ok ? wl_nest_end(nlh, nest) : -EMSGSIZE;
}

static bool put_numbers(struct nlmsghdr *nlh, size_t size, const struct weft_template *tmpl)
{
	const struct {
		uint16_t attr;
		uint32_t value;
	} numbers[] = {
		{ WEFT_TEMPLATE_A_MODE, tmpl->mode },
		{ WEFT_TEMPLATE_A_POOL, tmpl->pool },
		{ WEFT_TEMPLATE_A_TRACK, tmpl->track },
		{ WEFT_TEMPLATE_A_FAIL_TIMEOUT, tmpl->fail_timeout_ms },
		{ WEFT_TEMPLATE_A_PENDING_PACKETS, tmpl->pending_packets },
		{ WEFT_TEMPLATE_A_PENDING_TIMEOUT, tmpl->pending_timeout_ms },
		{ WEFT_TEMPLATE_A_FALLBACK, tmpl->fallback },
	};
	size_t i;

	for (i = 0; i < WL_ARRAY_SIZE(numbers); i++)
		if (weft_has(tmpl, numbers[i].attr) &&
		    !mnl_attr_put_u32_check(nlh, size, numbers[i].attr, numbers[i].value))
			return false;
	return true;
}

/* All that is present but the datapath and counters */
int wl_template_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_template *tmpl)
{
	bool ok = mnl_attr_put_u32_check(nlh, size, WEFT_TEMPLATE_A_ID, tmpl->id);
	int err = 0;

	if (weft_has(tmpl, WEFT_TEMPLATE_A_NAME))
		ok = ok && mnl_attr_put_strz_check(nlh, size, WEFT_TEMPLATE_A_NAME, tmpl->name);
	if (weft_has(tmpl, WEFT_TEMPLATE_A_MAP_FIELD))
		ok = ok &&
		     mnl_attr_put_u16_check(nlh, size, WEFT_TEMPLATE_A_MAP_FIELD, tmpl->map_field);
	if (weft_has(tmpl, WEFT_TEMPLATE_A_SERVICE))
		ok = ok &&
		     mnl_attr_put_strz_check(nlh, size, WEFT_TEMPLATE_A_SERVICE, tmpl->service);
	if (weft_has(tmpl, WEFT_TEMPLATE_A_SLICE))
		ok = ok && mnl_attr_put_u16_check(nlh, size, WEFT_TEMPLATE_A_SLICE, tmpl->slice);
	if (!ok || !put_numbers(nlh, size, tmpl))
		return -EMSGSIZE;
	if (weft_has(tmpl, WEFT_TEMPLATE_A_TIMEOUTS))
		err = timeouts_put(nlh, size, &tmpl->timeouts);
	if (!err && weft_has(tmpl, WEFT_TEMPLATE_A_LIMITS))
		err = wl_limits_put(nlh, size, tmpl);
	if (!err && weft_has(tmpl, WEFT_TEMPLATE_A_FAIL))
		err = weft_actions_put_attrs(nlh, size, WEFT_TEMPLATE_A_FAIL, &tmpl->fail);
	if (!err)
		err = wl_tentries_put_attrs(nlh, size, WEFT_TEMPLATE_A_ENTRIES, &tmpl->entries);
	return err;
}

/* ---- requests ------------------------------------------------------------------------ */

WL_OBJECT(template, weft_template_copy, weft_template_free)

static struct nlmsghdr *template_msg(struct weft_sock *sock, uint8_t cmd, uint16_t flags,
				     const char *dp, uint32_t id)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);

	wl_put_name(nlh, WEFT_TEMPLATE_A_DP, dp);
	if (id)
		mnl_attr_put_u32(nlh, WEFT_TEMPLATE_A_ID, id);
	return nlh;
}

/**
 * weft_template_new - make a template
 * @sock: the socket
 * @dp: name of the datapath
 * @tmpl: the template
 *
 * Returns 0, -EEXIST when the id is taken, -ENODEV when there is no such datapath, or
 * another -errno.
 */
int weft_template_new(struct weft_sock *sock, const char *dp, const struct weft_template *tmpl)
{
	struct nlmsghdr *nlh = template_msg(sock, WEFT_CMD_TEMPLATE_NEW, NLM_F_CREATE | NLM_F_EXCL,
					    dp, 0);
	int err = wl_template_put_attrs(nlh, WL_MSG_SIZE, tmpl);

	if (err)
		return wl_sock_fail(sock, err, "%s",
				    err == -ELOOP    ? "clones nest too deep" :
				    err == -EMSGSIZE ? "the template does not fit into a message" :
						       "an action is unknown");
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_template_del - delete a template and end its instances
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the template
 *
 * Returns 0, -ENOENT when there is no such template, -EBUSY while an entry has an
 * action that names it, or another -errno.
 */
int weft_template_del(struct weft_sock *sock, const char *dp, uint32_t id)
{
	return wl_request(sock, template_msg(sock, WEFT_CMD_TEMPLATE_DEL, 0, dp, id), NULL, NULL);
}

/**
 * weft_template_get - ask for one template
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the template
 * @out: uninitialised; on success the caller frees it
 *
 * Returns 0, -ENOENT when there is no such template, or another -errno.
 */
int weft_template_get(struct weft_sock *sock, const char *dp, uint32_t id,
		      struct weft_template *out)
{
	return template_request_one(sock, template_msg(sock, WEFT_CMD_TEMPLATE_GET, 0, dp, id),
				    out);
}

/**
 * weft_template_dump - visit the templates of a datapath
 * @sock: the socket
 * @dp: name of the datapath
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when templates changed meanwhile, what @cb returned, or -errno.
 */
int weft_template_dump(struct weft_sock *sock, const char *dp,
		       int (*cb)(const struct weft_template *tmpl, void *ctx), void *ctx)
{
	return template_request_each(
		sock, template_msg(sock, WEFT_CMD_TEMPLATE_GET, NLM_F_DUMP, dp, 0), cb, ctx);
}

/**
 * weft_template_list - all templates of a datapath
 * @sock: the socket
 * @dp: name of the datapath
 * @tmpls: gets an array that weft_template_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when templates kept changing, or -errno with no array.
 */
int weft_template_list(struct weft_sock *sock, const char *dp, struct weft_template **tmpls,
		       size_t *n)
{
	WL_LIST_TRY(template, tmpls, n, weft_template_dump(sock, dp, template_append, &list));
}

/**
 * weft_template_list_free - free what weft_template_list() returned
 * @tmpls: the array; may be NULL
 * @n: its length
 */
void weft_template_list_free(struct weft_template *tmpls, size_t n)
{
	template_list_clear(tmpls, n);
}
