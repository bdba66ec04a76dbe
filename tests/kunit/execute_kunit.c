// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of execute.c: programs are run for real, on ports with devices of our own
 * that keep what they are given, and compared with an interpreter that
 * does it the plain way: every operation in order, a full copy for each output.
 *
 * Packets have a page, of which all copies hold a reference as long as they
 * live: afterwards it must be ours alone, or one was lost or freed twice.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/prandom.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include "datapath.h"
#include "key.h"
#include "port.h"
#include "program.h"
#include "service.h"
#include "upcall.h"

#define SEED		0x5eed
#define PROGRAMS	(IS_ENABLED(CONFIG_KASAN) ? 3000 : 20000)
#define PAYLOAD		50
#define L3_LEN		(20 + 8 + PAYLOAD)
#define FLAT_MAX	(ETH_HLEN + 2 * VLAN_HLEN + L3_LEN)
#define EXPECTED_MAX	2048

/* Ports of the test's datapath; UP1 … UP3 take packets */
enum {
	UP1 = 1,
	UP2,
	UP3,
	DOWN,
	DETACHING,
	TUNNEL_PORT,
	IN,
	N_PORTS,
	NO_SUCH_PORT,
};

struct packet {
	u8 eth_src[ETH_ALEN];
	int n_tags;
	u16 tci[2];
	u16 tpid[2];
	u8 ttl;
	u8 ip_src[4];
};

struct expected {
	u32 port;		/* 0: upcall */
	u8 len;
	u8 flat[FLAT_MAX];
};

struct execute_context {
	struct kunit *test;
	struct rnd_state rnd;
	struct weft_datapath *dp;
	struct weft_port *port[N_PORTS];
	struct weft_service *listening, *deaf;
	struct page *page;
	struct sk_buff_head sent;
	u32 original_port;	/* to which the packet itself went, not a copy */
	u16 layers;
	union {
		struct weft_program prog;
		u64 room[WEFT_PROGRAM_MAX / 8 + 8];
	};

	/* what the interpreter expects */
	struct expected want[EXPECTED_MAX];
	unsigned int n_want;
	u64 drops[WEFT_DROP_MAX + 1];
	enum weft_drop reason;
	bool done;
};

struct port_dev {
	struct execute_context *x;
	u32 port;
};

static u32 rnd_below(struct execute_context *x, u32 n)
{
	return prandom_u32_state(&x->rnd) % n;
}

/* Devices */

static netdev_tx_t port_dev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct port_dev *p = netdev_priv(dev);

	/* the stack sends things of its own, as to new devices */
	if (eth_hdr(skb)->h_dest[1] == 0xfe && eth_hdr(skb)->h_dest[2] == 0xed)
		__skb_queue_tail(&p->x->sent, skb);
	else
		kfree_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops port_dev_ops = {
	.ndo_start_xmit = port_dev_xmit,
};

static void port_dev_setup(struct net_device *dev)
{
	ether_setup(dev);
	eth_hw_addr_random(dev);
	dev->netdev_ops = &port_dev_ops;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->flags = (dev->flags | IFF_NOARP) & ~IFF_MULTICAST;
	dev->features |= NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HW_VLAN_CTAG_TX |
			 NETIF_F_HW_VLAN_STAG_TX;
}

static struct weft_port *make_port(struct execute_context *x, u32 id)
{
	struct kunit *test = x->test;
	struct weft_port *port = kunit_kzalloc(test, sizeof(*port), GFP_KERNEL);
	struct port_dev *p;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, port);
	port->id = id;
	port->dp = x->dp;
	port->type = id == TUNNEL_PORT ? WEFT_PORT_TYPE_GENEVE : WEFT_PORT_TYPE_NETDEV;
	port->mark_mask = U32_MAX;
	port->class = WEFT_PORT_CLASS_VIF;
	port->detaching = id == DETACHING;
	INIT_LIST_HEAD(&port->lports);
	port->stats = alloc_percpu(struct weft_port_cpu_stats);
	KUNIT_ASSERT_NOT_NULL(test, port->stats);
	x->port[id] = port;

	port->dev = alloc_netdev(sizeof(*p), "weft-test%d", NET_NAME_UNKNOWN, port_dev_setup);
	KUNIT_ASSERT_NOT_NULL(test, port->dev);
	p = netdev_priv(port->dev);
	p->x = x;
	p->port = id;
	rtnl_lock();
	err = register_netdevice(port->dev);
	if (err) {
		free_netdev(port->dev);
		port->dev = NULL;
	} else if (id != DOWN) {
		err = dev_open(port->dev, NULL);
	}
	rtnl_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_EQ(test, xa_err(xa_store(&x->dp->ports, id, port, GFP_KERNEL)), 0);
	return port;
}

