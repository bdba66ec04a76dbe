// SPDX-License-Identifier: Apache-2.0
/*
 * Matches: a sorted array of values under masks with a bitmap of the fields in
 * it. A field's place in the array is the number of bits below its own, so that
 * 200,000 entries of six fields cost 40 MB and not 350.
 *
 * Always canonical: equal matches are equal byte by byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wl.h"

#define ETH_P_IP 0x0800
#define ETH_P_ARP 0x0806
#define ETH_P_IPV6 0x86dd

static bool has(const struct weft_match *match, enum weft_field field)
{
	return match->fields[field / 64] >> field % 64 & 1;
}

static unsigned int place_of(const struct weft_match *match, enum weft_field field)
{
	uint64_t below = match->fields[field / 64] & ((1ULL << field % 64) - 1);
	int place = __builtin_popcountll(below);

	if (field / 64)
		place += __builtin_popcountll(match->fields[0]);
	return (unsigned int)place;
}

/**
 * weft_match_init - begin with a match of every packet
 * @match: to initialise
 */
void weft_match_init(struct weft_match *match)
{
	*match = (struct weft_match){ 0 };
}

/**
 * weft_match_free - free what a match holds
 * @match: left empty
 */
void weft_match_free(struct weft_match *match)
{
	free(match->v);
	weft_match_init(match);
}

/**
 * weft_match_copy - copy a match
 * @out: uninitialised; the caller frees it
 * @match: to copy
 *
 * Returns 0 or -ENOMEM.
 */
