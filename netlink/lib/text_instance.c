// SPDX-License-Identifier: Apache-2.0
/*
 * Instances as text: what selects them, and a line for each to look at:
 *
 *	template=5, state=tcp_established, tcp, ip_dst=192.0.2.0/24
 *
 *	17: snat tcp, ip_src=10.0.0.1, tcp_src=1234 -> @ip=11.0.1.1, @port=1234;
 *	    state=tcp_established, port=vm1, forward=10/840, reply=8/9000, age=12.3s
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

/* ---- filters -------------------------------------------------------------------- */

static const struct item {
	const char *name;
	enum weft_instance_attr attr;
} items[] = {
	{ "template", WEFT_INSTANCE_A_TEMPLATE }, { "slice", WEFT_INSTANCE_A_SLICE },
	{ "port", WEFT_INSTANCE_A_IN_PORT },	  { "vm", WEFT_INSTANCE_A_VM_ID },
	{ "state", WEFT_INSTANCE_A_STATE },
};

static int parse_state(const struct wl_parse *ps, struct wl_tok tok, uint32_t *state)
{
	char name[32];
	int found = wl_tok_copy(tok, name, sizeof(name)) ? weft_state_from_name(name) : -ENOENT;

	if (found < 0)
		return wl_fail(ps, tok, "no state '%.*s'", shown(tok), tok.s);
	*state = (uint32_t)found;
	return 0;
}

static int parse_item(const struct wl_parse *ps, const struct item *item, struct wl_tok value,
		      struct weft_instance *filter)
{
	uint64_t number = 0;
	int err;

	switch (item->attr) {
	case WEFT_INSTANCE_A_TEMPLATE:
		return wl_parse_template(ps, value, &filter->template_id);
	case WEFT_INSTANCE_A_SLICE:
		err = wl_parse_uint(ps, value, "slice", UINT16_MAX, &number);
		filter->slice = (uint16_t)number;
		return err;
	case WEFT_INSTANCE_A_IN_PORT:
		return wl_parse_port(ps, value, &filter->in_port);
	case WEFT_INSTANCE_A_VM_ID:
		return wl_parse_name(ps, value, "vm", filter->vm_id, sizeof(filter->vm_id));
	default:
		return parse_state(ps, value, &filter->state);
	}
}

/* Names like tcp_dst say of which protocol they are; nothing else has to be there */
static int imply_proto(const struct wl_match_parse *mp)
{
	unsigned int f;
	int err;

	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		unsigned int proto = mp->from[f].proto;

		if (!proto || !weft_match_get(mp->match, f))
			continue;
		if (!weft_match_get(mp->match, WEFT_FIELD_IP_PROTO)) {
			err = weft_match_put_uint(mp->match, WEFT_FIELD_IP_PROTO, proto);
			if (err)
				return err;
		}
		if (wl_match_proto(mp->match) != proto)
			return wl_fail(mp->ps, mp->from[f].tok,
				       "%s is of another protocol than the rest", mp->from[f].name);
	}
	return 0;
}

static int parse_filter(const struct wl_parse *ps, const char *p, struct weft_instance *filter)
{
	struct wl_match_parse mp = { .ps = ps, .match = &filter->fields, .metadata = true };
	struct wl_tok tok, name, value;
	int err = 0;

	while (!err && (tok = wl_next_item(&p)).len) {
		size_t i = 0;

		if (!wl_tok_split(tok, '=', &name, &value))
			value.s = NULL;
		while (i < WL_ARRAY_SIZE(items) && !wl_tok_is(name, items[i].name))
			i++;
		if (i == WL_ARRAY_SIZE(items)) {
			err = wl_match_parse_item(&mp, name, value);
			continue;
		}
		if (!value.s)
			return wl_fail(ps, tok, "'%s' needs a value", items[i].name);
		if (weft_has(filter, items[i].attr))
			return wl_fail(ps, tok, "duplicate '%s'", items[i].name);
		weft_mark(filter, items[i].attr);
		err = parse_item(ps, &items[i], value, filter);
	}
	if (!err)
		err = wl_match_parse_end(&mp, false);
	if (!err)
		err = imply_proto(&mp);
	if (filter->fields.n)
		weft_mark(filter, WEFT_INSTANCE_A_FIELDS);
	return err;
}

