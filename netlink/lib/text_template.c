// SPDX-License-Identifier: Apache-2.0
/*
 * Templates as text, on one line or several:
 *
 *	template 5 snat mode=kernel pool=3 track=state tcp_established=7440
 *	  forward: table=14, priority=+1, ldp=$ldp, $proto, ip_src=$ip_src, $sport
 *	           actions= set:ip_src=@ip, set:l4_src=@port, goto:15
 *	  echo when=ipv4|echo: reply, table=11, ...
 *	  fail: drop:pool_exhausted for 1s
 *
 * A word that ends in a colon begins an entry, whose words are those of a flow entry
 * (text_flow.c), with values of the packet and variables (text_bind.c) among them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

/* Entries, and "fail" */
#define SECTIONS_MAX (WEFT_TEMPLATE_ENTRIES + 1)

struct section {
	struct wl_tok name;
	struct wl_tok when; /* s NULL: none */
	char *body;	    /* behind the colon; its end is made a NUL */
};

struct reader {
	const struct wl_parse *ps;
	struct weft_template *tmpl;
	struct section sections[SECTIONS_MAX];
	unsigned int n;
};

static int shown(struct wl_tok tok)
{
	return (int)(tok.len < 60 ? tok.len : 60);
}

/* ---- sections ----------------------------------------------------------------- */

/* Comments, and backslashes at the end of lines, become blanks */
static void blank_comments(char *text)
{
	bool quoted = false, comment = false;
	char *p;

	for (p = text; *p; p++) {
		if (*p == '\n')
			quoted = comment = false;
		else if (*p == '"' && !comment)
			quoted = !quoted;
		if (*p == '#' && !quoted &&
		    (p == text || p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\n'))
			comment = true;
		if (*p == '\\' && p[1] == '\n')
			*p = ' ';
		if (comment)
			*p = ' ';
	}
}

static bool is_name(struct wl_tok tok)
{
	size_t i;

	if (tok.len >= 2 && tok.s[0] == '"')
		return tok.s[tok.len - 1] == '"';
	for (i = 0; i < tok.len; i++) {
		char c = tok.s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		      (i && ((c >= '0' && c <= '9') || c == '-' || c == '.'))))
			return false;
	}
	return tok.len;
}

/* "NAME:", or "when=SET:" behind a name; the colon is cut off */
static bool is_head(struct wl_tok tok, struct wl_tok *head, bool *when)
{
	if (tok.len < 2 || tok.s[tok.len - 1] != ':')
		return false;
	*head = (struct wl_tok){ tok.s, tok.len - 1 };
	*when = head->len > 5 && !memcmp(head->s, "when=", 5) && !memchr(head->s, ':', head->len);
	return *when || is_name(*head);
}

/* Find where entries begin, and part them; the text before the first is the header */
static int split(struct reader *r, char *text)
{
	const struct wl_parse *ps = r->ps;
	struct wl_tok tok, before = { 0 }, head;
	const char *p = text;
	bool when;

	while ((tok = wl_next_item(&p)).len) {
		struct section *section = &r->sections[r->n];

		if (!is_head(tok, &head, &when)) {
			before = tok;
			continue;
		}
		if (when && (!before.s || !is_name(before)))
			return wl_fail(ps, tok, "the entry's name is missing: NAME %.*s",
				       shown(tok), tok.s);
		if (r->n == SECTIONS_MAX)
			return wl_fail(ps, tok, "a template has at most %d entries",
				       WEFT_TEMPLATE_ENTRIES);
		section->name = when ? before : head;
		if (when)
			section->when = (struct wl_tok){ head.s + 5, head.len - 5 };
		section->body = text + (p - text);
		r->n++;
		before = (struct wl_tok){ 0 };
	}
	return 0;
}

/* A NUL where the next one begins, which is behind a blank */
static void part(struct reader *r, char *text)
{
	unsigned int i;

	for (i = 0; i < r->n; i++)
		if (r->sections[i].name.s > text)
			text[r->sections[i].name.s - text - 1] = '\0';
}

/* ---- the header ------------------------------------------------------------------ */

