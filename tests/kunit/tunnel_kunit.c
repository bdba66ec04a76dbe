// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of tunnel.c: Geneve options, both ways, and the set of remotes.
 *
 * Each case says what an operation shall look like as bytes and what the bytes mean. The
 * bytes are written down here, option by option, not computed by the code under
 * test. Malformed options come from two sources: written by hand, each with its
 * verdict, and all the cases cut at every byte or with one byte changed,
 * which must never read past the end (a copy of exact length is given, so KASAN
 * sees it) nor write outside the fields of the tunnel.
 */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/weft.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include "compat.h"
#include "context.h"
#include "key.h"
#include "program.h"
#include "tunnel.h"

#define ROOM	256

/* Options: class and type */
#define CONTEXT	0x010280
#define MARK	0xff0001
#define SLOT0	0x010381
#define SLOT1	0xffff7f

/* Slot 0: critical, 4 bytes; slot 1: 16 bytes; slot 2: unused; slot 3: 8 bytes */
static const struct weft_tun_opt slots[WEFT_TUN_OPTS] = {
	{ .opt_class = 0x0103, .type = 0x81, .slot = 0, .len = 4 },
	{ .opt_class = 0xffff, .type = 0x7f, .slot = 1, .len = 16 },
	{ },
	{ .opt_class = 0x0102, .type = 0x00, .slot = 3, .len = 8 },
};

static const struct weft_tun_opt no_slots[WEFT_TUN_OPTS];

struct options {
	u8 data[ROOM];
	unsigned int len;
};

/* @option: class and type; @words: the length that the header says */
static void put(struct options *o, u32 option, u8 words, const void *data, unsigned int len)
{
	put_unaligned_be32(option << 8 | words, o->data + o->len);
	if (len)
		memcpy(o->data + o->len + 4, data, len);
	o->len += 4 + len;
}

static void put_context(struct options *o, u32 context)
{
	u8 data[4];

	put_unaligned_be32(context, data);
	put(o, CONTEXT, 1, data, sizeof(data));
}

static void put_mark(struct options *o, u32 mark, u32 flags)
{
	u8 data[8];

	put_unaligned_be32(mark, data);
	put_unaligned_be32(flags, data + 4);
	put(o, MARK, 2, data, sizeof(data));
}

/* Decode a copy that ends where the options end */
static enum weft_drop decode(struct kunit *test, const struct options *o, unsigned int len,
			     const struct weft_tun_opt *with, struct weft_key *key)
{
	u8 *copy = kmalloc(len ?: 1, GFP_KERNEL);
	enum weft_drop reason;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, o->data, len);
	memset(key, 0, sizeof(*key));
	reason = weft_geneve_decode(key, copy, len, with);
	kfree(copy);
	return reason;
}

/* Nothing but what options can say is in @key */
static bool only_options(const struct weft_key *key)
{
	struct weft_key rest = *key;

	rest.lin = 0;
	rest.lout = 0;
	rest.stage = 0;
	rest.mark = 0;
	rest.tun_flags = 0;
	memset(rest.tun_opt, 0, sizeof(rest.tun_opt));
	return !memchr_inv(&rest, 0, sizeof(rest));
}

struct codec_case {
	const char *name;
	u32 context;
	u32 mark;
	u32 flags;		/* second word of the option mark */
	u16 lin;
	u16 lout;
	u8 stage;
	u8 opts;		/* slots present */
};

