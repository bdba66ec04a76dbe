// SPDX-License-Identifier: GPL-2.0-only
/*
 * Weft: a flow-table datapath.
 */
#include <linux/module.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>
#include "datapath.h"
#include "defrag.h"
#include "netlink.h"
#include "pipeline.h"
#include "port.h"
#include "progmem.h"

struct workqueue_struct *weft_wq;

static int __init weft_init(void)
{
	int err;

	weft_wq = alloc_workqueue("weft", WQ_UNBOUND, 0);
	if (!weft_wq)
		return -ENOMEM;
	err = weft_progmem_init();
	if (err)
		goto err_wq;
	err = weft_pipeline_init();
	if (err)
		goto err_progmem;
	err = weft_defrag_init();
	if (err)
		goto err_pipeline;
	err = weft_port_init();
	if (err)
		goto err_defrag;
	err = weft_dp_init();
	if (err)
		goto err_port;
	err = weft_netlink_init();
	if (err)
		goto err_dp;
	return 0;

err_dp:
	weft_dp_exit();
err_port:
	weft_port_exit();
err_defrag:
	weft_defrag_exit();
err_pipeline:
	weft_pipeline_exit();
err_progmem:
	weft_progmem_exit();
err_wq:
	destroy_workqueue(weft_wq);
	return err;
}

static void __exit weft_exit(void)
{
	weft_netlink_exit();
	weft_dp_exit();
	weft_port_exit();
	rcu_barrier();			/* callbacks that queue work, or free */
	destroy_workqueue(weft_wq);
	/* callbacks of that work; of entries, which put templates, which put services */
	rcu_barrier();
	rcu_barrier();
	rcu_barrier();
	weft_defrag_exit();
	weft_pipeline_exit();
	weft_progmem_exit();
}

module_init(weft_init);
module_exit(weft_exit);

MODULE_DESCRIPTION("Weft flow-table datapath");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY("weft");
MODULE_ALIAS_RTNL_LINK("weft");
