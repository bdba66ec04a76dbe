/* SPDX-License-Identifier: Apache-2.0 */
/* actual.h - what the kernel has: a datapath and what is in it, and the links. */
#ifndef WEFTD_ACTUAL_H
#define WEFTD_ACTUAL_H

#include <weft/weft.h>

#include "link.h"

struct actual {
	bool has_dp; /* without it, the rest is empty, links excepted */
	struct weft_dp dp;
	struct weft_port *ports;
	size_t n_ports;
	struct weft_table *tables;
	size_t n_tables;
	struct weft_flow *flows;
	size_t n_flows;
	struct weft_pool *pools;
	size_t n_pools;
	struct weft_template *templates;
	size_t n_templates;
	struct weft_label *labels; /* by rising number */
	size_t n_labels;
	struct links links;
};

/*
 * actual_read: the links, and of datapath dp all, or all but tables and flow entries.
 * 0 or -errno; -EAGAIN when the datapath changed all the time. sock may be NULL: no datapath.
 */
int actual_read(struct actual *actual, struct weft_sock *sock, struct link_sock *link_sock,
		const char *dp, bool with_flows);
void actual_free(struct actual *actual);

#endif
