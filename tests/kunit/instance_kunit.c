// SPDX-License-Identifier: GPL-2.0-only
/*
 * Templates and instances: source NAT made from packets' keys, its end, its limits, its states.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include "action.h"
#include "block.h"
#include "datapath.h"
#include "instance.h"
#include "pool.h"
#include "progmem.h"
#include "stamp.h"
#include "table.h"
#include "template.h"

#if BITS_PER_LONG == 64
static_assert(sizeof(struct weft_instance) <= 144);
#endif

#define OUTSIDE		0x0b000101	/* 11.0.1.1 */
#define FIRST_PORT	2000
#define FORWARD		14
#define REVERSE		11
#define SENDER		100		/* priority of the entry that names the template */

static struct weft_datapath *dp;

static void bind(struct sk_buff *skb, int type, u16 field, u16 kind, u16 source)
{
	struct weft_bind b = { .field = field, .kind = kind, .source = source };

	nla_put(skb, type, sizeof(b), &b);
}

static void same(struct sk_buff *skb, u16 field)
{
	bind(skb, WEFT_BINDS_A_BIND, field, WEFT_BIND_FIELD, field);
}

static struct nlattr *entry_begin(struct sk_buff *skb, const char *name, u8 table)
{
	struct nlattr *nest = nla_nest_start(skb, WEFT_TENTRIES_A_ENTRY);

	nla_put_string(skb, WEFT_TENTRY_A_NAME, name);
	nla_put_u8(skb, WEFT_TENTRY_A_TABLE, table);
	nla_put_u32(skb, WEFT_TENTRY_A_WHEN,
		    WEFT_WHEN_IPV4 | WEFT_WHEN_TCP | WEFT_WHEN_UDP);
	return nest;
}

/* @narrow: ports do not tell replies apart */
static void put_entries(struct sk_buff *skb, bool narrow)
{
	struct nlattr *list = nla_nest_start(skb, WEFT_TEMPLATE_A_ENTRIES), *nest, *inner;

	nest = entry_begin(skb, "forward", FORWARD);
	inner = nla_nest_start(skb, WEFT_TENTRY_A_BINDS);
	same(skb, WEFT_FIELD_LDP);
	same(skb, WEFT_FIELD_ETH_TYPE);
	same(skb, WEFT_FIELD_IP_PROTO);
	same(skb, WEFT_FIELD_IP_SRC);
	same(skb, WEFT_FIELD_IP_DST);
	same(skb, WEFT_FIELD_L4_SRC);
	same(skb, WEFT_FIELD_L4_DST);
	nla_nest_end(skb, inner);
	inner = nla_nest_start(skb, WEFT_TENTRY_A_ACTIONS);
	bind(skb, WEFT_ACT_A_BIND, WEFT_FIELD_IP_SRC, WEFT_BIND_VAR, WEFT_VAR_IP);
	bind(skb, WEFT_ACT_A_BIND, WEFT_FIELD_L4_SRC, WEFT_BIND_VAR, WEFT_VAR_PORT);
	nla_nest_end(skb, inner);
	nla_nest_end(skb, nest);

	nest = entry_begin(skb, "reverse", REVERSE);
	nla_put_flag(skb, WEFT_TENTRY_A_REPLY);
	inner = nla_nest_start(skb, WEFT_TENTRY_A_BINDS);
	same(skb, WEFT_FIELD_LDP);
	same(skb, WEFT_FIELD_ETH_TYPE);
	same(skb, WEFT_FIELD_IP_PROTO);
	bind(skb, WEFT_BINDS_A_BIND, WEFT_FIELD_IP_SRC, WEFT_BIND_FIELD, WEFT_FIELD_IP_DST);
	bind(skb, WEFT_BINDS_A_BIND, WEFT_FIELD_IP_DST, WEFT_BIND_VAR, WEFT_VAR_IP);
	bind(skb, WEFT_BINDS_A_BIND, WEFT_FIELD_L4_SRC, WEFT_BIND_FIELD, WEFT_FIELD_L4_DST);
	if (!narrow)
		bind(skb, WEFT_BINDS_A_BIND, WEFT_FIELD_L4_DST, WEFT_BIND_VAR, WEFT_VAR_PORT);
	nla_nest_end(skb, inner);
	inner = nla_nest_start(skb, WEFT_TENTRY_A_ACTIONS);
	bind(skb, WEFT_ACT_A_BIND, WEFT_FIELD_IP_DST, WEFT_BIND_FIELD, WEFT_FIELD_IP_SRC);
	bind(skb, WEFT_ACT_A_BIND, WEFT_FIELD_L4_DST, WEFT_BIND_FIELD, WEFT_FIELD_L4_SRC);
	nla_nest_end(skb, inner);
	nla_nest_end(skb, nest);
	nla_nest_end(skb, list);
}

