// SPDX-License-Identifier: Apache-2.0
/*
 * session.c - see session.h. Numbers in comments are sections of RFC 5880.
 *
 * Both sides are active. What a session says of itself changes only here, and each change of state
 * is told at once (6.8.7 asks for that), so a session comes up within two round trips and not
 * within seconds, though it is slow until then.
 */
#include <string.h>

#include "bfd/session.h"

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t bfd_session_tx_interval(const struct bfd_session *session)
{
	if (!session->remote_min_rx_us)
		return 0;
	return max64(session->tx_in_force_us, session->remote_min_rx_us);
}

uint64_t bfd_session_detection_time(const struct bfd_session *session)
{
	return session->remote_multiplier *
	       max64(session->rx_in_force_us, session->remote_min_tx_us);
}

/* ---- sending ------------------------------------------------------------- */

static void send_packet(struct bfd_session *session, bool final)
{
	const struct bfd_packet packet = {
		.state = session->state,
		.diag = session->diag,
		.poll = session->polling && !final,
		.final = final,
		.multiplier = session->want.multiplier,
		.my_discriminator = session->discriminator,
		.your_discriminator = session->remote_discriminator,
		.min_tx_us = session->min_tx_us,
		.min_rx_us = session->min_rx_us,
	};

	session->n_sent++;
	session->ops->send(session, &packet);
}

/*
 * The next periodic packet: 75 to 100 % of the interval after the last, and of those who are given
 * up for one lost packet at most 90 % (6.8.7).
 */
static void schedule_tx(struct bfd_session *session)
{
	uint64_t interval = bfd_session_tx_interval(session);
	uint32_t room = session->want.multiplier == 1 ? 15 : 25;

	if (!interval || session->state == BFD_ADMIN_DOWN ||
	    (session->remote_demand && session->state == BFD_UP &&
	     session->remote_state == BFD_UP && !session->polling)) {
		session->due_tx_us = BFD_NEVER;
		return;
	}
	session->due_tx_us = session->last_tx_us + interval * 3 / 4 +
			     interval * session->ops->chance(room * 100) / 10000;
}

/* a packet out of turn takes the place of the next periodic one */
static void send_now(struct bfd_session *session, uint64_t now_us)
{
	session->last_tx_us = now_us;
	if (session->polling)
		session->poll_sent_us = now_us;
	send_packet(session, false);
	schedule_tx(session);
}

/* ---- intervals (6.8.3) ---------------------------------------------------- */

static void poll(struct bfd_session *session)
{
	if (session->polling) {
		session->poll_again = true;
		return;
	}
	session->polling = true;
	session->poll_sent_us = 0;
}

/* say the intervals that the state and the operator want */
static void settle_intervals(struct bfd_session *session)
{
	uint32_t tx = session->want.min_tx_us, rx = session->want.min_rx_us;

	if (session->state != BFD_UP && tx < BFD_SLOW_US)
		tx = BFD_SLOW_US;
	/* while up, slower sending and quicker giving up wait until the other side knows */
	if (session->state != BFD_UP || tx < session->tx_in_force_us)
		session->tx_in_force_us = tx;
	if (session->state != BFD_UP || rx > session->rx_in_force_us)
		session->rx_in_force_us = rx;
	if (tx == session->min_tx_us && rx == session->min_rx_us)
		return;
	session->min_tx_us = tx;
	session->min_rx_us = rx;
	if (session->state == BFD_UP)
		poll(session);
}

static void end_poll(struct bfd_session *session, uint64_t now_us)
{
	session->polling = false;
	if (session->poll_sent_us)
		session->rtt_us = now_us - session->poll_sent_us;
	session->poll_sent_us = 0;
	if (session->poll_again) {
		/* what the other side acknowledged may be older than the last change */
		session->poll_again = false;
		poll(session);
		return;
	}
	session->tx_in_force_us = session->min_tx_us;
	session->rx_in_force_us = session->min_rx_us;
}

/* ---- state ----------------------------------------------------------------- */

static void set_state(struct bfd_session *session, enum bfd_state state, enum bfd_diag diag)
{
	enum bfd_state before = session->state;

	session->state = state;
	session->diag = diag;
	if (state == BFD_UP)
		session->n_up++;
	if (before == BFD_UP)
		session->n_down++;
	if (state != BFD_UP) {
		session->polling = false;
		session->poll_again = false;
	}
	settle_intervals(session);
	session->ops->changed(session, before);
}

