// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools: how a pair is chosen, that it is given once, and what changes of a pool do to
 * what is in use.
 */
#include "block.h"
#include "pool_world.h"

static struct weft_pool_range range6(u64 first, u64 last, u16 first_port, u16 last_port)
{
	struct weft_pool_range range = {
		.family = 6, .first_port = first_port, .last_port = last_port,
	};
	__be64 addr[4] = {
		cpu_to_be64(0x20010db800000000ULL), cpu_to_be64(first),
		cpu_to_be64(0x20010db800000000ULL + (last < first)), cpu_to_be64(last),
	};

	memcpy(range.first, addr, 16);
	memcpy(range.last, addr + 2, 16);
	return range;
}

static struct weft_pool_pair pair4(u32 from, u32 to, u8 prefix_len)
{
	struct weft_pool_pair pair = { .family = 4, .prefix_len = prefix_len };
	__be32 addr[2] = { cpu_to_be32(from), cpu_to_be32(to) };

	memcpy(pair.from, &addr[0], 4);
	memcpy(pair.to, &addr[1], 4);
	return pair;
}

static struct weft_pool_pair pair6(u64 from_hi, u64 from_lo, u64 to_hi, u64 to_lo, u8 prefix_len)
{
	struct weft_pool_pair pair = { .family = 6, .prefix_len = prefix_len };
	__be64 addr[4] = {
		cpu_to_be64(from_hi), cpu_to_be64(from_lo), cpu_to_be64(to_hi), cpu_to_be64(to_lo),
	};

	memcpy(pair.from, addr, 16);
	memcpy(pair.to, addr + 2, 16);
	return pair;
}

/* The change is refused with these words */
static void refused(struct world *w, const void *withdraw, const void *add, int err,
		    const char *msg)
{
	w->extack._msg = "";
	KUNIT_EXPECT_EQ(w->test, change(w, withdraw, add), err);
	KUNIT_EXPECT_STREQ(w->test, w->extack._msg, msg);
}

/* This is the pool's @i-th range */
static void has_range(struct world *w, u32 i, const struct weft_pool_range *range)
{
	mutex_lock(&w->dp->lock);
	KUNIT_EXPECT_EQ(w->test, memcmp(weft_pool_item(w->pool, i), range, sizeof(*range)), 0);
	mutex_unlock(&w->dp->lock);
}

static bool draw_exactly(struct world *w, u8 proto, u32 addr, u16 port, struct weft_drawn *drawn)
{
	struct weft_ask ask = { .family = 4, .proto = proto };

	drawn->ip = ip4(addr);
	drawn->claim.port = htons(port);
	return weft_pool_draw_exactly(w->pool, &ask, drawn);
}

static bool draw(struct world *w, u8 proto, u32 local, u16 port, struct weft_drawn *drawn)
{
	struct weft_ask ask = {
		.family = 4, .proto = proto, .port = htons(port), .local_hash = local,
	};

	return weft_pool_draw(w->pool, &ask, drawn);
}

/* Every pair once, for each protocol; and all of it again when it came back */
static void weft_pool_exhausted(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 4, 1000, 1099);
	struct world *w = test->priv;
	struct weft_drawn *drawn;
	u32 round, i, n = 400;
	bool *seen;
	u8 proto;

	make(w, &range);
	KUNIT_EXPECT_EQ(test, info(w).total, n);
	drawn = kunit_kcalloc(test, n * WEFT_POOL_PROTOS, sizeof(*drawn), GFP_KERNEL);
	seen = kunit_kcalloc(test, n * WEFT_POOL_PROTOS, sizeof(*seen), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, drawn && seen);
	for (round = 0; round < 2; round++) {
		memset(seen, 0, n * WEFT_POOL_PROTOS * sizeof(*seen));
		for (i = 0; i < n * WEFT_POOL_PROTOS; i++) {
			u32 at;

			proto = i / n;
			KUNIT_ASSERT_TRUE(test, draw(w, proto, i * 2654435761U, i, &drawn[i]));
			at = proto * n + (host(&drawn[i]) - 1) * 100 +
			     ntohs(drawn[i].claim.port) - 1000;
			KUNIT_ASSERT_LT(test, at, n * WEFT_POOL_PROTOS);
			KUNIT_ASSERT_FALSE(test, seen[at]);
			seen[at] = true;
		}
		for (proto = 0; proto < WEFT_POOL_PROTOS; proto++)
			KUNIT_EXPECT_FALSE(test, draw(w, proto, 0, 1000, &drawn[0]));
		KUNIT_EXPECT_EQ(test, info(w).refused, (round + 1) * WEFT_POOL_PROTOS);
		KUNIT_EXPECT_EQ(test, info(w).used, n * WEFT_POOL_PROTOS);
		for (i = 0; i < n * WEFT_POOL_PROTOS; i++)
			weft_pool_return(&drawn[i].claim);
		KUNIT_EXPECT_EQ(test, info(w).used, 0);
	}
}

