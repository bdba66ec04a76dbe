// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of templates, on templates as they are used to learn MAC addresses: instances are told
 * apart by logical switch and source address, and keep the logical port.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include "action.h"
#include "datapath.h"
#include "instance.h"
#include "limit.h"
#include "progmem.h"
#include "stamp.h"
#include "table.h"
#include "template.h"
#include "trail.h"

#define TABLE		20
#define MAX_REG		(WEFT_FIELD_REG0 + 9)

#define PORT_LIMIT(_max) \
	{ .max = (_max), .fields = { WEFT_FIELD_LDP, WEFT_FIELD_LIN } }
#define SWITCH_LIMIT(_max) \
	{ .max = (_max), .fields = { WEFT_FIELD_LDP } }

static struct weft_datapath *dp;

static void bind(struct sk_buff *skb, int type, u16 field, u16 source)
{
	struct weft_bind b = { .field = field, .kind = WEFT_BIND_FIELD, .source = source };

	nla_put(skb, type, sizeof(b), &b);
}

static void put_entries(struct sk_buff *skb)
{
	struct nlattr *list = nla_nest_start(skb, WEFT_TEMPLATE_A_ENTRIES), *nest, *inner;

	nest = nla_nest_start(skb, WEFT_TENTRIES_A_ENTRY);
	nla_put_string(skb, WEFT_TENTRY_A_NAME, "mac");
	nla_put_u8(skb, WEFT_TENTRY_A_TABLE, TABLE);
	inner = nla_nest_start(skb, WEFT_TENTRY_A_BINDS);
	bind(skb, WEFT_BINDS_A_BIND, WEFT_FIELD_LDP, WEFT_FIELD_LDP);
	bind(skb, WEFT_BINDS_A_BIND, WEFT_FIELD_ETH_DST, WEFT_FIELD_ETH_SRC);
	nla_nest_end(skb, inner);
	inner = nla_nest_start(skb, WEFT_TENTRY_A_ACTIONS);
	bind(skb, WEFT_ACT_A_BIND, WEFT_FIELD_LOUT, WEFT_FIELD_LIN);
	nla_nest_end(skb, inner);
	nla_nest_end(skb, nest);
	nla_nest_end(skb, list);
}

static int create(struct kunit *test, u32 id, const struct weft_limit *limits, unsigned int n,
		  u32 idle_ms, struct netlink_ext_ack *extack)
{
	struct sk_buff *skb = alloc_skb(4096, GFP_KERNEL);
	struct nlattr *attrs[WEFT_TEMPLATE_A_MAX + 1], *nest;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	nla_put_u32(skb, WEFT_TEMPLATE_A_ID, id);
	nla_put_u32(skb, WEFT_TEMPLATE_A_FALLBACK, WEFT_FALLBACK_CONTINUE);
	put_entries(skb);
	nest = nla_nest_start(skb, WEFT_TEMPLATE_A_TIMEOUTS);
	nla_put_u32(skb, WEFT_TIMEOUTS_A_IDLE, idle_ms);
	nla_nest_end(skb, nest);
	nest = nla_nest_start(skb, WEFT_TEMPLATE_A_LIMITS);
	while (n--)
		nla_put(skb, WEFT_LIMITS_A_LIMIT, sizeof(*limits), limits++);
	nla_nest_end(skb, nest);
	err = nla_parse(attrs, WEFT_TEMPLATE_A_MAX, (struct nlattr *)skb->data, skb->len, NULL,
			NULL);
	KUNIT_ASSERT_EQ(test, err, 0);
	mutex_lock(&dp->lock);
	err = weft_template_create(dp, attrs, extack);
	mutex_unlock(&dp->lock);
	kfree_skb(skb);
	return err;
}

static struct weft_template *make(struct kunit *test, u32 id, const struct weft_limit *limits,
				  unsigned int n, u32 idle_ms)
{
	struct netlink_ext_ack extack = {};
	struct weft_template *t;
	int err = create(test, id, limits, n, idle_ms, &extack);

	KUNIT_ASSERT_EQ_MSG(test, err, 0, "%s", extack._msg);
	mutex_lock(&dp->lock);
	t = weft_template_find(dp, id);
	mutex_unlock(&dp->lock);
	return t;
}

