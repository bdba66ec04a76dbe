// SPDX-License-Identifier: Apache-2.0
/*
 * Matches as NAME=VALUE pairs, which text and JSON have in common: the names of
 * fields, the names of parts of fields (vlan_vid, ip_dscp), names that speak of a
 * protocol (tcp_dst), and bare words for a whole prerequisite (tcp).
 *
 * Several names may give different bits of one field: they are merged, and
 * refused when they contradict each other. Every value remembers the token it
 * came from, so that a missing prerequisite can point at what needs it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

#define VID_MASK 0x0fff
#define PCP_MASK 0xe000
#define DSCP_MASK 0xfc
#define ECN_MASK 0x03

/* Sorted by name */
const struct wl_field_name wl_field_names[] = {
	{ "arp_op", WEFT_FIELD_ARP_OP, WL_PART_WHOLE, 0 },
	{ "arp_sha", WEFT_FIELD_ARP_SHA, WL_PART_WHOLE, 0 },
	{ "arp_spa", WEFT_FIELD_ARP_SPA, WL_PART_WHOLE, 0 },
	{ "arp_tha", WEFT_FIELD_ARP_THA, WL_PART_WHOLE, 0 },
	{ "arp_tpa", WEFT_FIELD_ARP_TPA, WL_PART_WHOLE, 0 },
	{ "eth_dst", WEFT_FIELD_ETH_DST, WL_PART_WHOLE, 0 },
	{ "eth_src", WEFT_FIELD_ETH_SRC, WL_PART_WHOLE, 0 },
	{ "eth_type", WEFT_FIELD_ETH_TYPE, WL_PART_WHOLE, 0 },
	{ "icmp_code", WEFT_FIELD_ICMP_CODE, WL_PART_WHOLE, 0 },
	{ "icmp_id", WEFT_FIELD_ICMP_ID, WL_PART_WHOLE, 0 },
	{ "icmp_type", WEFT_FIELD_ICMP_TYPE, WL_PART_WHOLE, 0 },
	{ "in_port", WEFT_FIELD_IN_PORT, WL_PART_WHOLE, 0 },
	{ "ip_dscp", WEFT_FIELD_IP_TOS, WL_PART_DSCP, 0 },
	{ "ip_dst", WEFT_FIELD_IP_DST, WL_PART_WHOLE, 0 },
	{ "ip_ecn", WEFT_FIELD_IP_TOS, WL_PART_ECN, 0 },
	{ "ip_frag", WEFT_FIELD_IP_FRAG, WL_PART_WHOLE, 0 },
	{ "ip_proto", WEFT_FIELD_IP_PROTO, WL_PART_WHOLE, 0 },
	{ "ip_src", WEFT_FIELD_IP_SRC, WL_PART_WHOLE, 0 },
	{ "ip_tos", WEFT_FIELD_IP_TOS, WL_PART_WHOLE, 0 },
	{ "ip_ttl", WEFT_FIELD_IP_TTL, WL_PART_WHOLE, 0 },
	{ "ipv6_dst", WEFT_FIELD_IPV6_DST, WL_PART_WHOLE, 0 },
	{ "ipv6_exthdr", WEFT_FIELD_IPV6_EXTHDR, WL_PART_WHOLE, 0 },
	{ "ipv6_label", WEFT_FIELD_IPV6_LABEL, WL_PART_WHOLE, 0 },
	{ "ipv6_src", WEFT_FIELD_IPV6_SRC, WL_PART_WHOLE, 0 },
	{ "l4_dst", WEFT_FIELD_L4_DST, WL_PART_WHOLE, 0 },
	{ "l4_src", WEFT_FIELD_L4_SRC, WL_PART_WHOLE, 0 },
	{ "ldp", WEFT_FIELD_LDP, WL_PART_WHOLE, 0 },
	{ "lin", WEFT_FIELD_LIN, WL_PART_WHOLE, 0 },
	{ "lout", WEFT_FIELD_LOUT, WL_PART_WHOLE, 0 },
	{ "mark", WEFT_FIELD_MARK, WL_PART_WHOLE, 0 },
	{ "nd_sll", WEFT_FIELD_ND_SLL, WL_PART_WHOLE, 0 },
	{ "nd_target", WEFT_FIELD_ND_TARGET, WL_PART_WHOLE, 0 },
	{ "nd_tll", WEFT_FIELD_ND_TLL, WL_PART_WHOLE, 0 },
	{ "reg0", WEFT_FIELD_REG0, WL_PART_WHOLE, 0 },
	{ "reg1", WEFT_FIELD_REG0 + 1, WL_PART_WHOLE, 0 },
	{ "reg10", WEFT_FIELD_REG0 + 10, WL_PART_WHOLE, 0 },
	{ "reg11", WEFT_FIELD_REG0 + 11, WL_PART_WHOLE, 0 },
	{ "reg12", WEFT_FIELD_REG0 + 12, WL_PART_WHOLE, 0 },
	{ "reg13", WEFT_FIELD_REG0 + 13, WL_PART_WHOLE, 0 },
	{ "reg14", WEFT_FIELD_REG0 + 14, WL_PART_WHOLE, 0 },
	{ "reg15", WEFT_FIELD_REG0 + 15, WL_PART_WHOLE, 0 },
	{ "reg2", WEFT_FIELD_REG0 + 2, WL_PART_WHOLE, 0 },
	{ "reg3", WEFT_FIELD_REG0 + 3, WL_PART_WHOLE, 0 },
	{ "reg4", WEFT_FIELD_REG0 + 4, WL_PART_WHOLE, 0 },
	{ "reg5", WEFT_FIELD_REG0 + 5, WL_PART_WHOLE, 0 },
	{ "reg6", WEFT_FIELD_REG0 + 6, WL_PART_WHOLE, 0 },
	{ "reg7", WEFT_FIELD_REG0 + 7, WL_PART_WHOLE, 0 },
	{ "reg8", WEFT_FIELD_REG0 + 8, WL_PART_WHOLE, 0 },
	{ "reg9", WEFT_FIELD_REG0 + 9, WL_PART_WHOLE, 0 },
	{ "sctp_dst", WEFT_FIELD_L4_DST, WL_PART_WHOLE, 132 },
	{ "sctp_src", WEFT_FIELD_L4_SRC, WL_PART_WHOLE, 132 },
	{ "stage", WEFT_FIELD_STAGE, WL_PART_WHOLE, 0 },
	{ "tcp_dst", WEFT_FIELD_L4_DST, WL_PART_WHOLE, 6 },
	{ "tcp_flags", WEFT_FIELD_TCP_FLAGS, WL_PART_WHOLE, 0 },
	{ "tcp_src", WEFT_FIELD_L4_SRC, WL_PART_WHOLE, 6 },
	{ "tun_dst", WEFT_FIELD_TUN_DST, WL_PART_TUN_ADDR, 0 },
	{ "tun_flags", WEFT_FIELD_TUN_FLAGS, WL_PART_WHOLE, 0 },
	{ "tun_id", WEFT_FIELD_TUN_ID, WL_PART_WHOLE, 0 },
	{ "tun_ipv6_dst", WEFT_FIELD_TUN_IPV6_DST, WL_PART_WHOLE, 0 },
	{ "tun_ipv6_src", WEFT_FIELD_TUN_IPV6_SRC, WL_PART_WHOLE, 0 },
	{ "tun_opt0", WEFT_FIELD_TUN_OPT0, WL_PART_WHOLE, 0 },
	{ "tun_opt1", WEFT_FIELD_TUN_OPT1, WL_PART_WHOLE, 0 },
	{ "tun_opt2", WEFT_FIELD_TUN_OPT2, WL_PART_WHOLE, 0 },
	{ "tun_opt3", WEFT_FIELD_TUN_OPT3, WL_PART_WHOLE, 0 },
	{ "tun_src", WEFT_FIELD_TUN_SRC, WL_PART_TUN_ADDR, 0 },
	{ "tun_tos", WEFT_FIELD_TUN_TOS, WL_PART_WHOLE, 0 },
	{ "tun_ttl", WEFT_FIELD_TUN_TTL, WL_PART_WHOLE, 0 },
	{ "udp_dst", WEFT_FIELD_L4_DST, WL_PART_WHOLE, 17 },
	{ "udp_src", WEFT_FIELD_L4_SRC, WL_PART_WHOLE, 17 },
	{ "vlan2_pcp", WEFT_FIELD_VLAN2_TCI, WL_PART_PCP, 0 },
	{ "vlan2_tci", WEFT_FIELD_VLAN2_TCI, WL_PART_WHOLE, 0 },
	{ "vlan2_tpid", WEFT_FIELD_VLAN2_TPID, WL_PART_WHOLE, 0 },
	{ "vlan2_vid", WEFT_FIELD_VLAN2_TCI, WL_PART_VID, 0 },
	{ "vlan_pcp", WEFT_FIELD_VLAN_TCI, WL_PART_PCP, 0 },
	{ "vlan_tci", WEFT_FIELD_VLAN_TCI, WL_PART_WHOLE, 0 },
	{ "vlan_tpid", WEFT_FIELD_VLAN_TPID, WL_PART_WHOLE, 0 },
	{ "vlan_vid", WEFT_FIELD_VLAN_TCI, WL_PART_VID, 0 },
};

