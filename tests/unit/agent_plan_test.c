// SPDX-License-Identifier: Apache-2.0
/* agent_plan_test.c - desired minus actual: nothing too much, nothing forgotten. */
#include "agent_test.h"
#include "agent_kernel.h"

static void expect(const char *before, const char *after, size_t add, size_t set, size_t del)
{
	struct config *old = test_flows(before), *new = test_flows(after);
	struct actual actual = kernel_of(old);
	struct plan plan = flow_plan(new, &actual, true);

	assert_int_equal(plan.n_flows_add, add);
	assert_int_equal(plan.n_flows_set, set);
	assert_int_equal(plan.n_flows_del, del);
	assert_int_equal(plan_n_flow_ops(&plan), add + set + del);
	kernel_apply(&actual, &plan);
	plan_free(&plan);
	plan = flow_plan(new, &actual, true);
	assert_int_equal(plan_n_flow_ops(&plan), 0);
	plan_free(&plan);
	kernel_free(&actual);
	config_free(old);
	config_free(new);
}

static void test_small_changes(void **state)
{
	const char *two = "'in_port=a actions=output:b', 'in_port=b actions=output:a'";

	expect("", "", 0, 0, 0);
	expect(two, two, 0, 0, 0);
	expect("", two, 2, 0, 0);
	expect(two, "", 0, 0, 2);
	/* other order, other notation */
	expect(two,
	       "'in_port=b actions=output:a', 'table=0, priority=32768, in_port=a actions=output:b'",
	       0, 0, 0);
	expect(two, "'in_port=a actions=output:b', 'in_port=b actions=drop'", 0, 1, 0);
	expect(two, "'in_port=a actions=output:b'", 0, 0, 1);
	expect(two, "'in_port=a actions=output:b', 'priority=9, in_port=b actions=output:a'", 1, 0,
	       1);
	expect(two, "'in_port=a actions=output:b', 'cookie=7, in_port=b actions=output:a'", 0, 1,
	       0);
	expect("'actions=drop'", "'table=1 actions=drop'", 1, 0, 1);
	expect("'idle_timeout=5s actions=drop'", "'actions=drop'", 0, 1, 0);
	/* no actions are drop:policy */
	expect("'actions=drop:policy'", "'actions=drop'", 0, 0, 0);
}

static void test_misses(void **state)
{
	struct config *with = test_config(
		"{'version': 1, 'datapath': 'w', 'tables': ["
		"{'id': 1, 'miss': 'drop:acl'}, {'id': 2, 'miss': 'drop:policy'}]}");
	struct config *without = test_config(
		"{'version': 1, 'datapath': 'w', 'tables': [{'id': 1}]}");
	struct actual actual = kernel_of(with);
	struct plan plan = flow_plan(with, &actual, true);

	assert_int_equal(plan_n_flow_ops(&plan), 0);
	plan_free(&plan);
	plan = flow_plan(without, &actual, true);
	assert_int_equal(plan.n_tables_set, 2);
	assert_int_equal(plan.tables_set[0].id, 1);
	assert_int_equal(plan.tables_set[0].miss->n, 0);
	plan_free(&plan);
	kernel_free(&actual);

	actual = kernel_of(without);
	plan = flow_plan(with, &actual, true);
	assert_int_equal(plan.n_tables_set, 2);
	assert_int_equal(plan.tables_set[1].id, 2);
	assert_int_equal(plan.tables_set[1].miss->n, 1);
	plan_free(&plan);
	kernel_free(&actual);
	config_free(with);
	config_free(without);
}

static void expect_limits(const char *limits, uint32_t set, const char *printed)
{
	struct actual actual = { .has_dp = true };
	struct plan plan = { 0 };
	struct config *config;
	char *text = NULL;
	size_t len;
	FILE *out;

	assert_true(asprintf(&text, "{'version': 1, 'datapath': 'w'%s}", limits) > 0);
	config = test_config(text);
	free(text);
	actual.dp.max_flows = 5;
	actual.dp.max_cached = 7;
	plan_dp(&plan, config, &actual);
	assert_int_equal(plan.dp_set, set);
	assert_int_equal(plan_is_empty(&plan), !set);
	out = open_memstream(&text, &len);
	plan_print(&plan, config, out);
	fclose(out);
	assert_string_equal(text, printed);
	free(text);
	actual.has_dp = false;
	plan_dp(&plan, config, &actual);
	assert_true(plan.dp_new);
	assert_int_equal(plan.dp_set, 0);
	config_free(config);
}

