// SPDX-License-Identifier: Apache-2.0
/*
 * Entries of templates and their bindings; instances report theirs in the same form.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

/* ---- bindings --------------------------------------------------------------- */

static bool bind_ok(const struct weft_bind *bind)
{
	if (!weft_field_desc(bind->field))
		return false;
	if (bind->kind == WEFT_BIND_FIELD)
		return weft_field_desc(bind->source);
	return bind->kind == WEFT_BIND_VAR && bind->source < WEFT_TEMPLATE_VARS;
}

/**
 * weft_binds_add - bind a field of a match
 * @binds: the list, which stays sorted
 * @bind: what to add
 *
 * Returns 0, -EEXIST when the field is bound already, -EINVAL for a field, kind or
 * source that is none, -ENOMEM.
 */
int weft_binds_add(struct weft_binds *binds, const struct weft_bind *bind)
{
	struct weft_bind *grown;
	unsigned int at = 0, size;

	if (!bind_ok(bind))
		return -EINVAL;
	while (at < binds->n && binds->v[at].field < bind->field)
		at++;
	if (at < binds->n && binds->v[at].field == bind->field)
		return -EEXIST;
	if (binds->n == binds->size) {
		size = binds->size ? binds->size * 2 : 8;
		grown = realloc(binds->v, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		binds->v = grown;
		binds->size = size;
	}
	memmove(&binds->v[at + 1], &binds->v[at], (binds->n - at) * sizeof(*binds->v));
	binds->v[at] = *bind;
	binds->v[at].reserved = 0;
	binds->n++;
	return 0;
}

/**
 * weft_binds_get - what a field is bound to
 * @binds: the list
 * @field: the field
 *
 * Returns the binding, which belongs to the list, NULL when there is none.
 */
const struct weft_bind *weft_binds_get(const struct weft_binds *binds, enum weft_field field)
{
	unsigned int i;

	for (i = 0; i < binds->n; i++)
		if (binds->v[i].field == (unsigned int)field)
			return &binds->v[i];
	return NULL;
}

static int binds_copy(struct weft_binds *out, const struct weft_binds *binds)
{
	*out = (struct weft_binds){ 0 };
	if (!binds->n)
		return 0;
	out->v = malloc(binds->n * sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	memcpy(out->v, binds->v, binds->n * sizeof(*out->v));
	out->n = out->size = binds->n;
	return 0;
}

static bool binds_equal(const struct weft_binds *a, const struct weft_binds *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->v, b->v, a->n * sizeof(*a->v)));
}

/* ---- entries -------------------------------------------------------------------- */

static void tentry_free(struct weft_tentry *entry)
{
	weft_match_free(&entry->match);
	weft_actions_free(&entry->actions);
	free(entry->binds.v);
}

void wl_tentries_free(struct weft_tentries *entries)
{
	unsigned int i;

	for (i = 0; i < entries->n; i++)
		tentry_free(&entries->v[i]);
	free(entries->v);
	*entries = (struct weft_tentries){ 0 };
}

static int tentry_copy(struct weft_tentry *out, const struct weft_tentry *entry)
{
	int err;

	*out = *entry;
	weft_actions_init(&out->actions);
	out->binds = (struct weft_binds){ 0 };
	err = weft_match_copy(&out->match, &entry->match);
	if (!err)
		err = weft_actions_copy(&out->actions, &entry->actions);
	if (!err)
		err = binds_copy(&out->binds, &entry->binds);
	if (err)
		tentry_free(out);
	return err;
}

int wl_tentries_copy(struct weft_tentries *out, const struct weft_tentries *entries)
{
	unsigned int i;
	int err;

	*out = (struct weft_tentries){ 0 };
	if (!entries->n)
		return 0;
	out->v = calloc(entries->n, sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	for (i = 0; i < entries->n; i++) {
		err = tentry_copy(&out->v[i], &entries->v[i]);
		if (err) {
			wl_tentries_free(out);
			return err;
		}
		out->n++;
	}
	return 0;
}

struct weft_tentry *wl_tentries_add(struct weft_tentries *entries)
{
	struct weft_tentry *grown;

	grown = realloc(entries->v, (entries->n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	entries->v = grown;
	grown[entries->n] = (struct weft_tentry){ .delta = 1 };
	return &grown[entries->n++];
}

bool wl_tentry_equal(const struct weft_tentry *a, const struct weft_tentry *b)
{
	bool absolute = weft_has(a, WEFT_TENTRY_A_PRIORITY);

	return !strcmp(a->name, b->name) && a->table == b->table &&
	       absolute == weft_has(b, WEFT_TENTRY_A_PRIORITY) &&
	       (absolute ? a->priority == b->priority : a->delta == b->delta) &&
	       a->when == b->when &&
	       weft_has(a, WEFT_TENTRY_A_REPLY) == weft_has(b, WEFT_TENTRY_A_REPLY) &&
	       weft_has(a, WEFT_TENTRY_A_WIDE) == weft_has(b, WEFT_TENTRY_A_WIDE) &&
	       weft_match_equal(&a->match, &b->match) && binds_equal(&a->binds, &b->binds) &&
	       weft_actions_equal(&a->actions, &b->actions);
}

/* ---- attributes ------------------------------------------------------------------- */

static int binds_get(struct weft_binds *out, const struct nlattr *nest)
{
	const struct nlattr *attr;
	struct weft_bind bind;
	int err;

	out->n = 0;
	err = wl_nest_check(nest);
	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != WEFT_BINDS_A_BIND)
			continue;
		err = wl_bind_get(&bind, attr);
		if (!err)
			err = weft_binds_add(out, &bind);
		if (err)
			return err == -ENOMEM ? err : -EPROTO;
	}
	return 0;
}

static int tentry_get_attr(struct weft_tentry *entry, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_TENTRY_A_MAX)
		weft_mark(entry, type);
	switch (type) {
	case WEFT_TENTRY_A_NAME:
		return wl_attr_str(attr, entry->name, sizeof(entry->name));
	case WEFT_TENTRY_A_TABLE:
		return wl_attr_u8(attr, &entry->table);
	case WEFT_TENTRY_A_DELTA:
		return wl_attr_bytes(attr, &entry->delta, sizeof(entry->delta));
	case WEFT_TENTRY_A_PRIORITY:
		return wl_attr_u16(attr, &entry->priority);
	case WEFT_TENTRY_A_WHEN:
		return wl_attr_u32(attr, &entry->when);
	case WEFT_TENTRY_A_MATCH:
		weft_match_free(&entry->match);
		return weft_match_get_attrs(&entry->match, attr);
	case WEFT_TENTRY_A_BINDS:
		return binds_get(&entry->binds, attr);
	case WEFT_TENTRY_A_ACTIONS:
		weft_actions_free(&entry->actions);
		return weft_actions_get_attrs(&entry->actions, attr);
	case WEFT_TENTRY_A_PACKETS:
		return wl_attr_u64(attr, &entry->packets);
	case WEFT_TENTRY_A_BYTES:
		return wl_attr_u64(attr, &entry->bytes);
	}
	return 0;
}

