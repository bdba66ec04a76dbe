// SPDX-License-Identifier: Apache-2.0
/*
 * Templates as JSON:
 *
 *	{"id": 5, "name": "snat", "mode": "kernel", "pool": 3, "track": "state",
 *	 "timeouts": {"tcp_established": 7440}, "limits": [{"max": 9, "fields": ["ip_src"]}],
 *	 "entries": [{"name": "forward", "when": ["ipv4", "tcp"], "table": 14, "priority": "+1",
 *		      "match": {"ldp": "$ldp", "eth_type": "$eth_type", "ip_dst": "10.0.0.0/8"},
 *		      "actions": [{"set": {"ip_src": "@ip"}}, {"goto": 15}]}],
 *	 "fail": [{"drop": "pool_exhausted"}], "fail_timeout": 1}
 *
 * A priority with a sign is a string; times are seconds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* ---- writing ---------------------------------------------------------------- */

json_t *wl_json_when(uint32_t when)
{
	json_t *array = json_array();
	uint32_t bit;

	for (bit = 1; bit <= WEFT_WHEN_OTHER; bit <<= 1)
		if (when & bit)
			wl_json_append(&array, json_string(weft_when_name(bit)));
	return array;
}

/* Fixed and bound alike */
static json_t *match_to_json(const struct weft_tentry *entry, const struct weft_names *names,
			     unsigned int flags)
{
	json_t *obj = weft_match_to_json(&entry->match, names, flags);
	unsigned int i;

	for (i = 0; i < entry->binds.n; i++) {
		struct wl_buf name = { 0 }, source = { 0 };

		wl_bind_format(&name, &source, &entry->binds.v[i], names);
		wl_json_set(&obj, name.failed ? "?" : name.s, wl_json_take(&source));
		wl_buf_free(&name);
	}
	return obj;
}

static json_t *entry_to_json(const struct weft_tentry *entry, const struct weft_names *names,
			     unsigned int flags)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "name", wl_json_string(entry->name));
	if (entry->when)
		wl_json_set(&obj, "when", wl_json_when(entry->when));
	if (weft_has(entry, WEFT_TENTRY_A_REPLY))
		wl_json_set(&obj, "reply", json_true());
	if (weft_has(entry, WEFT_TENTRY_A_WIDE))
		wl_json_set(&obj, "wide", json_true());
	wl_json_set(&obj, "table", json_integer(entry->table));
	if (weft_has(entry, WEFT_TENTRY_A_PRIORITY))
		wl_json_set(&obj, "priority", json_integer(entry->priority));
	else
		wl_json_set(&obj, "priority", json_sprintf("%+d", entry->delta));
	wl_json_set(&obj, "match", match_to_json(entry, names, flags));
	wl_json_set(
		&obj, "actions",
		wl_actions_to_json(&entry->actions, wl_match_proto(&entry->match), names, flags));
	return obj;
}

static json_t *entries_to_json(const struct weft_template *tmpl, const struct weft_names *names,
			       unsigned int flags)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < tmpl->entries.n; i++)
		wl_json_append(&array, entry_to_json(&tmpl->entries.v[i], names, flags));
	return array;
}

static json_t *timeouts_to_json(const struct weft_timeouts *timeouts)
{
	json_t *obj = json_object();
	unsigned int attr;

	for (attr = 1; attr <= WEFT_TIMEOUTS_A_MAX; attr++)
		if (weft_has(timeouts, attr))
			wl_json_set(&obj, weft_timeout_name(attr),
				    wl_json_seconds(timeouts->ms[attr]));
	return obj;
}

static json_t *refused_to_json(const uint64_t *refused)
{
	json_t *obj = json_object();
	unsigned int attr;

	for (attr = 1; attr <= WEFT_REFUSED_A_MAX; attr++)
		if (refused[attr])
			wl_json_set(&obj, weft_refused_name(attr), wl_json_uint(refused[attr]));
	return obj;
}

static void stats_to_json(json_t **obj, const struct weft_template *tmpl)
{
	if (weft_has(tmpl, WEFT_TEMPLATE_A_N_INSTANCES))
		wl_json_set(obj, "n_instances", json_integer(tmpl->n_instances));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_N_PENDING))
		wl_json_set(obj, "n_pending", json_integer(tmpl->n_pending));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_CREATED))
		wl_json_set(obj, "created", wl_json_uint(tmpl->created));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_SENDERS))
		wl_json_set(obj, "senders", json_integer(tmpl->senders));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_REFUSED))
		wl_json_set(obj, "refused", refused_to_json(tmpl->refused));
}