static void test_limits(void **state)
{
	const uint32_t flows = 1u << WEFT_DP_A_MAX_FLOWS, cached = 1u << WEFT_DP_A_MAX_CACHED;

	expect_limits("", 0, "");
	expect_limits(", 'max_flows': 5, 'max_cached': 7", 0, "");
	expect_limits(", 'max_flows': 6", flows, "~ datapath w max_flows 6\n");
	expect_limits(", 'max_flows': 5, 'max_cached': 0", cached, "~ datapath w max_cached 0\n");
	expect_limits(", 'max_cached': 8, 'max_flows': 6", flows | cached,
		      "~ datapath w max_flows 6 max_cached 8\n");
}

/* entries that speak of a port wait for it, and go with it */
static void test_held_back(void **state)
{
	struct config *config = test_flows(
		"'in_port=a actions=drop', 'table=1 actions=clone(output:b)',"
		"'table=2 actions=drop', 'table=3 actions=dec_ttl, output:lout'");
	struct actual none = { .has_dp = true }, all = kernel_of(config);
	struct plan plan = flow_plan(config, &none, false);

	assert_int_equal(plan.n_flows_add, 2);
	assert_int_equal(plan.n_flows_held, 2);
	plan_free(&plan);
	plan = flow_plan(config, &all, false);
	assert_int_equal(plan.n_flows_del, 2);
	assert_int_equal(plan.n_flows_held, 2);
	plan_free(&plan);
	plan = flow_plan(config, &none, true);
	assert_int_equal(plan.n_flows_add, 4);
	plan_free(&plan);
	kernel_free(&all);
	config_free(config);
}

/* what expired stays away until the file is read again */
static void test_expired(void **state)
{
	struct config *config = test_flows(
		"'idle_timeout=5s actions=drop', 'table=1 actions=drop'");
	struct actual none = { .has_dp = true }, all = kernel_of(config);
	struct plan plan = flow_plan(config, &none, true);

	assert_int_equal(plan.n_flows_add, 2);
	plan_free(&plan);
	plan = flow_plan(config, &all, true);
	assert_int_equal(plan_n_flow_ops(&plan), 0);
	plan_free(&plan);
	plan = flow_plan(config, &none, true);
	assert_int_equal(plan.n_flows_add, 1);
	assert_int_equal(plan.flows_add[0]->flow.table, 1);
	plan_free(&plan);
	kernel_free(&all);
	config_free(config);
}

static uint32_t random_below(uint32_t n)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % n;
}

/* some of a hundred keys, with actions of their own each time */
static struct config *random_config(void)
{
	static const char *const actions[] = {
		"drop", "output:a", "output:b", "load:reg1=7, goto:9", "clone(output:a), output:b",
	};
	char *text = NULL;
	struct config *config;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	uint32_t density = random_below(101);
	bool first = true;

	for (unsigned int key = 0; key < 100; key++) {
		if (random_below(100) >= density)
			continue;
		fprintf(out, "%s'table=%u, priority=%u, reg0=%u actions=%s'", first ? "" : ", ",
			key % 3, key % 5, key, actions[random_below(5)]);
		first = false;
	}
	fclose(out);
	config = test_flows(text);
	free(text);
	return config;
}

static bool same_flows(const struct actual *actual, const struct config *config)
{
	if (actual->n_flows != config->ruleset->n_rules)
		return false;
	for (size_t i = 0; i < actual->n_flows; i++) {
		const struct rule *rule = ruleset_find(config->ruleset, &actual->flows[i]);

		if (!rule || !weft_flow_equal(&rule->flow, &actual->flows[i]))
			return false;
	}
	return true;
}

static void test_random(void **state)
{
	struct config *old = random_config();
	struct actual actual = kernel_of(old);

	config_free(old);
	for (int round = 0; round < 300; round++) {
		struct config *new = random_config();
		struct plan plan = flow_plan(new, &actual, true);

		kernel_apply(&actual, &plan);
		assert_true(same_flows(&actual, new));
		plan_free(&plan);
		config_free(new);
	}
	kernel_free(&actual);
}

/* ---- ports ------------------------------------------------------------- */

