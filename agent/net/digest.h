/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - 64 bits that stand for all that something was made from.
 *
 * Whoever makes entries from objects remembers the digest of what it looked at; when it is the
 * same again, the entries are. (FNV-1a, with the bits mixed once more at each end of a part.)
 */
#ifndef WEFTD_NET_DIGEST_H
#define WEFTD_NET_DIGEST_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DIGEST_START UINT64_C(14695981039346656037)

static inline uint64_t digest_end(uint64_t digest)
{
	digest = (digest ^ digest >> 33) * UINT64_C(0xff51afd7ed558ccd);
	return digest ^ digest >> 29;
}

static inline uint64_t digest_bytes(uint64_t digest, const void *data, size_t len_bytes)
{
	for (const uint8_t *p = data; len_bytes--; p++)
		digest = (digest ^ *p) * UINT64_C(1099511628211);
	return digest_end(digest);
}

static inline uint64_t digest_string(uint64_t digest, const char *text)
{
	return digest_bytes(digest, text ? text : "", text ? strlen(text) + 1 : 0);
}

static inline uint64_t digest_number(uint64_t digest, uint64_t number)
{
	return digest_end((digest ^ number) * UINT64_C(1099511628211));
}

static inline int digest_piece(const char *text, size_t len_bytes, void *digest)
{
	uint64_t *d = digest;

	for (size_t i = 0; i < len_bytes; i++)
		*d = (*d ^ (uint8_t)text[i]) * UINT64_C(1099511628211);
	return 0;
}

/* the order in which a file has the members of an object does not matter */
static inline uint64_t digest_json(uint64_t digest, const json_t *value)
{
	json_dump_callback(value, digest_piece, &digest,
			   JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
	return digest_end(digest);
}

#endif
