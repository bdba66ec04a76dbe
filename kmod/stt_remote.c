// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom a device believes.
 *
 * The list is looked at for each packet, before anything is kept of it. It is
 * sorted, so that no choice of addresses makes the search long.
 */
#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include "stt.h"

static int stt_remotes_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in6_addr));
}

bool stt_remotes_have(const struct stt_remotes *remotes, const struct in6_addr *addr)
{
	return remotes && bsearch(addr, remotes->addrs, remotes->n, sizeof(*addr),
				  stt_remotes_compare);
}

static int stt_remote_parse(const struct nlattr *attr, struct in6_addr *addr,
			    struct netlink_ext_ack *extack)
{
	bool unicast;

	switch (nla_type(attr)) {
	case IFLA_STT_REMOTE_IPV4: {
		__be32 addr4;

		if (nla_len(attr) != sizeof(addr4))
			goto length;
		addr4 = nla_get_in_addr(attr);
		unicast = addr4 && !ipv4_is_multicast(addr4) && !ipv4_is_lbcast(addr4);
		ipv6_addr_set_v4mapped(addr4, addr);
		break;
	}
	case IFLA_STT_REMOTE_IPV6:
		if (nla_len(attr) != sizeof(*addr))
			goto length;
		*addr = nla_get_in6_addr(attr);
		unicast = !ipv6_addr_any(addr) && !ipv6_addr_is_multicast(addr) &&
			  !ipv6_addr_v4mapped(addr);
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr, "not an address");
		return -EINVAL;
	}
	if (!unicast) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "not the address of a tunnel endpoint");
		return -EINVAL;
	}
	return 0;

length:
	NL_SET_ERR_MSG_ATTR(extack, attr, "wrong length of an address");
	return -EINVAL;
}

struct stt_remotes *stt_remotes_make(const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	struct stt_remotes *remotes;
	const struct nlattr *attr;
	unsigned int n = 0, i;
	int rem, err;

	nla_for_each_nested(attr, nest, rem)
		n++;
	if (!n)
		return NULL;
	if (n > STT_REMOTES_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "more than 4096 remotes");
		return ERR_PTR(-E2BIG);
	}
	remotes = kvzalloc(struct_size(remotes, addrs, n), GFP_KERNEL_ACCOUNT);
	if (!remotes) {
		NL_SET_ERR_MSG(extack, "no memory for the remotes");
		return ERR_PTR(-ENOMEM);
	}
	nla_for_each_nested(attr, nest, rem) {
		err = stt_remote_parse(attr, &remotes->addrs[remotes->n], extack);
		if (err)
			goto refuse;
		remotes->n6 += !ipv6_addr_v4mapped(&remotes->addrs[remotes->n]);
		remotes->n++;
	}
	sort(remotes->addrs, n, sizeof(remotes->addrs[0]), stt_remotes_compare, NULL);
	for (i = 1; i < n; i++)
		if (ipv6_addr_equal(&remotes->addrs[i - 1], &remotes->addrs[i])) {
			NL_SET_ERR_MSG_ATTR(extack, nest, "a remote is in the list twice");
			err = -EINVAL;
			goto refuse;
		}
	return remotes;

refuse:
	kvfree(remotes);
	return ERR_PTR(err);
}

size_t stt_remotes_size(const struct stt_remotes *remotes)
{
	u32 n = remotes ? remotes->n : 0, n6 = remotes ? remotes->n6 : 0;

	return nla_total_size(0) + (n - n6) * nla_total_size(sizeof(__be32)) +
	       n6 * nla_total_size(sizeof(struct in6_addr));
}

int stt_remotes_put(struct sk_buff *skb, const struct stt_remotes *remotes)
{
	struct nlattr *nest;
	u32 i;

	nest = nla_nest_start(skb, IFLA_STT_REMOTES);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; remotes && i < remotes->n; i++) {
		const struct in6_addr *addr = &remotes->addrs[i];

		if (ipv6_addr_v4mapped(addr) ?
		    nla_put_in_addr(skb, IFLA_STT_REMOTE_IPV4, addr->s6_addr32[3]) :
		    nla_put_in6_addr(skb, IFLA_STT_REMOTE_IPV6, addr))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}
