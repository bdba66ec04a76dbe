/* SPDX-License-Identifier: Apache-2.0 */
/*
 * section.h - the "arp" section of a configuration: who is who for weft-arpd, and what is near.
 *
 * Read by weftd, which makes the templates that come out of it, and by weft-arpd. The rules of
 * a network (net/rule.c) have the entries that go with it. It is made at once by arp_read and
 * changed afterwards by arp_compile only.
 *
 * Daemons know each other by a MAC address that is made of the number of their host. Frames between
 * them are addressed by it, and whoever has one can find the way back: the number is in the
 * last four bytes.
 */
#ifndef WEFT_ARP_SECTION_H
#define WEFT_ARP_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weft/weft.h>

#include "address.h"

struct errors;
struct node;

#define ARP_SERVICE "arp"
#define ARP_RESOLVE "weft-arp" /* names of templates */
#define ARP_MAP_ARP "weft-map-arp"
#define ARP_MAP_ND "weft-map-nd"

/* templates of the section have these numbers; those from there on are of the "nat" section */
#define ARP_ID_FIRST 32256
#define ARP_ID_LAST 32767

/* values of the field "stage" in frames between daemons and map servers */
enum arp_stage {
	ARP_STAGE_DAEMON = 3,  /* for the daemon of the host */
	ARP_STAGE_QUERY = 4,   /* for its map server: who has this address? */
	ARP_STAGE_PUBLISH = 5, /* the same: who has it now */
};

/* variables of the instances of ARP_RESOLVE */
enum arp_var {
	ARP_VAR_MAC = WEFT_VAR_IP + 2, /* v0 */
	ARP_VAR_HOST,		       /* v1: number of the host whose daemon knows; 0: nobody's */
};

/* in the order of their names in section.c; all but the last two in ms */
enum arp_time {
	ARP_TRY,	/* until a question to all is asked again */
	ARP_MAP_TRY,	/* until another map server is asked */
	ARP_REVALIDATE, /* between two looks at a binding in use */
	ARP_AGE,	/* of a binding that is not in use */
	ARP_IDLE,	/* of an entry */
	ARP_NEGATIVE,	/* that nobody has an address */
	ARP_PUBLISH,	/* until all is published again */
	ARP_TRIES,
	ARP_PACKETS, /* that wait for an address */
	ARP_N_TIMES
};

struct arp_times {
	uint32_t v[ARP_N_TIMES];
};

struct arp_host {
	char *name;
	uint32_t number;
	struct address address;
};

struct arp_binding {
	struct address address;
	uint8_t mac[6];
	uint16_t lport;
};

struct arp_switch {
	uint32_t ldp;
	uint32_t *hosts; /* numbers of others that have ports of it */
	size_t n_hosts;
	struct arp_binding *bindings; /* of its ports here, sorted by address */
	size_t n_bindings;
	uint16_t outside;	/* its port here to a network outside; 0: there is none */
	struct address *inside; /* if there is: of ports elsewhere, sorted */
	size_t n_inside;
};

/* a router's port, and the switch that it is linked to */
struct arp_link {
	uint32_t ldp;
	uint16_t lport;
	uint32_t of_switch;
	uint8_t mac[6];
	struct address *addresses; /* of the router there, with prefixes */
	size_t n_addresses;
};

enum arp_table_of {
	ARP_TABLE_CONTEXT, /* where packets come in */
	ARP_TABLE_RESOLVE,
	ARP_TABLE_NEXT,	    /* where packets go on whose next hop has a MAC address now */
	ARP_TABLE_PHYSICAL, /* reg0 is the number of the host to which they go */
	ARP_TABLE_MAP,
	ARP_TABLE_ERROR,  /* where they go on if nobody has the address; reg2 says so */
	ARP_TABLE_OUTPUT, /* lout is a port here */
	ARP_N_TABLES
};

struct arp_section {
	uint32_t number; /* of this host */
	char *tunnel;	 /* port */
	bool serves;	 /* a map server */
	uint8_t tables[ARP_N_TABLES];
	struct arp_times times;
	struct arp_host *hosts; /* the others */
	size_t n_hosts;
	struct arp_switch *switches; /* by rising ldp */
	size_t n_switches;
	struct arp_link *links; /* by rising ldp and lport */
	size_t n_links;
	uint32_t *servers; /* numbers of the hosts that have the map; this one is "." in the file */
	size_t n_servers;

	/* from arp_compile */
	struct weft_template *templates;
	size_t n_templates;
};

/* what a table is called; -errno */
typedef int (*arp_table_fn)(void *ctx, const char *name, uint8_t *id);

/* arp_read: NULL when there were errors, or no section; arp_free then does nothing */
struct arp_section *arp_read(const struct node *node, arp_table_fn table, void *ctx);
void arp_free(struct arp_section *arp);

/*
 * arp_compile: the templates; have are those of the kernel. One that is the same keeps its number,
 * a changed one gets another. False when there were errors.
 */
bool arp_compile(struct arp_section *arp, const struct weft_template *have, size_t n_have,
		 const char *file, struct errors *errors);

/* NULL: there is none, or no section */
const struct weft_template *arp_find_template(const struct arp_section *arp, const char *name);
const struct weft_template *arp_find_template_id(const struct arp_section *arp, uint32_t id);

/* arp_owns: is a template of this number made from such a section? */
bool arp_owns(uint32_t id);

/* arp_times_read: an object of them; what it does not have gets its default */
void arp_times_read(const struct node *node, struct arp_times *times);

/* arp_daemon_mac: of the daemon of a host; arp_daemon_number: the way back, 0: of none */
void arp_daemon_mac(uint32_t number, uint8_t mac[6]);
uint32_t arp_daemon_number(const uint8_t mac[6]);

const struct arp_switch *arp_find_switch(const struct arp_section *arp, uint32_t ldp);
const struct arp_link *arp_find_link(const struct arp_section *arp, uint32_t ldp, uint16_t lport);

/* arp_host_at: whose tunnel a packet came by; 0: nobody's */
uint32_t arp_host_at(const struct arp_section *arp, const struct weft_match *metadata);

/* arp_has_link: is any to that switch? arp_has_server: does that host have the map? */
bool arp_has_link(const struct arp_section *arp, uint32_t of_switch);
bool arp_has_server(const struct arp_section *arp, uint32_t host);
/* arp_has_host: is there another one of that number? */
bool arp_has_host(const struct arp_section *arp, uint32_t number);

/*
 * arp_find_asker: a router's port by which an address of a switch is asked for outside, and its
 * own address there; NULL: by none
 */
const struct arp_link *arp_find_asker(const struct arp_section *arp, uint32_t of_switch,
				      const struct address *address, const struct address **own);

/* arp_asks_outside: is an address of a switch to be asked for outside, and by this host? */
bool arp_asks_outside(const struct arp_section *arp, uint32_t of_switch,
		      const struct address *address);

/* arp_find_binding: of a port here; NULL: none has the address */
const struct arp_binding *arp_find_binding(const struct arp_section *arp, uint32_t ldp,
					   const struct address *address);

#endif
