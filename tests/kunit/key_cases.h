/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The corpus of the tests of key.c: one function a frame, put together from the
 * builders of key_frames.h, with a few fields made wrong on purpose.
 */
#ifndef WEFT_KEY_CASES_H
#define WEFT_KEY_CASES_H

#include "key_cases_l2.h"
#include "key_frames.h"

struct frame_case {
	const char *name;
	void (*build)(struct frame *f);
};

/* IPv4 */

static void ip4_tcp_options(struct frame *f)
{
	eth_ip4(f, 6);
	tcp(f, 0xfff, 40);
	fill(f, 10);
	seal(f);
}

static void ip4_options(struct frame *f)
{
	eth(f, 0x0800);
	ip4_frag(f, 17, 20, 0);
	udp(f, 5);
	seal(f);
}

static void ip4_most_options(struct frame *f)
{
	eth(f, 0x0800);
	ip4_frag(f, 1, 40, 0);
	echo(f, WEFT_L_ICMP, 8);
	seal(f);
}

static void ip4_padding(struct frame *f)
{
	eth_ip4(f, 17);
	udp(f, 0);
	seal(f);
	fill(f, 18);
}

static void ip4_header_in_padding(struct frame *f)
{
	eth_ip4(f, 1);
	seal(f);
	fill(f, 26);
	f->drop = WEFT_DROP_TRUNCATED;
}

static void ip4_sctp(struct frame *f)
{
	eth_ip4(f, 132);
	sctp(f);
	fill(f, 16);
	seal(f);
}

static void ip4_echo_reply(struct frame *f)
{
	eth_ip4(f, 1);
	echo(f, WEFT_L_ICMP, 0);
	fill(f, 20);
	seal(f);
}

static void ip4_icmp_error(struct frame *f)
{
	eth_ip4(f, 1);
	icmp(f, WEFT_L_ICMP, 3, 4);
	fill(f, 28);
	seal(f);
}

static void ip4_unknown_l4(struct frame *f)
{
	eth(f, 0x0800);
	ip4_frag(f, 2, 4, 0);
	fill(f, 8);
	seal(f);
}

static void ip4_icmp6_is_unknown(struct frame *f)
{
	eth_ip4(f, 58);
	fill(f, 8);
	seal(f);
}

static void ip4_empty(struct frame *f)
{
	eth_ip4(f, 0);
	seal(f);
}

static void ip4_frag_first(struct frame *f)
{
	eth(f, 0x0800);
	ip4_frag(f, 17, 0, 0x2000);
	udp(f, 16);
	set16(f, f->l4 + 4, 1400);
	seal(f);
}

static void ip4_frag_later(struct frame *f)
{
	eth(f, 0x0800);
	ip4_frag(f, 6, 0, 0x2001);
	fill(f, 4);
	seal(f);
}

static void ip4_frag_last(struct frame *f)
{
	eth(f, 0x0800);
	ip4_frag(f, 17, 8, 0x1fff);
	fill(f, 24);
	seal(f);
}

static void ip4_frag_tiny(struct frame *f)
{
	eth(f, 0x0800);
	ip4_frag(f, 6, 0, 0x2000);
	fill(f, 8);
	seal(f);
	f->drop = WEFT_DROP_TRUNCATED;
}

static void ip4_gso_without_length(struct frame *f)
{
	eth_ip4(f, 6);
	tcp(f, 0x10, 12);
	fill(f, 40);
	f->ip_hdr_len = 0;
	f->gso_type = SKB_GSO_TCPV4;
}

static void ip4_no_length(struct frame *f)
{
	eth_ip4(f, 6);
	tcp(f, 0x10, 0);
	seal_wrong(f, 0, WEFT_DROP_BAD_IPV4);
}

static void ip4_length_in_header(struct frame *f)
{
	eth(f, 0x0800);
	ip4_frag(f, 6, 4, 0);
	tcp(f, 0x10, 0);
	seal_wrong(f, 23, WEFT_DROP_BAD_IPV4);
}

static void ip4_length_too_long(struct frame *f)
{
	eth_ip4(f, 6);
	tcp(f, 0x10, 0);
	seal_wrong(f, 41, WEFT_DROP_BAD_IPV4);
}

