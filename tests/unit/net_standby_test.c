// SPDX-License-Identifier: Apache-2.0
/*
 * net_standby_test.c - what hosts make of a network when others are down: the same as if the file
 * named who does the work then.
 */
#include <errno.h>
#include <weft/weft.h>

#include "net/standby.h"
#include "net_test.h"

#define N_HOSTS 4

static const char network[] =
	"{ 'version': 1, 'datapath': 'weft0', 'tunnel': { 'name': 'gnv0', 'monitor': {} },"
	"  'hosts': { 'h0': { 'address': '192.0.2.1' }, 'h1': { 'address': '192.0.2.2' },"
	"             'h2': { 'address': '2001:db8::3' }, 'h3': { 'address': '192.0.2.4' } },"
	"  'switches': { 'in': { 'ldp': 1 }, 'ext': { 'ldp': 2 } },"
	"  'routers': { 'gw': { 'ldp': 3, 'placement': 'gateway', 'gateway': ['h0', 'h1', 'h2'],"
	"      'nat': [ { 'kind': 'snat', 'inside': '10.0.1.0/24', 'outside': '10.0.2.1' } ] } },"
	"  'router_ports': {"
	"    'gw-in': { 'router': 'gw', 'id': 1, 'switch': 'in', 'lport': 100,"
	"      'mac': '02:01:00:00:00:01', 'addresses': ['10.0.1.1/24'] },"
	"    'gw-ext': { 'router': 'gw', 'id': 2, 'switch': 'ext', 'lport': 100,"
	"      'mac': '02:01:00:00:00:02', 'addresses': ['10.0.2.1/24'] } },"
	"  'routes': { 'out': { 'router': 'gw', 'prefix': '0.0.0.0/0', 'via': ['10.0.2.9'] } },"
	"  'acls': { 'acl': { 'router': 'gw', 'direction': 'in', 'priority': 1, 'action': 'drop',"
	"      'match': 'udp' } },"
	"  'ports': {"
	"    'vm': { 'switch': 'in', 'lport': 1, 'mac': '02:00:00:00:00:01', 'host': 'h3',"
	"      'device': 'vm', 'addresses': ['10.0.1.2'] },"
	"    'up': { 'switch': 'ext', 'lport': 1, 'mac': '02:00:00:00:00:02',"
	"      'host': ['h0', 'h1', 'h2'], 'device': 'up', 'security': false,"
	"      'addresses': ['10.0.2.9'] } } }";

static json_t *parse(void)
{
	json_error_t error;
	char text[sizeof(network)];
	json_t *root;

	memcpy(text, network, sizeof(network));
	for (char *at = text; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	root = json_loads(text, 0, &error);
	assert_non_null(root);
	return root;
}

static struct net *load(json_t *root, unsigned int host)
{
	struct errors errors = { 0 };
	char name[8];
	struct net *net;

	snprintf(name, sizeof(name), "h%u", host);
	net = net_from_json(root, "net.json", name, &errors);
	if (errors.n_kept)
		print_error("%s\n", errors.text[0]);
	assert_non_null(net);
	return net;
}

/* entries, but for those by which who stands by hands on */
static char *listing(const struct net *net, const struct net_compiled *compiled,
		     unsigned int *relays)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	*relays = 0;
	for (size_t i = 0; i < compiled->n_units; i++) {
		for (size_t j = 0; j < compiled->units[i]->n; j++) {
			const struct net_entry *entry = &compiled->units[i]->entries[j];
			char *flow = weft_flow_format(&entry->flow, NULL, 0);

			if (!strcmp(entry->rule->name, "relay-router"))
				++*relays;
			else
				fprintf(out, "%s: %s\n", compiled->units[i]->where, flow);
			free(flow);
		}
	}
	fclose(out);
	return text;
}

/* the tunnels of a host, by a bit for each that is down; what it makes of them */
static json_t *down_of(const struct net *net, unsigned int self, unsigned int bits)
{
	struct weft_tunnel tunnels[N_HOSTS];
	size_t n = 0;

	for (unsigned int i = 0; i < N_HOSTS; i++) {
		const struct address *address = &net->objects[NET_HOST][i].host.address;
		struct weft_tunnel *tunnel = &tunnels[n];

		if (i == self)
			continue;
		weft_tunnel_init(tunnel);
		tunnel->way.ipv6 = address->family == AF_INET6;
		memcpy(tunnel->way.addr, address->bytes, sizeof(tunnel->way.addr));
		tunnel->state = bits & 1 << i ? WEFT_TUNNEL_STATE_DOWN :
				i % 2	      ? WEFT_TUNNEL_STATE_UP :
						WEFT_TUNNEL_STATE_UNWATCHED;
		n++;
	}
	return net_down(net, tunnels, n);
}

