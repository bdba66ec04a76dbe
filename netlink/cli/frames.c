// SPDX-License-Identifier: Apache-2.0
/*
 * frames.c - frames to inject: hex digits, one frame a line, or a capture file
 * (pcap in either byte order, or pcapng), told apart by their first bytes.
 *
 * Frames point into one block of bytes; a digit pair is written back over the
 * text that it was read from.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define LINKTYPE_ETHERNET 1
#define PCAP_HEADER_LEN 24
#define PCAP_RECORD_LEN 16
#define PCAPNG_SECTION 0x0a0d0d0aU
#define PCAPNG_ORDER 0x1a2b3c4dU
#define PCAPNG_INTERFACE 1
#define PCAPNG_SIMPLE 3
#define PCAPNG_ENHANCED 6
#define FRAME_LEN_MIN 14

static uint32_t get32(const uint8_t *bytes, bool swapped)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return swapped ? __builtin_bswap32(value) : value;
}

static uint16_t get16(const uint8_t *bytes, bool swapped)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return swapped ? __builtin_bswap16(value) : value;
}

static int add(struct cli *cli, struct frames *frames, const uint8_t *data, size_t len)
{
	struct frame *bigger;

	if (len < FRAME_LEN_MIN || len > WEFT_FRAME_MAX)
		return cli_fail(cli, CLI_USAGE,
				"frame %zu has %zu bytes: an Ethernet frame has %d to %d",
				frames->n + 1, len, FRAME_LEN_MIN, WEFT_FRAME_MAX);
	if (!(frames->n & (frames->n + 1))) {
		bigger = realloc(frames->v, 2 * (frames->n + 1) * sizeof(*bigger));
		if (!bigger)
			return cli_fail(cli, CLI_FAILED, "out of memory");
		frames->v = bigger;
	}
	frames->v[frames->n++] = (struct frame){ data, len };
	return CLI_OK;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lines of hex digits; blanks, ':' and '.' between them; '#' begins a comment */
static int parse_hex(struct cli *cli, struct frames *frames, size_t len)
{
	uint8_t *out = frames->bytes, *start = out;
	const char *text = (const char *)frames->bytes;
	size_t line_start = 0;
	unsigned int line = 1;
	int status = CLI_OK;
	int high = -1;

	for (size_t i = 0; i <= len && !status; i++) {
		char c = i < len ? text[i] : '\n';

		if (c == '#')
			while (i < len && text[i] != '\n')
				i++;
		if (c == '#')
			c = '\n';
		if (c == '\n') {
			if (high >= 0)
				return cli_fail(cli, CLI_USAGE, "line %u: odd number of hex digits",
						line);
			if (out > start)
				status = add(cli, frames, start, out - start);
			start = out;
			line_start = i + 1;
			line++;
		} else if (digit(c) >= 0 && high < 0) {
			high = digit(c);
		} else if (digit(c) >= 0) {
			*out++ = high << 4 | digit(c);
			high = -1;
		} else if (!strchr(" \t\r:.", c)) {
			return cli_fail(cli, CLI_USAGE, "line %u, column %zu: no hex digit", line,
					i - line_start + 1);
		}
	}
	return status;
}

static int cut_short(struct cli *cli, const struct frames *frames)
{
	return cli_fail(cli, CLI_USAGE, "the capture file ends inside of packet %zu",
			frames->n + 1);
}

static int parse_pcap(struct cli *cli, struct frames *frames, size_t len, bool swapped)
{
	const uint8_t *bytes = frames->bytes;
	size_t at = PCAP_HEADER_LEN;
	int status = CLI_OK;

	if (len < PCAP_HEADER_LEN)
		return cut_short(cli, frames);
	if ((get32(bytes + 20, swapped) & 0xffff) != LINKTYPE_ETHERNET)
		return cli_fail(cli, CLI_USAGE, "the capture file is not of Ethernet frames");
	while (!status && at < len) {
		size_t n;

		if (len - at < PCAP_RECORD_LEN)
			return cut_short(cli, frames);
		n = get32(bytes + at + 8, swapped);
		at += PCAP_RECORD_LEN;
		if (n > len - at)
			return cut_short(cli, frames);
		status = add(cli, frames, bytes + at, n);
		at += n;
	}
	return status;
}

static int parse_pcapng(struct cli *cli, struct frames *frames, size_t len)
{
	const uint8_t *bytes = frames->bytes;
	bool swapped = false;
	int status = CLI_OK;

	for (size_t at = 0; !status && at < len;) {
		const uint8_t *block = bytes + at;
		uint32_t type, size, n;

		if (len - at < 12)
			return cut_short(cli, frames);
		if (get32(block, false) == PCAPNG_SECTION)
			swapped = get32(block + 8, false) != PCAPNG_ORDER;
		type = get32(block, swapped);
		size = get32(block + 4, swapped);
		if (size < 12 || size % 4 || size > len - at)
			return cut_short(cli, frames);
		at += size;
		if (type == PCAPNG_INTERFACE) {
			if (size < 20 || get16(block + 8, swapped) != LINKTYPE_ETHERNET)
				return cli_fail(cli, CLI_USAGE,
						"the capture file is not of Ethernet frames");
		} else if (type == PCAPNG_ENHANCED) {
			if (size < 32 || get32(block + 20, swapped) > size - 32)
				return cut_short(cli, frames);
			status = add(cli, frames, block + 28, get32(block + 20, swapped));
		} else if (type == PCAPNG_SIMPLE) {
			if (size < 16)
				return cut_short(cli, frames);
			n = get32(block + 8, swapped);
			status = add(cli, frames, block + 12, n < size - 16 ? n : size - 16);
		}
	}
	return status;
}

static int parse(struct cli *cli, struct frames *frames, size_t len)
{
	uint32_t magic = len >= 4 ? get32(frames->bytes, false) : 0;

	switch (magic) {
	case 0xa1b2c3d4:
	case 0xa1b23c4d:
		return parse_pcap(cli, frames, len, false);
	case 0xd4c3b2a1:
	case 0x4d3cb2a1:
		return parse_pcap(cli, frames, len, true);
	case PCAPNG_SECTION:
		return parse_pcapng(cli, frames, len);
	default:
		return parse_hex(cli, frames, len);
	}
}

static int check(struct cli *cli, struct frames *frames, int status)
{
	if (!status && !frames->n)
		status = cli_fail(cli, CLI_USAGE, "there is no frame");
	if (status)
		frames_free(frames);
	return status;
}

int frames_from_hex(struct cli *cli, struct frames *frames, const char *text)
{
	*frames = (struct frames){ .bytes = (uint8_t *)strdup(text) };
	if (!frames->bytes)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	return check(cli, frames, parse_hex(cli, frames, strlen(text)));
}

int frames_from_file(struct cli *cli, struct frames *frames, const char *path)
{
	size_t len;
	int ret;

	*frames = (struct frames){};
	ret = file_read(path, &frames->bytes, &len);
	if (ret)
		return cli_fail(cli, CLI_FAILED, "cannot read %s: %s", path, strerror(-ret));
	return check(cli, frames, parse(cli, frames, len));
}

void frames_free(struct frames *frames)
{
	free(frames->v);
	free(frames->bytes);
	*frames = (struct frames){};
}
