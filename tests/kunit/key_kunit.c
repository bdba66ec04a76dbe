// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of key.c.
 *
 * Frames are built header by header, and each builder also notes what it means:
 * the fields of the expected key, and for which lengths a cut frame must be
 * refused and why ("marks", in the order in which a parser meets them). So one
 * description of a frame gives
 *
 *  - the key of the whole frame,
 *  - the verdict for the frame cut at every byte, as a broken link would, and
 *  - the verdict for it cut with IP's length made to fit, as an attacker would,
 *
 * and all of this for different layouts of the skb: linear, spread over page
 * fragments behind linear parts of several sizes, in a fragment list. Where the
 * kernel has KASAN, the bytes behind a linear frame are poisoned, so that
 * reading one is reported; elsewhere they hold what was cut off, so that the
 * verdict would differ from that of the other layouts.
 */
#include <kunit/test.h>
#include <linux/if_vlan.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>
#include "key.h"
#include "key_cases.h"

#define FENCE		64
#define SEED		0x5eed
#define FUZZ_FRAMES	(IS_ENABLED(CONFIG_KASAN) ? 20000 : 200000)
#define NEVER		0xa5	/* what the metadata part is filled with */

enum layout {
	LINEAR,
	PAGES,		/* linear part, then page fragments */
	FRAG_LIST,	/* linear part, then a list of skbs */
};

struct verdict {
	enum weft_drop drop;
	struct weft_key key;
	unsigned int mac_len;
	unsigned int l3;
	unsigned int l4;
	const char *fault;	/* something that must not happen, did */
};

/* Buffers that are too large for the stack */
struct bench {
	struct frame f;
	struct verdict linear;
	struct verdict other;
};