/**
 * weft_instance_parse_filter - read what selects instances
 * @out: uninitialised; on success the caller frees it
 * @text: template, slice, port, vm, state and fields under masks, each of which may be
 *	absent
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Fields need no prerequisites here: "ip_dst=192.0.2.1" is enough, and "tcp_dst=80"
 * stands for TCP, too.
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_instance_parse_filter(struct weft_instance *out, const char *text,
			       const struct weft_names *names, struct weft_error *err)
{
	struct wl_parse ps = { .start = text, .names = names, .err = err };
	int ret;

	weft_instance_init(out);
	ret = parse_filter(&ps, text, out);
	if (ret)
		weft_instance_free(out);
	return ret;
}

/* ---- variables ------------------------------------------------------------------ */

void wl_var_format(struct wl_buf *buf, uint32_t var, const struct weft_var_value *value)
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned int i;

	if (var == WEFT_VAR_IP) {
		inet_ntop(value->len == 4 ? AF_INET : AF_INET6, value->value, text, sizeof(text));
		wl_buf_puts(buf, text);
		return;
	}
	if (var == WEFT_VAR_PORT) {
		wl_buf_printf(buf, "%u", (unsigned int)wl_get_be(value->value, 2));
		return;
	}
	wl_buf_puts(buf, "0x");
	for (i = 0; i < value->len; i++)
		wl_buf_printf(buf, "%02x", value->value[i]);
}

static int parse_hex(const struct wl_parse *ps, struct wl_tok tok, uint8_t *out, size_t *len)
{
	char pair[5] = "0x";
	uint64_t value;
	size_t i;

	if (tok.len < 4 || tok.len % 2 || tok.len > 2 + 2 * WEFT_FIELD_LEN_MAX || tok.s[0] != '0' ||
	    tok.s[1] != 'x')
		return wl_fail(ps, tok, "'%.*s' is not 0x and 1 to %d pairs of hexadecimal digits",
			       shown(tok), tok.s, WEFT_FIELD_LEN_MAX);
	*len = tok.len / 2 - 1;
	for (i = 0; i < *len; i++) {
		memcpy(pair + 2, tok.s + 2 + 2 * i, 2);
		if (!wl_tok_uint((struct wl_tok){ pair, 4 }, &value))
			return wl_fail(ps, tok, "'%.*s' has digits that are none", shown(tok),
				       tok.s);
		out[i] = (uint8_t)value;
	}
	return 0;
}

int wl_var_parse(const struct wl_parse *ps, uint32_t var, struct wl_tok tok,
		 struct weft_instance *instance)
{
	bool ipv6 = tok.len && memchr(tok.s, ':', tok.len);
	uint8_t value[WEFT_FIELD_LEN_MAX];
	char text[INET6_ADDRSTRLEN];
	size_t len = 0;
	uint64_t port;
	int err = 0;

	switch (var) {
	case WEFT_VAR_IP:
		len = ipv6 ? 16 : 4;
		if (!wl_tok_copy(tok, text, sizeof(text)) ||
		    inet_pton(ipv6 ? AF_INET6 : AF_INET, text, value) != 1)
			err = wl_fail(ps, tok, "'%.*s' is not an IP address", shown(tok), tok.s);
		break;
	case WEFT_VAR_PORT:
		len = 2;
		err = wl_parse_uint(ps, tok, "port", UINT16_MAX, &port);
		if (!err)
			wl_put_be(value, 2, port);
		break;
	default:
		err = parse_hex(ps, tok, value, &len);
	}
	return err ? err : weft_instance_set_var(instance, var, value, len);
}

/* ---- a line for each -------------------------------------------------------------- */

struct writer {
	struct wl_buf *buf;
	bool separate;
};

static void separate(struct writer *w, const char *first)
{
	wl_buf_puts(w->buf, w->separate ? ", " : first);
	w->separate = true;
}

static void emit_field(void *ctx, const char *name, const char *value, bool numeric)
{
	struct writer *w = ctx;

	(void)numeric;
	separate(w, " ");
	wl_buf_puts(w->buf, name);
	if (value) {
		wl_buf_puts(w->buf, "=");
		wl_buf_puts(w->buf, value);
	}
}

