// SPDX-License-Identifier: Apache-2.0
/* supervise.c - see supervise.h. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "memory.h"
#include "supervise.h"

#define DELAY_FIRST_MS 100
#define DELAY_LAST_MS 10000
#define HEALTHY_MS 10000
#define CHANNEL_FD 3
#define LINE_MAX_BYTES 65536

struct daemon {
	struct daemon_options options;
	struct event_base *base;
	struct event *timer;	     /* of the next start */
	struct bufferevent *channel; /* NULL: none runs */
	json_t *config;		     /* NULL: not wanted */
	pid_t pid;		     /* 0: none runs */
	bool ready;
	uint64_t started_ms;
	unsigned int delay_ms;
	unsigned int n_starts;
	int exit_status; /* as of wait(), of the last one that ended */
	bool has_ended;
	char *error;  /* what it said last; NULL: nothing */
	json_t *said; /* with "ready" */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000;
}

static void on_timer(evutil_socket_t fd, short what, void *arg);

struct daemon *daemon_new(struct event_base *base, const struct daemon_options *options)
{
	struct daemon *daemon = memory_zalloc(sizeof(*daemon));

	daemon->options = *options;
	daemon->options.dp = memory_strdup(options->dp);
	daemon->options.ctl_socket = memory_strdup(options->ctl_socket);
	daemon->base = base;
	daemon->delay_ms = DELAY_FIRST_MS;
	daemon->timer = evtimer_new(base, on_timer, daemon);
	return daemon;
}

/* ---- what is said -------------------------------------------------------- */

static void send_config(struct daemon *daemon)
{
	json_t *message = json_pack("{s:O}", "config", daemon->config);
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;

	if (text)
		evbuffer_add_printf(bufferevent_get_output(daemon->channel), "%s\n", text);
	free(text);
	json_decref(message);
}

static void take_line(struct daemon *daemon, const char *line)
{
	json_t *message = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *error = json_string_value(json_object_get(message, "error"));

	if (error && (!daemon->error || strcmp(error, daemon->error)))
		log_error("%s: %s", daemon->options.program, error);
	free(daemon->error);
	daemon->error = error ? memory_strdup(error) : NULL;
	if (json_object_get(message, "ready")) {
		daemon->ready = !error;
		json_decref(daemon->said);
		daemon->said = json_incref(json_object_get(message, "ready"));
	}
	json_decref(message);
}

static void on_read(struct bufferevent *channel, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(channel);
	struct daemon *daemon = arg;
	char *line;

	while ((line = evbuffer_readln(input, NULL, EVBUFFER_EOL_LF))) {
		take_line(daemon, line);
		free(line);
	}
	if (evbuffer_get_length(input) > LINE_MAX_BYTES)
		evbuffer_drain(input, evbuffer_get_length(input));
}

static void close_channel(struct daemon *daemon)
{
	if (daemon->channel)
		bufferevent_free(daemon->channel);
	daemon->channel = NULL;
	daemon->ready = false;
}

static void on_gone(struct bufferevent *channel, short what, void *arg)
{
	close_channel(arg);
}

/* ---- start and end -------------------------------------------------------- */

/* the program beside this one, so that a build is tested as a whole */
static void exec_program(const struct daemon_options *options)
{
	char self[4096], fd[16];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash, *beside;

	snprintf(fd, sizeof(fd), "%d", CHANNEL_FD);
	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
		beside = memory_printf("%.*s/%s", slash ? (int)(slash - self) : 0, self,
				       options->program);
		execl(beside, options->program, "--datapath", options->dp, "--channel", fd,
		      "--ctl-socket", options->ctl_socket, "--log-level", log_level_name(),
		      (char *)NULL);
	}
	execlp(options->program, options->program, "--datapath", options->dp, "--channel", fd,
	       "--ctl-socket", options->ctl_socket, "--log-level", log_level_name(), (char *)NULL);
}

static void be_child(const struct daemon *daemon, int fd)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (fd == CHANNEL_FD)
		fcntl(fd, F_SETFD, 0);
	else if (dup2(fd, CHANNEL_FD) < 0)
		_exit(127);
	unsetenv("NOTIFY_SOCKET");
	exec_program(&daemon->options);
	dprintf(STDERR_FILENO, "<3>cannot start %s: %s\n", daemon->options.program,
		strerror(errno));
	_exit(127);
}

