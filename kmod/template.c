// SPDX-License-Identifier: GPL-2.0-only
/*
 * Templates.
 *
 * What a packet needs is worked out when a template is made: for each entry the subtable, the
 * fixed words under its mask and a list of parts to be copied in. The mask is known
 * then, so traffic makes no mask.
 *
 * Who frees what, when. The datapath lists a template and holds a reference; actions that
 * name it hold others, and so do instances. Deletion (dp->lock) refuses while actions
 * name it, ends the instances, lets the subtables go and puts the datapath's reference. The rest
 * is freed by RCU behind the last reference, since walks follow actions and instances to it.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include "action.h"
#include "compat.h"
#include "datapath.h"
#include "flow.h"
#include "limit.h"
#include "pool.h"
#include "stamp.h"
#include "table.h"
#include "template.h"
#include "upcall.h"

u32 weft_key_when(const struct weft_key *key)
{
	u32 when = 0;

	if (key->layers & WEFT_L_IPV4)
		when |= WEFT_WHEN_IPV4;
	else if (key->layers & WEFT_L_IPV6)
		when |= WEFT_WHEN_IPV6;
	if (key->layers & WEFT_L_TCP)
		return when | WEFT_WHEN_TCP;
	if (key->layers & WEFT_L_UDP)
		return when | WEFT_WHEN_UDP;
	if (key->layers & WEFT_L_SCTP)
		return when | WEFT_WHEN_SCTP;
	if ((key->layers & WEFT_L_ICMP && key->l4_src == htons(ICMP_ECHO)) ||
	    (key->layers & WEFT_L_ICMP6 && key->l4_src == htons(ICMPV6_ECHO_REQUEST)))
		return when | WEFT_WHEN_ECHO;
	return when | WEFT_WHEN_OTHER;
}

/* memcpy() of a length that is not constant is a call, or a string instruction */
static void weft_part_copy(void *to, const void *from, u8 len)
{
	switch (len) {
	case 1:
		memcpy(to, from, 1);
		break;
	case 2:
		memcpy(to, from, 2);
		break;
	case 4:
		memcpy(to, from, 4);
		break;
	case 16:
		memcpy(to, from, 16);
		break;
	default:
		memcpy(to, from, len);
	}
}

void weft_tentry_words(const struct weft_template *t, const struct weft_tentry *e,
		       const u8 *values, u64 *words)
{
	unsigned int i;

	for (i = 0; i < e->n_words; i++)
		words[i] = e->words[i];
	for (i = 0; i < e->n_parts; i++) {
		const struct weft_part *part = &e->parts[i];

		weft_part_copy((u8 *)words + part->at, values + t->values[part->value].ofs,
			       part->len);
	}
}

/* How long a variable is when it is bound to a field of @len bytes; 0: it cannot be */
static u8 weft_var_len(u16 var, u8 len)
{
	switch (var) {
	case WEFT_VAR_IP:
		return len == 4 || len == 16 ? len : 0;
	case WEFT_VAR_PORT:
		return len == 2 ? len : 0;
	default:
		return var < WEFT_TEMPLATE_VARS ? len : 0;
	}
}

const char *weft_bind_refusal(const struct weft_bind *bind)
{
	u8 len;

	if (!bind->field || bind->field > WEFT_FIELD_MAX)
		return "binding: unknown field";
	if (bind->reserved)
		return "binding: reserved must be zero";
	len = weft_fields[bind->field].len;
	switch (bind->kind) {
	case WEFT_BIND_FIELD:
		if (!bind->source || bind->source > WEFT_FIELD_MAX)
			return "binding: unknown source field";
		if (weft_fields[bind->source].len != len ||
		    weft_fields[bind->source].bits > weft_fields[bind->field].bits)
			return "binding: the source field is of another length";
		return NULL;
	case WEFT_BIND_VAR:
		if (bind->source >= WEFT_TEMPLATE_VARS)
			return "binding: unknown variable";
		if (!weft_var_len(bind->source, len))
			return "binding: the variable does not fit the field";
		return NULL;
	default:
		return "binding: unknown kind";
	}
}

int weft_template_value(struct weft_template *t, const struct weft_bind *bind)
{
	u8 len = weft_fields[bind->field].len;
	struct weft_value *v;
	unsigned int i;

	for (i = 0; i < t->n_values; i++) {
		v = &t->values[i];
		if (v->kind == bind->kind && v->source == bind->source && v->len == len)
			return i;
	}
	if (t->n_values == WEFT_VALUES_MAX)
		return -ENOSPC;
	v = &t->values[t->n_values];
	v->kind = bind->kind;
	v->len = len;
	v->source = bind->source;
	v->ofs = t->values_len;
	t->values_len += len;
	if (bind->kind == WEFT_BIND_FIELD)
		t->captured |= BIT(t->n_values);
	else if (bind->source == WEFT_VAR_IP)
		t->given_ip |= BIT(t->n_values);
	else if (bind->source == WEFT_VAR_PORT)
		t->given_port |= BIT(t->n_values);
	return t->n_values++;
}

