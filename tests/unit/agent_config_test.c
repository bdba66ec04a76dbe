// SPDX-License-Identifier: Apache-2.0
/* agent_config_test.c - files that are refused, with the place of the error, and good ones. */
#include "agent_test.h"
#include "ruleset.h"

#define FILE_OF(members) "{'version': 1, 'datapath': 'weft0', " members "}"
#define PORT(members) FILE_OF("'ports': [{'name': 'a', " members "}]")
#define GENEVE(members) PORT("'type': 'geneve', 'device': 'g0', " members)
#define TUNNEL(members) FILE_OF("'tunnels': [{'name': 'g0', " members "}]")
#define TABLE(members) FILE_OF("'tables': [{" members "}]")
#define FLOW(flow) FILE_OF("'ports': [{'name': 'a', 'device': 'tap0'}], 'flows': [" flow "]")

struct bad {
	const char *text;
	const char *path;  /* with which the message begins, behind "FILE: " */
	const char *words; /* that it has */
};

static const struct bad bad_files[] = {
	/* the whole */
	{ "", ":1:", "" },
	{ "{'version': 1,", ":1:", "" },
	{ "{'version': 1, 'version': 1}", ":1:", "duplicate" },
	{ "[]", "$:", "an array is not an object" },
	{ "{'datapath': 'weft0'}", "$.version:", "missing" },
	{ "{'version': 2, 'datapath': 'weft0'}", "$.version:", "not 2" },
	{ "{'version': '1', 'datapath': 'weft0'}", "$.version:", "whole number" },
	{ "{'version': 1}", "$.datapath:", "missing" },
	{ "{'version': 1, 'datapath': ''}", "$.datapath:", "1 to 15 bytes" },
	{ "{'version': 1, 'datapath': 'a234567890123456'}", "$.datapath:", "1 to 15 bytes" },
	{ "{'version': 1, 'datapath': 'a b'}", "$.datapath:", "1 to 15 bytes" },
	{ "{'version': 1, 'datapath': 7}", "$.datapath:", "7 is not a string" },
	{ FILE_OF("'portss': []"), "$.portss:", "did you mean \"ports\"" },
	{ FILE_OF("'zebra': []"), "$.zebra:", "unknown member" },
	{ FILE_OF("'max_flows': 0"), "$.max_flows:", "0 is not in 1…4294967295" },
	{ FILE_OF("'max_flows': -1"), "$.max_flows:", "-1" },
	{ FILE_OF("'max_flows': 1.5"), "$.max_flows:", "1.5 is not a whole number" },
	{ FILE_OF("'max_cached': -1"), "$.max_cached:", "-1 is not in 0…4294967295" },
	{ FILE_OF("'max_cached': 4294967296"), "$.max_cached:", "is not in 0…4294967295" },
	{ FILE_OF("'max_cached': null"), "$.max_cached:", "whole number" },
	/* registers and hosts */
	{ FILE_OF("'registers': []"), "$.registers:", "an array is not an object" },
	{ FILE_OF("'registers': {'x': 'reg16'}"), "$.registers.x:", "not a register" },
	{ FILE_OF("'registers': {'x': 'eth_src'}"), "$.registers.x:", "not a register" },
	{ FILE_OF("'registers': {'x': 3}"), "$.registers.x:", "3 is not a string" },
	{ FILE_OF("'registers': {'mark': 'reg3'}"), "$.registers.mark:", "field already" },
	{ FILE_OF("'registers': {'1x': 'reg3'}"), "$.registers.1x:", "not a name" },
	{ FILE_OF("'hosts': []"), "$.hosts:", "not an object" },
	{ FILE_OF("'hosts': {'h': {}}"), "$.hosts.h.address:", "missing" },
	{ FILE_OF("'hosts': {'h': {'address': '1.2.3'}}"), "$.hosts.h.address:", "1.2.3" },
	{ FILE_OF("'hosts': {'h': {'address': '10.0.0.1', 'mtu': 1}}"),
	  "$.hosts.h.mtu:", "unknown member" },
	{ FILE_OF("'hosts': {'h': {'address': '10.0.0.1'}, 'i': {'address': '10.0.0.1'}}"),
	  "$.hosts.i.address:", "$.hosts.h" },
	/* ports */
	{ FILE_OF("'ports': {}"), "$.ports:", "an object is not an array" },
	{ FILE_OF("'ports': [7]"), "$.ports[0]:", "7 is not an object" },
	{ FILE_OF("'ports': [{'device': 'tap0'}]"), "$.ports[0].name:", "missing" },
	{ FILE_OF("'ports': [{'name': '7', 'device': 'tap0'}]"), "$.ports[0].name:", "not a name" },
	{ FILE_OF("'ports': [{'name': 'lout', 'device': 'tap0'}]"),
	  "$.ports[0].name:", "meaning of its own" },
	{ FILE_OF("'ports': [{'name': 'a'}]"), "$.ports[0]:", "needs a device" },
	{ PORT("'device': 'a/b'"), "$.ports[0].device:", "network device" },
	{ PORT("'device': 'a234567890123456'"), "$.ports[0].device:", "1 to 15 bytes" },
	{ PORT("'device': 'tap0', 'class': 'vfi'"),
	  "$.ports[0].class:", "\"vfi\" is not one of vif, fabric, service" },
	{ PORT("'device': 'tap0', 'class': 'fabric'"), "$.ports[0].class:", "tunnel" },
	{ PORT("'device': 'tap0', 'type': 'tun'"),
	  "$.ports[0].type:", "\"tun\" is not one of netdev, internal, geneve, gre, stt" },
	{ PORT("'device': 'tap0', 'id': 0"), "$.ports[0].id:", "1…65535" },
	{ PORT("'device': 'tap0', 'id': 65536"), "$.ports[0].id:", "1…65535" },
	{ PORT("'vm': ''"), "$.ports[0].vm:", "1 to 63 bytes" },
	{ PORT("'device': 'tap0', 'mtu': 20"), "$.ports[0].mtu:", "68" },
	{ PORT("'device': 'tap0', 'mac': '02:00:00:00:00:01'"),
	  "$.ports[0].mac:", "only internal ports" },
	{ PORT("'device': 'tap0', 'remotes': []"), "$.ports[0].remotes:", "only tunnel ports" },
	{ PORT("'device': 'gre1', 'type': 'gre', 'options': []"),
	  "$.ports[0].options:", "only geneve ports" },
	{ PORT("'device': 'gre1', 'type': 'gre', 'mark': 4"), "$.ports[0].mark:", "0xc0000003" },
	{ PORT("'device': 'stt0', 'type': 'stt', 'mark': '0x8'"),
	  "$.ports[0].mark:", "0xc0000007" },
	{ PORT("'device': 'tap0', 'mark': '0x100000000'"), "$.ports[0].mark:", "0…4294967295" },
	{ PORT("'type': 'internal', 'mac': '01:00:00:00:00:01'"), "$.ports[0].mac:", "station" },
	{ PORT("'type': 'internal', 'mac': '02:00:00:00:00'"), "$.ports[0].mac:", "station" },
	{ PORT("'type': 'internal', 'netns': '../x'"), "$.ports[0].netns:", "namespace" },
	{ PORT("'type': 'internal', 'addresses': ['10.0.0.1']"),
	  "$.ports[0].addresses[0]:", "prefix length" },
	{ PORT("'type': 'internal', 'addresses': ['10.0.0.1/33']"),
	  "$.ports[0].addresses[0]:", "prefix length" },
	{ PORT("'type': 'internal', 'class': 'fabric'"), "$.ports[0].class:", "tunnel" },
	{ PORT("'type': 'geneve'"), "$.ports[0]:", "needs a device" },
	{ GENEVE("'class': 'vif'"), "$.ports[0].class:", "fabric" },
	{ PORT("'device': 'tap0', 'lports': [{'ldp': 0, 'lport': 1}]"),
	  "$.ports[0].lports[0].ldp:", "1…16777215" },
	{ PORT("'device': 'tap0', 'lports': [{'ldp': 1}]"),
	  "$.ports[0].lports[0].lport:", "missing" },
	{ PORT("'device': 'tap0', 'lports': [{'ldp': 1, 'lport': 65536}]"),
	  "$.ports[0].lports[0].lport:", "1…65535" },
	{ PORT("'device': 'tap0', 'lports': [{'ldp': 1, 'lport': 1}, {'ldp': 1, 'lport': 1}]"),
	  "$.ports[0].lports:", "lives at $.ports[0]" },
	{ FILE_OF("'ports': [{'name': 'a', 'device': 'x'}, {'name': 'a', 'device': 'y'}]"),
	  "$.ports[1].name:", "$.ports[0]" },
	{ FILE_OF("'ports': [{'name': 'a', 'device': 'x'}, {'name': 'b', 'device': 'x'}]"),
	  "$.ports[1]:", "$.ports[0]" },
	{ FILE_OF("'ports': [{'name': 'a', 'vm': 'x'}, {'name': 'b', 'vm': 'x'}]"),
	  "$.ports[1].vm:", "$.ports[0]" },
	{ FILE_OF("'ports': [{'name': 'a', 'vm': 'x', 'id': 3}, {'name': 'b', 'vm': 'y', 'id': 3}]"),
	  "$.ports[1].id:", "$.ports[0]" },
	{ FILE_OF("'ports': [{'name': 'a', 'device': 'x', 'lports': [{'ldp': 7, 'lport': 1}]}, "
		  "{'name': 'b', 'device': 'y', 'lports': [{'ldp': 7, 'lport': 1}]}]"),
	  "$.ports[1].lports:", "$.ports[0].lports" },
	/* tunnels */
	{ TUNNEL("'type': 'vxlan'"), "$.tunnels[0].type:", "not one of geneve" },
	{ TUNNEL("'type': 'gre', 'udp_port': 6081"), "$.tunnels[0].udp_port:", "only geneve" },
	{ TUNNEL("'tcp_port': 7471"), "$.tunnels[0].tcp_port:", "only stt" },
	{ TUNNEL("'type': 'stt', 'udp_port': 6081"), "$.tunnels[0].udp_port:", "only geneve" },
	{ TUNNEL("'type': 'stt', 'underlay': 'ipv6'"), "$.tunnels[0].underlay:", "only gre" },
	{ TUNNEL("'type': 'stt', 'tcp_port': 65536"), "$.tunnels[0].tcp_port:", "1…65535" },
	{ FILE_OF("'tunnels': [{'name': 's0', 'type': 'stt'}, {'name': 'g0', 'udp_port': 7471}, "
		  "{'name': 's1', 'type': 'stt'}]"),
	  "$.tunnels[2]", "$.tunnels[0] has TCP port 7471 too" },
	{ TUNNEL("'type': 'gre', 'options': []"), "$.tunnels[0].options:", "only geneve" },
	{ TUNNEL("'type': 'gre', 'underlay': 'ipx'"), "$.tunnels[0].underlay:", "ipv4, ipv6" },
	{ TUNNEL("'type': 'gre', 'mark': '0xc0000007'"), "$.tunnels[0].mark:", "0xc0000003" },
	{ TUNNEL("'underlay': 'ipv6'"), "$.tunnels[0].underlay:", "only gre" },
	{ FILE_OF("'tunnels': [{'name': 'g0', 'type': 'gre'}, {'name': 'g1', 'type': 'gre'}]"),
	  "$.tunnels[1]:", "$.tunnels[0]" },
	/* labels */
	{ FILE_OF("'labels': [{'id': 0, 'ldp': 1, 'lport': 1}]"), "$.labels[0].id:", "1…16777215" },
	{ FILE_OF("'labels': [{'id': 1, 'ldp': 1}]"), "$.labels[0].lport:", "missing" },
	{ FILE_OF("'labels': [{'id': 1, 'ldp': 1, 'lport': 65536}]"),
	  "$.labels[0].lport:", "1…65535" },
	{ FILE_OF("'labels': [{'id': 1, 'ldp': 1, 'lport': 1}, {'id': 1, 'ldp': 1, 'lport': 2}]"),
	  "$.labels:", "label 1 is there twice" },
	{ FILE_OF("'labels': [{'id': 2, 'ldp': 1, 'lport': 1}, {'id': 1, 'ldp': 1, 'lport': 1}]"),
	  "$.labels:", "ldp 1 lport 1 has the labels" },
	{ TUNNEL("'udp_port': 0"), "$.tunnels[0].udp_port:", "1…65535" },
	{ TUNNEL("'remotes': ['nobody']"), "$.tunnels[0].remotes[0]:", "neither an address" },
	{ TUNNEL("'remotes': ['10.0.0.1', '10.0.0.1']"), "$.tunnels[0].remotes:", "twice" },
	{ TUNNEL("'options': [{'slot': 4, 'class': 1, 'type': 1, 'len': 4}]"),
	  "$.tunnels[0].options[0].slot:", "0…3" },
	{ TUNNEL("'options': [{'slot': 0, 'class': '0x10000', 'type': 1, 'len': 4}]"),
	  "$.tunnels[0].options[0].class:", "0…65535" },
	{ TUNNEL("'options': [{'slot': 0, 'class': 1, 'type': 1, 'len': 5}]"),
	  "$.tunnels[0].options[0].len:", "4, 8, 12 or 16" },
	{ TUNNEL("'options': [{'slot': 0, 'class': 1, 'type': 1, 'len': 4}, "
		 "{'slot': 0, 'class': 2, 'type': 1, 'len': 4}]"),
	  "$.tunnels[0].options[1].slot:", "slot 0" },
	{ TUNNEL("'options': [{'slot': 0, 'class': 1, 'type': 1, 'len': 4}, "
		 "{'slot': 1, 'class': 1, 'type': 1, 'len': 4}]"),
	  "$.tunnels[0].options[1]:", "slot 0" },
	{ TUNNEL("'ttl': 7"), "$.tunnels[0].ttl:", "unknown member" },
	{ TUNNEL("'udp_zero_csum6': 1"), "$.tunnels[0].udp_zero_csum6:", "true or false" },
	{ FILE_OF("'tunnels': [{'name': 'g0'}, {'name': 'g1'}]"),
	  "$.tunnels[1].udp_port:", "$.tunnels[0]" },
	{ FILE_OF("'tunnels': [{'name': 'a234567890123456'}]"),
	  "$.tunnels[0].name:", "network device" },
	/* tables */
	{ TABLE("'name': 'x'"), "$.tables[0].id:", "missing" },
	{ TABLE("'id': 256"), "$.tables[0].id:", "0…255" },
	{ FILE_OF("'tables': [{'id': 1}, {'id': 1}]"), "$.tables[1].id:", "$.tables[0]" },
	{ FILE_OF("'tables': [{'id': 1, 'name': 'x'}, {'id': 2, 'name': 'x'}]"),
	  "$.tables[1].name:", "$.tables[0]" },
	{ TABLE("'id': 1, 'miss': 'fly'"), "$.tables[0].miss", "fly" },
	{ TABLE("'id': 1, 'miss': 'output:a'"), "$.tables[0].miss", "a" },
	/* flow entries */
	{ FILE_OF("'flows': {}"), "$.flows:", "not an array" },
	{ FLOW("7"), "$.flows[0]:", "7 is not a flow entry" },
	{ FLOW("'actions=drop', 'in_prot=1 actions=drop'"), "$.flows[1]", "in_prot" },
	{ FLOW("'actions=output:nobody'"), "$.flows[0]", "nobody" },
	{ FLOW("'actions=output:9'"), "$.flows[0]:", "no port has the id 9" },
	{ FLOW("'in_port=9 actions=drop'"), "$.flows[0]:", "no port has the id 9" },
	{ FLOW("'actions=clone(output:9)'"), "$.flows[0]:", "no port has the id 9" },
	{ FLOW("'actions=goto:nowhere'"), "$.flows[0]", "nowhere" },
	{ FLOW("'actions=tunnel:10.0.0.1'"), "$.flows[0]:", "there is no tunnel" },
	{ FILE_OF("'tunnels': [{'name': 'g0'}, {'name': 'g1', 'udp_port': 6082}], 'flows': ["
		  "'actions=clone(tunnel:10.0.0.1)']"),
	  "$.flows[0]:", "several tunnels" },
	{ FLOW("'actions=tunnel:nobody'"), "$.flows[0]", "nobody" },
	{ FLOW("'ip_src=10.0.0.1 actions=drop'"), "$.flows[0]", "ip_src" },
	{ FLOW("'actions=drop', 'priority=32768 actions=output:a'"), "$.flows[1]:", "$.flows[0]" },
	{ FLOW("{'priority': 70000}"), "$.flows[0].priority", "" },
	{ FLOW("{'priorty': 7}"), "$.flows[0].priorty", "" },
	{ FLOW("{'include': 'absent.flows'}"), "$.flows[0].include:", "absent.flows" },
	{ FLOW("{'include': 'host.flows', 'table': 1}"), "$.flows[0].table:", "unknown member" },
	{ FLOW("{'include': 7}"), "$.flows[0].include:", "not a string" },
};