/* What is free is found among 64512 ports of two addresses when hardly anything is */
static void weft_pool_nearly_full(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 2, 1024, 65535);
	u32 n = 2 * 64512, i, round, spare = n / 100;
	struct world *w = test->priv;
	struct weft_drawn *drawn;
	struct rnd_state state;

	prandom_seed_state(&state, 2);
	make(w, &range);
	drawn = kvcalloc(n, sizeof(*drawn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, drawn);
	for (i = 0; i < n; i++)
		if (!draw(w, WEFT_POOL_TCP, prandom_u32_state(&state), i, &drawn[i]))
			break;
	KUNIT_EXPECT_EQ(test, i, n);
	for (i = 0; i < spare; i++)
		weft_pool_return(&drawn[i].claim);
	for (round = 0; round < ROUNDS(100000); round++) {
		i = spare + rnd(&state, n - spare);
		weft_pool_return(&drawn[i].claim);
		if (!draw(w, WEFT_POOL_TCP, prandom_u32_state(&state), i, &drawn[i]))
			break;
	}
	KUNIT_EXPECT_EQ(test, round, ROUNDS(100000));
	for (i = 0; i < n; i++)
		weft_pool_return(&drawn[i].claim);
	KUNIT_EXPECT_EQ(test, info(w).used, 0);
	kvfree(drawn);
}

/* A local address keeps its public one as long as that has ports */
static void weft_pool_paired(struct kunit *test)
{
	struct weft_pool_range ranges[2] = { range4(0, 3, 1, 4), range4(4, 9, 1, 4) };
	struct world *w = test->priv;
	struct weft_drawn drawn[10][4];
	struct weft_drawn other;
	u32 i, j, hash;

	make(w, &ranges[0]);
	KUNIT_EXPECT_EQ(test, change(w, NULL, &ranges[1]), 0);
	for (i = 0; i < 9; i++)
		for (j = 0; j < 4; j++) {
			hash = i * (U32_MAX / 10) + U32_MAX / 20;
			KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_UDP, hash, 0, &drawn[i][j]));
			KUNIT_EXPECT_EQ(test, host(&drawn[i][j]), i);
		}
	KUNIT_EXPECT_TRUE(test, draw(w, WEFT_POOL_UDP, 0, 0, &other));
	KUNIT_EXPECT_EQ(test, host(&other), 9);
	for (i = 0; i < 9; i++)
		for (j = 0; j < 4; j++)
			weft_pool_return(&drawn[i][j].claim);
	weft_pool_return(&other.claim);
}

static void weft_pool_preserve(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 1, 1024, 2047);
	struct world *w = test->priv;
	struct weft_drawn a, b, c;

	w->config.parity = true;
	make(w, &range);
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 1500, &a));
	KUNIT_EXPECT_EQ(test, ntohs(a.claim.port), 1500);
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 1500, &b));
	KUNIT_EXPECT_NE(test, ntohs(b.claim.port), 1500);
	KUNIT_EXPECT_EQ(test, ntohs(b.claim.port) % 2, 0);
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 81, &c));
	KUNIT_EXPECT_EQ(test, ntohs(c.claim.port) % 2, 1);
	weft_pool_return(&a.claim);
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 1500, &a));
	KUNIT_EXPECT_EQ(test, ntohs(a.claim.port), 1500);
	weft_pool_return(&a.claim);
	weft_pool_return(&b.claim);
	weft_pool_return(&c.claim);
	KUNIT_EXPECT_NULL(test, a.claim.block);
	weft_pool_return(&a.claim);
	KUNIT_EXPECT_EQ(test, info(w).used, 0);
}

