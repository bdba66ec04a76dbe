/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools, templates and instances: a part of <weft/weft.h>, which includes it.
 */
#ifndef WEFT_TEMPLATE_H
#define WEFT_TEMPLATE_H

#ifndef WEFT_WEFT_H
#error "include <weft/weft.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- names ------------------------------------------------------------- */

/* Names of enumerators, lower case; NULL for a value that has none */
const char *weft_pool_type_name(uint32_t type);
const char *weft_pool_choice_name(uint32_t choice);
const char *weft_mode_name(uint32_t mode);
const char *weft_track_name(uint32_t track);
const char *weft_state_name(uint32_t state);
const char *weft_when_name(uint32_t bit);     /* of one WEFT_WHEN_… */
const char *weft_var_name(uint32_t var);      /* enum weft_var: "ip", "port", "v0", … */
const char *weft_timeout_name(uint32_t attr); /* WEFT_TIMEOUTS_A_… */
const char *weft_refused_name(uint32_t attr); /* WEFT_REFUSED_A_… */

/* The other way: the value, or -ENOENT */
int weft_pool_type_from_name(const char *name);
int weft_pool_choice_from_name(const char *name);
int weft_mode_from_name(const char *name);
int weft_track_from_name(const char *name);
int weft_state_from_name(const char *name);
int weft_when_from_name(const char *name);
int weft_var_from_name(const char *name);
int weft_timeout_from_name(const char *name);

/* ---- pools -------------------------------------------------------------- */

/* What a pool has, in the order in which it was given: ranges, or pairs of a map */
struct weft_ranges {
	struct weft_pool_range *ranges;
	unsigned int n_ranges;
	struct weft_pool_pair *pairs;
	unsigned int n_pairs;
};

/*
 * present: WEFT_POOL_A_…
 * As a change (SET) only attributes that are present count; ranges are then those
 * to grant.
 */
struct weft_pool {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	uint32_t id;
	uint32_t type;	 /* enum weft_pool_type */
	uint32_t choice; /* enum weft_pool_choice */
	uint8_t parity;
	uint8_t reuse;
	struct weft_ranges ranges;
	struct weft_ranges withdraw;
	uint64_t total;
	uint64_t used;
	uint64_t refused;
	uint32_t templates;
};

void weft_pool_init(struct weft_pool *pool);
void weft_pool_free(struct weft_pool *pool);
int weft_pool_copy(struct weft_pool *out, const struct weft_pool *pool);
/* The same id, type, choice, parity, reuse and ranges? What is absent has its default */
bool weft_pool_equal(const struct weft_pool *a, const struct weft_pool *b);
/* Append; 0, -EINVAL for what no pool can have, -ENOSPC, -ENOMEM */
int weft_ranges_add_range(struct weft_ranges *ranges, const struct weft_pool_range *range);
int weft_ranges_add_pair(struct weft_ranges *ranges, const struct weft_pool_pair *pair);

/* "3 11.0.1.1-11.0.1.100:1024-65535 choice=random", "4 map 10.0.1.0/24=11.0.1.0/24" */
int weft_pool_parse(struct weft_pool *out, const char *text, struct weft_error *err);
/* "3 +RANGE -RANGE choice=sequential": what to grant and to withdraw, and how to choose */
int weft_pool_parse_change(struct weft_pool *out, const char *text, struct weft_error *err);
/* The caller frees the string; NULL when out of memory. @flags: WEFT_FMT_STATS */
char *weft_pool_format(const struct weft_pool *pool, unsigned int flags);
json_t *weft_pool_to_json(const struct weft_pool *pool, unsigned int flags);
int weft_pool_from_json(struct weft_pool *out, const json_t *json, const char *path,
			struct weft_error *err);

/* ---- templates ---------------------------------------------------------- */

/* Sorted by field, each once */
struct weft_binds {
	struct weft_bind *v;
	unsigned int n;
	unsigned int size;
};

/* present: WEFT_TENTRY_A_…, of which REPLY and WIDE are all there is to say of them */
struct weft_tentry {
	uint32_t present;
	char name[WEFT_NAME_MAX + 1];
	uint8_t table;
	int32_t delta; /* default 1; this or priority */
	uint16_t priority;
	uint32_t when; /* enum weft_when; 0: always */
	struct weft_match match;
	struct weft_binds binds;
	struct weft_actions actions;
	uint64_t packets;
	uint64_t bytes;
};

struct weft_tentries {
	struct weft_tentry *v;
	unsigned int n;
};

