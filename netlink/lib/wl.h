/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the library share. None of these names (wl_…) leave it: the
 * version script exports weft_… only.
 */
#ifndef WEFT_LIB_WL_H
#define WEFT_LIB_WL_H

#include <weft/weft.h>

#define WL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define WL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- buf.c: a string that grows; once out of memory it stays failed ---- */

struct wl_buf {
	char *s;
	size_t len;
	size_t size;
	bool failed;
};

void wl_buf_add(struct wl_buf *buf, const char *s, size_t len);
void wl_buf_puts(struct wl_buf *buf, const char *s);
void wl_buf_printf(struct wl_buf *buf, const char *fmt, ...) WL_PRINTF(2, 3);
/* The string, now the caller's; NULL when memory ran out */
char *wl_buf_take(struct wl_buf *buf);
void wl_buf_free(struct wl_buf *buf);

/* ---- parse.c: positions, messages and tokens --------------------------- */

/* A piece of text, not terminated */
struct wl_tok {
	const char *s;
	size_t len;
};

/*
 * @start: begin of the text that columns count from; NULL while reading JSON, when
 *	messages give @path instead
 * @binds: "$ip_src" and "@ip" may be set: this is an entry of a template
 */
struct wl_parse {
	const char *start;
	const char *path;
	bool binds;
	const struct weft_names *names;
	struct weft_error *err;
};

/* Fill in the error; returns -EINVAL */
int wl_fail(const struct wl_parse *ps, struct wl_tok at, const char *fmt, ...) WL_PRINTF(3, 4);
struct wl_tok wl_tok_str(const char *s);
bool wl_tok_is(struct wl_tok tok, const char *s);
/* Copy into @buf of @size; false when it does not fit */
bool wl_tok_copy(struct wl_tok tok, char *buf, size_t size);
/* Split at the first @c: @head before it and, if there is one, @tail behind it */
bool wl_tok_split(struct wl_tok tok, char c, struct wl_tok *head, struct wl_tok *tail);
/* Decimal, or hexadecimal after 0x; false when it is no number or over 64 bits */
bool wl_tok_uint(struct wl_tok tok, uint64_t *value);
int wl_parse_uint(const struct wl_parse *ps, struct wl_tok tok, const char *what, uint64_t max,
		  uint64_t *value);
/* Seconds with up to three decimals, into milliseconds up to @max */
int wl_parse_seconds(const struct wl_parse *ps, struct wl_tok tok, const char *what, uint64_t max,
		     uint64_t *ms);
/* Remove double quotes around a name; -EINVAL when it is over @size - 1 or empty */
int wl_parse_name(const struct wl_parse *ps, struct wl_tok tok, const char *what, char *buf,
		  size_t size);
int wl_parse_table(const struct wl_parse *ps, struct wl_tok tok, uint8_t *id);
int wl_parse_port(const struct wl_parse *ps, struct wl_tok tok, uint32_t *id);
int wl_parse_template(const struct wl_parse *ps, struct wl_tok tok, uint32_t *id);
/* Add the name, in quotes if it could be taken for something else */
void wl_format_name(struct wl_buf *buf, const char *name);
bool wl_name_is_plain(const char *name);
void wl_format_seconds(struct wl_buf *buf, uint64_t ms);
void wl_format_port(struct wl_buf *buf, const struct weft_names *names, unsigned int flags,
		    uint32_t id);

/* ---- field.c ------------------------------------------------------------ */

enum wl_needs {
	WL_NEEDS_NOTHING,
	WL_NEEDS_IPV4,
	WL_NEEDS_IPV6,
	WL_NEEDS_IP,
	WL_NEEDS_PORTS,
	WL_NEEDS_TCP,
	WL_NEEDS_ICMP,
	WL_NEEDS_ARP,
	WL_NEEDS_ND,
	WL_NEEDS_NS,
	WL_NEEDS_NA,
};

uint64_t wl_get_be(const uint8_t *bytes, size_t len);
void wl_put_be(uint8_t *bytes, size_t len, uint64_t value);
/* Bits @lo … @lo + @n - 1 of a big-endian string of @len bytes */
bool wl_bit_get(const uint8_t *bytes, size_t len, unsigned int bit);
void wl_bit_set(uint8_t *bytes, size_t len, unsigned int bit);
bool wl_all_zero(const uint8_t *bytes, size_t len);
bool wl_mask_is_full(enum weft_field field, const uint8_t *mask);
/* Canonical @out from @value and @mask (NULL: all); -EINVAL, -ERANGE */
int wl_field_value_make(struct weft_field_value *out, enum weft_field field, const void *value,
			const void *mask);

