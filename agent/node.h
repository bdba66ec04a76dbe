/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - reading JSON with errors that say where.
 *
 * A node is a value together with the way to it. Nodes live on the stack of the functions that
 * read them; the path is only written out when there is something to complain about. Every
 * function that returns false has added an error.
 */
#ifndef WEFTD_NODE_H
#define WEFTD_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct address;
struct errors;

struct node {
	const struct node *up; /* NULL: the root, $ */
	const char *member;    /* NULL: element index of an array */
	size_t index;
	json_t *value; /* borrowed; NULL: absent */
	const char *file;
	struct errors *errors;
};

/* node_path: "$.ports[3].class", to be freed */
char *node_path(const struct node *node);

void node_error(const struct node *node, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* node_member, node_element: nodes below one; .value is NULL when there is no such member */
struct node node_member(const struct node *object, const char *member);
struct node node_element(const struct node *array, size_t index);

/*
 * node_is_object: is it one, with no members but those of a NULL-terminated list? "comment" is
 * a member that every object may have.
 */
bool node_is_object(const struct node *node, const char *const *members);

/* node_is_array: is it one? */
bool node_is_array(const struct node *node);

bool node_get_string(const struct node *node, const char **text);
bool node_get_number(const struct node *node, uint64_t min, uint64_t max, uint64_t *number);
bool node_get_bool(const struct node *node, bool *value);

/* node_get_choice: index of a string in a NULL-terminated list */
bool node_get_choice(const struct node *node, const char *const *choices, unsigned int *choice);

/* node_get_address: "192.0.2.1", "2001:db8::1" */
bool node_get_address(const struct node *node, struct address *address);

/* node_get_prefix: the same, or "192.0.2.0/24", with nothing but zeros behind the prefix length */
bool node_get_prefix(const struct node *node, struct address *prefix);

/* node_describe: a value as an error message shows it: "vfi", 17, an object, … */
void node_describe(const json_t *value, char *text, size_t room);

#endif
