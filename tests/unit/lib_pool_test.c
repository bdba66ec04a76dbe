// SPDX-License-Identifier: Apache-2.0
/*
 * Pools: as text, as JSON and as attributes, both ways, and what is refused where.
 */
#include "lib_test.h"
#include <libmnl/libmnl.h>
#include "wl.h"

static uint32_t buf[WL_MSG_SIZE / 4];

static void through_text(const struct weft_pool *pool)
{
	char *text = weft_pool_format(pool, 0), *again;
	struct weft_error err;
	struct weft_pool back;

	assert_non_null(text);
	if (weft_pool_parse(&back, text, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, text);
	if (!weft_pool_equal(pool, &back))
		fail_msg("differs: %s", text);
	again = weft_pool_format(&back, 0);
	assert_string_equal(text, again);
	weft_pool_free(&back);
	free(again);
	free(text);
}

static void through_json(const struct weft_pool *pool)
{
	json_t *json = weft_pool_to_json(pool, WEFT_FMT_STATS), *read;
	char *text = json_dumps(json, 0), *again;
	struct weft_error err;
	struct weft_pool back;

	read = json_loads(text, 0, NULL);
	if (weft_pool_from_json(&back, read, NULL, &err))
		fail_msg("%s: %s: %s", err.path, err.msg, text);
	if (!weft_pool_equal(pool, &back) || pool->used != back.used)
		fail_msg("differs: %s", text);
	json_decref(read);
	json_decref(json);
	json = weft_pool_to_json(&back, WEFT_FMT_STATS);
	again = json_dumps(json, 0);
	assert_string_equal(text, again);
	json_decref(json);
	weft_pool_free(&back);
	free(again);
	free(text);
}

static void through_netlink(const struct weft_pool *pool)
{
	struct weft_sock sock = { .family = 0x20 };
	struct nlmsghdr *nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_POOL_NEW, 0, 1);
	struct weft_pool back, copy;

	assert_int_equal(wl_pool_put_attrs(nlh, sizeof(buf), pool, false), 0);
	assert_int_equal(wl_pool_get_msg(&back, nlh), 0);
	assert_true(weft_pool_equal(pool, &back));
	assert_int_equal(weft_pool_copy(&copy, &back), 0);
	weft_pool_free(&back);
	assert_true(weft_pool_equal(pool, &copy));
	weft_pool_free(&copy);
}

