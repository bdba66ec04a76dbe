// SPDX-License-Identifier: Apache-2.0
/*
 * Matches and flow entries as JSON:
 *
 *	{"table": 12, "priority": 100, "cookie": "0x1",
 *	 "match": {"eth_type": "ip", "ip_dst": "10.0.2.0/24", "ip_proto": 6},
 *	 "actions": ["dec_ttl", {"goto": 20}]}
 *
 * Members of a match have the names and the values of the text form; numbers may be
 * numbers. Times are seconds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void emit_member(void *ctx, const char *name, const char *value, bool numeric)
{
	json_t **obj = ctx;

	if (numeric)
		wl_json_set(obj, name, wl_json_uint(strtoull(value, NULL, 10)));
	else
		wl_json_set(obj, name, wl_json_string(value));
}

/**
 * weft_match_to_json - write a match
 * @match: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_NO_NAMES
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_match_to_json(const struct weft_match *match, const struct weft_names *names,
			   unsigned int flags)
{
	struct wl_buf failed = { 0 };
	json_t *obj = json_object();

	wl_match_emit(match, names, flags, false, &failed, emit_member, &obj);
	if (failed.failed) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}

/* true says the same as a bare word: {"tcp": true}. @ctx: struct wl_match_parse */
static int match_member(const struct wl_at *at, const char *name, const json_t *value, void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_match_parse *mp = ctx;
	struct wl_tok tok = { 0 };
	char space[24];
	int err;

	mp->ps = &ps;
	if (json_is_true(value))
		return wl_match_parse_item(mp, wl_tok_str(name), tok);
	err = wl_at_text(at, value, space, sizeof(space), &tok);
	return err ? err : wl_match_parse_item(mp, wl_tok_str(name), tok);
}

int wl_match_from_json(const struct wl_at *at, const json_t *json, bool check,
		       struct weft_match *out)
{
	struct wl_match_parse mp = { .match = out, .metadata = !check };
	struct wl_parse ps = wl_at_parse(at);
	int err;

	weft_match_init(out);
	err = wl_at_members(at, json, match_member, &mp);
	mp.ps = &ps;
	if (!err)
		err = wl_match_parse_end(&mp, check);
	if (err)
		weft_match_free(out);
	return err;
}

