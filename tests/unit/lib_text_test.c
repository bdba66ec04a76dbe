// SPDX-License-Identifier: Apache-2.0
/*
 * What the parsers refuse, with which words, and where they point.
 */
#include "lib_test.h"

enum kind {
	FLOW,
	KEY,
	FILTER,
	MATCH,
	ACTIONS,
	METADATA,
};

static int parse(enum kind kind, const char *text, struct weft_error *err)
{
	struct weft_flow flow;
	int ret;

	weft_flow_init(&flow);
	switch (kind) {
	case FLOW:
		ret = weft_flow_parse(&flow, text, &odd, err);
		break;
	case KEY:
		ret = weft_flow_parse_key(&flow, text, &odd, err);
		break;
	case FILTER:
		ret = weft_flow_parse_filter(&flow, text, &odd, err);
		break;
	case MATCH:
		ret = weft_match_parse(&flow.match, text, &odd, err);
		break;
	case METADATA:
		ret = weft_metadata_parse(&flow.match, text, &odd, err);
		break;
	default:
		ret = weft_actions_parse(&flow.actions, text, &odd, err);
	}
	if (!ret)
		weft_flow_free(&flow);
	return ret;
}

static const char *last(const char *text, const char *piece)
{
	const char *at = NULL, *p = text;

	for (; *p || !*piece; p++) {
		if (!strncmp(p, piece, strlen(piece)))
			at = p;
		if (!*p)
			break;
	}
	return at;
}

/* @bad: the token to blame, where it occurs last in @text; "": its end */
static void refuse(enum kind kind, const char *text, const char *bad, const char *words)
{
	struct weft_error err;
	const char *at = bad ? last(text, bad) : NULL;

	if (parse(kind, text, &err) != -EINVAL)
		fail_msg("taken: %s", text);
	if (!strstr(err.msg, words))
		fail_msg("'%s': '%s' instead of '%s'", text, err.msg, words);
	if (bad && (err.pos != (size_t)(at - text) + 1 || err.len != strlen(bad)))
		fail_msg("'%s': at %zu, %zu instead of %zu, %zu: %s", text, err.pos, err.len,
			 (size_t)(at - text) + 1, strlen(bad), err.msg);
	assert_int_equal(parse(kind, text, NULL), -EINVAL);
}

static void fields(void **state)
{
	refuse(MATCH, "ip, nonsense=1", "nonsense", "unknown field 'nonsense'");
	refuse(MATCH, "ldp", "ldp", "ldp needs a value");
	refuse(MATCH, "ip=4", "4", "'ip' takes no value");
	refuse(MATCH, "ldp=1, ldp=2", "ldp", "duplicate field 'ldp'");
	refuse(MATCH, "ldp=16777216", "16777216", "out of range");
	refuse(MATCH, "stage=16", "16", "at most 15");
	refuse(MATCH, "lin=32768", "32768", "at most 32767");
	refuse(MATCH, "lin=0x8000/0xff00", "0x8000", "lin '0x8000' is out of range");
	assert_int_equal(parse(MATCH, "lin=0/0x8000", NULL), 0);
	refuse(METADATA, "lin=32768", "32768", "at most 32767");
	refuse(MATCH, "vlan_vid=4096", "4096", "at most 4095");
	refuse(MATCH, "vlan_pcp=8", "8", "at most 7");
	refuse(MATCH, "ipv6, ipv6_label=0x100000", "0x100000", "at most 1048575");
	refuse(MATCH, "lout=65536", "65536", "at most 65535");
	refuse(MATCH, "mark=4294967296", "4294967296", "at most 4294967295");
	refuse(MATCH, "tun_id=18446744073709551616", "18446744073709551616", "out of range");
	refuse(MATCH, "ldp=-1", "-1", "is not a number");
	refuse(MATCH, "ldp=0x", "0x", "is not a number");
	refuse(MATCH, "ldp=7/", "", "is not a number");
	refuse(MATCH, "mark=1/0x1ffffffff", "0x1ffffffff", "out of range");
	refuse(MATCH, "ip, ip_dst=10.0.0.0/33", "33", "prefix out of range: at most /32");
	refuse(MATCH, "ipv6, ipv6_dst=::/129", "129", "prefix out of range: at most /128");
	refuse(MATCH, "ip, ip_dst=10.0.0.256", "10.0.0.256", "is not an IPv4 address");
	refuse(MATCH, "ip, ip_dst=10.0.0.0/x", "x", "is not a prefix length");
	refuse(MATCH, "ipv6, ipv6_dst=::g", "::g", "is not an IPv6 address");
	refuse(MATCH, "eth_dst=02:00:00:00:00", "02:00:00:00:00", "is not a MAC address");
	refuse(MATCH, "eth_dst=02:00:00:00:00:00:00", "02:00:00:00:00:00:00",
	       "is not a MAC address");
	refuse(MATCH, "eth_dst=02:00:00:00:00:xx", "02:00:00:00:00:xx", "is not a MAC address");
	refuse(MATCH, "tcp, tcp_flags=+sin", "sin", "tcp_flags has no flag 'sin'");
	refuse(MATCH, "tcp, tcp_flags=+syn-syn", NULL, "flag 'syn' is given twice");
	refuse(MATCH, "tun_opt0=0x123", "0x123", "pairs of hexadecimal digits");
	refuse(MATCH, "tun_opt0=0x0000000000000000000000000000000000", NULL, "at most 16 bytes");
	refuse(MATCH, "ip, ip_frag=maybe", "maybe", "is not a number");
	refuse(MATCH, "in_port=vm9", "vm9", "no port 'vm9'");
	refuse(MATCH, "in_port=0", "0", "numbered from 1");
	refuse(MATCH, "in_port=65536", "65536", "out of range");
	refuse(MATCH, "in_port=\"vm1", "\"vm1", "quote");
	refuse(MATCH, "in_port=abcdefghijklmnop", "abcdefghijklmnop", "no port");
	refuse(MATCH, "reg16=1", "reg16", "unknown field");
	refuse(MATCH, "ip actions=drop", "actions", "unknown field");
}

