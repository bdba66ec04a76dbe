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
#include <arpa/inet.h>
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

/* ---- single actions, for text and JSON ---------------------------------- */

static int shown(struct wl_tok tok)
{
	return (int)(tok.len < 60 ? tok.len : 60);
}

/* NAME, NAME[a] or NAME[a..b]: the field and its bits @lo … @lo + @n - 1 */
static int parse_bits(const struct wl_parse *ps, struct wl_tok tok, const struct wl_field_name **fn,
		      struct wl_field_name *space, unsigned int *lo, unsigned int *n, bool *range)
{
	struct wl_tok name, bits, from, to;
	unsigned int base, width;
	uint64_t a, b;

	*range = wl_tok_split(tok, '[', &name, &bits);
	*fn = wl_field_name_find(ps, name, space);
	if (!*fn)
		return -EINVAL;
	wl_field_name_bits(*fn, &base, &width);
	*lo = base;
	*n = width;
	if (!*range)
		return 0;

	if (!bits.len || bits.s[bits.len - 1] != ']')
		return wl_fail(ps, tok, "'%.*s': ']' is missing", shown(tok), tok.s);
	bits.len--;
	wl_tok_split(bits, '.', &from, &to);
	if (from.len == bits.len)
		to = from;
	else if (to.len && to.s[0] == '.')
		to = (struct wl_tok){ to.s + 1, to.len - 1 };
	else
		to.len = 0;
	if (!wl_tok_uint(from, &a) || !wl_tok_uint(to, &b) || a > b)
		return wl_fail(ps, tok, "'%.*s': bits are given as [a] or [a..b], a at most b",
			       shown(tok), tok.s);
	if (b >= width)
		return wl_fail(ps, tok, "'%.*s' has only bits 0 to %u", shown(name), name.s,
			       width - 1);
	*lo = base + (unsigned int)a;
	*n = (unsigned int)(b - a) + 1;
	return 0;
}

static int check_writable(const struct wl_parse *ps, enum weft_field field, struct wl_tok name)
{
	if (weft_field_desc(field)->writable)
		return 0;
	return wl_fail(ps, name, "field '%.*s' cannot be written", shown(name), name.s);
}

static int add_set(const struct wl_parse *ps, struct wl_tok at, enum weft_field field,
		   const struct weft_field_value *v, struct weft_actions *actions)
{
	int err;

	if (wl_all_zero(v->mask, sizeof(v->mask)))
		return wl_fail(ps, at, "a mask of zeroes changes nothing");
	err = weft_actions_add_set(actions, field, v->value, v->mask);
	return err == -ENOMEM || !err ?
		       err :
		       wl_fail(ps, at, "%s: bad value", weft_field_desc(field)->name);
}

int wl_set_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
		 struct weft_actions *actions)
{
	const struct wl_field_name *fn;
	struct wl_field_name space;
	struct weft_field_value v = { 0 };
	unsigned int lo, n, i;
	enum weft_field field;
	uint64_t number;
	bool range;
	int err;

	err = parse_bits(ps, name, &fn, &space, &lo, &n, &range);
	if (!err)
		err = check_writable(ps, fn->field, name);
	if (err)
		return err;

	if (!range) {
		err = wl_named_value_parse(ps, fn, true, value, &field, &v);
		return err ? err : add_set(ps, value, field, &v, actions);
	}
	err = wl_parse_uint(ps, value, fn->name, n < 64 ? (1ULL << n) - 1 : UINT64_MAX, &number);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		size_t len = weft_field_desc(fn->field)->len;

		wl_bit_set(v.mask, len, lo + i);
		if (i < 64 && number >> i & 1)
			wl_bit_set(v.value, len, lo + i);
	}
	if (fn->field == WEFT_FIELD_LIN && wl_get_be(v.value, 2) > WEFT_LIN_MAX)
		return wl_fail(ps, value, "lin is out of range: at most %d", WEFT_LIN_MAX);
	return add_set(ps, value, fn->field, &v, actions);
}

int wl_move_parse(const struct wl_parse *ps, struct wl_tok src, struct wl_tok dst,
		  struct weft_actions *actions)
{
	const struct wl_field_name *from, *to = NULL;
	struct wl_field_name from_space, to_space;
	unsigned int src_lo, src_n, dst_lo, dst_n;
	bool src_range, dst_range;
	struct weft_action *act;
	int err;