/**
 * weft_match_from_json - read a match
 * @out: uninitialised; on success the caller frees it
 * @json: an object
 * @path: where it is; NULL: "$"
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_match_from_json(struct weft_match *out, const json_t *json, const char *path,
			 const struct weft_names *names, struct weft_error *err)
{
	struct wl_at at;

	wl_at_begin(&at, path, names, err);
	return wl_match_from_json(&at, json, true, out);
}

static void stats_to_json(json_t **obj, const struct weft_flow *flow)
{
	if (weft_has(flow, WEFT_FLOW_A_PACKETS))
		wl_json_set(obj, "packets", wl_json_uint(flow->packets));
	if (weft_has(flow, WEFT_FLOW_A_BYTES))
		wl_json_set(obj, "bytes", wl_json_uint(flow->bytes));
	if (weft_has(flow, WEFT_FLOW_A_AGE))
		wl_json_set(obj, "age", wl_json_seconds(flow->age_ms));
	if (weft_has(flow, WEFT_FLOW_A_IDLE))
		wl_json_set(obj, "idle", wl_json_seconds(flow->idle_ms));
}

/**
 * weft_flow_to_json - write a flow entry
 * @flow: to write
 * @names: what the caller knows by name; may be NULL
 * @flags: WEFT_FMT_…
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_flow_to_json(const struct weft_flow *flow, const struct weft_names *names,
			  unsigned int flags)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "table", json_integer(flow->table));
	wl_json_set(&obj, "priority", json_integer(flow->priority));
	if (flags & WEFT_FMT_KEY) {
		wl_json_set(&obj, "match", weft_match_to_json(&flow->match, names, flags));
		return obj;
	}
	if (flow->cookie && !(flags & WEFT_FMT_NO_COOKIE))
		wl_json_set(&obj, "cookie", wl_json_hex(flow->cookie));
	if (flow->idle_timeout_ms)
		wl_json_set(&obj, "idle_timeout", wl_json_seconds(flow->idle_timeout_ms));
	if (flow->hard_timeout_ms)
		wl_json_set(&obj, "hard_timeout", wl_json_seconds(flow->hard_timeout_ms));
	wl_json_set(&obj, "match", weft_match_to_json(&flow->match, names, flags));
	wl_json_set(&obj, "actions",
		    wl_actions_to_json(&flow->actions, wl_match_proto(&flow->match), names, flags));
	if (flags & WEFT_FMT_STATS)
		stats_to_json(&obj, flow);
	return obj;
}

static int read_table(const struct wl_at *at, const json_t *json, uint8_t *table)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err;

	err = wl_at_text(at, json, space, sizeof(space), &tok);
	return err ? err : wl_parse_table(&ps, tok, table);
}

/* @ctx: struct weft_flow */
static int flow_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct weft_flow *flow = ctx;
	static const struct {
		const char *name;
		enum weft_flow_attr attr;
	} members[] = {
		{ "table", WEFT_FLOW_A_TABLE },
		{ "priority", WEFT_FLOW_A_PRIORITY },
		{ "match", WEFT_FLOW_A_MATCH },
		{ "actions", WEFT_FLOW_A_ACTIONS },
		{ "cookie", WEFT_FLOW_A_COOKIE },
		{ "idle_timeout", WEFT_FLOW_A_IDLE_TIMEOUT },
		{ "hard_timeout", WEFT_FLOW_A_HARD_TIMEOUT },
		{ "packets", WEFT_FLOW_A_PACKETS },
		{ "bytes", WEFT_FLOW_A_BYTES },
		{ "age", WEFT_FLOW_A_AGE },
		{ "idle", WEFT_FLOW_A_IDLE },
	};
	uint64_t number = 0;
	size_t i = 0;
	int err;

	while (i < WL_ARRAY_SIZE(members) && strcmp(name, members[i].name))
		i++;
	if (i == WL_ARRAY_SIZE(members))
		return wl_at_fail(at, "a flow has no member '%.60s'", name);
	weft_mark(flow, members[i].attr);

	switch (members[i].attr) {
	case WEFT_FLOW_A_TABLE:
		return read_table(at, json, &flow->table);
	case WEFT_FLOW_A_PRIORITY:
		err = wl_at_uint(at, json, UINT16_MAX, &number);
		flow->priority = (uint16_t)number;
		return err;
	case WEFT_FLOW_A_MATCH:
		return wl_match_from_json(at, json, true, &flow->match);
	case WEFT_FLOW_A_ACTIONS:
		return wl_actions_from_json(at, json, &flow->actions);
	case WEFT_FLOW_A_COOKIE:
		return wl_at_uint(at, json, UINT64_MAX, &flow->cookie);
	case WEFT_FLOW_A_IDLE_TIMEOUT:
		err = wl_at_seconds(at, json, UINT32_MAX, &number);
		flow->idle_timeout_ms = (uint32_t)number;
		return err;
	case WEFT_FLOW_A_HARD_TIMEOUT:
		err = wl_at_seconds(at, json, UINT32_MAX, &number);
		flow->hard_timeout_ms = (uint32_t)number;
		return err;
	case WEFT_FLOW_A_PACKETS:
		return wl_at_uint(at, json, UINT64_MAX, &flow->packets);
	case WEFT_FLOW_A_BYTES:
		return wl_at_uint(at, json, UINT64_MAX, &flow->bytes);
	case WEFT_FLOW_A_AGE:
		return wl_at_seconds(at, json, 1ULL << 53, &flow->age_ms);
	default:
		return wl_at_seconds(at, json, 1ULL << 53, &flow->idle_ms);
	}
}

/**
 * weft_flow_from_json - read a flow entry
 * @out: uninitialised; on success the caller frees it
 * @json: an object
 * @path: where it is; NULL: "$"
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_flow_from_json(struct weft_flow *out, const json_t *json, const char *path,
			const struct weft_names *names, struct weft_error *err)
{
	struct wl_at at;
	int ret;

	weft_flow_init(out);
	wl_at_begin(&at, path, names, err);
	ret = wl_at_members(&at, json, flow_member, out);
	if (!ret && !weft_has(out, WEFT_FLOW_A_ACTIONS))
		ret = wl_at_fail(&at, "actions are missing");
	if (ret)
		weft_flow_free(out);
	else if (!out->match.n)
		weft_unmark(out, WEFT_FLOW_A_MATCH);
	return ret;
}