/* One outer header: addresses of one family, which says what flag ipv6 is */
static void tunnel_family(void **state)
{
	static const char *const right[] = {
		"tun_src=10.0.0.1, tun_flags=+key",
		"tun_flags=+ipv6",
		"tun_flags=-ipv6, tun_id=7",
		"tun_src=fd00::1, tun_dst=fd00::/16, tun_flags=0x1/0xffbf",
	};

	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		assert_int_equal(parse(MATCH, right[i], NULL), 0);
	refuse(MATCH, "tun_src=10.0.0.1, tun_dst=fd00::1", "tun_dst=fd00::1",
	       "tun_dst is IPv6, unlike tun_src");
	refuse(MATCH, "tun_dst=fd00::1, tun_src=10.0.0.1", "tun_dst=fd00::1",
	       "tun_dst is IPv6, unlike tun_src");
	refuse(MATCH, "tun_src=10.0.0.1, tun_ipv6_src=fd00::/16", "tun_ipv6_src=fd00::/16",
	       "tun_ipv6_src is IPv6, unlike tun_src");
	refuse(MATCH, "tun_dst=10.0.0.1, tun_flags=+key+ipv6", "tun_flags=+key+ipv6",
	       "tun_flags contradicts in ipv6 the address in tun_dst");
	refuse(MATCH, "tun_flags=-ipv6, tun_src=fd00::1", "tun_flags=-ipv6",
	       "tun_flags contradicts in ipv6 the address in tun_src");
	refuse(MATCH, "tun_src=10.0.0.1, tun_flags=+key-ipv6", "tun_flags=+key-ipv6",
	       "tun_flags must leave out ipv6, which is implied by tun_src");
	refuse(MATCH, "tun_src=fd00::1, tun_flags=0x40", "tun_flags=0x40",
	       "tun_flags must leave out ipv6, which is implied by tun_src");
	refuse(FILTER, "tun_src=10.0.0.1, tun_dst=fd00::1", "tun_dst=fd00::1", "unlike tun_src");
	refuse(METADATA, "tun_src=10.0.0.1, tun_dst=fd00::1", "tun_dst=fd00::1", "unlike tun_src");
	refuse(METADATA, "tun_src=10.0.0.1, tun_flags=0x41", "tun_flags=0x41",
	       "tun_flags contradicts in ipv6");
	assert_int_equal(parse(METADATA, "tun_src=10.0.0.1, tun_flags=0x1", NULL), 0);
	assert_int_equal(parse(METADATA, "tun_src=fd00::1, tun_flags=0x41", NULL), 0);
	assert_int_equal(parse(METADATA, "tun_src=fd00::1", NULL), 0);
}

