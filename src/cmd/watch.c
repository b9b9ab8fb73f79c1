/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cmd/open.h"
#include "pg/decode.h"
#include "pg/migrate.h"

/* All values of a flag, each perhaps a list with commas, as one text[] literal. */
static void append_list(struct buf *out, const struct cli_flag *flag)
{
	char *items[CLI_VALUES_MAX * 4];
	char copies[CLI_VALUES_MAX][256];
	size_t count = 0;

	for (size_t i = 0; i < flag->count; i++) {
		char *rest = copies[i], *item;

		snprintf(copies[i], sizeof(copies[i]), "%s", flag->given[i]);
		while ((item = strsep(&rest, ",")) != NULL && count < ARRAY_SIZE(items))
			items[count++] = item;
	}
	decode_append_array(out, items, count);
}

/* Runs one call of a function of herald, in a database whose schema fits. */
static int call_herald(struct cli_call *call, const char *sql, int count, const char *const *params)
{
	int result;
	PGconn *pg = open_database(call, &result);

	if (pg == NULL)
		return result;
	result = migrate_exec(pg, sql, count, params) ? CLI_DONE : CLI_FAILED;
	PQfinish(pg);
	return result;
}

int cmd_watch(struct cli_call *call)
{
	const struct cli_flag *columns = cli_flag(call, "columns");
	struct buf audience_text, columns_text, exclude_text;
	const char *params[5];
	int result;

	if (call->word_count != 1)
		return cli_usage("watch takes one table");
	buf_init(&audience_text);
	buf_init(&columns_text);
	buf_init(&exclude_text);
	append_list(&audience_text, cli_flag(call, "audience"));
	append_list(&columns_text, columns);
	append_list(&exclude_text, cli_flag(call, "exclude"));
	params[0] = call->words[0];
	params[1] = cli_value(call, "topic");
	params[2] = audience_text.data;
	params[3] = columns->count == 0 ? NULL : columns_text.data;
	params[4] = exclude_text.data;
	result = call_herald(call, "SELECT herald.watch($1::regclass, $2, $3::text[], $4::text[], $5::text[])", 5, params);
	if (result == CLI_DONE)
		printf("watching %s\n", call->words[0]);
	buf_release(&audience_text);
	buf_release(&columns_text);
	buf_release(&exclude_text);
	return result;
}

int cmd_unwatch(struct cli_call *call)
{
	int result;

	if (call->word_count != 1)
		return cli_usage("unwatch takes one table");
	result = call_herald(call, "SELECT herald.unwatch($1::regclass)", 1, call->words);
	if (result == CLI_DONE)
		printf("not watching %s any more\n", call->words[0]);
	return result;
}
