// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owning a TCP port without being TCP.
 *
 * The host's TCP must neither answer what comes to the port nor let anybody have
 * it. A socket that is bound but never listens keeps the port, on all addresses of both
 * families. A netfilter hook takes the packets where they would be given to TCP: they are
 * for this host then, have passed its firewall's input rules, and fragments were joined. That
 * is the last hook there.
 *
 * A connection tracker would find these packets INVALID, and many a firewall drops such: an
 * earlier hook tells it to leave those of remotes alone. What is sent says so itself.
 *
 * No TCP socket hears of ICMP errors about our segments. Those that tell of a smaller MTU
 * are for the route; all of them go on to ICMP.
 *
 * Hooks belong to one device; several in a namespace have different ports.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>
#include "stt.h"

/* Is there a TCP header for our port, @at bytes behind skb->data? */
static bool stt_port_ours(const struct stt_device *stt, const struct sk_buff *skb, int at)
{
	__be16 *port, buf;

	port = skb_header_pointer(skb, at + offsetof(struct tcphdr, dest), sizeof(buf), &buf);
	return port && *port == stt->port;
}

/* Before the connection tracker, for packets that come and may be for others */

static unsigned int stt_port_track(struct stt_device *stt, struct sk_buff *skb,
				   const struct in6_addr *saddr, int at)
{
	if (stt_port_ours(stt, skb, at) &&
	    stt_remotes_have(rcu_dereference(stt->remotes), saddr) && !skb_nfct(skb))
		skb_set_nfct(skb, IP_CT_UNTRACKED);
	return NF_ACCEPT;
}

static unsigned int stt_port_track4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct in6_addr saddr;

	if (iph->protocol != IPPROTO_TCP || ip_is_fragment(iph))
		return NF_ACCEPT;
	ipv6_addr_set_v4mapped(iph->saddr, &saddr);
	return stt_port_track(priv, skb, &saddr, skb_network_offset(skb) + iph->ihl * 4);
}

static unsigned int stt_port_track6(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	if (ip6h->nexthdr != IPPROTO_TCP)
		return NF_ACCEPT;
	return stt_port_track(priv, skb, &ip6h->saddr,
			      skb_network_offset(skb) + sizeof(*ip6h));
}

/* … and last of all there: what of the packet may be changed there is, and it has no route yet */
static unsigned int stt_port_input4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->protocol == IPPROTO_TCP && !ip_is_fragment(iph) && !skb_dst(skb) &&
	    stt_port_ours(priv, skb, skb_network_offset(skb) + iph->ihl * 4))
		stt_input_use(priv, skb);
	return NF_ACCEPT;
}

/* For this host */

/*
 * An ICMP error with the packet that caused it @at bytes behind skb->data: was that ours,
 * to a remote? @daddr is where that packet went, @l4 the place of its TCP header.
 */
static bool stt_port_caused(struct stt_device *stt, const struct sk_buff *skb,
			    const struct in6_addr *daddr, int l4)
{
	return stt_port_ours(stt, skb, l4) &&
	       stt_remotes_have(rcu_dereference(stt->remotes), daddr);
}

static void stt_port_icmp4(struct stt_device *stt, struct sk_buff *skb)
{
	unsigned int at = skb_network_offset(skb) + ip_hdrlen(skb);
	struct icmphdr *icmp, icmp_buf;
	struct iphdr *iph, iph_buf;
	struct in6_addr daddr;
	u32 mtu;

	icmp = skb_header_pointer(skb, at, sizeof(icmp_buf), &icmp_buf);
	if (!icmp || icmp->type != ICMP_DEST_UNREACH || icmp->code != ICMP_FRAG_NEEDED)
		return;
	at += sizeof(*icmp);
	iph = skb_header_pointer(skb, at, sizeof(iph_buf), &iph_buf);
	if (!iph || iph->version != 4 || iph->ihl < 5 || iph->protocol != IPPROTO_TCP)
		return;
	ipv6_addr_set_v4mapped(iph->daddr, &daddr);
	if (!stt_port_caused(stt, skb, &daddr, at + iph->ihl * 4) ||
	    csum_fold(skb_checksum(skb, at - sizeof(*icmp), skb->len - at + sizeof(*icmp), 0)))
		return;
	mtu = ntohs(icmp->un.frag.mtu);
	if (!mtu || !pskb_may_pull(skb, at + sizeof(*iph)))
		return;
	stt_count(stt, STT_C_PMTU);
	__skb_pull(skb, at);		/* to the packet that was too long */
	ipv4_update_pmtu(skb, stt->net, mtu, 0, IPPROTO_TCP);
	__skb_push(skb, at);
}

static unsigned int stt_port_local4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	struct stt_device *stt = priv;
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->protocol == IPPROTO_ICMP)
		stt_port_icmp4(stt, skb);
	if (iph->protocol != IPPROTO_TCP ||
	    !stt_port_ours(stt, skb, skb_network_offset(skb) + iph->ihl * 4))
		return NF_ACCEPT;
	local_bh_disable();
	stt_receive(stt, skb, false);
	local_bh_enable();
	return NF_STOLEN;
}

