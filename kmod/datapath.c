// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datapaths: their life, and the list of them in each network namespace.
 *
 * The list holds one reference, every request that works on a datapath another.
 * Deletion marks it dead under its lock, so that requests that come too late
 * refuse; detaches its ports, after which no new packet finds it; waits for
 * the packets that are under way; and only then takes entries and services
 * apart. The memory goes with the last reference.
 *
 * A namespace's exit deletes its datapaths, before its devices are moved or
 * destroyed (pernet device operations run in reverse order of registration).
 */
#include <linux/percpu.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include <net/netns/generic.h>
#include "cache.h"
#include "compat.h"
#include "datapath.h"
#include "defrag.h"
#include "instance.h"
#include "limit.h"
#include "label.h"
#include "netlink_dp.h"
#include "pending.h"
#include "pool.h"
#include "port.h"
#include "remote.h"
#include "table.h"
#include "txn.h"
#include "upcall.h"

#define WEFT_MAX_FLOWS_DEFAULT	(2U << 20)

static unsigned int weft_net_id __read_mostly;

struct weft_net *weft_net(const struct net *net)
{
	return net_generic(net, weft_net_id);
}

static struct weft_datapath *weft_dp_lookup(struct weft_net *wn, const char *name)
{
	struct weft_datapath *dp;

	list_for_each_entry(dp, &wn->datapaths, node)
		if (!strcmp(dp->name, name))
			return dp;
	return NULL;
}

struct weft_datapath *weft_dp_get(struct net *net, const struct nlattr *attr,
				  struct netlink_ext_ack *extack)
{
	struct weft_net *wn = weft_net(net);
	struct weft_datapath *dp;

	if (!attr) {
		NL_SET_ERR_MSG(extack, "the datapath's name is missing");
		return ERR_PTR(-EINVAL);
	}
	mutex_lock(&wn->lock);
	dp = weft_dp_lookup(wn, nla_data(attr));
	if (dp)
		refcount_inc(&dp->refs);
	mutex_unlock(&wn->lock);
	if (dp)
		return dp;
	WEFT_ERR_ATTR(extack, attr, "there is no datapath \"%s\" in this namespace",
		      (const char *)nla_data(attr));
	return ERR_PTR(-ENODEV);
}

static bool weft_dp_has_number(const struct weft_net *wn, u8 number)
{
	const struct weft_datapath *dp;

	list_for_each_entry(dp, &wn->datapaths, node)
		if (dp->number == number)
			return true;
	return false;
}

/* Used in turn, so that a new datapath does not find what was left of an old one. wn->lock. */
static u8 weft_dp_pick_number(struct weft_net *wn)
{
	unsigned int n;

	for (n = 0; n < WEFT_DEFRAG_NUMBER_MAX; n++) {
		wn->last_number = wn->last_number % WEFT_DEFRAG_NUMBER_MAX + 1;
		if (!weft_dp_has_number(wn, wn->last_number))
			return wn->last_number;
	}
	return 0;
}

static void weft_dp_free(struct weft_datapath *dp)
{
	if (dp->caches)
		weft_caches_destroy(dp->caches);
	weft_instances_free(dp);
	weft_limits_free(dp);
	weft_pending_free(dp);
	weft_remotes_free(dp->remotes);
	kvfree(dp->stamps);
	kvfree(dp->tables);
	mutex_destroy(&dp->lock);
	kfree(dp);
}

void weft_dp_put(struct weft_datapath *dp)
{
	if (refcount_dec_and_test(&dp->refs))
		weft_dp_free(dp);
}

int weft_dp_lock(struct weft_datapath *dp, struct netlink_ext_ack *extack)
{
	mutex_lock(&dp->lock);
	if (!dp->dead)
		return 0;
	mutex_unlock(&dp->lock);
	NL_SET_ERR_MSG(extack, "the datapath is being deleted");
	return -ENODEV;
}

struct weft_datapath *weft_dp_enter(struct net *net, const struct nlattr *attr,
				    struct netlink_ext_ack *extack)
{
	struct weft_datapath *dp = weft_dp_get(net, attr, extack);
	int err;

	if (IS_ERR(dp))
		return dp;
	err = weft_dp_lock(dp, extack);
	if (!err)
		return dp;
	weft_dp_put(dp);
	return ERR_PTR(err);
}

void weft_dp_leave(struct weft_datapath *dp)
{
	weft_dp_unlock(dp);
	weft_dp_put(dp);
}

static struct weft_datapath *weft_dp_alloc(struct net *net, const char *name)
{
	struct weft_datapath *dp;
	unsigned int i;

