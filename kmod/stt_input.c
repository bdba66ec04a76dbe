// SPDX-License-Identifier: GPL-2.0-only
/*
 * Routes of what comes in.
 *
 * That a segment is for this host the kernel finds out for each by looking for a socket, and
 * then for a route. The TCP of an established connection remembers the route for all that
 * follow; so do we, for pairs of addresses, a few on each CPU. A route that was learned from a
 * packet is used for as long as the kernel calls it valid and packets come from the same device.
 * IPv4 only.
 */
#include <linux/ip.h>
#include <linux/jhash.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <net/dst_metadata.h>
#include <net/route.h>
#include "stt.h"

#define STT_INPUT_BITS	4

struct stt_input {
	struct dst_entry *dst;		/* has a reference */
	__be32 saddr;
	__be32 daddr;
	int iif;
};

struct stt_inputs {
	struct stt_input inputs[1 << STT_INPUT_BITS];
};

static struct stt_input *stt_input_slot(struct stt_device *stt, const struct iphdr *iph)
{
	u32 hash = jhash_2words((__force u32)iph->saddr, (__force u32)iph->daddr, stt->seed);

	return &this_cpu_ptr(stt->inputs)->inputs[hash >> (32 - STT_INPUT_BITS)];
}

static bool stt_input_is(const struct stt_input *input, const struct sk_buff *skb,
			 const struct iphdr *iph)
{
	return input->dst && input->saddr == iph->saddr && input->daddr == iph->daddr &&
	       input->iif == skb->skb_iif;
}

void stt_input_use(struct stt_device *stt, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct stt_input *input = stt_input_slot(stt, iph);

	if (stt_input_is(input, skb, iph) && dst_check(input->dst, 0))
		skb_dst_set_noref(skb, input->dst);
}

void stt_input_learn(struct stt_device *stt, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct stt_input *input = stt_input_slot(stt, iph);
	struct dst_entry *dst = skb_dst(skb);

	if (likely(dst == input->dst && stt_input_is(input, skb, iph)))
		return;
	if (!skb_valid_dst(skb) || skb_rtable(skb)->rt_type != RTN_LOCAL || !dst_hold_safe(dst))
		return;
	dst_release(input->dst);
	input->dst = dst;
	input->saddr = iph->saddr;
	input->daddr = iph->daddr;
	input->iif = skb->skb_iif;
}

int stt_input_init(struct stt_device *stt)
{
	stt->inputs = alloc_percpu_gfp(struct stt_inputs, GFP_KERNEL_ACCOUNT);
	return stt->inputs ? 0 : -ENOMEM;
}

void stt_input_exit(struct stt_device *stt)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < 1 << STT_INPUT_BITS; i++)
			dst_release(per_cpu_ptr(stt->inputs, cpu)->inputs[i].dst);
	free_percpu(stt->inputs);
	stt->inputs = NULL;
}
