/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The windows of a TCP connection, as they are known to who passes its segments on.
 */
#ifndef WEFT_WINDOW_H
#define WEFT_WINDOW_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/weft.h>

struct sk_buff;

/* Bits of weft_window_side.known */
#define WEFT_SIDE_SENT	BIT(0)	/* it has sent something: una and end */
#define WEFT_SIDE_ACKED	BIT(1)	/* the other one has said what it takes: una and edge */
#define WEFT_SIDE_SYN	BIT(2)	/* its SYN was seen: scale */
#define WEFT_SIDE_OPEN	BIT(3)	/* what begins its data is acknowledged */

/* What one side sends; sequence numbers are of its own space */
struct weft_window_side {
	u32 una;	/* all before is acknowledged */
	u32 end;	/* behind the last that it has sent */
	u32 edge;	/* the other side takes what begins no later than here */
	u32 max;	/* the largest window that it has advertised, in bytes */
	u8 known;
	s8 scale;	/* shift of the windows that it advertises; -1: it offered none */
	u16 pad;
};

/* Of an instance that tracks windows; the two sides: who opened the connection, who replies */
struct weft_window {
	spinlock_t lock;	/* all of it, and changes of the instance's state; BH off */
	struct weft_window_side side[2];
} __aligned(8);			/* entries are behind it */

/* A TCP segment; host order */
struct weft_segment {
	u32 seq;
	u32 ack;
	u32 len;	/* of what has sequence numbers: payload, SYN and FIN */
	u32 window;	/* as in the header */
	u8 flags;	/* WEFT_TCP_* */
	s8 scale;	/* of a SYN: the option; -1: none */
};

#define WEFT_TCP_FIN	0x01
#define WEFT_TCP_SYN	0x02
#define WEFT_TCP_RST	0x04
#define WEFT_TCP_ACK	0x10

enum weft_verdict {
	WEFT_WINDOW_IN,		/* of the connection, and means what it says */
	WEFT_WINDOW_DOUBT,	/* the other end has to judge: passes, changes nothing */
	WEFT_WINDOW_OUT,	/* outside of what is expected */
};

/* Read the segment from @skb, which weft_key_extract() has seen: @layers is what it found */
void weft_segment_parse(const struct sk_buff *skb, u16 layers, struct weft_segment *seg);

/*
 * Judge a segment that is sent by the one who replies (@reply) or the other one, while the
 * connection is in @state, and learn from it when it is IN. The lock is held.
 */
enum weft_verdict weft_window_judge(struct weft_window *w, bool reply, enum weft_state state,
				    const struct weft_segment *seg);

#endif /* WEFT_WINDOW_H */
