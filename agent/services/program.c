// SPDX-License-Identifier: Apache-2.0
/* program.c - see program.h. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "control.h"
#include "link.h"
#include "log.h"
#include "memory.h"
#include "notify.h"
#include "services/privilege.h"
#include "services/program.h"

#ifndef WEFT_VERSION
#define WEFT_VERSION "0.1"
#endif

#define DOUBT_MS 500
#define LEAVE_MS 2000
#define HAND_OVER_MS 1000
#define REQUEST_MAX_BYTES (64u << 20)
#define LINE_MAX_BYTES (64u << 20)

struct program {
	const struct program_kind *kind;
	void *daemon;
	const char *dp;
	const char *config; /* NULL: weftd says */
	const char *user;
	const char *netns; /* NULL: this one */
	char *path;	   /* of the control socket */
	char *aside;
	int old_fd; /* to the one before, if it is to hand over; -1: there is none, or it has */
	uint32_t window;
	struct event_base *base;
	struct event *signals[2];
	struct event *doubt_timer;
	struct bufferevent *channel; /* to weftd; NULL: it is gone, or there was none */
	struct bufferevent *old;     /* to the one before; NULL: there is none, or it has left */
	struct control *control;
	struct service *service; /* NULL: this kind has none */
	bool failed;
};

enum option_code {
	OPTION_CHANNEL = 256,
	OPTION_CTL,
	OPTION_CTL_SOCKET,
	OPTION_LOG_LEVEL,
	OPTION_NETNS,
	OPTION_USER,
	OPTION_WINDOW,
};

static const struct option long_options[] = {
	{ "channel", required_argument, NULL, OPTION_CHANNEL },
	{ "config", required_argument, NULL, 'c' },
	{ "ctl", required_argument, NULL, OPTION_CTL },
	{ "ctl-socket", required_argument, NULL, OPTION_CTL_SOCKET },
	{ "datapath", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "netns", required_argument, NULL, OPTION_NETNS },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "version", no_argument, NULL, 'V' },
	{ "window", required_argument, NULL, OPTION_WINDOW },
	{ 0 }
};

/* "status, export, learn and leave" */
static char *commands_of(const struct program_kind *kind, const char *last)
{
	return memory_printf("status, %s%s%sleave", kind->commands, kind->service ? ", learn" : "",
			     last);
}

static void usage(const struct program_kind *kind, FILE *out)
{
	char *commands = commands_of(kind, " or ");

	fprintf(out,
		"Usage: %s [OPTIONS]\n"
		"%s\n"
		"weftd starts it.\n"
		"\n"
		"  -d, --datapath NAME   the datapath (default weft0)\n"
		"      --channel FD      socket to weftd, which says what to do\n"
		"  -c, --config FILE     what weftd would say, in a file\n"
		"      --ctl COMMAND     ask a running %s: %s\n"
		"      --ctl-socket PATH control socket (default /run/weft/%s-DATAPATH.sock)\n"
		"      --log-level LEVEL error, warning, notice, info or debug\n"
		"      --netns NAME      work in a named network namespace\n"
		"      --user NAME       become this user (default weft, or nobody)\n"
		"%s"
		"  -h, --help\n"
		"  -V, --version\n",
		kind->name, kind->what, kind->name, commands, kind->short_as,
		kind->service ?
			"      --window N        packets to decide at a time, 1 to 65536 (default 256)\n" :
			"");
	free(commands);
}

struct event_base *program_base(const struct program *program)
{
	return program->base;
}

struct service *program_service(const struct program *program)
{
	return program->service;
}

const char *program_dp(const struct program *program)
{
	return program->dp;
}

const char *program_netns(const struct program *program)
{
	return program->netns;
}

/* ---- the line to weftd ------------------------------------------------------ */

static void say(struct program *program, json_t *message)
{
	char *text = program->channel ? json_dumps(message, JSON_COMPACT) : NULL;

	if (text)
		evbuffer_add_printf(bufferevent_get_output(program->channel), "%s\n", text);
	free(text);
	json_decref(message);
}

