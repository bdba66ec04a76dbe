// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP windows: tables of segments, each with what is to be thought of it.
 */
#include <kunit/test.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/tcp.h>
#include "key.h"
#include "window.h"

#define FIN	WEFT_TCP_FIN
#define SYN	WEFT_TCP_SYN
#define RST	WEFT_TCP_RST
#define ACK	WEFT_TCP_ACK

#define OPENING	WEFT_STATE_TCP_OPENING
#define OPEN	WEFT_STATE_TCP_ESTABLISHED
#define CLOSED	WEFT_STATE_TCP_CLOSED
#define RESET	WEFT_STATE_TCP_RESET

#define IN	WEFT_WINDOW_IN
#define DOUBT	WEFT_WINDOW_DOUBT
#define OUT	WEFT_WINDOW_OUT

static_assert(sizeof(struct weft_window) % sizeof(u64) == 0, "entries are behind it");
#if !defined(CONFIG_DEBUG_SPINLOCK) && !defined(CONFIG_DEBUG_LOCK_ALLOC)
static_assert(sizeof(struct weft_window) <= 48);
#endif

/* Initial sequence numbers: one of them goes round */
#define A	0xfffffc00U
#define B	0x10000000U

struct step {
	bool reply;
	u8 flags;
	u32 seq;
	u32 ack;
	u32 len;		/* of the payload */
	u32 window;
	s8 scale;		/* of a SYN */
	u8 state;		/* before it */
	u8 verdict;
};

struct connection {
	const char *name;
	struct step steps[16];
};

#define OF_A(flags, seq, ack, len, window, scale, state, verdict)		\
	{ false, flags, A + (seq), B + (ack), len, window, scale, state, verdict }
#define OF_B(flags, seq, ack, len, window, scale, state, verdict)		\
	{ true, flags, B + (seq), A + (ack), len, window, scale, state, verdict }

/* Windows: A 1000, scaled 2000; B 500, scaled 64000 */
#define OPENED_BY_A	OF_A(SYN, 0, -B, 0, 1000, 1, OPENING, IN)
#define ANSWERED_BY_B	OF_B(SYN | ACK, 0, 1, 0, 500, 7, OPENING, IN)
#define ACKED_BY_A	OF_A(ACK, 1, 1, 0, 1000, 0, OPENING, IN)

