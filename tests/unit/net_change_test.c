// SPDX-License-Identifier: Apache-2.0
/*
 * net_change_test.c - a network that is changed is the one that would have been read: the same
 * entries, the same errors; and what it was made from stays as it was.
 */
#include <errno.h>
#include <time.h>

#include "agent_kernel.h"
#include "net_random.h"
#include "net_test.h"

static struct net *try_load(json_t *root, const char *host, struct errors *errors)
{
	*errors = (struct errors){ 0 };
	return net_from_json(root, "net.json", host, errors);
}

static struct net *load(json_t *root, const char *host)
{
	struct errors errors;
	struct net *net = try_load(root, host, &errors);

	if (errors.n_kept)
		print_error("%s\n", errors.text[0]);
	assert_non_null(net);
	return net;
}

/* the merge patch that leads from one value to another; NULL: they are the same */
static json_t *difference(json_t *from, json_t *to)
{
	json_t *patch, *value;
	const char *name;

	if (json_equal(from, to))
		return NULL;
	if (!json_is_object(from) || !json_is_object(to))
		return json_incref(to);
	patch = json_object();
	json_object_foreach(from, name, value) {
		if (!json_object_get(to, name))
			json_object_set_new(patch, name, json_null());
	}
	json_object_foreach(to, name, value) {
		json_t *inner = difference(json_object_get(from, name), value);

		if (inner)
			json_object_set_new(patch, name, inner);
	}
	return patch;
}

static char *listing(const struct net *net, const struct net_compiled *before)
{
	struct net_compiled *compiled = test_compile(net, before);
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < compiled->n_units; i++) {
		for (size_t j = 0; j < compiled->units[i]->n; j++) {
			char *flow = weft_flow_format(&compiled->units[i]->entries[j].flow, NULL,
						      0);

			fprintf(out, "%s: %s\n", compiled->units[i]->where, flow);
			free(flow);
		}
	}
	fclose(out);
	net_compiled_free(compiled);
	return text;
}

/* as errors say it, but for where it was read */
static const char *without_file(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon ? colon + 1 : text;
}

static bool has_error(const struct errors *errors, const char *text)
{
	for (unsigned int i = 0; i < errors->n_kept; i++) {
		if (!strcmp(without_file(errors->text[i]), without_file(text)))
			return true;
	}
	return false;
}

/* what net_random_change does not: objects that others need go, numbers are had twice */
static void spoil(json_t *root)
{
	static const char *const kinds[] = { "hosts", "switches", "routers", "router_ports",
					     "ports", "routes",	  "acls" };
	json_t *objects = net_random_section(root, kinds[net_random_below(7)]), *object;
	unsigned int at = net_random_below(json_object_size(objects) + 1);
	const char *name;
	void *next;

	json_object_foreach_safe(objects, next, name, object)
	{
		if (at--)
			continue;
		if (net_random_below(2))
			json_object_del(objects, name);
		else if (json_object_get(object, "lport"))
			json_object_set_new(object, "lport", json_integer(10));
	}
}

static unsigned int n_good, n_bad;

/* one step: what reading makes of it, and what the change does */
static void step(json_t **root, struct net **net, struct net_compiled **compiled, const char *host)
{
	json_t *next = json_deep_copy(*root), *patch, *again;
	struct errors errors, more = { 0 };
	struct net *wanted, *changed;
	char *was, *is;

	for (unsigned int n = 1 + net_random_below(3); n; n--)
		net_random_change(next);
	if (!net_random_below(5))
		spoil(next);
	json_object_set(next, "tunnel", json_object_get(*root, "tunnel"));
	patch = difference(*root, next);
	if (!patch) {
		json_decref(next);
		return;
	}
	was = listing(*net, NULL);
	wanted = try_load(next, host, &errors);
	changed = net_change(*net, patch, &more);
	if (!wanted != !changed)
		print_error("%s\n%s\n", errors.n_kept ? errors.text[0] : "good",
			    more.n_kept ? more.text[0] : "good");
	assert_int_equal(!wanted, !changed);
	is = listing(*net, NULL);
	assert_string_equal(was, is);
	free(was);
	free(is);
	if (!wanted) {
		for (unsigned int i = 0; i < more.n_kept; i++)
			assert_true(has_error(&errors, more.text[i]));
		n_bad++;
		json_decref(next);
		goto out;
	}
	n_good++;
	was = listing(wanted, NULL);
	is = listing(changed, *compiled);
	assert_string_equal(is, was);
	free(was);
	free(is);
	again = net_to_json(changed);
	assert_true(json_equal(again, next));
	json_decref(again);
	net_compiled_free(*compiled);
	*compiled = test_compile(changed, NULL);
	net_free(*net);
	json_decref(*root);
	*net = changed;
	*root = next;
	net_free(wanted);
out:
	errors_clear(&errors);
	errors_clear(&more);
	json_decref(patch);
}

