// SPDX-License-Identifier: Apache-2.0
/*
 * ruleset.c - from the "flows" and "tables" of a file to what the kernel takes.
 *
 * libweft reads the entries, in text and in JSON; it asks here what the names in them mean.
 * Ports have their ids by then, also those whose device is not there yet, so nothing is ever
 * read twice: whether a rule can be given to the kernel is decided by the ports it refers to,
 * which are gathered from the finished entry, however they were written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "error.h"
#include "memory.h"
#include "net/compile.h"
#include "net/rule.h"
#include "monitor.h"
#include "node.h"
#include "ruleset.h"
#include "services/arp/section.h"
#include "services/nat/nat.h"
#include "services/nat/reject.h"

#define TUNNEL_TTL 64 /* of tunnel actions that do not say */

struct loader {
	struct config *config;
	struct ruleset *ruleset;
	struct errors *errors;
	struct weft_names names;
	bool *has_port; /* by id */
	uint32_t *refs; /* of the entry in hand: ids of ports */
	size_t n_refs;
	uint32_t unknown; /* id of a port that nobody has, 0: none */
	uint32_t tunnel;  /* id of the only tunnel port, 0: none or several */
	unsigned int n_tunnels;
	bool no_tunnel; /* the entry in hand needs one, and did not say which */
};

static int name_port_id(void *ctx, const char *name, uint32_t *id)
{
	const struct port *port = config_port(ctx, name);

	if (!port)
		return -ENOENT;
	*id = port->id;
	return 0;
}

static const char *name_of_port(void *ctx, uint32_t id)
{
	const struct config *config = ctx;

	for (size_t i = 0; i < config->n_ports; i++) {
		if (config->ports[i].id == id)
			return config->ports[i].name;
	}
	return NULL;
}

static enum weft_field name_field(void *ctx, const char *alias)
{
	const struct config *config = ctx;

	for (size_t i = 0; i < config->n_registers; i++) {
		if (!strcmp(config->registers[i].name, alias))
			return weft_field_from_name(config->registers[i].is);
	}
	return WEFT_FIELD_UNSPEC;
}

static const char *name_of_field(void *ctx, enum weft_field field)
{
	const struct config *config = ctx;

	for (size_t i = 0; i < config->n_registers; i++) {
		if (weft_field_from_name(config->registers[i].is) == field)
			return config->registers[i].name;
	}
	return NULL;
}

static int name_table_id(void *ctx, const char *name, uint8_t *id)
{
	const struct table *table = config_table(ctx, name);

	if (!table)
		return -ENOENT;
	*id = table->id;
	return 0;
}

static int name_remote(void *ctx, const char *name, struct weft_remote *remote)
{
	const struct host *host = config_host(ctx, name);

	if (!host)
		return -ENOENT;
	remote->ipv6 = host->address.family == AF_INET6;
	memcpy(remote->addr, host->address.bytes, sizeof(remote->addr));
	return 0;
}

static int name_template_id(void *ctx, const char *name, uint32_t *id)
{
	const struct config *config = ctx;
	const struct nat_template *template = nat_find_template(config->nat, name);
	const struct weft_template *other = arp_find_template(config->arp, name);

	if (!other)
		other = net_learn_find(&config->learn, name);
	if (!template && !other)
		return -ENOENT;
	*id = template ? template->tmpl.id : other->id;
	return 0;
}

static const char *name_of_template(void *ctx, uint32_t id)
{
	const struct config *config = ctx;
	const struct nat_template *template = nat_find_template_id(config->nat, id);
	const struct weft_template *other = arp_find_template_id(config->arp, id);

	if (!other)
		other = net_learn_find_id(&config->learn, id);
	return template ? template->tmpl.name : other ? other->name : NULL;
}

