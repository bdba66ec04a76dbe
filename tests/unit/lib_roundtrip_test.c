// SPDX-License-Identifier: Apache-2.0
/*
 * What is written can be read back, bit for bit: pseudo-random flows as text, as
 * JSON and as netlink attributes. The text of what was read is the text that was
 * read.
 */
#include "lib_test.h"
#include <libmnl/libmnl.h>
#include "wl.h"

#define N_FLOWS 25000

static void assert_same(const struct weft_flow *a, const struct weft_flow *b, const char *text)
{
	uint32_t stats = 1u << WEFT_FLOW_A_PACKETS | 1u << WEFT_FLOW_A_BYTES |
			 1u << WEFT_FLOW_A_AGE | 1u << WEFT_FLOW_A_IDLE;

	if (!weft_flow_equal(a, b) || a->packets != b->packets || a->bytes != b->bytes ||
	    a->age_ms != b->age_ms || a->idle_ms != b->idle_ms ||
	    (a->present & stats) != (b->present & stats))
		fail_msg("differs: %s", text);
	assert_int_equal(weft_flow_key_hash(a), weft_flow_key_hash(b));
	assert_int_equal(weft_flow_key_cmp(a, b), 0);
}

static void through_text(const struct weft_flow *flow, const struct weft_names *names)
{
	char *text = weft_flow_format(flow, names, WEFT_FMT_STATS), *again;
	struct weft_error err;
	struct weft_flow back;

	assert_non_null(text);
	if (weft_flow_parse(&back, text, names, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, text);
	assert_same(flow, &back, text);
	again = weft_flow_format(&back, names, WEFT_FMT_STATS);
	assert_string_equal(text, again);
	weft_flow_free(&back);
	free(again);
	free(text);
}

static void through_json(const struct weft_flow *flow, const struct weft_names *names)
{
	json_t *json = weft_flow_to_json(flow, names, WEFT_FMT_STATS), *read;
	char *text = json_dumps(json, 0), *again;
	struct weft_error err;
	struct weft_flow back;

	assert_non_null(text);
	read = json_loads(text, 0, NULL);
	if (weft_flow_from_json(&back, read, NULL, names, &err))
		fail_msg("%s: %s: %s", err.path, err.msg, text);
	assert_same(flow, &back, text);
	json_decref(read);
	json_decref(json);
	json = weft_flow_to_json(&back, names, WEFT_FMT_STATS);
	again = json_dumps(json, 0);
	assert_string_equal(text, again);
	json_decref(json);
	weft_flow_free(&back);
	free(again);
	free(text);
}

static void through_netlink(const struct weft_flow *flow, const char *text)
{
	static uint32_t buf[WL_MSG_SIZE / 4];
	struct weft_sock sock = { .family = 0x20 };
	struct nlmsghdr *nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_FLOW_NEW, 0, 1);
	struct weft_flow back;

	assert_int_equal(wl_flow_put_attrs(nlh, sizeof(buf), flow, WL_FLOW_ENTRY), 0);
	assert_int_equal(wl_flow_get_msg(&back, nlh), 0);
	if (!weft_flow_equal(flow, &back))
		fail_msg("differs: %s", text);
	weft_flow_free(&back);
}

static void random_flows(void **state)
{
	for (unsigned int i = 0; i < N_FLOWS; i++) {
		struct weft_flow flow, copy;
		char *text;

		random_flow(&flow);
		text = weft_flow_format(&flow, NULL, 0);
		through_text(&flow, one_in(2) ? &odd : NULL);
		through_json(&flow, one_in(2) ? &odd : NULL);
		through_netlink(&flow, text);
		assert_int_equal(weft_flow_copy(&copy, &flow), 0);
		assert_true(weft_flow_equal(&copy, &flow));
		weft_flow_free(&copy);
		weft_flow_free(&flow);
		free(text);
	}
}

/* Each field alone, with its prerequisites, exact and under some masks */
static void every_field(void **state)
{
	unsigned int seen = 0;

	for (unsigned int i = 0; i < 200000 && seen < 40 * WEFT_FIELD_MAX; i++) {
		enum weft_field f = i % WEFT_FIELD_MAX + 1;
		struct weft_flow flow;

		weft_flow_init(&flow);
		random_match(&flow.match);
		if (weft_match_get(&flow.match, f)) {
			seen++;
			through_text(&flow, NULL);
			through_json(&flow, NULL);
			through_netlink(&flow, weft_field_desc(f)->name);
		}
		weft_flow_free(&flow);
	}
	assert_true(seen >= WEFT_FIELD_MAX);
}