struct weft_template *weft_template_find(struct weft_datapath *dp, u32 id)
{
	return xa_load(&dp->templates, id);
}

static void weft_template_free(struct weft_template *t)
{
	unsigned int i;

	for (i = 0; i < t->n_entries; i++) {
		weft_actions_free(t->entries[i].actions);
		kfree(t->entries[i].parts);
		kfree(t->entries[i].words);
	}
	weft_actions_free(t->fail);
	if (t->service)
		weft_service_put(t->service);
	kfree(t);
}

static void weft_template_free_rcu(struct rcu_head *rcu)
{
	weft_template_free(container_of(rcu, struct weft_template, rcu));
}

void weft_template_put(struct weft_template *t)
{
	if (refcount_dec_and_test(&t->refs))
		call_rcu(&t->rcu, weft_template_free_rcu);
}

/* What only dp->lock may take apart */
static void weft_template_unpin(struct weft_template *t)
{
	unsigned int i;

	for (i = 0; i < t->n_entries; i++)
		if (t->entries[i].subtable)
			weft_subtable_unpin(t->entries[i].subtable);
	if (t->pool)
		weft_pool_put(t->pool);
	t->pool = NULL;
}

void weft_template_remove(struct weft_datapath *dp, struct weft_template *t)
{
	xa_erase(&dp->templates, t->id);
	dp->n_templates--;
	weft_template_unpin(t);
	weft_template_put(t);
}

/* Making one */

/* A template that is being made, and where its entries' matches are gathered */
struct weft_template_maker {
	struct weft_datapath *dp;
	struct weft_template *t;
	struct netlink_ext_ack *extack;
	struct weft_match match;	/* fixed bits */
	struct weft_key bound;		/* bits that bindings give */
	struct weft_key same;		/* of those, what the packet has in the same field */
};

static const struct nla_policy weft_tentry_policy[WEFT_TENTRY_A_MAX + 1] = {
	[WEFT_TENTRY_A_NAME] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_TENTRY_A_TABLE] = { .type = NLA_U8 },
	[WEFT_TENTRY_A_DELTA] = { .type = NLA_S32 },
	[WEFT_TENTRY_A_PRIORITY] = { .type = NLA_U16 },
	[WEFT_TENTRY_A_WHEN] = NLA_POLICY_RANGE(NLA_U32, 1, WEFT_WHEN_ALL),
	[WEFT_TENTRY_A_MATCH] = { .type = NLA_NESTED },
	[WEFT_TENTRY_A_BINDS] = { .type = NLA_NESTED },
	[WEFT_TENTRY_A_ACTIONS] = NLA_POLICY_NESTED(weft_nl_act_policy),
	[WEFT_TENTRY_A_REPLY] = { .type = NLA_FLAG },
	[WEFT_TENTRY_A_WIDE] = { .type = NLA_FLAG },
};

static const struct nla_policy weft_timeouts_policy[WEFT_TIMEOUTS_A_MAX + 1] = {
	[WEFT_TIMEOUTS_A_IDLE] = { .type = NLA_U32 },
	[WEFT_TIMEOUTS_A_NEW] = { .type = NLA_U32 },
	[WEFT_TIMEOUTS_A_REPLIED] = { .type = NLA_U32 },
	[WEFT_TIMEOUTS_A_TCP_OPENING] = { .type = NLA_U32 },
	[WEFT_TIMEOUTS_A_TCP_ESTABLISHED] = { .type = NLA_U32 },
	[WEFT_TIMEOUTS_A_TCP_CLOSING] = { .type = NLA_U32 },
	[WEFT_TIMEOUTS_A_TCP_RESET] = { .type = NLA_U32 },
	[WEFT_TIMEOUTS_A_HARD] = { .type = NLA_U32 },
};

static const u32 weft_timeouts_default[WEFT_TIMEOUTS_A_MAX + 1] = {
	[WEFT_TIMEOUTS_A_IDLE] = 60 * MSEC_PER_SEC,
	[WEFT_TIMEOUTS_A_NEW] = 30 * MSEC_PER_SEC,
	[WEFT_TIMEOUTS_A_REPLIED] = 180 * MSEC_PER_SEC,
	[WEFT_TIMEOUTS_A_TCP_OPENING] = 60 * MSEC_PER_SEC,
	[WEFT_TIMEOUTS_A_TCP_ESTABLISHED] = 7440 * MSEC_PER_SEC,
	[WEFT_TIMEOUTS_A_TCP_CLOSING] = 240 * MSEC_PER_SEC,
	[WEFT_TIMEOUTS_A_TCP_RESET] = 10 * MSEC_PER_SEC,
};