	err = parse_bits(ps, src, &from, &from_space, &src_lo, &src_n, &src_range);
	if (!err)
		err = parse_bits(ps, dst, &to, &to_space, &dst_lo, &dst_n, &dst_range);
	if (!err)
		err = check_writable(ps, to->field, dst);
	if (err)
		return err;
	if (dst_range && dst_n != src_n)
		return wl_fail(ps, dst, "%u bits do not fit exactly into %u", src_n, dst_n);
	if (dst_n < src_n)
		return wl_fail(ps, dst, "%u bits do not fit into %u", src_n, dst_n);

	act = weft_actions_add(actions, WEFT_ACT_A_MOVE);
	if (!act)
		return -ENOMEM;
	act->move.src = from->field;
	act->move.dst = to->field;
	act->move.src_bit = (uint16_t)src_lo;
	act->move.dst_bit = (uint16_t)dst_lo;
	act->move.n_bits = (uint16_t)src_n;
	return 0;
}

static const char *move_name(enum weft_field field, const struct weft_names *names)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	const char *alias = NULL;

	if (names && names->field_alias)
		alias = names->field_alias(names->ctx, field);
	return alias ? alias : desc ? desc->name : "?";
}

static void move_side(struct wl_buf *buf, const char *name, unsigned int lo, unsigned int n,
		      bool whole)
{
	wl_buf_puts(buf, name);
	if (whole)
		return;
	if (n == 1)
		wl_buf_printf(buf, "[%u]", lo);
	else
		wl_buf_printf(buf, "[%u..%u]", lo, lo + n - 1);
}

void wl_move_format(struct wl_buf *src, struct wl_buf *dst, const struct weft_act_move *move,
		    const struct weft_names *names)
{
	const struct weft_field_desc *from = weft_field_desc(move->src);
	const struct weft_field_desc *to = weft_field_desc(move->dst);
	bool src_whole = from && !move->src_bit && move->n_bits == from->bits;
	bool dst_whole = to && !move->dst_bit &&
			 (move->n_bits == to->bits || (src_whole && move->n_bits < to->bits));

	move_side(src, move_name(move->src, names), move->src_bit, move->n_bits, src_whole);
	move_side(dst, move_name(move->dst, names), move->dst_bit, move->n_bits, dst_whole);
}

int wl_drop_parse(const struct wl_parse *ps, struct wl_tok tok, uint32_t *reason)
{
	char name[32];
	uint64_t number;
	int found = -ENOENT;

	if (wl_tok_uint(tok, &number) && number <= WEFT_DROP_MAX)
		found = (int)number;
	else if (wl_tok_copy(tok, name, sizeof(name)))
		found = weft_drop_from_name(name);
	if (found < 0)
		return wl_fail(ps, tok, "no drop reason '%.*s'", shown(tok), tok.s);
	if (!weft_drop_is_usable((uint32_t)found))
		return wl_fail(ps, tok, "only the datapath itself drops for reason '%.*s'",
			       shown(tok), tok.s);
	*reason = (uint32_t)found;
	return 0;
}

void wl_drop_format(struct wl_buf *buf, uint32_t reason)
{
	if (weft_drop_name(reason))
		wl_buf_puts(buf, weft_drop_name(reason));
	else
		wl_buf_printf(buf, "%u", reason);
}

int wl_tunnel_dst_parse(const struct wl_parse *ps, struct wl_tok tok, struct weft_act_tunnel *t)
{
	bool ipv6 = tok.len && memchr(tok.s, ':', tok.len);
	struct weft_remote remote = { 0 };
	char text[INET6_ADDRSTRLEN], name[64];

	if (weft_has(t, WEFT_ACT_TUNNEL_A_IPV4) || weft_has(t, WEFT_ACT_TUNNEL_A_IPV6))
		return wl_fail(ps, tok, "the tunnel's dst is given twice");
	if (!wl_tok_copy(tok, text, sizeof(text)) ||
	    inet_pton(ipv6 ? AF_INET6 : AF_INET, text, t->addr) != 1) {
		if (!ps->names || !ps->names->remote)
			return wl_fail(ps, tok, "'%.*s' is not an IP address", shown(tok), tok.s);
		if (wl_parse_name(ps, tok, "tunnel endpoint", name, sizeof(name)))
			return -EINVAL;
		if (ps->names->remote(ps->names->ctx, name, &remote))
			return wl_fail(ps, tok, "no tunnel endpoint '%s'", name);
		ipv6 = remote.ipv6;
		memcpy(t->addr, remote.addr, sizeof(t->addr));
	}
	weft_mark(t, ipv6 ? WEFT_ACT_TUNNEL_A_IPV6 : WEFT_ACT_TUNNEL_A_IPV4);
	return 0;
}

