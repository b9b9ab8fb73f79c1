/* SPDX-License-Identifier: PostgreSQL */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "config_table.h"

#define CONFIG_FILE_BYTES_MAX (1 << 20)

bool config_set_flag(struct config *c, const char *name, size_t name_len, const char *value)
{
	size_t i = config_find(name, name_len);

	if (i == config_option_count)
		return false;
	config_set_text(c, i, value, CONFIG_FLAG);
	return true;
}

char *config_trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return text;
}

#define SHOWN_MAX 32 /* the names of options are shorter, in the environment too */

/*
 * Only such a text is shown. Another one may be the rest of a secret that ends in "=", as base64
 * does.
 */
static bool looks_like_a_name(const char *key)
{
	size_t len = strlen(key);

	return len <= SHOWN_MAX && (strspn(key, "abcdefghijklmnopqrstuvwxyz-_") == len ||
				    strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == len);
}

static bool refuse_name(const char *key, const char *file, int number)
{
	struct nearest nearest;
	char *hint;

	nearest_begin(&nearest, key, strlen(key));
	config_try_names(&nearest);
	hint = nearest_hint(&nearest, "");
	if (looks_like_a_name(key))
		log_complain("%s, line %d: there is no option '%s'%s", file, number, key, hint);
	else
		log_complain("%s, line %d: what stands before the = is no option", file, number);
	free(hint);
	return false;
}

/*
 * Reads one line of the file. It is "key = value", a comment, or empty. `seen` has the keys that
 * this file has set.
 */
static bool read_line(struct config *c, char *line, const char *file, int number, bool *seen)
{
	char *key = config_trim(line), *equals = strchr(key, '=');
	size_t i;

	if (key[0] == '\0' || key[0] == '#')
		return true;
	/* The line is not shown, because it may be the rest of a secret. */
	if (equals == NULL) {
		log_complain("%s, line %d is not of the form key = value", file, number);
		return false;
	}
	*equals = '\0';
	key = config_trim(key);
	i = config_find(key, strlen(key));
	if (i == config_option_count)
		return refuse_name(key, file, number);
	if (seen[i]) {
		log_complain("%s, line %d: a second value for '%s'", file, number, key);
		return false;
	}
	seen[i] = true;
	/* Otherwise a flag or the environment has set it. */
	if (c->text[i] == NULL)
		config_set_text(c, i, config_trim(equals + 1), CONFIG_FILE);
	return true;
}

static bool read_lines(struct config *c, struct file *f, const char *name)
{
	bool seen[CONFIG_OPTIONS_MAX] = {false};
	char *line = f->bytes, *end = f->bytes + f->len;

	for (int number = 1; line < end; number++) {
		char *line_end = memchr(line, '\n', (size_t)(end - line));

		line_end = line_end == NULL ? end : line_end;
		*line_end = '\0';
		if (strlen(line) != (size_t)(line_end - line)) {
			log_complain("%s, line %d has a NUL byte", name, number);
			return false;
		}
		if (!read_line(c, line, name, number, seen))
			return false;
		line = line_end + 1;
	}
	return true;
}

/* Whoever can read the file has the key of all tokens. Whoever can write it chooses the key. */
static bool is_guarded(const struct config *c, const struct file *f, const char *name)
{
	static const char *const secrets[] = {"jwt-secret", "encryption-key"};

	for (size_t k = 0; k < ARRAY_SIZE(secrets); k++) {
		size_t i = config_find(secrets[k], strlen(secrets[k]));

		if (c->text[i] == NULL || c->from[i] != CONFIG_FILE ||
		    !(f->mode & (S_IROTH | S_IWOTH)))
			continue;
		log_complain(
			"%s has %s in it, and everybody can read or write this file: chmod 600 it",
			name, secrets[k]);
		return false;
	}
	return true;
}

bool config_read_file(struct config *c, const char *name)
{
	const char *why;
	struct file f;
	bool good;

	if (!file_read(&f, name, CONFIG_FILE_BYTES_MAX, &why)) {
		log_complain("cannot read the configuration file '%s': %s", name, why);
		return false;
	}
	good = read_lines(c, &f, name) && is_guarded(c, &f, name);
	file_release(&f);
	return good;
}

#define ENVIRONMENT_NAME_MAX 64

static void environment_name(const struct option *o, char *name)
{
	size_t len = (size_t)sprintf(name, "PGHERALD_");

	for (const char *p = o->name; *p != '\0'; p++)
		name[len++] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	name[len] = '\0';
}

char **config_environment(const struct config *c)
{
	size_t count = 0, own = 0;
	char name[ENVIRONMENT_NAME_MAX], **all;

	while (environ[own] != NULL)
		own++;
	all = xcalloc(own + config_option_count + 1, sizeof(*all));
	for (size_t i = 0; i < own; i++)
		if (strncmp(environ[i], "PGHERALD_", 9) != 0)
			all[count++] = xstrdup(environ[i]);
	for (size_t i = 0; i < config_option_count; i++) {
		environment_name(&config_options[i], name);
		if (c->from[i] != CONFIG_DEFAULT)
			all[count++] = xasprintf("%s=%s", name, c->text[i]);
	}
	return all;
}

/*
 * The value of the variable, for drop_copy. A secret value is overwritten where it stands, and the
 * variable is removed.
 */
