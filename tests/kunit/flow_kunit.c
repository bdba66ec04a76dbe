// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of matches: which of the fields that share bytes go together, what of them
 * the key tells apart, and that a dump has the fields that were given.
 */
#include <kunit/test.h>
#include <linux/skbuff.h>
#include <net/netlink.h>
#include "field.h"
#include "flow.h"
#include "table.h"

#define NEST		1
#define F_IPV6		WEFT_TUN_F_IPV6

struct given {
	u8 field;
	u8 masked;		/* bytes of mask that are all ones; 0: exact */
	u16 flags;		/* of WEFT_FIELD_TUN_FLAGS: value, and */
	u16 flags_mask;		/* mask */
};

#define ADDR(_field)		{ .field = WEFT_FIELD_TUN_##_field }
#define PREFIX(_field, _n)	{ .field = WEFT_FIELD_TUN_##_field, .masked = _n }
#define FLAGS(_value, _mask)	{ .field = WEFT_FIELD_TUN_FLAGS, .flags = _value, \
				  .flags_mask = _mask }

struct family {
	const char *name;
	struct given fields[4];
	const char *refused;	/* a part of the message; NULL: taken, and then */
	u16 flags;		/* the bits of tun_flags in the key */
	u16 mask;
};

static const struct family families[] = {
	{ "nothing", {}, NULL, 0, 0 },
	{ "ipv4", { ADDR(SRC), ADDR(DST) }, NULL, 0, F_IPV6 },
	{ "ipv4 prefix", { PREFIX(DST, 2) }, NULL, 0, F_IPV6 },
	{ "ipv6", { ADDR(IPV6_SRC), ADDR(IPV6_DST) }, NULL, F_IPV6, F_IPV6 },
	{ "ipv6, one byte", { PREFIX(IPV6_SRC, 1) }, NULL, F_IPV6, F_IPV6 },
	{ "ipv6, four bytes", { PREFIX(IPV6_DST, 4) }, NULL, F_IPV6, F_IPV6 },
	{ "other flags", { ADDR(SRC), FLAGS(WEFT_TUN_F_KEY, WEFT_TUN_F_KEY | WEFT_TUN_F_OAM) },
	  NULL, WEFT_TUN_F_KEY, WEFT_TUN_F_KEY | WEFT_TUN_F_OAM | F_IPV6 },
	{ "all other flags", { PREFIX(IPV6_SRC, 3), FLAGS(WEFT_TUN_F_KEY, 0xffff & ~F_IPV6) },
	  NULL, WEFT_TUN_F_KEY | F_IPV6, 0xffff },
	{ "the flag alone", { FLAGS(F_IPV6, F_IPV6) }, NULL, F_IPV6, F_IPV6 },
	{ "not the flag", { FLAGS(0, F_IPV6) }, NULL, 0, F_IPV6 },
	{ "all flags", { FLAGS(WEFT_TUN_F_KEY, 0xffff) }, NULL, WEFT_TUN_F_KEY, 0xffff },
	{ "two sources", { ADDR(SRC), ADDR(IPV6_SRC) }, "tun_ipv6_src is of IPv6, field tun_src" },
	{ "two destinations", { ADDR(IPV6_DST), ADDR(DST) },
	  "tun_ipv6_dst is of IPv6, field tun_dst" },
	{ "mixed", { ADDR(SRC), PREFIX(IPV6_DST, 1) }, "tun_ipv6_dst is of IPv6, field tun_src" },
	{ "mixed likewise", { ADDR(IPV6_SRC), ADDR(DST) },
	  "tun_ipv6_src is of IPv6, field tun_dst" },
	{ "ipv4 and ipv6 flag", { FLAGS(F_IPV6, F_IPV6), ADDR(SRC) }, "tun_src implies it" },
	{ "ipv6 and no flag", { ADDR(IPV6_DST), FLAGS(0, F_IPV6) }, "tun_ipv6_dst implies it" },
	{ "said again", { PREFIX(DST, 1), FLAGS(0, 0xffff) }, "tun_dst implies it" },
};