static void test_bad_files(void **state)
{
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(*bad_files); i++) {
		const struct bad *bad = &bad_files[i];
		struct errors errors = { 0 };
		struct config *config = test_load(bad->text, &errors);
		char *prefix = memory_printf("%s/host.json%s%s", test_dir,
					     *bad->path == '$' ? ": " : "", bad->path);

		assert_null(config);
		assert_true(errors.n_kept > 0);
		if (strncmp(errors.text[0], prefix, strlen(prefix)) ||
		    !strstr(errors.text[0], bad->words))
			fail_msg("%s\ngives: %s\ninstead of: %s … %s", bad->text, errors.text[0],
				 prefix, bad->words);
		free(prefix);
		errors_clear(&errors);
	}
}

static void test_all_errors(void **state)
{
	struct errors errors = { 0 };
	char text[4000] = "{'version': 1, 'datapath': 'a b', 'ports': [";

	for (int i = 0; i < 30; i++)
		strcat(text, "{'name': 'x', 'class': 'y', 'device': 'z'},");
	strcpy(text + strlen(text) - 1, "], 'nonsense': 1}");
	assert_null(test_load(text, &errors));
	assert_int_equal(errors.n_kept, ERRORS_KEPT);
	assert_true(errors.n_total > 60);
	errors_clear(&errors);
}

