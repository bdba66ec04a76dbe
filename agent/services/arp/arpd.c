// SPDX-License-Identifier: Apache-2.0
/*
 * arpd.c - see arpd.h.
 *
 * Answers to the kernel are sent at once, and not with the batch of service.h: so a change that
 * is heard of later never meets an entry that is still to be made of what was known before.
 *
 * Time. A row has one timer. While it is asked for: the next try. Known: the next look at it, or
 * the next try of that. Negative: its end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "error.h"
#include "log.h"
#include "memory.h"
#include "node.h"
#include "services/arp/arpd.h"
#include "services/arp/counters.h"
#include "services/arp/message.h"
#include "services/arp/rows.h"
#include "services/arp/section.h"
#include "services/arp/table.h"
#include "services/arp/wire.h"
#include "services/frame.h"

#define MISSES 3	/* looks at a binding without an answer that are its end */
#define GREETED_MS 1000 /* a map server is told everything no more often */
#define GREET_MS 1500	/* between the greetings of a map server that begins */
#define GREETINGS 4

struct arpd {
	struct arpd_calls calls;
	struct event_base *base;
	const char *dp;
	struct arp_section *arp; /* NULL: nobody has said anything yet */
	uint32_t resolve_id;	 /* template */
	struct arp_table table;
	struct arp_wire *wire;
	struct event *publish_timer;
	struct event *greet_timer;
	unsigned int n_greetings; /* that are still to be sent */
	uint64_t greeted_ms;	  /* when everything was published for a greeting last */
	struct arp_counters n;
};

static const uint8_t no_mac[6];

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000;
}

static void start_timer(struct event *timer, uint32_t ms)
{
	const struct timeval delay = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	evtimer_add(timer, &delay);
}

static uint32_t time_of(const struct arpd *arpd, enum arp_time which)
{
	return arpd->arp->times.v[which];
}

/* ---- the kernel ------------------------------------------------------------------ */

static void answer(struct arpd *arpd, uint32_t pending, const uint8_t *mac, uint32_t host)
{
	struct weft_sock *sock = arp_wire_sock(arpd->wire);
	const uint32_t wire_host = htonl(host);
	struct weft_instance instance;
	int result;

	if (!sock)
		return;
	weft_instance_init(&instance);
	instance.pending = pending;
	weft_mark(&instance, WEFT_INSTANCE_A_PENDING);
	if (mac) {
		weft_instance_set_var(&instance, ARP_VAR_MAC, mac, 6);
		weft_instance_set_var(&instance, ARP_VAR_HOST, &wire_host, 4);
		result = weft_instance_new(sock, arpd->dp, &instance);
	} else
		result = weft_instance_reject(sock, arpd->dp, pending);
	weft_instance_free(&instance);
	if (!result || result == -ENOENT) /* it waits no more */
		return;
	log_debug("answer to %u: %s", pending, weft_sock_error(sock));
	if (mac && result != -EPROTO && result != -ENOTCONN)
		weft_instance_reject(sock, arpd->dp, pending);
	else
		arp_wire_lost(arpd->wire);
}

static void put_address(struct weft_match *fields, const struct address *address)
{
	for (unsigned int i = 0; i < address_len(address) / 4; i++)
		weft_match_put(fields, WEFT_FIELD_REG0 + 4 + i, address->bytes + 4 * i, NULL);
}

/*
 * End the entries that were made of a row, and those that say that nobody has it. Of IPv4 it may
 * hit one of IPv6 with the same first word, which is then asked for again.
 */
static void cut(struct arpd *arpd, const struct arp_row *row)
{
	struct weft_sock *sock = arp_wire_sock(arpd->wire);

	for (size_t i = 0; sock && i < arpd->arp->n_links; i++) {
		const struct arp_link *link = &arpd->arp->links[i];
		struct weft_instance filter;
		int result;

		if (link->of_switch != row->ldp)
			continue;
		weft_instance_init(&filter);
		filter.template_id = arpd->resolve_id;
		weft_mark(&filter, WEFT_INSTANCE_A_TEMPLATE);
		weft_match_put_uint(&filter.fields, WEFT_FIELD_LDP, link->ldp);
		weft_match_put_uint(&filter.fields, WEFT_FIELD_LOUT, link->lport);
		put_address(&filter.fields, &row->address);
		weft_mark(&filter, WEFT_INSTANCE_A_FIELDS);
		result = weft_instance_del_filter(sock, arpd->dp, &filter);
		if (result && result != -ENOENT)
			log_debug("cut: %s", weft_sock_error(sock));
		weft_instance_free(&filter);
	}
}

