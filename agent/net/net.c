// SPDX-License-Identifier: Apache-2.0
/*
 * net.c - reading a network file.
 *
 * First all objects get their places and names, then each is read by a function of its kind,
 * which may refer to any other by name. Reading goes on after an error, so that a user sees
 * every error at once.
 */
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "config.h"
#include "error.h"
#include "memory.h"
#include "net/digest.h"
#include "net/net.h"
#include "net/standby.h"
#include "net/translate.h"
#include "node.h"

#define NET_VERSION 1
#define NET_OBJECTS_MAX 1000000 /* of a kind */
#define ADDRESSES_MAX 64	/* of a port */
#define HOPS_MAX 8		/* of a route */
#define PRIORITY_MAX 10000	/* of ACLs and policy routes */
#define MATCH_MAX_BYTES 1000
#define MTU_MIN 68
#define LEARN_AGE_S 300
#define LEARN_AGE_MAX_S 86400
/* a port: a hypervisor and all that it runs; eight that make up addresses fill a switch */
#define LEARN_PORT_LIMIT 1024
#define LEARN_SWITCH_LIMIT 8192
#define LEARN_LIMIT_MAX 1048576 /* instances of a datapath */

const char *const net_kinds[] = {
	[NET_HOST] = "hosts",		[NET_SWITCH] = "switches",   [NET_PORT] = "ports",
	[NET_ROUTER] = "routers",	[NET_LINK] = "router_ports", [NET_ROUTE] = "routes",
	[NET_POLICY] = "policy_routes", [NET_ACL] = "acls",	     NULL,
};

const char *const net_placements[] = {
	"first-hop", "last-hop-acl", "last-hop-switch", "gateway", "namespace", NULL,
};

static const char *const root_members[] = {
	"version", "datapath",	    "max_flows", "max_cached", "tunnel",
	"hosts",   "switches",	    "ports",	 "routers",    "router_ports",
	"routes",  "policy_routes", "acls",	 "resolution", NULL,
};

static const char *const members[NET_N_KINDS][12] = {
	[NET_HOST] = { "address", "relay" },
	[NET_SWITCH] = { "ldp", "unknown", "learn_age", "learn_limit" },
	[NET_PORT] = { "switch", "lport", "mac", "addresses", "outside", "security", "learn",
		       "host", "device", "vm" },
	[NET_ROUTER] = { "ldp", "placement", "gateway", "netns", "nat" },
	[NET_LINK] = { "router", "id", "switch", "lport", "mac", "addresses", "mtu", "device" },
	[NET_ROUTE] = { "router", "prefix", "via", "drop" },
	[NET_POLICY] = { "router", "priority", "match", "via", "action" },
	[NET_ACL] = { "switch", "port", "router", "router_port", "direction", "priority", "match",
		      "action" },
};

struct reader {
	struct net *net;
	struct errors *errors;
};

static bool object_is(const void *item, const void *name)
{
	return !strcmp(((const struct net_object *)item)->name, name);
}

struct net_object *net_find(const struct net *net, enum net_kind kind, const char *name)
{
	return map_find(&net->by_name[kind], map_hash_string(name), object_is, name);
}

bool net_is_local(const struct net *net, const struct net_object *port)
{
	return port->port.host && port->port.host == net->self;
}

bool net_address_in(const struct address *address, const struct address *subnet)
{
	unsigned int whole = subnet->prefix_len / 8, rest = subnet->prefix_len % 8;

	if (address->family != subnet->family || memcmp(address->bytes, subnet->bytes, whole))
		return false;
	return !rest || !((address->bytes[whole] ^ subnet->bytes[whole]) >> (8 - rest));
}

const struct net_object *net_towards(const struct net_object *from, const struct net_object *to)
{
	if (from->host.relay && from->host.relay != to)
		return from->host.relay;
	if (to->host.relay && to->host.relay != from)
		return to->host.relay;
	return to;
}