/**
 * weft_template_to_json - write a template
 * @tmpl: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES; WEFT_FMT_STATS: and its counters
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_template_to_json(const struct weft_template *tmpl, const struct weft_names *names,
			      unsigned int flags)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "id", json_integer(tmpl->id));
	if (tmpl->name[0])
		wl_json_set(&obj, "name", wl_json_string(tmpl->name));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_MODE))
		wl_json_set(&obj, "mode", wl_json_enum(weft_mode_name(tmpl->mode), tmpl->mode));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_POOL))
		wl_json_set(&obj, "pool", json_integer(tmpl->pool));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_MAP_FIELD) && weft_field_desc(tmpl->map_field))
		wl_json_set(&obj, "map_field", json_string(weft_field_desc(tmpl->map_field)->name));
	if (tmpl->service[0])
		wl_json_set(&obj, "service", wl_json_string(tmpl->service));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_SLICE))
		wl_json_set(&obj, "slice", json_integer(tmpl->slice));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_TRACK))
		wl_json_set(&obj, "track", wl_json_enum(weft_track_name(tmpl->track), tmpl->track));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_TIMEOUTS))
		wl_json_set(&obj, "timeouts", timeouts_to_json(&tmpl->timeouts));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_PENDING_PACKETS))
		wl_json_set(&obj, "pending_packets", json_integer(tmpl->pending_packets));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_PENDING_TIMEOUT))
		wl_json_set(&obj, "pending_timeout", wl_json_seconds(tmpl->pending_timeout_ms));
	if (tmpl->n_limits)
		wl_json_set(&obj, "limits", wl_limits_to_json(tmpl, names));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_FALLBACK))
		wl_json_set(&obj, "fallback",
			    wl_json_enum(weft_fallback_name(tmpl->fallback), tmpl->fallback));
	wl_json_set(&obj, "entries", entries_to_json(tmpl, names, flags));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_FAIL))
		wl_json_set(&obj, "fail", wl_actions_to_json(&tmpl->fail, 0, names, flags));
	if (weft_has(tmpl, WEFT_TEMPLATE_A_FAIL_TIMEOUT))
		wl_json_set(&obj, "fail_timeout", wl_json_seconds(tmpl->fail_timeout_ms));
	if (flags & WEFT_FMT_STATS)
		stats_to_json(&obj, tmpl);
	return obj;
}

/* ---- entries, read ------------------------------------------------------------ */

int wl_at_when(const struct wl_at *at, const json_t *json, uint32_t *when)
{
	json_t *item;
	size_t i;
	int err;

	*when = 0;
	if (!json_is_array(json))
		return wl_at_fail(at, "an array is needed");
	json_array_foreach((json_t *)json, i, item) {
		struct wl_at place = wl_at_index(at, i);
		uint32_t bit;

		err = wl_at_enum(&place, item, weft_when_from_name, &bit);
		if (!err && *when & bit)
			err = wl_at_fail(&place, "'%s' is given twice", json_string_value(item));
		if (err)
			return err;
		*when |= bit;
	}
	return *when ? 0 : wl_at_fail(at, "nothing would fit");
}

/* @ctx: struct wl_tentry_parse */
static int match_member(const struct wl_at *at, const char *name, const json_t *value, void *ctx)
{
	struct wl_tentry_parse *tp = ctx;
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok = { 0 };
	char space[24];
	int err = 0;

	if (!json_is_true(value))
		err = wl_at_text(at, value, space, sizeof(space), &tok);
	if (err)
		return err;
	tp->mp.ps = &ps;
	err = wl_tentry_parse_item(tp, wl_tok_str(name), tok);
	tp->mp.ps = NULL;
	return err;
}

static int read_flag(const struct wl_at *at, const json_t *json, struct weft_tentry *entry,
		     enum weft_tentry_attr attr)
{
	if (!json_is_boolean(json))
		return wl_at_fail(at, "true or false is needed");
	if (json_is_true(json))
		weft_mark(entry, attr);
	return 0;
}

