// SPDX-License-Identifier: Apache-2.0
/*
 * names.c - the library asks here what port or template a name or a number is.
 *
 * Most commands mention no port by name, so nothing is fetched before the first
 * question. A question comes while a text is parsed or printed, when the socket
 * is idle; who parses with a transaction open loads the names before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static int by_id(const void *a, const void *b)
{
	const struct weft_port *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_name(const void *a, const void *b)
{
	const struct weft_port *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* 0 or -errno */
static int load(struct cli *cli)
{
	struct port_names *names = &cli->names;
	int ret;

	if (names->loaded)
		return 0;
	if (names->quiet && !cli->sock) {
		names->loaded = true;
		ret = weft_sock_open(&cli->sock, -1);
		if (ret)
			return ret;
	}
	if (!cli->dp[0]) {
		struct weft_dp *dps;
		size_t n;

		names->loaded = true;
		ret = weft_dp_list(cli->sock, &dps, &n);
		if (ret < 0)
			return ret;
		if (n == 1)
			snprintf(cli->dp, sizeof(cli->dp), "%s", dps[0].name);
		weft_dp_list_free(dps, n);
		if (n != 1)
			return -ENOENT;
	}
	ret = weft_port_list(cli->sock, cli->dp, &names->ports, &names->n);
	if (ret < 0) {
		names->ports = NULL;
		names->n = 0;
		return ret;
	}
	names->loaded = true;
	sort(names->ports, names->n, sizeof(*names->ports), by_id);
	names->by_name = calloc(names->n + 1, sizeof(*names->by_name));
	if (!names->by_name)
		return -ENOMEM;
	for (size_t i = 0; i < names->n; i++)
		names->by_name[i] = &names->ports[i];
	sort(names->by_name, names->n, sizeof(*names->by_name), by_name);
	return 0;
}

static int port_id(void *ctx, const char *name, uint32_t *id)
{
	struct cli *cli = ctx;
	struct weft_port key = {}, *wanted = &key, **found;
	int ret = load(cli);

	if (ret)
		return cli->names.quiet ? -ENOENT : ret;
	if (strlen(name) >= sizeof(key.name) || !cli->names.n)
		return -ENOENT;
	strcpy(key.name, name);
	found = bsearch(&wanted, cli->names.by_name, cli->names.n, sizeof(*found), by_name);
	if (!found)
		return -ENOENT;
	*id = (*found)->id;
	return 0;
}

static const char *port_name(void *ctx, uint32_t id)
{
	struct cli *cli = ctx;
	struct weft_port key = { .id = id }, *found;

	/* "flow parse" names ports in its answer only if its question did. */
	if (cli->names.quiet ? !cli->names.loaded : load(cli) != 0)
		return NULL;
	if (!cli->names.n)
		return NULL;
	found = bsearch(&key, cli->names.ports, cli->names.n, sizeof(key), by_id);
	return found ? found->name : NULL;
}

/* 0 or -errno; a kernel that does not answer has none */
static int load_templates(struct cli *cli)
{
	struct port_names *names = &cli->names;
	int ret;

	if (names->templates_loaded)
		return 0;
	/* opens the socket and chooses the datapath, if that is left to us */
	ret = load(cli);
	if (ret)
		return ret;
	if (!cli->sock || !cli->dp[0])
		return -ENOENT;
	names->templates_loaded = true;
	ret = weft_template_list(cli->sock, cli->dp, &names->templates, &names->n_templates);
	if (ret < 0) {
		names->templates = NULL;
		names->n_templates = 0;
	}
	return ret < 0 ? ret : 0;
}

static int template_id(void *ctx, const char *name, uint32_t *id)
{
	struct cli *cli = ctx;

	if (load_templates(cli))
		return -ENOENT;
	for (size_t i = 0; i < cli->names.n_templates; i++) {
		if (!strcmp(cli->names.templates[i].name, name)) {
			*id = cli->names.templates[i].id;
			return 0;
		}
	}
	return -ENOENT;
}

static const char *template_name(void *ctx, uint32_t id)
{
	struct cli *cli = ctx;

	if (cli->names.quiet || load_templates(cli))
		return NULL;
	for (size_t i = 0; i < cli->names.n_templates; i++)
		if (cli->names.templates[i].id == id)
			return cli->names.templates[i].name;
	return NULL;
}

const struct weft_names *names_of(struct cli *cli)
{
	cli->names.ops = (struct weft_names){
		.port_id = port_id,
		.port_name = port_name,
		.template_id = template_id,
		.template_name = template_name,
		.ctx = cli,
	};
	return &cli->names.ops;
}

int names_load(struct cli *cli)
{
	int ret = load(cli);

	if (ret)
		return cli_refused(cli, ret, "cannot list the ports of %s", cli->dp);
	return CLI_OK;
}

void names_forget(struct cli *cli)
{
	struct port_names *names = &cli->names;

	free(names->by_name);
	if (names->ports)
		weft_port_list_free(names->ports, names->n);
	weft_template_list_free(names->templates, names->n_templates);
	*names = (struct port_names){};
}
