// SPDX-License-Identifier: Apache-2.0
/*
 * label.c - weft label: what GRE carries in place of ldp and logical port.
 *
 * A line of "show" is in the words of "add", so that it can be given back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void label_print(const struct weft_label *label)
{
	printf("%u lport %u:%u\n", label->id, label->ldp, label->lport);
}

static int parse_id(struct cli *cli, struct args *args, uint32_t *id)
{
	const char *text = args_next(args);

	if (!text)
		return cli_usage(cli, "the label is missing");
	if (number_parse(text, 1, WEFT_LABEL_MAX, id))
		return cli_usage(cli, "\"%s\" is no label: 1 to %u", text, WEFT_LABEL_MAX);
	return CLI_OK;
}

/* LDP:LPORT */
static int parse_lport(struct cli *cli, struct args *args, struct weft_label *label)
{
	char copy[32], *number;
	const char *text;
	int status = args_value(cli, args, "lport", &text);

	if (status)
		return status;
	if (label->ldp)
		return cli_usage(cli, "\"lport\" is given twice");
	snprintf(copy, sizeof(copy), "%s", text);
	number = strchr(copy, ':');
	if (number)
		*number++ = '\0';
	if (!number || number_parse(copy, 1, WEFT_LDP_MAX, &label->ldp) ||
	    number_parse(number, 1, 0xffff, &label->lport))
		return cli_usage(cli, "lport \"%s\" is not LDP:LPORT (1 to 16777215, 1 to 65535)",
				 text);
	return CLI_OK;
}

static int label_add(struct cli *cli, struct args *args)
{
	struct weft_label label = { 0 };
	const char *dp = NULL;
	int status = parse_id(cli, args, &label.id), ret;

	while (!status && args_more(args)) {
		if (!strcmp(args_peek(args), "dp"))
			status = args_dp(cli, args, &dp);
		else if (args_accept(args, "lport"))
			status = parse_lport(cli, args, &label);
		else
			return args_end(cli, args);
	}
	if (!status && !label.ldp)
		status = cli_usage(cli, "the logical port is missing: lport LDP:LPORT");
	if (!status)
		status = session_use_dp(cli, dp);
	if (status)
		return status;
	ret = weft_label_new(cli->sock, cli->dp, &label);
	return ret ? cli_refused(cli, ret, "cannot add label %u", label.id) : CLI_OK;
}

/* ID [dp NAME]; without @must the number may be absent: 0 */
static int parse_ref(struct cli *cli, struct args *args, bool must, uint32_t *id)
{
	const char *dp = NULL;
	int status;

	*id = 0;
	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	if (!status && (must || args_more(args)))
		status = parse_id(cli, args, id);
	if (!status)
		status = args_end(cli, args);
	return status ? status : session_use_dp(cli, dp);
}

static int label_del(struct cli *cli, struct args *args)
{
	uint32_t id;
	int status = parse_ref(cli, args, true, &id), ret;

	if (status)
		return status;
	ret = weft_label_del(cli->sock, cli->dp, id);
	return ret ? cli_refused(cli, ret, "cannot delete label %u", id) : CLI_OK;
}

static int show_one(struct cli *cli, const struct weft_label *label)
{
	if (cli->json)
		return output_item(cli, weft_label_to_json(label));
	label_print(label);
	return CLI_OK;
}

static int show_all(struct cli *cli)
{
	struct weft_label *labels;
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_label_list(cli->sock, cli->dp, &labels, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the labels of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "labels");
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = show_one(cli, &labels[i]);
	output_end(cli);
	weft_label_list_free(labels, n);
	return status;
}

static int label_show(struct cli *cli, struct args *args)
{
	struct weft_label label;
	uint32_t id;
	int status = parse_ref(cli, args, false, &id), ret;

	if (status)
		return status;
	if (!id)
		return show_all(cli);
	ret = weft_label_get(cli->sock, cli->dp, id, &label);
	if (ret)
		return cli_refused(cli, ret, "label %u", id);
	output_begin(cli);
	status = show_one(cli, &label);
	output_end(cli);
	return status;
}

static const struct cli_command label_commands[] = {
	{ "add", "ID lport LDP:LPORT [dp NAME]", "name a logical port by a label", NULL,
	  label_add },
	{ "del", "ID [dp NAME]", "take a label away", NULL, label_del },
	{ "show", "[ID] [dp NAME]", "list labels", NULL, label_show, .preferred = true,
	  .standard = true },
	{}
};

const struct cli_object label_object = {
	"label",
	"Labels: 24 bits that name a logical port where a tunnel (GRE) has no room for it.",
	label_commands
};
