// SPDX-License-Identifier: Apache-2.0
/*
 * What an entry of a template leaves open until an instance is made: "ip_src=$ip_dst"
 * takes a field of the opening packet, "ip_dst=@ip" a variable. For text and JSON.
 *
 * A header field needs its prerequisite here as in a flow entry. Where eth_type and
 * ip_proto are the packet's, it has to be there for every kind of packet that the
 * entry is made for (when=).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

#define FAMILIES (WEFT_WHEN_IPV4 | WEFT_WHEN_IPV6)
#define PROTOS (WEFT_WHEN_ALL & ~FAMILIES)

static int shown(struct wl_tok tok)
{
	return (int)(tok.len < 60 ? tok.len : 60);
}

bool wl_is_bind(struct wl_tok value)
{
	return value.s && value.len && (value.s[0] == '$' || value.s[0] == '@');
}

/* A whole field; @proto: the IP protocol that its name speaks of */
static int find_field(const struct wl_parse *ps, struct wl_tok name, uint16_t *field,
		      uint8_t *proto)
{
	const struct wl_field_name *fn;
	struct wl_field_name space;
	struct wl_tok plain = wl_tok_is(name, "sport") ? wl_tok_str("l4_src") :
			      wl_tok_is(name, "dport") ? wl_tok_str("l4_dst") :
							 name;

	if (name.len && memchr(name.s, '[', name.len))
		return wl_fail(ps, name, "'%.*s': only a whole field can be bound", shown(name),
			       name.s);
	fn = wl_field_name_find(ps, plain, &space);
	if (!fn)
		return -EINVAL;
	if (fn->part != WL_PART_WHOLE && fn->part != WL_PART_TUN_ADDR)
		return wl_fail(ps, name, "'%.*s' is part of a field: only a whole one can be bound",
			       shown(name), name.s);
	*field = fn->field;
	*proto = fn->proto;
	return 0;
}

static int find_var(const struct wl_parse *ps, struct wl_tok at, struct wl_tok name, uint16_t *var)
{
	char text[16];
	int found = wl_tok_copy(name, text, sizeof(text)) ? weft_var_from_name(text) : -ENOENT;

	if (found < 0)
		return wl_fail(ps, at, "no variable '%.*s': there are @ip, @port and @v0 to @v5",
			       shown(at), at.s);
	*var = (uint16_t)found;
	return 0;
}

static int bind_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
		      struct weft_bind *out, uint8_t *proto)
{
	struct wl_tok source = { value.s + 1, value.len - 1 };
	const struct weft_field_desc *desc, *from;
	uint8_t unused;
	int err;

	*out = (struct weft_bind){ 0 };
	err = find_field(ps, name, &out->field, proto);
	if (err)
		return err;
	if (!source.len)
		return wl_fail(ps, value, "nothing behind '%c'", value.s[0]);
	desc = weft_field_desc(out->field);
	if (value.s[0] == '$') {
		out->kind = WEFT_BIND_FIELD;
		err = find_field(ps, source, &out->source, &unused);
		if (err)
			return err;
		from = weft_field_desc(out->source);
		if (from->len != desc->len)
			return wl_fail(ps, value, "%s has %u bytes, %s has %u", from->name,
				       from->len, desc->name, desc->len);
		return 0;
	}
	out->kind = WEFT_BIND_VAR;
	err = find_var(ps, value, source, &out->source);
	if (err)
		return err;
	if (out->source == WEFT_VAR_IP && desc->len != 4 && desc->len != 16)
		return wl_fail(ps, value, "@ip has 4 or 16 bytes, %s has %u", desc->name,
			       desc->len);
	if (out->source == WEFT_VAR_PORT && desc->len != 2)
		return wl_fail(ps, value, "@port has 2 bytes, %s has %u", desc->name, desc->len);
	return 0;
}

int wl_bind_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
		  struct weft_bind *out)
{
	uint8_t unused;

	return bind_parse(ps, name, value, out, &unused);
}

static const char *name_of(enum weft_field field, const struct weft_names *names)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	const char *alias = NULL;

	if (names && names->field_alias)
		alias = names->field_alias(names->ctx, field);
	return alias ? alias : desc ? desc->name : "?";
}

void wl_bind_format(struct wl_buf *name, struct wl_buf *source, const struct weft_bind *bind,
		    const struct weft_names *names)
{
	const char *var = weft_var_name(bind->source);

	wl_buf_puts(name, name_of(bind->field, names));
	if (bind->kind == WEFT_BIND_FIELD)
		wl_buf_printf(source, "$%s", name_of(bind->source, names));
	else
		wl_buf_printf(source, "@%s", var ? var : "?");
}

