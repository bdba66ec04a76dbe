// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tunnel ports: Geneve, GRE and STT devices in external mode.
 *
 * The kernel's device does the outer headers; the datapath says what is in them by a
 * metadata_dst on the packet, and finds one on packets that came in. Ours is what they
 * carry: the logical context (ldp, lin, lout), stage and mark, on every packet (context.c,
 * geneve.c). Geneve carries up to four options more that the operator gave a slot.
 *
 * A packet that comes in is believed: its context decides where it goes on. So it
 * must be understood: what is malformed, has no key, or a label that names nothing is
 * dropped. And it must be from a remote of the port; walks ask for that, and
 * what is cached depends on the list of remotes. Without the option context, lin and lout
 * are zero; ldp is the VNI all the same. In GRE, label 0 stands for no logical port.
 *
 * What a port knows about remotes and slots is in struct weft_tunnel, which is
 * published by RCU in port->tunnel and never changes: weft_tunnel_make() copies.
 *
 * Encapsulation clears skb->mark, since the device would use it to route the
 * outer packet. IPv4 outer packets have DF set: the agent gives the device an MTU that
 * fits, and what is too long is dropped by name at the port, not fragmented.
 * IPv6 outer packets of Geneve have a UDP checksum, since receivers insist on one.
 */
#include <linux/etherdevice.h>
#include <linux/jhash.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/weft_stt.h>
#include <net/dst_metadata.h>
#include <net/geneve.h>
#include <net/gre.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include <net/rtnetlink.h>
#include "compat.h"
#include "context.h"
#include "key.h"
#include "label.h"
#include "port.h"
#include "program.h"
#include "tundst.h"
#include "tunnel.h"

/* In */

static void weft_tunnel_context(struct weft_key *key, const struct weft_context *context)
{
	key->mark = cpu_to_be32(context->mark);
	key->ldp = cpu_to_be32(context->ldp);
	key->lin = cpu_to_be16(context->lin);
	key->lout = cpu_to_be16(context->lout);
	key->stage = context->stage;
	key->tun_flags |= cpu_to_be16(WEFT_TUN_F_CONTEXT | WEFT_TUN_F_MARK);
}

static enum weft_drop weft_tunnel_read_stt(struct weft_key *key)
{
	struct weft_context context;

	if (!(key->tun_flags & cpu_to_be16(WEFT_TUN_F_KEY)))
		return WEFT_DROP_TUNNEL_BAD;
	weft_stt_decode(be64_to_cpu(key->tun_id), &context);
	weft_tunnel_context(key, &context);
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop weft_tunnel_read_gre(struct weft_datapath *dp, struct weft_key *key)
{
	const struct weft_label *label;
	struct weft_context context;
	u32 id;

	if (!(key->tun_flags & cpu_to_be16(WEFT_TUN_F_KEY)))
		return WEFT_DROP_TUNNEL_BAD;
	id = weft_gre_decode(be64_to_cpu(key->tun_id), &context);
	if (id) {
		label = weft_label_find(dp, id);
		if (!label || (context.stage && label->where.lport > WEFT_LIN_MAX))
			return WEFT_DROP_TUNNEL_CONTEXT;
		context.ldp = label->where.ldp;
		if (context.stage)
			context.lin = label->where.lport;
		else
			context.lout = label->where.lport;
	}
	weft_tunnel_context(key, &context);
	if (!id)
		key->tun_flags &= ~cpu_to_be16(WEFT_TUN_F_CONTEXT);
	return WEFT_DROP_UNSPEC;
}

/* Bits of a mark that may not cross the port are as if they were not there */
static void weft_tunnel_mask(struct weft_port *port, struct weft_key *key)
{
	__be32 mask = cpu_to_be32(READ_ONCE(port->mark_mask));

	if (unlikely(key->mark & ~mask)) {
		key->mark &= mask;
		weft_stats_add(port, marks_refused, 1);
	}
}

static enum weft_drop weft_tunnel_read(const struct weft_tunnel *tunnel,
				       struct weft_datapath *dp,
				       const struct ip_tunnel_info *info, struct weft_key *key)
{
	const struct ip_tunnel_key *tun = &info->key;
	unsigned int flags = 0;

	key->tun_src = in6addr_any;
	key->tun_dst = in6addr_any;
	if (ip_tunnel_info_af(info) == AF_INET6) {
		flags |= WEFT_TUN_F_IPV6;
		key->tun_src = tun->u.ipv6.src;
		key->tun_dst = tun->u.ipv6.dst;
	} else {
		key->tun_src.s6_addr32[0] = tun->u.ipv4.src;
		key->tun_dst.s6_addr32[0] = tun->u.ipv4.dst;
	}
	if (weft_tun_test(tun, KEY))
		flags |= WEFT_TUN_F_KEY;
	if (weft_tun_test(tun, CSUM))
		flags |= WEFT_TUN_F_CSUM;
	if (weft_tun_test(tun, OAM))
		flags |= WEFT_TUN_F_OAM;
	if (weft_tun_test(tun, CRIT_OPT))
		flags |= WEFT_TUN_F_CRIT;
	key->tun_flags = cpu_to_be16(flags);
	key->tun_id = tun->tun_id;
	key->tun_tos = tun->tos;
	key->tun_ttl = tun->ttl;
	key->ldp = cpu_to_be32(be64_to_cpu(tun->tun_id) & WEFT_LDP_MAX);
	key->lin = 0;
	key->lout = 0;
	key->stage = 0;
	key->mark = 0;
	key->pad0 = 0;
	key->pad1 = 0;
	memset(key->tun_opt, 0, sizeof(key->tun_opt));

	if (unlikely(tunnel->type != WEFT_PORT_TYPE_GENEVE))
		return info->options_len ? WEFT_DROP_TUNNEL_BAD :
		       tunnel->type == WEFT_PORT_TYPE_STT ? weft_tunnel_read_stt(key) :
							    weft_tunnel_read_gre(dp, key);
	if (!info->options_len)
		return WEFT_DROP_UNSPEC;
	if (!weft_tun_test(tun, GENEVE_OPT))
		return WEFT_DROP_TUNNEL_BAD;
	return weft_geneve_decode(key, ip_tunnel_info_opts((struct ip_tunnel_info *)info),
				  info->options_len, tunnel->slots);
}

enum weft_drop weft_tunnel_decode(struct weft_port *port, struct sk_buff *skb,
				  struct weft_key *key)
{
	const struct weft_tunnel *tunnel = rcu_dereference(port->tunnel);
	const struct ip_tunnel_info *info = skb_tunnel_info(skb);
	enum weft_drop reason;

