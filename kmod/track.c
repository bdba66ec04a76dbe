// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an instance knows of its connection.
 *
 * Bits that packets set, each once and in any order, from any CPU; the state is what they
 * amount to. A program of the flow cache says of which packets its instances are told.
 */
#include "flow.h"
#include "instance.h"
#include "key.h"

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

/* TCP; from the end of the handshake on only SYN, FIN and RST can change the state */
static enum weft_watch weft_track_tcp(struct weft_instance *i, bool reply,
				      const struct weft_key *key)
{
	__be16 flags = key->tcp_flags;
	bool syn = flags & htons(0x02), rst = flags & htons(0x04), fin = flags & htons(0x01);
	bool ack = flags & htons(0x10);
	enum weft_state before = weft_instance_state(i);

	set_bit(WEFT_SEEN_TCP, &i->seen);
	if (rst) {
		set_bit(WEFT_SEEN_RST, &i->seen);
	} else if (syn && !ack && !reply && before >= WEFT_STATE_TCP_CLOSED) {
		/*
		 * The same ports again: a new connection (RFC 9293, 3.6.1), and the end of its
		 * handshake must be seen, which programs of the old one would do unseen.
		 */
		WRITE_ONCE(i->seen, BIT(WEFT_SEEN_TCP) | BIT(WEFT_SEEN_SYN));
		weft_instance_stamp(i);
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
	if (weft_instance_state(i) != before)
		weft_wheel_move(i);
	return test_bit(WEFT_SEEN_ESTABLISHED, &i->seen) ? WEFT_WATCH_ENDS : WEFT_WATCH_ALL;
}

enum weft_watch weft_instance_watch(struct weft_instance *i, bool reply,
				    const struct weft_key *key)
{
	return weft_track_tcp(i, reply, key);
}

bool weft_instance_track(struct weft_flow *flow, const struct weft_key *key,
			 enum weft_watch *watch, bool *reply)
{
	struct weft_instance *i = flow->instance;
	const struct weft_ientry *entry = container_of(flow, struct weft_ientry, flow);
	unsigned int n = 0;

	*watch = WEFT_WATCH_NONE;
	if (test_bit(WEFT_SEEN_FAILED, &i->seen))
		return true;
	while (weft_instance_entry(i, n) != entry)
		n++;
	*reply = i->template->entries[i->entry[n]].reply;
	if (key->layers & WEFT_L_TCP) {
		*watch = weft_track_tcp(i, *reply, key);
		return true;
	}
	if (!*reply || test_bit(WEFT_SEEN_REPLY, &i->seen))
		return true;
	set_bit(WEFT_SEEN_REPLY, &i->seen);
	weft_wheel_move(i);
	return false;
}