static int parse_enum(const struct wl_parse *ps, struct wl_tok tok, const char *what,
		      int (*find)(const char *name), uint32_t *value)
{
	char name[32];
	int found = wl_tok_copy(tok, name, sizeof(name)) ? find(name) : -ENOENT;

	if (found < 0)
		return wl_fail(ps, tok, "no %s '%.*s'", what, shown(tok), tok.s);
	*value = (uint32_t)found;
	return 0;
}

static int parse_u32(const struct wl_parse *ps, struct wl_tok tok, const char *what, uint32_t min,
		     uint32_t max, uint32_t *value)
{
	uint64_t number;
	int err = wl_parse_uint(ps, tok, what, max, &number);

	if (!err && number < min)
		err = wl_fail(ps, tok, "%s '%.*s' is out of range: at least %u", what, shown(tok),
			      tok.s, min);
	*value = err ? 0 : (uint32_t)number;
	return err;
}

static int parse_ms(const struct wl_parse *ps, struct wl_tok tok, const char *what, uint32_t *ms)
{
	uint64_t number = 0;
	int err = wl_parse_seconds(ps, wl_without_unit(tok), what, UINT32_MAX, &number);

	*ms = (uint32_t)number;
	return err;
}

static int parse_map_field(const struct wl_parse *ps, struct wl_tok tok, uint16_t *field)
{
	const struct wl_field_name *fn;
	struct wl_field_name space;

	fn = wl_field_name_find(ps, tok, &space);
	if (!fn)
		return -EINVAL;
	if (weft_field_desc(fn->field)->len != 4 && weft_field_desc(fn->field)->len != 16)
		return wl_fail(ps, tok, "map_field '%.*s' is no address", shown(tok), tok.s);
	*field = fn->field;
	return 0;
}

static const struct {
	const char *name;
	enum weft_template_attr attr;
} header_words[] = {
	{ "mode", WEFT_TEMPLATE_A_MODE },
	{ "pool", WEFT_TEMPLATE_A_POOL },
	{ "map_field", WEFT_TEMPLATE_A_MAP_FIELD },
	{ "service", WEFT_TEMPLATE_A_SERVICE },
	{ "slice", WEFT_TEMPLATE_A_SLICE },
	{ "track", WEFT_TEMPLATE_A_TRACK },
	{ "fail_timeout", WEFT_TEMPLATE_A_FAIL_TIMEOUT },
	{ "pending_packets", WEFT_TEMPLATE_A_PENDING_PACKETS },
	{ "pending_timeout", WEFT_TEMPLATE_A_PENDING_TIMEOUT },
	{ "limit", WEFT_TEMPLATE_A_LIMITS }, /* each is one more */
	{ "fallback", WEFT_TEMPLATE_A_FALLBACK },
};

/* One of header_words with its value, for text and JSON */
int wl_template_item_parse(const struct wl_parse *ps, enum weft_template_attr attr,
			   struct wl_tok tok, struct weft_template *tmpl)
{
	uint32_t number = 0;
	int err;

	switch (attr) {
	case WEFT_TEMPLATE_A_ID:
		return parse_u32(ps, tok, "template", 1, WEFT_TEMPLATE_ID_MAX, &tmpl->id);
	case WEFT_TEMPLATE_A_MODE:
		return parse_enum(ps, tok, "mode", weft_mode_from_name, &tmpl->mode);
	case WEFT_TEMPLATE_A_POOL:
		return parse_u32(ps, tok, "pool", 1, WEFT_POOL_ID_MAX, &tmpl->pool);
	case WEFT_TEMPLATE_A_MAP_FIELD:
		return parse_map_field(ps, tok, &tmpl->map_field);
	case WEFT_TEMPLATE_A_SERVICE:
		return wl_parse_name(ps, tok, "service", tmpl->service, sizeof(tmpl->service));
	case WEFT_TEMPLATE_A_SLICE:
		err = parse_u32(ps, tok, "slice", 0, UINT16_MAX, &number);
		tmpl->slice = (uint16_t)number;
		return err;
	case WEFT_TEMPLATE_A_TRACK:
		return parse_enum(ps, tok, "track", weft_track_from_name, &tmpl->track);
	case WEFT_TEMPLATE_A_FAIL_TIMEOUT:
		return parse_ms(ps, tok, "fail_timeout", &tmpl->fail_timeout_ms);
	case WEFT_TEMPLATE_A_PENDING_PACKETS:
		return parse_u32(ps, tok, "pending_packets", 1, 256, &tmpl->pending_packets);
	case WEFT_TEMPLATE_A_LIMITS:
		return wl_limit_parse(ps, tok, tmpl);
	case WEFT_TEMPLATE_A_FALLBACK:
		return parse_enum(ps, tok, "fallback", weft_fallback_from_name, &tmpl->fallback);
	default:
		return parse_ms(ps, tok, "pending_timeout", &tmpl->pending_timeout_ms);
	}
}