	if (unlikely(!info || !tunnel || info->mode & IP_TUNNEL_INFO_TX))
		reason = WEFT_DROP_TUNNEL_BAD;
	else
		reason = weft_tunnel_read(tunnel, port->dp, info, key);
	if (likely(!reason))
		weft_tunnel_mask(port, key);
	skb_dst_drop(skb);
	return reason;
}

/* Out */

bool weft_tunnel_fits(const struct weft_tunnel *tunnel, const struct weft_op_tunnel *op)
{
	if (tunnel->type != WEFT_PORT_TYPE_GENEVE)
		return true;
	return op->lin <= WEFT_LIN_MAX && op->stage <= WEFT_STAGE_VALUE_MAX &&
	       be64_to_cpu(op->tun_id) <= WEFT_LDP_MAX;
}

struct metadata_dst *weft_tunnel_dst(const struct weft_tunnel *tunnel,
				     const struct weft_op_tunnel *op)
{
	bool geneve = tunnel->type == WEFT_PORT_TYPE_GENEVE;
	struct ip_tunnel_info *info;
	struct metadata_dst *dst;
	u8 *opts;

	dst = metadata_dst_alloc(geneve ? WEFT_GENEVE_OPTS_MAX : 0, METADATA_IP_TUNNEL,
				 GFP_ATOMIC);
	if (!dst)
		return NULL;
	info = &dst->u.tun_info;
	info->mode = IP_TUNNEL_INFO_TX;
	info->key.tun_id = op->tun_id;
	info->key.tos = op->tos;
	info->key.ttl = op->ttl;
	if (op->ipv6) {
		info->mode |= IP_TUNNEL_INFO_IPV6;
		info->key.u.ipv6.dst = op->dst;
		if (geneve)
			weft_tun_set(&info->key, CSUM);
	} else {
		info->key.u.ipv4.dst = op->dst.s6_addr32[0];
		weft_tun_set(&info->key, DONT_FRAGMENT);
	}
	weft_tun_set(&info->key, KEY);
	if (!geneve)
		return dst;
	weft_tun_set(&info->key, GENEVE_OPT);
	weft_tun_set(&info->key, CRIT_OPT);
	opts = ip_tunnel_info_opts(info);
	OPTIMIZER_HIDE_VAR(opts);	/* fortified memcpy() sees no room behind info */
	info->options_len = weft_geneve_encode(opts, op, tunnel->slots);
	return dst;
}

enum weft_drop weft_tunnel_send(struct weft_port *port, struct sk_buff *skb,
				const struct weft_op_tunnel *op)
{
	const struct weft_tunnel *tunnel = rcu_dereference(port->tunnel);
	enum weft_drop reason;
	struct metadata_dst *dst;

	if (unlikely(!tunnel)) {
		reason = WEFT_DROP_NO_TUNNEL;
		goto drop;
	}
	reason = weft_port_check(port, skb);
	if (unlikely(reason))
		goto drop;
	if (likely(op->ready)) {
		dst = op->ready->md;
		dst_hold(&dst->dst);
	} else if (unlikely(!weft_tunnel_fits(tunnel, op))) {
		reason = WEFT_DROP_TUNNEL_CONTEXT;
		goto drop;
	} else {
		dst = weft_tunnel_dst(tunnel, op);
		if (unlikely(!dst)) {
			reason = WEFT_DROP_NO_MEMORY;
			goto drop;
		}
	}
	/* the device picks its source port by the flow: ours is known, spare it a look inside */
	if (op->hash && !skb->l4_hash)
		__skb_set_sw_hash(skb, op->hash, true);
	weft_port_scrub(skb);	/* the mark, too */
	skb_dst_set(skb, &dst->dst);
	weft_port_xmit(port, skb);
	return WEFT_DROP_UNSPEC;

drop:
	weft_stats_add(port, tx_dropped, weft_skb_segs(skb));
	kfree_skb(skb);
	return reason;
}

/* Remotes and slots */

static u32 weft_remote_hash(const struct weft_tunnel *tunnel, const struct in6_addr *addr)
{
	return jhash2((const u32 *)addr, sizeof(*addr) / sizeof(u32), tunnel->seed) &
	       tunnel->mask;
}

static bool weft_remote_find(const struct weft_tunnel *tunnel, const struct in6_addr *addr)
{
	u32 i = weft_remote_hash(tunnel, addr);

	/* a quarter of the buckets and more are free */
	while (!ipv6_addr_any(&tunnel->remotes[i])) {
		if (ipv6_addr_equal(&tunnel->remotes[i], addr))
			return true;
		i = (i + 1) & tunnel->mask;
	}
	return false;
}

bool weft_tunnel_accepts(const struct weft_tunnel *tunnel, const struct weft_key *key)
{
	struct in6_addr addr;

	if (key->tun_flags & cpu_to_be16(WEFT_TUN_F_IPV6))
		return weft_remote_find(tunnel, &key->tun_src);
	ipv6_addr_set_v4mapped(key->tun_src.s6_addr32[0], &addr);
	return weft_remote_find(tunnel, &addr);
}

/* False when it is there */
static bool weft_remote_add(struct weft_tunnel *tunnel, const struct in6_addr *addr)
{
	u32 i = weft_remote_hash(tunnel, addr);

	while (!ipv6_addr_any(&tunnel->remotes[i])) {
		if (ipv6_addr_equal(&tunnel->remotes[i], addr))
			return false;
		i = (i + 1) & tunnel->mask;
	}
	tunnel->remotes[i] = *addr;
	tunnel->n_remotes++;
	tunnel->n_remotes6 += !ipv6_addr_v4mapped(addr);
	return true;
}

bool weft_tunnel_is_endpoint(const struct in6_addr *addr)
{
	__be32 addr4 = addr->s6_addr32[3];

	if (ipv6_addr_v4mapped(addr))
		return addr4 && !ipv4_is_multicast(addr4) && !ipv4_is_lbcast(addr4);
	return !ipv6_addr_any(addr) && !ipv6_addr_is_multicast(addr);
}

static int weft_remote_parse(struct weft_tunnel *tunnel, const struct nlattr *attr,
			     struct netlink_ext_ack *extack)
{
	bool ipv4 = nla_type(attr) == WEFT_REMOTES_A_IPV4;
	struct in6_addr addr;

