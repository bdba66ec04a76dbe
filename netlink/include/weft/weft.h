/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libweft: talk to weft.ko, and read and write what it knows as text and JSON.
 *
 * Conventions
 *  - A function that returns int returns 0 (or a count, where said) on success
 *    and -errno on failure; errno itself means nothing then.
 *  - The caller owns the structures. weft_X_init() makes one empty, and
 *    weft_X_free() frees what it holds (never the structure itself) and leaves
 *    it empty. A function that fills in a structure ("out") needs no
 *    weft_X_init() before, and on failure leaves nothing to be freed.
 *  - `present` has bit (1 << WEFT_X_A_…) for every attribute that is there; ask
 *    with weft_has(), say with weft_mark(). Dumps and parsers set it.
 *  - Everything is in host byte order but values and masks of fields, which are
 *    big-endian byte strings of the field's length.
 *  - A socket is used by one thread at a time; no other state is shared.
 */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <net/if.h>
#include <jansson.h>
#include <linux/weft.h>

#ifdef __cplusplus
extern "C" {
#endif

#define weft_has(obj, attr) (((obj)->present >> (attr)) & 1u)
#define weft_mark(obj, attr) ((void)((obj)->present |= 1u << (attr)))
#define weft_unmark(obj, attr) ((void)((obj)->present &= ~(1u << (attr))))

/* ---- errors and names ------------------------------------------------- */

/*
 * What is wrong with a text or a JSON value.
 * @msg: one sentence, without position
 * @pos: column of the bad token, from 1; 0 when there is no such place
 * @len: its length in bytes
 * @path: of a JSON value, like "$.actions[2].set.eth_src"; else empty
 * @file, @line: of a flow file; else NULL and 0
 */
struct weft_error {
	char msg[256];
	size_t pos;
	size_t len;
	char path[160];
	const char *file;
	unsigned int line;
};

/*
 * "FILE:LINE:COL: MSG", "PATH: MSG" or "column COL: MSG", into @buf of @size.
 * Returns @buf.
 */
const char *weft_error_text(const struct weft_error *err, char *buf, size_t size);

struct weft_remote;

/*
 * What the caller knows by name. Any member may be NULL, and so may a pointer
 * to this structure.
 * @port_id: port number of device @name into @id; 0 or -errno
 * @port_name: device name of port @id; NULL when unknown; valid until the next
 *	call
 * @field: enum weft_field that the caller calls @alias; 0 when it does not
 * @field_alias: the caller's name for @field; NULL for the usual one
 * @table_id: table @name in table=, goto, resubmit and related; 0 or -errno
 * @remote: tunnel endpoint @name; 0 or -errno
 * @template_id, @template_name: as of ports, of templates
 */
struct weft_names {
	int (*port_id)(void *ctx, const char *name, uint32_t *id);
	const char *(*port_name)(void *ctx, uint32_t id);
	enum weft_field (*field)(void *ctx, const char *alias);
	const char *(*field_alias)(void *ctx, enum weft_field field);
	int (*table_id)(void *ctx, const char *name, uint8_t *id);
	int (*remote)(void *ctx, const char *name, struct weft_remote *remote);
	int (*template_id)(void *ctx, const char *name, uint32_t *id);
	const char *(*template_name)(void *ctx, uint32_t id);
	void *ctx;
};

/* Names of enumerators, lower case; NULL for a value that has none */
const char *weft_drop_name(uint32_t reason);
const char *weft_port_type_name(uint32_t type);
const char *weft_port_class_name(uint32_t port_class);
const char *weft_reason_name(uint32_t reason);
const char *weft_fallback_name(uint32_t fallback);
const char *weft_reject_name(uint32_t reject);
const char *weft_cmd_name(uint32_t cmd); /* "flow_new", … */

/* The other way: the value, or -ENOENT */
int weft_drop_from_name(const char *name);
int weft_port_type_from_name(const char *name);
int weft_port_class_from_name(const char *name);
int weft_reason_from_name(const char *name);
int weft_fallback_from_name(const char *name);
int weft_reject_from_name(const char *name);

/* May an entry's drop action give this reason? */
bool weft_drop_is_usable(uint32_t reason);

/* ---- fields ------------------------------------------------------------ */

#define WEFT_FIELD_LEN_MAX 16

enum weft_notation {
	WEFT_NOTATION_DEC,  /* 80 */
	WEFT_NOTATION_HEX,  /* 0x1f */
	WEFT_NOTATION_PORT, /* number or name of a port */
	WEFT_NOTATION_MAC,
	WEFT_NOTATION_IPV4,
	WEFT_NOTATION_IPV6,
	WEFT_NOTATION_ETH_TYPE, /* name or 0x88cc */
	WEFT_NOTATION_FRAG,	/* no, first, later, yes, not_later */
	WEFT_NOTATION_FLAGS,	/* +syn-ack, or number */
	WEFT_NOTATION_BYTES,	/* string of hex digits */
};

struct weft_field_desc {
	const char *name;
	uint8_t len;	  /* bytes */
	uint8_t bits;	  /* that mean something, at the low end */
	uint8_t notation; /* enum weft_notation */
	bool metadata;	  /* of the packet's walk, not in a header */
	bool writable;
	uint8_t needs; /* internal: index of the prerequisite */
};

/* A field's value under a mask; only the field's first len bytes are used */
struct weft_field_value {
	uint8_t value[WEFT_FIELD_LEN_MAX];
	uint8_t mask[WEFT_FIELD_LEN_MAX];
};

/* NULL when @field is none */
const struct weft_field_desc *weft_field_desc(enum weft_field field);
/* Field of that plain name (no aliases); 0 when there is none */
enum weft_field weft_field_from_name(const char *name);
/* The mask of an exact match, desc->len bytes into @mask */
void weft_field_full_mask(enum weft_field field, uint8_t *mask);

/* ---- matches ----------------------------------------------------------- */

/*
 * Values in @v, in the order of their fields; bit field % 64 of fields[field / 64]
 * says that there is one. Canonical: no value bits outside the mask, no mask of zeroes, no mask
 * bits beyond the field's width. Change it by the functions below only.
 */
struct weft_match {
	uint64_t fields[2];
	struct weft_field_value *v;
	unsigned int n;
	unsigned int size;
};

void weft_match_init(struct weft_match *match);
void weft_match_free(struct weft_match *match);
int weft_match_copy(struct weft_match *out, const struct weft_match *match);
/* NULL when the match says nothing of @field; valid until the next change */
const struct weft_field_value *weft_match_get(const struct weft_match *match,
					      enum weft_field field);
/*
 * Match @value under @mask (NULL: exactly) in place of what was said of @field
 * before. Returns 0, -EINVAL for an unknown field, -ERANGE for bits beyond its
 * width, -ENOMEM.
 */
int weft_match_put(struct weft_match *match, enum weft_field field, const void *value,
		   const void *mask);
/* The same with numbers, for fields of up to 8 bytes */
int weft_match_put_uint(struct weft_match *match, enum weft_field field, uint64_t value);
int weft_match_put_masked(struct weft_match *match, enum weft_field field, uint64_t value,
			  uint64_t mask);
void weft_match_del(struct weft_match *match, enum weft_field field);
/* The number that @field must be; false when it is not pinned down exactly */
bool weft_match_exact_uint(const struct weft_match *match, enum weft_field field, uint64_t *value);
bool weft_match_equal(const struct weft_match *a, const struct weft_match *b);
/* An order over all matches; 0 when equal */
int weft_match_cmp(const struct weft_match *a, const struct weft_match *b);
uint32_t weft_match_hash(const struct weft_match *match);
/* 0, or -EINVAL when a field's prerequisite is not matched or tunnel fields clash; @err says which */
int weft_match_check(const struct weft_match *match, struct weft_error *err);

/* ---- actions ----------------------------------------------------------- */

struct weft_action;

struct weft_actions {
	struct weft_action *v;
	unsigned int n;
	unsigned int size;
};

/* WEFT_ACT_A_TUNNEL; present: WEFT_ACT_TUNNEL_A_… */
struct weft_act_tunnel {
	uint32_t present;
	uint8_t addr[16]; /* IPV4: first 4 bytes; FROM: none */
	uint32_t from;	  /* enum weft_field: in a template, where the address was */
	uint32_t port;
	uint32_t id;
	uint8_t tos;
	uint8_t ttl; /* DIRECT has no value: it is present, or not */
};

/* WEFT_ACT_A_SERVICE */
struct weft_act_service {
	char name[WEFT_NAME_MAX + 1];
	uint32_t arg;
	uint32_t fallback; /* enum weft_fallback */
	uint32_t max_len;  /* 0: all */
};

struct weft_action {
	enum weft_act_attr type;
	union {
		uint32_t port; /* OUTPUT */
		struct {       /* SET */
			enum weft_field field;
			struct weft_field_value v;
		} set;
		struct weft_act_move move;	 /* MOVE */
		uint16_t tpid;			 /* PUSH_VLAN */
		uint8_t table;			 /* GOTO, RESUBMIT, RELATED, CHECK_TTL */
		struct weft_actions clone;	 /* CLONE */
		struct weft_act_tunnel tunnel;	 /* TUNNEL */
		struct weft_act_service service; /* SERVICE */
		uint32_t reason;		 /* DROP */
		uint32_t template_id;		 /* TEMPLATE */
		uint32_t reject;		 /* REJECT: enum weft_reject */
		struct weft_act_check_mtu check; /* CHECK_MTU */
		struct weft_act_advertise says;	 /* ADVERTISE */
		struct weft_bind bind;		 /* BIND, in the entries of templates only */
	};
};

void weft_actions_init(struct weft_actions *actions);
void weft_actions_free(struct weft_actions *actions);
int weft_actions_copy(struct weft_actions *out, const struct weft_actions *actions);
/*
 * Append a new zeroed action of @type. Returns a pointer that is valid until the
 * next one is added, NULL when out of memory.
 */
struct weft_action *weft_actions_add(struct weft_actions *actions, enum weft_act_attr type);
/* Append SET of @field; numbers of up to 8 bytes. 0, -EINVAL, -ERANGE, -ENOMEM */
int weft_actions_add_set(struct weft_actions *actions, enum weft_field field, const void *value,
			 const void *mask);
int weft_actions_add_set_uint(struct weft_actions *actions, enum weft_field field, uint64_t value);
/* Do they do the same, word by word? No actions at all are drop:policy */
bool weft_actions_equal(const struct weft_actions *a, const struct weft_actions *b);

/* ---- objects ----------------------------------------------------------- */

struct weft_drop_count {
	uint32_t reason; /* enum weft_drop */
	uint64_t packets;
};

struct weft_drops {
	struct weft_drop_count *v;
	unsigned int n;
};

/* A tunnel: a port and a remote */
struct weft_way {
	uint32_t port;
	bool ipv6;
	uint8_t addr[16]; /* IPv4: first 4 bytes */
};

/* How a tunnel is; present: WEFT_TUNNEL_A_… (of the remote, IPV4 or IPV6) */
struct weft_tunnel {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	struct weft_way way;
	uint32_t state; /* enum weft_tunnel_state */
	struct weft_way fallbacks[WEFT_FALLBACKS_MAX];
	unsigned int n_fallbacks;
	uint8_t diag;	     /* RFC 5880, 4.1 */
	uint8_t remote_diag; /* the same, of the other end */
	uint32_t mtu;	     /* 0: not known */
	uint32_t rtt_us;     /* 0: not known */
	uint64_t since_ms;
	uint64_t flaps;
	struct weft_way via; /* what is used instead, if present */
};

/* The flow cache: sums over the CPUs, since the datapath was made, but for entries */
struct weft_cache_stats {
	uint32_t entries; /* programs now, 0…max_cached */
	uint64_t hits;	  /* packets done by a cached program */
	uint64_t misses;  /* packets that walked the tables */
	uint64_t stale;	  /* of the misses: packets whose program a change had made void */
	uint64_t evicted; /* programs that made room for others */
	uint64_t refused; /* programs not kept: no memory, no room, or too long */
};

/* present: WEFT_DP_A_… */
struct weft_dp {
	uint32_t present;
	char name[WEFT_NAME_MAX + 1];
	uint32_t max_flows;	/* entries over all tables, 1…UINT32_MAX; default 2097152 */
	uint32_t max_cached;	/* programs in the cache, 0 (none)…UINT32_MAX; default 262144 */
	uint32_t max_instances; /* 0…UINT32_MAX; default 1048576 */
	uint32_t max_instances_slice; /* of each slice; default 1048576 */
	uint32_t max_instances_port;  /* of each port of entry; default 262144 */
	uint32_t n_flows;
	uint32_t n_ports;
	uint32_t n_masks;
	uint32_t n_instances;
	uint64_t version;
	uint64_t lookups; /* in tables, those that cached programs stand for too */
	struct weft_cache_stats cache;
	struct weft_drops drops;
};

struct weft_port_stats {
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes;
	uint64_t rx_dropped, tx_dropped;
	uint64_t upcalls;
	uint64_t marks_refused;
};

struct weft_remote {
	bool ipv6;
	uint8_t addr[16]; /* IPv4: first 4 bytes */
};

/* present: WEFT_PORT_A_… */
struct weft_port {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	uint32_t id;
	char name[IF_NAMESIZE];
	uint32_t type;	     /* enum weft_port_type */
	uint32_t port_class; /* enum weft_port_class */
	uint32_t ifindex;
	int32_t netnsid;
	char vm_id[WEFT_VM_ID_MAX + 1];
	struct weft_lport *lports; /* sorted, without duplicates */
	unsigned int n_lports;
	struct weft_remote *remotes; /* sorted, without duplicates */
	unsigned int n_remotes;
	struct weft_tun_opt tun_opts[WEFT_TUN_OPTS]; /* sorted by slot */
	unsigned int n_tun_opts;
	struct weft_port_stats stats;
	struct weft_drops drops;
	uint32_t reason; /* enum weft_reason */
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t mark_mask; /* absent: all that the type carries */
};

/* What GRE carries in place of a logical port. present: WEFT_LABEL_A_… */
struct weft_label {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	uint32_t id; /* 1…WEFT_LABEL_MAX */
	uint32_t ldp;
	uint32_t lport;
};

/* present: WEFT_TABLE_A_… */
struct weft_table {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	uint8_t id;
	struct weft_actions miss; /* empty: drop:table_miss */
	uint32_t n_flows;
	uint32_t n_masks;
	uint64_t matched;
	uint64_t missed;
};

#define WEFT_PRIORITY_DEFAULT 32768

/*
 * present: WEFT_FLOW_A_…
 * As an entry, table and priority always count. As a filter, only attributes
 * that are present do.
 */
struct weft_flow {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	uint8_t table;
	uint16_t priority;
	struct weft_match match;
	struct weft_actions actions; /* empty: drop:policy */
	uint64_t cookie;
	uint64_t cookie_mask; /* filters only */
	uint32_t idle_timeout_ms;
	uint32_t hard_timeout_ms;
	uint64_t packets;
	uint64_t bytes;
	uint64_t age_ms;
	uint64_t idle_ms; /* absent: it never saw a packet */
	uint32_t reason;  /* enum weft_reason */
};

/* present: WEFT_SERVICE_A_… */
struct weft_service {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	char name[WEFT_NAME_MAX + 1];
	uint32_t credits;
	uint32_t queue_limit;
	uint32_t members;
	uint32_t queued;
	uint64_t delivered;
	uint64_t dropped;
};

/*
 * A frame to inject, or an upcall; present: WEFT_PACKET_A_…
 * @data belongs to the caller of an injection; in an upcall it lies in the
 * socket's buffer until the next call with that socket.
 */
struct weft_packet {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	const uint8_t *data;
	size_t len;
	uint32_t in_port;
	struct weft_match metadata; /* exact values */
	uint8_t table;
	struct weft_actions actions;
	char service[WEFT_NAME_MAX + 1];
	uint32_t arg;
	uint64_t cookie;
	uint32_t frame_len;
	uint64_t time_ns;
	uint32_t template_id; /* with the next two: a template waits for an instance */
	uint32_t pending;
	uint16_t slice;
};

/* present: WEFT_TXN_A_…; result of a commit, and its notification */
struct weft_txn_result {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	uint32_t n_ops;
	uint64_t version;
	uint32_t added;
	uint32_t changed;
	uint32_t deleted;
};

void weft_dp_init(struct weft_dp *dp);
void weft_dp_free(struct weft_dp *dp);
void weft_port_init(struct weft_port *port);
void weft_port_free(struct weft_port *port);
int weft_port_copy(struct weft_port *out, const struct weft_port *port);
/* Add to the sorted list and mark it present. 0, -ENOMEM, -EEXIST, -ENOSPC, -EINVAL */
int weft_port_add_lport(struct weft_port *port, uint32_t ldp, uint32_t lport);
int weft_port_add_remote(struct weft_port *port, bool ipv6, const void *addr);
int weft_port_add_tun_opt(struct weft_port *port, const struct weft_tun_opt *opt);
/*
 * Which of CLASS, VM_ID, LPORTS, REMOTES, TUN_OPTS and MARK_MASK (bits 1 << WEFT_PORT_A_…)
 * a SET must send to turn port @have into @want, of which only what is present
 * counts; 0: nothing.
 */
uint32_t weft_port_diff(const struct weft_port *want, const struct weft_port *have);
void weft_table_init(struct weft_table *table);
void weft_table_free(struct weft_table *table);
int weft_table_copy(struct weft_table *out, const struct weft_table *table);
/* Table 0, default priority, every packet, no actions */
void weft_flow_init(struct weft_flow *flow);
void weft_flow_free(struct weft_flow *flow);
int weft_flow_copy(struct weft_flow *out, const struct weft_flow *flow);
/* Same table, priority and match */
bool weft_flow_same_key(const struct weft_flow *a, const struct weft_flow *b);
/* An order over keys: table, then falling priority, then match */
int weft_flow_key_cmp(const struct weft_flow *a, const struct weft_flow *b);
uint32_t weft_flow_key_hash(const struct weft_flow *flow);
/* Same key, actions, cookie and timeouts; counters do not matter */
bool weft_flow_equal(const struct weft_flow *a, const struct weft_flow *b);
void weft_service_init(struct weft_service *service);
void weft_packet_init(struct weft_packet *packet);
void weft_packet_free(struct weft_packet *packet);

/* ---- text -------------------------------------------------------------- */

#define WEFT_FMT_STATS 0x01    /* packets=, bytes=, age=, idle= first */
#define WEFT_FMT_NO_NAMES 0x02 /* port numbers even when names are known */
#define WEFT_FMT_NO_COOKIE 0x04
#define WEFT_FMT_KEY 0x08 /* table, priority and match only */

/*
 * Parse. @names and @err may be NULL. Returns 0; -EINVAL with @err filled in;
 * -ENOMEM.
 */
int weft_flow_parse(struct weft_flow *out, const char *text, const struct weft_names *names,
		    struct weft_error *err);
/* table, cookie=VALUE/MASK and match, each optional; no actions, no priority */
int weft_flow_parse_filter(struct weft_flow *out, const char *text, const struct weft_names *names,
			   struct weft_error *err);
/* Like a flow without actions, with defaults: the key of one entry */
int weft_flow_parse_key(struct weft_flow *out, const char *text, const struct weft_names *names,
			struct weft_error *err);
int weft_match_parse(struct weft_match *out, const char *text, const struct weft_names *names,
		     struct weft_error *err);
/* Values of registers and the like, for an injected packet */
int weft_metadata_parse(struct weft_match *out, const char *text, const struct weft_names *names,
			struct weft_error *err);
int weft_actions_parse(struct weft_actions *out, const char *text, const struct weft_names *names,
		       struct weft_error *err);
/* VALUE[/MASK] of one field, by its plain name or an alias like vlan_vid */
int weft_field_parse(const char *name, const char *text, const struct weft_names *names,
		     enum weft_field *field, struct weft_field_value *out, struct weft_error *err);

/* Format. The caller frees the string; NULL when out of memory. */
char *weft_flow_format(const struct weft_flow *flow, const struct weft_names *names,
		       unsigned int flags);
char *weft_match_format(const struct weft_match *match, const struct weft_names *names,
			unsigned int flags);
char *weft_actions_format(const struct weft_actions *actions, const struct weft_names *names,
			  unsigned int flags);

/*
 * Files of flows: one a line, '#' begins a comment, a backslash at the end of a
 * line joins the next one. open: 0 or -errno; @path "-" is the standard input.
 * next: 1 with a flow in @out, 0 at the end, -errno with @err, after which it may
 * be called again for the next line.
 */
struct weft_flow_file;
int weft_flow_file_open(struct weft_flow_file **file, const char *path);
int weft_flow_file_next(struct weft_flow_file *file, struct weft_flow *out,
			const struct weft_names *names, struct weft_error *err);
unsigned int weft_flow_file_line(const struct weft_flow_file *file);
void weft_flow_file_close(struct weft_flow_file *file);

/* ---- JSON -------------------------------------------------------------- */

/* A new reference; NULL when out of memory. @flags as for text */
json_t *weft_flow_to_json(const struct weft_flow *flow, const struct weft_names *names,
			  unsigned int flags);
json_t *weft_match_to_json(const struct weft_match *match, const struct weft_names *names,
			   unsigned int flags);
json_t *weft_actions_to_json(const struct weft_actions *actions, const struct weft_names *names,
			     unsigned int flags);
json_t *weft_dp_to_json(const struct weft_dp *dp);
json_t *weft_port_to_json(const struct weft_port *port);
json_t *weft_table_to_json(const struct weft_table *table, const struct weft_names *names,
			   unsigned int flags);
json_t *weft_tunnel_to_json(const struct weft_tunnel *tunnel, const struct weft_names *names,
			    unsigned int flags);
json_t *weft_service_to_json(const struct weft_service *service);
json_t *weft_label_to_json(const struct weft_label *label);
json_t *weft_packet_to_json(const struct weft_packet *packet, const struct weft_names *names,
			    unsigned int flags);
json_t *weft_txn_result_to_json(const struct weft_txn_result *result);

/*
 * @path: where @json is, for messages ("$.flows[3]"); NULL: "$". Unknown members
 * are errors. Returns 0; -EINVAL with @err; -ENOMEM.
 */
int weft_flow_from_json(struct weft_flow *out, const json_t *json, const char *path,
			const struct weft_names *names, struct weft_error *err);
int weft_match_from_json(struct weft_match *out, const json_t *json, const char *path,
			 const struct weft_names *names, struct weft_error *err);
int weft_actions_from_json(struct weft_actions *out, const json_t *json, const char *path,
			   const struct weft_names *names, struct weft_error *err);
/* name, id, type, class, vm_id, lports, remotes, tun_opts, mac, mtu */
int weft_port_from_json(struct weft_port *out, const json_t *json, const char *path,
			struct weft_error *err);
/* id, miss */
int weft_table_from_json(struct weft_table *out, const json_t *json, const char *path,
			 const struct weft_names *names, struct weft_error *err);

/* ---- socket ------------------------------------------------------------ */

struct weft_sock;

/*
 * Open a socket in the namespace of @netns_fd (-1: the caller's) and look up
 * family "weft". -ENOENT: the module is not loaded; -EPERM, -EMFILE, …
 */
int weft_sock_open(struct weft_sock **sock, int netns_fd);
void weft_sock_close(struct weft_sock *sock);
int weft_sock_fd(const struct weft_sock *sock);
uint32_t weft_sock_portid(const struct weft_sock *sock);
/*
 * What the last failed call was refused for, with the kernel's words and the
 * attribute ("no such port (actions[2].output)"); "" after a success.
 */
const char *weft_sock_error(const struct weft_sock *sock);
/* Path of the offending attribute alone; "" when it is not known */
const char *weft_sock_error_attr(const struct weft_sock *sock);

/*
 * Calls below send a request and wait for its answer; all return 0 or -errno
 * and may be asked for more with weft_sock_error(). Upcalls and events that
 * arrive meanwhile are kept for weft_event_recv().
 *
 * A dump calls @cb for every object; a return other than 0 ends it and is
 * returned. Objects belong to the library and end with the callback; @cb must
 * not use the socket. Returns 1 when objects changed meanwhile so that some may
 * be missing or double. weft_X_list() dumps into an array of @n objects, tries
 * again a few times in that case, and is 0 (consistent), 1 or -errno; free the
 * array with weft_X_list_free().
 */
int weft_dp_new(struct weft_sock *sock, const struct weft_dp *dp);
int weft_dp_del(struct weft_sock *sock, const char *name);
int weft_dp_get(struct weft_sock *sock, const char *name, struct weft_dp *out);
int weft_dp_set(struct weft_sock *sock, const struct weft_dp *dp);
int weft_dp_dump(struct weft_sock *sock, int (*cb)(const struct weft_dp *dp, void *ctx), void *ctx);
int weft_dp_list(struct weft_sock *sock, struct weft_dp **dps, size_t *n);
void weft_dp_list_free(struct weft_dp *dps, size_t n);

/* @dp may be NULL where the port has its own; @out (the port as made) may be NULL */
int weft_port_new(struct weft_sock *sock, const char *dp, const struct weft_port *port,
		  struct weft_port *out);
int weft_port_del(struct weft_sock *sock, const char *dp, uint32_t id);
int weft_port_del_by_name(struct weft_sock *sock, const char *dp, const char *name);
int weft_port_get(struct weft_sock *sock, const char *dp, uint32_t id, struct weft_port *out);
int weft_port_get_by_name(struct weft_sock *sock, const char *dp, const char *name,
			  struct weft_port *out);
/* Sends what is present of class, VM id, lports, remotes and options */
int weft_port_set(struct weft_sock *sock, const char *dp, const struct weft_port *port);
int weft_port_dump(struct weft_sock *sock, const char *dp,
		   int (*cb)(const struct weft_port *port, void *ctx), void *ctx);
int weft_port_list(struct weft_sock *sock, const char *dp, struct weft_port **ports, size_t *n);
void weft_port_list_free(struct weft_port *ports, size_t n);

int weft_table_get(struct weft_sock *sock, const char *dp, uint8_t id, struct weft_table *out);
int weft_table_set(struct weft_sock *sock, const char *dp, const struct weft_table *table);
int weft_table_dump(struct weft_sock *sock, const char *dp,
		    int (*cb)(const struct weft_table *table, void *ctx), void *ctx);
int weft_table_list(struct weft_sock *sock, const char *dp, struct weft_table **tables, size_t *n);
void weft_table_list_free(struct weft_table *tables, size_t n);

int weft_flow_add(struct weft_sock *sock, const char *dp, const struct weft_flow *flow,
		  bool replace);
/* New actions, cookie or timeouts, as far as present; counters stay */
int weft_flow_set(struct weft_sock *sock, const char *dp, const struct weft_flow *flow);
int weft_flow_del(struct weft_sock *sock, const char *dp, const struct weft_flow *key);
/* All that @filter (NULL: everything) selects */
int weft_flow_del_filter(struct weft_sock *sock, const char *dp, const struct weft_flow *filter);
int weft_flow_get(struct weft_sock *sock, const char *dp, const struct weft_flow *key,
		  struct weft_flow *out);
int weft_flow_dump(struct weft_sock *sock, const char *dp, const struct weft_flow *filter,
		   int (*cb)(const struct weft_flow *flow, void *ctx), void *ctx);
int weft_flow_list(struct weft_sock *sock, const char *dp, const struct weft_flow *filter,
		   struct weft_flow **flows, size_t *n);
void weft_flow_list_free(struct weft_flow *flows, size_t n);

/*
 * Transactions. Operations are collected and sent many at a time, so an
 * operation's refusal may be returned by a later call, at the latest by commit;
 * weft_txn_failed_op() then tells which it was (from 0), and the transaction can
 * only be aborted. The socket must not be used otherwise before commit or abort;
 * both free the transaction (commit also when it fails).
 */
struct weft_txn;
int weft_txn_begin(struct weft_sock *sock, const char *dp, struct weft_txn **txn);
int weft_txn_flow_add(struct weft_txn *txn, const struct weft_flow *flow, bool replace);
int weft_txn_flow_set(struct weft_txn *txn, const struct weft_flow *flow);
int weft_txn_flow_del(struct weft_txn *txn, const struct weft_flow *key, bool if_exists);
int weft_txn_flow_del_filter(struct weft_txn *txn, const struct weft_flow *filter);
int weft_txn_table_set(struct weft_txn *txn, const struct weft_table *table);
/* Send what is waiting and see whether all was taken */
int weft_txn_flush(struct weft_txn *txn);
size_t weft_txn_n_ops(const struct weft_txn *txn);
/* The refused operation; -1 when none was */
long weft_txn_failed_op(const struct weft_txn *txn);
/* The same after commit has failed and freed the transaction */
long weft_sock_failed_op(const struct weft_sock *sock);
/* @result may be NULL */
int weft_txn_commit(struct weft_txn *txn, struct weft_txn_result *result);
void weft_txn_abort(struct weft_txn *txn);

/* queue_limit 0: the default */
void weft_tunnel_init(struct weft_tunnel *tunnel);
int weft_tunnel_set(struct weft_sock *sock, const char *dp, const struct weft_tunnel *tunnel);
int weft_tunnel_del(struct weft_sock *sock, const char *dp, const struct weft_way *way);
int weft_tunnel_get(struct weft_sock *sock, const char *dp, const struct weft_way *way,
		    struct weft_tunnel *out);
int weft_tunnel_dump(struct weft_sock *sock, const char *dp,
		     int (*cb)(const struct weft_tunnel *tunnel, void *ctx), void *ctx);
int weft_tunnel_list(struct weft_sock *sock, const char *dp, struct weft_tunnel **tunnels,
		     size_t *n);
void weft_tunnel_list_free(struct weft_tunnel *tunnels, size_t n);
/* "up", "down", …; NULL when there is no such state. And back: -1 when there is no such name */
const char *weft_tunnel_state_name(uint32_t state);
int weft_tunnel_state_from_name(const char *name);
/* "none", "expired", … (RFC 5880, 4.1); NULL for a number without a name */
const char *weft_tunnel_diag_name(uint8_t diag);

int weft_service_register(struct weft_sock *sock, const char *dp, const char *name,
			  uint32_t credits, uint32_t queue_limit);
int weft_service_leave(struct weft_sock *sock, const char *dp, const char *name);
int weft_service_grant(struct weft_sock *sock, const char *dp, const char *name, uint32_t credits);
int weft_service_set_queue_limit(struct weft_sock *sock, const char *dp, const char *name,
				 uint32_t queue_limit);
int weft_service_get(struct weft_sock *sock, const char *dp, const char *name,
		     struct weft_service *out);
int weft_service_dump(struct weft_sock *sock, const char *dp,
		      int (*cb)(const struct weft_service *service, void *ctx), void *ctx);
int weft_service_list(struct weft_sock *sock, const char *dp, struct weft_service **services,
		      size_t *n);
void weft_service_list_free(struct weft_service *services, size_t n);

/* Sends data, and of in_port, metadata, table and actions what is present */
int weft_packet_inject(struct weft_sock *sock, const char *dp, const struct weft_packet *packet);

int weft_label_new(struct weft_sock *sock, const char *dp, const struct weft_label *label);
int weft_label_del(struct weft_sock *sock, const char *dp, uint32_t id);
int weft_label_get(struct weft_sock *sock, const char *dp, uint32_t id, struct weft_label *out);
int weft_label_dump(struct weft_sock *sock, const char *dp,
		    int (*cb)(const struct weft_label *label, void *ctx), void *ctx);
int weft_label_list(struct weft_sock *sock, const char *dp, struct weft_label **labels, size_t *n);
void weft_label_list_free(struct weft_label *labels, size_t n);

/* ---- pools, templates, instances --------------------------------------- */

#include <weft/template.h>

/* ---- events and upcalls ------------------------------------------------ */

/* @cmd says which member it is */
struct weft_event {
	enum weft_cmd cmd;
	union {
		struct weft_dp dp;	       /* DP_NEW, DP_DEL, DP_SET */
		struct weft_port port;	       /* PORT_NEW, PORT_DEL, PORT_SET */
		struct weft_table table;       /* TABLE_SET, TABLE_GET */
		struct weft_flow flow;	       /* FLOW_NEW, FLOW_DEL, FLOW_SET */
		struct weft_service service;   /* SERVICE_NEW, SERVICE_DEL, SERVICE_SET */
		struct weft_tunnel tunnel;     /* TUNNEL_SET, TUNNEL_DEL */
		struct weft_txn_result txn;    /* TXN_COMMIT */
		struct weft_packet packet;     /* PACKET_UPCALL */
		struct weft_pool pool;	       /* POOL_NEW, POOL_DEL */
		struct weft_template tmpl;     /* TEMPLATE_NEW, TEMPLATE_DEL */
		struct weft_instance instance; /* INSTANCE_NEW, INSTANCE_DEL */
		struct weft_label label;       /* LABEL_NEW, LABEL_DEL */
	};
};

/* Subscribe to group "events" of the namespace */
int weft_event_join(struct weft_sock *sock);
int weft_event_join_instances(struct weft_sock *sock);
int weft_event_leave(struct weft_sock *sock);
/*
 * The next event or upcall, at once (@wait false) or when one comes. Returns 0
 * with @out, to be freed by weft_event_free(); -EAGAIN when there is none;
 * -ENOBUFS when some were lost; -EINTR; -EPROTO for a message nobody can read.
 * With poll(): call until -EAGAIN, because several may be in the socket's memory.
 */
int weft_event_recv(struct weft_sock *sock, struct weft_event *out, bool wait);
void weft_event_free(struct weft_event *event);
/* {"event": "flow_new", "flow": {…}} */
json_t *weft_event_to_json(const struct weft_event *event, const struct weft_names *names,
			   unsigned int flags);

/* ---- attributes -------------------------------------------------------- */

struct nlmsghdr;
struct nlattr;

/*
 * To and from netlink attributes: for those who send messages themselves. put:
 * 0, or -EMSGSIZE when @size bytes of the message at @nlh are not enough.
 * get: 0, -EPROTO or -ENOMEM.
 */
int weft_match_put_attrs(struct nlmsghdr *nlh, size_t size, uint16_t type,
			 const struct weft_match *match);
int weft_match_get_attrs(struct weft_match *out, const struct nlattr *nest);
int weft_actions_put_attrs(struct nlmsghdr *nlh, size_t size, uint16_t type,
			   const struct weft_actions *actions);
int weft_actions_get_attrs(struct weft_actions *out, const struct nlattr *nest);

#ifdef __cplusplus
}
#endif

#endif /* WEFT_WEFT_H */
