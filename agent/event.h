/* SPDX-License-Identifier: Apache-2.0 */
/* event.h - what notifications of the kernel mean for weftd. */
#ifndef WEFTD_EVENT_H
#define WEFTD_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <weft/weft.h>

struct ruleset_change;

/* event_matters: may it be of a change, by whomever, to what weftd keeps in a datapath? */
bool event_matters(const struct weft_event *event, const char *dp);

/* what notifications a change of weftd's own can make */
struct event_own {
	const struct ruleset_change *rules;
	unsigned int n_ports; /* changes of ports */
	unsigned int n_commits;
};

/* event_is_own: is it one of these? Each is counted off. */
bool event_is_own(const struct weft_event *event, struct event_own *own);

#endif
