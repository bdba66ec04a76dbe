// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network device, and what rtnetlink says of it.
 *
 * A device belongs to two namespaces: that of its outer packets, where it was made and
 * owns its port, for good; and that in which it is, which may change. It goes with either.
 *
 * Its end has two steps. dellink takes the hooks away, so that no new packet comes; hooks that
 * run go on for a grace period, for which the core waits before it calls uninit, and
 * there the rest is freed.
 *
 * Unless somebody sets the MTU it follows the routes to the remotes: when the device goes
 * up, when it gets other remotes, and when a device of the namespace changes its MTU. In
 * either case segments fit the route, which is asked for each frame.
 */
#include <linux/ethtool.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/rtnetlink.h>
#include "compat.h"
#include "stt.h"

struct stt_net {
	struct list_head devices;	/* whose outer packets are here; RTNL */
};

static unsigned int stt_net_id;
static struct rtnl_link_ops stt_link_ops;

/* MTU */

#define STT_MTU_MAX	(STT_INNER_MAX - ETH_HLEN - VLAN_HLEN)

/* Until there are remotes: for one segment on Ethernet */
#define STT_MTU_DEFAULT	(ETH_DATA_LEN - (int)sizeof(struct ipv6hdr) - STT_TCP_HLEN - STT_HLEN - \
			 ETH_HLEN)

static int stt_device_change_mtu(struct net_device *dev, int mtu)
{
	struct stt_device *stt = netdev_priv(dev);

	if (!stt->mtu_deriving)
		stt->mtu_set = true;
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

static void stt_device_derive_mtu(struct stt_device *stt)
{
	unsigned int mtu;

	if (stt->mtu_set)
		return;
	mtu = stt_send_mtu(stt);
	if (!mtu)
		return;
	mtu = clamp_t(unsigned int, mtu, stt->dev->min_mtu, stt->dev->max_mtu);
	if (mtu == stt->dev->mtu)
		return;
	stt->mtu_deriving = true;
	dev_set_mtu(stt->dev, mtu);
	stt->mtu_deriving = false;
}

static int stt_device_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct stt_net *sn = net_generic(dev_net(dev), stt_net_id);
	struct stt_device *stt;

	if (event != NETDEV_CHANGEMTU || dev->rtnl_link_ops == &stt_link_ops)
		return NOTIFY_DONE;
	list_for_each_entry(stt, &sn->devices, node)
		if (netif_running(stt->dev))
			stt_device_derive_mtu(stt);
	return NOTIFY_DONE;
}

static struct notifier_block stt_device_notifier = {
	.notifier_call = stt_device_event,
};

/* Life */

static int stt_device_init_dev(struct net_device *dev)
{
	struct stt_device *stt = netdev_priv(dev);
	int err = -ENOMEM, cpu;

	stt->dev = dev;
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats)
		return -ENOMEM;
	stt->counts = alloc_percpu_gfp(struct stt_counts, GFP_KERNEL_ACCOUNT);
	if (!stt->counts)
		goto free_tstats;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(stt->counts, cpu)->syncp);
	err = stt_input_init(stt);
	if (err)
		goto free_counts;
	err = stt_metadata_init(stt);
	if (err)
		goto free_inputs;
	err = stt_deliver_init(stt);
	if (err)
		goto free_metadata;
	err = stt_receive_init(stt);
	if (err)
		goto free_cells;
	stt_send_init(stt);
	return 0;

free_cells:
	stt_deliver_exit(stt);
	synchronize_net();
	stt_deliver_free(stt);
free_metadata:
	stt_metadata_exit(stt);
free_inputs:
	stt_input_exit(stt);
free_counts:
	free_percpu(stt->counts);
free_tstats:
	free_percpu(dev->tstats);
	return err;
}

static void stt_device_uninit(struct net_device *dev)
{
	struct stt_device *stt = netdev_priv(dev);

	stt_receive_exit(stt);
	stt_deliver_exit(stt);
	stt_input_exit(stt);
}

