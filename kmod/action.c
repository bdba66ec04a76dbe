// SPDX-License-Identifier: GPL-2.0-only
/*
 * Actions: from netlink to the form that the walk reads, and back.
 *
 * Validation follows the actions as a packet would: pushing and popping VLAN tags
 * changes which fields may be written behind. Nesting (clone) is followed with
 * a small stack of our own, never by recursion; the generic policy
 * check that runs before bounds its depth as well.
 */
#include <linux/etherdevice.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/netlink.h>
#include "action.h"
#include "compat.h"
#include "datapath.h"
#include "defrag.h"
#include "flow.h"
#include "netlink.h"
#include "port.h"
#include "template.h"
#include "upcall.h"

/* An entry's actions in our form are at most this long */
#define WEFT_ACTS_MAX	(64 * 1024)

static struct netlink_range_validation weft_port_id_range = {
	.min = 1, .max = WEFT_PORT_ID_MAX,
};

static struct netlink_range_validation weft_template_id_range = {
	.min = 1, .max = WEFT_TEMPLATE_ID_MAX,
};

static struct netlink_range_validation weft_tunnel_id_range = {
	.max = WEFT_LDP_MAX,
};

static const struct nla_policy weft_act_tunnel_policy[WEFT_ACT_TUNNEL_A_MAX + 1] = {
	[WEFT_ACT_TUNNEL_A_IPV4] = NLA_POLICY_EXACT_LEN(4),
	[WEFT_ACT_TUNNEL_A_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[WEFT_ACT_TUNNEL_A_PORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_port_id_range),
	[WEFT_ACT_TUNNEL_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_tunnel_id_range),
	[WEFT_ACT_TUNNEL_A_TOS] = { .type = NLA_U8 },
	[WEFT_ACT_TUNNEL_A_TTL] = NLA_POLICY_MIN(NLA_U8, 1),
	[WEFT_ACT_TUNNEL_A_FROM] = { .type = NLA_U16 },
	[WEFT_ACT_TUNNEL_A_DIRECT] = { .type = NLA_FLAG },
};

static const struct nla_policy weft_act_service_policy[WEFT_ACT_SERVICE_A_MAX + 1] = {
	[WEFT_ACT_SERVICE_A_NAME] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	[WEFT_ACT_SERVICE_A_ARG] = { .type = NLA_U32 },
	[WEFT_ACT_SERVICE_A_FALLBACK] = NLA_POLICY_MAX(NLA_U32, WEFT_FALLBACK_MAX),
	[WEFT_ACT_SERVICE_A_MAX_LEN] = NLA_POLICY_MIN(NLA_U32, ETH_HLEN),
};

const struct nla_policy weft_nl_act_policy[WEFT_ACT_A_MAX + 1] = {
	[WEFT_ACT_A_OUTPUT] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_port_id_range),
	[WEFT_ACT_A_OUTPUT_LOUT] = { .type = NLA_FLAG },
	[WEFT_ACT_A_OUTPUT_IN_PORT] = { .type = NLA_FLAG },
	[WEFT_ACT_A_SET] = { .type = NLA_NESTED },
	[WEFT_ACT_A_MOVE] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_act_move)),
	[WEFT_ACT_A_PUSH_VLAN] = { .type = NLA_U16 },
	[WEFT_ACT_A_POP_VLAN] = { .type = NLA_FLAG },
	[WEFT_ACT_A_DEC_TTL] = { .type = NLA_FLAG },
	[WEFT_ACT_A_GOTO] = { .type = NLA_U8 },
	[WEFT_ACT_A_RESUBMIT] = { .type = NLA_U8 },
	[WEFT_ACT_A_CLONE] = NLA_POLICY_NESTED(weft_nl_act_policy),
	[WEFT_ACT_A_TUNNEL] = NLA_POLICY_NESTED(weft_act_tunnel_policy),
	[WEFT_ACT_A_SERVICE] = NLA_POLICY_NESTED(weft_act_service_policy),
	[WEFT_ACT_A_DROP] = NLA_POLICY_MAX(NLA_U32, WEFT_DROP_MAX),
	[WEFT_ACT_A_TEMPLATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_template_id_range),
	[WEFT_ACT_A_BIND] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_bind)),
	[WEFT_ACT_A_RELATED] = { .type = NLA_U8 },
	[WEFT_ACT_A_REJECT] = NLA_POLICY_MAX(NLA_U32, WEFT_REJECT_MAX),
	[WEFT_ACT_A_DEFRAG] = { .type = NLA_FLAG },
	[WEFT_ACT_A_CHECK_TTL] = { .type = NLA_U8 },
	[WEFT_ACT_A_CHECK_MTU] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_act_check_mtu)),
	[WEFT_ACT_A_ADVERTISE] = NLA_POLICY_EXACT_LEN(sizeof(struct weft_act_advertise)),
};

