// SPDX-License-Identifier: Apache-2.0
/*
 * The value of one field, with or without a mask, in the field's notation:
 * 10.0.2.0/24, 02:00:00:00:00:01/ff:ff:00:00:00:00, +syn-ack, 0x10/0xf0. What one
 * direction writes the other reads back bit for bit.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "wl.h"

struct flag {
	const char *name;
	uint16_t bit;
};

static const struct flag tcp_flags[] = { { "fin", 0x001 }, { "syn", 0x002 }, { "rst", 0x004 },
					 { "psh", 0x008 }, { "ack", 0x010 }, { "urg", 0x020 },
					 { "ece", 0x040 }, { "cwr", 0x080 }, { "ns", 0x100 },
					 { NULL, 0 } };

static const struct flag tun_flags[] = {
	{ "key", WEFT_TUN_F_KEY },	   { "csum", WEFT_TUN_F_CSUM },
	{ "oam", WEFT_TUN_F_OAM },	   { "crit", WEFT_TUN_F_CRIT },
	{ "context", WEFT_TUN_F_CONTEXT }, { "mark", WEFT_TUN_F_MARK },
	{ "ipv6", WEFT_TUN_F_IPV6 },	   { "opt0", WEFT_TUN_F_OPT0 },
	{ "opt1", WEFT_TUN_F_OPT0 << 1 },  { "opt2", WEFT_TUN_F_OPT0 << 2 },
	{ "opt3", WEFT_TUN_F_OPT0 << 3 },  { NULL, 0 }
};

static const struct flag exthdrs[] = {
	{ "nonext", WEFT_EXTHDR_NONEXT }, { "esp", WEFT_EXTHDR_ESP },
	{ "auth", WEFT_EXTHDR_AUTH },	  { "dest", WEFT_EXTHDR_DEST },
	{ "frag", WEFT_EXTHDR_FRAG },	  { "router", WEFT_EXTHDR_ROUTER },
	{ "hop", WEFT_EXTHDR_HOP },	  { "unrep", WEFT_EXTHDR_UNREP },
	{ "unseq", WEFT_EXTHDR_UNSEQ },	  { NULL, 0 }
};

struct number_name {
	const char *name;
	uint16_t value;
	bool shown; /* the formatter writes the name */
};

static const struct number_name eth_types[] = {
	{ "ip", 0x0800, true },	   { "arp", 0x0806, true },   { "ipv6", 0x86dd, true },
	{ "ipv4", 0x0800, false }, { "rarp", 0x8035, false }, { "lldp", 0x88cc, false },
	{ "mpls", 0x8847, false }, { NULL, 0, false }
};

static const struct number_name ip_protos[] = { { "icmp", 1, false },	{ "igmp", 2, false },
						{ "tcp", 6, false },	{ "udp", 17, false },
						{ "gre", 47, false },	{ "esp", 50, false },
						{ "ah", 51, false },	{ "icmp6", 58, false },
						{ "ospf", 89, false },	{ "vrrp", 112, false },
						{ "sctp", 132, false }, { NULL, 0, false } };

static const struct {
	const char *name;
	uint8_t value, mask;
} frags[] = {
	{ "no", 0, WEFT_FRAG_ANY | WEFT_FRAG_LATER },
	{ "yes", WEFT_FRAG_ANY, WEFT_FRAG_ANY },
	{ "first", WEFT_FRAG_ANY, WEFT_FRAG_ANY | WEFT_FRAG_LATER },
	{ "later", WEFT_FRAG_ANY | WEFT_FRAG_LATER, WEFT_FRAG_ANY | WEFT_FRAG_LATER },
	{ "not_later", 0, WEFT_FRAG_LATER },
};

static const struct flag *flags_of(enum weft_field field)
{
	switch (field) {
	case WEFT_FIELD_TCP_FLAGS:
		return tcp_flags;
	case WEFT_FIELD_TUN_FLAGS:
		return tun_flags;
	default:
		return exthdrs;
	}
}

static int bad(const struct wl_parse *ps, struct wl_tok tok, const char *what)
{
	return wl_fail(ps, tok, "'%.*s' is not %s", (int)(tok.len < 60 ? tok.len : 60), tok.s,
		       what);
}

static int parse_number(const struct wl_parse *ps, enum weft_field field, struct wl_tok tok,
			bool is_mask, uint8_t *out)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	uint64_t max = desc->bits < 64 ? (1ULL << desc->bits) - 1 : UINT64_MAX;
	uint64_t value;
	int err;

	/* A mask may ask for the top bit: move can put it there */
	if (field == WEFT_FIELD_LIN && !is_mask)
		max = WEFT_LIN_MAX;
	err = wl_parse_uint(ps, tok, desc->name, max, &value);
	if (!err)
		wl_put_be(out, desc->len, value);
	return err;
}