static u32 n_counters(void)
{
	return atomic_read(&dp->limits->counts.nelems);
}

static void drop(struct weft_template *t)
{
	mutex_lock(&dp->lock);
	weft_instances_end_template(dp, t);
	weft_template_remove(dp, t);
	mutex_unlock(&dp->lock);
	rcu_barrier();
}

static void make_key(struct weft_key *key, u32 ldp, u16 lin, u32 mac)
{
	memset(key, 0, sizeof(*key));
	key->ldp = cpu_to_be32(ldp);
	key->lin = cpu_to_be16(lin);
	key->eth_src[0] = 2;
	key->eth_src[2] = mac >> 24;
	key->eth_src[3] = mac >> 16;
	key->eth_src[4] = mac >> 8;
	key->eth_src[5] = mac;
}

static enum weft_opened open_key(struct weft_opening *o, struct weft_template *t,
				 const struct weft_key *key)
{
	enum weft_opened opened;

	o->template = t;
	o->key = key;
	o->in_port = 1;
	o->priority = 1;
	rcu_read_lock();
	local_bh_disable();
	opened = weft_instance_open(dp, o);
	local_bh_enable();
	rcu_read_unlock();
	return opened;
}

/* Machines with these addresses behind a port: how many are learned? */
static u32 learn(struct weft_opening *o, struct weft_template *t, u32 ldp, u16 lin, u32 first,
		 u32 n)
{
	struct weft_key key;
	u32 made = 0;

	while (n--) {
		make_key(&key, ldp, lin, first++);
		made += open_key(o, t, &key) == WEFT_OPEN_MADE;
	}
	return made;
}

/* End one; false: it was not there */
static bool forget(struct weft_opening *o, struct weft_template *t, u32 ldp, u16 lin, u32 mac)
{
	struct weft_key key;
	bool ended = false;

	make_key(&key, ldp, lin, mac);
	rcu_read_lock();
	if (open_key(o, t, &key) == WEFT_OPEN_FOUND)
		ended = weft_instance_end(o->made, WEFT_REASON_REQUEST);
	rcu_read_unlock();
	return ended;
}

/* Each port has room of its own, and each switch; who is refused takes none */
static void limit_fields(struct kunit *test)
{
	const struct weft_limit limits[] = { PORT_LIMIT(10), SWITCH_LIMIT(15) };
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make(test, 1, limits, ARRAY_SIZE(limits), 60000);
	u32 n;

	KUNIT_EXPECT_EQ(test, learn(o, t, 7, 1, 100, 50), 10);
	KUNIT_EXPECT_EQ(test, atomic64_read(&t->refused[WEFT_REFUSED_LIMIT_TEMPLATE]), 40);
	KUNIT_EXPECT_EQ(test, learn(o, t, 7, 2, 200, 50), 5);
	KUNIT_EXPECT_EQ(test, learn(o, t, 7, 3, 300, 50), 0);
	/* another switch, with the same ports */
	KUNIT_EXPECT_EQ(test, learn(o, t, 8, 1, 100, 50), 10);
	KUNIT_EXPECT_EQ(test, learn(o, t, 8, 2, 200, 1), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->n_instances), 26);
	KUNIT_EXPECT_EQ(test, atomic_read(&dp->instances->n), 26);
	KUNIT_EXPECT_EQ(test, atomic_read(&dp->instances->ports[1]), 26);
	KUNIT_EXPECT_EQ(test, n_counters(), 6);
	/* who was refused by the switch's limit has not used up the port's */
	for (n = 100; n < 105; n++)
		KUNIT_EXPECT_TRUE(test, forget(o, t, 7, 1, n));
	KUNIT_EXPECT_EQ(test, learn(o, t, 7, 2, 200, 50), 5);
	for (n = 200; n < 210; n++)
		KUNIT_EXPECT_TRUE(test, forget(o, t, 7, 2, n));
	KUNIT_EXPECT_EQ(test, n_counters(), 5);
	drop(t);
	KUNIT_EXPECT_EQ(test, n_counters(), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dp->instances->n), 0);
}

