// SPDX-License-Identifier: Apache-2.0
/*
 * Templates: as text, as JSON and as attributes, both ways, and what is refused where.
 */
#include "lib_test.h"
#include <libmnl/libmnl.h>
#include "wl.h"

static uint32_t buf[WL_MSG_SIZE / 4];

/* ---- there and back --------------------------------------------------------------- */

static void through_text(const struct weft_template *tmpl, const struct weft_names *names,
			 unsigned int flags)
{
	char *text = weft_template_format(tmpl, names, flags), *again;
	struct weft_error err;
	struct weft_template back;

	assert_non_null(text);
	if (weft_template_parse(&back, text, names, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, text);
	if (!weft_template_equal(tmpl, &back))
		fail_msg("differs: %s", text);
	again = weft_template_format(&back, names, flags & ~WEFT_FMT_STATS);
	if (!(flags & WEFT_FMT_STATS))
		assert_string_equal(text, again);
	weft_template_free(&back);
	free(again);
	free(text);
}

static void through_json(const struct weft_template *tmpl, const struct weft_names *names)
{
	json_t *json = weft_template_to_json(tmpl, names, WEFT_FMT_STATS), *read;
	char *text = json_dumps(json, 0), *again;
	struct weft_error err;
	struct weft_template back;

	assert_non_null(text);
	read = json_loads(text, 0, NULL);
	if (weft_template_from_json(&back, read, NULL, names, &err))
		fail_msg("%s: %s: %s", err.path, err.msg, text);
	if (!weft_template_equal(tmpl, &back) || tmpl->created != back.created ||
	    memcmp(tmpl->refused, back.refused, sizeof(back.refused)))
		fail_msg("differs: %s", text);
	json_decref(read);
	json_decref(json);
	json = weft_template_to_json(&back, names, WEFT_FMT_STATS);
	again = json_dumps(json, 0);
	assert_string_equal(text, again);
	json_decref(json);
	weft_template_free(&back);
	free(again);
	free(text);
}

static void through_netlink(const struct weft_template *tmpl)
{
	struct weft_sock sock = { .family = 0x20 };
	struct nlmsghdr *nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_TEMPLATE_NEW, 0, 1);
	struct weft_template back, copy;

	assert_int_equal(wl_template_put_attrs(nlh, sizeof(buf), tmpl), 0);
	assert_int_equal(wl_template_get_msg(&back, nlh), 0);
	assert_true(weft_template_equal(tmpl, &back));
	assert_int_equal(weft_template_copy(&copy, &back), 0);
	weft_template_free(&back);
	assert_true(weft_template_equal(tmpl, &copy));
	weft_template_free(&copy);
}

static void through_all(const struct weft_template *tmpl)
{
	through_text(tmpl, &odd, 0);
	through_text(tmpl, &odd, WEFT_FMT_LINES);
	through_text(tmpl, NULL, WEFT_FMT_LINES | WEFT_FMT_STATS);
	through_json(tmpl, &odd);
	through_json(tmpl, NULL);
	through_netlink(tmpl);
}

/* Texts that must come back as they are */
static void canonical(void **state)
{
	static const char *const texts[] = {
		"template 5 snat mode=kernel pool=3 slice=9 track=state tcp_established=7440\n"
		"  forward: table=14, priority=+1, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, "
		"$sport, $dport  actions= set:ip_src=@ip, set:l4_src=@port, goto:15\n"
		"  reverse: reply, table=11, priority=+1, ldp=$ldp, $proto, ip_src=$ip_dst, ip_dst=@ip, "
		"l4_src=$l4_dst, l4_dst=@port  "
		"actions= set:ip_dst=$ip_src, set:l4_dst=$l4_src, goto:12\n"
		"  echo when=ipv4|echo: table=14, priority=+1, ldp=$ldp, $proto, ip_src=$ip_src, "
		"icmp_id=$icmp_id  actions= set:ip_src=@ip, set:icmp_id=@port, goto:15\n"
		"  fail: drop:pool_exhausted for 1s",
		"template 1\n  a: table=0, priority=+1  actions= drop",
		"template 65535 \"a b\" mode=service service=\"x,y\" track=none idle=0.5 new=1 replied=2 "
		"tcp_opening=3 tcp_established=4 tcp_closing=5 tcp_reset=6 hard=7 fail_timeout=0 "
		"pending_packets=256 pending_timeout=60\n"
		"  \"fail\": wide, table=255, priority=-65535  actions= output:1\n"
		"  \"7\": reply, wide, table=1, priority=65535, tcp, tcp_dst=80, in_port=$in_port, "
		"reg0=@v5  actions= load:reg1=@v0, load:mark=$reg2, set:eth_dst=$eth_src, output:lout",
		"template 2 pool=4 map_field=ip_src\n"
		"  v6 when=ipv6|tcp|udp: table=1, priority=+1, $proto, ipv6_src=$ipv6_src, "
		"ipv6_dst=@ip, $sport  actions= clone(set:ipv6_dst=@ip, output:1), template:7\n"
		"  other when=other: table=1, priority=+1, eth_src=$eth_dst, eth_type=$eth_type  "
		"actions= service:nat",
		"template 31744 weft-mac-300 mode=kernel idle=300 limit=$reg9:ldp+lin limit=$reg10:ldp "
		"limit=4294967295:ip_src+ip_proto limit=1 fallback=continue\n"
		"  mac: table=8, priority=50, ldp=$ldp, eth_dst=$eth_src  "
		"actions= load:lout=$lin, goto:12",
		"template 3 limit=7:reg15+ipv6_src+tun_id+eth_src fallback=drop\n"
		"  a: table=0, priority=+1  actions= drop",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct weft_error err;
		struct weft_template tmpl;
		char *back;

		if (weft_template_parse(&tmpl, texts[i], NULL, &err))
			fail_msg("%zu: %s: %s", err.pos, err.msg, texts[i]);
		back = weft_template_format(&tmpl, NULL, WEFT_FMT_LINES);
		assert_string_equal(back, texts[i]);
		free(back);
		through_all(&tmpl);
		weft_template_free(&tmpl);
	}
}

