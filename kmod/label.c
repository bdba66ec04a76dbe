// SPDX-License-Identifier: GPL-2.0-only
/*
 * Labels: names of 24 bits for logical ports, the same on all hosts.
 *
 * A GRE key has no room for ldp and logical ports. It has a label, and each host knows
 * which logical port that is. A label names one logical port, and a logical port has one
 * label at most, so there are two maps: by label, for each packet that comes in, and
 * by logical port, for walks that send into GRE.
 *
 * What comes in is read before the cache is asked, so only what goes out is cached: a walk
 * notes the stamp of the logical port, which changes of its label raise.
 *
 * Locking: dp->lock to change, RCU to read. A label never changes; it is made and deleted.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/weft.h>
#include <linux/xarray.h>
#include <net/netlink.h>
#include "compat.h"
#include "datapath.h"
#include "label.h"
#include "stamp.h"

static const struct rhashtable_params weft_labels_params = {
	.key_len = sizeof_field(struct weft_label, where),
	.key_offset = offsetof(struct weft_label, where),
	.head_offset = offsetof(struct weft_label, hash),
	.automatic_shrinking = true,
};

static void weft_label_stamp(struct weft_datapath *dp, const struct weft_lport *where)
{
	weft_stamp(dp->stamps, weft_stamp_lport(dp->stamps, where->ldp, where->lport));
	weft_stamps_publish(dp->stamps);
}

struct weft_label *weft_label_find(struct weft_datapath *dp, u32 id)
{
	return xa_load(&dp->labels, id);
}

u32 weft_label_of(struct weft_datapath *dp, u32 ldp, u16 lport)
{
	const struct weft_lport where = { .ldp = ldp, .lport = lport };
	struct weft_label *label = rhashtable_lookup(&dp->label_ids, &where, weft_labels_params);

	return label ? label->id : 0;
}

static int weft_label_missing(struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	static const u8 needed[] = { WEFT_LABEL_A_ID, WEFT_LABEL_A_LDP, WEFT_LABEL_A_LPORT };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!attrs[needed[i]]) {
			NL_SET_ERR_ATTR_MISS(extack, NULL, needed[i]);
			NL_SET_ERR_MSG(extack, "a label has a number, ldp and lport");
			return -EINVAL;
		}
	return 0;
}

static int weft_label_taken(struct weft_datapath *dp, struct nlattr **attrs,
			    const struct weft_lport *where, struct netlink_ext_ack *extack)
{
	const struct weft_label *label = weft_label_find(dp, nla_get_u32(attrs[WEFT_LABEL_A_ID]));
	u32 id;

	if (label) {
		WEFT_ERR_ATTR(extack, attrs[WEFT_LABEL_A_ID], "label %u is ldp %u lport %u",
			      label->id, label->where.ldp, label->where.lport);
		return -EEXIST;
	}
	rcu_read_lock();
	id = weft_label_of(dp, where->ldp, where->lport);
	rcu_read_unlock();
	if (id) {
		WEFT_ERR_ATTR(extack, attrs[WEFT_LABEL_A_LPORT],
			      "ldp %u lport %u has label %u already", where->ldp, where->lport, id);
		return -EEXIST;
	}
	return 0;
}

/* Into both maps, or none */
static int weft_label_insert(struct weft_datapath *dp, struct weft_label *label)
{
	int err;

	err = xa_insert(&dp->labels, label->id, label, GFP_KERNEL_ACCOUNT);
	if (err)
		return err;
	do {
		err = rhashtable_insert_fast(&dp->label_ids, &label->hash, weft_labels_params);
		if (err == -EBUSY)	/* the table is growing */
			cond_resched();
	} while (err == -EBUSY);
	if (err)
		xa_erase(&dp->labels, label->id);
	return err;
}

struct weft_label *weft_label_make(struct weft_datapath *dp, struct nlattr **attrs,
				   struct netlink_ext_ack *extack)
{
	struct weft_lport where;
	struct weft_label *label;
	int err;

	lockdep_assert_held(&dp->lock);
	err = weft_label_missing(attrs, extack);
	if (err)
		return ERR_PTR(err);
	where.ldp = nla_get_u32(attrs[WEFT_LABEL_A_LDP]);
	where.lport = nla_get_u32(attrs[WEFT_LABEL_A_LPORT]);
	err = weft_label_taken(dp, attrs, &where, extack);
	if (err)
		return ERR_PTR(err);
	label = kzalloc(sizeof(*label), GFP_KERNEL_ACCOUNT);
	if (!label) {
		err = -ENOMEM;
		goto no_memory;
	}
	label->id = nla_get_u32(attrs[WEFT_LABEL_A_ID]);
	label->where = where;
	err = weft_label_insert(dp, label);
	if (err)
		goto no_memory;
	weft_label_stamp(dp, &where);
	return label;

no_memory:
	if (label)
		kfree_rcu(label, rcu);
	NL_SET_ERR_MSG(extack, "no memory for the label");
	return ERR_PTR(err);
}

void weft_label_delete(struct weft_datapath *dp, struct weft_label *label)
{
	lockdep_assert_held(&dp->lock);
	rhashtable_remove_fast(&dp->label_ids, &label->hash, weft_labels_params);
	xa_erase(&dp->labels, label->id);
	weft_label_stamp(dp, &label->where);
	kfree_rcu(label, rcu);
}

int weft_labels_init(struct weft_datapath *dp)
{
	xa_init(&dp->labels);
	return rhashtable_init(&dp->label_ids, &weft_labels_params);
}

void weft_labels_exit(struct weft_datapath *dp)
{
	struct weft_label *label;
	unsigned long id;

	xa_for_each(&dp->labels, id, label)
		kfree_rcu(label, rcu);
	rhashtable_destroy(&dp->label_ids);
	xa_destroy(&dp->labels);
}
