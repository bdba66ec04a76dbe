// SPDX-License-Identifier: Apache-2.0
/*
 * labels.c - see labels.h.
 *
 * Both lists are in the order of their numbers, the file's because labels_read sorts it, so one
 * pass over both finds what differs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "labels.h"
#include "log.h"
#include "memory.h"
#include "node.h"

static const char *const label_members[] = { "id", "ldp", "lport", NULL };

static int by_id(const void *a, const void *b)
{
	const struct weft_label *l = a, *m = b;

	return l->id < m->id ? -1 : l->id > m->id;
}

static bool same_port(const struct weft_label *a, const struct weft_label *b)
{
	return a->ldp == b->ldp && a->lport == b->lport;
}

static int by_port(const void *a, const void *b)
{
	const struct weft_label *l = a, *m = b;

	if (l->ldp != m->ldp)
		return l->ldp < m->ldp ? -1 : 1;
	return l->lport < m->lport ? -1 : l->lport > m->lport;
}

static bool read_label(const struct node *at, struct weft_label *label)
{
	struct node id = node_member(at, "id"), ldp = node_member(at, "ldp"),
		    lport = node_member(at, "lport");
	uint64_t numbers[3];

	if (!node_is_object(at, label_members) ||
	    !node_get_number(&id, 1, WEFT_LABEL_MAX, &numbers[0]) ||
	    !node_get_number(&ldp, 1, WEFT_LDP_MAX, &numbers[1]) ||
	    !node_get_number(&lport, 1, UINT16_MAX, &numbers[2]))
		return false;
	*label = (struct weft_label){
		.id = numbers[0],
		.ldp = numbers[1],
		.lport = numbers[2],
	};
	return true;
}

void labels_read(struct config *config, const struct node *node)
{
	struct weft_label *labels;
	size_t n = 0;

	if (!node->value || !node_is_array(node))
		return;
	labels = memory_zalloc(json_array_size(node->value) * sizeof(*labels));
	config->labels = labels;
	for (size_t i = 0; i < json_array_size(node->value); i++) {
		struct node at = node_element(node, i);

		if (read_label(&at, &labels[n]))
			n++;
	}
	config->n_labels = n;
	if (!n)
		return;
	qsort(labels, n, sizeof(*labels), by_port);
	for (size_t i = 1; i < n; i++) {
		if (same_port(&labels[i - 1], &labels[i]))
			node_error(node, "ldp %u lport %u has the labels %u and %u", labels[i].ldp,
				   labels[i].lport, labels[i - 1].id, labels[i].id);
	}
	qsort(labels, n, sizeof(*labels), by_id);
	for (size_t i = 1; i < n; i++) {
		if (labels[i - 1].id == labels[i].id)
			node_error(node, "label %u is there twice", labels[i].id);
	}
}

static void note(const struct weft_label ***list, size_t *n, const struct weft_label *label)
{
	*list = memory_grow(*list, *n, sizeof(**list));
	(*list)[(*n)++] = label;
}

void labels_plan(struct plan_labels *plan, const struct config *config,
		 const struct weft_label *have, size_t n_have)
{
	const struct weft_label *want = config->labels;
	size_t i = 0, j = 0;

	while (i < config->n_labels || j < n_have) {
		bool is_wanted = i < config->n_labels && (j == n_have || want[i].id <= have[j].id);
		bool is_there = j < n_have && (i == config->n_labels || have[j].id <= want[i].id);

		if (!is_wanted || !is_there || !same_port(&want[i], &have[j])) {
			if (is_there)
				note(&plan->del, &plan->n_del, &have[j]);
			if (is_wanted)
				note(&plan->add, &plan->n_add, &want[i]);
		}
		i += is_wanted;
		j += is_there;
	}
}

void labels_print(const struct plan_labels *plan, FILE *out)
{
	for (size_t i = 0; i < plan->n_del; i++)
		fprintf(out, "- label %u\n", plan->del[i]->id);
	for (size_t i = 0; i < plan->n_add; i++)
		fprintf(out, "+ label %u lport %u:%u\n", plan->add[i]->id, plan->add[i]->ldp,
			plan->add[i]->lport);
}

void labels_free(struct plan_labels *plan)
{
	free(plan->add);
	free(plan->del);
	*plan = (struct plan_labels){ 0 };
}

static char *failed(const struct weft_sock *sock, const char *what, uint32_t id, int result)
{
	const char *text = weft_sock_error(sock);

	return memory_printf("cannot %s label %u: %s", what, id, *text ? text : strerror(-result));
}

char *labels_apply(struct weft_sock *sock, const char *dp, const struct plan_labels *plan,
		   size_t *n_changed)
{
	int result;

	for (size_t i = 0; i < plan->n_del; i++) {
		result = weft_label_del(sock, dp, plan->del[i]->id);
		if (result && result != -ENOENT)
			return failed(sock, "remove", plan->del[i]->id, result);
		log_info("- label %u", plan->del[i]->id);
		++*n_changed;
	}
	for (size_t i = 0; i < plan->n_add; i++) {
		const struct weft_label *label = plan->add[i];

		result = weft_label_new(sock, dp, label);
		if (result)
			return failed(sock, "add", label->id, result);
		log_info("+ label %u lport %u:%u", label->id, label->ldp, label->lport);
		++*n_changed;
	}
	return NULL;
}
