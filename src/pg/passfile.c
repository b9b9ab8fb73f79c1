/* SPDX-License-Identifier: PostgreSQL */
#include "pg/passfile.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "pg/conninfo.h"

/* Reads one option. libpq must not look into the file meanwhile. So the other one of passfile and
 * password is given. Returns a string for the caller to free. */
static char *read_option(const char *conninfo, const char *keyword, const char *given,
			 const char *value)
{
	PQconninfoOption *options = conninfo_read(conninfo, given, value);
	char *found = xstrdup(options == NULL ? "" : conninfo_value(options, keyword));

	PQconninfoFree(options);
	return found;
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

/* Returns why libpq does not use the file, by libpq's own rules. NULL if it does, or if there is
 * none. */
static const char *fault_of(const char *path)
{
	struct stat file;

	if (stat(path, &file) != 0)
		return NULL;
	if (!S_ISREG(file.st_mode))
		return "it is no plain file";
	return file.st_mode & (S_IRWXG | S_IRWXO)
		       ? "others than its owner can read or write it, chmod 600 it"
		       : NULL;
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
