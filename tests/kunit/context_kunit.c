// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of context.c: what STT and GRE carry in one number.
 *
 * Each case has the number written down, so that neither direction is judged by the other.
 * Then every bit of a number alone, and every field at its limits with all others
 * at theirs, must come back as they went.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/weft.h>
#include "context.h"

#define NARROW	(WEFT_MARK_OBSERVE | WEFT_MARK_NO_DELIVER)

struct word_case {
	const char *name;
	struct weft_context context;
	u64 stt;
	u32 gre;		/* with label 0 */
	u32 stt_mark;		/* what is left of the mark */
	u32 gre_mark;
};

static const struct word_case word_cases[] = {
	{ .name = "zero" },
	{ .name = "stage 1", .context.stage = 1, .stt = 1ULL << 60, .gre = 1U << 28 },
	{ .name = "stage max", .context.stage = 15, .stt = 15ULL << 60, .gre = 15U << 28 },
	{ .name = "observe", .context.mark = WEFT_MARK_OBSERVE, .stt = 1ULL << 59, .gre = 1U << 27,
	  .stt_mark = WEFT_MARK_OBSERVE, .gre_mark = WEFT_MARK_OBSERVE },
	{ .name = "no-deliver", .context.mark = WEFT_MARK_NO_DELIVER, .stt = 1ULL << 58,
	  .gre = 1U << 26, .stt_mark = WEFT_MARK_NO_DELIVER, .gre_mark = WEFT_MARK_NO_DELIVER },
	{ .name = "mark 1", .context.mark = 1, .stt = 1ULL << 55, .gre = 1U << 24,
	  .stt_mark = 1, .gre_mark = 1 },
	{ .name = "mark 3, GRE's max", .context.mark = 3, .stt = 3ULL << 55, .gre = 3U << 24,
	  .stt_mark = 3, .gre_mark = 3 },
	{ .name = "mark 4, too much for GRE", .context.mark = 4, .stt = 4ULL << 55,
	  .stt_mark = 4 },
	{ .name = "mark 7, STT's max", .context.mark = 7, .stt = 7ULL << 55, .gre = 3U << 24,
	  .stt_mark = 7, .gre_mark = 3 },
	{ .name = "mark 8, too much for both", .context.mark = 8 },
	{ .name = "mark max", .context.mark = U32_MAX, .stt = 0x1fULL << 55, .gre = 0xfU << 24,
	  .stt_mark = NARROW | 7, .gre_mark = NARROW | 3 },
	{ .name = "lin 1", .context.lin = 1, .stt = 1ULL << 40 },
	{ .name = "lin max", .context.lin = 0x7fff, .stt = 0x7fffULL << 40 },
	{ .name = "lout 1", .context.lout = 1, .stt = 1ULL << 24 },
	{ .name = "lout max", .context.lout = 0xffff, .stt = 0xffffULL << 24 },
	{ .name = "ldp 1", .context.ldp = 1, .stt = 1 },
	{ .name = "ldp max", .context.ldp = 0xffffff, .stt = 0xffffff },
	{ .name = "byte order",
	  .context = { .stage = 5, .mark = NARROW | 2, .lin = 0x1234, .lout = 0x5678,
		       .ldp = 0x9abcde },
	  .stt = 0x5d123456789abcdeULL, .gre = 0x5e000000,
	  .stt_mark = NARROW | 2, .gre_mark = NARROW | 2 },
	{ .name = "all max",
	  .context = { .stage = 15, .mark = NARROW | 7, .lin = 0x7fff, .lout = 0xffff,
		       .ldp = 0xffffff },
	  .stt = U64_MAX, .gre = 0xff000000, .stt_mark = NARROW | 7, .gre_mark = NARROW | 3 },
};

