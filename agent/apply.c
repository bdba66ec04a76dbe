// SPDX-License-Identifier: Apache-2.0
/*
 * apply.c - the order in which a plan is carried out.
 *
 * Devices of tunnels, ports, devices of internal ports, pools, templates; then all flow entries
 * and table-miss actions in one transaction; last what nobody wants any more. A port
 * that the kernel refuses does not stop the rest: it counts as not present, so the entries that
 * speak of it are held back. A transaction that is refused stops everything behind it.
 *
 * Being killed anywhere in between is harmless: the next run finds what is done and does what
 * is not.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "actual.h"
#include "apply.h"
#include "apply_templates.h"
#include "binding.h"
#include "config.h"
#include "device.h"
#include "log.h"
#include "memory.h"
#include "plan.h"
#include "ruleset.h"

struct run {
	const struct config *config;
	const struct apply_change *change; /* NULL: anything may be different */
	struct weft_sock *sock;
	struct link_sock *link_sock;
	struct outcome *outcome;
	struct actual actual;
	struct binding *bindings;
	struct plan plan;
	struct device_work devices;
};

static void fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct run *run, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = memory_vprintf(format, ap);
	va_end(ap);
	log_error("%s", text);
	if (run->outcome->ok)
		snprintf(run->outcome->error, sizeof(run->outcome->error), "%s", text);
	run->outcome->ok = false;
	free(text);
}

/* the kernel's words when it had some */
static const char *reason(const struct weft_sock *sock, int result)
{
	const char *text = weft_sock_error(sock);

	return *text ? text : strerror(-result);
}

static bool read_actual(struct run *run)
{
	int result;

	if (run->change) {
		run->actual = *run->change->actual;
		*run->change->actual = (struct actual){ 0 };
		return true;
	}
	result = actual_read(&run->actual, run->sock, run->link_sock, run->config->datapath, true);
	if (!result)
		return true;
	run->outcome->lost = true;
	fail(run, "cannot read datapath %s: %s", run->config->datapath, strerror(-result));
	return false;
}

static bool apply_dp(struct run *run)
{
	const char *where;
	struct weft_dp dp;
	int result;

	plan_dp(&run->plan, run->config, &run->actual);
	if (!run->plan.dp_new && !run->plan.dp_set)
		return true;
	weft_dp_init(&dp);
	snprintf(dp.name, sizeof(dp.name), "%s", run->config->datapath);
	weft_mark(&dp, WEFT_DP_A_NAME);
	if (run->config->max_flows) {
		dp.max_flows = run->config->max_flows;
		weft_mark(&dp, WEFT_DP_A_MAX_FLOWS);
	}
	if (run->config->has_max_cached) {
		dp.max_cached = run->config->max_cached;
		weft_mark(&dp, WEFT_DP_A_MAX_CACHED);
	}
	result = run->plan.dp_new ? weft_dp_new(run->sock, &dp) : weft_dp_set(run->sock, &dp);
	weft_dp_free(&dp);
	if (!result || (run->plan.dp_new && result == -EEXIST))
		return true;
	if (run->plan.dp_new)
		where = "$.datapath";
	else if (run->plan.dp_set & 1u << WEFT_DP_A_MAX_FLOWS)
		where = "$.max_flows";
	else
		where = "$.max_cached";
	fail(run, "%s: %s: cannot %s datapath %s: %s", run->config->file, where,
	     run->plan.dp_new ? "create" : "change", run->config->datapath,
	     reason(run->sock, result));
	return false;
}

static void port_fails(struct run *run, const struct port *port, const char *what, int result)
{
	struct binding *binding = &run->bindings[port->index];

	fail(run, "%s: %s: cannot %s port %s: %s", run->config->file, port->where, what, port->name,
	     reason(run->sock, result));
	snprintf(binding->why, sizeof(binding->why), "%s", reason(run->sock, result));
}

static void remove_ports(struct run *run, const struct plan_ports *ports)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct weft_port *have = ports->v[i].have;
		int result = weft_port_del(run->sock, run->config->datapath, have->id);

		if (!result)
			log_info("- port %u (%s)", have->id, have->name);
		if (!result)
			run->outcome->n_ports_removed++;
		else if (result != -ENOENT && result != -ENODEV)
			fail(run, "cannot remove port %u (%s): %s", have->id, have->name,
			     reason(run->sock, result));
	}
}