const size_t wl_n_field_names = WL_ARRAY_SIZE(wl_field_names);

_Static_assert(WL_ARRAY_SIZE(wl_field_names) <= 128, "struct wl_match_parse keeps a bit a name");

/* Bare words; 0: says nothing of that field, -1 likewise where 0 means something */
static const struct shorthand {
	const char *name;
	uint16_t eth_type;
	uint8_t proto;
	int icmp_type;
} shorthands[] = {
	{ "ip", 0x0800, 0, -1 },      { "icmp", 0x0800, 1, -1 },    { "tcp", 0x0800, 6, -1 },
	{ "udp", 0x0800, 17, -1 },    { "sctp", 0x0800, 132, -1 },  { "ipv6", 0x86dd, 0, -1 },
	{ "icmp6", 0x86dd, 58, -1 },  { "tcp6", 0x86dd, 6, -1 },    { "udp6", 0x86dd, 17, -1 },
	{ "sctp6", 0x86dd, 132, -1 }, { "nd_ns", 0x86dd, 58, 135 }, { "nd_na", 0x86dd, 58, 136 },
	{ "arp", 0x0806, 0, -1 },     { "rarp", 0x8035, 0, -1 },
};

static const char *proto_name(unsigned int proto)
{
	return proto == 6  ? "tcp (ip_proto=6)" :
	       proto == 17 ? "udp (ip_proto=17)" :
			     "sctp (ip_proto=132)";
}

