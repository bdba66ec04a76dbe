// SPDX-License-Identifier: Apache-2.0
/*
 * bfdd.c - see bfdd.h.
 *
 * What the state of a session means for its tunnel:
 *   up                                     the tunnel is up;
 *   down, after it was up                  the tunnel is down;
 *   down for a while after the start       the tunnel is down: nobody answers;
 *   down since the other side is AdminDown nobody watches, which is no failure (RFC 5882, 3.2).
 *
 * A process of its own, so that nothing that weftd does (it may read a million entries) keeps a
 * packet from being sent in time, and neither weftd's end nor its start are noticed by anybody.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bfd/frame.h"
#include "log.h"
#include "memory.h"
#include "services/bfd/bfdd.h"
#include "services/bfd/tunnel.h"

#define PATIENCE_MS 3000   /* a session needs up to a second and some for its first packets */
#define PROBE_DELAY_MS 500 /* after a session is up, until its MTU is looked for */
#define SWEEP_MS 500
#define SOURCE_PORT_FIRST 49152 /* RFC 5881, 4 */
#define SOURCE_PORTS 16384

uint64_t bfdd_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000) + now.tv_nsec / 1000;
}

const char *tunnel_state_name(enum tunnel_state state)
{
	static const char *const names[] = { "unknown", "up", "down", "unwatched" };

	return names[state];
}

static uint32_t chance(uint32_t max)
{
	return max ? random() % ((uint64_t)max + 1) : 0;
}

/* ---- what the kernel is told ------------------------------------------------ */

static void set_way(struct weft_way *way, uint32_t port, const struct address *remote)
{
	way->port = port;
	way->ipv6 = remote->family == AF_INET6;
	memcpy(way->addr, remote->bytes, address_len(remote));
}

/* what cannot be told now is told by on_sweep() */
static void tell_kernel(struct tunnel *tunnel)
{
	static const uint32_t states[] = {
		[TUNNEL_UNKNOWN] = WEFT_TUNNEL_STATE_UNKNOWN,
		[TUNNEL_UP] = WEFT_TUNNEL_STATE_UP,
		[TUNNEL_DOWN] = WEFT_TUNNEL_STATE_DOWN,
		[TUNNEL_UNWATCHED] = WEFT_TUNNEL_STATE_UNWATCHED,
	};
	struct weft_sock *sock = bfd_io_sock(tunnel->bfdd->io);
	struct weft_tunnel out;
	int result = -ENOTCONN;

	weft_tunnel_init(&out);
	set_way(&out.way, tunnel->port, &tunnel->remote);
	/* until something is known, what the one before found out holds */
	if (tunnel->state != TUNNEL_UNKNOWN) {
		out.state = states[tunnel->state];
		weft_mark(&out, WEFT_TUNNEL_A_STATE);
	}
	out.diag = tunnel->session.diag;
	weft_mark(&out, WEFT_TUNNEL_A_DIAG);
	out.remote_diag = tunnel->session.remote_diag;
	weft_mark(&out, WEFT_TUNNEL_A_REMOTE_DIAG);
	out.mtu = tunnel->mtu.found;
	weft_mark(&out, WEFT_TUNNEL_A_MTU);
	out.rtt_us = tunnel->mtu.rtt_us ? tunnel->mtu.rtt_us : tunnel->session.rtt_us;
	weft_mark(&out, WEFT_TUNNEL_A_RTT);
	for (unsigned int i = 0; i < tunnel->n_fallbacks; i++)
		set_way(&out.fallbacks[out.n_fallbacks++], tunnel->fallbacks[i].port,
			&tunnel->fallbacks[i].remote);
	weft_mark(&out, WEFT_TUNNEL_A_FALLBACKS);
	if (sock)
		result = weft_tunnel_set(sock, tunnel->bfdd->dp, &out);
	tunnel->told = !result;
	/* a port that is not there yet is nothing to worry about */
	if (result && result != tunnel->refused && result != -ENODEV && result != -ENOTCONN)
		log_warning("tunnel %s to %s: the kernel does not take what is known of it: %s",
			    tunnel->device, tunnel->host, strerror(-result));
	tunnel->refused = result;
}

