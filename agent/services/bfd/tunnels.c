// SPDX-License-Identifier: Apache-2.0
/* tunnels.c - see tunnels.h. */
#include <stdlib.h>

#include "memory.h"
#include "services/bfd/tunnel.h"
#include "services/bfd/tunnels.h"

struct way {
	uint32_t port;
	const struct address *remote;
};

static uint32_t hash_way(uint32_t port, const struct address *remote)
{
	return map_hash_bytes(remote->bytes, address_len(remote)) ^
	       map_hash_bytes(&port, sizeof(port));
}

static bool way_is(const void *item, const void *key)
{
	const struct tunnel *tunnel = item;
	const struct way *way = key;

	return tunnel->port == way->port && address_equal(&tunnel->remote, way->remote);
}

static bool discriminator_is(const void *item, const void *key)
{
	const struct tunnel *tunnel = item;

	return tunnel->session.discriminator == *(const uint32_t *)key;
}

/* discriminators are random: they are their own hash */
void tunnels_add(struct tunnels *tunnels, struct tunnel *tunnel)
{
	tunnels->v = memory_grow(tunnels->v, tunnels->n, sizeof(*tunnels->v));
	tunnels->v[tunnels->n++] = tunnel;
	map_add(&tunnels->by_way, hash_way(tunnel->port, &tunnel->remote), tunnel);
	map_add(&tunnels->by_discriminator, tunnel->session.discriminator, tunnel);
}

void tunnels_keep_wanted(struct tunnels *tunnels, void (*drop)(struct tunnel *tunnel))
{
	size_t n = 0;

	for (size_t i = 0; i < tunnels->n; i++) {
		struct tunnel *tunnel = tunnels->v[i];

		if (tunnel->wanted) {
			tunnels->v[n++] = tunnel;
			continue;
		}
		map_remove(&tunnels->by_way, hash_way(tunnel->port, &tunnel->remote), tunnel);
		map_remove(&tunnels->by_discriminator, tunnel->session.discriminator, tunnel);
		drop(tunnel);
	}
	tunnels->n = n;
}

void tunnels_clear(struct tunnels *tunnels)
{
	map_clear(&tunnels->by_way);
	map_clear(&tunnels->by_discriminator);
	free(tunnels->v);
	*tunnels = (struct tunnels){ 0 };
}

struct tunnel *tunnels_find(const struct tunnels *tunnels, uint32_t port,
			    const struct address *remote)
{
	const struct way way = { port, remote };

	return map_find(&tunnels->by_way, hash_way(port, remote), way_is, &way);
}

struct tunnel *tunnels_find_discriminator(const struct tunnels *tunnels, uint32_t discriminator)
{
	return map_find(&tunnels->by_discriminator, discriminator, discriminator_is,
			&discriminator);
}

enum bfd_verdict tunnels_select(const struct tunnels *tunnels, uint32_t port,
				const struct address *source, uint32_t yours, struct tunnel **found)
{
	const struct way way = { port, source };

	if (!yours) {
		*found = tunnels_find(tunnels, port, source);
		return *found ? BFD_GOOD : BFD_UNKNOWN;
	}
	*found = tunnels_find_discriminator(tunnels, yours);
	if (!*found)
		return BFD_UNKNOWN;
	return way_is(*found, &way) ? BFD_GOOD : BFD_SOURCE;
}
