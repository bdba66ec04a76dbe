// SPDX-License-Identifier: Apache-2.0
/*
 * template.c - weft template: rules that make entries from a packet.
 *
 * A file has several templates, each beginning with a line whose first word is
 * "template"; all are parsed before the first is sent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Templates of a file, or one that was given as words (@lines NULL) */
struct templates {
	struct weft_template *v;
	unsigned int *lines;
	size_t n;
	const char *path;
};

static void templates_free(struct templates *templates)
{
	for (size_t i = 0; i < templates->n; i++)
		weft_template_free(&templates->v[i]);
	free(templates->v);
	free(templates->lines);
	*templates = (struct templates){};
}

/* Room for one more, which is counted when it is there */
static int templates_grow(struct cli *cli, struct templates *templates)
{
	size_t n = templates->n + 1;
	void *v = realloc(templates->v, n * sizeof(*templates->v));
	void *lines = NULL;

	if (v) {
		templates->v = v;
		lines = realloc(templates->lines, n * sizeof(*templates->lines));
	}
	if (!lines)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	templates->lines = lines;
	return CLI_OK;
}

/* ---- files --------------------------------------------------------------- */

static bool begins_template(const char *line)
{
	line += strspn(line, " \t");
	return !strncmp(line, "template", 8) && strchr(" \t\r\n", line[8]);
}

/* Nothing but blanks and comments? */
static bool is_empty(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n,");
		if (*text != '#')
			return !*text;
		text += strcspn(text, "\n");
	}
}

/* From a place in @text, which begins in line @first, to line and column */
static void place(const char *text, unsigned int first, struct weft_error *err)
{
	const char *start = text, *at = text + (err->pos ? err->pos - 1 : 0);

	err->line = first;
	for (const char *c = text; c < at; c++) {
		if (*c != '\n')
			continue;
		err->line++;
		start = c + 1;
	}
	if (err->pos)
		err->pos = (size_t)(at - start) + 1;
}

static int read_one(struct cli *cli, struct templates *templates, const char *text,
		    unsigned int line)
{
	struct weft_error err;
	int status, ret;

	if (is_empty(text))
		return CLI_OK;
	status = templates_grow(cli, templates);
	if (status)
		return status;
	ret = weft_template_parse(&templates->v[templates->n], text, names_of(cli), &err);
	if (!ret) {
		templates->lines[templates->n++] = line;
		return CLI_OK;
	}
	if (ret == -EINVAL)
		place(text, line, &err);
	return cli_file_syntax(cli, ret, templates->path, &err);
}

static int read_text(struct cli *cli, struct templates *templates, char *text)
{
	char *start = text, *line = text;
	unsigned int n = 1, first = 1;
	int status = CLI_OK;

	while (!status && *line) {
		char *next = strchr(line, '\n');

		if (!next)
			break;
		line = next + 1;
		n++;
		if (!begins_template(line))
			continue;
		*next = '\0';
		status = read_one(cli, templates, start, first);
		start = line;
		first = n;
	}
	return status ? status : read_one(cli, templates, start, first);
}

static int read_file(struct cli *cli, struct templates *templates, const char *path)
{
	uint8_t *data;
	char *text;
	size_t len;
	int status, ret;

	templates->path = path;
	ret = file_read(path, &data, &len);
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(-ret));
	if (memchr(data, '\0', len)) {
		free(data);
		return cli_fail(cli, CLI_USAGE, "%s: a NUL byte in the file", path);
	}
	text = realloc(data, len + 1);
	if (!text) {
		free(data);
		return cli_fail(cli, CLI_FAILED, "out of memory");
	}
	text[len] = '\0';
	status = read_text(cli, templates, text);
	free(text);
	return status;
}

/* ---- words ----------------------------------------------------------------- */

/* @offline: "parse", which needs no kernel */
static int take_templates(struct cli *cli, struct args *args, bool offline,
			  struct templates *templates)
{
	const char *dp = NULL, *path = NULL;
	struct weft_error err;
	char *text = NULL;
	int status, ret;

	status = args_dp(cli, args, &dp);
	if (!status)
		status = args_last_dp(cli, args, &dp);
	if (!status && args_accept(args, "-f")) {
		status = args_value(cli, args, "-f", &path);
		if (!status)
			status = args_end(cli, args);
	} else if (!status && !args_more(args)) {
		status = cli_usage(cli, "the template is missing");
	}
	if (!status && (!offline || dp))
		status = session_use_dp(cli, dp);
	else if (!status && cli->netns)
		status = session_open(cli);
	cli->names.quiet = offline;
	if (status)
		return status;
	if (path)
		return read_file(cli, templates, path);

	text = args_join(args);
	if (!text)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	status = templates_grow(cli, templates);
	if (!status) {
		ret = weft_template_parse(&templates->v[0], text, names_of(cli), &err);
		if (ret)
			status = cli_syntax(cli, ret, "template", text, &err);
		else
			templates->lines[templates->n++] = 0;
	}
	free(text);
	return status;
}

static int template_add(struct cli *cli, struct args *args)
{
	struct templates templates = {};
	int status;

	status = take_templates(cli, args, false, &templates);
	for (size_t i = 0; i < templates.n && !status; i++) {
		const struct weft_template *tmpl = &templates.v[i];
		int ret = weft_template_new(cli->sock, cli->dp, tmpl);

		if (ret && templates.lines[i])
			status = cli_refused(cli, ret, "%s:%u: cannot add template %u",
					     strcmp(templates.path, "-") ? templates.path :
									   "<stdin>",
					     templates.lines[i], tmpl->id);
		else if (ret)
			status = cli_refused(cli, ret, "cannot add template %u", tmpl->id);
	}
	templates_free(&templates);
	return status;
}

