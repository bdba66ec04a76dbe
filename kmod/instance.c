// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instances of templates.
 *
 * Making one, in softirq. The first entry tells an instance from others, and depends on the
 * packet alone. If it is in its subtable, the instance is there. Else values are
 * drawn, the words of all entries are known, and the locks of their hashes are taken, in the
 * order of their addresses. Under these the first entry is looked for again, since another CPU
 * may have been faster, and each other one, since a daemon or a map may give what is in use.
 * Then all are linked, dead for every walk, and one store to life.live brings them to life. Stamps
 * are raised behind that, so programs that missed them walk anew.
 *
 * The end, in any context. Who sets WEFT_SEEN_ENDED clears life.live, unlinks the entries,
 * raises their stamps and gives back what was drawn. Walks may still hold the entries, so the
 * reference of being there is put by RCU; the memory goes when cached programs have let
 * go of the counters, too.
 */
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include "action.h"
#include "cache.h"
#include "datapath.h"
#include "instance.h"
#include "key.h"
#include "limit.h"
#include "netlink.h"
#include "progmem.h"
#include "stamp.h"
#include "table.h"

/* Values drawn before we give up: each collided with what a map or daemon gave to another */
#define WEFT_DRAWS_MAX	8
/* Numbers tried before we give up: each was in use */
#define WEFT_NUMBERS_MAX	8

/* Layout */

static size_t weft_ientry_size(const struct weft_tentry *e)
{
	return sizeof(struct weft_ientry) + e->n_words * sizeof(u64);
}

struct weft_flow *weft_instance_first(const struct weft_instance *i)
{
	return &weft_ientry_first(i)->flow;
}

void weft_instance_counts(const struct weft_instance *i, bool reply, u64 *packets, u64 *bytes)
{
	struct weft_ientry *entry;
	unsigned int n;

	*packets = 0;
	*bytes = 0;
	weft_for_each_ientry(entry, n, i) {
		if (weft_ientry_template(entry, i)->reply != reply)
			continue;
		*packets += atomic64_read(&entry->stats.packets);
		*bytes += atomic64_read(&entry->stats.bytes);
	}
}

/* Limits */

static bool weft_count_in(atomic_t *n, u32 limit)
{
	if ((u32)atomic_inc_return(n) <= limit)
		return true;
	atomic_dec(n);
	return false;
}

/* Those of the template */
static bool weft_instances_admit_limits(struct weft_datapath *dp, const struct weft_opening *o)
{
	int err = weft_limits_enter(dp, o->template, o->when, o->values);

	if (err)
		weft_template_refuse(o->template, err == -ENOSPC ? WEFT_REFUSED_LIMIT_TEMPLATE :
								   WEFT_REFUSED_MEMORY);
	return !err;
}

static bool weft_instances_admit(struct weft_instances *instances, const struct weft_opening *o)
{
	struct weft_template *t = o->template;

	if (!weft_count_in(&instances->n, READ_ONCE(instances->limit))) {
		weft_template_refuse(t, WEFT_REFUSED_LIMIT_DP);
		return false;
	}
	if (!weft_count_in(&instances->slices[t->slice], READ_ONCE(instances->limit_slice))) {
		weft_template_refuse(t, WEFT_REFUSED_LIMIT_SLICE);
		goto undo;
	}
	if (!weft_count_in(&instances->ports[o->in_port], READ_ONCE(instances->limit_port))) {
		weft_template_refuse(t, WEFT_REFUSED_LIMIT_PORT);
		goto undo_slice;
	}
	if (unlikely(t->n_limits) && !weft_instances_admit_limits(instances->dp, o))
		goto undo_port;
	return true;

undo_port:
	atomic_dec(&instances->ports[o->in_port]);
undo_slice:
	atomic_dec(&instances->slices[t->slice]);
undo:
	atomic_dec(&instances->n);
	return false;
}

/* @when, @values: of the instance, or of what was to be one */
static void weft_instances_leave(struct weft_instances *instances, const struct weft_template *t,
				 u32 in_port, u32 when, const u8 *values)
{
	if (unlikely(t->n_limits))
		weft_limits_leave(instances->dp, t, when, values);
	atomic_dec(&instances->ports[in_port]);
	atomic_dec(&instances->slices[t->slice]);
	atomic_dec(&instances->n);
}

