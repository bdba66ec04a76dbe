// SPDX-License-Identifier: Apache-2.0
/*
 * Instances as JSON, which is how they are exported and imported:
 *
 *	{"template": 5, "priority": 100, "in_port": "vm1", "when": ["ipv4", "tcp"],
 *	 "fields": {"ldp": 7, "eth_type": "ip", "ip_src": "10.0.0.1", "ip_proto": 6},
 *	 "vars": {"ip": "11.0.1.1", "port": 1234}, "state": "tcp_established", "idle": 12.5}
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* ---- writing ---------------------------------------------------------------- */

static json_t *vars_to_json(const struct weft_instance *instance)
{
	json_t *obj = json_object();
	uint32_t var;

	for (var = 0; var < WEFT_TEMPLATE_VARS; var++) {
		const struct weft_var_value *value = &instance->vars[var];
		struct wl_buf buf = { 0 };

		if (!value->len)
			continue;
		if (var == WEFT_VAR_PORT) {
			wl_json_set(&obj, weft_var_name(var),
				    json_integer((json_int_t)wl_get_be(value->value, 2)));
			continue;
		}
		wl_var_format(&buf, var, value);
		wl_json_set(&obj, weft_var_name(var), wl_json_take(&buf));
	}
	return obj;
}

static json_t *entries_to_json(const struct weft_instance *instance)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < instance->entries.n; i++) {
		const struct weft_tentry *entry = &instance->entries.v[i];
		json_t *obj = json_object();

		wl_json_set(&obj, "name", wl_json_string(entry->name));
		wl_json_set(&obj, "table", json_integer(entry->table));
		wl_json_set(&obj, "priority", json_integer(entry->priority));
		wl_json_set(&obj, "reply", json_boolean(weft_has(entry, WEFT_TENTRY_A_REPLY)));
		wl_json_set(&obj, "packets", wl_json_uint(entry->packets));
		wl_json_set(&obj, "bytes", wl_json_uint(entry->bytes));
		wl_json_append(&array, obj);
	}
	return array;
}

static void facts_to_json(json_t **obj, const struct weft_instance *instance,
			  const struct weft_names *names, unsigned int flags)
{
	const char *name = NULL;

	if (names && names->template_name && !(flags & WEFT_FMT_NO_NAMES))
		name = names->template_name(names->ctx, instance->template_id);
	if (name && *name)
		wl_json_set(obj, "template_name", wl_json_string(name));
	if (weft_has(instance, WEFT_INSTANCE_A_VM_ID))
		wl_json_set(obj, "vm_id", wl_json_string(instance->vm_id));
	if (weft_has(instance, WEFT_INSTANCE_A_ENTRIES))
		wl_json_set(obj, "entries", entries_to_json(instance));
	if (weft_has(instance, WEFT_INSTANCE_A_AGE))
		wl_json_set(obj, "age", wl_json_seconds(instance->age_ms));
	if (weft_has(instance, WEFT_INSTANCE_A_EXPIRES))
		wl_json_set(obj, "expires", wl_json_seconds(instance->expires_ms));
}

/**
 * weft_instance_to_json - write an instance
 * @instance: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES; WEFT_FMT_STATS: not only what an import needs
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_instance_to_json(const struct weft_instance *instance, const struct weft_names *names,
			      unsigned int flags)
{
	json_t *obj = json_object();

	if (flags & WEFT_FMT_STATS)
		wl_json_set(&obj, "id", json_integer(instance->id));
	wl_json_set(&obj, "template", json_integer(instance->template_id));
	if (weft_has(instance, WEFT_INSTANCE_A_SLICE))
		wl_json_set(&obj, "slice", json_integer(instance->slice));
	if (weft_has(instance, WEFT_INSTANCE_A_PRIORITY))
		wl_json_set(&obj, "priority", json_integer(instance->priority));
	if (weft_has(instance, WEFT_INSTANCE_A_IN_PORT))
		wl_json_set(&obj, "in_port", wl_json_port(instance->in_port, names, flags));
	if (weft_has(instance, WEFT_INSTANCE_A_WHEN))
		wl_json_set(&obj, "when", wl_json_when(instance->when));
	wl_json_set(&obj, "fields", weft_match_to_json(&instance->fields, names, flags));
	if (weft_has(instance, WEFT_INSTANCE_A_VARS))
		wl_json_set(&obj, "vars", vars_to_json(instance));
	if (weft_has(instance, WEFT_INSTANCE_A_STATE))
		wl_json_set(&obj, "state",
			    wl_json_enum(weft_state_name(instance->state), instance->state));
	if (weft_has(instance, WEFT_INSTANCE_A_IDLE))
		wl_json_set(&obj, "idle", wl_json_seconds(instance->idle_ms));
	if (flags & WEFT_FMT_STATS)
		facts_to_json(&obj, instance, names, flags);
	return obj;
}

/* ---- reading ------------------------------------------------------------------- */