static struct weft_template *make_template(struct kunit *test, u32 id, u32 ports, bool narrow)
{
	struct sk_buff *skb = alloc_skb(4096, GFP_KERNEL);
	struct nlattr *attrs[WEFT_TEMPLATE_A_MAX + 1];
	struct weft_pool_range range = {
		.family = 4, .first_port = FIRST_PORT, .last_port = FIRST_PORT + ports - 1,
	};
	struct weft_pool_item item = { .value = &range };
	struct weft_pool_change change = { .add = &item, .n_add = 1 };
	struct weft_pool_config config = { .id = id };
	struct netlink_ext_ack extack = {};
	struct weft_template *t;
	__be32 ip = cpu_to_be32(OUTSIDE);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	memcpy(range.first, &ip, sizeof(ip));
	memcpy(range.last, &ip, sizeof(ip));
	nla_put_u32(skb, WEFT_TEMPLATE_A_ID, id);
	nla_put_u32(skb, WEFT_TEMPLATE_A_POOL, id);
	nla_put_u32(skb, WEFT_TEMPLATE_A_TRACK, WEFT_TRACK_STATE);
	nla_put_u32(skb, WEFT_TEMPLATE_A_FAIL_TIMEOUT, 0);
	put_entries(skb, narrow);
	err = nla_parse(attrs, WEFT_TEMPLATE_A_MAX, (struct nlattr *)skb->data, skb->len, NULL,
			NULL);
	KUNIT_ASSERT_EQ(test, err, 0);

	mutex_lock(&dp->lock);
	err = PTR_ERR_OR_ZERO(weft_pool_create(dp, &config, &change, &extack));
	if (!err)
		err = weft_template_create(dp, attrs, &extack);
	t = weft_template_find(dp, id);
	mutex_unlock(&dp->lock);
	KUNIT_ASSERT_EQ_MSG(test, err, 0, "%s", extack._msg);
	KUNIT_ASSERT_NOT_NULL(test, t);
	kfree_skb(skb);
	return t;
}

/* Source NAT to a pool with so many ports */
static struct weft_template *make_snat(struct kunit *test, u32 id, u32 ports)
{
	return make_template(test, id, ports, false);
}

static void drop_snat(struct weft_template *t)
{
	mutex_lock(&dp->lock);
	weft_instances_end_template(dp, t);
	weft_template_remove(dp, t);
	mutex_unlock(&dp->lock);
	rcu_barrier();
}

static void make_key(struct weft_key *key, u32 n, u8 proto)
{
	memset(key, 0, sizeof(*key));
	key->ldp = cpu_to_be32(7);
	key->eth_type = htons(ETH_P_IP);
	key->ip_proto = proto;
	key->layers = WEFT_L_IPV4 | (proto == IPPROTO_TCP ? WEFT_L_TCP : WEFT_L_UDP);
	key->ip_src.s6_addr32[0] = cpu_to_be32(0x0a000101 + (n >> 10));
	key->ip_dst.s6_addr32[0] = cpu_to_be32(0x0a000201);
	key->l4_src = htons(10000 + (n & 1023));
	key->l4_dst = htons(80);
}

static enum weft_opened open_one(struct weft_opening *o, struct weft_template *t,
				 const struct weft_key *key)
{
	enum weft_opened opened;

	o->template = t;
	o->key = key;
	o->in_port = 1;
	o->priority = SENDER;
	rcu_read_lock();
	local_bh_disable();
	opened = weft_instance_open(dp, o);
	local_bh_enable();
	rcu_read_unlock();
	return opened;
}

static struct in6_addr drawn_ip(const struct weft_instance *i)
{
	const struct weft_pool_block *block = i->claim.block;
	struct in6_addr ip;

	weft_addr_store(block->range.family, weft_addr_add(block->first, i->claim.at), &ip);
	return ip;
}