static const struct codec_case codec_cases[] = {
	{ .name = "zero" },
	{ .name = "lin 1", .context = 0x00010000, .lin = 1 },
	{ .name = "lin max", .context = 0x7fff0000, .lin = 0x7fff },
	{ .name = "lout 1", .context = 1, .lout = 1 },
	{ .name = "lout max", .context = 0xffff, .lout = 0xffff },
	{ .name = "both max", .context = 0x7fffffff, .lin = 0x7fff, .lout = 0xffff },
	{ .name = "byte order", .context = 0x12345678, .lin = 0x1234, .lout = 0x5678,
	  .mark = 0x9abcdef0, .flags = 0x50000000, .stage = 5 },
	{ .name = "mark 1", .mark = 1 },
	{ .name = "mark max", .mark = 0xffffffff },
	{ .name = "observe", .mark = WEFT_MARK_OBSERVE },
	{ .name = "no-deliver", .mark = WEFT_MARK_NO_DELIVER },
	{ .name = "stage 1", .flags = 0x10000000, .stage = 1 },
	{ .name = "stage max", .flags = 0xf0000000, .stage = 15 },
	{ .name = "slot 0", .opts = BIT(0) },
	{ .name = "slot 1", .opts = BIT(1) },
	{ .name = "slot 3", .opts = BIT(3) },
	{ .name = "all", .opts = BIT(0) | BIT(1) | BIT(3), .context = 0x7fffffff, .lin = 0x7fff,
	  .lout = 0xffff, .mark = 0xffffffff, .flags = 0xf0000000, .stage = 15 },
};

