/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - questions and answers about addresses, as frames: ARP, and neighbour discovery.
 *
 * A daemon asks in its own name, which has no address; in that of a router there is an asker.
 *
 * An answer also announces: who sends it has the address. One whose MAC address is all zeroes
 * says that nobody has it. A question for the address that is all zeroes is a greeting: who has a
 * map asks to be told everything.
 */
#ifndef WEFT_ARP_MESSAGE_H
#define WEFT_ARP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

#define ARP_MESSAGE_MAX 128

struct arp_message {
	bool is_answer;
	struct address address; /* the one that it is about */
	bool is_router;		/* answer of IPv6 that is to be written: who has it forwards */
	bool is_weak;		/* … that was read: it takes no other one's place */
	uint8_t mac[6];		/* answer: that has it */
	uint8_t eth_src[6];
	uint8_t eth_dst[6];
	uint8_t asker_mac[6];
	struct address asker; /* all zeroes: it has none */
};

/* arp_message_parse: false when it is neither, or not whole */
bool arp_message_parse(const uint8_t *data, size_t len, struct arp_message *message);

/* arp_message_write: into ARP_MESSAGE_MAX bytes; the length */
size_t arp_message_write(const struct arp_message *message, uint8_t *data);

bool arp_mac_is_zero(const uint8_t mac[6]);

#endif
