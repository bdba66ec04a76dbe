// SPDX-License-Identifier: Apache-2.0
/* main.c - options of weftd. */
#include <getopt.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "control.h"
#include "error.h"
#include "link.h"
#include "load.h"
#include "log.h"
#include "memory.h"

#ifndef WEFT_VERSION
#define WEFT_VERSION "0.1"
#endif

#define CONFIG_FILE "/etc/weft/host.json"

enum option_code {
	OPTION_CHECK = 256,
	OPTION_CTL,
	OPTION_CTL_SOCKET,
	OPTION_DRY_RUN,
	OPTION_FLUSH_ON_EXIT,
	OPTION_FOREGROUND,
	OPTION_HOST,
	OPTION_LOG_LEVEL,
	OPTION_NETNS,
	OPTION_NETWORK,
	OPTION_NO_MODPROBE,
	OPTION_ONCE,
	OPTION_PATCH,
	OPTION_PIDFILE,
};

static const struct option options[] = {
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "config", required_argument, NULL, 'c' },
	{ "ctl", required_argument, NULL, OPTION_CTL },
	{ "ctl-socket", required_argument, NULL, OPTION_CTL_SOCKET },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "flush-on-exit", no_argument, NULL, OPTION_FLUSH_ON_EXIT },
	{ "foreground", no_argument, NULL, OPTION_FOREGROUND },
	{ "help", no_argument, NULL, 'h' },
	{ "host", required_argument, NULL, OPTION_HOST },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "netns", required_argument, NULL, OPTION_NETNS },
	{ "network", required_argument, NULL, OPTION_NETWORK },
	{ "no-modprobe", no_argument, NULL, OPTION_NO_MODPROBE },
	{ "once", no_argument, NULL, OPTION_ONCE },
	{ "patch", required_argument, NULL, OPTION_PATCH },
	{ "pidfile", required_argument, NULL, OPTION_PIDFILE },
	{ "version", no_argument, NULL, 'V' },
	{ 0 }
};

static void usage(FILE *out)
{
	fputs("Usage: weftd [OPTIONS] [FILE]\n"
	      "Keep a datapath as FILE (default " CONFIG_FILE ") says.\n"
	      "\n"
	      "  -c, --config FILE     the same as FILE\n"
	      "      --network FILE    do this host's part of the network that FILE describes\n"
	      "      --host NAME       name of this host in it (default: the host name)\n"
	      "      --check           check FILE and exit: 0 when it is good, 2 when not\n"
	      "      --dry-run         print what would be changed and exit\n"
	      "      --once            apply FILE and exit\n"
	      "      --ctl COMMAND     ask a running weftd: status, reload, plan, network or change\n"
	      "      --ctl-socket PATH control socket (default /run/weft/weftd-DATAPATH.sock)\n"
	      "      --flush-on-exit   remove the datapath at the end\n"
	      "      --foreground      stay in the foreground; it always does\n"
	      "      --log-level LEVEL error, warning, notice, info or debug\n"
	      "      --netns NAME      work in a named network namespace\n"
	      "      --no-modprobe     do not load the module\n"
	      "      --patch FILE      the change, with --ctl change (default: standard input)\n"
	      "      --pidfile PATH    write the process id there\n"
	      "  -h, --help\n"
	      "  -V, --version\n",
	      out);
}

/* the socket to ask: the one named, that of the file's datapath, or the only one there is */
static char *find_ctl_socket(const struct agent_options *agent, bool has_config)
{
	char *path = NULL;
	glob_t found;

	if (agent->ctl_socket)
		return memory_strdup(agent->ctl_socket);
	if (has_config) {
		struct errors errors = { 0 };
		char *dp = load_datapath_name(&agent->source, &errors);

		if (dp)
			path = agent_ctl_path(dp, agent->netns);
		else
			log_error("%s", errors.n_kept ? errors.text[0] : "?");
		errors_clear(&errors);
		free(dp);
		return path;
	}
	if (!glob("/run/weft/weftd-*.sock", 0, NULL, &found) && found.gl_pathc == 1)
		path = memory_strdup(found.gl_pathv[0]);
	else
		log_error("%s: say which by --config or --ctl-socket",
			  found.gl_pathc ? "several weftd run" : "no weftd runs");
	globfree(&found);
	return path;
}

