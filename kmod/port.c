// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports: how devices join and leave a datapath, and how packets pass them.
 *
 * A port is made by weft_port_attach() and owned by its datapath from then on. It has a
 * reference on its device, which it gives back before RTNL is released, since the
 * end of RTNL waits for the references of devices that were unregistered.
 *
 * Removal has three steps, so that many ports can share the middle one:
 *   unlink   takes the port out of the maps; nothing finds it any more;
 *   quiesce  takes the device away from it and waits for a grace period, after which
 *            no packet is on its way in or out;
 *   finish   frees what waits for it, adds its drops to those of the datapath's
 *            past ports, announces the end, and frees the port.
 * The device of an internal port is unregistered by the caller afterwards, without
 * dp->lock: the notifier below, which takes dp->lock, is called by that.
 *
 * Devices go, are renamed and move to other namespaces as they like; the notifier follows
 * them. A move ends a port, as the datapath has no say in the other
 * namespace, but not an internal port, whose device is ours wherever it is.
 *
 * The port of a device is its rx_handler_data, or in the device if it is internal.
 * That a device can have one rx_handler only keeps bridges, bonds and other datapaths
 * away from ours, and us from theirs.
 *
 * Locking: RTNL, then dp->lock, to attach, change and detach; the packet paths have RCU
 * and BH off.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/weft.h>
#include <net/dsa.h>
#include <net/netlink.h>
#include "cache.h"
#include "compat.h"
#include "context.h"
#include "datapath.h"
#include "internal.h"
#include "netlink.h"
#include "pipeline.h"
#include "pending.h"
#include "port.h"
#include "remote.h"
#include "trace.h"
#include "tunnel.h"
#include "upcall.h"

/* In */

/*
 * Group membership reports of IGMPv3 and MLDv2, as a Linux host sends them, have no
 * mark: it shares its place with reserved_tailroom, which they leave behind.
 */
static bool weft_port_no_mark(const struct sk_buff *skb)
{
	static const u8 igmp[ETH_ALEN] __aligned(2) = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x16 };
	static const u8 mld[ETH_ALEN] __aligned(2) = { 0x33, 0x33, 0x00, 0x00, 0x00, 0x16 };
	const u8 *dst = ((const struct ethhdr *)skb->data)->h_dest;

	return is_multicast_ether_addr(dst) &&
	       (ether_addr_equal(dst, igmp) || ether_addr_equal(dst, mld));
}

static __always_inline void weft_port_take(struct weft_port *port, struct sk_buff *skb)
{
	if (unlikely(READ_ONCE(port->detaching))) {
		weft_port_drop(port, skb, WEFT_DROP_DETACHING);
		return;
	}
	if (unlikely(!pskb_may_pull(skb, ETH_HLEN))) {
		weft_port_drop(port, skb, WEFT_DROP_TRUNCATED);
		return;
	}
	if (!weft_port_is_tunnel(port->type))
		skb_dst_drop(skb);
	if (skb->mark && unlikely(weft_port_no_mark(skb)))
		skb->mark = 0;
	weft_pipeline_receive(port, skb);
}

void weft_port_receive(struct weft_port *port, struct sk_buff *skb)
{
	weft_port_take(port, skb);
}

static rx_handler_result_t weft_port_rx(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct weft_port *port;

	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;
	port = rcu_dereference(skb->dev->rx_handler_data);
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		weft_port_drop(port, NULL, WEFT_DROP_NO_MEMORY);
		return RX_HANDLER_CONSUMED;
	}
	skb_push_rcsum(skb, ETH_HLEN);
	weft_port_take(port, skb);
	return RX_HANDLER_CONSUMED;
}

void weft_port_drop(struct weft_port *port, struct sk_buff *skb, enum weft_drop reason)
{
	unsigned int packets = skb ? weft_skb_segs(skb) : 1;

	weft_stats_add(port, drops[reason], packets);
	trace_weft_drop(port, skb, reason);
	kfree_skb(skb);
}

/* Out */