/* The last packets on their way out are gone */
static void stt_device_destructor(struct net_device *dev)
{
	struct stt_device *stt = netdev_priv(dev);

	kvfree(rcu_dereference_protected(stt->remotes, true));
	stt_deliver_free(stt);
	stt_metadata_exit(stt);
	free_percpu(stt->counts);
	free_percpu(dev->tstats);
}

static int stt_device_open(struct net_device *dev)
{
	stt_device_derive_mtu(netdev_priv(dev));
	return 0;
}

static int stt_device_stop(struct net_device *dev)
{
	stt_receive_flush(netdev_priv(dev));
	return 0;
}

static const struct net_device_ops stt_netdev_ops = {
	.ndo_init = stt_device_init_dev,
	.ndo_uninit = stt_device_uninit,
	.ndo_open = stt_device_open,
	.ndo_stop = stt_device_stop,
	.ndo_start_xmit = stt_send,
	.ndo_features_check = stt_send_features,
	.ndo_change_mtu = stt_device_change_mtu,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_get_stats64 = dev_get_tstats64,
	.ndo_fill_metadata_dst = stt_send_fill_metadata,
};

/* Counters */

static const char stt_count_names[__STT_C_MAX + __STT_R_MAX][ETH_GSTRING_LEN] = {
	[STT_C_REFUSED] = "rx_refused",
	[STT_C_DOWN] = "rx_down",
	[STT_C_MALFORMED] = "rx_malformed",
	[STT_C_CHECKSUM] = "rx_checksum",
	[STT_C_HEADER] = "rx_header",
	[STT_C_ECN] = "rx_ecn",
	[STT_C_NO_MEMORY] = "rx_no_memory",
	[STT_C_PMTU] = "rx_pmtu",
	[STT_C_TX_NO_METADATA] = "tx_no_metadata",
	[STT_C_TX_NO_ROUTE] = "tx_no_route",
	[STT_C_TX_LOOP] = "tx_loop",
	[STT_C_TX_TOO_LONG] = "tx_too_long",
	[STT_C_TX_NO_MEMORY] = "tx_no_memory",
	[__STT_C_MAX + STT_R_COMPLETE] = "reassembled",
	[__STT_C_MAX + STT_R_DUPLICATE] = "reassembly_duplicate",
	[__STT_C_MAX + STT_R_OVERLAP] = "reassembly_overlap",
	[__STT_C_MAX + STT_R_TIMEOUT] = "reassembly_timeout",
	[__STT_C_MAX + STT_R_EVICTED] = "reassembly_evicted",
	[__STT_C_MAX + STT_R_SEGMENTS] = "reassembly_segments",
	[__STT_C_MAX + STT_R_NO_MEMORY] = "reassembly_no_memory",
};

static void stt_device_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "stt", sizeof(info->driver));
}

static int stt_device_get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? ARRAY_SIZE(stt_count_names) : -EOPNOTSUPP;
}

static void stt_device_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	if (set == ETH_SS_STATS)
		memcpy(data, stt_count_names, sizeof(stt_count_names));
}

static void stt_device_get_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	struct stt_device *stt = netdev_priv(dev);
	unsigned int i, k;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct stt_counts *counts = per_cpu_ptr(stt->counts, cpu);
		u64 n[__STT_C_MAX];
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&counts->syncp);
			for (i = 0; i < __STT_C_MAX; i++)
				n[i] = u64_stats_read(&counts->n[i]);
		} while (u64_stats_fetch_retry(&counts->syncp, start));
		for (i = 0; i < __STT_C_MAX; i++)
			data[i] += n[i];
	}
	for (i = 0; i < stt->n_shards; i++) {
		spin_lock_bh(&stt->shards[i].lock);
		for (k = 0; k < __STT_R_MAX; k++)
			data[__STT_C_MAX + k] += stt->shards[i].reassembly.counts[k];
		spin_unlock_bh(&stt->shards[i].lock);
	}
}

