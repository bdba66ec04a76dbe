// SPDX-License-Identifier: Apache-2.0
/* frame.c - see frame.h. The kernel has seen to most of it; nothing is taken on trust. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "services/frame.h"

#define ETH_HEADER 14
#define ETH_IPV4 0x0800
#define ETH_IPV6 0x86dd
#define ETH_VLAN 0x8100
#define ETH_QINQ 0x88a8
#define EXTENSIONS_MAX 8

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static bool parse_l4(const uint8_t *l4, size_t len, struct frame *frame)
{
	switch (frame->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		if (len < 4)
			return false;
		frame->has_ports = true;
		frame->sport = get16(l4);
		frame->dport = get16(l4 + 2);
		return true;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (len < 8)
			return false;
		frame->is_echo = l4[0] == (frame->proto == IPPROTO_ICMP ? 8 : 128);
		frame->echo_id = get16(l4 + 4);
		return true;
	default:
		return true;
	}
}

static bool parse_ipv4(const uint8_t *ip, size_t len, struct frame *frame)
{
	size_t header;

	if (len < 20 || ip[0] >> 4 != 4)
		return false;
	header = (ip[0] & 15) * 4;
	if (header < 20 || len < header)
		return false;
	frame->family = AF_INET;
	memcpy(frame->src, ip + 12, 4);
	memcpy(frame->dst, ip + 16, 4);
	frame->proto = ip[9];
	if (get16(ip + 6) & 0x1fff) /* a later fragment */
		return true;
	return parse_l4(ip + header, len - header, frame);
}

static bool parse_ipv6(const uint8_t *ip, size_t len, struct frame *frame)
{
	size_t at = 40, size;

	if (len < at || ip[0] >> 4 != 6)
		return false;
	frame->family = AF_INET6;
	memcpy(frame->src, ip + 8, 16);
	memcpy(frame->dst, ip + 24, 16);
	frame->proto = ip[6];
	for (unsigned int i = 0; i < EXTENSIONS_MAX; i++) {
		if (frame->proto != IPPROTO_HOPOPTS && frame->proto != IPPROTO_ROUTING &&
		    frame->proto != IPPROTO_DSTOPTS && frame->proto != IPPROTO_FRAGMENT)
			return parse_l4(ip + at, len - at, frame);
		if (len - at < 8)
			return false;
		size = frame->proto == IPPROTO_FRAGMENT ? 8 : (ip[at + 1] + 1) * 8;
		if (len - at < size)
			return false;
		if (frame->proto == IPPROTO_FRAGMENT && get16(ip + at + 2) & 0xfff8) {
			frame->proto = ip[at];
			return true;
		}
		frame->proto = ip[at];
		at += size;
	}
	return false;
}

bool frame_parse(const uint8_t *data, size_t len, struct frame *frame)
{
	size_t at = ETH_HEADER;
	uint16_t type;

	memset(frame, 0, sizeof(*frame));
	if (len < at)
		return false;
	type = get16(data + at - 2);
	while (type == ETH_VLAN || type == ETH_QINQ) {
		at += 4;
		if (len < at)
			return false;
		type = get16(data + at - 2);
	}
	if (type == ETH_IPV4)
		return parse_ipv4(data + at, len - at, frame);
	if (type == ETH_IPV6)
		return parse_ipv6(data + at, len - at, frame);
	return false;
}
