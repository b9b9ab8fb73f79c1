/* SPDX-License-Identifier: PostgreSQL */
/*
 * origin.h: which pages of other origins may read, and what they may send (Fetch standard, CORS
 * protocol). Pure.
 *
 * An allowed origin is "https://app.example.com", with a port if it has one. Its host may begin
 * with a star. With https and *.example.com every host below example.com is meant, at any depth:
 *
 *   https://a.example.com, https://b.a.example.com    yes
 *   https://example.com, https://evilexample.com      no
 *   https://a.example.com:8443, http://a.example.com  no
 */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include <stdbool.h>

/* Bytes of an origin. A host has 253 at most (RFC 1035 2.3.4). */
#define ORIGIN_MAX 300
/* Bytes of the list of fields that a page says it will send. */
#define ORIGIN_FIELDS_MAX 1024

/*
 * Brings an allowed origin into the form in which browsers send theirs, in place: in lower case,
 * without a slash at its end, and without the port that http or https has anyhow. Returns NULL. If
 * no browser ever sends such an origin, or too many do, it returns why, and changes nothing.
 */
const char *origin_normalise(char *text);

/* True if a page of this origin is meant. `allowed` has been normalised. */
bool origin_matches(const char *allowed, const char *origin);

/*
 * True if these are names of fields, joined by commas, and not too many to be repeated in an
 * answer.
 */
bool origin_fields_good(const char *names);

#endif
