// SPDX-License-Identifier: Apache-2.0
/*
 * net_compile_test.c - entries of networks: as they were looked at once, the same whatever
 * the order, and the same when a changed network is compiled bit by bit.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

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

static void test_golden(void **state)
{
	static const char *const placements[] = { "first-hop", "last-hop-acl", "last-hop-switch",
						  "gateway",   "namespace",    "relay" };
	static const char *const hosts[] = { "h1", "h2", "h3" };

	for (size_t i = 0; i < sizeof(placements) / sizeof(*placements); i++) {
		json_t *root = read_json("../../examples/network/two-switches.json");
		json_t *router = json_object_get(json_object_get(root, "routers"), "middle");

		json_object_set_new(router, "placement",
				    json_string(i < 5 ? placements[i] : "first-hop"));
		json_object_set_new(json_object_get(root, "hosts"), "h3",
				    json_pack("{s:s}", "address", "192.0.2.3"));
		if (i == 5)
			json_object_set_new(json_object_get(json_object_get(root, "hosts"), "h1"),
					    "relay", json_string("h3"));
		if (i == 3 || i == 4)
			json_object_set_new(router, "gateway", json_string("h3"));
		if (i == 4) {
			json_t *links = json_object_get(root, "router_ports");

			json_object_set_new(router, "netns", json_string("r"));
			json_object_set_new(json_object_get(links, "middle-left"), "device",
					    json_string("left"));
			json_object_set_new(json_object_get(links, "middle-right"), "device",
					    json_string("right"));
		}
		for (size_t h = 0; h < 3; h++) {
			char *name = memory_printf("net-%s-%s.flows", placements[i], hosts[h]);
			char *text = listing_of(root, hosts[h]);

			assert_golden(name, text);
			free(text);
			free(name);
		}
		json_decref(root);
	}
}

/* ---- networks at random ------------------------------------------------ */

#define N_HOSTS 4
#define N_SWITCHES 5
#define N_ROUTERS 3
#define N_PORTS 14
#define N_LINKS 8

static uint64_t seed;

static unsigned int below(unsigned int n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % n;
}

static json_t *section(json_t *root, const char *name)
{
	json_t *found = json_object_get(root, name);

	if (!found) {
		found = json_object();
		json_object_set_new(root, name, found);
	}
	return found;
}

static void put(json_t *root, const char *kind, const char *name, json_t *value)
{
	assert_non_null(value);
	json_object_set_new(section(root, kind), name, value);
}

static void put_port(json_t *root, unsigned int i)
{
	unsigned int sw = below(N_SWITCHES), n = i + 10;
	char name[16], of[16], mac[24], ip[24], ip6[40], device[16], host[16];
	json_t *port;

	snprintf(name, sizeof(name), "vm%u", i);
	snprintf(of, sizeof(of), "s%u", sw);
	snprintf(mac, sizeof(mac), "02:00:00:00:%02x:%02x", below(2), n);
	snprintf(ip, sizeof(ip), "10.0.%u.%u", below(8) ? sw : below(5), n);
	snprintf(ip6, sizeof(ip6), "fd00:%x::%x", sw, n);
	snprintf(device, sizeof(device), "tap%u", i);
	snprintf(host, sizeof(host), "h%u", below(N_HOSTS));
	port = json_pack("{s:s, s:i, s:s, s:s, s:[s, s]}", "switch", of, "lport", n + 20 * below(2),
			 "mac", mac, "device", device, "addresses", ip, ip6);
	if (below(6))
		json_object_set_new(port, "host", json_string(host));
	if (!below(4))
		json_object_set_new(port, "security", json_false());
	put(root, "ports", name, port);
}

static void put_router(json_t *root, unsigned int i)
{
	static const char *const placements[] = { "first-hop", "last-hop-acl", "last-hop-switch",
						  "gateway" };
	unsigned int placement = below(4);
	char name[16], host[16];
	json_t *router;

	snprintf(name, sizeof(name), "r%u", i);
	snprintf(host, sizeof(host), "h%u", below(N_HOSTS));
	router = json_pack("{s:i, s:s}", "ldp", 100 + i, "placement", placements[placement]);
	if (placement == 3)
		json_object_set_new(router, "gateway", json_string(host));
	put(root, "routers", name, router);
}

/* link i has an own subnet in each switch, so none of a router overlap but by the switch */
static void put_link(json_t *root, unsigned int i)
{
	unsigned int sw = i % N_SWITCHES;
	char name[16], router[16], of[16], mac[24], ip[24], ip6[40];

	snprintf(name, sizeof(name), "l%u", i);
	snprintf(router, sizeof(router), "r%u", i < N_SWITCHES ? below(2) : 2);
	snprintf(of, sizeof(of), "s%u", sw);
	snprintf(mac, sizeof(mac), "02:01:00:00:%02x:%02x", below(2), i);
	snprintf(ip, sizeof(ip), "10.0.%u.%u/24", sw, i + 100);
	snprintf(ip6, sizeof(ip6), "fd00:%x::%x/64", sw, i + 0x100);
	put(root, "router_ports", name,
	    json_pack("{s:s, s:i, s:s, s:i, s:s, s:[s, s]}", "router", router, "id", i + 1,
		      "switch", of, "lport", i + 1000, "mac", mac, "addresses", ip, ip6));
}

