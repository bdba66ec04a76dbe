// SPDX-License-Identifier: Apache-2.0
/*
 * Flow entries as text, close to what ovs-ofctl reads and writes:
 *
 *	table=12, priority=100, ldp=7, tcp, tcp_dst=80  actions= dec_ttl, goto:20
 *
 * Items are set apart by commas or blanks. "actions=" takes the rest. Filters,
 * keys, matches and metadata are the same without some of the items. What a dump
 * writes, with counters, can be read back.
 */
#include <errno.h>
#include <string.h>

#include "wl.h"

enum mode {
	MODE_FLOW,
	MODE_KEY,
	MODE_FILTER,
	MODE_MATCH,
	MODE_METADATA,
};

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct wl_tok wl_next_item(const char **p)
{
	struct wl_tok tok;
	bool quoted = false;

	while (is_separator(**p))
		(*p)++;
	tok.s = *p;
	for (; **p && (quoted || !is_separator(**p)); (*p)++)
		if (**p == '"')
			quoted = !quoted;
	tok.len = (size_t)(*p - tok.s);
	return tok;
}

int wl_cookie_parse(const struct wl_parse *ps, struct wl_tok tok, struct weft_flow *flow,
		    bool filter)
{
	struct wl_tok value, mask;
	int err;

	if (wl_tok_split(tok, '/', &value, &mask)) {
		if (!filter)
			return wl_fail(ps, mask, "only a filter has a cookie mask");
		err = wl_parse_uint(ps, mask, "cookie mask", UINT64_MAX, &flow->cookie_mask);
		if (err)
			return err;
		weft_mark(flow, WEFT_FLOW_A_COOKIE_MASK);
	}
	weft_mark(flow, WEFT_FLOW_A_COOKIE);
	return wl_parse_uint(ps, value, "cookie", UINT64_MAX, &flow->cookie);
}

struct wl_tok wl_without_unit(struct wl_tok tok)
{
	if (tok.len > 1 && tok.s[tok.len - 1] == 's')
		tok.len--;
	return tok;
}

/* Items that are not fields; @modes: where they may be */
static const struct item {
	const char *name;
	enum weft_flow_attr attr;
	unsigned int modes;
} items[] = {
#define FLOW (1u << MODE_FLOW)
#define KEY (1u << MODE_KEY)
#define FILTER (1u << MODE_FILTER)
	{ "table", WEFT_FLOW_A_TABLE, FLOW | KEY | FILTER },
	{ "priority", WEFT_FLOW_A_PRIORITY, FLOW | KEY },
	{ "cookie", WEFT_FLOW_A_COOKIE, FLOW | FILTER },
	{ "idle_timeout", WEFT_FLOW_A_IDLE_TIMEOUT, FLOW },
	{ "hard_timeout", WEFT_FLOW_A_HARD_TIMEOUT, FLOW },
	{ "packets", WEFT_FLOW_A_PACKETS, FLOW },
	{ "bytes", WEFT_FLOW_A_BYTES, FLOW },
	{ "age", WEFT_FLOW_A_AGE, FLOW },
	{ "idle", WEFT_FLOW_A_IDLE, FLOW },
	{ "actions", WEFT_FLOW_A_ACTIONS, FLOW },
#undef FLOW
#undef KEY
#undef FILTER
};

static const char *mode_name(enum mode mode)
{
	static const char *const names[] = { "a flow", "a key", "a filter", "a match", "metadata" };

	return names[mode];
}

static int parse_item(const struct wl_parse *ps, const struct item *item, struct wl_tok value,
		      enum mode mode, struct weft_flow *flow)
{
	uint64_t number = 0;
	int err;

	switch (item->attr) {
	case WEFT_FLOW_A_TABLE:
		err = wl_parse_table(ps, value, &flow->table);
		break;
	case WEFT_FLOW_A_PRIORITY:
		err = wl_parse_uint(ps, value, item->name, UINT16_MAX, &number);
		flow->priority = (uint16_t)number;
		break;
	case WEFT_FLOW_A_COOKIE:
		err = wl_cookie_parse(ps, value, flow, mode == MODE_FILTER);
		break;
	case WEFT_FLOW_A_IDLE_TIMEOUT:
		err = wl_parse_seconds(ps, wl_without_unit(value), item->name, UINT32_MAX, &number);
		flow->idle_timeout_ms = (uint32_t)number;
		break;
	case WEFT_FLOW_A_HARD_TIMEOUT:
		err = wl_parse_seconds(ps, wl_without_unit(value), item->name, UINT32_MAX, &number);
		flow->hard_timeout_ms = (uint32_t)number;
		break;
	case WEFT_FLOW_A_PACKETS:
		err = wl_parse_uint(ps, value, item->name, UINT64_MAX, &flow->packets);
		break;
	case WEFT_FLOW_A_BYTES:
		err = wl_parse_uint(ps, value, item->name, UINT64_MAX, &flow->bytes);
		break;
	case WEFT_FLOW_A_AGE:
		err = wl_parse_seconds(ps, wl_without_unit(value), item->name, INT64_MAX,
				       &flow->age_ms);
		break;
	case WEFT_FLOW_A_IDLE:
		err = wl_parse_seconds(ps, wl_without_unit(value), item->name, INT64_MAX,
				       &flow->idle_ms);
		break;
	default:
		return wl_actions_parse(ps, value.s, &flow->actions);
	}
	return err;
}

