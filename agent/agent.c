// SPDX-License-Identifier: Apache-2.0
/*
 * agent.c - one event loop; everything that happens leads to one function, agent_apply.
 *
 * What may start it: the start, SIGHUP or the control socket (after reading the file again), a
 * device that came or went, a change of the datapath by somebody else, and the timer of a
 * retry. It looks at the kernel afresh each time, so there is no state here that could be
 * wrong, and being killed loses nothing.
 *
 * The exception are changes of a network that come by the control socket: only their own
 * entries are sent, on the assumption that the kernel has what the last apply left there. When
 * that is known not to be so, or the kernel refuses, it is looked at afresh, too.
 *
 * Notifications cannot be told from those of weftd's own changes. Those that are waiting right
 * after an apply are thrown away as its own; should somebody else's be among them, a second
 * look a moment later sees what it did. After a change of a network they are few, so they are
 * looked at.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <weft/weft.h>

#include "actual.h"
#include "agent.h"
#include "announce.h"
#include "apply.h"
#include "binding.h"
#include "config.h"
#include "control.h"
#include "daemons.h"
#include "error.h"
#include "event.h"
#include "link.h"
#include "load.h"
#include "log.h"
#include "memory.h"
#include "monitor.h"
#include "net/net.h"
#include "net/standby.h"
#include "notify.h"
#include "ruleset.h"
#include "services/arp/section.h"
#include "services/nat/nat.h"

#define LINK_DELAY_MS 50   /* devices are made in several steps */
#define LOOK_DELAY_MS 2000 /* for what nobody tells: see must_look */
#define SECOND_LOOK_MS 1000
#define DRAIN_LOOK_MS 10000 /* for the last instance of a template */
#define RETRY_FIRST_MS 1000
#define RETRY_LAST_MS 60000
#define REPAIR_FIRST_MS 200
#define REPAIR_LAST_MS 30000

/* in the order of cause_names */
enum cause {
	CAUSE_START,
	CAUSE_RELOAD,
	CAUSE_NETWORK, /* its objects, by the control socket */
	CAUSE_TUNNELS, /* another host is down, or is not any more */
	CAUSE_DEVICES,
	CAUSE_CHANGE, /* somebody else may have changed the datapath */
	CAUSE_RETRY,
	CAUSE_DRAIN, /* templates wait for their instances to end */
};

static const char *const cause_names[] = { "start",   "reload", "network", "tunnels",
					   "devices", "change", "retry",   "drain" };

struct agent {
	const struct agent_options *options;
	struct config *config;
	struct weft_sock *sock; /* NULL: to be opened again */
	struct weft_sock *event_sock;
	struct link_sock *link_sock;
	int watch_fd;
	struct control *control;
	struct daemons daemons;
	struct announcer *announcer;
	unsigned int n_monitored_made; /* ports: the kernel knows nothing of a new one's remotes */

	struct event_base *base;
	struct event *link_event;
	struct event *weft_event;
	struct event *link_timer;
	struct event *apply_timer;
	struct event *tunnel_timer;
	struct event *signals[4];
	enum cause pending; /* of apply_timer */
	unsigned int retry_ms;
	unsigned int repair_ms;

	struct outcome outcome; /* of the last apply */
	enum cause last_cause;
	int64_t last_apply_ms; /* since the epoch */
	unsigned int last_took_ms;
	uint64_t n_applies;
	uint64_t n_reloads;
	uint64_t n_repairs;
	unsigned int n_changes; /* of the network since its file was read */
	char *reload_error;	/* NULL: the file in force is the last one read */
};

static int64_t now_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

char *agent_ctl_path(const char *dp, const char *netns)
{
	if (netns)
		return memory_printf("/run/weft/weftd-%s-%s.sock", netns, dp);
	return memory_printf("/run/weft/weftd-%s.sock", dp);
}

static void start_timer(struct event *timer, unsigned int delay_ms)
{
	const struct timeval delay = {
		.tv_sec = delay_ms / 1000,
		.tv_usec = delay_ms % 1000 * 1000,
	};

	evtimer_add(timer, &delay);
}

