// SPDX-License-Identifier: Apache-2.0
/*
 * Helpers of the JSON files. An object under construction is a json_t * that
 * becomes NULL when memory runs out, so that only the end need look.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "json.h"

void wl_at_begin(struct wl_at *at, const char *path, const struct weft_names *names,
		 struct weft_error *err)
{
	snprintf(at->path, sizeof(at->path), "%s", path ? path : "$");
	at->binds = false;
	at->names = names;
	at->err = err;
}

static struct wl_at step(const struct wl_at *at, const char *text)
{
	struct wl_at to = *at;
	size_t len = strlen(to.path);

	snprintf(to.path + len, sizeof(to.path) - len, "%s", text);
	return to;
}

struct wl_at wl_at_member(const struct wl_at *at, const char *name)
{
	char text[80];

	snprintf(text, sizeof(text), ".%s", name);
	return step(at, text);
}

struct wl_at wl_at_index(const struct wl_at *at, size_t index)
{
	char text[32];

	snprintf(text, sizeof(text), "[%zu]", index);
	return step(at, text);
}

int wl_at_fail(const struct wl_at *at, const char *fmt, ...)
{
	struct wl_parse ps = wl_at_parse(at);
	char text[sizeof(at->err->msg)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return wl_fail(&ps, (struct wl_tok){ 0 }, "%s", text);
}

struct wl_parse wl_at_parse(const struct wl_at *at)
{
	return (struct wl_parse){
		.path = at->path, .binds = at->binds, .names = at->names, .err = at->err
	};
}

static const char *type_name(const json_t *json)
{
	switch (json ? json_typeof(json) : JSON_NULL) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	default:
		return "null";
	}
}

int wl_at_object(const struct wl_at *at, const json_t *json)
{
	if (json_is_object(json))
		return 0;
	return wl_at_fail(at, "an object is needed, not %s", type_name(json));
}

int wl_at_members(const struct wl_at *at, const json_t *json, wl_member_fn fn, void *ctx)
{
	int err = wl_at_object(at, json);
	const char *name;
	json_t *value;

	if (err)
		return err;
	json_object_foreach((json_t *)json, name, value) {
		struct wl_at member = wl_at_member(at, name);

		err = fn(&member, name, value, ctx);
		if (err)
			return err;
	}
	return 0;
}

int wl_at_elements(const struct wl_at *at, const json_t *json, wl_member_fn fn, void *ctx)
{
	json_t *value;
	size_t i;
	int err;

	if (!json_is_array(json))
		return wl_at_fail(at, "an array is needed");
	json_array_foreach((json_t *)json, i, value) {
		struct wl_at element = wl_at_index(at, i);

		err = fn(&element, NULL, value, ctx);
		if (err)
			return err;
	}
	return 0;
}

int wl_at_text(const struct wl_at *at, const json_t *json, char *space, size_t size,
	       struct wl_tok *tok)
{
	if (json_is_string(json)) {
		*tok = (struct wl_tok){ json_string_value(json), json_string_length(json) };
		return 0;
	}
	if (!json_is_integer(json))
		return wl_at_fail(at, "a string or a number is needed, not %s", type_name(json));
	snprintf(space, size, "%lld", (long long)json_integer_value(json));
	*tok = wl_tok_str(space);
	return 0;
}

int wl_at_uint(const struct wl_at *at, const json_t *json, uint64_t max, uint64_t *value)
{
	struct wl_parse ps = wl_at_parse(at);
	struct wl_tok tok;
	char space[24];
	int err;

	err = wl_at_text(at, json, space, sizeof(space), &tok);
	return err ? err : wl_parse_uint(&ps, tok, "value", max, value);
}

int wl_at_string(const struct wl_at *at, const json_t *json, char *buf, size_t size)
{
	if (!json_is_string(json))
		return wl_at_fail(at, "a string is needed, not %s", type_name(json));
	if (!wl_tok_copy((struct wl_tok){ json_string_value(json), json_string_length(json) }, buf,
			 size))
		return wl_at_fail(at, "too long: at most %zu bytes", size - 1);
	return 0;
}

int wl_at_seconds(const struct wl_at *at, const json_t *json, uint64_t max, uint64_t *ms)
{
	double value;

	if (!json_is_number(json))
		return wl_at_fail(at, "a number of seconds is needed, not %s", type_name(json));
	value = json_number_value(json) * 1000;
	if (!(value >= 0) || value > (double)max)
		return wl_at_fail(at, "seconds out of range: 0 to %llu",
				  (unsigned long long)(max / 1000));
	*ms = json_is_integer(json) ? (uint64_t)json_integer_value(json) * 1000 :
				      (uint64_t)llround(value);
	return 0;
}

int wl_at_enum(const struct wl_at *at, const json_t *json, int (*find)(const char *name),
	       uint32_t *value)
{
	char text[32];
	int err, found;

	err = wl_at_string(at, json, text, sizeof(text));
	if (err)
		return err;
	found = find(text);
	if (found < 0)
		return wl_at_fail(at, "'%s' is none of the known names", text);
	*value = (uint32_t)found;
	return 0;
}

void wl_json_set(json_t **obj, const char *name, json_t *value)
{
	if (!*obj) {
		json_decref(value);
		return;
	}
	if (!value || json_object_set_new(*obj, name, value)) {
		json_decref(*obj);
		*obj = NULL;
	}
}

void wl_json_append(json_t **array, json_t *value)
{
	if (!*array) {
		json_decref(value);
		return;
	}
	if (!value || json_array_append_new(*array, value)) {
		json_decref(*array);
		*array = NULL;
	}
}

json_t *wl_json_uint(uint64_t value)
{
	return value <= INT64_MAX ? json_integer((json_int_t)value) :
				    json_sprintf("%llu", (unsigned long long)value);
}

json_t *wl_json_hex(uint64_t value)
{
	return json_sprintf("0x%llx", (unsigned long long)value);
}

json_t *wl_json_seconds(uint64_t ms)
{
	return ms % 1000 ? json_real((double)ms / 1000) : wl_json_uint(ms / 1000);
}

json_t *wl_json_string(const char *s)
{
	json_t *json = json_string(s);
	char clean[256];
	size_t i;

	if (json)
		return json;
	for (i = 0; i < sizeof(clean) - 1 && s[i]; i++)
		clean[i] = s[i] & 0x80 ? '?' : s[i];
	clean[i] = '\0';
	return json_string(clean);
}

json_t *wl_json_enum(const char *name, uint32_t value)
{
	return name ? json_string(name) : json_integer(value);
}

json_t *wl_json_take(struct wl_buf *buf)
{
	char *s = wl_buf_take(buf);
	json_t *json = s ? wl_json_string(s) : NULL;

	free(s);
	return json;
}

/* The name if it is known and cannot be taken for a keyword or a number */
json_t *wl_json_port(uint32_t id, const struct weft_names *names, unsigned int flags)
{
	const char *name = NULL;

	if (names && names->port_name && !(flags & WEFT_FMT_NO_NAMES))
		name = names->port_name(names->ctx, id);
	if (name && wl_name_is_plain(name))
		return wl_json_string(name);
	return json_integer(id);
}

json_t *wl_json_drops(const struct weft_drops *drops)
{
	json_t *obj = json_object();
	unsigned int i;

	for (i = 0; i < drops->n; i++) {
		struct wl_buf name = { 0 };

		wl_drop_format(&name, drops->v[i].reason);
		if (name.failed) {
			json_decref(obj);
			return NULL;
		}
		wl_json_set(&obj, name.s, wl_json_uint(drops->v[i].packets));
		wl_buf_free(&name);
	}
	return obj;
}
