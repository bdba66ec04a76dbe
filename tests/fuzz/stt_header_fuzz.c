// SPDX-License-Identifier: GPL-2.0-only
/*
 * The codec of STT, for any bytes, against what the same bytes say in other words: here each header
 * is read from its bytes, one by one. The first byte says how many of the frame's are in the
 * skb's linear part, the second how many more there are; then the header and the frame. The same
 * bytes are then a segment's from its TCP header on.
 */
#include <linux/tcp.h>
#include "kernel.h"
#include "stt_header.h"

unsigned int fuzz_objects, fuzz_fail;

static unsigned int be16(const u8 *p)
{
	return p[0] * 256 + p[1];
}

/* ---- the header -------------------------------------------------------------- */

static bool expect_header(const u8 *p, struct stt_meta *meta)
{
	unsigned int i;

	if (p[0] || (p[1] & 3) == 3)
		return false;
	meta->flags = p[1] & 0xf;
	meta->l4_offset = p[2];
	meta->mss = be16(p + 4);
	meta->vlan = p[6] & 0x10 ? be16(p + 6) : 0;
	meta->context = 0;
	for (i = 8; i < 16; i++)
		meta->context = meta->context * 256 + p[i];
	return true;
}

/* What is written is what was read, and nothing where nothing is said */
static void check_header(const u8 *p, const struct stt_meta *meta)
{
	u8 wanted[STT_HLEN];
	struct stt_hdr hdr;

	memcpy(wanted, p, STT_HLEN);
	wanted[1] &= 0xf;
	wanted[3] = 0;
	if (!(p[6] & 0x10))
		wanted[6] = 0, wanted[7] = 0;
	wanted[16] = 0;
	wanted[17] = 0;
	memset(&hdr, 0xa5, sizeof(hdr));
	stt_header_write(&hdr, meta);
	assert(!memcmp(&hdr, wanted, STT_HLEN));
}

/* ---- the frame ----------------------------------------------------------------- */

/* Where TCP begins behind IPv4 at @ip; 0: it does not. The frame is followed up to @end */
static unsigned int after_ipv4(const u8 *f, unsigned int ip, unsigned int end)
{
	unsigned int hlen;

	if (end < ip + 20 || f[ip] < 0x45 || f[ip] > 0x4f)
		return 0;
	hlen = (f[ip] - 0x40) * 4;
	if (be16(f + ip + 6) % 0x4000 || f[ip + 9] != 6)	/* of a fragment; not TCP */
		return 0;
	return ip + hlen;
}

static unsigned int after_ipv6(const u8 *f, unsigned int ip, unsigned int end)
{
	unsigned int at = ip + 40, n = 0;
	u8 next;

	if (end < at || f[ip] < 0x60 || f[ip] > 0x6f)
		return 0;
	for (next = f[ip + 6]; next != 6; n++) {
		if ((next != 0 && next != 43 && next != 60) || n == 4 || end < at + 8)
			return 0;
		next = f[at];
		at += 8 + f[at + 1] * 8;
	}
	return at;
}

static unsigned int where_tcp_is(const u8 *f, unsigned int end, bool *ipv6)
{
	unsigned int ip = 14, n;

	for (n = 0; n < 2 && (be16(f + ip - 2) == 0x8100 || be16(f + ip - 2) == 0x88a8); n++) {
		if (end < ip + 4)
			return 0;
		ip += 4;
	}
	*ipv6 = be16(f + ip - 2) == 0x86dd;
	if (*ipv6)
		return after_ipv6(f, ip, end);
	return be16(f + ip - 2) == 0x800 ? after_ipv4(f, ip, end) : 0;
}