static void prerequisites(void **state)
{
	refuse(MATCH, "ldp=1, tcp_dst=80", "tcp_dst=80", "tcp_dst needs tcp (ip_proto=6)");
	refuse(MATCH, "udp, tcp_dst=80", "tcp_dst=80", "tcp_dst needs tcp (ip_proto=6)");
	refuse(MATCH, "ip, l4_dst=80", "l4_dst=80", "l4_dst needs tcp, udp or sctp");
	refuse(MATCH, "ip_src=10.0.0.1", "ip_src=10.0.0.1", "ip_src needs ip (eth_type=0x0800)");
	refuse(MATCH, "ipv6, ip_src=10.0.0.1", "ip_src=10.0.0.1", "ip_src needs ip");
	refuse(MATCH, "ip, ipv6_src=::1", "ipv6_src=::1", "ipv6_src needs ipv6 (eth_type=0x86dd)");
	refuse(MATCH, "ip_dscp=1", "ip_dscp=1", "ip_dscp needs ip or ipv6");
	refuse(MATCH, "ip_proto=6", "ip_proto=6", "ip_proto needs ip or ipv6");
	refuse(MATCH, "ip, arp_op=1", "arp_op=1", "arp_op needs arp");
	refuse(MATCH, "icmp6, nd_target=::1", "nd_target=::1", "nd_target needs nd_ns or nd_na");
	refuse(MATCH, "nd_na, nd_sll=2:0:0:0:0:1", "nd_sll=2:0:0:0:0:1", "nd_sll needs nd_ns");
	refuse(MATCH, "tcp, icmp_type=1", "icmp_type=1", "icmp_type needs icmp");
	refuse(MATCH, "ip, ip_proto=6/7, tcp_dst=1", "tcp_dst=1", "tcp_dst needs tcp");
	refuse(MATCH, "tcp, eth_type=0x86dd", "eth_type=0x86dd", "contradicts 'tcp'");
	refuse(MATCH, "tcp, udp", "udp", "contradicts 'tcp'");
	refuse(MATCH, "ipv6, tcp", "tcp", "contradicts 'ipv6'");
	refuse(MATCH, "vlan_vid=none, vlan_pcp=3", "vlan_pcp=3", "contradicts 'vlan_vid=none'");
	refuse(MATCH, "vlan_tci=0x1005, vlan_vid=6", "vlan_vid=6", "contradicts");
	refuse(MATCH, "tcp, tcp_dst=80, l4_dst=81", "l4_dst=81", "contradicts 'tcp_dst=80'");
}

static void items(void **state)
{
	refuse(FLOW, "table=1, ip", "", "actions= is missing");
	refuse(FLOW, "", "", "actions= is missing");
	refuse(FLOW, "table=256 actions=drop", "256", "out of range");
	refuse(FLOW, "table=x actions=drop", "x", "is not a number");
	refuse(FLOW, "priority=65536 actions=drop", "65536", "at most 65535");
	refuse(FLOW, "table=1 table=1 actions=drop", NULL, "duplicate 'table'");
	refuse(FLOW, "cookie=1/2 actions=drop", "2", "only a filter has a cookie mask");
	refuse(FLOW, "idle_timeout=1.2345 actions=drop", "1.2345", "decimals");
	refuse(FLOW, "idle_timeout=4294968 actions=drop", "4294968", "out of range");
	refuse(FLOW, "hard_timeout=-1 actions=drop", "-1", "is not a number");
	refuse(FLOW, "idle_timeout=1.x actions=drop", "1.x", "is not a number");
	refuse(FLOW, "table actions=drop", "table", "'table' needs a value");
	refuse(FLOW, "actions=", NULL, "no action");
	refuse(KEY, "table=1 cookie=1", "cookie=1", "a key has no 'cookie'");
	refuse(KEY, "actions=drop", "actions=drop", "a key has no 'actions'");
	refuse(FILTER, "priority=1", "priority=1", "a filter has no 'priority'");
	refuse(FILTER, "table=3, ip_dst=10.0.0.1", "ip_dst=10.0.0.1", "ip_dst needs ip");
	refuse(FILTER, "ip, tcp_dst=80, cookie=1", "tcp_dst=80", "tcp_dst needs tcp");
	refuse(METADATA, "eth_src=2:0:0:0:0:1", NULL, "eth_src is no metadata");
	refuse(METADATA, "in_port=1", NULL, "in_port is no metadata");
	refuse(METADATA, "reg0=1/1", NULL, "no mask here");
}

