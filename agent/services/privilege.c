// SPDX-License-Identifier: Apache-2.0
/* privilege.c - see privilege.h and capabilities(7). */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "services/privilege.h"

static int get_caps(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, data) ? -errno : 0;
}

static int keep_net_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = 1u << CAP_NET_ADMIN, .permitted = 1u << CAP_NET_ADMIN },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static bool has_cap(const struct __user_cap_data_struct data[2], unsigned int cap)
{
	return data[cap / 32].effective >> cap % 32 & 1;
}

static const struct passwd *find_user(const char *name)
{
	const struct passwd *user = getpwnam(name ? name : "weft");

	return user || name ? user : getpwnam("nobody");
}

int privilege_give(const char *name, const char *path)
{
	struct __user_cap_data_struct data[2] = { 0 };
	const struct passwd *user = find_user(name);
	int result = get_caps(data);

	/* without these it stays the user that it is */
	if (result || !user || !has_cap(data, CAP_CHOWN) || !has_cap(data, CAP_SETUID))
		return result;
	return chown(path, user->pw_uid, user->pw_gid) ? -errno : 0;
}

static int become(const char *name)
{
	const struct passwd *user = find_user(name);

	if (!user) {
		log_error("there is no user %s", name ? name : "nobody");
		return name ? -ENOENT : 0;
	}
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return -errno;
	return 0;
}

int privilege_drop(const char *user)
{
	struct __user_cap_data_struct data[2] = { 0 };
	int result = get_caps(data);

	if (result)
		return result;
	if (!has_cap(data, CAP_NET_ADMIN))
		log_warning("no CAP_NET_ADMIN: the kernel will refuse what is asked of it");
	if (has_cap(data, CAP_SETPCAP)) {
		for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
			if (cap != CAP_NET_ADMIN)
				prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
		}
	}
	if (has_cap(data, CAP_SETUID) && has_cap(data, CAP_SETGID)) {
		result = become(user);
		if (result)
			return result;
	} else if (user) {
		log_warning("cannot become %s: no CAP_SETUID and CAP_SETGID", user);
	}
	if (has_cap(data, CAP_NET_ADMIN)) {
		result = keep_net_admin();
		if (result)
			return result;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
