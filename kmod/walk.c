// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk through the tables.
 *
 * It runs on the key alone, except that of an ICMP error it reads what is inside (inner.c). It
 * starts at table 0, does the actions of the entry that wins and follows goto and resubmit; it
 * changes its copy of the key and never the packet. Whenever something leaves (output, tunnel,
 * upcall, clone), the fields in which the key differs from the packet as the program has made
 * it so far are emitted as writes, then the operation itself. What comes
 * out is a program that does to the packet, once, what the tables said in
 * many steps; and a trail of what it depends on.
 *
 * One walk sees one version: dp->version is read once, before any table.
 *
 * drop ends the walk of the packet, or of the clone in whose body it is. A table
 * without miss actions drops what misses it, except that resubmit comes back
 * from it.
 */
#include <linux/string.h>
#include <linux/xarray.h>
#include <net/ipv6.h>
#include "action.h"
#include "advertise.h"
#include "datapath.h"
#include "defrag.h"
#include "emission.h"
#include "field.h"
#include "flow.h"
#include "inner.h"
#include "mtu.h"
#include "pending.h"
#include "port.h"
#include "reject.h"
#include "remote.h"
#include "table.h"
#include "trail.h"
#include "tunnel.h"
#include "tunop.h"
#include "walk.h"

/* Everything in the program so far has an effect */
static void weft_effect(struct weft_walk *w)
{
	w->effect_len = w->prog->len;
}

static void weft_sent(struct weft_walk *w)
{
	weft_effect(w);
	w->sent = true;
}

static void weft_walk_written(struct weft_walk *w, enum weft_field f)
{
	w->looked = -1;
	w->fresh &= f >= WEFT_FIELD_PACKET;
	if (f < WEFT_FIELD_PACKET)
		return;
	w->dirty |= BIT_ULL(f - WEFT_FIELD_PACKET);
	if (f == WEFT_FIELD_IP_TTL) {
		w->ttl_spent = 0;	/* now an absolute value */
		w->ttl_set = true;
	}
}

static enum weft_drop weft_walk_set(struct weft_walk *w, const struct weft_act_set *set)
{
	enum weft_field f = set->act.arg;
	const struct weft_field_desc *d = &weft_fields[f];

	if (d->needs && !(d->needs & w->key.layers))
		return WEFT_DROP_NO_HEADER;
	weft_masked_set(weft_field_ptr(&w->key, f), set->v.value, set->v.mask, d->len);
	weft_trail_depends(w->trail, f);
	weft_walk_written(w, f);
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop weft_walk_move(struct weft_walk *w, const struct weft_act_move *move)
{
	const struct weft_field_desc *s = &weft_fields[move->src], *d = &weft_fields[move->dst];

	if ((s->needs && !(s->needs & w->key.layers)) || (d->needs && !(d->needs & w->key.layers)))
		return WEFT_DROP_NO_HEADER;
	weft_bits_copy(weft_field_ptr(&w->key, move->dst), d->len, move->dst_bit,
		       weft_field_cptr(&w->key, move->src), s->len, move->src_bit, move->n_bits);
	weft_trail_depends(w->trail, move->src);
	weft_trail_depends(w->trail, move->dst);
	weft_walk_written(w, move->dst);
	return WEFT_DROP_UNSPEC;
}

/* A tag's TCI is written before the tag moves inwards or goes */
static enum weft_drop weft_walk_push_vlan(struct weft_walk *w, u16 tpid)
{
	struct weft_key *key = &w->key;