static void weft_pool_sequential(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 1, 100, 103);
	static const u16 expected[] = { 100, 101, 102, 103, 100, 101 };
	struct world *w = test->priv;
	struct weft_drawn drawn[2];
	unsigned int i;

	w->config.choice = WEFT_POOL_CHOICE_SEQUENTIAL;
	make(w, &range);
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 102, &drawn[0]));
		KUNIT_EXPECT_EQ(test, ntohs(drawn[0].claim.port), expected[i]);
		weft_pool_return(&drawn[0].claim);
	}
	KUNIT_ASSERT_TRUE(test, draw_exactly(w, WEFT_POOL_TCP, NET + 1, 102, &drawn[0]));
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 0, &drawn[1]));
	KUNIT_EXPECT_EQ(test, ntohs(drawn[1].claim.port), 103);
	weft_pool_return(&drawn[0].claim);
	weft_pool_return(&drawn[1].claim);
	w->config.parity = true;
	KUNIT_EXPECT_EQ(test, change(w, NULL, NULL), 0);
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 7, &drawn[0]));
	KUNIT_EXPECT_EQ(test, ntohs(drawn[0].claim.port), 101);
	weft_pool_return(&drawn[0].claim);
}

/* Random ports are of the range, and do not follow each other */
static void weft_pool_random(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 1, 1024, 65535);
	struct world *w = test->priv;
	struct weft_drawn drawn;
	u32 i, last = 0, n = 0;

	w->config.choice = WEFT_POOL_CHOICE_RANDOM;
	make(w, &range);
	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_UDP, 0, last, &drawn));
		KUNIT_EXPECT_GE(test, ntohs(drawn.claim.port), 1024);
		n += ntohs(drawn.claim.port) - last < 2;
		last = ntohs(drawn.claim.port);
		weft_pool_return(&drawn.claim);
	}
	KUNIT_EXPECT_LT(test, n, 3);
}

/* Port 0 is for identifiers; a range that has nothing else gives addresses */
static void weft_pool_port_zero(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 1, 0, 1), portless = range4(8, 9, 0, 0);
	struct world *w = test->priv;
	struct weft_drawn drawn[5];
	unsigned int i;

	make(w, &range);
	KUNIT_EXPECT_FALSE(test, draw(w, WEFT_POOL_PROTOS, 0, 0, &drawn[0]));
	KUNIT_EXPECT_EQ(test, change(w, NULL, &portless), 0);
	KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_TCP, NET + 1, 0, &drawn[0]));
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 0, &drawn[0]));
	KUNIT_EXPECT_EQ(test, ntohs(drawn[0].claim.port), 1);
	KUNIT_EXPECT_FALSE(test, draw(w, WEFT_POOL_TCP, 0, 0, &drawn[1]));
	KUNIT_EXPECT_TRUE(test, draw(w, WEFT_POOL_ECHO, 0, 0, &drawn[1]));
	KUNIT_EXPECT_EQ(test, ntohs(drawn[1].claim.port), 0);
	KUNIT_EXPECT_TRUE(test, draw(w, WEFT_POOL_ECHO, 0, 0, &drawn[2]));
	KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_PROTOS, NET + 8, 1, &drawn[3]));
	KUNIT_EXPECT_TRUE(test, draw_exactly(w, WEFT_POOL_PROTOS, NET + 8, 0, &drawn[3]));
	KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_PROTOS, NET + 8, 0, &drawn[4]));
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_PROTOS, 0, 0, &drawn[4]));
	KUNIT_EXPECT_EQ(test, host(&drawn[4]), 9);
	KUNIT_EXPECT_EQ(test, drawn[4].claim.port, 0);
	KUNIT_EXPECT_EQ(test, info(w).used, 5);
	for (i = 0; i < ARRAY_SIZE(drawn); i++)
		weft_pool_return(&drawn[i].claim);
}

/* A pair is given once for each bucket of remotes */
static void weft_pool_reuse(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 1, 99, 99);
	struct weft_ask ask = { .family = 4, .proto = WEFT_POOL_TCP };
	struct weft_drawn *drawn, more;
	struct world *w = test->priv;
	u32 i;

	drawn = kunit_kcalloc(test, WEFT_POOL_BUCKETS, sizeof(*drawn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, drawn);
	w->config.reuse = true;
	make(w, &range);
	for (i = 0; i < WEFT_POOL_BUCKETS; i++) {
		ask.remote_hash = i << 26;
		KUNIT_ASSERT_TRUE(test, weft_pool_draw(w->pool, &ask, &drawn[i]));
		ask.remote_hash++;
		KUNIT_EXPECT_FALSE(test, weft_pool_draw(w->pool, &ask, &more));
	}
	KUNIT_EXPECT_EQ(test, info(w).used, WEFT_POOL_BUCKETS);
	KUNIT_EXPECT_EQ(test, info(w).total, 1);
	ask.remote_hash = 7 << 26;
	weft_pool_return(&drawn[7].claim);
	KUNIT_EXPECT_TRUE(test, weft_pool_draw(w->pool, &ask, &drawn[7]));
	for (i = 0; i < WEFT_POOL_BUCKETS; i++)
		weft_pool_return(&drawn[i].claim);
}

