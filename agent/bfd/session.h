/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - a BFD session: the state machine and timers of RFC 5880, asynchronous mode.
 *
 * Time is what the caller says it is, in microseconds of any monotonic clock, and so is chance.
 * The caller hands in packets that were found to be for the session, calls bfd_session_run() when
 * bfd_session_due() has come, and sends what bfd_ops.send is called with.
 */
#ifndef WEFT_BFD_SESSION_H
#define WEFT_BFD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "bfd/packet.h"

#define BFD_SLOW_US 1000000 /* of a session that is not up: RFC 5880, 6.8.3 */
#define BFD_NEVER UINT64_MAX

struct bfd_session;

struct bfd_ops {
	void (*send)(struct bfd_session *session, const struct bfd_packet *packet);
	/* after each change of state */
	void (*changed)(struct bfd_session *session, enum bfd_state before);
	/* a number from 0 to @max */
	uint32_t (*chance)(uint32_t max);
};

/* what an operator wants */
struct bfd_params {
	uint32_t min_tx_us;
	uint32_t min_rx_us;
	uint8_t multiplier;
};

/* the variables of RFC 5880, 6.8.1, and what the timers need. To be read by all */
struct bfd_session {
	const struct bfd_ops *ops;
	void *ctx; /* the caller's */
	struct bfd_params want;

	enum bfd_state state;
	enum bfd_diag diag;
	uint32_t discriminator; /* ours; not 0 */
	uint32_t min_tx_us;	/* desired min TX interval, as it is told */
	uint32_t min_rx_us;	/* required min RX interval, as it is told */

	enum bfd_state remote_state;
	uint8_t remote_diag;
	uint32_t remote_discriminator; /* 0: not known */
	uint32_t remote_min_tx_us;
	uint32_t remote_min_rx_us;
	uint8_t remote_multiplier;
	bool remote_demand;

	bool polling;		 /* a Poll sequence is under way, */
	bool poll_again;	 /* after which there is to be another */
	uint32_t tx_in_force_us; /* min_tx_us of before, while a larger one is polled for */
	uint32_t rx_in_force_us; /* min_rx_us of before, while a smaller one is polled for */

	uint64_t last_tx_us; /* of the last periodic packet, or one in its place */
	uint64_t due_tx_us;
	uint64_t expires_us;   /* BFD_NEVER: nothing was heard, or nothing is expected */
	uint64_t poll_sent_us; /* the last packet of the Poll that is under way; 0: none yet */
	uint32_t rtt_us;       /* of the last Poll; 0: not known */
	uint64_t n_up, n_down; /* times that it went up, and down from up */
	uint64_t n_sent, n_received;
};

/* bfd_session_init: Down; the first packet is due at once, but for jitter */
void bfd_session_init(struct bfd_session *session, const struct bfd_ops *ops, void *ctx,
		      const struct bfd_params *want, uint32_t discriminator, uint64_t now_us);

/*
 * bfd_session_receive: a good packet, whose your_discriminator is ours or 0. An answer that is due
 * is sent before this returns.
 */
void bfd_session_receive(struct bfd_session *session, const struct bfd_packet *packet,
			 uint64_t now_us);

/* bfd_session_run: do what is due. bfd_session_due: when that is the next time */
void bfd_session_run(struct bfd_session *session, uint64_t now_us);
uint64_t bfd_session_due(const struct bfd_session *session);

/* bfd_session_change: other intervals; a session that is up stays so (RFC 5880, 6.8.3) */
void bfd_session_change(struct bfd_session *session, const struct bfd_params *want,
			uint64_t now_us);

/* bfd_session_disable: AdminDown, and the other side is told; bfd_session_enable: Down */
void bfd_session_disable(struct bfd_session *session, uint64_t now_us);
void bfd_session_enable(struct bfd_session *session, uint64_t now_us);

/*
 * bfd_session_resume: go on where another process has left off. The caller has filled in state,
 * discriminators and what is known of the remote; the detection time begins anew.
 */
void bfd_session_resume(struct bfd_session *session, uint64_t now_us);

/* how often packets are sent before jitter, and how long a silence may be; 0: no such thing */
uint64_t bfd_session_tx_interval(const struct bfd_session *session);
uint64_t bfd_session_detection_time(const struct bfd_session *session);

#endif
