// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors about packets of translated connections (action "related").
 *
 * Such an error is no packet of the connection, but it carries the beginning of one, as
 * that was behind the translation. To whom the error goes is found by asking what would become
 * of an answer to that packet: its key is made up, an instance's entry looked up by it, and what
 * the entry does to the answer is done, turned round, to the packet inside.
 *
 * The walk (walk.c) reads the packet, which is the only thing that it ever reads of one besides
 * the key, and puts into the program what is to be written; the executor calls
 * weft_inner_write(). All of this runs in softirq. Nothing is allocated, nothing is kept: a
 * struct weft_inner lives in the walk, and a copy of it in the program.
 *
 * Reading copies out of the packet, header by header, since nothing behind the ICMP header has to
 * be in the linear part. "end" is the end of the error, or that of the packet inside if the sender
 * has put something behind it. Most senders cut it: ports have to be there, a checksum is
 * corrected if it is. What contradicts itself is nobody's connection.
 *
 * About checksums see rewrite.c. Here all of the bytes that change are covered by the
 * ICMP checksum, and none by its pseudo-header; if the device is to compute it there is
 * nothing to correct. The checksum of the packet inside is not ours: it is moved by the
 * difference, right or wrong, as its own connection would do it.
 */
#include <linux/crc32.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "action.h"
#include "field.h"
#include "flow.h"
#include "inner.h"
#include "instance.h"
#include "key.h"
#include "rewrite.h"

#define EXTHDRS_MAX	16	/* extension headers of an IPv6 packet, as in key.c */
#define ICMP_LEN	8	/* header of every error; the packet is behind it */

static bool is_error4(u8 type)
{
	switch (type) {
	case ICMP_DEST_UNREACH:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		return true;
	default:
		return false;
	}
}

static bool is_error6(u8 type)
{
	return type >= ICMPV6_DEST_UNREACH && type <= ICMPV6_PARAMPROB;
}

bool weft_inner_is_error(const struct weft_key *key)
{
	u16 type = ntohs(key->l4_src);

	if (key->ip_frag)
		return false;	/* the other fragments could not be told whose they are */
	if (key->layers & WEFT_L_ICMP)
		return is_error4(type);
	return key->layers & WEFT_L_ICMP6 && is_error6(type);
}

/* Reading */

struct reader {
	const struct sk_buff *skb;
	unsigned int icmp;	/* these from skb->data: where the error begins, */
	unsigned int pos;	/* the next header */
	unsigned int end;	/* and the packet ends, which may be before it began */
	unsigned int whole;	/* where it ended before it was cut */
};

/* Is there so much of it? */
static bool has(const struct reader *r, unsigned int len)
{
	return r->pos <= r->end && r->end - r->pos >= len;
}

static bool look(const struct reader *r, void *header, unsigned int len)
{
	return has(r, len) && !skb_copy_bits(r->skb, r->pos, header, len);
}

/* The packet says that it is @len bytes long */
static void limit(struct reader *r, unsigned int len)
{
	r->whole = r->pos + len;
	r->end = min(r->end, r->whole);
}

static void note_check(const struct reader *r, struct weft_inner *in, unsigned int ofs,
		       unsigned int len)
{
	if (!has(r, ofs + len))
		return;
	in->check = in->l4 + ofs;
	in->end = in->check + len;
}

static bool read_ports(const struct reader *r, struct weft_inner *in)
{
	__be16 ports[2];

	if (!look(r, ports, sizeof(ports)))
		return false;
	in->sport = ports[0];
	in->dport = ports[1];
	in->end = in->l4 + sizeof(ports);
	return true;
}

static bool read_icmp(const struct reader *r, struct weft_inner *in)
{
	bool v4 = in->layers & WEFT_L_IPV4;
	struct icmphdr h;

	if (!look(r, &h, sizeof(h)))
		return false;
	/* nobody has to send an error about an error (RFC 1122, 3.2.2; RFC 4443, 2.4) */
	if (v4 ? is_error4(h.type) : is_error6(h.type))
		return false;
	in->type = h.type;
	in->code = h.code;
	in->echo = v4 ? h.type == ICMP_ECHO || h.type == ICMP_ECHOREPLY :
			h.type == ICMPV6_ECHO_REQUEST || h.type == ICMPV6_ECHO_REPLY;
	if (in->echo)
		in->id = h.un.echo.id;
	in->check = in->l4 + offsetof(struct icmphdr, checksum);
	in->end = in->l4 + sizeof(h);
	in->layers |= v4 ? WEFT_L_ICMP : WEFT_L_ICMP6;
	return true;
}

