// SPDX-License-Identifier: Apache-2.0
/*
 * reject.c - see reject.h.
 *
 * What a host has no entry for may be in use by another one that has other ports of the same
 * address. So entries match the ranges of the pool to the port, not addresses alone: each range
 * is cut into blocks of addresses and of ports that a mask can tell.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "memory.h"
#include "services/nat/nat.h"
#include "services/nat/reject.h"

/* numbers of some bytes, big-endian, that have their first bits in common */
struct block {
	uint8_t first[16];
	uint8_t last[16];
	unsigned int n_bytes;
	unsigned int len; /* bits in common */
};

static bool get_bit(const uint8_t *number, unsigned int bit)
{
	return number[bit / 8] & 0x80 >> bit % 8;
}

/* the largest block that begins at its .first and goes no further than @end */
static void fit_block(struct block *block, const uint8_t *end)
{
	block->len = 8 * block->n_bytes;
	memcpy(block->last, block->first, block->n_bytes);
	while (block->len && !get_bit(block->first, block->len - 1)) {
		uint8_t longer[16];
		unsigned int bit = block->len - 1;

		memcpy(longer, block->last, block->n_bytes);
		longer[bit / 8] |= 0x80 >> bit % 8;
		if (memcmp(longer, end, block->n_bytes) > 0)
			return;
		memcpy(block->last, longer, block->n_bytes);
		block->len--;
	}
}

static void begin_blocks(struct block *block, const uint8_t *first, const uint8_t *end,
			 unsigned int n_bytes)
{
	block->n_bytes = n_bytes;
	memcpy(block->first, first, n_bytes);
	fit_block(block, end);
}

/* false: that was the last one */
static bool next_block(struct block *block, const uint8_t *end)
{
	if (!memcmp(block->last, end, block->n_bytes))
		return false;
	memcpy(block->first, block->last, block->n_bytes);
	for (unsigned int i = block->n_bytes; i-- && !++block->first[i];)
		;
	fit_block(block, end);
	return true;
}

static char *entry_text(const struct nat_rule *rule, const struct block *addresses,
			const struct block *ports)
{
	const struct nat_slice *slice = rule->slice;
	struct address first = { .family = rule->family };
	char ip[ADDRESS_TEXT], ldp[24] = "", port[40] = "";

	memcpy(first.bytes, addresses->first, addresses->n_bytes);
	if (slice->ldp)
		snprintf(ldp, sizeof(ldp), "ldp=%u, ", slice->ldp);
	if (ports->len)
		snprintf(port, sizeof(port), ", tcp_dst=%u/0x%x",
			 (unsigned int)ports->first[0] << 8 | ports->first[1],
			 0xffffu << (16 - ports->len) & 0xffff);
	return memory_printf("table=%u, priority=%d, %s%s, %s=%s/%u%s actions=reject:tcp_rst, "
			     "goto:%u",
			     slice->tables[NAT_TABLE_UNNAT], rule->reject, ldp,
			     rule->family == AF_INET6 ? "tcp6" : "tcp",
			     rule->family == AF_INET6 ? "ipv6_dst" : "ip_dst",
			     address_format(&first, ip), addresses->len, port,
			     slice->tables[NAT_TABLE_UNNAT_NEXT]);
}

static size_t walk_range(const struct nat_rule *rule, const struct weft_pool_range *range,
			 size_t max, nat_reject_fn fn, void *ctx)
{
	const uint8_t first[2] = { range->first_port >> 8, range->first_port };
	const uint8_t end[2] = { range->last_port >> 8, range->last_port };
	struct block addresses, ports;
	size_t n = 0;

	begin_blocks(&addresses, range->first, range->last, range->family == 6 ? 16 : 4);
	do {
		begin_blocks(&ports, first, end, sizeof(first));
		do {
			char *text = fn ? entry_text(rule, &addresses, &ports) : NULL;

			if (fn)
				fn(ctx, rule, text);
			free(text);
			n++;
		} while (n < max && next_block(&ports, end));
	} while (n < max && next_block(&addresses, range->last));
	return n;
}

static size_t walk_rule(const struct nat_rule *rule, size_t max, nat_reject_fn fn, void *ctx)
{
	const struct weft_ranges *ranges = &rule->pool->pool.ranges;
	size_t n = 0;

	for (unsigned int i = 0; i < ranges->n_ranges && n < max; i++) {
		const struct weft_pool_range *range = &ranges->ranges[i];

		if ((range->family == 6) == (rule->family == AF_INET6))
			n += walk_range(rule, range, max - n, fn, ctx);
	}
	return n;
}

size_t nat_count_rejects(const struct nat_rule *rule)
{
	return walk_rule(rule, NAT_REJECTS_MAX + 1, NULL, NULL);
}

/* rules of a slice may give of one pool: what they refuse is the same */
static bool is_repeated(const struct nat_slice *slice, const struct nat_rule *rule)
{
	for (const struct nat_rule *other = slice->rules; other < rule; other++) {
		if (other->pool == rule->pool && other->family == rule->family &&
		    other->reject == rule->reject)
			return true;
	}
	return false;
}

void nat_each_reject(const struct nat *nat, nat_reject_fn fn, void *ctx)
{
	for (size_t i = 0; i < nat->n_slices; i++) {
		const struct nat_slice *slice = &nat->slices[i];

		for (size_t j = 0; j < slice->n_rules; j++) {
			const struct nat_rule *rule = &slice->rules[j];

			if (rule->reject >= 0 && !is_repeated(slice, rule))
				walk_rule(rule, NAT_REJECTS_MAX, fn, ctx);
		}
	}
}