static void family_desc(const struct family *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(family, families, family_desc);

static void put_given(struct kunit *test, struct sk_buff *skb, const struct given *g)
{
	unsigned int len = weft_fields[g->field].len;
	u8 payload[2 * WEFT_FIELD_LEN_MAX] = {};
	bool exact = !g->masked;

	if (g->field == WEFT_FIELD_TUN_FLAGS) {
		__be16 words[2] = { cpu_to_be16(g->flags), cpu_to_be16(g->flags_mask) };

		exact = g->flags_mask == 0xffff;
		memcpy(payload, words, sizeof(words));
	} else {
		memset(payload, 0xa5, exact ? len : g->masked);
		memset(payload + len, 0xff, g->masked);
	}
	KUNIT_ASSERT_EQ(test, nla_put(skb, g->field, exact ? len : 2 * len, payload), 0);
}

static struct nlattr *put_match(struct kunit *test, struct sk_buff *skb, const struct family *f)
{
	struct nlattr *nest = nla_nest_start(skb, NEST);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, nest);
	for (i = 0; i < ARRAY_SIZE(f->fields) && f->fields[i].field; i++)
		put_given(test, skb, &f->fields[i]);
	nla_nest_end(skb, nest);
	return nest;
}

/* What of @nest is not in @other, as a field; 0: nothing */
static int missing_from(const struct nlattr *nest, const struct nlattr *other)
{
	const struct nlattr *a, *b;
	int rem;

	nla_for_each_nested(a, nest, rem) {
		b = nla_find_nested(other, nla_type(a));
		if (!b || nla_len(a) != nla_len(b) ||
		    memcmp(nla_data(a), nla_data(b), nla_len(a)))
			return nla_type(a);
	}
	return 0;
}

/* As much of a subtable as entries need to know their mask */
static struct weft_subtable *make_subtable(struct kunit *test, const struct weft_key *mask)
{
	const u64 *words = (const u64 *)mask;
	struct weft_subtable *subtable;
	unsigned int i;

	subtable = kunit_kzalloc(test, struct_size(subtable, mask, WEFT_KEY_WORDS), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, subtable);
	for (i = 0; i < WEFT_KEY_WORDS; i++) {
		if (!words[i])
			continue;
		subtable->map |= BIT_ULL(i);
		subtable->mask[subtable->n++] = words[i];
	}
	return subtable;
}

/* The match as an entry's, and back */
static void expect_dump(struct kunit *test, const struct nlattr *nest,
			const struct weft_match *match)
{
	struct weft_subtable *subtable = make_subtable(test, &match->mask);
	struct sk_buff *skb = alloc_skb(1024, GFP_KERNEL);
	const struct nlattr *dump;
	struct weft_flow *flow;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	flow = weft_flow_alloc(subtable, match, 1, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(flow));
	KUNIT_EXPECT_EQ(test, weft_flow_put_match(skb, NEST, flow), 0);
	dump = (const struct nlattr *)skb->data;
	KUNIT_EXPECT_EQ(test, missing_from(nest, dump), 0);
	KUNIT_EXPECT_EQ(test, missing_from(dump, nest), 0);
	weft_flow_free(flow);
	kfree_skb(skb);
}

static void flow_family(struct kunit *test)
{
	const struct family *f = test->param_value;
	struct weft_match *match = kunit_kzalloc(test, sizeof(*match), GFP_KERNEL);
	struct sk_buff *skb = alloc_skb(1024, GFP_KERNEL);
	struct netlink_ext_ack extack = {};
	struct nlattr *nest;
	u16 layers;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, match);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	nest = put_match(test, skb, f);
	err = weft_match_parse(nest, match, &layers, &extack);
	if (f->refused) {
		KUNIT_EXPECT_EQ(test, err, -EINVAL);
		KUNIT_ASSERT_NOT_NULL(test, extack._msg);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(extack._msg, f->refused), "%s",
					  extack._msg);
		KUNIT_EXPECT_NOT_NULL(test, extack.bad_attr);
	} else {
		KUNIT_EXPECT_EQ(test, err, 0);
		KUNIT_EXPECT_EQ(test, be16_to_cpu(match->value.tun_flags), f->flags);
		KUNIT_EXPECT_EQ(test, be16_to_cpu(match->mask.tun_flags), f->mask);
		expect_dump(test, nest, match);
	}
	kfree_skb(skb);
}

static struct kunit_case flow_cases[] = {
	KUNIT_CASE_PARAM(flow_family, family_gen_params),
	{ }
};

static struct kunit_suite flow_suite = {
	.name = "weft_flow",
	.test_cases = flow_cases,
};

kunit_test_suite(flow_suite);