const struct net_object *net_link_in(const struct net_router *router, const struct address *address)
{
	for (size_t i = 0; i < router->links.n; i++) {
		const struct net_addresses *own = &router->links.v[i]->link.addresses;

		for (size_t j = 0; j < own->n; j++) {
			if (net_address_in(address, &own->v[j]))
				return router->links.v[i];
		}
	}
	return NULL;
}

/* ---- members ----------------------------------------------------------- */

static bool get_number(const struct node *object, const char *name, uint64_t min, uint64_t max,
		       uint64_t *number)
{
	struct node node = node_member(object, name);

	return node_get_number(&node, min, max, number);
}

/* the object of a kind that a member names; NULL: an error was added, or it may be absent */
static struct net_object *get_object(const struct reader *reader, const struct node *object,
				     const char *name, enum net_kind kind, bool optional)
{
	struct node node = node_member(object, name);
	struct net_object *found;
	const char *text;

	if (!node.value && optional)
		return NULL;
	if (!node_get_string(&node, &text))
		return NULL;
	found = net_find(reader->net, kind, text);
	if (!found)
		node_error(&node, "there is no \"%.60s\" in $.%s", text, net_kinds[kind]);
	return found;
}

/* a host, or the first of several that is reached */
static const struct net_object *get_host(const struct reader *reader, const struct node *object,
					 const char *name, bool optional)
{
	struct node node = node_member(object, name);
	const char *text;

	if (!json_is_array(node.value))
		return get_object(reader, object, name, NET_HOST, optional);
	if (!json_array_size(node.value) || json_array_size(node.value) > STANDBY_HOSTS_MAX)
		node_error(&node, "of 1 to %d hosts", STANDBY_HOSTS_MAX);
	for (size_t i = 0; i < json_array_size(node.value); i++) {
		struct node at = node_element(&node, i);

		if (!node_get_string(&at, &text))
			continue;
		if (!net_find(reader->net, NET_HOST, text))
			node_error(&at, "there is no \"%.60s\" in $.hosts", text);
		for (size_t j = 0; j < i; j++) {
			if (json_equal(json_array_get(node.value, j), at.value))
				node_error(&at, "\"%.60s\" is there twice", text);
		}
	}
	return net_first_reached(reader->net, node.value);
}

static bool get_mac(const struct node *object, uint8_t mac[6])
{
	struct node node = node_member(object, "mac");
	const char *text;

	if (!node_get_string(&node, &text))
		return false;
	if (address_parse_mac(text, mac))
		return true;
	node_error(&node, "\"%.60s\" is not the MAC address of a station", text);
	return false;
}

static bool host_is_good(const struct address *address)
{
	static const uint8_t none[16];

	if (address->family == AF_INET)
		return address->bytes[0] && address->bytes[0] < 224 && address->bytes[0] != 127;
	return memcmp(address->bytes, none, 15) && address->bytes[0] != 0xff;
}

static bool get_address(const struct node *node, struct address *address)
{
	const char *text;

	if (!node_get_string(node, &text))
		return false;
	if (address_parse(text, address) && host_is_good(address))
		return true;
	node_error(node, "\"%.60s\" is not the IPv4 or IPv6 address of a station", text);
	return false;
}

static void get_addresses(const struct node *object, bool prefixes, struct net_addresses *out)
{
	struct node node = node_member(object, "addresses");
	const char *text;

	if (!node.value || !node_is_array(&node))
		return;
	if (json_array_size(node.value) > ADDRESSES_MAX) {
		node_error(&node, "more than %d addresses", ADDRESSES_MAX);
		return;
	}
	out->v = memory_zalloc(json_array_size(node.value) * sizeof(*out->v));
	for (size_t i = 0; i < json_array_size(node.value); i++) {
		struct node at = node_element(&node, i);
		struct address *address = &out->v[out->n];

		if (!prefixes) {
			out->n += get_address(&at, address);
			continue;
		}
		if (!node_get_string(&at, &text))
			continue;
		if (address_parse_prefix(text, address) && host_is_good(address) &&
		    address->prefix_len)
			out->n++;
		else
			node_error(&at,
				   "\"%.60s\" is not an address with a prefix length, as in "
				   "192.0.2.1/24",
				   text);
	}
}

