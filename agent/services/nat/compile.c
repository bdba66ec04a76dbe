// SPDX-License-Identifier: Apache-2.0
/*
 * compile.c - see compile.h.
 *
 * Templates are written as text and read by libweft: the text is what weft-template(8) shows,
 * and what a user would write by hand. Each rule has an opener, an entry in the table in which
 * the opening packet is, and one for replies in the other of the slice's two tables:
 *
 *	snat		opener in "nat" (source), reply in "unnat" (destination), per connection
 *	dnat		opener in "unnat", reply in "nat", per connection
 *	one_to_one,	both, as two templates, per address: any protocol, and whichever side
 *	subnet		speaks first
 *	sanitise	opener in "nat", reply in "unnat", per connection and host that it comes from;
 *			and a second template, whose only entry is for replies, in "hint"
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "error.h"
#include "map.h"
#include "memory.h"
#include "services/nat/compile.h"
#include "services/nat/nat.h"

struct words {
	const char *ip; /* "ip", "ipv6" */
	const char *src, *dst;
	const char *family; /* for when= */
	const char *icmp;
	unsigned int request, reply; /* types of echo */
};

static const struct words ipv4_words = { "ip", "ip_src", "ip_dst", "ipv4", "icmp", 8, 0 };
static const struct words ipv6_words = {
	"ipv6", "ipv6_src", "ipv6_dst", "ipv6", "icmp6", 128, 129
};

static const struct words *words_of(const struct nat_rule *rule)
{
	return rule->family == AF_INET6 ? &ipv6_words : &ipv4_words;
}

bool nat_owns(uint32_t id)
{
	return id >= NAT_ID_FIRST && id <= NAT_ID_LAST;
}

/* ---- text --------------------------------------------------------------- */

static void append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(char **text, const char *format, ...)
{
	char *more, *both;
	va_list ap;

	va_start(ap, format);
	more = memory_vprintf(format, ap);
	va_end(ap);
	both = memory_printf("%s%s", *text ? *text : "", more);
	free(more);
	free(*text);
	*text = both;
}

static void append_header(char **text, const struct nat_rule *rule, const char *name, uint32_t pool,
			  bool tracked)
{
	const struct weft_timeouts *timeouts = &rule->slice->timeouts;

	append(text, "1 %s mode=%s slice=%u track=%s", name, weft_mode_name(rule->mode),
	       rule->slice->id, tracked ? "state" : "none");
	if (pool)
		append(text, " pool=%u", pool);
	if (rule->mode == WEFT_MODE_SERVICE)
		append(text, " service=" NAT_SERVICE);
	for (unsigned int i = 1; i <= WEFT_TIMEOUTS_A_MAX; i++) {
		bool untracked = i == WEFT_TIMEOUTS_A_IDLE;

		if (weft_has(timeouts, i) && (untracked != tracked || i == WEFT_TIMEOUTS_A_HARD))
			append(text, " %s=%u", weft_timeout_name(i), timeouts->ms[i] / 1000);
	}
	append(text, " fail_timeout=%u", rule->slice->fail_timeout);
}

/* of a template that needs nobody to give it values */
static void append_plain_header(char **text, const struct nat_rule *rule, const char *name)
{
	const struct weft_timeouts *timeouts = &rule->slice->timeouts;

	append(text, "1 %s mode=kernel slice=%u", name, rule->slice->id);
	if (weft_has(timeouts, WEFT_TIMEOUTS_A_IDLE))
		append(text, " idle=%u", timeouts->ms[WEFT_TIMEOUTS_A_IDLE] / 1000);
}

/* what every entry begins with: where it is */
static void append_place(char **text, const struct nat_rule *rule, enum nat_table table)
{
	append(text, " table=%u, ", rule->slice->tables[table]);
	if (rule->priority >= 0)
		append(text, "priority=%d, ", rule->priority + 1);
	else
		append(text, "priority=+1, ");
	if (rule->slice->ldp)
		append(text, "ldp=%u, ", rule->slice->ldp);
	else
		append(text, "ldp=$ldp, ");
}

/* what every entry ends with: where the packet goes on */
static void append_next(char **text, const struct nat_rule *rule, enum nat_table table)
{
	if (table == NAT_TABLE_NAT && rule->slice->return_lport)
		append(text, "load:lin=%u, ", rule->slice->return_lport);
	append(text, "goto:%u\n", rule->slice->tables[table + 1]);
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "sctp";
}

static void append_fail(char **text)
{
	append(text, "fail: drop:pool_exhausted\n");
}

