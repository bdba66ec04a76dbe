// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of 16-bit numbers.
 *
 * Even and odd numbers are apart, each in a tree of bitmaps in which a set bit means
 * "something is free below": one word over at most 8 nodes, in each node one word over at
 * most 64 words, one bit for a number in those. The next free number is found in at most seven
 * words of a tree, however full the set is.
 *
 * The words of a node are there only as long as a number of them is taken: an empty set
 * of 65536 numbers has less than 512 bytes, and each number that is taken adds 512 at most,
 * up to 8 KiB in all. So memory follows what is taken, and no allocation is larger.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "idset.h"

#define WEFT_NODE_BITS	(64 * 64)	/* numbers of a node */
#define WEFT_ID_NONE	U32_MAX

struct weft_idset_node {
	u64 *words;			/* NULL: all of them are free */
	u64 open;			/* words that are not zero; only with words */
	u32 n_taken;
};

struct weft_idset_tree {
	struct weft_idset_node *nodes;
	u32 n;				/* numbers of this parity */
	u32 open;			/* nodes that have a free number */
};

struct weft_idset {
	u16 first;
	u16 last;
	u32 n_taken;
	struct weft_idset_tree trees[2];	/* enum weft_parity */
	struct weft_idset_node nodes[];
};

/* The least number of the parity in the set; above its last when there is none */
static u32 weft_idset_base(const struct weft_idset *set, unsigned int parity)
{
	return set->first + ((set->first ^ parity) & 1);
}

static u32 weft_idset_n_of(u16 first, u16 last, unsigned int parity)
{
	u32 base = first + ((first ^ parity) & 1);

	return base > last ? 0 : (last - base) / 2 + 1;
}

struct weft_idset *weft_idset_alloc(u16 first, u16 last, gfp_t gfp)
{
	u32 n[2] = { weft_idset_n_of(first, last, 0), weft_idset_n_of(first, last, 1) };
	u32 n_nodes[2] = { DIV_ROUND_UP(n[0], WEFT_NODE_BITS), DIV_ROUND_UP(n[1], WEFT_NODE_BITS) };
	struct weft_idset *set;
	unsigned int parity;

	set = kzalloc(struct_size(set, nodes, n_nodes[0] + n_nodes[1]), gfp);
	if (!set)
		return NULL;
	set->first = first;
	set->last = last;
	for (parity = 0; parity < 2; parity++) {
		struct weft_idset_tree *tree = &set->trees[parity];

		tree->nodes = set->nodes + (parity ? n_nodes[0] : 0);
		tree->n = n[parity];
		tree->open = BIT(n_nodes[parity]) - 1;
	}
	return set;
}

static void weft_idset_free_tree(struct weft_idset_tree *tree)
{
	u32 i;

	for (i = 0; i < DIV_ROUND_UP(tree->n, WEFT_NODE_BITS); i++)
		kfree(tree->nodes[i].words);
}

void weft_idset_free(struct weft_idset *set)
{
	if (!set)
		return;
	weft_idset_free_tree(&set->trees[0]);
	weft_idset_free_tree(&set->trees[1]);
	kfree(set);
}

/* Give the node its words, all numbers free */
static bool weft_idset_fill(struct weft_idset_tree *tree, u32 index, gfp_t gfp)
{
	struct weft_idset_node *node = &tree->nodes[index];
	u32 bits = min_t(u32, tree->n - index * WEFT_NODE_BITS, WEFT_NODE_BITS);
	u32 n_words = DIV_ROUND_UP(bits, 64);

	node->words = kmalloc_array(n_words, sizeof(*node->words), gfp);
	if (!node->words)
		return false;
	memset(node->words, 0xff, n_words * sizeof(*node->words));
	if (bits % 64)
		node->words[n_words - 1] = GENMASK_ULL(bits % 64 - 1, 0);
	node->open = GENMASK_ULL(n_words - 1, 0);
	return true;
}

/* The first free one of a node at or behind @at */
static u32 weft_idset_node_from(const struct weft_idset_node *node, u32 at)
{
	u32 i = at / 64;
	u64 bits;

	if (!node->words)
		return at;
	bits = node->words[i] & (U64_MAX << at % 64);
	if (bits)
		return i * 64 + __ffs64(bits);
	bits = i == 63 ? 0 : node->open & (U64_MAX << (i + 1));
	if (!bits)
		return WEFT_ID_NONE;
	i = __ffs64(bits);
	return i * 64 + __ffs64(node->words[i]);
}

