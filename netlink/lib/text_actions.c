// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of actions as text:
 *
 *	set:eth_src=02:00:00:00:00:01, load:reg0[0..7]=3, clone(push_vlan, output:1), goto:20
 *
 * An action is a word, alone, or with ":" and an argument that ends at a comma, a
 * blank or a closing parenthesis, or with a list in parentheses. No action begins
 * with a digit, so a bare number behind "tunnel:DST," or "service:NAME," belongs
 * to it. "multi(…)" is only a way to write: its actions join the list around it.
 */
#include <errno.h>
#include <string.h>

#include "wl.h"

#define MULTI_DEPTH_MAX 8

/* How a list is being read */
struct reader {
	const struct wl_parse *ps;
	const char *p;
	unsigned int clones; /* around this place */
	unsigned int multis;
};

/* ---- reading text ---------------------------------------------------------- */

static int shown(struct wl_tok tok)
{
	return (int)(tok.len < 60 ? tok.len : 60);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip(struct reader *r)
{
	while (is_blank(*r->p) || *r->p == ',')
		r->p++;
}

/* Up to one of @stops, a comma, a blank or the end, but not inside quotes */
static struct wl_tok take(struct reader *r, const char *stops)
{
	struct wl_tok tok = { r->p, 0 };
	bool quoted = false;

	for (; *r->p; r->p++) {
		if (*r->p == '"')
			quoted = !quoted;
		if (!quoted && (*r->p == ',' || is_blank(*r->p) || strchr(stops, *r->p)))
			break;
	}
	tok.len = (size_t)(r->p - tok.s);
	return tok;
}

/* The number that may follow "tunnel:DST," */
static bool take_number(struct reader *r, struct wl_tok *tok)
{
	struct reader ahead = *r;

	if (*ahead.p != ',')
		return false;
	skip(&ahead);
	if (*ahead.p < '0' || *ahead.p > '9')
		return false;
	*tok = take(&ahead, ")");
	r->p = ahead.p;
	return true;
}

static int read_list(struct reader *r, struct weft_actions *actions, const char *open);

static int read_output(const struct wl_parse *ps, struct wl_tok arg, struct weft_actions *actions)
{
	enum weft_act_attr type = wl_tok_is(arg, "lout")    ? WEFT_ACT_A_OUTPUT_LOUT :
				  wl_tok_is(arg, "in_port") ? WEFT_ACT_A_OUTPUT_IN_PORT :
							      WEFT_ACT_A_OUTPUT;
	struct weft_action *act;
	uint32_t port = 0;
	int err = 0;

	if (type == WEFT_ACT_A_OUTPUT)
		err = wl_parse_port(ps, arg, &port);
	if (err)
		return err;
	act = weft_actions_add(actions, type);
	if (!act)
		return -ENOMEM;
	act->port = port;
	return 0;
}

static int read_table(const struct wl_parse *ps, struct wl_tok arg, enum weft_act_attr type,
		      struct weft_actions *actions)
{
	struct weft_action *act;
	uint8_t table;
	int err;

	err = wl_parse_table(ps, arg, &table);
	if (err)
		return err;
	act = weft_actions_add(actions, type);
	if (!act)
		return -ENOMEM;
	act->table = table;
	return 0;
}

static int read_template(const struct wl_parse *ps, struct wl_tok arg, struct weft_actions *actions)
{
	struct weft_action *act;
	uint32_t id;
	int err;

	err = wl_parse_template(ps, arg, &id);
	if (err)
		return err;
	act = weft_actions_add(actions, WEFT_ACT_A_TEMPLATE);
	if (!act)
		return -ENOMEM;
	act->template_id = id;
	return 0;
}

static int read_push_vlan(const struct wl_parse *ps, struct wl_tok arg,
			  struct weft_actions *actions)
{
	uint64_t tpid = 0x8100;
	struct weft_action *act;

	if (arg.s && (!wl_tok_uint(arg, &tpid) || (tpid != 0x8100 && tpid != 0x88a8)))
		return wl_fail(ps, arg, "push_vlan takes 0x8100 or 0x88a8");
	act = weft_actions_add(actions, WEFT_ACT_A_PUSH_VLAN);
	if (!act)
		return -ENOMEM;
	act->tpid = (uint16_t)tpid;
	return 0;
}

static int read_set(const struct wl_parse *ps, struct wl_tok arg, struct weft_actions *actions)
{
	struct wl_tok name, value;

	if (!wl_tok_split(arg, '=', &name, &value))
		return wl_fail(ps, arg, "'%.*s': FIELD=VALUE is needed", shown(arg), arg.s);
	return wl_set_parse(ps, name, value, actions);
}

static int read_move(const struct wl_parse *ps, struct wl_tok arg, struct weft_actions *actions)
{
	struct wl_tok src, dst;

	if (!wl_tok_split(arg, '>', &src, &dst) || !src.len || src.s[src.len - 1] != '-')
		return wl_fail(ps, arg, "'%.*s': FIELD->FIELD is needed", shown(arg), arg.s);
	src.len--;
	return wl_move_parse(ps, src, dst, actions);
}

static int read_drop(const struct wl_parse *ps, struct wl_tok arg, struct weft_actions *actions)
{
	uint32_t reason = WEFT_DROP_POLICY;
	struct weft_action *act;
	int err = arg.s ? wl_drop_parse(ps, arg, &reason) : 0;

	if (err)
		return err;
	act = weft_actions_add(actions, WEFT_ACT_A_DROP);
	if (!act)
		return -ENOMEM;
	act->reason = reason;
	return 0;
}

static int read_reject(const struct wl_parse *ps, struct wl_tok arg, struct weft_actions *actions)
{
	uint32_t reject = WEFT_REJECT_AUTO;
	struct weft_action *act;
	int err = arg.s ? wl_reject_parse(ps, arg, &reject) : 0;

	if (err)
		return err;
	act = weft_actions_add(actions, WEFT_ACT_A_REJECT);
	if (!act)
		return -ENOMEM;
	act->reject = reject;
	return 0;
}

static int read_check_mtu(const struct wl_parse *ps, struct wl_tok arg,
			  struct weft_actions *actions)
{
	struct weft_act_check_mtu check = { 0 };
	struct weft_action *act;
	struct wl_tok mtu, table;
	int err;

	if (!wl_tok_split(arg, '>', &mtu, &table) || !mtu.len || mtu.s[mtu.len - 1] != '-')
		return wl_fail(ps, arg, "'%.*s': MTU->TABLE is needed", shown(arg), arg.s);
	mtu.len--;
	err = wl_check_mtu_parse(ps, mtu, table, &check);
	if (err)
		return err;
	act = weft_actions_add(actions, WEFT_ACT_A_CHECK_MTU);
	if (!act)
		return -ENOMEM;
	act->check = check;
	return 0;
}

/* MAC or MAC/router */
static int read_advertise(const struct wl_parse *ps, struct wl_tok arg,
			  struct weft_actions *actions)
{
	struct weft_act_advertise says = { 0 };
	struct weft_action *act;
	struct wl_tok mac, who;
	int err;

	if (wl_tok_split(arg, '/', &mac, &who)) {
		if (!wl_tok_is(who, "router"))
			return wl_fail(ps, who, "'%.*s': only router can be said of it", shown(who),
				       who.s);
		says.flags = WEFT_ADVERTISE_ROUTER;
	}
	err = wl_advertise_parse(ps, mac, &says);
	if (err)
		return err;
	act = weft_actions_add(actions, WEFT_ACT_A_ADVERTISE);
	if (!act)
		return -ENOMEM;
	act->says = says;
	return 0;
}

/* "(a=b, c=d)" of tunnel and service; @arg: what stood behind a colon instead */
static int read_details(struct reader *r, struct wl_tok word, struct wl_tok arg,
			struct weft_action *act)
{
	const struct wl_parse *ps = r->ps;
	bool tunnel = act->type == WEFT_ACT_A_TUNNEL, first = true;
	struct wl_tok item, name, value;
	int err;

	if (arg.s) {
		err = tunnel ? wl_tunnel_dst_parse(ps, arg, &act->tunnel) :
			       wl_service_item_parse(ps, wl_tok_str("name"), arg, &act->service);
		if (err || !take_number(r, &value))
			return err;
		return tunnel ? wl_tunnel_item_parse(ps, wl_tok_str("id"), value, &act->tunnel) :
				wl_service_item_parse(ps, wl_tok_str("arg"), value, &act->service);
	}

	if (*r->p != '(')
		return wl_fail(ps, word, "'%.*s' needs %s", shown(word), word.s,
			       tunnel ? "an address" : "a name");
	for (r->p++, skip(r); *r->p && *r->p != ')'; skip(r), first = false) {
		item = take(r, "()");
		if (*r->p == '(')
			return wl_fail(ps, (struct wl_tok){ r->p, 1 }, "unexpected '('");
		if (!wl_tok_split(item, '=', &name, &value)) {
			value = item;
			name = wl_tok_str(tunnel ? "dst" : "name");
			if (!first)
				return wl_fail(ps, item, "'%.*s': NAME=VALUE is needed",
					       shown(item), item.s);
		}
		err = tunnel ? wl_tunnel_item_parse(ps, name, value, &act->tunnel) :
			       wl_service_item_parse(ps, name, value, &act->service);
		if (err)
			return err;
	}
	if (*r->p != ')')
		return wl_fail(ps, word, "')' is missing for '%.*s('", shown(word), word.s);
	r->p++;
	if (tunnel && !wl_tunnel_has_dst(&act->tunnel))
		return wl_fail(ps, word, "the tunnel's dst is missing");
	if (!tunnel && !act->service.name[0])
		return wl_fail(ps, word, "the service's name is missing");
	return 0;
}

static int read_clone(struct reader *r, struct wl_tok word, struct weft_actions *actions)
{
	struct weft_action *act;
	int err;

	if (r->clones == WEFT_CLONE_DEPTH_MAX)
		return wl_fail(r->ps, word, "clones nest at most %u deep", WEFT_CLONE_DEPTH_MAX);
	act = weft_actions_add(actions, WEFT_ACT_A_CLONE);
	if (!act)
		return -ENOMEM;
	r->p++;
	r->clones++;
	err = read_list(r, &act->clone, word.s);
	r->clones--;
	return err;
}

static int read_multi(struct reader *r, struct wl_tok word, struct weft_actions *actions)
{
	int err;

	if (r->multis == MULTI_DEPTH_MAX)
		return wl_fail(r->ps, word, "multi nests at most %u deep", MULTI_DEPTH_MAX);
	r->p++;
	r->multis++;
	err = read_list(r, actions, word.s);
	r->multis--;
	return err;
}

enum argument {
	ARG_NONE,
	ARG_MAY, /* behind a colon */
	ARG_MUST,
	ARG_DETAILS, /* or in parentheses */
	ARG_LIST,    /* of actions, in parentheses */
};

static const struct word {
	const char *name;
	enum weft_act_attr type; /* 0: multi */
	enum argument arg;
} words[] = {
	{ "output", WEFT_ACT_A_OUTPUT, ARG_MUST },
	{ "set", WEFT_ACT_A_SET, ARG_MUST },
	{ "load", WEFT_ACT_A_SET, ARG_MUST },
	{ "move", WEFT_ACT_A_MOVE, ARG_MUST },
	{ "push_vlan", WEFT_ACT_A_PUSH_VLAN, ARG_MAY },
	{ "pop_vlan", WEFT_ACT_A_POP_VLAN, ARG_NONE },
	{ "dec_ttl", WEFT_ACT_A_DEC_TTL, ARG_NONE },
	{ "goto", WEFT_ACT_A_GOTO, ARG_MUST },
	{ "resubmit", WEFT_ACT_A_RESUBMIT, ARG_MUST },
	{ "clone", WEFT_ACT_A_CLONE, ARG_LIST },
	{ "multi", WEFT_ACT_A_UNSPEC, ARG_LIST },
	{ "tunnel", WEFT_ACT_A_TUNNEL, ARG_DETAILS },
	{ "service", WEFT_ACT_A_SERVICE, ARG_DETAILS },
	{ "drop", WEFT_ACT_A_DROP, ARG_MAY },
	{ "template", WEFT_ACT_A_TEMPLATE, ARG_MUST },
	{ "related", WEFT_ACT_A_RELATED, ARG_MUST },
	{ "reject", WEFT_ACT_A_REJECT, ARG_MAY },
	{ "defrag", WEFT_ACT_A_DEFRAG, ARG_NONE },
	{ "check_ttl", WEFT_ACT_A_CHECK_TTL, ARG_MUST },
	{ "check_mtu", WEFT_ACT_A_CHECK_MTU, ARG_MUST },
	{ "advertise", WEFT_ACT_A_ADVERTISE, ARG_MUST },
};

static int read_action(struct reader *r, struct weft_actions *actions)
{
	const struct wl_parse *ps = r->ps;
	struct wl_tok name = take(r, ":()"), arg = { 0 };
	const struct word *word = words;
	struct weft_action *act;

	while (word < words + WL_ARRAY_SIZE(words) && !wl_tok_is(name, word->name))
		word++;
	if (word == words + WL_ARRAY_SIZE(words)) {
		if (!name.len)
			return wl_fail(ps, (struct wl_tok){ r->p, 1 }, "unexpected '%c'", *r->p);
		return wl_fail(ps, name, "unknown action '%.*s'", shown(name), name.s);
	}
	if (wl_actions_ended(actions))
		return wl_fail(ps, name, "'%s' cannot follow %s, which is the last action",
			       word->name, wl_actions_ended(actions));
	if (*r->p == ':') {
		r->p++;
		arg = take(r, ")");
		if (!arg.len || word->arg == ARG_NONE || word->arg == ARG_LIST)
			return wl_fail(ps, name,
				       arg.len ? "'%s' takes no ':'" : "nothing behind '%s:'",
				       word->name);
	} else if (word->arg == ARG_MUST) {
		return wl_fail(ps, name, "'%s' needs ':' and an argument", word->name);
	} else if (*r->p == '(' && word->arg != ARG_LIST && word->arg != ARG_DETAILS) {
		return wl_fail(ps, name, "'%s' takes no '('", word->name);
	} else if (*r->p != '(' && word->arg == ARG_LIST) {
		return wl_fail(ps, name, "'%s' needs '('", word->name);
	}

	switch (word->type) {
	case WEFT_ACT_A_OUTPUT:
		return read_output(ps, arg, actions);
	case WEFT_ACT_A_SET:
		return read_set(ps, arg, actions);
	case WEFT_ACT_A_MOVE:
		return read_move(ps, arg, actions);
	case WEFT_ACT_A_PUSH_VLAN:
		return read_push_vlan(ps, arg, actions);
	case WEFT_ACT_A_GOTO:
	case WEFT_ACT_A_RESUBMIT:
	case WEFT_ACT_A_RELATED:
	case WEFT_ACT_A_CHECK_TTL:
		return read_table(ps, arg, word->type, actions);
	case WEFT_ACT_A_CHECK_MTU:
		return read_check_mtu(ps, arg, actions);
	case WEFT_ACT_A_ADVERTISE:
		return read_advertise(ps, arg, actions);
	case WEFT_ACT_A_CLONE:
		return read_clone(r, name, actions);
	case WEFT_ACT_A_UNSPEC:
		return read_multi(r, name, actions);
	case WEFT_ACT_A_DROP:
		return read_drop(ps, arg, actions);
	case WEFT_ACT_A_TEMPLATE:
		return read_template(ps, arg, actions);
	case WEFT_ACT_A_REJECT:
		return read_reject(ps, arg, actions);
	default:
		act = weft_actions_add(actions, word->type);
		if (!act)
			return -ENOMEM;
		return word->arg == ARG_DETAILS ? read_details(r, name, arg, act) : 0;
	}
}

/* @open: the word whose parenthesis this list is in, NULL: none */
static int read_list(struct reader *r, struct weft_actions *actions, const char *open)
{
	int err = 0;

	for (skip(r); !err; skip(r)) {
		if (*r->p == ')' && open) {
			r->p++;
			return 0;
		}
		if (!*r->p && open)
			return wl_fail(r->ps, (struct wl_tok){ open, 5 }, "')' is missing");
		if (!*r->p)
			return 0;
		err = read_action(r, actions);
		/* Actions are set apart: "pop_vlan(…" and "goto:1(" are caught here */
		if (!err && *r->p && *r->p != ',' && !is_blank(*r->p) && *r->p != ')')
			err = wl_fail(r->ps, (struct wl_tok){ r->p, 1 }, "unexpected '%c'", *r->p);
	}
	return err;
}

int wl_actions_parse(const struct wl_parse *ps, const char *text, struct weft_actions *out)
{
	struct reader r = { .ps = ps, .p = text };
	int err;

	weft_actions_init(out);
	skip(&r);
	if (!*r.p)
		return wl_fail(ps, (struct wl_tok){ r.p, 0 }, "no action: \"drop\" says so");
	err = read_list(&r, out, NULL);
	if (err)
		weft_actions_free(out);
	return err;
}

/**
 * weft_actions_parse - read a list of actions
 * @out: uninitialised; on success the caller frees it
 * @text: like "dec_ttl, output:2"
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_actions_parse(struct weft_actions *out, const char *text, const struct weft_names *names,
		       struct weft_error *err)
{
	struct wl_parse ps = { .start = text, .names = names, .err = err };

	return wl_actions_parse(&ps, text, out);
}

/* ---- writing ----------------------------------------------------------------- */

static void emit_set(void *ctx, const char *name, const char *value, bool numeric)
{
	struct wl_buf *buf = ctx;

	(void)numeric;
	wl_buf_puts(buf, name);
	wl_buf_puts(buf, "=");
	wl_buf_puts(buf, value);
}

static void format_tunnel(struct wl_buf *buf, const struct weft_act_tunnel *t,
			  const struct weft_names *names, unsigned int flags)
{
	if (!weft_has(t, WEFT_ACT_TUNNEL_A_PORT) && !weft_has(t, WEFT_ACT_TUNNEL_A_TOS) &&
	    !weft_has(t, WEFT_ACT_TUNNEL_A_TTL) && !weft_has(t, WEFT_ACT_TUNNEL_A_DIRECT)) {
		wl_buf_puts(buf, "tunnel:");
		wl_tunnel_dst_format(buf, t);
		if (weft_has(t, WEFT_ACT_TUNNEL_A_ID))
			wl_buf_printf(buf, ",%u", t->id);
		return;
	}
	wl_buf_puts(buf, "tunnel(dst=");
	wl_tunnel_dst_format(buf, t);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_ID))
		wl_buf_printf(buf, ",id=%u", t->id);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_PORT)) {
		wl_buf_puts(buf, ",port=");
		wl_format_port(buf, names, flags, t->port);
	}
	if (weft_has(t, WEFT_ACT_TUNNEL_A_TOS))
		wl_buf_printf(buf, ",tos=0x%x", t->tos);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_TTL))
		wl_buf_printf(buf, ",ttl=%u", t->ttl);
	if (weft_has(t, WEFT_ACT_TUNNEL_A_DIRECT))
		wl_buf_puts(buf, ",direct=1");
	wl_buf_puts(buf, ")");
}

