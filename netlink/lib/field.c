// SPDX-License-Identifier: Apache-2.0
/*
 * What there is to know of each field of a packet's key, in one table, and the
 * arithmetic of big-endian byte strings under masks. A new field needs a line
 * here, and one in text_field.c for its names.
 */
#include <errno.h>
#include <string.h>

#include "wl.h"

#define META(NAME, LEN, BITS, NOTATION, WRITABLE)                                                  \
	{                                                                                          \
		.name = NAME, .len = LEN, .bits = BITS, .notation = WEFT_NOTATION_##NOTATION,      \
		.metadata = true, .writable = WRITABLE                                             \
	}
#define HEADER(NAME, LEN, BITS, NOTATION, WRITABLE, NEEDS)                                         \
	{                                                                                          \
		.name = NAME, .len = LEN, .bits = BITS, .notation = WEFT_NOTATION_##NOTATION,      \
		.writable = WRITABLE, .needs = WL_NEEDS_##NEEDS                                    \
	}
#define REG(N) [WEFT_FIELD_REG0 + (N)] = META("reg" #N, 4, 32, HEX, true)

static const struct weft_field_desc fields[WEFT_FIELD_MAX + 1] = {
	[WEFT_FIELD_IN_PORT] = META("in_port", 4, 32, PORT, false),
	[WEFT_FIELD_MARK] = META("mark", 4, 32, HEX, true),
	REG(0),
	REG(1),
	REG(2),
	REG(3),
	REG(4),
	REG(5),
	REG(6),
	REG(7),
	REG(8),
	REG(9),
	REG(10),
	REG(11),
	REG(12),
	REG(13),
	REG(14),
	REG(15),
	[WEFT_FIELD_LDP] = META("ldp", 4, 24, DEC, true),
	[WEFT_FIELD_LIN] = META("lin", 2, 16, DEC, true),
	[WEFT_FIELD_LOUT] = META("lout", 2, 16, DEC, true),
	[WEFT_FIELD_STAGE] = META("stage", 1, 4, DEC, true),
	[WEFT_FIELD_TUN_ID] = META("tun_id", 8, 64, DEC, false),
	[WEFT_FIELD_TUN_SRC] = META("tun_src", 4, 32, IPV4, false),
	[WEFT_FIELD_TUN_DST] = META("tun_dst", 4, 32, IPV4, false),
	[WEFT_FIELD_TUN_IPV6_SRC] = META("tun_ipv6_src", 16, 128, IPV6, false),
	[WEFT_FIELD_TUN_IPV6_DST] = META("tun_ipv6_dst", 16, 128, IPV6, false),
	[WEFT_FIELD_TUN_TOS] = META("tun_tos", 1, 8, HEX, false),
	[WEFT_FIELD_TUN_TTL] = META("tun_ttl", 1, 8, DEC, false),
	[WEFT_FIELD_TUN_FLAGS] = META("tun_flags", 2, 16, FLAGS, false),
	[WEFT_FIELD_TUN_OPT0] = META("tun_opt0", 16, 128, BYTES, true),
	[WEFT_FIELD_TUN_OPT1] = META("tun_opt1", 16, 128, BYTES, true),
	[WEFT_FIELD_TUN_OPT2] = META("tun_opt2", 16, 128, BYTES, true),
	[WEFT_FIELD_TUN_OPT3] = META("tun_opt3", 16, 128, BYTES, true),
	[WEFT_FIELD_ETH_DST] = HEADER("eth_dst", 6, 48, MAC, true, NOTHING),
	[WEFT_FIELD_ETH_SRC] = HEADER("eth_src", 6, 48, MAC, true, NOTHING),
	[WEFT_FIELD_ETH_TYPE] = HEADER("eth_type", 2, 16, ETH_TYPE, false, NOTHING),
	[WEFT_FIELD_VLAN_TCI] = HEADER("vlan_tci", 2, 16, HEX, true, NOTHING),
	[WEFT_FIELD_VLAN_TPID] = HEADER("vlan_tpid", 2, 16, HEX, false, NOTHING),
	[WEFT_FIELD_VLAN2_TCI] = HEADER("vlan2_tci", 2, 16, HEX, false, NOTHING),
	[WEFT_FIELD_VLAN2_TPID] = HEADER("vlan2_tpid", 2, 16, HEX, false, NOTHING),
	[WEFT_FIELD_IP_SRC] = HEADER("ip_src", 4, 32, IPV4, true, IPV4),
	[WEFT_FIELD_IP_DST] = HEADER("ip_dst", 4, 32, IPV4, true, IPV4),
	[WEFT_FIELD_IPV6_SRC] = HEADER("ipv6_src", 16, 128, IPV6, true, IPV6),
	[WEFT_FIELD_IPV6_DST] = HEADER("ipv6_dst", 16, 128, IPV6, true, IPV6),
	[WEFT_FIELD_IPV6_LABEL] = HEADER("ipv6_label", 4, 20, HEX, true, IPV6),
	[WEFT_FIELD_IPV6_EXTHDR] = HEADER("ipv6_exthdr", 2, 9, FLAGS, false, IPV6),
	[WEFT_FIELD_IP_PROTO] = HEADER("ip_proto", 1, 8, DEC, false, IP),
	[WEFT_FIELD_IP_TOS] = HEADER("ip_tos", 1, 8, HEX, true, IP),
	[WEFT_FIELD_IP_TTL] = HEADER("ip_ttl", 1, 8, DEC, true, IP),
	[WEFT_FIELD_IP_FRAG] = HEADER("ip_frag", 1, 2, FRAG, false, IP),
	[WEFT_FIELD_L4_SRC] = HEADER("l4_src", 2, 16, DEC, true, PORTS),
	[WEFT_FIELD_L4_DST] = HEADER("l4_dst", 2, 16, DEC, true, PORTS),
	[WEFT_FIELD_TCP_FLAGS] = HEADER("tcp_flags", 2, 12, FLAGS, false, TCP),
	[WEFT_FIELD_ICMP_TYPE] = HEADER("icmp_type", 1, 8, DEC, true, ICMP),
	[WEFT_FIELD_ICMP_CODE] = HEADER("icmp_code", 1, 8, DEC, true, ICMP),
	[WEFT_FIELD_ICMP_ID] = HEADER("icmp_id", 2, 16, DEC, true, ICMP),
	[WEFT_FIELD_ARP_OP] = HEADER("arp_op", 2, 16, DEC, true, ARP),
	[WEFT_FIELD_ARP_SPA] = HEADER("arp_spa", 4, 32, IPV4, true, ARP),
	[WEFT_FIELD_ARP_TPA] = HEADER("arp_tpa", 4, 32, IPV4, true, ARP),
	[WEFT_FIELD_ARP_SHA] = HEADER("arp_sha", 6, 48, MAC, true, ARP),
	[WEFT_FIELD_ARP_THA] = HEADER("arp_tha", 6, 48, MAC, true, ARP),
	[WEFT_FIELD_ND_TARGET] = HEADER("nd_target", 16, 128, IPV6, true, ND),
	[WEFT_FIELD_ND_SLL] = HEADER("nd_sll", 6, 48, MAC, true, NS),
	[WEFT_FIELD_ND_TLL] = HEADER("nd_tll", 6, 48, MAC, true, NA),
};

