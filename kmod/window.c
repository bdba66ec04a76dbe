// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which segments belong to a TCP connection.
 *
 * Of each side is kept what it has sent, what of that is acknowledged, up to where
 * the other one takes data, and how large its own window was at most. From these follow the
 * bounds of a segment's sequence number and acknowledgment, as RFC 9293 (3.4, 3.10.7.4)
 * and RFC 5961 (5.2) state them for the two ends; here they are wider by a window, since segments
 * may overtake each other on the way to us. Bounds only grow, so who loses a segment behind us,
 * shrinks its window or probes one that is closed is still within them.
 *
 * What ends a connection is held to more. RST counts if it is where the other end expects
 * the next byte (RFC 5961, 3.2): between what is acknowledged and what was sent. One that is in
 * the window beside that may be true, when segments were lost in front of us: it passes, the other
 * end asks back, and the answer to that counts. A SYN in a connection that is open passes
 * for the same reason (RFC 5961, 4.2).
 *
 * When a SYN was not seen (an import, rules that came later), scales are not known. The
 * largest there is, 14, is taken, and acknowledgments may then be of what was sent before we came,
 * up to where the window ends.
 *
 * Selective acknowledgments are of data inside the window, and so need nothing.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/tcp.h>
#include "key.h"
#include "window.h"

/* Segments are late by a window; by this at least, if it is small */
#define WEFT_WINDOW_LATE	65536

/* The largest window there is */
#define WEFT_WINDOW_MAX		(65536U << TCP_MAX_WSCALE)

/* The window scale option of a SYN; -1: there is none */
static s8 weft_segment_scale(const struct sk_buff *skb, unsigned int ofs, unsigned int len)
{
	u8 buffer[MAX_TCP_OPTION_SPACE];
	const u8 *opt = skb_header_pointer(skb, ofs, len, buffer), *end;

	if (!opt)
		return -1;
	for (end = opt + len; opt < end && *opt != TCPOPT_EOL;) {
		if (*opt == TCPOPT_NOP) {
			opt++;
			continue;
		}
		if (end - opt < 2 || opt[1] < 2 || end - opt < opt[1])
			break;
		if (*opt == TCPOPT_WINDOW && opt[1] == TCPOLEN_WINDOW)
			return min_t(u8, opt[2], TCP_MAX_WSCALE);
		opt += opt[1];
	}
	return -1;
}

void weft_segment_parse(const struct sk_buff *skb, u16 layers, struct weft_segment *seg)
{
	unsigned int net = skb_network_offset(skb), ofs = skb_transport_offset(skb), end;
	const struct tcphdr *th = (const void *)skb->data + ofs;
	unsigned int header = th->doff * 4;

	if (layers & WEFT_L_IPV4) {
		end = ntohs(((const struct iphdr *)(skb->data + net))->tot_len);
	} else {
		end = ntohs(((const struct ipv6hdr *)(skb->data + net))->payload_len);
		if (end)
			end += sizeof(struct ipv6hdr);
	}
	/* one that is longer than its header can say is of segmentation offload, and not padded */
	end = end ? net + end : skb->len;
	seg->seq = get_unaligned_be32(&th->seq);
	seg->ack = get_unaligned_be32(&th->ack_seq);
	seg->window = get_unaligned_be16(&th->window);
	seg->flags = tcp_flag_byte(th);
	seg->len = end > ofs + header ? end - ofs - header : 0;
	seg->scale = -1;
	if (seg->flags & WEFT_TCP_SYN) {
		seg->len++;
		seg->scale = weft_segment_scale(skb, ofs + sizeof(*th), header - sizeof(*th));
	}
	if (seg->flags & WEFT_TCP_FIN)
		seg->len++;
}

static u32 weft_later(u32 a, u32 b)
{
	return after(a, b) ? a : b;
}

static bool weft_window_picked_up(const struct weft_window *w)
{
	return !(w->side[0].known & w->side[1].known & WEFT_SIDE_SYN);
}

static u32 weft_window_bytes(const struct weft_window *w, const struct weft_window_side *s,
			     const struct weft_segment *seg)
{
	if (weft_window_picked_up(w))
		return seg->window << TCP_MAX_WSCALE;
	if (w->side[0].scale < 0 || w->side[1].scale < 0)
		return seg->window;
	return seg->window << s->scale;
}

static u32 weft_window_late(const struct weft_window_side *s)
{
	return max_t(u32, s->max, WEFT_WINDOW_LATE);
}

/* The other side of @p has all before @ack, and takes what begins within @bytes more */
static void weft_window_acked(struct weft_window_side *p, u32 ack, u32 bytes)
{
	if (!(p->known & (WEFT_SIDE_SENT | WEFT_SIDE_ACKED)))
		p->end = ack;
	p->end = weft_later(p->end, ack);
	if (p->known & WEFT_SIDE_ACKED) {
		p->una = weft_later(p->una, ack);
		p->edge = weft_later(p->edge, ack + bytes);
	} else {
		p->una = ack;
		p->edge = weft_later(p->end, ack + bytes);
	}
	p->known |= WEFT_SIDE_ACKED | WEFT_SIDE_OPEN;
}