static void ip4_version_5(struct frame *f)
{
	eth_ip4(f, 6);
	tcp(f, 0x10, 0);
	seal_wrong(f, 40, WEFT_DROP_BAD_IPV4);
	f->data[f->l3] = 0x55;
}

static void ip4_ihl_4(struct frame *f)
{
	eth_ip4(f, 6);
	tcp(f, 0x10, 0);
	seal_wrong(f, 40, WEFT_DROP_BAD_IPV4);
	f->data[f->l3] = 0x44;
}

static void tcp_doff_4(struct frame *f)
{
	eth_ip4(f, 6);
	tcp(f, 0x10, 0);
	seal(f);
	f->data[f->l4 + 12] = 0x40;
	f->drop = WEFT_DROP_BAD_L4;
}

static void tcp_doff_too_long(struct frame *f)
{
	eth_ip4(f, 6);
	tcp(f, 0x10, 0);
	seal(f);
	fill(f, 6);
	f->data[f->l4 + 12] = 0x60;
	f->drop = WEFT_DROP_TRUNCATED;
}

static void udp_length_7(struct frame *f)
{
	eth_ip4(f, 17);
	udp(f, 4);
	seal(f);
	set16(f, f->l4 + 4, 7);
	f->drop = WEFT_DROP_BAD_L4;
}

static void udp_length_too_long(struct frame *f)
{
	eth_ip4(f, 17);
	udp(f, 4);
	seal(f);
	fill(f, 4);
	set16(f, f->l4 + 4, 13);
	f->drop = WEFT_DROP_BAD_L4;
}

static void udp_surplus(struct frame *f)
{
	eth_ip4(f, 17);
	udp(f, 4);
	fill(f, 8);
	seal(f);
}

static void udp_gso(struct frame *f)
{
	eth_ip4(f, 17);
	udp(f, 30);
	f->n_marks--;
	seal(f);
	set16(f, f->l4 + 4, 60000);
	f->gso_type = SKB_GSO_UDP_L4;
}

/* IPv6 */

static void ip6_udp(struct frame *f)
{
	eth_ip6(f, 17);
	udp(f, 3);
	seal(f);
	fill(f, 3);
}

static void ip6_sctp(struct frame *f)
{
	eth_ip6(f, 132);
	sctp(f);
	seal(f);
}

static void ip6_icmp_is_unknown(struct frame *f)
{
	eth_ip6(f, 1);
	fill(f, 8);
	seal(f);
}

static void ip6_chain_in_order(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_HOP, 8);
	ext(f, NEXTHDR_DEST, 16);
	ext(f, NEXTHDR_ROUTING, 24);
	ext_frag(f, 1);
	ext(f, NEXTHDR_AUTH, 12);
	ext(f, NEXTHDR_DEST, 8);
	next(f, 6, WEFT_EXTHDR_HOP | WEFT_EXTHDR_DEST | WEFT_EXTHDR_ROUTER |
	     WEFT_EXTHDR_FRAG | WEFT_EXTHDR_AUTH);
	tcp(f, 0x11, 0);
	seal(f);
}

static void ip6_chain_two_dests(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_DEST, 8);
	ext(f, NEXTHDR_DEST, 8);
	next(f, 17, WEFT_EXTHDR_DEST);
	udp(f, 9);
	seal(f);
}

static void ip6_chain_three_dests(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_DEST, 8);
	ext(f, NEXTHDR_ROUTING, 8);
	ext(f, NEXTHDR_DEST, 8);
	ext(f, NEXTHDR_DEST, 8);
	next(f, 17, WEFT_EXTHDR_DEST | WEFT_EXTHDR_ROUTER | WEFT_EXTHDR_UNREP);
	udp(f, 9);
	seal(f);
}

static void ip6_chain_hop_late(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_DEST, 8);
	ext(f, NEXTHDR_HOP, 16);
	next(f, 6, WEFT_EXTHDR_DEST | WEFT_EXTHDR_HOP | WEFT_EXTHDR_UNSEQ);
	tcp(f, 0x10, 0);
	seal(f);
}

static void ip6_chain_router_last(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_AUTH, 24);
	ext(f, NEXTHDR_ROUTING, 8);
	next(f, 6, WEFT_EXTHDR_AUTH | WEFT_EXTHDR_ROUTER | WEFT_EXTHDR_UNSEQ);
	tcp(f, 0x10, 0);
	seal(f);
}

