// SPDX-License-Identifier: Apache-2.0
/*
 * nat.c - reading the "nat" section, with a path in every complaint.
 *
 * Pools come first because rules refer to them. All addresses of a rule are of one family.
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "error.h"
#include "memory.h"
#include "node.h"
#include "services/nat/nat.h"
#include "services/nat/reject.h"

/* the second template of a rule is called NAME-in */
#define RULE_NAME_MAX (WEFT_NAME_MAX - 3)
#define PORT_FIRST 1024
#define COUNT_DEFAULT 1024
#define SECONDS_MAX (UINT32_MAX / 1000)

const char *const nat_kinds[] = { "snat", "dnat", "one_to_one", "subnet", "sanitise", NULL };

static const char *const forms[] = { "middlebox", "stage", "last_hop", NULL };
static const char *const modes[] = { "kernel", "service", NULL };
static const char *const all_ids[] = { "cut", "acquire", "whole", NULL };
static const char *const choices[] = { "preserve", "random", "sequential", NULL };
static const char *const changes[] = { "drain", "cut", NULL };
static const char *const protocols[] = { "tcp", "udp", "sctp", NULL };
static const uint8_t protocol_numbers[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

static const char *const table_names[NAT_N_TABLES] = {
	[NAT_TABLE_NAT] = "nat",     [NAT_TABLE_NAT_NEXT] = "nat_next",
	[NAT_TABLE_UNNAT] = "unnat", [NAT_TABLE_UNNAT_NEXT] = "unnat_next",
	[NAT_TABLE_HINT] = "hint",
};

struct reader {
	struct nat *nat;
	nat_table_fn table;
	void *ctx;
};

static bool get_object_name(const struct node *node, size_t max, char **name)
{
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				   "0123456789-";
	const char *text;

	if (!node_get_string(node, &text))
		return false;
	if (!*text || strlen(text) > max || (*text >= '0' && *text <= '9') || *text == '-' ||
	    text[strspn(text, more)]) {
		node_error(node,
			   "\"%.60s\" is not a name: up to %zu letters, digits, _ and -, a "
			   "letter or _ first",
			   text, max);
		return false;
	}
	*name = memory_strdup(text);
	return true;
}

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

static bool get_choice(const struct node *object, const char *member, const char *const *of,
		       unsigned int *choice)
{
	struct node node = node_member(object, member);

	return !node.value || node_get_choice(&node, of, choice);
}

static bool get_optional(const struct node *object, const char *member, uint64_t min, uint64_t max,
			 uint64_t *number)
{
	struct node node = node_member(object, member);

	return !node.value || node_get_number(&node, min, max, number);
}

/* ---- pools -------------------------------------------------------------- */

static struct nat_pool *find_pool(const struct nat *nat, const char *name)
{
	for (size_t i = 0; i < nat->n_pools; i++) {
		if (nat->pools[i].name && !strcmp(nat->pools[i].name, name))
			return &nat->pools[i];
	}
	return NULL;
}

static bool ranges_overlap(const struct weft_pool_range *a, const struct weft_pool_range *b)
{
	return a->family == b->family && memcmp(a->first, b->last, sizeof(a->first)) <= 0 &&
	       memcmp(b->first, a->last, sizeof(b->first)) <= 0 && a->first_port <= b->last_port &&
	       b->first_port <= a->last_port;
}

/* pools are of different kernel pools, so nobody else would see that they share a pair */
static void check_overlap(const struct nat *nat, const struct nat_pool *pool,
			  const struct weft_pool_range *range, const struct node *node)
{
	for (const struct nat_pool *other = nat->pools; other <= pool; other++) {
		for (unsigned int i = 0; i < other->pool.ranges.n_ranges; i++) {
			if (ranges_overlap(&other->pool.ranges.ranges[i], range)) {
				node_error(node, "shares addresses and ports with %s.ranges[%u]",
					   other->where, i);
				return;
			}
		}
	}
}

static void read_range(const struct nat *nat, struct nat_pool *pool, const struct node *node)
{
	struct weft_error error = { .msg = "out of memory" };
	struct weft_pool one;
	const char *text;
	char *all;
	int result;

	if (!node_get_string(node, &text))
		return;
	all = memory_printf("1 %s", text);
	result = strpbrk(text, " \t=,") ? -EINVAL : weft_pool_parse(&one, all, &error);
	free(all);
	if (result || one.ranges.n_ranges != 1) {
		node_error(node,
			   "\"%.100s\" is not a range, as in 192.0.2.1-192.0.2.9:1024-65535 "
			   "or [2001:db8::1]:1024-65535",
			   text);
		if (!result)
			weft_pool_free(&one);
		return;
	}
	if (!one.ranges.ranges[0].last_port) {
		one.ranges.ranges[0].first_port = PORT_FIRST;
		one.ranges.ranges[0].last_port = UINT16_MAX;
	}
	check_overlap(nat, pool, &one.ranges.ranges[0], node);
	if (weft_ranges_add_range(&pool->pool.ranges, &one.ranges.ranges[0]))
		node_error(node, "a pool has at most 1024 ranges");
	weft_mark(&pool->pool, WEFT_POOL_A_RANGES);
	weft_pool_free(&one);
}

static void read_pool_source(const struct nat *nat, struct nat_pool *pool, const struct node *node)
{
	struct node ranges = node_member(node, "ranges"), provider = node_member(node, "provider");
	const char *text;

	if (pool->ids == NAT_IDS_ACQUIRE) {
		if (ranges.value)
			node_error(&ranges, "ranges that are acquired are the provider's to say");
		if (node_get_string(&provider, &text))
			pool->provider = memory_strdup(text);
		return;
	}
	if (provider.value)
		node_error(&provider, "only pools with \"ids\": \"acquire\" have this");
	if (!node_is_array(&ranges))
		return;
	if (!json_array_size(ranges.value))
		node_error(&ranges, "a pool needs a range");
	for (size_t i = 0; i < json_array_size(ranges.value); i++) {
		struct node range = node_element(&ranges, i);

		read_range(nat, pool, &range);
	}
}

static void read_pool(const struct nat *nat, struct nat_pool *pool, const struct node *node)
{
	static const char *const members[] = { "name", "ranges", "choice",   "parity", "reuse",
					       "ids",  "count",	 "provider", NULL };
	unsigned int choice = 0, ids = 0;
	uint64_t count = COUNT_DEFAULT;
	bool flag = false;
	struct node member;

	weft_pool_init(&pool->pool);
	pool->where = node_path(node);
	if (!node_is_object(node, members))
		return;
	member = node_member(node, "name");
	if (get_object_name(&member, 31, &pool->name)) {
		const struct nat_pool *other = find_pool(nat, pool->name);

		if (other != pool)
			node_error(&member, "\"%s\" is the name of %s too", pool->name,
				   other->where);
	}
	get_choice(node, "choice", choices, &choice);
	pool->pool.choice = choice;
	weft_mark(&pool->pool, WEFT_POOL_A_CHOICE);
	member = node_member(node, "parity");
	if (member.value && node_get_bool(&member, &flag))
		pool->pool.parity = flag;
	weft_mark(&pool->pool, WEFT_POOL_A_PARITY);
	flag = false;
	member = node_member(node, "reuse");
	if (member.value && node_get_bool(&member, &flag))
		pool->pool.reuse = flag;
	weft_mark(&pool->pool, WEFT_POOL_A_REUSE);
	get_choice(node, "ids", all_ids, &ids);
	pool->ids = ids;
	get_optional(node, "count", 1, UINT16_MAX + 1, &count);
	pool->count = count;
	read_pool_source(nat, pool, node);
}

static void read_pools(struct nat *nat, const struct node *node)
{
	if (!node->value || !node_is_array(node))
		return;
	nat->pools = memory_zalloc(json_array_size(node->value) * sizeof(*nat->pools));
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct node at = node_element(node, i);

		read_pool(nat, &nat->pools[nat->n_pools++], &at);
	}
}

