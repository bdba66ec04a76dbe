// SPDX-License-Identifier: Apache-2.0
/*
 * JSON: what is refused, with the path to it, and what objects look like. Reading
 * back what was written is lib_roundtrip_test.c's.
 */
#include "lib_test.h"

static json_t *load(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

	if (!json)
		fail_msg("%s: %s", error.text, text);
	return json;
}

static void refuse(const char *text, const char *path, const char *words)
{
	json_t *json = load(text);
	struct weft_error err;
	struct weft_flow flow;

	if (weft_flow_from_json(&flow, json, NULL, &odd, &err) != -EINVAL)
		fail_msg("taken: %s", text);
	if (strcmp(err.path, path) || !strstr(err.msg, words))
		fail_msg("%s: '%s: %s' instead of '%s: %s'", text, err.path, err.msg, path, words);
	assert_int_equal(weft_flow_from_json(&flow, json, NULL, &odd, NULL), -EINVAL);
	json_decref(json);
}

#define DROP "\"actions\": [\"drop\"]"
#define ACTIONS(A) "{\"actions\": [" A "]}"

static void bad_flows(void **state)
{
	refuse("[]", "$", "an object is needed, not an array");
	refuse("{}", "$", "actions are missing");
	refuse("{\"table\": 256, " DROP "}", "$.table", "out of range");
	refuse("{\"table\": -1, " DROP "}", "$.table", "not a number");
	refuse("{\"table\": 1.5, " DROP "}", "$.table", "not a number");
	refuse("{\"colour\": 1, " DROP "}", "$.colour", "a flow has no member 'colour'");
	refuse("{\"priority\": 65536, " DROP "}", "$.priority", "at most 65535");
	refuse("{\"cookie\": \"x\", " DROP "}", "$.cookie", "not a number");
	refuse("{\"idle_timeout\": -1, " DROP "}", "$.idle_timeout", "out of range");
	refuse("{\"idle_timeout\": 4294968, " DROP "}", "$.idle_timeout", "out of range");
	refuse("{\"hard_timeout\": \"1\", " DROP "}", "$.hard_timeout", "seconds");
	refuse("{\"match\": 7, " DROP "}", "$.match", "an object is needed, not a number");
	refuse("{\"match\": {\"nonsense\": 7}, " DROP "}", "$.match.nonsense", "unknown field");
	refuse("{\"match\": {\"ldp\": 16777216}, " DROP "}", "$.match.ldp", "out of range");
	refuse("{\"match\": {\"lin\": 32768}, " DROP "}", "$.match.lin", "at most 32767");
	refuse("{\"match\": {\"ldp\": null}, " DROP "}", "$.match.ldp", "not null");
	refuse("{\"match\": {\"ldp\": false}, " DROP "}", "$.match.ldp", "not a boolean");
	refuse("{\"match\": {\"tcp_dst\": 80}, " DROP "}", "$.match", "tcp_dst needs tcp");
	refuse("{\"match\": {\"tcp\": true, \"udp\": true}, " DROP "}", "$.match.udp",
	       "contradicts");
	refuse("{\"match\": {\"tun_src\": \"10.0.0.1\", \"tun_dst\": \"fd00::1\"}, " DROP "}",
	       "$.match", "tun_dst is IPv6, unlike tun_src");
	refuse("{\"match\": {\"tun_src\": \"10.0.0.1\", \"tun_flags\": \"-ipv6\"}, " DROP "}",
	       "$.match", "tun_flags must leave out ipv6, which is implied by tun_src");
	refuse("{\"match\": {\"in_port\": \"vm9\"}, " DROP "}", "$.match.in_port", "no port 'vm9'");
}

