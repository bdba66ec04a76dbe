// SPDX-License-Identifier: Apache-2.0
/* Which session a packet is for: by discriminator, or by port and remote; and what is neither's. */
#include "bfd_test.h"

#include <arpa/inet.h>

#include "services/bfd/tunnel.h"
#include "services/bfd/tunnels.h"

#define MANY 20000
#define PORTS 4

static struct tunnel many[MANY];
static size_t n_dropped;

/* remote of tunnel @i: every second one is of IPv6, and begins with the bytes of one of IPv4 */
static struct address remote_of(unsigned int i)
{
	struct address address = { .family = i & 1 ? AF_INET6 : AF_INET };
	uint32_t number = htonl(0x0a000000 + i / 2 / PORTS);

	memcpy(address.bytes, &number, sizeof(number));
	return address;
}

static uint32_t port_of(unsigned int i)
{
	return 1 + i / 2 % PORTS;
}

static uint32_t discriminator_of(unsigned int i)
{
	return (i + 1) * 2654435761u;
}

static void add_many(struct tunnels *tunnels)
{
	for (unsigned int i = 0; i < MANY; i++) {
		many[i] = (struct tunnel){
			.port = port_of(i),
			.remote = remote_of(i),
			.session.discriminator = discriminator_of(i),
		};
		tunnels_add(tunnels, &many[i]);
	}
}

static enum bfd_verdict selected(const struct tunnels *tunnels, uint32_t port, unsigned int from,
				 uint32_t yours, const struct tunnel *wanted)
{
	struct address source = remote_of(from);
	struct tunnel *found = NULL;
	enum bfd_verdict verdict = tunnels_select(tunnels, port, &source, yours, &found);

	if (verdict == BFD_GOOD)
		assert_ptr_equal(found, wanted);
	return verdict;
}

static void test_select(void **state)
{
	struct tunnels tunnels = { 0 };

	assert_int_equal(selected(&tunnels, 1, 0, 0, NULL), BFD_UNKNOWN);
	assert_int_equal(selected(&tunnels, 1, 0, 7, NULL), BFD_UNKNOWN);
	add_many(&tunnels);
	for (unsigned int i = 0; i < MANY; i++) {
		uint32_t port = port_of(i), yours = discriminator_of(i);

		assert_int_equal(selected(&tunnels, port, i, 0, &many[i]), BFD_GOOD);
		assert_int_equal(selected(&tunnels, port, i, yours, &many[i]), BFD_GOOD);
		/* of nobody's, of somebody else, by another port */
		assert_int_equal(selected(&tunnels, port, i, yours ^ 1, NULL), BFD_UNKNOWN);
		assert_int_equal(selected(&tunnels, port, i ^ 1, yours, NULL), BFD_SOURCE);
		assert_int_equal(selected(&tunnels, port, MANY * 8, yours, NULL), BFD_SOURCE);
		assert_int_equal(selected(&tunnels, port % PORTS + 1, i, yours, NULL), BFD_SOURCE);
	}
	assert_int_equal(selected(&tunnels, PORTS + 1, 0, 0, NULL), BFD_UNKNOWN);
	assert_int_equal(selected(&tunnels, 1, MANY * 8, 0, NULL), BFD_UNKNOWN);
	tunnels_clear(&tunnels);
}

static void count_dropped(struct tunnel *tunnel)
{
	assert_false(tunnel->wanted);
	n_dropped++;
}

static void test_keep_wanted(void **state)
{
	struct tunnels tunnels = { 0 };

	add_many(&tunnels);
	for (unsigned int i = 0; i < MANY; i++)
		many[i].wanted = i % 3;
	n_dropped = 0;
	tunnels_keep_wanted(&tunnels, count_dropped);
	assert_int_equal(n_dropped, (MANY + 2) / 3);
	assert_int_equal(tunnels.n, MANY - n_dropped);
	for (size_t i = 0; i < tunnels.n; i++)
		assert_ptr_equal(tunnels.v[i], &many[i / 2 * 3 + 1 + i % 2]);
	for (unsigned int i = 0; i < MANY; i++) {
		enum bfd_verdict verdict = i % 3 ? BFD_GOOD : BFD_UNKNOWN;

		assert_int_equal(selected(&tunnels, port_of(i), i, 0, &many[i]), verdict);
		assert_int_equal(selected(&tunnels, port_of(i), i, discriminator_of(i), &many[i]),
				 verdict);
	}
	tunnels_clear(&tunnels);
	assert_int_equal(selected(&tunnels, port_of(1), 1, 0, NULL), BFD_UNKNOWN);
}

/* What one bfdd says goes into the next: the same session, whatever else there is */
static void test_resume(void **state)
{
	struct bfdd bfdd = { 0 };
	struct tunnel old = {
		.bfdd = &bfdd,
		.port = 3,
		.remote = remote_of(6),
		.host = (char *)"h",
		.state = TUNNEL_UP,
		.n_flaps = 5,
		.session = { .state = BFD_UP,
			     .discriminator = 77,
			     .remote_state = BFD_UP,
			     .remote_discriminator = 99,
			     .remote_multiplier = 3 },
	};
	struct tunnel same = { .bfdd = &bfdd, .port = 3, .remote = remote_of(6) };
	struct tunnel other = { .bfdd = &bfdd, .port = 4, .remote = remote_of(6) };
	struct tunnel stranger = { .bfdd = &bfdd, .port = 3, .remote = remote_of(14) };
	json_t *all, *known;

	all = json_pack("{s:[o]}", "tunnels", tunnel_status(&old));
	known = status_known(all);
	assert_false(tunnel_resume(&other, known));
	assert_false(tunnel_resume(&stranger, known));
	assert_true(tunnel_resume(&same, known));
	assert_int_equal(same.session.discriminator, 77);
	assert_int_equal(same.session.remote_discriminator, 99);
	assert_int_equal(same.state, TUNNEL_UP);
	assert_int_equal(same.n_flaps, 5);
	/* a discriminator that a session of ours has already is not taken */
	other.session.discriminator = 77;
	tunnels_add(&bfdd.tunnels, &other);
	memset(&same.session, 0, sizeof(same.session));
	assert_false(tunnel_resume(&same, known));
	assert_int_equal(same.session.discriminator, 0);
	tunnels_clear(&bfdd.tunnels);
	json_decref(known);
	json_decref(all);
	/* there is nothing to go on with */
	known = status_known(NULL);
	assert_false(tunnel_resume(&same, known));
	json_decref(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_keep_wanted),
		cmocka_unit_test(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