	dp = kzalloc(sizeof(*dp), GFP_KERNEL_ACCOUNT);
	if (!dp)
		return ERR_PTR(-ENOMEM);
	dp->net = net;
	strscpy(dp->name, name, sizeof(dp->name));
	refcount_set(&dp->refs, 1);
	mutex_init(&dp->lock);
	dp->version = 1;
	dp->dump_seq = 1;
	dp->max_flows = WEFT_MAX_FLOWS_DEFAULT;
	dp->tables = kvcalloc(WEFT_N_TABLES, sizeof(*dp->tables), GFP_KERNEL_ACCOUNT);
	dp->stamps = weft_stamps_alloc();
	if (dp->stamps)
		dp->caches = weft_caches_alloc(dp->stamps);
	dp->remotes = weft_remotes_alloc();
	if (!dp->tables || !dp->caches || !dp->remotes ||
	    weft_limits_init(dp) || weft_instances_init(dp) || weft_pending_init(dp)) {
		weft_dp_free(dp);
		return ERR_PTR(-ENOMEM);
	}
	for (i = 0; i < WEFT_N_TABLES; i++)
		dp->tables[i].id = i;
	weft_flows_init(dp);
	weft_templates_init(dp);
	weft_pools_init(dp);
	return dp;
}

struct weft_datapath *weft_dp_create(struct net *net, const char *name,
				     struct netlink_ext_ack *extack)
{
	struct weft_net *wn = weft_net(net);
	struct weft_datapath *dp;
	int err;

	dp = weft_dp_alloc(net, name);
	if (IS_ERR(dp))
		return dp;
	err = weft_lports_init(dp);
	if (err)
		goto err_free;
	err = weft_labels_init(dp);
	if (err)
		goto err_lports;
	err = weft_upcall_init(dp);
	if (err)
		goto err_labels;

	mutex_lock(&wn->lock);
	if (weft_dp_lookup(wn, name)) {
		NL_SET_ERR_MSG(extack, "there is a datapath with this name");
		err = -EEXIST;
	} else if (wn->exiting) {
		NL_SET_ERR_MSG(extack, "the namespace is going away");
		err = -ENODEV;
	} else {
		refcount_inc(&dp->refs);	/* the caller's */
		dp->number = weft_dp_pick_number(wn);
		list_add_tail(&dp->node, &wn->datapaths);
	}
	mutex_unlock(&wn->lock);
	if (!err)
		return dp;

	weft_upcall_exit(dp);
err_labels:
	weft_labels_exit(dp);
err_lports:
	weft_lports_exit(dp);
err_free:
	weft_templates_exit(dp);
	weft_flows_exit(dp);
	weft_pools_exit(dp);
	weft_dp_put(dp);
	return ERR_PTR(err);
}

int weft_dp_delete(struct weft_datapath *dp, struct netlink_ext_ack *extack)
{
	struct weft_net *wn = weft_net(dp->net);
	LIST_HEAD(devices);
	int err;

	rtnl_lock();
	mutex_lock(&wn->lock);
	err = weft_dp_lock(dp, extack);
	if (err) {
		mutex_unlock(&wn->lock);
		rtnl_unlock();
		return err;
	}
	dp->dead = true;
	list_del(&dp->node);
	weft_dp_unlock(dp);
	mutex_unlock(&wn->lock);
	weft_port_detach_all(dp, &devices);
	unregister_netdevice_many(&devices);
	rtnl_unlock();

	synchronize_net();	/* packets that are on their way through */
	weft_nl_dp_event(dp, WEFT_CMD_DP_DEL);
	weft_upcall_exit(dp);
	weft_pending_exit(dp);
	weft_instances_exit(dp);
	weft_templates_exit(dp);
	weft_flows_exit(dp);
	weft_pools_exit(dp);
	weft_labels_exit(dp);
	weft_lports_exit(dp);
	weft_dp_put(dp);	/* the list's */
	return 0;
}

void weft_dp_for_each(struct net *net, void (*fn)(struct weft_datapath *dp, void *arg),
		      void *arg)
{
	struct weft_net *wn = weft_net(net);
	struct weft_datapath *dp;

	mutex_lock(&wn->lock);
	list_for_each_entry(dp, &wn->datapaths, node)
		fn(dp, arg);
	mutex_unlock(&wn->lock);
}

static int __net_init weft_net_init(struct net *net)
{
	struct weft_net *wn = weft_net(net);

	INIT_LIST_HEAD(&wn->datapaths);
	mutex_init(&wn->lock);
	return 0;
}

static struct weft_datapath *weft_dp_first(struct weft_net *wn)
{
	struct weft_datapath *dp;

	mutex_lock(&wn->lock);
	wn->exiting = true;
	dp = list_first_entry_or_null(&wn->datapaths, struct weft_datapath, node);
	if (dp)
		refcount_inc(&dp->refs);
	mutex_unlock(&wn->lock);
	return dp;
}

static void __net_exit weft_net_exit(struct net *net)
{
	struct weft_net *wn = weft_net(net);
	struct weft_datapath *dp;

	while ((dp = weft_dp_first(wn))) {
		weft_dp_delete(dp, NULL);	/* or a request was faster */
		weft_dp_put(dp);
	}
	mutex_destroy(&wn->lock);
}

static struct pernet_operations weft_net_ops = {
	.init = weft_net_init,
	.exit = weft_net_exit,
	.id = &weft_net_id,
	.size = sizeof(struct weft_net),
};

int weft_dp_init(void)
{
	return register_pernet_device(&weft_net_ops);
}

void weft_dp_exit(void)
{
	unregister_pernet_device(&weft_net_ops);
}
