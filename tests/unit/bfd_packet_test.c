// SPDX-License-Identifier: Apache-2.0
/* Packets of BFD: each rule of RFC 5880, 6.8.6, the bytes, and what random ones do. */
#include "bfd_test.h"

/* Up, Poll, independent; multiplier 3; discriminators 0x01020304 and 5; 100 ms, 50 ms */
static const uint8_t good[BFD_PACKET_LEN] = {
	0x23, 0xe8, 3, 24, 1, 2, 3, 4, 0, 0, 0, 5, 0, 1, 0x86, 0xa0, 0, 0, 0xc3, 0x50, 0, 0, 0, 7,
};

static void test_bytes(void **state)
{
	struct bfd_packet packet;
	uint8_t again[BFD_PACKET_LEN];

	assert_int_equal(bfd_packet_parse(good, sizeof(good), &packet), BFD_GOOD);
	assert_int_equal(packet.diag, BFD_DIAG_NEIGHBOR);
	assert_int_equal(packet.state, BFD_UP);
	assert_true(packet.poll);
	assert_false(packet.final);
	assert_true(packet.independent);
	assert_false(packet.demand);
	assert_int_equal(packet.multiplier, 3);
	assert_int_equal(packet.my_discriminator, 0x01020304);
	assert_int_equal(packet.your_discriminator, 5);
	assert_int_equal(packet.min_tx_us, 100000);
	assert_int_equal(packet.min_rx_us, 50000);
	assert_int_equal(packet.min_echo_rx_us, 7);
	bfd_packet_write(&packet, again);
	assert_memory_equal(again, good, sizeof(good));
	packet.poll = false;
	packet.final = true;
	packet.independent = false;
	packet.demand = true;
	bfd_packet_write(&packet, again);
	assert_int_equal(again[1], 0xd2);
}

static void test_rules(void **state)
{
	static const struct {
		const char *name;
		unsigned int at;
		uint8_t value;
		size_t len;
		enum bfd_verdict wanted;
	} cases[] = {
		{ "as it is", 0, 0x23, 24, BFD_GOOD },
		{ "padded", 0, 0x23, 40, BFD_GOOD },
		{ "cut", 0, 0x23, 23, BFD_SHORT },
		{ "nothing", 0, 0x23, 0, BFD_SHORT },
		{ "version 0", 0, 0x03, 24, BFD_VERSION },
		{ "version 2", 0, 0x43, 24, BFD_VERSION },
		{ "version 7", 0, 0xe3, 24, BFD_VERSION },
		{ "length field below 24", 3, 23, 24, BFD_LENGTH },
		{ "length field 0", 3, 0, 24, BFD_LENGTH },
		{ "length field beyond the packet", 3, 25, 24, BFD_LENGTH },
		{ "length field less than the payload", 3, 25, 25, BFD_GOOD },
		{ "A bit, length below 26", 1, 0xec, 24, BFD_LENGTH },
		{ "multiplier 0", 2, 0, 24, BFD_MULTIPLIER },
		{ "multiplier 1", 2, 1, 24, BFD_GOOD },
		{ "M bit", 1, 0xe9, 24, BFD_MULTIPOINT },
		{ "unknown diagnostic", 0, 0x3f, 24, BFD_GOOD },
	};
	struct bfd_packet packet;
	uint8_t data[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(data, 0xaa, sizeof(data));
		memcpy(data, good, sizeof(good));
		data[cases[i].at] = cases[i].value;
		if (bfd_packet_parse(data, cases[i].len, &packet) != cases[i].wanted)
			fail_msg("%s", cases[i].name);
	}
	/* authentication is what nobody has asked for */
	memcpy(data, good, sizeof(good));
	data[1] |= 0x04;
	data[3] = 26;
	assert_int_equal(bfd_packet_parse(data, 26, &packet), BFD_AUTHENTICATED);
	memcpy(data, good, sizeof(good));
	memset(data + 4, 0, 4);
	assert_int_equal(bfd_packet_parse(data, 24, &packet), BFD_MINE);
	/* your discriminator may be missing in Down and AdminDown only */
	memcpy(data, good, sizeof(good));
	memset(data + 8, 0, 4);
	for (unsigned int s = BFD_ADMIN_DOWN; s <= BFD_UP; s++) {
		data[1] = s << 6;
		assert_int_equal(bfd_packet_parse(data, 24, &packet),
				 s > BFD_DOWN ? BFD_YOURS : BFD_GOOD);
	}
}

static void test_names(void **state)
{
	assert_string_equal(bfd_state_name(BFD_ADMIN_DOWN), "admin_down");
	assert_string_equal(bfd_diag_name(BFD_DIAG_EXPIRED), "expired");
	assert_string_equal(bfd_diag_name(9), "reserved");
	for (unsigned int v = 0; v < BFD_N_VERDICTS; v++)
		assert_string_not_equal(bfd_verdict_name(v), "?");
}

