// SPDX-License-Identifier: Apache-2.0
/*
 * Instances: the structure, and the requests about them. Many at once: batch.c.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "wl.h"

/**
 * weft_instance_init - begin with an empty instance, or a filter that selects all
 * @instance: to initialise
 */
void weft_instance_init(struct weft_instance *instance)
{
	*instance = (struct weft_instance){ 0 };
}

/**
 * weft_instance_free - free what an instance holds
 * @instance: left empty
 */
void weft_instance_free(struct weft_instance *instance)
{
	weft_match_free(&instance->fields);
	wl_tentries_free(&instance->entries);
	weft_instance_init(instance);
}

/**
 * weft_instance_copy - copy an instance
 * @out: uninitialised; the caller frees it
 * @instance: to copy
 *
 * Returns 0 or -ENOMEM.
 */
int weft_instance_copy(struct weft_instance *out, const struct weft_instance *instance)
{
	int err;

	*out = *instance;
	out->entries = (struct weft_tentries){ 0 };
	err = weft_match_copy(&out->fields, &instance->fields);
	if (!err)
		err = wl_tentries_copy(&out->entries, &instance->entries);
	if (err)
		weft_instance_free(out);
	return err;
}

/**
 * weft_instance_set_var - say what a variable is
 * @instance: to change
 * @var: enum weft_var, or a higher one below WEFT_TEMPLATE_VARS
 * @value: its bytes, big-endian
 * @len: how many: of an address 4 or 16, of a port 2, of others up to 16
 *
 * Returns 0, or -EINVAL for what no variable can be.
 */
int weft_instance_set_var(struct weft_instance *instance, uint32_t var, const void *value,
			  size_t len)
{
	if (var >= WEFT_TEMPLATE_VARS || !len || len > WEFT_FIELD_LEN_MAX ||
	    (var == WEFT_VAR_IP && len != 4 && len != 16) || (var == WEFT_VAR_PORT && len != 2))
		return -EINVAL;
	instance->vars[var] = (struct weft_var_value){ .len = (uint8_t)len };
	memcpy(instance->vars[var].value, value, len);
	weft_mark(instance, WEFT_INSTANCE_A_VARS);
	return 0;
}

/**
 * weft_instance_traffic - packets and bytes of one direction
 * @instance: with its entries
 * @reply: of packets that go the other way than the opening one
 *
 * Returns the sums over the entries of that direction.
 */
struct weft_traffic weft_instance_traffic(const struct weft_instance *instance, bool reply)
{
	struct weft_traffic sum = { 0 };
	unsigned int i;

	for (i = 0; i < instance->entries.n; i++) {
		const struct weft_tentry *entry = &instance->entries.v[i];

		if (weft_has(entry, WEFT_TENTRY_A_REPLY) != reply)
			continue;
		sum.packets += entry->packets;
		sum.bytes += entry->bytes;
	}
	return sum;
}

/* ---- attributes ----------------------------------------------------------------- */

static int vars_get(struct weft_instance *instance, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err = wl_nest_check(nest);

	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest) {
		unsigned int type = mnl_attr_get_type(attr);

		if (!type || type > WEFT_VARS_A_MAX)
			continue;
		if (weft_instance_set_var(instance, type - WEFT_VARS_A_IP,
					  mnl_attr_get_payload(attr),
					  mnl_attr_get_payload_len(attr)))
			return -EPROTO;
	}
	return 0;
}

static int instance_get_attr(struct weft_instance *instance, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_INSTANCE_A_MAX)
		weft_mark(instance, type);
	switch (type) {
	case WEFT_INSTANCE_A_DP:
		return wl_attr_str(attr, instance->dp, sizeof(instance->dp));
	case WEFT_INSTANCE_A_ID:
		return wl_attr_u32(attr, &instance->id);
	case WEFT_INSTANCE_A_TEMPLATE:
		return wl_attr_u32(attr, &instance->template_id);
	case WEFT_INSTANCE_A_PENDING:
		return wl_attr_u32(attr, &instance->pending);
	case WEFT_INSTANCE_A_SLICE:
		return wl_attr_u16(attr, &instance->slice);
	case WEFT_INSTANCE_A_IN_PORT:
		return wl_attr_u32(attr, &instance->in_port);
	case WEFT_INSTANCE_A_VM_ID:
		return wl_attr_str(attr, instance->vm_id, sizeof(instance->vm_id));
	case WEFT_INSTANCE_A_PRIORITY:
		return wl_attr_bytes(attr, &instance->priority, sizeof(instance->priority));
	case WEFT_INSTANCE_A_WHEN:
		return wl_attr_u32(attr, &instance->when);
	case WEFT_INSTANCE_A_FIELDS:
		weft_match_free(&instance->fields);
		return weft_match_get_attrs(&instance->fields, attr);
	case WEFT_INSTANCE_A_VARS:
		return vars_get(instance, attr);
	case WEFT_INSTANCE_A_STATE:
		return wl_attr_u32(attr, &instance->state);
	case WEFT_INSTANCE_A_ENTRIES:
		wl_tentries_free(&instance->entries);
		return wl_tentries_get_attrs(&instance->entries, attr);
	case WEFT_INSTANCE_A_AGE:
		return wl_attr_u64(attr, &instance->age_ms);
	case WEFT_INSTANCE_A_IDLE:
		return wl_attr_u64(attr, &instance->idle_ms);
	case WEFT_INSTANCE_A_EXPIRES:
		return wl_attr_u64(attr, &instance->expires_ms);
	case WEFT_INSTANCE_A_REASON:
		return wl_attr_u32(attr, &instance->reason);
	}
	return 0;
}