/* A list of attributes that is being read: the outermost, or a clone's body */
struct weft_act_level {
	const struct nlattr *next;
	int rem;
	u32 clone_ofs;		/* where the clone's record is in the buffer */
	u16 layers;		/* of the packet behind the body */
	bool last;		/* an action that ends the list was met */
	const struct nlattr *answer;	/* one was met whose answer nobody sends yet */
};

struct weft_act_parser {
	struct weft_datapath *dp;
	struct netlink_ext_ack *extack;
	struct weft_template *maker;	/* whose entry they are in; NULL: no template's */
	struct weft_actions *acts;
	u32 size;		/* of the buffer behind acts */
	u16 layers;		/* headers of the packet at this point */
	struct weft_act_level levels[WEFT_CLONE_DEPTH_MAX + 1];
	unsigned int depth;
};

/* Room for one more record, zeroed, header filled in; NULL: no memory */
static void *weft_act_add(struct weft_act_parser *p, const struct nlattr *attr, u32 arg,
			  u32 len)
{
	struct weft_actions *acts = p->acts;
	struct weft_act *act;

	len = ALIGN(len, sizeof(u64));
	if (acts->len + len > p->size) {
		u32 size = max(2 * p->size, p->size + len);

		acts = krealloc(p->acts, sizeof(*acts) + size, GFP_KERNEL_ACCOUNT);
		if (!acts)
			return NULL;
		p->acts = acts;
		p->size = size;
	}
	act = (void *)acts->acts + acts->len;
	memset(act, 0, len);
	act->type = nla_type(attr);
	act->len = len;
	act->arg = arg;
	acts->len += len;
	return act;
}

static int weft_act_plain(struct weft_act_parser *p, const struct nlattr *attr, u32 arg)
{
	return weft_act_add(p, attr, arg, sizeof(struct weft_act)) ? 0 : -ENOMEM;
}

static int weft_act_output(struct weft_act_parser *p, const struct nlattr *attr)
{
	u32 id = nla_get_u32(attr);
	struct weft_port *port = xa_load(&p->dp->ports, id);

	if (!port) {
		WEFT_ERR_ATTR(p->extack, attr, "output: there is no port %u", id);
		return -ENODEV;
	}
	if (weft_port_is_tunnel(port->type)) {
		WEFT_ERR_ATTR(p->extack, attr,
			      "output: port %u is a tunnel; use the tunnel action", id);
		return -EINVAL;
	}
	return weft_act_plain(p, attr, id);
}

/* May an action write field @f here? */
static int weft_act_writable(struct weft_act_parser *p, const struct nlattr *attr,
			     enum weft_field f)
{
	u16 needs = weft_fields[f].needs;

	if (!weft_fields[f].writable) {
		WEFT_ERR_ATTR(p->extack, attr, "field %s cannot be written",
			      weft_fields[f].name);
		return -EINVAL;
	}
	if (needs && !(needs & p->layers)) {
		WEFT_ERR_ATTR(p->extack, attr,
			      "writing field %s needs a match on the protocol that has it (%s)",
			      weft_fields[f].name, weft_layers_name(needs));
		return -EINVAL;
	}
	return 0;
}

static int weft_act_set(struct weft_act_parser *p, const struct nlattr *attr)
{
	struct weft_field_value fv;
	struct weft_act_set *set;
	const struct nlattr *a;
	int err;

	a = nla_data(attr);
	if (!nla_ok(a, nla_len(attr)) || nla_len(attr) != nla_total_size(nla_len(a))) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "set wants exactly one field");
		return -EINVAL;
	}
	err = weft_field_parse(a, &fv, p->extack);
	if (err)
		return err;
	err = weft_act_writable(p, a, nla_type(a));
	if (err)
		return err;
	set = weft_act_add(p, attr, nla_type(a), sizeof(*set));
	if (!set)
		return -ENOMEM;
	set->v = fv;
	return 0;
}