static int parse_timeout(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
			 struct weft_timeouts *timeouts)
{
	char text[32];
	int attr = wl_tok_copy(name, text, sizeof(text)) ? weft_timeout_from_name(text) : -ENOENT;

	if (attr < 0)
		return wl_fail(ps, name, "a template has no '%.*s'", shown(name), name.s);
	if (weft_has(timeouts, attr))
		return wl_fail(ps, name, "duplicate '%s'", text);
	weft_mark(timeouts, attr);
	return parse_ms(ps, value, text, &timeouts->ms[attr]);
}

static int parse_header_word(const struct wl_parse *ps, struct wl_tok tok,
			     struct weft_template *tmpl)
{
	struct wl_tok name, value;
	size_t i;

	if (!wl_tok_split(tok, '=', &name, &value))
		return wl_fail(ps, tok, "unexpected '%.*s': NAME=VALUE, or ENTRY:", shown(tok),
			       tok.s);
	for (i = 0; i < WL_ARRAY_SIZE(header_words); i++) {
		if (!wl_tok_is(name, header_words[i].name))
			continue;
		if (weft_has(tmpl, header_words[i].attr) &&
		    header_words[i].attr != WEFT_TEMPLATE_A_LIMITS)
			return wl_fail(ps, tok, "duplicate '%s'", header_words[i].name);
		weft_mark(tmpl, header_words[i].attr);
		return wl_template_item_parse(ps, header_words[i].attr, value, tmpl);
	}
	weft_mark(tmpl, WEFT_TEMPLATE_A_TIMEOUTS);
	return parse_timeout(ps, name, value, &tmpl->timeouts);
}

static int parse_header(const struct wl_parse *ps, const char *text, struct weft_template *tmpl)
{
	const char *p = text;
	struct wl_tok tok = wl_next_item(&p);
	int err;

	if (wl_tok_is(tok, "template"))
		tok = wl_next_item(&p);
	if (!tok.len)
		return wl_fail(ps, tok, "the template's number is missing");
	err = wl_template_item_parse(ps, WEFT_TEMPLATE_A_ID, tok, tmpl);
	if (err)
		return err;
	weft_mark(tmpl, WEFT_TEMPLATE_A_ID);
	tok = wl_next_item(&p);
	if (tok.len && (tok.s[0] == '"' || !memchr(tok.s, '=', tok.len))) {
		weft_mark(tmpl, WEFT_TEMPLATE_A_NAME);
		err = wl_parse_name(ps, tok, "the template's name", tmpl->name, sizeof(tmpl->name));
		tok = wl_next_item(&p);
	}
	for (; !err && tok.len; tok = wl_next_item(&p))
		err = parse_header_word(ps, tok, tmpl);
	return err;
}

/* ---- entries --------------------------------------------------------------------- */

/* +N and -N are to be added, N is absolute */
int wl_tentry_priority_parse(const struct wl_parse *ps, struct wl_tok tok,
			     struct weft_tentry *entry)
{
	bool delta = tok.len && (tok.s[0] == '+' || tok.s[0] == '-');
	struct wl_tok number = { tok.s + delta, tok.len - delta };
	uint64_t value;
	int err = wl_parse_uint(ps, number, "priority", UINT16_MAX, &value);

	if (err)
		return err;
	if (delta) {
		entry->delta = tok.s[0] == '-' ? -(int32_t)value : (int32_t)value;
		weft_mark(entry, WEFT_TENTRY_A_DELTA);
	} else {
		entry->priority = (uint16_t)value;
		weft_mark(entry, WEFT_TENTRY_A_PRIORITY);
	}
	return 0;
}

