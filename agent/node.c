// SPDX-License-Identifier: Apache-2.0
/* node.c - see node.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "error.h"
#include "memory.h"
#include "node.h"

#define DISTANCE_LONGEST 24 /* bytes of a member name worth a guess */

static void path_append(FILE *out, const struct node *node)
{
	if (!node->up) {
		fputc('$', out);
		return;
	}
	path_append(out, node->up);
	if (node->member)
		fprintf(out, ".%s", node->member);
	else
		fprintf(out, "[%zu]", node->index);
}

char *node_path(const struct node *node)
{
	char *path = NULL;
	size_t len;
	FILE *out;

	out = open_memstream(&path, &len);
	if (!out)
		return memory_strdup("$");
	path_append(out, node);
	fclose(out);
	return path;
}

void node_error(const struct node *node, const char *format, ...)
{
	char *path, *text;
	va_list ap;

	va_start(ap, format);
	text = memory_vprintf(format, ap);
	va_end(ap);
	path = node_path(node);
	errors_add(node->errors, "%s: %s: %s", node->file, path, text);
	free(path);
	free(text);
}

struct node node_member(const struct node *object, const char *member)
{
	return (struct node){
		.up = object,
		.member = member,
		.value = json_object_get(object->value, member),
		.file = object->file,
		.errors = object->errors,
	};
}

struct node node_element(const struct node *array, size_t index)
{
	return (struct node){
		.up = array,
		.index = index,
		.value = json_array_get(array->value, index),
		.file = array->file,
		.errors = array->errors,
	};
}

void node_describe(const json_t *value, char *text, size_t room)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		snprintf(text, room, "\"%.60s\"", json_string_value(value));
		break;
	case JSON_INTEGER:
		snprintf(text, room, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		snprintf(text, room, "%g", json_real_value(value));
		break;
	case JSON_OBJECT:
		snprintf(text, room, "an object");
		break;
	case JSON_ARRAY:
		snprintf(text, room, "an array");
		break;
	case JSON_TRUE:
		snprintf(text, room, "true");
		break;
	case JSON_FALSE:
		snprintf(text, room, "false");
		break;
	case JSON_NULL:
		snprintf(text, room, "null");
		break;
	}
}

static bool node_wrong(const struct node *node, const char *wanted)
{
	char is[80];

	if (!node->value) {
		node_error(node, "is missing");
		return false;
	}
	node_describe(node->value, is, sizeof(is));
	node_error(node, "%s is not %s", is, wanted);
	return false;
}

/* Levenshtein distance, for "did you mean" */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[DISTANCE_LONGEST + 1];
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > DISTANCE_LONGEST || len_b > DISTANCE_LONGEST)
		return DISTANCE_LONGEST;
	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len_b];
}

static void node_unknown_member(const struct node *object, const char *member,
				const char *const *members)
{
	struct node node = node_member(object, member);
	unsigned int best_distance = 3;
	const char *best = NULL;

	for (; *members; members++) {
		unsigned int d = distance(member, *members);

		if (d < best_distance && d < strlen(member)) {
			best_distance = d;
			best = *members;
		}
	}
	if (best)
		node_error(&node, "unknown member; did you mean \"%s\"?", best);
	else
		node_error(&node, "unknown member");
}

bool node_is_object(const struct node *node, const char *const *members)
{
	const char *key;
	bool good = true;
	json_t *value;

	if (!json_is_object(node->value))
		return node_wrong(node, "an object");
	json_object_foreach(node->value, key, value) {
		size_t i = 0;

		if (!strcmp(key, "comment"))
			continue;
		while (members[i] && strcmp(members[i], key))
			i++;
		if (!members[i]) {
			node_unknown_member(node, key, members);
			good = false;
		}
	}
	return good;
}

bool node_is_array(const struct node *node)
{
	return json_is_array(node->value) || node_wrong(node, "an array");
}

bool node_get_string(const struct node *node, const char **text)
{
	if (!json_is_string(node->value))
		return node_wrong(node, "a string");
	*text = json_string_value(node->value);
	return true;
}

bool node_get_number(const struct node *node, uint64_t min, uint64_t max, uint64_t *number)
{
	json_int_t value;

	if (!json_is_integer(node->value))
		return node_wrong(node, "a whole number");
	value = json_integer_value(node->value);
	if (value < 0 || (uint64_t)value < min || (uint64_t)value > max) {
		node_error(node, "%" JSON_INTEGER_FORMAT " is not in %" PRIu64 "…%" PRIu64, value,
			   min, max);
		return false;
	}
	*number = value;
	return true;
}

bool node_get_bool(const struct node *node, bool *value)
{
	if (!json_is_boolean(node->value))
		return node_wrong(node, "true or false");
	*value = json_is_true(node->value);
	return true;
}

bool node_get_choice(const struct node *node, const char *const *choices, unsigned int *choice)
{
	char wanted[200] = "one of ";
	const char *text;

	if (!node_get_string(node, &text))
		return false;
	for (unsigned int i = 0; choices[i]; i++) {
		if (!strcmp(choices[i], text)) {
			*choice = i;
			return true;
		}
		if (i)
			strncat(wanted, ", ", sizeof(wanted) - strlen(wanted) - 1);
		strncat(wanted, choices[i], sizeof(wanted) - strlen(wanted) - 1);
	}
	return node_wrong(node, wanted);
}

bool node_get_address(const struct node *node, struct address *address)
{
	const char *text;

	if (!node_get_string(node, &text))
		return false;
	if (address_parse(text, address))
		return true;
	node_error(node, "\"%.60s\" is not an IPv4 or IPv6 address", text);
	return false;
}

static bool has_host_bits(const struct address *prefix)
{
	for (unsigned int i = prefix->prefix_len; i < 8 * address_len(prefix); i++) {
		if (prefix->bytes[i / 8] & 0x80 >> i % 8)
			return true;
	}
	return false;
}

bool node_get_prefix(const struct node *node, struct address *prefix)
{
	const char *text;

	if (!node_get_string(node, &text))
		return false;
	if (!address_parse(text, prefix) && !address_parse_prefix(text, prefix)) {
		node_error(node, "\"%.60s\" is not a prefix, as in 192.0.2.0/24", text);
		return false;
	}
	if (has_host_bits(prefix)) {
		node_error(node, "\"%.60s\" has bits behind its prefix length", text);
		return false;
	}
	return true;
}
