// SPDX-License-Identifier: Apache-2.0
/*
 * Pools as text:
 *
 *	3 11.0.1.1-11.0.1.100:1024-65535 11.0.2.0/24:1024-65535 choice=random parity
 *	3 [2001:db8::1-2001:db8::ff]:1024-65535
 *	4 map 10.0.1.0/24=11.0.1.0/24 10.0.2.5=11.0.2.9
 *
 * and changes of them, where ranges have a sign: 3 +11.0.3.1:1024-65535 -11.0.2.0/24
 * A range without ports gives whole addresses. Words are set apart by blanks or commas.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

static int shown(struct wl_tok tok)
{
	return (int)(tok.len < 60 ? tok.len : 60);
}

static int parse_addr(const struct wl_parse *ps, struct wl_tok tok, uint8_t *family, uint8_t *out)
{
	bool ipv6 = tok.len && memchr(tok.s, ':', tok.len);
	char text[INET6_ADDRSTRLEN];

	memset(out, 0, 16);
	if (!wl_tok_copy(tok, text, sizeof(text)) ||
	    inet_pton(ipv6 ? AF_INET6 : AF_INET, text, out) != 1)
		return wl_fail(ps, tok, "'%.*s' is not an IP address", shown(tok), tok.s);
	*family = ipv6 ? 6 : 4;
	return 0;
}

static int parse_prefix(const struct wl_parse *ps, struct wl_tok tok, size_t len, unsigned int *n)
{
	uint64_t value;
	int err = wl_parse_uint(ps, tok, "prefix", len * 8, &value);

	*n = err ? 0 : (unsigned int)value;
	if (!err && !value)
		return wl_fail(ps, tok, "a prefix has at least one bit");
	return err;
}

/* Set (or clear) all bits behind a prefix; returns whether any was of the other kind */
static bool fill(uint8_t *addr, size_t len, unsigned int prefix, bool ones)
{
	bool changed = false;
	unsigned int bit;

	for (bit = 0; bit < len * 8 - prefix; bit++) {
		if (wl_bit_get(addr, len, bit) == ones)
			continue;
		addr[len - 1 - bit / 8] ^= (uint8_t)(1u << bit % 8);
		changed = true;
	}
	return changed;
}

/* A, A-B or A/PREFIX */
static int parse_span(const struct wl_parse *ps, struct wl_tok tok, struct weft_pool_range *range)
{
	struct wl_tok first, last;
	uint8_t family;
	unsigned int prefix;
	size_t len;
	int err;

	if (wl_tok_split(tok, '/', &first, &last)) {
		err = parse_addr(ps, first, &range->family, range->first);
		len = range->family == 6 ? 16 : 4;
		if (!err)
			err = parse_prefix(ps, last, len, &prefix);
		if (err)
			return err;
		memcpy(range->last, range->first, 16);
		if (fill(range->first, len, prefix, false))
			return wl_fail(ps, first, "'%.*s' has bits behind the prefix", shown(first),
				       first.s);
		fill(range->last, len, prefix, true);
		return 0;
	}
	if (!wl_tok_split(tok, '-', &first, &last))
		last = first;
	err = parse_addr(ps, first, &range->family, range->first);
	if (!err)
		err = parse_addr(ps, last, &family, range->last);
	if (!err && family != range->family)
		err = wl_fail(ps, last, "'%.*s' is not of the family of '%.*s'", shown(last),
			      last.s, shown(first), first.s);
	if (!err && memcmp(range->first, range->last, 16) > 0)
		err = wl_fail(ps, last, "'%.*s' is below '%.*s'", shown(last), last.s, shown(first),
			      first.s);
	return err;
}

/* P or P-Q */
static int parse_ports(const struct wl_parse *ps, struct wl_tok tok, struct weft_pool_range *range)
{
	struct wl_tok first, last;
	uint64_t low, high;
	int err;

	if (!wl_tok_split(tok, '-', &first, &last))
		last = first;
	err = wl_parse_uint(ps, first, "port", UINT16_MAX, &low);
	if (!err)
		err = wl_parse_uint(ps, last, "port", UINT16_MAX, &high);
	if (!err && low > high)
		err = wl_fail(ps, last, "port '%.*s' is below '%.*s'", shown(last), last.s,
			      shown(first), first.s);
	if (err)
		return err;
	range->first_port = (uint16_t)low;
	range->last_port = (uint16_t)high;
	return 0;
}