static int execute_test_init(struct kunit *test)
{
	struct execute_context *x = kunit_kzalloc(test, sizeof(*x), GFP_KERNEL);
	u32 id;

	if (!x)
		return -ENOMEM;
	test->priv = x;
	x->test = test;
	prandom_seed_state(&x->rnd, SEED);
	x->prog.size = WEFT_PROGRAM_MAX;
	__skb_queue_head_init(&x->sent);
	x->dp = kunit_kzalloc(test, sizeof(*x->dp), GFP_KERNEL);
	x->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!x->dp || !x->page)
		return -ENOMEM;
	x->dp->net = &init_net;
	mutex_init(&x->dp->lock);
	xa_init(&x->dp->ports);
	KUNIT_ASSERT_EQ(test, weft_upcall_init(x->dp), 0);
	mutex_lock(&x->dp->lock);
	x->listening = weft_service_get(x->dp, "listening", NULL);
	x->deaf = weft_service_get(x->dp, "deaf", NULL);
	mutex_unlock(&x->dp->lock);
	KUNIT_ASSERT_FALSE(test, IS_ERR(x->listening) || IS_ERR(x->deaf));
	/* a member without credits: packets stay in the queue */
	x->listening->n_members = 1;
	x->listening->limit = WEFT_SERVICE_LIMIT_MAX;
	for (id = UP1; id < N_PORTS; id++)
		make_port(x, id);
	return 0;
}

static void execute_test_exit(struct kunit *test)
{
	struct execute_context *x = test->priv;
	u32 id;

	if (!x || !x->dp)
		return;
	__skb_queue_purge(&x->sent);
	if (x->port[IN]) {
		x->port[IN]->detaching = true;
		weft_upcall_port_gone(x->port[IN]);
	}
	if (!IS_ERR_OR_NULL(x->listening)) {
		x->listening->n_members = 0;
		weft_service_put(x->listening);
	}
	if (!IS_ERR_OR_NULL(x->deaf))
		weft_service_put(x->deaf);
	weft_upcall_exit(x->dp);
	rtnl_lock();
	for (id = UP1; id < N_PORTS; id++)
		if (x->port[id] && x->port[id]->dev)
			unregister_netdevice(x->port[id]->dev);
	rtnl_unlock();
	synchronize_net();
	for (id = UP1; id < N_PORTS; id++) {
		if (!x->port[id])
			continue;
		if (x->port[id]->dev)
			free_netdev(x->port[id]->dev);
		free_percpu(x->port[id]->stats);
	}
	xa_destroy(&x->dp->ports);
	if (x->page)
		put_page(x->page);
}

/* Packets */

static void put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static unsigned int flatten(const struct packet *pkt, u8 *flat)
{
	u8 *p = flat, *ip;
	u32 sum = 0;
	int i;

	memcpy(p, "\2\xfe\xed\0\0\1", 6);
	memcpy(p + 6, pkt->eth_src, 6);
	p += 12;
	for (i = 0; i < pkt->n_tags; i++, p += 4) {
		put16(p, pkt->tpid[i]);
		put16(p + 2, pkt->tci[i]);
	}
	put16(p, ETH_P_IP);
	ip = p + 2;
	memset(ip, 0, L3_LEN);
	ip[0] = 0x45;
	put16(ip + 2, L3_LEN);
	ip[8] = pkt->ttl;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, pkt->ip_src, 4);
	memcpy(ip + 16, "\12\0\0\1", 4);
	for (i = 0; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)));
	put16(ip + 20, 1000);
	put16(ip + 22, 2000);
	put16(ip + 24, 8 + PAYLOAD);
	return ip + L3_LEN - flat;
}