static void describe(const struct frame_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(frames, frame_cases, describe);

static void build(struct frame *f, const struct frame_case *c)
{
	memset(f, 0, sizeof(*f));
	c->build(f);
	if (!f->l4)
		f->l4 = f->l3;
}

/*
 * KASAN: forbid, or allow again, what is between tail and end of a linear
 * skb. The tail is at a multiple of eight, as the shadow needs.
 */
#ifdef CONFIG_KASAN_GENERIC
static __no_sanitize_address void fence(const struct sk_buff *skb, u8 shadow)
{
	u8 *from = kasan_mem_to_shadow(skb_tail_pointer(skb));
	u8 *to = kasan_mem_to_shadow(skb_end_pointer(skb));

	for (; from < to; from++)
		WRITE_ONCE(*from, shadow);
}
#else
static void fence(const struct sk_buff *skb, u8 shadow)
{
}
#endif

static void add_linear(struct sk_buff *skb, const struct frame *f, unsigned int len)
{
	unsigned long tail = (unsigned long)skb->data + len;

	skb_reserve(skb, ALIGN(tail, 8) - tail);
	memcpy(skb->data, f->data, f->len);
	skb_put(skb, len);
	fence(skb, 0xf9);
}

static bool add_pages(struct sk_buff *skb, const u8 *data, unsigned int len)
{
	unsigned int piece = max_t(unsigned int, DIV_ROUND_UP(len, 15), 1 + len % 7);
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned int at, n;
	int i = 0;

	if (!page)
		return false;
	/* at the very end of the page */
	memcpy(page_address(page) + PAGE_SIZE - len, data, len);
	for (at = 0; at < len; at += n) {
		n = min(piece, len - at);
		get_page(page);
		skb_add_rx_frag(skb, i++, page, PAGE_SIZE - len + at, n, n);
	}
	put_page(page);
	return true;
}

static bool add_frag_list(struct sk_buff *skb, const u8 *data, unsigned int len)
{
	struct sk_buff **last = &skb_shinfo(skb)->frag_list;
	unsigned int at, n;

	for (at = 0; at < len; at += n) {
		struct sk_buff *part;

		n = min(len - at, 1 + len / 3);
		part = alloc_skb(n, GFP_KERNEL);
		if (!part)
			return false;
		skb_put_data(part, data + at, n);
		*last = part;
		last = &part->next;
		skb->len += n;
		skb->data_len += n;
		skb->truesize += part->truesize;
	}
	return true;
}

/* The first @len bytes of the frame, @head of them in the linear part */
static struct sk_buff *make_skb(const struct frame *f, unsigned int len,
				enum layout layout, unsigned int head)
{
	unsigned int room = layout == LINEAR ? 8 + FRAME_MAX + FENCE : head;
	struct sk_buff *skb = alloc_skb(room, GFP_KERNEL);
	bool ok = true;

	if (!skb)
		return NULL;
	head = min(head, len);
	if (layout == LINEAR)
		add_linear(skb, f, len);
	else
		skb_put_data(skb, f->data, head);
	if (layout == PAGES)
		ok = add_pages(skb, f->data + head, len - head);
	else if (layout == FRAG_LIST)
		ok = add_frag_list(skb, f->data + head, len - head);
	if (!ok) {
		kfree_skb(skb);
		return NULL;
	}

	if (f->accel)
		__vlan_hwaccel_put_tag(skb, f->accel_tpid, f->accel_tci);
	if (f->gso_type) {
		skb_shinfo(skb)->gso_type = f->gso_type;
		skb_shinfo(skb)->gso_size = 8;
		skb_shinfo(skb)->gso_segs = 2;
	}
	skb->protocol = htons(0x4242);
	return skb;
}

static void extract(const struct frame *f, unsigned int len, enum layout layout,
		    unsigned int head, struct verdict *v)
{
	struct sk_buff *skb = make_skb(f, len, layout, head);

	memset(v, 0, sizeof(*v));
	if (!skb) {
		v->fault = "no memory";
		return;
	}

	memset(&v->key, NEVER, sizeof(v->key));
	v->drop = weft_key_extract(skb, &v->key);

	if (memchr_inv(&v->key, NEVER, WEFT_KEY_PACKET))
		v->fault = "metadata written";
	else if (skb->len != len)
		v->fault = "length changed";
	else if (skb_mac_offset(skb))
		v->fault = "MAC header is not at the data";
	else if (skb->protocol != htons(0x4242))
		v->fault = "protocol changed";
	if (!v->drop) {
		v->mac_len = skb->mac_len;
		v->l3 = skb_network_offset(skb);
		v->l4 = skb_transport_offset(skb);
		if (v->l3 > len || v->l4 > len)
			v->fault = "header beyond the end";
	}

	if (layout == LINEAR)
		fence(skb, 0);
	kfree_skb(skb);
}

static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	if (a->drop != b->drop)
		return false;
	if (a->drop)
		return true;
	return a->mac_len == b->mac_len && a->l3 == b->l3 && a->l4 == b->l4 &&
	       !memcmp(&a->key, &b->key, sizeof(a->key));
}

/* Headers come in combinations that make sense */
static const char *nonsense(const struct weft_key *key)
{
	u16 l = key->layers;

	if (hweight16(l & (WEFT_L_IP | WEFT_L_ARP)) > 1)
		return "two headers of layer 3";
	if (hweight16(l & (WEFT_L_PORTS | WEFT_L_ICMPS)) > 1)
		return "two headers of layer 4";
	if (l & (WEFT_L_PORTS | WEFT_L_ICMPS) && !(l & WEFT_L_IP))
		return "layer 4 without IP";
	if (key->ip_frag & WEFT_FRAG_LATER && l & (WEFT_L_PORTS | WEFT_L_ICMPS))
		return "layer 4 of a later fragment";
	if (key->ip_frag && !(l & WEFT_L_IP))
		return "fragment without IP";
	if (l & WEFT_L_ND && (!(l & WEFT_L_ICMP6) || key->ip_frag))
		return "ND that is none";
	if (l & WEFT_L_ND_SLL && !(l & WEFT_L_ND_NS))
		return "source address outside a solicitation";
	if (l & WEFT_L_ND_TLL && !(l & WEFT_L_ND_NA))
		return "target address outside an advertisement";
	if (!(l & WEFT_L_VLAN) != !key->vlan[0].tci)
		return "VLAN layer without a tag";
	if (!(l & WEFT_L_VLAN2) != !key->vlan[1].tci)
		return "inner VLAN layer without a tag";
	if (l & WEFT_L_VLAN2 && !(l & WEFT_L_VLAN))
		return "inner tag only";
	return NULL;
}