/* The key of the reply to what the instance made of @key */
static void reply_key(const struct weft_key *key, const struct weft_instance *i,
		      struct weft_key *reply)
{
	*reply = *key;
	reply->ip_src = key->ip_dst;
	reply->ip_dst = drawn_ip(i);
	reply->l4_src = key->l4_dst;
	reply->l4_dst = i->claim.port;
}

static struct weft_flow *lookup(u8 table, const struct weft_key *key)
{
	struct weft_trail *trail = kzalloc(sizeof(*trail), GFP_KERNEL);
	struct weft_flow *flow;

	rcu_read_lock();
	flow = weft_table_lookup(dp, table, key, dp->version, trail);
	rcu_read_unlock();
	kfree(trail);
	return flow;
}

/* A packet with this key; true: others like it need not be seen */
static bool track(struct weft_flow *flow, const struct weft_key *key)
{
	enum weft_tracked tracked;
	bool reply;

	local_bh_disable();
	tracked = weft_instance_track(flow, key, NULL, &reply);
	local_bh_enable();
	return tracked == WEFT_TRACKED_KEEP;
}

static void instance_entries(struct kunit *test)
{
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_snat(test, 1, 100);
	struct weft_key key, reply;
	struct weft_flow *flow;
	struct weft_instance *i;

	make_key(&key, 1, IPPROTO_UDP);
	KUNIT_EXPECT_NULL(test, lookup(FORWARD, &key));
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	i = o->made;
	KUNIT_EXPECT_EQ(test, drawn_ip(i).s6_addr32[0], cpu_to_be32(OUTSIDE));
	KUNIT_EXPECT_GE(test, ntohs(i->claim.port), FIRST_PORT);
	KUNIT_EXPECT_LT(test, ntohs(i->claim.port), FIRST_PORT + 100);
	flow = lookup(FORWARD, &key);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	KUNIT_EXPECT_PTR_EQ(test, weft_flow_instance(flow), i);
	KUNIT_EXPECT_EQ(test, flow->priority, SENDER + 1);
	reply_key(&key, i, &reply);
	flow = lookup(REVERSE, &reply);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	KUNIT_EXPECT_PTR_EQ(test, weft_flow_instance(flow), i);

	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_FOUND);
	KUNIT_EXPECT_PTR_EQ(test, o->made, i);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->n_instances), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&dp->instances->n), 1);

	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, weft_instance_end(i, WEFT_REASON_REQUEST));
	KUNIT_EXPECT_FALSE(test, weft_instance_end(i, WEFT_REASON_REQUEST));
	rcu_read_unlock();
	KUNIT_EXPECT_NULL(test, lookup(FORWARD, &key));
	KUNIT_EXPECT_NULL(test, lookup(REVERSE, &reply));
	KUNIT_EXPECT_EQ(test, atomic_read(&dp->instances->n), 0);
	drop_snat(t);
}

/* What is not TCP or UDP over IPv4 is refused */
static void instance_other_packets(struct kunit *test)
{
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_snat(test, 2, 100);
	struct weft_key key;

	make_key(&key, 1, IPPROTO_UDP);
	key.layers = WEFT_L_IPV4 | WEFT_L_SCTP;
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_NO_HEADER);
	key.layers = WEFT_L_ARP;
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_NO_HEADER);
	KUNIT_EXPECT_EQ(test, atomic64_read(&t->refused[WEFT_REFUSED_PACKET]), 2);
	drop_snat(t);
}

