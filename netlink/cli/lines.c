// SPDX-License-Identifier: Apache-2.0
/*
 * lines.c - files of commands and of transactions, a logical line at a time.
 *
 * A line that is continued by a backslash is joined with a blank in the
 * backslash's place; its parts are remembered, so that an error can be told by the line and
 * column that an editor shows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct line_part {
	size_t offset; /* in the logical line */
	unsigned int line;
};

int lines_open(struct lines *lines, const char *path)
{
	*lines = (struct lines){ .path = path };
	lines->stream = strcmp(path, "-") ? fopen(path, "re") : stdin;
	return lines->stream ? 0 : -errno;
}

void lines_close(struct lines *lines)
{
	if (lines->stream && lines->stream != stdin)
		fclose(lines->stream);
	free(lines->text);
	free(lines->parts);
	*lines = (struct lines){};
}

/* Cut off the comment; quotes hide a '#'. */
static size_t cut_comment(char *text, size_t len)
{
	char quote = 0;

	for (size_t i = 0; i < len; i++) {
		if (quote) {
			if (text[i] == quote)
				quote = 0;
		} else if (text[i] == '\'' || text[i] == '"') {
			quote = text[i];
		} else if (text[i] == '#') {
			return i;
		}
	}
	return len;
}

static int append(struct lines *lines, size_t len, const char *text, size_t text_len)
{
	struct line_part *parts;

	if (len + text_len + 1 > lines->size) {
		size_t size = 2 * (len + text_len + 1);
		char *bigger = realloc(lines->text, size);

		if (!bigger)
			return -ENOMEM;
		lines->text = bigger;
		lines->size = size;
	}
	parts = realloc(lines->parts, (lines->n_parts + 1) * sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	lines->parts = parts;
	parts[lines->n_parts++] = (struct line_part){ len, lines->n_read };
	memcpy(lines->text + len, text, text_len);
	lines->text[len + text_len] = '\0';
	return 0;
}

int lines_next(struct lines *lines)
{
	char *text = NULL;
	size_t size = 0;
	size_t len = 0;
	bool more = false;
	int ret = 0;

	lines->n_parts = 0;
	for (;;) {
		ssize_t n;

		errno = 0;
		n = getline(&text, &size, lines->stream);
		if (n < 0) {
			ret = errno ? -errno : lines->n_parts > 0;
			break;
		}
		lines->n_read++;
		if (n && text[n - 1] == '\n')
			n--;
		if (n && text[n - 1] == '\r')
			n--;
		n = cut_comment(text, n);
		more = n && text[n - 1] == '\\';
		if (more)
			text[n - 1] = ' ';
		if (!lines->n_parts) {
			if (!more && strspn(text, " \t") >= (size_t)n)
				continue;
			lines->line = lines->n_read;
		}
		ret = append(lines, len, text, n);
		if (ret)
			break;
		len += n;
		if (!more) {
			ret = 1;
			break;
		}
	}
	free(text);
	return ret;
}

void lines_where(const struct lines *lines, size_t offset, unsigned int *line, size_t *column)
{
	size_t i = lines->n_parts;

	while (i > 1 && lines->parts[i - 1].offset > offset)
		i--;
	*line = lines->parts[i - 1].line;
	*column = offset - lines->parts[i - 1].offset + 1;
}

int line_split(char *text, char ***words)
{
	char *in = text, *out = text;
	char **v = NULL;
	int n = 0;

	for (;;) {
		char quote = 0;
		char **bigger;

		in += strspn(in, " \t");
		if (!*in)
			break;
		bigger = realloc(v, (n + 1) * sizeof(*v));
		if (!bigger) {
			free(v);
			return -ENOMEM;
		}
		v = bigger;
		v[n++] = out;
		for (; *in && (quote || (*in != ' ' && *in != '\t')); in++) {
			if (quote && *in == quote)
				quote = 0;
			else if (!quote && (*in == '\'' || *in == '"'))
				quote = *in;
			else if (quote != '\'' && *in == '\\' && in[1])
				*out++ = *++in;
			else
				*out++ = *in;
		}
		if (quote) {
			free(v);
			return -EINVAL;
		}
		if (*in)
			in++;
		*out++ = '\0';
	}
	*words = v;
	return n;
}

int file_read(const char *path, uint8_t **data, size_t *len)
{
	FILE *stream = strcmp(path, "-") ? fopen(path, "re") : stdin;
	size_t size = 0;
	int ret = 0;

	*data = NULL;
	*len = 0;
	if (!stream)
		return -errno;
	errno = 0;
	for (;;) {
		if (*len == size) {
			uint8_t *bigger = realloc(*data, size = 2 * size + 65536);

			if (!bigger) {
				ret = -ENOMEM;
				break;
			}
			*data = bigger;
		}
		*len += fread(*data + *len, 1, size - *len, stream);
		if (ferror(stream)) {
			ret = errno ? -errno : -EIO;
			break;
		}
		if (feof(stream))
			break;
	}
	if (stream != stdin)
		fclose(stream);
	if (ret) {
		free(*data);
		*data = NULL;
	}
	return ret;
}