	if (key->layers & WEFT_L_VLAN2)
		return WEFT_DROP_VLAN_DEPTH;
	w->looked = -1;
	weft_flush_field(w, WEFT_FIELD_VLAN_TCI);
	weft_emit_plain(w, WEFT_OP_PUSH_VLAN, (__force u16)cpu_to_be16(tpid));
	if (key->layers & WEFT_L_VLAN)
		key->layers |= WEFT_L_VLAN2;
	key->layers |= WEFT_L_VLAN;
	key->vlan[1] = key->vlan[0];
	key->vlan[0].tpid = cpu_to_be16(tpid);
	key->vlan[0].tci = cpu_to_be16(WEFT_VLAN_PRESENT);
	memcpy(w->base.vlan, key->vlan, sizeof(key->vlan));
	return WEFT_DROP_UNSPEC;
}

static void weft_walk_pop_vlan(struct weft_walk *w)
{
	struct weft_key *key = &w->key;

	if (!(key->layers & WEFT_L_VLAN))
		return;
	w->looked = -1;
	w->dirty &= ~BIT_ULL(WEFT_FIELD_VLAN_TCI - WEFT_FIELD_PACKET);
	weft_emit_plain(w, WEFT_OP_POP_VLAN, 0);
	key->vlan[0] = key->vlan[1];
	memset(&key->vlan[1], 0, sizeof(key->vlan[1]));
	if (!(key->layers & WEFT_L_VLAN2))
		key->layers &= ~WEFT_L_VLAN;
	key->layers &= ~WEFT_L_VLAN2;
	memcpy(w->base.vlan, key->vlan, sizeof(key->vlan));
}

/* Packets with other TTLs fare the same as long as theirs is enough, or also too little */
static void weft_walk_depends_ttl(struct weft_walk *w, bool enough)
{
	struct weft_trail *trail = w->trail;
	u8 spent = w->ttl_first - w->key.ip_ttl;

	if (w->ttl_set)
		return;		/* compared exactly, see weft_trail_depends() */
	if (enough)
		trail->ttl_min = max_t(u8, trail->ttl_min, spent + 2);
	else
		trail->ttl_max = min_t(u8, trail->ttl_max, spent + 1);
}

static enum weft_drop weft_walk_dec_ttl(struct weft_walk *w)
{
	bool enough = w->key.ip_ttl > 1;

	if (!(w->key.layers & WEFT_L_IP))
		return WEFT_DROP_NO_HEADER;
	weft_walk_depends_ttl(w, enough);
	if (!enough)
		return WEFT_DROP_TTL;
	w->looked = -1;
	w->key.ip_ttl--;
	if (!(w->dirty & BIT_ULL(WEFT_FIELD_IP_TTL - WEFT_FIELD_PACKET)))
		w->ttl_spent++;
	return WEFT_DROP_UNSPEC;
}

/* An output that cannot be: if nothing else is sent, the reason of the drop */
static void weft_walk_lost(struct weft_walk *w, enum weft_drop reason)
{
	weft_emit_plain(w, WEFT_OP_LOST, reason);
	weft_effect(w);
	w->reason = reason;
}

static void weft_walk_output(struct weft_walk *w, struct weft_port *port)
{
	struct weft_op_output *out;

	if (!port)
		return weft_walk_lost(w, WEFT_DROP_NO_PORT);
	if (weft_port_is_tunnel(port->type))
		return weft_walk_lost(w, WEFT_DROP_NO_TUNNEL);
	weft_flush(w);
	out = weft_emit(w, WEFT_OP_OUTPUT, be32_to_cpu(w->key.mark), sizeof(*out));
	if (!out)
		return;
	out->port = port;
	weft_sent(w);
}

static struct weft_port *weft_walk_port(struct weft_walk *w, u32 id)
{
	weft_trail_probe(w->trail, w->dp->stamps, weft_stamp_port(w->dp->stamps, id));
	return xa_load(&w->dp->ports, id);
}

static void weft_walk_output_id(struct weft_walk *w, u32 id)
{
	if (id == w->in->id) {
		/* a list of all ports floods to the others */
		w->reason = WEFT_DROP_IN_PORT;
		return;
	}
	weft_walk_output(w, weft_walk_port(w, id));
}

static void weft_walk_output_lout(struct weft_walk *w)
{
	u32 ldp = be32_to_cpu(w->key.ldp);
	u16 lout = be16_to_cpu(w->key.lout);
	struct weft_port *port;

	weft_trail_probe(w->trail, w->dp->stamps, weft_stamp_lport(w->dp->stamps, ldp, lout));
	port = weft_lport_find(w->dp, ldp, lout);
	if (port)
		weft_walk_output(w, port);
	else
		weft_walk_lost(w, WEFT_DROP_NO_LPORT);
}

static void weft_walk_tunnel(struct weft_walk *w, const struct weft_frame *frame,
			     const struct weft_act_tunnel *act)
{
	struct weft_op_tunnel *t;
	struct weft_port *port;
	struct weft_way way;
	__be64 id;

	weft_remote_way(w->dp, act, frame->values, w->tunnel ? &w->key : NULL, w->trail, &way);
	port = weft_walk_port(w, way.port);
	if (!weft_tunop_id(w, port, act, &id))
		return weft_walk_lost(w, WEFT_DROP_TUNNEL_CONTEXT);
	weft_flush(w);
	t = weft_emit(w, WEFT_OP_TUNNEL, way.port, weft_tunop_len(&w->key));
	if (!t)
		return;
	weft_tunop_fill(t, w, port, act, id);
	t->ipv6 = !ipv6_addr_v4mapped(&way.addr);
	t->dst = t->ipv6 ? way.addr : in6addr_any;
	if (!t->ipv6)
		t->dst.s6_addr32[0] = way.addr.s6_addr32[3];
	w->trail->n_tunnels++;
	weft_sent(w);
}

static void weft_walk_service(struct weft_walk *w, const struct weft_act_service *act,
			      const struct weft_frame *frame)
{
	struct weft_op_upcall *up;

	w->trail->cacheable = false;
	weft_flush(w);
	up = weft_emit(w, WEFT_OP_UPCALL, act->act.arg, sizeof(*up));
	if (!up)
		return;
	up->service = act->service;
	up->cookie = frame->cookie;
	up->max_len = act->max_len;
	up->table = frame->table;
	up->fallback = act->fallback;
	up->template = 0;
	up->pending = 0;
	up->slice = 0;
	memcpy(up->metadata, &w->key, sizeof(up->metadata));
	weft_sent(w);
}

/* Back to the frame that ends the clone, or out */
static void weft_walk_leave(struct weft_walk *w)
{
	unsigned int n = w->n_frames;

	while (n && !w->frames[n - 1].clone)
		n--;
	w->n_frames = n;
	if (n)
		w->frames[n - 1].pos = w->frames[n - 1].end;
}

static struct weft_frame *weft_walk_push(struct weft_walk *w, const void *pos, u32 len, u8 table)
{
	struct weft_frame *frame = &w->frames[w->n_frames++];