	if (tunnel->family && tunnel->family != (ipv4 ? AF_INET : AF_INET6)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the device's tunnels are of the other IP version");
		return -EINVAL;
	}
	if (ipv4)
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), &addr);
	else
		addr = nla_get_in6_addr(attr);
	if (ipv6_addr_v4mapped(&addr) != ipv4 || !weft_tunnel_is_endpoint(&addr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "not the address of a tunnel endpoint");
		return -EINVAL;
	}
	if (!weft_remote_add(tunnel, &addr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "this remote is in the list twice");
		return -EINVAL;
	}
	return 0;
}

static int weft_tun_opt_parse(struct weft_tunnel *tunnel, const struct nlattr *attr,
			      struct netlink_ext_ack *extack)
{
	const char *msg = NULL;
	struct weft_tun_opt opt;
	unsigned int i;

	nla_memcpy(&opt, attr, sizeof(opt));
	if (opt.slot >= WEFT_TUN_OPTS)
		msg = "there is no such slot";
	else if (!opt.len || opt.len > WEFT_TUN_OPT_LEN || opt.len % 4)
		msg = "the length of an option is 4, 8, 12 or 16";
	else if (memchr_inv(opt.reserved, 0, sizeof(opt.reserved)))
		msg = "reserved bytes are not zero";
	else if ((opt.opt_class == WEFT_GENEVE_CONTEXT_CLASS &&
		  opt.type == WEFT_GENEVE_CONTEXT_TYPE) ||
		 (opt.opt_class == WEFT_GENEVE_MARK_CLASS &&
		  opt.type == WEFT_GENEVE_MARK_TYPE))
		msg = "this option is used for the context and the mark";
	else if (tunnel->slots[opt.slot].len)
		msg = "this slot is in the list twice";
	for (i = 0; i < WEFT_TUN_OPTS && !msg; i++)
		if (tunnel->slots[i].len && tunnel->slots[i].opt_class == opt.opt_class &&
		    tunnel->slots[i].type == opt.type)
			msg = "this option has another slot already";
	if (msg) {
		WEFT_ERR_ATTR(extack, attr, "%s", msg);
		return -EINVAL;
	}
	tunnel->slots[opt.slot] = opt;
	return 0;
}

