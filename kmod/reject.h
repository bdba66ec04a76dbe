/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers to packets that are refused: RST, and errors of ICMP and ICMPv6.
 */
#ifndef WEFT_REJECT_H
#define WEFT_REJECT_H

#include <linux/types.h>
#include <linux/weft.h>

struct sk_buff;
struct weft_key;
struct weft_port;

/* What AUTO is for such a packet; the others are what they are */
enum weft_reject weft_reject_how(const struct weft_key *key, enum weft_reject how);

/* May a packet with @key be answered so? Not AUTO. */
bool weft_reject_allowed(const struct weft_key *key, enum weft_reject how);

/* Make @key, of a packet that may be answered, that of its answer; metadata stay */
void weft_reject_key(struct weft_key *key, enum weft_reject how);

/*
 * The answer to @skb, of which weft_key_extract() has found @layers: a frame like that
 * of which weft_reject_key() gives the key. @skb stays, though checksums in it may be completed.
 * @mtu: what TOO_BIG tells. NULL without memory. BH off.
 */
struct sk_buff *weft_reject_make(struct sk_buff *skb, u16 layers, enum weft_reject how, u16 mtu);

/* May one more packet that came by @port be answered now? */
bool weft_reject_admit(struct weft_port *port);

#endif /* WEFT_REJECT_H */
