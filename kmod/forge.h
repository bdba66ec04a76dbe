/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks that machines forge.
 */
#ifndef WEFT_FORGE_H
#define WEFT_FORGE_H

#include <linux/types.h>

struct sk_buff;
struct weft_key;

/*
 * Does the packet of @key, its headers found, look like a tunnel's of ours that carries a mark?
 */
bool weft_forged(const struct sk_buff *skb, const struct weft_key *key);

#endif /* WEFT_FORGE_H */
