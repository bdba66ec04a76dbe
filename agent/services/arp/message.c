// SPDX-License-Identifier: Apache-2.0
/* message.c - see message.h. RFC 826, and RFC 4861 as far as it is needed here. */
#include <string.h>
#include <sys/socket.h>

#include "services/arp/message.h"

#define ETH_LEN 14
#define ARP_LEN 28
#define IPV6_LEN 40
#define ND_HOPS 255 /* who is farther away has fewer */
#define ND_LEN 24   /* of a solicitation or advertisement, without options */
#define OPTION_LEN 8
#define NS 135
#define NA 136
#define OPTION_SLL 1
#define OPTION_TLL 2
#define NA_ROUTER 0x80
#define NA_SOLICITED 0x40
#define NA_OVERRIDE 0x20

static const uint8_t arp_head[6] = { 0, 1, 8, 0, 6, 4 };
static const uint8_t no_address[16];

bool arp_mac_is_zero(const uint8_t mac[6])
{
	return !memcmp(mac, no_address, 6);
}

/* ---- reading ------------------------------------------------------------------ */

static void set_address(struct address *address, int family, const uint8_t *bytes)
{
	*address = (struct address){ .family = family };
	memcpy(address->bytes, bytes, family == AF_INET6 ? 16 : 4);
}

static bool parse_arp(const uint8_t *arp, size_t len, struct arp_message *message)
{
	if (len < ARP_LEN || memcmp(arp, arp_head, sizeof(arp_head)) || arp[6] ||
	    (arp[7] != 1 && arp[7] != 2))
		return false;
	message->is_answer = arp[7] == 2;
	if (message->is_answer) {
		memcpy(message->mac, arp + 8, 6);
		set_address(&message->address, AF_INET, arp + 14);
		memcpy(message->asker_mac, arp + 18, 6);
		set_address(&message->asker, AF_INET, arp + 24);
		return true;
	}
	memcpy(message->asker_mac, arp + 8, 6);
	set_address(&message->asker, AF_INET, arp + 14);
	set_address(&message->address, AF_INET, arp + 24);
	return true;
}

/* NULL: there is none */
static const uint8_t *find_option(const uint8_t *options, size_t len, uint8_t type)
{
	while (len >= OPTION_LEN && options[1] && options[1] * 8u <= len) {
		if (options[0] == type && options[1] == 1)
			return options + 2;
		len -= options[1] * 8u;
		options += options[1] * 8u;
	}
	return NULL;
}

static bool parse_nd(const uint8_t *ip, size_t len, struct arp_message *message)
{
	const uint8_t *icmp = ip + IPV6_LEN, *option;
	size_t payload;

	if (len < IPV6_LEN + ND_LEN || ip[0] >> 4 != 6 || ip[6] != 58 || ip[7] != ND_HOPS)
		return false;
	payload = ip[4] << 8 | ip[5];
	if (payload < ND_LEN || payload > len - IPV6_LEN || (icmp[0] != NS && icmp[0] != NA) ||
	    icmp[1])
		return false;
	message->is_answer = icmp[0] == NA;
	option = find_option(icmp + ND_LEN, payload - ND_LEN,
			     message->is_answer ? OPTION_TLL : OPTION_SLL);
	set_address(&message->address, AF_INET6, icmp + 8);
	set_address(&message->asker, AF_INET6, message->is_answer ? ip + 24 : ip + 8);
	if (message->is_answer) { /* to one machine it may go without */
		memcpy(message->mac, option ? option : message->eth_src, 6);
		message->is_weak = !(icmp[4] & NA_OVERRIDE);
		return true;
	}
	memcpy(message->asker_mac, option ? option : message->eth_src, 6);
	return true;
}

bool arp_message_parse(const uint8_t *data, size_t len, struct arp_message *message)
{
	*message = (struct arp_message){ 0 };
	if (len < ETH_LEN)
		return false;
	memcpy(message->eth_dst, data, 6);
	memcpy(message->eth_src, data + 6, 6);
	if (data[12] == 0x08 && data[13] == 0x06)
		return parse_arp(data + ETH_LEN, len - ETH_LEN, message);
	if (data[12] == 0x86 && data[13] == 0xdd)
		return parse_nd(data + ETH_LEN, len - ETH_LEN, message);
	return false;
}

