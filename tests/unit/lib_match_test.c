// SPDX-License-Identifier: Apache-2.0
/*
 * Fields, matches, actions and ports as structures: what is canonical, equal,
 * ordered, and refused.
 */
#include "lib_test.h"
#include "wl.h"

static void field_table(void **state)
{
	unsigned int f;

	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		const struct weft_field_desc *desc = weft_field_desc(f);
		uint8_t mask[WEFT_FIELD_LEN_MAX] = { 0 };
		unsigned int bits = 0, i;

		assert_non_null(desc);
		assert_in_range(desc->len, 1, WEFT_FIELD_LEN_MAX);
		assert_in_range(desc->bits, 1, desc->len * 8);
		assert_int_equal(weft_field_from_name(desc->name), f);
		weft_field_full_mask(f, mask);
		for (i = 0; i < desc->len * 8u; i++)
			bits += wl_bit_get(mask, desc->len, i);
		assert_int_equal(bits, desc->bits);
		assert_true(wl_bit_get(mask, desc->len, 0));
	}
	assert_null(weft_field_desc(0));
	assert_null(weft_field_desc(WEFT_FIELD_MAX + 1));
	assert_null(weft_field_desc((enum weft_field) - 1));
	assert_int_equal(weft_field_from_name("tcp_dst"), 0);
}

static void names_sorted(void **state)
{
	bool seen[WEFT_FIELD_MAX + 1] = { false };
	size_t i;

	for (i = 0; i < wl_n_field_names; i++) {
		if (i)
			assert_true(strcmp(wl_field_names[i - 1].name, wl_field_names[i].name) < 0);
		if (wl_field_names[i].part == WL_PART_WHOLE ||
		    wl_field_names[i].part == WL_PART_TUN_ADDR)
			seen[wl_field_names[i].field] = true;
	}
	for (i = 1; i <= WEFT_FIELD_MAX; i++)
		assert_true(seen[i]);
}

static void enum_names(void **state)
{
	unsigned int i;

	for (i = 0; i <= WEFT_DROP_MAX; i++)
		if (weft_drop_name(i))
			assert_int_equal(weft_drop_from_name(weft_drop_name(i)), i);
	for (i = 1; i <= WEFT_CMD_MAX; i++)
		assert_non_null(weft_cmd_name(i));
	for (i = 1; i <= WEFT_PORT_TYPE_MAX; i++)
		assert_int_equal(weft_port_type_from_name(weft_port_type_name(i)), i);
	for (i = 1; i <= WEFT_PORT_CLASS_MAX; i++)
		assert_int_equal(weft_port_class_from_name(weft_port_class_name(i)), i);
	for (i = 1; i <= WEFT_REASON_MAX; i++)
		assert_int_equal(weft_reason_from_name(weft_reason_name(i)), i);
	for (i = 0; i <= WEFT_FALLBACK_MAX; i++)
		assert_int_equal(weft_fallback_from_name(weft_fallback_name(i)), i);
	assert_null(weft_drop_name(UINT32_MAX));
	assert_null(weft_cmd_name(0));
	assert_int_equal(weft_drop_from_name("x"), -ENOENT);
	assert_false(weft_drop_is_usable(WEFT_DROP_TTL));
	assert_true(weft_drop_is_usable(WEFT_DROP_ACL));
	assert_false(weft_drop_is_usable(WEFT_DROP_MAX + 1));
}

/* Fields in any order, and away again, against a plain array */
static void put_and_del(void **state)
{
	for (unsigned int round = 0; round < 300; round++) {
		uint64_t model[WEFT_FIELD_MAX + 1] = { 0 };
		struct weft_match match, copy;

		weft_match_init(&match);
		for (unsigned int i = 0; i < 100; i++) {
			enum weft_field f = random_below(WEFT_FIELD_MAX) + 1;
			uint64_t value = random_below(2) + 1, got;

			if (weft_field_desc(f)->len > 8)
				continue;
			if (one_in(3)) {
				weft_match_del(&match, f);
				model[f] = 0;
			} else {
				assert_int_equal(weft_match_put_uint(&match, f, value), 0);
				model[f] = value;
			}
			for (unsigned int g = 1; g <= WEFT_FIELD_MAX; g++) {
				assert_int_equal(weft_match_exact_uint(&match, g, &got),
						 model[g] != 0);
				if (model[g])
					assert_int_equal(got, model[g]);
			}
		}
		assert_int_equal(weft_match_copy(&copy, &match), 0);
		assert_true(weft_match_equal(&copy, &match));
		assert_int_equal(weft_match_hash(&copy), weft_match_hash(&match));
		weft_match_free(&copy);
		weft_match_free(&match);
	}
}