static const struct shorthand *find_shorthand(struct wl_tok name)
{
	size_t i;

	for (i = 0; i < WL_ARRAY_SIZE(shorthands); i++)
		if (wl_tok_is(name, shorthands[i].name))
			return &shorthands[i];
	return NULL;
}

static int name_cmp(const void *key, const void *entry)
{
	return strcmp(key, ((const struct wl_field_name *)entry)->name);
}

static const struct wl_field_name *find_name(const char *name)
{
	return bsearch(name, wl_field_names, wl_n_field_names, sizeof(*wl_field_names), name_cmp);
}

const struct wl_field_name *wl_field_name_find(const struct wl_parse *ps, struct wl_tok name,
					       struct wl_field_name *space)
{
	const struct wl_field_name *found;
	enum weft_field field = WEFT_FIELD_UNSPEC;
	char text[64];

	if (wl_tok_copy(name, text, sizeof(text))) {
		found = find_name(text);
		if (found)
			return found;
		if (ps->names && ps->names->field)
			field = ps->names->field(ps->names->ctx, text);
		if (weft_field_desc(field)) {
			found = find_name(weft_field_desc(field)->name);
			*space = (struct wl_field_name){ found->name, (uint8_t)field, WL_PART_WHOLE,
							 0 };
			return space;
		}
	}
	wl_fail(ps, name, "unknown field '%.*s'", (int)(name.len < 60 ? name.len : 60), name.s);
	return NULL;
}

