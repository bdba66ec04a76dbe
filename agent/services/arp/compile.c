// SPDX-License-Identifier: Apache-2.0
/*
 * compile.c - the templates of a section: see section.h.
 *
 * ARP_RESOLVE is what a router's packet meets whose next hop has no entry: it waits while the
 * daemon finds the MAC address; if nobody has it, its sender is told. ARP_MAP_… are the map server:
 * a publication makes an entry by which questions are turned into answers and sent back, without
 * anybody in user space.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "net/stage.h"
#include "services/arp/section.h"

#define MAP_FAIL                                                                                   \
	"fail: drop:pool_exhausted\n" /* which does not happen, but is what the kernel says */
#define MAP_LIVES 3 /* an entry of the map outlives so many publications that were lost */

static char *seconds(char *text, size_t room, uint32_t ms)
{
	snprintf(text, room, "%u.%03u", ms / 1000, ms % 1000);
	return text;
}

/* asking map servers and peers in turn, and a moment more */
static uint32_t longest_ms(const struct arp_section *arp)
{
	return arp->n_servers * arp->times.v[ARP_MAP_TRY] +
	       arp->times.v[ARP_TRIES] * arp->times.v[ARP_TRY] + 500;
}

static char *resolve_text(const struct arp_section *arp)
{
	char idle[24], negative[24], pending[24];
	unsigned int table = arp->tables[ARP_TABLE_RESOLVE], next = arp->tables[ARP_TABLE_NEXT];

	return memory_printf(
		"1 " ARP_RESOLVE " mode=service service=" ARP_SERVICE " idle=%s fail_timeout=%s "
		"pending_packets=%u pending_timeout=%s\n"
		"ip: when=ipv4, table=%u, ldp=$ldp, lout=$lout, ip, reg4=$reg4 "
		"actions=set:eth_dst=@v0, set:reg8=@v1, goto:%u\n"
		"ipv6: when=ipv6, table=%u, ldp=$ldp, lout=$lout, ipv6, reg4=$reg4, reg5=$reg5, "
		"reg6=$reg6, reg7=$reg7 actions=set:eth_dst=@v0, set:reg8=@v1, goto:%u\n"
		"fail: load:reg2=" STAGE_WHY_NEIGHBOUR ", goto:%u\n",
		seconds(idle, sizeof(idle), arp->times.v[ARP_IDLE]),
		seconds(negative, sizeof(negative), arp->times.v[ARP_NEGATIVE]),
		arp->times.v[ARP_PACKETS], seconds(pending, sizeof(pending), longest_ms(arp)),
		table, next, table, next, arp->tables[ARP_TABLE_ERROR]);
}

static char *map_arp_text(const struct arp_section *arp)
{
	char idle[24];

	return memory_printf("1 " ARP_MAP_ARP " mode=kernel idle=%s\n"
			     "answer: table=%u, priority=100, ldp=$ldp, arp, arp_op=1, "
			     "arp_tpa=$arp_spa "
			     "actions=move:eth_src[0..31]->reg0, move:eth_src->eth_dst, "
			     "set:eth_src=$eth_src, set:arp_op=2, move:arp_sha->arp_tha, "
			     "set:arp_sha=$arp_sha, move:arp_spa->arp_tpa, set:arp_spa=$arp_spa, "
			     "load:stage=%u, goto:%u\n" MAP_FAIL,
			     seconds(idle, sizeof(idle), MAP_LIVES * arp->times.v[ARP_PUBLISH]),
			     arp->tables[ARP_TABLE_MAP], ARP_STAGE_DAEMON,
			     arp->tables[ARP_TABLE_PHYSICAL]);
}

static char *map_nd_text(const struct arp_section *arp)
{
	char idle[24];

	return memory_printf("1 " ARP_MAP_ND " mode=kernel idle=%s\n"
			     "answer: when=ipv6|other, table=%u, priority=100, ldp=$ldp, nd_na, "
			     "nd_target=$nd_target "
			     "actions=move:eth_src[0..31]->reg0, move:eth_src->eth_dst, "
			     "set:eth_src=$eth_src, move:ipv6_src->ipv6_dst, "
			     "set:ipv6_src=$ipv6_src, set:nd_tll=$nd_tll, "
			     "load:stage=%u, goto:%u\n" MAP_FAIL,
			     seconds(idle, sizeof(idle), MAP_LIVES * arp->times.v[ARP_PUBLISH]),
			     arp->tables[ARP_TABLE_MAP], ARP_STAGE_DAEMON,
			     arp->tables[ARP_TABLE_PHYSICAL]);
}

static bool id_is_free(const struct arp_section *arp, const struct weft_template *have,
		       size_t n_have, uint32_t id)
{
	for (size_t i = 0; i < arp->n_templates; i++) {
		if (arp->templates[i].id == id)
			return false;
	}
	for (size_t i = 0; i < n_have; i++) {
		if (have[i].id == id)
			return false;
	}
	return true;
}

/* the one that the kernel has, or a new one */
static void choose_id(const struct arp_section *arp, const struct weft_template *have,
		      size_t n_have, struct weft_template *tmpl)
{
	for (size_t i = 0; i < n_have; i++) {
		if (!arp_owns(have[i].id) || strcmp(have[i].name, tmpl->name))
			continue;
		tmpl->id = have[i].id;
		if (weft_template_equal(tmpl, &have[i]))
			return;
	}
	tmpl->id = ARP_ID_FIRST;
	while (!id_is_free(arp, have, n_have, tmpl->id))
		tmpl->id++;
}

static bool add_template(struct arp_section *arp, const struct weft_template *have, size_t n_have,
			 char *text, const char *file, struct errors *errors)
{
	struct weft_error error = { .msg = "out of memory" };
	struct weft_template tmpl;
	char words[600];
	bool good = !weft_template_parse(&tmpl, text, NULL, &error);

	if (good) {
		choose_id(arp, have, n_have, &tmpl);
		arp->templates = memory_grow(arp->templates, arp->n_templates,
					     sizeof(*arp->templates));
		arp->templates[arp->n_templates++] = tmpl;
	} else
		errors_add(errors, "%s: $.arp: %s, in %s", file,
			   weft_error_text(&error, words, sizeof(words)), text);
	free(text);
	return good;
}

bool arp_compile(struct arp_section *arp, const struct weft_template *have, size_t n_have,
		 const char *file, struct errors *errors)
{
	if (!add_template(arp, have, n_have, resolve_text(arp), file, errors))
		return false;
	return !arp->serves || (add_template(arp, have, n_have, map_arp_text(arp), file, errors) &&
				add_template(arp, have, n_have, map_nd_text(arp), file, errors));
}

const struct weft_template *arp_find_template(const struct arp_section *arp, const char *name)
{
	for (size_t i = 0; arp && i < arp->n_templates; i++) {
		if (!strcmp(arp->templates[i].name, name))
			return &arp->templates[i];
	}
	return NULL;
}

const struct weft_template *arp_find_template_id(const struct arp_section *arp, uint32_t id)
{
	for (size_t i = 0; arp && i < arp->n_templates; i++) {
		if (arp->templates[i].id == id)
			return &arp->templates[i];
	}
	return NULL;
}
