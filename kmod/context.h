/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Logical context and mark as tunnel headers carry them.
 *
 * What a header says is one number for STT and for GRE, and options for Geneve. The layouts
 * are those of uapi/linux/weft.h. These functions only know layouts: no ports, no
 * labels, no packets.
 */
#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

#include <linux/types.h>
#include <linux/weft.h>

struct weft_key;
struct weft_op_tunnel;

/* Bytes of Geneve options: context, mark and all slots, with their headers */
#define WEFT_GENEVE_OPTS_MAX	(4 + WEFT_GENEVE_CONTEXT_LEN + 4 + WEFT_GENEVE_MARK_LEN + \
				 WEFT_TUN_OPTS * (4 + WEFT_TUN_OPT_LEN))

/* Host order */
struct weft_context {
	u32 ldp;
	u32 mark;	/* bits that the header has no room for are not sent, and read as zero */
	u16 lin;
	u16 lout;
	u8 stage;
};

/* Bits of the mark that ports of @type (enum weft_port_type) can carry */
u32 weft_mark_bits(u8 type);

/* Is there room for each of its fields? Says nothing about the mark. */
bool weft_context_fits(const struct weft_context *context);

/* STT: the 64-bit context ID; what is encoded must fit */
u64 weft_stt_encode(const struct weft_context *context);
void weft_stt_decode(u64 id, struct weft_context *context);

/* GRE: the key; ldp, lin and lout are in the label, up to WEFT_LABEL_MAX, if anywhere */
u32 weft_gre_encode(const struct weft_context *context, u32 label);
u32 weft_gre_decode(u32 key, struct weft_context *context);	/* returns the label */

/* The logical port that the label of a packet in this stage names */
static inline u16 weft_gre_lport(const struct weft_context *context)
{
	return context->stage ? context->lin : context->lout;
}

/*
 * Geneve: write the options of @op to @buf, WEFT_GENEVE_OPTS_MAX bytes; returns how many
 * were used. Its lin must fit.
 */
unsigned int weft_geneve_encode(u8 *buf, const struct weft_op_tunnel *op,
				const struct weft_tun_opt *slots);

/*
 * Read @len bytes of options into @key: lin, lout, stage, mark, tun_opt and their
 * bits of tun_flags, all of which are zero before. Returns why the packet is
 * to be dropped, when @key is not to be used.
 */
enum weft_drop weft_geneve_decode(struct weft_key *key, const u8 *opts, unsigned int len,
				  const struct weft_tun_opt *slots);

#endif /* WEFT_CONTEXT_H */