static atomic_t weft_tunnel_configs;

static struct weft_tunnel *weft_tunnel_alloc(u32 n_remotes)
{
	u32 buckets = roundup_pow_of_two(n_remotes + n_remotes / 3 + 2);
	struct weft_tunnel *tunnel;

	tunnel = kvzalloc(struct_size(tunnel, remotes, buckets), GFP_KERNEL_ACCOUNT);
	if (!tunnel)
		return NULL;
	tunnel->config = atomic_inc_return(&weft_tunnel_configs);
	tunnel->mask = buckets - 1;
	tunnel->seed = get_random_u32();
	return tunnel;
}

struct weft_tunnel *weft_tunnel_make(const struct weft_tunnel *old, u8 type, u8 family,
				     const struct nlattr *remotes, const struct nlattr *opts,
				     struct netlink_ext_ack *extack)
{
	struct weft_tunnel *tunnel;
	const struct nlattr *attr;
	u32 i, n = old ? old->n_remotes : 0;
	int rem, err = 0;

	if (remotes) {
		n = 0;
		nla_for_each_nested(attr, remotes, rem)
			n++;
	}
	tunnel = weft_tunnel_alloc(n);
	if (!tunnel) {
		NL_SET_ERR_MSG(extack, "no memory for the remotes");
		return ERR_PTR(-ENOMEM);
	}
	tunnel->type = type;
	tunnel->family = family;
	if (remotes) {
		nla_for_each_nested(attr, remotes, rem) {
			err = weft_remote_parse(tunnel, attr, extack);
			if (err)
				goto refuse;
		}
	} else if (old) {
		for (i = 0; i <= old->mask; i++)
			if (!ipv6_addr_any(&old->remotes[i]))
				weft_remote_add(tunnel, &old->remotes[i]);
	}
	if (opts) {
		nla_for_each_nested(attr, opts, rem) {
			err = weft_tun_opt_parse(tunnel, attr, extack);
			if (err)
				goto refuse;
		}
	} else if (old) {
		memcpy(tunnel->slots, old->slots, sizeof(tunnel->slots));
	}
	return tunnel;

refuse:
	kvfree(tunnel);
	return ERR_PTR(err);
}

size_t weft_tunnel_size(const struct weft_tunnel *tunnel)
{
	return nla_total_size(0) +
	       (tunnel->n_remotes - tunnel->n_remotes6) * nla_total_size(sizeof(__be32)) +
	       tunnel->n_remotes6 * nla_total_size(sizeof(struct in6_addr)) +
	       nla_total_size(0) +
	       WEFT_TUN_OPTS * nla_total_size(sizeof(struct weft_tun_opt));
}

