/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - what weft flow keeps in two files: flow.c and flowfile.c.
 */
#ifndef WEFT_CLI_FLOW_H
#define WEFT_CLI_FLOW_H

#include "cli.h"

int flow_by_key(const void *a, const void *b);
int flow_load(struct cli *cli, struct args *args);
int flow_replace(struct cli *cli, struct args *args);

#endif /* WEFT_CLI_FLOW_H */