int wl_when_parse(const struct wl_parse *ps, struct wl_tok tok, uint32_t *when)
{
	struct wl_tok one, rest = tok;
	bool more = true;

	*when = 0;
	while (more) {
		char name[16];
		int bit;

		more = wl_tok_split(rest, '|', &one, &rest);
		bit = wl_tok_copy(one, name, sizeof(name)) ? weft_when_from_name(name) : -ENOENT;
		if (bit < 0)
			return wl_fail(
				ps, one,
				"'%.*s' is none of ipv4, ipv6, tcp, udp, sctp, echo and other",
				shown(one), one.s);
		if (*when & (uint32_t)bit)
			return wl_fail(ps, one, "'%s' is given twice", name);
		*when |= (uint32_t)bit;
	}
	return 0;
}

void wl_when_format(struct wl_buf *buf, uint32_t when)
{
	const char *separator = "";
	uint32_t bit;

	for (bit = 1; bit <= WEFT_WHEN_OTHER; bit <<= 1) {
		if (!(when & bit))
			continue;
		wl_buf_printf(buf, "%s%s", separator, weft_when_name(bit));
		separator = "|";
	}
}

/* ---- an entry's match ------------------------------------------------------ */

static int add_bind(struct wl_tentry_parse *tp, const struct weft_bind *bind, struct wl_tok tok,
		    uint8_t proto)
{
	int err = weft_binds_add(&tp->entry->binds, bind);

	if (err == -EEXIST)
		return wl_fail(tp->mp.ps, tok, "'%.*s': %s is bound already", shown(tok), tok.s,
			       weft_field_desc(bind->field)->name);
	if (err)
		return err;
	tp->bound[bind->field] = tok;
	tp->proto[bind->field] = proto;
	return 0;
}

static int bind_same(struct wl_tentry_parse *tp, enum weft_field field, struct wl_tok tok)
{
	struct weft_bind bind = { (uint16_t)field, WEFT_BIND_FIELD, (uint16_t)field, 0 };

	return add_bind(tp, &bind, tok, 0);
}

/* "$proto" and the like */
static int parse_short(struct wl_tentry_parse *tp, struct wl_tok name, struct wl_tok value)
{
	int err;

	if (value.s)
		return wl_fail(tp->mp.ps, value, "'%.*s' takes no value", shown(name), name.s);
	if (wl_tok_is(name, "$sport"))
		return bind_same(tp, WEFT_FIELD_L4_SRC, name);
	if (wl_tok_is(name, "$dport"))
		return bind_same(tp, WEFT_FIELD_L4_DST, name);
	if (!wl_tok_is(name, "$proto"))
		return wl_fail(tp->mp.ps, name,
			       "unknown '%.*s': FIELD=%.*s, or $proto, $sport, $dport", shown(name),
			       name.s, shown(name), name.s);
	err = bind_same(tp, WEFT_FIELD_ETH_TYPE, name);
	if (!err)
		err = bind_same(tp, WEFT_FIELD_IP_PROTO, name);
	tp->short_proto = true;
	return err;
}

int wl_tentry_parse_item(struct wl_tentry_parse *tp, struct wl_tok name, struct wl_tok value)
{
	struct wl_tok whole = name;
	struct weft_bind bind;
	uint8_t proto;
	int err;

	if (wl_is_bind(name))
		return parse_short(tp, name, value);
	if (!wl_is_bind(value))
		return wl_match_parse_item(&tp->mp, name, value);
	err = bind_parse(tp->mp.ps, name, value, &bind, &proto);
	if (err)
		return err;
	if (tp->mp.ps->start)
		whole.len = (size_t)(value.s + value.len - name.s);
	return add_bind(tp, &bind, whole, proto);
}

/* ---- prerequisites ------------------------------------------------------------ */

static bool is_own(const struct weft_binds *binds, enum weft_field field)
{
	const struct weft_bind *bind = weft_binds_get(binds, field);

	return bind && bind->kind == WEFT_BIND_FIELD && bind->source == field;
}

/* The protocols of a packet of kind @family, @proto (bits; 0: neither IPv4 nor IPv6) */
static int put_kind(struct weft_match *match, const struct weft_binds *binds, uint32_t family,
		    uint32_t proto)
{
	static const struct {
		uint32_t when;
		uint8_t ip_proto;
	} protos[] = { { WEFT_WHEN_TCP, 6 }, { WEFT_WHEN_UDP, 17 }, { WEFT_WHEN_SCTP, 132 } };
	uint64_t eth_type = 0;
	size_t i;
	int err = 0;

	if (family && is_own(binds, WEFT_FIELD_ETH_TYPE))
		err = weft_match_put_uint(match, WEFT_FIELD_ETH_TYPE,
					  family == WEFT_WHEN_IPV4 ? 0x0800 : 0x86dd);
	if (err || !is_own(binds, WEFT_FIELD_IP_PROTO))
		return err;
	if (proto == WEFT_WHEN_ECHO) {
		weft_match_exact_uint(match, WEFT_FIELD_ETH_TYPE, &eth_type);
		return weft_match_put_uint(match, WEFT_FIELD_IP_PROTO, eth_type == 0x86dd ? 58 : 1);
	}
	for (i = 0; i < WL_ARRAY_SIZE(protos); i++)
		if (proto == protos[i].when)
			return weft_match_put_uint(match, WEFT_FIELD_IP_PROTO, protos[i].ip_proto);
	return 0;
}

