// SPDX-License-Identifier: Apache-2.0
/*
 * plan_templates.c - pools and templates: desired minus actual.
 *
 * A template is the one that is wanted or it is another one: its number says so, since
 * nat_compile gives a changed one a new number. A pool can be changed in place. What nobody wants
 * goes when its instances have gone, or at once when the file says "on_change": "cut".
 */
#include <stdlib.h>
#include <string.h>

#include "actual.h"
#include "config.h"
#include "memory.h"
#include "plan.h"
#include "services/arp/section.h"
#include "services/nat/compile.h"
#include "services/nat/nat.h"

static const struct weft_pool *find_pool(const struct actual *actual, uint32_t id)
{
	for (size_t i = 0; i < actual->n_pools; i++) {
		if (actual->pools[i].id == id)
			return &actual->pools[i];
	}
	return NULL;
}

static bool has_range(const struct weft_ranges *ranges, const struct weft_pool_range *range)
{
	for (unsigned int i = 0; i < ranges->n_ranges; i++) {
		if (!memcmp(&ranges->ranges[i], range, sizeof(*range)))
			return true;
	}
	return false;
}

static bool has_pair(const struct weft_ranges *ranges, const struct weft_pool_pair *pair)
{
	for (unsigned int i = 0; i < ranges->n_pairs; i++) {
		if (!memcmp(&ranges->pairs[i], pair, sizeof(*pair)))
			return true;
	}
	return false;
}

/* what @a has and @b does not */
static bool add_missing(struct weft_ranges *out, const struct weft_ranges *a,
			const struct weft_ranges *b)
{
	for (unsigned int i = 0; i < a->n_ranges; i++) {
		if (!has_range(b, &a->ranges[i]))
			weft_ranges_add_range(out, &a->ranges[i]);
	}
	for (unsigned int i = 0; i < a->n_pairs; i++) {
		if (!has_pair(b, &a->pairs[i]))
			weft_ranges_add_pair(out, &a->pairs[i]);
	}
	return out->n_ranges || out->n_pairs;
}

bool plan_pool_change(const struct weft_pool *want, const struct weft_pool *have,
		      struct weft_pool *change)
{
	bool changed = false;

	weft_pool_init(change);
	change->id = want->id;
	weft_mark(change, WEFT_POOL_A_ID);
	/* ranges that are acquired are the daemon's to grant */
	if (weft_has(want, WEFT_POOL_A_RANGES)) {
		if (add_missing(&change->ranges, &want->ranges, &have->ranges))
			weft_mark(change, WEFT_POOL_A_RANGES);
		if (add_missing(&change->withdraw, &have->ranges, &want->ranges))
			weft_mark(change, WEFT_POOL_A_WITHDRAW);
		changed = weft_has(change, WEFT_POOL_A_RANGES) ||
			  weft_has(change, WEFT_POOL_A_WITHDRAW);
	}
	if (want->type == WEFT_POOL_TYPE_MAP)
		return changed;
	if (want->choice != have->choice) {
		change->choice = want->choice;
		weft_mark(change, WEFT_POOL_A_CHOICE);
		changed = true;
	}
	if (!want->parity != !have->parity) {
		change->parity = want->parity;
		weft_mark(change, WEFT_POOL_A_PARITY);
		changed = true;
	}
	return changed;
}

static void plan_pools(struct plan_objects *objects, const struct nat *nat,
		       const struct actual *actual)
{
	for (size_t i = 0; nat && i < nat->n_kernel_pools; i++) {
		const struct weft_pool *want = &nat->kernel_pools[i];
		const struct weft_pool *have = find_pool(actual, want->id);
		struct weft_pool change;
		bool changed = true;

		if (have) {
			changed = plan_pool_change(want, have, &change);
			weft_pool_free(&change);
		}
		if (!changed)
			continue;
		objects->pools = memory_grow(objects->pools, objects->n_pools,
					     sizeof(*objects->pools));
		objects->pools[objects->n_pools++] = (struct plan_pool){ want, have };
	}
}

static bool is_pool_wanted(const struct nat *nat, uint32_t id)
{
	for (size_t i = 0; nat && i < nat->n_kernel_pools; i++) {
		if (nat->kernel_pools[i].id == id)
			return true;
	}
	return false;
}

static bool has_template(const struct actual *actual, uint32_t id)
{
	for (size_t i = 0; i < actual->n_templates; i++) {
		if (actual->templates[i].id == id)
			return true;
	}
	return false;
}

