// SPDX-License-Identifier: GPL-2.0-only
/*
 * Internal ports: Ethernet devices of ours, whose other end is the datapath.
 *
 * A device is made with its port and is registered in the namespace of the datapath.
 * It can be given to a container (`ip link set … netns …`) and stays the
 * same port. Whatever crosses it keeps skb->mark if the port's class is service:
 * the mark is the only thing about a packet, but its bytes, that a router
 * namespace and the datapath share. All else is scrubbed on the way in, since
 * routes, conntrack entries and extensions belong to the namespace they are from.
 *
 * Life. weft_port_detach() disconnects the device and then unregisters it. The device
 * can also go first: by `ip link del`, or with the namespace where it lives, which
 * calls dellink because the device has rtnl_link_ops (without it would come
 * back to init_net). The device notifier in port.c then detaches the port. In both cases
 * the pointer in the device is cleared, and a grace period passes, before the
 * port is freed. `ip link add type weft` is refused: there is no port.
 *
 * Locking: RTNL to write weft_internal.port, RCU to read it. Transmission is lockless
 * (LLTX) and has no queue: the datapath runs in the context of the sender.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/weft.h>
#include <net/rtnetlink.h>
#include "compat.h"
#include "internal.h"
#include "port.h"

struct weft_internal {
	struct weft_port __rcu *port;
};

static netdev_tx_t weft_internal_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct weft_internal *internal = netdev_priv(dev);
	struct weft_port *port;

	/* whoever wrote to a packet socket may have named any protocol, or none */
	if (likely(skb->len >= ETH_HLEN) && likely(eth_proto_is_802_3(eth_hdr(skb)->h_proto)))
		skb->protocol = eth_hdr(skb)->h_proto;

	rcu_read_lock();
	port = rcu_dereference(internal->port);
	if (likely(port)) {
		dev_sw_netstats_tx_add(dev, weft_skb_segs(skb), skb->len);
		weft_port_receive(port, skb);
	} else {
		dev_core_stats_tx_dropped_inc(dev);
		kfree_skb(skb);
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

bool weft_internal_deliver(struct net_device *dev, struct sk_buff *skb)
{
	unsigned int segs = weft_skb_segs(skb), len = skb->len;

	skb_orphan(skb);
	skb->protocol = eth_type_trans(skb, dev);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	if (netif_rx(skb) != NET_RX_SUCCESS)
		return false;
	dev_sw_netstats_rx_add(dev, len);
	if (segs > 1) {
		struct pcpu_sw_netstats *stats = this_cpu_ptr(dev->tstats);

		u64_stats_update_begin(&stats->syncp);
		u64_stats_add(&stats->rx_packets, segs - 1);
		u64_stats_update_end(&stats->syncp);
	}
	return true;
}

static int weft_internal_dev_init(struct net_device *dev)
{
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	return dev->tstats ? 0 : -ENOMEM;
}

static void weft_internal_destructor(struct net_device *dev)
{
	free_percpu(dev->tstats);
}

static const struct net_device_ops weft_internal_netdev_ops = {
	.ndo_init = weft_internal_dev_init,
	.ndo_start_xmit = weft_internal_xmit,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_get_stats64 = dev_get_tstats64,
};

static void weft_internal_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "weft", sizeof(info->driver));
}

static const struct ethtool_ops weft_internal_ethtool_ops = {
	.get_drvinfo = weft_internal_get_drvinfo,
	.get_link = ethtool_op_get_link,
};

static struct rtnl_link_ops weft_internal_link_ops;

static void weft_internal_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->max_mtu = ETH_MAX_MTU;
	dev->netdev_ops = &weft_internal_netdev_ops;
	dev->ethtool_ops = &weft_internal_ethtool_ops;
	dev->rtnl_link_ops = &weft_internal_link_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = weft_internal_destructor;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;

	/*
	 * What the datapath can change without breaking it: no SCTP (its
	 * checksum covers the ports), no packets that are encapsulated already.
	 */
	dev->hw_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM |
			   NETIF_F_ALL_TSO | NETIF_F_GSO_UDP_L4;
	dev->features = dev->hw_features;
	dev->vlan_features = dev->hw_features;
	dev->features |= NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX;
	weft_dev_set_lltx(dev);
}

/* Called for `ip link add` and for `ip link set … type weft` */
static int weft_internal_validate(struct nlattr *tb[], struct nlattr *data[],
				  struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "devices of this type are made with ports of a datapath");
	return -EOPNOTSUPP;
}

static struct rtnl_link_ops weft_internal_link_ops __read_mostly = {
	.kind = "weft",
	.priv_size = sizeof(struct weft_internal),
	.setup = weft_internal_setup,
	.validate = weft_internal_validate,
};

bool weft_is_internal(const struct net_device *dev)
{
	return dev->netdev_ops == &weft_internal_netdev_ops;
}

struct net_device *weft_internal_create(struct net *net, struct nlattr **attrs,
					struct netlink_ext_ack *extack)
{
	const char *name = nla_data(attrs[WEFT_PORT_A_NAME]);
	struct net_device *dev;
	int err;

	if (!dev_valid_name(name) || strchr(name, '%')) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[WEFT_PORT_A_NAME],
				    "this cannot be the name of a device");
		return ERR_PTR(-EINVAL);
	}
	if (attrs[WEFT_PORT_A_MAC] && !is_valid_ether_addr(nla_data(attrs[WEFT_PORT_A_MAC]))) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[WEFT_PORT_A_MAC],
				    "not a unicast Ethernet address");
		return ERR_PTR(-EADDRNOTAVAIL);
	}
	dev = alloc_netdev(sizeof(struct weft_internal), name, NET_NAME_USER,
			   weft_internal_setup);
	if (!dev) {
		NL_SET_ERR_MSG(extack, "no memory for the device");
		return ERR_PTR(-ENOMEM);
	}
	dev_net_set(dev, net);
	if (attrs[WEFT_PORT_A_MAC]) {
		eth_hw_addr_set(dev, nla_data(attrs[WEFT_PORT_A_MAC]));
		dev->addr_assign_type = NET_ADDR_SET;
	} else {
		eth_hw_addr_random(dev);
	}
	if (attrs[WEFT_PORT_A_MTU])
		dev->mtu = nla_get_u32(attrs[WEFT_PORT_A_MTU]);
	err = register_netdevice(dev);
	if (!err)
		return dev;
	free_netdev(dev);
	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(extack, attrs[WEFT_PORT_A_NAME],
				    "there is a device with this name");
	else
		NL_SET_ERR_MSG(extack, "cannot register the device");
	return ERR_PTR(err);
}

void weft_internal_connect(struct net_device *dev, struct weft_port *port)
{
	struct weft_internal *internal = netdev_priv(dev);

	rcu_assign_pointer(internal->port, port);
}

struct weft_port *weft_internal_port(const struct net_device *dev)
{
	const struct weft_internal *internal = netdev_priv(dev);

	return rcu_dereference_rtnl(internal->port);
}

int weft_internal_init(void)
{
	return rtnl_link_register(&weft_internal_link_ops);
}

void weft_internal_exit(void)
{
	rtnl_link_unregister(&weft_internal_link_ops);
}
