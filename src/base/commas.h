/* SPDX-License-Identifier: PostgreSQL */
/* commas.h: goes through a list that is joined by commas, as options and their like have it. */
#ifndef BASE_COMMAS_H
#define BASE_COMMAS_H

/*
 * Cuts the next item from the list, in place, and moves *rest on. An item has no blanks at its ends
 * and is not empty. NULL if there is no more.
 */
char *commas_next(char **rest);

#endif
