// SPDX-License-Identifier: Apache-2.0
/*
 * error.c - how failures are told: "weft: ", in a batch its file and line, the
 * message; below a syntax error the text with a mark under the bad token.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void prefix_print(const struct cli *cli)
{
	fflush(stdout);
	fputs("weft: ", stderr);
	if (cli->file)
		fprintf(stderr, "%s:%u: ", strcmp(cli->file, "-") ? cli->file : "<stdin>",
			cli->line);
}

int cli_fail(struct cli *cli, int status, const char *format, ...)
{
	va_list ap;

	prefix_print(cli);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

int cli_usage(struct cli *cli, const char *format, ...)
{
	va_list ap;

	prefix_print(cli);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "; see: weft%s%s%s%s help\n", cli->object ? " " : "",
		cli->object ? cli->object->name : "",
		cli->command && *cli->command->name ? " " : "",
		cli->command ? cli->command->name : "");
	return CLI_USAGE;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/*
 * The line of @text that has column @pos, and "^~~~" under the token. A column
 * is a byte to us; the mark has to count characters.
 */
static void mark_print(const char *text, size_t pos, size_t len)
{
	const char *token, *start, *end;

	if (!pos || pos > strlen(text) + 1)
		return;
	token = text + pos - 1;
	for (start = token; start > text && start[-1] != '\n'; start--)
		;
	end = token + strcspn(token, "\n");
	fputs("  ", stderr);
	for (const char *c = start; c < end; c++)
		fputc((unsigned char)*c < ' ' && *c != '\t' ? '?' : *c, stderr);
	fputs("\n  ", stderr);
	for (const char *c = start; c < token; c++)
		if (!is_continuation(*c))
			fputc(*c == '\t' ? '\t' : ' ', stderr);
	fputc('^', stderr);
	for (const char *c = token + 1; c < end && c < token + len; c++)
		if (!is_continuation(*c))
			fputc('~', stderr);
	fputc('\n', stderr);
}

int cli_syntax(struct cli *cli, int ret, const char *what, const char *text,
	       const struct weft_error *err)
{
	if (ret != -EINVAL)
		return cli_fail(cli, CLI_FAILED, "%s: %s", what, strerror(-ret));
	if (!err->pos)
		return cli_fail(cli, CLI_USAGE, "%s: %s", what, err->msg);
	cli_fail(cli, CLI_USAGE, "%s: column %zu: %s", what, err->pos, err->msg);
	mark_print(text, err->pos, err->len);
	return CLI_USAGE;
}

int cli_line_syntax(struct cli *cli, int ret, const struct lines *lines, size_t offset,
		    const struct weft_error *err)
{
	const char *path = strcmp(lines->path, "-") ? lines->path : "<stdin>";
	unsigned int line;
	size_t column;

	if (ret != -EINVAL)
		return cli_fail(cli, CLI_FAILED, "%s:%u: %s", path, lines->line, strerror(-ret));
	lines_where(lines, offset + (err->pos ? err->pos - 1 : 0), &line, &column);
	cli_fail(cli, CLI_USAGE, "%s:%u:%zu: %s", path, line, column, err->msg);
	if (err->pos)
		mark_print(lines->text, offset + err->pos, err->len);
	return CLI_USAGE;
}

static void file_line_print(const char *path, unsigned int line, size_t pos, size_t len)
{
	unsigned int n = 0;
	char *text = NULL;
	size_t size = 0;
	FILE *stream;

	/* What came by standard input is gone; the position must do. */
	stream = strcmp(path, "-") ? fopen(path, "re") : NULL;
	if (!stream)
		return;
	while (n < line && getline(&text, &size, stream) >= 0)
		n++;
	if (n == line && n)
		mark_print(text, pos, len);
	free(text);
	fclose(stream);
}

int cli_file_syntax(struct cli *cli, int ret, const char *path, const struct weft_error *err)
{
	const char *name = strcmp(path, "-") ? path : "<stdin>";

	if (ret != -EINVAL)
		return cli_fail(cli, CLI_FAILED, "%s: %s", name, strerror(-ret));
	if (!err->pos)
		return cli_fail(cli, CLI_USAGE, "%s:%u: %s", name, err->line, err->msg);
	cli_fail(cli, CLI_USAGE, "%s:%u:%zu: %s", name, err->line, err->pos, err->msg);
	file_line_print(path, err->line, err->pos, err->len);
	return CLI_USAGE;
}

int cli_refused(struct cli *cli, int ret, const char *format, ...)
{
	const char *words = cli->sock ? weft_sock_error(cli->sock) : "";
	va_list ap;

	prefix_print(cli);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", *words ? words : strerror(-ret));
	return CLI_FAILED;
}

void cli_warn_changed(struct cli *cli, const char *what)
{
	cli_fail(cli, CLI_OK, "%s changed while they were listed: some may be missing or double",
		 what);
}