int weft_match_copy(struct weft_match *out, const struct weft_match *match)
{
	weft_match_init(out);
	if (!match->n)
		return 0;
	out->v = malloc(match->n * sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	memcpy(out->v, match->v, match->n * sizeof(*out->v));
	memcpy(out->fields, match->fields, sizeof(out->fields));
	out->n = out->size = match->n;
	return 0;
}

/**
 * weft_match_get - what a match says of a field
 * @match: to look in
 * @field: the field
 *
 * Returns the value and mask, which belong to the match, NULL when it says
 * nothing.
 */
const struct weft_field_value *weft_match_get(const struct weft_match *match, enum weft_field field)
{
	if ((unsigned int)field > WEFT_FIELD_MAX || !has(match, field))
		return NULL;
	return &match->v[place_of(match, field)];
}

/**
 * weft_match_put - say what a field must be
 * @match: to change
 * @field: the field
 * @value: its bytes, big-endian
 * @mask: as many bytes; NULL for an exact match; zeroes remove the field
 *
 * Bits of the value outside the mask are cleared.
 *
 * Returns 0, -EINVAL when @field is none, -ERANGE when value or mask have bits
 * beyond the field's width, -ENOMEM; then the match is as it was.
 */
int weft_match_put(struct weft_match *match, enum weft_field field, const void *value,
		   const void *mask)
{
	struct weft_field_value v, *grown;
	unsigned int at, size;
	int err;

	err = wl_field_value_make(&v, field, value, mask);
	if (err)
		return err;
	if (wl_all_zero(v.mask, sizeof(v.mask))) {
		weft_match_del(match, field);
		return 0;
	}

	at = place_of(match, field);
	if (has(match, field)) {
		match->v[at] = v;
		return 0;
	}
	if (match->n == match->size) {
		size = match->size ? match->size * 2 : 6;
		grown = realloc(match->v, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		match->v = grown;
		match->size = size;
	}
	memmove(&match->v[at + 1], &match->v[at], (match->n - at) * sizeof(v));
	match->v[at] = v;
	match->n++;
	match->fields[field / 64] |= 1ULL << field % 64;
	return 0;
}

/**
 * weft_match_put_uint - match a number exactly
 * @match: to change
 * @field: a field of up to 8 bytes
 * @value: the number
 *
 * Returns as weft_match_put(), and -EINVAL for a longer field.
 */
int weft_match_put_uint(struct weft_match *match, enum weft_field field, uint64_t value)
{
	return weft_match_put_masked(match, field, value, UINT64_MAX);
}

/**
 * weft_match_put_masked - match a number under a mask
 * @match: to change
 * @field: a field of up to 8 bytes
 * @value: the number
 * @mask: its bits that matter; UINT64_MAX for all
 *
 * Returns as weft_match_put(), and -EINVAL for a longer field.
 */
int weft_match_put_masked(struct weft_match *match, enum weft_field field, uint64_t value,
			  uint64_t mask)
{
	const struct weft_field_desc *desc = weft_field_desc(field);
	uint8_t v[8], m[8];

	if (!desc || desc->len > 8)
		return -EINVAL;
	if (desc->len < 8 &&
	    (value >> desc->len * 8 || (mask != UINT64_MAX && mask >> desc->len * 8)))
		return -ERANGE;
	wl_put_be(v, desc->len, value);
	wl_put_be(m, desc->len, mask);
	return weft_match_put(match, field, v, m);
}

/**
 * weft_match_del - say nothing of a field any more
 * @match: to change
 * @field: the field; nothing happens when the match does not have it
 */
void weft_match_del(struct weft_match *match, enum weft_field field)
{
	unsigned int at;

	if (!weft_match_get(match, field))
		return;
	at = place_of(match, field);
	match->n--;
	memmove(&match->v[at], &match->v[at + 1], (match->n - at) * sizeof(*match->v));
	match->fields[field / 64] &= ~(1ULL << field % 64);
}

/**
 * weft_match_exact_uint - the number that a field must be
 * @match: to look in
 * @field: a field of up to 8 bytes
 * @value: gets the number
 *
 * Returns false when the match does not pin down every bit of the field.
 */
bool weft_match_exact_uint(const struct weft_match *match, enum weft_field field, uint64_t *value)
{
	const struct weft_field_value *v = weft_match_get(match, field);
	const struct weft_field_desc *desc = weft_field_desc(field);

	if (!v || desc->len > 8 || !wl_mask_is_full(field, v->mask))
		return false;
	*value = wl_get_be(v->value, desc->len);
	return true;
}

/**
 * weft_match_equal - do two matches select the same packets, word by word?
 * @a: one
 * @b: the other
 */
bool weft_match_equal(const struct weft_match *a, const struct weft_match *b)
{
	return !weft_match_cmp(a, b);
}

/**
 * weft_match_cmp - an order over all matches
 * @a: one
 * @b: the other
 *
 * Returns less than, equal to or greater than 0.
 */
int weft_match_cmp(const struct weft_match *a, const struct weft_match *b)
{
	int cmp = memcmp(a->fields, b->fields, sizeof(a->fields));

	if (cmp)
		return cmp;
	return a->n ? memcmp(a->v, b->v, a->n * sizeof(*a->v)) : 0;
}

/**
 * weft_match_hash - hash of a match
 * @match: to hash
 *
 * Returns a number that is the same for equal matches in one build of the
 * library; it is no protection against chosen collisions.
 */
uint32_t weft_match_hash(const struct weft_match *match)
{
	const uint8_t *p = (const uint8_t *)match->v;
	size_t n = match->n * sizeof(*match->v), i;
	uint64_t hash = (match->fields[0] + match->fields[1]) * 0x9e3779b97f4a7c15ULL;
	uint64_t word;

	for (i = 0; i < n; i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return (uint32_t)(hash ^ hash >> 32);
}

static bool is(const struct weft_match *match, enum weft_field field, uint64_t value)
{
	uint64_t v;

	return weft_match_exact_uint(match, field, &v) && v == value;
}

const char *wl_match_missing(const struct weft_match *match, enum weft_field field)
{
	bool ipv4 = is(match, WEFT_FIELD_ETH_TYPE, ETH_P_IP);
	bool ipv6 = is(match, WEFT_FIELD_ETH_TYPE, ETH_P_IPV6);
	bool ip = ipv4 || ipv6;
	bool tcp = ip && is(match, WEFT_FIELD_IP_PROTO, 6);
	bool icmp6 = ipv6 && is(match, WEFT_FIELD_IP_PROTO, 58);
	bool ns = icmp6 && is(match, WEFT_FIELD_ICMP_TYPE, 135);
	bool na = icmp6 && is(match, WEFT_FIELD_ICMP_TYPE, 136);

	switch ((enum wl_needs)weft_field_desc(field)->needs) {
	case WL_NEEDS_NOTHING:
		return NULL;
	case WL_NEEDS_IPV4:
		return ipv4 ? NULL : "ip (eth_type=0x0800)";
	case WL_NEEDS_IPV6:
		return ipv6 ? NULL : "ipv6 (eth_type=0x86dd)";
	case WL_NEEDS_IP:
		return ip ? NULL : "ip or ipv6 (eth_type=0x0800 or 0x86dd)";
	case WL_NEEDS_PORTS:
		return tcp || (ip && (is(match, WEFT_FIELD_IP_PROTO, 17) ||
				      is(match, WEFT_FIELD_IP_PROTO, 132))) ?
			       NULL :
			       "tcp, udp or sctp (ip_proto=6, 17 or 132)";
	case WL_NEEDS_TCP:
		return tcp ? NULL : "tcp (ip_proto=6)";
	case WL_NEEDS_ICMP:
		return icmp6 || (ipv4 && is(match, WEFT_FIELD_IP_PROTO, 1)) ?
			       NULL :
			       "icmp or icmp6 (ip, ip_proto=1 or ipv6, ip_proto=58)";
	case WL_NEEDS_ARP:
		return is(match, WEFT_FIELD_ETH_TYPE, ETH_P_ARP) ? NULL : "arp (eth_type=0x0806)";
	case WL_NEEDS_ND:
		return ns || na ? NULL : "nd_ns or nd_na (icmp6, icmp_type=135 or 136)";
	case WL_NEEDS_NS:
		return ns ? NULL : "nd_ns (icmp6, icmp_type=135)";
	case WL_NEEDS_NA:
		return na ? NULL : "nd_na (icmp6, icmp_type=136)";
	}
	return NULL;
}

static enum weft_field first_of(const struct weft_match *match, enum weft_field a,
				enum weft_field b)
{
	return weft_match_get(match, a) ? a : weft_match_get(match, b) ? b : WEFT_FIELD_UNSPEC;
}

const char *wl_match_clash(const struct weft_match *match, bool metadata, enum weft_field *field,
			   enum weft_field *other)
{
	enum weft_field ipv4 = first_of(match, WEFT_FIELD_TUN_SRC, WEFT_FIELD_TUN_DST);
	enum weft_field ipv6 = first_of(match, WEFT_FIELD_TUN_IPV6_SRC, WEFT_FIELD_TUN_IPV6_DST);
	const struct weft_field_value *flags = weft_match_get(match, WEFT_FIELD_TUN_FLAGS);

	if (ipv4 && ipv6) {
		*field = ipv6;
		*other = ipv4;
		return "is IPv6, unlike";
	}
	if (!flags || (!ipv4 && !ipv6) || !(wl_get_be(flags->mask, 2) & WEFT_TUN_F_IPV6))
		return NULL;
	*field = WEFT_FIELD_TUN_FLAGS;
	*other = ipv4 ? ipv4 : ipv6;
	if (!(wl_get_be(flags->value, 2) & WEFT_TUN_F_IPV6) == !ipv6)
		return metadata ? NULL : "must leave out ipv6, which is implied by";
	return "contradicts in ipv6 the address in";
}

/**
 * weft_match_check - are all prerequisites matched too, and do tunnel fields agree?
 * @match: to check
 * @err: gets the field and what is wrong with it; may be NULL
 *
 * Returns 0 or -EINVAL.
 */
int weft_match_check(const struct weft_match *match, struct weft_error *err)
{
	struct wl_parse ps = { .err = err };
	enum weft_field field, other;
	const char *missing, *clash;
	unsigned int f;

	clash = wl_match_clash(match, false, &field, &other);
	if (clash)
		return wl_fail(&ps, (struct wl_tok){ 0 }, "%s %s %s", weft_field_desc(field)->name,
			       clash, weft_field_desc(other)->name);
	for (f = 1; f <= WEFT_FIELD_MAX; f++) {
		if (!weft_match_get(match, f))
			continue;
		missing = wl_match_missing(match, f);
		if (missing)
			return wl_fail(&ps, (struct wl_tok){ 0 }, "%s needs %s",
				       weft_field_desc(f)->name, missing);
	}
	return 0;
}
