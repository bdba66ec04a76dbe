// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of rewrite.c against a model that knows no skb and no increments: a
 * frame in pieces, with every checksum computed from scratch, bit by bit or
 * word by word, after each change. Frames of all kinds, tagged in all ways, are
 * written to as linear, paged and cloned packets with each state of ip_summed.
 *
 * A wrong checksum has to stay wrong by the same amount, so that nobody takes a
 * damaged packet for a good one because we rewrote it.
 */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include "key.h"
#include "field.h"
#include "rewrite.h"
#include "headers.h"
#include "rewrite_model.h"

static int rewrite_test_init(struct kunit *test)
{
	struct context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	prandom_seed_state(&c->rnd, SEED);
	test->priv = c;
	return 0;
}

static void rewrite_test_exit(struct kunit *test)
{
	free_packet(test->priv);
}

static const void *each_template(const void *prev, char *desc)
{
	const struct template *t = prev ? (const struct template *)prev + 1 : templates;

	if (t == templates + ARRAY_SIZE(templates))
		return NULL;
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
	return t;
}

/* One write of each field, in every way a packet can be */
static bool write_one(struct kunit *test, enum weft_field f, enum packet_shape shape,
		      u8 ip_summed, int tags, u16 wrong)
{
	bool accel = tags & 1, has;
	struct context *c = test->priv;
	u8 value[WEFT_FIELD_LEN_MAX];
	enum weft_drop drop;
	const char *what;

	build(c, test->param_value, (tags + 1) / 2);
	if (ip_summed == CHECKSUM_PARTIAL && !may_be_partial(&c->m))
		return true;
	c->m.seeded = ip_summed == CHECKSUM_PARTIAL;
	c->m.wrong = c->m.seeded ? 0 : wrong;
	model_fix(&c->m);
	if (!make_packet(c, shape, ip_summed, accel)) {
		KUNIT_FAIL(test, "no packet");
		return false;
	}
	random_value(c, f, value);
	has = model_set(&c->m, f, value);
	drop = weft_rewrite_set(c->skb, c->layers, f, value);
	what = drop != (has ? WEFT_DROP_UNSPEC : WEFT_DROP_NO_HEADER) ? "result" : differs(c);
	free_packet(c);
	if (what)
		KUNIT_FAIL(test, "%s: %s, shape %d, ip_summed %u, tags %d, wrong %#x: drop %d",
			   what, weft_fields[f].name, shape, ip_summed, tags, wrong, drop);
	return !what;
}

/* Take the next digit, to the base @n, from *@i */
static unsigned int digit(unsigned int *i, unsigned int n)
{
	unsigned int d = *i % n;

	*i /= n;
	return d;
}

static void rewrite_each_field(struct kunit *test)
{
	unsigned int n, i;

	for (n = 0;; n += STRIDE) {
		unsigned int tags, wrong, sums, shape;

		i = n;
		wrong = digit(&i, 3) * 0x1234;
		tags = digit(&i, 5);
		sums = digit(&i, ARRAY_SIZE(summed));
		shape = digit(&i, N_SHAPES);
		if (i >= ARRAY_SIZE(fields) ||
		    !write_one(test, fields[i], shape, summed[sums], tags, wrong))
			return;
	}
}

static bool is_hashed(enum weft_field f)
{
	return f == WEFT_FIELD_IP_SRC || f == WEFT_FIELD_IP_DST || f == WEFT_FIELD_IPV6_SRC ||
	       f == WEFT_FIELD_IPV6_DST || f == WEFT_FIELD_IPV6_LABEL ||
	       f == WEFT_FIELD_L4_SRC || f == WEFT_FIELD_L4_DST;
}