static int weft_act_move_bits(struct weft_act_parser *p, const struct nlattr *attr)
{
	struct weft_act_move_bits *record;
	struct weft_act_move move;
	u16 needs;
	int err;

	nla_memcpy(&move, attr, sizeof(move));
	if (!move.src || move.src > WEFT_FIELD_MAX || !move.dst || move.dst > WEFT_FIELD_MAX) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "move: unknown field");
		return -EINVAL;
	}
	if (!move.n_bits || move.src_bit + move.n_bits > weft_fields[move.src].bits ||
	    move.dst_bit + move.n_bits > weft_fields[move.dst].bits) {
		WEFT_ERR_ATTR(p->extack, attr, "move: bits are outside of %s or %s",
			      weft_fields[move.src].name, weft_fields[move.dst].name);
		return -EINVAL;
	}
	if (move.reserved) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "move: reserved must be zero");
		return -EINVAL;
	}
	needs = weft_fields[move.src].needs;
	if (needs && !(needs & p->layers)) {
		WEFT_ERR_ATTR(p->extack, attr,
			      "reading field %s needs a match on the protocol that has it (%s)",
			      weft_fields[move.src].name, weft_layers_name(needs));
		return -EINVAL;
	}
	err = weft_act_writable(p, attr, move.dst);
	if (err)
		return err;
	record = weft_act_add(p, attr, 0, sizeof(*record));
	if (!record)
		return -ENOMEM;
	record->move = move;
	return 0;
}

static int weft_act_push_vlan(struct weft_act_parser *p, const struct nlattr *attr)
{
	u16 tpid = nla_get_u16(attr);

	if (tpid != ETH_P_8021Q && tpid != ETH_P_8021AD) {
		WEFT_ERR_ATTR(p->extack, attr, "push_vlan: 0x%04x is not 0x8100 or 0x88a8", tpid);
		return -EINVAL;
	}
	if (p->layers != 0xffff && p->layers & WEFT_L_VLAN2) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "push_vlan: at most two tags");
		return -EINVAL;
	}
	if (p->layers & WEFT_L_VLAN)
		p->layers |= WEFT_L_VLAN2;
	p->layers |= WEFT_L_VLAN;
	return weft_act_plain(p, attr, tpid);
}

static int weft_act_pop_vlan(struct weft_act_parser *p, const struct nlattr *attr)
{
	if (p->layers != 0xffff) {
		if (!(p->layers & WEFT_L_VLAN2))
			p->layers &= ~WEFT_L_VLAN;
		p->layers &= ~WEFT_L_VLAN2;
	}
	return weft_act_plain(p, attr, 0);
}

static int weft_act_dec_ttl(struct weft_act_parser *p, const struct nlattr *attr)
{
	if (!(p->layers & WEFT_L_IP)) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "dec_ttl needs a match on ip or ipv6");
		return -EINVAL;
	}
	return weft_act_plain(p, attr, 0);
}

/* The datapath's tunnel port when it has just one */
static struct weft_port *weft_only_tunnel_port(struct weft_datapath *dp, bool *several)
{
	struct weft_port *port, *found = NULL;
	unsigned long id;

	*several = false;
	xa_for_each(&dp->ports, id, port) {
		if (!weft_port_is_tunnel(port->type))
			continue;
		*several = found;
		if (*several)
			return NULL;
		found = port;
	}
	return found;
}

/* The remote is an address of the tunnel through which the opening packet came, or went */
static int weft_act_tunnel_from(struct weft_act_parser *p, const struct nlattr *attr,
				struct weft_act_tunnel *record)
{
	u16 f = nla_get_u16(attr);
	struct weft_bind bind = { .field = f, .kind = WEFT_BIND_FIELD, .source = f };
	int value;

	if (!p->maker) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "only the entries of a template have values");
		return -EINVAL;
	}
	if (!weft_field_is_tun_ipv4(f) && !weft_field_is_tun_ipv6(f)) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "tunnel: not an address of a tunnel");
		return -EINVAL;
	}
	value = weft_template_value(p->maker, &bind);
	if (value < 0) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "too many bindings");
		return -E2BIG;
	}
	record->from = f;
	record->value = value;
	record->ofs = p->maker->values[value].ofs;
	record->ipv6 = weft_field_is_tun_ipv6(f);
	return 0;
}

