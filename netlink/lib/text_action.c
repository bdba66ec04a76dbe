// SPDX-License-Identifier: Apache-2.0
/*
 * Single actions and their arguments, read and written for text and JSON alike; lists
 * of them are text_actions.c's and json_actions.c's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "wl.h"

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

/* set:ip_src=@ip */
static int add_bind(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
		    struct weft_actions *actions)
{
	struct weft_action *act;
	struct weft_bind bind;
	int err;

	if (!ps->binds)
		return wl_fail(ps, value, "'%.*s': only entries of templates have such values",
			       shown(value), value.s);
	err = wl_bind_parse(ps, name, value, &bind);
	if (!err)
		err = check_writable(ps, bind.field, name);
	if (err)
		return err;
	act = weft_actions_add(actions, WEFT_ACT_A_BIND);
	if (!act)
		return -ENOMEM;
	act->bind = bind;
	return 0;
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

	if (wl_is_bind(value))
		return add_bind(ps, name, value, actions);
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

int wl_reject_parse(const struct wl_parse *ps, struct wl_tok tok, uint32_t *reject)
{
	char name[32];
	int found = wl_tok_copy(tok, name, sizeof(name)) ? weft_reject_from_name(name) : -ENOENT;

	if (found < 0)
		return wl_fail(ps, tok,
			       "'%.*s': reject is auto, tcp_rst, port, host, net, admin, ttl or "
			       "too_big",
			       shown(tok), tok.s);
	*reject = (uint32_t)found;
	return 0;
}

int wl_check_mtu_parse(const struct wl_parse *ps, struct wl_tok mtu, struct wl_tok table,
		       struct weft_act_check_mtu *check)
{
	uint64_t bytes;

	if (!wl_tok_uint(mtu, &bytes) || bytes < 68 || bytes > UINT16_MAX)
		return wl_fail(ps, mtu, "'%.*s': an MTU is 68 to 65535", shown(mtu), mtu.s);
	check->mtu = (uint16_t)bytes;
	return wl_parse_table(ps, table, &check->table);
}

int wl_advertise_parse(const struct wl_parse *ps, struct wl_tok mac,
		       struct weft_act_advertise *says)
{
	if (!wl_mac_parse(mac, says->mac))
		return wl_fail(ps, mac, "'%.*s' is not a MAC address", shown(mac), mac.s);
	if (says->mac[0] & 1 || wl_all_zero(says->mac, sizeof(says->mac)))
		return wl_fail(ps, mac, "'%.*s' is no MAC address of one host", shown(mac), mac.s);
	return 0;
}

void wl_reject_format(struct wl_buf *buf, uint32_t reject)
{
	if (weft_reject_name(reject))
		wl_buf_puts(buf, weft_reject_name(reject));
	else
		wl_buf_printf(buf, "%u", reject);
}

void wl_drop_format(struct wl_buf *buf, uint32_t reason)
{
	if (weft_drop_name(reason))
		wl_buf_puts(buf, weft_drop_name(reason));
	else
		wl_buf_printf(buf, "%u", reason);
}

bool wl_tunnel_has_dst(const struct weft_act_tunnel *t)
{
	return weft_has(t, WEFT_ACT_TUNNEL_A_IPV4) || weft_has(t, WEFT_ACT_TUNNEL_A_IPV6) ||
	       weft_has(t, WEFT_ACT_TUNNEL_A_FROM);
}

/* "$tun_src": the address that the opening packet of an instance had there */
static int tunnel_from_parse(const struct wl_parse *ps, struct wl_tok tok,
			     struct weft_act_tunnel *t)
{
	struct wl_tok field = { tok.s + 1, tok.len - 1 };
	char name[32] = "";

	if (wl_tok_copy(field, name, sizeof(name)))
		t->from = weft_field_from_name(name);
	if (t->from < WEFT_FIELD_TUN_SRC || t->from > WEFT_FIELD_TUN_IPV6_DST)
		return wl_fail(ps, tok, "'%.*s' is not an address of a tunnel", shown(tok), tok.s);
	weft_mark(t, WEFT_ACT_TUNNEL_A_FROM);
	return 0;
}

int wl_tunnel_dst_parse(const struct wl_parse *ps, struct wl_tok tok, struct weft_act_tunnel *t)
{
	bool ipv6 = tok.len && memchr(tok.s, ':', tok.len);
	struct weft_remote remote = { 0 };
	char text[INET6_ADDRSTRLEN], name[64];

	if (wl_tunnel_has_dst(t))
		return wl_fail(ps, tok, "the tunnel's dst is given twice");
	if (tok.len && tok.s[0] == '$')
		return tunnel_from_parse(ps, tok, t);
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

	if (weft_has(t, WEFT_ACT_TUNNEL_A_FROM)) {
		wl_buf_printf(buf, "$%s", weft_field_desc(t->from)->name);
		return;
	}
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
	attr = wl_tok_is(name, "id")	 ? WEFT_ACT_TUNNEL_A_ID :
	       wl_tok_is(name, "port")	 ? WEFT_ACT_TUNNEL_A_PORT :
	       wl_tok_is(name, "tos")	 ? WEFT_ACT_TUNNEL_A_TOS :
	       wl_tok_is(name, "ttl")	 ? WEFT_ACT_TUNNEL_A_TTL :
	       wl_tok_is(name, "direct") ? WEFT_ACT_TUNNEL_A_DIRECT :
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
	case WEFT_ACT_TUNNEL_A_DIRECT:
		err = wl_parse_uint(ps, value, "direct", 1, &number);
		if (!err && !number)
			return 0;
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

const char *wl_actions_ended(const struct weft_actions *actions)
{
	switch (actions->n ? actions->v[actions->n - 1].type : WEFT_ACT_A_UNSPEC) {
	case WEFT_ACT_A_GOTO:
		return "goto";
	case WEFT_ACT_A_DROP:
		return "drop";
	default:
		return NULL;
	}
}
