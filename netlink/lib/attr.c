// SPDX-License-Identifier: Apache-2.0
/*
 * Matches and actions as netlink attributes, both ways, and readers of single
 * attributes that insist on the exact length. What comes in is the kernel's, but
 * is read as if it were anyone's: depth, lengths and enumerators are checked.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

int wl_attr_bytes(const struct nlattr *attr, void *v, size_t len)
{
	if (mnl_attr_get_payload_len(attr) != len)
		return -EPROTO;
	memcpy(v, mnl_attr_get_payload(attr), len);
	return 0;
}

int wl_attr_u8(const struct nlattr *attr, uint8_t *v)
{
	return wl_attr_bytes(attr, v, sizeof(*v));
}

int wl_attr_u16(const struct nlattr *attr, uint16_t *v)
{
	return wl_attr_bytes(attr, v, sizeof(*v));
}

int wl_attr_u32(const struct nlattr *attr, uint32_t *v)
{
	return wl_attr_bytes(attr, v, sizeof(*v));
}

int wl_attr_u64(const struct nlattr *attr, uint64_t *v)
{
	return wl_attr_bytes(attr, v, sizeof(*v));
}

int wl_attr_str(const struct nlattr *attr, char *buf, size_t size)
{
	size_t len = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (len >= size)
		return -EPROTO;
	memcpy(buf, mnl_attr_get_payload(attr), len);
	buf[len] = '\0';
	return 0;
}

void wl_put_name(struct nlmsghdr *nlh, uint16_t type, const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "%s", name ? name : "");
	mnl_attr_put_strz(nlh, type, text);
}

int wl_nest_check(const struct nlattr *nest)
{
	const struct nlattr *attr;
	const char *end = (const char *)mnl_attr_get_payload(nest) + mnl_attr_get_payload_len(nest);

	mnl_attr_for_each_nested(attr, nest)
		;
	return end - (const char *)attr > 0 ? -EPROTO : 0;
}

/* One field attribute */
static int field_get(const struct nlattr *attr, struct weft_field_value *out)
{
	const struct weft_field_desc *desc = weft_field_desc(mnl_attr_get_type(attr));
	const uint8_t *p = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	if (!desc || (len != desc->len && len != 2u * desc->len))
		return -EPROTO;
	if (wl_field_value_make(out, mnl_attr_get_type(attr), p,
				len > desc->len ? p + desc->len : NULL))
		return -EPROTO;
	return 0;
}

static bool field_put(struct nlmsghdr *nlh, size_t size, enum weft_field field,
		      const struct weft_field_value *v)
{
	uint8_t both[2 * WEFT_FIELD_LEN_MAX];
	size_t len = weft_field_desc(field)->len;

	memcpy(both, v->value, len);
	if (wl_mask_is_full(field, v->mask))
		return mnl_attr_put_check(nlh, size, field, len, both);
	memcpy(both + len, v->mask, len);
	return mnl_attr_put_check(nlh, size, field, 2 * len, both);
}

int wl_nest_end(struct nlmsghdr *nlh, struct nlattr *nest)
{
	size_t len = (size_t)((char *)mnl_nlmsg_get_payload_tail(nlh) - (char *)nest);

	if (len > UINT16_MAX)
		return -EMSGSIZE;
	mnl_attr_nest_end(nlh, nest);
	return 0;
}

/**
 * weft_match_put_attrs - add a match to a message
 * @nlh: the message
 * @size: bytes there are for it in all
 * @type: of the attribute that nests the fields
 * @match: to add
 *
 * Returns 0 or -EMSGSIZE.
 */
int weft_match_put_attrs(struct nlmsghdr *nlh, size_t size, uint16_t type,
			 const struct weft_match *match)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, type);
	unsigned int f;

	if (!nest)
		return -EMSGSIZE;
	for (f = 1; f <= WEFT_FIELD_MAX; f++)
		if (weft_match_get(match, f) && !field_put(nlh, size, f, weft_match_get(match, f)))
			return -EMSGSIZE;
	return wl_nest_end(nlh, nest);
}

