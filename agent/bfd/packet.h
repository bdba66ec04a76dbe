/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h - control packets of Bidirectional Forwarding Detection, version 1 (RFC 5880, 4.1).
 *
 * Nothing but bytes and structures: no clock, no socket, no memory of its own.
 */
#ifndef WEFT_BFD_PACKET_H
#define WEFT_BFD_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BFD_PACKET_LEN 24 /* without authentication */

enum bfd_state {
	BFD_ADMIN_DOWN,
	BFD_DOWN,
	BFD_INIT,
	BFD_UP,
};

enum bfd_diag {
	BFD_DIAG_NONE,
	BFD_DIAG_EXPIRED, /* nothing was heard for the detection time */
	BFD_DIAG_ECHO,
	BFD_DIAG_NEIGHBOR, /* the other side said that the session is down */
	BFD_DIAG_FORWARDING,
	BFD_DIAG_PATH,
	BFD_DIAG_CONCATENATED,
	BFD_DIAG_ADMIN,
	BFD_DIAG_REVERSE,
	BFD_DIAG_MAX = 31,
};

struct bfd_packet {
	enum bfd_state state;
	uint8_t diag; /* enum bfd_diag, or a number that RFC 5880 leaves open */
	bool poll;
	bool final;
	bool independent; /* control plane independent */
	bool demand;
	uint8_t multiplier;
	uint32_t my_discriminator;
	uint32_t your_discriminator; /* 0: not known */
	uint32_t min_tx_us;
	uint32_t min_rx_us;	 /* 0: it wants no periodic packets */
	uint32_t min_echo_rx_us; /* 0: no echoes */
};

/* why a packet is discarded, by the rules of RFC 5880, 6.8.6 in their order */
enum bfd_verdict {
	BFD_GOOD,
	BFD_SHORT,	   /* less than 24 bytes */
	BFD_VERSION,	   /* not 1 */
	BFD_LENGTH,	   /* the length field: too small, or more than there is */
	BFD_MULTIPLIER,	   /* 0 */
	BFD_MULTIPOINT,	   /* the bit is set */
	BFD_MINE,	   /* my discriminator is 0 */
	BFD_YOURS,	   /* your discriminator is 0 in a state that needs one */
	BFD_AUTHENTICATED, /* no session of ours uses authentication */
	/* found out by who has sessions */
	BFD_UNKNOWN, /* no session with that discriminator, or from there */
	BFD_SOURCE,  /* the session of that discriminator is with somebody else */
	BFD_TTL,     /* not 255: it did not come from the other end (RFC 5082) */
	BFD_FRAME,   /* not a frame with such a packet */
	BFD_N_VERDICTS
};

/* bfd_packet_parse: of @len bytes; what is behind the packet (padding) is ignored */
enum bfd_verdict bfd_packet_parse(const uint8_t *data, size_t len, struct bfd_packet *packet);

/* bfd_packet_write: BFD_PACKET_LEN bytes */
void bfd_packet_write(const struct bfd_packet *packet, uint8_t *data);

const char *bfd_state_name(enum bfd_state state);
const char *bfd_diag_name(uint8_t diag); /* "none", …; "reserved" for what has no name */
const char *bfd_verdict_name(enum bfd_verdict verdict);

#endif