static int weft_act_tunnel(struct weft_act_parser *p, const struct nlattr *attr)
{
	struct nlattr *tb[WEFT_ACT_TUNNEL_A_MAX + 1];
	struct weft_act_tunnel *record;
	struct weft_port *port;
	bool several;
	int err;

	err = nla_parse_nested(tb, WEFT_ACT_TUNNEL_A_MAX, attr, weft_act_tunnel_policy, p->extack);
	if (err)
		return err;
	if (!!tb[WEFT_ACT_TUNNEL_A_IPV4] + !!tb[WEFT_ACT_TUNNEL_A_IPV6] +
	    !!tb[WEFT_ACT_TUNNEL_A_FROM] != 1) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr,
				    "tunnel wants one remote address, IPv4 or IPv6");
		return -EINVAL;
	}
	if (tb[WEFT_ACT_TUNNEL_A_PORT]) {
		u32 id = nla_get_u32(tb[WEFT_ACT_TUNNEL_A_PORT]);

		port = xa_load(&p->dp->ports, id);
		if (!port) {
			WEFT_ERR_ATTR(p->extack, tb[WEFT_ACT_TUNNEL_A_PORT],
				      "tunnel: there is no port %u", id);
			return -ENODEV;
		}
		if (!weft_port_is_tunnel(port->type)) {
			WEFT_ERR_ATTR(p->extack, tb[WEFT_ACT_TUNNEL_A_PORT],
				      "tunnel: port %u is not a tunnel port", id);
			return -EINVAL;
		}
	} else {
		port = weft_only_tunnel_port(p->dp, &several);
		if (!port) {
			WEFT_ERR_ATTR(p->extack, attr, "tunnel: %s", several ?
				      "there are several tunnel ports, name one" :
				      "the datapath has no tunnel port");
			return several ? -EINVAL : -ENODEV;
		}
	}

	record = weft_act_add(p, attr, port->id, sizeof(*record));
	if (!record)
		return -ENOMEM;
	record->ipv6 = tb[WEFT_ACT_TUNNEL_A_IPV6];
	if (record->ipv6)
		record->dst = nla_get_in6_addr(tb[WEFT_ACT_TUNNEL_A_IPV6]);
	else if (tb[WEFT_ACT_TUNNEL_A_IPV4])
		record->dst.s6_addr32[0] = nla_get_in_addr(tb[WEFT_ACT_TUNNEL_A_IPV4]);
	record->has_id = tb[WEFT_ACT_TUNNEL_A_ID];
	if (record->has_id)
		record->id = nla_get_u32(tb[WEFT_ACT_TUNNEL_A_ID]);
	if (tb[WEFT_ACT_TUNNEL_A_TOS])
		record->tos = nla_get_u8(tb[WEFT_ACT_TUNNEL_A_TOS]);
	record->direct = nla_get_flag(tb[WEFT_ACT_TUNNEL_A_DIRECT]);
	record->ttl = 64;
	if (tb[WEFT_ACT_TUNNEL_A_TTL])
		record->ttl = nla_get_u8(tb[WEFT_ACT_TUNNEL_A_TTL]);
	if (!tb[WEFT_ACT_TUNNEL_A_FROM])
		return 0;
	return weft_act_tunnel_from(p, tb[WEFT_ACT_TUNNEL_A_FROM], record);
}

static int weft_act_service(struct weft_act_parser *p, const struct nlattr *attr)
{
	struct nlattr *tb[WEFT_ACT_SERVICE_A_MAX + 1];
	struct weft_act_service *record;
	struct weft_service *service;
	int err;

	err = nla_parse_nested(tb, WEFT_ACT_SERVICE_A_MAX, attr, weft_act_service_policy,
			       p->extack);
	if (err)
		return err;
	if (!tb[WEFT_ACT_SERVICE_A_NAME] || !*(char *)nla_data(tb[WEFT_ACT_SERVICE_A_NAME])) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "service wants a name");
		return -EINVAL;
	}
	record = weft_act_add(p, attr, 0, sizeof(*record));
	if (!record)
		return -ENOMEM;
	if (tb[WEFT_ACT_SERVICE_A_ARG])
		record->act.arg = nla_get_u32(tb[WEFT_ACT_SERVICE_A_ARG]);
	record->fallback = WEFT_FALLBACK_DROP;
	if (tb[WEFT_ACT_SERVICE_A_FALLBACK])
		record->fallback = nla_get_u32(tb[WEFT_ACT_SERVICE_A_FALLBACK]);
	record->max_len = U32_MAX;
	if (tb[WEFT_ACT_SERVICE_A_MAX_LEN])
		record->max_len = nla_get_u32(tb[WEFT_ACT_SERVICE_A_MAX_LEN]);
	service = weft_service_get(p->dp, nla_data(tb[WEFT_ACT_SERVICE_A_NAME]), p->extack);
	if (IS_ERR(service))
		return PTR_ERR(service);	/* record->service is NULL: nothing to put */
	record->service = service;
	return 0;
}

static int weft_act_drop(struct weft_act_parser *p, const struct nlattr *attr)
{
	u32 reason = nla_get_u32(attr);

	if (reason < WEFT_DROP_POLICY) {
		WEFT_ERR_ATTR(p->extack, attr, "drop: reason %u is the datapath's own", reason);
		return -EINVAL;
	}
	return weft_act_plain(p, attr, reason);
}