static void add_link(struct actual *actual, unsigned int ifindex, const char *name, char *alias)
{
	struct links *links = &actual->links;

	links->v = memory_grow(links->v, links->n, sizeof(*links->v));
	links->v[links->n] = (struct link){ .ifindex = ifindex, .alias = alias, .up = true };
	snprintf(links->v[links->n++].name, IFNAMSIZ, "%s", name);
}

static struct weft_port *add_port(struct actual *actual, const char *name, uint32_t id,
				  uint32_t ifindex, uint32_t type)
{
	struct weft_port *port;

	actual->ports = memory_grow(actual->ports, actual->n_ports, sizeof(*actual->ports));
	port = &actual->ports[actual->n_ports++];
	weft_port_init(port);
	snprintf(port->name, sizeof(port->name), "%s", name);
	port->id = id;
	port->ifindex = ifindex;
	port->type = type;
	port->port_class = type == WEFT_PORT_TYPE_INTERNAL ? WEFT_PORT_CLASS_SERVICE :
							     WEFT_PORT_CLASS_VIF;
	return port;
}

static struct plan port_plan(struct config *config, const struct actual *actual)
{
	struct binding *bindings = binding_resolve(config, actual);
	struct plan plan = { 0 };

	binding_assign_ids(config, NULL, bindings, actual);
	plan_ports(&plan, config, bindings, actual);
	free(bindings);
	return plan;
}

static void test_ports(void **state)
{
	struct config *config = test_config(
		"{'version': 1, 'datapath': 'w', 'ports': [{'name': 'a', 'device': 'tapa'},"
		"{'name': 'b', 'device': 'tapb', 'lports': [{'ldp': 1, 'lport': 2}]},"
		"{'name': 'c', 'device': 'tapc'}, {'name': 'd', 'type': 'internal'}]}");
	struct actual actual = { .has_dp = true };
	struct plan plan;

	add_link(&actual, 11, "tapa", NULL);
	add_link(&actual, 12, "tapb", NULL);
	add_link(&actual, 13, "tapx", NULL);
	add_port(&actual, "tapb", 40, 12, WEFT_PORT_TYPE_NETDEV);
	add_port(&actual, "tapx", 1, 13, WEFT_PORT_TYPE_NETDEV);
	plan = port_plan(config, &actual);

	assert_int_equal(plan.ports_new.n, 2); /* a and d; c has no device */
	assert_string_equal(plan.ports_new.v[0].want->name, "a");
	assert_int_equal(plan.ports_new.v[0].want->id, 2); /* 1 is in use */
	assert_string_equal(plan.ports_new.v[1].want->name, "d");
	assert_int_equal(plan.ports_set.n, 1);
	assert_int_equal(plan.ports_set.v[0].want->id, 40); /* kept */
	assert_int_equal(plan.ports_set.v[0].changes, 1u << WEFT_PORT_A_LPORTS);
	assert_int_equal(plan.ports_blocking.n, 0);
	assert_int_equal(plan.ports_del.n, 1);
	assert_int_equal(plan.ports_del.v[0].have->id, 1);
	plan_free(&plan);
	kernel_free(&actual);
	config_free(config);
}

/* a port that has another port's id, or the wrong one, goes first */
static void test_blocking(void **state)
{
	struct config *config = test_config(
		"{'version': 1, 'datapath': 'w', 'ports': ["
		"{'name': 'a', 'device': 'tapa', 'id': 5}, {'name': 'b', 'device': 'tapb'}]}");
	struct actual actual = { .has_dp = true };
	struct plan plan;

	add_link(&actual, 11, "tapa", NULL);
	add_link(&actual, 12, "tapb", NULL);
	add_port(&actual, "tapa", 4, 11, WEFT_PORT_TYPE_NETDEV);
	add_port(&actual, "tapb", 5, 12, WEFT_PORT_TYPE_NETDEV);
	plan = port_plan(config, &actual);
	assert_int_equal(plan.ports_blocking.n, 2);
	assert_int_equal(plan.ports_new.n, 2);
	assert_int_equal(plan.ports_new.v[0].want->id, 5);
	assert_int_equal(plan.ports_new.v[1].want->id, 1);
	assert_int_equal(plan.ports_del.n, 0);
	plan_free(&plan);
	kernel_free(&actual);
	config_free(config);
}

