// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - the weft command: options, batch files, exit status.
 *
 * A batch is the same as so many commands, but for one socket that stays open;
 * a command therefore must leave nothing behind in struct cli but what
 * names_forget() and its successor overwrite.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#ifndef WEFT_VERSION
#define WEFT_VERSION "0.1"
#endif

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },	  { "pretty", no_argument, NULL, 'p' },
	{ "statistics", no_argument, NULL, 's' }, { "batch", required_argument, NULL, 'b' },
	{ "force", no_argument, NULL, 'f' },	  { "netns", required_argument, NULL, 'n' },
	{ "numeric", no_argument, NULL, 'N' },	  { "hex", no_argument, NULL, 'x' },
	{ "verbose", no_argument, NULL, 'v' },	  { "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },	  {},
};

static int batch_line(struct cli *cli, struct lines *lines)
{
	char **words;
	int status, n;

	cli->line = lines->line;
	n = line_split(lines->text, &words);
	if (n == -ENOMEM)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	if (n < 0)
		return cli_fail(cli, CLI_USAGE, "a quote is not closed");
	status = n ? command_run(cli, n, words) : CLI_OK;
	free(words);
	return status;
}

/*
 * Without -f the first command that fails ends the batch and gives its status;
 * with -f all are done, and the status says only that some failed.
 */
static int batch(struct cli *cli, const char *path)
{
	struct lines lines;
	int status = CLI_OK;
	int ret;

	ret = lines_open(&lines, path);
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(-ret));
	cli->file = path;
	while ((ret = lines_next(&lines)) > 0) {
		int one = batch_line(cli, &lines);

		if (output_flush(cli) && !one)
			one = CLI_FAILED;
		if (!one)
			continue;
		status = cli->force ? CLI_PARTIAL : one;
		if (!cli->force)
			break;
	}
	cli->file = NULL;
	if (ret < 0)
		status = cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(-ret));
	lines_close(&lines);
	return status;
}

int main(int argc, char **argv)
{
	struct cli cli = {};
	const char *batch_path = NULL;
	int status;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:jpsb:fn:NxvVh", long_options, NULL)) != -1) {
		switch (c) {
		case 'j':
			cli.json = true;
			break;
		case 'p':
			cli.json = true;
			cli.pretty = true;
			break;
		case 's':
			cli.stats = true;
			break;
		case 'b':
			batch_path = optarg;
			break;
		case 'f':
			cli.force = true;
			break;
		case 'n':
			cli.netns = optarg;
			break;
		case 'N':
			cli.numeric = true;
			break;
		case 'x':
			cli.hex = true;
			break;
		case 'v':
			cli.verbose = true;
			break;
		case 'V':
			printf("weft %s\n", WEFT_VERSION);
			return output_close(&cli, CLI_OK);
		case 'h':
			command_help(stdout);
			return output_close(&cli, CLI_OK);
		case ':':
			return cli_usage(&cli, "option \"%s\" needs a value", argv[optind - 1]);
		default:
			if (optopt)
				return cli_usage(&cli, "unknown option \"-%c\"", optopt);
			return cli_usage(&cli, "unknown option \"%s\"", argv[optind - 1]);
		}
	}

	if (batch_path && optind < argc)
		status = cli_usage(&cli, "-b takes its commands from a file: unexpected \"%s\"",
				   argv[optind]);
	else if (batch_path)
		status = batch(&cli, batch_path);
	else
		status = command_run(&cli, argc - optind, argv + optind);
	session_close(&cli);
	return output_close(&cli, status);
}