/**
 * weft_match_get_attrs - read a match from a message
 * @out: uninitialised; on success the caller frees it
 * @nest: attribute that nests the fields
 *
 * Returns 0, -EPROTO for what is no match, -ENOMEM.
 */
int weft_match_get_attrs(struct weft_match *out, const struct nlattr *nest)
{
	struct weft_field_value v;
	const struct nlattr *attr;
	int err;

	weft_match_init(out);
	err = wl_nest_check(nest);
	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest) {
		err = field_get(attr, &v);
		if (!err && weft_match_get(out, mnl_attr_get_type(attr)))
			err = -EPROTO;
		if (!err)
			err = weft_match_put(out, mnl_attr_get_type(attr), v.value, v.mask);
		if (err) {
			weft_match_free(out);
			return err;
		}
	}
	return 0;
}

static int tunnel_put(struct nlmsghdr *nlh, size_t size, const struct weft_act_tunnel *t)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, WEFT_ACT_A_TUNNEL);
	bool ok = nest;

	if (weft_has(t, WEFT_ACT_TUNNEL_A_IPV4))
		ok = ok && mnl_attr_put_check(nlh, size, WEFT_ACT_TUNNEL_A_IPV4, 4, t->addr);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_IPV6))
		ok = ok && mnl_attr_put_check(nlh, size, WEFT_ACT_TUNNEL_A_IPV6, 16, t->addr);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_FROM))
		ok = ok &&
		     mnl_attr_put_u16_check(nlh, size, WEFT_ACT_TUNNEL_A_FROM, (uint16_t)t->from);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_PORT))
		ok = ok && mnl_attr_put_u32_check(nlh, size, WEFT_ACT_TUNNEL_A_PORT, t->port);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_ID))
		ok = ok && mnl_attr_put_u32_check(nlh, size, WEFT_ACT_TUNNEL_A_ID, t->id);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_TOS))
		ok = ok && mnl_attr_put_u8_check(nlh, size, WEFT_ACT_TUNNEL_A_TOS, t->tos);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_TTL))
		ok = ok && mnl_attr_put_u8_check(nlh, size, WEFT_ACT_TUNNEL_A_TTL, t->ttl);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_DIRECT))
		ok = ok && mnl_attr_put_check(nlh, size, WEFT_ACT_TUNNEL_A_DIRECT, 0, NULL);
	return ok ? wl_nest_end(nlh, nest) : -EMSGSIZE;
}

static int service_put(struct nlmsghdr *nlh, size_t size, const struct weft_act_service *s)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, WEFT_ACT_A_SERVICE);
	bool ok = nest && mnl_attr_put_strz_check(nlh, size, WEFT_ACT_SERVICE_A_NAME, s->name);

	if (s->arg)
		ok = ok && mnl_attr_put_u32_check(nlh, size, WEFT_ACT_SERVICE_A_ARG, s->arg);
	if (s->fallback)
		ok = ok &&
		     mnl_attr_put_u32_check(nlh, size, WEFT_ACT_SERVICE_A_FALLBACK, s->fallback);
	if (s->max_len)
		ok = ok &&
		     mnl_attr_put_u32_check(nlh, size, WEFT_ACT_SERVICE_A_MAX_LEN, s->max_len);
	return ok ? wl_nest_end(nlh, nest) : -EMSGSIZE;
}

static int actions_put(struct nlmsghdr *nlh, size_t size, uint16_t type,
		       const struct weft_actions *actions, unsigned int depth);