static int tentry_get(struct weft_tentry *entry, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err = wl_nest_check(nest);

	mnl_attr_for_each_nested(attr, nest) {
		if (err)
			return err;
		err = tentry_get_attr(entry, attr);
	}
	return err;
}

int wl_tentries_get_attrs(struct weft_tentries *out, const struct nlattr *nest)
{
	struct weft_tentry *entry;
	const struct nlattr *attr;
	int err;

	*out = (struct weft_tentries){ 0 };
	err = wl_nest_check(nest);
	if (err)
		return err;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != WEFT_TENTRIES_A_ENTRY)
			continue;
		entry = wl_tentries_add(out);
		err = entry ? tentry_get(entry, attr) : -ENOMEM;
		if (err) {
			wl_tentries_free(out);
			return err;
		}
	}
	return 0;
}

static int binds_put(struct nlmsghdr *nlh, size_t size, const struct weft_binds *binds)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, WEFT_TENTRY_A_BINDS);
	bool ok = nest;
	unsigned int i;

	for (i = 0; ok && i < binds->n; i++)
		ok = mnl_attr_put_check(nlh, size, WEFT_BINDS_A_BIND, sizeof(*binds->v),
					&binds->v[i]);
	return ok ? wl_nest_end(nlh, nest) : -EMSGSIZE;
}

static int tentry_put(struct nlmsghdr *nlh, size_t size, const struct weft_tentry *entry)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, WEFT_TENTRIES_A_ENTRY);
	bool ok = nest && mnl_attr_put_strz_check(nlh, size, WEFT_TENTRY_A_NAME, entry->name) &&
		  mnl_attr_put_u8_check(nlh, size, WEFT_TENTRY_A_TABLE, entry->table);
	int err = 0;

	if (weft_has(entry, WEFT_TENTRY_A_PRIORITY))
		ok = ok &&
		     mnl_attr_put_u16_check(nlh, size, WEFT_TENTRY_A_PRIORITY, entry->priority);
	else
		ok = ok && mnl_attr_put_check(nlh, size, WEFT_TENTRY_A_DELTA, sizeof(entry->delta),
					      &entry->delta);
	if (entry->when)
		ok = ok && mnl_attr_put_u32_check(nlh, size, WEFT_TENTRY_A_WHEN, entry->when);
	if (weft_has(entry, WEFT_TENTRY_A_REPLY))
		ok = ok && mnl_attr_put_check(nlh, size, WEFT_TENTRY_A_REPLY, 0, NULL);
	if (weft_has(entry, WEFT_TENTRY_A_WIDE))
		ok = ok && mnl_attr_put_check(nlh, size, WEFT_TENTRY_A_WIDE, 0, NULL);
	if (!ok)
		return -EMSGSIZE;
	if (entry->match.n)
		err = weft_match_put_attrs(nlh, size, WEFT_TENTRY_A_MATCH, &entry->match);
	if (!err && entry->binds.n)
		err = binds_put(nlh, size, &entry->binds);
	if (!err)
		err = weft_actions_put_attrs(nlh, size, WEFT_TENTRY_A_ACTIONS, &entry->actions);
	return err ? err : wl_nest_end(nlh, nest);
}

int wl_tentries_put_attrs(struct nlmsghdr *nlh, size_t size, uint16_t type,
			  const struct weft_tentries *entries)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, type);
	unsigned int i;
	int err;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < entries->n; i++) {
		err = tentry_put(nlh, size, &entries->v[i]);
		if (err)
			return err;
	}
	return wl_nest_end(nlh, nest);
}
