// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - weft-bfdd: options, the line to weftd, the control socket, taking over.
 *
 * Taking over. A bfdd that finds another one at its control socket connects to it, and makes itself
 * ready. When it is told what to watch it asks the other one for all that it knows, which is silent
 * from then on. The sessions go on with the same discriminators, so the other ends notice a pause of
 * some milliseconds at most.
 */
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
#include <weft/weft.h>

#include "services/bfd/bfdd.h"
#include "services/privilege.h"

#ifndef WEFT_VERSION
#define WEFT_VERSION "0.1"
#endif

#define HAND_OVER_MS 1000
#define LINE_MAX_BYTES (16u << 20)
#define REQUEST_MAX_BYTES 4096

struct program {
	const char *dp;
	const char *config; /* NULL: weftd says */
	const char *user;
	char *path; /* of the control socket */
	struct event_base *base;
	struct event *signals[2];
	struct bufferevent *channel; /* to weftd; NULL: it is gone, or there was none */
	struct control *control;
	struct bfdd *bfdd;
	struct bfdd_calls calls;
	int old_fd; /* to the one before; -1: there is none, or it has left */
	bool failed;
};

enum option_code {
	OPTION_CHANNEL = 256,
	OPTION_CTL,
	OPTION_CTL_SOCKET,
	OPTION_LOG_LEVEL,
	OPTION_NETNS,
	OPTION_USER,
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
	{ 0 }
};

static void usage(FILE *out)
{
	fputs("Usage: weft-bfdd [OPTIONS]\n"
	      "Watch the tunnels of a datapath with BFD. weftd starts it.\n"
	      "\n"
	      "  -d, --datapath NAME   the datapath (default weft0)\n"
	      "      --channel FD      socket to weftd, which says what to do\n"
	      "  -c, --config FILE     what weftd would say, in a file\n"
	      "      --ctl COMMAND     ask a running weft-bfdd: status, probe or leave\n"
	      "      --ctl-socket PATH control socket (default /run/weft/bfdd-DATAPATH.sock)\n"
	      "      --log-level LEVEL error, warning, notice, info or debug\n"
	      "      --netns NAME      work in a named network namespace\n"
	      "      --user NAME       become this user (default weft, or nobody)\n"
	      "  -h, --help\n"
	      "  -V, --version\n",
	      out);
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

static json_t *take_over(struct program *program);

static void configure(struct program *program, const json_t *config)
{
	json_t *resumed = take_over(program);
	char *error = bfdd_configure(program->bfdd, config, resumed);

	json_decref(resumed);
	if (error) {
		log_error("configuration: %s", error);
		say(program, json_pack("{s:s}", "error", error));
		free(error);
		return;
	}
	log_info("configured");
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
	if (bfdd_is_configured(program->bfdd)) {
		log_notice("weftd has gone; going on until there is another one");
		return;
	}
	program->failed = true;
	event_base_loopbreak(program->base);
}

static void open_line(struct program *program, int fd)
{
	evutil_make_socket_nonblocking(fd);
	evutil_make_socket_closeonexec(fd);
	program->channel = bufferevent_socket_new(program->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(program->channel, on_line, NULL, on_weftd_gone, program);
	bufferevent_enable(program->channel, EV_READ | EV_WRITE);
}

/* ---- the one before ----------------------------------------------------------- */

/* all that it knows; NULL: there is none, or it does not answer, and is killed then */
static json_t *take_over(struct program *program)
{
	const struct timeval limit = { .tv_sec = HAND_OVER_MS / 1000 };
	int fd = program->old_fd;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	json_t *known;

	if (fd < 0)
		return NULL;
	program->old_fd = -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	dprintf(fd, "hand_over\n");
	known = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, NULL);
	if (json_object_get(known, "tunnels"))
		log_info("took over from the weft-bfdd before");
	else if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		log_warning("the weft-bfdd before, process %d, does not leave", (int)peer.pid);
		kill(peer.pid, SIGKILL);
	}
	close(fd);
	return known;
}

/* ---- what bfdd says ------------------------------------------------------------ */

static void on_state(void *ctx, bool ok, const char *why)
{
	struct program *program = ctx;

	if (!ok) {
		say(program, json_pack("{s:s}", "error", why));
		notify_status("%s", why);
		return;
	}
	say(program, json_pack("{s:{s:i}}", "ready", "pid", (int)getpid()));
	notify_ready();
	notify_status("%s: at work", program->dp);
}

