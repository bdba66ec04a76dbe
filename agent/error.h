/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - the errors of a configuration, gathered so that a user sees them all at once.
 *
 * Each is one line, "FILE: PATH: what is wrong", and the order is that of the file.
 */
#ifndef WEFTD_ERROR_H
#define WEFTD_ERROR_H

#define ERRORS_KEPT 20

struct errors {
	unsigned int n_total; /* also those past ERRORS_KEPT, which are only counted */
	unsigned int n_kept;
	char *text[ERRORS_KEPT];
};

void errors_add(struct errors *errors, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void errors_clear(struct errors *errors);

#endif