static bool weft_port_fits(const struct net_device *dev, const struct sk_buff *skb)
{
	unsigned int max = READ_ONCE(dev->mtu) + ETH_HLEN;

	if (likely(skb->len <= max))
		return true;
	if (!skb_vlan_tag_present(skb) &&
	    eth_type_vlan(((const struct ethhdr *)skb->data)->h_proto))
		max += VLAN_HLEN;
	if (!skb_is_gso(skb))
		return skb->len <= max;
	return !skb_transport_header_was_set(skb) || skb_gso_validate_mac_len(skb, max);
}

enum weft_drop weft_port_check(const struct weft_port *port, const struct sk_buff *skb)
{
	const struct net_device *dev = port->dev;

	if (unlikely(READ_ONCE(port->detaching)))
		return WEFT_DROP_DETACHING;
	if (unlikely(!(READ_ONCE(dev->flags) & IFF_UP) || !netif_carrier_ok(dev)))
		return WEFT_DROP_PORT_DOWN;
	if (unlikely(!weft_port_fits(dev, skb)))
		return WEFT_DROP_MTU;
	return WEFT_DROP_UNSPEC;
}

static void weft_port_count_tx(struct weft_port *port, bool sent, unsigned int packets,
			       unsigned int bytes)
{
	struct weft_port_cpu_stats *stats = this_cpu_ptr(port->stats);

	u64_stats_update_begin(&stats->syncp);
	if (likely(sent)) {
		u64_stats_add(&stats->tx_packets, packets);
		u64_stats_add(&stats->tx_bytes, bytes);
	} else {
		u64_stats_add(&stats->tx_dropped, packets);
	}
	u64_stats_update_end(&stats->syncp);
}

void weft_port_xmit(struct weft_port *port, struct sk_buff *skb)
{
	unsigned int packets = weft_skb_segs(skb), bytes = skb->len;
	int err;

	skb->dev = port->dev;
	skb_forward_csum(skb);
	err = dev_queue_xmit(skb);
	weft_port_count_tx(port, !net_xmit_eval(err), packets, bytes);
}

enum weft_drop weft_port_send(struct weft_port *port, struct sk_buff *skb, u32 mark)
{
	unsigned int packets = weft_skb_segs(skb), bytes = skb->len;
	enum weft_drop reason = weft_port_check(port, skb);

	if (unlikely(reason)) {
		weft_port_count_tx(port, false, packets, bytes);
		kfree_skb(skb);
		return reason;
	}
	weft_port_scrub(skb);
	if (READ_ONCE(port->class) == WEFT_PORT_CLASS_SERVICE)
		skb->mark = mark & READ_ONCE(port->mark_mask);
	if (port->type == WEFT_PORT_TYPE_INTERNAL)
		weft_port_count_tx(port, weft_internal_deliver(port->dev, skb), packets, bytes);
	else
		weft_port_xmit(port, skb);
	return WEFT_DROP_UNSPEC;
}

void weft_port_stats(const struct weft_port *port, struct weft_port_stats *stats)
{
	unsigned int i;
	int cpu;

	memset(stats, 0, sizeof(*stats));
	for_each_possible_cpu(cpu) {
		const struct weft_port_cpu_stats *s = per_cpu_ptr(port->stats, cpu);
		struct weft_port_stats now;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			now.rx_packets = u64_stats_read(&s->rx_packets);
			now.rx_bytes = u64_stats_read(&s->rx_bytes);
			now.tx_packets = u64_stats_read(&s->tx_packets);
			now.tx_bytes = u64_stats_read(&s->tx_bytes);
			now.tx_dropped = u64_stats_read(&s->tx_dropped);
			now.upcalls = u64_stats_read(&s->upcalls);
			now.marks_refused = u64_stats_read(&s->marks_refused);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		stats->rx_packets += now.rx_packets;
		stats->rx_bytes += now.rx_bytes;
		stats->tx_packets += now.tx_packets;
		stats->tx_bytes += now.tx_bytes;
		stats->tx_dropped += now.tx_dropped;
		stats->upcalls += now.upcalls;
		stats->marks_refused += now.marks_refused;
		for (i = 0; i <= WEFT_DROP_MAX; i++) {
			do {
				start = u64_stats_fetch_begin(&s->syncp);
				now.drops[i] = u64_stats_read(&s->drops[i]);
			} while (u64_stats_fetch_retry(&s->syncp, start));
			stats->drops[i] += now.drops[i];
		}
	}
}

/* Attaching */

static struct weft_port *weft_port_alloc(struct weft_datapath *dp, u8 type)
{
	struct weft_port *port;
	int cpu;

