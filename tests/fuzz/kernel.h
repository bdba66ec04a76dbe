/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the files need that are fuzzed in user space, with an skb that
 * has all its bytes in one allocation of just their number, so that a sanitizer sees
 * every byte too many. Everything allocated is counted, and can be made to fail.
 */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <asm/byteorder.h>
#include <assert.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define __packed __attribute__((packed))
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))

#define cpu_to_be16 __cpu_to_be16
#define cpu_to_be32 __cpu_to_be32
#define cpu_to_be64 __cpu_to_be64
#define be16_to_cpu __be16_to_cpu
#define be32_to_cpu __be32_to_cpu
#define be64_to_cpu __be64_to_cpu

#define time_before(a, b) ((long)((a) - (b)) < 0)

/* Memory */

#define GFP_ATOMIC 0
#define __GFP_NOWARN 0

extern unsigned int fuzz_objects;	/* that are allocated */
extern unsigned int fuzz_fail;		/* so many allocations from now one fails; 0: none */

static inline void *fuzz_alloc(size_t size)
{
	if (fuzz_fail && !--fuzz_fail)
		return NULL;
	fuzz_objects++;
	return calloc(1, size ? size : 1);
}

static inline void fuzz_free(void *p)
{
	fuzz_objects -= !!p;
	free(p);
}

#define kzalloc(size, gfp) fuzz_alloc(size)
#define kfree(p) fuzz_free(p)

/* Lists: a ring through its head */

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline int list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list_head *item, struct list_head *head)
{
	item->next = head;
	item->prev = head->prev;
	head->prev->next = item;
	head->prev = item;
}

static inline void list_del(struct list_head *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	item->next = NULL;
	item->prev = NULL;
}

static inline void list_move_tail(struct list_head *item, struct list_head *head)
{
	list_del(item);
	list_add_tail(item, head);
}

#define list_first_entry(head, type, member) \
	(assert(!list_empty(head)), container_of((head)->next, type, member))

struct hlist_node {
	struct hlist_node *next, **place;	/* which points here */
};

struct hlist_head {
	struct hlist_node *first;
};

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *head)
{
	node->next = head->first;
	node->place = &head->first;
	if (node->next)
		node->next->place = &node->next;
	head->first = node;
}

static inline void hlist_del(struct hlist_node *node)
{
	*node->place = node->next;
	if (node->next)
		node->next->place = node->place;
	node->next = NULL;
	node->place = NULL;
}

#define hlist_entry_or_null(node, type, member) \
	((node) ? container_of(node, type, member) : NULL)
#define hlist_for_each_entry(item, head, member)						\
	for (item = hlist_entry_or_null((head)->first, __typeof__(*item), member); item;	\
	     item = hlist_entry_or_null(item->member.next, __typeof__(*item), member))

/* Any hash will do */
static inline u32 jhash2(const u32 *words, u32 n, u32 seed)
{
	u32 hash = seed;

	while (n--)
		hash = (hash ^ *words++) * 0x9e3779b1u + (hash >> 15);
	return hash;
}

/* Packets */

struct sk_buff {
	struct sk_buff *next;
	u8 *base, *data;	/* base: what was allocated */
	unsigned int len;
	unsigned int truesize;
	char cb[48];
};

static inline struct sk_buff *fuzz_skb(const u8 *data, unsigned int len)
{
	struct sk_buff *skb = fuzz_alloc(sizeof(*skb));

	assert(skb);
	skb->base = fuzz_alloc(len);
	assert(skb->base);
	skb->data = skb->base;
	skb->len = len;
	skb->truesize = sizeof(*skb) + len;
	memcpy(skb->data, data, len);
	return skb;
}

static inline void kfree_skb(struct sk_buff *skb)
{
	assert(!skb->next);
	fuzz_free(skb->base);
	fuzz_free(skb);
}

static inline void *pskb_pull(struct sk_buff *skb, unsigned int len)
{
	if (fuzz_fail && !--fuzz_fail)
		return NULL;
	assert(len <= skb->len);
	skb->data += len;
	skb->len -= len;
	return skb->data;
}

static inline int pskb_trim(struct sk_buff *skb, unsigned int len)
{
	if (fuzz_fail && !--fuzz_fail)
		return -1;
	if (len < skb->len)
		skb->len = len;
	return 0;
}

#endif /* FUZZ_KERNEL_H */
