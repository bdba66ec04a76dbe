/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments become a packet again.
 */
#ifndef WEFT_DEFRAG_H
#define WEFT_DEFRAG_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/weft.h>
#include "program.h"

struct sk_buff;
struct weft_datapath;
struct weft_port;

/* A fragment waits for the others; the packet goes on in this table, with these metadata */
struct weft_op_defrag {
	struct weft_op op;	/* arg: weft_defrag_user() */
	u8 table;
	bool fresh;		/* as if it had come as one */
	u8 pad[6];
	u8 metadata[WEFT_KEY_PACKET];
};

/* What a packet that came in fragments was like; how it leaves follows from that (fragment.c) */
struct weft_whole {
	u16 max;		/* bytes of its longest fragment, from the IP header on */
	bool df;		/* IPv4: that one was not to be cut */
	__be32 saddr;		/* IPv4 */
	__be32 daddr;
};

/* How much of a port's fragments waits, at most; of IPv4, of IPv6 */
struct weft_defrag_share {
	u32 bytes;
	unsigned long at;	/* jiffies, when that was so */
};

struct weft_defrag_shares {
	spinlock_t lock;		/* all of it */
	struct weft_defrag_share share[2];
};

#define WEFT_DEFRAG_NUMBER_MAX	127	/* weft_datapath.number; 0: it has none */

int weft_defrag_init(void);
void weft_defrag_exit(void);

/*
 * Whose fragments belong together, in the numbers by which the kernel tells its users apart, and
 * beyond those that it uses itself: of a logical datapath, or, where @ldp is 0, of a port.
 */
u32 weft_defrag_user(const struct weft_datapath *dp, u32 ldp, u32 in_port);

/*
 * Fill in @op, whose arg is the port of entry; NULL: there was no room for it. The packet goes on
 * in @table with the metadata of @key. @fresh: with these it came.
 */
void weft_defrag_describe(struct weft_op_defrag *op, const struct weft_datapath *dp,
			  const struct weft_key *key, u8 table, bool fresh);

/*
 * Keep @skb, a fragment, which is consumed; when it is the last that was missing, the packet goes
 * on as @op says. Returns WEFT_DROP_UNSPEC or why the fragment was dropped. BH off, RCU.
 */
enum weft_drop weft_defrag(struct weft_datapath *dp, struct weft_port *in, struct sk_buff *skb,
			   const struct weft_op_defrag *op);

#endif /* WEFT_DEFRAG_H */