/* Making one */

/* Entries that are made, as a set; all of them without the first one are none */
static u32 weft_opening_entries(const struct weft_opening *o)
{
	u32 set = weft_template_applies(o->template, o->when);

	return o->failed ? set & -set : set;
}

/* Values that entries need, if there are any, and limits; with @maxima also those of limits */
static u32 weft_opening_values(const struct weft_opening *o, u32 entries, bool maxima)
{
	const struct weft_template *t = o->template;
	u32 values = 0;

	if (unlikely(t->n_limits) && entries)
		values = weft_limits_values(t, o->when, maxima);
	for (; entries; entries &= entries - 1)
		values |= t->entries[__ffs(entries)].values;
	return values;
}

/* Take what entries need from the packet; false: it has no such header */
static bool weft_opening_capture(struct weft_opening *o, u32 values)
{
	const struct weft_template *t = o->template;

	for (values &= t->captured; values; values &= values - 1) {
		const struct weft_value *v = &t->values[__ffs(values)];
		const struct weft_field_desc *d = &weft_fields[v->source];

		if (d->needs && !(d->needs & o->key->layers))
			return false;
		memcpy(o->values + v->ofs, weft_field_cptr(o->key, v->source), v->len);
	}
	return true;
}

static void weft_opening_fill_some(struct weft_opening *o, u32 values, const void *from)
{
	for (; values; values &= values - 1) {
		const struct weft_value *v = &o->template->values[__ffs(values)];

		memcpy(o->values + v->ofs, from, v->len);
	}
}

/* Put what was drawn where entries look for it */
static void weft_opening_fill(struct weft_opening *o, u32 values)
{
	const struct weft_template *t = o->template;

	weft_opening_fill_some(o, values & t->given_ip, &o->drawn.ip);
	weft_opening_fill_some(o, values & t->given_port, &o->drawn.claim.port);
}

static u8 weft_ask_proto(u32 when)
{
	if (when & WEFT_WHEN_TCP)
		return WEFT_POOL_TCP;
	if (when & WEFT_WHEN_UDP)
		return WEFT_POOL_UDP;
	if (when & WEFT_WHEN_SCTP)
		return WEFT_POOL_SCTP;
	return when & WEFT_WHEN_ECHO ? WEFT_POOL_ECHO : WEFT_POOL_PROTOS;
}

/*
 * The remote endpoint, of which pools can use values once each: as the instance's entries
 * know it. If they do not, all are one.
 */
static u32 weft_opening_remote(const struct weft_opening *o, u32 values, u32 hash)
{
	const struct weft_template *t = o->template;

	for (values &= t->captured; values; values &= values - 1) {
		const struct weft_value *v = &t->values[__ffs(values)];

		if (v->source == WEFT_FIELD_IP_DST || v->source == WEFT_FIELD_IPV6_DST ||
		    v->source == WEFT_FIELD_L4_DST)
			hash = jhash(o->values + v->ofs, v->len, hash);
	}
	return hash;
}

static bool weft_opening_draw(struct weft_datapath *dp, struct weft_opening *o, u32 values)
{
	const struct weft_template *t = o->template;
	const struct weft_key *key = o->key;
	u32 seed = dp->instances->seed;
	struct weft_ask ask = {
		.family = o->when & WEFT_WHEN_IPV6 ? 6 : 4,
		.proto = WEFT_POOL_PROTOS,
	};

	if (values & t->given_port)
		ask.proto = weft_ask_proto(o->when);
	if (weft_pool_reuses(t->pool))
		ask.remote_hash = weft_opening_remote(o, values, seed);
	if (key) {
		ask.port = o->when & WEFT_WHEN_ECHO ? key->tcp_flags : key->l4_src;
		ask.local_hash = ask.family == 6 ?
				 jhash2((const u32 *)&key->ip_src, 4, seed) :
				 jhash_1word((__force u32)key->ip_src.s6_addr32[0], seed);
		if (t->map_field)
			memcpy(&ask.map, weft_field_cptr(key, t->map_field),
			       weft_fields[t->map_field].len);
	}
	return o->exactly ? weft_pool_draw_exactly(t->pool, &ask, &o->drawn) :
			    weft_pool_draw(t->pool, &ask, &o->drawn);
}