static const struct ethtool_ops stt_ethtool_ops = {
	.get_drvinfo = stt_device_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = stt_device_get_sset_count,
	.get_strings = stt_device_get_strings,
	.get_ethtool_stats = stt_device_get_stats,
};

/* rtnetlink */

static void stt_device_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &stt_netdev_ops;
	dev->ethtool_ops = &stt_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = stt_device_destructor;
	/* not Ethernet's own, as an MTU that is set to what it is goes unnoticed */
	dev->mtu = STT_MTU_DEFAULT;
	dev->max_mtu = STT_MTU_MAX;
	dev->needed_headroom = LL_MAX_HEADER + sizeof(struct ipv6hdr) + STT_TCP_HLEN + STT_HLEN;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;
	netif_keep_dst(dev);
	/*
	 * No lists of fragments: they were cut for somebody else's headers. What is
	 * encapsulated inside may have its checksum left out, but is not to be cut.
	 */
	dev->hw_features = NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM | NETIF_F_RXCSUM |
			   NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN;
	dev->features = dev->hw_features | NETIF_F_HW_VLAN_CTAG_TX;
	dev->vlan_features = dev->hw_features;
	dev->hw_enc_features = NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM;
	weft_dev_set_lltx(dev);
	eth_hw_addr_random(dev);
	netif_set_tso_max_size(dev, STT_INNER_MAX);
}

static const struct nla_policy stt_policy[IFLA_STT_MAX + 1] = {
	[IFLA_STT_UNSPEC] = { .strict_start_type = IFLA_STT_PORT },
	[IFLA_STT_PORT] = NLA_POLICY_MIN(NLA_BE16, 1),
	[IFLA_STT_COLLECT_METADATA] = { .type = NLA_FLAG },
	[IFLA_STT_REMOTES] = { .type = NLA_NESTED },
};

static int stt_device_validate(struct nlattr *tb[], struct nlattr *data[],
			       struct netlink_ext_ack *extack)
{
	if (!tb[IFLA_ADDRESS])
		return 0;
	if (nla_len(tb[IFLA_ADDRESS]) != ETH_ALEN ||
	    !is_valid_ether_addr(nla_data(tb[IFLA_ADDRESS]))) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS], "not a unicast Ethernet address");
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static int stt_device_newlink(struct net *net, struct net_device *dev, struct nlattr *tb[],
			      struct nlattr *data[], struct netlink_ext_ack *extack)
{
	struct stt_net *sn = net_generic(net, stt_net_id);
	struct stt_device *stt = netdev_priv(dev);
	struct stt_remotes *remotes = NULL;
	int err;

	stt->net = net;
	stt->port = data && data[IFLA_STT_PORT] ? nla_get_be16(data[IFLA_STT_PORT]) :
						  htons(STT_PORT);
	stt->mtu_set = tb[IFLA_MTU];
	if (data && data[IFLA_STT_REMOTES]) {
		remotes = stt_remotes_make(data[IFLA_STT_REMOTES], extack);
		if (IS_ERR(remotes))
			return PTR_ERR(remotes);
	}
	err = register_netdevice(dev);
	if (err) {
		kvfree(remotes);
		return err;
	}
	rcu_assign_pointer(stt->remotes, remotes);
	list_add(&stt->node, &sn->devices);
	err = stt_port_claim(stt, extack);
	if (err) {
		list_del(&stt->node);
		unregister_netdevice(dev);
		return err;
	}
	stt_device_derive_mtu(stt);
	return 0;
}

static int stt_device_changelink(struct net_device *dev, struct nlattr *tb[],
				 struct nlattr *data[], struct netlink_ext_ack *extack)
{
	struct stt_device *stt = netdev_priv(dev);
	struct stt_remotes *remotes, *old;

