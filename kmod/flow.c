// SPDX-License-Identifier: GPL-2.0-only
/*
 * Matches and flow entries.
 *
 * A match is read into a whole key and mask while a request is handled; the
 * entry keeps only the words of the key that its subtable's mask uses.
 * Entries are made in process context and freed by the transaction code:
 * at once while nobody has seen them, else by RCU.
 */
#include <linux/if_arp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include "action.h"
#include "compat.h"
#include "field.h"
#include "flow.h"
#include "instance.h"
#include "table.h"

static void weft_match_set(struct weft_match *match, enum weft_field f,
			   const struct weft_field_value *fv)
{
	u8 *value = weft_field_ptr(&match->value, f);
	u8 *mask = weft_field_ptr(&match->mask, f);
	unsigned int i;

	for (i = 0; i < weft_fields[f].len; i++) {
		value[i] |= fv->value[i];
		mask[i] |= fv->mask[i];
	}
}

static bool weft_match_exact(const struct weft_match *match, enum weft_field f)
{
	const u8 *mask = weft_field_cptr(&match->mask, f);
	unsigned int i;

	for (i = 0; i < weft_fields[f].len; i++)
		if (mask[i] != 0xff)
			return false;
	return true;
}

/* Headers that a packet has for certain when it meets the match */
static u16 weft_match_layers(const struct weft_match *match)
{
	const struct weft_key *v = &match->value, *m = &match->mask;
	__be16 present = cpu_to_be16(WEFT_VLAN_PRESENT);
	u16 layers = 0;

	if (v->vlan[0].tci & m->vlan[0].tci & present)
		layers |= WEFT_L_VLAN;
	if (v->vlan[1].tci & m->vlan[1].tci & present)
		layers |= WEFT_L_VLAN2 | WEFT_L_VLAN;
	if (!weft_match_exact(match, WEFT_FIELD_ETH_TYPE))
		return layers;
	switch (v->eth_type) {
	case htons(ETH_P_IP):
		layers |= WEFT_L_IPV4;
		break;
	case htons(ETH_P_IPV6):
		layers |= WEFT_L_IPV6;
		break;
	case htons(ETH_P_ARP):
		return layers | WEFT_L_ARP;
	default:
		return layers;
	}
	if (!weft_match_exact(match, WEFT_FIELD_IP_PROTO))
		return layers;
	switch (v->ip_proto) {
	case IPPROTO_TCP:
		layers |= WEFT_L_TCP;
		break;
	case IPPROTO_UDP:
		layers |= WEFT_L_UDP;
		break;
	case IPPROTO_SCTP:
		layers |= WEFT_L_SCTP;
		break;
	case IPPROTO_ICMP:
		if (layers & WEFT_L_IPV4)
			layers |= WEFT_L_ICMP;
		break;
	case IPPROTO_ICMPV6:
		if (!(layers & WEFT_L_IPV6))
			break;
		layers |= WEFT_L_ICMP6;
		if (!weft_match_exact(match, WEFT_FIELD_ICMP_TYPE))
			break;
		if (v->l4_src == htons(135))
			layers |= WEFT_L_ND_NS | WEFT_L_ND_SLL;
		else if (v->l4_src == htons(136))
			layers |= WEFT_L_ND_NA | WEFT_L_ND_TLL;
		break;
	}
	return layers;
}

/* "Is there a tag?" is a question that every frame answers */
static bool weft_field_always_matchable(enum weft_field f)
{
	return f >= WEFT_FIELD_VLAN_TCI && f <= WEFT_FIELD_VLAN2_TPID;
}

/*
 * Tunnel addresses of both families share bytes of the key, so an address pins down
 * the family too: by a bit of tun_flags that nobody else may then match. That makes
 * a mask tell what was asked for, and a dump is what was set.
 */
static int weft_match_tun_family(const struct nlattr *nest, struct weft_match *match,
				 struct netlink_ext_ack *extack)
{
	const struct nlattr *a, *ipv4 = NULL, *ipv6 = NULL, *flags = NULL;
	const __be16 bit = cpu_to_be16(WEFT_TUN_F_IPV6);
	int rem;

	nla_for_each_nested(a, nest, rem) {
		if (weft_field_is_tun_ipv4(nla_type(a)))
			ipv4 = a;
		else if (weft_field_is_tun_ipv6(nla_type(a)))
			ipv6 = a;
		else if (nla_type(a) == WEFT_FIELD_TUN_FLAGS)
			flags = a;
	}
	if (!ipv4 && !ipv6)
		return 0;
	if (ipv4 && ipv6) {
		WEFT_ERR_ATTR(extack, ipv6, "field %s is of IPv6, field %s of IPv4",
			      weft_fields[nla_type(ipv6)].name,
			      weft_fields[nla_type(ipv4)].name);
		return -EINVAL;
	}
	if (match->mask.tun_flags & bit) {
		WEFT_ERR_ATTR(extack, flags,
			      "field tun_flags must leave out ipv6: field %s implies it",
			      weft_fields[nla_type(ipv4 ?: ipv6)].name);
		return -EINVAL;
	}
	match->mask.tun_flags |= bit;
	if (ipv6)
		match->value.tun_flags |= bit;
	return 0;
}