/* Headers that all packets have for which an entry is made; bits of protocols are alternatives */
static u16 weft_when_layers(u32 when)
{
	u16 layers = 0;

	if (when & WEFT_WHEN_IPV4)
		layers |= WEFT_L_IPV4;
	if (when & WEFT_WHEN_IPV6)
		layers |= WEFT_L_IPV6;
	if (when & WEFT_WHEN_OTHER)
		return layers;
	if (when & WEFT_WHEN_TCP)
		layers |= WEFT_L_TCP;
	if (when & WEFT_WHEN_UDP)
		layers |= WEFT_L_UDP;
	if (when & WEFT_WHEN_SCTP)
		layers |= WEFT_L_SCTP;
	if (when & WEFT_WHEN_ECHO)
		layers |= WEFT_L_ICMPS;
	return layers;
}

static void weft_set_bits(struct weft_key *key, enum weft_field f)
{
	u8 *p = weft_field_ptr(key, f);
	unsigned int len = weft_fields[f].len, bits = weft_fields[f].bits, i;

	for (i = len; i-- > 0; bits -= min(bits, 8U))
		p[i] = bits >= 8 ? 0xff : BIT(bits) - 1;
}

static bool weft_has_bits(const struct weft_key *key, enum weft_field f)
{
	return memchr_inv(weft_field_cptr(key, f), 0, weft_fields[f].len);
}

/* A field is bound that is only there with a header: is it certain that it is there? */
static int weft_bind_layers(struct weft_template_maker *m, const struct nlattr *attr,
			    enum weft_field f, u16 layers)
{
	u16 needs = weft_fields[f].needs;

	if (!needs || needs & layers)
		return 0;
	WEFT_ERR_ATTR(m->extack, attr,
		      "field %s needs a match, or a condition, on the protocol that has it (%s)",
		      weft_fields[f].name, weft_layers_name(needs));
	return -EINVAL;
}

/* A tunnel's address is of one family, as in any match: see weft_match_tun_family() */
static int weft_bind_tunnel(struct weft_template_maker *m, const struct nlattr *attr,
			    enum weft_field f)
{
	const __be16 bit = cpu_to_be16(WEFT_TUN_F_IPV6);
	__be16 family = weft_field_is_tun_ipv6(f) ? bit : 0;

	if (m->match.mask.tun_flags & bit && (m->match.value.tun_flags & bit) != family) {
		WEFT_ERR_ATTR(m->extack, attr, "field %s is of another family than the rest",
			      weft_fields[f].name);
		return -EINVAL;
	}
	m->match.mask.tun_flags |= bit;
	m->match.value.tun_flags |= family;
	return 0;
}

static int weft_bind_match(struct weft_template_maker *m, const struct nlattr *attr,
			   struct weft_tentry *e, u16 layers)
{
	const struct weft_bind *bind = nla_data(attr);
	const char *why = weft_bind_refusal(bind);
	int value, err;

	if (why) {
		WEFT_ERR_ATTR(m->extack, attr, "%s", why);
		return -EINVAL;
	}
	err = weft_bind_layers(m, attr, bind->field, layers);
	if (!err && bind->kind == WEFT_BIND_FIELD)
		err = weft_bind_layers(m, attr, bind->source, layers);
	if (err)
		return err;
	if (weft_has_bits(&m->match.mask, bind->field)) {
		WEFT_ERR_ATTR(m->extack, attr, "field %s is matched already",
			      weft_fields[bind->field].name);
		return -EINVAL;
	}
	value = weft_template_value(m->t, bind);
	if (value < 0 || e->n_parts == WEFT_BINDS_MAX) {
		NL_SET_ERR_MSG_ATTR(m->extack, attr, "too many bindings");
		return -E2BIG;
	}
	e->values |= BIT(value);
	e->parts[e->n_parts++] = (struct weft_part) {
		.value = value, .len = weft_fields[bind->field].len, .bind = *bind,
	};
	weft_set_bits(&m->match.mask, bind->field);
	weft_set_bits(&m->bound, bind->field);
	if (bind->kind == WEFT_BIND_FIELD && bind->source == bind->field)
		weft_set_bits(&m->same, bind->field);
	if (weft_field_is_tun_ipv4(bind->field) || weft_field_is_tun_ipv6(bind->field))
		return weft_bind_tunnel(m, attr, bind->field);
	return 0;
}

static int weft_tentry_binds(struct weft_template_maker *m, const struct nlattr *nest,
			     struct weft_tentry *e, u16 layers)
{
	const struct nlattr *a;
	int rem, err;

