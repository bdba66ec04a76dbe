// SPDX-License-Identifier: Apache-2.0
/* attack.c - packets with random headers, at a rate that does not depend on what becomes of them.
 *
 *   attack DEV RATE
 *
 * Sends RATE packets a second by DEV, UDP with random addresses and ports, until SIGTERM.  Every
 * millisecond it wakes, before all ordinary tasks, and sends what is due, as packets from a
 * network card come before all of them; what is late by more than 100 ms is not made up for.
 * Prints "ready", and in the end how many packets it sent in how many microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define LEN 60
#define BATCH 64

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t random_bits(void)
{
	static uint64_t x;

	while (!x)
		x = now_ns(); /* another time other packets: none is known from before */

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Ethernet 02:00:00:00:00:02 -> :99, IPv4, UDP without checksum */
static const unsigned char frame[LEN] = { 2, 0, 0, 0, 0, 0x99, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, LEN - 14,
					  0, 0, 0, 0, 32, 17 };

static void fill(unsigned char *p)
{
	uint64_t addresses = random_bits();
	uint32_t ports = random_bits() >> 16, sum = 0;
	int i;

	p[24] = 0;
	p[25] = 0;
	memcpy(p + 26, &addresses, 8);
	p[26] = p[26] % 223 + 1; /* unicast */
	memcpy(p + 34, &ports, 4);
	for (i = 14; i < 34; i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	p[24] = ~sum >> 8;
	p[25] = ~sum;
}

int main(int argc, char **argv)
{
	static unsigned char frames[BATCH][LEN];
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	struct sockaddr_ll a = { .sll_family = AF_PACKET };
	struct sched_param before_all = { .sched_priority = 10 };
	int s = socket(AF_PACKET, SOCK_RAW, 0), one = 1, i;
	int64_t start, now, wake;
	double rate, sent = 0, skipped = 0;

	if (argc != 3)
		return 2;
	rate = atof(argv[2]) / 1e9;
	a.sll_ifindex = if_nametoindex(argv[1]);
	if (s < 0 || bind(s, (void *)&a, sizeof(a)) || sched_setscheduler(0, SCHED_FIFO, &before_all)) {
		perror(argv[1]);
		return 1;
	}
	setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	signal(SIGTERM, on_signal);
	for (i = 0; i < BATCH; i++) {
		memcpy(frames[i], frame, LEN);
		frames[i][39] = LEN - 34;
		parts[i] = (struct iovec){ frames[i], LEN };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}

	puts("ready");
	fflush(stdout);
	start = now_ns();
	for (wake = start; !stop; wake += 1000000) {
		struct timespec t = { wake / 1000000000, wake % 1000000000 };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		now = now_ns();
		if (now - wake > 100000000)
			wake = now;
		if ((now - start) * rate - sent - skipped > rate * 1e8)
			skipped = (now - start) * rate - sent;
		while (!stop) {
			double due = (now_ns() - start) * rate - sent - skipped;
			int n = due > BATCH ? BATCH : (int)due, done;

			if (n < 1)
				break;
			for (i = 0; i < n; i++)
				fill(frames[i]);
			done = sendmmsg(s, messages, n, 0);
			if (done > 0)
				sent += done;
			else
				skipped += n; /* the device is full */
		}
	}
	printf("sent=%.0f us=%.0f\n", sent, (now_ns() - start) / 1e3);
	return 0;
}
