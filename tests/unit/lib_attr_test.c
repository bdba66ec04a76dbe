// SPDX-License-Identifier: Apache-2.0
/*
 * Netlink attributes from a kernel that is not to be trusted: cut, too long, nested
 * too deep, with flipped bits. And the way back: limits of what fits, paths of
 * attributes in errors.
 */
#include "lib_test.h"
#include <libmnl/libmnl.h>
#include "wl.h"

static uint32_t buf[WL_MSG_SIZE / 4];
static const struct weft_sock sock = { .family = 0x20 };

static struct nlmsghdr *begin(uint8_t cmd)
{
	return wl_msg_put_header(&sock, buf, cmd, 0, 1);
}

/* Every message cut at every length: no read beyond the end */
static void cut(void **state)
{
	for (unsigned int i = 0; i < 300; i++) {
		struct weft_flow flow, back;
		struct nlmsghdr *nlh = begin(WEFT_CMD_FLOW_NEW);
		uint32_t whole;

		random_flow(&flow);
		assert_int_equal(wl_flow_put_attrs(nlh, sizeof(buf), &flow, WL_FLOW_ENTRY), 0);
		whole = nlh->nlmsg_len;
		for (uint32_t len = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN; len < whole;
		     len += 1 + random_below(7)) {
			/* in memory of just that size, for the sanitizer to see; libmnl
			 * takes the padding of a message for part of it */
			struct nlmsghdr *copy = malloc(MNL_ALIGN(len));

			memcpy(copy, nlh, len);
			copy->nlmsg_len = len;
			if (!wl_flow_get_msg(&back, copy))
				weft_flow_free(&back);
			free(copy);
		}
		weft_flow_free(&flow);
	}
}

static void flipped(void **state)
{
	for (unsigned int i = 0; i < 20000; i++) {
		struct nlmsghdr *nlh = begin(WEFT_CMD_FLOW_NEW), *copy;
		struct weft_flow flow, back;
		unsigned int n = random_below(8) + 1;
		size_t first = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN;

		random_flow(&flow);
		assert_int_equal(wl_flow_put_attrs(nlh, sizeof(buf), &flow, WL_FLOW_ENTRY), 0);
		copy = malloc(nlh->nlmsg_len);
		memcpy(copy, nlh, nlh->nlmsg_len);
		while (n--)
			((uint8_t *)copy)[first + random_below(nlh->nlmsg_len - (uint32_t)first)] ^=
				(uint8_t)(1u << random_below(8));
		if (!wl_flow_get_msg(&back, copy)) {
			char *text = weft_flow_format(&back, &odd, WEFT_FMT_STATS);
			json_t *json = weft_flow_to_json(&back, &odd, WEFT_FMT_STATS);

			assert_non_null(text);
			assert_non_null(json);
			free(text);
			json_decref(json);
			weft_flow_free(&back);
		}
		free(copy);
		weft_flow_free(&flow);
	}
}