static void format_vars(struct wl_buf *buf, const struct weft_instance *instance)
{
	struct writer w = { .buf = buf };
	uint32_t var;

	for (var = 0; var < WEFT_TEMPLATE_VARS; var++) {
		if (!instance->vars[var].len)
			continue;
		separate(&w, " -> ");
		wl_buf_printf(buf, "@%s=", weft_var_name(var));
		wl_var_format(buf, var, &instance->vars[var]);
	}
}

static void format_time(struct writer *w, const char *name, uint64_t ms)
{
	separate(w, "; ");
	wl_buf_printf(w->buf, "%s=", name);
	wl_format_seconds(w->buf, ms);
	wl_buf_puts(w->buf, "s");
}

static void format_traffic(struct writer *w, const char *name, struct weft_traffic sum)
{
	separate(w, "; ");
	wl_buf_printf(w->buf, "%s=%llu/%llu", name, (unsigned long long)sum.packets,
		      (unsigned long long)sum.bytes);
}

static void format_enum(struct writer *w, const char *what, const char *name, uint32_t value)
{
	separate(w, "; ");
	if (name)
		wl_buf_printf(w->buf, "%s=%s", what, name);
	else
		wl_buf_printf(w->buf, "%s=%u", what, value);
}

static void format_facts(struct wl_buf *buf, const struct weft_instance *instance,
			 const struct weft_names *names, unsigned int flags)
{
	struct writer w = { .buf = buf };

	if (weft_has(instance, WEFT_INSTANCE_A_STATE))
		format_enum(&w, "state", weft_state_name(instance->state), instance->state);
	if (instance->slice)
		format_enum(&w, "slice", NULL, instance->slice);
	if (weft_has(instance, WEFT_INSTANCE_A_IN_PORT)) {
		separate(&w, "; ");
		wl_buf_puts(buf, "port=");
		wl_format_port(buf, names, flags, instance->in_port);
	}
	if (instance->vm_id[0]) {
		separate(&w, "; ");
		wl_buf_puts(buf, "vm=");
		wl_format_name(buf, instance->vm_id);
	}
	if (instance->entries.n) {
		format_traffic(&w, "forward", weft_instance_traffic(instance, false));
		format_traffic(&w, "reply", weft_instance_traffic(instance, true));
	}
	if (weft_has(instance, WEFT_INSTANCE_A_AGE))
		format_time(&w, "age", instance->age_ms);
	if (weft_has(instance, WEFT_INSTANCE_A_IDLE))
		format_time(&w, "idle", instance->idle_ms);
	if (weft_has(instance, WEFT_INSTANCE_A_EXPIRES))
		format_time(&w, "expires", instance->expires_ms);
	if (weft_has(instance, WEFT_INSTANCE_A_REASON))
		format_enum(&w, "reason", weft_reason_name(instance->reason), instance->reason);
}

static void format_entry(struct wl_buf *buf, const struct weft_tentry *entry)
{
	wl_buf_puts(buf, "\n    ");
	wl_format_name(buf, entry->name);
	wl_buf_printf(buf, ": %stable=%u, priority=%u, packets=%llu, bytes=%llu",
		      weft_has(entry, WEFT_TENTRY_A_REPLY) ? "reply, " : "", entry->table,
		      entry->priority, (unsigned long long)entry->packets,
		      (unsigned long long)entry->bytes);
}

/**
 * weft_instance_format - write an instance to look at
 * @instance: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES; WEFT_FMT_LINES: and its entries, one on each further line
 *
 * Returns a string that the caller frees, NULL when out of memory.
 */
char *weft_instance_format(const struct weft_instance *instance, const struct weft_names *names,
			   unsigned int flags)
{
	const char *name = NULL;
	struct wl_buf buf = { 0 };
	struct writer w = { .buf = &buf };
	unsigned int i;

	if (names && names->template_name && !(flags & WEFT_FMT_NO_NAMES))
		name = names->template_name(names->ctx, instance->template_id);
	wl_buf_printf(&buf, "%u: ", instance->id);
	if (name && *name)
		wl_format_name(&buf, name);
	else
		wl_buf_printf(&buf, "%u", instance->template_id);
	wl_match_emit(&instance->fields, names, flags, true, &buf, emit_field, &w);
	format_vars(&buf, instance);
	format_facts(&buf, instance, names, flags);
	for (i = 0; (flags & WEFT_FMT_LINES) && i < instance->entries.n; i++)
		format_entry(&buf, &instance->entries.v[i]);
	return wl_buf_take(&buf);
}
