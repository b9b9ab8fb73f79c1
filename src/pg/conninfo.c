/* SPDX-License-Identifier: PostgreSQL */
#include "pg/conninfo.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

PQconninfoOption *conninfo_read(const char *conninfo, const char *keyword, const char *value)
{
	const char *keys[] = {"dbname", "sslmode", keyword, NULL};
	const char *values[] = {conninfo == NULL ? "" : conninfo, "only to be read", value, NULL};
	PGconn *pg = PQconnectStartParams(keys, values, 1);
	PQconninfoOption *options = pg == NULL ? NULL : PQconninfo(pg);

	PQfinish(pg);
	return options;
}

const char *conninfo_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val == NULL ? "" : options->val;
	return "";
}

static bool is_url(const char *text)
{
	return strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
}

const char *conninfo_gssencmode(const char *conninfo)
{
	PQconninfoOption *options = NULL;
	bool said = getenv("PGGSSENCMODE") != NULL || getenv("PGSERVICE") != NULL;

	if (!said && conninfo != NULL && (is_url(conninfo) || strchr(conninfo, '=') != NULL))
		options = PQconninfoParse(conninfo, NULL);
	if (options != NULL)
		said = conninfo_value(options, "gssencmode")[0] != '\0' ||
		       conninfo_value(options, "service")[0] != '\0';
	PQconninfoFree(options);
	return said ? "" : "disable";
}

static const char bad_scheme[] = "is neither a URL of PostgreSQL, which begins with postgresql:// "
				 "or postgres://, nor the name of a database";
static const char bad_url[] = "is no URL that can be read: percent-encode what is special in user "
			      "and password (% is %25, @ is %40, / is %2F)";
static const char bad_parameters[] = "is no URL that can be read: libpq does not know one of the "
				     "parameters after its ?, take that away";
static const char bad_pairs[] = "cannot be read as keyword=value: a keyword is unknown, or a value "
				"with blanks lacks its single quotes";

/* libpq takes a text with neither a scheme of its own nor a "=" for the name of a database. The
 * server then shows that name. */
static bool has_other_scheme(const char *text)
{
	const char *equals = strchr(text, '='), *scheme = strstr(text, "://"),
		   *colon = strchr(text, ':');

	return (scheme != NULL && (equals == NULL || scheme < equals)) ||
	       (equals == NULL && colon != NULL && strchr(colon, '@') != NULL);
}

/* True if no host contains "@". A host can only begin with it, as an abstract socket does. */
static bool is_without_at(const char *hosts)
{
	for (const char *p = hosts; *p != '\0'; p++)
		if (*p == '@' && p > hosts && p[-1] != ',')
			return false;
	return true;
}

/* If a password contains "@" or "/", what follows is read as host, port or database, and shown as
 * such. */
static bool is_misread(const PQconninfoOption *options, bool url)
{
	const char *port = conninfo_value(options, "port");

	return !is_without_at(conninfo_value(options, "host")) ||
	       port[strspn(port, "0123456789, ")] != '\0' ||
	       (url && conninfo_value(options, "user")[0] == '\0' &&
		strchr(conninfo_value(options, "dbname"), '@') != NULL);
}

/* False if libpq refuses it, or would misread it. */
static bool is_readable(const char *text)
{
	PQconninfoOption *options = PQconninfoParse(text, NULL);
	bool good = options != NULL && !is_misread(options, is_url(text));

	PQconninfoFree(options);
	return good;
}

/* A password may contain "?" too, so the parameters follow the last one. */
static bool is_readable_without_parameters(const char *url)
{
	const char *parameters = strrchr(url, '?');
	char *copy = xstrndup(url, parameters == NULL ? strlen(url) : (size_t)(parameters - url));
	bool good = parameters != NULL && is_readable(copy);

	explicit_bzero(copy, strlen(copy));
	free(copy);
	return good;
}

const char *conninfo_fault(const char *conninfo)
{
	if (!is_url(conninfo) && has_other_scheme(conninfo))
		return bad_scheme;
	if ((!is_url(conninfo) && strchr(conninfo, '=') == NULL) || is_readable(conninfo))
		return NULL;
	if (!is_url(conninfo))
		return bad_pairs;
	return is_readable_without_parameters(conninfo) ? bad_parameters : bad_url;
}