static void weft_pool_exactly(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 2, 10, 11), other = range4(1, 2, 12, 12);
	struct world *w = test->priv;
	struct weft_drawn drawn[3], more;
	unsigned int i;

	make(w, &range);
	KUNIT_EXPECT_EQ(test, change(w, NULL, &other), 0);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, draw_exactly(w, WEFT_POOL_TCP, NET + 2, 10 + i, &drawn[i]));
		KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_TCP, NET + 2, 10 + i, &more));
	}
	KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_TCP, NET + 3, 10, &more));
	KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_TCP, NET, 10, &more));
	KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_TCP, NET + 1, 9, &more));
	KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_TCP, NET + 1, 13, &more));
	KUNIT_EXPECT_EQ(test, info(w).used, 3);
	KUNIT_EXPECT_EQ(test, info(w).refused, 0);
	for (i = 0; i < 3; i++)
		weft_pool_return(&drawn[i].claim);
	KUNIT_EXPECT_EQ(test, info(w).used, 0);
}

static void weft_pool_ipv6(struct kunit *test)
{
	/* across a carry */
	struct weft_pool_range range = range6(U64_MAX - 1, 1, 5, 5);
	struct weft_ask ask = { .family = 6, .proto = WEFT_POOL_TCP };
	struct world *w = test->priv;
	struct weft_drawn drawn[4], more;
	u32 i, seen = 0;

	make(w, &range);
	KUNIT_EXPECT_EQ(test, info(w).total, 4);
	KUNIT_EXPECT_FALSE(test, draw(w, WEFT_POOL_TCP, 0, 5, &more));
	for (i = 0; i < 4; i++) {
		struct weft_addr addr;

		KUNIT_ASSERT_TRUE(test, weft_pool_draw(w->pool, &ask, &drawn[i]));
		addr = weft_addr_load(6, &drawn[i].ip);
		KUNIT_EXPECT_EQ(test, addr.hi, 0x20010db800000000ULL + (addr.lo < 2));
		seen |= BIT(addr.lo + 2);
	}
	KUNIT_EXPECT_EQ(test, seen, 0xf);
	more = drawn[2];
	KUNIT_EXPECT_FALSE(test, weft_pool_draw_exactly(w->pool, &ask, &more));
	weft_pool_return(&drawn[2].claim);
	KUNIT_EXPECT_TRUE(test, weft_pool_draw_exactly(w->pool, &ask, &more));
	drawn[2] = more;
	for (i = 0; i < 4; i++)
		weft_pool_return(&drawn[i].claim);
}

