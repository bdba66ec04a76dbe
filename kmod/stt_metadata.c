// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said of a frame: from whom it is, and its context.
 *
 * Frames of a machine say the same, and making a metadata_dst for each is an allocation and a
 * freeing by RCU. So a CPU keeps the last of those that have the same hash, and frames share it:
 * nobody writes to a metadata_dst of others.
 */
#include <linux/jhash.h>
#include <linux/percpu.h>
#include <net/dst_metadata.h>
#include "compat.h"
#include "stt.h"

#define STT_METADATA_BITS	4

/* Each has a reference */
struct stt_metadata {
	struct metadata_dst *dst[1 << STT_METADATA_BITS];
};

static bool stt_metadata_says(const struct ip_tunnel_info *info, const struct stt_outer *outer,
			      __be64 context)
{
	const struct ip_tunnel_key *key = &info->key;

	if (key->tun_id != context || key->tos != outer->tos || key->ttl != outer->ttl ||
	    (ip_tunnel_info_af(info) == AF_INET6) != outer->ipv6)
		return false;
	if (outer->ipv6)
		return key->label == outer->label &&
		       ipv6_addr_equal(&key->u.ipv6.src, &outer->key.saddr) &&
		       ipv6_addr_equal(&key->u.ipv6.dst, &outer->key.daddr);
	return key->u.ipv4.src == outer->key.saddr.s6_addr32[3] &&
	       key->u.ipv4.dst == outer->key.daddr.s6_addr32[3];
}

static struct metadata_dst *stt_metadata_new(const struct stt_outer *outer, __be64 context)
{
	const struct stt_key *key = &outer->key;

	if (outer->ipv6)
		return weft_tun_rx_dst6(&key->saddr, &key->daddr, outer->tos, outer->ttl,
					outer->label, context);
	return weft_tun_rx_dst4(key->saddr.s6_addr32[3], key->daddr.s6_addr32[3], outer->tos,
				outer->ttl, context);
}

struct metadata_dst *stt_metadata_get(struct stt_device *stt, const struct stt_outer *outer,
				      u64 context)
{
	u32 hash = jhash_3words((__force u32)outer->key.saddr.s6_addr32[3], context, context >> 32,
				stt->seed);
	struct metadata_dst **slot, *dst;

	slot = &this_cpu_ptr(stt->metadata)->dst[hash >> (32 - STT_METADATA_BITS)];
	dst = *slot;
	if (unlikely(!dst || !stt_metadata_says(&dst->u.tun_info, outer, cpu_to_be64(context)))) {
		dst = stt_metadata_new(outer, cpu_to_be64(context));
		if (!dst)
			return NULL;
		if (*slot)
			dst_release(&(*slot)->dst);
		*slot = dst;
	}
	dst_hold(&dst->dst);
	return dst;
}

int stt_metadata_init(struct stt_device *stt)
{
	stt->metadata = alloc_percpu_gfp(struct stt_metadata, GFP_KERNEL_ACCOUNT);
	return stt->metadata ? 0 : -ENOMEM;
}

void stt_metadata_exit(struct stt_device *stt)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < 1 << STT_METADATA_BITS; i++) {
			struct metadata_dst *dst = per_cpu_ptr(stt->metadata, cpu)->dst[i];

			if (dst)
				dst_release(&dst->dst);
		}
	free_percpu(stt->metadata);
	stt->metadata = NULL;
}
