// SPDX-License-Identifier: Apache-2.0
/*
 * plan.c - desired minus actual.
 *
 * Pure: nothing is asked of the kernel here, and nothing is told to it. The cost is one hash
 * lookup for each flow entry of the kernel and one pass over those of the file.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "actual.h"
#include "binding.h"
#include "config.h"
#include "log.h"
#include "memory.h"
#include "plan.h"
#include "ruleset.h"

void plan_kernel_port(const struct port *port, const char *device, struct weft_port *out)
{
	weft_port_init(out);
	out->id = port->id;
	weft_mark(out, WEFT_PORT_A_ID);
	snprintf(out->name, sizeof(out->name), "%s", device);
	weft_mark(out, WEFT_PORT_A_NAME);
	out->type = port->type;
	weft_mark(out, WEFT_PORT_A_TYPE);
	out->port_class = port->port_class;
	weft_mark(out, WEFT_PORT_A_CLASS);
	if (port->vm) {
		snprintf(out->vm_id, sizeof(out->vm_id), "%s", port->vm);
		weft_mark(out, WEFT_PORT_A_VM_ID);
	}
	for (size_t i = 0; i < port->n_lports; i++)
		weft_port_add_lport(out, port->lports[i].ldp, port->lports[i].lport);
	for (size_t i = 0; i < port->n_remotes; i++)
		weft_port_add_remote(out, port->remotes[i].family == AF_INET6,
				     port->remotes[i].bytes);
	for (unsigned int i = 0; i < port->n_options; i++)
		weft_port_add_tun_opt(out, &port->options[i]);
	if (port->has_mac) {
		memcpy(out->mac, port->mac, sizeof(out->mac));
		weft_mark(out, WEFT_PORT_A_MAC);
	}
	out->mark_mask = port->has_mark ? port->mark : port_mark_bits(port);
	weft_mark(out, WEFT_PORT_A_MARK_MASK);
	if (port->mtu && port->type == WEFT_PORT_TYPE_INTERNAL) {
		out->mtu = port->mtu;
		weft_mark(out, WEFT_PORT_A_MTU);
	}
}

static uint32_t port_changes(const struct port *port, const struct weft_port *have)
{
	struct weft_port want;
	uint32_t changes;

	plan_kernel_port(port, have->name, &want);
	/* what the file does not list must go */
	weft_mark(&want, WEFT_PORT_A_VM_ID);
	weft_mark(&want, WEFT_PORT_A_LPORTS);
	if (port_is_tunnel(port))
		weft_mark(&want, WEFT_PORT_A_REMOTES);
	if (port->type == WEFT_PORT_TYPE_GENEVE)
		weft_mark(&want, WEFT_PORT_A_TUN_OPTS);
	changes = weft_port_diff(&want, have);
	weft_port_free(&want);
	return changes;
}

static void add_port(struct plan_ports *ports, const struct port *want,
		     const struct weft_port *have, uint32_t changes)
{
	ports->v = memory_grow(ports->v, ports->n, sizeof(*ports->v));
	ports->v[ports->n++] = (struct plan_port){
		.want = want,
		.have = have,
		.changes = changes,
	};
}

void plan_dp(struct plan *plan, const struct config *config, const struct actual *actual)
{
	plan->dp_new = !actual->has_dp;
	plan->dp_set = 0;
	if (!actual->has_dp)
		return;
	if (config->max_flows && actual->dp.max_flows != config->max_flows)
		plan->dp_set |= 1u << WEFT_DP_A_MAX_FLOWS;
	if (config->has_max_cached && actual->dp.max_cached != config->max_cached)
		plan->dp_set |= 1u << WEFT_DP_A_MAX_CACHED;
}