int wl_instance_get_msg(struct weft_instance *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_instance_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = instance_get_attr(out, attr);
		if (err) {
			weft_instance_free(out);
			return err;
		}
	}
	return 0;
}

static int vars_put(struct nlmsghdr *nlh, size_t size, const struct weft_instance *instance)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, WEFT_INSTANCE_A_VARS);
	bool ok = nest;
	unsigned int var;

	for (var = 0; ok && var < WEFT_TEMPLATE_VARS; var++)
		if (instance->vars[var].len)
			ok = mnl_attr_put_check(nlh, size, (uint16_t)(WEFT_VARS_A_IP + var),
						instance->vars[var].len, instance->vars[var].value);
	return ok ? wl_nest_end(nlh, nest) : -EMSGSIZE;
}

/* What a filter and a new instance have in common */
static bool put_common(struct nlmsghdr *nlh, size_t size, const struct weft_instance *instance)
{
	if (weft_has(instance, WEFT_INSTANCE_A_TEMPLATE) &&
	    !mnl_attr_put_u32_check(nlh, size, WEFT_INSTANCE_A_TEMPLATE, instance->template_id))
		return false;
	if (weft_has(instance, WEFT_INSTANCE_A_IN_PORT) &&
	    !mnl_attr_put_u32_check(nlh, size, WEFT_INSTANCE_A_IN_PORT, instance->in_port))
		return false;
	return !weft_has(instance, WEFT_INSTANCE_A_STATE) ||
	       mnl_attr_put_u32_check(nlh, size, WEFT_INSTANCE_A_STATE, instance->state);
}

static bool put_filter(struct nlmsghdr *nlh, size_t size, const struct weft_instance *instance)
{
	if (!mnl_attr_put_check(nlh, size, WEFT_INSTANCE_A_FILTER, 0, NULL))
		return false;
	if (weft_has(instance, WEFT_INSTANCE_A_SLICE) &&
	    !mnl_attr_put_u16_check(nlh, size, WEFT_INSTANCE_A_SLICE, instance->slice))
		return false;
	return !weft_has(instance, WEFT_INSTANCE_A_VM_ID) ||
	       mnl_attr_put_strz_check(nlh, size, WEFT_INSTANCE_A_VM_ID, instance->vm_id);
}

static bool put_new(struct nlmsghdr *nlh, size_t size, const struct weft_instance *instance)
{
	if (weft_has(instance, WEFT_INSTANCE_A_PENDING) &&
	    !mnl_attr_put_u32_check(nlh, size, WEFT_INSTANCE_A_PENDING, instance->pending))
		return false;
	if (weft_has(instance, WEFT_INSTANCE_A_PRIORITY) &&
	    !mnl_attr_put_check(nlh, size, WEFT_INSTANCE_A_PRIORITY, sizeof(instance->priority),
				&instance->priority))
		return false;
	if (weft_has(instance, WEFT_INSTANCE_A_WHEN) &&
	    !mnl_attr_put_u32_check(nlh, size, WEFT_INSTANCE_A_WHEN, instance->when))
		return false;
	return !weft_has(instance, WEFT_INSTANCE_A_IDLE) ||
	       mnl_attr_put_u64_check(nlh, size, WEFT_INSTANCE_A_IDLE, instance->idle_ms);
}

/* All but the datapath */
int wl_instance_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_instance *instance,
			  bool filter)
{
	int err = 0;

	if (!put_common(nlh, size, instance) ||
	    !(filter ? put_filter(nlh, size, instance) : put_new(nlh, size, instance)))
		return -EMSGSIZE;
	if (instance->fields.n)
		err = weft_match_put_attrs(nlh, size, WEFT_INSTANCE_A_FIELDS, &instance->fields);
	if (!err && !filter && weft_has(instance, WEFT_INSTANCE_A_VARS))
		err = vars_put(nlh, size, instance);
	return err;
}

/* ---- requests ----------------------------------------------------------------------- */

WL_OBJECT(instance, weft_instance_copy, weft_instance_free)

