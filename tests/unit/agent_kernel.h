/* SPDX-License-Identifier: Apache-2.0 */
/* agent_kernel.h - a kernel that is an array of flow entries, for the tests of plans. */
#ifndef AGENT_KERNEL_H
#define AGENT_KERNEL_H

#include "actual.h"
#include "agent_test.h"
#include "binding.h"
#include "plan.h"
#include "ruleset.h"

/* what the kernel would have after a configuration was applied: all its rules */
static inline struct actual kernel_of(const struct config *config)
{
	const struct ruleset *ruleset = config->ruleset;
	struct actual actual = { .has_dp = true };

	actual.flows = memory_zalloc((ruleset->n_rules + 1) * sizeof(*actual.flows));
	for (size_t i = 0; i < ruleset->n_rules; i++)
		weft_flow_copy(&actual.flows[actual.n_flows++], &ruleset->rules[i]->flow);
	actual.tables = memory_zalloc(WEFT_N_TABLES * sizeof(*actual.tables));
	for (unsigned int id = 0; id < WEFT_N_TABLES; id++) {
		if (!ruleset->misses[id].wanted)
			continue;
		weft_table_init(&actual.tables[actual.n_tables]);
		actual.tables[actual.n_tables].id = id;
		weft_actions_copy(&actual.tables[actual.n_tables++].miss,
				  &ruleset->misses[id].actions);
	}
	return actual;
}

static inline void kernel_free(struct actual *actual)
{
	for (size_t i = 0; i < actual->n_flows; i++)
		weft_flow_free(&actual->flows[i]);
	for (size_t i = 0; i < actual->n_tables; i++)
		weft_table_free(&actual->tables[i]);
	for (size_t i = 0; i < actual->n_ports; i++)
		weft_port_free(&actual->ports[i]);
	free(actual->flows);
	free(actual->tables);
	free(actual->ports);
	free(actual->links.v);
}

/* carry a plan out on a kernel that is an array */
static inline void kernel_apply(struct actual *actual, const struct plan *plan)
{
	size_t room = actual->n_flows + plan->n_flows_add;
	struct weft_flow *flows = memory_zalloc((room + 1) * sizeof(*flows));
	size_t n = 0;

	for (size_t i = 0; i < actual->n_flows; i++) {
		const struct weft_flow *flow = &actual->flows[i];
		bool gone = false;

		for (size_t j = 0; j < plan->n_flows_del; j++)
			gone = gone || plan->flows_del[j] == flow;
		for (size_t j = 0; j < plan->n_flows_set; j++) {
			if (weft_flow_same_key(&plan->flows_set[j]->flow, flow))
				flow = &plan->flows_set[j]->flow;
		}
		if (!gone)
			weft_flow_copy(&flows[n++], flow);
	}
	for (size_t i = 0; i < plan->n_flows_add; i++) {
		for (size_t j = 0; j < n; j++)
			assert_false(weft_flow_same_key(&flows[j], &plan->flows_add[i]->flow));
		weft_flow_copy(&flows[n++], &plan->flows_add[i]->flow);
	}
	for (size_t i = 0; i < actual->n_flows; i++)
		weft_flow_free(&actual->flows[i]);
	free(actual->flows);
	actual->flows = flows;
	actual->n_flows = n;
}

static inline struct binding *bindings_with(const struct config *config, bool present)
{
	struct binding *bindings = memory_zalloc(config->n_ports * sizeof(*bindings));

	for (size_t i = 0; i < config->n_ports; i++)
		bindings[i].present = present;
	return bindings;
}

static inline struct plan flow_plan(const struct config *config, const struct actual *actual,
				    bool present)
{
	struct binding *bindings = bindings_with(config, present);
	struct plan plan = { 0 };

	plan_flows(&plan, config, bindings, actual);
	free(bindings);
	return plan;
}

#endif
