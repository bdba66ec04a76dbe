// SPDX-License-Identifier: Apache-2.0
/*
 * packet.c - weft packet: put frames into a datapath, and get those that an
 * entry's service action sends up.
 *
 * A listener has a socket of its own, because with it the registration ends.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

#define CREDITS_DEFAULT 64
#define QUEUE_LIMIT_MAX 4096

/* ---- inject ------------------------------------------------------------ */

/* Texts are kept until it is known which datapath's ports they speak of */
struct injection {
	struct weft_packet packet;
	char *in_port;
	char *actions;
	char *metadata;
	struct frames frames;
};

static int add_text(struct cli *cli, char **text, const char *separator, const char *word)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", *text ? *text : "", *text ? separator : "", word) < 0)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	free(*text);
	*text = longer;
	return CLI_OK;
}

static int inject_value(struct cli *cli, struct injection *inject, const char *word)
{
	uint32_t table;

	if (!strncmp(word, "in_port=", 8)) {
		if (inject->in_port)
			return cli_usage(cli, "\"in_port\" is given twice");
		return add_text(cli, &inject->in_port, "", word + 8);
	}
	if (!strncmp(word, "table=", 6)) {
		if (number_parse(word + 6, 0, WEFT_N_TABLES - 1, &table))
			return cli_usage(cli, "table \"%s\" is not a number from 0 to 255",
					 word + 6);
		inject->packet.table = table;
		weft_mark(&inject->packet, WEFT_PACKET_A_TABLE);
		return CLI_OK;
	}
	if (strchr(word, '='))
		return add_text(cli, &inject->metadata, ",", word);
	return cli_usage(cli, "unexpected word \"%s\"", word);
}

/* A word of any number of NAME=VALUE, or of actions, which go on to the frame */
static int inject_word(struct cli *cli, struct injection *inject, const char *word)
{
	char *copy, *rest, *one;
	int status = CLI_OK;

	if (inject->actions)
		return add_text(cli, &inject->actions, " ", word);
	if (!strncmp(word, "actions=", 8))
		return add_text(cli, &inject->actions, "", word + 8);
	copy = rest = strdup(word);
	if (!copy)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	while (!status && (one = strsep(&rest, ", ")))
		if (*one)
			status = inject_value(cli, inject, one);
	free(copy);
	return status;
}

static int inject_words(struct cli *cli, struct args *args, struct injection *inject,
			const char **dp)
{
	int status = CLI_OK;

	while (!status && args_more(args)) {
		if (args_accept(args, "hex")) {
			char *text = args_join(args);

			if (!text)
				return cli_fail(cli, CLI_FAILED, "out of memory");
			status = strcmp(text, "-") ? frames_from_hex(cli, &inject->frames, text) :
						     frames_from_file(cli, &inject->frames, "-");
			free(text);
			return status;
		}
		if (!strcmp(args_peek(args), "-")) {
			args_next(args);
			status = args_end(cli, args);
			return status ? status : frames_from_file(cli, &inject->frames, "-");
		}
		if (args_accept(args, "pcap")) {
			const char *path;

			status = args_value(cli, args, "pcap", &path);
			if (!status)
				status = args_end(cli, args);
			return status ? status : frames_from_file(cli, &inject->frames, path);
		}
		if (!strcmp(args_peek(args), "dp"))
			status = args_dp(cli, args, dp);
		else
			status = inject_word(cli, inject, args_next(args));
	}
	return status ? status : cli_usage(cli, "the frame is missing: hex HEX, pcap FILE or -");
}

static int inject_texts(struct cli *cli, struct injection *inject)
{
	struct weft_packet *packet = &inject->packet;
	const struct weft_names *names = names_of(cli);
	struct weft_error err;
	int ret;

	if (inject->in_port) {
		struct weft_field_value value;
		enum weft_field field;
		uint32_t id;

		ret = weft_field_parse("in_port", inject->in_port, names, &field, &value, &err);
		if (ret)
			return cli_syntax(cli, ret, "in_port", inject->in_port, &err);
		id = (uint32_t)value.value[0] << 24 | value.value[1] << 16 | value.value[2] << 8 |
		     value.value[3];
		packet->in_port = id;
		weft_mark(packet, WEFT_PACKET_A_IN_PORT);
	}
	if (inject->metadata) {
		ret = weft_metadata_parse(&packet->metadata, inject->metadata, names, &err);
		if (ret)
			return cli_syntax(cli, ret, "metadata", inject->metadata, &err);
		weft_mark(packet, WEFT_PACKET_A_METADATA);
	}
	if (inject->actions) {
		ret = weft_actions_parse(&packet->actions, inject->actions, names, &err);
		if (ret)
			return cli_syntax(cli, ret, "actions", inject->actions, &err);
		weft_mark(packet, WEFT_PACKET_A_ACTIONS);
	}
	return CLI_OK;
}

