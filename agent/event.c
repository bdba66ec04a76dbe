// SPDX-License-Identifier: Apache-2.0
/* event.c - see event.h. */
#include <string.h>

#include "event.h"
#include "ruleset.h"

#define RULES_MAX 1000 /* to be looked through for each notification */

static const char *event_dp(const struct weft_event *event)
{
	switch (event->cmd) {
	case WEFT_CMD_DP_NEW:
	case WEFT_CMD_DP_DEL:
	case WEFT_CMD_DP_SET:
		return event->dp.name;
	case WEFT_CMD_PORT_NEW:
	case WEFT_CMD_PORT_DEL:
	case WEFT_CMD_PORT_SET:
		return event->port.dp;
	case WEFT_CMD_TABLE_SET:
		return event->table.dp;
	case WEFT_CMD_FLOW_NEW:
	case WEFT_CMD_FLOW_DEL:
	case WEFT_CMD_FLOW_SET:
		return event->flow.dp;
	case WEFT_CMD_TXN_COMMIT:
		return event->txn.dp;
	case WEFT_CMD_LABEL_NEW:
	case WEFT_CMD_LABEL_DEL:
		return event->label.dp;
	case WEFT_CMD_POOL_DEL:
		return event->pool.dp;
	case WEFT_CMD_TEMPLATE_DEL:
		return event->tmpl.dp;
	default:
		return NULL;
	}
}

bool event_matters(const struct weft_event *event, const char *dp)
{
	const char *of = event_dp(event);

	if (!of || strcmp(of, dp))
		return false;
	return event->cmd != WEFT_CMD_FLOW_DEL ||
	       (event->flow.reason != WEFT_REASON_IDLE && event->flow.reason != WEFT_REASON_HARD);
}

static bool is_of(struct rule *const *rules, size_t n, const struct weft_flow *flow)
{
	for (size_t i = 0; i < n; i++) {
		if (weft_flow_same_key(&rules[i]->flow, flow))
			return true;
	}
	return false;
}

bool event_is_own(const struct weft_event *event, struct event_own *own)
{
	const struct ruleset_change *rules = own->rules;

	switch (event->cmd) {
	case WEFT_CMD_FLOW_NEW:
	case WEFT_CMD_FLOW_DEL:
	case WEFT_CMD_FLOW_SET:
		return rules->n_added + rules->n_removed < RULES_MAX &&
		       (is_of(rules->added, rules->n_added, &event->flow) ||
			is_of(rules->removed, rules->n_removed, &event->flow));
	case WEFT_CMD_TXN_COMMIT:
		return own->n_commits && own->n_commits--;
	case WEFT_CMD_PORT_NEW:
	case WEFT_CMD_PORT_DEL:
	case WEFT_CMD_PORT_SET:
		return own->n_ports && own->n_ports--;
	default:
		return false;
	}
}
