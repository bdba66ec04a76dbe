// SPDX-License-Identifier: Apache-2.0
/*
 * output.c - JSON as it comes, without keeping the whole answer in memory, and
 * care that nothing is lost on its way to standard output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Fifteen digits are what a double holds: 4.9 is not 4.9000000000000004 */
#define COMMON (JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))
#define COMPACT (COMMON | JSON_COMPACT)
#define PRETTY (COMMON | JSON_INDENT(4))

unsigned int output_flags(const struct cli *cli)
{
	return (cli->stats ? WEFT_FMT_STATS : 0) | (cli->numeric ? WEFT_FMT_NO_NAMES : 0);
}

/* @indent before every line but the first */
static int value_print(struct cli *cli, json_t *value, const char *indent)
{
	char *text = value ? json_dumps(value, cli->pretty ? PRETTY : COMPACT) : NULL;

	json_decref(value);
	if (!text)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	for (const char *c = text; *c; c++) {
		putchar(*c);
		if (*c == '\n')
			fputs(indent, stdout);
	}
	free(text);
	return CLI_OK;
}

void output_begin(struct cli *cli)
{
	cli->n_items = 0;
	if (cli->json)
		putchar('[');
}

int output_item(struct cli *cli, json_t *item)
{
	if (cli->n_items++)
		putchar(',');
	if (cli->pretty)
		fputs("\n    ", stdout);
	return value_print(cli, item, "    ");
}

void output_end(struct cli *cli)
{
	if (cli->json)
		fputs(cli->pretty && cli->n_items ? "\n]\n" : "]\n", stdout);
}

int output_json(struct cli *cli, json_t *value)
{
	int status = value_print(cli, value, "");

	putchar('\n');
	return status;
}

int output_json_line(struct cli *cli, json_t *value)
{
	bool pretty = cli->pretty;
	int status;

	cli->pretty = false;
	status = output_json(cli, value);
	cli->pretty = pretty;
	return status ? status : output_flush(cli);
}

int output_flush(struct cli *cli)
{
	if (fflush(stdout) || ferror(stdout))
		return cli_fail(cli, CLI_FAILED, "cannot write: %s", strerror(errno));
	return CLI_OK;
}

int output_close(struct cli *cli, int status)
{
	bool bad = ferror(stdout);

	errno = 0;
	if ((fclose(stdout) || bad) && !status)
		return cli_fail(cli, CLI_FAILED, "cannot write: %s", strerror(errno ? errno : EIO));
	return status;
}