static void forget_in_kernel(struct tunnel *tunnel)
{
	struct weft_sock *sock = bfd_io_sock(tunnel->bfdd->io);
	struct weft_way way = { 0 };

	set_way(&way, tunnel->port, &tunnel->remote);
	if (sock)
		weft_tunnel_del(sock, tunnel->bfdd->dp, &way);
	tunnel->told = false;
}

/* ---- states of tunnels -------------------------------------------------------- */

/* some tunnels to this host carry packets, and others do not: that is worth a word */
static void log_partial(const struct tunnel *tunnel)
{
	const struct bfdd *bfdd = tunnel->bfdd;

	if (tunnel->state != TUNNEL_DOWN)
		return;
	for (size_t i = 0; i < bfdd->tunnels.n; i++) {
		const struct tunnel *other = bfdd->tunnels.v[i];

		if (other != tunnel && address_equal(&other->remote, &tunnel->remote) &&
		    other->state == TUNNEL_UP)
			log_warning("%s passes %s (%s) but not %s (%s)", tunnel->host, other->type,
				    other->device, tunnel->type, tunnel->device);
	}
}

static void set_state(struct tunnel *tunnel, enum tunnel_state state)
{
	uint64_t now_us = bfdd_now_us();
	char text[ADDRESS_TEXT];

	if (tunnel->state == state)
		return;
	if (state == TUNNEL_DOWN) {
		tunnel->n_flaps += tunnel->state == TUNNEL_UP;
		log_warning("tunnel %s to %s (%s) is down: %s, after %" PRIu64 " ms",
			    tunnel->device, tunnel->host, address_format(&tunnel->remote, text),
			    bfd_diag_name(tunnel->session.diag),
			    (now_us - tunnel->since_us) / 1000);
	} else
		log_notice("tunnel %s to %s (%s) is %s", tunnel->device, tunnel->host,
			   address_format(&tunnel->remote, text), tunnel_state_name(state));
	tunnel->state = state;
	tunnel->since_us = now_us;
	tell_kernel(tunnel);
	log_partial(tunnel);
}

static uint32_t device_mtu(const char *device)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_mtu = 0 };

	memcpy(request.ifr_name, device, strnlen(device, IFNAMSIZ - 1));
	if (fd < 0 || ioctl(fd, SIOCGIFMTU, &request))
		request.ifr_mtu = 0;
	if (fd >= 0)
		close(fd);
	if (request.ifr_mtu > BFD_FRAME_MAX - BFD_ETHERNET_LEN)
		request.ifr_mtu = BFD_FRAME_MAX - BFD_ETHERNET_LEN;
	return request.ifr_mtu;
}

static void on_changed(struct bfd_session *session, enum bfd_state before)
{
	struct tunnel *tunnel = session->ctx;
	uint64_t now_us = bfdd_now_us();

	log_debug("session %u: %s to %s, %s", session->discriminator, bfd_state_name(before),
		  bfd_state_name(session->state), bfd_diag_name(session->diag));
	if (session->state == BFD_UP) {
		tunnel->patience_us = UINT64_MAX;
		set_state(tunnel, TUNNEL_UP);
		tunnel->probe_us = tunnel->probe_mtu_s ? now_us + PROBE_DELAY_MS * 1000 :
							 UINT64_MAX;
		return;
	}
	if (before != BFD_UP)
		return;
	mtu_search_stop(&tunnel->mtu);
	tunnel->probe_us = UINT64_MAX;
	if (session->state == BFD_ADMIN_DOWN)
		return;
	set_state(tunnel, session->remote_state == BFD_ADMIN_DOWN ? TUNNEL_UNWATCHED : TUNNEL_DOWN);
}

/* ---- packets -------------------------------------------------------------------- */

static void on_send(struct bfd_session *session, const struct bfd_packet *packet)
{
	uint8_t frame[BFD_HEADERS_LEN + BFD_PACKET_LEN];
	struct tunnel *tunnel = session->ctx;
	size_t len = bfd_frame_control(frame, packet, tunnel->source_port);

	bfd_io_send(tunnel->bfdd->io, tunnel->port, &tunnel->remote, frame, len);
}

static const struct bfd_ops session_ops = { on_send, on_changed, chance };