_Static_assert(WEFT_FIELD_MAX < 128, "struct weft_match keeps a bit for every field");

/**
 * weft_field_desc - what there is to know of a field
 * @field: the field
 *
 * Returns a pointer to constant data, NULL when @field is none.
 */
const struct weft_field_desc *weft_field_desc(enum weft_field field)
{
	if ((unsigned int)field > WEFT_FIELD_MAX || !fields[field].name)
		return NULL;
	return &fields[field];
}

/**
 * weft_field_from_name - find a field by its plain name
 * @name: like "ip_dst"; aliases like "tcp_dst" are not found
 *
 * Returns the field, WEFT_FIELD_UNSPEC (0) when there is none of that name.
 */
enum weft_field weft_field_from_name(const char *name)
{
	unsigned int f;

	for (f = 1; f <= WEFT_FIELD_MAX; f++)
		if (!strcmp(fields[f].name, name))
			return f;
	return WEFT_FIELD_UNSPEC;
}

/**
 * weft_field_full_mask - the mask of an exact match
 * @field: a field
 * @mask: gets as many bytes as the field has
 *
 * Only bits that mean something are set: 0x00ffffff for the 24 bits of ldp.
 * Does nothing when @field is none.
 */
void weft_field_full_mask(enum weft_field field, uint8_t *mask)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	unsigned int unused, i;

	if (!desc)
		return;
	unused = desc->len * 8u - desc->bits;
	for (i = 0; i < desc->len; i++) {
		unsigned int n = unused > 8 ? 8 : unused;

		mask[i] = (uint8_t)(0xff >> n);
		unused -= n;
	}
}

uint64_t wl_get_be(const uint8_t *bytes, size_t len)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < len; i++)
		value = value << 8 | bytes[i];
	return value;
}

void wl_put_be(uint8_t *bytes, size_t len, uint64_t value)
{
	while (len--) {
		bytes[len] = (uint8_t)value;
		value >>= 8;
	}
}

bool wl_bit_get(const uint8_t *bytes, size_t len, unsigned int bit)
{
	return bytes[len - 1 - bit / 8] >> bit % 8 & 1;
}

void wl_bit_set(uint8_t *bytes, size_t len, unsigned int bit)
{
	bytes[len - 1 - bit / 8] |= (uint8_t)(1u << bit % 8);
}

bool wl_all_zero(const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

bool wl_mask_is_full(enum weft_field field, const uint8_t *mask)
{
	uint8_t full[WEFT_FIELD_LEN_MAX];

	weft_field_full_mask(field, full);
	return !memcmp(mask, full, fields[field].len);
}

/*
 * Bits of @mask beyond the width are an error as bits of @value are: the kernel
 * refuses both. A mask of all ones is taken for the full one.
 */
int wl_field_value_make(struct weft_field_value *out, enum weft_field field, const void *value,
			const void *mask)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	const uint8_t *v = value, *m = mask;
	uint8_t full[WEFT_FIELD_LEN_MAX];
	bool ones = true;
	unsigned int i;

	if (!desc)
		return -EINVAL;
	weft_field_full_mask(field, full);
	for (i = 0; m && i < desc->len; i++)
		ones = ones && m[i] == 0xff;
	if (ones)
		m = full;

	*out = (struct weft_field_value){ 0 };
	for (i = 0; i < desc->len; i++) {
		if ((v[i] | m[i]) & (uint8_t)~full[i])
			return -ERANGE;
		out->value[i] = v[i] & m[i];
		out->mask[i] = m[i];
	}
	return 0;
}
