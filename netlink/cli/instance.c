// SPDX-License-Identifier: Apache-2.0
/*
 * instance.c - weft instance: what templates made for packets: connections, bindings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define REFUSALS_MAX 10 /* told of one import */

void instance_print(struct cli *cli, const struct weft_instance *instance, bool lines)
{
	char *text = weft_instance_format(instance, names_of(cli),
					  output_flags(cli) | (lines ? WEFT_FMT_LINES : 0));

	puts(text ? text : "?");
	free(text);
}

/* ---- words ----------------------------------------------------------------- */

/*
 * Which ones: *@id, or (then 0) @filter. The datapath is chosen.
 * @all: the word "all" stands for an empty filter, which is otherwise refused
 */
static int take_filter(struct cli *cli, struct args *args, bool all, uint32_t *id,
		       struct weft_instance *filter)
{
	const char *dp = NULL;
	struct weft_error err;
	int status, ret;
	char *text;

	*id = 0;
	weft_instance_init(filter);
	status = args_dp(cli, args, &dp);
	if (!status)
		status = args_last_dp(cli, args, &dp);
	if (!status && all && !args_more(args))
		return cli_usage(cli, "the filter is missing (all instances: all)");
	if (status)
		return status;
	status = session_use_dp(cli, dp);
	if (status)
		return status;
	if (args->n - args->pos == 1) {
		if (all && args_accept(args, "all"))
			return CLI_OK;
		if (!number_parse(args_peek(args), 1, UINT32_MAX, id)) {
			args_next(args);
			return CLI_OK;
		}
	}
	text = args_join(args);
	if (!text)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	ret = weft_instance_parse_filter(filter, text, names_of(cli), &err);
	if (ret)
		status = cli_syntax(cli, ret, "filter", text, &err);
	free(text);
	return status;
}

/* ---- show and export ------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct weft_instance *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int get(struct cli *cli, uint32_t id, const struct weft_instance *filter,
	       struct weft_instance **instances, size_t *n)
{
	int ret;

	if (id) {
		*instances = calloc(1, sizeof(**instances));
		if (!*instances)
			return cli_fail(cli, CLI_FAILED, "out of memory");
		ret = weft_instance_get(cli->sock, cli->dp, id, *instances);
		*n = !ret;
		if (!ret)
			return CLI_OK;
		free(*instances);
		return cli_refused(cli, ret, "cannot show instance %u", id);
	}
	ret = weft_instance_list(cli->sock, cli->dp, filter, instances, n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the instances of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "instances");
	sort(*instances, *n, sizeof(**instances), by_id);
	return CLI_OK;
}

/* @flags: of JSON; 0 in text */
static int list(struct cli *cli, struct args *args, unsigned int flags)
{
	struct weft_instance filter, *instances;
	int status;
	uint32_t id;
	size_t n;

	status = take_filter(cli, args, false, &id, &filter);
	if (!status)
		status = get(cli, id, &filter, &instances, &n);
	weft_instance_free(&filter);
	if (status)
		return status;
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++) {
		if (cli->json)
			status = output_item(
				cli, weft_instance_to_json(&instances[i], names_of(cli), flags));
		else
			instance_print(cli, &instances[i], cli->verbose);
	}
	output_end(cli);
	weft_instance_list_free(instances, n);
	return status;
}

static int instance_show(struct cli *cli, struct args *args)
{
	bool verbose = cli->verbose;
	int status;

	if (args_more(args) && !strcmp(args->v[args->n - 1], "-v")) {
		cli->verbose = true;
		args->n--;
	} else if (args_accept(args, "-v")) {
		cli->verbose = true;
	}
	status = list(cli, args, output_flags(cli) | WEFT_FMT_STATS);
	cli->verbose = verbose;
	return status;
}

static int instance_export(struct cli *cli, struct args *args)
{
	bool json = cli->json;
	int status;

	cli->json = true;
	status = list(cli, args, output_flags(cli) & ~WEFT_FMT_STATS);
	cli->json = json;
	return status;
}

/* ---- cut ------------------------------------------------------------------- */

static int instance_cut(struct cli *cli, struct args *args)
{
	struct weft_instance filter;
	int status, ret;
	uint32_t id;

	status = take_filter(cli, args, true, &id, &filter);
	if (status)
		return status;
	if (id)
		ret = weft_instance_del(cli->sock, cli->dp, id);
	else
		ret = weft_instance_del_filter(cli->sock, cli->dp, &filter);
	weft_instance_free(&filter);
	if (ret && id)
		return cli_refused(cli, ret, "cannot end instance %u", id);
	if (ret)
		return cli_refused(cli, ret, "cannot end instances");
	return CLI_OK;
}