	*frame = (struct weft_frame) {
		.pos = pos, .end = pos + len, .table = table,
	};
	return frame;
}

/* A value of the instance, as a "set" of all of the field */
static enum weft_drop weft_walk_bind(struct weft_walk *w, const struct weft_frame *frame,
				     const struct weft_act_bind *act)
{
	enum weft_field f = act->bind.field;
	const struct weft_field_desc *d = &weft_fields[f];

	if (d->needs && !(d->needs & w->key.layers))
		return WEFT_DROP_NO_HEADER;
	memcpy(weft_field_ptr(&w->key, f), frame->values + act->ofs, d->len);
	weft_trail_depends(w->trail, f);
	weft_walk_written(w, f);
	return WEFT_DROP_UNSPEC;
}

static void weft_walk_drop(struct weft_walk *w, enum weft_drop reason)
{
	weft_emit_plain(w, WEFT_OP_DROP, reason);
	weft_sent(w);
	weft_walk_leave(w);
}

/* The body of a clone is a frame of its own, behind which the key is put back */
static void weft_walk_clone(struct weft_walk *w, struct weft_frame *frame,
			    const struct weft_act *act)
{
	struct weft_saved *saved = &w->saved[w->n_saved];
	const void *body = act + 1;
	struct weft_frame *inner;

	if (w->n_saved == WEFT_CLONES_MAX) {
		w->overflow = true;
		return;
	}
	frame->pos = body + act->arg;
	weft_flush(w);
	saved->op_ofs = w->prog->len;
	saved->key = w->key;
	saved->inner = w->inner;
	saved->skb = w->skb;
	weft_emit_plain(w, WEFT_OP_CLONE, 0);
	w->n_saved++;
	inner = weft_walk_push(w, body, act->arg, frame->table);
	inner->cookie = frame->cookie;
	inner->values = frame->values;
	inner->priority = frame->priority;
	inner->clone = true;
}

static void weft_walk_unclone(struct weft_walk *w)
{
	struct weft_saved *saved = &w->saved[--w->n_saved];
	struct weft_program *prog = w->prog;
	struct weft_op *op;

	w->looked = -1;
	w->key = saved->key;
	w->inner = saved->inner;
	w->skb = saved->skb;
	w->base = saved->key;
	w->dirty = 0;
	w->ttl_spent = 0;
	if (w->overflow)
		return;
	if (w->effect_len <= saved->op_ofs) {	/* nothing came of it */
		prog->len = saved->op_ofs;
		return;
	}
	prog->len = w->effect_len;
	op = (void *)prog->ops + saved->op_ofs;
	op->arg = prog->len - saved->op_ofs - sizeof(*op);
}

/* The packet waits as it is now, to go on in that table, and this walk of it ends */
static void weft_walk_wait(struct weft_walk *w, u32 id, u8 table, u64 cookie)
{
	struct weft_op_wait *wait;

	w->trail->cacheable = false;
	weft_flush(w);
	wait = weft_emit(w, WEFT_OP_WAIT, id, sizeof(*wait));
	if (!wait)
		return;
	wait->cookie = cookie;
	wait->table = table;
	memset(wait->pad, 0, sizeof(wait->pad));
	memcpy(wait->metadata, &w->key, sizeof(wait->metadata));
	weft_sent(w);
	weft_walk_leave(w);
}

/* Packets that came before this one still wait for the instance: it lines up behind them */
static bool weft_walk_lines_up(struct weft_walk *w, const struct weft_flow *flow, u8 table)
{
	u32 pending = READ_ONCE(weft_flow_instance(flow)->pending);

	if (likely(!pending || pending == w->waited))
		return false;
	weft_walk_wait(w, pending, table, 0);
	return true;
}

/*
 * An instance that tracks its connection sees each packet that could change its state. Returns
 * how the entry is to be credited: a packet that is not of the connection does not count.
 */
static enum weft_drop weft_walk_state(struct weft_walk *w, struct weft_flow *flow,
				      enum weft_guard *guard, enum weft_watch *watch)
{
	struct weft_instance *i = weft_flow_instance(flow);
	bool reply, tcp = w->key.layers & WEFT_L_TCP;
	enum weft_tracked tracked;