static bool read_l4(const struct reader *r, struct weft_inner *in)
{
	in->l4 = r->pos - r->icmp;
	in->end = in->l4;
	if (in->frag & WEFT_FRAG_LATER)
		return true;

	switch (in->proto) {
	case IPPROTO_TCP:
		if (!read_ports(r, in))
			return false;
		in->layers |= WEFT_L_TCP;
		note_check(r, in, offsetof(struct tcphdr, check), sizeof(__sum16));
		break;
	case IPPROTO_UDP:
		if (!read_ports(r, in))
			return false;
		in->layers |= WEFT_L_UDP;
		note_check(r, in, offsetof(struct udphdr, check), sizeof(__sum16));
		break;
	case IPPROTO_SCTP:
		if (!read_ports(r, in))
			return false;
		in->layers |= WEFT_L_SCTP;
		/* of a fragment nobody knows how long the packet is */
		if (in->frag || r->whole < r->pos + sizeof(struct sctphdr))
			break;
		in->sctp_len = r->whole - r->pos;
		note_check(r, in, offsetof(struct sctphdr, checksum), sizeof(__le32));
		break;
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		/* no ports of theirs are in keys; both have the checksum at the same place */
		note_check(r, in, offsetof(struct udphdr, check), sizeof(__sum16));
		break;
	case IPPROTO_ICMP:
		return !(in->layers & WEFT_L_IPV4) || read_icmp(r, in);
	case IPPROTO_ICMPV6:
		return !(in->layers & WEFT_L_IPV6) || read_icmp(r, in);
	}
	return true;
}

static bool read_ipv4(struct reader *r, struct weft_inner *in)
{
	unsigned int ihl, len;
	struct iphdr iph;

	if (!look(r, &iph, sizeof(iph)))
		return false;
	ihl = iph.ihl * 4;
	len = ntohs(iph.tot_len);
	if (iph.version != 4 || ihl < sizeof(iph) || len < ihl || !has(r, ihl))
		return false;
	limit(r, len);
	in->layers = WEFT_L_IPV4;
	in->src.s6_addr32[0] = iph.saddr;
	in->dst.s6_addr32[0] = iph.daddr;
	in->proto = iph.protocol;
	if (iph.frag_off & htons(IP_OFFSET))
		in->frag = WEFT_FRAG_ANY | WEFT_FRAG_LATER;
	else if (iph.frag_off & htons(IP_MF))
		in->frag = WEFT_FRAG_ANY;
	r->pos += ihl;
	return read_l4(r, in);
}

/* Bytes of the extension header @type that begins with @h; 0: it is none, or wrong */
static unsigned int exthdr_len(u8 type, const struct frag_hdr *h)
{
	const struct ipv6_opt_hdr *opt = (const struct ipv6_opt_hdr *)h;

	switch (type) {
	case NEXTHDR_HOP:
	case NEXTHDR_DEST:
	case NEXTHDR_ROUTING:
		return ipv6_optlen(opt);
	case NEXTHDR_FRAGMENT:
		return sizeof(*h);
	case NEXTHDR_AUTH:
		return ipv6_authlen(opt) < sizeof(struct ip_auth_hdr) ? 0 : ipv6_authlen(opt);
	default:
		return 0;
	}
}

static bool is_exthdr(u8 type)
{
	return type == NEXTHDR_HOP || type == NEXTHDR_DEST || type == NEXTHDR_ROUTING ||
	       type == NEXTHDR_FRAGMENT || type == NEXTHDR_AUTH;
}

static bool read_exthdrs(struct reader *r, struct weft_inner *in)
{
	unsigned int len, n;
	struct frag_hdr h;

	for (n = 0; is_exthdr(in->proto) && !(in->frag & WEFT_FRAG_LATER); n++) {
		/* no extension header is shorter than eight bytes */
		if (n == EXTHDRS_MAX || !look(r, &h, sizeof(h)))
			return false;
		len = exthdr_len(in->proto, &h);
		if (!len || !has(r, len))
			return false;
		if (in->proto == NEXTHDR_FRAGMENT) {
			in->frag = WEFT_FRAG_ANY;
			if (h.frag_off & htons(IP6_OFFSET))
				in->frag |= WEFT_FRAG_LATER;
		} else if (in->proto == NEXTHDR_ROUTING) {
			/* segments are left: the last destination is among them */
			in->routed |= !!((const u8 *)&h)[3];
		}
		in->proto = h.nexthdr;
		r->pos += len;
	}
	return true;
}