static int print_text(struct cli *cli, const struct weft_template *tmpl)
{
	char *text = weft_template_format(tmpl, names_of(cli), output_flags(cli) | WEFT_FMT_LINES);

	if (!text)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	puts(text);
	free(text);
	return CLI_OK;
}

static int show_one(struct cli *cli, const struct weft_template *tmpl)
{
	if (cli->json)
		return output_item(cli,
				   weft_template_to_json(tmpl, names_of(cli), output_flags(cli)));
	return print_text(cli, tmpl);
}

static int template_parse(struct cli *cli, struct args *args)
{
	struct templates templates = {};
	int status;

	status = take_templates(cli, args, true, &templates);
	if (!status && templates.path)
		output_begin(cli);
	for (size_t i = 0; i < templates.n && !status; i++) {
		if (cli->json && !templates.path)
			status = output_json(cli,
					     weft_template_to_json(&templates.v[i], names_of(cli),
								   output_flags(cli)));
		else
			status = show_one(cli, &templates.v[i]);
	}
	if (!status && templates.path)
		output_end(cli);
	templates_free(&templates);
	return status;
}

int template_ref(struct cli *cli, const char *word, uint32_t *id)
{
	const struct weft_names *names = names_of(cli);

	if (!number_parse(word, 1, WEFT_TEMPLATE_ID_MAX, id))
		return CLI_OK;
	if (*word >= '0' && *word <= '9')
		return cli_usage(cli, "template \"%s\" is not a number from 1 to %d", word,
				 WEFT_TEMPLATE_ID_MAX);
	if (names->template_id(names->ctx, word, id))
		return cli_fail(cli, CLI_FAILED, "no template \"%s\"", word);
	return CLI_OK;
}

/* [ID|NAME] [dp NAME], with the datapath chosen; *@id is 0 when there is none. Status. */
static int take_ref(struct cli *cli, struct args *args, uint32_t *id)
{
	const char *dp = NULL, *word;
	int status;

	*id = 0;
	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	word = args_next(args);
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_use_dp(cli, dp);
	return status || !word ? status : template_ref(cli, word, id);
}

static int template_del(struct cli *cli, struct args *args)
{
	uint32_t id;
	int status, ret;

	if (!args_more(args))
		return cli_usage(cli, "the template is missing");
	status = take_ref(cli, args, &id);
	if (status)
		return status;
	if (!id)
		return cli_usage(cli, "the template is missing");
	ret = weft_template_del(cli->sock, cli->dp, id);
	if (ret)
		return cli_refused(cli, ret, "cannot delete template %u", id);
	return CLI_OK;
}

static int by_id(const void *a, const void *b)
{
	const struct weft_template *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int show_all(struct cli *cli)
{
	struct weft_template *tmpls;
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_template_list(cli->sock, cli->dp, &tmpls, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the templates of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "templates");
	sort(tmpls, n, sizeof(*tmpls), by_id);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = show_one(cli, &tmpls[i]);
	output_end(cli);
	weft_template_list_free(tmpls, n);
	return status;
}

static int template_show(struct cli *cli, struct args *args)
{
	struct weft_template tmpl;
	uint32_t id;
	int status, ret;

	status = take_ref(cli, args, &id);
	if (status)
		return status;
	if (!id)
		return show_all(cli);
	ret = weft_template_get(cli->sock, cli->dp, id, &tmpl);
	if (ret)
		return cli_refused(cli, ret, "cannot show template %u", id);
	output_begin(cli);
	status = show_one(cli, &tmpl);
	output_end(cli);
	weft_template_free(&tmpl);
	return status;
}

static const char text_details[] =
	"  TEMPLATE  ID [NAME] [WORD=VALUE]... ENTRY... [fail: ACTIONS [for SECONDS]]\n"
	"  WORD      mode, pool, map_field, service, slice, track, fail_timeout,\n"
	"            pending_packets, pending_timeout, fallback=drop|continue when there is no\n"
	"            room, limit=N|$REG[:FIELD+FIELD...] (up to 4), and the timeouts idle, new,\n"
	"            replied, tcp_opening, tcp_established, tcp_closing, tcp_reset, hard\n"
	"  ENTRY     NAME [when=KIND|KIND]: [reply], [wide], table=T, [priority=+N|-N|N],\n"
	"            MATCH... actions= ACTIONS   where FIELD=$FIELD is the packet's,\n"
	"            FIELD=@ip, @port, @v0 to @v5 a variable; $proto, $sport, $dport\n"
	"  -f FILE   templates, each beginning with a line \"template ID ...\"; -: standard\n"
	"            input\n";

static const struct cli_command template_commands[] = {
	{ "add", "[dp NAME] TEMPLATE | [dp NAME] -f FILE|-", "make a template, or those of a file",
	  text_details, template_add },
	{ "del", "ID|NAME [dp NAME]", "delete a template and end its instances", NULL,
	  template_del },
	{ "show", "[ID|NAME] [dp NAME]", "list templates; -s: counters", NULL, template_show,
	  .preferred = true, .standard = true },
	{ "parse", "[dp NAME] TEMPLATE | [dp NAME] -f FILE|-",
	  "check a template's text and print it in the usual form", text_details, template_parse },
	{}
};

const struct cli_object template_object = {
	"template", "Templates: rules that make entries of the tables from a packet.",
	template_commands
};