/* Without fields, all of the template; another one with the same limit has its own */
static void limit_all(struct kunit *test)
{
	const struct weft_limit limit = { .max = 12 };
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make(test, 1, &limit, 1, 60000);
	struct weft_template *other = make(test, 2, &limit, 1, 60000);
	struct weft_key key;

	KUNIT_EXPECT_EQ(test, learn(o, t, 7, 1, 100, 8), 8);
	KUNIT_EXPECT_EQ(test, learn(o, t, 8, 2, 100, 8), 4);
	KUNIT_EXPECT_EQ(test, learn(o, other, 9, 1, 100, 20), 12);
	/* what one has, another template finds, and would replace */
	make_key(&key, 7, 1, 100);
	KUNIT_EXPECT_EQ(test, open_key(o, other, &key), WEFT_OPEN_FOUND);
	KUNIT_EXPECT_FALSE(test, weft_opening_same(o));
	drop(t);
	KUNIT_EXPECT_EQ(test, n_counters(), 1);
	drop(other);
	KUNIT_EXPECT_EQ(test, n_counters(), 0);
}

/* What idles makes room */
static void limit_expiry(struct kunit *test)
{
	const struct weft_limit limits[] = { PORT_LIMIT(10), SWITCH_LIMIT(1000) };
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make(test, 1, limits, ARRAY_SIZE(limits), 100);
	unsigned int round, wait;

	for (round = 0; round < 2; round++) {
		KUNIT_EXPECT_EQ(test, learn(o, t, 7, 1, 100 * round, 20), 10);
		for (wait = 0; atomic_read(&t->n_instances) && wait < 1000; wait++)
			msleep(20);
		KUNIT_EXPECT_EQ(test, atomic_read(&t->n_instances), 0);
		KUNIT_EXPECT_EQ(test, n_counters(), 0);
	}
	drop(t);
}

/* A register says how many: more, fewer, none; those that are there stay */
static void limit_register(struct kunit *test)
{
	const struct weft_limit limit = {
		.max_field = MAX_REG, .fields = { WEFT_FIELD_LDP, WEFT_FIELD_LIN },
	};
	static const struct {
		u32 max;
		u32 then;
	} steps[] = { { 0, 0 }, { 3, 3 }, { 5, 5 }, { 2, 5 }, { 0, 5 }, { 6, 6 } };
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make(test, 1, &limit, 1, 60000);
	struct weft_key key;
	u32 step, mac = 0;

	for (step = 0; step < ARRAY_SIZE(steps); step++) {
		unsigned int n;

		for (n = 0; n < 10; n++) {
			make_key(&key, 7, 1, mac++);
			key.reg[9] = cpu_to_be32(steps[step].max);
			open_key(o, t, &key);
		}
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&t->n_instances), steps[step].then,
				    "step %u", step);
	}
	/* the first one has another maximum now, and is the same */
	make_key(&key, 7, 1, 10);
	key.reg[9] = cpu_to_be32(99);
	KUNIT_EXPECT_EQ(test, open_key(o, t, &key), WEFT_OPEN_FOUND);
	KUNIT_EXPECT_TRUE(test, weft_opening_same(o));
	/* it comes by another port, and is not */
	key.lin = cpu_to_be16(2);
	KUNIT_EXPECT_EQ(test, open_key(o, t, &key), WEFT_OPEN_FOUND);
	KUNIT_EXPECT_FALSE(test, weft_opening_same(o));
	drop(t);
	KUNIT_EXPECT_EQ(test, n_counters(), 0);
}

static bool refused(struct weft_opening *o, struct weft_trail *trail)
{
	bool holds;

	trail->n_probes = 0;
	trail->n_own = 0;
	rcu_read_lock();
	local_bh_disable();
	holds = weft_opening_refused(dp, o, trail);
	local_bh_enable();
	rcu_read_unlock();
	return holds;
}

