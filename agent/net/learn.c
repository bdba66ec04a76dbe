// SPDX-License-Identifier: Apache-2.0
/* learn.c - the templates by which switches learn MAC addresses; see learn.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "net/learn.h"
#include "net/net.h"
#include "net/stage.h"

/* below what the file says (l2-known), above what becomes of addresses that nobody knows */
#define PRIORITY_LEARNED 50

void net_learn_name(const struct net_switch *sw, char name[NET_LEARN_NAME])
{
	snprintf(name, NET_LEARN_NAME, "weft-mac-%u", (unsigned int)sw->learn_age);
}

static unsigned int table_of(const char *name)
{
	size_t i = 0;

	while (strcmp(stages[i].name, name))
		i++;
	return stages[i].table;
}

/*
 * The entry is for frames that come later, in another table than the action: so one that has an
 * instance goes on, keeps it from idling, and replaces it if it came by another port. One that is
 * given none goes on, too. How many there may be of a logical port, and of a switch, is in
 * registers: so another limit is another entry, and what was learned stays.
 */
static char *template_text(const char *name, unsigned int age_s)
{
	return memory_printf("1 %s mode=kernel idle=%u fallback=continue "
			     "limit=$reg9:ldp+lin limit=$reg10:ldp\n"
			     "mac: table=%u, priority=%d, ldp=$ldp, eth_dst=$eth_src "
			     "actions=set:lout=$lin, goto:%u\n"
			     "fail: drop:pool_exhausted\n", /* there is no pool: it cannot happen */
			     name, age_s, table_of("l2_lookup"), PRIORITY_LEARNED,
			     table_of("l2_acl_out"));
}

static bool id_is_free(const struct net_learn *learn, const struct weft_template *have,
		       size_t n_have, uint32_t id)
{
	bool taken = net_learn_find_id(learn, id);

	for (size_t i = 0; i < n_have; i++)
		taken = taken || have[i].id == id;
	return !taken;
}

/* the one that the kernel has, or a new one */
static void choose_id(const struct net_learn *learn, const struct weft_template *have,
		      size_t n_have, struct weft_template *tmpl)
{
	for (size_t i = 0; i < n_have; i++) {
		if (!net_learn_owns(have[i].id) || strcmp(have[i].name, tmpl->name))
			continue;
		tmpl->id = have[i].id;
		if (weft_template_equal(tmpl, &have[i]))
			return;
	}
	tmpl->id = NET_LEARN_ID_FIRST;
	while (!id_is_free(learn, have, n_have, tmpl->id))
		tmpl->id++;
}

static bool add_template(struct net_learn *learn, const struct net *net,
			 const struct net_object *of_switch, const struct weft_template *have,
			 size_t n_have, struct errors *errors)
{
	const struct net_switch *sw = &of_switch->sw;
	struct weft_error error = { .msg = "out of memory" };
	struct weft_template tmpl;
	char name[NET_LEARN_NAME], words[600], *text;
	bool good;

	net_learn_name(sw, name);
	if (net_learn_find(learn, name))
		return true;
	text = template_text(name, sw->learn_age);
	good = !weft_template_parse(&tmpl, text, NULL, &error);
	if (!good) {
		errors_add(errors, "%s: $.switches.%s: %s, in %s", net->file, of_switch->name,
			   weft_error_text(&error, words, sizeof(words)), text);
	} else {
		choose_id(learn, have, n_have, &tmpl);
		learn->templates = memory_grow(learn->templates, learn->n,
					       sizeof(*learn->templates));
		learn->templates[learn->n++] = tmpl;
	}
	free(text);
	if (!good || tmpl.id <= NET_LEARN_ID_LAST)
		return good;
	errors_add(errors, "%s: $.switches.%s.learn_age: switches have more than %d different ages",
		   net->file, of_switch->name, NET_LEARN_ID_LAST - NET_LEARN_ID_FIRST + 1);
	return false;
}

bool net_learn_compile(struct net_learn *learn, const struct net *net,
		       const struct weft_template *have, size_t n_have, struct errors *errors)
{
	bool good = true;

	for (size_t i = 0; net && i < net->n_objects[NET_SWITCH] && good; i++) {
		const struct net_object *object = &net->objects[NET_SWITCH][i];

		if (object->sw.here && object->sw.learns)
			good = add_template(learn, net, object, have, n_have, errors);
	}
	return good;
}

void net_learn_free(struct net_learn *learn)
{
	for (size_t i = 0; i < learn->n; i++)
		weft_template_free(&learn->templates[i]);
	free(learn->templates);
}

const struct weft_template *net_learn_find(const struct net_learn *learn, const char *name)
{
	for (size_t i = 0; i < learn->n; i++) {
		if (!strcmp(learn->templates[i].name, name))
			return &learn->templates[i];
	}
	return NULL;
}

const struct weft_template *net_learn_find_id(const struct net_learn *learn, uint32_t id)
{
	for (size_t i = 0; i < learn->n; i++) {
		if (learn->templates[i].id == id)
			return &learn->templates[i];
	}
	return NULL;
}

bool net_learn_owns(uint32_t id)
{
	return id >= NET_LEARN_ID_FIRST && id <= NET_LEARN_ID_LAST;
}
