/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reject.h - the flow entries by which TCP to a mapping that has gone is answered with RST.
 *
 * They are entries like those of a file: weftd gives them to the kernel with the others.
 */
#ifndef WEFT_NAT_REJECT_H
#define WEFT_NAT_REJECT_H

#include <stddef.h>

struct nat;
struct nat_rule;

/* of one rule; a pool of odd ranges would fill the table with more */
#define NAT_REJECTS_MAX 256

/* @text: an entry as in a file, of a rule */
typedef void (*nat_reject_fn)(void *ctx, const struct nat_rule *rule, const char *text);

/* nat_count_rejects: how many entries a rule with a pool comes to; counting ends above the limit */
size_t nat_count_rejects(const struct nat_rule *rule);

/* nat_each_reject: the entries of all rules that have "reject" */
void nat_each_reject(const struct nat *nat, nat_reject_fn fn, void *ctx);

#endif