static int action_put(struct nlmsghdr *nlh, size_t size, const struct weft_action *act,
		      unsigned int depth)
{
	struct nlattr *nest;
	bool ok = false;

	switch (act->type) {
	case WEFT_ACT_A_OUTPUT:
		ok = mnl_attr_put_u32_check(nlh, size, act->type, act->port);
		break;
	case WEFT_ACT_A_OUTPUT_LOUT:
	case WEFT_ACT_A_OUTPUT_IN_PORT:
	case WEFT_ACT_A_POP_VLAN:
	case WEFT_ACT_A_DEC_TTL:
	case WEFT_ACT_A_DEFRAG:
		ok = mnl_attr_put_check(nlh, size, act->type, 0, NULL);
		break;
	case WEFT_ACT_A_SET:
		if (!weft_field_desc(act->set.field))
			return -EINVAL;
		nest = mnl_attr_nest_start_check(nlh, size, act->type);
		ok = nest && field_put(nlh, size, act->set.field, &act->set.v);
		if (ok)
			mnl_attr_nest_end(nlh, nest);
		break;
	case WEFT_ACT_A_MOVE:
		ok = mnl_attr_put_check(nlh, size, act->type, sizeof(act->move), &act->move);
		break;
	case WEFT_ACT_A_PUSH_VLAN:
		ok = mnl_attr_put_u16_check(nlh, size, act->type, act->tpid);
		break;
	case WEFT_ACT_A_GOTO:
	case WEFT_ACT_A_RESUBMIT:
	case WEFT_ACT_A_RELATED:
	case WEFT_ACT_A_CHECK_TTL:
		ok = mnl_attr_put_u8_check(nlh, size, act->type, act->table);
		break;
	case WEFT_ACT_A_CHECK_MTU:
		ok = mnl_attr_put_check(nlh, size, act->type, sizeof(act->check), &act->check);
		break;
	case WEFT_ACT_A_ADVERTISE:
		ok = mnl_attr_put_check(nlh, size, act->type, sizeof(act->says), &act->says);
		break;
	case WEFT_ACT_A_CLONE:
		return actions_put(nlh, size, act->type, &act->clone, depth + 1);
	case WEFT_ACT_A_TUNNEL:
		return tunnel_put(nlh, size, &act->tunnel);
	case WEFT_ACT_A_SERVICE:
		return service_put(nlh, size, &act->service);
	case WEFT_ACT_A_DROP:
		ok = mnl_attr_put_u32_check(nlh, size, act->type, act->reason);
		break;
	case WEFT_ACT_A_TEMPLATE:
		ok = mnl_attr_put_u32_check(nlh, size, act->type, act->template_id);
		break;
	case WEFT_ACT_A_REJECT:
		ok = mnl_attr_put_u32_check(nlh, size, act->type, act->reject);
		break;
	case WEFT_ACT_A_BIND:
		ok = mnl_attr_put_check(nlh, size, act->type, sizeof(act->bind), &act->bind);
		break;
	default:
		return -EINVAL;
	}
	return ok ? 0 : -EMSGSIZE;
}

static int actions_put(struct nlmsghdr *nlh, size_t size, uint16_t type,
		       const struct weft_actions *actions, unsigned int depth)
{
	struct nlattr *nest;
	unsigned int i;
	int err;

	if (depth > WEFT_CLONE_DEPTH_MAX)
		return -ELOOP;
	nest = mnl_attr_nest_start_check(nlh, size, type);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < actions->n; i++) {
		err = action_put(nlh, size, &actions->v[i], depth);
		if (err)
			return err;
	}
	return wl_nest_end(nlh, nest);
}

/**
 * weft_actions_put_attrs - add a list of actions to a message
 * @nlh: the message
 * @size: bytes there are for it in all
 * @type: of the attribute that nests the actions
 * @actions: to add
 *
 * Returns 0, -EMSGSIZE, -ELOOP when clones nest too deep, -EINVAL for an action
 * that is none.
 */
int weft_actions_put_attrs(struct nlmsghdr *nlh, size_t size, uint16_t type,
			   const struct weft_actions *actions)
{
	return actions_put(nlh, size, type, actions, 0);
}

