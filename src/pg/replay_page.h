/* SPDX-License-Identifier: PostgreSQL */
/*
 * replay_page.h: how a page of the log is asked for. The question of one stream has parameters of
 * its own. That of several streams is JSON.
 */
#ifndef PG_REPLAY_PAGE_H
#define PG_REPLAY_PAGE_H

#include "pg/replay.h"

#define REPLAY_STATEMENTS 2

extern const struct session_statement replay_statements[REPLAY_STATEMENTS];

/* How often a page has failed at one place. After that one change is read, then one without its
 * data, then the page is given up. */
enum { CARE_NONE, CARE_ONE, CARE_NO_DATA, CARE_OVER };

/* Asks for the next page of the worker's catchup. The connection must be free. */
void replay_page_send(struct replay_worker *w);

#endif