/* present: WEFT_TIMEOUTS_A_…, by which the array is indexed, too */
struct weft_timeouts {
	uint32_t present;
	uint32_t ms[WEFT_TIMEOUTS_A_MAX + 1];
};

/* present: WEFT_TEMPLATE_A_… */
struct weft_template {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	uint32_t id;
	char name[WEFT_NAME_MAX + 1];
	uint32_t mode; /* enum weft_mode */
	uint32_t pool;
	uint16_t map_field; /* enum weft_field */
	char service[WEFT_NAME_MAX + 1];
	uint16_t slice;
	uint32_t track; /* enum weft_track */
	struct weft_tentries entries;
	struct weft_timeouts timeouts;
	struct weft_actions fail;
	uint32_t fail_timeout_ms;
	uint32_t pending_packets;
	uint32_t pending_timeout_ms;
	struct weft_limit limits[WEFT_TEMPLATE_LIMITS];
	unsigned int n_limits;
	uint32_t fallback; /* enum weft_fallback */
	uint32_t n_instances;
	uint32_t n_pending;
	uint64_t created;
	uint64_t refused[WEFT_REFUSED_A_MAX + 1]; /* by WEFT_REFUSED_A_… */
	uint32_t senders;
};

void weft_template_init(struct weft_template *tmpl);
void weft_template_free(struct weft_template *tmpl);
int weft_template_copy(struct weft_template *out, const struct weft_template *tmpl);
/* Do they make the same instances? Counters do not matter, what is absent has its default */
bool weft_template_equal(const struct weft_template *a, const struct weft_template *b);
/* A new empty entry at the end, valid until the next one; NULL when out of memory */
struct weft_tentry *weft_template_add_entry(struct weft_template *tmpl, const char *name);
/* 0, -EEXIST when the field is bound, -EINVAL for what cannot be bound, -ENOMEM */
int weft_binds_add(struct weft_binds *binds, const struct weft_bind *bind);
/* NULL when @field is not bound */
const struct weft_bind *weft_binds_get(const struct weft_binds *binds, enum weft_field field);

#define WEFT_FMT_LINES 0x10 /* an entry a line, and with WEFT_FMT_STATS counters as a comment */

/*
 * One template, on one line or several, with "#" comments. Positions in @err count
 * bytes from the begin of @text.
 */
int weft_template_parse(struct weft_template *out, const char *text, const struct weft_names *names,
			struct weft_error *err);
char *weft_template_format(const struct weft_template *tmpl, const struct weft_names *names,
			   unsigned int flags);
json_t *weft_template_to_json(const struct weft_template *tmpl, const struct weft_names *names,
			      unsigned int flags);
int weft_template_from_json(struct weft_template *out, const json_t *json, const char *path,
			    const struct weft_names *names, struct weft_error *err);

/* ---- instances ---------------------------------------------------------- */

/* Value of a variable, big-endian; len 0: there is none */
struct weft_var_value {
	uint8_t value[WEFT_FIELD_LEN_MAX];
	uint8_t len;
};

/* present: WEFT_INSTANCE_A_… As a filter, only what is present counts. */
struct weft_instance {
	uint32_t present;
	char dp[WEFT_NAME_MAX + 1];
	uint32_t id;
	uint32_t template_id;
	uint32_t pending;
	uint16_t slice;
	uint32_t in_port;
	char vm_id[WEFT_VM_ID_MAX + 1];
	int32_t priority;
	uint32_t when;		  /* enum weft_when, what the opening packet was */
	struct weft_match fields; /* exact values, but in a filter */
	struct weft_var_value vars[WEFT_TEMPLATE_VARS];
	uint32_t state;		      /* enum weft_state */
	struct weft_tentries entries; /* name, table, priority, reply and counters */
	uint64_t age_ms;
	uint64_t idle_ms;
	uint64_t expires_ms; /* absent: never */
	uint32_t reason;     /* enum weft_reason */
};

/* Packets and bytes of one direction */
struct weft_traffic {
	uint64_t packets;
	uint64_t bytes;
};

void weft_instance_init(struct weft_instance *instance);
void weft_instance_free(struct weft_instance *instance);
int weft_instance_copy(struct weft_instance *out, const struct weft_instance *instance);
/* Say what a variable is, @len bytes; 0 or -EINVAL */
int weft_instance_set_var(struct weft_instance *instance, uint32_t var, const void *value,
			  size_t len);
/* Sums over the entries that are (@reply) or are not for replies */
struct weft_traffic weft_instance_traffic(const struct weft_instance *instance, bool reply);