void wl_field_name_bits(const struct wl_field_name *fn, unsigned int *lo, unsigned int *n)
{
	static const struct {
		uint8_t lo, n;
	} parts[] = {
		[WL_PART_VID] = { 0, 12 },	[WL_PART_PCP] = { 13, 3 },
		[WL_PART_DSCP] = { 2, 6 },	[WL_PART_ECN] = { 0, 2 },
		[WL_PART_TUN_ADDR] = { 0, 32 },
	};

	*lo = parts[fn->part].lo;
	*n = fn->part == WL_PART_WHOLE ? weft_field_desc(fn->field)->bits : parts[fn->part].n;
}

/* NUMBER[/MASK] of some bits of a field of at most two bytes */
static int parse_part(const struct wl_parse *ps, const struct wl_field_name *fn, struct wl_tok tok,
		      uint64_t *value, uint64_t *mask)
{
	struct wl_tok head, tail;
	unsigned int lo, n;
	uint64_t max;
	int err;

	wl_field_name_bits(fn, &lo, &n);
	max = (1ULL << n) - 1;
	*mask = max;
	if (wl_tok_split(tok, '/', &head, &tail)) {
		err = wl_parse_uint(ps, tail, fn->name, max, mask);
		if (err)
			return err;
	}
	err = wl_parse_uint(ps, head, fn->name, max, value);
	*value = (*value & *mask) << lo;
	*mask <<= lo;
	return err;
}

int wl_named_value_parse(const struct wl_parse *ps, const struct wl_field_name *fn, bool set,
			 struct wl_tok tok, enum weft_field *field, struct weft_field_value *out)
{
	const struct weft_field_desc *desc;
	bool vlan = fn->part == WL_PART_VID || fn->part == WL_PART_PCP;
	uint64_t value, mask;
	int err;

	*field = fn->field;
	if (fn->part == WL_PART_TUN_ADDR && tok.len && memchr(tok.s, ':', tok.len))
		*field = fn->field == WEFT_FIELD_TUN_SRC ? WEFT_FIELD_TUN_IPV6_SRC :
							   WEFT_FIELD_TUN_IPV6_DST;
	if (fn->part == WL_PART_WHOLE || fn->part == WL_PART_TUN_ADDR)
		return wl_value_parse(ps, *field, tok, out);

	if (fn->part == WL_PART_VID && !set && wl_tok_is(tok, "none")) {
		value = 0;
		mask = WEFT_VLAN_PRESENT;
	} else if (fn->part == WL_PART_VID && !set && wl_tok_is(tok, "any")) {
		value = mask = WEFT_VLAN_PRESENT;
	} else {
		err = parse_part(ps, fn, tok, &value, &mask);
		if (err)
			return err;
		if (vlan && !set) {
			value |= WEFT_VLAN_PRESENT;
			mask |= WEFT_VLAN_PRESENT;
		}
	}
	desc = weft_field_desc(*field);
	*out = (struct weft_field_value){ 0 };
	wl_put_be(out->value, desc->len, value);
	wl_put_be(out->mask, desc->len, mask);
	return 0;
}

/* Join with what the match says of the field already */
static int merge(struct wl_match_parse *mp, enum weft_field field, const struct weft_field_value *v,
		 struct wl_tok tok, const char *name, unsigned int proto)
{
	const struct weft_field_value *old = weft_match_get(mp->match, field);
	struct weft_field_value both = *v;
	unsigned int i;
	int err;

	for (i = 0; old && i < WEFT_FIELD_LEN_MAX; i++) {
		if ((old->value[i] ^ v->value[i]) & old->mask[i] & v->mask[i])
			return wl_fail(
				mp->ps, tok, "'%.*s' contradicts '%.*s'",
				(int)(tok.len < 60 ? tok.len : 60), tok.s,
				(int)(mp->from[field].tok.len < 60 ? mp->from[field].tok.len : 60),
				mp->from[field].tok.s);
		both.value[i] |= old->value[i];
		both.mask[i] |= old->mask[i];
	}
	err = weft_match_put(mp->match, field, both.value, both.mask);
	if (err == -ENOMEM)
		return err;
	if (err)
		return wl_fail(mp->ps, tok, "%s: bad value", weft_field_desc(field)->name);
	if (!old || name) {
		mp->from[field].tok = tok;
		mp->from[field].name = name;
		if (proto)
			mp->from[field].proto = (uint8_t)proto;
	}
	return 0;
}

