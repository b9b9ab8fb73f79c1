/* SPDX-License-Identifier: PostgreSQL */
/* exit.h: the exit statuses of the program, which scripts and service managers see. */
#ifndef EXIT_H
#define EXIT_H

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* it could not be done; stderr or the log says why */
	EXIT_USAGE = 2,  /* the command line makes no sense */
	/* the configuration is not valid, or lacks what the database's streams need */
	EXIT_CONFIG = 3,
	EXIT_MISFIT = 4 /* the schema herald is not there, or does not fit this program */
};

#endif
