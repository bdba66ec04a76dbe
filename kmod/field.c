// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fields of the key: the table of what they are, their netlink form, and the
 * copying of bits from one to another.
 *
 * Called when entries are made (process context) and, for weft_bits_copy(), by
 * the walk. Nothing here has state or locks; the table is constant.
 *
 * Fields are big-endian byte strings. One that is narrower than its bytes
 * sits at the low end: ldp uses the last three bytes of four. Bits are
 * counted from the least significant, which is the end of the string.
 *
 * A refusal should say which field it is about, but an extack message must
 * outlive the request and not every kernel lends a buffer for formatted ones.
 * So the messages of each field are put together by the preprocessor.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <net/netlink.h>
#include "compat.h"
#include "field.h"

enum refusal {
	WRONG_LENGTH,
	VALUE_TOO_WIDE,
	MASK_TOO_WIDE,
	MASK_EMPTY,
	VALUE_NOT_IN_MASK,
};

#define FIELD_AT(_name, _ofs, _len, _bits, _needs, _writable) {		\
	.name = _name,							\
	.ofs = _ofs,							\
	.len = _len,							\
	.bits = _bits,							\
	.needs = _needs,						\
	.writable = _writable,						\
	.metadata = (_ofs) < WEFT_KEY_PACKET,				\
	.refusals = (const char *const []) {				\
		[WRONG_LENGTH] = _name ": wrong length",		\
		[VALUE_TOO_WIDE] = _name ": value is wider than the field", \
		[MASK_TOO_WIDE] = _name ": mask is wider than the field", \
		[MASK_EMPTY] = _name ": mask has no bits",		\
		[VALUE_NOT_IN_MASK] = _name ": value has bits outside the mask", \
	},								\
}

/* A field that fills the first _len bytes of a member of the key */
#define FIELD_LEN(_name, _member, _len, _needs, _writable)		\
	FIELD_AT(_name, offsetof(struct weft_key, _member), _len,	\
		 (_len) * BITS_PER_BYTE, _needs, _writable)

/* A field that fills a member */
#define FIELD(_name, _member, _needs, _writable)			\
	FIELD_LEN(_name, _member, sizeof_field(struct weft_key, _member), \
		  _needs, _writable)

/* A field that has fewer bits than its member */
#define FIELD_BITS(_name, _member, _bits, _needs, _writable)		\
	FIELD_AT(_name, offsetof(struct weft_key, _member),		\
		 sizeof_field(struct weft_key, _member), _bits, _needs, _writable)

/* A field in the low byte of a two-byte member */
#define FIELD_LOW(_name, _member, _needs, _writable)			\
	FIELD_AT(_name, offsetof(struct weft_key, _member) + 1, 1,	\
		 BITS_PER_BYTE, _needs, _writable)

