// SPDX-License-Identifier: Apache-2.0
/*
 * device.c - see device.h.
 *
 * Tunnel devices that weftd made can be told by their group, which they have from the moment
 * of their creation, and by an alias that names the datapath, which they get right afterwards:
 * weftd may be killed between the two, and then finds its device again by the name in the file.
 * Others' devices of the right kind are used, and never deleted.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"
#include "config.h"
#include "device.h"
#include "link.h"
#include "log.h"
#include "memory.h"

#define ALIAS_PREFIX "weftd:"

/* say what is about to be done; true when it is to be done */
static bool device_begin(struct device_work *work, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool device_begin(struct device_work *work, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = memory_vprintf(format, ap);
	va_end(ap);
	work->n_changes++;
	if (work->out)
		fprintf(work->out, "%s\n", text);
	else
		log_info("%s", text);
	free(text);
	return !work->dry;
}

static void device_end(struct device_work *work, const char *where, const char *what, int result)
{
	if (!result)
		return;
	if (!work->n_errors++)
		snprintf(work->error, sizeof(work->error), "%s: %s: %s", where, what,
			 strerror(-result));
	log_error("%s: %s: %s", where, what, strerror(-result));
}

static bool is_ours(const struct link *link, const char *dp)
{
	return link->group == LINK_GROUP && link->alias &&
	       !strncmp(link->alias, ALIAS_PREFIX, strlen(ALIAS_PREFIX)) &&
	       !strcmp(link->alias + strlen(ALIAS_PREFIX), dp);
}

static void set_up(struct device_work *work, struct link_sock *sock, const struct port *port,
		   unsigned int ifindex)
{
	if (device_begin(work, "~ device %s up", port->device))
		device_end(work, port->where, "cannot bring the device up",
			   link_set_up(sock, ifindex));
}

static void set_mtu(struct device_work *work, struct link_sock *sock, const struct port *port,
		    const char *device, unsigned int ifindex)
{
	if (device_begin(work, "~ device %s mtu %u", device, port->mtu))
		device_end(work, port->where, "cannot set the MTU",
			   link_set_mtu(sock, ifindex, port->mtu));
}

/* the kind of device that a tunnel of the file is */
static const char *kind_of(const struct port *port)
{
	if (port->type != WEFT_PORT_TYPE_GRE)
		return config_port_types[port->type];
	return port->ipv6 ? "ip6gretap" : "gretap";
}

static bool is_fit(const struct port *port, const struct link *link)
{
	return link_is_tunnel(link, port->type) && !strcmp(link->kind, kind_of(port)) &&
	       link->outer_port == port->outer_port;
}

static bool begin_tunnel(struct device_work *work, const struct port *port)
{
	if (port->type == WEFT_PORT_TYPE_GENEVE)
		return device_begin(work, "+ device %s geneve external udp_port %u", port->device,
				    port->outer_port);
	if (port->type == WEFT_PORT_TYPE_STT)
		return device_begin(work, "+ device %s stt external tcp_port %u", port->device,
				    port->outer_port);
	return device_begin(work, "+ device %s %s external", port->device, kind_of(port));
}

static int make_device(struct device_work *work, const struct port *port)
{
	int result;

	if (port->type == WEFT_PORT_TYPE_GRE) {
		result = link_create_gre(work->sock, port->device, port->ipv6);
		if (result == -EEXIST)
			log_error("%s: the namespace has another %s device in external mode",
				  port->where, kind_of(port));
		return result;
	}
	if (port->type == WEFT_PORT_TYPE_STT) {
		result = link_create_stt(work->sock, port->device, port->outer_port);
		if (result == -EEXIST)
			log_error("%s: somebody has TCP port %u in the namespace", port->where,
				  port->outer_port);
		if (result == -EOPNOTSUPP)
			log_error(
				"%s: the kernel does not know stt: module weft_stt.ko is not loaded",
				port->where);
		return result;
	}
	result = link_create_geneve(work->sock, port->device, port->outer_port,
				    port->udp_zero_csum6);
	if (result == -EBUSY || result == -EEXIST)
		log_error("%s: the namespace has another Geneve device with UDP port %u",
			  port->where, port->outer_port);
	return result;
}

static void create_tunnel(struct device_work *work, const struct config *config,
			  const struct port *port)
{
	const struct link *link;
	struct links links;
	char *alias;
	int result;

	if (!begin_tunnel(work, port))
		return;
	result = make_device(work, port);
	device_end(work, port->where, "cannot create the tunnel device", result);
	if (result)
		return;
	result = links_list(work->sock, &links);
	if (result)
		return;
	link = links_by_name(&links, port->device);
	if (link) {
		alias = memory_printf("%s%s", ALIAS_PREFIX, config->datapath);
		device_end(work, port->where, "cannot mark the device",
			   link_set_alias(work->sock, link->ifindex, alias));
		free(alias);
		if (port->mtu && link->mtu != port->mtu)
			set_mtu(work, work->sock, port, port->device, link->ifindex);
		set_up(work, work->sock, port, link->ifindex);
	}
	links_free(&links);
}

static void make_tunnel(struct device_work *work, const struct config *config,
			const struct port *port, const struct link *link)
{
	bool ours = link && link->group == LINK_GROUP;

	if (link && !is_fit(port, link)) {
		if (!ours) {
			device_end(work, port->where,
				   "the device is there already, made by somebody "
				   "else and not fit",
				   -EEXIST);
			return;
		}
		if (device_begin(work, "- device %s", link->name))
			device_end(work, port->where, "cannot delete the device",
				   link_delete(work->sock, link->ifindex));
		link = NULL;
	}
	if (!link) {
		create_tunnel(work, config, port);
		return;
	}
	if (ours && !link->alias) {
		char *alias = memory_printf("%s%s", ALIAS_PREFIX, config->datapath);

		if (device_begin(work, "~ device %s alias %s", link->name, alias))
			device_end(work, port->where, "cannot mark the device",
				   link_set_alias(work->sock, link->ifindex, alias));
		free(alias);
	}
	if (port->mtu && link->mtu != port->mtu)
		set_mtu(work, work->sock, port, link->name, link->ifindex);
	if (!link->up)
		set_up(work, work->sock, port, link->ifindex);
}

void device_make_tunnels(struct device_work *work, const struct config *config,
			 const struct links *links)
{
	for (size_t i = 0; i < config->n_ports; i++) {
		const struct port *port = &config->ports[i];

		if (port->tunnel)
			make_tunnel(work, config, port, links_by_name(links, port->device));
	}
}

void device_remove_tunnels(struct device_work *work, const char *dp, const struct config *config,
			   const struct links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		const struct link *link = &links->v[i];
		bool wanted = false;

		if (!is_ours(link, dp))
			continue;
		for (size_t j = 0; config && j < config->n_ports; j++) {
			if (config->ports[j].tunnel && !strcmp(config->ports[j].device, link->name))
				wanted = true;
		}
		if (!wanted && device_begin(work, "- device %s", link->name))
			device_end(work, link->name, "cannot delete the device",
				   link_delete(work->sock, link->ifindex));
	}
}

