/* SPDX-License-Identifier: PostgreSQL */
/*
 * json_grammar.h: are these bytes one JSON text, and nothing else? The one place that decides it,
 * whatever libraries say. It is the whole grammar of RFC 8259, and stricter where the RFC leaves a
 * choice:
 *
 * - UTF-8 without mistake (8.1, base/utf8.h), no byte order mark;
 * - no \u0000 and no half of a surrogate pair (8.2): PostgreSQL's jsonb takes neither;
 * - an object has each name once (4). Names are compared as they read: "a" and "\u0061" are one
 * name;
 * - numbers within json_number.h (6);
 * - depth (9): so many arrays and objects are open at once, at most. Depth 1 takes [1], {} and 7,
 * but not [[]].
 *
 * The bytes need no NUL at their end; one inside them makes them no JSON. The time is linear, but
 * that names are sorted within their object. Memory grows with the names alone, and values are not
 * copied.
 */
#ifndef BASE_JSON_GRAMMAR_H
#define BASE_JSON_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

/* The first thing that is wrong, in the order of the text. */
enum json_fault {
	JSON_FAULT_NONE,
	JSON_FAULT_SYNTAX,
	JSON_FAULT_UTF8,
	JSON_FAULT_CHARACTER, /* \u0000, or half of a pair */
	JSON_FAULT_NAME_TWICE,
	JSON_FAULT_NUMBER, /* too large */
	JSON_FAULT_DEPTH,
};

enum json_fault json_grammar_fault(const char *bytes, size_t len, size_t depth_max);
bool json_grammar_holds(const char *bytes, size_t len, size_t depth_max);

#endif
