// SPDX-License-Identifier: Apache-2.0
/*
 * port.c - weft port: devices of a datapath.
 *
 * A line of "show" is in the words of "add", so that it can be given back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void lports_print(const struct weft_port *port)
{
	for (unsigned int i = 0; i < port->n_lports; i++)
		printf(" lport %u:%u", port->lports[i].ldp, port->lports[i].lport);
}

static void remotes_print(const struct weft_port *port)
{
	char text[INET6_ADDRSTRLEN];

	for (unsigned int i = 0; i < port->n_remotes; i++)
		printf(" remote %s", inet_ntop(port->remotes[i].ipv6 ? AF_INET6 : AF_INET,
					       port->remotes[i].addr, text, sizeof(text)));
}

static void tun_opts_print(const struct weft_port *port)
{
	for (unsigned int i = 0; i < port->n_tun_opts; i++) {
		const struct weft_tun_opt *opt = &port->tun_opts[i];

		printf(" opt %u=0x%04x:0x%02x:%u", opt->slot, opt->opt_class, opt->type, opt->len);
	}
}

static void enum_print(const char *keyword, const char *name, uint32_t value)
{
	if (name)
		printf(" %s %s", keyword, name);
	else
		printf(" %s %u", keyword, value);
}

void port_print(const struct weft_port *port, bool stats)
{
	const struct weft_port_stats *s = &port->stats;

	printf("%u: %s", port->id, port->name);
	if (weft_has(port, WEFT_PORT_A_DP))
		printf(" dp %s", port->dp);
	if (weft_has(port, WEFT_PORT_A_TYPE))
		enum_print("type", weft_port_type_name(port->type), port->type);
	if (weft_has(port, WEFT_PORT_A_CLASS))
		enum_print("class", weft_port_class_name(port->port_class), port->port_class);
	if (port->vm_id[0])
		printf(" vm %s", port->vm_id);
	lports_print(port);
	remotes_print(port);
	tun_opts_print(port);
	if (weft_has(port, WEFT_PORT_A_MARK_MASK))
		printf(" mark 0x%x", port->mark_mask);
	if (weft_has(port, WEFT_PORT_A_NETNSID))
		printf(" netnsid %d", port->netnsid);
	if (weft_has(port, WEFT_PORT_A_REASON))
		enum_print("reason", weft_reason_name(port->reason), port->reason);
	putchar('\n');
	if (!stats)
		return;
	if (weft_has(port, WEFT_PORT_A_IFINDEX))
		printf("    ifindex %u\n", port->ifindex);
	if (weft_has(port, WEFT_PORT_A_STATS)) {
		printf("    rx packets %" PRIu64 " bytes %" PRIu64 " dropped %" PRIu64
		       " marks_refused %" PRIu64 " upcalls %" PRIu64 "\n",
		       s->rx_packets, s->rx_bytes, s->rx_dropped, s->marks_refused, s->upcalls);
		printf("    tx packets %" PRIu64 " bytes %" PRIu64 " dropped %" PRIu64 "\n",
		       s->tx_packets, s->tx_bytes, s->tx_dropped);
	}
	drops_print(&port->drops);
}

int port_ref(struct cli *cli, struct args *args, const char **name, uint32_t *id)
{
	*name = NULL;
	if (!args_more(args))
		return cli_usage(cli, "the port is missing");
	if (args->n - args->pos > 1) {
		if (args_accept(args, "id"))
			return args_number(cli, args, "id", 1, WEFT_PORT_ID_MAX, id);
		args_accept(args, "dev");
	} else if (!number_parse(args_peek(args), 1, WEFT_PORT_ID_MAX, id)) {
		args_next(args);
		return CLI_OK;
	}
	*name = args_next(args);
	if (!**name || strlen(*name) >= IF_NAMESIZE)
		return cli_usage(cli, "\"%s\" is no name of a device", *name);
	return CLI_OK;
}

/* LDP:LPORT[,…] */
static int parse_lports(struct cli *cli, struct weft_port *port, const char *text)
{
	char copy[1024], *rest = copy, *one;

	if (strlen(text) >= sizeof(copy))
		return cli_usage(cli, "lport \"%s\" is too long", text);
	strcpy(copy, text);
	while ((one = strsep(&rest, ","))) {
		uint32_t ldp, lport;
		char *number = strchr(one, ':');
		int ret;

		if (number)
			*number++ = '\0';
		if (!number || number_parse(one, 1, WEFT_LDP_MAX, &ldp) ||
		    number_parse(number, 1, 0xffff, &lport))
			return cli_usage(cli,
					 "lport \"%s\" is not LDP:LPORT "
					 "(1 to 16777215, 1 to 65535)",
					 text);
		ret = weft_port_add_lport(port, ldp, lport);
		if (ret && ret != -EEXIST)
			return cli_fail(cli, CLI_FAILED, "lport %s: %s", text, strerror(-ret));
	}
	return CLI_OK;
}