static struct sk_buff *make_packet(struct execute_context *x, const struct packet *pkt)
{
	u8 flat[FLAT_MAX];
	unsigned int len = flatten(pkt, flat), linear = len - PAYLOAD;
	struct sk_buff *skb = alloc_skb(2 + 64 + linear, GFP_KERNEL);
	static struct weft_key key;

	KUNIT_ASSERT_NOT_NULL(x->test, skb);
	/* the IP header aligned, with and without room in front */
	skb_reserve(skb, 2 + rnd_below(x, 2) * 64);
	skb_put_data(skb, flat, linear);
	get_page(x->page);
	skb_add_rx_frag(skb, 0, x->page, 0, PAYLOAD, PAYLOAD);
	skb->dev = x->port[IN]->dev;
	skb->protocol = htons(ETH_P_IP);
	KUNIT_ASSERT_EQ(x->test, weft_key_extract(skb, &key), WEFT_DROP_UNSPEC);
	x->layers = key.layers;
	return skb;
}

/* Programs */

static void *emit(struct execute_context *x, u16 code, u32 arg, unsigned int len)
{
	struct weft_op *op = (void *)x->prog.ops + x->prog.len;

	len = ALIGN(len, 8);
	KUNIT_ASSERT_LE(x->test, x->prog.len + len, sizeof(x->room) - sizeof(x->prog));
	memset(op, 0, len);
	op->code = code;
	op->len = len;
	op->arg = arg;
	x->prog.len += len;
	return op;
}

static void emit_plain(struct execute_context *x, u16 code, u32 arg)
{
	emit(x, code, arg, sizeof(struct weft_op));
}

static void emit_output(struct execute_context *x, u32 port)
{
	struct weft_op_output *out = emit(x, WEFT_OP_OUTPUT, port, sizeof(*out));

	out->port = xa_load(&x->dp->ports, port);
}

static void emit_tunnel(struct execute_context *x, u32 port)
{
	struct weft_op_tunnel *t = emit(x, WEFT_OP_TUNNEL, port, sizeof(*t));

	t->port = xa_load(&x->dp->ports, port);
}

static void emit_set(struct execute_context *x, enum weft_field field, const void *value)
{
	struct weft_op_set *set = emit(x, WEFT_OP_SET, field, sizeof(*set));

	memcpy(set->value, value, weft_fields[field].len);
}

static void emit_upcall(struct execute_context *x, struct weft_service *service, u8 fallback)
{
	struct weft_op_upcall *up = emit(x, WEFT_OP_UPCALL, 0, sizeof(*up));

	up->service = service;
	up->fallback = fallback;
	up->max_len = U32_MAX;
}

static u32 emit_clone(struct execute_context *x)
{
	u32 at = x->prog.len;

	emit_plain(x, WEFT_OP_CLONE, 0);
	return at;
}

static void end_clone(struct execute_context *x, u32 at)
{
	struct weft_op *op = (void *)x->prog.ops + at;

	op->arg = x->prog.len - at - op->len;
}

static void random_set(struct execute_context *x)
{
	u8 value[WEFT_FIELD_LEN_MAX];

	prandom_bytes_state(&x->rnd, value, sizeof(value));
	emit_set(x, rnd_below(x, 2) ? WEFT_FIELD_ETH_SRC : WEFT_FIELD_IP_SRC, value);
}

/* What may fail comes before an output: behind the last one nobody would do it */
static void random_fallible(struct execute_context *x)
{
	u8 value[WEFT_FIELD_LEN_MAX];

	prandom_bytes_state(&x->rnd, value, sizeof(value));
	switch (rnd_below(x, 5)) {
	case 0:
		emit_set(x, WEFT_FIELD_VLAN_TCI, value);
		break;
	case 1:
		emit_set(x, WEFT_FIELD_ICMP_TYPE, value);
		break;
	case 2:
		emit_plain(x, WEFT_OP_PUSH_VLAN, (__force u16)htons(ETH_P_8021Q));
		break;
	case 3:
		emit_plain(x, WEFT_OP_POP_VLAN, 0);
		break;
	default:
		emit_plain(x, WEFT_OP_DEC_TTL, 1 + rnd_below(x, 30));
	}
	emit_output(x, 1 + rnd_below(x, NO_SUCH_PORT));
}