static void test_random(void **state)
{
	for (unsigned int round = 0; round < 80; round++) {
		const char host[] = { 'h', '0' + round % NET_RANDOM_HOSTS, '\0' };
		struct net_compiled *compiled;
		struct errors errors;
		struct net *net;
		json_t *root;

		net_random_seed = 7000 + round;
		root = net_random_make();
		net = try_load(root, host, &errors);
		errors_clear(&errors);
		compiled = net ? test_compile(net, NULL) : NULL;
		for (unsigned int i = 0; net && i < 15; i++)
			step(&root, &net, &compiled, host);
		net_compiled_free(compiled);
		net_free(net);
		json_decref(root);
	}
	print_message("# %u good changes, %u bad ones\n", n_good, n_bad);
	assert_true(n_good > 300 && n_bad > 50);
}

/* ---- errors ------------------------------------------------------------ */

static const char network[] =
	"{'version': 1, 'datapath': 'weft0', 'tunnel': {'name': 'gnv0'},"
	" 'hosts': {'h1': {'address': '192.0.2.1'}, 'h2': {'address': '192.0.2.2'}},"
	" 'switches': {'left': {'ldp': 1}, 'right': {'ldp': 2}},"
	" 'routers': {'middle': {'ldp': 3}},"
	" 'router_ports': {'ml': {'router': 'middle', 'id': 1, 'switch': 'left', 'lport': 100,"
	"   'mac': '02:01:01:01:01:01', 'addresses': ['10.0.1.1/24']}},"
	" 'routes': {'out': {'router': 'middle', 'prefix': '0.0.0.0/0', 'via': ['10.0.1.9']}},"
	" 'ports': {'vm1': {'switch': 'left', 'lport': 1, 'mac': '02:00:00:00:00:01',"
	"   'addresses': ['10.0.1.10'], 'host': 'h1', 'device': 'tap1'},"
	"  'vm2': {'switch': 'left', 'lport': 2, 'mac': '02:00:00:00:00:02', 'host': 'h2',"
	"   'device': 'tap1'}},"
	" 'acls': {'a': {'port': 'vm2', 'direction': 'in', 'priority': 1, 'action': 'drop'}}}";

