// SPDX-License-Identifier: Apache-2.0
/*
 * Limits of templates: "64:ldp+lin" are 64 instances for each pair of values, "64" is 64 in all,
 * and "$reg9:ldp+lin" as many as the opening packet has in that register. As JSON
 * {"max": 64, "fields": ["ldp", "lin"]} and {"max": "$reg9", "fields": ["ldp", "lin"]}.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "json.h"

static int shown(struct wl_tok tok)
{
	return (int)(tok.len < 60 ? tok.len : 60);
}

/* ---- attributes ------------------------------------------------------------------ */

int wl_limits_get(struct weft_template *tmpl, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err = wl_nest_check(nest);

	tmpl->n_limits = 0;
	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != WEFT_LIMITS_A_LIMIT)
			continue;
		if (tmpl->n_limits == WEFT_TEMPLATE_LIMITS)
			return -EPROTO;
		err = wl_attr_bytes(attr, &tmpl->limits[tmpl->n_limits++], sizeof(*tmpl->limits));
		if (err)
			return err;
	}
	return 0;
}

int wl_limits_put(struct nlmsghdr *nlh, size_t size, const struct weft_template *tmpl)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, WEFT_TEMPLATE_A_LIMITS);
	bool ok = nest;
	unsigned int i;

	for (i = 0; i < tmpl->n_limits; i++)
		ok = ok && mnl_attr_put_check(nlh, size, WEFT_LIMITS_A_LIMIT, sizeof(*tmpl->limits),
					      &tmpl->limits[i]);
	return ok ? wl_nest_end(nlh, nest) : -EMSGSIZE;
}

bool wl_limits_equal(const struct weft_template *a, const struct weft_template *b)
{
	return a->n_limits == b->n_limits &&
	       !memcmp(a->limits, b->limits, a->n_limits * sizeof(*a->limits));
}

/* ---- read ---------------------------------------------------------------------------- */

static int find_field(const struct wl_parse *ps, struct wl_tok tok, uint16_t *field)
{
	struct wl_field_name space;
	const struct wl_field_name *fn = wl_field_name_find(ps, tok, &space);

	if (!fn)
		return -EINVAL;
	if (fn->part != WL_PART_WHOLE && fn->part != WL_PART_TUN_ADDR)
		return wl_fail(ps, tok, "'%.*s' is part of a field: limits go by whole ones",
			       shown(tok), tok.s);
	*field = fn->field;
	return 0;
}

static int parse_max(const struct wl_parse *ps, struct wl_tok tok, struct weft_limit *limit)
{
	struct wl_tok name = { tok.s + 1, tok.len - 1 };
	uint64_t number;
	int err;

	if (!tok.len || tok.s[0] != '$') {
		err = wl_parse_uint(ps, tok, "limit", UINT32_MAX, &number);
		if (!err && !number)
			err = wl_fail(ps, tok, "limit '0' is out of range: at least 1");
		limit->max = err ? 0 : (uint32_t)number;
		return err;
	}
	err = find_field(ps, name, &limit->max_field);
	if (!err && (limit->max_field < WEFT_FIELD_REG0 || limit->max_field > WEFT_FIELD_REG15))
		err = wl_fail(ps, tok, "'%.*s' is no register: $reg0 to $reg15", shown(tok), tok.s);
	return err;
}

static int add_field(const struct wl_parse *ps, struct wl_tok tok, struct weft_limit *limit)
{
	unsigned int n = 0;
	uint16_t field;
	int err = find_field(ps, tok, &field);

	if (err)
		return err;
	while (n < WEFT_LIMIT_FIELDS && limit->fields[n]) {
		if (limit->fields[n++] == field)
			return wl_fail(ps, tok, "duplicate '%.*s'", shown(tok), tok.s);
	}
	if (n == WEFT_LIMIT_FIELDS)
		return wl_fail(ps, tok, "a limit goes by at most %d fields", WEFT_LIMIT_FIELDS);
	limit->fields[n] = field;
	return 0;
}