static void random_ops(struct execute_context *x, int depth)
{
	u32 n = rnd_below(x, 8), at;

	while (n--) {
		switch (rnd_below(x, 12)) {
		case 0 ... 2:
			random_set(x);
			break;
		case 3 ... 5:
			emit_output(x, rnd_below(x, 3) ? 1 + rnd_below(x, 3) :
						       1 + rnd_below(x, NO_SUCH_PORT));
			break;
		case 6:
			random_fallible(x);
			break;
		case 7:
			emit_tunnel(x, rnd_below(x, 2) ? UP1 : NO_SUCH_PORT);
			break;
		case 8:
			emit_upcall(x, rnd_below(x, 2) ? x->listening : x->deaf, rnd_below(x, 2));
			break;
		case 9:
			if (rnd_below(x, 2))
				emit_plain(x, WEFT_OP_LOST, WEFT_DROP_NO_LPORT);
			else
				emit_plain(x, WEFT_OP_DROP, WEFT_DROP_USER0 + rnd_below(x, 16));
			break;
		default:
			if (depth == 5)
				break;
			at = emit_clone(x);
			random_ops(x, depth + 1);
			end_clone(x, at);
		}
	}
}

/* The interpreter */

static void want_drop(struct execute_context *x, enum weft_drop reason)
{
	x->drops[reason]++;
	x->done = true;
}

static void want_packet(struct execute_context *x, u32 port, const struct packet *pkt)
{
	struct expected *e = &x->want[x->n_want++];

	KUNIT_ASSERT_LE(x->test, x->n_want, EXPECTED_MAX);
	e->port = port;
	e->len = flatten(pkt, e->flat);
	x->done = true;
}

static void want_output(struct execute_context *x, const struct weft_op *op,
			const struct packet *pkt)
{
	if (op->code == WEFT_OP_TUNNEL)
		want_drop(x, WEFT_DROP_NO_PORT);
	else if (op->arg >= N_PORTS || op->arg == DETACHING)
		want_drop(x, WEFT_DROP_NO_PORT);
	else if (op->arg == TUNNEL_PORT)
		want_drop(x, WEFT_DROP_NO_TUNNEL);
	else if (op->arg == DOWN)
		want_drop(x, WEFT_DROP_PORT_DOWN);
	else
		want_packet(x, op->arg, pkt);
}

/* Write the packet; returns why it could not be */
static enum weft_drop interpret_write(const struct weft_op *op, struct packet *pkt)
{
	const u8 *value = ((const struct weft_op_set *)op)->value;

	switch (op->code) {
	case WEFT_OP_PUSH_VLAN:
		if (pkt->n_tags == 2)
			return WEFT_DROP_VLAN_DEPTH;
		pkt->tci[1] = pkt->tci[0];
		pkt->tpid[1] = pkt->tpid[0];
		pkt->tci[0] = 0;
		pkt->tpid[0] = ETH_P_8021Q;
		pkt->n_tags++;
		return WEFT_DROP_UNSPEC;
	case WEFT_OP_POP_VLAN:
		if (!pkt->n_tags)
			return WEFT_DROP_UNSPEC;
		pkt->tci[0] = pkt->tci[1];
		pkt->tpid[0] = pkt->tpid[1];
		pkt->n_tags--;
		return WEFT_DROP_UNSPEC;
	case WEFT_OP_DEC_TTL:
		if (pkt->ttl <= op->arg)
			return WEFT_DROP_TTL;
		pkt->ttl -= op->arg;
		return WEFT_DROP_UNSPEC;
	}
	switch (op->arg) {
	case WEFT_FIELD_ETH_SRC:
		memcpy(pkt->eth_src, value, 6);
		return WEFT_DROP_UNSPEC;
	case WEFT_FIELD_IP_SRC:
		memcpy(pkt->ip_src, value, 4);
		return WEFT_DROP_UNSPEC;
	case WEFT_FIELD_VLAN_TCI:
		if (!pkt->n_tags)
			return WEFT_DROP_NO_HEADER;
		pkt->tci[0] = (value[0] << 8 | value[1]) & 0xefff;
		return WEFT_DROP_UNSPEC;
	}
	return WEFT_DROP_NO_HEADER;
}