static enum weft_tentry_attr find_item(struct wl_tok name)
{
	static const struct {
		const char *name;
		enum weft_tentry_attr attr;
	} items[] = {
		{ "table", WEFT_TENTRY_A_TABLE },     { "priority", WEFT_TENTRY_A_PRIORITY },
		{ "when", WEFT_TENTRY_A_WHEN },	      { "reply", WEFT_TENTRY_A_REPLY },
		{ "wide", WEFT_TENTRY_A_WIDE },	      { "actions", WEFT_TENTRY_A_ACTIONS },
		{ "packets", WEFT_TENTRY_A_PACKETS }, { "bytes", WEFT_TENTRY_A_BYTES },
	};
	size_t i;

	for (i = 0; i < WL_ARRAY_SIZE(items); i++)
		if (wl_tok_is(name, items[i].name))
			return items[i].attr;
	return WEFT_TENTRY_A_UNSPEC;
}

static int parse_item(const struct wl_parse *ps, enum weft_tentry_attr attr, struct wl_tok name,
		      struct wl_tok value, struct weft_tentry *entry)
{
	bool flag = attr == WEFT_TENTRY_A_REPLY || attr == WEFT_TENTRY_A_WIDE;

	if (flag && value.s)
		return wl_fail(ps, value, "'%.*s' takes no value", shown(name), name.s);
	if (!flag && !value.s)
		return wl_fail(ps, name, "'%.*s' needs a value", shown(name), name.s);
	if (weft_has(entry, attr) ||
	    (attr == WEFT_TENTRY_A_PRIORITY && weft_has(entry, WEFT_TENTRY_A_DELTA)))
		return wl_fail(ps, name, "duplicate '%.*s'", shown(name), name.s);
	if (attr != WEFT_TENTRY_A_PRIORITY)
		weft_mark(entry, attr);

	switch (attr) {
	case WEFT_TENTRY_A_TABLE:
		return wl_parse_table(ps, value, &entry->table);
	case WEFT_TENTRY_A_PRIORITY:
		return wl_tentry_priority_parse(ps, value, entry);
	case WEFT_TENTRY_A_WHEN:
		return wl_when_parse(ps, value, &entry->when);
	case WEFT_TENTRY_A_ACTIONS:
		return wl_actions_parse(ps, value.s, &entry->actions);
	case WEFT_TENTRY_A_PACKETS:
		return wl_parse_uint(ps, value, "packets", UINT64_MAX, &entry->packets);
	case WEFT_TENTRY_A_BYTES:
		return wl_parse_uint(ps, value, "bytes", UINT64_MAX, &entry->bytes);
	default:
		return 0;
	}
}

static int parse_body(const struct wl_parse *ps, const struct section *section,
		      struct weft_tentry *entry)
{
	struct wl_tentry_parse tp = { .entry = entry, .mp = { .ps = ps, .match = &entry->match } };
	const char *p = section->body;
	struct wl_tok tok, name, value;
	int err = 0;

	if (section->when.s) {
		weft_mark(entry, WEFT_TENTRY_A_WHEN);
		err = wl_when_parse(ps, section->when, &entry->when);
	}
	while (!err && (tok = wl_next_item(&p)).len) {
		enum weft_tentry_attr attr;

		if (!wl_tok_split(tok, '=', &name, &value))
			value.s = NULL;
		attr = find_item(name);
		err = attr ? parse_item(ps, attr, name, value, entry) :
			     wl_tentry_parse_item(&tp, name, value);
		if (attr == WEFT_TENTRY_A_ACTIONS)
			break;
	}
	if (!err && !weft_has(entry, WEFT_TENTRY_A_TABLE))
		err = wl_fail(ps, section->name, "table= of '%.*s' is missing",
			      shown(section->name), section->name.s);
	if (!err && !weft_has(entry, WEFT_TENTRY_A_ACTIONS))
		err = wl_fail(ps, section->name, "actions= of '%.*s' is missing",
			      shown(section->name), section->name.s);
	return err ? err : wl_tentry_parse_end(&tp);
}

/* "ACTIONS for 1s" */
static int parse_fail(const struct wl_parse *ps, const struct section *section,
		      struct weft_template *tmpl)
{
	struct wl_tok tok, last = { 0 }, before = { 0 };
	const char *p = section->body;
	int err;