static void ip6_chain_repeated(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_HOP, 8);
	ext(f, NEXTHDR_HOP, 8);
	next(f, 6, WEFT_EXTHDR_HOP | WEFT_EXTHDR_UNREP);
	tcp(f, 0x10, 0);
	seal(f);
}

static void ip6_chain_repeated_and_late(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_ROUTING, 8);
	ext_frag(f, 0);
	ext(f, NEXTHDR_ROUTING, 8);
	next(f, 6, WEFT_EXTHDR_ROUTER | WEFT_EXTHDR_FRAG | WEFT_EXTHDR_UNREP |
	     WEFT_EXTHDR_UNSEQ);
	tcp(f, 0x10, 0);
	seal(f);
}

static void ip6_esp(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_HOP, 8);
	next(f, 50, WEFT_EXTHDR_HOP | WEFT_EXTHDR_ESP);
	fill(f, 24);
	seal(f);
}

static void ip6_no_next(struct frame *f)
{
	eth_ip6(f, 0);
	next(f, 59, WEFT_EXTHDR_NONEXT);
	seal(f);
}

static void ip6_no_next_with_data(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_DEST, 8);
	next(f, 59, WEFT_EXTHDR_DEST | WEFT_EXTHDR_NONEXT);
	fill(f, 8);
	seal(f);
}

static void ip6_mobility_is_unknown(struct frame *f)
{
	eth_ip6(f, 135);
	fill(f, 8);
	seal(f);
}

static void ip6_frag_first(struct frame *f)
{
	eth_ip6(f, 0);
	ext_frag(f, 1);
	next(f, 17, WEFT_EXTHDR_FRAG);
	udp(f, 16);
	set16(f, f->l4 + 4, 1400);
	seal(f);
}

static void ip6_frag_later(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_HOP, 8);
	ext_frag(f, 8);
	next(f, NEXTHDR_DEST, WEFT_EXTHDR_HOP | WEFT_EXTHDR_FRAG);
	fill(f, 2);
	seal(f);
}

static void ip6_frag_atomic(struct frame *f)
{
	eth_ip6(f, 0);
	ext_frag(f, 0);
	next(f, 6, WEFT_EXTHDR_FRAG);
	tcp(f, 0x02, 0);
	seal(f);
}

static void ip6_frag_nd_is_not_nd(struct frame *f)
{
	eth_ip6(f, 0);
	ext_frag(f, 0);
	next(f, 58, WEFT_EXTHDR_FRAG);
	icmp(f, WEFT_L_ICMP6, 135, 0);
	fill(f, 24);
	seal(f);
}

static void ip6_echo(struct frame *f)
{
	eth_ip6(f, 58);
	echo(f, WEFT_L_ICMP6, 128);
	fill(f, 9);
	seal(f);
}

static void ip6_icmp_error(struct frame *f)
{
	eth_ip6(f, 58);
	icmp(f, WEFT_L_ICMP6, 1, 4);
	fill(f, 48);
	seal(f);
}

static void chain_of(struct frame *f, int n)
{
	eth_ip6(f, 0);
	while (n--)
		ext(f, NEXTHDR_DEST, 8);
	next(f, 17, WEFT_EXTHDR_DEST | WEFT_EXTHDR_UNREP);
	udp(f, 0);
	seal(f);
}

static void ip6_chain_of_16(struct frame *f)
{
	chain_of(f, 16);
}

static void ip6_chain_of_17(struct frame *f)
{
	chain_of(f, 17);
	f->drop = WEFT_DROP_BAD_IPV6;
}

static void ip6_auth_too_short(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_AUTH, 8);
	next(f, 17, 0);
	udp(f, 8);
	seal(f);
	f->drop = WEFT_DROP_BAD_IPV6;
}

static void ip6_ext_too_long(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_HOP, 8);
	next(f, 6, 0);
	tcp(f, 0x10, 0);
	seal(f);
	f->data[f->l3 + 41] = 3;
	f->drop = WEFT_DROP_TRUNCATED;
}

static void ip6_version_4(struct frame *f)
{
	eth_ip6(f, 17);
	udp(f, 0);
	seal_wrong(f, 8, WEFT_DROP_BAD_IPV6);
	f->data[f->l3] = 0x4b;
}

