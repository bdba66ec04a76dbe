/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notifications about datapaths.
 */
#ifndef WEFT_NETLINK_DP_H
#define WEFT_NETLINK_DP_H

#include <linux/weft.h>

struct weft_datapath;

/* DP_NEW (new or changed) or DP_DEL notification; process context */
void weft_nl_dp_event(struct weft_datapath *dp, enum weft_cmd cmd);

#endif /* WEFT_NETLINK_DP_H */
