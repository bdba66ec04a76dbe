// SPDX-License-Identifier: Apache-2.0
/* "monitor" of tunnels: what weft-bfdd is told, the entries that are added, and what is refused. */
#include "agent_test.h"

#include "monitor.h"
#include "ruleset.h"

#define FILE_WITH(tunnels)                                                                         \
	"{'version': 1, 'datapath': 'weft0', 'hosts': {'h2': {'address': '192.0.2.2'}, "           \
	"'pool': {'address': '192.0.2.9'}}, 'tunnels': [" tunnels "]}"

static void test_message(void **state)
{
	struct errors errors = { 0 };
	struct config *config = test_load(
		FILE_WITH(
			"{'name': 'g0', 'id': 5, 'remotes': ['h2', '192.0.2.3'], 'monitor': "
			"{'fallback': ['pool', {'tunnel': 'g1'}, {'tunnel': 'g1', 'host': 'pool'}]}},"
			"{'name': 'g1', 'id': 6, 'udp_port': 6082, 'remotes': ['fd00::1'], 'monitor': "
			"{'interval_ms': 50, 'multiplier': 5, 'probe_mtu_s': 0}},"
			"{'name': 'g2', 'id': 7, 'udp_port': 6083, 'remotes': ['h2']}"),
		&errors);
	json_t *message, *wanted;

	assert_non_null(config);
	message = monitor_message(config, 2);
	wanted = json_pack(
		"{s:i,s:[{s:i,s:s,s:s,s:i,s:i,s:i,s:[{s:s,s:s},{s:s,s:s}],s:[{s:i,s:s},{s:i},{s:i,s:s}]},"
		"{s:i,s:s,s:s,s:i,s:i,s:i,s:[{s:s,s:s}],s:[]}]}",
		"made", 2, "tunnels", "port", 5, "device", "g0", "type", "geneve", "interval_ms",
		100, "multiplier", 3, "probe_mtu_s", 600, "remotes", "address", "192.0.2.2", "host",
		"h2", "address", "192.0.2.3", "host", "192.0.2.3", "fallback", "port", 5, "address",
		"192.0.2.9", "port", 6, "port", 6, "address", "192.0.2.9", "port", 6, "device",
		"g1", "type", "geneve", "interval_ms", 50, "multiplier", 5, "probe_mtu_s", 0,
		"remotes", "address", "fd00::1", "host", "fd00::1", "fallback");
	assert_non_null(wanted);
	assert_true(json_equal(message, wanted));
	json_decref(message);
	json_decref(wanted);
	/* an entry for each port that is watched, above all others */
	assert_int_equal(config->ruleset->n_rules, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct weft_flow *flow = &config->ruleset->rules[i]->flow;
		uint64_t value;

		assert_int_equal(flow->table, 0);
		assert_int_equal(flow->priority, 65535);
		assert_true(weft_match_exact_uint(&flow->match, WEFT_FIELD_IN_PORT, &value));
		assert_int_equal(value, 5 + i);
		assert_true(weft_match_exact_uint(&flow->match, WEFT_FIELD_LDP, &value));
		assert_int_equal(value, 0);
		assert_int_equal(flow->actions.v[0].type, WEFT_ACT_A_SERVICE);
	}
	config_free(config);
}

static void test_nothing(void **state)
{
	struct errors errors = { 0 };
	struct config *config = test_load(FILE_WITH("{'name': 'g0', 'remotes': ['h2']}"), &errors);

	assert_non_null(config);
	assert_null(monitor_message(config, 1));
	assert_int_equal(config->ruleset->n_rules, 0);
	config_free(config);
}

static void test_refused(void **state)
{
	static const struct {
		const char *monitor, *where;
	} cases[] = {
		{ "3", "$.tunnels[0].monitor" },
		{ "{'interval': 3}", "$.tunnels[0].monitor" },
		{ "{'interval_ms': 9}", "$.tunnels[0].monitor.interval_ms" },
		{ "{'interval_ms': 10001}", "$.tunnels[0].monitor.interval_ms" },
		{ "{'multiplier': 0}", "$.tunnels[0].monitor.multiplier" },
		{ "{'probe_mtu_s': -1}", "$.tunnels[0].monitor.probe_mtu_s" },
		{ "{'fallback': 'pool'}", "$.tunnels[0].monitor.fallback" },
		{ "{'fallback': ['nobody']}", "$.tunnels[0].monitor.fallback[0]" },
		{ "{'fallback': ['pool', {}]}", "$.tunnels[0].monitor.fallback[1]" },
		{ "{'fallback': [{'tunnel': 'g7'}]}", "$.tunnels[0].monitor.fallback[0]" },
		{ "{'fallback': [{'tunnel': 'g0'}]}", "$.tunnels[0].monitor.fallback[0]" },
		{ "{'fallback': [{'tunnel': 'vm'}]}", "$.tunnels[0].monitor.fallback[0]" },
		{ "{'fallback': ['pool','h2','pool','h2','pool']}",
		  "$.tunnels[0].monitor.fallback" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct errors errors = { 0 };
		char *text = memory_printf(
			"{'version': 1, 'datapath': 'weft0', 'hosts': {'h2': "
			"{'address': '192.0.2.2'}, 'pool': {'address': "
			"'192.0.2.9'}}, 'ports': [{'name': 'vm', 'device': 'x'}], "
			"'tunnels': [{'name': 'g0', 'monitor': %s}]}",
			cases[i].monitor);

		assert_null(test_load(text, &errors));
		if (!errors.n_kept || !strstr(errors.text[0], cases[i].where))
			fail_msg("%s: %s", cases[i].monitor,
				 errors.n_kept ? errors.text[0] : "no error");
		errors_clear(&errors);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, test_dir_make, test_dir_remove);
}