/* ---- match.c ------------------------------------------------------------ */

/* Which prerequisite of @field is not there, in words; NULL when all are */
const char *wl_match_missing(const struct weft_match *match, enum weft_field field);

/*
 * An address of the tunnel says of which family the others are, and the flag ipv6,
 * too, which a match then leaves out; @metadata: it may be there if it is right.
 * Returns what is wrong, as words between the names of *@field and *@other; NULL
 */
const char *wl_match_clash(const struct weft_match *match, bool metadata, enum weft_field *field,
			   enum weft_field *other);

/* ---- value.c: one value in its field's notation ------------------------- */

/* @set: for an action, whose mask must not be empty */
int wl_value_parse(const struct wl_parse *ps, enum weft_field field, struct wl_tok tok,
		   struct weft_field_value *out);
bool wl_mac_parse(struct wl_tok tok, uint8_t *out);
void wl_mac_format(struct wl_buf *buf, const uint8_t *mac);
/* @numeric: it is a plain decimal number */
void wl_value_format(struct wl_buf *buf, enum weft_field field, const struct weft_field_value *v,
		     const struct weft_names *names, unsigned int flags, bool *numeric);

/* ---- text_field.c: names of fields, of parts of them, of protocols ------- */

enum wl_part {
	WL_PART_WHOLE,
	WL_PART_VID, /* of a VLAN TCI */
	WL_PART_PCP,
	WL_PART_DSCP, /* of a TOS byte */
	WL_PART_ECN,
	WL_PART_TUN_ADDR, /* IPv4, or IPv6 by notation */
};

struct wl_field_name {
	const char *name;
	uint8_t field;
	uint8_t part;  /* enum wl_part */
	uint8_t proto; /* the IP protocol it speaks of; 0: none */
};

extern const struct wl_field_name wl_field_names[];
extern const size_t wl_n_field_names;

/* Look up; also through names->field. NULL with the error filled in */
const struct wl_field_name *wl_field_name_find(const struct wl_parse *ps, struct wl_tok name,
					       struct wl_field_name *space);
/* Lowest bit and width of what a name means */
void wl_field_name_bits(const struct wl_field_name *fn, unsigned int *lo, unsigned int *n);
/* Read @value for @fn; @set: for an action. @field: what it turned out to be */
int wl_named_value_parse(const struct wl_parse *ps, const struct wl_field_name *fn, bool set,
			 struct wl_tok value, enum weft_field *field, struct weft_field_value *out);

/* A match while it is read: what gave each field */
struct wl_match_parse {
	const struct wl_parse *ps;
	struct weft_match *match;
	struct {
		struct wl_tok tok;
		const char *name; /* of an alias, else NULL */
		uint8_t proto;
	} from[WEFT_FIELD_MAX + 1];
	uint64_t seen[2]; /* names that occurred */
	bool metadata;
};

/* Take NAME=VALUE (@value.s NULL: a bare word such as "tcp") */
int wl_match_parse_item(struct wl_match_parse *mp, struct wl_tok name, struct wl_tok value);
/* Once all is read: do its parts agree and, if @check, are all there? */
int wl_match_parse_end(struct wl_match_parse *mp, bool check);

/* Receives the match piece by piece; @value NULL: a bare word */
typedef void wl_emit(void *ctx, const char *name, const char *value, bool numeric);
/* @shorthand: "tcp" instead of eth_type and ip_proto */
void wl_match_emit(const struct weft_match *match, const struct weft_names *names,
		   unsigned int flags, bool shorthand, struct wl_buf *failed, wl_emit *emit,
		   void *ctx);
/* One SET action: name and value; @proto: what the match says of it, 0: nothing */
void wl_set_emit(enum weft_field field, const struct weft_field_value *v, unsigned int proto,
		 const struct weft_names *names, unsigned int flags, struct wl_buf *failed,
		 wl_emit *emit, void *ctx);
/* ip_proto of a match if it is exact, else 0 */
unsigned int wl_match_proto(const struct weft_match *match);

/* ---- text_action.c, text_actions.c ------------------------------------------ */

int wl_actions_parse(const struct wl_parse *ps, const char *text, struct weft_actions *out);
void wl_actions_format(struct wl_buf *buf, const struct weft_actions *actions, unsigned int proto,
		       const struct weft_names *names, unsigned int flags);