/* Entry @n of the template, as it is for the instance; all but its words */
static void weft_ientry_init(struct weft_ientry *entry, struct weft_instance *i, u8 n,
			     unsigned long used)
{
	const struct weft_tentry *e = &i->template->entries[n];

	memset(entry, 0, sizeof(*entry));
	entry->stats.used = used;
	entry->flow.subtable = e->subtable;
	entry->flow.priority = weft_tentry_priority(e, i->priority);
	entry->flow.at = (void *)&entry->flow - (void *)i;
	entry->flow.n = n;
}

/* The instance in memory, with all its entries, which nobody sees yet */
static struct weft_instance *weft_instance_alloc(const struct weft_opening *o, u32 entries)
{
	struct weft_template *t = o->template;
	bool windows = weft_template_windows(t) && o->when & WEFT_WHEN_TCP && !o->failed;
	size_t at = ALIGN(sizeof(struct weft_instance) + t->values_len, sizeof(u64)), size;
	struct weft_ientry *entry;
	struct weft_instance *i;
	u32 left;
	u8 from;

	if (windows)
		at += sizeof(struct weft_window);
	size = at;
	for (left = entries; left; left &= left - 1)
		size += weft_ientry_size(&t->entries[__ffs(left)]);
	i = weft_progmem_alloc(size, &from);
	if (!i)
		return NULL;
	memset(i, 0, at);
	i->from = from;
	i->entries_at = at / sizeof(u64);
	weft_template_hold(t);
	i->template = t;
	i->in_port = o->in_port;
	i->priority = o->priority;
	i->created = get_jiffies_64();
	i->when = o->when;
	i->windows = windows;
	if (windows)
		spin_lock_init(&weft_instance_window(i)->lock);
	i->seen = o->seen;
	i->pending = o->pending;
	i->claim = o->drawn.claim;
	INIT_LIST_HEAD(&i->wheel);
	memcpy(i->values, o->values, t->values_len);
	entry = weft_ientry_first(i);
	for (left = entries; left; left &= left - 1) {
		const struct weft_tentry *e = &t->entries[__ffs(left)];

		weft_ientry_init(entry, i, __ffs(left), jiffies - o->idle);
		if (i->n_entries++)
			weft_tentry_words(t, e, i->values, entry->flow.key);
		else
			memcpy(entry->flow.key, o->words, e->n_words * sizeof(u64));
		entry = weft_ientry_next(entry);
	}
	atomic_set(&i->refs, 1);
	if (o->failed)
		__set_bit(WEFT_SEEN_FAILED, &i->seen);
	if (o->when & WEFT_WHEN_TCP)
		__set_bit(WEFT_SEEN_TCP, &i->seen);
	return i;
}

void weft_instance_put(struct weft_instance *i)
{
	if (!atomic_dec_and_test(&i->refs))
		return;
	weft_template_put(i->template);
	weft_progmem_free(i, i->from);
}

/* The reference of being there */
static void weft_instance_free_rcu(struct rcu_head *rcu)
{
	weft_instance_put(container_of(rcu, struct weft_instance, rcu));
}

/* Where the entries belong, by their order; of the first one that is known */
static void weft_instance_hash(const struct weft_instance *i, u32 first, u32 *hashes)
{
	struct weft_ientry *entry;
	unsigned int n;

	weft_for_each_ientry(entry, n, i)
		hashes[n] = n ? weft_subtable_hash(entry->flow.subtable, entry->flow.key) : first;
}

/* Which locks @n entries need: in order, each once */
static unsigned int weft_instance_lock_set(const u32 *hashes, unsigned int n, u8 *set)
{
	unsigned int k, used = 0;
	u64 bits = 0;

	static_assert(WEFT_INSTANCE_LOCKS == 64, "a set of them is a word");
	while (n--)
		bits |= BIT_ULL(hashes[n] % WEFT_INSTANCE_LOCKS);
	for (k = 0; bits; bits &= bits - 1, k++)
		set[used++] = __ffs64(bits);
	return used;
}