/* ---- control socket ------------------------------------------------------------- */

static json_t *on_control(void *ctx, const char *command, const json_t *request)
{
	static const struct timeval soon = { .tv_usec = 20000 };
	struct program *program = ctx;
	json_t *answer;

	if (!strcmp(command, "status")) {
		answer = bfdd_status(program->bfdd);
		json_object_set_new(answer, "weftd", json_boolean(program->channel));
		return answer;
	}
	if (!strcmp(command, "probe")) {
		bfdd_probe(program->bfdd);
		return json_pack("{s:b}", "ok", 1);
	}
	if (!strcmp(command, "hand_over")) {
		log_info("another weft-bfdd takes over");
		event_base_loopexit(program->base, &soon);
		return bfdd_hand_over(program->bfdd);
	}
	if (strcmp(command, "leave"))
		return NULL;
	log_info("asked to leave");
	bfdd_leave(program->bfdd);
	event_base_loopexit(program->base, &soon);
	return json_pack("{s:b}", "ok", 1);
}

/* ---- start and end ---------------------------------------------------------------- */

static void on_terminate(evutil_socket_t signal_number, short what, void *arg)
{
	struct program *program = arg;

	log_info("signal %d: leaving; tunnels are not watched any more", (int)signal_number);
	bfdd_leave(program->bfdd);
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
	return bfdd_is_configured(program->bfdd);
}

static bool open_program(struct program *program, int channel_fd)
{
	const struct control_options options = {
		.path = program->path,
		.commands = "status, probe and leave",
		.max_bytes = REQUEST_MAX_BYTES,
		.replace = true,
	};
	int result;

	program->old_fd = control_connect(program->path);
	program->base = event_base_new();
	program->calls = (struct bfdd_calls){ on_state, program };
	program->bfdd = bfdd_new(program->base, program->dp, &program->calls);
	program->signals[0] = evsignal_new(program->base, SIGTERM, on_terminate, program);
	program->signals[1] = evsignal_new(program->base, SIGINT, on_terminate, program);
	event_add(program->signals[0], NULL);
	event_add(program->signals[1], NULL);
	if (channel_fd >= 0)
		open_line(program, channel_fd);
	result = control_open(&program->control, program->base, &options, on_control, program);
	if (result) {
		log_error("%s: %s", program->path, strerror(-result));
		return false;
	}
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
	if (program->channel)
		bufferevent_free(program->channel);
	control_close(program->control);
	bfdd_free(program->bfdd);
	event_free(program->signals[0]);
	event_free(program->signals[1]);
	event_base_free(program->base);
	if (program->old_fd >= 0)
		close(program->old_fd);
	free(program->path);
}

static char *socket_path(const char *path, const char *netns, const char *dp)
{
	if (path)
		return memory_strdup(path);
	if (netns)
		return memory_printf("/run/weft/bfdd-%s-%s.sock", netns, dp);
	return memory_printf("/run/weft/bfdd-%s.sock", dp);
}

int main(int argc, char **argv)
{
	struct program program = { .dp = "weft0" };
	const char *command = NULL, *path = NULL, *netns = NULL;
	int option, channel_fd = -1, status = 1;
	char *end;

	while ((option = getopt_long(argc, argv, "c:d:hV", long_options, NULL)) >= 0) {
		switch (option) {
		case OPTION_CHANNEL:
			channel_fd = strtoul(optarg, &end, 10);
			if (*optarg < '0' || *optarg > '9' || *end || channel_fd > 1023)
				goto bad;
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
			netns = optarg;
			break;
		case OPTION_USER:
			program.user = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			puts("weft-bfdd " WEFT_VERSION);
			return 0;
		default:
			goto bad;
		}
	}
	if (optind < argc || strlen(program.dp) > WEFT_NAME_MAX)
		goto bad;
	program.path = socket_path(path, netns, program.dp);
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
	signal(SIGPIPE, SIG_IGN);
	if (netns && netns_enter(netns)) {
		log_error("namespace %s: %s", netns, strerror(errno));
		free(program.path);
		return 1;
	}
	if (open_program(&program, channel_fd)) {
		event_base_dispatch(program.base);
		status = program.failed;
	}
	close_program(&program);
	return status;
bad:
	usage(stderr);
	return 2;
}