static void same(const char *a, const char *b)
{
	struct weft_template x, y;
	struct weft_error err;

	if (weft_template_parse(&x, a, &odd, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, a);
	if (weft_template_parse(&y, b, &odd, &err))
		fail_msg("%zu: %s: %s", err.pos, err.msg, b);
	if (!weft_template_equal(&x, &y))
		fail_msg("'%s' is not '%s'", a, b);
	weft_template_free(&x);
	weft_template_free(&y);
}

static void differ(const char *a, const char *b)
{
	struct weft_template x, y;

	assert_int_equal(weft_template_parse(&x, a, NULL, NULL), 0);
	assert_int_equal(weft_template_parse(&y, b, NULL, NULL), 0);
	if (weft_template_equal(&x, &y))
		fail_msg("'%s' is '%s'", a, b);
	weft_template_free(&x);
	weft_template_free(&y);
}

static void synonyms(void **state)
{
	same("template 5 a: table=1 $proto actions=drop",
	     "5 a when=ipv4|tcp|udp|sctp: table=1, priority=+1, eth_type=$eth_type, "
	     "ip_proto=$ip_proto actions=drop:policy");
	same("5 a: table=1 when=echo|ipv4, $proto actions=drop",
	     "5 a when=ipv4|echo: $proto table=1 actions=drop");
	same("5 a: table=1, $proto, $sport, $dport actions=set:sport=@port",
	     "5 a: table=1, $proto, sport=$sport, l4_dst=$dport actions= set:l4_src=@port");
	same("5 a: table=1, tcp, tcp_dst=$tcp_src actions=drop",
	     "5 a: table=1, tcp, l4_dst=$l4_src actions=drop");
	same("5 mode=kernel, slice=1 a: table=1 actions=drop fail: drop for 0.25",
	     "5 slice=1 mode=kernel fail_timeout=0.25s a: table=1 actions=drop fail: drop");
	same("5 idle=60s a: table=1 actions=drop", "5 a: table=1 actions=drop");
	same("5 fallback=drop a: table=1 actions=drop", "5 a: table=1 actions=drop");
	same("5 limit=0x40:vlan_ctx a: table=1 actions=drop",
	     "5 limit=64:reg3 a: table=1 actions=drop");
	differ("5 limit=64:ldp a: table=1 actions=drop", "5 a: table=1 actions=drop");
	differ("5 limit=64:ldp a: table=1 actions=drop", "5 limit=64:lin a: table=1 actions=drop");
	differ("5 limit=64:ldp a: table=1 actions=drop",
	       "5 limit=$reg1:ldp a: table=1 actions=drop");
	differ("5 fallback=continue a: table=1 actions=drop", "5 a: table=1 actions=drop");
	same("template 5 x # a comment: with=words\n# another \"\n a: table=1, \\\n"
	     "   actions= output:1, \\\n   output:2 # fail: drop\n\tfail: drop\n",
	     "5 x a: table=1 actions=output:1 output:2 fail: drop");
	same("5 a: table=1, vlan_ctx=$vlan_ctx actions=load:vlan_ctx=@v1",
	     "5 a: table=1, reg3=$reg3 actions=load:reg3=@v1");
	same("5 a: table=1, ipv6, ipv6_dst=fd00:: actions=tunnel:fd00::",
	     "5 a: table=1, ipv6, ipv6_dst=fd00::0 actions=tunnel:fd00::0");
	same("5 a: table=1, tun_src=$tun_dst actions=drop",
	     "5 a: table=1, tun_src=$tun_dst, actions= drop");
}

/* ---- at random -------------------------------------------------------------------- */

static void random_binds(struct weft_tentry *entry)
{
	unsigned int n = random_below(6);

	while (n--) {
		struct weft_bind bind = { .kind = one_in(2) ? WEFT_BIND_FIELD : WEFT_BIND_VAR };
		const struct weft_field_desc *desc;

		do {
			bind.field = (uint16_t)(random_below(WEFT_FIELD_MAX) + 1);
			desc = weft_field_desc(bind.field);
		} while (desc->needs || weft_match_get(&entry->match, bind.field) ||
			 (bind.field >= WEFT_FIELD_TUN_SRC &&
			  bind.field <= WEFT_FIELD_TUN_IPV6_DST));
		if (bind.kind == WEFT_BIND_VAR)
			bind.source = desc->len == 2 && one_in(2) ? WEFT_VAR_PORT :
				      desc->len == 4 && one_in(2) ? WEFT_VAR_IP :
								    WEFT_VAR_USER + random_below(6);
		else
			do
				bind.source = (uint16_t)(random_below(WEFT_FIELD_MAX) + 1);
			while (weft_field_desc(bind.source)->len != desc->len);
		weft_binds_add(&entry->binds, &bind);
		if (one_in(2) && desc->writable)
			weft_actions_add(&entry->actions, WEFT_ACT_A_BIND)->bind = bind;
	}
}

static void random_entry(struct weft_template *tmpl)
{
	static const char *const names[] = { "a",     "forward", "a b",	     "fail", "7",
					     "a-b.c", "when=",	 "template", "x:" };
	char name[WEFT_NAME_MAX + 1];
	struct weft_tentry *entry;

	snprintf(name, sizeof(name), "%s%.0u", names[random_below(9)], tmpl->entries.n);
	if (tmpl->entries.n)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "%u", tmpl->entries.n);
	entry = weft_template_add_entry(tmpl, name);
	entry->table = (uint8_t)random_u64();
	weft_mark(entry, WEFT_TENTRY_A_TABLE);
	if (one_in(2)) {
		entry->priority = (uint16_t)random_u64();
		weft_mark(entry, WEFT_TENTRY_A_PRIORITY);
	} else {
		entry->delta = (int32_t)random_below(2 * UINT16_MAX + 1) - UINT16_MAX;
		weft_mark(entry, WEFT_TENTRY_A_DELTA);
	}
	if (one_in(2)) {
		entry->when = random_below(WEFT_WHEN_ALL) + 1;
		weft_mark(entry, WEFT_TENTRY_A_WHEN);
	}
	if (one_in(3))
		weft_mark(entry, WEFT_TENTRY_A_REPLY);
	if (one_in(3))
		weft_mark(entry, WEFT_TENTRY_A_WIDE);
	random_match(&entry->match);
	random_binds(entry);
	random_actions(&entry->actions, 0);
	weft_mark(entry, WEFT_TENTRY_A_ACTIONS);
}