	e->parts = kcalloc(WEFT_BINDS_MAX, sizeof(*e->parts), GFP_KERNEL_ACCOUNT);
	if (!e->parts)
		return -ENOMEM;
	if (!nest)
		return 0;
	nla_for_each_nested(a, nest, rem) {
		if (nla_type(a) != WEFT_BINDS_A_BIND || nla_len(a) != sizeof(struct weft_bind)) {
			NL_SET_ERR_MSG_ATTR(m->extack, a, "not a binding");
			return -EINVAL;
		}
		err = weft_bind_match(m, a, e, layers);
		if (err)
			return err;
	}
	return 0;
}

/* Where the words of the mask are that a byte of the key is in */
static u16 weft_packed_ofs(u64 map, u16 ofs)
{
	unsigned int word = ofs / sizeof(u64);

	return hweight64(map & (BIT_ULL(word) - 1)) * sizeof(u64) + ofs % sizeof(u64);
}

static void weft_pack(const struct weft_subtable *subtable, const struct weft_key *key, u64 *words)
{
	const u64 *k = (const u64 *)key;
	u64 map = subtable->map;

	for (; map; map &= map - 1)
		*words++ = k[__ffs64(map)];
}

/* Take what was gathered over into the entry, in the form of its subtable */
static int weft_tentry_compile(struct weft_template_maker *m, struct weft_tentry *e)
{
	u64 *bound, *fixed, *map = (u64 *)&m->bound, *mask = (u64 *)&m->match.mask;
	unsigned int i;

	e->subtable = weft_subtable_pin(&m->dp->tables[e->table], &m->match.mask);
	if (IS_ERR(e->subtable)) {
		e->subtable = NULL;
		return -ENOMEM;
	}
	e->n_words = e->subtable->n;
	e->words = kcalloc(3 * e->n_words, sizeof(*e->words), GFP_KERNEL_ACCOUNT);
	if (!e->words)
		return -ENOMEM;
	fixed = e->words + e->n_words;
	e->fixed = fixed;
	e->same = fixed + e->n_words;
	weft_pack(e->subtable, &m->match.value, e->words);
	weft_pack(e->subtable, &m->same, e->same);
	bound = map;
	for (i = 0; i < WEFT_KEY_WORDS; i++)
		mask[i] &= ~bound[i];
	weft_pack(e->subtable, &m->match.mask, fixed);
	for (i = 0; i < e->n_parts; i++)
		e->parts[i].at = weft_packed_ofs(e->subtable->map,
						 weft_fields[e->parts[i].bind.field].ofs);
	return 0;
}

static int weft_tentry_head(struct weft_template_maker *m, struct nlattr **tb,
			    const struct nlattr *nest, struct weft_tentry *e)
{
	unsigned int i;

	if (!tb[WEFT_TENTRY_A_NAME] || !*(char *)nla_data(tb[WEFT_TENTRY_A_NAME]) ||
	    !tb[WEFT_TENTRY_A_TABLE]) {
		NL_SET_ERR_MSG_ATTR(m->extack, nest, "an entry wants a name and a table");
		return -EINVAL;
	}
	nla_strscpy(e->name, tb[WEFT_TENTRY_A_NAME], sizeof(e->name));
	for (i = 0; i + 1 < m->t->n_entries; i++) {
		if (!strcmp(m->t->entries[i].name, e->name)) {
			NL_SET_ERR_MSG_ATTR(m->extack, tb[WEFT_TENTRY_A_NAME],
					    "there is an entry with this name");
			return -EINVAL;
		}
	}
	if (tb[WEFT_TENTRY_A_DELTA] && tb[WEFT_TENTRY_A_PRIORITY]) {
		NL_SET_ERR_MSG_ATTR(m->extack, tb[WEFT_TENTRY_A_PRIORITY],
				    "an entry's priority is relative or not");
		return -EINVAL;
	}
	e->table = nla_get_u8(tb[WEFT_TENTRY_A_TABLE]);
	e->priority = 1;
	if (tb[WEFT_TENTRY_A_DELTA])
		e->priority = nla_get_s32(tb[WEFT_TENTRY_A_DELTA]);
	if (e->priority < -U16_MAX || e->priority > U16_MAX) {
		NL_SET_ERR_MSG_ATTR(m->extack, tb[WEFT_TENTRY_A_DELTA],
				    "more than priorities can differ");
		return -ERANGE;
	}
	e->absolute = tb[WEFT_TENTRY_A_PRIORITY];
	if (e->absolute)
		e->priority = nla_get_u16(tb[WEFT_TENTRY_A_PRIORITY]);
	if (tb[WEFT_TENTRY_A_WHEN])
		e->when = nla_get_u32(tb[WEFT_TENTRY_A_WHEN]);
	e->reply = tb[WEFT_TENTRY_A_REPLY];
	e->wide = tb[WEFT_TENTRY_A_WIDE];
	return 0;
}

