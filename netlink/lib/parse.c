// SPDX-License-Identifier: Apache-2.0
/*
 * Reading pieces of text: tokens (pointer and length into the caller's text, so
 * that a message can say the column), numbers, names and ports. Used for flows as
 * text and, value by value, for JSON.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "wl.h"

#define SHOWN_MAX 60 /* of a bad token, in a message */

int wl_fail(const struct wl_parse *ps, struct wl_tok at, const char *fmt, ...)
{
	struct weft_error *err = ps->err;
	va_list args;

	if (!err)
		return -EINVAL;
	*err = (struct weft_error){ 0 };
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	if (ps->start && at.s) {
		err->pos = (size_t)(at.s - ps->start) + 1;
		err->len = at.len;
	}
	if (ps->path)
		snprintf(err->path, sizeof(err->path), "%s", ps->path);
	return -EINVAL;
}

struct wl_tok wl_tok_str(const char *s)
{
	return (struct wl_tok){ s, strlen(s) };
}

bool wl_tok_is(struct wl_tok tok, const char *s)
{
	return strlen(s) == tok.len && !memcmp(tok.s, s, tok.len);
}

bool wl_tok_copy(struct wl_tok tok, char *buf, size_t size)
{
	if (tok.len >= size || memchr(tok.s, '\0', tok.len))
		return false;
	memcpy(buf, tok.s, tok.len);
	buf[tok.len] = '\0';
	return true;
}

bool wl_tok_split(struct wl_tok tok, char c, struct wl_tok *head, struct wl_tok *tail)
{
	const char *p = tok.len ? memchr(tok.s, c, tok.len) : NULL;

	*head = tok;
	*tail = (struct wl_tok){ tok.s + tok.len, 0 };
	if (!p)
		return false;
	head->len = (size_t)(p - tok.s);
	tail->s = p + 1;
	tail->len = tok.len - head->len - 1;
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool wl_tok_uint(struct wl_tok tok, uint64_t *value)
{
	unsigned int base = 10;
	size_t i = 0;

	if (tok.len > 2 && tok.s[0] == '0' && (tok.s[1] == 'x' || tok.s[1] == 'X')) {
		base = 16;
		i = 2;
	}
	if (i >= tok.len)
		return false;
	for (*value = 0; i < tok.len; i++) {
		unsigned int d = (unsigned int)digit(tok.s[i]);

		if (d >= base || *value > (UINT64_MAX - d) / base)
			return false;
		*value = *value * base + d;
	}
	return true;
}

int wl_parse_uint(const struct wl_parse *ps, struct wl_tok tok, const char *what, uint64_t max,
		  uint64_t *value)
{
	size_t i = 0;

	if (wl_tok_uint(tok, value)) {
		if (*value <= max)
			return 0;
		return wl_fail(ps, tok, "%s '%.*s' is out of range: at most %llu", what,
			       (int)(tok.len < SHOWN_MAX ? tok.len : SHOWN_MAX), tok.s,
			       (unsigned long long)max);
	}
	while (i < tok.len && digit(tok.s[i]) < 10)
		i++;
	if (i && i == tok.len)
		return wl_fail(ps, tok, "%s '%.*s' is out of range: at most %llu", what,
			       (int)(tok.len < SHOWN_MAX ? tok.len : SHOWN_MAX), tok.s,
			       (unsigned long long)max);
	return wl_fail(ps, tok, "%s '%.*s' is not a number", what,
		       (int)(tok.len < SHOWN_MAX ? tok.len : SHOWN_MAX), tok.s);
}

int wl_parse_seconds(const struct wl_parse *ps, struct wl_tok tok, const char *what, uint64_t max,
		     uint64_t *ms)
{
	static const unsigned int scale[] = { 0, 100, 10, 1 };
	struct wl_tok whole, part;
	uint64_t s, frac = 0;
	size_t i;
	int err;

	wl_tok_split(tok, '.', &whole, &part);
	err = wl_parse_uint(ps, whole, what, max / 1000, &s);
	if (err)
		return err;
	if (whole.len != tok.len) {
		if (!part.len || part.len > 3)
			return wl_fail(ps, tok, "%s: seconds have one to three decimals", what);
		for (i = 0; i < part.len; i++) {
			if (digit(part.s[i]) > 9)
				return wl_fail(ps, tok, "%s '%.*s' is not a number", what,
					       (int)(tok.len < SHOWN_MAX ? tok.len : SHOWN_MAX),
					       tok.s);
			frac = frac * 10 + (uint64_t)digit(part.s[i]);
		}
		frac *= scale[part.len];
	}
	*ms = s * 1000 + frac;
	if (*ms > max)
		return wl_fail(ps, tok, "%s is out of range: at most %llu ms", what,
			       (unsigned long long)max);
	return 0;
}

int wl_parse_name(const struct wl_parse *ps, struct wl_tok tok, const char *what, char *buf,
		  size_t size)
{
	struct wl_tok name = tok;

	if (name.len >= 2 && name.s[0] == '"' && name.s[name.len - 1] == '"') {
		name.s++;
		name.len -= 2;
	}
	if (!name.len)
		return wl_fail(ps, tok, "%s is missing", what);
	if (memchr(name.s, '"', name.len))
		return wl_fail(ps, tok, "%s has a quote in it", what);
	if (!wl_tok_copy(name, buf, size))
		return wl_fail(ps, tok, "%s is too long: at most %zu characters", what, size - 1);
	return 0;
}

int wl_parse_table(const struct wl_parse *ps, struct wl_tok tok, uint8_t *id)
{
	bool numeric = tok.len && digit(tok.s[0]) < 10;
	uint64_t value;
	char name[64];
	int err;

	if (numeric || !ps->names || !ps->names->table_id) {
		err = wl_parse_uint(ps, tok, "table", WEFT_N_TABLES - 1, &value);
		*id = err ? 0 : (uint8_t)value;
		return err;
	}
	err = wl_parse_name(ps, tok, "table", name, sizeof(name));
	if (!err && ps->names->table_id(ps->names->ctx, name, id))
		err = wl_fail(ps, tok, "no table '%s'", name);
	return err;
}

int wl_parse_port(const struct wl_parse *ps, struct wl_tok tok, uint32_t *id)
{
	char name[64]; /* ports may have names of the caller's */
	uint64_t value;
	int err;

	if (tok.len && digit(tok.s[0]) < 10 && wl_tok_uint(tok, &value)) {
		err = wl_parse_uint(ps, tok, "port", WEFT_PORT_ID_MAX, &value);
		if (!err && !value)
			return wl_fail(ps, tok, "ports are numbered from 1");
		*id = (uint32_t)value;
		return err;
	}
	err = wl_parse_name(ps, tok, "port", name, sizeof(name));
	if (err)
		return err;
	if (!ps->names || !ps->names->port_id)
		return wl_fail(ps, tok, "port '%s': only numbers are known here", name);
	err = ps->names->port_id(ps->names->ctx, name, id);
	if (err)
		return wl_fail(ps, tok, "no port '%s'", name);
	return 0;
}

int wl_parse_template(const struct wl_parse *ps, struct wl_tok tok, uint32_t *id)
{
	char name[WEFT_NAME_MAX + 1];
	uint64_t value;
	int err;

	if ((tok.len && digit(tok.s[0]) < 10) || !ps->names || !ps->names->template_id) {
		err = wl_parse_uint(ps, tok, "template", WEFT_TEMPLATE_ID_MAX, &value);
		if (!err && !value)
			return wl_fail(ps, tok, "templates are numbered from 1");
		*id = err ? 0 : (uint32_t)value;
		return err;
	}
	err = wl_parse_name(ps, tok, "template", name, sizeof(name));
	if (!err && ps->names->template_id(ps->names->ctx, name, id))
		err = wl_fail(ps, tok, "no template '%s'", name);
	return err;
}

/* Could not be taken for a number, a keyword or several tokens */
bool wl_name_is_plain(const char *name)
{
	const char *p;

	if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || *name == '_'))
		return false;
	for (p = name; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= '0' && *p <= '9') || *p == '_' || *p == '-' || *p == '.'))
			return false;
	return strcmp(name, "lout") && strcmp(name, "in_port");
}

