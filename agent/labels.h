/* SPDX-License-Identifier: Apache-2.0 */
/*
 * labels.h - labels: names of logical ports in GRE keys, from the file to the kernel.
 */
#ifndef WEFTD_LABELS_H
#define WEFTD_LABELS_H

#include <stddef.h>
#include <stdio.h>
#include <weft/weft.h>

struct config;
struct node;

/* all of it points into the configuration and the actual state */
struct plan_labels {
	const struct weft_label **add;
	size_t n_add;
	const struct weft_label **del; /* they go first: what is added may reuse their places */
	size_t n_del;
};

/* labels_read: "labels" of the file, which may be absent */
void labels_read(struct config *config, const struct node *node);

void labels_plan(struct plan_labels *plan, const struct config *config,
		 const struct weft_label *have, size_t n_have);
void labels_print(const struct plan_labels *plan, FILE *out);
void labels_free(struct plan_labels *plan);

/* labels_apply: NULL, or what went wrong, to be freed */
char *labels_apply(struct weft_sock *sock, const char *dp, const struct plan_labels *plan,
		   size_t *n_changed);

#endif
