// SPDX-License-Identifier: Apache-2.0
/*
 * natd.c - see natd.h.
 *
 * A pair is taken when it is chosen, before the kernel hears of it, and belongs to the instance
 * as soon as the kernel tells its number. The kernel draws the same pair from the template's
 * pool; when it refuses, somebody else has it (an instance of an old template, another
 * daemon): it stays taken, another one is chosen, and the instances are read again.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "error.h"
#include "log.h"
#include "memory.h"
#include "node.h"
#include "services/frame.h"
#include "services/nat/alloc.h"
#include "services/nat/compile.h"
#include "services/nat/nat.h"
#include "services/nat/natd.h"

struct counters {
	uint64_t chosen;
	uint64_t exhausted;
	uint64_t refused; /* packets that the rule is not for */
};

struct natd {
	struct natd_calls calls;
	struct nat *nat;
	struct nat_alloc **allocs; /* by pool of the section */
	struct nat_alloc **ports;  /* by template, of those that sanitise; else NULL */
	const struct nat_template **by_id;
	struct counters *counters; /* by template */
	uint64_t unknown;	   /* packets of templates that are not in the section */
};

/* of a job */
struct notes {
	struct nat_alloc *alloc;
	bool keeps_address;
	struct nat_ask ask;
	struct nat_pair pair;
};

_Static_assert(sizeof(struct notes) <= sizeof(((struct service_job *)0)->notes), "notes");

struct natd *natd_new(const struct natd_calls *calls)
{
	struct natd *natd = memory_zalloc(sizeof(*natd));

	natd->calls = *calls;
	natd->by_id = memory_zalloc((NAT_ID_LAST - NAT_ID_FIRST + 1) * sizeof(*natd->by_id));
	return natd;
}

static void forget_section(struct natd *natd)
{
	for (size_t i = 0; natd->nat && i < natd->nat->n_pools; i++)
		nat_alloc_free(natd->allocs[i]);
	for (size_t i = 0; natd->nat && i < natd->nat->n_templates; i++)
		nat_alloc_free(natd->ports[i]);
	free(natd->allocs);
	free(natd->ports);
	free(natd->counters);
	nat_free(natd->nat);
	natd->nat = NULL;
}

void natd_free(struct natd *natd)
{
	if (!natd)
		return;
	forget_section(natd);
	free(natd->by_id);
	free(natd);
}

bool natd_is_configured(const struct natd *natd)
{
	return natd->nat;
}

const struct nat *natd_nat(const struct natd *natd)
{
	return natd->nat;
}

struct nat_alloc *natd_alloc(const struct natd *natd, size_t index)
{
	return natd->allocs[index];
}

/* ---- configuration -------------------------------------------------------- */

/* the numbers that weftd gave, in place of those that come out here */
static bool take_numbers(struct nat *nat, const json_t *config, struct errors *errors)
{
	const json_t *pools = json_object_get(config, "pools");
	const json_t *templates = json_object_get(config, "templates");

	for (size_t i = 0; i < nat->n_pools; i++) {
		const char *name = nat->pools[i].name;

		nat->pools[i].pool.id = json_integer_value(json_object_get(pools, name));
		if (!nat_owns(nat->pools[i].pool.id))
			errors_add(errors, "pool %s has no number", name);
	}
	for (size_t i = 0; i < nat->n_templates; i++) {
		struct weft_template *tmpl = &nat->templates[i].tmpl;

		tmpl->id = json_integer_value(json_object_get(templates, tmpl->name));
		if (!nat_owns(tmpl->id))
			errors_add(errors, "template %s has no number", tmpl->name);
	}
	return !errors->n_total;
}

/* of a rule that sanitises: a port is in use once for each remote endpoint */
static struct nat_alloc *new_ports(const struct nat_template *template)
{
	struct weft_pool pool;

	if (template->rule->kind != NAT_SANITISE || template->from_outside)
		return NULL;
	pool = template->rule->pool->pool;
	pool.reuse = true;
	pool.choice = WEFT_POOL_CHOICE_PRESERVE;
	return nat_alloc_new(&pool);
}

