/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tunnels.h - all tunnels that are watched: each in order, by where it leads, by its discriminator.
 *
 * A host may have thousands, and each gets packets several times a second.
 */
#ifndef WEFT_SERVICES_BFD_TUNNELS_H
#define WEFT_SERVICES_BFD_TUNNELS_H

#include <stddef.h>
#include <stdint.h>

#include "bfd/packet.h"
#include "map.h"

struct address;
struct tunnel;

struct tunnels {
	struct tunnel **v;
	size_t n;
	struct map by_way; /* port and remote */
	struct map by_discriminator;
};

/* tunnels_add: port, remote and discriminator stay as they are from now on, and no other has them */
void tunnels_add(struct tunnels *tunnels, struct tunnel *tunnel);

/* tunnels_keep_wanted: take out the others; @drop is called with each */
void tunnels_keep_wanted(struct tunnels *tunnels, void (*drop)(struct tunnel *tunnel));
void tunnels_clear(struct tunnels *tunnels);

struct tunnel *tunnels_find(const struct tunnels *tunnels, uint32_t port,
			    const struct address *remote);
struct tunnel *tunnels_find_discriminator(const struct tunnels *tunnels, uint32_t discriminator);

/*
 * tunnels_select: whose packet this is (RFC 5880, 6.8.6): of the session that @yours says, if it is
 * with who has sent it; while that is 0, of the one with who has sent it. Or why it is discarded
 */
enum bfd_verdict tunnels_select(const struct tunnels *tunnels, uint32_t port,
				const struct address *source, uint32_t yours,
				struct tunnel **found);

#endif
