/* SPDX-License-Identifier: Apache-2.0 */
/* net_test.h - networks for the tests, and their entries as text. */
#ifndef NET_TEST_H
#define NET_TEST_H

#include "agent_test.h"
#include "net/compile.h"
#include "net/net.h"
#include "net/rule.h"
#include "net/stage.h"

/* ports by the digest of their name: numbers that do not depend on what else there is */
static inline int test_port_id(void *ctx, const char *name, uint32_t *id)
{
	*id = 1 + map_hash_string(name) % 65535;
	return 0;
}

static inline int test_table_id(void *ctx, const char *name, uint8_t *id)
{
	for (size_t i = 0; i < n_stages; i++) {
		if (strcmp(stages[i].name, name))
			continue;
		*id = stages[i].table;
		return 0;
	}
	return -ENOENT;
}

static inline int test_remote(void *ctx, const char *name, struct weft_remote *remote)
{
	const struct net *const *net = ctx;
	const struct net_object *host = net_find(*net, NET_HOST, name);

	if (!host)
		return -ENOENT;
	remote->ipv6 = host->host.address.family == AF_INET6;
	memcpy(remote->addr, host->host.address.bytes, sizeof(remote->addr));
	return 0;
}

static inline int test_template_id(void *ctx, const char *name, uint32_t *id)
{
	*id = 1 + map_hash_string(name) % 65535;
	return 0;
}

/* net: where the pointer to the network is */
static inline struct weft_names test_names(const struct net **net)
{
	return (struct weft_names){
		.port_id = test_port_id,
		.table_id = test_table_id,
		.remote = test_remote,
		.template_id = test_template_id,
		.ctx = net,
	};
}

static inline struct net_compiled *test_compile(const struct net *net,
						const struct net_compiled *before)
{
	struct weft_names names = test_names(&net);
	struct errors errors = { 0 };
	struct net_compiled *compiled = net_compile(net, &names, before, &errors);

	if (errors.n_kept)
		print_error("%s\n", errors.text[0]);
	assert_non_null(compiled);
	return compiled;
}

#endif