/* All ports go out, no two alike; then there is none; one that ends gives its own back */
static void instance_exhausted(struct kunit *test)
{
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_snat(test, 3, 200);
	DECLARE_BITMAP(used, 200) = {};
	struct weft_instance *last = NULL;
	struct weft_key key;
	u32 n;

	for (n = 0; n < 200; n++) {
		make_key(&key, n, IPPROTO_TCP);
		KUNIT_ASSERT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
		KUNIT_EXPECT_FALSE(test, test_and_set_bit(ntohs(o->made->claim.port) - FIRST_PORT,
							  used));
		last = o->made;
	}
	make_key(&key, n, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_FAILED);
	KUNIT_EXPECT_EQ(test, atomic64_read(&t->refused[WEFT_REFUSED_POOL]), 1);
	/* another protocol has ports of its own */
	make_key(&key, n, IPPROTO_UDP);
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	rcu_read_lock();
	weft_instance_end(last, WEFT_REASON_REQUEST);
	rcu_read_unlock();
	make_key(&key, n, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	drop_snat(t);
}

/* An entry that another instance has: none is made, and what was drawn goes back */
static void instance_collision(struct kunit *test)
{
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_template(test, 9, 2, true);
	struct weft_key key;

	make_key(&key, 1, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	make_key(&key, 2, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_FAILED);
	KUNIT_EXPECT_EQ(test, atomic64_read(&t->refused[WEFT_REFUSED_COLLISION]), 1);
	KUNIT_EXPECT_NULL(test, lookup(FORWARD, &key));
	KUNIT_EXPECT_EQ(test, atomic_read(&t->n_instances), 1);
	/* another server's replies are others; this takes the port that was given back */
	key.ip_dst.s6_addr32[0] = cpu_to_be32(0x0a000202);
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	drop_snat(t);
}

static void instance_limits(struct kunit *test)
{
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_snat(test, 4, 200);
	struct weft_instances *all = dp->instances;
	u32 *limits[] = { &all->limit, &all->limit_slice, &all->limit_port };
	unsigned int n, i;
	struct weft_key key;

	for (n = 0; n < ARRAY_SIZE(limits); n++) {
		u32 was = *limits[n];

		*limits[n] = 10 * (n + 1);
		for (i = 10 * n; i < 10 * (n + 1); i++) {
			make_key(&key, i, IPPROTO_TCP);
			KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
		}
		make_key(&key, 1000, IPPROTO_TCP);
		KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_REFUSED);
		KUNIT_EXPECT_EQ(test, atomic64_read(&t->refused[WEFT_REFUSED_LIMIT_DP + n]), 1);
		*limits[n] = was;
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&all->n), 30);
	drop_snat(t);
	KUNIT_EXPECT_EQ(test, atomic_read(&all->n), 0);
}

/* Numbers count up, are never 0, and never those of others, also when they have come round */
static void instance_numbers(struct kunit *test)
{
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_snat(test, 5, 200);
	struct weft_instances *all = dp->instances;
	struct weft_key key;
	unsigned int n;

	all->next_id = U32_MAX - 1;
	for (n = 0; n < 6; n++) {
		make_key(&key, n, IPPROTO_UDP);
		KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
		KUNIT_EXPECT_EQ(test, o->made->id, n < 2 ? U32_MAX - 1 + n : n - 1);
	}
	all->next_id = U32_MAX;
	make_key(&key, n, IPPROTO_UDP);
	KUNIT_EXPECT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	KUNIT_EXPECT_NE(test, o->made->id, U32_MAX);
	KUNIT_EXPECT_GT(test, o->made->id, 4);
	KUNIT_EXPECT_PTR_EQ(test, xa_load(&all->ids, o->made->id), (void *)o->made);
	KUNIT_EXPECT_EQ(test, all->next_id, o->made->id + 1);
	drop_snat(t);
	KUNIT_EXPECT_TRUE(test, xa_empty(&all->ids));
}

/* The way of a connection: flags of a packet and its direction, and the state behind it */
struct step {
	u16 flags;
	bool reply;
	bool stable;		/* packets like this one need not be seen again */
	enum weft_state state;
};

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define ACK	0x10

struct connection {
	const char *name;
	struct step steps[8];
};

static const struct connection connections[] = {
	{ "open and close", {
		{ SYN, false, false, WEFT_STATE_TCP_OPENING },
		{ SYN | ACK, true, false, WEFT_STATE_TCP_OPENING },
		{ ACK, false, true, WEFT_STATE_TCP_ESTABLISHED },
		{ ACK, true, true, WEFT_STATE_TCP_ESTABLISHED },
		{ FIN | ACK, false, false, WEFT_STATE_TCP_CLOSING },
		{ FIN | ACK, true, false, WEFT_STATE_TCP_CLOSED },
		{ ACK, false, true, WEFT_STATE_TCP_CLOSED },
	} },
	{ "reset", {
		{ SYN, false, false, WEFT_STATE_TCP_OPENING },
		{ RST | ACK, true, false, WEFT_STATE_TCP_RESET },
	} },
	{ "an ACK before the answer", {
		{ SYN, false, false, WEFT_STATE_TCP_OPENING },
		{ ACK, false, false, WEFT_STATE_TCP_OPENING },
		{ SYN | ACK, true, false, WEFT_STATE_TCP_OPENING },
		{ ACK, false, true, WEFT_STATE_TCP_ESTABLISHED },
	} },
	{ "met in the middle", {
		{ ACK, false, true, WEFT_STATE_TCP_ESTABLISHED },
		{ ACK, true, true, WEFT_STATE_TCP_ESTABLISHED },
	} },
	{ "the ports again", {
		{ ACK, false, true, WEFT_STATE_TCP_ESTABLISHED },
		{ FIN | ACK, true, false, WEFT_STATE_TCP_CLOSING },
		{ SYN, false, false, WEFT_STATE_TCP_CLOSING },
		{ FIN | ACK, false, false, WEFT_STATE_TCP_CLOSED },
		{ SYN, false, false, WEFT_STATE_TCP_OPENING },
		{ SYN | ACK, true, false, WEFT_STATE_TCP_OPENING },
		{ ACK, false, true, WEFT_STATE_TCP_ESTABLISHED },
	} },
};