static bool check(struct kunit *test, const struct verdict *v, const char *where,
		  unsigned int len)
{
	const char *fault = v->fault;

	if (!fault && !v->drop)
		fault = nonsense(&v->key);
	if (!fault)
		return true;
	KUNIT_FAIL(test, "%s, %u bytes: %s", where, len, fault);
	return false;
}

/*
 * All layouts of a frame of @len bytes give the verdict that is in b->linear; of
 * a cut frame, a third of them, which are others for the next length.
 */
static bool layouts_agree(struct kunit *test, struct bench *b, unsigned int len)
{
	static const unsigned int heads[] = { 0, 1, 13, 14, 15, 18, 33, 34, 54, 74 };
	int step = len == b->f.len ? 1 : 3;
	int i;

	extract(&b->f, len, LINEAR, 0, &b->linear);
	if (!check(test, &b->linear, "linear", len))
		return false;

	for (i = len % step; i < ARRAY_SIZE(heads) && heads[i] <= len; i += step) {
		enum layout layout = (i + len) % 4 ? PAGES : FRAG_LIST;

		extract(&b->f, len, layout, heads[i], &b->other);
		if (!check(test, &b->other, "not linear", len))
			return false;
		if (!same_verdict(&b->linear, &b->other)) {
			KUNIT_FAIL(test, "%u bytes: linear %d, with %u bytes of head %d",
				   len, b->linear.drop, heads[i], b->other.drop);
			return false;
		}
	}
	return true;
}

static struct bench *new_bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	if (test->param_value)
		build(&b->f, test->param_value);
	return b;
}

static void whole_frame(struct kunit *test)
{
	struct bench *b = new_bench(test);
	const struct weft_key *key = &b->linear.key, *expected = &b->f.key;
	int i;

	if (!layouts_agree(test, b, b->f.len))
		return;
	KUNIT_ASSERT_EQ(test, b->linear.drop, b->f.drop);
	if (b->f.drop)
		return;

	KUNIT_EXPECT_EQ(test, b->linear.l3, b->f.l3);
	KUNIT_EXPECT_EQ(test, b->linear.l4, b->f.l4);
	KUNIT_EXPECT_EQ(test, b->linear.mac_len, b->f.l3);
	for (i = WEFT_KEY_PACKET; i < sizeof(*key); i++)
		KUNIT_EXPECT_EQ_MSG(test, ((u8 *)key)[i], ((u8 *)expected)[i],
				    "byte %d of the key", i);
}

/* What the marks say about the frame cut to @len bytes */
static enum weft_drop cut_verdict(const struct frame *f, int len, bool fitted)
{
	int i;

	for (i = 0; i < f->n_marks; i++) {
		const struct mark *m = &f->marks[i];

		if (fitted && m->ip_len)
			continue;
		if (len > m->from && len < m->upto)
			return m->drop;
	}
	return WEFT_DROP_UNSPEC;
}

static void cut_frame(struct kunit *test)
{
	struct bench *b = new_bench(test);
	unsigned int len;

	for (len = 0; len < b->f.len; len++) {
		if (!layouts_agree(test, b, len))
			return;
		if (b->f.drop)
			continue;
		KUNIT_ASSERT_EQ_MSG(test, b->linear.drop, cut_verdict(&b->f, len, false),
				    "cut to %u bytes", len);
	}
}

static void cut_frame_with_ip_length(struct kunit *test)
{
	struct bench *b = new_bench(test);
	unsigned int len, ip_len;

	if (!b->f.ip_hdr_len)
		return;
	for (len = b->f.l3 + b->f.ip_hdr_len; len < b->f.ip_mark->upto; len++) {
		ip_len = len - b->f.l3;
		set16(&b->f, b->f.ip_len_at, b->f.key.layers & WEFT_L_IPV6 ?
		      ip_len - 40 : ip_len);
		if (!layouts_agree(test, b, len))
			return;
		if (b->f.drop)
			continue;
		KUNIT_ASSERT_EQ_MSG(test, b->linear.drop, cut_verdict(&b->f, len, true),
				    "cut to %u bytes", len);
		/* the rest as padding makes no difference, but to a jumbogram */
		if (b->f.key.layers & WEFT_L_IPV6 && ip_len == 40 &&
		    b->f.data[b->f.l3 + 6] == NEXTHDR_HOP)
			continue;
		extract(&b->f, b->f.len, LINEAR, 0, &b->other);
		KUNIT_ASSERT_TRUE_MSG(test, same_verdict(&b->linear, &b->other),
				      "%u bytes, the rest as padding", len);
	}
}

