// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receive path of STT: a sequence of segments, of frames whose bytes are known, with time
 * going by, memory running out and the device going down. A frame that comes out is what
 * was sent; it comes when the last byte does, unless something was given up; and bounds hold.
 *
 * Operations, by the first byte modulo 16:
 *	0-10 segment: peer(1 byte), frame(1), offset(2), length(2)
 *	11   raw segment: length(1), then its bytes from the TCP header on
 *	12   time: jiffies(1), and expire with a budget(1)
 *	13   the next allocation but N(1) fails
 *	14   segments weigh N(1) * 1024 bytes from now on
 *	15   flush, if the next byte is 0
 */
#include <linux/tcp.h>
#include "kernel.h"
#include "stt_header.h"
#include "stt_reassembly.h"

#define PEERS 4
#define FRAMES 8
#define LENGTH_MAX 4096
#define WAIT 100

unsigned int fuzz_objects, fuzz_fail;

static const u16 lengths[FRAMES] = { 32, 33, 64, 100, 255, 1000, 2048, LENGTH_MAX };

/* What was sent of each since it was complete */
static struct model {
	bool have[LENGTH_MAX];
	unsigned int n;
	bool unsure;	/* some of it may have been given up */
	bool done;	/* its key may be remembered */
} models[PEERS][FRAMES];

static struct stt_reassembly r;
static unsigned long now;
static unsigned int weight;

struct input {
	const u8 *p;
	size_t left;
};

static unsigned int take(struct input *in, unsigned int bytes)
{
	unsigned int value = 0;

	while (bytes--) {
		value = value << 8 | (in->left ? *in->p : 0);
		if (in->left)
			in->p++, in->left--;
	}
	return value;
}

static u8 byte_of(unsigned int peer, unsigned int frame, unsigned int at)
{
	return at * 7 + (at >> 8) + peer * 31 + frame * 101;
}

static void make_key(struct stt_key *key, unsigned int peer, unsigned int frame)
{
	memset(key, 0, sizeof(*key));
	key->saddr.s6_addr[15] = peer + 1;
	key->daddr.s6_addr[15] = 200;
	key->id = cpu_to_be32(frame);
	key->sport = cpu_to_be16(1000);
	key->length = lengths[frame];
}

static unsigned long lost(void)
{
	return r.counts[STT_R_TIMEOUT] + r.counts[STT_R_EVICTED] + r.counts[STT_R_SEGMENTS] +
	       r.counts[STT_R_NO_MEMORY];
}

static void unsure(void)
{
	unsigned int i;

	for (i = 0; i < PEERS * FRAMES; i++)
		models[i / FRAMES][i % FRAMES].unsure = true;
}

static void check_bounds(void)
{
	unsigned int i, mem = 0;

	assert(r.mem <= STT_MEM_MAX);
	assert(r.n_frames <= STT_INCOMPLETE_MAX && r.n_done <= STT_DONE_MAX);
	for (i = 0; i < ARRAY_SIZE(r.peers); i++) {
		assert(r.peers[i].mem <= STT_PEER_MEM_MAX);
		mem += r.peers[i].mem;
	}
	assert(mem == r.mem);
}

static unsigned int free_list(struct sk_buff *list)
{
	unsigned int len = 0;

	while (list) {
		struct sk_buff *next = list->next;

		len += list->len;
		list->next = NULL;
		kfree_skb(list);
		list = next;
	}
	return len;
}

static void check_frame(struct sk_buff *list, unsigned int peer, unsigned int frame)
{
	unsigned int at = 0, i;
	struct sk_buff *skb;

	for (skb = list; skb; skb = skb->next)
		for (i = 0; i < skb->len; i++)
			assert(skb->data[i] == byte_of(peer, frame, at++));
	assert(at == lengths[frame]);
	free_list(list);
}

