// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reassembly of STT: a sequence of segments, with time going by, memory running out and the
 * device going down, against a model that keeps no bytes, only which are where: what comes out, when,
 * what it weighs and what is counted is to be the same. Each frame has bytes of its own, so one
 * that comes out is seen to be what was sent.
 *
 * Operations, by the first byte modulo 16:
 *	0-8  segment: peer(1 byte), frame(1), offset(2), length(2)
 *	9    comb: peer(1), frame(1), then segments of one byte: offset(2), step(1), number(1)
 *	10   burst: peer(1), first(1), segments of as many frames: complete(1 bit), number(15)
 *	11   raw segment: length(1), then its bytes from the TCP header on
 *	12   time: jiffies(1), and expire with a budget(1)
 *	13   the next allocation but N(1) fails
 *	14   segments weigh N(1) * 1024 bytes from now on
 *	15   flush, if the next byte is 0
 * A peer is: ECN(2 bits), unused(1), source port(1), destination(1), source(3).
 * A frame is: id(5), length(3).
 */
#include <linux/tcp.h>
#include "kernel.h"
#include "stt_header.h"
#include "stt_reassembly.h"

#define LENGTH_MAX 4096
#define BURSTS_MAX 1600	/* segments of all, so that an input is not slow */
#define SEED 1
#define WAIT 100

unsigned int fuzz_objects, fuzz_fail;

static const u16 lengths[] = { 32, 33, 64, 100, 255, 1000, 2048, LENGTH_MAX };

struct piece {
	unsigned int start, end, weight;
};

/* A frame that waits, or is remembered */
struct model {
	struct model *next;	/* that is younger */
	struct stt_key key;
	struct piece *pieces;	/* in order */
	unsigned int n;
	unsigned int have;	/* bytes */
	unsigned int mem;
	unsigned int peer;
	unsigned long expires;
	u8 ecn;
};

static struct queue {
	struct model *first, *last;
	unsigned int n;
} waiting, remembered;

static unsigned int mem, peer_mem[1 << STT_PEER_BITS];

static unsigned long counts[__STT_R_MAX];
static unsigned int fail;	/* so many allocations from now one fails; 0: none */

static struct stt_reassembly r;
static unsigned long now;
static unsigned int weight;
static unsigned int n_burst;

/* ---- the model ------------------------------------------------------------------ */

static bool fails(void)
{
	return fail && !--fail;
}

static struct model *find(const struct queue *queue, const struct stt_key *key)
{
	struct model *m = queue->first;

	while (m && (m->key.id != key->id || memcmp(&m->key, key, sizeof(*key))))
		m = m->next;
	return m;
}

static void append(struct queue *queue, struct model *m)
{
	if (queue->first)
		queue->last->next = m;
	else
		queue->first = m;
	queue->last = m;
	m->next = NULL;
	queue->n++;
}

static void take_out(struct queue *queue, const struct model *m)
{
	struct model *prev = queue->first;

	queue->n--;
	if (prev == m) {
		queue->first = m->next;
		return;
	}
	while (prev->next != m)
		prev = prev->next;
	prev->next = m->next;
	if (!m->next)
		queue->last = prev;
}

/* @by: of pieces that come (1) or go (-1) */
static void account(struct model *m, const struct piece *piece, int by)
{
	m->n += by;
	m->have += by * (piece->end - piece->start);
	m->mem += by * piece->weight;
	peer_mem[m->peer] += by * piece->weight;
	mem += by * piece->weight;
}

static void empty(struct model *m)
{
	while (m->n)
		account(m, &m->pieces[m->n - 1], -1);
}

static void forget(struct queue *queue, struct model *m)
{
	take_out(queue, m);
	empty(m);
	free(m->pieces);
	free(m);
}

static void give_up(struct model *m, enum stt_reassembly_count why)
{
	counts[why]++;
	forget(&waiting, m);
}

static void forget_all(void)
{
	while (waiting.first)
		forget(&waiting, waiting.first);
	while (remembered.first)
		forget(&remembered, remembered.first);
}

static struct model *expect_frame(const struct stt_key *key)
{
	struct model *m = find(&waiting, key);

	if (m)
		return m;
	if (fails()) {
		counts[STT_R_NO_MEMORY]++;
		return NULL;
	}
	if (waiting.n == STT_INCOMPLETE_MAX)
		give_up(waiting.first, STT_R_EVICTED);
	m = calloc(1, sizeof(*m));
	m->key = *key;
	m->expires = now + WAIT;
	m->peer = jhash2((const u32 *)&key->saddr, 4, SEED) >> (32 - STT_PEER_BITS);
	append(&waiting, m);
	return m;
}