static void bad_actions(void **state)
{
	refuse("{\"actions\": {}}", "$.actions", "an array of actions is needed");
	refuse(ACTIONS("7"), "$.actions[0]", "a word or an object with one member");
	refuse(ACTIONS("{\"goto\": 1, \"drop\": 1}"), "$.actions[0]", "one member");
	refuse(ACTIONS("\"dec_ttl\", \"jump\""), "$.actions[1]", "unknown action 'jump'");
	refuse(ACTIONS("\"dec_ttl\", \"pop_vlan\", {\"set\": {\"eth_src\": \"x\"}}"),
	       "$.actions[2].set.eth_src", "is not a MAC address");
	refuse(ACTIONS("{\"set\": {}}"), "$.actions[0].set", "no field is given");
	refuse(ACTIONS("{\"set\": {\"eth_type\": \"ip\"}}"), "$.actions[0].set.eth_type",
	       "cannot be written");
	refuse(ACTIONS("{\"load\": {\"reg0[0..7]\": 256}}"), "$.actions[0].load.reg0[0..7]",
	       "at most 255");
	refuse(ACTIONS("{\"load\": {\"lin[15]\": 1}}"), "$.actions[0].load.lin[15]",
	       "at most 32767");
	refuse(ACTIONS("{\"goto\": 256}"), "$.actions[0].goto", "out of range");
	refuse(ACTIONS("{\"goto\": 1}, \"drop\""), "$.actions[1]", "nothing can follow");
	refuse(ACTIONS("{\"output\": []}"), "$.actions[0].output", "a string or a number");
	refuse(ACTIONS("{\"check_mtu\": 3}"), "$.actions[0].check_mtu", "mtu and table");
	refuse(ACTIONS("{\"check_mtu\": {\"mtu\": 60, \"table\": 3}}"), "$.actions[0].check_mtu",
	       "an MTU is 68 to 65535");
	refuse(ACTIONS("{\"advertise\": \"02:00:00:00:00:01\"}"), "$.actions[0].advertise",
	       "an object with mac");
	refuse(ACTIONS("{\"advertise\": {\"mac\": \"02:00:00:00:00:01\", \"router\": 1}}"),
	       "$.actions[0].advertise", "maybe router");
	refuse(ACTIONS("{\"advertise\": {\"mac\": \"ff:ff:ff:ff:ff:ff\"}}"),
	       "$.actions[0].advertise", "of one host");
	refuse(ACTIONS("{\"dec_ttl\": 3}"), "$.actions[0].dec_ttl", "takes no argument");
	refuse(ACTIONS("\"output\""), "$.actions[0]", "a string or a number is needed");
	refuse(ACTIONS("{\"move\": {\"src\": \"lin\"}}"), "$.actions[0].move", "src and dst");
	refuse(ACTIONS("{\"push_vlan\": 5}"), "$.actions[0].push_vlan", "0x8100");
	refuse(ACTIONS("{\"clone\": [\"jump\"]}"), "$.actions[0].clone[0]", "unknown action");
	refuse(ACTIONS("{\"clone\": [{\"clone\": [{\"clone\": [{\"clone\": [{\"clone\": []}]}]}]}]}"),
	       "$.actions[0].clone[0].clone[0].clone[0].clone[0].clone", "at most 4 deep");
	refuse(ACTIONS("{\"tunnel\": {\"dst\": \"10.0.0.1\", \"id\": 16777216}}"),
	       "$.actions[0].tunnel.id", "at most 16777215");
	refuse(ACTIONS("{\"tunnel\": {\"id\": 3}}"), "$.actions[0].tunnel", "dst is missing");
	refuse(ACTIONS("{\"tunnel\": {\"dst\": \"10.0.0.1\", \"ttl\": 0}}"),
	       "$.actions[0].tunnel.ttl", "1 to 255");
	refuse(ACTIONS("{\"service\": {\"arg\": 3}}"), "$.actions[0].service", "name is missing");
	refuse(ACTIONS("{\"drop\": \"ttl\"}"), "$.actions[0].drop", "only the datapath");
}

static void deep_arrays(void **state)
{
	char text[4096] = "{\"actions\": ";
	struct weft_flow flow;
	json_t *json;

	for (int i = 0; i < 100; i++)
		strcat(text, "[{\"multi\": ");
	strcat(text, "[]");
	for (int i = 0; i < 100; i++)
		strcat(text, "}]");
	strcat(text, "}");
	json = load(text);
	assert_int_equal(weft_flow_from_json(&flow, json, NULL, NULL, NULL), -EINVAL);
	json_decref(json);
}

static void good_flow(void **state)
{
	static const char text[] =
		"{\"table\": 12, \"priority\": 100, \"cookie\": \"0x1\", \"idle_timeout\": 1.5,"
		" \"match\": {\"ldp\": 7, \"eth_type\": \"ip\", \"ip_dst\": \"10.0.2.0/24\","
		" \"ip_proto\": 6, \"tcp_dst\": 80, \"vlan_ctx\": \"0x1\"},"
		" \"actions\": [{\"set\": {\"eth_src\": \"02:00:00:00:00:01\", \"ip_ttl\": 3}},"
		" {\"load\": {\"lout\": 5}}, {\"multi\": [{\"output\": \"vm1\"}, {\"output\": 2}]},"
		" {\"output\": \"lout\"}, \"push_vlan\", {\"tunnel\": \"fd00::1\"}, {\"service\": \"nat\"},"
		" \"dec_ttl\", {\"goto\": 20}]}";
	json_t *json = load(text);
	struct weft_flow flow, same;
	struct weft_error err;

	if (weft_flow_from_json(&flow, json, "$.flows[3]", &odd, &err))
		fail_msg("%s: %s", err.path, err.msg);
	assert_int_equal(
		weft_flow_parse(
			&same,
			"table=12, priority=100, cookie=1, idle_timeout=1.5,"
			"ldp=7, tcp, ip_dst=10.0.2.0/24, tcp_dst=80, reg3=1 actions=set:eth_src=02:00:00:00:00:01,"
			"set:ip_ttl=3, load:lout=5, output:1, output:2, output:lout, push_vlan, tunnel:fd00::1,"
			"service:nat, dec_ttl, goto:20",
			NULL, &err),
		0);
	assert_true(weft_flow_equal(&flow, &same));
	weft_flow_free(&flow);
	weft_flow_free(&same);

	json_object_set_new(json, "table", json_true());
	assert_int_equal(weft_flow_from_json(&flow, json, "$.flows[3]", &odd, &err), -EINVAL);
	assert_string_equal(err.path, "$.flows[3].table");
	json_decref(json);
}