static void noise(void **state)
{
	for (unsigned int i = 0; i < 50000; i++) {
		uint32_t len = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN + random_below(200);
		struct nlmsghdr *nlh = calloc(1, MNL_ALIGN(len));
		uint8_t *p = (uint8_t *)nlh + MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN;
		union {
			struct weft_dp dp;
			struct weft_port port;
			struct weft_table table;
			struct weft_service service;
			struct weft_tunnel tunnel;
			struct weft_packet packet;
			struct weft_txn_result txn;
			struct weft_pool pool;
			struct weft_template tmpl;
			struct weft_instance instance;
		} out;

		nlh->nlmsg_len = len;
		for (uint32_t at = 0; at + 4 <= len - MNL_NLMSG_HDRLEN - WL_GENL_HDRLEN;) {
			struct nlattr *attr = (struct nlattr *)(p + at);

			attr->nla_len = (uint16_t)(one_in(10) ? random_below(100) :
								4 + random_below(5) * 4);
			attr->nla_type = (uint16_t)random_below(24);
			at += MNL_ALIGN(attr->nla_len ? attr->nla_len : 4);
		}
		if (!wl_dp_get_msg(&out.dp, nlh))
			weft_dp_free(&out.dp);
		if (!wl_port_get_msg(&out.port, nlh))
			weft_port_free(&out.port);
		if (!wl_table_get_msg(&out.table, nlh))
			weft_table_free(&out.table);
		if (!wl_packet_get_msg(&out.packet, nlh))
			weft_packet_free(&out.packet);
		if (!wl_pool_get_msg(&out.pool, nlh))
			weft_pool_free(&out.pool);
		if (!wl_template_get_msg(&out.tmpl, nlh))
			weft_template_free(&out.tmpl);
		if (!wl_instance_get_msg(&out.instance, nlh))
			weft_instance_free(&out.instance);
		wl_service_get_msg(&out.service, nlh);
		if (!wl_tunnel_get_msg(&out.tunnel, nlh))
			json_decref(weft_tunnel_to_json(&out.tunnel, NULL, 0));
		wl_txn_get_msg(&out.txn, nlh);
		free(nlh);
	}
}

static void deep(void **state)
{
	struct nlmsghdr *nlh = begin(WEFT_CMD_FLOW_NEW);
	struct nlattr *nests[2000];
	struct weft_flow back;
	struct weft_actions actions;
	struct weft_actions *at = &actions;

	nests[0] = mnl_attr_nest_start(nlh, WEFT_FLOW_A_ACTIONS);
	for (int i = 1; i < 2000; i++)
		nests[i] = mnl_attr_nest_start(nlh, WEFT_ACT_A_CLONE);
	for (int i = 2000; i--;)
		mnl_attr_nest_end(nlh, nests[i]);
	assert_int_equal(wl_flow_get_msg(&back, nlh), -EPROTO);

	weft_actions_init(&actions);
	for (unsigned int i = 0; i <= WEFT_CLONE_DEPTH_MAX; i++) {
		int err;

		nlh = begin(WEFT_CMD_FLOW_NEW);
		err = weft_actions_put_attrs(nlh, sizeof(buf), WEFT_FLOW_A_ACTIONS, &actions);
		assert_int_equal(err, 0);
		at = &weft_actions_add(at, WEFT_ACT_A_CLONE)->clone;
	}
	assert_int_equal(weft_actions_put_attrs(nlh, sizeof(buf), WEFT_FLOW_A_ACTIONS, &actions),
			 -ELOOP);
	weft_actions_free(&actions);
}

