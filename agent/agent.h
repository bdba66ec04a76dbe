/* SPDX-License-Identifier: Apache-2.0 */
/* agent.h - the life of weftd: load, apply, watch, repair, reload. */
#ifndef WEFTD_AGENT_H
#define WEFTD_AGENT_H

#include <stdbool.h>

#include "load.h"

struct agent_options {
	struct source source;
	const char *ctl_socket; /* NULL: agent_ctl_path() of the datapath */
	const char *netns;	/* only for that path */
	bool modprobe;
	bool flush_on_exit;
	bool once;
};

/* exit statuses */
enum agent_exit {
	AGENT_OK = 0,
	AGENT_FAILED = 1,
	AGENT_BAD_CONFIG = 2,
};

enum agent_exit agent_run(const struct agent_options *options);
enum agent_exit agent_check(const struct agent_options *options);
enum agent_exit agent_dry_run(const struct agent_options *options);

/* agent_ctl_path: where the agent of a datapath has its socket; to be freed */
char *agent_ctl_path(const char *dp, const char *netns);

#endif
