// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of actions as JSON: a word ("dec_ttl"), or an object with one member, named
 * like the action, that holds its argument:
 *
 *	["pop_vlan", {"set": {"eth_src": "02:00:00:00:00:01"}}, {"output": "vm1"},
 *	 {"clone": ["push_vlan", {"output": 2}]}, {"drop": "acl"}]
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define MULTI_DEPTH_MAX 8

/* ---- writing ---------------------------------------------------------------- */

static void emit_set(void *ctx, const char *name, const char *value, bool numeric)
{
	json_t **obj = ctx;

	if (numeric)
		wl_json_set(obj, name, wl_json_uint(strtoull(value, NULL, 10)));
	else
		wl_json_set(obj, name, wl_json_string(value));
}

static json_t *set_to_json(const struct weft_action *act, unsigned int proto,
			   const struct weft_names *names, unsigned int flags)
{
	struct wl_buf failed = { 0 };
	json_t *obj = json_object();

	wl_set_emit(act->set.field, &act->set.v, proto, names, flags, &failed, emit_set, &obj);
	if (failed.failed) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}

static json_t *move_to_json(const struct weft_act_move *move, const struct weft_names *names)
{
	struct wl_buf src = { 0 }, dst = { 0 };
	json_t *obj = json_object();

	wl_move_format(&src, &dst, move, names);
	wl_json_set(&obj, "src", wl_json_take(&src));
	wl_json_set(&obj, "dst", wl_json_take(&dst));
	return obj;
}

static json_t *tunnel_to_json(const struct weft_act_tunnel *t, const struct weft_names *names,
			      unsigned int flags)
{
	struct wl_buf dst = { 0 };
	json_t *obj = json_object();

	wl_tunnel_dst_format(&dst, t);
	wl_json_set(&obj, "dst", wl_json_take(&dst));
	if (weft_has(t, WEFT_ACT_TUNNEL_A_ID))
		wl_json_set(&obj, "id", json_integer(t->id));
	if (weft_has(t, WEFT_ACT_TUNNEL_A_PORT))
		wl_json_set(&obj, "port", wl_json_port(t->port, names, flags));
	if (weft_has(t, WEFT_ACT_TUNNEL_A_TOS))
		wl_json_set(&obj, "tos", json_integer(t->tos));
	if (weft_has(t, WEFT_ACT_TUNNEL_A_TTL))
		wl_json_set(&obj, "ttl", json_integer(t->ttl));
	if (weft_has(t, WEFT_ACT_TUNNEL_A_DIRECT))
		wl_json_set(&obj, "direct", json_integer(1));
	return obj;
}

static json_t *service_to_json(const struct weft_act_service *s)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "name", wl_json_string(s->name));
	if (s->arg)
		wl_json_set(&obj, "arg", json_integer(s->arg));
	if (s->fallback)
		wl_json_set(&obj, "fallback", json_string(weft_fallback_name(s->fallback) ?: "?"));
	if (s->max_len)
		wl_json_set(&obj, "max_len", json_integer(s->max_len));
	return obj;
}

static json_t *bind_to_json(const struct weft_bind *bind, const struct weft_names *names)
{
	struct wl_buf name = { 0 }, source = { 0 };
	json_t *obj = json_object();

	wl_bind_format(&name, &source, bind, names);
	wl_json_set(&obj, name.failed ? "?" : name.s, wl_json_take(&source));
	wl_buf_free(&name);
	return obj;
}

static json_t *reject_to_json(uint32_t reject)
{
	struct wl_buf name = { 0 };
	json_t *json;

	wl_reject_format(&name, reject);
	json = name.failed ? NULL : json_string(name.s);
	wl_buf_free(&name);
	return json;
}

static json_t *advertise_to_json(const struct weft_act_advertise *says)
{
	json_t *obj = json_object();
	struct wl_buf mac = { 0 };

	wl_mac_format(&mac, says->mac);
	wl_json_set(&obj, "mac", wl_json_take(&mac));
	if (says->flags & WEFT_ADVERTISE_ROUTER)
		wl_json_set(&obj, "router", json_true());
	return obj;
}

static json_t *drop_to_json(uint32_t reason)
{
	struct wl_buf name = { 0 };

	wl_drop_format(&name, reason);
	return wl_json_take(&name);
}

static json_t *list_to_json(const struct weft_actions *actions, unsigned int proto,
			    const struct weft_names *names, unsigned int flags);

