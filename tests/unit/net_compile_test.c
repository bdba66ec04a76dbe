// SPDX-License-Identifier: Apache-2.0
/*
 * net_compile_test.c - entries of networks: as they were looked at once, the same whatever
 * the order, and the same when a changed network is compiled bit by bit.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "net_random.h"
#include "net_test.h"

static struct net *load(json_t *root, const char *host)
{
	struct errors errors = { 0 };
	struct net *net = net_from_json(root, "net.json", host, &errors);

	if (errors.n_kept)
		print_error("%s\n", errors.text[0]);
	assert_non_null(net);
	return net;
}

static json_t *read_json(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);

	if (!root)
		print_error("%s: %s\n", path, error.text);
	assert_non_null(root);
	return root;
}

/* all entries as text, a line each, behind the rule and the object that they are from */
static char *listing(const struct net_compiled *compiled)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < compiled->n_units; i++) {
		const struct net_unit *unit = compiled->units[i];

		for (size_t j = 0; j < unit->n; j++) {
			char *flow = weft_flow_format(&unit->entries[j].flow, NULL, 0);

			assert_non_null(flow);
			fprintf(out, "%s %s: %s\n", unit->where, unit->entries[j].rule->name, flow);
			free(flow);
		}
	}
	fclose(out);
	return text;
}

static char *listing_of(json_t *root, const char *host)
{
	struct net *net = load(root, host);
	struct net_compiled *compiled = test_compile(net, NULL);
	char *text = listing(compiled);

	net_compiled_free(compiled);
	net_free(net);
	return text;
}

/* ---- the worked network ------------------------------------------------ */

/* with WEFT_REGENERATE set, what is there becomes what is wanted: look at the difference */
static void assert_golden(const char *name, const char *have)
{
	char *path = memory_printf("golden/%s", name), *want = memory_zalloc(1 << 18);
	FILE *file;

	if (getenv("WEFT_REGENERATE")) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(have, file);
		fclose(file);
	}
	file = fopen(path, "r");
	assert_non_null(file);
	want[fread(want, 1, (1 << 18) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(have, want);
	free(want);
	free(path);
}

/* the example, with a third host, and a router that is placed somewhere */
static json_t *golden_network(const char *placement, bool relay, bool arpd)
{
	json_t *root = read_json("../../examples/network/two-switches.json");
	json_t *router = json_object_get(json_object_get(root, "routers"), "middle");
	json_t *hosts = json_object_get(root, "hosts");
	json_t *links = json_object_get(root, "router_ports");

	json_object_set_new(router, "placement", json_string(placement));
	json_object_set_new(hosts, "h3", json_pack("{s:s}", "address", "192.0.2.3"));
	if (relay)
		json_object_set_new(json_object_get(hosts, "h1"), "relay", json_string("h3"));
	if (!strcmp(placement, "gateway") || !strcmp(placement, "namespace"))
		json_object_set_new(router, "gateway", json_string("h3"));
	if (!strcmp(placement, "namespace")) {
		json_object_set_new(router, "netns", json_string("r"));
		json_object_set_new(json_object_get(links, "middle-left"), "device",
				    json_string("left"));
		json_object_set_new(json_object_get(links, "middle-right"), "device",
				    json_string("right"));
	}
	if (!arpd)
		return root;
	json_object_set_new(root, "resolution",
			    json_pack("{s:s, s:[s]}", "by", "arpd", "map_servers", "h2"));
	json_object_set_new(json_object_get(root, "ports"), "uplink",
			    json_pack("{s:s, s:i, s:b, s:s, s:s}", "switch", "right", "lport", 9,
				      "outside", 1, "host", "h2", "device", "eth1"));
	return root;
}

static void test_golden(void **state)
{
	static const struct {
		const char *name, *placement;
		bool relay, arpd;
	} networks[] = {
		{ "first-hop", "first-hop", false, false },
		{ "last-hop-acl", "last-hop-acl", false, false },
		{ "last-hop-switch", "last-hop-switch", false, false },
		{ "gateway", "gateway", false, false },
		{ "namespace", "namespace", false, false },
		{ "relay", "first-hop", true, false },
		{ "arpd", "first-hop", true, true },
		{ "arpd-namespace", "namespace", true, true },
	};
	static const char *const hosts[] = { "h1", "h2", "h3" };

	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
		json_t *root = golden_network(networks[i].placement, networks[i].relay,
					      networks[i].arpd);

		for (size_t h = 0; h < 3; h++) {
			char *name = memory_printf("net-%s-%s.flows", networks[i].name, hosts[h]);
			char *text = listing_of(root, hosts[h]);

			assert_golden(name, text);
			free(text);
			free(name);
		}
		json_decref(root);
	}
}

/* ---- networks at random ------------------------------------------------ */

/* a change may leave an ACL without its port, or an address in the wrong place: not of interest */
static struct net *try_load(json_t *root, const char *host)
{
	struct errors errors = { 0 };
	struct net *net = net_from_json(root, "net.json", host, &errors);

	errors_clear(&errors);
	return net;
}

static void test_incremental(void **state)
{
	unsigned int n_compared = 0, n_shared = 0;

	for (unsigned int round = 0; round < 60; round++) {
		const char host[] = { 'h', '0' + round % NET_RANDOM_HOSTS, '\0' };
		struct net_compiled *compiled, *next, *fresh;
		struct net *net;
		json_t *root;

		net_random_seed = round;
		root = net_random_make();
		net = try_load(root, host);
		compiled = net ? test_compile(net, NULL) : NULL;
		for (unsigned int step = 0; step < 12; step++) {
			char *a, *b;

			for (unsigned int n = 1 + net_random_below(2); n; n--)
				net_random_change(root);
			net_free(net);
			net = try_load(root, host);
			if (!net)
				continue;
			next = test_compile(net, compiled);
			fresh = test_compile(net, NULL);
			a = listing(next);
			b = listing(fresh);
			if (strcmp(a, b))
				print_error("seed %u, step %u\n", round, step);
			assert_string_equal(a, b);
			n_shared += next->n_units - next->n_made;
			n_compared++;
			free(a);
			free(b);
			net_compiled_free(fresh);
			net_compiled_free(compiled);
			compiled = next;
		}
		net_compiled_free(compiled);
		net_free(net);
		json_decref(root);
	}
	assert_true(n_compared > 300);
	assert_true(n_shared > n_compared * 10);
}

