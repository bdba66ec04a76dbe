// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of STT's reassembly: orders, copies, overlaps, losses, and every bound.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include "stt.h"

#define ROUNDS	(IS_ENABLED(CONFIG_KASAN) ? 100 : 500)
#define WAIT	100

static struct stt_reassembly *new_reassembly(struct kunit *test)
{
	struct stt_reassembly *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	stt_reassembly_init(r, 5);
	return r;
}

static u8 byte_at(u32 id, unsigned int at)
{
	return at * 7 + (at >> 8) + id * 31;
}

static struct sk_buff *add(struct kunit *test, struct stt_reassembly *r, u8 peer, u32 id,
			   u16 length, unsigned int offset, unsigned int len, u8 *ecn)
{
	struct stt_key key = { .id = htonl(id), .sport = htons(1), .length = length };
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);
	unsigned int i;
	u8 *p;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	p = skb_put(skb, len);
	for (i = 0; i < len; i++)
		p[i] = byte_at(id, offset + i);
	key.saddr.s6_addr[15] = peer;
	return stt_reassembly_add(r, &key, offset, skb, WAIT, ecn);
}

static void take_frame(struct kunit *test, struct sk_buff *list, u32 id, unsigned int length)
{
	unsigned int at = 0, i, bad = 0;
	struct sk_buff *skb;

	KUNIT_EXPECT_NOT_NULL(test, list);
	while ((skb = list)) {
		list = skb->next;
		for (i = 0; i < skb->len; i++)
			bad += skb->data[i] != byte_at(id, at++);
		skb->next = NULL;
		kfree_skb(skb);
	}
	KUNIT_EXPECT_EQ(test, at, length);
	KUNIT_EXPECT_EQ(test, bad, 0U);
}

/*
 * Several frames at once, cut at random, their segments shuffled, some of them sent again, or
 * joined with others: each comes out once, when its last byte is in.
 */
static void shuffle_test(struct kunit *test)
{
	struct stt_reassembly *r = new_reassembly(test);
	struct piece {
		u32 id;
		u16 offset, len;
	} *pieces;
	struct rnd_state rnd;
	unsigned int round;

	pieces = kunit_kcalloc(test, 600, sizeof(*pieces), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pieces);
	prandom_seed_state(&rnd, 0x577);
	for (round = 0; round < ROUNDS; round++) {
		unsigned int n = 0, i, k, came = 0, have[4] = { };
		u16 lengths[4];
		u8 ecn;

		for (k = 0; k < 4; k++) {
			unsigned int at = 0, mss = prandom_u32_state(&rnd) % 1400 + 100;

			lengths[k] = prandom_u32_state(&rnd) % 9000 + 32;
			while (at < lengths[k]) {
				unsigned int len = min_t(unsigned int, mss, lengths[k] - at);

				pieces[n++] = (struct piece){ 4 * round + k, at, len };
				/* the same again; or with a part of what follows */
				switch (prandom_u32_state(&rnd) % 6) {
				case 0:
					pieces[n] = pieces[n - 1];
					n++;
					break;
				case 1:
					pieces[n++] = (struct piece){ 4 * round + k, at / 2,
						lengths[k] - at / 2 - (lengths[k] - at) / 3 };
					break;
				}
				at += len;
			}
		}
		for (i = n; i > 1; i--) {
			k = prandom_u32_state(&rnd) % i;
			swap(pieces[i - 1], pieces[k]);
		}
		for (i = 0; i < n; i++) {
			struct sk_buff *list;

			k = pieces[i].id % 4;
			ecn = 0;
			list = add(test, r, 1, pieces[i].id, lengths[k], pieces[i].offset,
				   pieces[i].len, &ecn);
			if (!list)
				continue;
			take_frame(test, list, pieces[i].id, lengths[k]);
			have[k]++;
			came++;
		}
		KUNIT_EXPECT_EQ(test, came, 4U);
		KUNIT_EXPECT_EQ(test, have[0] & have[1] & have[2] & have[3], 1U);
		KUNIT_EXPECT_EQ(test, r->n_frames, 0U);
		KUNIT_EXPECT_EQ(test, r->mem, 0U);
		stt_reassembly_flush(r);
	}
	KUNIT_EXPECT_EQ(test, r->counts[STT_R_COMPLETE], 4UL * ROUNDS);
	KUNIT_EXPECT_GT(test, r->counts[STT_R_DUPLICATE], 0UL);
	KUNIT_EXPECT_GT(test, r->counts[STT_R_OVERLAP], 0UL);
	KUNIT_EXPECT_EQ(test, r->counts[STT_R_EVICTED] + r->counts[STT_R_TIMEOUT], 0UL);
}