static void test_absent_file(void **state)
{
	struct errors errors = { 0 };

	assert_null(load_config(&(struct source){ .file = "/nonexistent/host.json" }, NULL, NULL,
				NULL, &errors));
	assert_non_null(strstr(errors.text[0], "/nonexistent/host.json"));
	errors_clear(&errors);
}

static const struct weft_action *only_action(const struct config *config, size_t rule)
{
	assert_true(rule < config->ruleset->n_rules);
	assert_int_equal(config->ruleset->rules[rule]->flow.actions.n, 1);
	return config->ruleset->rules[rule]->flow.actions.v;
}

/* every kind of name, where it may stand */
static void test_names(void **state)
{
	struct config *config = test_config(
		"{'version': 1, 'datapath': 'weft0', 'registers': {'ctx': 'reg3'},"
		"'hosts': {'host2': {'address': '192.0.2.2'}, 'host6': {'address': '2001:db8::1'}},"
		"'ports': [{'name': 'vm1', 'device': 'tap0', 'id': 11},"
		"{'name': 'the-first-port-of-the-web-server', 'device': 'tap1', 'id': 13}],"
		"'tunnels': [{'name': 'gnv0', 'id': 12, 'remotes': ['host6', 'host2']}],"
		"'tables': [{'id': 5, 'name': 'acl', 'miss': 'goto:next'}, {'id': 6, 'name': 'next'}],"
		"'flows': ['table=acl, in_port=vm1, ctx=7 actions=output:vm1',"
		"'table=acl actions=goto:next', 'table=next actions=resubmit:acl, drop',"
		"'table=1 actions=tunnel:host2', 'table=2 actions=load:ctx=5',"
		"'table=3 actions=tunnel:host6',"
		"'table=4 actions=output:the-first-port-of-the-web-server']}");
	struct rule **rules = config->ruleset->rules;
	uint64_t value;

	assert_int_equal(rules[0]->flow.table, 5);
	assert_true(weft_match_exact_uint(&rules[0]->flow.match, WEFT_FIELD_IN_PORT, &value));
	assert_int_equal(value, 11);
	assert_true(weft_match_exact_uint(&rules[0]->flow.match, WEFT_FIELD_REG0 + 3, &value));
	assert_int_equal(value, 7);
	assert_int_equal(only_action(config, 0)->port, 11);
	assert_int_equal(rules[0]->n_ports, 1);
	assert_int_equal(only_action(config, 1)->table, 6);
	assert_int_equal(rules[1]->n_ports, 0);
	assert_int_equal(rules[2]->flow.table, 6);
	assert_int_equal(rules[2]->flow.actions.v[0].table, 5);
	assert_true(weft_has(&only_action(config, 3)->tunnel, WEFT_ACT_TUNNEL_A_IPV4));
	assert_memory_equal(only_action(config, 3)->tunnel.addr, "\xc0\x00\x02\x02", 4);
	/* as the kernel will show it */
	assert_true(weft_has(&only_action(config, 3)->tunnel, WEFT_ACT_TUNNEL_A_PORT));
	assert_int_equal(only_action(config, 3)->tunnel.port, 12);
	assert_int_equal(rules[3]->n_ports, 1);
	assert_int_equal(only_action(config, 4)->set.field, WEFT_FIELD_REG0 + 3);
	assert_true(weft_has(&only_action(config, 5)->tunnel, WEFT_ACT_TUNNEL_A_IPV6));
	assert_int_equal(only_action(config, 6)->port, 13);
	assert_true(config->ruleset->misses[5].wanted);
	assert_int_equal(config->ruleset->misses[5].actions.v[0].table, 6);
	assert_int_equal(config->ports[2].n_remotes, 2);
	assert_int_equal(config->ports[2].outer_port, 6081);
	config_free(config);
}