const struct weft_field_desc weft_fields[WEFT_FIELD_MAX + 1] = {
	[WEFT_FIELD_IN_PORT] = FIELD("in_port", in_port, 0, false),
	[WEFT_FIELD_MARK] = FIELD("mark", mark, 0, true),
	[WEFT_FIELD_REG0] = FIELD("reg0", reg[0], 0, true),
	[WEFT_FIELD_REG0 + 1] = FIELD("reg1", reg[1], 0, true),
	[WEFT_FIELD_REG0 + 2] = FIELD("reg2", reg[2], 0, true),
	[WEFT_FIELD_REG0 + 3] = FIELD("reg3", reg[3], 0, true),
	[WEFT_FIELD_REG0 + 4] = FIELD("reg4", reg[4], 0, true),
	[WEFT_FIELD_REG0 + 5] = FIELD("reg5", reg[5], 0, true),
	[WEFT_FIELD_REG0 + 6] = FIELD("reg6", reg[6], 0, true),
	[WEFT_FIELD_REG0 + 7] = FIELD("reg7", reg[7], 0, true),
	[WEFT_FIELD_REG0 + 8] = FIELD("reg8", reg[8], 0, true),
	[WEFT_FIELD_REG0 + 9] = FIELD("reg9", reg[9], 0, true),
	[WEFT_FIELD_REG0 + 10] = FIELD("reg10", reg[10], 0, true),
	[WEFT_FIELD_REG0 + 11] = FIELD("reg11", reg[11], 0, true),
	[WEFT_FIELD_REG0 + 12] = FIELD("reg12", reg[12], 0, true),
	[WEFT_FIELD_REG0 + 13] = FIELD("reg13", reg[13], 0, true),
	[WEFT_FIELD_REG0 + 14] = FIELD("reg14", reg[14], 0, true),
	[WEFT_FIELD_REG15] = FIELD("reg15", reg[15], 0, true),
	[WEFT_FIELD_LDP] = FIELD_BITS("ldp", ldp, 24, 0, true),
	[WEFT_FIELD_LIN] = FIELD("lin", lin, 0, true),
	[WEFT_FIELD_LOUT] = FIELD("lout", lout, 0, true),
	[WEFT_FIELD_STAGE] = FIELD_BITS("stage", stage, 4, 0, true),

	[WEFT_FIELD_TUN_ID] = FIELD("tun_id", tun_id, 0, false),
	[WEFT_FIELD_TUN_SRC] = FIELD_LEN("tun_src", tun_src, 4, 0, false),
	[WEFT_FIELD_TUN_DST] = FIELD_LEN("tun_dst", tun_dst, 4, 0, false),
	[WEFT_FIELD_TUN_IPV6_SRC] = FIELD("tun_ipv6_src", tun_src, 0, false),
	[WEFT_FIELD_TUN_IPV6_DST] = FIELD("tun_ipv6_dst", tun_dst, 0, false),
	[WEFT_FIELD_TUN_TOS] = FIELD("tun_tos", tun_tos, 0, false),
	[WEFT_FIELD_TUN_TTL] = FIELD("tun_ttl", tun_ttl, 0, false),
	[WEFT_FIELD_TUN_FLAGS] = FIELD("tun_flags", tun_flags, 0, false),
	[WEFT_FIELD_TUN_OPT0] = FIELD("tun_opt0", tun_opt[0], 0, true),
	[WEFT_FIELD_TUN_OPT1] = FIELD("tun_opt1", tun_opt[1], 0, true),
	[WEFT_FIELD_TUN_OPT2] = FIELD("tun_opt2", tun_opt[2], 0, true),
	[WEFT_FIELD_TUN_OPT3] = FIELD("tun_opt3", tun_opt[3], 0, true),

	[WEFT_FIELD_ETH_DST] = FIELD("eth_dst", eth_dst, 0, true),
	[WEFT_FIELD_ETH_SRC] = FIELD("eth_src", eth_src, 0, true),
	[WEFT_FIELD_ETH_TYPE] = FIELD("eth_type", eth_type, 0, false),
	/* that there is no tag can be matched too, so tags need nothing */
	[WEFT_FIELD_VLAN_TCI] = FIELD("vlan_tci", vlan[0].tci, 0, true),
	[WEFT_FIELD_VLAN_TPID] = FIELD("vlan_tpid", vlan[0].tpid, 0, false),
	[WEFT_FIELD_VLAN2_TCI] = FIELD("vlan2_tci", vlan[1].tci, 0, false),
	[WEFT_FIELD_VLAN2_TPID] = FIELD("vlan2_tpid", vlan[1].tpid, 0, false),

	[WEFT_FIELD_IP_SRC] = FIELD_LEN("ip_src", ip_src, 4, WEFT_L_IPV4, true),
	[WEFT_FIELD_IP_DST] = FIELD_LEN("ip_dst", ip_dst, 4, WEFT_L_IPV4, true),
	[WEFT_FIELD_IPV6_SRC] = FIELD("ipv6_src", ip_src, WEFT_L_IPV6, true),
	[WEFT_FIELD_IPV6_DST] = FIELD("ipv6_dst", ip_dst, WEFT_L_IPV6, true),
	[WEFT_FIELD_IPV6_LABEL] =
		FIELD_BITS("ipv6_label", ipv6_label, 20, WEFT_L_IPV6, true),
	[WEFT_FIELD_IPV6_EXTHDR] =
		FIELD_BITS("ipv6_exthdr", ipv6_exthdr, 9, WEFT_L_IPV6, false),
	[WEFT_FIELD_IP_PROTO] = FIELD("ip_proto", ip_proto, WEFT_L_IP, false),
	[WEFT_FIELD_IP_TOS] = FIELD("ip_tos", ip_tos, WEFT_L_IP, true),
	[WEFT_FIELD_IP_TTL] = FIELD("ip_ttl", ip_ttl, WEFT_L_IP, true),
	[WEFT_FIELD_IP_FRAG] = FIELD_BITS("ip_frag", ip_frag, 2, WEFT_L_IP, false),

	[WEFT_FIELD_L4_SRC] = FIELD("l4_src", l4_src, WEFT_L_PORTS, true),
	[WEFT_FIELD_L4_DST] = FIELD("l4_dst", l4_dst, WEFT_L_PORTS, true),
	[WEFT_FIELD_TCP_FLAGS] =
		FIELD_BITS("tcp_flags", tcp_flags, 12, WEFT_L_TCP, false),
	[WEFT_FIELD_ICMP_TYPE] =
		FIELD_LOW("icmp_type", l4_src, WEFT_L_ICMPS, true),
	[WEFT_FIELD_ICMP_CODE] =
		FIELD_LOW("icmp_code", l4_dst, WEFT_L_ICMPS, true),
	[WEFT_FIELD_ICMP_ID] = FIELD("icmp_id", tcp_flags, WEFT_L_ICMPS, true),

	[WEFT_FIELD_ARP_OP] = FIELD("arp_op", l4_src, WEFT_L_ARP, true),
	[WEFT_FIELD_ARP_SPA] = FIELD_LEN("arp_spa", ip_src, 4, WEFT_L_ARP, true),
	[WEFT_FIELD_ARP_TPA] = FIELD_LEN("arp_tpa", ip_dst, 4, WEFT_L_ARP, true),
	[WEFT_FIELD_ARP_SHA] = FIELD("arp_sha", arp_sha, WEFT_L_ARP, true),
	[WEFT_FIELD_ARP_THA] = FIELD("arp_tha", arp_tha, WEFT_L_ARP, true),
	[WEFT_FIELD_ND_TARGET] = FIELD("nd_target", nd_target, WEFT_L_ND, true),
	[WEFT_FIELD_ND_SLL] = FIELD("nd_sll", arp_sha, WEFT_L_ND_NS, true),
	[WEFT_FIELD_ND_TLL] = FIELD("nd_tll", arp_tha, WEFT_L_ND_NA, true),
};