static void canonical(void **state)
{
	static const uint8_t value[4] = { 10, 1, 2, 3 }, mask[4] = { 255, 255, 0, 0 };
	static const uint8_t ones[4] = { 255, 255, 255, 255 }, zero[4];
	static const uint8_t wide[4] = { 1, 0, 0, 0 };
	struct weft_match a, b;
	uint64_t got;

	weft_match_init(&a);
	weft_match_init(&b);
	assert_int_equal(weft_match_put(&a, WEFT_FIELD_IP_DST, value, mask), 0);
	assert_int_equal(weft_match_put_masked(&b, WEFT_FIELD_IP_DST, 0x0a010000, 0xffff0000), 0);
	assert_true(weft_match_equal(&a, &b));
	assert_false(weft_match_exact_uint(&a, WEFT_FIELD_IP_DST, &got));
	assert_int_equal(weft_match_put(&a, WEFT_FIELD_IP_DST, value, ones), 0);
	assert_int_equal(weft_match_put(&b, WEFT_FIELD_IP_DST, value, NULL), 0);
	assert_true(weft_match_equal(&a, &b));
	assert_int_equal(weft_match_put(&a, WEFT_FIELD_IP_DST, value, zero), 0);
	assert_int_equal(a.n, 0);
	assert_int_not_equal(weft_match_cmp(&a, &b), 0);
	assert_int_equal(weft_match_cmp(&a, &b) < 0, weft_match_cmp(&b, &a) > 0);

	/* 24 bits of four bytes */
	assert_int_equal(weft_match_put(&a, WEFT_FIELD_LDP, wide, NULL), -ERANGE);
	assert_int_equal(weft_match_put_masked(&a, WEFT_FIELD_LDP, 0, 0x1000001), -ERANGE);
	assert_int_equal(weft_match_put_masked(&a, WEFT_FIELD_LDP, 5, 0xffffffff), 0);
	assert_true(weft_match_exact_uint(&a, WEFT_FIELD_LDP, &got));
	assert_int_equal(got, 5);
	assert_int_equal(weft_match_put_uint(&a, WEFT_FIELD_LDP, 1 << 24), -ERANGE);
	assert_int_equal(weft_match_put_uint(&a, WEFT_FIELD_LOUT, 1 << 16), -ERANGE);
	assert_int_equal(weft_match_put_uint(&a, WEFT_FIELD_IPV6_SRC, 1), -EINVAL);
	assert_int_equal(weft_match_put_uint(&a, WEFT_FIELD_MAX + 1, 1), -EINVAL);
	weft_match_free(&a);
	weft_match_free(&b);
}

static void actions_equal(void **state)
{
	struct weft_actions a, b, policy, acl;
	struct weft_action *act;

	weft_actions_init(&a);
	weft_actions_init(&policy);
	weft_actions_init(&acl);
	weft_actions_add(&policy, WEFT_ACT_A_DROP)->reason = WEFT_DROP_POLICY;
	weft_actions_add(&acl, WEFT_ACT_A_DROP)->reason = WEFT_DROP_ACL;
	assert_true(weft_actions_equal(&a, &policy));
	assert_true(weft_actions_equal(&policy, &a));
	assert_false(weft_actions_equal(&a, &acl));
	assert_false(weft_actions_equal(&policy, &acl));

	act = weft_actions_add(&a, WEFT_ACT_A_CLONE);
	weft_actions_add(&act->clone, WEFT_ACT_A_OUTPUT)->port = 7;
	assert_int_equal(weft_actions_copy(&b, &a), 0);
	assert_true(weft_actions_equal(&a, &b));
	b.v[0].clone.v[0].port = 8;
	assert_false(weft_actions_equal(&a, &b));
	/* inside a clone nothing is not a drop */
	weft_actions_free(&b.v[0].clone);
	weft_actions_free(&a.v[0].clone);
	weft_actions_add(&a.v[0].clone, WEFT_ACT_A_DROP)->reason = WEFT_DROP_POLICY;
	assert_false(weft_actions_equal(&a, &b));
	weft_actions_free(&b);
	weft_actions_free(&a);
	weft_actions_free(&policy);
	weft_actions_free(&acl);

	weft_actions_init(&a);
	assert_int_equal(weft_actions_add_set_uint(&a, WEFT_FIELD_ETH_TYPE, 1), -EINVAL);
	assert_int_equal(weft_actions_add_set_uint(&a, WEFT_FIELD_LDP, 1 << 24), -ERANGE);
	assert_int_equal(weft_actions_add_set_uint(&a, WEFT_FIELD_LDP, 1), 0);
	weft_actions_free(&a);
}

