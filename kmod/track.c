// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an instance knows of its connection.
 *
 * Bits that packets set, each once and in any order, from any CPU; the state is what they
 * amount to. A program of the flow cache says of which packets of TCP its instances are told.
 *
 * Where the template asks for it, TCP segments are held against the windows of the connection
 * (window.c) first, and set nothing when they are not inside. Then every segment is looked at:
 * cached programs say so (cache.c), and one that does not fit leaves them before anything is done
 * and walks.
 */
#include "flow.h"
#include "instance.h"
#include "key.h"
#include "window.h"

enum weft_state weft_instance_state(const struct weft_instance *i)
{
	unsigned long seen = READ_ONCE(i->seen);

	if (seen & BIT(WEFT_SEEN_FAILED))
		return WEFT_STATE_FAILED;
	if (!(seen & BIT(WEFT_SEEN_TCP)))
		return seen & BIT(WEFT_SEEN_REPLY) ? WEFT_STATE_REPLIED : WEFT_STATE_NEW;
	if (seen & BIT(WEFT_SEEN_RST))
		return WEFT_STATE_TCP_RESET;
	if (seen & BIT(WEFT_SEEN_FIN) && seen & BIT(WEFT_SEEN_FIN_REPLY))
		return WEFT_STATE_TCP_CLOSED;
	if (seen & (BIT(WEFT_SEEN_FIN) | BIT(WEFT_SEEN_FIN_REPLY)))
		return WEFT_STATE_TCP_CLOSING;
	return seen & BIT(WEFT_SEEN_ESTABLISHED) ? WEFT_STATE_TCP_ESTABLISHED :
						   WEFT_STATE_TCP_OPENING;
}

/* The segment's flags are true: note them. False when the connection begins anew. */
static bool weft_track_flags(struct weft_instance *i, bool reply, __be16 flags,
			     enum weft_state before)
{
	bool syn = flags & htons(WEFT_TCP_SYN), rst = flags & htons(WEFT_TCP_RST);
	bool fin = flags & htons(WEFT_TCP_FIN), ack = flags & htons(WEFT_TCP_ACK);
	bool anew = false;

	set_bit(WEFT_SEEN_TCP, &i->seen);
	if (rst) {
		set_bit(WEFT_SEEN_RST, &i->seen);
	} else if (syn && !ack && !reply && before >= WEFT_STATE_TCP_CLOSED) {
		WRITE_ONCE(i->seen, BIT(WEFT_SEEN_TCP) | BIT(WEFT_SEEN_SYN));
		anew = true;
	} else if (syn) {
		set_bit(reply ? WEFT_SEEN_SYNACK : WEFT_SEEN_SYN, &i->seen);
	} else if (fin) {
		set_bit(reply ? WEFT_SEEN_FIN_REPLY : WEFT_SEEN_FIN, &i->seen);
	} else if (!test_bit(WEFT_SEEN_ESTABLISHED, &i->seen)) {
		/* the third of a handshake, or of one that we have not seen */
		if (!test_bit(WEFT_SEEN_SYN, &i->seen) || test_bit(WEFT_SEEN_SYNACK, &i->seen))
			set_bit(WEFT_SEEN_ESTABLISHED, &i->seen);
	}
	if (reply)
		set_bit(WEFT_SEEN_REPLY, &i->seen);
	return !anew;
}

static enum weft_tracked weft_track_tcp(struct weft_instance *i, bool reply,
					const struct weft_key *key, const struct sk_buff *skb)
{
	const __be16 ends = htons(WEFT_TCP_SYN | WEFT_TCP_FIN | WEFT_TCP_RST);
	struct weft_window *w = weft_instance_window(i);
	enum weft_verdict verdict = WEFT_WINDOW_IN;
	struct weft_segment seg;
	enum weft_state before;
	bool anew = false;

	if (w && skb) {
		weft_segment_parse(skb, key->layers, &seg);
		spin_lock(&w->lock);
		before = weft_instance_state(i);
		verdict = weft_window_judge(w, reply, before, &seg);
		if (verdict == WEFT_WINDOW_IN)
			anew = !weft_track_flags(i, reply, key->tcp_flags, before);
		spin_unlock(&w->lock);
		if (verdict != WEFT_WINDOW_IN)
			return verdict == WEFT_WINDOW_OUT &&
			       i->template->track == WEFT_TRACK_WINDOW ? WEFT_TRACKED_OUT :
									WEFT_TRACKED_SEE;
	} else {
		before = weft_instance_state(i);
		anew = !weft_track_flags(i, reply, key->tcp_flags, before);
	}
	/*
	 * The same ports again: a new connection (RFC 9293, 3.6.1), and the end of its
	 * handshake must be seen, which programs of the old one would do unseen.
	 */
	if (anew)
		weft_instance_stamp(i);
	if (weft_instance_state(i) != before)
		weft_wheel_move(i);
	return !(key->tcp_flags & ends) && test_bit(WEFT_SEEN_ESTABLISHED, &i->seen) ?
	       WEFT_TRACKED_KEEP : WEFT_TRACKED_SEE;
}

/* Is an entry of an instance for packets of who replies? */
static bool weft_ientry_replies(const struct weft_ientry *entry)
{
	const struct weft_instance *i = entry->flow.instance;
	unsigned int n = 0;

	while (weft_instance_entry(i, n) != entry)
		n++;
	return i->template->entries[i->entry[n]].reply;
}

enum weft_tracked weft_instance_track(struct weft_flow *flow, const struct weft_key *key,
				      const struct sk_buff *skb, bool *reply)
{
	struct weft_instance *i = flow->instance;

	*reply = weft_ientry_replies(container_of(flow, struct weft_ientry, flow));
	if (test_bit(WEFT_SEEN_FAILED, &i->seen))
		return WEFT_TRACKED_KEEP;
	if (key->layers & WEFT_L_TCP)
		return weft_track_tcp(i, *reply, key, skb);
	if (!*reply || test_bit(WEFT_SEEN_REPLY, &i->seen))
		return WEFT_TRACKED_KEEP;
	set_bit(WEFT_SEEN_REPLY, &i->seen);
	weft_wheel_move(i);
	/* not worth a program yet: as often as not the first answer is the last */
	return WEFT_TRACKED_SEE;
}

enum weft_watch weft_instance_watched(const struct weft_instance *i)
{
	if (test_bit(WEFT_SEEN_FAILED, &i->seen))
		return WEFT_WATCH_NONE;
	return test_bit(WEFT_SEEN_ESTABLISHED, &i->seen) ? WEFT_WATCH_ENDS : WEFT_WATCH_ALL;
}

enum weft_watch weft_instance_watch(struct weft_instance *i, bool reply,
				    const struct weft_key *key)
{
	weft_track_tcp(i, reply, key, NULL);
	return weft_instance_watched(i);
}

bool weft_instance_in_window(struct weft_instance *i, bool reply, const struct sk_buff *skb,
			     u16 layers)
{
	struct weft_window *w = weft_instance_window(i);
	enum weft_verdict verdict;
	struct weft_segment seg;

	weft_segment_parse(skb, layers, &seg);
	spin_lock(&w->lock);
	verdict = weft_window_judge(w, reply, WEFT_STATE_TCP_ESTABLISHED, &seg);
	spin_unlock(&w->lock);
	return verdict == WEFT_WINDOW_IN;
}