static bool expect_offload(const struct stt_meta *meta, const u8 *f, unsigned int linear,
			   unsigned int len, struct stt_offload *o)
{
	unsigned int l4 = meta->l4_offset, hlen, payload;

	memset(o, 0, sizeof(*o));
	if (linear < 14)
		return false;
	o->verified = meta->flags & 1;
	if (!(meta->flags & 2))
		return true;
	if (l4 < 14 || linear < l4 + (meta->flags & 8 ? 20 : 8))
		return false;
	o->csum_start = l4;
	o->csum_offset = meta->flags & 8 ? 16 : 6;
	if (!(meta->flags & 8) || !meta->mss)
		return true;

	hlen = f[l4 + 12] / 16 * 4;
	if (meta->mss < 48 || hlen < 20 || linear < l4 + hlen)
		return false;
	if (where_tcp_is(f, l4, &o->ipv6) != l4 || o->ipv6 == !!(meta->flags & 4))
		return false;
	payload = len - l4 - hlen;
	if (payload <= meta->mss) {
		o->ipv6 = false;
		return true;
	}
	o->gso_size = meta->mss;
	while (o->gso_segs * meta->mss < payload)
		o->gso_segs++;
	o->ecn = f[l4 + 13] >= 0x80;
	return true;
}

static void check_frame(const struct stt_meta *meta, const u8 *data, size_t size,
			unsigned int linear, unsigned int more)
{
	unsigned int len = size + more, need = STT_ETH_HLEN;
	struct stt_offload offload, wanted;
	bool good;
	u8 *frame;

	if (meta->flags & 2 && meta->l4_offset + 60 > 14)
		need = meta->l4_offset + 60;
	if (need > len)
		need = len;
	assert(stt_offload_need(meta, len) == need);

	linear = min(size, linear);
	frame = malloc(linear ? linear : 1);	/* of just this length */
	memcpy(frame, data, linear);
	/* what is not there is not read, and nothing is made of it */
	if (linear >= need || linear < STT_ETH_HLEN) {
		good = stt_offload_read(meta, frame, linear, len, &offload);
		assert(good == expect_offload(meta, frame, linear, len, &wanted));
		if (good) {
			assert(offload.verified == wanted.verified);
			assert(offload.csum_start == wanted.csum_start);
			assert(offload.csum_offset == wanted.csum_offset);
			assert(offload.gso_size == wanted.gso_size);
			assert(offload.gso_segs == wanted.gso_segs);
			assert(offload.ipv6 == wanted.ipv6 && offload.ecn == wanted.ecn);
		}
	}
	free(frame);
}

/* ---- a segment ------------------------------------------------------------------ */

static void check_segment(const u8 *data, unsigned int len)
{
	unsigned int hlen = data[12] / 16 * 4, length = be16(data + 4), offset = be16(data + 6);
	struct stt_segment s;
	struct tcphdr th;
	bool good;

	memcpy(&th, data, sizeof(th));
	good = hlen >= 20 && len > hlen && !(data[13] & 7);	/* SYN, RST, FIN */
	good = good && length >= 32 && offset + (len - hlen) <= length;
	assert(stt_segment_read(&th, len, &s) == good);
	if (!good)
		return;
	assert(s.hlen == hlen && s.length == length && s.offset == offset);
	assert(!memcmp(&s.sport, data, 2) && !memcmp(&s.id, data + 8, 4));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	unsigned int linear, more;
	struct stt_meta meta, wanted;
	struct stt_hdr hdr;
	bool good;

	if (size < 2)
		return 0;
	linear = data[0] * 2;
	more = data[1] * 256;
	data += 2;
	size -= 2;
	if (size >= sizeof(struct tcphdr))
		check_segment(data, size + more);
	if (size < STT_HLEN)
		return 0;
	memcpy(&hdr, data, STT_HLEN);
	good = stt_header_read(&hdr, &meta);
	assert(good == expect_header(data, &wanted));
	if (!good)
		return 0;
	assert(meta.context == wanted.context && meta.mss == wanted.mss);
	assert(meta.vlan == wanted.vlan && meta.flags == wanted.flags);
	assert(meta.l4_offset == wanted.l4_offset);
	check_header(data, &meta);
	check_frame(&meta, data + STT_HLEN, size - STT_HLEN, linear, more);
	return 0;
}