static json_t *action_to_json(const struct weft_action *act, unsigned int proto,
			      const struct weft_names *names, unsigned int flags)
{
	json_t *obj = NULL;
	const char *name;
	json_t *value;

	switch (act->type) {
	case WEFT_ACT_A_POP_VLAN:
		return json_string("pop_vlan");
	case WEFT_ACT_A_DEC_TTL:
		return json_string("dec_ttl");
	case WEFT_ACT_A_DEFRAG:
		return json_string("defrag");
	case WEFT_ACT_A_OUTPUT:
		name = "output";
		value = wl_json_port(act->port, names, flags);
		break;
	case WEFT_ACT_A_OUTPUT_LOUT:
		name = "output";
		value = json_string("lout");
		break;
	case WEFT_ACT_A_OUTPUT_IN_PORT:
		name = "output";
		value = json_string("in_port");
		break;
	case WEFT_ACT_A_SET:
		name = weft_field_desc(act->set.field)->metadata ? "load" : "set";
		value = set_to_json(act, proto, names, flags);
		break;
	case WEFT_ACT_A_MOVE:
		name = "move";
		value = move_to_json(&act->move, names);
		break;
	case WEFT_ACT_A_PUSH_VLAN:
		if (act->tpid == 0x8100)
			return json_string("push_vlan");
		name = "push_vlan";
		value = json_sprintf("0x%04x", act->tpid);
		break;
	case WEFT_ACT_A_GOTO:
		name = "goto";
		value = json_integer(act->table);
		break;
	case WEFT_ACT_A_RESUBMIT:
		name = "resubmit";
		value = json_integer(act->table);
		break;
	case WEFT_ACT_A_RELATED:
		name = "related";
		value = json_integer(act->table);
		break;
	case WEFT_ACT_A_CHECK_TTL:
		name = "check_ttl";
		value = json_integer(act->table);
		break;
	case WEFT_ACT_A_CHECK_MTU:
		name = "check_mtu";
		value = json_pack("{s:i, s:i}", "mtu", (int)act->check.mtu, "table",
				  (int)act->check.table);
		break;
	case WEFT_ACT_A_ADVERTISE:
		name = "advertise";
		value = advertise_to_json(&act->says);
		break;
	case WEFT_ACT_A_CLONE:
		name = "clone";
		value = list_to_json(&act->clone, proto, names, flags);
		break;
	case WEFT_ACT_A_TUNNEL:
		name = "tunnel";
		value = tunnel_to_json(&act->tunnel, names, flags);
		break;
	case WEFT_ACT_A_SERVICE:
		name = "service";
		value = service_to_json(&act->service);
		break;
	case WEFT_ACT_A_REJECT:
		if (act->reject == WEFT_REJECT_AUTO)
			return json_string("reject");
		name = "reject";
		value = reject_to_json(act->reject);
		break;
	case WEFT_ACT_A_TEMPLATE:
		name = "template";
		value = json_integer(act->template_id);
		break;
	case WEFT_ACT_A_BIND:
		name = weft_field_desc(act->bind.field)->metadata ? "load" : "set";
		value = bind_to_json(&act->bind, names);
		break;
	case WEFT_ACT_A_DROP:
		if (act->reason == WEFT_DROP_POLICY)
			return json_string("drop");
		name = "drop";
		value = drop_to_json(act->reason);
		break;
	default:
		return json_sprintf("unknown%u", act->type);
	}
	obj = json_object();
	wl_json_set(&obj, name, value);
	return obj;
}

static json_t *list_to_json(const struct weft_actions *actions, unsigned int proto,
			    const struct weft_names *names, unsigned int flags)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < actions->n; i++)
		wl_json_append(&array, action_to_json(&actions->v[i], proto, names, flags));
	return array;
}

json_t *wl_actions_to_json(const struct weft_actions *actions, unsigned int proto,
			   const struct weft_names *names, unsigned int flags)
{
	json_t *array = list_to_json(actions, proto, names, flags);

	if (!actions->n)
		wl_json_append(&array, json_string("drop"));
	return array;
}

/**
 * weft_actions_to_json - write a list of actions
 * @actions: to write; none at all are ["drop"]
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES
 *
 * Returns an array, NULL when out of memory.
 */
json_t *weft_actions_to_json(const struct weft_actions *actions, const struct weft_names *names,
			     unsigned int flags)
{
	return wl_actions_to_json(actions, 0, names, flags);
}

/* ---- reading ----------------------------------------------------------------- */

/* Around the list being read */
struct depth {
	unsigned int clones;
	unsigned int multis;
};

