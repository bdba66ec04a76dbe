// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logical ports: which port of the datapath is (ldp, lport) at?
 *
 * One hash table per datapath, read in softirq for output:lout. An entry belongs to
 * its port, is on the port's list, and is freed by RCU. dp->lock to change, RCU to
 * read.
 *
 * weft_lports_set() replaces the list of a port. All that can be refused is found out
 * before the table is touched, and entries that stay are not taken out, so no
 * packet misses a logical port that was and will be there. Only when memory ends
 * in between are the new ones taken back.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/weft.h>
#include <linux/xarray.h>
#include <net/netlink.h>
#include "compat.h"
#include "datapath.h"
#include "port.h"
#include "stamp.h"

static const struct rhashtable_params weft_lports_params = {
	.key_len = sizeof_field(struct weft_lport_entry, key),
	.key_offset = offsetof(struct weft_lport_entry, key),
	.head_offset = offsetof(struct weft_lport_entry, hash),
	.automatic_shrinking = true,
};

/* The logical port is somewhere else now, or nowhere */
static void weft_lport_stamp(const struct weft_port *port, const struct weft_lport *key)
{
	struct weft_stamps *stamps = port->dp->stamps;

	weft_stamp(stamps, weft_stamp_lport(stamps, key->ldp, key->lport));
	weft_stamps_publish(stamps);
}

static void weft_lport_remove(struct weft_port *port, struct weft_lport_entry *entry)
{
	rhashtable_remove_fast(&port->dp->lports, &entry->hash, weft_lports_params);
	weft_lport_stamp(port, &entry->key);
	list_del(&entry->node);
	kfree_rcu(entry, rcu);
}

static int weft_lport_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct weft_lport));
}

/* The attribute of @nest with this value that comes last, to put the blame on */
static const struct nlattr *weft_lport_attr(const struct nlattr *nest,
					    const struct weft_lport *key)
{
	const struct nlattr *attr, *found = nest;
	int rem;

	nla_for_each_nested(attr, nest, rem)
		if (!weft_lport_cmp(nla_data(attr), key))
			found = attr;
	return found;
}

/* Read the list into a sorted array of *@n; NULL when it is empty */
static struct weft_lport *weft_lports_parse(struct weft_port *port, const struct nlattr *nest,
					    u32 *n, struct netlink_ext_ack *extack)
{
	struct weft_lport *keys, *key;
	const struct nlattr *attr;
	u32 i;
	int rem;

	*n = 0;
	if (!nla_len(nest))
		return NULL;
	keys = kvmalloc_array(nla_len(nest) / nla_total_size(sizeof(*keys)), sizeof(*keys),
			      GFP_KERNEL_ACCOUNT);
	if (!keys) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "no memory for the logical ports");
		return ERR_PTR(-ENOMEM);
	}
	nla_for_each_nested(attr, nest, rem) {
		struct weft_lport_entry *entry;

		key = &keys[(*n)++];
		nla_memcpy(key, attr, sizeof(*key));
		if (!key->ldp || key->ldp > WEFT_LDP_MAX || !key->lport ||
		    key->lport > U16_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "ldp is not in 1…0xffffff, or lport not in 1…0xffff");
			goto refuse;
		}
		entry = rhashtable_lookup_fast(&port->dp->lports, key, weft_lports_params);
		if (entry && entry->port != port) {
			WEFT_ERR_ATTR(extack, attr, "ldp %u lport %u is at port %u (%s)",
				      key->ldp, key->lport, entry->port->id,
				      entry->port->name);
			kvfree(keys);
			return ERR_PTR(-EEXIST);
		}
	}
	sort(keys, *n, sizeof(*keys), weft_lport_cmp, NULL);
	for (i = 1; i < *n; i++)
		if (!weft_lport_cmp(&keys[i - 1], &keys[i])) {
			NL_SET_ERR_MSG_ATTR(extack, weft_lport_attr(nest, &keys[i]),
					    "this logical port is in the list twice");
			goto refuse;
		}
	return keys;

refuse:
	kvfree(keys);
	return ERR_PTR(-EINVAL);
}

static int weft_lport_add(struct weft_port *port, const struct weft_lport *key,
			  struct list_head *added)
{
	struct weft_lport_entry *entry;
	int err;

	entry = rhashtable_lookup_fast(&port->dp->lports, key, weft_lports_params);
	if (entry) {
		entry->keep = true;
		return 0;
	}
	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	entry->key = *key;
	entry->port = port;
	entry->keep = true;
	do {
		err = rhashtable_insert_fast(&port->dp->lports, &entry->hash,
					     weft_lports_params);
		if (err == -EBUSY)	/* the table is growing */
			cond_resched();
	} while (err == -EBUSY);
	if (err) {
		kfree(entry);
		return err;
	}
	weft_lport_stamp(port, key);
	list_add_tail(&entry->node, added);
	return 0;
}

int weft_lports_set(struct weft_port *port, const struct nlattr *nest,
		    struct netlink_ext_ack *extack)
{
	struct weft_lport_entry *entry, *next;
	struct weft_lport *keys;
	LIST_HEAD(added);
	int err = 0;
	u32 i, n;

	keys = weft_lports_parse(port, nest, &n, extack);
	if (IS_ERR(keys))
		return PTR_ERR(keys);
	for (i = 0; i < n && !err; i++)
		err = weft_lport_add(port, &keys[i], &added);
	kvfree(keys);
	if (err) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "no memory for the logical ports");
		list_for_each_entry_safe(entry, next, &added, node)
			weft_lport_remove(port, entry);
	} else {
		list_for_each_entry_safe(entry, next, &port->lports, node)
			if (!entry->keep)
				weft_lport_remove(port, entry);
		list_splice_tail(&added, &port->lports);
		port->n_lports = n;
	}
	list_for_each_entry(entry, &port->lports, node)
		entry->keep = false;
	return err;
}

void weft_lports_clear(struct weft_port *port)
{
	struct weft_lport_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &port->lports, node)
		weft_lport_remove(port, entry);
	port->n_lports = 0;
}

struct weft_port *weft_lport_find(struct weft_datapath *dp, u32 ldp, u16 lport)
{
	const struct weft_lport key = { .ldp = ldp, .lport = lport };
	struct weft_lport_entry *entry;

	entry = rhashtable_lookup(&dp->lports, &key, weft_lports_params);
	return entry ? entry->port : NULL;
}

int weft_lports_init(struct weft_datapath *dp)
{
	xa_init(&dp->ports);
	return rhashtable_init(&dp->lports, &weft_lports_params);
}

void weft_lports_exit(struct weft_datapath *dp)
{
	rhashtable_destroy(&dp->lports);
	xa_destroy(&dp->ports);
}