static void segment(struct input *in)
{
	unsigned int peer = take(in, 1) % PEERS, frame = take(in, 1) % FRAMES, i;
	unsigned int length = lengths[frame], offset = take(in, 2) % length;
	unsigned int len = take(in, 2) % (length - offset) + 1;
	struct model *m = &models[peer][frame];
	unsigned long lost_before = lost();
	unsigned int fail = fuzz_fail;
	u8 bytes[LENGTH_MAX], ecn = 0;
	struct sk_buff *skb, *list;
	struct stt_key key;

	for (i = 0; i < len; i++) {
		bytes[i] = byte_of(peer, frame, offset + i);
		m->n += !m->have[offset + i];
		m->have[offset + i] = true;
	}
	fuzz_fail = 0;
	skb = fuzz_skb(bytes, len);
	fuzz_fail = fail;
	skb->truesize += weight;
	make_key(&key, peer, frame);
	list = stt_reassembly_add(&r, &key, offset, skb, now + WAIT, &ecn);
	if (lost() != lost_before)
		unsure();
	if (list) {
		assert(m->n == length);
		check_frame(list, peer, frame);
		memset(m, 0, sizeof(*m));
		m->done = true;
	} else {
		assert(m->n < length || m->unsure || m->done);
	}
}

/* Not a frame of the model: whatever comes out has the length it was said to have */
static void raw_segment(struct input *in)
{
	unsigned int len = take(in, 1), fail = fuzz_fail;
	struct stt_segment s;
	struct sk_buff *skb, *list;
	struct stt_key key = { };
	u8 *bytes, ecn = 0;

	len = min(len, (unsigned int)in->left);
	bytes = malloc(len ? len : 1);	/* of just this length */
	memcpy(bytes, in->p, len);
	in->p += len;
	in->left -= len;
	if (len >= sizeof(struct tcphdr) &&
	    stt_segment_read((struct tcphdr *)bytes, len, &s)) {
		assert(s.hlen >= STT_TCP_HLEN && s.hlen < len);
		assert(s.offset + len - s.hlen <= s.length);
		key.saddr.s6_addr[15] = 99;
		key.id = s.id;
		key.sport = s.sport;
		key.length = s.length;
		fuzz_fail = 0;
		skb = fuzz_skb(bytes + s.hlen, len - s.hlen);
		fuzz_fail = fail;
		list = stt_reassembly_add(&r, &key, s.offset, skb, now + WAIT, &ecn);
		assert(!list || free_list(list) == s.length);
		unsure();	/* it may have taken the room of others */
	}
	free(bytes);
}

static void elapse(struct input *in)
{
	unsigned int budget;
	unsigned long next;
	unsigned int i;

	now += take(in, 1);
	budget = take(in, 1);
	if (stt_reassembly_expire(&r, now, budget, &next))
		assert(!list_empty(&r.frames) || !list_empty(&r.done));
	else
		assert(list_empty(&r.frames) && list_empty(&r.done));
	unsure();
	for (i = 0; i < PEERS * FRAMES; i++)
		models[i / FRAMES][i % FRAMES].done = true;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };

	memset(models, 0, sizeof(models));
	stt_reassembly_init(&r, 1);
	now = (unsigned long)-50;
	weight = 0;
	fuzz_fail = 0;
	while (in.left) {
		unsigned int op = take(&in, 1) % 16;

		if (op <= 10)
			segment(&in);
		else if (op == 11)
			raw_segment(&in);
		else if (op == 12)
			elapse(&in);
		else if (op == 13)
			fuzz_fail = take(&in, 1);
		else if (op == 14)
			weight = take(&in, 1) << 10;
		else if (!take(&in, 1)) {
			stt_reassembly_flush(&r);
			memset(models, 0, sizeof(models));
			assert(!r.mem && !r.n_frames && !r.n_done);
		}
		check_bounds();
	}
	stt_reassembly_flush(&r);
	assert(!r.mem && !r.n_frames && !r.n_done && !fuzz_objects);
	return 0;
}