/* What differs in one part of its key is of another frame */
static void key_test(struct kunit *test)
{
	struct stt_reassembly *r = new_reassembly(test);
	u8 ecn = 0;

	KUNIT_EXPECT_NULL(test, add(test, r, 1, 1, 100, 0, 50, &ecn));
	KUNIT_EXPECT_NULL(test, add(test, r, 1, 2, 100, 50, 50, &ecn));	/* id */
	KUNIT_EXPECT_NULL(test, add(test, r, 2, 1, 100, 50, 50, &ecn));	/* peer */
	KUNIT_EXPECT_NULL(test, add(test, r, 1, 1, 101, 50, 51, &ecn));	/* length */
	KUNIT_EXPECT_EQ(test, r->n_frames, 4U);
	take_frame(test, add(test, r, 1, 1, 100, 50, 50, &ecn), 1, 100);
	stt_reassembly_flush(r);
	KUNIT_EXPECT_EQ(test, r->mem, 0U);
}

/* A copy that lies across a border has nothing new, and leaves nothing behind */
static void border_test(struct kunit *test)
{
	struct stt_reassembly *r = new_reassembly(test);
	unsigned int mem;
	u8 ecn = 0;

	KUNIT_EXPECT_NULL(test, add(test, r, 1, 1, 150, 0, 50, &ecn));
	KUNIT_EXPECT_NULL(test, add(test, r, 1, 1, 150, 50, 50, &ecn));
	mem = r->mem;
	KUNIT_EXPECT_NULL(test, add(test, r, 1, 1, 150, 25, 50, &ecn));
	KUNIT_EXPECT_EQ(test, r->mem, mem);
	KUNIT_EXPECT_EQ(test, r->counts[STT_R_DUPLICATE], 1UL);
	KUNIT_EXPECT_EQ(test, r->counts[STT_R_OVERLAP], 0UL);
	take_frame(test, add(test, r, 1, 1, 150, 100, 50, &ecn), 1, 150);
	stt_reassembly_flush(r);
}

/* A copy that comes late does not begin a new frame; one that comes very late does */
static void late_test(struct kunit *test)
{
	struct stt_reassembly *r = new_reassembly(test);
	unsigned long next;
	u8 ecn = 0;

	add(test, r, 1, 1, 100, 0, 50, &ecn);
	take_frame(test, add(test, r, 1, 1, 100, 50, 50, &ecn), 1, 100);
	KUNIT_EXPECT_NULL(test, add(test, r, 1, 1, 100, 50, 50, &ecn));
	KUNIT_EXPECT_EQ(test, r->counts[STT_R_DUPLICATE], 1UL);
	KUNIT_EXPECT_EQ(test, r->n_frames, 0U);
	KUNIT_EXPECT_FALSE(test, stt_reassembly_expire(r, WAIT, 10, &next));
	KUNIT_EXPECT_NULL(test, add(test, r, 1, 1, 100, 50, 50, &ecn));
	KUNIT_EXPECT_EQ(test, r->n_frames, 1U);
	stt_reassembly_flush(r);
}

static void ecn_test(struct kunit *test)
{
	struct stt_reassembly *r = new_reassembly(test);
	u8 ecn = 2;

	add(test, r, 1, 1, 100, 0, 40, &ecn);
	ecn = 3;			/* congestion experienced */
	add(test, r, 1, 1, 100, 40, 30, &ecn);
	ecn = 2;
	take_frame(test, add(test, r, 1, 1, 100, 70, 30, &ecn), 1, 100);
	KUNIT_EXPECT_EQ(test, ecn, 3);
	stt_reassembly_flush(r);
}

static void expire_test(struct kunit *test)
{
	struct stt_reassembly *r = new_reassembly(test);
	unsigned long next = 0;
	unsigned int i;
	u8 ecn = 0;

	for (i = 0; i < 40; i++)
		add(test, r, 1, i, 100, 0, 50, &ecn);
	KUNIT_EXPECT_TRUE(test, stt_reassembly_expire(r, WAIT - 1, 16, &next));
	KUNIT_EXPECT_EQ(test, next, (unsigned long)WAIT);
	KUNIT_EXPECT_EQ(test, r->n_frames, 40U);
	KUNIT_EXPECT_TRUE(test, stt_reassembly_expire(r, WAIT, 16, &next));
	KUNIT_EXPECT_EQ(test, r->n_frames, 24U);	/* no more than the budget */
	KUNIT_EXPECT_TRUE(test, stt_reassembly_expire(r, WAIT, 16, &next));
	KUNIT_EXPECT_FALSE(test, stt_reassembly_expire(r, WAIT, 16, &next));
	KUNIT_EXPECT_EQ(test, r->counts[STT_R_TIMEOUT], 40UL);
	KUNIT_EXPECT_EQ(test, r->mem, 0U);
}

