// SPDX-License-Identifier: Apache-2.0
/* stage.c - the table map as data, and as text and picture. */
#include <string.h>

#include "stage.h"

const struct stage stages[] = {
	{ 0,
	  "context",
	  STAGE_HOST,
	  "ingress context",
	  "drop:no_ldp",
	  { "l2_security", "l2_learn", "l2_acl_in", "l2_acl_out", "l2_flood", "output", "physical",
	    "map" } },
	{ 4,
	  "l2_security",
	  STAGE_SWITCH,
	  "port security",
	  "drop:spoof",
	  { "l2_learn", "l2_acl_in" } },
	{ 5, "l2_learn", STAGE_SWITCH, "whose MAC address?", "drop:no_ldp", { "l2_learned" } },
	{ 6,
	  "l2_learned",
	  STAGE_SWITCH,
	  "on, as without learning",
	  "drop:no_ldp",
	  { "l2_acl_in", "l2_flood", "l2_acl_out", "output" } },
	{ 8,
	  "l2_acl_in",
	  STAGE_SWITCH,
	  "L2 ingress ACL",
	  "drop:no_ldp",
	  { "l2_neighbour", "l2_lookup" } },
	{ 12, "l2_neighbour", STAGE_SWITCH, "address questions", "drop:no_ldp", { "l2_lookup" } },
	{ 16,
	  "l2_lookup",
	  STAGE_SWITCH,
	  "L2 lookup",
	  "drop:no_neighbour",
	  { "l2_acl_out", "l2_flood", "egress" } },
	{ 20,
	  "l2_flood",
	  STAGE_SWITCH,
	  "one copy for each port",
	  "drop:no_ldp",
	  { "l2_acl_out", "output" } },
	{ 24,
	  "l2_acl_out",
	  STAGE_SWITCH,
	  "L2 egress ACL",
	  "drop:no_ldp",
	  { "egress", "l2_lookup" } },
	{ 28, "l2_error", STAGE_SWITCH, "too long for a tunnel", "drop:not_forwarded", { NULL } },
	{ 32,
	  "l3_acl_in",
	  STAGE_ROUTER,
	  "L3 ingress ACL",
	  "drop:not_forwarded",
	  { "l3_local", "l3_error" } },
	{ 36,
	  "l3_local",
	  STAGE_ROUTER,
	  "addresses of the router",
	  "drop:no_ldp",
	  { "l3_hint", "l3_policy", "l3_error" } },
	{ 40, "l3_hint", STAGE_ROUTER, "reverse hint", "drop:no_ldp", { "l3_dnat", "l3_policy" } },
	{ 44,
	  "l3_dnat",
	  STAGE_ROUTER,
	  "DNAT, load balancing",
	  "drop:no_ldp",
	  { "l3_policy", "l3_route" } },
	{ 48,
	  "l3_policy",
	  STAGE_ROUTER,
	  "policy routes",
	  "drop:no_ldp",
	  { "l3_route", "l3_nexthop" } },
	{ 52,
	  "l3_route",
	  STAGE_ROUTER,
	  "routes, longest prefix",
	  "drop:no_route",
	  { "l3_nexthop", "l3_error" } },
	{ 56, "l3_nexthop", STAGE_ROUTER, "next hop", "drop:no_route", { "l3_snat", "l3_error" } },
	{ 60, "l3_snat", STAGE_ROUTER, "SNAT", "drop:no_ldp", { "l3_acl_out" } },
	{ 64,
	  "l3_acl_out",
	  STAGE_ROUTER,
	  "L3 egress ACL",
	  "drop:no_ldp",
	  { "l3_resolve", "l3_error" } },
	{ 68,
	  "l3_resolve",
	  STAGE_ROUTER,
	  "MAC resolution",
	  "drop:no_neighbour",
	  { "egress", "l3_error" } },
	{ 72, "l3_error", STAGE_ROUTER, "ICMP errors", "drop:not_forwarded", { "l3_route" } },
	{ 80,
	  "egress",
	  STAGE_HOST,
	  "egress context",
	  "drop:no_ldp",
	  { "output", "physical", "l3_acl_in", "l2_acl_in" } },
	{ 84, "physical", STAGE_HOST, "physical mapping", "drop:no_ldp", { "l2_error" } },
	{ 88, "output", STAGE_HOST, "output", "drop:no_ldp", { NULL } },
	{ 92, "map", STAGE_HOST, "map server", "drop:no_neighbour", { "physical" } },
};

const size_t n_stages = sizeof(stages) / sizeof(*stages);

const struct stage_register stage_registers[] = {
	{ "ldp", "the logical switch or router that the packet is in" },
	{ "lin", "its logical port of entry there" },
	{ "lout", "its logical port of exit there; 65535: every port but that of entry, "
		  "65534: every such port that learns" },
	{ "stage", "what is left to do on the next host" },
	{ "reg0", "number of the host that has the port of exit" },
	{ "reg1", "next hop" },
	{ "reg2",
	  "what l3_error is to say: 1 time exceeded, 2 no route, 3 no neighbour, 4 prohibited, "
	  "5 too big" },
	{ "reg4", "address of the next hop; of IPv6 reg4 to reg7" },
	{ "reg8", "number of the host whose ARP daemon knew it; 0: not asked" },
	{ "reg9", "how many MAC addresses its logical port of entry may have learned" },
	{ "reg10", "how many its logical switch may have learned" },
};