static void random_limits(struct weft_template *tmpl)
{
	unsigned int n;

	for (n = random_below(WEFT_TEMPLATE_LIMITS + 1); n; n--) {
		struct weft_limit *limit = &tmpl->limits[tmpl->n_limits++];
		unsigned int first = random_below(WEFT_FIELD_MAX - WEFT_LIMIT_FIELDS) + 1;

		if (one_in(2))
			limit->max = (uint32_t)random_u64() | 1;
		else
			limit->max_field = (uint16_t)(WEFT_FIELD_REG0 + random_below(16));
		for (unsigned int i = random_below(WEFT_LIMIT_FIELDS + 1); i; i--)
			limit->fields[i - 1] = (uint16_t)(first + i);
		weft_mark(tmpl, WEFT_TEMPLATE_A_LIMITS);
	}
}

static void random_header(struct weft_template *tmpl)
{
	static const char *const names[] = { "snat", "a b", "7", "lout", "abcdefghijklmno", "a:" };

	tmpl->id = random_below(WEFT_TEMPLATE_ID_MAX) + 1;
	weft_mark(tmpl, WEFT_TEMPLATE_A_ID);
	if (one_in(2)) {
		snprintf(tmpl->name, sizeof(tmpl->name), "%s", names[random_below(6)]);
		weft_mark(tmpl, WEFT_TEMPLATE_A_NAME);
		tmpl->mode = one_in(2);
		weft_mark(tmpl, WEFT_TEMPLATE_A_MODE);
		tmpl->pool = random_below(WEFT_POOL_ID_MAX) + 1;
		weft_mark(tmpl, WEFT_TEMPLATE_A_POOL);
		tmpl->map_field = WEFT_FIELD_IP_SRC;
		weft_mark(tmpl, WEFT_TEMPLATE_A_MAP_FIELD);
	}
	if (one_in(2)) {
		snprintf(tmpl->service, sizeof(tmpl->service), "%s", names[random_below(6)]);
		weft_mark(tmpl, WEFT_TEMPLATE_A_SERVICE);
		tmpl->slice = (uint16_t)random_u64();
		weft_mark(tmpl, WEFT_TEMPLATE_A_SLICE);
		tmpl->track = random_below(WEFT_TRACK_MAX + 1);
		weft_mark(tmpl, WEFT_TEMPLATE_A_TRACK);
		tmpl->pending_packets = random_below(256) + 1;
		weft_mark(tmpl, WEFT_TEMPLATE_A_PENDING_PACKETS);
	}
	for (unsigned int attr = 1; attr <= WEFT_TIMEOUTS_A_MAX; attr++) {
		if (!one_in(4))
			continue;
		tmpl->timeouts.ms[attr] = (uint32_t)random_u64() / (one_in(2) ? 1 : 1000);
		weft_mark(&tmpl->timeouts, attr);
		weft_mark(tmpl, WEFT_TEMPLATE_A_TIMEOUTS);
	}
	if (one_in(2)) {
		random_actions(&tmpl->fail, 0);
		weft_mark(tmpl, WEFT_TEMPLATE_A_FAIL);
	}
	if (one_in(2)) {
		tmpl->fail_timeout_ms = random_below(100000);
		weft_mark(tmpl, WEFT_TEMPLATE_A_FAIL_TIMEOUT);
		tmpl->created = random_u64();
		weft_mark(tmpl, WEFT_TEMPLATE_A_CREATED);
		tmpl->refused[random_below(WEFT_REFUSED_A_QUEUE) + 1] = random_u64();
		tmpl->refused[WEFT_REFUSED_A_LIMIT_TEMPLATE] = random_u64();
		weft_mark(tmpl, WEFT_TEMPLATE_A_REFUSED);
		tmpl->fallback = one_in(2);
		weft_mark(tmpl, WEFT_TEMPLATE_A_FALLBACK);
	}
	random_limits(tmpl);
}

