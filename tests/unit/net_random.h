/* SPDX-License-Identifier: Apache-2.0 */
/* net_random.h - networks at random, changes to them, and a big one. */
#ifndef NET_RANDOM_H
#define NET_RANDOM_H

#include <jansson.h>
#include <stdint.h>

#define NET_RANDOM_HOSTS 4 /* h0 to h3 */

extern uint64_t net_random_seed;
unsigned int net_random_below(unsigned int n);

/* the objects of a kind, made when there are none; one more, whose value is taken over */
json_t *net_random_section(json_t *root, const char *name);
void net_random_put(json_t *root, const char *kind, const char *name, json_t *value);

/* a small network that is nearly always good, and a change to it, after which it may be bad */
json_t *net_random_make(void);
void net_random_change(json_t *root);

/*
 * 1,000 switches, 10 behind each of 100 routers; 10,000 ports on 500 hosts, 50 of them on the
 * host h0
 */
json_t *net_random_big(void);

#endif
