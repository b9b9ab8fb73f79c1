/* SPDX-License-Identifier: PostgreSQL */
/*
 * accept.h: in which form a client wants a stream, by its Accept and Accept-Encoding (RFC 9110
 * 12.5.1, 12.5.3). Fields that come more than once are read one after the other. Nothing is
 * refused. A client that accepts none of the forms gets the first one, as before there were others.
 * Pure.
 */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include <stdbool.h>

enum accept_type { ACCEPT_EVENTS, ACCEPT_LINES, ACCEPT_PAGE };
#define ACCEPT_TYPES 3

/* What was read so far. All zero if nothing was read. */
struct accept {
	struct {
		int quality; /* in thousandths */
		/* 0 if not named; 1 by all types, 2 by all of its kind, 3 by its own name */
		int exact;
	} types[ACCEPT_TYPES];
	struct {
		bool named;
		int quality;
	} gzip, identity;
};

void accept_read(struct accept *a, const char *value);          /* of one Accept */
void accept_read_encoding(struct accept *a, const char *value); /* of one Accept-Encoding */

/*
 * The form of the highest quality. Of several, the one that was named more exactly. If that is
 * equal too, the first one.
 */
enum accept_type accept_choose(const struct accept *a);

/* True if gzip was asked for by its name, and no coding is not preferred to it. */
bool accept_gzip(const struct accept *a);

#endif
