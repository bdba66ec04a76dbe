// SPDX-License-Identifier: GPL-2.0-only
/*
 * From segments to the frame that was sent.
 *
 * Segments may be joined without a copy where pages and their number allow it. Where not, or
 * where receive offload has made a list of fragments, the frame is copied into new pages:
 * a list whose parts are cut at the outer packets' borders cannot be cut again at the
 * inner ones', and much of the kernel does not expect it. So no frame has one.
 *
 * A frame's headers are its own. Its payload may be its sender's TCP's, too, if it never left
 * this host.
 */
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include "stt.h"

#define STT_LINEAR	256	/* bytes for headers in a copy */

static void stt_frame_free_list(struct sk_buff *skb)
{
	struct sk_buff *next;

	for (; skb; skb = next) {
		next = skb->next;
		skb->next = NULL;
		kfree_skb(skb);
	}
}

/* Copy @len bytes of a list into one skb */
static struct sk_buff *stt_frame_copy(const struct sk_buff *list, unsigned int len)
{
	unsigned int linear = min_t(unsigned int, len, STT_LINEAR), at = 0, i;
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(NET_SKB_PAD + linear, len - linear, PAGE_ALLOC_COSTLY_ORDER,
				   &err, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_SKB_PAD);	/* STT's padding aligns IP's header */
	skb_put(skb, linear);
	skb->len += len - linear;
	skb->data_len = len - linear;
	for (; list; list = list->next) {
		unsigned int from = 0, n;

		if (at < linear) {
			n = min(list->len, linear - at);
			if (skb_copy_bits(list, 0, skb->data + at, n))
				goto bad;
			at += n;
			from = n;
		}
		for (; from < list->len; from += n, at += n) {
			unsigned int place = at - linear;
			skb_frag_t *frag;

			for (i = 0; place >= skb_frag_size(&skb_shinfo(skb)->frags[i]); i++)
				place -= skb_frag_size(&skb_shinfo(skb)->frags[i]);
			frag = &skb_shinfo(skb)->frags[i];
			n = min(list->len - from, skb_frag_size(frag) - place);
			if (skb_copy_bits(list, from, skb_frag_address(frag) + place, n))
				goto bad;
		}
	}
	return skb;

bad:
	kfree_skb(skb);
	return NULL;
}

struct sk_buff *stt_frame_join(struct sk_buff *first, unsigned int len)
{
	struct sk_buff *next, *skb;

	if (!first->next && !skb_has_frag_list(first) &&
	    !skb_header_cloned(first))
		return first;
	while ((next = first->next)) {
		bool stolen;
		int more;

		if (skb_has_frag_list(first) || !skb_try_coalesce(first, next, &stolen, &more))
			break;
		first->next = next->next;
		first->truesize += more;
		next->next = NULL;
		kfree_skb_partial(next, stolen);
	}
	if (!first->next && !skb_has_frag_list(first)) {
		if (!skb_header_unclone(first, GFP_ATOMIC))
			return first;
		kfree_skb(first);
		return NULL;
	}
	skb = stt_frame_copy(first, len);
	stt_frame_free_list(first);
	return skb;
}

bool stt_frame_restore(struct sk_buff *skb, const struct stt_meta *meta)
{
	unsigned int need = stt_offload_need(meta, skb->len);
	struct skb_shared_info *shinfo;
	struct stt_offload offload;

	if (!pskb_may_pull(skb, need) ||
	    !stt_offload_read(meta, skb->data, skb_headlen(skb), skb->len, &offload))
		return false;
	skb->encapsulation = 0;
	skb->csum_level = 0;
	skb->csum_valid = 0;
	skb->ip_summed = offload.verified ? CHECKSUM_UNNECESSARY : CHECKSUM_NONE;
	if (offload.csum_start &&
	    !skb_partial_csum_set(skb, offload.csum_start, offload.csum_offset))
		return false;
	shinfo = skb_shinfo(skb);
	shinfo->gso_size = offload.gso_size;
	shinfo->gso_segs = offload.gso_segs;
	shinfo->gso_type = 0;
	if (offload.gso_size) {
		/* "dodgy": whoever cuts it shall look at its headers himself */
		shinfo->gso_type = (offload.ipv6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4) | SKB_GSO_DODGY;
		if (offload.ecn)
			shinfo->gso_type |= SKB_GSO_TCP_ECN;
	}
	return true;
}
