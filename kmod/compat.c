// SPDX-License-Identifier: GPL-2.0-only
/*
 * What older kernels lack and is too big for compat.h.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include "compat.h"

#ifdef WEFT_COMPAT_MESSAGE
const char *weft_compat_message(const char *fmt, ...)
{
	static char texts[64][128];
	static atomic_t next;
	char *text = texts[(unsigned int)atomic_inc_return(&next) % ARRAY_SIZE(texts)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(texts[0]), fmt, args);
	va_end(args);
	return text;
}
#endif
