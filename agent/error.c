// SPDX-License-Identifier: Apache-2.0
/* error.c - see error.h. */
#include <stdarg.h>
#include <stdlib.h>

#include "error.h"
#include "memory.h"

void errors_add(struct errors *errors, const char *format, ...)
{
	va_list ap;

	errors->n_total++;
	if (errors->n_kept == ERRORS_KEPT)
		return;
	va_start(ap, format);
	errors->text[errors->n_kept++] = memory_vprintf(format, ap);
	va_end(ap);
}

void errors_clear(struct errors *errors)
{
	for (unsigned int i = 0; i < errors->n_kept; i++)
		free(errors->text[i]);
	errors->n_kept = 0;
	errors->n_total = 0;
}