static int read_fields(const struct wl_at *at, const json_t *json, struct weft_match *out)
{
	unsigned int f;
	int err = wl_match_from_json(at, json, false, out);

	for (f = 1; !err && f <= WEFT_FIELD_MAX; f++) {
		const struct weft_field_value *v = weft_match_get(out, f);

		if (v && !wl_mask_is_full(f, v->mask))
			err = wl_at_fail(at, "%s: no mask here", weft_field_desc(f)->name);
	}
	return err;
}

/* @ctx: struct weft_instance */
static int read_var(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);
	int var = weft_var_from_name(name), err;
	struct wl_tok tok;
	char space[24];

	if (var < 0)
		return wl_at_fail(at, "there is no variable '%.60s'", name);
	err = wl_at_text(at, json, space, sizeof(space), &tok);
	return err ? err : wl_var_parse(&ps, (uint32_t)var, tok, ctx);
}

static int read_priority(const struct wl_at *at, const json_t *json, int32_t *priority)
{
	if (!json_is_integer(json) || json_integer_value(json) < -UINT16_MAX ||
	    json_integer_value(json) > UINT16_MAX)
		return wl_at_fail(at, "a number up to 65535 is needed");
	*priority = (int32_t)json_integer_value(json);
	return 0;
}

static int read_ref(const struct wl_at *at, const json_t *json,
		    int (*parse)(const struct wl_parse *ps, struct wl_tok tok, uint32_t *id),
		    uint32_t *id)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err = wl_at_text(at, json, space, sizeof(space), &tok);

	return err ? err : parse(&ps, tok, id);
}

/* @ctx: struct weft_instance */
static int instance_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct weft_instance *instance = ctx;
	static const struct {
		const char *name;
		enum weft_instance_attr attr; /* 0: reported only, not read */
	} members[] = {
		{ "template", WEFT_INSTANCE_A_TEMPLATE },
		{ "slice", WEFT_INSTANCE_A_SLICE },
		{ "priority", WEFT_INSTANCE_A_PRIORITY },
		{ "in_port", WEFT_INSTANCE_A_IN_PORT },
		{ "when", WEFT_INSTANCE_A_WHEN },
		{ "fields", WEFT_INSTANCE_A_FIELDS },
		{ "vars", WEFT_INSTANCE_A_VARS },
		{ "state", WEFT_INSTANCE_A_STATE },
		{ "idle", WEFT_INSTANCE_A_IDLE },
		{ "id", 0 },
		{ "template_name", 0 },
		{ "vm_id", 0 },
		{ "entries", 0 },
		{ "age", 0 },
		{ "expires", 0 },
	};
	uint64_t number = 0;
	size_t i = 0;
	int err;

	while (i < WL_ARRAY_SIZE(members) && strcmp(name, members[i].name))
		i++;
	if (i == WL_ARRAY_SIZE(members))
		return wl_at_fail(at, "an instance has no member '%.60s'", name);
	if (!members[i].attr)
		return 0;
	weft_mark(instance, members[i].attr);

	switch (members[i].attr) {
	case WEFT_INSTANCE_A_TEMPLATE:
		return read_ref(at, json, wl_parse_template, &instance->template_id);
	case WEFT_INSTANCE_A_SLICE:
		err = wl_at_uint(at, json, UINT16_MAX, &number);
		instance->slice = (uint16_t)number;
		return err;
	case WEFT_INSTANCE_A_PRIORITY:
		return read_priority(at, json, &instance->priority);
	case WEFT_INSTANCE_A_IN_PORT:
		return read_ref(at, json, wl_parse_port, &instance->in_port);
	case WEFT_INSTANCE_A_WHEN:
		return wl_at_when(at, json, &instance->when);
	case WEFT_INSTANCE_A_FIELDS:
		return read_fields(at, json, &instance->fields);
	case WEFT_INSTANCE_A_VARS:
		return wl_at_members(at, json, read_var, instance);
	case WEFT_INSTANCE_A_STATE:
		return wl_at_enum(at, json, weft_state_from_name, &instance->state);
	default:
		return wl_at_seconds(at, json, 1ULL << 53, &instance->idle_ms);
	}
}

/**
 * weft_instance_from_json - read an instance to import
 * @out: uninitialised; on success the caller frees it
 * @json: an object; what is only reported is not read
 * @path: where it is; NULL: "$"
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_instance_from_json(struct weft_instance *out, const json_t *json, const char *path,
			    const struct weft_names *names, struct weft_error *err)
{
	struct wl_at at;
	int ret;

	weft_instance_init(out);
	wl_at_begin(&at, path, names, err);
	ret = wl_at_members(&at, json, instance_member, out);
	if (!ret && !weft_has(out, WEFT_INSTANCE_A_TEMPLATE))
		ret = wl_at_fail(&at, "template is missing");
	else if (!ret && !weft_has(out, WEFT_INSTANCE_A_FIELDS))
		ret = wl_at_fail(&at, "fields are missing");
	if (ret)
		weft_instance_free(out);
	return ret;
}