/* set:/load: NAME[a..b] and VALUE, appended to @actions */
int wl_set_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
		 struct weft_actions *actions);
int wl_move_parse(const struct wl_parse *ps, struct wl_tok src, struct wl_tok dst,
		  struct weft_actions *actions);
void wl_move_format(struct wl_buf *src, struct wl_buf *dst, const struct weft_act_move *move,
		    const struct weft_names *names);
int wl_drop_parse(const struct wl_parse *ps, struct wl_tok tok, uint32_t *reason);
void wl_drop_format(struct wl_buf *buf, uint32_t reason);
int wl_check_mtu_parse(const struct wl_parse *ps, struct wl_tok mtu, struct wl_tok table,
		       struct weft_act_check_mtu *check);
int wl_advertise_parse(const struct wl_parse *ps, struct wl_tok mac,
		       struct weft_act_advertise *says);
int wl_reject_parse(const struct wl_parse *ps, struct wl_tok tok, uint32_t *reject);
void wl_reject_format(struct wl_buf *buf, uint32_t reject);
/* Has it got a remote, however that is said? */
bool wl_tunnel_has_dst(const struct weft_act_tunnel *t);
int wl_tunnel_dst_parse(const struct wl_parse *ps, struct wl_tok tok, struct weft_act_tunnel *t);
void wl_tunnel_dst_format(struct wl_buf *buf, const struct weft_act_tunnel *t);
int wl_tunnel_item_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
			 struct weft_act_tunnel *t);
int wl_service_item_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
			  struct weft_act_service *s);
/* May another action come behind the last one? NULL: yes; else the last one's name */
const char *wl_actions_ended(const struct weft_actions *actions);

/* ---- text_pool.c ----------------------------------------------------------- */

int wl_pool_id_parse(const struct wl_parse *ps, struct wl_tok tok, uint32_t *id);
/* One range, or of a @map FROM=TO, appended */
int wl_pool_range_parse(const struct wl_parse *ps, struct wl_tok tok, bool map,
			struct weft_ranges *ranges);
/* The @i-th of all ranges and pairs */
void wl_pool_range_format(struct wl_buf *buf, const struct weft_ranges *ranges, unsigned int i);

/* ---- text_bind.c: "$ip_src", "@ip" ----------------------------------------- */

/* What "$proto" says of when= if nothing else does */
#define WL_WHEN_SHORT (WEFT_WHEN_IPV4 | WEFT_WHEN_TCP | WEFT_WHEN_UDP | WEFT_WHEN_SCTP)

bool wl_is_bind(struct wl_tok value);
/* @name of what gets @value, a source: a field (of the packet) or a variable */
int wl_bind_parse(const struct wl_parse *ps, struct wl_tok name, struct wl_tok value,
		  struct weft_bind *out);
/* The field's name, and the source */
void wl_bind_format(struct wl_buf *name, struct wl_buf *source, const struct weft_bind *bind,
		    const struct weft_names *names);
int wl_when_parse(const struct wl_parse *ps, struct wl_tok tok, uint32_t *when);
void wl_when_format(struct wl_buf *buf, uint32_t when);

/* An entry of a template while it is read */
struct wl_tentry_parse {
	struct weft_tentry *entry;
	struct wl_match_parse mp;
	/* as mp.from: what bound each field */
	struct wl_tok bound[WEFT_FIELD_MAX + 1];
	uint8_t proto[WEFT_FIELD_MAX + 1]; /* the IP protocol that the name speaks of; 0: none */
	bool short_proto;		   /* "$proto" was there */
};

/* Fixed or bound: NAME=VALUE, or a bare word such as "tcp" or "$proto" (@value.s NULL) */
int wl_tentry_parse_item(struct wl_tentry_parse *tp, struct wl_tok name, struct wl_tok value);
/* Once all is read: what is implied, and is everything there that it needs? */
int wl_tentry_parse_end(struct wl_tentry_parse *tp);

/* ---- text_flow.c ---------------------------------------------------------- */

/* The next word of *@p, up to a comma or a blank outside quotes; its len is 0 at the end */
struct wl_tok wl_next_item(const char **p);
/* "1.5s": without the s */
struct wl_tok wl_without_unit(struct wl_tok tok);
int wl_cookie_parse(const struct wl_parse *ps, struct wl_tok tok, struct weft_flow *flow,
		    bool filter);