static void actions(void **state)
{
	refuse(ACTIONS, "dec_ttl, jump", "jump", "unknown action 'jump'");
	refuse(ACTIONS, "output", "output", "needs ':' and an argument");
	refuse(ACTIONS, "output:", "output", "nothing behind 'output:'");
	refuse(ACTIONS, "dec_ttl:3", "dec_ttl", "takes no ':'");
	refuse(ACTIONS, "check_ttl", "check_ttl", "needs ':' and an argument");
	refuse(ACTIONS, "check_mtu:1400", "1400", "MTU->TABLE is needed");
	refuse(ACTIONS, "check_mtu:67->3", "67", "an MTU is 68 to 65535");
	refuse(ACTIONS, "check_mtu:65536->3", "65536", "an MTU is 68 to 65535");
	refuse(ACTIONS, "check_mtu:1400->256", "256", "table");
	refuse(ACTIONS, "advertise", "advertise", "needs ':' and an argument");
	refuse(ACTIONS, "advertise:router", "router", "is not a MAC address");
	refuse(ACTIONS, "advertise:33:33:00:00:00:01", "33:33:00:00:00:01", "of one host");
	refuse(ACTIONS, "advertise:00:00:00:00:00:00/router", "00:00:00:00:00:00", "of one host");
	refuse(ACTIONS, "advertise:02:00:00:00:00:01/host", "host", "only router");
	refuse(ACTIONS, "reject:big", "big", "admin, ttl or too_big");
	refuse(ACTIONS, "dec_ttl(3)", "dec_ttl", "takes no '('");
	refuse(ACTIONS, "goto:1, drop", "drop", "cannot follow goto");
	refuse(ACTIONS, "drop, output:1", "output", "cannot follow drop");
	refuse(ACTIONS, "clone(drop, output:1)", "output", "cannot follow drop");
	refuse(ACTIONS, "goto:256", "256", "out of range");
	refuse(ACTIONS, "output:vm9", "vm9", "no port 'vm9'");
	refuse(ACTIONS, "output:0", "0", "numbered from 1");
	refuse(ACTIONS, "set:eth_src", "eth_src", "FIELD=VALUE is needed");
	refuse(ACTIONS, "set:eth_type=ip", "eth_type", "cannot be written");
	refuse(ACTIONS, "set:in_port=1", "in_port", "cannot be written");
	refuse(ACTIONS, "set:vlan2_vid=1", "vlan2_vid", "cannot be written");
	refuse(ACTIONS, "set:nonsense=1", "nonsense", "unknown field");
	refuse(ACTIONS, "set:reg0=1/0", "1/0", "a mask of zeroes");
	refuse(ACTIONS, "set:vlan_vid=none", "none", "is not a number");
	refuse(ACTIONS, "load:ldp=0x1000000", "0x1000000", "out of range");
	refuse(ACTIONS, "load:reg0[0..7]=256", "256", "at most 255");
	refuse(ACTIONS, "load:reg0[0..32]=1", "reg0[0..32]", "only bits 0 to 31");
	refuse(ACTIONS, "load:reg0[8..7]=1", "reg0[8..7]", "a at most b");
	refuse(ACTIONS, "load:reg0[0..7=1", "reg0[0..7", "']' is missing");
	refuse(ACTIONS, "load:reg0[x]=1", "reg0[x]", "[a] or [a..b]");
	refuse(ACTIONS, "move:reg0", "reg0", "FIELD->FIELD is needed");
	refuse(ACTIONS, "move:reg0->lin", "lin", "32 bits do not fit into 16");
	assert_int_equal(parse(ACTIONS, "move:lout->lin, load:lin[15]=0", NULL), 0);
	refuse(ACTIONS, "load:lin=32768", "32768", "at most 32767");
	refuse(ACTIONS, "load:lin[15]=1", "1", "lin is out of range: at most 32767");
	refuse(ACTIONS, "load:lin[8..15]=128", "128", "lin is out of range: at most 32767");
	refuse(ACTIONS, "move:reg0[0..3]->reg1[0..4]", "reg1[0..4]", "exactly");
	refuse(ACTIONS, "move:reg0->in_port", "in_port", "cannot be written");
	refuse(ACTIONS, "push_vlan:0x9100", "0x9100", "0x8100 or 0x88a8");
	refuse(ACTIONS, "clone(output:1", "clone", "')' is missing");
	refuse(ACTIONS, "clone", "clone", "needs '('");
	refuse(ACTIONS, "output:1)", ")", "unexpected ')'");
	refuse(ACTIONS, "(output:1)", "(", "unexpected '('");
	refuse(ACTIONS, "clone(clone(clone(clone(clone(drop)))))", NULL, "at most 4 deep");
	refuse(ACTIONS, "multi(multi(multi(multi(multi(multi(multi(multi(multi(drop)))))))))", NULL,
	       "at most 8 deep");
	refuse(ACTIONS, "tunnel", "tunnel", "needs an address");
	refuse(ACTIONS, "tunnel:10.0.0.1,16777216", "16777216", "at most 16777215");
	refuse(ACTIONS, "tunnel(10.0.0.1, id=0x1000000)", "0x1000000", "at most 16777215");
	assert_int_equal(parse(ACTIONS, "tunnel:10.0.0.1,16777215", NULL), 0);
	refuse(ACTIONS, "tunnel:host1", "host1", "is not an IP address");
	refuse(ACTIONS, "tunnel(id=7)", "tunnel", "dst is missing");
	refuse(ACTIONS, "tunnel(dst=10.0.0.1,ttl=0)", "0", "");
	refuse(ACTIONS, "tunnel(dst=10.0.0.1,tos=256)", "256", "out of range");
	refuse(ACTIONS, "tunnel(dst=10.0.0.1,color=1)", "color", "tunnel has no 'color'");
	refuse(ACTIONS, "tunnel(dst=10.0.0.1,id=1,id=2)", NULL, "given twice");
	refuse(ACTIONS, "tunnel(10.0.0.1", "tunnel", "')' is missing");
	refuse(ACTIONS, "service:abcdefghijklmnop", "abcdefghijklmnop", "too long");
	refuse(ACTIONS, "service(nat,fallback=retry)", "retry", "drop or continue");
	refuse(ACTIONS, "service(arg=1)", "service", "name is missing");
	refuse(ACTIONS, "drop:ttl", "ttl", "only the datapath itself");
	refuse(ACTIONS, "drop:10", "10", "only the datapath itself");
	refuse(ACTIONS, "drop:nonsense", "nonsense", "no drop reason");
	refuse(ACTIONS, "", "", "no action");
	refuse(ACTIONS, " , ,", NULL, "no action");
}

