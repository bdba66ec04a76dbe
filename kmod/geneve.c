// SPDX-License-Identifier: GPL-2.0-only
/*
 * Geneve options: context and mark on every packet, and what the operator gave a slot.
 *
 * Options come from the net, so all that is read is checked: an option of ours that
 * is malformed or there twice, and any critical option that we do not know, is a drop.
 * (The device does not look at them in external mode.)
 */
#include <linux/string.h>
#include <linux/weft.h>
#include "compat.h"
#include "context.h"
#include "key.h"
#include "program.h"

#define WEFT_GENEVE_HDR		4	/* class, type, length of an option */
#define WEFT_GENEVE_CRITICAL	0x80	/* in the type */
#define WEFT_GENEVE_RESERVED	BIT(31)	/* in the context */

/* The header of one of our options, and the length of both */
#define WEFT_GENEVE_USUAL(opt)	(WEFT_GENEVE_##opt##_CLASS << 16 | WEFT_GENEVE_##opt##_TYPE << 8 | \
				 WEFT_GENEVE_##opt##_LEN / 4)
#define WEFT_GENEVE_USUAL_LEN	(2 * WEFT_GENEVE_HDR + WEFT_GENEVE_CONTEXT_LEN + \
				 WEFT_GENEVE_MARK_LEN)

static u8 *weft_geneve_put(u8 *p, u16 class, u8 type, unsigned int len)
{
	put_unaligned_be16(class, p);
	p[2] = type;
	p[3] = len / 4;
	return p + WEFT_GENEVE_HDR;
}

unsigned int weft_geneve_encode(u8 *buf, const struct weft_op_tunnel *op,
				const struct weft_tun_opt *slots)
{
	unsigned int i;
	u8 *p = buf;

	p = weft_geneve_put(p, WEFT_GENEVE_CONTEXT_CLASS, WEFT_GENEVE_CONTEXT_TYPE,
			    WEFT_GENEVE_CONTEXT_LEN);
	put_unaligned_be32((u32)op->lin << 16 | op->lout, p);
	p += WEFT_GENEVE_CONTEXT_LEN;

	p = weft_geneve_put(p, WEFT_GENEVE_MARK_CLASS, WEFT_GENEVE_MARK_TYPE,
			    WEFT_GENEVE_MARK_LEN);
	put_unaligned_be32(op->mark, p);
	put_unaligned_be32((u32)op->stage << WEFT_GENEVE_STAGE_SHIFT, p + 4);
	p += WEFT_GENEVE_MARK_LEN;

	for (i = 0; i < WEFT_TUN_OPTS; i++) {
		if (!(op->opts_present & BIT(i)) || !slots[i].len)
			continue;
		p = weft_geneve_put(p, slots[i].opt_class, slots[i].type, slots[i].len);
		memcpy(p, op->opt[i], slots[i].len);
		p += slots[i].len;
	}
	return p - buf;
}

static enum weft_drop weft_geneve_context(struct weft_key *key, const u8 *data,
					  unsigned int len)
{
	u32 context;

	if (len != WEFT_GENEVE_CONTEXT_LEN ||
	    key->tun_flags & cpu_to_be16(WEFT_TUN_F_CONTEXT))
		return WEFT_DROP_TUNNEL_BAD;
	context = get_unaligned_be32(data);
	if (context & WEFT_GENEVE_RESERVED)
		return WEFT_DROP_TUNNEL_BAD;
	key->lin = cpu_to_be16(context >> 16);
	key->lout = cpu_to_be16(context & 0xffff);
	key->tun_flags |= cpu_to_be16(WEFT_TUN_F_CONTEXT);
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop weft_geneve_mark(struct weft_key *key, const u8 *data, unsigned int len)
{
	if (len != WEFT_GENEVE_MARK_LEN || key->tun_flags & cpu_to_be16(WEFT_TUN_F_MARK))
		return WEFT_DROP_TUNNEL_BAD;
	key->mark = cpu_to_be32(get_unaligned_be32(data));
	key->stage = get_unaligned_be32(data + 4) >> WEFT_GENEVE_STAGE_SHIFT;
	key->tun_flags |= cpu_to_be16(WEFT_TUN_F_MARK);
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop weft_geneve_other(struct weft_key *key, u16 class, u8 type,
					const u8 *data, unsigned int len,
					const struct weft_tun_opt *slots)
{
	unsigned int i;
	__be16 flag;

	for (i = 0; i < WEFT_TUN_OPTS; i++)
		if (slots[i].len && slots[i].opt_class == class && slots[i].type == type)
			break;
	if (i == WEFT_TUN_OPTS)
		return type & WEFT_GENEVE_CRITICAL ? WEFT_DROP_TUNNEL_OPTION :
						     WEFT_DROP_UNSPEC;
	flag = cpu_to_be16(WEFT_TUN_F_OPT0 << i);
	if (len != slots[i].len || key->tun_flags & flag)
		return WEFT_DROP_TUNNEL_BAD;
	memcpy(key->tun_opt[i], data, len);
	key->tun_flags |= flag;
	return WEFT_DROP_UNSPEC;
}

/* What another host of ours sends when no slot is used: context, mark, in this order */
static bool weft_geneve_usual(struct weft_key *key, const u8 *opts, unsigned int len)
{
	u32 context;

	if (len != WEFT_GENEVE_USUAL_LEN ||
	    get_unaligned_be32(opts) != WEFT_GENEVE_USUAL(CONTEXT) ||
	    get_unaligned_be32(opts + 8) != WEFT_GENEVE_USUAL(MARK))
		return false;
	context = get_unaligned_be32(opts + 4);
	if (unlikely(context & WEFT_GENEVE_RESERVED))
		return false;
	key->lin = cpu_to_be16(context >> 16);
	key->lout = cpu_to_be16(context & 0xffff);
	key->mark = cpu_to_be32(get_unaligned_be32(opts + 12));
	key->stage = get_unaligned_be32(opts + 16) >> WEFT_GENEVE_STAGE_SHIFT;
	key->tun_flags |= cpu_to_be16(WEFT_TUN_F_CONTEXT | WEFT_TUN_F_MARK);
	return true;
}

enum weft_drop weft_geneve_decode(struct weft_key *key, const u8 *opts, unsigned int len,
				  const struct weft_tun_opt *slots)
{
	enum weft_drop reason = WEFT_DROP_UNSPEC;

	if (likely(weft_geneve_usual(key, opts, len)))
		return WEFT_DROP_UNSPEC;
	while (len && !reason) {
		unsigned int n;
		u16 class;
		u8 type;

		if (len < WEFT_GENEVE_HDR)
			return WEFT_DROP_TUNNEL_BAD;
		class = get_unaligned_be16(opts);
		type = opts[2];
		n = (opts[3] & 0x1f) * 4;	/* the other bits are to be ignored */
		opts += WEFT_GENEVE_HDR;
		len -= WEFT_GENEVE_HDR;
		if (n > len)
			return WEFT_DROP_TUNNEL_BAD;
		if (class == WEFT_GENEVE_CONTEXT_CLASS && type == WEFT_GENEVE_CONTEXT_TYPE)
			reason = weft_geneve_context(key, opts, n);
		else if (class == WEFT_GENEVE_MARK_CLASS && type == WEFT_GENEVE_MARK_TYPE)
			reason = weft_geneve_mark(key, opts, n);
		else
			reason = weft_geneve_other(key, class, type, opts, n, slots);
		opts += n;
		len -= n;
	}
	return reason;
}