/* It must be certain of which header the fields are that it matches */
static int weft_tentry_pinned(struct weft_template_maker *m, const struct nlattr *nest)
{
	const struct weft_key *mask = &m->match.mask;
	enum weft_field f;

	/* fields share storage: the operation of ARP is where ports are */
	if (mask->eth_type == htons(0xffff) && m->match.value.eth_type == htons(ETH_P_ARP))
		return 0;
	for (f = WEFT_FIELD_ETH_DST; f <= WEFT_FIELD_MAX; f++) {
		u16 needs = weft_fields[f].needs;

		if (!needs || needs & (WEFT_L_VLAN | WEFT_L_VLAN2) || !weft_has_bits(mask, f))
			continue;
		if (mask->eth_type != htons(0xffff) ||
		    (!(needs & (WEFT_L_IP | WEFT_L_ARP)) && mask->ip_proto != 0xff)) {
			NL_SET_ERR_MSG_ATTR(m->extack, nest,
					    "the match must have eth_type and, for ports and the like, ip_proto");
			return -EINVAL;
		}
	}
	return 0;
}

static int weft_tentry_parse(struct weft_template_maker *m, const struct nlattr *nest)
{
	struct weft_tentry *e = &m->t->entries[m->t->n_entries++];
	struct nlattr *tb[WEFT_TENTRY_A_MAX + 1];
	u16 layers, when_layers;
	int err;

	err = nla_parse_nested(tb, WEFT_TENTRY_A_MAX, nest, weft_tentry_policy, m->extack);
	if (!err)
		err = weft_tentry_head(m, tb, nest, e);
	if (err)
		return err;
	when_layers = weft_when_layers(e->when);
	memset(&m->bound, 0, sizeof(m->bound));
	memset(&m->same, 0, sizeof(m->same));
	err = weft_match_parse_with(tb[WEFT_TENTRY_A_MATCH], when_layers, &m->match, &layers,
				    m->extack);
	if (!err)
		err = weft_tentry_binds(m, tb[WEFT_TENTRY_A_BINDS], e, layers);
	if (!err)
		err = weft_tentry_pinned(m, nest);
	if (err)
		return err;
	if (!e->wide && m->match.mask.ldp != cpu_to_be32(WEFT_LDP_MAX)) {
		NL_SET_ERR_MSG_ATTR(m->extack, nest,
				    "the match must have ldp, or the entry be wide");
		return -EINVAL;
	}
	e->actions = weft_actions_parse(m->dp, tb[WEFT_TENTRY_A_ACTIONS], layers, m->t, m->extack);
	if (IS_ERR(e->actions)) {
		err = PTR_ERR(e->actions);
		e->actions = NULL;
		return err;
	}
	e->values |= weft_actions_values(e->actions);
	err = weft_tentry_compile(m, e);
	if (err == -ENOMEM)
		NL_SET_ERR_MSG(m->extack, "no memory for an entry");
	return err;
}

/*
 * The first entry that is made for a packet is what tells instances apart, before anything is
 * drawn. So no value of its match may be drawn.
 */
static int weft_template_firsts(struct weft_template_maker *m, const struct nlattr *nest)
{
	const struct weft_tentry *e;
	u32 family, proto;
	unsigned int i;

	for (family = WEFT_WHEN_IPV4; family <= WEFT_WHEN_IPV6; family <<= 1) {
		for (proto = WEFT_WHEN_TCP; proto <= WEFT_WHEN_OTHER; proto <<= 1) {
			e = weft_template_first(m->t, family | proto);
			for (i = 0; e && i < e->n_parts; i++) {
				if (e->parts[i].bind.kind != WEFT_BIND_VAR)
					continue;
				WEFT_ERR_ATTR(m->extack, nest,
					      "entry %s can be the first and matches a variable",
					      e->name);
				return -EINVAL;
			}
		}
	}
	return 0;
}

static int weft_template_parse_entries(struct weft_template_maker *m, const struct nlattr *nest)
{
	const struct nlattr *a;
	int rem, err;

	if (!nest || !nla_len(nest)) {
		NL_SET_ERR_MSG_ATTR(m->extack, nest, "a template wants entries");
		return -EINVAL;
	}
	nla_for_each_nested(a, nest, rem) {
		if (nla_type(a) != WEFT_TENTRIES_A_ENTRY) {
			NL_SET_ERR_MSG_ATTR(m->extack, a, "not an entry");
			return -EINVAL;
		}
		if (m->t->n_entries == WEFT_TEMPLATE_ENTRIES) {
			WEFT_ERR_ATTR(m->extack, a, "more than %u entries", WEFT_TEMPLATE_ENTRIES);
			return -E2BIG;
		}
		err = weft_tentry_parse(m, a);
		if (err)
			return err;
	}
	return weft_template_firsts(m, nest);
}

