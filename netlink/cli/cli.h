/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what the files of the weft command share, in the order in which a
 * command line meets them: main.c reads options, command.c finds the command
 * and prints help, args.c takes its words apart, session.c and names.c reach
 * the kernel, one file an object does the work, output.c and error.c tell.
 *
 * Functions that return a status return enum cli_status: CLI_OK, or what the
 * process should exit with, after having said why on standard error.
 */
#ifndef WEFT_CLI_H
#define WEFT_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <jansson.h>
#include <weft/weft.h>

enum cli_status {
	CLI_OK = 0,
	CLI_FAILED = 1,	     /* the kernel refused, or something else failed */
	CLI_USAGE = 2,	     /* the command line or a text is wrong */
	CLI_UNREACHABLE = 3, /* no weft.ko to talk to */
	CLI_PARTIAL = 4,     /* -f -b: some commands of the batch failed */
};

/*
 * Ports and templates of one datapath by name and by number. They are fetched when
 * first asked for and forgotten when the next command of a batch begins.
 * @quiet: no kernel is no error: names are then just not known
 */
struct port_names {
	struct weft_port *ports; /* sorted by id */
	struct weft_port **by_name;
	size_t n;
	bool loaded;
	bool quiet;
	struct weft_template *templates;
	size_t n_templates;
	bool templates_loaded;
	struct weft_names ops;
};

/*
 * One run of the command.
 * @json…@verbose: options
 * @sock: opened at first use, kept over a batch
 * @dp: datapath that session_use_dp() chose for this command
 * @file, @line: of the batch; NULL: none
 */
struct cli {
	bool json;
	bool pretty;
	bool stats;
	bool numeric;
	bool force;
	bool hex;
	bool verbose;
	const char *netns;
	struct weft_sock *sock;
	char dp[WEFT_NAME_MAX + 1];
	struct port_names names;
	const struct cli_object *object;
	const struct cli_command *command;
	const char *file;
	unsigned int line;
	unsigned long n_items; /* of the JSON array that output.c is writing */
};

/* qsort() wants an array even where there is nothing to sort */
static inline void sort(void *v, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	if (n)
		qsort(v, n, size, cmp);
}

/* ---- command.c: what commands there are -------------------------------- */

struct args {
	char **v;
	int n;
	int pos;
};

/*
 * @name: "" for the command of an object that has no verbs
 * @args: its words as in a usage line
 * @details: lines below the usage; NULL: none
 * @preferred: wins where a prefix could mean several
 * @standard: done when no command is given
 */
struct cli_command {
	const char *name;
	const char *args;
	const char *summary;
	const char *details;
	int (*run)(struct cli *cli, struct args *args);
	bool preferred;
	bool standard;
};

/* @commands ends with a nameless (NULL) one */
struct cli_object {
	const char *name;
	const char *summary;
	const struct cli_command *commands;
	bool preferred;
};

extern const struct cli_object dp_object;
extern const struct cli_object port_object;
extern const struct cli_object table_object;
extern const struct cli_object flow_object;
extern const struct cli_object txn_object;
extern const struct cli_object packet_object;
extern const struct cli_object monitor_object;
extern const struct cli_object stats_object;
extern const struct cli_object service_object;
extern const struct cli_object label_object;
extern const struct cli_object pool_object;
extern const struct cli_object template_object;
extern const struct cli_object instance_object;
extern const struct cli_object tunnel_object;

int command_run(struct cli *cli, int n, char **words);
void command_help(FILE *to);

/* ---- args.c: words of a command ---------------------------------------- */

bool args_more(const struct args *args);
/* The next word without taking it; NULL at the end */
const char *args_peek(const struct args *args);
const char *args_next(struct args *args);
/* Take the next word if it is @keyword, or --@keyword */
bool args_accept(struct args *args, const char *keyword);
/* Take the word that must follow @keyword. Status. */
int args_value(struct cli *cli, struct args *args, const char *keyword, const char **value);
/* Take a number that must follow @keyword, decimal or 0x… Status. */
int args_number(struct cli *cli, struct args *args, const char *keyword, uint32_t min, uint32_t max,
		uint32_t *value);
/* If the next words are "dp NAME", take them. Status. */
int args_dp(struct cli *cli, struct args *args, const char **dp);
/* The same at the end of the words */
int args_last_dp(struct cli *cli, struct args *args, const char **dp);
/* Complain of words that are left. Status. */
int args_end(struct cli *cli, const struct args *args);
/* The rest of the words with blanks between them, to be freed */
char *args_join(struct args *args);
/* Number in @text; 0 or -errno */
int number_parse(const char *text, uint32_t min, uint32_t max, uint32_t *value);

/* ---- lines.c: batch and transaction files ------------------------------ */

/*
 * Logical lines: comments cut off, continued lines joined, empty ones left out.
 * @text: the line; may be written to
 * @line: number of its first physical line
 */
struct lines {
	FILE *stream;
	const char *path;
	char *text;
	size_t size;
	unsigned int line;
	unsigned int n_read;
	struct line_part *parts;
	size_t n_parts;
};

