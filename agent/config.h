/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - a customised control plane file, read and checked.
 *
 * A configuration is made at once by config_load and never changed afterwards, except that
 * identity_assign gives its ports their ids and ruleset_load its flow entries, before anybody
 * else sees it.
 */
#ifndef WEFTD_CONFIG_H
#define WEFTD_CONFIG_H

#include <jansson.h>
#include <linux/weft.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "map.h"
#include "net/learn.h"

struct arp_section;
struct errors;
struct monitor;
struct nat;
struct net;
struct net_compiled;
struct node;
struct ruleset;
struct weft_label;

struct host {
	char *name;
	struct address address;
};

/* a port of the file, from "ports" or (with .tunnel) from "tunnels" */
struct port {
	char *where;  /* "$.ports[3]" */
	char *name;   /* in flow entries */
	char *device; /* NULL: found by its VM id */
	char *vm;     /* NULL: none */
	enum weft_port_type type;
	enum weft_port_class port_class;
	bool has_id;	/* .id is the file's */
	uint32_t id;	/* set by identity_assign when the file does not say */
	uint32_t index; /* in config.ports */

	struct weft_lport *lports; /* sorted */
	size_t n_lports;
	struct address *remotes;
	size_t n_remotes;
	struct weft_tun_opt options[WEFT_TUN_OPTS]; /* by slot */
	unsigned int n_options;

	uint32_t mtu; /* 0: leave it alone */
	bool has_mark;
	uint32_t mark; /* mask of its bits */

	/* internal ports */
	bool has_mac;
	uint8_t mac[6];
	char *netns; /* name of a namespace; NULL: here */
	struct address *addresses;
	size_t n_addresses;

	/* tunnels: weftd makes the device */
	bool tunnel;
	uint16_t outer_port; /* geneve: UDP, stt: TCP */
	bool udp_zero_csum6;
	bool ipv6;		 /* gre: remotes have IPv6 addresses */
	struct monitor *monitor; /* NULL: its remotes are not watched */
};

struct table {
	char *where;
	uint8_t id;
	char *name;   /* NULL: none */
	json_t *miss; /* actions, text or JSON; NULL: none. Borrowed of the root */
};

struct reg {
	char *name;
	char *is; /* "reg3", "reg3[0..11]" */
};

struct config {
	char *file;
	char *datapath;
	uint32_t max_flows; /* 0: the kernel's default */
	bool has_max_cached;
	uint32_t max_cached; /* 0: no cache */
	struct host *hosts;
	size_t n_hosts;
	struct reg *registers;
	size_t n_registers;
	struct port *ports;
	size_t n_ports;
	struct table *tables;
	size_t n_tables;
	struct weft_label *labels; /* by rising number */
	size_t n_labels;
	struct map hosts_by_name;
	struct map ports_by_name;
	struct map tables_by_name;
	struct net *net;	       /* the network that it was made from; NULL: a host's file */
	struct net_compiled *compiled; /* its flow entries */
	struct nat *nat;	       /* NULL: no such section; compiled by load_config */
	json_t *nat_json;	       /* the section, for its daemon */
	struct net_learn learn;	       /* of net; compiled by load_config */
	struct arp_section *arp;       /* NULL: no such section; compiled by load_config */
	json_t *arp_json;	       /* the section, for its daemon */
	struct ruleset *ruleset;       /* NULL until ruleset_load */
	json_t *root;		       /* dropped by ruleset_load */
};

/* port_is_tunnel: of a type that is a tunnel, whoever made its device */
static inline bool port_is_tunnel(const struct port *port)
{
	return port->type >= WEFT_PORT_TYPE_GENEVE && port->type <= WEFT_PORT_TYPE_STT;
}

/* port_mark_bits: those of the mark that its type carries */
static inline uint32_t port_mark_bits(const struct port *port)
{
	return port->type == WEFT_PORT_TYPE_GRE ? WEFT_GRE_MARK_BITS :
	       port->type == WEFT_PORT_TYPE_STT ? WEFT_STT_MARK_BITS :
						  UINT32_MAX;
}

/* config_load: NULL when there were errors */
struct config *config_load(const char *file, struct errors *errors);

/* config_load_network: what the network in a file means for a host; NULL when there were errors */
struct config *config_load_network(const char *file, const char *host, struct errors *errors);

/* config_of_network: the same of a network, which it takes over, also when there were errors */
struct config *config_of_network(struct net *net, struct errors *errors);
void config_free(struct config *config);

struct host *config_host(const struct config *config, const char *name);
/* config_get_host: the address of a host of $.hosts, or one as it is; false: an error was added */
bool config_get_host(const struct config *config, const struct node *node, struct address *address);
struct port *config_port(const struct config *config, const char *name);

/*
 * config_check_ports: enter the ports by their names; no two may share name, device, VM when it finds
 * the device, id, or logical ports. In unique.c
 */
void config_check_ports(struct config *config, struct errors *errors);
struct table *config_table(const struct config *config, const char *name);

/* is this a name that flow entries can use, or one of a datapath? If not, an error is added */
bool config_name_is_good(const struct node *node, const char *name);
bool config_datapath_is_good(const struct node *node, const char *name);

extern const char *const config_port_types[];	/* by enum weft_port_type, NULL at the end */
extern const char *const config_port_classes[]; /* by enum weft_port_class, NULL at the end */

#endif