static int read_list(const struct wl_at *at, const json_t *json, struct depth depth,
		     struct weft_actions *actions);

static struct weft_action *add(struct weft_actions *actions, enum weft_act_attr type, int *err)
{
	struct weft_action *act = weft_actions_add(actions, type);

	*err = act ? 0 : -ENOMEM;
	return act;
}

static int read_output(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	struct wl_parse ps = wl_at_parse(at);
	enum weft_act_attr type = WEFT_ACT_A_OUTPUT;
	struct weft_action *act;
	struct wl_tok tok;
	char space[24];
	uint32_t port = 0;
	int err;

	err = wl_at_text(at, json, space, sizeof(space), &tok);
	if (err)
		return err;
	if (wl_tok_is(tok, "lout"))
		type = WEFT_ACT_A_OUTPUT_LOUT;
	else if (wl_tok_is(tok, "in_port"))
		type = WEFT_ACT_A_OUTPUT_IN_PORT;
	else
		err = wl_parse_port(&ps, tok, &port);
	if (err)
		return err;
	act = add(actions, type, &err);
	if (act)
		act->port = port;
	return err;
}

/* @ctx: struct weft_actions */
static int set_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err = wl_at_text(at, json, space, sizeof(space), &tok);

	return err ? err : wl_set_parse(&ps, wl_tok_str(name), tok, ctx);
}

/* {"set": {"eth_src": …, "eth_dst": …}} are two actions */
static int read_set(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	int err = wl_at_members(at, json, set_member, actions);

	if (err)
		return err;
	return json_object_size(json) ? 0 : wl_at_fail(at, "no field is given");
}

static int read_move(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	const json_t *src = json_object_get(json, "src"), *dst = json_object_get(json, "dst");
	struct wl_parse ps = wl_at_parse(at);

	if (!json_is_string(src) || !json_is_string(dst) || json_object_size(json) != 2)
		return wl_at_fail(at, "an object with the strings src and dst is needed");
	return wl_move_parse(&ps, wl_tok_str(json_string_value(src)),
			     wl_tok_str(json_string_value(dst)), actions);
}

static int read_push_vlan(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	struct weft_action *act;
	uint64_t tpid = 0x8100;
	int err = 0;

	if (json)
		err = wl_at_uint(at, json, UINT16_MAX, &tpid);
	if (!err && tpid != 0x8100 && tpid != 0x88a8)
		err = wl_at_fail(at, "push_vlan takes 0x8100 or 0x88a8");
	if (err)
		return err;
	act = add(actions, WEFT_ACT_A_PUSH_VLAN, &err);
	if (act)
		act->tpid = (uint16_t)tpid;
	return err;
}

static int read_table(const struct wl_at *at, const json_t *json, enum weft_act_attr type,
		      struct weft_actions *actions)
{
	struct wl_parse ps = wl_at_parse(at);
	struct weft_action *act;
	struct wl_tok tok;
	char space[24];
	uint8_t table;
	int err;

	err = wl_at_text(at, json, space, sizeof(space), &tok);
	if (!err)
		err = wl_parse_table(&ps, tok, &table);
	if (err)
		return err;
	act = add(actions, type, &err);
	if (act)
		act->table = table;
	return err;
}

static int read_template(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	struct wl_parse ps = wl_at_parse(at);
	struct weft_action *act;
	struct wl_tok tok;
	char space[24];
	uint32_t id;
	int err;

	err = wl_at_text(at, json, space, sizeof(space), &tok);
	if (!err)
		err = wl_parse_template(&ps, tok, &id);
	if (err)
		return err;
	act = add(actions, WEFT_ACT_A_TEMPLATE, &err);
	if (act)
		act->template_id = id;
	return err;
}

static int read_drop(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	struct wl_parse ps = wl_at_parse(at);
	uint32_t reason = WEFT_DROP_POLICY;
	struct weft_action *act;
	struct wl_tok tok;
	char space[24];
	int err = 0;

	if (json)
		err = wl_at_text(at, json, space, sizeof(space), &tok);
	if (!err && json)
		err = wl_drop_parse(&ps, tok, &reason);
	if (err)
		return err;
	act = add(actions, WEFT_ACT_A_DROP, &err);
	if (act)
		act->reason = reason;
	return err;
}

