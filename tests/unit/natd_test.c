// SPDX-License-Identifier: Apache-2.0
/* What weft-natd answers to frames, and what it learns from instances. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "services/frame.h"
#include "services/nat/natd.h"

static const char config_text[] =
	"{'nat': {'pools': [{'name': 'p', 'ranges': ['11.0.1.1:2000-2001']}], 'slices': [{'id': 9, "
	"'tables': {'nat': 'a', 'nat_next': 'b', 'unnat': 'c', 'unnat_next': 'd'}, 'rules': ["
	"{'name': 's', 'kind': 'snat', 'mode': 'service', 'source': '10.0.1.0/24', 'pool': 'p'}, "
	"{'name': 'd', 'kind': 'dnat', 'mode': 'service', 'address': '11.0.9.9', "
	"'protocol': 'udp', 'port': 53, 'to': '10.0.1.1', 'to_port': 5353}, "
	"{'name': 'n', 'kind': 'subnet', 'mode': 'service', 'inside': '10.0.0.0/12', "
	"'outside': '11.16.0.0/12'}]}]}, "
	"'pools': {'p': 40000}, 'templates': {'s': 32768, 'd': 32769, 'n': 32770, 'n-in': 32771}}";

static unsigned int n_doubts;

static void on_state(void *ctx, bool ok, const char *why)
{
}

static void on_doubt(void *ctx)
{
	n_doubts++;
}

static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *json;

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json = json_loads(copy, 0, NULL);
	assert_non_null(json);
	free(copy);
	return json;
}

static struct natd *make(void)
{
	const struct natd_calls calls = { on_state, on_doubt, NULL };
	struct natd *natd = natd_new(&calls);
	json_t *config = parse(config_text);

	assert_null(natd_configure(natd, config));
	json_decref(config);
	n_doubts = 0;
	return natd;
}

/* a UDP frame */
static struct service_job ask(struct natd *natd, uint32_t template_id, const char *src,
			      uint16_t sport, const char *dst, uint16_t dport)
{
	uint8_t frame[42] = { [12] = 8, [14] = 0x45, [23] = 17 };
	struct weft_packet packet = { .data = frame, .len = 42, .template_id = template_id };
	struct service_job job = { .pending = 1 };
	struct address address;

	assert_true(address_parse(src, &address));
	memcpy(frame + 26, address.bytes, 4);
	assert_true(address_parse(dst, &address));
	memcpy(frame + 30, address.bytes, 4);
	frame[34] = sport >> 8;
	frame[35] = sport;
	frame[36] = dport >> 8;
	frame[37] = dport;
	weft_instance_init(&job.answer);
	natd_ops.decide(natd, &packet, &job);
	return job;
}

static unsigned int port_of(const struct service_job *job)
{
	const struct weft_var_value *port = &job->answer.vars[WEFT_VAR_PORT];

	return port->len == 2 ? port->value[0] << 8 | port->value[1] : 0;
}

static void assert_ip(const struct service_job *job, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	assert_false(job->reject);
	assert_int_equal(job->answer.vars[WEFT_VAR_IP].len, 4);
	assert_memory_equal(job->answer.vars[WEFT_VAR_IP].value, ((uint8_t[]){ a, b, c, d }), 4);
}

/* the instance that a job became, or one with the same values */
static void tell_of(struct natd *natd, const struct service_job *job, uint32_t when, uint32_t id,
		    bool made)
{
	struct weft_instance instance;

	weft_instance_init(&instance);
	instance.id = id;
	memcpy(instance.vars, job->answer.vars, sizeof(instance.vars));
	instance.when = when;
	if (made)
		natd_ops.made(natd, &instance);
	else
		natd_ops.ended(natd, &instance);
	weft_instance_free(&instance);
}

static void tell(struct natd *natd, const struct service_job *job, uint32_t id, bool made)
{
	tell_of(natd, job, WEFT_WHEN_IPV4 | WEFT_WHEN_UDP, id, made);
}

static void test_snat(void **state)
{
	struct natd *natd = make();
	struct service_job one = ask(natd, 32768, "10.0.1.5", 2000, "10.0.2.1", 80), two, three;

	assert_ip(&one, 11, 0, 1, 1);
	assert_int_equal(port_of(&one), 2000);
	tell(natd, &one, 7, true);
	two = ask(natd, 32768, "10.0.1.6", 2000, "10.0.2.1", 80);
	assert_int_equal(port_of(&two), 2001);
	tell(natd, &two, 8, true);
	three = ask(natd, 32768, "10.0.1.7", 2000, "10.0.2.1", 80);
	assert_true(three.reject);
	tell(natd, &one, 7, false);
	three = ask(natd, 32768, "10.0.1.7", 9, "10.0.2.1", 80);
	assert_int_equal(port_of(&three), 2000);
	/* not the rule's, and no template of ours */
	one = ask(natd, 32768, "10.0.3.7", 9, "10.0.2.1", 80);
	assert_true(one.reject);
	one = ask(natd, 5, "10.0.1.7", 9, "10.0.2.1", 80);
	assert_true(one.reject);
	natd_free(natd);
}