static void put_acl(json_t *root, unsigned int i)
{
	static const char *const matches[] = { "tcp, tcp_dst=23", "ip, ip_src=10.0.1.0/24", "icmp6",
					       "" };
	static const char *const targets[] = { "switch", "port", "router", "router_port" };
	static const char *const formats[] = { "s%u", "vm%u", "r%u", "l%u" };
	static const unsigned int numbers[] = { N_SWITCHES, N_PORTS, N_ROUTERS, N_LINKS };
	unsigned int target = below(4);
	char name[16], of[16];

	snprintf(name, sizeof(name), "acl%u", i);
	snprintf(of, sizeof(of), formats[target], below(numbers[target]));
	put(root, "acls", name,
	    json_pack("{s:s, s:s, s:i, s:s, s:s}", targets[target], of, "direction",
		      below(2) ? "in" : "out", "priority", i, "match", matches[below(4)], "action",
		      below(2) ? "allow" : "drop"));
}

/* the links of router 2 are those behind the first N_SWITCHES */
static void put_route(json_t *root, unsigned int i)
{
	unsigned int link = N_SWITCHES + below(N_LINKS - N_SWITCHES);
	char name[16], prefix[24], via[24];
	json_t *route;

	snprintf(name, sizeof(name), "route%u", i);
	snprintf(prefix, sizeof(prefix), "172.%u.0.0/16", 16 + i);
	snprintf(via, sizeof(via), "10.0.%u.%u", link % N_SWITCHES, 200 + below(5));
	route = json_pack("{s:s, s:s}", "router", "r2", "prefix", prefix);
	if (below(5))
		json_object_set_new(route, "via",
				    below(2) ? json_pack("[s]", via) :
					       json_pack("[s, s]", via, "10.0.0.250"));
	else
		json_object_set_new(route, "drop", json_true());
	put(root, "routes", name, route);
	snprintf(name, sizeof(name), "policy%u", i);
	put(root, "policy_routes", name,
	    below(2) ? json_pack("{s:s, s:i, s:s, s:s}", "router", "r2", "priority", i, "match",
				 "tcp, tcp_dst=80", "via", via) :
		       json_pack("{s:s, s:i, s:s, s:s}", "router", "r2", "priority", i, "match",
				 "ipv6", "action", below(2) ? "route" : "drop"));
}

static void put_host(json_t *root, unsigned int i)
{
	char name[16], address[24];

	snprintf(name, sizeof(name), "h%u", i);
	snprintf(address, sizeof(address), "192.0.%u.%u", below(3), i + 1);
	put(root, "hosts", name, json_pack("{s:s}", "address", address));
	if (i > 1 && !below(3)) /* the first two may be relays */
		json_object_set_new(json_object_get(section(root, "hosts"), name), "relay",
				    json_string(below(2) ? "h0" : "h1"));
}

static void put_switch(json_t *root, unsigned int i)
{
	char name[16];

	snprintf(name, sizeof(name), "s%u", i);
	put(root, "switches", name,
	    json_pack("{s:i, s:s}", "ldp", i + 1, "unknown", below(2) ? "flood" : "drop"));
}

static json_t *random_network(void)
{
	json_t *root = json_pack("{s:i, s:s, s:{s:s}}", "version", 1, "datapath", "weft0", "tunnel",
				 "name", "gnv0");

	for (unsigned int i = 0; i < N_HOSTS; i++)
		put_host(root, i);
	for (unsigned int i = 0; i < N_SWITCHES; i++)
		put_switch(root, i);
	for (unsigned int i = 0; i < N_ROUTERS; i++)
		put_router(root, i);
	for (unsigned int i = 0; i < N_LINKS; i++)
		put_link(root, i);
	for (unsigned int i = 0; i < N_PORTS; i++)
		put_port(root, i);
	for (unsigned int i = 0; i < 6; i++)
		put_acl(root, i);
	for (unsigned int i = 0; i < 3; i++)
		put_route(root, i);
	return root;
}

/* ACLs of a port that goes must go with it */
static void remove_port(json_t *root, unsigned int i)
{
	json_t *acls = section(root, "acls"), *acl;
	const char *key;
	char name[16];
	void *next;

	snprintf(name, sizeof(name), "vm%u", i);
	json_object_del(section(root, "ports"), name);
	json_object_foreach_safe(acls, next, key, acl)
	{
		const char *port = json_string_value(json_object_get(acl, "port"));

		if (port && !strcmp(port, name))
			json_object_del(acls, key);
	}
}

