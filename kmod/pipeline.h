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

/* A packet goes on likewise that has waited, with number @waited, for what it now meets */
void weft_pipeline_resume(struct weft_port *port, struct sk_buff *skb,
			  const struct weft_key *metadata, u8 table, u32 waited);

#endif /* WEFT_PIPELINE_H */