/* @ctx: struct wl_tentry_parse */
static int entry_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct wl_tentry_parse *tp = ctx;
	struct weft_tentry *entry = tp->entry;
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err;

	if (!strcmp(name, "name"))
		return wl_at_string(at, json, entry->name, sizeof(entry->name));
	if (!strcmp(name, "when")) {
		weft_mark(entry, WEFT_TENTRY_A_WHEN);
		return wl_at_when(at, json, &entry->when);
	}
	if (!strcmp(name, "reply"))
		return read_flag(at, json, entry, WEFT_TENTRY_A_REPLY);
	if (!strcmp(name, "wide"))
		return read_flag(at, json, entry, WEFT_TENTRY_A_WIDE);
	if (!strcmp(name, "match"))
		return wl_at_members(at, json, match_member, tp);
	if (!strcmp(name, "actions")) {
		weft_mark(entry, WEFT_TENTRY_A_ACTIONS);
		return wl_actions_from_json(at, json, &entry->actions);
	}
	if (strcmp(name, "table") && strcmp(name, "priority"))
		return wl_at_fail(at, "an entry has no member '%.60s'", name);
	err = wl_at_text(at, json, space, sizeof(space), &tok);
	if (err)
		return err;
	if (!strcmp(name, "priority"))
		return wl_tentry_priority_parse(&ps, tok, entry);
	weft_mark(entry, WEFT_TENTRY_A_TABLE);
	return wl_parse_table(&ps, tok, &entry->table);
}

/* @ctx: struct weft_template */
static int read_entry(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tentry_parse tp = { 0 };
	struct weft_template *tmpl = ctx;
	struct weft_tentry *entry;
	struct wl_at inside = *at;
	unsigned int i;
	int err = wl_at_object(at, json);

	(void)name;
	if (err)
		return err;
	if (tmpl->entries.n == WEFT_TEMPLATE_ENTRIES)
		return wl_at_fail(at, "a template has at most %d entries", WEFT_TEMPLATE_ENTRIES);
	entry = weft_template_add_entry(tmpl, "");
	if (!entry)
		return -ENOMEM;
	tp.entry = entry;
	tp.mp.match = &entry->match;
	inside.binds = true;
	err = wl_at_members(&inside, json, entry_member, &tp);
	if (err)
		return err;
	if (!entry->name[0])
		return wl_at_fail(at, "name is missing");
	if (!weft_has(entry, WEFT_TENTRY_A_TABLE))
		return wl_at_fail(at, "table is missing");
	if (!weft_has(entry, WEFT_TENTRY_A_ACTIONS))
		return wl_at_fail(at, "actions are missing");
	for (i = 0; i + 1 < tmpl->entries.n; i++)
		if (!strcmp(tmpl->entries.v[i].name, entry->name))
			return wl_at_fail(at, "duplicate entry '%s'", entry->name);
	tp.mp.ps = &ps;
	return wl_tentry_parse_end(&tp);
}

/* ---- the rest, read -------------------------------------------------------------- */

/* @ctx: struct weft_timeouts */
static int read_timeout(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct weft_timeouts *timeouts = ctx;
	int attr = weft_timeout_from_name(name), err;
	uint64_t ms;

	if (attr < 0)
		return wl_at_fail(at, "there is no timeout '%.60s'", name);
	err = wl_at_seconds(at, json, UINT32_MAX, &ms);
	if (err)
		return err;
	timeouts->ms[attr] = (uint32_t)ms;
	weft_mark(timeouts, attr);
	return 0;
}

/* @ctx: array by attribute */
static int read_refused(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	uint64_t *refused = ctx;
	unsigned int attr;

	for (attr = 1; attr <= WEFT_REFUSED_A_MAX; attr++)
		if (weft_refused_name(attr) && !strcmp(weft_refused_name(attr), name))
			break;
	if (attr > WEFT_REFUSED_A_MAX)
		return wl_at_fail(at, "there is no counter '%.60s'", name);
	return wl_at_uint(at, json, UINT64_MAX, &refused[attr]);
}

static int read_u32(const struct wl_at *at, const json_t *json, uint32_t *value)
{
	uint64_t number = 0;
	int err = wl_at_uint(at, json, UINT32_MAX, &number);

	*value = (uint32_t)number;
	return err;
}

static int read_ms(const struct wl_at *at, const json_t *json, uint32_t *ms)
{
	uint64_t number = 0;
	int err = wl_at_seconds(at, json, UINT32_MAX, &number);

	*ms = (uint32_t)number;
	return err;
}

static int read_item(const struct wl_at *at, const json_t *json, enum weft_template_attr attr,
		     struct weft_template *tmpl)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err = wl_at_text(at, json, space, sizeof(space), &tok);

	return err ? err : wl_template_item_parse(&ps, attr, tok, tmpl);
}