/* does a port of the kernel stand in the way of ports that are to be made? */
static bool is_blocking(const struct plan *plan, const struct binding *bindings,
			const uint8_t *new_ids, const struct weft_port *have)
{
	if (have->id <= WEFT_PORT_ID_MAX && new_ids[have->id])
		return true;
	for (size_t i = 0; i < plan->ports_new.n; i++) {
		const struct port *want = plan->ports_new.v[i].want;
		const struct link *link = bindings[want->index].link;

		if (have == bindings[want->index].port ||
		    (link && !weft_has(have, WEFT_PORT_A_NETNSID) &&
		     link->ifindex == have->ifindex) ||
		    (want->device && !strcmp(want->device, have->name)))
			return true;
	}
	return false;
}

void plan_ports(struct plan *plan, const struct config *config, const struct binding *bindings,
		const struct actual *actual)
{
	uint8_t *kept = memory_zalloc(actual->n_ports);
	uint8_t *new_ids = memory_zalloc(WEFT_PORT_ID_MAX + 1);

	for (size_t i = 0; i < config->n_ports; i++) {
		const struct port *port = &config->ports[i];
		const struct weft_port *have = bindings[i].port;
		uint32_t changes;

		if (!bindings[i].present)
			continue;
		if (!have || have->id != port->id || have->type != port->type) {
			add_port(&plan->ports_new, port, NULL, 0);
			new_ids[port->id] = 1;
			continue;
		}
		kept[have - actual->ports] = 1;
		changes = port_changes(port, have);
		if (changes)
			add_port(&plan->ports_set, port, have, changes);
	}
	for (size_t i = 0; i < actual->n_ports; i++) {
		const struct weft_port *have = &actual->ports[i];

		if (kept[i])
			continue;
		if (is_blocking(plan, bindings, new_ids, have))
			add_port(&plan->ports_blocking, NULL, have, 0);
		else
			add_port(&plan->ports_del, NULL, have, 0);
	}
	free(kept);
	free(new_ids);
}

/* by the id of a port; to be freed */
static bool *note_present(const struct config *config, const struct binding *bindings)
{
	bool *present = memory_zalloc((WEFT_PORT_ID_MAX + 1) * sizeof(*present));

	for (size_t i = 0; i < config->n_ports; i++)
		present[config->ports[i].id] = bindings[i].present;
	return present;
}

static bool are_present(const bool *present, const uint32_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!present[ids[i]])
			return false;
	}
	return true;
}

static bool is_whole(const bool *present, const struct rule *rule)
{
	return are_present(present, rule->ports, rule->n_ports);
}

static bool has_timeouts(const struct weft_flow *flow)
{
	return flow->idle_timeout_ms || flow->hard_timeout_ms;
}

static bool miss_is(const struct weft_actions *a, const struct weft_actions *b)
{
	if (!a->n || !b->n)
		return a->n == b->n;
	return weft_actions_equal(a, b);
}

static void plan_tables(struct plan *plan, const struct ruleset *ruleset, const bool *present,
			const struct actual *actual)
{
	static const struct weft_actions none;
	const struct weft_actions *have[WEFT_N_TABLES];

	for (unsigned int id = 0; id < WEFT_N_TABLES; id++)
		have[id] = &none;
	for (size_t i = 0; i < actual->n_tables; i++)
		have[actual->tables[i].id] = &actual->tables[i].miss;
	for (unsigned int id = 0; id < WEFT_N_TABLES; id++) {
		const struct miss *miss = &ruleset->misses[id];
		const struct weft_actions *want = &none;

		if (miss->wanted && are_present(present, miss->ports, miss->n_ports))
			want = &miss->actions;
		if (miss_is(want, have[id]))
			continue;
		plan->tables_set = memory_grow(plan->tables_set, plan->n_tables_set,
					       sizeof(*plan->tables_set));
		plan->tables_set[plan->n_tables_set++] = (struct plan_table){
			.id = id,
			.miss = want,
			.where = miss->where,
		};
	}
}

static void add_rule(struct rule ***rules, size_t *n, struct rule *rule)
{
	*rules = memory_grow(*rules, *n, sizeof(**rules));
	(*rules)[(*n)++] = rule;
}

static void delete_flow(struct plan *plan, const struct weft_flow *flow)
{
	plan->flows_del = memory_grow(plan->flows_del, plan->n_flows_del, sizeof(*plan->flows_del));
	plan->flows_del[plan->n_flows_del++] = flow;
}