/* Positions count from the begin of the whole text */
static void flow_positions(void **state)
{
	refuse(FLOW, "table=1, tcp actions=dec_ttl, output:vm9", "vm9", "no port");
	refuse(FLOW, "tcp\tactions= clone(dec_ttl, set:eth_src=x)", "x", "MAC");
}

static int table_id(void *ctx, const char *name, uint8_t *id)
{
	*id = 9;
	return strcmp(name, "route") ? -ENOENT : 0;
}

static int remote(void *ctx, const char *name, struct weft_remote *out)
{
	static const uint8_t addr[4] = { 10, 0, 0, 1 };

	*out = (struct weft_remote){ 0 };
	memcpy(out->addr, addr, 4);
	return strcmp(name, "host1") ? -ENOENT : 0;
}

static void resolvers(void **state)
{
	const struct weft_names names = { .table_id = table_id, .remote = remote };
	struct weft_flow flow, same;
	struct weft_error err;

	assert_int_equal(weft_flow_parse(&flow,
					 "table=route actions=resubmit:route,related:route,"
					 "tunnel(dst=host1,id=3),tunnel:host1,5,goto:route",
					 &names, &err),
			 0);
	assert_int_equal(weft_flow_parse(&same,
					 "table=9 actions=resubmit:9,related:9,tunnel:10.0.0.1,3,"
					 "tunnel:10.0.0.1,5,goto:9",
					 NULL, &err),
			 0);
	assert_true(weft_flow_equal(&flow, &same));
	weft_flow_free(&flow);
	weft_flow_free(&same);
	assert_int_equal(weft_flow_parse(&flow, "actions=goto:far", &names, &err), -EINVAL);
	assert_string_equal(err.msg, "no table 'far'");
	assert_int_equal(weft_flow_parse(&flow, "actions=tunnel:host9", &names, &err), -EINVAL);
	assert_string_equal(err.msg, "no tunnel endpoint 'host9'");
	assert_int_equal(weft_flow_parse(&flow, "actions=output:vm1", NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "port 'vm1': only numbers are known here");
}

static void filters(void **state)
{
	struct weft_flow flow;
	struct weft_error err;

	assert_int_equal(weft_flow_parse_filter(&flow,
						"table=3, cookie=0x10/0xf0, ip, ip_dst=10.0.0.1",
						NULL, &err),
			 0);
	assert_true(weft_has(&flow, WEFT_FLOW_A_TABLE));
	assert_false(weft_has(&flow, WEFT_FLOW_A_PRIORITY));
	assert_int_equal(flow.cookie, 0x10);
	assert_int_equal(flow.cookie_mask, 0xf0);
	assert_int_equal(flow.match.n, 2);
	weft_flow_free(&flow);
	assert_int_equal(weft_flow_parse_filter(&flow, "", NULL, &err), 0);
	assert_int_equal(flow.present, 0);
	weft_flow_free(&flow);
	assert_int_equal(weft_flow_parse_key(&flow, "", NULL, &err), 0);
	assert_int_equal(flow.priority, WEFT_PRIORITY_DEFAULT);
	weft_flow_free(&flow);
}

/* Bytes without sense: nothing to find but crashes and leaks */
static void noise(void **state)
{
	static const char *const pieces[] = {
		"table=",     "priority=1", "actions=", "set:",
		"load:reg0[", "..",	    "]",	"clone(",
		")",	      ",",	    " ",	"ip",
		"tcp",	      "ip_dst=",    "10.0.0.1", "/",
		"\"",	      "::",	    "0x",	"ff",
		"tunnel(",    "dst=",	    "move:",	"->",
		"goto:",      "drop",	    "output:",	"service:",
		"=",	      "\\",	    "\x80",	"vlan_vid=none",
		"tun_opt0=",  "+syn",	    "multi(",	"1",
	};

	for (unsigned int i = 0; i < 200000; i++) {
		char text[512] = "";
		unsigned int n = random_below(20);
		enum kind kind = random_below(6);
		struct weft_error err;

		while (n--)
			strcat(text, pieces[random_below(sizeof(pieces) / sizeof(*pieces))]);
		if (one_in(4) && text[0])
			text[random_below((unsigned int)strlen(text))] = (char)(random_below(255) +
										1);
		if (parse(kind, text, &err) == -EINVAL) {
			assert_true(err.msg[0]);
			assert_true(err.pos + err.len <= strlen(text) + 6);
		}
	}
}

static void one_value(void **state)
{
	enum weft_field field;
	struct weft_field_value v;
	struct weft_error err;

	assert_int_equal(weft_field_parse("vlan_vid", "5", NULL, &field, &v, &err), 0);
	assert_int_equal(field, WEFT_FIELD_VLAN_TCI);
	assert_int_equal(v.value[0], 0x10);
	assert_int_equal(v.value[1], 5);
	assert_int_equal(weft_field_parse("tun_dst", "fd00::1", NULL, &field, &v, &err), 0);
	assert_int_equal(field, WEFT_FIELD_TUN_IPV6_DST);
	assert_int_equal(weft_field_parse("x", "1", NULL, &field, &v, &err), -EINVAL);
	assert_int_equal(weft_field_parse("ldp", "x", NULL, &field, &v, &err), -EINVAL);
	assert_int_equal(err.pos, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),	 cmocka_unit_test(prerequisites),
		cmocka_unit_test(tunnel_family), cmocka_unit_test(items),
		cmocka_unit_test(actions),	 cmocka_unit_test(flow_positions),
		cmocka_unit_test(resolvers),	 cmocka_unit_test(filters),
		cmocka_unit_test(one_value),	 cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