static void format_service(struct wl_buf *buf, const struct weft_act_service *s)
{
	bool brief = !s->fallback && !s->max_len;

	wl_buf_puts(buf, brief ? "service:" : "service(");
	wl_format_name(buf, s->name);
	if (s->arg)
		wl_buf_printf(buf, brief ? ",%u" : ",arg=%u", s->arg);
	if (s->fallback)
		wl_buf_printf(buf, ",fallback=%s",
			      weft_fallback_name(s->fallback) ? weft_fallback_name(s->fallback) :
								"?");
	if (s->max_len)
		wl_buf_printf(buf, ",max_len=%u", s->max_len);
	if (!brief)
		wl_buf_puts(buf, ")");
}

static void format_move(struct wl_buf *buf, const struct weft_act_move *move,
			const struct weft_names *names)
{
	struct wl_buf dst = { 0 };

	wl_buf_puts(buf, "move:");
	wl_move_format(buf, &dst, move, names);
	wl_buf_puts(buf, "->");
	if (dst.failed)
		buf->failed = true;
	else
		wl_buf_puts(buf, dst.s);
	wl_buf_free(&dst);
}

static void format_bind(struct wl_buf *buf, const struct weft_bind *bind,
			const struct weft_names *names)
{
	const struct weft_field_desc *desc = weft_field_desc(bind->field);
	struct wl_buf source = { 0 };

	wl_buf_puts(buf, desc && desc->metadata ? "load:" : "set:");
	wl_bind_format(buf, &source, bind, names);
	wl_buf_puts(buf, "=");
	if (source.failed)
		buf->failed = true;
	else
		wl_buf_puts(buf, source.s);
	wl_buf_free(&source);
}