static void interpret(struct execute_context *x, const u8 *pos, const u8 *end, struct packet pkt)
{
	const struct weft_op_upcall *up;
	const struct weft_op *op;
	enum weft_drop reason;

	for (; pos < end; pos += op->len) {
		op = (const struct weft_op *)pos;
		switch (op->code) {
		case WEFT_OP_OUTPUT:
		case WEFT_OP_TUNNEL:
			want_output(x, op, &pkt);
			break;
		case WEFT_OP_UPCALL:
			up = (const struct weft_op_upcall *)op;
			if (up->service == x->listening) {
				want_packet(x, 0, &pkt);
				break;
			}
			if (up->fallback == WEFT_FALLBACK_DROP) {
				want_drop(x, WEFT_DROP_NO_SERVICE);
				return;
			}
			x->reason = WEFT_DROP_NO_SERVICE;
			break;
		case WEFT_OP_CLONE:
			interpret(x, pos + op->len, pos + op->len + op->arg, pkt);
			pos += op->arg;
			break;
		case WEFT_OP_DROP:
			want_drop(x, op->arg);
			return;
		case WEFT_OP_LOST:
			want_drop(x, op->arg);
			break;
		default:
			reason = interpret_write(op, &pkt);
			if (reason) {
				want_drop(x, reason);
				return;
			}
		}
	}
}

/* Comparison */

static u64 drops_of(struct weft_port *port, enum weft_drop reason)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += u64_stats_read(&per_cpu_ptr(port->stats, cpu)->drops[reason]);
	return sum;
}

static void expect_packet(struct execute_context *x, const struct sk_buff *skb,
			  const struct expected *e)
{
	unsigned int tag = skb_vlan_tag_present(skb) ? VLAN_HLEN : 0;
	u8 seen[FLAT_MAX];

	KUNIT_ASSERT_EQ(x->test, skb->len + tag, e->len);
	KUNIT_ASSERT_EQ(x->test, skb_copy_bits(skb, 0, seen + tag, skb->len), 0);
	if (tag) {
		memmove(seen, seen + tag, 2 * ETH_ALEN);
		memcpy(seen + 12, &skb->vlan_proto, 2);
		put16(seen + 14, skb_vlan_tag_get(skb));
	}
	KUNIT_EXPECT_EQ(x->test, memcmp(seen, e->flat, e->len), 0);
}

static void expect_nothing(struct execute_context *x)
{
	unsigned int reason;

	for (reason = 0; reason <= WEFT_DROP_MAX; reason++)
		x->drops[reason] = drops_of(x->port[IN], reason);
	x->n_want = 0;
	x->done = false;
	x->reason = WEFT_DROP_NO_OUTPUT;
}

/* Run the program on @skb and see that what is expected comes out, and nothing else */
static void run_packet(struct execute_context *x, struct sk_buff *skb)
{
	struct weft_port *in = x->port[IN];
	struct sk_buff *sent, *up = NULL;
	struct weft_queue *queue;
	unsigned int i, reason;

	local_bh_disable();
	rcu_read_lock();
	weft_execute(x->dp, in, skb, x->prog.ops, x->prog.len, x->layers);
	rcu_read_unlock();
	local_bh_enable();

	for (reason = 0; reason <= WEFT_DROP_MAX; reason++)
		KUNIT_EXPECT_EQ_MSG(x->test, drops_of(in, reason), x->drops[reason], "drop %u",
				    reason);

	/* only now look at the packets: later operations had every chance to spoil them */
	x->original_port = 0;
	spin_lock_bh(&x->listening->lock);
	queue = weft_queue_find(x->listening, in);
	sent = skb_peek(&x->sent);
	if (queue)
		up = skb_peek(&queue->skbs);
	for (i = 0; i < x->n_want; i++) {
		const struct expected *e = &x->want[i];
		struct sk_buff *seen = e->port ? sent : up;

		if (!seen)
			break;
		if (seen == skb)
			x->original_port = e->port ?: IN;
		expect_packet(x, seen, e);
		if (e->port) {
			KUNIT_EXPECT_EQ(x->test, ((struct port_dev *)netdev_priv(seen->dev))->port,
					e->port);
			sent = skb_peek_next(sent, &x->sent);
		} else {
			up = skb_peek_next(up, &queue->skbs);
		}
	}
	if (queue)
		weft_queue_purge(x->listening, queue, UINT_MAX, WEFT_DROP_DETACHING);
	spin_unlock_bh(&x->listening->lock);
	KUNIT_EXPECT_EQ(x->test, i, x->n_want);
	KUNIT_EXPECT_TRUE(x->test, !sent && !up);
	__skb_queue_purge(&x->sent);
	KUNIT_EXPECT_EQ(x->test, page_count(x->page), 1);
}