static void random_templates(void **state)
{
	for (unsigned int i = 0; i < 3000; i++) {
		unsigned int n = random_below(WEFT_TEMPLATE_ENTRIES) + 1;
		struct weft_template tmpl;

		weft_template_init(&tmpl);
		random_header(&tmpl);
		while (n--)
			random_entry(&tmpl);
		through_all(&tmpl);
		weft_template_free(&tmpl);
	}
}

/* ---- refusals --------------------------------------------------------------------- */

/* @bad: the token to blame, where it occurs last in @text; "": its end; NULL: anywhere */
static void refuse(const char *text, const char *bad, const char *words)
{
	const char *at = text + strlen(text);
	struct weft_error err;
	struct weft_template tmpl;

	for (const char *p = text; bad && *bad && *p; p++)
		if (!strncmp(p, bad, strlen(bad)))
			at = p;
	if (weft_template_parse(&tmpl, text, &odd, &err) != -EINVAL)
		fail_msg("taken: %s", text);
	if (!strstr(err.msg, words))
		fail_msg("'%s': '%s' instead of '%s'", text, err.msg, words);
	if (bad && (err.pos != (size_t)(at - text) + 1 || err.len != strlen(bad)))
		fail_msg("'%s': at %zu, %zu instead of %zu, %zu: %s", text, err.pos, err.len,
			 (size_t)(at - text) + 1, strlen(bad), err.msg);
	assert_int_equal(weft_template_parse(&tmpl, text, &odd, NULL), -EINVAL);
}

#define GOOD " a: table=1 actions=drop"

static void headers(void **state)
{
	refuse("", "", "number is missing");
	refuse("template", "", "number is missing");
	refuse("template 0" GOOD, "0", "at least 1");
	refuse("65536" GOOD, "65536", "at most 65535");
	refuse("x" GOOD, "x", "is not a number");
	refuse("5", "", "there is no entry");
	refuse("5 fail: drop", "", "there is no entry");
	refuse("5 abcdefghijklmnop" GOOD, "abcdefghijklmnop", "too long: at most 15");
	refuse("5 x y" GOOD, "y", "unexpected 'y'");
	refuse("5 x mode=both" GOOD, "both", "no mode 'both'");
	refuse("5 mode=kernel mode=kernel" GOOD, "mode=kernel", "duplicate 'mode'");
	refuse("5 pool=0" GOOD, "0", "at least 1");
	refuse("5 pool=65536" GOOD, "65536", "at most 65535");
	refuse("5 map_field=colour" GOOD, "colour", "unknown field");
	refuse("5 map_field=eth_src" GOOD, "eth_src", "is no address");
	refuse("5 service=abcdefghijklmnop" GOOD, "abcdefghijklmnop", "too long");
	refuse("5 slice=65536" GOOD, "65536", "at most 65535");
	refuse("5 track=tcp" GOOD, "tcp", "no track 'tcp'");
	refuse("5 tcp_established=forever" GOOD, "forever", "is not a number");
	refuse("5 idle=4294968" GOOD, "4294968", "out of range");
	refuse("5 idle=60 idle=60" GOOD, "idle", "duplicate 'idle'");
	refuse("5 colour=red" GOOD, "colour", "a template has no 'colour'");
	refuse("5 pending_packets=257" GOOD, "257", "at most 256");
	refuse("5 pending_packets=0" GOOD, "0", "at least 1");
	refuse("5 fail_timeout=x" GOOD, NULL, "is not a number");
	refuse("5 fallback=go" GOOD, "go", "no fallback 'go'");
	refuse("5 fallback=drop fallback=drop" GOOD, "fallback=drop", "duplicate 'fallback'");
}