	if (!i->template->track)
		return WEFT_DROP_UNSPEC;
	tracked = weft_instance_track(flow, &w->key, w->skb, &reply);
	if (tcp)
		*guard = reply ? WEFT_GUARD_REPLY : WEFT_GUARD_FORWARD;
	if (tcp && !i->windows) {
		*watch = weft_instance_watched(i);
		return WEFT_DROP_UNSPEC;
	}
	if (tcp)
		w->trail->vol.l4 |= WEFT_VOLATILE_STATE;
	switch (tracked) {
	case WEFT_TRACKED_OUT:
		w->trail->cacheable = false;
		return WEFT_DROP_TCP_WINDOW;
	case WEFT_TRACKED_SEE:
		w->trail->cacheable = false;
		break;
	case WEFT_TRACKED_KEEP:
		break;
	}
	return WEFT_DROP_UNSPEC;
}

/* The packet meets an entry of a table, or none: push what that says */
static __always_inline enum weft_drop weft_walk_meet(struct weft_walk *w, u8 id,
						     struct weft_flow *flow, bool resubmit)
{
	enum weft_guard guard = WEFT_GUARD_NONE;
	enum weft_watch watch = WEFT_WATCH_NONE;
	enum weft_drop reason = WEFT_DROP_UNSPEC;
	const struct weft_actions *acts;
	struct weft_credit *credit;
	struct weft_frame *frame;

	if (flow && flow->at) {
		if (weft_walk_lines_up(w, flow, id))
			return WEFT_DROP_UNSPEC;
		reason = weft_walk_state(w, flow, &guard, &watch);
	}
	credit = weft_trail_credit(w->trail, flow && !reason ? weft_flow_stats(flow) : NULL, id,
				   flow && flow->priority != WEFT_PRIORITY_MISS);
	credit->of_instance = flow && flow->at;
	credit->guard = guard;
	credit->watch = watch;
	if (reason)
		return reason;
	if (!flow)
		return resubmit ? WEFT_DROP_UNSPEC : WEFT_DROP_TABLE_MISS;
	acts = weft_flow_actions(flow);
	frame = weft_walk_push(w, acts->acts, acts->len, id);
	frame->priority = flow->priority;
	if (flow->at)
		frame->values = weft_flow_values(flow);
	else
		frame->cookie = weft_rule(flow)->cookie;
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop weft_walk_table(struct weft_walk *w, u8 id, bool resubmit)
{
	struct weft_flow *flow;

	if (w->stages++ == WEFT_STAGE_MAX)
		return WEFT_DROP_STAGE_LIMIT;
	flow = weft_table_lookup(w->dp, id, &w->key, w->version, w->trail);
	w->looked = id;
	return weft_walk_meet(w, id, flow, resubmit);
}

static enum weft_drop weft_walk_resubmit(struct weft_walk *w, u8 id)
{
	if (w->resubmits++ == WEFT_RESUBMIT_MAX)
		return WEFT_DROP_RESUBMIT_LIMIT;
	return weft_walk_table(w, id, true);
}

/* The frame is done; that of a clone's body stays, to put the key back behind it */
static void weft_walk_pop(struct weft_walk *w, struct weft_frame *frame)
{
	if (frame->clone)
		frame->pos = frame->end;
	else
		w->n_frames--;
}

static enum weft_drop weft_walk_goto(struct weft_walk *w, struct weft_frame *frame, u8 id)
{
	weft_walk_pop(w, frame);
	return weft_walk_table(w, id, false);
}

/*
 * Back to the table of the frame, in which the entry @first is now. When the packet was looked up
 * there just as it is, and met an entry that comes behind this one, it is known what it meets.
 */
static enum weft_drop weft_walk_again(struct weft_walk *w, struct weft_frame *frame,
				      struct weft_flow *first)
{
	u8 id = frame->table;