	if (!data)
		return 0;
	if (data[IFLA_STT_PORT] && nla_get_be16(data[IFLA_STT_PORT]) != stt->port) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_STT_PORT],
				    "the port of a device cannot be changed");
		return -EOPNOTSUPP;
	}
	if (!data[IFLA_STT_REMOTES])
		return 0;
	remotes = stt_remotes_make(data[IFLA_STT_REMOTES], extack);
	if (IS_ERR(remotes))
		return PTR_ERR(remotes);
	old = rtnl_dereference(stt->remotes);
	rcu_assign_pointer(stt->remotes, remotes);
	if (old)
		kvfree_rcu(old, rcu);
	stt_device_derive_mtu(stt);
	return 0;
}

static void stt_device_dellink(struct net_device *dev, struct list_head *head)
{
	struct stt_device *stt = netdev_priv(dev);

	stt_port_release(stt);
	list_del(&stt->node);
	unregister_netdevice_queue(dev, head);
}

static size_t stt_device_get_size(const struct net_device *dev)
{
	const struct stt_device *stt = netdev_priv(dev);

	return nla_total_size(sizeof(__be16)) + nla_total_size(0) +
	       stt_remotes_size(rcu_dereference_rtnl(stt->remotes));
}

static int stt_device_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct stt_device *stt = netdev_priv(dev);

	if (nla_put_be16(skb, IFLA_STT_PORT, stt->port) ||
	    nla_put_flag(skb, IFLA_STT_COLLECT_METADATA))
		return -EMSGSIZE;
	return stt_remotes_put(skb, rcu_dereference_rtnl(stt->remotes));
}

static struct net *stt_device_get_link_net(const struct net_device *dev)
{
	const struct stt_device *stt = netdev_priv(dev);

	return stt->net;
}

static struct rtnl_link_ops stt_link_ops __read_mostly = {
	.kind = "stt",
	.maxtype = IFLA_STT_MAX,
	.policy = stt_policy,
	.priv_size = sizeof(struct stt_device),
	.setup = stt_device_setup,
	.validate = stt_device_validate,
	.newlink = stt_device_newlink,
	.changelink = stt_device_changelink,
	.dellink = stt_device_dellink,
	.get_size = stt_device_get_size,
	.fill_info = stt_device_fill_info,
	.get_link_net = stt_device_get_link_net,
};

/* Namespaces */

static int __net_init stt_net_init(struct net *net)
{
	struct stt_net *sn = net_generic(net, stt_net_id);

	INIT_LIST_HEAD(&sn->devices);
	return 0;
}

/* Those that are in the namespace are gone; the rest have moved elsewhere */
static void __net_exit stt_net_exit_batch(struct list_head *nets)
{
	struct stt_device *stt, *next;
	struct net *net;
	LIST_HEAD(list);

	rtnl_lock();
	list_for_each_entry(net, nets, exit_list) {
		struct stt_net *sn = net_generic(net, stt_net_id);

		list_for_each_entry_safe(stt, next, &sn->devices, node)
			stt_device_dellink(stt->dev, &list);
	}
	unregister_netdevice_many(&list);
	rtnl_unlock();
}

static struct pernet_operations stt_net_ops = {
	.init = stt_net_init,
	.exit_batch = stt_net_exit_batch,
	.id = &stt_net_id,
	.size = sizeof(struct stt_net),
};

/* Module */

static int __init stt_init(void)
{
	int err;

	err = register_pernet_subsys(&stt_net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&stt_device_notifier);
	if (err)
		goto err_net;
	err = rtnl_link_register(&stt_link_ops);
	if (err)
		goto err_notifier;
	return 0;

err_notifier:
	unregister_netdevice_notifier(&stt_device_notifier);
err_net:
	unregister_pernet_subsys(&stt_net_ops);
	return err;
}

static void __exit stt_exit(void)
{
	rtnl_link_unregister(&stt_link_ops);
	unregister_netdevice_notifier(&stt_device_notifier);
	unregister_pernet_subsys(&stt_net_ops);
	rcu_barrier();	/* lists of remotes */
}

module_init(stt_init);
module_exit(stt_exit);

MODULE_DESCRIPTION("Stateless Transport Tunneling device");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("stt");