static void get_device(const struct node *object, char **device)
{
	struct node node = node_member(object, "device");
	const char *text;

	if (!node.value || !node_get_string(&node, &text))
		return;
	if (*text && strlen(text) < IFNAMSIZ && strcmp(text, ".") && strcmp(text, "..") &&
	    !strpbrk(text, "/: \t\n\v\f\r"))
		*device = memory_strdup(text);
	else
		node_error(&node,
			   "\"%.60s\" is not a name of a network device: 1 to %d bytes without "
			   "spaces, / and :",
			   text, IFNAMSIZ - 1);
}

/* a match of headers; what is of the walk belongs to the pipeline */
static void get_match(const struct node *object, char **out)
{
	struct node node = node_member(object, "match");
	struct weft_error error = { .msg = "out of memory" };
	struct weft_match match;
	const char *text = "";
	char reason[600];

	*out = memory_strdup("");
	if (node.value && !node_get_string(&node, &text))
		return;
	if (strlen(text) > MATCH_MAX_BYTES) {
		node_error(&node, "a match has at most %d bytes", MATCH_MAX_BYTES);
		return;
	}
	if (weft_match_parse(&match, text, NULL, &error)) {
		node_error(&node, "%s", weft_error_text(&error, reason, sizeof(reason)));
		return;
	}
	for (unsigned int field = 1; field <= WEFT_FIELD_MAX; field++) {
		if (weft_match_get(&match, field) && weft_field_desc(field)->metadata)
			node_error(&node, "%s is the pipeline's own: match headers only",
				   weft_field_desc(field)->name);
	}
	weft_match_free(&match);
	free(*out);
	*out = memory_strdup(text);
}

static uint32_t get_priority(const struct node *object)
{
	uint64_t priority = 0;

	get_number(object, "priority", 0, PRIORITY_MAX, &priority);
	return priority;
}

/* ---- objects ----------------------------------------------------------- */

static void read_host(const struct reader *reader, struct net_object *object,
		      const struct node *node)
{
	struct node address = node_member(node, "address");

	get_address(&address, &object->host.address);
	object->host.relay = get_object(reader, node, "relay", NET_HOST, true);
}

static void read_switch(const struct reader *reader, struct net_object *object,
			const struct node *node)
{
	static const char *const unknown[] = { "drop", "flood", NULL };
	struct node member = node_member(node, "unknown");
	unsigned int choice = 0;
	uint64_t ldp = 0, age, limit = LEARN_SWITCH_LIMIT;

	get_number(node, "ldp", 1, WEFT_LDP_MAX, &ldp);
	object->sw.ldp = ldp;
	if (member.value)
		node_get_choice(&member, unknown, &choice);
	object->sw.flood_unknown = choice;
	age = LEARN_AGE_S;
	if (node_member(node, "learn_age").value)
		get_number(node, "learn_age", 1, LEARN_AGE_MAX_S, &age);
	object->sw.learn_age = age;
	if (node_member(node, "learn_limit").value)
		get_number(node, "learn_limit", 1, LEARN_LIMIT_MAX, &limit);
	object->sw.learn_limit = limit;
}

/* a port that learns may send by any MAC address, so it has no security */
static void read_outside(struct net_port *port, const struct node *node)
{
	struct node member = node_member(node, "outside");

	if (member.value)
		node_get_bool(&member, &port->outside);
	if (!port->outside || port->addresses.n || node_member(node, "mac").value)
		get_mac(node, port->mac);
}