void wl_format_name(struct wl_buf *buf, const char *name)
{
	if (wl_name_is_plain(name))
		wl_buf_puts(buf, name);
	else
		wl_buf_printf(buf, "\"%s\"", name);
}

void wl_format_seconds(struct wl_buf *buf, uint64_t ms)
{
	unsigned int frac = (unsigned int)(ms % 1000), digits = 3;

	wl_buf_printf(buf, "%llu", (unsigned long long)(ms / 1000));
	if (!frac)
		return;
	while (frac % 10 == 0) {
		frac /= 10;
		digits--;
	}
	wl_buf_printf(buf, ".%0*u", (int)digits, frac);
}

void wl_format_port(struct wl_buf *buf, const struct weft_names *names, unsigned int flags,
		    uint32_t id)
{
	const char *name = NULL;

	if (names && names->port_name && !(flags & WEFT_FMT_NO_NAMES))
		name = names->port_name(names->ctx, id);
	if (name && *name && !strchr(name, '"'))
		wl_format_name(buf, name);
	else
		wl_buf_printf(buf, "%u", id);
}

/**
 * weft_error_text - one line for the user
 * @err: what a parser left
 * @buf: gets "FILE:LINE:COL: MSG", "PATH: MSG", "column COL: MSG" or "MSG"
 * @size: bytes at @buf
 *
 * Returns @buf.
 */
const char *weft_error_text(const struct weft_error *err, char *buf, size_t size)
{
	if (err->file && err->pos)
		snprintf(buf, size, "%s:%u:%zu: %s", err->file, err->line, err->pos, err->msg);
	else if (err->file)
		snprintf(buf, size, "%s:%u: %s", err->file, err->line, err->msg);
	else if (err->path[0])
		snprintf(buf, size, "%s: %s", err->path, err->msg);
	else if (err->pos)
		snprintf(buf, size, "column %zu: %s", err->pos, err->msg);
	else
		snprintf(buf, size, "%s", err->msg);
	return buf;
}
