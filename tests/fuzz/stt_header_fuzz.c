// SPDX-License-Identifier: GPL-2.0-only
/*
 * The codec of STT, for any bytes. The first says how many of the frame's are in the skb's
 * linear part, the second how many more there are; then the header and the frame.
 */
#include "kernel.h"
#include "stt_header.h"

unsigned int fuzz_objects, fuzz_fail;

static void check_offload(const struct stt_meta *meta, const struct stt_offload *o,
			  const u8 *frame, unsigned int linear, unsigned int len)
{
	unsigned int hlen;

	assert(!o->verified || !(meta->flags & STT_F_PARTIAL));
	if (!o->csum_start) {
		assert(!o->gso_size && !o->gso_segs);
		return;
	}
	assert(meta->flags & STT_F_PARTIAL);
	assert(o->csum_start >= STT_ETH_HLEN);
	assert(o->csum_start + o->csum_offset + 2U <= linear);
	if (!o->gso_size)
		return;
	assert(o->csum_offset == 16 && o->gso_size >= STT_MSS_MIN);
	hlen = o->csum_start + (frame[o->csum_start + 12] >> 4) * 4;
	assert(hlen <= linear && hlen + o->gso_size < len);
	assert(o->gso_segs >= 2 && o->gso_segs <= 65535 / STT_MSS_MIN);
	assert((o->gso_segs - 1) * o->gso_size < len - hlen);
	assert(o->gso_segs * o->gso_size >= len - hlen);
	assert(o->ipv6 == !(meta->flags & STT_F_IPV4));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct stt_hdr hdr, again;
	unsigned int linear, len;
	struct stt_offload offload;
	struct stt_meta meta, back;
	u8 *frame;

	if (size < 2 + STT_HLEN)
		return 0;
	memcpy(&hdr, data + 2, STT_HLEN);
	if (!stt_header_read(&hdr, &meta))
		return 0;
	stt_header_write(&again, &meta);
	assert(stt_header_read(&again, &back));
	assert(meta.context == back.context && meta.mss == back.mss && meta.vlan == back.vlan);
	assert(meta.flags == back.flags && meta.l4_offset == back.l4_offset);

	len = size - 2 - STT_HLEN;
	linear = min(len, data[0] * 2U);
	frame = malloc(linear ? linear : 1);
	memcpy(frame, data + 2 + STT_HLEN, linear);
	len += data[1] * 256U;
	if (linear >= stt_offload_need(&meta, len) &&
	    stt_offload_read(&meta, frame, linear, len, &offload))
		check_offload(&meta, &offload, frame, linear, len);
	/* and if less is there than was asked for, nothing else is read */
	if (linear < STT_ETH_HLEN)
		assert(!stt_offload_read(&meta, frame, linear, len, &offload));
	free(frame);
	return 0;
}