/* The hash goes when what it is over is changed, and with nothing else */
static void rewrite_hash(struct kunit *test)
{
	const u32 hash = 0x12345678;
	struct context *c = test->priv;
	u8 value[WEFT_FIELD_LEN_MAX];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		bool changed;

		build(c, test->param_value, 0);
		model_fix(&c->m);
		KUNIT_ASSERT_TRUE(test, make_packet(c, LINEAR, CHECKSUM_NONE, false));
		random_value(c, fields[i], value);
		skb_set_hash(c->skb, hash, PKT_HASH_TYPE_L4);
		weft_rewrite_set(c->skb, c->layers, fields[i], value);
		changed = memcmp(c->skb->data, c->flat, c->skb->len);
		KUNIT_EXPECT_EQ_MSG(test, c->skb->hash, changed && is_hashed(fields[i]) ? 0 : hash,
				    "%s", weft_fields[fields[i]].name);
		KUNIT_EXPECT_EQ(test, (bool)c->skb->l4_hash, !!c->skb->hash);

		skb_set_hash(c->skb, hash, PKT_HASH_TYPE_L4);
		weft_rewrite_set(c->skb, c->layers, fields[i], value);
		KUNIT_EXPECT_EQ(test, c->skb->hash, hash);
		free_packet(c);
	}
}

/* The list above has every field that can be written */
static void rewrite_fields_complete(struct kunit *test)
{
	unsigned int f, i;

	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		if (!weft_fields[f].writable || weft_fields[f].metadata)
			continue;
		for (i = 0; i < ARRAY_SIZE(fields) && fields[i] != f; i++)
			;
		KUNIT_EXPECT_LT_MSG(test, i, ARRAY_SIZE(fields), "%s", weft_fields[f].name);
	}
}

/* What has the value already is not copied away from its clones */
static void rewrite_same_value(struct kunit *test)
{
	struct context *c = test->priv;
	unsigned int i;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		build(c, test->param_value, 0);
		model_fix(&c->m);
		p = model_field(&c->m, fields[i]);
		if (!p)
			continue;
		KUNIT_ASSERT_TRUE(test, make_packet(c, CLONED, CHECKSUM_COMPLETE, false));
		KUNIT_EXPECT_EQ(test, weft_rewrite_set(c->skb, c->layers, fields[i], p),
				WEFT_DROP_UNSPEC);
		KUNIT_EXPECT_PTR_EQ(test, c->skb->head, c->clone->head);
		KUNIT_EXPECT_STREQ(test, differs(c) ?: "", "");
		free_packet(c);
	}
}

static const char *dec_ttl_one(struct context *c, const struct template *t, u8 ip_summed,
			       u8 ttl, u8 by)
{
	enum weft_drop want = WEFT_DROP_UNSPEC, drop;
	const char *what;

	build(c, t, 0);
	if (ip_summed == CHECKSUM_PARTIAL && !may_be_partial(&c->m))
		return NULL;
	c->m.seeded = ip_summed == CHECKSUM_PARTIAL;
	if (!model_set(&c->m, WEFT_FIELD_IP_TTL, &ttl))
		want = WEFT_DROP_NO_HEADER;
	else if (ttl <= by)
		want = WEFT_DROP_TTL;
	if (!make_packet(c, rnd_below(c, N_SHAPES), ip_summed, false))
		return "no packet";
	drop = weft_rewrite_dec_ttl(c->skb, c->layers, by);
	ttl -= by;
	if (!drop)
		model_set(&c->m, WEFT_FIELD_IP_TTL, &ttl);
	what = drop != want ? "result" : differs(c);
	free_packet(c);
	return what;
}

static void rewrite_dec_ttl(struct kunit *test)
{
	static const u8 bys[] = { 1, 2, 3, 64, 254, 255 };
	struct context *c = test->priv;
	unsigned int n, i;

	for (n = 0;; n++) {
		unsigned int sums, by, ttl;
		const char *what;

		i = n;
		sums = digit(&i, ARRAY_SIZE(summed));
		by = bys[digit(&i, ARRAY_SIZE(bys))];
		if (i == 16)
			break;
		/* all around the limit, and others */
		ttl = i < 7 ? by + i - 3 : i < 9 ? i - 7 : rnd_below(c, 256);
		what = dec_ttl_one(c, test->param_value, summed[sums], ttl, by);
		KUNIT_ASSERT_STREQ_MSG(test, what ?: "", "", "ttl %u by %u", (u8)ttl, by);
	}
}

