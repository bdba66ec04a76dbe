/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bfdd.h - which tunnels are watched, how they are, and what is done about it.
 *
 * One session for each remote of each tunnel port that weftd names. A session that is down makes
 * its tunnel down in the kernel, which sends what is meant for it another way.
 */
#ifndef WEFT_SERVICES_BFD_BFDD_H
#define WEFT_SERVICES_BFD_BFDD_H

#include <jansson.h>
#include <stdbool.h>

struct bfdd;
struct event_base;

struct bfdd_calls {
	/* at work; or the kernel has no such datapath now */
	void (*state)(void *ctx, bool ok, const char *why);
	void *ctx;
};

struct bfdd *bfdd_new(struct event_base *base, const char *dp, const struct bfdd_calls *calls);

/*
 * bfdd_configure: what weftd says; NULL, or what is wrong with it, to be freed. Sessions that are
 * wanted as before go on. @resumed: what another bfdd knew, or NULL
 */
char *bfdd_configure(struct bfdd *bfdd, const json_t *config, const json_t *resumed);
bool bfdd_is_configured(const struct bfdd *bfdd);

/* bfdd_status: everything, a new reference; bfdd_hand_over: the same for the next one, and silence */
json_t *bfdd_status(struct bfdd *bfdd);
json_t *bfdd_hand_over(struct bfdd *bfdd);

/* bfdd_probe: look for MTUs now */
void bfdd_probe(struct bfdd *bfdd);

/* bfdd_leave: tell the others that this is no failure, and watch nothing any more */
void bfdd_leave(struct bfdd *bfdd);
void bfdd_free(struct bfdd *bfdd);

#endif
