// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bodies of the tracepoints in trace.h; nothing else may define
 * CREATE_TRACE_POINTS.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