static void add_port(struct run *run, const struct port *port)
{
	const struct link *link = run->bindings[port->index].link;
	struct weft_port new;
	int result;

	plan_kernel_port(port, link ? link->name : port->device, &new);
	result = weft_port_new(run->sock, run->config->datapath, &new, NULL);
	weft_port_free(&new);
	if (result) {
		port_fails(run, port, "add", result);
		run->bindings[port->index].present = false;
		return;
	}
	log_info("+ port %u %s", port->id, port->name);
	run->outcome->n_ports_added++;
	run->outcome->n_monitored_added += port->monitor != NULL;
}

static void change_port(struct run *run, const struct plan_port *change)
{
	struct weft_port set;
	int result;

	plan_kernel_port(change->want, change->have->name, &set);
	set.present = change->changes | 1u << WEFT_PORT_A_ID;
	result = weft_port_set(run->sock, run->config->datapath, &set);
	weft_port_free(&set);
	if (result) {
		port_fails(run, change->want, "change", result);
		return;
	}
	log_info("~ port %u %s", change->want->id, change->want->name);
	run->outcome->n_ports_changed++;
}

static void apply_ports(struct run *run)
{
	plan_ports(&run->plan, run->config, run->bindings, &run->actual);
	remove_ports(run, &run->plan.ports_blocking);
	for (size_t i = 0; i < run->plan.ports_new.n; i++)
		add_port(run, run->plan.ports_new.v[i].want);
	for (size_t i = 0; i < run->plan.ports_set.n; i++)
		change_port(run, &run->plan.ports_set.v[i]);
}

/* the device of a new internal port was not there when the links were read */
static bool has_new_device(const struct plan *plan)
{
	for (size_t i = 0; i < plan->ports_new.n; i++) {
		if (plan->ports_new.v[i].want->type == WEFT_PORT_TYPE_INTERNAL)
			return true;
	}
	return false;
}

static void settle_devices(struct run *run)
{
	struct links links;
	int result;

	if (!has_new_device(&run->plan)) {
		device_settle(&run->devices, run->config, run->bindings, &run->actual.links);
		return;
	}
	result = links_list(run->link_sock, &links);
	if (result) {
		fail(run, "cannot list devices: %s", strerror(-result));
		return;
	}
	device_settle(&run->devices, run->config, run->bindings, &links);
	links_free(&links);
}

/*
 * Operations go in as: removed, changed, added, table misses; a refusal names the nth. What has a
 * timeout may be gone by now: then there is nothing to remove, and what was to be changed is new.
 */
static int send_flows(struct run *run, struct weft_txn *txn)
{
	const struct plan *plan = &run->plan;
	int result = 0;

	for (size_t i = 0; !result && i < plan->n_flows_del; i++)
		result = weft_txn_flow_del(txn, plan->flows_del[i], true);
	for (size_t i = 0; !result && i < plan->n_flows_set; i++) {
		struct weft_flow flow = plan->flows_set[i]->flow;

		/* what the file does not say is to be as if it were new */
		weft_mark(&flow, WEFT_FLOW_A_ACTIONS);
		weft_mark(&flow, WEFT_FLOW_A_COOKIE);
		weft_mark(&flow, WEFT_FLOW_A_IDLE_TIMEOUT);
		weft_mark(&flow, WEFT_FLOW_A_HARD_TIMEOUT);
		result = plan->flows_set[i]->expires ? weft_txn_flow_add(txn, &flow, true) :
						       weft_txn_flow_set(txn, &flow);
	}
	for (size_t i = 0; !result && i < plan->n_flows_add; i++)
		result = weft_txn_flow_add(txn, &plan->flows_add[i]->flow, false);
	for (size_t i = 0; !result && i < plan->n_tables_set; i++) {
		struct weft_table table;

		weft_table_init(&table);
		table.id = plan->tables_set[i].id;
		weft_mark(&table, WEFT_TABLE_A_ID);
		table.miss = *plan->tables_set[i].miss; /* lent */
		weft_mark(&table, WEFT_TABLE_A_MISS);
		result = weft_txn_table_set(txn, &table);
	}
	return result;
}