static int set_get(struct weft_action *act, const struct nlattr *nest)
{
	const struct nlattr *attr;
	unsigned int n = 0;
	int err = wl_nest_check(nest);

	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest) {
		err = field_get(attr, &act->set.v);
		if (err)
			return err;
		act->set.field = mnl_attr_get_type(attr);
		n++;
	}
	return n == 1 ? 0 : -EPROTO;
}

static int tunnel_get(struct weft_act_tunnel *t, const struct nlattr *nest)
{
	const struct nlattr *attr;
	uint16_t from = 0;
	int err = wl_nest_check(nest);

	mnl_attr_for_each_nested(attr, nest) {
		unsigned int type = mnl_attr_get_type(attr);

		if (err)
			return err;
		switch (type) {
		case WEFT_ACT_TUNNEL_A_IPV4:
			err = wl_attr_bytes(attr, t->addr, 4);
			break;
		case WEFT_ACT_TUNNEL_A_IPV6:
			err = wl_attr_bytes(attr, t->addr, 16);
			break;
		case WEFT_ACT_TUNNEL_A_PORT:
			err = wl_attr_u32(attr, &t->port);
			break;
		case WEFT_ACT_TUNNEL_A_ID:
			err = wl_attr_u32(attr, &t->id);
			break;
		case WEFT_ACT_TUNNEL_A_TOS:
			err = wl_attr_u8(attr, &t->tos);
			break;
		case WEFT_ACT_TUNNEL_A_TTL:
			err = wl_attr_u8(attr, &t->ttl);
			break;
		case WEFT_ACT_TUNNEL_A_FROM:
			err = wl_attr_u16(attr, &from);
			t->from = from;
			break;
		case WEFT_ACT_TUNNEL_A_DIRECT:
			break;
		default:
			return -EPROTO;
		}
		weft_mark(t, type);
	}
	if (weft_has(t, WEFT_ACT_TUNNEL_A_IPV4) + weft_has(t, WEFT_ACT_TUNNEL_A_IPV6) +
		    weft_has(t, WEFT_ACT_TUNNEL_A_FROM) !=
	    1)
		err = err ? err : -EPROTO;
	return err;
}

static int service_get(struct weft_act_service *s, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err = wl_nest_check(nest);

	mnl_attr_for_each_nested(attr, nest) {
		if (err)
			return err;
		switch (mnl_attr_get_type(attr)) {
		case WEFT_ACT_SERVICE_A_NAME:
			err = wl_attr_str(attr, s->name, sizeof(s->name));
			break;
		case WEFT_ACT_SERVICE_A_ARG:
			err = wl_attr_u32(attr, &s->arg);
			break;
		case WEFT_ACT_SERVICE_A_FALLBACK:
			err = wl_attr_u32(attr, &s->fallback);
			break;
		case WEFT_ACT_SERVICE_A_MAX_LEN:
			err = wl_attr_u32(attr, &s->max_len);
			break;
		default:
			return -EPROTO;
		}
	}
	return err ? err : s->name[0] ? 0 : -EPROTO;
}

int wl_bind_get(struct weft_bind *bind, const struct nlattr *attr)
{
	if (wl_attr_bytes(attr, bind, sizeof(*bind)) || !weft_field_desc(bind->field))
		return -EPROTO;
	if (bind->kind == WEFT_BIND_FIELD)
		return weft_field_desc(bind->source) ? 0 : -EPROTO;
	return bind->kind == WEFT_BIND_VAR && bind->source < WEFT_TEMPLATE_VARS ? 0 : -EPROTO;
}

static int actions_get(struct weft_actions *out, const struct nlattr *nest, unsigned int depth);

