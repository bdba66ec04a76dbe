// SPDX-License-Identifier: Apache-2.0
/*
 * Files of flows. Lines joined by a backslash are parsed as one text in which the
 * backslash and the line's end are blanks; where each line began is remembered, so
 * that an error is reported where the user finds it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

#define TEXT_MAX (1u << 20) /* bytes of one entry */

struct weft_flow_file {
	FILE *stream;
	char *path;
	char *line; /* getline()'s */
	size_t line_size;
	unsigned int line_no; /* of the last line read */
	struct wl_buf text;   /* of one entry */
	size_t *begins;	      /* of its lines, in text */
	unsigned int n_begins, begins_size;
};

/**
 * weft_flow_file_open - open a file of flows
 * @file: gets the reader, to be closed by weft_flow_file_close()
 * @path: of the file; "-" for the standard input
 *
 * Returns 0, -ENOMEM, or what fopen() fails with.
 */
int weft_flow_file_open(struct weft_flow_file **file, const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	struct weft_flow_file *f = calloc(1, sizeof(*f));
	int err;

	*file = NULL;
	if (!f)
		return -ENOMEM;
	f->path = strdup(is_stdin ? "<stdin>" : path);
	f->stream = is_stdin ? stdin : fopen(path, "re");
	if (!f->path || !f->stream) {
		err = f->path ? -errno : -ENOMEM;
		weft_flow_file_close(f);
		return err;
	}
	*file = f;
	return 0;
}

/**
 * weft_flow_file_close - close a file of flows
 * @file: freed; may be NULL
 */
void weft_flow_file_close(struct weft_flow_file *file)
{
	if (!file)
		return;
	if (file->stream && file->stream != stdin)
		fclose(file->stream);
	wl_buf_free(&file->text);
	free(file->begins);
	free(file->line);
	free(file->path);
	free(file);
}

/**
 * weft_flow_file_line - where the reader is
 * @file: the reader
 *
 * Returns the number of the first line, from 1, of the flow that was read last.
 */
unsigned int weft_flow_file_line(const struct weft_flow_file *file)
{
	return file->line_no - (file->n_begins ? file->n_begins - 1 : 0);
}

/* A '#' begins a comment at the line's begin or behind a blank, outside quotes */
static size_t without_comment(const char *line, size_t len)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (line[i] == '"')
			quoted = !quoted;
		if (line[i] == '#' && !quoted && (!i || line[i - 1] == ' ' || line[i - 1] == '\t'))
			return i;
	}
	return len;
}

static int begin_line(struct weft_flow_file *f)
{
	if (f->n_begins == f->begins_size) {
		unsigned int size = f->begins_size ? f->begins_size * 2 : 8;
		size_t *grown = realloc(f->begins, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		f->begins = grown;
		f->begins_size = size;
	}
	f->begins[f->n_begins++] = f->text.len;
	return 0;
}

/* Gather one entry's text: 1, 0 at the end, -errno (-EINVAL for NUL and length) */
static int gather(struct weft_flow_file *f, const char **problem)
{
	bool joined = true, bad = false;

	f->text.len = 0;
	f->n_begins = 0;
	*problem = NULL;
	while (joined) {
		ssize_t n = getline(&f->line, &f->line_size, f->stream);
		size_t len;

		if (n < 0)
			return ferror(f->stream) ? -EIO : f->n_begins ? 1 : 0;
		f->line_no++;
		if (begin_line(f))
			return -ENOMEM;
		len = (size_t)n;
		while (len && (f->line[len - 1] == '\n' || f->line[len - 1] == '\r'))
			len--;
		if (memchr(f->line, '\0', len)) {
			*problem = "a NUL byte in the line";
			bad = true;
		}
		len = without_comment(f->line, len);
		joined = len && f->line[len - 1] == '\\';
		if (joined)
			f->line[len - 1] = ' ';
		if (f->text.len + len > TEXT_MAX) {
			*problem = "the line is too long";
			bad = true;
		}
		if (!bad) {
			wl_buf_add(&f->text, f->line, len);
			wl_buf_add(&f->text, " ", 1);
		}
		if (f->text.failed)
			return -ENOMEM;
	}
	return bad ? -EINVAL : 1;
}

/* From a column of the joined text to line and column of the file */
static void place_error(const struct weft_flow_file *f, struct weft_error *err)
{
	unsigned int i = f->n_begins ? f->n_begins - 1 : 0;

	err->file = f->path;
	err->line = f->line_no;
	if (!err->pos) {
		err->line = weft_flow_file_line(f);
		return;
	}
	while (i && f->begins[i] > err->pos - 1) {
		i--;
		err->line--;
	}
	err->pos -= f->n_begins ? f->begins[i] : 0;
}

static bool is_empty(const char *text)
{
	return !text || text[strspn(text, " \t,")] == '\0';
}

/**
 * weft_flow_file_next - read the next flow
 * @file: the reader
 * @out: uninitialised; the caller frees it after a return of 1
 * @names: what the caller knows by name; may be NULL
 * @err: gets what is wrong with file and line, whose name lives as long as
 *	@file; may be NULL
 *
 * Returns 1 with a flow, 0 at the end of the file, -EINVAL for a bad flow, after
 * which the next one may be read, -EIO, -ENOMEM.
 */
int weft_flow_file_next(struct weft_flow_file *file, struct weft_flow *out,
			const struct weft_names *names, struct weft_error *err)
{
	struct wl_parse ps = { .err = err };
	const char *problem;
	int ret;

	do {
		ret = gather(file, &problem);
		if (problem)
			wl_fail(&ps, (struct wl_tok){ 0 }, "%s", problem);
	} while (ret == 1 && is_empty(file->text.s));

	if (ret == 1)
		ret = weft_flow_parse(out, file->text.s, names, err) ?: 1;
	if (ret == -EINVAL && err)
		place_error(file, err);
	return ret;
}
