/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - network devices, over rtnetlink.
 *
 * Functions that return int return 0 or -errno.
 */
#ifndef WEFTD_LINK_H
#define WEFTD_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* devices that weftd makes are in this group from their first moment ("Weft") */
#define LINK_GROUP 0x57656674

struct link {
	unsigned int ifindex;
	char name[IFNAMSIZ];
	char *alias;   /* NULL: none */
	char kind[16]; /* "geneve", "tun", "" for hardware */
	uint32_t group;
	uint32_t mtu;
	bool up;
	bool external;	     /* geneve: in collect metadata mode; others cannot be told from here */
	uint16_t outer_port; /* geneve: UDP, stt: TCP */
};

struct links {
	struct link *v; /* in the order of their indices */
	size_t n;
};

/* a socket for one network namespace */
struct link_sock;

/* link_sock_open: netns is the name of a namespace, NULL for the process's own */
int link_sock_open(struct link_sock **sock, const char *netns);
void link_sock_close(struct link_sock *sock);

int links_list(struct link_sock *sock, struct links *links);
void links_free(struct links *links);
const struct link *links_by_name(const struct links *links, const char *name);

int link_create_geneve(struct link_sock *sock, const char *name, uint16_t udp_port,
		       bool zero_csum6);
/* link_create_gre: a gretap device in external mode, or for IPv6 an ip6gretap device */
int link_create_gre(struct link_sock *sock, const char *name, bool ipv6);
/* link_create_stt: whom it believes is what the port says that it gets, until then nobody */
int link_create_stt(struct link_sock *sock, const char *name, uint16_t tcp_port);
/* link_is_tunnel: is it a device for ports of a type (enum weft_port_type)? */
bool link_is_tunnel(const struct link *link, unsigned int type);
int link_delete(struct link_sock *sock, unsigned int ifindex);
int link_set_up(struct link_sock *sock, unsigned int ifindex);
int link_set_mtu(struct link_sock *sock, unsigned int ifindex, uint32_t mtu);
int link_set_alias(struct link_sock *sock, unsigned int ifindex, const char *alias);
int link_move(struct link_sock *sock, unsigned int ifindex, const char *netns);

/* link_addresses: of global scope; the array is the caller's */
int link_addresses(struct link_sock *sock, unsigned int ifindex, struct address **addresses,
		   size_t *n);
int link_add_address(struct link_sock *sock, unsigned int ifindex, const struct address *address);
int link_del_address(struct link_sock *sock, unsigned int ifindex, const struct address *address);

/*
 * A descriptor that becomes readable when a device of the process's namespace comes, goes or
 * changes; -errno. link_watch_drain makes it quiet again.
 */
int link_watch_open(void);
void link_watch_drain(int fd);

bool netns_exists(const char *name);
/* netns_enter: move the process into a named namespace */
int netns_enter(const char *name);

#endif
