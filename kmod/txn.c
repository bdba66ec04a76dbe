// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transactions: many changes, one version.
 *
 * Committing builds version v + 1 beside version v: new entries are linked with
 * born = v + 1, so no walk sees them; entries to go get died = v + 1, so every
 * walk still sees them. Storing dp->version = v + 1 (release) then makes all
 * of it true at once for walks that start later, while those that are under way
 * finish in v. When a change is refused, everything is taken back before
 * anybody could have seen it: version v + 1 was never published.
 *
 * Entries that died stay linked for a grace period, as a walk in an old version
 * may still have to find them. reclaim_work then unlinks them and frees
 * them after one more. Nothing here waits for RCU.
 *
 * Timeouts are kept in a queue ordered by expiry. An idle timeout is looked at
 * when it could have expired; if the entry was used since, it is queued again.
 *
 * Everything runs in process context under dp->lock.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include "action.h"
#include "cache.h"
#include "compat.h"
#include "datapath.h"
#include "netlink.h"
#include "netlink_flow.h"
#include "table.h"
#include "template.h"
#include "txn.h"

/* Cached programs know when an entry was last used; they are not asked more often than this */
#define WEFT_IDLE_CHECK	(HZ / 8)

/* Entries handled before others get a chance at dp->lock */
#define WEFT_BATCH	1024

struct weft_commit {
	struct weft_datapath *dp;
	struct list_head dying;		/* rule->dead */
	u64 version;
	u32 added;
	u32 changed;
	u32 deleted;
};

static bool weft_flow_is_miss(const struct weft_flow *flow)
{
	return flow->priority == WEFT_PRIORITY_MISS;
}

static void weft_commit_kill(struct weft_commit *c, struct weft_rule *rule,
			     enum weft_reason reason)
{
	WRITE_ONCE(rule->died, c->version);
	rule->reason = reason;
	list_add_tail(&rule->dead, &c->dying);
}