/* Take out what weft_match_tun_family() put in; are there IPv6 addresses? */
static bool weft_match_tun_ipv6(struct weft_match *match)
{
	const __be16 bit = cpu_to_be16(WEFT_TUN_F_IPV6);
	bool ipv6 = match->value.tun_flags & bit;

	if (!ipv6_addr_any(&match->mask.tun_src) || !ipv6_addr_any(&match->mask.tun_dst)) {
		match->value.tun_flags &= ~bit;
		match->mask.tun_flags &= ~bit;
	}
	return ipv6;
}

int weft_match_parse_with(const struct nlattr *attr, u16 more, struct weft_match *match,
			  u16 *layers, struct netlink_ext_ack *extack)
{
	DECLARE_BITMAP(seen, WEFT_FIELD_MAX + 1) = {};
	const struct nlattr *a;
	int rem, err;

	memset(match, 0, sizeof(*match));
	if (!attr)
		goto out;
	nla_for_each_nested(a, attr, rem) {
		struct weft_field_value fv;

		err = weft_field_parse(a, &fv, extack);
		if (err)
			return err;
		if (__test_and_set_bit(nla_type(a), seen)) {
			WEFT_ERR_ATTR(extack, a, "field %s is given twice",
				      weft_fields[nla_type(a)].name);
			return -EINVAL;
		}
		weft_match_set(match, nla_type(a), &fv);
	}
	if (rem) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "bytes left over behind the last field");
		return -EINVAL;
	}
out:
	*layers = weft_match_layers(match) | more;
	if (!attr)
		return 0;
	nla_for_each_nested(a, attr, rem) {
		u16 needs = weft_fields[nla_type(a)].needs;

		if (!needs || needs & *layers || weft_field_always_matchable(nla_type(a)))
			continue;
		WEFT_ERR_ATTR(extack, a,
			      "field %s needs a match on the protocol that has it (%s)",
			      weft_fields[nla_type(a)].name, weft_layers_name(needs));
		return -EINVAL;
	}
	return weft_match_tun_family(attr, match, extack);
}

int weft_match_parse(const struct nlattr *attr, struct weft_match *match, u16 *layers,
		     struct netlink_ext_ack *extack)
{
	return weft_match_parse_with(attr, 0, match, layers, extack);
}

const char *weft_layers_name(u16 layers)
{
	switch (layers) {
	case WEFT_L_VLAN:
		return "a VLAN tag";
	case WEFT_L_VLAN2:
		return "two VLAN tags";
	case WEFT_L_IPV4:
		return "ip";
	case WEFT_L_IPV6:
		return "ipv6";
	case WEFT_L_IP:
		return "ip or ipv6";
	case WEFT_L_ARP:
		return "arp";
	case WEFT_L_TCP:
		return "tcp";
	case WEFT_L_PORTS:
		return "tcp, udp or sctp";
	case WEFT_L_ICMPS:
		return "icmp or icmp6";
	default:
		return "icmp6 neighbour discovery";
	}
}

/* Of the fields that share storage, the one that the entry means */
static bool weft_flow_has_field(enum weft_field f, u16 layers, bool tun_ipv6,
				const struct weft_key *mask)
{
	const u8 *m = weft_field_cptr(mask, f);
	u16 needs = weft_fields[f].needs;

	if (!memchr_inv(m, 0, weft_fields[f].len))
		return false;
	if (weft_field_is_tun_ipv4(f))
		return !tun_ipv6;
	if (weft_field_is_tun_ipv6(f))
		return tun_ipv6;
	return !needs || needs & layers || weft_field_always_matchable(f);
}

int weft_match_put_words(struct sk_buff *skb, int attrtype, const struct weft_subtable *subtable,
			 const u64 *words, const u64 *mask, u16 more)
{
	struct weft_match *match;
	struct nlattr *nest;
	enum weft_field f;
	int err = -EMSGSIZE;
	bool tun_ipv6;
	u16 layers;

	match = kmalloc(sizeof(*match), GFP_KERNEL);
	if (!match)
		return -ENOMEM;
	weft_subtable_expand(subtable, words, mask, match);
	layers = weft_match_layers(match) | more;
	tun_ipv6 = weft_match_tun_ipv6(match);
	nest = nla_nest_start(skb, attrtype);
	if (!nest)
		goto out;
	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		unsigned int len = weft_fields[f].len;
		struct nlattr *a;
		bool exact;

		if (!weft_flow_has_field(f, layers, tun_ipv6, &match->mask))
			continue;
		exact = weft_match_exact(match, f);
		a = nla_reserve(skb, f, exact ? len : 2 * len);
		if (!a)
			goto out;
		memcpy(nla_data(a), weft_field_cptr(&match->value, f), len);
		if (!exact)
			memcpy(nla_data(a) + len, weft_field_cptr(&match->mask, f), len);
	}
	nla_nest_end(skb, nest);
	err = 0;
