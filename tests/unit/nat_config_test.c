// SPDX-License-Identifier: Apache-2.0
/* The "nat" section: what is refused and where, what it becomes, and what a plan makes of it. */
#include "agent_test.h"

#include <sys/socket.h>

#include "actual.h"
#include "plan.h"
#include "ruleset.h"
#include "services/nat/compile.h"
#include "services/nat/nat.h"

#define TABLES "'tables': {'nat': 14, 'nat_next': 15, 'unnat': 11, 'unnat_next': 12}"
#define POOL "'pools': [{'name': 'public', 'ranges': ['11.0.1.1-11.0.1.9:2000-2999']}], "

/* a file with a section; ' for " */
static char *file_of(const char *nat, const char *flows)
{
	return memory_printf("{'version': 1, 'datapath': 'weft0', 'ports': [{'name': 'a', "
			     "'device': 'tapa'}], 'nat': {%s}, 'flows': [%s]}",
			     nat, flows);
}

/* one slice with a rule */
static char *rule_file(const char *rule, const char *flows)
{
	char *nat = memory_printf(POOL "'slices': [{'id': 9, " TABLES ", 'rules': [%s]}]", rule);
	char *text = file_of(nat, flows);

	free(nat);
	return text;
}

static void assert_refused(char *text, const char *path, const char *words)
{
	struct errors errors = { 0 };
	struct config *config = test_load(text, &errors);
	bool found = false;

	assert_null(config);
	for (unsigned int i = 0; i < errors.n_kept; i++)
		found = found || (strstr(errors.text[i], path) && strstr(errors.text[i], words));
	if (!found)
		print_error("wanted %s … %s, got %s\n", path, words,
			    errors.n_kept ? errors.text[0] : "nothing");
	assert_true(found);
	errors_clear(&errors);
	free(text);
}

static struct config *good_rule(const char *rule, const char *flows)
{
	char *text = rule_file(rule, flows);
	struct config *config = test_config(text);

	free(text);
	return config;
}

#define SNAT "{'name': 'snat', 'kind': 'snat', 'source': '10.0.1.0/24', 'pool': 'public'}"