static void limits(void **state)
{
	refuse("5 limit=0" GOOD, "0", "at least 1");
	refuse("5 limit=4294967296" GOOD, "4294967296", "at most 4294967295");
	refuse("5 limit=many:ldp" GOOD, "many", "is not a number");
	refuse("5 limit=:lin" GOOD, NULL, "is not a number");
	refuse("5 limit=$:ldp" GOOD, NULL, "unknown field ''");
	refuse("5 limit=$ldp:lin" GOOD, "$ldp", "is no register");
	refuse("5 limit=5:" GOOD, NULL, "unknown field ''");
	refuse("5 limit=5:ldp+" GOOD, NULL, "unknown field ''");
	refuse("5 limit=5:colour" GOOD, "colour", "unknown field 'colour'");
	refuse("5 limit=5:vlan_vid" GOOD, "vlan_vid", "is part of a field");
	refuse("5 limit=5:ldp+lin+ldp" GOOD, "ldp", "duplicate 'ldp'");
	refuse("5 limit=5:reg0+reg1+reg2+reg3+reg4" GOOD, "reg4", "at most 4 fields");
	refuse("5 limit=1 limit=2 limit=3 limit=4 limit=9" GOOD, "9", "at most 4 limits");
}

static void entries(void **state)
{
	refuse("5 a: actions=drop", NULL, "table= of 'a' is missing");
	refuse("5 a: table=1", NULL, "actions= of 'a' is missing");
	refuse("5 a: table=256 actions=drop", "256", "at most 255");
	refuse("5 a: table=1 table=1 actions=drop", "table", "duplicate 'table'");
	refuse("5 a: table=1 priority=+65536 actions=drop", "65536", "at most 65535");
	refuse("5 a: table=1 priority=+ actions=drop", NULL, "is not a number");
	refuse("5 a: table=1 priority=+1 priority=2 actions=drop", "priority", "duplicate");
	refuse("5 a: table=1 reply=1 actions=drop", NULL, "'reply' takes no value");
	refuse("5 a: table=1 wide wide actions=drop", "wide", "duplicate 'wide'");
	refuse("5 a: table actions=drop", "table", "'table' needs a value");
	refuse("5 a when=ipv5: table=1 actions=drop", "ipv5", "none of ipv4");
	refuse("5 a when=tcp|tcp: table=1 actions=drop", "tcp", "given twice");
	refuse("5 a when=tcp: table=1 when=udp actions=drop", "when", "duplicate 'when'");
	refuse("5 pool=3 when=tcp: table=1 actions=drop", "when=tcp:", "name is missing");
	refuse("5 abcdefghijklmnop: table=1 actions=drop", "abcdefghijklmnop", "too long");
	refuse("5 a: table=1 actions=drop a: table=2 actions=drop", NULL, "duplicate entry 'a'");
	refuse("5 a: table=1 actions=jump fail: drop", "jump", "unknown action");
	refuse("5 a: table=1 actions=dec_ttl, output:vm9 b: table=2 actions=drop", "vm9",
	       "no port 'vm9'");
	refuse("5 a: table=1 actions=goto:1, drop", "drop", "cannot follow goto");
	refuse("5 a: table=1 actions=template:0", "0", "numbered from 1");
	refuse("5 a: table=1 actions=template:snat", "snat", "is not a number");
	refuse("5" GOOD " b: table=1 actions=drop c: table=1 actions=drop d: table=1 actions=drop"
	       " e: table=1 actions=drop f: table=1 actions=drop g: table=1 actions=drop"
	       " h: table=1 actions=drop nine: table=1 actions=drop",
	       "nine", "at most 8 entries");
	refuse("5" GOOD " fail: drop fail: drop", "fail", "duplicate 'fail'");
	refuse("5 fail_timeout=1" GOOD " fail: drop for 1s", "for", "duplicate 'fail_timeout'");
	refuse("5" GOOD " fail: drop for ever", "ever", "is not a number");
	refuse("5" GOOD " fail: for 1s", NULL, "no action");
	refuse("5" GOOD " fail: set:ip_src=@ip", "@ip", "only entries of templates");
	refuse("5" GOOD " fail when=tcp: drop", "tcp", "'fail' has no when=");
	refuse("5\n" GOOD "\n b: table=x actions=drop\n", "x", "is not a number");
}

