/* SPDX-License-Identifier: Apache-2.0 */
/* privilege.h - what a daemon may do: CAP_NET_ADMIN, and nothing else. */
#ifndef WEFT_SERVICES_PRIVILEGE_H
#define WEFT_SERVICES_PRIVILEGE_H

/*
 * privilege_drop: become @user (NULL: "weft" when there is such a user, else "nobody"), if this
 * process may change its user at all; keep CAP_NET_ADMIN alone; never gain anything by exec.
 * 0 or -errno.
 */
int privilege_drop(const char *user);

/* privilege_give: let that user have a file; nothing when this process may not. 0 or -errno */
int privilege_give(const char *user, const char *path);

#endif