/* what to ask; for a change of the network, with the change; to be freed, NULL: it is bad */
static char *make_request(const char *command, const char *patch)
{
	json_error_t error;
	json_t *change;
	char *request;

	if (strcmp(command, "change"))
		return memory_strdup(command);
	if (strcmp(patch, "-"))
		change = json_load_file(patch, JSON_REJECT_DUPLICATES, &error);
	else
		change = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
	if (!change) {
		if (error.line > 0)
			log_error("%s:%d:%d: %s", patch, error.line, error.column, error.text);
		else
			log_error("%s: %s", patch, error.text);
		return NULL;
	}
	change = json_pack("{s:s, s:o}", "command", "change", "change", change);
	request = json_dumps(change, JSON_COMPACT);
	json_decref(change);
	return request;
}

static const char *own_name(void)
{
	static char name[256];

	if (gethostname(name, sizeof(name) - 1))
		name[0] = '\0';
	return name;
}

static bool write_pidfile(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file || fprintf(file, "%d\n", (int)getpid()) < 0) {
		log_error("%s: cannot write the process id", path);
		if (file)
			fclose(file);
		return false;
	}
	return !fclose(file);
}

int main(int argc, char **argv)
{
	struct agent_options agent = { .source.file = CONFIG_FILE, .modprobe = true };
	const char *command = NULL, *pidfile = NULL, *network = NULL, *host = NULL, *patch = "-";
	bool check = false, dry_run = false, has_config = false;
	int option, status, result;
	char *path, *request;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			agent.source.file = optarg;
			has_config = true;
			break;
		case OPTION_CHECK:
			check = true;
			break;
		case OPTION_CTL:
			command = optarg;
			break;
		case OPTION_CTL_SOCKET:
			agent.ctl_socket = optarg;
			break;
		case OPTION_DRY_RUN:
			dry_run = true;
			break;
		case OPTION_FLUSH_ON_EXIT:
			agent.flush_on_exit = true;
			break;
		case OPTION_FOREGROUND:
			break;
		case OPTION_HOST:
			host = optarg;
			break;
		case OPTION_LOG_LEVEL:
			if (log_set_level(optarg))
				break;
			log_error("no log level \"%s\"", optarg);
			return AGENT_BAD_CONFIG;
		case OPTION_NETNS:
			agent.netns = optarg;
			break;
		case OPTION_NETWORK:
			network = optarg;
			break;
		case OPTION_NO_MODPROBE:
			agent.modprobe = false;
			break;
		case OPTION_ONCE:
			agent.once = true;
			break;
		case OPTION_PATCH:
			patch = optarg;
			break;
		case OPTION_PIDFILE:
			pidfile = optarg;
			break;
		case 'h':
			usage(stdout);
			return AGENT_OK;
		case 'V':
			puts("weftd " WEFT_VERSION);
			return AGENT_OK;
		default:
			usage(stderr);
			return AGENT_BAD_CONFIG;
		}
	}
	if (optind < argc) {
		agent.source.file = argv[optind++];
		has_config = true;
	}
	if (optind < argc || (network && has_config) || (host && !network)) {
		usage(stderr);
		return AGENT_BAD_CONFIG;
	}
	if (network) {
		agent.source = (struct source){ .file = network, .host = host };
		if (!host)
			agent.source.host = own_name();
		has_config = true;
	}

	if (command) {
		request = make_request(command, patch);
		path = request ? find_ctl_socket(&agent, has_config) : NULL;
		status = path ? control_ask(path, request, stdout) : AGENT_FAILED;
		free(path);
		free(request);
		return status;
	}
	if (check)
		return agent_check(&agent);
	if (agent.netns) {
		result = netns_enter(agent.netns);
		if (result) {
			log_error("namespace %s: %s", agent.netns, strerror(-result));
			return AGENT_FAILED;
		}
	}
	if (dry_run)
		return agent_dry_run(&agent);
	if (pidfile && !write_pidfile(pidfile))
		return AGENT_FAILED;
	status = agent_run(&agent);
	if (pidfile)
		unlink(pidfile);
	return status;
}