char *natd_configure(struct natd *natd, const json_t *config)
{
	struct errors errors = { 0 };
	struct node root = { .value = (json_t *)config, .file = "weftd", .errors = &errors };
	struct node section = node_member(&root, "nat");
	struct nat *nat = nat_read(&section, NULL, NULL);
	char *error = NULL;

	if (!nat || !nat_compile(nat, NULL, "weftd", &errors) ||
	    !take_numbers(nat, config, &errors)) {
		error = memory_strdup(errors.n_kept ? errors.text[0] : "there is no section");
		errors_clear(&errors);
		nat_free(nat);
		return error;
	}
	forget_section(natd);
	natd->nat = nat;
	natd->allocs = memory_zalloc(nat->n_pools * sizeof(struct nat_alloc *));
	for (size_t i = 0; i < nat->n_pools; i++)
		natd->allocs[i] = nat_alloc_new(&nat->pools[i].pool);
	natd->ports = memory_zalloc(nat->n_templates * sizeof(struct nat_alloc *));
	for (size_t i = 0; i < nat->n_templates; i++)
		natd->ports[i] = new_ports(&nat->templates[i]);
	natd->counters = memory_zalloc(nat->n_templates * sizeof(*natd->counters));
	memset(natd->by_id, 0, (NAT_ID_LAST - NAT_ID_FIRST + 1) * sizeof(*natd->by_id));
	for (size_t i = 0; i < nat->n_templates; i++)
		natd->by_id[nat->templates[i].tmpl.id - NAT_ID_FIRST] = &nat->templates[i];
	return NULL;
}

static const struct nat_template *find_template(const struct natd *natd, uint32_t id)
{
	return nat_owns(id) ? natd->by_id[id - NAT_ID_FIRST] : NULL;
}

/* ---- what is in use -------------------------------------------------------- */

static void copy_field(uint8_t *out, const struct weft_match *fields, enum weft_field field)
{
	const struct weft_field_value *value = weft_match_get(fields, field);

	if (value)
		memcpy(out, value->value, weft_field_desc(field)->len);
}

/* of what the opening packet was; 0: of something that has no ports */
static uint8_t proto_of(uint32_t when)
{
	if (when & WEFT_WHEN_TCP)
		return IPPROTO_TCP;
	if (when & WEFT_WHEN_UDP)
		return IPPROTO_UDP;
	if (when & WEFT_WHEN_SCTP)
		return IPPROTO_SCTP;
	return when & WEFT_WHEN_ECHO ? IPPROTO_ICMP : 0;
}

/* an instance as the question that it once was; false: it has no port */
static bool ask_of(const struct weft_instance *instance, struct nat_ask *ask)
{
	uint64_t number;

	memset(ask, 0, sizeof(*ask));
	ask->proto = proto_of(instance->when);
	if (instance->vars[WEFT_VAR_PORT].len != 2 || !ask->proto)
		return false;
	ask->family = instance->when & WEFT_WHEN_IPV6 ? 6 : 4;
	if (weft_match_exact_uint(&instance->fields, WEFT_FIELD_L4_DST, &number))
		ask->remote_port = number;
	copy_field(ask->remote, &instance->fields,
		   ask->family == 6 ? WEFT_FIELD_IPV6_DST : WEFT_FIELD_IP_DST);
	copy_field(ask->local, &instance->fields,
		   ask->family == 6 ? WEFT_FIELD_IPV6_SRC : WEFT_FIELD_IP_SRC);
	return true;
}

/* the pool that the pair of an instance is of, whatever template made it; NULL: none */
static struct nat_alloc *pair_of(const struct natd *natd, const struct weft_instance *instance,
				 struct nat_pair *pair)
{
	const struct nat_template *template = find_template(natd, instance->template_id);
	const struct weft_var_value *ip = &instance->vars[WEFT_VAR_IP];
	const uint8_t *port = instance->vars[WEFT_VAR_PORT].value;
	struct nat_alloc *ports;
	struct nat_ask ask;

	if (!natd->nat || !ask_of(instance, &ask))
		return NULL;
	ports = template ? natd->ports[template - natd->nat->templates] : NULL;
	if (ports)
		return nat_alloc_pair(ports, &ask, ask.local, port[0] << 8 | port[1], pair) ?
			       ports :
			       NULL;
	if (ip->len != (ask.family == 6 ? 16 : 4))
		return NULL;
	for (size_t i = 0; i < natd->nat->n_pools; i++) {
		if (nat_alloc_pair(natd->allocs[i], &ask, ip->value, port[0] << 8 | port[1], pair))
			return natd->allocs[i];
	}
	return NULL;
}

static void natd_learn_begin(void *ctx)
{
	struct natd *natd = ctx;

	for (size_t i = 0; natd->nat && i < natd->nat->n_pools; i++)
		nat_alloc_clear(natd->allocs[i]);
	for (size_t i = 0; natd->nat && i < natd->nat->n_templates; i++) {
		if (natd->ports[i])
			nat_alloc_clear(natd->ports[i]);
	}
}