struct weft_names ruleset_names(const struct config *config)
{
	return (struct weft_names){
		.port_id = name_port_id,
		.port_name = name_of_port,
		.field = name_field,
		.field_alias = name_of_field,
		.table_id = name_table_id,
		.remote = name_remote,
		.template_id = name_template_id,
		.template_name = name_of_template,
		.ctx = (void *)config,
	};
}

bool ruleset_register_is_good(const struct node *node, const char *name, const char *is)
{
	const struct weft_field_desc *desc = weft_field_desc(weft_field_from_name(is));

	if (!desc || !desc->metadata || !desc->writable) {
		node_error(node, "\"%.60s\" is not a register", is);
		return false;
	}
	if (weft_field_from_name(name)) {
		node_error(node, "\"%.60s\" is the name of a field already", name);
		return false;
	}
	return true;
}

char *ruleset_where(const struct rule *rule)
{
	if (rule->object && rule->made_by)
		return memory_printf("%s (rule %s)", rule->object, rule->made_by);
	if (rule->object)
		return memory_strdup(rule->object);
	if (rule->file)
		return memory_printf("%s:%u", rule->file, rule->number);
	return memory_printf("$.flows[%u]", rule->number);
}

static bool rule_has_key(const void *item, const void *flow)
{
	return weft_flow_same_key(&((const struct rule *)item)->flow, flow);
}

struct rule *ruleset_find(const struct ruleset *ruleset, const struct weft_flow *flow)
{
	return map_find(&ruleset->by_key, weft_flow_key_hash(flow), rule_has_key, flow);
}

static void refer(struct loader *loader, uint32_t id)
{
	if (id > WEFT_PORT_ID_MAX || !loader->has_port[id]) {
		loader->unknown = id;
		return;
	}
	for (size_t i = 0; i < loader->n_refs; i++) {
		if (loader->refs[i] == id)
			return;
	}
	loader->refs = memory_grow(loader->refs, loader->n_refs, sizeof(*loader->refs));
	loader->refs[loader->n_refs++] = id;
}

/*
 * Write tunnel actions as the kernel shows them: with the port, without default values. So an
 * entry equals the one that comes back, and waits for its tunnel as for any other port.
 */
static void complete_tunnel(struct loader *loader, struct weft_act_tunnel *tunnel)
{
	if (!weft_has(tunnel, WEFT_ACT_TUNNEL_A_PORT)) {
		loader->no_tunnel = !loader->tunnel;
		tunnel->port = loader->tunnel;
		if (loader->tunnel)
			weft_mark(tunnel, WEFT_ACT_TUNNEL_A_PORT);
	}
	if (!tunnel->tos)
		weft_unmark(tunnel, WEFT_ACT_TUNNEL_A_TOS);
	if (tunnel->ttl == TUNNEL_TTL)
		weft_unmark(tunnel, WEFT_ACT_TUNNEL_A_TTL);
}

/* clone nests at most WEFT_CLONE_DEPTH_MAX deep, which libweft has seen to */
static void complete_tunnels(struct loader *loader, struct weft_actions *actions)
{
	for (unsigned int i = 0; i < actions->n; i++) {
		if (actions->v[i].type == WEFT_ACT_A_TUNNEL)
			complete_tunnel(loader, &actions->v[i].tunnel);
		else if (actions->v[i].type == WEFT_ACT_A_CLONE)
			complete_tunnels(loader, &actions->v[i].clone);
	}
}

static void refer_actions(struct loader *loader, const struct weft_actions *actions)
{
	for (unsigned int i = 0; i < actions->n; i++) {
		const struct weft_action *action = &actions->v[i];

		if (action->type == WEFT_ACT_A_OUTPUT)
			refer(loader, action->port);
		else if (action->type == WEFT_ACT_A_TUNNEL &&
			 weft_has(&action->tunnel, WEFT_ACT_TUNNEL_A_PORT))
			refer(loader, action->tunnel.port);
		else if (action->type == WEFT_ACT_A_CLONE)
			refer_actions(loader, &action->clone);
	}
}

