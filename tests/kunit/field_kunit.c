// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of field.c: the table against what the header promises, the netlink
 * form of every field, right and wrong, and the copying of bits against a
 * loop that copies one at a time.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <net/netlink.h>
#include "field.h"

#define SEED		0x5eed
#define COPIES		200000

#define EXPECT_SAME(test, a, b, len)	\
	KUNIT_EXPECT_EQ(test, memcmp(a, b, len), 0)

struct attr {
	struct nlattr nla;
	u8 payload[2 * WEFT_FIELD_LEN_MAX + 1];
};

static const void *each_field(const void *prev, char *desc)
{
	const struct weft_field_desc *d = prev;

	d = d ? d + 1 : &weft_fields[1];
	if (d > &weft_fields[WEFT_FIELD_MAX])
		return NULL;
	strscpy(desc, d->name ?: "(none)", KUNIT_PARAM_DESC_SIZE);
	return d;
}

static enum weft_field field_of(struct kunit *test)
{
	const struct weft_field_desc *d = test->param_value;

	return d - weft_fields;
}

static void field_table(struct kunit *test)
{
	const struct weft_field_desc *d = test->param_value, *other;

	KUNIT_ASSERT_NOT_NULL(test, d->name);
	KUNIT_EXPECT_NOT_NULL(test, d->refusals);
	KUNIT_EXPECT_GE(test, d->len, 1);
	KUNIT_EXPECT_LE(test, d->len, WEFT_FIELD_LEN_MAX);
	KUNIT_EXPECT_LE(test, d->bits, d->len * 8);
	KUNIT_EXPECT_GT(test, d->bits, 0);
	KUNIT_EXPECT_LE(test, d->ofs + d->len, sizeof(struct weft_key));
	KUNIT_EXPECT_EQ(test, d->metadata, d->ofs < WEFT_KEY_PACKET);
	if (d->metadata)
		KUNIT_EXPECT_EQ(test, d->needs, 0);
	for (other = d + 1; other <= &weft_fields[WEFT_FIELD_MAX]; other++)
		KUNIT_EXPECT_STRNEQ(test, d->name, other->name);
}

/* Lengths and widths as in the contract, written down a second time */
static void field_widths(struct kunit *test)
{
	static const struct {
		u8 field, len, bits;
		bool writable;
	} expected[] = {
		{ WEFT_FIELD_IN_PORT, 4, 32, false },
		{ WEFT_FIELD_MARK, 4, 32, true },
		{ WEFT_FIELD_REG0, 4, 32, true },
		{ WEFT_FIELD_REG15, 4, 32, true },
		{ WEFT_FIELD_LDP, 4, 24, true },
		{ WEFT_FIELD_LIN, 2, 16, true },
		{ WEFT_FIELD_LOUT, 2, 16, true },
		{ WEFT_FIELD_STAGE, 1, 4, true },
		{ WEFT_FIELD_TUN_ID, 8, 64, false },
		{ WEFT_FIELD_TUN_SRC, 4, 32, false },
		{ WEFT_FIELD_TUN_DST, 4, 32, false },
		{ WEFT_FIELD_TUN_IPV6_SRC, 16, 128, false },
		{ WEFT_FIELD_TUN_IPV6_DST, 16, 128, false },
		{ WEFT_FIELD_TUN_TOS, 1, 8, false },
		{ WEFT_FIELD_TUN_TTL, 1, 8, false },
		{ WEFT_FIELD_TUN_FLAGS, 2, 16, false },
		{ WEFT_FIELD_TUN_OPT0, 16, 128, true },
		{ WEFT_FIELD_TUN_OPT3, 16, 128, true },
		{ WEFT_FIELD_ETH_DST, 6, 48, true },
		{ WEFT_FIELD_ETH_SRC, 6, 48, true },
		{ WEFT_FIELD_ETH_TYPE, 2, 16, false },
		{ WEFT_FIELD_VLAN_TCI, 2, 16, true },
		{ WEFT_FIELD_VLAN_TPID, 2, 16, false },
		{ WEFT_FIELD_VLAN2_TCI, 2, 16, false },
		{ WEFT_FIELD_VLAN2_TPID, 2, 16, false },
		{ WEFT_FIELD_IP_SRC, 4, 32, true },
		{ WEFT_FIELD_IP_DST, 4, 32, true },
		{ WEFT_FIELD_IPV6_SRC, 16, 128, true },
		{ WEFT_FIELD_IPV6_DST, 16, 128, true },
		{ WEFT_FIELD_IPV6_LABEL, 4, 20, true },
		{ WEFT_FIELD_IPV6_EXTHDR, 2, 9, false },
		{ WEFT_FIELD_IP_PROTO, 1, 8, false },
		{ WEFT_FIELD_IP_TOS, 1, 8, true },
		{ WEFT_FIELD_IP_TTL, 1, 8, true },
		{ WEFT_FIELD_IP_FRAG, 1, 2, false },
		{ WEFT_FIELD_L4_SRC, 2, 16, true },
		{ WEFT_FIELD_L4_DST, 2, 16, true },
		{ WEFT_FIELD_TCP_FLAGS, 2, 12, false },
		{ WEFT_FIELD_ICMP_TYPE, 1, 8, true },
		{ WEFT_FIELD_ICMP_CODE, 1, 8, true },
		{ WEFT_FIELD_ICMP_ID, 2, 16, true },
		{ WEFT_FIELD_ARP_OP, 2, 16, true },
		{ WEFT_FIELD_ARP_SPA, 4, 32, true },
		{ WEFT_FIELD_ARP_TPA, 4, 32, true },
		{ WEFT_FIELD_ARP_SHA, 6, 48, true },
		{ WEFT_FIELD_ARP_THA, 6, 48, true },
		{ WEFT_FIELD_ND_TARGET, 16, 128, true },
		{ WEFT_FIELD_ND_SLL, 6, 48, true },
		{ WEFT_FIELD_ND_TLL, 6, 48, true },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct weft_field_desc *d = &weft_fields[expected[i].field];

		KUNIT_EXPECT_EQ_MSG(test, d->len, expected[i].len, "%s", d->name);
		KUNIT_EXPECT_EQ_MSG(test, d->bits, expected[i].bits, "%s", d->name);
		KUNIT_EXPECT_EQ_MSG(test, d->writable, expected[i].writable,
				    "%s", d->name);
	}
}