int weft_tunnel_put(struct sk_buff *skb, const struct weft_tunnel *tunnel)
{
	struct nlattr *nest;
	u32 i;

	nest = nla_nest_start(skb, WEFT_PORT_A_REMOTES);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i <= tunnel->mask; i++) {
		const struct in6_addr *addr = &tunnel->remotes[i];

		if (ipv6_addr_any(addr))
			continue;
		if (ipv6_addr_v4mapped(addr) ?
		    nla_put_in_addr(skb, WEFT_REMOTES_A_IPV4, addr->s6_addr32[3]) :
		    nla_put_in6_addr(skb, WEFT_REMOTES_A_IPV6, addr))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);

	nest = nla_nest_start(skb, WEFT_PORT_A_TUN_OPTS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < WEFT_TUN_OPTS; i++)
		if (tunnel->slots[i].len &&
		    nla_put(skb, WEFT_TUN_OPTS_A_ENTRY, sizeof(tunnel->slots[i]),
			    &tunnel->slots[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What makes a device external, and for which version of IP it is then; 0: for both */
static int weft_tunnel_mode(const struct net_device *dev, u8 type, u8 *family)
{
	*family = 0;
	switch (type) {
	case WEFT_PORT_TYPE_GENEVE:
		return netif_is_geneve(dev) ? IFLA_GENEVE_COLLECT_METADATA : -1;
	case WEFT_PORT_TYPE_GRE:
		*family = netif_is_gretap(dev) ? AF_INET : AF_INET6;
		return netif_is_gretap(dev) || netif_is_ip6gretap(dev) ?
		       IFLA_GRE_COLLECT_METADATA : -1;
	case WEFT_PORT_TYPE_STT:
		return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "stt") ? 0 : -1;
	default:
		return -1;
	}
}

/* Nothing but its netlink attributes tells in which mode a device is */
static bool weft_tunnel_has(const struct net_device *dev, int attr)
{
	const struct rtnl_link_ops *ops = dev->rtnl_link_ops;
	struct sk_buff *skb;
	bool has;

	if (!ops->fill_info)
		return false;
	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return false;
	has = !ops->fill_info(skb, dev) && nla_find((struct nlattr *)skb->data, skb->len, attr);
	kfree_skb(skb);
	return has;
}

const char *weft_tunnel_unfit(const struct net_device *dev, u8 type)
{
	static const char * const not_it[] = {
		[WEFT_PORT_TYPE_GENEVE] = "not a Geneve device",
		[WEFT_PORT_TYPE_GRE] = "not a gretap or ip6gretap device",
		[WEFT_PORT_TYPE_STT] = "not an STT device",
	};
	u8 family;
	int attr = weft_tunnel_mode(dev, type, &family);

	ASSERT_RTNL();
	if (attr < 0)
		return not_it[type];
	if (attr && !weft_tunnel_has(dev, attr))
		return "the tunnel device is not in external mode";
	return NULL;
}

bool weft_tunnel_external(const struct net_device *dev)
{
	u8 type;

	for (type = WEFT_PORT_TYPE_GENEVE; type <= WEFT_PORT_TYPE_STT; type++)
		if (!weft_tunnel_unfit(dev, type))
			return true;
	return false;
}

u8 weft_tunnel_family(const struct net_device *dev, u8 type)
{
	u8 family;

	weft_tunnel_mode(dev, type, &family);
	return family;
}

static bool weft_tunnel_is_stt(const struct net_device *dev)
{
	const struct rtnl_link_ops *ops = dev->rtnl_link_ops;

	/* others have made devices of this kind, too */
	return ops && !strcmp(ops->kind, "stt") && ops->maxtype == IFLA_STT_MAX &&
	       ops->changelink;
}

int weft_tunnel_tell(struct net_device *dev, const struct weft_tunnel *tunnel,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IFLA_MAX + 1] = { }, *data[IFLA_STT_MAX + 1] = { }, *nest;
	struct sk_buff *skb;
	int err = -EMSGSIZE;
	u32 i;

	ASSERT_RTNL();
	if (!weft_tunnel_is_stt(dev))
		return 0;
	skb = nlmsg_new(tunnel ? weft_tunnel_size(tunnel) : NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb) {
		NL_SET_ERR_MSG(extack, "no memory for the remotes");
		return -ENOMEM;
	}
	nest = nla_nest_start(skb, IFLA_STT_REMOTES);
	if (!nest)
		goto out;
	for (i = 0; tunnel && i <= tunnel->mask; i++) {
		const struct in6_addr *addr = &tunnel->remotes[i];

		if (ipv6_addr_any(addr))
			continue;
		if (ipv6_addr_v4mapped(addr) ?
		    nla_put_in_addr(skb, IFLA_STT_REMOTE_IPV4, addr->s6_addr32[3]) :
		    nla_put_in6_addr(skb, IFLA_STT_REMOTE_IPV6, addr))
			goto out;
	}
	nla_nest_end(skb, nest);
	data[IFLA_STT_REMOTES] = nest;
	err = dev->rtnl_link_ops->changelink(dev, tb, data, extack);
out:
	kfree_skb(skb);
	return err;
}