/* Every written field, exact and bit range by bit range */
static void every_set(void **state)
{
	for (unsigned int f = 1; f <= WEFT_FIELD_MAX; f++) {
		const struct weft_field_desc *desc = weft_field_desc(f);

		if (!desc->writable)
			continue;
		for (unsigned int lo = 0; lo < desc->bits; lo++) {
			uint8_t value[16] = { 0 }, mask[16] = { 0 };
			struct weft_flow flow;

			weft_flow_init(&flow);
			for (unsigned int bit = lo; bit < desc->bits && bit < lo + 64; bit++) {
				wl_bit_set(mask, desc->len, bit);
				if (one_in(2) && !(f == WEFT_FIELD_LIN && bit == 15))
					wl_bit_set(value, desc->len, bit);
				assert_int_equal(
					weft_actions_add_set(&flow.actions, f, value, mask), 0);
			}
			through_text(&flow, NULL);
			through_json(&flow, NULL);
			through_netlink(&flow, desc->name);
			weft_flow_free(&flow);
		}
	}
}

static void round_trip(const char *text)
{
	struct weft_error err;
	struct weft_flow flow;
	char *back;

	if (weft_flow_parse(&flow, text, &odd, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, text);
	back = weft_flow_format(&flow, &odd, WEFT_FMT_STATS);
	assert_string_equal(back, text);
	free(back);
	weft_flow_free(&flow);
}

/* Texts that must come back as they are */
static void canonical(void **state)
{
	static const char *const texts[] = {
		"table=12, priority=100, cookie=0x1, idle_timeout=60, hard_timeout=1.5, ldp=7, lin=3, "
		"tcp, ip_dst=10.0.2.0/24, tcp_dst=80  actions= set:eth_src=02:00:00:00:00:01, "
		"load:lout=5, dec_ttl, goto:20",
		"packets=3, bytes=180, age=12.345s, idle=0.001s, table=0, priority=0  actions= drop",
		"table=0, priority=1, in_port=vm1  actions= output:lout, output:in_port, output:\"lout\"",
		"table=0, priority=1, vlan_vid=none  actions= push_vlan, push_vlan:0x88a8, pop_vlan",
		"table=0, priority=1, vlan_vid=any, vlan2_vid=7  actions= set:vlan_vid=5, set:vlan_pcp=3",
		"table=0, priority=1, vlan_vid=5, vlan_pcp=3  actions= set:vlan_tci=0x1005",
		"table=0, priority=1, vlan_tci=0x0  actions= drop:acl",
		"table=0, priority=1, ip, ip_dscp=46, ip_frag=later  actions= set:ip_ecn=1, drop:user15",
		"table=0, priority=1, udp6, ipv6_src=fd00::/64, ipv6_exthdr=-frag+hop, udp_src=53  "
		"actions= set:udp_dst=54",
		"table=0, priority=1, tcp, tcp_flags=+syn-ack  actions= drop",
		"table=0, priority=1, ip, ip_proto=47  actions= drop",
		"table=0, priority=1, eth_type=0x88cc  actions= drop",
		"table=0, priority=1, tun_src=10.0.0.1, tun_dst=10.0.0.2, tun_flags=+key-crit  "
		"actions= load:reg0[0..7]=3, load:mark[31]=1, load:tun_opt0=0x0102",
		"table=0, priority=1, tun_src=fd00::/16, tun_dst=fd00::1, tun_flags=+key  actions= drop",
		"table=0, priority=1, tun_flags=+ipv6  actions= drop",
		"table=0, priority=1, vlan_ctx=0x5  actions= move:vlan_ctx[0..14]->lin[0..14], "
		"move:lin->lout, move:lout[3]->reg1[31], move:lin->reg2",
		"table=0, priority=1  actions= clone(clone(clone(clone(output:1000)), dec_ttl)), clone()",
		"table=0, priority=1  actions= tunnel:10.0.0.1, tunnel:fd00::1,7, "
		"tunnel(dst=10.0.0.1,id=7,port=vm1,tos=0xb8,ttl=3)",
		"table=0, priority=1  actions= service:nat, service:\"a b\",5, "
		"service(nat,arg=1,fallback=continue,max_len=128), resubmit:4, goto:5",
		"table=0, priority=1, eth_dst=01:00:00:00:00:00/01:00:00:00:00:00, arp, arp_tpa=10.0.0.1  "
		"actions= set:arp_op=2",
		"table=0, priority=1, icmp6, icmp_type=135, icmp_code=0, nd_target=fe80::1, "
		"nd_sll=02:00:00:00:00:01  actions= drop",
	};

	for (size_t i = 0; i < WL_ARRAY_SIZE(texts); i++)
		round_trip(texts[i]);
}

/* Ways to write the same */
static void same(const char *a, const char *b)
{
	struct weft_flow x, y;
	struct weft_error err;

	if (weft_flow_parse(&x, a, &odd, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, a);
	if (weft_flow_parse(&y, b, &odd, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, b);
	if (!weft_flow_equal(&x, &y))
		fail_msg("'%s' is not '%s'", a, b);
	weft_flow_free(&x);
	weft_flow_free(&y);
}

static void synonyms(void **state)
{
	same("ip tcp\ttcp_dst=80 , actions=drop", "tcp,l4_dst=80 actions=drop:policy");
	same("eth_type=0x0800,ip_proto=6 actions=drop", "tcp actions= drop");
	same("ip,ip_dst=10.0.2.5/24 actions=drop", "ip,ip_dst=10.0.2.0/255.255.255.0 actions=drop");
	same("ip,ip_dst=0.0.0.0/0 actions=drop", "ip actions=drop");
	same("vlan_pcp=3,vlan_vid=5 actions=drop", "vlan_tci=0x7005 actions=drop");
	same("ip_dscp=46,ip_ecn=1,ip actions=drop", "ip,ip_tos=0xb9 actions=drop");
	same("mark=0x10/0xffffffff actions=drop", "mark=16 actions=drop");
	same("ldp=7/0xffffff actions=drop", "ldp=7 actions=drop");
	same("ip6=1 actions=drop" + 6, "actions=drop");
	same("nd_ns actions=drop", "icmp6,icmp_type=135,icmp_code=0 actions=drop");
	same("ip_proto=tcp,eth_type=ip actions=drop", "tcp actions=drop");
	same("ip_frag=no,ip actions=drop", "ip,ip_frag=0 actions=drop");
	same("tcp,tcp_flags=+syn-ack actions=drop", "tcp,tcp_flags=0x2/0x12 actions=drop");
	same("actions=multi(output:1, multi(output:2), output:3)",
	     "actions=output:1,output:2 output:3");
	same("actions=load:eth_src=2:0:0:0:0:1", "actions=set:eth_src=02:00:00:00:00:01");
	same("actions=tunnel:10.0.0.1, 7, drop", "actions=tunnel(dst=10.0.0.1 id=7) drop");
	same("actions=tunnel(10.0.0.1)", "actions=tunnel:10.0.0.1");
	same("actions=service(name=nat)", "actions=service:nat");
	same("actions=load:vlan_vid=5", "actions=set:vlan_tci=0x5/0xfff");
	same("actions=load:reg0[0..31]=5", "actions=load:reg0=5");
	same("actions=set:vlan_pcp[1..2]=3", "actions=set:vlan_tci=0xc000/0xc000");
	same("actions=set:ip_dscp[0]=1", "actions=set:ip_tos=4/4");
	same("actions=move:vlan_pcp[1..2]->reg0[0..1]",
	     "actions=move:vlan_tci[14..15]->reg0[0..1]");
	same("actions=move:vlan_vid->reg0", "actions=move:vlan_tci[0..11]->reg0[0..11]");
	same("in_port=\"7\" actions=output:\"7\"", "in_port=4 actions=output:4");
	same("tun_ipv6_src=fd00::1 actions=drop", "tun_src=fd00::1 actions=drop");
	same("tun_opt0=0102 actions=drop", "tun_opt0=0x01020000 actions=drop");
	same("idle_timeout=1.5s actions=drop", "idle_timeout=1.500 actions=drop");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical),	cmocka_unit_test(synonyms),
		cmocka_unit_test(every_field),	cmocka_unit_test(every_set),
		cmocka_unit_test(random_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