static void field_places(struct kunit *test)
{
	struct weft_key *key = kunit_kzalloc(test, sizeof(*key), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, key);
	key->l4_src = htons(135);
	key->l4_dst = htons(4);
	key->ldp = htonl(0x123456);
	key->reg[7] = htonl(7);
	key->tun_opt[2][15] = 0x2f;
	key->vlan[1].tci = htons(0x1064);
	memset(key->arp_tha, 0xa, ETH_ALEN);

	KUNIT_EXPECT_EQ(test, *(u8 *)weft_field_ptr(key, WEFT_FIELD_ICMP_TYPE), 135);
	KUNIT_EXPECT_EQ(test, *(u8 *)weft_field_ptr(key, WEFT_FIELD_ICMP_CODE), 4);
	EXPECT_SAME(test, weft_field_cptr(key, WEFT_FIELD_ARP_OP), "\0\x87", 2);
	EXPECT_SAME(test, weft_field_cptr(key, WEFT_FIELD_LDP), "\0\x12\x34\x56", 4);
	EXPECT_SAME(test, weft_field_cptr(key, WEFT_FIELD_REG0 + 7), "\0\0\0\7", 4);
	EXPECT_SAME(test, weft_field_cptr(key, WEFT_FIELD_VLAN2_TCI), "\x10\x64", 2);
	EXPECT_SAME(test, weft_field_cptr(key, WEFT_FIELD_ND_TLL),
		    weft_field_cptr(key, WEFT_FIELD_ARP_THA), ETH_ALEN);
	KUNIT_EXPECT_EQ(test, ((u8 *)weft_field_ptr(key, WEFT_FIELD_TUN_OPT2))[15], 0x2f);
	KUNIT_EXPECT_PTR_EQ(test, weft_field_ptr(key, WEFT_FIELD_ARP_SPA),
			    (void *)&key->ip_src);
	KUNIT_EXPECT_PTR_EQ(test, weft_field_ptr(key, WEFT_FIELD_ICMP_ID),
			    (void *)&key->tcp_flags);
}

/* The significant bits of byte @i of a field */
static u8 width_of_byte(const struct weft_field_desc *d, unsigned int i)
{
	u8 v = 0;
	int bit;

	for (bit = 0; bit < 8; bit++)
		if ((d->len - 1 - i) * 8 + bit < d->bits)
			v |= BIT(bit);
	return v;
}

static struct attr *new_attr(struct kunit *test, enum weft_field field,
			     unsigned int len)
{
	struct attr *attr = kunit_kzalloc(test, sizeof(*attr), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, attr);
	attr->nla.nla_type = field;
	attr->nla.nla_len = nla_attr_size(len);
	return attr;
}