static int merge_uint(struct wl_match_parse *mp, enum weft_field field, uint64_t value,
		      struct wl_tok tok)
{
	struct weft_field_value v = { 0 };

	wl_put_be(v.value, weft_field_desc(field)->len, value);
	weft_field_full_mask(field, v.mask);
	return merge(mp, field, &v, tok, NULL, 0);
}

static int parse_shorthand(struct wl_match_parse *mp, const struct shorthand *sh, struct wl_tok tok)
{
	int err = merge_uint(mp, WEFT_FIELD_ETH_TYPE, sh->eth_type, tok);

	if (!err && sh->proto)
		err = merge_uint(mp, WEFT_FIELD_IP_PROTO, sh->proto, tok);
	if (!err && sh->icmp_type >= 0)
		err = merge_uint(mp, WEFT_FIELD_ICMP_TYPE, (uint64_t)sh->icmp_type, tok);
	if (!err && sh->icmp_type >= 0)
		err = merge_uint(mp, WEFT_FIELD_ICMP_CODE, 0, tok);
	return err;
}

int wl_match_parse_item(struct wl_match_parse *mp, struct wl_tok name, struct wl_tok value)
{
	const struct shorthand *sh = find_shorthand(name);
	const struct wl_field_name *fn;
	struct wl_field_name space;
	struct weft_field_value v;
	enum weft_field field;
	struct wl_tok whole = name;
	size_t at;
	int err;

	if (sh && value.s)
		return wl_fail(mp->ps, value, "'%s' takes no value", sh->name);
	if (sh)
		return parse_shorthand(mp, sh, name);
	fn = wl_field_name_find(mp->ps, name, &space);
	if (!fn)
		return -EINVAL;
	if (!value.s)
		return wl_fail(mp->ps, name, "%.*s needs a value", (int)name.len, name.s);

	at = (size_t)(find_name(fn->name) - wl_field_names);
	if (mp->seen[at / 64] >> at % 64 & 1)
		return wl_fail(mp->ps, name, "duplicate field '%.*s'", (int)name.len, name.s);
	mp->seen[at / 64] |= 1ULL << at % 64;

	err = wl_named_value_parse(mp->ps, fn, false, value, &field, &v);
	if (err)
		return err;
	if (mp->ps->start)
		whole.len = (size_t)(value.s + value.len - name.s);
	return merge(mp, field, &v, whole, fn->name, fn->proto);
}

static const char *given_name(const struct wl_match_parse *mp, enum weft_field field)
{
	return mp->from[field].name ? mp->from[field].name : weft_field_desc(field)->name;
}

int wl_match_parse_end(struct wl_match_parse *mp, bool check)
{
	enum weft_field field, other;
	const char *clash = wl_match_clash(mp->match, mp->metadata, &field, &other);
	unsigned int f;

	if (clash)
		return wl_fail(mp->ps, mp->from[field].tok, "%s %s %s", given_name(mp, field),
			       clash, given_name(mp, other));
	if (!check)
		return 0;
	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		const char *missing;

		if (!weft_match_get(mp->match, f))
			continue;
		missing = wl_match_missing(mp->match, f);
		if (mp->from[f].proto &&
		    (missing || wl_match_proto(mp->match) != mp->from[f].proto))
			missing = proto_name(mp->from[f].proto);
		if (missing)
			return wl_fail(mp->ps, mp->from[f].tok, "%s needs %s", given_name(mp, f),
				       missing);
	}
	return 0;
}

unsigned int wl_match_proto(const struct weft_match *match)
{
	uint64_t proto;

	return weft_match_exact_uint(match, WEFT_FIELD_IP_PROTO, &proto) ? (unsigned int)proto : 0;
}

/* ---- writing ---------------------------------------------------------- */