static void connection_name(const struct connection *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(connection, connections, connection_name);

static void instance_tcp(struct kunit *test)
{
	const struct connection *c = test->param_value;
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_snat(test, 5, 100);
	struct weft_flow *forward, *reverse;
	struct weft_key key, reply;
	unsigned int n;

	make_key(&key, 1, IPPROTO_TCP);
	KUNIT_ASSERT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	reply_key(&key, o->made, &reply);
	forward = lookup(FORWARD, &key);
	reverse = lookup(REVERSE, &reply);
	KUNIT_ASSERT_NOT_NULL(test, forward);
	KUNIT_ASSERT_NOT_NULL(test, reverse);
	for (n = 0; n < ARRAY_SIZE(c->steps) && c->steps[n].flags; n++) {
		const struct step *step = &c->steps[n];
		struct weft_key *k = step->reply ? &reply : &key;

		k->tcp_flags = htons(step->flags);
		KUNIT_EXPECT_EQ_MSG(test, track(step->reply ? reverse : forward, k),
				    step->stable, "step %u", n);
		KUNIT_EXPECT_EQ_MSG(test, weft_instance_state(o->made), step->state, "step %u", n);
	}
	drop_snat(t);
}

/* Programs of the old connection would not see the end of the new one's handshake */
static void instance_tcp_again(struct kunit *test)
{
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_snat(test, 8, 100);
	struct weft_flow *forward, *reverse;
	struct weft_key key, reply;
	struct weft_probe probe;

	make_key(&key, 1, IPPROTO_TCP);
	KUNIT_ASSERT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	reply_key(&key, o->made, &reply);
	forward = lookup(FORWARD, &key);
	reverse = lookup(REVERSE, &reply);
	key.tcp_flags = htons(ACK);
	KUNIT_EXPECT_TRUE(test, track(forward, &key));
	key.tcp_flags = htons(FIN | ACK);
	track(forward, &key);
	reply.tcp_flags = htons(FIN | ACK);
	track(reverse, &reply);
	weft_probe(dp->stamps, weft_subtable_hash(forward->subtable, forward->key), &probe);
	key.tcp_flags = htons(ACK);
	track(forward, &key);
	KUNIT_EXPECT_TRUE(test, weft_probes_hold(dp->stamps, &probe, 1, false));
	key.tcp_flags = htons(SYN);
	track(forward, &key);
	KUNIT_EXPECT_FALSE(test, weft_probes_hold(dp->stamps, &probe, 1, false));
	drop_snat(t);
}

static void instance_udp(struct kunit *test)
{
	struct weft_opening *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct weft_template *t = make_snat(test, 6, 100);
	struct weft_key key, reply;

	make_key(&key, 1, IPPROTO_UDP);
	KUNIT_ASSERT_EQ(test, open_one(o, t, &key), WEFT_OPEN_MADE);
	reply_key(&key, o->made, &reply);
	KUNIT_EXPECT_TRUE(test, track(lookup(FORWARD, &key), &key));
	KUNIT_EXPECT_EQ(test, weft_instance_state(o->made), WEFT_STATE_NEW);
	/* the first answer is not worth a program */
	KUNIT_EXPECT_FALSE(test, track(lookup(REVERSE, &reply), &reply));
	KUNIT_EXPECT_EQ(test, weft_instance_state(o->made), WEFT_STATE_REPLIED);
	KUNIT_EXPECT_TRUE(test, track(lookup(REVERSE, &reply), &reply));
	drop_snat(t);
}

/* Threads that open the same connections, and end some: one instance each, no port twice */
#define RACERS		4
#define CONNECTIONS	2000
#define RACE_ROUNDS	(IS_ENABLED(CONFIG_KASAN) ? 5 : 40)

struct race {
	struct weft_template *t;
	struct completion done;
	atomic_t running;
	atomic_t wrong;
	atomic_t made;
};

static int racer(void *arg)
{
	struct weft_opening *o = kzalloc(sizeof(*o), GFP_KERNEL);
	struct race *race = arg;
	struct weft_key key;
	u32 round, n;

	for (round = 0; o && round < RACE_ROUNDS; round++) {
		for (n = 0; n < CONNECTIONS; n++) {
			enum weft_opened opened;

			make_key(&key, n, n & 1 ? IPPROTO_TCP : IPPROTO_UDP);
			opened = open_one(o, race->t, &key);
			if (opened > WEFT_OPEN_MADE)
				atomic_inc(&race->wrong);
			if (get_random_u32() % 16 == 0) {
				rcu_read_lock();
				o->made = NULL;
				if (open_one(o, race->t, &key) <= WEFT_OPEN_MADE)
					weft_instance_end(o->made, WEFT_REASON_REQUEST);
				rcu_read_unlock();
			}
		}
		cond_resched();
	}
	kfree(o);
	if (atomic_dec_and_test(&race->running))
		complete(&race->done);
	return 0;
}

static void instance_race(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	unsigned long *used = kunit_kzalloc(test, 2 * BITS_TO_LONGS(65536) * sizeof(long),
					    GFP_KERNEL);
	struct weft_instance *i;
	unsigned long id;
	unsigned int n, there = 0;

	/* hardly more ports than connections: threads that were too late held some, too */
	race->t = make_snat(test, 7, CONNECTIONS / 2 + RACERS);
	init_completion(&race->done);
	atomic_set(&race->running, RACERS);
	for (n = 0; n < RACERS; n++)
		KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(racer, race, "weft-racer")));
	wait_for_completion(&race->done);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->wrong), 0);
	xa_for_each(&dp->instances->ids, id, i) {
		unsigned int at = ntohs(i->claim.port) +
				  (i->when & WEFT_WHEN_TCP ? 65536 : 0);

		there++;
		KUNIT_EXPECT_FALSE(test, __test_and_set_bit(at, used));
	}
	KUNIT_EXPECT_EQ(test, there, atomic_read(&dp->instances->n));
	KUNIT_EXPECT_LE(test, there, CONNECTIONS);
	KUNIT_EXPECT_GE(test, there, CONNECTIONS / 2);
	drop_snat(race->t);
	KUNIT_EXPECT_EQ(test, atomic_read(&dp->instances->n), 0);
}