/* ---- text_template.c ------------------------------------------------------- */

/* The value of one attribute that is no nest */
int wl_template_item_parse(const struct wl_parse *ps, enum weft_template_attr attr,
			   struct wl_tok tok, struct weft_template *tmpl);
int wl_tentry_priority_parse(const struct wl_parse *ps, struct wl_tok tok,
			     struct weft_tentry *entry);

/* ---- limit.c --------------------------------------------------------------- */

/* One more limit of a template, "64:ldp+lin" */
int wl_limit_parse(const struct wl_parse *ps, struct wl_tok tok, struct weft_template *tmpl);
void wl_limit_format(struct wl_buf *buf, const struct weft_limit *limit,
		     const struct weft_names *names);
bool wl_limits_equal(const struct weft_template *a, const struct weft_template *b);

/* ---- text_instance.c ------------------------------------------------------- */

/* An address, a port, or 0x and digits */
int wl_var_parse(const struct wl_parse *ps, uint32_t var, struct wl_tok tok,
		 struct weft_instance *instance);
void wl_var_format(struct wl_buf *buf, uint32_t var, const struct weft_var_value *value);

/* ---- attr.c: payloads with exact lengths, -EPROTO otherwise ---------------- */

struct nlattr;
struct nlmsghdr;

int wl_attr_bytes(const struct nlattr *attr, void *v, size_t len);
int wl_attr_u8(const struct nlattr *attr, uint8_t *v);
int wl_attr_u16(const struct nlattr *attr, uint16_t *v);
int wl_attr_u32(const struct nlattr *attr, uint32_t *v);
int wl_attr_u64(const struct nlattr *attr, uint64_t *v);
int wl_attr_str(const struct nlattr *attr, char *buf, size_t size);
/* A string of the caller's; one that is far too long is cut for the kernel to refuse */
void wl_put_name(struct nlmsghdr *nlh, uint16_t type, const char *name);
int wl_drops_get_attrs(struct weft_drops *out, const struct nlattr *nest);
/* Attributes of @nest must fill it: 0 or -EPROTO */
int wl_nest_check(const struct nlattr *nest);
/* 0 or -EMSGSIZE: attribute lengths have 16 bits, and libmnl does not look */
int wl_nest_end(struct nlmsghdr *nlh, struct nlattr *nest);
/* Of fields and variables that there are */
int wl_bind_get(struct weft_bind *bind, const struct nlattr *attr);

/* ---- sock.c ------------------------------------------------------------------ */

#define WL_MSG_SIZE (96 * 1024) /* of any single message */
#define WL_LIST_TRIES 4

struct weft_sock {
	int fd;
	uint32_t portid;
	uint32_t seq;
	uint16_t family;
	uint32_t events_group;
	uint32_t instances_group;
	char error[512];
	char error_attr[128];
	long failed_op;
	uint32_t failed_seq;   /* of the message that wl_talk() saw refused */
	uint8_t *sbuf;	       /* WL_MSG_SIZE: the request being built */
	uint8_t *rbuf;	       /* what was received last */
	size_t rest, rest_len; /* part of rbuf nobody has read yet */
	struct wl_pending *pending, **pending_tail;
	struct wl_pending *current; /* handed out by weft_event_recv() */
	size_t pending_bytes;
	bool lost; /* something did not fit in there */
};

struct genlmsghdr;
typedef int wl_msg_cb(const struct nlmsghdr *nlh, void *ctx);

/* Begin a request in sock->sbuf; clears the error */
struct nlmsghdr *wl_msg_begin(struct weft_sock *sock, uint8_t cmd, uint16_t flags);
/* The same in any buffer, without touching the error */
struct nlmsghdr *wl_msg_put_header(const struct weft_sock *sock, void *buf, uint8_t cmd,
				   uint16_t flags, uint32_t seq);
/*
 * Send @len bytes of messages and wait until the one of sequence number @last is
 * acknowledged or refused; @cb gets what else answers them. Returns 0, 1 for a
 * dump that was interrupted, or -errno with the error filled in.
 */
int wl_talk(struct weft_sock *sock, const void *msgs, size_t len, uint32_t last, wl_msg_cb *cb,
	    void *ctx);
/*
 * The same, but @refused hears of every refusal, with the message's number and the
 * error filled in, and none of them is returned
 */