static void assert_json(json_t *json, const char *text)
{
	char *dump = json_dumps(json, JSON_COMPACT);

	assert_non_null(dump);
	assert_string_equal(dump, text);
	free(dump);
	json_decref(json);
}

static void ports(void **state)
{
	static const char text[] =
		"{\"id\":3,\"name\":\"gnv0\",\"type\":\"geneve\",\"class\":\"fabric\",\"vm_id\":\"x\","
		"\"lports\":[{\"ldp\":7,\"lport\":1},{\"ldp\":7,\"lport\":2}],"
		"\"remotes\":[\"10.0.0.1\",\"fd00::1\"],"
		"\"tun_opts\":[{\"slot\":1,\"class\":\"0x0104\",\"type\":\"0x80\",\"len\":8}],"
		"\"mac\":\"02:00:00:00:00:01\",\"mtu\":1400}";
	static const struct {
		const char *text, *path;
	} bad[] = {
		{ "{\"id\": 0}", "$.id" },
		{ "{\"id\": 65536}", "$.id" },
		{ "{\"type\": \"tap\"}", "$.type" },
		{ "{\"class\": 7}", "$.class" },
		{ "{\"name\": \"abcdefghijklmnop\"}", "$.name" },
		{ "{\"name\": \"a\\u0000b\"}", "$.name" },
		{ "{\"lports\": {}}", "$.lports" },
		{ "{\"lports\": [{\"ldp\": 7}]}", "$.lports[0]" },
		{ "{\"lports\": [{\"ldp\": 0, \"lport\": 1}]}", "$.lports[0]" },
		{ "{\"lports\": [{\"ldp\": 1, \"lport\": 65536}]}", "$.lports[0].lport" },
		{ "{\"lports\": [{\"ldp\": 1, \"lport\": 1}, {\"ldp\": 1, \"lport\": 1}]}",
		  "$.lports[1]" },
		{ "{\"remotes\": [\"10.0.0.1\", \"10.0.0.1\"]}", "$.remotes[1]" },
		{ "{\"remotes\": [\"host\"]}", "$.remotes[0]" },
		{ "{\"tun_opts\": [{\"slot\": 4, \"class\": 1, \"type\": 1, \"len\": 4}]}",
		  "$.tun_opts[0].slot" },
		{ "{\"tun_opts\": [{\"slot\": 0, \"class\": 1, \"type\": 1, \"len\": 5}]}",
		  "$.tun_opts[0]" },
		{ "{\"mac\": \"02:00:00:00:00:01/02:00:00:00:00:00\"}", "$.mac" },
		{ "{\"colour\": 1}", "$.colour" },
	};
	json_t *json = load(text);
	struct weft_error err;
	struct weft_port port;

	assert_int_equal(weft_port_from_json(&port, json, NULL, &err), 0);
	assert_json(weft_port_to_json(&port), text);
	weft_port_free(&port);
	json_decref(json);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		json = load(bad[i].text);
		if (weft_port_from_json(&port, json, NULL, &err) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		assert_string_equal(err.path, bad[i].path);
		json_decref(json);
	}
}

static void tables(void **state)
{
	json_t *json = load("{\"id\":5,\"miss\":[\"dec_ttl\",{\"drop\":\"acl\"}]}");
	struct weft_error err;
	struct weft_table table, copy;

	assert_int_equal(weft_table_from_json(&table, json, NULL, NULL, &err), 0);
	assert_int_equal(weft_table_copy(&copy, &table), 0);
	weft_table_free(&table);
	assert_json(weft_table_to_json(&copy, NULL, 0),
		    "{\"id\":5,\"miss\":[\"dec_ttl\",{\"drop\":\"acl\"}]}");
	weft_table_free(&copy);
	json_decref(json);
	json = load("{\"miss\":[]}");
	assert_int_equal(weft_table_from_json(&table, json, NULL, NULL, &err), -EINVAL);
	json_decref(json);
}

