/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the library share: cmocka in the order it wants, a generator
 * of pseudo-random flows, and names of ports that are hard to read back.
 */
#ifndef WEFT_LIB_TEST_H
#define WEFT_LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>
#include <weft/weft.h>

#pragma GCC diagnostic ignored "-Wunused-function"

static uint64_t random_state = 0x2545f4914f6cdd1dULL;

static uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1dULL;
}

/* 0 … n - 1 */
static unsigned int random_below(unsigned int n)
{
	return (unsigned int)(random_u64() >> 33) % n;
}

static bool one_in(unsigned int n)
{
	return !random_below(n);
}

/* ---- names ------------------------------------------------------------- */

static const char *const odd_names[] = {
	"vm1", "lout",	  "in_port", "7",   "0x7",  "a,b",	"a b", "#x",
	"a)",  "tap-1.2", "(",	     "a=b", "+syn", "actions=", "-",
};

static int odd_port_id(void *ctx, const char *name, uint32_t *id)
{
	for (size_t i = 0; i < sizeof(odd_names) / sizeof(*odd_names); i++) {
		if (!strcmp(name, odd_names[i])) {
			*id = (uint32_t)i + 1;
			return 0;
		}
	}
	return -ENODEV;
}

static const char *odd_port_name(void *ctx, uint32_t id)
{
	if (!id || id > sizeof(odd_names) / sizeof(*odd_names))
		return NULL;
	return odd_names[id - 1];
}

static enum weft_field odd_field(void *ctx, const char *alias)
{
	return !strcmp(alias, "vlan_ctx") ? WEFT_FIELD_REG0 + 3 : WEFT_FIELD_UNSPEC;
}

static const char *odd_field_alias(void *ctx, enum weft_field field)
{
	return field == WEFT_FIELD_REG0 + 3 ? "vlan_ctx" : NULL;
}

static const struct weft_names odd = {
	.port_id = odd_port_id,
	.port_name = odd_port_name,
	.field = odd_field,
	.field_alias = odd_field_alias,
};

/* ---- flows --------------------------------------------------------------- */