/* yes or no, or with what */
static void read_learn(struct net_port *port, const struct node *learn)
{
	static const char *const learn_members[] = { "limit", NULL };
	uint64_t limit = LEARN_PORT_LIMIT;

	if (json_is_object(learn->value)) {
		port->learn = node_is_object(learn, learn_members);
		if (node_member(learn, "limit").value)
			get_number(learn, "limit", 1, LEARN_LIMIT_MAX, &limit);
	} else if (json_is_boolean(learn->value)) {
		port->learn = json_is_true(learn->value);
	} else if (learn->value) {
		node_error(learn, "true, false or an object is needed");
	}
	port->learn_limit = limit;
}

static void read_security(const struct reader *reader, struct net_port *port,
			  const struct node *node)
{
	struct node learn = node_member(node, "learn"), security = node_member(node, "security");

	read_learn(port, &learn);
	port->security = !port->learn && !port->outside;
	if (security.value)
		node_get_bool(&security, &port->security);
	if (port->learn && port->security)
		node_error(&security, "a port that learns has no security: whose addresses would "
				      "it know?");
	if (port->learn && port->outside)
		node_error(&learn,
			   "not of the way outside, where all goes that nobody is known for");
	if (port->learn && reader->net->ask.on)
		node_error(&learn, "not with resolution by arpd, whose daemons keep questions from "
				   "machines of other hosts");
}

static void read_port(const struct reader *reader, struct net_object *object,
		      const struct node *node)
{
	struct net_port *port = &object->port;
	struct node member;
	uint64_t lport = 0;
	const char *text;

	port->of_switch = get_object(reader, node, "switch", NET_SWITCH, false);
	get_number(node, "lport", 1, WEFT_LIN_MAX, &lport);
	port->lport = lport;
	get_addresses(node, false, &port->addresses);
	read_outside(port, node);
	read_security(reader, port, node);
	port->host = get_host(reader, node, "host", true);
	get_device(node, &port->device);
	member = node_member(node, "vm");
	if (member.value && node_get_string(&member, &text)) {
		if (*text && strlen(text) <= WEFT_VM_ID_MAX)
			port->vm = memory_strdup(text);
		else
			node_error(&member, "a VM id has 1 to %d bytes", WEFT_VM_ID_MAX);
	}
	if (port->host && !port->device && !node_member(node, "vm").value)
		node_error(node, "needs a device or the id of a VM, as it has a host");
}

static void read_router(const struct reader *reader, struct net_object *object,
			const struct node *node)
{
	struct net_router *router = &object->router;
	struct node member;
	unsigned int placement = NET_FIRST_HOP;
	uint64_t ldp = 0;
	const char *text;

	get_number(node, "ldp", 1, WEFT_LDP_MAX, &ldp);
	router->ldp = ldp;
	member = node_member(node, "placement");
	if (member.value)
		node_get_choice(&member, net_placements, &placement);
	router->placement = placement;
	member = node_member(node, "gateway");
	if (placement >= NET_GATEWAY)
		router->gateway = get_host(reader, node, "gateway", false);
	else if (member.value)
		node_error(&member, "only routers on a gateway or in a namespace have this");
	member = node_member(node, "netns");
	if (placement != NET_NAMESPACE) {
		if (member.value)
			node_error(&member, "only routers in a namespace have this");
	} else if (node_get_string(&member, &text)) {
		if (*text && *text != '.' && !strchr(text, '/') && strlen(text) < 256)
			router->netns = memory_strdup(text);
		else
			node_error(&member, "\"%.60s\" is not a name of a namespace", text);
	}
	net_nat_read(node, object);
}