/* ---- rules -------------------------------------------------------------- */

static bool join_family(struct nat_rule *rule, const struct node *node, int family)
{
	if (rule->family && rule->family != family) {
		node_error(node, "is %s, other addresses of the rule are %s", family_name(family),
			   family_name(rule->family));
		return false;
	}
	rule->family = family;
	return true;
}

static bool get_prefix(struct nat_rule *rule, const struct node *node, struct address *prefix)
{
	return node_get_prefix(node, prefix) && join_family(rule, node, prefix->family);
}

static bool get_host(struct nat_rule *rule, const struct node *node, struct address *address)
{
	return node_get_address(node, address) && join_family(rule, node, address->family);
}

static void read_snat(const struct nat *nat, struct nat_rule *rule, const struct node *node)
{
	struct node member = node_member(node, "pool");
	const char *name;

	if (!rule->has_source) {
		struct node source = node_member(node, "source");

		if (!source.value)
			node_error(&source, "is missing");
	}
	if (!node_get_string(&member, &name))
		return;
	rule->pool = find_pool(nat, name);
	if (!rule->pool) {
		node_error(&member, "there is no pool \"%.60s\" in $.nat.pools", name);
		return;
	}
	for (unsigned int i = 0; rule->family && i < rule->pool->pool.ranges.n_ranges; i++) {
		if ((rule->pool->pool.ranges.ranges[i].family == 4) == (rule->family == AF_INET))
			return;
	}
	if (rule->family && rule->pool->ids != NAT_IDS_ACQUIRE)
		node_error(&member, "pool \"%s\" has no range of %s", name,
			   family_name(rule->family));
}