int lines_open(struct lines *lines, const char *path); /* 0 or -errno */
int lines_next(struct lines *lines);		       /* 1, 0 at the end, -errno */
/* Where the byte at @offset of text is in the file; columns from 1 */
void lines_where(const struct lines *lines, size_t offset, unsigned int *line, size_t *column);
void lines_close(struct lines *lines);
/*
 * Cut @text into words at blanks, with '…' "…" and \ as in a shell. Returns how
 * many, in @words, to be freed; -EINVAL for a quote that is not closed.
 */
int line_split(char *text, char ***words);
/* The bytes of a whole file, to be freed; @path "-": standard input. 0 or -errno */
int file_read(const char *path, uint8_t **data, size_t *len);

/* ---- session.c: the socket and the datapath ---------------------------- */

int session_open(struct cli *cli);
/* Another socket, for what occupies one. Status. */
int session_open_sock(struct cli *cli, struct weft_sock **sock);
/* Open, and choose cli->dp: @name, or the only one there is. Status. */
int session_use_dp(struct cli *cli, const char *name);
void session_close(struct cli *cli);

/* ---- names.c ----------------------------------------------------------- */

/* Names of the ports of cli->dp, to give to the library */
const struct weft_names *names_of(struct cli *cli);
/* Fetch them now, because the socket will be busy later. Status. */
int names_load(struct cli *cli);
void names_forget(struct cli *cli);

/* ---- error.c ----------------------------------------------------------- */

/* Say what is wrong and return @status */
int cli_fail(struct cli *cli, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Wrong words: with a hint at the help; CLI_USAGE */
int cli_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The library refused @text (-EINVAL) or had no memory; @what is text of what */
int cli_syntax(struct cli *cli, int ret, const char *what, const char *text,
	       const struct weft_error *err);
/* The same for byte @offset and on of a line in a file */
int cli_line_syntax(struct cli *cli, int ret, const struct lines *lines, size_t offset,
		    const struct weft_error *err);
/* The same for a file that the library reads: @err has the place */
int cli_file_syntax(struct cli *cli, int ret, const char *path, const struct weft_error *err);
/* A request failed with @ret: "cannot …: the kernel's words"; CLI_FAILED */
int cli_refused(struct cli *cli, int ret, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A dump that returned 1 */
void cli_warn_changed(struct cli *cli, const char *what);

/* ---- output.c ---------------------------------------------------------- */

/* JSON arrays, written as they come. All do nothing without -j. */
void output_begin(struct cli *cli);
int output_item(struct cli *cli, json_t *item); /* takes the reference; status */
void output_end(struct cli *cli);
/* One value on its own; takes the reference. Status. */
int output_json(struct cli *cli, json_t *value);
/* One value on one line, written out at once; takes the reference. Status. */
int output_json_line(struct cli *cli, json_t *value);
/* Push out what a monitor printed. Status. */
int output_flush(struct cli *cli);
/* At the end of the process: did all of it get out? Status. */
int output_close(struct cli *cli, int status);
unsigned int output_flags(const struct cli *cli); /* WEFT_FMT_… */

/* ---- objects, as text -------------------------------------------------- */

void dp_print(const struct weft_dp *dp, bool stats);
void port_print(const struct weft_port *port, bool stats);
void table_print(struct cli *cli, const struct weft_table *table, bool stats);
void service_print(const struct weft_service *service);
void label_print(const struct weft_label *label);
void tunnel_print(struct cli *cli, const struct weft_tunnel *tunnel);
void txn_result_print(const struct weft_txn_result *result);
void pool_print(const struct weft_pool *pool, unsigned int flags);
/* @lines: and its entries, a line each */
void instance_print(struct cli *cli, const struct weft_instance *instance, bool lines);
void drops_print(const struct weft_drops *drops);
void upcall_print(struct cli *cli, const struct weft_packet *packet);

/* DEV or ID, or "dev DEV", "id ID", in @name or (then NULL) @id. Status. */
int port_ref(struct cli *cli, struct args *args, const char **name, uint32_t *id);

/* A number, or the name of a template of cli->dp. Status. */
int template_ref(struct cli *cli, const char *word, uint32_t *id);

/* ---- ops.c: transactions ----------------------------------------------- */

enum op_kind { OP_ADD, OP_REPLACE, OP_SET, OP_DEL, OP_DEL_FILTER, OP_TABLE };

/* @line: of the file; 0: none */
struct op {
	enum op_kind kind;
	unsigned int line;
	struct weft_flow flow;
	struct weft_table table; /* OP_TABLE */
};

struct ops {
	struct op *v;
	size_t n;
	size_t size;
	const char *file;
};

/* A new empty one at the end; NULL when out of memory */
struct op *ops_add(struct ops *ops, enum op_kind kind, unsigned int line);
void ops_free(struct ops *ops);
/*
 * Do all in one transaction and print its result. Status; @again, when not
 * NULL, is set in place of a message when entries came or went meanwhile.
 */
int ops_commit(struct cli *cli, struct ops *ops, bool *again);

/* ---- frames.c: frames to inject ---------------------------------------- */

struct frame {
	const uint8_t *data;
	size_t len;
};

struct frames {
	uint8_t *bytes;
	struct frame *v;
	size_t n;
};

int frames_from_hex(struct cli *cli, struct frames *frames, const char *text);
int frames_from_file(struct cli *cli, struct frames *frames, const char *path);
void frames_free(struct frames *frames);

#endif /* WEFT_CLI_H */