static void read_link(const struct reader *reader, struct net_object *object,
		      const struct node *node)
{
	struct net_object *router = get_object(reader, node, "router", NET_ROUTER, false);
	struct net_link *link = &object->link;
	uint64_t id = 0, lport = 0, mtu;
	struct node device;

	link->router = router;
	link->of_switch = get_object(reader, node, "switch", NET_SWITCH, false);
	get_number(node, "id", 1, WEFT_LIN_MAX, &id);
	get_number(node, "lport", 1, WEFT_LIN_MAX, &lport);
	link->id = id;
	link->lport = lport;
	get_mac(node, link->mac);
	get_addresses(node, true, &link->addresses);
	mtu = reader->net->tunnel.mtu;
	if (node_member(node, "mtu").value)
		get_number(node, "mtu", MTU_MIN, UINT16_MAX, &mtu);
	link->mtu = mtu;
	object->digest = digest_number(object->digest, mtu);
	device = node_member(node, "device");
	get_device(node, &link->device);
	if (router && (router->router.placement == NET_NAMESPACE) != !!device.value)
		node_error(node, "a port of a router has a device if the router is in a "
				 "namespace, and only then");
}

/* Linux routes in a namespace as it is told there */
static void refuse_namespace(const struct node *node, const struct net_object *router)
{
	if (router && router->router.placement == NET_NAMESPACE)
		node_error(node,
			   "router %s is in a namespace, which has its own routes and filters",
			   router->name);
}

static bool get_hop(const struct net_object *router, const struct node *node, struct net_hop *hop)
{
	char text[ADDRESS_TEXT];

	if (!get_address(node, &hop->via) || !router)
		return false;
	hop->link = net_link_in(&router->router, &hop->via);
	if (!hop->link)
		node_error(node, "%s is in no subnet of router %s", address_format(&hop->via, text),
			   router->name);
	return hop->link;
}

static void read_route(const struct reader *reader, struct net_object *object,
		       const struct node *node)
{
	struct net_route *route = &object->route;
	struct node member = node_member(node, "prefix");
	const char *text;

	route->router = get_object(reader, node, "router", NET_ROUTER, false);
	refuse_namespace(node, route->router);
	if (node_get_string(&member, &text)) {
		if (!address_parse_prefix(text, &route->prefix))
			node_error(&member, "\"%.60s\" is not a prefix, as in 192.0.2.0/24", text);
	}
	member = node_member(node, "drop");
	if (member.value && !node_get_bool(&member, &route->drop))
		return;
	member = node_member(node, "via");
	if (route->drop) {
		if (member.value)
			node_error(&member, "a route that drops has no next hop");
		return;
	}
	if (!node_is_array(&member))
		return;
	if (!json_array_size(member.value) || json_array_size(member.value) > HOPS_MAX) {
		node_error(&member, "a route has 1 to %d next hops", HOPS_MAX);
		return;
	}
	route->hops = memory_zalloc(json_array_size(member.value) * sizeof(*route->hops));
	for (size_t i = 0; i < json_array_size(member.value); i++) {
		struct node at = node_element(&member, i);
		struct net_hop *hop = &route->hops[route->n_hops];

		if (!get_hop(route->router, &at, hop))
			continue;
		if (hop->via.family != route->prefix.family)
			node_error(&at, "is of another family than the prefix");
		route->n_hops++;
	}
}

static void read_policy(const struct reader *reader, struct net_object *object,
			const struct node *node)
{
	static const char *const actions[] = { "route", "via", "drop", NULL };
	struct net_policy *policy = &object->policy;
	struct node member = node_member(node, "action"), via = node_member(node, "via");
	unsigned int action = via.value ? 1 : 0;

	policy->router = get_object(reader, node, "router", NET_ROUTER, false);
	refuse_namespace(node, policy->router);
	policy->priority = get_priority(node);
	get_match(node, &policy->match);
	if (member.value && !node_get_choice(&member, actions, &action))
		return;
	policy->skip = action == 0;
	policy->drop = action == 2;
	if (action == 1)
		get_hop(policy->router, &via, &policy->hop);
	else if (via.value)
		node_error(&via, "only a policy route with the action \"via\" has this");
}