void wl_tunnel_dst_format(struct wl_buf *buf, const struct weft_act_tunnel *t)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(weft_has(t, WEFT_ACT_TUNNEL_A_IPV6) ? AF_INET6 : AF_INET, t->addr, text,
		  sizeof(text));
	wl_buf_puts(buf, text);
}

int wl_tunnel_item_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
			 struct weft_act_tunnel *t)
{
	uint64_t number = 0;
	unsigned int attr;
	int err;

	if (wl_tok_is(name, "dst"))
		return wl_tunnel_dst_parse(ps, value, t);
	attr = wl_tok_is(name, "id")   ? WEFT_ACT_TUNNEL_A_ID :
	       wl_tok_is(name, "port") ? WEFT_ACT_TUNNEL_A_PORT :
	       wl_tok_is(name, "tos")  ? WEFT_ACT_TUNNEL_A_TOS :
	       wl_tok_is(name, "ttl")  ? WEFT_ACT_TUNNEL_A_TTL :
					 0;
	if (!attr)
		return wl_fail(ps, name, "tunnel has no '%.*s'", shown(name), name.s);
	if (weft_has(t, attr))
		return wl_fail(ps, name, "the tunnel's %.*s is given twice", shown(name), name.s);

	switch (attr) {
	case WEFT_ACT_TUNNEL_A_ID:
		err = wl_parse_uint(ps, value, "id", WEFT_LDP_MAX, &number);
		t->id = (uint32_t)number;
		break;
	case WEFT_ACT_TUNNEL_A_PORT:
		err = wl_parse_port(ps, value, &t->port);
		break;
	case WEFT_ACT_TUNNEL_A_TOS:
		err = wl_parse_uint(ps, value, "tos", UINT8_MAX, &number);
		t->tos = (uint8_t)number;
		break;
	default:
		err = wl_parse_uint(ps, value, "ttl", UINT8_MAX, &number);
		t->ttl = (uint8_t)number;
		if (!err && !number)
			err = wl_fail(ps, value, "ttl is 1 to 255");
	}
	weft_mark(t, attr);
	return err;
}

int wl_service_item_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
			  struct weft_act_service *s)
{
	uint64_t number = 0;
	char text[16];
	int err;

	if (wl_tok_is(name, "name")) {
		if (s->name[0])
			return wl_fail(ps, value, "the service's name is given twice");
		return wl_parse_name(ps, value, "service", s->name, sizeof(s->name));
	}
	if (wl_tok_is(name, "arg")) {
		err = wl_parse_uint(ps, value, "arg", UINT32_MAX, &number);
		s->arg = (uint32_t)number;
		return err;
	}
	if (wl_tok_is(name, "max_len")) {
		err = wl_parse_uint(ps, value, "max_len", UINT32_MAX, &number);
		s->max_len = (uint32_t)number;
		return err;
	}
	if (!wl_tok_is(name, "fallback"))
		return wl_fail(ps, name, "service has no '%.*s'", shown(name), name.s);
	err = wl_tok_copy(value, text, sizeof(text)) ? weft_fallback_from_name(text) : -ENOENT;
	if (err < 0)
		return wl_fail(ps, value, "fallback is drop or continue");
	s->fallback = (uint32_t)err;
	return 0;
}

bool wl_actions_ended(const struct weft_actions *actions)
{
	enum weft_act_attr last = actions->n ? actions->v[actions->n - 1].type : WEFT_ACT_A_UNSPEC;

	return last == WEFT_ACT_A_GOTO || last == WEFT_ACT_A_DROP;
}

/* ---- reading text ---------------------------------------------------------- */

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
	if (tunnel && !weft_has(&act->tunnel, WEFT_ACT_TUNNEL_A_IPV4) &&
	    !weft_has(&act->tunnel, WEFT_ACT_TUNNEL_A_IPV6))
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
		return wl_fail(
			ps, name, "'%s' cannot follow %s, which is the last action", word->name,
			actions->v[actions->n - 1].type == WEFT_ACT_A_GOTO ? "goto" : "drop");
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
		return read_table(ps, arg, word->type, actions);
	case WEFT_ACT_A_CLONE:
		return read_clone(r, name, actions);
	case WEFT_ACT_A_UNSPEC:
		return read_multi(r, name, actions);
	case WEFT_ACT_A_DROP:
		return read_drop(ps, arg, actions);
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
	    !weft_has(t, WEFT_ACT_TUNNEL_A_TTL)) {
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
	case WEFT_ACT_A_GOTO:
		wl_buf_printf(buf, "goto:%u", act->table);
		break;
	case WEFT_ACT_A_RESUBMIT:
		wl_buf_printf(buf, "resubmit:%u", act->table);
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