static void parse_exact(struct kunit *test)
{
	const struct weft_field_desc *d = test->param_value;
	struct attr *attr = new_attr(test, field_of(test), d->len);
	struct netlink_ext_ack extack = {};
	struct weft_field_value fv;
	int i;

	for (i = 0; i < d->len; i++)
		attr->payload[i] = (0x5a + i) & width_of_byte(d, i);
	memset(&fv, 0xee, sizeof(fv));
	KUNIT_ASSERT_EQ(test, weft_field_parse(&attr->nla, &fv, &extack), 0);
	for (i = 0; i < WEFT_FIELD_LEN_MAX; i++) {
		KUNIT_EXPECT_EQ(test, fv.value[i], i < d->len ? attr->payload[i] : 0);
		KUNIT_EXPECT_EQ(test, fv.mask[i], i < d->len ? width_of_byte(d, i) : 0);
	}
	KUNIT_EXPECT_NULL(test, extack._msg);

	/* zero is a value like others */
	memset(attr->payload, 0, sizeof(attr->payload));
	KUNIT_EXPECT_EQ(test, weft_field_parse(&attr->nla, &fv, NULL), 0);
}

/* Bits that a value may have; a mask may have all of them */
static unsigned int value_bits(const struct weft_field_desc *d)
{
	return d == &weft_fields[WEFT_FIELD_LIN] ? 15 : d->bits;
}

static void parse_masked(struct kunit *test)
{
	const struct weft_field_desc *d = test->param_value;
	struct attr *attr = new_attr(test, field_of(test), 2 * d->len);
	struct weft_field_value fv;
	int bit, at, i;

	for (bit = 0; bit < d->bits; bit++) {
		at = d->len - 1 - bit / 8;
		memset(attr->payload, 0, sizeof(attr->payload));
		attr->payload[d->len + at] = BIT(bit % 8);
		KUNIT_ASSERT_EQ(test, weft_field_parse(&attr->nla, &fv, NULL), 0);
		KUNIT_EXPECT_EQ(test, fv.value[at], 0);
		KUNIT_EXPECT_EQ(test, fv.mask[at], BIT(bit % 8));

		if (bit >= value_bits(d))
			continue;
		attr->payload[at] = BIT(bit % 8);
		KUNIT_ASSERT_EQ(test, weft_field_parse(&attr->nla, &fv, NULL), 0);
		for (i = 0; i < WEFT_FIELD_LEN_MAX; i++) {
			KUNIT_EXPECT_EQ(test, fv.value[i], i == at ? BIT(bit % 8) : 0);
			KUNIT_EXPECT_EQ(test, fv.mask[i], i == at ? BIT(bit % 8) : 0);
		}
	}
}

static void expect_refused(struct kunit *test, struct attr *attr, const char *why)
{
	const struct weft_field_desc *d = test->param_value;
	struct netlink_ext_ack extack = {};
	struct weft_field_value fv;
	int err;

	err = weft_field_parse(&attr->nla, &fv, &extack);
	KUNIT_EXPECT_EQ_MSG(test, err, -EINVAL, "%s", why);
	KUNIT_EXPECT_EQ(test, weft_field_parse(&attr->nla, &fv, NULL), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, extack.bad_attr, (const struct nlattr *)&attr->nla);
	KUNIT_ASSERT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(extack._msg, why), "%s", extack._msg);
	if (d)
		KUNIT_EXPECT_TRUE_MSG(test, str_has_prefix(extack._msg, d->name),
				      "%s", extack._msg);
}

static void parse_wrong_length(struct kunit *test)
{
	const struct weft_field_desc *d = test->param_value;
	struct attr *attr;
	unsigned int len;

	for (len = 0; len <= sizeof(attr->payload); len++) {
		if (len == d->len || len == 2 * d->len)
			continue;
		attr = new_attr(test, field_of(test), len);
		memset(attr->payload, 0x01, sizeof(attr->payload));
		expect_refused(test, attr, "length");
	}
}

static void parse_wrong_bits(struct kunit *test)
{
	const struct weft_field_desc *d = test->param_value;
	struct attr *exact = new_attr(test, field_of(test), d->len);
	struct attr *masked = new_attr(test, field_of(test), 2 * d->len);
	int bit, at;

	expect_refused(test, masked, "mask has no bits");

	masked->payload[d->len - 1] = 0x03;
	masked->payload[2 * d->len - 1] = 0x01;
	expect_refused(test, masked, "outside the mask");

	for (bit = d->bits; bit < d->len * 8; bit++) {
		at = d->len - 1 - bit / 8;
		memset(exact->payload, 0, sizeof(exact->payload));
		exact->payload[at] = BIT(bit % 8);
		expect_refused(test, exact, "value is wider");

		memset(masked->payload, 0, sizeof(masked->payload));
		masked->payload[2 * d->len - 1] = 0x01;
		masked->payload[d->len + at] |= BIT(bit % 8);
		expect_refused(test, masked, "mask is wider");
		masked->payload[at] |= BIT(bit % 8);
		expect_refused(test, masked, "value is wider");
	}
}