/* BH off */
static void weft_instance_lock(struct weft_instances *instances, const u8 *set, unsigned int n)
{
	unsigned int k;

	for (k = 0; k < n; k++) {
		spin_lock_nested(&instances->locks[set[k]], k);
		__release(&instances->locks[set[k]]);	/* sparse cannot count them */
	}
}

static void weft_instance_unlock(struct weft_instances *instances, const u8 *set, unsigned int n)
{
	while (n--) {
		__acquire(&instances->locks[set[n]]);
		spin_unlock(&instances->locks[set[n]]);
	}
}

/* Link them all, or none; the locks are held */
static int weft_instance_link(struct weft_instance *i, const u32 *hashes)
{
	struct weft_ientry *entry;
	unsigned int n, k;
	int err;

	weft_for_each_ientry(entry, n, i) {
		err = weft_subtable_link(entry->flow.subtable, &entry->flow, hashes[n]);
		if (err)
			break;
	}
	if (n == i->n_entries)
		return 0;
	for (k = 0, entry = weft_ientry_first(i); k < n; k++, entry = weft_ientry_next(entry))
		weft_subtable_unlink(entry->flow.subtable, &entry->flow);
	return err;
}

void weft_instance_stamp(const struct weft_instance *i)
{
	struct weft_stamps *stamps = i->template->dp->stamps;
	struct weft_ientry *entry;
	unsigned int n;

	weft_for_each_ientry(entry, n, i)
		weft_stamp_flow(stamps, &entry->flow, false);
	weft_stamps_publish(stamps);
}

/* Is one of the entries there already? Tells the instance that has the first one. */
static struct weft_flow *weft_instance_collides(const struct weft_instance *i, const u32 *hashes,
						struct weft_instance **same)
{
	struct weft_ientry *entry;
	struct weft_flow *flow;
	unsigned int n;

	*same = NULL;
	weft_for_each_ientry(entry, n, i) {
		flow = weft_subtable_find_instance(entry->flow.subtable, entry->flow.key,
						   hashes[n], entry->flow.priority);
		if (!flow)
			continue;
		if (!n)
			*same = weft_flow_instance(flow);
		return flow;
	}
	return NULL;
}

/* Of one that nobody has met: others may only have seen it in the list of them all */
static void weft_instance_discard(struct weft_instances *instances, struct weft_instance *i)
{
	if (i->id)
		xa_erase_bh(&instances->ids, i->id);
	call_rcu(&i->rcu, weft_instance_free_rcu);
}

/*
 * The next number. xa_alloc_cyclic() would look for a free one first, which it is, but for some of
 * old instances once 2^32 were made. They may be many in a row: it goes on elsewhere. BH off.
 */
static int weft_instance_number(struct weft_instances *instances, struct weft_instance *i)
{
	unsigned int tries;
	int err = -EBUSY;
	u32 id;

	xa_lock(&instances->ids);
	for (tries = 0; err == -EBUSY && tries < WEFT_NUMBERS_MAX; tries++) {
		id = (tries ? get_random_u32() : instances->next_id) ?: 1;
		instances->next_id = id + 1;
		err = __xa_insert(&instances->ids, id, i, GFP_ATOMIC | __GFP_NOWARN);
	}
	xa_unlock(&instances->ids);
	i->id = err ? 0 : id;
	return err;
}

/*
 * 0: it is there; -EEXIST: o->made has the first entry; -EADDRINUSE: some other instance has
 * another one; -ESHUTDOWN: the template goes; -ENOMEM.
 */
static int weft_instance_publish(struct weft_datapath *dp, struct weft_opening *o,
				 struct weft_instance *i, const u32 *hashes)
{
	struct weft_instances *instances = dp->instances;
	struct weft_instance *same;
	u8 set[WEFT_TEMPLATE_ENTRIES];
	unsigned int n = weft_instance_lock_set(hashes, i->n_entries, set);
	int err = 0;