	if (w->looked != id || first->priority <= frame->priority ||
	    !weft_flow_alive(first, w->version) ||
	    !weft_subtable_matches(first->subtable, first->key, &w->key))
		return weft_walk_goto(w, frame, id);
	if (w->stages++ == WEFT_STAGE_MAX)
		return WEFT_DROP_STAGE_LIMIT;
	weft_walk_pop(w, frame);
	return weft_walk_meet(w, id, first, false);
}

static enum weft_drop weft_walk_check_ttl(struct weft_walk *w, struct weft_frame *frame, u8 id)
{
	bool enough = w->key.ip_ttl > 1;

	if (!(w->key.layers & WEFT_L_IP))
		return WEFT_DROP_UNSPEC;
	weft_walk_depends_ttl(w, enough);
	return enough ? WEFT_DROP_UNSPEC : weft_walk_goto(w, frame, id);
}

/* @arg: the MTU, and above it the table */
static enum weft_drop weft_walk_check_mtu(struct weft_walk *w, struct weft_frame *frame, u32 arg)
{
	struct weft_op_cut *op;
	struct weft_whole cut;
	u16 mtu = arg;

	/* what is made here is short */
	if (!w->skb || !(w->key.layers & WEFT_L_IP))
		return WEFT_DROP_UNSPEC;
	if (weft_mtu_fits(w->skb, w->whole, mtu)) {
		w->trail->mtu = min(w->trail->mtu, mtu);
		return WEFT_DROP_UNSPEC;
	}
	w->trail->cacheable = false;
	if (!weft_mtu_cut(w->skb, w->whole, w->layers, mtu, &w->base, &cut)) {
		w->mtu = mtu;
		return weft_walk_goto(w, frame, arg >> 16);
	}
	op = weft_emit(w, WEFT_OP_CUT, mtu, sizeof(*op));
	if (op)
		op->whole = cut;
	return WEFT_DROP_UNSPEC;
}

/* A daemon has to say: the packet waits */
static enum weft_drop weft_walk_ask(struct weft_walk *w, const struct weft_frame *frame)
{
	u32 id = weft_pending_open(w->dp, &w->opening, w->in);

	w->trail->cacheable = false;
	if (!id)
		return WEFT_DROP_UPCALL_QUEUE;
	weft_walk_wait(w, id, frame->table, frame->cookie);
	return WEFT_DROP_UNSPEC;
}

/* A fragment waits for the others, and this walk of it ends */
static void weft_walk_defrag(struct weft_walk *w, const struct weft_frame *frame)
{
	struct weft_op_defrag *op;

	weft_trail_depends(w->trail, WEFT_FIELD_TUN_TOS);	/* of other tunnels' are others */
	weft_flush(w);
	op = weft_emit(w, WEFT_OP_DEFRAG, w->in->id, sizeof(*op));
	weft_defrag_describe(op, w->dp, &w->key, frame->table, w->fresh);
	weft_sent(w);
	weft_walk_leave(w);
}

/* Which instance it is, and whether it is replaced, depends on all that is taken from the packet */
static void weft_walk_depends_template(struct weft_walk *w, const struct weft_template *t)
{
	unsigned int n;

	for (n = 0; n < t->n_values; n++)
		if (t->values[n].kind == WEFT_BIND_FIELD)
			weft_trail_depends(w->trail, t->values[n].source);
}

/*
 * The instance that stands for something that comes later is replaced when what it says
 * would be different now: replies go to the host that has sent last.
 */
static enum weft_opened weft_walk_open(struct weft_walk *w, struct weft_opening *o, u8 table)
{
	enum weft_opened opened = weft_instance_open(w->dp, o);