	if (section->when.s)
		return wl_fail(ps, section->when, "'fail' has no when=");
	if (weft_has(tmpl, WEFT_TEMPLATE_A_FAIL))
		return wl_fail(ps, section->name, "duplicate 'fail'");
	weft_mark(tmpl, WEFT_TEMPLATE_A_FAIL);
	while ((tok = wl_next_item(&p)).len) {
		before = last;
		last = tok;
	}
	if (before.s && wl_tok_is(before, "for")) {
		if (weft_has(tmpl, WEFT_TEMPLATE_A_FAIL_TIMEOUT))
			return wl_fail(ps, before, "duplicate 'fail_timeout'");
		weft_mark(tmpl, WEFT_TEMPLATE_A_FAIL_TIMEOUT);
		err = parse_ms(ps, last, "fail_timeout", &tmpl->fail_timeout_ms);
		if (err)
			return err;
		section->body[before.s - section->body] = '\0';
	}
	return wl_actions_parse(ps, section->body, &tmpl->fail);
}

static int parse_section(const struct reader *r, const struct section *section)
{
	struct wl_parse ps = *r->ps;
	struct weft_tentry *entry;
	char name[WEFT_NAME_MAX + 1];
	unsigned int i;
	int err;

	if (wl_tok_is(section->name, "fail"))
		return parse_fail(&ps, section, r->tmpl);
	err = wl_parse_name(&ps, section->name, "the entry's name", name, sizeof(name));
	if (err)
		return err;
	for (i = 0; i < r->tmpl->entries.n; i++)
		if (!strcmp(r->tmpl->entries.v[i].name, name))
			return wl_fail(&ps, section->name, "duplicate entry '%s'", name);
	if (r->tmpl->entries.n == WEFT_TEMPLATE_ENTRIES)
		return wl_fail(&ps, section->name, "a template has at most %d entries",
			       WEFT_TEMPLATE_ENTRIES);
	entry = weft_template_add_entry(r->tmpl, name);
	if (!entry)
		return -ENOMEM;
	ps.binds = true;
	return parse_body(&ps, section, entry);
}

static int parse(struct reader *r, char *text)
{
	size_t len = strlen(text);
	unsigned int i;
	int err;

	blank_comments(text);
	err = split(r, text);
	if (err)
		return err;
	part(r, text);
	err = parse_header(r->ps, text, r->tmpl);
	for (i = 0; !err && i < r->n; i++)
		err = parse_section(r, &r->sections[i]);
	if (!err && !r->tmpl->entries.n)
		err = wl_fail(r->ps, (struct wl_tok){ text + len, 0 }, "there is no entry");
	return err;
}

/**
 * weft_template_parse - read a template
 * @out: uninitialised; on success the caller frees it
 * @text: to read, one line or several
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where, in bytes from the begin of @text; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_template_parse(struct weft_template *out, const char *text, const struct weft_names *names,
			struct weft_error *err)
{
	char *copy = strdup(text);
	struct wl_parse ps = { .start = copy, .names = names, .err = err };
	struct reader r = { .ps = &ps, .tmpl = out };
	int ret;

	weft_template_init(out);
	if (!copy)
		return -ENOMEM;
	ret = parse(&r, copy);
	free(copy);
	if (ret)
		weft_template_free(out);
	return ret;
}

/* ---- writing ------------------------------------------------------------------------ */

struct writer {
	struct wl_buf *buf;
	bool separate;
};

static void emit_item(void *ctx, const char *name, const char *value, bool numeric)
{
	struct writer *w = ctx;

	(void)numeric;
	wl_buf_puts(w->buf, w->separate ? ", " : " ");
	w->separate = true;
	wl_buf_puts(w->buf, name);
	if (value) {
		wl_buf_puts(w->buf, "=");
		wl_buf_puts(w->buf, value);
	}
}

static bool is_own(const struct weft_bind *bind)
{
	return bind && bind->kind == WEFT_BIND_FIELD && bind->source == bind->field;
}

