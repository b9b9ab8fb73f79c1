/* SPDX-License-Identifier: PostgreSQL */
/*
 * json_grammar.h: decides whether bytes are one JSON text and nothing else.
 *
 * This is the one place that decides it, whatever libraries say. The grammar is the whole of RFC
 * 8259. It is stricter in five things that the RFC leaves open. The numbers are sections of the
 * RFC.
 *
 * - The text is UTF-8 without mistakes (8.1, base/utf8.h) and has no byte order mark.
 * - No string holds \u0000 or half of a surrogate pair (8.2). PostgreSQL's jsonb takes neither.
 * - An object has each name once (4). Names are compared without their escapes, so "a" and "\u0061"
 *   are one name.
 * - Numbers are within the range of json_number.h (6).
 * - Depth is how many arrays and objects are open at once, and is limited (9). Depth 1 takes [1],
 *   {} and 7, but not [[]].
 *
 * The bytes need no NUL at their end. A NUL inside them is a fault. The time is linear, except that
 * names are sorted within their object. Values are not copied. Memory grows with the number of
 * names. If a name has escapes, it also takes as many bytes as the text has.
 */
#ifndef BASE_JSON_GRAMMAR_H
#define BASE_JSON_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

/* The first fault in the order of the text. */
enum json_fault {
	JSON_FAULT_NONE,
	JSON_FAULT_SYNTAX,
	JSON_FAULT_UTF8,
	JSON_FAULT_CHARACTER, /* \u0000, or half of a surrogate pair */
	JSON_FAULT_NAME_TWICE,
	JSON_FAULT_NUMBER, /* too large */
	JSON_FAULT_DEPTH,
};

/* depth_max is how many arrays and objects may be open at once. */
enum json_fault json_grammar_fault(const char *bytes, size_t len, size_t depth_max);
bool json_grammar_holds(const char *bytes, size_t len, size_t depth_max);

#endif