static const struct connection connections[] = {
	{ "plain", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_A(ACK, 1, 1, 500, 1000, 0, OPEN, IN),
		OF_B(ACK, 1, 501, 0, 500, 0, OPEN, IN),
		OF_B(ACK, 1, 501, 1000, 500, 0, OPEN, IN),
		OF_A(ACK, 501, 1001, 0, 1000, 0, OPEN, IN),
		OF_A(FIN | ACK, 501, 1001, 0, 1000, 0, OPEN, IN),
		OF_B(FIN | ACK, 1001, 502, 0, 500, 0, OPEN, IN),
		OF_A(ACK, 502, 1002, 0, 1000, 0, CLOSED, IN),
	} },
	{ "data ahead of the window", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		/* A was offered 500 by the SYN, B 2000 by the last ACK */
		OF_A(ACK, 501, 1, 100, 1000, 0, OPEN, IN),
		OF_A(ACK, 502, 1, 100, 1000, 0, OPEN, OUT),
		OF_B(ACK, 2001, 1, 100, 500, 0, OPEN, IN),
		OF_B(ACK, 2002, 1, 100, 500, 0, OPEN, OUT),
		/* and now 64000 */
		OF_A(ACK, 64001, 1, 100, 1000, 0, OPEN, IN),
		OF_A(ACK, 64002, 1, 100, 1000, 0, OPEN, OUT),
	} },
	{ "data behind the window", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_B(ACK, 1, 1, 0, 0xffff, 0, OPEN, IN),
		OF_A(ACK, 1000001, 1, 1, 1000, 0, OPEN, IN),
		/* late by less than B's largest window, which is 65535 * 128 */
		OF_A(ACK, -7000000, 1, 0, 1000, 0, OPEN, IN),
		OF_A(ACK, -7500000, 1, 0, 1000, 0, OPEN, OUT),
	} },
	{ "acknowledgment of what was not sent", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_A(ACK, 1, 2, 10, 1000, 0, OPEN, OUT),
		OF_B(ACK, 1, 2, 10, 500, 0, OPEN, OUT),
		OF_B(ACK, 1, 1, 10, 500, 0, OPEN, IN),
		OF_A(ACK, 1, 11, 10, 1000, 0, OPEN, IN),
		OF_A(ACK, 11, 12, 10, 1000, 0, OPEN, OUT),
		/* nor very old ones */
		OF_A(ACK, 11, 11 - 65537, 10, 1000, 0, OPEN, OUT),
		OF_A(ACK, 11, 11 - 65536, 10, 1000, 0, OPEN, IN),
	} },
	{ "no acknowledgment", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_A(0, 1, 1, 10, 1000, 0, OPEN, OUT),
		OF_A(FIN, 1, 1, 0, 1000, 0, OPEN, OUT),
	} },
	{ "blind RST", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_A(ACK, 1, 1, 100, 1000, 0, OPEN, IN),
		OF_A(RST, -70000, 0, 0, 0, 0, OPEN, OUT),
		OF_A(RST, 70000, 0, 0, 0, 0, OPEN, OUT),
		/* in the window, but not where the next byte is expected */
		OF_A(RST, 0, 0, 0, 0, 0, OPEN, DOUBT),
		OF_A(RST, 102, 0, 0, 0, 0, OPEN, DOUBT),
		/* what was sent is on its way: either end of it may be expected */
		OF_A(RST, 1, 0, 0, 0, 0, OPEN, IN),
		OF_A(RST, 101, 0, 0, 0, 0, OPEN, IN),
		OF_B(RST, 1, 101, 0, 0, 0, OPEN, IN),
		OF_B(RST, 2, 101, 0, 0, 0, OPEN, DOUBT),
		OF_B(RST | ACK, 100000, 101, 0, 0, 0, OPEN, OUT),
	} },
	{ "RST to a SYN", {
		OF_A(SYN, 0, -B, 0, 1000, 1, OPENING, IN),
		OF_B(RST, 0, 0, 0, 0, 0, OPENING, OUT),
		OF_B(RST | ACK, -B, 0, 0, 0, 0, OPENING, OUT),
		OF_B(RST | ACK, -B, 2, 0, 0, 0, OPENING, OUT),
		OF_B(RST | ACK, -B, 1, 0, 0, 0, OPENING, IN),
	} },
	{ "blind SYN", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_A(SYN, 5000000, -B, 0, 1000, 1, OPEN, DOUBT),
		OF_B(SYN, 5000000, 0, 0, 1000, 1, OPEN, DOUBT),
		OF_B(SYN | ACK, 0, 1, 0, 500, 7, OPEN, DOUBT),
		/* nothing was learnt from them */
		OF_A(ACK, 5000001, 1, 10, 1000, 0, OPEN, OUT),
		OF_A(ACK, 1, 1, 10, 1000, 0, OPEN, IN),
	} },
	{ "answer to another SYN", {
		OF_A(SYN, 0, -B, 0, 1000, 1, OPENING, IN),
		OF_B(SYN | ACK, 0, 0, 0, 500, 7, OPENING, OUT),
		OF_B(SYN | ACK, 0, 2, 0, 500, 7, OPENING, OUT),
		OF_B(SYN | ACK, 0, 1, 0, 500, 7, OPENING, IN),
		/* once more, and so is the answer */
		OF_A(SYN, 0, -B, 0, 1000, -1, OPENING, IN),
		OF_B(SYN | ACK, 0, 1, 0, 500, 7, OPENING, IN),
		OF_A(ACK, 1, 2, 0, 1000, 0, OPENING, OUT),
		OF_A(ACK, 1, 0, 0, 1000, 0, OPENING, OUT),
		OF_A(ACK, 1, 1, 0, 1000, 0, OPENING, IN),
		/* scales are still those of the first */
		OF_B(ACK, 1, 1, 0, 500, 0, OPEN, IN),
		OF_A(ACK, 64001, 1, 1, 1000, 0, OPEN, IN),
	} },
	{ "no scale of one side is none of both", {
		OF_A(SYN, 0, -B, 0, 1000, 1, OPENING, IN),
		OF_B(SYN | ACK, 0, 1, 0, 500, -1, OPENING, IN),
		OF_A(ACK, 1, 1, 0, 1000, 0, OPENING, IN),
		OF_B(ACK, 1001, 1, 1, 500, 0, OPEN, IN),
		OF_B(ACK, 1002, 1, 1, 500, 0, OPEN, OUT),
		OF_A(ACK, 501, 1, 1, 1000, 0, OPEN, IN),
		OF_A(ACK, 502, 1, 1, 1000, 0, OPEN, OUT),
	} },
	{ "both open at once", {
		OF_A(SYN, 0, -B, 0, 1000, 1, OPENING, IN),
		OF_B(SYN, 0, -A, 0, 500, 7, OPENING, IN),
		OF_A(SYN | ACK, 0, 1, 0, 1000, 1, OPENING, IN),
		OF_B(SYN | ACK, 0, 1, 0, 500, 7, OPENING, IN),
		OF_A(ACK, 1, 1, 10, 1000, 0, OPENING, IN),
		OF_B(ACK, 1, 11, 10, 500, 0, OPEN, IN),
	} },
	{ "data with the SYN", {
		OF_A(SYN, 0, -B, 400, 1000, 1, OPENING, IN),
		OF_B(SYN | ACK, 0, 401, 0, 500, 7, OPENING, IN),
		OF_B(ACK, 1, 401, 900, 500, 0, OPENING, IN),
		OF_A(ACK, 401, 901, 0, 1000, 0, OPENING, IN),
	} },
	{ "closed window, and a probe", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_A(ACK, 1, 1, 500, 1000, 0, OPEN, IN),
		OF_B(ACK, 1, 501, 0, 0, 0, OPEN, IN),
		OF_A(ACK, 500, 1, 0, 1000, 0, OPEN, IN),
		OF_A(ACK, 501, 1, 1, 1000, 0, OPEN, IN),
		OF_A(ACK, 502, 1, 1, 1000, 0, OPEN, OUT),
		OF_B(ACK, 1, 502, 0, 500, 0, OPEN, IN),
		OF_A(ACK, 502, 1, 500, 1000, 0, OPEN, IN),
	} },
	{ "losses, with selective acknowledgments", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_B(ACK, 1, 1, 0, 0xffff, 0, OPEN, IN),
		OF_A(ACK, 1, 1, 60000, 1000, 0, OPEN, IN),
		OF_A(ACK, 60001, 1, 60000, 1000, 0, OPEN, IN),
		OF_A(ACK, 120001, 1, 60000, 1000, 0, OPEN, IN),
		/* the first was lost: the others are acknowledged by options only */
		OF_B(ACK, 1, 1, 0, 0xffff, 0, OPEN, IN),
		OF_B(ACK, 1, 1, 0, 0xffff, 0, OPEN, IN),
		OF_A(ACK, 1, 1, 60000, 1000, 0, OPEN, IN),
		OF_B(ACK, 1, 180001, 0, 0xffff, 0, OPEN, IN),
	} },
	{ "the same ports again", {
		OPENED_BY_A, ANSWERED_BY_B, ACKED_BY_A,
		OF_A(SYN, 0x30000000, -B, 0, 1000, 1, CLOSED, IN),
		OF_B(SYN | ACK, 0x30000000, 0x30000001, 0, 500, 7, OPENING, IN),
		OF_A(ACK, 0x30000001, 0x30000001, 10, 1000, 0, OPENING, IN),
		OF_A(ACK, 1, 1, 10, 1000, 0, OPEN, OUT),
		OF_A(RST, 1, 0, 0, 0, 0, OPEN, OUT),
	} },
	{ "picked up", {
		/* windows may be scaled by 14: 1000 is 16384000 */
		OF_A(ACK, 5000, 1, 1000, 1000, 0, OPEN, IN),
		OF_B(ACK, 900000, 6000, 1000, 500, 0, OPEN, IN),
		/* of what was sent before */
		OF_A(ACK, 6000, 950000, 0, 1000, 0, OPEN, IN),
		OF_B(ACK, 950000, 8000, 0, 500, 0, OPEN, IN),
		OF_A(RST, 100000000, 0, 0, 0, 0, OPEN, OUT),
		OF_A(RST, 100000, 0, 0, 0, 0, OPEN, DOUBT),
		OF_A(ACK, 100000000, 950000, 10, 1000, 0, OPEN, OUT),
		OF_A(ACK, 8000, 100000000, 10, 1000, 0, OPEN, OUT),
		OF_A(RST, 8000, 0, 0, 0, 0, OPEN, IN),
		OF_B(RST, 950000, 0, 0, 0, 0, OPEN, IN),
	} },
	{ "only one side comes this way", {
		OF_A(SYN, 0, -B, 0, 1000, 1, OPENING, IN),
		OF_A(ACK, 1, 1, 10, 1000, 0, OPENING, IN),
		OF_A(ACK, 0x40000000, 0x40000000, 10, 1000, 0, OPEN, IN),
		OF_A(ACK, 0x7fffffff, 0x40000000, 10, 1000, 0, OPEN, IN),
		OF_A(ACK, 0xb0000000, 0x40000000, 10, 1000, 0, OPEN, IN),
		OF_A(RST, 0xb000000a, 0, 0, 0, 0, OPEN, IN),
	} },
};