	port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);
	if (!port)
		return NULL;
	port->stats = alloc_percpu_gfp(struct weft_port_cpu_stats, GFP_KERNEL_ACCOUNT);
	if (!port->stats) {
		kfree(port);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(port->stats, cpu)->syncp);
	port->dp = dp;
	port->type = type;
	spin_lock_init(&port->defrag.lock);
	INIT_LIST_HEAD(&port->lports);
	return port;
}

/* Nobody finds it any more */
static void weft_port_free(struct weft_port *port)
{
	kvfree(rcu_dereference_protected(port->tunnel, lockdep_rtnl_is_held()));
	free_percpu(port->stats);
	kfree(port);
}

struct weft_port *weft_port_nowhere(struct weft_datapath *dp)
{
	struct weft_port *port = weft_port_alloc(dp, WEFT_PORT_TYPE_NETDEV);

	if (port)
		port->detaching = true;
	return port;
}

static void weft_port_past_drops(const struct weft_port *port)
{
	struct weft_port_stats stats;
	unsigned int i;

	weft_port_stats(port, &stats);
	for (i = 0; i <= WEFT_DROP_MAX; i++)
		port->dp->past_drops[i] += stats.drops[i];
}

void weft_port_nowhere_free(struct weft_port *port)
{
	weft_port_past_drops(port);
	free_percpu(port->stats);
	kfree(port);
}

/* Copy what is reported of the device */
static void weft_port_refresh(struct weft_port *port)
{
	struct net *net = dev_net(port->dev);

	strscpy(port->name, port->dev->name, sizeof(port->name));
	port->ifindex = port->dev->ifindex;
	port->foreign = !net_eq(net, port->dp->net);
	if (port->foreign)
		port->netnsid = peernet2id_alloc(port->dp->net, net, GFP_KERNEL);
}

/* Numbers are used in turn, so that entries do not hit upon a successor too soon */
static u32 weft_port_pick_id(struct weft_datapath *dp)
{
	u32 n, id = dp->next_port_id;

	for (n = 0; n < WEFT_PORT_ID_MAX; n++, id++) {
		if (!id || id > WEFT_PORT_ID_MAX)
			id = 1;
		if (!xa_load(&dp->ports, id))
			return id;
	}
	return 0;
}

static int weft_port_reserve_id(struct weft_port *port, const struct nlattr *attr,
				struct netlink_ext_ack *extack)
{
	struct weft_datapath *dp = port->dp;
	struct weft_port *other;

	if (attr) {
		port->id = nla_get_u32(attr);
		other = xa_load(&dp->ports, port->id);
		if (other) {
			WEFT_ERR_ATTR(extack, attr, "port %u is %s", other->id, other->name);
			return -EEXIST;
		}
	} else {
		port->id = weft_port_pick_id(dp);
		if (!port->id) {
			NL_SET_ERR_MSG(extack, "all port numbers are in use");
			return -ENOSPC;
		}
	}
	if (xa_reserve(&dp->ports, port->id, GFP_KERNEL)) {
		NL_SET_ERR_MSG(extack, "no memory for the port");
		return -ENOMEM;
	}
	return 0;
}

static int weft_port_parse_class(const struct weft_port *port, const struct nlattr *attr,
				 u8 *class, struct netlink_ext_ack *extack)
{
	bool tunnel = weft_port_is_tunnel(port->type);

	*class = nla_get_u32(attr);
	if (tunnel != (*class == WEFT_PORT_CLASS_FABRIC)) {
		WEFT_ERR_ATTR(extack, attr, "%s", tunnel ?
			      "a tunnel port is of class fabric" :
			      "only a tunnel port can be of class fabric");
		return -EINVAL;
	}
	return 0;
}

/* Attributes that only some types of port have */
static int weft_port_check_attrs(u8 type, struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const bool internal = type == WEFT_PORT_TYPE_INTERNAL;
	const struct {
		u8 attr;
		bool has;
		const char *who;
	} own[] = {
		{ WEFT_PORT_A_REMOTES, weft_port_is_tunnel(type), "a tunnel" },
		{ WEFT_PORT_A_TUN_OPTS, type == WEFT_PORT_TYPE_GENEVE, "a Geneve" },
		{ WEFT_PORT_A_MAC, internal, "an internal" },
		{ WEFT_PORT_A_MTU, internal, "an internal" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own); i++)
		if (attrs[own[i].attr] && !own[i].has) {
			WEFT_ERR_ATTR(extack, attrs[own[i].attr], "only %s port has this",
				      own[i].who);
			return -EINVAL;
		}
	return 0;
}