static int parse_remote(struct cli *cli, struct weft_port *port, const char *text)
{
	uint8_t addr[16];
	bool ipv6 = strchr(text, ':');
	int ret;

	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, text, addr) != 1)
		return cli_usage(cli, "remote \"%s\" is neither an IPv4 nor an IPv6 address", text);
	ret = weft_port_add_remote(port, ipv6, addr);
	if (ret && ret != -EEXIST)
		return cli_fail(cli, CLI_FAILED, "remote %s: %s", text, strerror(-ret));
	return CLI_OK;
}

/* SLOT=CLASS:TYPE:LEN */
static int parse_tun_opt(struct cli *cli, struct weft_port *port, const char *text)
{
	uint32_t slot, opt_class, type, len;
	char copy[64], *slot_text = copy, *class_text, *type_text, *len_text;
	int ret;

	snprintf(copy, sizeof(copy), "%s", text);
	class_text = strchr(copy, '=');
	if (class_text)
		*class_text++ = '\0';
	type_text = class_text ? strchr(class_text, ':') : NULL;
	if (type_text)
		*type_text++ = '\0';
	len_text = type_text ? strchr(type_text, ':') : NULL;
	if (len_text)
		*len_text++ = '\0';
	if (!len_text || number_parse(slot_text, 0, WEFT_TUN_OPTS - 1, &slot) ||
	    number_parse(class_text, 0, 0xffff, &opt_class) ||
	    number_parse(type_text, 0, 0xff, &type) ||
	    number_parse(len_text, 4, WEFT_TUN_OPT_LEN, &len) || len % 4)
		return cli_usage(cli,
				 "opt \"%s\" is not SLOT=CLASS:TYPE:LEN "
				 "(0 to 3, 0 to 65535, 0 to 255, 4, 8, 12 or 16)",
				 text);
	ret = weft_port_add_tun_opt(
		port, &(struct weft_tun_opt){
			      .opt_class = opt_class, .type = type, .slot = slot, .len = len });
	if (ret == -EEXIST)
		return cli_usage(cli, "option slot %u is given twice", slot);
	if (ret)
		return cli_fail(cli, CLI_FAILED, "opt %s: %s", text, strerror(-ret));
	return CLI_OK;
}

static int parse_mac(struct cli *cli, struct weft_port *port, const char *text)
{
	char end;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &port->mac[0], &port->mac[1],
		   &port->mac[2], &port->mac[3], &port->mac[4], &port->mac[5], &end) != 6)
		return cli_usage(cli, "mac \"%s\" is no Ethernet address", text);
	return CLI_OK;
}

static int parse_class(struct cli *cli, struct weft_port *port, const char *text)
{
	int value = weft_port_class_from_name(text);

	if (value < 0)
		return cli_usage(cli, "unknown class \"%s\": vif, fabric or service", text);
	port->port_class = value;
	return CLI_OK;
}

static int parse_type(struct cli *cli, struct weft_port *port, const char *text)
{
	int value = weft_port_type_from_name(text);

	if (value < 0)
		return cli_usage(cli, "unknown type \"%s\": netdev, internal, geneve, gre or stt",
				 text);
	port->type = value;
	return CLI_OK;
}

static int parse_vm(struct cli *cli, struct weft_port *port, const char *text)
{
	if (!strcmp(text, "none"))
		text = "";
	if (strlen(text) > WEFT_VM_ID_MAX)
		return cli_usage(cli, "vm \"%s\" is longer than %d characters", text,
				 WEFT_VM_ID_MAX);
	snprintf(port->vm_id, sizeof(port->vm_id), "%s", text);
	return CLI_OK;
}

static int parse_mark(struct cli *cli, struct weft_port *port, const char *text)
{
	if (number_parse(text, 0, UINT32_MAX, &port->mark_mask))
		return cli_usage(cli, "mark \"%s\" is no mask of 32 bits", text);
	return CLI_OK;
}

/*
 * @attr: WEFT_PORT_A_…
 * @list: may be given again; "none" is the empty list
 * @fixed: cannot be changed later
 */
struct port_option {
	const char *keyword;
	int attr;
	bool list;
	bool fixed;
	int (*parse)(struct cli *cli, struct weft_port *port, const char *text);
};

static const struct port_option port_options[] = {
	{ "type", WEFT_PORT_A_TYPE, false, true, parse_type },
	{ "class", WEFT_PORT_A_CLASS, false, false, parse_class },
	{ "vm", WEFT_PORT_A_VM_ID, false, false, parse_vm },
	{ "lport", WEFT_PORT_A_LPORTS, true, false, parse_lports },
	{ "remote", WEFT_PORT_A_REMOTES, true, false, parse_remote },
	{ "opt", WEFT_PORT_A_TUN_OPTS, true, false, parse_tun_opt },
	{ "mark", WEFT_PORT_A_MARK_MASK, false, false, parse_mark },
	{ "mac", WEFT_PORT_A_MAC, false, true, parse_mac },
	{}
};