static void test_bad_pools(void **state)
{
	static const struct {
		const char *pools, *path, *words;
	} cases[] = {
		{ "{}", "$.nat.pools[0].name", "missing" },
		{ "{'name': '1', 'ranges': ['1.2.3.4']}", "$.nat.pools[0].name", "not a name" },
		{ "{'name': 'a'}", "$.nat.pools[0].ranges", "missing" },
		{ "{'name': 'a', 'ranges': []}", "$.nat.pools[0].ranges", "needs a range" },
		{ "{'name': 'a', 'ranges': ['x']}", "$.nat.pools[0].ranges[0]", "not a range" },
		{ "{'name': 'a', 'ranges': ['1.1.1.1 2.2.2.2']}", "$.nat.pools[0].ranges[0]",
		  "not a range" },
		{ "{'name': 'a', 'ranges': ['1.1.1.1:9-10', '1.1.1.0/24:10-11']}",
		  "$.nat.pools[0].ranges[1]", "shares addresses" },
		{ "{'name': 'a', 'ranges': ['1.1.1.1']}, {'name': 'a', 'ranges': ['1.1.1.2']}",
		  "$.nat.pools[1].name", "is the name of $.nat.pools[0] too" },
		{ "{'name': 'a', 'ranges': ['1.1.1.1']}, {'name': 'b', 'ranges': ['1.1.1.1']}",
		  "$.nat.pools[1].ranges[0]", "$.nat.pools[0].ranges[0]" },
		{ "{'name': 'a', 'ids': 'acquire', 'ranges': ['1.1.1.1'], 'provider': 'x'}",
		  "$.nat.pools[0].ranges", "provider's" },
		{ "{'name': 'a', 'ids': 'acquire'}", "$.nat.pools[0].provider", "missing" },
		{ "{'name': 'a', 'ranges': ['1.1.1.1'], 'choice': 'best'}", "$.nat.pools[0].choice",
		  "preserve" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *nat = memory_printf("'pools': [%s], 'slices': []", cases[i].pools);

		assert_refused(file_of(nat, ""), cases[i].path, cases[i].words);
		free(nat);
	}
}

static void test_bad_rules(void **state)
{
	static const struct {
		const char *rule, *member, *words;
	} cases[] = {
		{ "{'name': 'a'}", ".kind", "missing" },
		{ "{'name': 'a', 'kind': 'tnat'}", ".kind", "snat" },
		{ "{'name': 'abcdefghijklm', 'kind': 'snat', 'source': '10.0.0.0/8', "
		  "'pool': 'public'}",
		  ".name", "up to 12" },
		{ "{'name': 'a-in', 'kind': 'snat', 'source': '10.0.0.0/8', 'pool': 'public'}",
		  ".name", "-in" },
		{ "{'name': 'a', 'kind': 'snat', 'pool': 'public'}", ".source", "missing" },
		{ "{'name': 'a', 'kind': 'snat', 'source': '10.0.0.1/8', 'pool': 'public'}",
		  ".source", "bits behind" },
		{ "{'name': 'a', 'kind': 'snat', 'source': '10.0.0.0/8', 'pool': 'x'}", ".pool",
		  "no pool" },
		{ "{'name': 'a', 'kind': 'snat', 'source': 'fd00::/8', 'pool': 'public'}", ".pool",
		  "no range of IPv6" },
		{ "{'name': 'a', 'kind': 'snat', 'source': '10.0.0.0/8', 'to': '1.1.1.1', "
		  "'pool': 'public'}",
		  ".to", "" },
		{ "{'name': 'a', 'kind': 'dnat', 'address': '1.1.1.1', 'to': 'fd00::1'}", ".to",
		  "is IPv6" },
		{ "{'name': 'a', 'kind': 'dnat', 'address': '1.1.1.1', 'to': '1.1.1.2', "
		  "'port': 80}",
		  ".port", "needs a protocol" },
		{ "{'name': 'a', 'kind': 'dnat', 'address': '1.1.1.1', 'to': '1.1.1.2', "
		  "'protocol': 'tcp', 'to_port': 80}",
		  ".to_port", "needs \"port\"" },
		{ "{'name': 'a', 'kind': 'subnet', 'inside': '10.0.0.0/8', "
		  "'outside': '11.0.0.0/9'}",
		  ".outside", "8 and 9 bits" },
		{ "{'name': 'a', 'kind': 'one_to_one', 'inside': '10.0.0.0/8', "
		  "'outside': '11.0.0.1'}",
		  ".inside", "not an IPv4" },
		{ SNAT ", " SNAT, "", "is the name of $.nat.slices[0].rules[0] too" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *path = memory_printf("$.nat.slices[0].rules[%d]%s", !*cases[i].member,
					   cases[i].member);

		assert_refused(rule_file(cases[i].rule, ""), path, cases[i].words);
		free(path);
	}
}

static void test_bad_slices(void **state)
{
	static const struct {
		const char *slice, *member, *words;
	} cases[] = {
		{ "{'id': 0, " TABLES ", 'rules': []}", ".id", "0" },
		{ "{'id': 9, 'rules': []}", ".tables", "missing" },
		{ "{'id': 9, 'tables': {'nat': 14, 'nat_next': 14, 'unnat': 11, "
		  "'unnat_next': 12}, 'rules': []}",
		  ".tables.nat_next", "never leave" },
		{ "{'id': 9, 'tables': {'nat': 'x', 'nat_next': 14, 'unnat': 11, "
		  "'unnat_next': 12}, 'rules': []}",
		  ".tables.nat", "no table" },
		{ "{'id': 9, " TABLES ", 'rules': [], 'long_id': '12'}", ".long_id", "128 bits" },
		{ "{'id': 9, " TABLES ", 'rules': [], 'form': 'stage', 'return_lport': 3}",
		  ".return_lport", "middlebox" },
		{ "{'id': 9, " TABLES ", 'rules': [], 'timeouts': {'old': 3}}", ".timeouts.old",
		  "" },
		{ "{'id': 9, " TABLES ", 'rules': [], 'ldp': 0}", ".ldp", "0" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *nat = memory_printf("'slices': [%s]", cases[i].slice);
		char *path = memory_printf("$.nat.slices[0]%s", cases[i].member);

		assert_refused(file_of(nat, ""), path, cases[i].words);
		free(path);
		free(nat);
	}
}

/* every kind in both modes and families is a template that libweft takes */
static void test_compile(void **state)
{
	static const struct {
		const char *rule;
		size_t n_templates, n_entries, n_pools;
	} cases[] = {
		{ "'kind': 'snat', 'source': '10.0.1.0/24', 'pool': 'public'", 1, 4, 1 },
		{ "'kind': 'dnat', 'address': '11.0.9.9', 'to': '10.0.1.1'", 1, 4, 1 },
		{ "'kind': 'dnat', 'address': '11.0.9.9', 'protocol': 'tcp', 'port': 80, "
		  "'to': '10.0.1.1', 'to_port': 8080",
		  1, 2, 1 },
		{ "'kind': 'dnat', 'address': 'fd00::9', 'protocol': 'udp', 'to': 'fd01::1'", 1, 2,
		  1 },
		{ "'kind': 'one_to_one', 'inside': '10.0.1.1', 'outside': '11.0.1.1'", 2, 2, 3 },
		{ "'kind': 'subnet', 'inside': '10.0.1.0/24', 'outside': '11.0.1.0/24', "
		  "'destination': '10.0.2.0/24'",
		  2, 2, 3 },
		{ "'kind': 'subnet', 'inside': 'fd00::/64', 'outside': 'fd01::/64'", 2, 2, 3 },
	};
	static const char *const modes[] = { "kernel", "service" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases) * 2; i++) {
		const char *mode = modes[i % 2];
		char *rule = memory_printf("{'name': 'r', 'mode': '%s', 'priority': 100, %s}", mode,
					   cases[i / 2].rule);
		struct config *config = good_rule(rule, "");
		const struct nat *nat = config->nat;

		assert_int_equal(nat->n_templates, cases[i / 2].n_templates);
		assert_int_equal(nat->n_kernel_pools, i % 2 ? 1 : cases[i / 2].n_pools);
		assert_int_equal(nat_needs_daemon(nat), i % 2);
		for (size_t j = 0; j < nat->n_templates; j++) {
			const struct weft_template *tmpl = &nat->templates[j].tmpl;

			assert_int_equal(tmpl->id, NAT_ID_FIRST + j);
			assert_int_equal(tmpl->slice, 9);
			assert_int_equal(tmpl->entries.n, cases[i / 2].n_entries);
			assert_string_equal(tmpl->service, i % 2 ? "nat" : "");
			for (unsigned int k = 0; k < tmpl->entries.n; k++)
				assert_int_equal(tmpl->entries.v[k].priority, 101);
		}
		config_free(config);
		free(rule);
	}
}

static void test_senders(void **state)
{
	struct config *config = good_rule(
		SNAT, "'table=14, ip, ip_src=10.0.1.0/25 actions=template:snat'");
	const struct weft_flow *flow = &config->ruleset->rules[0]->flow;

	assert_int_equal(flow->actions.v[0].template_id, NAT_ID_FIRST);
	config_free(config);
	assert_refused(rule_file(SNAT, "'table=14, ip actions=template:other'"), "$.flows[0]",
		       "other");
	assert_refused(rule_file(SNAT, "'table=13, ip, ip_src=10.0.1.1 actions=template:snat'"),
		       "$.flows[0]", "$.nat.slices[0].tables.nat");
	assert_refused(rule_file(SNAT, "'table=14, ip, ip_src=10.0.0.0/16 actions=template:snat'"),
		       "$.flows[0]", "$.nat.slices[0].rules[0].source");
	assert_refused(rule_file(SNAT, "'table=14, ip actions=template:snat'"), "$.flows[0]",
		       "$.nat.slices[0].rules[0].source");
}

#define REJECTS "'kind': 'snat', 'source': '10.0.1.0/24', 'pool': 'public', 'priority': 100, "

/* a pool's ranges, cut into blocks: each address and port is in one, and nothing else */
static void test_reject(void **state)
{
	static const char *const wanted[] = {
		"ip_dst=11.0.1.1, tcp_dst=5/0xffff ",
		"ip_dst=11.0.1.1, tcp_dst=6/0xfffe ",
		"ip_dst=11.0.1.1, tcp_dst=8 ",
		"ip_dst=11.0.1.2/31, tcp_dst=5/0xffff ",
		"ip_dst=11.0.1.2/31, tcp_dst=6/0xfffe ",
		"ip_dst=11.0.1.2/31, tcp_dst=8 ",
		"ip_dst=12.0.0.0/8 ",
	};
	struct config *config;
	char *text = file_of("'pools': [{'name': 'public', 'ranges': ['11.0.1.1-11.0.1.3:5-8', "
			     "'12.0.0.0/16:0-65535', '[fd00::1]:9-9']}], 'slices': [{'id': 9, "
			     "'ldp': 7, " TABLES ", 'rules': ["
			     "{'name': 'a', " REJECTS "'reject': 10}, "
			     "{'name': 'b', " REJECTS "'reject': 10}, "
			     "{'name': 'c', " REJECTS "'reject': 0, 'mode': 'service'}, "
			     "{'name': 'd', 'kind': 'snat', 'source': 'fd01::/64', "
			     "'pool': 'public', 'priority': 3, 'reject': 3}, "
			     "{'name': 'e', 'kind': 'snat', 'source': '10.0.2.0/24', "
			     "'pool': 'public'}]}]",
			     "");
	size_t n = 0;

	config = test_config(text);
	free(text);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		char *entry = memory_printf("table=11, priority=10, ldp=7, tcp, %s"
					    "actions=reject:tcp_rst, goto:12",
					    wanted[i]);
		struct weft_flow flow;
		struct rule *rule;
		char *where;

		assert_int_equal(weft_flow_parse(&flow, entry, NULL, NULL), 0);
		rule = ruleset_find(config->ruleset, &flow);
		assert_int_equal(rule != NULL, i != 6);
		if (rule) {
			assert_true(weft_actions_equal(&rule->flow.actions, &flow.actions));
			where = ruleset_where(rule);
			assert_string_equal(where, "$.nat.slices[0].rules[0]");
			free(where);
			n++;
		}
		weft_flow_free(&flow);
		free(entry);
	}
	/* a and b are one; c has as many again; /16 is one entry in each; and d */
	assert_int_equal(config->ruleset->n_rules, 2 * (n + 1) + 1);
	config_free(config);
}

static void test_bad_reject(void **state)
{
	static const struct {
		const char *rule, *words;
	} cases[] = {
		{ "'kind': 'snat', 'source': '10.0.0.0/8', 'pool': 'public', 'reject': 1",
		  "needs \"priority\"" },
		{ REJECTS "'reject': 101", "above \"priority\", 100" },
		{ REJECTS "'reject': true", "" },
		{ "'kind': 'snat', 'source': '10.0.0.0/8', 'pool': 'whole', 'priority': 1, "
		  "'reject': 1",
		  "\"whole\"" },
		{ "'kind': 'snat', 'source': '10.0.0.0/8', 'pool': 'asked', 'priority': 1, "
		  "'reject': 1",
		  "\"acquire\"" },
		{ "'kind': 'snat', 'source': '10.0.0.0/8', 'pool': 'odd', 'priority': 1, "
		  "'reject': 1",
		  "more than 256 entries" },
		{ "'kind': 'dnat', 'address': '11.0.1.1', 'to': '10.0.1.1', 'reject': 1", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *nat = memory_printf(
			"'pools': [{'name': 'public', 'ranges': ['11.0.1.1']}, {'name': 'whole', "
			"'ids': 'whole', 'ranges': ['11.0.2.1']}, {'name': 'asked', 'ids': "
			"'acquire', 'provider': 'x'}, {'name': 'odd', 'ranges': "
			"['11.0.3.1-11.0.3.254:1-65534']}], 'slices': [{'id': 9, " TABLES
			", 'rules': [{'name': 'a', %s}]}]",
			cases[i].rule);

		assert_refused(file_of(nat, ""), "$.nat.slices[0].rules[0].reject", cases[i].words);
		free(nat);
	}
	/* an entry of the file is there already */
	assert_refused(file_of("'pools': [{'name': 'public', 'ranges': ['11.0.1.1:0-65535']}], "
			       "'slices': [{'id': 9, " TABLES ", 'rules': [{'name': 'a', " REJECTS
			       "'reject': 5}]}]",
			       "'table=11, priority=5, tcp, ip_dst=11.0.1.1 actions=drop'"),
		       "$.nat.slices[0].rules[0]", "$.flows[0]");
}

/* what the kernel is made to have by a configuration */
static struct actual actual_of(const struct config *config)
{
	struct actual actual = { .has_dp = true };
	const struct nat *nat = config->nat;

	actual.n_pools = nat->n_kernel_pools;
	actual.pools = calloc(nat->n_kernel_pools, sizeof(*actual.pools));
	for (size_t i = 0; i < nat->n_kernel_pools; i++)
		assert_int_equal(weft_pool_copy(&actual.pools[i], &nat->kernel_pools[i]), 0);
	actual.n_templates = nat->n_templates;
	actual.templates = calloc(nat->n_templates, sizeof(*actual.templates));
	for (size_t i = 0; i < nat->n_templates; i++)
		assert_int_equal(weft_template_copy(&actual.templates[i], &nat->templates[i].tmpl),
				 0);
	return actual;
}

/* as load_config does it with a kernel */
static void compile_with(struct config *config, const struct actual *actual)
{
	struct nat_have have = { actual->pools, actual->n_pools, actual->templates,
				 actual->n_templates };
	struct errors errors = { 0 };

	for (size_t i = 0; i < config->nat->n_templates; i++)
		weft_template_free(&config->nat->templates[i].tmpl);
	for (size_t i = 0; i < config->nat->n_kernel_pools; i++)
		weft_pool_free(&config->nat->kernel_pools[i]);
	free(config->nat->templates);
	free(config->nat->kernel_pools);
	config->nat->templates = NULL;
	config->nat->kernel_pools = NULL;
	config->nat->n_templates = 0;
	config->nat->n_kernel_pools = 0;
	assert_true(nat_compile(config->nat, &have, "x", &errors));
}

#define TWO                                                                                        \
	SNAT ", {'name': 'one', 'kind': 'one_to_one', 'inside': '10.0.1.1', "                      \
	     "'outside': '11.0.5.5'}"

static void test_plan(void **state)
{
	struct config *before = good_rule(TWO, ""), *after;
	struct actual actual = actual_of(before);
	struct plan plan = { 0 };

	/* the same: nothing */
	compile_with(before, &actual);
	plan_objects(&plan, before, &actual);
	assert_true(plan_objects_is_empty(&plan.objects));
	plan_free(&plan);

	/* another rule in front changes no number of those that stay */
	after = good_rule("{'name': 'new', 'kind': 'dnat', 'address': '1.1.1.1', "
			  "'to': '1.1.1.2'}, " TWO,
			  "");
	compile_with(after, &actual);
	plan_objects(&plan, after, &actual);
	assert_int_equal(plan.objects.n_templates, 1);
	assert_string_equal(plan.objects.templates[0]->name, "new");
	assert_int_equal(plan.objects.n_pools, 0);
	assert_int_equal(plan.objects.n_templates_del + plan.objects.n_pools_del, 0);
	plan_free(&plan);
	config_free(after);

	/* a changed one is another one; the old one drains as long as it has instances */
	actual.templates[0].n_instances = 1;
	after = good_rule("{'name': 'snat', 'mode': 'service', 'kind': 'snat', "
			  "'source': '10.0.1.0/24', 'pool': 'public'}",
			  "");
	compile_with(after, &actual);
	plan_objects(&plan, after, &actual);
	assert_int_equal(plan.objects.n_templates, 1);
	assert_int_not_equal(plan.objects.templates[0]->id, actual.templates[0].id);
	assert_int_equal(plan.objects.templates[0]->pool, actual.templates[0].pool);
	assert_int_equal(plan.objects.n_draining, 1);
	assert_int_equal(plan.objects.n_templates_del, 2);
	assert_int_equal(plan.objects.n_pools_del, 2);
	plan_free(&plan);
	config_free(after);

	/* those of others stay */
	actual.templates[0].id = 5;
	actual.pools[0].id = 3;
	after = good_rule("", "");
	compile_with(after, &actual);
	plan_objects(&plan, after, &actual);
	assert_int_equal(plan.objects.n_templates_del, 2);
	assert_int_equal(plan.objects.n_pools_del, 2);
	plan_free(&plan);
	config_free(after);

	actual_free(&actual);
	config_free(before);
}

static void test_pool_change(void **state)
{
	struct weft_pool want, have, change;
	struct weft_error error;

	assert_int_equal(weft_pool_parse(&have, "40000 1.1.1.1:5-9 1.1.1.2:5-9", &error), 0);
	assert_int_equal(weft_pool_parse(&want, "40000 1.1.1.2:5-9 1.1.1.1:5-9", &error), 0);
	assert_false(plan_pool_change(&want, &have, &change));
	weft_pool_free(&change);
	weft_pool_free(&want);
	assert_int_equal(
		weft_pool_parse(&want, "40000 1.1.1.2:5-9 1.1.1.3:5-9 choice=random", &error), 0);
	assert_true(plan_pool_change(&want, &have, &change));
	assert_int_equal(change.ranges.n_ranges, 1);
	assert_int_equal(change.ranges.ranges[0].first[3], 3);
	assert_int_equal(change.withdraw.n_ranges, 1);
	assert_int_equal(change.withdraw.ranges[0].first[3], 1);
	assert_true(weft_has(&change, WEFT_POOL_A_CHOICE));
	assert_false(weft_has(&change, WEFT_POOL_A_PARITY));
	weft_pool_free(&change);
	weft_pool_free(&want);
	weft_pool_free(&have);
}

static void test_prefix(void **state)
{
	struct address prefix;
	const uint8_t in[16] = { 10, 1, 0x9f }, out[16] = { 10, 1, 0xa0 };

	assert_true(address_parse_prefix("10.1.128.0/19", &prefix));
	assert_true(nat_prefix_has(&prefix, in));
	assert_false(nat_prefix_has(&prefix, out));
	assert_true(address_parse_prefix("0.0.0.0/0", &prefix));
	assert_true(nat_prefix_has(&prefix, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_pools),   cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_bad_slices),  cmocka_unit_test(test_compile),
		cmocka_unit_test(test_senders),	    cmocka_unit_test(test_reject),
		cmocka_unit_test(test_bad_reject),  cmocka_unit_test(test_plan),
		cmocka_unit_test(test_pool_change), cmocka_unit_test(test_prefix),
	};

	return cmocka_run_group_tests(tests, test_dir_make, test_dir_remove);
}
