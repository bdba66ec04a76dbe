/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing the headers of a packet, checksums included.
 *
 * Everywhere: skb->data is at the Ethernet header, header offsets are as
 * weft_key_extract() left them and stay right; @layers is what it found. The
 * skb may be a clone, but not shared. WEFT_DROP_UNSPEC is success; after another
 * answer the packet is as it was.
 */
#ifndef WEFT_REWRITE_H
#define WEFT_REWRITE_H

#include <linux/types.h>
#include <linux/weft.h>

struct sk_buff;

/*
 * Write @value, the field's bytes as in the key, into packet field @field.
 * Of a TCI the WEFT_VLAN_PRESENT bit is not written: the tag keeps its DEI.
 */
enum weft_drop weft_rewrite_set(struct sk_buff *skb, u16 layers, enum weft_field field,
				const u8 *value);

/*
 * Is the L4 checksum, of the header at @start, to be completed from the sum of the
 * pseudo-header?
 */
bool weft_l4_partial(const struct sk_buff *skb, unsigned int start, bool udp);

/* Take @by, 1…255, from TTL or hop limit; WEFT_DROP_TTL unless 1 is left */
enum weft_drop weft_rewrite_dec_ttl(struct sk_buff *skb, u16 layers, unsigned int by);

/* New outer tag with TCI 0; adds to @layers */
enum weft_drop weft_rewrite_push_vlan(struct sk_buff *skb, u16 *layers, __be16 tpid);

/* Remove the outer tag, if there is one; takes from @layers */
enum weft_drop weft_rewrite_pop_vlan(struct sk_buff *skb, u16 *layers);

#endif /* WEFT_REWRITE_H */
