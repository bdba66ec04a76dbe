// SPDX-License-Identifier: Apache-2.0
/* Questions and answers about addresses: their bytes, what is none, and what random ones do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "services/arp/message.h"

#define ARP_FRAME 42
#define ND_FRAME 86
#define IP 14
#define ICMP 54
#define OPTION 78

static const uint8_t question4[ARP_FRAME] = {
	0x0e, 0x77, 0,	  0, 0, 2, 0x0e, 0x77, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0,  6, 4, 0,
	1,    0x0e, 0x77, 0, 0, 0, 1,	 10,   0, 0, 7, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9,
};
static const uint8_t answer4[ARP_FRAME] = {
	0x0e, 0x77, 0, 0, 0, 1, 0x0e, 0x77, 0, 0, 0, 2,	   8,	 6, 0, 1, 8, 0,	 6, 4, 0,
	2,    2,    0, 0, 0, 0, 9,    10,   0, 0, 9, 0x0e, 0x77, 0, 0, 0, 1, 10, 0, 0, 7,
};

/* fd00::9 of 02:00:00:00:00:09, for fd00::7; the checksum is what scapy makes it */
static void make_advertisement(uint8_t *frame)
{
	memset(frame, 0, ND_FRAME);
	memcpy(frame, answer4, 12);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	frame[IP] = 0x60;
	frame[IP + 5] = 32;
	frame[IP + 6] = 58;
	frame[IP + 7] = 255;
	frame[IP + 8] = 0xfd;
	frame[IP + 23] = 9;
	frame[IP + 24] = 0xfd;
	frame[IP + 39] = 7;
	frame[ICMP] = 136;
	frame[ICMP + 2] = 0x1c;
	frame[ICMP + 3] = 0x7f;
	frame[ICMP + 4] = 0x60;
	frame[ICMP + 8] = 0xfd;
	frame[ICMP + 23] = 9;
	frame[OPTION] = 2;
	frame[OPTION + 1] = 1;
	frame[OPTION + 2] = 2;
	frame[OPTION + 7] = 9;
}

/* from memory of exactly that length, so that who reads on is found out */
static bool parse(const uint8_t *frame, size_t len, struct arp_message *message)
{
	uint8_t *copy = malloc(len ? len : 1);
	bool good;

	memcpy(copy, frame, len);
	good = arp_message_parse(copy, len, message);
	free(copy);
	return good;
}

static void test_arp(void **state)
{
	uint8_t again[ARP_MESSAGE_MAX];
	struct arp_message message;

	assert_true(parse(question4, sizeof(question4), &message));
	assert_false(message.is_answer);
	assert_int_equal(message.address.family, AF_INET);
	assert_memory_equal(message.address.bytes, "\x0a\0\0\x09", 4);
	assert_memory_equal(message.asker.bytes, "\x0a\0\0\x07", 4);
	assert_memory_equal(message.asker_mac, "\x0e\x77\0\0\0\x01", 6);
	assert_int_equal(arp_message_write(&message, again), sizeof(question4));
	assert_memory_equal(again, question4, sizeof(question4));
	assert_true(parse(answer4, sizeof(answer4), &message));
	assert_true(message.is_answer);
	assert_memory_equal(message.mac, "\x02\0\0\0\0\x09", 6);
	assert_memory_equal(message.address.bytes, "\x0a\0\0\x09", 4);
	assert_int_equal(arp_message_write(&message, again), sizeof(answer4));
	assert_memory_equal(again, answer4, sizeof(answer4));
}

static void test_nd(void **state)
{
	uint8_t frame[ND_FRAME], again[ARP_MESSAGE_MAX];
	struct arp_message message;

	make_advertisement(frame);
	assert_true(parse(frame, sizeof(frame), &message));
	assert_true(message.is_answer);
	assert_false(message.is_weak);
	assert_int_equal(message.address.family, AF_INET6);
	assert_int_equal(message.address.bytes[15], 9);
	assert_int_equal(message.asker.bytes[15], 7);
	assert_memory_equal(message.mac, "\x02\0\0\0\0\x09", 6);
	assert_int_equal(arp_message_write(&message, again), sizeof(frame));
	assert_memory_equal(again, frame, sizeof(frame));
	message.is_router = true;
	arp_message_write(&message, again);
	assert_int_equal(again[ICMP + 4], 0xe0);
	frame[ICMP + 4] = 0x40; /* it takes no other one's place */
	assert_true(parse(frame, sizeof(frame), &message));
	assert_true(message.is_weak);
}