static void format_list(struct wl_buf *buf, const struct weft_actions *actions, unsigned int proto,
			const struct weft_names *names, unsigned int flags);

static void format_action(struct wl_buf *buf, const struct weft_action *act, unsigned int proto,
			  const struct weft_names *names, unsigned int flags)
{
	switch (act->type) {
	case WEFT_ACT_A_OUTPUT:
		wl_buf_puts(buf, "output:");
		wl_format_port(buf, names, flags, act->port);
		break;
	case WEFT_ACT_A_OUTPUT_LOUT:
		wl_buf_puts(buf, "output:lout");
		break;
	case WEFT_ACT_A_OUTPUT_IN_PORT:
		wl_buf_puts(buf, "output:in_port");
		break;
	case WEFT_ACT_A_SET:
		wl_buf_puts(buf, weft_field_desc(act->set.field)->metadata ? "load:" : "set:");
		wl_set_emit(act->set.field, &act->set.v, proto, names, flags, buf, emit_set, buf);
		break;
	case WEFT_ACT_A_MOVE:
		format_move(buf, &act->move, names);
		break;
	case WEFT_ACT_A_PUSH_VLAN:
		wl_buf_puts(buf, "push_vlan");
		if (act->tpid != 0x8100)
			wl_buf_printf(buf, ":0x%04x", act->tpid);
		break;
	case WEFT_ACT_A_POP_VLAN:
		wl_buf_puts(buf, "pop_vlan");
		break;
	case WEFT_ACT_A_DEC_TTL:
		wl_buf_puts(buf, "dec_ttl");
		break;
	case WEFT_ACT_A_DEFRAG:
		wl_buf_puts(buf, "defrag");
		break;
	case WEFT_ACT_A_GOTO:
		wl_buf_printf(buf, "goto:%u", act->table);
		break;
	case WEFT_ACT_A_RESUBMIT:
		wl_buf_printf(buf, "resubmit:%u", act->table);
		break;
	case WEFT_ACT_A_RELATED:
		wl_buf_printf(buf, "related:%u", act->table);
		break;
	case WEFT_ACT_A_CHECK_TTL:
		wl_buf_printf(buf, "check_ttl:%u", act->table);
		break;
	case WEFT_ACT_A_CHECK_MTU:
		wl_buf_printf(buf, "check_mtu:%u->%u", act->check.mtu, act->check.table);
		break;
	case WEFT_ACT_A_ADVERTISE:
		wl_buf_puts(buf, "advertise:");
		wl_mac_format(buf, act->says.mac);
		wl_buf_puts(buf, act->says.flags & WEFT_ADVERTISE_ROUTER ? "/router" : "");
		break;
	case WEFT_ACT_A_CLONE:
		wl_buf_puts(buf, "clone(");
		format_list(buf, &act->clone, proto, names, flags);
		wl_buf_puts(buf, ")");
		break;
	case WEFT_ACT_A_TUNNEL:
		format_tunnel(buf, &act->tunnel, names, flags);
		break;
	case WEFT_ACT_A_SERVICE:
		format_service(buf, &act->service);
		break;
	case WEFT_ACT_A_DROP:
		wl_buf_puts(buf, "drop");
		if (act->reason != WEFT_DROP_POLICY) {
			wl_buf_puts(buf, ":");
			wl_drop_format(buf, act->reason);
		}
		break;
	case WEFT_ACT_A_TEMPLATE:
		wl_buf_printf(buf, "template:%u", act->template_id);
		break;
	case WEFT_ACT_A_REJECT:
		wl_buf_puts(buf, "reject");
		if (act->reject != WEFT_REJECT_AUTO) {
			wl_buf_puts(buf, ":");
			wl_reject_format(buf, act->reject);
		}
		break;
	case WEFT_ACT_A_BIND:
		format_bind(buf, &act->bind, names);
		break;
	default:
		wl_buf_printf(buf, "unknown%u", act->type);
	}
}

static void format_list(struct wl_buf *buf, const struct weft_actions *actions, unsigned int proto,
			const struct weft_names *names, unsigned int flags)
{
	unsigned int i;

	for (i = 0; i < actions->n; i++) {
		if (i)
			wl_buf_puts(buf, ", ");
		format_action(buf, &actions->v[i], proto, names, flags);
	}
}

void wl_actions_format(struct wl_buf *buf, const struct weft_actions *actions, unsigned int proto,
		       const struct weft_names *names, unsigned int flags)
{
	if (actions->n)
		format_list(buf, actions, proto, names, flags);
	else
		wl_buf_puts(buf, "drop");
}

/**
 * weft_actions_format - write a list of actions
 * @actions: to write; none at all are "drop"
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES
 *
 * Returns a string that the caller frees, NULL when out of memory.
 */
char *weft_actions_format(const struct weft_actions *actions, const struct weft_names *names,
			  unsigned int flags)
{
	struct wl_buf buf = { 0 };

	wl_actions_format(&buf, actions, 0, names, flags);
	return wl_buf_take(&buf);
}