static int weft_act_template(struct weft_act_parser *p, const struct nlattr *attr)
{
	u32 id = nla_get_u32(attr);
	struct weft_template *t = weft_template_find(p->dp, id);
	struct weft_act_template *record;

	if (p->maker) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "a template cannot use another one");
		return -EINVAL;
	}
	if (!t) {
		WEFT_ERR_ATTR(p->extack, attr, "there is no template %u", id);
		return -ENOENT;
	}
	record = weft_act_add(p, attr, id, sizeof(*record));
	if (!record)
		return -ENOMEM;
	weft_template_hold(t);
	atomic_inc(&t->senders);
	record->template = t;
	return 0;
}

static int weft_act_bind(struct weft_act_parser *p, const struct nlattr *attr)
{
	const struct weft_bind *bind = nla_data(attr);
	struct weft_act_bind *record;
	const char *why;
	int value, err;

	if (!p->maker) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "only the entries of a template have values");
		return -EINVAL;
	}
	why = weft_bind_refusal(bind);
	if (why) {
		WEFT_ERR_ATTR(p->extack, attr, "%s", why);
		return -EINVAL;
	}
	err = weft_act_writable(p, attr, bind->field);
	if (err)
		return err;
	value = weft_template_value(p->maker, bind);
	if (value < 0) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "too many bindings");
		return -E2BIG;
	}
	record = weft_act_add(p, attr, value, sizeof(*record));
	if (!record)
		return -ENOMEM;
	record->bind = *bind;
	record->ofs = p->maker->values[value].ofs;
	return 0;
}

static int weft_act_related(struct weft_act_parser *p, const struct nlattr *attr)
{
	if (!(p->layers & WEFT_L_ICMPS)) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "related needs a match on icmp or icmp6");
		return -EINVAL;
	}
	return weft_act_plain(p, attr, nla_get_u8(attr));
}

/* Behind it the packet is another one, which has no other headers but these */
static int weft_act_reject(struct weft_act_parser *p, const struct nlattr *attr)
{
	u32 how = nla_get_u32(attr);
	bool rst = how == WEFT_REJECT_TCP_RST ||
		   (how == WEFT_REJECT_AUTO && p->layers & WEFT_L_TCP);

	p->levels[p->depth].answer = attr;
	if (p->layers != 0xffff)
		p->layers &= WEFT_L_VLAN | WEFT_L_VLAN2 | WEFT_L_IP | (rst ? WEFT_L_TCP : 0);
	return weft_act_plain(p, attr, how);
}

static int weft_act_defrag(struct weft_act_parser *p, const struct nlattr *attr)
{
	if (!p->dp->number) {
		WEFT_ERR_ATTR(p->extack, attr,
			      "defrag: %u other datapaths of the namespace may do this, no more",
			      WEFT_DEFRAG_NUMBER_MAX);
		return -ENOSPC;
	}
	return weft_act_plain(p, attr, 0);
}

static int weft_act_check_mtu(struct weft_act_parser *p, const struct nlattr *attr)
{
	const struct weft_act_check_mtu *check = nla_data(attr);

	if (check->mtu < IPV4_MIN_MTU) {
		WEFT_ERR_ATTR(p->extack, attr, "check_mtu: %u is less than %u", check->mtu,
			      IPV4_MIN_MTU);
		return -ERANGE;
	}
	if (check->reserved) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr, "check_mtu: reserved must be zero");
		return -EINVAL;
	}
	return weft_act_plain(p, attr, check->table << 16 | check->mtu);
}

static int weft_act_advertise(struct weft_act_parser *p, const struct nlattr *attr)
{
	struct weft_act_advertisement *record;
	struct weft_act_advertise says;

	nla_memcpy(&says, attr, sizeof(says));
	if (!is_valid_ether_addr(says.mac)) {
		WEFT_ERR_ATTR(p->extack, attr, "advertise: %pM is no MAC address of one host",
			      says.mac);
		return -EINVAL;
	}
	if (says.flags & ~WEFT_ADVERTISE_ROUTER) {
		WEFT_ERR_ATTR(p->extack, attr, "advertise: unknown flags 0x%x", says.flags);
		return -EINVAL;
	}
	if (!(p->layers & WEFT_L_ND_NS)) {
		NL_SET_ERR_MSG_ATTR(p->extack, attr,
				    "advertise needs a match on nd_ns (icmp6, icmp_type=135)");
		return -EINVAL;
	}
	record = weft_act_add(p, attr, 0, sizeof(*record));
	if (!record)
		return -ENOMEM;
	record->says = says;
	p->levels[p->depth].answer = attr;
	if (p->layers != 0xffff) {
		p->layers &= ~(WEFT_L_ND_NS | WEFT_L_ND_SLL);
		p->layers |= WEFT_L_ND_NA | WEFT_L_ND_TLL;
	}
	return 0;
}

