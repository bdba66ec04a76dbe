// SPDX-License-Identifier: Apache-2.0
/*
 * Sessions of BFD: every transition of RFC 5880, 6.8.6, and what the timers do, on a clock that the
 * tests own.
 */
#include "bfd_test.h"

#define WIRE_MAX 64
#define DELAY (1 * MS)

struct end {
	struct bfd_session session;
	struct end *peer;
	bool cut; /* nothing of what it sends arrives */
	unsigned int n_sent, n_polls, n_finals, n_changes;
	struct bfd_packet last;
	uint64_t last_us, shortest_us, longest_us;
};

static struct {
	struct end *to;
	struct bfd_packet packet;
	uint64_t at_us;
} wire[WIRE_MAX];
static unsigned int n_wire;
static uint64_t now;
static uint32_t chance_value; /* UINT32_MAX: pseudo-random */

static const struct bfd_params fast = { 100 * MS, 100 * MS, 3 };

static uint32_t chance(uint32_t max)
{
	if (chance_value != UINT32_MAX)
		return chance_value < max ? chance_value : max;
	return random() % (max + 1);
}

static void on_send(struct bfd_session *session, const struct bfd_packet *packet)
{
	struct end *end = session->ctx;
	uint64_t gap = now - end->last_us;

	if (end->n_sent && !packet->final) {
		if (gap < end->shortest_us)
			end->shortest_us = gap;
		if (gap > end->longest_us)
			end->longest_us = gap;
	}
	end->n_sent++;
	end->n_polls += packet->poll;
	end->n_finals += packet->final;
	end->last = *packet;
	if (!packet->final)
		end->last_us = now;
	if (!end->peer || end->cut)
		return;
	assert_true(n_wire < WIRE_MAX);
	wire[n_wire].to = end->peer;
	wire[n_wire].packet = *packet;
	wire[n_wire++].at_us = now + DELAY;
}

static void on_changed(struct bfd_session *session, enum bfd_state before)
{
	struct end *end = session->ctx;

	assert_int_not_equal(before, session->state);
	end->n_changes++;
}

static const struct bfd_ops ops = { on_send, on_changed, chance };

static void begin(struct end *end, const struct bfd_params *want, uint32_t discriminator)
{
	memset(end, 0, sizeof(*end));
	end->shortest_us = UINT64_MAX;
	bfd_session_init(&end->session, &ops, end, want, discriminator, now);
}

static void forget_gaps(struct end *end)
{
	end->shortest_us = UINT64_MAX;
	end->longest_us = 0;
}

static void begin_pair(struct end *a, struct end *b)
{
	now = 5 * SECOND;
	n_wire = 0;
	chance_value = UINT32_MAX;
	srandom(7);
	begin(a, &fast, 1);
	begin(b, &fast, 2);
	a->peer = b;
	b->peer = a;
}

/* let time pass: packets arrive and timers run, in their order */
static void pass(struct end *a, struct end *b, uint64_t us)
{
	uint64_t until = now + us;

	for (;;) {
		uint64_t next = bfd_session_due(&a->session);
		int arrives = -1;

		if (b && bfd_session_due(&b->session) < next)
			next = bfd_session_due(&b->session);
		for (unsigned int i = 0; i < n_wire; i++)
			if (wire[i].at_us <= next && (arrives < 0 || wire[i].at_us < next)) {
				next = wire[i].at_us;
				arrives = i;
			}
		if (next > until)
			break;
		now = next > now ? next : now;
		if (arrives >= 0) {
			struct bfd_packet packet = wire[arrives].packet;
			struct end *to = wire[arrives].to;

			memmove(&wire[arrives], &wire[arrives + 1],
				(--n_wire - arrives) * sizeof(*wire));
			bfd_session_receive(&to->session, &packet, now);
		} else {
			bfd_session_run(&a->session, now);
			if (b)
				bfd_session_run(&b->session, now);
		}
	}
	now = until;
}

static void up(struct end *a, struct end *b)
{
	begin_pair(a, b);
	pass(a, b, 3 * SECOND);
	assert_int_equal(a->session.state, BFD_UP);
	assert_int_equal(b->session.state, BFD_UP);
	a->n_changes = 0;
	b->n_changes = 0;
}

static struct bfd_packet from_remote(enum bfd_state state)
{
	return (struct bfd_packet){
		.state = state,
		.multiplier = 3,
		.my_discriminator = 99,
		.your_discriminator = 1,
		.min_tx_us = 100 * MS,
		.min_rx_us = 100 * MS,
	};
}