static u32 weft_idset_tree_from(const struct weft_idset_tree *tree, u32 at)
{
	u32 i = at / WEFT_NODE_BITS;
	u32 open, found;

	if (at >= tree->n)
		return WEFT_ID_NONE;
	found = weft_idset_node_from(&tree->nodes[i], at % WEFT_NODE_BITS);
	if (found != WEFT_ID_NONE)
		return i * WEFT_NODE_BITS + found;
	open = tree->open & (U32_MAX << (i + 1));
	if (!open)
		return WEFT_ID_NONE;
	i = __ffs(open);
	return i * WEFT_NODE_BITS + weft_idset_node_from(&tree->nodes[i], 0);
}

/* The first free number of the parity at or behind @start */
static u32 weft_idset_from(const struct weft_idset *set, u32 start, unsigned int parity)
{
	u32 base = weft_idset_base(set, parity);
	u32 at = start <= base ? 0 : (start - base + 1) / 2;
	u32 found = weft_idset_tree_from(&set->trees[parity], at);

	return found == WEFT_ID_NONE ? WEFT_ID_NONE : base + 2 * found;
}

static u32 weft_idset_from_any(const struct weft_idset *set, u32 start)
{
	return min(weft_idset_from(set, start, 0), weft_idset_from(set, start, 1));
}

int weft_idset_next(const struct weft_idset *set, u32 start, enum weft_parity parity)
{
	unsigned int i;
	u32 id;

	if (start < set->first || start > set->last)
		start = set->first;
	if (parity == WEFT_PARITY_ANY) {
		id = weft_idset_from_any(set, start);
		if (id == WEFT_ID_NONE)
			id = weft_idset_from_any(set, set->first);
		return id == WEFT_ID_NONE ? -1 : (int)id;
	}
	for (i = 0; i < 2; i++) {
		id = weft_idset_from(set, start, parity ^ i);
		if (id == WEFT_ID_NONE)
			id = weft_idset_from(set, set->first, parity ^ i);
		if (id != WEFT_ID_NONE)
			return id;
	}
	return -1;
}

/* Where the number is: its tree and node, and its place in the node */
static struct weft_idset_tree *weft_idset_locate(struct weft_idset *set, u32 id, u32 *node,
						 u32 *at)
{
	u32 place = (id - weft_idset_base(set, id & 1)) / 2;

	*node = place / WEFT_NODE_BITS;
	*at = place % WEFT_NODE_BITS;
	return &set->trees[id & 1];
}

bool weft_idset_has(const struct weft_idset *set, u32 id)
{
	return id >= set->first && id <= set->last &&
	       weft_idset_from(set, id, id & 1) == id;
}

bool weft_idset_take(struct weft_idset *set, u16 id, gfp_t gfp)
{
	struct weft_idset_node *node;
	struct weft_idset_tree *tree;
	u32 index, at;

	tree = weft_idset_locate(set, id, &index, &at);
	node = &tree->nodes[index];
	if (!node->words && !weft_idset_fill(tree, index, gfp))
		return false;
	node->words[at / 64] &= ~BIT_ULL(at % 64);
	if (!node->words[at / 64])
		node->open &= ~BIT_ULL(at / 64);
	if (!node->open)
		tree->open &= ~BIT(index);
	node->n_taken++;
	set->n_taken++;
	return true;
}

void weft_idset_put(struct weft_idset *set, u16 id)
{
	struct weft_idset_node *node;
	struct weft_idset_tree *tree;
	u32 index, at;

	if (WARN_ON_ONCE(id < set->first || id > set->last || weft_idset_has(set, id)))
		return;
	tree = weft_idset_locate(set, id, &index, &at);
	node = &tree->nodes[index];
	node->words[at / 64] |= BIT_ULL(at % 64);
	node->open |= BIT_ULL(at / 64);
	tree->open |= BIT(index);
	set->n_taken--;
	if (--node->n_taken)
		return;
	kfree(node->words);
	node->words = NULL;
}

u16 weft_idset_first(const struct weft_idset *set)
{
	return set->first;
}

u16 weft_idset_last(const struct weft_idset *set)
{
	return set->last;
}

u32 weft_idset_n_free(const struct weft_idset *set)
{
	return set->trees[0].n + set->trees[1].n - set->n_taken;
}

u32 weft_idset_n_taken(const struct weft_idset *set)
{
	return set->n_taken;
}
