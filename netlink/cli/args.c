// SPDX-License-Identifier: Apache-2.0
/*
 * args.c - the words of a command, taken from the left, and "dp NAME" which may
 * also stand at the right of a flow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

bool args_more(const struct args *args)
{
	return args->pos < args->n;
}

const char *args_peek(const struct args *args)
{
	return args_more(args) ? args->v[args->pos] : NULL;
}

const char *args_next(struct args *args)
{
	return args_more(args) ? args->v[args->pos++] : NULL;
}

bool args_accept(struct args *args, const char *keyword)
{
	const char *word = args_peek(args);

	if (!word)
		return false;
	if (!strncmp(word, "--", 2))
		word += 2;
	if (strcmp(word, keyword))
		return false;
	args->pos++;
	return true;
}

int args_value(struct cli *cli, struct args *args, const char *keyword, const char **value)
{
	*value = args_next(args);
	if (!*value)
		return cli_usage(cli, "\"%s\" needs a value", keyword);
	return CLI_OK;
}

int number_parse(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
	if (*end || end == text)
		return -EINVAL;
	if (errno || number < min || number > max)
		return -ERANGE;
	*value = number;
	return 0;
}

int args_number(struct cli *cli, struct args *args, const char *keyword, uint32_t min, uint32_t max,
		uint32_t *value)
{
	const char *text;
	int status = args_value(cli, args, keyword, &text);

	if (status)
		return status;
	switch (number_parse(text, min, max, value)) {
	case 0:
		return CLI_OK;
	case -ERANGE:
		return cli_usage(cli, "%s \"%s\" is out of range: %u to %u", keyword, text, min,
				 max);
	default:
		return cli_usage(cli, "%s \"%s\" is not a number", keyword, text);
	}
}

static int set_dp(struct cli *cli, const char *name, const char **dp)
{
	size_t len = strlen(name);

	if (*dp)
		return cli_usage(cli, "\"dp\" is given twice");
	if (!len || len > WEFT_NAME_MAX)
		return cli_usage(cli, "\"%s\" is no name of a datapath: 1 to %d characters", name,
				 WEFT_NAME_MAX);
	*dp = name;
	return CLI_OK;
}

int args_dp(struct cli *cli, struct args *args, const char **dp)
{
	const char *name;
	int status;

	if (!args_accept(args, "dp"))
		return CLI_OK;
	status = args_value(cli, args, "dp", &name);
	return status ? status : set_dp(cli, name, dp);
}

int args_last_dp(struct cli *cli, struct args *args, const char **dp)
{
	if (args->n - args->pos < 2 || strcmp(args->v[args->n - 2], "dp"))
		return CLI_OK;
	args->n -= 2;
	return set_dp(cli, args->v[args->n + 1], dp);
}

int args_end(struct cli *cli, const struct args *args)
{
	if (args_more(args))
		return cli_usage(cli, "unexpected word \"%s\"", args_peek(args));
	return CLI_OK;
}

char *args_join(struct args *args)
{
	size_t size = 1;
	char *text, *end;

	for (int i = args->pos; i < args->n; i++)
		size += strlen(args->v[i]) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	end = text;
	*end = '\0';
	while (args_more(args)) {
		if (end != text)
			*end++ = ' ';
		end = stpcpy(end, args_next(args));
	}
	return text;
}
