// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logical context and mark in the one number of STT and of GRE.
 *
 * Every number can be read: no bit is reserved. Whether a label names anything is not
 * known here. Observe and no-deliver are the two highest bits of the mark and have places
 * of their own, so that they survive the narrowest header; of the others as many
 * as there is room for, from the lowest.
 */
#include <linux/limits.h>
#include <linux/types.h>
#include <linux/weft.h>
#include "context.h"

u32 weft_mark_bits(u8 type)
{
	switch (type) {
	case WEFT_PORT_TYPE_GRE:
		return WEFT_GRE_MARK_BITS;
	case WEFT_PORT_TYPE_STT:
		return WEFT_STT_MARK_BITS;
	default:
		return U32_MAX;
	}
}

bool weft_context_fits(const struct weft_context *context)
{
	return context->lin <= WEFT_LIN_MAX && context->stage <= WEFT_STAGE_VALUE_MAX &&
	       context->ldp <= WEFT_LDP_MAX;
}

u64 weft_stt_encode(const struct weft_context *context)
{
	return (u64)context->stage << WEFT_STT_STAGE_SHIFT |
	       (context->mark & WEFT_MARK_OBSERVE ? WEFT_STT_OBSERVE : 0) |
	       (context->mark & WEFT_MARK_NO_DELIVER ? WEFT_STT_NO_DELIVER : 0) |
	       (u64)(context->mark & WEFT_STT_MARK_MAX) << WEFT_STT_MARK_SHIFT |
	       (u64)context->lin << WEFT_STT_LIN_SHIFT |
	       (u64)context->lout << WEFT_STT_LOUT_SHIFT | context->ldp;
}

void weft_stt_decode(u64 id, struct weft_context *context)
{
	context->stage = id >> WEFT_STT_STAGE_SHIFT;
	context->mark = id >> WEFT_STT_MARK_SHIFT & WEFT_STT_MARK_MAX;
	if (id & WEFT_STT_OBSERVE)
		context->mark |= WEFT_MARK_OBSERVE;
	if (id & WEFT_STT_NO_DELIVER)
		context->mark |= WEFT_MARK_NO_DELIVER;
	context->lin = id >> WEFT_STT_LIN_SHIFT & WEFT_LIN_MAX;
	context->lout = id >> WEFT_STT_LOUT_SHIFT;
	context->ldp = id & WEFT_LDP_MAX;
}

u32 weft_gre_encode(const struct weft_context *context, u32 label)
{
	return (u32)context->stage << WEFT_GRE_STAGE_SHIFT |
	       (context->mark & WEFT_MARK_OBSERVE ? WEFT_GRE_OBSERVE : 0) |
	       (context->mark & WEFT_MARK_NO_DELIVER ? WEFT_GRE_NO_DELIVER : 0) |
	       (context->mark & WEFT_GRE_MARK_MAX) << WEFT_GRE_MARK_SHIFT | label;
}

u32 weft_gre_decode(u32 key, struct weft_context *context)
{
	context->stage = key >> WEFT_GRE_STAGE_SHIFT;
	context->mark = key >> WEFT_GRE_MARK_SHIFT & WEFT_GRE_MARK_MAX;
	if (key & WEFT_GRE_OBSERVE)
		context->mark |= WEFT_MARK_OBSERVE;
	if (key & WEFT_GRE_NO_DELIVER)
		context->mark |= WEFT_MARK_NO_DELIVER;
	context->ldp = 0;
	context->lin = 0;
	context->lout = 0;
	return key & WEFT_LABEL_MAX;
}