static void stt_port_icmp6(struct stt_device *stt, struct sk_buff *skb)
{
	unsigned int at = skb_network_offset(skb) + sizeof(struct ipv6hdr);
	const struct ipv6hdr *outer = ipv6_hdr(skb);
	struct ipv6hdr *ip6h, ip6h_buf;
	struct icmp6hdr *icmp, icmp_buf;
	__be32 mtu;

	icmp = skb_header_pointer(skb, at, sizeof(icmp_buf), &icmp_buf);
	if (!icmp || icmp->icmp6_type != ICMPV6_PKT_TOOBIG)
		return;
	mtu = icmp->icmp6_dataun.un_data32[0];
	ip6h = skb_header_pointer(skb, at + sizeof(*icmp), sizeof(ip6h_buf), &ip6h_buf);
	if (!ip6h || ip6h->version != 6 || ip6h->nexthdr != IPPROTO_TCP ||
	    !stt_port_caused(stt, skb, &ip6h->daddr, at + sizeof(*icmp) + sizeof(*ip6h)) ||
	    csum_ipv6_magic(&outer->saddr, &outer->daddr, skb->len - at, IPPROTO_ICMPV6,
			    skb_checksum(skb, at, skb->len - at, 0)))
		return;
	at += sizeof(*icmp);
	if (!pskb_may_pull(skb, at + sizeof(*ip6h)))
		return;
	stt_count(stt, STT_C_PMTU);
	__skb_pull(skb, at);
	ip6_update_pmtu(skb, stt->net, mtu, 0, 0, sock_net_uid(stt->net, NULL));
	__skb_push(skb, at);
}

static unsigned int stt_port_local6(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	unsigned int at = skb_network_offset(skb) + sizeof(struct ipv6hdr);
	struct stt_device *stt = priv;

	if (ipv6_hdr(skb)->nexthdr == IPPROTO_ICMPV6)
		stt_port_icmp6(stt, skb);
	if (ipv6_hdr(skb)->nexthdr != IPPROTO_TCP) {
		__be16 frag_off;
		u8 nexthdr = ipv6_hdr(skb)->nexthdr;
		int l4;

		/* no sender of STT adds extension headers, but TCP would look behind them */
		l4 = ipv6_skip_exthdr(skb, at, &nexthdr, &frag_off);
		if (l4 < 0 || nexthdr != IPPROTO_TCP || frag_off & htons(~0x7))
			return NF_ACCEPT;
		at = l4;
	}
	if (!stt_port_ours(stt, skb, at))
		return NF_ACCEPT;
	local_bh_disable();
	stt_receive(stt, skb, true);
	local_bh_enable();
	return NF_STOLEN;
}

static const struct nf_hook_ops stt_port_hooks[STT_HOOKS] = {
	{
		.hook = stt_port_track4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_CONNTRACK - 1,
	}, {
		.hook = stt_port_input4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_LAST,
	}, {
		.hook = stt_port_local4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_LAST - 1,
	}, {
		.hook = stt_port_track6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_CONNTRACK - 1,
	}, {
		.hook = stt_port_local6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP6_PRI_LAST - 1,
	},
};

/* Owning it */

static int stt_port_bind(struct stt_device *stt)
{
	struct sockaddr_storage addr = { };
	struct socket *sock;
	int err, len;

	if (ipv6_mod_enabled()) {
		struct sockaddr_in6 *addr6 = (struct sockaddr_in6 *)&addr;

		err = sock_create_kern(stt->net, AF_INET6, SOCK_STREAM, IPPROTO_TCP, &sock);
		addr6->sin6_family = AF_INET6;
		addr6->sin6_port = stt->port;
		len = sizeof(*addr6);
	} else {
		struct sockaddr_in *addr4 = (struct sockaddr_in *)&addr;

		err = sock_create_kern(stt->net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &sock);
		addr4->sin_family = AF_INET;
		addr4->sin_port = stt->port;
		len = sizeof(*addr4);
	}
	if (err)
		return err;
	sock->sk->sk_ipv6only = 0;	/* both families, whatever the default is */
	err = kernel_bind(sock, (struct sockaddr *)&addr, len);
	if (err) {
		sock_release(sock);
		return err;
	}
	stt->sock = sock;
	return 0;
}

int stt_port_claim(struct stt_device *stt, struct netlink_ext_ack *extack)
{
	unsigned int n = ipv6_mod_enabled() ? STT_HOOKS : STT_HOOKS4, i;
	int err;

	err = stt_port_bind(stt);
	if (err) {
		if (err == -EADDRINUSE)
			NL_SET_ERR_MSG(extack, "the TCP port is in use in this namespace");
		else
			NL_SET_ERR_MSG(extack, "cannot reserve the TCP port");
		return err;
	}
	memcpy(stt->hooks, stt_port_hooks, sizeof(stt->hooks));
	for (i = 0; i < STT_HOOKS; i++)
		stt->hooks[i].priv = stt;
	err = nf_register_net_hooks(stt->net, stt->hooks, n);
	if (err) {
		NL_SET_ERR_MSG(extack, "cannot register netfilter hooks");
		sock_release(stt->sock);
		stt->sock = NULL;
	}
	return err;
}

void stt_port_release(struct stt_device *stt)
{
	if (!stt->sock)
		return;
	nf_unregister_net_hooks(stt->net, stt->hooks,
				ipv6_mod_enabled() ? STT_HOOKS : STT_HOOKS4);
	sock_release(stt->sock);
	stt->sock = NULL;
}
