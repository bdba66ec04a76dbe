/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.h - pools whose ranges are acquired: ask before they run out, give back what is idle.
 *
 * A range that was acquired is granted to the kernel's pool, and known to natd. When three
 * quarters of the pairs are in use another range is asked for; when one could be missed for long
 * enough, the last one is withdrawn, and released when no connection has anything of it. What a
 * daemon before this one acquired is found by the key.
 */
#ifndef WEFT_NAT_GRANTS_H
#define WEFT_NAT_GRANTS_H

#include <jansson.h>
#include <stdbool.h>

struct grants;
struct natd;
struct weft_sock;

struct grants *grants_new(const char *dp);
void grants_free(struct grants *grants);

/*
 * grants_configure: the section of natd is another one
 * @netns: name of the network namespace of the datapath, for the keys of ranges; NULL: none
 */
void grants_configure(struct grants *grants, const struct natd *natd, const char *netns);

/* grants_are_needed: does any pool have to be looked after? */
bool grants_are_needed(const struct grants *grants);

/*
 * grants_run: look after all pools, now and then. True: natd has new ranges, so that it has to learn
 * what is in use of them
 */
bool grants_run(struct grants *grants, const struct natd *natd, struct weft_sock *sock);

/* grants_status: a new reference */
json_t *grants_status(const struct grants *grants);

#endif
