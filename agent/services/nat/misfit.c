// SPDX-License-Identifier: Apache-2.0
/*
 * misfit.c - flow entries against the rules that they name.
 *
 * An entry that lets in more than its rule is for would have connections translated, or asked
 * about and refused, one by one; that is better said when the file is read.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "memory.h"
#include "services/nat/nat.h"

static bool is_within(const struct weft_match *match, bool source, const struct address *prefix)
{
	enum weft_field field = prefix->family == AF_INET6 ?
					(source ? WEFT_FIELD_IPV6_SRC : WEFT_FIELD_IPV6_DST) :
					(source ? WEFT_FIELD_IP_SRC : WEFT_FIELD_IP_DST);
	const struct weft_field_value *value = weft_match_get(match, field);

	if (!value)
		return !prefix->prefix_len;
	for (unsigned int i = 0; i < prefix->prefix_len; i++) {
		uint8_t bit = 0x80 >> i % 8;

		if (!(value->mask[i / 8] & bit) ||
		    (value->value[i / 8] ^ prefix->bytes[i / 8]) & bit)
			return false;
	}
	return true;
}

static bool is_number(const struct weft_match *match, enum weft_field field, uint64_t wanted)
{
	uint64_t number;

	return weft_match_exact_uint(match, field, &number) && number == wanted;
}

static const char *misfit_pair(const struct nat_template *template, const struct weft_match *match)
{
	const struct nat_rule *rule = template->rule;
	bool from_outside = template->from_outside;

	if (!is_within(match, !from_outside, from_outside ? &rule->outside : &rule->inside))
		return from_outside ? "outside" : "inside";
	if (rule->has_destination && !is_within(match, from_outside, &rule->destination))
		return "destination";
	return NULL;
}

/* the member of the rule that does not hold for all packets of the entry */
static const char *misfit(const struct nat_template *template, const struct weft_match *match)
{
	const struct nat_rule *rule = template->rule;
	uint16_t eth_type = rule->family == AF_INET6 ? 0x86dd : 0x0800;

	if (!is_number(match, WEFT_FIELD_ETH_TYPE, eth_type))
		return "family";
	if (rule->kind == NAT_ONE_TO_ONE || rule->kind == NAT_SUBNET)
		return misfit_pair(template, match);
	if (rule->has_source && !is_within(match, true, &rule->source))
		return "source";
	if (rule->has_destination && !is_within(match, false, &rule->destination))
		return "destination";
	if (rule->kind == NAT_SNAT || rule->kind == NAT_SANITISE)
		return NULL;
	if (!is_within(match, false, &rule->outside))
		return "address";
	if (rule->protocol && !is_number(match, WEFT_FIELD_IP_PROTO, rule->protocol))
		return "protocol";
	if (rule->outside_port && !is_number(match, WEFT_FIELD_L4_DST, rule->outside_port))
		return "port";
	return NULL;
}

char *nat_flow_misfit(const struct nat_template *template, const struct weft_flow *flow)
{
	const struct nat_rule *rule = template->rule;
	/* the hint's entry is nowhere that the packet comes by, so who sends may be anywhere */
	bool hint = rule->kind == NAT_SANITISE && template->from_outside;
	bool unnat = template->from_outside;
	uint8_t table = rule->slice->tables[unnat ? NAT_TABLE_UNNAT : NAT_TABLE_NAT];
	const char *member;

	if (!hint && flow->table != table)
		return memory_printf("template:%s is for entries of table %u (%s.tables.%s)",
				     template->tmpl.name, table, rule->slice->where,
				     unnat ? "unnat" : "nat");
	if (rule->priority >= 0 && flow->priority != rule->priority)
		return memory_printf("has priority %u, template:%s is for %d (%s.priority)",
				     flow->priority, template->tmpl.name, rule->priority,
				     rule->where);
	member = misfit(template, &flow->match);
	if (!member)
		return NULL;
	return memory_printf("lets in packets that template:%s is not for (%s.%s)",
			     template->tmpl.name, rule->where, member);
}