static void codec_desc(const struct codec_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(codec, codec_cases, codec_desc);

static u8 opt_byte(unsigned int slot, unsigned int i)
{
	return 0x80 | slot << 4 | i;
}

static void expected_options(const struct codec_case *c, struct options *o)
{
	u8 data[WEFT_TUN_OPT_LEN];
	unsigned int slot, i;

	o->len = 0;
	put_context(o, c->context);
	put_mark(o, c->mark, c->flags);
	for (slot = 0; slot < WEFT_TUN_OPTS; slot++) {
		if (!(c->opts & BIT(slot)))
			continue;
		for (i = 0; i < sizeof(data); i++)
			data[i] = opt_byte(slot, i);
		put(o, slots[slot].opt_class << 8 | slots[slot].type, slots[slot].len / 4,
		    data, slots[slot].len);
	}
}

static struct weft_op_tunnel *make_op(struct kunit *test, const struct codec_case *c, u8 opts)
{
	struct weft_op_tunnel *op;
	unsigned int slot, i;

	op = kunit_kzalloc(test, struct_size(op, opt, WEFT_TUN_OPTS), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, op);
	op->lin = c->lin;
	op->lout = c->lout;
	op->mark = c->mark;
	op->stage = c->stage;
	op->opts_present = opts;
	for (slot = 0; slot < WEFT_TUN_OPTS; slot++)
		for (i = 0; i < WEFT_TUN_OPT_LEN; i++)
			op->opt[slot][i] = opt_byte(slot, i);
	return op;
}

static void encode_test(struct kunit *test)
{
	const struct codec_case *c = test->param_value;
	struct options want;
	u8 got[WEFT_GENEVE_OPTS_MAX];
	unsigned int len;

	expected_options(c, &want);
	len = weft_geneve_encode(got, make_op(test, c, c->opts), slots);
	KUNIT_ASSERT_EQ(test, len, want.len);
	KUNIT_EXPECT_EQ(test, memcmp(got, want.data, len), 0);

	/* an option without a slot at this port is not sent */
	len = weft_geneve_encode(got, make_op(test, c, c->opts | BIT(2)), slots);
	KUNIT_EXPECT_EQ(test, len, want.len);
	len = weft_geneve_encode(got, make_op(test, c, 0xf), no_slots);
	KUNIT_EXPECT_EQ(test, len, 20U);
}

static void decode_test(struct kunit *test)
{
	const struct codec_case *c = test->param_value;
	u16 flags = WEFT_TUN_F_CONTEXT | WEFT_TUN_F_MARK;
	struct weft_key key, want = { };
	unsigned int slot, i;
	struct options o;

	expected_options(c, &o);
	KUNIT_ASSERT_EQ(test, decode(test, &o, o.len, slots, &key), WEFT_DROP_UNSPEC);

	want.lin = cpu_to_be16(c->lin);
	want.lout = cpu_to_be16(c->lout);
	want.mark = cpu_to_be32(c->mark);
	want.stage = c->stage;
	for (slot = 0; slot < WEFT_TUN_OPTS; slot++) {
		if (!(c->opts & BIT(slot)))
			continue;
		flags |= WEFT_TUN_F_OPT0 << slot;
		for (i = 0; i < slots[slot].len; i++)
			want.tun_opt[slot][i] = opt_byte(slot, i);
	}
	want.tun_flags = cpu_to_be16(flags);
	KUNIT_EXPECT_EQ(test, memcmp(&key, &want, sizeof(key)), 0);
}

static void cut_test(struct kunit *test)
{
	const struct codec_case *c = test->param_value;
	struct weft_key key;
	unsigned int len, at;
	struct options o;

	expected_options(c, &o);
	for (len = 0; len < o.len; len++) {
		bool whole = false;

		/* is it a place where an option ends? */
		for (at = 0; at <= len; at += 4 + o.data[at + 3] * 4)
			whole |= at == len;
		KUNIT_EXPECT_EQ_MSG(test, decode(test, &o, len, slots, &key),
				    whole ? WEFT_DROP_UNSPEC : WEFT_DROP_TUNNEL_BAD,
				    "cut to %u bytes", len);
		KUNIT_EXPECT_TRUE(test, only_options(&key));
	}
}

static void corrupt_test(struct kunit *test)
{
	const struct codec_case *c = test->param_value;
	enum weft_drop reason;
	struct weft_key key;
	unsigned int at, with;
	struct options o;

	for (at = 0; expected_options(c, &o), at < o.len; at++)
		for (with = 0; with < 256; with++) {
			o.data[at] = with;
			reason = decode(test, &o, o.len, slots, &key);
			KUNIT_EXPECT_TRUE(test, reason == WEFT_DROP_UNSPEC ||
					  reason == WEFT_DROP_TUNNEL_BAD ||
					  reason == WEFT_DROP_TUNNEL_OPTION);
			KUNIT_EXPECT_TRUE(test, only_options(&key));
		}
}

/* Options with ROOM for any length field, in the order in which they are met */
struct verdict_case {
	const char *name;
	struct {
		u32 option;	/* class and type */
		u8 words;	/* of the header: upper bits as they are */
		u8 len;		/* bytes that follow */
		u8 fill;
	} opt[4];
	enum weft_drop drop;
	u16 flags;
};

static const struct verdict_case verdict_cases[] = {
	{ "none" },
	{ "context alone", { { CONTEXT, 1, 4 } }, 0, WEFT_TUN_F_CONTEXT },
	{ "mark alone", { { MARK, 2, 8 } }, 0, WEFT_TUN_F_MARK },
	{ "other order", { { MARK, 2, 8 }, { CONTEXT, 1, 4 } }, 0,
	  WEFT_TUN_F_CONTEXT | WEFT_TUN_F_MARK },
	{ "reserved bits of the header", { { CONTEXT, 0xe1, 4 } }, 0, WEFT_TUN_F_CONTEXT },
	{ "reserved flags of the mark", { { MARK, 2, 8, 0xff } }, 0, WEFT_TUN_F_MARK },
	{ "context bit 31", { { CONTEXT, 1, 4, 0x80 } }, WEFT_DROP_TUNNEL_BAD },
	{ "context empty", { { CONTEXT, 0, 0 } }, WEFT_DROP_TUNNEL_BAD },
	{ "context long", { { CONTEXT, 2, 8 } }, WEFT_DROP_TUNNEL_BAD },
	{ "context twice", { { CONTEXT, 1, 4 }, { CONTEXT, 1, 4 } }, WEFT_DROP_TUNNEL_BAD },
	{ "mark empty", { { MARK, 0, 0 } }, WEFT_DROP_TUNNEL_BAD },
	{ "mark short", { { MARK, 1, 4 } }, WEFT_DROP_TUNNEL_BAD },
	{ "mark long", { { MARK, 3, 12 } }, WEFT_DROP_TUNNEL_BAD },
	{ "mark twice", { { MARK, 2, 8 }, { CONTEXT, 1, 4 }, { MARK, 2, 8 } },
	  WEFT_DROP_TUNNEL_BAD },
	{ "slot", { { SLOT0, 1, 4 } }, 0, WEFT_TUN_F_OPT0 },
	{ "slot empty", { { SLOT0, 0, 0 } }, WEFT_DROP_TUNNEL_BAD },
	{ "slot long", { { SLOT0, 2, 8 } }, WEFT_DROP_TUNNEL_BAD },
	{ "slot short", { { SLOT1, 3, 12 } }, WEFT_DROP_TUNNEL_BAD },
	{ "slot twice", { { SLOT0, 1, 4 }, { SLOT0, 1, 4 } }, WEFT_DROP_TUNNEL_BAD },
	{ "unknown critical", { { 0x010480, 1, 4 } }, WEFT_DROP_TUNNEL_OPTION },
	{ "unknown critical, empty", { { 0x0104ff, 0, 0 } }, WEFT_DROP_TUNNEL_OPTION },
	{ "unknown critical, last", { { CONTEXT, 1, 4 }, { MARK, 2, 8 }, { 0x80, 1, 4 } },
	  WEFT_DROP_TUNNEL_OPTION },
	{ "unknown", { { 0x010400, 1, 4 } } },
	{ "unknown twice", { { 0x01047f, 1, 4 }, { 0x01047f, 2, 8 } } },
	{ "unknown, longest", { { 0x010400, 31, 124 }, { CONTEXT, 1, 4 } }, 0,
	  WEFT_TUN_F_CONTEXT },
	{ "class of the context, other type", { { 0x010281, 1, 4 } },
	  WEFT_DROP_TUNNEL_OPTION },
	{ "class of the mark, other type", { { 0xff0002, 1, 4 } } },
	{ "past the end", { { 0x010400, 1, 0 } }, WEFT_DROP_TUNNEL_BAD },
	{ "far past the end", { { CONTEXT, 31, 4 } }, WEFT_DROP_TUNNEL_BAD },
};

static void verdict_desc(const struct verdict_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(verdict, verdict_cases, verdict_desc);

static void verdict_test(struct kunit *test)
{
	const struct verdict_case *c = test->param_value;
	struct options o = { };
	struct weft_key key;
	u8 data[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->opt); i++) {
		if (!c->opt[i].option)
			break;
		memset(data, c->opt[i].fill, sizeof(data));
		put(&o, c->opt[i].option, c->opt[i].words, data, c->opt[i].len);
	}
	KUNIT_EXPECT_EQ(test, decode(test, &o, o.len, slots, &key), c->drop);
	if (!c->drop)
		KUNIT_EXPECT_EQ(test, be16_to_cpu(key.tun_flags), c->flags);
	KUNIT_EXPECT_TRUE(test, only_options(&key));
}

/* With no slots their options are as unknown as any */
static void no_slots_test(struct kunit *test)
{
	struct options o = { };
	struct weft_key key;
	u8 data[16] = { };

	put(&o, SLOT1, 4, data, 16);
	KUNIT_EXPECT_EQ(test, decode(test, &o, o.len, no_slots, &key), WEFT_DROP_UNSPEC);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(key.tun_flags), 0);
	put(&o, SLOT0, 1, data, 4);
	KUNIT_EXPECT_EQ(test, decode(test, &o, o.len, no_slots, &key), WEFT_DROP_TUNNEL_OPTION);
	/* class and type zero are no slot that is not used */
	o.len = 0;
	put(&o, 0, 0, NULL, 0);
	KUNIT_EXPECT_EQ(test, decode(test, &o, o.len, no_slots, &key), WEFT_DROP_UNSPEC);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(key.tun_flags), 0);
}