static enum weft_drop push(struct context *c, u16 tpid)
{
	struct model *m = &c->m;
	enum weft_drop drop = weft_rewrite_push_vlan(c->skb, &c->layers, htons(tpid));

	if (drop)
		return drop;
	memmove(m->tag + 1, m->tag, m->n_tags * sizeof(m->tag[0]));
	m->tag[0].tpid = tpid;
	m->tag[0].tci = 0;
	m->n_tags++;
	return drop;
}

static enum weft_drop pop(struct context *c)
{
	struct model *m = &c->m;

	if (c->layers & WEFT_L_VLAN) {
		m->n_tags--;
		memmove(m->tag, m->tag + 1, m->n_tags * sizeof(m->tag[0]));
	}
	return weft_rewrite_pop_vlan(c->skb, &c->layers);
}

/* Layers, and skb->protocol after a push or pop */
static const char *tags_differ(struct context *c)
{
	static const u16 want[] = { 0, WEFT_L_VLAN, WEFT_L_VLAN | WEFT_L_VLAN2,
				    WEFT_L_VLAN | WEFT_L_VLAN2 };
	__be16 type = eth_hdr(c->skb)->h_proto;

	if ((c->layers & (WEFT_L_VLAN | WEFT_L_VLAN2)) != want[c->m.n_tags])
		return "layers";
	if (c->skb->protocol != (eth_proto_is_802_3(type) ? type : htons(ETH_P_802_2)))
		return "protocol";
	return NULL;
}

/* A sequence of six pushes (1) and pops (0) */
static const char *push_and_pop(struct context *c, unsigned int steps)
{
	unsigned int step;

	for (step = 0; step < 6; step++) {
		enum weft_drop drop, want = WEFT_DROP_UNSPEC;
		const char *what;
		bool none = false;

		if (steps & BIT(step)) {
			if (c->m.n_tags >= 2)
				want = WEFT_DROP_VLAN_DEPTH;
			drop = push(c, step & 1 ? ETH_P_8021Q : ETH_P_8021AD);
		} else {
			none = !c->m.n_tags;
			drop = pop(c);
		}
		if (drop != want)
			return "result";
		what = differs(c);
		if (!what && !want && !none)
			what = tags_differ(c);
		if (what)
			return what;
	}
	return NULL;
}

static void rewrite_vlan(struct kunit *test)
{
	struct context *c = test->priv;
	unsigned int n, i;

	for (n = 0;; n += STRIDE) {
		unsigned int steps, tags, sums, shape;
		const char *what;

		i = n;
		steps = digit(&i, 64);
		sums = digit(&i, ARRAY_SIZE(summed));
		shape = digit(&i, N_SHAPES);
		tags = digit(&i, 5);
		if (i)
			break;
		build(c, test->param_value, (tags + 1) / 2);
		if (summed[sums] == CHECKSUM_PARTIAL && !may_be_partial(&c->m))
			continue;
		c->m.seeded = summed[sums] == CHECKSUM_PARTIAL;
		model_fix(&c->m);
		KUNIT_ASSERT_TRUE(test, make_packet(c, shape, summed[sums], tags & 1));
		what = push_and_pop(c, steps);
		KUNIT_ASSERT_STREQ_MSG(test, what ?: "", "", "tags %u shape %u summed %u steps %#x",
				       tags, shape, summed[sums], steps);
		free_packet(c);
	}
}