/* who asks without an address asks by that of its link, and the group of the address */
static void test_solicitation(void **state)
{
	struct arp_message message = { .address = { .family = AF_INET6 } };
	static const uint8_t from[16] = { 0xfe, 0x80, [8] = 0x0c, 0x77, 0, 0xff, 0xfe, 0, 0, 1 };
	static const uint8_t to[16] = { 0xff, 2, [11] = 1, 0xff, 0x12, 0x34, 0x56 };
	uint8_t frame[ARP_MESSAGE_MAX];

	memcpy(message.eth_src, "\x0e\x77\0\0\0\x01", 6);
	memcpy(message.asker_mac, message.eth_src, 6);
	memcpy(message.address.bytes + 12, "\0\x12\x34\x56", 4);
	message.address.bytes[0] = 0xfd;
	assert_int_equal(arp_message_write(&message, frame), ND_FRAME);
	assert_memory_equal(frame + IP + 8, from, 16);
	assert_memory_equal(frame + IP + 24, to, 16);
	assert_int_equal(frame[ICMP], 135);
	assert_int_equal(frame[OPTION], 1);
	assert_memory_equal(frame + OPTION + 2, message.asker_mac, 6);
}

static void test_options(void **state)
{
	uint8_t frame[ND_FRAME + 8];
	struct arp_message message;

	make_advertisement(frame);
	frame[OPTION + 1] = 0; /* would never end */
	assert_true(parse(frame, ND_FRAME, &message));
	assert_memory_equal(message.mac, frame + 6, 6);
	frame[OPTION + 1] = 5; /* goes beyond the packet */
	assert_true(parse(frame, ND_FRAME, &message));
	assert_memory_equal(message.mac, frame + 6, 6);
	frame[OPTION] = 14; /* a nonce, and then the address */
	frame[OPTION + 1] = 1;
	frame[IP + 5] = 40;
	memcpy(frame + OPTION + 8, "\x02\x01\x02\0\0\0\0\x22", 8);
	assert_true(parse(frame, sizeof(frame), &message));
	assert_memory_equal(message.mac, "\x02\0\0\0\0\x22", 6);
	frame[IP + 5] = 24; /* none: it is who sends */
	assert_true(parse(frame, ND_FRAME, &message));
	assert_memory_equal(message.mac, frame + 6, 6);
}

static void test_others(void **state)
{
	static const struct {
		bool ipv6;
		uint8_t at, value;
	} cases[] = {
		{ false, 13, 0 },    { false, 15, 6 },	    { false, 16, 0 },
		{ false, 18, 8 },    { false, 19, 16 },	    { false, 20, 1 },
		{ false, 21, 3 },    { false, 21, 0 },	    { true, IP, 0x40 },
		{ true, IP + 4, 1 }, { true, IP + 5, 23 },  { true, IP + 5, 33 },
		{ true, IP + 6, 6 }, { true, IP + 7, 254 }, { true, ICMP, 134 },
		{ true, ICMP, 137 }, { true, ICMP + 1, 1 },
	};
	uint8_t nd[ND_FRAME], frame[ND_FRAME];
	struct arp_message message;

	make_advertisement(nd);
	for (size_t len = 0; len < sizeof(nd); len++) {
		assert_false(parse(nd, len, &message));
		if (len < sizeof(answer4))
			assert_false(parse(answer4, len, &message));
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = cases[i].ipv6 ? sizeof(nd) : sizeof(answer4);

		memcpy(frame, cases[i].ipv6 ? nd : answer4, len);
		frame[cases[i].at] = cases[i].value;
		if (parse(frame, len, &message))
			fail_msg("byte %u as %u is good", cases[i].at, cases[i].value);
	}
}

/* whatever comes is read within its bounds, and what is good is written again as it was understood */
static void test_random(void **state)
{
	uint8_t frame[ND_FRAME], again[ARP_MESSAGE_MAX];
	struct arp_message message, other;
	unsigned int n_good = 0;

	srandom(1);
	for (unsigned int i = 0; i < 200000; i++) {
		size_t len = random() % (ND_FRAME + 1);

		make_advertisement(frame);
		if (random() % 2)
			memcpy(frame, question4, sizeof(question4));
		for (unsigned int k = random() % 4; k; k--)
			frame[random() % ND_FRAME] = random();
		if (!parse(frame, random() % 2 ? len : ND_FRAME, &message))
			continue;
		n_good++;
		len = arp_message_write(&message, again);
		assert_true(parse(again, len, &other));
		assert_int_equal(other.is_answer, message.is_answer);
		assert_memory_equal(&other.address, &message.address, sizeof(other.address));
		assert_memory_equal(other.mac, message.mac, 6);
	}
	assert_true(n_good > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arp),	     cmocka_unit_test(test_nd),
		cmocka_unit_test(test_solicitation), cmocka_unit_test(test_options),
		cmocka_unit_test(test_others),	     cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