/* What looks like attributes but says nothing, or too much */
static void nonsense(void **state)
{
	static const struct {
		uint16_t types[4]; /* in ACTIONS, nested; 0 ends */
		uint16_t lens[4];  /* of the innermost ones, beside each other */
	} cases[] = {
		{ { WEFT_ACT_A_SET }, { 0 } },			   /* nothing to set */
		{ { WEFT_ACT_A_SET, WEFT_FIELD_MARK }, { 4, 4 } }, /* two fields */
		{ { WEFT_ACT_A_SET, WEFT_FIELD_MARK }, { 5 } },
		{ { WEFT_ACT_A_SET, WEFT_FIELD_MAX + 1 }, { 4 } },
		{ { WEFT_ACT_A_TUNNEL }, { 0 } }, /* to nobody */
		{ { WEFT_ACT_A_TUNNEL, WEFT_ACT_TUNNEL_A_ID }, { 4 } },
		{ { WEFT_ACT_A_TUNNEL, WEFT_ACT_TUNNEL_A_IPV4 }, { 16 } },
		{ { WEFT_ACT_A_SERVICE }, { 0 } },			    /* without name */
		{ { WEFT_ACT_A_SERVICE, WEFT_ACT_SERVICE_A_NAME }, { 1 } }, /* "" */
		{ { WEFT_ACT_A_OUTPUT }, { 2 } },
		{ { WEFT_ACT_A_DEC_TTL }, { 1 } },
		{ { WEFT_ACT_A_MOVE }, { 11 } },
		{ { WEFT_ACT_A_GOTO }, { 4 } },
		{ { WEFT_ACT_A_DROP }, { 1 } },
		{ { WEFT_ACT_A_TEMPLATE }, { 2 } },
		{ { WEFT_ACT_A_BIND }, { 7 } },
		{ { WEFT_ACT_A_BIND }, { 8 } }, /* no field, of no kind */
		{ { WEFT_ACT_A_RELATED }, { 4 } },
		{ { WEFT_ACT_A_REJECT }, { 1 } },
		{ { WEFT_ACT_A_CHECK_TTL }, { 4 } },
		{ { WEFT_ACT_A_CHECK_MTU }, { 3 } },
		{ { WEFT_ACT_A_ADVERTISE }, { 6 } },
		{ { WEFT_ACT_A_MAX + 1 }, { 0 } },
	};
	static const uint8_t zero[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct nlmsghdr *nlh = begin(WEFT_CMD_FLOW_NEW);
		struct nlattr *actions = mnl_attr_nest_start(nlh, WEFT_FLOW_A_ACTIONS),
			      *outer = NULL;
		const uint16_t *type = cases[i].types;
		struct weft_flow back;

		if (type[1])
			outer = mnl_attr_nest_start(nlh, *type++);
		mnl_attr_put(nlh, *type, cases[i].lens[0], zero);
		if (cases[i].lens[1])
			mnl_attr_put(nlh, *type + 1, cases[i].lens[1], zero);
		if (outer)
			mnl_attr_nest_end(nlh, outer);
		mnl_attr_nest_end(nlh, actions);
		if (wl_flow_get_msg(&back, nlh) != -EPROTO)
			fail_msg("case %zu is taken", i);
	}
}

static void does_not_fit(void **state)
{
	struct weft_actions actions;
	struct nlmsghdr *nlh;
	struct weft_flow flow;

	weft_actions_init(&actions);
	for (int i = 0; i < 9000; i++)
		weft_actions_add(&actions, WEFT_ACT_A_OUTPUT)->port = 1;
	nlh = begin(WEFT_CMD_FLOW_NEW);
	/* 72,000 bytes fit into the buffer but not into 16 bits */
	assert_int_equal(weft_actions_put_attrs(nlh, sizeof(buf), WEFT_FLOW_A_ACTIONS, &actions),
			 -EMSGSIZE);
	weft_actions_free(&actions);

	for (unsigned int i = 0; i < 200; i++) {
		size_t size = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN;

		random_flow(&flow);
		nlh = begin(WEFT_CMD_FLOW_NEW);
		assert_int_equal(wl_flow_put_attrs(nlh, sizeof(buf), &flow, WL_FLOW_ENTRY), 0);
		for (; size < nlh->nlmsg_len; size += 4) {
			struct nlmsghdr *small = malloc(size);

			wl_msg_put_header(&sock, small, WEFT_CMD_FLOW_NEW, 0, 1);
			assert_int_equal(wl_flow_put_attrs(small, size, &flow, WL_FLOW_ENTRY),
					 -EMSGSIZE);
			free(small);
		}
		weft_flow_free(&flow);
	}
}

static void filters(void **state)
{
	struct nlmsghdr *nlh = begin(WEFT_CMD_FLOW_DEL);
	struct weft_flow filter;
	const struct nlattr *attr;
	unsigned int n = 0;

	weft_flow_init(&filter);
	assert_int_equal(wl_flow_put_attrs(nlh, sizeof(buf), &filter, WL_FLOW_FILTER), 0);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		assert_int_equal(mnl_attr_get_type(attr), WEFT_FLOW_A_FILTER);
		n++;
	}
	assert_int_equal(n, 1);
	weft_mark(&filter, WEFT_FLOW_A_PRIORITY);
	assert_int_equal(wl_flow_put_attrs(nlh, sizeof(buf), &filter, WL_FLOW_FILTER), -EINVAL);
}