/* A third tag that the key did not take in comes to light by a pop */
static void rewrite_three_tags(struct kunit *test)
{
	struct context *c = test->priv;
	int accel;

	for (accel = 0; accel < 2; accel++) {
		build(c, templates, 3);
		model_fix(&c->m);
		c->m.tag[2].tpid = ETH_P_8021Q;
		KUNIT_ASSERT_TRUE(test, make_packet(c, CLONED, CHECKSUM_COMPLETE, accel));
		KUNIT_EXPECT_EQ(test, (int)c->layers, (int)(WEFT_L_VLAN | WEFT_L_VLAN2));
		KUNIT_EXPECT_EQ(test, pop(c), WEFT_DROP_UNSPEC);
		KUNIT_EXPECT_EQ(test, (int)c->layers, (int)WEFT_L_VLAN);
		KUNIT_EXPECT_EQ(test, c->m.n_tags, 2);
		KUNIT_EXPECT_EQ(test, c->skb->len + VLAN_HLEN,
				model_flatten(&c->m, c->flat));
		KUNIT_EXPECT_EQ(test, skb_vlan_tag_get(c->skb), c->m.tag[0].tci);
		free_packet(c);
	}
}

/* csum_start at an inner header: the outer checksum is whole, or to be made by GSO */
static void rewrite_encapsulated(struct kunit *test)
{
	static const enum weft_field some[] = {
		WEFT_FIELD_IP_SRC, WEFT_FIELD_IP_DST, WEFT_FIELD_IPV6_SRC, WEFT_FIELD_IPV6_DST,
		WEFT_FIELD_L4_SRC, WEFT_FIELD_L4_DST, WEFT_FIELD_IP_TTL,
	};
	const struct template *t = test->param_value;
	struct context *c = test->priv;
	unsigned int f, gso;

	if (t->proto != IPPROTO_UDP || t->flags & (FIRST_FRAG | LATER_FRAG))
		return;
	for (gso = 0; gso < 3; gso++) {
		for (f = 0; f < ARRAY_SIZE(some) * 16; f++) {
			enum weft_field field = some[f % ARRAY_SIZE(some)];
			u8 value[WEFT_FIELD_LEN_MAX];
			enum weft_drop drop;
			const char *what;
			bool has;

			build(c, t, 0);
			if (gso == 2 && t->flags & ZERO_SUM)
				continue;
			c->m.seeded = gso == 2;
			model_fix(&c->m);
			KUNIT_ASSERT_TRUE(test, make_packet(c, f % N_SHAPES, CHECKSUM_NONE, false));
			c->skb->ip_summed = CHECKSUM_PARTIAL;
			c->skb->encapsulation = 1;
			c->skb->csum_start = skb_headroom(c->skb) + skb_transport_offset(c->skb) +
					     8;
			c->skb->csum_offset = 16;
			if (gso) {
				skb_shinfo(c->skb)->gso_size = 100;
				skb_shinfo(c->skb)->gso_segs = 2;
				skb_shinfo(c->skb)->gso_type = SKB_GSO_TCPV4 |
					(gso == 2 ? SKB_GSO_UDP_TUNNEL_CSUM : SKB_GSO_UDP_TUNNEL);
			}
			random_value(c, field, value);
			has = model_set(&c->m, field, value);
			drop = weft_rewrite_set(c->skb, c->layers, field, value);
			KUNIT_EXPECT_EQ(test, drop, has ? WEFT_DROP_UNSPEC : WEFT_DROP_NO_HEADER);
			c->skb->csum_start -= 8;
			what = differs(c);
			free_packet(c);
			KUNIT_ASSERT_STREQ_MSG(test, what ?: "", "", "%s gso %u",
					       weft_fields[field].name, gso);
		}
	}
}

/* A UDP checksum that comes out as zero is written as 0xffff */
static void rewrite_udp_all_ones(struct kunit *test)
{
	struct context *c = test->priv;
	unsigned int i, n;
	u8 value[2];

	for (i = 0, n = 0; i < ARRAY_SIZE(templates); i++) {
		const struct template *t = &templates[i];

		if (t->proto != IPPROTO_UDP || t->flags & (ZERO_SUM | LATER_FRAG))
			continue;
		build(c, t, 0);
		model_fix(&c->m);
		KUNIT_ASSERT_TRUE(test, make_packet(c, CLONED, CHECKSUM_COMPLETE, false));
		put16(value, ones_add(get16(c->m.l3 + c->m.l4), get16(c->m.l3 + c->m.l4 + 6)));
		model_set(&c->m, WEFT_FIELD_L4_SRC, value);
		KUNIT_EXPECT_EQ(test, get16(c->m.l3 + c->m.l4 + 6), 0xffff);
		KUNIT_EXPECT_EQ(test, weft_rewrite_set(c->skb, c->layers, WEFT_FIELD_L4_SRC, value),
				WEFT_DROP_UNSPEC);
		KUNIT_EXPECT_STREQ(test, differs(c) ?: "", "");
		free_packet(c);
		n++;
	}
	KUNIT_EXPECT_GE(test, n, 4);
}

