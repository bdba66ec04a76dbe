// SPDX-License-Identifier: Apache-2.0
/* packet.c - see packet.h. */
#include <string.h>

#include "bfd/packet.h"

#define VERSION 1
#define AUTHENTICATED_LEN 26 /* at least, with the A bit */

/* bits of the second byte, below the state */
#define FLAG_POLL 0x20
#define FLAG_FINAL 0x10
#define FLAG_INDEPENDENT 0x08
#define FLAG_AUTHENTICATED 0x04
#define FLAG_DEMAND 0x02
#define FLAG_MULTIPOINT 0x01

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t value)
{
	p[0] = value >> 24;
	p[1] = value >> 16;
	p[2] = value >> 8;
	p[3] = value;
}

static enum bfd_verdict judge(const uint8_t *data, size_t len, const struct bfd_packet *packet)
{
	uint8_t flags = data[1], length = data[3];

	if (data[0] >> 5 != VERSION)
		return BFD_VERSION;
	if (length < (flags & FLAG_AUTHENTICATED ? AUTHENTICATED_LEN : BFD_PACKET_LEN) ||
	    length > len)
		return BFD_LENGTH;
	if (!packet->multiplier)
		return BFD_MULTIPLIER;
	if (flags & FLAG_MULTIPOINT)
		return BFD_MULTIPOINT;
	if (!packet->my_discriminator)
		return BFD_MINE;
	if (!packet->your_discriminator && packet->state > BFD_DOWN)
		return BFD_YOURS;
	if (flags & FLAG_AUTHENTICATED)
		return BFD_AUTHENTICATED;
	return BFD_GOOD;
}

enum bfd_verdict bfd_packet_parse(const uint8_t *data, size_t len, struct bfd_packet *packet)
{
	memset(packet, 0, sizeof(*packet));
	if (len < BFD_PACKET_LEN)
		return BFD_SHORT;
	packet->diag = data[0] & 0x1f;
	packet->state = data[1] >> 6;
	packet->poll = data[1] & FLAG_POLL;
	packet->final = data[1] & FLAG_FINAL;
	packet->independent = data[1] & FLAG_INDEPENDENT;
	packet->demand = data[1] & FLAG_DEMAND;
	packet->multiplier = data[2];
	packet->my_discriminator = get32(data + 4);
	packet->your_discriminator = get32(data + 8);
	packet->min_tx_us = get32(data + 12);
	packet->min_rx_us = get32(data + 16);
	packet->min_echo_rx_us = get32(data + 20);
	return judge(data, len, packet);
}

void bfd_packet_write(const struct bfd_packet *packet, uint8_t *data)
{
	data[0] = VERSION << 5 | (packet->diag & 0x1f);
	data[1] = packet->state << 6 | (packet->poll ? FLAG_POLL : 0) |
		  (packet->final ? FLAG_FINAL : 0) | (packet->independent ? FLAG_INDEPENDENT : 0) |
		  (packet->demand ? FLAG_DEMAND : 0);
	data[2] = packet->multiplier;
	data[3] = BFD_PACKET_LEN;
	put32(data + 4, packet->my_discriminator);
	put32(data + 8, packet->your_discriminator);
	put32(data + 12, packet->min_tx_us);
	put32(data + 16, packet->min_rx_us);
	put32(data + 20, packet->min_echo_rx_us);
}

const char *bfd_state_name(enum bfd_state state)
{
	static const char *const names[] = { "admin_down", "down", "init", "up" };

	return names[state & 3];
}

const char *bfd_diag_name(uint8_t diag)
{
	static const char *const names[] = { "none",
					     "expired",
					     "echo_failed",
					     "neighbor",
					     "forwarding_reset",
					     "path_down",
					     "concatenated_path_down",
					     "admin_down",
					     "reverse_concatenated_path_down" };

	return diag < sizeof(names) / sizeof(*names) ? names[diag] : "reserved";
}

const char *bfd_verdict_name(enum bfd_verdict verdict)
{
	static const char *const names[] = {
		[BFD_GOOD] = "good",
		[BFD_SHORT] = "short",
		[BFD_VERSION] = "version",
		[BFD_LENGTH] = "length",
		[BFD_MULTIPLIER] = "multiplier",
		[BFD_MULTIPOINT] = "multipoint",
		[BFD_MINE] = "my_discriminator",
		[BFD_YOURS] = "your_discriminator",
		[BFD_AUTHENTICATED] = "authentication",
		[BFD_UNKNOWN] = "unknown_session",
		[BFD_SOURCE] = "wrong_source",
		[BFD_TTL] = "ttl",
		[BFD_FRAME] = "frame",
	};

	return verdict < BFD_N_VERDICTS ? names[verdict] : "?";
}
