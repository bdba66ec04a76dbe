/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The key of a packet: everything that entries can match.
 *
 * One flat structure of 64-bit words, so that a mask is a set of words and
 * matching is a loop over the few words that it uses. All fields are stored
 * big-endian, registers too: values and masks come from netlink as byte
 * strings and "move" between any two fields is a copy of bits.
 *
 * Fields that exclude each other share storage (IPv4 and ARP addresses use the
 * first four bytes of the IPv6 ones, ICMP's type and code are in the low bytes
 * of the L4 ports, …); validation makes sure that an entry pins down which, or
 * does it itself (tunnel addresses: WEFT_TUN_F_IPV6 in tun_flags).
 */
#ifndef WEFT_KEY_H
#define WEFT_KEY_H

#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <linux/weft.h>

struct sk_buff;

/* weft_key.layers: headers that the packet has, as parsed */
#define WEFT_L_VLAN	BIT(0)
#define WEFT_L_VLAN2	BIT(1)
#define WEFT_L_IPV4	BIT(2)
#define WEFT_L_IPV6	BIT(3)
#define WEFT_L_ARP	BIT(4)
#define WEFT_L_TCP	BIT(5)
#define WEFT_L_UDP	BIT(6)
#define WEFT_L_SCTP	BIT(7)
#define WEFT_L_ICMP	BIT(8)
#define WEFT_L_ICMP6	BIT(9)
#define WEFT_L_ND_NS	BIT(10)	/* neighbour solicitation, whole */
#define WEFT_L_ND_NA	BIT(11)	/* neighbour advertisement, whole */
#define WEFT_L_ND_SLL	BIT(12)	/* with a source link-layer option */
#define WEFT_L_ND_TLL	BIT(13)	/* with a target link-layer option */

#define WEFT_L_IP	(WEFT_L_IPV4 | WEFT_L_IPV6)
#define WEFT_L_PORTS	(WEFT_L_TCP | WEFT_L_UDP | WEFT_L_SCTP)
#define WEFT_L_ICMPS	(WEFT_L_ICMP | WEFT_L_ICMP6)
#define WEFT_L_ND	(WEFT_L_ND_NS | WEFT_L_ND_NA)

struct weft_vlan_key {
	__be16 tpid;		/* zero: no tag */
	__be16 tci;		/* WEFT_VLAN_PRESENT stands in place of DEI */
};

struct weft_key {
	/* metadata: what the packet did not bring in its own headers */
	__be32 in_port;
	__be32 mark;
	__be32 reg[WEFT_N_REGS];
	__be32 ldp;
	__be16 lin;
	__be16 lout;
	u8 stage;
	u8 tun_tos;
	u8 tun_ttl;
	u8 pad0;
	__be16 tun_flags;	/* enum weft_tun_flags */
	__be16 pad1;
	__be64 tun_id;
	struct in6_addr tun_src;	/* IPv4: in the first four bytes */
	struct in6_addr tun_dst;
	u8 tun_opt[WEFT_TUN_OPTS][WEFT_TUN_OPT_LEN];

	/* the packet's own headers: weft_key_extract() writes from here on */
	u8 eth_dst[ETH_ALEN];
	u8 eth_src[ETH_ALEN];
	struct weft_vlan_key vlan[2];	/* outer, inner */
	__be16 eth_type;
	u8 ip_proto;
	u8 ip_frag;		/* enum weft_frag */
	struct in6_addr ip_src;	/* IPv4, ARP spa: in the first four bytes */
	struct in6_addr ip_dst;	/* IPv4, ARP tpa: in the first four bytes */
	u8 ip_tos;
	u8 ip_ttl;
	__be16 ipv6_exthdr;	/* enum weft_exthdr */
	__be32 ipv6_label;
	__be16 l4_src;		/* port; ICMP type (0…255); ARP operation */
	__be16 l4_dst;		/* port; ICMP code (0…255) */
	__be16 tcp_flags;	/* TCP: 12 bits; ICMP echo: identifier */
	u16 layers;		/* WEFT_L_*; not matched */
	u8 arp_sha[ETH_ALEN];	/* ND: source link-layer option */
	u8 arp_tha[ETH_ALEN];	/* ND: target link-layer option */
	__be32 pad2;
	struct in6_addr nd_target;
} __aligned(8);

/* weft_key.tun_flags: there are options in slots */
#define WEFT_TUN_F_OPTS	(WEFT_TUN_F_OPT0 * (BIT(WEFT_TUN_OPTS) - 1))

#define WEFT_KEY_WORDS	(sizeof(struct weft_key) / sizeof(u64))
#define WEFT_KEY_PACKET	offsetof(struct weft_key, eth_dst)

static_assert(sizeof(struct weft_key) % sizeof(u64) == 0);
static_assert(WEFT_KEY_WORDS <= 64, "a mask is a u64 bitmap of words");
static_assert(WEFT_KEY_PACKET % sizeof(u64) == 0);

static inline __be32 weft_key_ip4_src(const struct weft_key *key)
{
	return key->ip_src.s6_addr32[0];
}

static inline __be32 weft_key_ip4_dst(const struct weft_key *key)
{
	return key->ip_dst.s6_addr32[0];
}

/*
 * Parse @skb from its Ethernet header (skb->data) into the packet part of
 * @key, which it clears first; the metadata part is left alone. Sets
 * the skb's mac, network and transport header offsets and skb->protocol
 * stays as it was. A tag in skb->vlan_tci counts as the outer one. May pull
 * headers into the linear part, so pointers into the packet are stale after.
 * Returns WEFT_DROP_UNSPEC, or why the packet is malformed.
 */
enum weft_drop weft_key_extract(struct sk_buff *skb, struct weft_key *key);

#endif /* WEFT_KEY_H */