/* Bits of the mark that cross the port: no more than its type carries */
static int weft_port_parse_mask(const struct weft_port *port, const struct nlattr *attr,
				u32 *mask, struct netlink_ext_ack *extack)
{
	u32 bits = weft_mark_bits(port->type);

	*mask = nla_get_u32(attr);
	if (*mask & ~bits) {
		WEFT_ERR_ATTR(extack, attr, "this type of tunnel carries 0x%x of the mark", bits);
		return -ERANGE;
	}
	return 0;
}

/* Who has @dev already? NULL: nobody; else *@err is set */
static const char *weft_port_dev_taken(const struct weft_datapath *dp, struct net_device *dev,
				       int *err)
{
	const struct weft_port *port = weft_port_of_dev(dev);

	*err = -EEXIST;
	if (port)
		return port->dp == dp ? "the device is a port of this datapath already" :
					"the device is a port of another datapath";
	*err = -EBUSY;
	if (netif_is_bridge_port(dev))
		return "the device is in a bridge";
	if (netif_is_lag_port(dev))
		return "the device is in a bond or team";
	if (netif_is_ovs_port(dev))
		return "the device is a port of openvswitch";
	if (netif_is_macvlan_port(dev))
		return "the device has macvlan devices on it";
	if (netdev_master_upper_dev_get(dev))
		return "the device belongs to another one";
	if (netdev_is_rx_handler_busy(dev))
		return "something else receives the packets of the device";
	return NULL;
}

/* Can it be a port at all? */
static const char *weft_port_dev_unfit(const struct net_device *dev, u8 type)
{
	if (weft_is_internal(dev))
		return "the device is that of an internal port";
	if (weft_port_is_tunnel(type)) {
		const char *msg = weft_tunnel_unfit(dev, type);

		if (msg)
			return msg;
	} else if (weft_tunnel_external(dev)) {
		return "a tunnel device in external mode makes a port of its own type";
	}
	if (dev->flags & IFF_LOOPBACK || dev->type != ARPHRD_ETHER ||
	    dev->addr_len != ETH_ALEN)
		return "not an Ethernet device";
	if (dev->priv_flags & (IFF_DONT_BRIDGE | IFF_NO_RX_HANDLER) || netdev_uses_dsa(dev))
		return "such a device cannot be a port";
	return NULL;
}

static struct net_device *weft_port_find_dev(struct weft_port *port, const struct nlattr *attr,
					     struct netlink_ext_ack *extack)
{
	struct net_device *dev;
	const char *msg;
	int err;

	dev = __dev_get_by_name(port->dp->net, nla_data(attr));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "there is no such device here");
		return ERR_PTR(-ENODEV);
	}
	msg = weft_port_dev_taken(port->dp, dev, &err);
	if (!msg) {
		err = -EINVAL;
		msg = weft_port_dev_unfit(dev, port->type);
	}
	if (msg) {
		WEFT_ERR_ATTR(extack, attr, "%s", msg);
		return ERR_PTR(err);
	}
	return dev;
}

/* Packets of the device come to the port from now on; undone by weft_port_quiesce() */
static int weft_port_hook(struct weft_port *port, struct netlink_ext_ack *extack)
{
	int err;

	if (port->type == WEFT_PORT_TYPE_INTERNAL) {
		weft_internal_connect(port->dev, port);
		return 0;
	}
	err = dev_set_promiscuity(port->dev, 1);
	if (err) {
		NL_SET_ERR_MSG(extack, "the device does not become promiscuous");
		return err;
	}
	dev_disable_lro(port->dev);
	err = netdev_rx_handler_register(port->dev, weft_port_rx, port);
	if (err) {
		dev_set_promiscuity(port->dev, -1);
		NL_SET_ERR_MSG(extack, "something else receives the packets of the device");
	}
	return err;
}