static int add_range(const struct wl_parse *ps, struct wl_tok tok, struct weft_ranges *ranges)
{
	struct weft_pool_range range = { 0 };
	struct wl_tok span = tok, ports = { 0 };
	size_t colons = 0, i;
	int err;

	for (i = 0; i < tok.len; i++)
		colons += tok.s[i] == ':';
	if (memchr(tok.s, '=', tok.len))
		return wl_fail(ps, tok, "unexpected '%.*s': only a map has FROM=TO", shown(tok),
			       tok.s);
	if (tok.len && tok.s[0] == '[') {
		if (!wl_tok_split((struct wl_tok){ tok.s + 1, tok.len - 1 }, ']', &span, &ports))
			return wl_fail(ps, tok, "']' is missing");
		if (ports.len && ports.s[0] != ':')
			return wl_fail(ps, ports, "unexpected '%.*s' behind ']'", shown(ports),
				       ports.s);
		if (ports.len)
			ports = (struct wl_tok){ ports.s + 1, ports.len - 1 };
		else
			ports.s = NULL;
	} else if (colons == 1) {
		wl_tok_split(tok, ':', &span, &ports);
	}
	err = parse_span(ps, span, &range);
	if (!err && ports.s)
		err = parse_ports(ps, ports, &range);
	if (err)
		return err;
	err = weft_ranges_add_range(ranges, &range);
	return err == -EINVAL ?
		       wl_fail(ps, span, "'%.*s' has more than %u addresses", shown(span), span.s,
			       WEFT_POOL_ADDRS_MAX) :
	       err == -ENOSPC ?
		       wl_fail(ps, tok, "a pool has at most %u ranges", WEFT_POOL_RANGES_MAX) :
		       err;
}

/* A or A/PREFIX; *@prefix is that of a single address if there is none */
static int parse_net(const struct wl_parse *ps, struct wl_tok tok, uint8_t *family, uint8_t *addr,
		     unsigned int *prefix)
{
	struct wl_tok head, tail;
	size_t len;
	int err;

	if (wl_tok_split(tok, '/', &head, &tail)) {
		err = parse_addr(ps, head, family, addr);
		len = *family == 6 ? 16 : 4;
		if (!err)
			err = parse_prefix(ps, tail, len, prefix);
	} else {
		err = parse_addr(ps, head, family, addr);
		len = *family == 6 ? 16 : 4;
		*prefix = (unsigned int)len * 8;
	}
	if (!err && fill(addr, len, *prefix, false))
		err = wl_fail(ps, tok, "'%.*s' has bits behind the prefix", shown(tok), tok.s);
	return err;
}

static int add_pair(const struct wl_parse *ps, struct wl_tok tok, struct weft_ranges *ranges)
{
	struct weft_pool_pair pair = { 0 };
	unsigned int prefix = 0, to_prefix = 0;
	struct wl_tok from, to;
	uint8_t family = 0;
	int err;

	if (!wl_tok_split(tok, '=', &from, &to))
		return wl_fail(ps, tok, "'%.*s': FROM=TO is needed in a map", shown(tok), tok.s);
	err = parse_net(ps, from, &pair.family, pair.from, &prefix);
	if (!err)
		err = parse_net(ps, to, &family, pair.to, &to_prefix);
	if (!err && (family != pair.family || prefix != to_prefix))
		err = wl_fail(ps, to, "'%.*s' is not as large as '%.*s'", shown(to), to.s,
			      shown(from), from.s);
	if (err)
		return err;
	pair.prefix_len = (uint8_t)prefix;
	err = weft_ranges_add_pair(ranges, &pair);
	return err == -ENOSPC ?
		       wl_fail(ps, tok, "a map has at most %u entries", WEFT_POOL_RANGES_MAX) :
		       err;
}

int wl_pool_range_parse(const struct wl_parse *ps, struct wl_tok tok, bool map,
			struct weft_ranges *ranges)
{
	return map ? add_pair(ps, tok, ranges) : add_range(ps, tok, ranges);
}

static int parse_choice(const struct wl_parse *ps, struct wl_tok tok, uint32_t *choice)
{
	char name[16];
	int found = wl_tok_copy(tok, name, sizeof(name)) ? weft_pool_choice_from_name(name) :
							   -ENOENT;

	if (found < 0)
		return wl_fail(ps, tok, "choice '%.*s' is none of preserve, random and sequential",
			       shown(tok), tok.s);
	*choice = (uint32_t)found;
	return 0;
}

/* "parity", "parity=yes", "parity=no" */
static int parse_switch(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
			bool has_value, uint8_t *out)
{
	*out = !has_value || wl_tok_is(value, "yes");
	if (has_value && !*out && !wl_tok_is(value, "no"))
		return wl_fail(ps, value, "%.*s is yes or no", shown(name), name.s);
	return 0;
}