static int refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
		  const char *message)
{
	if (extack)
		extack->_msg = message;
	NL_SET_BAD_ATTR(extack, attr);
	return -EINVAL;
}

/* Bits of byte @i (0 is the most significant) that belong to the field */
static u8 width_mask(const struct weft_field_desc *d, unsigned int i)
{
	unsigned int below = (d->len - 1 - i) * BITS_PER_BYTE;

	if (d->bits <= below)
		return 0;
	if (d->bits >= below + BITS_PER_BYTE)
		return U8_MAX;
	return GENMASK(d->bits - below - 1, 0);
}

int weft_field_parse(const struct nlattr *attr, struct weft_field_value *fv,
		     struct netlink_ext_ack *extack)
{
	unsigned int type = nla_type(attr), len = nla_len(attr), i;
	const u8 *payload = nla_data(attr);
	const struct weft_field_desc *d;
	bool masked, any = false;

	if (type == WEFT_FIELD_UNSPEC || type > WEFT_FIELD_MAX)
		return refuse(extack, attr, "unknown field");

	d = &weft_fields[type];
	masked = len == 2 * d->len;
	if (!masked && len != d->len)
		return refuse(extack, attr, d->refusals[WRONG_LENGTH]);

	memset(fv, 0, sizeof(*fv));
	for (i = 0; i < d->len; i++) {
		u8 width = width_mask(d, i);
		u8 value = payload[i];
		u8 mask = masked ? payload[d->len + i] : width;

		if (value & ~width)
			return refuse(extack, attr, d->refusals[VALUE_TOO_WIDE]);
		if (mask & ~width)
			return refuse(extack, attr, d->refusals[MASK_TOO_WIDE]);
		if (value & ~mask)
			return refuse(extack, attr, d->refusals[VALUE_NOT_IN_MASK]);
		any |= mask;
		fv->value[i] = value;
		fv->mask[i] = mask;
	}
	if (!any)
		return refuse(extack, attr, d->refusals[MASK_EMPTY]);
	/* a mask may ask for the top bit: "move" can put it there */
	if (type == WEFT_FIELD_LIN && get_unaligned_be16(fv->value) > WEFT_LIN_MAX)
		return refuse(extack, attr, "lin: value is over 32767, all that tunnels carry");

	return 0;
}

/* Up to 64 bits at @bit of a string of @len bytes */
static u64 bits_get(const u8 *p, unsigned int len, unsigned int bit,
		    unsigned int n_bits)
{
	unsigned int at = len - 1 - bit / BITS_PER_BYTE;
	unsigned int got = BITS_PER_BYTE - bit % BITS_PER_BYTE;
	u64 v = p[at] >> bit % BITS_PER_BYTE;

	for (; got < n_bits; got += BITS_PER_BYTE)
		v |= (u64)p[--at] << got;

	return v & GENMASK_ULL(n_bits - 1, 0);
}

static void bits_put(u8 *p, unsigned int len, unsigned int bit,
		     unsigned int n_bits, u64 v)
{
	unsigned int at = len - 1 - bit / BITS_PER_BYTE;
	unsigned int shift = bit % BITS_PER_BYTE;

	for (;;) {
		unsigned int n = min(n_bits, BITS_PER_BYTE - shift);
		u8 mask = GENMASK(shift + n - 1, shift);

		p[at] = (p[at] & ~mask) | ((v << shift) & mask);
		n_bits -= n;
		if (!n_bits)
			return;
		v >>= n;
		shift = 0;
		at--;
	}
}

void weft_bits_copy(void *dst, unsigned int dst_len, unsigned int dst_bit,
		    const void *src, unsigned int src_len, unsigned int src_bit,
		    unsigned int n_bits)
{
	unsigned int low = min(n_bits, 64u);
	u64 v[2];

	if (!n_bits)
		return;

	if (!((dst_bit | src_bit | n_bits) % BITS_PER_BYTE)) {
		memmove(dst + dst_len - (dst_bit + n_bits) / BITS_PER_BYTE,
			src + src_len - (src_bit + n_bits) / BITS_PER_BYTE,
			n_bits / BITS_PER_BYTE);
		return;
	}

	/* all is read before any is written: source and destination may be one */
	v[0] = bits_get(src, src_len, src_bit, low);
	if (n_bits > low)
		v[1] = bits_get(src, src_len, src_bit + low, n_bits - low);
	bits_put(dst, dst_len, dst_bit, low, v[0]);
	if (n_bits > low)
		bits_put(dst, dst_len, dst_bit + low, n_bits - low, v[1]);
}
