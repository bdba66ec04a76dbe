// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reassembly of STT frames.
 *
 * Nothing is ever asked for again: a frame that misses a segment is given up after a
 * while, or when room is wanted. There are bounds for frames, segments of a frame, and the
 * memory of all and of one peer; the oldest frame goes, of the same peer when it
 * is the peer that has too much. Peers share a bound when their hashes agree.
 *
 * Networks duplicate segments, and receive offload may join the copies in another way than
 * the originals, so segments overlap. Of one that comes later what others have is cut off, but
 * it takes the place of those that lie within it. Of frames that were complete the key is
 * remembered for a while, so that copies that come late do not begin a new one.
 *
 * A struct is under one lock, the caller's: who adds, expires or flushes holds it.
 * Everything here takes time in proportion to the segments of one frame, and to the
 * frames that have to make room.
 *
 * This file is also built in user space, for the fuzzer.
 */
#include <linux/build_bug.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "stt_reassembly.h"

struct stt_frame {
	struct hlist_node node;		/* r->hash */
	struct list_head age;		/* r->frames, or r->done */
	struct list_head peer_age;	/* peer->frames, while it waits */
	struct stt_peer *peer;
	struct stt_key key;
	struct sk_buff *first;		/* in the order of their offsets */
	struct sk_buff *last;
	unsigned int have;		/* bytes */
	unsigned int n;			/* segments */
	unsigned int mem;
	unsigned long expires;
	u8 ecn;
	bool done;
};

struct stt_segment_cb {
	unsigned int offset;
};

static struct stt_segment_cb *stt_segment(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct stt_segment_cb) > sizeof(skb->cb));
	return (struct stt_segment_cb *)skb->cb;
}

static unsigned int stt_segment_end(struct sk_buff *skb)
{
	return stt_segment(skb)->offset + skb->len;
}

void stt_reassembly_init(struct stt_reassembly *r, u32 seed)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->seed = seed;
	INIT_LIST_HEAD(&r->frames);
	INIT_LIST_HEAD(&r->done);
	for (i = 0; i < ARRAY_SIZE(r->peers); i++)
		INIT_LIST_HEAD(&r->peers[i].frames);
}

static void stt_frame_charge(struct stt_reassembly *r, struct stt_frame *frame, unsigned int mem)
{
	frame->mem += mem;
	frame->peer->mem += mem;
	r->mem += mem;
}

static void stt_frame_uncharge(struct stt_reassembly *r, struct stt_frame *frame,
			       unsigned int mem)
{
	frame->mem -= mem;
	frame->peer->mem -= mem;
	r->mem -= mem;
}

/* Take its segments away; what it weighs goes with them */
static struct sk_buff *stt_frame_empty(struct stt_reassembly *r, struct stt_frame *frame)
{
	struct sk_buff *first = frame->first;

	stt_frame_uncharge(r, frame, frame->mem);
	frame->first = NULL;
	frame->last = NULL;
	return first;
}

static void stt_frame_free(struct stt_reassembly *r, struct stt_frame *frame)
{
	struct sk_buff *skb = stt_frame_empty(r, frame), *next;

	for (; skb; skb = next) {
		next = skb->next;
		skb->next = NULL;
		kfree_skb(skb);
	}
	hlist_del(&frame->node);
	list_del(&frame->age);
	if (frame->done) {
		r->n_done--;
	} else {
		list_del(&frame->peer_age);
		r->n_frames--;
	}
	kfree(frame);
}

static void stt_frame_give_up(struct stt_reassembly *r, struct stt_frame *frame,
			      enum stt_reassembly_count why)
{
	r->counts[why]++;
	stt_frame_free(r, frame);
}

static struct stt_frame *stt_frame_find(const struct stt_reassembly *r, u32 hash,
					const struct stt_key *key)
{
	struct stt_frame *frame;

	hlist_for_each_entry(frame, &r->hash[hash >> (32 - STT_HASH_BITS)], node)
		if (!memcmp(&frame->key, key, sizeof(*key)))
			return frame;
	return NULL;
}

static struct stt_frame *stt_frame_new(struct stt_reassembly *r, u32 hash,
				       const struct stt_key *key, unsigned long expires)
{
	struct stt_frame *frame;
	u32 peer;

	frame = kzalloc(sizeof(*frame), GFP_ATOMIC | __GFP_NOWARN);
	if (!frame)
		return NULL;
	if (r->n_frames == STT_INCOMPLETE_MAX)
		stt_frame_give_up(r, list_first_entry(&r->frames, struct stt_frame, age),
				  STT_R_EVICTED);
	peer = jhash2((const u32 *)&key->saddr, sizeof(key->saddr) / sizeof(u32), r->seed);
	frame->peer = &r->peers[peer >> (32 - STT_PEER_BITS)];
	frame->key = *key;
	frame->expires = expires;
	hlist_add_head(&frame->node, &r->hash[hash >> (32 - STT_HASH_BITS)]);
	list_add_tail(&frame->age, &r->frames);
	list_add_tail(&frame->peer_age, &frame->peer->frames);
	r->n_frames++;
	return frame;
}

/* All is there: keep the key only */
static struct sk_buff *stt_frame_complete(struct stt_reassembly *r, struct stt_frame *frame,
					  u8 *ecn)
{
	struct sk_buff *first = stt_frame_empty(r, frame);

	r->counts[STT_R_COMPLETE]++;
	*ecn = frame->ecn;
	frame->done = true;
	list_del(&frame->peer_age);
	list_move_tail(&frame->age, &r->done);
	r->n_frames--;
	if (++r->n_done > STT_DONE_MAX)
		stt_frame_free(r, list_first_entry(&r->done, struct stt_frame, age));
	return first;
}