/* template=, slice=, port=, vm=, state= and fields under masks, each optional */
int weft_instance_parse_filter(struct weft_instance *out, const char *text,
			       const struct weft_names *names, struct weft_error *err);
/* One line; with WEFT_FMT_LINES and below it one for each entry */
char *weft_instance_format(const struct weft_instance *instance, const struct weft_names *names,
			   unsigned int flags);
/* What an import needs; with WEFT_FMT_STATS all that is present */
json_t *weft_instance_to_json(const struct weft_instance *instance, const struct weft_names *names,
			      unsigned int flags);
int weft_instance_from_json(struct weft_instance *out, const json_t *json, const char *path,
			    const struct weft_names *names, struct weft_error *err);

/* ---- requests (as in <weft/weft.h>, part "socket") ----------------------- */

int weft_pool_new(struct weft_sock *sock, const char *dp, const struct weft_pool *pool);
int weft_pool_del(struct weft_sock *sock, const char *dp, uint32_t id);
int weft_pool_get(struct weft_sock *sock, const char *dp, uint32_t id, struct weft_pool *out);
/* Sends what is present of choice, parity, ranges and withdraw */
int weft_pool_set(struct weft_sock *sock, const char *dp, const struct weft_pool *pool);
int weft_pool_dump(struct weft_sock *sock, const char *dp,
		   int (*cb)(const struct weft_pool *pool, void *ctx), void *ctx);
int weft_pool_list(struct weft_sock *sock, const char *dp, struct weft_pool **pools, size_t *n);
void weft_pool_list_free(struct weft_pool *pools, size_t n);

int weft_template_new(struct weft_sock *sock, const char *dp, const struct weft_template *tmpl);
int weft_template_del(struct weft_sock *sock, const char *dp, uint32_t id);
int weft_template_get(struct weft_sock *sock, const char *dp, uint32_t id,
		      struct weft_template *out);
int weft_template_dump(struct weft_sock *sock, const char *dp,
		       int (*cb)(const struct weft_template *tmpl, void *ctx), void *ctx);
int weft_template_list(struct weft_sock *sock, const char *dp, struct weft_template **tmpls,
		       size_t *n);
void weft_template_list_free(struct weft_template *tmpls, size_t n);

/* With pending: the answer to an upcall; else an import */
int weft_instance_new(struct weft_sock *sock, const char *dp, const struct weft_instance *instance);
int weft_instance_del(struct weft_sock *sock, const char *dp, uint32_t id);
/* All that @filter (NULL: everything) selects */
int weft_instance_del_filter(struct weft_sock *sock, const char *dp,
			     const struct weft_instance *filter);
/* Refuse what waits for an answer */
int weft_instance_reject(struct weft_sock *sock, const char *dp, uint32_t pending);
int weft_instance_get(struct weft_sock *sock, const char *dp, uint32_t id,
		      struct weft_instance *out);
int weft_instance_dump(struct weft_sock *sock, const char *dp, const struct weft_instance *filter,
		       int (*cb)(const struct weft_instance *instance, void *ctx), void *ctx);
int weft_instance_list(struct weft_sock *sock, const char *dp, const struct weft_instance *filter,
		       struct weft_instance **instances, size_t *n);
void weft_instance_list_free(struct weft_instance *instances, size_t n);

/*
 * Many instances in few system calls: answers to upcalls, and imports. Operations
 * are collected and sent many at a time; each is done or refused for itself, and
 * @refused hears of those that were: the number of the operation (from 0 since
 * begin), -errno and the kernel's words. It must not use the socket, and may be
 * called by any of the functions but begin.
 */
struct weft_batch;
typedef void weft_batch_refused(void *ctx, size_t op, int err, const char *words);
int weft_batch_begin(struct weft_sock *sock, const char *dp, weft_batch_refused *refused, void *ctx,
		     struct weft_batch **batch);
/* All three: 0, or -errno when the kernel cannot be reached or nothing can be sent any more */
int weft_batch_instance_new(struct weft_batch *batch, const struct weft_instance *instance);
int weft_batch_instance_reject(struct weft_batch *batch, uint32_t pending);
int weft_batch_instance_del(struct weft_batch *batch, uint32_t id);
/* Send what is waiting; the batch can be used on. Other calls with the socket may come between */
int weft_batch_flush(struct weft_batch *batch);
size_t weft_batch_n_ops(const struct weft_batch *batch);
size_t weft_batch_n_refused(const struct weft_batch *batch);
/* Without sending what is still waiting */
void weft_batch_free(struct weft_batch *batch);

#ifdef __cplusplus
}
#endif

#endif /* WEFT_TEMPLATE_H */
