// SPDX-License-Identifier: Apache-2.0
/* address.c - see address.h. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

bool address_parse(const char *text, struct address *address)
{
	memset(address, 0, sizeof(*address));
	address->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	address->prefix_len = 8 * address_len(address);
	return inet_pton(address->family, text, address->bytes) == 1;
}

bool address_parse_number(const char *text, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
	return !errno && !*end;
}

bool address_parse_prefix(const char *text, struct address *address)
{
	const char *slash = strchr(text, '/');
	char host[ADDRESS_TEXT];
	uint64_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(host))
		return false;
	memcpy(host, text, slash - text);
	host[slash - text] = '\0';
	if (!address_parse(host, address) || !address_parse_number(slash + 1, &len) ||
	    len > address->prefix_len)
		return false;
	address->prefix_len = len;
	return true;
}

unsigned int address_len(const struct address *address)
{
	return address->family == AF_INET6 ? 16 : 4;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, address_len(a));
}

const char *address_format(const struct address *address, char *text)
{
	if (!inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT))
		snprintf(text, ADDRESS_TEXT, "?");
	return text;
}

bool address_parse_mac(const char *text, uint8_t mac[6])
{
	static const uint8_t none[6];
	unsigned int byte[6];
	int end = 0;

	if (strlen(text) != 17 ||
	    sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3],
		   &byte[4], &byte[5], &end) != 6 ||
	    end != 17)
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = byte[i];
	return !(mac[0] & 1) && memcmp(mac, none, sizeof(none));
}