static int parse_named_number(const struct wl_parse *ps, enum weft_field field,
			      const struct number_name *names, struct wl_tok tok, uint8_t *out)
{
	for (; names->name; names++) {
		if (wl_tok_is(tok, names->name)) {
			wl_put_be(out, weft_field_desc(field)->len, names->value);
			return 0;
		}
	}
	return parse_number(ps, field, tok, false, out);
}

bool wl_mac_parse(struct wl_tok tok, uint8_t *out)
{
	struct wl_tok byte = { 0 }, rest = tok;
	uint64_t value;
	char text[5] = "0x";
	unsigned int i;

	for (i = 0; i < 6; i++) {
		if (wl_tok_split(rest, ':', &byte, &rest) != (i < 5) || !byte.len || byte.len > 2)
			return false;
		memcpy(text + 2, byte.s, byte.len);
		if (!wl_tok_uint((struct wl_tok){ text, 2 + byte.len }, &value))
			return false;
		out[i] = (uint8_t)value;
	}
	return true;
}

static bool parse_addr(int family, struct wl_tok tok, uint8_t *out)
{
	char text[INET6_ADDRSTRLEN];

	return wl_tok_copy(tok, text, sizeof(text)) && inet_pton(family, text, out) == 1;
}

static int parse_bytes(const struct wl_parse *ps, struct wl_tok tok, size_t len, uint8_t *out)
{
	struct wl_tok hex = tok;
	char pair[5] = "0x";
	uint64_t value;
	size_t i;

	if (hex.len >= 2 && hex.s[0] == '0' && (hex.s[1] == 'x' || hex.s[1] == 'X')) {
		hex.s += 2;
		hex.len -= 2;
	}
	if (!hex.len || hex.len % 2)
		return bad(ps, tok, "a string of pairs of hexadecimal digits");
	if (hex.len > 2 * len)
		return wl_fail(ps, tok, "too long: at most %zu bytes", len);
	for (i = 0; i < hex.len; i += 2) {
		memcpy(pair + 2, hex.s + i, 2);
		if (!wl_tok_uint((struct wl_tok){ pair, 4 }, &value))
			return bad(ps, tok, "a string of pairs of hexadecimal digits");
		out[i / 2] = (uint8_t)value;
	}
	return 0;
}

/* One side of the slash */
static int parse_half(const struct wl_parse *ps, enum weft_field field, struct wl_tok tok,
		      bool is_mask, uint8_t *out)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	uint32_t port;
	int err;

	memset(out, 0, WEFT_FIELD_LEN_MAX);
	switch ((enum weft_notation)desc->notation) {
	case WEFT_NOTATION_PORT:
		if (is_mask)
			break;
		err = wl_parse_port(ps, tok, &port);
		if (!err)
			wl_put_be(out, desc->len, port);
		return err;
	case WEFT_NOTATION_MAC:
		return wl_mac_parse(tok, out) ? 0 : bad(ps, tok, "a MAC address");
	case WEFT_NOTATION_IPV4:
		return parse_addr(AF_INET, tok, out) ? 0 : bad(ps, tok, "an IPv4 address");
	case WEFT_NOTATION_IPV6:
		return parse_addr(AF_INET6, tok, out) ? 0 : bad(ps, tok, "an IPv6 address");
	case WEFT_NOTATION_BYTES:
		return parse_bytes(ps, tok, desc->len, out);
	case WEFT_NOTATION_ETH_TYPE:
		if (is_mask)
			break;
		return parse_named_number(ps, field, eth_types, tok, out);
	case WEFT_NOTATION_DEC:
		if (is_mask || field != WEFT_FIELD_IP_PROTO)
			break;
		return parse_named_number(ps, field, ip_protos, tok, out);
	case WEFT_NOTATION_HEX:
	case WEFT_NOTATION_FRAG:
	case WEFT_NOTATION_FLAGS:
		break;
	}
	return parse_number(ps, field, tok, is_mask, out);
}

static int parse_prefix(const struct wl_parse *ps, struct wl_tok tok, size_t len, uint8_t *mask)
{
	uint64_t bits;
	size_t i;

	if (!wl_tok_uint(tok, &bits))
		return bad(ps, tok, "a prefix length");
	if (bits > len * 8)
		return wl_fail(ps, tok, "prefix out of range: at most /%zu", len * 8);
	for (i = 0; i < len; i++) {
		unsigned int n = bits > 8 ? 8 : (unsigned int)bits;

		mask[i] = (uint8_t)(0xff00 >> n);
		bits -= n;
	}
	return 0;
}