/* behind what it depends on */
static void read_reject(struct nat_rule *rule, const struct node *node)
{
	struct node member = node_member(node, "reject");
	uint64_t priority = 0;

	if (!member.value || !node_get_number(&member, 0, UINT16_MAX - 1, &priority))
		return;
	if (rule->priority < 0)
		node_error(&member, "needs \"priority\"");
	else if (priority > (uint64_t)rule->priority)
		node_error(&member, "is above \"priority\", %d: replies would be refused",
			   rule->priority);
	if (!rule->pool || !rule->family)
		return;
	if (rule->pool->ids != NAT_IDS_CUT)
		node_error(&member,
			   "pool \"%s\" is not this host's alone (\"ids\": \"%s\"): another one "
			   "may have the connection",
			   rule->pool->name, all_ids[rule->pool->ids]);
	else if (nat_count_rejects(rule) > NAT_REJECTS_MAX)
		node_error(&member,
			   "the ranges of pool \"%s\" take more than %d entries: let addresses and "
			   "ports begin and end at multiples of powers of two",
			   rule->pool->name, NAT_REJECTS_MAX);
	rule->reject = priority;
}

static void read_sanitise(const struct nat *nat, struct nat_rule *rule, const struct node *node)
{
	struct node member = node_member(node, "pool");
	const char *name;

	if (!node_get_string(&member, &name))
		return;
	rule->pool = find_pool(nat, name);
	if (!rule->pool)
		node_error(&member, "there is no pool \"%.60s\" in $.nat.pools", name);
	else if (rule->pool->ids != NAT_IDS_WHOLE)
		node_error(
			&member,
			"pool \"%s\" has not \"ids\": \"whole\": no two hosts give the same of it",
			name);
	else if (!rule->family && rule->pool->pool.ranges.n_ranges)
		rule->family = rule->pool->pool.ranges.ranges[0].family == 6 ? AF_INET6 : AF_INET;
}

static void read_dnat(struct nat_rule *rule, const struct node *node)
{
	struct node member = node_member(node, "address");
	unsigned int protocol = 0;
	uint64_t number = 0;

	get_host(rule, &member, &rule->outside);
	member = node_member(node, "to");
	get_host(rule, &member, &rule->inside);
	member = node_member(node, "protocol");
	if (member.value && node_get_choice(&member, protocols, &protocol))
		rule->protocol = protocol_numbers[protocol];
	member = node_member(node, "port");
	if (member.value && node_get_number(&member, 1, UINT16_MAX, &number)) {
		rule->outside_port = number;
		if (!rule->protocol)
			node_error(&member, "a port needs a protocol: tcp, udp or sctp");
	}
	member = node_member(node, "to_port");
	if (member.value && node_get_number(&member, 1, UINT16_MAX, &number)) {
		rule->inside_port = number;
		if (!rule->outside_port)
			node_error(&member, "needs \"port\"");
	}
}

