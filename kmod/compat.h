/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place with kernel-version tests: gives the rest of the module one
 * interface on Linux 6.1 … 6.12.
 */
#ifndef WEFT_COMPAT_H
#define WEFT_COMPAT_H

#include <linux/version.h>
#include <net/dst_metadata.h>
#include <net/genetlink.h>
#include <net/ip_tunnels.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>		/* __skb_gso_segment(); before: linux/netdevice.h */
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/*
 * Messages with arguments: WEFT_ERR(extack, format, …), and WEFT_ERR_ATTR() which
 * names the attribute to blame, too. Linux before 6.3 keeps a pointer only, so the
 * text goes into one of a ring of buffers; it is copied into the answer when the
 * handler returns. A text can only be wrong if 64 refusals overtake this one.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define WEFT_ERR(extack, ...)	NL_SET_ERR_MSG_FMT(extack, __VA_ARGS__)
#else
#define WEFT_COMPAT_MESSAGE
const char *weft_compat_message(const char *fmt, ...) __printf(1, 2);

#define WEFT_ERR(extack, ...) do {					\
	struct netlink_ext_ack *ext_ = (extack);			\
									\
	if (ext_)							\
		ext_->_msg = weft_compat_message(__VA_ARGS__);		\
} while (0)
#endif

#define WEFT_ERR_ATTR(extack, attr, ...) do {				\
	NL_SET_BAD_ATTR(extack, attr);					\
	WEFT_ERR(extack, __VA_ARGS__);					\
} while (0)

/* Attributes of a dump request */
static inline struct nlattr **weft_dump_attrs(const struct netlink_callback *cb)
{
	const struct genl_dumpit_info *dump = cb->data;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return dump->info.attrs;
#else
	return dump->attrs;
#endif
}

/* Flags of a tunnel key: weft_tun_test(key, CRIT_OPT), weft_tun_set(key, CRIT_OPT) */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define weft_tun_test(key, flag)	test_bit(IP_TUNNEL_##flag##_BIT, (key)->tun_flags)
#define weft_tun_set(key, flag)		__set_bit(IP_TUNNEL_##flag##_BIT, (key)->tun_flags)
#else
#define weft_tun_test(key, flag)	(!!((key)->tun_flags & TUNNEL_##flag))
#define weft_tun_set(key, flag)		((key)->tun_flags |= TUNNEL_##flag)
#endif

/* Metadata of a packet that came through a tunnel with key @id and no options */
static inline struct metadata_dst *weft_tun_rx_dst4(__be32 saddr, __be32 daddr, u8 tos, u8 ttl,
						    __be64 id)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	IP_TUNNEL_DECLARE_FLAGS(flags) = { };

	__set_bit(IP_TUNNEL_KEY_BIT, flags);
#else
	__be16 flags = TUNNEL_KEY;
#endif
	return __ip_tun_set_dst(saddr, daddr, tos, ttl, 0, flags, id, 0);
}

static inline struct metadata_dst *weft_tun_rx_dst6(const struct in6_addr *saddr,
						    const struct in6_addr *daddr, u8 tos, u8 ttl,
						    __be32 label, __be64 id)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	IP_TUNNEL_DECLARE_FLAGS(flags) = { };

	__set_bit(IP_TUNNEL_KEY_BIT, flags);
#else
	__be16 flags = TUNNEL_KEY;
#endif
	return __ipv6_tun_set_dst(saddr, daddr, tos, ttl, 0, label, flags, id, 0);
}

/* The device's transmission needs no lock */
static inline void weft_dev_set_lltx(struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

#endif /* WEFT_COMPAT_H */
