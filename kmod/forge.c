// SPDX-License-Identifier: GPL-2.0-only
/*
 * Marks that machines forge: frames that look like what our tunnels send.
 *
 * Nothing in a machine's frame is ever read as context or mark, so such a frame is a frame
 * like any other and goes where entries say. But somebody tries to trace, or to be what he is
 * not, and that is to be seen: the port counts it among the marks that it refused. Only packets
 * that walk are looked at, so it is counted once for each flow, and others do not pay for it.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/weft.h>
#include "compat.h"
#include "context.h"
#include "forge.h"
#include "key.h"

#define WEFT_FORGE_GENEVE_PORT	6081
#define WEFT_FORGE_GENEVE_LEN	8	/* of the header; then options */
#define WEFT_FORGE_STT_PORT	7471
#define WEFT_FORGE_STT_CONTEXT	8	/* place of the context ID in the STT header */
#define WEFT_FORGE_GRE_KEY	0x2000	/* flags of GRE */
#define WEFT_FORGE_GRE_CSUM	0x8000

static bool weft_forged_geneve(const struct sk_buff *skb, int at)
{
	static const struct weft_tun_opt no_slots[WEFT_TUN_OPTS];
	u8 buf[WEFT_FORGE_GENEVE_LEN + WEFT_GENEVE_OPTS_MAX];
	struct weft_key key = {};
	unsigned int len;
	const u8 *p;

	p = skb_header_pointer(skb, at, WEFT_FORGE_GENEVE_LEN, buf);
	if (!p)
		return false;
	len = (p[0] & 0x3f) * 4;
	if (p[0] >> 6 || len > WEFT_GENEVE_OPTS_MAX)
		return false;
	p = skb_header_pointer(skb, at + WEFT_FORGE_GENEVE_LEN, len, buf);
	return p && !weft_geneve_decode(&key, p, len, no_slots) && key.mark;
}

static bool weft_forged_gre(const struct sk_buff *skb, int at)
{
	struct weft_context context;
	__be16 head[2];
	const __be16 *p = skb_header_pointer(skb, at, sizeof(head), head);
	const __be32 *key;
	__be32 buf;
	u16 flags;

	if (!p || p[1] != htons(ETH_P_TEB))
		return false;
	flags = ntohs(p[0]);
	if (!(flags & WEFT_FORGE_GRE_KEY))
		return false;
	at += sizeof(head) + (flags & WEFT_FORGE_GRE_CSUM ? 4 : 0);
	key = skb_header_pointer(skb, at, sizeof(buf), &buf);
	if (!key)
		return false;
	weft_gre_decode(get_unaligned_be32(key), &context);
	return context.mark;
}

static bool weft_forged_stt(const struct sk_buff *skb, int at)
{
	struct weft_context context;
	const __be64 *id;
	__be64 buf;

	id = skb_header_pointer(skb, at + WEFT_FORGE_STT_CONTEXT, sizeof(buf), &buf);
	if (!id)
		return false;
	weft_stt_decode(get_unaligned_be64(id), &context);
	return context.mark;
}

bool weft_forged(const struct sk_buff *skb, const struct weft_key *key)
{
	int at = skb_transport_offset(skb);

	if (!(key->layers & WEFT_L_IP) || key->ip_frag & WEFT_FRAG_LATER)
		return false;
	if (key->ip_proto == IPPROTO_GRE)
		return weft_forged_gre(skb, at);
	if (key->layers & WEFT_L_UDP && key->l4_dst == htons(WEFT_FORGE_GENEVE_PORT))
		return weft_forged_geneve(skb, at + sizeof(struct udphdr));
	if (key->layers & WEFT_L_TCP && key->l4_dst == htons(WEFT_FORGE_STT_PORT))
		return weft_forged_stt(skb, at + sizeof(struct tcphdr));
	return false;
}
