// SPDX-License-Identifier: Apache-2.0
/*
 * Labels: the structure, its JSON, and the requests about them.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>

#include "json.h"
#include "list.h"
#include "wl.h"

static int label_get_attr(struct weft_label *label, const struct nlattr *attr)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= WEFT_LABEL_A_MAX)
		weft_mark(label, type);
	switch (type) {
	case WEFT_LABEL_A_DP:
		return wl_attr_str(attr, label->dp, sizeof(label->dp));
	case WEFT_LABEL_A_ID:
		return wl_attr_u32(attr, &label->id);
	case WEFT_LABEL_A_LDP:
		return wl_attr_u32(attr, &label->ldp);
	case WEFT_LABEL_A_LPORT:
		return wl_attr_u32(attr, &label->lport);
	}
	return 0;
}

int wl_label_get_msg(struct weft_label *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	int err;

	*out = (struct weft_label){ 0 };
	mnl_attr_for_each(attr, nlh, WL_GENL_HDRLEN) {
		err = label_get_attr(out, attr);
		if (err)
			return err;
	}
	return 0;
}

/**
 * weft_label_to_json - write a label
 * @label: to write
 *
 * Returns an object with id, ldp and lport, and with dp if it is known; NULL when out of
 * memory.
 */
json_t *weft_label_to_json(const struct weft_label *label)
{
	json_t *obj = json_object();

	if (weft_has(label, WEFT_LABEL_A_DP))
		wl_json_set(&obj, "dp", json_string(label->dp));
	if (weft_has(label, WEFT_LABEL_A_ID))
		wl_json_set(&obj, "id", json_integer(label->id));
	if (weft_has(label, WEFT_LABEL_A_LDP))
		wl_json_set(&obj, "ldp", json_integer(label->ldp));
	if (weft_has(label, WEFT_LABEL_A_LPORT))
		wl_json_set(&obj, "lport", json_integer(label->lport));
	return obj;
}

static int label_copy(struct weft_label *out, const struct weft_label *label)
{
	*out = *label;
	return 0;
}

static void label_free(struct weft_label *label)
{
	*label = (struct weft_label){ 0 };
}

WL_OBJECT(label, label_copy, label_free)

static struct nlmsghdr *label_msg(struct weft_sock *sock, uint8_t cmd, uint16_t flags,
				  const char *dp, uint32_t id)
{
	struct nlmsghdr *nlh = wl_msg_begin(sock, cmd, flags);

	wl_put_name(nlh, WEFT_LABEL_A_DP, dp);
	if (id)
		mnl_attr_put_u32(nlh, WEFT_LABEL_A_ID, id);
	return nlh;
}

/**
 * weft_label_new - name a logical port by a label
 * @sock: the socket
 * @dp: name of the datapath
 * @label: id, ldp and lport
 *
 * Returns 0, -ENODEV when there is no such datapath, -EEXIST when the label is taken or
 * the logical port has one, or another -errno.
 */
int weft_label_new(struct weft_sock *sock, const char *dp, const struct weft_label *label)
{
	struct nlmsghdr *nlh = label_msg(sock, WEFT_CMD_LABEL_NEW, NLM_F_CREATE | NLM_F_EXCL, dp,
					 label->id);

	mnl_attr_put_u32(nlh, WEFT_LABEL_A_LDP, label->ldp);
	mnl_attr_put_u32(nlh, WEFT_LABEL_A_LPORT, label->lport);
	return wl_request(sock, nlh, NULL, NULL);
}

/**
 * weft_label_del - take a label away
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the label
 *
 * Returns 0, -ENODEV, -ENOENT when there is no such label, or another -errno.
 */
int weft_label_del(struct weft_sock *sock, const char *dp, uint32_t id)
{
	return wl_request(sock, label_msg(sock, WEFT_CMD_LABEL_DEL, 0, dp, id), NULL, NULL);
}

/**
 * weft_label_get - ask for one label
 * @sock: the socket
 * @dp: name of the datapath
 * @id: of the label
 * @out: gets it; it holds nothing that must be freed
 *
 * Returns as weft_label_del().
 */
int weft_label_get(struct weft_sock *sock, const char *dp, uint32_t id, struct weft_label *out)
{
	return label_request_one(sock, label_msg(sock, WEFT_CMD_LABEL_GET, 0, dp, id), out);
}

/**
 * weft_label_dump - visit the labels of a datapath, by rising number
 * @sock: the socket
 * @dp: name of the datapath
 * @cb: called with each; its return other than 0 ends the dump
 * @ctx: for @cb
 *
 * Returns 0, 1 when labels changed meanwhile, what @cb returned, or -errno.
 */
int weft_label_dump(struct weft_sock *sock, const char *dp,
		    int (*cb)(const struct weft_label *label, void *ctx), void *ctx)
{
	return label_request_each(sock, label_msg(sock, WEFT_CMD_LABEL_GET, NLM_F_DUMP, dp, 0), cb,
				  ctx);
}

/**
 * weft_label_list - all labels of a datapath, by rising number
 * @sock: the socket
 * @dp: name of the datapath
 * @labels: gets an array that weft_label_list_free() frees; NULL when empty
 * @n: gets its length
 *
 * Returns 0, 1 when labels kept changing, or -errno with no array.
 */
int weft_label_list(struct weft_sock *sock, const char *dp, struct weft_label **labels, size_t *n)
{
	WL_LIST_TRY(label, labels, n, weft_label_dump(sock, dp, label_append, &list));
}

/**
 * weft_label_list_free - free what weft_label_list() returned
 * @labels: the array; may be NULL
 * @n: its length
 */
void weft_label_list_free(struct weft_label *labels, size_t n)
{
	label_list_clear(labels, n);
}