static const char *plain_name(enum weft_field field, unsigned int proto,
			      const struct weft_names *names)
{
	static const char *const l4[3][2] = {
		{ "tcp_src", "tcp_dst" },
		{ "udp_src", "udp_dst" },
		{ "sctp_src", "sctp_dst" },
	};
	const char *alias = NULL;

	if (names && names->field_alias)
		alias = names->field_alias(names->ctx, field);
	if (alias)
		return alias;
	if ((field == WEFT_FIELD_L4_SRC || field == WEFT_FIELD_L4_DST) &&
	    (proto == 6 || proto == 17 || proto == 132))
		return l4[proto == 6 ? 0 : proto == 17 ? 1 : 2][field == WEFT_FIELD_L4_DST];
	return weft_field_desc(field)->name;
}

static void emit_uint(wl_emit *emit, void *ctx, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	emit(ctx, name, text, true);
}

static bool emit_vlan(enum weft_field field, uint64_t value, uint64_t mask, wl_emit *emit,
		      void *ctx)
{
	bool outer = field == WEFT_FIELD_VLAN_TCI;
	const char *vid = outer ? "vlan_vid" : "vlan2_vid";
	uint64_t vid_mask = mask & VID_MASK, pcp_mask = mask & PCP_MASK;

	if (mask == WEFT_VLAN_PRESENT) {
		emit(ctx, vid, value ? "any" : "none", false);
		return true;
	}
	if (!(value & WEFT_VLAN_PRESENT) || (vid_mask && vid_mask != VID_MASK) ||
	    (pcp_mask && pcp_mask != PCP_MASK))
		return false;
	if (vid_mask)
		emit_uint(emit, ctx, vid, value & VID_MASK);
	if (pcp_mask)
		emit_uint(emit, ctx, outer ? "vlan_pcp" : "vlan2_pcp", value >> 13);
	return true;
}

static bool emit_tos(uint64_t value, uint64_t mask, wl_emit *emit, void *ctx)
{
	if (mask == DSCP_MASK)
		emit_uint(emit, ctx, "ip_dscp", value >> 2);
	else if (mask == ECN_MASK)
		emit_uint(emit, ctx, "ip_ecn", value);
	else
		return false;
	return true;
}

static void emit_value(enum weft_field field, const struct weft_field_value *v, const char *name,
		       const struct weft_names *names, unsigned int flags, struct wl_buf *failed,
		       wl_emit *emit, void *ctx)
{
	struct wl_buf buf = { 0 };
	bool numeric;

	wl_value_format(&buf, field, v, names, flags, &numeric);
	if (buf.failed)
		failed->failed = true;
	else
		emit(ctx, name, buf.s ? buf.s : "", numeric);
	wl_buf_free(&buf);
}

/* The bare word for eth_type and ip_proto of @match; @takes_proto: for both */
static const char *shorthand_of(const struct weft_match *match, bool *takes_proto)
{
	unsigned int proto = wl_match_proto(match);
	const char *found = NULL;
	uint64_t eth_type;
	size_t i;

	*takes_proto = false;
	if (!weft_match_exact_uint(match, WEFT_FIELD_ETH_TYPE, &eth_type))
		return NULL;
	for (i = 0; i < WL_ARRAY_SIZE(shorthands); i++) {
		const struct shorthand *sh = &shorthands[i];

		if (sh->eth_type != eth_type || sh->icmp_type >= 0)
			continue;
		if (!sh->proto)
			found = found ? found : sh->name;
		if (sh->proto && sh->proto == proto) {
			*takes_proto = true;
			return sh->name;
		}
	}
	return found;
}