static const char *proto_name(unsigned int proto)
{
	return proto == 6 ? "tcp" : proto == 17 ? "udp" : "sctp";
}

/* Do all fields mean something in packets of these protocols? */
static int check_fields(const struct wl_tentry_parse *tp, const struct weft_match *match)
{
	const struct weft_tentry *entry = tp->entry;
	bool open = is_own(&entry->binds, WEFT_FIELD_ETH_TYPE) ||
		    is_own(&entry->binds, WEFT_FIELD_IP_PROTO);
	unsigned int f;

	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		bool fixed = weft_match_get(&entry->match, f);
		unsigned int proto = fixed ? tp->mp.from[f].proto : tp->proto[f];
		const char *missing, *name = fixed ? tp->mp.from[f].name : NULL;

		if (!fixed && !weft_binds_get(&entry->binds, f))
			continue;
		missing = wl_match_missing(match, f);
		if (proto && (missing || wl_match_proto(match) != proto))
			missing = proto_name(proto);
		if (missing)
			return wl_fail(tp->mp.ps, fixed ? tp->mp.from[f].tok : tp->bound[f],
				       "%s needs %s%s", name ? name : weft_field_desc(f)->name,
				       missing, open ? " in every packet that when= lets in" : "");
	}
	return 0;
}

static int check_kind(const struct wl_tentry_parse *tp, uint32_t family, uint32_t proto)
{
	struct weft_match match;
	int err = weft_match_copy(&match, &tp->entry->match);

	if (err)
		return err;
	err = put_kind(&match, &tp->entry->binds, family, proto);
	if (!err)
		err = check_fields(tp, &match);
	weft_match_free(&match);
	return err;
}

static bool says(const struct weft_tentry *entry, enum weft_field field)
{
	return weft_match_get(&entry->match, field) || weft_binds_get(&entry->binds, field);
}

/* Tunnel addresses are of one family, those that are bound, too */
static int check_tunnel(const struct wl_tentry_parse *tp)
{
	static const enum weft_field ipv4[] = { WEFT_FIELD_TUN_SRC, WEFT_FIELD_TUN_DST };
	static const enum weft_field ipv6[] = { WEFT_FIELD_TUN_IPV6_SRC, WEFT_FIELD_TUN_IPV6_DST };
	size_t i, j;

	for (i = 0; i < WL_ARRAY_SIZE(ipv4); i++)
		for (j = 0; j < WL_ARRAY_SIZE(ipv6); j++)
			if (says(tp->entry, ipv4[i]) && says(tp->entry, ipv6[j]))
				return wl_fail(tp->mp.ps,
					       weft_binds_get(&tp->entry->binds, ipv6[j]) ?
						       tp->bound[ipv6[j]] :
						       tp->mp.from[ipv6[j]].tok,
					       "%s is IPv6, unlike %s",
					       weft_field_desc(ipv6[j])->name,
					       weft_field_desc(ipv4[i])->name);
	return 0;
}

int wl_tentry_parse_end(struct wl_tentry_parse *tp)
{
	struct weft_tentry *entry = tp->entry;
	uint32_t families, protos, family, proto;
	unsigned int i;
	int err;

	if (tp->short_proto && !weft_has(entry, WEFT_TENTRY_A_WHEN)) {
		entry->when = WL_WHEN_SHORT;
		weft_mark(entry, WEFT_TENTRY_A_WHEN);
	}
	if (!weft_has(entry, WEFT_TENTRY_A_PRIORITY))
		weft_mark(entry, WEFT_TENTRY_A_DELTA);
	if (entry->match.n)
		weft_mark(entry, WEFT_TENTRY_A_MATCH);
	if (entry->binds.n)
		weft_mark(entry, WEFT_TENTRY_A_BINDS);

	for (i = 0; i < entry->binds.n; i++) {
		enum weft_field field = entry->binds.v[i].field;

		if (weft_match_get(&entry->match, field))
			return wl_fail(tp->mp.ps, tp->bound[field], "%s is fixed and bound",
				       weft_field_desc(field)->name);
	}
	err = wl_match_parse_end(&tp->mp, false);
	if (!err)
		err = check_tunnel(tp);
	families = entry->when & FAMILIES;
	protos = entry->when & PROTOS ? entry->when & PROTOS : PROTOS;
	for (proto = 1; !err && proto <= WEFT_WHEN_OTHER; proto <<= 1) {
		if (!(proto & protos))
			continue;
		/* Without a word on the family it may be neither */
		err = families ? 0 : check_kind(tp, 0, proto);
		for (family = 1; !err && family <= WEFT_WHEN_IPV6; family <<= 1)
			if (!families || family & families)
				err = check_kind(tp, family, proto);
	}
	return err;
}