/* What is out of a range that was withdrawn is never given again before it is back */
static void weft_pool_withdrawn(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 1, 10, 13), half = range4(1, 1, 12, 20);
	struct world *w = test->priv;
	struct weft_drawn old[2], new[2], more;
	unsigned int i;

	make(w, &range);
	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 10 + i, &old[i]));
	KUNIT_EXPECT_EQ(test, change(w, &range, NULL), 0);
	KUNIT_EXPECT_EQ(test, info(w).total, 0);
	KUNIT_EXPECT_EQ(test, info(w).used, 2);
	KUNIT_EXPECT_EQ(test, info(w).n_items, 0);
	KUNIT_EXPECT_FALSE(test, draw(w, WEFT_POOL_TCP, 0, 13, &more));
	KUNIT_EXPECT_FALSE(test, draw_exactly(w, WEFT_POOL_TCP, NET + 1, 13, &more));
	refused(w, NULL, &half, -EEXIST,
		"range: overlaps one that was withdrawn and is still in use");

	KUNIT_EXPECT_EQ(test, change(w, NULL, &range), 0);
	KUNIT_EXPECT_EQ(test, info(w).total, 4);
	KUNIT_EXPECT_EQ(test, info(w).used, 2);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 10 + i, &new[i]));
		KUNIT_EXPECT_GE(test, ntohs(new[i].claim.port), 12);
	}
	KUNIT_EXPECT_FALSE(test, draw(w, WEFT_POOL_TCP, 0, 13, &more));
	weft_pool_return(&old[0].claim);
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 13, &old[0]));
	KUNIT_EXPECT_EQ(test, ntohs(old[0].claim.port), 10);

	/* in one request: the same one may come back, another not as long as it is in use */
	KUNIT_EXPECT_EQ(test, change(w, &range, &range), 0);
	refused(w, &range, &half, -EEXIST,
		"range: overlaps one that is withdrawn and is still in use");
	KUNIT_EXPECT_EQ(test, info(w).total, 4);
	weft_pool_return(&new[0].claim);
	KUNIT_ASSERT_TRUE(test, draw(w, WEFT_POOL_TCP, 0, 0, &new[0]));
	KUNIT_EXPECT_EQ(test, change(w, &range, NULL), 0);
	for (i = 0; i < 2; i++) {
		weft_pool_return(&old[i].claim);
		weft_pool_return(&new[i].claim);
	}
	KUNIT_EXPECT_EQ(test, info(w).used, 0);
	KUNIT_EXPECT_EQ(test, change(w, NULL, &half), 0);
	KUNIT_EXPECT_EQ(test, change(w, &half, &range), 0);
	KUNIT_EXPECT_EQ(test, info(w).total, 4);
}

/* The pool goes before what was drawn from it */
static void weft_pool_deleted(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 2, 10, 13);
	struct world *w = test->priv;
	struct weft_drawn drawn[3];
	unsigned int i;

	make(w, &range);
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_TRUE(test, draw(w, i, 0, 10 + i, &drawn[i]));
	mutex_lock(&w->dp->lock);
	KUNIT_EXPECT_PTR_EQ(test, weft_pool_get(w->dp, 1), w->pool);
	KUNIT_EXPECT_NULL(test, weft_pool_get(w->dp, 2));
	weft_pool_put(w->pool);
	weft_pool_delete(w->dp, w->pool);
	KUNIT_EXPECT_NULL(test, weft_pool_find(w->dp, 1));
	mutex_unlock(&w->dp->lock);
	for (i = 0; i < 3; i++)
		weft_pool_return(&drawn[i].claim);
}

/* Every refusal has its words, and changes nothing */
static void weft_pool_refusals(struct kunit *test)
{
	struct weft_pool_range range = range4(1, 10, 10, 20), bad;
	struct world *w = test->priv;

	make(w, &range);
	refused(w, NULL, &range, -EEXIST, "range: overlaps one of the pool");
	bad = range4(10, 11, 20, 30);
	refused(w, NULL, &bad, -EEXIST, "range: overlaps one of the pool");
	bad = range4(10, 9, 1, 2);
	refused(w, &range, &bad, -EINVAL, "range: the first address is above the last");
	bad = range4(11, 12, 2, 1);
	refused(w, &range, &bad, -EINVAL, "range: the first port is above the last");
	bad = range4(11, 12, 1, 2);
	bad.reserved[2] = 1;
	refused(w, NULL, &bad, -EINVAL, "range: reserved bytes are not zero");
	bad = range4(11, 12, 1, 2);
	bad.family = 5;
	refused(w, NULL, &bad, -EINVAL, "range: the family is neither 4 nor 6");
	bad = range4(11, 12, 1, 2);
	bad.last[4] = 1;
	refused(w, NULL, &bad, -EINVAL, "range: bytes behind an IPv4 address are not zero");
	bad = range4(100, 100 + 65536, 1, 2);
	refused(w, NULL, &bad, -ENOSPC, "range: more addresses than a pool may have");
	bad = range4(100, 100 + 65535, 1, 2);
	refused(w, NULL, &bad, -ENOSPC, "too many addresses in all the ranges");
	bad = range4(1, 10, 10, 21);
	refused(w, &bad, NULL, -ENOENT, "range: what is withdrawn is not in the pool, just so");
	bad = range4(2, 3, 10, 20);
	refused(w, &bad, NULL, -ENOENT, "range: what is withdrawn is not in the pool, just so");
	KUNIT_EXPECT_EQ(test, info(w).total, 110);
	KUNIT_EXPECT_EQ(test, info(w).n_items, 1);
	has_range(w, 0, &range);
}