/* the table of 6.8.6: state, what the remote says, what comes of it */
static void test_transitions(void **state)
{
	static const enum bfd_state wanted[4][4] = {
		/* said:	   AdminDown	   Down		   Init		   Up */
		[BFD_ADMIN_DOWN] = { BFD_ADMIN_DOWN, BFD_ADMIN_DOWN, BFD_ADMIN_DOWN,
				     BFD_ADMIN_DOWN },
		[BFD_DOWN] = { BFD_DOWN, BFD_INIT, BFD_UP, BFD_DOWN },
		[BFD_INIT] = { BFD_DOWN, BFD_INIT, BFD_UP, BFD_UP },
		[BFD_UP] = { BFD_DOWN, BFD_DOWN, BFD_UP, BFD_UP },
	};

	for (unsigned int from = 0; from < 4; from++) {
		for (unsigned int said = 0; said < 4; said++) {
			struct bfd_packet packet = from_remote(said);
			struct end a;

			now = SECOND;
			begin(&a, &fast, 1);
			a.session.state = from;
			bfd_session_receive(&a.session, &packet, now);
			if (a.session.state != wanted[from][said])
				fail_msg("%s, told %s: %s", bfd_state_name(from),
					 bfd_state_name(said), bfd_state_name(a.session.state));
			assert_int_equal(a.n_changes, a.session.state != from);
			/* a change is told at once */
			assert_int_equal(a.n_sent, a.session.state != from);
			if (a.n_sent)
				assert_int_equal(a.last.state, a.session.state);
			if (from >= BFD_INIT && a.session.state == BFD_DOWN)
				assert_int_equal(a.session.diag, BFD_DIAG_NEIGHBOR);
		}
	}
}

static void test_comes_up(void **state)
{
	struct end a, b;

	begin_pair(&a, &b);
	pass(&a, &b, 100 * MS + 4 * DELAY);
	assert_int_equal(a.session.state, BFD_UP);
	assert_int_equal(b.session.state, BFD_UP);
	assert_int_equal(a.session.remote_discriminator, 2);
	pass(&a, &b, SECOND);
	assert_false(a.session.polling);
	assert_true(b.n_finals > 0);
	assert_int_equal(bfd_session_tx_interval(&a.session), 100 * MS);
	assert_int_equal(bfd_session_detection_time(&a.session), 300 * MS);
	assert_in_range(a.session.rtt_us, 2 * DELAY, 2 * DELAY);
	a.n_changes = b.n_changes = 0;
	pass(&a, &b, 3600 * SECOND);
	assert_int_equal(a.n_changes + b.n_changes, 0);
	assert_int_equal(a.session.n_up, 1);
}

static void test_slow_until_up(void **state)
{
	struct end a;

	now = SECOND;
	chance_value = UINT32_MAX;
	begin(&a, &fast, 1);
	pass(&a, NULL, 100 * SECOND);
	assert_int_equal(a.session.state, BFD_DOWN);
	assert_int_equal(a.last.min_tx_us, BFD_SLOW_US);
	assert_int_equal(a.last.your_discriminator, 0);
	assert_true(a.shortest_us >= 750 * MS && a.longest_us <= 1000 * MS);
}

static void test_jitter(void **state)
{
	struct bfd_params once = { 100 * MS, 100 * MS, 1 };
	struct end a, b;

	up(&a, &b);
	forget_gaps(&a);
	pass(&a, &b, 600 * SECOND);
	assert_in_range(a.shortest_us, 75 * MS, 76 * MS);
	assert_in_range(a.longest_us, 99 * MS, 100 * MS);
	/* those who are given up for one lost packet send within 90 % */
	bfd_session_change(&a.session, &once, now);
	pass(&a, &b, SECOND);
	assert_int_equal(b.session.remote_multiplier, 1);
	forget_gaps(&a);
	pass(&a, &b, 600 * SECOND);
	assert_in_range(a.shortest_us, 75 * MS, 76 * MS);
	assert_in_range(a.longest_us, 89 * MS, 90 * MS);
	assert_int_equal(a.session.state, BFD_UP);
	assert_int_equal(b.session.n_down, 0);
}

