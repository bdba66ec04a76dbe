/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that read and write JSON share: a place in the document, for
 * messages, and members that are set without looking at each return value.
 */
#ifndef WEFT_LIB_JSON_H
#define WEFT_LIB_JSON_H

#include "wl.h"

/* A place: "$.actions[2].set" */
struct wl_at {
	char path[160];
	bool binds; /* in an entry of a template, see struct wl_parse */
	const struct weft_names *names;
	struct weft_error *err;
};

void wl_at_begin(struct wl_at *at, const char *path, const struct weft_names *names,
		 struct weft_error *err);
struct wl_at wl_at_member(const struct wl_at *at, const char *name);
struct wl_at wl_at_index(const struct wl_at *at, size_t index);
int wl_at_fail(const struct wl_at *at, const char *fmt, ...) WL_PRINTF(2, 3);
/* For the readers of single values; keep @at alive meanwhile */
struct wl_parse wl_at_parse(const struct wl_at *at);

/* -EINVAL with the error filled in when @json is no object */
int wl_at_object(const struct wl_at *at, const json_t *json);
/* Of an object: @fn of each member, at its place, up to the first that returns other than 0 */
typedef int (*wl_member_fn)(const struct wl_at *at, const char *name, const json_t *json,
			    void *ctx);
int wl_at_members(const struct wl_at *at, const json_t *json, wl_member_fn fn, void *ctx);
/* Of an array: @fn of each element, at its place, without a name */
int wl_at_elements(const struct wl_at *at, const json_t *json, wl_member_fn fn, void *ctx);
/* A number, or a string that is one (0x…) */
int wl_at_uint(const struct wl_at *at, const json_t *json, uint64_t max, uint64_t *value);
int wl_at_string(const struct wl_at *at, const json_t *json, char *buf, size_t size);
/* Seconds, into milliseconds */
int wl_at_seconds(const struct wl_at *at, const json_t *json, uint64_t max, uint64_t *ms);
/* A name that @find knows */
int wl_at_enum(const struct wl_at *at, const json_t *json, int (*find)(const char *name),
	       uint32_t *value);
/* The text of a string, an integer or a member; @space of at least 24 bytes */
int wl_at_text(const struct wl_at *at, const json_t *json, char *space, size_t size,
	       struct wl_tok *tok);

/* Set a member; when @value is NULL or memory runs out, *@obj is freed and NULL */
void wl_json_set(json_t **obj, const char *name, json_t *value);
void wl_json_append(json_t **array, json_t *value);
/* A number of 64 bits that JSON's integers may not hold is a string */
json_t *wl_json_uint(uint64_t value);
json_t *wl_json_hex(uint64_t value);
json_t *wl_json_seconds(uint64_t ms);
/* A string that need not be UTF-8 */
json_t *wl_json_string(const char *s);
json_t *wl_json_take(struct wl_buf *buf);
json_t *wl_json_port(uint32_t id, const struct weft_names *names, unsigned int flags);
/* A name if there is one, else the number */
json_t *wl_json_enum(const char *name, uint32_t value);

/* A set of enum weft_when: an array of names */
json_t *wl_json_when(uint32_t when);
int wl_at_when(const struct wl_at *at, const json_t *json, uint32_t *when);
json_t *wl_json_drops(const struct weft_drops *drops);

/* limit.c: limits of a template, and one of them, for wl_at_elements() */
json_t *wl_limits_to_json(const struct weft_template *tmpl, const struct weft_names *names);
int wl_limit_from_json(const struct wl_at *at, const char *name, const json_t *json, void *ctx);

/* @check: prerequisites must be there; else it is values of a packet */
int wl_match_from_json(const struct wl_at *at, const json_t *json, bool check,
		       struct weft_match *out);
json_t *wl_actions_to_json(const struct weft_actions *actions, unsigned int proto,
			   const struct weft_names *names, unsigned int flags);
int wl_actions_from_json(const struct wl_at *at, const json_t *json, struct weft_actions *out);

#endif /* WEFT_LIB_JSON_H */