static struct nlmsghdr *instance_msg(struct weft_sock *sock, uint8_t cmd, uint16_t flags,
				     const char *dp)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);

	wl_put_name(nlh, WEFT_INSTANCE_A_DP, dp);
	return nlh;
}

static int refuse(struct weft_sock *sock, int err)
{
	return wl_sock_fail(sock, err, "the instance does not fit into a message");
}

/**
 * weft_instance_new - answer an upcall of a template, or import an instance
 * @sock: the socket
 * @dp: name of the datapath
 * @instance: with pending: that, and the variables; else template, fields, and what is
 *	present of priority, when, variables, state, in_port and idle
 *
 * Returns 0, -EEXIST when there is such an instance, -ENOENT when there is no such
 * template or nothing waits any more, or another -errno.
 */
int weft_instance_new(struct weft_sock *sock, const char *dp, const struct weft_instance *instance)
{
	struct nlmsghdr *nlh = instance_msg(sock, WEFT_CMD_INSTANCE_NEW, NLM_F_CREATE | NLM_F_EXCL,
					    dp);
	int err = wl_instance_put_attrs(nlh, WL_MSG_SIZE, instance, false);

	return err ? refuse(sock, err) : wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_instance_del - end one instance
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the instance
 *
 * Returns 0, -ENOENT when there is no such instance, or another -errno.
 */
int weft_instance_del(struct weft_sock *sock, const char *dp, uint32_t id)
{
	struct nlmsghdr *nlh = instance_msg(sock, WEFT_CMD_INSTANCE_DEL, 0, dp);

	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_ID, id);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_instance_del_filter - end all instances that a filter selects
 * @sock: the socket
 * @dp: name of the datapath
 * @filter: what is present of template, slice, in_port, vm_id and state, and the
 *	fields; NULL: every instance
 *
 * Returns 0, also when there was none, or -errno.
 */
int weft_instance_del_filter(struct weft_sock *sock, const char *dp,
			     const struct weft_instance *filter)
{
	struct nlmsghdr *nlh = instance_msg(sock, WEFT_CMD_INSTANCE_DEL, 0, dp);
	struct weft_instance all;
	int err;

	weft_instance_init(&all);
	err = wl_instance_put_attrs(nlh, WL_MSG_SIZE, filter ? filter : &all, true);
	return err ? refuse(sock, err) : wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_instance_reject - refuse what waits for an answer
 * @sock: the socket
 * @dp: name of the datapath
 * @pending: what the upcall said
 *
 * Returns 0, -ENOENT when it does not wait any more, or another -errno.
 */
int weft_instance_reject(struct weft_sock *sock, const char *dp, uint32_t pending)
{
	struct nlmsghdr *nlh = instance_msg(sock, WEFT_CMD_INSTANCE_DEL, 0, dp);

	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_PENDING, pending);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_instance_get - ask for one instance
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the instance
 * @out: uninitialised; on success the caller frees it
 *
 * Returns 0, -ENOENT when there is no such instance, or another -errno.
 */
int weft_instance_get(struct weft_sock *sock, const char *dp, uint32_t id,
		      struct weft_instance *out)
{
	struct nlmsghdr *nlh = instance_msg(sock, WEFT_CMD_INSTANCE_GET, 0, dp);

	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_ID, id);
	return instance_request_one(sock, nlh, out);
}

/**
 * weft_instance_dump - visit instances
 * @sock: the socket
 * @dp: name of the datapath
 * @filter: which; NULL: all
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when instances came or went meanwhile, what @cb returned, or -errno.
 */
int weft_instance_dump(struct weft_sock *sock, const char *dp, const struct weft_instance *filter,
		       int (*cb)(const struct weft_instance *instance, void *ctx), void *ctx)
{
	struct nlmsghdr *nlh = instance_msg(sock, WEFT_CMD_INSTANCE_GET, NLM_F_DUMP, dp);
	int err = 0;

	if (filter)
		err = wl_instance_put_attrs(nlh, WL_MSG_SIZE, filter, true);
	return err ? refuse(sock, err) : instance_request_each(sock, nlh, cb, ctx);
}

/**
 * weft_instance_list - all instances that a filter selects
 * @sock: the socket
 * @dp: name of the datapath
 * @filter: which; NULL: all
 * @instances: gets an array that weft_instance_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when instances kept coming and going, or -errno with no array.
 */
int weft_instance_list(struct weft_sock *sock, const char *dp, const struct weft_instance *filter,
		       struct weft_instance **instances, size_t *n)
{
	WL_LIST_TRY(instance, instances, n,
		    weft_instance_dump(sock, dp, filter, instance_append, &list));
}

/**
 * weft_instance_list_free - free what weft_instance_list() returned
 * @instances: the array; may be NULL
 * @n: its length
 */
void weft_instance_list_free(struct weft_instance *instances, size_t n)
{
	instance_list_clear(instances, n);
}