/* Take @skb out of the frame, behind @prev, and free it */
static void stt_frame_remove(struct stt_reassembly *r, struct stt_frame *frame,
			     struct sk_buff *prev, struct sk_buff *skb)
{
	if (prev)
		prev->next = skb->next;
	else
		frame->first = skb->next;
	if (frame->last == skb)
		frame->last = prev;
	frame->have -= skb->len;
	frame->n--;
	stt_frame_uncharge(r, frame, skb->truesize);
	skb->next = NULL;
	kfree_skb(skb);
}

/*
 * Find the place of @skb and cut off what others have. Returns false when there is nothing
 * left. *@prev is then the segment before it, NULL for none.
 */
static bool stt_frame_place(struct stt_reassembly *r, struct stt_frame *frame,
			    struct sk_buff *skb, struct sk_buff **prev)
{
	unsigned int offset = stt_segment(skb)->offset, end = offset + skb->len;
	struct sk_buff *next;
	bool overlap = false;

	/* the usual case first: it comes behind all others */
	*prev = NULL;
	if (frame->last && stt_segment(frame->last)->offset <= offset) {
		*prev = frame->last;
	} else {
		for (next = frame->first; next && stt_segment(next)->offset <= offset;
		     next = next->next)
			*prev = next;
	}
	if (*prev && stt_segment_end(*prev) > offset) {
		unsigned int there = stt_segment_end(*prev) - offset;

		if (there >= skb->len) {
			r->counts[STT_R_DUPLICATE]++;
			return false;
		}
		overlap = true;
		if (!pskb_pull(skb, there)) {
			r->counts[STT_R_NO_MEMORY]++;
			return false;
		}
		stt_segment(skb)->offset += there;
	}
	while ((next = *prev ? (*prev)->next : frame->first) &&
	       stt_segment(next)->offset < end) {
		if (stt_segment(next)->offset == stt_segment(skb)->offset &&
		    stt_segment_end(next) > end) {
			r->counts[STT_R_DUPLICATE]++;
			return false;
		}
		overlap = true;
		if (stt_segment_end(next) > end) {
			end = stt_segment(next)->offset;
			if (!pskb_trim(skb, end - stt_segment(skb)->offset))
				break;
			r->counts[STT_R_NO_MEMORY]++;
			return false;
		}
		stt_frame_remove(r, frame, *prev, next);
	}
	if (overlap)
		r->counts[STT_R_OVERLAP]++;
	return true;
}

static void stt_frame_insert(struct stt_reassembly *r, struct stt_frame *frame,
			     struct sk_buff *prev, struct sk_buff *skb)
{
	if (prev) {
		skb->next = prev->next;
		prev->next = skb;
	} else {
		skb->next = frame->first;
		frame->first = skb;
	}
	if (!skb->next)
		frame->last = skb;
	frame->have += skb->len;
	frame->n++;
	stt_frame_charge(r, frame, skb->truesize);
}

/* @frame may have to go, too */
static void stt_reassembly_make_room(struct stt_reassembly *r, struct stt_frame *frame)
{
	struct stt_peer *peer = frame->peer;

	while (peer->mem > STT_PEER_MEM_MAX)
		stt_frame_give_up(r, list_first_entry(&peer->frames, struct stt_frame, peer_age),
				  STT_R_EVICTED);
	while (r->mem > STT_MEM_MAX)
		stt_frame_give_up(r, list_first_entry(&r->frames, struct stt_frame, age),
				  STT_R_EVICTED);
}

struct sk_buff *stt_reassembly_add(struct stt_reassembly *r, const struct stt_key *key,
				   unsigned int offset, struct sk_buff *skb,
				   unsigned long expires, u8 *ecn)
{
	u32 hash = jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), r->seed);
	struct stt_frame *frame;
	struct sk_buff *prev;

	skb->next = NULL;
	stt_segment(skb)->offset = offset;
	frame = stt_frame_find(r, hash, key);
	if (!frame) {
		frame = stt_frame_new(r, hash, key, expires);
		if (!frame) {
			r->counts[STT_R_NO_MEMORY]++;
			goto free;
		}
	} else if (frame->done) {
		r->counts[STT_R_DUPLICATE]++;
		goto free;
	}
	if (!stt_frame_place(r, frame, skb, &prev))
		goto free;
	if (frame->n == STT_SEGMENTS_MAX) {
		stt_frame_give_up(r, frame, STT_R_SEGMENTS);
		goto free;
	}
	stt_frame_insert(r, frame, prev, skb);
	/* congestion seen by one segment was seen by the frame */
	frame->ecn |= *ecn;
	if (frame->have == key->length)
		return stt_frame_complete(r, frame, ecn);
	stt_reassembly_make_room(r, frame);
	return NULL;

free:
	kfree_skb(skb);
	return NULL;
}

bool stt_reassembly_expire(struct stt_reassembly *r, unsigned long now, unsigned int budget,
			   unsigned long *next)
{
	struct list_head *lists[] = { &r->frames, &r->done };
	bool left = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		while (!list_empty(lists[i])) {
			struct stt_frame *frame = list_first_entry(lists[i], struct stt_frame,
								   age);

			if (time_before(now, frame->expires) || !budget) {
				if (!left || time_before(frame->expires, *next))
					*next = frame->expires;
				left = true;
				break;
			}
			if (frame->done)
				stt_frame_free(r, frame);
			else
				stt_frame_give_up(r, frame, STT_R_TIMEOUT);
			budget--;
		}
	}
	return left;
}

void stt_reassembly_flush(struct stt_reassembly *r)
{
	while (!list_empty(&r->frames))
		stt_frame_free(r, list_first_entry(&r->frames, struct stt_frame, age));
	while (!list_empty(&r->done))
		stt_frame_free(r, list_first_entry(&r->done, struct stt_frame, age));
}
