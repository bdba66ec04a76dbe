// SPDX-License-Identifier: Apache-2.0
/*
 * Instances: filters as text, lines to look at, JSON and attributes both ways, and what
 * is refused where.
 */
#include "lib_test.h"
#include <libmnl/libmnl.h>
#include "wl.h"

static uint32_t buf[WL_MSG_SIZE / 4];

static int template_id(void *ctx, const char *name, uint32_t *id)
{
	*id = 5;
	return strcmp(name, "snat") ? -ENOENT : 0;
}

static const char *template_name(void *ctx, uint32_t id)
{
	return id == 5 ? "snat" : NULL;
}

static const struct weft_names names = {
	.port_id = odd_port_id,
	.port_name = odd_port_name,
	.template_id = template_id,
	.template_name = template_name,
};

/* ---- filters ------------------------------------------------------------------------ */

static void filters(void **state)
{
	struct weft_instance filter;
	struct weft_error err;
	uint64_t value;

	if (weft_instance_parse_filter(&filter,
				       "template=snat slice=9, port=vm1 vm=\"i 1\","
				       "state=tcp_established ip_dst=10.0.0.0/8 tcp_dst=80",
				       &names, &err))
		fail_msg("%zu: %s", err.pos, err.msg);
	assert_int_equal(filter.template_id, 5);
	assert_int_equal(filter.slice, 9);
	assert_int_equal(filter.in_port, 1);
	assert_string_equal(filter.vm_id, "i 1");
	assert_int_equal(filter.state, WEFT_STATE_TCP_ESTABLISHED);
	assert_int_equal(filter.fields.n, 3);
	assert_true(weft_match_exact_uint(&filter.fields, WEFT_FIELD_IP_PROTO, &value));
	assert_int_equal(value, 6);
	weft_instance_free(&filter);

	assert_int_equal(weft_instance_parse_filter(&filter, "", &names, &err), 0);
	assert_int_equal(filter.present, 0);
	weft_instance_free(&filter);
	assert_int_equal(weft_instance_parse_filter(&filter, "in_port=vm1", &names, &err), 0);
	assert_false(weft_has(&filter, WEFT_INSTANCE_A_IN_PORT));
	assert_int_equal(filter.fields.n, 1);
	weft_instance_free(&filter);
}

