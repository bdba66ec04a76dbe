/* SPDX-License-Identifier: Apache-2.0 */
/*
 * announce.h - who takes over a router says so outside: by gratuitous ARP and unsolicited neighbour
 * advertisements for its addresses there, and for those that it translates.
 *
 * The MAC address stays that of the router, whichever host does its work. So this is for the
 * switches outside, which have to learn where it is now, and for neighbours that gave it up.
 */
#ifndef WEFTD_ANNOUNCE_H
#define WEFTD_ANNOUNCE_H

#include <stddef.h>

struct announcer;
struct config;
struct event_base;

struct announcer *announcer_new(struct event_base *base);
void announcer_free(struct announcer *announcer);

/*
 * announcer_update: the kernel has this configuration, but for the ports that wait (struct outcome).
 * What was not so before is announced, a few times.
 */
void announcer_update(struct announcer *announcer, const struct config *config,
		      char *const *waiting, size_t n_waiting);

#endif