	if (opened != WEFT_OPEN_FOUND || weft_opening_here(o->made, table) || weft_opening_same(o))
		return opened;
	weft_instance_end(o->made, WEFT_REASON_REPLACED);
	return weft_instance_open(w->dp, o);
}

/* There is no room for an instance. What goes on without may be cached, until there is. */
static enum weft_drop weft_walk_refused(struct weft_walk *w, struct weft_opening *o)
{
	if (o->template->fallback == WEFT_FALLBACK_DROP) {
		w->trail->cacheable = false;
		return WEFT_DROP_INSTANCE_LIMIT;
	}
	weft_walk_depends_template(w, o->template);
	if (!weft_opening_refused(w->dp, o, w->trail))
		w->trail->cacheable = false;
	return WEFT_DROP_UNSPEC;
}

/*
 * Give the packet an instance. If that has its first entry in this table, look again: the
 * packet meets it. Else it stands for something that comes later (a reply, say) and the
 * walk goes on; then packets of this kind keep it from idling.
 */
static enum weft_drop weft_walk_template(struct weft_walk *w, struct weft_frame *frame,
					 const struct weft_act_template *act)
{
	struct weft_opening *o = &w->opening;
	struct weft_actions *fail;
	enum weft_opened opened;
	struct weft_flow *first;

	if (w->opened++ == WEFT_OPENED_MAX)
		return WEFT_DROP_RESUBMIT_LIMIT;
	o->template = act->template;
	o->key = &w->key;
	o->in_port = w->in->id;
	o->priority = frame->priority;
	opened = weft_walk_open(w, o, frame->table);
	switch (opened) {
	case WEFT_OPEN_WAITS:
		return weft_walk_ask(w, frame);
	case WEFT_OPEN_NO_HEADER:
		return WEFT_DROP_NO_HEADER;
	case WEFT_OPEN_REFUSED:
		return weft_walk_refused(w, o);
	case WEFT_OPEN_FAILED:
		w->trail->cacheable = false;
		fail = o->template->fail;
		frame->pos = fail->acts;
		frame->end = frame->pos + fail->len;
		return WEFT_DROP_UNSPEC;
	default:
		break;
	}
	if (opened == WEFT_OPEN_MADE)
		w->trail->cacheable = false;
	if (weft_opening_here(o->made, frame->table)) {
		w->trail->cacheable = false;
		return weft_walk_again(w, frame, weft_instance_first(o->made));
	}
	weft_walk_depends_template(w, o->template);
	first = weft_instance_first(o->made);
	weft_trail_own(w->trail, w->dp->stamps, weft_subtable_hash(first->subtable, first->key));
	if (!READ_ONCE(o->made->life.live))
		w->trail->cacheable = false;
	weft_trail_refresh(w->trail, weft_flow_stats(first));
	return WEFT_DROP_UNSPEC;
}

/*
 * An address of the error itself that was one of the answer's becomes the new one, too. @any: and
 * any other: behind a translated source may be a router that must not be seen either (RFC 5508).
 */
static void weft_walk_outer(struct weft_walk *w, struct in6_addr *addr, const struct in6_addr *from,
			    const struct in6_addr *to, enum weft_field f, bool any)
{
	if (ipv6_addr_equal(from, to) || !(any || ipv6_addr_equal(addr, from)))
		return;
	*addr = *to;
	weft_walk_written(w, f);
}

/*
 * Is the packet an ICMP error about one that an instance translates? Then what the instance does
 * to answers is done to it, and it goes where they go. It does not count as a packet
 * of the instance, whose life is not the sender's to prolong (RFC 5508, REQ-6).
 */
static enum weft_drop weft_walk_related(struct weft_walk *w, struct weft_frame *frame, u8 id)
{
	bool ip6 = w->key.layers & WEFT_L_IPV6;
	struct in6_addr src, dst;
	struct weft_op_inner *op;
	struct weft_key answer;
	struct weft_flow *flow;
	int next = -1;