static int parse_option(struct cli *cli, struct args *args, const struct port_option *option,
			struct weft_port *port)
{
	const char *text;
	int status = args_value(cli, args, option->keyword, &text);

	if (status)
		return status;
	if (weft_has(port, option->attr) && !option->list)
		return cli_usage(cli, "\"%s\" is given twice", option->keyword);
	weft_mark(port, option->attr);
	if (option->list && !strcmp(text, "none"))
		return CLI_OK;
	return option->parse(cli, port, text);
}

static int parse_number(struct cli *cli, struct args *args, const char *keyword, int attr,
			uint32_t max, struct weft_port *port, uint32_t *value)
{
	if (weft_has(port, attr))
		return cli_usage(cli, "\"%s\" is given twice", keyword);
	weft_mark(port, attr);
	return args_number(cli, args, keyword, 1, max, value);
}

static int parse_options(struct cli *cli, struct args *args, struct weft_port *port, bool add,
			 const char **dp)
{
	int status = CLI_OK;

	while (!status && args_more(args)) {
		const struct port_option *option = port_options;

		if (!strcmp(args_peek(args), "dp")) {
			status = args_dp(cli, args, dp);
			continue;
		}
		if (add && args_accept(args, "id")) {
			status = parse_number(cli, args, "id", WEFT_PORT_A_ID, WEFT_PORT_ID_MAX,
					      port, &port->id);
			continue;
		}
		if (add && args_accept(args, "mtu")) {
			status = parse_number(cli, args, "mtu", WEFT_PORT_A_MTU, 65535, port,
					      &port->mtu);
			continue;
		}
		while (option->keyword && !args_accept(args, option->keyword))
			option++;
		if (!option->keyword)
			return args_end(cli, args);
		if (!add && option->fixed)
			return cli_usage(cli, "\"%s\" of a port cannot be changed",
					 option->keyword);
		status = parse_option(cli, args, option, port);
	}
	return status;
}

static int port_add(struct cli *cli, struct args *args)
{
	const char *dp = NULL, *name = args_next(args);
	struct weft_port port;
	int status, ret;

	if (!name)
		return cli_usage(cli, "the device is missing");
	if (!strcmp(name, "dev") && args->n - args->pos >= 1)
		name = args_next(args);
	if (!*name || strlen(name) >= IF_NAMESIZE)
		return cli_usage(cli, "\"%s\" is no name of a device", name);
	weft_port_init(&port);
	snprintf(port.name, sizeof(port.name), "%s", name);
	weft_mark(&port, WEFT_PORT_A_NAME);
	status = parse_options(cli, args, &port, true, &dp);
	if (!status)
		status = session_use_dp(cli, dp);
	if (!status) {
		ret = weft_port_new(cli->sock, cli->dp, &port, NULL);
		if (ret)
			status = cli_refused(cli, ret, "cannot add port %s", name);
	}
	weft_port_free(&port);
	return status;
}

static int get(struct cli *cli, const char *name, uint32_t id, struct weft_port *port)
{
	int ret;

	if (name)
		ret = weft_port_get_by_name(cli->sock, cli->dp, name, port);
	else
		ret = weft_port_get(cli->sock, cli->dp, id, port);
	if (ret && name)
		return cli_refused(cli, ret, "port %s", name);
	if (ret)
		return cli_refused(cli, ret, "port %u", id);
	return CLI_OK;
}

static int port_set(struct cli *cli, struct args *args)
{
	const char *dp = NULL, *name = NULL;
	struct weft_port port, have;
	uint32_t id = 0;
	int status, ret;

	/* More words follow, so a number must be recognised here. */
	if (args_more(args) && !number_parse(args_peek(args), 1, WEFT_PORT_ID_MAX, &id)) {
		args_next(args);
	} else {
		status = port_ref(cli, args, &name, &id);
		if (status)
			return status;
	}
	weft_port_init(&port);
	status = parse_options(cli, args, &port, false, &dp);
	if (!status && !port.present)
		status = cli_usage(cli, "nothing to set");
	if (!status)
		status = session_use_dp(cli, dp);
	if (!status && name) {
		status = get(cli, name, id, &have);
		if (!status) {
			id = have.id;
			weft_port_free(&have);
		}
	}
	if (!status) {
		port.id = id;
		weft_mark(&port, WEFT_PORT_A_ID);
		ret = weft_port_set(cli->sock, cli->dp, &port);
		if (ret && name)
			status = cli_refused(cli, ret, "cannot change port %s", name);
		else if (ret)
			status = cli_refused(cli, ret, "cannot change port %u", id);
	}
	weft_port_free(&port);
	return status;
}