static void bindings(void **state)
{
	refuse("5 a: table=1 colour=$ip_src actions=drop", "colour", "unknown field");
	refuse("5 a: table=1 reg0=$colour actions=drop", "colour", "unknown field 'colour'");
	refuse("5 a: table=1 reg0=$ actions=drop", "$", "nothing behind '$'");
	refuse("5 a: table=1 reg0=@v6 actions=drop", "@v6", "no variable '@v6'");
	refuse("5 a: table=1 reg0=@port actions=drop", "@port", "@port has 2 bytes, reg0 has 4");
	refuse("5 a: table=1 lin=@ip actions=drop", "@ip", "@ip has 4 or 16 bytes, lin has 2");
	refuse("5 a: table=1 eth_src=$ip_src actions=drop", "$ip_src",
	       "ip_src has 4 bytes, eth_src has 6");
	refuse("5 a: table=1 reg0[0..7]=$ip_src actions=drop", "reg0[0..7]", "only a whole field");
	refuse("5 a: table=1 vlan_vid=$vlan_tci actions=drop", "vlan_vid", "part of a field");
	refuse("5 a: table=1 ldp=$ldp ldp=$reg0 actions=drop", "ldp=$reg0", "bound already");
	refuse("5 a: table=1 ldp=7 ldp=$ldp actions=drop", "ldp=$ldp", "fixed and bound");
	refuse("5 a: table=1 $proto eth_type=$eth_type actions=drop", "eth_type=$eth_type",
	       "bound already");
	refuse("5 a: table=1 tun_src=fd00::1 tun_dst=$tun_dst actions=drop", "tun_src=fd00::1",
	       "tun_ipv6_src is IPv6, unlike tun_dst");
	refuse("5 a: table=1 tcp $proto actions=drop", "$proto", "fixed and bound");
	refuse("5 a: table=1 $proto=tcp actions=drop", "tcp", "takes no value");
	refuse("5 a: table=1 $ip_src actions=drop", "$ip_src", "unknown '$ip_src'");
	refuse("5 a: table=1 actions=set:ip_src=@x", "@x", "no variable '@x'");
	refuse("5 a: table=1 actions=set:eth_type=$vlan_tci", "eth_type", "cannot be written");
	refuse("5 a: table=1 actions=load:reg0[0..3]=$reg1", "reg0[0..3]", "only a whole field");
	refuse("5 a: table=1 actions=move:$reg0->reg1", "$reg0", "unknown field");
}

static void prerequisites(void **state)
{
	refuse("5 a: table=1 ip_src=$ip_src actions=drop", "ip_src=$ip_src", "ip_src needs ip");
	refuse("5 a: table=1 $proto ipv6_src=$ipv6_src actions=drop", "ipv6_src=$ipv6_src",
	       "ipv6_src needs ipv6 (eth_type=0x86dd) in every packet that when= lets in");
	refuse("5 a when=tcp: table=1 $proto ip_src=$ip_src actions=drop", "ip_src=$ip_src",
	       "ip_src needs ip");
	refuse("5 a when=ipv4: table=1 $proto $sport actions=drop", "$sport",
	       "l4_src needs tcp, udp or sctp");
	refuse("5 a when=ipv4|tcp|other: table=1 $proto l4_dst=80 actions=drop", "l4_dst=80",
	       "l4_dst needs tcp, udp or sctp");
	refuse("5 a: table=1 $proto tcp_flags=+syn actions=drop", "tcp_flags=+syn",
	       "tcp_flags needs tcp");
	refuse("5 a: table=1 $proto tcp_dst=80 actions=drop", "tcp_dst=80", "tcp_dst needs tcp");
	refuse("5 a: table=1 $proto udp_src=$udp_src actions=drop", "udp_src=$udp_src",
	       "l4_src needs udp");
	refuse("5 a: table=1 $proto icmp_id=$icmp_id actions=drop", "icmp_id=$icmp_id",
	       "icmp_id needs icmp");
	refuse("5 a when=ipv4: table=1 ip_proto=$ip_proto actions=drop", "ip_proto=$ip_proto",
	       "ip_proto needs ip");
	refuse("5 a: table=1 tcp udp actions=drop", "udp", "contradicts 'tcp'");
	same("5 a when=ipv4|tcp: table=1 $proto tcp_dst=80, tcp_flags=+syn actions=drop",
	     "5 a when=ipv4|tcp: table=1 $proto l4_dst=80, tcp_flags=+syn actions=drop");
	same("5 a when=ipv4|ipv6|echo: table=1 $proto icmp_type=$icmp_type actions=drop",
	     "5 a when=echo|ipv6|ipv4: table=1 $proto icmp_type=$icmp_type actions=drop");
	same("5 a when=tcp: table=1 ip, ip_proto=$ip_proto, $sport actions=drop",
	     "5 a when=tcp: table=1 eth_type=ip, ip_proto=$ip_proto, $sport actions=drop");
}