static void test_detection(void **state)
{
	struct end a, b;

	up(&a, &b);
	b.cut = true;
	a.cut = true;
	pass(&a, &b, 2 * DELAY);
	n_wire = 0;
	pass(&a, &b, 190 * MS);
	assert_int_equal(a.session.state, BFD_UP);
	pass(&a, &b, 110 * MS);
	assert_int_equal(a.session.state, BFD_DOWN);
	assert_int_equal(a.session.diag, BFD_DIAG_EXPIRED);
	assert_int_equal(a.last.state, BFD_DOWN);
	assert_int_equal(a.last.min_tx_us, BFD_SLOW_US);
	assert_int_equal(a.session.remote_discriminator, 0);
	assert_int_equal(b.session.state, BFD_DOWN);
	pass(&a, &b, 20 * SECOND);
	assert_int_equal(a.n_changes, 1);
	a.cut = b.cut = false;
	pass(&a, &b, SECOND + 10 * DELAY);
	assert_int_equal(a.session.state, BFD_UP);
	assert_int_equal(b.session.state, BFD_UP);
	assert_int_equal(a.session.n_down, 1);
}

/* one way is enough to be down: the other side is told */
static void test_asymmetric(void **state)
{
	struct end a, b;

	up(&a, &b);
	b.cut = true;
	pass(&a, &b, 301 * MS + 2 * DELAY);
	assert_int_equal(a.session.state, BFD_DOWN);
	assert_int_equal(a.session.diag, BFD_DIAG_EXPIRED);
	assert_int_equal(b.session.state, BFD_DOWN);
	assert_int_equal(b.session.diag, BFD_DIAG_NEIGHBOR);
	assert_int_equal(b.session.remote_diag, BFD_DIAG_EXPIRED);
	/* b hears Down and says Init, which nobody hears: neither is ever up */
	pass(&a, &b, 30 * SECOND);
	assert_int_equal(a.session.n_up, 1);
	assert_int_equal(b.session.n_up, 1);
	b.cut = false;
	pass(&a, &b, 2 * SECOND);
	assert_int_equal(a.session.state, BFD_UP);
	assert_int_equal(b.session.state, BFD_UP);
}

static void test_lost_packets(void **state)
{
	struct end a, b;

	up(&a, &b);
	for (unsigned int i = 0; i < 100; i++) { /* two in a row are less than the multiplier */
		b.cut = true;
		pass(&a, &b, 140 * MS);
		b.cut = false;
		pass(&a, &b, 150 * MS);
	}
	assert_int_equal(a.session.n_down, 0);
}

static void test_admin_down(void **state)
{
	struct end a, b;

	up(&a, &b);
	bfd_session_disable(&a.session, now);
	assert_int_equal(a.last.state, BFD_ADMIN_DOWN);
	assert_int_equal(a.last.diag, BFD_DIAG_ADMIN);
	pass(&a, &b, 2 * DELAY);
	assert_int_equal(b.session.state, BFD_DOWN);
	assert_int_equal(b.session.diag, BFD_DIAG_NEIGHBOR);
	assert_int_equal(b.session.remote_state, BFD_ADMIN_DOWN);
	a.n_sent = 0;
	pass(&a, &b, 30 * SECOND);
	assert_int_equal(a.n_sent, 0);
	assert_int_equal(a.session.state, BFD_ADMIN_DOWN);
	bfd_session_enable(&a.session, now);
	pass(&a, &b, SECOND + 10 * DELAY);
	assert_int_equal(a.session.state, BFD_UP);
	assert_int_equal(b.session.state, BFD_UP);
}

static void test_poll_is_answered(void **state)
{
	struct bfd_packet packet = from_remote(BFD_UP);
	struct end a, b;

	/* also by a session that is not up, and whatever its timers say */
	now = SECOND;
	begin(&a, &fast, 1);
	packet.poll = true;
	bfd_session_receive(&a.session, &packet, now);
	assert_int_equal(a.n_finals, 1);
	assert_true(a.last.final);
	assert_false(a.last.poll);
	/* a Final answers a Poll, also while one of ours is under way */
	up(&a, &b);
	bfd_session_change(&a.session, &(struct bfd_params){ 50 * MS, 100 * MS, 3 }, now);
	assert_true(a.last.poll);
	a.n_finals = 0;
	packet.my_discriminator = 2;
	bfd_session_receive(&a.session, &packet, now);
	assert_int_equal(a.n_finals, 1);
	assert_false(a.last.poll);
	assert_true(a.session.polling);
}

