/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trail of a walk: what its outcome depends on, and whom it credits.
 *
 * Fields of the key are either stable, and compared exactly before a cached
 * program is used, or volatile: they change from packet to packet of one
 * connection, and are compared only as far as the walk looked at them.
 */
#ifndef WEFT_TRAIL_H
#define WEFT_TRAIL_H

#include <asm/byteorder.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/weft.h>
#include "key.h"
#include "stamp.h"

struct weft_flow_stats;

/* Instances that one packet may make or meet by an action */
#define WEFT_OPENED_MAX	16

/* Places a walk may look at and be cached */
#define WEFT_PROBES_MAX	512

/* Of these, how many are kept apart as places of one connection only; more are as any others */
#define WEFT_OWN_MAX	16

/* Words of the key that have volatile fields, and which of their bits those are */
#define WEFT_WORD_TUN	(offsetof(struct weft_key, stage) / sizeof(u64))
#define WEFT_WORD_IP	(offsetof(struct weft_key, ip_tos) / sizeof(u64))
#define WEFT_WORD_L4	(offsetof(struct weft_key, l4_src) / sizeof(u64))

#define WEFT_VOLATILE_TUN	((__force u64)cpu_to_be64(0x00ffff0000000000ULL))
#define WEFT_VOLATILE_IP	((__force u64)cpu_to_be64(0xffff0000ffffffffULL))
#define WEFT_VOLATILE_TTL	((__force u64)cpu_to_be64(0x00ff000000000000ULL))
#define WEFT_VOLATILE_L4	((__force u64)cpu_to_be64(0x00000000ffff0000ULL))
/* SYN, RST and FIN, which change the state of a connection */
#define WEFT_VOLATILE_STATE	((__force u64)cpu_to_be64(0x0000000000070000ULL))

static_assert(offsetof(struct weft_key, stage) % sizeof(u64) == 0);
static_assert(offsetof(struct weft_key, tun_tos) % sizeof(u64) == 1);
static_assert(offsetof(struct weft_key, tun_ttl) % sizeof(u64) == 2);
static_assert(offsetof(struct weft_key, ip_tos) % sizeof(u64) == 0);
static_assert(offsetof(struct weft_key, ip_ttl) % sizeof(u64) == 1);
static_assert(offsetof(struct weft_key, ipv6_label) % sizeof(u64) == 4);
static_assert(offsetof(struct weft_key, l4_src) % sizeof(u64) == 0);
static_assert(offsetof(struct weft_key, tcp_flags) % sizeof(u64) == 4);

/* Which volatile bits were looked at */
struct weft_volatile {
	u64 ip;
	u64 l4;
	u64 tun;
};

/* Does the instance of an entry look at each packet, as one of which direction? */
enum weft_guard {
	WEFT_GUARD_NONE,
	WEFT_GUARD_FORWARD,
	WEFT_GUARD_REPLY,
};

/* Which packets that come after has an instance without windows to be told of? */
enum weft_watch {
	WEFT_WATCH_NONE,
	WEFT_WATCH_ENDS,	/* of TCP those with SYN, FIN or RST */
	WEFT_WATCH_ALL,
};

struct weft_credit {
	struct weft_flow_stats *stats;	/* NULL: no entry won */
	u8 table;
	bool matched;			/* an entry other than the miss entry */
	bool refresh;			/* only its time of use, no lookup */
	bool of_instance;		/* the counters are an instance's, else a rule's */
	u8 guard;			/* enum weft_guard */
	u8 watch;			/* enum weft_watch; then guard says only the direction */
};

struct weft_trail {
	u32 seq;			/* of the stamps, before the walk */
	bool cacheable;			/* as far as is known */
	u8 ttl_min;			/* the packet's TTL had to be in this range */
	u8 ttl_max;
	u16 mtu;			/* no longer packets; U16_MAX: nobody asked */
	u16 n_probes;
	u16 n_own;
	u16 n_credits;
	u16 n_tunnels;			/* operations that send into one */
	struct weft_volatile vol;
	struct weft_credit credits[WEFT_STAGE_MAX + WEFT_OPENED_MAX];
	struct weft_probe probes[WEFT_PROBES_MAX];
	struct weft_probe own[WEFT_OWN_MAX];	/* where the entry of an instance is, or would be */
	/* scratch of lookups: kernels may clear what is on the stack */
	u64 words[WEFT_KEY_WORDS];
};

static inline void weft_trail_probe(struct weft_trail *trail, const struct weft_stamps *stamps,
				    u32 hash)
{
	if (unlikely(trail->n_probes == WEFT_PROBES_MAX)) {
		trail->cacheable = false;
		return;
	}
	weft_probe(stamps, hash, &trail->probes[trail->n_probes++]);
}

static inline void weft_trail_own(struct weft_trail *trail, const struct weft_stamps *stamps,
				  u32 hash)
{
	if (trail->n_own == WEFT_OWN_MAX)
		weft_trail_probe(trail, stamps, hash);
	else
		weft_probe(stamps, hash, &trail->own[trail->n_own++]);
}

static inline struct weft_credit *weft_trail_credit(struct weft_trail *trail,
						    struct weft_flow_stats *stats, u8 table,
						    bool matched)
{
	struct weft_credit *credit = &trail->credits[trail->n_credits++];

	*credit = (struct weft_credit) {
		.stats = stats, .table = table, .matched = matched,
	};
	return credit;
}

/* Packets like this one keep an instance from idling, though they do not meet its entry */
static inline void weft_trail_refresh(struct weft_trail *trail, struct weft_flow_stats *stats)
{
	trail->credits[trail->n_credits++] = (struct weft_credit) {
		.stats = stats, .refresh = true, .of_instance = true,
	};
}

/*
 * Volatile fields: what is read of one, and what a write leaves of it, decides the outcome.
 * A write is taken as a whole, since it is left out when it would change nothing.
 */
static inline void weft_trail_depends(struct weft_trail *trail, enum weft_field f)
{
	struct weft_volatile *vol = &trail->vol;

	switch (f) {
	case WEFT_FIELD_TUN_TOS:
	case WEFT_FIELD_TUN_TTL:
		vol->tun = WEFT_VOLATILE_TUN;
		break;
	case WEFT_FIELD_IP_TTL:
	case WEFT_FIELD_IP_TOS:
	case WEFT_FIELD_IPV6_LABEL:
		vol->ip = WEFT_VOLATILE_IP;
		break;
	case WEFT_FIELD_TCP_FLAGS:
	case WEFT_FIELD_ICMP_ID:
		vol->l4 = WEFT_VOLATILE_L4;
		break;
	default:
		break;
	}
}

#endif /* WEFT_TRAIL_H */
