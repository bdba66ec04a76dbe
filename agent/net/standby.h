/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standby.h - what one of several hosts does: the first of a list that is reached.
 *
 * A router on a gateway, and a port toward the outside, may name several hosts in the order in which
 * they are to be used. Which one it is each host finds out for itself, by the state of its tunnels.
 */
#ifndef WEFTD_NET_STANDBY_H
#define WEFTD_NET_STANDBY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define STANDBY_HOSTS_MAX 8

struct errors;
struct net;
struct net_object;
struct weft_tunnel;

/* net_has_standby: does it have any such list? */
bool net_has_standby(const struct net *net);

/* net_is_shared: is this router or port of several hosts? */
bool net_is_shared(const struct net_object *object);

/* net_first_reached: of a name or a list of them; NULL: there is one that is no host */
const struct net_object *net_first_reached(const struct net *net, const json_t *hosts);

/* net_stands_by: would this host do the work of a router that another one does now? */
bool net_stands_by(const struct net *net, const struct net_object *router);

/* net_standby_check: a list needs somebody who finds out about its hosts */
void net_standby_check(const struct net *net, const struct net_object *object,
		       struct errors *errors);

/*
 * net_down: names of hosts that are not reached, as an object; a new reference. Who reaches none of
 * several others is himself the one whom nobody reaches.
 */
json_t *net_down(const struct net *net, const struct weft_tunnel *tunnels, size_t n);

#endif