static void weft_pool_many_ranges(struct kunit *test)
{
	u32 i, n = WEFT_POOL_RANGES_MAX;
	struct weft_pool_range *ranges = kunit_kcalloc(test, n + 1, sizeof(*ranges), GFP_KERNEL);
	struct weft_pool_item *items = kunit_kcalloc(test, n + 1, sizeof(*items), GFP_KERNEL);
	struct weft_pool_change c = { .add = items, .n_add = n };
	struct world *w = test->priv;
	struct weft_drawn *drawn, more;

	drawn = kunit_kcalloc(test, n, sizeof(*drawn), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, ranges && items && drawn);
	for (i = 0; i <= n; i++) {
		ranges[i] = range4(i, i, 7, 7);
		items[i].value = &ranges[i];
	}
	make(w, NULL);
	mutex_lock(&w->dp->lock);
	KUNIT_EXPECT_EQ(test, weft_pool_change(w->pool, &w->config, &c, NULL), 0);
	mutex_unlock(&w->dp->lock);
	refused(w, NULL, &ranges[n], -ENOSPC, "too many ranges");
	for (i = 0; i < n; i++) {
		has_range(w, i, &ranges[i]);
		KUNIT_ASSERT_TRUE(test, draw_exactly(w, 0, NET + i, 7, &drawn[i]));
	}
	/* one that is full keeps its place although it is withdrawn */
	i = n / 2;
	refused(w, &ranges[i], &ranges[n], -ENOSPC,
		"too many ranges, with those withdrawn that are still in use");
	weft_pool_return(&drawn[i].claim);
	KUNIT_EXPECT_EQ(test, change(w, &ranges[i], &ranges[n]), 0);
	/* all are full but this one, wherever the search begins */
	KUNIT_ASSERT_TRUE(test, draw(w, 0, 0, 0, &drawn[i]));
	KUNIT_EXPECT_EQ(test, host(&drawn[i]), n);
	KUNIT_EXPECT_FALSE(test, draw(w, 0, 0, 0, &more));
	for (i = 0; i < n; i++)
		weft_pool_return(&drawn[i].claim);
	KUNIT_EXPECT_EQ(test, info(w).used, 0);
}

/* Maps */

static void mapped(struct world *w, u8 family, struct in6_addr from, const struct in6_addr *to)
{
	struct weft_ask ask = { .family = family, .proto = WEFT_POOL_TCP, .map = from };
	struct weft_drawn drawn;

	KUNIT_EXPECT_EQ(w->test, weft_pool_draw(w->pool, &ask, &drawn), !!to);
	if (!to)
		return;
	KUNIT_EXPECT_EQ(w->test, memcmp(&drawn.ip, to, sizeof(*to)), 0);
	KUNIT_EXPECT_NULL(w->test, drawn.claim.block);
	KUNIT_EXPECT_TRUE(w->test, weft_pool_draw_exactly(w->pool, &ask, &drawn));
	drawn.ip.s6_addr[3] ^= 1;
	KUNIT_EXPECT_FALSE(w->test, weft_pool_draw_exactly(w->pool, &ask, &drawn));
	weft_pool_return(&drawn.claim);
}

static void weft_pool_map(struct kunit *test)
{
	struct weft_pool_pair net = pair4(0x0a010000, 0xc0a80000, 24);
	struct weft_pool_pair one = pair4(0x0a010100, 0xac100001, 32);
	struct weft_pool_pair six = pair6(0x20010db800010000, 0, 0xfd00000000000000, 0, 60);
	struct weft_pool_pair rest = pair6(0x20010db800020000, 0, 0xfd00000000010000, 16, 124);
	struct in6_addr from, to;
	struct world *w = test->priv;

	w->config.type = WEFT_POOL_TYPE_MAP;
	make(w, &one);
	KUNIT_EXPECT_EQ(test, change(w, NULL, &six), 0);
	KUNIT_EXPECT_EQ(test, change(w, NULL, &net), 0);
	KUNIT_EXPECT_EQ(test, change(w, NULL, &rest), 0);
	KUNIT_EXPECT_EQ(test, info(w).n_items, 4);

	to = ip4(0xc0a8004d);
	mapped(w, 4, ip4(0x0a01004d), &to);
	to = ip4(0xac100001);
	mapped(w, 4, ip4(0x0a010100), &to);
	mapped(w, 4, ip4(0x0a010101), NULL);
	mapped(w, 4, ip4(0x0a00ffff), NULL);
	weft_addr_store(6, (struct weft_addr){ 0x20010db80001000fULL, 99 }, &from);
	weft_addr_store(6, (struct weft_addr){ 0xfd0000000000000fULL, 99 }, &to);
	mapped(w, 6, from, &to);
	weft_addr_store(6, (struct weft_addr){ 0x20010db800010010ULL, 0 }, &from);
	mapped(w, 6, from, NULL);
	weft_addr_store(6, (struct weft_addr){ 0x20010db800020000ULL, 15 }, &from);
	weft_addr_store(6, (struct weft_addr){ 0xfd00000000010000ULL, 31 }, &to);
	mapped(w, 6, from, &to);
	weft_addr_store(6, (struct weft_addr){ 0x20010db800020000ULL, 16 }, &from);
	mapped(w, 6, from, NULL);
	KUNIT_EXPECT_EQ(test, info(w).refused, 4);

	KUNIT_EXPECT_EQ(test, change(w, &net, NULL), 0);
	mapped(w, 4, ip4(0x0a01004d), NULL);
	KUNIT_EXPECT_EQ(test, info(w).n_items, 3);
}