static int packet_inject(struct cli *cli, struct args *args)
{
	struct injection inject = {};
	const char *dp = NULL;
	int status, ret;

	weft_packet_init(&inject.packet);
	status = inject_words(cli, args, &inject, &dp);
	if (!status && !inject.in_port && !inject.actions)
		status = cli_usage(cli, "in_port=PORT is missing");
	if (!status)
		status = session_use_dp(cli, dp);
	if (!status)
		status = inject_texts(cli, &inject);
	for (size_t i = 0; !status && i < inject.frames.n; i++) {
		inject.packet.data = inject.frames.v[i].data;
		inject.packet.len = inject.frames.v[i].len;
		weft_mark(&inject.packet, WEFT_PACKET_A_DATA);
		ret = weft_packet_inject(cli->sock, cli->dp, &inject.packet);
		if (ret && inject.frames.n > 1)
			status = cli_refused(cli, ret, "cannot inject frame %zu", i + 1);
		else if (ret)
			status = cli_refused(cli, ret, "cannot inject the frame");
	}
	weft_packet_free(&inject.packet);
	frames_free(&inject.frames);
	free(inject.in_port);
	free(inject.actions);
	free(inject.metadata);
	return status;
}

/* ---- listen ------------------------------------------------------------ */

static void hex_print(const uint8_t *data, size_t len)
{
	for (size_t at = 0; at < len; at += 16) {
		size_t n = len - at < 16 ? len - at : 16;

		printf("    %04zx ", at);
		for (size_t i = 0; i < 16; i++) {
			if (i < n)
				printf("%s%02x", i % 2 ? "" : " ", data[at + i]);
			else
				fputs(i % 2 ? "  " : "   ", stdout);
		}
		fputs("  ", stdout);
		for (size_t i = 0; i < n; i++)
			putchar(isprint(data[at + i]) ? data[at + i] : '.');
		putchar('\n');
	}
}

static void time_print(uint64_t time_ns)
{
	time_t seconds = time_ns / 1000000000;
	struct tm tm;
	char text[16];

	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%H:%M:%S", &tm))
		return;
	printf("%s.%06u ", text, (unsigned int)(time_ns % 1000000000 / 1000));
}

void upcall_print(struct cli *cli, const struct weft_packet *packet)
{
	const struct weft_names *names = names_of(cli);
	const uint8_t *d = packet->data;
	const char *port = NULL;
	char *text;

	if (weft_has(packet, WEFT_PACKET_A_TIME))
		time_print(packet->time_ns);
	printf("%s arg=%u table=%u", packet->service, packet->arg, packet->table);
	if (weft_has(packet, WEFT_PACKET_A_IN_PORT)) {
		if (!cli->numeric)
			port = names->port_name(names->ctx, packet->in_port);
		if (port)
			printf(" in_port=%s", port);
		else
			printf(" in_port=%u", packet->in_port);
	}
	if (weft_has(packet, WEFT_PACKET_A_COOKIE))
		printf(" cookie=0x%" PRIx64, packet->cookie);
	if (weft_has(packet, WEFT_PACKET_A_TEMPLATE))
		printf(" template=%u pending=%u slice=%u", packet->template_id, packet->pending,
		       packet->slice);
	printf(" len=%zu",
	       weft_has(packet, WEFT_PACKET_A_LEN) ? (size_t)packet->frame_len : packet->len);
	if (packet->metadata.n) {
		text = weft_match_format(&packet->metadata, names, output_flags(cli));
		if (text)
			printf(" %s", text);
		free(text);
	}
	if (packet->len >= 14)
		printf(" | %02x:%02x:%02x:%02x:%02x:%02x > %02x:%02x:%02x:%02x:%02x:%02x"
		       " 0x%02x%02x",
		       d[6], d[7], d[8], d[9], d[10], d[11], d[0], d[1], d[2], d[3], d[4], d[5],
		       d[12], d[13]);
	putchar('\n');
	if (cli->hex)
		hex_print(packet->data, packet->len);
}

struct listener {
	const char *service;
	uint32_t credits;
	uint32_t queue_limit;
	uint32_t count; /* 0: no end */
	bool once;	/* grant no more */
	bool ready;
	uint32_t used; /* since the last grant */
};