static const struct packet plain = {
	.eth_src = "\2\0\0\0\0\2",
	.ttl = 64,
	.ip_src = "\12\0\0\2",
};

/* Interpret and run the program; returns where the original skb went (IN: service) */
static u32 run(struct execute_context *x, const struct packet *pkt)
{
	const u8 *ops = (const u8 *)x->prog.ops;

	expect_nothing(x);
	interpret(x, ops, ops + x->prog.len, *pkt);
	if (!x->done)
		want_drop(x, x->reason);
	run_packet(x, make_packet(x, pkt));
	x->prog.len = 0;
	return x->original_port;
}

/* The last operation that needs the packet gets it, not a copy */
static void execute_spares_copies(struct kunit *test)
{
	struct execute_context *x = test->priv;
	u32 outer, inner;

	emit_output(x, UP1);
	KUNIT_EXPECT_EQ(test, run(x, &plain), UP1);

	emit_output(x, UP1);
	emit_output(x, UP2);
	KUNIT_EXPECT_EQ(test, run(x, &plain), UP2);

	emit_output(x, UP1);
	emit_plain(x, WEFT_OP_DROP, WEFT_DROP_ACL);
	KUNIT_EXPECT_EQ(test, run(x, &plain), UP1);

	emit_output(x, UP1);
	random_set(x);
	emit_plain(x, WEFT_OP_LOST, WEFT_DROP_NO_LPORT);
	emit_plain(x, WEFT_OP_LOST, WEFT_DROP_NO_LPORT);
	KUNIT_EXPECT_EQ(test, run(x, &plain), UP1);

	random_set(x);
	outer = emit_clone(x);
	inner = emit_clone(x);
	emit_output(x, UP3);
	random_set(x);
	end_clone(x, inner);
	random_set(x);
	end_clone(x, outer);
	emit_plain(x, WEFT_OP_LOST, WEFT_DROP_NO_LPORT);
	emit_plain(x, WEFT_OP_DROP, WEFT_DROP_ACL);
	KUNIT_EXPECT_EQ(test, run(x, &plain), UP3);

	emit_upcall(x, x->listening, WEFT_FALLBACK_DROP);
	KUNIT_EXPECT_EQ(test, run(x, &plain), IN);

	emit_upcall(x, x->listening, WEFT_FALLBACK_CONTINUE);
	emit_plain(x, WEFT_OP_DROP, WEFT_DROP_ACL);
	KUNIT_EXPECT_EQ(test, run(x, &plain), IN);

	emit_upcall(x, x->listening, WEFT_FALLBACK_CONTINUE);
	emit_output(x, UP2);
	KUNIT_EXPECT_EQ(test, run(x, &plain), UP2);
}

/* A packet with which nothing is done is counted, once and with the right reason */
static void execute_nothing(struct kunit *test)
{
	struct execute_context *x = test->priv;
	u32 clone;

	KUNIT_EXPECT_EQ(test, run(x, &plain), 0);
	KUNIT_EXPECT_EQ(test, drops_of(x->port[IN], WEFT_DROP_NO_OUTPUT), 1);

	random_set(x);
	clone = emit_clone(x);
	random_set(x);
	end_clone(x, clone);
	run(x, &plain);
	KUNIT_EXPECT_EQ(test, drops_of(x->port[IN], WEFT_DROP_NO_OUTPUT), 2);

	emit_upcall(x, x->deaf, WEFT_FALLBACK_CONTINUE);
	run(x, &plain);
	KUNIT_EXPECT_EQ(test, drops_of(x->port[IN], WEFT_DROP_NO_OUTPUT), 2);
	KUNIT_EXPECT_EQ(test, drops_of(x->port[IN], WEFT_DROP_NO_SERVICE), 1);

	emit_upcall(x, x->deaf, WEFT_FALLBACK_DROP);
	emit_output(x, UP1);
	run(x, &plain);
	KUNIT_EXPECT_EQ(test, drops_of(x->port[IN], WEFT_DROP_NO_SERVICE), 2);
}