/* ---- asking -------------------------------------------------------------------------- */

static void on_row_timer(evutil_socket_t fd, short what, void *arg);

static struct arp_row *add_row(struct arpd *arpd, uint32_t ldp, const struct address *address)
{
	struct arp_row *row = arp_table_add(&arpd->table, ldp, address);

	if (!row)
		return NULL;
	row->arpd = arpd;
	row->timer = evtimer_new(arpd->base, on_row_timer, row);
	row->used_ms = now_ms();
	return row;
}

static void release(struct arpd *arpd, struct arp_row *row, const uint8_t *mac)
{
	struct arp_waiter *waiter;

	while ((waiter = arp_table_next_waiter(&arpd->table, row))) {
		answer(arpd, waiter->pending, mac, row->host);
		free(waiter);
	}
}

/* a question as this daemon asks it */
static struct arp_message question(const struct arpd *arpd, const struct address *address)
{
	struct arp_message message = { .address = *address };

	message.asker.family = address->family;
	arp_daemon_mac(arpd->arp->number, message.asker_mac);
	return message;
}

/* mac: NULL: it is here no more */
static struct arp_message announcement(const struct address *address, const uint8_t *mac)
{
	struct arp_message message = { .is_answer = true, .address = *address };

	message.asker.family = address->family;
	memcpy(message.mac, mac ? mac : no_mac, 6);
	return message;
}

static void tell_asker(struct arpd *arpd, const struct arp_row *row, const uint8_t *mac,
		       uint32_t host)
{
	struct arp_message message = announcement(&row->address, mac);

	arp_wire_send(arpd->wire, ARP_STAGE_DAEMON, host, row->ldp, &message);
	arpd->n.asked++;
}

/* a machine outside is found, or gone (NULL): those who have asked for it hear of that */
static void tell_askers(struct arpd *arpd, const struct arp_row *row, const uint8_t *mac)
{
	for (size_t i = 0; i < row->n_askers && row->host == arpd->arp->number; i++)
		tell_asker(arpd, row, mac, row->askers[i]);
}

static bool ask_outside(struct arpd *arpd, const struct arp_row *row)
{
	bool sent = arp_wire_outside(arpd->wire, row->ldp, &row->address,
				     row->state == ROW_KNOWN ? row->mac : NULL);

	arpd->n.outside += sent;
	return sent;
}

static bool ask_all(struct arpd *arpd, const struct arp_row *row)
{
	bool sent = ask_outside(arpd, row);
	const struct arp_switch *sw = arp_find_switch(arpd->arp, row->ldp);
	struct arp_message message = question(arpd, &row->address);

	for (size_t i = 0; sw && i < sw->n_hosts; i++) {
		arp_wire_send(arpd->wire, ARP_STAGE_DAEMON, sw->hosts[i], row->ldp, &message);
		arpd->n.questions++;
		sent = true;
	}
	return sent;
}

/* in another order for each address, so that servers share the work */
static uint32_t server_of(const struct arpd *arpd, const struct arp_row *row)
{
	unsigned int last = address_len(&row->address) - 1;
	size_t n = arpd->arp->n_servers;

	return arpd->arp->servers[(row->address.bytes[last] + row->ldp + row->server) % n];
}

/* of IPv6 it is an answer without a MAC address, which the map server fills in */
static void ask_map(struct arpd *arpd, const struct arp_row *row)
{
	struct arp_message message = question(arpd, &row->address);

	message.is_answer = row->address.family == AF_INET6;
	arp_wire_send(arpd->wire, ARP_STAGE_QUERY, server_of(arpd, row), row->ldp, &message);
	arpd->n.map_queries++;
}