void plan_flows(struct plan *plan, const struct config *config, const struct binding *bindings,
		const struct actual *actual)
{
	const struct ruleset *ruleset = config->ruleset;
	bool *present = note_present(config, bindings);

	for (size_t i = 0; i < ruleset->n_rules; i++)
		ruleset->rules[i]->seen = false;
	for (size_t i = 0; i < actual->n_flows; i++) {
		const struct weft_flow *have = &actual->flows[i];
		struct rule *rule = ruleset_find(ruleset, have);

		if (!rule || !is_whole(present, rule)) {
			delete_flow(plan, have);
			continue;
		}
		rule->seen = true;
		rule->applied = true;
		rule->expires = has_timeouts(have);
		if (!weft_flow_equal(&rule->flow, have))
			add_rule(&plan->flows_set, &plan->n_flows_set, rule);
	}
	for (size_t i = 0; i < ruleset->n_rules; i++) {
		struct rule *rule = ruleset->rules[i];

		if (rule->seen)
			continue;
		if (!is_whole(present, rule)) {
			plan->n_flows_held++;
			rule->applied = false;
		} else if (!rule->applied || !has_timeouts(&rule->flow))
			add_rule(&plan->flows_add, &plan->n_flows_add, rule);
	}
	plan_tables(plan, ruleset, present, actual);
	free(present);
}

static bool rule_has_key(const void *item, const void *flow)
{
	return weft_flow_same_key(&((const struct rule *)item)->flow, flow);
}

void plan_flows_change(struct plan *plan, const struct config *config,
		       const struct binding *bindings, const struct ruleset_change *change)
{
	bool *present = note_present(config, bindings);
	struct map removed = { 0 };

	for (size_t i = 0; i < change->n_removed; i++) {
		struct rule *rule = change->removed[i];

		rule->seen = false;
		plan->n_flows_held -= !rule->applied;
		map_add(&removed, weft_flow_key_hash(&rule->flow), rule);
	}
	for (size_t i = 0; i < change->n_added; i++) {
		struct rule *rule = change->added[i];
		struct rule *old = map_find(&removed, weft_flow_key_hash(&rule->flow), rule_has_key,
					    &rule->flow);

		rule->applied = false;
		if (!is_whole(present, rule)) {
			plan->n_flows_held++;
			continue;
		}
		if (!old || !old->applied) {
			add_rule(&plan->flows_add, &plan->n_flows_add, rule);
			continue;
		}
		old->seen = true;
		rule->applied = true;
		if (!weft_flow_equal(&rule->flow, &old->flow))
			add_rule(&plan->flows_set, &plan->n_flows_set, rule);
	}
	for (size_t i = 0; i < change->n_removed; i++) {
		if (change->removed[i]->applied && !change->removed[i]->seen)
			delete_flow(plan, &change->removed[i]->flow);
	}
	map_clear(&removed);
	free(present);
}

void plan_clear_flows(struct plan *plan)
{
	free(plan->flows_add);
	free(plan->flows_set);
	free(plan->flows_del);
	free(plan->tables_set);
	plan->flows_add = NULL;
	plan->flows_set = NULL;
	plan->flows_del = NULL;
	plan->tables_set = NULL;
	plan->n_flows_add = 0;
	plan->n_flows_set = 0;
	plan->n_flows_del = 0;
	plan->n_tables_set = 0;
	plan->n_flows_held = 0;
}

void plan_free(struct plan *plan)
{
	plan_clear_flows(plan);
	free(plan->ports_blocking.v);
	free(plan->ports_new.v);
	free(plan->ports_set.v);
	free(plan->ports_del.v);
	plan_objects_free(&plan->objects);
	labels_free(&plan->labels);
	*plan = (struct plan){ 0 };
}

size_t plan_n_flow_ops(const struct plan *plan)
{
	return plan->n_flows_add + plan->n_flows_set + plan->n_flows_del + plan->n_tables_set;
}