/* A value of 16 bits for lin, as "move" may make it, can be in an upcall */
static void wide_lin(void **state)
{
	static const uint8_t value[2] = { 0xff, 0xff };
	struct nlmsghdr *nlh = begin(WEFT_CMD_PACKET_UPCALL);
	struct nlattr *nest = mnl_attr_nest_start(nlh, WEFT_PACKET_A_METADATA);
	struct weft_packet back;
	uint64_t lin = 0;

	mnl_attr_put(nlh, WEFT_FIELD_LIN, 2, value);
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(wl_packet_get_msg(&back, nlh), 0);
	assert_true(weft_match_exact_uint(&back.metadata, WEFT_FIELD_LIN, &lin));
	assert_int_equal(lin, 0xffff);
	weft_packet_free(&back);
}

static uint32_t offset_of(const struct nlattr *attr)
{
	return (uint32_t)((const char *)attr - (const char *)buf);
}

static void expect_path(const struct nlattr *attr, const char *wanted)
{
	const struct nlmsghdr *nlh = (const void *)buf;
	char path[128];

	wl_attr_path(nlh, nlh->nlmsg_len, offset_of(attr), path, sizeof(path));
	assert_string_equal(path, wanted);
}

static void paths(void **state)
{
	struct nlmsghdr *nlh = begin(WEFT_CMD_FLOW_NEW);
	const struct nlattr *attr, *act, *in;
	struct weft_flow flow;
	char path[128], tiny[12];
	unsigned int n = 0;

	assert_int_equal(weft_flow_parse(&flow,
					 "tcp, tcp_dst=80 actions=dec_ttl, set:tcp_dst=81,"
					 "clone(output:1, service:nat), tunnel:10.0.0.1",
					 NULL, NULL),
			 0);
	mnl_attr_put_strz(nlh, WEFT_FLOW_A_DP, "weft0");
	assert_int_equal(wl_flow_put_attrs(nlh, sizeof(buf), &flow, WL_FLOW_ENTRY), 0);
	weft_flow_free(&flow);

	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == WEFT_FLOW_A_DP)
			expect_path(attr, "dp");
		if (mnl_attr_get_type(attr) == WEFT_FLOW_A_MATCH) {
			expect_path(attr, "match");
			mnl_attr_for_each_nested(in, attr)
				if (mnl_attr_get_type(in) == WEFT_FIELD_L4_DST)
					expect_path(in, "match.l4_dst");
		}
		if (mnl_attr_get_type(attr) != WEFT_FLOW_A_ACTIONS)
			continue;
		expect_path(attr, "actions");
		mnl_attr_for_each_nested(act, attr) {
			n++;
			if (mnl_attr_get_type(act) == WEFT_ACT_A_DEC_TTL)
				expect_path(act, "actions[0].dec_ttl");
			if (mnl_attr_get_type(act) == WEFT_ACT_A_SET) {
				expect_path(act, "actions[1].set");
				expect_path(mnl_attr_get_payload(act), "actions[1].set.l4_dst");
			}
			if (mnl_attr_get_type(act) == WEFT_ACT_A_CLONE) {
				in = mnl_attr_get_payload(act);
				expect_path(in, "actions[2].clone[0].output");
				in = mnl_attr_next(in);
				expect_path(in, "actions[2].clone[1].service");
				expect_path(mnl_attr_get_payload(in),
					    "actions[2].clone[1].service.name");
				wl_attr_path(nlh, nlh->nlmsg_len, offset_of(in), tiny,
					     sizeof(tiny));
			}
			if (mnl_attr_get_type(act) == WEFT_ACT_A_TUNNEL) {
				expect_path(mnl_attr_get_payload(act), "actions[3].tunnel.dst");
				wl_attr_missing(nlh, nlh->nlmsg_len, offset_of(act),
						WEFT_ACT_TUNNEL_A_PORT, path, sizeof(path));
				assert_string_equal(path, "actions[3].tunnel.port");
			}
		}
	}
	assert_int_equal(n, 4);
	wl_attr_missing(nlh, nlh->nlmsg_len, 0, WEFT_FLOW_A_TABLE, path, sizeof(path));
	assert_string_equal(path, "table");
	wl_attr_path(nlh, nlh->nlmsg_len, 100000, path, sizeof(path));
	assert_string_equal(path, "");
	for (uint32_t ofs = 0; ofs < nlh->nlmsg_len + 8; ofs++)
		wl_attr_path(nlh, nlh->nlmsg_len, ofs, tiny, sizeof(tiny));
}