static void take_over(struct program *program);

static void configure(struct program *program, const json_t *config)
{
	char *error;

	take_over(program);
	error = program->kind->configure(program->daemon, config);
	if (error) {
		log_error("configuration: %s", error);
		say(program, json_pack("{s:s}", "error", error));
		free(error);
		return;
	}
	log_info("configured");
	if (!program->service)
		return;
	service_start(program->service);
	service_learn(program->service);
}

static void on_line(struct bufferevent *channel, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(channel);
	struct program *program = arg;
	json_t *message, *config;
	char *line;

	while ((line = evbuffer_readln(input, NULL, EVBUFFER_EOL_LF))) {
		message = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		config = json_object_get(message, "config");
		if (config)
			configure(program, config);
		json_decref(message);
		free(line);
	}
	if (evbuffer_get_length(input) > LINE_MAX_BYTES)
		evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_weftd_gone(struct bufferevent *channel, short what, void *arg)
{
	struct program *program = arg;

	bufferevent_free(program->channel);
	program->channel = NULL;
	if (program->kind->is_configured(program->daemon)) {
		log_notice("weftd has gone; going on until there is another one");
		return;
	}
	program->failed = true;
	event_base_loopbreak(program->base);
}

static struct bufferevent *open_line(struct program *program, int fd, bufferevent_data_cb on_read,
				     bufferevent_event_cb on_gone)
{
	struct bufferevent *line;

	evutil_make_socket_nonblocking(fd);
	evutil_make_socket_closeonexec(fd);
	line = bufferevent_socket_new(program->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(line, on_read, NULL, on_gone, program);
	bufferevent_enable(line, EV_READ | EV_WRITE);
	return line;
}

/* ---- the one before ----------------------------------------------------------- */

static void end_old(const struct program *program, int fd, bool has_left)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (has_left || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		log_info("took over from the %s before", program->kind->name);
		return;
	}
	log_warning("the %s before, process %d, does not leave", program->kind->name,
		    (int)peer.pid);
	kill(peer.pid, SIGKILL);
}

/* once, by those who go on where the one before ends */
static void take_over(struct program *program)
{
	const struct timeval limit = { .tv_sec = HAND_OVER_MS / 1000 };
	int fd = program->old_fd;
	json_t *known;

	if (fd < 0)
		return;
	program->old_fd = -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	dprintf(fd, "hand_over\n");
	known = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, NULL);
	end_old(program, fd, known && !json_object_get(known, "error"));
	program->kind->resume(program->daemon, known);
	json_decref(known);
	close(fd);
}

static void on_old_said(struct bufferevent *old, void *arg)
{
}

static void on_old_gone(struct bufferevent *old, short what, void *arg)
{
	struct program *program = arg;

	end_old(program, bufferevent_getfd(old), !(what & BEV_EVENT_TIMEOUT));
	bufferevent_free(old);
	program->old = NULL;
}

static void ask_old_to_leave(struct program *program)
{
	static const struct timeval limit = { .tv_sec = LEAVE_MS / 1000 };
	int fd = program->aside ? control_connect(program->aside) : -ENOENT;

	free(program->aside);
	program->aside = NULL;
	if (fd < 0)
		return;
	program->old = open_line(program, fd, on_old_said, on_old_gone);
	bufferevent_set_timeouts(program->old, &limit, &limit);
	evbuffer_add_printf(bufferevent_get_output(program->old), "leave\n");
}

static int open_control(struct program *program, control_fn answer)
{
	char *commands = commands_of(program->kind, " and ");
	struct control_options options = {
		.path = program->path,
		.commands = commands,
		.max_bytes = REQUEST_MAX_BYTES,
		.replace = true,
	};
	int fd = control_connect(program->path);
	int result;

	if (program->kind->resume)
		program->old_fd = fd;
	else if (fd >= 0) {
		close(fd);
		program->aside = memory_printf("%s.old", program->path);
		rename(program->path, program->aside);
	}
	result = control_open(&program->control, program->base, &options, answer, program);
	if (result)
		log_error("%s: %s", program->path, strerror(-result));
	return result;
}