static void round_trip(const char *text)
{
	struct weft_error err;
	struct weft_pool pool;
	char *back;

	if (weft_pool_parse(&pool, text, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, text);
	back = weft_pool_format(&pool, 0);
	assert_string_equal(back, text);
	free(back);
	through_json(&pool);
	through_netlink(&pool);
	weft_pool_free(&pool);
}

static void canonical(void **state)
{
	static const char *const texts[] = {
		"3",
		"3 11.0.1.1-11.0.1.100:1024-65535",
		"65535 11.0.1.1",
		"3 11.0.1.1:80 11.0.1.2:0-65535 choice=random parity reuse",
		"3 2001:db8::1-2001:db8::ff [2001:db8::1]:5 [2001:db8::-2001:db8::ffff]:1-2",
		"3 0.0.0.0-0.0.255.255:1-1024 choice=sequential",
		"4 map 10.0.1.0/24=11.0.1.0/24 10.0.2.5=11.0.2.9",
		"4 map fd00::/64=2001:db8::/64 fd01::1=fd02::1 128.0.0.0/1=0.0.0.0/1",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		round_trip(texts[i]);
}

static void same(const char *a, const char *b)
{
	struct weft_pool x, y;

	assert_int_equal(weft_pool_parse(&x, a, NULL), 0);
	assert_int_equal(weft_pool_parse(&y, b, NULL), 0);
	if (!weft_pool_equal(&x, &y))
		fail_msg("'%s' is not '%s'", a, b);
	weft_pool_free(&x);
	weft_pool_free(&y);
}

static void synonyms(void **state)
{
	same("3 11.0.1.0/24:1-2", "3 11.0.1.0-11.0.1.255:1-2");
	same("3 [11.0.1.1]:5", "3 11.0.1.1:5-5");
	same("3 ranges, 11.0.1.1, choice=preserve parity=no", "3\t11.0.1.1-11.0.1.1");
	same("3 11.0.1.1 parity=yes reuse=yes", "3 reuse 11.0.1.1 parity");
	same("3 [fd00::/120]:7", "3 [fd00::-fd00::ff]:7");
	same("4 map 10.0.0.1/32=11.0.0.1", "4 map 10.0.0.1=11.0.0.1/32");
}

static void random_pools(void **state)
{
	for (unsigned int i = 0; i < 2000; i++) {
		struct weft_pool pool;
		unsigned int n = random_below(40);

		weft_pool_init(&pool);
		pool.id = random_below(WEFT_POOL_ID_MAX) + 1;
		weft_mark(&pool, WEFT_POOL_A_ID);
		weft_mark(&pool, WEFT_POOL_A_TYPE);
		weft_mark(&pool, WEFT_POOL_A_RANGES);
		pool.type = one_in(2);
		if (one_in(2)) {
			pool.choice = random_below(3);
			weft_mark(&pool, WEFT_POOL_A_CHOICE);
			pool.parity = one_in(2);
			weft_mark(&pool, WEFT_POOL_A_PARITY);
			pool.reuse = one_in(2);
			weft_mark(&pool, WEFT_POOL_A_REUSE);
			pool.used = random_u64();
			weft_mark(&pool, WEFT_POOL_A_USED);
		}
		while (n--) {
			struct weft_pool_range range = { .family = one_in(2) ? 4 : 6 };
			struct weft_pool_pair pair = { .family = range.family };
			size_t len = range.family == 4 ? 4 : 16;

			for (size_t j = 0; j < len; j++)
				range.first[j] = pair.from[j] = pair.to[j] = (uint8_t)random_u64();
			memcpy(range.last, range.first, sizeof(range.last));
			range.last[len - 1] |= (uint8_t)random_u64();
			range.first_port = (uint16_t)random_u64();
			range.last_port = range.first_port | (uint16_t)random_u64();
			pair.prefix_len = (uint8_t)(8 * (random_below((unsigned int)len) + 1));
			memset(pair.from + pair.prefix_len / 8, 0, 16 - pair.prefix_len / 8);
			memset(pair.to + pair.prefix_len / 8, 0, 16 - pair.prefix_len / 8);
			assert_int_equal(pool.type ? weft_ranges_add_pair(&pool.ranges, &pair) :
						     weft_ranges_add_range(&pool.ranges, &range),
					 0);
		}
		through_text(&pool);
		through_json(&pool);
		through_netlink(&pool);
		weft_pool_free(&pool);
	}
}

/* @bad: the token to blame, where it occurs last in @text; "": its end */
static void refuse(bool change, const char *text, const char *bad, const char *words)
{
	const char *at = text + strlen(text);
	struct weft_error err;
	struct weft_pool pool;

	for (const char *p = text; *bad && *p; p++)
		if (!strncmp(p, bad, strlen(bad)))
			at = p;
	if ((change ? weft_pool_parse_change(&pool, text, &err) :
		      weft_pool_parse(&pool, text, &err)) != -EINVAL)
		fail_msg("taken: %s", text);
	if (!strstr(err.msg, words))
		fail_msg("'%s': '%s' instead of '%s'", text, err.msg, words);
	if (err.pos != (size_t)(at - text) + 1 || err.len != strlen(bad))
		fail_msg("'%s': at %zu, %zu instead of %zu, %zu: %s", text, err.pos, err.len,
			 (size_t)(at - text) + 1, strlen(bad), err.msg);
}

static void refusals(void **state)
{
	refuse(false, "", "", "number is missing");
	refuse(false, "0 11.1.1.1", "0", "numbered from 1");
	refuse(false, "65536", "65536", "at most 65535");
	refuse(false, "x 11.0.0.1", "x", "is not a number");
	refuse(false, "3 11.0.1", "11.0.1", "is not an IP address");
	refuse(false, "3 11.0.1.1-11.0.1.x", "11.0.1.x", "is not an IP address");
	refuse(false, "3 11.0.1.9-11.0.1.1:5", "11.0.1.1", "is below '11.0.1.9'");
	refuse(false, "3 11.0.1.9-fd00::1", "fd00::1", "family");
	refuse(false, "3 11.0.0.0-11.1.0.0:5", "11.0.0.0-11.1.0.0", "more than 65536 addresses");
	refuse(false, "3 [fd00::-fd00::1:0]:5", "fd00::-fd00::1:0", "more than 65536 addresses");
	refuse(false, "3 fd00::/64", "fd00::/64", "more than 65536 addresses");
	refuse(false, "3 11.0.1.1/24", "11.0.1.1", "bits behind the prefix");
	refuse(false, "3 11.0.1.0/33", "33", "at most 32");
	refuse(false, "3 11.0.1.0/0", "0", "at least one bit");
	refuse(false, "3 11.0.1.1:65536", "65536", "at most 65535");
	refuse(false, "3 11.0.1.1:9-8", "8", "port '8' is below '9'");
	refuse(false, "3 11.0.1.1:", "", "is not a number");
	refuse(false, "3 [fd00::1", "[fd00::1", "']' is missing");
	refuse(false, "3 [fd00::1]5", "5", "unexpected '5' behind ']'");
	refuse(false, "3 11.0.1.1=11.0.1.2", "11.0.1.1=11.0.1.2", "only a map has FROM=TO");
	refuse(false, "3 choice", "choice", "needs a value");
	refuse(false, "3 choice=best", "best", "none of preserve, random and sequential");
	refuse(false, "3 choice=random choice=random", "choice=random", "duplicate 'choice'");
	refuse(false, "3 parity=maybe", "maybe", "parity is yes or no");
	refuse(false, "4 map 10.0.0.1", "10.0.0.1", "FROM=TO is needed");
	refuse(false, "4 map 10.0.0.0/8=11.0.0.0/16", "11.0.0.0/16", "not as large as");
	refuse(false, "4 map 10.0.0.1=fd00::1", "fd00::1", "not as large as");
	refuse(false, "4 map 10.0.0.1/8=11.0.0.0/8", "10.0.0.1/8", "bits behind the prefix");
	refuse(false, "3 11.0.0.1 map", "map", "is not an IP address");
	refuse(true, "3", "", "nothing to change");
	refuse(true, "3 11.0.0.1", "11.0.0.1", "unexpected '11.0.0.1'");
	refuse(true, "3 +11.0.0", "11.0.0", "is not an IP address");
	refuse(true, "3 -11.0.0.1=11.0.0.2/24", "11.0.0.2/24", "bits behind the prefix");
	refuse(true, "3 reuse", "reuse", "cannot be changed");
}

static void changes(void **state)
{
	static const char text[] = "3 +11.0.1.1:5 +11.0.1.2 -11.0.0.0-11.0.0.255 choice=preserve "
				   "parity=no";
	struct nlmsghdr *nlh;
	struct weft_sock sock = { .family = 0x20 };
	struct weft_pool pool, back;
	char *again;

	assert_int_equal(weft_pool_parse_change(&pool, text, NULL), 0);
	assert_int_equal(pool.ranges.n_ranges, 2);
	assert_int_equal(pool.withdraw.n_ranges, 1);
	again = weft_pool_format(&pool, 0);
	assert_string_equal(again, text);
	free(again);
	nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_POOL_SET, 0, 1);
	assert_int_equal(wl_pool_put_attrs(nlh, sizeof(buf), &pool, true), 0);
	assert_int_equal(wl_pool_get_msg(&back, nlh), 0);
	assert_true(weft_pool_equal(&pool, &back));
	weft_pool_free(&back);
	weft_pool_free(&pool);
	assert_int_equal(
		weft_pool_parse_change(&pool, "4 +10.0.0.1=11.0.0.1 -10.0.0.2=11.0.0.2", NULL), 0);
	assert_int_equal(pool.ranges.n_pairs, 1);
	assert_int_equal(pool.withdraw.n_pairs, 1);
	weft_pool_free(&pool);
}

static void bad_json(void **state)
{
	static const struct {
		const char *text, *path, *words;
	} bad[] = {
		{ "[]", "$", "an object is needed" },
		{ "{}", "$", "id is missing" },
		{ "{\"id\": 0}", "$.id", "numbered from 1" },
		{ "{\"id\": 3, \"type\": \"list\"}", "$.type", "none of the known names" },
		{ "{\"id\": 3, \"choice\": 1}", "$.choice", "a string is needed" },
		{ "{\"id\": 3, \"parity\": 1}", "$.parity", "true or false" },
		{ "{\"id\": 3, \"ranges\": {}}", "$.ranges", "an array is needed" },
		{ "{\"id\": 3, \"ranges\": [\"11.0.0.1\", \"x\"]}", "$.ranges[1]", "IP address" },
		{ "{\"id\": 3, \"ranges\": [\"11.0.0.1=11.0.0.2\"]}", "$", "a map has FROM=TO" },
		{ "{\"id\": 3, \"colour\": 1}", "$.colour", "no member 'colour'" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		json_t *json = json_loads(bad[i].text, 0, NULL);
		struct weft_error err;
		struct weft_pool pool;

		if (weft_pool_from_json(&pool, json, NULL, &err) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		assert_string_equal(err.path, bad[i].path);
		if (!strstr(err.msg, bad[i].words))
			fail_msg("%s: %s", bad[i].text, err.msg);
		json_decref(json);
	}
}

static void limits(void **state)
{
	struct weft_pool_range range = { .family = 4, .first_port = 1, .last_port = 2 };
	struct weft_pool_pair pair = { .family = 4, .prefix_len = 33 };
	struct weft_sock sock = { .family = 0x20 };
	struct nlmsghdr *nlh;
	struct weft_pool pool;

	weft_pool_init(&pool);
	weft_mark(&pool, WEFT_POOL_A_RANGES);
	for (unsigned int i = 0; i < WEFT_POOL_RANGES_MAX; i++)
		assert_int_equal(weft_ranges_add_range(&pool.ranges, &range), 0);
	assert_int_equal(weft_ranges_add_range(&pool.ranges, &range), -ENOSPC);
	through_netlink(&pool);
	nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_POOL_NEW, 0, 1);
	assert_int_equal(wl_pool_put_attrs(nlh, 1000, &pool, false), -EMSGSIZE);
	weft_pool_free(&pool);
	range.family = 5;
	assert_int_equal(weft_ranges_add_range(&pool.ranges, &range), -EINVAL);
	assert_int_equal(weft_ranges_add_pair(&pool.ranges, &pair), -EINVAL);
	pair = (struct weft_pool_pair){ .family = 4, .prefix_len = 8, .to = { 0, 1 } };
	assert_int_equal(weft_ranges_add_pair(&pool.ranges, &pair), -EINVAL);
}

static void noise(void **state)
{
	static const char *const pieces[] = {
		"3",	   " ",	  "11.0.0.1", "-", ":",	      "/",	"=",	  "[",	 "]",
		"fd00::1", "map", "+",	      "1", "choice=", "random", "parity", "yes", "65535"
	};

	for (unsigned int i = 0; i < 100000; i++) {
		char text[256] = "";
		unsigned int n = random_below(16);
		struct weft_error err;
		struct weft_pool pool;

		while (n--)
			strcat(text, pieces[random_below(sizeof(pieces) / sizeof(*pieces))]);
		if (!weft_pool_parse(&pool, text, &err)) {
			through_text(&pool);
			weft_pool_free(&pool);
		} else {
			assert_true(err.msg[0] && err.pos + err.len <= strlen(text) + 1);
		}
		if (!weft_pool_parse_change(&pool, text, NULL))
			weft_pool_free(&pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical),	cmocka_unit_test(synonyms),
		cmocka_unit_test(random_pools), cmocka_unit_test(refusals),
		cmocka_unit_test(changes),	cmocka_unit_test(bad_json),
		cmocka_unit_test(limits),	cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