static void give_up(struct arpd *arpd, struct arp_row *row)
{
	arpd->n.failed++;
	row->state = ROW_NEGATIVE;
	release(arpd, row, NULL);
	start_timer(row->timer, time_of(arpd, ARP_NEGATIVE));
}

/* one map server after the other, then all peers and the network outside a few times */
static void ask(struct arpd *arpd, struct arp_row *row)
{
	if (row->server < arpd->arp->n_servers) {
		ask_map(arpd, row);
		start_timer(row->timer, time_of(arpd, ARP_MAP_TRY));
		return;
	}
	if (row->n_tries == time_of(arpd, ARP_TRIES) || !ask_all(arpd, row)) {
		give_up(arpd, row);
		return;
	}
	row->n_tries++;
	start_timer(row->timer, time_of(arpd, ARP_TRY));
}

static void begin(struct arpd *arpd, struct arp_row *row)
{
	row->state = ROW_ASKING;
	row->n_tries = 0;
	row->server = 0;
	ask(arpd, row);
}

/* by entries here, or by hosts that have asked for it */
static bool is_in_use(const struct arpd *arpd, const struct arp_row *row)
{
	return row->n_users || (row->n_askers && now_ms() - row->used_ms < time_of(arpd, ARP_AGE));
}

/* looks at bindings are spread over time */
static void look_later(struct arpd *arpd, struct arp_row *row)
{
	uint32_t period = time_of(arpd, is_in_use(arpd, row) ? ARP_REVALIDATE : ARP_AGE);

	row->n_tries = 0;
	start_timer(row->timer, period - period / 8 + rand() % (period / 4 + 1));
}

static void become_known(struct arpd *arpd, struct arp_row *row, const uint8_t mac[6],
			 uint32_t host)
{
	bool changed = row->state == ROW_KNOWN && memcmp(row->mac, mac, 6);
	bool negative = row->state == ROW_NEGATIVE, news = row->state != ROW_KNOWN || changed;

	arpd->n.resolved += row->state == ROW_ASKING;
	arpd->n.changed += changed;
	memcpy(row->mac, mac, 6);
	row->host = host;
	row->state = ROW_KNOWN;
	if (changed || negative)
		cut(arpd, row);
	release(arpd, row, row->mac);
	if (news)
		tell_askers(arpd, row, row->mac);
	look_later(arpd, row);
}

static void lose(struct arpd *arpd, struct arp_row *row)
{
	arpd->n.lost++;
	cut(arpd, row);
	tell_askers(arpd, row, NULL);
	arp_table_remove(&arpd->table, row);
}

/* is it still so? Whoever said it is asked; when that is not known, all are */
static void look(struct arpd *arpd, struct arp_row *row)
{
	struct arp_message message = question(arpd, &row->address);

	if (row->n_tries == MISSES) {
		lose(arpd, row);
		return;
	}
	row->n_tries++;
	arpd->n.looks++;
	if (!row->host)
		ask_all(arpd, row);
	else if (row->host != arpd->arp->number || !ask_outside(arpd, row))
		arp_wire_send(arpd->wire, ARP_STAGE_DAEMON, row->host, row->ldp, &message);
	start_timer(row->timer, time_of(arpd, ARP_TRY));
}

static void on_known_timer(struct arpd *arpd, struct arp_row *row)
{
	if (row->n_tries || is_in_use(arpd, row))
		look(arpd, row);
	else if (now_ms() - row->used_ms >= time_of(arpd, ARP_AGE))
		arp_table_remove(&arpd->table, row);
	else
		look_later(arpd, row);
}

static void on_row_timer(evutil_socket_t fd, short what, void *arg)
{
	struct arp_row *row = arg;
	struct arpd *arpd = row->arpd;

	switch (row->state) {
	case ROW_ASKING:
		if (row->server < arpd->arp->n_servers)
			row->server++;
		ask(arpd, row);
		break;
	case ROW_KNOWN:
		on_known_timer(arpd, row);
		break;
	case ROW_NEGATIVE:
		arp_table_remove(&arpd->table, row);
		break;
	}
}

