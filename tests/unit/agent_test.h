/* SPDX-License-Identifier: Apache-2.0 */
/* agent_test.h - configurations from strings, for the tests of weftd. */
#ifndef AGENT_TEST_H
#define AGENT_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "error.h"
#include "load.h"
#include "memory.h"

static char test_dir[] = "/tmp/weft-agent-XXXXXX";

static inline int test_dir_make(void **state)
{
	return mkdtemp(test_dir) ? 0 : -1;
}

static inline int test_dir_remove(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", test_dir);
	return system(command);
}

static inline char *test_path(const char *name)
{
	return memory_printf("%s/%s", test_dir, name);
}

/* a file in the test's folder, with ' for " */
static inline void test_write(const char *name, const char *text)
{
	char *path = test_path(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (; *text; text++)
		fputc(*text == '\'' ? '"' : *text, file);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static inline struct config *test_load(const char *text, struct errors *errors)
{
	struct config *config;
	char *path = test_path("host.json");

	test_write("host.json", text);
	config = load_config(&(struct source){ .file = path }, NULL, NULL, NULL, errors);
	free(path);
	return config;
}

/* a configuration that must be good */
static inline struct config *test_config(const char *text)
{
	struct errors errors = { 0 };
	struct config *config = test_load(text, &errors);

	if (errors.n_kept)
		print_error("%s\n", errors.text[0]);
	assert_non_null(config);
	assert_int_equal(errors.n_total, 0);
	return config;
}

/* the flows alone, each a JSON value, behind a port "a" and a port "b" */
static inline struct config *test_flows(const char *flows)
{
	char *text = memory_printf(
		"{'version': 1, 'datapath': 'weft0', 'ports': ["
		"{'name': 'a', 'device': 'tapa'}, {'name': 'b', 'device': 'tapb'}], "
		"'flows': [%s]}",
		flows);
	struct config *config = test_config(text);

	free(text);
	return config;
}

#endif