static char *take_variable(const char *name, bool secret)
{
	char *value = getenv(name), *copy = value == NULL ? NULL : xstrdup(value);

	if (value != NULL && secret) {
		explicit_bzero(value, strlen(value));
		unsetenv(name);
	}
	return copy;
}

static void drop_copy(char *copy)
{
	if (copy != NULL)
		explicit_bzero(copy, strlen(copy));
	free(copy);
}

/*
 * Variables about services, as one expression. Kubernetes gives every container some about each
 * service of its namespace. Docker gives some about a link. The expression is for a service of our
 * name, or of a name that begins with it, such as pgherald-admin. People may also write PORT, and
 * Docker's NAME, for an option. For these two the value must be as Kubernetes or Docker writes it.
 */
static const char service_variable[] =
	"^PGHERALD(_[A-Z0-9_.]+)?_("
	"SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)="
	"|PORT=(tcp|udp|sctp)://"
	"|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|ADDR|(PORT_)?(START|END)|PORT))?="
	"|ENV_[^=]+="
	"|NAME=/)";

static bool is_of_service(const char *variable)
{
	regex_t shape;
	bool is;

	if (regcomp(&shape, service_variable, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	is = regexec(&shape, variable, 0, NULL, 0) == 0;
	regfree(&shape);
	return is;
}

/*
 * True if "PGHERALD_X=…" is an option, or is about a service. Also true for the two variables that
 * commands read themselves.
 */
static bool is_known_variable(const char *variable)
{
	size_t len = strcspn(variable, "=");
	char name[ENVIRONMENT_NAME_MAX];

	for (size_t i = 0; i < config_option_count; i++) {
		environment_name(&config_options[i], name);
		if (strlen(name) == len && memcmp(name, variable, len) == 0)
			return true;
	}
	return strncmp(variable, "PGHERALD_CONFIG=", 16) == 0 ||
	       strncmp(variable, "PGHERALD_TOKEN=", 15) == 0 || is_of_service(variable);
}

/*
 * A PGHERALD_X that is no option may be a typing error. The option that it was meant for would stay
 * unset, and nobody would notice. Or it is somebody else's, so nothing stops for it.
 */
static void tell_unknown(const struct config *c, const char *variable)
{
	const char *own = variable + strlen("PGHERALD_");
	size_t len = strcspn(own, "=");
	char names[CONFIG_OPTIONS_MAX][ENVIRONMENT_NAME_MAX], *hint;
	struct nearest nearest;

	nearest_begin(&nearest, own, len);
	for (size_t i = 0; i < config_option_count; i++) {
		environment_name(&config_options[i], names[i]);
		nearest_try(&nearest, names[i] + strlen("PGHERALD_"));
	}
	hint = nearest_hint(&nearest, "PGHERALD_");
	if (c->strict)
		log_complain("the environment has PGHERALD_%.*s, and there is no such option%s",
			     (int)len, own, hint);
	else
		log_warn("the environment has PGHERALD_%.*s, and there is no such option%s",
			 (int)len, own, hint);
	free(hint);
}

/* Tells of each variable that is neither an option nor about a service. False if that is wrong. */
static bool environment_is_known(const struct config *c)
{
	bool known = true;

	for (char **e = environ; *e != NULL; e++) {
		if (strncmp(*e, "PGHERALD_", 9) != 0 || is_known_variable(*e))
			continue;
		tell_unknown(c, *e);
		known = false;
	}
	return known || !c->strict;
}

/* Secrets are taken out of the environment even if a flag has set the option. */
bool config_read_environment(struct config *c)
{
	char name[ENVIRONMENT_NAME_MAX];

	if (!environment_is_known(c))
		return false;
	for (size_t i = 0; i < config_option_count; i++) {
		bool secret = config_options[i].flags & SECRET;
		char *own, *other;

		environment_name(&config_options[i], name);
		own = take_variable(name, secret);
		other = config_options[i].alias == NULL
				? NULL
				: take_variable(config_options[i].alias, secret);
		if (c->text[i] == NULL && (own != NULL || other != NULL))
			config_set_text(c, i, own != NULL ? own : other, CONFIG_ENVIRONMENT);
		drop_copy(own);
		drop_copy(other);
	}
	return true;
}

/* True if a URL, or libpq's keywords, have a password. */
static bool has_password(const char *url)
{
	const char *scheme = strstr(url, "://"),
		   *at = scheme == NULL ? NULL : strchr(scheme + 3, '@');
	const char *colon = at == NULL ? NULL : memchr(scheme + 3, ':', (size_t)(at - scheme - 3));

	return strstr(url, "password=") != NULL || strstr(url, "password =") != NULL ||
	       (colon != NULL && colon + 1 < at);
}

/*
 * Such a value is overwritten at once (cli.c). But the line was there, and stays in the shell's
 * history and in whatever starts this program.
 */
void config_warn_of_flags(const struct config *c)
{
	for (size_t i = 0; i < config_option_count; i++) {
		if (!(config_options[i].flags & SECRET) || c->from[i] != CONFIG_FLAG ||
		    c->text[i][0] == '\0')
			continue;
		if (config_options[i].at != AT(database_url))
			log_warn(
				"--%s on the command line can be seen by others: give it in a file",
				config_options[i].name);
		else if (has_password(c->text[i]))
			log_warn("--%s on the command line has a password that others can see: "
				 "give it in a file",
				 config_options[i].name);
	}
}