static void connection_name(const struct connection *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(connection, connections, connection_name);

static void window_connection(struct kunit *test)
{
	const struct connection *c = test->param_value;
	struct weft_window w = {};
	unsigned int n, again;

	spin_lock_init(&w.lock);
	for (n = 0; n < ARRAY_SIZE(c->steps) && c->steps[n].verdict | c->steps[n].state; n++) {
		const struct step *s = &c->steps[n];
		struct weft_segment seg = {
			.seq = s->seq, .ack = s->ack, .window = s->window, .flags = s->flags,
			.len = s->len + !!(s->flags & SYN) + !!(s->flags & FIN),
			.scale = s->scale,
		};

		/* a second look at the same segment says the same */
		for (again = 0; again < 2; again++) {
			u8 state = again && s->state == CLOSED && s->flags == SYN ? OPENING :
										   s->state;

			spin_lock_bh(&w.lock);
			KUNIT_EXPECT_EQ_MSG(test, weft_window_judge(&w, s->reply, state, &seg),
					    s->verdict, "step %u", n);
			spin_unlock_bh(&w.lock);
		}
	}
}

/* Segments as they are in packets */

struct frame {
	const char *name;
	bool ipv6;
	u8 flags;
	u8 n_options;
	u8 options[20];
	u32 payload;
	u32 padding;
	u32 len;		/* expected */
	s8 scale;
};

static const struct frame frames[] = {
	{ "bare", false, ACK, 0, {}, 0, 6, 0, -1 },
	{ "payload", false, ACK, 0, {}, 100, 0, 100, -1 },
	{ "payload and FIN, IPv6", true, ACK | FIN, 0, {}, 100, 3, 101, -1 },
	{ "SYN without options", false, SYN, 0, {}, 0, 6, 1, -1 },
	{ "SYN, scale behind others", true, SYN, 12,
	  { 2, 4, 5, 0xb4, 4, 2, 1, 1, 1, 3, 3, 7 }, 0, 0, 1, 7 },
	{ "scale above 14", false, SYN, 4, { 3, 3, 15, 0 }, 0, 0, 1, 14 },
	{ "option of no length", false, SYN, 4, { 4, 0, 3, 3 }, 0, 0, 1, -1 },
	{ "option that does not fit", false, SYN, 4, { 1, 1, 3, 3 }, 0, 0, 1, -1 },
	{ "behind the end of options", false, SYN, 4, { 0, 3, 3, 7 }, 0, 0, 1, -1 },
	{ "scale of a segment without SYN", false, ACK, 4, { 3, 3, 7, 0 }, 10, 0, 10, -1 },
};

static void frame_name(const struct frame *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(frame, frames, frame_name);

static void window_segment(struct kunit *test)
{
	const struct frame *f = test->param_value;
	unsigned int net = f->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	unsigned int tcp = sizeof(struct tcphdr) + f->n_options;
	struct sk_buff *skb = alloc_skb(512, GFP_KERNEL);
	struct weft_segment seg;
	struct tcphdr *th;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, ETH_HLEN + net + tcp + f->payload + f->padding);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + net);
	if (f->ipv6)
		ipv6_hdr(skb)->payload_len = htons(tcp + f->payload);
	else
		ip_hdr(skb)->tot_len = htons(net + tcp + f->payload);
	th = tcp_hdr(skb);
	th->seq = htonl(A);
	th->ack_seq = htonl(B);
	th->window = htons(1000);
	th->doff = tcp / 4;
	tcp_flag_byte(th) = f->flags;
	memcpy(th + 1, f->options, f->n_options);
	weft_segment_parse(skb, f->ipv6 ? WEFT_L_IPV6 : WEFT_L_IPV4, &seg);
	KUNIT_EXPECT_EQ(test, seg.seq, A);
	KUNIT_EXPECT_EQ(test, seg.ack, B);
	KUNIT_EXPECT_EQ(test, seg.window, 1000);
	KUNIT_EXPECT_EQ(test, seg.flags, f->flags);
	KUNIT_EXPECT_EQ(test, seg.len, f->len);
	KUNIT_EXPECT_EQ(test, seg.scale, f->scale);
	if (f->ipv6) {
		/* one that is larger than the header can say */
		ipv6_hdr(skb)->payload_len = 0;
		weft_segment_parse(skb, WEFT_L_IPV6, &seg);
		KUNIT_EXPECT_EQ(test, seg.len, f->len + f->padding);
	}
	kfree_skb(skb);
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE_PARAM(window_connection, connection_gen_params),
	KUNIT_CASE_PARAM(window_segment, frame_gen_params),
	{ }
};

static struct kunit_suite window_suite = {
	.name = "weft_window",
	.test_cases = window_cases,
};

kunit_test_suite(window_suite);