/* Remotes */

/* The @i-th address that is a remote, if @i is even, or is not; IPv4 and IPv6 in turn */
static bool remote(unsigned int i, struct in6_addr *addr)
{
	if (i / 2 % 2) {
		memset(addr, 0, sizeof(*addr));
		addr->s6_addr32[0] = cpu_to_be32(0xfd000000);
		addr->s6_addr32[3] = cpu_to_be32(i);
		return true;
	}
	ipv6_addr_set_v4mapped(cpu_to_be32(0x0a000000 + i), addr);
	return false;
}

static const struct nlattr *remotes_attr(struct kunit *test, struct sk_buff *skb,
					 unsigned int n)
{
	struct nlattr *nest = nla_nest_start(skb, WEFT_PORT_A_REMOTES);
	struct in6_addr addr;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, nest);
	for (i = 0; i < 2 * n; i += 2)
		if (remote(i, &addr))
			KUNIT_ASSERT_EQ(test, nla_put_in6_addr(skb, WEFT_REMOTES_A_IPV6, &addr),
					0);
		else
			KUNIT_ASSERT_EQ(test, nla_put_in_addr(skb, WEFT_REMOTES_A_IPV4,
							      addr.s6_addr32[3]), 0);
	nla_nest_end(skb, nest);
	return nest;
}