static void test_defaults(void **state)
{
	struct config *config = test_config(
		"{'version': 1, 'datapath': 'weft0', 'comment': ['anything'], 'ports': ["
		"{'name': 'a', 'device': 'tap0', 'comment': 1}, {'name': 'b', 'type': 'internal'},"
		"{'name': 'c', 'type': 'geneve', 'device': 'g0'}, {'name': 'd', 'vm': 'uuid'}]}");

	assert_int_equal(config->ports[0].port_class, WEFT_PORT_CLASS_VIF);
	assert_int_equal(config->ports[1].port_class, WEFT_PORT_CLASS_SERVICE);
	assert_string_equal(config->ports[1].device, "b");
	assert_int_equal(config->ports[2].port_class, WEFT_PORT_CLASS_FABRIC);
	assert_null(config->ports[3].device);
	assert_string_equal(config->ports[3].vm, "uuid");
	assert_int_equal(config->max_flows, 0);
	assert_false(config->has_max_cached);
	config_free(config);
	config = test_config("{'version': 1, 'datapath': 'weft0', 'max_cached': 0}");
	assert_true(config->has_max_cached);
	assert_int_equal(config->max_cached, 0);
	config_free(config);
	config = test_config("{'version': 1, 'datapath': 'weft0', 'max_cached': 4294967295}");
	assert_int_equal(config->max_cached, UINT32_MAX);
	config_free(config);
}