static void refer_begin(struct loader *loader)
{
	loader->n_refs = 0;
	loader->unknown = 0;
	loader->no_tunnel = false;
}

/* false when a port is nobody's */
static bool refer_end(struct loader *loader, const char *file, const char *where)
{
	if (loader->no_tunnel) {
		errors_add(loader->errors, "%s%s%s: a tunnel action must say which port: there %s",
			   file ? file : "", file ? ": " : "", where,
			   loader->n_tunnels ? "are several tunnels" : "is no tunnel");
		return false;
	}
	if (loader->unknown) {
		errors_add(loader->errors, "%s%s%s: no port has the id %u", file ? file : "",
			   file ? ": " : "", where, loader->unknown);
		return false;
	}
	return true;
}

/* does the entry send packets to NAT rules that are not for them? */
static bool check_templates(struct loader *loader, const struct rule *rule, const char *prefix)
{
	const struct weft_actions *actions = &rule->flow.actions;
	bool good = true;

	for (unsigned int i = 0; i < actions->n; i++) {
		const struct nat_template *template = NULL;
		char *why, *where;

		if (actions->v[i].type == WEFT_ACT_A_TEMPLATE)
			template = nat_find_template_id(loader->config->nat,
							actions->v[i].template_id);
		why = template ? nat_flow_misfit(template, &rule->flow) : NULL;
		if (!why)
			continue;
		where = ruleset_where(rule);
		errors_add(loader->errors, "%s%s%s: %s", prefix ? prefix : "", prefix ? ": " : "",
			   where, why);
		free(where);
		free(why);
		good = false;
	}
	return good;
}

static void insert_rule(struct ruleset *ruleset, struct rule *rule)
{
	ruleset->rules = memory_grow(ruleset->rules, ruleset->n_rules, sizeof(*ruleset->rules));
	rule->index = ruleset->n_rules;
	ruleset->rules[ruleset->n_rules++] = rule;
	map_add(&ruleset->by_key, weft_flow_key_hash(&rule->flow), rule);
}

static void withdraw_rule(struct ruleset *ruleset, struct rule *rule)
{
	struct rule *last = ruleset->rules[--ruleset->n_rules];

	ruleset->rules[rule->index] = last;
	last->index = rule->index;
	map_remove(&ruleset->by_key, weft_flow_key_hash(&rule->flow), rule);
}

/* NULL: there is one with its key, or it speaks of what there is not */
static struct rule *add_rule(struct loader *loader, const struct rule *new)
{
	const char *prefix = new->file ? NULL : loader->config->file;
	struct rule *rule, *other = ruleset_find(loader->ruleset, &new->flow);
	char *where, *other_where;
	uint64_t in_port;
	bool good;

	if (other) {
		where = ruleset_where(new);
		other_where = ruleset_where(other);
		errors_add(loader->errors, "%s%s%s: has table, priority and match of %s",
			   prefix ? prefix : "", prefix ? ": " : "", where, other_where);
		free(where);
		free(other_where);
		return NULL;
	}
	if (!check_templates(loader, new, prefix))
		return NULL;
	refer_begin(loader);
	if (weft_match_exact_uint(&new->flow.match, WEFT_FIELD_IN_PORT, &in_port))
		refer(loader, in_port);
	complete_tunnels(loader, (struct weft_actions *)&new->flow.actions);
	refer_actions(loader, &new->flow.actions);
	where = loader->unknown || loader->no_tunnel ? ruleset_where(new) : NULL;
	good = refer_end(loader, prefix, where);
	free(where);
	if (!good)
		return NULL;
	rule = memory_zalloc(sizeof(*rule) + loader->n_refs * sizeof(*rule->ports));
	*rule = *new;
	rule->n_ports = loader->n_refs;
	for (size_t i = 0; i < loader->n_refs; i++)
		rule->ports[i] = loader->refs[i];
	insert_rule(loader->ruleset, rule);
	return rule;
}