/* Both, and with a when= that "$proto" would not put in by itself, or just that */
static bool has_short_proto(const struct weft_tentry *entry)
{
	return entry->when && is_own(weft_binds_get(&entry->binds, WEFT_FIELD_ETH_TYPE)) &&
	       is_own(weft_binds_get(&entry->binds, WEFT_FIELD_IP_PROTO));
}

static void emit_bind(struct writer *w, const struct weft_bind *bind,
		      const struct weft_names *names)
{
	struct wl_buf name = { 0 }, source = { 0 };

	wl_bind_format(&name, &source, bind, names);
	if (name.failed || source.failed)
		w->buf->failed = true;
	else
		emit_item(w, name.s, source.s, false);
	wl_buf_free(&name);
	wl_buf_free(&source);
}

static void format_binds(struct writer *w, const struct weft_tentry *entry,
			 const struct weft_names *names)
{
	bool short_proto = has_short_proto(entry);
	unsigned int i;

	for (i = 0; i < entry->binds.n; i++) {
		const struct weft_bind *bind = &entry->binds.v[i];

		if (short_proto && bind->field == WEFT_FIELD_ETH_TYPE)
			emit_item(w, "$proto", NULL, false);
		else if (is_own(bind) && bind->field == WEFT_FIELD_L4_SRC)
			emit_item(w, "$sport", NULL, false);
		else if (is_own(bind) && bind->field == WEFT_FIELD_L4_DST)
			emit_item(w, "$dport", NULL, false);
		else if (!short_proto || bind->field != WEFT_FIELD_IP_PROTO)
			emit_bind(w, bind, names);
	}
}

static void format_entry(struct wl_buf *buf, const struct weft_tentry *entry,
			 const struct weft_names *names, unsigned int flags)
{
	struct writer w = { .buf = buf };
	char text[24];

	if (!strcmp(entry->name, "fail"))
		wl_buf_puts(buf, "\"fail\"");
	else
		wl_format_name(buf, entry->name);
	if (entry->when && !(has_short_proto(entry) && entry->when == WL_WHEN_SHORT)) {
		wl_buf_puts(buf, " when=");
		wl_when_format(buf, entry->when);
	}
	wl_buf_puts(buf, ":");
	if (weft_has(entry, WEFT_TENTRY_A_REPLY))
		emit_item(&w, "reply", NULL, false);
	if (weft_has(entry, WEFT_TENTRY_A_WIDE))
		emit_item(&w, "wide", NULL, false);
	snprintf(text, sizeof(text), "%u", entry->table);
	emit_item(&w, "table", text, true);
	if (weft_has(entry, WEFT_TENTRY_A_PRIORITY))
		snprintf(text, sizeof(text), "%u", entry->priority);
	else
		snprintf(text, sizeof(text), "%+d", entry->delta);
	emit_item(&w, "priority", text, true);
	wl_match_emit(&entry->match, names, flags, true, buf, emit_item, &w);
	format_binds(&w, entry, names);
	wl_buf_puts(buf, "  actions= ");
	wl_actions_format(buf, &entry->actions, wl_match_proto(&entry->match), names, flags);
}

static void format_seconds(struct wl_buf *buf, const char *name, uint32_t ms)
{
	wl_buf_printf(buf, " %s=", name);
	wl_format_seconds(buf, ms);
}