static bool stands(struct weft_trail *trail)
{
	return weft_probes_hold(dp->stamps, trail->probes, trail->n_probes, false) &&
	       weft_probes_hold(dp->stamps, trail->own, trail->n_own, false);
}

/* What a program that goes on without an instance depends on */
static void limit_stamps(struct kunit *test)
{
	const struct weft_limit limits[] = { PORT_LIMIT(4), SWITCH_LIMIT(8) };
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_opening *other = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_trail *trail = kunit_kzalloc(test, sizeof(*trail), GFP_KERNEL);
	struct weft_template *t = make(test, 1, limits, ARRAY_SIZE(limits), 60000);
	struct weft_key key;

	learn(other, t, 7, 1, 0, 4);
	make_key(&key, 7, 1, 99);
	KUNIT_EXPECT_EQ(test, open_key(o, t, &key), WEFT_OPEN_REFUSED);
	KUNIT_EXPECT_TRUE(test, refused(o, trail));
	/* what happens to others is nothing to it */
	learn(other, t, 7, 2, 100, 1);
	KUNIT_EXPECT_TRUE(test, forget(other, t, 7, 2, 100));
	KUNIT_EXPECT_TRUE(test, stands(trail));
	KUNIT_EXPECT_TRUE(test, forget(other, t, 7, 1, 3));
	KUNIT_EXPECT_FALSE(test, stands(trail));
	/* now there is room, before anybody could note that there was none */
	KUNIT_EXPECT_FALSE(test, refused(o, trail));
	learn(other, t, 7, 1, 3, 1);
	KUNIT_EXPECT_TRUE(test, refused(o, trail));
	KUNIT_EXPECT_TRUE(test, stands(trail));
	/* the same packet, another CPU: it has an instance, since one had gone */
	forget(other, t, 7, 1, 3);
	KUNIT_EXPECT_EQ(test, open_key(other, t, &key), WEFT_OPEN_MADE);
	KUNIT_EXPECT_FALSE(test, stands(trail));
	KUNIT_EXPECT_FALSE(test, refused(o, trail));
	/* by the switch's limit */
	learn(other, t, 7, 2, 200, 4);
	make_key(&key, 7, 3, 98);
	KUNIT_EXPECT_EQ(test, open_key(o, t, &key), WEFT_OPEN_REFUSED);
	KUNIT_EXPECT_TRUE(test, refused(o, trail));
	KUNIT_EXPECT_TRUE(test, forget(other, t, 7, 2, 201));
	KUNIT_EXPECT_FALSE(test, stands(trail));
	drop(t);
}

/* Only packets of the family whose addresses a limit counts by */
static void limit_family(struct kunit *test)
{
	const struct weft_limit limits[] = {
		{ .max = 2, .fields = { WEFT_FIELD_IP_SRC } },
		{ .max = 3, .fields = { WEFT_FIELD_LDP, WEFT_FIELD_IPV6_SRC } },
	};
	static const struct {
		u16 layers;
		u32 made;
	} families[] = { { WEFT_L_IPV4, 2 }, { WEFT_L_IPV6, 3 }, { WEFT_L_ARP, 9 } };
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make(test, 1, limits, ARRAY_SIZE(limits), 60000);
	struct weft_key key;
	u32 f, n;

	for (f = 0; f < ARRAY_SIZE(families); f++) {
		u32 made = 0;

		for (n = 0; n < 9; n++) {
			make_key(&key, 7, 1, 100 * f + n);
			key.layers = families[f].layers;
			key.ip_src.s6_addr32[0] = cpu_to_be32(0x0a000001);
			made += open_key(o, t, &key) == WEFT_OPEN_MADE;
		}
		KUNIT_EXPECT_EQ_MSG(test, made, families[f].made, "family %u", f);
	}
	make_key(&key, 7, 1, 1000);
	key.layers = WEFT_L_IPV4;
	key.ip_src.s6_addr32[0] = cpu_to_be32(0x0a000002);
	KUNIT_EXPECT_EQ(test, open_key(o, t, &key), WEFT_OPEN_MADE);
	drop(t);
	KUNIT_EXPECT_EQ(test, n_counters(), 0);
}

