// SPDX-License-Identifier: GPL-2.0-only
/*
 * When instances expire.
 *
 * A wheel of lists, a slot for each tick; an instance is in the slot of the tick when it could
 * expire, or in the last one of the wheel. When its turn comes it is ended or moved. Changes of
 * state, which may shorten its life, move it. The wheel's lock is innermost.
 *
 * Idle time is as good as the last fold of the caches' counters, which goes through all
 * programs: it is done when a slot has instances, and not too often.
 */
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include "cache.h"
#include "datapath.h"
#include "instance.h"

/* Instances done under one hold of the lock */
#define WEFT_WHEEL_BATCH	64

/* Idle time is brought up to date at most so often: in small caches, and in others */
#define WEFT_WHEEL_FOLD_SOON	(HZ / 8)
#define WEFT_WHEEL_FOLD		HZ
#define WEFT_WHEEL_SMALL	8192	/* programs */

static u32 weft_instance_idle_ms(const struct weft_instance *i)
{
	const struct weft_template *t = i->template;

	switch (weft_instance_state(i)) {
	case WEFT_STATE_FAILED:
		return 0;
	case WEFT_STATE_NEW:
		return t->timeouts[t->track ? WEFT_TIMEOUTS_A_NEW : WEFT_TIMEOUTS_A_IDLE];
	case WEFT_STATE_REPLIED:
		return t->timeouts[WEFT_TIMEOUTS_A_REPLIED];
	case WEFT_STATE_TCP_OPENING:
		return t->timeouts[WEFT_TIMEOUTS_A_TCP_OPENING];
	case WEFT_STATE_TCP_CLOSING:
	case WEFT_STATE_TCP_CLOSED:
		return t->timeouts[WEFT_TIMEOUTS_A_TCP_CLOSING];
	case WEFT_STATE_TCP_RESET:
		return t->timeouts[WEFT_TIMEOUTS_A_TCP_RESET];
	default:
		return t->timeouts[WEFT_TIMEOUTS_A_TCP_ESTABLISHED];
	}
}

unsigned long weft_instance_used(const struct weft_instance *i)
{
	unsigned long used = i->opened;
	struct weft_ientry *entry;
	unsigned int n;

	weft_for_each_ientry(entry, n, i) {
		unsigned long at = READ_ONCE(entry->stats.used);

		if (time_after(at, used))
			used = at;
	}
	return used;
}

u64 weft_instance_expires(const struct weft_instance *i, enum weft_reason *reason)
{
	const struct weft_template *t = i->template;
	u32 idle_ms = weft_instance_idle_ms(i), hard_ms = t->timeouts[WEFT_TIMEOUTS_A_HARD];
	u64 idle = U64_MAX, hard = U64_MAX;

	if (test_bit(WEFT_SEEN_FAILED, &i->seen))
		hard_ms = t->fail_ms;
	if (hard_ms)
		hard = i->created + msecs_to_jiffies(hard_ms);
	if (idle_ms)
		idle = get_jiffies_64() - (jiffies - weft_instance_used(i)) +
		       msecs_to_jiffies(idle_ms);
	*reason = hard <= idle ? WEFT_REASON_HARD : WEFT_REASON_IDLE;
	return min(hard, idle);
}

static void weft_wheel_take(struct weft_instances *instances, struct weft_instance *i)
{
	if (list_empty(&i->wheel))
		return;
	list_del_init(&i->wheel);
	instances->waiting--;
}

/* Into the slot of the tick in which it can expire, or as far away as there are slots */
static void weft_wheel_put(struct weft_instances *instances, struct weft_instance *i)
{
	enum weft_reason reason;
	u64 expires = weft_instance_expires(i, &reason), at;

	lockdep_assert_held(&instances->wheel_lock);
	if (expires == U64_MAX)
		return;		/* waits for nothing */
	if (!instances->waiting++) {
		/* the wheel stood still; if its work is at the end just now, it goes on */
		instances->tick = div_u64(get_jiffies_64(), WEFT_WHEEL_TICK);
		queue_delayed_work(weft_wq, &instances->work, WEFT_WHEEL_TICK);
	}
	at = div_u64(expires, WEFT_WHEEL_TICK) + 1;
	at = clamp(at, instances->tick + 1, instances->tick + WEFT_WHEEL_SLOTS - 1);
	list_add_tail(&i->wheel, &instances->slots[at % WEFT_WHEEL_SLOTS]);
}