static void send_probe(struct tunnel *tunnel, const struct bfd_probe *probe, uint32_t ip_len)
{
	static uint8_t frame[BFD_FRAME_MAX];
	size_t len = bfd_frame_probe(frame, probe, ip_len, tunnel->source_port);

	bfd_io_send(tunnel->bfdd->io, tunnel->port, &tunnel->remote, frame, len);
}

static void schedule(struct tunnel *tunnel);

static void end_search(struct tunnel *tunnel, uint64_t now_us)
{
	const struct mtu_search *mtu = &tunnel->mtu;

	tunnel->probe_us = tunnel->probe_mtu_s ? now_us + tunnel->probe_mtu_s * UINT64_C(1000000) :
						 UINT64_MAX;
	if (mtu->found < mtu->max)
		log_warning(
			"tunnel %s to %s carries packets of up to %u bytes, its device takes %u",
			tunnel->device, tunnel->host, mtu->found, mtu->max);
	tell_kernel(tunnel);
}

static void run_search(struct tunnel *tunnel, uint64_t now_us)
{
	struct bfd_probe probe = {
		.my_discriminator = tunnel->session.discriminator,
		.your_discriminator = tunnel->session.remote_discriminator,
	};
	bool ran = tunnel->mtu.running;

	if (tunnel->session.state != BFD_UP)
		return;
	if (now_us >= tunnel->probe_us) {
		tunnel->probe_us = UINT64_MAX;
		mtu_search_start(&tunnel->mtu, device_mtu(tunnel->device), now_us);
		ran = true;
	}
	probe.len = mtu_search_run(&tunnel->mtu, now_us);
	probe.number = tunnel->mtu.number;
	if (probe.len)
		send_probe(tunnel, &probe, probe.len);
	else if (ran && !tunnel->mtu.running)
		end_search(tunnel, now_us);
}

static void take_probe(struct tunnel *tunnel, const struct bfd_probe *probe)
{
	struct bfd_probe reply = *probe;

	if (probe->reply) {
		if (mtu_search_reply(&tunnel->mtu, probe->number, probe->len, bfdd_now_us()))
			end_search(tunnel, bfdd_now_us());
		return;
	}
	reply.reply = true;
	reply.my_discriminator = probe->your_discriminator;
	reply.your_discriminator = probe->my_discriminator;
	send_probe(tunnel, &reply, 0);
}

static void on_frame(void *ctx, uint32_t port, const struct address *source, const uint8_t *data,
		     size_t len)
{
	enum bfd_verdict verdict;
	struct bfdd *bfdd = ctx;
	struct bfd_frame frame;
	struct tunnel *tunnel;

	verdict = bfd_frame_parse(data, len, &frame);
	if (verdict == BFD_GOOD)
		verdict = tunnels_select(&bfdd->tunnels, port, source,
					 frame.kind == BFD_FRAME_PROBE ?
						 frame.probe.your_discriminator :
						 frame.packet.your_discriminator,
					 &tunnel);
	if (verdict != BFD_GOOD) {
		bfdd->n_discarded[verdict]++;
		return;
	}
	if (frame.kind == BFD_FRAME_CONTROL)
		bfd_session_receive(&tunnel->session, &frame.packet, bfdd_now_us());
	else
		take_probe(tunnel, &frame.probe);
	/* it was up, the other side left, and now it is back and has not heard of us */
	if (tunnel->state == TUNNEL_UNWATCHED && tunnel->session.remote_state != BFD_ADMIN_DOWN &&
	    tunnel->patience_us == UINT64_MAX)
		tunnel->patience_us = bfdd_now_us() + PATIENCE_MS * 1000;
	schedule(tunnel);
}

/* ---- time ------------------------------------------------------------------------- */