	weft_instance_lock(instances, set, n);
	if (READ_ONCE(o->template->dead)) {
		err = -ESHUTDOWN;
	} else if (weft_instance_collides(i, hashes, &same)) {
		o->made = same;
		o->id = same ? same->id : 0;
		err = same ? -EEXIST : -EADDRINUSE;
	} else if (weft_instance_link(i, hashes)) {
		err = -ENOMEM;
	} else {
		/* pairs with weft_flow_alive(): all entries are there, and whole */
		smp_store_release(&i->life.live, true);
		o->made = i;
		o->id = i->id;
	}
	weft_instance_unlock(instances, set, n);
	return err;
}

/* One try, with the values that are there */
static int weft_instance_try(struct weft_datapath *dp, struct weft_opening *o, u32 entries)
{
	struct weft_instances *instances = dp->instances;
	struct weft_instance *i = weft_instance_alloc(o, entries);
	u32 hashes[WEFT_TEMPLATE_ENTRIES];
	unsigned int n;
	int err;

	if (!i)
		return -ENOMEM;
	weft_instance_hash(i, o->hash, hashes);
	err = weft_instance_number(instances, i);
	if (!err)
		err = weft_instance_publish(dp, o, i, hashes);
	if (err) {
		weft_instance_discard(instances, i);
		return err;
	}
	for (n = 0; n < i->n_entries; n++)
		weft_stamp(dp->stamps, hashes[n]);
	weft_stamps_publish(dp->stamps);
	weft_wheel_move(i);
	return 0;
}

/* Draw and try, until nobody else has what was drawn */
static int weft_instance_make(struct weft_datapath *dp, struct weft_opening *o, u32 entries,
			      u32 values)
{
	const struct weft_template *t = o->template;
	bool draws = t->pool && !o->failed && values & (t->given_ip | t->given_port);
	unsigned int tries;
	int err = -EADDRINUSE;

	for (tries = 0; err == -EADDRINUSE && tries < WEFT_DRAWS_MAX; tries++) {
		if (draws && !weft_opening_draw(dp, o, values))
			return -ENODATA;
		if (draws && !o->exactly)
			weft_opening_fill(o, values);
		err = weft_instance_try(dp, o, entries);
		if (err && draws)
			weft_pool_return(&o->drawn.claim);
		if (!draws || o->exactly)
			break;
	}
	return err;
}

static enum weft_refusal weft_refusal(int err)
{
	switch (err) {
	case -ENODATA:
		return WEFT_REFUSED_POOL;
	case -EADDRINUSE:
		return WEFT_REFUSED_COLLISION;
	default:
		return WEFT_REFUSED_MEMORY;
	}
}

/* -ENOSPC: over a limit; the others as weft_instance_make() says */
static int weft_instance_admit(struct weft_datapath *dp, struct weft_opening *o, u32 entries,
			       u32 values)
{
	struct weft_template *t = o->template;
	int err;

	if (!weft_instances_admit(dp->instances, o))
		return -ENOSPC;
	atomic_inc(&t->n_instances);
	err = weft_instance_make(dp, o, entries, values);
	if (!err) {
		if (!o->failed)
			atomic64_inc(&t->created);
		weft_nl_instance_event(o->made, WEFT_CMD_INSTANCE_NEW, WEFT_REASON_UNSPEC);
		return 0;
	}
	atomic_dec(&t->n_instances);
	weft_instances_leave(dp->instances, t, o->in_port, o->when, o->values);
	if (err != -EEXIST)
		weft_template_refuse(t, weft_refusal(err));
	return err;
}

/* Where the first of @entries is, or will be: nothing that is drawn is in its words */
static const struct weft_tentry *weft_opening_place(struct weft_opening *o, u32 entries)
{
	const struct weft_tentry *e = &o->template->entries[__ffs(entries)];

	weft_tentry_words(o->template, e, o->values, o->words);
	o->hash = weft_subtable_hash(e->subtable, o->words);
	return e;
}

/* The instance that has the first of @entries, or NULL */
static struct weft_instance *weft_opening_find(struct weft_opening *o, u32 entries)
{
	const struct weft_tentry *e = weft_opening_place(o, entries);
	struct weft_flow *flow;

	flow = weft_subtable_find_instance(e->subtable, o->words, o->hash,
					   weft_tentry_priority(e, o->priority));
	return flow ? weft_flow_instance(flow) : NULL;
}

/* There is no value: make an entry that says so, for a while */
static enum weft_opened weft_instance_fail(struct weft_datapath *dp, struct weft_opening *o)
{
	u32 entries;
	int err;