out:
	kfree(match);
	return err;
}

int weft_flow_put_match(struct sk_buff *skb, int attrtype, const struct weft_flow *flow)
{
	return weft_match_put_words(skb, attrtype, flow->subtable, flow->key,
				    flow->subtable->mask, 0);
}

struct weft_flow *weft_flow_alloc(struct weft_subtable *subtable, const struct weft_match *match,
				  s32 priority, struct weft_actions *actions)
{
	size_t words = sizeof(struct weft_flow) + subtable->n * sizeof(u64);
	struct weft_flow *flow;

	/* the actions follow the key: a walk waits for memory once less */
	flow = kzalloc(words + (actions ? sizeof(*actions) + actions->len : 0), GFP_KERNEL_ACCOUNT);
	if (!flow)
		return ERR_PTR(-ENOMEM);
	flow->stats = kzalloc(sizeof(*flow->stats), GFP_KERNEL_ACCOUNT);
	if (!flow->stats) {
		kfree(flow);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&flow->stats->refs, 1);
	flow->stats->used = jiffies;
	flow->stats->created = get_jiffies_64();
	flow->subtable = subtable;
	flow->priority = priority;
	if (actions) {
		flow->actions = (void *)flow + words;
		memcpy(flow->actions, actions, sizeof(*actions) + actions->len);
		kfree(actions);
	}
	flow->died = U64_MAX;
	weft_subtable_mask_key(subtable, &match->value, flow->key);
	return flow;
}

static void weft_flow_drop_actions(struct weft_flow *flow)
{
	if (!flow->actions)
		return;
	weft_actions_release(flow->actions);
	if (flow->copied)
		kfree(flow->actions);
	flow->actions = NULL;
}

void weft_flow_stats_put(struct weft_flow_stats *stats)
{
	if (!refcount_dec_and_test(&stats->refs))
		return;
	if (stats->instance)
		weft_instance_put(stats->instance);
	else
		kfree(stats);
}

int weft_flow_set_timeouts(struct weft_flow *flow, u32 idle_ms, u32 hard_ms)
{
	if (!flow->expiry && (idle_ms || hard_ms)) {
		flow->expiry = kzalloc(sizeof(*flow->expiry), GFP_KERNEL_ACCOUNT);
		if (!flow->expiry)
			return -ENOMEM;
		timerqueue_init(&flow->expiry->node);
	}
	if (flow->expiry) {
		flow->expiry->idle_ms = idle_ms;
		flow->expiry->hard_ms = hard_ms;
	}
	return 0;
}

/* Timeouts as they are after @keep took some from @old */
static int weft_flow_inherit_timeouts(struct weft_flow *flow, const struct weft_flow *old,
				      u8 keep)
{
	const struct weft_flow_expiry *theirs = old->expiry, *ours = flow->expiry;
	u32 idle_ms = ours ? ours->idle_ms : 0, hard_ms = ours ? ours->hard_ms : 0;

	if (keep & WEFT_KEEP_IDLE)
		idle_ms = theirs ? theirs->idle_ms : 0;
	if (keep & WEFT_KEEP_HARD)
		hard_ms = theirs ? theirs->hard_ms : 0;
	return weft_flow_set_timeouts(flow, idle_ms, hard_ms);
}

int weft_flow_inherit(struct weft_flow *flow, const struct weft_flow *old, u8 keep)
{
	if (keep & WEFT_KEEP_ACTIONS) {
		struct weft_actions *acts = weft_actions_copy(old->actions);

		if (!acts)
			return -ENOMEM;
		weft_flow_drop_actions(flow);
		flow->actions = acts;
		flow->copied = true;
	}
	if (keep & WEFT_KEEP_COOKIE)
		flow->cookie = old->cookie;
	if (weft_flow_inherit_timeouts(flow, old, keep))
		return -ENOMEM;
	weft_flow_stats_put(flow->stats);
	refcount_inc(&old->stats->refs);
	flow->stats = old->stats;
	return 0;
}

void weft_flow_free(struct weft_flow *flow)
{
	weft_flow_stats_put(flow->stats);
	kfree(flow->expiry);
	weft_flow_drop_actions(flow);
	kfree(flow);
}

void weft_flow_free_rcu(struct rcu_head *rcu)
{
	weft_flow_free(container_of(rcu, struct weft_flow, rcu));
}

u64 weft_flow_expires(const struct weft_flow *flow, enum weft_reason *reason)
{
	const struct weft_flow_expiry *expiry = flow->expiry;
	u64 now = get_jiffies_64(), idle = U64_MAX, hard = U64_MAX;

	if (expiry->hard_ms)
		hard = flow->stats->created + msecs_to_jiffies(expiry->hard_ms);
	if (expiry->idle_ms)
		idle = now - (jiffies - READ_ONCE(flow->stats->used)) +
		       msecs_to_jiffies(expiry->idle_ms);
	*reason = hard <= idle ? WEFT_REASON_HARD : WEFT_REASON_IDLE;
	return min(hard, idle);
}