static json_t *parse(const char *text)
{
	char *copy = memory_strdup(text);
	json_t *value;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	value = json_loads(copy, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	free(copy);
	return value;
}

static void test_errors(void **state)
{
	static const struct {
		const char *patch;
		const char *error; /* NULL: it is good */
	} cases[] = {
		{ "[]", "change: $: a change is an object" },
		{ "{'tunnel': {'name': 'gnv1'}}",
		  "change: $.tunnel: a change is of objects: hosts, switches, ports, routers, "
		  "router_ports, routes, policy_routes, acls" },
		{ "{'ports': null}", "change: $.ports: a change has objects by their names here" },
		{ "{'ports': {'vm3': 7}}", "change: $.ports.vm3: is to be an object, or null" },
		{ "{'ports': {'vm3': null}}",
		  "change: $.ports.vm3: there is none, so it cannot be removed" },
		{ "{'ports': {'3': {}}}",
		  "change: $.ports.3: \"3\" is not a name: a letter or _, then letters, digits, _, "
		  ". and -" },
		{ "{'ports': {'vm1': {'lport': 0}}}",
		  "change: $.ports.vm1.lport: 0 is not in 1…32767" },
		{ "{'ports': {'vm1': {'lport': null}}}", "change: $.ports.vm1.lport: is missing" },
		{ "{'ports': {'vm1': {'colour': 'red'}}}",
		  "change: $.ports.vm1.colour: unknown member" },
		{ "{'ports': {'vm1': {'lport': 2}}}",
		  "net.json: $.ports.vm2: lport 2 is that of $.ports.vm1 too" },
		{ "{'ports': {'vm1': {'lport': 100}}}",
		  "net.json: $.router_ports.ml: lport 100 is that of $.ports.vm1 too" },
		{ "{'ports': {'vm2': {'host': 'h1'}}}",
		  "net.json: $.ports.vm2: device tap1 is that of $.ports.vm1 too" },
		{ "{'ports': {'vm2': null}}",
		  "change: $.acls.a.port: there is no \"vm2\" in $.ports" },
		{ "{'ports': {'vm2': null}, 'acls': {'a': null}}", NULL },
		{ "{'switches': {'left': null}}",
		  "change: $.ports.vm1.switch: there is no \"left\" in $.switches" },
		{ "{'switches': {'right': {'ldp': 3}}}",
		  "net.json: $.routers.middle: ldp 3 is that of $.switches.right too" },
		{ "{'switches': {'right': null}}", NULL },
		{ "{'routers': {'middle': null}}",
		  "change: $.router_ports.ml.router: there is no \"middle\" in $.routers" },
		{ "{'routers': {'middle': {'placement': 'namespace', 'gateway': 'h1', 'netns': 'r'}}}",
		  "change: $.router_ports.ml: a port of a router has a device if the router is in a "
		  "namespace, and only then" },
		{ "{'router_ports': {'ml': {'addresses': ['10.0.2.1/24']}}}",
		  "change: $.routes.out.via[0]: 10.0.1.9 is in no subnet of router middle" },
		{ "{'router_ports': {'mr': {'router': 'middle', 'id': 2, 'switch': 'right', 'lport':"
		  " 1, 'mac': '02:01:01:01:01:02', 'addresses': ['10.0.1.2/25']}}}",
		  "net.json: $.router_ports.mr: the subnet of 10.0.1.2/25 overlaps one of "
		  "$.router_ports.ml" },
		{ "{'hosts': {'h2': {'address': '192.0.2.1'}}}",
		  "net.json: $.hosts.h2: address 192.0.2.1 is that of $.hosts.h1 too" },
		{ "{'hosts': {'h1': null}, 'ports': {'vm1': null}}",
		  "net.json: $.hosts: there is no \"h1\", which is this host: say which by --host" },
		{ "{'ports': {'gnv0': {'switch': 'left', 'lport': 3, 'mac': '02:00:00:00:00:03'}}}",
		  "net.json: $.tunnel.name: \"gnv0\" is the name of a port too" },
		{ "{}", NULL },
	};
	json_t *root = parse(network);
	struct net *net = load(root, "h1");

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *patch = parse(cases[i].patch);
		struct errors errors = { 0 };
		struct net *changed = net_change(net, patch, &errors);

		assert_int_equal(!changed, !!cases[i].error);
		if (cases[i].error)
			assert_string_equal(errors.text[0], cases[i].error);
		errors_clear(&errors);
		net_free(changed);
		json_decref(patch);
	}
	net_free(net);
	json_decref(root);
}

/* ---- rules ------------------------------------------------------------- */

static struct config *config_of(json_t *root, const char *host)
{
	struct errors errors = { 0 };
	char *path = test_path("net.json");
	struct config *config;

	assert_int_equal(json_dump_file(root, path, 0), 0);
	config = load_config(&(struct source){ .file = path, .host = host }, NULL, NULL, NULL,
			     &errors);
	errors_clear(&errors);
	free(path);
	return config;
}