static void start_later(struct daemon *daemon)
{
	const struct timeval delay = {
		.tv_sec = daemon->delay_ms / 1000,
		.tv_usec = daemon->delay_ms % 1000 * 1000,
	};

	evtimer_add(daemon->timer, &delay);
	daemon->delay_ms = daemon->delay_ms * 2 < DELAY_LAST_MS ? daemon->delay_ms * 2 :
								  DELAY_LAST_MS;
}

static void start(struct daemon *daemon)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		log_error("%s: %s", daemon->options.program, strerror(errno));
		start_later(daemon);
		return;
	}
	daemon->pid = fork();
	if (!daemon->pid)
		be_child(daemon, fds[1]);
	close(fds[1]);
	if (daemon->pid < 0) {
		log_error("%s: %s", daemon->options.program, strerror(errno));
		daemon->pid = 0;
		close(fds[0]);
		start_later(daemon);
		return;
	}
	evutil_make_socket_nonblocking(fds[0]);
	daemon->n_starts++;
	daemon->started_ms = now_ms();
	daemon->channel = bufferevent_socket_new(daemon->base, fds[0], BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(daemon->channel, on_read, NULL, on_gone, daemon);
	bufferevent_enable(daemon->channel, EV_READ | EV_WRITE);
	log_info("%s runs as process %d", daemon->options.program, (int)daemon->pid);
	send_config(daemon);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	if (daemon->config && !daemon->pid)
		start(daemon);
}

/* the weftd before may have left one behind */
static void dismiss_orphan(const struct daemon *daemon)
{
	int fd = control_connect(daemon->options.ctl_socket);

	if (fd < 0)
		return;
	log_info("%s of the weftd before is not wanted", daemon->options.program);
	dprintf(fd, "leave\n");
	close(fd);
}

void daemon_want(struct daemon *daemon, json_t *config)
{
	bool same = config && daemon->config && json_equal(config, daemon->config);

	json_decref(daemon->config);
	daemon->config = json_incref(config);
	if (!config) {
		evtimer_del(daemon->timer);
		if (daemon->pid)
			kill(daemon->pid, SIGTERM);
		else if (!daemon->n_starts)
			dismiss_orphan(daemon);
		return;
	}
	if (daemon->channel && !same)
		send_config(daemon);
	else if (!daemon->pid && !evtimer_pending(daemon->timer, NULL))
		start(daemon);
}

void daemon_reap(struct daemon *daemon)
{
	uint64_t lived_ms;
	int status;

	if (!daemon->pid || waitpid(daemon->pid, &status, WNOHANG) != daemon->pid)
		return;
	lived_ms = now_ms() - daemon->started_ms;
	daemon->pid = 0;
	daemon->exit_status = status;
	daemon->has_ended = true;
	close_channel(daemon);
	if (!daemon->config) {
		log_info("%s has ended", daemon->options.program);
		return;
	}
	if (WIFSIGNALED(status))
		log_warning("%s was killed by signal %d", daemon->options.program,
			    WTERMSIG(status));
	else
		log_warning("%s ended with status %d", daemon->options.program,
			    WEXITSTATUS(status));
	if (lived_ms >= HEALTHY_MS)
		daemon->delay_ms = DELAY_FIRST_MS;
	start_later(daemon);
}

json_t *daemon_status(const struct daemon *daemon)
{
	const char *state = daemon->ready ? "running" : daemon->pid ? "starting" : "waiting";
	json_t *status;

	if (!daemon->config && !daemon->pid)
		return NULL;
	status = json_pack("{s:s, s:i, s:i}", "state", state, "pid", (int)daemon->pid, "starts",
			   (int)daemon->n_starts);
	json_object_set_new(status, "ctl_socket", json_string(daemon->options.ctl_socket));
	if (daemon->has_ended && WIFSIGNALED(daemon->exit_status))
		json_object_set_new(status, "last_signal",
				    json_integer(WTERMSIG(daemon->exit_status)));
	else if (daemon->has_ended)
		json_object_set_new(status, "last_exit",
				    json_integer(WEXITSTATUS(daemon->exit_status)));
	if (daemon->error)
		json_object_set_new(status, "error", json_string(daemon->error));
	return status;
}

void daemon_close(struct daemon *daemon, bool stop)
{
	if (!daemon)
		return;
	if (stop && daemon->pid)
		kill(daemon->pid, SIGTERM);
	close_channel(daemon);
	event_free(daemon->timer);
	json_decref(daemon->config);
	json_decref(daemon->said);
	free(daemon->error);
	free((char *)daemon->options.dp);
	free(daemon->options.ctl_socket);
	free(daemon);
}