static char *snat_text(const struct nat_rule *rule, uint32_t pool)
{
	const struct words *w = words_of(rule);
	char *text = NULL;

	append_header(&text, rule, rule->name, pool, true);
	append(&text, "\nforward: when=%s|tcp|udp|sctp,", w->family);
	append_place(&text, rule, NAT_TABLE_NAT);
	append(&text,
	       "$proto, %s=$%s, %s=$%s, $sport, $dport actions= set:%s=@ip, set:l4_src=@port, ",
	       w->src, w->src, w->dst, w->dst, w->src);
	append_next(&text, rule, NAT_TABLE_NAT);

	append(&text, "reverse: when=%s|tcp|udp|sctp, reply,", w->family);
	append_place(&text, rule, NAT_TABLE_UNNAT);
	append(&text,
	       "$proto, %s=$%s, %s=@ip, l4_src=$l4_dst, l4_dst=@port actions= set:%s=$%s, "
	       "set:l4_dst=$l4_src, ",
	       w->src, w->dst, w->dst, w->dst, w->src);
	append_next(&text, rule, NAT_TABLE_UNNAT);

	append(&text, "ping: when=%s|echo,", w->family);
	append_place(&text, rule, NAT_TABLE_NAT);
	append(&text,
	       "%s, %s, icmp_type=%u, %s=$%s, %s=$%s, icmp_id=$icmp_id actions= set:%s=@ip, "
	       "set:icmp_id=@port, ",
	       w->ip, w->icmp, w->request, w->src, w->src, w->dst, w->dst, w->src);
	append_next(&text, rule, NAT_TABLE_NAT);

	append(&text, "pong: when=%s|echo, reply,", w->family);
	append_place(&text, rule, NAT_TABLE_UNNAT);
	append(&text,
	       "%s, %s, icmp_type=%u, %s=$%s, %s=@ip, icmp_id=@port actions= set:%s=$%s, "
	       "set:icmp_id=$icmp_id, ",
	       w->ip, w->icmp, w->reply, w->src, w->dst, w->dst, w->dst, w->src);
	append_next(&text, rule, NAT_TABLE_UNNAT);
	append_fail(&text);
	return text;
}

/* the port of a connection that another host has, too, is changed here, and for replies back */
static char *sanitise_text(const struct nat_rule *rule, uint32_t pool)
{
	const struct words *w = words_of(rule);
	char *text = NULL;

	append_header(&text, rule, rule->name, pool, true);
	append(&text, "\nforward: when=%s|tcp|udp|sctp,", w->family);
	append_place(&text, rule, NAT_TABLE_NAT);
	append(&text,
	       "tun_src=$tun_src, $proto, %s=$%s, %s=$%s, $sport, $dport actions= set:l4_src=@port, ",
	       w->src, w->src, w->dst, w->dst);
	append_next(&text, rule, NAT_TABLE_NAT);

	append(&text, "reverse: when=%s|tcp|udp|sctp, reply,", w->family);
	append_place(&text, rule, NAT_TABLE_UNNAT);
	append(&text,
	       "$proto, %s=$%s, %s=$%s, l4_src=$l4_dst, l4_dst=@port actions= set:l4_dst=$l4_src, ",
	       w->src, w->dst, w->dst, w->src);
	append_next(&text, rule, NAT_TABLE_UNNAT);

	append(&text, "ping: when=%s|echo,", w->family);
	append_place(&text, rule, NAT_TABLE_NAT);
	append(&text,
	       "tun_src=$tun_src, %s, %s, icmp_type=%u, %s=$%s, %s=$%s, icmp_id=$icmp_id "
	       "actions= set:icmp_id=@port, ",
	       w->ip, w->icmp, w->request, w->src, w->src, w->dst, w->dst);
	append_next(&text, rule, NAT_TABLE_NAT);

	append(&text, "pong: when=%s|echo, reply,", w->family);
	append_place(&text, rule, NAT_TABLE_UNNAT);
	append(&text,
	       "%s, %s, icmp_type=%u, %s=$%s, %s=$%s, icmp_id=@port actions= set:icmp_id=$icmp_id, ",
	       w->ip, w->icmp, w->reply, w->src, w->dst, w->dst, w->src);
	append_next(&text, rule, NAT_TABLE_UNNAT);
	append_fail(&text);
	return text;
}

/*
 * Replies of the machine to which the packet goes: to the host that the packet came from, with
 * all still to be done; reg0 is that host's address, for the entries behind unnat_next.
 */