static void natd_made(void *ctx, const struct weft_instance *instance)
{
	struct nat_pair pair;
	struct nat_alloc *alloc = pair_of(ctx, instance, &pair);

	if (alloc)
		nat_alloc_take(alloc, &pair, instance->id);
}

static void natd_learn_end(void *ctx)
{
}

static void natd_ended(void *ctx, const struct weft_instance *instance)
{
	struct nat_pair pair;
	struct nat_alloc *alloc = pair_of(ctx, instance, &pair);

	if (alloc)
		nat_alloc_give(alloc, &pair, instance->id);
}

static void natd_state(void *ctx, bool ok, const char *why)
{
	const struct natd *natd = ctx;

	natd->calls.state(natd->calls.ctx, ok, why);
}

/* ---- deciding ---------------------------------------------------------------- */

static void answer_ip(struct service_job *job, int family, const uint8_t *ip)
{
	weft_instance_set_var(&job->answer, WEFT_VAR_IP, ip, family == AF_INET6 ? 16 : 4);
}

static void answer_port(struct service_job *job, uint16_t port)
{
	const uint8_t bytes[2] = { port >> 8, port & 0xff };

	weft_instance_set_var(&job->answer, WEFT_VAR_PORT, bytes, sizeof(bytes));
}

/* choose a pair, and say so */
static bool choose(struct service_job *job)
{
	struct notes *notes = (struct notes *)job->notes;

	if (notes->keeps_address) {
		if (!nat_alloc_pick_port(notes->alloc, &notes->ask, &notes->pair))
			return false;
		answer_port(job, notes->pair.port);
		return true;
	}
	if (!nat_alloc_pick(notes->alloc, &notes->ask, &notes->pair))
		return false;
	answer_ip(job, notes->pair.family == 6 ? AF_INET6 : AF_INET, notes->pair.ip);
	answer_port(job, notes->pair.port);
	return true;
}

static bool decide_port(struct nat_alloc *alloc, bool keeps_address, const struct frame *frame,
			struct service_job *job)
{
	struct notes *notes = (struct notes *)job->notes;

	if (!frame->has_ports && !frame->is_echo)
		return false;
	notes->alloc = alloc;
	notes->keeps_address = keeps_address;
	notes->ask.family = frame->family == AF_INET6 ? 6 : 4;
	notes->ask.proto = frame->is_echo ? IPPROTO_ICMP : frame->proto;
	notes->ask.port = frame->is_echo ? frame->echo_id : frame->sport;
	notes->ask.remote_port = frame->is_echo ? 0 : frame->dport;
	memcpy(notes->ask.local, frame->src, sizeof(notes->ask.local));
	memcpy(notes->ask.remote, frame->dst, sizeof(notes->ask.remote));
	return choose(job);
}

static bool decide_dnat(const struct nat_rule *rule, const struct frame *frame,
			struct service_job *job)
{
	if (memcmp(frame->dst, rule->outside.bytes, address_len(&rule->outside)) ||
	    (rule->protocol && frame->proto != rule->protocol) ||
	    (rule->outside_port && frame->dport != rule->outside_port))
		return false;
	answer_ip(job, rule->family, rule->inside.bytes);
	if (rule->inside_port)
		answer_port(job, rule->inside_port);
	return true;
}

/* the bits of a prefix are replaced, the others stay */
static bool decide_pair(const struct nat_template *template, const struct frame *frame,
			struct service_job *job)
{
	const struct nat_rule *rule = template->rule;
	const struct address *from = template->from_outside ? &rule->outside : &rule->inside;
	const struct address *to = template->from_outside ? &rule->inside : &rule->outside;
	const uint8_t *ip = template->from_outside ? frame->dst : frame->src;
	uint8_t result[16];

	if (!nat_prefix_has(from, ip))
		return false;
	memcpy(result, ip, sizeof(result));
	for (unsigned int i = 0; i < to->prefix_len; i++) {
		uint8_t bit = 0x80 >> i % 8;

		result[i / 8] = (result[i / 8] & ~bit) | (to->bytes[i / 8] & bit);
	}
	answer_ip(job, rule->family, result);
	return true;
}

static bool is_for(const struct nat_template *template, const struct frame *frame)
{
	const struct nat_rule *rule = template->rule;
	const uint8_t *far = template->from_outside && rule->kind != NAT_DNAT ? frame->src :
										frame->dst;

	return frame->family == rule->family &&
	       (!rule->has_source || nat_prefix_has(&rule->source, frame->src)) &&
	       (!rule->has_destination || nat_prefix_has(&rule->destination, far));
}

