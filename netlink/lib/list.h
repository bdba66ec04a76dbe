/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every object's file does alike: reading the one object of an answer,
 * handing the objects of a dump to a callback, and dumping into an array, which is
 * tried again while the kernel says that objects changed under it.
 */
#ifndef WEFT_LIB_LIST_H
#define WEFT_LIB_LIST_H

#include <errno.h>
#include <stdlib.h>

#include "wl.h"

/*
 * Defines noun_request_one(), noun_request_each(), and struct noun_list with
 * noun_append() for weft_<noun>_dump() and noun_list_clear(). @copy(to, from)
 * returns 0 or -errno.
 */
#define WL_OBJECT(noun, copy, free_one)                                                            \
	struct noun##_one {                                                                        \
		struct weft_##noun *out;                                                           \
		bool found;                                                                        \
	};                                                                                         \
                                                                                                   \
	static int noun##_take_one(const struct nlmsghdr *nlh, void *ctx)                          \
	{                                                                                          \
		struct noun##_one *one = ctx;                                                      \
		int err;                                                                           \
                                                                                                   \
		if (one->found)                                                                    \
			return 0;                                                                  \
		err = wl_##noun##_get_msg(one->out, nlh);                                          \
		one->found = !err;                                                                 \
		return err;                                                                        \
	}                                                                                          \
                                                                                                   \
	static int noun##_request_one(struct weft_sock *sock, struct nlmsghdr *nlh,                \
				      struct weft_##noun *out)                                     \
	{                                                                                          \
		struct noun##_one one = { .out = out };                                            \
		int err = wl_request(sock, nlh, noun##_take_one, &one);                            \
                                                                                                   \
		if (err && one.found)                                                              \
			free_one(out);                                                             \
		if (!err && !one.found)                                                            \
			err = wl_sock_fail(sock, -EPROTO, "the kernel sent no " #noun);            \
		return err;                                                                        \
	}                                                                                          \
                                                                                                   \
	struct noun##_each {                                                                       \
		int (*cb)(const struct weft_##noun *noun, void *ctx);                              \
		void *ctx;                                                                         \
	};                                                                                         \
                                                                                                   \
	static int noun##_give_one(const struct nlmsghdr *nlh, void *ctx)                          \
	{                                                                                          \
		const struct noun##_each *each = ctx;                                              \
		struct weft_##noun one;                                                            \
		int err = wl_##noun##_get_msg(&one, nlh);                                          \
                                                                                                   \
		if (err)                                                                           \
			return err;                                                                \
		err = each->cb(&one, each->ctx);                                                   \
		free_one(&one);                                                                    \
		return err;                                                                        \
	}                                                                                          \
                                                                                                   \
	static int noun##_request_each(struct weft_sock *sock, struct nlmsghdr *nlh,               \
				       int (*cb)(const struct weft_##noun *noun, void *ctx),       \
				       void *ctx)                                                  \
	{                                                                                          \
		struct noun##_each each = { cb, ctx };                                             \
                                                                                                   \
		return wl_request(sock, nlh, noun##_give_one, &each);                              \
	}                                                                                          \
                                                                                                   \
	struct noun##_list {                                                                       \
		struct weft_##noun *v;                                                             \
		size_t n, size;                                                                    \
	};                                                                                         \
                                                                                                   \
	static int noun##_append(const struct weft_##noun *one, void *ctx)                         \
	{                                                                                          \
		struct noun##_list *list = ctx;                                                    \
		int err;                                                                           \
                                                                                                   \
		if (list->n == list->size) {                                                       \
			size_t size = list->size ? list->size * 2 : 16;                            \
			void *grown = realloc(list->v, size * sizeof(*list->v));                   \
                                                                                                   \
			if (!grown)                                                                \
				return -ENOMEM;                                                    \
			list->v = grown;                                                           \
			list->size = size;                                                         \
		}                                                                                  \
		err = copy(&list->v[list->n], one);                                                \
		if (!err)                                                                          \
			list->n++;                                                                 \
		return err;                                                                        \
	}                                                                                          \
                                                                                                   \
	static void noun##_list_clear(struct weft_##noun *v, size_t n)                             \
	{                                                                                          \
		while (n--)                                                                        \
			free_one(&v[n]);                                                           \
		free(v);                                                                           \
	}

/* The body of weft_<noun>_list(): @dump calls noun##_append with &list */
#define WL_LIST_TRY(noun, out, out_n, dump)                                                        \
	do {                                                                                       \
		unsigned int tries = 0;                                                            \
		int err;                                                                           \
                                                                                                   \
		do {                                                                               \
			struct noun##_list list = { 0 };                                           \
                                                                                                   \
			err = dump;                                                                \
			*(out) = list.v;                                                           \
			*(out_n) = list.n;                                                         \
			if (err) {                                                                 \
				if (err == 1 && tries + 1 == WL_LIST_TRIES)                        \
					break;                                                     \
				noun##_list_clear(list.v, list.n);                                 \
				*(out) = NULL;                                                     \
				*(out_n) = 0;                                                      \
			}                                                                          \
		} while (err == 1 && ++tries < WL_LIST_TRIES);                                     \
		return err;                                                                        \
	} while (0)

#endif /* WEFT_LIB_LIST_H */
