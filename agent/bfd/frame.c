// SPDX-License-Identifier: Apache-2.0
/* frame.c - see frame.h. */
#include <string.h>

#include "bfd/frame.h"

#define IP_LEN 20
#define UDP_LEN 8
#define PROTO_UDP 17
#define PROBE_MAGIC 0x57465031 /* "WFP1" */

static const uint8_t macs[12] = { 0x02, 0x57, 0x45, 0x46, 0x54, 0xbf,
				  0x02, 0x57, 0x45, 0x46, 0x54, 0x01 };
/* link-local addresses, so that whoever sees them outside knows that they are lost */
static const uint8_t source[4] = { 169, 254, 87, 1 }, destination[4] = { 169, 254, 87, 2 };

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, unsigned int value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

static uint32_t sum(uint32_t total, const uint8_t *data, size_t len)
{
	for (; len > 1; data += 2, len -= 2)
		total += get16(data);
	return total + (len ? *data << 8 : 0);
}

static uint16_t fold(uint32_t total)
{
	total = (total & 0xffff) + (total >> 16);
	total = (total & 0xffff) + (total >> 16);
	return ~total;
}

static uint32_t pseudo_header(const uint8_t *ip, size_t udp_len)
{
	return sum(PROTO_UDP + udp_len, ip + 12, 8);
}

/* headers in front of @len bytes that are in their place */
static size_t finish(uint8_t *frame, size_t len, uint16_t source_port, uint16_t port)
{
	uint8_t *ip = frame + BFD_ETHERNET_LEN, *udp = ip + IP_LEN;
	uint16_t check;

	memcpy(frame, macs, sizeof(macs));
	put16(frame + 12, 0x0800);
	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	ip[1] = BFD_TOS;
	put16(ip + 2, IP_LEN + UDP_LEN + len);
	put16(ip + 6, 0x4000); /* do not fragment */
	ip[8] = BFD_TTL_GTSM;
	ip[9] = PROTO_UDP;
	memcpy(ip + 12, source, 4);
	memcpy(ip + 16, destination, 4);
	put16(ip + 10, fold(sum(0, ip, IP_LEN)));
	put16(udp, source_port);
	put16(udp + 2, port);
	put16(udp + 4, UDP_LEN + len);
	put16(udp + 6, 0);
	check = fold(sum(pseudo_header(ip, UDP_LEN + len), udp, UDP_LEN + len));
	put16(udp + 6, check ? check : 0xffff);
	return BFD_HEADERS_LEN + len;
}

size_t bfd_frame_control(uint8_t *frame, const struct bfd_packet *packet, uint16_t source_port)
{
	bfd_packet_write(packet, frame + BFD_HEADERS_LEN);
	return finish(frame, BFD_PACKET_LEN, source_port, BFD_UDP_PORT);
}

size_t bfd_frame_probe(uint8_t *frame, const struct bfd_probe *probe, size_t ip_len,
		       uint16_t source_port)
{
	uint8_t *data = frame + BFD_HEADERS_LEN;
	size_t len = BFD_PROBE_LEN;

	if (ip_len > IP_LEN + UDP_LEN + len)
		len = ip_len - IP_LEN - UDP_LEN;
	memset(data, 0, len);
	put32(data, PROBE_MAGIC);
	data[4] = probe->reply;
	put16(data + 6, probe->number);
	put32(data + 8, probe->my_discriminator);
	put32(data + 12, probe->your_discriminator);
	put32(data + 16, probe->len);
	return finish(frame, len, source_port, BFD_PROBE_UDP_PORT);
}

static enum bfd_verdict parse_probe(const uint8_t *data, size_t len, struct bfd_frame *frame)
{
	struct bfd_probe *probe = &frame->probe;

	if (len < BFD_PROBE_LEN || get32(data) != PROBE_MAGIC || data[4] > 1)
		return BFD_FRAME;
	probe->reply = data[4];
	probe->number = get16(data + 6);
	probe->my_discriminator = get32(data + 8);
	probe->your_discriminator = get32(data + 12);
	probe->len = get32(data + 16);
	if (!probe->your_discriminator)
		return BFD_YOURS;
	if (!probe->reply && probe->len != IP_LEN + UDP_LEN + len)
		return BFD_FRAME;
	frame->kind = BFD_FRAME_PROBE;
	return BFD_GOOD;
}

enum bfd_verdict bfd_frame_parse(const uint8_t *data, size_t len, struct bfd_frame *frame)
{
	const uint8_t *ip = data + BFD_ETHERNET_LEN, *udp = ip + IP_LEN;
	enum bfd_verdict verdict;
	size_t ip_len, udp_len;

	memset(frame, 0, sizeof(*frame));
	if (len < BFD_HEADERS_LEN || get16(data + 12) != 0x0800 || ip[0] != 0x45 ||
	    ip[9] != PROTO_UDP || get16(ip + 6) & 0x3fff || fold(sum(0, ip, IP_LEN)))
		return BFD_FRAME;
	ip_len = get16(ip + 2);
	udp_len = get16(udp + 4);
	if (ip_len > len - BFD_ETHERNET_LEN || ip_len < IP_LEN + UDP_LEN ||
	    udp_len > ip_len - IP_LEN || udp_len < UDP_LEN)
		return BFD_FRAME;
	if (get16(udp + 6) && fold(sum(pseudo_header(ip, udp_len), udp, udp_len)))
		return BFD_FRAME;
	if (ip[8] != BFD_TTL_GTSM)
		return BFD_TTL;
	if (get16(udp + 2) == BFD_PROBE_UDP_PORT)
		return parse_probe(udp + UDP_LEN, udp_len - UDP_LEN, frame);
	if (get16(udp + 2) != BFD_UDP_PORT)
		return BFD_FRAME;
	verdict = bfd_packet_parse(udp + UDP_LEN, udp_len - UDP_LEN, &frame->packet);
	if (verdict == BFD_GOOD)
		frame->kind = BFD_FRAME_CONTROL;
	return verdict;
}
