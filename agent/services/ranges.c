// SPDX-License-Identifier: Apache-2.0
/*
 * ranges.c - local providers of ranges: a static list, and a file.
 *
 * A range is cut from what was listed: the first gap of an address, among the leases that
 * there are. The file is read under its lock for each call; a reader that finds it broken
 * refuses to give anything.
 *
 * Whoever writes may be killed at any moment, and cannot make another file: the directory is not
 * its own. So a new text is first written behind the old one, then over it, and then cut off;
 * between these the file is synced. A text is complete when it parses, and what we write has
 * a brace at the beginning of its first line only. So there is always a complete one: the last,
 * or, when that was torn, the first, which nobody had touched yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "services/ranges.h"

#define FILE_MAX_BYTES (16 << 20)

struct lease {
	uint64_t id;
	char *key;
	uint32_t purpose;
	struct weft_pool_range range;
};

struct book {
	struct range_provider provider;
	int fd; /* -1: no file */
	struct weft_ranges ranges;
	struct lease *leases;
	size_t n_leases;
	uint64_t next_id;
};

/* ---- the book --------------------------------------------------------------- */

static void forget_leases(struct book *book)
{
	for (size_t i = 0; i < book->n_leases; i++)
		free(book->leases[i].key);
	free(book->leases);
	book->leases = NULL;
	book->n_leases = 0;
}

static void add_lease(struct book *book, uint64_t id, const char *key, uint32_t purpose,
		      const struct weft_pool_range *range)
{
	book->leases = memory_grow(book->leases, book->n_leases, sizeof(*book->leases));
	book->leases[book->n_leases++] = (struct lease){
		.id = id,
		.key = memory_strdup(key),
		.purpose = purpose,
		.range = *range,
	};
}

/* the lease of an address that has a port, or the one with the lowest ports above it */
static const struct lease *lease_from(const struct book *book, const struct weft_pool_range *at,
				      uint32_t port)
{
	const struct lease *found = NULL;

	for (size_t i = 0; i < book->n_leases; i++) {
		const struct weft_pool_range *range = &book->leases[i].range;

		if (range->family != at->family || range->last_port < port ||
		    memcmp(range->first, at->first, sizeof(at->first)))
			continue;
		if (!found || range->first_port < found->range.first_port)
			found = &book->leases[i];
	}
	return found;
}

/* a gap of one address; the widest is not sought, but one port is enough only if there are no more */
static bool cut_address(const struct book *book, const struct weft_pool_range *all,
			const uint8_t address[16], uint32_t count, struct weft_pool_range *out)
{
	uint32_t port = all->first_port, last;
	bool found = false;

	out->family = all->family;
	memcpy(out->first, address, sizeof(out->first));
	memcpy(out->last, address, sizeof(out->last));
	while (port <= all->last_port) {
		const struct lease *next = lease_from(book, out, port);

		last = all->last_port;
		if (next && next->range.first_port <= port) {
			port = next->range.last_port + 1u;
			continue;
		}
		if (next && next->range.first_port - 1u < last)
			last = next->range.first_port - 1u;
		if (last - port + 1 > count)
			last = port + count - 1;
		if (!found || last - port > (uint32_t)(out->last_port - out->first_port)) {
			out->first_port = port;
			out->last_port = last;
			found = true;
		}
		if (last - port + 1 == count)
			return true;
		port = last + 1;
	}
	return found;
}

static void next_address(uint8_t ip[16], uint8_t family)
{
	for (int i = family == 6 ? 15 : 3; i >= 0 && !++ip[i]; i--)
		;
}

static bool cut(const struct book *book, uint32_t count, struct weft_pool_range *out)
{
	for (unsigned int i = 0; i < book->ranges.n_ranges; i++) {
		const struct weft_pool_range *all = &book->ranges.ranges[i];
		uint8_t address[16];

		memcpy(address, all->first, sizeof(address));
		for (;;) {
			memset(out, 0, sizeof(*out));
			if (cut_address(book, all, address, count, out))
				return true;
			if (!memcmp(address, all->last, sizeof(address)))
				break;
			next_address(address, all->family);
		}
	}
	return false;
}

/* ---- the file ----------------------------------------------------------------- */

static int parse_range(const char *text, struct weft_pool_range *range)
{
	char *all = text && !strpbrk(text, " \t=,") ? memory_printf("1 %s", text) : NULL;
	struct weft_pool pool;
	int result = all ? weft_pool_parse(&pool, all, NULL) : -EINVAL;

	free(all);
	if (result)
		return -EINVAL;
	if (pool.ranges.n_ranges == 1)
		*range = pool.ranges.ranges[0];
	else
		result = -EINVAL;
	weft_pool_free(&pool);
	return result;
}