/* 6.8.6, the last part: what the state becomes. @return whether it did */
static bool follow(struct bfd_session *session, enum bfd_state said)
{
	enum bfd_state state = session->state;

	if (said == BFD_ADMIN_DOWN) {
		if (state == BFD_DOWN)
			return false;
		set_state(session, BFD_DOWN, BFD_DIAG_NEIGHBOR);
	} else if (state == BFD_DOWN && said == BFD_DOWN)
		set_state(session, BFD_INIT, session->diag);
	else if (state == BFD_DOWN && said == BFD_INIT)
		set_state(session, BFD_UP, BFD_DIAG_NONE);
	else if (state == BFD_INIT && said >= BFD_INIT)
		set_state(session, BFD_UP, BFD_DIAG_NONE);
	else if (state == BFD_UP && said == BFD_DOWN)
		set_state(session, BFD_DOWN, BFD_DIAG_NEIGHBOR);
	else
		return false;
	return true;
}

void bfd_session_receive(struct bfd_session *session, const struct bfd_packet *packet,
			 uint64_t now_us)
{
	uint64_t interval = bfd_session_tx_interval(session), detection;
	bool demand = session->remote_demand, changed;

	session->n_received++;
	session->remote_discriminator = packet->my_discriminator;
	session->remote_state = packet->state;
	session->remote_diag = packet->diag;
	session->remote_demand = packet->demand;
	session->remote_min_rx_us = packet->min_rx_us;
	session->remote_min_tx_us = packet->min_tx_us;
	session->remote_multiplier = packet->multiplier;
	if (packet->final && session->polling)
		end_poll(session, now_us);
	if (session->state == BFD_ADMIN_DOWN)
		return;

	changed = follow(session, packet->state);
	detection = bfd_session_detection_time(session);
	session->expires_us = detection ? now_us + detection : BFD_NEVER;
	if (packet->poll)
		send_packet(session, true);
	if (changed && bfd_session_tx_interval(session))
		send_now(session, now_us);
	else if (interval != bfd_session_tx_interval(session) || demand != packet->demand ||
		 session->due_tx_us == BFD_NEVER)
		schedule_tx(session);
}

static void expire(struct bfd_session *session, uint64_t now_us)
{
	bool told = session->state == BFD_INIT || session->state == BFD_UP;

	session->expires_us = BFD_NEVER;
	session->remote_discriminator = 0;
	session->remote_demand = false;
	if (!session->remote_min_rx_us)
		session->remote_min_rx_us = 1; /* it has to hear of this */
	if (!told)
		return;
	set_state(session, BFD_DOWN, BFD_DIAG_EXPIRED);
	send_now(session, now_us);
}

void bfd_session_run(struct bfd_session *session, uint64_t now_us)
{
	if (now_us >= session->expires_us)
		expire(session, now_us);
	if (now_us >= session->due_tx_us)
		send_now(session, now_us);
}

uint64_t bfd_session_due(const struct bfd_session *session)
{
	return session->expires_us < session->due_tx_us ? session->expires_us : session->due_tx_us;
}

/* ---- the operator ------------------------------------------------------------- */

void bfd_session_init(struct bfd_session *session, const struct bfd_ops *ops, void *ctx,
		      const struct bfd_params *want, uint32_t discriminator, uint64_t now_us)
{
	memset(session, 0, sizeof(*session));
	session->ops = ops;
	session->ctx = ctx;
	session->want = *want;
	session->discriminator = discriminator;
	session->state = BFD_DOWN;
	session->remote_state = BFD_DOWN;
	session->remote_min_rx_us = 1;
	session->expires_us = BFD_NEVER;
	settle_intervals(session);
	/* not all sessions of a host that starts at the same time */
	session->due_tx_us = now_us + ops->chance(want->min_tx_us);
}

void bfd_session_change(struct bfd_session *session, const struct bfd_params *want, uint64_t now_us)
{
	bool multiplier = want->multiplier != session->want.multiplier;

	session->want = *want;
	settle_intervals(session);
	if (session->state == BFD_ADMIN_DOWN || !bfd_session_tx_interval(session))
		return;
	if (session->polling || multiplier)
		send_now(session, now_us);
	else
		schedule_tx(session);
}

void bfd_session_disable(struct bfd_session *session, uint64_t now_us)
{
	if (session->state == BFD_ADMIN_DOWN)
		return;
	set_state(session, BFD_ADMIN_DOWN, BFD_DIAG_ADMIN);
	session->expires_us = BFD_NEVER;
	send_now(session, now_us);
}

void bfd_session_enable(struct bfd_session *session, uint64_t now_us)
{
	if (session->state != BFD_ADMIN_DOWN)
		return;
	set_state(session, BFD_DOWN, BFD_DIAG_NONE);
	send_now(session, now_us);
}

void bfd_session_resume(struct bfd_session *session, uint64_t now_us)
{
	uint64_t detection = bfd_session_detection_time(session);

	session->polling = false;
	session->poll_again = false;
	settle_intervals(session);
	session->expires_us = session->remote_discriminator && detection ? now_us + detection :
									   BFD_NEVER;
	if (session->state == BFD_ADMIN_DOWN || !bfd_session_tx_interval(session))
		session->due_tx_us = BFD_NEVER;
	else
		send_now(session, now_us);
}