static enum weft_verdict weft_window_rst(const struct weft_window *w,
					 const struct weft_window_side *s,
					 const struct weft_window_side *p,
					 const struct weft_segment *seg)
{
	if (s->known & (WEFT_SIDE_SENT | WEFT_SIDE_ACKED)) {
		if (!before(seg->seq, s->una) && !after(seg->seq, s->end))
			return WEFT_WINDOW_IN;
		if (before(seg->seq, s->una - weft_window_late(p)) ||
		    after(seg->seq, s->known & WEFT_SIDE_ACKED ? s->edge :
								 s->end + weft_window_late(p)))
			return WEFT_WINDOW_OUT;
		return WEFT_WINDOW_DOUBT;
	}
	/* nobody knows its sequence numbers: it has to acknowledge the SYN (RFC 9293, 3.10.7.3) */
	if (!(p->known & WEFT_SIDE_SYN))
		return WEFT_WINDOW_DOUBT;
	return seg->flags & WEFT_TCP_ACK && after(seg->ack, p->una) && !after(seg->ack, p->end) ?
	       WEFT_WINDOW_IN : WEFT_WINDOW_OUT;
}

static enum weft_verdict weft_window_syn(struct weft_window *w, struct weft_window_side *s,
					 struct weft_window_side *p, enum weft_state state,
					 const struct weft_segment *seg)
{
	bool ack = seg->flags & WEFT_TCP_ACK, again;

	if (state >= WEFT_STATE_TCP_CLOSED && !ack && s == &w->side[0])
		memset(w->side, 0, sizeof(w->side));	/* the same ports again */
	else if (state >= WEFT_STATE_TCP_ESTABLISHED)
		return WEFT_WINDOW_DOUBT;
	if (ack && p->known & WEFT_SIDE_SENT &&
	    (before(seg->ack, p->una) || after(seg->ack, p->end) ||
	     (seg->ack == p->una && !(p->known & WEFT_SIDE_OPEN))))
		return WEFT_WINDOW_OUT;
	again = s->known & WEFT_SIDE_SYN && (seg->seq == s->una || seg->seq + 1 == s->una);
	/* an answer may be to the first one, and a host may leave options out of the next */
	s->scale = again ? max(s->scale, seg->scale) : seg->scale;
	s->una = seg->seq;
	s->end = again ? weft_later(s->end, seg->seq + seg->len) : seg->seq + seg->len;
	s->max = seg->window;
	s->known = WEFT_SIDE_SENT | WEFT_SIDE_SYN;
	if (p->known & WEFT_SIDE_SYN) {
		/* the window of a SYN is not scaled */
		s->edge = weft_later(s->end, seg->seq + 1 + p->max);
		s->known |= WEFT_SIDE_ACKED;
	}
	if (ack)
		weft_window_acked(p, seg->ack, seg->window);
	return WEFT_WINDOW_IN;
}

/* Can @s have got what it acknowledges, and if it says so late, not too late? */
static bool weft_window_ack_fits(const struct weft_window *w, const struct weft_window_side *s,
				 const struct weft_window_side *p, u32 ack)
{
	u32 end = p->end;

	if (!(p->known & WEFT_SIDE_SENT))
		return true;
	if (weft_window_picked_up(w)) {
		if (!(p->known & WEFT_SIDE_ACKED))
			return true;
		end = weft_later(end, p->edge);
	} else if (!(p->known & WEFT_SIDE_OPEN)) {
		return after(ack, p->una) && !after(ack, end);
	}
	return !after(ack, end) && !before(ack, p->una - weft_window_late(s));
}

enum weft_verdict weft_window_judge(struct weft_window *w, bool reply, enum weft_state state,
				    const struct weft_segment *seg)
{
	struct weft_window_side *s = &w->side[reply], *p = &w->side[!reply];
	u32 end = seg->seq + seg->len, bytes;

	lockdep_assert_held(&w->lock);
	if (seg->flags & WEFT_TCP_RST)
		return weft_window_rst(w, s, p, seg);
	if (seg->flags & WEFT_TCP_SYN)
		return weft_window_syn(w, s, p, state, seg);
	if (!(seg->flags & WEFT_TCP_ACK))
		return WEFT_WINDOW_OUT;
	if (s->known & (WEFT_SIDE_SENT | WEFT_SIDE_ACKED) &&
	    before(end, s->end - weft_window_late(p)))
		return WEFT_WINDOW_OUT;
	if (s->known & WEFT_SIDE_ACKED && after(seg->seq, s->edge))
		return WEFT_WINDOW_OUT;
	if (!weft_window_ack_fits(w, s, p, seg->ack))
		return WEFT_WINDOW_OUT;

	bytes = weft_window_bytes(w, s, seg);
	if (!(s->known & (WEFT_SIDE_SENT | WEFT_SIDE_ACKED))) {
		s->una = seg->seq;
		s->end = end;
	}
	s->end = weft_later(s->end, end);
	/* nobody may be there, on this way, to acknowledge it */
	if (s->end - s->una > WEFT_WINDOW_MAX)
		s->una = s->end - WEFT_WINDOW_MAX;
	s->max = max(s->max, bytes);
	s->known |= WEFT_SIDE_SENT;
	weft_window_acked(p, seg->ack, bytes);
	return WEFT_WINDOW_IN;
}