static void refusals(void **state)
{
	static const struct {
		const char *text, *bad, *words;
	} bad[] = {
		{ "template=dnat", "dnat", "no template 'dnat'" },
		{ "template=0", "0", "numbered from 1" },
		{ "template=65536", "65536", "at most 65535" },
		{ "slice=65536", "65536", "at most 65535" },
		{ "port=vm9", "vm9", "no port 'vm9'" },
		{ "state=dead", "dead", "no state 'dead'" },
		{ "state", "state", "needs a value" },
		{ "slice=1 slice=2", "slice=2", "duplicate 'slice'" },
		{ "vm=", "", "vm is missing" },
		{ "colour", "colour", "unknown field" },
		{ "ip_dst=10.0.0.x", "10.0.0.x", "is not an IPv4 address" },
		{ "udp tcp_dst=80", "tcp_dst=80", "another protocol" },
		{ "udp_src=1 tcp_dst=80", NULL, "another protocol" },
		{ "tcp udp", "udp", "contradicts" },
		{ "tun_src=10.0.0.1 tun_dst=fd00::1", "tun_dst=fd00::1", "unlike tun_src" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct weft_instance filter;
		struct weft_error err;

		if (weft_instance_parse_filter(&filter, bad[i].text, &names, &err) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		if (!strstr(err.msg, bad[i].words))
			fail_msg("'%s': %s", bad[i].text, err.msg);
		if (!bad[i].bad)
			continue;
		if (err.pos + err.len != strlen(bad[i].text) + 1 || err.len != strlen(bad[i].bad))
			fail_msg("'%s': at %zu, %zu: %s", bad[i].text, err.pos, err.len, err.msg);
	}
}

/* ---- there and back ----------------------------------------------------------------- */

static void random_instance(struct weft_instance *instance)
{
	unsigned int f;

	weft_instance_init(instance);
	instance->template_id = random_below(WEFT_TEMPLATE_ID_MAX) + 1;
	weft_mark(instance, WEFT_INSTANCE_A_TEMPLATE);
	weft_mark(instance, WEFT_INSTANCE_A_FIELDS);
	random_match(&instance->fields);
	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		const struct weft_field_value *v = weft_match_get(&instance->fields, f);

		if (v)
			weft_match_put(&instance->fields, f, v->value, NULL);
	}
	/* The flags of a packet say of which family its tunnel is */
	if (weft_match_get(&instance->fields, WEFT_FIELD_TUN_IPV6_SRC) ||
	    weft_match_get(&instance->fields, WEFT_FIELD_TUN_IPV6_DST))
		weft_match_put_uint(&instance->fields, WEFT_FIELD_TUN_FLAGS, WEFT_TUN_F_IPV6);
	else if (weft_match_get(&instance->fields, WEFT_FIELD_TUN_SRC) ||
		 weft_match_get(&instance->fields, WEFT_FIELD_TUN_DST))
		weft_match_put_uint(&instance->fields, WEFT_FIELD_TUN_FLAGS, WEFT_TUN_F_KEY);
	for (unsigned int var = 0; var < WEFT_TEMPLATE_VARS; var++) {
		uint8_t value[WEFT_FIELD_LEN_MAX];

		for (unsigned int i = 0; i < sizeof(value); i++)
			value[i] = (uint8_t)random_u64();
		if (one_in(2))
			assert_int_equal(
				weft_instance_set_var(instance, var, value,
						      var == WEFT_VAR_PORT ? 2 :
						      var == WEFT_VAR_IP   ? one_in(2) ? 4 : 16 :
									     random_below(16) + 1),
				0);
	}
	if (one_in(2)) {
		instance->priority = (int32_t)random_below(65536);
		weft_mark(instance, WEFT_INSTANCE_A_PRIORITY);
		instance->in_port = random_below(20) + 1;
		weft_mark(instance, WEFT_INSTANCE_A_IN_PORT);
		instance->when = random_below(WEFT_WHEN_ALL) + 1;
		weft_mark(instance, WEFT_INSTANCE_A_WHEN);
	}
	if (one_in(2)) {
		instance->state = random_below(WEFT_STATE_MAX) + 1;
		weft_mark(instance, WEFT_INSTANCE_A_STATE);
		instance->idle_ms = random_below(10000000);
		weft_mark(instance, WEFT_INSTANCE_A_IDLE);
	}
}

static void assert_same(const struct weft_instance *a, const struct weft_instance *b)
{
	assert_int_equal(a->present, b->present);
	assert_int_equal(a->template_id, b->template_id);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->in_port, b->in_port);
	assert_int_equal(a->when, b->when);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->idle_ms, b->idle_ms);
	assert_true(weft_match_equal(&a->fields, &b->fields));
	assert_memory_equal(a->vars, b->vars, sizeof(a->vars));
}

static void through_json(const struct weft_instance *instance, const struct weft_names *with,
			 unsigned int flags)
{
	json_t *json = weft_instance_to_json(instance, with, flags), *read;
	char *text = json_dumps(json, 0);
	struct weft_instance back;
	struct weft_error err;

	read = json_loads(text, 0, NULL);
	if (weft_instance_from_json(&back, read, NULL, with, &err))
		fail_msg("%s: %s: %s", err.path, err.msg, text);
	assert_same(instance, &back);
	json_decref(read);
	json_decref(json);
	weft_instance_free(&back);
	free(text);
}

static void random_instances(void **state)
{
	for (unsigned int i = 0; i < 5000; i++) {
		struct weft_sock sock = { .family = 0x20 };
		struct nlmsghdr *nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_INSTANCE_NEW, 0, 1);
		struct weft_instance instance, back, copy;
		char *text;

		random_instance(&instance);
		if (!instance.fields.n)
			weft_unmark(&instance, WEFT_INSTANCE_A_FIELDS);
		assert_int_equal(wl_instance_put_attrs(nlh, sizeof(buf), &instance, false), 0);
		assert_int_equal(wl_instance_get_msg(&back, nlh), 0);
		assert_same(&instance, &back);
		assert_int_equal(weft_instance_copy(&copy, &back), 0);
		weft_instance_free(&back);
		assert_same(&instance, &copy);
		weft_instance_free(&copy);
		for (size_t size = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN;
		     i < 100 && size < nlh->nlmsg_len; size += 4) {
			struct nlmsghdr *small = malloc(size);

			wl_msg_put_header(&sock, small, WEFT_CMD_INSTANCE_NEW, 0, 1);
			assert_int_equal(wl_instance_put_attrs(small, size, &instance, false),
					 -EMSGSIZE);
			free(small);
		}
		weft_mark(&instance, WEFT_INSTANCE_A_FIELDS);
		through_json(&instance, &names, 0);
		through_json(&instance, NULL, 0);
		through_json(&instance, &names, WEFT_FMT_STATS);
		text = weft_instance_format(&instance, &names, WEFT_FMT_LINES);
		assert_non_null(text);
		free(text);
		weft_instance_free(&instance);
	}
}

