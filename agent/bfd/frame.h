/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - what goes through a tunnel to find out about it: Ethernet, IPv4, UDP.
 *
 * BFD's packets travel inside the encapsulation, as those of machines do, in logical datapath 0,
 * which is nobody's: a tunnel is up when it carries frames both ways, and no machine's frame can
 * be taken for one of these. Addresses are fixed; the other end is known by the tunnel's.
 *
 * A probe is padded to the length that is to be tried. Its answer says how long it was, and is
 * short itself, so each side learns what it can send.
 */
#ifndef WEFT_BFD_FRAME_H
#define WEFT_BFD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bfd/packet.h"

#define BFD_MAC_TEXT "02:57:45:46:54:bf" /* destination of these frames */
#define BFD_UDP_PORT 3784
#define BFD_PROBE_UDP_PORT 3786 /* inside; not BFD's echo */
#define BFD_TTL_GTSM 255
#define BFD_TOS 0xc0 /* network control */
#define BFD_ETHERNET_LEN 14
#define BFD_HEADERS_LEN (BFD_ETHERNET_LEN + 20 + 8)
#define BFD_PROBE_LEN 24
#define BFD_FRAME_MAX 65531

struct bfd_probe {
	bool reply;
	uint16_t number;	   /* of the question; the answer has it, too */
	uint32_t my_discriminator; /* as in BFD: sessions know each other by them */
	uint32_t your_discriminator;
	uint32_t len; /* of the question: IP header and all behind it */
};

enum bfd_frame_kind {
	BFD_FRAME_NONE,
	BFD_FRAME_CONTROL,
	BFD_FRAME_PROBE,
};

/* what was found in a frame */
struct bfd_frame {
	enum bfd_frame_kind kind;
	struct bfd_packet packet;
	struct bfd_probe probe;
};

/* bfd_frame_control: write a frame; returns its length, BFD_HEADERS_LEN + BFD_PACKET_LEN */
size_t bfd_frame_control(uint8_t *frame, const struct bfd_packet *packet, uint16_t source_port);

/*
 * bfd_frame_probe: write a frame whose IP packet has @ip_len bytes (0: as few as can be); @frame
 * has room for BFD_ETHERNET_LEN more. Returns its length.
 */
size_t bfd_frame_probe(uint8_t *frame, const struct bfd_probe *probe, size_t ip_len,
		       uint16_t source_port);

/* bfd_frame_parse: everything that came; BFD_GOOD, or why it is to be discarded */
enum bfd_verdict bfd_frame_parse(const uint8_t *data, size_t len, struct bfd_frame *frame);

#endif
