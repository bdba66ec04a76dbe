// SPDX-License-Identifier: Apache-2.0
/* wire.c - see wire.h. */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <weft/weft.h>

#include "log.h"
#include "memory.h"
#include "services/arp/wire.h"

#define QUEUE_MAX 65536
#define BURST 64 /* frames of the queue that are sent at a time */
#define BURST_MS 5

struct queued {
	enum arp_stage stage;
	uint32_t host;
	uint32_t ldp;
	struct arp_message message;
	struct queued *next;
};

struct arp_wire {
	const char *dp;
	const struct arp_section *arp;
	struct weft_sock *sock; /* NULL: to be opened */
	uint32_t tunnel;	/* number of its port; 0: to be looked for */
	struct event *timer;
	struct queued *first;
	struct queued **end;
	size_t n_queued;
	uint64_t n_sent, n_failed, n_forgotten;
};

static void on_timer(evutil_socket_t fd, short what, void *arg);

struct arp_wire *arp_wire_new(struct event_base *base, const char *dp)
{
	struct arp_wire *wire = memory_zalloc(sizeof(*wire));

	wire->dp = dp;
	wire->end = &wire->first;
	wire->timer = evtimer_new(base, on_timer, wire);
	return wire;
}

static struct queued *take(struct arp_wire *wire)
{
	struct queued *queued = wire->first;

	if (!queued)
		return NULL;
	wire->first = queued->next;
	if (!wire->first)
		wire->end = &wire->first;
	wire->n_queued--;
	return queued;
}

void arp_wire_lost(struct arp_wire *wire)
{
	weft_sock_close(wire->sock);
	wire->sock = NULL;
	wire->tunnel = 0;
}

void arp_wire_configure(struct arp_wire *wire, const struct arp_section *arp)
{
	struct queued *queued;

	while ((queued = take(wire)))
		free(queued);
	wire->arp = arp;
	wire->tunnel = 0;
}

void arp_wire_free(struct arp_wire *wire)
{
	if (!wire)
		return;
	arp_wire_configure(wire, NULL);
	arp_wire_lost(wire);
	event_free(wire->timer);
	free(wire);
}

struct weft_sock *arp_wire_sock(struct arp_wire *wire)
{
	if (!wire->sock && weft_sock_open(&wire->sock, -1))
		wire->sock = NULL;
	return wire->sock;
}

/* 0 or -errno */
static int find_tunnel(struct arp_wire *wire, struct weft_sock *sock)
{
	struct weft_port port;
	int result;

	if (wire->tunnel)
		return 0;
	result = weft_port_get_by_name(sock, wire->dp, wire->arp->tunnel, &port);
	if (result)
		return result;
	wire->tunnel = port.id;
	weft_port_free(&port);
	return 0;
}

static void inject(struct arp_wire *wire, struct weft_packet *packet,
		   const struct arp_message *message)
{
	struct weft_sock *sock = arp_wire_sock(wire);
	uint8_t data[ARP_MESSAGE_MAX];
	int result = sock ? find_tunnel(wire, sock) : -ENOTCONN;

	if (!result) {
		packet->data = data;
		packet->len = arp_message_write(message, data);
		packet->in_port = wire->tunnel;
		weft_mark(packet, WEFT_PACKET_A_IN_PORT);
		result = weft_packet_inject(sock, wire->dp, packet);
	}
	weft_packet_free(packet);
	if (!result) {
		wire->n_sent++;
		return;
	}
	wire->n_failed++;
	log_debug("cannot send: %s", sock ? weft_sock_error(sock) : strerror(-result));
	/* the port may have been made anew */
	wire->tunnel = 0;
	if (result != -ENODEV && result != -ENOENT)
		arp_wire_lost(wire);
}

static void begin(struct arp_wire *wire, struct weft_packet *packet, enum arp_table_of table,
		  uint32_t ldp)
{
	weft_packet_init(packet);
	packet->table = wire->arp->tables[table];
	weft_mark(packet, WEFT_PACKET_A_TABLE);
	weft_match_put_uint(&packet->metadata, WEFT_FIELD_LDP, ldp);
}