static const struct item *find_item(struct wl_tok name)
{
	size_t i;

	for (i = 0; i < WL_ARRAY_SIZE(items); i++)
		if (wl_tok_is(name, items[i].name))
			return &items[i];
	return NULL;
}

static int parse_items(const struct wl_parse *ps, const char *text, enum mode mode,
		       struct weft_flow *flow)
{
	struct wl_match_parse mp = { .ps = ps,
				     .match = &flow->match,
				     .metadata = mode == MODE_METADATA };
	struct wl_tok tok, name, value;
	const struct item *item;
	const char *p = text;
	int err = 0;

	while (!err && (tok = wl_next_item(&p)).len) {
		bool has_value = wl_tok_split(tok, '=', &name, &value);

		item = mode == MODE_MATCH || mode == MODE_METADATA ? NULL : find_item(name);
		if (!item) {
			err = wl_match_parse_item(&mp, name,
						  has_value ? value : (struct wl_tok){ 0 });
			continue;
		}
		if (!(item->modes & 1u << mode))
			return wl_fail(ps, tok, "%s has no '%s'", mode_name(mode), item->name);
		if (!has_value)
			return wl_fail(ps, tok, "'%s' needs a value", item->name);
		if (weft_has(flow, item->attr))
			return wl_fail(ps, tok, "duplicate '%s'", item->name);
		err = parse_item(ps, item, value, mode, flow);
		weft_mark(flow, item->attr);
		if (item->attr == WEFT_FLOW_A_ACTIONS)
			break;
	}
	if (!err)
		err = wl_match_parse_end(&mp, true);
	if (!err && mode == MODE_FLOW && !weft_has(flow, WEFT_FLOW_A_ACTIONS))
		err = wl_fail(ps, (struct wl_tok){ p, 0 }, "actions= is missing");
	if (flow->match.n)
		weft_mark(flow, WEFT_FLOW_A_MATCH);
	return err;
}

static int parse(struct weft_flow *out, const char *text, const struct weft_names *names,
		 struct weft_error *err, enum mode mode)
{
	struct wl_parse ps = { .start = text, .names = names, .err = err };
	int ret;

	weft_flow_init(out);
	ret = parse_items(&ps, text, mode, out);
	if (ret)
		weft_flow_free(out);
	return ret;
}

/**
 * weft_flow_parse - read a flow entry
 * @out: uninitialised; on success the caller frees it
 * @text: like "table=12, priority=100, tcp, tcp_dst=80 actions= goto:20"
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_flow_parse(struct weft_flow *out, const char *text, const struct weft_names *names,
		    struct weft_error *err)
{
	return parse(out, text, names, err, MODE_FLOW);
}

/**
 * weft_flow_parse_filter - read what selects flow entries
 * @out: uninitialised; on success the caller frees it
 * @text: table, cookie=VALUE/MASK and fields, each of which may be absent
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Fields need the same prerequisites as in an entry.
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_flow_parse_filter(struct weft_flow *out, const char *text, const struct weft_names *names,
			   struct weft_error *err)
{
	return parse(out, text, names, err, MODE_FILTER);
}

/**
 * weft_flow_parse_key - read table, priority and match of an entry
 * @out: uninitialised; on success the caller frees it
 * @text: to read; table 0 and the default priority when it does not say
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_flow_parse_key(struct weft_flow *out, const char *text, const struct weft_names *names,
			struct weft_error *err)
{
	return parse(out, text, names, err, MODE_KEY);
}

static int parse_match(struct weft_match *out, const char *text, const struct weft_names *names,
		       struct weft_error *err, enum mode mode)
{
	struct weft_flow flow;
	int ret = parse(&flow, text, names, err, mode);

	if (!ret)
		*out = flow.match;
	return ret;
}

/**
 * weft_match_parse - read a match
 * @out: uninitialised; on success the caller frees it
 * @text: fields only
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_match_parse(struct weft_match *out, const char *text, const struct weft_names *names,
		     struct weft_error *err)
{
	return parse_match(out, text, names, err, MODE_MATCH);
}

/**
 * weft_metadata_parse - read registers and the like
 * @out: uninitialised; on success the caller frees it
 * @text: fields that are no headers, each with all its bits
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_metadata_parse(struct weft_match *out, const char *text, const struct weft_names *names,
			struct weft_error *err)
{
	struct wl_parse ps = { .err = err };
	unsigned int f;
	int ret;

	ret = parse_match(out, text, names, err, MODE_METADATA);
	if (ret)
		return ret;
	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		const struct weft_field_value *v = weft_match_get(out, f);
		const struct weft_field_desc *desc = weft_field_desc(f);

		if (!v)
			continue;
		if (!desc->metadata || f == WEFT_FIELD_IN_PORT)
			ret = wl_fail(&ps, (struct wl_tok){ 0 }, "%s is no metadata", desc->name);
		else if (!wl_mask_is_full(f, v->mask))
			ret = wl_fail(&ps, (struct wl_tok){ 0 }, "%s: no mask here", desc->name);
		if (ret) {
			weft_match_free(out);
			return ret;
		}
	}
	return 0;
}

/* ---- writing -------------------------------------------------------------- */