static int weft_commit_link(struct weft_commit *c, struct weft_change *change, const char **why)
{
	struct weft_datapath *dp = c->dp;
	struct weft_flow *flow = change->flow;
	struct weft_rule *rule = weft_rule(flow);
	int err;

	*why = "no memory for the entry";
	err = weft_templates_sender(dp, flow, why);
	if (err)
		return err;
	err = xa_alloc_cyclic(&dp->flow_ids, &rule->id, flow, xa_limit_31b, &dp->next_flow_id,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	rule->born = c->version;
	err = weft_subtable_insert(flow->subtable, flow);
	if (err) {
		xa_erase(&dp->flow_ids, rule->id);
		return err;
	}
	change->linked = true;
	return 0;
}

static int weft_commit_filter(struct weft_commit *c, const struct weft_filter *filter)
{
	struct weft_flow *flow;
	unsigned long id;

	xa_for_each(&c->dp->flow_ids, id, flow) {
		if (!weft_flow_alive(flow, c->version) || weft_flow_is_miss(flow) ||
		    !weft_filter_selects(filter, flow))
			continue;
		weft_commit_kill(c, weft_rule(flow), WEFT_REASON_REQUEST);
		c->deleted++;
		cond_resched();
	}
	return 0;
}

static int weft_commit_change(struct weft_commit *c, struct weft_change *change,
			      const char **why)
{
	struct weft_flow *flow = change->flow, *old;
	int err;

	if (change->op == WEFT_CHANGE_DEL_FILTER)
		return weft_commit_filter(c, change->filter);

	old = weft_subtable_find(flow->subtable, flow->key, flow->priority, c->version);
	switch (change->op) {
	case WEFT_CHANGE_ADD:
		if (old) {
			*why = "there is an entry with this table, priority and match";
			return -EEXIST;
		}
		break;
	case WEFT_CHANGE_SET:
	case WEFT_CHANGE_DEL:
		if (!old) {
			*why = "there is no entry with this table, priority and match";
			return -ENOENT;
		}
		break;
	default:
		break;
	}

	if (change->op == WEFT_CHANGE_DEL || change->op == WEFT_CHANGE_DEL_IF ||
	    (change->op == WEFT_CHANGE_MISS && !weft_rule(flow)->actions)) {
		if (old) {
			weft_commit_kill(c, weft_rule(old), WEFT_REASON_REQUEST);
			c->deleted++;
		}
		return 0;
	}

	err = change->op == WEFT_CHANGE_SET ?
	      weft_rule_inherit(weft_rule(flow), weft_rule(old), change->keep) : 0;
	if (err) {
		*why = "no memory for the entry";
		return err;
	}
	err = weft_commit_link(c, change, why);
	if (err)
		return err;
	if (!old) {
		c->added++;
		return 0;
	}
	weft_commit_kill(c, weft_rule(old), WEFT_REASON_REPLACED);
	c->changed++;
	return 0;
}

static void weft_commit_undo(struct weft_commit *c, struct list_head *changes)
{
	struct weft_rule *rule, *tmp;
	struct weft_change *change;
	struct weft_flow *flow;

	list_for_each_entry_safe(rule, tmp, &c->dying, dead) {
		WRITE_ONCE(rule->died, U64_MAX);
		list_del(&rule->dead);
	}
	list_for_each_entry(change, changes, node) {
		if (!change->linked)
			continue;
		/* walks may be looking at it right now, to find it is not alive */
		flow = change->flow;
		xa_erase(&c->dp->flow_ids, weft_rule(flow)->id);
		change->flow = NULL;
		weft_subtable_remove(flow->subtable, flow);
		weft_subtable_unpin(flow->subtable);
		call_rcu(&weft_rule(flow)->rcu, weft_rule_free_rcu);
	}
}

static void weft_expiry_start(struct weft_datapath *dp, struct weft_rule *rule)
{
	struct weft_flow_expiry *expiry = rule->expiry;
	enum weft_reason reason;

	if (!expiry || (!expiry->idle_ms && !expiry->hard_ms))
		return;
	expiry->rule = rule;
	expiry->node.expires = weft_rule_expires(rule, &reason);
	timerqueue_add(&dp->expiries, &expiry->node);
}

static void weft_expiry_stop(struct weft_datapath *dp, struct weft_rule *rule)
{
	if (rule->expiry && !RB_EMPTY_NODE(&rule->expiry->node.node))
		timerqueue_del(&dp->expiries, &rule->expiry->node);
}

/* Have the work run when the first expiry is due */
static void weft_expiry_arm(struct weft_datapath *dp)
{
	struct timerqueue_node *first = timerqueue_getnext(&dp->expiries);
	u64 now = get_jiffies_64();

	if (first)
		mod_delayed_work(weft_wq, &dp->expiry_work,
				 first->expires > now ? first->expires - now : 0);
}

static void weft_reclaim_start(struct weft_datapath *dp)
{
	if (list_empty(&dp->dead_flows) || !list_empty(&dp->reclaiming))
		return;
	list_splice_init(&dp->dead_flows, &dp->reclaiming);
	queue_rcu_work(weft_wq, &dp->reclaim_work);
}

/* Who is told of the end of an entry is told of all its packets */
static void weft_commit_fold(struct weft_commit *c)
{
	const struct weft_rule *rule;

	if (!weft_nl_has_listeners(c->dp))
		return;
	list_for_each_entry(rule, &c->dying, dead) {
		if (rule->reason != WEFT_REASON_REPLACED && weft_rule_cached(rule)) {
			weft_caches_fold(c->dp->caches);
			return;
		}
	}
}

static void weft_commit_publish(struct weft_commit *c, struct list_head *changes)
{
	struct weft_datapath *dp = c->dp;
	struct weft_change *change;
	struct weft_flow *flow;
	struct weft_rule *rule;

	/* pairs with the acquire in weft_walk_start(): entries first, then the version */
	smp_store_release(&dp->version, c->version);

	list_for_each_entry(rule, &c->dying, dead) {
		flow = &rule->flow;
		weft_stamp_flow(dp->stamps, flow, false);
		weft_expiry_stop(dp, rule);
		if (!weft_flow_is_miss(flow)) {
			flow->subtable->table->n_flows--;
			dp->n_flows--;
		}
	}
	list_for_each_entry(change, changes, node) {
		if (!change->linked)
			continue;
		flow = change->flow;
		weft_stamp_flow(dp->stamps, flow, true);
		if (!weft_flow_is_miss(flow)) {
			flow->subtable->table->n_flows++;
			dp->n_flows++;
		}
		if (weft_rule(flow)->died == U64_MAX)
			weft_expiry_start(dp, weft_rule(flow));
	}
	weft_stamps_publish(dp->stamps);
	weft_commit_fold(c);
	weft_nl_flow_events(dp, changes, &c->dying);
	list_splice_tail_init(&c->dying, &dp->dead_flows);
	weft_reclaim_start(dp);
	weft_expiry_arm(dp);
}

int weft_changes_commit(struct weft_datapath *dp, struct list_head *changes,
			struct weft_txn_result *result, struct netlink_ext_ack *extack)
{
	struct weft_commit c = { .dp = dp, .version = dp->version + 1 };
	struct weft_change *change, *tmp;
	const char *why = "refused";
	u32 index = 0;
	int err = 0;

	INIT_LIST_HEAD(&c.dying);
	list_for_each_entry(change, changes, node) {
		err = weft_commit_change(&c, change, &why);
		if (err)
			break;
		index++;
		cond_resched();
	}
	if (!err && dp->n_flows + c.added > dp->max_flows + c.deleted) {
		WEFT_ERR(extack, "over the limit of %u entries (max_flows)", dp->max_flows);
		err = -ENOSPC;
	} else if (err && list_is_singular(changes)) {
		WEFT_ERR(extack, "%s", why);
	} else if (err) {
		WEFT_ERR(extack, "change %u of the transaction: %s", index, why);
	}
	if (err) {
		weft_commit_undo(&c, changes);
	} else if (c.added || c.changed || c.deleted) {
		weft_commit_publish(&c, changes);
		dp->dump_seq++;
	}

	if (!err && result)
		*result = (struct weft_txn_result) {
			.version = dp->version, .added = c.added,
			.changed = c.changed, .deleted = c.deleted,
		};
	list_for_each_entry_safe(change, tmp, changes, node) {
		list_del(&change->node);
		weft_change_free(change);
		cond_resched();
	}
	return err;
}

void weft_change_free(struct weft_change *change)
{
	struct weft_flow *flow = change->flow;

	if (flow) {
		weft_subtable_unpin(flow->subtable);
		if (!change->linked)
			weft_flow_free(flow);
	}
	kfree(change->filter);
	kfree(change);
}

bool weft_filter_selects(const struct weft_filter *filter, const struct weft_flow *flow)
{
	const struct weft_subtable *subtable = flow->subtable;

	return (filter->table < 0 || filter->table == subtable->table->id) &&
	       !((weft_rule(flow)->cookie ^ filter->cookie) & filter->cookie_mask) &&
	       weft_subtable_within(subtable, flow->key, &filter->match);
}

struct weft_txn *weft_txn_begin(struct weft_datapath *dp, u32 portid,
				struct netlink_ext_ack *extack)
{
	struct weft_txn *txn;
	u32 n = 0;

	list_for_each_entry(txn, &dp->txns, node) {
		if (txn->portid == portid) {
			NL_SET_ERR_MSG(extack, "this socket has a transaction open");
			return ERR_PTR(-EBUSY);
		}
		n++;
	}
	if (n >= WEFT_TXNS_MAX) {
		NL_SET_ERR_MSG(extack, "too many transactions are open");
		return ERR_PTR(-ENOSPC);
	}
	txn = kzalloc(sizeof(*txn), GFP_KERNEL_ACCOUNT);
	if (!txn)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&txn->changes);
	txn->portid = portid;
	if (!++dp->next_txn_id)
		dp->next_txn_id = 1;
	txn->id = dp->next_txn_id;
	list_add(&txn->node, &dp->txns);
	return txn;
}

