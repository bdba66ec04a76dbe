// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames from and to user space: PACKET_INJECT and PACKET_UPCALL.
 *
 * An injected frame goes through the datapath before the request is answered, in the
 * context of the sender with BH off. Its actions belong to the request:
 * they are freed right after, and the services that they name live on under
 * RCU as for any packet.
 *
 * An upcall is written by the worker of a service (upcall.c) from a frame that is whole
 * and whose checksums are complete.
 */
#include <linux/bitmap.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <net/netlink.h>
#include "action.h"
#include "compat.h"
#include "datapath.h"
#include "field.h"
#include "netlink.h"
#include "pipeline.h"
#include "port.h"
#include "upcall.h"

/* nla_len has 16 bits and counts the header of the attribute */
static_assert(WEFT_FRAME_MAX + NLA_HDRLEN == U16_MAX);

/*
 * For the headers that tunnels and tags add in front of an injected frame; not a
 * multiple of 4, so that the headers behind Ethernet's are aligned.
 */
#define WEFT_INJECT_HEADROOM	130

static struct netlink_range_validation weft_nl_port_range = {
	.min = 1,
	.max = WEFT_PORT_ID_MAX,
};

const struct nla_policy weft_nl_packet_policy[WEFT_PACKET_A_MAX + 1] = {
	[WEFT_PACKET_A_DP] = { .type = NLA_NUL_STRING, .len = WEFT_NAME_MAX },
	/* a range has 15 bits; this way at least the maximum is told to who asks */
	[WEFT_PACKET_A_DATA] = {
		.type = NLA_BINARY,
		.len = WEFT_FRAME_MAX,
		.validation_type = NLA_VALIDATE_MIN,
		.min = ETH_HLEN,
	},
	[WEFT_PACKET_A_IN_PORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &weft_nl_port_range),
	[WEFT_PACKET_A_METADATA] = { .type = NLA_NESTED },
	[WEFT_PACKET_A_TABLE] = { .type = NLA_U8 },
	[WEFT_PACKET_A_ACTIONS] = NLA_POLICY_NESTED(weft_nl_act_policy),
};

static int weft_nl_metadata_field(const struct nlattr *attr, struct weft_key *key,
				  struct netlink_ext_ack *extack)
{
	int f = nla_type(attr);
	struct weft_field_value fv;
	int err;

	if (!f || f > WEFT_FIELD_MAX || !weft_fields[f].metadata ||
	    f == WEFT_FIELD_IN_PORT) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "field is not metadata that can be given");
		return -EINVAL;
	}
	if (nla_len(attr) != weft_fields[f].len) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "metadata is not as long as the field");
		return -EINVAL;
	}
	err = weft_field_parse(attr, &fv, extack);
	if (err)
		return err;
	memcpy(weft_field_ptr(key, f), fv.value, weft_fields[f].len);
	return 0;
}

/* Packets with IPv6 addresses of a tunnel have the flag that says so */
static int weft_nl_metadata_family(const struct nlattr *flags, bool ipv6, struct weft_key *key,
				   struct netlink_ext_ack *extack)
{
	const __be16 bit = cpu_to_be16(WEFT_TUN_F_IPV6);

	if (flags && !!(key->tun_flags & bit) != ipv6) {
		NL_SET_ERR_MSG_ATTR(extack, flags,
				    "tun_flags contradicts the tunnel addresses in ipv6");
		return -EINVAL;
	}
	if (ipv6)
		key->tun_flags |= bit;
	return 0;
}

static int weft_nl_metadata_parse(const struct nlattr *nest, struct weft_key *key,
				  struct netlink_ext_ack *extack)
{
	DECLARE_BITMAP(seen, WEFT_FIELD_MAX + 1) = {};
	const struct nlattr *attr, *flags = NULL;
	bool ipv4 = false, ipv6 = false;
	int err, rem;

