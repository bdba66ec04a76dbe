/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way of a packet: key, walk through the tables, program, execution.
 */
#ifndef WEFT_PIPELINE_H
#define WEFT_PIPELINE_H

#include <linux/types.h>

struct sk_buff;
struct weft_actions;
struct weft_key;
struct weft_port;
struct weft_whole;

int weft_pipeline_init(void);
void weft_pipeline_exit(void);

/*
 * A packet came in by @port: Ethernet header at skb->data, skb not shared,
 * consumed. BH off, under rcu_read_lock(). Counts rx.
 */
void weft_pipeline_receive(struct weft_port *port, struct sk_buff *skb);

/*
 * Same for a packet that user space injects: the metadata part of @metadata
 * (a whole key) is taken over but for in_port; starts at @table, or does
 * @actions instead of a walk when they are not NULL. BH off, RCU.
 */
void weft_pipeline_inject(struct weft_port *port, struct sk_buff *skb,
			  const struct weft_key *metadata, u8 table,
			  const struct weft_actions *actions);

/*
 * A packet that was kept somewhere goes on at @table, with the metadata part of @metadata but for
 * in_port. @waited: it has waited, with that number, for what it now meets; or 0. @whole: how its
 * fragments were, or NULL if it came as one. BH off, RCU.
 */
void weft_pipeline_resume(struct weft_port *port, struct sk_buff *skb,
			  const struct weft_key *metadata, u8 table, u32 waited,
			  const struct weft_whole *whole);

/*
 * A packet that was put together begins like one that came as a whole with these metadata, of
 * which in_port is that of @port. BH off, RCU.
 */
void weft_pipeline_again(struct weft_port *port, struct sk_buff *skb,
			 const struct weft_key *metadata, const struct weft_whole *whole);

#endif /* WEFT_PIPELINE_H */
