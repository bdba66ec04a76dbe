// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operation that sends into a tunnel, as a walk makes it of its key.
 *
 * The key of the tunnel's header is what Geneve calls VNI; of GRE and STT it is all that they
 * have to carry context and mark (context.c), and so it is made here. A program depends on the
 * labels that were asked for.
 */
#include <linux/string.h>
#include "action.h"
#include "context.h"
#include "datapath.h"
#include "label.h"
#include "port.h"
#include "program.h"
#include "trail.h"
#include "tunnel.h"
#include "tunop.h"
#include "walk.h"

/* The label that stands for what GRE cannot carry; false when there is none */
static bool weft_tunop_label(struct weft_walk *w, const struct weft_context *context, u32 *label)
{
	u16 lport = weft_gre_lport(context);

	*label = 0;
	if (!context->ldp && !lport)
		return true;
	weft_trail_probe(w->trail, w->dp->stamps,
			 weft_stamp_lport(w->dp->stamps, context->ldp, lport));
	*label = weft_label_of(w->dp, context->ldp, lport);
	return *label;
}

/* What of the mark crosses the port */
static u32 weft_tunop_mark(const struct weft_walk *w, const struct weft_port *port)
{
	return be32_to_cpu(w->key.mark) & (port ? READ_ONCE(port->mark_mask) : 0);
}

bool weft_tunop_id(struct weft_walk *w, const struct weft_port *port,
		   const struct weft_act_tunnel *act, __be64 *id)
{
	const struct weft_context context = {
		.ldp = act->has_id ? act->id : be32_to_cpu(w->key.ldp),
		.mark = weft_tunop_mark(w, port),
		.lin = be16_to_cpu(w->key.lin),
		.lout = be16_to_cpu(w->key.lout),
		.stage = w->key.stage,
	};
	u32 label = act->id;

	*id = cpu_to_be64(context.ldp);
	if (!port || (port->type != WEFT_PORT_TYPE_STT && port->type != WEFT_PORT_TYPE_GRE))
		return true;
	if (!weft_context_fits(&context))
		return false;
	if (port->type == WEFT_PORT_TYPE_STT) {
		*id = cpu_to_be64(weft_stt_encode(&context));
		return true;
	}
	if (!act->has_id && !weft_tunop_label(w, &context, &label))
		return false;
	*id = cpu_to_be64(weft_gre_encode(&context, label));
	return true;
}

static u8 weft_tunop_opts(const struct weft_key *key)
{
	u8 present = 0;
	int i;

	for (i = 0; i < WEFT_TUN_OPTS; i++)
		if (memchr_inv(key->tun_opt[i], 0, WEFT_TUN_OPT_LEN))
			present |= BIT(i);
	return present;
}

u32 weft_tunop_len(const struct weft_key *key)
{
	return sizeof(struct weft_op_tunnel) + (weft_tunop_opts(key) ? sizeof(key->tun_opt) : 0);
}

void weft_tunop_fill(struct weft_op_tunnel *t, const struct weft_walk *w, struct weft_port *port,
		     const struct weft_act_tunnel *act, __be64 id)
{
	const struct weft_key *key = &w->key;

	t->port = port;
	t->ready = NULL;
	/* all fragments of a packet go one way, and only the first one has ports */
	t->hash = w->base.layers & WEFT_L_PORTS && !w->base.ip_frag ? w->hash : 0;
	t->pad = 0;
	t->tun_id = id;
	t->dst = act->dst;
	t->mark = weft_tunop_mark(w, port);
	t->lin = be16_to_cpu(key->lin);
	t->lout = be16_to_cpu(key->lout);
	t->stage = key->stage;
	t->tos = act->tos;
	t->ttl = act->ttl;
	t->ipv6 = act->ipv6;
	t->opts_present = weft_tunop_opts(key);
	memset(t->pad2, 0, sizeof(t->pad2));
	if (t->opts_present)
		memcpy(t->opt, key->tun_opt, sizeof(key->tun_opt));
}

/*
 * Is the packet from a host that the port may believe? Strangers leave no trace in the cache,
 * of which they could fill as much as they have addresses.
 */
enum weft_drop weft_tunop_remote(struct weft_walk *w)
{
	const struct weft_tunnel *tunnel;

	weft_trail_probe(w->trail, w->dp->stamps, weft_stamp_port(w->dp->stamps, w->in->id));
	tunnel = rcu_dereference(w->in->tunnel);
	if (likely(tunnel && weft_tunnel_accepts(tunnel, &w->key)))
		return WEFT_DROP_UNSPEC;
	w->trail->cacheable = false;
	return WEFT_DROP_TUNNEL_REMOTE;
}