static void read_acl(const struct reader *reader, struct net_object *object,
		     const struct node *node)
{
	static const char *const directions[] = { "in", "out", NULL };
	static const char *const actions[] = { "allow", "drop", "reject", NULL };
	static const struct {
		const char *name;
		enum net_kind kind;
	} targets[] = {
		{ "switch", NET_SWITCH },
		{ "port", NET_PORT },
		{ "router", NET_ROUTER },
		{ "router_port", NET_LINK },
	};
	struct net_acl *acl = &object->acl;
	unsigned int direction = 0, action = 0, n = 0;
	struct node member;

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		member = node_member(node, targets[i].name);
		if (!member.value)
			continue;
		acl->target = get_object(reader, node, targets[i].name, targets[i].kind, false);
		n++;
	}
	if (acl->target && acl->target->kind == NET_ROUTER)
		refuse_namespace(node, acl->target);
	if (acl->target && acl->target->kind == NET_LINK)
		refuse_namespace(node, acl->target->link.router);
	if (n != 1)
		node_error(node, "an ACL is of one switch, port, router or router_port");
	member = node_member(node, "direction");
	node_get_choice(&member, directions, &direction);
	acl->out = direction;
	acl->priority = get_priority(node);
	get_match(node, &acl->match);
	member = node_member(node, "action");
	node_get_choice(&member, actions, &action);
	acl->drop = action == 1;
	acl->reject = action == 2;
}

typedef void (*read_fn)(const struct reader *reader, struct net_object *object,
			const struct node *node);

static const read_fn read_functions[NET_N_KINDS] = {
	[NET_HOST] = read_host,	    [NET_SWITCH] = read_switch, [NET_PORT] = read_port,
	[NET_ROUTER] = read_router, [NET_LINK] = read_link,	[NET_ROUTE] = read_route,
	[NET_POLICY] = read_policy, [NET_ACL] = read_acl,
};

void net_object_init(struct net_object *object, enum net_kind kind, const char *name, json_t *json)
{
	*object = (struct net_object){ .kind = kind, .changed = true, .touched = true };
	object->name = memory_strdup(name);
	object->digest = digest_json(digest_string(DIGEST_START, name), json);
	object->json = json_incref(json);
	object->n_users = memory_zalloc(sizeof(*object->n_users));
	*object->n_users = 1;
}

void net_object_read(struct net *net, struct net_object *object, const struct node *at)
{
	const struct reader reader = { .net = net, .errors = at->errors };

	if (node_is_object(at, members[object->kind]) || json_is_object(at->value))
		read_functions[object->kind](&reader, object, at);
}

static struct net_object *of(const struct net *net, const struct net_object *object)
{
	return object ? &net->objects[object->kind][object - net->objects[object->kind]] : NULL;
}

static void add_object(struct net_objects *objects, struct net_object *object)
{
	objects->v = memory_grow(objects->v, objects->n, sizeof(*objects->v));
	objects->v[objects->n++] = object;
}

void net_gather(struct net *net)
{
	struct net_object *owner;

	for (size_t i = 0; i < net->n_objects[NET_HOST]; i++) {
		owner = of(net, net->objects[NET_HOST][i].host.relay);
		if (owner)
			owner->host.relays = true;
	}
	for (size_t i = 0; i < net->n_objects[NET_PORT]; i++) {
		owner = of(net, net->objects[NET_PORT][i].port.of_switch);
		if (owner)
			add_object(&owner->sw.ports, &net->objects[NET_PORT][i]);
	}
	for (size_t i = 0; i < net->n_objects[NET_LINK]; i++) {
		struct net_object *link = &net->objects[NET_LINK][i];

		owner = of(net, link->link.of_switch);
		if (owner)
			add_object(&owner->sw.links, link);
		owner = of(net, link->link.router);
		if (owner)
			add_object(&owner->router.links, link);
	}
}

/* ---- the file ---------------------------------------------------------- */

static int object_cmp(const void *a, const void *b)
{
	return strcmp(((const struct net_object *)a)->name, ((const struct net_object *)b)->name);
}

