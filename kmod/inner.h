/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packet inside of an ICMP error: the beginning of the one that the error is about.
 */
#ifndef WEFT_INNER_H
#define WEFT_INNER_H

#include <linux/in6.h>
#include <linux/types.h>
#include <linux/weft.h>

struct sk_buff;
struct weft_flow;
struct weft_key;

/* Places are bytes from the ICMP header */
struct weft_inner {
	struct in6_addr src;	/* IPv4: in the first four bytes */
	struct in6_addr dst;
	__be16 sport;		/* with WEFT_L_PORTS */
	__be16 dport;
	__be16 id;		/* of an echo */
	u16 layers;		/* WEFT_L_*: IP, and above it what there is enough of; 0: nothing */
	u16 l4;			/* place of that */
	u16 check;		/* of its checksum; 0: cut off, or cannot be corrected */
	u16 sctp_len;		/* bytes that its CRC was over */
	u16 end;		/* behind all that may be written */
	u8 proto;
	u8 frag;		/* enum weft_frag */
	u8 type;		/* of ICMP */
	u8 code;
	bool echo;
	bool routed;		/* dst is not in the pseudo-header */
	u8 pad[2];
};

/* Is a packet with this key an ICMP error, in one piece? */
bool weft_inner_is_error(const struct weft_key *key);

/*
 * Read what is inside of @skb, an ICMP error of @layers as weft_key_extract() left it; the skb is
 * not changed. False when it is malformed, or ends before ports or type are known; then
 * @inner->layers is 0.
 */
bool weft_inner_parse(const struct sk_buff *skb, u16 layers, struct weft_inner *inner);

/* Make @key, of the error, that of a packet that answers the one inside */
void weft_inner_reply(const struct weft_inner *inner, struct weft_key *key);

/*
 * Do to @key, made by weft_inner_reply(), what the entry of an instance does to addresses, ports
 * and identifiers. Returns the table to which the entry goes, or -1 if it has none or
 * is not for such a packet. RCU.
 */
int weft_inner_translate(const struct weft_flow *flow, struct weft_key *key);

/* The packet to which @reply, a key as above, would be the answer. Did that change anything? */
bool weft_inner_update(struct weft_inner *inner, const struct weft_key *reply);

/*
 * Write addresses, ports and identifier into the packet inside of @skb, with all checksums;
 * @inner was read from it, or from a packet of which it is a copy. The skb may be a clone,
 * but not shared. After another answer than WEFT_DROP_UNSPEC it is as it was. Softirq.
 */
enum weft_drop weft_inner_write(struct sk_buff *skb, const struct weft_inner *inner);

#endif /* WEFT_INNER_H */