static int weft_act_open(struct weft_act_parser *p, const struct nlattr *attr)
{
	struct weft_act_level *level;

	if (p->depth == WEFT_CLONE_DEPTH_MAX) {
		WEFT_ERR_ATTR(p->extack, attr, "clone inside clone: at most %u deep",
			      WEFT_CLONE_DEPTH_MAX);
		return -EINVAL;
	}
	level = &p->levels[++p->depth];
	level->next = nla_data(attr);
	level->rem = nla_len(attr);
	level->clone_ofs = p->acts->len;
	level->layers = p->layers;
	level->last = false;
	level->answer = NULL;
	return weft_act_plain(p, attr, 0);
}

static void weft_act_close(struct weft_act_parser *p)
{
	struct weft_act_level *level = &p->levels[p->depth--];
	struct weft_act *clone = (void *)p->acts->acts + level->clone_ofs;

	/* the length of a body does not fit into a record's u16: it is the argument */
	clone->arg = p->acts->len - level->clone_ofs - sizeof(*clone);
	p->layers = level->layers;
}

static int weft_act_parse_one(struct weft_act_parser *p, const struct nlattr *attr)
{
	switch (nla_type(attr)) {
	case WEFT_ACT_A_OUTPUT:
		return weft_act_output(p, attr);
	case WEFT_ACT_A_SET:
		return weft_act_set(p, attr);
	case WEFT_ACT_A_MOVE:
		return weft_act_move_bits(p, attr);
	case WEFT_ACT_A_PUSH_VLAN:
		return weft_act_push_vlan(p, attr);
	case WEFT_ACT_A_POP_VLAN:
		return weft_act_pop_vlan(p, attr);
	case WEFT_ACT_A_DEC_TTL:
		return weft_act_dec_ttl(p, attr);
	case WEFT_ACT_A_GOTO:
		p->levels[p->depth].last = true;
		fallthrough;
	case WEFT_ACT_A_RESUBMIT:
	case WEFT_ACT_A_CHECK_TTL:
		return weft_act_plain(p, attr, nla_get_u8(attr));
	case WEFT_ACT_A_CLONE:
		return weft_act_open(p, attr);
	case WEFT_ACT_A_TUNNEL:
		return weft_act_tunnel(p, attr);
	case WEFT_ACT_A_SERVICE:
		return weft_act_service(p, attr);
	case WEFT_ACT_A_DROP:
		p->levels[p->depth].last = true;
		return weft_act_drop(p, attr);
	case WEFT_ACT_A_TEMPLATE:
		return weft_act_template(p, attr);
	case WEFT_ACT_A_BIND:
		return weft_act_bind(p, attr);
	case WEFT_ACT_A_RELATED:
		return weft_act_related(p, attr);
	case WEFT_ACT_A_REJECT:
		return weft_act_reject(p, attr);
	case WEFT_ACT_A_DEFRAG:
		return weft_act_defrag(p, attr);
	case WEFT_ACT_A_CHECK_MTU:
		return weft_act_check_mtu(p, attr);
	case WEFT_ACT_A_ADVERTISE:
		return weft_act_advertise(p, attr);
	default:
		return weft_act_plain(p, attr, 0);
	}
}

static int weft_act_parse_all(struct weft_act_parser *p)
{
	for (;;) {
		struct weft_act_level *level = &p->levels[p->depth];
		const struct nlattr *attr = level->next;
		int err;

		if (!level->rem) {
			if (level->answer) {
				NL_SET_ERR_MSG_ATTR(p->extack, level->answer,
						    "no action behind sends the answer");
				return -EINVAL;
			}
			if (!p->depth)
				return 0;
			weft_act_close(p);
			continue;
		}
		if (level->last) {
			NL_SET_ERR_MSG_ATTR(p->extack, attr,
					    "an action behind goto or drop is never done");
			return -EINVAL;
		}
		level->next = nla_next(attr, &level->rem);
		level->answer = NULL;
		err = weft_act_parse_one(p, attr);
		if (err)
			return err;
		if (p->acts->len > WEFT_ACTS_MAX) {
			NL_SET_ERR_MSG_ATTR(p->extack, attr, "too many actions");
			return -E2BIG;
		}
	}
}

struct weft_actions *weft_actions_drop(enum weft_drop reason)
{
	struct weft_actions *acts = kzalloc(sizeof(*acts) + sizeof(struct weft_act),
					    GFP_KERNEL_ACCOUNT);
	struct weft_act *drop;

