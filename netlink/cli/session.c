// SPDX-License-Identifier: Apache-2.0
/*
 * session.c - reach the kernel, in the namespace that -n names, and find out
 * which datapath is meant.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define NETNS_DIR "/var/run/netns"

static int open_netns(struct cli *cli, int *fd)
{
	char path[PATH_MAX];

	*fd = -1;
	if (!cli->netns)
		return CLI_OK;
	if (strchr(cli->netns, '/'))
		snprintf(path, sizeof(path), "%s", cli->netns);
	else
		snprintf(path, sizeof(path), "%s/%s", NETNS_DIR, cli->netns);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return cli_fail(cli, CLI_FAILED, "cannot open network namespace \"%s\": %s",
				cli->netns, strerror(errno));
	return CLI_OK;
}

/* 0, a status that was told, or -errno */
static int open_sock(struct cli *cli, struct weft_sock **sock)
{
	int fd, ret;

	ret = open_netns(cli, &fd);
	if (ret)
		return ret;
	ret = weft_sock_open(sock, fd);
	if (fd >= 0)
		close(fd);
	return ret;
}

int session_open_sock(struct cli *cli, struct weft_sock **sock)
{
	int ret = open_sock(cli, sock);

	if (ret >= 0)
		return ret;
	if (ret == -ENOENT)
		return cli_fail(cli, CLI_UNREACHABLE,
				"the kernel does not know weft: modprobe weft");
	if (cli->netns && ret == -EPERM)
		return cli_fail(cli, CLI_FAILED, "cannot enter network namespace \"%s\": %s",
				cli->netns, strerror(-ret));
	return cli_fail(cli, CLI_UNREACHABLE, "cannot reach the kernel: %s", strerror(-ret));
}

int session_open(struct cli *cli)
{
	if (cli->sock)
		return CLI_OK;
	return session_open_sock(cli, &cli->sock);
}

static int choose_only_dp(struct cli *cli)
{
	struct weft_dp *dps;
	char list[256] = "";
	int status = CLI_OK;
	size_t n;
	int ret;

	ret = weft_dp_list(cli->sock, &dps, &n);
	if (ret < 0)
		return cli_refused(cli, ret, "cannot list datapaths");
	for (size_t i = 0; i < n && strlen(list) < 200; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "",
			 dps[i].name);
	if (!n)
		status = cli_fail(cli, CLI_FAILED,
				  "there is no datapath: make one with \"weft dp add NAME\"");
	else if (n > 1)
		status = cli_fail(cli, CLI_USAGE,
				  "there are several datapaths (%s): say which with \"dp NAME\"",
				  list);
	else
		snprintf(cli->dp, sizeof(cli->dp), "%s", dps[0].name);
	weft_dp_list_free(dps, n);
	return status;
}

int session_use_dp(struct cli *cli, const char *name)
{
	int status = session_open(cli);

	if (status)
		return status;
	if (name) {
		snprintf(cli->dp, sizeof(cli->dp), "%s", name);
		return CLI_OK;
	}
	return choose_only_dp(cli);
}

void session_close(struct cli *cli)
{
	names_forget(cli);
	if (cli->sock)
		weft_sock_close(cli->sock);
	cli->sock = NULL;
}