static void bad_json(void **state)
{
#define ENTRY(E) "{\"id\": 5, \"entries\": [{\"name\": \"a\", \"table\": 1, " E "}]}"
#define DROP "\"actions\": [\"drop\"]"
	static const struct {
		const char *text, *path, *words;
	} bad[] = {
		{ "[]", "$", "an object is needed" },
		{ "{\"id\": 5}", "$", "entries are missing" },
		{ "{\"id\": 0}", "$.id", "at least 1" },
		{ "{\"name\": 5}", "$.name", "a string is needed" },
		{ "{\"mode\": \"both\"}", "$.mode", "no mode 'both'" },
		{ "{\"colour\": 5}", "$.colour", "a template has no member 'colour'" },
		{ "{\"timeouts\": {\"syn\": 5}}", "$.timeouts.syn", "no timeout 'syn'" },
		{ "{\"timeouts\": {\"idle\": -1}}", "$.timeouts.idle", "out of range" },
		{ "{\"refused\": {\"x\": 1}}", "$.refused.x", "no counter" },
		{ "{\"limits\": 5}", "$.limits", "an array is needed" },
		{ "{\"limits\": [5]}", "$.limits[0]", "an object is needed" },
		{ "{\"limits\": [{\"fields\": []}]}", "$.limits[0]", "max is missing" },
		{ "{\"limits\": [{\"max\": 0}]}", "$.limits[0].max", "at least 1" },
		{ "{\"limits\": [{\"max\": 1, \"per\": 1}]}", "$.limits[0].per",
		  "no member 'per'" },
		{ "{\"limits\": [{\"max\": 1, \"fields\": \"ldp\"}]}", "$.limits[0].fields",
		  "an array is needed" },
		{ "{\"limits\": [{\"max\": 1, \"fields\": [1]}]}", "$.limits[0].fields[0]",
		  "a field's name is needed" },
		{ "{\"limits\": [{\"max\": 1, \"fields\": [\"ldp\", \"x\"]}]}",
		  "$.limits[0].fields[1]", "unknown field" },
		{ "{\"fallback\": \"x\"}", "$.fallback", "no fallback" },
		{ "{\"fail\": [{\"set\": {\"ip_src\": \"@ip\"}}]}", "$.fail[0].set.ip_src",
		  "only entries of templates" },
		{ "{\"entries\": {}}", "$.entries", "an array" },
		{ "{\"entries\": [{}]}", "$.entries[0]", "name is missing" },
		{ "{\"entries\": [{\"name\": \"a\"}]}", "$.entries[0]", "table is missing" },
		{ ENTRY("\"reply\": false"), "$.entries[0]", "actions are missing" },
		{ ENTRY("\"reply\": 1"), "$.entries[0].reply", "true or false" },
		{ ENTRY("\"colour\": 1"), "$.entries[0].colour", "no member 'colour'" },
		{ ENTRY("\"when\": \"tcp\""), "$.entries[0].when", "an array" },
		{ ENTRY("\"when\": [\"tcp\", \"x\"]"), "$.entries[0].when[1]", "known names" },
		{ ENTRY("\"when\": []"), "$.entries[0].when", "nothing would fit" },
		{ ENTRY("\"priority\": \"+x\""), "$.entries[0].priority", "is not a number" },
		{ ENTRY("\"match\": {\"ip_src\": \"$eth_src\"}, " DROP),
		  "$.entries[0].match.ip_src", "6 bytes" },
		{ ENTRY("\"match\": {\"ip_src\": \"$ip_src\"}, " DROP), "$.entries[0]",
		  "ip_src needs ip" },
		{ ENTRY("\"actions\": [{\"set\": {\"ip_src\": \"@x\"}}]"),
		  "$.entries[0].actions[0].set.ip_src", "no variable '@x'" },
		{ ENTRY("\"actions\": [{\"template\": 0}]"), "$.entries[0].actions[0].template",
		  "numbered from 1" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		json_t *json = json_loads(bad[i].text, 0, NULL);
		struct weft_error err;
		struct weft_template tmpl;

		assert_non_null(json);
		if (weft_template_from_json(&tmpl, json, NULL, &odd, &err) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		if (strcmp(err.path, bad[i].path) || !strstr(err.msg, bad[i].words))
			fail_msg("%s: '%s: %s' instead of '%s: %s'", bad[i].text, err.path, err.msg,
				 bad[i].path, bad[i].words);
		json_decref(json);
	}
}

/* ---- attributes ------------------------------------------------------------------- */

static void flipped(void **state)
{
	for (unsigned int i = 0; i < 5000; i++) {
		struct weft_sock sock = { .family = 0x20 };
		struct nlmsghdr *nlh, *copy;
		struct weft_template tmpl, back;
		unsigned int n = random_below(8);
		size_t first = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN;
		uint32_t len;

		weft_template_init(&tmpl);
		random_header(&tmpl);
		random_entry(&tmpl);
		random_entry(&tmpl);
		nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_TEMPLATE_NEW, 0, 1);
		assert_int_equal(wl_template_put_attrs(nlh, sizeof(buf), &tmpl), 0);
		weft_template_free(&tmpl);
		len = one_in(4) ? (uint32_t)first + random_below(nlh->nlmsg_len - (uint32_t)first) :
				  nlh->nlmsg_len;
		copy = malloc(MNL_ALIGN(len));
		memcpy(copy, nlh, len);
		copy->nlmsg_len = len;
		while (n-- && len > first)
			((uint8_t *)copy)[first + random_below(len - (uint32_t)first)] ^=
				(uint8_t)(1u << random_below(8));
		if (!wl_template_get_msg(&back, copy)) {
			char *text = weft_template_format(&back, &odd,
							  WEFT_FMT_LINES | WEFT_FMT_STATS);
			json_t *json = weft_template_to_json(&back, &odd, WEFT_FMT_STATS);

			assert_non_null(text);
			assert_non_null(json);
			free(text);
			json_decref(json);
			weft_template_free(&back);
		}
		free(copy);
	}
}

static void does_not_fit(void **state)
{
	for (unsigned int i = 0; i < 20; i++) {
		struct weft_sock sock = { .family = 0x20 };
		struct nlmsghdr *nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_TEMPLATE_NEW, 0, 1);
		struct weft_template tmpl;

		weft_template_init(&tmpl);
		random_header(&tmpl);
		random_entry(&tmpl);
		assert_int_equal(wl_template_put_attrs(nlh, sizeof(buf), &tmpl), 0);
		for (size_t size = MNL_NLMSG_HDRLEN + WL_GENL_HDRLEN; size < nlh->nlmsg_len;
		     size += 4) {
			struct nlmsghdr *small = malloc(size);

			wl_msg_put_header(&sock, small, WEFT_CMD_TEMPLATE_NEW, 0, 1);
			assert_int_equal(wl_template_put_attrs(small, size, &tmpl), -EMSGSIZE);
			free(small);
		}
		weft_template_free(&tmpl);
	}
}