void weft_wheel_move(struct weft_instance *i)
{
	struct weft_instances *instances = i->dp->instances;

	spin_lock_bh(&instances->wheel_lock);
	if (!atomic_read(&i->ended)) {
		weft_wheel_take(instances, i);
		weft_wheel_put(instances, i);
	}
	spin_unlock_bh(&instances->wheel_lock);
}

void weft_wheel_remove(struct weft_instance *i)
{
	struct weft_instances *instances = i->dp->instances;

	spin_lock_bh(&instances->wheel_lock);
	weft_wheel_take(instances, i);
	spin_unlock_bh(&instances->wheel_lock);
}

/* What is known of an idle time is as old as the last fold */
static bool weft_instance_expired(const struct weft_instance *i, u64 now, u64 folded_at)
{
	enum weft_reason reason;
	u64 expires = weft_instance_expires(i, &reason);

	return expires <= (reason == WEFT_REASON_IDLE ? folded_at : now);
}

/* Take from the list what has expired, and send the rest round again; RCU */
static unsigned int weft_wheel_due(struct weft_instances *instances, struct list_head *due,
				   u64 now, struct weft_instance **expired)
{
	unsigned int n = 0, done;

	spin_lock_bh(&instances->wheel_lock);
	for (done = 0; done < WEFT_WHEEL_BATCH && !list_empty(due); done++) {
		struct weft_instance *i = list_first_entry(due, struct weft_instance, wheel);

		weft_wheel_take(instances, i);
		if (weft_instance_expired(i, now, instances->folded_at))
			expired[n++] = i;
		else
			weft_wheel_put(instances, i);
	}
	spin_unlock_bh(&instances->wheel_lock);
	return n;
}

static void weft_wheel_slot(struct weft_instances *instances, struct list_head *due, u64 now)
{
	struct weft_instance *expired[WEFT_WHEEL_BATCH];
	enum weft_reason reason;
	unsigned int n;

	while (!list_empty_careful(due)) {
		rcu_read_lock();
		n = weft_wheel_due(instances, due, now, expired);
		while (n--) {
			weft_instance_expires(expired[n], &reason);
			weft_instance_end(expired[n], reason);
		}
		rcu_read_unlock();
		cond_resched();
	}
}

static void weft_wheel_fold(struct weft_instances *instances, u64 now)
{
	struct weft_caches *caches = instances->dp->caches;
	u32 wait = atomic_read(&caches->live) < WEFT_WHEEL_SMALL ? WEFT_WHEEL_FOLD_SOON :
								   WEFT_WHEEL_FOLD;

	if (now - instances->folded_at < wait)
		return;
	weft_caches_fold(caches);
	instances->folded_at = now;
}

static void weft_wheel_work(struct work_struct *work)
{
	struct weft_instances *instances = container_of(to_delayed_work(work),
							struct weft_instances, work);
	u64 now = get_jiffies_64(), last = div_u64(now, WEFT_WHEEL_TICK);
	bool more;

	for (;;) {
		LIST_HEAD(due);

		spin_lock_bh(&instances->wheel_lock);
		more = instances->tick < last;
		if (more)
			list_splice_init(&instances->slots[++instances->tick % WEFT_WHEEL_SLOTS],
					 &due);
		spin_unlock_bh(&instances->wheel_lock);
		if (!more)
			break;
		if (!list_empty_careful(&due))
			weft_wheel_fold(instances, now);
		weft_wheel_slot(instances, &due, now);
	}
	spin_lock_bh(&instances->wheel_lock);
	if (instances->waiting)
		queue_delayed_work(weft_wq, &instances->work, WEFT_WHEEL_TICK);
	spin_unlock_bh(&instances->wheel_lock);
}

void weft_wheel_init(struct weft_instances *instances)
{
	unsigned int k;

	spin_lock_init(&instances->wheel_lock);
	for (k = 0; k < WEFT_WHEEL_SLOTS; k++)
		INIT_LIST_HEAD(&instances->slots[k]);
	INIT_DELAYED_WORK(&instances->work, weft_wheel_work);
}

void weft_wheel_exit(struct weft_instances *instances)
{
	cancel_delayed_work_sync(&instances->work);
}