/* does a template draw from it that stays for now? */
static bool is_drawn_from(const struct plan_objects *objects, const struct actual *actual,
			  uint32_t pool)
{
	for (size_t i = 0; i < actual->n_templates; i++) {
		const struct weft_template *have = &actual->templates[i];
		bool kept = true;

		for (size_t j = 0; j < objects->n_templates_del; j++)
			kept = kept && objects->templates_del[j] != have;
		if (kept && have->pool == pool)
			return true;
	}
	return false;
}

/* is it made from a file, and does that still say so? Those of others are left alone */
static bool stays(const struct config *config, const struct weft_template *have)
{
	if (nat_owns(have->id))
		return nat_find_template_id(config->nat, have->id);
	if (net_learn_owns(have->id))
		return net_learn_find_id(&config->learn, have->id);
	return !arp_owns(have->id) || arp_find_template_id(config->arp, have->id);
}

static void want_template(struct plan_objects *objects, const struct actual *actual,
			  const struct weft_template *want)
{
	if (has_template(actual, want->id))
		return;
	objects->templates = memory_grow(objects->templates, objects->n_templates,
					 sizeof(*objects->templates));
	objects->templates[objects->n_templates++] = want;
}

void plan_objects(struct plan *plan, const struct config *config, const struct actual *actual)
{
	struct plan_objects *objects = &plan->objects;
	const struct nat *nat = config->nat;

	plan_pools(objects, nat, actual);
	for (size_t i = 0; nat && i < nat->n_templates; i++)
		want_template(objects, actual, &nat->templates[i].tmpl);
	for (size_t i = 0; config->arp && i < config->arp->n_templates; i++)
		want_template(objects, actual, &config->arp->templates[i]);
	for (size_t i = 0; i < config->learn.n; i++)
		want_template(objects, actual, &config->learn.templates[i]);
	for (size_t i = 0; i < actual->n_templates; i++) {
		const struct weft_template *have = &actual->templates[i];
		bool of_nat = nat_owns(have->id);

		if (stays(config, have))
			continue;
		/* what was learned of addresses is learned again */
		if (of_nat && have->n_instances && nat && !nat->cut) {
			objects->n_draining++;
			continue;
		}
		objects->templates_del = memory_grow(objects->templates_del,
						     objects->n_templates_del,
						     sizeof(*objects->templates_del));
		objects->templates_del[objects->n_templates_del++] = have;
	}
	for (size_t i = 0; i < actual->n_pools; i++) {
		const struct weft_pool *have = &actual->pools[i];

		if (!nat_owns(have->id) || is_pool_wanted(nat, have->id) ||
		    is_drawn_from(objects, actual, have->id))
			continue;
		objects->pools_del = memory_grow(objects->pools_del, objects->n_pools_del,
						 sizeof(*objects->pools_del));
		objects->pools_del[objects->n_pools_del++] = have;
	}
}

bool plan_objects_is_empty(const struct plan_objects *objects)
{
	return !objects->n_pools && !objects->n_templates && !objects->n_templates_del &&
	       !objects->n_pools_del;
}

void plan_objects_print(const struct plan *plan, FILE *out)
{
	const struct plan_objects *objects = &plan->objects;

	for (size_t i = 0; i < objects->n_pools; i++) {
		char *text = weft_pool_format(objects->pools[i].want, 0);

		fprintf(out, "%c pool %s\n", objects->pools[i].have ? '~' : '+', text ? text : "?");
		free(text);
	}
	for (size_t i = 0; i < objects->n_templates; i++)
		fprintf(out, "+ template %u %s\n", objects->templates[i]->id,
			objects->templates[i]->name);
	for (size_t i = 0; i < objects->n_templates_del; i++)
		fprintf(out, "- template %u %s\n", objects->templates_del[i]->id,
			objects->templates_del[i]->name);
	for (size_t i = 0; i < objects->n_pools_del; i++)
		fprintf(out, "- pool %u\n", objects->pools_del[i]->id);
	if (objects->n_draining)
		fprintf(out, "# %zu templates wait for their instances to end\n",
			objects->n_draining);
}

void plan_objects_free(struct plan_objects *objects)
{
	free(objects->pools);
	free(objects->templates);
	free(objects->templates_del);
	free(objects->pools_del);
	*objects = (struct plan_objects){ 0 };
}