static void test_control_frame(void **state)
{
	/* as tshark reads it: good checksums, TTL 255, port 3784 */
	static const char wanted[] = "0257454654bf0257454654010800"
				     "45c0003400004000ff1178f8a9fe5701a9fe5702"
				     "c0000ec80020";
	uint8_t bytes[BFD_HEADERS_LEN + BFD_PACKET_LEN];
	char text[2 * sizeof(bytes) + 1];
	struct bfd_packet packet;
	struct bfd_frame frame;

	bfd_packet_parse(good, sizeof(good), &packet);
	assert_int_equal(bfd_frame_control(bytes, &packet, 49152), sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	text[strlen(wanted)] = '\0';
	assert_string_equal(text, wanted);
	assert_memory_equal(bytes + BFD_HEADERS_LEN, good, sizeof(good));
	assert_int_equal(bfd_frame_parse(bytes, sizeof(bytes), &frame), BFD_GOOD);
	assert_int_equal(frame.kind, BFD_FRAME_CONTROL);
	assert_int_equal(frame.packet.my_discriminator, 0x01020304);
}

/* one byte that is different: the headers that matter */
static void test_frame_rules(void **state)
{
	uint8_t bytes[BFD_HEADERS_LEN + BFD_PACKET_LEN], spoilt[sizeof(bytes)];
	struct bfd_packet packet;
	struct bfd_frame frame;

	bfd_packet_parse(good, sizeof(good), &packet);
	bfd_frame_control(bytes, &packet, 49152);
	for (size_t at = 12; at < sizeof(bytes); at++) { /* a checksum is over each of them */
		memcpy(spoilt, bytes, sizeof(bytes));
		spoilt[at] ^= 0x10;
		assert_int_equal(bfd_frame_parse(spoilt, sizeof(spoilt), &frame), BFD_FRAME);
		assert_int_equal(frame.kind, BFD_FRAME_NONE);
	}
	for (size_t len = 0; len < sizeof(bytes); len++)
		assert_int_equal(bfd_frame_parse(bytes, len, &frame), BFD_FRAME);
	/* a router was between: TTL one less, checksum one more */
	memcpy(spoilt, bytes, sizeof(bytes));
	spoilt[22]--;
	spoilt[24]++;
	assert_int_equal(bfd_frame_parse(spoilt, sizeof(spoilt), &frame), BFD_TTL);
}

static void test_probe_frame(void **state)
{
	static uint8_t bytes[BFD_FRAME_MAX];
	struct bfd_probe probe = { .number = 7, .my_discriminator = 1, .your_discriminator = 2 };
	struct bfd_frame frame;
	size_t len;

	for (size_t ip_len = 60; ip_len < 9000; ip_len += 277) {
		probe.reply = false;
		probe.len = ip_len;
		len = bfd_frame_probe(bytes, &probe, ip_len, 50000);
		assert_int_equal(len, ip_len + BFD_ETHERNET_LEN);
		assert_int_equal(bfd_frame_parse(bytes, len, &frame), BFD_GOOD);
		assert_int_equal(frame.kind, BFD_FRAME_PROBE);
		assert_false(frame.probe.reply);
		assert_int_equal(frame.probe.len, ip_len);
		assert_int_equal(frame.probe.number, 7);
		assert_int_equal(frame.probe.your_discriminator, 2);
		/* it says that it was longer than it is */
		probe.len = ip_len + 1;
		len = bfd_frame_probe(bytes, &probe, ip_len, 50000);
		assert_int_equal(bfd_frame_parse(bytes, len, &frame), BFD_FRAME);
		probe.reply = true;
		len = bfd_frame_probe(bytes, &probe, 0, 50000);
		assert_int_equal(len, BFD_HEADERS_LEN + BFD_PROBE_LEN);
		assert_int_equal(bfd_frame_parse(bytes, len, &frame), BFD_GOOD);
		assert_int_equal(frame.probe.len, ip_len + 1);
	}
	/* UDP that ends before the probe does, without a checksum */
	bytes[BFD_HEADERS_LEN - 3] = 8 + BFD_PROBE_LEN - 4;
	bytes[BFD_HEADERS_LEN - 2] = bytes[BFD_HEADERS_LEN - 1] = 0;
	assert_int_equal(bfd_frame_parse(bytes, len, &frame), BFD_FRAME);
	probe.your_discriminator = 0;
	len = bfd_frame_probe(bytes, &probe, 0, 50000);
	assert_int_equal(bfd_frame_parse(bytes, len, &frame), BFD_YOURS);
}

/* whatever comes, nothing is read that is not there, and what is good makes sense */
static void test_random(void **state)
{
	struct bfd_packet packet;
	struct bfd_frame frame;
	unsigned int n_good = 0;

	srandom(1);
	for (unsigned int i = 0; i < 300000; i++) {
		size_t len = random() % 80;
		uint8_t *data = malloc(len ? len : 1);

		for (size_t j = 0; j < len; j++)
			data[j] = random();
		if (len >= 4 && i % 2) {
			data[0] = 0x20;
			data[3] = 24;
		}
		if (bfd_packet_parse(data, len, &packet) == BFD_GOOD) {
			assert_true(packet.multiplier && packet.my_discriminator);
			n_good++;
		}
		if (len >= BFD_HEADERS_LEN + BFD_PACKET_LEN && i % 3)
			data[bfd_frame_control(data, &packet, 1) - 1 - random() % 60] ^=
				1 << random() % 8;
		bfd_frame_parse(data, len, &frame);
		free(data);
	}
	assert_true(n_good > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),	    cmocka_unit_test(test_rules),
		cmocka_unit_test(test_names),	    cmocka_unit_test(test_control_frame),
		cmocka_unit_test(test_frame_rules), cmocka_unit_test(test_probe_frame),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
