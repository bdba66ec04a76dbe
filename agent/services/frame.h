/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - what a service wants to know of the frame in an upcall: the 5-tuple. */
#ifndef WEFT_SERVICES_FRAME_H
#define WEFT_SERVICES_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame {
	int family; /* AF_INET, AF_INET6 */
	uint8_t src[16];
	uint8_t dst[16];
	uint8_t proto;
	bool has_ports;
	uint16_t sport, dport; /* host order */
	bool is_echo;	       /* a request; */
	uint16_t echo_id;
};

/* frame_parse: false when it is not whole IP, up to the ports if its protocol has any */
bool frame_parse(const uint8_t *data, size_t len, struct frame *frame);

#endif