/* ---- import ---------------------------------------------------------------- */

struct import {
	struct cli *cli;
	const char *name; /* of the file */
	struct weft_instance *v;
	size_t n;
	size_t n_told;
};

static void import_refused(void *ctx, size_t op, int err, const char *words)
{
	struct import *import = ctx;

	if (import->n_told++ < REFUSALS_MAX)
		cli_fail(import->cli, CLI_FAILED, "%s: $[%zu]: %s", import->name, op,
			 *words ? words : strerror(-err));
}

static int import_parse(struct cli *cli, struct import *import, const json_t *root)
{
	json_t *item;
	size_t i;

	if (!json_is_array(root))
		return cli_fail(cli, CLI_USAGE, "%s: $: an array of instances is needed",
				import->name);
	import->v = calloc(json_array_size(root) + 1, sizeof(*import->v));
	if (!import->v)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	json_array_foreach(root, i, item) {
		struct weft_error err;
		char path[32];
		int ret;

		snprintf(path, sizeof(path), "$[%zu]", i);
		ret = weft_instance_from_json(&import->v[i], item, path, names_of(cli), &err);
		if (ret == -EINVAL)
			return cli_fail(cli, CLI_USAGE, "%s: %s: %s", import->name, err.path,
					err.msg);
		if (ret)
			return cli_fail(cli, CLI_FAILED, "out of memory");
		import->n++;
	}
	return CLI_OK;
}

static int import_send(struct cli *cli, struct import *import)
{
	struct weft_batch *batch;
	size_t refused;
	int ret;

	ret = weft_batch_begin(cli->sock, cli->dp, import_refused, import, &batch);
	for (size_t i = 0; i < import->n && !ret; i++)
		ret = weft_batch_instance_new(batch, &import->v[i]);
	if (!ret)
		ret = weft_batch_flush(batch);
	refused = batch ? weft_batch_n_refused(batch) : 0;
	weft_batch_free(batch);
	if (ret)
		return cli_refused(cli, ret, "cannot import instances");
	if (refused > REFUSALS_MAX)
		cli_fail(cli, CLI_FAILED, "%s: and %zu more", import->name, refused - REFUSALS_MAX);
	if (cli->json)
		ret = output_json(cli,
				  json_pack("{sIsI}", "imported", (json_int_t)(import->n - refused),
					    "refused", (json_int_t)refused));
	else
		printf("imported %zu refused %zu\n", import->n - refused, refused);
	return ret || refused ? CLI_FAILED : CLI_OK;
}

static int import_file(struct cli *cli, struct import *import, const char *path)
{
	json_error_t error;
	uint8_t *data;
	json_t *root;
	size_t len;
	int status, ret;

	import->name = strcmp(path, "-") ? path : "<stdin>";
	ret = file_read(path, &data, &len);
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(-ret));
	root = json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, &error);
	free(data);
	if (!root)
		return cli_fail(cli, CLI_USAGE, "%s:%d:%d: %s", import->name, error.line,
				error.column, error.text);
	status = import_parse(cli, import, root);
	json_decref(root);
	return status;
}

static int instance_import(struct cli *cli, struct args *args)
{
	struct import import = { .cli = cli };
	const char *dp = NULL, *path;
	int status;

	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	path = args_next(args);
	if (!status && !path)
		status = cli_usage(cli, "the file is missing");
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_use_dp(cli, dp);
	if (!status)
		status = import_file(cli, &import, path);
	if (!status)
		status = import_send(cli, &import);
	for (size_t i = 0; i < import.n; i++)
		weft_instance_free(&import.v[i]);
	free(import.v);
	return status;
}

static const char filter_details[] =
	"  FILTER   any of template=ID|NAME, slice=N, port=PORT (of entry), vm=ID,\n"
	"           state=STATE, and fields of the opening packet, also under masks\n"
	"  STATE    failed, new, replied, tcp_opening, tcp_established, tcp_closing,\n"
	"           tcp_closed, tcp_reset\n";

static const struct cli_command instance_commands[] = {
	{ "show", "[dp NAME] [ID|FILTER] [-v]", "list instances; -v: with their entries",
	  filter_details, instance_show, .preferred = true, .standard = true },
	{ "cut", "[dp NAME] ID|FILTER|all", "end instances", filter_details, instance_cut },
	{ "export", "[dp NAME] [ID|FILTER]", "write instances as JSON, for import", filter_details,
	  instance_export },
	{ "import", "FILE|- [dp NAME]", "make the instances that export has written", NULL,
	  instance_import },
	{}
};

const struct cli_object instance_object = {
	"instance", "Instances: the entries that a template made for a packet.", instance_commands
};