static size_t n_ops(const struct config *config, const struct actual *kernel)
{
	struct plan plan = flow_plan(config, kernel, true);
	size_t n = plan_n_flow_ops(&plan);

	plan_free(&plan);
	return n;
}

/* the plan of a change, told to the kernel, leaves nothing to do; one taken back neither */
static void change_rules(struct config **config, struct actual *kernel, json_t *patch)
{
	struct ruleset_change rules;
	struct errors errors = { 0 };
	struct actual nothing = { 0 };
	struct binding *bindings;
	struct plan plan = { 0 };
	struct config *next;

	for (unsigned int i = 0; i < (*config)->ruleset->n_rules; i++)
		(*config)->ruleset->rules[i]->applied = true;
	next = load_change(*config, patch, &nothing, &rules, &errors);
	if (errors.n_kept) /* what the sections make is there */
		assert_null(strstr(errors.text[0], "template"));
	errors_clear(&errors);
	if (next && net_random_below(4) == 0) {
		ruleset_change_undo(*config, &rules);
		config_free(next);
		next = NULL;
	}
	if (!next) {
		assert_int_equal(n_ops(*config, kernel), 0);
		return;
	}
	next->ruleset = (*config)->ruleset;
	bindings = bindings_with(next, true);
	plan_flows_change(&plan, next, bindings, &rules);
	free(bindings);
	assert_true(plan_n_flow_ops(&plan) <= rules.n_added + rules.n_removed);
	for (size_t i = 0; i < plan.n_flows_del; i++) {
		for (size_t j = 0; j < kernel->n_flows; j++) {
			if (weft_flow_same_key(plan.flows_del[i], &kernel->flows[j]))
				plan.flows_del[i] = &kernel->flows[j];
		}
	}
	kernel_apply(kernel, &plan);
	plan_free(&plan);
	ruleset_change_end(*config, next, &rules);
	config_free(*config);
	*config = next;
	assert_int_equal(n_ops(next, kernel), 0);
	assert_int_equal(kernel->n_flows, next->ruleset->n_rules);
}

static void test_rules(void **state)
{
	unsigned int n = 0;

	for (unsigned int round = 0; round < 30; round++) {
		json_t *root, *next, *patch;
		struct config *config;
		struct actual kernel;

		net_random_seed = 9000 + round;
		root = net_random_make();
		config = config_of(root, "h1");
		json_decref(root);
		if (!config)
			continue;
		kernel = kernel_of(config);
		for (unsigned int i = 0; i < 15; i++) {
			root = net_to_json(config->net);
			next = json_deep_copy(root);
			net_random_change(next);
			json_object_set(next, "tunnel", json_object_get(root, "tunnel"));
			patch = difference(root, next);
			if (patch)
				change_rules(&config, &kernel, patch);
			json_decref(patch);
			json_decref(next);
			json_decref(root);
			n++;
		}
		kernel_free(&kernel);
		config_free(config);
	}
	assert_true(n > 200);
}

/* ---- scale ------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void test_scale(void **state)
{
	json_t *root = net_random_big(), *patch;
	struct net *net = load(root, "h0"), *more;
	struct net_compiled *compiled = test_compile(net, NULL), *next;
	struct errors errors = { 0 };
	double start, changed, made;

	patch = parse("{'ports': {'one-more': {'switch': 's20', 'lport': 99, 'mac': "
		      "'02:00:00:01:00:00', 'addresses': ['10.2.0.99'], 'host': 'h0', "
		      "'device': 'x'}}}");
	start = seconds();
	more = net_change(net, patch, &errors);
	changed = seconds();
	assert_non_null(more);
	next = test_compile(more, compiled);
	made = seconds();
	assert_int_equal(next->n_made, 2); /* itself, and its switch, which floods to it */
	print_message("# one port more: changed %.1f ms, compiled %.1f ms\n",
		      (changed - start) * 1e3, (made - changed) * 1e3);
	net_compiled_free(next);
	net_compiled_free(compiled);
	net_free(more);
	net_free(net);
	json_decref(patch);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_scale),
	};

	return cmocka_run_group_tests(tests, test_dir_make, test_dir_remove);
}
