// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations of a walk: into its program.
 *
 * Writes are put off until something leaves, and then are as few as can be: those of a router or of
 * NAT are one operation (headers.c).
 */
#include <linux/string.h>
#include "emission.h"
#include "field.h"
#include "headers.h"
#include "program.h"
#include "walk.h"

void *weft_emit(struct weft_walk *w, enum weft_opcode code, u32 arg, u32 len)
{
	struct weft_program *prog = w->prog;
	struct weft_op *op;

	len = ALIGN(len, sizeof(u64));
	if (prog->len + len > prog->size) {
		w->overflow = true;
		return NULL;
	}
	op = (void *)prog->ops + prog->len;
	op->code = code;
	op->len = len;
	op->arg = arg;
	prog->len += len;
	return op;
}

void weft_emit_plain(struct weft_walk *w, enum weft_opcode code, u32 arg)
{
	weft_emit(w, code, arg, sizeof(struct weft_op));
}

static void weft_emit_set(struct weft_walk *w, enum weft_field f)
{
	const void *now = weft_field_cptr(&w->key, f);
	void *then = weft_field_ptr(&w->base, f);
	struct weft_op_set *set;

	if (!memcmp(now, then, weft_fields[f].len))
		return;
	set = weft_emit(w, WEFT_OP_SET, f, sizeof(*set));
	if (!set)
		return;
	memset(set->value, 0, sizeof(set->value));
	memcpy(set->value, now, weft_fields[f].len);
	memcpy(then, now, weft_fields[f].len);
}

void weft_flush_field(struct weft_walk *w, enum weft_field f)
{
	u64 bit = BIT_ULL(f - WEFT_FIELD_PACKET);

	if (w->dirty & bit) {
		weft_emit_set(w, f);
		w->dirty &= ~bit;
	}
}

/* Those of the dirty fields that really are to change */
static u64 weft_changed(const struct weft_walk *w)
{
	u64 left, changed = 0;

	for (left = w->dirty; left; left &= left - 1) {
		enum weft_field f = WEFT_FIELD_PACKET + __ffs64(left);

		if (memcmp(weft_field_cptr(&w->key, f), weft_field_cptr(&w->base, f),
			   weft_fields[f].len))
			changed |= left & -left;
	}
	return changed;
}

/* All of it as one operation; false when that is not possible */
static bool weft_flush_headers(struct weft_walk *w)
{
	u64 changed = weft_changed(w);
	struct weft_op_headers h = {};
	void *op;

	if ((changed || w->ttl_spent) &&
	    !weft_headers_describe(&h, &w->base, &w->key, changed, w->ttl_spent))
		return false;
	if (h.op.arg) {
		u32 what = h.op.arg;

		op = weft_emit(w, WEFT_OP_HEADERS, what, sizeof(h));
		if (op)
			memcpy(op + sizeof(h.op), (void *)&h + sizeof(h.op),
			       sizeof(h) - sizeof(h.op));
	}
	memcpy((void *)&w->base + WEFT_KEY_PACKET, (void *)&w->key + WEFT_KEY_PACKET,
	       sizeof(w->key) - WEFT_KEY_PACKET);
	w->dirty = 0;
	w->ttl_spent = 0;
	return true;
}

void weft_flush(struct weft_walk *w)
{
	if (!w->dirty && !w->ttl_spent)
		return;
	if (weft_flush_headers(w))
		return;
	while (w->dirty)
		weft_flush_field(w, WEFT_FIELD_PACKET + __ffs64(w->dirty));
	if (w->ttl_spent) {
		weft_emit_plain(w, WEFT_OP_DEC_TTL, w->ttl_spent);
		w->base.ip_ttl = w->key.ip_ttl;
		w->ttl_spent = 0;
	}
}