static void test_include(void **state)
{
	struct errors errors = { 0 };
	struct config *config;
	char *where;

	test_write("acl.flows", "# rules\n\ntable=1, in_port=a actions=drop\n"
				"table=1, priority=7 actions=\\\n  output:a\n");
	config = test_flows("'actions=drop', {'include': 'acl.flows'}, 'table=2 actions=drop'");
	assert_int_equal(config->ruleset->n_rules, 4);
	where = ruleset_where(config->ruleset->rules[1]);
	assert_non_null(strstr(where, "/acl.flows:3"));
	free(where);
	where = ruleset_where(config->ruleset->rules[3]);
	assert_string_equal(where, "$.flows[2]");
	free(where);
	assert_int_equal(config->ruleset->rules[2]->n_ports, 1);
	config_free(config);

	test_write("acl.flows", "actions=drop\nnonsense\nin_port=zz actions=drop\n");
	config = test_load("{'version': 1, 'datapath': 'w', 'flows': ['actions=drop',"
			   "{'include': 'acl.flows'}]}",
			   &errors);
	assert_null(config);
	assert_int_equal(errors.n_total, 3);
	assert_non_null(
		strstr(errors.text[0], "acl.flows:1: has table, priority and match of $.flows[0]"));
	assert_non_null(strstr(errors.text[1], "acl.flows:2:"));
	assert_non_null(strstr(errors.text[2], "acl.flows:3:"));
	errors_clear(&errors);
}

/* the JSON form is the text form */
static void test_json_flows(void **state)
{
	struct config *config = test_flows("'table=3, priority=9, in_port=a actions=output:b'");
	json_t *json = weft_flow_to_json(&config->ruleset->rules[0]->flow, NULL, 0);
	char *flow = json_dumps(json, 0);
	struct config *again;

	for (char *p = flow; *p; p++)
		*p = *p == '"' ? '\'' : *p;
	again = test_flows(flow);
	assert_true(
		weft_flow_equal(&config->ruleset->rules[0]->flow, &again->ruleset->rules[0]->flow));
	config_free(again);
	config_free(config);
	json_decref(json);
	free(flow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_files),   cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_absent_file), cmocka_unit_test(test_names),
		cmocka_unit_test(test_defaults),    cmocka_unit_test(test_include),
		cmocka_unit_test(test_json_flows),
	};

	return cmocka_run_group_tests(tests, test_dir_make, test_dir_remove);
}