/* NULL with the error filled in when there are too many */
static struct weft_limit *new_limit(const struct wl_parse *ps, struct wl_tok tok,
				    struct weft_template *tmpl)
{
	struct weft_limit *limit = &tmpl->limits[tmpl->n_limits];

	if (tmpl->n_limits == WEFT_TEMPLATE_LIMITS) {
		wl_fail(ps, tok, "a template has at most %d limits", WEFT_TEMPLATE_LIMITS);
		return NULL;
	}
	tmpl->n_limits++;
	*limit = (struct weft_limit){ 0 };
	return limit;
}

int wl_limit_parse(const struct wl_parse *ps, struct wl_tok tok, struct weft_template *tmpl)
{
	struct weft_limit *limit = new_limit(ps, tok, tmpl);
	struct wl_tok max, rest, field;
	bool more;
	int err;

	if (!limit)
		return -EINVAL;
	more = wl_tok_split(tok, ':', &max, &rest);
	err = parse_max(ps, max, limit);
	while (!err && more) {
		more = wl_tok_split(rest, '+', &field, &rest);
		err = add_field(ps, field, limit);
	}
	return err;
}

/* @ctx: struct weft_limit */
static int json_field(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);

	(void)name;
	if (!json_is_string(json))
		return wl_at_fail(at, "a field's name is needed");
	return add_field(&ps, wl_tok_str(json_string_value(json)), ctx);
}

/* @ctx: struct weft_limit */
static int json_limit_member(const struct wl_at *at, const char *name, const json_t *json,
			     void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err;

	if (!strcmp(name, "fields"))
		return wl_at_elements(at, json, json_field, ctx);
	if (strcmp(name, "max"))
		return wl_at_fail(at, "a limit has no member '%.60s'", name);
	err = wl_at_text(at, json, space, sizeof(space), &tok);
	return err ? err : parse_max(&ps, tok, ctx);
}

/* @ctx: struct weft_template */
int wl_limit_from_json(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);
	struct weft_limit *limit = new_limit(&ps, (struct wl_tok){ 0 }, ctx);
	int err;

	(void)name;
	if (!limit)
		return -EINVAL;
	err = wl_at_members(at, json, json_limit_member, limit);
	if (!err && !limit->max && !limit->max_field)
		err = wl_at_fail(at, "max is missing");
	return err;
}

/* ---- written --------------------------------------------------------------------- */

static const char *name_of(uint16_t field, const struct weft_names *names)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	const char *alias = NULL;

	if (names && names->field_alias)
		alias = names->field_alias(names->ctx, field);
	return alias ? alias : desc ? desc->name : "?";
}

void wl_limit_format(struct wl_buf *buf, const struct weft_limit *limit,
		     const struct weft_names *names)
{
	unsigned int n;

	if (limit->max)
		wl_buf_printf(buf, "%u", limit->max);
	else
		wl_buf_printf(buf, "$%s", name_of(limit->max_field, names));
	for (n = 0; n < WEFT_LIMIT_FIELDS && limit->fields[n]; n++)
		wl_buf_printf(buf, "%c%s", n ? '+' : ':', name_of(limit->fields[n], names));
}

static json_t *limit_to_json(const struct weft_limit *limit, const struct weft_names *names)
{
	json_t *obj = json_object(), *fields = json_array();
	unsigned int n;

	for (n = 0; n < WEFT_LIMIT_FIELDS && limit->fields[n]; n++)
		wl_json_append(&fields, json_string(name_of(limit->fields[n], names)));
	wl_json_set(&obj, "max",
		    limit->max ? json_integer(limit->max) :
				 json_sprintf("$%s", name_of(limit->max_field, names)));
	wl_json_set(&obj, "fields", fields);
	return obj;
}

json_t *wl_limits_to_json(const struct weft_template *tmpl, const struct weft_names *names)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < tmpl->n_limits; i++)
		wl_json_append(&array, limit_to_json(&tmpl->limits[i], names));
	return array;
}
