/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of key_cases.h up to layer 2, and ARP.
 */
#ifndef WEFT_KEY_CASES_L2_H
#define WEFT_KEY_CASES_L2_H

#include "key_frames.h"

/* Layer 2 */

static void eth_empty(struct frame *f)
{
	eth(f, 0x88b5);
}

static void eth_payload(struct frame *f)
{
	eth(f, 0x88b5);
	fill(f, 46);
}

static void vlan_tcp(struct frame *f)
{
	eth(f, 0x8100);
	vlan(f, 0x8100, 0x6064, 0x0800);
	ip4(f, 6);
	tcp(f, 0x10, 0);
	seal(f);
}

static void vlan_priority_tag(struct frame *f)
{
	eth(f, 0x8100);
	vlan(f, 0x8100, 0, 0x88b5);
	fill(f, 10);
}

static void vlan_dei_not_kept(struct frame *f)
{
	eth(f, 0x88a8);
	vlan(f, 0x88a8, 0x1005, 0x88b5);
}

static void vlan_accelerated(struct frame *f)
{
	accel(f, 0x8100, 0x2007);
	eth_ip4(f, 17);
	udp(f, 12);
	seal(f);
}

static void vlan_accelerated_and_in_band(struct frame *f)
{
	accel(f, 0x88a8, 7);
	eth(f, 0x8100);
	vlan(f, 0x8100, 8, 0x86dd);
	ip6(f, 6);
	tcp(f, 0x02, 20);
	seal(f);
}

static void vlan_accelerated_and_two(struct frame *f)
{
	accel(f, 0x88a8, 7);
	eth(f, 0x88a8);
	vlan(f, 0x88a8, 8, 0x8100);
	vlan(f, 0x8100, 9, 0x0800);
	fill(f, 40);
}

static void vlan_qinq(struct frame *f)
{
	eth(f, 0x88a8);
	vlan(f, 0x88a8, 100, 0x8100);
	vlan(f, 0x8100, 0xe0c8, 0x0800);
	ip4(f, 17);
	udp(f, 0);
	seal(f);
}

static void vlan_three_tags(struct frame *f)
{
	eth(f, 0x88a8);
	vlan(f, 0x88a8, 1, 0x8100);
	vlan(f, 0x8100, 2, 0x8100);
	vlan(f, 0x8100, 3, 0x0800);
	fill(f, 40);
}

static void llc_stp(struct frame *f)
{
	eth(f, 38);
	f->key.eth_type = htons(WEFT_ETH_TYPE_802_3);
	put(f, "\x42\x42\x03", 3);
	fill(f, 43);
}

static void snap_ip4(struct frame *f)
{
	eth(f, 48);
	snap(f, 0, 0x0800);
	ip4(f, 6);
	tcp(f, 0x18, 0);
	seal(f);
}

static void snap_in_vlan_arp(struct frame *f)
{
	eth(f, 0x8100);
	vlan(f, 0x8100, 5, 36);
	snap(f, 0, 0x0806);
	arp(f, 1);
}

static void snap_other_oui(struct frame *f)
{
	eth(f, 48);
	snap(f, 0x00000c, 0x0800);
	fill(f, 40);
}

static void snap_no_ethertype(struct frame *f)
{
	eth(f, 48);
	snap(f, 0, 0x05ff);
	fill(f, 40);
}

static void snap_too_short(struct frame *f)
{
	eth(f, 7);
	put(f, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	fill(f, 38);
	f->key.eth_type = htons(WEFT_ETH_TYPE_802_3);
}

/* ARP */

static void arp_request(struct frame *f)
{
	eth(f, 0x0806);
	arp(f, 1);
	fill(f, 18);
}

static void arp_odd_operation(struct frame *f)
{
	eth(f, 0x0806);
	arp(f, 0x1234);
}

static void arp_ieee802(struct frame *f)
{
	eth(f, 0x0806);
	arp_of(f, 6, 0x0800, 6, 4, 1);
	fill(f, 20);
}

static void arp_long_address(struct frame *f)
{
	eth(f, 0x0806);
	arp_of(f, 1, 0x0800, 8, 4, 1);
	fill(f, 20);
}

static void arp_long_protocol_address(struct frame *f)
{
	eth(f, 0x0806);
	arp_of(f, 1, 0x0800, 6, 16, 1);
	fill(f, 40);
}

static void arp_for_ip6(struct frame *f)
{
	eth(f, 0x0806);
	arp_of(f, 1, 0x86dd, 6, 16, 1);
}

#endif /* WEFT_KEY_CASES_L2_H */