	if (!acts)
		return ERR_PTR(-ENOMEM);
	drop = (void *)acts->acts;
	drop->type = WEFT_ACT_A_DROP;
	drop->len = sizeof(*drop);
	drop->arg = reason;
	acts->len = sizeof(*drop);
	return acts;
}

struct weft_actions *weft_actions_parse(struct weft_datapath *dp, const struct nlattr *attr,
					u16 layers, struct weft_template *maker,
					struct netlink_ext_ack *extack)
{
	struct weft_act_parser p = {
		.dp = dp, .extack = extack, .maker = maker, .layers = layers,
	};
	int err;

	if (!attr || !nla_len(attr))
		return weft_actions_drop(WEFT_DROP_POLICY);
	if (nla_len(attr) > WEFT_ACTIONS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "too many actions");
		return ERR_PTR(-E2BIG);
	}
	p.acts = kzalloc(sizeof(*p.acts), GFP_KERNEL_ACCOUNT);
	if (!p.acts)
		return ERR_PTR(-ENOMEM);
	p.levels[0].next = nla_data(attr);
	p.levels[0].rem = nla_len(attr);
	err = weft_act_parse_all(&p);
	if (err) {
		weft_actions_free(p.acts);
		return ERR_PTR(err);
	}
	return p.acts;
}

void weft_actions_release(const struct weft_actions *acts)
{
	const struct weft_act *act;

	weft_for_each_act(act, acts) {
		if (act->type == WEFT_ACT_A_SERVICE) {
			const struct weft_act_service *s = (const void *)act;

			if (s->service)
				weft_service_put(s->service);
		} else if (act->type == WEFT_ACT_A_TEMPLATE) {
			struct weft_template *t = ((const struct weft_act_template *)act)->template;

			atomic_dec(&t->senders);
			weft_template_put(t);
		}
	}
}

void weft_actions_free(struct weft_actions *acts)
{
	if (!acts)
		return;
	weft_actions_release(acts);
	kfree(acts);
}

bool weft_actions_templates(const struct weft_actions *acts)
{
	const struct weft_act *act;

	weft_for_each_act(act, acts)
		if (act->type == WEFT_ACT_A_TEMPLATE)
			return true;
	return false;
}

u32 weft_actions_values(const struct weft_actions *acts)
{
	const struct weft_act *act;
	u32 values = 0;

	weft_for_each_act(act, acts) {
		const struct weft_act_tunnel *t = (const void *)act;

		if (act->type == WEFT_ACT_A_BIND)
			values |= BIT(act->arg);
		else if (act->type == WEFT_ACT_A_TUNNEL && t->from)
			values |= BIT(t->value);
	}
	return values;
}

struct weft_actions *weft_actions_copy(const struct weft_actions *acts)
{
	struct weft_actions *copy = kmemdup(acts, sizeof(*acts) + acts->len, GFP_KERNEL_ACCOUNT);
	const struct weft_act *act;

	if (!copy)
		return NULL;
	weft_for_each_act(act, copy) {
		if (act->type == WEFT_ACT_A_SERVICE) {
			weft_service_hold(((const struct weft_act_service *)act)->service);
		} else if (act->type == WEFT_ACT_A_TEMPLATE) {
			struct weft_template *t = ((const struct weft_act_template *)act)->template;

			weft_template_hold(t);
			atomic_inc(&t->senders);
		}
	}
	return copy;
}

static int weft_act_put_set(struct sk_buff *skb, const struct weft_act_set *set)
{
	unsigned int len = weft_fields[set->act.arg].len;
	bool exact = !memchr_inv(set->v.mask, 0xff, len);
	struct nlattr *nest, *a;

	nest = nla_nest_start(skb, WEFT_ACT_A_SET);
	if (!nest)
		return -EMSGSIZE;
	a = nla_reserve(skb, set->act.arg, exact ? len : 2 * len);
	if (!a)
		return -EMSGSIZE;
	memcpy(nla_data(a), set->v.value, len);
	if (!exact)
		memcpy(nla_data(a) + len, set->v.mask, len);
	nla_nest_end(skb, nest);
	return 0;
}