static void ip6_length_too_long(struct frame *f)
{
	eth_ip6(f, 17);
	udp(f, 0);
	seal_wrong(f, 9, WEFT_DROP_BAD_IPV6);
}

static void ip6_header_in_padding(struct frame *f)
{
	eth_ip6(f, 58);
	seal(f);
	fill(f, 20);
	f->drop = WEFT_DROP_TRUNCATED;
}

static void ip6_jumbo(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_HOP, 8);
	next(f, 6, WEFT_EXTHDR_HOP);
	set16(f, f->len - 6, IPV6_TLV_JUMBO << 8 | 4);
	tcp(f, 0x10, 12);
	fill(f, 20);
	f->ip_hdr_len = 0;
}

/* The stack's own header in a packet that will be cut up is not seen */
static void ip6_jumbo_gso(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_HOP, 8);
	next(f, 6, 0);
	set16(f, f->len - 6, IPV6_TLV_JUMBO << 8 | 4);
	tcp(f, 0x10, 12);
	fill(f, 20);
	f->ip_hdr_len = 0;
	f->gso_type = SKB_GSO_TCPV6;
}

static void ip6_gso_without_length(struct frame *f)
{
	eth_ip6(f, 6);
	tcp(f, 0x10, 12);
	fill(f, 20);
	f->ip_hdr_len = 0;
	f->gso_type = SKB_GSO_TCPV6;
}

/* Neighbour discovery */

static void nd_ns(struct frame *f)
{
	eth_ip6(f, 58);
	nd(f, 135);
	nd_sll(f);
	seal(f);
}

static void nd_ns_without_option(struct frame *f)
{
	eth_ip6(f, 58);
	nd(f, 135);
	seal(f);
}

static void nd_ns_other_options(struct frame *f)
{
	eth_ip6(f, 58);
	nd(f, 135);
	nd_option(f, 14, 1);
	nd_option(f, 2, 2);
	nd_sll(f);
	nd_option(f, 14, 3);
	seal(f);
}

static void nd_na(struct frame *f)
{
	accel(f, 0x8100, 1);
	eth_ip6(f, 58);
	nd(f, 136);
	nd_option(f, 1, 1);
	nd_tll(f);
	seal(f);
	fill(f, 4);
}

static void nd_with_code(struct frame *f)
{
	eth_ip6(f, 58);
	icmp(f, WEFT_L_ICMP6, 136, 1);
	fill(f, 24);
	seal(f);
}

static void nd_behind_chain(struct frame *f)
{
	eth_ip6(f, 0);
	ext(f, NEXTHDR_DEST, 8);
	next(f, 58, WEFT_EXTHDR_DEST);
	nd(f, 136);
	nd_tll(f);
	seal(f);
}

static void nd_option_of_length_0(struct frame *f)
{
	eth_ip6(f, 58);
	nd(f, 135);
	nd_option(f, 14, 0);
	seal(f);
	f->drop = WEFT_DROP_BAD_L4;
}

static void nd_sll_of_length_2(struct frame *f)
{
	eth_ip6(f, 58);
	nd(f, 135);
	nd_option(f, 1, 2);
	seal(f);
	f->drop = WEFT_DROP_BAD_L4;
}

static void nd_two_slls(struct frame *f)
{
	eth_ip6(f, 58);
	nd(f, 135);
	nd_sll(f);
	nd_sll(f);
	seal(f);
	f->drop = WEFT_DROP_BAD_L4;
}

static void nd_option_too_long(struct frame *f)
{
	eth_ip6(f, 58);
	nd(f, 135);
	nd_option(f, 14, 2);
	seal(f);
	fill(f, 8);
	f->data[f->l4 + 25] = 3;
	f->drop = WEFT_DROP_TRUNCATED;
}

static void nd_option_cut(struct frame *f)
{
	eth_ip6(f, 58);
	nd(f, 135);
	put8(f, 14);
	seal(f);
	put32(f, 0);
	f->drop = WEFT_DROP_TRUNCATED;
}

static void nd_32_options(struct frame *f)
{
	int i;

	eth_ip6(f, 58);
	nd(f, 135);
	for (i = 0; i < 31; i++)
		nd_option(f, 14, 1);
	nd_sll(f);
	seal(f);
}