/* Cut off @piece what others have, and take out those that it covers; where it goes, -1: nowhere */
static int expect_place(struct model *m, struct piece *piece)
{
	bool overlap = false;
	int at = 0;

	while (at < m->n && m->pieces[at].start <= piece->start)
		at++;
	if (at && m->pieces[at - 1].end > piece->start) {
		if (m->pieces[at - 1].end >= piece->end)
			goto duplicate;
		if (fails())
			goto no_memory;
		piece->start = m->pieces[at - 1].end;
		overlap = true;
	}
	while (at < m->n && m->pieces[at].end <= piece->end) {
		account(m, &m->pieces[at], -1);
		memmove(&m->pieces[at], &m->pieces[at + 1], (m->n - at) * sizeof(*piece));
		overlap = true;
	}
	if (at < m->n && m->pieces[at].start < piece->end) {
		if (m->pieces[at].start == piece->start)
			goto duplicate;
		if (fails())
			goto no_memory;
		piece->end = m->pieces[at].start;
		overlap = true;
	}
	counts[STT_R_OVERLAP] += overlap;
	return at;

duplicate:
	counts[STT_R_DUPLICATE]++;
	return -1;

no_memory:
	counts[STT_R_NO_MEMORY]++;
	return -1;
}

/* Is the frame complete? */
static bool expect(const struct stt_key *key, struct piece piece, u8 *ecn)
{
	struct model *m, *oldest;
	int at;

	if (find(&remembered, key)) {
		counts[STT_R_DUPLICATE]++;
		return false;
	}
	m = expect_frame(key);
	if (!m)
		return false;
	at = expect_place(m, &piece);
	if (at < 0)
		return false;
	if (m->n == STT_SEGMENTS_MAX) {
		give_up(m, STT_R_SEGMENTS);
		return false;
	}
	m->pieces = realloc(m->pieces, (m->n + 1) * sizeof(piece));
	memmove(&m->pieces[at + 1], &m->pieces[at], (m->n - at) * sizeof(piece));
	m->pieces[at] = piece;
	account(m, &piece, 1);
	m->ecn |= *ecn;
	if (m->have == key->length) {
		*ecn = m->ecn;
		counts[STT_R_COMPLETE]++;
		take_out(&waiting, m);
		empty(m);
		append(&remembered, m);
		if (remembered.n > STT_DONE_MAX)
			forget(&remembered, remembered.first);
		return true;
	}
	at = m->peer;
	while (peer_mem[at] > STT_PEER_MEM_MAX) {
		for (oldest = waiting.first; oldest->peer != at; oldest = oldest->next)
			;
		give_up(oldest, STT_R_EVICTED);
	}
	while (mem > STT_MEM_MAX)
		give_up(waiting.first, STT_R_EVICTED);
	return false;
}

static bool is_over(const struct model *m)
{
	return m && (long)(now - m->expires) >= 0;
}

static void expect_expire(unsigned int budget)
{
	for (; is_over(waiting.first) && budget; budget--)
		give_up(waiting.first, STT_R_TIMEOUT);
	for (; is_over(remembered.first) && budget; budget--)
		forget(&remembered, remembered.first);
}

/* ---- the same, of the module ------------------------------------------------------ */

static void check(void)
{
	unsigned int i;

	assert(!memcmp(r.counts, counts, sizeof(counts)));
	assert(r.n_frames == waiting.n && r.n_done == remembered.n);
	assert(r.mem == mem && r.mem <= STT_MEM_MAX);
	assert(r.n_frames <= STT_INCOMPLETE_MAX && r.n_done <= STT_DONE_MAX);
	for (i = 0; i < ARRAY_SIZE(r.peers); i++) {
		assert(r.peers[i].mem == peer_mem[i]);
		assert(r.peers[i].mem <= STT_PEER_MEM_MAX);
	}
}

static u8 byte_of(const struct stt_key *key, unsigned int at)
{
	return at * 7 + (at >> 8) + key->saddr.s6_addr[15] * 31 + key->daddr.s6_addr[15] * 57 +
	       be32_to_cpu(key->id) * 101 + be16_to_cpu(key->sport) * 13 + key->length * 3;
}

static void check_frame(const struct stt_key *key, struct sk_buff *list)
{
	unsigned int at = 0, i;

	while (list) {
		struct sk_buff *skb = list;

		assert(skb->len);
		for (i = 0; i < skb->len; i++)
			assert(skb->data[i] == byte_of(key, at++));
		list = skb->next;
		skb->next = NULL;
		kfree_skb(skb);
	}
	assert(at == key->length);
}