static int weft_act_put_tunnel(struct sk_buff *skb, const struct weft_act_tunnel *t)
{
	struct nlattr *nest = nla_nest_start(skb, WEFT_ACT_A_TUNNEL);

	if (!nest ||
	    (t->from ? nla_put_u16(skb, WEFT_ACT_TUNNEL_A_FROM, t->from) :
	     t->ipv6 ? nla_put_in6_addr(skb, WEFT_ACT_TUNNEL_A_IPV6, &t->dst) :
		       nla_put_in_addr(skb, WEFT_ACT_TUNNEL_A_IPV4, t->dst.s6_addr32[0])) ||
	    nla_put_u32(skb, WEFT_ACT_TUNNEL_A_PORT, t->act.arg) ||
	    (t->has_id && nla_put_u32(skb, WEFT_ACT_TUNNEL_A_ID, t->id)) ||
	    (t->tos && nla_put_u8(skb, WEFT_ACT_TUNNEL_A_TOS, t->tos)) ||
	    (t->ttl != 64 && nla_put_u8(skb, WEFT_ACT_TUNNEL_A_TTL, t->ttl)) ||
	    (t->direct && nla_put_flag(skb, WEFT_ACT_TUNNEL_A_DIRECT)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int weft_act_put_service(struct sk_buff *skb, const struct weft_act_service *s)
{
	struct nlattr *nest = nla_nest_start(skb, WEFT_ACT_A_SERVICE);

	if (!nest ||
	    nla_put_string(skb, WEFT_ACT_SERVICE_A_NAME, weft_service_name(s->service)) ||
	    (s->act.arg && nla_put_u32(skb, WEFT_ACT_SERVICE_A_ARG, s->act.arg)) ||
	    (s->fallback && nla_put_u32(skb, WEFT_ACT_SERVICE_A_FALLBACK, s->fallback)) ||
	    (s->max_len != U32_MAX &&
	     nla_put_u32(skb, WEFT_ACT_SERVICE_A_MAX_LEN, s->max_len)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int weft_act_put_check_mtu(struct sk_buff *skb, const struct weft_act *act)
{
	struct weft_act_check_mtu check = { .mtu = act->arg, .table = act->arg >> 16 };

	return nla_put(skb, WEFT_ACT_A_CHECK_MTU, sizeof(check), &check);
}

static int weft_act_put(struct sk_buff *skb, const struct weft_act *act)
{
	switch (act->type) {
	case WEFT_ACT_A_OUTPUT:
	case WEFT_ACT_A_DROP:
	case WEFT_ACT_A_TEMPLATE:
	case WEFT_ACT_A_REJECT:
		return nla_put_u32(skb, act->type, act->arg);
	case WEFT_ACT_A_BIND:
		return nla_put(skb, act->type, sizeof(struct weft_bind),
			       &((const struct weft_act_bind *)act)->bind);
	case WEFT_ACT_A_SET:
		return weft_act_put_set(skb, (const void *)act);
	case WEFT_ACT_A_MOVE:
		return nla_put(skb, act->type, sizeof(struct weft_act_move),
			       &((const struct weft_act_move_bits *)act)->move);
	case WEFT_ACT_A_PUSH_VLAN:
		return nla_put_u16(skb, act->type, act->arg);
	case WEFT_ACT_A_GOTO:
	case WEFT_ACT_A_RESUBMIT:
	case WEFT_ACT_A_RELATED:
	case WEFT_ACT_A_CHECK_TTL:
		return nla_put_u8(skb, act->type, act->arg);
	case WEFT_ACT_A_CHECK_MTU:
		return weft_act_put_check_mtu(skb, act);
	case WEFT_ACT_A_ADVERTISE:
		return nla_put(skb, act->type, sizeof(struct weft_act_advertise),
			       &((const struct weft_act_advertisement *)act)->says);
	case WEFT_ACT_A_TUNNEL:
		return weft_act_put_tunnel(skb, (const void *)act);
	case WEFT_ACT_A_SERVICE:
		return weft_act_put_service(skb, (const void *)act);
	default:
		return nla_put_flag(skb, act->type);
	}
}

int weft_actions_put(struct sk_buff *skb, int attrtype, const struct weft_actions *acts)
{
	struct {
		struct nlattr *nest;
		const void *end;
	} levels[WEFT_CLONE_DEPTH_MAX + 1];
	const struct weft_act *act;
	unsigned int depth = 0;

	levels[0].nest = nla_nest_start(skb, attrtype);
	if (!levels[0].nest)
		return -EMSGSIZE;
	levels[0].end = (const void *)acts->acts + acts->len;
	weft_for_each_act(act, acts) {
		while (depth && (const void *)act == levels[depth].end)
			nla_nest_end(skb, levels[depth--].nest);
		if (act->type == WEFT_ACT_A_CLONE) {
			depth++;
			levels[depth].nest = nla_nest_start(skb, WEFT_ACT_A_CLONE);
			if (!levels[depth].nest)
				return -EMSGSIZE;
			levels[depth].end = (const void *)(act + 1) + act->arg;
		} else if (weft_act_put(skb, act)) {
			return -EMSGSIZE;
		}
	}
	for (;; depth--) {
		nla_nest_end(skb, levels[depth].nest);
		if (!depth)
			return 0;
	}
}