/* ---- upcalls of the template ------------------------------------------------------------ */

static uint64_t number_of(const struct weft_match *fields, enum weft_field field)
{
	uint64_t number;

	return weft_match_exact_uint(fields, field, &number) ? number : 0;
}

/* the next hop, from the registers where l3_nexthop put it */
static struct address next_hop_of(const struct weft_match *fields, int family)
{
	struct address address = { .family = family };

	for (unsigned int i = 0; i < address_len(&address) / 4; i++) {
		uint32_t word = htonl(number_of(fields, WEFT_FIELD_REG0 + 4 + i));

		memcpy(address.bytes + 4 * i, &word, 4);
	}
	return address;
}

static void decide_row(struct arpd *arpd, uint32_t ldp, const struct address *address,
		       const struct service_job *job)
{
	struct arp_row *row = arp_table_find(&arpd->table, ldp, address);
	bool is_new = !row;

	if (row && row->state == ROW_KNOWN) {
		arpd->n.hits++;
		answer(arpd, job->pending, row->mac, row->host);
		return;
	}
	if (is_new)
		row = add_row(arpd, ldp, address);
	if (!row || row->state == ROW_NEGATIVE ||
	    !arp_table_wait(&arpd->table, row, job->pending, job->template_id)) {
		arpd->n.refused++;
		answer(arpd, job->pending, NULL, 0);
		if (row && is_new)
			arp_table_remove(&arpd->table, row);
		return;
	}
	if (is_new) {
		arpd->n.misses++;
		begin(arpd, row);
	} else
		arpd->n.joined++;
}

static void arpd_decide(void *ctx, const struct weft_packet *packet, struct service_job *job)
{
	struct arpd *arpd = ctx;
	const struct arp_binding *binding;
	const struct arp_link *link = NULL;
	struct address address;
	struct frame frame;

	job->later = true;
	if (job->template_id == arpd->resolve_id && frame_parse(packet->data, packet->len, &frame))
		link = arp_find_link(arpd->arp, number_of(&packet->metadata, WEFT_FIELD_LDP),
				     number_of(&packet->metadata, WEFT_FIELD_LOUT));
	if (!link) {
		arpd->n.refused++;
		answer(arpd, job->pending, NULL, 0);
		return;
	}
	address = next_hop_of(&packet->metadata, frame.family);
	binding = arp_find_binding(arpd->arp, link->of_switch, &address);
	if (binding) {
		arpd->n.local++;
		answer(arpd, job->pending, binding->mac, arpd->arp->number);
		return;
	}
	decide_row(arpd, link->of_switch, &address, job);
}

static bool arpd_refused(void *ctx, struct service_job *job)
{
	return false; /* no job is left to service.h */
}

/* ---- instances ------------------------------------------------------------------------------ */

static void arpd_learn_begin(void *ctx)
{
	struct arpd *arpd = ctx;

	arp_table_unuse_all(&arpd->table);
}

/* one of another daemon's, or of this one before it ended, is as good as an answer */
static void arpd_made(void *ctx, const struct weft_instance *instance)
{
	const struct weft_var_value *mac = &instance->vars[ARP_VAR_MAC];
	const struct weft_var_value *host = &instance->vars[ARP_VAR_HOST];
	bool ipv6 = instance->when & WEFT_WHEN_IPV6;
	struct arpd *arpd = ctx;
	const struct arp_link *link;
	struct address address;
	struct arp_row *row;
	uint32_t number;

	if (!arpd->arp || instance->template_id != arpd->resolve_id || mac->len != 6 ||
	    host->len != 4 || instance->state == WEFT_STATE_FAILED)
		return;
	link = arp_find_link(arpd->arp, number_of(&instance->fields, WEFT_FIELD_LDP),
			     number_of(&instance->fields, WEFT_FIELD_LOUT));
	address = next_hop_of(&instance->fields, ipv6 ? AF_INET6 : AF_INET);
	if (!link || arp_find_binding(arpd->arp, link->of_switch, &address))
		return;
	row = arp_table_find(&arpd->table, link->of_switch, &address);
	if (!row) {
		row = add_row(arpd, link->of_switch, &address);
		if (!row)
			return;
		row->state = ROW_ASKING;
	}
	memcpy(&number, host->value, 4);
	if (row->state == ROW_KNOWN && memcmp(row->mac, mac->value, 6)) {
		cut(arpd, row); /* made of what was known before */
		return;
	}
	arp_table_use(&arpd->table, row, instance->id);
	if (row->state != ROW_KNOWN)
		become_known(arpd, row, mac->value, ntohl(number));
	else if (row->n_users == 1 && !row->n_tries)
		look_later(arpd, row); /* sooner than one that is not in use */
}