/* Every change of one bit of an entry is seen */
static void flow_equal(void **state)
{
	for (unsigned int i = 0; i < 3000; i++) {
		struct weft_flow a, b;

		random_flow(&a);
		assert_int_equal(weft_flow_copy(&b, &a), 0);
		b.packets++;
		b.age_ms++;
		assert_true(weft_flow_equal(&a, &b));
		switch (random_below(5)) {
		case 0:
			b.cookie ^= 1ULL << random_below(64);
			break;
		case 1:
			b.hard_timeout_ms ^= 1u << random_below(32);
			break;
		case 2:
			b.priority ^= (uint16_t)(1u << random_below(16));
			assert_false(weft_flow_same_key(&a, &b));
			break;
		case 3:
			if (weft_match_get(&b.match, WEFT_FIELD_MARK))
				weft_match_del(&b.match, WEFT_FIELD_MARK);
			else
				weft_match_put_uint(&b.match, WEFT_FIELD_MARK, 0);
			assert_false(weft_flow_same_key(&a, &b));
			break;
		default:
			weft_actions_add(&b.actions, WEFT_ACT_A_DEC_TTL);
		}
		assert_false(weft_flow_equal(&a, &b));
		weft_flow_free(&a);
		weft_flow_free(&b);
	}
}

static void port_lists(void **state)
{
	struct weft_tun_opt opt = { .opt_class = 1, .type = 2, .slot = 3, .len = 4 };
	struct weft_port a, b, copy;
	uint8_t addr[16] = { 0 };

	weft_port_init(&a);
	weft_port_init(&b);
	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(weft_port_add_lport(&a, i / 10 + 1, i % 10 + 1), 0);
		assert_int_equal(weft_port_add_lport(&b, (999 - i) / 10 + 1, (999 - i) % 10 + 1),
				 0);
		addr[0] = (uint8_t)(i >> 8);
		addr[1] = (uint8_t)i;
		assert_int_equal(weft_port_add_remote(&a, i & 1, addr), 0);
	}
	assert_int_equal(a.n_lports, 1000);
	assert_memory_equal(a.lports, b.lports, 1000 * sizeof(*a.lports));
	assert_int_equal(weft_port_add_lport(&a, 5, 5), -EEXIST);
	assert_int_equal(weft_port_add_lport(&a, 0, 5), -EINVAL);
	assert_int_equal(weft_port_add_lport(&a, 1 << 24, 5), -EINVAL);
	assert_int_equal(weft_port_add_lport(&a, 1, 1 << 16), -EINVAL);
	assert_int_equal(weft_port_add_remote(&a, 1, addr), -EEXIST);
	assert_int_equal(weft_port_add_tun_opt(&a, &opt), 0);
	assert_int_equal(weft_port_add_tun_opt(&a, &opt), -EEXIST);
	opt.slot = 0;
	assert_int_equal(weft_port_add_tun_opt(&a, &opt), 0);
	assert_int_equal(a.tun_opts[0].slot, 0);
	opt.len = 6;
	opt.slot = 1;
	assert_int_equal(weft_port_add_tun_opt(&a, &opt), -EINVAL);

	assert_int_equal(weft_port_copy(&copy, &a), 0);
	assert_int_equal(weft_port_diff(&copy, &a), 0);
	assert_int_equal(weft_port_diff(&a, &b),
			 1u << WEFT_PORT_A_REMOTES | 1u << WEFT_PORT_A_TUN_OPTS);
	/* only what is wanted counts */
	assert_int_equal(weft_port_diff(&b, &a), 0);
	strcpy(b.vm_id, "x");
	weft_mark(&b, WEFT_PORT_A_VM_ID);
	b.port_class = WEFT_PORT_CLASS_VIF;
	weft_mark(&b, WEFT_PORT_A_CLASS);
	assert_int_equal(weft_port_diff(&b, &a), 1u << WEFT_PORT_A_VM_ID | 1u << WEFT_PORT_A_CLASS);
	weft_port_free(&copy);
	weft_port_free(&a);
	weft_port_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(field_table), cmocka_unit_test(names_sorted),
		cmocka_unit_test(enum_names),  cmocka_unit_test(put_and_del),
		cmocka_unit_test(canonical),   cmocka_unit_test(actions_equal),
		cmocka_unit_test(flow_equal),  cmocka_unit_test(port_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
