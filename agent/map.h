/* SPDX-License-Identifier: Apache-2.0 */
/* map.h - hash table of borrowed items; whoever uses it hashes and compares. */
#ifndef WEFTD_MAP_H
#define WEFTD_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint32_t hash;
	void *item;
};

struct map {
	size_t n_slots; /* zero or a power of two */
	size_t n_items;
	struct map_slot *slots;
};

typedef bool (*map_equal_fn)(const void *item, const void *key);

void *map_find(const struct map *map, uint32_t hash, map_equal_fn equal, const void *key);
void map_add(struct map *map, uint32_t hash, void *item);
void map_reserve(struct map *map, size_t n_items);
void map_clear(struct map *map);

/* map_remove: an item that is in there, under its hash */
void map_remove(struct map *map, uint32_t hash, const void *item);

uint32_t map_hash_bytes(const void *data, size_t len);
uint32_t map_hash_string(const char *text);

#endif