bool plan_is_empty(const struct plan *plan)
{
	return !plan->dp_new && !plan->dp_set && !plan->ports_blocking.n && !plan->ports_new.n &&
	       !plan->ports_set.n && !plan->ports_del.n && !plan_n_flow_ops(plan) &&
	       !plan->labels.n_add && !plan->labels.n_del && plan_objects_is_empty(&plan->objects);
}

static void print_ports(const struct plan_ports *ports, char sign, FILE *out)
{
	static const struct {
		enum weft_port_attr attr;
		const char *name;
	} changes[] = {
		{ WEFT_PORT_A_CLASS, "class" },	     { WEFT_PORT_A_VM_ID, "vm" },
		{ WEFT_PORT_A_LPORTS, "lports" },    { WEFT_PORT_A_REMOTES, "remotes" },
		{ WEFT_PORT_A_TUN_OPTS, "options" }, { WEFT_PORT_A_MARK_MASK, "mark" },
	};

	for (size_t i = 0; i < ports->n; i++) {
		const struct plan_port *port = &ports->v[i];

		if (!port->want) {
			fprintf(out, "%c port %u (%s)\n", sign, port->have->id, port->have->name);
			continue;
		}
		fprintf(out, "%c port %u %s", sign, port->want->id, port->want->name);
		if (!port->have)
			fprintf(out, " type %s class %s", config_port_types[port->want->type],
				config_port_classes[port->want->port_class]);
		for (size_t j = 0; port->have && j < sizeof(changes) / sizeof(*changes); j++) {
			if (port->changes & 1u << changes[j].attr)
				fprintf(out, " %s", changes[j].name);
		}
		fputc('\n', out);
	}
}

static void print_flow(const struct weft_flow *flow, char sign, const struct weft_names *names,
		       unsigned int flags, FILE *out)
{
	char *text = weft_flow_format(flow, names, flags);

	fprintf(out, "%c flow %s\n", sign, text ? text : "?");
	free(text);
}

static void print_limits(const struct plan *plan, const struct config *config, FILE *out)
{
	fprintf(out, "~ datapath %s", config->datapath);
	if (plan->dp_set & 1u << WEFT_DP_A_MAX_FLOWS)
		fprintf(out, " max_flows %u", config->max_flows);
	if (plan->dp_set & 1u << WEFT_DP_A_MAX_CACHED)
		fprintf(out, " max_cached %u", config->max_cached);
	fputc('\n', out);
}

void plan_print(const struct plan *plan, const struct config *config, FILE *out)
{
	struct weft_names names = ruleset_names(config);

	if (plan->dp_new)
		fprintf(out, "+ datapath %s\n", config->datapath);
	if (plan->dp_set)
		print_limits(plan, config, out);
	print_ports(&plan->ports_blocking, '-', out);
	print_ports(&plan->ports_new, '+', out);
	print_ports(&plan->ports_set, '~', out);
	labels_print(&plan->labels, out);
	plan_objects_print(plan, out);
	for (size_t i = 0; i < plan->n_flows_del; i++)
		print_flow(plan->flows_del[i], '-', &names, WEFT_FMT_KEY, out);
	for (size_t i = 0; i < plan->n_flows_set; i++)
		print_flow(&plan->flows_set[i]->flow, '~', &names, 0, out);
	for (size_t i = 0; i < plan->n_flows_add; i++)
		print_flow(&plan->flows_add[i]->flow, '+', &names, 0, out);
	for (size_t i = 0; i < plan->n_tables_set; i++) {
		const struct plan_table *table = &plan->tables_set[i];
		char *text = weft_actions_format(table->miss, &names, 0);

		fprintf(out, "~ table %u miss %s\n", table->id,
			!table->miss->n ? "none" :
			text		? text :
					  "?");
		free(text);
	}
	print_ports(&plan->ports_del, '-', out);
	if (plan->n_flows_held)
		fprintf(out, "# %zu flow entries wait for their ports\n", plan->n_flows_held);
}