static void read_pair(struct nat_rule *rule, const struct node *node)
{
	struct node inside = node_member(node, "inside"), outside = node_member(node, "outside");
	bool good;

	if (rule->kind == NAT_ONE_TO_ONE) {
		get_host(rule, &inside, &rule->inside);
		get_host(rule, &outside, &rule->outside);
		return;
	}
	good = get_prefix(rule, &inside, &rule->inside);
	good = get_prefix(rule, &outside, &rule->outside) && good;
	if (good && !rule->inside.prefix_len)
		node_error(&inside, "a prefix that is translated has 1 bit at least");
	else if (good && rule->inside.prefix_len != rule->outside.prefix_len)
		node_error(&outside, "the prefixes have %u and %u bits: they must be of one length",
			   rule->inside.prefix_len, rule->outside.prefix_len);
}

static void check_name(const struct nat *nat, const struct nat_rule *rule, const struct node *node)
{
	size_t len = strlen(rule->name);

	if (len > 3 && !strcmp(rule->name + len - 3, "-in"))
		node_error(node, "names that end in -in are those of a rule's second template");
	for (size_t i = 0; i < nat->n_slices; i++) {
		const struct nat_slice *slice = &nat->slices[i];

		for (size_t j = 0; j < slice->n_rules; j++) {
			const struct nat_rule *other = &slice->rules[j];

			if (other == rule)
				return;
			if (other->name && !strcmp(other->name, rule->name))
				node_error(node, "\"%s\" is the name of %s too", rule->name,
					   other->where);
		}
	}
}

static void read_rule(const struct nat *nat, struct nat_rule *rule, const struct node *node)
{
	static const char *const members[][14] = {
		[NAT_SNAT] = { "name", "kind", "mode", "priority", "source", "destination", "pool",
			       "reject", NULL },
		[NAT_DNAT] = { "name", "kind", "mode", "priority", "source", "address", "protocol",
			       "port", "to", "to_port", NULL },
		[NAT_ONE_TO_ONE] = { "name", "kind", "mode", "priority", "destination", "inside",
				     "outside", NULL },
		[NAT_SUBNET] = { "name", "kind", "mode", "priority", "destination", "inside",
				 "outside", NULL },
		[NAT_SANITISE] = { "name", "kind", "mode", "priority", "source", "destination",
				   "pool", NULL },
	};
	unsigned int kind = 0, mode = 0;
	uint64_t priority = 0;
	struct node member;

	rule->where = node_path(node);
	rule->priority = -1;
	rule->reject = -1;
	if (!json_is_object(node->value)) {
		node_is_object(node, members[0]);
		return;
	}
	member = node_member(node, "kind");
	if (!node_get_choice(&member, nat_kinds, &kind) || !node_is_object(node, members[kind]))
		return;
	rule->kind = kind;
	if ((rule->kind == NAT_SANITISE) != (rule->slice->form == NAT_LAST_HOP))
		node_error(
			&member,
			"slices in form \"last_hop\" have rules of kind \"sanitise\", and no other ones have");
	member = node_member(node, "name");
	if (get_object_name(&member, RULE_NAME_MAX, &rule->name))
		check_name(nat, rule, &member);
	get_choice(node, "mode", modes, &mode);
	rule->mode = mode;
	member = node_member(node, "priority");
	if (member.value && node_get_number(&member, 0, UINT16_MAX - 1, &priority))
		rule->priority = priority;
	member = node_member(node, "source");
	rule->has_source = member.value && get_prefix(rule, &member, &rule->source);
	member = node_member(node, "destination");
	rule->has_destination = member.value && get_prefix(rule, &member, &rule->destination);
	if (rule->kind == NAT_SNAT) {
		read_snat(nat, rule, node);
		read_reject(rule, node);
	} else if (rule->kind == NAT_DNAT)
		read_dnat(rule, node);
	else if (rule->kind == NAT_SANITISE)
		read_sanitise(nat, rule, node);
	else
		read_pair(rule, node);
}

/* ---- slices ------------------------------------------------------------- */

