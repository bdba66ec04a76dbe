// SPDX-License-Identifier: Apache-2.0
/*
 * Pools as JSON, with ranges as strings as in the text form:
 *
 *	{"id": 3, "type": "ranges", "choice": "random", "parity": true,
 *	 "ranges": ["11.0.1.1-11.0.1.100:1024-65535"]}
 */
#include <errno.h>
#include <string.h>

#include "json.h"

static json_t *ranges_to_json(const struct weft_ranges *ranges)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < ranges->n_ranges + ranges->n_pairs; i++) {
		struct wl_buf buf = { 0 };

		wl_pool_range_format(&buf, ranges, i);
		wl_json_append(&array, wl_json_take(&buf));
	}
	return array;
}

/**
 * weft_pool_to_json - write a pool
 * @pool: to write; ranges are strings as in the text form
 * @flags: WEFT_FMT_STATS: and its counters
 *
 * Returns an object, NULL when out of memory.
 */
json_t *weft_pool_to_json(const struct weft_pool *pool, unsigned int flags)
{
	json_t *obj = json_object();

	wl_json_set(&obj, "id", json_integer(pool->id));
	if (weft_has(pool, WEFT_POOL_A_TYPE))
		wl_json_set(&obj, "type",
			    wl_json_enum(weft_pool_type_name(pool->type), pool->type));
	if (weft_has(pool, WEFT_POOL_A_CHOICE))
		wl_json_set(&obj, "choice",
			    wl_json_enum(weft_pool_choice_name(pool->choice), pool->choice));
	if (weft_has(pool, WEFT_POOL_A_PARITY))
		wl_json_set(&obj, "parity", json_boolean(pool->parity));
	if (weft_has(pool, WEFT_POOL_A_REUSE))
		wl_json_set(&obj, "reuse", json_boolean(pool->reuse));
	if (weft_has(pool, WEFT_POOL_A_RANGES))
		wl_json_set(&obj, "ranges", ranges_to_json(&pool->ranges));
	if (weft_has(pool, WEFT_POOL_A_WITHDRAW))
		wl_json_set(&obj, "withdraw", ranges_to_json(&pool->withdraw));
	if (!(flags & WEFT_FMT_STATS))
		return obj;
	if (weft_has(pool, WEFT_POOL_A_TOTAL))
		wl_json_set(&obj, "total", wl_json_uint(pool->total));
	if (weft_has(pool, WEFT_POOL_A_USED))
		wl_json_set(&obj, "used", wl_json_uint(pool->used));
	if (weft_has(pool, WEFT_POOL_A_REFUSED))
		wl_json_set(&obj, "refused", wl_json_uint(pool->refused));
	if (weft_has(pool, WEFT_POOL_A_TEMPLATES))
		wl_json_set(&obj, "templates", json_integer(pool->templates));
	return obj;
}

/* @ctx: struct weft_ranges */
static int read_range(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err = wl_at_text(at, json, space, sizeof(space), &tok);

	(void)name;
	return err ? err :
		     wl_pool_range_parse(&ps, tok, tok.len && memchr(tok.s, '=', tok.len), ctx);
}

static int read_switch(const struct wl_at *at, const json_t *json, uint8_t *out)
{
	*out = json_is_true(json);
	return json_is_boolean(json) ? 0 : wl_at_fail(at, "true or false is needed");
}

static int read_id(const struct wl_at *at, const json_t *json, uint32_t *id)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err = wl_at_text(at, json, space, sizeof(space), &tok);

	return err ? err : wl_pool_id_parse(&ps, tok, id);
}

/* @ctx: struct weft_pool */
static int pool_member(const struct wl_at *at, const char *name, const json_t *json, void *ctx)
{
	struct weft_pool *pool = ctx;
	static const struct {
		const char *name;
		enum weft_pool_attr attr;
	} members[] = {
		{ "id", WEFT_POOL_A_ID },
		{ "type", WEFT_POOL_A_TYPE },
		{ "choice", WEFT_POOL_A_CHOICE },
		{ "parity", WEFT_POOL_A_PARITY },
		{ "reuse", WEFT_POOL_A_REUSE },
		{ "ranges", WEFT_POOL_A_RANGES },
		{ "withdraw", WEFT_POOL_A_WITHDRAW },
		{ "total", WEFT_POOL_A_TOTAL },
		{ "used", WEFT_POOL_A_USED },
		{ "refused", WEFT_POOL_A_REFUSED },
		{ "templates", WEFT_POOL_A_TEMPLATES },
	};
	uint64_t number = 0;
	size_t i = 0;
	int err;

	while (i < WL_ARRAY_SIZE(members) && strcmp(name, members[i].name))
		i++;
	if (i == WL_ARRAY_SIZE(members))
		return wl_at_fail(at, "a pool has no member '%.60s'", name);
	weft_mark(pool, members[i].attr);

	switch (members[i].attr) {
	case WEFT_POOL_A_ID:
		return read_id(at, json, &pool->id);
	case WEFT_POOL_A_TYPE:
		return wl_at_enum(at, json, weft_pool_type_from_name, &pool->type);
	case WEFT_POOL_A_CHOICE:
		return wl_at_enum(at, json, weft_pool_choice_from_name, &pool->choice);
	case WEFT_POOL_A_PARITY:
		return read_switch(at, json, &pool->parity);
	case WEFT_POOL_A_REUSE:
		return read_switch(at, json, &pool->reuse);
	case WEFT_POOL_A_RANGES:
		return wl_at_elements(at, json, read_range, &pool->ranges);
	case WEFT_POOL_A_WITHDRAW:
		return wl_at_elements(at, json, read_range, &pool->withdraw);
	case WEFT_POOL_A_TOTAL:
		return wl_at_uint(at, json, UINT64_MAX, &pool->total);
	case WEFT_POOL_A_USED:
		return wl_at_uint(at, json, UINT64_MAX, &pool->used);
	case WEFT_POOL_A_REFUSED:
		return wl_at_uint(at, json, UINT64_MAX, &pool->refused);
	default:
		err = wl_at_uint(at, json, UINT32_MAX, &number);
		pool->templates = (uint32_t)number;
		return err;
	}
}

/**
 * weft_pool_from_json - read a pool
 * @out: uninitialised; on success the caller frees it
 * @json: an object
 * @path: where it is; NULL: "$"
 * @err: gets what is wrong and where; may be NULL
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int weft_pool_from_json(struct weft_pool *out, const json_t *json, const char *path,
			struct weft_error *err)
{
	struct wl_at at;
	int ret;

	weft_pool_init(out);
	wl_at_begin(&at, path, NULL, err);
	ret = wl_at_members(&at, json, pool_member, out);
	if (!ret && !weft_has(out, WEFT_POOL_A_ID))
		ret = wl_at_fail(&at, "id is missing");
	else if (!ret &&
		 (out->type == WEFT_POOL_TYPE_MAP ? out->ranges.n_ranges : out->ranges.n_pairs))
		ret = wl_at_fail(&at, "a map has FROM=TO, and a pool of ranges has not");
	if (ret)
		weft_pool_free(out);
	return ret;
}