/* ---- what the daemon says -------------------------------------------------------- */

void program_state(struct program *program, bool ok, const char *why)
{
	if (!ok) {
		say(program, json_pack("{s:s}", "error", why));
		notify_status("%s", why);
		return;
	}
	say(program, json_pack("{s:{s:i}}", "ready", "pid", (int)getpid()));
	notify_ready();
	notify_status("%s: at work", program->dp);
	ask_old_to_leave(program);
}

static void on_doubt_timer(evutil_socket_t fd, short what, void *arg)
{
	struct program *program = arg;

	service_learn(program->service);
}

void program_learn_soon(struct program *program)
{
	static const struct timeval delay = { .tv_usec = DOUBT_MS * 1000 };

	if (!evtimer_pending(program->doubt_timer, NULL))
		evtimer_add(program->doubt_timer, &delay);
}

/* ---- control socket ------------------------------------------------------------- */

static json_t *answer_status(struct program *program)
{
	json_t *status = json_pack("{s:s, s:i, s:b}", "datapath", program->dp, "pid", (int)getpid(),
				   "weftd", program->channel != NULL);

	if (program->service)
		json_object_set_new(status, "service", service_status(program->service));
	json_object_update_missing_new(status, program->kind->status(program->daemon));
	return status;
}

static void leave(struct program *program)
{
	if (program->service)
		service_leave(program->service);
	else
		program->kind->leave(program->daemon);
}

static json_t *on_control(void *ctx, const char *command, const json_t *request)
{
	static const struct timeval soon = { .tv_usec = 20000 };
	struct program *program = ctx;
	const struct program_kind *kind = program->kind;

	if (!strcmp(command, "status"))
		return answer_status(program);
	if (program->service && !strcmp(command, "learn")) {
		service_learn(program->service);
		return json_pack("{s:b}", "ok", 1);
	}
	if (kind->hand_over && !strcmp(command, "hand_over")) {
		log_info("another %s takes over", kind->name);
		event_base_loopexit(program->base, &soon);
		return kind->hand_over(program->daemon);
	}
	if (strcmp(command, "leave"))
		return kind->control(program->daemon, command, request);
	log_info("asked to leave");
	leave(program);
	event_base_loopexit(program->base, &soon);
	return json_pack("{s:b}", "ok", 1);
}

/* ---- start and end ---------------------------------------------------------------- */

static void on_terminate(evutil_socket_t signal_number, short what, void *arg)
{
	struct program *program = arg;

	log_info("signal %d: leaving; %s", (int)signal_number, program->kind->gone);
	leave(program);
	event_base_loopbreak(program->base);
}

static bool read_config(struct program *program)
{
	json_error_t error;
	json_t *config;

	if (!program->config)
		return true;
	config = json_load_file(program->config, JSON_REJECT_DUPLICATES, &error);
	if (!config) {
		log_error("%s:%d:%d: %s", program->config, error.line, error.column, error.text);
		return false;
	}
	configure(program, config);
	json_decref(config);
	return program->kind->is_configured(program->daemon);
}