static void arpd_learn_end(void *ctx)
{
}

static void arpd_ended(void *ctx, const struct weft_instance *instance)
{
	struct arpd *arpd = ctx;
	struct arp_row *row = arp_table_unuse(&arpd->table, instance->id);

	if (row)
		row->used_ms = now_ms();
}

/* ---- local addresses ---------------------------------------------------------------------- */

static void publish(struct arpd *arpd, uint32_t server, uint32_t ldp, const struct address *address,
		    const uint8_t *mac)
{
	struct arp_message message = announcement(address, mac);

	arp_wire_queue(arpd->wire, ARP_STAGE_PUBLISH, server, ldp, &message);
	arpd->n.published++;
}

/* to a server, or (0) to all */
static void publish_all(struct arpd *arpd, uint32_t server)
{
	const struct arp_section *arp = arpd->arp;

	for (size_t i = 0; i < arp->n_servers; i++) {
		if (server && arp->servers[i] != server)
			continue;
		for (size_t j = 0; j < arp->n_switches; j++) {
			const struct arp_switch *sw = &arp->switches[j];

			for (size_t k = 0; k < sw->n_bindings; k++)
				publish(arpd, arp->servers[i], sw->ldp, &sw->bindings[k].address,
					sw->bindings[k].mac);
		}
	}
}

static void on_publish_timer(evutil_socket_t fd, short what, void *arg)
{
	struct arpd *arpd = arg;

	publish_all(arpd, 0);
	start_timer(arpd->publish_timer, time_of(arpd, ARP_PUBLISH));
}

/* tell everybody who may have asked */
static void tell(struct arpd *arpd, uint32_t ldp, const struct address *address, const uint8_t *mac)
{
	struct arp_message message = announcement(address, mac);

	for (size_t i = 0; i < arpd->arp->n_hosts; i++) {
		arp_wire_queue(arpd->wire, ARP_STAGE_DAEMON, arpd->arp->hosts[i].number, ldp,
			       &message);
		arpd->n.announced++;
	}
	for (size_t i = 0; i < arpd->arp->n_servers; i++)
		publish(arpd, arpd->arp->servers[i], ldp, address, mac);
}

/*
 * A map server begins with an empty map: it asks to be told. More than once, as its tunnel may be
 * yet to come, and frames get lost.
 */
static void greet(struct arpd *arpd)
{
	struct address nothing = { .family = AF_INET };
	struct arp_message message;

	if (!arpd->arp || !arpd->arp->serves || !arpd->n_greetings)
		return;
	if (--arpd->n_greetings)
		start_timer(arpd->greet_timer, GREET_MS);
	message = question(arpd, &nothing);
	for (size_t i = 0; i < arpd->arp->n_hosts; i++)
		arp_wire_queue(arpd->wire, ARP_STAGE_DAEMON, arpd->arp->hosts[i].number, 0,
			       &message);
}

static void on_greet_timer(evutil_socket_t fd, short what, void *arg)
{
	greet(arg);
}

static void begin_to_greet(struct arpd *arpd)
{
	arpd->n_greetings = GREETINGS;
	greet(arpd);
}