static char *hint_text(const struct nat_rule *rule, const char *name)
{
	const struct words *w = words_of(rule);
	char *text = NULL;

	append_plain_header(&text, rule, name);
	append(&text, "\nback: when=%s|tcp|udp|sctp, reply,", w->family);
	append_place(&text, rule, NAT_TABLE_HINT);
	append(&text,
	       "lin=$lout, $proto, %s=$%s, %s=$%s, l4_src=$l4_dst, l4_dst=$l4_src "
	       "actions= load:stage=15, set:reg0=$tun_src, goto:%u\n",
	       w->src, w->dst, w->dst, w->src, rule->slice->tables[NAT_TABLE_UNNAT]);
	append(&text, "pong: when=%s|echo, reply,", w->family);
	append_place(&text, rule, NAT_TABLE_HINT);
	append(&text,
	       "lin=$lout, %s, %s, icmp_type=%u, %s=$%s, %s=$%s, icmp_id=$icmp_id "
	       "actions= load:stage=15, set:reg0=$tun_src, goto:%u\n",
	       w->ip, w->icmp, w->reply, w->src, w->dst, w->dst, w->src,
	       rule->slice->tables[NAT_TABLE_UNNAT]);
	return text;
}

static char *dnat_text(const struct nat_rule *rule)
{
	bool service = rule->mode == WEFT_MODE_SERVICE;
	const struct words *w = words_of(rule);
	char to[ADDRESS_TEXT], port[16] = "$l4_dst", set_port[32] = "";
	char *text = NULL;

	address_format(&rule->inside, to);
	if (service)
		strcpy(to, "@ip");
	if (rule->inside_port && service)
		strcpy(port, "@port");
	else if (rule->inside_port)
		snprintf(port, sizeof(port), "%u", rule->inside_port);
	if (rule->inside_port)
		snprintf(set_port, sizeof(set_port), "set:l4_dst=%s, ", port);

	append_header(&text, rule, rule->name, 0, true);
	append(&text, "\nforward: when=%s|%s,", w->family,
	       rule->protocol ? protocol_name(rule->protocol) : "tcp|udp|sctp");
	append_place(&text, rule, NAT_TABLE_UNNAT);
	append(&text, "$proto, %s=$%s, %s=$%s, $sport, $dport actions= set:%s=%s, %s", w->src,
	       w->src, w->dst, w->dst, w->dst, to, set_port);
	append_next(&text, rule, NAT_TABLE_UNNAT);

	append(&text, "reverse: when=%s|%s, reply,", w->family,
	       rule->protocol ? protocol_name(rule->protocol) : "tcp|udp|sctp");
	append_place(&text, rule, NAT_TABLE_NAT);
	append(&text, "$proto, %s=%s, %s=$%s, l4_src=%s, l4_dst=$l4_src actions= set:%s=$%s, %s",
	       w->src, to, w->dst, w->src, port, w->src, w->dst,
	       rule->inside_port ? "set:l4_src=$l4_dst, " : "");
	append_next(&text, rule, NAT_TABLE_NAT);
	if (!rule->protocol) {
		append(&text, "ping: when=%s|echo,", w->family);
		append_place(&text, rule, NAT_TABLE_UNNAT);
		append(&text,
		       "%s, %s, icmp_type=%u, %s=$%s, %s=$%s, icmp_id=$icmp_id "
		       "actions= set:%s=%s, ",
		       w->ip, w->icmp, w->request, w->src, w->src, w->dst, w->dst, w->dst, to);
		append_next(&text, rule, NAT_TABLE_UNNAT);
		append(&text, "pong: when=%s|echo, reply,", w->family);
		append_place(&text, rule, NAT_TABLE_NAT);
		append(&text,
		       "%s, %s, icmp_type=%u, %s=%s, %s=$%s, icmp_id=$icmp_id "
		       "actions= set:%s=$%s, ",
		       w->ip, w->icmp, w->reply, w->src, to, w->dst, w->src, w->src, w->dst);
		append_next(&text, rule, NAT_TABLE_NAT);
	}
	append_fail(&text);
	return text;
}