/* @ctx: struct weft_action */
static int detail_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);
	struct weft_action *act = ctx;
	struct wl_tok tok;
	char space[24];
	int err = wl_at_text(at, json, space, sizeof(space), &tok);

	if (err)
		return err;
	return act->type == WEFT_ACT_A_TUNNEL ?
		       wl_tunnel_item_parse(&ps, wl_tok_str(name), tok, &act->tunnel) :
		       wl_service_item_parse(&ps, wl_tok_str(name), tok, &act->service);
}

static int read_reject(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	struct wl_parse ps = wl_at_parse(at);
	uint32_t reject = WEFT_REJECT_AUTO;
	struct weft_action *act;
	struct wl_tok tok;
	char space[24];
	int err = 0;

	if (json)
		err = wl_at_text(at, json, space, sizeof(space), &tok);
	if (!err && json)
		err = wl_reject_parse(&ps, tok, &reject);
	if (err)
		return err;
	act = add(actions, WEFT_ACT_A_REJECT, &err);
	if (act)
		act->reject = reject;
	return err;
}

static int read_check_mtu(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	const json_t *mtu = json_object_get(json, "mtu"), *table = json_object_get(json, "table");
	struct weft_act_check_mtu check = { 0 };
	struct wl_parse ps = wl_at_parse(at);
	char mtu_space[24], table_space[24];
	struct wl_tok mtu_tok = { 0 }, table_tok = { 0 };
	struct weft_action *act;
	int err;

	if (!mtu || !table || json_object_size(json) != 2)
		return wl_at_fail(at, "an object with mtu and table is needed");
	err = wl_at_text(at, mtu, mtu_space, sizeof(mtu_space), &mtu_tok);
	if (!err)
		err = wl_at_text(at, table, table_space, sizeof(table_space), &table_tok);
	if (!err)
		err = wl_check_mtu_parse(&ps, mtu_tok, table_tok, &check);
	if (err)
		return err;
	act = add(actions, WEFT_ACT_A_CHECK_MTU, &err);
	if (act)
		act->check = check;
	return err;
}

static int read_advertise(const struct wl_at *at, const json_t *json, struct weft_actions *actions)
{
	const json_t *mac = json_object_get(json, "mac"), *router = json_object_get(json, "router");
	struct weft_act_advertise says = { 0 };
	struct wl_parse ps = wl_at_parse(at);
	struct weft_action *act;
	int err;

	if (!json_is_string(mac) || (router && !json_is_boolean(router)) ||
	    json_object_size(json) != (router ? 2 : 1))
		return wl_at_fail(at, "an object with mac, and maybe router, is needed");
	if (json_is_true(router))
		says.flags = WEFT_ADVERTISE_ROUTER;
	err = wl_advertise_parse(&ps, wl_tok_str(json_string_value(mac)), &says);
	if (err)
		return err;
	act = add(actions, WEFT_ACT_A_ADVERTISE, &err);
	if (act)
		act->says = says;
	return err;
}

/* {"tunnel": "10.0.0.1"}, {"service": "nat"}, or with an object of details */
static int read_details(const struct wl_at *at, const json_t *json, struct weft_action *act)
{
	bool tunnel = act->type == WEFT_ACT_A_TUNNEL;
	struct wl_parse ps = wl_at_parse(at);
	int err;

	if (json_is_string(json)) {
		struct wl_tok tok = wl_tok_str(json_string_value(json));

		return tunnel ? wl_tunnel_dst_parse(&ps, tok, &act->tunnel) :
				wl_service_item_parse(&ps, wl_tok_str("name"), tok, &act->service);
	}
	err = wl_at_members(at, json, detail_member, act);
	if (err)
		return err;
	if (tunnel && !wl_tunnel_has_dst(&act->tunnel))
		return wl_at_fail(at, "dst is missing");
	if (!tunnel && !act->service.name[0])
		return wl_at_fail(at, "name is missing");
	return 0;
}

static int read_clone(const struct wl_at *at, const json_t *json, struct depth depth,
		      struct weft_actions *actions)
{
	struct weft_action *act;
	int err;

	if (depth.clones++ == WEFT_CLONE_DEPTH_MAX)
		return wl_at_fail(at, "clones nest at most %u deep", WEFT_CLONE_DEPTH_MAX);
	act = add(actions, WEFT_ACT_A_CLONE, &err);
	return act ? read_list(at, json, depth, &act->clone) : err;
}

static int read_multi(const struct wl_at *at, const json_t *json, struct depth depth,
		      struct weft_actions *actions)
{
	if (depth.multis++ == MULTI_DEPTH_MAX)
		return wl_at_fail(at, "multi nests at most %u deep", MULTI_DEPTH_MAX);
	return read_list(at, json, depth, actions);
}