static bool read_ipv6(struct reader *r, struct weft_inner *in)
{
	struct ipv6hdr ip6h;

	if (!look(r, &ip6h, sizeof(ip6h)))
		return false;
	if (ip6h.version != 6 || !ip6h.payload_len)
		return false;
	limit(r, sizeof(ip6h) + ntohs(ip6h.payload_len));
	in->layers = WEFT_L_IPV6;
	in->src = ip6h.saddr;
	in->dst = ip6h.daddr;
	in->proto = ip6h.nexthdr;
	r->pos += sizeof(ip6h);
	return read_exthdrs(r, in) && read_l4(r, in);
}

bool weft_inner_parse(const struct sk_buff *skb, u16 layers, struct weft_inner *in)
{
	unsigned int nh = skb_network_offset(skb);
	struct reader r = { .skb = skb, .icmp = skb_transport_offset(skb) };
	bool good;

	memset(in, 0, sizeof(*in));
	r.pos = r.icmp + ICMP_LEN;
	if (layers & WEFT_L_IPV4)
		r.end = nh + ntohs(ip_hdr(skb)->tot_len);
	else
		r.end = nh + sizeof(struct ipv6hdr) + ntohs(ipv6_hdr(skb)->payload_len);
	r.end = min(r.end, skb->len);
	good = layers & WEFT_L_IPV4 ? read_ipv4(&r, in) : read_ipv6(&r, in);
	if (!good)
		in->layers = 0;
	return good;
}

/* Translating */

static u8 answer(const struct weft_inner *in)
{
	if (!in->echo)
		return in->type;
	if (in->layers & WEFT_L_ICMP)
		return in->type == ICMP_ECHO ? ICMP_ECHOREPLY : ICMP_ECHO;
	return in->type == ICMPV6_ECHO_REQUEST ? ICMPV6_ECHO_REPLY : ICMPV6_ECHO_REQUEST;
}

void weft_inner_reply(const struct weft_inner *in, struct weft_key *key)
{
	key->layers = (key->layers & (WEFT_L_VLAN | WEFT_L_VLAN2)) | in->layers;
	key->ip_src = in->dst;
	key->ip_dst = in->src;
	key->ip_proto = in->proto;
	key->ip_frag = in->frag;
	key->ipv6_exthdr = 0;
	key->l4_src = in->dport;
	key->l4_dst = in->sport;
	key->tcp_flags = 0;
	if (in->layers & WEFT_L_ICMPS) {
		key->l4_src = htons(answer(in));
		key->l4_dst = htons(in->code);
		key->tcp_flags = in->id;
	}
}

static bool is_of_flow(enum weft_field f)
{
	switch (f) {
	case WEFT_FIELD_IP_SRC:
	case WEFT_FIELD_IP_DST:
	case WEFT_FIELD_IPV6_SRC:
	case WEFT_FIELD_IPV6_DST:
	case WEFT_FIELD_L4_SRC:
	case WEFT_FIELD_L4_DST:
	case WEFT_FIELD_ICMP_ID:
		return true;
	default:
		return false;
	}
}

/* A "set" or "bind"; false when the packet has no such header */
static bool translate_one(const struct weft_flow *flow, const struct weft_act *act,
			  struct weft_key *key)
{
	const struct weft_act_bind *bind = (const void *)act;
	const struct weft_act_set *set = (const void *)act;
	bool is_set = act->type == WEFT_ACT_A_SET;
	enum weft_field f = is_set ? act->arg : bind->bind.field;
	const struct weft_field_desc *d = &weft_fields[f];

	if (!is_of_flow(f))
		return true;
	if (!(d->needs & key->layers))
		return false;
	if (is_set)
		weft_masked_set(weft_field_ptr(key, f), set->v.value, set->v.mask, d->len);
	else
		memcpy(weft_field_ptr(key, f), weft_flow_values(flow) + bind->ofs, d->len);
	return true;
}

int weft_inner_translate(const struct weft_flow *flow, struct weft_key *key)
{
	const struct weft_actions *acts = weft_flow_actions(flow);
	const void *pos, *end;

	if (test_bit(WEFT_SEEN_FAILED, &weft_flow_instance(flow)->seen))
		return -1;
	for (pos = acts->acts, end = pos + acts->len; pos < end;) {
		const struct weft_act *act = pos;

		pos += act->len;
		switch (act->type) {
		case WEFT_ACT_A_SET:
		case WEFT_ACT_A_BIND:
			if (!translate_one(flow, act, key))
				return -1;
			break;
		case WEFT_ACT_A_CLONE:
			pos += act->arg;	/* of a copy */
			break;
		case WEFT_ACT_A_GOTO:
			return act->arg;
		}
	}
	return -1;
}