typedef void wl_refused_cb(uint32_t seq, int err, void *ctx);
int wl_talk_each(struct weft_sock *sock, const void *msgs, size_t len, uint32_t last,
		 wl_refused_cb *refused, void *ctx);
/* One request that wl_msg_begin() began; adds NLM_F_ACK unless it is a dump */
int wl_request(struct weft_sock *sock, struct nlmsghdr *nlh, wl_msg_cb *cb, void *ctx);
/* Refuse a call before anything is sent; returns @err */
int wl_sock_fail(struct weft_sock *sock, int err, const char *fmt, ...) WL_PRINTF(3, 4);
/* First attribute position and length are known to libmnl by this header size */
#define WL_GENL_HDRLEN 4
/* One datagram into rbuf; its length or -errno */
ssize_t wl_sock_receive(struct weft_sock *sock, bool wait);
int wl_pending_add(struct weft_sock *sock, const struct nlmsghdr *nlh);
void wl_pending_drop_all(struct weft_sock *sock);

struct wl_pending {
	struct wl_pending *next;
	size_t len;
	/* the message follows, aligned */
	uint64_t msg[];
};

/* ---- error.c -------------------------------------------------------------------- */

/* Path of the attribute at @ofs of a request, as "actions[2].output" */
void wl_attr_path(const struct nlmsghdr *request, size_t len, uint32_t ofs, char *buf, size_t size);
/* Name of attribute @type missing from the nest at @nest_ofs (0: from the message) */
void wl_attr_missing(const struct nlmsghdr *request, size_t len, uint32_t nest_ofs, uint16_t type,
		     char *buf, size_t size);

/* ---- each object's file: attributes to structure and back ------------------------- */

/* Parse the attributes of a generic netlink message; @out as weft_X_init() left it
 * or better: initialised here, and freed on failure. 0, -EPROTO, -ENOMEM */
int wl_dp_get_msg(struct weft_dp *out, const struct nlmsghdr *nlh);
int wl_port_get_msg(struct weft_port *out, const struct nlmsghdr *nlh);
int wl_table_get_msg(struct weft_table *out, const struct nlmsghdr *nlh);
int wl_flow_get_msg(struct weft_flow *out, const struct nlmsghdr *nlh);
int wl_tunnel_get_msg(struct weft_tunnel *out, const struct nlmsghdr *nlh);
int wl_service_get_msg(struct weft_service *out, const struct nlmsghdr *nlh);
int wl_label_get_msg(struct weft_label *out, const struct nlmsghdr *nlh);
int wl_packet_get_msg(struct weft_packet *out, const struct nlmsghdr *nlh);
int wl_txn_get_msg(struct weft_txn_result *out, const struct nlmsghdr *nlh);
int wl_pool_get_msg(struct weft_pool *out, const struct nlmsghdr *nlh);
int wl_template_get_msg(struct weft_template *out, const struct nlmsghdr *nlh);
int wl_instance_get_msg(struct weft_instance *out, const struct nlmsghdr *nlh);

enum wl_flow_what {
	WL_FLOW_KEY,	/* table, priority, match */
	WL_FLOW_IF,	/* the same, if it exists */
	WL_FLOW_ENTRY,	/* and actions, cookie, timeouts */
	WL_FLOW_CHANGE, /* and those of them that are present */
	WL_FLOW_FILTER,
};

int wl_flow_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_flow *flow,
		      enum wl_flow_what what);
int wl_table_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_table *table);
int wl_pool_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_pool *pool, bool change);
int wl_limits_get(struct weft_template *tmpl, const struct nlattr *nest);
int wl_limits_put(struct nlmsghdr *nlh, size_t size, const struct weft_template *tmpl);
int wl_template_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_template *tmpl);
int wl_instance_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_instance *instance,
			  bool filter);

void wl_tentries_free(struct weft_tentries *entries);
int wl_tentries_copy(struct weft_tentries *out, const struct weft_tentries *entries);
/* A new one at the end; NULL when out of memory */
struct weft_tentry *wl_tentries_add(struct weft_tentries *entries);
bool wl_tentry_equal(const struct weft_tentry *a, const struct weft_tentry *b);
/* @out is overwritten, and empty on failure */
int wl_tentries_get_attrs(struct weft_tentries *out, const struct nlattr *nest);
int wl_tentries_put_attrs(struct nlmsghdr *nlh, size_t size, uint16_t type,
			  const struct weft_tentries *entries);

#endif /* WEFT_LIB_WL_H */