	memset(key, 0, sizeof(*key));
	if (!nest)
		return 0;
	nla_for_each_nested(attr, nest, rem) {
		err = weft_nl_metadata_field(attr, key, extack);
		if (err)
			return err;
		if (__test_and_set_bit(nla_type(attr), seen)) {
			NL_SET_ERR_MSG_ATTR(extack, attr, "field is given twice");
			return -EINVAL;
		}
		ipv4 |= weft_field_is_tun_ipv4(nla_type(attr));
		ipv6 |= weft_field_is_tun_ipv6(nla_type(attr));
		if (nla_type(attr) == WEFT_FIELD_TUN_FLAGS)
			flags = attr;
		if (ipv4 && ipv6) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "tunnel addresses of both IPv4 and IPv6");
			return -EINVAL;
		}
	}
	if (rem) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "bytes left over behind the last field");
		return -EINVAL;
	}
	if (!ipv4 && !ipv6)
		return 0;
	return weft_nl_metadata_family(flags, ipv6, key, extack);
}

/* As a driver would hand it over, with room in front; long ones not in one piece */
static struct sk_buff *weft_nl_frame(const struct nlattr *data)
{
	unsigned int len = nla_len(data);
	unsigned int linear = min_t(unsigned int, len, PAGE_SIZE / 2);
	struct sk_buff *skb;
	__be16 proto;
	int err;

	skb = alloc_skb_with_frags(WEFT_INJECT_HEADROOM + linear, len - linear, 0, &err,
				   GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, WEFT_INJECT_HEADROOM);
	skb_put(skb, linear);
	skb->data_len = len - linear;
	skb->len += len - linear;
	if (skb_store_bits(skb, 0, nla_data(data), len)) {
		kfree_skb(skb);
		return NULL;
	}
	skb_reset_mac_header(skb);
	proto = eth_hdr(skb)->h_proto;
	skb->protocol = eth_proto_is_802_3(proto) ? proto : htons(ETH_P_802_2);
	skb_set_network_header(skb, ETH_HLEN);
	return skb;
}

/* Consumes @skb; the walk is done when this returns */
static int weft_nl_inject(struct weft_datapath *dp, u32 port_id, struct sk_buff *skb,
			  const struct weft_key *metadata, u8 table,
			  const struct weft_actions *actions)
{
	struct weft_port *port;

	local_bh_disable();
	rcu_read_lock();
	port = xa_load(&dp->ports, port_id);
	if (port && !READ_ONCE(port->detaching)) {
		skb->dev = port->dev;
		weft_pipeline_inject(port, skb, metadata, table, actions);
		skb = NULL;
	}
	rcu_read_unlock();
	local_bh_enable();
	if (!skb)
		return 0;
	kfree_skb(skb);
	return -ENODEV;
}

/* The same without a port of entry, for actions; what needs one drops the packet */
static int weft_nl_inject_nowhere(struct weft_datapath *dp, struct sk_buff *skb,
				  const struct weft_key *metadata,
				  const struct weft_actions *actions,
				  struct netlink_ext_ack *extack)
{
	int err = weft_dp_lock(dp, extack);
	struct weft_port *port;

	if (err) {
		kfree_skb(skb);
		return err;
	}
	port = weft_port_nowhere(dp);
	if (port) {
		skb->dev = dp->net->loopback_dev;
		local_bh_disable();
		rcu_read_lock();
		weft_pipeline_inject(port, skb, metadata, 0, actions);
		rcu_read_unlock();
		local_bh_enable();
		weft_port_nowhere_free(port);
	} else {
		NL_SET_ERR_MSG(extack, "no memory for the frame");
		kfree_skb(skb);
		err = -ENOMEM;
	}
	weft_dp_unlock(dp);
	return err;
}

static struct weft_actions *weft_nl_inject_actions(struct weft_datapath *dp,
						   const struct nlattr *attr,
						   struct netlink_ext_ack *extack)
{
	struct weft_actions *actions;
	int err = weft_dp_lock(dp, extack);

