// SPDX-License-Identifier: Apache-2.0
/*
 * What ip(8) has to know of devices of type "stt":
 *
 *	ip link add NAME type stt [ external ] [ dstport PORT ] [ remotes { ADDRESS[,…] | none } ]
 *	ip link set NAME type stt remotes { ADDRESS[,…] | none }
 *
 * For a type that it does not know itself ip loads link_TYPE.so from its library directory, or
 * from IP_LIB_DIR, and takes TYPE_link_util from it. That structure, and the functions of
 * ip used here, have been what they are for many versions; they are declared here since no
 * package has the headers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/weft_stt.h>

#define REQUEST_ROOM 1024 /* bytes of attributes in a request of ip */

struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *lu, int argc, char **argv, struct nlmsghdr *n);
	void (*print_opt)(struct link_util *lu, FILE *f, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *f, struct rtattr *xstats);
	void (*print_help)(struct link_util *lu, int argc, char **argv, FILE *f);
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *n, void *arg);
};

/* Of ip: PRINT_ANY writes text or JSON, as was asked for; 6 is no colour */
enum { PRINT_FP = 1, PRINT_JSON = 2, PRINT_ANY = 4 };
enum { COLOR_NONE = 6 };

extern int addattr_l(struct nlmsghdr *n, int maxlen, int type, const void *data, int alen);
extern struct rtattr *addattr_nest(struct nlmsghdr *n, int maxlen, int type);
extern int addattr_nest_end(struct nlmsghdr *n, struct rtattr *nest);
extern int print_color_string(int type, int color, const char *key, const char *fmt,
			      const char *value);
extern int print_color_uint(int type, int color, const char *key, const char *fmt,
			    unsigned int value);
extern int print_color_bool(int type, int color, const char *key, const char *fmt, _Bool value);
extern void open_json_array(int type, const char *name);
extern void close_json_array(int type, const char *delimiter);

extern struct link_util stt_link_util;

static void print_help(struct link_util *lu, int argc, char **argv, FILE *f)
{
	(void)lu, (void)argc, (void)argv;
	fprintf(f, "Usage: ... stt [ external ]\n"
		   "               [ dstport PORT ]\n"
		   "               [ remotes { ADDRESS[,ADDRESS...] | none } ]\n"
		   "\n"
		   "Frames are accepted from remotes only. A device is always external: where a\n"
		   "frame goes is said by the tunnel key of each packet.\n");
}

static int refuse(const char *what, const char *word)
{
	fprintf(stderr, "stt: %s: \"%s\"\n", what, word);
	return -1;
}

static int add_remotes(struct nlmsghdr *n, const char *list)
{
	struct rtattr *nest = addattr_nest(n, REQUEST_ROOM, IFLA_STT_REMOTES | NLA_F_NESTED);
	char *text, *word, *end;
	int err = 0;

	if (!nest)
		return -1;
	if (strcmp(list, "none")) {
		text = strdup(list);
		if (!text)
			return -1;
		for (word = strtok_r(text, ",", &end); word && !err;
		     word = strtok_r(NULL, ",", &end)) {
			struct in6_addr addr6;
			struct in_addr addr4;

			if (inet_pton(AF_INET, word, &addr4) == 1)
				err = addattr_l(n, REQUEST_ROOM, IFLA_STT_REMOTE_IPV4, &addr4,
						sizeof(addr4));
			else if (inet_pton(AF_INET6, word, &addr6) == 1)
				err = addattr_l(n, REQUEST_ROOM, IFLA_STT_REMOTE_IPV6, &addr6,
						sizeof(addr6));
			else
				err = refuse("not an address", word);
		}
		free(text);
	}
	addattr_nest_end(n, nest);
	return err;
}

static int parse_opt(struct link_util *lu, int argc, char **argv, struct nlmsghdr *n)
{
	for (; argc > 0; argc--, argv++) {
		const char *word = *argv;

		if (!strcmp(word, "external")) {
			addattr_l(n, REQUEST_ROOM, IFLA_STT_COLLECT_METADATA, NULL, 0);
			continue;
		}
		if (!strcmp(word, "help")) {
			print_help(lu, argc, argv, stderr);
			return -1;
		}
		if (strcmp(word, "dstport") && strcmp(word, "remotes"))
			return refuse("unknown option", word);
		if (--argc <= 0)
			return refuse("needs a value", word);
		argv++;
		if (!strcmp(word, "dstport")) {
			unsigned long port;
			__be16 value;
			char *end;

			port = strtoul(*argv, &end, 10);
			if (end == *argv || *end || !port || port > 65535)
				return refuse("not a port", *argv);
			value = htons(port);
			addattr_l(n, REQUEST_ROOM, IFLA_STT_PORT, &value, sizeof(value));
		} else if (add_remotes(n, *argv)) {
			return -1;
		}
	}
	return 0;
}

static void print_opt(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	(void)lu, (void)f;
	if (!tb)
		return;
	if (tb[IFLA_STT_COLLECT_METADATA])
		print_color_bool(PRINT_ANY, COLOR_NONE, "external", "external ", true);
	if (tb[IFLA_STT_PORT])
		print_color_uint(PRINT_ANY, COLOR_NONE, "port", "dstport %u ",
				 ntohs(*(__be16 *)RTA_DATA(tb[IFLA_STT_PORT])));
	if (tb[IFLA_STT_REMOTES]) {
		struct rtattr *attr = RTA_DATA(tb[IFLA_STT_REMOTES]);
		int left = RTA_PAYLOAD(tb[IFLA_STT_REMOTES]);
		bool first = true;

		open_json_array(PRINT_JSON, "remotes");
		print_color_string(PRINT_FP, COLOR_NONE, NULL, "remotes %s",
				   RTA_OK(attr, left) ? "" : "none");
		for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
			char text[INET6_ADDRSTRLEN];
			int family = (attr->rta_type & NLA_TYPE_MASK) == IFLA_STT_REMOTE_IPV4 ?
					     AF_INET :
					     AF_INET6;

			if (!inet_ntop(family, RTA_DATA(attr), text, sizeof(text)))
				continue;
			print_color_string(PRINT_ANY, COLOR_NONE, NULL, first ? "%s" : ",%s", text);
			first = false;
		}
		print_color_string(PRINT_FP, COLOR_NONE, NULL, "%s", " ");
		close_json_array(PRINT_JSON, NULL);
	}
}

struct link_util stt_link_util = {
	.id = "stt",
	.maxattr = IFLA_STT_MAX,
	.parse_opt = parse_opt,
	.print_opt = print_opt,
	.print_help = print_help,
};