struct weft_txn *weft_txn_find(struct weft_datapath *dp, u32 id, u32 portid,
			       struct netlink_ext_ack *extack)
{
	struct weft_txn *txn;

	list_for_each_entry(txn, &dp->txns, node)
		if (txn->id == id && txn->portid == portid)
			return txn;
	NL_SET_ERR_MSG(extack, "this socket has no such transaction");
	return ERR_PTR(-ENOENT);
}

int weft_txn_add(struct weft_datapath *dp, struct weft_txn *txn, struct weft_change *change,
		 struct netlink_ext_ack *extack)
{
	if (dp->n_changes >= WEFT_CHANGES_MAX) {
		NL_SET_ERR_MSG(extack, "too many changes in open transactions");
		return -ENOSPC;
	}
	list_add_tail(&change->node, &txn->changes);
	txn->n_changes++;
	dp->n_changes++;
	return 0;
}

static void weft_txn_end(struct weft_datapath *dp, struct weft_txn *txn)
{
	list_del(&txn->node);
	dp->n_changes -= txn->n_changes;
	kfree(txn);
}

int weft_txn_commit(struct weft_datapath *dp, struct weft_txn *txn,
		    struct weft_txn_result *result, struct netlink_ext_ack *extack)
{
	int err = weft_changes_commit(dp, &txn->changes, result, extack);

	weft_txn_end(dp, txn);
	return err;
}

void weft_txn_abort(struct weft_datapath *dp, struct weft_txn *txn)
{
	struct weft_change *change, *tmp;

	list_for_each_entry_safe(change, tmp, &txn->changes, node) {
		list_del(&change->node);
		weft_change_free(change);
		cond_resched();
	}
	weft_txn_end(dp, txn);
}

void weft_txn_socket_gone(struct weft_datapath *dp, u32 portid)
{
	struct weft_txn *txn, *tmp;

	list_for_each_entry_safe(txn, tmp, &dp->txns, node)
		if (!portid || txn->portid == portid)
			weft_txn_abort(dp, txn);
}

