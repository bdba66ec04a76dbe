// SPDX-License-Identifier: Apache-2.0
/*
 * Flow tables: the structure, and the requests about them.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "wl.h"

/**
 * weft_table_init - begin with table 0 without miss actions
 * @table: to initialise
 */
void weft_table_init(struct weft_table *table)
{
	*table = (struct weft_table){ 0 };
}

/**
 * weft_table_free - free what a table holds
 * @table: left empty
 */
void weft_table_free(struct weft_table *table)
{
	weft_actions_free(&table->miss);
	weft_table_init(table);
}

/**
 * weft_table_copy - copy a table
 * @out: uninitialised; the caller frees it
 * @table: to copy
 *
 * Returns 0 or -ENOMEM.
 */
int weft_table_copy(struct weft_table *out, const struct weft_table *table)
{
	*out = *table;
	return weft_actions_copy(&out->miss, &table->miss);
}

static int table_get_attr(struct weft_table *table, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_TABLE_A_MAX)
		weft_mark(table, type);
	switch (type) {
	case WEFT_TABLE_A_DP:
		return wl_attr_str(attr, table->dp, sizeof(table->dp));
	case WEFT_TABLE_A_ID:
		return wl_attr_u8(attr, &table->id);
	case WEFT_TABLE_A_MISS:
		weft_actions_free(&table->miss);
		return weft_actions_get_attrs(&table->miss, attr);
	case WEFT_TABLE_A_N_FLOWS:
		return wl_attr_u32(attr, &table->n_flows);
	case WEFT_TABLE_A_N_MASKS:
		return wl_attr_u32(attr, &table->n_masks);
	case WEFT_TABLE_A_MATCHED:
		return wl_attr_u64(attr, &table->matched);
	case WEFT_TABLE_A_MISSED:
		return wl_attr_u64(attr, &table->missed);
	}
	return 0;
}

int wl_table_get_msg(struct weft_table *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_table_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = table_get_attr(out, attr);
		if (err) {
			weft_table_free(out);
			return err;
		}
	}
	return 0;
}

/* All but the datapath; the list of actions is sent even when it is empty */
int wl_table_put_attrs(struct nlmsghdr *nlh, size_t size, const struct weft_table *table)
{
	if (!mnl_attr_put_u8_check(nlh, size, WEFT_TABLE_A_ID, table->id))
		return -EMSGSIZE;
	return weft_actions_put_attrs(nlh, size, WEFT_TABLE_A_MISS, &table->miss);
}

WL_OBJECT(table, weft_table_copy, weft_table_free)

/**
 * weft_table_get - ask for one table
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the table
 * @out: uninitialised; on success the caller frees it
 *
 * Returns 0, -ENODEV when there is no such datapath, or another -errno.
 */
int weft_table_get(struct weft_sock *sock, const char *dp, uint8_t id, struct weft_table *out)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_TABLE_GET, 0);

	wl_put_name(nlh, WEFT_TABLE_A_DP, dp);
	mnl_attr_put_u8(nlh, WEFT_TABLE_A_ID, id);
	return table_request_one(sock, nlh, out);
}

/**
 * weft_table_set - set what is done with packets that no entry matches
 * @sock: the socket
 * @dp: name of the datapath
 * @table: id and miss actions; none at all are drop:table_miss
 *
 * Returns 0, -ENODEV when there is no such datapath, or another -errno.
 */
int weft_table_set(struct weft_sock *sock, const char *dp, const struct weft_table *table)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_TABLE_SET, 0);
	int err;

	wl_put_name(nlh, WEFT_TABLE_A_DP, dp);
	err = wl_table_put_attrs(nlh, WL_MSG_SIZE, table);
	if (err)
		return wl_sock_fail(sock, err, "the miss actions do not fit into a message");
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_table_dump - visit the tables that have entries or miss actions
 * @sock: the socket
 * @dp: name of the datapath
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when tables changed meanwhile, what @cb returned, or -errno.
 */
int weft_table_dump(struct weft_sock *sock, const char *dp,
		    int (*cb)(const struct weft_table *table, void *ctx), void *ctx)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_TABLE_GET, NLM_F_DUMP);

	wl_put_name(nlh, WEFT_TABLE_A_DP, dp);
	return table_request_each(sock, nlh, cb, ctx);
}

/**
 * weft_table_list - all tables that have entries or miss actions
 * @sock: the socket
 * @dp: name of the datapath
 * @tables: gets an array that weft_table_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when tables kept changing, or -errno with no array.
 */
int weft_table_list(struct weft_sock *sock, const char *dp, struct weft_table **tables, size_t *n)
{
	WL_LIST_TRY(table, tables, n, weft_table_dump(sock, dp, table_append, &list));
}

/**
 * weft_table_list_free - free what weft_table_list() returned
 * @tables: the array; may be NULL
 * @n: its length
 */
void weft_table_list_free(struct weft_table *tables, size_t n)
{
	table_list_clear(tables, n);
}