/* Lengths that say more than there is */
static void rewrite_sctp_length(struct kunit *test)
{
	struct context *c = test->priv;
	u8 value[2] = { 1, 2 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(templates); i++) {
		if (templates[i].proto != IPPROTO_SCTP || templates[i].flags & LATER_FRAG)
			continue;
		build(c, &templates[i], 0);
		model_fix(&c->m);
		KUNIT_ASSERT_TRUE(test, make_packet(c, LINEAR, CHECKSUM_NONE, false));
		if (is_ip4(&c->m))
			ip_hdr(c->skb)->tot_len = htons(0xffff);
		else
			ipv6_hdr(c->skb)->payload_len = htons(0xffff);
		KUNIT_EXPECT_EQ(test, weft_rewrite_set(c->skb, c->layers, WEFT_FIELD_L4_SRC, value),
				WEFT_DROP_NO_HEADER);
		free_packet(c);
	}
}

/* Some fields at once; those that headers.c does not take, one by one */
static enum weft_drop write_some(struct context *c, unsigned int *writes, unsigned int *merged)
{
	static const enum weft_field some[] = {
		WEFT_FIELD_ETH_DST, WEFT_FIELD_ETH_SRC, WEFT_FIELD_IP_SRC, WEFT_FIELD_IP_DST,
		WEFT_FIELD_IP_TOS, WEFT_FIELD_IP_TTL, WEFT_FIELD_L4_SRC, WEFT_FIELD_L4_DST,
	};
	enum weft_drop drop = WEFT_DROP_UNSPEC;
	struct weft_op_headers h = {};
	struct weft_key to;
	u8 spent = 0, ttl;
	unsigned int i;
	u64 set = 0;

	if (weft_key_extract(c->skb, &c->key))
		return WEFT_DROP_BAD_L4;
	to = c->key;
	for (i = 0; i < ARRAY_SIZE(some); i++) {
		u8 value[WEFT_FIELD_LEN_MAX];

		if (rnd(c) & 1)
			continue;
		random_value(c, some[i], value);
		if (!model_set(&c->m, some[i], value))
			continue;
		memcpy(weft_field_ptr(&to, some[i]), value, weft_fields[some[i]].len);
		set |= BIT_ULL(some[i] - WEFT_FIELD_ETH_DST);
	}
	if (to.layers & WEFT_L_IP && !(set & BIT_ULL(WEFT_FIELD_IP_TTL - WEFT_FIELD_ETH_DST)) &&
	    to.ip_ttl > 1) {
		spent = 1 + rnd_below(c, to.ip_ttl - 1);
		ttl = to.ip_ttl - spent;
		to.ip_ttl = ttl;
		model_set(&c->m, WEFT_FIELD_IP_TTL, &ttl);
	}
	(*writes)++;
	if (weft_headers_describe(&h, &c->key, &to, set, spent)) {
		(*merged)++;
		return weft_headers_write(c->skb, &h);
	}
	for (; set && !drop; set &= set - 1) {
		enum weft_field f = WEFT_FIELD_ETH_DST + __ffs64(set);

		drop = weft_rewrite_set(c->skb, c->layers, f, weft_field_cptr(&to, f));
	}
	return drop || !spent ? drop : weft_rewrite_dec_ttl(c->skb, c->layers, spent);
}