/* Frames that never end: of a peer, of all */
static void memory_test(struct kunit *test)
{
	struct stt_reassembly *r = new_reassembly(test);
	unsigned int i, peak = 0, peer_peak = 0;
	u8 ecn = 0;

	/* a frame of another peer stays whatever the first does */
	add(test, r, 2, 7, 100, 0, 50, &ecn);
	for (i = 0; i < 2000; i++) {
		add(test, r, 1, i, 40000, 0, 20000, &ecn);
		peak = max(peak, r->mem);
	}
	KUNIT_EXPECT_LE(test, peak, (unsigned int)STT_PEER_MEM_MAX + 4096);
	KUNIT_EXPECT_GT(test, peak, (unsigned int)STT_PEER_MEM_MAX - SZ_64K);
	KUNIT_EXPECT_GT(test, r->counts[STT_R_EVICTED], 1800UL);
	take_frame(test, add(test, r, 2, 7, 100, 50, 50, &ecn), 7, 100);
	/* and of the first the newest */
	take_frame(test, add(test, r, 1, 1999, 40000, 20000, 20000, &ecn), 1999, 40000);

	for (i = 0; i < 2000; i++) {
		add(test, r, i % 100, i, 40000, 0, 20000, &ecn);
		peak = max(peak, r->mem);
	}
	for (i = 0; i < ARRAY_SIZE(r->peers); i++)
		peer_peak = max(peer_peak, r->peers[i].mem);
	KUNIT_EXPECT_LE(test, peak, (unsigned int)STT_MEM_MAX);
	KUNIT_EXPECT_LE(test, peer_peak, (unsigned int)STT_PEER_MEM_MAX);
	stt_reassembly_flush(r);
	KUNIT_EXPECT_EQ(test, r->mem, 0U);
}

static void count_test(struct kunit *test)
{
	struct stt_reassembly *r = new_reassembly(test);
	unsigned int i;
	u8 ecn = 0;

	for (i = 0; i < 3 * STT_INCOMPLETE_MAX; i++) {
		add(test, r, i, i, 100, 0, 1, &ecn);
		KUNIT_EXPECT_LE(test, r->n_frames, STT_INCOMPLETE_MAX);
	}
	KUNIT_EXPECT_EQ(test, r->counts[STT_R_EVICTED], 2UL * STT_INCOMPLETE_MAX);
	stt_reassembly_flush(r);

	for (i = 0; i < 3 * STT_DONE_MAX; i++) {
		add(test, r, i, i, 100, 0, 50, &ecn);
		take_frame(test, add(test, r, i, i, 100, 50, 50, &ecn), i, 100);
		KUNIT_EXPECT_LE(test, r->n_done, STT_DONE_MAX);
	}
	stt_reassembly_flush(r);

	/* a frame of too many segments */
	for (i = 0; i <= STT_SEGMENTS_MAX; i++)
		add(test, r, 1, 1, 1000, 2 * i, 1, &ecn);
	KUNIT_EXPECT_EQ(test, r->counts[STT_R_SEGMENTS], 1UL);
	KUNIT_EXPECT_EQ(test, r->n_frames, 0U);
	KUNIT_EXPECT_EQ(test, r->mem, 0U);
	stt_reassembly_flush(r);
}

static struct kunit_case stt_reassembly_cases[] = {
	KUNIT_CASE(shuffle_test),
	KUNIT_CASE(key_test),
	KUNIT_CASE(border_test),
	KUNIT_CASE(late_test),
	KUNIT_CASE(ecn_test),
	KUNIT_CASE(expire_test),
	KUNIT_CASE(memory_test),
	KUNIT_CASE(count_test),
	{ }
};

static struct kunit_suite stt_reassembly_suite = {
	.name = "weft_stt_reassembly",
	.test_cases = stt_reassembly_cases,
};

kunit_test_suite(stt_reassembly_suite);