/* "$.flows[3]: table=0, ip actions=…" of an operation that was refused */
static char *describe_op(const struct run *run, long op)
{
	const struct plan *plan = &run->plan;
	struct weft_names names = ruleset_names(run->config);
	const struct rule *rule = NULL;
	char *text, *where, *all;
	size_t i = op;

	if (op < 0)
		return NULL;
	if (i < plan->n_flows_del) {
		text = weft_flow_format(plan->flows_del[i], &names, WEFT_FMT_KEY);
		all = memory_printf("cannot remove %s", text ? text : "a flow entry");
		free(text);
		return all;
	}
	i -= plan->n_flows_del;
	if (i < plan->n_flows_set)
		rule = plan->flows_set[i];
	i -= plan->n_flows_set;
	if (!rule && i < plan->n_flows_add)
		rule = plan->flows_add[i];
	i -= plan->n_flows_add;
	if (!rule && i < plan->n_tables_set)
		return memory_printf("%s.miss", plan->tables_set[i].where ?
							plan->tables_set[i].where :
							"$.tables");
	if (!rule)
		return NULL;
	where = ruleset_where(rule);
	text = weft_flow_format(&rule->flow, &names, 0);
	all = memory_printf("%s: %s", where, text ? text : "");
	free(where);
	free(text);
	return all;
}

static bool apply_flows(struct run *run)
{
	struct weft_txn_result committed = { 0 };
	const struct plan *plan = &run->plan;
	char *what, *why = NULL;
	struct weft_txn *txn;
	long failed_op;
	int result;

	if (run->change) {
		run->plan.n_flows_held = run->change->n_flows_held;
		plan_flows_change(&run->plan, run->config, run->bindings, run->change->rules);
	} else
		plan_flows(&run->plan, run->config, run->bindings, &run->actual);
	run->outcome->n_flows_held = plan->n_flows_held;
	run->outcome->n_flows = run->config->ruleset->n_rules - plan->n_flows_held;
	if (!plan_n_flow_ops(plan))
		return true;
	result = weft_txn_begin(run->sock, run->config->datapath, &txn);
	if (result) {
		fail(run, "cannot begin a transaction: %s", reason(run->sock, result));
		return false;
	}
	result = send_flows(run, txn);
	if (result) {
		failed_op = weft_txn_failed_op(txn);
		why = memory_strdup(reason(run->sock, result));
		weft_txn_abort(txn);
	} else {
		result = weft_txn_commit(txn, &committed);
		failed_op = weft_sock_failed_op(run->sock);
	}
	if (result) {
		what = describe_op(run, failed_op);
		fail(run, "%s: %s%s%s (no flow entry was changed)", run->config->file,
		     what ? what : "", what ? ": " : "", why ? why : reason(run->sock, result));
		free(what);
		free(why);
		return false;
	}
	for (size_t i = 0; i < plan->n_flows_add; i++)
		plan->flows_add[i]->applied = true;
	run->outcome->n_flows_added = plan->n_flows_add;
	run->outcome->n_flows_changed = plan->n_flows_set;
	run->outcome->n_flows_removed = plan->n_flows_del;
	run->outcome->n_tables_changed = plan->n_tables_set;
	log_debug("version %llu", (unsigned long long)committed.version);
	return true;
}

/* tunnels first, and then the links again when there are new ones */
static bool apply_tunnels(struct run *run)
{
	device_make_tunnels(&run->devices, run->config, &run->actual.links);
	if (run->devices.n_changes) {
		int result;

		links_free(&run->actual.links);
		result = links_list(run->link_sock, &run->actual.links);
		if (result) {
			fail(run, "cannot list devices: %s", strerror(-result));
			return false;
		}
	}
	run->bindings = binding_resolve(run->config, &run->actual);
	/* a tunnel that could not be made, all the same */
	for (size_t i = 0; i < run->config->n_ports; i++) {
		struct binding *binding = &run->bindings[i];

		if (run->config->ports[i].tunnel && !binding->link) {
			binding->present = false;
			snprintf(binding->why, sizeof(binding->why), "no device %s",
				 run->config->ports[i].device);
		}
	}
	return true;
}

static bool apply_labels(struct run *run)
{
	char *error;

	labels_plan(&run->plan.labels, run->config, run->actual.labels, run->actual.n_labels);
	error = labels_apply(run->sock, run->config->datapath, &run->plan.labels,
			     &run->outcome->n_labels_changed);
	if (!error)
		return true;
	fail(run, "%s: $.labels: %s", run->config->file, error);
	free(error);
	return false;
}

static bool apply_objects(struct run *run, bool add)
{
	struct outcome *outcome = run->outcome;
	const char *dp = run->config->datapath;
	char *error;

	if (add) {
		plan_objects(&run->plan, run->config, &run->actual);
		outcome->n_draining = run->plan.objects.n_draining;
		error = apply_templates_add(run->sock, dp, &run->plan.objects,
					    &outcome->n_objects_changed);
	} else
		error = apply_templates_remove(run->sock, dp, &run->plan.objects,
					       &outcome->n_objects_removed);
	if (add)
		outcome->has_objects = !error;
	if (!error)
		return true;
	fail(run, "%s: %s", run->config->file, error);
	free(error);
	return false;
}