static void separate(struct wl_buf *buf)
{
	if (buf->len)
		wl_buf_puts(buf, ", ");
}

static void emit_item(void *ctx, const char *name, const char *value, bool numeric)
{
	struct wl_buf *buf = ctx;

	(void)numeric;
	separate(buf);
	wl_buf_puts(buf, name);
	if (value) {
		wl_buf_puts(buf, "=");
		wl_buf_puts(buf, value);
	}
}

static void format_stats(struct wl_buf *buf, const struct weft_flow *flow)
{
	if (weft_has(flow, WEFT_FLOW_A_PACKETS))
		wl_buf_printf(buf, "packets=%llu", (unsigned long long)flow->packets);
	if (weft_has(flow, WEFT_FLOW_A_BYTES)) {
		separate(buf);
		wl_buf_printf(buf, "bytes=%llu", (unsigned long long)flow->bytes);
	}
	if (weft_has(flow, WEFT_FLOW_A_AGE)) {
		separate(buf);
		wl_buf_puts(buf, "age=");
		wl_format_seconds(buf, flow->age_ms);
		wl_buf_puts(buf, "s");
	}
	if (weft_has(flow, WEFT_FLOW_A_IDLE)) {
		separate(buf);
		wl_buf_puts(buf, "idle=");
		wl_format_seconds(buf, flow->idle_ms);
		wl_buf_puts(buf, "s");
	}
}

/**
 * weft_flow_format - write a flow entry
 * @flow: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_…
 *
 * Returns a string that the caller frees, NULL when out of memory.
 */
char *weft_flow_format(const struct weft_flow *flow, const struct weft_names *names,
		       unsigned int flags)
{
	bool key = flags & WEFT_FMT_KEY;
	struct wl_buf buf = { 0 };

	if ((flags & WEFT_FMT_STATS) && !key)
		format_stats(&buf, flow);
	separate(&buf);
	wl_buf_printf(&buf, "table=%u, priority=%u", flow->table, flow->priority);
	if (flow->cookie && !key && !(flags & WEFT_FMT_NO_COOKIE))
		wl_buf_printf(&buf, ", cookie=0x%llx", (unsigned long long)flow->cookie);
	if (flow->idle_timeout_ms && !key) {
		wl_buf_puts(&buf, ", idle_timeout=");
		wl_format_seconds(&buf, flow->idle_timeout_ms);
	}
	if (flow->hard_timeout_ms && !key) {
		wl_buf_puts(&buf, ", hard_timeout=");
		wl_format_seconds(&buf, flow->hard_timeout_ms);
	}
	wl_match_emit(&flow->match, names, flags, true, &buf, emit_item, &buf);
	if (!key) {
		wl_buf_puts(&buf, "  actions= ");
		wl_actions_format(&buf, &flow->actions, wl_match_proto(&flow->match), names, flags);
	}
	return wl_buf_take(&buf);
}

/**
 * weft_match_format - write a match
 * @match: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES
 *
 * Returns a string that the caller frees, "" for a match of every packet, NULL
 * when out of memory.
 */
char *weft_match_format(const struct weft_match *match, const struct weft_names *names,
			unsigned int flags)
{
	struct wl_buf buf = { 0 };

	wl_match_emit(match, names, flags, true, &buf, emit_item, &buf);
	return wl_buf_take(&buf);
}