	if (err)
		return ERR_PTR(err);
	actions = weft_actions_parse(dp, attr, 0xffff, NULL, extack);
	if (!IS_ERR(actions) && weft_actions_templates(actions)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "only an entry can use a template");
		weft_actions_free(actions);
		actions = ERR_PTR(-EINVAL);
	}
	weft_dp_unlock(dp);
	return actions;
}

static int weft_nl_inject_check(struct genl_info *info)
{
	if (!info->attrs[WEFT_PACKET_A_DATA]) {
		NL_SET_ERR_MSG(info->extack, "the frame is missing");
		return -EINVAL;
	}
	if (!info->attrs[WEFT_PACKET_A_IN_PORT] && !info->attrs[WEFT_PACKET_A_ACTIONS]) {
		NL_SET_ERR_MSG(info->extack, "the port of entry, or actions, are missing");
		return -EINVAL;
	}
	if (info->attrs[WEFT_PACKET_A_TABLE] && info->attrs[WEFT_PACKET_A_ACTIONS]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[WEFT_PACKET_A_TABLE],
				    "both a table and actions");
		return -EINVAL;
	}
	return 0;
}

int weft_nl_packet_inject(struct sk_buff *request, struct genl_info *info)
{
	struct netlink_ext_ack *extack = info->extack;
	struct weft_actions *actions = NULL;
	const struct nlattr *attr;
	struct weft_key metadata;
	struct weft_datapath *dp;
	struct sk_buff *skb;
	u8 table = 0;
	int err;

	err = weft_nl_inject_check(info);
	if (err)
		return err;
	err = weft_nl_metadata_parse(info->attrs[WEFT_PACKET_A_METADATA], &metadata, extack);
	if (err)
		return err;
	attr = info->attrs[WEFT_PACKET_A_TABLE];
	if (attr)
		table = nla_get_u8(attr);

	dp = weft_dp_get(genl_info_net(info), info->attrs[WEFT_PACKET_A_DP], extack);
	if (IS_ERR(dp))
		return PTR_ERR(dp);
	attr = info->attrs[WEFT_PACKET_A_ACTIONS];
	if (attr) {
		actions = weft_nl_inject_actions(dp, attr, extack);
		if (IS_ERR(actions)) {
			err = PTR_ERR(actions);
			goto put_dp;
		}
	}
	skb = weft_nl_frame(info->attrs[WEFT_PACKET_A_DATA]);
	if (!skb) {
		NL_SET_ERR_MSG(extack, "no memory for the frame");
		err = -ENOMEM;
		goto free_actions;
	}
	attr = info->attrs[WEFT_PACKET_A_IN_PORT];
	if (attr) {
		err = weft_nl_inject(dp, nla_get_u32(attr), skb, &metadata, table, actions);
		if (err)
			NL_SET_ERR_MSG_ATTR(extack, attr, "there is no such port");
	} else {
		err = weft_nl_inject_nowhere(dp, skb, &metadata, actions, extack);
	}

free_actions:
	if (actions)
		weft_actions_free(actions);
put_dp:
	weft_dp_put(dp);
	return err;
}

/* Upcalls */

static const u8 *weft_nl_upcall_field(const struct weft_upcall *upcall, enum weft_field f)
{
	return upcall->metadata + weft_fields[f].ofs;
}

static bool weft_nl_upcall_reports(const struct weft_upcall *upcall, enum weft_field f)
{
	__be16 flags;
	bool ipv6;

	memcpy(&flags, weft_nl_upcall_field(upcall, WEFT_FIELD_TUN_FLAGS), sizeof(flags));
	ipv6 = flags & htons(WEFT_TUN_F_IPV6);
	if (!weft_fields[f].metadata || f == WEFT_FIELD_IN_PORT)
		return false;
	if (ipv6 ? weft_field_is_tun_ipv4(f) : weft_field_is_tun_ipv6(f))
		return false;
	return memchr_inv(weft_nl_upcall_field(upcall, f), 0, weft_fields[f].len);
}