/* What comes from outside counts, too */
static void limit_import(struct kunit *test)
{
	const struct weft_limit limit = PORT_LIMIT(2);
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_opening *copy = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make(test, 1, &limit, 1, 60000);
	static const int errors[] = { 0, 0, -ENOSPC };
	u32 n;

	for (n = 0; n < ARRAY_SIZE(errors); n++) {
		/* an opening has the values when it is refused, too */
		learn(copy, t, 7, 1, n, 1);
		forget(copy, t, 7, 1, n);
		*o = (struct weft_opening){
			.template = t, .when = WEFT_WHEN_OTHER, .in_port = 1, .priority = 1,
		};
		memcpy(o->values, copy->values, sizeof(o->values));
		mutex_lock(&dp->lock);
		KUNIT_EXPECT_EQ(test, weft_instance_add(dp, o), errors[n]);
		mutex_unlock(&dp->lock);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&t->n_instances), 2);
	KUNIT_EXPECT_EQ(test, n_counters(), 1);
	drop(t);
	KUNIT_EXPECT_EQ(test, n_counters(), 0);
}

static const struct bad_limit {
	const char *why;
	struct weft_limit limit;
} bad_limits[] = {
	{ "limit: max or max_field is needed", {} },
	{ "limit: max or max_field is needed", { .max = 1, .max_field = MAX_REG } },
	{ "limit: max_field is no register", { .max_field = WEFT_FIELD_LDP } },
	{ "limit: max_field is no register", { .max_field = WEFT_FIELD_MAX + 1 } },
	{ "limit: reserved must be zero", { .max = 1, .reserved = 1 } },
	{ "limit: unknown field", { .max = 1, .fields = { WEFT_FIELD_MAX + 1 } } },
	{ "limit: a field is there twice",
	  { .max = 1, .fields = { WEFT_FIELD_LIN, WEFT_FIELD_LIN } } },
	{ "limit: no field before another", { .max = 1, .fields = { 0, WEFT_FIELD_LIN } } },
	{ "limit: only metadata, Ethernet and IP fields can be counted by",
	  { .max = 1, .fields = { WEFT_FIELD_L4_SRC } } },
	{ "limit: only metadata, Ethernet and IP fields can be counted by",
	  { .max = 1, .fields = { WEFT_FIELD_TUN_IPV6_SRC } } },
	{ "limit: no packet has all of its fields",
	  { .max = 1, .fields = { WEFT_FIELD_IP_SRC, WEFT_FIELD_IPV6_DST } } },
	{ "limit: too many fields",
	  { .max = 1, .fields = { WEFT_FIELD_IPV6_SRC, WEFT_FIELD_IPV6_DST, WEFT_FIELD_LDP,
				  WEFT_FIELD_LIN } } },
};

static void limit_bad(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct weft_limit many[WEFT_TEMPLATE_LIMITS + 1];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_limits); i++) {
		extack._msg = "";
		KUNIT_EXPECT_EQ_MSG(test, create(test, 1, &bad_limits[i].limit, 1, 1, &extack),
				    -EINVAL, "%u", i);
		KUNIT_EXPECT_STREQ_MSG(test, extack._msg, bad_limits[i].why, "%u", i);
	}
	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct weft_limit)PORT_LIMIT(i + 1);
	KUNIT_EXPECT_EQ(test, create(test, 1, many, i, 1, &extack), -EINVAL);
	KUNIT_EXPECT_STREQ(test, extack._msg, "more limits than a template can have");
	KUNIT_EXPECT_EQ(test, create(test, 1, many, i - 1, 1, &extack), 0);
	drop(xa_load(&dp->templates, 1));
}

/* Threads make and end instances of the same ports, each its own: never more than there may be */
#define RACERS		4
#define RACE_PORTS	3
#define RACE_MAX	20
#define RACE_ROUNDS	(IS_ENABLED(CONFIG_KASAN) ? 4000 : 40000)

struct race {
	struct weft_template *t;
	struct completion done;
	atomic_t running;
	atomic_t racers;
	atomic_t there[RACE_PORTS];
	atomic_t over;
	atomic_t made;
};