/* choice=, parity and reuse; 1 when it is none of them */
static int parse_option(const struct wl_parse *ps, struct wl_tok tok, bool change,
			struct weft_pool *pool)
{
	struct wl_tok name, value;
	bool has_value = wl_tok_split(tok, '=', &name, &value);
	unsigned int attr = wl_tok_is(name, "choice") ? WEFT_POOL_A_CHOICE :
			    wl_tok_is(name, "parity") ? WEFT_POOL_A_PARITY :
			    wl_tok_is(name, "reuse")  ? WEFT_POOL_A_REUSE :
							0;

	if (!attr)
		return 1;
	if (change && attr == WEFT_POOL_A_REUSE)
		return wl_fail(ps, tok, "reuse of a pool cannot be changed");
	if (weft_has(pool, attr))
		return wl_fail(ps, tok, "duplicate '%.*s'", shown(name), name.s);
	weft_mark(pool, attr);
	if (attr == WEFT_POOL_A_PARITY)
		return parse_switch(ps, name, value, has_value, &pool->parity);
	if (attr == WEFT_POOL_A_REUSE)
		return parse_switch(ps, name, value, has_value, &pool->reuse);
	if (!has_value)
		return wl_fail(ps, tok, "'choice' needs a value");
	return parse_choice(ps, value, &pool->choice);
}

int wl_pool_id_parse(const struct wl_parse *ps, struct wl_tok tok, uint32_t *id)
{
	uint64_t value;
	int err;

	if (!tok.len)
		return wl_fail(ps, tok, "the pool's number is missing");
	err = wl_parse_uint(ps, tok, "pool", WEFT_POOL_ID_MAX, &value);
	if (!err && !value)
		return wl_fail(ps, tok, "pools are numbered from 1");
	*id = err ? 0 : (uint32_t)value;
	return err;
}

static int parse_words(const struct wl_parse *ps, const char *p, struct weft_pool *pool)
{
	bool map = false, first = true;
	struct wl_tok tok = wl_next_item(&p);
	int err = wl_pool_id_parse(ps, tok, &pool->id);

	weft_mark(pool, WEFT_POOL_A_ID);
	for (; !err && (tok = wl_next_item(&p)).len; first = false) {
		if (first && (wl_tok_is(tok, "map") || wl_tok_is(tok, "ranges"))) {
			map = wl_tok_is(tok, "map");
			pool->type = map ? WEFT_POOL_TYPE_MAP : WEFT_POOL_TYPE_RANGES;
			weft_mark(pool, WEFT_POOL_A_TYPE);
			continue;
		}
		err = parse_option(ps, tok, false, pool);
		if (err != 1)
			continue;
		weft_mark(pool, WEFT_POOL_A_RANGES);
		err = wl_pool_range_parse(ps, tok, map, &pool->ranges);
	}
	return err;
}

/* The sign says which list; "=" which form, as the type of the pool is not known here */
static int parse_signed(const struct wl_parse *ps, struct wl_tok tok, struct weft_pool *pool)
{
	struct wl_tok range = { tok.s + 1, tok.len - 1 };
	bool grant = tok.s[0] == '+';

	if (!grant && tok.s[0] != '-')
		return wl_fail(ps, tok, "unexpected '%.*s': +RANGE, -RANGE or choice=", shown(tok),
			       tok.s);
	weft_mark(pool, grant ? WEFT_POOL_A_RANGES : WEFT_POOL_A_WITHDRAW);
	return wl_pool_range_parse(ps, range, memchr(range.s, '=', range.len),
				   grant ? &pool->ranges : &pool->withdraw);
}

static int parse_change(const struct wl_parse *ps, const char *p, struct weft_pool *pool)
{
	struct wl_tok tok = wl_next_item(&p);
	int err = wl_pool_id_parse(ps, tok, &pool->id);

	weft_mark(pool, WEFT_POOL_A_ID);
	while (!err && (tok = wl_next_item(&p)).len) {
		err = parse_option(ps, tok, true, pool);
		if (err == 1)
			err = parse_signed(ps, tok, pool);
	}
	if (!err && pool->present == 1u << WEFT_POOL_A_ID)
		err = wl_fail(ps, (struct wl_tok){ p, 0 }, "nothing to change");
	return err;
}

static int parse(struct weft_pool *out, const char *text, struct weft_error *err,
		 int (*words)(const struct wl_parse *ps, const char *p, struct weft_pool *pool))
{
	struct wl_parse ps = { .start = text, .err = err };
	int ret;

	weft_pool_init(out);
	ret = words(&ps, text, out);
	if (ret)
		weft_pool_free(out);
	return ret;
}