static void schedule(struct tunnel *tunnel)
{
	uint64_t due = bfd_session_due(&tunnel->session), now_us = bfdd_now_us();
	struct timeval delay;

	if (mtu_search_due(&tunnel->mtu) < due)
		due = mtu_search_due(&tunnel->mtu);
	if (tunnel->probe_us < due)
		due = tunnel->probe_us;
	if (tunnel->patience_us < due)
		due = tunnel->patience_us;
	if (due == UINT64_MAX) {
		evtimer_del(tunnel->timer);
		return;
	}
	due = due > now_us ? due - now_us : 0;
	delay.tv_sec = due / 1000000;
	delay.tv_usec = due % 1000000;
	evtimer_add(tunnel->timer, &delay);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tunnel *tunnel = arg;
	uint64_t now_us = bfdd_now_us();

	bfd_session_run(&tunnel->session, now_us);
	run_search(tunnel, now_us);
	if (now_us >= tunnel->patience_us) {
		tunnel->patience_us = UINT64_MAX;
		if (tunnel->session.state != BFD_UP)
			set_state(tunnel, tunnel->session.remote_state == BFD_ADMIN_DOWN ?
						  TUNNEL_UNWATCHED :
						  TUNNEL_DOWN);
	}
	schedule(tunnel);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval period = { .tv_usec = SWEEP_MS * 1000 };
	struct bfdd *bfdd = arg;

	for (size_t i = 0; i < bfdd->tunnels.n; i++)
		if (!bfdd->tunnels.v[i]->told)
			tell_kernel(bfdd->tunnels.v[i]);
	evtimer_add(bfdd->sweep_timer, &period);
}

/* ---- configuration ------------------------------------------------------------------ */

static void drop_tunnel(struct tunnel *tunnel)
{
	event_free(tunnel->timer);
	free(tunnel->host);
	free(tunnel);
}

static void end_tunnel(struct tunnel *tunnel)
{
	bfd_session_disable(&tunnel->session, bfdd_now_us());
	forget_in_kernel(tunnel);
	drop_tunnel(tunnel);
}

/* one that no session of ours has, and nobody can guess */
static uint32_t new_discriminator(const struct bfdd *bfdd)
{
	uint32_t number;

	do {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			number = random();
	} while (!number || tunnels_find_discriminator(&bfdd->tunnels, number));
	return number;
}

static struct tunnel *add_tunnel(struct bfdd *bfdd, uint32_t port, const struct address *remote,
				 const struct bfd_params *want, const json_t *known)
{
	struct tunnel *tunnel = memory_zalloc(sizeof(*tunnel));
	uint64_t now_us = bfdd_now_us();

	tunnel->bfdd = bfdd;
	tunnel->port = port;
	tunnel->remote = *remote;
	tunnel->since_us = now_us;
	tunnel->probe_us = UINT64_MAX;
	tunnel->patience_us = now_us + PATIENCE_MS * 1000;
	tunnel->source_port = SOURCE_PORT_FIRST + random() % SOURCE_PORTS;
	tunnel->timer = evtimer_new(bfdd->base, on_timer, tunnel);
	bfd_session_init(&tunnel->session, &session_ops, tunnel, want, new_discriminator(bfdd),
			 now_us);
	if (tunnel_resume(tunnel, known))
		bfd_session_resume(&tunnel->session, now_us);
	tunnels_add(&bfdd->tunnels, tunnel);
	return tunnel;
}

/* @return whether it is good; an address may be left out */
static bool read_address(const json_t *value, struct address *address)
{
	const char *text = json_string_value(value);

	memset(address, 0, sizeof(*address));
	return !value || (text && address_parse(text, address));
}

/* no tunnel is used instead of itself, nor tried twice */
static bool is_another_way(const struct tunnel *tunnel, const struct fallback *way)
{
	if (way->port == tunnel->port && address_equal(&way->remote, &tunnel->remote))
		return false;
	for (unsigned int i = 0; i < tunnel->n_fallbacks; i++)
		if (way->port == tunnel->fallbacks[i].port &&
		    address_equal(&way->remote, &tunnel->fallbacks[i].remote))
			return false;
	return true;
}