static void read_tables(const struct reader *reader, struct nat_slice *slice,
			const struct node *node)
{
	static const char *const members[] = { "nat",	     "nat_next", "unnat",
					       "unnat_next", "hint",	 NULL };
	struct node hint = node_member(node, "hint");
	unsigned int n = slice->form == NAT_LAST_HOP ? NAT_N_TABLES : NAT_TABLE_HINT;

	if (!node_is_object(node, members))
		return;
	if (n == NAT_TABLE_HINT && hint.value)
		node_error(&hint, "only slices in form \"last_hop\" have this");
	for (unsigned int i = 0; i < n; i++) {
		struct node member = node_member(node, table_names[i]);
		uint64_t id = 0;

		if (json_is_string(member.value)) {
			const char *name = json_string_value(member.value);

			if (reader->table && reader->table(reader->ctx, name, &slice->tables[i]))
				node_error(&member, "there is no table \"%.60s\" in $.tables",
					   name);
		} else if (node_get_number(&member, 0, WEFT_N_TABLES - 1, &id))
			slice->tables[i] = id;
	}
	for (unsigned int i = 0; i < NAT_TABLE_HINT; i += 2) {
		struct node member = node_member(node, table_names[i + 1]);

		if (member.value && reader->table && slice->tables[i + 1] == slice->tables[i])
			node_error(&member, "is table \"%s\": packets would never leave it",
				   table_names[i]);
	}
}

static void read_timeouts(struct nat_slice *slice, const struct node *node)
{
	static const char *const members[] = { "idle",	      "new",	     "replied",
					       "tcp_opening", "tcp_closing", "tcp_established",
					       "tcp_reset",   "hard",	     "fail",
					       NULL };

	slice->fail_timeout = 1;
	if (!node->value || !node_is_object(node, members))
		return;
	for (unsigned int i = 0; members[i]; i++) {
		struct node member = node_member(node, members[i]);
		uint64_t seconds = 0;
		int attr;

		if (!member.value || !node_get_number(&member, 0, SECONDS_MAX, &seconds))
			continue;
		attr = weft_timeout_from_name(members[i]);
		if (attr < 0) {
			slice->fail_timeout = seconds;
			continue;
		}
		slice->timeouts.ms[attr] = seconds * 1000;
		weft_mark(&slice->timeouts, attr);
	}
}

/* one middlebox has one slice on a host: its long id is bound to one short id */
static void read_long_id(const struct nat *nat, struct nat_slice *slice, const struct node *node)
{
	char digits[33];
	const char *text;
	size_t n = 0;

	if (!node->value || !node_get_string(node, &text))
		return;
	for (const char *c = text; *c; c++) {
		if (*c == '-')
			continue;
		if (n == 32 || !strchr("0123456789abcdefABCDEF", *c)) {
			n = 0;
			break;
		}
		digits[n++] = tolower(*c);
	}
	digits[n] = '\0';
	if (n != 32) {
		node_error(node, "\"%.60s\" is not 128 bits: 32 hex digits", text);
		return;
	}
	for (const struct nat_slice *other = nat->slices; other < slice; other++) {
		if (other->long_id && !strcmp(other->long_id, digits))
			node_error(node, "is the long_id of %s too", other->where);
	}
	slice->long_id = memory_strdup(digits);
}

static void read_slice(const struct reader *reader, struct nat_slice *slice,
		       const struct node *node)
{
	static const char *const members[] = { "id",	       "long_id",  "form",  "ldp", "tables",
					       "return_lport", "timeouts", "rules", NULL };
	const struct nat *nat = reader->nat;
	unsigned int form = NAT_MIDDLEBOX;
	uint64_t id = 0, ldp = 0, lport = 0;
	struct node member;

	slice->where = node_path(node);
	if (!node_is_object(node, members))
		return;
	member = node_member(node, "id");
	if (node_get_number(&member, 1, UINT16_MAX, &id)) {
		for (const struct nat_slice *other = nat->slices; other < slice; other++) {
			if (other->id == id)
				node_error(&member, "%u is the id of %s too", other->id,
					   other->where);
		}
		slice->id = id;
	}
	member = node_member(node, "long_id");
	read_long_id(nat, slice, &member);
	get_choice(node, "form", forms, &form);
	slice->form = form;
	get_optional(node, "ldp", 1, WEFT_LDP_MAX, &ldp);
	slice->ldp = ldp;
	member = node_member(node, "tables");
	read_tables(reader, slice, &member);
	member = node_member(node, "return_lport");
	if (member.value && node_get_number(&member, 1, UINT16_MAX, &lport)) {
		slice->return_lport = lport;
		if (slice->form != NAT_MIDDLEBOX)
			node_error(&member, "only slices in form \"middlebox\" have this");
	}
	member = node_member(node, "timeouts");
	read_timeouts(slice, &member);
	member = node_member(node, "rules");
	if (!node_is_array(&member))
		return;
	slice->rules = memory_zalloc(json_array_size(member.value) * sizeof(*slice->rules));
	for (size_t i = 0; i < json_array_size(member.value); i++) {
		struct node at = node_element(&member, i);

		slice->rules[i].slice = slice;
		slice->n_rules++;
		read_rule(nat, &slice->rules[i], &at);
	}
}