/* one_to_one and subnet: what the opener's side has, @from, is drawn from a map */
static char *pair_text(const struct nat_rule *rule, const char *name, bool from_outside,
		       uint32_t map)
{
	const struct words *w = words_of(rule);
	const char *from = from_outside ? w->dst : w->src, *to = from_outside ? w->src : w->dst;
	enum nat_table first = from_outside ? NAT_TABLE_UNNAT : NAT_TABLE_NAT;
	enum nat_table second = from_outside ? NAT_TABLE_NAT : NAT_TABLE_UNNAT;
	char far[ADDRESS_TEXT + 8] = "";
	char *text = NULL;

	append_header(&text, rule, name, map, false);
	if (map)
		append(&text, " map_field=%s", from);
	if (rule->has_destination) {
		address_format(&rule->destination, far);
		snprintf(far + strlen(far), 8, "/%u", rule->destination.prefix_len);
	}
	append(&text, "\nforward: when=%s, wide,", w->family);
	append_place(&text, rule, first);
	append(&text, "%s, %s=$%s", w->ip, from, from);
	if (*far)
		append(&text, ", %s=%s", to, far);
	append(&text, " actions= set:%s=@ip, ", from);
	append_next(&text, rule, first);

	append(&text, "reverse: when=%s, wide, reply,", w->family);
	append_place(&text, rule, second);
	append(&text, "%s, %s=@ip", w->ip, to);
	if (*far)
		append(&text, ", %s=%s", from, far);
	append(&text, " actions= set:%s=$%s, ", to, from);
	append_next(&text, rule, second);
	append_fail(&text);
	return text;
}

/* ---- pools -------------------------------------------------------------- */

static const struct weft_pool *find_have_pool(const struct nat_have *have, uint32_t id)
{
	for (size_t i = 0; i < have->n_pools; i++) {
		if (have->pools[i].id == id)
			return &have->pools[i];
	}
	return NULL;
}

static bool pool_id_is_free(const struct nat *nat, const struct nat_have *have, uint32_t id,
			    const struct weft_pool *pool)
{
	const struct weft_pool *other = find_have_pool(have, id);

	for (size_t i = 0; i < nat->n_kernel_pools; i++) {
		if (nat->kernel_pools[i].id == id)
			return false;
	}
	/* these two cannot be changed */
	return !other || (other->type == pool->type && !other->reuse == !pool->reuse);
}

static uint32_t add_pool(struct nat *nat, const struct nat_have *have, const char *kind,
			 const char *name, struct weft_pool *pool)
{
	char *key = memory_printf("%s %u %u %s", kind, pool->type, pool->reuse, name);
	uint32_t n = map_hash_string(key) % (NAT_ID_LAST - NAT_ID_FIRST + 1);

	free(key);
	while (!pool_id_is_free(nat, have, NAT_ID_FIRST + n, pool))
		n = (n + 1) % (NAT_ID_LAST - NAT_ID_FIRST + 1);
	pool->id = NAT_ID_FIRST + n;
	weft_mark(pool, WEFT_POOL_A_ID);
	nat->kernel_pools = memory_grow(nat->kernel_pools, nat->n_kernel_pools,
					sizeof(*nat->kernel_pools));
	nat->kernel_pools[nat->n_kernel_pools++] = *pool;
	return pool->id;
}

static bool compile_pools(struct nat *nat, const struct nat_have *have)
{
	for (size_t i = 0; i < nat->n_pools; i++) {
		struct weft_pool copy;

		if (weft_pool_copy(&copy, &nat->pools[i].pool))
			return false;
		nat->pools[i].pool.id = add_pool(nat, have, "ranges", nat->pools[i].name, &copy);
	}
	return true;
}

static uint32_t add_map(struct nat *nat, const struct nat_have *have, const struct nat_rule *rule,
			const char *name, bool from_outside)
{
	const struct address *from = from_outside ? &rule->outside : &rule->inside;
	const struct address *to = from_outside ? &rule->inside : &rule->outside;
	struct weft_pool_pair pair = {
		.family = rule->family == AF_INET6 ? 6 : 4,
		.prefix_len = from->prefix_len,
	};
	struct weft_pool pool;

	memcpy(pair.from, from->bytes, sizeof(pair.from));
	memcpy(pair.to, to->bytes, sizeof(pair.to));
	weft_pool_init(&pool);
	pool.type = WEFT_POOL_TYPE_MAP;
	weft_mark(&pool, WEFT_POOL_A_TYPE);
	if (weft_ranges_add_pair(&pool.ranges, &pair))
		return 0;
	weft_mark(&pool, WEFT_POOL_A_RANGES);
	return add_pool(nat, have, "map", name, &pool);
}

/* ---- templates ---------------------------------------------------------- */

static bool template_id_is_free(const struct nat *nat, const struct nat_have *have, uint32_t id)
{
	for (size_t i = 0; i < nat->n_templates; i++) {
		if (nat->templates[i].tmpl.id == id)
			return false;
	}
	for (size_t i = 0; i < have->n_templates; i++) {
		if (have->templates[i].id == id)
			return false;
	}
	return true;
}