/* The service agrees, and then does not take it */
static void execute_late_refusal(struct kunit *test)
{
	struct execute_context *x = test->priv;

	x->port[IN]->detaching = true;

	/* the packet itself */
	expect_nothing(x);
	emit_upcall(x, x->listening, WEFT_FALLBACK_DROP);
	emit_plain(x, WEFT_OP_DROP, WEFT_DROP_ACL);
	want_drop(x, WEFT_DROP_DETACHING);
	run_packet(x, make_packet(x, &plain));
	x->prog.len = 0;

	expect_nothing(x);
	emit_upcall(x, x->listening, WEFT_FALLBACK_CONTINUE);
	emit_plain(x, WEFT_OP_DROP, WEFT_DROP_ACL);
	want_drop(x, WEFT_DROP_ACL);
	run_packet(x, make_packet(x, &plain));
	x->prog.len = 0;

	expect_nothing(x);
	emit_upcall(x, x->listening, WEFT_FALLBACK_CONTINUE);
	want_drop(x, WEFT_DROP_DETACHING);
	run_packet(x, make_packet(x, &plain));
	x->prog.len = 0;

	/* a copy */
	expect_nothing(x);
	emit_upcall(x, x->listening, WEFT_FALLBACK_DROP);
	emit_output(x, UP1);
	want_drop(x, WEFT_DROP_DETACHING);
	run_packet(x, make_packet(x, &plain));
	x->prog.len = 0;

	expect_nothing(x);
	emit_upcall(x, x->listening, WEFT_FALLBACK_CONTINUE);
	emit_output(x, UP1);
	want_packet(x, UP1, &plain);
	run_packet(x, make_packet(x, &plain));
}

/* As deep as a program can be: no stack is used up */
static void execute_deep_clones(struct kunit *test)
{
	static u32 at[WEFT_PROGRAM_MAX / (sizeof(struct weft_op) + sizeof(struct weft_op_output))];
	struct execute_context *x = test->priv;
	unsigned int i;

	expect_nothing(x);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		at[i] = emit_clone(x);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		emit_output(x, UP1 + i % 3);
		end_clone(x, at[ARRAY_SIZE(at) - 1 - i]);
		want_packet(x, UP1 + i % 3, &plain);
	}
	/* the outermost one has nothing behind it: give it a use */
	emit_output(x, UP1);
	want_packet(x, UP1, &plain);
	run_packet(x, make_packet(x, &plain));
}

static void execute_many_outputs(struct kunit *test)
{
	struct execute_context *x = test->priv;

	while (x->prog.len + sizeof(struct weft_op_output) + sizeof(struct weft_op_set) <=
	       WEFT_PROGRAM_MAX) {
		emit_output(x, 1 + rnd_below(x, 3));
		if (!rnd_below(x, 8))
			random_set(x);
	}
	run(x, &plain);
}

static void execute_random(struct kunit *test)
{
	struct execute_context *x = test->priv;
	unsigned int n, packets = 0;

	for (n = 0; n < PROGRAMS; n++) {
		struct packet pkt = plain;

		pkt.n_tags = rnd_below(x, 3);
		pkt.tpid[0] = ETH_P_8021AD;
		pkt.tpid[1] = ETH_P_8021Q;
		pkt.tci[0] = 5;
		pkt.tci[1] = 6;
		pkt.ttl = rnd_below(x, 64);
		random_ops(x, 0);
		run(x, &pkt);
		packets += x->n_want;
		if (READ_ONCE(test->status) != KUNIT_SUCCESS) {
			kunit_err(test, "program %u", n);
			return;
		}
	}
	KUNIT_EXPECT_GE(test, packets, PROGRAMS);
}

static struct kunit_case execute_cases[] = {
	KUNIT_CASE(execute_spares_copies),
	KUNIT_CASE(execute_nothing),
	KUNIT_CASE(execute_late_refusal),
	KUNIT_CASE(execute_deep_clones),
	KUNIT_CASE(execute_many_outputs),
	KUNIT_CASE(execute_random),
	{}
};

static struct kunit_suite execute_suite = {
	.name = "execute",
	.init = execute_test_init,
	.exit = execute_test_exit,
	.test_cases = execute_cases,
};

kunit_test_suite(execute_suite);