	if (!o->template->fail_ms)
		return WEFT_OPEN_FAILED;
	o->failed = true;
	entries = weft_opening_entries(o);
	weft_opening_place(o, entries);
	err = weft_instance_admit(dp, o, entries, 0);
	return err && err != -EEXIST ? WEFT_OPEN_REFUSED : WEFT_OPEN_MADE;
}

enum weft_opened weft_instance_open(struct weft_datapath *dp, struct weft_opening *o)
{
	struct weft_template *t = o->template;
	u32 entries, values;

	o->when = weft_key_when(o->key);
	o->failed = false;
	o->exactly = false;
	o->seen = 0;
	o->idle = 0;
	o->pending = 0;
	memset(&o->drawn, 0, sizeof(o->drawn));
	entries = weft_opening_entries(o);
	values = weft_opening_values(o, entries, true);
	if (!entries || !weft_opening_capture(o, values)) {
		weft_template_refuse(t, WEFT_REFUSED_PACKET);
		return WEFT_OPEN_NO_HEADER;
	}
	o->made = weft_opening_find(o, entries);
	if (o->made)
		return WEFT_OPEN_FOUND;
	if (t->mode == WEFT_MODE_SERVICE)
		return WEFT_OPEN_WAITS;
	switch (weft_instance_admit(dp, o, entries, values)) {
	case 0:
	case -EEXIST:
		return WEFT_OPEN_MADE;
	case -ENODATA:
	case -EADDRINUSE:
		return weft_instance_fail(dp, o);
	default:
		return WEFT_OPEN_REFUSED;
	}
}

u32 weft_opening_needs(const struct weft_opening *o)
{
	return weft_opening_values(o, weft_opening_entries(o), true);
}

int weft_instance_add(struct weft_datapath *dp, struct weft_opening *o)
{
	u32 entries = weft_opening_entries(o), values = weft_opening_needs(o), left;
	struct weft_template *t = o->template;
	int err;

	for (left = entries; left; left &= left - 1) {
		const struct weft_tentry *e = &t->entries[__ffs(left)];

		err = weft_subtable_announce(dp, e->subtable, weft_tentry_priority(e, o->priority));
		if (err)
			return err;
	}
	o->exactly = true;
	rcu_read_lock();
	local_bh_disable();
	o->made = weft_opening_find(o, entries);
	if (o->made)
		o->id = o->made->id;
	err = o->made ? -EEXIST : weft_instance_admit(dp, o, entries, values);
	local_bh_enable();
	rcu_read_unlock();
	return err == -ENODATA ? -EADDRINUSE : err;
}

bool weft_instance_add_failure(struct weft_datapath *dp, struct weft_opening *o)
{
	enum weft_opened opened;

	rcu_read_lock();
	local_bh_disable();
	opened = weft_instance_fail(dp, o);
	local_bh_enable();
	rcu_read_unlock();
	return opened == WEFT_OPEN_MADE;
}

void weft_instance_go_on(struct weft_datapath *dp, u32 id, u32 pending)
{
	struct weft_instance *i;

	rcu_read_lock();
	i = xa_load(&dp->instances->ids, id);
	if (i && i->pending == pending)
		WRITE_ONCE(i->pending, 0);
	rcu_read_unlock();
}

/* Has the packet all the values with which it was made? Others may be of a host that took over. */
bool weft_opening_same(const struct weft_opening *o)
{
	const struct weft_instance *i = o->made;
	const struct weft_template *t = o->template;
	/* with another maximum, it stays */
	u32 values = weft_opening_values(o, weft_opening_entries(o), false);

	if (i->template != t)
		return false;	/* the entries have another one by now */
	for (values &= t->captured; values; values &= values - 1) {
		const struct weft_value *v = &t->values[__ffs(values)];

		if (memcmp(i->values + v->ofs, o->values + v->ofs, v->len))
			return false;
	}
	return true;
}

bool weft_opening_refused(struct weft_datapath *dp, struct weft_opening *o,
			  struct weft_trail *trail)
{
	weft_trail_own(trail, dp->stamps, o->hash);
	return weft_limits_watch(dp, o->template, o->when, o->values, trail) &&
	       !weft_opening_find(o, weft_opening_entries(o));
}