static void tell_differences(struct arpd *arpd, const struct arp_section *before)
{
	const struct arp_section *now = arpd->arp;

	for (size_t i = 0; i < now->n_switches; i++) {
		const struct arp_switch *sw = &now->switches[i];

		for (size_t j = 0; j < sw->n_bindings; j++) {
			const struct arp_binding *is = &sw->bindings[j];
			const struct arp_binding *was = arp_find_binding(before, sw->ldp,
									 &is->address);

			if (!was || memcmp(was->mac, is->mac, 6))
				tell(arpd, sw->ldp, &is->address, is->mac);
		}
	}
	for (size_t i = 0; i < before->n_switches; i++) {
		const struct arp_switch *sw = &before->switches[i];

		for (size_t j = 0; j < sw->n_bindings; j++) {
			if (!arp_find_binding(now, sw->ldp, &sw->bindings[j].address))
				tell(arpd, sw->ldp, &sw->bindings[j].address, NULL);
		}
	}
}

static void tell_new_servers(struct arpd *arpd, const struct arp_section *before)
{
	for (size_t i = 0; i < arpd->arp->n_servers; i++) {
		if (!arp_has_server(before, arpd->arp->servers[i]))
			publish_all(arpd, arpd->arp->servers[i]);
	}
}

/* ---- what others say -------------------------------------------------------------------------- */

static void on_greeting(struct arpd *arpd, uint32_t from)
{
	uint64_t now = now_ms();

	if (now - arpd->greeted_ms < GREETED_MS)
		return;
	arpd->greeted_ms = now;
	publish_all(arpd, from);
}

/*
 * A router works where packets come from, but only the host that has the way outside can ask there:
 * others ask its daemon, and it tells them.
 */
static void ask_for(struct arpd *arpd, uint32_t from, uint32_t ldp, const struct address *address)
{
	struct arp_row *row = arp_table_find(&arpd->table, ldp, address);
	bool is_new = !row;

	if (!arp_asks_outside(arpd->arp, ldp, address) || !arp_has_host(arpd->arp, from) ||
	    (is_new && !(row = add_row(arpd, ldp, address)))) {
		arpd->n.silent++;
		return;
	}
	arp_row_asked(row, from);
	row->used_ms = now_ms();
	if (is_new) {
		arpd->n.misses++;
		begin(arpd, row);
	} else if (row->state == ROW_KNOWN && row->host == arpd->arp->number)
		tell_asker(arpd, row, row->mac, from);
}

static void on_daemon_question(struct arpd *arpd, uint32_t from, uint32_t ldp,
			       const struct arp_message *asked)
{
	const struct arp_binding *binding = arp_find_binding(arpd->arp, ldp, &asked->address);
	static const struct address none4 = { .family = AF_INET };
	struct arp_message message;

	if (address_equal(&asked->address, &none4)) {
		on_greeting(arpd, from);
		return;
	}
	if (!binding) {
		ask_for(arpd, from, ldp, &asked->address);
		return;
	}
	message = announcement(&asked->address, binding->mac);
	memcpy(message.asker_mac, asked->asker_mac, 6);
	message.asker = asked->asker;
	arp_wire_send(arpd->wire, ARP_STAGE_DAEMON, from, ldp, &message);
	arpd->n.asked++;
}

static void on_daemon_answer(struct arpd *arpd, uint32_t from, uint32_t ldp,
			     const struct arp_message *message)
{
	struct arp_row *row = arp_table_find(&arpd->table, ldp, &message->address);
	bool nobody = arp_mac_is_zero(message->mac);

	if (!row)
		return;
	if (!nobody) {
		become_known(arpd, row, message->mac, from);
		return;
	}
	if (row->state == ROW_ASKING && row->server < arpd->arp->n_servers) {
		if (from != server_of(arpd, row))
			return;
		arpd->n.map_unknown++;
		row->server++;
		ask(arpd, row);
	} else if (row->state == ROW_KNOWN && from == row->host)
		lose(arpd, row);
}

/*
 * A machine on another host asks: it is answered in the name of the machine here, which hears
 * nothing. One that says that it has an address is not believed, but makes us look.
 */
