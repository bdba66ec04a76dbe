// SPDX-License-Identifier: GPL-2.0-only
/*
 * The codec of STT: plain bytes in, plain values out.
 *
 * What comes in was written by another host. The kernel trusts a packet's offload
 * metadata: it writes checksums where that says, and cuts frames behind the headers that it
 * names. So all of it is compared with the frame first. The checks know what
 * segmentation relies on: headers of the right kind at the place, of a length that fits.
 *
 * This file is also built in user space, for the fuzzer.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <asm/byteorder.h>
#include "stt_header.h"

#define STT_VLANS_MAX		2	/* tags inside the frame */
#define STT_EXTHDRS_MAX		4	/* extension headers before TCP */
#define STT_TCP_CSUM		16	/* place of the checksum in TCP … */
#define STT_UDP_CSUM		6	/* … and in UDP */
#define STT_UDP_HLEN		8
#define STT_TCP_HLEN_MAX	60

bool stt_segment_read(const struct tcphdr *th, unsigned int len, struct stt_segment *segment)
{
	u32 seq = be32_to_cpu(th->seq);

	if (th->syn || th->rst || th->fin || th->doff * 4 < STT_TCP_HLEN || len <= th->doff * 4U)
		return false;
	segment->id = th->ack_seq;
	segment->sport = th->source;
	segment->length = seq >> 16;
	segment->offset = seq & 0xffff;
	segment->hlen = th->doff * 4;
	return segment->length >= STT_FRAME_MIN &&
	       segment->offset + len - segment->hlen <= segment->length;
}

void stt_header_write(struct stt_hdr *hdr, const struct stt_meta *meta)
{
	BUILD_BUG_ON(sizeof(*hdr) != STT_HLEN);

	hdr->version = 0;
	hdr->flags = meta->flags;
	hdr->l4_offset = meta->l4_offset;
	hdr->reserved = 0;
	hdr->mss = cpu_to_be16(meta->mss);
	hdr->vlan = cpu_to_be16(meta->vlan);
	hdr->context = cpu_to_be64(meta->context);
	hdr->padding = 0;
}

bool stt_header_read(const struct stt_hdr *hdr, struct stt_meta *meta)
{
	const u8 both = STT_F_VERIFIED | STT_F_PARTIAL;

	if (hdr->version || (hdr->flags & both) == both)
		return false;
	meta->flags = hdr->flags & (both | STT_F_IPV4 | STT_F_TCP);
	meta->l4_offset = hdr->l4_offset;
	meta->mss = be16_to_cpu(hdr->mss);
	meta->vlan = be16_to_cpu(hdr->vlan);
	if (!(meta->vlan & STT_VLAN_PRESENT))
		meta->vlan = 0;
	meta->context = be64_to_cpu(hdr->context);
	return true;
}

static u16 stt_be16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

unsigned int stt_offload_need(const struct stt_meta *meta, unsigned int len)
{
	unsigned int need = STT_ETH_HLEN;

	if (meta->flags & STT_F_PARTIAL)
		need = max_t(unsigned int, need, meta->l4_offset + STT_TCP_HLEN_MAX);
	return min(need, len);
}

static bool stt_offload_ipv4(const u8 *ip, unsigned int len, u8 proto)
{
	if (len < 20 || ip[0] >> 4 != 4 || (ip[0] & 0xf) * 4U != len)
		return false;
	if (stt_be16(ip + 6) & 0x3fff)		/* a fragment */
		return false;
	return ip[9] == proto;
}

/* @len is up to the L4 header */
static bool stt_offload_ipv6(const u8 *ip, unsigned int len, u8 proto)
{
	unsigned int at = 40, n;
	u8 next;

	if (len < at || ip[0] >> 4 != 6)
		return false;
	next = ip[6];
	for (n = 0; n < STT_EXTHDRS_MAX && next != proto; n++) {
		if (next != 0 && next != 43 && next != 60)	/* hop by hop, routing, options */
			return false;
		if (at + 8 > len)
			return false;
		next = ip[at];
		at += (ip[at + 1] + 1) * 8;
	}
	return next == proto && at == len;
}

/* Is there an L4 header of @proto at meta->l4_offset? */
static bool stt_offload_headers(const struct stt_meta *meta, const u8 *frame, u8 proto)
{
	unsigned int at = STT_ETH_HLEN, l4 = meta->l4_offset, n;
	u16 type;

	type = stt_be16(frame + at - 2);
	for (n = 0; n < STT_VLANS_MAX && (type == ETH_P_8021Q || type == ETH_P_8021AD); n++) {
		if (at + 4 > l4)
			return false;
		type = stt_be16(frame + at + 2);
		at += 4;
	}
	if (at >= l4)
		return false;
	if (meta->flags & STT_F_IPV4)
		return type == ETH_P_IP && stt_offload_ipv4(frame + at, l4 - at, proto);
	return type == ETH_P_IPV6 && stt_offload_ipv6(frame + at, l4 - at, proto);
}

bool stt_offload_read(const struct stt_meta *meta, const u8 *frame, unsigned int linear,
		      unsigned int len, struct stt_offload *offload)
{
	bool tcp = meta->flags & STT_F_TCP;
	unsigned int l4 = meta->l4_offset, hlen = tcp ? STT_TCP_HLEN : STT_UDP_HLEN;
	const u8 *th = frame + l4;

	memset(offload, 0, sizeof(*offload));
	if (linear < STT_ETH_HLEN)
		return false;
	offload->verified = meta->flags & STT_F_VERIFIED;
	if (!(meta->flags & STT_F_PARTIAL))
		return true;
	if (l4 < STT_ETH_HLEN || l4 + hlen > linear)
		return false;
	offload->csum_start = l4;
	offload->csum_offset = tcp ? STT_TCP_CSUM : STT_UDP_CSUM;
	if (!tcp || !meta->mss)
		return true;

	hlen = (th[12] >> 4) * 4;
	if (hlen < STT_TCP_HLEN || l4 + hlen > linear || meta->mss < STT_MSS_MIN ||
	    !stt_offload_headers(meta, frame, IPPROTO_TCP))
		return false;
	if (len - l4 - hlen <= meta->mss)
		return true;			/* one segment: nothing to cut */
	offload->gso_size = meta->mss;
	offload->gso_segs = DIV_ROUND_UP(len - l4 - hlen, meta->mss);
	offload->ipv6 = !(meta->flags & STT_F_IPV4);
	offload->ecn = th[13] & 0x80;
	return true;
}