static void others(void **state)
{
	struct weft_drop_count counts[] = { { WEFT_DROP_TTL, 3 }, { 99, 1 } };
	struct weft_dp dp = { .name = "weft0", .version = UINT64_MAX, .drops = { counts, 2 } };
	struct weft_dp cached = { .name = "b", .cache = { 1, 2, 3, 4, 5, UINT64_MAX } };
	struct weft_event event = { .cmd = WEFT_CMD_TXN_COMMIT };
	struct weft_service service = { .name = "nat", .credits = 5 };
	struct weft_tunnel tunnel = {
		.way = { .port = 2, .addr = { 192, 0, 2, 2 } },
		.state = WEFT_TUNNEL_STATE_DOWN,
		.fallbacks = { { .port = 3, .ipv6 = true, .addr = { 0xfd, [15] = 1 } } },
		.n_fallbacks = 1,
		.via = { .port = 3, .ipv6 = true, .addr = { 0xfd, [15] = 1 } },
		.diag = 1,
		.mtu = 1430,
		.flaps = 7,
	};
	struct weft_packet packet;

	weft_mark(&dp, WEFT_DP_A_VERSION);
	weft_mark(&dp, WEFT_DP_A_DROPS);
	assert_json(weft_dp_to_json(&dp),
		    "{\"name\":\"weft0\",\"version\":\"18446744073709551615\","
		    "\"drops\":{\"ttl\":3,\"99\":1}}");
	weft_mark(&cached, WEFT_DP_A_MAX_CACHED);
	weft_mark(&cached, WEFT_DP_A_CACHE);
	cached.max_instances_slice = 6;
	weft_mark(&cached, WEFT_DP_A_MAX_INSTANCES_SLICE);
	weft_mark(&cached, WEFT_DP_A_N_INSTANCES);
	assert_json(weft_dp_to_json(&cached),
		    "{\"name\":\"b\",\"max_cached\":0,\"max_instances_slice\":6,"
		    "\"n_instances\":0,\"cache\":{\"entries\":1,\"hits\":2,"
		    "\"misses\":3,\"stale\":4,\"evicted\":5,"
		    "\"refused\":\"18446744073709551615\"}}");
	weft_mark(&service, WEFT_SERVICE_A_CREDITS);
	assert_json(weft_service_to_json(&service), "{\"name\":\"nat\",\"credits\":5}");
	weft_mark(&tunnel, WEFT_TUNNEL_A_FALLBACKS);
	weft_mark(&tunnel, WEFT_TUNNEL_A_VIA);
	weft_mark(&tunnel, WEFT_TUNNEL_A_DIAG);
	weft_mark(&tunnel, WEFT_TUNNEL_A_MTU);
	weft_mark(&tunnel, WEFT_TUNNEL_A_FLAPS);
	assert_json(weft_tunnel_to_json(&tunnel, NULL, 0),
		    "{\"port\":2,\"remote\":\"192.0.2.2\",\"state\":\"down\",\"fallbacks\":"
		    "[{\"port\":3,\"remote\":\"fd00::1\"}],\"via\":"
		    "{\"port\":3,\"remote\":\"fd00::1\"},\"diag\":\"expired\",\"mtu\":1430,"
		    "\"flaps\":7}");
	event.txn.present = 0;
	event.txn.added = 3;
	weft_mark(&event.txn, WEFT_TXN_A_ADDED);
	assert_json(weft_event_to_json(&event, NULL, 0),
		    "{\"event\":\"txn_commit\",\"txn\":{\"added\":3}}");
	weft_packet_init(&packet);
	packet.data = (const uint8_t *)"\x01\xff";
	packet.len = 2;
	packet.in_port = 1;
	weft_mark(&packet, WEFT_PACKET_A_IN_PORT);
	packet.template_id = 5;
	weft_mark(&packet, WEFT_PACKET_A_TEMPLATE);
	packet.pending = 7;
	weft_mark(&packet, WEFT_PACKET_A_PENDING);
	packet.slice = 9;
	weft_mark(&packet, WEFT_PACKET_A_SLICE);
	weft_match_put_uint(&packet.metadata, WEFT_FIELD_LDP, 7);
	assert_json(weft_packet_to_json(&packet, &odd, 0),
		    "{\"in_port\":\"vm1\",\"metadata\":{\"ldp\":7},\"template\":5,"
		    "\"pending\":7,\"slice\":9,\"data\":\"01ff\"}");
	weft_packet_free(&packet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_flows),   cmocka_unit_test(bad_actions),
		cmocka_unit_test(deep_arrays), cmocka_unit_test(good_flow),
		cmocka_unit_test(ports),       cmocka_unit_test(tables),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
