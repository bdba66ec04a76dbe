// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last step of the way in: a frame leaves the device.
 *
 * Receive offload joins what was sent in pieces, and wants to see many frames together: they are
 * queued for a NAPI of the CPU. What it cannot join is handed on at once, from where it came:
 * a frame that is to be cut already, as machines that segment late send them, and one that is
 * short, as acknowledgements are. Each turn through the queue would be one through the softirq,
 * between which a receiver runs and acknowledges frames one by one.
 *
 * Nothing overtakes: while the NAPI has frames all go to it. And no frame is handed on at once
 * within another, whatever is in it: that would be a stack without an end.
 */
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include "stt.h"

#define STT_SHORT	128	/* bytes behind the Ethernet header */
#define STT_QUEUE_MAX	1000	/* frames, of a CPU */

struct stt_cell {
	struct sk_buff_head queue;
	struct napi_struct napi;
};

static DEFINE_PER_CPU(bool, stt_delivering);

static int stt_cell_poll(struct napi_struct *napi, int budget)
{
	struct stt_cell *cell = container_of(napi, struct stt_cell, napi);
	struct sk_buff *skb;
	int done = 0;

	while (done < budget && (skb = skb_dequeue(&cell->queue))) {
		napi_gro_receive(napi, skb);
		done++;
	}
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

static bool stt_deliver_queue(struct stt_cell *cell, struct sk_buff *skb)
{
	/* what receive offload joins it takes apart, but others may have it, too */
	if (skb_queue_len_lockless(&cell->queue) >= STT_QUEUE_MAX ||
	    skb_unclone(skb, GFP_ATOMIC)) {
		dev_core_stats_rx_dropped_inc(skb->dev);
		kfree_skb(skb);
		return false;
	}
	skb_queue_tail(&cell->queue, skb);
	/* a poll that runs elsewhere, as threads do, either sees it or is asked for again */
	if (skb_queue_len_lockless(&cell->queue) == 1)
		napi_schedule(&cell->napi);
	return true;
}

bool stt_deliver(struct stt_device *stt, struct sk_buff *skb)
{
	struct stt_cell *cell = this_cpu_ptr(stt->cells);

	if (!(skb_is_gso(skb) || skb->len <= STT_SHORT || netif_elide_gro(skb->dev)) ||
	    test_bit(NAPI_STATE_SCHED, &cell->napi.state) || __this_cpu_read(stt_delivering))
		return stt_deliver_queue(cell, skb);
	__this_cpu_write(stt_delivering, true);
	netif_receive_skb(skb);
	__this_cpu_write(stt_delivering, false);
	return true;
}

int stt_deliver_init(struct stt_device *stt)
{
	int cpu;

	stt->cells = alloc_percpu_gfp(struct stt_cell, GFP_KERNEL_ACCOUNT);
	if (!stt->cells)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct stt_cell *cell = per_cpu_ptr(stt->cells, cpu);

		skb_queue_head_init(&cell->queue);
		set_bit(NAPI_STATE_NO_BUSY_POLL, &cell->napi.state);
		netif_napi_add(stt->dev, &cell->napi, stt_cell_poll);
		napi_enable(&cell->napi);
	}
	return 0;
}

void stt_deliver_exit(struct stt_device *stt)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct stt_cell *cell = per_cpu_ptr(stt->cells, cpu);

		napi_disable(&cell->napi);
		__netif_napi_del(&cell->napi);
		skb_queue_purge(&cell->queue);
	}
}

void stt_deliver_free(struct stt_device *stt)
{
	free_percpu(stt->cells);
	stt->cells = NULL;
}
