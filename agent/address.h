/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - IPv4 and IPv6 addresses as a configuration writes them. */
#ifndef WEFTD_ADDRESS_H
#define WEFTD_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_TEXT 64

struct address {
	int family;	   /* AF_INET, AF_INET6 */
	uint8_t bytes[16]; /* the first 4 of them for IPv4 */
	uint8_t prefix_len;
};

/* address_parse: "192.0.2.1", "2001:db8::1"; all bits are the prefix's */
bool address_parse(const char *text, struct address *address);

/* address_parse_prefix: the same with "/24" behind it */
bool address_parse_prefix(const char *text, struct address *address);

unsigned int address_len(const struct address *address);

/* address_equal: are the addresses the same, whatever their prefixes? */
bool address_equal(const struct address *a, const struct address *b);

const char *address_format(const struct address *address, char *text);

/* address_parse_mac: six bytes, an address that a station may have */
bool address_parse_mac(const char *text, uint8_t mac[6]);

/* address_parse_number: decimal or 0x…; nothing behind it */
bool address_parse_number(const char *text, uint64_t *number);

#endif
