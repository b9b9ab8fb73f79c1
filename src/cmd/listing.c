/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/listing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "pg/migrate.h"
#include "cmd/open.h"
#include "cmd/terminal.h"

#define GAP 2 /* between two columns */

/* The heading, if row is -1. */
static const char *cell(const PGresult *res, int row, int column)
{
	return row < 0 ? PQfname(res, column) : PQgetvalue(res, row, column);
}

/* The widths of the columns, which the caller frees. */
static size_t *measure(const PGresult *res)
{
	size_t *widths = xcalloc((size_t)PQnfields(res) + 1, sizeof(*widths));

	for (int row = -1; row < PQntuples(res); row++)
		for (int column = 0; column < PQnfields(res); column++) {
			size_t len = terminal_length(cell(res, row, column));

			widths[column] = len > widths[column] ? len : widths[column];
		}
	return widths;
}

static void print_row(const PGresult *res, int row, const size_t *widths, size_t most)
{
	int last = PQnfields(res) - 1;
	struct buf line;

	while (last > 0 && cell(res, row, last)[0] == '\0')
		last--;
	buf_init(&line);
	for (int column = 0; column <= last; column++) {
		const char *text = cell(res, row, column);
		size_t blanks = column == last ? 0 : widths[column] + GAP - terminal_length(text);

		buf_appendf(&line, "%s%*s", text, (int)blanks, "");
	}
	fputs(row < 0 ? terminal_style(TERMINAL_BOLD) : "", stdout);
	terminal_print(line.data, most);
	puts(row < 0 ? terminal_style(TERMINAL_PLAIN) : "");
	buf_release(&line);
}

static int print_people(PGconn *pg, const struct listing *listing)
{
	PGresult *res = migrate_query(pg, listing->sql, 0, NULL);
	size_t most = terminal_width(), *widths;

	if (res == NULL)
		return EXIT_FAILED;
	widths = measure(res);
	if (PQntuples(res) == 0)
		puts(listing->empty);
	for (int row = PQntuples(res) == 0 ? 0 : -1; row < PQntuples(res); row++)
		print_row(res, row, widths, most);
	free(widths);
	PQclear(res);
	return EXIT_DONE;
}

static int print_json(PGconn *pg, const struct listing *listing)
{
	char *text = migrate_query_text(pg, listing->json, 0, NULL);

	if (text == NULL)
		return EXIT_FAILED;
	puts(text);
	free(text);
	return EXIT_DONE;
}

int listing_run(struct cli_call *call, const char *command, const struct listing *listing)
{
	PGconn *pg;
	int result;

	if (call->word_count > 0)
		return cli_usage("%s takes no argument, not '%s'", command, call->words[0]);
	pg = open_database(call, &result);
	if (pg == NULL)
		return result;
	result = cli_flag(call, "json")->count > 0 ? print_json(pg, listing)
						   : print_people(pg, listing);
	PQfinish(pg);
	return result;
}