	if (!weft_inner_is_error(&w->key))
		return WEFT_DROP_UNSPEC;
	w->trail->cacheable = false;
	if (!w->skb || (!w->inner.layers && !weft_inner_parse(w->skb, w->layers, &w->inner)))
		return WEFT_DROP_UNSPEC;
	if (w->stages++ == WEFT_STAGE_MAX)
		return WEFT_DROP_STAGE_LIMIT;
	answer = w->key;
	weft_inner_reply(&w->inner, &answer);
	src = answer.ip_src;
	dst = answer.ip_dst;
	flow = weft_table_lookup_instance(w->dp, id, &answer);
	if (flow)
		next = weft_inner_translate(flow, &answer);
	weft_trail_credit(w->trail, NULL, id, next >= 0);
	if (next < 0)
		return WEFT_DROP_UNSPEC;
	if (weft_inner_update(&w->inner, &answer)) {
		op = weft_emit(w, WEFT_OP_INNER, 0, sizeof(*op));
		if (op)
			op->inner = w->inner;
	}
	weft_walk_outer(w, &w->key.ip_src, &src, &answer.ip_src,
			ip6 ? WEFT_FIELD_IPV6_SRC : WEFT_FIELD_IP_SRC, true);
	weft_walk_outer(w, &w->key.ip_dst, &dst, &answer.ip_dst,
			ip6 ? WEFT_FIELD_IPV6_DST : WEFT_FIELD_IP_DST, false);
	return weft_walk_goto(w, frame, next);
}

/* From here on the packet is an answer to what it was; nobody has that yet */
static void weft_walk_answer(struct weft_walk *w)
{
	w->base = w->key;
	w->inner.layers = 0;
	w->skb = NULL;
	w->ttl_set = true;
}

static enum weft_drop weft_walk_reject(struct weft_walk *w, enum weft_reject how)
{
	struct weft_op_reject *op;

