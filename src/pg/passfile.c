/* SPDX-License-Identifier: PostgreSQL */
#include "pg/passfile.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

/*
 * What libpq has for one keyword, from conninfo, environment, service file and defaults: of a connection that it refuses to begin. It must not
 * look into the file meanwhile: so the other one of passfile and password is given. For the caller to free.
 */
static char *read_option(const char *conninfo, const char *keyword, const char *given, const char *value)
{
	const char *keys[] = {"dbname", "sslmode", given, NULL}, *values[] = {conninfo == NULL ? "" : conninfo, "only to be read", value, NULL};
	PGconn *pg = PQconnectStartParams(keys, values, 1);
	PQconninfoOption *options = pg == NULL ? NULL : PQconninfo(pg);
	char *found = NULL;

	for (PQconninfoOption *o = options; found == NULL && o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, keyword) == 0)
			found = xstrdup(o->val == NULL ? "" : o->val);
	PQconninfoFree(options);
	PQfinish(pg);
	return found == NULL ? xstrdup("") : found;
}

static bool has_password(const char *conninfo)
{
	char *password = read_option(conninfo, "password", "passfile", PASSFILE_NONE);
	bool has = password[0] != '\0';

	explicit_bzero(password, strlen(password));
	free(password);
	return has;
}

static char *default_path(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user = home == NULL || home[0] == '\0' ? getpwuid(geteuid()) : NULL;

	return xasprintf("%s/.pgpass", user != NULL ? user->pw_dir : home == NULL ? "" : home);
}

static char *path_of(const char *conninfo)
{
	char *path = read_option(conninfo, "passfile", "password", "none");

	if (path[0] != '\0')
		return path;
	free(path);
	return default_path();
}

/* As libpq judges it. */
static const char *fault_of(const char *path)
{
	struct stat file;

	if (stat(path, &file) != 0)
		return NULL;
	if (!S_ISREG(file.st_mode))
		return "it is no plain file";
	return file.st_mode & (S_IRWXG | S_IRWXO) ? "others than its owner can read or write it, chmod 600 it" : NULL;
}

bool passfile_is_usable(const char *conninfo, struct buf *why)
{
	char *path = path_of(conninfo);
	const char *fault = fault_of(path);
	bool usable = fault == NULL || has_password(conninfo);

	if (!usable)
		buf_appendf(why, "the password file '%s' is not used: %s", path, fault);
	free(path);
	return usable;
}