static bool open_program(struct program *program, int channel_fd)
{
	const struct service_options options = {
		.dp = program->dp,
		.name = program->kind->service,
		.window = program->window,
	};
	int result;

	program->base = event_base_new();
	program->daemon = program->kind->open(program);
	if (program->kind->service)
		program->service = service_new(program->base, &options, program->kind->ops,
					       program->kind->ops_ctx(program->daemon));
	program->doubt_timer = evtimer_new(program->base, on_doubt_timer, program);
	program->signals[0] = evsignal_new(program->base, SIGTERM, on_terminate, program);
	program->signals[1] = evsignal_new(program->base, SIGINT, on_terminate, program);
	event_add(program->signals[0], NULL);
	event_add(program->signals[1], NULL);
	if (open_control(program, on_control))
		return false;
	if (channel_fd >= 0)
		program->channel = open_line(program, channel_fd, on_line, on_weftd_gone);
	/* the next one has to reach this socket as the same user */
	result = privilege_give(program->user, program->path);
	if (!result)
		result = privilege_drop(program->user);
	if (result)
		log_error("cannot give up privileges: %s", strerror(-result));
	return !result && read_config(program);
}

static void close_program(struct program *program)
{
	if (program->old)
		bufferevent_free(program->old);
	if (program->channel)
		bufferevent_free(program->channel);
	control_close(program->control);
	service_free(program->service);
	program->kind->close(program->daemon);
	event_free(program->doubt_timer);
	event_free(program->signals[0]);
	event_free(program->signals[1]);
	event_base_free(program->base);
	if (program->old_fd >= 0)
		close(program->old_fd);
	free(program->aside);
	free(program->path);
}

static bool parse_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	return !errno && *text >= '0' && *text <= '9' && !*end && *number <= max;
}

static char *default_path(const struct program *program)
{
	if (program->netns)
		return memory_printf("/run/weft/%s-%s-%s.sock", program->kind->short_as,
				     program->netns, program->dp);
	return memory_printf("/run/weft/%s-%s.sock", program->kind->short_as, program->dp);
}

static int run(struct program *program, int channel_fd)
{
	int result = 0;

	signal(SIGPIPE, SIG_IGN);
	if (program->netns)
		result = netns_enter(program->netns);
	if (result) {
		log_error("namespace %s: %s", program->netns, strerror(-result));
		free(program->path);
		return 1;
	}
	if (open_program(program, channel_fd))
		event_base_dispatch(program->base);
	else
		program->failed = true;
	close_program(program);
	return program->failed;
}

int program_main(const struct program_kind *kind, int argc, char **argv)
{
	struct program program = { .kind = kind, .dp = "weft0", .old_fd = -1 };
	const char *command = NULL, *path = NULL;
	int option, channel_fd = -1, status;
	unsigned long number;

	while ((option = getopt_long(argc, argv, "c:d:hV", long_options, NULL)) >= 0) {
		switch (option) {
		case OPTION_CHANNEL:
			if (!parse_number(optarg, 1023, &number))
				goto bad;
			channel_fd = number;
			break;
		case 'c':
			program.config = optarg;
			break;
		case OPTION_CTL:
			command = optarg;
			break;
		case OPTION_CTL_SOCKET:
			path = optarg;
			break;
		case 'd':
			program.dp = optarg;
			break;
		case OPTION_LOG_LEVEL:
			if (!log_set_level(optarg))
				goto bad;
			break;
		case OPTION_NETNS:
			program.netns = optarg;
			break;
		case OPTION_USER:
			program.user = optarg;
			break;
		case OPTION_WINDOW:
			if (!kind->service || !parse_number(optarg, 65536, &number) || !number)
				goto bad;
			program.window = number;
			break;
		case 'h':
			usage(kind, stdout);
			return 0;
		case 'V':
			printf("%s " WEFT_VERSION "\n", kind->name);
			return 0;
		default:
			goto bad;
		}
	}
	if (optind < argc || strlen(program.dp) > WEFT_NAME_MAX)
		goto bad;
	program.path = path ? memory_strdup(path) : default_path(&program);
	if (command) {
		status = control_ask(program.path, command, stdout);
		free(program.path);
		return status;
	}
	if (channel_fd < 0 && !program.config) {
		log_error("nobody says what to do: --channel or --config is needed");
		free(program.path);
		return 2;
	}
	return run(&program, channel_fd);
bad:
	usage(kind, stderr);
	return 2;
}