/* take a flow entry over */
static void load_rule(struct loader *loader, struct weft_flow *flow, const char *file,
		      uint32_t number)
{
	struct rule rule = { .flow = *flow, .file = file, .number = number };

	if (!add_rule(loader, &rule))
		weft_flow_free(flow);
}

/* what a rule of NAT refuses, as if it were in the file */
static void load_reject(void *ctx, const struct nat_rule *of, const char *text)
{
	struct weft_error error = { .msg = "out of memory" };
	struct rule rule = { .object = of->where };
	struct loader *loader = ctx;
	char words[600];

	if (weft_flow_parse(&rule.flow, text, NULL, &error))
		errors_add(loader->errors, "%s: %s.reject: %s, in %s", loader->config->file,
			   of->where, weft_error_text(&error, words, sizeof(words)), text);
	else if (!add_rule(loader, &rule))
		weft_flow_free(&rule.flow);
}

/* the entries of a network stay those of its units, which the next configuration may share */
static void load_unit(struct loader *loader, const struct net_unit *unit,
		      struct ruleset_change *change)
{
	for (size_t i = 0; i < unit->n; i++) {
		const struct rule new = {
			.flow = unit->entries[i].flow,
			.object = unit->where,
			.made_by = unit->entries[i].rule->name,
			.borrowed = true,
		};
		struct rule *rule = add_rule(loader, &new);

		if (!change || !rule)
			continue;
		change->added = memory_grow(change->added, change->n_added, sizeof(*change->added));
		change->added[change->n_added++] = rule;
	}
}

static void load_file(struct loader *loader, const struct node *node)
{
	struct ruleset *ruleset = loader->ruleset;
	const char *name, *slash, *file;
	struct weft_flow_file *stream;
	struct weft_error error;
	struct weft_flow flow;
	char text[600];
	int result;

	if (!node_get_string(node, &name))
		return;
	slash = strrchr(loader->config->file, '/');
	ruleset->files = memory_grow(ruleset->files, ruleset->n_files, sizeof(*ruleset->files));
	if (*name != '/' && slash)
		ruleset->files[ruleset->n_files] = memory_printf(
			"%.*s/%s", (int)(slash - loader->config->file), loader->config->file, name);
	else
		ruleset->files[ruleset->n_files] = memory_strdup(name);
	file = ruleset->files[ruleset->n_files++];

	result = strcmp(name, "-") ? weft_flow_file_open(&stream, file) : -EINVAL;
	if (result) {
		node_error(node, "%s: %s", file, strerror(-result));
		return;
	}
	for (;;) {
		result = weft_flow_file_next(stream, &flow, &loader->names, &error);
		if (!result)
			break;
		if (result > 0) {
			load_rule(loader, &flow, file, weft_flow_file_line(stream));
			continue;
		}
		errors_add(loader->errors, "%s", weft_error_text(&error, text, sizeof(text)));
		if (result != -EINVAL)
			break;
	}
	weft_flow_file_close(stream);
}

static void load_element(struct loader *loader, const struct node *node)
{
	static const char *const members[] = { "include", NULL };
	struct node include;
	struct weft_error error = { .msg = "out of memory" };
	struct weft_flow flow;
	char text[600];

	if (json_is_string(node->value)) {
		if (!weft_flow_parse(&flow, json_string_value(node->value), &loader->names,
				     &error)) {
			load_rule(loader, &flow, NULL, node->index);
			return;
		}
		node_error(node, "%s", weft_error_text(&error, text, sizeof(text)));
		return;
	}
	if (!json_is_object(node->value)) {
		char is[80];

		node_describe(node->value, is, sizeof(is));
		node_error(node, "%s is not a flow entry: a string or an object", is);
		return;
	}
	include = node_member(node, "include");
	if (include.value) {
		if (node_is_object(node, members))
			load_file(loader, &include);
		return;
	}
	snprintf(text, sizeof(text), "$.flows[%zu]", node->index);
	if (!weft_flow_from_json(&flow, node->value, text, &loader->names, &error)) {
		load_rule(loader, &flow, NULL, node->index);
		return;
	}
	errors_add(loader->errors, "%s: %s", node->file,
		   weft_error_text(&error, text, sizeof(text)));
}

