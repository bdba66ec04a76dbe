// SPDX-License-Identifier: Apache-2.0
/*
 * command.c - which command is meant, and help.
 *
 * All that is said about commands, here and by the help of each, comes from the
 * tables at the end of the objects' files. A prefix will do for an object or a
 * command where it can mean one only, or one of its meanings is preferred.
 */
#include <ctype.h>
#include <string.h>

#include "cli.h"

static const struct cli_object *const objects[] = {
	&dp_object,	 &port_object,	   &table_object,    &flow_object,   &txn_object,
	&pool_object,	 &template_object, &instance_object, &label_object,  &packet_object,
	&monitor_object, &stats_object,	   &service_object,  &tunnel_object, NULL
};

#define WIDTH 79

static const char options_help[] =
	"OPTIONS := { -j[son] | -p[retty] | -s[tatistics] | -b[atch] FILE | -f[orce] |\n"
	"             -n[etns] NAME | -N[umeric] | -x (hex dump) | -v[erbose] |\n"
	"             -V[ersion] | -h[elp] }\n";

static bool starts_with(const char *name, const char *word)
{
	return !strncmp(name, word, strlen(word));
}

/* A usage line; a long one goes on below, indented */
static void usage_print(FILE *to, const char *lead, const struct cli_object *object,
			const struct cli_command *command)
{
	int indent = strlen(lead) + 4;
	int column, len;

	column = fprintf(to, "%sweft %s%s%s", lead, object->name, *command->name ? " " : "",
			 command->name);
	for (const char *arg = command->args; *arg; arg += len) {
		arg += strspn(arg, " ");
		/* Blanks inside of brackets do not part. */
		len = *arg == '[' ? strcspn(arg, "]") : 0;
		len += strcspn(arg + len, " ");
		if (column + 1 + len > WIDTH)
			column = fprintf(to, "\n%*s", indent, "") - 1;
		column += fprintf(to, " %.*s", len, arg);
	}
	fputc('\n', to);
}

void command_help(FILE *to)
{
	int column;

	fputs("Usage: weft [OPTIONS] OBJECT { COMMAND | help }\n"
	      "       weft [OPTIONS] [-f] -b FILE\n\n",
	      to);
	column = fprintf(to, "OBJECT := {");
	for (const struct cli_object *const *o = objects; *o; o++) {
		if (column + strlen((*o)->name) + 3 > WIDTH)
			column = fprintf(to, "\n           ") - 1;
		column += fprintf(to, " %s%s", (*o)->name, o[1] ? " |" : " }\n");
	}
	fputs(options_help, to);
	fputs("\nCommands:\n", to);
	for (const struct cli_object *const *o = objects; *o; o++)
		for (const struct cli_command *c = (*o)->commands; c->name; c++)
			usage_print(to, "  ", *o, c);
	fputs("\nMore: weft OBJECT help, weft OBJECT COMMAND help, weft(8), weft-flows(7)\n", to);
}

static void object_help(FILE *to, const struct cli_object *object)
{
	const char *lead = "Usage: ";

	for (const struct cli_command *c = object->commands; c->name; c++) {
		usage_print(to, lead, object, c);
		lead = "       ";
	}
	fprintf(to, "\n%s\n", object->summary);
	for (const struct cli_command *c = object->commands; c->name; c++)
		if (*c->name)
			fprintf(to, "  %-8s %s\n", c->name, c->summary);
	fprintf(to, "\nMore: weft-%s(8)\n", object->name);
}

static void one_command_help(FILE *to, const struct cli_object *object,
			     const struct cli_command *command)
{
	usage_print(to, "Usage: ", object, command);
	fprintf(to, "\n%c%s.\n", toupper((unsigned char)*command->summary), command->summary + 1);
	if (command->details)
		fputs(command->details, to);
	fprintf(to, "\nMore: weft-%s(8)\n", object->name);
}

static int find_object(struct cli *cli, const char *word, const struct cli_object **found)
{
	const struct cli_object *match = NULL;
	char names[128] = "";
	int n = 0;

	for (const struct cli_object *const *o = objects; *o; o++) {
		if (!starts_with((*o)->name, word))
			continue;
		if (!strcmp((*o)->name, word) || (*o)->preferred) {
			*found = *o;
			return CLI_OK;
		}
		match = *o;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 n++ ? ", " : "", match->name);
	}
	if (!n)
		return cli_usage(cli, "unknown object \"%s\"", word);
	if (n > 1)
		return cli_usage(cli, "\"%s\" could mean: %s", word, names);
	*found = match;
	return CLI_OK;
}

/* 1 when there is none by that name; else a status */
static int find_command(struct cli *cli, const struct cli_object *object, const char *word,
			const struct cli_command **found)
{
	const struct cli_command *match = NULL, *preferred = NULL;
	char names[128] = "";
	bool verbless = false;
	int n = 0;

	for (const struct cli_command *c = object->commands; c->name; c++) {
		verbless |= !*c->name;
		if (!*c->name || !starts_with(c->name, word))
			continue;
		if (!strcmp(c->name, word)) {
			*found = c;
			return CLI_OK;
		}
		if (c->preferred)
			preferred = c;
		match = c;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 n++ ? ", " : "", match->name);
	}
	/* Where the word may as well be a port or a file, only whole names count. */
	if (!n || verbless || !*word)
		return -1;
	if (n > 1 && !preferred)
		return cli_usage(cli, "\"%s\" could mean: %s", word, names);
	*found = preferred ? preferred : match;
	return CLI_OK;
}

static const struct cli_command *standard_command(const struct cli_object *object, bool verbless)
{
	for (const struct cli_command *c = object->commands; c->name; c++)
		if (verbless ? !*c->name : c->standard)
			return c;
	return NULL;
}

int command_run(struct cli *cli, int n, char **words)
{
	struct args args = { .v = words, .n = n, .pos = 1 };
	int status;

	cli->object = NULL;
	cli->command = NULL;
	cli->dp[0] = '\0';
	names_forget(cli);

	if (!n) {
		command_help(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(words[0], "help")) {
		command_help(stdout);
		return CLI_OK;
	}
	status = find_object(cli, words[0], &cli->object);
	if (status)
		return status;

	if (n == 1) {
		cli->command = standard_command(cli->object, false);
		if (!cli->command) {
			object_help(stderr, cli->object);
			return CLI_USAGE;
		}
		return cli->command->run(cli, &args);
	}
	if (!strcmp(words[1], "help")) {
		object_help(stdout, cli->object);
		return CLI_OK;
	}
	status = find_command(cli, cli->object, words[1], &cli->command);
	if (status == -1) {
		cli->command = standard_command(cli->object, true);
		if (!cli->command)
			return cli_usage(cli, "unknown command \"%s\"", words[1]);
	} else if (status) {
		return status;
	} else {
		args.pos++;
	}
	if (*cli->command->name && n == 3 && !strcmp(words[2], "help")) {
		one_command_help(stdout, cli->object, cli->command);
		return CLI_OK;
	}
	return cli->command->run(cli, &args);
}
