// SPDX-License-Identifier: Apache-2.0
/*
 * compile.c - the engine: rows in, entries out.
 *
 * It knows neither networks nor rules: it asks relation.c for the rows of an object, writes them
 * into the rules of their relation, and has libweft read the result.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "net/compile.h"
#include "net/digest.h"
#include "net/learn.h"
#include "net/relation.h"
#include "net/rule.h"
#include "services/arp/section.h"
#include "net/translate.h"

#define KIND_NETWORK (-1) /* the unit of no object */

struct compiler {
	const struct net *net;
	const struct weft_names *names;
	const struct net_compiled *before; /* NULL: nothing */
	size_t next;			   /* of its units */
	struct errors *errors;
	struct net_unit *unit; /* in hand */
	uint64_t cookie;
	size_t first[REL_N + 1]; /* by relation: its first rule in by_relation */
	const struct net_rule **by_relation;
	char *text; /* of the entry in hand */
	size_t room;
};

/* the order of units: by kind and name; the network's own comes first */
static int unit_cmp(const struct net_unit *unit, int kind, const char *name)
{
	return unit->kind == kind ? strcmp(unit->name, name) : unit->kind - kind;
}

int net_unit_cmp(const struct net_unit *a, const struct net_unit *b)
{
	return a == b ? 0 : unit_cmp(a, b->kind, b->name);
}

static void unit_put(struct net_unit *unit)
{
	if (--unit->n_users)
		return;
	for (size_t i = 0; i < unit->n; i++)
		weft_flow_free(&unit->entries[i].flow);
	free(unit->entries);
	free(unit->where);
	free(unit->name);
	free(unit);
}

static void sort_rules(struct compiler *compiler)
{
	size_t n = 0;

	compiler->by_relation = memory_zalloc(n_net_rules * sizeof(*compiler->by_relation));
	for (unsigned int relation = 0; relation < REL_N; relation++) {
		compiler->first[relation] = n;
		for (size_t i = 0; i < n_net_rules; i++) {
			if (net_rules[i].relation == relation)
				compiler->by_relation[n++] = &net_rules[i];
		}
	}
	compiler->first[REL_N] = n;
}

static void append(struct compiler *compiler, size_t *len, const char *text, size_t text_len)
{
	while (*len + text_len + 1 > compiler->room) {
		compiler->room = compiler->room ? compiler->room * 2 : 1024;
		compiler->text = realloc(compiler->text, compiler->room);
		if (!compiler->text)
			abort();
	}
	memcpy(compiler->text + *len, text, text_len);
	*len += text_len;
	compiler->text[*len] = '\0';
}

static enum net_column column_of(const char *word, size_t len)
{
	unsigned int column = 0;

	while (column < COL_N &&
	       (strncmp(net_columns[column], word, len) || net_columns[column][len]))
		column++;
	return column;
}

/* put the columns in place; false: the rule names one that its relation does not have */
static bool expand(struct compiler *compiler, const struct net_rule *rule, const struct row *row)
{
	const char *rest = rule->text;
	size_t len = 0;

	for (;;) {
		size_t plain = strcspn(rest, "$");
		enum net_column column;
		size_t word;

		append(compiler, &len, rest, plain);
		rest += plain;
		if (!*rest)
			return true;
		rest++;
		word = strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789");
		column = column_of(rest, word);
		if (column == COL_N || !row->v[column])
			return false;
		append(compiler, &len, row->v[column], strlen(row->v[column]));
		rest += word;
	}
}

static void make_entry(struct compiler *compiler, const struct net_rule *rule,
		       const struct row *row)
{
	struct net_unit *unit = compiler->unit;
	struct weft_error error = { .msg = "out of memory" };
	struct net_entry *entry;
	char text[600];

	unit->entries = memory_grow(unit->entries, unit->n, sizeof(*unit->entries));
	entry = &unit->entries[unit->n];
	if (!expand(compiler, rule, row)) {
		errors_add(compiler->errors, "rule %s: a word that is no column: %s", rule->name,
			   rule->text);
		return;
	}
	if (weft_flow_parse(&entry->flow, compiler->text, compiler->names, &error)) {
		errors_add(compiler->errors, "%s: %s: rule %s: %s: %.300s", compiler->net->file,
			   unit->where, rule->name, weft_error_text(&error, text, sizeof(text)),
			   compiler->text);
		return;
	}
	entry->flow.cookie = compiler->cookie;
	weft_mark(&entry->flow, WEFT_FLOW_A_COOKIE);
	entry->rule = rule;
	unit->n++;
}

static void on_row(void *ctx, enum net_relation relation, const struct row *row)
{
	struct compiler *compiler = ctx;

	for (size_t i = compiler->first[relation]; i < compiler->first[relation + 1]; i++)
		make_entry(compiler, compiler->by_relation[i], row);
}

/* the numbers that names of ports stand for are the kernel's */
static uint64_t with_port(const struct compiler *compiler, uint64_t digest, const char *name)
{
	uint32_t id = 0;

	if (name && compiler->names->port_id(compiler->names->ctx, name, &id))
		id = 0;
	return digest_number(digest, id);
}

static uint64_t with_template(const struct compiler *compiler, uint64_t digest, const char *name)
{
	uint32_t id = 0;

	if (compiler->names->template_id(compiler->names->ctx, name, &id))
		id = 0;
	return digest_number(digest, id);
}