/* an apply that is due earlier, or for a better reason, is not put off */
static void schedule_apply(struct agent *agent, enum cause cause, unsigned int delay_ms)
{
	struct timeval due, now;

	if (evtimer_pending(agent->apply_timer, &due)) {
		event_base_gettimeofday_cached(agent->base, &now);
		if (agent->pending < cause)
			cause = agent->pending;
		if ((due.tv_sec - now.tv_sec) * 1000 + (due.tv_usec - now.tv_usec) / 1000 <=
		    (long)delay_ms) {
			agent->pending = cause;
			return;
		}
	}
	agent->pending = cause;
	start_timer(agent->apply_timer, delay_ms);
}

/* ---- the kernel -------------------------------------------------------- */

static void load_module(void)
{
	pid_t child = fork();

	if (!child) {
		execlp("modprobe", "modprobe", "-q", "weft", (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static int open_sock(struct weft_sock **sock, bool modprobe)
{
	int result = weft_sock_open(sock, -1);

	if (result == -ENOENT && modprobe) {
		load_module();
		result = weft_sock_open(sock, -1);
	}
	if (result == -ENOENT)
		log_error("the kernel does not know weft: module weft.ko is not loaded");
	else if (result)
		log_error("cannot speak with weft: %s", strerror(-result));
	return result;
}

static void on_weft_event(evutil_socket_t fd, short what, void *arg);

static void close_socks(struct agent *agent)
{
	if (agent->weft_event)
		event_free(agent->weft_event);
	weft_sock_close(agent->event_sock);
	weft_sock_close(agent->sock);
	agent->weft_event = NULL;
	agent->event_sock = NULL;
	agent->sock = NULL;
}

static int open_socks(struct agent *agent)
{
	int result = open_sock(&agent->sock, agent->options->modprobe);

	if (result) {
		agent->sock = NULL;
		return result;
	}
	if (agent->options->once)
		return 0;
	result = weft_sock_open(&agent->event_sock, -1);
	if (result)
		agent->event_sock = NULL;
	else
		result = weft_event_join(agent->event_sock);
	if (result) {
		log_error("cannot hear the events of weft: %s", strerror(-result));
		close_socks(agent);
		return result;
	}
	agent->weft_event = event_new(agent->base, weft_sock_fd(agent->event_sock),
				      EV_READ | EV_PERSIST, on_weft_event, agent);
	event_add(agent->weft_event, NULL);
	return 0;
}

/* ---- applying ---------------------------------------------------------- */

static void tell_status(const struct agent *agent)
{
	const struct outcome *outcome = &agent->outcome;

	if (agent->reload_error)
		notify_status("the new configuration is bad, the old one is in force: %s",
			      agent->reload_error);
	else if (!outcome->ok)
		notify_status("%s", outcome->error);
	else
		notify_status("%s: %zu flow entries (%zu held back), %zu ports (%zu waiting)",
			      agent->config->datapath, outcome->n_flows, outcome->n_flows_held,
			      outcome->n_ports, outcome->n_waiting);
}

static void log_waiting(const struct config *config, const struct outcome *before,
			const struct outcome *after)
{
	for (size_t i = 0; i < after->n_ports; i++) {
		const char *was = i < before->n_ports ? before->waiting[i] : NULL;
		const char *is = after->waiting[i];

		if (is && (!was || strcmp(was, is)))
			log_notice("port %s waits: %s", config->ports[i].name, is);
	}
}

static void log_outcome(const struct agent *agent, enum cause cause)
{
	const struct outcome *outcome = &agent->outcome;

	if (!outcome_changed(outcome)) {
		if (outcome->ok && cause != CAUSE_CHANGE)
			log_info("%s: nothing to change", agent->config->datapath);
		return;
	}
	log_info("%s: ports +%u ~%u -%u, flow entries +%zu ~%zu -%zu (%zu held back), table misses "
		 "~%zu, pools and templates ~%zu, labels ~%zu, devices ~%u, in %u ms",
		 agent->config->datapath, outcome->n_ports_added, outcome->n_ports_changed,
		 outcome->n_ports_removed, outcome->n_flows_added, outcome->n_flows_changed,
		 outcome->n_flows_removed, outcome->n_flows_held, outcome->n_tables_changed,
		 outcome->n_objects_changed + outcome->n_objects_removed, outcome->n_labels_changed,
		 outcome->n_devices, agent->last_took_ms);
}

/* notifications of what was just applied; true: others may be among them */
static bool drop_own_events(struct agent *agent, const struct apply_change *change)
{
	const struct outcome *outcome = &agent->outcome;
	struct event_own own = { .n_commits = 1 };
	struct weft_event event;
	bool others = !change;
	int result;

	if (change) {
		own.rules = change->rules;
		own.n_ports = outcome->n_ports_added + outcome->n_ports_changed +
			      outcome->n_ports_removed;
	}
	if (!agent->event_sock)
		return others;
	do {
		result = weft_event_recv(agent->event_sock, &event, false);
		if (result) {
			others |= result != -EAGAIN;
			continue;
		}
		others = others || (event_matters(&event, agent->config->datapath) &&
				    !event_is_own(&event, &own));
		weft_event_free(&event);
	} while (result != -EAGAIN && result != -EBADF && result != -ENOTCONN);
	return others;
}

/* new namespaces, and new aliases of devices that are down, are not announced */
static bool must_look(const struct agent *agent)
{
	for (size_t i = 0; i < agent->outcome.n_ports; i++) {
		const struct port *port = &agent->config->ports[i];

		if (agent->outcome.waiting[i] && (port->netns || !port->device))
			return true;
	}
	return false;
}

/* when to look again, after the outcome is known; others: who may have changed something, too */
static void schedule_next(struct agent *agent, enum cause cause, bool others)
{
	const struct outcome *outcome = &agent->outcome;

	if (!outcome->ok) {
		schedule_apply(agent, CAUSE_RETRY, agent->retry_ms);
		agent->retry_ms = agent->retry_ms * 2 < RETRY_LAST_MS ? agent->retry_ms * 2 :
									RETRY_LAST_MS;
		return;
	}
	agent->retry_ms = RETRY_FIRST_MS;
	if (must_look(agent))
		start_timer(agent->link_timer, LOOK_DELAY_MS);
	if (outcome->n_draining)
		schedule_apply(agent, CAUSE_DRAIN, DRAIN_LOOK_MS);
	if (!outcome_changed(outcome)) {
		agent->repair_ms = REPAIR_FIRST_MS;
		return;
	}
	if (cause == CAUSE_CHANGE && outcome_repaired(outcome)) {
		agent->n_repairs++;
		log_warning("%s: somebody else changed the datapath; it was put right again",
			    agent->config->datapath);
		agent->repair_ms = agent->repair_ms * 2 < REPAIR_LAST_MS ? agent->repair_ms * 2 :
									   REPAIR_LAST_MS;
	}
	if (others)
		schedule_apply(agent, CAUSE_CHANGE,
			       SECOND_LOOK_MS > agent->repair_ms ? SECOND_LOOK_MS :
								   agent->repair_ms);
}

/* change: NULL, or all that there is to do if the kernel has what the last apply left there */
static void agent_apply_change(struct agent *agent, enum cause cause,
			       const struct apply_change *change)
{
	int64_t start = now_ms(CLOCK_MONOTONIC);
	struct outcome before = agent->outcome;
	bool others = false;

	agent->n_applies++;
	agent->last_cause = cause;
	agent->last_apply_ms = now_ms(CLOCK_REALTIME);
	if (!agent->sock && open_socks(agent)) {
		agent->outcome = (struct outcome){ .lost = true };
		snprintf(agent->outcome.error, sizeof(agent->outcome.error),
			 "the kernel does not answer");
	} else
		apply_run(agent->config, change, agent->sock, agent->link_sock, &agent->outcome);
	agent->last_took_ms = now_ms(CLOCK_MONOTONIC) - start;

	log_waiting(agent->config, &before, &agent->outcome);
	log_outcome(agent, cause);
	outcome_free(&before);
	agent->n_monitored_made += agent->outcome.n_monitored_added;
	if (agent->outcome.lost)
		close_socks(agent);
	if (agent->base) {
		if (outcome_changed(&agent->outcome))
			others = drop_own_events(agent, change);
		schedule_next(agent, cause, others);
	}
	if (agent->base && agent->outcome.has_objects)
		daemons_feed(&agent->daemons, agent->config, agent->n_monitored_made);
	if (agent->base && agent->outcome.ok)
		announcer_update(agent->announcer, agent->config, agent->outcome.waiting,
				 agent->outcome.n_ports);
	if (agent->base) /* what was said of tunnels meanwhile */
		start_timer(agent->tunnel_timer, 0);
	tell_status(agent);
}

static void agent_apply(struct agent *agent, enum cause cause)
{
	agent_apply_change(agent, cause, NULL);
}

static void log_errors(const struct errors *errors)
{
	for (unsigned int i = 0; i < errors->n_kept; i++)
		log_error("%s", errors->text[i]);
	if (errors->n_total > errors->n_kept)
		log_error("%u more errors", errors->n_total - errors->n_kept);
}

/* read the file and apply it; a bad one changes nothing */
static bool agent_reload(struct agent *agent)
{
	struct errors errors = { 0 };
	struct config *config;
	bool good;

	notify_reloading();
	agent->n_reloads++;
	config = load_config(&agent->options->source, agent->config, agent->sock, agent->link_sock,
			     &errors);
	good = config;
	if (config && strcmp(config->datapath, agent->config->datapath)) {
		errors_add(&errors,
			   "%s: $.datapath: \"%s\" instead of \"%s\": restart weftd to "
			   "change the name",
			   config->file, config->datapath, agent->config->datapath);
		good = false;
	}
	free(agent->reload_error);
	agent->reload_error = NULL;
	if (good) {
		if (agent->n_changes)
			log_notice("%s was read again: %u changes to the network are gone",
				   agent->options->source.file, agent->n_changes);
		agent->n_changes = 0;
		config_free(agent->config);
		agent->config = config;
		outcome_free(&agent->outcome);
		agent->retry_ms = RETRY_FIRST_MS;
		event_del(agent->apply_timer);
		agent_apply(agent, CAUSE_RELOAD);
	} else {
		config_free(config);
		log_errors(&errors);
		log_error("%s is bad: the configuration before it stays in force",
			  agent->options->source.file);
		agent->reload_error = memory_strdup(errors.n_kept ? errors.text[0] : "?");
		tell_status(agent);
	}
	errors_clear(&errors);
	notify_ready();
	return good;
}

/* does the kernel have what the last apply left there, as far as weftd knows? */
static bool is_settled(const struct agent *agent, const struct actual *actual)
{
	return agent->outcome.ok && actual->has_dp &&
	       binding_fingerprint(agent->config, actual) == agent->outcome.fingerprint;
}

/*
 * The network with a change, or with what others do instead of hosts that are down, in force or not
 * at all; the text of an error is to be freed.
 */
static char *agent_change(struct agent *agent, const json_t *request, json_t *down)
{
	const enum cause cause = down ? CAUSE_TUNNELS : CAUSE_NETWORK;
	struct config *before = agent->config, *config;
	struct errors errors = { 0 };
	struct ruleset_change rules = { 0 };
	struct actual actual;
	struct apply_change change = {
		.rules = &rules,
		.n_flows_held = agent->outcome.n_flows_held,
		.actual = &actual,
	};
	char *error = NULL;
	bool settled;

	if (!before->net)
		return memory_strdup("there is no network: weftd was started with a host's file");
	if (!agent->sock)
		return memory_strdup("the kernel does not answer");
	if (actual_read(&actual, agent->sock, agent->link_sock, before->datapath, false))
		return memory_strdup("cannot read the datapath");
	settled = is_settled(agent, &actual);
	config = down ? load_stand_in(before, down, &actual, &rules, &errors) :
			load_change(before, request, &actual, &rules, &errors);
	if (!config) {
		error = memory_strdup(errors.n_kept ? errors.text[0] : "?");
		goto out;
	}
	agent->config = config;
	config->ruleset = before->ruleset; /* lent: who looks at it looks at this configuration */
	if (settled)
		agent_apply_change(agent, cause, &change);
	if (!settled || !agent->outcome.ok)
		agent_apply(agent, cause);
	if (agent->outcome.ok) {
		ruleset_change_end(before, config, &rules);
		config_free(before);
		agent->n_changes += !down;
		goto out;
	}
	error = memory_strdup(agent->outcome.error);
	config->ruleset = NULL;
	ruleset_change_undo(before, &rules);
	agent->config = before;
	agent_apply(agent, cause);
	config_free(config);
out:
	errors_clear(&errors);
	actual_free(&actual);
	return error;
}

/* ---- what happens ------------------------------------------------------ */

static void on_apply_timer(evutil_socket_t fd, short what, void *arg)
{
	struct agent *agent = arg;

	agent_apply(agent, agent->pending);
}

static void on_link_timer(evutil_socket_t fd, short what, void *arg)
{
	struct agent *agent = arg;
	struct actual actual;

	if (actual_read(&actual, NULL, agent->link_sock, agent->config->datapath, false)) {
		start_timer(agent->link_timer, RETRY_FIRST_MS);
		return;
	}
	if (binding_fingerprint(agent->config, &actual) != agent->outcome.fingerprint) {
		agent->retry_ms = RETRY_FIRST_MS;
		event_del(agent->apply_timer);
		agent_apply(agent, CAUSE_DEVICES);
	} else if (must_look(agent))
		start_timer(agent->link_timer, LOOK_DELAY_MS);
	actual_free(&actual);
}

static void on_link(evutil_socket_t fd, short what, void *arg)
{
	struct agent *agent = arg;

	link_watch_drain(fd);
	start_timer(agent->link_timer, LINK_DELAY_MS);
}

static void log_down(json_t *down)
{
	char *text = memory_strdup("");
	const char *name;
	json_t *value;

	json_object_foreach(down, name, value) {
		char *longer = memory_printf("%s%s%s", text, *text ? ", " : "", name);

		free(text);
		text = longer;
	}
	if (*text)
		log_notice("down: %s; others do what they did", text);
	else
		log_notice("all hosts are reached");
	free(text);
}

static void on_tunnel_timer(evutil_socket_t fd, short what, void *arg)
{
	struct agent *agent = arg;
	const struct net *net = agent->config->net;
	char *error = NULL;
	json_t *down;

	if (!net || !agent->sock || !net_has_standby(net))
		return;
	down = load_down(net, agent->sock);
	if (!down) {
		start_timer(agent->tunnel_timer, RETRY_FIRST_MS);
		return;
	}
	if (!json_equal(down, net->down)) {
		log_down(down);
		error = agent_change(agent, NULL, down);
	}
	json_decref(down);
	if (!error)
		return;
	log_error("%s", error);
	free(error);
	start_timer(agent->tunnel_timer, RETRY_FIRST_MS);
}

static void on_weft_event(evutil_socket_t fd, short what, void *arg)
{
	struct agent *agent = arg;
	struct weft_event event;
	bool matters = false;
	int result;

	for (;;) {
		result = weft_event_recv(agent->event_sock, &event, false);
		if (result == -EAGAIN)
			break;
		if (result == -EINTR || result == -EPROTO)
			continue;
		if (result == -ENOBUFS) {
			log_debug("events were lost");
			matters = true;
			continue;
		}
		if (result) {
			log_error("events of weft: %s", strerror(-result));
			close_socks(agent);
			matters = true;
			break;
		}
		matters = event_matters(&event, agent->config->datapath) || matters;
		if (event.cmd == WEFT_CMD_TUNNEL_SET || event.cmd == WEFT_CMD_TUNNEL_DEL)
			start_timer(agent->tunnel_timer, 0);
		weft_event_free(&event);
	}
	if (matters)
		schedule_apply(agent, CAUSE_CHANGE, agent->repair_ms);
}

static void on_hangup(evutil_socket_t signal_number, short what, void *arg)
{
	agent_reload(arg);
}

static void on_child(evutil_socket_t signal_number, short what, void *arg)
{
	struct agent *agent = arg;

	daemons_reap(&agent->daemons);
}

static void on_terminate(evutil_socket_t signal_number, short what, void *arg)
{
	struct agent *agent = arg;

	log_info("signal %d: leaving%s", (int)signal_number,
		 agent->options->flush_on_exit ? "" : "; forwarding goes on");
	event_base_loopbreak(agent->base);
}

/* ---- control socket ---------------------------------------------------- */

/* what was sent to the kernel */
static json_t *flow_counts(const struct outcome *outcome)
{
	return json_pack("{s:i, s:i, s:i}", "added", (int)outcome->n_flows_added, "changed",
			 (int)outcome->n_flows_changed, "removed", (int)outcome->n_flows_removed);
}

static json_t *answer_status(const struct agent *agent)
{
	const struct outcome *outcome = &agent->outcome;
	json_t *waiting = json_object(), *errors = json_array();
	json_t *services = daemons_status(&agent->daemons);
	json_t *last, *ports, *flows, *counts;
	const char *state = agent->reload_error ? "bad_config" : "ok";

	for (size_t i = 0; i < outcome->n_ports; i++) {
		if (outcome->waiting[i])
			json_object_set_new(waiting, agent->config->ports[i].name,
					    json_string(outcome->waiting[i]));
	}
	if (!outcome->ok) {
		state = "failed";
		json_array_append_new(errors, json_string(outcome->error));
	}
	if (agent->reload_error)
		json_array_append_new(errors, json_string(agent->reload_error));
	last = json_pack("{s:I, s:s, s:b, s:i, s:b}", "time_ms", (json_int_t)agent->last_apply_ms,
			 "cause", cause_names[agent->last_cause], "ok", outcome->ok, "took_ms",
			 (int)agent->last_took_ms, "changed", outcome_changed(outcome));
	ports = json_pack("{s:i, s:i}", "configured", (int)outcome->n_ports, "waiting",
			  (int)outcome->n_waiting);
	json_object_set_new(last, "flows", flow_counts(outcome));
	flows = json_pack("{s:i, s:i}", "applied", (int)outcome->n_flows, "held_back",
			  (int)outcome->n_flows_held);
	counts = json_pack("{s:I, s:I, s:I, s:i}", "applies", (json_int_t)agent->n_applies,
			   "reloads", (json_int_t)agent->n_reloads, "repairs",
			   (json_int_t)agent->n_repairs, "changes", (int)agent->n_changes);
	return json_pack("{s:s, s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "datapath",
			 agent->config->datapath, "config", agent->config->file, "pid",
			 (int)getpid(), "state", state, "last_apply", last, "ports", ports, "flows",
			 flows, "counts", counts, "waiting", waiting, "services", services,
			 "errors", errors);
}

static json_t *answer_plan(struct agent *agent)
{
	struct errors errors = { 0 };
	struct config *config;
	json_t *answer = NULL;
	char *text = NULL;
	size_t len;
	FILE *out;

	config = load_config(&agent->options->source, agent->config, agent->sock, agent->link_sock,
			     &errors);
	out = config ? open_memstream(&text, &len) : NULL;
	if (out) {
		int result = apply_show(config, agent->sock, agent->link_sock, out);

		fclose(out);
		answer = result ? json_pack("{s:s}", "error", strerror(-result)) :
				  json_pack("{s:s}", "plan", text);
		free(text);
	}
	if (!answer)
		answer = json_pack("{s:s}", "error", errors.n_kept ? errors.text[0] : "no memory");
	config_free(config);
	errors_clear(&errors);
	return answer;
}

static json_t *answer_apply(const struct agent *agent)
{
	const struct outcome *outcome = &agent->outcome;
	json_t *ports;

	if (!outcome->ok)
		return json_pack("{s:s}", "error", outcome->error);
	ports = json_pack("{s:i, s:i, s:i, s:i}", "added", (int)outcome->n_ports_added, "changed",
			  (int)outcome->n_ports_changed, "removed", (int)outcome->n_ports_removed,
			  "waiting", (int)outcome->n_waiting);
	return json_pack("{s:b, s:b, s:o, s:o}", "ok", 1, "changed", outcome_changed(outcome),
			 "flows", flow_counts(outcome), "ports", ports);
}

static json_t *answer_change(struct agent *agent, const json_t *request)
{
	int64_t start = now_us();
	json_t *answer;
	char *error;

	error = agent_change(agent, json_object_get(request, "change"), NULL);
	answer = error ? json_pack("{s:s}", "error", error) : answer_apply(agent);
	if (!error)
		json_object_set_new(answer, "took_us", json_integer(now_us() - start));
	free(error);
	return answer;
}

static json_t *answer_network(const struct agent *agent)
{
	if (agent->config->net)
		return net_to_json(agent->config->net);
	return json_pack("{s:s}", "error", "weftd was started with a host's file");
}

static json_t *on_control(void *ctx, const char *command, const json_t *request)
{
	struct agent *agent = ctx;

	if (!strcmp(command, "status"))
		return answer_status(agent);
	if (!strcmp(command, "plan"))
		return answer_plan(agent);
	if (!strcmp(command, "network"))
		return answer_network(agent);
	if (!strcmp(command, "change"))
		return answer_change(agent, request);
	if (strcmp(command, "reload"))
		return NULL;
	if (!agent_reload(agent))
		return json_pack("{s:s}", "error", agent->reload_error);
	return answer_apply(agent);
}

/* ---- start and end ----------------------------------------------------- */

static void catch_signals(struct agent *agent)
{
	agent->signals[0] = evsignal_new(agent->base, SIGHUP, on_hangup, agent);
	agent->signals[1] = evsignal_new(agent->base, SIGTERM, on_terminate, agent);
	agent->signals[2] = evsignal_new(agent->base, SIGINT, on_terminate, agent);
	agent->signals[3] = evsignal_new(agent->base, SIGCHLD, on_child, agent);
	for (size_t i = 0; i < sizeof(agent->signals) / sizeof(*agent->signals); i++)
		event_add(agent->signals[i], NULL);
}

static int open_loop(struct agent *agent)
{
	agent->base = event_base_new();
	agent->daemons.base = agent->base;
	agent->daemons.netns = agent->options->netns;
	if (!agent->base)
		return -ENOMEM;
	agent->watch_fd = link_watch_open();
	if (agent->watch_fd < 0)
		return agent->watch_fd;
	agent->apply_timer = evtimer_new(agent->base, on_apply_timer, agent);
	agent->tunnel_timer = evtimer_new(agent->base, on_tunnel_timer, agent);
	agent->announcer = announcer_new(agent->base);
	agent->link_timer = evtimer_new(agent->base, on_link_timer, agent);
	agent->link_event = event_new(agent->base, agent->watch_fd, EV_READ | EV_PERSIST, on_link,
				      agent);
	event_add(agent->link_event, NULL);
	catch_signals(agent);
	return 0;
}

static int open_control(struct agent *agent)
{
	const struct agent_options *options = agent->options;
	char *path = options->ctl_socket ? memory_strdup(options->ctl_socket) :
					   agent_ctl_path(agent->config->datapath, options->netns);
	const struct control_options control = {
		.path = path,
		.commands = "status, reload, plan, network and change",
		.max_bytes = 4 << 20,
	};
	int result = control_open(&agent->control, agent->base, &control, on_control, agent);

	if (result == -EADDRINUSE)
		log_error("%s: another weftd answers there", path);
	else if (result)
		log_error("%s: %s", path, strerror(-result));
	free(path);
	return result;
}

static void serve(struct agent *agent)
{
	agent_apply(agent, CAUSE_START);
	notify_ready();
	event_base_dispatch(agent->base);
	notify_stopping();
	if (agent->options->flush_on_exit && agent->sock)
		apply_flush(agent->config->datapath, agent->sock, agent->link_sock);
}

static void agent_close(struct agent *agent)
{
	daemons_close(&agent->daemons, agent->options->flush_on_exit);
	control_close(agent->control);
	close_socks(agent);
	if (agent->base) {
		for (size_t i = 0; i < sizeof(agent->signals) / sizeof(*agent->signals); i++) {
			if (agent->signals[i])
				event_free(agent->signals[i]);
		}
		if (agent->link_event)
			event_free(agent->link_event);
		if (agent->link_timer)
			event_free(agent->link_timer);
		if (agent->apply_timer)
			event_free(agent->apply_timer);
		if (agent->tunnel_timer)
			event_free(agent->tunnel_timer);
		announcer_free(agent->announcer);
		event_base_free(agent->base);
	}
	if (agent->watch_fd >= 0)
		close(agent->watch_fd);
	link_sock_close(agent->link_sock);
	outcome_free(&agent->outcome);
	config_free(agent->config);
	free(agent->reload_error);
}

enum agent_exit agent_run(const struct agent_options *options)
{
	enum agent_exit status = AGENT_FAILED;
	struct errors errors = { 0 };
	struct agent agent = {
		.options = options,
		.watch_fd = -1,
		.retry_ms = RETRY_FIRST_MS,
		.repair_ms = REPAIR_FIRST_MS,
	};

	signal(SIGPIPE, SIG_IGN);
	if (!options->once && open_loop(&agent)) {
		log_error("cannot watch devices");
		goto out;
	}
	if (link_sock_open(&agent.link_sock, NULL) || open_socks(&agent))
		goto out;
	agent.config = load_config(&options->source, NULL, agent.sock, agent.link_sock, &errors);
	if (!agent.config) {
		log_errors(&errors);
		status = AGENT_BAD_CONFIG;
		goto out;
	}
	if (options->once) {
		agent_apply(&agent, CAUSE_START);
		status = agent.outcome.ok ? AGENT_OK : AGENT_FAILED;
		goto out;
	}
	if (open_control(&agent))
		goto out;
	serve(&agent);
	status = AGENT_OK;
out:
	errors_clear(&errors);
	agent_close(&agent);
	return status;
}

static enum agent_exit print_errors(const struct errors *errors)
{
	for (unsigned int i = 0; i < errors->n_kept; i++)
		fprintf(stderr, "%s\n", errors->text[i]);
	if (errors->n_total > errors->n_kept)
		fprintf(stderr, "%u more errors\n", errors->n_total - errors->n_kept);
	return AGENT_BAD_CONFIG;
}

enum agent_exit agent_check(const struct agent_options *options)
{
	enum agent_exit status = AGENT_OK;
	struct errors errors = { 0 };
	struct config *config;

	config = load_config(&options->source, NULL, NULL, NULL, &errors);
	if (!config)
		status = print_errors(&errors);
	config_free(config);
	errors_clear(&errors);
	return status;
}

enum agent_exit agent_dry_run(const struct agent_options *options)
{
	enum agent_exit status = AGENT_FAILED;
	struct errors errors = { 0 };
	struct link_sock *link_sock;
	struct weft_sock *sock;
	struct config *config;
	int result;

	result = link_sock_open(&link_sock, NULL);
	if (result) {
		log_error("cannot list devices: %s", strerror(-result));
		return AGENT_FAILED;
	}
	/* without a module the plan is to make everything */
	if (weft_sock_open(&sock, -1))
		sock = NULL;
	config = load_config(&options->source, NULL, sock, link_sock, &errors);
	if (config) {
		result = apply_show(config, sock, link_sock, stdout);
		if (result)
			log_error("cannot read datapath %s: %s", config->datapath,
				  strerror(-result));
		else
			status = AGENT_OK;
	} else
		status = print_errors(&errors);
	config_free(config);
	errors_clear(&errors);
	weft_sock_close(sock);
	link_sock_close(link_sock);
	return status;
}
