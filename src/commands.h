/* SPDX-License-Identifier: PostgreSQL */
/*
 * commands.h: the table of all subcommands, each with its own flags, and what runs one of them.
 *
 * All of them also take the options of the configuration (cli.h).
 */
#ifndef COMMANDS_H
#define COMMANDS_H

/* Runs the command line, with the program's name in argv[0]. Returns the exit status. */
int commands_run(int argc, char **argv);

#endif