/* ---- writing ------------------------------------------------------------------ */

static size_t write_arp(const struct arp_message *message, uint8_t *arp)
{
	memcpy(arp, arp_head, sizeof(arp_head));
	arp[6] = 0;
	arp[7] = message->is_answer ? 2 : 1;
	memcpy(arp + 8, message->is_answer ? message->mac : message->asker_mac, 6);
	memcpy(arp + 14, message->is_answer ? message->address.bytes : message->asker.bytes, 4);
	memcpy(arp + 18, message->is_answer ? message->asker_mac : no_address, 6);
	memcpy(arp + 24, message->is_answer ? message->asker.bytes : message->address.bytes, 4);
	return ARP_LEN;
}

static void link_local(uint8_t out[16], const uint8_t mac[6])
{
	memset(out, 0, 16);
	out[0] = 0xfe;
	out[1] = 0x80;
	memcpy(out + 8, mac, 3);
	out[8] ^= 2;
	out[11] = 0xff;
	out[12] = 0xfe;
	memcpy(out + 13, mac + 3, 3);
}

static uint16_t checksum(const uint8_t *ip, size_t payload)
{
	uint32_t sum = 58 + payload;

	for (size_t i = 8; i < IPV6_LEN + payload; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* to whom: who asks, all if he has no address, and an address in question, or its group */
static void write_nd_addresses(const struct arp_message *message, uint8_t *ip)
{
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
	static const uint8_t solicited[13] = { 0xff, 2, [11] = 1, 0xff };
	bool nobody = arp_mac_is_zero(message->mac);
	bool named = memcmp(message->asker.bytes, no_address, 16);

	if (message->is_answer) {
		if (nobody)
			link_local(ip + 8, message->eth_src);
		else
			memcpy(ip + 8, message->address.bytes, 16);
		memcpy(ip + 24, named ? message->asker.bytes : all_nodes, 16);
		return;
	}
	if (named)
		memcpy(ip + 8, message->asker.bytes, 16);
	else
		link_local(ip + 8, message->eth_src);
	memcpy(ip + 24, message->address.bytes, 16);
	if (!named || message->eth_dst[0] & 1)
		memcpy(ip + 24, solicited, sizeof(solicited));
}

static size_t write_nd(const struct arp_message *message, uint8_t *ip)
{
	const size_t payload = ND_LEN + OPTION_LEN;
	uint8_t *icmp = ip + IPV6_LEN;
	bool asked = memcmp(message->asker.bytes, no_address, 16);
	uint16_t sum;

	memset(ip, 0, IPV6_LEN + payload);
	ip[0] = 0x60;
	ip[5] = payload;
	ip[6] = 58;
	ip[7] = ND_HOPS;
	write_nd_addresses(message, ip);
	icmp[0] = message->is_answer ? NA : NS;
	if (message->is_answer)
		icmp[4] = NA_OVERRIDE | (asked ? NA_SOLICITED : 0) |
			  (message->is_router ? NA_ROUTER : 0);
	memcpy(icmp + 8, message->address.bytes, 16);
	icmp[ND_LEN] = message->is_answer ? OPTION_TLL : OPTION_SLL;
	icmp[ND_LEN + 1] = 1;
	memcpy(icmp + ND_LEN + 2, message->is_answer ? message->mac : message->asker_mac, 6);
	sum = checksum(ip, payload);
	icmp[2] = sum >> 8;
	icmp[3] = sum;
	return IPV6_LEN + payload;
}

size_t arp_message_write(const struct arp_message *message, uint8_t *data)
{
	bool ipv6 = message->address.family == AF_INET6;

	memcpy(data, message->eth_dst, 6);
	memcpy(data + 6, message->eth_src, 6);
	data[12] = ipv6 ? 0x86 : 0x08;
	data[13] = ipv6 ? 0xdd : 0x06;
	return ETH_LEN +
	       (ipv6 ? write_nd(message, data + ETH_LEN) : write_arp(message, data + ETH_LEN));
}