static int port_del(struct cli *cli, struct args *args)
{
	const char *dp = NULL, *name;
	uint32_t id;
	int status, ret;

	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	if (!status)
		status = port_ref(cli, args, &name, &id);
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_use_dp(cli, dp);
	if (status)
		return status;
	if (name) {
		ret = weft_port_del_by_name(cli->sock, cli->dp, name);
		if (ret)
			return cli_refused(cli, ret, "cannot delete port %s", name);
	} else {
		ret = weft_port_del(cli->sock, cli->dp, id);
		if (ret)
			return cli_refused(cli, ret, "cannot delete port %u", id);
	}
	return CLI_OK;
}

static int show_one(struct cli *cli, struct weft_port *port)
{
	if (!cli->json) {
		port_print(port, cli->stats);
		return CLI_OK;
	}
	if (!cli->stats) {
		weft_unmark(port, WEFT_PORT_A_STATS);
		weft_unmark(port, WEFT_PORT_A_DROPS);
	}
	return output_item(cli, weft_port_to_json(port));
}

static int by_id(const void *a, const void *b)
{
	const struct weft_port *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int show_all(struct cli *cli)
{
	struct weft_port *ports;
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_port_list(cli->sock, cli->dp, &ports, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list the ports of %s", cli->dp);
	if (ret)
		cli_warn_changed(cli, "ports");
	sort(ports, n, sizeof(*ports), by_id);
	output_begin(cli);
	for (size_t i = 0; i < n && !status; i++)
		status = show_one(cli, &ports[i]);
	output_end(cli);
	weft_port_list_free(ports, n);
	return status;
}

static int port_show(struct cli *cli, struct args *args)
{
	const char *dp = NULL, *name;
	struct weft_port port;
	uint32_t id;
	bool one;
	int status;

	status = args_last_dp(cli, args, &dp);
	if (!status)
		status = args_dp(cli, args, &dp);
	one = args_more(args);
	if (!status && one)
		status = port_ref(cli, args, &name, &id);
	if (!status)
		status = args_end(cli, args);
	if (!status)
		status = session_use_dp(cli, dp);
	if (status)
		return status;
	if (!one)
		return show_all(cli);
	status = get(cli, name, id, &port);
	if (status)
		return status;
	output_begin(cli);
	status = show_one(cli, &port);
	output_end(cli);
	weft_port_free(&port);
	return status;
}

static const char add_details[] =
	"  id N              number of the port, 1 to 65535; default: the kernel chooses\n"
	"  type TYPE         netdev: a device that exists; internal: make a device;\n"
	"                    geneve, gre, stt: a tunnel device in external mode; default netdev\n"
	"  class CLASS       vif: a machine; fabric: a tunnel; service: of this host\n"
	"  vm ID             opaque id of the machine behind it\n"
	"  lport LDP:LPORT   logical port that lives here; may be repeated\n"
	"  remote IP         tunnel endpoint that may send; may be repeated\n"
	"  opt SLOT=CLASS:TYPE:LEN\n"
	"                    Geneve option in slot 0 to 3 (field tun_optSLOT); repeated\n"
	"  mark MASK         bits of the mark that cross the port, for an appliance or container;\n"
	"                    default: all that the type carries (gre 0xc0000003, stt 0xc0000007)\n"
	"  mac MAC, mtu N    of the device that type internal makes\n";

static const char set_details[] =
	"Lists replace what was there; \"none\" empties them, and the VM id.\n";

static const struct cli_command port_commands[] = {
	{ "add",
	  "DEV [dp NAME] [id N] [type netdev|internal|geneve|gre|stt] "
	  "[class vif|fabric|service] [vm ID] [lport LDP:LPORT]... [remote IP]... "
	  "[opt SLOT=CLASS:TYPE:LEN]... [mark MASK] [mac MAC] [mtu N]",
	  "attach a device, or make an internal one", add_details, port_add },
	{ "del", "DEV|ID [dp NAME]", "detach a device; an internal one is deleted", NULL,
	  port_del },
	{ "set",
	  "DEV|ID [dp NAME] [class CLASS] [vm ID|none] [lport LDP:LPORT|none]... "
	  "[remote IP|none]... [opt SLOT=CLASS:TYPE:LEN|none]... [mark MASK]",
	  "change what a port is for", set_details, port_set },
	{ "show", "[DEV|ID] [dp NAME]", "list ports; -s: counters and drop reasons", NULL,
	  port_show, .preferred = true, .standard = true },
	{}
};

const struct cli_object port_object = {
	"port", "Ports: devices through which packets enter and leave a datapath.", port_commands,
	.preferred = true
};