static bool read_fallbacks(struct tunnel *tunnel, const json_t *list)
{
	struct fallback before[FALLBACKS_MAX];
	unsigned int n_before = tunnel->n_fallbacks;
	const json_t *element;
	size_t i;

	memcpy(before, tunnel->fallbacks, sizeof(before));
	memset(tunnel->fallbacks, 0, sizeof(tunnel->fallbacks));
	tunnel->n_fallbacks = 0;
	json_array_foreach(list, i, element) {
		struct fallback *fallback = &tunnel->fallbacks[tunnel->n_fallbacks];

		if (tunnel->n_fallbacks == FALLBACKS_MAX)
			return false;
		fallback->port = json_integer_value(json_object_get(element, "port"));
		if (!read_address(json_object_get(element, "address"), &fallback->remote))
			return false;
		if (!fallback->remote.family)
			fallback->remote = tunnel->remote;
		if (is_another_way(tunnel, fallback))
			tunnel->n_fallbacks++;
		else
			memset(fallback, 0, sizeof(*fallback));
	}
	if (n_before != tunnel->n_fallbacks || memcmp(before, tunnel->fallbacks, sizeof(before)))
		tunnel->told = false;
	return true;
}

static bool read_remote(struct bfdd *bfdd, const json_t *port, const json_t *remote,
			const json_t *known)
{
	uint32_t id = json_integer_value(json_object_get(port, "port"));
	const char *device = json_string_value(json_object_get(port, "device"));
	const char *type = json_string_value(json_object_get(port, "type"));
	const char *host = json_string_value(json_object_get(remote, "host"));
	const json_t *interval = json_object_get(port, "interval_ms");
	struct bfd_params want = {
		.min_tx_us = json_integer_value(interval) * 1000,
		.min_rx_us = json_integer_value(interval) * 1000,
		.multiplier = json_integer_value(json_object_get(port, "multiplier")),
	};
	struct address address;
	struct tunnel *tunnel;

	if (!id || !device || !type || !host || !want.min_tx_us || !want.multiplier ||
	    !read_address(json_object_get(remote, "address"), &address) || !address.family)
		return false;
	tunnel = tunnels_find(&bfdd->tunnels, id, &address);
	if (!tunnel)
		tunnel = add_tunnel(bfdd, id, &address, &want, known);
	else if (memcmp(&tunnel->session.want, &want, sizeof(want)))
		bfd_session_change(&tunnel->session, &want, bfdd_now_us());
	tunnel->wanted = true;
	snprintf(tunnel->device, sizeof(tunnel->device), "%s", device);
	snprintf(tunnel->type, sizeof(tunnel->type), "%s", type);
	free(tunnel->host);
	tunnel->host = memory_strdup(host);
	tunnel->probe_mtu_s = json_integer_value(json_object_get(port, "probe_mtu_s"));
	if (tunnel->session.state == BFD_UP && tunnel->probe_us == UINT64_MAX &&
	    tunnel->probe_mtu_s && !tunnel->mtu.running)
		tunnel->probe_us = bfdd_now_us() + PROBE_DELAY_MS * 1000;
	return read_fallbacks(tunnel, json_object_get(port, "fallback"));
}

