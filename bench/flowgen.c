// SPDX-License-Identifier: Apache-2.0
/* flowgen.c - new flows, one packet each, and how long each takes to come out.
 *
 *   flowgen [-a] TXDEV RXDEV NUMBER WINDOW FIRST
 *
 * Sends UDP packets by TXDEV, the i-th with the 5-tuple FIRST + i, and waits for them on RXDEV ("any": on
 * every device); at most WINDOW are under way. A packet that is not back after half a second is lost.
 * Prints how many came back, flows a second, and the latency in microseconds.
 * -a: the i-th goes to an address of its own, 10.1.0.0 + FIRST + i, from the same ports.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LEN 60
#define SPORTS 1000u
#define SPORT 1000u
#define DPORT 2000u
#define TAG 0x99 /* last byte of the destination MAC address */

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int open_device(const char *name, int protocol)
{
	struct sockaddr_ll a = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(name),
	};
	int s = socket(AF_PACKET, SOCK_RAW, a.sll_protocol), one = 1, room = 8 << 20;

	if (!a.sll_ifindex && strcmp(name, "any")) {
		fprintf(stderr, "%s: no such device\n", name);
		exit(1);
	}
	if (s < 0 || bind(s, (void *)&a, sizeof(a))) {
		perror(name);
		exit(1);
	}
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	return s;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a - *(const double *)b;

	return x < 0 ? -1 : x > 0;
}

/* Ethernet 02:00:00:00:00:01 -> :99, IPv4 10.0.0.1 -> 10.0.0.2, UDP without checksum */
static unsigned char frame[LEN] = { 2, 0, 0, 0, 0, TAG, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, LEN - 14,
				    0, 0, 0, 0, 32, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };

static void finish_frame(void)
{
	unsigned int i, sum = 0;

	frame[24] = 0;
	frame[25] = 0;
	for (i = 14; i < 34; i += 2)
		sum += frame[i] << 8 | frame[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	frame[24] = ~sum >> 8;
	frame[25] = ~sum;
	frame[39] = LEN - 34;
}

static void put16(unsigned char *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static unsigned int get16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

/* the flow, in what comes and in what is sent */
static unsigned int flow_of(const unsigned char *in, bool by_address)
{
	if (by_address)
		return get16(in + 30) == 0x0a01 ? get16(in + 32) : ~0u;
	if (in[5] != TAG)
		return ~0u;
	return get16(in + 34) - SPORT + (get16(in + 36) - DPORT) * SPORTS;
}

static void put_flow(unsigned int flow, bool by_address)
{
	if (by_address) {
		put16(frame + 30, 0x0a01);
		put16(frame + 32, flow);
		put16(frame + 34, SPORT);
		put16(frame + 36, DPORT);
		finish_frame();
		return;
	}
	put16(frame + 34, SPORT + flow % SPORTS);
	put16(frame + 36, DPORT + flow / SPORTS);
}

int main(int argc, char **argv)
{
	bool by_address = argc > 1 && !strcmp(argv[1], "-a");
	int tx, rx, n, window, sent = 0, got = 0, under_way = 0, lost = 0, len;
	unsigned char in[2048];
	double *sent_at, *latency, start, took;
	unsigned int first, flow;

	argc -= by_address;
	argv += by_address;
	if (argc != 6)
		return 2;
	tx = open_device(argv[1], 0);
	rx = open_device(argv[2], ETH_P_ALL);
	n = atoi(argv[3]);
	window = atoi(argv[4]);
	first = atoi(argv[5]);
	sent_at = calloc(n, sizeof(*sent_at));
	latency = calloc(n, sizeof(*latency));
	if (n <= 0 || window <= 0 || !sent_at || !latency)
		return 2;
	finish_frame();

	start = now_us();
	while (got + lost < n) {
		struct pollfd wait = { rx, POLLIN, 0 };

		while (under_way < window && sent < n) {
			put_flow(first + sent, by_address);
			sent_at[sent] = now_us();
			if (send(tx, frame, LEN, 0) != LEN) {
				perror("send");
				return 1;
			}
			sent++;
			under_way++;
		}
		if (poll(&wait, 1, 500) <= 0) {
			lost += under_way;
			under_way = 0;
			continue;
		}
		while ((len = recv(rx, in, sizeof(in), MSG_DONTWAIT)) > 0) {
			if (len < 42 || in[23] != 17)
				continue;
			flow = flow_of(in, by_address) - first;
			if (flow >= (unsigned int)sent || got == n)
				continue;
			latency[got++] = now_us() - sent_at[flow];
			under_way -= under_way > 0;
		}
	}
	took = now_us() - start;
	if (!got)
		return 1;
	qsort(latency, got, sizeof(*latency), compare);
	printf("got=%d us=%.2f per_s=%.1f median_us=%.3f p99_us=%.3f\n", got, took, got / took * 1e6,
	       latency[got / 2], latency[got * 99 / 100]);
	return 0;
}