static void paths(void **state)
{
	struct weft_sock sock = { .family = 0x20 };
	struct nlmsghdr *nlh = wl_msg_put_header(&sock, buf, WEFT_CMD_TEMPLATE_NEW, 0, 1);
	const struct nlattr *attr, *entry, *in;
	struct weft_template tmpl;
	unsigned int seen = 0;
	char path[128];

	assert_int_equal(weft_template_parse(&tmpl,
					     "5 idle=1 a: table=1 actions=drop "
					     "b: table=1, ip, ip_dst=10.0.0.1 actions=output:1",
					     NULL, NULL),
			 0);
	assert_int_equal(wl_template_put_attrs(nlh, sizeof(buf), &tmpl), 0);
	weft_template_free(&tmpl);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != WEFT_TEMPLATE_A_ENTRIES)
			continue;
		entry = mnl_attr_next(mnl_attr_get_payload(attr));
		mnl_attr_for_each_nested(in, entry) {
			if (mnl_attr_get_type(in) != WEFT_TENTRY_A_MATCH)
				continue;
			wl_attr_path(
				nlh, nlh->nlmsg_len,
				(uint32_t)((const char *)mnl_attr_next(mnl_attr_get_payload(in)) -
					   (const char *)buf),
				path, sizeof(path));
			assert_string_equal(path, "entries[1].match.ip_dst");
			seen++;
		}
		wl_attr_missing(nlh, nlh->nlmsg_len,
				(uint32_t)((const char *)entry - (const char *)buf),
				WEFT_TENTRY_A_TABLE, path, sizeof(path));
		assert_string_equal(path, "entries[1].table");
	}
	assert_int_equal(seen, 1);
}

static void noise(void **state)
{
	static const char *const pieces[] = {
		"template ", "5 ",	 "a: ",	     "when=",	  "ipv4",   "|",       "tcp",
		": ",	     "table=1 ", "actions=", "drop ",	  "fail: ", "for 1s ", "$proto ",
		"@ip",	     "$ip_src",	 "ip_src=",  "set:",	  ",",	    " ",       "\n",
		"#",	     "\"",	 "\\\n",     "priority=", "+1 ",    "reply ",  "pool=3 ",
		"mode=",     "x",	 "=",	     "clone(",	  ")",	    "fd00::",  "idle=",
	};

	for (unsigned int i = 0; i < 100000; i++) {
		char text[512] = "";
		unsigned int n = random_below(24);
		struct weft_error err;
		struct weft_template tmpl;

		if (one_in(2))
			strcpy(text, "5 a: table=1 ");
		while (n--)
			strcat(text, pieces[random_below(sizeof(pieces) / sizeof(*pieces))]);
		if (weft_template_parse(&tmpl, text, NULL, &err)) {
			assert_true(err.msg[0] && err.pos + err.len <= strlen(text) + 6);
			continue;
		}
		through_text(&tmpl, NULL, one_in(2) ? WEFT_FMT_LINES : 0);
		weft_template_free(&tmpl);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical),
		cmocka_unit_test(synonyms),
		cmocka_unit_test(random_templates),
		cmocka_unit_test(headers),
		cmocka_unit_test(limits),
		cmocka_unit_test(entries),
		cmocka_unit_test(bindings),
		cmocka_unit_test(prerequisites),
		cmocka_unit_test(bad_json),
		cmocka_unit_test(flipped),
		cmocka_unit_test(does_not_fit),
		cmocka_unit_test(paths),
		cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