/* places for all objects of a kind, in the order of their names */
static void place_objects(const struct reader *reader, const struct node *root, enum net_kind kind)
{
	struct node node = node_member(root, net_kinds[kind]);
	struct net *net = reader->net;
	struct net_object *objects;
	const char *name;
	json_t *value;
	size_t n = 0;

	if (!node.value)
		return;
	if (!json_is_object(node.value)) {
		char is[80];

		node_describe(node.value, is, sizeof(is));
		node_error(&node, "%s is not an object", is);
		return;
	}
	if (json_object_size(node.value) > NET_OBJECTS_MAX) {
		node_error(&node, "more than %d", NET_OBJECTS_MAX);
		return;
	}
	objects = memory_zalloc(json_object_size(node.value) * sizeof(*objects));
	json_object_foreach(node.value, name, value) {
		struct node at = node_member(&node, name);

		if (!config_name_is_good(&at, name))
			continue;
		net_object_init(&objects[n++], kind, name, value);
	}
	if (n)
		qsort(objects, n, sizeof(*objects), object_cmp);
	for (size_t i = 0; i < n; i++)
		map_add(&net->by_name[kind], map_hash_string(objects[i].name), &objects[i]);
	net->objects[kind] = objects;
	net->n_objects[kind] = n;
}

static void read_objects(struct net *net, const struct node *root, enum net_kind kind)
{
	struct node node = node_member(root, net_kinds[kind]);

	for (size_t i = 0; i < net->n_objects[kind]; i++) {
		struct net_object *object = &net->objects[kind][i];
		struct node at = node_member(&node, object->name);

		net_object_read(net, object, &at);
	}
}

static void read_tunnel(struct net *net, const struct node *root)
{
	static const char *const tunnel_members[] = { "name", "type",	 "udp_port", "tcp_port",
						      "mtu",  "monitor", NULL };
	/* GRE would want a label for each logical port */
	static const char *const types[] = { "geneve", "stt", NULL };
	struct node node = node_member(root, "tunnel"), name, member;
	unsigned int type = 0;
	uint64_t number;
	const char *text;

	if (!node.value || !node_is_object(&node, tunnel_members))
		return;
	name = node_member(&node, "name");
	if (!node_get_string(&name, &text) || !config_name_is_good(&name, text))
		return;
	if (strlen(text) >= IFNAMSIZ)
		node_error(&name, "a device's name has at most %d bytes", IFNAMSIZ - 1);
	member = node_member(&node, "type");
	if (member.value)
		node_get_choice(&member, types, &type);
	member = node_member(&node, type ? "udp_port" : "tcp_port");
	if (member.value)
		node_error(&member, "not of a tunnel of type %s", types[type]);
	member = node_member(&node, type ? "tcp_port" : "udp_port");
	if (member.value)
		node_get_number(&member, 1, UINT16_MAX, &number);
	member = node_member(&node, "mtu");
	if (member.value && node_get_number(&member, MTU_MIN, UINT16_MAX, &number))
		net->tunnel.mtu = number;
	net->tunnel.name = memory_strdup(text);
	net->tunnel.json = json_incref(node.value);
}

static void read_datapath(struct net *net, const struct node *root)
{
	static const char *const limits[] = { "max_flows", "max_cached" };
	struct node node = node_member(root, "datapath");
	const char *name;
	uint64_t number;

	net->limits = json_object();
	for (size_t i = 0; i < 2; i++) {
		struct node limit = node_member(root, limits[i]);

		if (limit.value && node_get_number(&limit, !i, UINT32_MAX, &number))
			json_object_set(net->limits, limits[i], limit.value);
	}
	if (!node_get_string(&node, &name))
		return;
	if (!config_datapath_is_good(&node, name))
		return;
	net->datapath = memory_strdup(name);
}

/* what is not about objects, for whoever wants to have the file again */
static void keep_rest(struct net *net, json_t *root)
{
	net->rest = json_copy(root);
	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++)
		json_object_del(net->rest, net_kinds[kind]);
}