/* Many changes one after another, and in the end the key says what the model says */
static const char *random_step(struct context *c, unsigned int *writes, unsigned int *merged)
{
	enum weft_field f = fields[rnd_below(c, ARRAY_SIZE(fields))];
	enum weft_drop drop, want = WEFT_DROP_UNSPEC;
	u8 value[WEFT_FIELD_LEN_MAX];

	switch (rnd_below(c, 16)) {
	case 0:
		if (c->m.n_tags == 2)
			want = WEFT_DROP_VLAN_DEPTH;
		drop = push(c, rnd(c) & 1 ? ETH_P_8021Q : ETH_P_8021AD);
		break;
	case 1:
		drop = pop(c);
		break;
	case 2 ... 5:
		drop = write_some(c, writes, merged);
		break;
	default:
		/* what the packet is must not change, or layers would be wrong */
		if (f == WEFT_FIELD_ICMP_TYPE || f == WEFT_FIELD_ICMP_CODE)
			return NULL;
		random_value(c, f, value);
		if (model_set(&c->m, f, value))
			(*writes)++;
		else
			want = WEFT_DROP_NO_HEADER;
		drop = weft_rewrite_set(c->skb, c->layers, f, value);
	}
	return drop != want ? "result" : differs(c);
}

static void rewrite_random(struct kunit *test)
{
	struct context *c = test->priv;
	unsigned int n, i, writes = 0, merged = 0;

	for (n = 0; n < SEQUENCES; n++) {
		const struct template *t = &templates[rnd_below(c, ARRAY_SIZE(templates))];
		u8 ip_summed = summed[rnd_below(c, ARRAY_SIZE(summed))];
		u16 layers;

		build(c, t, rnd_below(c, 3));
		if (ip_summed == CHECKSUM_PARTIAL && !may_be_partial(&c->m))
			ip_summed = CHECKSUM_COMPLETE;
		c->m.seeded = ip_summed == CHECKSUM_PARTIAL;
		c->m.wrong = c->m.seeded || rnd_below(c, 3) ? 0 : 1 + rnd_below(c, 0xfffe);
		model_fix(&c->m);
		KUNIT_ASSERT_TRUE(test, make_packet(c, rnd_below(c, N_SHAPES), ip_summed,
						    rnd(c) & 1));
		for (i = 0; i < SEQUENCE_LEN; i++) {
			const char *what = random_step(c, &writes, &merged);

			KUNIT_ASSERT_STREQ_MSG(test, what ?: "", "", "%s: sequence %u, step %u",
					       t->name, n, i);
			if (rnd_below(c, 8))
				continue;
			kfree_skb(c->clone);
			c->clone = skb_clone(c->skb, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, c->clone);
			skb_copy_bits(c->skb, 0, c->clone_flat, c->skb->len);
		}
		layers = c->layers;
		KUNIT_ASSERT_EQ(test, weft_key_extract(c->skb, &c->key), WEFT_DROP_UNSPEC);
		KUNIT_ASSERT_EQ(test, (int)c->key.layers, (int)layers);
		free_packet(c);
	}
	KUNIT_EXPECT_GE(test, writes, 100000 / STRIDE);
	KUNIT_EXPECT_GE(test, merged, 20000 / STRIDE);
}

static struct kunit_case rewrite_cases[] = {
	KUNIT_CASE(rewrite_fields_complete),
	KUNIT_CASE_PARAM(rewrite_each_field, each_template),
	KUNIT_CASE_PARAM(rewrite_same_value, each_template),
	KUNIT_CASE_PARAM(rewrite_hash, each_template),
	KUNIT_CASE_PARAM(rewrite_dec_ttl, each_template),
	KUNIT_CASE_PARAM(rewrite_vlan, each_template),
	KUNIT_CASE(rewrite_three_tags),
	KUNIT_CASE_PARAM(rewrite_encapsulated, each_template),
	KUNIT_CASE(rewrite_udp_all_ones),
	KUNIT_CASE(rewrite_sctp_length),
	KUNIT_CASE(rewrite_random),
	{}
};

static struct kunit_suite rewrite_suite = {
	.name = "rewrite",
	.init = rewrite_test_init,
	.exit = rewrite_test_exit,
	.test_cases = rewrite_cases,
};

kunit_test_suite(rewrite_suite);
