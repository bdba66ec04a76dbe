/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learn.h - the templates by which switches learn MAC addresses: "learn" of ports.
 *
 * A frame whose source the file does not know makes an instance: an entry in the table of the L2
 * lookup that sends to this address by the logical port that the frame came from. That is the
 * same entry at the host of the port and at others, which have it from the tunnel, so an
 * address that moves from one port to another is learned anew wherever its frames come by. There
 * is one template for each age that switches ask for. It counts by logical port and switch, wherever
 * the frames come in, so a machine that makes up addresses takes room from its own port only.
 */
#ifndef WEFTD_NET_LEARN_H
#define WEFTD_NET_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weft/weft.h>

struct errors;
struct net;
struct net_switch;

/* templates of networks have these numbers; those from there on are of the "arp" section */
#define NET_LEARN_ID_FIRST 31744
#define NET_LEARN_ID_LAST 32255
#define NET_LEARN_NAME 16

struct net_learn {
	struct weft_template *templates;
	size_t n;
};

/* net_learn_name: of the template of a switch */
void net_learn_name(const struct net_switch *sw, char name[NET_LEARN_NAME]);

/*
 * net_learn_compile: for the switches that this host has a part in; have are the kernel's. One that
 * is the same keeps its number, and so what was learned. False when there were errors.
 */
bool net_learn_compile(struct net_learn *learn, const struct net *net,
		       const struct weft_template *have, size_t n_have, struct errors *errors);
void net_learn_free(struct net_learn *learn);

/* NULL: there is none */
const struct weft_template *net_learn_find(const struct net_learn *learn, const char *name);
const struct weft_template *net_learn_find_id(const struct net_learn *learn, uint32_t id);

/* net_learn_owns: is a template of this number made from a network? */
bool net_learn_owns(uint32_t id);

#endif