/* As the kernel reports one */
static void put_reported(struct nlmsghdr *nlh)
{
	static const uint8_t ip[] = { 11, 0, 1, 1 }, src[] = { 10, 0, 0, 1 }, port[] = { 4, 0 };
	static const uint8_t ethertype[] = { 8, 0 }, tcp = 6;
	struct nlattr *nest, *entry;

	mnl_attr_put_strz(nlh, WEFT_INSTANCE_A_DP, "weft0");
	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_ID, 17);
	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_TEMPLATE, 5);
	mnl_attr_put_u16(nlh, WEFT_INSTANCE_A_SLICE, 9);
	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_IN_PORT, 1);
	mnl_attr_put_strz(nlh, WEFT_INSTANCE_A_VM_ID, "i-0a1");
	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_PRIORITY, 100);
	nest = mnl_attr_nest_start(nlh, WEFT_INSTANCE_A_FIELDS);
	mnl_attr_put(nlh, WEFT_FIELD_ETH_TYPE, 2, ethertype);
	mnl_attr_put(nlh, WEFT_FIELD_IP_SRC, 4, src);
	mnl_attr_put(nlh, WEFT_FIELD_IP_PROTO, 1, &tcp);
	mnl_attr_put(nlh, WEFT_FIELD_L4_SRC, 2, port);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, WEFT_INSTANCE_A_VARS);
	mnl_attr_put(nlh, WEFT_VARS_A_IP, 4, ip);
	mnl_attr_put(nlh, WEFT_VARS_A_PORT, 2, port);
	mnl_attr_put(nlh, WEFT_VARS_A_USER5, 4, ip);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_STATE, WEFT_STATE_TCP_ESTABLISHED);
	nest = mnl_attr_nest_start(nlh, WEFT_INSTANCE_A_ENTRIES);
	for (unsigned int i = 0; i < 3; i++) {
		entry = mnl_attr_nest_start(nlh, WEFT_TENTRIES_A_ENTRY);
		mnl_attr_put_strz(nlh, WEFT_TENTRY_A_NAME, i ? i == 1 ? "b" : "c" : "a");
		mnl_attr_put_u8(nlh, WEFT_TENTRY_A_TABLE, (uint8_t)(10 + i));
		mnl_attr_put_u16(nlh, WEFT_TENTRY_A_PRIORITY, 101);
		if (i == 1)
			mnl_attr_put(nlh, WEFT_TENTRY_A_REPLY, 0, NULL);
		mnl_attr_put_u64(nlh, WEFT_TENTRY_A_PACKETS, i + 1);
		mnl_attr_put_u64(nlh, WEFT_TENTRY_A_BYTES, 100 * (i + 1));
		mnl_attr_nest_end(nlh, entry);
	}
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u64(nlh, WEFT_INSTANCE_A_AGE, 12300);
	mnl_attr_put_u64(nlh, WEFT_INSTANCE_A_IDLE, 500);
	mnl_attr_put_u64(nlh, WEFT_INSTANCE_A_EXPIRES, 7439500);
	mnl_attr_put_u32(nlh, WEFT_INSTANCE_A_REASON, WEFT_REASON_TEMPLATE);
}