static void nd_33_options(struct frame *f)
{
	nd_32_options(f);
	nd_option(f, 14, 1);
	seal(f);
	f->drop = WEFT_DROP_BAD_L4;
}

#define FRAME(name) { #name, name }

static const struct frame_case frame_cases[] = {
	FRAME(eth_empty),
	FRAME(eth_payload),
	FRAME(vlan_tcp),
	FRAME(vlan_priority_tag),
	FRAME(vlan_dei_not_kept),
	FRAME(vlan_accelerated),
	FRAME(vlan_accelerated_and_in_band),
	FRAME(vlan_accelerated_and_two),
	FRAME(vlan_qinq),
	FRAME(vlan_three_tags),
	FRAME(llc_stp),
	FRAME(snap_ip4),
	FRAME(snap_in_vlan_arp),
	FRAME(snap_other_oui),
	FRAME(snap_no_ethertype),
	FRAME(snap_too_short),
	FRAME(arp_request),
	FRAME(arp_odd_operation),
	FRAME(arp_ieee802),
	FRAME(arp_long_address),
	FRAME(arp_long_protocol_address),
	FRAME(arp_for_ip6),
	FRAME(ip4_tcp_options),
	FRAME(ip4_options),
	FRAME(ip4_most_options),
	FRAME(ip4_padding),
	FRAME(ip4_header_in_padding),
	FRAME(ip4_sctp),
	FRAME(ip4_echo_reply),
	FRAME(ip4_icmp_error),
	FRAME(ip4_unknown_l4),
	FRAME(ip4_icmp6_is_unknown),
	FRAME(ip4_empty),
	FRAME(ip4_frag_first),
	FRAME(ip4_frag_later),
	FRAME(ip4_frag_last),
	FRAME(ip4_frag_tiny),
	FRAME(ip4_gso_without_length),
	FRAME(ip4_no_length),
	FRAME(ip4_length_in_header),
	FRAME(ip4_length_too_long),
	FRAME(ip4_version_5),
	FRAME(ip4_ihl_4),
	FRAME(tcp_doff_4),
	FRAME(tcp_doff_too_long),
	FRAME(udp_length_7),
	FRAME(udp_length_too_long),
	FRAME(udp_surplus),
	FRAME(udp_gso),
	FRAME(ip6_udp),
	FRAME(ip6_sctp),
	FRAME(ip6_icmp_is_unknown),
	FRAME(ip6_chain_in_order),
	FRAME(ip6_chain_two_dests),
	FRAME(ip6_chain_three_dests),
	FRAME(ip6_chain_hop_late),
	FRAME(ip6_chain_router_last),
	FRAME(ip6_chain_repeated),
	FRAME(ip6_chain_repeated_and_late),
	FRAME(ip6_esp),
	FRAME(ip6_no_next),
	FRAME(ip6_no_next_with_data),
	FRAME(ip6_mobility_is_unknown),
	FRAME(ip6_frag_first),
	FRAME(ip6_frag_later),
	FRAME(ip6_frag_atomic),
	FRAME(ip6_frag_nd_is_not_nd),
	FRAME(ip6_echo),
	FRAME(ip6_icmp_error),
	FRAME(ip6_chain_of_16),
	FRAME(ip6_chain_of_17),
	FRAME(ip6_auth_too_short),
	FRAME(ip6_ext_too_long),
	FRAME(ip6_version_4),
	FRAME(ip6_length_too_long),
	FRAME(ip6_header_in_padding),
	FRAME(ip6_jumbo),
	FRAME(ip6_jumbo_gso),
	FRAME(ip6_gso_without_length),
	FRAME(nd_ns),
	FRAME(nd_ns_without_option),
	FRAME(nd_ns_other_options),
	FRAME(nd_na),
	FRAME(nd_with_code),
	FRAME(nd_behind_chain),
	FRAME(nd_option_of_length_0),
	FRAME(nd_sll_of_length_2),
	FRAME(nd_two_slls),
	FRAME(nd_option_too_long),
	FRAME(nd_option_cut),
	FRAME(nd_32_options),
	FRAME(nd_33_options),
};

#endif /* WEFT_KEY_CASES_H */