static void keep_waiting(struct run *run)
{
	struct outcome *outcome = run->outcome;

	if (!run->bindings)
		return;
	outcome->n_ports = run->config->n_ports;
	outcome->waiting = memory_zalloc(outcome->n_ports * sizeof(*outcome->waiting));
	for (size_t i = 0; i < outcome->n_ports; i++) {
		if (run->bindings[i].present)
			continue;
		outcome->waiting[i] = memory_strdup(run->bindings[i].why);
		outcome->n_waiting++;
	}
}

void apply_run(const struct config *config, const struct apply_change *change,
	       struct weft_sock *sock, struct link_sock *link_sock, struct outcome *outcome)
{
	struct run run = {
		.config = config,
		.change = change,
		.sock = sock,
		.link_sock = link_sock,
		.outcome = outcome,
		.devices = { .sock = link_sock },
	};

	*outcome = (struct outcome){ .ok = true };
	if (!read_actual(&run))
		return;
	if (!apply_dp(&run) || !apply_tunnels(&run))
		goto out;
	apply_ports(&run);
	settle_devices(&run);
	if (apply_labels(&run) && apply_objects(&run, true) && apply_flows(&run)) {
		apply_objects(&run, false);
		remove_ports(&run, &run.plan.ports_del);
		device_remove_tunnels(&run.devices, config->datapath, config, &run.actual.links);
	}
	outcome->n_devices = run.devices.n_changes;
	if (run.devices.n_errors && outcome->ok) {
		outcome->ok = false;
		snprintf(outcome->error, sizeof(outcome->error), "%s", run.devices.error);
	}
	outcome->fingerprint = binding_fingerprint(config, &run.actual);
out:
	keep_waiting(&run);
	plan_free(&run.plan);
	free(run.bindings);
	actual_free(&run.actual);
}

int apply_show(const struct config *config, struct weft_sock *sock, struct link_sock *link_sock,
	       FILE *out)
{
	struct device_work devices = { .sock = link_sock, .dry = true, .out = out };
	struct plan plan = { 0 };
	struct binding *bindings;
	struct actual actual;
	int result;

	result = actual_read(&actual, sock, link_sock, config->datapath, true);
	if (result)
		return result;
	bindings = binding_resolve(config, &actual);
	device_make_tunnels(&devices, config, &actual.links);
	plan_dp(&plan, config, &actual);
	plan_ports(&plan, config, bindings, &actual);
	plan_objects(&plan, config, &actual);
	labels_plan(&plan.labels, config, actual.labels, actual.n_labels);
	plan_flows(&plan, config, bindings, &actual);
	plan_print(&plan, config, out);
	device_settle(&devices, config, bindings, &actual.links);
	device_remove_tunnels(&devices, config->datapath, config, &actual.links);
	for (size_t i = 0; i < config->n_ports; i++) {
		if (!bindings[i].present)
			fprintf(out, "# port %s waits: %s\n", config->ports[i].name,
				bindings[i].why);
	}
	if (plan_is_empty(&plan) && !devices.n_changes)
		fprintf(out, "# nothing to do\n");
	plan_free(&plan);
	free(bindings);
	actual_free(&actual);
	return 0;
}

int apply_flush(const char *dp, struct weft_sock *sock, struct link_sock *link_sock)
{
	struct device_work devices = { .sock = link_sock };
	struct links links;
	int result, devices_result;

	result = weft_dp_del(sock, dp);
	if (result == -ENOENT || result == -ENODEV)
		result = 0;
	if (result)
		log_error("cannot remove datapath %s: %s", dp, reason(sock, result));
	devices_result = links_list(link_sock, &links);
	if (devices_result)
		return devices_result;
	device_remove_tunnels(&devices, dp, NULL, &links);
	links_free(&links);
	return result ? result : devices.n_errors ? -EIO : 0;
}

bool outcome_changed(const struct outcome *outcome)
{
	return outcome_repaired(outcome) || outcome->n_objects_removed;
}

bool outcome_repaired(const struct outcome *outcome)
{
	return outcome->n_devices || outcome->n_ports_added || outcome->n_ports_changed ||
	       outcome->n_ports_removed || outcome->n_flows_added || outcome->n_flows_changed ||
	       outcome->n_flows_removed || outcome->n_tables_changed ||
	       outcome->n_objects_changed || outcome->n_labels_changed;
}

void outcome_free(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->n_ports; i++)
		free(outcome->waiting[i]);
	free(outcome->waiting);
	*outcome = (struct outcome){ 0 };
}