/* who works, as this host sees it: the first that is up; who reaches nobody, is down himself */
static unsigned int wanted_of(unsigned int self, unsigned int bits)
{
	unsigned int others = ((1 << N_HOSTS) - 1) & ~(1 << self);

	bits &= others;
	if (bits == others)
		bits = 1 << self;
	for (unsigned int i = 0; i < 3; i++) {
		if (!(bits & 1 << i))
			return i;
	}
	return 0;
}

static void test_entries(void **state)
{
	for (unsigned int host = 0; host < N_HOSTS; host++) {
		json_t *root = parse();
		struct net *net = load(root, host), *next, *plain;
		struct net_compiled *compiled = test_compile(net, NULL), *more, *fresh;

		/* from each state to each other one, and what was compiled of it is used */
		for (unsigned int step = 0; step < 64; step++) {
			unsigned int bits = step * 7 % 16, works = wanted_of(host, bits), n, none;
			json_t *down = down_of(net, host, bits), *as = json_deep_copy(root);
			struct errors errors = { 0 };
			char name[8], *is, *wanted;

			snprintf(name, sizeof(name), "h%u", works);
			next = net_stand_in(net, down, &errors);
			assert_non_null(next);
			more = test_compile(next, compiled);
			json_object_set_new(json_object_get(json_object_get(as, "routers"), "gw"),
					    "gateway", json_string(name));
			json_object_set_new(json_object_get(json_object_get(as, "ports"), "up"),
					    "host", json_string(name));
			plain = load(as, host);
			fresh = test_compile(plain, NULL);
			is = listing(next, more, &n);
			wanted = listing(plain, fresh, &none);
			assert_string_equal(is, wanted);
			assert_int_equal(none, 0);
			assert_int_equal(n, host < 3 && host != works ? 2 : 0);
			free(is);
			free(wanted);
			net_compiled_free(fresh);
			net_free(plain);
			net_compiled_free(compiled);
			net_free(net);
			net = next;
			compiled = more;
			json_decref(down);
			json_decref(as);
		}
		net_compiled_free(compiled);
		net_free(net);
		json_decref(root);
	}
}

/* a host that stands by does not go without being missed */
static void test_removed(void **state)
{
	json_t *root = parse(), *change = json_pack("{s:{s:n}}", "hosts", "h2");
	struct errors errors = { 0 };
	struct net *net = load(root, 3);

	assert_true(net_has_standby(net));
	assert_null(net_change(net, change, &errors));
	assert_non_null(strstr(errors.text[0], "there is no \"h2\" in $.hosts"));
	errors_clear(&errors);
	net_free(net);
	json_decref(change);
	json_decref(root);
}

/* of two hosts that do not reach each other nobody knows which one is cut off: both go on */
static void test_two(void **state)
{
	json_t *root = parse(), *down;
	struct net *net;

	json_object_del(json_object_get(root, "hosts"), "h2");
	json_object_del(json_object_get(root, "hosts"), "h3");
	json_object_del(json_object_get(root, "ports"), "vm");
	json_array_remove(
		json_object_get(json_object_get(json_object_get(root, "routers"), "gw"), "gateway"),
		2);
	json_array_remove(
		json_object_get(json_object_get(json_object_get(root, "ports"), "up"), "host"), 2);
	for (unsigned int host = 0; host < 2; host++) {
		struct weft_tunnel tunnel;
		struct errors errors = { 0 };
		struct net *next;

		net = load(root, host);
		weft_tunnel_init(&tunnel);
		memcpy(tunnel.way.addr, net->objects[NET_HOST][!host].host.address.bytes, 4);
		tunnel.state = WEFT_TUNNEL_STATE_DOWN;
		down = net_down(net, &tunnel, 1);
		next = net_stand_in(net, down, &errors);
		assert_non_null(next);
		assert_ptr_equal(next->objects[NET_ROUTER][0].router.gateway, next->self);
		net_free(next);
		net_free(net);
		json_decref(down);
	}
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
