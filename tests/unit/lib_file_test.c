// SPDX-License-Identifier: Apache-2.0
/*
 * Files of flows: comments, joined lines, and errors found where the user sees them.
 */
#include "lib_test.h"
#include <unistd.h>

static char path[] = "/tmp/weft-flows-XXXXXX";

static struct weft_flow_file *open_file(const char *text, size_t len)
{
	struct weft_flow_file *file;
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	assert_int_equal(fwrite(text, 1, len, stream), len);
	fclose(stream);
	assert_int_equal(weft_flow_file_open(&file, path), 0);
	return file;
}

static void expect(struct weft_flow_file *file, unsigned int line, const char *text)
{
	struct weft_flow flow;
	struct weft_error err;
	char *back;

	assert_int_equal(weft_flow_file_next(file, &flow, NULL, &err), 1);
	assert_int_equal(weft_flow_file_line(file), line);
	back = weft_flow_format(&flow, NULL, 0);
	assert_string_equal(back, text);
	free(back);
	weft_flow_free(&flow);
}

static void expect_error(struct weft_flow_file *file, unsigned int line, size_t pos,
			 const char *words)
{
	struct weft_flow flow;
	struct weft_error err;
	char text[600], place[100];

	assert_int_equal(weft_flow_file_next(file, &flow, NULL, &err), -EINVAL);
	assert_int_equal(err.line, line);
	assert_int_equal(err.pos, pos);
	assert_non_null(strstr(err.msg, words));
	snprintf(place, sizeof(place), pos ? "%s:%u:%zu: " : "%s:%u: ", path, line, pos);
	assert_ptr_equal(strstr(weft_error_text(&err, text, sizeof(text)), place), text);
}

static void expect_end(struct weft_flow_file *file)
{
	struct weft_flow flow;
	struct weft_error err;

	assert_int_equal(weft_flow_file_next(file, &flow, NULL, &err), 0);
	weft_flow_file_close(file);
}

static void lines(void **state)
{
	static const char text[] = "# flows\n"
				   "\n"
				   "table=1 actions=drop   # the first\r\n"
				   "   \t\n"
				   "table=2, \\\n"
				   "  tcp, \\\n"
				   "  tcp_dst=80 actions=goto:3\n"
				   "table=4, ldp=x actions=drop\n"
				   "table=5, \\\n"
				   "  udp, \\\n"
				   "  tcp_dst=80 actions=goto:3\n"
				   "table=6 actions=drop";
	struct weft_flow_file *file = open_file(text, sizeof(text) - 1);

	expect(file, 3, "table=1, priority=32768  actions= drop");
	expect(file, 5, "table=2, priority=32768, tcp, tcp_dst=80  actions= goto:3");
	expect_error(file, 8, 14, "not a number");
	expect_error(file, 11, 3, "tcp_dst needs tcp");
	expect(file, 12, "table=6, priority=32768  actions= drop");
	expect_end(file);
}

static void oddities(void **state)
{
	static const char nul[] = "table=1 \0 actions=drop\ntable=2 actions=drop\n";
	static const char joined_end[] = "table=1 actions=drop \\";
	static const char not_comment[] = "table=1 actions=output:1#2\n";
	struct weft_flow_file *file;

	file = open_file(nul, sizeof(nul) - 1);
	expect_error(file, 1, 0, "NUL");
	expect(file, 2, "table=2, priority=32768  actions= drop");
	expect_end(file);
	file = open_file(joined_end, sizeof(joined_end) - 1);
	expect(file, 1, "table=1, priority=32768  actions= drop");
	expect_end(file);
	file = open_file(not_comment, sizeof(not_comment) - 1);
	expect_error(file, 1, 24, "only numbers");
	expect_end(file);
	file = open_file("", 0);
	expect_end(file);
	file = open_file("#", 1);
	expect_end(file);
}

static void too_long(void **state)
{
	size_t len = 3 << 20;
	char *text = malloc(len);
	struct weft_flow_file *file;

	memset(text, ' ', len);
	memcpy(text + len - 22, "\ntable=2 actions=drop\n", 22);
	file = open_file(text, len);
	expect_error(file, 1, 0, "too long");
	expect(file, 2, "table=2, priority=32768  actions= drop");
	expect_end(file);
	free(text);
}

static void missing(void **state)
{
	struct weft_flow_file *file;

	assert_int_equal(weft_flow_file_open(&file, "/nonexistent/flows"), -ENOENT);
	assert_null(file);
	weft_flow_file_close(NULL);
}

static int make_path(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(oddities),
		cmocka_unit_test(too_long),
		cmocka_unit_test(missing),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