/* Fill in what the attributes say about a new port */
static int weft_port_configure(struct weft_port *port, struct nlattr **attrs,
			       struct netlink_ext_ack *extack)
{
	static const u8 classes[] = {
		[WEFT_PORT_TYPE_NETDEV] = WEFT_PORT_CLASS_VIF,
		[WEFT_PORT_TYPE_INTERNAL] = WEFT_PORT_CLASS_SERVICE,
		[WEFT_PORT_TYPE_GENEVE] = WEFT_PORT_CLASS_FABRIC,
		[WEFT_PORT_TYPE_GRE] = WEFT_PORT_CLASS_FABRIC,
		[WEFT_PORT_TYPE_STT] = WEFT_PORT_CLASS_FABRIC,
	};
	int err;

	err = weft_port_check_attrs(port->type, attrs, extack);
	if (err)
		return err;
	port->class = classes[port->type];
	if (attrs[WEFT_PORT_A_CLASS]) {
		err = weft_port_parse_class(port, attrs[WEFT_PORT_A_CLASS], &port->class,
					    extack);
		if (err)
			return err;
	}
	port->mark_mask = weft_mark_bits(port->type);
	if (attrs[WEFT_PORT_A_MARK_MASK]) {
		err = weft_port_parse_mask(port, attrs[WEFT_PORT_A_MARK_MASK], &port->mark_mask,
					   extack);
		if (err)
			return err;
	}
	if (attrs[WEFT_PORT_A_VM_ID])
		nla_strscpy(port->vm_id, attrs[WEFT_PORT_A_VM_ID], sizeof(port->vm_id));
	return 0;
}

/* Once the device is known: what a tunnel port knows */
static int weft_port_make_tunnel(struct weft_port *port, struct nlattr **attrs,
				 struct netlink_ext_ack *extack)
{
	struct weft_tunnel *tunnel;

	if (!weft_port_is_tunnel(port->type))
		return 0;
	tunnel = weft_tunnel_make(NULL, port->type, weft_tunnel_family(port->dev, port->type),
				  attrs[WEFT_PORT_A_REMOTES], attrs[WEFT_PORT_A_TUN_OPTS],
				  extack);
	if (IS_ERR(tunnel))
		return PTR_ERR(tunnel);
	RCU_INIT_POINTER(port->tunnel, tunnel);
	return 0;
}

/* There is another port with this number, or none */
static void weft_port_stamp(const struct weft_port *port)
{
	struct weft_stamps *stamps = port->dp->stamps;

	weft_stamp(stamps, weft_stamp_port(stamps, port->id));
	weft_stamps_publish(stamps);
}

struct weft_port *weft_port_attach(struct weft_datapath *dp, struct nlattr **attrs,
				   struct netlink_ext_ack *extack)
{
	u8 type = attrs[WEFT_PORT_A_TYPE] ? nla_get_u32(attrs[WEFT_PORT_A_TYPE]) :
					    WEFT_PORT_TYPE_NETDEV;
	bool internal = type == WEFT_PORT_TYPE_INTERNAL;
	struct weft_port *port;
	struct net_device *dev;
	int err;

	ASSERT_RTNL();
	lockdep_assert_held(&dp->lock);

	port = weft_port_alloc(dp, type);
	if (!port) {
		NL_SET_ERR_MSG(extack, "no memory for the port");
		return ERR_PTR(-ENOMEM);
	}
	err = weft_port_configure(port, attrs, extack);
	if (err)
		goto err_free;
	err = weft_port_reserve_id(port, attrs[WEFT_PORT_A_ID], extack);
	if (err)
		goto err_free;
	if (internal)
		dev = weft_internal_create(dp->net, attrs, extack);
	else
		dev = weft_port_find_dev(port, attrs[WEFT_PORT_A_NAME], extack);
	if (IS_ERR(dev)) {
		err = PTR_ERR(dev);
		goto err_id;
	}
	port->dev = dev;
	netdev_hold(dev, &port->dev_tracker, GFP_KERNEL);
	weft_port_refresh(port);
	err = weft_port_make_tunnel(port, attrs, extack);
	if (err)
		goto err_dev;
	if (attrs[WEFT_PORT_A_LPORTS]) {
		err = weft_lports_set(port, attrs[WEFT_PORT_A_LPORTS], extack);
		if (err)
			goto err_dev;
	}
	err = weft_tunnel_tell(dev, rtnl_dereference(port->tunnel), extack);
	if (err)
		goto err_lports;
	err = weft_port_hook(port, extack);
	if (err)
		goto err_remotes;
	xa_store(&dp->ports, port->id, port, GFP_KERNEL);	/* reserved: no failure */
	weft_port_stamp(port);
	dp->n_ports++;
	if (!attrs[WEFT_PORT_A_ID])
		dp->next_port_id = port->id + 1;
	weft_nl_port_event(port, WEFT_CMD_PORT_NEW, WEFT_REASON_UNSPEC);
	return port;

err_remotes:
	weft_tunnel_tell(dev, NULL, NULL);
err_lports:
	weft_lports_clear(port);
err_dev:
	synchronize_net();	/* logical ports may have been seen */
	netdev_put(dev, &port->dev_tracker);
	if (internal)
		unregister_netdevice(dev);	/* not connected: not our notifier's */
err_id:
	xa_release(&dp->ports, port->id);
err_free:
	weft_port_free(port);
	return ERR_PTR(err);
}

