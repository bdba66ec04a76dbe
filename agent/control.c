// SPDX-License-Identifier: Apache-2.0
/* control.c - see control.h. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "memory.h"

#define REQUEST_SECONDS 5

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	char *path;
	ino_t inode; /* of the path: it may be somebody else's by now */
	const char *commands;
	size_t max_bytes;
	control_fn answer;
	void *ctx;
};

static int set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

int control_connect(const char *path)
{
	struct sockaddr_un address;
	int fd, result;

	result = set_address(&address, path);
	if (result)
		return result;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		result = -errno;
		close(fd);
		return result;
	}
	return fd;
}

static json_t *answer_line(struct control *control, const char *line)
{
	json_t *request, *answer = NULL;

	if (*line == '{') {
		request = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		line = json_string_value(json_object_get(request, "command"));
		if (line)
			answer = control->answer(control->ctx, line, request);
		json_decref(request);
	} else
		answer = control->answer(control->ctx, line, NULL);
	if (!answer)
		answer = json_pack("{s:s+}", "error", "commands are ", control->commands);
	return answer;
}

static void on_written(struct bufferevent *connection, void *arg)
{
	bufferevent_free(connection);
}

static void on_gone(struct bufferevent *connection, short what, void *arg)
{
	bufferevent_free(connection);
}

static void on_read(struct bufferevent *connection, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(connection);
	struct control *control = arg;
	json_t *answer;
	char *line, *text;

	line = evbuffer_readln(input, NULL, EVBUFFER_EOL_CRLF);
	if (!line) {
		if (evbuffer_get_length(input) > control->max_bytes)
			bufferevent_free(connection);
		return;
	}
	bufferevent_disable(connection, EV_READ);
	/* the answer may take longer to find than a request to arrive */
	bufferevent_set_timeouts(connection, NULL, NULL);
	bufferevent_setcb(connection, NULL, on_written, on_gone, NULL);
	answer = answer_line(control, line);
	text = json_dumps(answer, JSON_COMPACT);
	evbuffer_add_printf(bufferevent_get_output(connection), "%s\n", text ? text : "{}");
	json_decref(answer);
	free(text);
	free(line);
}

static void on_connect(struct evconnlistener *listener, evutil_socket_t fd,
		       struct sockaddr *address, int len, void *arg)
{
	const struct timeval limit = { .tv_sec = REQUEST_SECONDS };
	struct control *control = arg;
	struct bufferevent *connection;

	connection = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!connection) {
		close(fd);
		return;
	}
	bufferevent_setcb(connection, on_read, NULL, on_gone, control);
	bufferevent_set_timeouts(connection, &limit, &limit);
	bufferevent_enable(connection, EV_READ | EV_WRITE);
}

static void make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory;

	if (!slash || slash == path)
		return;
	directory = memory_printf("%.*s", (int)(slash - path), path);
	mkdir(directory, 0755);
	free(directory);
}

/* bind beside the path, and move it there when all is done */
static int bind_path(struct control *control, const char *bound)
{
	struct sockaddr_un address;
	struct stat now;
	mode_t mask;
	int result;

	result = set_address(&address, bound);
	if (result)
		return result;
	unlink(bound);
	mask = umask(0177);
	errno = 0;
	control->listener = evconnlistener_new_bind(
		control->base, on_connect, control, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
		16, (struct sockaddr *)&address, sizeof(address));
	result = errno ? -errno : -EIO;
	umask(mask);
	if (!control->listener)
		return result;
	if (stat(bound, &now) || (strcmp(bound, control->path) && rename(bound, control->path))) {
		result = -errno;
		evconnlistener_free(control->listener);
		unlink(bound);
		return result;
	}
	control->inode = now.st_ino;
	return 0;
}

int control_open(struct control **control, struct event_base *base,
		 const struct control_options *options, control_fn answer, void *ctx)
{
	struct control *new;
	char *bound;
	int result;

	if (!options->replace) {
		result = control_connect(options->path);
		if (result >= 0) {
			close(result);
			return -EADDRINUSE;
		}
		if (result == -ENAMETOOLONG)
			return result;
	}
	make_directory(options->path);

	new = memory_zalloc(sizeof(*new));
	new->base = base;
	new->path = memory_strdup(options->path);
	new->commands = options->commands;
	new->max_bytes = options->max_bytes;
	new->answer = answer;
	new->ctx = ctx;
	bound = memory_printf("%s%s", options->path, options->replace ? ".new" : "");
	result = bind_path(new, bound);
	free(bound);
	if (result) {
		free(new->path);
		free(new);
		return result;
	}
	*control = new;
	return 0;
}

void control_close(struct control *control)
{
	struct stat now;

	if (!control)
		return;
	evconnlistener_free(control->listener);
	if (!stat(control->path, &now) && now.st_ino == control->inode)
		unlink(control->path);
	free(control->path);
	free(control);
}

int control_ask(const char *path, const char *request, FILE *out)
{
	json_t *answer, *plan, *error;
	json_error_t problem;
	int fd = control_connect(path), status = 1;

	if (fd < 0) {
		log_error("%s: %s", path, strerror(-fd));
		return 1;
	}
	if (dprintf(fd, "%s\n", request) < 0) {
		log_error("%s: %s", path, strerror(errno));
		close(fd);
		return 1;
	}
	answer = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, &problem);
	close(fd);
	if (!answer) {
		log_error("%s: no answer", path);
		return 1;
	}
	plan = json_object_get(answer, "plan");
	error = json_object_get(answer, "error");
	if (json_is_string(error) && json_object_size(answer) == 1)
		log_error("%s", json_string_value(error));
	else if (json_is_string(plan))
		fputs(json_string_value(plan), out);
	else {
		json_dumpf(answer, out, JSON_INDENT(2));
		fputc('\n', out);
	}
	if (!json_is_string(error))
		status = 0;
	json_decref(answer);
	return status;
}