/* Headers that are linear are read where they are: pulling copies */
static void payload_is_left_alone(struct kunit *test)
{
	struct bench *b = new_bench(test);
	unsigned int head;
	struct sk_buff *skb;

	build(&b->f, &(struct frame_case){ .build = ip4_tcp_options });
	head = b->f.l4 + 20;
	skb = make_skb(&b->f, b->f.len, PAGES, head);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, weft_key_extract(skb, &b->linear.key), WEFT_DROP_UNSPEC);
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), head);
	kfree_skb(skb);
}

static u32 below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

static void spoil(struct frame *f, struct rnd_state *rnd)
{
	static const u16 types[] = { 0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 40 };
	int n = 1 + below(rnd, 4);

	if (!below(rnd, 8)) {
		prandom_bytes_state(rnd, f->data, f->len);
		set16(f, 12, types[below(rnd, ARRAY_SIZE(types))]);
		if (below(rnd, 2))
			f->data[14] = below(rnd, 2) ? 0x45 : 0x60;
		return;
	}
	/* from the ethertype on; bits as well as whole bytes */
	while (n--) {
		unsigned int at = 12 + below(rnd, f->len - 12);

		if (below(rnd, 2))
			f->data[at] = prandom_u32_state(rnd);
		else
			f->data[at] ^= BIT(below(rnd, 8));
	}
}

static void spoilt_frames(struct kunit *test)
{
	struct bench *b = new_bench(test);
	unsigned int seen[WEFT_DROP_BAD_L4 + 1] = {};
	struct rnd_state rnd;
	unsigned int len;
	int i;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < FUZZ_FRAMES; i++) {
		build(&b->f, &frame_cases[below(&rnd, ARRAY_SIZE(frame_cases))]);
		spoil(&b->f, &rnd);
		len = b->f.len;
		if (!below(&rnd, 4))
			len = below(&rnd, len + 1);

		extract(&b->f, len, LINEAR, 0, &b->linear);
		extract(&b->f, len, 1 + below(&rnd, 2), below(&rnd, 80), &b->other);
		if (!check(test, &b->linear, "linear", len) ||
		    !check(test, &b->other, "not linear", len))
			return;
		if (!same_verdict(&b->linear, &b->other)) {
			KUNIT_FAIL(test, "frame %d: linear %d, otherwise %d: %*ph", i,
				   b->linear.drop, b->other.drop, 64, b->f.data);
			return;
		}
		KUNIT_ASSERT_LT(test, b->linear.drop, ARRAY_SIZE(seen));
		seen[b->linear.drop]++;
		cond_resched();
	}

	/* they were neither all good nor all bad for the same reason */
	KUNIT_EXPECT_GT(test, seen[WEFT_DROP_UNSPEC], FUZZ_FRAMES / 10);
	for (i = WEFT_DROP_TRUNCATED; i <= WEFT_DROP_BAD_L4; i++)
		KUNIT_EXPECT_GT_MSG(test, seen[i], FUZZ_FRAMES / 200, "reason %d", i);
}

static struct kunit_case key_cases[] = {
	KUNIT_CASE_PARAM(whole_frame, frames_gen_params),
	KUNIT_CASE_PARAM(cut_frame, frames_gen_params),
	KUNIT_CASE_PARAM(cut_frame_with_ip_length, frames_gen_params),
	KUNIT_CASE(payload_is_left_alone),
	KUNIT_CASE(spoilt_frames),
	{}
};

static struct kunit_suite key_suite = {
	.name = "weft_key",
	.test_cases = key_cases,
};

kunit_test_suites(&key_suite);
