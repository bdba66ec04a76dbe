// SPDX-License-Identifier: Apache-2.0
/*
 * apply_templates.c - pools and templates, as a plan says.
 *
 * They are made before the flow entries that name them, and removed behind them.
 */
#include <errno.h>
#include <string.h>

#include "apply_templates.h"
#include "log.h"
#include "memory.h"
#include "plan.h"

static const char *reason(const struct weft_sock *sock, int result)
{
	const char *text = weft_sock_error(sock);

	return *text ? text : strerror(-result);
}

static char *apply_pool(struct weft_sock *sock, const char *dp, const struct plan_pool *pool)
{
	struct weft_pool change;
	int result;

	if (!pool->have) {
		result = weft_pool_new(sock, dp, pool->want);
		if (result)
			return memory_printf("cannot add pool %u: %s", pool->want->id,
					     reason(sock, result));
		log_info("+ pool %u", pool->want->id);
		return NULL;
	}
	plan_pool_change(pool->want, pool->have, &change);
	result = weft_pool_set(sock, dp, &change);
	weft_pool_free(&change);
	if (result)
		return memory_printf("cannot change pool %u: %s", pool->want->id,
				     reason(sock, result));
	log_info("~ pool %u", pool->want->id);
	return NULL;
}

char *apply_templates_add(struct weft_sock *sock, const char *dp,
			  const struct plan_objects *objects, size_t *n_changed)
{
	char *error;
	int result;

	for (size_t i = 0; i < objects->n_pools; i++) {
		error = apply_pool(sock, dp, &objects->pools[i]);
		if (error)
			return error;
		++*n_changed;
	}
	for (size_t i = 0; i < objects->n_templates; i++) {
		const struct weft_template *tmpl = objects->templates[i];

		result = weft_template_new(sock, dp, tmpl);
		if (result)
			return memory_printf("cannot add template %u %s: %s", tmpl->id, tmpl->name,
					     reason(sock, result));
		log_info("+ template %u %s", tmpl->id, tmpl->name);
		++*n_changed;
	}
	return NULL;
}

/* entries of others may name it, or it was gone already: there is nothing to be done then */
static bool is_harmless(int result)
{
	return result == -EBUSY || result == -ENOENT;
}

char *apply_templates_remove(struct weft_sock *sock, const char *dp,
			     const struct plan_objects *objects, size_t *n_changed)
{
	int result;

	for (size_t i = 0; i < objects->n_templates_del; i++) {
		const struct weft_template *tmpl = objects->templates_del[i];

		result = weft_template_del(sock, dp, tmpl->id);
		if (result && !is_harmless(result))
			return memory_printf("cannot remove template %u %s: %s", tmpl->id,
					     tmpl->name, reason(sock, result));
		if (result)
			continue;
		log_info("- template %u %s", tmpl->id, tmpl->name);
		++*n_changed;
	}
	for (size_t i = 0; i < objects->n_pools_del; i++) {
		result = weft_pool_del(sock, dp, objects->pools_del[i]->id);
		if (result && !is_harmless(result))
			return memory_printf("cannot remove pool %u: %s", objects->pools_del[i]->id,
					     reason(sock, result));
		if (result)
			continue;
		log_info("- pool %u", objects->pools_del[i]->id);
		++*n_changed;
	}
	return NULL;
}