int weft_port_change(struct weft_port *port, struct nlattr **attrs,
		     struct netlink_ext_ack *extack)
{
	struct weft_tunnel *tunnel = NULL, *old = rtnl_dereference(port->tunnel);
	u32 mask = port->mark_mask;
	u8 class = port->class;
	int err;

	ASSERT_RTNL();
	lockdep_assert_held(&port->dp->lock);

	err = weft_port_check_attrs(port->type, attrs, extack);
	if (!err && attrs[WEFT_PORT_A_CLASS])
		err = weft_port_parse_class(port, attrs[WEFT_PORT_A_CLASS], &class, extack);
	if (!err && attrs[WEFT_PORT_A_MARK_MASK])
		err = weft_port_parse_mask(port, attrs[WEFT_PORT_A_MARK_MASK], &mask, extack);
	if (err)
		return err;
	if (attrs[WEFT_PORT_A_REMOTES] || attrs[WEFT_PORT_A_TUN_OPTS]) {
		tunnel = weft_tunnel_make(old, old->type, old->family,
					  attrs[WEFT_PORT_A_REMOTES],
					  attrs[WEFT_PORT_A_TUN_OPTS], extack);
		if (IS_ERR(tunnel))
			return PTR_ERR(tunnel);
		err = weft_tunnel_tell(port->dev, tunnel, extack);
		if (err)
			goto refuse;
	}
	if (attrs[WEFT_PORT_A_LPORTS]) {
		err = weft_lports_set(port, attrs[WEFT_PORT_A_LPORTS], extack);
		if (err)
			goto refuse_lports;
	}

	/* nothing fails from here on */
	WRITE_ONCE(port->class, class);
	WRITE_ONCE(port->mark_mask, mask);
	if (attrs[WEFT_PORT_A_VM_ID])
		nla_strscpy(port->vm_id, attrs[WEFT_PORT_A_VM_ID], sizeof(port->vm_id));
	if (tunnel)
		rcu_assign_pointer(port->tunnel, tunnel);
	/* walks asked for remotes; slots, and what the mask leaves, are in ready headers */
	if (tunnel || attrs[WEFT_PORT_A_MARK_MASK])
		weft_port_stamp(port);
	if (tunnel)
		kvfree_rcu(old, rcu);
	weft_nl_port_event(port, WEFT_CMD_PORT_NEW, WEFT_REASON_UNSPEC);
	return 0;

refuse_lports:
	if (tunnel)
		weft_tunnel_tell(port->dev, old, NULL);
refuse:
	kvfree(tunnel);
	return err;
}

/* Detaching */

static void weft_port_unlink(struct weft_port *port)
{
	WRITE_ONCE(port->detaching, true);
	xa_erase(&port->dp->ports, port->id);
	weft_port_stamp(port);
	if (weft_port_is_tunnel(port->type))
		weft_remotes_port_gone(port->dp, port->id);
	port->dp->n_ports--;
	weft_lports_clear(port);
	if (port->type == WEFT_PORT_TYPE_INTERNAL)
		weft_internal_connect(port->dev, NULL);
}