void wl_match_emit(const struct weft_match *match, const struct weft_names *names,
		   unsigned int flags, bool shorthand, struct wl_buf *failed, wl_emit *emit,
		   void *ctx)
{
	unsigned int proto = wl_match_proto(match), f;
	bool skip_proto = false;

	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		const struct weft_field_value *v = weft_match_get(match, f);
		const char *name = plain_name(f, proto, names), *word = NULL;
		size_t len = weft_field_desc(f)->len;

		if (!v || (f == WEFT_FIELD_IP_PROTO && skip_proto))
			continue;
		if (f == WEFT_FIELD_ETH_TYPE && shorthand)
			word = shorthand_of(match, &skip_proto);
		if (word) {
			emit(ctx, word, NULL, false);
			continue;
		}
		if ((f == WEFT_FIELD_VLAN_TCI || f == WEFT_FIELD_VLAN2_TCI) &&
		    emit_vlan(f, wl_get_be(v->value, len), wl_get_be(v->mask, len), emit, ctx))
			continue;
		if (f == WEFT_FIELD_IP_TOS && emit_tos(v->value[0], v->mask[0], emit, ctx))
			continue;
		/* One name for both families: a match has addresses of one */
		if (f == WEFT_FIELD_TUN_IPV6_SRC)
			name = plain_name(WEFT_FIELD_TUN_SRC, 0, NULL);
		if (f == WEFT_FIELD_TUN_IPV6_DST)
			name = plain_name(WEFT_FIELD_TUN_DST, 0, NULL);
		emit_value(f, v, name, names, flags, failed, emit, ctx);
	}
}

/* reg0[0..7] for a mask without holes; false when it has some, or is full */
static bool emit_range(enum weft_field field, const struct weft_field_value *v, const char *name,
		       wl_emit *emit, void *ctx)
{
	size_t len = weft_field_desc(field)->len;
	uint64_t mask = len <= 8 ? wl_get_be(v->mask, len) : 0;
	unsigned int lo, hi;
	char text[96];

	if (!mask || wl_mask_is_full(field, v->mask))
		return false;
	lo = (unsigned int)__builtin_ctzll(mask);
	hi = 63 - (unsigned int)__builtin_clzll(mask);
	if (mask >> lo & ((mask >> lo) + 1))
		return false;
	if (lo == hi)
		snprintf(text, sizeof(text), "%s[%u]", name, lo);
	else
		snprintf(text, sizeof(text), "%s[%u..%u]", name, lo, hi);
	emit_uint(emit, ctx, text, wl_get_be(v->value, len) >> lo);
	return true;
}

void wl_set_emit(enum weft_field field, const struct weft_field_value *v, unsigned int proto,
		 const struct weft_names *names, unsigned int flags, struct wl_buf *failed,
		 wl_emit *emit, void *ctx)
{
	const char *name = plain_name(field, proto, names);
	uint64_t value = 0, mask = 0;
	size_t len = weft_field_desc(field)->len;

	if (len <= 8) {
		value = wl_get_be(v->value, len);
		mask = wl_get_be(v->mask, len);
	}
	if (field == WEFT_FIELD_VLAN_TCI && mask == VID_MASK)
		emit_uint(emit, ctx, "vlan_vid", value);
	else if (field == WEFT_FIELD_VLAN_TCI && mask == PCP_MASK)
		emit_uint(emit, ctx, "vlan_pcp", value >> 13);
	else if (field == WEFT_FIELD_IP_TOS && emit_tos(value, mask, emit, ctx))
		return;
	else if (weft_field_desc(field)->metadata && emit_range(field, v, name, emit, ctx))
		return;
	else
		emit_value(field, v, name, names, flags, failed, emit, ctx);
}

/**
 * weft_field_parse - read the value of one field
 * @name: of the field; parts (vlan_vid) and aliases are known too
 * @text: VALUE or VALUE/MASK in the field's notation
 * @names: what the caller knows by name; may be NULL
 * @field: gets the field
 * @out: gets value and mask
 * @err: gets what is wrong, with the column in @text; may be NULL
 *
 * Returns 0 or -EINVAL.
 */
int weft_field_parse(const char *name, const char *text, const struct weft_names *names,
		     enum weft_field *field, struct weft_field_value *out, struct weft_error *err)
{
	struct wl_parse ps = { .start = text, .names = names, .err = err };
	struct wl_parse no_column = { .names = names, .err = err };
	const struct wl_field_name *fn;
	struct wl_field_name space;

	fn = wl_field_name_find(&no_column, wl_tok_str(name), &space);
	if (!fn)
		return -EINVAL;
	return wl_named_value_parse(&ps, fn, false, wl_tok_str(text), field, out);
}