/* members of objects and objects of a section the other way round */
static json_t *reversed(json_t *value)
{
	json_t *copy, *member;
	const char *name;
	size_t n, i = 0;
	const char **names;

	if (!json_is_object(value))
		return json_incref(value);
	n = json_object_size(value);
	names = memory_zalloc((n + 1) * sizeof(*names));
	json_object_foreach(value, name, member)
		names[i++] = name;
	copy = json_object();
	while (i--)
		json_object_set_new(copy, names[i], reversed(json_object_get(value, names[i])));
	free(names);
	return copy;
}

static void test_order(void **state)
{
	for (net_random_seed = 1000; net_random_seed < 1020; net_random_seed++) {
		uint64_t was = net_random_seed;
		json_t *root = net_random_make(), *other = reversed(root);
		struct net *net = try_load(root, "h1");
		char *a, *b;

		if (net) {
			net_free(net);
			a = listing_of(root, "h1");
			b = listing_of(other, "h1");
			assert_string_equal(a, b);
			free(a);
			free(b);
		}
		json_decref(root);
		json_decref(other);
		net_random_seed = was;
	}
}

/* one port more: how much of the rest is compiled again? */
static void test_locality(void **state)
{
	json_t *root = read_json("../../examples/network/two-switches.json");
	struct net *net = load(root, "h1"), *more;
	struct net_compiled *compiled = test_compile(net, NULL), *next;

	next = test_compile(net, compiled);
	assert_int_equal(next->n_made, 0);
	net_compiled_free(next);
	net_random_put(root, "ports", "vm5",
		       json_pack("{s:s, s:i, s:s, s:[s], s:s, s:s}", "switch", "left", "lport", 5,
				 "mac", "02:00:00:00:00:05", "addresses", "1.1.1.50", "host", "h2",
				 "device", "tap5"));
	more = load(root, "h1");
	next = test_compile(more, compiled);
	assert_int_equal(next->n_made, 2); /* itself, and its switch, which floods to it */
	net_compiled_free(next);
	net_compiled_free(compiled);
	net_free(more);
	net_free(net);
	json_decref(root);
}

/* ---- learning ---------------------------------------------------------- */

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* limits are in entries of ports and switches, so another one is nothing to the rest */
static void test_learn(void **state)
{
	json_t *root = read_json("../../examples/network/two-switches.json"), *port, *sw;
	struct net_compiled *before, *after;
	struct net *net, *next;
	char *text;

	port = json_object_get(json_object_get(root, "ports"), "vm1");
	sw = json_object_get(json_object_get(root, "switches"), "left");
	json_object_set_new(port, "learn", json_true());
	for (char host[] = "h1"; host[1] <= '2'; host[1]++) {
		text = listing_of(root, host);
		/* where the port is, and on the other host for both stages that come through tunnels */
		assert_int_equal(count(text, "actions= load:reg9=0x400, "), host[1] == '1' ? 1 : 2);
		assert_int_equal(count(text, "actions= load:reg10=0x2000, template:"), 1);
		free(text);
	}
	net = load(root, "h2");
	before = test_compile(net, NULL);
	json_object_set_new(port, "learn", json_pack("{s:i}", "limit", 7));
	json_object_set_new(sw, "learn_limit", json_integer(9));
	next = load(root, "h2");
	after = test_compile(next, before);
	text = listing(after);
	assert_int_equal(count(text, "actions= load:reg9=0x7, "), 2);
	assert_int_equal(count(text, "actions= load:reg10=0x9, template:"), 1);
	free(text);
	assert_int_equal(before->n_entries, after->n_entries);
	net_compiled_free(after);
	net_compiled_free(before);
	net_free(next);
	net_free(net);
	json_decref(root);
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
	json_t *root = net_random_big();
	struct net_compiled *compiled, *next;
	struct rusage usage;
	struct net *net;
	double start = seconds(), loaded, compiled_at, changed;

	net = load(root, "h0");
	loaded = seconds();
	compiled = test_compile(net, NULL);
	compiled_at = seconds();
	net_free(net);
	net_random_put(root, "ports", "one-more",
		       json_pack("{s:s, s:i, s:s, s:[s], s:s, s:s}", "switch", "s20", "lport", 99,
				 "mac", "02:00:00:01:00:00", "addresses", "10.2.0.99", "host", "h7",
				 "device", "x"));
	net = load(root, "h0");
	changed = seconds();
	next = test_compile(net, compiled);
	assert_int_equal(next->n_made, 2);
	getrusage(RUSAGE_SELF, &usage);
	print_message("# %zu entries: read %.0f ms, compiled %.0f ms; one port more: %.1f ms; "
		      "%ld MB in all\n",
		      compiled->n_entries, (loaded - start) * 1e3, (compiled_at - loaded) * 1e3,
		      (seconds() - changed) * 1e3, usage.ru_maxrss / 1024);
	net_compiled_free(next);
	net_compiled_free(compiled);
	net_free(net);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_incremental),
		cmocka_unit_test(test_order),  cmocka_unit_test(test_locality),
		cmocka_unit_test(test_learn),  cmocka_unit_test(test_scale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