static void race_step(struct race *race, struct weft_opening *o, u32 who, u32 *random)
{
	u32 lin = (*random >> 16) % RACE_PORTS;
	struct weft_key key;

	*random = next_pseudo_random32(*random);
	make_key(&key, 7, lin, who << 16 | lin << 8 | *random >> 28);
	rcu_read_lock();
	switch (open_key(o, race->t, &key)) {
	case WEFT_OPEN_MADE:
		if (atomic_inc_return(&race->there[lin]) > RACE_MAX)
			atomic_inc(&race->over);
		atomic_inc(&race->made);
		break;
	case WEFT_OPEN_FOUND:
		atomic_dec(&race->there[lin]);	/* before there is room again */
		weft_instance_end(o->made, WEFT_REASON_REQUEST);
		break;
	default:
		break;
	}
	rcu_read_unlock();
}

static int racer(void *arg)
{
	struct weft_opening *o = kzalloc(sizeof(*o), GFP_KERNEL);
	u32 round, random = get_random_u32(), who;
	struct race *race = arg;

	who = atomic_inc_return(&race->racers);
	for (round = 0; o && round < RACE_ROUNDS; round++) {
		race_step(race, o, who, &random);
		if (round % 64 == 0)
			cond_resched();
	}
	kfree(o);
	if (atomic_dec_and_test(&race->running))
		complete(&race->done);
	return 0;
}

static void limit_race(struct kunit *test)
{
	const struct weft_limit limits[] = { PORT_LIMIT(RACE_MAX), SWITCH_LIMIT(2 * RACE_MAX) };
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 n, there = 0;

	race->t = make(test, 1, limits, ARRAY_SIZE(limits), 60000);
	init_completion(&race->done);
	atomic_set(&race->running, RACERS);
	for (n = 0; n < RACERS; n++)
		KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(racer, race, "weft-racer")));
	wait_for_completion(&race->done);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->over), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&race->made), 10 * RACE_MAX);
	KUNIT_EXPECT_GT(test, atomic64_read(&race->t->refused[WEFT_REFUSED_LIMIT_TEMPLATE]), 0);
	for (n = 0; n < RACE_PORTS; n++)
		there += atomic_read(&race->there[n]);
	KUNIT_EXPECT_EQ(test, there, atomic_read(&race->t->n_instances));
	KUNIT_EXPECT_LE(test, there, 2 * RACE_MAX);
	drop(race->t);
	KUNIT_EXPECT_EQ(test, n_counters(), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dp->instances->n), 0);
}

static int limit_test_init(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	dp = weft_dp_create(&init_net, "kunit", &extack);
	return PTR_ERR_OR_ZERO(dp);
}

static void limit_test_exit(struct kunit *test)
{
	if (IS_ERR_OR_NULL(dp))
		return;
	weft_dp_delete(dp, NULL);
	weft_dp_put(dp);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE(limit_fields),
	KUNIT_CASE(limit_all),
	KUNIT_CASE(limit_expiry),
	KUNIT_CASE(limit_register),
	KUNIT_CASE(limit_stamps),
	KUNIT_CASE(limit_family),
	KUNIT_CASE(limit_import),
	KUNIT_CASE(limit_bad),
	KUNIT_CASE(limit_race),
	{ }
};

static int limit_suite_init(struct kunit_suite *suite)
{
	weft_wq = alloc_workqueue("weft-kunit", WQ_UNBOUND, 0);
	if (!weft_wq || weft_progmem_init())
		return -ENOMEM;
	return weft_dp_init();
}

static void limit_suite_exit(struct kunit_suite *suite)
{
	weft_dp_exit();
	rcu_barrier();
	destroy_workqueue(weft_wq);
	rcu_barrier();
	rcu_barrier();
	rcu_barrier();
	weft_progmem_exit();
}

static struct kunit_suite limit_suite = {
	.name = "weft_limit",
	.suite_init = limit_suite_init,
	.suite_exit = limit_suite_exit,
	.init = limit_test_init,
	.exit = limit_test_exit,
	.test_cases = limit_cases,
};

kunit_test_suite(limit_suite);
