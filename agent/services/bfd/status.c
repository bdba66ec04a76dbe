// SPDX-License-Identifier: Apache-2.0
/*
 * status.c - what is known of tunnels as JSON: for people, and for the bfdd that takes over.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "services/bfd/tunnel.h"

json_t *tunnel_status(const struct tunnel *tunnel)
{
	const struct bfd_session *session = &tunnel->session;
	uint64_t since_ms = (bfdd_now_us() - tunnel->since_us) / 1000;
	char text[ADDRESS_TEXT];
	json_t *local, *remote, *mtu;

	local = json_pack("{s:s, s:s, s:I, s:i, s:i, s:i}", "state", bfd_state_name(session->state),
			  "diagnostic", bfd_diag_name(session->diag), "discriminator",
			  (json_int_t)session->discriminator, "min_tx_us", (int)session->min_tx_us,
			  "min_rx_us", (int)session->min_rx_us, "multiplier",
			  (int)session->want.multiplier);
	remote = json_pack("{s:s, s:s, s:I, s:I, s:I, s:i}", "state",
			   bfd_state_name(session->remote_state), "diagnostic",
			   bfd_diag_name(session->remote_diag), "discriminator",
			   (json_int_t)session->remote_discriminator, "min_tx_us",
			   (json_int_t)session->remote_min_tx_us, "min_rx_us",
			   (json_int_t)session->remote_min_rx_us, "multiplier",
			   (int)session->remote_multiplier);
	mtu = json_pack("{s:i, s:i, s:b, s:I}", "found", (int)tunnel->mtu.found, "device",
			(int)tunnel->mtu.max, "searching", tunnel->mtu.running, "searches",
			(json_int_t)tunnel->mtu.n_searches);
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, "
			 "s:o, s:o}",
			 "port", (int)tunnel->port, "device", tunnel->device, "type", tunnel->type,
			 "remote", address_format(&tunnel->remote, text), "host", tunnel->host,
			 "state", tunnel_state_name(tunnel->state), "since_ms",
			 (json_int_t)since_ms, "flaps", (json_int_t)tunnel->n_flaps, "rtt_us",
			 (json_int_t)(tunnel->mtu.rtt_us ? tunnel->mtu.rtt_us : session->rtt_us),
			 "sent", (json_int_t)session->n_sent, "received",
			 (json_int_t)session->n_received, "detection_us",
			 (json_int_t)bfd_session_detection_time(session), "interval_us",
			 (json_int_t)bfd_session_tx_interval(session), "local", local, "peer",
			 remote, "mtu", mtu);
}

/* ---- taking over ------------------------------------------------------------ */

static json_int_t number(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

/* "PORT ADDRESS" → its status; there may be thousands to find */
static char *key_of(json_int_t port, const char *remote)
{
	return memory_printf("%lld %s", (long long)port, remote);
}

json_t *status_known(const json_t *handed_over)
{
	json_t *known = json_object(), *element;
	size_t i;

	json_array_foreach(json_object_get(handed_over, "tunnels"), i, element) {
		const char *remote = json_string_value(json_object_get(element, "remote"));
		char *key = key_of(number(element, "port"), remote ? remote : "");

		json_object_set(known, key, element);
		free(key);
	}
	return known;
}

static const json_t *find(const json_t *known, const struct tunnel *tunnel)
{
	char text[ADDRESS_TEXT];
	char *key = key_of(tunnel->port, address_format(&tunnel->remote, text));
	const json_t *found = json_object_get(known, key);

	free(key);
	return found;
}

static bool name_is(const json_t *object, const char *member, const char *name)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text && !strcmp(text, name);
}

static enum bfd_state state_of(const json_t *object)
{
	for (unsigned int state = BFD_DOWN; state <= BFD_UP; state++)
		if (name_is(object, "state", bfd_state_name(state)))
			return state;
	return BFD_ADMIN_DOWN;
}

bool tunnel_resume(struct tunnel *tunnel, const json_t *known)
{
	const json_t *from = find(known, tunnel), *local, *remote;
	struct bfd_session *session = &tunnel->session;

	local = json_object_get(from, "local");
	remote = json_object_get(from, "peer");
	if (!local || !remote || !number(local, "discriminator") ||
	    state_of(local) == BFD_ADMIN_DOWN ||
	    tunnels_find_discriminator(&tunnel->bfdd->tunnels, number(local, "discriminator")))
		return false;
	session->state = state_of(local);
	session->discriminator = number(local, "discriminator");
	session->remote_state = state_of(remote);
	session->remote_discriminator = number(remote, "discriminator");
	session->remote_min_tx_us = number(remote, "min_tx_us");
	session->remote_min_rx_us = number(remote, "min_rx_us");
	session->remote_multiplier = number(remote, "multiplier");
	for (unsigned int state = TUNNEL_UP; state <= TUNNEL_UNWATCHED; state++)
		if (name_is(from, "state", tunnel_state_name(state))) {
			tunnel->state = state;
			tunnel->patience_us = UINT64_MAX;
		}
	tunnel->since_us -= number(from, "since_ms") * 1000;
	tunnel->n_flaps = number(from, "flaps");
	tunnel->mtu.found = number(json_object_get(from, "mtu"), "found");
	tunnel->mtu.max = number(json_object_get(from, "mtu"), "device");
	return true;
}

/* ---- some ways work, others do not -------------------------------------------- */

static json_t *devices(const struct bfdd *bfdd, const struct address *remote,
		       enum tunnel_state state)
{
	json_t *list = json_array();

	for (size_t i = 0; i < bfdd->tunnels.n; i++) {
		const struct tunnel *tunnel = bfdd->tunnels.v[i];

		if (tunnel->state == state && address_equal(&tunnel->remote, remote))
			json_array_append_new(list,
					      json_pack("{s:s, s:s}", "device", tunnel->device,
							"type", tunnel->type));
	}
	return list;
}

json_t *status_partial(const struct bfdd *bfdd)
{
	json_t *partial = json_object();

	for (size_t i = 0; i < bfdd->tunnels.n; i++) {
		const struct tunnel *tunnel = bfdd->tunnels.v[i];
		json_t *passes, *fails;

		if (tunnel->state != TUNNEL_DOWN || json_object_get(partial, tunnel->host))
			continue;
		passes = devices(bfdd, &tunnel->remote, TUNNEL_UP);
		fails = devices(bfdd, &tunnel->remote, TUNNEL_DOWN);
		if (json_array_size(passes))
			json_object_set_new(
				partial, tunnel->host,
				json_pack("{s:O, s:O}", "passes", passes, "fails", fails));
		json_decref(passes);
		json_decref(fails);
	}
	return partial;
}