/* which host this is, by its name */
void net_find_self(struct net *net, const char *host, struct errors *errors)
{
	net->self = net_find(net, NET_HOST, host);
	if (!net->self)
		errors_add(errors,
			   "%s: $.hosts: there is no \"%.60s\", which is this host: say "
			   "which by --host",
			   net->file, host);
	for (size_t k = 0; k < net->ask.servers.n; k++)
		net->ask.serves = net->ask.serves || net->ask.servers.v[k] == net->self;
}

struct net *net_from_json(json_t *json, const char *file, const char *host, struct errors *errors)
{
	unsigned int n_before = errors->n_total;
	struct node root = { .value = json, .file = file, .errors = errors };
	struct node version = node_member(&root, "version");
	struct net *net = memory_zalloc(sizeof(*net));
	struct reader reader = { .net = net, .errors = errors };
	uint64_t number;

	net->file = memory_strdup(file);
	net->down = json_object();
	keep_rest(net, json);
	if (!node_is_object(&root, root_members) && !json_is_object(json))
		goto bad;
	if (!node_get_number(&version, 0, INT64_MAX, &number))
		goto bad;
	if (number != NET_VERSION) {
		node_error(&version, "this weftd reads version %d, not %llu", NET_VERSION,
			   (unsigned long long)number);
		goto bad;
	}
	read_datapath(net, &root);
	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++)
		place_objects(&reader, &root, kind);
	read_tunnel(net, &root);
	net_ask_read(net, &root);
	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++) {
		if (kind == NET_ROUTE) /* which looks for its next hops behind ports of routers */
			net_gather(net);
		read_objects(net, &root, kind);
	}
	net_find_self(net, host, errors);
	if (errors->n_total == n_before)
		net_check(net, errors);
	if (errors->n_total != n_before)
		goto bad;
	net_reach(net);
	return net;
bad:
	net_free(net);
	return NULL;
}

struct net *net_load(const char *file, const char *host, struct errors *errors)
{
	json_error_t error;
	struct net *net;
	json_t *root;

	root = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		if (error.line > 0)
			errors_add(errors, "%s:%d:%d: %s", file, error.line, error.column,
				   error.text);
		else
			errors_add(errors, "%s: %s", file, error.text);
		return NULL;
	}
	net = net_from_json(root, file, host, errors);
	json_decref(root);
	return net;
}

/* what is read of an object is shared, but for the pointers to other objects */
void net_object_clear(struct net_object *object)
{
	bool last = !--*object->n_users;

	switch (object->kind) {
	case NET_SWITCH:
		free(object->sw.ports.v);
		free(object->sw.links.v);
		break;
	case NET_PORT:
		if (!last)
			break;
		free(object->port.addresses.v);
		free(object->port.device);
		free(object->port.vm);
		break;
	case NET_ROUTER:
		free(object->router.links.v);
		free(object->router.nats);
		if (last)
			free(object->router.netns);
		break;
	case NET_LINK:
		if (!last)
			break;
		free(object->link.addresses.v);
		free(object->link.device);
		break;
	case NET_ROUTE:
		free(object->route.hops);
		break;
	case NET_POLICY:
		if (last)
			free(object->policy.match);
		break;
	case NET_ACL:
		if (last)
			free(object->acl.match);
		break;
	default:
		break;
	}
	if (!last)
		return;
	json_decref(object->json);
	free(object->name);
	free(object->n_users);
}

void net_free(struct net *net)
{
	if (!net)
		return;
	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++) {
		for (size_t i = 0; i < net->n_objects[kind]; i++)
			net_object_clear(&net->objects[kind][i]);
		free(net->objects[kind]);
		map_clear(&net->by_name[kind]);
	}
	net_ask_free(net);
	json_decref(net->down);
	json_decref(net->limits);
	json_decref(net->rest);
	json_decref(net->tunnel.json);
	free(net->tunnel.name);
	free(net->datapath);
	free(net->file);
	free(net);
}