/* The top bit of lin is no part of a logical port */
static void parse_lin(struct kunit *test)
{
	static const u8 values[][2] = { { 0x80, 0x00 }, { 0x80, 0x01 }, { 0xff, 0xff } };
	struct weft_field_value fv;
	struct attr *attr;
	int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		attr = new_attr(test, WEFT_FIELD_LIN, 2);
		memcpy(attr->payload, values[i], 2);
		expect_refused(test, attr, "lin: value is over 32767");
		attr = new_attr(test, WEFT_FIELD_LIN, 4);
		memcpy(attr->payload, values[i], 2);
		memcpy(attr->payload + 2, values[i], 2);
		expect_refused(test, attr, "lin: value is over 32767");
	}
	attr = new_attr(test, WEFT_FIELD_LIN, 2);
	memcpy(attr->payload, "\x7f\xff", 2);
	KUNIT_ASSERT_EQ(test, weft_field_parse(&attr->nla, &fv, NULL), 0);
	EXPECT_SAME(test, fv.mask, "\xff\xff", 2);
}

static void parse_unknown(struct kunit *test)
{
	static const u16 types[] = { 0, WEFT_FIELD_MAX + 1, 255, 0x3fff };
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		expect_refused(test, new_attr(test, types[i], 4), "unknown field");
}

static bool bit_get(const u8 *p, unsigned int len, unsigned int bit)
{
	return p[len - 1 - bit / 8] & BIT(bit % 8);
}

static void bit_put(u8 *p, unsigned int len, unsigned int bit, bool on)
{
	if (on)
		p[len - 1 - bit / 8] |= BIT(bit % 8);
	else
		p[len - 1 - bit / 8] &= ~BIT(bit % 8);
}

static u32 below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/* Random places in two strings, or twice in the same one */
static void bits_copy(struct kunit *test)
{
	enum { GUARD = 8, SIZE = WEFT_FIELD_LEN_MAX + 2 * GUARD };
	u8 dst[SIZE], src[SIZE], expected[SIZE], from[SIZE];
	struct rnd_state rnd;
	int i, n;

	prandom_seed_state(&rnd, SEED);
	for (n = 0; n < COPIES; n++) {
		unsigned int dst_len = 1 + below(&rnd, WEFT_FIELD_LEN_MAX);
		unsigned int src_len = 1 + below(&rnd, WEFT_FIELD_LEN_MAX);
		bool same = !below(&rnd, 4);
		unsigned int dst_bit, src_bit, n_bits;
		u8 *s = same ? dst : src;

		if (same)
			src_len = dst_len;
		n_bits = below(&rnd, min(dst_len, src_len) * 8 + 1);
		dst_bit = below(&rnd, dst_len * 8 - n_bits + 1);
		src_bit = below(&rnd, src_len * 8 - n_bits + 1);
		if (!below(&rnd, 4)) {
			n_bits &= ~7;
			dst_bit &= ~7;
			src_bit &= ~7;
		}

		prandom_bytes_state(&rnd, dst, sizeof(dst));
		prandom_bytes_state(&rnd, src, sizeof(src));
		memcpy(expected, dst, sizeof(dst));
		memcpy(from, s, sizeof(from));
		for (i = 0; i < n_bits; i++)
			bit_put(expected + GUARD, dst_len, dst_bit + i,
				bit_get(from + GUARD, src_len, src_bit + i));

		weft_bits_copy(dst + GUARD, dst_len, dst_bit,
			       s + GUARD, src_len, src_bit, n_bits);
		if (memcmp(dst, expected, sizeof(dst))) {
			KUNIT_FAIL(test, "%u bits from %u of %u to %u of %u%s: %*ph, not %*ph",
				   n_bits, src_bit, src_len, dst_bit, dst_len,
				   same ? ", same" : "", SIZE, dst, SIZE, expected);
			return;
		}
	}
}

static void masked_set(struct kunit *test)
{
	u8 dst[] = { 0xff, 0x00, 0xa5, 0x77 };

	weft_masked_set(dst, (const u8 *)"\x12\x34\x0f\xff", (const u8 *)"\xff\xff\x0f\0", 4);
	EXPECT_SAME(test, dst, "\x12\x34\xaf\x77", 4);
}

static struct kunit_case field_cases[] = {
	KUNIT_CASE_PARAM(field_table, each_field),
	KUNIT_CASE(field_widths),
	KUNIT_CASE(field_places),
	KUNIT_CASE_PARAM(parse_exact, each_field),
	KUNIT_CASE_PARAM(parse_masked, each_field),
	KUNIT_CASE_PARAM(parse_wrong_length, each_field),
	KUNIT_CASE_PARAM(parse_wrong_bits, each_field),
	KUNIT_CASE(parse_lin),
	KUNIT_CASE(parse_unknown),
	KUNIT_CASE(bits_copy),
	KUNIT_CASE(masked_set),
	{}
};

static struct kunit_suite field_suite = {
	.name = "weft_field",
	.test_cases = field_cases,
};

kunit_test_suites(&field_suite);