static void on_machine(struct arpd *arpd, const struct weft_match *metadata, uint32_t ldp,
		       const struct arp_message *message)
{
	const struct arp_binding *binding = arp_find_binding(arpd->arp, ldp, &message->address);
	uint16_t lport = number_of(metadata, WEFT_FIELD_LIN);
	uint32_t host = arp_host_at(arpd->arp, metadata);
	struct arp_message reply;
	struct arp_row *row;

	if (message->is_answer || address_equal(&message->asker, &message->address)) {
		row = arp_table_find(&arpd->table, ldp, &message->address);
		if (row && row->state == ROW_KNOWN && !row->n_tries &&
		    (!message->is_answer || memcmp(row->mac, message->mac, 6)))
			look(arpd, row);
		return;
	}
	if (!binding || !host || !lport) {
		arpd->n.silent++;
		return;
	}
	reply = announcement(&message->address, binding->mac);
	reply.asker = message->asker;
	memcpy(reply.asker_mac, message->asker_mac, 6);
	memcpy(reply.eth_dst, message->eth_src, 6);
	memcpy(reply.eth_src, binding->mac, 6);
	arp_wire_deliver(arpd->wire, host, ldp, binding->lport, lport, &reply);
	arpd->n.asked++;
}

/* by the port of this host to the network outside, and no other */
static bool is_outside(const struct arpd *arpd, const struct weft_match *metadata, uint32_t ldp)
{
	const struct arp_switch *sw = arp_find_switch(arpd->arp, ldp);

	return sw && sw->outside && number_of(metadata, WEFT_FIELD_LIN) == sw->outside &&
	       !weft_match_get(metadata, WEFT_FIELD_TUN_SRC) &&
	       !weft_match_get(metadata, WEFT_FIELD_TUN_IPV6_SRC);
}

/*
 * Somebody outside says who he is, in answers and in questions of his own. That is believed, but
 * what is known from a daemon is only looked at.
 */
static void on_outside(struct arpd *arpd, uint32_t ldp, const struct arp_message *message)
{
	const uint8_t *mac = message->is_answer ? message->mac : message->asker_mac;
	struct arp_row *row = arp_table_find(
		&arpd->table, ldp, message->is_answer ? &message->address : &message->asker);
	bool known = row && row->state == ROW_KNOWN, other = known && memcmp(row->mac, mac, 6);

	if (!row || arp_mac_is_zero(mac) || mac[0] & 1 || (other && message->is_weak))
		return;
	if (!known || row->host == arpd->arp->number)
		become_known(arpd, row, mac, arpd->arp->number);
	else if (other && !row->n_tries)
		look(arpd, row);
}

static void arpd_packet(void *ctx, const struct weft_packet *packet)
{
	const struct weft_match *metadata = &packet->metadata;
	uint32_t ldp = number_of(metadata, WEFT_FIELD_LDP), from;
	struct arp_message message;
	struct arpd *arpd = ctx;

	if (!arpd->arp || !arp_message_parse(packet->data, packet->len, &message)) {
		arpd->n.bad++;
		return;
	}
	if (is_outside(arpd, metadata, ldp)) {
		on_outside(arpd, ldp, &message);
		return;
	}
	if (number_of(metadata, WEFT_FIELD_STAGE) != ARP_STAGE_DAEMON) {
		on_machine(arpd, metadata, ldp, &message);
		return;
	}
	from = arp_daemon_number(message.eth_src);
	if (!from)
		arpd->n.bad++;
	else if (message.is_answer && from == arpd->arp->number)
		arpd->n.acknowledged++; /* a map server took what was published */
	else if (message.is_answer)
		on_daemon_answer(arpd, from, ldp, &message);
	else
		on_daemon_question(arpd, from, ldp, &message);
}

static void arpd_state(void *ctx, bool ok, const char *why)
{
	struct arpd *arpd = ctx;

	arpd->calls.state(arpd->calls.ctx, ok, why);
	if (!ok)
		return;
	begin_to_greet(arpd);
	publish_all(arpd, 0);
}

const struct service_ops arpd_ops = {
	.learn_begin = arpd_learn_begin,
	.learn = arpd_made,
	.learn_end = arpd_learn_end,
	.decide = arpd_decide,
	.packet = arpd_packet,
	.refused = arpd_refused,
	.made = arpd_made,
	.ended = arpd_ended,
	.state = arpd_state,
};