struct nat *nat_read(const struct node *node, nat_table_fn table, void *ctx)
{
	static const char *const members[] = { "on_change", "pools", "slices", NULL };
	struct reader reader = { .table = table, .ctx = ctx };
	unsigned int n_before = node->errors->n_total;
	unsigned int change = 0;
	struct node member;
	struct nat *nat;

	if (!node->value)
		return NULL;
	nat = memory_zalloc(sizeof(*nat));
	reader.nat = nat;
	if (!node_is_object(node, members))
		goto bad;
	get_choice(node, "on_change", changes, &change);
	nat->cut = change;
	member = node_member(node, "pools");
	read_pools(nat, &member);
	member = node_member(node, "slices");
	if (!node_is_array(&member))
		goto bad;
	nat->slices = memory_zalloc(json_array_size(member.value) * sizeof(*nat->slices));
	for (size_t i = 0; i < json_array_size(member.value); i++) {
		struct node at = node_element(&member, i);

		nat->n_slices++;
		read_slice(&reader, &nat->slices[i], &at);
	}
	if (node->errors->n_total == n_before)
		return nat;
bad:
	nat_free(nat);
	return NULL;
}

void nat_free(struct nat *nat)
{
	if (!nat)
		return;
	for (size_t i = 0; i < nat->n_templates; i++)
		weft_template_free(&nat->templates[i].tmpl);
	for (size_t i = 0; i < nat->n_kernel_pools; i++)
		weft_pool_free(&nat->kernel_pools[i]);
	for (size_t i = 0; i < nat->n_slices; i++) {
		for (size_t j = 0; j < nat->slices[i].n_rules; j++) {
			free(nat->slices[i].rules[j].where);
			free(nat->slices[i].rules[j].name);
		}
		free(nat->slices[i].where);
		free(nat->slices[i].long_id);
		free(nat->slices[i].rules);
	}
	for (size_t i = 0; i < nat->n_pools; i++) {
		free(nat->pools[i].where);
		free(nat->pools[i].name);
		free(nat->pools[i].provider);
		weft_pool_free(&nat->pools[i].pool);
	}
	free(nat->templates);
	free(nat->kernel_pools);
	free(nat->slices);
	free(nat->pools);
	free(nat);
}

const struct nat_template *nat_find_template(const struct nat *nat, const char *name)
{
	for (size_t i = 0; nat && i < nat->n_templates; i++) {
		if (!strcmp(nat->templates[i].tmpl.name, name))
			return &nat->templates[i];
	}
	return NULL;
}

const struct nat_template *nat_find_template_id(const struct nat *nat, uint32_t id)
{
	for (size_t i = 0; nat && i < nat->n_templates; i++) {
		if (nat->templates[i].tmpl.id == id)
			return &nat->templates[i];
	}
	return NULL;
}

bool nat_needs_daemon(const struct nat *nat)
{
	for (size_t i = 0; nat && i < nat->n_pools; i++) {
		if (nat->pools[i].ids == NAT_IDS_ACQUIRE)
			return true;
	}
	for (size_t i = 0; nat && i < nat->n_slices; i++) {
		for (size_t j = 0; j < nat->slices[i].n_rules; j++) {
			if (nat->slices[i].rules[j].mode == WEFT_MODE_SERVICE)
				return true;
		}
	}
	return false;
}

bool nat_prefix_has(const struct address *prefix, const uint8_t *bytes)
{
	unsigned int whole = prefix->prefix_len / 8, rest = prefix->prefix_len % 8;

	if (memcmp(prefix->bytes, bytes, whole))
		return false;
	return !rest || !((prefix->bytes[whole] ^ bytes[whole]) >> (8 - rest));
}