/* what a tunnel's monitor needs, as if it were in a file of its own */
static void load_monitor(struct loader *loader, const struct port *port)
{
	struct weft_error error = { .msg = "out of memory" };
	struct weft_flow flow;
	char *entry, text[600];

	entry = monitor_entry(port);
	if (!entry)
		return;
	if (!weft_flow_parse(&flow, entry, &loader->names, &error))
		load_rule(loader, &flow, "monitor", port->index);
	else
		errors_add(loader->errors, "%s.monitor: %s", port->where,
			   weft_error_text(&error, text, sizeof(text)));
	free(entry);
}

static void load_miss(struct loader *loader, const struct table *table)
{
	struct miss *miss = &loader->ruleset->misses[table->id];
	const char *file = loader->config->file;
	struct weft_error error = { .msg = "out of memory" };
	char *where, text[600];
	int result;

	if (!table->miss)
		return;
	where = memory_printf("%s.miss", table->where);
	if (json_is_string(table->miss))
		result = weft_actions_parse(&miss->actions, json_string_value(table->miss),
					    &loader->names, &error);
	else
		result = weft_actions_from_json(&miss->actions, table->miss, where, &loader->names,
						&error);
	if (result) {
		weft_error_text(&error, text, sizeof(text));
		if (json_is_string(table->miss))
			errors_add(loader->errors, "%s: %s: %s", file, where, text);
		else
			errors_add(loader->errors, "%s: %s", file, text);
		goto out;
	}
	refer_begin(loader);
	complete_tunnels(loader, &miss->actions);
	refer_actions(loader, &miss->actions);
	miss->where = table->where;
	miss->wanted = refer_end(loader, file, where);
	if (!miss->wanted) {
		weft_actions_free(&miss->actions);
		goto out;
	}
	miss->ports = memory_copy(loader->refs, loader->n_refs * sizeof(*miss->ports));
	miss->n_ports = loader->n_refs;
out:
	free(where);
}

static void loader_open(struct loader *loader, struct config *config, struct ruleset *ruleset,
			struct errors *errors)
{
	*loader = (struct loader){
		.config = config,
		.ruleset = ruleset,
		.errors = errors,
		.names = ruleset_names(config),
	};
	loader->has_port = memory_zalloc((WEFT_PORT_ID_MAX + 1) * sizeof(*loader->has_port));
	for (size_t i = 0; i < config->n_ports; i++) {
		const struct port *port = &config->ports[i];

		loader->has_port[port->id] = true;
		if (port_is_tunnel(port))
			loader->tunnel = loader->n_tunnels++ ? 0 : port->id;
	}
}

/* whatever was read of the file is elsewhere now */
static void loader_close(struct loader *loader)
{
	struct config *config = loader->config;

	free(loader->has_port);
	free(loader->refs);
	for (size_t i = 0; i < config->n_tables; i++)
		config->tables[i].miss = NULL;
	json_decref(config->root);
	config->root = NULL;
}

bool ruleset_load(struct config *config, struct errors *errors)
{
	unsigned int n_before = errors->n_total;
	struct node root = {
		.value = config->root,
		.file = config->file,
		.errors = errors,
	};
	struct node flows = node_member(&root, "flows");
	struct loader loader;

	config->ruleset = memory_zalloc(sizeof(*config->ruleset));
	loader_open(&loader, config, config->ruleset, errors);
	for (size_t i = 0; i < config->n_tables; i++)
		load_miss(&loader, &config->tables[i]);
	for (size_t i = 0; i < json_array_size(flows.value); i++) {
		struct node element = node_element(&flows, i);

		load_element(&loader, &element);
	}
	if (config->compiled)
		map_reserve(&config->ruleset->by_key, config->compiled->n_entries);
	for (size_t i = 0; config->compiled && i < config->compiled->n_units; i++)
		load_unit(&loader, config->compiled->units[i], NULL);
	for (size_t i = 0; i < config->n_ports; i++)
		load_monitor(&loader, &config->ports[i]);
	if (config->nat)
		nat_each_reject(config->nat, load_reject, &loader);
	loader_close(&loader);
	return errors->n_total == n_before;
}