/**
 * weft_pool_parse - read a pool
 * @out: uninitialised; on success the caller frees it
 * @text: like "3 11.0.1.1-11.0.1.100:1024-65535 choice=random"
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_pool_parse(struct weft_pool *out, const char *text, struct weft_error *err)
{
	return parse(out, text, err, parse_words);
}

/**
 * weft_pool_parse_change - read what is to change in a pool
 * @out: uninitialised; on success the caller frees it: ranges are those to grant
 * @text: like "3 +11.0.3.1:1024-65535 -11.0.2.0/24:1024-65535 parity=no"
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_pool_parse_change(struct weft_pool *out, const char *text, struct weft_error *err)
{
	return parse(out, text, err, parse_change);
}

/* ---- writing -------------------------------------------------------------- */

static void format_addr(struct wl_buf *buf, uint8_t family, const uint8_t *addr)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(family == 6 ? AF_INET6 : AF_INET, addr, text, sizeof(text));
	wl_buf_puts(buf, text);
}

static void format_range(struct wl_buf *buf, const struct weft_pool_range *range)
{
	bool ports = range->last_port, brackets = ports && range->family == 6;

	if (brackets)
		wl_buf_puts(buf, "[");
	format_addr(buf, range->family, range->first);
	if (memcmp(range->first, range->last, sizeof(range->first))) {
		wl_buf_puts(buf, "-");
		format_addr(buf, range->family, range->last);
	}
	if (brackets)
		wl_buf_puts(buf, "]");
	if (ports)
		wl_buf_printf(buf, ":%u", range->first_port);
	if (range->last_port != range->first_port)
		wl_buf_printf(buf, "-%u", range->last_port);
}

static void format_net(struct wl_buf *buf, const struct weft_pool_pair *pair, const uint8_t *addr)
{
	format_addr(buf, pair->family, addr);
	if (pair->prefix_len != (pair->family == 6 ? 128 : 32))
		wl_buf_printf(buf, "/%u", pair->prefix_len);
}

void wl_pool_range_format(struct wl_buf *buf, const struct weft_ranges *ranges, unsigned int i)
{
	if (i < ranges->n_ranges) {
		format_range(buf, &ranges->ranges[i]);
		return;
	}
	format_net(buf, &ranges->pairs[i - ranges->n_ranges],
		   ranges->pairs[i - ranges->n_ranges].from);
	wl_buf_puts(buf, "=");
	format_net(buf, &ranges->pairs[i - ranges->n_ranges],
		   ranges->pairs[i - ranges->n_ranges].to);
}

static void format_ranges(struct wl_buf *buf, const struct weft_ranges *ranges, const char *sign)
{
	unsigned int i;

	for (i = 0; i < ranges->n_ranges + ranges->n_pairs; i++) {
		wl_buf_printf(buf, " %s", sign);
		wl_pool_range_format(buf, ranges, i);
	}
}

static void format_number(struct wl_buf *buf, const char *name, uint64_t value)
{
	wl_buf_printf(buf, " %s %llu", name, (unsigned long long)value);
}

static void format_stats(struct wl_buf *buf, const struct weft_pool *pool)
{
	wl_buf_puts(buf, "\n   ");
	if (weft_has(pool, WEFT_POOL_A_TOTAL))
		format_number(buf, "total", pool->total);
	if (weft_has(pool, WEFT_POOL_A_USED))
		format_number(buf, "used", pool->used);
	if (weft_has(pool, WEFT_POOL_A_REFUSED))
		format_number(buf, "refused", pool->refused);
	if (weft_has(pool, WEFT_POOL_A_TEMPLATES))
		format_number(buf, "templates", pool->templates);
}

/**
 * weft_pool_format - write a pool, or a change of one
 * @pool: to write; with something to withdraw it is a change
 * @flags: WEFT_FMT_STATS: and its counters on another line
 *
 * Returns a string that the caller frees, NULL when out of memory.
 */
char *weft_pool_format(const struct weft_pool *pool, unsigned int flags)
{
	const char *choice = weft_pool_choice_name(pool->choice);
	bool change = weft_has(pool, WEFT_POOL_A_WITHDRAW);
	struct wl_buf buf = { 0 };

	wl_buf_printf(&buf, "%u", pool->id);
	if (pool->type == WEFT_POOL_TYPE_MAP && !change)
		wl_buf_puts(&buf, " map");
	format_ranges(&buf, &pool->ranges, change ? "+" : "");
	format_ranges(&buf, &pool->withdraw, "-");
	if (weft_has(pool, WEFT_POOL_A_CHOICE) && (pool->choice || change) && choice)
		wl_buf_printf(&buf, " choice=%s", choice);
	if (weft_has(pool, WEFT_POOL_A_PARITY) && (pool->parity || change))
		wl_buf_puts(&buf, pool->parity ? " parity" : " parity=no");
	if (pool->reuse)
		wl_buf_puts(&buf, " reuse");
	if (flags & WEFT_FMT_STATS)
		format_stats(&buf, pool);
	return wl_buf_take(&buf);
}