	how = weft_reject_how(&w->key, how);
	weft_trail_depends(w->trail, WEFT_FIELD_TCP_FLAGS);
	weft_trail_depends(w->trail, WEFT_FIELD_IP_TTL);
	if (!weft_reject_allowed(&w->key, how) || (how == WEFT_REJECT_TOO_BIG && !w->mtu))
		return WEFT_DROP_REJECTED;
	weft_flush(w);
	w->looked = -1;
	weft_reject_key(&w->key, how);
	op = weft_emit(w, WEFT_OP_REJECT, how, sizeof(*op));
	if (op) {
		op->layers = w->key.layers;
		op->mtu = w->mtu;
		memset(op->pad, 0, sizeof(op->pad));
	}
	weft_sent(w);
	weft_walk_answer(w);
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop weft_walk_advertise(struct weft_walk *w,
					  const struct weft_act_advertise *says)
{
	struct weft_op_advertise *op;

	if (!(w->key.layers & WEFT_L_ND_NS))
		return WEFT_DROP_NO_HEADER;
	weft_trail_depends(w->trail, WEFT_FIELD_IP_TTL);
	if (!weft_advertise_allowed(&w->key))
		return WEFT_DROP_BAD_L4;
	weft_flush(w);
	w->looked = -1;
	weft_advertise_key(&w->key, says);
	op = weft_emit(w, WEFT_OP_ADVERTISE, w->key.layers, sizeof(*op));
	if (op)
		op->says = *says;
	weft_walk_answer(w);
	return WEFT_DROP_UNSPEC;
}

static enum weft_drop weft_walk_action(struct weft_walk *w, struct weft_frame *frame,
				       const struct weft_act *act)
{
	switch (act->type) {
	case WEFT_ACT_A_OUTPUT:
		weft_walk_output_id(w, act->arg);
		break;
	case WEFT_ACT_A_OUTPUT_LOUT:
		weft_walk_output_lout(w);
		break;
	case WEFT_ACT_A_OUTPUT_IN_PORT:
		weft_trail_probe(w->trail, w->dp->stamps,
				 weft_stamp_port(w->dp->stamps, w->in->id));
		weft_walk_output(w, w->in);
		break;
	case WEFT_ACT_A_SET:
		return weft_walk_set(w, (const void *)act);
	case WEFT_ACT_A_MOVE:
		return weft_walk_move(w, &((const struct weft_act_move_bits *)act)->move);
	case WEFT_ACT_A_PUSH_VLAN:
		return weft_walk_push_vlan(w, act->arg);
	case WEFT_ACT_A_POP_VLAN:
		weft_walk_pop_vlan(w);
		break;
	case WEFT_ACT_A_DEC_TTL:
		return weft_walk_dec_ttl(w);
	case WEFT_ACT_A_GOTO:
		return weft_walk_goto(w, frame, act->arg);
	case WEFT_ACT_A_RESUBMIT:
		return weft_walk_resubmit(w, act->arg);
	case WEFT_ACT_A_CLONE:
		weft_walk_clone(w, frame, act);
		break;
	case WEFT_ACT_A_TUNNEL:
		weft_walk_tunnel(w, frame, (const void *)act);
		break;
	case WEFT_ACT_A_SERVICE:
		weft_walk_service(w, (const void *)act, frame);
		break;
	case WEFT_ACT_A_TEMPLATE:
		return weft_walk_template(w, frame, (const void *)act);
	case WEFT_ACT_A_BIND:
		return weft_walk_bind(w, frame, (const void *)act);
	case WEFT_ACT_A_RELATED:
		return weft_walk_related(w, frame, act->arg);
	case WEFT_ACT_A_REJECT:
		return weft_walk_reject(w, act->arg);
	case WEFT_ACT_A_ADVERTISE:
		return weft_walk_advertise(w, &((const struct weft_act_advertisement *)act)->says);
	case WEFT_ACT_A_CHECK_TTL:
		return weft_walk_check_ttl(w, frame, act->arg);
	case WEFT_ACT_A_CHECK_MTU:
		return weft_walk_check_mtu(w, frame, act->arg);
	case WEFT_ACT_A_DEFRAG:
		if (w->key.ip_frag)
			weft_walk_defrag(w, frame);
		break;
	case WEFT_ACT_A_DROP:
		return act->arg;
	}
	return WEFT_DROP_UNSPEC;
}

/* Do what is on the stack of frames until it is empty */
static void weft_walk_run(struct weft_walk *w)
{
	while (w->n_frames && !w->overflow) {
		struct weft_frame *frame = &w->frames[w->n_frames - 1];
		const struct weft_act *act = frame->pos;
		enum weft_drop reason;

		if (frame->pos == frame->end) {
			if (frame->clone)
				weft_walk_unclone(w);
			w->n_frames--;
			continue;
		}
		frame->pos += act->len;
		reason = weft_walk_action(w, frame, act);
		if (reason)
			weft_walk_drop(w, reason);
	}
}

static void weft_walk_start(struct weft_walk *w)
{
	struct weft_trail *trail = w->trail;

	w->base = w->key;
	w->layers = w->key.layers;
	w->inner.layers = 0;
	w->dirty = 0;
	w->ttl_spent = 0;
	w->ttl_first = w->key.ip_ttl;
	w->ttl_set = false;
	w->mtu = 0;
	w->resubmits = 0;
	w->opened = 0;
	w->stages = 0;
	w->looked = -1;
	w->n_saved = 0;
	w->n_frames = 0;
	w->overflow = false;
	w->sent = false;
	w->reason = WEFT_DROP_NO_OUTPUT;
	w->effect_len = 0;
	w->prog->len = 0;

	trail->cacheable = true;
	trail->ttl_min = 0;
	trail->ttl_max = U8_MAX;
	trail->mtu = U16_MAX;
	trail->n_probes = 0;
	trail->n_own = 0;
	trail->n_credits = 0;
	trail->n_tunnels = 0;
	memset(&trail->vol, 0, sizeof(trail->vol));
	trail->seq = atomic_read_acquire(&w->dp->stamps->seq);
	/* pairs with the release in weft_commit_publish() */
	w->version = smp_load_acquire(&w->dp->version);
}

void weft_walk(struct weft_walk *w, u8 table, const struct weft_actions *acts)
{
	struct weft_program *prog = w->prog;
	enum weft_drop reason = WEFT_DROP_UNSPEC;

	weft_walk_start(w);
	if (acts) {
		weft_walk_push(w, acts->acts, acts->len, table);
	} else {
		if (w->tunnel)
			reason = weft_tunop_remote(w);
		if (!reason)
			reason = weft_walk_table(w, table, false);
		if (reason)
			weft_walk_drop(w, reason);
	}
	weft_walk_run(w);

	/*
	 * Stamps of entries are raised after the version that they belong to. If that is
	 * still ours, we have seen none that stands for something we did not see.
	 */
	smp_rmb();
	if (READ_ONCE(w->dp->version) != w->version)
		w->trail->cacheable = false;
	/* some bits of what dec_ttl leaves depend on all of what there was */
	if (w->trail->vol.ip & WEFT_VOLATILE_TTL &&
	    (w->trail->ttl_min > 0 || w->trail->ttl_max < U8_MAX))
		w->trail->vol.ip |= WEFT_VOLATILE_TTL;
	if (w->overflow) {
		prog->len = 0;
		w->trail->n_tunnels = 0;
		weft_emit_plain(w, WEFT_OP_DROP, WEFT_DROP_TOO_COMPLEX);
		return;
	}
	prog->len = w->effect_len;
	if (!w->sent) {
		prog->len = 0;
		weft_emit_plain(w, WEFT_OP_DROP, w->reason);
	}
}