/* Who gives the values? */
static int weft_template_parse_source(struct weft_template_maker *m, struct nlattr **attrs)
{
	struct weft_template *t = m->t;
	struct nlattr *a = attrs[WEFT_TEMPLATE_A_SERVICE];
	struct weft_service *service;
	bool wants;

	if (attrs[WEFT_TEMPLATE_A_MODE])
		t->mode = nla_get_u32(attrs[WEFT_TEMPLATE_A_MODE]);
	wants = t->mode == WEFT_MODE_SERVICE;
	if (!a == wants) {
		WEFT_ERR_ATTR(m->extack, a, "%s", a ? "only mode service wants a service" :
						      "mode service wants a service");
		return -EINVAL;
	}
	if (a) {
		service = weft_service_get(m->dp, nla_data(a), m->extack);
		if (IS_ERR(service))
			return PTR_ERR(service);
		t->service = service;
	}
	a = attrs[WEFT_TEMPLATE_A_POOL];
	if (a) {
		t->pool = weft_pool_get(m->dp, nla_get_u32(a));
		if (!t->pool) {
			WEFT_ERR_ATTR(m->extack, a, "there is no pool %u", nla_get_u32(a));
			return -ENOENT;
		}
	}
	a = attrs[WEFT_TEMPLATE_A_MAP_FIELD];
	if (!a != (!t->pool || weft_pool_kind(t->pool) != WEFT_POOL_TYPE_MAP)) {
		NL_SET_ERR_MSG_ATTR(m->extack, a ?: attrs[WEFT_TEMPLATE_A_POOL],
				    "map_field is for pools of maps, and needed there");
		return -EINVAL;
	}
	if (!a)
		return 0;
	t->map_field = nla_get_u16(a);
	if (!t->map_field || t->map_field > WEFT_FIELD_MAX ||
	    (weft_fields[t->map_field].len != 4 && weft_fields[t->map_field].len != 16)) {
		NL_SET_ERR_MSG_ATTR(m->extack, a, "map_field is not an address");
		return -EINVAL;
	}
	return 0;
}

/* Is there somebody to give each variable? */
static int weft_template_check_vars(struct weft_template_maker *m, const struct nlattr *entries)
{
	const struct weft_template *t = m->t;
	unsigned int i, most = WEFT_TEMPLATE_VARS;

	if (t->mode == WEFT_MODE_KERNEL)
		most = !t->pool ? 0 : weft_pool_kind(t->pool) == WEFT_POOL_TYPE_MAP ? 1 : 2;
	for (i = 0; i < t->n_values; i++) {
		if (t->values[i].kind != WEFT_BIND_VAR || t->values[i].source < most)
			continue;
		WEFT_ERR_ATTR(m->extack, entries, "a variable is used %s", !t->pool ?
			      "and there is no pool to give it" : "that the pool does not give");
		return -EINVAL;
	}
	return 0;
}

static int weft_template_parse_times(struct weft_template_maker *m, struct nlattr **attrs)
{
	struct nlattr *tb[WEFT_TIMEOUTS_A_MAX + 1];
	struct weft_template *t = m->t;
	int err, i;

	memcpy(t->timeouts, weft_timeouts_default, sizeof(t->timeouts));
	if (attrs[WEFT_TEMPLATE_A_TIMEOUTS]) {
		err = nla_parse_nested(tb, WEFT_TIMEOUTS_A_MAX, attrs[WEFT_TEMPLATE_A_TIMEOUTS],
				       weft_timeouts_policy, m->extack);
		if (err)
			return err;
		for (i = 1; i <= WEFT_TIMEOUTS_A_MAX; i++)
			if (tb[i])
				t->timeouts[i] = nla_get_u32(tb[i]);
	}
	t->fail_ms = 1000;
	if (attrs[WEFT_TEMPLATE_A_FAIL_TIMEOUT])
		t->fail_ms = nla_get_u32(attrs[WEFT_TEMPLATE_A_FAIL_TIMEOUT]);
	t->pending_packets = 8;
	if (attrs[WEFT_TEMPLATE_A_PENDING_PACKETS])
		t->pending_packets = nla_get_u32(attrs[WEFT_TEMPLATE_A_PENDING_PACKETS]);
	t->pending_ms = 2000;
	if (attrs[WEFT_TEMPLATE_A_PENDING_TIMEOUT])
		t->pending_ms = nla_get_u32(attrs[WEFT_TEMPLATE_A_PENDING_TIMEOUT]);
	return 0;
}