/* templates that entries of a router port, or of the network itself, name */
static uint64_t with_ask_templates(const struct compiler *compiler, uint64_t digest,
				   bool of_network)
{
	if (!compiler->net->ask.on)
		return digest;
	if (!of_network)
		return with_template(compiler, digest, ARP_RESOLVE);
	digest = with_template(compiler, digest, ARP_MAP_ARP);
	return with_template(compiler, digest, ARP_MAP_ND);
}

/* and those of a router that translates */
static uint64_t with_nat_templates(const struct compiler *compiler, uint64_t digest,
				   const struct net_router *router)
{
	for (size_t i = 0; i < router->n_nats; i++)
		digest = with_template(compiler, digest, router->nats[i].name);
	return digest;
}

/* and those of a switch that learns */
static uint64_t with_learn_template(const struct compiler *compiler, uint64_t digest,
				    const struct net_switch *sw)
{
	char name[NET_LEARN_NAME];

	if (!sw->learns)
		return digest;
	net_learn_name(sw, name);
	return with_template(compiler, digest, name);
}

static uint64_t unit_digest(const struct compiler *compiler, const struct net_object *object)
{
	const struct net *net = compiler->net;
	uint64_t digest;

	if (!object) {
		digest = with_port(compiler, relation_tunnel_digest(net), net->tunnel.name);
		return with_ask_templates(compiler, digest, true);
	}
	digest = relation_digest(net, object);
	if ((object->kind == NET_PORT && net_is_local(net, object)) || object->kind == NET_LINK)
		digest = with_port(compiler, digest, object->name);
	if (object->kind == NET_ROUTER && compiler->names->template_id)
		digest = with_nat_templates(compiler, digest, &object->router);
	if (object->kind == NET_SWITCH && compiler->names->template_id)
		digest = with_learn_template(compiler, digest, &object->sw);
	/* entries that speak of the tunnel */
	if (object->kind <= NET_PORT || object->kind == NET_LINK)
		digest = with_port(compiler, digest, net->tunnel.name);
	if (object->kind == NET_LINK)
		digest = with_ask_templates(compiler, digest, false);
	return digest;
}

static struct net_unit *make_unit(struct compiler *compiler, const struct net_object *object,
				  uint64_t digest)
{
	struct net_unit *unit = memory_zalloc(sizeof(*unit));

	unit->n_users = 1;
	unit->digest = digest;
	unit->kind = object ? (int)object->kind : KIND_NETWORK;
	unit->name = memory_strdup(object ? object->name : "");
	unit->where = object ? memory_printf("$.%s.%s", net_kinds[object->kind], object->name) :
			       memory_strdup("$.tunnel");
	compiler->unit = unit;
	compiler->cookie = object ? relation_cookie(object) : 0;
	if (object)
		relation_rows(compiler->net, object, on_row, compiler);
	else
		relation_tunnel_rows(compiler->net, on_row, compiler);
	return unit;
}

/* both the units before and the objects come in their order, so a look ahead finds the unit */
static struct net_unit *unit_before(struct compiler *compiler, const struct net_object *object)
{
	const struct net_compiled *before = compiler->before;
	int kind = object ? (int)object->kind : KIND_NETWORK, order = -1;

	while (before && compiler->next < before->n_units) {
		order = unit_cmp(before->units[compiler->next], kind, object ? object->name : "");
		if (order >= 0)
			break;
		compiler->next++;
	}
	return order ? NULL : before->units[compiler->next];
}

static void add_unit(struct compiler *compiler, struct net_compiled *compiled,
		     const struct net_object *object)
{
	uint64_t digest = unit_digest(compiler, object);
	struct net_unit *unit = unit_before(compiler, object);

	if (unit && unit->digest == digest)
		unit->n_users++;
	else {
		unit = make_unit(compiler, object, digest);
		compiled->n_made++;
	}
	compiled->units[compiled->n_units++] = unit;
	compiled->n_entries += unit->n;
}

struct net_compiled *net_compile(const struct net *net, const struct weft_names *names,
				 const struct net_compiled *before, struct errors *errors)
{
	unsigned int n_before = errors->n_total;
	struct compiler compiler = {
		.net = net,
		.names = names,
		.before = before,
		.errors = errors,
	};
	struct net_compiled *compiled = memory_zalloc(sizeof(*compiled));
	size_t n = 1;

	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++)
		n += net->n_objects[kind];
	compiled->units = memory_zalloc(n * sizeof(*compiled->units));
	sort_rules(&compiler);
	add_unit(&compiler, compiled, NULL);
	for (unsigned int kind = 0; kind < NET_N_KINDS; kind++) {
		for (size_t i = 0; i < net->n_objects[kind]; i++)
			add_unit(&compiler, compiled, &net->objects[kind][i]);
	}
	free(compiler.by_relation);
	free(compiler.text);
	if (errors->n_total == n_before)
		return compiled;
	net_compiled_free(compiled);
	return NULL;
}

void net_compiled_free(struct net_compiled *compiled)
{
	if (!compiled)
		return;
	for (size_t i = 0; i < compiled->n_units; i++)
		unit_put(compiled->units[i]);
	free(compiled->units);
	free(compiled);
}