static int weft_nl_put_metadata(struct sk_buff *msg, const struct weft_upcall *upcall)
{
	struct nlattr *nest = nla_nest_start(msg, WEFT_PACKET_A_METADATA);
	unsigned int f;

	if (!nest)
		return -EMSGSIZE;
	for (f = 1; f <= WEFT_FIELD_MAX; f++)
		if (weft_nl_upcall_reports(upcall, f) &&
		    nla_put(msg, f, weft_fields[f].len, weft_nl_upcall_field(upcall, f)))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static size_t weft_nl_upcall_size(const struct weft_upcall *upcall, unsigned int len)
{
	size_t size = nla_total_size(WEFT_NAME_MAX + 1) * 2 +	/* DP, SERVICE */
		      nla_total_size(0) +			/* METADATA */
		      nla_total_size(sizeof(u32)) * 3 +		/* IN_PORT, ARG, LEN */
		      nla_total_size(sizeof(u32)) * 2 +		/* TEMPLATE, PENDING */
		      nla_total_size(sizeof(u16)) +		/* SLICE */
		      nla_total_size(sizeof(u8)) +		/* TABLE */
		      nla_total_size_64bit(sizeof(u64)) * 2 +	/* COOKIE, TIME */
		      nla_total_size(len);			/* DATA */
	unsigned int f;

	for (f = 1; f <= WEFT_FIELD_MAX; f++)
		if (weft_nl_upcall_reports(upcall, f))
			size += nla_total_size(weft_fields[f].len);
	return size;
}

static int weft_nl_upcall_fill(struct sk_buff *msg, const struct weft_datapath *dp,
			       const char *service, const struct weft_upcall *upcall,
			       const struct sk_buff *frame, unsigned int len)
{
	struct nlattr *data;

	if (nla_put_string(msg, WEFT_PACKET_A_DP, dp->name) ||
	    nla_put_string(msg, WEFT_PACKET_A_SERVICE, service) ||
	    nla_put_u32(msg, WEFT_PACKET_A_IN_PORT, upcall->in_port) ||
	    nla_put_u8(msg, WEFT_PACKET_A_TABLE, upcall->table) ||
	    nla_put_u64_64bit(msg, WEFT_PACKET_A_COOKIE, upcall->cookie, WEFT_PACKET_A_PAD) ||
	    nla_put_u32(msg, WEFT_PACKET_A_ARG, upcall->arg) ||
	    (upcall->template &&
	     (nla_put_u32(msg, WEFT_PACKET_A_TEMPLATE, upcall->template) ||
	      nla_put_u32(msg, WEFT_PACKET_A_PENDING, upcall->pending) ||
	      nla_put_u16(msg, WEFT_PACKET_A_SLICE, upcall->slice))) ||
	    weft_nl_put_metadata(msg, upcall) ||
	    nla_put_u32(msg, WEFT_PACKET_A_LEN, frame->len) ||
	    nla_put_u64_64bit(msg, WEFT_PACKET_A_TIME, upcall->time_ns, WEFT_PACKET_A_PAD))
		return -EMSGSIZE;
	data = nla_reserve(msg, WEFT_PACKET_A_DATA, len);
	if (!data)
		return -EMSGSIZE;
	return skb_copy_bits(frame, 0, nla_data(data), len);
}

struct sk_buff *weft_nl_packet_upcall(const struct weft_datapath *dp, const char *service,
				      const struct weft_upcall *upcall, u32 portid,
				      const struct sk_buff *frame)
{
	unsigned int len = min3(frame->len, upcall->max_len, (u32)WEFT_FRAME_MAX);
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(weft_nl_upcall_size(upcall, len), GFP_KERNEL | __GFP_NOWARN);
	if (!msg)
		return NULL;
	hdr = genlmsg_put(msg, 0, 0, &weft_genl_family, 0, WEFT_CMD_PACKET_UPCALL);
	if (!hdr || weft_nl_upcall_fill(msg, dp, service, upcall, frame, len)) {
		nlmsg_free(msg);
		return NULL;
	}
	genlmsg_end(msg, hdr);
	return msg;
}