static int weft_template_parse_fail(struct weft_template_maker *m, const struct nlattr *nest)
{
	struct weft_template *t = m->t;
	u32 reason = t->mode == WEFT_MODE_SERVICE ? WEFT_DROP_REJECTED : WEFT_DROP_POOL_EXHAUSTED;
	struct weft_actions *acts;

	/* its packets are those of any entry that can be the first: headers are not known */
	acts = nest && nla_len(nest) ? weft_actions_parse(m->dp, nest, 0, NULL, m->extack) :
				       weft_actions_drop(reason);
	if (IS_ERR(acts))
		return PTR_ERR(acts);
	t->fail = acts;
	if (!weft_actions_templates(acts))
		return 0;
	NL_SET_ERR_MSG_ATTR(m->extack, nest, "a failure cannot use a template");
	return -EINVAL;
}

/* What holds when there are too many */
static int weft_template_parse_room(struct weft_template_maker *m, struct nlattr **attrs)
{
	const struct nlattr *a = attrs[WEFT_TEMPLATE_A_FALLBACK];
	struct weft_template *t = m->t;

	if (a)
		t->fallback = nla_get_u32(a);
	if (t->fallback && t->mode == WEFT_MODE_SERVICE) {
		NL_SET_ERR_MSG_ATTR(m->extack, a,
				    "fallback: packets that wait for a service cannot continue");
		return -EINVAL;
	}
	return weft_limits_parse(t, attrs[WEFT_TEMPLATE_A_LIMITS], m->extack);
}

static int weft_template_parse(struct weft_template_maker *m, struct nlattr **attrs)
{
	struct weft_template *t = m->t;
	int err;

	if (attrs[WEFT_TEMPLATE_A_NAME])
		nla_strscpy(t->name, attrs[WEFT_TEMPLATE_A_NAME], sizeof(t->name));
	if (attrs[WEFT_TEMPLATE_A_SLICE])
		t->slice = nla_get_u16(attrs[WEFT_TEMPLATE_A_SLICE]);
	if (attrs[WEFT_TEMPLATE_A_TRACK])
		t->track = nla_get_u32(attrs[WEFT_TEMPLATE_A_TRACK]);
	err = weft_template_parse_source(m, attrs);
	if (!err)
		err = weft_template_parse_times(m, attrs);
	if (!err)
		err = weft_template_parse_entries(m, attrs[WEFT_TEMPLATE_A_ENTRIES]);
	if (!err)
		err = weft_template_check_vars(m, attrs[WEFT_TEMPLATE_A_ENTRIES]);
	if (!err)
		err = weft_template_parse_fail(m, attrs[WEFT_TEMPLATE_A_FAIL]);
	if (!err)
		err = weft_template_parse_room(m, attrs);
	return err;
}

int weft_template_create(struct weft_datapath *dp, struct nlattr **attrs,
			 struct netlink_ext_ack *extack)
{
	u32 id = nla_get_u32(attrs[WEFT_TEMPLATE_A_ID]);
	struct weft_template_maker *m;
	int err;

	if (weft_template_find(dp, id)) {
		WEFT_ERR_ATTR(extack, attrs[WEFT_TEMPLATE_A_ID], "there is a template %u", id);
		return -EEXIST;
	}
	if (dp->n_templates == WEFT_TEMPLATES_MAX) {
		WEFT_ERR(extack, "more than %u templates", WEFT_TEMPLATES_MAX);
		return -ENOSPC;
	}
	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->dp = dp;
	m->extack = extack;
	m->t = kzalloc(sizeof(*m->t), GFP_KERNEL_ACCOUNT);
	if (!m->t) {
		kfree(m);
		return -ENOMEM;
	}
	refcount_set(&m->t->refs, 1);
	m->t->id = id;
	m->t->dp = dp;
	err = weft_template_parse(m, attrs);
	if (!err)
		err = xa_err(xa_store(&dp->templates, id, m->t, GFP_KERNEL_ACCOUNT));
	if (err) {
		weft_template_unpin(m->t);
		weft_template_free(m->t);
	} else {
		dp->n_templates++;
	}
	kfree(m);
	return err;
}

/* Entries that send to it */

/* Does an entry match only what the sending one, which is of the same table, does? */
static bool weft_tentry_within(const struct weft_tentry *e, const struct weft_flow *flow)
{
	const struct weft_subtable *sender = flow->subtable;
	u64 map = sender->map;
	unsigned int n = 0;

	for (; map; map &= map - 1, n++) {
		unsigned int at = weft_packed_ofs(e->subtable->map,
						  __ffs64(map) * sizeof(u64)) / sizeof(u64);
		u64 left = sender->mask[n];

		if (!left)
			continue;
		if (!(e->subtable->map & map & -map))
			return false;
		left &= ~e->same[at];
		if (left & ~e->fixed[at] || (flow->key[n] ^ e->words[at]) & left)
			return false;
	}
	return true;
}

