// SPDX-License-Identifier: Apache-2.0
/*
 * Packets: frames sent through the tables, and upcalls from them.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "wl.h"

/**
 * weft_packet_init - begin with no frame
 * @packet: to initialise
 */
void weft_packet_init(struct weft_packet *packet)
{
	*packet = (struct weft_packet){ 0 };
}

/**
 * weft_packet_free - free metadata and actions of a packet
 * @packet: left empty; its data is the caller's or the socket's
 */
void weft_packet_free(struct weft_packet *packet)
{
	weft_match_free(&packet->metadata);
	weft_actions_free(&packet->actions);
	weft_packet_init(packet);
}

static int packet_get_attr(struct weft_packet *packet, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_PACKET_A_MAX)
		weft_mark(packet, type);
	switch (type) {
	case WEFT_PACKET_A_DP:
		return wl_attr_str(attr, packet->dp, sizeof(packet->dp));
	case WEFT_PACKET_A_DATA:
		packet->data = mnl_attr_get_payload(attr);
		packet->len = mnl_attr_get_payload_len(attr);
		return 0;
	case WEFT_PACKET_A_IN_PORT:
		return wl_attr_u32(attr, &packet->in_port);
	case WEFT_PACKET_A_METADATA:
		weft_match_free(&packet->metadata);
		return weft_match_get_attrs(&packet->metadata, attr);
	case WEFT_PACKET_A_TABLE:
		return wl_attr_u8(attr, &packet->table);
	case WEFT_PACKET_A_ACTIONS:
		weft_actions_free(&packet->actions);
		return weft_actions_get_attrs(&packet->actions, attr);
	case WEFT_PACKET_A_SERVICE:
		return wl_attr_str(attr, packet->service, sizeof(packet->service));
	case WEFT_PACKET_A_ARG:
		return wl_attr_u32(attr, &packet->arg);
	case WEFT_PACKET_A_COOKIE:
		return wl_attr_u64(attr, &packet->cookie);
	case WEFT_PACKET_A_LEN:
		return wl_attr_u32(attr, &packet->frame_len);
	case WEFT_PACKET_A_TIME:
		return wl_attr_u64(attr, &packet->time_ns);
	case WEFT_PACKET_A_TEMPLATE:
		return wl_attr_u32(attr, &packet->template_id);
	case WEFT_PACKET_A_PENDING:
		return wl_attr_u32(attr, &packet->pending);
	case WEFT_PACKET_A_SLICE:
		return wl_attr_u16(attr, &packet->slice);
	}
	return 0;
}

int wl_packet_get_msg(struct weft_packet *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	weft_packet_init(out);
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = packet_get_attr(out, attr);
		if (err) {
			weft_packet_free(out);
			return err;
		}
	}
	return 0;
}

static int packet_put_attrs(struct nlmsghdr *nlh, const struct weft_packet *packet)
{
	int err = 0;

	if (weft_has(packet, WEFT_PACKET_A_IN_PORT))
		mnl_attr_put_u32(nlh, WEFT_PACKET_A_IN_PORT, packet->in_port);
	if (weft_has(packet, WEFT_PACKET_A_TABLE))
		mnl_attr_put_u8(nlh, WEFT_PACKET_A_TABLE, packet->table);
	if (packet->metadata.n)
		err = weft_match_put_attrs(nlh, WL_MSG_SIZE, WEFT_PACKET_A_METADATA,
					   &packet->metadata);
	if (!err && (weft_has(packet, WEFT_PACKET_A_ACTIONS) || packet->actions.n))
		err = weft_actions_put_attrs(nlh, WL_MSG_SIZE, WEFT_PACKET_A_ACTIONS,
					     &packet->actions);
	if (err)
		return err;
	if (packet->len > WEFT_FRAME_MAX ||
	    !mnl_attr_put_check(nlh, WL_MSG_SIZE, WEFT_PACKET_A_DATA, packet->len, packet->data))
		return -EMSGSIZE;
	return 0;
}

/**
 * weft_packet_inject - send a frame through the tables, or through actions
 * @sock: the socket
 * @dp: name of the datapath
 * @packet: data and len; of in_port, table and actions what is present; metadata
 *
 * Returns 0, -EMSGSIZE for a frame longer than 65531 bytes, or another -errno.
 */
int weft_packet_inject(struct weft_sock *sock, const char *dp, const struct weft_packet *packet)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, WEFT_CMD_PACKET_INJECT, 0);
	int err;

	wl_put_name(nlh, WEFT_PACKET_A_DP, dp);
	err = packet_put_attrs(nlh, packet);
	if (err)
		return wl_sock_fail(sock, err, "the packet does not fit into a message");
	return wl_request(sock, nlh, NULL, NULL);
}