static void word_desc(const struct word_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(word, word_cases, word_desc);

static void stt_test(struct kunit *test)
{
	const struct word_case *c = test->param_value;
	struct weft_context got;

	KUNIT_ASSERT_TRUE(test, weft_context_fits(&c->context));
	KUNIT_EXPECT_EQ(test, weft_stt_encode(&c->context), c->stt);
	memset(&got, 0xa5, sizeof(got));
	weft_stt_decode(c->stt, &got);
	KUNIT_EXPECT_EQ(test, got.ldp, c->context.ldp);
	KUNIT_EXPECT_EQ(test, got.lin, c->context.lin);
	KUNIT_EXPECT_EQ(test, got.lout, c->context.lout);
	KUNIT_EXPECT_EQ(test, got.stage, c->context.stage);
	KUNIT_EXPECT_EQ(test, got.mark, c->stt_mark);
}

static void gre_test(struct kunit *test)
{
	static const u32 labels[] = { 0, 1, 0x123456, 0x800000, WEFT_LABEL_MAX };
	const struct word_case *c = test->param_value;
	struct weft_context got;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(labels); i++) {
		KUNIT_EXPECT_EQ(test, weft_gre_encode(&c->context, labels[i]),
				c->gre | labels[i]);
		memset(&got, 0xa5, sizeof(got));
		KUNIT_EXPECT_EQ(test, weft_gre_decode(c->gre | labels[i], &got), labels[i]);
		KUNIT_EXPECT_EQ(test, got.stage, c->context.stage);
		KUNIT_EXPECT_EQ(test, got.mark, c->gre_mark);
		/* these are the label's */
		KUNIT_EXPECT_EQ(test, got.ldp, 0U);
		KUNIT_EXPECT_EQ(test, got.lin, 0);
		KUNIT_EXPECT_EQ(test, got.lout, 0);
	}
}

/* No bit is lost, and none shows up in two places */
static void bits_test(struct kunit *test)
{
	struct weft_context context;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		weft_stt_decode(1ULL << i, &context);
		KUNIT_EXPECT_EQ(test, hweight32(context.ldp) + hweight32(context.mark) +
				hweight16(context.lin) + hweight16(context.lout) +
				hweight8(context.stage), 1U);
		KUNIT_EXPECT_TRUE(test, weft_context_fits(&context));
		KUNIT_EXPECT_EQ(test, weft_stt_encode(&context), 1ULL << i);
	}
	for (i = 0; i < 32; i++) {
		u32 label = weft_gre_decode(1U << i, &context);

		KUNIT_EXPECT_EQ(test, hweight32(label) + hweight32(context.mark) +
				hweight8(context.stage), 1U);
		KUNIT_EXPECT_EQ(test, weft_gre_encode(&context, label), 1U << i);
	}
}

static void fits_test(struct kunit *test)
{
	const struct weft_context most = {
		.ldp = WEFT_LDP_MAX, .lin = WEFT_LIN_MAX, .lout = U16_MAX,
		.stage = WEFT_STAGE_VALUE_MAX, .mark = U32_MAX,
	};
	struct weft_context context = most;

	KUNIT_EXPECT_TRUE(test, weft_context_fits(&context));
	context.ldp++;
	KUNIT_EXPECT_FALSE(test, weft_context_fits(&context));
	context = most;
	context.lin++;
	KUNIT_EXPECT_FALSE(test, weft_context_fits(&context));
	context = most;
	context.stage++;
	KUNIT_EXPECT_FALSE(test, weft_context_fits(&context));
}

/* stage says which port the label stands for */
static void lport_test(struct kunit *test)
{
	struct weft_context context = { .lin = 3, .lout = 5 };
	unsigned int stage;

	KUNIT_EXPECT_EQ(test, weft_gre_lport(&context), 5);
	for (stage = 1; stage <= WEFT_STAGE_VALUE_MAX; stage++) {
		context.stage = stage;
		KUNIT_EXPECT_EQ(test, weft_gre_lport(&context), 3);
	}
}

static void mark_bits_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, weft_mark_bits(WEFT_PORT_TYPE_GENEVE), U32_MAX);
	KUNIT_EXPECT_EQ(test, weft_mark_bits(WEFT_PORT_TYPE_INTERNAL), U32_MAX);
	KUNIT_EXPECT_EQ(test, weft_mark_bits(WEFT_PORT_TYPE_NETDEV), U32_MAX);
	KUNIT_EXPECT_EQ(test, weft_mark_bits(WEFT_PORT_TYPE_STT), 0xc0000007U);
	KUNIT_EXPECT_EQ(test, weft_mark_bits(WEFT_PORT_TYPE_GRE), 0xc0000003U);
}

static struct kunit_case context_cases[] = {
	KUNIT_CASE_PARAM(stt_test, word_gen_params),
	KUNIT_CASE_PARAM(gre_test, word_gen_params),
	KUNIT_CASE(bits_test),
	KUNIT_CASE(fits_test),
	KUNIT_CASE(lport_test),
	KUNIT_CASE(mark_bits_test),
	{}
};

static struct kunit_suite context_suite = {
	.name = "weft_context",
	.test_cases = context_cases,
};

kunit_test_suite(context_suite);