/* after a restart: what instances have is in use */
static void test_learn(void **state)
{
	struct natd *natd = make(), *next = make();
	struct service_job one = ask(natd, 32768, "10.0.1.5", 2000, "10.0.2.1", 80);

	natd_ops.learn_begin(next);
	tell(next, &one, 7, true);
	natd_ops.learn_end(next);
	one = ask(next, 32768, "10.0.1.5", 2000, "10.0.2.1", 80);
	assert_int_equal(port_of(&one), 2001);
	natd_ops.learn_begin(next);
	natd_ops.learn_end(next);
	one = ask(next, 32768, "10.0.1.5", 2000, "10.0.2.1", 80);
	assert_int_equal(port_of(&one), 2000);
	natd_free(natd);
	natd_free(next);
}

/* what a protocol has is free for the others; what has no ports has nothing */
static void test_learn_protocols(void **state)
{
	static const uint32_t others[] = { WEFT_WHEN_TCP, WEFT_WHEN_SCTP, WEFT_WHEN_ECHO,
					   WEFT_WHEN_OTHER };
	struct natd *natd = make();
	struct service_job job = ask(natd, 32768, "10.0.1.5", 2000, "10.0.2.1", 80), again;

	for (unsigned int i = 0; i < 4; i++) {
		natd_ops.learn_begin(natd);
		tell_of(natd, &job, WEFT_WHEN_IPV4 | others[i], 7, true);
		again = ask(natd, 32768, "10.0.1.5", 2000, "10.0.2.1", 80);
		assert_int_equal(port_of(&again), 2000);
	}
	natd_free(natd);
}

/* the kernel knows better */
static void test_refused(void **state)
{
	struct natd *natd = make();
	struct service_job job = ask(natd, 32768, "10.0.1.5", 2000, "10.0.2.1", 80), other;

	job.err = -EADDRINUSE;
	assert_true(natd_ops.refused(natd, &job));
	assert_int_equal(port_of(&job), 2001);
	assert_int_equal(n_doubts, 1);
	job.err = -EADDRINUSE;
	assert_true(natd_ops.refused(natd, &job));
	assert_true(job.reject);

	natd_ops.learn_begin(natd);
	job = ask(natd, 32768, "10.0.1.5", 2000, "10.0.2.1", 80);
	job.err = -ENOENT;
	assert_false(natd_ops.refused(natd, &job));
	other = ask(natd, 32768, "10.0.1.5", 2000, "10.0.2.1", 80);
	assert_int_equal(port_of(&other), 2000);
	natd_free(natd);
}

static void test_fixed(void **state)
{
	struct natd *natd = make();
	struct service_job job = ask(natd, 32769, "8.8.8.8", 9, "11.0.9.9", 53);

	assert_ip(&job, 10, 0, 1, 1);
	assert_int_equal(port_of(&job), 5353);
	job = ask(natd, 32769, "8.8.8.8", 9, "11.0.9.9", 54);
	assert_true(job.reject);
	job = ask(natd, 32770, "10.5.6.7", 9, "8.8.8.8", 53);
	assert_ip(&job, 11, 21, 6, 7);
	job = ask(natd, 32771, "8.8.8.8", 9, "11.31.6.7", 53);
	assert_ip(&job, 10, 15, 6, 7);
	job = ask(natd, 32771, "8.8.8.8", 9, "12.31.6.7", 53);
	assert_true(job.reject);
	natd_free(natd);
}

static void test_bad_config(void **state)
{
	struct natd *natd = make();
	json_t *config = parse("{'nat': {'slices': 7}}");
	char *error = natd_configure(natd, config);

	assert_non_null(strstr(error, "$.nat.slices"));
	free(error);
	json_decref(config);
	config = parse(config_text);
	json_object_del(json_object_get(config, "templates"), "d");
	error = natd_configure(natd, config);
	assert_string_equal(error, "template d has no number");
	free(error);
	json_decref(config);
	assert_true(natd_is_configured(natd));
	natd_free(natd);
}

static void test_frames(void **state)
{
	static const uint8_t echo6[] = {
		[12] = 0x81, 0,	 0,	     5,	 0x86,	   0xdd, 0x60, 0,    0, 0,
		0,	     16, 0,	     64, [57] = 1, /* behind the addresses: hop-by-hop options, 8 bytes */
		58,	     0,	 [66] = 128, 0,	 0,	   0,	 0x12, 0x34, 0, 0,
	};
	uint8_t later[42] = { [12] = 8, [14] = 0x45, [21] = 1, [23] = 6 };
	struct frame frame;

	assert_true(frame_parse(echo6, sizeof(echo6), &frame));
	assert_int_equal(frame.family, AF_INET6);
	assert_true(frame.is_echo);
	assert_int_equal(frame.echo_id, 0x1234);
	for (size_t len = 0; len < sizeof(echo6); len++)
		assert_false(frame_parse(echo6, len, &frame));
	assert_true(frame_parse(later, sizeof(later), &frame));
	assert_false(frame.has_ports);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snat),
		cmocka_unit_test(test_learn),
		cmocka_unit_test(test_learn_protocols),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_bad_config),
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