/* the one that the kernel has, or a new one */
static void choose_id(const struct nat *nat, const struct nat_have *have,
		      struct weft_template *tmpl)
{
	for (size_t i = 0; i < have->n_templates; i++) {
		if (!nat_owns(have->templates[i].id) || strcmp(have->templates[i].name, tmpl->name))
			continue;
		tmpl->id = have->templates[i].id;
		if (weft_template_equal(tmpl, &have->templates[i]))
			return;
	}
	tmpl->id = NAT_ID_FIRST;
	while (!template_id_is_free(nat, have, tmpl->id))
		tmpl->id++;
}

static bool add_template(struct nat *nat, const struct nat_have *have, const struct nat_rule *rule,
			 bool from_outside, const char *text, const char *file,
			 struct errors *errors)
{
	struct weft_error error = { .msg = "out of memory" };
	struct nat_template *template;
	struct weft_template tmpl;
	char words[600];

	if (weft_template_parse(&tmpl, text, NULL, &error)) {
		errors_add(errors, "%s: %s: %s, in %s", file, rule->where,
			   weft_error_text(&error, words, sizeof(words)), text);
		return false;
	}
	choose_id(nat, have, &tmpl);
	nat->templates = memory_grow(nat->templates, nat->n_templates, sizeof(*nat->templates));
	template = &nat->templates[nat->n_templates++];
	*template = (struct nat_template){
		.rule = rule,
		.from_outside = from_outside,
		.tmpl = tmpl,
	};
	return true;
}

static bool compile_pair(struct nat *nat, const struct nat_have *have, const struct nat_rule *rule,
			 bool from_outside, const char *file, struct errors *errors)
{
	char *name = memory_printf("%s%s", rule->name, from_outside ? "-in" : "");
	uint32_t map = 0;
	char *text;
	bool good;

	if (rule->mode == WEFT_MODE_KERNEL)
		map = add_map(nat, have, rule, name, from_outside);
	text = pair_text(rule, name, from_outside, map);
	good = add_template(nat, have, rule, from_outside, text, file, errors);
	free(text);
	free(name);
	return good;
}

/* ports of the addresses of the pool, each for one connection to each remote endpoint */
static uint32_t add_ports(struct nat *nat, const struct nat_have *have, const struct nat_rule *rule)
{
	struct weft_pool copy;

	if (weft_pool_copy(&copy, &rule->pool->pool))
		return 0;
	copy.reuse = true;
	copy.choice = WEFT_POOL_CHOICE_PRESERVE;
	return add_pool(nat, have, "ports", rule->name, &copy);
}

static bool compile_sanitise(struct nat *nat, const struct nat_have *have,
			     const struct nat_rule *rule, const char *file, struct errors *errors)
{
	char *name = memory_printf("%s-in", rule->name);
	uint32_t pool = rule->mode == WEFT_MODE_KERNEL ? add_ports(nat, have, rule) : 0;
	char *text = sanitise_text(rule, pool), *hint = hint_text(rule, name);
	bool good = add_template(nat, have, rule, false, text, file, errors) &&
		    add_template(nat, have, rule, true, hint, file, errors);

	free(text);
	free(hint);
	free(name);
	return good;
}

static bool compile_rule(struct nat *nat, const struct nat_have *have, const struct nat_rule *rule,
			 const char *file, struct errors *errors)
{
	char *text;
	bool good;

	if (rule->kind == NAT_ONE_TO_ONE || rule->kind == NAT_SUBNET)
		return compile_pair(nat, have, rule, false, file, errors) &&
		       compile_pair(nat, have, rule, true, file, errors);
	if (rule->kind == NAT_SANITISE)
		return compile_sanitise(nat, have, rule, file, errors);
	text = rule->kind == NAT_SNAT ? snat_text(rule, rule->pool->pool.id) : dnat_text(rule);
	good = add_template(nat, have, rule, rule->kind == NAT_DNAT, text, file, errors);
	free(text);
	return good;
}

bool nat_compile(struct nat *nat, const struct nat_have *have, const char *file,
		 struct errors *errors)
{
	static const struct nat_have nothing;

	if (!have)
		have = &nothing;
	if (!compile_pools(nat, have)) {
		errors_add(errors, "%s: $.nat: out of memory", file);
		return false;
	}
	for (size_t i = 0; i < nat->n_slices; i++) {
		const struct nat_slice *slice = &nat->slices[i];

		for (size_t j = 0; j < slice->n_rules; j++) {
			if (!compile_rule(nat, have, &slice->rules[j], file, errors))
				return false;
		}
	}
	return true;
}
