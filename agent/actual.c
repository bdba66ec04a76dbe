// SPDX-License-Identifier: Apache-2.0
/*
 * actual.c - one look at the kernel.
 *
 * The objects are dumped one kind after the other, so a change by somebody else may fall
 * between two of them. That is harmless: the plan made from it is either refused as a whole,
 * or followed by the notification of that change, which makes weftd look again.
 */
#include <errno.h>
#include <string.h>

#include "actual.h"

static bool is_absent(int result)
{
	return result == -ENOENT || result == -ENODEV;
}

static int read_dp(struct actual *actual, struct weft_sock *sock, const char *dp, bool with_flows)
{
	int result;

	result = weft_dp_get(sock, dp, &actual->dp);
	if (is_absent(result))
		return 0;
	if (result)
		return result;
	actual->has_dp = true;
	result = weft_port_list(sock, dp, &actual->ports, &actual->n_ports);
	if (!result)
		result = weft_pool_list(sock, dp, &actual->pools, &actual->n_pools);
	if (!result)
		result = weft_template_list(sock, dp, &actual->templates, &actual->n_templates);
	if (!result)
		result = weft_label_list(sock, dp, &actual->labels, &actual->n_labels);
	if (result || !with_flows)
		return result;
	result = weft_table_list(sock, dp, &actual->tables, &actual->n_tables);
	if (result)
		return result;
	return weft_flow_list(sock, dp, NULL, &actual->flows, &actual->n_flows);
}

int actual_read(struct actual *actual, struct weft_sock *sock, struct link_sock *link_sock,
		const char *dp, bool with_flows)
{
	int result;

	memset(actual, 0, sizeof(*actual));
	result = links_list(link_sock, &actual->links);
	if (!result && sock)
		result = read_dp(actual, sock, dp, with_flows);
	if (!result)
		return 0;
	actual_free(actual);
	return result > 0 ? -EAGAIN : result;
}

void actual_free(struct actual *actual)
{
	weft_flow_list_free(actual->flows, actual->n_flows);
	weft_template_list_free(actual->templates, actual->n_templates);
	weft_label_list_free(actual->labels, actual->n_labels);
	weft_pool_list_free(actual->pools, actual->n_pools);
	weft_table_list_free(actual->tables, actual->n_tables);
	weft_port_list_free(actual->ports, actual->n_ports);
	if (actual->has_dp)
		weft_dp_free(&actual->dp);
	links_free(&actual->links);
	memset(actual, 0, sizeof(*actual));
}