static int action_get(struct weft_action *act, const struct nlattr *attr, unsigned int depth)
{
	switch (act->type) {
	case WEFT_ACT_A_OUTPUT:
		return wl_attr_u32(attr, &act->port);
	case WEFT_ACT_A_OUTPUT_LOUT:
	case WEFT_ACT_A_OUTPUT_IN_PORT:
	case WEFT_ACT_A_POP_VLAN:
	case WEFT_ACT_A_DEC_TTL:
	case WEFT_ACT_A_DEFRAG:
		return mnl_attr_get_payload_len(attr) ? -EPROTO : 0;
	case WEFT_ACT_A_SET:
		return set_get(act, attr);
	case WEFT_ACT_A_MOVE:
		return wl_attr_bytes(attr, &act->move, sizeof(act->move));
	case WEFT_ACT_A_PUSH_VLAN:
		return wl_attr_u16(attr, &act->tpid);
	case WEFT_ACT_A_GOTO:
	case WEFT_ACT_A_RESUBMIT:
	case WEFT_ACT_A_RELATED:
	case WEFT_ACT_A_CHECK_TTL:
		return wl_attr_u8(attr, &act->table);
	case WEFT_ACT_A_CHECK_MTU:
		return wl_attr_bytes(attr, &act->check, sizeof(act->check));
	case WEFT_ACT_A_ADVERTISE:
		return wl_attr_bytes(attr, &act->says, sizeof(act->says));
	case WEFT_ACT_A_CLONE:
		return actions_get(&act->clone, attr, depth + 1);
	case WEFT_ACT_A_TUNNEL:
		return tunnel_get(&act->tunnel, attr);
	case WEFT_ACT_A_SERVICE:
		return service_get(&act->service, attr);
	case WEFT_ACT_A_DROP:
		return wl_attr_u32(attr, &act->reason);
	case WEFT_ACT_A_TEMPLATE:
		return wl_attr_u32(attr, &act->template_id);
	case WEFT_ACT_A_REJECT:
		return wl_attr_u32(attr, &act->reject);
	case WEFT_ACT_A_BIND:
		return wl_bind_get(&act->bind, attr);
	default:
		return -EPROTO;
	}
}

static int actions_get(struct weft_actions *out, const struct nlattr *nest, unsigned int depth)
{
	const struct nlattr *attr;
	struct weft_action *act;
	int err;

	weft_actions_init(out);
	if (depth > WEFT_CLONE_DEPTH_MAX)
		return -EPROTO;
	err = wl_nest_check(nest);
	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest) {
		act = weft_actions_add(out, mnl_attr_get_type(attr));
		err = act ? action_get(act, attr, depth) : -ENOMEM;
		if (err) {
			weft_actions_free(out);
			return err;
		}
	}
	return 0;
}

/**
 * weft_actions_get_attrs - read a list of actions from a message
 * @out: uninitialised; on success the caller frees it
 * @nest: attribute that nests the actions
 *
 * Returns 0, -EPROTO for what is no list of actions, -ENOMEM.
 */
int weft_actions_get_attrs(struct weft_actions *out, const struct nlattr *nest)
{
	return actions_get(out, nest, 0);
}

static int drop_entry_get(struct weft_drop_count *out, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err = wl_nest_check(nest);

	mnl_attr_for_each_nested(attr, nest) {
		if (err)
			return err;
		switch (mnl_attr_get_type(attr)) {
		case WEFT_DROP_ENTRY_A_REASON:
			err = wl_attr_u32(attr, &out->reason);
			break;
		case WEFT_DROP_ENTRY_A_PACKETS:
			err = wl_attr_u64(attr, &out->packets);
			break;
		}
	}
	return err;
}

/* @out is overwritten, and empty on failure */
int wl_drops_get_attrs(struct weft_drops *out, const struct nlattr *nest)
{
	const struct nlattr *attr;
	unsigned int n = 0;
	int err;

	*out = (struct weft_drops){ 0 };
	err = wl_nest_check(nest);
	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest)
		n++;
	if (!n)
		return 0;
	out->v = calloc(n, sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != WEFT_DROPS_A_ENTRY)
			continue;
		err = drop_entry_get(&out->v[out->n++], attr);
		if (err) {
			free(out->v);
			*out = (struct weft_drops){ 0 };
			return err;
		}
	}
	return 0;
}