static int listen_words(struct cli *cli, struct args *args, struct listener *listener,
			const char **dp)
{
	int status;

	status = args_dp(cli, args, dp);
	if (status)
		return status;
	listener->service = args_next(args);
	if (!listener->service)
		return cli_usage(cli, "the service is missing");
	if (!*listener->service || strlen(listener->service) > WEFT_NAME_MAX)
		return cli_usage(cli, "\"%s\" is no name of a service: 1 to %d characters",
				 listener->service, WEFT_NAME_MAX);
	while (!status && args_more(args)) {
		if (args_accept(args, "credits"))
			status = args_number(cli, args, "credits", 1, UINT32_MAX,
					     &listener->credits);
		else if (args_accept(args, "queue_limit"))
			status = args_number(cli, args, "queue_limit", 1, QUEUE_LIMIT_MAX,
					     &listener->queue_limit);
		else if (args_accept(args, "count"))
			status = args_number(cli, args, "count", 1, UINT32_MAX, &listener->count);
		else if (args_accept(args, "once"))
			listener->once = true;
		else if (args_accept(args, "ready"))
			listener->ready = true;
		else if (args_accept(args, "hex"))
			cli->hex = true;
		else if (!strcmp(args_peek(args), "dp"))
			status = args_dp(cli, args, dp);
		else
			status = args_end(cli, args);
	}
	return status;
}

/* Give back the credits that were used up, half a window at a time */
static int top_up(struct cli *cli, struct weft_sock *sock, struct listener *listener)
{
	int ret;

	listener->used++;
	if (listener->once || listener->used < (listener->credits + 1) / 2)
		return CLI_OK;
	ret = weft_service_grant(sock, cli->dp, listener->service, listener->used);
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot grant credits: %s",
				*weft_sock_error(sock) ? weft_sock_error(sock) : strerror(-ret));
	listener->used = 0;
	return CLI_OK;
}

static int listen_one(struct cli *cli, struct weft_sock *sock, struct listener *listener,
		      uint32_t *count)
{
	struct weft_event event;
	int status = CLI_OK;
	int ret;

	ret = weft_event_recv(sock, &event, true);
	if (ret == -EINTR)
		return CLI_OK;
	if (ret == -ENOBUFS) {
		cli_fail(cli, CLI_OK, "packets were lost: the socket's buffer was full");
		return CLI_OK;
	}
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot receive: %s", strerror(-ret));
	if (event.cmd == WEFT_CMD_PACKET_UPCALL) {
		++*count;
		if (cli->json) {
			status = output_json_line(cli,
						  weft_packet_to_json(&event.packet, names_of(cli),
								      output_flags(cli)));
		} else {
			upcall_print(cli, &event.packet);
			status = output_flush(cli);
		}
		weft_event_free(&event);
		return status ? status : top_up(cli, sock, listener);
	}
	weft_event_free(&event);
	return CLI_OK;
}

static int packet_listen(struct cli *cli, struct args *args)
{
	struct listener listener = { .credits = CREDITS_DEFAULT };
	struct weft_sock *sock;
	const char *dp = NULL;
	uint32_t count = 0;
	int status, ret;

	status = listen_words(cli, args, &listener, &dp);
	if (!status)
		status = session_use_dp(cli, dp);
	if (!status)
		status = session_open_sock(cli, &sock);
	if (status)
		return status;
	ret = weft_service_register(sock, cli->dp, listener.service, listener.credits,
				    listener.queue_limit);
	if (ret)
		status = cli_fail(cli, CLI_FAILED, "cannot register service %s: %s",
				  listener.service,
				  *weft_sock_error(sock) ? weft_sock_error(sock) : strerror(-ret));
	if (!status && listener.ready) {
		if (cli->json)
			status = output_json_line(cli, json_pack("{ss}", "event", "ready"));
		else
			puts("ready");
		status = status ? status : output_flush(cli);
	}
	while (!status && (!listener.count || count < listener.count))
		status = listen_one(cli, sock, &listener, &count);
	weft_sock_close(sock);
	return status;
}

static const char inject_details[] =
	"  in_port=PORT   as if from that port; a name or a number\n"
	"  table=T        where the walk begins; default 0\n"
	"  FIELD=VALUE    registers, mark, ldp, ... of the packet; may be repeated\n"
	"  actions=...    do these instead of a walk; the last before the frame\n"
	"  hex HEX        one frame; hex -: a frame a line from standard input\n"
	"  pcap FILE      the frames of a pcap or pcapng file\n"
	"  -              either form from standard input\n";

static const char listen_details[] =
	"  credits N      packets that may be under way at a time; default 64\n"
	"  once           grant these credits and no more\n"
	"  queue_limit N  packets that may wait for one port in the kernel\n"
	"  count N        end after so many packets\n"
	"  ready          say \"ready\" when the service is registered\n"
	"Options -j: an object a line; -x: with the bytes of the frame.\n";

static const struct cli_command packet_commands[] = {
	{ "inject",
	  "[dp NAME] in_port=PORT [table=T] [FIELD=VALUE]... [actions=ACTIONS] "
	  "hex HEX | pcap FILE | -",
	  "send frames through the tables, or through actions", inject_details, packet_inject },
	{ "listen", "[dp NAME] SERVICE [credits N] [once] [queue_limit N] [count N] [ready]",
	  "be a consumer of a service and print the packets it gets", listen_details,
	  packet_listen },
	{}
};

const struct cli_object packet_object = {
	"packet", "Packets: put them into a datapath, and get those sent to a service.",
	packet_commands
};
