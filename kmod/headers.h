/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several writes into Ethernet, IP and L4 headers as one operation.
 */
#ifndef WEFT_HEADERS_H
#define WEFT_HEADERS_H

#include <linux/types.h>
#include <linux/weft.h>
#include "program.h"

struct sk_buff;
struct weft_key;

/*
 * Describe what makes @from, the headers as the packet has them, into @to, with the TTL
 * lower by @ttl_spent (0: unless it is in @fields). @fields: set of enum weft_field,
 * counted from WEFT_FIELD_ETH_DST, that may differ. False when the operation
 * cannot do it; then each field has to be written for itself.
 */
bool weft_headers_describe(struct weft_op_headers *h, const struct weft_key *from,
			   const struct weft_key *to, u64 fields, u8 ttl_spent);

/* Do it. The packet has the headers that the key had. Softirq. */
enum weft_drop weft_headers_write(struct sk_buff *skb, const struct weft_op_headers *h);

#endif /* WEFT_HEADERS_H */