/* +syn-ack */
static int parse_flags(const struct wl_parse *ps, enum weft_field field, struct wl_tok tok,
		       struct weft_field_value *out)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	uint64_t value = 0, mask = 0;
	size_t i = 0;

	while (i < tok.len) {
		const struct flag *flag = flags_of(field);
		struct wl_tok name = { tok.s + i + 1, 0 };
		char sign = tok.s[i];

		if (sign != '+' && sign != '-')
			return bad(ps, tok, "a list of +flag and -flag");
		for (i++; i < tok.len && tok.s[i] != '+' && tok.s[i] != '-'; i++)
			name.len++;
		while (flag->name && !wl_tok_is(name, flag->name))
			flag++;
		if (!flag->name)
			return wl_fail(ps, name, "%s has no flag '%.*s'", desc->name,
				       (int)(name.len < 60 ? name.len : 60), name.s);
		if (mask & flag->bit)
			return wl_fail(ps, name, "flag '%s' is given twice", flag->name);
		mask |= flag->bit;
		if (sign == '+')
			value |= flag->bit;
	}
	wl_put_be(out->value, desc->len, value);
	wl_put_be(out->mask, desc->len, mask);
	return 0;
}

static bool parse_frag(struct wl_tok tok, struct weft_field_value *out)
{
	size_t i;

	for (i = 0; i < WL_ARRAY_SIZE(frags); i++) {
		if (wl_tok_is(tok, frags[i].name)) {
			out->value[0] = frags[i].value;
			out->mask[0] = frags[i].mask;
			return true;
		}
	}
	return false;
}

int wl_value_parse(const struct wl_parse *ps, enum weft_field field, struct wl_tok tok,
		   struct weft_field_value *out)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	bool is_addr = desc->notation == WEFT_NOTATION_IPV4 || desc->notation == WEFT_NOTATION_IPV6;
	struct wl_tok value, mask;
	struct weft_field_value v = { 0 };
	bool masked;
	int err;

	*out = (struct weft_field_value){ 0 };
	if (!tok.len)
		return wl_fail(ps, tok, "%s needs a value", desc->name);
	if (desc->notation == WEFT_NOTATION_FLAGS && (tok.s[0] == '+' || tok.s[0] == '-'))
		return parse_flags(ps, field, tok, out);
	if (desc->notation == WEFT_NOTATION_FRAG && parse_frag(tok, out))
		return 0;

	masked = tok.s[0] != '"' && wl_tok_split(tok, '/', &value, &mask);
	if (!masked)
		value = tok;
	/* Under a mask a port is a number like any other */
	if (masked && desc->notation == WEFT_NOTATION_PORT)
		err = parse_number(ps, field, value, false, v.value);
	else
		err = parse_half(ps, field, value, false, v.value);
	if (err)
		return err;
	if (!masked)
		weft_field_full_mask(field, v.mask);
	else if (is_addr && !memchr(mask.s, '.', mask.len) && !memchr(mask.s, ':', mask.len))
		err = parse_prefix(ps, mask, desc->len, v.mask);
	else
		err = parse_half(ps, field, mask, true, v.mask);
	if (err)
		return err;
	if (wl_field_value_make(out, field, v.value, v.mask))
		return wl_fail(ps, tok, "%s has only %u bits", desc->name, desc->bits);
	return 0;
}

/* The prefix length, -1 when the mask has holes */
static int prefix_of(const uint8_t *mask, size_t len)
{
	unsigned int bits = (unsigned int)len * 8, prefix = 0, i;

	while (prefix < bits && wl_bit_get(mask, len, bits - 1 - prefix))
		prefix++;
	for (i = prefix; i < bits; i++)
		if (wl_bit_get(mask, len, bits - 1 - i))
			return -1;
	return (int)prefix;
}

void wl_mac_format(struct wl_buf *buf, const uint8_t *mac)
{
	wl_buf_printf(buf, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		      mac[5]);
}

static void format_addr(struct wl_buf *buf, const uint8_t *addr, size_t len)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(len == 4 ? AF_INET : AF_INET6, addr, text, sizeof(text));
	wl_buf_puts(buf, text);
}