static void weft_reclaim_work(struct work_struct *work)
{
	struct weft_datapath *dp = container_of(to_rcu_work(work), struct weft_datapath,
						reclaim_work);
	struct weft_rule *rule;
	u32 n = 0;

	mutex_lock(&dp->lock);
	while ((rule = list_first_entry_or_null(&dp->reclaiming, struct weft_rule, dead))) {
		list_del(&rule->dead);
		xa_erase(&dp->flow_ids, rule->id);
		weft_subtable_remove(rule->flow.subtable, &rule->flow);
		call_rcu(&rule->rcu, weft_rule_free_rcu);
		if (++n % WEFT_BATCH == 0) {
			mutex_unlock(&dp->lock);
			cond_resched();
			mutex_lock(&dp->lock);
		}
	}
	weft_reclaim_start(dp);
	mutex_unlock(&dp->lock);
}

void weft_flows_settle(struct weft_datapath *dp)
{
	/* twice, as some may wait for the turn of others */
	flush_rcu_work(&dp->reclaim_work);
	flush_rcu_work(&dp->reclaim_work);
	rcu_barrier();
}

/*
 * When the entry at hand is to be looked at again; now or earlier: it has expired. For one that
 * cached programs use, idle time is known as of the last fold only.
 */
static u64 weft_expiry_due(struct weft_datapath *dp, const struct weft_rule *rule, u64 now,
			   enum weft_reason *reason)
{
	u64 expires = weft_rule_expires(rule, reason);

	if (expires > now || *reason != WEFT_REASON_IDLE || !weft_rule_cached(rule) ||
	    dp->folded_at == now)
		return expires;
	if (now - dp->folded_at < WEFT_IDLE_CHECK)
		return dp->folded_at + WEFT_IDLE_CHECK;
	weft_caches_fold(dp->caches);
	dp->folded_at = now;
	return weft_rule_expires(rule, reason);
}

static void weft_expiry_work(struct work_struct *work)
{
	struct weft_datapath *dp = container_of(to_delayed_work(work), struct weft_datapath,
						expiry_work);
	struct timerqueue_node *node;
	struct weft_commit c = {};
	LIST_HEAD(no_changes);
	u64 now = get_jiffies_64();
	u32 n = 0;

	mutex_lock(&dp->lock);
	c.dp = dp;
	c.version = dp->version + 1;
	INIT_LIST_HEAD(&c.dying);
	while (n++ < WEFT_BATCH && (node = timerqueue_getnext(&dp->expiries))) {
		struct weft_flow_expiry *expiry = container_of(node, struct weft_flow_expiry,
							       node);
		enum weft_reason reason;

		if (node->expires > now)
			break;
		timerqueue_del(&dp->expiries, node);
		node->expires = weft_expiry_due(dp, expiry->rule, now, &reason);
		if (node->expires > now)
			timerqueue_add(&dp->expiries, node);
		else
			weft_commit_kill(&c, expiry->rule, reason);
	}
	if (!list_empty(&c.dying))
		weft_commit_publish(&c, &no_changes);
	else
		weft_expiry_arm(dp);
	mutex_unlock(&dp->lock);
}

void weft_flows_init(struct weft_datapath *dp)
{
	xa_init_flags(&dp->flow_ids, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&dp->txns);
	INIT_LIST_HEAD(&dp->dead_flows);
	INIT_LIST_HEAD(&dp->reclaiming);
	timerqueue_init_head(&dp->expiries);
	INIT_DELAYED_WORK(&dp->expiry_work, weft_expiry_work);
	INIT_RCU_WORK(&dp->reclaim_work, weft_reclaim_work);
}

/*
 * No request and no reader is left, and dp->lock is not held. Dead entries
 * are still linked in their subtables, and freed with them.
 */
void weft_flows_exit(struct weft_datapath *dp)
{
	unsigned int i;

	mutex_lock(&dp->lock);
	weft_txn_socket_gone(dp, 0);
	while (timerqueue_getnext(&dp->expiries))
		timerqueue_del(&dp->expiries, timerqueue_getnext(&dp->expiries));
	INIT_LIST_HEAD(&dp->dead_flows);
	INIT_LIST_HEAD(&dp->reclaiming);
	mutex_unlock(&dp->lock);
	cancel_delayed_work_sync(&dp->expiry_work);
	flush_rcu_work(&dp->reclaim_work);
	for (i = 0; i < WEFT_N_TABLES; i++)
		weft_table_destroy(&dp->tables[i]);
	xa_destroy(&dp->flow_ids);
}
