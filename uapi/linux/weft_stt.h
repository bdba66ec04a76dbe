/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause */
/*
 * The contract between weft_stt.ko and user space: rtnetlink devices of kind "stt".
 *
 * Such a device is a Stateless Transport Tunnel (draft-davie-stt) in external mode: where
 * a frame goes, and under which context id, is said by the tunnel metadata of each
 * packet (its key is the 64-bit context id). What comes in carries the same metadata.
 */
#ifndef _UAPI_LINUX_WEFT_STT_H
#define _UAPI_LINUX_WEFT_STT_H

#include <linux/types.h>

#define STT_PORT		7471	/* registered for STT */
#define STT_REMOTES_MAX		4096	/* of a device */

/**
 * enum ifla_stt - attributes of IFLA_INFO_DATA
 * @IFLA_STT_PORT: u16, big-endian: the TCP port, STT_PORT when absent. The device owns it
 *	in its namespace, on all addresses, as long as it exists; EADDRINUSE when a socket
 *	or another device has it. Cannot be changed.
 * @IFLA_STT_COLLECT_METADATA: flag: external mode; the only one, so it need not be given
 * @IFLA_STT_REMOTES: nest of enum ifla_stt_remote: from whom frames are accepted, up to
 *	STT_REMOTES_MAX. Replaces the list. Without one nothing is accepted.
 */
enum ifla_stt {
	IFLA_STT_UNSPEC,
	IFLA_STT_PORT,
	IFLA_STT_COLLECT_METADATA,
	IFLA_STT_REMOTES,

	__IFLA_STT_MAX
};

#define IFLA_STT_MAX		(__IFLA_STT_MAX - 1)

/**
 * enum ifla_stt_remote - a remote in IFLA_STT_REMOTES
 * @IFLA_STT_REMOTE_IPV4: 4 bytes, unicast
 * @IFLA_STT_REMOTE_IPV6: 16 bytes, unicast, not a mapped IPv4 address
 */
enum ifla_stt_remote {
	IFLA_STT_REMOTE_UNSPEC,
	IFLA_STT_REMOTE_IPV4,
	IFLA_STT_REMOTE_IPV6,

	__IFLA_STT_REMOTE_MAX
};

#define IFLA_STT_REMOTE_MAX	(__IFLA_STT_REMOTE_MAX - 1)

#endif /* _UAPI_LINUX_WEFT_STT_H */