/* Returns whether a grace period has passed */
static bool weft_port_unhook(struct weft_port *port)
{
	if (port->type == WEFT_PORT_TYPE_INTERNAL)
		return false;
	netdev_rx_handler_unregister(port->dev);
	dev_set_promiscuity(port->dev, -1);
	weft_tunnel_tell(port->dev, NULL, NULL);
	return true;
}

static void weft_port_finish(struct weft_port *port, enum weft_reason reason)
{
	struct weft_datapath *dp = port->dp;

	weft_upcall_port_gone(port);
	weft_pending_port_gone(port);
	weft_port_past_drops(port);
	weft_caches_sweep(dp->caches);
	weft_nl_port_event(port, WEFT_CMD_PORT_DEL, reason);
	netdev_put(port->dev, &port->dev_tracker);
	weft_port_free(port);
}

void weft_port_detach(struct weft_port *port, enum weft_reason reason, struct list_head *kill)
{
	struct net_device *dev = port->dev;
	bool internal = port->type == WEFT_PORT_TYPE_INTERNAL;

	ASSERT_RTNL();
	lockdep_assert_held(&port->dp->lock);

	weft_port_unlink(port);
	if (!weft_port_unhook(port))
		synchronize_net();
	weft_port_finish(port, reason);
	if (internal && kill)
		unregister_netdevice_queue(dev, kill);
}

void weft_port_detach_all(struct weft_datapath *dp, struct list_head *kill)
{
	struct weft_port *port, *next;
	bool quiet = false;
	unsigned long id;
	LIST_HEAD(ports);

	ASSERT_RTNL();
	mutex_lock(&dp->lock);
	xa_for_each(&dp->ports, id, port) {
		weft_port_unlink(port);
		list_add_tail(&port->node, &ports);
	}
	list_for_each_entry(port, &ports, node)
		quiet |= weft_port_unhook(port);
	if (!quiet && !list_empty(&ports))
		synchronize_net();
	list_for_each_entry_safe(port, next, &ports, node) {
		if (port->type == WEFT_PORT_TYPE_INTERNAL)
			unregister_netdevice_queue(port->dev, kill);
		weft_port_finish(port, WEFT_REASON_REQUEST);
	}
	mutex_unlock(&dp->lock);
}

/* Devices */

struct weft_port *weft_port_of_dev(const struct net_device *dev)
{
	if (weft_is_internal(dev))
		return weft_internal_port(dev);
	if (rcu_access_pointer(dev->rx_handler) == weft_port_rx)
		return rcu_dereference_rtnl(dev->rx_handler_data);
	return NULL;
}

/* Unregistration, or the first half of a move; it may be repeated */
static void weft_port_dev_gone(struct weft_port *port)
{
	struct weft_datapath *dp = port->dp;
	bool gone = port->dev->reg_state == NETREG_UNREGISTERING;

	if (!gone && port->type == WEFT_PORT_TYPE_INTERNAL)
		return;
	mutex_lock(&dp->lock);
	weft_port_detach(port, gone ? WEFT_REASON_DEVICE : WEFT_REASON_MOVED, NULL);
	mutex_unlock(&dp->lock);
}

/* A new name, or the second half of a move */
static void weft_port_dev_changed(struct weft_port *port)
{
	struct weft_datapath *dp = port->dp;

	mutex_lock(&dp->lock);
	weft_port_refresh(port);
	weft_nl_port_event(port, WEFT_CMD_PORT_NEW, WEFT_REASON_UNSPEC);
	mutex_unlock(&dp->lock);
}

static int weft_port_dev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct weft_port *port = weft_port_of_dev(dev);

	if (!port)
		return NOTIFY_DONE;
	if (event == NETDEV_UNREGISTER)
		weft_port_dev_gone(port);
	else if (event == NETDEV_CHANGENAME || event == NETDEV_REGISTER)
		weft_port_dev_changed(port);
	return NOTIFY_DONE;
}

static struct notifier_block weft_port_notifier = {
	.notifier_call = weft_port_dev_event,
};

int weft_port_init(void)
{
	int err = weft_internal_init();

	if (err)
		return err;
	err = register_netdevice_notifier(&weft_port_notifier);
	if (err)
		weft_internal_exit();
	return err;
}

void weft_port_exit(void)
{
	unregister_netdevice_notifier(&weft_port_notifier);
	weft_internal_exit();
}