static void change(json_t *root)
{
	switch (below(10)) {
	case 0:
		put_host(root, below(N_HOSTS));
		break;
	case 1:
		put_switch(root, below(N_SWITCHES));
		break;
	case 2:
		put_router(root, below(N_ROUTERS));
		break;
	case 3:
		put_link(root, below(N_LINKS));
		break;
	case 4:
		put_route(root, below(3));
		break;
	case 5:
		remove_port(root, below(N_PORTS));
		break;
	case 6:
		put_acl(root, below(6));
		break;
	case 7:
		json_object_set_new(section(root, "tunnel"), "name",
				    json_string(below(2) ? "gnv0" : "gnv1"));
		break;
	default:
		put_port(root, below(N_PORTS));
	}
}

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
		const char host[] = { 'h', '0' + round % N_HOSTS, '\0' };
		struct net_compiled *compiled, *next, *fresh;
		struct net *net;
		json_t *root;

		seed = round;
		root = random_network();
		net = try_load(root, host);
		compiled = net ? test_compile(net, NULL) : NULL;
		for (unsigned int step = 0; step < 12; step++) {
			char *a, *b;

			for (unsigned int n = 1 + below(2); n; n--)
				change(root);
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
	for (seed = 1000; seed < 1020; seed++) {
		uint64_t was = seed;
		json_t *root = random_network(), *other = reversed(root);
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
		seed = was;
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
	put(root, "ports", "vm5",
	    json_pack("{s:s, s:i, s:s, s:[s], s:s, s:s}", "switch", "left", "lport", 5, "mac",
		      "02:00:00:00:00:05", "addresses", "1.1.1.50", "host", "h2", "device",
		      "tap5"));
	more = load(root, "h1");
	next = test_compile(more, compiled);
	assert_int_equal(next->n_made, 2); /* itself, and its switch, which floods to it */
	net_compiled_free(next);
	net_compiled_free(compiled);
	net_free(more);
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

/* 1,000 switches, 10 behind each of 100 routers, 10,000 ports on 500 hosts */
static json_t *big_network(void)
{
	json_t *root = json_pack("{s:i, s:s, s:{s:s}}", "version", 1, "datapath", "weft0", "tunnel",
				 "name", "gnv0");
	char name[24], a[40], b[40], c[40], d[40];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "h%d", i);
		snprintf(a, sizeof(a), "192.0.%d.%d", i / 250, i % 250 + 1);
		put(root, "hosts", name, json_pack("{s:s}", "address", a));
	}
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		put(root, "routers", name, json_pack("{s:i}", "ldp", 5001 + i));
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		put(root, "switches", name, json_pack("{s:i}", "ldp", 1 + i));
		snprintf(b, sizeof(b), "r%d", i / 10);
		snprintf(c, sizeof(c), "02:01:00:00:%02x:%02x", i / 256, i % 256);
		snprintf(d, sizeof(d), "10.%d.%d.1/24", i / 10, i % 10);
		snprintf(a, sizeof(a), "l%d", i);
		put(root, "router_ports", a,
		    json_pack("{s:s, s:i, s:s, s:i, s:s, s:[s]}", "router", b, "id", i % 10 + 1,
			      "switch", name, "lport", 1000, "mac", c, "addresses", d));
	}
	for (int i = 0; i < 10000; i++) {
		/* 50 on the first host, each in another switch */
		int sw = i % 1000, host = i < 1000 && i % 20 == 0 ? 0 : 1 + i % 499;

		snprintf(name, sizeof(name), "vm%d", i);
		snprintf(a, sizeof(a), "s%d", sw);
		snprintf(b, sizeof(b), "02:00:00:00:%02x:%02x", i / 256, i % 256);
		snprintf(c, sizeof(c), "10.%d.%d.%d", sw / 10, sw % 10, 10 + i / 1000);
		snprintf(d, sizeof(d), "h%d", host);
		put(root, "ports", name,
		    json_pack("{s:s, s:i, s:s, s:[s], s:s, s:s}", "switch", a, "lport",
			      1 + i / 1000, "mac", b, "addresses", c, "host", d, "device", name));
	}
	return root;
}

static void test_scale(void **state)
{
	json_t *root = big_network();
	struct net_compiled *compiled, *next;
	struct rusage usage;
	struct net *net;
	double start = seconds(), loaded, compiled_at, changed;

	net = load(root, "h0");
	loaded = seconds();
	compiled = test_compile(net, NULL);
	compiled_at = seconds();
	net_free(net);
	put(root, "ports", "one-more",
	    json_pack("{s:s, s:i, s:s, s:[s], s:s, s:s}", "switch", "s20", "lport", 99, "mac",
		      "02:00:00:01:00:00", "addresses", "10.2.0.99", "host", "h7", "device", "x"));
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
		cmocka_unit_test(test_scale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
