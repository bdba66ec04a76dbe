/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of which not all segments have come yet.
 */
#ifndef STT_REASSEMBLY_H
#define STT_REASSEMBLY_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/types.h>

struct sk_buff;

#define STT_HASH_BITS		8
#define STT_PEER_BITS		6
#define STT_INCOMPLETE_MAX	512	/* frames that wait for segments … */
#define STT_DONE_MAX		256	/* … and that are remembered, of one struct */
#define STT_SEGMENTS_MAX	256	/* of a frame */
#define STT_MEM_MAX		(8 << 20)	/* bytes of one struct … */
#define STT_PEER_MEM_MAX	(2 << 20)	/* … and of one peer in it */

/* Segments that agree in this belong to one frame */
struct stt_key {
	struct in6_addr saddr;	/* IPv4: mapped */
	struct in6_addr daddr;
	__be32 id;
	__be16 sport;
	u16 length;		/* of the frame */
};

enum stt_reassembly_count {
	STT_R_COMPLETE,
	STT_R_DUPLICATE,	/* segments of which all was there */
	STT_R_OVERLAP,		/* segments of which a part was there */
	STT_R_TIMEOUT,		/* frames given up … */
	STT_R_EVICTED,		/* … for want of room */
	STT_R_SEGMENTS,		/* … since they had too many segments */
	STT_R_NO_MEMORY,	/* segments */

	__STT_R_MAX
};

struct stt_peer {
	struct list_head frames;	/* that wait, oldest first */
	unsigned int mem;
};

/* Under the caller's lock */
struct stt_reassembly {
	struct hlist_head hash[1 << STT_HASH_BITS];
	struct stt_peer peers[1 << STT_PEER_BITS];	/* by a hash of the address */
	struct list_head frames;	/* that wait, oldest first */
	struct list_head done;		/* that were complete, oldest first */
	unsigned int n_frames;
	unsigned int n_done;
	unsigned int mem;
	u32 seed;
	unsigned long counts[__STT_R_MAX];
};

void stt_reassembly_init(struct stt_reassembly *r, u32 seed);

/*
 * Take the segment @skb, whose data are the bytes from @offset of the frame @key; they lie
 * inside it. @now and @expires are jiffies. Returns what has come of the frame with it: NULL,
 * or when that is all the list (skb->next) of its segments, in order, without gaps or overlaps.
 * @ecn collects the TOS bits of the segments: those of the frame in the end.
 */
struct sk_buff *stt_reassembly_add(struct stt_reassembly *r, const struct stt_key *key,
				   unsigned int offset, struct sk_buff *skb,
				   unsigned long expires, u8 *ecn);

/*
 * Give up what has waited too long, @budget frames at most. Returns whether there is
 * something left to expire later, and then when.
 */
bool stt_reassembly_expire(struct stt_reassembly *r, unsigned long now, unsigned int budget,
			   unsigned long *next);

/* Forget everything */
void stt_reassembly_flush(struct stt_reassembly *r);

#endif /* STT_REASSEMBLY_H */