/* ---- changes ----------------------------------------------------------- */

static void remove_unit(struct ruleset *ruleset, const struct net_unit *unit,
			struct ruleset_change *change)
{
	for (size_t i = 0; i < unit->n; i++) {
		struct rule *rule = ruleset_find(ruleset, &unit->entries[i].flow);

		withdraw_rule(ruleset, rule);
		change->removed = memory_grow(change->removed, change->n_removed,
					      sizeof(*change->removed));
		change->removed[change->n_removed++] = rule;
	}
}

/* first everything that goes: what comes may have the key of one of them */
bool ruleset_change(struct config *config, struct config *next, struct ruleset_change *change,
		    struct errors *errors)
{
	const struct net_compiled *old = config->compiled, *new = next->compiled;
	unsigned int n_before = errors->n_total;
	struct ruleset *ruleset = config->ruleset;
	struct loader loader;

	*change = (struct ruleset_change){ 0 };
	for (size_t i = 0, j = 0; i < old->n_units; i++) {
		while (j < new->n_units && net_unit_cmp(new->units[j], old->units[i]) < 0)
			j++;
		if (j == new->n_units || new->units[j] != old->units[i])
			remove_unit(ruleset, old->units[i], change);
	}
	loader_open(&loader, next, ruleset, errors);
	for (size_t i = 0, j = 0; j < new->n_units; j++) {
		while (i < old->n_units && net_unit_cmp(old->units[i], new->units[j]) < 0)
			i++;
		if (i == old->n_units || new->units[j] != old->units[i])
			load_unit(&loader, new->units[j], change);
	}
	loader_close(&loader);
	if (errors->n_total == n_before)
		return true;
	ruleset_change_undo(config, change);
	return false;
}

static void change_clear(struct ruleset_change *change)
{
	free(change->removed);
	free(change->added);
	*change = (struct ruleset_change){ 0 };
}

void ruleset_change_end(struct config *config, struct config *next, struct ruleset_change *change)
{
	next->ruleset = config->ruleset;
	config->ruleset = NULL;
	for (size_t i = 0; i < next->n_tables; i++)
		next->ruleset->misses[next->tables[i].id].where = next->tables[i].where;
	for (size_t i = 0; i < change->n_removed; i++)
		free(change->removed[i]);
	change_clear(change);
}

void ruleset_change_undo(struct config *config, struct ruleset_change *change)
{
	for (size_t i = 0; i < change->n_added; i++) {
		withdraw_rule(config->ruleset, change->added[i]);
		free(change->added[i]);
	}
	for (size_t i = 0; i < change->n_removed; i++)
		insert_rule(config->ruleset, change->removed[i]);
	change_clear(change);
}

void ruleset_free(struct ruleset *ruleset)
{
	if (!ruleset)
		return;
	for (size_t i = 0; i < ruleset->n_rules; i++) {
		if (!ruleset->rules[i]->borrowed)
			weft_flow_free(&ruleset->rules[i]->flow);
		free(ruleset->rules[i]);
	}
	for (size_t i = 0; i < ruleset->n_files; i++)
		free(ruleset->files[i]);
	for (unsigned int i = 0; i < WEFT_N_TABLES; i++) {
		weft_actions_free(&ruleset->misses[i].actions);
		free(ruleset->misses[i].ports);
	}
	map_clear(&ruleset->by_key);
	free(ruleset->rules);
	free(ruleset->files);
	free(ruleset);
}
