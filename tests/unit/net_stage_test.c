// SPDX-License-Identifier: Apache-2.0
/*
 * net_stage_test.c - the table map: sound, and as Documentation/pipeline.md and its picture say.
 *
 * With WEFT_REGENERATE set, the two are written instead (make pipeline).
 */
#include <errno.h>
#include <sys/socket.h>

#include "net_test.h"

#define TOP "../../Documentation/"
#define BEGIN "<!-- stages: made from agent/net/stage.c by `make pipeline` -->\n"
#define END "<!-- end of stages -->\n"

static const struct stage *stage_find(const char *name)
{
	for (size_t i = 0; i < n_stages; i++) {
		if (!strcmp(stages[i].name, name))
			return &stages[i];
	}
	return NULL;
}

static void test_map(void **state)
{
	for (size_t i = 0; i < n_stages; i++) {
		assert_ptr_equal(stage_find(stages[i].name), &stages[i]);
		if (i)
			assert_true(stages[i].table > stages[i - 1].table);
		for (size_t n = 0; n < STAGE_NEXT_MAX && stages[i].next[n]; n++)
			assert_non_null(stage_find(stages[i].next[n]));
	}
	assert_int_equal(stages[0].table, 0);
}

static bool is_next(const struct stage *stage, const char *name, size_t len)
{
	for (size_t n = 0; n < STAGE_NEXT_MAX && stage->next[n]; n++) {
		if (!strncmp(stage->next[n], name, len) && !stage->next[n][len])
			return true;
	}
	return false;
}

#define NAME "abcdefghijklmnopqrstuvwxyz0123456789_"

/* where a text names a table to go on in: behind goto, check_ttl, or the arrow of check_mtu */
static const char *next_target(const char *text)
{
	static const char *const before[] = { "goto:", "check_ttl:", "->l2_error", "->l3_error" };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		const char *at = strstr(text, before[i]);

		if (!at)
			continue;
		at += i < 2 ? strlen(before[i]) : 2;
		if (!first || at < first)
			first = at;
	}
	return first;
}

/* rules go only where the map says, and each arrow of the map is some rule's */
static void test_rules(void **state)
{
	bool used[64][STAGE_NEXT_MAX] = { 0 };

	for (size_t i = 0; i < n_net_rules; i++) {
		const char *text = net_rules[i].text, *go = text;
		const struct stage *stage;
		char name[32];

		assert_int_equal(sscanf(text, "table=%31[a-z0-9_]", name), 1);
		stage = stage_find(name);
		assert_non_null(stage);
		while ((go = next_target(go))) {
			size_t len = strspn(go, NAME);

			if (!is_next(stage, go, len))
				fail_msg("rule %s goes from %s to %.*s", net_rules[i].name, name,
					 (int)len, go);
			for (size_t n = 0; n < STAGE_NEXT_MAX && stage->next[n]; n++)
				used[stage - stages][n] |= strlen(stage->next[n]) == len &&
							   !strncmp(stage->next[n], go, len);
		}
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(net_rules[i].name, net_rules[j].name);
	}
	for (size_t i = 0; i < n_stages; i++) {
		/* the copies of a flood are written by relation.c */
		if (!strcmp(stages[i].name, "l2_flood"))
			continue;
		for (size_t n = 0; n < STAGE_NEXT_MAX && stages[i].next[n]; n++) {
			if (!used[i][n])
				fail_msg("no rule goes from %s to %s", stages[i].name,
					 stages[i].next[n]);
		}
	}
}

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = memory_zalloc(1 << 18);

	assert_non_null(file);
	text[fread(text, 1, (1 << 18) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static char *made(void (*write)(FILE *))
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	write(out);
	fclose(out);
	return text;
}

static void write_all(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_picture(void **state)
{
	char *want = made(stage_write_picture), *have;

	if (getenv("WEFT_REGENERATE"))
		write_all(TOP "pipeline.svg", want);
	have = read_all(TOP "pipeline.svg");
	assert_string_equal(have, want);
	free(have);
	free(want);
}

static void test_document(void **state)
{
	char *want = made(stage_write_tables), *have = read_all(TOP "pipeline.md"), *begin, *end;

	begin = strstr(have, BEGIN);
	end = strstr(have, END);
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(BEGIN);
	if (getenv("WEFT_REGENERATE")) {
		char *text = memory_printf("%.*s%s%s", (int)(begin - have), have, want, end);

		write_all(TOP "pipeline.md", text);
		free(text);
	} else {
		*end = '\0';
		assert_string_equal(begin, want);
	}
	free(have);
	free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_picture),
		cmocka_unit_test(test_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
