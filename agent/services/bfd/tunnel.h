/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tunnel.h - one tunnel that is watched: a tunnel port, a remote, a session, a search for the MTU.
 *
 * Only bfdd.c and status.c look inside.
 */
#ifndef WEFT_SERVICES_BFD_TUNNEL_H
#define WEFT_SERVICES_BFD_TUNNEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "bfd/mtu.h"
#include "bfd/session.h"
#include "services/bfd/io.h"
#include "services/bfd/tunnels.h"

#define FALLBACKS_MAX 4

struct bfdd;
struct event;

/* another way to where the tunnel leads */
struct fallback {
	uint32_t port;
	struct address remote;
};

enum tunnel_state {
	TUNNEL_UNKNOWN, /* the session was not up yet, and there is still time */
	TUNNEL_UP,
	TUNNEL_DOWN,
	TUNNEL_UNWATCHED, /* the other side has stopped watching: that is no failure */
};

struct tunnel {
	struct bfdd *bfdd;
	uint32_t port;
	char device[16];
	char type[16];
	struct address remote;
	char *host; /* name of the remote */
	struct fallback fallbacks[FALLBACKS_MAX];
	unsigned int n_fallbacks;
	unsigned int probe_mtu_s; /* 0: do not */

	struct bfd_session session;
	struct mtu_search mtu;
	uint16_t source_port;
	enum tunnel_state state;
	uint64_t since_us;    /* of the state, CLOCK_MONOTONIC */
	uint64_t patience_us; /* when TUNNEL_UNKNOWN becomes TUNNEL_DOWN */
	uint64_t probe_us;    /* of the next search; UINT64_MAX: none */
	uint64_t n_flaps;
	bool told;   /* the kernel knows the state */
	int refused; /* what it said last, -errno; 0: it has taken it */
	bool wanted; /* by the configuration that is being read */
	struct event *timer;
};

struct bfdd {
	struct event_base *base;
	char *dp;
	const struct bfdd_calls *calls;
	struct bfd_io *io;
	struct tunnels tunnels;
	bool configured;
	uint64_t n_discarded[BFD_N_VERDICTS];
	struct event *sweep_timer; /* what could not be told to the kernel is tried again */
};

uint64_t bfdd_now_us(void);
const char *tunnel_state_name(enum tunnel_state state);

/*
 * tunnel_status: of one; tunnel_resume: what @known says of it, if it does.
 * status_known: that, of what bfdd_hand_over() gave, or NULL; a new reference
 */
json_t *tunnel_status(const struct tunnel *tunnel);
json_t *status_known(const json_t *handed_over);
bool tunnel_resume(struct tunnel *tunnel, const json_t *known);

/* status_partial: hosts that some of their tunnels reach, and others do not */
json_t *status_partial(const struct bfdd *bfdd);

#endif