void arp_wire_send(struct arp_wire *wire, enum arp_stage stage, uint32_t host, uint32_t ldp,
		   struct arp_message *message)
{
	bool own = host == wire->arp->number;
	struct weft_packet packet;

	arp_daemon_mac(wire->arp->number, message->eth_src);
	arp_daemon_mac(host, message->eth_dst);
	begin(wire, &packet, own ? ARP_TABLE_CONTEXT : ARP_TABLE_PHYSICAL, ldp);
	weft_match_put_uint(&packet.metadata, WEFT_FIELD_STAGE, stage);
	if (!own)
		weft_match_put_uint(&packet.metadata, WEFT_FIELD_REG0, host);
	inject(wire, &packet, message);
}

void arp_wire_deliver(struct arp_wire *wire, uint32_t host, uint32_t ldp, uint16_t lin,
		      uint16_t lout, const struct arp_message *message)
{
	struct weft_packet packet;

	begin(wire, &packet, ARP_TABLE_PHYSICAL, ldp);
	weft_match_put_uint(&packet.metadata, WEFT_FIELD_LIN, lin);
	weft_match_put_uint(&packet.metadata, WEFT_FIELD_LOUT, lout);
	weft_match_put_uint(&packet.metadata, WEFT_FIELD_REG0, host);
	inject(wire, &packet, message);
}

/* RFC 826; RFC 4861, 7.2.2: of IPv6 the group of its last three bytes */
static void all_who_may_have(const struct address *address, uint8_t mac[6])
{
	memset(mac, 0xff, 6);
	if (address->family != AF_INET6)
		return;
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 3, address->bytes + 13, 3);
}

bool arp_wire_outside(struct arp_wire *wire, uint32_t ldp, const struct address *address,
		      const uint8_t *mac)
{
	const struct arp_switch *sw = arp_find_switch(wire->arp, ldp);
	const struct address *own = NULL;
	const struct arp_link *link = arp_find_asker(wire->arp, ldp, address, &own);
	struct arp_message message = { .address = *address };
	struct weft_packet packet;

	if (!arp_asks_outside(wire->arp, ldp, address))
		return false;
	message.asker = *own;
	memcpy(message.asker_mac, link->mac, 6);
	memcpy(message.eth_src, link->mac, 6);
	if (mac)
		memcpy(message.eth_dst, mac, 6);
	else
		all_who_may_have(address, message.eth_dst);
	begin(wire, &packet, ARP_TABLE_OUTPUT, ldp);
	weft_match_put_uint(&packet.metadata, WEFT_FIELD_LOUT, sw->outside);
	inject(wire, &packet, &message);
	return true;
}

/* ---- what can wait --------------------------------------------------------------- */

static void start_timer(struct arp_wire *wire)
{
	static const struct timeval period = { .tv_usec = BURST_MS * 1000 };

	if (wire->first && !evtimer_pending(wire->timer, NULL))
		evtimer_add(wire->timer, &period);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct arp_wire *wire = arg;

	for (unsigned int i = 0; i < BURST && wire->first; i++) {
		struct queued *queued = take(wire);

		arp_wire_send(wire, queued->stage, queued->host, queued->ldp, &queued->message);
		free(queued);
	}
	start_timer(wire);
}

void arp_wire_queue(struct arp_wire *wire, enum arp_stage stage, uint32_t host, uint32_t ldp,
		    const struct arp_message *message)
{
	struct queued *queued;

	if (wire->n_queued == QUEUE_MAX) {
		wire->n_forgotten++;
		return;
	}
	queued = memory_zalloc(sizeof(*queued));
	*queued = (struct queued){
		.stage = stage,
		.host = host,
		.ldp = ldp,
		.message = *message,
	};
	*wire->end = queued;
	wire->end = &queued->next;
	wire->n_queued++;
	start_timer(wire);
}

json_t *arp_wire_status(const struct arp_wire *wire)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "sent", (json_int_t)wire->n_sent, "failed",
			 (json_int_t)wire->n_failed, "queued", (json_int_t)wire->n_queued,
			 "forgotten", (json_int_t)wire->n_forgotten);
}