static void test_vm_ids(void **state)
{
	struct config *config = test_config(
		"{'version': 1, 'datapath': 'w', 'ports': [{'name': 'a', 'vm': 'uuid-1'},"
		"{'name': 'b', 'vm': 'uuid-2'}, {'name': 'c', 'vm': 'uuid-3'},"
		"{'name': 'd', 'vm': 'uuid-4', 'device': 'tap4'}]}");
	struct actual actual = { .has_dp = true };
	struct binding *bindings;
	struct plan plan;

	add_link(&actual, 11, "tap1", (char *)"uuid-1");
	add_link(&actual, 12, "tap2", (char *)"weft:vm=uuid-2");
	add_link(&actual, 13, "tap3", (char *)"my uuid-3");
	add_link(&actual, 14, "tap4", (char *)"uuid-9");
	bindings = binding_resolve(config, &actual);
	assert_true(bindings[0].present);
	assert_int_equal(bindings[0].link->ifindex, 11);
	assert_true(bindings[1].present);
	assert_int_equal(bindings[1].link->ifindex, 12);
	assert_false(bindings[2].present);
	assert_non_null(strstr(bindings[2].why, "uuid-3"));
	assert_true(bindings[3].present);
	free(bindings);

	/* renamed, and still the same port */
	weft_mark(add_port(&actual, "tap1", 9, 11, WEFT_PORT_TYPE_NETDEV), WEFT_PORT_A_VM_ID);
	strcpy(actual.ports[0].vm_id, "uuid-1");
	strcpy(actual.links.v[0].name, "eth7");
	plan = port_plan(config, &actual);
	assert_int_equal(plan.ports_new.n, 2);
	assert_int_equal(plan.ports_set.n, 0);
	assert_int_equal(plan.ports_del.n + plan.ports_blocking.n, 0);
	plan_free(&plan);
	kernel_free(&actual);
	config_free(config);
}

/* ids survive a reload while the device is away */
static void test_ids_are_kept(void **state)
{
	const char *text = "{'version': 1, 'datapath': 'w', 'ports': [{'name': 'a', 'device': 'x'},"
			   "{'name': 'b', 'device': 'y'}]}";
	const char *other =
		"{'version': 1, 'datapath': 'w', 'ports': [{'name': 'c', 'device': 'z'},"
		"{'name': 'b', 'device': 'y'}, {'name': 'd', 'device': 'v', 'id': 1}]}";
	struct config *old = test_config(text), *new = test_config(other);

	assert_int_equal(old->ports[1].id, 2);
	binding_assign_ids(new, old, NULL, NULL);
	assert_int_equal(new->ports[0].id, 3);
	assert_int_equal(new->ports[1].id, 2);
	assert_int_equal(new->ports[2].id, 1);
	config_free(old);
	config_free(new);
}

static void test_tunnels(void **state)
{
	struct config *config = test_config(
		"{'version': 1, 'datapath': 'w', 'tunnels': [{'name': 'g0', 'remotes': ['10.0.0.2']}]}");
	struct actual actual = { .has_dp = true };
	struct binding *bindings = binding_resolve(config, &actual);
	uint64_t fingerprint = binding_fingerprint(config, &actual);

	assert_true(bindings[0].present); /* it can be made */
	free(bindings);
	add_link(&actual, 11, "g0", NULL);
	bindings = binding_resolve(config, &actual);
	assert_false(bindings[0].present); /* it is something else */
	free(bindings);
	assert_true(binding_fingerprint(config, &actual) != fingerprint);
	strcpy(actual.links.v[0].kind, "geneve");
	actual.links.v[0].external = true;
	actual.links.v[0].outer_port = 6081;
	bindings = binding_resolve(config, &actual);
	assert_true(bindings[0].present);
	free(bindings);
	fingerprint = binding_fingerprint(config, &actual);
	add_link(&actual, 12, "eth0", NULL);
	assert_true(binding_fingerprint(config, &actual) == fingerprint);
	kernel_free(&actual);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_changes), cmocka_unit_test(test_misses),
		cmocka_unit_test(test_held_back),     cmocka_unit_test(test_expired),
		cmocka_unit_test(test_random),	      cmocka_unit_test(test_ports),
		cmocka_unit_test(test_blocking),      cmocka_unit_test(test_vm_ids),
		cmocka_unit_test(test_ids_are_kept),  cmocka_unit_test(test_tunnels),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, test_dir_make, test_dir_remove);
}