static bool has_address(const struct address *addresses, size_t n, const struct address *address)
{
	for (size_t i = 0; i < n; i++) {
		if (address_equal(&addresses[i], address) &&
		    addresses[i].prefix_len == address->prefix_len)
			return true;
	}
	return false;
}

static void settle_addresses(struct device_work *work, struct link_sock *sock,
			     const struct port *port, unsigned int ifindex)
{
	struct address *have;
	char text[ADDRESS_TEXT];
	size_t n;
	int result;

	if (!port->n_addresses)
		return;
	result = link_addresses(sock, ifindex, &have, &n);
	if (result) {
		device_end(work, port->where, "cannot read the addresses", result);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!has_address(port->addresses, port->n_addresses, &have[i]) &&
		    device_begin(work, "- address %s/%u of %s", address_format(&have[i], text),
				 have[i].prefix_len, port->device))
			device_end(work, port->where, "cannot remove an address",
				   link_del_address(sock, ifindex, &have[i]));
	}
	for (size_t i = 0; i < port->n_addresses; i++) {
		const struct address *address = &port->addresses[i];

		if (!has_address(have, n, address) &&
		    device_begin(work, "+ address %s/%u of %s", address_format(address, text),
				 address->prefix_len, port->device))
			device_end(work, port->where, "cannot add an address",
				   link_add_address(sock, ifindex, address));
	}
	free(have);
}

static void settle_link(struct device_work *work, struct link_sock *sock, const struct port *port,
			const struct link *link)
{
	if (port->mtu && link->mtu != port->mtu)
		set_mtu(work, sock, port, link->name, link->ifindex);
	if (!link->up)
		set_up(work, sock, port, link->ifindex);
	settle_addresses(work, sock, port, link->ifindex);
}

/* the device may be here, where it must be, or not yet made because this is dry */
static void settle_internal(struct device_work *work, const struct port *port,
			    const struct links *links)
{
	const struct link *link = links_by_name(links, port->device);
	struct link_sock *sock;
	struct links there;
	int result;

	if (!port->netns) {
		if (link)
			settle_link(work, work->sock, port, link);
		return;
	}
	if (link && device_begin(work, "~ device %s into namespace %s", link->name, port->netns)) {
		result = link_move(work->sock, link->ifindex, port->netns);
		device_end(work, port->where, "cannot move the device", result);
		if (result)
			return;
	}
	result = link_sock_open(&sock, port->netns);
	if (result) {
		device_end(work, port->where, "cannot enter the namespace", result);
		return;
	}
	result = links_list(sock, &there);
	if (!result) {
		link = links_by_name(&there, port->device);
		if (link)
			settle_link(work, sock, port, link);
		else if (!work->dry)
			device_end(work, port->where, "the device is not in its namespace",
				   -ENODEV);
		links_free(&there);
	}
	link_sock_close(sock);
}

void device_settle(struct device_work *work, const struct config *config,
		   const struct binding *bindings, const struct links *links)
{
	for (size_t i = 0; i < config->n_ports; i++) {
		const struct port *port = &config->ports[i];
		const struct link *link = bindings[i].link;

		if (!bindings[i].present)
			continue;
		if (port->type == WEFT_PORT_TYPE_INTERNAL)
			settle_internal(work, port, links);
		else if (!port->tunnel && port->mtu && link && link->mtu != port->mtu)
			set_mtu(work, work->sock, port, link->name, link->ifindex);
	}
}