bool weft_opening_here(const struct weft_instance *i, u8 table)
{
	return weft_ientry_first(i)->flow.subtable->table->id == table;
}

/* The end */

bool weft_instance_end(struct weft_instance *i, enum weft_reason reason)
{
	struct weft_instances *instances = i->template->dp->instances;
	struct weft_ientry *entry;
	unsigned int n;

	if (test_and_set_bit(WEFT_SEEN_ENDED, &i->seen))
		return false;
	local_bh_disable();
	/* pairs with weft_flow_alive() */
	smp_store_release(&i->life.live, false);
	weft_for_each_ientry(entry, n, i)
		weft_subtable_unlink(entry->flow.subtable, &entry->flow);
	weft_instance_stamp(i);
	weft_wheel_remove(i);
	xa_erase_bh(&instances->ids, i->id);
	weft_nl_instance_event(i, WEFT_CMD_INSTANCE_DEL, reason);
	if (i->claim.block)
		weft_pool_return(&i->claim);
	weft_instances_leave(instances, i->template, i->in_port, i->when, i->values);
	atomic_dec(&i->template->n_instances);
	call_rcu(&i->rcu, weft_instance_free_rcu);
	local_bh_enable();
	return true;
}

static void weft_instances_end_some(struct weft_datapath *dp, const struct weft_template *t,
				    enum weft_reason reason)
{
	struct weft_instance *i;
	unsigned long id = 0;

	for (;;) {
		rcu_read_lock();
		i = xa_find(&dp->instances->ids, &id, ULONG_MAX, XA_PRESENT);
		if (i && (!t || i->template == t) && READ_ONCE(i->life.live))
			weft_instance_end(i, reason);
		rcu_read_unlock();
		if (!i)
			return;
		id++;
		cond_resched();
	}
}

void weft_instances_end_template(struct weft_datapath *dp, struct weft_template *t)
{
	struct weft_instances *instances = dp->instances;
	unsigned int k;

	WRITE_ONCE(t->dead, true);
	/* who did not see that holds one of these, and is done when we have had it */
	for (k = 0; k < WEFT_INSTANCE_LOCKS; k++) {
		spin_lock_bh(&instances->locks[k]);
		spin_unlock_bh(&instances->locks[k]);
	}
	weft_instances_end_some(dp, t, WEFT_REASON_TEMPLATE);
}

int weft_instances_init(struct weft_datapath *dp)
{
	struct weft_instances *instances = kvzalloc(sizeof(*instances), GFP_KERNEL_ACCOUNT);
	unsigned int k;

	if (!instances)
		return -ENOMEM;
	instances->slices = kvcalloc(U16_MAX + 1, sizeof(*instances->slices), GFP_KERNEL_ACCOUNT);
	instances->ports = kvcalloc(WEFT_PORT_ID_MAX + 1, sizeof(*instances->ports),
				    GFP_KERNEL_ACCOUNT);
	dp->instances = instances;
	if (!instances->slices || !instances->ports) {
		weft_instances_free(dp);
		return -ENOMEM;
	}
	instances->dp = dp;
	xa_init_flags(&instances->ids, XA_FLAGS_LOCK_BH);
	instances->limit = WEFT_INSTANCES_DEFAULT;
	instances->limit_slice = WEFT_INSTANCES_DEFAULT;
	instances->limit_port = WEFT_INSTANCES_PORT_DEFAULT;
	instances->seed = get_random_u32();
	for (k = 0; k < WEFT_INSTANCE_LOCKS; k++)
		spin_lock_init(&instances->locks[k]);
	weft_wheel_init(instances);
	return 0;
}

void weft_instances_exit(struct weft_datapath *dp)
{
	weft_wheel_exit(dp->instances);
	weft_instances_end_some(dp, NULL, WEFT_REASON_REQUEST);
}

void weft_instances_free(struct weft_datapath *dp)
{
	struct weft_instances *instances = dp->instances;

	if (!instances)
		return;
	xa_destroy(&instances->ids);
	kvfree(instances->ports);
	kvfree(instances->slices);
	kvfree(instances);
}
