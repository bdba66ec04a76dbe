/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is to know about each field of enum weft_field: where it is in
 * the key, how wide it is, which headers it needs and whether it can be written.
 */
#ifndef WEFT_FIELD_H
#define WEFT_FIELD_H

#include <linux/types.h>
#include <linux/weft.h>
#include "compat.h"
#include "key.h"

#define WEFT_FIELD_LEN_MAX	16

struct netlink_ext_ack;
struct nlattr;

struct weft_field_desc {
	const char *name;	/* as in messages and in the text form */
	u16 ofs;		/* bytes into struct weft_key */
	u8 len;			/* bytes */
	u8 bits;		/* significant ones, at the low end; ≤ len * 8 */
	u16 needs;		/* WEFT_L_*: any of these headers; 0: none */
	bool writable;
	bool metadata;		/* in the metadata part of the key */
	const char *const *refusals;	/* field.c: messages that name the field */
};

/* A value of a field under a mask, as in "set" and in matches */
struct weft_field_value {
	u8 value[WEFT_FIELD_LEN_MAX];
	u8 mask[WEFT_FIELD_LEN_MAX];
};

/* Indexed by enum weft_field; entries [1 … WEFT_FIELD_MAX] are all filled in */
extern const struct weft_field_desc weft_fields[WEFT_FIELD_MAX + 1];

static inline void *weft_field_ptr(struct weft_key *key, enum weft_field f)
{
	return (u8 *)key + weft_fields[f].ofs;
}

static inline const void *weft_field_cptr(const struct weft_key *key,
					  enum weft_field f)
{
	return (const u8 *)key + weft_fields[f].ofs;
}

/*
 * A tunnel's addresses: IPv4 and IPv6 share storage, and WEFT_TUN_F_IPV6 of
 * tun_flags says which of them a packet has.
 */
static inline bool weft_field_is_tun_ipv4(enum weft_field f)
{
	return f == WEFT_FIELD_TUN_SRC || f == WEFT_FIELD_TUN_DST;
}

static inline bool weft_field_is_tun_ipv6(enum weft_field f)
{
	return f == WEFT_FIELD_TUN_IPV6_SRC || f == WEFT_FIELD_TUN_IPV6_DST;
}

/*
 * Read one field attribute (type: enum weft_field; payload: value, or value
 * and mask) into @fv. Refuses with extack and the attribute: an unknown field,
 * a wrong length, bits beyond the field's width, a mask of zeroes, value bits
 * outside the mask, a value of lin over WEFT_LIN_MAX. Returns 0 or -errno.
 */
int weft_field_parse(const struct nlattr *attr, struct weft_field_value *fv,
		     struct netlink_ext_ack *extack);

/*
 * Copy @n_bits bits from @src (big-endian, @src_len bytes, starting at bit
 * @src_bit counted from the least significant) into @dst likewise. At most
 * WEFT_FIELD_LEN_MAX bytes; the two may overlap.
 */
void weft_bits_copy(void *dst, unsigned int dst_len, unsigned int dst_bit,
		    const void *src, unsigned int src_len, unsigned int src_bit,
		    unsigned int n_bits);

/* dst = (dst & ~mask) | (value & mask), over @len bytes */
static inline void weft_masked_set(u8 *dst, const u8 *value, const u8 *mask,
				   unsigned int len)
{
	for (; len >= sizeof(u32); len -= sizeof(u32)) {
		u32 m = get_unaligned((const u32 *)mask);

		put_unaligned((get_unaligned((u32 *)dst) & ~m) |
			      (get_unaligned((const u32 *)value) & m), (u32 *)dst);
		dst += sizeof(u32);
		value += sizeof(u32);
		mask += sizeof(u32);
	}
	for (; len; len--, dst++, value++, mask++)
		*dst = (*dst & ~*mask) | (*value & *mask);
}

#endif /* WEFT_FIELD_H */