static void natd_decide(void *ctx, const struct weft_packet *packet, struct service_job *job)
{
	const struct nat_template *template;
	struct natd *natd = ctx;
	struct counters *counters;
	struct frame frame;
	bool good;

	job->reject = true;
	template = find_template(natd, packet->template_id);
	if (!template) {
		natd->unknown++;
		return;
	}
	counters = &natd->counters[template - natd->nat->templates];
	if (!frame_parse(packet->data, packet->len, &frame) || !is_for(template, &frame)) {
		counters->refused++;
		return;
	}
	switch (template->rule->kind) {
	case NAT_SNAT:
		good = decide_port(natd->allocs[template->rule->pool - natd->nat->pools], false,
				   &frame, job);
		break;
	case NAT_SANITISE:
		good = decide_port(natd->ports[template - natd->nat->templates], true, &frame, job);
		break;
	case NAT_DNAT:
		good = decide_dnat(template->rule, &frame, job);
		break;
	default:
		good = decide_pair(template, &frame, job);
	}
	job->reject = !good;
	if (good)
		counters->chosen++;
	else if (template->rule->kind == NAT_SNAT || template->rule->kind == NAT_SANITISE)
		counters->exhausted++;
	else
		counters->refused++;
}

static bool natd_refused(void *ctx, struct service_job *job)
{
	struct notes *notes = (struct notes *)job->notes;
	struct natd *natd = ctx;

	if (notes->alloc && job->err == -EADDRINUSE) {
		natd->calls.doubt(natd->calls.ctx);
		job->reject = !choose(job);
		return true;
	}
	if (notes->alloc)
		nat_alloc_give(notes->alloc, &notes->pair, NAT_ALLOC_SOMEBODY);
	if (job->err == -EEXIST || job->err == -ENOENT)
		return false;
	job->reject = true;
	return true;
}

const struct service_ops natd_ops = {
	.learn_begin = natd_learn_begin,
	.learn = natd_made,
	.learn_end = natd_learn_end,
	.decide = natd_decide,
	.refused = natd_refused,
	.made = natd_made,
	.ended = natd_ended,
	.state = natd_state,
};

/* ---- how it is ------------------------------------------------------------------ */

static json_t *slices_status(const struct nat *nat)
{
	static const char *const forms[] = { "middlebox", "stage", "last_hop" };
	json_t *slices = json_array();

	for (size_t i = 0; nat && i < nat->n_slices; i++) {
		const struct nat_slice *slice = &nat->slices[i];

		json_array_append_new(slices,
				      json_pack("{s:i, s:s*, s:s}", "id", (int)slice->id, "long_id",
						slice->long_id, "form", forms[slice->form]));
	}
	return slices;
}

static json_t *template_status(const struct natd *natd, size_t index)
{
	const struct nat_template *template = &natd->nat->templates[index];
	const struct counters *counters = &natd->counters[index];
	json_t *status;

	status = json_pack("{s:s, s:i, s:s, s:i, s:I, s:I, s:I}", "name", template->tmpl.name, "id",
			   (int)template->tmpl.id, "kind", nat_kinds[template->rule->kind], "slice",
			   (int)template->rule->slice->id, "chosen", (json_int_t)counters->chosen,
			   "exhausted", (json_int_t)counters->exhausted, "refused",
			   (json_int_t)counters->refused);
	if (natd->ports[index])
		json_object_set_new(status, "used",
				    json_integer(nat_alloc_used(natd->ports[index])));
	return status;
}

json_t *natd_status(const struct natd *natd)
{
	json_t *pools = json_array(), *templates = json_array();
	const struct nat *nat = natd->nat;

	for (size_t i = 0; nat && i < nat->n_pools; i++)
		json_array_append_new(
			pools, json_pack("{s:s, s:i, s:I, s:I}", "name", nat->pools[i].name, "id",
					 (int)nat->pools[i].pool.id, "used",
					 (json_int_t)nat_alloc_used(natd->allocs[i]), "total",
					 (json_int_t)nat_alloc_total(natd->allocs[i])));
	for (size_t i = 0; nat && i < nat->n_templates; i++) {
		const struct nat_template *template = &nat->templates[i];

		/* hints are the kernel's in any mode */
		if (template->tmpl.mode != WEFT_MODE_SERVICE)
			continue;
		json_array_append_new(templates, template_status(natd, i));
	}
	return json_pack("{s:o, s:o, s:o, s:I}", "slices", slices_status(nat), "pools", pools,
			 "templates", templates, "unknown", (json_int_t)natd->unknown);
}
