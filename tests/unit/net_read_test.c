// SPDX-License-Identifier: Apache-2.0
/* net_read_test.c - network files: what is refused, and what is said about it. */
#include <errno.h>
#include <sys/socket.h>

#include "net_test.h"

/* the network of the other tests, with one member changed; path as in "ports.vm1.mac" */
static void changed(const char *path, json_t *value, struct errors *errors)
{
	json_t *root = json_load_file("../../examples/network/two-switches.json", 0, NULL),
	       *at = root;
	struct net *net;

	assert_non_null(root);
	for (;;) {
		size_t len = strcspn(path, ".");
		char *name = memory_printf("%.*s", (int)len, path);

		if (!path[len]) {
			if (value)
				json_object_set_new(at, name, value);
			else
				json_object_del(at, name);
			free(name);
			break;
		}
		if (!json_object_get(at, name))
			json_object_set_new(at, name, json_object());
		at = json_object_get(at, name);
		path += len + 1;
		free(name);
	}
	net = net_from_json(root, "net.json", "h1", errors);
	assert_true(!net == !!errors->n_total);
	net_free(net);
	json_decref(root);
}

/* each is refused with a message that has these words, and only one */
static void test_errors(void **state)
{
	const struct {
		const char *path;
		const char *value; /* JSON, ' for " */
		const char *words;
	} cases[] = {
		{ "version", "2", "$.version: this weftd reads version 1, not 2" },
		{ "version", NULL, "$.version" },
		{ "bogus", "1", "$.bogus" },
		{ "datapath", "'a/b'", "$.datapath: \"a/b\" is not a name of a datapath" },
		{ "ports.vm1.bogus", "1", "$.ports.vm1.bogus" },
		{ "ports.1vm", "{}", "\"1vm\" is not a name" },
		{ "ports.vm1.mac", "'01:00:00:00:00:01'", "$.ports.vm1.mac: \"01:00" },
		{ "ports.vm1.mac", "'02:00:00:00:00:02'",
		  "$.ports.vm2: MAC address 02:00:00:00:00:02 is that of $.ports.vm1 too" },
		{ "router_ports.middle-left.mac", "'02:00:00:00:00:02'",
		  "$.router_ports.middle-left: MAC address 02:00:00:00:00:02 is that of "
		  "$.ports.vm2 too" },
		{ "ports.vm1.addresses", "['1.1.1.20']",
		  "$.ports.vm2: address 1.1.1.20 is that of $.ports.vm1 too" },
		{ "ports.vm1.addresses", "['224.0.0.1']", "$.ports.vm1.addresses[0]" },
		{ "ports.vm1.addresses", "['1.1.1.10/24']", "$.ports.vm1.addresses[0]" },
		{ "ports.vm1.lport", "100",
		  "$.router_ports.middle-left: lport 100 is that of $.ports.vm1 too" },
		{ "ports.vm1.lport", "32768", "$.ports.vm1.lport" },
		{ "ports.vm1.switch", "'up'",
		  "$.ports.vm1.switch: there is no \"up\" in $.switches" },
		{ "ports.vm1.host", "'h9'", "$.ports.vm1.host: there is no \"h9\" in $.hosts" },
		{ "ports.vm1.device", NULL, "$.ports.vm1: needs a device or the id of a VM" },
		{ "ports.vm1.device", "'tap3'",
		  "$.ports.vm3: device tap3 is that of $.ports.vm1 too" },
		{ "ports.vm1.security", "3", "$.ports.vm1.security" },
		{ "ports.vm1.learn", "3", "$.ports.vm1.learn" },
		{ "switches.left.learn_age", "0", "$.switches.left.learn_age" },
		{ "switches.left.learn_age", "86401", "$.switches.left.learn_age" },
		{ "switches.left.learn_limit", "0", "$.switches.left.learn_limit" },
		{ "switches.left.learn_limit", "1048577", "$.switches.left.learn_limit" },
		{ "switches.left.learn_limit", "'many'", "$.switches.left.learn_limit" },
		{ "ports.vm1.learn", "{'age': 3}", "$.ports.vm1.learn" },
		{ "ports.vm1.learn", "{'limit': 0}", "$.ports.vm1.learn.limit" },
		{ "ports.vm1.learn", "{'limit': 1048577}", "$.ports.vm1.learn.limit" },
		{ "ports.vm1.learn", "{'limit': true}", "$.ports.vm1.learn.limit" },
		{ "ports.vm1.learn", "{'limit': 8193}",
		  "$.ports.vm1.learn.limit: 8193 is more than learn_limit of switch left, 8192" },
		{ "ports.vm1.mac", NULL, "$.ports.vm1.mac" },
		{ "ports.vm1.outside", "3", "$.ports.vm1.outside" },
		{ "ports",
		  "{'a': {'switch': 'left', 'lport': 1, 'outside': true},"
		  " 'b': {'switch': 'left', 'lport': 2, 'outside': true}}",
		  "$.ports.b: the way outside is that of $.ports.a too" },
		{ "switches.left.ldp", "225",
		  "$.routers.middle: ldp 225 is that of $.switches.left too" },
		{ "switches.left.ldp", "0", "$.switches.left.ldp" },
		{ "switches.left.unknown", "'learn'", "\"learn\" is not one of drop, flood" },
		{ "routers.middle.placement", "'here'", "$.routers.middle.placement" },
		{ "routers.middle.placement", "'gateway'", "$.routers.middle.gateway" },
		{ "routers.middle.gateway", "'h1'", "only routers on a gateway" },
		{ "routers.middle.netns", "'r'", "only routers in a namespace" },
		{ "router_ports.middle-left.device", "'x'", "if the router is in a namespace" },
		{ "router_ports.middle-left.addresses", "['1.1.2.9/25']",
		  "$.router_ports.middle-right: the subnet of 1.1.2.1/24 overlaps one of "
		  "$.router_ports.middle-left" },
		{ "router_ports.middle-left.addresses", "['1.1.1.1']",
		  "$.router_ports.middle-left.addresses[0]" },
		{ "router_ports.middle-left.id", "2",
		  "$.router_ports.middle-right: id 2 is that of $.router_ports.middle-left too" },
		{ "hosts.h2.address", "'192.0.2.1'",
		  "$.hosts.h2: address 192.0.2.1 is that of $.hosts.h1 too" },
		{ "hosts.h2.relay", "'h3'", "$.hosts.h2.relay: there is no \"h3\"" },
		{ "hosts.h2.relay", "'h2'", "$.hosts.h2.relay: a relay is reached directly" },
		{ "tunnel", NULL, "$.tunnel: is missing" },
		{ "tunnel.name", "'vm1'", "$.tunnel.name: \"vm1\" is the name of a port too" },
		{ "hosts.h1", NULL, "there is no \"h1\"" },
		{ "routes.r", "{'router': 'middle', 'prefix': '9.0.0.0/8', 'via': ['9.9.9.9']}",
		  "$.routes.r.via[0]: 9.9.9.9 is in no subnet of router middle" },
		{ "routes.r", "{'router': 'middle', 'prefix': '::/0', 'via': ['1.1.1.9']}",
		  "$.routes.r.via[0]: is of another family" },
		{ "routes.r", "{'router': 'middle', 'prefix': '9.0.0.0', 'drop': true}",
		  "$.routes.r.prefix" },
		{ "routes.r", "{'router': 'middle', 'prefix': '9.0.0.0/8', 'via': []}",
		  "$.routes.r.via: a route has 1 to 8 next hops" },
		{ "acls.a", "{'direction': 'in', 'priority': 1, 'action': 'drop'}",
		  "$.acls.a: an ACL is of one" },
		{ "acls.a",
		  "{'switch': 'left', 'direction': 'up', 'priority': 1, 'action': 'drop'}",
		  "$.acls.a.direction" },
		{ "acls.no-telnet.priority", "10001", "$.acls.no-telnet.priority" },
		{ "acls.no-telnet.match", "'tcp_dst=23'", "$.acls.no-telnet.match" },
		{ "acls.no-telnet.match", "'ldp=1'", "ldp is the pipeline's own" },
		{ "acls.no-telnet.match", "'ip actions=drop'", "$.acls.no-telnet.match" },
		{ "policy_routes.p", "{'router': 'middle', 'priority': 1, 'action': 'via'}",
		  "$.policy_routes.p.via" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct errors errors = { 0 };
		json_t *value = NULL;

		if (cases[i].value) {
			char *text = memory_strdup(cases[i].value);

			for (char *c = text; *c; c++)
				*c = *c == '\'' ? '"' : *c;
			value = json_loads(text, JSON_DECODE_ANY, NULL);
			assert_non_null(value);
			free(text);
		}
		changed(cases[i].path, value, &errors);
		if (!errors.n_kept)
			fail_msg("%s = %s is taken", cases[i].path, cases[i].value);
		/* a missing object may be missed at several places */
		if (cases[i].value && errors.n_total > 2)
			fail_msg("%s = %s: %u errors, %s", cases[i].path, cases[i].value,
				 errors.n_total, errors.text[0]);
		if (!strstr(errors.text[errors.n_kept - 1], cases[i].words) &&
		    !strstr(errors.text[0], cases[i].words))
			fail_msg("%s = %s: \"%s\"", cases[i].path, cases[i].value, errors.text[0]);
		assert_memory_equal(errors.text[0], "net.json: ", 10);
		errors_clear(&errors);
	}
}

static void test_namespace(void **state)
{
	struct errors errors = { 0 };
	json_t *value = json_pack("{s:i, s:s, s:s, s:s}", "ldp", 225, "placement", "namespace",
				  "gateway", "h1", "netns", "r");

	changed("routers.middle", value, &errors);
	assert_int_equal(errors.n_total, 2); /* the router's ports have no devices */
	errors_clear(&errors);
	changed("routes.r",
		json_pack("{s:s, s:s, s:[s]}", "router", "middle", "prefix", "9.0.0.0/8", "via",
			  "1.1.1.9"),
		&errors);
	assert_int_equal(errors.n_total, 0);
}

/* more ports of a switch on a host than one packet can be copied to */
static void test_flood_limit(void **state)
{
	for (int acl = 0; acl < 2; acl++) {
		int max = acl ? 36 : 100;

		for (int n = max; n <= max + 1; n++) {
			struct errors errors = { 0 };
			json_t *ports = json_object();
			char name[16], mac[24];

			for (int i = 1; i <= n; i++) {
				snprintf(name, sizeof(name), "m%d", i);
				snprintf(mac, sizeof(mac), "02:00:00:00:09:%02x", i);
				json_object_set_new(ports, name,
						    json_pack("{s:s, s:i, s:s, s:s, s:s}", "switch",
							      acl ? "right" : "left", "lport",
							      100 + i, "mac", mac, "host", "h1",
							      "device", name));
			}
			changed("ports", ports, &errors);
			assert_int_equal(errors.n_total, n > max);
			if (n > max)
				assert_non_null(strstr(errors.text[0], "more than"));
			errors_clear(&errors);
		}
	}
}

/* a router in a namespace of a host, with a port of the switch */
static void add_router(json_t *routers, json_t *links, int i, const char *host)
{
	char name[16], mac[24];

	snprintf(name, sizeof(name), "r%d", i);
	snprintf(mac, sizeof(mac), "02:01:00:00:%02x:%02x", i / 256, i % 256);
	json_object_set_new(routers, name,
			    json_pack("{s:i, s:s, s:s, s:s}", "ldp", 10 + i, "placement",
				      "namespace", "gateway", host, "netns", name));
	json_object_set_new(links, name,
			    json_pack("{s:s, s:i, s:s, s:i, s:s, s:s}", "router", name, "id", 1,
				      "switch", "s", "lport", 10000 + i, "mac", mac, "device",
				      name));
}

/* routers in namespaces of the host are sent copies, too */
static void test_flood_routers(void **state)
{
	for (int n = 100; n <= 101; n++) {
		json_t *routers = json_object(), *links = json_object(), *ports = json_object();
		struct errors errors = { 0 };
		struct net *net;
		json_t *root;

		for (int i = 1; i < n; i++) {
			char name[16], mac[24];

			snprintf(name, sizeof(name), "m%d", i);
			snprintf(mac, sizeof(mac), "02:00:00:00:00:%02x", i);
			json_object_set_new(ports, name,
					    json_pack("{s:s, s:i, s:s, s:s, s:s}", "switch", "s",
						      "lport", i, "mac", mac, "host", "h0",
						      "device", name));
		}
		add_router(routers, links, 1, "h0");
		root = json_pack("{s:i, s:s, s:{s:{s:s}}, s:{s:{s:i}}, s:o, s:o, s:o}", "version",
				 1, "datapath", "weft0", "hosts", "h0", "address", "192.0.2.1",
				 "switches", "s", "ldp", 1, "ports", ports, "routers", routers,
				 "router_ports", links);
		net = net_from_json(root, "net.json", "h0", &errors);
		assert_int_equal(errors.n_total, n > 100);
		if (n > 100)
			assert_non_null(strstr(errors.text[0], "more than 100 ports on host h0"));
		errors_clear(&errors);
		net_free(net);
		json_decref(root);
	}
}

/* on each of so many hosts, behind so many relays, a port, on the last ones a router in a namespace */
static bool flood_is_good(int n_hosts, int n_relays, int n_routers)
{
	json_t *hosts = json_object(), *ports = json_object(), *root;
	json_t *routers = json_object(), *links = json_object();
	struct errors errors = { 0 };
	char name[16], text[32];
	struct net *net;

	for (int i = 0; i < n_hosts; i++) {
		json_t *host;

		snprintf(name, sizeof(name), "h%d", i);
		snprintf(text, sizeof(text), "192.0.%d.%d", i / 250, i % 250 + 1);
		host = json_pack("{s:s}", "address", text);
		snprintf(text, sizeof(text), "h%d", n_relays ? i % n_relays : 0);
		if (i >= n_relays && n_relays)
			json_object_set_new(host, "relay", json_string(text));
		json_object_set_new(hosts, name, host);
		if (i >= n_hosts - n_routers) {
			add_router(routers, links, i, name);
			continue;
		}
		snprintf(text, sizeof(text), "02:00:00:00:%02x:%02x", i / 256, i % 256);
		json_object_set_new(ports, name,
				    json_pack("{s:s, s:i, s:s, s:s, s:s}", "switch", "s", "lport",
					      i + 1, "mac", text, "host", name, "device", "tap"));
	}
	root = json_pack("{s:i, s:s, s:{s:s}, s:o, s:{s:{s:i}}, s:o, s:o, s:o}", "version", 1,
			 "datapath", "weft0", "tunnel", "name", "gnv0", "hosts", hosts, "switches",
			 "s", "ldp", 1, "ports", ports, "routers", routers, "router_ports", links);
	net = net_from_json(root, "net.json", "h0", &errors);
	if (!net)
		assert_non_null(strstr(errors.text[0], "$.switches.s: has ports on more than 129 "
						       "hosts, too many for one to send to"));
	errors_clear(&errors);
	net_free(net);
	json_decref(root);
	return net;
}

static void test_flood_hosts(void **state)
{
	for (int n_routers = 0; n_routers < 4; n_routers += 3) {
		assert_true(flood_is_good(129, 0, n_routers));
		assert_false(flood_is_good(130, 0, n_routers));
	}
	assert_true(flood_is_good(1000, 10, 0)); /* 10 relays, of which each has 99 others */
	assert_false(flood_is_good(1000, 8, 0));
	assert_false(flood_is_good(1000, 130, 0));
}

static void test_files(void **state)
{
	struct errors errors = { 0 };
	char *path = test_path("net.json");

	test_write("net.json", "{ 'version': 1,\n 'datapath': }");
	assert_null(net_load(path, "h1", &errors));
	assert_non_null(strstr(errors.text[0], "net.json:2:"));
	errors_clear(&errors);
	assert_null(net_load("/nonexistent/net.json", "h1", &errors));
	assert_int_equal(errors.n_total, 1);
	errors_clear(&errors);
	free(path);
}

/* through all of weftd's reading: the entries are rules like those of a host's own file */
static void test_whole(void **state)
{
	const struct source source = { .file = "../../examples/network/two-switches.json",
				       .host = "h2" };
	struct errors errors = { 0 };
	struct config *config = load_config(&source, NULL, NULL, NULL, &errors), *again;

	assert_non_null(config);
	assert_int_equal(config->n_ports, 3);
	assert_non_null(config_port(config, "vm4"));
	assert_null(config_port(config, "vm1"));
	again = load_config(&source, config, NULL, NULL, &errors);
	assert_non_null(again);
	assert_int_equal(again->compiled->n_made, 0);
	config_free(config);
	config_free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),	    cmocka_unit_test(test_namespace),
		cmocka_unit_test(test_flood_limit), cmocka_unit_test(test_flood_routers),
		cmocka_unit_test(test_flood_hosts), cmocka_unit_test(test_files),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, test_dir_make, test_dir_remove);
}