static json_t *format_range(const struct weft_pool_range *range)
{
	struct weft_pool pool;
	char *text = NULL;
	json_t *json;

	weft_pool_init(&pool);
	pool.id = 1;
	weft_mark(&pool, WEFT_POOL_A_ID);
	weft_mark(&pool, WEFT_POOL_A_RANGES);
	if (!weft_ranges_add_range(&pool.ranges, range))
		text = weft_pool_format(&pool, 0);
	weft_pool_free(&pool);
	json = json_string(text && strchr(text, ' ') ? strchr(text, ' ') + 1 : "");
	free(text);
	return json;
}

static int take_ranges(struct book *book, const json_t *root)
{
	const json_t *list = json_object_get(root, "ranges");
	struct weft_pool_range range;

	free(book->ranges.ranges);
	book->ranges = (struct weft_ranges){ 0 };
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (parse_range(json_string_value(json_array_get(list, i)), &range))
			return -EPROTO;
		if (weft_ranges_add_range(&book->ranges, &range))
			return -ENOMEM;
	}
	return book->ranges.n_ranges ? 0 : -EPROTO;
}

static int take_leases(struct book *book, const json_t *root)
{
	const json_t *list = json_object_get(root, "leases");
	struct weft_pool_range range;

	forget_leases(book);
	book->next_id = json_integer_value(json_object_get(root, "next"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *lease = json_array_get(list, i);
		const char *key = json_string_value(json_object_get(lease, "key"));

		if (!key || parse_range(json_string_value(json_object_get(lease, "range")), &range))
			return -EPROTO;
		add_lease(book, json_integer_value(json_object_get(lease, "id")), key,
			  json_is_true(json_object_get(lease, "sanitise")), &range);
	}
	return 0;
}

static int write_all(int fd, const char *text, size_t len, size_t at)
{
	ssize_t n;

	for (size_t done = 0; done < len; done += n) {
		n = pwrite(fd, text + done, len - done, at + done);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return fsync(fd) ? -errno : 0;
}

/* the text is behind its place, too, if the file is longer */
static int move_front(int fd, const char *text, size_t len)
{
	int result = write_all(fd, text, len, 0);

	return result ? result : ftruncate(fd, len) || fsync(fd) ? -errno : 0;
}

/* all of the file, to be freed; NULL: -errno is in *result */
static char *read_text(int fd, size_t *len, int *result)
{
	struct stat info;
	size_t done = 0;
	ssize_t n = 1;
	char *text;

	*result = fstat(fd, &info) ? -errno : info.st_size > FILE_MAX_BYTES ? -EFBIG : 0;
	if (*result)
		return NULL;
	*len = info.st_size;
	text = memory_zalloc(*len + 1);
	while (done < *len && (n = pread(fd, text + done, *len - done, done)) > 0)
		done += n;
	if (done == *len)
		return text;
	*result = n < 0 ? -errno : -EIO;
	free(text);
	return NULL;
}

/* where the last text begins */
static size_t last_text(const char *text, size_t len)
{
	size_t at = len;

	while (at-- > 1) {
		if (text[at] == '{' && text[at - 1] == '\n')
			return at;
	}
	return 0;
}

/* the complete text, after which the file has no other; NULL: -errno is in *result */
static json_t *load(int fd, int *result)
{
	json_error_t error;
	char *text;
	json_t *root;
	size_t len, at;

	text = read_text(fd, &len, result);
	if (!text)
		return NULL;
	at = last_text(text, len);
	root = json_loadb(text + at, len - at, JSON_REJECT_DUPLICATES, NULL);
	if (root && at) {
		/* else somebody has written it so, and it stays where it is */
		if (at >= len - at)
			*result = move_front(fd, text + at, len - at);
	} else if (!root) {
		root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK,
				  &error);
		if (!root)
			*result = -EPROTO;
		else if (ftruncate(fd, error.position) || fsync(fd))
			*result = -errno;
	}
	free(text);
	if (!*result)
		return root;
	json_decref(root);
	return NULL;
}

static int read_book(struct book *book)
{
	json_t *root;
	int result;

	if (book->fd < 0)
		return 0;
	root = load(book->fd, &result);
	if (!root)
		return result;
	result = take_ranges(book, root);
	if (!result)
		result = take_leases(book, root);
	json_decref(root);
	return result;
}

static json_t *book_to_json(const struct book *book)
{
	json_t *ranges = json_array(), *leases = json_array();

	for (unsigned int i = 0; i < book->ranges.n_ranges; i++)
		json_array_append_new(ranges, format_range(&book->ranges.ranges[i]));
	for (size_t i = 0; i < book->n_leases; i++) {
		const struct lease *lease = &book->leases[i];

		json_array_append_new(leases,
				      json_pack("{s:I, s:s, s:b, s:o}", "id", (json_int_t)lease->id,
						"key", lease->key, "sanitise", (int)lease->purpose,
						"range", format_range(&lease->range)));
	}
	return json_pack("{s:o, s:I, s:o}", "ranges", ranges, "next", (json_int_t)book->next_id,
			 "leases", leases);
}

static int write_book(struct book *book)
{
	struct stat info;
	char *text, *line;
	json_t *root;
	size_t len, at;
	int result;

	if (book->fd < 0)
		return 0;
	root = book_to_json(book);
	text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	if (!text)
		return -ENOMEM;
	line = memory_printf("\n%s\n", text);
	free(text);
	len = strlen(line);
	/* so far behind that it does not reach itself when it is moved */
	result = fstat(book->fd, &info) ? -errno : 0;
	at = (size_t)info.st_size > len ? (size_t)info.st_size : len;
	if (!result && at > (size_t)info.st_size) {
		text = memory_zalloc(at - info.st_size);
		memset(text, ' ', at - info.st_size);
		result = write_all(book->fd, text, at - info.st_size, info.st_size);
		free(text);
	}
	if (!result)
		result = write_all(book->fd, line, len, at);
	if (!result)
		result = move_front(book->fd, line + 1, len - 1);
	free(line);
	return result;
}

static int open_book(struct book *book)
{
	int result;

	if (book->fd >= 0 && flock(book->fd, LOCK_EX))
		return -errno;
	result = read_book(book);
	if (result && book->fd >= 0)
		flock(book->fd, LOCK_UN);
	return result;
}

static void close_book(struct book *book)
{
	if (book->fd >= 0)
		flock(book->fd, LOCK_UN);
}

/* ---- the provider ---------------------------------------------------------------- */

static int book_acquire(struct range_provider *provider, const char *key, uint32_t count,
			enum range_purpose purpose, struct range_lease *lease)
{
	struct book *book = (struct book *)provider;
	int result = open_book(book);

	if (result)
		return result;
	if (!count || !cut(book, count, &lease->range)) {
		close_book(book);
		return -ENOSPC;
	}
	lease->id = ++book->next_id;
	add_lease(book, lease->id, key, purpose, &lease->range);
	result = write_book(book);
	close_book(book);
	return result;
}

static int book_release(struct range_provider *provider, uint64_t id)
{
	struct book *book = (struct book *)provider;
	int result = open_book(book);
	size_t i = 0;

	if (result)
		return result;
	while (i < book->n_leases && book->leases[i].id != id)
		i++;
	if (i == book->n_leases) {
		close_book(book);
		return -ENOENT;
	}
	free(book->leases[i].key);
	book->leases[i] = book->leases[--book->n_leases];
	result = write_book(book);
	close_book(book);
	return result;
}

static int book_held(struct range_provider *provider, const char *key, struct range_lease **leases,
		     size_t *n)
{
	struct book *book = (struct book *)provider;
	int result = open_book(book);

	*n = 0;
	*leases = NULL;
	if (result)
		return result;
	for (size_t i = 0; i < book->n_leases; i++) {
		if (strcmp(book->leases[i].key, key))
			continue;
		*leases = memory_grow(*leases, *n, sizeof(**leases));
		(*leases)[(*n)++] = (struct range_lease){
			.id = book->leases[i].id,
			.range = book->leases[i].range,
		};
	}
	close_book(book);
	return 0;
}

static void book_close(struct range_provider *provider)
{
	struct book *book = (struct book *)provider;

	if (book->fd >= 0)
		close(book->fd);
	forget_leases(book);
	free(book->ranges.ranges);
	free(book);
}

static const struct range_provider_ops book_ops = {
	.acquire = book_acquire,
	.release = book_release,
	.held = book_held,
	.close = book_close,
};

int range_file_open(struct range_provider **provider, const char *path)
{
	struct book *book;
	struct stat info;
	int result, fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) || info.st_size > FILE_MAX_BYTES) {
		close(fd);
		return -EFBIG;
	}
	book = memory_zalloc(sizeof(*book));
	book->provider.ops = &book_ops;
	book->fd = fd;
	result = open_book(book);
	close_book(book);
	if (result) {
		book_close(&book->provider);
		return result;
	}
	*provider = &book->provider;
	return 0;
}

struct range_provider *range_static(const struct weft_ranges *ranges)
{
	struct book *book = memory_zalloc(sizeof(*book));

	book->provider.ops = &book_ops;
	book->fd = -1;
	for (unsigned int i = 0; i < ranges->n_ranges; i++)
		weft_ranges_add_range(&book->ranges, &ranges->ranges[i]);
	return &book->provider;
}