static int instance_test_init(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	dp = weft_dp_create(&init_net, "kunit", &extack);
	return PTR_ERR_OR_ZERO(dp);
}

static void instance_test_exit(struct kunit *test)
{
	if (IS_ERR_OR_NULL(dp))
		return;
	weft_dp_delete(dp, NULL);
	weft_dp_put(dp);
}

static struct kunit_case instance_cases[] = {
	KUNIT_CASE(instance_entries),
	KUNIT_CASE(instance_other_packets),
	KUNIT_CASE(instance_exhausted),
	KUNIT_CASE(instance_collision),
	KUNIT_CASE(instance_limits),
	KUNIT_CASE(instance_numbers),
	KUNIT_CASE_PARAM(instance_tcp, connection_gen_params),
	KUNIT_CASE(instance_tcp_again),
	KUNIT_CASE(instance_udp),
	KUNIT_CASE(instance_race),
	{ }
};

static int instance_suite_init(struct kunit_suite *suite)
{
	weft_wq = alloc_workqueue("weft-kunit", WQ_UNBOUND, 0);
	if (!weft_wq || weft_progmem_init())
		return -ENOMEM;
	return weft_dp_init();
}

static void instance_suite_exit(struct kunit_suite *suite)
{
	weft_dp_exit();
	rcu_barrier();
	destroy_workqueue(weft_wq);
	rcu_barrier();
	rcu_barrier();
	rcu_barrier();
	weft_progmem_exit();
}

static struct kunit_suite instance_suite = {
	.name = "weft_instance",
	.suite_init = instance_suite_init,
	.suite_exit = instance_suite_exit,
	.init = instance_test_init,
	.exit = instance_test_exit,
	.test_cases = instance_cases,
};

kunit_test_suite(instance_suite);