static void random_value(enum weft_field f, uint8_t *value, uint8_t *mask)
{
	const struct weft_field_desc *desc = weft_field_desc(f);
	unsigned int bits = desc->len * 8u, prefix, i;

	weft_field_full_mask(f, mask);
	for (i = 0; i < desc->len; i++)
		value[i] = (uint8_t)(one_in(4) ? 0 : random_u64());
	if (f == WEFT_FIELD_LIN)
		value[0] &= 0x7f;
	switch (random_below(4)) {
	case 0:
		for (i = 0; i < desc->len; i++)
			mask[i] &= (uint8_t)random_u64();
		break;
	case 1:
		prefix = random_below(bits) + 1;
		for (i = 0; i < bits; i++)
			if (i >= prefix)
				mask[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
		break;
	default:
		break;
	}
	for (i = 0; i < desc->len; i++)
		value[i] &= mask[i];
}

static void random_put(struct weft_match *match, enum weft_field f)
{
	uint8_t value[WEFT_FIELD_LEN_MAX], mask[WEFT_FIELD_LEN_MAX];

	random_value(f, value, mask);
	assert_int_equal(weft_match_put(match, f, value, mask), 0);
}

static void random_match(struct weft_match *match)
{
	static const uint16_t eth_types[] = { 0x0800, 0x86dd, 0x0806, 0x88cc };
	static const uint8_t protos[] = { 6, 17, 132, 1, 58, 47 };
	struct weft_error err;
	unsigned int f;

	weft_match_init(match);
	if (!one_in(4))
		weft_match_put_uint(match, WEFT_FIELD_ETH_TYPE, eth_types[random_below(4)]);
	if (!one_in(3))
		weft_match_put_uint(match, WEFT_FIELD_IP_PROTO, protos[random_below(6)]);
	if (one_in(3))
		weft_match_put_uint(match, WEFT_FIELD_ICMP_TYPE, 135 + random_below(3));
	for (f = 1; f <= WEFT_FIELD_MAX; f++)
		if (!weft_match_get(match, f) && one_in(5))
			random_put(match, f);
	/* Without their prerequisites fields cannot be there */
	while (weft_match_check(match, &err))
		for (f = WEFT_FIELD_MAX; f; f--) {
			struct weft_match one;

			assert_int_equal(weft_match_copy(&one, match), 0);
			weft_match_del(&one, f);
			if (weft_match_get(match, f) && weft_match_check(match, &err) &&
			    !strncmp(err.msg, weft_field_desc(f)->name,
				     strlen(weft_field_desc(f)->name)))
				weft_match_del(match, f);
			weft_match_free(&one);
		}
}

static enum weft_field random_writable(void)
{
	enum weft_field f;

	do
		f = random_below(WEFT_FIELD_MAX) + 1;
	while (!weft_field_desc(f)->writable);
	return f;
}

static void random_set(struct weft_actions *actions)
{
	uint8_t value[WEFT_FIELD_LEN_MAX], mask[WEFT_FIELD_LEN_MAX];
	enum weft_field f = random_writable();

	random_value(f, value, mask);
	/* nothing but a mask of zeroes may be refused */
	if (weft_actions_add_set(actions, f, value, mask))
		for (unsigned int i = 0; i < weft_field_desc(f)->len; i++)
			assert_int_equal(mask[i], 0);
}

static void random_move(struct weft_actions *actions)
{
	struct weft_action *act = weft_actions_add(actions, WEFT_ACT_A_MOVE);
	unsigned int src_bits, dst_bits, n;

	act->move.src = (uint16_t)(random_below(WEFT_FIELD_MAX) + 1);
	act->move.dst = (uint16_t)random_writable();
	src_bits = weft_field_desc(act->move.src)->bits;
	dst_bits = weft_field_desc(act->move.dst)->bits;
	n = src_bits < dst_bits ? src_bits : dst_bits;
	if (!one_in(3))
		n = random_below(n) + 1;
	act->move.n_bits = (uint16_t)n;
	act->move.src_bit = (uint16_t)random_below(src_bits - n + 1);
	act->move.dst_bit = (uint16_t)random_below(dst_bits - n + 1);
}

static void random_tunnel(struct weft_act_tunnel *t)
{
	bool ipv6 = one_in(2);

	weft_mark(t, ipv6 ? WEFT_ACT_TUNNEL_A_IPV6 : WEFT_ACT_TUNNEL_A_IPV4);
	for (unsigned int i = 0; i < (ipv6 ? 16u : 4u); i++)
		t->addr[i] = (uint8_t)(one_in(3) ? 0 : random_u64());
	if (one_in(2)) {
		weft_mark(t, WEFT_ACT_TUNNEL_A_ID);
		t->id = (uint32_t)random_u64() & WEFT_LDP_MAX;
	}
	if (one_in(3)) {
		weft_mark(t, WEFT_ACT_TUNNEL_A_PORT);
		t->port = random_below(WEFT_PORT_ID_MAX) + 1;
	}
	if (one_in(3)) {
		weft_mark(t, WEFT_ACT_TUNNEL_A_TOS);
		t->tos = (uint8_t)random_u64();
	}
	if (one_in(3)) {
		weft_mark(t, WEFT_ACT_TUNNEL_A_TTL);
		t->ttl = (uint8_t)(random_below(255) + 1);
	}
}

static void random_service(struct weft_act_service *s)
{
	static const char *const names[] = { "nat", "a b", "1", "lout", "abcdefghijklmno", "x,y" };

	snprintf(s->name, sizeof(s->name), "%s", names[random_below(6)]);
	if (one_in(2))
		s->arg = (uint32_t)random_u64();
	if (one_in(3))
		s->fallback = WEFT_FALLBACK_CONTINUE;
	if (one_in(3))
		s->max_len = random_below(65536);
}

static uint32_t random_reason(void)
{
	uint32_t reason;

	do
		reason = random_below(WEFT_DROP_MAX + 1);
	while (!weft_drop_is_usable(reason));
	return reason;
}

static void random_actions(struct weft_actions *actions, unsigned int depth)
{
	unsigned int n = random_below(depth ? 3 : 6);
	struct weft_action *act;

	while (n--) {
		enum weft_act_attr type = random_below(WEFT_ACT_A_MAX) + 1;

		if (type == WEFT_ACT_A_SET) {
			random_set(actions);
			continue;
		}
		if (type == WEFT_ACT_A_MOVE) {
			random_move(actions);
			continue;
		}
		if (type == WEFT_ACT_A_CLONE && depth == WEFT_CLONE_DEPTH_MAX)
			continue;
		if (type == WEFT_ACT_A_BIND)
			continue; /* of templates only */
		act = weft_actions_add(actions, type);
		switch (type) {
		case WEFT_ACT_A_OUTPUT:
			act->port = one_in(2) ? random_below(20) + 1 :
						random_below(WEFT_PORT_ID_MAX) + 1;
			break;
		case WEFT_ACT_A_PUSH_VLAN:
			act->tpid = one_in(2) ? 0x8100 : 0x88a8;
			break;
		case WEFT_ACT_A_RESUBMIT:
		case WEFT_ACT_A_RELATED:
		case WEFT_ACT_A_CHECK_TTL:
			act->table = (uint8_t)random_u64();
			break;
		case WEFT_ACT_A_CHECK_MTU:
			act->check.mtu = (uint16_t)(68 + random_below(UINT16_MAX - 67));
			act->check.table = (uint8_t)random_u64();
			break;
		case WEFT_ACT_A_ADVERTISE:
			for (unsigned int i = 0; i < 6; i++)
				act->says.mac[i] = (uint8_t)(random_u64() | 2) & 0xfe;
			act->says.flags = one_in(2) ? WEFT_ADVERTISE_ROUTER : 0;
			break;
		case WEFT_ACT_A_REJECT:
			act->reject = random_below(WEFT_REJECT_MAX + 1);
			break;
		case WEFT_ACT_A_CLONE:
			random_actions(&act->clone, depth + 1);
			break;
		case WEFT_ACT_A_TUNNEL:
			random_tunnel(&act->tunnel);
			break;
		case WEFT_ACT_A_SERVICE:
			random_service(&act->service);
			break;
		case WEFT_ACT_A_GOTO:
			act->table = (uint8_t)random_u64();
			return;
		case WEFT_ACT_A_DROP:
			act->reason = random_reason();
			return;
		case WEFT_ACT_A_TEMPLATE:
			act->template_id = random_below(WEFT_TEMPLATE_ID_MAX) + 1;
			return;
		default:
			break;
		}
	}
}

static void random_flow(struct weft_flow *flow)
{
	weft_flow_init(flow);
	flow->table = (uint8_t)random_u64();
	flow->priority = (uint16_t)random_u64();
	random_match(&flow->match);
	random_actions(&flow->actions, 0);
	if (one_in(2))
		flow->cookie = random_u64();
	if (one_in(3))
		flow->idle_timeout_ms = (uint32_t)random_u64() / (one_in(2) ? 1 : 1000);
	if (one_in(3))
		flow->hard_timeout_ms = random_below(100000) * 1000;
	if (one_in(2)) {
		flow->packets = random_u64();
		flow->bytes = random_u64() >> 1;
		flow->age_ms = random_u64() >> 20;
		weft_mark(flow, WEFT_FLOW_A_PACKETS);
		weft_mark(flow, WEFT_FLOW_A_BYTES);
		weft_mark(flow, WEFT_FLOW_A_AGE);
	}
	if (one_in(4)) {
		flow->idle_ms = random_below(1000000);
		weft_mark(flow, WEFT_FLOW_A_IDLE);
	}
}

#endif /* WEFT_LIB_TEST_H */