static int weft_template_sender(struct weft_datapath *dp, const struct weft_template *t,
				const struct weft_flow *flow, const char **why)
{
	unsigned int i;
	int err;

	for (i = 0; i < t->n_entries; i++) {
		const struct weft_tentry *e = &t->entries[i];

		if (e->table == flow->subtable->table->id && !e->wide &&
		    !weft_tentry_within(e, flow)) {
			*why = "an entry of the template would match more than this one";
			return -EINVAL;
		}
		err = weft_subtable_announce(dp, e->subtable,
					     weft_tentry_priority(e, flow->priority));
		if (err) {
			*why = "no memory";
			return err;
		}
	}
	return 0;
}

int weft_templates_sender(struct weft_datapath *dp, const struct weft_flow *flow,
			  const char **why)
{
	const struct weft_actions *acts = weft_rule(flow)->actions;
	const struct weft_act *act;
	int err;

	if (!acts || !weft_actions_templates(acts))
		return 0;
	weft_for_each_act(act, acts) {
		if (act->type != WEFT_ACT_A_TEMPLATE)
			continue;
		err = weft_template_sender(dp, ((const struct weft_act_template *)act)->template,
					   flow, why);
		if (err)
			return err;
	}
	return 0;
}

/* Writing it */

/* Take out of the fixed bits what weft_bind_tunnel() put in */
static void weft_tentry_unbind_tunnel(const struct weft_tentry *e, u64 *words, u64 *fixed)
{
	u16 at = weft_packed_ofs(e->subtable->map, offsetof(struct weft_key, tun_flags));
	const __be16 bit = cpu_to_be16(WEFT_TUN_F_IPV6);
	unsigned int i;

	for (i = 0; i < e->n_parts; i++) {
		enum weft_field f = e->parts[i].bind.field;

		if (!weft_field_is_tun_ipv4(f) && !weft_field_is_tun_ipv6(f))
			continue;
		*(__be16 *)((u8 *)words + at) &= ~bit;
		*(__be16 *)((u8 *)fixed + at) &= ~bit;
		return;
	}
}

static int weft_tentry_put_match(struct sk_buff *skb, const struct weft_tentry *e)
{
	u64 words[WEFT_KEY_WORDS], fixed[WEFT_KEY_WORDS];
	struct nlattr *nest;
	unsigned int i;
	int err;

	memcpy(words, e->words, e->n_words * sizeof(*words));
	memcpy(fixed, e->fixed, e->n_words * sizeof(*fixed));
	weft_tentry_unbind_tunnel(e, words, fixed);
	err = weft_match_put_words(skb, WEFT_TENTRY_A_MATCH, e->subtable, words, fixed,
				   weft_when_layers(e->when));
	if (err)
		return err;
	nest = nla_nest_start(skb, WEFT_TENTRY_A_BINDS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < e->n_parts; i++)
		if (nla_put(skb, WEFT_BINDS_A_BIND, sizeof(struct weft_bind), &e->parts[i].bind))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int weft_template_put_entries(struct sk_buff *skb, int attrtype, const struct weft_template *t)
{
	struct nlattr *list = nla_nest_start(skb, attrtype), *nest;
	unsigned int i;

	if (!list)
		return -EMSGSIZE;
	for (i = 0; i < t->n_entries; i++) {
		const struct weft_tentry *e = &t->entries[i];

		nest = nla_nest_start(skb, WEFT_TENTRIES_A_ENTRY);
		if (!nest ||
		    nla_put_string(skb, WEFT_TENTRY_A_NAME, e->name) ||
		    nla_put_u8(skb, WEFT_TENTRY_A_TABLE, e->table) ||
		    (e->absolute ? nla_put_u16(skb, WEFT_TENTRY_A_PRIORITY, e->priority) :
				   nla_put_s32(skb, WEFT_TENTRY_A_DELTA, e->priority)) ||
		    (e->when && nla_put_u32(skb, WEFT_TENTRY_A_WHEN, e->when)) ||
		    weft_tentry_put_match(skb, e) ||
		    weft_actions_put(skb, WEFT_TENTRY_A_ACTIONS, e->actions) ||
		    (e->reply && nla_put_flag(skb, WEFT_TENTRY_A_REPLY)) ||
		    (e->wide && nla_put_flag(skb, WEFT_TENTRY_A_WIDE)))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	nla_nest_end(skb, list);
	return 0;
}

void weft_templates_init(struct weft_datapath *dp)
{
	xa_init(&dp->templates);
}

void weft_templates_exit(struct weft_datapath *dp)
{
	struct weft_template *t;
	unsigned long id;

	mutex_lock(&dp->lock);
	xa_for_each(&dp->templates, id, t)
		weft_template_remove(dp, t);
	mutex_unlock(&dp->lock);
	xa_destroy(&dp->templates);
}
