/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - what the service manager is told; nothing happens when there is none. */
#ifndef WEFTD_NOTIFY_H
#define WEFTD_NOTIFY_H

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