/* 6.8.3: slower sending and quicker detection wait for the end of the Poll */
static void test_change_of_intervals(void **state)
{
	const struct bfd_params slow = { 400 * MS, 20 * MS, 3 };
	struct end a, b;

	up(&a, &b);
	b.cut = true;
	bfd_session_change(&a.session, &slow, now);
	assert_int_equal(a.last.min_tx_us, 400 * MS);
	assert_int_equal(a.last.min_rx_us, 20 * MS);
	assert_int_equal(bfd_session_tx_interval(&a.session), 100 * MS);
	assert_int_equal(bfd_session_detection_time(&a.session), 300 * MS);
	pass(&a, &b, 120 * MS);
	assert_int_equal(bfd_session_tx_interval(&a.session), 100 * MS);
	assert_true(a.last.poll);
	b.cut = false;
	pass(&a, &b, 250 * MS);
	assert_false(a.session.polling);
	assert_int_equal(bfd_session_tx_interval(&a.session), 400 * MS);
	assert_int_equal(bfd_session_detection_time(&a.session), 300 * MS);
	assert_int_equal(bfd_session_detection_time(&b.session), 1200 * MS);
	pass(&a, &b, 60 * SECOND);
	/* quicker sending and slower detection do not */
	bfd_session_change(&a.session, &(struct bfd_params){ 100 * MS, 500 * MS, 3 }, now);
	assert_int_equal(bfd_session_tx_interval(&a.session), 100 * MS);
	assert_int_equal(bfd_session_detection_time(&a.session), 1500 * MS);
	pass(&a, &b, 60 * SECOND);
	assert_int_equal(bfd_session_tx_interval(&b.session), 500 * MS);
	b.cut = true;
	bfd_session_change(&a.session, &fast, now);
	assert_int_equal(a.last.min_rx_us, 100 * MS);
	assert_int_equal(bfd_session_detection_time(&a.session), 1500 * MS);
	b.cut = false;
	pass(&a, &b, SECOND);
	assert_int_equal(bfd_session_detection_time(&a.session), 300 * MS);
	pass(&a, &b, 60 * SECOND);
	/* a change amid a Poll has one of its own: the Final that comes is for the one before */
	bfd_session_change(&a.session, &(struct bfd_params){ 90 * MS, 100 * MS, 3 }, now);
	bfd_session_change(&a.session, &slow, now);
	assert_int_equal(bfd_session_tx_interval(&a.session), 100 * MS);
	b.n_finals = 0;
	pass(&a, NULL, 0);
	n_wire = 0;
	bfd_session_receive(&a.session,
			    &(struct bfd_packet){ .state = BFD_UP,
						  .final = true,
						  .multiplier = 3,
						  .my_discriminator = 2,
						  .your_discriminator = 1,
						  .min_tx_us = 100 * MS,
						  .min_rx_us = 100 * MS },
			    now);
	assert_true(a.session.polling);
	assert_int_equal(bfd_session_tx_interval(&a.session), 100 * MS);
	pass(&a, &b, 60 * SECOND);
	assert_false(a.session.polling);
	assert_int_equal(bfd_session_tx_interval(&a.session), 400 * MS);
	assert_int_equal(b.session.remote_min_rx_us, 20 * MS);
	assert_int_equal(a.n_changes + b.n_changes, 0);
}

static void test_slow_session_that_fails(void **state)
{
	const struct bfd_params slow = { 2 * SECOND, 2 * SECOND, 3 };
	struct end a, b;

	up(&a, &b);
	a.cut = b.cut = true;
	bfd_session_change(&a.session, &slow, now);
	assert_int_equal(bfd_session_tx_interval(&a.session), 100 * MS);
	pass(&a, &b, SECOND);
	assert_int_equal(a.session.state, BFD_DOWN);
	assert_int_equal(bfd_session_tx_interval(&a.session), 2 * SECOND);
	assert_false(a.last.poll);
}

