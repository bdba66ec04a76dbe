/* SPDX-License-Identifier: Apache-2.0 */
/* apply_templates.h - the part of apply.c that is about pools and templates. */
#ifndef WEFTD_APPLY_TEMPLATES_H
#define WEFTD_APPLY_TEMPLATES_H

#include <stddef.h>

struct plan_objects;
struct weft_sock;

/* Both count what they did, and return what went wrong, to be freed, or NULL */
char *apply_templates_add(struct weft_sock *sock, const char *dp,
			  const struct plan_objects *objects, size_t *n_changed);
char *apply_templates_remove(struct weft_sock *sock, const char *dp,
			     const struct plan_objects *objects, size_t *n_changed);

#endif