static void reported(void **state)
{
	static const char line[] =
		"17: snat tcp, ip_src=10.0.0.1, tcp_src=1024 -> @ip=11.0.1.1, @port=1024, "
		"@v5=0x0b000101; state=tcp_established, slice=9, port=vm1, vm=i-0a1, "
		"forward=4/400, reply=2/200, age=12.3s, idle=0.5s, expires=7439.5s, "
		"reason=template\n"
		"    a: table=10, priority=101, packets=1, bytes=100\n"
		"    b: reply, table=11, priority=101, packets=2, bytes=200\n"
		"    c: table=12, priority=101, packets=3, bytes=300";
	static const char exported[] =
		"{\"template\":5,\"slice\":9,\"priority\":100,\"in_port\":\"vm1\","
		"\"fields\":{\"eth_type\":\"ip\",\"ip_src\":\"10.0.0.1\",\"ip_proto\":6,"
		"\"tcp_src\":1024},\"vars\":{\"ip\":\"11.0.1.1\",\"port\":1024,"
		"\"v5\":\"0x0b000101\"},\"state\":\"tcp_established\",\"idle\":0.5}";
	struct weft_sock sock = { .family = 0x20 };
	struct nlmsghdr *nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_INSTANCE_DEL, 0, 1);
	struct weft_event event = { .cmd = WEFT_CMD_INSTANCE_DEL };
	struct weft_instance back;
	json_t *json;
	char *text;

	put_reported(nlh);
	assert_int_equal(wl_instance_get_msg(&back, nlh), 0);
	text = weft_instance_format(&back, &names, WEFT_FMT_LINES);
	assert_string_equal(text, line);
	free(text);
	text = weft_instance_format(&back, NULL, 0);
	assert_null(strchr(text, '\n'));
	assert_int_equal(strncmp(text, "17: 5 tcp", 9), 0);
	free(text);
	json = weft_instance_to_json(&back, &names, 0);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(text, exported);
	free(text);
	json_decref(json);
	event.instance = back;
	json = weft_event_to_json(&event, &names, 0);
	assert_string_equal(json_string_value(json_object_get(json, "event")), "instance_del");
	json_decref(json);
	weft_event_free(&event);
	for (uint32_t len = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN; len < nlh->nlmsg_len; len++) {
		struct nlmsghdr *copy = malloc(MNL_ALIGN(len));

		memcpy(copy, nlh, len);
		copy->nlmsg_len = len;
		if (!wl_instance_get_msg(&back, copy))
			weft_instance_free(&back);
		free(copy);
	}
}

static void bad_json(void **state)
{
	static const struct {
		const char *text, *path, *words;
	} bad[] = {
		{ "[]", "$", "an object is needed" },
		{ "{\"fields\": {}}", "$", "template is missing" },
		{ "{\"template\": 5}", "$", "fields are missing" },
		{ "{\"template\": 0}", "$.template", "numbered from 1" },
		{ "{\"colour\": 0}", "$.colour", "no member" },
		{ "{\"fields\": {\"ip_src\": \"10.0.0.0/8\"}}", "$.fields", "ip_src: no mask" },
		{ "{\"fields\": {\"x\": 1}}", "$.fields.x", "unknown field" },
		{ "{\"vars\": {\"x\": 1}}", "$.vars.x", "no variable 'x'" },
		{ "{\"vars\": {\"ip\": \"x\"}}", "$.vars.ip", "is not an IP address" },
		{ "{\"vars\": {\"port\": 65536}}", "$.vars.port", "at most 65535" },
		{ "{\"vars\": {\"v0\": \"12\"}}", "$.vars.v0", "pairs of hexadecimal digits" },
		{ "{\"vars\": {\"v0\": \"0x1g\"}}", "$.vars.v0", "digits that are none" },
		{ "{\"state\": \"dead\"}", "$.state", "known names" },
		{ "{\"priority\": 65536}", "$.priority", "up to 65535" },
		{ "{\"in_port\": \"vm9\"}", "$.in_port", "no port 'vm9'" },
		{ "{\"idle\": -1}", "$.idle", "out of range" },
	};
	struct weft_instance instance;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		json_t *json = json_loads(bad[i].text, 0, NULL);
		struct weft_error err;

		if (weft_instance_from_json(&instance, json, NULL, &names, &err) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		if (strcmp(err.path, bad[i].path) || !strstr(err.msg, bad[i].words))
			fail_msg("%s: '%s: %s'", bad[i].text, err.path, err.msg);
		json_decref(json);
	}
	assert_int_equal(weft_instance_set_var(&instance, WEFT_TEMPLATE_VARS, "", 1), -EINVAL);
	assert_int_equal(weft_instance_set_var(&instance, WEFT_VAR_IP, "12345", 5), -EINVAL);
	assert_int_equal(weft_instance_set_var(&instance, WEFT_VAR_PORT, "123", 3), -EINVAL);
	assert_int_equal(weft_instance_set_var(&instance, WEFT_VAR_USER, "", 0), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters),	    cmocka_unit_test(refusals),
		cmocka_unit_test(random_instances), cmocka_unit_test(reported),
		cmocka_unit_test(bad_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