/* @json: the argument, NULL for a bare word */
static int read_action(const struct wl_at *at, const char *name, const json_t *json,
		       struct depth depth, struct weft_actions *actions)
{
	static const struct {
		const char *name;
		enum weft_act_attr type;
	} plain[] = {
		{ "pop_vlan", WEFT_ACT_A_POP_VLAN },
		{ "dec_ttl", WEFT_ACT_A_DEC_TTL },
		{ "defrag", WEFT_ACT_A_DEFRAG },
	};
	struct weft_action *act;
	size_t i;
	int err;

	if (!strcmp(name, "push_vlan"))
		return read_push_vlan(at, json, actions);
	if (!strcmp(name, "drop"))
		return read_drop(at, json, actions);
	if (!strcmp(name, "reject"))
		return read_reject(at, json, actions);
	for (i = 0; i < WL_ARRAY_SIZE(plain); i++) {
		if (strcmp(name, plain[i].name))
			continue;
		if (json && !json_is_true(json) && !json_is_null(json))
			return wl_at_fail(at, "'%s' takes no argument", name);
		add(actions, plain[i].type, &err);
		return err;
	}
	if (!strcmp(name, "output"))
		return read_output(at, json, actions);
	if (!strcmp(name, "set") || !strcmp(name, "load"))
		return read_set(at, json, actions);
	if (!strcmp(name, "move"))
		return read_move(at, json, actions);
	if (!strcmp(name, "goto"))
		return read_table(at, json, WEFT_ACT_A_GOTO, actions);
	if (!strcmp(name, "resubmit"))
		return read_table(at, json, WEFT_ACT_A_RESUBMIT, actions);
	if (!strcmp(name, "related"))
		return read_table(at, json, WEFT_ACT_A_RELATED, actions);
	if (!strcmp(name, "check_ttl"))
		return read_table(at, json, WEFT_ACT_A_CHECK_TTL, actions);
	if (!strcmp(name, "check_mtu"))
		return read_check_mtu(at, json, actions);
	if (!strcmp(name, "advertise"))
		return read_advertise(at, json, actions);
	if (!strcmp(name, "template"))
		return read_template(at, json, actions);
	if (!strcmp(name, "clone"))
		return read_clone(at, json, depth, actions);
	if (!strcmp(name, "multi"))
		return read_multi(at, json, depth, actions);
	if (!strcmp(name, "tunnel") || !strcmp(name, "service")) {
		act = add(actions, name[0] == 't' ? WEFT_ACT_A_TUNNEL : WEFT_ACT_A_SERVICE, &err);
		return act ? read_details(at, json, act) : err;
	}
	return wl_at_fail(at, "unknown action '%.60s'", name);
}

static int read_list(const struct wl_at *at, const json_t *json, struct depth depth,
		     struct weft_actions *actions)
{
	const char *name;
	json_t *item, *arg;
	size_t i;
	int err;

	if (!json_is_array(json))
		return wl_at_fail(at, "an array of actions is needed");
	json_array_foreach((json_t *)json, i, item) {
		struct wl_at place = wl_at_index(at, i);

		if (json_is_string(item)) {
			name = json_string_value(item);
			arg = NULL;
		} else if (json_is_object(item) && json_object_size(item) == 1) {
			name = json_object_iter_key(json_object_iter(item));
			arg = json_object_get(item, name);
		} else {
			return wl_at_fail(&place,
					  "an action is a word or an object with one member");
		}
		if (wl_actions_ended(actions))
			return wl_at_fail(&place, "nothing can follow %s",
					  wl_actions_ended(actions));
		if (arg)
			place = wl_at_member(&place, name);
		err = read_action(&place, name, arg, depth, actions);
		if (err)
			return err;
	}
	return 0;
}

int wl_actions_from_json(const struct wl_at *at, const json_t *json, struct weft_actions *out)
{
	int err;

	weft_actions_init(out);
	err = read_list(at, json, (struct depth){ 0 }, out);
	if (err)
		weft_actions_free(out);
	return err;
}

/**
 * weft_actions_from_json - read a list of actions
 * @out: uninitialised; on success the caller frees it
 * @json: an array
 * @path: where it is; NULL: "$"
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_actions_from_json(struct weft_actions *out, const json_t *json, const char *path,
			   const struct weft_names *names, struct weft_error *err)
{
	struct wl_at at;

	wl_at_begin(&at, path, names, err);
	return wl_actions_from_json(&at, json, out);
}