/* ---- configuration ------------------------------------------------------------------------------ */

struct arpd *arpd_new(struct event_base *base, const char *dp, const struct arpd_calls *calls)
{
	struct arpd *arpd = memory_zalloc(sizeof(*arpd));

	arpd->calls = *calls;
	arpd->base = base;
	arpd->dp = dp;
	arp_table_init(&arpd->table);
	arpd->wire = arp_wire_new(base, dp);
	arpd->publish_timer = evtimer_new(base, on_publish_timer, arpd);
	arpd->greet_timer = evtimer_new(base, on_greet_timer, arpd);
	return arpd;
}

void arpd_free(struct arpd *arpd)
{
	if (!arpd)
		return;
	arp_table_clear(&arpd->table);
	arp_wire_free(arpd->wire);
	event_free(arpd->publish_timer);
	event_free(arpd->greet_timer);
	arp_free(arpd->arp);
	free(arpd);
}

bool arpd_is_configured(const struct arpd *arpd)
{
	return arpd->arp;
}

/* the way outside is not here any more, or the address is one inside */
static bool is_lost_outside(const struct arpd *arpd, const struct arp_row *row)
{
	return row->state == ROW_KNOWN && row->host == arpd->arp->number &&
	       !arp_asks_outside(arpd->arp, row->ldp, &row->address);
}

/* rows of switches that no router here is linked to any more, and of what is here now */
static void drop_rows(struct arpd *arpd)
{
	struct arp_row *row, *next;

	for (row = LIST_FIRST(&arpd->table.rows); row; row = next) {
		const struct arp_binding *binding = arp_find_binding(arpd->arp, row->ldp,
								     &row->address);

		next = LIST_NEXT(row, in_table);
		if (arp_has_link(arpd->arp, row->ldp) && !binding && !is_lost_outside(arpd, row))
			continue;
		if (!binding && row->state == ROW_KNOWN)
			tell_askers(arpd, row, NULL);
		row->host = arpd->arp->number;
		release(arpd, row, binding ? binding->mac : NULL);
		cut(arpd, row);
		arp_table_remove(&arpd->table, row);
	}
}

static int table_id(void *ctx, const char *name, uint8_t *id)
{
	const json_t *number = json_object_get(ctx, name);

	if (!json_is_integer(number))
		return -ENOENT;
	*id = json_integer_value(number);
	return 0;
}

char *arpd_configure(struct arpd *arpd, const json_t *config)
{
	struct errors errors = { 0 };
	struct node root = { .value = (json_t *)config, .file = "weftd", .errors = &errors };
	struct node section = node_member(&root, "arp");
	const json_t *templates = json_object_get(config, "templates");
	struct arp_section *before = arpd->arp, *arp;
	char *error;

	arp = arp_read(&section, table_id, json_object_get(config, "tables"));
	if (!arp) {
		error = memory_strdup(errors.n_kept ? errors.text[0] : "there is no section");
		errors_clear(&errors);
		return error;
	}
	arpd->arp = arp;
	arpd->resolve_id = json_integer_value(json_object_get(templates, ARP_RESOLVE));
	arp_wire_configure(arpd->wire, arp);
	if (before) {
		drop_rows(arpd);
		tell_differences(arpd, before);
		tell_new_servers(arpd, before);
		if (!before->serves)
			begin_to_greet(arpd);
		arp_free(before);
	}
	start_timer(arpd->publish_timer, time_of(arpd, ARP_PUBLISH));
	return NULL;
}

/* ---- how it is -------------------------------------------------------------------------------------- */

json_t *arpd_status(const struct arpd *arpd)
{
	return json_pack("{s:o, s:o, s:I, s:I}", "counters", arp_counters_json(&arpd->n), "wire",
			 arp_wire_status(arpd->wire), "rows",
			 (json_int_t)arpd->table.by_place.n_items, "waiting",
			 (json_int_t)arpd->table.n_waiters);
}

json_t *arpd_rows(const struct arpd *arpd)
{
	return json_pack("{s:o}", "rows", arp_rows_json(&arpd->table, arpd->arp));
}
