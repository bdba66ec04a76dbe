// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of actions. A clone owns the list inside it, so the whole is a tree; its
 * depth is bounded where trees come from outside (parsers, attributes), which
 * bounds the recursion here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

/**
 * weft_actions_init - begin with no actions
 * @actions: to initialise
 */
void weft_actions_init(struct weft_actions *actions)
{
	*actions = (struct weft_actions){ 0 };
}

/**
 * weft_actions_free - free what a list holds, the lists in it too
 * @actions: left empty
 */
void weft_actions_free(struct weft_actions *actions)
{
	unsigned int i;

	for (i = 0; i < actions->n; i++)
		if (actions->v[i].type == WEFT_ACT_A_CLONE)
			weft_actions_free(&actions->v[i].clone);
	free(actions->v);
	weft_actions_init(actions);
}

/**
 * weft_actions_copy - copy a list, the lists in it too
 * @out: uninitialised; the caller frees it
 * @actions: to copy
 *
 * Returns 0 or -ENOMEM.
 */
int weft_actions_copy(struct weft_actions *out, const struct weft_actions *actions)
{
	unsigned int i;
	int err;

	weft_actions_init(out);
	if (!actions->n)
		return 0;
	out->v = calloc(actions->n, sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	out->size = actions->n;
	for (i = 0; i < actions->n; i++) {
		out->v[i] = actions->v[i];
		if (actions->v[i].type == WEFT_ACT_A_CLONE) {
			err = weft_actions_copy(&out->v[i].clone, &actions->v[i].clone);
			if (err) {
				weft_actions_free(out);
				return err;
			}
		}
		out->n++;
	}
	return 0;
}

/**
 * weft_actions_add - append an action
 * @actions: the list
 * @type: of the new action, whose other members are zero
 *
 * Returns the new action for the caller to fill in, valid until the list
 * changes; NULL when out of memory.
 */
struct weft_action *weft_actions_add(struct weft_actions *actions, enum weft_act_attr type)
{
	struct weft_action *grown;
	unsigned int size;

	if (actions->n == actions->size) {
		size = actions->size ? actions->size * 2 : 4;
		grown = realloc(actions->v, size * sizeof(*grown));
		if (!grown)
			return NULL;
		actions->v = grown;
		actions->size = size;
	}
	memset(&actions->v[actions->n], 0, sizeof(*actions->v));
	actions->v[actions->n].type = type;
	return &actions->v[actions->n++];
}

/**
 * weft_actions_add_set - append: write a field
 * @actions: the list
 * @field: a writable field
 * @value: its bytes, big-endian
 * @mask: which of its bits to write; NULL for all
 *
 * Returns 0, -EINVAL when @field cannot be written or the mask is zero, -ERANGE
 * when value or mask have bits beyond the field's width, -ENOMEM.
 */
int weft_actions_add_set(struct weft_actions *actions, enum weft_field field, const void *value,
			 const void *mask)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	struct weft_field_value v;
	struct weft_action *act;
	int err;

	if (!desc || !desc->writable)
		return -EINVAL;
	err = wl_field_value_make(&v, field, value, mask);
	if (err)
		return err;
	if (wl_all_zero(v.mask, sizeof(v.mask)))
		return -EINVAL;
	act = weft_actions_add(actions, WEFT_ACT_A_SET);
	if (!act)
		return -ENOMEM;
	act->set.field = field;
	act->set.v = v;
	return 0;
}

/**
 * weft_actions_add_set_uint - append: write a number into a field
 * @actions: the list
 * @field: a writable field of up to 8 bytes
 * @value: the number
 *
 * Returns as weft_actions_add_set().
 */
int weft_actions_add_set_uint(struct weft_actions *actions, enum weft_field field, uint64_t value)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	uint8_t v[8];

	if (!desc || desc->len > 8)
		return -EINVAL;
	if (desc->len < 8 && value >> desc->len * 8)
		return -ERANGE;
	wl_put_be(v, desc->len, value);
	return weft_actions_add_set(actions, field, v, NULL);
}

static bool tunnel_equal(const struct weft_act_tunnel *a, const struct weft_act_tunnel *b)
{
	size_t len = weft_has(a, WEFT_ACT_TUNNEL_A_IPV6) ? 16 : 4;

	return a->present == b->present && a->from == b->from && !memcmp(a->addr, b->addr, len) &&
	       (!weft_has(a, WEFT_ACT_TUNNEL_A_PORT) || a->port == b->port) &&
	       (!weft_has(a, WEFT_ACT_TUNNEL_A_ID) || a->id == b->id) &&
	       (!weft_has(a, WEFT_ACT_TUNNEL_A_TOS) || a->tos == b->tos) &&
	       (!weft_has(a, WEFT_ACT_TUNNEL_A_TTL) || a->ttl == b->ttl);
}

static bool list_equal(const struct weft_actions *a, const struct weft_actions *b);

static bool action_equal(const struct weft_action *a, const struct weft_action *b)
{
	if (a->type != b->type)
		return false;

	switch (a->type) {
	case WEFT_ACT_A_OUTPUT:
		return a->port == b->port;
	case WEFT_ACT_A_SET:
		return a->set.field == b->set.field &&
		       !memcmp(&a->set.v, &b->set.v, sizeof(a->set.v));
	case WEFT_ACT_A_MOVE:
		return !memcmp(&a->move, &b->move, sizeof(a->move));
	case WEFT_ACT_A_PUSH_VLAN:
		return a->tpid == b->tpid;
	case WEFT_ACT_A_GOTO:
	case WEFT_ACT_A_RESUBMIT:
	case WEFT_ACT_A_RELATED:
	case WEFT_ACT_A_CHECK_TTL:
		return a->table == b->table;
	case WEFT_ACT_A_CHECK_MTU:
		return a->check.mtu == b->check.mtu && a->check.table == b->check.table;
	case WEFT_ACT_A_ADVERTISE:
		return !memcmp(&a->says, &b->says, sizeof(a->says));
	case WEFT_ACT_A_CLONE:
		return list_equal(&a->clone, &b->clone);
	case WEFT_ACT_A_TUNNEL:
		return tunnel_equal(&a->tunnel, &b->tunnel);
	case WEFT_ACT_A_SERVICE:
		return !strcmp(a->service.name, b->service.name) &&
		       a->service.arg == b->service.arg &&
		       a->service.fallback == b->service.fallback &&
		       a->service.max_len == b->service.max_len;
	case WEFT_ACT_A_DROP:
		return a->reason == b->reason;
	case WEFT_ACT_A_TEMPLATE:
		return a->template_id == b->template_id;
	case WEFT_ACT_A_REJECT:
		return a->reject == b->reject;
	case WEFT_ACT_A_BIND:
		return !memcmp(&a->bind, &b->bind, sizeof(a->bind));
	default:
		return true;
	}
}

static bool list_equal(const struct weft_actions *a, const struct weft_actions *b)
{
	unsigned int i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!action_equal(&a->v[i], &b->v[i]))
			return false;
	return true;
}

static bool is_default(const struct weft_actions *actions)
{
	return !actions->n || (actions->n == 1 && actions->v[0].type == WEFT_ACT_A_DROP &&
			       actions->v[0].reason == WEFT_DROP_POLICY);
}

/**
 * weft_actions_equal - are two lists the same, action by action?
 * @a: one
 * @b: the other
 *
 * An entry without actions drops by policy, so no actions equal drop:policy.
 */
bool weft_actions_equal(const struct weft_actions *a, const struct weft_actions *b)
{
	return (is_default(a) && is_default(b)) || list_equal(a, b);
}