static void weft_pool_map_refusals(struct kunit *test)
{
	struct weft_pool_pair net = pair4(0x0a010000, 0xc0a80000, 16), bad;
	struct world *w = test->priv;

	w->config.type = WEFT_POOL_TYPE_MAP;
	make(w, &net);
	bad = pair4(0x0a010100, 0xc0a90000, 24);
	refused(w, NULL, &bad, -EEXIST, "map: the prefix overlaps another");
	bad = pair4(0x0a000000, 0xc0000000, 8);
	refused(w, NULL, &bad, -EEXIST, "map: the prefix overlaps another");
	bad = net;
	bad.to[0]++;
	refused(w, &bad, NULL, -ENOENT, "map: what is withdrawn is not in it, just so");
	bad = pair4(0x0a020001, 0xc0a90000, 24);
	refused(w, NULL, &bad, -EINVAL,
		"map: bits behind the prefix of the first address are not zero");
	bad = pair4(0x0a020000, 0xc0a90001, 24);
	refused(w, &net, &bad, -EINVAL,
		"map: bits behind the prefix of the second address are not zero");
	bad = pair4(0x0a020000, 0xc0a90000, 33);
	refused(w, NULL, &bad, -EINVAL, "map: no such prefix length");
	bad.prefix_len = 0;
	refused(w, NULL, &bad, -EINVAL, "map: no such prefix length");
	bad.prefix_len = 24;
	bad.reserved[1] = 1;
	refused(w, NULL, &bad, -EINVAL, "map: reserved bytes are not zero");
	bad.reserved[1] = 0;
	bad.to[15] = 1;
	refused(w, NULL, &bad, -EINVAL, "map: bytes behind an IPv4 address are not zero");
	bad.family = 0;
	refused(w, NULL, &bad, -EINVAL, "map: the family is neither 4 nor 6");
	KUNIT_EXPECT_EQ(test, info(w).n_items, 1);
	/* a prefix may make room for another in the same request */
	bad = pair4(0x0a010100, 0xc0a90000, 24);
	KUNIT_EXPECT_EQ(test, change(w, &net, &bad), 0);
}

static struct kunit_case weft_pool_cases[] = {
	KUNIT_CASE(weft_pool_exhausted),
	KUNIT_CASE(weft_pool_nearly_full),
	KUNIT_CASE(weft_pool_paired),
	KUNIT_CASE(weft_pool_preserve),
	KUNIT_CASE(weft_pool_sequential),
	KUNIT_CASE(weft_pool_random),
	KUNIT_CASE(weft_pool_port_zero),
	KUNIT_CASE(weft_pool_reuse),
	KUNIT_CASE(weft_pool_exactly),
	KUNIT_CASE(weft_pool_ipv6),
	KUNIT_CASE(weft_pool_withdrawn),
	KUNIT_CASE(weft_pool_deleted),
	KUNIT_CASE(weft_pool_refusals),
	KUNIT_CASE(weft_pool_many_ranges),
	KUNIT_CASE(weft_pool_map),
	KUNIT_CASE(weft_pool_map_refusals),
	{}
};

static struct kunit_suite weft_pool_suite = {
	.name = "weft_pool",
	.init = world_init,
	.exit = world_exit,
	.test_cases = weft_pool_cases,
};

kunit_test_suites(&weft_pool_suite);