/* what a bfdd that was killed has left of tunnels that nobody wants watched any more */
static void forget_strangers(struct bfdd *bfdd)
{
	struct weft_tunnel *tunnels = NULL;
	size_t n = 0;

	if (weft_tunnel_list(bfd_io_sock(bfdd->io), bfdd->dp, &tunnels, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct weft_way *way = &tunnels[i].way;
		struct address remote = { .family = way->ipv6 ? AF_INET6 : AF_INET };

		memcpy(remote.bytes, way->addr, address_len(&remote));
		if (!tunnels_find(&bfdd->tunnels, way->port, &remote))
			weft_tunnel_del(bfd_io_sock(bfdd->io), bfdd->dp, way);
	}
	weft_tunnel_list_free(tunnels, n);
}

char *bfdd_configure(struct bfdd *bfdd, const json_t *config, const json_t *resumed)
{
	const json_t *ports = json_object_get(config, "tunnels"), *port, *remote;
	json_t *known = status_known(resumed);
	size_t i, j;
	bool good = json_is_array(ports);

	bfd_io_start(bfdd->io); /* sessions that go on have something to say at once */
	for (i = 0; i < bfdd->tunnels.n; i++) {
		bfdd->tunnels.v[i]->wanted = false;
		bfdd->tunnels.v[i]->told = false; /* the port may be another one by now */
	}
	json_array_foreach(ports, i, port)
		json_array_foreach(json_object_get(port, "remotes"), j, remote)
			good = read_remote(bfdd, port, remote, known) && good;
	json_decref(known);
	if (!good)
		return memory_strdup("this is no list of tunnels");
	tunnels_keep_wanted(&bfdd->tunnels, end_tunnel);
	for (i = 0; i < bfdd->tunnels.n; i++)
		schedule(bfdd->tunnels.v[i]);
	bfdd->configured = true;
	if (bfd_io_is_open(bfdd->io)) {
		forget_strangers(bfdd);
		on_sweep(-1, 0, bfdd);
	}
	return NULL;
}

bool bfdd_is_configured(const struct bfdd *bfdd)
{
	return bfdd->configured;
}

/* ---- start and end --------------------------------------------------------------------- */

static void on_state(void *ctx, bool ok, const char *why)
{
	struct bfdd *bfdd = ctx;

	for (size_t i = 0; i < bfdd->tunnels.n; i++)
		bfdd->tunnels.v[i]->told = false;
	if (ok && bfdd->configured) {
		forget_strangers(bfdd);
		on_sweep(-1, 0, bfdd);
	} else
		evtimer_del(bfdd->sweep_timer);
	bfdd->calls->state(bfdd->calls->ctx, ok, why);
}

struct bfdd *bfdd_new(struct event_base *base, const char *dp, const struct bfdd_calls *calls)
{
	static const struct bfd_io_ops io_ops = { on_frame, on_state };
	struct bfdd *bfdd = memory_zalloc(sizeof(*bfdd));
	unsigned int seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = bfdd_now_us();
	srandom(seed);
	bfdd->base = base;
	bfdd->dp = memory_strdup(dp);
	bfdd->calls = calls;
	bfdd->io = bfd_io_new(base, dp, &io_ops, bfdd);
	bfdd->sweep_timer = evtimer_new(base, on_sweep, bfdd);
	return bfdd;
}

json_t *bfdd_status(struct bfdd *bfdd)
{
	json_t *tunnels = json_array(), *discarded = json_object();

	for (size_t i = 0; i < bfdd->tunnels.n; i++)
		json_array_append_new(tunnels, tunnel_status(bfdd->tunnels.v[i]));
	for (unsigned int v = 1; v < BFD_N_VERDICTS; v++)
		if (bfdd->n_discarded[v])
			json_object_set_new(discarded, bfd_verdict_name(v),
					    json_integer(bfdd->n_discarded[v]));
	return json_pack("{s:s, s:i, s:b, s:I, s:o, s:o, s:o}", "datapath", bfdd->dp, "pid",
			 (int)getpid(), "registered", bfd_io_is_open(bfdd->io), "io_errors",
			 (json_int_t)bfd_io_errors(bfdd->io), "discarded", discarded, "partial",
			 status_partial(bfdd), "tunnels", tunnels);
}

static void be_silent(struct bfdd *bfdd)
{
	for (size_t i = 0; i < bfdd->tunnels.n; i++)
		evtimer_del(bfdd->tunnels.v[i]->timer);
	evtimer_del(bfdd->sweep_timer);
	bfd_io_leave(bfdd->io);
}

json_t *bfdd_hand_over(struct bfdd *bfdd)
{
	json_t *status = bfdd_status(bfdd);

	be_silent(bfdd);
	return status;
}

void bfdd_probe(struct bfdd *bfdd)
{
	for (size_t i = 0; i < bfdd->tunnels.n; i++) {
		bfdd->tunnels.v[i]->probe_us = bfdd_now_us();
		schedule(bfdd->tunnels.v[i]);
	}
}

void bfdd_leave(struct bfdd *bfdd)
{
	if (!bfd_io_is_open(bfdd->io))
		return;
	for (size_t i = 0; i < bfdd->tunnels.n; i++) {
		bfd_session_disable(&bfdd->tunnels.v[i]->session, bfdd_now_us());
		forget_in_kernel(bfdd->tunnels.v[i]);
	}
	be_silent(bfdd);
}

void bfdd_free(struct bfdd *bfdd)
{
	be_silent(bfdd);
	bfd_io_free(bfdd->io);
	for (size_t i = 0; i < bfdd->tunnels.n; i++)
		drop_tunnel(bfdd->tunnels.v[i]);
	event_free(bfdd->sweep_timer);
	tunnels_clear(&bfdd->tunnels);
	free(bfdd->dp);
	free(bfdd);
}
