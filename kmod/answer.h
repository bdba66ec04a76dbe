/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames that answer others.
 */
#ifndef WEFT_ANSWER_H
#define WEFT_ANSWER_H

#include <linux/types.h>

struct sk_buff;

#define WEFT_ANSWER_TTL	64

/*
 * The answer to @skb, whose headers are where weft_key_extract() found them, down to its IP header:
 * addresses the other way round, VLAN tags as they were, no options or extension headers. Behind
 * it are @len bytes of zero, for protocol @proto. NULL without memory. @skb stays. BH off.
 */
struct sk_buff *weft_answer_frame(const struct sk_buff *skb, bool ipv6, u8 proto,
				  unsigned int len);

/*
 * The checksum of what is behind the IP header of @answer, whose checksum field is zero, with its
 * pseudo-header; not for ICMP of IPv4, which has none.
 */
__sum16 weft_answer_check(const struct sk_buff *answer, bool ipv6, u8 proto);

#endif /* WEFT_ANSWER_H */