/* the remote's wishes: its receive interval, none at all, and demand mode */
static void test_remote_rules(void **state)
{
	struct bfd_packet packet = from_remote(BFD_UP);
	struct end a, b;

	up(&a, &b);
	packet.my_discriminator = 2;
	packet.min_rx_us = 250 * MS;
	packet.min_tx_us = 3600u * 1000 * MS;
	bfd_session_receive(&a.session, &packet, now);
	forget_gaps(&a);
	pass(&a, NULL, 100 * SECOND);
	assert_true(a.longest_us > 200 * MS && a.longest_us <= 250 * MS);
	packet.min_rx_us = 0;
	bfd_session_receive(&a.session, &packet, now);
	a.n_sent = 0;
	pass(&a, NULL, 100 * SECOND);
	assert_int_equal(a.n_sent, 0);
	packet.min_rx_us = 100 * MS;
	bfd_session_receive(&a.session, &packet, now);
	pass(&a, NULL, SECOND);
	assert_in_range(a.n_sent, 9, 14);
	packet.demand = true;
	bfd_session_receive(&a.session, &packet, now);
	a.n_sent = 0;
	pass(&a, NULL, 100 * SECOND);
	assert_int_equal(a.n_sent, 0);
	packet.poll = true;
	bfd_session_receive(&a.session, &packet, now);
	assert_int_equal(a.n_finals > 0, 1);
	packet.demand = packet.poll = false;
	bfd_session_receive(&a.session, &packet, now);
	a.n_sent = 0;
	pass(&a, NULL, SECOND);
	assert_in_range(a.n_sent, 9, 14);
}

/* the peer's process ended and another began: new discriminator, Down */
static void test_restart(void **state)
{
	struct end a, b;

	up(&a, &b);
	begin(&b, &fast, 77);
	b.peer = &a;
	pass(&a, &b, 100 * MS + 6 * DELAY);
	assert_int_equal(a.session.state, BFD_UP);
	assert_int_equal(b.session.state, BFD_UP);
	assert_int_equal(a.session.remote_discriminator, 77);
	assert_int_equal(a.session.n_down, 1);
	assert_int_equal(a.session.diag, BFD_DIAG_NONE);
}

/* … and one that was told all of it goes on as if nothing had been */
static void test_resume(void **state)
{
	struct end a, b;
	struct bfd_session old;

	up(&a, &b);
	old = b.session;
	pass(&a, NULL, 150 * MS);
	begin(&b, &fast, old.discriminator);
	b.peer = &a;
	b.session.state = old.state;
	b.session.remote_state = old.remote_state;
	b.session.remote_discriminator = old.remote_discriminator;
	b.session.remote_min_tx_us = old.remote_min_tx_us;
	b.session.remote_min_rx_us = old.remote_min_rx_us;
	b.session.remote_multiplier = old.remote_multiplier;
	bfd_session_resume(&b.session, now);
	assert_int_equal(bfd_session_tx_interval(&b.session), 100 * MS);
	pass(&a, &b, 60 * SECOND);
	assert_int_equal(a.n_changes + b.n_changes, 0);
	a.cut = true;
	pass(&a, &b, 310 * MS);
	assert_int_equal(b.session.state, BFD_DOWN);
}

/* any packets in any order: no state but the four, no sending too often, an end to each wait */
static void test_random(void **state)
{
	struct end a;

	now = SECOND;
	chance_value = UINT32_MAX;
	srandom(3);
	begin(&a, &fast, 1);
	for (unsigned int i = 0; i < 200000; i++) {
		struct bfd_packet packet = from_remote(random() % 4);

		packet.poll = random() % 8 == 0;
		packet.final = random() % 8 == 0;
		packet.demand = random() % 16 == 0;
		packet.min_rx_us = random() % 4 ? random() % 400000 : 0;
		packet.min_tx_us = random() % 400000;
		switch (random() % 16) {
		case 0:
			bfd_session_disable(&a.session, now);
			break;
		case 1:
			bfd_session_enable(&a.session, now);
			break;
		case 2:
			bfd_session_change(&a.session,
					   &(struct bfd_params){ 1 + random() % 2000000,
								 random() % 2000000,
								 1 + random() % 5 },
					   now);
			break;
		default:
			bfd_session_receive(&a.session, &packet, now);
		}
		assert_true(a.session.state <= BFD_UP);
		if (a.session.state != BFD_UP) {
			assert_true(a.session.min_tx_us >= BFD_SLOW_US);
			assert_false(a.session.polling);
		}
		if (a.session.state >= BFD_INIT)
			assert_true(a.session.expires_us != BFD_NEVER);
		pass(&a, NULL, random() % 100000);
	}
	assert_true(a.session.n_up > 100 && a.session.n_down > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transitions),
		cmocka_unit_test(test_comes_up),
		cmocka_unit_test(test_slow_until_up),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_detection),
		cmocka_unit_test(test_asymmetric),
		cmocka_unit_test(test_lost_packets),
		cmocka_unit_test(test_admin_down),
		cmocka_unit_test(test_poll_is_answered),
		cmocka_unit_test(test_change_of_intervals),
		cmocka_unit_test(test_slow_session_that_fails),
		cmocka_unit_test(test_remote_rules),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