const size_t n_stage_registers = sizeof(stage_registers) / sizeof(*stage_registers);

static const char *const owners[] = { "host", "switch", "router" };

void stage_write_tables(FILE *out)
{
	fputs("| table | name | of | stage | goes on in | no entry |\n|---|---|---|---|---|---|\n",
	      out);
	for (size_t i = 0; i < n_stages; i++) {
		const struct stage *stage = &stages[i];

		fprintf(out, "| %u | `%s` | %s | %s |", stage->table, stage->name,
			owners[stage->owner], stage->title);
		for (size_t n = 0; n < STAGE_NEXT_MAX && stage->next[n]; n++)
			fprintf(out, "%s `%s`", n ? "," : "", stage->next[n]);
		fprintf(out, " | `%s` |\n", stage->miss);
	}
	fputs("\n| register | carries |\n|---|---|\n", out);
	for (size_t i = 0; i < n_stage_registers; i++)
		fprintf(out, "| `%s` | %s |\n", stage_registers[i].name,
			stage_registers[i].meaning);
}

/* ---- the picture: a column for each owner, a row for each stage --------- */

#define BOX_WIDTH 190
#define BOX_HEIGHT 30
#define ROW 44
#define COLUMN 280
#define TOP 40
#define LEFT 20

static int box_x(const struct stage *stage)
{
	static const int column[] = { [STAGE_HOST] = 0, [STAGE_SWITCH] = 1, [STAGE_ROUTER] = 2 };

	return LEFT + column[stage->owner] * COLUMN;
}

static int box_y(size_t row)
{
	return TOP + (int)row * ROW;
}

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < n_stages && strcmp(stages[i].name, name))
		i++;
	return i;
}

static void write_arrow(FILE *out, size_t from, size_t to)
{
	const struct stage *a = &stages[from], *b = &stages[to];
	int x1 = box_x(a) + BOX_WIDTH / 2, y1 = box_y(from) + BOX_HEIGHT;
	int x2 = box_x(b) + BOX_WIDTH / 2, y2 = box_y(to);

	if (a->owner == b->owner && to != from + 1) { /* around those between them */
		int bend = 26 + 8 * (to > from ? (int)(to - from) : (int)(from - to));

		x1 = x2 = box_x(a) + BOX_WIDTH;
		y1 -= BOX_HEIGHT / 2;
		y2 += BOX_HEIGHT / 2;
		fprintf(out, "<path d=\"M%d %d C%d %d %d %d %d %d\"/>\n", x1, y1, x1 + bend, y1,
			x2 + bend, y2, x2, y2);
		return;
	}
	if (a->owner != b->owner) { /* from side to side */
		x1 = box_x(a) + (a->owner < b->owner ? BOX_WIDTH : 0);
		x2 = box_x(b) + (a->owner < b->owner ? 0 : BOX_WIDTH);
		y1 -= BOX_HEIGHT / 2;
		y2 += BOX_HEIGHT / 2;
	}
	fprintf(out, "<path d=\"M%d %d L%d %d\"/>\n", x1, y1, x2, y2);
}

void stage_write_picture(FILE *out)
{
	static const char *const colours[] = { "#e8e8e8", "#dcebfa", "#fbe9d4" };

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<!-- SPDX-License-Identifier: Apache-2.0; made from agent/net/stage.c -->\n"
		"<defs><marker id=\"a\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" "
		"orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"#444\" "
		"stroke=\"none\"/></marker></defs>\n",
		LEFT + 3 * COLUMN, box_y(n_stages) + LEFT);
	for (size_t i = 0; i < 3; i++)
		fprintf(out, "<text x=\"%d\" y=\"24\" font-weight=\"bold\">%s</text>\n",
			LEFT + (int)i * COLUMN, owners[i]);
	fputs("<g fill=\"none\" stroke=\"#444\" marker-end=\"url(#a)\">\n", out);
	for (size_t i = 0; i < n_stages; i++) {
		for (size_t n = 0; n < STAGE_NEXT_MAX && stages[i].next[n]; n++)
			write_arrow(out, i, find(stages[i].next[n]));
	}
	fputs("</g>\n", out);
	for (size_t i = 0; i < n_stages; i++)
		fprintf(out,
			"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"%s\" "
			"stroke=\"#444\"/>\n<text x=\"%d\" y=\"%d\">%u %s</text>\n",
			box_x(&stages[i]), box_y(i), BOX_WIDTH, BOX_HEIGHT,
			colours[stages[i].owner], box_x(&stages[i]) + 8, box_y(i) + 19,
			stages[i].table, stages[i].title);
	fputs("</svg>\n", out);
}