static void add(const struct stt_key *key, unsigned int offset, unsigned int len, u8 ecn)
{
	struct piece piece = { .start = offset, .end = offset + len };
	struct sk_buff *skb, *list;
	u8 wanted = ecn, *bytes;
	unsigned int i;
	bool complete;

	bytes = malloc(len);
	for (i = 0; i < len; i++)
		bytes[i] = byte_of(key, offset + i);
	fuzz_fail = 0;
	skb = fuzz_skb(bytes, len);
	free(bytes);
	fuzz_fail = fail;
	skb->truesize += weight;
	piece.weight = skb->truesize;
	list = stt_reassembly_add(&r, key, offset, skb, now + WAIT, &ecn);
	complete = expect(key, piece, &wanted);
	assert(fuzz_fail == fail && complete == !!list);
	if (list) {
		assert(ecn == wanted);
		check_frame(key, list);
	}
}

/* ---- operations ------------------------------------------------------------------- */

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

static u8 take_key(struct input *in, struct stt_key *key)
{
	u8 peer = take(in, 1), frame = take(in, 1);

	memset(key, 0, sizeof(*key));
	key->saddr.s6_addr[15] = (peer & 7) + 1;
	key->daddr.s6_addr[15] = 200 + (peer >> 3 & 1);
	key->sport = cpu_to_be16(1000 + (peer >> 4 & 1));
	key->id = cpu_to_be32(frame >> 3);
	key->length = lengths[frame & 7];
	return peer >> 6;
}

static void segment(struct input *in)
{
	unsigned int offset, len;
	struct stt_key key;
	u8 ecn;

	ecn = take_key(in, &key);
	offset = take(in, 2) % key.length;
	len = take(in, 2) % (key.length - offset) + 1;
	add(&key, offset, len, ecn);
}

static void comb(struct input *in)
{
	unsigned int offset, step, n;
	struct stt_key key;
	u8 ecn;

	ecn = take_key(in, &key);
	offset = take(in, 2);
	step = take(in, 1) + 1;
	for (n = take(in, 1) + 1; n && offset < key.length; n--, offset += step)
		add(&key, offset, 1, ecn);
}

static void burst(struct input *in)
{
	unsigned int first, n;
	struct stt_key key;
	u8 ecn;

	ecn = take_key(in, &key);
	first = be32_to_cpu(key.id) + 256;
	key.length = lengths[0];
	n = take(in, 2);
	for (; n & 0x7fff && n_burst < BURSTS_MAX; n--, n_burst++, first++) {
		key.id = cpu_to_be32(first);
		add(&key, 0, n >> 15 ? key.length : 1, ecn);
	}
}

static void raw_segment(struct input *in)
{
	unsigned int len = take(in, 1);
	struct stt_key key = { };
	struct stt_segment s;
	u8 *bytes;

	len = min(len, (unsigned int)in->left);
	bytes = malloc(len ? len : 1);	/* of just this length */
	memcpy(bytes, in->p, len);
	in->p += len;
	in->left -= len;
	if (len >= sizeof(struct tcphdr) && stt_segment_read((struct tcphdr *)bytes, len, &s)) {
		key.saddr.s6_addr[15] = 99;
		key.id = s.id;
		key.sport = s.sport;
		key.length = s.length;
		add(&key, s.offset, len - s.hlen, 0);
	}
	free(bytes);
}

static void elapse(struct input *in)
{
	unsigned long next = 0;
	unsigned int budget;
	bool left;

	now += take(in, 1);
	budget = take(in, 1);
	left = stt_reassembly_expire(&r, now, budget, &next);
	expect_expire(budget);
	assert(left == (waiting.first || remembered.first));
	if (!left)
		return;
	assert((waiting.first && next == waiting.first->expires) ||
	       (remembered.first && next == remembered.first->expires));
	assert(!waiting.first || !time_before(waiting.first->expires, next));
	assert(!remembered.first || !time_before(remembered.first->expires, next));
}

static void flush(void)
{
	stt_reassembly_flush(&r);
	forget_all();
	check();
	assert(!mem && !fuzz_objects);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };

	memset(counts, 0, sizeof(counts));
	memset(&r, 0xa5, sizeof(r));
	stt_reassembly_init(&r, SEED);
	now = (unsigned long)-50;
	weight = 0;
	n_burst = 0;
	fail = 0;
	while (in.left) {
		unsigned int op = take(&in, 1) % 16;

		if (op <= 8)
			segment(&in);
		else if (op == 9)
			comb(&in);
		else if (op == 10)
			burst(&in);
		else if (op == 11)
			raw_segment(&in);
		else if (op == 12)
			elapse(&in);
		else if (op == 13)
			fail = take(&in, 1);
		else if (op == 14)
			weight = take(&in, 1) << 10;
		else if (!take(&in, 1))
			flush();
		check();
	}
	flush();
	return 0;
}
