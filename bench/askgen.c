// SPDX-License-Identifier: Apache-2.0
/* askgen.c - ask for addresses, and count the answers.
 *
 *   askgen DEVICE FRAME OFFSET FIRST ADDRESSES NUMBER WINDOW
 *
 * FRAME is a question in a tunnel, as hex (Geneve over IPv4), OFFSET where in it the IPv4 address stands that is
 * asked for. Sends NUMBER of them, for FIRST, FIRST + 1 and so on, ADDRESSES of these, around and around;
 * at most WINDOW are under way, and what is not answered after half a second is lost. Any frame
 * in such a tunnel that comes to DEVICE is an answer. Prints how many came, and microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define GENEVE 6081
#define UDP_DPORT 36 /* its place, and that of the checksum, behind Ethernet and IPv4 without options */
#define UDP_SUM 40

static unsigned char frames[BATCH][512], in[BATCH][512];
static struct mmsghdr out_batch[BATCH], in_batch[BATCH];
static struct iovec out_iov[BATCH], in_iov[BATCH];

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

static int open_device(const char *name)
{
	struct sockaddr_ll a = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(name),
	};
	int s = socket(AF_PACKET, SOCK_RAW, 0), one = 1, room = 8 << 20;

	/* all, or a bridge would have it before */
	if (s < 0 || !a.sll_ifindex)
		fail(name);
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	if (bind(s, (void *)&a, sizeof(a)))
		fail(name);
	return s;
}

/* the length of the frame, 0 if it is none */
static size_t prepare(const char *hex)
{
	size_t len = strlen(hex) / 2, i;

	if (len > sizeof(frames[0]))
		return 0;
	for (i = 0; i < len; i++) {
		unsigned int byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return 0;
		frames[0][i] = byte;
	}
	frames[0][UDP_SUM] = 0; /* none: what it covers changes */
	frames[0][UDP_SUM + 1] = 0;
	for (i = 0; i < BATCH; i++) {
		memcpy(frames[i], frames[0], len);
		out_iov[i] = (struct iovec){ frames[i], len };
		in_iov[i] = (struct iovec){ in[i], sizeof(in[i]) };
		out_batch[i].msg_hdr = (struct msghdr){ .msg_iov = &out_iov[i], .msg_iovlen = 1 };
		in_batch[i].msg_hdr = (struct msghdr){ .msg_iov = &in_iov[i], .msg_iovlen = 1 };
	}
	return len;
}

static int answers(int s)
{
	int n = recvmmsg(s, in_batch, BATCH, MSG_DONTWAIT, NULL), i, found = 0;

	for (i = 0; i < n; i++)
		found += in_batch[i].msg_len > UDP_SUM && in[i][23] == IPPROTO_UDP &&
			 (in[i][UDP_DPORT] << 8 | in[i][UDP_DPORT + 1]) == GENEVE;
	return found;
}

int main(int argc, char **argv)
{
	int s, number, window, sent = 0, got = 0, lost = 0;
	unsigned int addresses, offset;
	in_addr_t first;
	double start;

	if (argc != 8)
		return 2;
	offset = atoi(argv[3]);
	first = ntohl(inet_addr(argv[4]));
	addresses = atoi(argv[5]);
	number = atoi(argv[6]);
	window = atoi(argv[7]);
	if (prepare(argv[2]) < offset + 4 || !addresses || number <= 0 || window <= 0)
		return 2;
	s = open_device(argv[1]);
	start = now_us();
	while (got + lost < number) {
		struct pollfd wait = { s, POLLIN, 0 };
		int n = number - sent, i;

		if (n > window - (sent - got - lost))
			n = window - (sent - got - lost);
		if (n > BATCH)
			n = BATCH;
		for (i = 0; i < n; i++) {
			uint32_t address = htonl(first + (unsigned int)(sent + i) % addresses);

			memcpy(frames[i] + offset, &address, sizeof(address));
		}
		if (n > 0) {
			n = sendmmsg(s, out_batch, n, 0);
			if (n < 0)
				fail("sendmmsg");
			sent += n;
		}
		if (poll(&wait, 1, 500) > 0)
			got += answers(s);
		else
			lost = sent - got;
	}
	printf("got=%d us=%.2f\n", got, now_us() - start);
	return 0;
}
