// SPDX-License-Identifier: Apache-2.0
/* natgen.c - connections of one request each, and how long they take.
 *
 *   natgen tcp|udp CLIENT SERVER ADDRESS NUMBER WINDOW FIRST
 *
 * CLIENT and SERVER are named network namespaces, ADDRESS is the server's. The i-th connection is from
 * port PORT_FIRST + FIRST + i. It is opened, a request and its answer pass, and the client closes, then
 * the server; at most WINDOW are under way. One process does both ends, so nobody is waited for but
 * the datapath. Prints how many came to their end, and the microseconds from the first to the last.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT_SERVER 80
#define PORT_FIRST 10000
#define REQUEST 64
#define ANSWER 256
#define FDS 65536
#define EVENTS 64
#define LOST_MS 2000 /* nothing comes for so long */

enum role { NOBODY, CONNECTING, ASKING, LISTENER, ANSWERING, UDP_SERVER };

static unsigned char role[FDS];
static int poller, under_way, done;
static char buffer[2048];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void enter(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(name);
	close(fd);
}

static void watch(int fd, enum role as, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };
	int op = role[fd] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	role[fd] = as;
	if (epoll_ctl(poller, op, fd, &event))
		fail("epoll_ctl");
}

static int new_socket(int type)
{
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	if (fd < 0 || fd >= FDS)
		fail("socket");
	return fd;
}

static void end(int fd)
{
	role[fd] = NOBODY;
	close(fd);
}

static void serve(int type, const struct sockaddr_in *to)
{
	int fd = new_socket(type), room = 8 << 20;

	if (bind(fd, (const void *)to, sizeof(*to)))
		fail("bind");
	if (type == SOCK_STREAM && listen(fd, 4096))
		fail("listen");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	watch(fd, type == SOCK_STREAM ? LISTENER : UDP_SERVER, EPOLLIN);
}

static void ask(int fd)
{
	if (send(fd, buffer, REQUEST, 0) != REQUEST)
		fail("send");
	watch(fd, ASKING, EPOLLIN);
}

static void begin(int type, const struct sockaddr_in *to, unsigned int port)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = new_socket(type);

	if (bind(fd, (void *)&from, sizeof(from)))
		fail("bind");
	under_way++;
	if (!connect(fd, (const void *)to, sizeof(*to)))
		ask(fd);
	else if (errno == EINPROGRESS)
		watch(fd, CONNECTING, EPOLLOUT);
	else
		fail("connect");
}

static void finish(void)
{
	under_way--;
	done++;
}

static void take_connections(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		watch(fd, ANSWERING, EPOLLIN);
}

static void answer_datagrams(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	while (recvfrom(fd, buffer, sizeof(buffer), 0, (void *)&from, &len) > 0)
		if (sendto(fd, buffer, ANSWER, 0, (void *)&from, len) != ANSWER)
			fail("sendto");
}

static void happen(int fd, int type)
{
	ssize_t n;

	switch (role[fd]) {
	case CONNECTING:
		ask(fd);
		break;
	case ASKING:
		if (recv(fd, buffer, sizeof(buffer), 0) <= 0)
			fail("recv");
		end(fd);
		if (type == SOCK_DGRAM)
			finish();
		break;
	case LISTENER:
		take_connections(fd);
		break;
	case ANSWERING:
		n = recv(fd, buffer, sizeof(buffer), 0);
		if (n > 0) {
			if (send(fd, buffer, ANSWER, 0) != ANSWER)
				fail("send");
			break;
		}
		end(fd);
		finish();
		break;
	case UDP_SERVER:
		answer_datagrams(fd);
		break;
	default:
		break;
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { FDS, FDS };
	int type, n, window, sent = 0, ready, i;
	struct epoll_event events[EVENTS];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT_SERVER) };
	unsigned int first;
	double start;

	if (argc != 8)
		return 2;
	type = strcmp(argv[1], "tcp") ? SOCK_DGRAM : SOCK_STREAM;
	n = atoi(argv[5]);
	window = atoi(argv[6]);
	first = PORT_FIRST + atoi(argv[7]);
	if (n <= 0 || window <= 0 || first + n > 65536 || !inet_aton(argv[4], &to.sin_addr))
		return 2;
	setrlimit(RLIMIT_NOFILE, &files);
	poller = epoll_create1(EPOLL_CLOEXEC);
	enter(argv[3]);
	serve(type, &to);
	enter(argv[2]);

	start = now_us();
	while (done < n) {
		while (under_way < window && sent < n)
			begin(type, &to, first + sent++);
		ready = epoll_wait(poller, events, EVENTS, LOST_MS);
		if (ready <= 0)
			break;
		for (i = 0; i < ready; i++)
			happen(events[i].data.fd, type);
	}
	printf("got=%d us=%.2f\n", done, now_us() - start);
	return 0;
}