static void format_header(struct wl_buf *buf, const struct weft_template *tmpl,
			  const struct weft_names *names)
{
	const char *name;
	unsigned int attr;

	wl_buf_printf(buf, "template %u", tmpl->id);
	if (tmpl->name[0]) {
		wl_buf_puts(buf, " ");
		wl_format_name(buf, tmpl->name);
	}
	if (weft_has(tmpl, WEFT_TEMPLATE_A_MODE) && weft_mode_name(tmpl->mode))
		wl_buf_printf(buf, " mode=%s", weft_mode_name(tmpl->mode));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_POOL))
		wl_buf_printf(buf, " pool=%u", tmpl->pool);
	if (weft_has(tmpl, WEFT_TEMPLATE_A_MAP_FIELD) && weft_field_desc(tmpl->map_field)) {
		name = names && names->field_alias ?
			       names->field_alias(names->ctx, tmpl->map_field) :
			       NULL;
		wl_buf_printf(buf, " map_field=%s",
			      name ? name : weft_field_desc(tmpl->map_field)->name);
	}
	if (tmpl->service[0]) {
		wl_buf_puts(buf, " service=");
		wl_format_name(buf, tmpl->service);
	}
	if (weft_has(tmpl, WEFT_TEMPLATE_A_SLICE))
		wl_buf_printf(buf, " slice=%u", tmpl->slice);
	if (weft_has(tmpl, WEFT_TEMPLATE_A_TRACK) && weft_track_name(tmpl->track))
		wl_buf_printf(buf, " track=%s", weft_track_name(tmpl->track));
	for (attr = 1; attr <= WEFT_TIMEOUTS_A_MAX; attr++)
		if (weft_has(&tmpl->timeouts, attr))
			format_seconds(buf, weft_timeout_name(attr), tmpl->timeouts.ms[attr]);
	if (weft_has(tmpl, WEFT_TEMPLATE_A_FAIL_TIMEOUT) && !weft_has(tmpl, WEFT_TEMPLATE_A_FAIL))
		format_seconds(buf, "fail_timeout", tmpl->fail_timeout_ms);
	if (weft_has(tmpl, WEFT_TEMPLATE_A_PENDING_PACKETS))
		wl_buf_printf(buf, " pending_packets=%u", tmpl->pending_packets);
	if (weft_has(tmpl, WEFT_TEMPLATE_A_PENDING_TIMEOUT))
		format_seconds(buf, "pending_timeout", tmpl->pending_timeout_ms);
	for (attr = 0; attr < tmpl->n_limits; attr++) {
		wl_buf_puts(buf, " limit=");
		wl_limit_format(buf, &tmpl->limits[attr], names);
	}
	if (weft_has(tmpl, WEFT_TEMPLATE_A_FALLBACK) && weft_fallback_name(tmpl->fallback))
		wl_buf_printf(buf, " fallback=%s", weft_fallback_name(tmpl->fallback));
}

static void format_stats(struct wl_buf *buf, const struct weft_template *tmpl)
{
	const char *separator = " refused";
	unsigned int attr;

	wl_buf_printf(buf, "\n  # instances %u pending %u created %llu senders %u",
		      tmpl->n_instances, tmpl->n_pending, (unsigned long long)tmpl->created,
		      tmpl->senders);
	for (attr = 1; attr <= WEFT_REFUSED_A_MAX; attr++) {
		if (!tmpl->refused[attr])
			continue;
		wl_buf_printf(buf, "%s %s %llu", separator, weft_refused_name(attr),
			      (unsigned long long)tmpl->refused[attr]);
		separator = "";
	}
}

/**
 * weft_template_format - write a template
 * @tmpl: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES; WEFT_FMT_LINES: an entry a line, and with WEFT_FMT_STATS
 *	counters behind a "#"
 *
 * Returns a string, without a newline at its end, that weft_template_parse() reads and
 * the caller frees; NULL when out of memory.
 */
char *weft_template_format(const struct weft_template *tmpl, const struct weft_names *names,
			   unsigned int flags)
{
	const char *separator = flags & WEFT_FMT_LINES ? "\n  " : " ";
	struct wl_buf buf = { 0 };
	unsigned int i;

	format_header(&buf, tmpl, names);
	if ((flags & WEFT_FMT_LINES) && (flags & WEFT_FMT_STATS))
		format_stats(&buf, tmpl);
	for (i = 0; i < tmpl->entries.n; i++) {
		wl_buf_puts(&buf, separator);
		format_entry(&buf, &tmpl->entries.v[i], names, flags);
	}
	if (weft_has(tmpl, WEFT_TEMPLATE_A_FAIL)) {
		wl_buf_printf(&buf, "%sfail: ", separator);
		wl_actions_format(&buf, &tmpl->fail, 0, names, flags);
	}
	if (weft_has(tmpl, WEFT_TEMPLATE_A_FAIL) && weft_has(tmpl, WEFT_TEMPLATE_A_FAIL_TIMEOUT)) {
		wl_buf_puts(&buf, " for ");
		wl_format_seconds(&buf, tmpl->fail_timeout_ms);
		wl_buf_puts(&buf, "s");
	}
	return wl_buf_take(&buf);
}
