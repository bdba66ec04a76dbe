/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - frames to other daemons, to map servers and to machines, through the datapath.
 *
 * They are injected as if they had come by the tunnel, where the entry of a host sends them to it.
 * What has to go to many is queued and sent a little at a time; what finds no room is forgotten
 * and counted, as is what the kernel refuses: whoever needs an answer asks again.
 */
#ifndef WEFT_ARP_WIRE_H
#define WEFT_ARP_WIRE_H

#include <jansson.h>
#include <stdint.h>

#include "services/arp/message.h"
#include "services/arp/section.h"

struct arp_wire;
struct event_base;
struct weft_sock;

struct arp_wire *arp_wire_new(struct event_base *base, const char *dp);
void arp_wire_free(struct arp_wire *wire);

/* arp_wire_configure: the section is used until the next one, or NULL, comes; the queue is emptied */
void arp_wire_configure(struct arp_wire *wire, const struct arp_section *arp);

/* arp_wire_sock: for requests whose answers are waited for; NULL: the kernel does not answer */
struct weft_sock *arp_wire_sock(struct arp_wire *wire);
/* arp_wire_lost: the last of them failed in a way that a new socket may help against */
void arp_wire_lost(struct arp_wire *wire);

/* arp_wire_send: to a host's daemon or map server; its Ethernet addresses are written here */
void arp_wire_send(struct arp_wire *wire, enum arp_stage stage, uint32_t host, uint32_t ldp,
		   struct arp_message *message);
/* arp_wire_queue: the same, in its turn */
void arp_wire_queue(struct arp_wire *wire, enum arp_stage stage, uint32_t host, uint32_t ldp,
		    const struct arp_message *message);
/* arp_wire_deliver: to the machine at a logical port of another host */
void arp_wire_deliver(struct arp_wire *wire, uint32_t host, uint32_t ldp, uint16_t lin,
		      uint16_t lout, const struct arp_message *message);

/*
 * arp_wire_outside: a question to the network outside, in the name of a router here: to all, or to
 * the MAC address that has it; false when there is no way there, or no such router
 */
bool arp_wire_outside(struct arp_wire *wire, uint32_t ldp, const struct address *address,
		      const uint8_t *mac);

/* arp_wire_status: counters; a new reference */
json_t *arp_wire_status(const struct arp_wire *wire);

#endif
