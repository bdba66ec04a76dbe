/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relation.h - what the rules work on: the rows that an object of a network stands for.
 *
 * For each object there are two functions of its kind: one tells the rows, the other the digest
 * of all that the rows are made from, of other objects too. As long as that is the same the rows
 * are, and nobody needs to ask for them.
 */
#ifndef WEFTD_NET_RELATION_H
#define WEFTD_NET_RELATION_H

#include <stdint.h>

#include "net/net.h"
#include "net/rule.h"

#define ROW_TEXT 96

struct row {
	const char *v[COL_N]; /* NULL: the relation has no such column */
	char text[COL_N][ROW_TEXT];
};

typedef void (*relation_row_fn)(void *ctx, enum net_relation relation, const struct row *row);

/* relation_rows: call row_fn for each row of an object */
void relation_rows(const struct net *net, const struct net_object *object, relation_row_fn row_fn,
		   void *ctx);

/* relation_tunnel_rows: for those of the network itself */
void relation_tunnel_rows(const struct net *net, relation_row_fn row_fn, void *ctx);

/* relation_digest: of all that relation_rows looks at */
uint64_t relation_digest(const struct net *net, const struct net_object *object);
uint64_t relation_tunnel_digest(const struct net *net);

/* relation_cookie: the cookie of all entries that are made from an object */
uint64_t relation_cookie(const struct net_object *object);

#endif