/* @ctx: struct weft_template */
static int template_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct weft_template *tmpl = ctx;
	static const struct {
		const char *name;
		enum weft_template_attr attr;
	} members[] = {
		{ "id", WEFT_TEMPLATE_A_ID },
		{ "name", WEFT_TEMPLATE_A_NAME },
		{ "mode", WEFT_TEMPLATE_A_MODE },
		{ "pool", WEFT_TEMPLATE_A_POOL },
		{ "map_field", WEFT_TEMPLATE_A_MAP_FIELD },
		{ "service", WEFT_TEMPLATE_A_SERVICE },
		{ "slice", WEFT_TEMPLATE_A_SLICE },
		{ "track", WEFT_TEMPLATE_A_TRACK },
		{ "timeouts", WEFT_TEMPLATE_A_TIMEOUTS },
		{ "pending_packets", WEFT_TEMPLATE_A_PENDING_PACKETS },
		{ "pending_timeout", WEFT_TEMPLATE_A_PENDING_TIMEOUT },
		{ "limits", WEFT_TEMPLATE_A_LIMITS },
		{ "fallback", WEFT_TEMPLATE_A_FALLBACK },
		{ "entries", WEFT_TEMPLATE_A_ENTRIES },
		{ "fail", WEFT_TEMPLATE_A_FAIL },
		{ "fail_timeout", WEFT_TEMPLATE_A_FAIL_TIMEOUT },
		{ "n_instances", WEFT_TEMPLATE_A_N_INSTANCES },
		{ "n_pending", WEFT_TEMPLATE_A_N_PENDING },
		{ "created", WEFT_TEMPLATE_A_CREATED },
		{ "senders", WEFT_TEMPLATE_A_SENDERS },
		{ "refused", WEFT_TEMPLATE_A_REFUSED },
	};
	size_t i = 0;

	while (i < WL_ARRAY_SIZE(members) && strcmp(name, members[i].name))
		i++;
	if (i == WL_ARRAY_SIZE(members))
		return wl_at_fail(at, "a template has no member '%.60s'", name);
	weft_mark(tmpl, members[i].attr);

	switch (members[i].attr) {
	case WEFT_TEMPLATE_A_NAME:
		return wl_at_string(at, json, tmpl->name, sizeof(tmpl->name));
	case WEFT_TEMPLATE_A_TIMEOUTS:
		return wl_at_members(at, json, read_timeout, &tmpl->timeouts);
	case WEFT_TEMPLATE_A_LIMITS:
		return wl_at_elements(at, json, wl_limit_from_json, tmpl);
	case WEFT_TEMPLATE_A_ENTRIES:
		return wl_at_elements(at, json, read_entry, tmpl);
	case WEFT_TEMPLATE_A_FAIL:
		return wl_actions_from_json(at, json, &tmpl->fail);
	case WEFT_TEMPLATE_A_FAIL_TIMEOUT:
		return read_ms(at, json, &tmpl->fail_timeout_ms);
	case WEFT_TEMPLATE_A_PENDING_TIMEOUT:
		return read_ms(at, json, &tmpl->pending_timeout_ms);
	case WEFT_TEMPLATE_A_N_INSTANCES:
		return read_u32(at, json, &tmpl->n_instances);
	case WEFT_TEMPLATE_A_N_PENDING:
		return read_u32(at, json, &tmpl->n_pending);
	case WEFT_TEMPLATE_A_SENDERS:
		return read_u32(at, json, &tmpl->senders);
	case WEFT_TEMPLATE_A_CREATED:
		return wl_at_uint(at, json, UINT64_MAX, &tmpl->created);
	case WEFT_TEMPLATE_A_REFUSED:
		return wl_at_members(at, json, read_refused, tmpl->refused);
	default:
		return read_item(at, json, members[i].attr, tmpl);
	}
}

/**
 * weft_template_from_json - read a template
 * @out: uninitialised; on success the caller frees it
 * @json: an object
 * @path: where it is; NULL: "$"
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_template_from_json(struct weft_template *out, const json_t *json, const char *path,
			    const struct weft_names *names, struct weft_error *err)
{
	struct wl_at at;
	int ret;

	weft_template_init(out);
	wl_at_begin(&at, path, names, err);
	ret = wl_at_members(&at, json, template_member, out);
	if (!ret && !weft_has(out, WEFT_TEMPLATE_A_ID))
		ret = wl_at_fail(&at, "id is missing");
	else if (!ret && !out->entries.n)
		ret = wl_at_fail(&at, "entries are missing");
	if (ret)
		weft_template_free(out);
	return ret;
}