/* The counters of the cache: those of a later kernel are passed over, short ones refused */
static void cache(void **state)
{
	struct nlmsghdr *nlh = begin(WEFT_CMD_DP_NEW);
	struct nlattr *nest;
	struct weft_dp dp;

	mnl_attr_put_u32(nlh, WEFT_DP_A_MAX_CACHED, 0);
	nest = mnl_attr_nest_start(nlh, WEFT_DP_A_CACHE);
	mnl_attr_put_u32(nlh, WEFT_CACHE_A_ENTRIES, 1);
	mnl_attr_put_u64(nlh, WEFT_CACHE_A_HITS, UINT64_MAX);
	mnl_attr_put_u64(nlh, WEFT_CACHE_A_MISSES, 3);
	mnl_attr_put(nlh, WEFT_CACHE_A_PAD, 0, NULL);
	mnl_attr_put_u64(nlh, WEFT_CACHE_A_STALE, 4);
	mnl_attr_put_u64(nlh, WEFT_CACHE_A_EVICTED, 5);
	mnl_attr_put_u64(nlh, WEFT_CACHE_A_REFUSED, 6);
	mnl_attr_put_u8(nlh, WEFT_CACHE_A_MAX + 1, 7);
	mnl_attr_nest_end(nlh, nest);
	expect_path(mnl_nlmsg_get_payload_offset(nlh, WL_GENL_HDRLEN), "max_cached");
	expect_path(nest, "cache");
	assert_int_equal(wl_dp_get_msg(&dp, nlh), 0);
	assert_true(weft_has(&dp, WEFT_DP_A_MAX_CACHED));
	assert_true(weft_has(&dp, WEFT_DP_A_CACHE));
	assert_int_equal(dp.max_cached, 0);
	assert_int_equal(dp.cache.entries, 1);
	assert_true(dp.cache.hits == UINT64_MAX);
	assert_int_equal(dp.cache.misses, 3);
	assert_int_equal(dp.cache.stale, 4);
	assert_int_equal(dp.cache.evicted, 5);
	assert_int_equal(dp.cache.refused, 6);
	weft_dp_free(&dp);

	for (uint16_t attr = WEFT_CACHE_A_ENTRIES; attr <= WEFT_CACHE_A_REFUSED; attr++) {
		nlh = begin(WEFT_CMD_DP_NEW);
		nest = mnl_attr_nest_start(nlh, WEFT_DP_A_CACHE);
		mnl_attr_put_u16(nlh, attr, 1);
		mnl_attr_nest_end(nlh, nest);
		assert_int_equal(wl_dp_get_msg(&dp, nlh), -EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut),	    cmocka_unit_test(flipped),
		cmocka_unit_test(noise),    cmocka_unit_test(deep),
		cmocka_unit_test(nonsense), cmocka_unit_test(does_not_fit),
		cmocka_unit_test(filters),  cmocka_unit_test(wide_lin),
		cmocka_unit_test(paths),    cmocka_unit_test(cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
