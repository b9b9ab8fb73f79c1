/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "pg/decode.h"
#include "pg/migrate.h"
#include "cmd/open.h"
#include "cmd/tablename.h"
#include "cmd/watching.h"

/*
 * All values of a flag as one text[] literal. Each value may be a list with commas. An empty value
 * adds nothing. Given alone, it takes away what was there.
 */
static void append_list(struct buf *out, const struct cli_flag *flag)
{
	struct buf joined;
	char **items, *rest, *item;
	size_t count = 0;

	buf_init(&joined);
	for (size_t i = 0; i < flag->count; i++)
		if (flag->given[i][0] != '\0') {
			buf_append_str(&joined, joined.len == 0 ? "" : ",");
			buf_append_str(&joined, flag->given[i]);
		}
	items = xmalloc((joined.len + 1) * sizeof(*items));
	rest = joined.len == 0 ? NULL : joined.data;
	while ((item = strsep(&rest, ",")) != NULL)
		items[count++] = item;
	decode_append_array(out, items, count);
	free(items);
	buf_release(&joined);
}

enum { PARAMS = 6 }; /* of herald.watch */

/* The params are table, topic, audience, columns, exclude and numbers. NULL if not said. */
static int watch(struct cli_call *call, const char *const params[PARAMS])
{
	int result;
	PGconn *pg = open_database(call, &result);

	if (pg == NULL)
		return result;
	result = EXIT_FAILED;
	if (tablename_is_known(pg, params[0]) &&
	    migrate_exec(pg, "SET client_min_messages = notice", 0, NULL) &&
	    migrate_exec(
		    pg,
		    "SELECT herald.watch($1::regclass, $2, $3::text[], $4::text[], $5::text[], $6)",
		    PARAMS, params)) {
		printf("watching %s\n", params[0]);
		result = watching_print(pg, params[0]) ? EXIT_DONE : EXIT_FAILED;
	}
	PQfinish(pg);
	return result;
}

int cmd_watch(struct cli_call *call)
{
	static const char *const lists[] = {"audience", "columns", "exclude"};
	struct buf texts[ARRAY_SIZE(lists)];
	const char *params[PARAMS];
	int result;

	if (call->word_count != 1)
		return cli_usage("watch takes one table");
	params[0] = call->words[0];
	params[1] = cli_value(call, "topic");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct cli_flag *flag = cli_flag(call, lists[i]);

		buf_init(&texts[i]);
		append_list(&texts[i], flag);
		params[2 + i] = flag->count == 0 ? NULL : texts[i].data;
	}
	params[PARAMS - 1] = cli_value(call, "numbers");
	result = watch(call, params);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		buf_release(&texts[i]);
	return result;
}

int cmd_unwatch(struct cli_call *call)
{
	int result;
	PGconn *pg;

	if (call->word_count != 1)
		return cli_usage("unwatch takes one table");
	pg = open_database(call, &result);
	if (pg == NULL)
		return result;
	result = tablename_is_known(pg, call->words[0]) &&
				 migrate_exec(pg, "SELECT herald.unwatch($1::regclass)", 1,
					      call->words)
			 ? EXIT_DONE
			 : EXIT_FAILED;
	PQfinish(pg);
	if (result == EXIT_DONE)
		printf("not watching %s any more\n", call->words[0]);
	return result;
}
