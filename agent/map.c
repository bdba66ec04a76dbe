// SPDX-License-Identifier: Apache-2.0
/* map.c - open addressing, at most half full. */
#include <stdlib.h>
#include <string.h>

#include "map.h"
#include "memory.h"

void *map_find(const struct map *map, uint32_t hash, map_equal_fn equal, const void *key)
{
	size_t mask = map->n_slots - 1;

	if (!map->n_slots)
		return NULL;
	for (size_t i = hash & mask; map->slots[i].item; i = (i + 1) & mask) {
		if (map->slots[i].hash == hash && equal(map->slots[i].item, key))
			return map->slots[i].item;
	}
	return NULL;
}

static void map_insert(struct map *map, uint32_t hash, void *item)
{
	size_t mask = map->n_slots - 1;
	size_t i = hash & mask;

	while (map->slots[i].item)
		i = (i + 1) & mask;
	map->slots[i].hash = hash;
	map->slots[i].item = item;
}

static void map_resize(struct map *map, size_t n_slots)
{
	struct map old = *map;

	map->n_slots = n_slots;
	map->slots = memory_zalloc(n_slots * sizeof(*map->slots));
	for (size_t i = 0; i < old.n_slots; i++) {
		if (old.slots[i].item)
			map_insert(map, old.slots[i].hash, old.slots[i].item);
	}
	free(old.slots);
}

void map_reserve(struct map *map, size_t n_items)
{
	size_t n_slots = 16;

	while (n_slots < n_items * 2)
		n_slots *= 2;
	if (n_items && n_slots > map->n_slots)
		map_resize(map, n_slots);
}

void map_add(struct map *map, uint32_t hash, void *item)
{
	if (map->n_items * 2 >= map->n_slots)
		map_resize(map, map->n_slots ? map->n_slots * 2 : 16);
	map_insert(map, hash, item);
	map->n_items++;
}

/* those behind it move up, so that looking for them never meets a gap */
void map_remove(struct map *map, uint32_t hash, const void *item)
{
	size_t mask = map->n_slots - 1, gap = hash & mask;

	while (map->slots[gap].item != item)
		gap = (gap + 1) & mask;
	for (size_t i = (gap + 1) & mask; map->slots[i].item; i = (i + 1) & mask) {
		if (((i - map->slots[i].hash) & mask) < ((i - gap) & mask))
			continue;
		map->slots[gap] = map->slots[i];
		gap = i;
	}
	map->slots[gap].item = NULL;
	map->n_items--;
}

void map_clear(struct map *map)
{
	free(map->slots);
	*map = (struct map){ 0 };
}

/* FNV-1a */
uint32_t map_hash_bytes(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t hash = 2166136261u;

	while (len--)
		hash = (hash ^ *p++) * 16777619u;
	return hash ^ hash >> 15;
}

uint32_t map_hash_string(const char *text)
{
	return map_hash_bytes(text, strlen(text));
}