static void expect_remotes(struct kunit *test, const struct weft_tunnel *tunnel,
			   unsigned int n)
{
	struct in6_addr addr;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, tunnel->n_remotes, n);
	KUNIT_EXPECT_EQ(test, tunnel->n_remotes6, n / 2);
	for (i = 0; i < 2 * n + 8; i++) {
		struct weft_key key = {};

		if (remote(i, &addr)) {
			key.tun_flags = cpu_to_be16(WEFT_TUN_F_IPV6);
			key.tun_src = addr;
		} else {
			key.tun_src.s6_addr32[0] = addr.s6_addr32[3];
		}
		KUNIT_EXPECT_EQ_MSG(test, weft_tunnel_accepts(tunnel, &key),
				    i < 2 * n && i % 2 == 0, "address %u of %u", i, n);
	}
}

static void remotes_test(struct kunit *test)
{
	static const unsigned int sizes[] = { 0, 1, 2, 3, 4, 5, 11, 12, 13, 1000, 4095, 4096 };
	struct weft_tunnel *tunnel, *copy;
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		skb = nlmsg_new(SZ_64K + SZ_1K, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		tunnel = weft_tunnel_make(NULL, WEFT_PORT_TYPE_GENEVE, 0,
					  remotes_attr(test, skb, sizes[i]), NULL, NULL);
		kfree_skb(skb);
		KUNIT_ASSERT_FALSE(test, IS_ERR(tunnel));
		expect_remotes(test, tunnel, sizes[i]);
		copy = weft_tunnel_make(tunnel, WEFT_PORT_TYPE_GENEVE, 0, NULL, NULL, NULL);
		kvfree(tunnel);
		KUNIT_ASSERT_FALSE(test, IS_ERR(copy));
		expect_remotes(test, copy, sizes[i]);
		kvfree(copy);
	}
}

static struct kunit_case tunnel_cases[] = {
	KUNIT_CASE_PARAM(encode_test, codec_gen_params),
	KUNIT_CASE_PARAM(decode_test, codec_gen_params),
	KUNIT_CASE_PARAM(cut_test, codec_gen_params),
	KUNIT_CASE_PARAM(corrupt_test, codec_gen_params),
	KUNIT_CASE_PARAM(verdict_test, verdict_gen_params),
	KUNIT_CASE(no_slots_test),
	KUNIT_CASE(remotes_test),
	{ }
};

static struct kunit_suite tunnel_suite = {
	.name = "weft_tunnel",
	.test_cases = tunnel_cases,
};

kunit_test_suite(tunnel_suite);