static void format_bytes(struct wl_buf *buf, const uint8_t *bytes, size_t len)
{
	size_t i;

	while (len > 1 && !bytes[len - 1])
		len--;
	wl_buf_puts(buf, "0x");
	for (i = 0; i < len; i++)
		wl_buf_printf(buf, "%02x", bytes[i]);
}

static bool format_flags(struct wl_buf *buf, enum weft_field field, uint64_t value, uint64_t mask)
{
	const struct flag *flag;
	uint64_t known = 0;

	for (flag = flags_of(field); flag->name; flag++)
		known |= flag->bit;
	if (mask & ~known)
		return false;
	for (flag = flags_of(field); flag->name; flag++)
		if (mask & flag->bit)
			wl_buf_printf(buf, "%c%s", value & flag->bit ? '+' : '-', flag->name);
	return true;
}

static bool format_frag(struct wl_buf *buf, uint8_t value, uint8_t mask)
{
	size_t i;

	for (i = 0; i < WL_ARRAY_SIZE(frags); i++) {
		if (frags[i].value == value && frags[i].mask == mask) {
			wl_buf_puts(buf, frags[i].name);
			return true;
		}
	}
	return false;
}

static bool format_eth_type(struct wl_buf *buf, uint64_t value)
{
	const struct number_name *name;

	for (name = eth_types; name->name; name++) {
		if (name->shown && name->value == value) {
			wl_buf_puts(buf, name->name);
			return true;
		}
	}
	return false;
}

static void format_masked_string(struct wl_buf *buf, const struct weft_field_desc *desc,
				 const struct weft_field_value *v, bool full)
{
	int prefix = prefix_of(v->mask, desc->len);

	switch ((enum weft_notation)desc->notation) {
	case WEFT_NOTATION_MAC:
		wl_mac_format(buf, v->value);
		if (!full) {
			wl_buf_puts(buf, "/");
			wl_mac_format(buf, v->mask);
		}
		break;
	case WEFT_NOTATION_BYTES:
		format_bytes(buf, v->value, desc->len);
		if (!full) {
			wl_buf_puts(buf, "/");
			format_bytes(buf, v->mask, desc->len);
		}
		break;
	default:
		format_addr(buf, v->value, desc->len);
		if (full)
			break;
		if (prefix >= 0) {
			wl_buf_printf(buf, "/%d", prefix);
		} else {
			wl_buf_puts(buf, "/");
			format_addr(buf, v->mask, desc->len);
		}
	}
}

void wl_value_format(struct wl_buf *buf, enum weft_field field, const struct weft_field_value *v,
		     const struct weft_names *names, unsigned int flags, bool *numeric)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	bool full = wl_mask_is_full(field, v->mask);
	uint64_t value, mask;

	*numeric = false;
	if (desc->notation == WEFT_NOTATION_MAC || desc->notation == WEFT_NOTATION_BYTES ||
	    desc->notation == WEFT_NOTATION_IPV4 || desc->notation == WEFT_NOTATION_IPV6) {
		format_masked_string(buf, desc, v, full);
		return;
	}

	value = wl_get_be(v->value, desc->len);
	mask = wl_get_be(v->mask, desc->len);
	if (desc->notation == WEFT_NOTATION_PORT && full && value && value <= WEFT_PORT_ID_MAX) {
		size_t before = buf->len;

		wl_format_port(buf, names, flags, (uint32_t)value);
		*numeric = !buf->failed && buf->s[before] >= '0' && buf->s[before] <= '9';
		return;
	}
	if (desc->notation == WEFT_NOTATION_FRAG && format_frag(buf, v->value[0], v->mask[0]))
		return;
	if (desc->notation == WEFT_NOTATION_FLAGS && !full && format_flags(buf, field, value, mask))
		return;
	if (desc->notation == WEFT_NOTATION_ETH_TYPE && full && format_eth_type(buf, value))
		return;
	if (desc->notation == WEFT_NOTATION_ETH_TYPE || desc->notation == WEFT_NOTATION_HEX ||
	    desc->notation == WEFT_NOTATION_FLAGS || desc->notation == WEFT_NOTATION_PORT ||
	    !full) {
		wl_buf_printf(buf, desc->notation == WEFT_NOTATION_ETH_TYPE ? "0x%04llx" : "0x%llx",
			      (unsigned long long)value);
		/* A number that no port can have is not to be read as a port */
		if (!full || desc->notation == WEFT_NOTATION_PORT)
			wl_buf_printf(buf, "/0x%llx", (unsigned long long)mask);
		return;
	}
	wl_buf_printf(buf, "%llu", (unsigned long long)value);
	*numeric = true;
}