bool weft_inner_update(struct weft_inner *in, const struct weft_key *reply)
{
	struct weft_inner old = *in;

	in->src = reply->ip_dst;
	in->dst = reply->ip_src;
	if (in->layers & WEFT_L_PORTS) {
		in->sport = reply->l4_dst;
		in->dport = reply->l4_src;
	} else if (in->echo) {
		in->id = reply->tcp_flags;
	}
	return memcmp(in, &old, sizeof(old));
}

/* Writing; the packet may begin at any address */

/* By how much a sum over it changes; headers are at even places */
static __wsum put(u8 *p, const void *value, unsigned int len)
{
	__wsum diff = csum_sub(csum_partial(value, len, 0), csum_partial(p, len, 0));

	memcpy(p, value, len);
	return diff;
}

static void fix_sum(u8 *p, __wsum diff, bool udp)
{
	__sum16 sum;

	memcpy(&sum, p, sizeof(sum));
	if (udp && !sum)
		return;			/* the datagram has none */
	csum_replace_by_diff(&sum, diff);
	if (udp && !sum)
		sum = CSUM_MANGLED_0;
	memcpy(p, &sum, sizeof(sum));
}

/* Ports of SCTP, with the CRC if it is there; see set_sctp_port() in rewrite.c */
static void write_sctp(u8 *l4, const struct weft_inner *in)
{
	__be16 ports[2] = { in->sport, in->dport }, diff[2];
	__le32 check;
	u32 crc;

	memcpy(diff, l4, sizeof(diff));
	diff[0] ^= ports[0];
	diff[1] ^= ports[1];
	memcpy(l4, ports, sizeof(ports));
	if (!in->check)
		return;
	crc = __crc32c_le(0, (const u8 *)diff, sizeof(diff));
	crc = __crc32c_le_shift(crc, in->sctp_len - sizeof(diff));
	memcpy(&check, l4 + offsetof(struct sctphdr, checksum), sizeof(check));
	check ^= cpu_to_le32(crc);
	memcpy(l4 + offsetof(struct sctphdr, checksum), &check, sizeof(check));
}

static void write_l4(u8 *icmp, const struct weft_inner *in, __wsum addr_diff)
{
	u8 *l4 = icmp + in->l4;
	__wsum diff = 0;

	if (in->layers & WEFT_L_SCTP) {
		write_sctp(l4, in);
		return;
	}
	if (in->layers & WEFT_L_PORTS)
		diff = csum_add(put(l4, &in->sport, sizeof(in->sport)),
				put(l4 + 2, &in->dport, sizeof(in->dport)));
	else if (in->echo)
		diff = put(l4 + offsetof(struct icmphdr, un.echo.id), &in->id, sizeof(in->id));
	/* ICMP has no pseudo-header */
	if (!(in->layers & WEFT_L_ICMP))
		diff = csum_add(diff, addr_diff);
	if (in->check)
		fix_sum(icmp + in->check, diff, in->layers & WEFT_L_UDP);
}

static void write_all(u8 *icmp, const struct weft_inner *in)
{
	u8 *ip = icmp + ICMP_LEN;
	__wsum src, dst;

	if (in->layers & WEFT_L_IPV4) {
		src = put(ip + offsetof(struct iphdr, saddr), &in->src, sizeof(__be32));
		dst = put(ip + offsetof(struct iphdr, daddr), &in->dst, sizeof(__be32));
		fix_sum(ip + offsetof(struct iphdr, check), csum_add(src, dst), false);
	} else {
		src = put(ip + offsetof(struct ipv6hdr, saddr), &in->src, sizeof(in->src));
		dst = put(ip + offsetof(struct ipv6hdr, daddr), &in->dst, sizeof(in->dst));
		if (in->routed)
			dst = 0;
	}
	write_l4(icmp, in, csum_add(src, dst));
}

enum weft_drop weft_inner_write(struct sk_buff *skb, const struct weft_inner *in)
{
	unsigned int ofs = skb_transport_offset(skb);
	__wsum before;
	u8 *icmp;

	if (unlikely(ofs + in->end > skb->len))
		return WEFT_DROP_NO_HEADER;
	if (unlikely(skb_ensure_writable(skb, ofs + in->end)))
		return WEFT_DROP_NO_MEMORY;
	icmp = skb->data + ofs;
	before = csum_partial(icmp, in->end, 0);
	write_all(icmp, in);
	if (!weft_l4_partial(skb, ofs, false))
		fix_sum(icmp + offsetof(struct icmphdr, checksum),
			csum_sub(csum_partial(icmp, in->end, 0), before), false);
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_block_add(skb->csum,
					   csum_sub(csum_partial(icmp, in->end, 0), before), ofs);
	return WEFT_DROP_UNSPEC;
}
