/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - the table map: which flow table is which stage of a logical network.
 *
 * One map for every logical datapath set; Documentation/pipeline.md and its picture are made from
 * it, and tests/unit/net_stage_test.c compares them. The numbers leave room for stages to come.
 */
#ifndef WEFTD_NET_STAGE_H
#define WEFTD_NET_STAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* whose stage it is: of the host, of a logical switch, of a logical router */
enum stage_owner {
	STAGE_HOST,
	STAGE_SWITCH,
	STAGE_ROUTER,
};

#define STAGE_NEXT_MAX 8

struct stage {
	uint8_t table;
	const char *name; /* of the table, in flow entries */
	enum stage_owner owner;
	const char *title;
	const char *miss;		  /* actions for packets that no entry matches */
	const char *next[STAGE_NEXT_MAX]; /* tables where packets may go on */
};

extern const struct stage stages[];
extern const size_t n_stages;

/* what registers carry from one stage to another */
struct stage_register {
	const char *name;
	const char *meaning;
};

extern const struct stage_register stage_registers[];
extern const size_t n_stage_registers;

/* values of the field "stage": what a packet has left to do on the host that it is sent to */
enum stage_left {
	STAGE_LEFT_NOTHING = 0,
	STAGE_LEFT_ACL_OUT = 1, /* egress ACL of the logical port, or of each port of the group */
	STAGE_LEFT_SWITCH = 2,	/* all of the switch, from its ingress ACL */
				/* 3 to 5 are between ARP daemons: enum arp_stage */
};

/* reg2, as entries have it: nobody has the address of the next hop */
#define STAGE_WHY_NEIGHBOUR "3"

/* logical egress port that stands for all ports of a switch but the one of entry */
#define STAGE_GROUP_ALL 65535

/* the same for its ports that learn, but the one of entry */
#define STAGE_GROUP_LEARN 65534

/* the part of pipeline.md between its marks, and pipeline.svg */
void stage_write_tables(FILE *out);
void stage_write_picture(FILE *out);

#endif
